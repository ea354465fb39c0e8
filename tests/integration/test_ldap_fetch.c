/*
 * test_ldap_fetch.c - fetching by identity from a real slapd
 *
 * Many by their names at the same time: the connection goes in the middle of them, and of those who have
 * other names by now, or none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/ldap_case.h"
#include "tests/lab/meddler.h"

#include <string.h>

#define MANY 100
#define WINDOW 16

/* Whom to ask for, and what each was told to be. */
typedef struct {
    FetchId ids[MANY];
    char *dns[MANY], *told[MANY];
    size_t calls;
} Fetched;

static void fetched_init(Fetched *fetched, Directory *directory)
{
    *fetched = (Fetched){0};
    for (size_t i = 0; i < MANY; i++) {
        fetched->dns[i] = g_strdup_printf("cn=p%zu,%s", i, PEOPLE);
        g_autoptr(Entry) entry = find_one(directory, fetched->dns[i]);
        assert_non_null(entry);
        Value id = attribute_of(entry, "entryUUID")->values[0];
        fetched->ids[i] = (FetchId){fetched->dns[i], "entryUUID", {g_strndup(id.data, id.len), id.len}, i};
    }
}

static void fetched_clear(Fetched *fetched)
{
    for (size_t i = 0; i < MANY; i++) {
        g_free((void *)fetched->ids[i].id.data);
        g_free(fetched->dns[i]);
        g_free(fetched->told[i]);
    }
}

static bool take(size_t index, Entry *entry, void *data, GError **error)
{
    (void)error;
    Fetched *fetched = data;
    assert_true(index < MANY);
    assert_null(fetched->told[index]);
    fetched->told[index] = g_strdup(entry ? entry_dn(entry) : "gone");
    fetched->calls++;
    entry_free(entry);
    return true;
}

static void fetch_all(Directory *directory, Fetched *fetched)
{
    g_autoptr(GError) error = NULL;
    if (!directory_fetch(directory, fetched->ids, MANY, NULL, take, fetched, &error))
        fail_msg("%s", error->message);
    assert_int_equal(fetched->calls, MANY);
}

/* The answers of some of a window have come, those of the others never do. */
static void everybody_is_told_once_when_the_connection_goes(void **state)
{
    (void)state;
    static const struct {
        Meddling what;
        unsigned at;
    } cuts[] = {
        {MEDDLE_CUT_BEFORE, 1}, {MEDDLE_CUT_BEFORE, 40}, {MEDDLE_CUT_AFTER, 57}, {MEDDLE_CUT_AFTER, MANY}};
    Place place;
    g_autoptr(Directory) plain = fresh_tree(&place);
    load_people(shared, MANY, 0);
    Meddler *meddler = meddler_start(shared->uri);
    place_init(&place, meddler_uri(meddler), BIND_EXTERNAL);
    place.endpoint.window = WINDOW;
    for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
        Fetched fetched;
        fetched_init(&fetched, plain);
        g_autoptr(Directory) directory = open_place(&place);
        meddler_plan_any(meddler, cuts[i].what, 0, cuts[i].at, cuts[i].at);
        fetch_all(directory, &fetched);
        assert_true(meddler_writes(meddler) > MANY); /* searches too: some were sent twice */
        for (size_t j = 0; j < MANY; j++)
            assert_string_equal(fetched.told[j], fetched.dns[j]);
        fetched_clear(&fetched);
    }
    meddler_stop(meddler);
}

static void rename_to(Directory *directory, const char *dn, const char *rdn)
{
    g_autoptr(Change) change = change_new(CHANGE_RENAME, dn);
    change->new_rdn = change_strdup(change, rdn);
    change->delete_old_rdn = true;
    assert_done(directory, change);
}

/* Under the old name of one there is somebody else. */
static void who_has_another_name_is_found_and_who_is_gone_is_not(void **state)
{
    (void)state;
    Place place;
    Fetched fetched;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, MANY, 0);
    fetched_init(&fetched, directory);
    rename_to(directory, fetched.dns[3], "cn=moved");
    rename_to(directory, fetched.dns[4], "cn=p3");
    g_autoptr(Change) gone = change_new(CHANGE_DELETE, fetched.dns[5]);
    assert_done(directory, gone);
    fetch_all(directory, &fetched);
    assert_string_equal(fetched.told[2], fetched.dns[2]);
    assert_string_equal(fetched.told[3], "cn=moved," PEOPLE);
    assert_string_equal(fetched.told[4], "cn=p3," PEOPLE);
    assert_string_equal(fetched.told[5], "gone");
    fetched_clear(&fetched);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_is_told_once_when_the_connection_goes),
        cmocka_unit_test(who_has_another_name_is_found_and_who_is_gone_is_not),
    };
    return cmocka_run_group_tests_name("ldap_fetch", tests, NULL, stop_shared);
}

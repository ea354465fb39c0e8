/*
 * test_ldap_write.c - the LDAP driver against a real slapd: fetching and writing
 *
 * Objects by identity, each kind of change, refusals, assertions, pipelining,
 * and a server that dies in the middle of writing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/dn.h"
#include "dirsync/event.h"
#include "tests/lab/ldap_case.h"

#include <signal.h>
#include <string.h>

static const char *const with_uuid[] = {"*", "entryUUID", NULL};

/* ---- fetching and searching */

static bool take_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)error;
    GPtrArray *fetched = data;
    assert_true(index < fetched->len);
    assert_null(g_ptr_array_index(fetched, index)); /* once for each */
    g_ptr_array_index(fetched, index) = entry ? entry : entry_new("gone");
    return true;
}

static GPtrArray *fetch_all(Directory *directory, const FetchId *ids, size_t n, const char *const *attributes)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *fetched = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    g_ptr_array_set_size(fetched, (gint)n);
    if (!ldap_driver.fetch(directory, ids, n, attributes, take_fetched, fetched, &error))
        fail_msg("%s", error->message);
    return fetched;
}

static Value uuid_of(Directory *directory, const char *dn, Entry **keeper)
{
    *keeper = find_one(directory, dn);
    assert_non_null(*keeper);
    return attribute_of(*keeper, "entryUUID")->values[0];
}

static void fetch_finds_by_identity_whatever_the_name(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 4, 0);
    g_autoptr(Entry) p0 = NULL, p1 = NULL, p2 = NULL;
    Value nobody = {.data = "00000000-0000-0000-0000-000000000000", .len = 36};
    Value id0 = uuid_of(directory, "cn=p0," PEOPLE, &p0);
    Value id1 = uuid_of(directory, "cn=p1," PEOPLE, &p1);
    Value id2 = uuid_of(directory, "cn=p2," PEOPLE, &p2);
    lab_ldif_load(shared, "dn: cn=p1," PEOPLE "\nchangetype: modrdn\nnewrdn: cn=moved\ndeleteoldrdn: 1\n");
    lab_ldif_load(shared, "dn: cn=p2," PEOPLE "\nchangetype: delete\n");
    lab_ldif_load(shared, "dn: cn=p2," PEOPLE "\nobjectClass: contact\ncn: p2\n");
    const FetchId ids[] = {
        {"cn=p0," PEOPLE, "entryUUID", id0, 0},    /* right */
        {"cn=p1," PEOPLE, "entryUUID", id1, 1},    /* renamed since */
        {"cn=p2," PEOPLE, "entryUUID", id2, 2},    /* another object has the name now */
        {NULL, "entryUUID", id1, 3},               /* no name known; the same object twice */
        {"cn=p3," PEOPLE, "entryUUID", nobody, 4}, /* never was */
        {"not a DN", "entryUUID", id0, 5},
    };
    static const char *const expected[] = {"cn=p0," PEOPLE, "cn=moved," PEOPLE, "gone", "cn=moved," PEOPLE,
                                           "gone",          "cn=p0," PEOPLE};
    static const char *const only_cn[] = {"cn", NULL};
    for (int narrow = 0; narrow < 2; narrow++) {
        g_autoptr(GPtrArray) fetched = fetch_all(directory, ids, G_N_ELEMENTS(ids), narrow ? only_cn : NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
            assert_string_equal(entry_dn(g_ptr_array_index(fetched, i)), expected[i]);
        assert_int_equal(attribute_of(g_ptr_array_index(fetched, 0), "objectClass") != NULL, !narrow);
    }
}

static void fetch_takes_more_ids_than_a_window_or_a_filter(void **state)
{
    (void)state;
    enum { N = 230 };
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, N, 0);
    ReadRequest request = {.base = PEOPLE, .scope = SEARCH_ONE, .attributes = with_uuid};
    g_autoptr(GPtrArray) people = ldap_driver.search(directory, &request, N, NULL);
    assert_int_equal(people->len, N);
    for (int named = 0; named < 2; named++) {
        FetchId ids[N];
        for (size_t i = 0; i < N; i++) {
            const Entry *entry = g_ptr_array_index(people, i);
            ids[i] = (FetchId){named ? entry_dn(entry) : NULL, "entryUUID",
                               attribute_of(entry, "entryUUID")->values[0], i};
        }
        g_autoptr(GPtrArray) fetched = fetch_all(directory, ids, N, NULL);
        for (size_t i = 0; i < N; i++)
            assert_string_equal(entry_dn(g_ptr_array_index(fetched, i)),
                                entry_dn(g_ptr_array_index(people, i)));
    }
}

static bool refuse_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)index;
    (void)data;
    entry_free(entry);
    error_set(error, ERROR_INTERRUPTED, "enough");
    return false;
}

static void a_fetch_says_gone_only_when_it_knows(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 3, 0);
    g_autoptr(Entry) p0 = NULL;
    Value id = uuid_of(directory, "cn=p0," PEOPLE, &p0);
    FetchId ids[] = {{NULL, "entryUUID", id, 0}};
    place.endpoint.base = (char *)"ou=nowhere," SUFFIX;
    g_autoptr(GPtrArray) fetched = g_ptr_array_new();
    g_ptr_array_set_size(fetched, 1);
    g_autoptr(GError) error = NULL;
    assert_false(ldap_driver.fetch(directory, ids, 1, NULL, take_fetched, fetched, &error));
    assert_true(error_is(error, ERROR_NOT_FOUND));
    assert_null(g_ptr_array_index(fetched, 0));
    place.endpoint.base = (char *)SUFFIX;
    g_clear_error(&error);
    assert_false(ldap_driver.fetch(directory, ids, 1, NULL, refuse_fetched, NULL, &error));
    assert_true(error_is(error, ERROR_INTERRUPTED));
}

static void a_search_has_its_maximum(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 10, 0);
    g_autoptr(GError) error = NULL;
    ReadRequest request = {
        .base = PEOPLE, .scope = SEARCH_ONE, .filter = "(proxyAddresses=smtp:*@EXAMPLE.org)"};
    g_autoptr(GPtrArray) found = ldap_driver.search(directory, &request, 10, NULL);
    assert_int_equal(found->len, 10);
    assert_null(ldap_driver.search(directory, &request, 9, &error));
    assert_true(error_is(error, ERROR_SERVER_LIMIT));
}

/* ---- writing */

static void every_kind_of_change_is_done(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    g_autoptr(Change) add = new_contact("cn=a," PEOPLE, "a");
    entry_add_string(add->entry, "proxyAddresses", "SMTP:a@example.org");
    entry_add_string(add->entry, "title", "Dr");
    entry_add_empty(add->entry, "description");
    assert_done(directory, add);

    g_autoptr(Change) change = change_new(CHANGE_MODIFY, "cn=a," PEOPLE);
    modify(change, MODIFY_DELETE, "proxyAddresses", "SMTP:a@example.org");
    modify(change, MODIFY_ADD, "proxyAddresses", "smtp:a@example.org");
    modify(change, MODIFY_ADD, "proxyAddresses", "SMTP:b@example.org");
    modify(change, MODIFY_DELETE, "title", NULL);
    assert_done(directory, change);
    g_autoptr(Entry) entry = find_one(directory, "cn=a," PEOPLE);
    assert_true(has_value(entry, "proxyAddresses", "smtp:a@example.org"));
    assert_true(has_value(entry, "proxyAddresses", "SMTP:b@example.org"));
    assert_int_equal(attribute_of(entry, "proxyAddresses")->n_values, 2);
    assert_null(attribute_of(entry, "title"));

    g_autoptr(Change) rename = change_new(CHANGE_RENAME, "cn=a," PEOPLE);
    rename->new_rdn = change_strdup(rename, "cn=b");
    rename->new_superior = change_strdup(rename, SUFFIX);
    rename->delete_old_rdn = true;
    assert_done(directory, rename);
    g_autoptr(Entry) gone = find_one(directory, "cn=a," PEOPLE);
    g_autoptr(Entry) moved = find_one(directory, "cn=b," SUFFIX);
    assert_null(gone);
    assert_string_equal(attribute_of(moved, "entryUUID")->values[0].data,
                        attribute_of(entry, "entryUUID")->values[0].data);

    g_autoptr(Change) delete = change_new(CHANGE_DELETE, "cn=b," SUFFIX);
    assert_done(directory, delete);
    g_autoptr(Entry) deleted = find_one(directory, "cn=b," SUFFIX);
    assert_null(deleted);
}

static void refusals_have_their_code(void **state)
{
    (void)state;
    Place place, user;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 1, 0);
    const char *p0 = "cn=p0," PEOPLE;
    g_autoptr(Change) there = new_contact(p0, "p0");
    g_autoptr(Change) orphan = new_contact("cn=x,ou=nowhere," SUFFIX, "x");
    g_autoptr(Change) bad_dn = new_contact("nonsense", "x");
    g_autoptr(Change) missing = change_new(CHANGE_DELETE, "cn=missing," PEOPLE);
    g_autoptr(Change) parent = change_new(CHANGE_DELETE, PEOPLE);
    g_autoptr(Change) gone = modification(p0, MODIFY_DELETE, "proxyAddresses", "SMTP:other@example.org");
    g_autoptr(Change) twice = modification(p0, MODIFY_ADD, "proxyAddresses", "smtp:P0@example.org");
    g_autoptr(Change) unknown = modification(p0, MODIFY_ADD, "noSuchAttribute", "x");
    g_autoptr(Change) forbidden = modification(p0, MODIFY_ADD, "homeDirectory", "x");
    g_autoptr(Change) class = modification(p0, MODIFY_DELETE, "cn", NULL);
    const struct {
        const Change *change;
        ErrorCode code;
    } cases[] = {{there, ERROR_EXISTS},      {orphan, ERROR_NOT_FOUND}, {bad_dn, ERROR_REFUSED},
                 {missing, ERROR_NOT_FOUND}, {parent, ERROR_REFUSED},   {gone, ERROR_MOVED},
                 {twice, ERROR_MOVED},       {unknown, ERROR_REFUSED},  {forbidden, ERROR_REFUSED},
                 {class, ERROR_REFUSED}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_fails(directory, cases[i].change, cases[i].code);

    place_init(&user, shared->uri, BIND_SIMPLE);
    place_set_user(&user, "secret");
    g_autoptr(Directory) ordinary = open_place(&user);
    g_autoptr(Change) title = modification(p0, MODIFY_ADD, "title", "Dr");
    assert_fails(ordinary, title, ERROR_ACCESS);
}

static void an_assertion_that_fails_keeps_the_entry(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 1, 0);
    g_autoptr(Change) change = modification("cn=p0," PEOPLE, MODIFY_ADD, "title", "Dr");
    change->assertion = change_strdup(change, "(&(importedFrom=ours)(cn=p0))");
    assert_fails(directory, change, ERROR_MOVED);
    g_autoptr(Entry) entry = find_one(directory, "cn=p0," PEOPLE);
    assert_null(attribute_of(entry, "title"));
    change->assertion = change_strdup(change, "(&(!(importedFrom=ours))(cn=P0))");
    assert_done(directory, change);

    g_autoptr(Change) delete = change_new(CHANGE_DELETE, "cn=p0," PEOPLE);
    delete->assertion = change_strdup(delete, "(title=none)");
    assert_fails(directory, delete, ERROR_MOVED);
    delete->assertion = change_strdup(delete, "(title=");
    Ending ending = apply_change(directory, delete);
    assert_int_equal(ending.outcome, OUTCOME_FAILED);
    assert_int_equal(ending.code, ERROR_INVALID);
    g_free(ending.message);
}

static void two_hundred_changes_are_pipelined(void **state)
{
    (void)state;
    enum { N = 200 };
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    Ending endings[N] = {0};
    unsigned long before = lab_operations(shared, "Add");
    for (int i = 0; i < N; i++) {
        g_autofree char *dn = g_strdup_printf("cn=n%d," PEOPLE, i);
        g_autofree char *cn = g_strdup_printf("n%d", i);
        g_ptr_array_add(changes, new_contact(dn, cn));
        assert_true(
            ldap_driver.submit(directory, g_ptr_array_index(changes, i), take_ending, &endings[i], NULL));
    }
    assert_true(ldap_driver.flush(directory, NULL));
    for (int i = 0; i < N; i++) {
        assert_int_equal(endings[i].calls, 1);
        assert_int_equal(endings[i].outcome, OUTCOME_DONE);
        g_free(endings[i].message);
    }
    assert_int_equal(lab_operations(shared, "Add") - before, N);
}

static void names_with_every_special_character_are_one_entry(void **state)
{
    (void)state;
    static const char *const names[] = {" leading", "trailing ", "#hash", "a,b", "a+b",   "a\"b",
                                        "a\\b",     "a<b>c",     "a;b",   "a=b", "(a*b)", "é 漢字",
                                        "a/b",      "a\\,b",     "1.2",   "a  b"};
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *dn = dn_build("cn", names[i], strlen(names[i]), PEOPLE);
        g_autofree char *new_rdn = g_strdup_printf("cn=renamed%zu", i);
        g_autofree char *new_dn = g_strdup_printf("%s," PEOPLE, new_rdn);
        g_autoptr(Change) add = new_contact(dn, names[i]);
        assert_done(directory, add);
        g_autoptr(Entry) entry = find_one(directory, dn);
        assert_non_null(entry);
        assert_true(has_value(entry, "cn", names[i]));
        FetchId id = {entry_dn(entry), "entryUUID", attribute_of(entry, "entryUUID")->values[0], 0};
        g_autoptr(GPtrArray) fetched = fetch_all(directory, &id, 1, NULL);
        assert_string_equal(entry_dn(g_ptr_array_index(fetched, 0)), entry_dn(entry));
        g_autoptr(Change) rename = change_new(CHANGE_RENAME, entry_dn(entry));
        rename->new_rdn = change_strdup(rename, new_rdn);
        rename->delete_old_rdn = true;
        assert_done(directory, rename);
        g_autoptr(Change) delete = change_new(CHANGE_DELETE, new_dn);
        assert_done(directory, delete);
    }
}

static void a_read_only_server_refuses(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Lab *lab = lab_slapd_start("--nosync --read-only");
    Place place;
    place_init(&place, lab->uri, BIND_EXTERNAL);
    g_autoptr(Directory) directory = open_place(&place);
    g_autoptr(Change) change = new_contact("cn=a," SUFFIX, "a");
    assert_fails(directory, change, ERROR_ACCESS);
    lab_slapd_stop(lab);
}

static void the_unique_overlay_refuses_a_taken_address(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Lab *lab = lab_slapd_start("--nosync --unique");
    load_people(lab, 1, 0);
    Place place;
    place_init(&place, lab->uri, BIND_EXTERNAL);
    g_autoptr(Directory) directory = open_place(&place);
    g_autoptr(Change) change = new_contact("cn=other," SUFFIX, "other");
    entry_add_string(change->entry, "proxyAddresses", "smtp:P0@example.org");
    assert_fails(directory, change, ERROR_CONSTRAINT);
    lab_slapd_stop(lab);
}

/** Many changes, and a server that dies when some of them are done. */
typedef struct {
    size_t done, uncertain, failed;
} Slaughter;

/* It answers nothing any more, and does not know that it will be killed. */
static void lab_slapd_freeze(const Lab *lab)
{
    g_autofree char *path = g_build_filename(lab->folder, "pid", NULL);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    int pid = (int)g_ascii_strtoll(text, NULL, 10);
    g_autofree char *stat = g_strdup_printf("/proc/%d/stat", pid);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    for (bool frozen = false; !frozen; g_usleep(1000)) {
        g_autofree char *line = NULL;
        assert_true(g_file_get_contents(stat, &line, NULL, NULL));
        frozen = strstr(line, ") T ") != NULL;
    }
}

static void count_outcome(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)change;
    Slaughter *slaughter = data;
    if (outcome == OUTCOME_UNCERTAIN) {
        assert_true(error_is(error, ERROR_UNCERTAIN));
        slaughter->uncertain++;
        return;
    }
    if (outcome == OUTCOME_FAILED) {
        slaughter->failed++;
        return;
    }
    slaughter->done++;
}

static void a_server_that_dies_leaves_the_outstanding_uncertain(void **state)
{
    (void)state;
    enum { N = 300, FROZEN_AT = 100, KILLED_AT = 105 };
    lab_skip_unless_slapd();
    Lab *lab = lab_slapd_start("--nosync");
    Place place;
    place_init(&place, lab->uri, BIND_EXTERNAL);
    g_autoptr(Directory) directory = open_place(&place);
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    Slaughter slaughter = {0};
    unsigned long before = event_count(EVENT_RECONNECTED);
    g_autoptr(GError) error = NULL;
    size_t sent = 0;
    for (int i = 0; i < N; i++) {
        g_autofree char *dn = g_strdup_printf("cn=n%d," SUFFIX, i);
        g_autofree char *cn = g_strdup_printf("n%d", i);
        g_ptr_array_add(changes, new_contact(dn, cn));
        if (i == FROZEN_AT) {
            assert_true(ldap_driver.flush(directory, NULL));
            lab_slapd_freeze(lab);
        }
        if (i == KILLED_AT)
            lab_slapd_kill(lab);
        if (!ldap_driver.submit(directory, g_ptr_array_index(changes, i), count_outcome, &slaughter, &error))
            break;
        sent++;
    }
    assert_true(sent < N);
    assert_true(error_is(error, ERROR_UNREACHABLE));
    /* Everything that was taken has ended, once. */
    assert_int_equal(slaughter.done + slaughter.uncertain, sent);
    assert_int_equal(slaughter.done, FROZEN_AT);
    assert_true(slaughter.uncertain >= KILLED_AT - FROZEN_AT);
    assert_int_equal(slaughter.failed, 0);
    g_clear_error(&error);
    assert_false(ldap_driver.flush(directory, &error));
    assert_true(error_is(error, ERROR_UNREACHABLE));

    lab_slapd_restart(lab);
    assert_true(ldap_driver.flush(directory, NULL));
    assert_int_equal(event_count(EVENT_RECONNECTED) - before, 1);
    for (guint i = 0; i < changes->len; i++) { /* what was reported done is there, and the rest can be */
        const Change *change = g_ptr_array_index(changes, i);
        g_autoptr(Entry) entry = find_one(directory, change->dn);
        assert_true(entry || i >= FROZEN_AT);
        if (!entry)
            assert_done(directory, change);
    }
    lab_slapd_stop(lab);
}

static void a_restarted_server_gets_the_next_changes(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Lab *lab = lab_slapd_start("--nosync");
    Place place;
    place_init(&place, lab->uri, BIND_EXTERNAL);
    g_autoptr(Directory) directory = open_place(&place);
    Ending first = {0}, second = {0};
    g_autoptr(Change) one = new_contact("cn=one," SUFFIX, "one");
    g_autoptr(Change) two = new_contact("cn=two," SUFFIX, "two");
    assert_true(ldap_driver.submit(directory, one, take_ending, &first, NULL));
    lab_slapd_kill(lab);
    lab_slapd_restart(lab);
    assert_true(ldap_driver.flush(directory, NULL));
    assert_int_equal(first.calls, 1);
    assert_true(ldap_driver.submit(directory, two, take_ending, &second, NULL));
    assert_true(ldap_driver.flush(directory, NULL));
    assert_int_equal(second.calls, 1);
    assert_int_equal(second.outcome, OUTCOME_DONE);
    g_free(first.message);
    g_free(second.message);
    lab_slapd_stop(lab);
}

static void closing_forgets_what_is_outstanding(void **state)
{
    (void)state;
    Place place;
    Directory *directory = fresh_tree(&place);
    Ending ending = {0};
    g_autoptr(Change) change = new_contact("cn=a," PEOPLE, "a");
    assert_true(ldap_driver.submit(directory, change, take_ending, &ending, NULL));
    directory_close(directory);
    assert_int_equal(ending.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetch_finds_by_identity_whatever_the_name),
        cmocka_unit_test(fetch_takes_more_ids_than_a_window_or_a_filter),
        cmocka_unit_test(a_fetch_says_gone_only_when_it_knows),
        cmocka_unit_test(a_search_has_its_maximum),
        cmocka_unit_test(every_kind_of_change_is_done),
        cmocka_unit_test(refusals_have_their_code),
        cmocka_unit_test(an_assertion_that_fails_keeps_the_entry),
        cmocka_unit_test(two_hundred_changes_are_pipelined),
        cmocka_unit_test(names_with_every_special_character_are_one_entry),
        cmocka_unit_test(a_read_only_server_refuses),
        cmocka_unit_test(the_unique_overlay_refuses_a_taken_address),
        cmocka_unit_test(a_server_that_dies_leaves_the_outstanding_uncertain),
        cmocka_unit_test(a_restarted_server_gets_the_next_changes),
        cmocka_unit_test(closing_forgets_what_is_outstanding),
    };
    return cmocka_run_group_tests_name("ldap_write", tests, NULL, stop_shared);
}

/*
 * test_map_ahead.c - what a second thread maps ahead is what mapping itself gives
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/map_ahead.h"
#include "mapping_case.h"

#include <glib/gstdio.h>

#define MAPPING                                                                                              \
    "<mapping xmlns='urn:x-dirsync:mapping:1' name='m'><import>"                                             \
    "<recipient of='group' as='group' when=\"$objectClass = 'group'\"><object class='group'/>"               \
    "<name attribute='cn' select=\"normalize-space(concat($cn, ' '))\"/></recipient>"                        \
    "<recipient of='person' as='contact' when='not($none)'><object class='contact'/>"                        \
    "<name attribute='cn' select='$cn'/>"                                                                    \
    "<attribute name='displayName' select=\"first($displayName,  concat($cn, '  x'))\"/>"                    \
    "<attribute name='description' select=\"first($displayName, concat($cn, '  x'))\"/>"                     \
    "<attribute name='info' select=\"first($displayName, concat($cn, ' x'))\"/>"                             \
    "<attribute name='mail' from='mail' required='yes'/></recipient>"                                        \
    "</import></mapping>"

enum { N = 1000 };

typedef struct {
    char *folder;
    Spool *spool;
    Mapping *mapping;
    uint64_t at[N];
    RecipientAs as[OF_KINDS];
} Case;

/* People, groups, those who are nobody to us, and those without an address, who cannot be mapped. */
static Entry *make_entry(size_t i)
{
    g_autofree char *name = g_strdup_printf("cn=p%" G_GSIZE_FORMAT, i);
    g_autofree char *mail = g_strdup_printf("mail=p%" G_GSIZE_FORMAT "@x.example", i);
    if (i % 7 == 1)
        return ENTRY(name, "objectClass=group");
    if (i % 7 == 2)
        return ENTRY(name, "none=1");
    if (i % 7 == 3)
        return ENTRY(name, "objectClass=person");
    return i % 7 == 4 ? ENTRY(name, mail, "displayName=somebody") : ENTRY(name, mail);
}

static int set_up(void **state)
{
    Case *now = g_new0(Case, 1);
    now->folder = g_dir_make_tmp("dirsync-ahead-XXXXXX", NULL);
    now->spool = spool_new(now->folder, NULL);
    now->mapping = mapping_case_load(MAPPING);
    now->as[OF_PERSON] = AS_CONTACT;
    now->as[OF_GROUP] = AS_GROUP;
    *state = now;
    for (size_t i = 0; i < N; i++) {
        g_autoptr(Entry) entry = make_entry(i);
        assert_true(spool_append(now->spool, entry, &now->at[i], NULL));
    }
    return 0;
}

static int tear_down(void **state)
{
    Case *now = *state;
    spool_free(now->spool);
    mapping_free(now->mapping);
    int result = g_rmdir(now->folder);
    g_free(now->folder);
    g_free(now);
    return result;
}

static MapAhead *start(const Case *now)
{
    MapAhead *ahead = map_ahead_new(mapping_case_load(MAPPING), now->as, schema_standard(), schema_standard(),
                                    now->spool, NULL);
    assert_non_null(ahead);
    return ahead;
}

static Fingerprint print_of(const Entry *entry)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (entry)
        entry_serialise(entry, bytes);
    return fingerprint_bytes(bytes->data, bytes->len);
}

static void assert_as_direct(const Case *now, size_t i, const Mapped *mapped)
{
    g_autoptr(Entry) entry = make_entry(i);
    g_auto(Mapped) direct = {.source = g_steal_pointer(&entry)};
    mapped_make(&direct, now->mapping, now->as, schema_standard(), schema_standard());
    assert_true(fingerprint_equal(print_of(mapped->source), print_of(direct.source)));
    assert_int_equal(mapped->kind, direct.kind);
    assert_int_equal(mapped->desired == NULL, direct.desired == NULL);
    assert_true(fingerprint_equal(print_of(mapped->desired), print_of(direct.desired)));
    assert_int_equal(mapped->why == NULL, direct.why == NULL);
    if (direct.why)
        assert_string_equal(mapped->why->message, direct.why->message);
}

/* As a pass does: it asks for more whenever there is room. @step: only every so manyth is asked for. */
static void go_through(const Case *now, uint32_t step)
{
    MapAhead *ahead = start(now);
    size_t kinds[3] = {0}, failed = 0;
    for (uint32_t i = 0, next = 0; i < N; i++) {
        if (map_ahead_has_room(ahead)) {
            for (; next < N && map_ahead_ask(ahead, next, now->at[next]); next += step)
                continue;
            map_ahead_go(ahead);
        }
        g_auto(Mapped) mapped = {0};
        bool taken = map_ahead_take(ahead, i, now->at[i], &mapped);
        assert_int_equal(taken, i % step == 0);
        if (!taken)
            continue;
        assert_as_direct(now, i, &mapped);
        kinds[mapped.kind + 1]++;
        failed += mapped.why != NULL;
        map_ahead_return(ahead, i, &mapped);
        assert_null(mapped.source);
    }
    map_ahead_free(ahead);
    assert_true(kinds[0] && kinds[1] && kinds[2] && failed);
}

static void test_all_in_order(void **state)
{
    go_through(*state, 1);
}

static void test_only_some_are_asked_for(void **state)
{
    go_through(*state, 3);
}

static void test_who_is_passed_over_is_dropped(void **state)
{
    const Case *now = *state;
    MapAhead *ahead = start(now);
    for (uint32_t i = 0; i < 50; i++)
        assert_true(map_ahead_ask(ahead, i, now->at[i]));
    map_ahead_go(ahead);
    g_auto(Mapped) mapped = {0};
    assert_true(map_ahead_take(ahead, 40, now->at[40], &mapped));
    assert_as_direct(now, 40, &mapped);
    mapped_clear(&mapped);
    assert_false(map_ahead_take(ahead, 20, now->at[20], &mapped));
    assert_true(map_ahead_take(ahead, 41, now->at[41], &mapped));
    assert_as_direct(now, 41, &mapped);
    map_ahead_free(ahead);
}

static void test_only_the_last_one_goes_back(void **state)
{
    const Case *now = *state;
    MapAhead *ahead = start(now);
    g_auto(Mapped) first = {0}, second = {0};
    map_ahead_return(ahead, 0, &first); /* nothing was taken */
    assert_true(map_ahead_ask(ahead, 0, now->at[0]) && map_ahead_ask(ahead, 5, now->at[5]));
    map_ahead_go(ahead);
    assert_true(map_ahead_take(ahead, 0, now->at[0], &first));
    assert_true(map_ahead_take(ahead, 5, now->at[5], &second));
    map_ahead_return(ahead, 0, &first);
    assert_non_null(first.source);
    map_ahead_return(ahead, 5, &second);
    assert_null(second.source);
    map_ahead_return(ahead, 5, &first); /* it has its own already */
    assert_non_null(first.source);
    assert_as_direct(now, 0, &first);
    map_ahead_free(ahead);
}

/* The slot may be the thread's again. */
static void test_nothing_goes_back_when_it_is_full(void **state)
{
    const Case *now = *state;
    MapAhead *ahead = start(now);
    uint32_t n = 0;
    while (map_ahead_ask(ahead, n, now->at[n]))
        n++;
    map_ahead_go(ahead);
    g_auto(Mapped) mapped = {0};
    assert_true(map_ahead_take(ahead, 0, now->at[0], &mapped));
    assert_true(map_ahead_ask(ahead, n, now->at[n]));
    map_ahead_go(ahead);
    map_ahead_return(ahead, 0, &mapped);
    assert_as_direct(now, 0, &mapped);
    map_ahead_free(ahead);
}

/* The item came to have other content after it was asked for. */
static void test_another_position_is_not_taken(void **state)
{
    const Case *now = *state;
    MapAhead *ahead = start(now);
    assert_true(map_ahead_ask(ahead, 5, now->at[5]));
    map_ahead_go(ahead);
    g_auto(Mapped) mapped = {0};
    assert_false(map_ahead_take(ahead, 5, now->at[6], &mapped));
    assert_null(mapped.source);
    map_ahead_free(ahead);
}

/* Reading it again will tell why. */
static void test_what_cannot_be_read_is_not_taken(void **state)
{
    const Case *now = *state;
    MapAhead *ahead = start(now);
    assert_true(map_ahead_ask(ahead, 0, now->at[N - 1] + 1000000));
    assert_true(map_ahead_ask(ahead, 1, now->at[1]));
    map_ahead_go(ahead);
    g_auto(Mapped) mapped = {0};
    assert_false(map_ahead_take(ahead, 0, now->at[N - 1] + 1000000, &mapped));
    assert_true(map_ahead_take(ahead, 1, now->at[1], &mapped));
    map_ahead_free(ahead);
}

static void test_it_ends_with_work_undone(void **state)
{
    const Case *now = *state;
    for (uint32_t n = 0; n <= 60; n += 6) {
        MapAhead *ahead = start(now);
        for (uint32_t i = 0; i < n; i++)
            assert_true(map_ahead_ask(ahead, i, now->at[i]));
        map_ahead_go(ahead);
        map_ahead_free(ahead);
    }
}

static void test_it_is_full_some_time(void **state)
{
    const Case *now = *state;
    MapAhead *ahead = start(now);
    uint32_t n = 0;
    while (n < N && map_ahead_ask(ahead, n, now->at[n]))
        n++;
    assert_true(n < N);
    assert_false(map_ahead_has_room(ahead));
    map_ahead_go(ahead);
    for (uint32_t i = 0; i < n; i++) {
        g_auto(Mapped) mapped = {0};
        assert_true(map_ahead_take(ahead, i, now->at[i], &mapped));
    }
    assert_true(map_ahead_has_room(ahead));
    map_ahead_free(ahead);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_in_order),
        TEST(test_only_some_are_asked_for),
        TEST(test_who_is_passed_over_is_dropped),
        TEST(test_only_the_last_one_goes_back),
        TEST(test_nothing_goes_back_when_it_is_full),
        TEST(test_another_position_is_not_taken),
        TEST(test_what_cannot_be_read_is_not_taken),
        TEST(test_it_ends_with_work_undone),
        TEST(test_it_is_full_some_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_link_table.c - identities are found by fingerprint, and never mistaken
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/link_table.h"

#include <stdio.h>

/* --- the index alone --- */

static Fingerprint at(const void *array, uint32_t i)
{
    return g_array_index((GArray *)array, Fingerprint, i);
}

static void add(GArray *array, FingerprintIndex *index, Fingerprint fingerprint)
{
    g_array_append_val(array, fingerprint);
    fingerprint_index_add(index, array->len - 1);
}

static void test_thousands_are_found(void **state)
{
    (void)state;
    enum { N = 20000 };
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(Fingerprint));
    FingerprintIndex index;
    fingerprint_index_init(&index, at, array);
    assert_int_equal(fingerprint_index_find(&index, fingerprint_string("0")), NOWHERE);
    for (uint32_t i = 0; i < N; i++) {
        g_autofree char *text = g_strdup_printf("%u", i);
        add(array, &index, fingerprint_string(text));
    }
    for (uint32_t i = 0; i < N * 2; i++) {
        g_autofree char *text = g_strdup_printf("%u", i);
        assert_int_equal(fingerprint_index_find(&index, fingerprint_string(text)), i < N ? i : NOWHERE);
    }
    fingerprint_index_clear(&index);
}

/* Fingerprints that share their low half collide in the table and are told apart all the same. */
static void test_collisions(void **state)
{
    (void)state;
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(Fingerprint));
    FingerprintIndex index;
    fingerprint_index_init(&index, at, array);
    for (uint64_t i = 0; i < 500; i++)
        add(array, &index, (Fingerprint){1023, i + 1});
    for (uint64_t i = 0; i < 500; i++)
        assert_int_equal(fingerprint_index_find(&index, (Fingerprint){1023, i + 1}), i);
    assert_int_equal(fingerprint_index_find(&index, (Fingerprint){1023, 501}), NOWHERE);
    fingerprint_index_clear(&index);
}

static void test_zero_is_unknown_and_never_found(void **state)
{
    (void)state;
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(Fingerprint));
    FingerprintIndex index;
    fingerprint_index_init(&index, at, array);
    add(array, &index, (Fingerprint){0, 0});
    add(array, &index, (Fingerprint){0, 1});
    assert_int_equal(fingerprint_index_find(&index, (Fingerprint){0, 0}), NOWHERE);
    assert_int_equal(fingerprint_index_find(&index, (Fingerprint){0, 1}), 1);
    fingerprint_index_clear(&index);
}

/* --- over the state --- */

typedef struct {
    char *folder;
    Organisation organisation;
    Connector connector;
    State *state;
} Fixture;

static int begin(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->folder = g_dir_make_tmp("dirsync-links-XXXXXX", NULL);
    fixture->organisation.name = (char *)"acme";
    fixture->connector.name = (char *)"x";
    fixture->connector.uuid = (char *)"0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10";
    fixture->connector.organisation = &fixture->organisation;
    fixture->state = state_open(&fixture->connector, fixture->folder, NULL);
    *state = fixture;
    return fixture->state ? 0 : -1;
}

static int end(void **state)
{
    Fixture *fixture = *state;
    state_close(fixture->state);
    static const char *const names[] = {
        "x/runs", "x/state.db",   "x/state.db-wal",   "x/state.db-shm",   "x/lock",
        "x",      "acme.home.db", "acme.home.db-wal", "acme.home.db-shm", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(fixture->folder, names[i], NULL);
        remove(path);
    }
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

static void save(State *state, const char *anchor, const char *source, const char *target, unsigned flags)
{
    LinkRow row = {.anchor = (char *)anchor,
                   .source = fingerprint_string(source),
                   .target = fingerprint_string(target),
                   .desired = fingerprint_string("d"),
                   .flags = flags};
    assert_true(state_save_link(state, &row, NULL));
}

static void test_links_are_found_by_anchor_source_and_target(void **state)
{
    Fixture *fixture = *state;
    save(fixture->state, "a1", "s1", "t1", 0);
    save(fixture->state, "b1", "s2", "t2", LINK_GRACED);
    g_autoptr(LinkTable) table = link_table_load(fixture->state, STEP_IMPORT, false, NULL);
    assert_int_equal(table->links->len, 2);
    uint32_t link = fingerprint_index_find(&table->by_anchor, fingerprint_string("b1"));
    assert_int_not_equal(link, NOWHERE);
    assert_int_equal(link_at(table, link)->flags, LINK_GRACED);
    assert_int_not_equal(link_at(table, link)->row, 0);
    assert_int_equal(fingerprint_index_find(&table->by_source, fingerprint_string("s2")), link);
    assert_int_equal(fingerprint_index_find(&table->by_target, fingerprint_string("t2")), link);
    assert_int_equal(fingerprint_index_find(&table->by_anchor, fingerprint_string("s2")), NOWHERE);
    uint32_t added = link_table_add(table, fingerprint_string("c1"));
    assert_int_equal(fingerprint_index_find(&table->by_anchor, fingerprint_string("c1")), added);
    assert_int_equal(link_at(table, added)->row, 0);
}

/* What was left undone is looked at again: its source is not recognised. */
static void test_retries_are_not_recognised_in_the_source(void **state)
{
    Fixture *fixture = *state;
    save(fixture->state, "a1", "s1", "t1", LINK_RETRY);
    g_autoptr(LinkTable) table = link_table_load(fixture->state, STEP_IMPORT, false, NULL);
    assert_int_equal(fingerprint_index_find(&table->by_source, fingerprint_string("s1")), NOWHERE);
    assert_int_equal(fingerprint_index_find(&table->by_target, fingerprint_string("t1")), 0);
    assert_int_equal(fingerprint_index_find(&table->by_anchor, fingerprint_string("a1")), 0);
}

static void test_forgetting_keeps_the_anchors_only(void **state)
{
    Fixture *fixture = *state;
    save(fixture->state, "a1", "s1", "t1", 0);
    g_autoptr(LinkTable) table = link_table_load(fixture->state, STEP_IMPORT, true, NULL);
    assert_int_equal(fingerprint_index_find(&table->by_source, fingerprint_string("s1")), NOWHERE);
    assert_int_equal(fingerprint_index_find(&table->by_target, fingerprint_string("t1")), NOWHERE);
    assert_int_equal(fingerprint_index_find(&table->by_anchor, fingerprint_string("a1")), 0);
}

static void test_holders_know_whose_they_are(void **state)
{
    Fixture *fixture = *state;
    HolderIndex *home = state_index(fixture->state, STEP_IMPORT, NULL);
    static const char *const owners[] = {"mine", "theirs", NULL};
    assert_true(holder_index_begin(home, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(owners); i++) {
        g_autofree char *id = g_strdup_printf("id%zu", i);
        Holder holder = {.id = id,
                         .dn = id,
                         .dn_key = id,
                         .fingerprint = fingerprint_string(id),
                         .owner = (char *)owners[i],
                         .anchor = (char *)(owners[i] ? "a" : NULL)};
        assert_true(holder_index_save(home, &holder, NULL, 0, NULL));
        assert_int_not_equal(holder.row, 0);
    }
    assert_true(holder_index_commit(home, NULL));
    g_autoptr(HolderTable) table = holder_table_load(home, "mine", NULL);
    assert_int_equal(table->marks->len, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(owners); i++) {
        g_autofree char *id = g_strdup_printf("id%zu", i);
        uint32_t mark = fingerprint_index_find(&table->by_fingerprint, fingerprint_string(id));
        assert_int_not_equal(mark, NOWHERE);
        assert_int_equal(holder_at(table, mark)->ours, i == 0);
        assert_false(holder_at(table, mark)->seen);
    }
    for (guint i = 0; i < table->marks->len; i++) {
        holder_table_see(table, holder_at(table, i)->row);
        for (guint j = 0; j < table->marks->len; j++)
            assert_int_equal(holder_at(table, j)->seen, j <= i);
    }
    holder_table_see(table, 4711); /* somebody new */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thousands_are_found),
        cmocka_unit_test(test_collisions),
        cmocka_unit_test(test_zero_is_unknown_and_never_found),
        cmocka_unit_test_setup_teardown(test_links_are_found_by_anchor_source_and_target, begin, end),
        cmocka_unit_test_setup_teardown(test_retries_are_not_recognised_in_the_source, begin, end),
        cmocka_unit_test_setup_teardown(test_forgetting_keeps_the_anchors_only, begin, end),
        cmocka_unit_test_setup_teardown(test_holders_know_whose_they_are, begin, end),
    };
    return cmocka_run_group_tests_name("link_table", tests, NULL, NULL);
}

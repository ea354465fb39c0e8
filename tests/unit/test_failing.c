/*
 * test_failing.c - the directory that fails by plan fails as planned
 *
 * A case is a plan, what a read and three changes come to, and what is in the
 * store afterwards.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/failing.h"
#include "dirsync/directory/memory.h"

#include <string.h>

#define STORE                                                                                                \
    "dn: dc=x\nobjectClass: domain\ndc: x\n\n"                                                               \
    "dn: dc=1,dc=x\nobjectClass: domain\ndc: 1\n\n"                                                          \
    "dn: dc=2,dc=x\nobjectClass: domain\ndc: 2\n\n"                                                          \
    "dn: dc=3,dc=x\nobjectClass: domain\ndc: 3\n\n"

typedef struct {
    const char *plan;
    const char *outcomes; /* of deleting dc=1, dc=2, dc=3: done, refused, busy, uncertain, unsent */
    bool flushed;
    const char *gone; /* which of them are not in the store */
} WriteCase;

static const WriteCase write_cases[] = {
    {"", "done done done", true, "123"},
    {"refuse@2", "done refused done", true, "13"},
    {"busy@1", "busy done done", true, "23"},
    {"uncertain@2", "done uncertain done", true, "123"},
    {"lost@2", "done uncertain done", true, "13"},
    {"lost@2+", "done uncertain uncertain", true, "1"},
    {"refuse@1,busy@3", "refused done busy", true, "2"},
    {"down@2", "uncertain unsent unsent", false, "1"},
    {"down@1", "unsent unsent unsent", false, ""},
    {"refuse@4", "done done done", true, "123"},
};

static MemoryStore *store;

static Directory *open_plan(const char *plan, GError **error)
{
    static Endpoint endpoint;
    static char path[100];
    g_snprintf(path, sizeof path, "%s|t", plan);
    endpoint = (Endpoint){.driver = (char *)"failing", .path = path};
    return directory_open(&endpoint, error);
}

static int make_store(void **state)
{
    (void)state;
    store = memory_store("t");
    return memory_store_load(store, STORE, NULL) ? 0 : -1;
}

static int drop_store(void **state)
{
    (void)state;
    memory_store_drop("t");
    return 0;
}

static void take_outcome(const Change *change, Outcome outcome, const GError *error, void *data)
{
    const char **names = data;
    int number = change->dn[3] - '1';
    assert_string_equal(names[number], "unsent"); /* never answered twice */
    names[number] = outcome == OUTCOME_DONE        ? "done"
                    : outcome == OUTCOME_UNCERTAIN ? "uncertain"
                    : error_is(error, ERROR_BUSY)  ? "busy"
                                                   : "refused";
    assert_int_equal(outcome == OUTCOME_DONE, error == NULL);
    assert_true(outcome != OUTCOME_UNCERTAIN || error_is(error, ERROR_UNCERTAIN));
}

static char *find_gone(void)
{
    g_autofree char *dump = memory_store_dump(store, false);
    GString *gone = g_string_new(NULL);
    for (char c = '1'; c <= '3'; c++) {
        char dn[] = "dn: dc=?,dc=x";
        dn[7] = c;
        if (!strstr(dump, dn))
            g_string_append_c(gone, c);
    }
    return g_string_free(gone, FALSE);
}

static void run_write_case(const WriteCase *c)
{
    const char *outcomes[] = {"unsent", "unsent", "unsent"};
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    g_autoptr(Directory) directory = open_plan(c->plan, NULL);
    for (int i = 1; i <= 3; i++) {
        g_autofree char *dn = g_strdup_printf("dc=%d,dc=x", i);
        g_autoptr(GError) error = NULL;
        Change *change = change_new(CHANGE_DELETE, dn);
        g_ptr_array_add(changes, change);
        if (!directory_submit(directory, change, take_outcome, outcomes, &error))
            assert_true(error_is(error, ERROR_UNREACHABLE));
    }
    assert_int_equal(directory_flush(directory, NULL), c->flushed);
    g_autofree char *found = g_strdup_printf("%s %s %s", outcomes[0], outcomes[1], outcomes[2]);
    g_autofree char *gone = find_gone();
    if (strcmp(found, c->outcomes) != 0 || strcmp(gone, c->gone) != 0)
        fail_msg("%s: %s, gone %s", c->plan, found, gone);
}

static void test_writing(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(write_cases); i++) {
        assert_int_equal(make_store(state), 0);
        run_write_case(&write_cases[i]);
    }
}

typedef struct {
    const char *plan;
    size_t entries;
    Proof proof;
    const char *reason;
} ReadCase;

static const ReadCase read_cases[] = {
    {"", 4, PROOF_COMPLETE, NULL},
    {"cut-read@1", 0, PROOF_PARTIAL, "cut off"},
    {"cut-read@3", 2, PROOF_PARTIAL, "cut off"},
    {"cut-read@5", 4, PROOF_COMPLETE, NULL},
    {"size-limit@4", 3, PROOF_PARTIAL, "size limit"},
    {"unknown-read@1", 4, PROOF_UNKNOWN, "cannot be known"},
    {"unknown-read@2", 4, PROOF_COMPLETE, NULL},
};

static bool count_item(const DirectoryItem *item, void *data, GError **error)
{
    g_autoptr(Entry) entry = directory_item_decode(item, error);
    assert_non_null(entry);
    ++*(size_t *)data;
    return true;
}

static void test_reading(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(read_cases); i++) {
        const ReadCase *c = &read_cases[i];
        g_autoptr(Directory) directory = open_plan(c->plan, NULL);
        ReadRequest request = {.scope = SEARCH_SUBTREE};
        ReadResult result;
        size_t items = 0;
        assert_true(directory_read(directory, &request, count_item, &items, &result, NULL));
        assert_int_equal(items, c->entries);
        assert_int_equal(result.entries, c->entries);
        assert_int_equal(result.proof, c->proof);
        assert_int_equal(result.reason != NULL, c->reason != NULL);
        if (c->reason)
            assert_non_null(strstr(result.reason, c->reason));
        read_result_clear(&result);
    }
}

static bool refuse_item(const DirectoryItem *item, void *data, GError **error)
{
    (void)item, (void)data;
    error_set(error, ERROR_INTERRUPTED, "enough");
    return false;
}

static void test_sink_may_stop(void **state)
{
    (void)state;
    g_autoptr(Directory) directory = open_plan("cut-read@3", NULL);
    g_autoptr(GError) error = NULL;
    ReadRequest request = {.scope = SEARCH_SUBTREE};
    ReadResult result;
    assert_false(directory_read(directory, &request, refuse_item, NULL, &result, &error));
    assert_string_equal(error->message, "enough");
}

static bool count_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)index, (void)error;
    *(size_t *)data += entry != NULL;
    entry_free(entry);
    return true;
}

static void test_fetching(void **state)
{
    (void)state;
    g_autoptr(Directory) directory = open_plan("fetch@2", NULL);
    const FetchId id = {.dn = "dc=1,dc=x"};
    const bool expected[] = {true, false, true};
    size_t found = 0;
    for (size_t i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        assert_int_equal(directory_fetch(directory, &id, 1, NULL, count_fetched, &found, &error),
                         expected[i]);
        assert_true(expected[i] || error_is(error, ERROR_UNREACHABLE));
    }
    assert_int_equal(found, 2);
}

static void test_everything_fails_when_down(void **state)
{
    (void)state;
    g_autoptr(Directory) directory = open_plan("down@1", NULL);
    g_autoptr(Change) change = change_new(CHANGE_DELETE, "dc=1,dc=x");
    const FetchId id = {.dn = "dc=1,dc=x"};
    ReadRequest request = {.scope = SEARCH_SUBTREE};
    ReadResult result;
    size_t count = 0;
    assert_true(directory_read(directory, &request, count_item, &count, &result, NULL));
    assert_false(directory_submit(directory, change, take_outcome, NULL, NULL));
    assert_false(directory_read(directory, &request, count_item, &count, &result, NULL));
    assert_null(directory_search(directory, &request, 10, NULL));
    assert_false(directory_fetch(directory, &id, 1, NULL, count_fetched, &count, NULL));
    assert_false(directory_flush(directory, NULL));
    assert_int_equal(count, 4);
}

static void test_close_with_changes_outstanding(void **state)
{
    (void)state;
    g_autoptr(Change) change = change_new(CHANGE_DELETE, "dc=1,dc=x");
    Directory *directory = open_plan("", NULL);
    assert_true(directory_submit(directory, change, take_outcome, NULL, NULL));
    directory_close(directory);
    g_autofree char *gone = find_gone();
    assert_string_equal(gone, "");
}

typedef struct {
    const char *path;
    ErrorCode code;
} OpenCase;

static const OpenCase open_cases[] = {
    {"open@1|t", ERROR_UNREACHABLE},   {"open@1+|t", ERROR_UNREACHABLE},
    {"|nowhere", ERROR_UNREACHABLE},   {"no bar", ERROR_DEFINITION},
    {"explode@1|t", ERROR_DEFINITION}, {"refuse|t", ERROR_DEFINITION},
    {"refuse@0|t", ERROR_DEFINITION},  {"refuse@x|t", ERROR_DEFINITION},
    {"refuse@|t", ERROR_DEFINITION},   {"refuse@1,,busy@1|t", ERROR_DEFINITION},
};

static void test_opening(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(open_cases); i++) {
        g_autoptr(GError) error = NULL;
        Endpoint endpoint = {.driver = (char *)"failing", .path = (char *)open_cases[i].path};
        assert_null(directory_open(&endpoint, &error));
        if (!error_is(error, open_cases[i].code))
            fail_msg("%s: %s", open_cases[i].path, error->message);
    }
    g_autoptr(Directory) directory = open_plan("open@2", NULL);
    assert_string_equal(directory_describe(directory)->subject, "failing:t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writing, make_store, drop_store),
        cmocka_unit_test_setup_teardown(test_reading, make_store, drop_store),
        cmocka_unit_test_setup_teardown(test_sink_may_stop, make_store, drop_store),
        cmocka_unit_test_setup_teardown(test_fetching, make_store, drop_store),
        cmocka_unit_test_setup_teardown(test_everything_fails_when_down, make_store, drop_store),
        cmocka_unit_test_setup_teardown(test_close_with_changes_outstanding, make_store, drop_store),
        cmocka_unit_test_setup_teardown(test_opening, make_store, drop_store),
    };
    return cmocka_run_group_tests_name("failing", tests, NULL, NULL);
}

/*
 * test_state.c - what a connector remembers between runs, and the home index beside it
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sql.h"

#include "dirsync/database.h"
#include "dirsync/state.h"
#include "proxygen/address.h"
#include "tests/lab/missing.h"

#include <stdio.h>
#include <string.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10"
#define OTHER "5e0c1d2a-9b1f-4a77-8a55-0c9d7d7b6a01"

typedef struct {
    char *folder;
    Organisation organisation;
    Connector connector;
    State *state;
} Fixture;

static State *open_state(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    State *state = state_open(&fixture->connector, fixture->folder, &error);
    if (!state)
        fail_msg("%s", error->message);
    return state;
}

static int begin(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->folder = g_dir_make_tmp("dirsync-state-XXXXXX", NULL);
    fixture->organisation.name = (char *)"acme";
    fixture->connector.name = (char *)"x";
    fixture->connector.uuid = (char *)UUID;
    fixture->connector.organisation = &fixture->organisation;
    fixture->state = open_state(fixture);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    Fixture *fixture = *state;
    state_close(fixture->state);
    static const char *const names[] = {"x/runs",
                                        "x/state.db",
                                        "x/state.db-wal",
                                        "x/state.db-shm",
                                        "x/foreign.db",
                                        "x/foreign.db-wal",
                                        "x/foreign.db-shm",
                                        "x/lock",
                                        "x",
                                        "acme.home.db",
                                        "acme.home.db-wal",
                                        "acme.home.db-shm",
                                        ""};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(fixture->folder, names[i], NULL);
        remove(path);
    }
    int left = g_file_test(fixture->folder, G_FILE_TEST_EXISTS); /* something else lies there */
    g_free(fixture->folder);
    g_free(fixture);
    return left;
}

static void open_again(Fixture *fixture)
{
    state_close(fixture->state);
    fixture->state = open_state(fixture);
}

/* --- folder and lock --- */

static void test_a_new_state_and_an_old_one(void **state)
{
    Fixture *fixture = *state;
    assert_true(state_is_new(fixture->state));
    assert_true(g_path_is_absolute(state_folder(fixture->state)));
    open_again(fixture);
    assert_false(state_is_new(fixture->state));
}

/* As a dump that is read in again: it is no new file. */
static void test_tables_without_a_version_are_kept(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *path = g_build_filename(state_folder(fixture->state), "state.db", NULL);
    g_autoptr(GError) error = NULL;
    state_close(fixture->state);
    run_sql(path, "INSERT INTO meta VALUES ('mine', 'x'); PRAGMA user_version = 0");
    fixture->state = state_open(&fixture->connector, fixture->folder, &error);
    assert_null(fixture->state);
    assert_true(error_is(error, ERROR_STATE));
    assert_non_null(strstr(error->message, "another version of dirsync (form 0, "));
    run_sql(path,
            "INSERT INTO meta SELECT 'lost', NULL WHERE NOT EXISTS (SELECT * FROM meta WHERE name = 'mine')");
}

static void test_only_the_owner_may_look(void **state)
{
    Fixture *fixture = *state;
    static const char *const names[] = {"", "lock", "runs", "state.db"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(state_folder(fixture->state), names[i], NULL);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 077, 0);
    }
}

static void assert_permissions(const Fixture *fixture, const char *name, mode_t mode)
{
    g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 02777, mode);
    assert_int_equal(status.st_gid, getegid());
}

/* What SQLite has beside the index stays when nobody has it open: they could not make it. */
static void test_readers_may_look_at_the_index_alone(void **state)
{
    Fixture *fixture = *state;
    const struct group *group = getgrgid(getegid());
    if (!group)
        skip_missing("the group of this process has no name");
    state_close(fixture->state);
    fixture->organisation.readers = group->gr_name;
    fixture->state = open_state(fixture);
    state_close(fixture->state);
    assert_permissions(fixture, "", 02710);
    assert_permissions(fixture, "acme.home.db", 0640);
    assert_permissions(fixture, "acme.home.db-wal", 0640);
    assert_permissions(fixture, "acme.home.db-shm", 0640);
    assert_permissions(fixture, "x", 0700);
    assert_permissions(fixture, "x/state.db", 0600);
    /* Nor does who takes a copy take them away. */
    g_autoptr(State) copy = state_open_copy(&fixture->connector, fixture->folder, NULL);
    assert_non_null(copy);
    assert_permissions(fixture, "acme.home.db-wal", 0640);
    assert_permissions(fixture, "acme.home.db-shm", 0640);
    fixture->state = open_state(fixture);
}

static void test_a_copy_that_cannot_be_made_is_an_error(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *from = g_build_filename(fixture->folder, "acme.home.db", NULL);
    g_autofree char *to = g_build_filename(fixture->folder, "no-such-folder", "copy.db", NULL);
    g_autoptr(GError) error = NULL;
    assert_false(database_copy(from, to, &error));
    assert_true(error_is(error, ERROR_STATE));
    assert_non_null(strstr(error->message, to));
}

static void test_readers_are_a_group(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    state_close(fixture->state);
    fixture->organisation.readers = (char *)"no-such-group";
    fixture->state = state_open(&fixture->connector, fixture->folder, &error);
    assert_null(fixture->state);
    assert_true(error_is(error, ERROR_DEFINITION));
}

static void test_one_at_a_time(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    assert_null(state_open(&fixture->connector, fixture->folder, &error));
    assert_true(error_is(error, ERROR_LOCKED));
    g_autoptr(State) reader = state_open_unlocked(&fixture->connector, fixture->folder, NULL);
    assert_non_null(reader);
}

static void test_no_state_yet_is_no_error(void **state)
{
    Fixture *fixture = *state;
    Connector never = fixture->connector;
    g_autoptr(GError) error = NULL;
    never.name = (char *)"never-run";
    assert_null(state_open_unlocked(&never, fixture->folder, &error));
    assert_null(error);
}

static void test_the_state_of_another_connector(void **state)
{
    Fixture *fixture = *state;
    Connector other = fixture->connector;
    g_autoptr(GError) error = NULL;
    other.uuid = (char *)OTHER;
    g_clear_pointer(&fixture->state, state_close);
    assert_null(state_open(&other, fixture->folder, &error));
    assert_true(error_is(error, ERROR_STATE));
}

/* --- links --- */

static void count_link(const LinkRow *row, void *data)
{
    assert_non_null(row->anchor);
    ++*(size_t *)data;
}

static void test_links(void **state)
{
    Fixture *fixture = *state;
    LinkRow row = {.anchor = (char *)"a'1;--",
                   .dn = (char *)"cn=\xc3\xa9",
                   .id = NULL,
                   .source = {1, 2},
                   .target = {0, 0},
                   .desired = {UINT64_MAX, 3},
                   .exact = {4, 5},
                   .flags = LINK_GRACED | LINK_RETRY};
    assert_true(state_save_link(fixture->state, &row, NULL));
    row.id = (char *)"id";
    assert_true(state_save_link(fixture->state, &row, NULL)); /* by anchor: the same again */
    open_again(fixture);
    size_t seen = 0;
    int64_t count = 0;
    assert_true(state_scan_links(fixture->state, STEP_IMPORT, 0, count_link, &seen, NULL));
    assert_true(state_count_links(fixture->state, STEP_IMPORT, &count, NULL));
    assert_int_equal(seen, 1);
    assert_int_equal(count, 1);
    g_auto(LinkRow) found = {0};
    assert_true(state_find_link(fixture->state, 1, &found, NULL));
    assert_string_equal(found.anchor, row.anchor);
    assert_string_equal(found.dn, row.dn);
    assert_string_equal(found.id, "id");
    assert_true(fingerprint_equal(found.source, row.source));
    assert_true(fingerprint_is_zero(found.target));
    assert_true(fingerprint_equal(found.desired, row.desired));
    assert_true(fingerprint_equal(found.exact, row.exact));
    assert_int_equal(found.flags, row.flags);
    found.flags = 0;
    found.target = (Fingerprint){9, 9};
    assert_true(state_save_link(fixture->state, &found, NULL));
    assert_true(state_find_link(fixture->state, 1, &found, NULL));
    assert_int_equal(found.flags, 0);
    assert_int_equal(found.target.low, 9);
    assert_true(state_look_link(fixture->state, 1, (Fingerprint){10, 11}, "cn=b", "other", NULL));
    assert_true(state_find_link(fixture->state, 1, &found, NULL));
    assert_int_equal(found.target.high, 11);
    assert_string_equal(found.dn, "cn=b");
    assert_string_equal(found.id, "other");
    assert_true(fingerprint_equal(found.exact, row.exact));
    assert_true(state_remove_link(fixture->state, STEP_IMPORT, row.anchor, NULL));
    assert_true(state_find_link(fixture->state, 1, &found, NULL));
    assert_int_equal(found.row, 0);
    assert_null(found.anchor);
}

/* The same anchor in both steps is two links; members are found by the name of the source entry. */
static void test_links_of_the_steps_are_apart(void **state)
{
    Fixture *fixture = *state;
    Fingerprint name = {7, 8};
    LinkRow in = {.anchor = (char *)"a1", .dn = (char *)"cn=in"};
    LinkRow out = {.step = STEP_EXPORT,
                   .anchor = (char *)"a1",
                   .dn = (char *)"cn=out",
                   .source_dn = (char *)"cn=Ann,ou=people",
                   .source_key = name};
    assert_true(state_save_link(fixture->state, &in, NULL));
    assert_true(state_save_link(fixture->state, &out, NULL));
    open_again(fixture);
    g_auto(LinkRow) found = {0};
    assert_true(state_find_link_by_anchor(fixture->state, STEP_IMPORT, "a1", &found, NULL));
    assert_string_equal(found.dn, "cn=in");
    assert_int_equal(found.step, STEP_IMPORT);
    assert_null(found.source_dn);
    assert_true(state_find_link_by_source(fixture->state, STEP_EXPORT, name, &found, NULL));
    assert_string_equal(found.dn, "cn=out");
    assert_int_equal(found.step, STEP_EXPORT);
    assert_string_equal(found.source_dn, "cn=Ann,ou=people");
    assert_true(state_find_link_by_source(fixture->state, STEP_IMPORT, name, &found, NULL));
    assert_int_equal(found.row, 0);
    assert_true(state_remove_link(fixture->state, STEP_EXPORT, "a1", NULL));
    for (int step = 0; step < STEPS; step++) {
        int64_t count = -1;
        assert_true(state_count_links(fixture->state, (Step)step, &count, NULL));
        assert_int_equal(count, step == STEP_IMPORT);
    }
}

static void test_a_rollback_takes_everything_back(void **state)
{
    Fixture *fixture = *state;
    LinkRow row = {.anchor = (char *)"a1"};
    g_autofree char *value = NULL;
    assert_true(state_set(fixture->state, "name", "before", NULL));
    assert_true(state_begin(fixture->state, NULL));
    assert_true(state_save_link(fixture->state, &row, NULL));
    assert_true(state_set(fixture->state, "name", "after", NULL));
    state_rollback(fixture->state);
    int64_t count = -1;
    assert_true(state_count_links(fixture->state, STEP_IMPORT, &count, NULL));
    assert_int_equal(count, 0);
    assert_true(state_get(fixture->state, "name", &value, NULL));
    assert_string_equal(value, "before");
    g_clear_pointer(&value, g_free);
    assert_true(state_get(fixture->state, "never set", &value, NULL));
    assert_null(value);
}

/* --- quarantine --- */

static void append(const char *subject, const char *reason, const char *first, const char *last, void *data)
{
    g_string_append_printf(data, "%s: %s (%s..%s)\n", subject, reason, first, last);
}

static void assert_quarantine(State *state, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    assert_true(state_scan_quarantine(state, append, text, NULL));
    assert_string_equal(text->str, expected);
}

static void test_quarantine(void **state)
{
    Fixture *fixture = *state;
    bool is_new = false;
    assert_true(state_quarantine(fixture->state, STEP_IMPORT, "b", "bad", "run1", &is_new, NULL));
    assert_true(is_new);
    assert_true(state_quarantine(fixture->state, STEP_IMPORT, "a", "odd", "run1", &is_new, NULL));
    assert_true(state_quarantine(fixture->state, STEP_IMPORT, "b", "worse", "run2", &is_new, NULL));
    assert_false(is_new);
    assert_quarantine(fixture->state, "a: odd (run1..run1)\nb: worse (run1..run2)\n");
    g_autoptr(GString) cleared = g_string_new(NULL);
    assert_true(state_clear_quarantine(fixture->state, STEP_IMPORT, "run2", append, cleared, NULL));
    assert_string_equal(cleared->str, "a: odd (run1..run1)\n");
    assert_quarantine(fixture->state, "b: worse (run1..run2)\n");
}

static void test_quarantines_of_the_steps_are_apart(void **state)
{
    Fixture *fixture = *state;
    bool is_new = false;
    g_autofree char *reason = NULL, *none = NULL;
    assert_true(state_quarantine(fixture->state, STEP_IMPORT, "a", "bad", "run1", &is_new, NULL));
    assert_true(state_quarantine(fixture->state, STEP_EXPORT, "a", "odd", "run1", &is_new, NULL));
    assert_true(is_new);
    g_autoptr(GString) cleared = g_string_new(NULL);
    assert_true(state_clear_quarantine(fixture->state, STEP_IMPORT, "run2", append, cleared, NULL));
    assert_string_equal(cleared->str, "a: bad (run1..run1)\n");
    assert_true(state_quarantine_reason(fixture->state, STEP_EXPORT, "a", &reason, NULL));
    assert_string_equal(reason, "odd");
    assert_true(state_quarantine_reason(fixture->state, STEP_IMPORT, "a", &none, NULL));
    assert_null(none);
}

/* --- runs --- */

static void list_run(const RunRecord *record, void *data)
{
    g_string_append_printf(data, "%s %s %d %s\n", record->id, record->kind, record->status,
                           record->finished ? "finished" : "open");
}

static void test_runs_and_their_journal(void **state)
{
    Fixture *fixture = *state;
    JournalOutcome outcome;
    assert_true(state_begin_run(fixture->state, "one", "sync", "/plans/one", NULL));
    assert_true(state_begin_run(fixture->state, "two", "apply", "/plans/two", NULL));
    assert_true(state_begin(fixture->state, NULL));
    assert_true(state_journal(fixture->state, "two", 0, JOURNAL_INTENDED, NULL));
    assert_true(state_journal(fixture->state, "two", 1, JOURNAL_INTENDED, NULL));
    assert_true(state_journal(fixture->state, "two", 0, JOURNAL_DONE, NULL));
    assert_true(state_commit(fixture->state, NULL));
    open_again(fixture);
    assert_true(state_journal_outcome(fixture->state, "two", 0, &outcome, NULL));
    assert_int_equal(outcome, JOURNAL_DONE);
    assert_true(state_journal_outcome(fixture->state, "two", 1, &outcome, NULL));
    assert_int_equal(outcome, JOURNAL_INTENDED);
    assert_true(state_journal_outcome(fixture->state, "one", 0, &outcome, NULL));
    assert_int_equal(outcome, JOURNAL_NONE);
    g_auto(GStrv) open = state_unfinished_runs(fixture->state, NULL);
    assert_int_equal(g_strv_length(open), 2);
    assert_string_equal(open[0], "one");
    assert_true(state_finish_run(fixture->state, "two", 3, "/plans/two", "import: ...", "{}", NULL));
    g_autoptr(GString) list = g_string_new(NULL), newest = g_string_new(NULL);
    assert_true(state_scan_runs(fixture->state, 0, list_run, list, NULL));
    assert_string_equal(list->str, "two apply 3 finished\none sync -1 open\n");
    assert_true(state_scan_runs(fixture->state, 1, list_run, newest, NULL));
    assert_string_equal(newest->str, "two apply 3 finished\n");
    g_auto(RunRecord) record = {0};
    assert_true(state_find_run(fixture->state, NULL, &record, NULL));
    assert_string_equal(record.id, "two");
    assert_string_equal(record.folder, "/plans/two");
    assert_true(state_find_run(fixture->state, "three", &record, NULL));
    assert_null(record.id);
}

/* What is written while it is held would be lost without a word. */
static void test_while_it_is_held_nothing_is_written(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *value = NULL, *later = NULL;
    assert_true(state_set(fixture->state, "a", "1", NULL));
    assert_true(state_hold(fixture->state, NULL));
    assert_true(state_get(fixture->state, "a", &value, NULL));
    assert_string_equal(value, "1");
    assert_false(state_set(fixture->state, "a", "2", &error));
    assert_non_null(strstr(error->message, "readonly"));
    state_let_go(fixture->state);
    assert_true(state_set(fixture->state, "a", "2", NULL));
    assert_true(state_get(fixture->state, "a", &later, NULL));
    assert_string_equal(later, "2");
}

static void test_ids_are_told_apart(void **state)
{
    (void)state;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < 1000; i++)
        assert_true(g_hash_table_add(seen, run_new_id())); /* most of them in the same second */
}

/* --- the indexes --- */

static void save_holder(HolderIndex *home, const char *id, const char *owner, const char *address)
{
    HolderKey keys[] = {{.kind = KEY_ADDRESS, .value = (char *)address}};
    Holder holder = {.id = (char *)id,
                     .dn = (char *)id,
                     .dn_key = (char *)id,
                     .owner = (char *)owner,
                     .anchor = (char *)(owner ? id : NULL)};
    assert_true(holder_index_save(home, &holder, keys, 1, NULL));
}

static void add_anchor(const char *anchor, void *data)
{
    g_string_append_printf(data, "%s ", anchor);
}

static void assert_rivals(HolderIndex *home, int64_t since, const char *expected)
{
    g_autoptr(GString) anchors = g_string_new(NULL);
    assert_true(holder_index_rivals(home, since, UUID, add_anchor, anchors, NULL));
    assert_string_equal(anchors->str, expected);
}

static void test_rivals_since(void **state)
{
    Fixture *fixture = *state;
    HolderIndex *home = state_index(fixture->state, STEP_IMPORT, NULL);
    assert_true(holder_index_begin(home, NULL));
    int64_t first = holder_index_serial(home);
    save_holder(home, "ours", UUID, "smtp:a@x");
    save_holder(home, "quiet", UUID, "smtp:b@x");
    save_holder(home, "theirs", OTHER, "smtp:a@x");
    assert_true(holder_index_commit(home, NULL));
    assert_rivals(home, 0, ""); /* another connector's object is no native */
    assert_true(holder_index_begin(home, NULL));
    int64_t second = holder_index_serial(home);
    assert_true(second > first);
    save_holder(home, "native", NULL, "smtp:a@x");
    assert_true(holder_index_commit(home, NULL));
    open_again(fixture);
    home = state_index(fixture->state, STEP_IMPORT, NULL);
    assert_rivals(home, first, "ours ");
    assert_rivals(home, second, "");
    assert_true(holder_index_begin(home, NULL));
    assert_true(holder_index_serial(home) > second);
    g_autoptr(GString) values = g_string_new(NULL);
    assert_true(holder_index_new_keys(home, first, KEY_ADDRESS, add_anchor, values, NULL));
    assert_string_equal(values->str, "smtp:a@x ");
    holder_index_rollback(home);
}

static void assert_holds(HolderIndex *home, const char *address, const char *id)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    assert_true(holder_index_find(home, KEY_ADDRESS, address, found, NULL));
    assert_int_equal(found->len, id ? 1 : 0);
    if (id)
        assert_string_equal(((Holder *)g_ptr_array_index(found, 0))->id, id);
}

/* Whether it is saved again in the same transaction, in a later one, or without one. */
static void test_keys_of_a_holder_are_replaced(void **state)
{
    Fixture *fixture = *state;
    HolderIndex *home = state_index(fixture->state, STEP_IMPORT, NULL);
    assert_true(holder_index_begin(home, NULL));
    save_holder(home, "kim", NULL, "smtp:a@x");
    save_holder(home, "ann", NULL, "smtp:ann@x");
    save_holder(home, "kim", NULL, "smtp:b@x");
    assert_holds(home, "smtp:a@x", NULL);
    assert_true(holder_index_commit(home, NULL));
    assert_holds(home, "smtp:b@x", "kim");
    assert_true(holder_index_begin(home, NULL));
    save_holder(home, "kim", NULL, "smtp:c@x");
    assert_true(holder_index_commit(home, NULL));
    assert_holds(home, "smtp:b@x", NULL);
    assert_holds(home, "smtp:c@x", "kim");
    save_holder(home, "kim", NULL, "smtp:d@x");
    assert_holds(home, "smtp:c@x", NULL);
    assert_holds(home, "smtp:ann@x", "ann");
}

/* What is in the directory that is exported to is not in the home directory. */
static void test_each_directory_has_an_index_of_its_own(void **state)
{
    Fixture *fixture = *state;
    HolderIndex *home = state_index(fixture->state, STEP_IMPORT, NULL);
    HolderIndex *foreign = state_index(fixture->state, STEP_EXPORT, NULL);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    assert_non_null(foreign);
    assert_ptr_not_equal(home, foreign);
    assert_string_not_equal(holder_index_id(home), holder_index_id(foreign));
    assert_true(holder_index_begin(foreign, NULL));
    save_holder(foreign, "native", NULL, "smtp:a@x");
    assert_true(holder_index_commit(foreign, NULL));
    assert_true(holder_index_find(home, KEY_ADDRESS, "smtp:a@x", found, NULL));
    assert_int_equal(found->len, 0);
    assert_true(holder_index_find(foreign, KEY_ADDRESS, "smtp:a@x", found, NULL));
    assert_int_equal(found->len, 1);
}

/* Its id, or why it cannot be opened; g_free(). */
static void *open_index(void *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HolderIndex) index = holder_index_open(path, &error);
    return g_strdup(index ? holder_index_id(index) : error->message);
}

/* As the runs of two connectors do that begin together on a new machine. */
static void test_several_make_one_index_at_once(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *path = g_build_filename(fixture->folder, "acme.home.db", NULL);
    GThread *threads[8];
    state_close(g_steal_pointer(&fixture->state));
    for (int round = 0; round < 20; round++) {
        remove(path);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
            threads[i] = g_thread_new("opener", open_index, path);
        g_autofree char *first = g_thread_join(threads[0]);
        if (!g_uuid_string_is_valid(first))
            fail_msg("%s", first);
        for (size_t i = 1; i < G_N_ELEMENTS(threads); i++) {
            g_autofree char *other = g_thread_join(threads[i]);
            assert_string_equal(other, first);
        }
    }
}

static void test_addresses_are_folded(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"SMTP:Ann@X.example", "smtp:ann@x.example"},
        {"  smtp:a@x \t", "smtp:a@x"},
        {"smtp:J\xc3\x96RG@x", "smtp:j\xc3\xb6rg@x"},
        {"smtp:o\xcc\x88@x", "smtp:\xc3\xb6@x"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *folded = address_normalise(cases[i][0], strlen(cases[i][0]));
        assert_string_equal(folded, cases[i][1]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_while_it_is_held_nothing_is_written, begin, end),
        cmocka_unit_test_setup_teardown(test_a_new_state_and_an_old_one, begin, end),
        cmocka_unit_test_setup_teardown(test_tables_without_a_version_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_only_the_owner_may_look, begin, end),
        cmocka_unit_test_setup_teardown(test_readers_may_look_at_the_index_alone, begin, end),
        cmocka_unit_test_setup_teardown(test_readers_are_a_group, begin, end),
        cmocka_unit_test_setup_teardown(test_a_copy_that_cannot_be_made_is_an_error, begin, end),
        cmocka_unit_test_setup_teardown(test_one_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(test_no_state_yet_is_no_error, begin, end),
        cmocka_unit_test_setup_teardown(test_the_state_of_another_connector, begin, end),
        cmocka_unit_test_setup_teardown(test_links, begin, end),
        cmocka_unit_test_setup_teardown(test_links_of_the_steps_are_apart, begin, end),
        cmocka_unit_test_setup_teardown(test_a_rollback_takes_everything_back, begin, end),
        cmocka_unit_test_setup_teardown(test_quarantine, begin, end),
        cmocka_unit_test_setup_teardown(test_quarantines_of_the_steps_are_apart, begin, end),
        cmocka_unit_test_setup_teardown(test_runs_and_their_journal, begin, end),
        cmocka_unit_test(test_ids_are_told_apart),
        cmocka_unit_test_setup_teardown(test_rivals_since, begin, end),
        cmocka_unit_test_setup_teardown(test_keys_of_a_holder_are_replaced, begin, end),
        cmocka_unit_test_setup_teardown(test_each_directory_has_an_index_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(test_several_make_one_index_at_once, begin, end),
        cmocka_unit_test(test_addresses_are_folded),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}

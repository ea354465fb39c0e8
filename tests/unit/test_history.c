/*
 * test_history.c - which runs are remembered, and that forgetting may be cut short
 *
 * A history is written down as it would have come about: ids, ends, plans on disk.
 * Then it is pruned, and what is left is compared, records and folders.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sql.h"
#include "tests/lab/world.h"

#include "dirsync/fault.h"
#include "dirsync/run_internal.h"
#include "dirsync/state.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define UUID "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10"
#define GOING_ON (-1)
#define RUNS 8

/** One run, the oldest first. */
typedef struct {
    const char *name; /* NULL: no more */
    const char *kind;
    int status;       /* GOING_ON: not finished */
    int days;         /* ago */
    const char *plan; /* "own": in runs/; "people": elsewhere; "NAME/undo": of that run; NULL: none */
} Past;

typedef struct {
    const char *name;
    unsigned days, runs;
    const char *left_over; /* name of the run that had to stop in the middle */
    Past past[RUNS];
    const char *kept; /* names of records, in order, and of folders in runs/ after a bar */
} History;

static const History histories[] = {
    {"young and few stay",
     90,
     10,
     NULL,
     {{"a", "sync", 0, 80, "own"}, {"b", "sync", 0, 1, NULL}, {"c", "sync", 3, 0, "own"}},
     "a b c | a c"},
    {"what is too old goes",
     30,
     10,
     NULL,
     {{"a", "sync", 0, 31, "own"},
      {"b", "sync", 0, 40, NULL},
      {"c", "sync", 0, 1, "own"},
      {"d", "sync", 0, 1, NULL}},
     "c d | c"},
    {"of too many the oldest go, those that wrote and those that did not each for themselves",
     90,
     2,
     NULL,
     {{"a", "sync", 0, 9, "own"},
      {"b", "sync", 0, 8, "own"},
      {"c", "sync", 0, 7, "own"},
      {"d", "sync", 0, 6, NULL},
      {"e", "sync", 0, 5, NULL},
      {"f", "sync", 0, 4, NULL}},
     "b c e f | b c"},
    {"the last good one stays, however old",
     10,
     1,
     NULL,
     {{"a", "sync", 0, 99, "own"},
      {"b", "sync", 3, 98, "own"},
      {"c", "sync", 5, 50, "own"},
      {"d", "sync", 1, 1, "own"}},
     "b d | b d"},
    {"one that is not finished stays",
     10,
     1,
     NULL,
     {{"a", "sync", GOING_ON, 99, "own"}, {"b", "sync", 0, 98, "own"}, {"c", "sync", 0, 1, "own"}},
     "a c | a c"},
    {"one that had to stop in the middle stays until it was asked about",
     10,
     1,
     "a",
     {{"a", "sync", 5, 99, "own"}, {"b", "sync", 0, 98, "own"}, {"c", "sync", 0, 1, "own"}},
     "a c | a c"},
    {"what a revert that was cut short takes back stays",
     10,
     1,
     NULL,
     {{"a", "sync", 0, 99, "own"}, {"b", "revert", GOING_ON, 98, "a/undo"}, {"c", "sync", 0, 1, "own"}},
     "a b c | a c"},
    {"what a revert that is done has taken back goes",
     10,
     1,
     NULL,
     {{"a", "sync", 0, 99, "own"}, {"b", "revert", 0, 98, "a/undo"}, {"c", "sync", 0, 1, "own"}},
     "c | c"},
    {"that a migration was taken back is remembered as long as the migration",
     10,
     1,
     NULL,
     {{"a", "migrate", 0, 99, "own"}, {"b", "revert", 0, 98, "a/undo"}, {"c", "sync", 0, 1, "own"}},
     "a b c | a c"},
    {"plans of people are theirs",
     10,
     1,
     NULL,
     {{"a", "apply", 0, 99, "people"}, {"b", "sync", 0, 1, "own"}},
     "b | b people"},
    {"the plan of a migration stays",
     10,
     1,
     NULL,
     {{"a", "migrate", 0, 99, "own"}, {"b", "sync", 0, 98, "own"}, {"c", "sync", 0, 1, "own"}},
     "a c | a c"},
};

typedef struct {
    char *top;
    Organisation organisation;
    Connector connector;
} Fixture;

static int begin(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->top = g_dir_make_tmp("dirsync-history-XXXXXX", NULL);
    fixture->organisation.name = (char *)"acme";
    fixture->connector =
        (Connector){.name = (char *)"globex", .uuid = (char *)UUID, .organisation = &fixture->organisation};
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    Fixture *fixture = *state;
    fault_hook = NULL;
    remove_folder(fixture->top);
    g_free(fixture->top);
    g_free(fixture);
    return 0;
}

static State *open_state(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    State *state = state_open(&fixture->connector, fixture->top, &error);
    if (!state)
        fail_msg("%s", error->message);
    return state;
}

static char *path_of(const Fixture *fixture, const char *plan)
{
    return g_build_filename(fixture->top, "globex", "runs", plan, NULL);
}

static void write_plan(const char *folder)
{
    g_autofree char *undo = g_build_filename(folder, "undo", NULL);
    g_autofree char *file = g_build_filename(folder, "plan.json", NULL);
    g_autofree char *undo_file = g_build_filename(undo, "plan.json", NULL);
    assert_int_equal(g_mkdir_with_parents(undo, 0700), 0);
    write_text(file, "{}");
    write_text(undo_file, "{}");
}

static void backdate(const Fixture *fixture, const char *id, int days)
{
    g_autofree char *path = g_build_filename(fixture->top, "globex", "state.db", NULL);
    g_autofree char *sql =
        g_strdup_printf("UPDATE run SET started = strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', 'now', "
                        "'-%d days') WHERE id = '%s'",
                        days, id);
    run_sql(path, sql);
}

static void write_run(const Fixture *fixture, State *state, const Past *past)
{
    bool own = !g_strcmp0(past->plan, "own");
    g_autofree char *folder = past->plan ? path_of(fixture, own ? past->name : past->plan) : NULL;
    assert_true(state_begin_run(state, past->name, past->kind, folder, NULL));
    assert_true(state_journal(state, past->name, 0, JOURNAL_DONE, NULL));
    if (past->status != GOING_ON)
        assert_true(state_finish_run(state, past->name, past->status, folder, "", "{}", NULL));
    if (own || !g_strcmp0(past->plan, "people"))
        write_plan(folder);
}

static void write_history(Fixture *fixture, const History *history)
{
    fixture->connector.history_days = history->days;
    fixture->connector.history_runs = history->runs;
    State *state = open_state(fixture);
    for (const Past *past = history->past; past < history->past + RUNS && past->name; past++)
        write_run(fixture, state, past);
    if (history->left_over)
        assert_true(run_note_left_over(state, history->left_over));
    state_close(state);
    for (const Past *past = history->past; past < history->past + RUNS && past->name; past++)
        backdate(fixture, past->name, past->days);
}

static void note_name(const RunRecord *record, void *data)
{
    g_string_prepend(data, " ");
    g_string_prepend(data, record->id);
}

static int compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "b c | b c" */
static char *what_is_left(const Fixture *fixture)
{
    g_autofree char *runs = path_of(fixture, NULL);
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(runs, 0, NULL);
    GString *text = g_string_new(NULL);
    State *state = open_state(fixture);
    const char *name;
    assert_true(state_scan_runs(state, 0, note_name, text, NULL));
    state_close(state);
    while ((name = g_dir_read_name(dir)))
        g_ptr_array_add(folders, g_strdup(name));
    g_ptr_array_sort(folders, compare);
    g_string_append_c(text, '|');
    for (guint i = 0; i < folders->len; i++)
        g_string_append_printf(text, " %s", (char *)g_ptr_array_index(folders, i));
    return g_string_free(text, FALSE);
}

static void prune(const Fixture *fixture)
{
    State *state = open_state(fixture);
    run_prune(&fixture->connector, state);
    state_close(state);
}

static void assert_left(const Fixture *fixture, const char *name, const char *kept)
{
    g_autofree char *left = what_is_left(fixture);
    if (strcmp(left, kept) != 0)
        fail_msg("%s: \"%s\" is left, not \"%s\"", name, left, kept);
}

static void histories_are_pruned_as_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(histories); i++) {
        void *fixture;
        begin(&fixture);
        write_history(fixture, &histories[i]);
        prune(fixture);
        assert_left(fixture, histories[i].name, histories[i].kept);
        prune(fixture);
        assert_left(fixture, histories[i].name, histories[i].kept);
        end(&fixture);
    }
}

/* --- killed on the way --- */

static int steps_left;

static void kill_at(const char *where)
{
    (void)where;
    if (--steps_left == 0)
        _exit(42);
}

/* In a child. True: it was killed at step @n; false: there are fewer. */
static bool prune_until(const Fixture *fixture, int n)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        State *state = open_state(fixture);
        steps_left = n;
        fault_hook = kill_at;
        run_prune(&fixture->connector, state);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 42));
    return WEXITSTATUS(status) == 42;
}

static void a_kill_at_any_step_leaves_nothing_for_good(void **state)
{
    (void)state;
    int tried = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(histories); i++) {
        bool killed = true;
        for (int n = 1; killed; n++) {
            void *fixture;
            begin(&fixture);
            write_history(fixture, &histories[i]);
            killed = prune_until(fixture, n);
            tried += killed;
            prune(fixture);
            assert_left(fixture, histories[i].name, histories[i].kept);
            end(&fixture);
        }
    }
    print_message("killed at %d steps\n", tried);
    assert_true(tried > 20);
}

/* --- of a state that was lost --- */

static void folders_without_a_record_go_when_they_are_old(void **state)
{
    static const char *const names[] = {"20200101T000000Z-0123abcd", "20200101T000000Z-mine", "notes",
                                        "20200101T000000Z-0123abcd.kept"};
    Fixture *fixture = *state;
    g_autofree char *young = run_new_id();
    fixture->connector.history_days = 30;
    fixture->connector.history_runs = 10;
    state_close(open_state(fixture));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_of(fixture, names[i]);
        write_plan(path);
    }
    g_autofree char *path = path_of(fixture, young);
    write_plan(path);
    prune(fixture);
    g_autofree char *kept = g_strdup_printf("| %s %s %s notes", names[3], names[1], young);
    assert_left(fixture, "lost state", kept);
}

/* Whatever else lies in a run's folder is not ours to remove. */
static void what_somebody_put_into_a_folder_stays(void **state)
{
    Fixture *fixture = *state;
    write_history(fixture, &histories[1]);
    g_autofree char *note = path_of(fixture, "a/note.txt");
    write_text(note, "why we reverted");
    prune(fixture);
    assert_left(fixture, "note", "c d | a c");
    assert_true(g_file_test(note, G_FILE_TEST_EXISTS));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histories_are_pruned_as_they_should),
        cmocka_unit_test(a_kill_at_any_step_leaves_nothing_for_good),
        CASE(folders_without_a_record_go_when_they_are_old),
        CASE(what_somebody_put_into_a_folder_stays),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}

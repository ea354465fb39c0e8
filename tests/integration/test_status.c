/*
 * test_status.c - dirsync status, as an administrator reads it
 *
 * What has run, what goes on now, what comes next, and what to do when the state
 * is damaged; that it disturbs nobody.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include "dirsync/state.h"
#include "dirsync/when.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }

static Lab *home;
static World *world;

static const Person three[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example", NULL},
                               {"9", "Nobody", "", NULL},
                               NOBODY};

static void set_up(void)
{
    program_needed();
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync");
    world = world_at(home);
    world_set_people(world, three);
    g_setenv("DIRSYNC_CONFIG", world->folder, TRUE);
}

static int tear_down(void **state)
{
    (void)state;
    g_unsetenv("DIRSYNC_CONFIG");
    world_free(world);
    lab_slapd_stop(home);
    world = NULL;
    home = NULL;
    return 0;
}

static void assert_said(const Said *said, int status, const char *out, const char *err)
{
    if (said->status != status || !strstr(said->out, out) || !strstr(said->err, err))
        fail_msg("status %d instead of %d, or without \"%s\" and \"%s\":\n%s%s", said->status, status, out,
                 err, said->out, said->err);
}

#define ASSERT_SAYS(status, out, err, ...)                                                                   \
    do {                                                                                                     \
        g_auto(Said) what_was_said = PROGRAM(NULL, __VA_ARGS__);                                             \
        assert_said(&what_was_said, status, out, err);                                                       \
    } while (0)

static json_t *ask_json(const char *connector, const char *run)
{
    g_auto(Said) said = PROGRAM(NULL, "--json", "status", connector, run);
    json_t *json = json_loads(said.out, 0, NULL);
    if (!json)
        fail_msg("no JSON: %s%s", said.out, said.err);
    return json;
}

static void sync_once(int status)
{
    g_auto(Said) said = PROGRAM(NULL, "-q", "sync", world->connector);
    if (said.status != status)
        fail_msg("sync ends with %d:\n%s%s", said.status, said.out, said.err);
}

static char *name_of_connector(void)
{
    g_autofree char *file = g_path_get_basename(world->connector);
    return g_strndup(file, strlen(file) - strlen(".xml"));
}

static char *state_file(const char *name)
{
    g_autoptr(Connector) connector = world_connector(world);
    g_autofree char *folder = state_folder_of(connector, NULL);
    return g_build_filename(folder, name, NULL);
}

/* --- all connectors --- */

static void each_connector_is_a_line(void **state)
{
    (void)state;
    set_up();
    g_autofree char *broken = g_build_filename(world->folder, "broken.xml", NULL);
    g_autofree char *name = name_of_connector();
    g_auto(Said) before = PROGRAM(NULL, "status");
    assert_said(&before, 0, "has not run", "");
    sync_once(3);
    g_auto(Said) after = PROGRAM(NULL, "status");
    assert_said(&after, 0, "done, with trouble     1  -\n", "");
    assert_non_null(strstr(after.out, name));
    assert_null(strstr(after.out, "organisation")); /* no connector, though it lies there too */
    sync_once(0);
    ASSERT_SAYS(0, "done                   1  -\n", "", "status");
    write_text(broken, "<connector name=\"b\"/>");
    g_auto(Said) said = PROGRAM(NULL, "status");
    assert_said(&said, 6, "wrong definition", "");
    assert_non_null(strstr(said.out, "broken.xml:1: "));
    assert_non_null(strstr(said.out, "done                   1  -\n"));
}

static void an_empty_folder_says_what_to_do(void **state)
{
    (void)state;
    program_needed();
    g_autofree char *folder = g_dir_make_tmp("dirsync-status-XXXXXX", NULL);
    g_setenv("DIRSYNC_CONFIG", folder, TRUE);
    ASSERT_SAYS(0, "dirsync init", "", "status");
    assert_int_equal(g_rmdir(folder), 0);
    ASSERT_SAYS(6, "", "DIRSYNC_CONFIG", "status");
    g_unsetenv("DIRSYNC_CONFIG");
}

/* --- one connector --- */

static void one_connector_is_told_in_full(void **state)
{
    (void)state;
    set_up();
    sync_once(3);
    sync_once(0);
    g_auto(Said) said = PROGRAM(NULL, "status", world->connector);
    static const char *const parts[] = {"last success: 20",
                                        "last run: done, by ",
                                        "next run: no dirsync run looks after it here\n",
                                        "import: everything was read last 20",
                                        "because: first run, or the state was lost\n",
                                        "2 objects looked after\n",
                                        "runs, the newest first:\n",
                                        " sync: done, with trouble\n",
                                        "exit 3, can be reverted\n",
                                        "2 created",
                                        "quarantine: 1\n  9, import, since 20"};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        assert_said(&said, 0, parts[i], "");
    ASSERT_SAYS(0, "runs, the newest first:", "", "status", "--runs=1", world->connector);
    json_t *all = ask_json(world->connector, NULL);
    assert_int_equal(json_array_size(json_object_get(all, "runs")), 2);
    const char *since = NULL, *step = NULL;
    int odd = json_unpack(all, "{s:[{s:s, s:s}]}", "quarantine", "since", &since, "step", &step);
    assert_int_equal(odd, 0);
    gint64 age = g_get_real_time() / G_USEC_PER_SEC - when_parse(since);
    assert_in_range(age, 0, 3600);
    assert_string_equal(step, "import");
    json_decref(all);
}

static void a_failure_has_its_reason(void **state)
{
    (void)state;
    set_up();
    g_autofree char *source = g_build_filename(world->live, "people.ldif", NULL);
    sync_once(3);
    assert_int_equal(g_remove(source), 0);
    sync_once(1);
    g_auto(Said) said = PROGRAM(NULL, "status", world->connector);
    assert_said(&said, 0, "last run: failed, by ", "");
    assert_said(&said, 0, "people.ldif: cannot be opened", "");
    assert_said(&said, 0, "last success: 20", "");
}

/* --- a run that was told to stop --- */

#define CROWD 20

static void set_crowd(void)
{
    Person crowd[CROWD + 1] = {{NULL, NULL, NULL, NULL}};
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < CROWD; i++) {
        crowd[i].anchor = g_strdup_printf("p%d", i);
        crowd[i].name = g_strdup_printf("Person %02d", i);
        crowd[i].mails = g_strdup_printf("p%d@globex.example", i);
        g_ptr_array_add(owned, (gpointer)crowd[i].anchor);
        g_ptr_array_add(owned, (gpointer)crowd[i].name);
        g_ptr_array_add(owned, (gpointer)crowd[i].mails);
    }
    world_set_people(world, crowd);
}

/* Slow enough to be stopped in the middle; the exit status. */
static int stopped_sync(int signal)
{
    g_autofree char *path = g_canonicalize_filename(g_getenv("DIRSYNC"), NULL);
    char *argv[] = {path, (char *)"sync", world->connector, (char *)"--rate=5", (char *)"-q", NULL};
    GPid pid;
    int status;
    assert_true(g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                              NULL, &pid, NULL));
    for (int i = 0; i < 1000 && lab_count(home, HOME_BASE, "(objectClass=contact)") < 3; i++)
        g_usleep(20000);
    kill(pid, signal);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_stopped_run_is_told_as_that_and_counts_what_it_wrote(void **state)
{
    (void)state;
    set_up();
    set_crowd();
    assert_int_equal(stopped_sync(SIGINT), 5);
    size_t there = lab_count(home, WORLD_CONTAINER, "(objectClass=contact)");
    assert_in_range(there, 3, CROWD - 1);
    g_autofree char *created = g_strdup_printf("import: %zu created, ", there);
    ASSERT_SAYS(0, "interrupted", "", "status");
    ASSERT_SAYS(0, "last run: interrupted, by ", "", "status", world->connector);
    ASSERT_SAYS(0, created, "", "status", world->connector);
    json_t *run = ask_json(world->connector, "last");
    json_int_t counted = 0, done = 0, left_over = 0, not_begun = 0;
    const char *kind = NULL;
    if (json_unpack(run, "{s:{s:{s:I, s:I}}, s:s, s:{s:I, s:I}}", "counts", "import", "created", &counted,
                    "left_over", &left_over, "error_kind", &kind, "outcomes", "done", &done, "not begun",
                    &not_begun) != 0)
        fail_msg("%s", json_dumps(run, JSON_INDENT(2)));
    assert_string_equal(kind, "interrupted");
    json_decref(run);
    assert_int_equal(counted, there);
    assert_int_equal(done, there + 1); /* and the container */
    assert_int_equal(not_begun, CROWD - there);
    assert_int_equal(left_over, not_begun);
    sync_once(0);
    ASSERT_SAYS(0, "last run: done, by ", "", "status", world->connector);
    g_autofree char *rest = g_strdup_printf("import: %zu created, ", CROWD - there);
    ASSERT_SAYS(0, rest, "", "status", world->connector);
}

/* --- one run --- */

static void one_run_has_what_became_of_each_change(void **state)
{
    (void)state;
    set_up();
    sync_once(3);
    g_auto(Said) said = PROGRAM(NULL, "status", world->connector, "last");
    assert_said(&said, 0, "  import: new done\n    cn=Ada Alt," WORLD_CONTAINER "\n", "");
    assert_said(&said, 0, "in quarantine since this run:\n  import: 9\n", "");
    assert_said(&said, 0, "to take it back: dirsync revert ", "");
    json_t *run = ask_json(world->connector, "last");
    g_autofree char *id = g_strdup(json_string_value(json_object_get(run, "run")));
    json_int_t done = 0;
    assert_int_equal(json_unpack(run, "{s:{s:I}}", "outcomes", "done", &done), 0);
    assert_int_equal(done, (json_int_t)json_array_size(json_object_get(run, "changes")));
    json_decref(run);
    g_auto(Said) reverted = PROGRAM(NULL, "-q", "revert", world->connector, id);
    assert_int_equal(reverted.status, 0);
    g_auto(Said) revert = PROGRAM(NULL, "status", world->connector, "last");
    assert_said(&revert, 0, " revert: done\n", "");
    assert_said(&revert, 0, " done\n    cn=Ada Alt," WORLD_CONTAINER "\n", "");
    g_auto(Said) undone = PROGRAM(NULL, "status", world->connector, id);
    assert_said(&undone, 0, "sync: done, with trouble", "");
    assert_said(&undone, 0, "reverted by run 20", "");
    assert_null(strstr(undone.out, "to take it back"));
    assert_null(strstr(undone.out, "can be reverted"));
    json_t *told = ask_json(world->connector, id);
    assert_true(json_is_false(json_object_get(told, "can_be_reverted")));
    assert_true(json_is_string(json_object_get(told, "reverted_by")));
    json_decref(told);
    g_auto(Said) twice = PROGRAM(NULL, "revert", world->connector, id);
    assert_said(&twice, 6, "", "was taken back already, by run 20");
    ASSERT_SAYS(6, "", "run nothing: not known here; dirsync status ", "status", world->connector, "nothing");
}

static void a_run_whose_plan_is_gone_is_told_all_the_same(void **state)
{
    (void)state;
    set_up();
    sync_once(3);
    json_t *run = ask_json(world->connector, "last");
    g_autofree char *folder = g_strdup(json_string_value(json_object_get(run, "folder")));
    json_decref(run);
    remove_folder(folder);
    g_auto(Said) said = PROGRAM(NULL, "status", world->connector, "last");
    assert_said(&said, 0, "2 created", "");
    assert_said(&said, 0, "(gone)\n", "");
    assert_null(strstr(said.out, "revert"));
}

/* --- now --- */

static void a_run_that_goes_on_is_seen_and_not_disturbed(void **state)
{
    (void)state;
    set_up();
    sync_once(3);
    g_autoptr(Connector) connector = world_connector(world);
    State *held = state_open(connector, NULL, NULL);
    assert_non_null(held);
    assert_true(state_begin_run(held, "20261122T143000Z-1a2b3c4d", "sync", NULL, NULL));
    g_autofree char *pid = g_strdup_printf(", process %d\n", (int)getpid());
    g_auto(Said) said = PROGRAM(NULL, "status", world->connector);
    assert_said(&said, 0, "running now: since 20", "");
    assert_said(&said, 0, pid, "");
    assert_said(&said, 0, "20261122T143000Z-1a2b3c4d sync: running\n", "");
    ASSERT_SAYS(0, "running now", "", "status");
    /* In the middle of a transaction too. */
    assert_true(state_begin(held, NULL));
    assert_true(state_set(held, "x", "y", NULL));
    ASSERT_SAYS(0, "running now: since 20", "", "status", world->connector);
    assert_true(state_commit(held, NULL));
    sync_once(7);
    g_autofree char *lock = state_file("lock");
    write_text(lock, "7 \xff\x1b[2J \xff\x1b[2J@\n"); /* whatever stands in it */
    g_auto(Said) damaged = PROGRAM(NULL, "status", world->connector);
    assert_said(&damaged, 0, "running now: since when is not known\n", "");
    assert_null(strchr(damaged.out, '\x1b'));
    state_close(held);
    ASSERT_SAYS(0, "20261122T143000Z-1a2b3c4d sync: cut short\n", "", "status", world->connector);
    sync_once(0);
    ASSERT_SAYS(0, "20261122T143000Z-1a2b3c4d sync: cut short\n", "", "status", world->connector);
}

/* Asking again and again, a run that begins meanwhile is never told that another one goes on. */
static void asking_never_keeps_a_run_from_beginning(void **state)
{
    (void)state;
    set_up();
    sync_once(3);
    g_autoptr(Connector) connector = world_connector(world);
    pid_t asker = fork();
    assert_true(asker >= 0);
    if (asker == 0)
        for (;;) {
            g_auto(LockHolder) holder = {0};
            state_lock_holder(connector, NULL, &holder);
        }
    for (int i = 0; i < 300; i++) {
        g_autoptr(GError) error = NULL;
        State *opened = state_open(connector, NULL, &error);
        if (!opened) {
            kill(asker, SIGKILL);
            waitpid(asker, NULL, 0);
            fail_msg("%s", error->message);
        }
        state_close(opened);
    }
    kill(asker, SIGKILL);
    assert_int_equal(waitpid(asker, NULL, 0), asker);
}

/* --- next --- */

static pid_t dead_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return child;
}

static void write_daemon(pid_t pid, const char *connector, const char *rest)
{
    g_autofree char *lock = state_file("lock");
    g_autofree char *own = g_path_get_dirname(lock);
    g_autofree char *top = g_path_get_dirname(own);
    g_autofree char *path = g_build_filename(top, "run.json", NULL);
    g_autofree char *text =
        g_strdup_printf("{\"pid\":%d,\"since\":\"2026-11-22T14:30:00Z\",\"connectors\":"
                        "[{\"name\":\"other\",\"state\":\"waiting\"},{\"name\":\"%s\",%s}]}",
                        (int)pid, connector, rest);
    write_text(path, text);
}

static void what_comes_next_is_what_the_daemon_says(void **state)
{
    (void)state;
    set_up();
    sync_once(3);
    g_autoptr(Connector) connector = world_connector(world);
    write_daemon(getpid(), connector->name, "\"state\":\"waiting\",\"next\":\"2099-01-01T00:00:00Z\"");
    ASSERT_SAYS(0, "next run: 20", "", "status", world->connector);
    ASSERT_SAYS(0, " days\n", "", "status");
    write_daemon(
        getpid(), connector->name,
        "\"state\":\"parked\",\"next\":null,\"reason\":\"wrong password \\u001b[31m\",\"until\":null");
    g_auto(Said) parked = PROGRAM(NULL, "status", world->connector);
    assert_said(&parked, 0, "next run: parked; dirsync run is process ", "");
    assert_said(&parked, 0, "    wrong password \\1b[31m\n", "");
    ASSERT_SAYS(0, "  parked\n", "", "status");
    write_daemon(dead_process(), connector->name, "\"state\":\"waiting\",\"next\":\"2099-01-01T00:00:00Z\"");
    ASSERT_SAYS(0, "has died; start it again\n", "", "status", world->connector);
    ASSERT_SAYS(0, "daemon is dead\n", "", "status");
    static const char *const damages[] = {"\"state\":7", "\"next\":[]",
                                          "\"state\":\"waiting\",\"next\":\"soon\""};
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        write_daemon(getpid(), connector->name, damages[i]);
        ASSERT_SAYS(0, "next run: ", "", "status", world->connector);
    }
}

/* --- a state that is damaged --- */

static void a_damaged_state_says_what_to_do(void **state)
{
    (void)state;
    set_up();
    sync_once(3);
    g_autofree char *file = state_file("state.db");
    g_autofree char *log = state_file("state.db-wal");
    write_text(file, "this was a database once, and is none any more, whatever is read of it ......");
    g_remove(log);
    g_auto(Said) said = PROGRAM(NULL, "status", world->connector);
    assert_said(&said, 1, "state in ", "move it away and run again");
    ASSERT_SAYS(1, "state unreadable", "", "status");
    json_t *json = NULL;
    g_auto(Said) as_json = PROGRAM(NULL, "--json", "status", world->connector);
    assert_int_equal(as_json.status, 1);
    assert_non_null(json = json_loads(as_json.out, 0, NULL));
    assert_int_equal(json_array_size(json_object_get(json, "problems")), 1);
    json_decref(json);
    assert_int_equal(g_remove(file), 0);
    ASSERT_SAYS(0, "it has not run here yet\n", "", "status", world->connector);
    sync_once(3);
    ASSERT_SAYS(0, "last run: done, with trouble", "", "status", world->connector);
}

static void figures_that_are_damaged_are_left_out(void **state)
{
    (void)state;
    set_up();
    sync_once(3);
    g_autoptr(Connector) connector = world_connector(world);
    static const char *const figures[] = {"", "{", "7", "[]",
                                          "{\"seconds\":\"x\",\"error\":7,\"import\":[]}"};
    for (size_t i = 0; i < G_N_ELEMENTS(figures); i++) {
        State *opened = state_open(connector, NULL, NULL);
        g_autofree char *id = run_new_id();
        assert_true(state_begin_run(opened, id, "sync", NULL, NULL));
        assert_true(state_finish_run(opened, id, 0, NULL, "nothing \x1b[2J \xff", figures[i], NULL));
        state_close(opened);
        g_auto(Said) said = PROGRAM(NULL, "status", world->connector);
        assert_said(&said, 0, id, "");
        assert_null(strchr(said.out, '\x1b'));
        json_decref(ask_json(world->connector, NULL));
    }
}

#define CASE(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_connector_is_a_line),
        CASE(an_empty_folder_says_what_to_do),
        CASE(one_connector_is_told_in_full),
        CASE(a_failure_has_its_reason),
        CASE(a_stopped_run_is_told_as_that_and_counts_what_it_wrote),
        CASE(one_run_has_what_became_of_each_change),
        CASE(a_run_whose_plan_is_gone_is_told_all_the_same),
        CASE(a_run_that_goes_on_is_seen_and_not_disturbed),
        CASE(asking_never_keeps_a_run_from_beginning),
        CASE(what_comes_next_is_what_the_daemon_says),
        CASE(a_damaged_state_says_what_to_do),
        CASE(figures_that_are_damaged_are_left_out),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}

/*
 * test_run_service.c - dirsync run as a service manager and an administrator meet it
 *
 * Real processes, a real slapd, a real folder of files. What must happen is waited
 * for by the event that tells of it, never by the clock.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/run_file.h"
#include "dirsync/state.h"
#include "tests/lab/run_scene.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const Person four[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                              {"2", "Bob Baum", "bob@globex.example", NULL},
                              {"3", "Cat Chan", "cat@globex.example", NULL},
                              {"4", "Dan Dorn", "dan@globex.example", NULL},
                              NOBODY};
static const Person one[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"}, NOBODY};

/* --- when runs begin --- */

static void the_schedule_begins_runs(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0910", "globex", "schedule");
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_says(daemon, "DS0911", "globex", "import: no changes");
    daemon_says(daemon, "DS0911", "globex", "import: no changes");
    daemon_stop(daemon);
    scene_assert_contacts(3);
}

static void always_begins_the_next_when_one_has_ended(void **state)
{
    (void)state;
    scene_set_up("<schedule when=\"always\" pause=\"1 s\"/>");
    TestDaemon *daemon = DAEMON(scene.world->connector);
    for (int i = 0; i < 3; i++)
        daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
}

static void a_file_that_is_replaced_begins_a_run(void **state)
{
    (void)state;
    scene_set_up(WATCHED);
    g_autofree char *bystander = scene_define_bystander();
    TestDaemon *daemon = DAEMON("--jobs=2", scene.world->connector, bystander);
    daemon_says(daemon, "DS0920", "globex", "");
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    scene_replace_people(four);
    daemon_says(daemon, "DS0910", "globex", "change");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    world_set_people(scene.world, scene_people); /* written in place */
    daemon_says(daemon, "DS0911", "globex", "1 disabled");
    g_autofree char *other = g_build_filename(scene.world->live, "other.ldif", NULL);
    write_text(other, "nothing of ours");
    scene_let_time_go_by(daemon);
    assert_int_equal(scene_runs_of_globex(daemon), 3);
    daemon_stop(daemon);
}

static void a_file_that_was_missing_is_read_when_it_comes(void **state)
{
    (void)state;
    scene_set_up(WATCHED);
    g_autofree char *path = g_build_filename(scene.world->live, "people.ldif", NULL);
    g_unlink(path);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0912", "globex", "people.ldif");
    world_set_people(scene.world, scene_people);
    daemon_says(daemon, "DS0910", "globex", "change");
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

static void a_server_that_tells_of_a_change_begins_a_run(void **state)
{
    (void)state;
    scene_set_up_servers(WATCHED);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0920", "globex", "");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    scene_add_person("bob");
    daemon_says(daemon, "DS0910", "globex", "change");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    lab_ldif_load(scene.source,
                  "dn: uid=bob," SOURCE_PEOPLE "\nchangetype: modify\nreplace: title\ntitle: Boss\n");
    daemon_says(daemon, "DS0911", "globex", "import: 1 modified");
    lab_ldif_load(scene.source, "dn: uid=bob," SOURCE_PEOPLE "\nchangetype: delete\n");
    daemon_says(daemon, "DS0911", "globex", "import: 1 disabled");
    lab_ldif_load(scene.source, "dn: uid=ada," SOURCE_PEOPLE "\nchangetype: modify\ndelete: mail\n");
    daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
}

static void a_watch_that_is_lost_is_opened_again_and_nothing_is_missed(void **state)
{
    (void)state;
    scene_set_up_servers(WATCHED);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    lab_slapd_halt(scene.source);
    daemon_says(daemon, "DS0921", "globex", scene.source->uri);
    lab_slapd_restart(scene.source);
    scene_add_person("bob");
    daemon_says(daemon, "DS0920", "globex", "");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    daemon_stop(daemon);
}

static void what_cannot_be_watched_is_told_and_still_runs(void **state)
{
    (void)state;
    scene_set_up_servers("<schedule when=\"1 s\" watch=\"yes\"/>");
    lab_slapd_stop(scene.source);
    scene.source = lab_slapd_start("--nosync --sizelimit 5000 --suffix " SOURCE_BASE);
    g_autofree char *foreign = world_server("foreign", scene.source->uri, SOURCE_BASE);
    scene_define(foreign, "<schedule when=\"1 s\" watch=\"yes\"/>");
    lab_ldif_load(scene.source, "dn: " SOURCE_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    scene_add_person("ada");
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0922", "globex", "syncprov");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    daemon_says(daemon, "DS0911", "globex", "import: no changes");
    daemon_stop(daemon);
}

/* What the events of runs say: no connector twice at once, and of all no more than @most; returns how many at
 * most. */
static int count_together(const char *said, int most)
{
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    g_autoptr(GHashTable) running = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int together = 0;
    for (char **line = lines; *line; line++) {
        json_auto_t *event = json_loads(*line, 0, NULL);
        const char *id = json_string_value(json_object_get(event, "id"));
        const char *connector = json_string_value(json_object_get(event, "connector"));
        if (!g_strcmp0(id, "DS0910"))
            assert_true(g_hash_table_add(running, g_strdup(connector)));
        else if (!g_strcmp0(id, "DS0911"))
            assert_true(g_hash_table_remove(running, connector));
        together = MAX(together, (int)g_hash_table_size(running));
    }
    assert_in_range(together, 0, most);
    return together;
}

static void so_many_run_at_the_same_time_and_none_twice(void **state)
{
    (void)state;
    scene_set_up("<schedule when=\"always\" pause=\"1 s\"/>");
    g_autofree char *second = scene_define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    g_autofree char *third = scene_define_another("third", "8d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b33");
    for (int jobs = 1; jobs <= 2; jobs++) {
        g_autofree char *option = g_strdup_printf("--jobs=%d", jobs);
        TestDaemon *daemon = DAEMON(option, scene.world->connector, second, third);
        for (int i = 0; i < 9; i++)
            daemon_waits_for(daemon, "DS0911");
        daemon_signals(daemon, SIGTERM);
        assert_int_equal(daemon_ends(daemon), 0);
        assert_int_equal(count_together(daemon->said->str, jobs), jobs);
        daemon_forget(daemon);
    }
}

/* --- failures --- */

static void a_limit_is_told_and_not_repeated_for_a_change(void **state)
{
    (void)state;
    scene_set_up(WATCHED);
    g_autofree char *element = world_server("home", scene.home->uri, HOME_BASE);
    world_define(scene.world, element, NULL, NULL, "<limits disable=\"1\"/>" WATCHED);
    g_autofree char *bystander = scene_define_bystander();
    TestDaemon *daemon = DAEMON("--jobs=2", scene.world->connector, bystander);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    scene_replace_people(one);
    daemon_says(daemon, "DS0913", "globex", "--max-disable");
    scene_let_time_go_by(daemon);
    scene_replace_people(one);
    scene_let_time_go_by(daemon);
    assert_int_equal(scene_runs_of_globex(daemon), 2);
    scene_replace_people(scene_people);
    daemon_signals(daemon, SIGHUP); /* asks for it */
    daemon_says(daemon, "DS0910", "globex", "asked for");
    daemon_says(daemon, "DS0911", "globex", "import: no changes");
    daemon_stop(daemon);
}

static void a_server_that_is_away_is_tried_again(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    lab_slapd_halt(scene.home);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0912", "globex", "tried again at");
    lab_slapd_restart(scene.home);
    daemon_says(daemon, "DS0910", "globex", "tried again");
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

static void a_run_that_crashes_takes_nobody_down(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    TestDaemon *daemon = DAEMON("--rate=0.5", scene.world->connector);
    daemon_says(daemon, "DS0910", "globex", "schedule");
    while (!lab_count(scene.home, HOME_BASE, "(ou=Globex)"))
        g_usleep(20000);
    kill(daemon_child(daemon), SIGKILL);
    daemon_says(daemon, "DS0912", "globex", "signal 9");
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0910", "globex", "asked for");
    daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
    scene_assert_contacts(3);
}

static void the_state_is_locked_or_broken(void **state)
{
    (void)state;
    scene_set_up(DAILY);
    g_autoptr(Connector) connector = world_connector(scene.world);
    g_autoptr(GError) error = NULL;
    State *lock = state_open(connector, NULL, &error);
    assert_null(error);
    g_autofree char *path = g_build_filename(state_folder(lock), "state.db", NULL);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_waits_for(daemon, "DS0900");
    scene_define(NULL, OFTEN);
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0916", "globex", "another run");
    state_close(lock);
    write_text(path, "this is no database");
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0912", "globex", "state.db");
    g_autofree char *folder = g_path_get_dirname(path);
    remove_folder(folder);
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

/* Played by a limit to the size of files: neither the state nor what the daemon says of itself can be
 * written. */
static void the_disk_is_full(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    const DaemonSetting full = {.largest_file = 16};
    const char *const words[] = {scene.world->connector, NULL};
    TestDaemon *daemon = daemon_start(&full, words);
    daemon_says(daemon, "DS0930", NULL, "");
    daemon_says(daemon, "DS0912", "globex", "tried again at");
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0912", "globex", "tried again at");
    daemon_stop(daemon);
    assert_int_equal(lab_writes(scene.home), 0);
    daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

/* --- reloading --- */

static void a_definition_that_breaks_keeps_its_schedule(void **state)
{
    (void)state;
    scene_set_up(DAILY);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_waits_for(daemon, "DS0900");
    write_text(scene.world->connector, "<connector xmlns=\"urn:x-dirsync:connector:1\"/>");
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0903", "globex", "globex.xml:1");
    scene_define(NULL, OFTEN);
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

static void the_list_of_a_folder_is_read_again(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    g_autofree char *variable = g_strconcat("DIRSYNC_CONFIG=", scene.world->folder, NULL);
    const char *const variables[] = {variable, NULL}, *const no_words[] = {NULL};
    const DaemonSetting setting = {.variables = variables};
    TestDaemon *daemon = daemon_start(&setting, no_words);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    g_autofree char *second = scene_define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0902", NULL, "connectors: 2");
    daemon_says(daemon, "DS0910", "initech", "schedule");
    g_unlink(second);
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0902", NULL, "connectors: 1");
    daemon_says(daemon, "DS0911", "globex", "import: no changes");
    daemon_stop(daemon);
}

static void two_that_get_one_name_are_not_both_run(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    g_autofree char *second = scene_define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    g_autofree char *text = text_of(second);
    TestDaemon *daemon = DAEMON(scene.world->connector, second);
    daemon_says(daemon, "DS0911", "initech", "import: ");
    g_autoptr(GString) renamed = g_string_new(text);
    g_string_replace(renamed, "name=\"initech\"", "name=\"globex\"", 0);
    write_text(second, renamed->str);
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0914", "globex", "are both connector globex");
    write_text(second, text); /* which is seen */
    daemon_says(daemon, "DS0910", "initech", "asked for");
    daemon_says(daemon, "DS0911", "initech", "import: ");
    daemon_stop(daemon);
}

/* --- stopping --- */

static void begin_slowly(TestDaemon *daemon)
{
    daemon_says(daemon, "DS0910", "globex", "");
    while (!lab_count(scene.home, WORLD_CONTAINER, CONTACTS))
        g_usleep(20000);
}

static void asked_to_stop_it_ends_the_run_in_good_order(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    TestDaemon *daemon = DAEMON("--rate=0.5", scene.world->connector);
    begin_slowly(daemon);
    daemon_signals(daemon, SIGTERM);
    daemon_says(daemon, "DS0901", NULL, "good order");
    daemon_says(daemon, "DS0911", "globex", "stopped: ");
    assert_int_equal(daemon_ends(daemon), 0);
    g_autofree char *file = run_file_path(scene.world->state);
    assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    g_auto(Said) rest = PROGRAM(NULL, "sync", scene.world->connector, "--verify");
    assert_int_equal(rest.status, 0);
    scene_assert_contacts(3);
    daemon_forget(daemon);
}

static void asked_twice_it_does_not_wait(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    TestDaemon *daemon = DAEMON("--rate=0.01", scene.world->connector);
    daemon_says(daemon, "DS0910", "globex", "");
    while (!lab_count(scene.home, HOME_BASE, "(ou=Globex)"))
        g_usleep(20000);
    GPid run = daemon_child(daemon);
    daemon_signals(daemon, SIGTERM);
    daemon_says(daemon, "DS0901", NULL, "good order");
    daemon_signals(daemon, SIGINT);
    assert_int_equal(daemon_ends(daemon), 0);
    assert_int_equal(kill(run, 0), -1);
    daemon_forget(daemon);
}

static void killed_it_leaves_no_run_behind_and_the_next_goes_on(void **state)
{
    (void)state;
    scene_set_up(OFTEN);
    TestDaemon *daemon = DAEMON("--rate=0.5", scene.world->connector);
    begin_slowly(daemon);
    GPid run = daemon_child(daemon);
    daemon_kill(daemon);
    for (int i = 0; i < 6000 && kill(run, 0) == 0; i++)
        g_usleep(10000);
    assert_int_equal(kill(run, 0), -1);
    daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
    scene_assert_contacts(3);
    g_auto(Said) rest = PROGRAM(NULL, "sync", scene.world->connector, "--detailed-exitcode");
    assert_int_equal(rest.status, 0);
}

/* --- what it says of itself --- */

/* The file is written soon after the event, not before. */
static void wait_for_state(const char *wanted)
{
    for (int i = 0; i < 6000; i++) {
        json_auto_t *content = run_file_read(scene.world->state);
        const json_t *globex = run_file_connector(content, "globex");
        if (!g_strcmp0(json_string_value(json_object_get(globex, "state")), wanted))
            return;
        g_usleep(10000);
    }
    fail_msg("run.json does not say %s", wanted);
}

static void the_file_says_what_comes_next(void **state)
{
    (void)state;
    scene_set_up("<schedule when=\"12 h\"/>");
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    wait_for_state("waiting");
    g_autofree char *path = run_file_path(scene.world->state);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    json_auto_t *content = run_file_read(scene.world->state);
    const json_t *globex = run_file_connector(content, "globex");
    assert_int_equal(json_integer_value(json_object_get(content, "pid")), daemon->pid);
    assert_string_equal(json_string_value(json_object_get(globex, "state")), "waiting");
    assert_string_equal(json_string_value(json_object_get(globex, "schedule")), "12 h");
    assert_non_null(json_string_value(json_object_get(globex, "next")));
    assert_true(json_is_null(json_object_get(globex, "reason")));
    daemon_stop(daemon);
    assert_int_equal(stat(path, &about), -1);
}

static void one_daemon_serves_a_state_folder(void **state)
{
    (void)state;
    scene_set_up(DAILY);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_waits_for(daemon, "DS0900");
    g_auto(Said) said = PROGRAM(NULL, "run", scene.world->connector);
    assert_int_equal(said.status, 7);
    assert_non_null(strstr(said.err, "another dirsync run"));
    daemon_stop(daemon);
}

/* A socket as the service manager has it. */
static int manager_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 60};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

/* A daemon that only says that it lives does not keep us here for ever. */
static void manager_hears(int fd, const char *what)
{
    char text[1024];
    ssize_t got;
    for (int i = 0; i < 600 && (got = recv(fd, text, sizeof text - 1, 0)) > 0; i++) {
        text[got] = '\0';
        if (strstr(text, what))
            return;
    }
    fail_msg("the manager has not heard %s", what);
}

static void the_service_manager_is_told(void **state)
{
    (void)state;
    scene_set_up("<schedule when=\"12 h\"/>");
    g_autofree char *path = g_build_filename(scene.world->folder, "notify", NULL);
    g_autofree char *variable = g_strconcat("NOTIFY_SOCKET=", path, NULL);
    const char *const variables[] = {variable, "WATCHDOG_USEC=200000", NULL}, *const words[] = {
                                                                                  scene.world->connector,
                                                                                  NULL};
    const DaemonSetting setting = {.variables = variables};
    int fd = manager_socket(path);
    TestDaemon *daemon = daemon_start(&setting, words);
    manager_hears(fd, "STATUS=running: globex");
    manager_hears(fd, "READY=1");
    manager_hears(fd, "STATUS=next: globex at ");
    manager_hears(fd, "WATCHDOG=1"); /* it comes again, whatever else came before */
    daemon_signals(daemon, SIGHUP);
    manager_hears(fd, "RELOADING=1\nMONOTONIC_USEC=");
    manager_hears(fd, "READY=1");
    daemon_signals(daemon, SIGTERM);
    manager_hears(fd, "STOPPING=1");
    assert_int_equal(daemon_ends(daemon), 0);
    close(fd);
    daemon_forget(daemon);
}

static void text_names_the_connector_and_has_no_colours(void **state)
{
    static const Person nameless[] = {
        {"1", "Ada \033[31mAlt", "ada@globex.example", NULL}, {"9", "Nobody", "", NULL}, NOBODY};
    (void)state;
    scene_set_up(WATCHED);
    world_set_people(scene.world, nameless);
    const DaemonSetting text = {.text = true};
    const char *const words[] = {scene.world->connector, NULL};
    TestDaemon *daemon = daemon_start(&text, words);
    while (!lab_count(scene.home, HOME_BASE, CONTACTS))
        g_usleep(20000);
    daemon_signals(daemon, SIGTERM);
    assert_int_equal(daemon_ends(daemon), 0);
    const char *said = daemon->said->str;
    assert_non_null(strstr(said, "dirsync: notice: DS0910 globex: begun: watch opened"));
    assert_non_null(strstr(said, "dirsync: warning: DS0400 globex: "));
    assert_null(strchr(said, '\033'));
    daemon_forget(daemon);
}

/* --- words --- */

static void what_it_cannot_do_it_says_at_once(void **state)
{
    (void)state;
    scene_set_up("");
    g_auto(Said) idle = PROGRAM(NULL, "run", scene.world->connector);
    assert_int_equal(idle.status, 6);
    assert_non_null(strstr(idle.err, "no connector has a <schedule>"));
    g_auto(Said) missing = PROGRAM(NULL, "run", "./no-such.xml");
    assert_int_equal(missing.status, 6);
    assert_non_null(strstr(missing.err, "no-such.xml"));
    scene_define(NULL, OFTEN);
    g_auto(Said) twice = PROGRAM(NULL, "run", scene.world->connector, scene.world->connector);
    assert_int_equal(twice.status, 6);
    g_auto(Said) jobs = PROGRAM(NULL, "run", "--jobs=0", scene.world->connector);
    assert_int_equal(jobs.status, 6);
    write_text(scene.world->connector, "<connector/>");
    g_auto(Said) broken = PROGRAM(NULL, "run", scene.world->connector);
    assert_int_equal(broken.status, 6);
    assert_non_null(strstr(broken.err, "globex.xml:1"));
}

#define CASE(test) cmocka_unit_test_teardown(test, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_schedule_begins_runs),
        CASE(always_begins_the_next_when_one_has_ended),
        CASE(a_file_that_is_replaced_begins_a_run),
        CASE(a_file_that_was_missing_is_read_when_it_comes),
        CASE(a_server_that_tells_of_a_change_begins_a_run),
        CASE(a_watch_that_is_lost_is_opened_again_and_nothing_is_missed),
        CASE(what_cannot_be_watched_is_told_and_still_runs),
        CASE(so_many_run_at_the_same_time_and_none_twice),
        CASE(a_limit_is_told_and_not_repeated_for_a_change),
        CASE(a_server_that_is_away_is_tried_again),
        CASE(a_run_that_crashes_takes_nobody_down),
        CASE(the_state_is_locked_or_broken),
        CASE(the_disk_is_full),
        CASE(a_definition_that_breaks_keeps_its_schedule),
        CASE(the_list_of_a_folder_is_read_again),
        CASE(two_that_get_one_name_are_not_both_run),
        CASE(asked_to_stop_it_ends_the_run_in_good_order),
        CASE(asked_twice_it_does_not_wait),
        CASE(killed_it_leaves_no_run_behind_and_the_next_goes_on),
        CASE(the_file_says_what_comes_next),
        CASE(one_daemon_serves_a_state_folder),
        CASE(the_service_manager_is_told),
        CASE(text_names_the_connector_and_has_no_colours),
        CASE(what_it_cannot_do_it_says_at_once),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}

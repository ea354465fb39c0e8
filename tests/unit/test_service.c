/*
 * test_service.c - what dirsync run stands on: schedules of definitions, the list of connectors, run.json,
 * words
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/daemon_internal.h"
#include "dirsync/service_notify.h"
#include "tests/lab/world.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HOME "<home driver=\"ldap\" uri=\"ldapi://%2Fx\" base=\"dc=example,dc=com\"/>"

static World *world;

static int set_up(void **state)
{
    (void)state;
    world = world_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    world = NULL;
    return 0;
}

static Connector *load(const char *schedule, GError **error)
{
    world_define(world, HOME, NULL, NULL, schedule);
    return connector_load(world->connector, error);
}

/* --- schedules of definitions --- */

static void without_a_schedule_it_never_runs(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("", NULL);
    assert_non_null(connector);
    assert_false(connector->schedule.given);
    assert_int_equal(connector->schedule.kind, SCHEDULE_NEVER);
    assert_false(connector->schedule.watch);
}

static void what_is_left_out_of_a_schedule_has_a_default(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("<schedule watch=\"yes\"/>", NULL);
    assert_non_null(connector);
    const Schedule *schedule = &connector->schedule;
    assert_true(schedule->given && schedule->watch);
    assert_int_equal(schedule->kind, SCHEDULE_NEVER);
    assert_int_equal(schedule->settle, 5);
    assert_int_equal(schedule->maximum_wait, 60);
    assert_null(schedule->zone);
}

static void everything_of_a_schedule_is_read(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("<schedule when=\"mon-fri 06:00,18:30; sun 12:00\" zone=\" "
                                          "Europe/Berlin \" watch=\"yes\" settle=\"10 s\""
                                          " maximum-wait=\"2 min\"/>",
                                          NULL);
    assert_non_null(connector);
    const Schedule *schedule = &connector->schedule;
    g_autofree char *text = schedule_to_text(schedule);
    assert_string_equal(text, "mon-fri 06:00,18:30; sun 12:00");
    assert_string_equal(schedule->zone, "Europe/Berlin");
    assert_int_equal(schedule->settle, 10);
    assert_int_equal(schedule->maximum_wait, 120);
    g_autoptr(Connector) always = load("<schedule when=\"always\" pause=\"30s\"/>", NULL);
    assert_non_null(always);
    assert_int_equal(always->schedule.kind, SCHEDULE_ALWAYS);
    assert_int_equal(always->schedule.seconds, 30);
}

static const struct {
    const char *schedule, *reason;
} wrong[] = {
    {"<schedule when=\"hourly\"/>", "allowed: never, always"},
    {"<schedule when=\"25:00\"/>", "\"25:00\" is no schedule"},
    {"<schedule when=\"\"/>", "some text"},
    {"<schedule when=\"1 h\" zone=\"Europe/Atlantis\"/>", "no such time zone"},
    {"<schedule watch=\"maybe\"/>", "yes"},
    {"<schedule watch=\"yes\" settle=\"soon\"/>", "settle=\"soon\" is no time"},
    {"<schedule watch=\"yes\" settle=\"5 min\"/>", "maximum-wait is shorter than settle"},
    {"<schedule when=\"always\" pause=\"0 s\"/>", "pause=\"0 s\" is no time"},
    {"<schedule every=\"1 h\"/>", "every"},
    {"<schedule/><schedule/>", "schedule"},
};

static void mistakes_in_a_schedule_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Connector) connector = load(wrong[i].schedule, &error);
        if (connector || !error_is(error, ERROR_DEFINITION) || !strstr(error->message, wrong[i].reason) ||
            !strstr(error->message, "globex.xml:"))
            fail_msg("%s: %s", wrong[i].schedule, error ? error->message : "was taken");
    }
}

/* --- the list of connectors --- */

static void connectors_of_a_folder_are_found_broken_ones_too(void **state)
{
    (void)state;
    world_define(world, HOME, NULL, NULL, "");
    g_autofree char *broken = g_build_filename(world->folder, "broken.xml", NULL);
    g_autofree char *hidden = g_build_filename(world->folder, ".globex.xml", NULL);
    g_autofree char *backup = g_build_filename(world->folder, "globex.xml~", NULL);
    const char *text = "<connector xmlns=\"urn:x-dirsync:connector:1\" <<<";
    write_text(broken, text);
    write_text(hidden, text);
    write_text(backup, text);
    g_setenv("DIRSYNC_CONFIG", world->folder, TRUE);
    g_auto(GStrv) found = connector_list(NULL);
    assert_int_equal(g_strv_length(found), 2);
    assert_string_equal(found[0], broken);
    assert_string_equal(found[1], world->connector);
    g_setenv("DIRSYNC_CONFIG", "/no/such/folder", TRUE);
    g_autoptr(GError) error = NULL;
    assert_null(connector_list(&error));
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_non_null(strstr(error->message, "/no/such/folder"));
    g_unsetenv("DIRSYNC_CONFIG");
}

/* --- run.json --- */

static void the_file_is_private_and_read_back(void **state)
{
    (void)state;
    json_auto_t *content =
        json_pack("{s:i, s:[{s:s, s:s}]}", "pid", 17, "connectors", "name", "globex", "state", "parked");
    struct stat about;
    g_autofree char *path = run_file_path(world->folder);
    assert_true(run_file_write(world->folder, content, NULL));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    json_auto_t *again = run_file_read(world->folder);
    assert_true(json_equal(content, again));
    assert_string_equal(json_string_value(json_object_get(run_file_connector(again, "globex"), "state")),
                        "parked");
    assert_null(run_file_connector(again, "initech"));
    run_file_remove(world->folder);
    assert_null(run_file_read(world->folder));
}

static void what_is_no_such_file_is_passed_over(void **state)
{
    static const char *const texts[] = {"", "[]", "{", "{\"connectors\":17}", "null"};
    (void)state;
    g_autofree char *path = run_file_path(world->folder);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        write_text(path, texts[i]);
        assert_null(run_file_read(world->folder));
    }
    g_unlink(path);
    assert_int_equal(g_mkdir(path, 0700), 0);
    assert_null(run_file_read(world->folder));
}

/* The print is taken of files that are not younger than a tick; so times are set. */
static void touch(const char *path)
{
    static long moment = 1000000000;
    moment++;
    const struct timespec times[2] = {{.tv_sec = moment}, {.tv_sec = moment}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void assert_print_changes_with(const char *path, const Connector *connector, bool expected)
{
    g_autofree char *before = run_file_print(world->connector, connector);
    touch(path);
    g_autofree char *after = run_file_print(world->connector, connector);
    if ((strcmp(before, after) != 0) != expected)
        fail_msg("%s counts: %d", path, !expected);
}

static void what_may_cure_a_parked_connector_changes_its_print(void **state)
{
    (void)state;
    g_autofree char *password = g_build_filename(world->live, "secret", NULL);
    g_autofree char *organisation = g_build_filename(world->folder, "organisation.xml", NULL);
    g_autofree char *other = g_build_filename(world->folder, "people.ldif", NULL);
    g_autofree char *foreign = g_strdup_printf("<foreign driver=\"ldap\" uri=\"ldapi://%%2Fx\" "
                                               "base=\"dc=x\"><bind method=\"simple\" dn=\"cn=x\"><password "
                                               "file=\"%s\"/></bind></foreign>",
                                               password);
    write_text(password, "x");
    write_text(other, "x");
    world_define(world, HOME, foreign, "", NULL);
    g_autoptr(Connector) connector = connector_load(world->connector, NULL);
    assert_non_null(connector);
    assert_print_changes_with(world->connector, connector, true);
    assert_print_changes_with(organisation, connector, true);
    assert_print_changes_with(password, connector, true);
    assert_print_changes_with(other, connector, false);
    assert_print_changes_with(organisation, NULL, true);
    assert_print_changes_with(password, NULL, false);
}

/* --- words --- */

static void figures_leave_out_what_is_nothing(void **state)
{
    (void)state;
    json_auto_t *result =
        json_loads("{\"steps\":{\"export\":{\"counts\":{\"created\":0,\"unchanged\":9}},"
                   "\"import\":{\"counts\":{\"created\":4,\"modified\":12,\"unchanged\":7}}}}",
                   0, NULL);
    g_autofree char *text = daemon_figures(result);
    assert_string_equal(text, "import: 4 created, 12 modified; export: no changes");
    g_autofree char *nothing = daemon_figures(NULL);
    assert_string_equal(nothing, "no figures");
}

/* --- the service manager --- */

static void an_abstract_socket_hears_and_none_is_no_harm(void **state)
{
    (void)state;
    g_autofree char *name = g_strdup_printf("@dirsync-test-%d", (int)getpid());
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, name + 1, strlen(name + 1));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char text[64] = "";
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    g_setenv("NOTIFY_SOCKET", name, TRUE);
    assert_true(service_notify("READY=%d", 1));
    assert_int_equal(recv(fd, text, sizeof text, 0), 7);
    assert_memory_equal(text, "READY=1", 7);
    close(fd);
    assert_false(service_notify("READY=1"));
    g_setenv("NOTIFY_SOCKET", "relative", TRUE);
    assert_false(service_notify("READY=1"));
    g_unsetenv("NOTIFY_SOCKET");
    assert_false(service_notify("READY=1"));
}

static void the_watchdog_is_meant_for_one_process(void **state)
{
    (void)state;
    g_autofree char *mine = g_strdup_printf("%d", (int)getpid());
    g_unsetenv("WATCHDOG_PID");
    g_unsetenv("WATCHDOG_USEC");
    assert_int_equal(service_watchdog(), 0);
    g_setenv("WATCHDOG_USEC", "30000000", TRUE);
    assert_int_equal(service_watchdog(), 30000000);
    g_setenv("WATCHDOG_PID", mine, TRUE);
    assert_int_equal(service_watchdog(), 30000000);
    g_setenv("WATCHDOG_PID", "1", TRUE);
    assert_int_equal(service_watchdog(), 0);
    g_unsetenv("WATCHDOG_PID");
    g_unsetenv("WATCHDOG_USEC");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(without_a_schedule_it_never_runs),
        CASE(what_is_left_out_of_a_schedule_has_a_default),
        CASE(everything_of_a_schedule_is_read),
        CASE(mistakes_in_a_schedule_are_found),
        CASE(connectors_of_a_folder_are_found_broken_ones_too),
        CASE(the_file_is_private_and_read_back),
        CASE(what_is_no_such_file_is_passed_over),
        CASE(what_may_cure_a_parked_connector_changes_its_print),
        CASE(figures_leave_out_what_is_nothing),
        CASE(an_abstract_socket_hears_and_none_is_no_harm),
        CASE(the_watchdog_is_meant_for_one_process),
    };
    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}

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
#include "tests/lab/daemon_case.h"
#include "tests/lab/meddler.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define SERVER_IMPORT "<source base=\"" SOURCE_PEOPLE "\"><filter>(mail=*)</filter></source>"
#define CONTACTS "(objectClass=contact)"
#define WATCHED "<schedule watch=\"yes\" settle=\"1 s\"/>"
#define OFTEN "<schedule when=\"1 s\"/>"
#define DAILY "<schedule when=\"00:00\"/>"

static Lab *home, *source;
static Meddler *meddler;
static World *world;

static const Person three[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example", NULL},
                               {"3", "Cat Chan", "cat@globex.example", NULL},
                               NOBODY};
static const Person four[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                              {"2", "Bob Baum", "bob@globex.example", NULL},
                              {"3", "Cat Chan", "cat@globex.example", NULL},
                              {"4", "Dan Dorn", "dan@globex.example", NULL},
                              NOBODY};
static const Person others[] = {{"7", "Gus Gans", "gus@globex.example", NULL}, NOBODY};
static const Person one[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"}, NOBODY};

static void define(const char *foreign, const char *schedule)
{
    g_autofree char *element = world_server("home", home->uri, HOME_BASE);
    g_autofree char *rest = g_strconcat(WORLD_NO_LIMITS, schedule, NULL);
    world_define(world, element, foreign, foreign ? SERVER_IMPORT : NULL, rest);
}

/* From a file, with three people. */
static void set_up(const char *schedule)
{
    program_needed();
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync --port auto --user-writes");
    world = world_at(home);
    define(NULL, schedule);
    world_set_people(world, three);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    meddler_stop(meddler);
    lab_slapd_stop(source);
    lab_slapd_stop(home);
    world = NULL;
    meddler = NULL;
    home = source = NULL;
    return 0;
}

static void assert_contacts(size_t n)
{
    assert_int_equal(lab_count(home, WORLD_CONTAINER, CONTACTS), n);
}

/* As a careful exporter does it. */
static void replace_people(const Person *people)
{
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_autofree char *new = g_strconcat(path, ".new", NULL);
    g_autofree char *kept = text_of(path);
    world_set_people(world, people);
    g_autofree char *text = text_of(path);
    write_text(path, kept);
    write_text(new, text);
    assert_int_equal(g_rename(new, path), 0);
}

/* As the connector is now, under another name. */
static char *define_another(const char *name, const char *uuid)
{
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *text = text_of(world->connector);
    g_autofree char *attribute = g_strdup_printf("name=\"%s\"", name);
    g_autofree char *container = g_strdup_printf("ou=%s,dc=example,dc=com", name);
    g_autoptr(GString) another = g_string_new(text);
    g_string_replace(another, "name=\"globex\"", attribute, 0);
    g_string_replace(another, WORLD_UUID, uuid, 0);
    g_string_replace(another, WORLD_CONTAINER, container, 0);
    char *path = g_build_filename(world->folder, file, NULL);
    write_text(path, another->str);
    return path;
}

/* One with people of its own, each second: it shows that time goes on. To be called before the daemon starts,
 * of a connector that is watched. */
static char *define_bystander(void)
{
    g_autofree char *from = g_build_filename(world->live, "people.ldif", NULL);
    g_autofree char *to = g_build_filename(world->live, "bystanders.ldif", NULL);
    g_autofree char *kept = text_of(from);
    world_set_people(world, others);
    g_autofree char *own = text_of(from);
    write_text(from, kept);
    write_text(to, own);
    char *path = define_another("bystander", "9d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b44");
    g_autofree char *text = text_of(path);
    g_autoptr(GString) definition = g_string_new(text);
    assert_int_equal(g_string_replace(definition, "people.ldif", "bystanders.ldif", 0), 1);
    assert_int_equal(g_string_replace(definition, WATCHED, OFTEN, 0), 1);
    write_text(path, definition->str);
    return path;
}

/* Longer than a change would take to begin a run. */
static void let_time_go_by(TestDaemon *daemon)
{
    for (int i = 0; i < 5; i++)
        daemon_says(daemon, "DS0910", "bystander", "");
}

static size_t runs_of_globex(TestDaemon *daemon)
{
    size_t count = 0;
    daemon_has_said(daemon, "DS0910"); /* takes what is there */
    g_auto(GStrv) lines = g_strsplit(daemon->said->str, "\n", -1);
    for (char **line = lines; *line; line++)
        count += strstr(*line, "\"id\":\"DS0910\"") && strstr(*line, "\"connector\":\"globex\"");
    return count;
}

/* --- when runs begin --- */

static void the_schedule_begins_runs(void **state)
{
    (void)state;
    set_up(OFTEN);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0910", "globex", "schedule");
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_says(daemon, "DS0911", "globex", "import: no changes");
    daemon_says(daemon, "DS0911", "globex", "import: no changes");
    daemon_stop(daemon);
    assert_contacts(3);
}

static void always_begins_the_next_when_one_has_ended(void **state)
{
    (void)state;
    set_up("<schedule when=\"always\" pause=\"1 s\"/>");
    TestDaemon *daemon = DAEMON(world->connector);
    for (int i = 0; i < 3; i++)
        daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
}

static void a_file_that_is_replaced_begins_a_run(void **state)
{
    (void)state;
    set_up(WATCHED);
    g_autofree char *bystander = define_bystander();
    TestDaemon *daemon = DAEMON("--jobs=2", world->connector, bystander);
    daemon_says(daemon, "DS0920", "globex", "");
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    replace_people(four);
    daemon_says(daemon, "DS0910", "globex", "change");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    world_set_people(world, three); /* written in place */
    daemon_says(daemon, "DS0911", "globex", "1 disabled");
    g_autofree char *other = g_build_filename(world->live, "other.ldif", NULL);
    write_text(other, "nothing of ours");
    let_time_go_by(daemon);
    assert_int_equal(runs_of_globex(daemon), 3);
    daemon_stop(daemon);
}

static void a_file_that_was_missing_is_read_when_it_comes(void **state)
{
    (void)state;
    set_up(WATCHED);
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_unlink(path);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0912", "globex", "people.ldif");
    world_set_people(world, three);
    daemon_says(daemon, "DS0910", "globex", "change");
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

static void add_person(const char *name)
{
    g_autofree char *ldif =
        g_strdup_printf("dn: uid=%s," SOURCE_PEOPLE "\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\n"
                        "sn: %s\nmail: %s@globex.example\n",
                        name, name, name, name, name);
    lab_ldif_load(source, ldif);
}

/* Between two servers, of which the source tells changes. */
static void set_up_servers(const char *schedule)
{
    program_needed();
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync --port auto --user-writes");
    source = lab_slapd_start("--nosync --port auto --syncprov --sizelimit 5000 --suffix " SOURCE_BASE);
    lab_ldif_load(source, "dn: " SOURCE_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    add_person("ada");
    world = world_between(source, home);
    g_autofree char *foreign = world_server("foreign", source->uri, SOURCE_BASE);
    define(foreign, schedule);
}

static void a_server_that_tells_of_a_change_begins_a_run(void **state)
{
    (void)state;
    set_up_servers(WATCHED);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0920", "globex", "");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    add_person("bob");
    daemon_says(daemon, "DS0910", "globex", "change");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    lab_ldif_load(source, "dn: uid=bob," SOURCE_PEOPLE "\nchangetype: modify\nreplace: title\ntitle: Boss\n");
    daemon_says(daemon, "DS0911", "globex", "import: 1 modified");
    lab_ldif_load(source, "dn: uid=bob," SOURCE_PEOPLE "\nchangetype: delete\n");
    daemon_says(daemon, "DS0911", "globex", "import: 1 disabled");
    lab_ldif_load(source, "dn: uid=ada," SOURCE_PEOPLE "\nchangetype: modify\ndelete: mail\n");
    daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
}

static void a_watch_that_is_lost_is_opened_again_and_nothing_is_missed(void **state)
{
    (void)state;
    set_up_servers(WATCHED);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    lab_slapd_halt(source);
    daemon_says(daemon, "DS0921", "globex", source->uri);
    lab_slapd_restart(source);
    add_person("bob");
    daemon_says(daemon, "DS0920", "globex", "");
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    daemon_stop(daemon);
}

static void what_cannot_be_watched_is_told_and_still_runs(void **state)
{
    (void)state;
    set_up_servers("<schedule when=\"1 s\" watch=\"yes\"/>");
    lab_slapd_stop(source);
    source = lab_slapd_start("--nosync --sizelimit 5000 --suffix " SOURCE_BASE);
    g_autofree char *foreign = world_server("foreign", source->uri, SOURCE_BASE);
    define(foreign, "<schedule when=\"1 s\" watch=\"yes\"/>");
    lab_ldif_load(source, "dn: " SOURCE_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    add_person("ada");
    TestDaemon *daemon = DAEMON(world->connector);
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
    set_up("<schedule when=\"always\" pause=\"1 s\"/>");
    g_autofree char *second = define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    g_autofree char *third = define_another("third", "8d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b33");
    for (int jobs = 1; jobs <= 2; jobs++) {
        g_autofree char *option = g_strdup_printf("--jobs=%d", jobs);
        TestDaemon *daemon = DAEMON(option, world->connector, second, third);
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
    set_up(WATCHED);
    g_autofree char *element = world_server("home", home->uri, HOME_BASE);
    world_define(world, element, NULL, NULL, "<limits disable=\"1\"/>" WATCHED);
    g_autofree char *bystander = define_bystander();
    TestDaemon *daemon = DAEMON("--jobs=2", world->connector, bystander);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    replace_people(one);
    daemon_says(daemon, "DS0913", "globex", "--max-disable");
    let_time_go_by(daemon);
    replace_people(one);
    let_time_go_by(daemon);
    assert_int_equal(runs_of_globex(daemon), 2);
    replace_people(three);
    daemon_signals(daemon, SIGHUP); /* asks for it */
    daemon_says(daemon, "DS0910", "globex", "asked for");
    daemon_says(daemon, "DS0911", "globex", "import: no changes");
    daemon_stop(daemon);
}

static void a_server_that_is_away_is_tried_again(void **state)
{
    (void)state;
    set_up(OFTEN);
    lab_slapd_halt(home);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0912", "globex", "tried again at");
    lab_slapd_restart(home);
    daemon_says(daemon, "DS0910", "globex", "tried again");
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

static unsigned long binds(void)
{
    return lab_operations(source, "Bind");
}

/* What the question itself costs. */
static unsigned long binds_of_a_look(void)
{
    unsigned long first = binds();
    return binds() - first;
}

static void write_password(const char *password)
{
    g_autofree char *path = g_build_filename(world->folder, "source.password", NULL);
    write_text(path, password);
}

static void define_with_password_at(const char *uri, const char *schedule)
{
    g_autofree char *foreign = g_strdup_printf("<foreign driver=\"ldap\" uri=\"%s\" base=\"" SOURCE_BASE
                                               "\"><bind method=\"simple\" dn=\"" SOURCE_USER
                                               "\"><password file=\"source.password\"/></bind></foreign>",
                                               uri);
    define(foreign, schedule);
}

static void define_with_password(const char *schedule)
{
    define_with_password_at(source->ldap_uri, schedule);
}

/* One that needs no password: it shows that time goes on. */
static char *define_third(void)
{
    g_autofree char *text = text_of(world->connector);
    world_set_people(world, others);
    define(NULL, OFTEN);
    char *path = define_another("third", "8d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b33");
    write_text(world->connector, text);
    return path;
}

static void a_wrong_password_is_tried_once_whatever_happens(void **state)
{
    (void)state;
    set_up_servers("<schedule when=\"1 s\" watch=\"yes\" settle=\"1 s\"/>");
    write_password("wrong\n");
    define_with_password("<schedule when=\"1 s\" watch=\"yes\" settle=\"1 s\"/>");
    g_autofree char *second = define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    g_autofree char *third = define_third();

    unsigned long look = binds_of_a_look(), before = binds();
    TestDaemon *daemon = DAEMON(world->connector, second, third);
    daemon_waits_for(daemon, "DS0914");
    daemon_waits_for(daemon, "DS0914");
    for (int i = 0; i < 3; i++)
        daemon_says(daemon, "DS0911", "third", "import: ");
    assert_int_equal(daemon_has_said(daemon, "DS0914"), 2);
    assert_int_equal(binds() - before - look, 1);

    /* Killed and begun anew: nothing was corrected, so nothing is tried. */
    daemon_kill(daemon);
    before = binds();
    daemon = DAEMON(world->connector, second, third);
    daemon_waits_for(daemon, "DS0914");
    daemon_waits_for(daemon, "DS0914");
    for (int i = 0; i < 2; i++)
        daemon_says(daemon, "DS0911", "third", "import: ");
    assert_int_equal(binds() - before - look, 0);

    /* Corrected: both are tried again. */
    write_password("secret\n");
    daemon_says(daemon, "DS0915", "globex", "changed");
    daemon_says(daemon, "DS0911", "globex", "import: 1 "); /* made, or refused since the other has made her */
    assert_int_equal(lab_count(home, HOME_BASE, "(&(objectClass=contact)(mail=ada@globex.example))"), 1);
    daemon_stop(daemon);
}

/* Two that bind with the same password, after a good run of each, and one that needs none. */
static TestDaemon *start_two_with_a_password(const char *jobs)
{
    set_up_servers(OFTEN);
    meddler = meddler_start(source->uri);
    write_password("secret\n");
    define_with_password_at(meddler_uri(meddler), OFTEN);
    g_autofree char *second = define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    g_autofree char *third = define_third();
    TestDaemon *daemon = DAEMON(jobs, world->connector, second, third);
    daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_says(daemon, "DS0911", "initech", "import: ");
    return daemon;
}

static void wait_for_refused_bind(void)
{
    while (!meddler_refused_binds(meddler))
        g_usleep(10000);
}

/* The server is slow to say that it is wrong; meanwhile the other one's time comes. */
static void a_password_that_became_wrong_is_tried_once_by_all_together(void **state)
{
    (void)state;
    TestDaemon *daemon = start_two_with_a_password("--jobs=3");
    meddler_hold_binds(meddler, true);
    meddler_refuse_binds_after(meddler, 0, 49);
    wait_for_refused_bind();
    for (int i = 0; i < 3; i++)
        daemon_says(daemon, "DS0911", "third", "import: ");
    meddler_hold_binds(meddler, false);
    daemon_waits_for(daemon, "DS0914");
    daemon_waits_for(daemon, "DS0914");
    for (int i = 0; i < 2; i++)
        daemon_says(daemon, "DS0911", "third", "import: ");
    assert_int_equal(meddler_refused_binds(meddler), 1);
    assert_int_equal(daemon_has_said(daemon, "DS0914"), 2);
    daemon_stop(daemon);
}

/* Whoever is parked because of that try is not parked for the password that is there by then. */
static void what_is_corrected_while_it_is_tried_counts(void **state)
{
    (void)state;
    TestDaemon *daemon = start_two_with_a_password("--jobs=1");
    meddler_hold_binds(meddler, true);
    meddler_refuse_binds_after(meddler, 0, 49);
    wait_for_refused_bind();
    write_password("secret");
    meddler_refuse_binds_after(meddler, 0, 0); /* from now on */
    meddler_hold_binds(meddler, false);
    for (int i = 0; i < 60 && daemon_has_said(daemon, "DS0915") < 2; i++)
        daemon_says(daemon, "DS0911", "third", "import: ");
    assert_int_equal(daemon_has_said(daemon, "DS0914"), 2);
    assert_int_equal(daemon_has_said(daemon, "DS0915"), 2);
    daemon_stop(daemon);
}

/* Two accounts at one server: whose password it was says who tried, not the server. */
static void of_two_accounts_at_one_server_the_wrong_one_is_known(void **state)
{
    (void)state;
    set_up_servers(OFTEN);
    write_password("wrong\n");
    g_autofree char *right = g_build_filename(world->folder, "right.password", NULL);
    write_text(right, "secret\n");
    g_autofree char *element = g_strdup_printf("<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE
                                               "\"><bind method=\"simple\" dn=\"" HOME_USER
                                               "\"><password file=\"right.password\"/></bind></home>",
                                               home->ldap_uri);
    g_autofree char *foreign = g_strdup_printf(
        "<foreign driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE "\"><bind method=\"simple\" "
        "dn=\"cn=reader," HOME_BASE "\"><password file=\"source.password\"/></bind></foreign>",
        home->ldap_uri);
    world_define(world, element, foreign, SERVER_IMPORT, WORLD_NO_LIMITS OFTEN);
    g_autofree char *second = define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    unsigned long first = lab_operations(home, "Bind"), before = lab_operations(home, "Bind");
    TestDaemon *daemon = DAEMON(world->connector, second);
    daemon_waits_for(daemon, "DS0914");
    daemon_waits_for(daemon, "DS0914");
    daemon_stop(daemon);
    assert_int_equal(lab_operations(home, "Bind") - before - (before - first), 1);
}

/* @value: "0" or "1". */
static void assert_parked_measured(const char *value)
{
    g_autofree char *path = g_build_filename(world->folder, "globex.prom", NULL);
    g_autofree char *text = text_of(path);
    const char *metric = strstr(text, "\ndirsync_parked{");
    const char *number = metric ? strstr(metric, "} ") : NULL;
    if (!number || strncmp(number + 2, value, 1) != 0)
        fail_msg("not dirsync_parked %s:\n%s", value, text);
}

static void who_is_parked_is_measured(void **state)
{
    static const char often[] = "<schedule when=\"1 s\"/><metrics file=\"globex.prom\"/>";
    (void)state;
    set_up_servers(often);
    write_password("secret\n");
    define_with_password(often);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: ");
    write_password("wrong\n");
    daemon_waits_for(daemon, "DS0914");
    assert_parked_measured("1");
    write_password("secret\n");
    daemon_says(daemon, "DS0911", "globex", "import: ");
    assert_parked_measured("0");
    daemon_stop(daemon);
}

static void a_run_that_crashes_takes_nobody_down(void **state)
{
    (void)state;
    set_up(OFTEN);
    TestDaemon *daemon = DAEMON("--rate=0.5", world->connector);
    daemon_says(daemon, "DS0910", "globex", "schedule");
    while (!lab_count(home, HOME_BASE, "(ou=Globex)"))
        g_usleep(20000);
    kill(daemon_child(daemon), SIGKILL);
    daemon_says(daemon, "DS0912", "globex", "signal 9");
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0910", "globex", "asked for");
    daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
    assert_contacts(3);
}

static void the_state_is_locked_or_broken(void **state)
{
    (void)state;
    set_up(DAILY);
    g_autoptr(Connector) connector = world_connector(world);
    g_autoptr(GError) error = NULL;
    State *lock = state_open(connector, NULL, &error);
    assert_null(error);
    g_autofree char *path = g_build_filename(state_folder(lock), "state.db", NULL);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_waits_for(daemon, "DS0900");
    define(NULL, OFTEN);
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
    set_up(OFTEN);
    const DaemonSetting full = {.largest_file = 16};
    const char *const words[] = {world->connector, NULL};
    TestDaemon *daemon = daemon_start(&full, words);
    daemon_says(daemon, "DS0930", NULL, "");
    daemon_says(daemon, "DS0912", "globex", "tried again at");
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0912", "globex", "tried again at");
    daemon_stop(daemon);
    assert_int_equal(lab_writes(home), 0);
    daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

/* --- reloading --- */

static void a_definition_that_breaks_keeps_its_schedule(void **state)
{
    (void)state;
    set_up(DAILY);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_waits_for(daemon, "DS0900");
    write_text(world->connector, "<connector xmlns=\"urn:x-dirsync:connector:1\"/>");
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0903", "globex", "globex.xml:1");
    define(NULL, OFTEN);
    daemon_signals(daemon, SIGHUP);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    daemon_stop(daemon);
}

static void the_list_of_a_folder_is_read_again(void **state)
{
    (void)state;
    set_up(OFTEN);
    g_autofree char *variable = g_strconcat("DIRSYNC_CONFIG=", world->folder, NULL);
    const char *const variables[] = {variable, NULL}, *const no_words[] = {NULL};
    const DaemonSetting setting = {.variables = variables};
    TestDaemon *daemon = daemon_start(&setting, no_words);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    g_autofree char *second = define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
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
    set_up(OFTEN);
    g_autofree char *second = define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    g_autofree char *text = text_of(second);
    TestDaemon *daemon = DAEMON(world->connector, second);
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
    while (!lab_count(home, WORLD_CONTAINER, CONTACTS))
        g_usleep(20000);
}

static void asked_to_stop_it_ends_the_run_in_good_order(void **state)
{
    (void)state;
    set_up(OFTEN);
    TestDaemon *daemon = DAEMON("--rate=0.5", world->connector);
    begin_slowly(daemon);
    daemon_signals(daemon, SIGTERM);
    daemon_says(daemon, "DS0901", NULL, "good order");
    daemon_says(daemon, "DS0911", "globex", "stopped: ");
    assert_int_equal(daemon_ends(daemon), 0);
    g_autofree char *file = run_file_path(world->state);
    assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    g_auto(Said) rest = PROGRAM(NULL, "sync", world->connector, "--verify");
    assert_int_equal(rest.status, 0);
    assert_contacts(3);
    daemon_forget(daemon);
}

static void asked_twice_it_does_not_wait(void **state)
{
    (void)state;
    set_up(OFTEN);
    TestDaemon *daemon = DAEMON("--rate=0.01", world->connector);
    daemon_says(daemon, "DS0910", "globex", "");
    while (!lab_count(home, HOME_BASE, "(ou=Globex)"))
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
    set_up(OFTEN);
    TestDaemon *daemon = DAEMON("--rate=0.5", world->connector);
    begin_slowly(daemon);
    GPid run = daemon_child(daemon);
    daemon_kill(daemon);
    for (int i = 0; i < 6000 && kill(run, 0) == 0; i++)
        g_usleep(10000);
    assert_int_equal(kill(run, 0), -1);
    daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
    assert_contacts(3);
    g_auto(Said) rest = PROGRAM(NULL, "sync", world->connector, "--detailed-exitcode");
    assert_int_equal(rest.status, 0);
}

/* --- what it says of itself --- */

/* The file is written soon after the event, not before. */
static void wait_for_state(const char *wanted)
{
    for (int i = 0; i < 6000; i++) {
        json_auto_t *content = run_file_read(world->state);
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
    set_up("<schedule when=\"12 h\"/>");
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: 3 created");
    wait_for_state("waiting");
    g_autofree char *path = run_file_path(world->state);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    json_auto_t *content = run_file_read(world->state);
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
    set_up(DAILY);
    TestDaemon *daemon = DAEMON(world->connector);
    daemon_waits_for(daemon, "DS0900");
    g_auto(Said) said = PROGRAM(NULL, "run", world->connector);
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

static void manager_hears(int fd, const char *what)
{
    char text[1024];
    ssize_t got;
    while ((got = recv(fd, text, sizeof text - 1, 0)) > 0) {
        text[got] = '\0';
        if (strstr(text, what))
            return;
    }
    fail_msg("the manager has not heard %s", what);
}

static void the_service_manager_is_told(void **state)
{
    (void)state;
    set_up("<schedule when=\"12 h\"/>");
    g_autofree char *path = g_build_filename(world->folder, "notify", NULL);
    g_autofree char *variable = g_strconcat("NOTIFY_SOCKET=", path, NULL);
    const char *const variables[] = {variable, "WATCHDOG_USEC=200000", NULL}, *const words[] = {
                                                                                  world->connector, NULL};
    const DaemonSetting setting = {.variables = variables};
    int fd = manager_socket(path);
    TestDaemon *daemon = daemon_start(&setting, words);
    manager_hears(fd, "STATUS=running: globex");
    manager_hears(fd, "READY=1");
    manager_hears(fd, "WATCHDOG=1");
    manager_hears(fd, "STATUS=next: globex at ");
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
    set_up(WATCHED);
    world_set_people(world, nameless);
    const DaemonSetting text = {.text = true};
    const char *const words[] = {world->connector, NULL};
    TestDaemon *daemon = daemon_start(&text, words);
    while (!lab_count(home, HOME_BASE, CONTACTS))
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
    set_up("");
    g_auto(Said) idle = PROGRAM(NULL, "run", world->connector);
    assert_int_equal(idle.status, 6);
    assert_non_null(strstr(idle.err, "no connector has a <schedule>"));
    g_auto(Said) missing = PROGRAM(NULL, "run", "./no-such.xml");
    assert_int_equal(missing.status, 6);
    assert_non_null(strstr(missing.err, "no-such.xml"));
    define(NULL, OFTEN);
    g_auto(Said) twice = PROGRAM(NULL, "run", world->connector, world->connector);
    assert_int_equal(twice.status, 6);
    g_auto(Said) jobs = PROGRAM(NULL, "run", "--jobs=0", world->connector);
    assert_int_equal(jobs.status, 6);
    write_text(world->connector, "<connector/>");
    g_auto(Said) broken = PROGRAM(NULL, "run", world->connector);
    assert_int_equal(broken.status, 6);
    assert_non_null(strstr(broken.err, "globex.xml:1"));
}

#define CASE(test) cmocka_unit_test_teardown(test, tear_down)

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
        CASE(a_wrong_password_is_tried_once_whatever_happens),
        CASE(a_password_that_became_wrong_is_tried_once_by_all_together),
        CASE(what_is_corrected_while_it_is_tried_counts),
        CASE(of_two_accounts_at_one_server_the_wrong_one_is_known),
        CASE(who_is_parked_is_measured),
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

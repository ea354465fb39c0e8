/*
 * test_run_passwords.c - a daemon tries a wrong password once, and again when it is corrected
 *
 * Real processes, a real slapd. However many connectors bind with it, whoever
 * killed the daemon meanwhile: servers lock accounts after a few tries.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/meddler.h"
#include "tests/lab/run_scene.h"

#include <glib/gstdio.h>
#include <string.h>

static Meddler *meddler;

static int tear_down(void **state)
{
    meddler_stop(meddler);
    meddler = NULL;
    return scene_tear_down(state);
}

static unsigned long binds(void)
{
    return lab_operations(scene.source, "Bind");
}

/* What the question itself costs. */
static unsigned long binds_of_a_look(void)
{
    unsigned long first = binds();
    return binds() - first;
}

static void write_password(const char *password)
{
    g_autofree char *path = g_build_filename(scene.world->folder, "source.password", NULL);
    write_text(path, password);
}

static void define_with_password_at(const char *uri, const char *schedule)
{
    g_autofree char *foreign = g_strdup_printf("<foreign driver=\"ldap\" uri=\"%s\" base=\"" SOURCE_BASE
                                               "\"><bind method=\"simple\" dn=\"" SOURCE_USER
                                               "\"><password file=\"source.password\"/></bind></foreign>",
                                               uri);
    scene_define(foreign, schedule);
}

static void define_with_password(const char *schedule)
{
    define_with_password_at(scene.source->ldap_uri, schedule);
}

/* One that needs no password: it shows that time goes on. */
static char *define_third(void)
{
    g_autofree char *text = text_of(scene.world->connector);
    world_set_people(scene.world, scene_others);
    scene_define(NULL, OFTEN);
    char *path = scene_define_another("third", "8d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b33");
    write_text(scene.world->connector, text);
    return path;
}

static void let_third_run(TestDaemon *daemon, int runs)
{
    for (int i = 0; i < runs; i++)
        daemon_says(daemon, "DS0911", "third", "import: ");
}

static void a_wrong_password_is_tried_once_whatever_happens(void **state)
{
    (void)state;
    scene_set_up_servers("<schedule when=\"1 s\" watch=\"yes\" settle=\"1 s\"/>");
    write_password("wrong\n");
    define_with_password("<schedule when=\"1 s\" watch=\"yes\" settle=\"1 s\"/>");
    g_autofree char *second = scene_define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    g_autofree char *third = define_third();

    unsigned long look = binds_of_a_look(), before = binds();
    TestDaemon *daemon = DAEMON(scene.world->connector, second, third);
    daemon_waits_for(daemon, "DS0914");
    daemon_waits_for(daemon, "DS0914");
    let_third_run(daemon, 3);
    assert_int_equal(daemon_has_said(daemon, "DS0914"), 2);
    assert_int_equal(binds() - before - look, 1);

    /* Killed and begun anew: nothing was corrected, so nothing is tried. */
    daemon_kill(daemon);
    before = binds();
    daemon = DAEMON(scene.world->connector, second, third);
    daemon_waits_for(daemon, "DS0914");
    daemon_waits_for(daemon, "DS0914");
    let_third_run(daemon, 2);
    assert_int_equal(binds() - before - look, 0);

    /* Corrected: both are tried again. */
    write_password("secret\n");
    daemon_says(daemon, "DS0915", "globex", "changed");
    daemon_says(daemon, "DS0911", "globex", "import: 1 "); /* made, or refused since the other has made her */
    assert_int_equal(lab_count(scene.home, HOME_BASE, "(&(objectClass=contact)(mail=ada@globex.example))"),
                     1);
    daemon_stop(daemon);
}

/* What is edited in a folder is a correction for all whose definitions are there. */
static char *move_to_a_folder_of_its_own(char *path)
{
    g_autofree char *text = text_of(path), *folder = g_build_filename(scene.world->folder, "apart", NULL);
    g_autoptr(GString) definition = g_string_new(text);
    assert_int_equal(g_string_replace(definition, "source.password", "../source.password", 0), 1);
    assert_int_equal(g_string_replace(definition, "organisation.xml", "../organisation.xml", 0), 1);
    assert_int_equal(g_mkdir(folder, 0700), 0);
    assert_int_equal(g_remove(path), 0);
    g_free(path);
    path = g_build_filename(folder, "initech.xml", NULL);
    write_text(path, definition->str);
    return path;
}

/* Two that bind with the same password, after a good run of each, and one that needs none. @apart: the
 * definition of the second has a folder of its own. */
static TestDaemon *start_two_with_a_password(const char *jobs, bool apart)
{
    scene_set_up_servers(OFTEN);
    meddler = meddler_start(scene.source->uri);
    write_password("secret\n");
    define_with_password_at(meddler_uri(meddler), OFTEN);
    char *initech = scene_define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    g_autofree char *second = apart ? move_to_a_folder_of_its_own(initech) : initech;
    g_autofree char *third = define_third();
    TestDaemon *daemon = DAEMON(jobs, scene.world->connector, second, third);
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
    TestDaemon *daemon = start_two_with_a_password("--jobs=3", false);
    meddler_hold_binds(meddler, true);
    meddler_refuse_binds_after(meddler, 0, 49);
    wait_for_refused_bind();
    let_third_run(daemon, 3);
    meddler_hold_binds(meddler, false);
    daemon_waits_for(daemon, "DS0914");
    daemon_waits_for(daemon, "DS0914");
    let_third_run(daemon, 2);
    assert_int_equal(meddler_refused_binds(meddler), 1);
    assert_int_equal(daemon_has_said(daemon, "DS0914"), 2);
    daemon_stop(daemon);
}

/* Whoever is parked because of that try is not parked for the password that is there by then. */
static void what_is_corrected_while_it_is_tried_counts(void **state)
{
    (void)state;
    TestDaemon *daemon = start_two_with_a_password("--jobs=1", false);
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
    scene_set_up_servers(OFTEN);
    write_password("wrong\n");
    g_autofree char *right = g_build_filename(scene.world->folder, "right.password", NULL);
    write_text(right, "secret\n");
    g_autofree char *element = g_strdup_printf("<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE
                                               "\"><bind method=\"simple\" dn=\"" HOME_USER
                                               "\"><password file=\"right.password\"/></bind></home>",
                                               scene.home->ldap_uri);
    g_autofree char *foreign = g_strdup_printf(
        "<foreign driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE "\"><bind method=\"simple\" "
        "dn=\"cn=reader," HOME_BASE "\"><password file=\"source.password\"/></bind></foreign>",
        scene.home->ldap_uri);
    world_define(scene.world, element, foreign, SERVER_IMPORT, WORLD_NO_LIMITS OFTEN);
    g_autofree char *second = scene_define_another("initech", "7d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b22");
    unsigned long first = lab_operations(scene.home, "Bind"), before = lab_operations(scene.home, "Bind");
    TestDaemon *daemon = DAEMON(scene.world->connector, second);
    daemon_waits_for(daemon, "DS0914");
    daemon_waits_for(daemon, "DS0914");
    daemon_stop(daemon);
    assert_int_equal(lab_operations(scene.home, "Bind") - before - (before - first), 1);
}

/* The definition is edited and nobody sends SIGHUP: the next run reads it, and the daemon knows its files. */
static void a_password_file_that_is_newly_named_is_noticed(void **state)
{
    (void)state;
    scene_set_up_servers(OFTEN);
    g_autofree char *path = g_build_filename(scene.world->folder, "new.password", NULL);
    write_password("secret\n");
    write_text(path, "wrong\n");
    define_with_password(OFTEN);
    g_autofree char *text = text_of(scene.world->connector);
    g_autoptr(GString) edited = g_string_new(text);
    assert_int_equal(g_string_replace(edited, "source.password", "new.password", 0), 1);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: 1 created");
    write_text(scene.world->connector, edited->str);
    daemon_says(daemon, "DS0914", "globex", "Invalid credentials");
    write_text(path, "secret\n");
    daemon_says(daemon, "DS0915", "globex", "changed");
    daemon_says(daemon, "DS0911", "globex", "import: ");
    daemon_stop(daemon);
}

/* One of two is edited to bind elsewhere, and nobody sends SIGHUP. Its definition before; g_free(). */
static char *edit_to_bind_elsewhere(TestDaemon *daemon, const char *path)
{
    char *text = text_of(path);
    g_autoptr(GString) edited = g_string_new(text);
    assert_int_equal(g_string_replace(edited, meddler_uri(meddler), scene.source->ldap_uri, 0), 1);
    write_text(path, edited->str);
    for (int i = 0; i < 2; i++) /* the second of them has begun since */
        daemon_says(daemon, "DS0911", "initech", "import: ");
    return text;
}

/* Its password is not that of before. */
static void who_does_not_use_it_any_more_is_not_parked_for_it(void **state)
{
    (void)state;
    TestDaemon *daemon = start_two_with_a_password("--jobs=3", false);
    g_autofree char *second = g_build_filename(scene.world->folder, "initech.xml", NULL);
    g_autofree char *text = edit_to_bind_elsewhere(daemon, second);
    meddler_refuse_binds_after(meddler, 0, 49);
    daemon_says(daemon, "DS0914", "globex", "Invalid credentials");
    for (int i = 0; i < 3; i++)
        daemon_says(daemon, "DS0911", "initech", "import: ");
    assert_int_equal(daemon_has_said(daemon, "DS0914"), 1);
    daemon_stop(daemon);
}

/* Edited back, it uses the one that was found wrong meanwhile: that is no correction of it. */
static void who_uses_it_again_is_parked_and_does_not_try(void **state)
{
    (void)state;
    TestDaemon *daemon = start_two_with_a_password("--jobs=3", true);
    g_autofree char *second = g_build_filename(scene.world->folder, "apart", "initech.xml", NULL);
    g_autofree char *text = edit_to_bind_elsewhere(daemon, second);
    meddler_refuse_binds_after(meddler, 0, 49);
    daemon_says(daemon, "DS0914", "globex", "Invalid credentials");
    daemon_says(daemon, "DS0911", "initech", "import: "); /* so none is just reading the definition */
    write_text(second, text);
    daemon_says(daemon, "DS0914", "initech", "Invalid credentials");
    let_third_run(daemon, 3);
    assert_int_equal(daemon_has_said(daemon, "DS0915"), 0);
    assert_int_equal(meddler_refused_binds(meddler), 1);
    daemon_stop(daemon);
}

/* @value: "0" or "1". */
static void assert_parked_measured(const char *value)
{
    g_autofree char *path = g_build_filename(scene.world->folder, "globex.prom", NULL);
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
    scene_set_up_servers(often);
    write_password("secret\n");
    define_with_password(often);
    TestDaemon *daemon = DAEMON(scene.world->connector);
    daemon_says(daemon, "DS0911", "globex", "import: ");
    write_password("wrong\n");
    daemon_waits_for(daemon, "DS0914");
    assert_parked_measured("1");
    write_password("secret\n");
    daemon_says(daemon, "DS0911", "globex", "import: ");
    assert_parked_measured("0");
    daemon_stop(daemon);
}

#define CASE(test) cmocka_unit_test_teardown(test, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_wrong_password_is_tried_once_whatever_happens),
        CASE(a_password_that_became_wrong_is_tried_once_by_all_together),
        CASE(what_is_corrected_while_it_is_tried_counts),
        CASE(of_two_accounts_at_one_server_the_wrong_one_is_known),
        CASE(a_password_file_that_is_newly_named_is_noticed),
        CASE(who_does_not_use_it_any_more_is_not_parked_for_it),
        CASE(who_uses_it_again_is_parked_and_does_not_try),
        CASE(who_is_parked_is_measured),
    };
    return cmocka_run_group_tests_name("run_passwords", tests, NULL, NULL);
}

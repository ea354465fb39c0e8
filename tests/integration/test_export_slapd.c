/*
 * test_export_slapd.c - natives of one slapd go out into another, whose people come in
 *
 * The anchor is the home directory's entryUUID, the mark on the other side an
 * ordinary attribute of inetOrgPerson. Runs as a person calls them, too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include <jansson.h>
#include <string.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define HOME_PEOPLE "ou=people," HOME_BASE
#define EXPORTED "ou=acme," SOURCE_BASE
#define IN_SCOPE "<source><filter>(objectClass=inetOrgPerson)</filter></source><grace days=\"0\"/>"
#define EXPORT                                                                                               \
    "<export container=\"" EXPORTED "\" create-container=\"yes\" mapping=\"export.xml\" groups=\"no\" "      \
    "resources=\"no\"><stamp attribute=\"employeeType\"/>"                                                   \
    "<source base=\"" HOME_PEOPLE "\"><filter>(mail=*)</filter></source></export>"
#define NAMED(name) "(cn=" name ")"

static const char mapping[] =
    "<mapping xmlns=\"urn:x-dirsync:mapping:1\" name=\"export\"><export>"
    "<recipient of=\"person\" as=\"contact\" when=\"$objectClass = 'inetOrgPerson'\">"
    "<object class=\"inetOrgPerson\"/><name attribute=\"cn\" from=\"cn\"/><attribute name=\"sn\" "
    "from=\"sn\"/>"
    "<attribute name=\"title\" from=\"title\"/><attribute name=\"mail\" from=\"mail\"/>"
    "</recipient></export></mapping>";

static const Person theirs[] = {
    {"pat", "Pat Poe", "pat@globex.example", NULL}, {"ray", "Ray Roe", "ray@globex.example", NULL}, NOBODY};
static const Person ours[] = {{"ada", "Ada Alt", "ada@acme.example", "Engineer"},
                              {"bob", "Bob Baum", "bob@acme.example", NULL},
                              {"cat", "Cat Chan", "cat@acme.example", NULL},
                              NOBODY};

static Lab *foreign, *home;
static World *world;

static void load_people(Lab *lab, const Person *people, const char *parent)
{
    g_autofree char *container =
        g_strdup_printf("dn: %s\nobjectClass: organizationalUnit\nou: people\n", parent);
    g_autofree char *ldif = people_as_ldif(people, parent);
    lab_ldif_load(lab, container);
    lab_ldif_load(lab, ldif);
}

static void set_up(void)
{
    lab_skip_unless_slapd();
    foreign = lab_slapd_start("--nosync --no-schema --suffix " SOURCE_BASE);
    home = lab_slapd_start("--nosync --unique");
    world = world_between(foreign, home);
    load_people(foreign, theirs, SOURCE_PEOPLE);
    load_people(home, ours, HOME_PEOPLE);
    g_autofree char *to = world_server("home", home->uri, HOME_BASE);
    g_autofree char *from = world_server("foreign", foreign->uri, SOURCE_BASE);
    g_autofree char *path = g_build_filename(world->folder, "export.xml", NULL);
    write_text(path, mapping);
    world_define(world, to, from, IN_SCOPE, EXPORT WORLD_NO_LIMITS);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(foreign);
    lab_slapd_stop(home);
    world = NULL;
    foreign = home = NULL;
    return 0;
}

static void sync_both(const char *imported, const char *exported)
{
    g_auto(Ran) ran = world_sync_with(world, NULL);
    if (ran.error)
        fail_msg("%s", ran.error->message);
    g_autofree char *in = figures_of(&ran.result.step[STEP_IMPORT].counts);
    g_autofree char *out = figures_of(&ran.result.step[STEP_EXPORT].counts);
    assert_string_equal(in, imported);
    assert_string_equal(out, exported);
    assert_int_equal(ran.status, 0);
}

static void assert_quiet(void)
{
    unsigned long before = lab_writes(home) + lab_writes(foreign);
    sync_both("", "");
    assert_int_equal(lab_writes(home) + lab_writes(foreign), before);
}

static void both_ways_and_nothing_comes_back(void **state)
{
    (void)state;
    set_up();
    sync_both("2 created", "3 created");
    assert_int_equal(lab_count(foreign, EXPORTED, "(objectClass=inetOrgPerson)"), 3);
    assert_int_equal(lab_count(home, HOME_BASE, "(objectClass=contact)"), 2);
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
}

static void who_is_changed_renamed_or_gone_at_home(void **state)
{
    (void)state;
    set_up();
    sync_both("2 created", "3 created");
    lab_ldif_load(home,
                  "dn: uid=ada," HOME_PEOPLE "\nchangetype: modify\nreplace: title\ntitle: Director\n-\n\n"
                  "dn: uid=bob," HOME_PEOPLE "\nchangetype: modify\nreplace: cn\ncn: Bob Busch\n-\n\n"
                  "dn: uid=cat," HOME_PEOPLE "\nchangetype: delete\n");
    sync_both("", "1 modified, 1 renamed, 1 deleted");
    g_autofree char *title = lab_value(foreign, EXPORTED, NAMED("Ada Alt"), "title");
    assert_string_equal(title, "Director");
    assert_int_equal(lab_count(foreign, EXPORTED, NAMED("Bob Busch")), 1);
    assert_int_equal(lab_count(foreign, EXPORTED, "(objectClass=inetOrgPerson)"), 2);
    assert_quiet();
}

static void a_foreign_server_that_is_down_leaves_everything_as_it_is(void **state)
{
    (void)state;
    set_up();
    sync_both("2 created", "3 created");
    unsigned long before = lab_writes(home);
    lab_slapd_kill(foreign);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 5);
    assert_int_equal(lab_writes(home), before);
    lab_slapd_restart(foreign);
    assert_quiet();
}

static void a_saved_plan_of_both_steps_is_shown_and_applied(void **state)
{
    (void)state;
    program_needed();
    set_up();
    g_autofree char *folder = g_build_filename(world->folder, "plan", NULL);
    unsigned long before = lab_writes(home) + lab_writes(foreign);
    g_auto(Said) plan = PROGRAM(NULL, "plan", "--json", "-o", folder, world->connector);
    assert_int_equal(plan.status, 0);
    assert_int_equal(lab_writes(home) + lab_writes(foreign), before);
    g_auto(Said) show = PROGRAM(NULL, "show", folder);
    assert_non_null(strstr(show.out, "Pat Poe"));
    assert_non_null(strstr(show.out, "Ada Alt"));
    g_auto(Said) apply = PROGRAM(NULL, "apply", "--json", folder);
    assert_int_equal(apply.status, 0);
    json_t *result = json_loads(apply.out, 0, NULL);
    json_int_t in = -1, out = -1;
    int odd = json_unpack(result, "{s:{s:{s:{s:I}}, s:{s:{s:I}}}}", "steps", "import", "counts", "created",
                          &in, "export", "counts", "created", &out);
    assert_int_equal(odd, 0);
    json_decref(result);
    assert_int_equal(in, 3); /* the containers among them */
    assert_int_equal(out, 4);
    assert_int_equal(lab_count(foreign, EXPORTED, "(objectClass=inetOrgPerson)"), 3);
    assert_int_equal(lab_count(home, HOME_BASE, "(objectClass=contact)"), 2);
    assert_quiet();
}

static void a_run_is_undone_on_both_sides(void **state)
{
    (void)state;
    set_up();
    g_autofree char *at_home = lab_dump(home, HOME_BASE, NULL);
    g_autofree char *abroad = lab_dump(foreign, SOURCE_BASE, NULL);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 0);
    world_revert(world, ran.result.id);
    g_autofree char *at_home_again = lab_dump(home, HOME_BASE, NULL);
    g_autofree char *abroad_again = lab_dump(foreign, SOURCE_BASE, NULL);
    assert_string_equal(at_home_again, at_home);
    assert_string_equal(abroad_again, abroad);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(both_ways_and_nothing_comes_back),
        CASE(who_is_changed_renamed_or_gone_at_home),
        CASE(a_foreign_server_that_is_down_leaves_everything_as_it_is),
        CASE(a_saved_plan_of_both_steps_is_shown_and_applied),
        CASE(a_run_is_undone_on_both_sides),
    };
    return cmocka_run_group_tests_name("export_slapd", tests, NULL, NULL);
}

/*
 * test_crash_addresses.c - an address step that is killed at any step is finished by the next run
 *
 * Import and addresses in one run, people of one name among them: killed at a
 * sample of its fault steps (all of them with CRASH=all), resumed, compared with
 * the undisturbed run; and reverted. A plugin that ends the process is left alone
 * by the next run, which does everything else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash.h"
#include "tests/lab/sync_case.h"
#include "tests/unit/generator_case.h"

#include <stdlib.h>
#include <string.h>

#define HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"crash\"/></home>"
#define SAMPLE 12
#define NATIVE(id, cn)                                                                                       \
    "dn: cn=" cn ",ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\n"                                \
    "entryUUID: 00000000-0000-4000-8000-0000000000" id "\ncn: " cn "\nsn: Heim\ndisplayName: Same Name\n"    \
    "mail: " cn "@acme.example\n\n"
#define TREE                                                                                                 \
    "dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: Example\n\n"   \
    "dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n\n"
#define POLICIES                                                                                             \
    "<policies><policy name=\"All\" priority=\"1\"><address template=\"NOTES:&amp;d/Acme@Ex\"/>"             \
    "<address template=\"MS:ACME/PO/%m\"/></policy></policies>"
#define ADDRESSES "<addresses><natives base=\"ou=people,dc=example,dc=com\"/></addresses>"
#define LIMITS                                                                                               \
    "<limits delete=\"none\" disable=\"none\" rename=\"none\" address=\"none\" change=\"none\" "             \
    "empty=\"none\" members=\"none\" native=\"none\" stamp=\"none\"/>"

/* @more: children of <organisation>. */
static void define(const World *world, const char *more)
{
    g_autofree char *path = g_build_filename(world->folder, "organisation.xml", NULL);
    world_define(world, HOME, NULL, NULL, ADDRESSES LIMITS);
    g_autofree char *text = text_of(path);
    g_auto(GStrv) parts = g_strsplit(text, "</organisation>", 2);
    g_autofree char *whole = g_strconcat(parts[0], more, "</organisation>\n", NULL);
    write_text(path, whole);
}

static const Person people[] = {{"1", "Same Name", "same@globex.example", NULL},
                                {"2", "Bob Baum", "bob@globex.example", NULL},
                                {NULL, NULL, NULL, NULL}};
static const Person later[] = {{"1", "Same Name", "same@globex.example", "Engineer"},
                               {"2", "Bob Busch", "bob@globex.example", NULL},
                               {"3", "Same Name", "other@globex.example", NULL},
                               {NULL, NULL, NULL, NULL}};

static void the_first_run_is_killed(void **state)
{
    (void)state;
    World *world = world_new();
    define(world, POLICIES);
    crash_memory_load(world, TREE NATIVE("01", "ada") NATIVE("02", "ben") NATIVE("03", "cyd"));
    world_set_people(world, people);
    g_autoptr(CrashSite) site = crash_site_new(world, crash_memory_home(world));
    assert_non_null(strstr(site->expected, "proxyAddresses: NOTES:Same Name3/Acme@Ex"));
    crash_walk(site, "the first run", SAMPLE);
    world_free(world);
}

static void a_later_run_is_killed(void **state)
{
    (void)state;
    World *world = world_new();
    define(world, POLICIES);
    crash_memory_load(world, TREE NATIVE("01", "ada") NATIVE("02", "ben"));
    world_set_people(world, people);
    crash_sync(world, crash_memory_home(world));
    crash_memory_change(
        world, "dn: cn=dan,ou=people,dc=example,dc=com\nchangetype: add\nobjectClass: inetOrgPerson\n"
               "cn: dan\nsn: Heim\ndisplayName: Same Name\nmail: dan@acme.example\n\n");
    world_set_people(world, later);
    g_autoptr(CrashSite) site = crash_site_new(world, crash_memory_home(world));
    crash_walk(site, "a later run", SAMPLE);
    world_free(world);
}

/* --- a plugin that ends the process --- */

/* What a sanitizer has to say about the plugin's end is no finding. */
static bool dies(const World *world)
{
    g_autofree char *path = g_canonicalize_filename(g_getenv("DIRSYNC"), NULL);
    const char *const words[] = {path, "sync", world->connector, NULL};
    int status = 0;
    assert_true(g_spawn_sync(world->folder, (char **)words, NULL,
                             G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                             &status, NULL));
    return status != 0;
}

static Said sync_once(const World *world)
{
    return PROGRAM(world->folder, "sync", world->connector);
}

static void a_plugin_that_crashes_is_left_alone(void **state)
{
    static const char *const behaviours[] = {"fault", "abort", "exit", "stack-overflow"};
    const GeneratorCase *c = *state;
    program_needed();
    lab_skip_unless_slapd();
    generator_case_install(c, "misbehaving.so", "bad.so");
    for (size_t i = 0; i < G_N_ELEMENTS(behaviours); i++) {
        Lab *lab = lab_slapd_start("--nosync --unique");
        World *world = world_at(lab);
        g_autofree char *server = world_server("home", lab->uri, "dc=example,dc=com");
        g_autofree char *path = g_build_filename(world->folder, "organisation.xml", NULL);
        const char *shipped = g_getenv("DIRSYNC_GENERATORS");
        g_autofree char *copy = g_strdup_printf("cp '%s/simple.so' '%s/'", shipped, c->folder);
        assert_int_equal(system(copy), 0);
        g_autofree char *more =
            g_strdup_printf("<address-types folder=\"%s\"><address-type type=\"FREE\" generator=\"bad.so\">"
                            "<setting name=\"behaviour\" "
                            "value=\"%s\"/></address-type></address-types><policies><policy name=\"All\" "
                            "priority=\"1\"><address template=\"MS:A/B/%%m\"/><address "
                            "template=\"FREE:x@y\"/></policy></policies>",
                            c->folder, behaviours[i]);
        world_define(world, server, NULL, NULL, ADDRESSES LIMITS);
        g_autofree char *text = text_of(path);
        g_auto(GStrv) parts = g_strsplit(text, "</organisation>", 2);
        g_autofree char *whole = g_strconcat(parts[0], more, "</organisation>\n", NULL);
        write_text(path, whole);
        world_set_people(world, people);
        assert_true(dies(world));
        assert_int_equal(lab_count(lab, HOME_BASE, "(proxyAddresses=MS:*)"), 0);
        g_auto(Said) second = sync_once(world);
        if (second.status != 3 || !strstr(second.err, "ended an earlier run"))
            fail_msg("%s: status %d\n%s%s", behaviours[i], second.status, second.out, second.err);
        assert_int_equal(lab_count(lab, HOME_BASE, "(proxyAddresses=MS:*)"), 2);
        assert_int_equal(lab_count(lab, HOME_BASE, "(proxyAddresses=FREE:*)"), 0);
        g_autofree char *frame = g_build_filename(world->state, "globex", "generator-crash", NULL);
        assert_true(g_file_test(frame, G_FILE_TEST_EXISTS));
        world_free(world);
        lab_slapd_stop(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_run_is_killed),
        cmocka_unit_test(a_later_run_is_killed),
        cmocka_unit_test_setup_teardown(a_plugin_that_crashes_is_left_alone, generator_case_setup,
                                        generator_case_teardown),
    };
    crash_begin();
    int failed = cmocka_run_group_tests_name("crash_addresses", tests, NULL, NULL);
    crash_tell();
    return failed;
}

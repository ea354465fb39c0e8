/*
 * test_round_trip.c - what comes in from a file and goes out to another is the same
 *
 * One connector imports a file, another exports the contacts that it made to a
 * second file of the same form, with the identities that they came with. The
 * first connector then reads the second file instead: there is nothing to do. The
 * shipped mappings do the work, on both sides.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/memory.h"
#include "dirsync/run.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static const char organisation[] = "<organisation xmlns='urn:x-dirsync:organisation:1' name='acme'>\n"
                                   "  <home driver='memory' base='dc=acme'><file path='round-trip'/></home>\n"
                                   "  <domain>acme.example</domain>\n"
                                   "</organisation>\n";

/* One form of file: how it is read and written, and by which mapping. */
typedef struct {
    const char *name;
    const char *mapping;
    const char *anchor;    /* attribute or column of the identity */
    const char *reading;   /* attributes of <file> */
    const char *writing;   /* the same, and of <to> */
    const char *container; /* attribute of <export> */
    const char *people;    /* the file that comes in */
} Form;

static const Form forms[] = {
    {.name = "csv",
     .mapping = "csv",
     .anchor = "id",
     .reading = "delimiter=';' separator='|'",
     .writing =
         "delimiter=';' separator='|' columns='id displayName givenName sn mail email mailNickname title "
         "department telephoneNumber description'",
     .people =
         "id;displayName;givenName;sn;mail;email;mailNickname;title;department;telephoneNumber;description\n"
         "7;Zoë Ångström;Zoë;Ångström;zoe@globex.example;z@globex.example|zo@globex.example;zoe;"
         "\"Head; \"\"of\"\" it\";R&D;+49 30 1;\n"
         "8;李 明;明;李;li@globex.example;;li;;;=1+1;\"two\nlines\"\n"
         "9;Plain;;;plain@globex.example;;plain;;;;\n"},
    {.name = "ldif",
     .mapping = "inetorgperson",
     .anchor = "employeeType",
     .reading = "",
     .writing = "",
     .container = "container='ou=out,o=globex'",
     .people =
         "version: 1\n\ndn: cn=Zoe,o=globex\nobjectClass: inetOrgPerson\ncn: Zoe Angstrom\nsn: Angstrom\n"
         "givenName: Zoe\ndisplayName: Zoe Angstrom\nemployeeType: 7\nuid: zoe\nmail: zoe@globex.example\n"
         "title: Head\ntelephoneNumber: +49 30 1\n\n"
         "dn: cn=Li,o=globex\nobjectClass: inetOrgPerson\ncn:: 5p2O5piO\nsn:: 5p2O\n"
         "displayName:: 5p2O5piO\nemployeeType: 8\nuid: li\nmail: li@globex.example\n\n"},
};

typedef struct {
    char *folder;
    const Form *form;
} World;

static char *path_of(const World *world, const char *name)
{
    return g_build_filename(world->folder, name, NULL);
}

static void write_file(const World *world, const char *name, const char *text)
{
    g_autofree char *path = path_of(world, name);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static char *read_file(const World *world, const char *name)
{
    g_autofree char *path = path_of(world, name);
    char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* The importer reads @file; the exporter writes out.file. */
static void define_importer(const World *world, const char *file)
{
    const Form *form = world->form;
    g_autofree char *text = g_strdup_printf(
        "<connector xmlns='urn:x-dirsync:connector:1' name='in' uuid='10000000-0000-4000-8000-000000000001' "
        "organisation='org.xml'>\n"
        "  <foreign driver='%s'><file path='%s' %s/></foreign>\n"
        "  <import container='ou=in,dc=acme' create-container='yes' mapping='%s' groups='no' "
        "resources='no'>\n"
        "    <anchor attribute='%s'/><grace days='0'/></import>\n</connector>\n",
        form->name, file, form->reading, form->mapping, form->anchor);
    write_file(world, "in.xml", text);
}

static void define_exporter(const World *world)
{
    const Form *form = world->form;
    g_autofree char *text = g_strdup_printf(
        "<connector xmlns='urn:x-dirsync:connector:1' name='out' uuid='20000000-0000-4000-8000-000000000002' "
        "organisation='org.xml'>\n"
        "  <export mapping='%s' %s people='no' contacts='contact' groups='no' resources='no'>\n"
        "    <to driver='%s'><file path='out.file' %s/></to>\n"
        "    <stamp attribute='%s'/><anchor attribute='dirsyncAnchor'/>\n"
        "    <source base='ou=in,dc=acme'/></export>\n</connector>\n",
        form->mapping, form->container ? form->container : "", form->name, form->writing, form->anchor);
    write_file(world, "out.xml", text);
}

/* As counts() says what is expected. */
static char *counts_of(const RunResult *result)
{
    GString *text = g_string_new("{");
    for (int step = 0; step < STEPS; step++) {
        if (!result->step[step].ran)
            continue;
        g_string_append_printf(text, "%s\"%s\":{", text->len > 1 ? "," : "", step_names[step]);
        for (int i = 0; i < COUNTS; i++)
            g_string_append_printf(text, "%s\"%s\":%zu", i ? "," : "", count_names[i],
                                   result->step[step].counts.of[i]);
        g_string_append_c(text, '}');
    }
    return g_string_free(g_string_append_c(text, '}'), FALSE);
}

static void run_once(const World *world, const char *definition, const char *expected)
{
    g_autofree char *path = path_of(world, definition), *state = path_of(world, "state");
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = connector_load(path, &error);
    if (!connector)
        fail_msg("%s", error->message);
    RunOptions options = run_options(connector);
    options.state_folder = state;
    options.pass.full = true;
    g_auto(RunResult) result = {0};
    bool ok = run_sync(connector, &options, &result, &error);
    g_autofree char *counts = counts_of(&result);
    if (!ok || strcmp(counts, expected) != 0)
        fail_msg("%s of %s: %s %s\nexpected %s", definition, world->form->name, error ? error->message : "",
                 counts, expected);
}

static char *counts(const char *step, int created, int unchanged)
{
    return g_strdup_printf(
        "{\"%s\":{\"created\":%d,\"modified\":0,\"renamed\":0,\"disabled\":0,\"deleted\":0,"
        "\"unchanged\":%d,\"failed\":0,\"quarantined\":0}}",
        step, created, unchanged);
}

static void set_up(World *world, const Form *form)
{
    world->form = form;
    world->folder = g_dir_make_tmp("dirsync-round-trip-XXXXXX", NULL);
    MemoryStore *home = memory_store("round-trip");
    assert_true(memory_store_load(home, "dn: dc=acme\nobjectClass: domain\ndc: acme\n", NULL));
    write_file(world, "org.xml", organisation);
    write_file(world, "in.file", form->people);
    define_importer(world, "in.file");
    define_exporter(world);
}

static void tear_down(World *world)
{
    memory_store_drop("round-trip");
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", world->folder);
    assert_int_equal(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL), TRUE);
    g_free(world->folder);
}

static void go_round(const Form *form, int n)
{
    World world;
    set_up(&world, form);
    g_autofree char *came = counts("import", n, 0), *went = counts("export", n, 0);
    g_autofree char *same_in = counts("import", 0, n), *same_out = counts("export", 0, n);
    run_once(&world, "in.xml", came);
    run_once(&world, "out.xml", went);
    g_autofree char *first = read_file(&world, "out.file");
    run_once(&world, "out.xml", same_out);
    g_autofree char *second = read_file(&world, "out.file");
    assert_string_equal(second, first);
    define_importer(&world, "out.file");
    run_once(&world, "in.xml", same_in);
    tear_down(&world);
}

static void a_csv_file_goes_round(void **state)
{
    (void)state;
    go_round(&forms[0], 3);
}

static void an_ldif_file_goes_round(void **state)
{
    (void)state;
    go_round(&forms[1], 2);
}

/* Nobody but the owner reads what was written, whatever the umask says. */
static void a_file_is_private(void **state)
{
    (void)state;
    World world;
    struct stat status;
    mode_t before = umask(0);
    set_up(&world, &forms[0]);
    g_autofree char *came = counts("import", 3, 0), *went = counts("export", 3, 0);
    run_once(&world, "in.xml", came);
    run_once(&world, "out.xml", went);
    umask(before);
    g_autofree char *path = path_of(&world, "out.file");
    assert_int_equal(g_stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_csv_file_goes_round),
        cmocka_unit_test(an_ldif_file_goes_round),
        cmocka_unit_test(a_file_is_private),
    };
    return cmocka_run_group_tests_name("round_trip", tests, NULL, NULL);
}

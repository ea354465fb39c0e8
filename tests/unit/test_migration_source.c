/*
 * test_migration_source.c - where the people of a migration come from
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/migration_source.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void write_text(const char *name, const char *text)
{
    g_autofree char *path = path_of(name);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

#define CONNECTOR(foreign, import)                                                                           \
    "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"x\" "                                             \
    "uuid=\"6a1f3c52-8d0e-4b7a-9c39-5e2d71b0f4a8\" organisation=\"organisation.xml\">" foreign import        \
    "</connector>"
#define SERVER                                                                                               \
    "<foreign driver=\"ldap\" uri=\"ldap://localhost\" base=\"o=x\"><bind method=\"anonymous\"/></foreign>"
#define CSV                                                                                                  \
    "<foreign driver=\"csv\"><file path=\"own.csv\" delimiter=\";\" columns=\"id mail\" header=\"no\" "      \
    "checksum=\"own.sha256\" max-age=\"2d\"/></foreign>"
#define IMPORT(content) "<import container=\"ou=in,o=acme\" mapping=\"csv\">" content "</import>"
#define BASE_AND_FILTER "<source base=\"ou=people,o=x\"><filter>(mail=*)</filter></source>"

static int set_up(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("dirsync-source-XXXXXX", NULL);
    write_text("organisation.xml",
               "<organisation xmlns=\"urn:x-dirsync:organisation:1\" name=\"acme\">"
               "<home driver=\"ldap\" uri=\"ldapi://\" base=\"o=acme\"><bind "
               "method=\"external\"/></home><domain>acme.example</domain></organisation>");
    write_text("server.xml", CONNECTOR(SERVER, IMPORT(BASE_AND_FILTER)));
    write_text("csv.xml", CONNECTOR(CSV, IMPORT("<anchor attribute=\"id\"/>")));
    write_text("no-import.xml", CONNECTOR(SERVER, "<export container=\"ou=x,o=x\" mapping=\"inetorgperson\">"
                                                  "<source base=\"ou=p,o=acme\"/><stamp attribute=\"title\"/>"
                                                  "</export>"));
    write_text("people.csv", "Nr;E-Mail (dienstlich)\n1;a@b.example\n2;c@d.example\n");
    write_text("people.ldif", "version: 1\n");
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"organisation.xml", "server.xml", "csv.xml",
                                        "no-import.xml",    "people.csv", "people.ldif"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_of(names[i]);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_clear_pointer(&folder, g_free);
    return 0;
}

static Connector *load(const char *name)
{
    g_autofree char *path = path_of(name);
    g_autoptr(GError) error = NULL;
    Connector *connector = connector_load(path, &error);
    if (!connector)
        fail_msg("%s", error->message);
    return connector;
}

static void take(Connector *connector, const char *source, const char *anchor)
{
    g_autofree char *path = source ? path_of(source) : NULL;
    g_autoptr(GError) error = NULL;
    if (!migration_take_source(connector, path, anchor, &error))
        fail_msg("%s", error->message);
}

static void test_nothing_named_is_the_definition_own(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("server.xml");
    take(connector, NULL, "uid");
    assert_string_equal(connector->foreign.driver, "ldap");
    assert_string_equal(connector->pass[STEP_IMPORT].sources[0].base, "ou=people,o=x");
    assert_string_equal(connector->pass[STEP_IMPORT].anchor, "uid");
}

static void test_a_csv_file_is_described_by_what_stands_in_it(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("server.xml");
    take(connector, "people.csv", "Nr");
    const Endpoint *foreign = &connector->foreign;
    assert_string_equal(foreign->driver, "csv");
    assert_int_equal(foreign->delimiter, ';');
    assert_true(foreign->header);
    assert_null(foreign->columns); /* what the reader makes of the header by itself */
    const SourceSettings *source = &connector->pass[STEP_IMPORT].sources[0];
    assert_null(source->base);
    assert_string_equal(source->filter, "(mail=*)");
}

static void test_a_file_of_the_same_kind_is_described_by_the_definition(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("csv.xml");
    take(connector, "people.csv", NULL);
    assert_true(g_str_has_suffix(connector->foreign.path, "/people.csv"));
    assert_string_equal(connector->foreign.columns[1], "mail");
    assert_false(connector->foreign.header);
    assert_null(connector->foreign.checksum); /* of another file */
    assert_string_equal(connector->pass[STEP_IMPORT].anchor, "id");
}

static void test_ldif(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("csv.xml");
    take(connector, "people.ldif", NULL);
    assert_string_equal(connector->foreign.driver, "ldif");
    assert_null(connector->foreign.columns);
}

static void test_another_connector_brings_its_source(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("csv.xml");
    take(connector, "server.xml", NULL);
    assert_string_equal(connector->foreign.driver, "ldap");
    assert_string_equal(connector->pass[STEP_IMPORT].sources[0].base, "ou=people,o=x");
    assert_null(connector->pass[STEP_IMPORT].anchor);
    assert_string_equal(connector->pass[STEP_IMPORT].container, "ou=in,o=acme");
}

static void test_what_is_refused(void **state)
{
    static const struct {
        const char *connector, *source, *message;
    } cases[] = {{"server.xml", "nothing.csv", "there is no such file"},
                 {"server.xml", "nothing.xml", "cannot be opened"},
                 {"no-import.xml", "people.csv", "has no <import>"}};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Connector) connector = load(cases[i].connector);
        g_autofree char *path = path_of(cases[i].source);
        g_autoptr(GError) error = NULL;
        assert_false(migration_take_source(connector, path, NULL, &error));
        assert_int_equal(error_exit_status(error), 6);
        assert_non_null(strstr(error->message, cases[i].message));
    }
}

static void test_as_what(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load("csv.xml");
    PassSettings *import = &connector->pass[STEP_IMPORT];
    g_autoptr(GError) error = NULL;
    assert_true(migration_make_as(connector, "enabled-user", NULL));
    assert_true(import->as[OF_PERSON] == AS_USER && import->enabled_accounts && import->said[OF_PERSON]);
    assert_true(migration_make_as(connector, "user", NULL));
    assert_true(import->as[OF_PERSON] == AS_USER && !import->enabled_accounts);
    assert_true(migration_make_as(connector, "contact", NULL));
    assert_true(import->as[OF_PERSON] == AS_CONTACT && !import->enabled_accounts);
    assert_false(migration_make_as(connector, "group", &error));
    assert_int_equal(error_exit_status(error), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_named_is_the_definition_own),
        cmocka_unit_test(test_a_csv_file_is_described_by_what_stands_in_it),
        cmocka_unit_test(test_a_file_of_the_same_kind_is_described_by_the_definition),
        cmocka_unit_test(test_ldif),
        cmocka_unit_test(test_another_connector_brings_its_source),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_as_what),
    };
    return cmocka_run_group_tests_name("migration_source", tests, set_up, tear_down);
}

/*
 * test_export_definitions.c - <export> in a connector's definition: what it says, and its mistakes
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/connector.h"

#include <glib/gstdio.h>
#include <string.h>

#define UUID "6f2b1a7e-1c9d-4c52-8a57-0d3f6b2c9e11"
#define LDAP "<foreign driver='memory' base='o=globex'><file path='globex'/></foreign>\n"
#define LDIF "<foreign driver='ldif'><file path='people.ldif'/></foreign>\n"
#define PEOPLE "<source base='ou=people,o=acme'/>"
#define STAMP "<stamp attribute='employeeType'/>"
#define EXPORT(attributes, children)                                                                         \
    "<export container='ou=out,o=globex' mapping='m' " attributes ">" children "</export>"
#define TO_CSV "<to driver='csv'><file path='out.csv' columns='id mail'/></to>"
#define TO_LDIF "<to driver='ldif' base='o=globex'><file path='out.ldif'/></to>"

static char *folder;

static char *write_file(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static Connector *load(const char *content, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("<connector xmlns='urn:x-dirsync:connector:1' name='globex' "
                        "uuid='" UUID "' organisation='organisation.xml'>\n%s</connector>",
                        content);
    g_autofree char *path = write_file("globex.xml", text);
    return connector_load(path, error);
}

static void a_small_export_has_defaults(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = load(LDAP EXPORT("", STAMP PEOPLE), &error);
    assert_null(error);
    const PassSettings *export = &connector->pass[STEP_EXPORT];
    assert_true(export->wanted);
    assert_false(connector->pass[STEP_IMPORT].wanted);
    assert_string_equal(export->container, "ou=out,o=globex");
    assert_int_equal(export->grace_days, 0);
    assert_int_equal(export->n_sources, 1);
    assert_string_equal(export->sources[0].base, "ou=people,o=acme");
    assert_int_equal(export->sources[0].scope, 2);
    assert_null(export->sources[0].filter);
    assert_null(export->anchor);
    assert_false(export->hidden || export->disabled || export->adopt || export->out_of_scope_is_missing);
    static const RecipientAs as[OF_KINDS] = {AS_CONTACT, AS_NOTHING, AS_GROUP, AS_CONTACT};
    assert_memory_equal(export->as, as, sizeof as);
}

static void the_sides_of_an_export(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load(LDAP EXPORT("", STAMP PEOPLE), NULL);
    assert_non_null(connector);
    const Endpoint *home = &connector->organisation->home;
    assert_ptr_equal(connector_endpoint(connector, STEP_EXPORT, SOURCE), home);
    assert_ptr_equal(connector_endpoint(connector, STEP_EXPORT, TARGET), &connector->foreign);
    assert_ptr_equal(connector_endpoint(connector, STEP_IMPORT, SOURCE), &connector->foreign);
    assert_ptr_equal(connector_endpoint(connector, STEP_IMPORT, TARGET), home);
    assert_ptr_equal(connector_stamp(connector, STEP_EXPORT, SOURCE), &connector->organisation->stamp);
    const StampSettings *stamp = connector_stamp(connector, STEP_EXPORT, TARGET);
    assert_int_equal(stamp->form, STAMP_ATTRIBUTE);
    assert_string_equal(stamp->name, "employeeType");
    assert_ptr_equal(connector_stamp(connector, STEP_IMPORT, SOURCE), stamp); /* ours do not come back */
}

static void everything_of_an_export_is_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = load(
        LDAP EXPORT("create-container='yes' people='disabled-user' contacts='contact' groups='no' "
                    "resources='no' hidden='yes' disabled='yes'",
                    STAMP PEOPLE "<source base='ou=staff,o=acme' scope='one'><filter>(a=b)</filter></source>"
                                 "<anchor attribute='uid'/><grace days='9' action='keep'/><adopt/>"
                                 "<out-of-scope action='missing'/><join home='a' target='b'/>"),
        &error);
    assert_null(error);
    const PassSettings *export = &connector->pass[STEP_EXPORT];
    static const RecipientAs as[OF_KINDS] = {AS_USER, AS_CONTACT, AS_NOTHING, AS_NOTHING};
    assert_memory_equal(export->as, as, sizeof as);
    assert_false(export->enabled_accounts);
    assert_true(export->create_container && export->hidden && export->disabled && export->adopt);
    assert_true(export->out_of_scope_is_missing);
    assert_int_equal(export->n_sources, 2);
    assert_int_equal(export->sources[1].scope, 1);
    assert_string_equal(export->sources[1].filter, "(a=b)");
    assert_string_equal(export->anchor, "uid");
    assert_int_equal(export->grace_days, 9);
    assert_int_equal(export->grace_action, KEEP_IN_GRACE);
    assert_int_equal(export->n_joins, 1);
    assert_string_equal(export->joins[0].source, "a");
    assert_string_equal(export->joins[0].target, "b");
}

/* What goes into a file is ours as a whole, and does not come back through what is read. */
static void an_export_into_a_file(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector =
        load(LDIF "<export mapping='m'><stamp attribute='id'/>" PEOPLE TO_CSV "</export>", &error);
    assert_null(error);
    g_autofree char *path = g_build_filename(folder, "out.csv", NULL);
    assert_string_equal(connector_endpoint(connector, STEP_EXPORT, TARGET)->path, path);
    assert_string_equal(connector->pass[STEP_EXPORT].container, "");
    assert_int_equal(connector_stamp(connector, STEP_EXPORT, TARGET)->form, STAMP_ANCHOR);
    assert_null(connector_stamp(connector, STEP_IMPORT, SOURCE));
}

static void sources_that_do_not_overlap(void **state)
{
    (void)state;
    static const char *const cases[] = {
        PEOPLE "<source base='ou=staff,o=acme'/>",
        "<source base='o=acme' scope='one'/><source base='ou=people,o=acme' scope='one'/>",
        "<source/>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf(LDAP EXPORT("", STAMP "%s"), cases[i]);
        g_autoptr(Connector) connector = load(text, &error);
        if (!connector)
            fail_msg("%s: %s", cases[i], error->message);
    }
}

static void mistakes_of_an_export_are_found(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {LDAP, "no <import>, <addresses> or <export>: there would be nothing to do"},
        {LDAP EXPORT("", STAMP), "<source>"},
        {LDAP EXPORT("", PEOPLE), "must be marked as ours: <stamp attribute="},
        {LDAP EXPORT("", STAMP PEOPLE PEOPLE), "the source ou=people,o=acme overlaps with ou=people,o=acme"},
        {LDAP EXPORT("", STAMP PEOPLE "<source base='OU=People, O=Acme' scope='one'/>"), "overlaps with"},
        {LDAP EXPORT("", STAMP PEOPLE "<source base='ou=deep,ou=people,o=acme'/>"), "overlaps with"},
        {LDAP EXPORT("", STAMP "<source base='ou=deep,ou=people,o=acme'/>" PEOPLE), "overlaps with"},
        {LDAP EXPORT("", STAMP PEOPLE "<source/>"), "the source without a base overlaps with"},
        {LDAP EXPORT("", STAMP "<source/>" PEOPLE), "overlaps with one without a base"},
        {LDAP EXPORT("", STAMP "<source base='x'/>"), "base=\"x\" is not a DN"},
        {LDAP EXPORT("", STAMP "<source><filter>(a=b</filter></source>"), "is not a search filter"},
        {LDAP EXPORT("", STAMP PEOPLE "<join source='a' home='b'/>"), "<join>"},
        {LDAP EXPORT("people='user'", STAMP PEOPLE), "allowed: contact, disabled-user, enabled-user, no"},
        {LDAP EXPORT("contacts='group'", STAMP PEOPLE), "allowed: contact, no"},
        {LDAP "<export mapping='m'>" STAMP PEOPLE "</export>", "container is missing"},
        {LDAP "<export container='ou=out,o=other' mapping='m'>" STAMP PEOPLE "</export>",
         "does not lie below the base of the foreign directory, o=globex"},
        {LDIF EXPORT("", STAMP PEOPLE), "a file that is read; say with <to> what is written"},
        {LDIF EXPORT("", PEOPLE TO_LDIF), "the file needs a place for identities"},
        {LDIF EXPORT("", STAMP PEOPLE TO_CSV), "a CSV file has no containers"},
        {LDIF EXPORT("", STAMP PEOPLE TO_LDIF "<grace days='3'/>"),
         "a file cannot say since when somebody is gone"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Connector) connector = load(cases[i][0], &error);
        if (connector || !strstr(error->message, cases[i][1]))
            fail_msg("\nfor     %s\ngot     %s\nwithout %s", cases[i][0], error ? error->message : "nothing",
                     cases[i][1]);
    }
}

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("dirsync-export-XXXXXX", NULL);
    g_free(write_file("organisation.xml",
                      "<organisation xmlns='urn:x-dirsync:organisation:1' name='acme'>"
                      "<home driver='memory' base='o=acme'><file path='home'/></home><stamp form='class'/>"
                      "<domain>acme.example</domain></organisation>"));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"organisation.xml", "globex.xml"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_unlink(path);
    }
    int left = g_rmdir(folder);
    g_free(folder);
    return left;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_export_has_defaults),     cmocka_unit_test(the_sides_of_an_export),
        cmocka_unit_test(everything_of_an_export_is_read), cmocka_unit_test(an_export_into_a_file),
        cmocka_unit_test(sources_that_do_not_overlap),     cmocka_unit_test(mistakes_of_an_export_are_found),
    };
    return cmocka_run_group_tests_name("export_definitions", tests, make_folder, remove_folder);
}

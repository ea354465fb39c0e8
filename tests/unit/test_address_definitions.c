/*
 * test_address_definitions.c - what organisation and connector say about addresses
 *
 * A good definition with every member compared, and for each mistake its line and
 * what is told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "manual_page.h"

#include "dirsync/connector.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("dirsync-addresses-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    g_rmdir(folder);
    g_free(folder);
    return 0;
}

static char *write_file(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* What is tested begins in line 3. */
static char *write_organisation(const char *content)
{
    g_autofree char *text =
        g_strdup_printf("<organisation xmlns='urn:x-dirsync:organisation:1' name='acme'>\n"
                        "<home driver='memory' base='dc=acme,dc=example'><file path='s'/></home>"
                        "<domain>acme.example</domain>\n%s</organisation>",
                        content);
    return write_file("organisation.xml", text);
}

static Organisation *load_organisation(const char *content, GError **error)
{
    g_autofree char *path = write_organisation(content);
    Organisation *organisation = organisation_load(path, error);
    g_unlink(path);
    return organisation;
}

/* What is tested begins in line 2. */
static Connector *load_connector(const char *content, GError **error)
{
    g_autofree char *organisation = write_organisation("");
    g_autofree char *text = g_strdup_printf("<connector xmlns='urn:x-dirsync:connector:1' name='globex' "
                                            "uuid='6f2b1a7e-1c9d-4c52-8a57-0d3f6b2c9e11' "
                                            "organisation='organisation.xml'>\n%s</connector>",
                                            content);
    g_autofree char *path = write_file("globex.xml", text);
    Connector *connector = connector_load(path, error);
    g_unlink(path);
    g_unlink(organisation);
    return connector;
}

static void assert_list(char **list, const char *joined)
{
    g_autofree char *text = g_strjoinv("|", list);
    assert_string_equal(text, joined);
}

/* --- organisation ------------------------------------------------------------------------------- */

static void without_a_word_about_addresses_there_are_none(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation = load_organisation("", &error);
    assert_null(error);
    const AddressSettings *addresses = &organisation->addresses;
    assert_null(addresses->container);
    assert_string_equal(addresses->admin_group, "First Administrative Group");
    assert_null(addresses->language);
    assert_null(addresses->generators);
    assert_int_equal(addresses->n_types + addresses->n_policies + addresses->n_lists, 0);
    assert_false(addresses->policies_from_directory || addresses->lists_from_directory ||
                 addresses->lists_for_all);
}

static void where_things_stand_is_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation =
        load_organisation("<names language='de'/>\n<configuration dn='cn=acme,cn=dirsync,dc=acme,dc=example' "
                          "admin-group=' Erste Gruppe '/>",
                          &error);
    assert_null(error);
    const AddressSettings *addresses = &organisation->addresses;
    assert_string_equal(addresses->container, "cn=acme,cn=dirsync,dc=acme,dc=example");
    assert_string_equal(addresses->admin_group, "Erste Gruppe");
    assert_string_equal(addresses->language, "de");
}

static void address_types_are_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation = load_organisation(
        "<address-types folder='generators'>\n"
        "<address-type type='MHS' generator='simple.so' display-name=' Novell MHS '>"
        "<setting name='pattern' value='%7m@{site}'/><setting name='empty' value=''/></address-type>\n"
        "<address-type type='NOTES'/></address-types>",
        &error);
    assert_null(error);
    const AddressSettings *addresses = &organisation->addresses;
    g_autofree char *generators = in_folder("generators"), *where = in_folder("organisation.xml:4");
    assert_string_equal(addresses->generators, generators);
    assert_int_equal(addresses->n_types, 2);
    assert_string_equal(addresses->types[0].type, "MHS");
    assert_string_equal(addresses->types[0].where, where);
    assert_string_equal(addresses->types[0].generator, "simple.so");
    assert_string_equal(addresses->types[0].display_name, "Novell MHS");
    assert_list(addresses->types[0].settings, "pattern=%7m@{site}|empty=");
    assert_string_equal(addresses->types[1].type, "NOTES");
    assert_null(addresses->types[1].generator);
    assert_null(addresses->types[1].display_name);
    assert_list(addresses->types[1].settings, "");
}

static void policies_are_read_in_the_order_of_the_file(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation = load_organisation(
        "<policies>\n<policy name=' Sales ' priority='20'>"
        "<address template='SMTP:%g.%s@acme.example'/><foreign-domain> Globex.Example </foreign-domain>"
        "<filter> (department=Sales) </filter><address template=' smtp:%m@globex.example'/>"
        "<address template='X400:c=de;a= ;p=acme;' disabled='yes'/>"
        "<address template='smtp:old@acme.example' disabled='yes'/>"
        "<address template='NOTES:&amp;d/Acme' disabled='no'/>"
        "<foreign-domain>b.c</foreign-domain></policy>\n"
        "<policy name='all' priority='0'><address template='SMTP:@acme.example' disabled='yes'/></policy>"
        "</policies>",
        &error);
    assert_null(error);
    const AddressSettings *addresses = &organisation->addresses;
    g_autofree char *where = in_folder("organisation.xml:5");
    assert_false(addresses->policies_from_directory);
    assert_int_equal(addresses->n_policies, 2);
    assert_string_equal(addresses->policies[0].name, "Sales");
    assert_int_equal(addresses->policies[0].priority, 20);
    assert_string_equal(addresses->policies[0].filter, "(department=Sales)");
    assert_list(addresses->policies[0].templates,
                "SMTP:%g.%s@acme.example|smtp:%m@globex.example|NOTES:&d/Acme");
    assert_list(addresses->policies[0].disabled_types, "X400|SMTP");
    assert_list(addresses->policies[0].foreign_domains, "globex.example|b.c");
    assert_string_equal(addresses->policies[1].where, where);
    assert_int_equal(addresses->policies[1].priority, 0);
    assert_null(addresses->policies[1].filter);
    assert_list(addresses->policies[1].templates, "");
    assert_list(addresses->policies[1].foreign_domains, "");
}

static void address_lists_are_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation =
        load_organisation("<address-lists for='all'>\n<address-list dn='cn=all,dc=acme,dc=example'/>"
                          "<address-list dn='cn=us,dc=acme,dc=example'><filter>(c=us)</filter>"
                          "</address-list></address-lists>",
                          &error);
    assert_null(error);
    const AddressSettings *addresses = &organisation->addresses;
    g_autofree char *where = in_folder("organisation.xml:4");
    assert_true(addresses->lists_for_all);
    assert_false(addresses->lists_from_directory);
    assert_int_equal(addresses->n_lists, 2);
    assert_string_equal(addresses->lists[0].dn, "cn=all,dc=acme,dc=example");
    assert_string_equal(addresses->lists[0].where, where);
    assert_null(addresses->lists[0].filter);
    assert_string_equal(addresses->lists[1].dn, "cn=us,dc=acme,dc=example");
    assert_string_equal(addresses->lists[1].filter, "(c=us)");
}

static void policies_and_lists_can_come_from_the_directory(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool policies, lists, for_all;
    } cases[] = {
        {"<policies from='directory'/>", true, false, false},
        {"<address-lists from='directory'/>", false, true, false},
        {"<address-lists from='directory' for='imported'/>", false, true, false},
        {"<address-lists for='all' from='directory'/><policies from='directory'/>", true, true, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Organisation) organisation = load_organisation(cases[i].text, NULL);
        assert_non_null(organisation);
        assert_int_equal(organisation->addresses.policies_from_directory, cases[i].policies);
        assert_int_equal(organisation->addresses.lists_from_directory, cases[i].lists);
        assert_int_equal(organisation->addresses.lists_for_all, cases[i].for_all);
        assert_int_equal(organisation->addresses.n_policies + organisation->addresses.n_lists, 0);
    }
}

#define POLICY(content) "<policies>\n<policy name='p' priority='1'>\n" content "</policy></policies>"
#define ADDRESS "<address template='SMTP:@a.b'/>"
#define TYPES(content) "<address-types>\n" content "</address-types>"
#define LISTS(content) "<address-lists>\n" content "</address-lists>"

typedef struct {
    const char *content;
    int line;
    const char *told;
} Mistake;

static const Mistake mistakes_of_organisations[] = {
    {"<configuration dn='acme'/>", 3, "dn=\"acme\" is not a DN"},
    {"<configuration dn=' '/>", 3, "dn is empty; name a DN"},
    {"<configuration admin-group='a/b'/>", 3, "allowed: a name without /"},
    {"<names/>", 3, "<names> lacks the attribute language; allowed: a language such as de"},
    {"<names language='German'/>", 3, "allowed: a language such as de"},
    {TYPES("<address-type type='notes'/>"), 4, "allowed: an address type of capital letters and digits"},
    {TYPES("<address-type type='NOTES'/>\n<address-type type='NOTES'/>"), 5,
     "the address type NOTES is there twice"},
    {TYPES("<address-type type='A' generator='../a.so'/>"), 4, "allowed: a file name without a folder"},
    {TYPES("<address-type type='A' generator='/lib/a.so'/>"), 4, "allowed: a file name without a folder"},
    {TYPES("<address-type type='A' generator='..'/>"), 4, "allowed: a file name without a folder"},
    {TYPES("<address-type type='A'><setting name='a=b' value=''/></address-type>"), 4,
     "allowed: a name of letters, digits, hyphens and dots"},
    {TYPES("<address-type type='A'><setting name='ab' value=''/><setting name='a' value=''/>\n"
           "<setting name='a' value='x'/></address-type>"),
     5, "the setting a is there twice"},
    {"<policies/>", 3, "<policies> is empty; add <policy>, or from=\"directory\""},
    {"<policies from='file'/>", 3, "allowed: directory"},
    {"<policies from='directory'>\n<policy name='p' priority='1'>" ADDRESS "</policy></policies>", 3,
     "<policies from=\"directory\"> has <policy> too; leave one of them out"},
    {POLICY(""), 4, "<policy> lacks <address>"},
    {POLICY("<address template='@a.b'/>"), 5,
     "allowed: a template of primary addresses such as SMTP:%g.%s@acme.example, of secondary ones"},
    {POLICY("<address template='Smtp:@a.b'/>"), 5, "of secondary ones such as smtp:%m@acme.example"},
    {POLICY("<address template='S-MTP:@a.b'/>"), 5, "of secondary ones such as smtp:%m@acme.example"},
    {POLICY("<address template='SMTP: '/>"), 5, "of secondary ones such as smtp:%m@acme.example"},
    {POLICY("<address template='ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567:x'/>"), 5, "of secondary ones"},
    {POLICY(ADDRESS "<address template='SMTPS:%s@a.b'/>\n<address template='smtp:%s@a.b'/>\n"
                    "<address template='SMTP:%s@a.b'/>"),
     7, "a second primary address of the type SMTP; write the type in small letters"},
    {POLICY(ADDRESS "\n<filter>(a=b</filter>"), 6, "\"(a=b\" is not a search filter: "},
    {POLICY(ADDRESS "<foreign-domain>x@a.b</foreign-domain>"), 5, "allowed: a domain such as acme.example"},
    {"<policies><policy name='p' priority='1'>" ADDRESS "</policy>\n<policy name='p' priority='2'>" ADDRESS
     "</policy></policies>",
     4, "two policies with the name p"},
    {"<policies><policy name='p' priority='1'>" ADDRESS "</policy>\n<policy name='q' priority='01'>" ADDRESS
     "</policy></policies>",
     4, "the policies p and q have the same priority, 1"},
    {"<policies><policy name='p' priority='-1'>" ADDRESS "</policy></policies>", 3,
     "allowed: 0 (strongest) to 2147483647"},
    {"<policies><policy name='p' priority='2147483648'>" ADDRESS "</policy></policies>", 3,
     "allowed: 0 (strongest) to 2147483647"},
    {LISTS("<address-list dn='all'/>"), 4, "dn=\"all\" is not a DN"},
    {LISTS("<address-list dn='cn=a'>\n<filter>x</filter></address-list>"), 5,
     "\"x\" is not a search filter: "},
    {LISTS("<address-list dn='cn=a,dc=b'/>\n<address-list dn='CN=A, DC=b'/>"), 5,
     "the address list CN=A, DC=b is there twice"},
    {"<address-lists for='natives' from='directory'/>", 3, "allowed: imported, all"},
    {"<address-lists for='all'/>", 3, "<address-lists> is empty; add <address-list>, or from=\"directory\""},
    {"<address-lists from='directory'><address-list dn='cn=a'/></address-lists>", 3,
     "has <address-list> too; leave one of them out"},
};

static void assert_told(const Mistake *mistake, const char *file, const GError *error)
{
    g_autofree char *prefix = g_strdup_printf("%s/%s:%d: ", folder, file, mistake->line);
    const char *line = error ? strstr(error->message, prefix) : NULL;
    if (!line || !strstr(line, mistake->told))
        fail_msg("\nfor     %s\ngot     %s\nwithout %s%s", mistake->content,
                 error ? error->message : "nothing", prefix, mistake->told);
    assert_true(error_is(error, ERROR_DEFINITION));
}

static void every_mistake_of_an_organisation_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes_of_organisations); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Organisation) organisation =
            load_organisation(mistakes_of_organisations[i].content, &error);
        assert_null(organisation);
        assert_told(&mistakes_of_organisations[i], "organisation.xml", error);
    }
}

static void all_mistakes_of_an_organisation_are_told_at_once(void **state)
{
    (void)state;
    static const Mistake told[] = {
        {"configuration", 3, "dn=\"x\" is not a DN"},
        {"types", 4, "the address type A is there twice"},
        {"name", 5, "two policies with the name p"},
        {"priority", 5, "the policies p and p have the same priority, 1"},
        {"filter", 6, "\"y\" is not a search filter"},
        {"primary", 6, "a second primary address of the type SMTP"},
        {"list", 7, "dn=\"z\" is not a DN"},
        {"list filter", 7, "\"(\" is not a search filter"},
    };
    g_autoptr(GError) error = NULL;
    assert_null(load_organisation("<configuration dn='x'/>\n"
                                  "<address-types><address-type type='A'/><address-type type='A'/>"
                                  "</address-types><policies><policy name='p' priority='1'>" ADDRESS
                                  "</policy>\n"
                                  "<policy name='p' priority='1'>\n"
                                  "<filter>y</filter>" ADDRESS ADDRESS "</policy></policies>\n"
                                  "<address-lists><address-list dn='z'><filter>(</filter></address-list>"
                                  "</address-lists>",
                                  &error));
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++)
        assert_told(&told[i], "organisation.xml", error);
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    assert_int_equal(g_strv_length(lines), G_N_ELEMENTS(told));
}

/* --- connector ---------------------------------------------------------------------------------- */

#define FOREIGN "<foreign driver='ldif'><file path='people.ldif'/></foreign>"
#define IMPORT FOREIGN "<import container='ou=Globex,dc=acme,dc=example' mapping='inetorgperson'/>\n"
#define EXPORT                                                                                               \
    "<export container='ou=x' mapping='inetorgperson'><source base='ou=people,dc=acme,dc=example'/>"         \
    "<to driver='ldif'><file path='out.ldif'/></to><stamp attribute='businessCategory'/></export>\n"

static void without_the_element_there_is_no_address_step(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = load_connector(IMPORT, NULL);
    assert_non_null(connector);
    assert_false(connector->pass[STEP_ADDRESSES].wanted);
}

static void an_empty_element_is_for_what_is_imported(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = load_connector(IMPORT "<addresses/>", &error);
    assert_null(error);
    const ConnectorAddresses *addresses = &connector->addresses;
    assert_true(connector->pass[STEP_ADDRESSES].wanted);
    assert_null(addresses->type);
    assert_null(addresses->site);
    assert_null(addresses->display_name);
    assert_null(addresses->server);
    assert_false(addresses->exported);
    assert_list(addresses->spaces, "");
    assert_list(addresses->natives, "");
}

static void everything_about_addresses_of_a_connector_is_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = load_connector(
        IMPORT EXPORT "<addresses type='NOTES' template=' NOTES:&amp;d/Acme@Exchange' display-name=' Notes '"
                      " server='mail.acme.example'><address-space> NOTES:*;1 </address-space>"
                      "<natives base='ou=a,dc=acme,dc=example'/><natives/>"
                      "<address-space>NOTES:*@Globex;100</address-space>"
                      "<natives base='ou=b,dc=acme,dc=example'/></addresses>",
        &error);
    assert_null(error);
    const ConnectorAddresses *addresses = &connector->addresses;
    g_autofree char *where = in_folder("globex.xml:4");
    assert_true(connector->pass[STEP_ADDRESSES].wanted);
    assert_string_equal(connector->pass[STEP_ADDRESSES].where, where);
    assert_string_equal(addresses->type, "NOTES");
    assert_string_equal(addresses->site, "NOTES:&d/Acme@Exchange");
    assert_string_equal(addresses->display_name, "Notes");
    assert_string_equal(addresses->server, "mail.acme.example");
    assert_list(addresses->spaces, "NOTES:*;1|NOTES:*@Globex;100");
    assert_list(addresses->natives, "ou=a,dc=acme,dc=example|ou=b,dc=acme,dc=example");
    assert_true(addresses->exported);
}

static void addresses_alone_are_a_connector(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector =
        load_connector("<addresses><natives base='dc=acme,dc=example'/></addresses>", &error);
    assert_null(error);
    assert_false(connector->pass[STEP_IMPORT].wanted || connector->pass[STEP_EXPORT].wanted);
    assert_true(connector->pass[STEP_ADDRESSES].wanted);
    assert_null(connector->foreign.driver);
    assert_ptr_equal(connector_endpoint(connector, STEP_ADDRESSES, TARGET), &connector->organisation->home);
}

static const Mistake mistakes_of_connectors[] = {
    {IMPORT "<addresses type='notes'/>", 3, "allowed: an address type of capital letters and digits"},
    {IMPORT "<addresses template='NOTES:&amp;d'/>", 3,
     "template=\"NOTES:&d\" without type; add type=\"NOTES\""},
    {IMPORT "<addresses type='GWISE' template='NOTES:&amp;d'/>", 3,
     "template=\"NOTES:&d\" is not of the type GWISE; let it begin with GWISE:"},
    {IMPORT "<addresses type='NOTE' template='NOTES:&amp;d'/>", 3, "is not of the type NOTE"},
    {IMPORT "<addresses type='NOTES' template='NOTE:&amp;d'/>", 3, "is not of the type NOTES"},
    {IMPORT "<addresses type='NOTES' template='notes:&amp;d'/>", 3, "its type in capitals"},
    {IMPORT "<addresses><address-space>NOTES:*</address-space></addresses>", 3, "such as NOTES:*;1"},
    {IMPORT "<addresses><address-space>NOTES:*;101</address-space></addresses>", 3, "such as NOTES:*;1"},
    {IMPORT "<addresses><address-space>*;1</address-space></addresses>", 3, "such as NOTES:*;1"},
    {IMPORT "<addresses><natives base='x'/></addresses>", 3, "base=\"x\" is not a DN"},
    {IMPORT "<addresses><natives/></addresses>", 3,
     "<natives> without base means those of the export, and there is no <export>; name a base"},
    {IMPORT "<addresses>\n<natives base='dc=other'/></addresses>", 4,
     "base=\"dc=other\" does not lie below the base of the home directory, dc=acme,dc=example"},
    {IMPORT "<addresses><natives base='ou=a,dc=acme,dc=example'/>\n"
            "<natives base='DC=Acme,dc=example'/></addresses>",
     4, "the natives of DC=Acme,dc=example overlap with those of ou=a,dc=acme,dc=example"},
    {IMPORT EXPORT "<addresses><natives base='ou=x,ou=People,dc=acme,dc=example'/><natives/></addresses>", 4,
     "the natives of ou=x,ou=People,dc=acme,dc=example overlap with those of the export"},
    {EXPORT "<addresses/>", 3,
     "nobody would get addresses: there is no <import>; say with <natives> who else does"},
};

static void every_mistake_of_a_connector_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes_of_connectors); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Connector) connector = load_connector(mistakes_of_connectors[i].content, &error);
        assert_null(connector);
        assert_told(&mistakes_of_connectors[i], "globex.xml", error);
    }
}

static void natives_of_the_export_may_be_named_beside_others(void **state)
{
    (void)state;
    g_autoptr(Connector) connector =
        load_connector(EXPORT "<addresses><natives base='ou=people,dc=acme,dc=example'/></addresses>", NULL);
    assert_non_null(connector);
    assert_false(connector->addresses.exported);
}

/* --- the manual --------------------------------------------------------------------------------- */

/* What stands behind @from, up to and with @to. */
static char *manual_example(const char *from, const char *to)
{
    g_autofree char *page = manual_page("dirsync-definitions.5");
    const char *begin = strstr(page, from);
    const char *end = begin ? strstr(begin, to) : NULL;
    assert_non_null(end);
    return g_strndup(begin + strlen(from), (gsize)(end - begin) + strlen(to) - strlen(from));
}

static void the_examples_of_the_manual_are_valid(void **state)
{
    (void)state;
    g_autofree char *organisation_text =
        manual_example("<!-- an organisation that says who gets which addresses -->\n", "</organisation>");
    g_autofree char *path = write_file("manual.xml", organisation_text);
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation = organisation_load(path, &error);
    g_unlink(path);
    assert_null(error);
    assert_int_equal(organisation->addresses.n_policies, 2);
    assert_int_equal(organisation->addresses.n_lists, 2);
    g_autofree char *addresses = manual_example("<!-- and what a connector adds to it -->\n", "</addresses>");
    g_autofree char *content = g_strconcat(IMPORT, addresses, NULL);
    g_autoptr(Connector) connector = load_connector(content, &error);
    assert_null(error);
    assert_string_equal(connector->addresses.type, "NOTES");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_about_addresses_there_are_none),
        cmocka_unit_test(where_things_stand_is_read),
        cmocka_unit_test(address_types_are_read),
        cmocka_unit_test(policies_are_read_in_the_order_of_the_file),
        cmocka_unit_test(address_lists_are_read),
        cmocka_unit_test(policies_and_lists_can_come_from_the_directory),
        cmocka_unit_test(every_mistake_of_an_organisation_is_told),
        cmocka_unit_test(all_mistakes_of_an_organisation_are_told_at_once),
        cmocka_unit_test(without_the_element_there_is_no_address_step),
        cmocka_unit_test(an_empty_element_is_for_what_is_imported),
        cmocka_unit_test(everything_about_addresses_of_a_connector_is_read),
        cmocka_unit_test(addresses_alone_are_a_connector),
        cmocka_unit_test(every_mistake_of_a_connector_is_told),
        cmocka_unit_test(natives_of_the_export_may_be_named_beside_others),
        cmocka_unit_test(the_examples_of_the_manual_are_valid),
    };
    return cmocka_run_group_tests_name("definitions of addresses", tests, make_folder, remove_folder);
}

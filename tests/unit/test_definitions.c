/*
 * test_definitions.c - organisation and connector: defaults, every mistake, templates
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/connector.h"
#include "dirsync/csv.h"
#include "dirsync/xml.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("dirsync-definitions-XXXXXX", NULL);
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

#define HOME_BASE "<home driver='ldap' uri='ldapi://%2Fx' base='dc=acme,dc=example'/>\n"
#define DOMAINS "<domain>acme.example</domain>\n"

/* --- organisation ------------------------------------------------------------------------------- */

static Organisation *load_organisation(const char *content, GError **error)
{
    g_autofree char *text = g_strdup_printf(
        "<organisation xmlns='urn:x-dirsync:organisation:1' name='acme'>\n%s</organisation>", content);
    g_autofree char *path = write_file("organisation.xml", text);
    Organisation *organisation = organisation_load(path, error);
    g_unlink(path);
    return organisation;
}

static void assert_organisation_refused(const char *content, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation = load_organisation(content, &error);
    if (organisation || !strstr(error->message, reason))
        fail_msg("\nfor     %s\ngot     %s\nwithout %s", content, error ? error->message : "nothing", reason);
    g_autofree char *prefix = g_strconcat(folder, "/organisation.xml:", NULL);
    assert_true(g_str_has_prefix(error->message, prefix));
    assert_true(error_is(error, ERROR_DEFINITION));
}

static void what_is_left_out_has_a_default(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation = load_organisation(HOME_BASE DOMAINS, &error);
    assert_null(error);
    const Endpoint *home = &organisation->home;
    g_autofree char *where = g_strconcat(folder, "/organisation.xml:2", NULL);
    assert_string_equal(organisation->name, "acme");
    assert_int_equal(strlen(organisation->digest), 64);
    assert_string_equal(home->driver, "ldap");
    assert_string_equal(home->where, where);
    assert_string_equal(home->uris[0], "ldapi://%2Fx");
    assert_null(home->uris[1]);
    assert_int_equal(home->bind, BIND_ANONYMOUS);
    assert_int_equal(home->password.kind, SECRET_NONE);
    assert_int_equal(home->tls, TLS_NONE);
    assert_false(home->cleartext_allowed);
    assert_int_equal(home->timeout, 30);
    assert_int_equal(home->page_size, 0);
    assert_int_equal(home->window, 64);
    assert_false(home->bulk);
    assert_int_equal(organisation->stamp.form, STAMP_CLASS);
    assert_null(organisation->stamp.name);
    assert_null(organisation->state_folder);
}

static void everything_of_an_organisation_is_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Organisation) organisation =
        load_organisation("<state folder='state'/><stamp form='proxy' name='DIRSYNC'/><domain> Acme.Example "
                          "</domain><domain>b.c</domain>"
                          "<home driver='ldap' uri=' ldap://a:390 ldap://[::1]:389/ ' base='dc=x' "
                          "timeout='5' page-size='500' window='8' "
                          "transactions='bulk' cleartext='allow'><tls start='yes' ca='ca.pem' "
                          "certificate='/c.pem' key='k.pem'/>"
                          "<bind method='simple' dn='cn=x'><password file='p'/></bind></home>",
                          &error);
    assert_null(error);
    const Endpoint *home = &organisation->home;
    g_autofree char *ca = g_strconcat(folder, "/ca.pem", NULL), *key = g_strconcat(folder, "/k.pem", NULL);
    g_autofree char *password = g_strconcat(folder, "/p", NULL), *kept = g_strconcat(folder, "/state", NULL);
    assert_string_equal(home->uris[0], "ldap://a:390");
    assert_string_equal(home->uris[1], "ldap://[::1]:389/");
    assert_null(home->uris[2]);
    assert_int_equal(home->bind, BIND_SIMPLE);
    assert_string_equal(home->bind_dn, "cn=x");
    assert_int_equal(home->password.kind, SECRET_FILE);
    assert_string_equal(home->password.source, password);
    assert_int_equal(home->tls, TLS_START);
    assert_string_equal(home->tls_ca, ca);
    assert_string_equal(home->tls_certificate, "/c.pem");
    assert_string_equal(home->tls_key, key);
    assert_true(home->cleartext_allowed);
    assert_true(home->bulk);
    assert_int_equal(home->timeout + home->page_size + home->window, 5 + 500 + 8);
    assert_int_equal(organisation->stamp.form, STAMP_PROXY);
    assert_string_equal(organisation->stamp.name, "DIRSYNC");
    assert_string_equal(organisation->domains[0], "acme.example");
    assert_string_equal(organisation->domains[1], "b.c");
    assert_null(organisation->domains[2]);
    assert_string_equal(organisation->state_folder, kept);
}

static void ldaps_and_passwords_from_elsewhere(void **state)
{
    (void)state;
    g_autoptr(Organisation) one = load_organisation("<home driver='ldap' uri='ldaps://a' base='dc=x'><bind "
                                                    "method='simple' dn='cn=x'><password environment='P'/>"
                                                    "</bind></home>" DOMAINS,
                                                    NULL);
    assert_int_equal(one->home.tls, TLS_LDAPS);
    assert_int_equal(one->home.password.kind, SECRET_ENVIRONMENT);
    g_autoptr(Organisation) two = load_organisation(
        "<home driver='ldap' uri='ldap://localhost' base='dc=x'><bind method='simple' dn='cn=x'><password "
        "command='pass show x'/></bind></home>" DOMAINS,
        NULL);
    assert_int_equal(two->home.password.kind, SECRET_COMMAND);
    assert_string_equal(two->home.password.source, "pass show x");
    g_autoptr(Organisation) three = load_organisation(
        "<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='gssapi' authzid='u:x'/></home>" DOMAINS,
        NULL);
    assert_int_equal(three->home.bind, BIND_GSSAPI);
    assert_string_equal(three->home.bind_dn, "u:x");
}

#define SIMPLE "<bind method='simple' dn='cn=x'><password file='p'/></bind></home>" DOMAINS

static void mistakes_of_an_organisation_are_found(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"<home driver='ldap' uri='ldapi://x' base='acme'/>" DOMAINS, ":2: base=\"acme\" is not a DN: "},
        {"<home driver='ldap' uri='ldapi://x' base=' '/>" DOMAINS, ":2: base"},
        {"<home driver='ldap' uri='ldap://a/dc=x' base='dc=x'/>" DOMAINS, "put the DN into base"},
        {"<home driver='ldap' uri='ldap://a:0' base='dc=x'/>" DOMAINS, "ldap://a:0: is not a server"},
        {"<home driver='ldap' uri='ldap://a:65536' base='dc=x'/>" DOMAINS, "is not a server"},
        {"<home driver='ldap' uri='ldap://[::1' base='dc=x'/>" DOMAINS, "is not a server"},
        {"<home driver='ldap' uri='ldapi:///run/x' base='dc=x'/>" DOMAINS, "every '/' written as %2F"},
        {"<home driver='ldap' uri='ldapi://%2' base='dc=x'/>" DOMAINS, "every '/' written as %2F"},
        {"<home driver='ldap' uri='ldaps://a ldap://b' base='dc=x'/>" DOMAINS,
         "ldap://b: beside an ldaps://"},
        {"<home driver='ldap' uri='ldaps://a' base='dc=x'><tls start='yes'/></home>" DOMAINS,
         "is TLS already"},
        {"<home driver='ldap' uri='ldaps://a' base='dc=x'><tls key='x'/></home>" DOMAINS, "belong together"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'>" SIMPLE, "clear text"},
        {"<home driver='ldap' uri='ldap://127.evil.example' base='dc=x'>" SIMPLE, "clear text"},
        {"<home driver='ldap' uri='ldap://localhost ldap://a' base='dc=x'>" SIMPLE, "ldap://a: the password"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='simple' dn='x'><password "
         "file='p'/></bind>"
         "</home>" DOMAINS,
         "dn=\"x\" is not a DN"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='simple' dn='cn=x'/></home>" DOMAINS,
         "<bind> lacks <password>"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='simple'><password "
         "file='p'/></bind></home>" DOMAINS,
         "<bind> lacks the attribute dn"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='simple' "
         "dn='cn=x'><password>geheim</password>"
         "</bind></home>" DOMAINS,
         "which has no place there"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='simple' "
         "dn='cn=x'><password/></bind></home>" DOMAINS,
         "<password> lacks one of the attributes file, environment, command"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='simple' dn='cn=x'><password file='a' "
         "environment='B'/></bind></home>" DOMAINS,
         "<password> has several of the attributes file, environment, command"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind/></home>" DOMAINS,
         "<bind> lacks the attribute method; allowed: anonymous, simple, external, gssapi"},
        {"<home/>" DOMAINS, "<home> lacks the attribute driver; allowed: ldap, memory, failing"},
        {"<home driver='x'/>" DOMAINS,
         "<home driver=\"x\"> is not a possible value; allowed: ldap, memory, failing"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='external' dn='cn=x'/></home>" DOMAINS,
         "<bind> has no attribute dn; allowed: method, authzid"},
        {"<home driver='ldap' uri='ldap://a' base='dc=x'><bind method='simple' dn='cn=x'><password "
         "command='&quot;'/>"
         "</bind></home>" DOMAINS,
         "command: "},
        {"<home driver='ldif'><file path='x'/></home>" DOMAINS,
         "<home driver=\"ldif\"> is not a possible value; allowed: "
         "ldap"},
        {HOME_BASE DOMAINS "<domain>ACME.example</domain>", "the domain acme.example is listed twice"},
        {HOME_BASE "<domain>jane@acme.example</domain>", "allowed: a domain such as acme.example"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_organisation_refused(cases[i][0], cases[i][1]);
}

static void addresses_in_our_domains_are_ours(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool ours;
    } cases[] = {
        {"jane@acme.example", true},
        {"SMTP:Jane@ACME.Example", true},
        {"smtp:jane@acme.example.", true},
        {"jane@b.c", true},
        {"\"a@x\"@acme.example", true},
        {"\"a:b\"@acme.example", false},
        {"jane@sub.acme.example", false},
        {"jane@acme.example.org", false},
        {"jane@xacme.example", false},
        {"NOTES:jane@acme.example", false},
        {"acme.example", false},
        {"", false},
        {"@", false},
    };
    g_autoptr(Organisation) organisation = load_organisation(HOME_BASE DOMAINS "<domain>b.c</domain>", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        if (organisation_is_ours(organisation, cases[i].address) != cases[i].ours)
            fail_msg("%s", cases[i].address);
}

/* --- limits ------------------------------------------------------------------------------------- */

static void limits_are_numbers_percentages_or_both(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good, unlimited;
        unsigned long number;
        double percent;
    } cases[] = {
        {"10", true, false, 10, 0},    {"0", true, false, 0, 0},      {"5%", true, false, 0, 5},
        {"5%|10", true, false, 10, 5}, {"2.5%", true, false, 0, 2.5}, {"100%", true, false, 0, 100},
        {"none", true, true, 0, 0},    {"", false, false, 0, 0},      {"-1", false, false, 0, 0},
        {"+1", false, false, 0, 0},    {" 1", false, false, 0, 0},    {"101%", false, false, 0, 0},
        {"5%|", false, false, 0, 0},   {"5%10", false, false, 0, 0},  {"%", false, false, 0, 0},
        {"5%|x", false, false, 0, 0},  {"nan%", false, false, 0, 0},  {"1e2%", false, false, 0, 0},
        {"0x10", false, false, 0, 0},  {"NONE", false, false, 0, 0},  {"99999999999", false, false, 0, 0},
        {"5.%", false, false, 0, 0},   {".5%", false, false, 0, 0},   {"10|5%", false, false, 0, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Limit limit = {0};
        if (limit_parse(cases[i].text, &limit) != cases[i].good)
            fail_msg("\"%s\"", cases[i].text);
        assert_int_equal(limit.unlimited, cases[i].unlimited);
        assert_int_equal(limit.number, cases[i].number);
        assert_true(limit.percent == cases[i].percent);
    }
}

static void every_kind_of_limit_has_a_default(void **state)
{
    (void)state;
    static const double percents[LIMIT_KINDS] = {5, 5, 5, 5, 20, 5, 10, 5, 0, 20};
    for (int kind = 0; kind < LIMIT_KINDS; kind++) {
        assert_true(limit_defaults[kind].percent == percents[kind]);
        assert_int_equal(limit_defaults[kind].unlimited, kind == LIMIT_CREATE);
        assert_int_equal(limit_defaults[kind].number, kind == LIMIT_CREATE ? 0 : 10);
        assert_non_null(limit_names[kind]);
    }
}

/* --- connector ---------------------------------------------------------------------------------- */

#define UUID "6F2B1A7E-1c9d-4c52-8a57-0d3f6b2c9e11"
#define FOREIGN "<foreign driver='ldif'><file path='people.ldif'/></foreign>\n"
#define IMPORT "<import container='ou=Globex,dc=acme,dc=example' mapping='inetorgperson'/>\n"

static Connector *load_connector(const char *content, GError **error)
{
    g_autofree char *organisation =
        write_file("organisation.xml",
                   "<organisation xmlns='urn:x-dirsync:organisation:1' name='acme'>" HOME_BASE DOMAINS
                   "</organisation>");
    g_autofree char *text =
        g_strdup_printf("<connector xmlns='urn:x-dirsync:connector:1' name='globex' uuid='" UUID
                        "' organisation='organisation.xml'>\n%s</connector>",
                        content);
    g_autofree char *path = write_file("globex.xml", text);
    Connector *connector = connector_load(path, error);
    g_unlink(path);
    g_unlink(organisation);
    return connector;
}

static void a_small_connector_has_defaults(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = load_connector(FOREIGN IMPORT, &error);
    assert_null(error);
    const PassSettings *import = &connector->pass[STEP_IMPORT];
    g_autofree char *people = g_strconcat(folder, "/people.ldif", NULL);
    assert_string_equal(connector->uuid, "6f2b1a7e-1c9d-4c52-8a57-0d3f6b2c9e11");
    assert_string_equal(connector->organisation->name, "acme");
    assert_string_equal(connector->foreign.driver, "ldif");
    assert_string_equal(connector->foreign.path, people);
    assert_int_equal(connector->foreign.minimum_percent, 95);
    assert_int_equal(connector->foreign.max_age, 0);
    assert_null(connector->foreign.checksum);
    assert_false(import->create_container);
    assert_string_equal(import->mapping, "inetorgperson");
    assert_int_equal(import->n_sources, 1);
    assert_null(import->sources[0].filter);
    assert_null(import->anchor);
    assert_int_equal(import->sources[0].scope, 2);
    assert_int_equal(import->grace_days, 30);
    assert_int_equal(import->grace_action, HIDE_IN_GRACE);
    assert_false(import->adopt);
    assert_false(import->out_of_scope_is_missing);
    assert_int_equal(import->n_joins, 0);
    assert_int_equal(connector->n_sinks, 0);
    assert_memory_equal(connector->limits, limit_defaults, sizeof limit_defaults);
}

static void everything_of_a_connector_is_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = load_connector(
        "<events level='info' to='log/e.jsonl'><category name='source' level='debug'/></events>"
        "<events level='error' to='syslog'/><limits delete='none' change='3%|7'/>"
        "<import container='ou=G,DC=Acme,dc=example' create-container='yes' mapping='my.xml'>"
        "<adopt/><join source='a' home='b'/><join source='c;lang-en' home='1.2.3'/><grace days='0' "
        "action='keep'/>"
        "<anchor attribute='key'/><out-of-scope action='missing'/>"
        "<source scope='one' base='ou=p'><filter> (a=b) </filter></source></import>"
        "<foreign driver='ldif'><file path='/p.ldif' count-trailer='count' checksum='p.sum' max-age='2d' "
        "minimum='100%'/>"
        "</foreign>",
        &error);
    assert_null(error);
    const PassSettings *import = &connector->pass[STEP_IMPORT];
    g_autofree char *mapping = g_strconcat(folder, "/my.xml", NULL),
                    *log = g_strconcat(folder, "/log/e.jsonl", NULL);
    g_autofree char *checksum = g_strconcat(folder, "/p.sum", NULL);
    assert_string_equal(connector->foreign.path, "/p.ldif");
    assert_string_equal(connector->foreign.count_trailer, "count");
    assert_string_equal(connector->foreign.checksum, checksum);
    assert_int_equal(connector->foreign.max_age, 2 * 86400);
    assert_int_equal(connector->foreign.minimum_percent, 100);
    assert_true(import->create_container && import->adopt && import->out_of_scope_is_missing);
    assert_string_equal(import->mapping, mapping);
    assert_string_equal(import->sources[0].base, "ou=p");
    assert_string_equal(import->sources[0].filter, "(a=b)");
    assert_int_equal(import->sources[0].scope, 1);
    assert_string_equal(import->anchor, "key");
    assert_int_equal(import->grace_days, 0);
    assert_int_equal(import->grace_action, KEEP_IN_GRACE);
    assert_int_equal(import->n_joins, 2);
    assert_string_equal(import->joins[1].source, "c;lang-en");
    assert_string_equal(import->joins[1].target, "1.2.3");
    assert_true(connector->limits[LIMIT_DELETE].unlimited);
    assert_int_equal(connector->limits[LIMIT_MODIFY].number, 7);
    assert_int_equal(connector->limits[LIMIT_DISABLE].number, 10);
    assert_int_equal(connector->n_sinks, 2);
    assert_int_equal(connector->sinks[0].kind, SINK_FILE);
    assert_string_equal(connector->sinks[0].path, log);
    assert_int_equal(connector->sinks[0].level, LEVEL_INFO);
    assert_int_equal(connector->sinks[0].category_level[CATEGORY_SOURCE], LEVEL_DEBUG);
    assert_int_equal(connector->sinks[0].category_level[CATEGORY_RUN], -1);
    assert_int_equal(connector->sinks[1].kind, SINK_SYSLOG);
}

#define CSV "<foreign driver='csv'><file path='people.csv' "

static void how_a_csv_file_is_written_is_read(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) small = load_connector(CSV "/></foreign>" IMPORT, &error);
    assert_null(error);
    assert_int_equal(small->foreign.delimiter, ',');
    assert_int_equal(small->foreign.separator, '\0');
    assert_null(small->foreign.encoding);
    assert_true(small->foreign.header);
    assert_null(small->foreign.columns);
    assert_int_equal(small->foreign.minimum_percent, 95);
    g_autoptr(Connector) full =
        load_connector(CSV "delimiter='tab' separator='|' encoding='windows-1252' header='no' "
                           "columns=' id  mail\n - sn ' count-trailer='count'/></foreign>" IMPORT,
                       &error);
    assert_null(error);
    assert_int_equal(full->foreign.delimiter, '\t');
    assert_int_equal(full->foreign.separator, '|');
    assert_string_equal(full->foreign.encoding, "windows-1252");
    assert_false(full->foreign.header);
    assert_string_equal(full->foreign.count_trailer, "count");
    g_autofree char *columns = g_strjoinv(",", full->foreign.columns);
    assert_string_equal(columns, "id,mail,-,sn");
}

static void every_character_that_may_delimit_can_be_named(void **state)
{
    (void)state;
    for (int c = 1; c < 127; c++) {
        g_autofree char *text = g_strdup_printf(CSV "delimiter='&#%d;'/></foreign>" IMPORT, c);
        g_autoptr(Connector) connector = load_connector(text, NULL);
        bool wanted = (c >= ' ' || c == '\t') && csv_is_delimiter((char)c);
        if ((connector != NULL) != wanted || (connector && connector->foreign.delimiter != c))
            fail_msg("delimiter %d", c);
    }
}

static void every_level_and_category_can_be_named(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new(FOREIGN IMPORT);
    for (int i = 0; i < CATEGORIES; i++)
        g_string_append_printf(
            text, "<events level='%s' to='stderr'><category name='%s' level='error'/></events>",
            event_level_name((EventLevel)(i % LEVELS)), event_category_name((EventCategory)i));
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = load_connector(text->str, &error);
    assert_null(error);
    for (int i = 0; i < CATEGORIES; i++) {
        assert_int_equal(connector->sinks[i].level, i % LEVELS);
        assert_int_equal(connector->sinks[i].category_level[i], LEVEL_ERROR);
    }
}

static void stores_of_the_test_drivers_are_names_not_files(void **state)
{
    (void)state;
    g_autoptr(Connector) connector =
        load_connector("<foreign driver='failing'><file path='refuse@1|store'/></foreign>" IMPORT, NULL);
    assert_string_equal(connector->foreign.path, "refuse@1|store");
}

static void durations_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned seconds;
    } cases[] = {{"45s", 45}, {"30m", 1800}, {"12h", 43200}, {"2d", 172800}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            "<foreign driver='ldif'><file path='x' max-age='%s'/></foreign>" IMPORT, cases[i].text);
        g_autoptr(Connector) connector = load_connector(text, NULL);
        assert_int_equal(connector->foreign.max_age, cases[i].seconds);
    }
}

static void mistakes_of_a_connector_are_found(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {IMPORT, ":1: <foreign> is missing: the directory of the other system"},
        {FOREIGN "<import container='Globex' mapping='x'/>", ":3: container=\"Globex\" is not a DN"},
        {FOREIGN "<import container='ou=x,dc=other' mapping='x'/>", "does not lie below the base"},
        {FOREIGN
         "<import container='ou=x,dc=acme,dc=example' mapping='x'>\n<source>\n<filter>(a=b</filter></source>"
         "</import>",
         ":5: \"(a=b\" is not a search filter"},
        {FOREIGN "<import container='ou=x,dc=acme,dc=example' mapping='x'><source base='x'/></import>",
         "base=\"x\" is not a DN"},
        {FOREIGN "<import container='ou=x,dc=acme,dc=example' mapping='x'><grace days='-1'/></import>",
         "allowed: days, 0 (delete at once) to 3650"},
        {FOREIGN "<import container='ou=x,dc=acme,dc=example' mapping='x'><anchor attribute='a b'/></import>",
         "allowed: an attribute name or OID"},
        {FOREIGN IMPORT "<limits delete='5 %'/>", "allowed: a number (10), a percentage (5%)"},
        {FOREIGN IMPORT "<limits modify='5%'/>",
         "<limits> has no attribute modify; allowed: delete, disable"},
        {FOREIGN IMPORT "<events level='loud' to='stderr'/>", "allowed: error, warning, notice, info, debug"},
        {FOREIGN IMPORT "<events level='info' to='stderr'><category name='x' level='info'/></events>",
         "allowed: run, definition"},
        {"<foreign driver='xls'><file path='x'/></foreign>" IMPORT,
         "<foreign driver=\"xls\"> is not a possible value; allowed: "},
        {CSV "delimiter='ab'/></foreign>" IMPORT, "allowed: tab, or one ASCII character"},
        {CSV "delimiter='&#233;'/></foreign>" IMPORT, "allowed: tab, or one ASCII character"},
        {CSV "delimiter='&quot;'/></foreign>" IMPORT, "allowed: tab, or one ASCII character"},
        {CSV "separator='x'/></foreign>" IMPORT, "allowed: tab, or one ASCII character"},
        {CSV "separator=','/></foreign>" IMPORT, ":2: separator and delimiter are the same"},
        {CSV "encoding='latin1'/></foreign>" IMPORT,
         "allowed: utf-8, iso-8859-1, windows-1252, utf-16le, utf-16be"},
        {CSV "header='no'/></foreign>" IMPORT, ":2: without a header the columns must be named"},
        {CSV "columns='id given_name'/></foreign>" IMPORT, "allowed: names of columns, separated by blanks"},
        {CSV "columns=' '/></foreign>" IMPORT, "allowed: names of columns, separated by blanks"},
        {"<foreign driver='ldif'><file path='x' delimiter=';'/></foreign>" IMPORT,
         "<file> has no attribute delimiter"},
        {"<foreign driver='ldif'><file path='x' minimum='101%'/></foreign>" IMPORT, "allowed: 1% to 100%"},
        {"<foreign driver='ldif'><file path='x' minimum='0%'/></foreign>" IMPORT, "allowed: 1% to 100%"},
        {"<foreign driver='ldif'><file path='x' max-age='2w'/></foreign>" IMPORT,
         "allowed: a number and s, m, h or d"},
        {"<foreign driver='ldif'><file path='x' max-age='9999999d'/></foreign>" IMPORT, "is too long"},
        {"<foreign driver='memory'><file path='x' max-age='2d'/></foreign>" IMPORT,
         "<file> has no attribute max-age"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Connector) connector = load_connector(cases[i][0], &error);
        if (connector || !strstr(error->message, cases[i][1]))
            fail_msg("\nfor     %s\ngot     %s\nwithout %s", cases[i][0], error ? error->message : "nothing",
                     cases[i][1]);
    }
}

static void a_uuid_has_its_form(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "x",      "6f2b1a7e1c9d4c528a570d3f6b2c9e11",
                                      "{" UUID "}", UUID "0", "6g2b1a7e-1c9d-4c52-8a57-0d3f6b2c9e11"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text =
            g_strdup_printf("<connector xmlns='urn:x-dirsync:connector:1' name='g' uuid='%s' "
                            "organisation='o.xml'>" FOREIGN IMPORT "</connector>",
                            bad[i]);
        g_autofree char *path = write_file("globex.xml", text);
        g_autoptr(GError) error = NULL;
        assert_null(connector_load(path, &error));
        assert_non_null(strstr(error->message, "allowed: a UUID as uuidgen prints it"));
        g_unlink(path);
    }
}

static void problems_of_both_files_are_told_at_once(void **state)
{
    (void)state;
    g_autofree char *organisation = write_file("organisation.xml", "<x/>");
    g_autofree char *path =
        write_file("globex.xml", "<connector xmlns='urn:x-dirsync:connector:1' name='g' uuid='" UUID
                                 "' organisation='organisation.xml'>" FOREIGN
                                 "<import container='x' mapping='m'/></connector>");
    g_autoptr(GError) error = NULL;
    assert_null(connector_load(path, &error));
    assert_non_null(strstr(error->message, "globex.xml:2: container=\"x\" is not a DN"));
    assert_non_null(strstr(error->message, "\n"));
    assert_non_null(strstr(error->message, "organisation.xml:1: the file begins with <x"));
    g_unlink(path);
    g_unlink(organisation);
}

static void a_connector_is_found_by_name(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_setenv("DIRSYNC_CONFIG", folder, TRUE);
    assert_null(connector_load("globex", &error));
    g_autofree char *path = g_strconcat(folder, "/globex.xml: ", NULL);
    assert_true(g_str_has_prefix(error->message, path));
    g_unsetenv("DIRSYNC_CONFIG");
    g_autofree char *usual = connector_folder();
    assert_string_equal(usual, "/etc/dirsync");
}

/* --- templates ---------------------------------------------------------------------------------- */

static char *fill_template(const char *name)
{
    static const char *const values[][2] = {
        {"@NAME@", "globex"}, {"@UUID@", UUID}, {"@ORGANISATION@", "organisation.xml"}};
    g_autofree char *file = g_build_filename("templates", name, NULL),
                    *path = xml_data_path("mappings", file);
    g_autofree char *content = NULL;
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_autoptr(GString) text = g_string_new(content);
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        g_string_replace(text, values[i][0], values[i][1], 0);
    assert_false(g_regex_match_simple("@[A-Z]+@", text->str, (GRegexCompileFlags)0, (GRegexMatchFlags)0));
    return g_strdup(text->str);
}

static Connector *load_template(const char *text)
{
    g_autofree char *path = write_file("globex.xml", text);
    g_autoptr(GError) error = NULL;
    Connector *connector = connector_load(path, &error);
    if (!connector)
        fail_msg("%s", error->message);
    g_unlink(path);
    return connector;
}

/* The comment ends before the element, and its end behind it is gone, as somebody who fills it in would do.
 */
static void uncomment(GString *text, const char *begin, const char *end)
{
    const char *from = strstr(text->str, begin);
    assert_non_null(from);
    gssize at_begin = from - text->str;
    g_string_insert(text, at_begin, "-->");
    const char *to = strstr(text->str + at_begin, end);
    assert_non_null(to);
    gssize at = to - text->str + (gssize)strlen(end);
    assert_memory_equal(text->str + at, " -->", 4);
    g_string_erase(text, at, 4);
}

static const char *const templates[] = {"connector-csv.xml", "connector-ldif.xml", "connector-ldap.xml"};

static void templates_are_valid_once_filled(void **state)
{
    (void)state;
    g_autofree char *organisation_text = fill_template("organisation.xml");
    g_autofree char *organisation = write_file("organisation.xml", organisation_text);
    for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
        g_autofree char *text = fill_template(templates[i]);
        g_autoptr(Connector) connector = load_template(text);
        assert_string_equal(connector->name, "globex");
        assert_true(connector->pass[STEP_IMPORT].wanted);
        assert_false(connector->pass[STEP_ADDRESSES].wanted);
        assert_false(connector->pass[STEP_EXPORT].wanted);
    }
    g_unlink(organisation);
}

static void exports_of_templates_are_valid_once_uncommented(void **state)
{
    (void)state;
    g_autofree char *organisation_text = fill_template("organisation.xml");
    g_autofree char *organisation = write_file("organisation.xml", organisation_text);
    for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
        g_autofree char *commented = fill_template(templates[i]);
        g_autoptr(GString) text = g_string_new(commented);
        uncomment(text, "<export ", "</export>");
        uncomment(text, "<metrics ", "/>");
        g_autoptr(Connector) connector = load_template(text->str);
        assert_true(connector->pass[STEP_EXPORT].wanted);
        assert_int_equal(connector->pass[STEP_EXPORT].n_sources, 2);
        assert_true(connector->has_foreign_stamp);
        assert_non_null(connector->metrics);
    }
    g_unlink(organisation);
}

static void addresses_of_templates_are_valid_once_uncommented(void **state)
{
    (void)state;
    g_autofree char *commented = fill_template("organisation.xml");
    g_autoptr(GString) organisation_text = g_string_new(commented);
    uncomment(organisation_text, "<policies>", "</policies>");
    uncomment(organisation_text, "<address-lists for=", "</address-lists>");
    uncomment(organisation_text, "<address-types>", "</address-types>");
    uncomment(organisation_text, "<configuration ", "/>");
    uncomment(organisation_text, "<names ", "/>");
    g_autofree char *organisation = write_file("organisation.xml", organisation_text->str);
    for (size_t i = 0; i < G_N_ELEMENTS(templates); i++) {
        g_autofree char *connector_text = fill_template(templates[i]);
        g_autoptr(GString) text = g_string_new(connector_text);
        uncomment(text, "<addresses", "</addresses>");
        g_autoptr(Connector) connector = load_template(text->str);
        assert_true(connector->pass[STEP_ADDRESSES].wanted);
        assert_string_equal(connector->addresses.natives[0], "ou=people,dc=example,dc=com");
        assert_int_equal(connector->organisation->addresses.n_policies, 2);
        assert_int_equal(connector->organisation->addresses.n_lists, 1);
        assert_int_equal(connector->organisation->addresses.n_types, 1);
        assert_non_null(connector->organisation->addresses.container);
        assert_string_equal(connector->organisation->addresses.language, "de");
    }
    g_unlink(organisation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_has_a_default),
        cmocka_unit_test(everything_of_an_organisation_is_read),
        cmocka_unit_test(ldaps_and_passwords_from_elsewhere),
        cmocka_unit_test(mistakes_of_an_organisation_are_found),
        cmocka_unit_test(addresses_in_our_domains_are_ours),
        cmocka_unit_test(limits_are_numbers_percentages_or_both),
        cmocka_unit_test(every_kind_of_limit_has_a_default),
        cmocka_unit_test(a_small_connector_has_defaults),
        cmocka_unit_test(everything_of_a_connector_is_read),
        cmocka_unit_test(how_a_csv_file_is_written_is_read),
        cmocka_unit_test(every_character_that_may_delimit_can_be_named),
        cmocka_unit_test(every_level_and_category_can_be_named),
        cmocka_unit_test(stores_of_the_test_drivers_are_names_not_files),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(mistakes_of_a_connector_are_found),
        cmocka_unit_test(a_uuid_has_its_form),
        cmocka_unit_test(problems_of_both_files_are_told_at_once),
        cmocka_unit_test(a_connector_is_found_by_name),
        cmocka_unit_test(templates_are_valid_once_filled),
        cmocka_unit_test(exports_of_templates_are_valid_once_uncommented),
        cmocka_unit_test(addresses_of_templates_are_valid_once_uncommented),
    };
    return cmocka_run_group_tests_name("definitions", tests, make_folder, remove_folder);
}

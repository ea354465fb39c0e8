/*
 * test_addresses_slapd.c - addresses, address types and policies on a real server
 *
 * slapd with our schema and the serialized overlay unique: what it refuses, two
 * processes at once, what the registrar writes, policies that are objects.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include <string.h>
#include <sys/wait.h>

#define ACME "ou=acme," HOME_BASE
#define CONFIGURATION "cn=acme,cn=dirsync," ACME
#define TYPES "CN=Address-Types,CN=Addressing," CONFIGURATION
#define UNIT(dn, name) "dn: " dn "\nobjectClass: organizationalUnit\nou: " name "\n\n"
#define PERSON(cn, parent, display, more)                                                                    \
    "dn: cn=" cn "," parent "\nobjectClass: inetOrgPerson\ncn: " cn "\nsn: Smith\ngivenName: John\n"         \
    "displayName: " display "\nmail: " cn "@acme.example\n" more "\n"
#define NOTES_POLICY                                                                                         \
    "<policies><policy name=\"All\" priority=\"1\"><address "                                                \
    "template=\"NOTES:&amp;d/Acme@Ex\"/></policy></policies>"
#define NATIVES "<natives base=\"ou=people," ACME "\"/>"

static Lab *home;
static char *folder;

static int set_up(void **state)
{
    (void)state;
    program_needed();
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync --unique --port auto --user-writes");
    folder = g_dir_make_tmp("dirsync-addresses-XXXXXX", NULL);
    lab_ldif_load(home,
                  UNIT(ACME, "acme") UNIT("ou=people," ACME, "people") UNIT("ou=other," HOME_BASE, "other"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_slapd_stop(home);
    if (folder)
        remove_folder(folder);
    g_clear_pointer(&folder, g_free);
    home = NULL;
    return 0;
}

/* @name: of the connector and of its state folder. */
static char *define(const char *name, const char *uuid, const char *about, const char *addresses)
{
    g_autofree char *path = g_strdup_printf("%s/%s.organisation.xml", folder, name);
    g_autofree char *server = world_server("home", home->uri, ACME);
    g_autofree char *organisation =
        g_strdup_printf("<organisation xmlns=\"urn:x-dirsync:organisation:1\" name=\"acme\">%s"
                        "<domain>acme.example</domain><state folder=\"state-%s\"/>"
                        "<configuration dn=\"" CONFIGURATION "\"/>%s</organisation>",
                        server, name, about);
    g_autofree char *connector =
        g_strdup_printf("<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"%s\" uuid=\"%s\" "
                        "organisation=\"%s.organisation.xml\">%s</connector>",
                        name, uuid, name, addresses);
    char *file = g_strdup_printf("%s/%s.xml", folder, name);
    write_text(path, organisation);
    write_text(file, connector);
    return file;
}

static char *define_one(const char *about, const char *addresses)
{
    return define("globex", WORLD_UUID, about, addresses);
}

static void assert_says(const Said *said, int status, const char *text)
{
    if (said->status != status || !strstr(said->out, text))
        fail_msg("status %d, expected %d, with \"%s\":\n%s%s", said->status, status, text, said->out,
                 said->err);
}

/* --- the registrar --- */

static void types_and_connector_are_registered(void **state)
{
    (void)state;
    g_autofree char *connector = define_one(
        "", "<addresses type=\"NOTES\" template=\"NOTES:&amp;d/Acme@Exchange\" "
            "display-name=\"Globex Notes\">" NATIVES "<address-space>NOTES:*;1</address-space></addresses>");
    g_auto(Said) dry = PROGRAM(folder, "addrtype", "register", connector, "--defaults", "--dry-run");
    assert_says(&dry, 0, "would add CN=NOTES:");
    assert_int_equal(lab_count(home, ACME, "(objectClass=addrType)"), 0);
    g_auto(Said) first = PROGRAM(folder, "addrtype", "register", connector, "--defaults");
    assert_says(&first, 0, "added CN=Address-Types,CN=Addressing");
    assert_int_equal(lab_count(home, ACME, "(objectClass=addrType)"), 7);
    assert_int_equal(lab_count(home, ACME, "(&(objectClass=msExchContainer)(containerInfo=128))"), 1);
    unsigned long writes = lab_writes(home);
    g_auto(Said) second = PROGRAM(folder, "addrtype", "register", connector, "--defaults");
    assert_says(&second, 0, "unchanged CN=NOTES:");
    assert_int_equal(lab_writes(home), writes);
    g_auto(Said) own = PROGRAM(folder, "addrtype", "register", connector);
    assert_says(&own, 0, "added CN=globex,CN=Connections");
    assert_int_equal(lab_count(home, ACME,
                               "(&(objectClass=msExchNotesConnector)(routingList=NOTES:*;1)"
                               "(msExchConnectorType=NOTES)(msExchNotesForeignDomain=Exchange)"
                               "(displayName=Globex Notes))"),
                     1);
    g_auto(Said) list = PROGRAM(folder, "addrtype", "list", connector);
    assert_says(&list, 0, "1.0.0.0      1.0.0.0      simple.so      Lotus Notes");
}

static void what_drifted_is_mended_and_check_says_so(void **state)
{
    (void)state;
    g_autofree char *connector =
        define_one(NOTES_POLICY, "<addresses type=\"NOTES\">" NATIVES "</addresses>");
    g_auto(Said) none = PROGRAM(folder, "check", connector);
    assert_says(&none, 0, "NOTES: not registered for");
    g_auto(Said) made = PROGRAM(folder, "addrtype", "register", connector);
    assert_int_equal(made.status, 0);
    g_auto(Said) good = PROGRAM(folder, "check", connector);
    assert_says(&good, 0, "address types and the connector's object are as the definition says");
    assert_says(&good, 0, "Foreign Domain document");
    g_autofree char *dn = lab_value(home, ACME, "(objectClass=addrType)", "entryDN");
    g_autofree char *drift = g_strdup_printf(
        "dn: %s\nchangetype: modify\nreplace: proxyGeneratorDLL\nproxyGeneratorDLL: Ntspxgen.dll\n-\n\n", dn);
    lab_ldif_load(home, drift);
    g_auto(Said) drifted = PROGRAM(folder, "check", connector);
    assert_says(&drifted, 0, "not as the definition says: proxyGeneratorDLL");
    g_auto(Said) mended = PROGRAM(folder, "addrtype", "register", connector, "NOTES");
    assert_says(&mended, 0, "changed CN=NOTES:");
    assert_int_equal(lab_count(home, ACME, "(proxyGeneratorDLL=simple.so)"), 1);
    g_auto(Said) gone = PROGRAM(folder, "addrtype", "unregister", connector, "NOTES");
    assert_says(&gone, 0, "removed CN=NOTES:");
    g_auto(Said) again = PROGRAM(folder, "addrtype", "unregister", connector, "NOTES");
    assert_int_equal(again.status, 1);
}

/* Another host has a newer file: this one would give other addresses. */
static void an_older_generator_gives_nothing(void **state)
{
    (void)state;
    g_autofree char *connector = define_one(NOTES_POLICY, "<addresses>" NATIVES "</addresses>");
    lab_ldif_load(home, PERSON("ada", "ou=people," ACME, "Ada", ""));
    g_auto(Said) made = PROGRAM(folder, "addrtype", "register", connector, "NOTES");
    assert_int_equal(made.status, 0);
    g_autofree char *dn = lab_value(home, ACME, "(objectClass=addrType)", "entryDN");
    g_autofree char *newer =
        g_strdup_printf("dn: %s\nchangetype: modify\nreplace: fileVersion\nfileVersion:: BQCoBwUABQA=\n-\n\n",
                        dn); /* KB 158336 */
    lab_ldif_load(home, newer);
    g_auto(Said) ran = PROGRAM(folder, "sync", connector);
    assert_int_equal(ran.status, 3);
    assert_non_null(strstr(ran.err, "has version 1.0.0.0, and 5.5.1960.5 is registered"));
    assert_int_equal(lab_count(home, ACME, "(proxyAddresses=*)"), 0);
}

static void unregistering_removes_addresses_only_when_asked(void **state)
{
    (void)state;
    g_autofree char *connector = define_one(NOTES_POLICY, "<addresses>" NATIVES "</addresses>");
    lab_ldif_load(home, PERSON("ada", "ou=people," ACME, "Ada", "") PERSON("ben", "ou=people," ACME, "Ben",
                                                                           "objectClass: mailRecipient\n"
                                                                           "proxyAddresses: MS:A/B/BEN\n"));
    g_auto(Said) made = PROGRAM(folder, "addrtype", "register", connector, "NOTES");
    assert_int_equal(made.status, 0);
    g_auto(Said) ran = PROGRAM(folder, "sync", connector);
    assert_int_equal(ran.status, 0);
    assert_int_equal(lab_count(home, ACME, "(proxyAddresses=NOTES:*)"), 2);
    g_auto(Said) dry =
        PROGRAM(folder, "addrtype", "unregister", connector, "NOTES", "--remove-addresses", "--dry-run");
    assert_says(&dry, 0, "nothing was written");
    assert_int_equal(lab_count(home, ACME, "(proxyAddresses=NOTES:*)"), 2);
    g_auto(Said) refused = PROGRAM(folder, "addrtype", "unregister", connector, "NOTES", "--remove-addresses",
                                   "--max-address", "1");
    assert_int_equal(refused.status, 4);
    assert_int_equal(lab_count(home, ACME, "(objectClass=addrType)"), 1);
    g_auto(Said) gone = PROGRAM(folder, "addrtype", "unregister", connector, "NOTES", "--remove-addresses");
    assert_says(&gone, 0, "2 modified");
    assert_int_equal(lab_count(home, ACME, "(proxyAddresses=NOTES:*)"), 0);
    assert_int_equal(lab_count(home, ACME, "(proxyAddresses=MS:*)"), 1);
}

/* --- uniqueness --- */

/* Somebody whom our base does not show has the address: the server refuses, and another one is tried. */
static void what_the_server_refuses_is_tried_with_another(void **state)
{
    (void)state;
    g_autofree char *connector = define_one(NOTES_POLICY, "<addresses>" NATIVES "</addresses>");
    lab_ldif_load(home, PERSON("far", "ou=other," HOME_BASE, "Far",
                               "objectClass: mailRecipient\n"
                               "proxyAddresses: NOTES:JOHN SMITH/Acme@Ex\n")
                            PERSON("ada", "ou=people," ACME, "John Smith", ""));
    g_auto(Said) ran = PROGRAM(folder, "sync", connector, "-v");
    assert_says(&ran, 0, "addresses: 0 created, 1 modified");
    if (!strstr(ran.err, "DS0802"))
        fail_msg("%s", ran.err);
    assert_int_equal(lab_count(home, ACME, "(proxyAddresses=NOTES:John Smith1/Acme@Ex)"), 1);
    g_auto(Said) again = PROGRAM(folder, "sync", connector, "--verify");
    assert_says(&again, 0, "0 modified");
}

/* Of several addresses only the refused one becomes another. */
static void only_the_refused_address_changes(void **state)
{
    (void)state;
    g_autofree char *connector = define_one(
        "<policies><policy name=\"All\" priority=\"1\"><address template=\"NOTES:&amp;d/Acme@Ex\"/>"
        "<address template=\"MS:A/B/%m\"/><address "
        "template=\"SMTP:%g.%s@acme.example\"/></policy></policies>",
        "<addresses>" NATIVES "</addresses>");
    lab_ldif_load(home, PERSON("far", "ou=other," HOME_BASE, "Far",
                               "objectClass: mailRecipient\n"
                               "proxyAddresses: NOTES:JOHN SMITH/Acme@Ex\n")
                            PERSON("ada", "ou=people," ACME, "John Smith", ""));
    g_auto(Said) ran = PROGRAM(folder, "sync", connector);
    assert_says(&ran, 0, "addresses: 0 created, 1 modified");
    assert_int_equal(lab_count(home, ACME,
                               "(&(proxyAddresses=NOTES:John Smith1/Acme@Ex)(proxyAddresses=MS:A/B/ada)"
                               "(proxyAddresses=SMTP:ada@acme.example))"),
                     1);
}

static void load_same_names(const char *parent, const char *prefix, int n)
{
    g_autoptr(GString) ldif = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(ldif,
                               "dn: cn=%s%d,%s\nobjectClass: inetOrgPerson\ncn: %s%d\nsn: Smith\n"
                               "displayName: John Smith\nmail: %s%d@acme.example\n\n",
                               prefix, i, parent, prefix, i, prefix, i);
    lab_ldif_load(home, ldif->str);
}

static GPid start(const char *connector)
{
    g_autofree char *path = g_canonicalize_filename(g_getenv("DIRSYNC"), NULL);
    const char *const words[] = {path, "sync", connector, "--quiet", NULL};
    GPid pid;
    g_autoptr(GError) error = NULL;
    if (!g_spawn_async(folder, (char **)words, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &error))
        fail_msg("%s", error->message);
    return pid;
}

/* Two hosts, each with a state of its own, give two halves of the organisation addresses of one name at the
 * same time: nobody is left out, and no address is there twice. */
static void two_processes_at_once(void **state)
{
    (void)state;
    enum { HALF = 300 };
    lab_ldif_load(home, UNIT("ou=east,ou=people," ACME, "east") UNIT("ou=west,ou=people," ACME, "west"));
    load_same_names("ou=east,ou=people," ACME, "e", HALF);
    load_same_names("ou=west,ou=people," ACME, "w", HALF);
    g_autofree char *east = define("east", WORLD_UUID, NOTES_POLICY,
                                   "<addresses><natives base=\"ou=east,ou=people," ACME "\"/></addresses>");
    g_autofree char *west = define("west", "5e0c1d2a-9b1f-4a77-8a55-0c9d7d7b6a01", NOTES_POLICY,
                                   "<addresses><natives base=\"ou=west,ou=people," ACME "\"/></addresses>");
    GPid pids[] = {start(east), start(west)};
    for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    const char *const names[] = {"proxyAddresses", NULL};
    g_autofree char *dump = lab_dump(home, ACME, names);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(dump, "\n", 0);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "  proxyAddresses: "))
            assert_true(g_hash_table_add(seen, g_ascii_strdown(*line, -1)));
    if (g_hash_table_size(seen) != 2 * HALF)
        fail_msg("%u addresses: %.2000s", g_hash_table_size(seen), dump);
}

/* --- policies in the directory --- */

#define POLICY(cn, more)                                                                                     \
    "dn: cn=" cn ",cn=Recipient Policies," CONFIGURATION "\nobjectClass: msExchRecipientPolicy\ncn: " cn     \
    "\n" more "\n"

static const char configuration_objects[] =
    "dn: cn=dirsync," ACME "\nobjectClass: container\ncn: dirsync\n\n"
    "dn: " CONFIGURATION "\nobjectClass: container\ncn: acme\n\n"
    "dn: cn=Recipient Policies," CONFIGURATION
    "\nobjectClass: msExchRecipientPolicyContainer\ncn: Recipient Policies\n\n"
    "dn: cn=Address Lists Container," CONFIGURATION
    "\nobjectClass: container\ncn: Address Lists Container\n\n"
    "dn: cn=People,cn=Address Lists Container," CONFIGURATION
    "\nobjectClass: addressBookContainer\ncn: People\ndisplayName: People\n"
    "purportedSearch: (objectCategory=person)\n\n";

static const char policy_objects[] =
    POLICY("Default Policy", "msExchPolicyOrder: 0\npurportedSearch: (mailNickname=*)\n"
                             "gatewayProxy: SMTP:%m@acme.example\ngatewayProxy: X400:c=US;a= ;p=Acme;\n"
                             "disabledGatewayProxy: X400:c=US;a= ;p=Acme;\n")
        POLICY("Bosses", "msExchPolicyOrder: 5\ngatewayProxy: SMTP:%g.%s@acme.example\n"
                         "purportedSearch: (&(mailNickname=*)(objectCategory=person)(title=Boss))\n");

static void policies_of_the_directory(void **state)
{
    (void)state;
    lab_ldif_load(home, configuration_objects);
    lab_ldif_load(home, policy_objects);
    lab_ldif_load(home,
                  "dn: cn=ada,ou=people," ACME "\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\n"
                  "cn: ada\nsn: Smith\ngivenName: John\nmailNickname: ada\ntitle: Boss\n\n" PERSON(
                      "ben", "ou=people," ACME, "Ben", ""));
    g_autofree char *connector =
        define_one("<policies from=\"directory\"/><address-lists from=\"directory\" for=\"all\"/>",
                   "<addresses>" NATIVES "</addresses>");
    g_auto(Said) ran = PROGRAM(folder, "sync", connector, "--verify");
    assert_says(&ran, 0, "2 modified");
    assert_int_equal(lab_count(home, ACME,
                               "(&(cn=ada)(proxyAddresses=SMTP:John.Smith@acme.example)"
                               "(mail=John.Smith@acme.example))"),
                     1);
    assert_int_equal(lab_count(home, ACME, "(&(cn=ben)(proxyAddresses=SMTP:ben@acme.example))"), 1);
    assert_int_equal(
        lab_count(home, ACME, "(showInAddressBook=cn=People,cn=Address Lists Container," CONFIGURATION ")"),
        2);
    lab_ldif_load(home, "dn: cn=Bosses,cn=Recipient Policies," CONFIGURATION
                        "\nchangetype: modify\nreplace: purportedSearch\npurportedSearch: (title=\n-\n\n");
    g_auto(Said) broken = PROGRAM(folder, "sync", connector);
    assert_int_equal(broken.status, 6);
    assert_non_null(strstr(broken.err, "cn=Bosses,cn=Recipient Policies"));
}

/* --- by hand --- */

static void proxy_shows_validates_and_renews(void **state)
{
    (void)state;
    g_autofree char *connector = define_one("<policies><policy name=\"All\" priority=\"1\"><address "
                                            "template=\"SMTP:%g.%s@acme.example\"/></policy>"
                                            "</policies>",
                                            "<addresses>" NATIVES "</addresses>");
    lab_ldif_load(home, PERSON("ada", "ou=people," ACME, "Ada",
                               "objectClass: mailRecipient\n"
                               "proxyAddresses: SMTP:ada@acme.example\nmail: sales@acme.example\n"));
    g_auto(Said) shown = PROGRAM(folder, "proxy", "generate", connector, "ada@acme.example");
    assert_says(&shown, 0, "SMTP:John.Smith@acme.example");
    g_auto(Said) nobody = PROGRAM(folder, "proxy", "generate", connector, "cn=nobody,ou=people," ACME,
                                  "ada@acme.example", "--json");
    assert_says(&nobody, 1, "\"address\":\"SMTP:John.Smith@acme.example\"");
    assert_says(&nobody, 1, "\"error\":\"cn=nobody,ou=people,");
    g_auto(Said) odd = PROGRAM(folder, "proxy", "generate", connector, "(cn=");
    assert_int_equal(odd.status, 6);
    assert_non_null(strstr(odd.err, "(cn=: not a filter"));
    g_auto(Said) good = PROGRAM(folder, "proxy", "validate", "NOTES:Ada/Acme@Ex");
    assert_says(&good, 0, "domain: Ex");
    g_auto(Said) bad = PROGRAM(folder, "proxy", "validate", "MS:ONE/TWO");
    assert_says(&bad, 1, "NETWORK/POSTOFFICE/MAILBOX");
    g_auto(Said) dry = PROGRAM(folder, "proxy", "update", connector, "--policy", "All");
    assert_says(&dry, 0, "nothing was written");
    assert_int_equal(lab_count(home, ACME, "(proxyAddresses=SMTP:John.Smith@acme.example)"), 0);
    g_auto(Said) wrong = PROGRAM(folder, "proxy", "update", connector, "--policy", "None");
    assert_int_equal(wrong.status, 6);
    assert_non_null(strstr(wrong.err, "there are: All"));
    static const char *const old_sites[] = {"nonsense", "MS:A/B/%m", "SMTP:%q@acme.example"};
    for (size_t i = 0; i < G_N_ELEMENTS(old_sites); i++) {
        g_auto(Said) old =
            PROGRAM(folder, "proxy", "update", connector, "--policy", "All", "--from-template", old_sites[i]);
        assert_int_equal(old.status, 6);
        assert_non_null(strstr(old.err, "--from-template "));
    }
    g_auto(Said) other = PROGRAM(folder, "proxy", "update", connector, "--policy", "All", "--write",
                                 "--only=(cn=nobody)", "--detailed-exitcode");
    assert_says(&other, 0, "0 modified");
    g_auto(Said) done =
        PROGRAM(folder, "proxy", "update", connector, "--policy", "All", "--write", "--detailed-exitcode");
    assert_says(&done, 2, "1 modified");
    const char *const names[] = {"proxyAddresses", "mail", NULL};
    g_autofree char *dump = lab_dump(home, "ou=people," ACME, names);
    assert_non_null(strstr(dump, "proxyAddresses: SMTP:John.Smith@acme.example\n"));
    assert_non_null(strstr(dump, "proxyAddresses: smtp:ada@acme.example\n"));
    assert_non_null(strstr(dump, "mail: John.Smith@acme.example\n"));
    assert_non_null(strstr(dump, "mail: sales@acme.example\n"));
    unsigned long writes = lab_writes(home);
    g_auto(Said) again = PROGRAM(folder, "proxy", "update", connector, "--policy", "All", "--write");
    assert_says(&again, 0, "0 modified");
    assert_int_equal(lab_writes(home), writes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types_and_connector_are_registered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_drifted_is_mended_and_check_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_generator_gives_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unregistering_removes_addresses_only_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_server_refuses_is_tried_with_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_refused_address_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_processes_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(policies_of_the_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(proxy_shows_validates_and_renews, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("addresses on slapd", tests, NULL, NULL);
}

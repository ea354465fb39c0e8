/*
 * test_addrtype_slapd.c - dirsync addrtype and check against a real slapd with our schema
 *
 * The generators are copies of the test plugin under the names of those that ship, so
 * that what is registered has a known version, 5.5.1960.5.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/address.h"
#include "proxygen/registrar.h"
#include "tests/lab/sync_case.h"
#include "tests/unit/generator_case.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

#define PLACE "cn=acme,cn=dirsync," HOME_BASE
#define CONFIGURATION "<configuration dn=\"" PLACE "\"/>"
#define TYPES_PLACE "CN=Address-Types,CN=Addressing," PLACE
#define GLOBEX "CN=globex,CN=Connections," PLACE
#define NOTES_ADDRESSES "<addresses type=\"NOTES\" template=\"NOTES:&amp;d/Acme@Exchange\" server=\"mail1\"/>"
/* "FREE" is a type that the test plugin really makes. */
#define FREE_ADDRESSES(natives)                                                                              \
    "<addresses type=\"FREE\" template=\"FREE:%m@site\">" natives "</addresses>" WORLD_NO_LIMITS
#define FREE_TYPE "<address-type type=\"FREE\" generator=\"free.so\"/>"
#define NATIVE                                                                                               \
    "dn: uid=nat," HOME_BASE "\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\nuid: nat\n"          \
    "cn: Nat\nsn: Ive\nmail: nat@acme.example\n"
#define TRY(...) PROGRAM(NULL, "addrtype", __VA_ARGS__)

static Lab *home;
static World *world;
static GeneratorCase *folder;
static void *folder_state;

/* @organisation: elements beside <home>; @types: what stands in <address-types>; @connector: elements. */
static void define(const char *bind, const char *organisation, const char *types, const char *connector)
{
    g_autofree char *own = world_server("home", home->uri, HOME_BASE);
    g_autofree char *elements = g_strdup_printf("%s%s<address-types folder=\"%s\">%s</address-types>",
                                                bind ? bind : own, organisation, folder->folder, types);
    world_define(world, elements, NULL, NULL, connector);
}

static const Person ada[] = {{"1", "Ada Alt", "ada@globex.example", NULL}, {NULL, NULL, NULL, NULL}};

static void set_up_with(const char *options)
{
    program_needed();
    lab_skip_unless_slapd();
    assert_int_equal(generator_case_setup(&folder_state), 0);
    folder = folder_state;
    generator_case_install(folder, "misbehaving.so", "simple.so");
    generator_case_install(folder, "misbehaving.so", "x400.so");
    generator_case_install(folder, "misbehaving.so", "free.so");
    home = lab_slapd_start(options);
    world = world_new();
    world_set_people(world, ada);
    define(NULL, CONFIGURATION, "", NOTES_ADDRESSES WORLD_NO_LIMITS);
}

static void set_up(void)
{
    set_up_with("--nosync --port auto");
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(home);
    if (folder)
        generator_case_teardown(&folder_state);
    world = NULL;
    home = NULL;
    folder = NULL;
    return 0;
}

static void assert_said(const Said *said, int status, const char *out, const char *err)
{
    if (said->status != status || !strstr(said->out, out) || !strstr(said->err, err))
        fail_msg("status %d instead of %d, or without \"%s\" and \"%s\":\n%s%s", said->status, status, out,
                 err, said->out, said->err);
}

static void assert_lines_are_readable(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (strlen(*line) > 80 && (*line)[0] != ' ')
            fail_msg("wider than 80 characters: %s", *line);
}

static void the_defaults_are_registered_once_and_listed(void **state)
{
    (void)state;
    set_up();
    g_auto(Said) none = TRY("list", world->connector);
    assert_said(&none, 0, "no address type is registered", "");
    g_auto(Said) dry = TRY("register", world->connector, "--defaults", "--dry-run");
    assert_said(&dry, 0, "would add " TYPES_PLACE "\n", "");
    assert_int_equal(lab_writes(home), 0);
    g_auto(Said) done = TRY("register", world->connector, "--defaults");
    assert_said(&done, 0, "added CN=X400:", "");
    size_t expected = 0;
    for (const AddressType *const *type = address_types(); *type; type++)
        expected += (*type)->generator != NULL;
    assert_int_equal(expected, 7);
    assert_int_equal(lab_count(home, TYPES_PLACE, "(objectClass=addrType)"), expected);
    unsigned long writes = lab_writes(home);
    g_auto(Said) again = TRY("register", world->connector, "--defaults");
    assert_said(&again, 0, "unchanged CN=X400:", "");
    assert_int_equal(lab_writes(home), writes);
    g_auto(Said) list = TRY("list", world->connector);
    assert_said(&list, 0, "5.5.1960.5   5.5.1960.5   simple.so", "");
    assert_said(&list, 0, "connector globex: not registered", "");
    assert_lines_are_readable(list.out);
}

static void the_connectors_type_and_object_are_what_no_type_means(void **state)
{
    (void)state;
    set_up();
    g_auto(Said) done = TRY("register", world->connector);
    assert_said(&done, 0, "added " GLOBEX, "");
    g_autofree char *domain =
        lab_value(home, PLACE, "(objectClass=msExchNotesConnector)", "msExchNotesForeignDomain");
    g_autofree char *server = lab_value(home, PLACE, "(objectClass=mailGateway)", "computerName");
    g_autofree char *space = lab_value(home, PLACE, "(objectClass=msExchConnector)", "routingList");
    assert_string_equal(domain, "Exchange");
    assert_string_equal(server, "mail1");
    assert_string_equal(space, "NOTES:*;1");
    unsigned long writes = lab_writes(home);
    g_auto(Said) again = TRY("register", world->connector);
    assert_said(&again, 0, "unchanged " GLOBEX, "");
    g_auto(Said) list = TRY("list", world->connector);
    assert_said(&list, 0, "connector globex: as defined", "");
    assert_int_equal(lab_writes(home), writes);
}

/* In the order of somebody who begins: register, check, sync, and what check then asks for. */
static void the_container_of_the_first_sync_is_pointed_to_afterwards(void **state)
{
    (void)state;
    set_up();
    define(NULL, CONFIGURATION, FREE_TYPE, FREE_ADDRESSES(""));
    g_auto(Said) first = TRY("register", world->connector);
    assert_said(&first, 0, "missing " WORLD_CONTAINER "\n", "");
    assert_said(&first, 0, "register again.\n", "");
    g_auto(Said) before = PROGRAM(NULL, "check", world->connector);
    assert_said(&before, 0, "address types and the connector's object are as the definition says", "");
    g_auto(Said) synced = PROGRAM(NULL, "sync", world->connector, "--max-stamp=none");
    assert_int_equal(synced.status, 0);
    g_auto(Said) asked = PROGRAM(NULL, "check", world->connector);
    assert_said(&asked, 0, "msExchImportContainerLinked", "");
    g_auto(Said) again = TRY("register", world->connector);
    assert_said(&again, 0, "changed " GLOBEX, "");
    assert_null(strstr(again.out, "missing"));
    g_autofree char *linked =
        lab_value(home, PLACE, "(objectClass=mailGateway)", "msExchImportContainerLinked");
    assert_string_equal(linked, WORLD_CONTAINER);
    g_auto(Said) after = PROGRAM(NULL, "check", world->connector);
    assert_said(&after, 0, "address types and the connector's object are as the definition says", "");
}

static void what_drifted_is_mended_and_what_is_not_ours_stays(void **state)
{
    (void)state;
    set_up();
    g_auto(Said) done = TRY("register", world->connector);
    assert_said(&done, 0, "added ", "");
    g_autofree char *before = lab_dump(home, PLACE, NULL);
    lab_ldif_load(home, "dn: " GLOBEX "\nchangetype: modify\nreplace: routingList\nroutingList: SMTP:*;9\n"
                        "routingList: notes:*;1\n-\nreplace: msExchImportContainerLinked\n"
                        "msExchImportContainerLinked: ou=gone,dc=x\n-\nadd: delivContLength\n"
                        "delivContLength: 10\n");
    g_auto(Said) differs = TRY("list", world->connector);
    assert_said(&differs, 0, "connector globex: differs", "");
    g_auto(Said) mended = TRY("register", world->connector);
    assert_said(&mended, 0, "changed " GLOBEX, "");
    g_autofree char *limit = lab_value(home, PLACE, "(cn=globex)", "delivContLength");
    assert_string_equal(limit, "10");
    lab_ldif_load(home, "dn: " GLOBEX "\nchangetype: modify\ndelete: delivContLength\n");
    g_autofree char *after = lab_dump(home, PLACE, NULL);
    assert_string_equal(after, before);
}

static void a_type_is_unregistered_alone(void **state)
{
    (void)state;
    set_up();
    g_auto(Said) done = TRY("register", world->connector, "gwise", "NOTES");
    assert_said(&done, 0, "added ", "");
    assert_int_equal(lab_count(home, TYPES_PLACE, "(objectClass=addrType)"), 2);
    unsigned long writes = lab_writes(home);
    g_auto(Said) dry = TRY("unregister", world->connector, "GWISE", "--dry-run");
    assert_said(&dry, 0, "would remove CN=GWISE:", "");
    assert_int_equal(lab_writes(home), writes);
    g_auto(Said) removed = TRY("unregister", world->connector, "gwise");
    assert_said(&removed, 0, "removed CN=GWISE:", "");
    g_auto(Said) gone = TRY("unregister", world->connector, "GWISE");
    assert_said(&gone, 1, "", "GWISE: is not registered");
    g_auto(Said) no_run = TRY("unregister", world->connector, "GWISE", "--remove-addresses");
    assert_said(&no_run, 1, "", "GWISE: is not registered");
    assert_int_equal(lab_count(home, TYPES_PLACE, "(objectClass=addrType)"), 1);
}

static void who_may_not_write_is_told_where_and_what_to_do(void **state)
{
    (void)state;
    set_up();
    g_setenv("LAB_PASSWORD", "secret", TRUE);
    g_autofree char *bind = g_strdup_printf(
        "<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE "\" cleartext=\"allow\"><bind method=\"simple\" "
        "dn=\"" HOME_USER "\"><password environment=\"LAB_PASSWORD\"/></bind></home>",
        home->ldap_uri);
    define(bind, CONFIGURATION, "", NOTES_ADDRESSES WORLD_NO_LIMITS);
    g_auto(Said) said = TRY("register", world->connector);
    assert_said(&said, 1, "", "cn=dirsync," HOME_BASE ": cannot be added: ");
    assert_said(&said, 1, "", "give the bind DN the right to do this");
    assert_int_equal(lab_count(home, HOME_BASE, "(cn=dirsync)"), 0);
}

static void without_the_schema_everybody_says_so(void **state)
{
    (void)state;
    set_up_with("--nosync --no-schema");
    g_auto(Said) said = TRY("register", world->connector);
    assert_said(&said, 6, "", "class addrType is not in the schema of the home directory; load schema/");
    g_auto(Said) check = PROGRAM(NULL, "check", world->connector);
    assert_said(&check, 6, "error: home directory: attribute proxyAddresses, which recipients get, is not",
                "");
    assert_said(&check, 6, "class msExchNotesConnector is not in the schema", "");
    assert_int_equal(lab_count(home, HOME_BASE, "(cn=dirsync)"), 0);
}

static void without_a_configuration_container_there_is_no_place(void **state)
{
    (void)state;
    set_up();
    define(NULL, "", "", NOTES_ADDRESSES WORLD_NO_LIMITS);
    g_auto(Said) said = TRY("register", world->connector);
    assert_said(&said, 6, "", "add <configuration dn=\"cn=acme,cn=dirsync," HOME_BASE "\"/>");
    define(NULL, "<configuration dn=\"cn=acme,ou=missing," HOME_BASE "\"/>", "",
           NOTES_ADDRESSES WORLD_NO_LIMITS);
    g_auto(Said) missing = TRY("register", world->connector);
    assert_said(&missing, 6, "", "ou=missing," HOME_BASE ": the container is not there; make it by hand");
    assert_int_equal(lab_writes(home), 0);
}

static void json_is_one_document_whatever_happens(void **state)
{
    (void)state;
    static const char *const words[][4] = {{"register", NULL},
                                           {"list", NULL},
                                           {"register", "MHS", NULL},
                                           {"unregister", "NOTES", NULL},
                                           {"unregister", "NOTES", NULL}};
    static const char *const members[] = {"objects", "types", "error", "objects", "error"};
    set_up();
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_auto(Said) said = TRY("--json", words[i][0], world->connector, words[i][1]);
        json_error_t why;
        json_t *document = json_loads(said.out, 0, &why);
        if (!document || !json_object_get(document, members[i]))
            fail_msg("no %s in: %s%s", members[i], said.out, said.err);
        assert_string_equal(json_string_value(json_object_get(document, "action")), words[i][0]);
        assert_int_equal(said.status != 0, json_object_get(document, "error") != NULL);
        json_decref(document);
    }
}

static void wrong_words_end_with_6(void **state)
{
    (void)state;
    set_up();
    static const char *const wrong[][4] = {{NULL},
                                           {"list", NULL},
                                           {"frobnicate", "x", NULL},
                                           {"unregister", "x", NULL},
                                           {"unregister", "x", "A", "B"},
                                           {"list", "x", "NOTES", NULL},
                                           {"list", "x", "--dry-run", NULL},
                                           {"register", "x", "--remove-addresses", NULL},
                                           {"unregister", "x", "A", "--defaults"}};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(Said) said = TRY(wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3]);
        assert_said(&said, 6, "", "usage: dirsync addrtype");
    }
    g_auto(Said) type = TRY("register", world->connector, "no-type");
    assert_said(&type, 6, "", "no-type: not the name of an address type");
}

static void the_addresses_of_a_type_go_before_it_does(void **state)
{
    (void)state;
#define HAS_ONE "(proxyAddresses=FREE:*)"
    set_up();
    define(NULL, CONFIGURATION, FREE_TYPE, FREE_ADDRESSES("<natives base=\"" HOME_BASE "\"/>"));
    lab_ldif_load(home, NATIVE);
    g_auto(Said) done = TRY("register", world->connector);
    g_auto(Said) synced = PROGRAM(NULL, "sync", world->connector, "--max-stamp=none");
    assert_said(&done, 0, "added CN=FREE:", "");
    assert_said(&synced, 0, "addresses: 0 created, 2 modified", "");
    assert_int_equal(lab_count(home, HOME_BASE, HAS_ONE), 1);
    g_auto(Said) dry = TRY("unregister", world->connector, "FREE", "--remove-addresses", "--dry-run");
    assert_said(&dry, 0, "would remove CN=FREE:", "");
    g_auto(Said) json =
        TRY("--json", "unregister", world->connector, "FREE", "--remove-addresses", "--dry-run");
    json_t *document = json_loads(json.out, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "run"), "planned")), 1);
    json_decref(document);
    g_auto(Said) limited =
        TRY("unregister", world->connector, "FREE", "--remove-addresses", "--max-address=0");
    assert_said(&limited, 4, "", "addresses: ");
    assert_int_equal(lab_count(home, HOME_BASE, HAS_ONE), 1);
    assert_int_equal(lab_count(home, TYPES_PLACE, "(objectClass=addrType)"), 1);
    g_auto(Said) gone = TRY("unregister", world->connector, "FREE", "--remove-addresses");
    assert_said(&gone, 0, "removed CN=FREE:", "");
    assert_int_equal(lab_count(home, HOME_BASE, HAS_ONE), 0);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(objectClass=contact)"), 1);
    assert_int_equal(lab_count(home, TYPES_PLACE, "(objectClass=addrType)"), 0);
}

/* --- check --- */

static void check_reports_a_template_that_its_generator_does_not_take(void **state)
{
    (void)state;
    set_up();
    define(NULL, CONFIGURATION, FREE_TYPE, "<addresses type=\"FREE\" template=\"FREE:%m\"/>" WORLD_NO_LIMITS);
    g_auto(Said) said = PROGRAM(NULL, "check", world->connector);
    assert_said(&said, 6, "error: FREE: template \"FREE:%m\": has no @\n    correct it in the policy", "");
}

static void check_names_everything_that_addresses_lack(void **state)
{
    (void)state;
    set_up();
    define(NULL, CONFIGURATION, "", FREE_ADDRESSES("<natives base=\"ou=nobody," HOME_BASE "\"/>"));
    g_auto(Said) said = PROGRAM(NULL, "check", world->connector);
    assert_said(&said, 6, "error: FREE: no addresses can be made", "");
    assert_said(&said, 6,
                GLOBEX ": the connector's object is not there\n    dirsync addrtype register globex", "");
    assert_said(&said, 6, "error: natives ou=nobody," HOME_BASE ": the container is not there", "");
    assert_said(&said, 6, "ok: home directory: the schema has what addresses need", "");
}

static void check_is_content_when_all_is_registered(void **state)
{
    (void)state;
    set_up();
    define(NULL, CONFIGURATION, FREE_TYPE, FREE_ADDRESSES("<natives base=\"" HOME_BASE "\"/>"));
    g_auto(Said) done = TRY("register", world->connector);
    assert_said(&done, 0, "added CN=FREE:", "");
    world_set_people(
        world, (const Person[]){{"1", "Ada Alt", "ada@globex.example", NULL}, {NULL, NULL, NULL, NULL}});
    g_autofree char *before = lab_dump(home, HOME_BASE, NULL);
    g_auto(Said) said = PROGRAM(NULL, "check", world->connector);
    assert_said(&said, 0, "ok: FREE: free.so makes addresses", "");
    assert_said(&said, 0, "ok: address types and the connector's object are as the definition says", "");
    g_autofree char *after = lab_dump(home, HOME_BASE, NULL);
    assert_string_equal(after, before);
}

static void check_says_that_this_host_is_behind(void **state)
{
    (void)state;
    set_up();
    define(NULL, CONFIGURATION, FREE_TYPE, FREE_ADDRESSES("<natives base=\"" HOME_BASE "\"/>"));
    g_auto(Said) done = TRY("register", world->connector);
    assert_said(&done, 0, "added ", "");
    g_autofree char *newer =
        g_strdup_printf("dn: CN=FREE:%s," TYPES_PLACE "\nchangetype: modify\nreplace: fileVersion\n"
                        "fileVersion:: BQCoBwUABgA=\n",
                        registrar_cpu());
    lab_ldif_load(home, newer);
    g_auto(Said) said = PROGRAM(NULL, "check", world->connector);
    assert_said(&said, 6, "error: FREE: free.so is registered with version 6.5.1960.5, and the file here is",
                "");
}

/* The plugin ends the process by exit(), which a sanitizer does not mind. */
static void check_reports_a_generator_that_ended_a_run_and_does_not_call_it(void **state)
{
    (void)state;
    set_up();
    define(NULL, CONFIGURATION,
           "<address-type type=\"FREE\" generator=\"free.so\"><setting name=\"behaviour\" value=\"exit\"/>"
           "</address-type>",
           FREE_ADDRESSES("<natives base=\"" HOME_BASE "\"/>"));
    lab_ldif_load(home, NATIVE);
    g_auto(Said) ended = PROGRAM(NULL, "sync", world->connector, "--max-stamp=none");
    assert_int_equal(ended.status, 1);
    g_auto(Said) said = PROGRAM(NULL, "check", world->connector);
    assert_said(&said, 1, "error: free.so: this generator ended an earlier run (free.so FREE ", "");
    assert_said(&said, 1, "install a mended free.so, or remove ", "");
    if (strstr(said.out, "free.so makes addresses"))
        fail_msg("it was called: %s", said.out);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_defaults_are_registered_once_and_listed),
        CASE(the_connectors_type_and_object_are_what_no_type_means),
        CASE(the_container_of_the_first_sync_is_pointed_to_afterwards),
        CASE(what_drifted_is_mended_and_what_is_not_ours_stays),
        CASE(a_type_is_unregistered_alone),
        CASE(who_may_not_write_is_told_where_and_what_to_do),
        CASE(without_the_schema_everybody_says_so),
        CASE(without_a_configuration_container_there_is_no_place),
        CASE(json_is_one_document_whatever_happens),
        CASE(wrong_words_end_with_6),
        CASE(the_addresses_of_a_type_go_before_it_does),
        CASE(check_names_everything_that_addresses_lack),
        CASE(check_reports_a_template_that_its_generator_does_not_take),
        CASE(check_is_content_when_all_is_registered),
        CASE(check_reports_a_generator_that_ended_a_run_and_does_not_call_it),
        CASE(check_says_that_this_host_is_behind),
    };
    return cmocka_run_group_tests_name("addrtype", tests, NULL, NULL);
}

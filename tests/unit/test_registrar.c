/*
 * test_registrar.c - address types and the connector as objects of the directory
 *
 * A case is what the directory holds, an errand, whom it told what, and what has
 * become of the directory. After each errand the same one again must change nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/memory.h"
#include "proxygen/generator.h"
#include "proxygen/registrar.h"
#include "tests/unit/generator_case.h"
#include "tests/unit/pass_case.h"

#include <string.h>

#define STORE "registrar"
#define BASE "dc=acme,dc=example"
#define PLACE "cn=acme,cn=dirsync," BASE
#define TYPES_PLACE "CN=Address-Types,CN=Addressing," PLACE
#define NOTES_DN "CN=NOTES:%cpu," TYPES_PLACE
#define CONNECTIONS "CN=Connections," PLACE
#define GLOBEX "CN=globex," CONNECTIONS

/* Of the test plugin: 5.5.1960.5, as the directory holds it, in base 64 and as a difference. */
#define CURRENT "BQCoBwUABQA="
#define OLDER "BACoBwUABQA="
#define NEWER "BQCoBwUABgA="

#define CONTAINER(dn, cn) "dn: " dn "\nobjectClass: container\ncn: " cn "\n\n"
#define ROOT "dn: " BASE "\nobjectClass: domain\ndc: acme\n\n"
#define PARTNERS "dn: ou=Globex," BASE "\nobjectClass: organizationalUnit\nou: Globex\n\n"
#define CONFIGURED ROOT CONTAINER("cn=dirsync," BASE, "dirsync") CONTAINER(PLACE, "acme")
#define TYPES                                                                                                \
    CONFIGURED CONTAINER("CN=Addressing," PLACE, "Addressing")                                               \
        CONTAINER("CN=Address-Types,CN=Addressing," PLACE, "Address-Types")
#define CONNECTED CONFIGURED CONTAINER(CONNECTIONS, "Connections")
/* An object of a type; the differing parts are the parameters. */
#define TYPE(name, cpu, file, version, title)                                                                \
    "dn: CN=" name ":" cpu "," TYPES_PLACE "\nobjectClass: addrType\ncn: " name ":" cpu                      \
    "\nproxyGeneratorDLL: " file "\nfileVersion:: " version "\ndisplayName: " title "\n\n"
#define NOTES(file, version, title) TYPE("NOTES", "%cpu", file, version, title)

static GeneratorCase *folder;
static MemoryStore *store;
static Endpoint endpoint;
static Organisation acme;
static Connector globex;
static AddressTypeSettings types[2];
static char *domains[] = {(char *)"acme.example", NULL};
static SourceSettings sources[2];

/* %cpu is this processor. g_free(). */
static char *here(const char *text)
{
    GString *out = g_string_new(text);
    g_string_replace(out, "%cpu", registrar_cpu(), 0);
    return g_string_free(out, FALSE);
}

/* An organisation with a container of its own, and a Notes connector. */
static Directory *begin(const char *ldif)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *content = here(ldif);
    store = memory_store(STORE);
    if (!memory_store_load(store, content, &error))
        fail_msg("%s", error->message);
    endpoint = (Endpoint){.driver = (char *)"memory", .path = (char *)STORE, .base = (char *)BASE};
    acme = (Organisation){.path = (char *)"acme.xml",
                          .name = (char *)"acme",
                          .home = endpoint,
                          .domains = domains,
                          .addresses = {.container = (char *)PLACE, .generators = folder->folder}};
    globex = (Connector){.path = (char *)"globex.xml",
                         .name = (char *)"globex",
                         .organisation = &acme,
                         .addresses = {.type = (char *)"NOTES", .server = (char *)"mail1"}};
    Directory *home = directory_open(&endpoint, &error);
    assert_non_null(home);
    return home;
}

static int set_up(void **state)
{
    int result = generator_case_setup(state);
    folder = *state;
    generator_case_install(folder, "misbehaving.so", "simple.so");
    generator_case_install(folder, "misbehaving.so", "x400.so");
    return result;
}

static int tear_down(void **state)
{
    memory_store_drop(STORE);
    return generator_case_teardown(state);
}

/* --- errands as tables --- */

typedef enum { REGISTER, UNREGISTER, CONNECT } Errand;

static bool run_errand(Errand errand, const char *type, Directory *home, bool dry, RegistrarTold told,
                       void *data, GError **error)
{
    switch (errand) {
    case REGISTER:
        return registrar_register(&acme, home, type, dry, told, data, error);
    case UNREGISTER:
        return registrar_unregister(&acme, home, type, dry, told, data, error);
    case CONNECT:
    default:
        return registrar_register_connector(&globex, home, dry, told, data, error);
    }
}

static void take_told(const char *what, const char *dn, void *data)
{
    g_string_append_printf(data, "%s %s\n", what, dn);
}

/* What is told without writing: "added" as "would add". g_free(). */
static char *dry_words(const char *told)
{
    static const char *const words[][2] = {{"added ", "would add "},
                                           {"unchanged", "same"},
                                           {"changed ", "would change "},
                                           {"same", "unchanged"},
                                           {"removed ", "would remove "}};
    GString *out = g_string_new(told);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        g_string_replace(out, words[i][0], words[i][1], 0);
    return g_string_free(out, FALSE);
}

typedef struct {
    const char *name, *start;
    Errand errand;
    const char *type;
    const char *told, *differences; /* of an errand that does well */
    int code;                       /* else of the error */
    const char *message;
} ErrandCase;

static const ErrandCase cases[] = {
    {.name = "a type and the containers above it",
     .start = ROOT,
     .errand = REGISTER,
     .type = "notes",
     .told = "added cn=dirsync," BASE "\nadded " PLACE "\nadded CN=Addressing," PLACE "\nadded " TYPES_PLACE
             "\nadded " NOTES_DN "\n",
     .differences = "+ CN=Address-Types,CN=Addressing," PLACE
                    "\n  adminDisplayName: E-Mail Address Generators\n  cn: Address-Types\n"
                    "  containerInfo: 128\n  objectClass: container\n  objectClass: msExchContainer\n"
                    "  objectClass: top\n"
                    "+ CN=Addressing," PLACE "\n  cn: Addressing\n  containerInfo: 16\n"
                    "  objectClass: container\n  objectClass: msExchContainer\n  objectClass: top\n"
                    "+ " NOTES_DN "\n  cn: NOTES:%cpu\n  displayName: Lotus Notes\n  fileVersion: %version\n"
                    "  objectClass: addrType\n  objectClass: top\n  proxyGeneratorDLL: simple.so\n"
                    "+ " PLACE "\n  cn: acme\n  objectClass: container\n  objectClass: msExchContainer\n"
                    "  objectClass: top\n"
                    "+ cn=dirsync," BASE "\n  cn: dirsync\n  objectClass: container\n"
                    "  objectClass: msExchContainer\n  objectClass: top\n"},
    {.name = "what is as it should be",
     .start = TYPES NOTES("simple.so", CURRENT, "Lotus Notes"),
     .errand = REGISTER,
     .type = "NOTES",
     .told = "unchanged " NOTES_DN "\n",
     .differences = ""},
    {.name = "another name",
     .start = TYPES NOTES("simple.so", CURRENT, "lotus notes"),
     .errand = REGISTER,
     .type = "NOTES",
     .told = "changed " NOTES_DN "\n",
     .differences = "* " NOTES_DN "\n  - displayName: lotus notes\n  + displayName: Lotus Notes\n"},
    {.name = "an older version",
     .start = TYPES NOTES("simple.so", OLDER, "Lotus Notes"),
     .errand = REGISTER,
     .type = "NOTES",
     .told = "changed " NOTES_DN "\n",
     .differences = "* " NOTES_DN "\n  - fileVersion: %older\n  + fileVersion: %version\n"},
    {.name = "a newer version is never lowered",
     .start = TYPES NOTES("simple.so", NEWER, "Lotus Notes"),
     .errand = REGISTER,
     .type = "NOTES",
     .code = ERROR_DEFINITION,
     .message = "registered with version 6.5.1960.5, and the file here is 5.5.1960.5; install the newer one"},
    {.name = "a newer version of another file says nothing",
     .start = TYPES NOTES("Ntspxgen.dll", NEWER, "Lotus Notes"),
     .errand = REGISTER,
     .type = "NOTES",
     .told = "changed " NOTES_DN "\n",
     .differences = "* " NOTES_DN "\n  - fileVersion: %newer\n  - proxyGeneratorDLL: Ntspxgen.dll\n"
                    "  + fileVersion: %version\n  + proxyGeneratorDLL: simple.so\n"},
    {.name = "a version that is none",
     .start = TYPES NOTES("simple.so", "BQA=", "Lotus Notes"),
     .errand = REGISTER,
     .type = "NOTES",
     .told = "changed " NOTES_DN "\n",
     .differences = "* " NOTES_DN "\n  - fileVersion: %short\n  + fileVersion: %version\n"},
    {.name = "the object for another processor is somebody else's",
     .start = TYPES TYPE("NOTES", "alpha", "Ntspxgen.dll", NEWER, "Notes"),
     .errand = UNREGISTER,
     .type = "NOTES",
     .code = ERROR_NOT_FOUND,
     .message = "NOTES: is not registered for"},
    {.name = "something else of that name",
     .start = TYPES CONTAINER(NOTES_DN, "NOTES:%cpu"),
     .errand = REGISTER,
     .type = "NOTES",
     .code = ERROR_DEFINITION,
     .message = "is no addrType; remove it"},
    {.name = "a type that nobody makes",
     .start = TYPES,
     .errand = REGISTER,
     .type = "MHS",
     .code = ERROR_DEFINITION,
     .message = "acme.xml: no generator makes addresses of the type MHS; add <address-type"},
    {.name = "a type leaves",
     .start = TYPES NOTES("simple.so", CURRENT, "Lotus Notes"),
     .errand = UNREGISTER,
     .type = "notes",
     .told = "removed " NOTES_DN "\n",
     .differences = "- " NOTES_DN "\n"},
    {.name = "the connector and its container",
     .start = CONFIGURED,
     .errand = CONNECT,
     .told = "added " CONNECTIONS "\nadded " GLOBEX "\n",
     .differences = "+ " CONNECTIONS "\n  cn: Connections\n  objectClass: container\n"
                    "  objectClass: msExchConnectors\n  objectClass: top\n"
                    "+ " GLOBEX "\n  adminDisplayName: globex\n  cn: globex\n  computerName: mail1\n"
                    "  deliveryMechanism: 1\n  displayName: globex\n  homeMTA: " CONNECTIONS
                    "\n  legacyExchangeDN: /o=acme/ou=First Administrative Group/cn=Configuration"
                    "/cn=Connections/cn=globex\n  msExchConnectorType: NOTES\n"
                    "  objectClass: mailGateway\n  objectClass: msExchConnector\n"
                    "  objectClass: msExchNotesConnector\n  objectClass: top\n  routingList: NOTES:*;1\n"},
    {.name = "a connector that drifted; what is not ours stays",
     .start = CONNECTED "dn: " GLOBEX "\nobjectClass: msExchNotesConnector\ncn: globex\n"
                        "adminDisplayName: globex\ncomputerName: mail2\ndeliveryMechanism: 2\n"
                        "displayName: globex\nhomeMTA: cn=mta," BASE
                        "\nlegacyExchangeDN: /o=acme/ou=First Administrative Group/cn=Configuration"
                        "/cn=Connections/cn=globex\nmsExchConnectorType: NOTES\n"
                        "msExchExportContainersLinked: ou=gone," BASE "\nroutingList: notes:*;1\n"
                        "routingList: SMTP:*;7\nmsExchNotesForeignDomain: Exchange\n\n",
     .errand = CONNECT,
     .told = "changed " GLOBEX "\n",
     .differences = "* " GLOBEX "\n  - computerName: mail2\n  - msExchExportContainersLinked: ou=gone," BASE
                    "\n  - routingList: SMTP:*;7\n  - routingList: notes:*;1\n  + computerName: mail1\n"
                    "  + routingList: NOTES:*;1\n"},
    {.name = "a connector of another foreign system",
     .start = CONNECTED "dn: " GLOBEX "\nobjectClass: msExchGroupWiseConnector\ncn: globex\n"
                        "deliveryMechanism: 1\nhomeMTA: " CONNECTIONS "\n\n",
     .errand = CONNECT,
     .code = ERROR_DEFINITION,
     .message = GLOBEX ": something of this name is there already, and it is no msExchNotesConnector"},
    {.name = "a suffix is made by people",
     .start = "dn: dc=example\nobjectClass: domain\ndc: example\n\n",
     .errand = CONNECT,
     .code = ERROR_DEFINITION,
     .message = BASE ": the container is not there; make it by hand"},
};

/* How case_differences() shows such a value; g_free(). */
static char *value_in_differences(const char *base64)
{
    g_autofree char *before =
        g_strdup_printf("dn: cn=x\nobjectClass: device\ncn: x\nentryUUID: " ID("01") "\n\n");
    g_autofree char *after = g_strdup_printf(
        "dn: cn=x\nobjectClass: device\ncn: x\nentryUUID: " ID("01") "\nfileVersion:: %s\n\n", base64);
    g_autofree char *text = case_differences(before, after);
    return g_strdup(strchr(strstr(text, "fileVersion"), ':') + 2);
}

/* The case's text with what depends on processor and version; g_free(). */
static char *expected(const char *text)
{
    static const char *const versions[][2] = {
        {"%version", CURRENT}, {"%older", OLDER}, {"%newer", NEWER}, {"%short", "BQA="}};
    g_autofree char *filled = here(text);
    GString *out = g_string_new(filled);
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autofree char *value = value_in_differences(versions[i][1]);
        g_strchomp(value);
        g_string_replace(out, versions[i][0], value, 0);
    }
    return g_string_free(out, FALSE);
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Entries that are new in an order that is always the same. g_free(). */
static char *sort_entries(const char *differences)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)g_free);
    g_auto(GStrv) lines = g_strsplit(differences, "\n", -1);
    for (char **line = lines; *line && **line; line++) {
        bool begins = **line != ' ';
        char *joined = begins ? g_strconcat(*line, "\n", NULL)
                              : g_strconcat(entries->pdata[entries->len - 1], *line, "\n", NULL);
        if (!begins)
            g_ptr_array_set_size(entries, (gint)entries->len - 1);
        g_ptr_array_add(entries, joined);
    }
    g_ptr_array_sort(entries, by_text);
    g_ptr_array_add(entries, NULL);
    return g_strjoinv("", (char **)entries->pdata);
}

static void assert_refused(const ErrandCase *c, Directory *home)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = here(c->message);
    size_t writes = memory_store_writes(store);
    assert_false(run_errand(c->errand, c->type, home, false, NULL, NULL, &error));
    if (!error_is(error, (ErrorCode)c->code) || !strstr(error->message, message))
        fail_msg("%s: %s", c->name, error->message);
    assert_int_equal(memory_store_writes(store), writes);
}

static void assert_does(const ErrandCase *c, Directory *home)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) told = g_string_new(NULL), dry = g_string_new(NULL), again = g_string_new(NULL);
    g_autofree char *before = memory_store_dump(store, true);
    g_autofree char *lines = expected(c->told), *dry_lines = dry_words(lines);
    g_autofree char *wanted = expected(c->differences);
    size_t writes = memory_store_writes(store);
    assert_true(run_errand(c->errand, c->type, home, true, take_told, dry, &error));
    assert_string_equal(dry->str, dry_lines);
    assert_int_equal(memory_store_writes(store), writes);
    if (!run_errand(c->errand, c->type, home, false, take_told, told, &error))
        fail_msg("%s: %s", c->name, error->message);
    assert_string_equal(told->str, lines);
    g_autofree char *after = memory_store_dump(store, true);
    g_autofree char *unsorted = case_differences(before, after);
    g_autofree char *differences = sort_entries(unsorted), *sorted = sort_entries(wanted);
    assert_string_equal(differences, sorted);
    writes = memory_store_writes(store);
    if (c->errand != UNREGISTER)
        assert_true(run_errand(c->errand, c->type, home, false, take_told, again, &error));
    else
        assert_false(run_errand(c->errand, c->type, home, false, take_told, again, NULL));
    assert_int_equal(memory_store_writes(store), writes);
}

static void errands_write_what_differs_and_nothing_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        print_message("# %s\n", cases[i].name);
        g_autoptr(Directory) home = begin(cases[i].start);
        if (cases[i].message)
            assert_refused(&cases[i], home);
        else
            assert_does(&cases[i], home);
    }
}

/* --- the container --- */

static void the_container_is_that_of_the_definition_else_exchanges(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) home = begin(ROOT);
    g_autofree char *defined = registrar_container(&acme, home, &error);
    assert_string_equal(defined, PLACE);
    acme.addresses.container = NULL;
    assert_null(registrar_container(&acme, home, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_non_null(strstr(error->message, "acme.xml: "));
    assert_non_null(strstr(error->message, "add <configuration dn=\"cn=acme,cn=dirsync," BASE "\"/>"));
    assert_null(registrar_list(&acme, home, NULL));
}

static void in_a_forest_exchange_makes_its_own_container(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) home = begin(
        ROOT "dn:\nobjectClass: device\ncn: root DSE\nconfigurationNamingContext: CN=Configuration," BASE
             "\n\n");
    acme.addresses.container = NULL;
    g_autofree char *found = registrar_container(&acme, home, &error);
    assert_string_equal(found, "CN=acme,CN=Microsoft Exchange,CN=Services,CN=Configuration," BASE);
    assert_false(registrar_register(&acme, home, "NOTES", false, NULL, NULL, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_true(g_str_has_prefix(error->message,
                                 "CN=acme,CN=Microsoft Exchange,CN=Services,CN=Configuration," BASE
                                 ": the container is not there; "));
    assert_int_equal(memory_store_writes(store), 0);
}

static void without_containers_nothing_is_registered(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) home = begin(ROOT);
    g_autoptr(GPtrArray) list = registrar_list(&acme, home, &error);
    assert_non_null(list);
    assert_int_equal(list->len, 0);
    assert_null(registrar_find(list, "NOTES"));
}

static void the_list_has_every_processor_in_order(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) home = begin(TYPES NOTES("simple.so", CURRENT, "Lotus Notes")
                                          TYPE("notes", "alpha", "Ntspxgen.dll", "BQA=", "Notes")
                                              TYPE("GWISE", "%cpu", "Gwxpxgen.dll", NEWER, "GroupWise"));
    g_autoptr(GPtrArray) list = registrar_list(&acme, home, &error);
    assert_int_equal(list->len, 3);
    const RegisteredType *gwise = g_ptr_array_index(list, 0), *alpha = g_ptr_array_index(list, 1);
    const RegisteredType *notes = registrar_find(list, "notes");
    assert_string_equal(gwise->type, "GWISE");
    assert_string_equal(alpha->type, "NOTES");
    assert_string_equal(alpha->cpu, "alpha");
    assert_false(alpha->has_version);
    assert_ptr_equal(notes, g_ptr_array_index(list, 2));
    assert_string_equal(notes->generator, "simple.so");
    assert_string_equal(notes->display_name, "Lotus Notes");
    g_autofree char *version = generator_version_text(notes->version);
    assert_string_equal(version, "5.5.1960.5");
    assert_null(registrar_find(list, "X400"));
}

/* --- what the definition says of types and connectors --- */

static void the_definition_wins_over_what_ships(void **state)
{
    (void)state;
    static char *settings[] = {(char *)"form=%s", NULL};
    const char *file, *title, *const *given;
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) home = begin(ROOT);
    types[0] =
        (AddressTypeSettings){.type = (char *)"NOTES", .generator = (char *)"own.so", .settings = settings};
    types[1] = (AddressTypeSettings){.type = (char *)"MHS", .display_name = (char *)"Novell MHS"};
    assert_non_null(home);
    assert_true(registrar_generator(&acme, "NOTES", &file, &title, &given, &error));
    assert_string_equal(file, "simple.so");
    assert_null(given[0]);
    acme.addresses.types = types;
    acme.addresses.n_types = 2;
    assert_true(registrar_generator(&acme, "NOTES", &file, &title, &given, &error));
    assert_string_equal(file, "own.so");
    assert_string_equal(title, "Lotus Notes");
    assert_string_equal(given[0], "form=%s");
    assert_false(registrar_generator(&acme, "MHS", &file, &title, &given, &error));
}

/* What the connector's object has of one attribute, values joined by '|'; g_free(). */
static char *value_of(const char *dn, const char *name, Directory *home)
{
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE};
    g_autoptr(GPtrArray) found = directory_search(home, &request, 1, NULL);
    assert_int_equal(found->len, 1);
    const Attribute *attribute = schema_find(schema_standard(), g_ptr_array_index(found, 0), name);
    GString *values = g_string_new(NULL);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        g_string_append_printf(values, "%s%s", i ? "|" : "", attribute->values[i].data);
    return g_string_free(values, FALSE);
}

static void assert_connector_has(Directory *home, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    if (!registrar_register_connector(&globex, home, false, NULL, NULL, &error))
        fail_msg("%s", error->message);
    g_autofree char *there = value_of(GLOBEX, name, home);
    assert_string_equal(there, value);
}

static const struct {
    const char *type, *site, *attribute, *value;
} domains_of_templates[] = {
    {"NOTES", NULL, "msExchNotesForeignDomain", ""},
    {"NOTES", "NOTES:&d/Acme@Exchange", "msExchNotesForeignDomain", "Exchange"},
    {"NOTES", "NOTES:&d/A@B@ Exchange ", "msExchNotesForeignDomain", "Exchange"},
    {"NOTES", "NOTES:&d/Acme@&M", "msExchNotesForeignDomain", ""},
    {"NOTES", "NOTES:&d/Acme", "msExchNotesForeignDomain", ""},
    {"GWISE", "GWISE:Exchange.First.%m", "msExchGWiseForeignDomain", "Exchange"},
    {"GWISE", "GWISE:%3s.First.%m", "msExchGWiseForeignDomain", ""},
    {"SNADS", "SNADS:%m", "msExchConnectorType", "SNADS"},
    {"SNADS", "SNADS:%m", "objectClass", "top|msExchConnector|mailGateway"},
};

static void the_template_tells_the_foreign_domain(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(domains_of_templates); i++) {
        g_autoptr(Directory) home = begin(CONFIGURED);
        globex.addresses.type = (char *)domains_of_templates[i].type;
        globex.addresses.site = (char *)domains_of_templates[i].site;
        assert_connector_has(home, domains_of_templates[i].attribute, domains_of_templates[i].value);
    }
}

static void the_connector_says_what_it_imports_and_exports(void **state)
{
    (void)state;
    static char *spaces[] = {(char *)"NOTES:*@Globex;5", (char *)"SMTP:globex.example;1", NULL};
    g_autoptr(Directory) home = begin(CONFIGURED PARTNERS);
    globex.addresses.spaces = spaces;
    globex.addresses.display_name = (char *)"Globex, by Notes";
    globex.pass[STEP_IMPORT] = (PassSettings){.wanted = true, .container = (char *)"ou=globex," BASE};
    sources[1].base = (char *)"ou=nowhere," BASE;
    globex.pass[STEP_EXPORT] = (PassSettings){.wanted = true, .sources = sources, .n_sources = 2};
    assert_connector_has(home, "routingList", "NOTES:*@Globex;5|SMTP:globex.example;1");
    assert_connector_has(home, "displayName", "Globex, by Notes");
    assert_connector_has(home, "msExchImportContainerLinked", "ou=globex," BASE);
    /* The first source has no base: the endpoint's. The second one is not there, and a server may refuse a
     * link to it. */
    assert_connector_has(home, "msExchExportContainersLinked", BASE);
    globex.pass[STEP_IMPORT].wanted = false;
    assert_connector_has(home, "msExchImportContainerLinked", "");
}

/* As before and after the first sync. */
static void a_container_that_is_not_there_yet_is_told_and_linked_later(void **state)
{
    (void)state;
    static const char missing[] = "missing ou=globex," BASE "\n";
    g_autoptr(Directory) home = begin(CONNECTED);
    g_autoptr(GString) before = g_string_new(NULL), after = g_string_new(NULL);
    globex.pass[STEP_IMPORT] = (PassSettings){.wanted = true, .container = (char *)"ou=globex," BASE};
    assert_true(registrar_register_connector(&globex, home, false, take_told, before, NULL));
    g_autofree char *added = g_strconcat(missing, "added " GLOBEX "\n", NULL);
    assert_string_equal(before->str, added);
    assert_true(memory_store_load(store, PARTNERS, NULL));
    assert_true(registrar_register_connector(&globex, home, false, take_told, after, NULL));
    assert_string_equal(after->str, "changed " GLOBEX "\n");
    assert_connector_has(home, "msExchImportContainerLinked", "ou=globex," BASE);
}

static void the_first_host_is_the_connectors_until_the_definition_says_another(void **state)
{
    (void)state;
    g_autoptr(Directory) home =
        begin(CONNECTED "dn: " GLOBEX "\nobjectClass: msExchNotesConnector\ncn: globex\n"
                        "computerName: elsewhere\ndeliveryMechanism: 1\nhomeMTA: " CONNECTIONS "\n\n");
    globex.addresses.server = NULL;
    assert_connector_has(home, "computerName", "elsewhere");
    globex.addresses.server = (char *)"mail1";
    assert_connector_has(home, "computerName", "mail1");
}

static void a_routing_group_of_exchange_has_its_connectors(void **state)
{
    (void)state;
#define ADMIN_GROUPS "CN=Administrative Groups," PLACE
#define HEADQUARTERS "CN=HQ," ADMIN_GROUPS
#define ROUTING "CN=Routing Groups," HEADQUARTERS
#define FIRST "CN=First Routing Group," ROUTING
    g_autoptr(Directory) home =
        begin(CONFIGURED CONTAINER(ADMIN_GROUPS, "Administrative Groups") CONTAINER(HEADQUARTERS, "HQ")
                  CONTAINER(ROUTING, "Routing Groups") CONTAINER(FIRST, "First Routing Group")
                      CONTAINER("CN=Connections," FIRST, "Connections"));
    acme.addresses.admin_group = (char *)"HQ";
    g_autoptr(GError) error = NULL;
    assert_true(registrar_register_connector(&globex, home, false, NULL, NULL, &error));
    g_autofree char *legacy = value_of("CN=globex,CN=Connections," FIRST, "legacyExchangeDN", home);
    assert_string_equal(legacy, "/o=acme/ou=HQ/cn=Configuration/cn=Connections/cn=globex");
}

static void a_connector_without_a_type_has_no_object(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) home = begin(CONFIGURED);
    globex.addresses.type = NULL;
    assert_false(registrar_register_connector(&globex, home, false, NULL, NULL, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_non_null(strstr(error->message, "<addresses type="));
}

static void a_directory_that_takes_no_writes_says_so_with_the_dn(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Directory) home = begin(TYPES);
    memory_store_set_read_only(store, true);
    assert_false(registrar_register(&acme, home, "NOTES", false, NULL, NULL, &error));
    g_autofree char *start = here(NOTES_DN ": cannot be added: ");
    assert_true(g_str_has_prefix(error->message, start));
}

static const struct {
    const char *plan; /* of the failing driver */
    bool done;        /* the write that nobody heard of happened */
} unanswered[] = {{"uncertain@1", true}, {"lost@1", false}};

static void without_an_answer_the_same_errand_does_what_is_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(unanswered); i++) {
        g_autoptr(Directory) home = begin(TYPES);
        g_autofree char *path = g_strconcat(unanswered[i].plan, "|" STORE, NULL);
        Endpoint broken = {.driver = (char *)"failing", .path = path, .base = (char *)BASE};
        g_autoptr(GError) error = NULL;
        g_autoptr(Directory) failing = directory_open(&broken, &error);
        assert_non_null(failing);
        assert_false(registrar_register(&acme, failing, "NOTES", false, NULL, NULL, &error));
        assert_true(error_is(error, ERROR_UNCERTAIN));
        assert_int_equal(memory_store_writes(store), unanswered[i].done);
        assert_true(registrar_register(&acme, home, "NOTES", false, NULL, NULL, NULL));
        assert_int_equal(memory_store_writes(store), 1);
    }
}

/* --- differences --- */

typedef struct {
    const char *name, *start, *own; /* own: type of the connector */
    const char *lines; /* "!what -> remedy" of those that stop, " what -> remedy" of the others */
} Compared;

#define IN_ORDER                                                                                             \
    "dn: " GLOBEX "\nobjectClass: msExchNotesConnector\ncn: globex\nadminDisplayName: globex\n"              \
    "computerName: mail1\ndeliveryMechanism: 1\ndisplayName: globex\nhomeMTA: " CONNECTIONS                  \
    "\nlegacyExchangeDN: /o=acme/ou=First Administrative Group/cn=Configuration/cn=Connections/cn=globex\n"  \
    "msExchConnectorType: NOTES\nroutingList: NOTES:*;1\n\n"
#define CONNECTED_TYPES TYPES CONTAINER(CONNECTIONS, "Connections") IN_ORDER

static const Compared compared[] = {
    {"none", CONNECTED_TYPES NOTES("simple.so", CURRENT, "Lotus Notes"), "NOTES", ""},
    {"nothing registered", CONFIGURED, "NOTES",
     " NOTES: not registered for %cpu -> dirsync addrtype register globex NOTES\n"
     " " GLOBEX ": the connector's object is not there -> dirsync addrtype register globex\n"},
    {"another file", CONNECTED_TYPES NOTES("Ntspxgen.dll", CURRENT, "Lotus Notes"), "NOTES",
     " " NOTES_DN ": not as the definition says: proxyGeneratorDLL -> "
     "dirsync addrtype register globex NOTES\n"},
    {"this host is behind", CONNECTED_TYPES NOTES("simple.so", NEWER, "Lotus Notes"), "NOTES",
     "!NOTES: simple.so is registered with version 6.5.1960.5, and the file here is 5.5.1960.5: it makes no "
     "addresses -> install version 6.5.1960.5 or later of simple.so on this host\n"},
    {"this host is ahead", CONNECTED_TYPES NOTES("simple.so", OLDER, "Lotus Notes"), "NOTES",
     " " NOTES_DN ": not as the definition says: fileVersion -> dirsync addrtype register globex NOTES\n"},
    {"a type that nothing defines",
     CONNECTED_TYPES NOTES("simple.so", CURRENT, "Lotus Notes") TYPE("MHS", "%cpu", "mhs.so", CURRENT, "MHS"),
     "NOTES",
     " MHS: registered, and nothing says how its addresses are made -> add <address-type type=\"MHS\" "
     "generator=\"mhs.so\"/> to the organisation, or dirsync addrtype unregister globex MHS\n"},
    {"a type that ships and is not used is nobody's business",
     CONNECTED_TYPES NOTES("simple.so", CURRENT, "Lotus Notes")
         TYPE("GWISE", "%cpu", "simple.so", OLDER, "GroupWise") TYPE("MHS", "alpha", "mhs.dll", OLDER, "MHS"),
     "NOTES", ""},
    {"the object differs",
     CONNECTED "dn: " GLOBEX "\nobjectClass: msExchNotesConnector\ncn: globex\ndeliveryMechanism: 1\n"
               "homeMTA: " CONNECTIONS "\nadminDisplayName: globex\ndisplayName: Globex\n"
               "computerName: mail1\nmsExchConnectorType: NOTES\nroutingList: NOTES:*;9\n"
               "legacyExchangeDN: /o=acme/ou=First Administrative Group/cn=Configuration/cn=Connections"
               "/cn=globex\n\n",
     "NOTES",
     " NOTES: not registered for %cpu -> dirsync addrtype register globex NOTES\n"
     " " GLOBEX
     ": not as the definition says: displayName, routingList -> dirsync addrtype register globex\n"},
    {"nothing of its own", CONFIGURED, NULL, ""},
    {"a type without a generator", CONNECTED_TYPES, "MHS",
     "!MHS: no addresses can be made: acme.xml: no generator makes addresses of the type MHS; add "
     "<address-type type=\"MHS\" generator=\"…\"/> -> \n"
     " " GLOBEX ": not as the definition says: msExchConnectorType, routingList -> "
     "dirsync addrtype register globex\n"},
    {"the object is of another foreign system", CONNECTED_TYPES, "GWISE",
     " GWISE: not registered for %cpu -> dirsync addrtype register globex GWISE\n"
     " " GLOBEX ": something of this name is there already, and it is no msExchGroupWiseConnector; remove it "
     "if nobody needs it -> \n"},
};

static char *lines_of(Directory *home)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) differences = registrar_differences(&globex, NULL, home, &error);
    if (!differences)
        fail_msg("%s", error->message);
    GString *lines = g_string_new(NULL);
    for (guint i = 0; i < differences->len; i++) {
        const RegistrarDifference *one = g_ptr_array_index(differences, i);
        g_string_append_printf(lines, "%c%s -> %s\n", one->stops ? '!' : ' ', one->what,
                               one->remedy ? one->remedy : "");
    }
    return g_string_free(lines, FALSE);
}

static void differences_go_both_ways_with_what_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(compared); i++) {
        print_message("# %s\n", compared[i].name);
        g_autoptr(Directory) home = begin(compared[i].start);
        size_t writes = memory_store_writes(store);
        globex.addresses.type = (char *)compared[i].own;
        g_autofree char *lines = lines_of(home), *wanted = here(compared[i].lines);
        assert_string_equal(lines, wanted);
        assert_int_equal(memory_store_writes(store), writes);
    }
}

static void a_file_that_cannot_be_used_stops_its_type(void **state)
{
    (void)state;
    g_autoptr(Directory) home = begin(CONNECTED_TYPES);
    types[0] = (AddressTypeSettings){.type = (char *)"NOTES", .generator = (char *)"missing.so"};
    acme.addresses.types = types;
    acme.addresses.n_types = 1;
    g_autofree char *lines = lines_of(home);
    assert_true(g_str_has_prefix(lines, "!NOTES: no addresses can be made: "));
    assert_non_null(strstr(lines, "missing.so"));
}

static void assert_types(const GPtrArray *names, const char *expected)
{
    g_autoptr(GString) joined = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(joined, "%s%s", i ? " " : "", (const char *)g_ptr_array_index(names, i));
    assert_string_equal(joined->str, expected);
}

static void every_used_type_is_named_once_and_in_order(void **state)
{
    (void)state;
    static char *templates[] = {(char *)"SMTP:%m@acme.example", (char *)"x400:c=de;a= ;p=Acme;",
                                (char *)"notes:&d/Acme@Exchange", NULL};
    static char *no_domains[] = {NULL};
    static PolicySettings policy = {.name = (char *)"all",
                                    .where = (char *)"acme.xml:7",
                                    .priority = 1,
                                    .templates = templates,
                                    .foreign_domains = no_domains,
                                    .disabled_types = no_domains};
    g_autoptr(Directory) home = begin(ROOT);
    types[0] = (AddressTypeSettings){.type = (char *)"notes"};
    types[1] = (AddressTypeSettings){.type = (char *)"FAX"};
    acme.addresses.types = types;
    acme.addresses.n_types = 2;
    acme.addresses.policies = &policy;
    acme.addresses.n_policies = 1;
    g_autoptr(GError) error = NULL;
    g_autoptr(Policies) policies = policies_load(&acme, home, &error);
    assert_non_null(policies);
    g_autoptr(GPtrArray) used = registrar_types_used(&globex, NULL);
    g_autoptr(GPtrArray) with_policies = registrar_types_used(&globex, policies);
    assert_types(used, "FAX NOTES");
    assert_types(with_policies, "FAX NOTES SMTP X400");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errands_write_what_differs_and_nothing_twice),
        cmocka_unit_test(the_container_is_that_of_the_definition_else_exchanges),
        cmocka_unit_test(in_a_forest_exchange_makes_its_own_container),
        cmocka_unit_test(without_containers_nothing_is_registered),
        cmocka_unit_test(the_list_has_every_processor_in_order),
        cmocka_unit_test(the_definition_wins_over_what_ships),
        cmocka_unit_test(the_template_tells_the_foreign_domain),
        cmocka_unit_test(the_connector_says_what_it_imports_and_exports),
        cmocka_unit_test(a_container_that_is_not_there_yet_is_told_and_linked_later),
        cmocka_unit_test(the_first_host_is_the_connectors_until_the_definition_says_another),
        cmocka_unit_test(a_routing_group_of_exchange_has_its_connectors),
        cmocka_unit_test(a_connector_without_a_type_has_no_object),
        cmocka_unit_test(a_directory_that_takes_no_writes_says_so_with_the_dn),
        cmocka_unit_test(without_an_answer_the_same_errand_does_what_is_left),
        cmocka_unit_test(differences_go_both_ways_with_what_to_do),
        cmocka_unit_test(a_file_that_cannot_be_used_stops_its_type),
        cmocka_unit_test(every_used_type_is_named_once_and_in_order),
    };
    return cmocka_run_group_tests_name("registrar", tests, set_up, tear_down);
}

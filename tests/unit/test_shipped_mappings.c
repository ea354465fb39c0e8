/*
 * test_shipped_mappings.c - the mappings that ship, each with realistic entries
 *
 * samples/NAME.ldif or .csv goes through a mapping, and everything that comes
 * out, entry by entry, is what samples/NAME.txt says. Each side suits the
 * schemas that it is meant for, and what it makes is valid there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/csv.h"
#include "dirsync/error.h"
#include "dirsync/ldif.h"
#include "dirsync/mapping.h"
#include "dirsync/schema_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- files of the source ------------------------------------------------------------------------ */

static char *read_source(const char *path)
{
    const char *top = getenv("DIRSYNC_DATADIR");
    g_autofree char *file = g_build_filename(top ? top : ".", path, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    if (!g_file_get_contents(file, &text, NULL, &error))
        fail_msg("%s", error->message);
    return text;
}

static char *read_sample(const char *name)
{
    g_autofree char *path = g_strconcat("tests/unit/samples/", name, NULL);
    return read_source(path);
}

static GPtrArray *read_ldif(const char *text, const char *name)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), name);
    g_autoptr(GError) error = NULL;
    Entry *entry = NULL;
    RecordStatus status;
    while ((status = ldif_read_entry(reader, &entry, &error)) == RECORD_GOOD)
        g_ptr_array_add(entries, entry);
    if (status != RECORD_END)
        fail_msg("%s", error->message);
    return entries;
}

static GPtrArray *read_csv(const char *text, const char *name)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    CsvFormat format = {.separator = '|', .header = true};
    g_autoptr(GError) error = NULL;
    g_autoptr(CsvReader) reader = csv_reader_new_memory(text, strlen(text), name, &format, &error);
    Entry *entry = NULL;
    RecordStatus status;
    while ((status = csv_read_entry(reader, &entry, &error)) == RECORD_GOOD)
        g_ptr_array_add(entries, entry);
    if (status != RECORD_END)
        fail_msg("%s", error->message);
    return entries;
}

static GPtrArray *read_entries(const char *name)
{
    g_autofree char *text = read_sample(name);
    return g_str_has_suffix(name, ".csv") ? read_csv(text, name) : read_ldif(text, name);
}

/* --- schemas ------------------------------------------------------------------------------------ */

typedef enum { NO_SCHEMA, PLAIN, HOME, DOMINO, ACTIVE_DIRECTORY, SCHEMAS } SchemaName;

static Schema *schemas[SCHEMAS];

/* The standard ones, without what comes from Active Directory and Exchange. */
static void add_standard(Entry *subschema, const char *name, const char *const *descriptions)
{
    for (; *descriptions; descriptions++)
        if (!g_str_has_prefix(*descriptions, "( 1.2.840.113556."))
            entry_add_string(subschema, name, *descriptions);
}

/* A file for slapd.conf: a description goes on in lines that begin with a blank. */
static void add_file(Entry *subschema, const char *text)
{
    g_autofree char *unfolded = g_strdup(text);
    for (char *p = unfolded; (p = strstr(p, "\n "));)
        *p = ' ';
    g_auto(GStrv) lines = g_strsplit(unfolded, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "attributetype "))
            entry_add_string(subschema, "attributeTypes", *line + strlen("attributetype "));
        else if (g_str_has_prefix(*line, "objectclass "))
            entry_add_string(subschema, "objectClasses", *line + strlen("objectclass "));
}

static Schema *make_schema(bool standard, const char *path)
{
    g_autoptr(Entry) subschema = entry_new("cn=Subschema");
    g_autoptr(GError) error = NULL;
    if (standard) {
        add_standard(subschema, "attributeTypes", schema_standard_types);
        add_standard(subschema, "objectClasses", schema_standard_classes);
    }
    if (path) {
        g_autofree char *text = read_source(path);
        add_file(subschema, text);
    }
    Schema *schema = schema_new_from_subschema(subschema, &error);
    if (!schema || schema_skipped(schema))
        fail_msg("%s: %s", path, error ? error->message : "descriptions that cannot be read");
    return schema;
}

static int make_schemas(void **state)
{
    (void)state;
    schemas[PLAIN] = make_schema(true, NULL);
    schemas[HOME] = make_schema(true, "schema/openldap/dirsync.schema");
    schemas[DOMINO] = make_schema(true, "tests/unit/samples/domino.schema");
    schemas[ACTIVE_DIRECTORY] = make_schema(false, "tests/unit/samples/active-directory.schema");
    return 0;
}

static int drop_schemas(void **state)
{
    (void)state;
    for (SchemaName name = 0; name < SCHEMAS; name++)
        schema_free(schemas[name]);
    return 0;
}

/* --- what comes out ----------------------------------------------------------------------------- */

/* What is made of people, contacts, groups and resources; the first is what connectors ask for by default. */
#define BY_DEFAULT                                                                                           \
    {                                                                                                        \
        AS_CONTACT, AS_NOTHING, AS_GROUP, AS_CONTACT                                                         \
    }
#define BY_DEFAULT_BUT_GROUPS                                                                                \
    {                                                                                                        \
        AS_CONTACT, AS_NOTHING, AS_CONTACT, AS_CONTACT                                                       \
    }
#define WITH_CONTACTS                                                                                        \
    {                                                                                                        \
        AS_CONTACT, AS_CONTACT, AS_GROUP, AS_CONTACT                                                         \
    }
#define ALL_CONTACTS                                                                                         \
    {                                                                                                        \
        AS_CONTACT, AS_CONTACT, AS_CONTACT, AS_CONTACT                                                       \
    }
#define ACCOUNTS                                                                                             \
    {                                                                                                        \
        AS_USER, AS_NOTHING, AS_CONTACT, AS_NOTHING                                                          \
    }

typedef struct {
    const char *mapping;
    MappingSide side;
    RecipientAs as[OF_KINDS];
    SchemaName target, source;
    const char *sample;   /* what goes in */
    const char *expected; /* what comes out */
} ShippedCase;

static const ShippedCase cases[] = {
    {"inetorgperson", MAPPING_IMPORT, BY_DEFAULT, HOME, PLAIN, "inetorgperson-import.ldif",
     "inetorgperson-import.txt"},
    {"inetorgperson", MAPPING_IMPORT, ACCOUNTS, HOME, PLAIN, "inetorgperson-import.ldif",
     "inetorgperson-import-accounts.txt"},
    {"inetorgperson", MAPPING_EXPORT, WITH_CONTACTS, PLAIN, HOME, "home.ldif", "inetorgperson-export.txt"},
    {"inetorgperson", MAPPING_EXPORT, ACCOUNTS, PLAIN, HOME, "home.ldif",
     "inetorgperson-export-accounts.txt"},
    {"notes", MAPPING_IMPORT, BY_DEFAULT, HOME, DOMINO, "notes-import.ldif", "notes-import.txt"},
    {"notes", MAPPING_IMPORT, ACCOUNTS, HOME, DOMINO, "notes-import.ldif", "notes-import-accounts.txt"},
    {"notes", MAPPING_EXPORT, WITH_CONTACTS, DOMINO, HOME, "home.ldif", "notes-export.txt"},
    {"notes", MAPPING_EXPORT, ALL_CONTACTS, DOMINO, HOME, "home.ldif", "notes-export-contacts.txt"},
    {"groupwise", MAPPING_IMPORT, BY_DEFAULT, HOME, NO_SCHEMA, "groupwise-import.csv",
     "groupwise-import.txt"},
    {"groupwise", MAPPING_IMPORT, ACCOUNTS, HOME, NO_SCHEMA, "groupwise-import.csv",
     "groupwise-import-accounts.txt"},
    {"groupwise", MAPPING_EXPORT, ALL_CONTACTS, NO_SCHEMA, HOME, "home.ldif", "groupwise-export.txt"},
    {"csv", MAPPING_IMPORT, BY_DEFAULT, HOME, NO_SCHEMA, "csv-import.csv", "csv-import.txt"},
    {"csv", MAPPING_IMPORT, ACCOUNTS, HOME, NO_SCHEMA, "csv-import.csv", "csv-import-accounts.txt"},
    {"csv", MAPPING_EXPORT, ALL_CONTACTS, NO_SCHEMA, HOME, "home.ldif", "csv-export.txt"},
    {"active-directory", MAPPING_IMPORT, WITH_CONTACTS, HOME, ACTIVE_DIRECTORY,
     "active-directory-import.ldif", "active-directory-import.txt"},
    {"active-directory", MAPPING_IMPORT, ACCOUNTS, ACTIVE_DIRECTORY, ACTIVE_DIRECTORY,
     "active-directory-import.ldif", "active-directory-import-accounts.txt"},
    {"active-directory", MAPPING_EXPORT, WITH_CONTACTS, ACTIVE_DIRECTORY, HOME, "home.ldif",
     "active-directory-export.txt"},
    {"active-directory", MAPPING_EXPORT, ALL_CONTACTS, ACTIVE_DIRECTORY, HOME, "home.ldif",
     "active-directory-export-contacts.txt"},
};

static Mapping *load(const char *name, MappingSide side)
{
    g_autoptr(GError) error = NULL;
    Mapping *mapping = mapping_load(name, side, &error);
    if (!mapping)
        fail_msg("%s", error->message);
    return mapping;
}

static const Schema *schema_of(SchemaName name)
{
    return name == NO_SCHEMA ? schema_standard() : schemas[name];
}

static bool is_text(Value value)
{
    return g_utf8_validate_len(value.data, value.len, NULL) && !memchr(value.data, '\n', value.len);
}

static void append_entry(GString *out, const Entry *entry)
{
    g_string_append_printf(out, "  %s\n", entry_dn(entry));
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        for (size_t j = 0; j < attribute->n_values; j++) {
            Value value = attribute->values[j];
            g_autofree char *encoded = g_base64_encode((const guchar *)value.data, value.len);
            g_string_append_printf(out, "  %s:%s %s\n", attribute->name, is_text(value) ? "" : ":",
                                   is_text(value) ? value.data : encoded);
        }
    }
}

/* "attribute: reason", without the line of the file. */
static const char *reason_of(const char *message)
{
    const char *line = strstr(message, ".xml:");
    const char *colon = line ? strstr(line, ": ") : NULL;
    return colon ? colon + 2 : message;
}

/* Empty where there is no schema, or what is made suits it. Who the members are, the engine finds out. */
static char *find_fault(const ShippedCase *c, const MappingRecipient *recipient, const Entry *made)
{
    g_autoptr(Entry) entry = entry_copy(made);
    g_autoptr(GError) error = NULL;
    if (recipient->members) {
        gssize members = entry_index(entry, recipient->members->name);
        if (members >= 0)
            entry_remove(entry, (size_t)members);
        entry_add_string(entry, recipient->members->name, "cn=member,o=target");
    }
    if (c->target == ACTIVE_DIRECTORY && recipient->as != AS_CONTACT)
        entry_add_string(entry, "objectSid", "the server's");
    bool good = c->target == NO_SCHEMA || schema_check_entry(schema_of(c->target), entry, &error);
    return g_strdup(good ? "" : error->message);
}

static void append_mapped(GString *out, const ShippedCase *c, Mapping *mapping, const Entry *source)
{
    g_autoptr(GError) error = NULL;
    int index = -1;
    g_string_append_printf(out, "%s\n", entry_dn(source));
    assert_true(mapping_choose(mapping, c->as, schema_of(c->source), source, &index, NULL));
    if (index < 0) {
        g_string_append(out, "- left out\n\n");
        return;
    }
    const MappingRecipient *recipient = mapping_recipient(mapping, (size_t)index);
    g_string_append_printf(out, "- %s as %s\n", recipient_of_names[recipient->of],
                           recipient_as_names[recipient->as]);
    g_autoptr(Entry) made =
        mapping_apply(mapping, (size_t)index, schema_of(c->target), schema_of(c->source), source, &error);
    if (made) {
        g_autofree char *fault = find_fault(c, recipient, made);
        append_entry(out, made);
        if (*fault)
            fail_msg("%s, from %s: %s", c->expected, entry_dn(source), fault);
    } else {
        g_string_append_printf(out, "  ! %s\n", reason_of(error->message));
    }
    g_string_append_c(out, '\n');
}

/* Texts may be long: the first line that differs is told, and the last "cn=..." before it. */
static void assert_same(const char *what, const char *got, const char *expected)
{
    size_t same = 0;
    while (got[same] && got[same] == expected[same])
        same++;
    if (got[same] == expected[same])
        return;
    size_t line = same, entry = same;
    while (line && got[line - 1] != '\n')
        line--;
    while (entry > 1 && !(got[entry - 1] == '\n' && got[entry - 2] == '\n'))
        entry--;
    fail_msg("%s: in the part that begins with\n%.*s\ncame out\n%.*s\nand not\n%.*s", what,
             (int)strcspn(got + entry, "\n"), got + entry, (int)strcspn(got + line, "\n"), got + line,
             (int)strcspn(expected + line, "\n"), expected + line);
}

static void assert_case(const ShippedCase *c)
{
    g_autoptr(Mapping) mapping = load(c->mapping, c->side);
    g_autoptr(GPtrArray) entries = read_entries(c->sample);
    g_autofree char *expected = read_sample(c->expected);
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < entries->len; i++)
        append_mapped(out, c, mapping, g_ptr_array_index(entries, i));
    g_string_truncate(out, out->len - 1);
    assert_same(c->expected, out->str, expected);
}

static void samples_become_what_is_expected(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_case(&cases[i]);
}

static void each_side_suits_the_schemas_it_is_meant_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Mapping) mapping = load(cases[i].mapping, cases[i].side);
        g_autoptr(GError) error = NULL;
        if (!mapping_check(mapping, cases[i].as, schemas[cases[i].target], schemas[cases[i].source], &error))
            fail_msg("%s: %s", cases[i].mapping, error->message);
    }
}

/* A home without a schema of its own is checked against the built-in one. */
static void imports_suit_the_built_in_schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].target != HOME)
            continue;
        g_autoptr(Mapping) mapping = load(cases[i].mapping, cases[i].side);
        g_autoptr(GError) error = NULL;
        if (!mapping_check(mapping, cases[i].as, schema_standard(), NULL, &error))
            fail_msg("%s: %s", cases[i].mapping, error->message);
    }
}

/* What can be imported into one as it is, and exported from one. Groups want two rules more there. */
static void a_home_of_active_directory_is_served(void **state)
{
    (void)state;
    static const RecipientAs contacts[OF_KINDS] = BY_DEFAULT_BUT_GROUPS;
    static const char *const imports[] = {"active-directory", "groupwise", "notes"};
    const Schema *home = schemas[ACTIVE_DIRECTORY];
    g_autoptr(GError) error = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(imports); i++) {
        g_autoptr(Mapping) mapping = load(imports[i], MAPPING_IMPORT);
        if (!mapping_check(mapping, contacts, home, NULL, &error))
            fail_msg("%s: %s", imports[i], error->message);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].side != MAPPING_EXPORT)
            continue;
        g_autoptr(Mapping) mapping = load(cases[i].mapping, MAPPING_EXPORT);
        if (!mapping_check(mapping, cases[i].as, schemas[cases[i].target], home, &error))
            fail_msg("%s: %s", cases[i].mapping, error->message);
    }
}

static void what_the_other_side_lacks_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *mapping;
        MappingSide side;
        RecipientAs as[OF_KINDS];
        SchemaName target, source;
        const char *problem;
    } lacking[] = {
        {"notes", MAPPING_IMPORT, BY_DEFAULT, HOME, PLAIN, "the source has no attribute fullname"},
        {"notes", MAPPING_IMPORT, BY_DEFAULT, PLAIN, DOMINO,
         "targetAddress: the target has no such attribute"},
        {"notes", MAPPING_EXPORT, BY_DEFAULT, PLAIN, HOME, "the target has no object class dominoPerson"},
        {"active-directory", MAPPING_IMPORT, ACCOUNTS, HOME, ACTIVE_DIRECTORY,
         "the target has no object class user"},
        {"inetorgperson", MAPPING_IMPORT, BY_DEFAULT, ACTIVE_DIRECTORY, PLAIN,
         "jpegPhoto: none of the classes"},
        {"csv", MAPPING_IMPORT, BY_DEFAULT, ACTIVE_DIRECTORY, NO_SCHEMA,
         "employeeNumber: none of the classes"},
        {"active-directory", MAPPING_IMPORT, BY_DEFAULT, ACTIVE_DIRECTORY, ACTIVE_DIRECTORY,
         "sAMAccountName: the class group requires it"},
        {"groupwise", MAPPING_EXPORT, BY_DEFAULT, NO_SCHEMA, HOME,
         "there is no <recipient of=\"group\" as=\"group\">"},
        {"csv", MAPPING_EXPORT, ACCOUNTS, NO_SCHEMA, HOME,
         "there is no <recipient of=\"person\" as=\"user\">"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lacking); i++) {
        g_autoptr(Mapping) mapping = load(lacking[i].mapping, lacking[i].side);
        g_autoptr(GError) error = NULL;
        assert_false(mapping_check(mapping, lacking[i].as, schemas[lacking[i].target],
                                   schemas[lacking[i].source], &error));
        if (!strstr(error->message, lacking[i].problem))
            fail_msg("%s: %s\nis not in: %s", lacking[i].mapping, lacking[i].problem, error->message);
    }
}

/* What the export to a file writes, the import reads. */
static void a_csv_file_of_ours_can_be_imported(void **state)
{
    (void)state;
    static const RecipientAs contacts[OF_KINDS] = ALL_CONTACTS;
    g_autoptr(Mapping) export = load("csv", MAPPING_EXPORT), import = load("csv", MAPPING_IMPORT);
    g_autoptr(GPtrArray) entries = read_entries("home.ldif");
    int index = -1;
    assert_true(mapping_choose(export, contacts, schemas[HOME], g_ptr_array_index(entries, 0), &index, NULL));
    g_autoptr(Entry) row = mapping_apply(export, (size_t)index, schema_standard(), schemas[HOME],
                                         g_ptr_array_index(entries, 0), NULL);
    assert_true(mapping_choose(import, contacts, schema_standard(), row, &index, NULL));
    g_autoptr(Entry) contact =
        mapping_apply(import, (size_t)index, schemas[HOME], schema_standard(), row, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    append_entry(text, contact);
    assert_string_equal(text->str,
                        "  cn=M\303\274ller\\, Anna (Acme)\n  objectClass: top\n  objectClass: contact\n"
                        "  cn: M\303\274ller, Anna (Acme)\n  displayName: M\303\274ller, Anna (Acme)\n"
                        "  givenName: Anna\n  sn: M\303\274ller\n  initials: AM\n  title: Leiterin\n"
                        "  company: Acme AG\n  department: Einkauf\n"
                        "  physicalDeliveryOfficeName: K\303\266ln 1.02\n  employeeNumber: 12\n"
                        "  description: purchasing\n  street: Domplatz 1\n  postalCode: 50667\n"
                        "  l: K\303\266ln\n  st: NRW\n  telephoneNumber: +49 221 444-12\n"
                        "  facsimileTelephoneNumber: +49 221 444-99\n  mobile: +49 171 4441212\n"
                        "  homePhone: +49 221 987654\n  pager: 12\n  mail: anna.mueller@acme.example\n"
                        "  targetAddress: SMTP:anna.mueller@acme.example\n"
                        "  proxyAddresses: SMTP:anna.mueller@acme.example\n"
                        "  proxyAddresses: smtp:a.mueller@acme.example\n  mailNickname: amueller\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_become_what_is_expected),
        cmocka_unit_test(each_side_suits_the_schemas_it_is_meant_for),
        cmocka_unit_test(imports_suit_the_built_in_schema),
        cmocka_unit_test(a_home_of_active_directory_is_served),
        cmocka_unit_test(what_the_other_side_lacks_is_told),
        cmocka_unit_test(a_csv_file_of_ours_can_be_imported),
    };
    return cmocka_run_group_tests_name("shipped_mappings", tests, make_schemas, drop_schemas);
}

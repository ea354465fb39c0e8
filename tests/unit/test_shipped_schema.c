/*
 * test_shipped_schema.c - the schema files of all servers define the same
 *
 * What OpenLDAP's has, 389's and Active Directory's have too, with the same
 * object identifiers; and Active Directory's files name nothing twice. The
 * exceptions are written down here.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <stdbool.h>

/* In Active Directory's base schema. */
static const char *const active_directory_has[] = {
    "adminDisplayName",     "company",   "department",     "displayNamePrintable",   "garbageCollPeriod",
    "legacyExchangeDN",     "managedBy", "proxyAddresses", "proxyGenerationEnabled", "purportedSearch",
    "showInAddressBook",    "contact",   "group",          "mailRecipient",          "container",
    "addressBookContainer", NULL};

static char *text_of(const char *name)
{
    const char *top = g_getenv("DIRSYNC_DATADIR");
    g_autofree char *path = g_build_filename(top && *top ? top : ".", "schema", name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        fail_msg("%s", error->message);
    return text;
}

/* Names to object identifiers, by a pattern with groups for both, in that order unless @swapped. */
static GHashTable *definitions_of(const char *text, const char *pattern, bool swapped)
{
    GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
        char *name = g_match_info_fetch(match, swapped ? 2 : 1);
        char *oid = g_match_info_fetch(match, swapped ? 1 : 2);
        if (g_hash_table_contains(found, name))
            fail_msg("%s is defined twice", name);
        g_hash_table_insert(found, name, oid);
    }
    return found;
}

static GHashTable *openldap(void)
{
    g_autofree char *text = text_of("openldap/dirsync.schema");
    return definitions_of(text, "^(?:attributetype|objectclass) \\( ([0-9.]+) NAME '(\\w+)'", true);
}

static void openldap_both_forms_are_the_same(void **state)
{
    (void)state;
    g_autoptr(GHashTable) ours = openldap();
    g_autofree char *text = text_of("openldap/dirsync.ldif");
    g_autoptr(GHashTable) theirs =
        definitions_of(text, "^olc(?:AttributeTypes|ObjectClasses): \\( ([0-9.]+)\\s+NAME\\s+'(\\w+)'", true);
    GHashTableIter iter;
    gpointer name, oid;
    for (g_hash_table_iter_init(&iter, ours); g_hash_table_iter_next(&iter, &name, &oid);)
        if (g_strcmp0(oid, g_hash_table_lookup(theirs, name)))
            fail_msg("%s: not in dirsync.ldif, or with another OID", (char *)name);
    assert_int_equal(g_hash_table_size(theirs), g_hash_table_size(ours));
}

static void everything_is_in_the_schema_of_389(void **state)
{
    (void)state;
    g_autoptr(GHashTable) ours = openldap();
    g_autofree char *text = text_of("389/98dirsync.ldif");
    g_autoptr(GHashTable) theirs =
        definitions_of(text, "^(?:attributeTypes|objectClasses): \\( ([0-9.]+)\\s+NAME\\s+'(\\w+)'", true);
    GHashTableIter iter;
    gpointer name, oid;
    for (g_hash_table_iter_init(&iter, ours); g_hash_table_iter_next(&iter, &name, &oid);) {
        /* 389's own, with ours added */
        const char *expected = g_str_equal(name, "mailRecipient") ? "2.16.840.1.113730.3.2.3" : oid;
        if (g_strcmp0(expected, g_hash_table_lookup(theirs, name)))
            fail_msg("%s: not in 98dirsync.ldif, or with another OID", (char *)name);
    }
    /* otherMailbox and textEncodedORAddress, which others have in cosine */
    assert_int_equal(g_hash_table_size(theirs), g_hash_table_size(ours) + 2);
}

static void everything_is_in_active_directory(void **state)
{
    (void)state;
    g_autoptr(GHashTable) ours = openldap();
    g_autofree char *recipients = text_of("active-directory/recipients.ldf");
    g_autofree char *stamp = text_of("active-directory/stamp.ldf");
    g_autofree char *text = g_strconcat(recipients, "\n", stamp, NULL);
    g_autoptr(GHashTable) theirs =
        definitions_of(text, "^(?:attributeID|governsID): ([0-9.]+)\\nlDAPDisplayName: (\\w+)$", true);
    GHashTableIter iter;
    gpointer name, oid;
    for (g_hash_table_iter_init(&iter, ours); g_hash_table_iter_next(&iter, &name, &oid);) {
        const char *expected = g_strv_contains(active_directory_has, name) ? NULL : oid;
        if (g_strcmp0(expected, g_hash_table_lookup(theirs, name)))
            fail_msg("%s: %s", (char *)name, expected ? "missing, or with another OID" : "AD has it already");
    }
    assert_int_equal(g_hash_table_size(theirs),
                     g_hash_table_size(ours) - (G_N_ELEMENTS(active_directory_has) - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openldap_both_forms_are_the_same),
        cmocka_unit_test(everything_is_in_the_schema_of_389),
        cmocka_unit_test(everything_is_in_active_directory),
    };
    return cmocka_run_group_tests_name("shipped_schema", tests, NULL, NULL);
}

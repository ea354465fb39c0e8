/*
 * test_managed.c - what of an object is ours, and the smallest change to it
 *
 * Each case is an object as it is, the entry as it should be, and the change
 * between them; whatever the change, doing it leaves nothing to do, undoing it
 * gives back what was there, and the fingerprints say the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/account.h"
#include "dirsync/ldif.h"
#include "dirsync/managed.h"

#include <string.h>

#define UUID "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10"

static const char mapping_text[] =
    "<mapping xmlns=\"urn:x-dirsync:mapping:1\" name=\"m\"><import>\n"
    "<object class=\"top\"/><object class=\"contact\"/>\n"
    "<name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "<attribute name=\"title\" from=\"title\" values=\"first\"/>\n"
    "<attribute name=\"description\" from=\"description\"/>\n"
    "<attribute name=\"jpegPhoto\" from=\"jpegPhoto\"/>\n"
    "<attribute name=\"mailNickname\" wins=\"initial\" from=\"uid\" values=\"first\"/>\n"
    "<attribute name=\"proxyAddresses\" wins=\"merge\" owns=\"SMTP: smtp:\" from=\"mail\"/>\n"
    "</import></mapping>\n";

static Mapping *mapping;
static const StampSettings by_class = {.form = STAMP_CLASS},
                           by_proxy = {.form = STAMP_PROXY, .name = (char *)"DIRSYNC"};

static int load_mapping(void **state)
{
    (void)state;
    mapping = mapping_load_memory(mapping_text, strlen(mapping_text), "m.xml", MAPPING_IMPORT, NULL);
    return mapping ? 0 : -1;
}

static int drop_mapping(void **state)
{
    (void)state;
    mapping_free(mapping);
    return 0;
}

static Entry *entry_of(const char *attributes)
{
    g_autofree char *ldif =
        g_strconcat("dn: cn=X,o=acme\nobjectClass: top\nobjectClass: contact\n"
                    "objectClass: dirsyncStamp\ncn: X\nimportedFrom: " UUID "\ndirsyncAnchor: a\n",
                    attributes, "\n", NULL);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), "case");
    g_autoptr(GError) error = NULL;
    Entry *entry = NULL;
    if (ldif_read_entry(reader, &entry, &error) != RECORD_GOOD)
        fail_msg("the case's LDIF: %s", error ? error->message : attributes);
    return entry;
}

/* "-title: a;+title: b;" */
static char *change_text(const Change *change)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; change && i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        const char *sign = modification->kind == MODIFY_ADD ? "+" : "-";
        for (size_t j = 0; j < modification->n_values; j++)
            g_string_append_printf(text, "%s%s: %s;", sign, modification->name, modification->values[j].data);
        if (!modification->n_values)
            g_string_append_printf(text, "%s%s;", sign, modification->name);
    }
    return g_string_free(text, FALSE);
}

typedef struct {
    const char *name, *current, *desired, *change;
    bool exact, graced;
} DifferenceCase;

static const DifferenceCase differences[] = {
    {"the same", "title: a\n", "title: a\n", "", false, false},
    {"a new value", "", "title: a\n", "+title: a;", false, false},
    {"a value that goes", "title: a\n", "", "-title: a;", false, false},
    {"another value", "title: a\n", "title: b\n", "-title: a;+title: b;", false, false},
    {"of several values only those that differ", "description: a\ndescription: b\ndescription: c\n",
     "description: c\ndescription: d\ndescription: a\n", "-description: b;+description: d;", false, false},
    {"the order of values is nothing", "description: a\ndescription: b\n", "description: b\ndescription: a\n",
     "", false, false},
    {"nor is case", "title: HEAD of  sales\n", "title: Head of Sales\n", "", false, false},
    {"unless it is asked for", "title: HEAD\n", "title: Head\n", "-title: HEAD;+title: Head;", true, false},
    {"other attributes are nobody's business here", "l: Springfield\nmailNickname: old\n",
     "mailNickname: new\n", "", false, false},
    {"values of other prefixes stay", "proxyAddresses: X400:c=us\nproxyAddresses: SMTP:a@x\n",
     "proxyAddresses: SMTP:b@x\n", "-proxyAddresses: SMTP:a@x;+proxyAddresses: SMTP:b@x;", false, false},
    {"the prefix counts as it is written", "proxyAddresses: SMTP:a@x\nproxyAddresses: smtp:b@x\n",
     "proxyAddresses: SMTP:b@x\nproxyAddresses: smtp:a@x\n",
     "-proxyAddresses: SMTP:a@x;-proxyAddresses: smtp:b@x;+proxyAddresses: SMTP:b@x;"
     "+proxyAddresses: smtp:a@x;",
     false, false},
    {"what follows the prefix is compared by rule", "proxyAddresses: SMTP:Ann@X.example\n",
     "proxyAddresses: SMTP:ann@x.EXAMPLE\n", "", false, false},
    {"without an equality rule the whole attribute goes", "jpegPhoto: one\njpegPhoto: two\n",
     "jpegPhoto: two\njpegPhoto: three\n", "-jpegPhoto;+jpegPhoto: three;+jpegPhoto: two;", false, false},
    {"and is only added where there was none", "", "jpegPhoto: one\n", "+jpegPhoto: one;", false, false},
    {"hidden by somebody: not ours", "msExchHideFromAddressLists: TRUE\n", "", "", false, false},
    {"hidden in grace: ours", "msExchHideFromAddressLists: TRUE\ndirsyncGraceSince: 20260101000000Z\n", "",
     "-dirsyncGraceSince: 20260101000000Z;-msExchHideFromAddressLists: TRUE;", false, true},
};

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Values as they are, for comparing whole entries. */
static char *entry_text(const Entry *entry)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < entry_n_attributes(entry); i++)
        for (size_t j = 0; j < entry_attribute(entry, i)->n_values; j++)
            g_ptr_array_add(lines, g_strdup_printf("%s: %s", entry_attribute(entry, i)->name,
                                                   entry_attribute(entry, i)->values[j].data));
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static void assert_undone(const Managed *managed, const Entry *current, const Entry *result,
                          const Change *change)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Change) inverse = managed_inverse(schema_standard(), change, current, &error);
    assert_non_null(inverse);
    g_autoptr(Entry) back = managed_result(managed, result, inverse);
    g_autofree char *is = entry_text(back), *was = entry_text(current);
    assert_string_equal(is, was);
}

static void assert_difference(const Managed *managed, const DifferenceCase *c)
{
    DifferenceOptions options = {c->exact, c->graced};
    g_autoptr(Entry) current = entry_of(c->current), desired = entry_of(c->desired);
    g_autoptr(Change) change = managed_difference(managed, current, desired, options, NULL, NULL);
    g_autofree char *text = change_text(change);
    if (strcmp(text, c->change) != 0)
        fail_msg("%s: %s, expected %s", c->name, text, c->change);
    Fingerprint is = managed_fingerprint(managed, current, c->exact, c->graced);
    Fingerprint should = managed_fingerprint(managed, desired, c->exact, c->graced);
    assert_int_equal(fingerprint_equal(is, should), change == NULL);
    g_autoptr(Entry) result = managed_result(managed, current, change);
    assert_null(managed_difference(managed, result, desired, options, NULL, NULL));
    assert_true(fingerprint_equal(managed_fingerprint(managed, result, c->exact, c->graced), should));
    if (change)
        assert_undone(managed, current, result, change);
}

static void test_differences(void **state)
{
    (void)state;
    g_autoptr(Managed) managed =
        managed_new(mapping_recipient(mapping, 0), &by_class, schema_standard(), MANAGED_HIDES);
    for (size_t i = 0; i < G_N_ELEMENTS(differences); i++)
        assert_difference(managed, &differences[i]);
}

static void test_the_name_counts_in_the_fingerprint_by_its_rule(void **state)
{
    (void)state;
    g_autoptr(Managed) managed =
        managed_new(mapping_recipient(mapping, 0), &by_class, schema_standard(), MANAGED_HIDES);
    g_autoptr(Entry) one = entry_of(""), same = entry_of(""), other = entry_of("");
    entry_set_dn(same, "CN=x, O=Acme");
    entry_set_dn(other, "cn=Y,o=acme");
    Fingerprint first = managed_fingerprint(managed, one, false, false);
    assert_true(fingerprint_equal(first, managed_fingerprint(managed, same, false, false)));
    assert_false(fingerprint_equal(first, managed_fingerprint(managed, other, false, false)));
}

/* "ab" + "c" must not look like "a" + "bc". */
static void test_values_do_not_run_into_each_other(void **state)
{
    (void)state;
    g_autoptr(Managed) managed =
        managed_new(mapping_recipient(mapping, 0), &by_class, schema_standard(), MANAGED_HIDES);
    g_autoptr(Entry) one = entry_of("description: ab\ndescription: c\n"),
                     other = entry_of("description: a\ndescription: bc\n");
    g_autoptr(Entry) third = entry_of("title: a\n"), fourth = entry_of("description: a\n");
    assert_false(fingerprint_equal(managed_fingerprint(managed, one, false, false),
                                   managed_fingerprint(managed, other, false, false)));
    assert_false(fingerprint_equal(managed_fingerprint(managed, third, false, false),
                                   managed_fingerprint(managed, fourth, false, false)));
}

static void tell(const char *attribute, const char *where, bool emptied, void *data)
{
    g_string_append_printf(data, "%s %s%s;", attribute, where ? where : "stamp", emptied ? " emptied" : "");
}

static void test_each_attribute_is_told(void **state)
{
    (void)state;
    g_autoptr(Managed) managed =
        managed_new(mapping_recipient(mapping, 0), &by_class, schema_standard(), MANAGED_HIDES);
    g_autoptr(Entry) current = entry_of("title: a\ndescription: b\ndirsyncGraceSince: 20260101000000Z\n");
    g_autoptr(Entry) desired = entry_of("description: c\n");
    g_autoptr(GString) told = g_string_new(NULL);
    g_autoptr(Change) change =
        managed_difference(managed, current, desired, (DifferenceOptions){0}, tell, told);
    assert_non_null(change);
    assert_string_equal(told->str,
                        "title m.xml:4 emptied;description m.xml:5;dirsyncGraceSince stamp emptied;");
}

static void test_missing_classes_are_added(void **state)
{
    (void)state;
    g_autoptr(Managed) managed =
        managed_new(mapping_recipient(mapping, 0), &by_class, schema_standard(), MANAGED_HIDES);
    g_autoptr(Entry) current = entry_new("cn=X,o=acme"), desired = entry_of("");
    entry_add_string(current, "objectClass", "contact");
    entry_add_string(current, "cn", "X");
    g_autoptr(Change) change =
        managed_difference(managed, current, desired, (DifferenceOptions){0}, NULL, NULL);
    g_autofree char *text = change_text(change);
    assert_string_equal(text, "+objectClass: dirsyncStamp;+importedFrom: " UUID ";+dirsyncAnchor: a;");
}

/* A stamp among the proxy addresses is ours, beside what the mapping owns there. */
static void test_a_stamp_among_the_addresses(void **state)
{
    (void)state;
    g_autoptr(Managed) managed = managed_new(mapping_recipient(mapping, 0), &by_proxy, schema_standard(), 0);
    g_autoptr(Entry) current = entry_of("proxyAddresses: dirsync:" UUID ";;a\nproxyAddresses: X400:c=us\n");
    g_autoptr(Entry) desired = entry_of("proxyAddresses: dirsync:" UUID ";20260101000000Z;a\n");
    g_autoptr(Change) change =
        managed_difference(managed, current, desired, (DifferenceOptions){0}, NULL, NULL);
    g_autofree char *text = change_text(change);
    assert_string_equal(text, "-proxyAddresses: dirsync:" UUID ";;a;+proxyAddresses: dirsync:" UUID
                              ";20260101000000Z;a;");
    g_autoptr(Entry) stripped = managed_stripped(managed, current);
    const Attribute *left = schema_find(schema_standard(), stripped, "proxyAddresses");
    assert_int_equal(left->n_values, 1);
    assert_string_equal(left->values[0].data, "X400:c=us");
}

static void test_stripping_takes_the_stamp_and_the_hiding_only(void **state)
{
    (void)state;
    g_autoptr(Managed) managed =
        managed_new(mapping_recipient(mapping, 0), &by_class, schema_standard(), MANAGED_HIDES);
    g_autoptr(Entry) current = entry_of("title: a\nl: b\ndirsyncGraceSince: 20260101000000Z\n"
                                        "msExchHideFromAddressLists: TRUE\n");
    g_autoptr(Entry) stripped = managed_stripped(managed, current);
    static const char *const gone[] = {"importedFrom", "dirsyncAnchor", "dirsyncGraceSince", HIDE_ATTRIBUTE};
    for (size_t i = 0; i < G_N_ELEMENTS(gone); i++)
        assert_null(schema_find(schema_standard(), stripped, gone[i]));
    assert_string_equal(schema_find_string(schema_standard(), stripped, "title"), "a");
    assert_string_equal(schema_find_string(schema_standard(), stripped, "l"), "b");
    assert_non_null(schema_find(schema_standard(), current, "importedFrom"));
}

/* With the guard a modify fails on an object that no longer carries the stamp,
    and else changes nothing more. */
static void test_the_guard_asks_for_the_stamp(void **state)
{
    (void)state;
    g_autoptr(Managed) managed =
        managed_new(mapping_recipient(mapping, 0), &by_class, schema_standard(), MANAGED_HIDES);
    g_autoptr(Entry) current = entry_of("title: a\n"), desired = entry_of("title: b\n");
    g_autoptr(Change) change =
        managed_difference(managed, current, desired, (DifferenceOptions){0}, NULL, NULL);
    managed_guard(managed, current, change);
    g_autofree char *text = change_text(change);
    assert_non_null(strstr(text, "-dirsyncAnchor: a;"));
    assert_non_null(strstr(text, "+dirsyncAnchor: a;"));
    g_autoptr(Entry) result = managed_result(managed, current, change);
    assert_null(managed_difference(managed, result, desired, (DifferenceOptions){true, true}, NULL, NULL));
}

/* The undo of a deletion makes the entry again, without what only the server may write. */
static void test_inverses_of_adding_and_deleting(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = entry_of("title: a\n");
    g_autoptr(Change) add = change_new(CHANGE_ADD, entry_dn(entry)),
                      delete = change_new(CHANGE_DELETE, entry_dn(entry));
    add->entry = entry_copy(entry);
    g_autoptr(Change) undo_add = managed_inverse(schema_standard(), add, NULL, NULL);
    assert_int_equal(undo_add->kind, CHANGE_DELETE);
    assert_string_equal(undo_add->dn, entry_dn(entry));
    entry_add_string(entry, "entryUUID", "11111111-2222-3333-4444-555555555555");
    g_autoptr(Change) undo_delete = managed_inverse(schema_standard(), delete, entry, NULL);
    assert_int_equal(undo_delete->kind, CHANGE_ADD);
    assert_int_equal(entry_index(undo_delete->entry, "entryUUID"), -1);
    assert_string_equal(schema_find_string(schema_standard(), undo_delete->entry, "title"), "a");
    g_autoptr(GError) error = NULL;
    assert_null(managed_inverse(schema_standard(), delete, NULL, &error));
    assert_true(error_is(error, ERROR_INVALID));
}

/* An account that was disabled must not come back as one that is enabled. */
static void test_a_deleted_account_comes_back_as_disabled_as_it_was(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = entry_of("pwdAccountLockedTime: 000001010000Z\nuserPassword: secret\n");
    g_autoptr(Change) delete = change_new(CHANGE_DELETE, entry_dn(entry));
    assert_true(account_is_disabled(schema_standard(), entry));
    g_autoptr(Change) again = managed_inverse(schema_standard(), delete, entry, NULL);
    assert_true(account_is_disabled(schema_standard(), again->entry));
    assert_null(schema_find(schema_standard(), again->entry, "userPassword"));
}

/* Active Directory says of objectClass that nobody may modify it, 389 of nsAccountLock that it is
 * operational. */
static void test_an_inverse_has_what_others_would_call_the_servers_own(void **state)
{
    (void)state;
    g_autoptr(Entry) subschema = entry_new("cn=schema");
    entry_add_string(subschema, "attributeTypes", "( 2.5.4.0 NAME 'objectClass' NO-USER-MODIFICATION )");
    entry_add_string(subschema, "attributeTypes", "( 2.5.4.3 NAME 'cn' )");
    entry_add_string(subschema, "attributeTypes", "( 1.1 NAME 'nsAccountLock' USAGE directoryOperation )");
    entry_add_string(subschema, "attributeTypes", "( 1.2.840.113556.1.4.302 NAME 'sAMAccountType' )");
    entry_add_string(subschema, "objectClasses", "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )");
    g_autoptr(Schema) schema = schema_new_from_subschema(subschema, NULL);
    g_autoptr(Entry) entry = entry_new("cn=a,dc=x");
    entry_add_string(entry, "objectClass", "group");
    entry_add_string(entry, "sAMAccountType", "268435457");
    entry_add_string(entry, "nsAccountLock", "TRUE");
    g_autoptr(Change) delete = change_new(CHANGE_DELETE, "cn=a,dc=x");
    g_autoptr(Change) again = managed_inverse(schema, delete, entry, NULL);
    assert_string_equal(schema_find_string(schema, again->entry, "objectClass"), "group");
    assert_null(schema_find(schema, again->entry, "sAMAccountType"));
    assert_string_equal(schema_find_string(schema, again->entry, "nsAccountLock"), "TRUE");
    g_autoptr(Change) unlock = change_new(CHANGE_MODIFY, "cn=a,dc=x");
    change_modify(unlock, MODIFY_DELETE, "nsAccountLock", NULL, 0);
    g_autoptr(Change) lock = managed_inverse(schema, unlock, entry, NULL);
    assert_non_null(lock);
    g_autofree char *text = change_text(lock);
    assert_non_null(strstr(text, "nsAccountLock: TRUE"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_inverse_has_what_others_would_call_the_servers_own),
        cmocka_unit_test(test_a_deleted_account_comes_back_as_disabled_as_it_was),
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_the_name_counts_in_the_fingerprint_by_its_rule),
        cmocka_unit_test(test_values_do_not_run_into_each_other),
        cmocka_unit_test(test_each_attribute_is_told),
        cmocka_unit_test(test_missing_classes_are_added),
        cmocka_unit_test(test_a_stamp_among_the_addresses),
        cmocka_unit_test(test_stripping_takes_the_stamp_and_the_hiding_only),
        cmocka_unit_test(test_the_guard_asks_for_the_stamp),
        cmocka_unit_test(test_inverses_of_adding_and_deleting),
    };
    return cmocka_run_group_tests_name("managed", tests, load_mapping, drop_mapping);
}

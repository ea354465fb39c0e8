/*
 * test_mapping_shipped.c - the mappings that ship: what they make of a person, and whom they refuse;
 * and the examples of the manual page
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/mapping.h"
#include "manual_page.h"
#include "mapping_case.h"

#include <string.h>

/* What a connector asks for that wants people only. */
static const RecipientAs people[OF_KINDS] = {[OF_PERSON] = AS_CONTACT};

static char *apply(Mapping *mapping, const Entry *source)
{
    return mapping_case_apply(mapping, 0, source);
}

static Mapping *load_shipped(const char *name)
{
    g_autoptr(GError) error = NULL;
    Mapping *mapping = mapping_load(name, MAPPING_IMPORT, &error);
    if (!mapping)
        fail_msg("%s", error->message);
    return mapping;
}

static void inetorgperson_suits_the_standard_schema(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_shipped("inetorgperson");
    g_autoptr(GError) error = NULL;
    if (!mapping_check(mapping, people, schema_standard(), schema_standard(), &error))
        fail_msg("%s", error->message);
}

static void assert_mapped(const char *name, Entry *source, const char *expected)
{
    g_autoptr(Mapping) mapping = load_shipped(name);
    g_autoptr(Entry) owned = source;
    g_autofree char *got = apply(mapping, owned);
    const char *text = g_str_has_prefix(got, "! ") ? strchr(got, ':') : got;
    if (strcmp(text, expected) != 0)
        fail_msg("\ngot\n%s\nnot\n%s", text, expected);
}

static void assert_shipped(Entry *source, const char *expected)
{
    assert_mapped("inetorgperson", source, expected);
}

static void a_full_person_becomes_a_contact(void **state)
{
    (void)state;
    assert_shipped(
        ENTRY("objectClass=inetOrgPerson", "cn=Jane Doe", "displayName=Doe, Jane  (Sales)", "givenName=Jane",
              "givenName=Janie", "sn=Doe", "initials=JD", "title=Head", "o=Globex", "ou=Sales",
              "departmentNumber=7", "physicalDeliveryOfficeName=B1", "employeeNumber=42", "description=one",
              "description=two", "street=Main St 1", "postalCode=12345", "l=Town", "st=State",
              "telephoneNumber=+1 2", "telephoneNumber=+1 3", "facsimileTelephoneNumber=+1 4", "mobile=+1 5",
              "homePhone=+1 6", "pager=+1 7", "labeledURI=http://x", "preferredLanguage=de",
              "mail=Jane.Doe@globex.example", "mail=jd@globex.example", "mail=JANE.DOE@globex.example",
              "mail=not an address", "uid=Jänedoe+1", "userPassword=secret"),
        "cn=Doe\\, Jane (Sales)\n"
        "objectClass: top\nobjectClass: contact\ncn: Doe, Jane (Sales)\ndisplayName: Doe, Jane (Sales)\n"
        "givenName: Jane\nsn: Doe\ninitials: JD\ntitle: Head\ncompany: Globex\ndepartment: Sales\n"
        "physicalDeliveryOfficeName: B1\nemployeeNumber: 42\ndescription: one\ndescription: two\nstreet: "
        "Main St 1\n"
        "postalCode: 12345\nl: Town\nst: State\ntelephoneNumber: +1 2\nfacsimileTelephoneNumber: +1 "
        "4\nmobile: +1 5\n"
        "homePhone: +1 6\npager: +1 7\nlabeledURI: http://x\npreferredLanguage: de\nmail: "
        "Jane.Doe@globex.example\n"
        "targetAddress: SMTP:Jane.Doe@globex.example\nproxyAddresses: SMTP:Jane.Doe@globex.example\n"
        "proxyAddresses: smtp:jd@globex.example\nmailNickname: Janedoe1\n");
}

static void a_person_is_named_by_what_there_is(void **state)
{
    (void)state;
    assert_shipped(
        ENTRY("givenName=Jane", "sn=Doe", "cn=jd", "mail=a@x.example", "departmentNumber=7"),
        "cn=Jane Doe\nobjectClass: top\nobjectClass: contact\ncn: Jane Doe\ndisplayName: Jane Doe\n"
        "givenName: Jane\nsn: Doe\ndepartment: 7\nmail: a@x.example\ntargetAddress: SMTP:a@x.example\n"
        "proxyAddresses: SMTP:a@x.example\nmailNickname: a\n");
    assert_shipped(ENTRY("cn=jd", "sn=Doe", "mail=a@x.example"),
                   "cn=jd\nobjectClass: top\nobjectClass: contact\ncn: jd\ndisplayName: jd\nsn: Doe\n"
                   "mail: a@x.example\ntargetAddress: SMTP:a@x.example\nproxyAddresses: SMTP:a@x.example\n"
                   "mailNickname: a\n");
    assert_shipped(ENTRY("mail=a@x.example"),
                   "cn=a@x.example\nobjectClass: top\nobjectClass: contact\ncn: a@x.example\n"
                   "displayName: a@x.example\nmail: a@x.example\ntargetAddress: SMTP:a@x.example\n"
                   "proxyAddresses: SMTP:a@x.example\nmailNickname: a\n");
}

static void a_person_without_address_is_invalid(void **state)
{
    (void)state;
    const char *reason =
        ": no value, and one is required; it is made from mail, which the entry lacks or which give none";
    g_autoptr(Mapping) mapping = load_shipped("inetorgperson");
    g_autoptr(Entry) none = ENTRY("cn=Jane", "sn=Doe"), bad = ENTRY("cn=Jane", "sn=Doe", "mail=jane");
    g_autofree char *first = apply(mapping, none), *second = apply(mapping, bad);
    assert_true(g_str_has_prefix(first, "! ") && g_str_has_suffix(first, reason));
    assert_true(g_str_has_suffix(second, reason));
    assert_non_null(strstr(first, "inetorgperson.xml:"));
    assert_non_null(strstr(first, ": mail: "));
}

static void a_long_name_is_cut_for_the_rdn_only(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_shipped("inetorgperson");
    g_autofree char *name = g_strnfill(80, 'x');
    g_autofree char *pair = g_strconcat("displayName=", name, NULL);
    g_autoptr(Entry) source = ENTRY(pair, "mail=a@x.example");
    g_autoptr(Entry) result = mapping_apply(mapping, 0, schema_standard(), schema_standard(), source, NULL);
    assert_int_equal(strlen(schema_find_string(schema_standard(), result, "cn")), 64);
    assert_int_equal(strlen(schema_find_string(schema_standard(), result, "displayName")), 80);
    g_autoptr(GError) error = NULL;
    if (!schema_check_entry(schema_standard(), result, &error))
        fail_msg("%s", error->message);
}

/* The columns of a list as Outlook and its relatives write it, headers cleaned as the reader does. */
static void a_row_of_a_mailbox_list_becomes_a_contact(void **state)
{
    (void)state;
    assert_mapped("csv",
                  ENTRY("id=1", "FirstName=Jane", "LastName=Doe", "JobTitle=Head", "Organisation=Globex",
                        "Department=Sales", "Office=B1", "BusinessStreet=Main St 1", "Zip=12345",
                        "BusinessCity=Town", "State=State", "BusinessPhone=+1 2", "Fax=+1 4",
                        "MobilePhone=+1 5", "E-mailAddress=Jane.Doe@globex.example",
                        "E-mailAddress=jd@globex.example", "Alias=jane d"),
                  "cn=Jane Doe\nobjectClass: top\nobjectClass: contact\ncn: Jane Doe\ndisplayName: Jane Doe\n"
                  "givenName: Jane\nsn: Doe\ntitle: Head\ncompany: Globex\ndepartment: Sales\n"
                  "physicalDeliveryOfficeName: B1\nstreet: Main St 1\npostalCode: 12345\nl: Town\nst: State\n"
                  "telephoneNumber: +1 2\nfacsimileTelephoneNumber: +1 4\nmobile: +1 5\n"
                  "mail: Jane.Doe@globex.example\ntargetAddress: SMTP:Jane.Doe@globex.example\n"
                  "proxyAddresses: SMTP:Jane.Doe@globex.example\nproxyAddresses: smtp:jd@globex.example\n"
                  "mailNickname: janed\n");
    assert_mapped("csv", ENTRY("mail=none", "email=a@x.example", "mail=A@x.example", "surname=Doe"),
                  "cn=Doe\nobjectClass: top\nobjectClass: contact\ncn: Doe\ndisplayName: Doe\nsn: Doe\n"
                  "mail: A@x.example\ntargetAddress: SMTP:A@x.example\nproxyAddresses: SMTP:A@x.example\n"
                  "mailNickname: A\n");
}

static void csv_suits_the_standard_schema(void **state)
{
    (void)state;
    g_autoptr(Mapping) mapping = load_shipped("csv");
    g_autoptr(GError) error = NULL;
    if (!mapping_check(mapping, people, schema_standard(), NULL, &error))
        fail_msg("%s", error->message);
}

/* --- the manual page ---------------------------------------------------------------------------- */

/* A whole mapping as it is; recipients, and attributes alone, with what belongs around them. */
static char *complete(const char *example)
{
    static const char *const begin = "<mapping xmlns='urn:x-dirsync:mapping:1' name='m'><import>";
    static const char *const end = "</import></mapping>";
    if (g_str_has_prefix(example, "<mapping"))
        return g_strdup(example);
    const char *name = strstr(example, "<recipient") ? "" : "<name attribute='cn' from='cn'/>";
    return g_strconcat(begin, name, example, end, NULL);
}

static void the_examples_of_the_manual_page_are_mappings(void **state)
{
    (void)state;
    g_autofree char *page = manual_page("dirsync-mapping.5");
    g_auto(GStrv) displays = g_strsplit(page, "\n.Bd -literal", -1);
    assert_true(g_strv_length(displays) > 5);
    for (char **display = displays + 1; *display; display++) {
        char *end = strstr(*display, "\n.Ed");
        assert_non_null(end);
        *end = '\0';
        g_autofree char *text = complete(strchr(*display, '\n') + 1);
        g_autoptr(Mapping) mapping = mapping_case_load(text);
        assert_true(mapping_n_recipients(mapping) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inetorgperson_suits_the_standard_schema),
        cmocka_unit_test(a_full_person_becomes_a_contact),
        cmocka_unit_test(a_person_is_named_by_what_there_is),
        cmocka_unit_test(a_person_without_address_is_invalid),
        cmocka_unit_test(a_long_name_is_cut_for_the_rdn_only),
        cmocka_unit_test(a_row_of_a_mailbox_list_becomes_a_contact),
        cmocka_unit_test(csv_suits_the_standard_schema),
        cmocka_unit_test(the_examples_of_the_manual_page_are_mappings),
    };
    return cmocka_run_group_tests_name("mapping_shipped", tests, NULL, NULL);
}

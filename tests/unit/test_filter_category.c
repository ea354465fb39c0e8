/*
 * test_filter_category.c - tests of objectCategory become tests of classes
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/filter.h"

#include <string.h>

#define PERSON                                                                                               \
    "(&(|(objectClass=user)(objectClass=contact)(objectClass=inetOrgPerson))(!(objectClass=computer)))"

static void each_category_is_a_test_of_classes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"(objectCategory=person)", PERSON},
        {"(OBJECTCATEGORY=Person)", PERSON},
        {"(1.2.840.113556.1.4.782=person)", PERSON},
        {"(objectCategory=user)", PERSON},
        {"(objectCategory=contact)", PERSON},
        {"(objectCategory=organizationalPerson)", PERSON},
        {"(objectCategory=inetOrgPerson)", PERSON},
        {"(objectCategory=CN=Person,CN=Schema,CN=Configuration,DC=acme,DC=example)", PERSON},
        {"(objectCategory=group)", "(objectClass=group)"},
        {"(objectCategory=computer)", "(objectClass=computer)"},
        {"(objectCategory=publicFolder)", "(objectClass=publicFolder)"},
        {"(objectCategory=CN=ms-Exch-Public-Folder,CN=Schema,CN=Configuration,DC=x)",
         "(objectClass=msExchPublicFolder)"},
        {"(objectCategory=a\\2ab)", "(objectClass=a\\2ab)"},
        {"(objectCategory==)", "(objectClass==)"},
        {"(!(objectCategory=group))", "(!(objectClass=group))"},
        {"(|(objectCategory=person)(a=b)(objectCategory=group)(c=d))",
         "(|" PERSON "(a=b)(objectClass=group)(c=d))"},
        {"(objectCategory=*)", "(objectCategory=*)"},
        {"(objectCategoryX=person)", "(objectCategoryX=person)"},
        {"(:caseIgnoreMatch:=person)", "(:caseIgnoreMatch:=person)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Filter) filter = filter_parse_resolved(cases[i][0], NULL);
        assert_non_null(filter);
        g_autofree char *text = filter_format(filter);
        assert_string_equal(text, cases[i][1]);
    }
}

static void people_are_users_and_contacts_but_not_computers(void **state)
{
    (void)state;
    static const struct {
        const char *classes;
        bool is_person;
    } cases[] = {
        {"top person organizationalPerson user", true},
        {"top person organizationalPerson contact", true},
        {"contact", true},
        {"inetOrgPerson", true},
        {"top person organizationalPerson user computer", false},
        {"group", false},
        {"top", false},
    };
    g_autoptr(Filter) filter = filter_parse("(objectCategory=person)", NULL);
    filter_resolve_categories(filter);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Entry) entry = entry_new("cn=a,dc=x");
        g_auto(GStrv) classes = g_strsplit(cases[i].classes, " ", -1);
        for (char **name = classes; *name; name++)
            entry_add_string(entry, "objectClass", *name);
        if (filter_matches(filter, schema_standard(), entry) != cases[i].is_person)
            fail_msg("%s", cases[i].classes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_category_is_a_test_of_classes),
        cmocka_unit_test(people_are_users_and_contacts_but_not_computers),
    };
    return cmocka_run_group_tests_name("filter category", tests, NULL, NULL);
}

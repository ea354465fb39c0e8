/*
 * test_schema_dn.c - names by the rules of their attributes: canonical form, equality, what lies within what
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dirsync/schema.h"

static void canonical_names_are_readable(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"", ""},
        {" CN = Anna  Berg ; OU=People,DC=Example", "cn=anna berg,ou=people,dc=example"},
        {"commonName=A\\,B\\+C", "cn=a\\,b\\+c"},
        {"sn=b+cn=a,o=x", "cn=a+sn=b,o=x"},
        {"UnHeard=X", "unheard=x"},
        {"uid=A\\00B", "uid=a\\00b"},
        {"cn=\\FFX", "cn=\\FFX"},
        {"member=cn\\=a\\,dc\\=b,o=x", "member=cn\\=a\\,dc\\=b,o=x"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *form = schema_normalise_dn(schema_standard(), cases[i].text);
        assert_string_equal(form, cases[i].canonical);
    }
    assert_null(schema_normalise_dn(schema_standard(), "no name"));
}

/* A leading blank changes nothing, but that nothing which was remembered is used. */
static void a_name_is_the_same_whatever_was_asked_before(void **state)
{
    (void)state;
    static const char *const rdns[] = {
        "cn=Anna  Berg", "CN=anna berg ", "cn=a\\,b", "cn=\"a,b\"", "cn=#0403", "", "sn=b+cn=a", "cn", " ",
        "cn=a<",         "2.5.4.3=X"};
    static const char *const parents[] = {"OU=People,DC=Example",
                                          "ou=people, dc=example",
                                          "dc=x;dc=y",
                                          " dc=x",
                                          "dc=x,",
                                          ",dc=x",
                                          "bad",
                                          "dc=X "};
    for (size_t i = 0; i < 3 * G_N_ELEMENTS(rdns) * G_N_ELEMENTS(parents); i++) {
        g_autofree char *text = g_strdup_printf("%s,%s", rdns[i % G_N_ELEMENTS(rdns)],
                                                parents[i / G_N_ELEMENTS(rdns) % G_N_ELEMENTS(parents)]);
        g_autofree char *blank = g_strconcat(" ", text, NULL);
        g_autofree char *form = schema_normalise_dn(schema_standard(), text);
        g_autofree char *same = schema_normalise_dn(schema_standard(), blank);
        g_autofree char *again = schema_normalise_dn(schema_standard(), text);
        assert_int_equal(g_strcmp0(form, same), 0);
        assert_int_equal(g_strcmp0(form, again), 0);
    }
}

/* The same text in schemas that see it differently, also in one that may lie where another was. */
static void a_name_is_of_its_schema(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        bool exact = i % 2;
        g_autoptr(Entry) subschema = entry_new("cn=subschema");
        entry_add_string(subschema, "objectClasses", "( 2.5.6.0 NAME 'top' ABSTRACT )");
        entry_add_string(
            subschema, "attributeTypes",
            exact ? "( 2.5.4.3 NAME 'cn' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )"
                  : "( 2.5.4.3 NAME 'cn' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )");
        g_autoptr(Schema) schema = schema_new_from_subschema(subschema, NULL);
        assert_non_null(schema);
        g_autofree char *form = schema_normalise_dn(schema, "cn=A,cn=B");
        g_autofree char *standard = schema_normalise_dn(schema_standard(), "cn=A,cn=B");
        assert_string_equal(form, exact ? "cn=A,cn=B" : "cn=a,cn=b");
        assert_string_equal(standard, "cn=a,cn=b");
    }
}

static void names_within_names(void **state)
{
    (void)state;
    static const struct {
        const char *dn, *base;
        bool within, equal;
    } cases[] = {
        {"cn=a,dc=x", "DC=X", true, false},
        {"dc=x", " dc = X ", true, true},
        {"dc=x", "cn=a,dc=x", false, false},
        {"cn=a,dc=x", "", true, false},
        {"", "", true, true},
        {"cn=a,ddc=x", "dc=x", false, false},
        {"cn=a\\,dc=x", "dc=x", false, false},  /* the comma is part of the value */
        {"cn=a\\\\,dc=x", "dc=x", true, false}, /* this one is not */
        {"cn=a\\\\\\,dc=x", "dc=x", false, false},
        {"cn=a+dc=x", "dc=x", false, false},
        {"bad", "", false, false},
        {"dc=x", "bad", false, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_int_equal(schema_dn_within(schema_standard(), cases[i].dn, cases[i].base), cases[i].within);
        assert_int_equal(schema_dn_equal(schema_standard(), cases[i].dn, cases[i].base), cases[i].equal);
    }
}

static void a_name_in_a_name_in_a_name_is_harmless(void **state)
{
    (void)state;
    GString *text = g_string_new(NULL);
    for (int i = 0; i < 100000; i++)
        g_string_append(text, "member=");
    g_autofree char *form = schema_normalise_dn(schema_standard(), text->str);
    assert_non_null(form);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_names_are_readable),
        cmocka_unit_test(a_name_is_the_same_whatever_was_asked_before),
        cmocka_unit_test(a_name_is_of_its_schema),
        cmocka_unit_test(names_within_names),
        cmocka_unit_test(a_name_in_a_name_in_a_name_is_harmless),
    };
    return cmocka_run_group_tests_name("schema_dn", tests, NULL, NULL);
}

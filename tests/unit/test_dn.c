/*
 * test_dn.c - names of RFC 4514: every special character, old spellings, hostile ones
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dirsync/dn.h"
#include "dirsync/error.h"

/** Text that is read, and the canonical text that it becomes. */
static const struct {
    const char *text, *canonical;
} readable[] = {
    {"", ""},
    {"  ", ""},
    {"cn=Anna Berg,ou=People,dc=example,dc=com", "cn=Anna Berg,ou=People,dc=example,dc=com"},
    /* examples of RFC 4514 section 4 */
    {"UID=jsmith,DC=example,DC=net", "UID=jsmith,DC=example,DC=net"},
    {"OU=Sales+CN=J.  Smith,DC=example,DC=net", "OU=Sales+CN=J.  Smith,DC=example,DC=net"},
    {"CN=James \\\"Jim\\\" Smith\\, III,DC=example", "CN=James \\\"Jim\\\" Smith\\, III,DC=example"},
    {"CN=Before\\0dAfter,DC=example,DC=net", "CN=Before\rAfter,DC=example,DC=net"},
    {"1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#04024869"},
    {"CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\xc4\x8di\xc4\x87"},
    /* every special character, escaped either way */
    {"cn=\\\"\\+\\,\\;\\<\\>\\\\", "cn=\\\"\\+\\,\\;\\<\\>\\\\"},
    {"cn=\\22\\2B\\2C\\3B\\3C\\3E\\5C", "cn=\\\"\\+\\,\\;\\<\\>\\\\"},
    {"cn=a\\=b=c", "cn=a\\=b\\=c"},
    {"cn=\\#no hex", "cn=\\#no hex"},
    {"cn=a#b", "cn=a#b"},
    {"cn=\\ both ends\\ ", "cn=\\ both ends\\ "},
    {"cn=\\20\\20", "cn=\\ \\ "},
    {"cn=\\ ", "cn=\\ "},
    {"cn=a\\00b", "cn=a\\00b"},
    {"cn=\\FFbad", "cn=\\FFbad"},
    {"cn=", "cn="},
    {"cn=,dc=x", "cn=,dc=x"},
    /* what LDAPv2 allowed */
    {" cn = Anna Berg ; dc = x ", "cn=Anna Berg,dc=x"},
    {"cn=Anna + sn=Berg , dc=x", "cn=Anna+sn=Berg,dc=x"},
    {"o=\"Acme, Inc. <a+b>; = \\\"x\\\"\",c=DE", "o=Acme\\, Inc. \\<a\\+b\\>\\; \\= \\\"x\\\",c=DE"},
    {"o=\" kept \",c=DE", "o=\\ kept\\ ,c=DE"},
    {"OID.2.5.4.3=Anna", "2.5.4.3=Anna"},
    {"cn=#0402AbCd+sn=x", "cn=#0402abcd+sn=x"},
};

static void names_are_read_and_written_canonically(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(readable); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Dn) dn = dn_parse(readable[i].text, &error);
        if (error)
            fail_msg("%s", error->message);
        g_autofree char *text = dn_format(dn, 0);
        assert_string_equal(text, readable[i].canonical);
        g_autoptr(Dn) again = dn_parse(text, NULL);
        g_autofree char *twice = dn_format(again, 0);
        assert_string_equal(twice, text);
    }
}

/** Text that is refused, and the character the message names. */
static const struct {
    const char *text;
    int position;
} refused[] = {
    {"Anna", 5},        {"=x", 1},     {"cn=a,", 6},   {",cn=a", 1},        {"cn=a,,dc=b", 6},
    {"cn=a+", 6},       {"cn=a\\", 5}, {"cn=a\\4", 5}, {"cn=a\\zz", 5},     {"cn=\"open", 9},
    {"cn=\"a\"b", 7},   {"cn=#", 5},   {"cn=#0", 5},   {"cn=#04zz", 7},     {"cn=a\"b", 5},
    {"cn=a<b", 5},      {"cn=a>b", 5}, {"c n=a", 3},   {"cn;lang-de=a", 3}, {"-cn=a", 1},
    {"cn=#0402 x", 10},
};

static void malformed_names_are_refused_with_the_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(dn_parse(refused[i].text, &error));
        assert_true(error_is(error, ERROR_INVALID));
        g_autofree char *position = g_strdup_printf(": character %d: ", refused[i].position);
        if (!strstr(error->message, position))
            fail_msg("%s: not at %d", error->message, refused[i].position);
    }
}

static void parts_of_a_name_are_unescaped(void **state)
{
    (void)state;
    g_autoptr(Dn) dn = dn_parse("cn=a\\,b\\00c+sn=#0403616263,dc=x", NULL);
    assert_int_equal(dn->n_rdns, 2);
    assert_int_equal(dn->rdns[0].n_avas, 2);
    assert_string_equal(dn->rdns[0].avas[0].type, "cn");
    assert_int_equal(dn->rdns[0].avas[0].len, 5);
    assert_memory_equal(dn->rdns[0].avas[0].value, "a,b\0c", 6);
    assert_false(dn->rdns[0].avas[0].is_ber);
    assert_true(dn->rdns[0].avas[1].is_ber);
    assert_memory_equal(dn->rdns[0].avas[1].value,
                        "\x04\x03"
                        "abc",
                        5);
    assert_string_equal(dn->rdns[1].avas[0].value, "x");
}

static void parents_and_first_rdns(void **state)
{
    (void)state;
    static const struct {
        const char *text, *parent, *first;
    } cases[] = {
        {"cn=a\\,b , dc=x,dc=y", "dc=x,dc=y", "cn=a\\,b"},
        {"dc=y", "", "dc=y"},
        {"", "", ""},
        {"cn=a + sn=b,dc=x", "dc=x", "cn=a+sn=b"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *parent = dn_parent(cases[i].text);
        g_autofree char *first = dn_first_rdn(cases[i].text);
        assert_string_equal(parent, cases[i].parent);
        assert_string_equal(first, cases[i].first);
    }
    assert_null(dn_parent("cn"));
    assert_null(dn_first_rdn("cn"));
}

static void names_are_built_from_any_value(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t len;
        const char *parent, *built;
    } cases[] = {
        {"Anna", 4, "dc=x", "cn=Anna,dc=x"},
        {"Anna", 4, "", "cn=Anna"},
        {"Anna", 4, NULL, "cn=Anna"},
        {"x,ou=Admins", 11, "dc=x", "cn=x\\,ou\\=Admins,dc=x"}, /* no way out of the value */
        {"#1", 2, NULL, "cn=\\#1"},
        {" ", 1, NULL, "cn=\\ "},
        {"  ", 2, NULL, "cn=\\ \\ "},
        {"a  b", 4, NULL, "cn=a  b"},
        {"a\0b", 3, NULL, "cn=a\\00b"},
        {"\xc3\xa9\xc3", 3, NULL, "cn=\xc3\xa9\\C3"},
        {"", 0, "dc=x", "cn=,dc=x"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *built = dn_build("cn", cases[i].value, cases[i].len, cases[i].parent);
        assert_string_equal(built, cases[i].built);
    }
}

static void any_bytes_survive_building_and_reading(void **state)
{
    (void)state;
    guint32 seed = g_random_int();
    print_message("seed %u\n", seed);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    static const char alphabet[] = " \"#+,;<=>\\ab\xc3\xa9\xff\t'*()";
    for (int i = 0; i < 20000; i++) {
        char value[12];
        size_t len = (size_t)g_rand_int_range(rand, 0, 12);
        for (size_t j = 0; j < len; j++) /* the final NUL of the alphabet counts */
            value[j] = alphabet[g_rand_int_range(rand, 0, sizeof alphabet)];
        g_autofree char *text = dn_build("cn", value, len, "dc=x");
        g_autoptr(Dn) dn = dn_parse(text, NULL);
        assert_non_null(dn);
        assert_int_equal(dn->n_rdns, 2);
        assert_int_equal(dn->rdns[0].n_avas, 1);
        assert_int_equal(dn->rdns[0].avas[0].len, len);
        assert_memory_equal(dn->rdns[0].avas[0].value, value, len);
    }
}

static void hostile_names_cost_no_more_than_their_length(void **state)
{
    (void)state;
    GString *deep = g_string_new("cn=a");
    for (int i = 0; i < 100000; i++)
        g_string_append(deep, i % 2 ? ",a=" : "+a=");
    g_autoptr(Dn) dn = dn_parse(deep->str, NULL);
    assert_int_equal(dn->n_rdns, 50001);
    while (deep->len <= 1024 * 1024)
        g_string_append(deep, ",dc=example");
    g_autoptr(GError) error = NULL;
    assert_null(dn_parse(deep->str, &error));
    assert_true(error_is(error, ERROR_INVALID));
    g_string_free(deep, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_and_written_canonically),
        cmocka_unit_test(malformed_names_are_refused_with_the_position),
        cmocka_unit_test(parts_of_a_name_are_unescaped),
        cmocka_unit_test(parents_and_first_rdns),
        cmocka_unit_test(names_are_built_from_any_value),
        cmocka_unit_test(any_bytes_survive_building_and_reading),
        cmocka_unit_test(hostile_names_cost_no_more_than_their_length),
    };
    return cmocka_run_group_tests_name("dn", tests, NULL, NULL);
}

/*
 * test_filter.c - filters: reading, writing, matching, injection, BER
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dirsync/error.h"
#include "dirsync/filter.h"

/** Text that is read, and the canonical text that it becomes. */
static const struct {
    const char *text, *canonical;
} readable[] = {
    {"(cn=Anna)", "(cn=Anna)"},
    {"cn=Anna", "(cn=Anna)"},
    {" ( cn= Anna )", "(cn= Anna )"}, /* blanks of a value count, others do not */
    {"(&(a=b)(c=d))", "(&(a=b)(c=d))"},
    {"&(a=b)(c=d)", "(&(a=b)(c=d))"},
    {"\n(&\n  (a=b)\n  (| (c=d) (!(e=f)) )\n)\n", "(&(a=b)(|(c=d)(!(e=f))))"},
    {"(&)", "(&)"},
    {"(|)", "(|)"},
    {"(cn=*)", "(cn=*)"},
    {"(cn=**)", "(cn=*)"},
    {"(cn=)", "(cn=)"},
    {"(cn=a*)", "(cn=a*)"},
    {"(cn=*a)", "(cn=*a)"},
    {"(cn=*a*)", "(cn=*a*)"},
    {"(cn=a*b**c*d)", "(cn=a*b*c*d)"},
    {"(cn=\\2a\\28\\29\\5C\\00)", "(cn=\\2a\\28\\29\\5c\\00)"},
    {"(cn=Lu\\c4\\8di\\c4\\87)", "(cn=Lu\xc4\x8di\xc4\x87)"},
    {"(cn=\\ff\\c4)", "(cn=\\ff\\c4)"},
    {"(bin=\\04\\02)", "(bin=\x04\x02)"},
    {"(age>=5)", "(age>=5)"},
    {"(age<=5)", "(age<=5)"},
    {"(cn~=Ana)", "(cn~=Ana)"},
    {"(cn;lang-de=a)", "(cn;lang-de=a)"},
    {"(2.5.4.3=a)", "(2.5.4.3=a)"},
    {"(o=a=b>=c)", "(o=a=b>=c)"},
    /* RFC 4515 section 4 */
    {"(cn:caseExactMatch:=Fred Flintstone)", "(cn:caseExactMatch:=Fred Flintstone)"},
    {"(cn:=Betty Rubble)", "(cn:=Betty Rubble)"},
    {"(sn:dn:2.4.6.8.10:=Barney Rubble)", "(sn:dn:2.4.6.8.10:=Barney Rubble)"},
    {"(o:dn:=Ace Industry)", "(o:dn:=Ace Industry)"},
    {"(:1.2.3:=Wilma Flintstone)", "(:1.2.3:=Wilma Flintstone)"},
    {"(:DN:2.4.6.8.10:=Dino)", "(:dn:2.4.6.8.10:=Dino)"},
};

static void filters_are_read_and_written_canonically(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(readable); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Filter) filter = filter_parse(readable[i].text, &error);
        if (error)
            fail_msg("%s", error->message);
        g_autofree char *text = filter_format(filter);
        assert_string_equal(text, readable[i].canonical);
        g_autoptr(Filter) again = filter_parse(text, NULL);
        g_autofree char *twice = filter_format(again);
        assert_string_equal(twice, text);
    }
}

/** Text that is refused, and the character the message names. */
static const struct {
    const char *text;
    int position;
} refused[] = {
    {"", 1},          {"()", 2},           {"(cn", 4},           {"(cn=a", 6},
    {"cn=a)", 5},     {"(cn=a)(sn=b)", 7}, {"(cn=a) x", 8},      {"(cn=a(b)", 6},
    {"(cn=\\2)", 5},  {"(cn=\\zz)", 5},    {"(cn=a\\", 6},       {"(=a)", 2},
    {"(c n=a)", 3},   {"(!)", 3},          {"(!(a=b)(c=d))", 8}, {"(!a=b)", 3},
    {"(&(a=b)", 8},   {"(&a=b)", 3},       {"(cn>a)", 4},        {"(cn>=a*)", 7},
    {"(cn:=a*b)", 7}, {"(:=a)", 4},        {"(:dn:=a)", 7},      {"(cn:a b:=c)", 4},
    {"(cn:dn)", 7},   {"(cn:", 4},         {"((cn=a))", 2},      {"(c$=a)", 2},
    {"(;x=a)", 2},    {"(cn", 4},
};

static void malformed_filters_are_refused_with_the_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(filter_parse(refused[i].text, &error));
        assert_true(error_is(error, ERROR_INVALID));
        g_autofree char *position = g_strdup_printf(": character %d: ", refused[i].position);
        if (!strstr(error->message, position))
            fail_msg("%s: not at %d", error->message, refused[i].position);
    }
}

static char *nested(int depth)
{
    GString *text = g_string_new(NULL);
    for (int i = 1; i < depth; i++)
        g_string_append(text, i % 2 ? "(!" : "(&");
    g_string_append(text, "(a=b)");
    for (int i = 1; i < depth; i++)
        g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    g_autofree char *deepest = nested(FILTER_MAX_DEPTH);
    g_autofree char *deeper = nested(FILTER_MAX_DEPTH + 1);
    g_autofree char *hostile = nested(200000);
    g_autoptr(Filter) filter = filter_parse(deepest, NULL);
    assert_non_null(filter);
    g_autoptr(GBytes) ber = filter_to_ber(filter);
    g_autoptr(Filter) back = filter_from_ber(g_bytes_get_data(ber, NULL), g_bytes_get_size(ber), NULL);
    assert_non_null(back);
    assert_null(filter_parse(deeper, NULL));
    assert_null(filter_parse(hostile, NULL));
}

static Entry *anna(void)
{
    Entry *entry = entry_new("cn=Anna,dc=x");
    entry_add_string(entry, "objectClass", "inetOrgPerson");
    entry_add_string(entry, "commonName", "Anna  Berg");
    entry_add_string(entry, "cn", "Annika");
    entry_add_string(entry, "sn", "Berg");
    entry_add_string(entry, "givenName;lang-en", "Ann");
    entry_add_string(entry, "description", "a*(b)\\c");
    entry_add_string(entry, "telephoneNumber", "+49 30 12-34");
    entry_add_string(entry, "manager", "CN=Chef, DC=x");
    entry_add_string(entry, "userAccountControl", "514");
    entry_add_string(entry, "groupType", "-2147483646");
    entry_add_string(entry, "internetEncoding", "12");
    entry_add_string(entry, "createTimestamp", "20240101120000Z");
    entry_add_string(entry, "mAPIRecipient", "TRUE");
    entry_add_string(entry, "postalAddress", "Main Street 1$Berlin");
    entry_add(entry, "jpegPhoto", "\xff\xd8", 2);
    entry_add_string(entry, "shoeSize", "Wide");
    entry_add_empty(entry, "mail");
    return entry;
}

static const struct {
    const char *text;
    bool matches;
} anna_cases[] = {
    /* equality by rule, any name, any value */
    {"(cn=anna berg)", true},
    {"(commonname=ANNIKA)", true},
    {"(2.5.4.3=annika)", true},
    {"(cn=Anna)", false},
    {"(cn~=ANNA BERG)", true},
    {"(telephoneNumber=+4930-1234)", true},
    {"(manager=cn=chef,dc=X)", true},
    {"(description=a\\2a\\28b\\29\\5cc)", true},
    {"(cn:=annika)", true},
    /* subtypes and options */
    {"(name=berg)", true},
    {"(name=chef)", false},
    {"(givenName=ann)", true},
    {"(givenName;lang-en=ann)", true},
    {"(givenName;lang-de=ann)", false},
    {"(sn;lang-en=berg)", false},
    /* classes above */
    {"(objectClass=person)", true},
    {"(objectClass=2.5.6.0)", true},
    {"(objectClass=contact)", false},
    /* presence */
    {"(cn=*)", true},
    {"(mail=*)", false}, /* known to be empty */
    {"(shoeSize=*)", true},
    {"(hatSize=*)", false},
    {"(name=*)", true},
    /* substrings */
    {"(cn=ann*)", true},
    {"(cn=*BERG)", true},
    {"(cn=*a b*)", true},
    {"(cn=a*n*b*g)", true},
    {"(cn=anna * berg)", false},
    {"(cn=anna *berg)", true},
    {"(cn=*berg*g)", false}, /* pieces do not overlap */
    {"(cn=annika*annika)", false},
    {"(cn= *anna berg)", true},
    {"(cn=*\\2a*)", false},
    {"(description=*\\2a*\\28*)", true},
    {"(telephoneNumber=*301*)", true},
    {"(postalAddress=*street 1*)", true},
    {"(manager=cn=*)", false}, /* names have no substring rule */
    {"(!(manager=cn=*))", false},
    /* ordering */
    {"(internetEncoding>=9)", true},
    {"(internetEncoding>=12)", true},
    {"(internetEncoding<=9)", false},
    {"(internetEncoding>=-100)", true},
    {"(internetEncoding<=123456789012345678901234567890)", true},
    {"(groupType<=-2147483645)", true},
    {"(groupType<=-2147483647)", false},
    {"(createTimestamp>=20240101130000+0100)", true},
    {"(createTimestamp<=20231231235959Z)", false},
    {"(sn>=berf)", true},
    {"(sn<=berf)", false},
    {"(manager>=a)", false},
    {"(!(manager>=a))", false},
    /* bits */
    {"(userAccountControl:1.2.840.113556.1.4.803:=2)", true},
    {"(userAccountControl:1.2.840.113556.1.4.803:=514)", true},
    {"(userAccountControl:1.2.840.113556.1.4.803:=3)", false},
    {"(userAccountControl:1.2.840.113556.1.4.804:=3)", true},
    {"(userAccountControl:1.2.840.113556.1.4.804:=1)", false},
    {"(groupType:1.2.840.113556.1.4.803:=2147483648)", true},
    {"(!(userAccountControl:1.2.840.113556.1.4.803:=1))", true},
    {"(!(userAccountControl:1.2.840.113556.1.4.803:=x))", false},
    {"(!(cn:1.2.840.113556.1.4.803:=1))", false},
    /* what is Undefined stays so under "not" */
    {"(cn:caseExactMatch:=Annika)", false},
    {"(!(cn:caseExactMatch:=Annika))", false},
    {"(!(cn:dn:=x))", false},
    {"(!(:1.2.3:=x))", false},
    {"(!(internetEncoding=many))", false},
    {"(!(createTimestamp=yesterday))", false},
    {"(!(manager=nobody))", false},
    {"(!(mAPIRecipient=yes))", false},
    {"(mAPIRecipient=true)", true},
    {"(jpegPhoto=\\ff\\d8)", false}, /* no equality rule */
    {"(!(jpegPhoto=\\ff\\d8))", false},
    {"(jpegPhoto=*)", true},
    /* attributes the built-in schema does not know: ignoring case */
    {"(shoesize=WIDE)", true},
    {"(shoeSize=w*e)", true},
    {"(!(hatSize=1))", true},
    /* sets */
    {"(&)", true},
    {"(|)", false},
    {"(&(sn=berg)(cn=annika))", true},
    {"(&(sn=berg)(cn=x))", false},
    {"(|(sn=x)(cn=annika))", true},
    {"(!(sn=x))", true},
    {"(|(cn:caseExactMatch:=x)(sn=berg))", true},
    {"(&(cn:caseExactMatch:=x)(sn=berg))", false},
    {"(!(&(cn:caseExactMatch:=x)(sn=x)))", true},
    {"(!(|(cn:caseExactMatch:=x)(sn=x)))", false},
};

static void entries_match_by_the_rules_of_the_schema(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = anna();
    for (size_t i = 0; i < G_N_ELEMENTS(anna_cases); i++) {
        g_autoptr(Filter) filter = filter_parse(anna_cases[i].text, NULL);
        assert_non_null(filter);
        if (filter_matches(filter, schema_standard(), entry) != anna_cases[i].matches)
            fail_msg("%s", anna_cases[i].text);
    }
}

static void attributes_a_server_does_not_know_are_undefined(void **state)
{
    (void)state;
    g_autoptr(Entry) subschema = entry_new("cn=Subschema");
    entry_add_string(subschema, "attributeTypes", "( 2.5.4.3 NAME 'cn' EQUALITY caseIgnoreMatch )");
    entry_add_string(subschema, "objectClasses", "( 2.5.6.0 NAME 'top' ABSTRACT )");
    g_autoptr(Schema) schema = schema_new_from_subschema(subschema, NULL);
    g_autoptr(Entry) entry = entry_new("cn=a");
    entry_add_string(entry, "cn", "a");
    entry_add_string(entry, "shoeSize", "38");
    static const struct {
        const char *text;
        bool matches;
    } cases[] = {
        {"(shoeSize=38)", false},  {"(!(shoeSize=38))", false},
        {"(!(hatSize=*))", false}, {"(shoeSize=*)", true},
        {"(cn=A)", true},          {"(!(cn=b))", true},
        {"(cn=a*)", false}, /* no substring rule */
        {"(!(cn=b*))", false},     {"(objectClass=top)", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Filter) filter = filter_parse(cases[i].text, NULL);
        if (filter_matches(filter, schema, entry) != cases[i].matches)
            fail_msg("%s", cases[i].text);
    }
}

static void data_cannot_leave_its_value(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t len;
        const char *text;
    } cases[] = {
        {"*", 1, "(uid=\\2a)"},
        {"x)(objectClass=*", 16, "(uid=x\\29\\28objectClass=\\2a)"},
        {"x*))(|(uid=*", 12, "(uid=x\\2a\\29\\29\\28|\\28uid=\\2a)"},
        {"\\2a", 3, "(uid=\\5c2a)"},
        {"a\0b", 3, "(uid=a\\00b)"},
        {"Ann\xc3\xa9", 5, "(uid=Ann\xc3\xa9)"},
        {"\xc3(", 2, "(uid=\\c3\\28)"},
        {"", 0, "(uid=)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = filter_equals("uid", cases[i].value, cases[i].len);
        assert_string_equal(text, cases[i].text);
        g_autofree char *escaped = filter_escape(cases[i].value, cases[i].len);
        assert_memory_equal(escaped, cases[i].text + 5, strlen(escaped));
        g_autoptr(Filter) filter = filter_parse(text, NULL);
        g_autofree char *again = filter_format(filter);
        assert_string_equal(again, text);
        g_autoptr(Entry) entry = entry_new("uid=x");
        entry_add_string(entry, "uid", "somebody else");
        assert_false(filter_matches(filter, schema_standard(), entry));
        entry_add(entry, "uid", cases[i].value, cases[i].len);
        assert_true(filter_matches(filter, schema_standard(), entry));
    }
}

static void attributes_of_a_filter_are_collected(void **state)
{
    (void)state;
    g_autoptr(Filter) filter = filter_parse("(&(cn=a)(|(sn=b*)(!(age>=3)))(mail=*)(:1.2:=x)(cn=c))", NULL);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    filter_collect_attributes(filter, names);
    assert_int_equal(g_hash_table_size(names), 4);
    static const char *const expected[] = {"cn", "sn", "age", "mail"};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_true(g_hash_table_contains(names, expected[i]));
}

/** The wire form, written by hand from RFC 4511. */
static const struct {
    const char *text;
    const char *ber;
    size_t len;
} wire[] = {
    {"(cn=ab)",
     "\xa3\x08\x04\x02"
     "cn"
     "\x04\x02"
     "ab",
     10},
    {"(cn=*)",
     "\x87\x02"
     "cn",
     4},
    {"(!(a=b))",
     "\xa2\x08\xa3\x06\x04\x01"
     "a"
     "\x04\x01"
     "b",
     10},
    {"(&)", "\xa0\x00", 2},
    {"(a>=1)",
     "\xa5\x06\x04\x01"
     "a"
     "\x04\x01"
     "1",
     8},
    {"(a<=1)",
     "\xa6\x06\x04\x01"
     "a"
     "\x04\x01"
     "1",
     8},
    {"(a~=1)",
     "\xa8\x06\x04\x01"
     "a"
     "\x04\x01"
     "1",
     8},
    {"(a=x*y*z)",
     "\xa4\x0e\x04\x01"
     "a"
     "\x30\x09\x80\x01"
     "x"
     "\x81\x01"
     "y"
     "\x82\x01"
     "z",
     16},
    {"(a:dn:1.2:=v)",
     "\xa9\x0e\x81\x03"
     "1.2"
     "\x82\x01"
     "a"
     "\x83\x01"
     "v"
     "\x84\x01\xff",
     16},
};

static void the_wire_form_is_that_of_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wire); i++) {
        g_autoptr(Filter) filter = filter_parse(wire[i].text, NULL);
        g_autoptr(GBytes) ber = filter_to_ber(filter);
        assert_int_equal(g_bytes_get_size(ber), wire[i].len);
        assert_memory_equal(g_bytes_get_data(ber, NULL), wire[i].ber, wire[i].len);
        g_autoptr(GError) error = NULL;
        g_autoptr(Filter) back = filter_from_ber(wire[i].ber, wire[i].len, &error);
        assert_null(error);
        g_autofree char *text = filter_format(back);
        assert_string_equal(text, wire[i].text);
    }
}

static void long_values_have_long_lengths(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *value = g_strnfill(sizes[i], 'x');
        g_autofree char *text = filter_equals("cn", value, sizes[i]);
        g_autoptr(Filter) filter = filter_parse(text, NULL);
        g_autoptr(GBytes) ber = filter_to_ber(filter);
        g_autoptr(Filter) back = filter_from_ber(g_bytes_get_data(ber, NULL), g_bytes_get_size(ber), NULL);
        g_autofree char *again = filter_format(back);
        assert_string_equal(again, text);
    }
}

static void broken_ber_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *ber;
        size_t len;
    } cases[] = {
        {"", 0}, /* nothing */
        {"\x87\x02"
         "cn"
         "x",
         5}, /* something after it */
        {"\x87\x80"
         "cn\0\0",
         6}, /* indefinite length */
        {"\x87\x85\0\0\0\0\x02"
         "cn",
         9}, /* length of lengths */
        {"\x87\x84\xff\xff\xff\xff"
         "cn",
         8},             /* longer than what is there */
        {"\x87\x00", 2}, /* no attribute */
        {"\x87\x02"
         "c\0",
         4}, /* not an attribute */
        {"\x87\x02"
         "c)",
         4},
        {"\xa7\x02"
         "cn",
         4}, /* wrong form */
        {"\x83\x08\x04\x02"
         "cn"
         "\x04\x02"
         "ab",
         10},
        {"\xaa\x02\x04\x00", 4}, /* unknown choice */
        {"\xa2\x00", 2},         /* not without a filter */
        {"\xa2\x08\x87\x02"
         "cn"
         "\x87\x02"
         "sn",
         10}, /* and with two */
        {"\xa3\x04\x04\x02"
         "cn",
         6}, /* no value */
        {"\xa3\x0a\x04\x02"
         "cn"
         "\x04\x02"
         "ab"
         "\x04\x00",
         12}, /* one too many */
        {"\xa4\x05\x04\x01"
         "a"
         "\x30\x00",
         7}, /* no pieces */
        {"\xa4\x08\x04\x01"
         "a"
         "\x30\x03\x83\x01"
         "x",
         10}, /* unknown piece */
        {"\xa4\x0b\x04\x01"
         "a"
         "\x30\x06\x81\x01"
         "x"
         "\x80\x01"
         "y",
         13}, /* initial after any */
        {"\xa4\x0b\x04\x01"
         "a"
         "\x30\x06\x82\x01"
         "x"
         "\x81\x01"
         "y",
         13}, /* any after final */
        {"\xa9\x03\x83\x01"
         "v",
         5}, /* neither rule nor attribute */
        {"\xa9\x03\x82\x01"
         "a",
         5}, /* no value */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        if (filter_from_ber(cases[i].ber, cases[i].len, &error))
            fail_msg("case %zu was taken", i);
        assert_true(error_is(error, ERROR_INVALID));
    }
}

static void deep_ber_is_refused(void **state)
{
    (void)state;
    GByteArray *ber = g_byte_array_new();
    static const guint8 leaf[] = {0x87, 2, 'c', 'n'};
    g_byte_array_append(ber, leaf, sizeof leaf);
    for (int i = 0; i < 20000; i++) {
        guint8 header[] = {0xa2, 0x83, (guint8)(ber->len >> 16), (guint8)(ber->len >> 8), (guint8)ber->len};
        g_byte_array_prepend(ber, header, sizeof header);
    }
    assert_null(filter_from_ber(ber->data, ber->len, NULL));
    g_byte_array_free(ber, TRUE);
}

/** A random filter as text; at most @depth levels. */
static void append_random(GRand *rand, GString *out, int depth)
{
    static const char *const names[] = {"cn", "sn;lang-de", "2.5.4.3", "objectClass", "x-1"};
    static const char *const operators[] = {"=", ">=", "<=", "~=", ":=", ":dn:1.2.3:="};
    const char *name = names[g_rand_int_range(rand, 0, G_N_ELEMENTS(names))];
    int kind = g_rand_int_range(rand, depth > 0 ? 0 : 3, 6);
    g_string_append_c(out, '(');
    if (kind < 3) {
        g_string_append_c(out, "&|!"[kind]);
        for (int n = kind == 2 ? 1 : g_rand_int_range(rand, 0, 4); n > 0; n--)
            append_random(rand, out, depth - 1);
    } else if (kind == 3) {
        g_string_append_printf(out, "%s=*", name);
    } else {
        char value[8];
        int len = g_rand_int_range(rand, 1, 8);
        for (int i = 0; i < len; i++)
            value[i] = (char)g_rand_int_range(rand, 0, 256);
        g_autofree char *escaped = filter_escape(value, (size_t)len);
        if (kind == 4)
            g_string_append_printf(out, "%s=%s*%s", name, g_rand_boolean(rand) ? escaped : "", escaped);
        else
            g_string_append_printf(out, "%s%s%s", name,
                                   operators[g_rand_int_range(rand, 0, G_N_ELEMENTS(operators))], escaped);
    }
    g_string_append_c(out, ')');
}

static void random_filters_survive_text_and_wire(void **state)
{
    (void)state;
    guint32 seed = g_random_int();
    print_message("seed %u\n", seed);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    for (int i = 0; i < 3000; i++) {
        GString *text = g_string_new(NULL);
        append_random(rand, text, 5);
        g_autoptr(Filter) filter = filter_parse(text->str, NULL);
        assert_non_null(filter);
        g_autofree char *formatted = filter_format(filter);
        assert_string_equal(formatted, text->str);
        g_autoptr(GBytes) ber = filter_to_ber(filter);
        g_autoptr(Filter) back = filter_from_ber(g_bytes_get_data(ber, NULL), g_bytes_get_size(ber), NULL);
        assert_non_null(back);
        g_autofree char *again = filter_format(back);
        assert_string_equal(again, text->str);
        g_string_free(text, TRUE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_read_and_written_canonically),
        cmocka_unit_test(malformed_filters_are_refused_with_the_position),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(entries_match_by_the_rules_of_the_schema),
        cmocka_unit_test(attributes_a_server_does_not_know_are_undefined),
        cmocka_unit_test(data_cannot_leave_its_value),
        cmocka_unit_test(attributes_of_a_filter_are_collected),
        cmocka_unit_test(the_wire_form_is_that_of_the_standard),
        cmocka_unit_test(long_values_have_long_lengths),
        cmocka_unit_test(broken_ber_is_refused),
        cmocka_unit_test(deep_ber_is_refused),
        cmocka_unit_test(random_filters_survive_text_and_wire),
    };
    return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}

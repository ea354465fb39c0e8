/*
 * test_encapsulation.c - addresses inside SMTP addresses and inside text, and out again
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proxygen/encapsulation.h"

#define ROUNDS 5000

static const struct {
    const char *type, *value, *domain, *smtp;
} encapsulated[] = {
    /* MS-OXCMAIL 2.1.3.1.8 */
    {"FAX", "1234567890", "MyDomain.com", "IMCEAFAX-1234567890@MyDomain.com"},
    {"EX", "/O=MMS/OU=EXCHANGE ADMINISTRATIVE GROUP (FYDIBOHF23SPDLT)/CN=RECIPIENTS/CN=User", "acme.example",
     "IMCEAEX-_O=MMS_OU=EXCHANGE+20ADMINISTRATIVE+20GROUP+20+28FYDIBOHF23SPDLT+29_CN=RECIPIENTS_CN=User"
     "@acme.example"},
    /* KB 323351 */
    {"SMTP", "swadmin@corporate.example", "acme.example",
     "IMCEASMTP-swadmin+40corporate+2Eexample@acme.example"},
    {"X400", "c=US;a= ;p=Microsoft;o=Site;", "acme.example",
     "IMCEAX400-c=US+3Ba=+20+3Bp=Microsoft+3Bo=Site+3B@acme.example"},
    {"GWISE", "Exchange.First Administrative Group.KimY", "acme.example",
     "IMCEAGWISE-Exchange+2EFirst+20Administrative+20Group+2EKimY@acme.example"},
    {"NOTES", "Kim Yoshida/Sales/Acme@AcmeHQ", "acme.example",
     "IMCEANOTES-Kim+20Yoshida_Sales_Acme+40AcmeHQ@acme.example"},
    {"EDK", "-=_+/\u00e4\r", "[192.0.2.1]", "IMCEAEDK--=+5F+2B_+C3+A4+0D@[192.0.2.1]"},
};

static void addresses_are_encapsulated_and_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(encapsulated); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *smtp =
            imcea_encode(encapsulated[i].type, encapsulated[i].value, encapsulated[i].domain, &error);
        if (!smtp)
            fail_msg("%s", error->message);
        assert_string_equal(smtp, encapsulated[i].smtp);
        assert_true(imcea_looks_like(smtp));
        g_autofree char *type = NULL, *value = NULL;
        if (!imcea_decode(smtp, NULL, &type, &value, &error))
            fail_msg("%s", error->message);
        assert_string_equal(type, encapsulated[i].type);
        assert_string_equal(value, encapsulated[i].value);
    }
}

/** What other writers make of it. */
static const struct {
    const char *smtp, *type, *value;
} foreign[] = {
    {"imceanotes-Kim+40HQ@acme.example", "NOTES", "Kim@HQ"},
    {"IMCEASMTP-swadmin+40corporate+2eexample@ACME.example", "SMTP", "swadmin@corporate.example"},
    {"IMCEA+4E+4FTES-Kim+40HQ@acme.example", "NOTES", "Kim@HQ"},   /* the type escaped too */
    {"IMCEANOTES-+4B+69+6d+40HQ@acme.example", "NOTES", "Kim@HQ"}, /* more escaped than need be */
    {"IMCEAEDK-a-b-@acme.example", "EDK", "a-b-"},                 /* the first hyphen ends the type */
    {"IMCEAEDK-+C3+A4@acme.example", "EDK", "\u00e4"},
};

static void what_other_writers_make_is_read(void **state)
{
    (void)state;
    static const char *const ours[] = {"other.example", "acme.example", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *type = NULL, *value = NULL;
        if (!imcea_decode(foreign[i].smtp, ours, &type, &value, &error))
            fail_msg("%s", error->message);
        assert_string_equal(type, foreign[i].type);
        assert_string_equal(value, foreign[i].value);
    }
}

static const struct {
    const char *smtp, *reason;
} not_encapsulated[] = {
    {"", "does not begin with IMCEA"},
    {"kim@acme.example", "does not begin with IMCEA"},
    {"IMCEA@acme.example", "does not begin with IMCEA"},
    {"IMCEA-x@acme.example", "does not begin with IMCEA"},
    {"IMCEANOTES@acme.example", "does not begin with IMCEA"},
    {"IMCEANO.TES-x@acme.example", "does not begin with IMCEA"},
    {"IMCEANOTES-x", "no good domain"},
    {"IMCEANOTES-x@", "no good domain"},
    {"IMCEANOTES-x@a@acme.example", "no good domain"},
    {"IMCEANOTES-x@acme..example", "no good domain"},
    {"IMCEANOTES-x@\xff", "no good domain"},
    {"IMCEANOTES-x@acme.example.org", "its domain is another's"},
    {"IMCEANOTES-x@other.example", "its domain is another's"},
    {"IMCEA+-x@acme.example", "its type"},
    {"IMCEA+2D-x@acme.example", "its type"},
    {"IMCEA+00-x@acme.example", "its type"},
    {"IMCEAABCDEFGHIJKLMNOPQRSTUVWXYZ0123456-x@acme.example", "its type"}, /* 33 characters */
    {"IMCEANOTES-@acme.example", "what is encapsulated"},
    {"IMCEANOTES-a b@acme.example", "what is encapsulated"},
    {"IMCEANOTES-a.b@acme.example", "what is encapsulated"},
    {"IMCEANOTES-a/b@acme.example", "what is encapsulated"},
    {"IMCEANOTES-\xc3\xa4@acme.example", "what is encapsulated"},
    {"IMCEANOTES-+@acme.example", "what is encapsulated"},
    {"IMCEANOTES-+4@acme.example", "what is encapsulated"},
    {"IMCEANOTES-+4G@acme.example", "what is encapsulated"},
    {"IMCEANOTES-a+00b@acme.example", "what is encapsulated"},
    {"IMCEANOTES-+FF@acme.example", "what is encapsulated"},
    {"IMCEANOTES-+C0+AF@acme.example", "what is encapsulated"},    /* a slash, longer than it may be */
    {"IMCEANOTES-+ED+A0+80@acme.example", "what is encapsulated"}, /* half a surrogate pair */
};

static void hostile_addresses_are_not_decoded(void **state)
{
    (void)state;
    static const char *const ours[] = {"acme.example", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(not_encapsulated); i++) {
        g_autoptr(GError) error = NULL;
        char *type = NULL, *value = NULL;
        if (imcea_decode(not_encapsulated[i].smtp, ours, &type, &value, &error))
            fail_msg("\"%s\" is decoded", not_encapsulated[i].smtp);
        assert_true(error_is(error, ERROR_INVALID));
        if (!strstr(error->message, not_encapsulated[i].reason))
            fail_msg("\"%s\": %s", not_encapsulated[i].smtp, error->message);
        assert_true(g_utf8_validate(error->message, -1, NULL));
        assert_null(type);
        assert_null(value);
    }
}

/** Also what is broken behind the hyphen: whoever relays mail must see it. */
static void the_beginning_alone_makes_it_look_encapsulated(void **state)
{
    (void)state;
    assert_true(imcea_looks_like("imceaSMTP-"));
    assert_true(imcea_looks_like("IMCEA+53MTP-kim..@"));
    assert_false(imcea_looks_like("imcea@acme.example"));
    assert_false(imcea_looks_like("imcea.kim-y@acme.example"));
    assert_false(imcea_looks_like("kim@IMCEASMTP-x"));
    assert_false(imcea_looks_like(""));
}

static void what_cannot_be_encapsulated_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *type, *value, *domain;
    } cases[] = {
        {"NO-TES", "x", "acme.example"}, {"", "x", "acme.example"},
        {"NOTES", "", "acme.example"},   {"NOTES", "\xff", "acme.example"},
        {"NOTES", "x", "acme example"},  {"NOTES", "x", ""},
        {"NOTES", "x", "\xff"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(imcea_encode(cases[i].type, cases[i].value, cases[i].domain, &error));
        assert_true(error_is(error, ERROR_INVALID));
    }
}

static const struct {
    const char *name, *type, *value, *text;
} one_offs[] = {
    {"Kim Yoshida", "SMTP", "kim@acme.example", "Kim Yoshida[SMTP:kim@acme.example]"},
    {NULL, "NOTES", "Kim Yoshida/Acme@HQ", "[NOTES:Kim Yoshida/Acme@HQ]"},
    {"Fax Recipient", "FAX", "recipient\rbuilding\r555-1212\r",
     "Fax Recipient[FAX:recipient\\x0dbuilding\\x0d555-1212\\x0d]"},
    {"Yoshida, Kim [HQ]: \\o/", "CCMAIL", "Yoshida, Kim at HQ",
     "Yoshida\\, Kim \\[HQ\\]\\: \\\\o/[CCMAIL:Yoshida\\, Kim at HQ]"},
    {"J\u00fcrgen \u5c71", "EDK", "a:b", "J\u00fcrgen \u5c71[EDK:a\\:b]"},
    {" x ", "EDK", " y ", "\\x20x\\x20[EDK:\\x20y\\x20]"},
    {"\u202ex", "EDK", "x", "\\xe2\\x80\\xaex[EDK:x]"}, /* turns the direction of writing round */
};

static void one_off_addresses_are_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(one_offs); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = one_off_format(one_offs[i].name, one_offs[i].type, one_offs[i].value, &error);
        if (!text)
            fail_msg("%s", error->message);
        assert_string_equal(text, one_offs[i].text);
        g_autofree char *name = NULL, *type = NULL, *value = NULL;
        if (!one_off_parse(text, &name, &type, &value, &error))
            fail_msg("%s", error->message);
        assert_int_equal(!name, !one_offs[i].name);
        if (name)
            assert_string_equal(name, one_offs[i].name);
        assert_string_equal(type, one_offs[i].type);
        assert_string_equal(value, one_offs[i].value);
    }
    g_autofree char *nameless = one_off_format("", "EDK", "x", NULL);
    assert_string_equal(nameless, "[EDK:x]");
}

/** As people write it: blanks around, small letters, no more quoting than is needed. */
static void one_off_addresses_of_people_are_read(void **state)
{
    (void)state;
    g_autofree char *name = NULL, *type = NULL, *value = NULL;
    assert_true(one_off_parse(" Yoshida, Kim [ x400 : c=US;dda:SMTP=a,b ] \r\n", &name, &type, &value, NULL));
    assert_string_equal(name, "Yoshida, Kim");
    assert_string_equal(type, "X400");
    assert_string_equal(value, "c=US;dda:SMTP=a,b");
}

static const struct {
    const char *text, *reason;
} not_one_off[] = {
    {"", "not written like"},
    {"Kim Yoshida", "not written like"},
    {"Kim[SMTP]", "not written like"},
    {"Kim[SMTP:kim", "not written like"},
    {"Kim\\[SMTP:kim]", "not written like"},
    {"Kim[SMTP:kim\\]", "not written like"},
    {"Kim[SMTP:k[im]", "not written like"},
    {"K]im[SMTP:kim]", "not written like"},
    {"Kim[[SMTP:kim]]", "not written like"},
    {"Kim[SMTP:kim]x", "something behind"},
    {"Kim[SMTP:kim]]", "something behind"},
    {"Kim[SM TP:kim]", "its type"},
    {"Kim[:kim]", "its type"},
    {"Kim[SMTP:]", "is missing"},
    {"Kim[SMTP: ]", "is missing"},
    {"Kim[SMTP:k\\x]", "wrong \\xHH"},
    {"Kim[SMTP:k\\x4]", "wrong \\xHH"},
    {"Kim[SMTP:k\\xg0]", "wrong \\xHH"},
    {"Kim[SMTP:k\\x00]", "wrong \\xHH"},
    {"Kim[SMTP:k\\xff]", "no UTF-8"},
    {"K\xff[SMTP:kim]", "no UTF-8"},
};

static void other_text_is_no_one_off_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(not_one_off); i++) {
        g_autoptr(GError) error = NULL;
        char *name = NULL, *type = NULL, *value = NULL;
        if (one_off_parse(not_one_off[i].text, &name, &type, &value, &error))
            fail_msg("\"%s\" is read", not_one_off[i].text);
        assert_true(error_is(error, ERROR_INVALID));
        if (!strstr(error->message, not_one_off[i].reason))
            fail_msg("\"%s\": %s", not_one_off[i].text, error->message);
        assert_true(!name && !type && !value);
    }
    assert_null(one_off_format(NULL, "EDK", "", NULL));
    assert_null(one_off_format(NULL, "E K", "x", NULL));
    assert_null(one_off_format("\xff", "EDK", "x", NULL));
    assert_null(one_off_format("Kim", "EDK", "\xff", NULL));
}

static char *random_value(GRand *rand)
{
    GString *out = g_string_new(NULL);
    do {
        static const char special[] = " \t\r\n,[]:\\/_+-=@x0";
        gunichar c = (gunichar)g_rand_int_range(rand, 1, 0x110000);
        if (g_rand_boolean(rand) || !g_unichar_validate(c))
            g_string_append_c(out, special[g_rand_int_range(rand, 0, sizeof special - 1)]);
        else
            g_string_append_unichar(out, g_rand_boolean(rand) ? c : c & 0xFF ? c & 0xFF : 'a');
    } while (g_rand_int_range(rand, 0, 6));
    return g_string_free(out, FALSE);
}

static char *random_type(GRand *rand)
{
    char type[33];
    int len = g_rand_int_range(rand, 1, sizeof type);
    for (int i = 0; i < len; i++)
        type[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[g_rand_int_range(rand, 0, 36)];
    return g_strndup(type, (gsize)len);
}

static void any_value_of_any_type_survives_both(void **state)
{
    (void)state;
    const char *given = getenv("ENCAPSULATION_SEED");
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    print_message("ENCAPSULATION_SEED=%u\n", seed);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    for (int round = 0; round < ROUNDS; round++) {
        g_autofree char *type = random_type(rand), *value = random_value(rand), *name = random_value(rand);
        g_autofree char *smtp = imcea_encode(type, value, "acme.example", NULL);
        g_autofree char *text = one_off_format(name, type, value, NULL);
        g_autofree char *type1 = NULL, *value1 = NULL, *type2 = NULL, *value2 = NULL, *name2 = NULL;
        assert_true(imcea_decode(smtp, NULL, &type1, &value1, NULL));
        assert_string_equal(type1, type);
        assert_string_equal(value1, value);
        assert_true(one_off_parse(text, &name2, &type2, &value2, NULL));
        assert_string_equal(type2, type);
        assert_string_equal(value2, value);
        assert_string_equal(name2, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_encapsulated_and_come_back),
        cmocka_unit_test(what_other_writers_make_is_read),
        cmocka_unit_test(hostile_addresses_are_not_decoded),
        cmocka_unit_test(the_beginning_alone_makes_it_look_encapsulated),
        cmocka_unit_test(what_cannot_be_encapsulated_is_refused),
        cmocka_unit_test(one_off_addresses_are_written_and_read),
        cmocka_unit_test(one_off_addresses_of_people_are_read),
        cmocka_unit_test(other_text_is_no_one_off_address),
        cmocka_unit_test(any_value_of_any_type_survives_both),
    };
    return cmocka_run_group_tests_name("encapsulation", tests, NULL, NULL);
}

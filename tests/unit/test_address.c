/*
 * test_address.c - what addresses of each type look like: their parts, their limits, what is refused
 *
 * Where a case comes from an article its number stands beside it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proxygen/address.h"

#define A10 "AAAAAAAAAA"
#define A31 A10 A10 A10 "A"
#define A32 A31 "A"
#define A63 A31 A32
#define A64 A32 A32
#define A220 A64 A64 A64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A1000 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A64 A10 A10 A10 A10

/** What is read, its parts one behind the other, and how it is written when joined again (NULL: as read). */
static const struct {
    const char *text, *parts, *joined;
} good[] = {
    {"SMTP:kim@acme.example", "local=kim|domain=acme.example", NULL},
    {"smtp:Kim.Yoshida@acme.example", "local=Kim.Yoshida|domain=acme.example", NULL},
    {"SMTP:o'neill+x!#$%&*-/=?^_`{|}~@a", "local=o'neill+x!#$%&*-/=?^_`{|}~|domain=a", NULL},
    {"SMTP:\"Kim Yoshida\"@acme.example", "local=Kim Yoshida|domain=acme.example", NULL},
    {"SMTP:\"a\\\"b\\\\c@d..\"@acme.example", "local=a\"b\\c@d..|domain=acme.example", NULL},
    {"SMTP:\"k\\im\"@acme.example", "local=kim|domain=acme.example", "kim@acme.example"},
    {"SMTP:kim@[192.0.2.1]", "local=kim|domain=[192.0.2.1]", NULL},
    {"SMTP:kim@[IPv6:2001:db8::1]", "local=kim|domain=[IPv6:2001:db8::1]", NULL},
    {"SMTP:" A64 "@" A63 ".1-2", "local=" A64 "|domain=" A63 ".1-2", NULL},

    /* KB 118563, KB 158363 */
    {"X400:c=US;a= ;p=Acme;o=Exchange;s=Yoshida;g=Kim;", "c=US|a= |p=Acme|o=Exchange|s=Yoshida|g=Kim", NULL},
    {"X400:c=us;a=;p=First Organizati;o=Exchange;cn=Kim", "c=us|a= |p=First Organizati|o=Exchange|cn=Kim",
     "c=us;a= ;p=First Organizati;o=Exchange;cn=Kim;"},
    {"X400: S = Smith ; G=John;I=J;Q=Jr;OU1=a;OU2=b;C=840;A=ATT", /* in any order */
     "s=Smith|g=John|i=J|q=Jr|ou1=a|ou2=b|c=840|a=ATT", "s=Smith;g=John;i=J;q=Jr;ou1=a;ou2=b;c=840;a=ATT;"},
    {"X400:c=US;a= ;p=A;dda:SMTP=kim@acme.example;", /* KB 183270 */
     "c=US|a= |p=A|dda:SMTP=kim@acme.example", NULL},
    {"X400:c=US;a= ;p=A;DDA:RFC-822=kim(a)acme.example;", /* RFC 2156 */
     "c=US|a= |p=A|dda:RFC-822=kim(a)acme.example", "c=US;a= ;p=A;dda:RFC-822=kim(a)acme.example;"},
    {"X400:c=US;a= ;p=A;dda.type=MS;dda.value=NET/PO/KIM;", /* KB 238491 */
     "c=US|a= |p=A|dda:MS=NET/PO/KIM", "c=US;a= ;p=A;dda:MS=NET/PO/KIM;"},
    {"X400:/c=US/a= /p=A/dda:MS=NET//PO$/KIM/", "c=US|a= |p=A|dda:MS=NET/PO/KIM",
     "c=US;a= ;p=A;dda:MS=NET/PO/KIM;"},
    {"X400:c=US;a= ;p=A;x121=0123;ua-id=42;t-id=T 1;t-ty=3;",
     "c=US|a= |p=A|x121=0123|n-id=42|t-id=T 1|t-ty=3", "c=US;a= ;p=A;x121=0123;n-id=42;t-id=T 1;t-ty=3;"},

    {"MS:NET/PO/KIM", "network=NET|postoffice=PO|mailbox=KIM", NULL}, /* KB 116466 */
    {"MS:" A10 "/" A10 "/" A10, "network=" A10 "|postoffice=" A10 "|mailbox=" A10, NULL},
    {"MS: NET / PO / KIM ", "network=NET|postoffice=PO|mailbox=KIM", "NET/PO/KIM"},

    {"CCMAIL:Yoshida, Kim at Sales", "name=Yoshida, Kim|postoffice=Sales", NULL}, /* KB 154053 */
    {"ccmail:Kim Yoshida at Sales", "name=Kim Yoshida|postoffice=Sales", NULL},
    {"CCMAIL:Kim AT Sales", "name=Kim|postoffice=Sales", "Kim at Sales"},
    {"CCMAIL:Kim //x at A//B", "name=Kim /x|postoffice=A/B", NULL}, /* KB 166556 */
    {"CCMAIL:Kim at home at Sales", "name=Kim at home|postoffice=Sales", "Kim /at home at Sales"},
    {"CCMAIL:Kim at Sales /at Berlin", "name=Kim|postoffice=Sales at Berlin", NULL},
    {"CCMAIL:Kim at /at", "name=Kim|postoffice=at", NULL},
    {"CCMAIL:J\u00fcrgen \u0160koda at Caf\u00e9", "name=J\u00fcrgen \u0160koda|postoffice=Caf\u00e9", NULL},

    {"NOTES:Kim Yoshida@HQ", "name=Kim Yoshida|domain=HQ", NULL},
    {"NOTES:Kim Yoshida/Sales/Acme@AcmeHQ", "name=Kim Yoshida|unit=Sales|unit=Acme|domain=AcmeHQ", NULL},
    {"NOTES:Kim Yoshida / Sales / Acme @ AcmeHQ", "name=Kim Yoshida|unit=Sales|unit=Acme|domain=AcmeHQ",
     "Kim Yoshida/Sales/Acme@AcmeHQ"},
    {"NOTES:Kim/1/2/3/4/O/C@D", "name=Kim|unit=1|unit=2|unit=3|unit=4|unit=O|unit=C|domain=D", NULL},
    {"NOTES:kim@acme.example@HQ", "name=kim@acme.example|domain=HQ", NULL},
    {"NOTES:\u5c71\u7530/\u55b6\u696d@HQ", "name=\u5c71\u7530|unit=\u55b6\u696d|domain=HQ", NULL},
    {"NOTES:" A220 "@" A31, "name=" A220 "|domain=" A31, NULL}, /* KB 180517 */

    {"GWISE:Exchange.First Administrative Group.KimY", /* KB 251083 */
     "domain=Exchange|postoffice=First Administrative Group|object=KimY", NULL},
    {"gwise:EXCHANGE.GWPO1.GWUSER1", "domain=EXCHANGE|postoffice=GWPO1|object=GWUSER1", NULL}, /* KB 240874 */
    {"GWISE:" A32 "." A32 "." A64, "domain=" A32 "|postoffice=" A32 "|object=" A64, NULL},
    {"GWISE:D.P.J\u00fcrgen \u20ac", "domain=D|postoffice=P|object=J\u00fcrgen \u20ac", NULL},

    {"FAX:1234567890", "number=1234567890", NULL},
    {"FAX:Kim Yoshida@+1 (206) 555-0100", "name=Kim Yoshida|number=+1 (206) 555-0100", NULL}, /* KB 122032 */
    {"FAX:kim@acme@555.0100", "name=kim@acme|number=555.0100", NULL},
    {"FAX:Kim\rBuilding\rAcme\r555-1212\r", "recipient=Kim|location=Building|company=Acme|number=555-1212",
     NULL}, /* KB 116466 */
    {"FAX:recipient\rbuilding\r555-1212\r", "recipient=recipient|location=building|number=555-1212", NULL},
    {"FAX:\r\r\r555-1212\r", "recipient=|location=|company=|number=555-1212", NULL},

    {"EX:/o=Acme/ou=Sales/cn=Recipients/cn=kim", "o=Acme|ou=Sales|cn=Recipients|cn=kim", NULL},
    {"X500:/O=MMS/OU=Exchange Administrative Group (FYDIBOHF23SPDLT)/CN=Recipients/CN=User=1",
     "o=MMS|ou=Exchange Administrative Group (FYDIBOHF23SPDLT)|cn=Recipients|cn=User=1",
     "/o=MMS/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=User=1"},

    {"SNADS:SALES(KIM)", "dgn=SALES|den=KIM", NULL},                        /* KB 232307 */
    {"SNADS:GATEWAY/SALES/KIM", "gateway=GATEWAY|dgn=SALES|den=KIM", NULL}, /* KB 116466 */
    {"PROFS:NODE(KIM)", "node=NODE|user=KIM", NULL},                        /* KB 232318 */
    {"MHS:kim@gate {net/po/mbx}", "user=kim|gateway=gate|network=net|postoffice=po|mailbox=mbx", NULL},

    {"EDK:anything at all, \u00e4 too", "", NULL}, /* a type that is not known */
};

static char *parts_text(const Address *address)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < address->n_parts; i++)
        g_string_append_printf(out, "%s%s=%s", i ? "|" : "", address->parts[i].name, address->parts[i].value);
    return g_string_free(out, FALSE);
}

static void good_addresses_are_taken_apart_and_joined(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Address) address = address_parse(good[i].text, &error);
        if (!address)
            fail_msg("%s", error->message);
        g_autofree char *parts = parts_text(address);
        assert_string_equal(parts, good[i].parts);
        assert_true(address_validate(address->type, address->value, NULL));
        if (!address->n_parts)
            continue;
        g_autofree char *joined = address_join(address->type, address->parts, address->n_parts, &error);
        if (!joined)
            fail_msg("%s", error->message);
        assert_string_equal(joined, good[i].joined ? good[i].joined : address->value);
    }
}

/** What is refused, and words of the reason. */
static const struct {
    const char *text, *reason;
} bad[] = {
    {"", "no type in front"},
    {"kim@acme.example", "no type in front"},
    {":kim", "no type in front"},
    {"SM-TP:kim@acme.example", "no type in front"},
    {A32 "A:kim", "at most 32"},
    {"EDK:", "it is empty"},
    {"EDK:a\nb", "character 2 (U+000A)"},
    {"EDK:a\u202eb", "character 2 (U+202E)"},
    {"EDK:\xff", "not UTF-8"},
    {"EDK:" A1000 A64 A32 A10 "A", "at most 1106 characters"},

    {"SMTP:", "it is empty"},
    {"SMTP:kim", "there is no @"},
    {"SMTP:@acme.example", "local: it is empty"},
    {"SMTP:\"\"@acme.example", "local: it is empty"},
    {"SMTP:kim@", "domain: it is empty"},
    {"SMTP:.smith@acme.example", "local: a dot must stand between"}, /* KB 166247 */
    {"SMTP:kim.@acme.example", "local: a dot must stand between"},
    {"SMTP:kim..y@acme.example", "local: a dot must stand between"},
    {"SMTP:kim y@acme.example", "local: character 4 (U+0020)"},
    {"SMTP:kim@x@acme.example", "local: character 4 (U+0040)"},
    {"SMTP:j\u00fcrgen@acme.example", "local: character 2 (U+00FC)"},
    {"SMTP:\"j\u00fcrgen\"@acme.example", "local: character 2 (U+00FC)"},
    {"SMTP:\"kim@acme.example", "quoted one must end"},
    {"SMTP:\"kim\\", "quoted one must end"},
    {"SMTP:\"kim\"x@acme.example", "quoted one must end"},
    {"SMTP:kim@acme..example", "domain: it is neither"},
    {"SMTP:kim@acme.example.", "domain: it is neither"},
    {"SMTP:kim@-acme.example", "domain: it is neither"},
    {"SMTP:kim@acme-.example", "domain: it is neither"},
    {"SMTP:kim@a_b.example", "domain: it is neither"},
    {"SMTP:kim@" A64 ".example", "domain: it is neither"},
    {"SMTP:kim@[192.0.2.256]", "domain: it is neither"},
    {"SMTP:kim@[2001:db8::1]", "domain: it is neither"},
    {"SMTP:kim@b\u00fccher.example", "domain: character 2 (U+00FC)"},
    {"SMTP: kim @acme.example", "local: character 4 (U+0020)"},
    {"SMTP:" A64 "A@acme.example", "local: 65 characters are too many; at most 64"},
    {"SMTP:a@" A63 "." A63 "." A63 "." A63 ".a", "domain: 257 characters are too many; at most 255"},

    {"X400:a= ;p=A;", "c: it is missing"},
    {"X400:c=US;p=A;", "a: it is missing"},
    {"X400:c=US;a= ;", "it names nobody"},
    {"X400:c=US;a= ;n-id=1;", "it names nobody"},
    {"X400:c=USA;a= ;p=A;", "c: it is neither two letters nor three digits"},
    {"X400:c=44;a= ;p=A;", "c: it is neither two letters nor three digits"},
    {"X400:c=US;a= ;p=;", "p: it is empty"},
    {"X400:c=US;a= ;p=First Organization;", "p: 18 characters are too many; at most 16"},
    {"X400:c=US;a= ;p=A;p=B;", "p: it is there twice"},
    {"X400:c=US;a= ;p=A;g=Kim;", "g: it is of no use without s"},
    {"X400:c=US;a= ;p=A;ou2=x;", "ou2: it is of no use without ou1"},
    {"X400:c=US;a= ;p=A;s=O*Neill;", "s: character 2 (U+002A)"},
    {"X400:c=US;a= ;p=A;s=M\u00fcller;", "s: character 2 (U+00FC)"},
    {"X400:c=US;a= ;p=A;i=ABCDEF;s=x;", "i: 6 characters are too many; at most 5"},
    {"X400:c=US;a= ;p=A;x121=12a;", "x121: character 3 (U+0061)"},
    {"X400:c=US;a= ;p=A;s=" A32 A10 ";", "s: 42 characters are too many; at most 40"},
    {"X400:c=US;a= ;p=A;mail=x;", "field 4 is none that X.400 has"},
    {"X400:c=US;a= ;p=A;dda=x;", "field 4 is none that X.400 has"},
    {"X400:/c=US/a= /p=A;o=B/", "field 1 is none that X.400 has"},
    {"X400:c=US;a= ;p=A;;", "field 4 is none that X.400 has"},
    {"X400:c=US;a= ;p=A;dda:=x;", "type of the dda: it is empty"},
    {"X400:c=US;a= ;p=A;dda:LONGTYPES=x;", "type of the dda: 9 characters are too many"},
    {"X400:c=US;a= ;p=A;dda:A=" A64 A64 "A;", "dda:A: 129 characters are too many; at most 128"},
    {"X400:c=US;a= ;p=A;dda:A=1;dda:a=2;", "dda:a: it is there twice"},
    {"X400:c=US;a= ;p=A;dda:A=1;dda:B=2;dda:C=3;dda:D=4;dda:E=5;", "5 are too many; at most 4"},
    {"X400:c=US;a= ;p=A;dda.value=x;", "must follow each other"},
    {"X400:c=US;a= ;dda.type=x;p=A;dda.value=y;", "must follow each other"},
    {"X400:c=US;a= ;p=A;dda.type=x=y;dda.value=z;", "no = can be in it"},
    {"X400:c=US;a= ;p=A;dda.type=x;", "its dda.value is missing"},
    {"X400:c=US;a= ;p=A;dda.type=x;dda.type=y;", "must follow each other"},

    {"MS:NET/PO", "NETWORK/POSTOFFICE/MAILBOX"},
    {"MS:NET/PO/KIM/X", "mailbox: character 4 (U+002F)"},
    {"MS:NET//KIM", "postoffice: it is empty"},
    {"MS:" A10 "A/PO/KIM", "network: 11 characters are too many; at most 10"},
    {"MS:NET/PO/J\u00dcRGEN", "mailbox: character 2 (U+00DC)"},
    {"CCMAIL:Kim Yoshida", "Last, First at PostOffice"},
    {"CCMAIL:Kim /at Sales", "Last, First at PostOffice"},
    {"CCMAIL:Kim at ", "Last, First at PostOffice"},
    {"CCMAIL:Kim at Sales/", "Last, First at PostOffice"},
    {"CCMAIL:/ Kim at Sales", "name: blanks at its ends"},
    {"CCMAIL:\u010capek at Sales", "name: character 1 (U+010C)"},
    {"NOTES:Kim Yoshida/Acme", "User Name/Unit/Organisation@Domain"},
    {"NOTES:Kim//Acme@HQ", "unit: it is empty"},
    {"NOTES:Kim/Acme@", "domain: it is empty"},
    {"NOTES:Kim/Acme@HQ/x", "domain: character 3 (U+002F)"},
    {"NOTES:Kim/1/2/3/4/5/O/C@D", "unit: character 2 (U+002F)"},
    {"NOTES:Kim@" A32, "domain: 32 characters are too many; at most 31"},
    {"NOTES:" A220 "A@D", "name: 221 characters are too many; at most 220"},
    {"NOTES:" A220 "/A@D", "name and units: 222 characters are too many; at most 220"},
    {"GWISE:Exchange.KimY", "Domain.PostOffice.Object"},
    {"GWISE:a.b.c.d", "object: character 2 (U+002E)"},
    {"GWISE:" A32 "A.b.c", "domain: 33 characters are too many; at most 32"},
    {"GWISE:D.P.\u0141ukasz", "object: character 1 (U+0141)"}, /* not Western European */
    {"FAX:kim", "number: character 1 (U+006B)"},
    {"FAX:+ ()", "number: there is no digit"},
    {"FAX:kim@", "number: it is empty"},
    {"FAX:a\rb\r1", "number: character 1 (U+0061)"},
    {"EX:Acme/cn=kim", "after field 0"},
    {"EX:/o=Acme/kim", "after field 1"},
    {"EX:/o=Acme/dc=x/cn=kim", "after field 1"},
    {"EX:/o=Acme/ou=Sales", "cn: it is missing"},
    {"EX:/ou=Sales/cn=kim", "ou: field 1 cannot be here"},
    {"EX:/o=Acme/cn=x/ou=y/cn=kim", "ou: field 3 cannot be here"},
    {"X500:/o=Acme/o=Acme/cn=kim", "o: field 2 cannot be here"},
    {"X500:/o=Acme/cn=", "cn: it is empty"},
    {"SNADS:SALES", "DGN(DEN)"},
    {"SNADS:SALES(KIMYOSHIDA)", "den: 10 characters are too many; at most 8"},
    {"PROFS:NODE(KIM", "NODE(USER)"},
    {"PROFS:NODE(KIM))", "user: character 4 (U+0029)"},
    {"MHS:kim@gate", "user@gateway {network/postoffice/mailbox}"},
};

static void bad_addresses_are_refused_with_the_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        if (address_parse(bad[i].text, &error))
            fail_msg("\"%s\" is taken", bad[i].text);
        assert_true(error_is(error, ERROR_INVALID));
        if (!strstr(error->message, bad[i].reason))
            fail_msg("\"%s\" is refused for another reason: %s", bad[i].text, error->message);
        assert_true(g_utf8_validate(error->message, -1, NULL));
    }
}

static void capitals_of_the_type_say_which_is_primary(void **state)
{
    (void)state;
    g_autoptr(Address) primary = address_parse(" NOTES: Kim@HQ\t", NULL);
    assert_string_equal(primary->type, "NOTES");
    assert_string_equal(primary->value, "Kim@HQ");
    assert_true(primary->primary);
    assert_string_equal(address_part(primary, "DOMAIN"), "HQ");
    assert_null(address_part(primary, "unit"));
    g_autoptr(Address) mixed = address_parse("Notes:Kim@HQ", NULL);
    assert_string_equal(mixed->type, "NOTES");
    assert_false(mixed->primary);
    g_autofree char *secondary = address_format("NOTES", false, mixed->value);
    assert_string_equal(secondary, "notes:Kim@HQ");
    g_autofree char *first = address_format("notes", true, mixed->value);
    assert_string_equal(first, "NOTES:Kim@HQ");
}

static void splitting_looks_at_the_type_alone(void **state)
{
    (void)state;
    g_autofree char *type = NULL;
    bool primary = true;
    assert_string_equal(address_split("smtp::a:\xff", &type, &primary), ":a:\xff");
    assert_string_equal(type, "SMTP");
    assert_false(primary);
    assert_string_equal(address_split("x:", NULL, NULL), "");
    assert_null(address_split("no colon", NULL, NULL));
    assert_null(address_split(" SMTP:a", NULL, NULL));
}

/** Parts that make no address, one behind the other. */
static const struct {
    const char *type, *parts, *reason;
} unjoinable[] = {
    {"EDK", "a=b", "it is not known"},
    {"SMTP", "local=kim", "other parts than local and domain"},
    {"SMTP", "local=kim|host=x", "other parts than local and domain"},
    {"SMTP", "local=k\ni|domain=x", "local: character 2 (U+000A)"},
    {"SMTP", "local=" A63 "\"|domain=x", "local: 67 characters are too many"},
    {"MS", "network=a/b|postoffice=c|mailbox=d", "network: character 2 (U+002F)"},
    {"MS", "network= a|postoffice=c|mailbox=d", "network: blanks at its ends"},
    {"NOTES", "domain=a|name=b", "User Name/Unit/Organisation@Domain"},
    {"NOTES", "name=\xff|domain=b", "part 1 is not UTF-8"},
    {"NOTES", "", "User Name/Unit/Organisation@Domain"},
    {"X400", "c=US|a=|p=A", "a: it is empty"},
    {"X400", "c=US|a= |dda=A", "dda: X.400 has no such field"},
    {"X400", "c=US|a= |p=A;B", "p: character 2 (U+003B)"},
    {"X500", "o=a|cn=b/c", "cn: character 2 (U+002F)"},
    {"X500", "", "cn: it is missing"},
};

static void parts_that_make_no_address_are_not_joined(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(unjoinable); i++) {
        g_auto(GStrv) words = g_strsplit(unjoinable[i].parts, "|", -1);
        AddressPart parts[4];
        size_t n = 0;
        for (; words[n]; n++) {
            char *equals = strchr(words[n], '=');
            *equals = '\0';
            parts[n] = (AddressPart){words[n], equals + 1};
        }
        g_autoptr(GError) error = NULL;
        assert_null(address_join(unjoinable[i].type, parts, n, &error));
        assert_true(error_is(error, ERROR_INVALID));
        if (!strstr(error->message, unjoinable[i].reason))
            fail_msg("case %zu: %s", i, error->message);
    }
}

/** Texts of which each has the normal form beside it. */
static const struct {
    const char *text, *normal;
} normal_forms[] = {
    {"SMTP:Kim@Acme.Example", "smtp:kim@acme.example"},
    {" smtp: \"KIM\"@acme.example ", "smtp:kim@acme.example"},
    {"X400:S=Yoshida;P=Acme;C=us;A=", "x400:c=us;a= ;p=acme;s=yoshida;"},
    {"X400:/c=US/a= /p=ACME/s=Yoshida/", "x400:c=us;a= ;p=acme;s=yoshida;"},
    {"X400:c=US;a= ;p=The   Acme;dda.type=B;dda.value=x;dda:A=y",
     "x400:c=us;a= ;p=the acme;dda:a=y;dda:b=x;"},
    {"NOTES:Kim Yoshida / ACME @ hq", "notes:kim yoshida/acme@hq"},
    {"CCMAIL:Kim AT home at Sales", "ccmail:kim /at home at sales"},
    {"GWISE: D . P . J\u00dcRGEN", "gwise:d.p.j\u00fcrgen"},
    {"EDK:STRASSE", "edk:strasse"},
    {"EDK:Stra\u00dfe", "edk:strasse"},
    {"EDK:Ju\u0308rgen", "edk:j\u00fcrgen"}, /* composed and decomposed */
    /* what cannot be parsed is folded as it is */
    {"SMTP:Kim Yoshida@Acme", "smtp:kim yoshida@acme"},
    {"X400:Anything", "x400:anything"},
    {" No Type ", "no type"},
    {"EDK:A\xff", "edk:a\\xff"},
    {"", ""},
};

static void equal_addresses_have_one_normal_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(normal_forms); i++) {
        g_autofree char *normal = address_normalise(normal_forms[i].text, strlen(normal_forms[i].text));
        assert_string_equal(normal, normal_forms[i].normal);
        assert_true(address_equal(normal_forms[i].text, normal_forms[i].normal));
    }
    assert_false(address_equal("SMTP:kim@acme.example", "SMTP:kim@acme.example.org"));
    assert_false(address_equal("EX:/o=a/cn=b", "X500:/o=a/cn=b"));
    g_autofree char *nul = address_normalise("EDK:A\0B", 7);
    assert_string_equal(nul, "edk:a\\x00b");
}

static void the_table_agrees_with_itself(void **state)
{
    (void)state;
    const char *before = "";
    for (const AddressType *const *at = address_types(); *at; before = (*at)->name, at++) {
        const AddressType *type = *at;
        assert_true(strcmp(before, type->name) < 0);
        assert_true(address_type_is_legal(type->name));
        g_autofree char *lower = g_ascii_strdown(type->name, -1);
        assert_ptr_equal(address_type(lower), type);
        assert_non_null(type->display_name);
        assert_true(type->max && type->max <= ADDRESS_MAX - strlen(type->name) - 1);
        assert_int_equal(!type->generator, !type->default_template);
        if (!type->default_template)
            continue;
        g_autofree char *prefix = g_strconcat(type->name, ":", NULL);
        assert_true(g_str_has_prefix(type->default_template, prefix));
    }
    assert_null(address_type("EDK"));
    assert_null(address_type(""));
}

/** The first and last characters of a set, and their neighbours. */
static void sets_of_characters_have_their_borders(void **state)
{
    (void)state;
    assert_true(characters_hold(CHARACTERS_ANY, ' '));
    assert_true(characters_hold(CHARACTERS_ANY, 0x1F600));
    assert_true(characters_hold(CHARACTERS_ASCII, '~'));
    assert_true(characters_hold(CHARACTERS_WESTERN, 0x20AC));
    assert_true(characters_hold(CHARACTERS_WESTERN, 0xFF));
    assert_false(characters_hold(CHARACTERS_WESTERN, 0x100));
    assert_false(characters_hold(CHARACTERS_WESTERN, 0x81));
    assert_false(characters_hold(CHARACTERS_ASCII, 0x7F));
    assert_false(characters_hold(CHARACTERS_ASCII, 0x80));
    assert_false(characters_hold(CHARACTERS_ATEXT, '@'));
    assert_false(characters_hold(CHARACTERS_ATEXT, 0x100 + 'a'));
    assert_true(characters_hold(CHARACTERS_PRINTABLE, '?'));
    assert_false(characters_hold(CHARACTERS_PRINTABLE, '*'));
    assert_true(characters_hold(CHARACTERS_NUMBER, '+'));
    assert_false(characters_hold(CHARACTERS_NUMBER, '/'));
    for (CharacterSet set = CHARACTERS_ANY; set <= CHARACTERS_NUMBER; set++) {
        static const gunichar never[] = {0,      '\t',   '\n',   0x7F,     0xAD,
                                         0x202E, 0x2028, 0xD800, 0x110000, 0xFFFFFFFF};
        for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
            assert_false(characters_hold(set, never[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_taken_apart_and_joined),
        cmocka_unit_test(bad_addresses_are_refused_with_the_reason),
        cmocka_unit_test(capitals_of_the_type_say_which_is_primary),
        cmocka_unit_test(splitting_looks_at_the_type_alone),
        cmocka_unit_test(parts_that_make_no_address_are_not_joined),
        cmocka_unit_test(equal_addresses_have_one_normal_form),
        cmocka_unit_test(the_table_agrees_with_itself),
        cmocka_unit_test(sets_of_characters_have_their_borders),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}

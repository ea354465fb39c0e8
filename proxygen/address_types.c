/*
 * address_types.c - the address types that are known, as data
 *
 * Formats and limits are those of Exchange 2003 and of the systems themselves (KB
 * 116466, 154053, 158363, 174207, 180517, 232307, 240874; RFC 5321). Where nothing
 * is published, the limit of the whole address is the only one.
 */
#include "proxygen/address.h"

#include <string.h>

static const AddressType ccmail = {
    .name = "CCMAIL",
    .display_name = "cc:Mail",
    .default_template = "%s, %g at {organisation}",
    .generator = "simple.so",
    .prerequisite =
        "cc:Mail must know the post office of these addresses: add it to its directory as one that is "
        "reached through the connector",
    .max = 255,
    .escape = '/',
    .parts = {{"name", CHARACTERS_WESTERN, NULL, 126, true},
              {"post-office", CHARACTERS_WESTERN, NULL, 126, false}},
    .shapes = {"1 at 2"},
};

static const AddressType ex = {.name = "EX", .display_name = "Exchange (legacyExchangeDN)"};

static const AddressType fax = {
    .name = "FAX",
    .display_name = "Fax",
    .default_template = "%d@%f",
    .generator = "simple.so",
    .prerequisite = "a fax gateway must take mail for this type",
    .max = 255,
    .parts = {{"name", CHARACTERS_WESTERN, "@\r", 128, false},
              {"number", CHARACTERS_NUMBER, NULL, 64, false},
              {"location", CHARACTERS_WESTERN, "\r", 64, false},
              {"company", CHARACTERS_WESTERN, "\r", 64, false}},
    .shapes = {"1@2", "2", "1\r3\r4\r2\r"},
};

static const AddressType gwise = {
    .name = "GWISE",
    .display_name = "GroupWise",
    .default_template = "Exchange.First Administrative Group.%m",
    .generator = "simple.so",
    .prerequisite =
        "GroupWise must have an external domain and an external post office of the names in these "
        "addresses, linked to its API gateway",
    .max = 130,
    .parts = {{"domain", CHARACTERS_WESTERN, ".", 32, false},
              {"post-office", CHARACTERS_WESTERN, ".", 32, false},
              {"object", CHARACTERS_WESTERN, ".", 64, false}},
    .shapes = {"1.2.3"},
};

static const AddressType mhs = {
    .name = "MHS",
    .display_name = "NetWare MHS",
    .parts = {{"user", CHARACTERS_ASCII, "@", 64, false},
              {"gateway", CHARACTERS_ASCII, "{}", 64, false},
              {"network", CHARACTERS_ASCII, "/{}", 64, false},
              {"post-office", CHARACTERS_ASCII, "/{}", 64, false},
              {"mailbox", CHARACTERS_ASCII, "/{}", 64, false}},
    .shapes = {"1@2 {3/4/5}", "1@2"},
};

static const AddressType ms = {
    .name = "MS",
    .display_name = "Microsoft Mail",
    .default_template = "{organisation}/EXCHANGE/%m",
    .generator = "simple.so",
    .prerequisite = "Microsoft Mail must know network and post office of these addresses as external ones",
    .parts = {{"network", CHARACTERS_ASCII, "/", 10, false},
              {"post-office", CHARACTERS_ASCII, "/", 10, false},
              {"mailbox", CHARACTERS_ASCII, "/", 10, false}},
    .shapes = {"1/2/3"},
};

static const AddressType notes = {
    .name = "NOTES",
    .display_name = "Lotus Notes",
    .default_template = "&d/{organisation}@{domain}",
    .generator = "simple.so",
    .prerequisite =
        "Domino needs a Foreign Domain document for the domain of these addresses, which names the "
        "gateway's server and mail file",
    .max = 255,
    .parts = {{"name", CHARACTERS_WESTERN, NULL, 220, true}, {"domain", CHARACTERS_WESTERN, "@/", 31, false}},
    .shapes = {"1@2"},
};

static const AddressType profs = {
    .name = "PROFS",
    .display_name = "PROFS",
    .parts = {{"node", CHARACTERS_ASCII, "()", 8, false}, {"user", CHARACTERS_ASCII, "()", 8, false}},
    .shapes = {"1(2)"},
};

static const AddressType smtp = {
    .name = "SMTP",
    .display_name = "SMTP",
    .default_template = "@{domain}",
    .generator = "simple.so",
    .max = 320,
    .parts = {{"local", CHARACTERS_ATEXT, NULL, 64, false}, {"domain", CHARACTERS_ASCII, NULL, 255, false}},
};

static const AddressType snads = {
    .name = "SNADS",
    .display_name = "SNADS",
    .parts = {{"group", CHARACTERS_ASCII, "()/", 8, false},
              {"element", CHARACTERS_ASCII, "()/", 8, false},
              {"gateway", CHARACTERS_ASCII, "()/", 8, false}},
    .shapes = {"1(2)", "3/1/2"},
};

static const AddressType x400 = {
    .name = "X400",
    .display_name = "X.400",
    .default_template = "c=US;a= ;p={organisation};o=Exchange;",
    .generator = "x400.so",
    .prerequisite =
        "the X.400 system must have a route to the administrative and private domain of these addresses",
};

static const AddressType x500 = {.name = "X500", .display_name = "X.500 (earlier legacyExchangeDN)"};

static const AddressType *const types[] = {&ccmail, &ex,   &fax,   &gwise, &mhs,  &ms, &notes,
                                           &profs,  &smtp, &snads, &x400,  &x500, NULL};

const AddressType *const *address_types(void)
{
    return types;
}

const AddressType *address_type(const char *name)
{
    for (size_t i = 0; types[i]; i++)
        if (!g_ascii_strcasecmp(types[i]->name, name))
            return types[i];
    return NULL;
}

bool address_type_is_legal(const char *name)
{
    size_t len = strlen(name);
    if (!len || len > ADDRESS_TYPE_MAX)
        return false;
    for (const char *p = name; *p; p++)
        if (!g_ascii_isalnum(*p))
            return false;
    return true;
}

/* --- character sets --- */

/* What code page 1252 has in place of the controls 0x80 to 0x9F; five places are empty. */
static const gunichar western[] = {0x20AC, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030,
                                   0x0160, 0x2039, 0x0152, 0x017D, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                   0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x017E, 0x0178};

static bool is_western(gunichar c)
{
    for (size_t i = 0; c > 0xFF && i < G_N_ELEMENTS(western); i++)
        if (western[i] == c)
            return true;
    return (c >= 0x20 && c < 0x7F) || (c >= 0xA0 && c <= 0xFF);
}

static bool is_one_of(gunichar c, const char *others)
{
    return c < 0x80 && c && (g_ascii_isalnum((char)c) || strchr(others, (char)c));
}

bool characters_hold(CharacterSet set, gunichar c)
{
    switch (set) {
    case CHARACTERS_ANY:
        return c == ' ' || g_unichar_isgraph(c);
    case CHARACTERS_WESTERN:
        return is_western(c);
    case CHARACTERS_ASCII:
        return c >= 0x20 && c < 0x7F;
    case CHARACTERS_ATEXT: /* RFC 5322 section 3.2.3, and '.' */
        return is_one_of(c, "!#$%&'*+-/=?^_`{|}~.");
    case CHARACTERS_PRINTABLE: /* X.680 */
        return is_one_of(c, " '()+,-./:=?");
    case CHARACTERS_NUMBER:
        return c < 0x80 && c && (g_ascii_isdigit((char)c) || strchr("+-(). ", (char)c));
    }
    return false;
}

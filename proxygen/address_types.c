/*
 * address_types.c - the address types that are known here, as data
 *
 * Parts, character sets and lengths of each; what makes such addresses unless the
 * definition says otherwise; and what only the administrator on the other side can
 * do. A limit that is not documented for a system is that of the whole address.
 * How the parts are written together stands beside the parsers: address_forms.c,
 * address_smtp.c, address_x400.c, address_x500.c.
 */
#include "proxygen/address.h"

/** What remains of ADDRESS_MAX behind "TYPE:". */
#define ALL_BEHIND(type) (ADDRESS_MAX - sizeof(type))

#define NO_LIMIT ADDRESS_MAX
#define DIGITS CHARACTERS_NUMBER, "+-(). "

/** RFC 5321 4.5.3.1. The parser also takes a quoted local part, with any printable ASCII in it. */
static const AddressPartRule smtp_parts[] = {
    {"local", CHARACTERS_ATEXT, "", 64, false},
    {"domain", CHARACTERS_ASCII, " ", 255, false},
    {0},
};

/** KB 118563; the PRMD is why a default organisation is "First Organizati". */
static const AddressPartRule x400_parts[] = {
    {"c", CHARACTERS_PRINTABLE, " '()+,-./:=?", 3, false},
    {"a", CHARACTERS_PRINTABLE, "", 16, false},
    {"p", CHARACTERS_PRINTABLE, "", 16, false},
    {"o", CHARACTERS_PRINTABLE, "", 64, false},
    {"ou1", CHARACTERS_PRINTABLE, "", 32, false},
    {"ou2", CHARACTERS_PRINTABLE, "", 32, false},
    {"ou3", CHARACTERS_PRINTABLE, "", 32, false},
    {"ou4", CHARACTERS_PRINTABLE, "", 32, false},
    {"s", CHARACTERS_PRINTABLE, "", 40, false},
    {"g", CHARACTERS_PRINTABLE, "", 16, false},
    {"i", CHARACTERS_PRINTABLE, "", 5, false},
    {"q", CHARACTERS_PRINTABLE, "", 3, false},
    {"cn", CHARACTERS_PRINTABLE, "", 64, false},
    {"x121", DIGITS, 15, false},
    {"n-id", DIGITS, 32, false},
    {"t-id", CHARACTERS_PRINTABLE, "", 24, false},
    {"t-ty", DIGITS, 3, false},
    /* the value of "dda:TYPE"; not a PrintableString in practice: dda:SMTP=kim@acme.example (KB 183270) */
    {"dda", CHARACTERS_ASCII, ";", 128, false},
    {0},
};

/** KB 116466. */
static const AddressPartRule ms_parts[] = {
    {"network", CHARACTERS_ASCII, "/", 10, false},
    {"postoffice", CHARACTERS_ASCII, "/", 10, false},
    {"mailbox", CHARACTERS_ASCII, "/", 10, false},
    {0},
};

/** KB 154053. */
static const AddressPartRule ccmail_parts[] = {
    {"name", CHARACTERS_WESTERN, "", NO_LIMIT, false},
    {"postoffice", CHARACTERS_WESTERN, "", NO_LIMIT, false},
    {0},
};

/** KB 180517, KB 232076. A unit is one level above the name; organisation and country come last. Name and
 *  units together are the FullName. An @ may be in a name: the domain stands behind the last one. */
static const AddressPartRule notes_parts[] = {
    {"name", CHARACTERS_ANY, "/", 220, false},
    {"unit", CHARACTERS_ANY, "/", 220, false},
    {"domain", CHARACTERS_ANY, "/@", 31, false},
    {0},
};

/** KB 240874. */
static const AddressPartRule gwise_parts[] = {
    {"domain", CHARACTERS_WESTERN, ".", 32, false},
    {"postoffice", CHARACTERS_WESTERN, ".", 32, false},
    {"object", CHARACTERS_WESTERN, ".", 64, false},
    {0},
};

/** KB 122032, KB 116466; recipient, location and company belong to the old form. */
static const AddressPartRule fax_parts[] = {
    {"name", CHARACTERS_ANY, "", NO_LIMIT, false},     {"number", CHARACTERS_NUMBER, "", NO_LIMIT, false},
    {"recipient", CHARACTERS_ANY, "", NO_LIMIT, true}, {"location", CHARACTERS_ANY, "", NO_LIMIT, true},
    {"company", CHARACTERS_ANY, "", NO_LIMIT, true},   {0},
};

/** The legacyExchangeDN, as it is (EX) or as it was once (X500). */
static const AddressPartRule x500_parts[] = {
    {"o", CHARACTERS_ANY, "/", NO_LIMIT, false},
    {"ou", CHARACTERS_ANY, "/", NO_LIMIT, false},
    {"cn", CHARACTERS_ANY, "/", NO_LIMIT, false},
    {0},
};

/** KB 232307, KB 116466. */
static const AddressPartRule snads_parts[] = {
    {"gateway", CHARACTERS_ASCII, "/()", NO_LIMIT, false},
    {"dgn", CHARACTERS_ASCII, "/()", 8, false},
    {"den", CHARACTERS_ASCII, "/()", 8, false},
    {0},
};

/** KB 232318. */
static const AddressPartRule profs_parts[] = {
    {"node", CHARACTERS_ASCII, "/()", 8, false},
    {"user", CHARACTERS_ASCII, "/()", 8, false},
    {0},
};

/** KB 116466. */
static const AddressPartRule mhs_parts[] = {
    {"user", CHARACTERS_ASCII, "@/{}", NO_LIMIT, false},
    {"gateway", CHARACTERS_ASCII, "@/{}", NO_LIMIT, false},
    {"network", CHARACTERS_ASCII, "@/{}", NO_LIMIT, false},
    {"postoffice", CHARACTERS_ASCII, "@/{}", NO_LIMIT, false},
    {"mailbox", CHARACTERS_ASCII, "@/{}", NO_LIMIT, false},
    {0},
};

static const AddressType ccmail = {
    .name = "CCMAIL",
    .display_name = "cc:Mail",
    .default_template = "CCMAIL:%s, %g at {organisation}",
    .generator = "simple.so",
    .prerequisite = "the post office must be defined in the cc:Mail directory; add it there as a post office "
                    "that is reached through the gateway",
    .max = ALL_BEHIND("CCMAIL"),
    .escape = '/',
    .parts = ccmail_parts,
};

static const AddressType ex = {
    .name = "EX",
    .display_name = "Exchange",
    .max = ALL_BEHIND("EX"),
    .parts = x500_parts,
};

static const AddressType fax = {
    .name = "FAX",
    .display_name = "Fax",
    .default_template = "FAX:%d@%f",
    .generator = "simple.so",
    .prerequisite = "a fax gateway must take messages for this type; set one up, or leave the type out",
    .max = ALL_BEHIND("FAX"),
    .parts = fax_parts,
};

static const AddressType gwise = {
    .name = "GWISE",
    .display_name = "Novell GroupWise",
    .default_template = "GWISE:Exchange.First Administrative Group.%m",
    .generator = "simple.so",
    .prerequisite = "GroupWise must know domain and post office of the address; create them there as an "
                    "external domain with an external post office, linked through the API gateway",
    .max = 130,
    .parts = gwise_parts,
};

static const AddressType mhs = {
    .name = "MHS",
    .display_name = "Novell MHS",
    .max = ALL_BEHIND("MHS"),
    .parts = mhs_parts,
};

static const AddressType ms = {
    .name = "MS",
    .display_name = "Microsoft Mail",
    .default_template = "MS:{organisation}/EXCHANGE/%m",
    .generator = "simple.so",
    .prerequisite = "network and post office must be defined in the Microsoft Mail directory; add them there "
                    "as an external post office",
    .max = 32,
    .parts = ms_parts,
};

static const AddressType notes = {
    .name = "NOTES",
    .display_name = "Lotus Notes",
    .default_template = "NOTES:&d/{organisation}@{domain}",
    .generator = "simple.so",
    .prerequisite =
        "Domino must know the domain of the address; create a Foreign Domain document for it that "
        "names the gateway server and mail file",
    .max = 255,
    .parts = notes_parts,
};

static const AddressType profs = {
    .name = "PROFS",
    .display_name = "IBM PROFS",
    .max = 18,
    .parts = profs_parts,
};

static const AddressType smtp = {
    .name = "SMTP",
    .display_name = "SMTP",
    .default_template = "SMTP:@{domain}",
    .generator = "simple.so",
    .max = 64 + 1 + 255,
    .escape = '\\', /* in a quoted local part */
    .parts = smtp_parts,
};

static const AddressType snads = {
    .name = "SNADS",
    .display_name = "IBM SNADS",
    .max = ALL_BEHIND("SNADS"),
    .parts = snads_parts,
};

static const AddressType x400 = {
    .name = "X400",
    .display_name = "X.400",
    .default_template = "X400:c=US;a= ;p={organisation};o=Exchange;",
    .generator = "x400.so",
    .prerequisite = "the foreign X.400 system must know the way to the PRMD of the address; add a route for "
                    "it there",
    .max = ALL_BEHIND("X400"),
    .parts = x400_parts,
};

static const AddressType x500 = {
    .name = "X500",
    .display_name = "X.500",
    .max = ALL_BEHIND("X500"),
    .parts = x500_parts,
};

static const AddressType *const known[] = {
    &ccmail, &ex, &fax, &gwise, &mhs, &ms, &notes, &profs, &smtp, &snads, &x400, &x500, NULL,
};

const AddressType *address_type(const char *name)
{
    for (const AddressType *const *type = known; *type; type++)
        if (g_ascii_strcasecmp((*type)->name, name) == 0)
            return *type;
    return NULL;
}

const AddressType *const *address_types(void)
{
    return known;
}

bool address_type_is_legal(const char *name)
{
    size_t len = 0;
    while (g_ascii_isalnum(name[len]) && len <= ADDRESS_TYPE_MAX)
        len++;
    return len && len <= ADDRESS_TYPE_MAX && !name[len];
}

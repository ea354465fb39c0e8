/*
 * address_x400.c - O/R addresses in the form of textEncodedORAddress, and X.500 names
 *
 * "c=US;a= ;p=Org;o=Exchange;s=Smith;g=John;": the mnemonic form (KB 158363, 147113),
 * in any order, with domain-defined attributes as "dda:TYPE=value" or, as older text
 * has them, "dda.type=TYPE;dda.value=value". Lengths are those of X.411 in octets.
 */
#include "proxygen/address_internal.h"

#include <string.h>

#define DDA "dda:"
#define DDA_TYPE_MAX 8
#define DDA_VALUE_MAX 128

typedef struct {
    const char *name;
    CharacterSet characters;
    unsigned max;
    bool names_somebody; /* one of these must be there */
} Field;

/* In canonical order. */
static const Field fields[] = {
    {"c", CHARACTERS_PRINTABLE, 3, false},    {"a", CHARACTERS_PRINTABLE, 16, false},
    {"p", CHARACTERS_PRINTABLE, 16, true},    {"o", CHARACTERS_PRINTABLE, 64, true},
    {"ou1", CHARACTERS_PRINTABLE, 32, true},  {"ou2", CHARACTERS_PRINTABLE, 32, false},
    {"ou3", CHARACTERS_PRINTABLE, 32, false}, {"ou4", CHARACTERS_PRINTABLE, 32, false},
    {"s", CHARACTERS_PRINTABLE, 40, true},    {"g", CHARACTERS_PRINTABLE, 16, true},
    {"i", CHARACTERS_PRINTABLE, 5, false},    {"q", CHARACTERS_PRINTABLE, 3, false},
    {"cn", CHARACTERS_PRINTABLE, 64, true},   {"x121", CHARACTERS_NUMBER, 15, false},
    {"n-id", CHARACTERS_NUMBER, 32, false},   {"t-id", CHARACTERS_PRINTABLE, 24, false},
    {"t-ty", CHARACTERS_NUMBER, 3, false},
};

static const Field *find_field(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (!strcmp(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static bool is_dda(const char *name)
{
    return !g_ascii_strncasecmp(name, DDA, strlen(DDA));
}

static bool check_characters(const char *name, const char *value, CharacterSet set, unsigned max,
                             GError **error)
{
    if (!*value || strlen(value) > max) {
        error_set(error, ERROR_INVALID, "%s=%s: 1 to %u characters are allowed", name, value, max);
        return false;
    }
    for (const char *p = value; *p; p++)
        if (!characters_hold(set, (unsigned char)*p)) {
            error_set(error, ERROR_INVALID, "%s=%s: the character at place %zu cannot be there", name, value,
                      (size_t)(p - value) + 1);
            return false;
        }
    return true;
}

static bool check_country(const char *value, GError **error)
{
    size_t len = strlen(value);
    bool letters = len == 2 && g_ascii_isalpha(value[0]) && g_ascii_isalpha(value[1]);
    bool digits = len == 3 && strspn(value, "0123456789") == 3;
    if (!letters && !digits)
        error_set(error, ERROR_INVALID, "c=%s: a country is two letters or three digits", value);
    return letters || digits;
}

static bool check_field(const char *name, const char *value, GError **error)
{
    if (is_dda(name))
        return check_characters("the type of dda", name + strlen(DDA), CHARACTERS_PRINTABLE, DDA_TYPE_MAX,
                                error) &&
               check_characters(name, value, CHARACTERS_ASCII, DDA_VALUE_MAX, error);
    const Field *field = find_field(name);
    if (!field) {
        error_set(error, ERROR_INVALID, "%s: there is no such field in an X.400 address", name);
        return false;
    }
    return (strcmp(name, "c") != 0 || check_country(value, error)) &&
           check_characters(name, value, field->characters, field->max, error);
}

/* "dda.type=T;dda.value=V" is one field; the type waits for its value. */
static bool add_field(Address *address, char **dda_type, const char *name, const char *value, GError **error)
{
    g_autofree char *full = NULL;
    if (!strcmp(name, "dda.type")) {
        g_free(*dda_type);
        *dda_type = g_strdup(value);
        return true;
    }
    if (!strcmp(name, "dda.value")) {
        full = g_strconcat(DDA, *dda_type ? *dda_type : "", NULL);
        g_clear_pointer(dda_type, g_free);
        name = full;
    }
    if (!strcmp(name, "ou"))
        name = "ou1";
    if (address_part(address, name)) {
        error_set(error, ERROR_INVALID, "%s is there twice", name);
        return false;
    }
    if (!check_field(name, value, error))
        return false;
    address_add_part(address, name, g_strdup(value));
    return true;
}

/* Names are lower case but for the type of a DDA. */
static char *field_name(const char *text, size_t len)
{
    g_autofree char *name = g_strndup(text, len);
    g_strstrip(name);
    if (!is_dda(name))
        return g_ascii_strdown(name, -1);
    return g_strconcat(DDA, name + strlen(DDA), NULL);
}

static bool split_fields(Address *address, GError **error)
{
    g_auto(GStrv) pieces = g_strsplit(address->value, ";", 0);
    g_autofree char *dda_type = NULL;
    for (char **piece = pieces; *piece; piece++) {
        const char *equals = strchr(*piece, '=');
        g_autofree char *blank = g_strdup(*piece);
        if (!*g_strstrip(blank))
            continue;
        if (!equals) {
            error_set(error, ERROR_INVALID, "%s: a field is name=value", *piece);
            return false;
        }
        g_autofree char *name = field_name(*piece, (size_t)(equals - *piece));
        if (!add_field(address, &dda_type, name, equals + 1, error))
            return false;
    }
    if (dda_type)
        error_set(error, ERROR_INVALID, "dda.type=%s has no dda.value", dda_type);
    return !dda_type;
}

static bool names_somebody(const Address *address)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].names_somebody && address_part(address, fields[i].name))
            return true;
    return false;
}

bool address_parse_x400(Address *address, GError **error)
{
    if (!split_fields(address, error))
        return false;
    if (!address_part(address, "c") || !address_part(address, "a")) {
        error_set(error, ERROR_INVALID,
                  "country (c) and administrative domain (a, may be one blank) are needed");
        return false;
    }
    if (!names_somebody(address))
        error_set(error, ERROR_INVALID, "nobody is named: one of p, o, ou1, s, g, cn is needed");
    return names_somebody(address);
}

static void append_field(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s=%s;", name, value);
}

char *address_join_x400(const AddressPart *parts, size_t n_parts)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        for (size_t j = 0; j < n_parts; j++)
            if (!strcmp(parts[j].name, fields[i].name))
                append_field(out, parts[j].name, parts[j].value);
    for (size_t j = 0; j < n_parts; j++)
        if (!find_field(parts[j].name))
            append_field(out, parts[j].name, parts[j].value);
    return g_string_free(out, FALSE);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return g_ascii_strcasecmp(((const AddressPart *)a)->name, ((const AddressPart *)b)->name);
}

char *address_canonical_x400(const char *value)
{
    g_autoptr(Address) address = g_new0(Address, 1);
    address->value = g_strdup(value);
    if (!address_parse_x400(address, NULL))
        return NULL;
    qsort(address->parts, address->n_parts, sizeof *address->parts, by_name);
    return address_join_x400(address->parts, address->n_parts);
}

/* "/o=Org/ou=Group/cn=Recipients/cn=alias": at least one attribute, each with a value. */
bool address_parse_x500(Address *address, GError **error)
{
    if (*address->value != '/') {
        error_set(error, ERROR_INVALID, "begins with /, as in /o=Org/ou=Group/cn=Recipients/cn=alias");
        return false;
    }
    g_auto(GStrv) pieces = g_strsplit(address->value + 1, "/", 0);
    for (char **piece = pieces; *piece; piece++) {
        const char *equals = strchr(*piece, '=');
        if (!equals && address->n_parts) { /* a '/' within the value before */
            AddressPart *last = &address->parts[address->n_parts - 1];
            g_autofree char *before = last->value;
            last->value = g_strconcat(before, "/", *piece, NULL);
            continue;
        }
        if (!equals || equals == *piece || !equals[1]) {
            error_set(error, ERROR_INVALID, "/%s: each part is name=value", *piece);
            return false;
        }
        g_autofree char *name = g_ascii_strdown(*piece, equals - *piece);
        address_add_part(address, name, g_strdup(equals + 1));
    }
    return true;
}

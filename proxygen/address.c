/*
 * address.c - proxy addresses: reading, writing, comparing
 *
 * What is the same for all types; how the parts of a type are written stands in its
 * syntax. Messages name the address, shortened and without characters that could
 * confuse a terminal. The work grows with the length of the text, which is bounded
 * before anything else is done, except in address_normalise(), which takes any.
 */
#include "proxygen/address_internal.h"

#include <string.h>

/** Types with a syntax of their own; the others are in the table of address_forms.c. */
static const struct {
    const char *type;
    const AddressSyntax *syntax;
} syntaxes[] = {
    {"EX", &address_x500_syntax},
    {"SMTP", &address_smtp_syntax},
    {"X400", &address_x400_syntax},
    {"X500", &address_x500_syntax},
};

static const AddressSyntax *syntax_of(const AddressType *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(syntaxes); i++)
        if (strcmp(syntaxes[i].type, type->name) == 0)
            return syntaxes[i].syntax;
    return &address_forms_syntax;
}

static void clear_part(void *data)
{
    AddressPart *part = data;
    g_free(part->name);
    g_free(part->value);
}

static GArray *parts_new(void)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(AddressPart));
    g_array_set_clear_func(parts, clear_part);
    return parts;
}

/** Puts the address in front of the cause. */
static void add_subject(GError **error, const char *type, const char *value)
{
    g_autofree char *shown = address_excerpt(value);
    g_prefix_error(error, "address \"%s%s%s\": ", type ? type : "", type ? ":" : "", shown);
}

/* ---- reading ---- */

const char *address_split(const char *text, char **type, bool *primary)
{
    const char *colon = strchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    if (!len || len > ADDRESS_TYPE_MAX)
        return NULL;
    g_autofree char *name = g_strndup(text, len);
    if (!address_type_is_legal(name))
        return NULL;
    g_autofree char *upper = g_ascii_strup(name, -1);
    if (primary)
        *primary = strcmp(name, upper) == 0;
    if (type)
        *type = g_steal_pointer(&upper);
    return colon + 1;
}

/** Whether the length is that of an address; @in_front: characters of type and colon. */
static bool check_length(const char *value, size_t in_front, unsigned max, GError **error)
{
    size_t bytes = strlen(value);
    if (bytes <= ADDRESS_MAX * 4 && !g_utf8_validate(value, (gssize)bytes, NULL)) {
        error_set(error, ERROR_INVALID, "it is not UTF-8; correct the bytes or their character set");
        return false;
    }
    max = MIN(max, ADDRESS_MAX - (unsigned)in_front);
    if (bytes <= ADDRESS_MAX * 4 && g_utf8_strlen(value, (gssize)bytes) <= (glong)max)
        return true;
    error_set(error, ERROR_INVALID, "it is too long; at most %u characters are allowed behind the type", max);
    return false;
}

/** Parts of a value that is good for its type. A type that is not known has none. */
static bool read_value(const char *type, const char *value, GArray *parts, GError **error)
{
    static const AddressPartRule unknown = {"value", CHARACTERS_ANY, "", ADDRESS_MAX, false};
    const AddressType *known = address_type(type);
    if (!check_length(value, strlen(type) + 1, known ? known->max : ADDRESS_MAX, error))
        return false;
    if (!known || !*value)
        return address_check_part(&unknown, "value", value, error);
    const AddressSyntax *syntax = syntax_of(known);
    return syntax->take_apart(known, value, parts, error) &&
           syntax->check(known, (const AddressPart *)(void *)parts->data, parts->len, error);
}

Address *address_parse(const char *text, GError **error)
{
    g_autofree char *stripped = address_strip(text, strlen(text));
    g_autoptr(Address) address = g_new0(Address, 1);
    g_autoptr(GArray) parts = parts_new();
    const char *value = address_split(stripped, &address->type, &address->primary);
    if (!value) {
        error_set(error, ERROR_INVALID,
                  "there is no type in front; write \"TYPE:value\", TYPE being at most %d letters and digits",
                  ADDRESS_TYPE_MAX);
        add_subject(error, NULL, stripped);
        return NULL;
    }
    address->value = address_strip(value, strlen(value));
    if (!read_value(address->type, address->value, parts, error)) {
        add_subject(error, address->type, address->value);
        return NULL;
    }
    address->parts = g_array_steal(parts, &address->n_parts);
    return g_steal_pointer(&address);
}

void address_free(Address *address)
{
    if (!address)
        return;
    for (size_t i = 0; i < address->n_parts; i++)
        clear_part(&address->parts[i]);
    g_free(address->parts);
    g_free(address->type);
    g_free(address->value);
    g_free(address);
}

const char *address_part(const Address *address, const char *name)
{
    for (size_t i = 0; i < address->n_parts; i++)
        if (g_ascii_strcasecmp(address->parts[i].name, name) == 0)
            return address->parts[i].value;
    return NULL;
}

bool address_validate(const char *type, const char *value, GError **error)
{
    g_autoptr(GArray) parts = parts_new();
    g_autofree char *stripped = address_strip(value, strlen(value));
    bool good = address_type_is_legal(type);
    if (!good)
        error_set(error, ERROR_INVALID, "the type is not one of at most %d letters and digits; correct it",
                  ADDRESS_TYPE_MAX);
    good = good && read_value(type, stripped, parts, error);
    if (!good)
        add_subject(error, type, stripped);
    return good;
}

/* ---- writing ---- */

char *address_format(const char *type, bool primary, const char *value)
{
    g_autofree char *name = primary ? g_ascii_strup(type, -1) : g_ascii_strdown(type, -1);
    return g_strconcat(name, ":", value, NULL);
}

static bool parts_are_utf8(const AddressPart *parts, size_t n_parts, GError **error)
{
    for (size_t i = 0; i < n_parts; i++)
        if (!g_utf8_validate(parts[i].name, -1, NULL) || !g_utf8_validate(parts[i].value, -1, NULL)) {
            error_set(error, ERROR_INVALID, "part %zu is not UTF-8; correct it", i + 1);
            return false;
        }
    return true;
}

char *address_join(const char *type, const AddressPart *parts, size_t n_parts, GError **error)
{
    const AddressType *known = address_type(type);
    g_autoptr(GString) value = g_string_new(NULL);
    if (!known) {
        error_set(error, ERROR_INVALID, "address type \"%s\": it is not known; give the whole address", type);
        return NULL;
    }
    const AddressSyntax *syntax = syntax_of(known);
    bool good = parts_are_utf8(parts, n_parts, error) && syntax->check(known, parts, n_parts, error);
    if (good)
        syntax->put_together(known, parts, n_parts, value);
    if (good && check_length(value->str, strlen(known->name) + 1, known->max, error))
        return g_string_free(g_steal_pointer(&value), FALSE);
    add_subject(error, known->name, value->str);
    return NULL;
}

/* ---- comparing ---- */

/** As g_utf8_normalize(), which takes ASCII the long way too. */
static char *normalise_text(const char *text, GNormalizeMode mode)
{
    return g_str_is_ascii(text) ? g_strdup(text) : g_utf8_normalize(text, -1, mode);
}

/** The bytes as valid text: what is no UTF-8, and NUL, as \xHH. */
static char *as_text(const char *bytes, size_t len)
{
    g_autoptr(GString) out = g_string_sized_new(len);
    while (len) {
        const char *end = NULL;
        g_utf8_validate(bytes, (gssize)len, &end);
        g_string_append_len(out, bytes, end - bytes);
        len -= (size_t)(end - bytes);
        bytes = end;
        if (len) {
            g_string_append_printf(out, "\\x%02x", (unsigned char)*bytes++);
            len--;
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/** Letters that differ in case or in how they are composed become the same ones, decomposed. Folding alone
 *  does not do: glib turns the two cases of Cherokee into each other. */
static char *fold(const char *text)
{
    if (g_str_is_ascii(text))
        return g_ascii_strdown(text, -1);
    g_autofree char *decomposed = g_utf8_normalize(text, -1, G_NORMALIZE_NFD);
    g_autofree char *folded = g_utf8_casefold(decomposed, -1);
    g_autoptr(GString) lower = g_string_sized_new(strlen(folded));
    for (const char *at = folded; *at; at = g_utf8_next_char(at))
        g_string_append_unichar(lower, g_unichar_tolower(g_utf8_get_char(at)));
    return g_utf8_normalize(lower->str, -1, G_NORMALIZE_NFD);
}

/** Each part by itself: a sign never merges with a separator, so the text is taken apart the same again. */
static void compose(GArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        AddressPart *part = &g_array_index(parts, AddressPart, i);
        g_autofree char *decomposed = part->value;
        part->value = normalise_text(decomposed, G_NORMALIZE_NFC);
    }
}

/** The text of a folded value; NULL: it cannot be taken apart. g_free(). */
static char *even_out(const AddressType *type, const char *value)
{
    const AddressSyntax *syntax = syntax_of(type);
    g_autoptr(GArray) parts = parts_new();
    if (!syntax->take_apart(type, value, parts, NULL))
        return NULL;
    compose(parts);
    if (syntax->even_out)
        syntax->even_out(parts);
    g_autoptr(GString) out = g_string_sized_new(strlen(value));
    syntax->put_together(type, (const AddressPart *)(void *)parts->data, parts->len, out);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/** What nearly all addresses are: smtp:, words of letters and digits with single dots between, one @ among
 *  them. Nothing in it can mean the same as something else but the case of letters. */
static bool is_plain_smtp(const char *text, size_t len)
{
    static const char type[] = "smtp:";
    bool in_word = false, behind_at = false;
    if (len < strlen(type) || g_ascii_strncasecmp(text, type, strlen(type)) != 0)
        return false;
    for (size_t i = strlen(type); i < len; i++) {
        bool separates = text[i] == '.' || (text[i] == '@' && !behind_at);
        if (!(separates && in_word) && !g_ascii_isalnum(text[i]) && text[i] != '-' && text[i] != '_')
            return false;
        behind_at |= text[i] == '@';
        in_word = !separates;
    }
    return behind_at && in_word;
}

char *address_normalise(const char *text, size_t len)
{
    if (is_plain_smtp(text, len))
        return g_ascii_strdown(text, (gssize)len);
    g_autofree char *valid = as_text(text, len);
    g_autofree char *folded = fold(valid);
    g_autofree char *stripped = address_strip(folded, strlen(folded));
    g_autofree char *type = NULL;
    const char *behind = address_split(stripped, &type, NULL);
    if (!behind)
        return normalise_text(stripped, G_NORMALIZE_NFC);
    g_autofree char *value = address_strip(behind, strlen(behind));
    const AddressType *known = address_type(type);
    g_autofree char *even = known ? even_out(known, value) : NULL;
    if (!even)
        even = normalise_text(value, G_NORMALIZE_NFC);
    return address_format(type, false, even);
}

bool address_equal(const char *a, const char *b)
{
    g_autofree char *one = address_normalise(a, strlen(a));
    g_autofree char *two = address_normalise(b, strlen(b));
    return strcmp(one, two) == 0;
}

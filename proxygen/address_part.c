/*
 * address_part.c - one part of an address: making it, whether it keeps its rule, showing it
 *
 * Messages say which part it is, which character at which place, and what is
 * allowed there.
 */
#include "proxygen/address_internal.h"

#include <string.h>

/** In the order of CharacterSet. */
static const char *const character_set_names[] = {
    "printable characters",
    "Western European characters (code page 1252)",
    "printable ASCII characters",
    "letters, digits, and .!#$%&'*+-/=?^_`{|}~ (RFC 5322)",
    "letters, digits, blanks, and '()+,-./:=? (PrintableString)",
    "digits, blanks, and +-().",
};
G_STATIC_ASSERT(G_N_ELEMENTS(character_set_names) == CHARACTERS_NUMBER + 1);

#define EXCERPT_MAX 80

void address_add_part(GArray *parts, const char *name, size_t len, char *value_taken)
{
    AddressPart part = {g_strndup(name, len), value_taken};
    g_array_append_val(parts, part);
}

char *address_strip(const char *text, size_t len)
{
    while (len && address_is_blank(text[0])) {
        text++;
        len--;
    }
    while (len && address_is_blank(text[len - 1]))
        len--;
    return g_strndup(text, len);
}

const AddressPartRule *address_part_rule(const AddressType *type, const char *name, size_t len)
{
    for (const AddressPartRule *rule = type->parts; rule->name; rule++)
        if (strlen(rule->name) == len && g_ascii_strncasecmp(rule->name, name, len) == 0)
            return rule;
    return NULL;
}

bool address_check_characters(CharacterSet set, const char *but_not, const char *name, const char *value,
                              GError **error)
{
    size_t place = 1;
    for (const char *at = value; *at; at = g_utf8_next_char(at), place++) {
        gunichar c = g_utf8_get_char(at);
        bool holds = characters_hold(set, c);
        if (holds && !strchr(but_not, *at))
            continue;
        const char *what = holds ? "it is not allowed here" : character_set_names[set];
        error_set(error, ERROR_INVALID, "%s: character %zu (U+%04X) must go: %s%s", name, place, (unsigned)c,
                  holds ? "" : "only these are allowed: ", what);
        return false;
    }
    return true;
}

bool address_check_part(const AddressPartRule *rule, const char *name, const char *value, GError **error)
{
    if (!*value) {
        if (!rule->may_be_empty)
            error_set(error, ERROR_INVALID, "%s: it is empty; it needs a value", name);
        return rule->may_be_empty;
    }
    if (address_is_blank(value[0]) || address_is_blank(value[strlen(value) - 1])) {
        error_set(error, ERROR_INVALID, "%s: blanks at its ends cannot be kept; take them off", name);
        return false;
    }
    glong length = g_utf8_strlen(value, -1);
    if (length > (glong)rule->max) {
        error_set(error, ERROR_INVALID, "%s: %ld characters are too many; at most %u are allowed", name,
                  length, rule->max);
        return false;
    }
    return address_check_characters(rule->characters, rule->but_not, name, value, error);
}

char *address_excerpt(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, ADDRESS_MAX));
    g_autoptr(GString) out = g_string_new(NULL);
    const char *at = valid;
    for (int n = 0; *at && n < EXCERPT_MAX; at = g_utf8_next_char(at), n++) {
        gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(out, characters_hold(CHARACTERS_ANY, c) ? c : '?');
    }
    g_string_append(out, *at ? "..." : "");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

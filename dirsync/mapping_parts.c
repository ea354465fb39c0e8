/*
 * mapping_parts.c - mapping functions that take names, addresses and DNs apart
 *
 * A part that is not there is the empty string, never an error: foreign
 * directories hold every sort of half-filled value.
 */
#include "dirsync/dn.h"
#include "dirsync/mapping_internal.h"

#include <string.h>

/* --- names of people ---------------------------------------------------------------------------- */

typedef struct {
    char *given, *middle, *last;
} PersonName;

static void person_name_clear(PersonName *name)
{
    g_free(name->given);
    g_free(name->middle);
    g_free(name->last);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PersonName, person_name_clear)

/* "First Middle Last" */
static void split_western(PersonName *name, const char *text)
{
    size_t words = function_count_words(text);
    name->given = function_words(text, 1, 1);
    name->last = function_words(text, MAX(words, 1), 1);
    name->middle = words > 2 ? function_words(text, 2, words - 2) : g_strdup("");
}

/* "Last, First Middle"; without a comma "Last First Middle" */
static void split_inverted(PersonName *name, const char *text)
{
    const char *comma = strchr(text, ',');
    g_autofree char *before = comma ? g_strndup(text, (size_t)(comma - text)) : function_words(text, 1, 1);
    g_autofree char *after = comma ? g_strdup(comma + 1) : function_words(text, 2, FUNCTION_MAX_BYTES);
    name->last = function_words(before, 1, FUNCTION_MAX_BYTES);
    name->given = function_words(after, 1, 1);
    name->middle = function_words(after, 2, FUNCTION_MAX_BYTES);
}

/* A single word is both first and last name. */
static PersonName split_name(const char *const *a, int n)
{
    PersonName name = {0};
    size_t style = n > 1 && *a[1] ? function_count(a[1]) : strchr(a[0], ',') ? 2 : 1;
    if (style == 2)
        split_inverted(&name, a[0]);
    else
        split_western(&name, a[0]);
    char **empty = !*name.given ? &name.given : !*name.last ? &name.last : NULL;
    if (empty) {
        g_free(*empty);
        *empty = g_strdup(empty == &name.given ? name.last : name.given);
    }
    return name;
}

char *function_given_name(const char *const *a, int n)
{
    g_auto(PersonName) name = split_name(a, n);
    return g_steal_pointer(&name.given);
}

char *function_surname(const char *const *a, int n)
{
    g_auto(PersonName) name = split_name(a, n);
    return g_steal_pointer(&name.last);
}

char *function_middle_name(const char *const *a, int n)
{
    g_auto(PersonName) name = split_name(a, n);
    return g_steal_pointer(&name.middle);
}

/* --- X.500, X.400 and Notes addresses ----------------------------------------------------------- */

/* The part of "key=value" when key is @field; NULL otherwise. */
static const char *labelled(const char *part, const char *field)
{
    size_t length = strlen(field);
    while (*part == ' ')
        part++;
    return g_ascii_strncasecmp(part, field, length) == 0 && part[length] == '=' ? part + length + 1 : NULL;
}

/* The field that part @i of @n has in Notes' abbreviated form: common name, units, organisation and,
 * when it has two letters and an organisation stands before it, country. */
static const char *abbreviated_field(char *const *parts, size_t i, size_t n)
{
    bool has_country = n > 2 && strlen(parts[n - 1]) == 2;
    size_t organisation = has_country ? n - 2 : n - 1;
    if (i == 0)
        return "cn";
    return i == organisation ? "o" : i > organisation ? "c" : "ou";
}

static char *nth_field(char *const *parts, const char *field, size_t index)
{
    bool is_labelled = false;
    size_t n = 0;
    for (; parts[n]; n++)
        is_labelled = is_labelled || strchr(parts[n], '=');
    for (size_t i = 0; i < n; i++) {
        const char *value = is_labelled ? labelled(parts[i], field)
                            : g_ascii_strcasecmp(abbreviated_field(parts, i, n), field) == 0 ? parts[i]
                                                                                             : NULL;
        if (value && --index == 0)
            return g_strstrip(g_strdup(value));
    }
    return g_strdup("");
}

char *function_x500(const char *const *a, int n)
{
    size_t index = n > 2 ? function_count(a[2]) : 1;
    const char *text = a[0][0] == '/' ? a[0] + 1 : a[0];
    bool is_x400 = strchr(text, ';') && strchr(text, '=') && !strchr(text, '/');
    g_auto(GStrv) parts = g_strsplit(text, is_x400 ? ";" : "/", -1);
    return index ? nth_field(parts, a[1], index) : g_strdup("");
}

/* --- proxy addresses ---------------------------------------------------------------------------- */

/* The colon that ends the address type; NULL when there is none: a type is letters, digits, '-' and '_'. */
static const char *type_end(const char *address)
{
    size_t length = 0;
    while (g_ascii_isalnum(address[length]) || address[length] == '-' || address[length] == '_')
        length++;
    return length && address[length] == ':' ? address + length : NULL;
}

static const char *without_type(const char *address)
{
    const char *colon = type_end(address);
    return colon ? colon + 1 : address;
}

char *function_address_type(const char *const *a, int n)
{
    (void)n;
    const char *colon = type_end(a[0]);
    return g_strndup(a[0], colon ? (size_t)(colon - a[0]) : 0);
}

char *function_address_value(const char *const *a, int n)
{
    (void)n;
    return g_strdup(without_type(a[0]));
}

char *function_local_part(const char *const *a, int n)
{
    (void)n;
    const char *value = without_type(a[0]), *at = strrchr(value, '@');
    return at ? g_strndup(value, (size_t)(at - value)) : g_strdup(value);
}

char *function_domain_part(const char *const *a, int n)
{
    (void)n;
    const char *at = strrchr(a[0], '@');
    return g_strdup(at ? at + 1 : "");
}

/* --- distinguished names ------------------------------------------------------------------------ */

/* XPath knows text only: bytes that are none are as good as absent. */
static char *value_as_text(const DnAva *ava)
{
    bool is_text = !ava->is_ber && g_utf8_validate_len(ava->value, ava->len, NULL);
    return is_text ? g_strndup(ava->value, ava->len) : g_strdup("");
}

char *function_dn_part(const char *const *a, int n)
{
    size_t index = n > 2 ? function_count(a[2]) : 1;
    g_autoptr(Dn) dn = dn_parse(a[0], NULL);
    for (size_t i = 0; dn && index && i < dn->n_rdns; i++)
        for (size_t j = 0; j < dn->rdns[i].n_avas; j++)
            if (g_ascii_strcasecmp(dn->rdns[i].avas[j].type, a[1]) == 0 && --index == 0)
                return value_as_text(&dn->rdns[i].avas[j]);
    return g_strdup("");
}

char *function_parent_dn(const char *const *a, int n)
{
    (void)n;
    char *parent = dn_parent(a[0]);
    return parent ? parent : g_strdup("");
}

char *function_rdn_value(const char *const *a, int n)
{
    (void)n;
    g_autoptr(Dn) dn = dn_parse(a[0], NULL);
    return dn && dn->n_rdns ? value_as_text(&dn->rdns[0].avas[0]) : g_strdup("");
}

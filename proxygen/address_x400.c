/*
 * address_x400.c - X.400 addresses in their mnemonic form, as text
 *
 * "c=US;a= ;p=Acme;o=Exchange;s=Yoshida;g=Kim;": fields in any order, each once, with
 * the limits of X.411. What is written has the order of x400_parts[], a semicolon
 * behind each field, and one blank for an ADMD without name. Read are also fields
 * with slashes in front of them (a slash in a value is then doubled or has a dollar
 * in front), and the old spelling of domain defined attributes, "dda.type=..;
 * dda.value=..". The (a) of MIXER addresses is left as it is: it is text to X.400.
 */
#include "proxygen/address_internal.h"

#include <string.h>

#define DDA "dda:"
#define DDA_LENGTH 4
#define DDAS_MAX 4 /* X.411 ub-domain-defined-attributes */

static const AddressPartRule dda_type_rule = {"dda", CHARACTERS_PRINTABLE, "=", 8, false};

/** Other names of fields. */
static const struct {
    const char *name, *means;
} aliases[] = {
    {"ua-id", "n-id"},
};

static bool is_dda(const char *name)
{
    return g_ascii_strncasecmp(name, DDA, DDA_LENGTH) == 0;
}

/** The rule of a part, which for "dda:TYPE" is that of the value. */
static const AddressPartRule *field_rule(const AddressType *type, const char *name)
{
    return address_part_rule(type, name, is_dda(name) ? DDA_LENGTH - 1 : strlen(name));
}

/* ---- taking apart ---- */

typedef struct {
    const AddressType *type;
    GArray *parts;
    char *pending; /* of "dda.type=", until its value comes */
} Reader;

/** The name under which a field is kept; NULL: there is no such field. g_free(). */
static char *field_name(const AddressType *type, const char *key)
{
    if (is_dda(key)) {
        g_autofree char *dda_type = address_strip(key + DDA_LENGTH, strlen(key) - DDA_LENGTH);
        return g_strconcat(DDA, dda_type, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (g_ascii_strcasecmp(key, aliases[i].name) == 0)
            key = aliases[i].means;
    const AddressPartRule *rule = address_part_rule(type, key, strlen(key));
    return rule && strcmp(rule->name, "dda") != 0 ? g_strdup(rule->name) : NULL;
}

/** Whether the field is half of an attribute in the old spelling, and in its place if so. */
static bool check_old_dda(const Reader *reader, bool is_type, bool is_value, const char *value,
                          GError **error)
{
    if (is_value != !!reader->pending) {
        error_set(error, ERROR_INVALID, "dda.type and dda.value must follow each other; correct it");
        return false;
    }
    if (is_type && strchr(value, '=')) {
        error_set(error, ERROR_INVALID, "dda.type: no = can be in it; take it out");
        return false;
    }
    return true;
}

static bool read_field(Reader *reader, const char *field, GError **error)
{
    size_t len = strcspn(field, "=");
    g_autofree char *key = address_strip(field, len);
    g_autofree char *value = field[len] ? address_strip(field + len + 1, strlen(field + len + 1)) : NULL;
    bool is_type = value && g_ascii_strcasecmp(key, "dda.type") == 0;
    bool is_value = value && g_ascii_strcasecmp(key, "dda.value") == 0;
    if (!check_old_dda(reader, is_type, is_value, value, error))
        return false;
    if (is_type) {
        reader->pending = g_steal_pointer(&value);
        return true;
    }
    g_autofree char *pending = g_steal_pointer(&reader->pending);
    g_autofree char *name = is_value ? g_strconcat(DDA, pending, NULL)
                            : value  ? field_name(reader->type, key)
                                     : NULL;
    if (!name) {
        error_set(error, ERROR_INVALID, "field %u is none that X.400 has; write fields like \"s=Yoshida;\"",
                  reader->parts->len + 1);
        return false;
    }
    bool no_admd = strcmp(name, "a") == 0 && !*value;
    address_add_part(reader->parts, name, strlen(name), no_admd ? g_strdup(" ") : g_steal_pointer(&value));
    return true;
}

/** The next field; @separator ends it. Where that is a slash, "//" and "$/" are a slash of the value. */
static char *next_field(const char **at, char separator)
{
    g_autoptr(GString) field = g_string_new(NULL);
    const char *c = *at;
    for (; *c; c++) {
        bool escaped = separator == '/' && (*c == '/' || *c == '$') && c[1] == '/';
        if (escaped)
            c++;
        else if (*c == separator)
            break;
        g_string_append_c(field, *c);
    }
    *at = *c ? c + 1 : c;
    return g_string_free(g_steal_pointer(&field), FALSE);
}

static bool x400_take_apart(const AddressType *type, const char *value, GArray *parts, GError **error)
{
    char separator = *value == '/' && !strchr(value, ';') ? '/' : ';'; /* no value can hold the latter */
    Reader reader = {type, parts, NULL};
    bool good = true;
    if (separator == '/')
        value++;
    while (good && *value) {
        g_autofree char *field = next_field(&value, separator);
        good = read_field(&reader, field, error);
    }
    if (good && reader.pending) {
        error_set(error, ERROR_INVALID, "dda.type: its dda.value is missing; add it");
        good = false;
    }
    g_free(reader.pending);
    return good;
}

/* ---- putting together ---- */

static int by_rule(const void *a, const void *b)
{
    const AddressType *type = address_type("X400");
    const AddressPart *one = a, *two = b;
    const AddressPartRule *rule = field_rule(type, one->name), *other = field_rule(type, two->name);
    if (rule != other)
        return rule < other ? -1 : 1;
    int names = g_ascii_strcasecmp(one->name, two->name);
    return names ? names : strcmp(one->value, two->value);
}

/** Runs of blanks are one blank to X.400, and the order of fields says nothing. */
static void x400_even_out(GArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        char *out = g_array_index(parts, AddressPart, i).value;
        for (const char *in = out; *in; in++)
            if (!address_is_blank(in[0]) || !address_is_blank(in[1]))
                *out++ = *in;
        *out = '\0';
    }
    g_array_sort(parts, by_rule);
}

static void x400_put_together(const AddressType *type, const AddressPart *parts, size_t n_parts, GString *out)
{
    for (size_t i = 0; i < n_parts; i++) {
        const char *name = is_dda(parts[i].name) ? parts[i].name : field_rule(type, parts[i].name)->name;
        g_string_append_printf(out, "%s=%s;", name, parts[i].value);
    }
}

/* ---- checking ---- */

typedef struct {
    const AddressType *type;
    const AddressPart *parts;
    size_t n_parts;
} Fields;

static bool has(const Fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->n_parts; i++)
        if (g_ascii_strcasecmp(fields->parts[i].name, name) == 0)
            return true;
    return false;
}

static bool is_country(const char *value)
{
    size_t len = strlen(value);
    return (len == 2 && g_ascii_isalpha(value[0]) && g_ascii_isalpha(value[1])) ||
           (len == 3 && strspn(value, "0123456789") == len);
}

static bool check_field(const AddressType *type, const AddressPart *part, GError **error)
{
    const AddressPartRule *rule = field_rule(type, part->name);
    bool dda = is_dda(part->name);
    if (!rule || (strcmp(rule->name, "dda") == 0) != dda) {
        error_set(error, ERROR_INVALID, "%s: X.400 has no such field; leave it out", part->name);
        return false;
    }
    if (dda && !address_check_part(&dda_type_rule, "type of the dda", part->name + DDA_LENGTH, error))
        return false;
    if (strcmp(rule->name, "a") == 0 && strcmp(part->value, " ") == 0)
        return true;
    if (!address_check_part(rule, part->name, part->value, error))
        return false;
    if (strcmp(rule->name, "c") != 0 || is_country(part->value))
        return true;
    error_set(error, ERROR_INVALID, "c: it is neither two letters nor three digits; give the country so");
    return false;
}

/** What needs what: X.402 18.5, X.411. */
static const struct {
    const char *field, *needs;
} needed[] = {
    {"g", "s"}, {"i", "s"}, {"q", "s"}, {"ou2", "ou1"}, {"ou3", "ou2"}, {"ou4", "ou3"},
};

/** One of these makes it the mnemonic form. */
static const char *const mnemonic[] = {"p", "o", "ou1", "s", "cn"};

static bool check_together(const Fields *fields, GError **error)
{
    if (!has(fields, "c") || !has(fields, "a")) {
        error_set(error, ERROR_INVALID, "%s: it is missing; add it%s", has(fields, "c") ? "a" : "c",
                  has(fields, "c") ? " (\"a= ;\" where there is no name)" : "");
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
        if (has(fields, needed[i].field) && !has(fields, needed[i].needs)) {
            error_set(error, ERROR_INVALID, "%s: it is of no use without %s; add that", needed[i].field,
                      needed[i].needs);
            return false;
        }
    for (size_t i = 0; i < G_N_ELEMENTS(mnemonic); i++)
        if (has(fields, mnemonic[i]))
            return true;
    error_set(error, ERROR_INVALID, "it names nobody; add at least one of p, o, ou1, s and cn");
    return false;
}

static bool x400_check(const AddressType *type, const AddressPart *parts, size_t n_parts, GError **error)
{
    size_t ddas = 0;
    for (size_t i = 0; i < n_parts; i++) {
        Fields before = {type, parts, i};
        if (!check_field(type, &parts[i], error))
            return false;
        ddas += is_dda(parts[i].name);
        if (has(&before, parts[i].name)) {
            error_set(error, ERROR_INVALID, "%s: it is there twice; leave one out", parts[i].name);
            return false;
        }
    }
    if (ddas > DDAS_MAX) {
        error_set(error, ERROR_INVALID, "dda: %zu are too many; at most %d are allowed", ddas, DDAS_MAX);
        return false;
    }
    Fields all = {type, parts, n_parts};
    return check_together(&all, error);
}

const AddressSyntax address_x400_syntax = {
    .take_apart = x400_take_apart,
    .check = x400_check,
    .put_together = x400_put_together,
    .even_out = x400_even_out,
};

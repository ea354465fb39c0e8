/*
 * address_forms.c - types whose parts stand between fixed separators
 *
 * A form is a row of parts with the texts in front of, between and behind them. Of
 * several forms of a type the first that fits the text is taken, so those with more
 * separators come first. Blanks around separators are taken off. A name may hold
 * an @ or, where the type can escape, the word "at": the last one separates. No
 * other part can hold the separator that ends it; its rule says so.
 */
#include "proxygen/address_internal.h"

#include <string.h>

#define FORM_PARTS 8

typedef struct {
    const char *type;
    const char *parts[FORM_PARTS + 1];
    const char *between[FORM_PARTS + 1]; /* [0] is in front of the first part; NULL: nothing */
    const char *sample;                  /* for people */
} Form;

static const Form forms[] = {
    {"MS", {"network", "postoffice", "mailbox"}, {NULL, "/", "/"}, "NETWORK/POSTOFFICE/MAILBOX"},
    {"CCMAIL", {"name", "postoffice"}, {NULL, " at "}, "Last, First at PostOffice"},
    {"NOTES",
     {"name", "unit", "unit", "unit", "unit", "unit", "unit", "domain"},
     {NULL, "/", "/", "/", "/", "/", "/", "@"},
     "User Name/Unit/Organisation@Domain"},
    {"NOTES",
     {"name", "unit", "unit", "unit", "unit", "unit", "domain"},
     {NULL, "/", "/", "/", "/", "/", "@"},
     NULL},
    {"NOTES", {"name", "unit", "unit", "unit", "unit", "domain"}, {NULL, "/", "/", "/", "/", "@"}, NULL},
    {"NOTES", {"name", "unit", "unit", "unit", "domain"}, {NULL, "/", "/", "/", "@"}, NULL},
    {"NOTES", {"name", "unit", "unit", "domain"}, {NULL, "/", "/", "@"}, NULL},
    {"NOTES", {"name", "unit", "domain"}, {NULL, "/", "@"}, NULL},
    {"NOTES", {"name", "domain"}, {NULL, "@"}, NULL},
    {"GWISE", {"domain", "postoffice", "object"}, {NULL, ".", "."}, "Domain.PostOffice.Object"},
    {"FAX",
     {"recipient", "location", "company", "number"},
     {NULL, "\r", "\r", "\r", "\r"},
     "Name@+1 206 555 0100"},
    {"FAX", {"recipient", "location", "number"}, {NULL, "\r", "\r", "\r"}, NULL},
    {"FAX", {"name", "number"}, {NULL, "@"}, NULL},
    {"FAX", {"number"}, {NULL}, NULL},
    {"SNADS", {"dgn", "den"}, {NULL, "(", ")"}, "DGN(DEN) or gateway/DGN/DEN"},
    {"SNADS", {"gateway", "dgn", "den"}, {NULL, "/", "/"}, NULL},
    {"PROFS", {"node", "user"}, {NULL, "(", ")"}, "NODE(USER)"},
    {"MHS",
     {"user", "gateway", "network", "postoffice", "mailbox"},
     {NULL, "@", " {", "/", "/", "}"},
     "user@gateway {network/postoffice/mailbox}"},
};

/** What must not be longer than so many characters together: everything in front of the domain. */
#define NOTES_FULL_NAME_MAX 220

/* ---- taking apart ---- */

/** The separator in the text, its first place or, for @ and "at", its last; escaped characters are none. */
static const char *find_separator(const AddressType *type, const char *text, const char *separator)
{
    bool last = strcmp(separator, "@") == 0 || strcmp(separator, " at ") == 0;
    size_t len = strlen(separator);
    const char *found = NULL;
    for (const char *at = text; *at && (last || !found); at++) {
        if (type->escape && *at == type->escape && at[1])
            at++;
        else if (g_ascii_strncasecmp(at, separator, len) == 0)
            found = at;
    }
    return found;
}

/** The value without outer blanks and, where the type can escape, unescaped. NULL: it ends with an escape. */
static char *read_value(const AddressType *type, const char *text, size_t len)
{
    if (!type->escape)
        return address_strip(text, len);
    const char *end = text + len;
    while (text < end && address_is_blank(*text))
        text++;
    g_autoptr(GString) value = g_string_sized_new(len);
    size_t keep = 0; /* blanks behind it do not count, unless escaped */
    for (; text < end; text++) {
        bool escaped = *text == type->escape;
        if (escaped && ++text == end)
            return NULL;
        g_string_append_c(value, *text);
        if (escaped || !address_is_blank(*text))
            keep = value->len;
    }
    g_string_truncate(value, keep);
    return g_string_free(g_steal_pointer(&value), FALSE);
}

/** Where the part ends: in front of the separator behind it, which for the last part ends the text. */
static const char *part_end(const AddressType *type, const char *at, const char *separator, bool last_part)
{
    if (!last_part)
        return find_separator(type, at, separator);
    size_t len = strlen(at), tail = separator ? strlen(separator) : 0;
    return len >= tail && strcmp(at + len - tail, separator ? separator : "") == 0 ? at + len - tail : NULL;
}

static bool form_reads(const Form *form, const AddressType *type, const char *value, GArray *parts)
{
    for (size_t i = 0; form->parts[i]; i++) {
        const char *separator = form->between[i + 1];
        const char *end = part_end(type, value, separator, !form->parts[i + 1]);
        char *part = end ? read_value(type, value, (size_t)(end - value)) : NULL;
        if (!part)
            return false;
        address_add_part(parts, form->parts[i], strlen(form->parts[i]), part);
        value = end + (separator ? strlen(separator) : 0);
    }
    return true;
}

static void no_form(const AddressType *type, GError **error)
{
    const char *sample = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(forms) && !sample; i++)
        if (strcmp(forms[i].type, type->name) == 0)
            sample = forms[i].sample;
    error_set(error, ERROR_INVALID, "it is not written like \"%s\"; write it so", sample);
}

static bool forms_take_apart(const AddressType *type, const char *value, GArray *parts, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (strcmp(forms[i].type, type->name) != 0)
            continue;
        if (form_reads(&forms[i], type, value, parts))
            return true;
        g_array_set_size(parts, 0);
    }
    no_form(type, error);
    return false;
}

/* ---- putting together ---- */

static bool form_has(const Form *form, const AddressPart *parts, size_t n_parts)
{
    size_t i = 0;
    while (i < n_parts && form->parts[i] && g_ascii_strcasecmp(form->parts[i], parts[i].name) == 0)
        i++;
    return i == n_parts && !form->parts[i];
}

static const Form *form_of(const AddressType *type, const AddressPart *parts, size_t n_parts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
        if (strcmp(forms[i].type, type->name) == 0 && form_has(&forms[i], parts, n_parts))
            return &forms[i];
    return NULL;
}

/** Whether the "a" at this place begins the word that separates in cc:Mail. */
static bool is_at(const char *value, const char *here)
{
    return g_ascii_strncasecmp(here, "at", 2) == 0 && (here == value || here[-1] == ' ') &&
           (!here[2] || here[2] == ' ');
}

static void append_value(const AddressType *type, const char *value, GString *out)
{
    for (const char *at = value; *at; at++) {
        bool outer_blank = address_is_blank(*at) && (at == value || !at[1]);
        if (type->escape && (*at == type->escape || outer_blank || is_at(value, at)))
            g_string_append_c(out, type->escape);
        g_string_append_c(out, *at);
    }
}

static void forms_put_together(const AddressType *type, const AddressPart *parts, size_t n_parts,
                               GString *out)
{
    const Form *form = form_of(type, parts, n_parts);
    for (size_t i = 0; i < n_parts; i++) {
        append_value(type, parts[i].value, out);
        g_string_append(out, form->between[i + 1] ? form->between[i + 1] : "");
    }
}

/* ---- checking ---- */

/** A number has a digit; a FullName has a limit as a whole. */
static bool check_together(const AddressType *type, const AddressPart *parts, size_t n_parts, GError **error)
{
    const AddressPart *last = &parts[n_parts - 1];
    if (strcmp(last->name, "number") == 0 && !strpbrk(last->value, "0123456789")) {
        error_set(error, ERROR_INVALID, "number: there is no digit in it; give a telephone number");
        return false;
    }
    if (strcmp(type->name, "NOTES") != 0)
        return true;
    glong length = (glong)n_parts - 2;
    for (size_t i = 0; i + 1 < n_parts; i++)
        length += g_utf8_strlen(parts[i].value, -1);
    if (length > NOTES_FULL_NAME_MAX)
        error_set(error, ERROR_INVALID,
                  "name and units: %ld characters are too many; at most %d are allowed together", length,
                  NOTES_FULL_NAME_MAX);
    return length <= NOTES_FULL_NAME_MAX;
}

static bool forms_check(const AddressType *type, const AddressPart *parts, size_t n_parts, GError **error)
{
    if (!form_of(type, parts, n_parts)) {
        no_form(type, error);
        return false;
    }
    for (size_t i = 0; i < n_parts; i++) {
        const AddressPartRule *rule = address_part_rule(type, parts[i].name, strlen(parts[i].name));
        if (!address_check_part(rule, rule->name, parts[i].value, error))
            return false;
    }
    return check_together(type, parts, n_parts, error);
}

const AddressSyntax address_forms_syntax = {
    .take_apart = forms_take_apart,
    .check = forms_check,
    .put_together = forms_put_together,
};

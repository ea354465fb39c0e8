/*
 * form.c - joining and splitting by the separators of a form
 *
 * Joining never fails; whether what came out is an address is asked of
 * form_validate(), which for the types that ship is the parser of the address
 * library, so that generator and gateway cannot disagree.
 */
#include "proxygen/plugins/form.h"

#include <string.h>

bool form_part_holds(const FormPart *part, gunichar c)
{
    return c != 0xFFFD && characters_hold(part->characters, c) &&
           !(c < 0x80 && strchr(part->but_not, (char)c));
}

size_t form_part_behind(const Form *form, size_t at, const char *text, size_t *len)
{
    for (size_t i = at; i < form->n_parts; i++) {
        const char *separator = form->parts[i].separator;
        *len = strlen(separator);
        if (*len && g_ascii_strncasecmp(text, separator, *len) == 0 && (i + 1 < form->n_parts || !text[*len]))
            return i + 1;
        if (i + 1 >= form->n_parts || !form->parts[i + 1].may_be_empty)
            return 0;
    }
    return 0;
}

size_t form_only_part(const Form *form)
{
    return form->n_parts > 1 && form->parts[0].may_be_empty ? form->n_parts - 1 : 0;
}

/* ---- joining ---- */

static bool must_be_escaped(const Form *form, const char *at)
{
    if (!form->escape)
        return false;
    bool separates = *at == form->escape;
    for (size_t i = 0; i < form->n_parts && !separates; i++) {
        size_t len = strlen(form->parts[i].separator);
        separates = len && g_ascii_strncasecmp(at, form->parts[i].separator, len) == 0;
    }
    return separates;
}

static void append_part(const Form *form, GString *out, const char *value)
{
    for (const char *at = value; *at; at++) {
        if (must_be_escaped(form, at))
            g_string_append_c(out, form->escape);
        g_string_append_c(out, *at);
    }
}

char *form_join(const Form *form, char *const *parts)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < form->n_parts; i++) {
        if (form->parts[i].may_be_empty && !parts[i][0])
            continue;
        /* The separator of the part before, whether that was there or not, unless nothing was. */
        if (out->len)
            g_string_append(out, form->parts[i - 1].separator);
        append_part(form, out, parts[i]);
    }
    g_string_append(out, form->parts[form->n_parts - 1].separator);
    return g_string_free(out, FALSE);
}

/* ---- splitting ---- */

static bool not_like(const Form *form, GError **error)
{
    g_autoptr(GString) sample = g_string_new(NULL);
    for (size_t i = 0; i < form->n_parts; i++)
        g_string_append_printf(sample, "%s%s", form->parts[i].name, form->parts[i].separator);
    error_set(error, ERROR_INVALID, "it is not written like \"%s\"; write it so", sample->str);
    return false;
}

static bool split(const Form *form, const char *value, GString **parts)
{
    size_t at = 0;
    while (*value && at < form->n_parts) {
        size_t len = 0, behind = form_part_behind(form, at, value, &len);
        if (behind) {
            at = behind;
            value += len;
            continue;
        }
        if (form->escape && *value == form->escape && value[1])
            value++;
        g_string_append_c(parts[at], *value++);
    }
    bool closes = form->parts[form->n_parts - 1].separator[0];
    return at == form->n_parts - (closes ? 0 : 1) && !*value;
}

static char **split_by_separators(const Form *form, const char *value, GError **error)
{
    GString *parts[FORM_PARTS_MAX];
    for (size_t i = 0; i < form->n_parts; i++)
        parts[i] = g_string_new(NULL);
    bool good = split(form, value, parts) || not_like(form, error);
    char **values = g_new0(char *, form->n_parts + 1);
    for (size_t i = 0; i < form->n_parts; i++)
        values[i] = g_string_free(parts[i], FALSE);
    if (!good)
        g_clear_pointer(&values, g_strfreev);
    return values;
}

/** Parts of the same name are the levels of one. */
static char *parts_named(const Address *address, const char *name)
{
    GString *value = g_string_new(NULL);
    for (size_t i = 0; i < address->n_parts; i++)
        if (strcmp(address->parts[i].name, name) == 0)
            g_string_append_printf(value, "%s%s", value->len ? "/" : "", address->parts[i].value);
    return g_string_free(value, FALSE);
}

static char **split_by_parser(const Form *form, const char *value, GError **error)
{
    g_autofree char *text = address_format(form->type, true, value);
    g_autoptr(Address) address = address_parse(text, error);
    if (!address)
        return NULL;
    char **values = g_new0(char *, form->n_parts + 1);
    for (size_t i = 0; i < form->n_parts; i++)
        values[i] = parts_named(address, form->parts[i].name);
    return values;
}

char **form_split(const Form *form, const char *value, GError **error)
{
    return form->is_known ? split_by_parser(form, value, error) : split_by_separators(form, value, error);
}

/* ---- validating ---- */

static bool part_is_good(const FormPart *part, const char *value, GError **error)
{
    size_t length = 0;
    for (const char *at = value; *at; at = g_utf8_next_char(at), length++) {
        if (form_part_holds(part, g_utf8_get_char(at)))
            continue;
        error_set(error, ERROR_INVALID, "%s: character %zu is not allowed there; leave it out", part->name,
                  length + 1);
        return false;
    }
    bool blank = g_str_has_prefix(value, " ") || g_str_has_suffix(value, " ");
    if (length && length <= part->max && !blank)
        return true;
    error_set(error, ERROR_INVALID, "%s: %s", part->name,
              !length ? "it is empty; give one"
              : blank ? "a blank stands at its end; take it off"
                      : "it is too long; shorten it");
    return false;
}

static bool value_is_good(const Form *form, const char *value, GError **error)
{
    g_auto(GStrv) parts = form_split(form, value, error);
    if (!parts)
        return false;
    for (size_t i = 0; i < form->n_parts; i++)
        if (!part_is_good(&form->parts[i], parts[i], error))
            return false;
    bool fits = g_utf8_strlen(value, -1) <= (glong)form->max;
    if (!fits)
        error_set(error, ERROR_INVALID, "it has more than %u characters; shorten it", form->max);
    return fits;
}

bool form_validate(const Form *form, const char *address, GError **error)
{
    g_autofree char *type = NULL;
    const char *value = g_utf8_validate(address, -1, NULL) ? address_split(address, &type, NULL) : NULL;
    if (!value || strcmp(type, form->type) != 0) {
        error_set(error, ERROR_INVALID, "address: it must begin with \"%s:\"", form->type);
        return false;
    }
    g_autoptr(Address) parsed = address_parse(address, error);
    if (!parsed || (!form->is_known && !value_is_good(form, parsed->value, error)))
        return false;
    return true;
}

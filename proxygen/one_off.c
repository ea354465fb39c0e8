/*
 * one_off.c - "Display name[TYPE:address]", the text of a one-off recipient; see encapsulation.h
 */
#include "proxygen/address.h"
#include "proxygen/encapsulation.h"

#include <string.h>

#define QUOTED ",[]:\\"

static void append_quoted(GString *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            g_string_append_printf(out, "\\x%02x", (unsigned char)*p);
        else if (strchr(QUOTED, *p))
            g_string_append_printf(out, "\\%c", *p);
        else
            g_string_append_c(out, *p);
    }
}

char *one_off_format(const char *display_name, const char *type, const char *value, GError **error)
{
    if (!address_type_is_legal(type) || !*value) {
        error_set(error, ERROR_INVALID, "%s:%s: an address has a type of letters and digits, and a value",
                  type, value);
        return NULL;
    }
    g_autofree char *upper = g_ascii_strup(type, -1);
    GString *out = g_string_new(NULL);
    if (display_name)
        append_quoted(out, display_name);
    g_string_append_printf(out, "[%s:", upper);
    append_quoted(out, value);
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

/* Reads up to an unquoted @end; *text moves behind it. NULL: the end does not come, or bad quoting. */
static char *take(const char **text, char end)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *p = *text;
    for (; *p && *p != end; p++) {
        if (*p == '[' || *p == ']')
            return NULL;
        if (*p != '\\') {
            g_string_append_c(out, *p);
            continue;
        }
        if (*++p == 'x' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
            g_string_append_c(out, (char)(g_ascii_xdigit_value(p[1]) * 16 + g_ascii_xdigit_value(p[2])));
            p += 2;
        } else if (*p && strchr(QUOTED, *p)) {
            g_string_append_c(out, *p);
        } else {
            return NULL;
        }
    }
    if (!*p || memchr(out->str, '\0', out->len))
        return NULL;
    *text = p + 1;
    return g_strdup(out->str);
}

bool one_off_parse(const char *text, char **display_name, char **type, char **value, GError **error)
{
    const char *p = text;
    *display_name = *type = *value = NULL;
    g_autofree char *name = take(&p, '[');
    g_autofree char *kind = name ? take(&p, ':') : NULL;
    g_autofree char *address = kind ? take(&p, ']') : NULL;
    bool good = address && *address && address_type_is_legal(kind) && p[strspn(p, " \t\r\n")] == '\0' &&
                g_utf8_validate(address, -1, NULL) && g_utf8_validate(name, -1, NULL);
    if (!good) {
        error_set(error, ERROR_INVALID, "%s: not a one-off address (Display name[TYPE:address])", text);
        return false;
    }
    *display_name = *name ? g_steal_pointer(&name) : NULL;
    *type = g_ascii_strup(kind, -1);
    *value = g_steal_pointer(&address);
    return true;
}

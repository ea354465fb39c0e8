/*
 * one_off.c - an address as text, with the name of whoever it belongs to
 *
 * "Kim Yoshida[NOTES:Kim Yoshida/Acme@HQ]". A backslash in front of , [ ] : and
 * itself takes their meaning away; \xHH is an octet that cannot be typed, such as
 * the ends of lines in old fax addresses. Blanks at the ends of name and address are
 * written as \x20, since plain ones do not count. A colon or comma that is not
 * quoted is taken where it can only be text.
 */
#include "proxygen/encapsulation.h"

#include <string.h>

#include "proxygen/address.h"
#include "proxygen/address_internal.h"

static void append_octets(GString *out, const char *at, const char *end)
{
    for (; at < end; at++)
        g_string_append_printf(out, "\\x%02x", (unsigned char)*at);
}

static void append_quoted(GString *out, const char *text)
{
    for (const char *at = text; *at;) {
        const char *next = g_utf8_next_char(at);
        bool outer_blank = *at == ' ' && (at == text || !*next);
        if (outer_blank || !characters_hold(CHARACTERS_ANY, g_utf8_get_char(at))) {
            append_octets(out, at, next);
        } else {
            if (strchr(",[]:\\", *at))
                g_string_append_c(out, '\\');
            g_string_append_len(out, at, next - at);
        }
        at = next;
    }
}

char *one_off_format(const char *display_name, const char *type, const char *value, GError **error)
{
    display_name = display_name ? display_name : "";
    if (!address_type_is_legal(type) || !*value || !g_utf8_validate(value, -1, NULL) ||
        !g_utf8_validate(display_name, -1, NULL)) {
        error_set(error, ERROR_INVALID,
                  "one-off address: it needs a type of letters and digits and a value, and all in UTF-8; "
                  "correct it");
        return NULL;
    }
    g_autofree char *upper = g_ascii_strup(type, -1);
    g_autoptr(GString) out = g_string_new(NULL);
    append_quoted(out, display_name);
    g_string_append_printf(out, "[%s:", upper);
    append_quoted(out, value);
    g_string_append_c(out, ']');
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/** The first of @stops that is not quoted, or the end. */
static const char *find_stop(const char *at, const char *stops)
{
    for (; *at && !strchr(stops, *at); at++)
        if (*at == '\\' && at[1])
            at++;
    return at;
}

/** One quoted character; @at stands behind the backslash. NULL: it is none. */
static const char *unquote_one(GString *out, const char *at, const char *end)
{
    if (at == end)
        return NULL;
    if (*at != 'x') {
        g_string_append_c(out, *at);
        return at + 1;
    }
    if (end - at < 3 || !g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2]))
        return NULL;
    g_string_append_c(out, (char)(g_ascii_xdigit_value(at[1]) << 4 | g_ascii_xdigit_value(at[2])));
    return at + 3;
}

/** Without outer blanks and quoting; NULL: a backslash quotes nothing, or the result is no text (NUL is in
 * it, or what is not UTF-8). */
static char *unquote(const char *at, const char *end)
{
    g_autoptr(GString) out = g_string_sized_new((size_t)(end - at));
    size_t keep = 0;
    while (at < end && address_is_blank(*at))
        at++;
    while (at < end) {
        bool blank = address_is_blank(*at);
        if (*at != '\\')
            g_string_append_c(out, *at++);
        else if (!(at = unquote_one(out, at + 1, end)))
            return NULL;
        if (!blank)
            keep = out->len;
    }
    g_string_truncate(out, keep);
    return g_utf8_validate(out->str, (gssize)out->len, NULL) ? g_string_free(g_steal_pointer(&out), FALSE)
                                                             : NULL;
}

/** The three pieces, unquoted and good; else why not. */
static const char *take_apart(const char *text, char **display_name, char **type, char **value)
{
    const char *open = find_stop(text, "[]");
    const char *colon = *open == '[' ? find_stop(open + 1, "[]:") : "";
    const char *close = *colon == ':' ? find_stop(colon + 1, "[]") : "";
    if (*close != ']')
        return "it is not written like \"Display name[TYPE:address]\"; write it so";
    if (close[1 + strspn(close + 1, " \t\r\n")])
        return "there is something behind the closing bracket; take it off";
    g_autofree char *name = unquote(text, open);
    g_autofree char *type_text = address_strip(open + 1, (size_t)(colon - open - 1));
    g_autofree char *address = unquote(colon + 1, close);
    if (!address_type_is_legal(type_text))
        return "its type is not one of letters and digits; correct it";
    if (!name || !address || !*address)
        return "name or address ends with a backslash, has a wrong \\xHH, is no UTF-8, or is missing; "
               "correct it";
    *display_name = *name ? g_steal_pointer(&name) : NULL;
    *type = g_ascii_strup(type_text, -1);
    *value = g_steal_pointer(&address);
    return NULL;
}

bool one_off_parse(const char *text, char **display_name, char **type, char **value, GError **error)
{
    const char *wrong = take_apart(text, display_name, type, value);
    if (wrong) {
        g_autofree char *shown = address_excerpt(text);
        error_set(error, ERROR_INVALID, "one-off address \"%s\": %s", shown, wrong);
    }
    return !wrong;
}

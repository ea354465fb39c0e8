/*
 * html.c - text that becomes HTML; see html.h
 */
#include "dirsync/report/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* Those without a look of their own. Joiners (U+200C, U+200D) belong to honest names. */
static bool is_unseen(gunichar c)
{
    static const struct {
        gunichar first, last;
    } ranges[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x200b, 0x200b},
                  {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}};
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

static const char *entity(gunichar c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_add(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (entity(c))
            g_string_append(out, entity(c));
        else if (is_unseen(c))
            g_string_append_printf(out, "[U+%04X]", c);
        else
            g_string_append_unichar(out, c);
    }
}

static void add_number(GString *out, size_t number)
{
    g_autofree char *digits = g_strdup_printf("%zu", number);
    for (size_t len = strlen(digits), i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            g_string_append_c(out, ',');
        g_string_append_c(out, digits[i]);
    }
}

void html_format(GString *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            g_string_append_c(out, *at);
        } else if (at[1] == 's') {
            html_add(out, va_arg(args, const char *));
            at++;
        } else if (at[1] == 'z' && at[2] == 'u') {
            add_number(out, va_arg(args, size_t));
            at += 2;
        } else if (at[1] == '%') {
            g_string_append_c(out, *++at);
        }
    }
    va_end(args);
}

/* These stand within strings only, where JSON lets every character be written by its number. */
void html_add_json(GString *out, const char *json, gsize len)
{
    for (gsize i = 0; i < len; i++) {
        char c = json[i];
        if (c == '<' || c == '>' || c == '&')
            g_string_append_printf(out, "\\u%04x", (unsigned)c);
        else
            g_string_append_c(out, c);
    }
}

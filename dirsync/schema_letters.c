/*
 * schema_letters.c - text that needs no composing, letter by letter
 *
 * Most text that is not ASCII consists of letters that stand for themselves:
 * composed, without marks behind them. Each of those has one prepared form, a
 * letter again, whatever stands beside it; it is worked out once and kept in a
 * table. Text with anything else is left to the long way of schema_prepare.c,
 * which gives the same for these letters (test_schema.c tries all of them).
 */
#include "dirsync/schema_internal.h"

#define LETTERS 0x10000
#define NOT_SIMPLE 0xffff

/* By code point: 0 not worked out yet, NOT_SIMPLE, or the code point of the prepared form. Threads may work
 * out the same letter at the same time, and come to the same. */
static guint16 exact_forms[LETTERS], folded_forms[LETTERS];

/* What is behind it could make something else of it, or it of what is before it. */
static bool stands_alone(gunichar c)
{
    if (c >= 0x1100 && c <= 0x11ff) /* parts of Hangul syllables */
        return false;
    switch (g_unichar_type(c)) {
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_DECIMAL_NUMBER:
        return true;
    default:
        return false;
    }
}

/* The only character of @text; 0 when it has several. */
static gunichar only_character(const char *text)
{
    return text && *text && !*g_utf8_next_char(text) ? g_utf8_get_char(text) : 0;
}

static bool is_composed(gunichar c)
{
    char text[8] = {0};
    g_unichar_to_utf8(c, text);
    g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
    return only_character(composed) == c;
}

static guint16 work_out(gunichar c, bool fold)
{
    char text[8] = {0};
    g_unichar_to_utf8(c, text);
    g_autofree char *folded = fold ? g_utf8_casefold(text, -1) : g_strdup(text);
    gunichar form = only_character(folded);
    bool simple = form && form < NOT_SIMPLE && stands_alone(c) && stands_alone(form) && is_composed(c) &&
                  is_composed(form);
    return simple ? (guint16)form : NOT_SIMPLE;
}

static guint16 form_of(gunichar c, bool fold)
{
    guint16 *place = &(fold ? folded_forms : exact_forms)[c];
    guint16 form = __atomic_load_n(place, __ATOMIC_RELAXED);
    if (!form) {
        form = work_out(c, fold);
        __atomic_store_n(place, form, __ATOMIC_RELAXED);
    }
    return form;
}

/* One character of valid UTF-8 that is not ASCII; LETTERS when it is beyond the table. */
static gunichar decode(const unsigned char *at, size_t *len)
{
    *len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (*len == 2)
        return (gunichar)((at[0] & 0x1f) << 6 | (at[1] & 0x3f));
    if (*len == 3)
        return (gunichar)((at[0] & 0x0f) << 12 | (at[1] & 0x3f) << 6 | (at[2] & 0x3f));
    return LETTERS;
}

static size_t encode(gunichar c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    return 3;
}

bool schema_prepare_letters(Value value, bool fold, GString *out)
{
    size_t start = out->len;
    const unsigned char *at = (const unsigned char *)value.data, *end = at + value.len;
    g_string_set_size(out, start + value.len * 3 / 2 + 4); /* two bytes may become three, never more */
    char *to = out->str + start;
    while (at < end) {
        if (*at < 0x80) {
            *to++ = (char)(fold && *at >= 'A' && *at <= 'Z' ? *at + ('a' - 'A') : *at);
            at++;
            continue;
        }
        size_t len;
        gunichar c = decode(at, &len);
        guint16 form = c < LETTERS ? form_of(c, fold) : NOT_SIMPLE;
        if (form == NOT_SIMPLE) {
            g_string_truncate(out, start);
            return false;
        }
        to += encode(form, to);
        at += len;
    }
    g_string_truncate(out, (gsize)(to - out->str));
    return true;
}

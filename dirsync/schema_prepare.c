/*
 * schema_prepare.c - string preparation, RFC 4518
 *
 * Maps text to the form in which two strings are equal by the case rules: case
 * folded where asked, blanks at the ends gone, inner runs of blanks one, and
 * for other than ASCII compatibility characters composed (NFKC). ASCII takes
 * one pass and no allocation but the growth of the output. Bytes that are not
 * UTF-8 stay as they are, so that no two different ones become the same.
 */
#include "dirsync/schema_internal.h"

#include <string.h>

static bool is_ascii(Value value)
{
    const char *at = value.data, *end = at + value.len;
    for (; end - at >= 8; at += 8) {
        guint64 word;
        memcpy(&word, at, sizeof word);
        if (word & 0x8080808080808080u)
            return false;
    }
    for (; at < end; at++)
        if ((unsigned char)*at >= 0x80)
            return false;
    return true;
}

/** g_ascii_tolower() is a call into a library, for every character of every value. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/** Trims and collapses blanks of @len bytes at @text in place; returns the new length. */
static size_t collapse_blanks(char *text, size_t len, unsigned flags)
{
    size_t n = 0;
    bool pending = false;
    for (size_t i = 0; i < len; i++) {
        if (is_blank(text[i])) {
            pending = true;
            continue;
        }
        if (pending && (n || flags & PREPARE_KEEP_START))
            text[n++] = ' ';
        pending = false;
        text[n++] = text[i];
    }
    if (pending && flags & (n ? PREPARE_KEEP_END : PREPARE_KEEP_START | PREPARE_KEEP_END))
        text[n++] = ' ';
    return n;
}

static void prepare_ascii(Value value, unsigned flags, GString *out)
{
    size_t start = out->len;
    g_string_append_len(out, value.data, (gssize)value.len);
    char *text = out->str + start;
    for (size_t i = 0; flags & PREPARE_FOLD && i < value.len; i++)
        text[i] = lower(text[i]);
    g_string_truncate(out, start + collapse_blanks(text, value.len, flags));
}

/** RFC 4518 section 2.2: separators become blanks, characters without appearance go. */
static void append_mapped(GString *out, const char *text)
{
    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        GUnicodeType type = c < 0x80 ? G_UNICODE_OTHER_LETTER : g_unichar_type(c);
        bool blank = c == 0x85 || type == G_UNICODE_SPACE_SEPARATOR || type == G_UNICODE_LINE_SEPARATOR ||
                     type == G_UNICODE_PARAGRAPH_SEPARATOR;
        if (blank)
            g_string_append_c(out, ' ');
        else if (type != G_UNICODE_FORMAT)
            g_string_append_unichar(out, c);
    }
}

static void prepare_unicode(Value value, unsigned flags, GString *out)
{
    g_autofree char *composed = g_utf8_normalize(value.data, (gssize)value.len, G_NORMALIZE_NFKC);
    g_autofree char *folded = flags & PREPARE_FOLD ? g_utf8_casefold(composed, -1) : NULL;
    GString *mapped = g_string_sized_new(value.len + 16);
    append_mapped(mapped, folded ? folded : composed);
    /* folding takes apart what was composed, and mapping brings together what stood apart */
    g_autofree char *again = g_utf8_normalize(mapped->str, (gssize)mapped->len, G_NORMALIZE_NFKC);
    size_t start = out->len, len = strlen(again);
    g_string_append_len(out, again, (gssize)len);
    g_string_truncate(out, start + collapse_blanks(out->str + start, len, flags));
    g_string_free(mapped, TRUE);
}

bool schema_prepare(Value value, unsigned flags, GString *out)
{
    if (is_ascii(value)) {
        prepare_ascii(value, flags, out);
        return true;
    }
    size_t start = out->len;
    bool text = g_utf8_validate_len(value.data, value.len, NULL);
    if (text && schema_prepare_letters(value, flags & PREPARE_FOLD, out))
        g_string_truncate(out, start + collapse_blanks(out->str + start, out->len - start, flags));
    else if (text)
        prepare_unicode(value, flags, out);
    else
        g_string_append_len(out, value.data, (gssize)value.len);
    return text;
}

typedef struct {
    const char *at, *end;
} Cursor;

static Cursor cursor_at(Value value)
{
    Cursor cursor = {value.data, value.data + value.len};
    while (cursor.at < cursor.end && is_blank(*cursor.at))
        cursor.at++;
    while (cursor.end > cursor.at && is_blank(cursor.end[-1]))
        cursor.end--;
    return cursor;
}

/** The next prepared character of ASCII text; -1 at the end. */
static int next_character(Cursor *cursor, bool fold)
{
    if (cursor->at == cursor->end)
        return -1;
    char c = *cursor->at++;
    if (!is_blank(c))
        return (unsigned char)(fold ? lower(c) : c);
    while (is_blank(*cursor->at)) /* the last one is not blank */
        cursor->at++;
    return ' ';
}

int schema_prepared_equal(Value a, Value b, bool fold)
{
    if (a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0))
        return 1;
    if (!is_ascii(a) || !is_ascii(b))
        return -1;
    Cursor left = cursor_at(a), right = cursor_at(b);
    int c, d;
    do {
        c = next_character(&left, fold);
        d = next_character(&right, fold);
    } while (c == d && c != -1);
    return c == d;
}

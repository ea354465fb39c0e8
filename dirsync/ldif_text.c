/*
 * ldif_text.c - "name: value", "name:: base64" and the refusal of "name:< url"
 *
 * Works on unfolded lines in memory. Plain values are taken as the bytes they
 * are, also where RFC 2849 would have wanted base64 (UTF-8, leading blanks are
 * fill); base64 is taken only when it is exactly what an encoder writes, since
 * a lenient decoder turns a damaged file into damaged people.
 */
#include "dirsync/ldif_text.h"

#include <string.h>

#define MAX_NAME 512

#define NOT_BASE64 (~0x3fu)

/* Value + 1 of every base64 digit, 0 for all other bytes. */
static const unsigned char digit_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* The value of a base64 digit; bits above NOT_BASE64 - 1 are set for any other character. */
static inline unsigned base64_digit(unsigned char c)
{
    return digit_values[c] - 1u;
}

/* Digits of the last group: "xx==" and "xxx=" must not carry bits that decode to nothing. */
static bool decode_last_group(const char *text, unsigned char *out, size_t *n)
{
    size_t digits = text[3] != '=' ? 4 : text[2] != '=' ? 3 : 2;
    unsigned bits = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned digit = i < digits ? base64_digit((unsigned char)text[i]) : 0;
        if (digit & NOT_BASE64)
            return false;
        bits = bits << 6 | digit;
    }
    if ((digits == 2 && (bits & 0xffff)) || (digits == 3 && (bits & 0xff)))
        return false;
    for (size_t i = 0; i + 1 < digits; i++)
        out[i] = (unsigned char)(bits >> (16 - 8 * i));
    *n = digits - 1;
    return true;
}

bool ldif_base64_decode(const char *text, size_t len, char *out, size_t *out_len)
{
    *out_len = 0;
    if (len % 4 != 0)
        return false;
    if (len == 0)
        return true;
    unsigned char *to = (unsigned char *)out;
    for (size_t i = 0; i + 4 < len; i += 4, to += 3) {
        unsigned a = base64_digit((unsigned char)text[i]), b = base64_digit((unsigned char)text[i + 1]);
        unsigned c = base64_digit((unsigned char)text[i + 2]), d = base64_digit((unsigned char)text[i + 3]);
        if ((a | b | c | d) & NOT_BASE64)
            return false;
        to[0] = (unsigned char)(a << 2 | b >> 4);
        to[1] = (unsigned char)(b << 4 | c >> 2);
        to[2] = (unsigned char)(c << 6 | d);
    }
    size_t last;
    if (!decode_last_group(text + len - 4, to, &last))
        return false;
    *out_len = (size_t)((char *)to - out) + last;
    return true;
}

void ldif_lines_begin(LdifLines *lines, const char *text, size_t len, const char *file, unsigned long number)
{
    lines->next = text;
    lines->end = text + len;
    lines->file = file;
    lines->number = number;
    if (!lines->name_buffer)
        lines->name_buffer = g_string_sized_new(64);
}

void ldif_lines_clear(LdifLines *lines)
{
    if (lines->name_buffer)
        g_string_free(lines->name_buffer, TRUE);
    g_free(lines->decoded);
    *lines = (LdifLines){0};
}

void ldif_lines_fail(const LdifLines *lines, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(error, ERROR_INVALID, "%s:%lu: %s", lines->file, lines->number, message);
}

/* '_' because directories that allow it exist. */
bool ldif_is_name(const char *name, size_t len)
{
    if (len == 0 || len > MAX_NAME)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(name[i]) && name[i] != '-' && name[i] != ';' && name[i] != '.' && name[i] != '_')
            return false;
    return true;
}

static LdifLine decode_value(LdifLines *lines, const char *text, size_t len, GError **error)
{
    size_t need = len / 4 * 3 + 1;
    if (need > lines->decoded_size) {
        char *more = g_try_realloc(lines->decoded, need);
        if (!more) {
            ldif_lines_fail(lines, error, "%s: no memory for a value of %zu bytes", lines->name, need);
            return LINE_BAD;
        }
        lines->decoded = more;
        lines->decoded_size = need;
    }
    size_t decoded_len;
    if (!ldif_base64_decode(text, len, lines->decoded, &decoded_len)) {
        ldif_lines_fail(lines, error,
                        "%s: the value is not valid base64; the file is damaged, export it again",
                        lines->name);
        return LINE_BAD;
    }
    lines->decoded[decoded_len] = '\0';
    lines->value = (Value){.data = lines->decoded, .len = decoded_len};
    return LINE_VALUE;
}

/* @text begins behind "name:". */
static LdifLine read_value(LdifLines *lines, const char *text, const char *end, GError **error)
{
    bool encoded = text < end && *text == ':';
    if (text < end && *text == '<') {
        ldif_lines_fail(lines, error,
                        "%s: a URL instead of a value (\"%s:<\") is refused; write the value itself, "
                        "as base64 where needed",
                        lines->name, lines->name);
        return LINE_BAD;
    }
    if (encoded)
        text++;
    while (text < end && *text == ' ')
        text++;
    if (encoded)
        return decode_value(lines, text, (size_t)(end - text), error);
    lines->value = (Value){.data = text, .len = (size_t)(end - text)};
    return LINE_VALUE;
}

LdifLine ldif_lines_next(LdifLines *lines, GError **error)
{
    if (lines->next >= lines->end)
        return LINE_END;
    const char *line = lines->next;
    const char *end = memchr(line, '\n', (size_t)(lines->end - line));
    if (!end)
        end = lines->end;
    lines->next = end + 1;
    if (end - line == 1 && *line == '-')
        return LINE_DASH;
    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon || !ldif_is_name(line, (size_t)(colon - line))) {
        size_t shown = MIN((size_t)(end - line), 40);
        g_autofree char *text = g_utf8_make_valid(line, (gssize)shown);
        ldif_lines_fail(lines, error, "\"%s\" is not a line of the form \"name: value\"", text);
        return LINE_BAD;
    }
    g_string_truncate(lines->name_buffer, 0);
    g_string_append_len(lines->name_buffer, line, colon - line);
    lines->name = lines->name_buffer->str;
    return read_value(lines, colon + 1, end, error);
}

static bool is_version_1(const LdifLines *lines)
{
    return g_ascii_strcasecmp(lines->name, "version") == 0 && lines->value.len == 1 &&
           lines->value.data[0] == '1';
}

bool ldif_lines_are_version(LdifLines *lines)
{
    return ldif_lines_next(lines, NULL) == LINE_VALUE && is_version_1(lines) && lines->next >= lines->end;
}

/* A version line stands before the first record; also before later ones, where files were joined. */
static LdifLine next_after_version(LdifLines *lines, GError **error)
{
    LdifLine kind = ldif_lines_next(lines, error);
    if (kind != LINE_VALUE || g_ascii_strcasecmp(lines->name, "version") != 0)
        return kind;
    if (is_version_1(lines))
        return ldif_lines_next(lines, error);
    ldif_lines_fail(lines, error, "this is LDIF of another version than 1");
    return LINE_BAD;
}

bool ldif_lines_dn(LdifLines *lines, const char **dn, GError **error)
{
    LdifLine kind = next_after_version(lines, error);
    if (kind == LINE_BAD)
        return false;
    if (kind != LINE_VALUE || g_ascii_strcasecmp(lines->name, "dn") != 0) {
        ldif_lines_fail(lines, error, "the record does not begin with \"dn:\"%s",
                        kind == LINE_VALUE &&
                                (strcmp(lines->name, "search") == 0 || strcmp(lines->name, "result") == 0)
                            ? "; this is a summary of ldapsearch, use its option -LLL"
                            : "");
        return false;
    }
    if (memchr(lines->value.data, '\0', lines->value.len) ||
        !g_utf8_validate(lines->value.data, (gssize)lines->value.len, NULL)) {
        ldif_lines_fail(lines, error, "the DN is not UTF-8 text");
        return false;
    }
    /* A plain value ends with the line, a string with a NUL: the name's buffer has served its turn. */
    g_string_truncate(lines->name_buffer, 0);
    g_string_append_len(lines->name_buffer, lines->value.data, (gssize)lines->value.len);
    *dn = lines->name_buffer->str;
    return true;
}

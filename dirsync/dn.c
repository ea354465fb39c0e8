/*
 * dn.c - taking distinguished names apart and putting them together
 *
 * The parser reads once from left to right, without recursion, into one
 * allocation whose size follows from the text, so hostile names cost no more
 * than their length. What it accepts beyond RFC 4514 is what RFC 1779 and
 * RFC 2253 allowed. Does not compare: see schema_normalise_dn().
 */
#include "dirsync/dn.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "dirsync/error.h"

#define DN_MAX_LENGTH ((size_t)1024 * 1024)

typedef struct {
    const char *at;
    Dn *dn;
    DnAva *avas; /* the next free one */
    char *bytes; /* the next free byte for types and values */
    const char *wrong;
} Parser;

static bool fail(Parser *parser, const char *wrong)
{
    parser->wrong = wrong;
    return false;
}

static void skip_blanks(Parser *parser)
{
    while (*parser->at == ' ')
        parser->at++;
}

static bool is_special(char c)
{
    return c && strchr(" \"#+,;<=>\\", c);
}

/** One escaped character or byte; the parser stands on the backslash. */
static bool parse_escape(Parser *parser)
{
    const char *at = parser->at + 1;
    if (is_special(*at)) {
        *parser->bytes++ = *at;
        parser->at = at + 1;
        return true;
    }
    if (!g_ascii_isxdigit(at[0]) || !g_ascii_isxdigit(at[1]))
        return fail(parser, "a backslash must be followed by a special character or two hexadecimal digits");
    *parser->bytes++ = (char)(g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
    parser->at = at + 2;
    return true;
}

static bool parse_quoted(Parser *parser)
{
    parser->at++;
    while (*parser->at != '"') {
        if (!*parser->at)
            return fail(parser, "the closing quotation mark is missing");
        if (*parser->at != '\\')
            *parser->bytes++ = *parser->at++;
        else if (!parse_escape(parser))
            return false;
    }
    parser->at++;
    return true;
}

static bool parse_hex(Parser *parser)
{
    const char *at = parser->at + 1;
    for (; g_ascii_isxdigit(at[0]) && g_ascii_isxdigit(at[1]); at += 2)
        *parser->bytes++ = (char)(g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
    bool some = at > parser->at + 1;
    parser->at = at;
    return some || fail(parser, "# must be followed by pairs of hexadecimal digits");
}

/* Not strchr(): a call for every character of every name. */
static bool ends_value(char c)
{
    return !c || c == ',' || c == ';' || c == '+';
}

static bool parse_plain(Parser *parser)
{
    char *end = parser->bytes; /* behind the last character that counts: blanks at the end do not */
    while (!ends_value(*parser->at)) {
        if (*parser->at == '"' || *parser->at == '<' || *parser->at == '>')
            return fail(parser, "this character must be escaped");
        bool blank = *parser->at == ' ';
        if (*parser->at != '\\')
            *parser->bytes++ = *parser->at++;
        else if (!parse_escape(parser))
            return false;
        if (!blank)
            end = parser->bytes;
    }
    parser->bytes = end;
    return true;
}

static bool parse_value(Parser *parser, DnAva *ava)
{
    ava->value = parser->bytes;
    ava->is_ber = *parser->at == '#';
    bool quoted = *parser->at == '"';
    bool read = ava->is_ber ? parse_hex(parser) : quoted ? parse_quoted(parser) : parse_plain(parser);
    ava->len = (size_t)(parser->bytes - ava->value);
    *parser->bytes++ = '\0';
    return read;
}

static bool parse_type(Parser *parser, DnAva *ava)
{
    if (g_ascii_strncasecmp(parser->at, "oid.", 4) == 0 && g_ascii_isdigit(parser->at[4]))
        parser->at += 4;
    ava->type = parser->bytes;
    if (!g_ascii_isalnum(*parser->at))
        return fail(parser, "an attribute type is expected");
    while (g_ascii_isalnum(*parser->at) || (*parser->at && strchr("-._", *parser->at)))
        *parser->bytes++ = *parser->at++;
    *parser->bytes++ = '\0';
    return true;
}

static bool parse_ava(Parser *parser, DnAva *ava)
{
    skip_blanks(parser);
    if (!parse_type(parser, ava))
        return false;
    skip_blanks(parser);
    if (*parser->at != '=')
        return fail(parser, "= is expected after the attribute type");
    parser->at++;
    skip_blanks(parser);
    if (!parse_value(parser, ava))
        return false;
    skip_blanks(parser);
    return true;
}

static bool parse_rdn(Parser *parser, DnRdn *rdn)
{
    rdn->avas = parser->avas;
    for (;;) {
        if (!parse_ava(parser, parser->avas++))
            return false;
        rdn->n_avas++;
        if (*parser->at != '+')
            return true;
        parser->at++;
    }
}

static bool parse_rdns(Parser *parser)
{
    skip_blanks(parser);
    if (!*parser->at)
        return true;
    for (;;) {
        if (!parse_rdn(parser, &parser->dn->rdns[parser->dn->n_rdns++]))
            return false;
        if (!*parser->at)
            return true;
        if (*parser->at != ',' && *parser->at != ';')
            return fail(parser, "a comma is expected");
        parser->at++;
    }
}

/** A Dn with room for whatever @text can hold: as many AVAs as separators and one more. */
static Dn *dn_allocate(const char *text, size_t len, Parser *parser)
{
    size_t n = 1;
    for (const char *at = text; (at = strpbrk(at, ",;+")); at++)
        n++;
    Dn *dn = g_try_malloc0(sizeof(Dn) + n * (sizeof(DnRdn) + sizeof(DnAva)) + len + 2 * n);
    if (!dn)
        return NULL;
    static_assert(alignof(Dn) == alignof(DnRdn) && alignof(DnRdn) == alignof(DnAva), "laid out side by side");
    dn->rdns = (DnRdn *)(void *)(dn + 1);
    parser->dn = dn;
    parser->avas = (DnAva *)(void *)(dn->rdns + n);
    parser->bytes = (char *)(parser->avas + n);
    return dn;
}

Dn *dn_parse(const char *text, GError **error)
{
    size_t len = strlen(text);
    Parser parser = {.at = text};
    g_autoptr(Dn) dn = len <= DN_MAX_LENGTH ? dn_allocate(text, len, &parser) : NULL;
    if (!dn) {
        error_set(error, ERROR_INVALID, "DN \"%.40s...\": %zu bytes are too many", text, len);
        return NULL;
    }
    if (parse_rdns(&parser))
        return g_steal_pointer(&dn);
    error_set(error, ERROR_INVALID, "DN \"%.200s\": character %zu: %s", text, (size_t)(parser.at - text) + 1,
              parser.wrong);
    return NULL;
}

void dn_free(Dn *dn)
{
    g_free(dn);
}

static void append_hex(GString *out, const char *prefix, unsigned char byte, const char *digits)
{
    g_string_append(out, prefix);
    g_string_append_c(out, digits[byte >> 4]);
    g_string_append_c(out, digits[byte & 15]);
}

/** Length of the valid UTF-8 character at @at; 0 when the bytes are not one. */
static size_t character_length(const char *at, const char *end)
{
    if ((unsigned char)*at < 0x80)
        return 1;
    gunichar c = g_utf8_get_char_validated(at, end - at);
    return c < 0x110000 ? (size_t)(g_utf8_next_char(at) - at) : 0;
}

/* RFC 4514 leaves "=" to us; Active Directory and Samba refuse it as it is (34). */
static bool needs_escape(const char *at, const char *value, const char *end)
{
    if (*at == ' ')
        return at == value || at + 1 == end;
    if (*at == '#')
        return at == value;
    return strchr("\"+,;<=>\\", *at);
}

void dn_append_escaped(GString *out, const char *value, size_t len)
{
    const char *end = value + len;
    for (const char *at = value; at < end;) {
        if (g_ascii_isalnum(*at)) {
            const char *run = at;
            while (at < end && g_ascii_isalnum(*at))
                at++;
            g_string_append_len(out, run, at - run);
            continue;
        }
        size_t n = character_length(at, end);
        if (!n || !*at) {
            append_hex(out, "\\", (unsigned char)*at++, "0123456789ABCDEF");
            continue;
        }
        if (needs_escape(at, value, end))
            g_string_append_c(out, '\\');
        g_string_append_len(out, at, (gssize)n);
        at += n;
    }
}

char *dn_escape(const char *value, size_t len)
{
    GString *out = g_string_sized_new(len + 8);
    dn_append_escaped(out, value, len);
    return g_string_free(out, FALSE);
}

static void append_ava(GString *out, const DnAva *ava)
{
    g_string_append(out, ava->type);
    g_string_append_c(out, '=');
    if (!ava->is_ber) {
        dn_append_escaped(out, ava->value, ava->len);
        return;
    }
    g_string_append_c(out, '#');
    for (size_t i = 0; i < ava->len; i++)
        append_hex(out, "", (unsigned char)ava->value[i], "0123456789abcdef");
}

static void append_rdn(GString *out, const DnRdn *rdn)
{
    for (size_t i = 0; i < rdn->n_avas; i++) {
        if (i)
            g_string_append_c(out, '+');
        append_ava(out, &rdn->avas[i]);
    }
}

char *dn_format(const Dn *dn, size_t first)
{
    GString *out = g_string_sized_new(128);
    for (size_t i = first; i < dn->n_rdns; i++) {
        if (i > first)
            g_string_append_c(out, ',');
        append_rdn(out, &dn->rdns[i]);
    }
    return g_string_free(out, FALSE);
}

char *dn_build(const char *type, const char *value, size_t len, const char *parent)
{
    GString *out = g_string_new(type);
    g_string_append_c(out, '=');
    dn_append_escaped(out, value, len);
    if (parent && *parent) {
        g_string_append_c(out, ',');
        g_string_append(out, parent);
    }
    return g_string_free(out, FALSE);
}

char *dn_parent(const char *text)
{
    g_autoptr(Dn) dn = dn_parse(text, NULL);
    return dn ? dn_format(dn, 1) : NULL;
}

char *dn_first_rdn(const char *text)
{
    g_autoptr(Dn) dn = dn_parse(text, NULL);
    if (!dn)
        return NULL;
    dn->n_rdns = MIN(dn->n_rdns, 1);
    return dn_format(dn, 0);
}

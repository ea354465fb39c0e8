/*
 * mapping_functions.c - the functions that mapping expressions may call
 *
 * The table is the documentation and the whole truth: a function that is not
 * in it cannot be called. Together they do what the rule files of the Exchange
 * connectors did (AND, ISEQUAL, LEFT, NAMEF, POS, STRIP, WORD, X500, ...).
 * Everything counts characters, not bytes, and gives the same result in every
 * locale. Names, addresses and DNs are taken apart in mapping_parts.c.
 */
#include "dirsync/mapping_internal.h"

#include <math.h>
#include <string.h>

/* --- arguments ---------------------------------------------------------------------------------- */

size_t function_count(const char *text)
{
    double number = g_ascii_strtod(text, NULL);
    return !(number > 0) ? 0 : number > FUNCTION_MAX_BYTES ? FUNCTION_MAX_BYTES : (size_t)floor(number + 0.5);
}

static const char *argument(const char *const *a, int n, int i, const char *otherwise)
{
    return i < n && *a[i] ? a[i] : otherwise;
}

/* 'L' or 'R' of an argument in any case; @otherwise for anything else. */
static char side(const char *const *a, int n, int i, char otherwise)
{
    char letter = g_ascii_toupper(*argument(a, n, i, ""));
    return letter == 'L' || letter == 'R' ? letter : otherwise;
}

static size_t characters(const char *text)
{
    return (size_t)g_utf8_strlen(text, -1);
}

static const char *skip(const char *text, size_t count)
{
    return g_utf8_offset_to_pointer(text, (glong)count);
}

/* --- case --------------------------------------------------------------------------------------- */

/* Not g_utf8_strup(), whose result depends on the locale. */
static char *upper(const char *const *a, int n)
{
    (void)n;
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = a[0]; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == 0xDF)
            g_string_append(out, "SS");
        else
            g_string_append_unichar(out, g_unichar_toupper(c));
    }
    return g_strdup(out->str);
}

static char *lower(const char *const *a, int n)
{
    (void)n;
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = a[0]; *p; p = g_utf8_next_char(p))
        g_string_append_unichar(out, g_unichar_tolower(g_utf8_get_char(p)));
    return g_strdup(out->str);
}

static char *proper(const char *const *a, int n)
{
    (void)n;
    g_autoptr(GString) out = g_string_new(NULL);
    bool inside = false;
    for (const char *p = a[0]; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, inside ? g_unichar_tolower(c) : g_unichar_totitle(c));
        inside = g_unichar_isalnum(c) || (inside && g_unichar_ismark(c));
    }
    return g_strdup(out->str);
}

/* --- padding and cutting ------------------------------------------------------------------------ */

/* @text with its length brought up to @length by the first character of @with on the left or right. */
static char *padded(const char *text, size_t length, const char *with, char where)
{
    size_t have = characters(text);
    size_t missing = length > have ? length - have : 0;
    gunichar c = g_utf8_get_char(*with ? with : " ");
    char encoded[6];
    int width = g_unichar_to_utf8(c, encoded);
    if (missing * (size_t)width + strlen(text) > FUNCTION_MAX_BYTES)
        return NULL;
    GString *out = g_string_new(where == 'R' ? text : "");
    for (size_t i = 0; i < missing; i++)
        g_string_append_len(out, encoded, width);
    if (where == 'L')
        g_string_append(out, text);
    return g_string_free(out, FALSE);
}

/* Pads only when told what with: blanks at the end of an LDAP value help nobody. */
static char *left(const char *const *a, int n)
{
    size_t wanted = MIN(function_count(a[1]), characters(a[0]));
    g_autofree char *cut = g_strndup(a[0], (size_t)(skip(a[0], wanted) - a[0]));
    return n > 2 ? padded(cut, function_count(a[1]), a[2], 'R') : g_steal_pointer(&cut);
}

static char *right(const char *const *a, int n)
{
    size_t have = characters(a[0]), wanted = MIN(function_count(a[1]), have);
    const char *cut = skip(a[0], have - wanted);
    return n > 2 ? padded(cut, function_count(a[1]), a[2], 'L') : g_strdup(cut);
}

static char *pad(const char *const *a, int n)
{
    return padded(a[0], function_count(a[1]), argument(a, n, 2, " "), side(a, n, 3, 'R'));
}

/* --- words and pieces --------------------------------------------------------------------------- */

static const char *skip_blanks(const char *p)
{
    while (*p && g_unichar_isspace(g_utf8_get_char(p)))
        p = g_utf8_next_char(p);
    return p;
}

static const char *skip_word(const char *p)
{
    while (*p && !g_unichar_isspace(g_utf8_get_char(p)))
        p = g_utf8_next_char(p);
    return p;
}

char *function_words(const char *text, size_t first, size_t count)
{
    const char *begin = skip_blanks(text);
    for (size_t i = 1; i < first && *begin; i++)
        begin = skip_blanks(skip_word(begin));
    const char *end = begin;
    for (size_t i = 0; i < count && *skip_blanks(end); i++)
        end = skip_word(skip_blanks(end));
    return g_strndup(begin, (size_t)(end - begin));
}

size_t function_count_words(const char *text)
{
    size_t count = 0;
    for (const char *p = skip_blanks(text); *p; p = skip_blanks(skip_word(p)))
        count++;
    return count;
}

static char *word(const char *const *a, int n)
{
    size_t first = function_count(a[1]);
    return first == 0 ? g_strdup("") : function_words(a[0], first, function_count(argument(a, n, 2, "1")));
}

static char *strip(const char *const *a, int n)
{
    char scan = side(a, n, 2, '\0'), toward = side(a, n, 3, '\0');
    scan = scan ? scan : toward ? toward : 'R';
    toward = toward ? toward : scan;
    const char *found = !*a[1] ? NULL : scan == 'L' ? strstr(a[0], a[1]) : g_strrstr(a[0], a[1]);
    if (!found)
        return g_strdup(a[0]);
    return toward == 'L' ? g_strdup(found + strlen(a[1])) : g_strndup(a[0], (size_t)(found - a[0]));
}

static char *trim(const char *const *a, int n)
{
    char where = side(a, n, 1, 'B');
    const char *begin = where == 'R' ? a[0] : skip_blanks(a[0]);
    const char *end = begin + strlen(begin);
    while (where != 'L' && end > begin) {
        const char *before = g_utf8_prev_char(end);
        if (!g_unichar_isspace(g_utf8_get_char(before)))
            break;
        end = before;
    }
    return g_strndup(begin, (size_t)(end - begin));
}

static char *position_of(const char *const *a, int n)
{
    (void)n;
    const char *found = *a[1] ? strstr(a[0], a[1]) : NULL;
    return g_strdup_printf("%ld", found ? g_utf8_pointer_to_offset(a[0], found) + 1 : 0L);
}

static char *replace(const char *const *a, int n)
{
    const char *with = argument(a, n, 2, "");
    size_t length = strlen(a[1]);
    g_autoptr(GString) out = g_string_new(NULL);
    const char *p = a[0];
    for (const char *found; length && (found = strstr(p, a[1])); p = found + length) {
        g_string_append_len(out, p, found - p);
        g_string_append(out, with);
        if (out->len > FUNCTION_MAX_BYTES)
            return NULL;
    }
    g_string_append(out, p);
    return g_strdup(out->str);
}

static char *keep(const char *const *a, int n)
{
    (void)n;
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = a[0]; *p; p = g_utf8_next_char(p))
        if (g_utf8_strchr(a[1], -1, g_utf8_get_char(p)))
            g_string_append_unichar(out, g_utf8_get_char(p));
    return g_strdup(out->str);
}

static char *digits(const char *const *a, int n)
{
    (void)n;
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = a[0]; *p; p = g_utf8_next_char(p)) {
        int digit = g_unichar_digit_value(g_utf8_get_char(p));
        if (digit >= 0)
            g_string_append_c(out, (char)('0' + digit));
    }
    return g_strdup(out->str);
}

/* --- choosing ----------------------------------------------------------------------------------- */

static char *and_both(const char *const *a, int n)
{
    (void)n;
    return *a[0] && *a[1] ? g_strconcat(a[0], a[1], NULL) : g_strdup("");
}

static char *if_equal(const char *const *a, int n)
{
    (void)n;
    g_autofree char *one = g_utf8_casefold(a[0], -1);
    g_autofree char *other = g_utf8_casefold(a[1], -1);
    return g_strdup(strcmp(one, other) == 0 ? a[2] : a[3]);
}

static char *first(const char *const *a, int n)
{
    int i = 0;
    while (i < n - 1 && !*a[i])
        i++;
    return g_strdup(a[i]);
}

/* --- making ------------------------------------------------------------------------------------- */

static char *hash(const char *const *a, int n)
{
    (void)n;
    return fingerprint_hex(fingerprint_string(a[0]));
}

typedef struct {
    gunichar from;
    const char *to;
} Letter;

/* Letters that Unicode does not decompose. */
static const Letter letters[] = {
    {0xDF, "ss"},  {0x1E9E, "SS"}, {0xE6, "ae"},  {0xC6, "AE"},   {0xF8, "o"},    {0xD8, "O"},
    {0x153, "oe"}, {0x152, "OE"},  {0xF0, "d"},   {0xD0, "D"},    {0x111, "d"},   {0x110, "D"},
    {0xFE, "th"},  {0xDE, "Th"},   {0x142, "l"},  {0x141, "L"},   {0x131, "i"},   {0x127, "h"},
    {0x126, "H"},  {0x167, "t"},   {0x166, "T"},  {0x14B, "n"},   {0x14A, "N"},   {0x138, "k"},
    {0x259, "e"},  {0x2018, "'"},  {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""}, {0x2010, "-"},
    {0x2011, "-"}, {0x2013, "-"},  {0x2014, "-"}, {0xD7, "x"},
};

static void append_ascii(GString *out, gunichar c)
{
    if (c < 0x80) {
        g_string_append_c(out, (char)c);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
        if (letters[i].from == c) {
            g_string_append(out, letters[i].to);
            return;
        }
}

static char *ascii(const char *const *a, int n)
{
    (void)n;
    g_autofree char *decomposed = g_utf8_normalize(a[0], -1, G_NORMALIZE_NFKD);
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = decomposed ? decomposed : ""; *p; p = g_utf8_next_char(p))
        append_ascii(out, g_utf8_get_char(p));
    return g_strdup(out->str);
}

/* --- the table ---------------------------------------------------------------------------------- */

#define TEXT(name, min, max, call, signature, meaning)                                                       \
    {                                                                                                        \
        name, FUNCTION_TEXT, min, max, false, signature, meaning, call                                       \
    }
#define SPECIAL(name, min, max, signature, meaning)                                                          \
    {                                                                                                        \
        name, FUNCTION_SPECIAL, min, max, false, signature, meaning, NULL                                    \
    }
#define CORE(name, min, max, needs_context, signature, meaning)                                              \
    {                                                                                                        \
        name, FUNCTION_CORE, min, max, needs_context, signature, meaning, NULL                               \
    }

const MappingFunction mapping_functions[] = {
    TEXT("upper", 1, 1, upper, "upper(s)", "capital letters"),
    TEXT("lower", 1, 1, lower, "lower(s)", "small letters"),
    TEXT("proper", 1, 1, proper, "proper(s)",
         "first letter of each word capital, the others small: O'Malley"),
    TEXT("left", 2, 3, left, "left(s, n[, pad])", "first n characters; with pad filled up to n on the right"),
    TEXT("right", 2, 3, right, "right(s, n[, pad])",
         "last n characters; with pad filled up to n on the left"),
    TEXT("pad", 2, 4, pad, "pad(s, n[, with[, side]])",
         "filled up to n characters, with blanks, on side R (or L); never cut"),
    TEXT("word", 2, 3, word, "word(s, n[, m])",
         "m words (one) from word n on; empty when there is no word n"),
    TEXT("strip", 2, 4, strip, "strip(s, t[, scan[, toward]])",
         "without the leftmost (L) or rightmost (R) t and all that lies toward L or R of it; one given is "
         "both, none is R; s when t is not in it"),
    TEXT("trim", 1, 2, trim, "trim(s[, side])", "without blanks at the left (L), right (R) or both ends (B)"),
    {"position-of", FUNCTION_NUMBER, 2, 2, false, "position-of(s, t)",
     "where t begins in s, from 1; 0 when it does not", position_of},
    TEXT("replace", 2, 3, replace, "replace(s, what[, with])",
         "every what replaced by with, or deleted; single characters: translate()"),
    TEXT("keep", 2, 2, keep, "keep(s, characters)", "only those characters of s that are listed"),
    TEXT("digits", 1, 1, digits, "digits(s)", "only the digits, as 0 to 9"),
    TEXT("and-both", 2, 2, and_both, "and-both(a, b)", "a and b together when neither is empty, else empty"),
    TEXT("if-equal", 4, 4, if_equal, "if-equal(a, b, x, y)", "x when a and b are equal but for case, else y"),
    TEXT("first", 1, -1, first, "first(a, b, ...)", "the first that is not empty"),
    TEXT("given-name", 1, 2, function_given_name, "given-name(s[, style])",
         "first name of a full name; style 1 First Middle Last, 2 Last, First Middle; by itself 2 when there "
         "is a comma"),
    TEXT("surname", 1, 2, function_surname, "surname(s[, style])", "last name of a full name"),
    TEXT("middle-name", 1, 2, function_middle_name, "middle-name(s[, style])", "what lies between them"),
    TEXT("x500", 2, 3, function_x500, "x500(address, field[, index])",
         "a field of /o=Org/ou=Site/cn=x, CN=x/OU=y/O=z, x/y/z or c=a;o=b; index when it occurs several "
         "times"),
    TEXT("address-type", 1, 1, function_address_type, "address-type(a)",
         "what stands before the colon: SMTP"),
    TEXT("address-value", 1, 1, function_address_value, "address-value(a)", "the address without its type"),
    TEXT("local-part", 1, 1, function_local_part, "local-part(a)",
         "what stands before the last @, without type"),
    TEXT("domain-part", 1, 1, function_domain_part, "domain-part(a)", "what stands after the last @"),
    TEXT("dn-part", 2, 3, function_dn_part, "dn-part(dn, type[, index])",
         "the value of a type in a DN, from the left, unescaped"),
    TEXT("parent-dn", 1, 1, function_parent_dn, "parent-dn(dn)", "the DN above"),
    TEXT("rdn-value", 1, 1, function_rdn_value, "rdn-value(dn)", "the leftmost value of a DN, unescaped"),
    TEXT("hash", 1, 1, hash, "hash(s)", "32 hexadecimal digits, the same for the same text for ever"),
    TEXT("ascii", 1, 1, ascii, "ascii(s)",
         "written in ASCII: accents dropped, \303\237 as ss, \303\246 as ae; what has no ASCII form is "
         "dropped"),
    SPECIAL("join", 1, 2, "join(values[, separator])", "all values in one, with the separator between them"),
    SPECIAL("attribute", 1, 1, "attribute('name')",
            "the values of an attribute whose name is no XML name: 'sn;lang-en'"),
    CORE("position", 0, 0, false, "position()", "number of the value in for-each or in [ ]"),
    CORE("last", 0, 0, false, "last()", "how many values there are in for-each or in [ ]"),
    CORE("count", 1, 1, false, "count(values)", "how many values"),
    CORE("string", 0, 1, true, "string(x)", "the first value as text"),
    CORE("concat", 2, -1, false, "concat(a, b, ...)", "one text after the other"),
    CORE("starts-with", 2, 2, false, "starts-with(s, t)", "true when s begins with t"),
    CORE("contains", 2, 2, false, "contains(s, t)", "true when t is in s"),
    CORE("substring-before", 2, 2, false, "substring-before(s, t)", "what stands before the first t"),
    CORE("substring-after", 2, 2, false, "substring-after(s, t)", "what stands after the first t"),
    CORE("substring", 2, 3, false, "substring(s, start[, length])", "characters from start on, from 1"),
    CORE("string-length", 0, 1, true, "string-length(s)", "how many characters"),
    CORE("normalize-space", 0, 1, true, "normalize-space(s)", "single blanks only, none at the ends"),
    CORE("translate", 3, 3, false, "translate(s, what, with)",
         "characters of what replaced by those of with; surplus ones deleted"),
    CORE("boolean", 1, 1, false, "boolean(x)", "true unless empty or 0"),
    CORE("not", 1, 1, false, "not(x)", "the opposite"),
    CORE("true", 0, 0, false, "true()", "true"),
    CORE("false", 0, 0, false, "false()", "false"),
    CORE("number", 0, 1, true, "number(x)", "as a number"),
    CORE("sum", 1, 1, false, "sum(values)", "the sum of the values"),
    CORE("floor", 1, 1, false, "floor(x)", "rounded down"),
    CORE("ceiling", 1, 1, false, "ceiling(x)", "rounded up"),
    CORE("round", 1, 1, false, "round(x)", "rounded"),
    {NULL, FUNCTION_CORE, 0, 0, false, NULL, NULL, NULL},
};

const MappingFunction *mapping_function(const char *name)
{
    for (const MappingFunction *function = mapping_functions; function->name; function++)
        if (strcmp(function->name, name) == 0)
            return function;
    return NULL;
}

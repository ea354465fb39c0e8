/*
 * spelling.c - a table for the letters of Western Europe, ICU for all others
 *
 * The table comes first because ICU knows one spelling of a letter (ä is a) and
 * people have several. What ICU makes of letters is taken as letters only: the
 * soft sign of Игорь would otherwise become an apostrophe in an address.
 */
#include "proxygen/plugins/spelling.h"

#include <string.h>
#include <unicode/utrans.h>
#include <unicode/ustring.h>

struct Spelling {
    bool plain;           /* ä is a, not ae */
    UTransliterator *icu; /* opened for the first letter that needs it: that takes a while */
};

/** In order of code points. */
static const struct {
    gunichar letter;
    const char *usual, *plain;
} letters[] = {
    {0x00C4, "Ae", "A"},  /* Ä */
    {0x00C5, "A", "A"},   /* Å */
    {0x00C6, "AE", "AE"}, /* Æ */
    {0x00D0, "D", "D"},   /* Ð */
    {0x00D6, "Oe", "O"},  /* Ö */
    {0x00D8, "O", "O"},   /* Ø: the digit 0 of older tables was a slip */
    {0x00DC, "Ue", "U"},  /* Ü */
    {0x00DE, "TH", "TH"}, /* Þ */
    {0x00DF, "ss", "ss"}, /* ß */
    {0x00E4, "ae", "a"},  /* ä */
    {0x00E5, "a", "a"},   /* å */
    {0x00E6, "ae", "ae"}, /* æ */
    {0x00F0, "d", "d"},   /* ð */
    {0x00F6, "oe", "o"},  /* ö */
    {0x00F8, "o", "o"},   /* ø */
    {0x00FC, "ue", "u"},  /* ü */
    {0x00FE, "th", "th"}, /* þ */
    {0x0152, "OE", "OE"}, /* Œ */
    {0x0153, "oe", "oe"}, /* œ */
    {0x1E9E, "SS", "SS"}, /* ẞ */
    {0x2010, "-", "-"},   /* hyphens and dashes */
    {0x2011, "-", "-"},   {0x2013, "-", "-"},
    {0x2014, "-", "-"},   {0x2018, "'", "'"}, /* quotation marks and apostrophes */
    {0x2019, "'", "'"},   {0x201C, "\"", "\""},
    {0x201D, "\"", "\""}, {0x02BC, "'", "'"},
};

static bool language_is_plain(const char *language)
{
    static const char *const plain[] = {"da", "fo", "fi", "is", "nb", "nn", "no", "sv", NULL};
    g_autofree char *primary = g_ascii_strdown(language ? language : "", -1);
    primary[strcspn(primary, "-_.@")] = '\0';
    return g_strv_contains(plain, primary);
}

Spelling *spelling_new(const char *language)
{
    Spelling *spelling = g_new0(Spelling, 1);
    spelling->plain = language_is_plain(language);
    return spelling;
}

void spelling_free(Spelling *spelling)
{
    if (spelling && spelling->icu)
        utrans_close(spelling->icu);
    g_free(spelling);
}

char *spelling_prepare(const char *text)
{
    if (!text)
        return g_strdup("");
    /* Bytes first: what comes from outside may be long, and four make a character at most. */
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, (size_t)SPELLING_TEXT_MAX * 4));
    g_autofree char *composed = g_utf8_normalize(valid, -1, G_NORMALIZE_NFC);
    return g_utf8_substring(composed, 0, MIN(g_utf8_strlen(composed, -1), SPELLING_TEXT_MAX));
}

static const char *letter_spelling(const Spelling *spelling, gunichar letter)
{
    for (size_t i = 0; i < G_N_ELEMENTS(letters); i++)
        if (letters[i].letter == letter)
            return spelling->plain ? letters[i].plain : letters[i].usual;
    return NULL;
}

/** Whether the letter at @at stands in a word of capitals: MÜLLER is MUELLER, Müller is not. */
static bool among_capitals(const char *text, const char *at)
{
    gunichar next = g_utf8_get_char(g_utf8_next_char(at));
    if (g_unichar_isalpha(next))
        return g_unichar_isupper(g_utf8_get_char(at)) && g_unichar_isupper(next);
    gunichar before = at > text ? g_utf8_get_char(g_utf8_prev_char(at)) : 0;
    return g_unichar_isupper(g_utf8_get_char(at)) && g_unichar_isupper(before);
}

static void append_known(GString *out, const char *known, const char *text, const char *at)
{
    g_autofree char *capitals = among_capitals(text, at) ? g_ascii_strup(known, -1) : NULL;
    g_string_append(out, capitals ? capitals : known);
}

static bool icu_fail(UErrorCode code, GError **error)
{
    error_set(error, ERROR_STATE, "spelling: ICU cannot spell letters out: %s; install its data anew",
              u_errorName(code));
    return false;
}

static bool icu_open(Spelling *spelling, GError **error)
{
    static const UChar id[] = u"Any-Latin; Latin-ASCII";
    UErrorCode code = U_ZERO_ERROR;
    if (!spelling->icu)
        spelling->icu = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &code);
    return spelling->icu || icu_fail(code, error);
}

static void append_letters(GString *out, const UChar *spelled, int32_t len)
{
    for (int32_t i = 0; i < len; i++)
        if (spelled[i] < 0x80 && (g_ascii_isalnum((char)spelled[i]) || spelled[i] == ' '))
            g_string_append_c(out, (char)spelled[i]);
}

/** A run of letters that neither the set nor the table has. */
static bool append_by_icu(Spelling *spelling, GString *out, const char *run, size_t len, GError **error)
{
    /* Some characters become many (U+FDFA is a whole sentence); what does not fit is left out as a whole. */
    int32_t size = (int32_t)len * 16 + 64, used = 0, limit = 0;
    g_autofree UChar *buffer = g_new(UChar, (size_t)size);
    UErrorCode code = U_ZERO_ERROR;
    if (!icu_open(spelling, error))
        return false;
    u_strFromUTF8(buffer, size, &used, run, (int32_t)len, &code);
    limit = used;
    utrans_transUChars(spelling->icu, buffer, &used, size, 0, &limit, &code);
    if (code == U_BUFFER_OVERFLOW_ERROR)
        return true;
    if (U_FAILURE(code))
        return icu_fail(code, error);
    append_letters(out, buffer, used);
    return true;
}

static bool stays(gunichar c, CharacterSet set)
{
    return c < 0x80 || characters_hold(set, c);
}

/** Behind the run of letters that begins at @at and is ICU's. */
static const char *run_end(const Spelling *spelling, const char *at, CharacterSet set)
{
    while (*at && !stays(g_utf8_get_char(at), set) && !letter_spelling(spelling, g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    return at;
}

char *spelling_spell(Spelling *spelling, const char *text, CharacterSet set, GError **error)
{
    if (g_str_is_ascii(text))
        return g_strdup(text);
    GString *out = g_string_new(NULL);
    bool good = true;
    for (const char *at = text, *next; good && *at; at = next) {
        gunichar c = g_utf8_get_char(at);
        const char *known = stays(c, set) ? NULL : letter_spelling(spelling, c);
        const char *end = run_end(spelling, at, set);
        next = end > at ? end : g_utf8_next_char(at);
        if (known)
            append_known(out, known, text, at);
        else if (end > at)
            good = append_by_icu(spelling, out, at, (size_t)(end - at), error);
        else
            g_string_append_unichar(out, c);
    }
    return g_string_free(out, !good);
}

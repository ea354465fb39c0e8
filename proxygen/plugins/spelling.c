/*
 * spelling.c - see spelling.h
 */
#include "proxygen/plugins/spelling.h"

#include <string.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

/* Where umlauts are letters of their own they become plain ones (KB 166572), elsewhere ae, oe, ue. */
static const char *const plain_languages[] = {"da", "fo", "fi", "is", "nb", "nn", "no", "sv"};

struct Speller {
    UTransliterator *letters;
};

static bool is_plain(const char *language)
{
    for (size_t i = 0; language && i < G_N_ELEMENTS(plain_languages); i++)
        if (!g_ascii_strncasecmp(language, plain_languages[i], 2) &&
            (!language[2] || language[2] == '-' || language[2] == '_'))
            return true;
    return false;
}

Speller *speller_new(const char *language)
{
    const char *chain =
        is_plain(language) ? "NFC; Any-Latin; Latin-ASCII" : "NFC; de-ASCII; Any-Latin; Latin-ASCII";
    UErrorCode status = U_ZERO_ERROR;
    UChar id[64];
    u_uastrcpy(id, chain);
    UTransliterator *letters = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
    if (U_FAILURE(status))
        return NULL;
    Speller *speller = g_new0(Speller, 1);
    speller->letters = letters;
    return speller;
}

void speller_free(Speller *speller)
{
    if (!speller)
        return;
    utrans_close(speller->letters);
    g_free(speller);
}

/* "" when ICU cannot. */
static char *transliterate(Speller *speller, const char *text, size_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t capacity = (int32_t)len * 8 + 16, length = 0, limit;
    g_autofree UChar *buffer = g_new(UChar, (gsize)capacity);
    u_strFromUTF8(buffer, capacity, &length, text, (int32_t)len, &status);
    limit = length;
    utrans_transUChars(speller->letters, buffer, &length, capacity, 0, &limit, &status);
    char *out = g_new0(char, (gsize)length * 3 + 1);
    u_strToUTF8(out, length * 3 + 1, NULL, buffer, length, &status);
    if (U_FAILURE(status))
        *out = '\0';
    return out;
}

static bool holds(CharacterSet set, const char *but_not, gunichar c)
{
    return characters_hold(set, c) && !(but_not && c < 0x80 && strchr(but_not, (char)c));
}

static void append_held(GString *out, const char *text, CharacterSet set, const char *but_not)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p))
        if (holds(set, but_not, g_utf8_get_char(p)))
            g_string_append_unichar(out, g_utf8_get_char(p));
}

char *spell(Speller *speller, const char *text, CharacterSet set, const char *but_not)
{
    g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
    GString *out = g_string_new(NULL);
    for (const char *p = normal ? normal : ""; *p;) {
        const char *run = p; /* letters that must be spelled out, together: one may depend on the next */
        while ((unsigned char)*p >= 0x80 && !holds(set, but_not, g_utf8_get_char(p)))
            p = g_utf8_next_char(p);
        if (p > run) {
            g_autofree char *spelled = transliterate(speller, run, (size_t)(p - run));
            append_held(out, spelled, set, but_not);
            continue;
        }
        gunichar c = g_utf8_get_char(p);
        if (holds(set, but_not, c))
            g_string_append_unichar(out, c);
        p = g_utf8_next_char(p);
    }
    return g_string_free(out, FALSE);
}

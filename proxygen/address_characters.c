/*
 * address_characters.c - which characters belong to which set
 *
 * Every set lies within CHARACTERS_ANY. What is invisible or breaks lines belongs to
 * none: controls, formatting characters (marks that turn the direction of writing
 * round among them), separators of lines and paragraphs. A code point that is not
 * assigned yet counts as printable, so that the answer is the same for every version
 * of Unicode.
 */
#include "proxygen/address.h"

#include <string.h>

/** The 27 characters that code page 1252 has where ISO 8859-1 has controls. */
static const gunichar western_extras[] = {
    0x20AC, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030,
    0x0160, 0x2039, 0x0152, 0x017D, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x017E, 0x0178,
};

static bool is_printable(gunichar c)
{
    if (c < 0x7F)
        return c >= ' ';
    if (c > 0x10FFFF)
        return false;
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return false;
    default:
        return true;
    }
}

static bool is_western(gunichar c)
{
    if (c <= 0xFF)
        return is_printable(c);
    for (size_t i = 0; i < G_N_ELEMENTS(western_extras); i++)
        if (western_extras[i] == c)
            return true;
    return false;
}

static bool is_alphanumeric_or(gunichar c, const char *others)
{
    return c && c < 0x80 && (g_ascii_isalnum((char)c) || strchr(others, (char)c));
}

bool characters_hold(CharacterSet set, gunichar c)
{
    switch (set) {
    case CHARACTERS_ANY:
        return is_printable(c);
    case CHARACTERS_WESTERN:
        return is_western(c);
    case CHARACTERS_ASCII:
        return c < 0x80 && is_printable(c);
    case CHARACTERS_ATEXT:
        return is_alphanumeric_or(c, ".!#$%&'*+-/=?^_`{|}~");
    case CHARACTERS_PRINTABLE:
        return is_alphanumeric_or(c, " '()+,-./:=?");
    case CHARACTERS_NUMBER:
        return c && c < 0x80 && (g_ascii_isdigit((char)c) || strchr("+-(). ", (char)c));
    }
    return false;
}

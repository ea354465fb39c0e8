/*
 * retry.c - why no two numbers collide
 *
 * Where there is room, the number follows the whole text: texts of one front and
 * different numbers differ. Where the text has to be cut for it, digits of the text
 * could take the number for their own: john1 cut for 12 is john12, and so is john1
 * with 2. Therefore the cut text ends with a letter, which makes the number all the
 * digits at the end; and it is shorter than the text up to its last letter, so that
 * where the uncut ones all have that letter, it has a digit, or ended.
 */
#include "proxygen/plugins/retry.h"

#include <glib.h>
#include <string.h>

/** How many of the first @length characters remain when all behind the last letter go. */
static size_t up_to_last_letter(const char *text, size_t length)
{
    const char *end = g_utf8_offset_to_pointer(text, (glong)length);
    while (length && !g_unichar_isalpha(g_utf8_get_char(g_utf8_prev_char(end)))) {
        end = g_utf8_prev_char(end);
        length--;
    }
    return length;
}

/** A text without letters, all of whose digits may stand in front of a number: begin with another digit. */
static const char *front_without_letters(const char *text, size_t last_letter)
{
    return last_letter == 0 && g_ascii_isdigit(text[0]) && text[0] != '0' ? "0" : "";
}

char *retry_number(const char *text, unsigned retry, size_t room)
{
    g_autofree char *number = g_strdup_printf("%u", retry);
    size_t digits = strlen(number), length = (size_t)g_utf8_strlen(text, -1);
    if (length + digits <= room)
        return g_strconcat(text, number, NULL);
    size_t last_letter = up_to_last_letter(text, length);
    const char *front = front_without_letters(text, last_letter);
    if (strlen(front) + digits > room)
        return NULL;
    size_t keep = MIN(room - digits, last_letter ? last_letter - 1 : 0);
    g_autofree char *cut = g_utf8_substring(text, 0, (glong)up_to_last_letter(text, keep));
    return g_strconcat(front, cut, number, NULL);
}

/*
 * number_option.c - numbers that options take, read and refused in one way
 *
 * Options keep them as text: what GLib says of a number that is none helps nobody.
 */
#include "dirsync/command/command.h"

#include <math.h>
#include <string.h>

#define LEAST_RATE 0.001 /* changes a second */

static bool is_within(const NumberOption *option, double number)
{
    return isfinite(number) && number >= option->least && number <= option->most &&
           (option->fraction || floor(number) == number);
}

/* "1 to 64", "0 or more"; g_free(). */
static char *bounds(const NumberOption *option)
{
    if (option->most == NUMBER_ANY)
        return g_strdup_printf("%.0f or more", option->least);
    return g_strdup_printf("%.0f to %.0f", option->least, option->most);
}

bool settings_number(const NumberOption *option, const char *text, double *number, GError **error)
{
    char *end = NULL;
    if (!text)
        return true;
    /* Neither blanks nor "0x10" nor "inf", which the library would take. */
    double read = g_ascii_isdigit(*text) && !strpbrk(text, "xX") ? g_ascii_strtod(text, &end) : -1;
    if (end && !*end && is_within(option, read)) {
        *number = read;
        return true;
    }
    g_autofree char *allowed = bounds(option);
    error_set(error, ERROR_DEFINITION, "%s %s: say %s, %s", option->name, text, option->what, allowed);
    return false;
}

bool settings_rate(const Settings *settings, double *rate, GError **error)
{
    static const NumberOption option = {"--rate", "how many changes a second (0: as fast as it goes)", 0,
                                        NUMBER_ANY, true};
    *rate = 0;
    if (!settings_number(&option, settings->rate, rate, error))
        return false;
    if (*rate == 0 || *rate >= LEAST_RATE)
        return true;
    error_set(error, ERROR_DEFINITION,
              "--rate %s: less than one change in %d seconds; say 0 for as fast as it goes", settings->rate,
              (int)(1 / LEAST_RATE));
    return false;
}

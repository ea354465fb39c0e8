/*
 * number_option.c - numbers that options take, read and refused in one way
 *
 * Options keep them as text: what GLib says of a number that is none helps nobody.
 */
#include "dirsync/command/command.h"

#include <math.h>
#include <string.h>

#define LEAST_RATE 0.001 /* one change in a quarter of an hour */

static bool is_within(const NumberOption *option, double number)
{
    bool fits = isfinite(number) && number >= option->least && number <= option->most &&
                (option->fraction || floor(number) == number);
    return fits || (option->zero && number == 0);
}

/* "1 to 64", "0 (never), or 0.001 or more"; g_free(). */
static char *bounds(const NumberOption *option)
{
    g_autofree char *zero = option->zero ? g_strdup_printf("0 (%s), or ", option->zero) : g_strdup("");
    if (option->most == NUMBER_ANY)
        return g_strdup_printf("%s%g or more", zero, option->least);
    return g_strdup_printf("%s%.0f to %.0f", zero, option->least, option->most);
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
    static const NumberOption option = {.name = "--rate",
                                        .what = "how many changes a second",
                                        .least = LEAST_RATE,
                                        .most = NUMBER_ANY,
                                        .fraction = true,
                                        .zero = "as fast as it goes"};
    *rate = 0;
    return settings_number(&option, settings->rate, rate, error);
}

/*
 * limit_table.c - names and defaults of the limits, and how one is written
 *
 * Contract in connector.h. Whether a plan is within its limits is decided in
 * limits.c.
 */
#include "dirsync/connector.h"

#include <assert.h>
#include <string.h>

const char *const limit_names[LIMIT_KINDS] = {
    [LIMIT_DELETE] = "delete",   [LIMIT_DISABLE] = "disable", [LIMIT_RENAME] = "rename",
    [LIMIT_ADDRESS] = "address", [LIMIT_MODIFY] = "change",   [LIMIT_EMPTY] = "empty",
    [LIMIT_MEMBERS] = "members", [LIMIT_NATIVE] = "native",   [LIMIT_CREATE] = "create",
    [LIMIT_STAMP] = "stamp",
};

/* A limit is the larger of percentage and number. Every percentage comes with the number 10: of
 * twenty objects 5 % is one, and a directory that small would be stopped by every other change. */
const Limit limit_defaults[LIMIT_KINDS] = {
    [LIMIT_DELETE] = {.percent = 5, .number = 10},
    [LIMIT_DISABLE] = {.percent = 5, .number = 10},
    [LIMIT_RENAME] = {.percent = 5, .number = 10},
    [LIMIT_ADDRESS] = {.percent = 5, .number = 10},
    [LIMIT_MODIFY] = {.percent = 20, .number = 10},
    [LIMIT_EMPTY] = {.percent = 5, .number = 10},
    [LIMIT_MEMBERS] = {.percent = 10, .number = 10},
    [LIMIT_NATIVE] = {.percent = 5, .number = 10},
    [LIMIT_CREATE] = {.unlimited = true},
    [LIMIT_STAMP] = {.percent = 20, .number = 10},
};

static_assert(LIMIT_KINDS == 10, "a name and a default for every kind of limit");

/* Only digits, so that signs, blanks and hexadecimal never pass. */
static bool parse_number(const char *text, unsigned long *number)
{
    guint64 value;
    if (!g_ascii_isdigit(*text) || !g_ascii_string_to_unsigned(text, 10, 0, 999999999, &value, NULL))
        return false;
    *number = (unsigned long)value;
    return true;
}

static bool parse_percent(const char *text, size_t len, double *percent)
{
    g_autofree char *copy = g_strndup(text, len);
    size_t whole = strspn(copy, "0123456789");
    size_t fraction = copy[whole] == '.' ? strspn(copy + whole + 1, "0123456789") : 0;
    if (whole == 0 || whole > 3 || fraction > 3 || whole + (fraction ? fraction + 1 : 0) != len)
        return false;
    *percent = g_ascii_strtod(copy, NULL);
    return *percent <= 100;
}

bool limit_parse(const char *text, Limit *limit)
{
    Limit parsed = {0};
    const char *sign = strchr(text, '%');
    if (strcmp(text, "none") == 0)
        parsed.unlimited = true;
    else if (!sign && !parse_number(text, &parsed.number))
        return false;
    else if (sign && (!parse_percent(text, (size_t)(sign - text), &parsed.percent) ||
                      (sign[1] && (sign[1] != '|' || !parse_number(sign + 2, &parsed.number)))))
        return false;
    *limit = parsed;
    return true;
}

/*
 * value_looks.c - see value_looks.h
 */
#include "dirsync/value_looks.h"

#include <glib.h>

#include <assert.h>
#include <string.h>

static bool is_mail(const char *value)
{
    const char *at = strchr(value, '@');
    const char *dot = at ? strrchr(at, '.') : NULL;
    return at && at > value && dot && dot > at + 1 && dot[1] && !strchr(at + 1, '@') &&
           !strpbrk(value, " \t,;<>\":|");
}

/* A type of an address has two letters at least: C:\ is none. */
static bool is_address(const char *value)
{
    size_t len = strcspn(value, ":");
    const char *at = strchr(value, '@');
    if (at && strchr(at + 1, '@')) /* several */
        return false;
    if (len < 2 || len > 16 || !value[len] || !value[len + 1] || !strncmp(value + len, "://", 3) ||
        g_ascii_isspace(value[len + 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(value[i]) || !g_ascii_isalpha(value[0]))
            return false;
    return true;
}

static bool is_dn(const char *value)
{
    static const char *const types[] = {"cn=", "ou=", "uid=", "o=", "dc="};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (!g_ascii_strncasecmp(value, types[i], strlen(types[i])) && strchr(value, ','))
            return true;
    return false;
}

static bool is_legacy(const char *value)
{
    return !g_ascii_strncasecmp(value, "/o=", 3) || !g_ascii_strncasecmp(value, "/c=", 3);
}

static bool consists_of(const char *value, const char *characters, size_t digits)
{
    size_t found = 0;
    for (const char *p = value; *p; p++) {
        found += g_ascii_isdigit(*p) != 0;
        if (!g_ascii_isdigit(*p) && !strchr(characters, *p))
            return false;
    }
    return found >= digits;
}

static bool is_date(const char *value)
{
    return consists_of(value, ".-/", 4) && strlen(value) <= 10 && strlen(value) >= 6 &&
           strpbrk(value + 1, ".-/") && strpbrk(strpbrk(value + 1, ".-/") + 1, ".-/");
}

static bool is_phone(const char *value)
{
    bool written = *value == '+' || *value == '0' || *value == '(' || strpbrk(value, " -/");
    return written && consists_of(value, " +-/().", 5) && !is_date(value);
}

static bool is_number(const char *value)
{
    return consists_of(value, "", 1);
}

static bool is_uuid(const char *value)
{
    return g_uuid_string_is_valid(value);
}

static const struct {
    const char *name;
    bool (*is)(const char *value);
} looks[] = {
    [LOOKS_MAIL] = {"a mail address", is_mail},
    [LOOKS_ADDRESS] = {"an address with its type", is_address},
    [LOOKS_DN] = {"a DN", is_dn},
    [LOOKS_LEGACY] = {"a legacyExchangeDN", is_legacy},
    [LOOKS_PHONE] = {"a telephone number", is_phone},
    [LOOKS_NUMBER] = {"a number", is_number},
    [LOOKS_UUID] = {"a UUID", is_uuid},
    [LOOKS_DATE] = {"a date", is_date},
};
static_assert(G_N_ELEMENTS(looks) == LOOKS_KINDS, "a row for each");

bool value_looks_like(const char *value, Looks what)
{
    return *value && looks[what].is(value);
}

const char *value_looks_name(Looks what)
{
    return looks[what].name;
}

/*
 * schema_syntax.c - matching rules and syntaxes by OID, and their simple canonical forms
 *
 * The tables of RFC 4517 (and of Active Directory) that say how values of a
 * rule or syntax compare and look, and canonical forms of integers, booleans
 * and times. Does not judge what to do with a bad value: says false, appends
 * nothing.
 */
#include "dirsync/schema_internal.h"

#include <string.h>

#define RFC4517 "1.3.6.1.4.1.1466.115.121.1."
#define MICROSOFT "1.2.840.113556.1.4."

typedef struct {
    const char *name;
    const char *oid;
    EqualityKind kind;
} Rule;

static const Rule rules[] = {
    {"objectIdentifierMatch", "2.5.13.0", EQUALITY_OID},
    {"distinguishedNameMatch", "2.5.13.1", EQUALITY_DN},
    {"caseIgnoreMatch", "2.5.13.2", EQUALITY_CASE_IGNORE},
    {"caseExactMatch", "2.5.13.5", EQUALITY_CASE_EXACT},
    {"numericStringMatch", "2.5.13.8", EQUALITY_NUMERIC},
    {"caseIgnoreListMatch", "2.5.13.11", EQUALITY_LIST},
    {"booleanMatch", "2.5.13.13", EQUALITY_BOOLEAN},
    {"integerMatch", "2.5.13.14", EQUALITY_INTEGER},
    {"bitStringMatch", "2.5.13.16", EQUALITY_OCTETS},
    {"octetStringMatch", "2.5.13.17", EQUALITY_OCTETS},
    {"telephoneNumberMatch", "2.5.13.20", EQUALITY_TELEPHONE},
    {"uniqueMemberMatch", "2.5.13.23", EQUALITY_DN},
    {"generalizedTimeMatch", "2.5.13.27", EQUALITY_TIME},
    {"integerFirstComponentMatch", "2.5.13.29", EQUALITY_OCTETS},
    {"objectIdentifierFirstComponentMatch", "2.5.13.30", EQUALITY_OCTETS},
    {"certificateExactMatch", "2.5.13.34", EQUALITY_OCTETS},
    {"caseExactIA5Match", "1.3.6.1.4.1.1466.109.114.1", EQUALITY_CASE_EXACT},
    {"caseIgnoreIA5Match", "1.3.6.1.4.1.1466.109.114.2", EQUALITY_CASE_IGNORE},
    {"UUIDMatch", "1.3.6.1.1.16.2", EQUALITY_CASE_IGNORE},
    {"CSNMatch", "1.3.6.1.4.1.4203.666.11.2.1", EQUALITY_CASE_EXACT},
};

typedef struct {
    const char *oid;
    EqualityKind kind;
    SyntaxKind syntax;
} Syntax;

/** Everything else is octets. Active Directory compares IA5 and printable strings with their case. */
static const Syntax syntaxes[] = {
    {RFC4517 "7", EQUALITY_BOOLEAN, SYNTAX_BOOLEAN},
    {RFC4517 "11", EQUALITY_CASE_IGNORE, SYNTAX_ANY},
    {RFC4517 "12", EQUALITY_DN, SYNTAX_DN},
    {RFC4517 "15", EQUALITY_CASE_IGNORE, SYNTAX_DIRECTORY_STRING},
    {RFC4517 "24", EQUALITY_TIME, SYNTAX_ANY},
    {RFC4517 "26", EQUALITY_CASE_EXACT, SYNTAX_IA5},
    {RFC4517 "27", EQUALITY_INTEGER, SYNTAX_INTEGER},
    {RFC4517 "34", EQUALITY_DN, SYNTAX_ANY},
    {RFC4517 "36", EQUALITY_NUMERIC, SYNTAX_ANY},
    {RFC4517 "38", EQUALITY_OID, SYNTAX_ANY},
    {RFC4517 "41", EQUALITY_LIST, SYNTAX_ANY},
    {RFC4517 "43", EQUALITY_CASE_IGNORE, SYNTAX_ANY},
    {RFC4517 "44", EQUALITY_CASE_EXACT, SYNTAX_ANY},
    {RFC4517 "50", EQUALITY_TELEPHONE, SYNTAX_ANY},
    {RFC4517 "53", EQUALITY_CASE_EXACT, SYNTAX_ANY},
    {MICROSOFT "903", EQUALITY_CASE_IGNORE, SYNTAX_ANY},  /* DN with binary */
    {MICROSOFT "904", EQUALITY_CASE_IGNORE, SYNTAX_ANY},  /* DN with string */
    {MICROSOFT "905", EQUALITY_CASE_IGNORE, SYNTAX_ANY},  /* teletex string */
    {MICROSOFT "906", EQUALITY_INTEGER, SYNTAX_INTEGER},  /* large integer */
    {MICROSOFT "1221", EQUALITY_CASE_IGNORE, SYNTAX_ANY}, /* OR-name */
    {MICROSOFT "1362", EQUALITY_CASE_EXACT, SYNTAX_ANY},  /* case-sensitive string */
};

int schema_rule_kind(const char *rule)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (g_ascii_strcasecmp(rules[i].name, rule) == 0 || strcmp(rules[i].oid, rule) == 0)
            return (int)rules[i].kind;
    return -1;
}

static const Syntax *find_syntax(const char *oid)
{
    for (size_t i = 0; oid && i < G_N_ELEMENTS(syntaxes); i++)
        if (strcmp(syntaxes[i].oid, oid) == 0)
            return &syntaxes[i];
    return NULL;
}

EqualityKind schema_syntax_equality(const char *syntax)
{
    const Syntax *found = find_syntax(syntax);
    return found ? found->kind : EQUALITY_OCTETS;
}

SyntaxKind schema_syntax_kind(const char *syntax)
{
    const Syntax *found = find_syntax(syntax);
    return found ? found->syntax : SYNTAX_ANY;
}

static Value trim(Value value)
{
    while (value.len && value.data[0] == ' ')
        value = (Value){value.data + 1, value.len - 1};
    while (value.len && value.data[value.len - 1] == ' ')
        value.len--;
    return value;
}

static bool all_digits(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isdigit(data[i]))
            return false;
    return len > 0;
}

bool schema_normalise_integer(Value value, GString *out)
{
    value = trim(value);
    bool negative = value.len && value.data[0] == '-';
    const char *digits = value.data + negative, *end = value.data + value.len;
    if (!all_digits(digits, (size_t)(end - digits)))
        return false;
    while (end - digits > 1 && *digits == '0')
        digits++;
    if (negative && *digits != '0')
        g_string_append_c(out, '-');
    g_string_append_len(out, digits, end - digits);
    return true;
}

bool schema_normalise_boolean(Value value, GString *out)
{
    value = trim(value);
    bool is_true = value.len == 4 && g_ascii_strncasecmp(value.data, "TRUE", 4) == 0;
    bool is_false = value.len == 5 && g_ascii_strncasecmp(value.data, "FALSE", 5) == 0;
    if (is_true || is_false)
        g_string_append(out, is_true ? "TRUE" : "FALSE");
    return is_true || is_false;
}

/* ---- generalized time: YYYYMMDDHH[MM[SS]][.fraction](Z|+HH[MM]|-HH[MM]) ---- */

typedef struct {
    const char *at, *end;
} Reader;

/** A number of exactly @n digits, at most @max. */
static bool read_digits(Reader *in, int n, gint64 max, gint64 *number)
{
    if (in->end - in->at < n || !all_digits(in->at, (size_t)n))
        return false;
    *number = 0;
    for (; n; n--)
        *number = *number * 10 + (*in->at++ - '0');
    return *number <= max;
}

/** Up to nine digits after a point or comma, in billionths; 0 when there is none. */
static bool read_fraction(Reader *in, gint64 *billionths)
{
    *billionths = 0;
    if (in->at == in->end || (*in->at != '.' && *in->at != ','))
        return true;
    const char *start = ++in->at;
    for (gint64 unit = 100000000; in->at < in->end && g_ascii_isdigit(*in->at); in->at++, unit /= 10) {
        if (!unit)
            return false;
        *billionths += unit * (*in->at - '0');
    }
    return in->at > start;
}

/** Seconds to take off for UTC. */
static bool read_zone(Reader *in, gint64 *offset)
{
    char sign = in->at < in->end ? *in->at++ : '\0';
    gint64 hours = 0, minutes = 0;
    *offset = 0;
    if (sign == 'Z')
        return in->at == in->end;
    if ((sign != '+' && sign != '-') || !read_digits(in, 2, 23, &hours))
        return false;
    if (in->at < in->end && !read_digits(in, 2, 59, &minutes))
        return false;
    *offset = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return in->at == in->end;
}

/** Days since 0000-03-01 in the Gregorian calendar; years begin in March, so that leap days end them. */
static gint64 days_of(gint64 year, gint64 month, gint64 day)
{
    if (month < 3) {
        month += 12;
        year--;
    }
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 1;
}

static bool read_date(Reader *in, gint64 *days)
{
    gint64 year, month, day;
    if (!read_digits(in, 4, 9999, &year) || !read_digits(in, 2, 12, &month) || !read_digits(in, 2, 31, &day))
        return false;
    if (year < 1 || month < 1 || day < 1)
        return false;
    gint64 next_month = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);
    *days = days_of(year, month, day);
    return *days < next_month;
}

/** Seconds of the day; @unit gets the seconds of the last unit given, which a fraction counts in. */
static bool read_clock(Reader *in, gint64 *seconds, gint64 *unit)
{
    gint64 hour, minute = 0, second = 0;
    *unit = 3600;
    if (!read_digits(in, 2, 23, &hour))
        return false;
    if (in->at < in->end && g_ascii_isdigit(*in->at)) {
        *unit = 60;
        if (!read_digits(in, 2, 59, &minute))
            return false;
        if (in->at < in->end && g_ascii_isdigit(*in->at)) {
            *unit = 1;
            if (!read_digits(in, 2, 60, &second))
                return false;
        }
    }
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/** The form is seconds and billionths at fixed width, so that it sorts as time does. */
bool schema_normalise_time(Value value, GString *out)
{
    Reader in = {value.data, value.data + value.len};
    gint64 days, seconds, unit, billionths, offset;
    if (!read_date(&in, &days) || !read_clock(&in, &seconds, &unit) || !read_fraction(&in, &billionths) ||
        !read_zone(&in, &offset))
        return false;
    billionths *= unit;
    seconds += days * 86400 - offset + billionths / 1000000000;
    g_string_append_printf(out, "%013" G_GINT64_FORMAT ".%09" G_GINT64_FORMAT, seconds,
                           billionths % 1000000000);
    return true;
}

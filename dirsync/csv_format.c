/*
 * csv_format.c - which formats of CSV can be
 *
 * What reader and writer must agree on: characters between fields and values,
 * names of columns, and the guard in front of formulas. Reads and writes
 * nothing.
 */
#include "dirsync/csv.h"
#include "dirsync/error.h"
#include "dirsync/schema.h"

#include <string.h>

static bool is_plain_letter(char c)
{
    return g_ascii_isalnum(c) || c == '-';
}

bool csv_is_delimiter(char c)
{
    return c > 0 && c != '"' && c != '\n' && c != '\r' && !g_ascii_isalnum(c);
}

bool csv_is_column(const char *name)
{
    size_t len = 0;
    while (is_plain_letter(name[len]))
        len++;
    return g_ascii_isalpha(name[0]) && name[len] == '\0';
}

const char *csv_first_column(const char *const *columns)
{
    for (; columns && *columns; columns++)
        if (strcmp(*columns, "-") != 0)
            return *columns;
    return NULL;
}

const char *csv_column_of(const char *const *columns, const char *attribute)
{
    for (const char *const *column = columns; *column; column++)
        if (g_ascii_strcasecmp(*column, attribute) == 0)
            return *column;
    for (const char *const *column = columns; *column; column++)
        if (schema_same_attribute(schema_standard(), *column, attribute))
            return *column;
    return NULL;
}

/* A value with a ' before its formula is guarded too: the reader, which takes one ' off, could not tell it
 * from a formula with its guard. */
bool csv_needs_guard(const char *value, size_t len)
{
    size_t i = 0;
    while (i < len && value[i] == '\'')
        i++;
    return i < len && value[i] && strchr("=+-@\t\r", value[i]);
}

static bool check_columns(const CsvFormat *format, const char *name, GError **error)
{
    size_t n = format->columns ? g_strv_length((char **)format->columns) : 0;
    if ((!format->header && n == 0) || n > CSV_MAX_COLUMNS) {
        error_set(error, ERROR_DEFINITION, "%s: 1 to %d columns must be named, or header=\"yes\" be said",
                  name, CSV_MAX_COLUMNS);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!csv_is_column(format->columns[i]) && strcmp(format->columns[i], "-") != 0) {
            error_set(error, ERROR_DEFINITION,
                      "%s: \"%s\" is not a name of a column: letters, digits and hyphens, or - alone", name,
                      format->columns[i]);
            return false;
        }
    return true;
}

static bool check_guard(const CsvFormat *format, const char *name, GError **error)
{
    if (!format->guard_formulas || format->separator != '\'')
        return true;
    error_set(error, ERROR_DEFINITION, "%s: ' guards formulas and cannot be the separator too", name);
    return false;
}

bool csv_format_check(const CsvFormat *format, const char *name, GError **error)
{
    bool good = (!format->delimiter || csv_is_delimiter(format->delimiter)) &&
                (!format->separator || csv_is_delimiter(format->separator)) &&
                format->separator != (format->delimiter ? format->delimiter : ',');
    if (!good)
        error_set(error, ERROR_DEFINITION,
                  "%s: delimiter and separator are two different characters, neither quotes nor letters",
                  name);
    return good && check_columns(format, name, error) && check_guard(format, name, error);
}

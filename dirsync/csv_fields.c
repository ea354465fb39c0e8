/*
 * csv_fields.c - columns, and the fields of one record
 *
 * Fields are found with memchr(); a record without quotes is checked by
 * counting its delimiters. A field is only copied when quotes are doubled in
 * it.
 */
#include "dirsync/csv_text.h"

#include "dirsync/dn.h"

#include <string.h>

/* Characters that headers hold between words and that are left out of the name: "Given name" and "given_name"
 * are givenname, which is givenName to everybody who looks. Others are an error: a delimiter that is not the
 * file's would go unseen. */
#define LEFT_OUT " _./()"

#define SHOWN 40 /* bytes of the file in a message */

typedef struct {
    const char *text, *end; /* what is left of the record; text NULL: nothing */
    char delimiter;
    bool quotes;
    Value field;  /* between the quotes */
    bool doubled; /* quotes in it are doubled */
} Fields;

/* --- where something stands --- */

unsigned long csv_count_lines(const char *text, size_t len, bool one_more)
{
    unsigned long lines = 0;
    const char *end = text + len;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    for (const char *at = text; (at = memchr(at, '\r', (size_t)(end - at))); at++)
        if (at + 1 < end || one_more)
            lines += at[1] != '\n';
        else
            lines++;
    return lines;
}

static const char *line_start(const char *text, const char *at)
{
    while (at > text && at[-1] != '\n' && at[-1] != '\r')
        at--;
    return at;
}

static unsigned long count_characters(const char *from, const char *to)
{
    unsigned long n = 0;
    for (; from < to; from++)
        n += ((unsigned char)*from & 0xC0) != 0x80;
    return n;
}

void csv_record_fail(const CsvRecord *record, size_t at, ErrorCode code, GError **error, const char *format,
                     ...)
{
    const char *place = record->text + at;
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(error, code, "%s:%lu:%lu: %s", record->file,
              record->line + csv_count_lines(record->text, at, at < record->len),
              count_characters(line_start(record->text, place), place) + 1, message);
}

/* --- fields --- */

static Fields fields_of(const CsvColumns *columns, const CsvRecord *record)
{
    return (Fields){.text = record->text,
                    .end = record->text + record->len,
                    .delimiter = columns->delimiter,
                    .quotes = record->quotes};
}

/* Sets the field to what is between the quotes; returns the end of it. */
static const char *take_quoted(Fields *fields)
{
    const char *from = fields->text + 1, *at = from;
    while ((at = memchr(at, '"', (size_t)(fields->end - at))) && at + 1 < fields->end && at[1] == '"') {
        fields->doubled = true;
        at += 2;
    }
    if (!at)
        at = fields->end;
    fields->field = (Value){.data = from, .len = (size_t)(at - from)};
    return at < fields->end ? at + 1 : at;
}

static bool next_field(Fields *fields)
{
    const char *from = fields->text;
    if (!from)
        return false;
    fields->doubled = false;
    const char *at = from;
    bool quoted = fields->quotes && from < fields->end && *from == '"';
    if (quoted)
        at = take_quoted(fields);
    at = memchr(at, fields->delimiter, (size_t)(fields->end - at));
    if (!quoted)
        fields->field = (Value){.data = from, .len = (size_t)((at ? at : fields->end) - from)};
    fields->text = at ? at + 1 : NULL;
    return true;
}

static Value unquote(CsvColumns *columns, const Fields *fields)
{
    if (!fields->doubled)
        return fields->field;
    GString *to = columns->unquoted;
    const char *at = fields->field.data, *end = at + fields->field.len, *quote;
    g_string_truncate(to, 0);
    while ((quote = memchr(at, '"', (size_t)(end - at)))) {
        g_string_append_len(to, at, quote + 1 - at);
        at = quote + 2;
    }
    g_string_append_len(to, at, end - at);
    return (Value){.data = to->str, .len = to->len};
}

/* The next of the values of a field; none is empty. */
static bool next_value(Value *rest, char separator, Value *value)
{
    while (rest->len) {
        const char *at = separator ? memchr(rest->data, separator, rest->len) : NULL;
        *value = (Value){.data = rest->data, .len = at ? (size_t)(at - rest->data) : rest->len};
        size_t gone = value->len + (at ? 1 : 0);
        rest->data += gone;
        rest->len -= gone;
        if (value->len)
            return true;
    }
    return false;
}

/* --- columns --- */

void csv_columns_begin(CsvColumns *columns, const CsvFormat *format)
{
    *columns = (CsvColumns){.delimiter = format->delimiter ? format->delimiter : ',',
                            .separator = format->separator,
                            .key = g_strdup(format->key),
                            .guard = format->guard_formulas,
                            .unquoted = g_string_new(NULL)};
    if (!format->columns)
        return;
    columns->n = g_strv_length((char **)format->columns);
    columns->names = g_new0(char *, columns->n + 1);
    for (size_t i = 0; i < columns->n; i++)
        if (strcmp(format->columns[i], "-") != 0)
            columns->names[i] = g_strdup(format->columns[i]);
}

void csv_columns_end(CsvColumns *columns)
{
    for (size_t i = 0; i < columns->n; i++)
        g_free(columns->names[i]);
    g_free(columns->names);
    g_free(columns->key);
    g_string_free(columns->unquoted, TRUE);
}

/* Counts the fields up to @max. Returns where a field too many begins, or NULL. */
static const char *count_fields(const CsvColumns *columns, const CsvRecord *record, size_t max, size_t *n)
{
    Fields fields = fields_of(columns, record);
    for (*n = 0; *n < max && next_field(&fields);)
        ++*n;
    return fields.text;
}

/* How much of a text to show in a message; ends between characters. */
static int shown(Value text)
{
    size_t len = MIN(text.len, SHOWN);
    while (len < text.len && len > 0 && ((unsigned char)text.data[len] & 0xC0) == 0x80)
        len--;
    return (int)len;
}

/* The name of a column from what stands in its header; "" when there is nothing. */
static char *clean_name(Value field)
{
    GString *name = g_string_new(NULL);
    for (size_t i = 0; i < field.len; i++)
        if (!strchr(LEFT_OUT, field.data[i]))
            g_string_append_c(name, field.data[i]);
    return g_string_free(name, FALSE);
}

static bool take_name(CsvColumns *columns, const CsvRecord *record, const Fields *fields, GError **error)
{
    Value field = unquote(columns, fields);
    g_autofree char *name = clean_name(field);
    if (*name && !csv_is_column(name)) {
        csv_record_fail(record, (size_t)(fields->field.data - record->text), ERROR_SOURCE, error,
                        "the header \"%.*s\" cannot be the name of a column; see whether delimiter=\"%c\" is "
                        "right, or name the columns in the definition with columns=\"...\"",
                        shown(field), field.data, columns->delimiter);
        return false;
    }
    columns->names[columns->n++] = *name ? g_steal_pointer(&name) : NULL;
    return true;
}

static bool check_header_fits(const CsvColumns *columns, const CsvRecord *record, size_t n,
                              const char *surplus, GError **error)
{
    if (surplus && !columns->names)
        csv_record_fail(record, (size_t)(surplus - record->text), ERROR_SOURCE, error,
                        "the header has more than %d columns", CSV_MAX_COLUMNS);
    else if (surplus)
        csv_record_fail(record, (size_t)(surplus - record->text), ERROR_SOURCE, error,
                        "the header has more columns than the %zu that the definition names", columns->n);
    else if (columns->names && n < columns->n)
        csv_record_fail(record, record->len, ERROR_SOURCE, error,
                        "the header has %zu columns, the definition names %zu", n, columns->n);
    else
        return true;
    return false;
}

bool csv_columns_take_header(CsvColumns *columns, const CsvRecord *record, GError **error)
{
    size_t n;
    const char *surplus = count_fields(columns, record, columns->names ? columns->n : CSV_MAX_COLUMNS, &n);
    if (!check_header_fits(columns, record, n, surplus, error))
        return false;
    if (columns->names)
        return true;
    columns->names = g_new0(char *, n + 1);
    Fields fields = fields_of(columns, record);
    while (next_field(&fields))
        if (!take_name(columns, record, &fields, error))
            return false;
    return true;
}

/* True when values of column @i can name the record. */
static bool can_name(const CsvColumns *columns, size_t i)
{
    const char *name = columns->names[i];
    return name && (!columns->key || g_ascii_strcasecmp(name, columns->key) == 0);
}

bool csv_columns_check_key(const CsvColumns *columns, const char *file, GError **error)
{
    for (size_t i = 0; columns->key && i < columns->n; i++)
        if (can_name(columns, i))
            return true;
    if (columns->key)
        error_set(error, ERROR_SOURCE,
                  "%s: no column is named %s, which tells its rows apart; correct the header, or "
                  "the key in the definition",
                  file, columns->key);
    return !columns->key;
}

Fingerprint csv_columns_fingerprint(const CsvColumns *columns)
{
    GString *text = columns->unquoted;
    g_string_truncate(text, 0);
    g_string_append_c(text, columns->delimiter);
    g_string_append_c(text, columns->separator);
    g_string_append_c(text, columns->guard ? '\'' : '\0');
    g_string_append_printf(text, "%s\n", columns->key ? columns->key : "");
    for (size_t i = 0; i < columns->n; i++)
        g_string_append_printf(text, "%s\n", columns->names[i] ? columns->names[i] : "");
    return fingerprint_bytes(text->str, text->len);
}

/* --- records --- */

/* True when the first column says by itself that the record has a value. */
static bool begins_with_value(const CsvColumns *columns, const CsvRecord *record)
{
    return record->len && can_name(columns, 0) && *record->text != columns->delimiter &&
           *record->text != columns->separator && *record->text != '"';
}

static bool has_value(const CsvColumns *columns, const CsvRecord *record)
{
    if (begins_with_value(columns, record))
        return true;
    Fields fields = fields_of(columns, record);
    for (size_t i = 0; i < columns->n && next_field(&fields); i++) {
        Value rest = fields.field, value;
        if (can_name(columns, i) && next_value(&rest, columns->separator, &value))
            return true;
    }
    return false;
}

bool csv_record_check(const CsvColumns *columns, const CsvRecord *record, GError **error)
{
    size_t n;
    const char *surplus = count_fields(columns, record, columns->n, &n);
    if (surplus)
        csv_record_fail(record, (size_t)(surplus - record->text), ERROR_INVALID, error,
                        "more fields than the %zu columns", columns->n);
    else if (n < columns->n)
        csv_record_fail(record, record->len, ERROR_INVALID, error, "%zu fields, there are %zu columns", n,
                        columns->n);
    else if (!has_value(columns, record))
        csv_record_fail(record, 0, ERROR_INVALID, error, "no value in %s%s",
                        columns->key ? "the column " : "any column that has a name",
                        columns->key ? columns->key : "");
    else
        return true;
    return false;
}

/* The first value in a column that can name the entry does. */
static void add_value(const CsvColumns *columns, Entry *entry, size_t column, Value value)
{
    const char *name = columns->names[column];
    if (columns->guard && *value.data == '\'' && csv_needs_guard(value.data, value.len)) {
        value.data++;
        value.len--;
    }
    if (!*entry_dn(entry) && can_name(columns, column)) {
        g_autofree char *dn = dn_build(name, value.data, value.len, NULL);
        entry_set_dn(entry, dn);
    }
    entry_add(entry, name, value.data, value.len);
}

Entry *csv_record_decode(CsvColumns *columns, const CsvRecord *record, GError **error)
{
    if (!csv_record_check(columns, record, error))
        return NULL;
    Entry *entry = entry_new("");
    Fields fields = fields_of(columns, record);
    for (size_t i = 0; i < columns->n && next_field(&fields); i++) {
        Value rest = unquote(columns, &fields), value;
        while (columns->names[i] && next_value(&rest, columns->separator, &value))
            add_value(columns, entry, i, value);
    }
    return entry;
}

bool csv_record_is_empty(const CsvColumns *columns, const CsvRecord *record)
{
    size_t i = 0;
    while (i < record->len && record->text[i] == columns->delimiter)
        i++;
    return i == record->len;
}

bool csv_record_is_trailer(CsvColumns *columns, const CsvRecord *record, const char *word, GString *text)
{
    Fields fields = fields_of(columns, record);
    size_t len = strlen(word);
    next_field(&fields);
    if (fields.field.len != len || memcmp(fields.field.data, word, len) != 0 || !next_field(&fields))
        return false;
    Value number = unquote(columns, &fields);
    g_string_printf(text, "%s: %.*s", word, shown(number), number.data);
    while (next_field(&fields))
        if (fields.field.len)
            return false;
    return true;
}

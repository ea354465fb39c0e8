/*
 * csv_write.c - the CSV writer
 *
 * A row is put together column by column from the values of its attribute and
 * taken back when one of them could not be read again as it is. Columns of the
 * same name take one value each, the last of them what is left.
 */
#include "dirsync/csv.h"
#include "dirsync/error.h"
#include "dirsync/text_encoder.h"

#include <string.h>

#define MARK "\xEF\xBB\xBF" /* U+FEFF, the byte order mark once it is encoded */

struct CsvWriter {
    char *name;
    char delimiter, separator;
    bool header, marked, guard;
    char **columns; /* "-": left out */
    char *key, *trailer;
    TextEncoder *encoder;
    char *encoding;
    GString *field; /* kept from field to field */
};

static bool begins_with_mark(const char *text, size_t len)
{
    return len >= 3 && memcmp(text, MARK, 3) == 0;
}

CsvWriter *csv_writer_new(const char *name, const CsvFormat *format, GError **error)
{
    if (!csv_format_check(format, name, error))
        return NULL;
    const char *key = format->key ? format->key : csv_first_column(format->columns);
    if (!key) {
        error_set(error, ERROR_DEFINITION, "%s: the columns of a file that is written must be named", name);
        return NULL;
    }
    TextEncoder *encoder = text_encoder_new(format->encoding, error);
    if (!encoder)
        return NULL;
    CsvWriter *writer = g_new(CsvWriter, 1);
    *writer =
        (CsvWriter){.name = g_strdup(name),
                    .delimiter = format->delimiter ? format->delimiter : ',',
                    .separator = format->separator,
                    .header = format->header,
                    .marked = format->encoding && g_ascii_strncasecmp(format->encoding, "utf-16", 6) == 0,
                    .guard = format->guard_formulas,
                    .columns = g_strdupv((char **)format->columns),
                    .key = g_strdup(key),
                    .trailer = g_strdup(format->trailer),
                    .encoder = encoder,
                    .encoding = g_strdup(format->encoding ? format->encoding : "utf-8"),
                    .field = g_string_new(NULL)};
    return writer;
}

void csv_writer_free(CsvWriter *writer)
{
    if (!writer)
        return;
    text_encoder_free(writer->encoder);
    g_strfreev(writer->columns);
    g_string_free(writer->field, TRUE);
    g_free(writer->name);
    g_free(writer->key);
    g_free(writer->trailer);
    g_free(writer->encoding);
    g_free(writer);
}

/* --- fields --- */

static bool needs_quotes(const CsvWriter *writer, const char *text, size_t len)
{
    return memchr(text, writer->delimiter, len) || memchr(text, '"', len) || memchr(text, '\r', len) ||
           memchr(text, '\n', len) || begins_with_mark(text, len);
}

static void write_field(const CsvWriter *writer, const char *text, size_t len, GString *out)
{
    if (!needs_quotes(writer, text, len)) {
        g_string_append_len(out, text, (gssize)len);
        return;
    }
    const char *end = text + len, *quote;
    g_string_append_c(out, '"');
    while ((quote = memchr(text, '"', (size_t)(end - text)))) {
        g_string_append_len(out, text, quote + 1 - text);
        g_string_append_c(out, '"');
        text = quote + 1;
    }
    g_string_append_len(out, text, end - text);
    g_string_append_c(out, '"');
}

static bool refuse(const CsvWriter *writer, const Entry *entry, const char *column, GError **error,
                   const char *reason)
{
    error_set(error, ERROR_INVALID, "%s: %s: column %s: %s", writer->name, entry_dn(entry), column, reason);
    return false;
}

static bool check_value(CsvWriter *writer, const Entry *entry, const char *column, Value value,
                        GError **error)
{
    size_t at;
    if (value.len == 0)
        return refuse(writer, entry, column, error, "an empty value, which no field can hold");
    if (writer->separator && memchr(value.data, writer->separator, value.len))
        return refuse(writer, entry, column, error,
                      "the value holds the separator; choose another separator, or correct the value");
    if (text_encoder_can(writer->encoder, value.data, value.len, &at))
        return true;
    g_autofree char *reason =
        g_utf8_validate_len(value.data, value.len, NULL)
            ? g_strdup_printf(
                  "the encoding %s has no \"%.*s\"; choose another encoding, or correct the value",
                  writer->encoding, (int)(g_utf8_next_char(value.data + at) - (value.data + at)),
                  value.data + at)
            : g_strdup("the value is not text; leave the attribute out of the columns");
    return refuse(writer, entry, column, error, reason);
}

/* Puts @n values into the field. */
static bool join_values(CsvWriter *writer, const Entry *entry, const char *column, const Value *values,
                        size_t n, GError **error)
{
    g_string_truncate(writer->field, 0);
    if (n > 1 && !writer->separator)
        return refuse(writer, entry, column, error,
                      "several values, and the definition names no separator for them");
    for (size_t i = 0; i < n; i++) {
        if (!check_value(writer, entry, column, values[i], error))
            return false;
        if (i)
            g_string_append_c(writer->field, writer->separator);
        if (writer->guard && csv_needs_guard(values[i].data, values[i].len))
            g_string_append_c(writer->field, '\'');
        g_string_append_len(writer->field, values[i].data, (gssize)values[i].len);
    }
    return true;
}

/* How many of the first @n columns have that name. */
static size_t count_columns(const CsvWriter *writer, const char *name, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += g_ascii_strcasecmp(writer->columns[i], name) == 0;
    return count;
}

/* The field of column @i. */
static bool make_field(CsvWriter *writer, const Entry *entry, size_t i, GError **error)
{
    const char *column = writer->columns[i];
    gssize index = strcmp(column, "-") == 0 ? -1 : entry_index(entry, column);
    g_string_truncate(writer->field, 0);
    if (index < 0)
        return true;
    const Attribute *attribute = entry_attribute(entry, (size_t)index);
    size_t before = count_columns(writer, column, i);
    bool last = count_columns(writer, column, g_strv_length(writer->columns)) == before + 1;
    if (before >= attribute->n_values)
        return true;
    return join_values(writer, entry, column, attribute->values + before,
                       last ? attribute->n_values - before : 1, error);
}

static void end_row(GString *out)
{
    g_string_append(out, "\r\n");
}

/* --- rows --- */

void csv_write_header(CsvWriter *writer, GString *out)
{
    if (writer->marked)
        g_string_append(out, MARK);
    for (size_t i = 0; writer->header && writer->columns[i]; i++) {
        if (i)
            g_string_append_c(out, writer->delimiter);
        if (strcmp(writer->columns[i], "-") != 0)
            write_field(writer, writer->columns[i], strlen(writer->columns[i]), out);
    }
    if (writer->header)
        end_row(out);
}

void csv_write_trailer(CsvWriter *writer, size_t records, GString *out)
{
    if (!writer->trailer)
        return;
    size_t n = g_strv_length(writer->columns);
    write_field(writer, writer->trailer, strlen(writer->trailer), out);
    g_string_append_printf(out, "%c%zu", writer->delimiter, records);
    for (size_t i = 2; i < n; i++)
        g_string_append_c(out, writer->delimiter);
    end_row(out);
}

/* The reader would take a row for the trailer that has its word in the first field and nothing from the third
 * on. */
typedef struct {
    bool has_word, has_more;
} TrailerLook;

static void look_at_field(const CsvWriter *writer, size_t i, TrailerLook *look)
{
    if (i == 0)
        look->has_word = writer->trailer && strcmp(writer->field->str, writer->trailer) == 0;
    else if (i > 1 && writer->field->len)
        look->has_more = true;
}

static bool write_row(CsvWriter *writer, const Entry *entry, GString *out, GError **error)
{
    TrailerLook look = {0};
    size_t begin = out->len;
    for (size_t i = 0; writer->columns[i]; i++) {
        if (!make_field(writer, entry, i, error))
            return false;
        if (i)
            g_string_append_c(out, writer->delimiter);
        look_at_field(writer, i, &look);
        write_field(writer, writer->field->str, writer->field->len, out);
    }
    if (look.has_word && !look.has_more && writer->columns[1])
        return refuse(writer, entry, writer->columns[0], error,
                      "the row would be taken for the trailer; choose another word for count-trailer");
    if (out->len - begin > CSV_MAX_RECORD)
        return refuse(writer, entry, writer->key, error,
                      "the row is longer than " G_STRINGIFY(CSV_MAX_RECORD) " bytes");
    end_row(out);
    return true;
}

bool csv_write_entry(CsvWriter *writer, const Entry *entry, GString *out, GError **error)
{
    size_t before = out->len;
    gssize key = entry_index(entry, writer->key);
    bool good = key >= 0 && entry_attribute(entry, (size_t)key)->n_values
                    ? write_row(writer, entry, out, error)
                    : refuse(writer, entry, writer->key, error, "no value, which a row must have here");
    if (!good)
        g_string_truncate(out, before);
    return good;
}

bool csv_check_entry(CsvWriter *writer, const Entry *entry, GError **error)
{
    size_t n = g_strv_length(writer->columns);
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        if (attribute->n_values && count_columns(writer, attribute->name, n) == 0 &&
            g_ascii_strcasecmp(attribute->name, "objectClass") != 0)
            return refuse(
                writer, entry, attribute->name, error,
                "there is no such column; add it to columns=\"...\", or take the attribute out of the "
                "mapping");
    }
    g_autoptr(GString) row = g_string_new(NULL);
    return csv_write_entry(writer, entry, row, error);
}

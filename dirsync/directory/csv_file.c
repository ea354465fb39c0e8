/*
 * csv_file.c - the driver for CSV files
 *
 * The CSV reader and writer as a format of record_file.h. The trailer is the last row:
 * a word and a number. A file whose last line does not end is good when
 * trailer or checksum fit; the count of the last good read cannot tell a
 * value that was cut short.
 */
#include "dirsync/directory/csv_file.h"

#include "dirsync/csv.h"
#include "dirsync/directory/file_watch.h"
#include "dirsync/directory/record_file.h"
#include "dirsync/dn.h"

static CsvFormat format_of(const Endpoint *endpoint)
{
    return (CsvFormat){.delimiter = endpoint->delimiter,
                       .separator = endpoint->separator,
                       .encoding = endpoint->encoding,
                       .header = endpoint->header,
                       .columns = (const char *const *)endpoint->columns,
                       .trailer = endpoint->count_trailer,
                       .key = endpoint->key,
                       .guard_formulas = endpoint->is_target && endpoint->guard_formulas};
}

static const char *key_of(const Endpoint *endpoint)
{
    return endpoint->key ? endpoint->key : csv_first_column((const char *const *)endpoint->columns);
}

static void *open_reader(int fd, const Endpoint *endpoint, GError **error)
{
    CsvFormat csv = format_of(endpoint);
    if (endpoint->is_target) {
        csv.key = key_of(endpoint);
        csv.columns = endpoint->header ? NULL : csv.columns;
    }
    g_autoptr(CsvReader) reader = csv_reader_new(fd, endpoint->path, &csv, error);
    if (!reader || !csv_read_header(reader, error))
        return NULL;
    return g_steal_pointer(&reader);
}

static void close_reader(void *reader)
{
    csv_reader_free(reader);
}

static RecordStatus skip(void *reader, GError **error)
{
    return csv_skip_entry(reader, error);
}

static Entry *decode(void *reader, GError **error)
{
    return csv_decode_last(reader, error);
}

static Fingerprint fingerprint(void *reader)
{
    return csv_reader_fingerprint(reader);
}

static unsigned long line(void *reader)
{
    return csv_reader_line(reader);
}

static uint64_t offset(void *reader)
{
    return csv_reader_offset(reader);
}

static const TextSource *source(void *reader)
{
    return csv_reader_source(reader);
}

static const char *trailer(void *reader)
{
    return csv_reader_trailer(reader);
}

static bool at_end(void *reader)
{
    return csv_reader_at_end(reader);
}

/* --- writing --- */

typedef struct {
    const Endpoint *endpoint;
    CsvWriter *csv;
} Writer;

static void *open_writer(const Endpoint *endpoint, GError **error)
{
    CsvFormat csv = format_of(endpoint);
    if (!endpoint->columns) {
        error_set(error, ERROR_DEFINITION, "%s: a CSV file that is written wants columns=\"...\"",
                  endpoint->where ? endpoint->where : endpoint->path);
        return NULL;
    }
    CsvWriter *writer = csv_writer_new(endpoint->path, &csv, error);
    return writer ? g_memdup2(&(Writer){.endpoint = endpoint, .csv = writer}, sizeof(Writer)) : NULL;
}

static void close_writer(void *writer)
{
    csv_writer_free(((Writer *)writer)->csv);
    g_free(writer);
}

/* The only part of a name that a row can have; NULL when @dn is no such name. */
static const DnAva *naming_value(const Endpoint *endpoint, const Dn *dn)
{
    bool fits = dn && dn->n_rdns == 1 && dn->rdns[0].n_avas == 1 &&
                schema_same_attribute(schema_standard(), dn->rdns[0].avas[0].type, key_of(endpoint));
    return fits ? &dn->rdns[0].avas[0] : NULL;
}

/* Index of the value that names the row; that of the first when none does. */
static size_t find_name(const Attribute *attribute, const DnAva *name)
{
    const AttributeType *type = schema_attribute(schema_standard(), attribute->name);
    Value wanted = {.data = name->value, .len = name->len};
    for (size_t i = 0; i < attribute->n_values; i++)
        if (schema_values_equal(schema_standard(), type, attribute->values[i], wanted))
            return i;
    return 0;
}

/* The value @first goes before the others. */
static void add_values(Entry *entry, const char *column, const Attribute *attribute, size_t first)
{
    for (size_t i = 0; i < attribute->n_values; i++) {
        size_t at = i == 0 ? first : i <= first ? i - 1 : i;
        entry_add(entry, column, attribute->values[at].data, attribute->values[at].len);
    }
}

/* Attributes become columns, and what names the row is the first value of its key, as the reader wants it. */
static Entry *prepare(void *writer, const Entry *entry, GError **error)
{
    const Writer *self = writer;
    g_autoptr(Dn) dn = dn_parse(entry_dn(entry), NULL);
    const DnAva *name = naming_value(self->endpoint, dn);
    if (!name) {
        error_set(error, ERROR_REFUSED,
                  "%s: the name of a row is %s=VALUE (64); correct the naming in the mapping",
                  entry_dn(entry), key_of(self->endpoint));
        return NULL;
    }
    g_autoptr(Entry) row = entry_new(entry_dn(entry));
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        const char *found = csv_column_of((const char *const *)self->endpoint->columns, attribute->name);
        const char *column = found ? found : attribute->name;
        bool is_key = schema_same_attribute(schema_standard(), column, name->type);
        add_values(row, column, attribute, is_key ? find_name(attribute, name) : 0);
    }
    return csv_check_entry(self->csv, row, error) ? g_steal_pointer(&row) : NULL;
}

static void write_head(void *writer, GString *out)
{
    csv_write_header(((Writer *)writer)->csv, out);
}

static bool write_entry(void *writer, const Entry *entry, GString *out, GError **error)
{
    return csv_write_entry(((Writer *)writer)->csv, entry, out, error);
}

static void write_tail(void *writer, size_t records, GString *out)
{
    csv_write_trailer(((Writer *)writer)->csv, records, out);
}

static const RecordWriter writer_of_csv = {
    .open = open_writer,
    .close = close_writer,
    .prepare = prepare,
    .head = write_head,
    .entry = write_entry,
    .tail = write_tail,
};

static const RecordFormat format = {
    .open = open_reader,
    .close = close_reader,
    .skip = skip,
    .decode = decode,
    .fingerprint = fingerprint,
    .line = line,
    .offset = offset,
    .source = source,
    .trailer = trailer,
    .at_end = at_end,
    .end_wants_proof = true,
    .trailer_form = "last line is not \"%s\" and a number in the first two columns",
    .writer = &writer_of_csv,
};

static Directory *csv_file_open(const Endpoint *endpoint, GError **error)
{
    return record_file_open(endpoint, &csv_driver, &format, error);
}

const DirectoryDriver csv_driver = {
    .name = "csv",
    .open = csv_file_open,
    .close = record_file_close,
    .describe = record_file_describe,
    .read = record_file_read,
    .changes = record_file_changes,
    .fetch = record_file_fetch,
    .search = record_file_search,
    .submit = record_file_submit,
    .flush = record_file_flush,
    .watch = file_watch,
};

/*
 * fuzz_csv.c - CSV of any kind
 *
 * The first two bytes choose how the file is written. Checks that skipping
 * and decoding agree on every record, that every DN parses, that values and
 * messages are text, and that what the writer takes comes back as it was.
 */
#include "dirsync/csv.h"
#include "dirsync/dn.h"
#include "dirsync/text_source.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const columns[] = {"id", "-", "mail", "mail", NULL};

static void demand(bool condition)
{
    if (!condition)
        abort();
}

static bool same_entry(const Entry *a, const Entry *b)
{
    g_autoptr(GByteArray) left = g_byte_array_new(), right = g_byte_array_new();
    entry_serialise(a, left);
    entry_serialise(b, right);
    return left->len == right->len && memcmp(left->data, right->data, left->len) == 0;
}

static void check_entry(const Entry *entry)
{
    g_autoptr(Dn) dn = dn_parse(entry_dn(entry), NULL);
    demand(dn && dn->n_rdns == 1 && entry_n_attributes(entry) > 0);
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        demand(csv_is_column(attribute->name) && attribute->n_values > 0);
        for (size_t j = 0; j < attribute->n_values; j++)
            demand(attribute->values[j].len > 0 &&
                   g_utf8_validate_len(attribute->values[j].data, attribute->values[j].len, NULL));
    }
}

/* An entry that the writer takes has the same values when it is read again. */
static void write_and_read(const Entry *entry, CsvFormat format)
{
    format.columns = columns;
    format.encoding = NULL;
    CsvWriter *writer = csv_writer_new("write", &format, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    demand(writer);
    csv_write_header(writer, text);
    if (csv_check_entry(writer, entry, NULL)) {
        demand(csv_write_entry(writer, entry, text, NULL));
        CsvReader *reader = csv_reader_new_memory(text->str, text->len, "again", &format, NULL);
        Entry *again = NULL;
        demand(csv_read_entry(reader, &again, NULL) == RECORD_GOOD);
        for (size_t i = 0; i < entry_n_attributes(entry); i++) {
            const Attribute *a = entry_attribute(entry, i);
            gssize at = entry_index(again, a->name);
            demand(at >= 0 && entry_attribute(again, (size_t)at)->n_values == a->n_values);
            const Attribute *b = entry_attribute(again, (size_t)at);
            for (size_t j = 0; j < a->n_values; j++)
                demand(a->values[j].len == b->values[j].len &&
                       memcmp(a->values[j].data, b->values[j].data, a->values[j].len) == 0);
        }
        entry_free(again);
        csv_reader_free(reader);
    }
    csv_writer_free(writer);
}

static void check_record(CsvReader *skipping, const Entry *read, const CsvFormat *format)
{
    Entry *decoded = csv_decode_last(skipping, NULL);
    demand(decoded && same_entry(read, decoded));
    check_entry(decoded);
    write_and_read(decoded, *format);
    entry_free(decoded);
}

static void read_both(CsvReader *skipping, CsvReader *reading, size_t size, const CsvFormat *format)
{
    RecordStatus status;
    unsigned long line = 0;
    do {
        GError *error = NULL;
        Entry *entry = NULL;
        status = csv_skip_entry(skipping, &error);
        demand((status == RECORD_BAD || status == RECORD_FAILED) == (error != NULL));
        demand(!error || g_utf8_validate(error->message, -1, NULL));
        g_clear_error(&error);
        demand(csv_read_entry(reading, &entry, NULL) == status);
        demand(csv_reader_line(skipping) >= line && csv_reader_offset(skipping) <= size);
        line = csv_reader_line(skipping);
        if (status == RECORD_GOOD)
            check_record(skipping, entry, format);
        entry_free(entry);
    } while (status == RECORD_GOOD || status == RECORD_BAD);
    demand(csv_skip_entry(skipping, NULL) != RECORD_GOOD);
}

static CsvFormat choose_format(uint8_t how, uint8_t encoding)
{
    static const char delimiters[] = ",;\t|";
    size_t n = 0;
    while (text_encodings[n])
        n++;
    bool named = how & 16;
    return (CsvFormat){.delimiter = delimiters[how % 4],
                       .separator = how & 4 ? '&' : '\0',
                       .encoding = text_encodings[encoding % (n + 1)],
                       .header = !named || how & 8,
                       .columns = named ? columns : NULL,
                       .trailer = how & 32 ? "count" : NULL,
                       .key = how & 64 && named ? "id" : NULL,
                       .guard_formulas = how & 128};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    CsvFormat format = choose_format(data[0], data[1]);
    CsvReader *skipping = csv_reader_new_memory(data + 2, size - 2, "skip", &format, NULL);
    CsvReader *reading = csv_reader_new_memory(data + 2, size - 2, "read", &format, NULL);
    demand(skipping && reading);
    read_both(skipping, reading, size - 2, &format);
    csv_reader_free(reading);
    csv_reader_free(skipping);
    return 0;
}

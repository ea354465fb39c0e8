/*
 * csv_file.c - the driver for CSV files
 *
 * The CSV reader as a format of record_file.h. The trailer is the last row:
 * a word and a number. A file whose last line does not end is good when
 * trailer or checksum fit; the count of the last good read cannot tell a
 * value that was cut short.
 */
#include "dirsync/directory/csv_file.h"

#include "dirsync/csv.h"
#include "dirsync/directory/record_file.h"

static void *open_reader(int fd, const Endpoint *endpoint, GError **error)
{
    CsvFormat csv = {.delimiter = endpoint->delimiter,
                     .separator = endpoint->separator,
                     .encoding = endpoint->encoding,
                     .header = endpoint->header,
                     .columns = (const char *const *)endpoint->columns,
                     .trailer = endpoint->count_trailer};
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
    switch (csv_skip_entry(reader, error)) {
    case CSV_RECORD: return RECORD_GOOD;
    case CSV_BAD: return RECORD_BAD;
    case CSV_END: return RECORD_END;
    case CSV_CUT: return RECORD_CUT;
    case CSV_FAILED: break;
    }
    return RECORD_FAILED;
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

static const char *trailer(void *reader)
{
    return csv_reader_trailer(reader);
}

static bool at_end(void *reader)
{
    return csv_reader_at_end(reader);
}

static const RecordFormat format = {
    .open = open_reader,
    .close = close_reader,
    .skip = skip,
    .decode = decode,
    .fingerprint = fingerprint,
    .line = line,
    .offset = offset,
    .trailer = trailer,
    .at_end = at_end,
    .end_wants_proof = true,
    .trailer_form = "last line is not \"%s\" and a number in the first two columns",
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
    .fetch = record_file_fetch,
    .search = record_file_search,
};

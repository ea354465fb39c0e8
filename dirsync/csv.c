/*
 * csv.c - the CSV reader: finding records
 *
 * The input passes through one buffer. Outside quotes what comes next is a
 * line end or a quote, inside quotes it is a quote; both are found with
 * memchr(), and what memchr() found stays known, so that time is linear for
 * any mixture. Of a record that is longer than memory should hold the rest is
 * still followed, quotes and all, to find where the next one begins.
 * What fields say is taken apart in csv_fields.c.
 */
#include "dirsync/csv.h"

#include "dirsync/csv_text.h"
#include "dirsync/text_source.h"

#include <errno.h>
#include <string.h>

#define FIRST_BUFFER ((size_t)256 * 1024)

/* Where the next character of a kind is, or up to where there is none. */
typedef struct {
    size_t at;
    bool found;
} Seek;

struct CsvReader {
    TextSource source;
    char *name, *encoding, *trailer_word;
    bool header;     /* there is one, not read yet */
    bool begun;      /* columns are known, or never will be */
    GError *failure; /* why they are not */
    CsvColumns columns;
    Fingerprint columns_fingerprint;

    char *buffer;
    size_t size;
    size_t record, record_end;
    size_t position; /* behind the record and its line end */
    size_t scan;     /* no record ends before this */
    size_t end;      /* of the bytes in the buffer */
    bool no_more;    /* the source is exhausted */
    Seek line_feed, carriage_return, quote;

    unsigned long line; /* lines consumed */
    unsigned long record_line;
    bool quoted;     /* scan is inside quotes */
    size_t opened;   /* where the quotes began, from the record on */
    bool any_quote;  /* in the record */
    bool too_long;   /* the record is thrown away as it comes */
    bool cut;        /* the input ended inside quotes */
    bool unended;    /* the input ended without a line end */
    GError *problem; /* why the record is bad; the first reason counts */
    GString *trailer;
    bool trailer_seen; /* and nothing after it */
};

/* --- making and asking --- */

static CsvReader *reader_new(TextSource source, const char *name, const CsvFormat *format, GError **error)
{
    if (!csv_format_check(format, name, error) || !text_source_convert(&source, format->encoding, error))
        return NULL;
    CsvReader *reader = g_new0(CsvReader, 1);
    reader->source = source;
    reader->name = g_strdup(name);
    reader->encoding = g_strdup(format->encoding);
    reader->trailer_word = g_strdup(format->trailer);
    reader->header = format->header;
    reader->trailer = g_string_new(NULL);
    csv_columns_begin(&reader->columns, format);
    return reader;
}

CsvReader *csv_reader_new(int fd, const char *name, const CsvFormat *format, GError **error)
{
    TextSource source;
    text_source_begin(&source, fd);
    return reader_new(source, name, format, error);
}

CsvReader *csv_reader_new_memory(const void *data, size_t len, const char *name, const CsvFormat *format,
                                 GError **error)
{
    TextSource source;
    text_source_begin_memory(&source, data, len);
    return reader_new(source, name, format, error);
}

void csv_reader_free(CsvReader *reader)
{
    if (!reader)
        return;
    text_source_end(&reader->source);
    csv_columns_end(&reader->columns);
    g_clear_error(&reader->problem);
    g_clear_error(&reader->failure);
    g_string_free(reader->trailer, TRUE);
    g_free(reader->buffer);
    g_free(reader->trailer_word);
    g_free(reader->encoding);
    g_free(reader->name);
    g_free(reader);
}

unsigned long csv_reader_line(const CsvReader *reader)
{
    return reader->record_line;
}

const TextSource *csv_reader_source(const CsvReader *reader)
{
    return &reader->source;
}

uint64_t csv_reader_offset(const CsvReader *reader)
{
    size_t ahead = reader->source.converter ? 0 : reader->end - reader->position;
    return reader->source.taken - ahead;
}

const char *csv_reader_trailer(const CsvReader *reader)
{
    return reader->trailer_seen ? reader->trailer->str : NULL;
}

bool csv_reader_at_end(const CsvReader *reader)
{
    return reader->unended;
}

static CsvRecord last_record(const CsvReader *reader)
{
    return (CsvRecord){.text = reader->buffer + reader->record,
                       .len = reader->record_end - reader->record,
                       .quotes = reader->any_quote,
                       .line = reader->record_line,
                       .file = reader->name};
}

Fingerprint csv_reader_fingerprint(const CsvReader *reader)
{
    Fingerprint bytes =
        fingerprint_bytes(reader->buffer + reader->record, reader->record_end - reader->record);
    bytes.low ^= reader->columns_fingerprint.low;
    bytes.high ^= reader->columns_fingerprint.high;
    return bytes;
}

/* --- the buffer --- */

/* Moves the record, as far as it is there, to the front. */
static void close_gap(CsvReader *reader)
{
    size_t gone = reader->record;
    if (gone == 0)
        return;
    memmove(reader->buffer, reader->buffer + gone, reader->end - gone);
    reader->record = 0;
    reader->scan -= gone;
    reader->end -= gone;
    Seek *const seeks[] = {&reader->line_feed, &reader->carriage_return, &reader->quote};
    for (size_t i = 0; i < G_N_ELEMENTS(seeks); i++)
        if (seeks[i]->at < gone)
            *seeks[i] = (Seek){0};
        else
            seeks[i]->at -= gone;
}

static bool grow(CsvReader *reader, GError **error)
{
    bool small = reader->source.fd < 0 && !reader->source.converter;
    size_t first = small ? MIN(FIRST_BUFFER, reader->source.memory_left + TEXT_SOURCE_ROOM) : FIRST_BUFFER;
    size_t size = reader->size ? reader->size * 2 : first;
    char *buffer = g_try_realloc(reader->buffer, size);
    if (!buffer) {
        error_set(error, ERROR_IO, "%s:%lu: no memory for a buffer of %zu bytes", reader->name,
                  reader->line + 1, size);
        return false;
    }
    reader->buffer = buffer;
    reader->size = size;
    return true;
}

/* Reads more behind what is there; at the end of the source sets no_more. */
static bool fill(CsvReader *reader, GError **error)
{
    close_gap(reader);
    if (reader->size - reader->end < TEXT_SOURCE_ROOM && !grow(reader, error))
        return false;
    ssize_t n = text_source_take(&reader->source, reader->buffer + reader->end, reader->size - reader->end);
    if (n < 0) {
        error_set(error, ERROR_IO, "%s: cannot be read: %s", reader->name, g_strerror(errno));
        return false;
    }
    reader->no_more = n == 0;
    reader->end += (size_t)n;
    return true;
}

static void seek_next(const CsvReader *reader, Seek *seek, char c)
{
    if (seek->at < reader->scan)
        *seek = (Seek){.at = reader->scan};
    if (seek->found)
        return;
    const char *hit =
        seek->at < reader->end ? memchr(reader->buffer + seek->at, c, reader->end - seek->at) : NULL;
    seek->found = hit != NULL;
    seek->at = hit ? (size_t)(hit - reader->buffer) : reader->end;
}

/* --- scanning for the end of the record --- */

static void set_problem(CsvReader *reader, size_t at, const char *problem)
{
    CsvRecord record = last_record(reader);
    record.len = reader->end - reader->record;
    if (!reader->problem)
        csv_record_fail(&record, at - reader->record, ERROR_INVALID, &reader->problem, "%s", problem);
}

static void open_quote(CsvReader *reader, size_t at)
{
    reader->any_quote = true;
    reader->scan = at + 1;
    if (at == reader->record || reader->buffer[at - 1] == reader->columns.delimiter) {
        reader->quoted = true;
        reader->opened = at - reader->record;
    } else {
        set_problem(reader, at,
                    "a quote in a field that does not begin with one; quote the whole field, and "
                    "double the quotes in it");
    }
}

/* Goes behind the closing quote. False when the buffer does not tell yet. */
static bool close_quote(CsvReader *reader)
{
    for (;;) {
        seek_next(reader, &reader->quote, '"');
        size_t at = reader->scan = reader->quote.at;
        if (!reader->quote.found || (at + 1 == reader->end && !reader->no_more))
            return false;
        reader->scan = at + 1;
        char next = at + 1 < reader->end ? reader->buffer[at + 1] : '\n';
        if (next == '"') {
            reader->scan = at + 2;
            continue;
        }
        reader->quoted = false;
        if (next != reader->columns.delimiter && next != '\n' && next != '\r')
            set_problem(reader, at + 1, "text behind the closing quote of a field; quotes in it are doubled");
        return true;
    }
}

/* Sets record_end and position when a line end comes before the next quote. */
static bool take_line_end(CsvReader *reader)
{
    const Seek *line_feed = &reader->line_feed, *carriage_return = &reader->carriage_return;
    size_t at = MIN(line_feed->at, carriage_return->at), next = at + 1;
    reader->scan = at;
    if (carriage_return->found && carriage_return->at < line_feed->at) {
        if (next == reader->end && !reader->no_more)
            return false; /* a line feed may belong to it */
        next += next < reader->end && reader->buffer[next] == '\n';
    } else if (!line_feed->found) {
        return false;
    }
    reader->record_end = at;
    reader->position = next;
    return true;
}

/* Looks for the end of the record; false when the buffer does not tell yet. */
static bool find_end(CsvReader *reader)
{
    for (;;) {
        if (reader->quoted && !close_quote(reader))
            return false;
        seek_next(reader, &reader->line_feed, '\n');
        seek_next(reader, &reader->carriage_return, '\r');
        seek_next(reader, &reader->quote, '"');
        if (!reader->quote.found || reader->quote.at > MIN(reader->line_feed.at, reader->carriage_return.at))
            return take_line_end(reader);
        open_quote(reader, reader->quote.at);
    }
}

/* Holds the record, which goes on until @end at least, against what memory should hold. */
static void check_length(CsvReader *reader, size_t end)
{
    if (reader->too_long || end - reader->record <= CSV_MAX_RECORD)
        return;
    set_problem(reader, reader->record, "the record is longer than " G_STRINGIFY(CSV_MAX_RECORD) " bytes");
    reader->too_long = true;
}

/* A record without an end in sight: what is too long is thrown away, but for the last byte, which may be
 * the delimiter before a quote. */
static void bound_record(CsvReader *reader)
{
    check_length(reader, reader->end);
    if (!reader->too_long)
        return;
    if (reader->scan <= reader->record + 1)
        return;
    size_t gone = reader->scan - 1 - reader->record;
    reader->line += csv_count_lines(reader->buffer + reader->record, gone, true);
    reader->record += gone;
}

/* The input ends inside the record. */
static void end_with_input(CsvReader *reader)
{
    reader->record_end = reader->position = reader->end;
    reader->cut = reader->quoted;
    reader->unended = true;
    if (reader->quoted && !reader->too_long)
        set_problem(reader, reader->record + reader->opened,
                    "the quotes that open here are never closed; the end of the file was reached");
}

static void begin_record(CsvReader *reader)
{
    reader->record = reader->record_end = reader->scan = reader->position;
    reader->record_line = reader->line + 1;
    reader->quoted = reader->any_quote = reader->too_long = false;
    g_clear_error(&reader->problem);
}

static void count_lines(CsvReader *reader)
{
    reader->line++;
    if (reader->any_quote)
        reader->line += csv_count_lines(reader->buffer + reader->record, reader->record_end - reader->record,
                                        reader->record_end < reader->end);
}

/* One row, whatever is in it. */
static RecordStatus gather(CsvReader *reader, GError **error)
{
    begin_record(reader);
    while (!find_end(reader)) {
        if (!reader->no_more) {
            bound_record(reader);
            if (!fill(reader, error))
                return RECORD_FAILED;
            reader->position = reader->record;
        } else if (reader->record == reader->end) {
            reader->record_line = reader->line;
            return reader->cut ? RECORD_CUT : RECORD_END;
        } else {
            end_with_input(reader);
            break;
        }
    }
    check_length(reader, reader->record_end);
    count_lines(reader);
    return RECORD_GOOD;
}

/* --- rows --- */

static const char *why_not_text(const CsvReader *reader, char c)
{
    if (c == '\0')
        return "a NUL byte; the file is damaged or has another encoding";
    return reader->source.converter
               ? "bytes that do not exist in the encoding of the definition"
               : "bytes that are not UTF-8; if the file has another encoding, name it in the definition "
                 "(encoding=\"windows-1252\")";
}

/* The next row with something in it; RECORD_BAD when its quotes or bytes are not in order. */
static RecordStatus next_row(CsvReader *reader, GError **error)
{
    RecordStatus status;
    CsvRecord row;
    do {
        status = gather(reader, error);
        row = last_record(reader);
    } while (status == RECORD_GOOD && !reader->problem && csv_record_is_empty(&reader->columns, &row));
    if (status != RECORD_GOOD)
        return status;
    const char *bad;
    if (!reader->problem && !g_utf8_validate_len(row.text, row.len, &bad))
        set_problem(reader, (size_t)(bad - reader->buffer), why_not_text(reader, *bad));
    if (!reader->problem)
        return RECORD_GOOD;
    g_propagate_error(error, g_steal_pointer(&reader->problem));
    return RECORD_BAD;
}

/* --- the beginning of the file --- */

static bool starts_with(const CsvReader *reader, const char *bytes, size_t len)
{
    return reader->end >= len && memcmp(reader->buffer, bytes, len) == 0;
}

/* The encoding that a byte order mark tells, when it is not the one of the definition. */
static const char *other_encoding(const CsvReader *reader)
{
    const char *const orders[] = {"utf-16le", "utf-16be"};
    if (!reader->source.converter && starts_with(reader, "\xFF\xFE", 2))
        return orders[0];
    if (!reader->source.converter && starts_with(reader, "\xFE\xFF", 2))
        return orders[1];
    if (reader->source.converter && starts_with(reader, "\xEF\xBF\xBE", 3)) /* read the wrong way round */
        return orders[g_ascii_strcasecmp(reader->encoding, orders[0]) == 0];
    return NULL;
}

/* A byte order mark, in UTF-8 or converted to it, is passed over. */
static bool take_mark(CsvReader *reader, GError **error)
{
    while (reader->end < 3 && !reader->no_more)
        if (!fill(reader, error))
            return false;
    if (starts_with(reader, "\xEF\xBB\xBF", 3))
        reader->position = 3;
    const char *other = other_encoding(reader);
    if (other)
        error_set(error, ERROR_SOURCE,
                  "%s: begins with the mark of UTF-16; say encoding=\"%s\" in the definition", reader->name,
                  other);
    return !other;
}

static void take_header(CsvReader *reader, GError **error)
{
    g_autoptr(GError) bad = NULL;
    RecordStatus status = next_row(reader, &bad);
    CsvRecord row = last_record(reader);
    if (status == RECORD_GOOD)
        csv_columns_take_header(&reader->columns, &row, error);
    else if (status == RECORD_FAILED)
        g_propagate_error(error, g_steal_pointer(&bad));
    else
        error_set(error, ERROR_SOURCE, "%s%s", bad ? bad->message : reader->name,
                  bad ? "" : ": no header, and nothing else");
}

/* Tried once: who asks again must not get the second row for a header. */
bool csv_read_header(CsvReader *reader, GError **error)
{
    if (!reader->begun && take_mark(reader, &reader->failure) && reader->header)
        take_header(reader, &reader->failure);
    if (!reader->begun && !reader->failure &&
        csv_columns_check_key(&reader->columns, reader->name, &reader->failure))
        reader->columns_fingerprint = csv_columns_fingerprint(&reader->columns);
    reader->begun = true;
    if (reader->failure && error)
        *error = g_error_copy(reader->failure);
    return !reader->failure;
}

/* --- records --- */

RecordStatus csv_skip_entry(CsvReader *reader, GError **error)
{
    if (!csv_read_header(reader, error))
        return RECORD_FAILED;
    for (;;) {
        RecordStatus status = next_row(reader, error);
        if (status == RECORD_BAD)
            reader->trailer_seen = false;
        if (status != RECORD_GOOD)
            return status;
        CsvRecord record = last_record(reader);
        const char *word = reader->trailer_word;
        reader->trailer_seen =
            word && csv_record_is_trailer(&reader->columns, &record, word, reader->trailer);
        if (!reader->trailer_seen)
            return csv_record_check(&reader->columns, &record, error) ? RECORD_GOOD : RECORD_BAD;
    }
}

Entry *csv_decode_last(CsvReader *reader, GError **error)
{
    CsvRecord record = last_record(reader);
    return csv_record_decode(&reader->columns, &record, error);
}

RecordStatus csv_read_entry(CsvReader *reader, Entry **entry, GError **error)
{
    *entry = NULL;
    RecordStatus status = csv_skip_entry(reader, error);
    if (status != RECORD_GOOD)
        return status;
    *entry = csv_decode_last(reader, error);
    return *entry ? RECORD_GOOD : RECORD_BAD;
}

/*
 * ldif.c - the LDIF reader: finding records, unfolding them, decoding content
 *
 * The input passes through one buffer. A record is unfolded where it lies:
 * its lines are moved together in [record, record_end), each ended by '\n',
 * which costs nothing where there is no folding. Line ends are found with
 * memchr(), and what memchr() found stays known, so that time is linear for
 * any mixture of line ends. Memory is bounded by the longest record.
 * What lines say is taken apart in ldif_text.c, changes in ldif_change.c.
 */
#include "dirsync/ldif.h"

#include "dirsync/error.h"
#include "dirsync/ldif_text.h"
#include "dirsync/text_source.h"

#include <errno.h>
#include <string.h>

#define FIRST_BUFFER ((size_t)256 * 1024)
#define MAX_COMMENTS ((size_t)1024 * 1024)

/* Where the next character of a kind is, or up to where there is none. */
typedef struct {
    size_t at;
    bool found;
} Seek;

typedef enum { AFTER_NOTHING, AFTER_LINE, AFTER_COMMENT } Previous; /* what a folded line continues */

struct LdifReader {
    TextSource source;
    char *name;

    char *buffer;
    size_t size;
    size_t record, record_end; /* unfolded lines of the record */
    size_t position;           /* first byte not consumed; >= record_end */
    size_t end;                /* of the bytes in the buffer */
    bool no_more;              /* the source is exhausted */
    Seek line_feed, carriage_return;

    unsigned long line; /* physical lines consumed */
    unsigned long record_line;
    Previous previous;
    const char *problem; /* why the record is bad; the first reason counts */
    bool too_long;       /* the rest of the record is thrown away */
    bool line_skipped;   /* the beginning of this line was thrown away */
    bool at_end;
    GString *comments; /* of this record */
    GString *last_comment;
    bool any_comment;
    LdifLines lines;
};

static LdifReader *reader_new(const char *name)
{
    LdifReader *reader = g_new0(LdifReader, 1);
    reader->name = g_strdup(name);
    reader->comments = g_string_new(NULL);
    reader->last_comment = g_string_new(NULL);
    return reader;
}

LdifReader *ldif_reader_new(int fd, const char *name)
{
    LdifReader *reader = reader_new(name);
    text_source_begin(&reader->source, fd);
    return reader;
}

LdifReader *ldif_reader_new_memory(const void *data, size_t len, const char *name)
{
    LdifReader *reader = reader_new(name);
    text_source_begin_memory(&reader->source, data, len);
    return reader;
}

void ldif_reader_free(LdifReader *reader)
{
    if (!reader)
        return;
    ldif_lines_clear(&reader->lines);
    text_source_end(&reader->source);
    g_string_free(reader->comments, TRUE);
    g_string_free(reader->last_comment, TRUE);
    g_free(reader->buffer);
    g_free(reader->name);
    g_free(reader);
}

unsigned long ldif_reader_line(const LdifReader *reader)
{
    return reader->record_line;
}

const TextSource *ldif_reader_source(const LdifReader *reader)
{
    return &reader->source;
}

uint64_t ldif_reader_offset(const LdifReader *reader)
{
    return reader->source.taken - (reader->end - reader->position);
}

const char *ldif_reader_last_comment(const LdifReader *reader)
{
    return reader->any_comment ? reader->last_comment->str : NULL;
}

const char *ldif_reader_name(const LdifReader *reader)
{
    return reader->name;
}

const GString *ldif_reader_comments(const LdifReader *reader)
{
    return reader->comments;
}

bool ldif_reader_at_end(const LdifReader *reader)
{
    return reader->at_end;
}

Fingerprint ldif_reader_fingerprint(const LdifReader *reader)
{
    return fingerprint_bytes(reader->buffer + reader->record, reader->record_end - reader->record);
}

static size_t moved(size_t at, size_t from, size_t to)
{
    return at < from ? to : at - from + to;
}

/* Moves the record to the front of the buffer and what is not consumed right behind it. */
static void close_gaps(LdifReader *reader)
{
    size_t kept = reader->record_end - reader->record, from = reader->position;
    if (reader->record > 0)
        memmove(reader->buffer, reader->buffer + reader->record, kept);
    if (from > kept)
        memmove(reader->buffer + kept, reader->buffer + from, reader->end - from);
    reader->record = 0;
    reader->record_end = reader->position = kept;
    reader->end = reader->end - from + kept;
    reader->line_feed.at = moved(reader->line_feed.at, from, kept);
    reader->carriage_return.at = moved(reader->carriage_return.at, from, kept);
}

static bool grow(LdifReader *reader, GError **error)
{
    const TextSource *source = &reader->source;
    size_t first = source->fd < 0 ? MIN(FIRST_BUFFER, source->memory_left + 1) : FIRST_BUFFER;
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
static bool fill(LdifReader *reader, GError **error)
{
    if (reader->buffer)
        close_gaps(reader);
    if (reader->end == reader->size && !grow(reader, error))
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

static void seek_next(const LdifReader *reader, Seek *seek, char c)
{
    if (seek->at < reader->position)
        *seek = (Seek){.at = reader->position};
    if (seek->found)
        return;
    const char *hit =
        seek->at < reader->end ? memchr(reader->buffer + seek->at, c, reader->end - seek->at) : NULL;
    seek->found = hit != NULL;
    seek->at = hit ? (size_t)(hit - reader->buffer) : reader->end;
}

/* Sets @end to the end of the next physical line and @next behind its line end; false when the buffer
 * does not tell yet. */
static bool find_line(LdifReader *reader, size_t *end, size_t *next)
{
    seek_next(reader, &reader->line_feed, '\n');
    seek_next(reader, &reader->carriage_return, '\r');
    if (reader->carriage_return.found && reader->carriage_return.at < reader->line_feed.at) {
        *end = reader->carriage_return.at;
        if (*end + 1 == reader->end && !reader->no_more)
            return false; /* a line feed may belong to it */
        bool pair = *end + 1 < reader->end && reader->buffer[*end + 1] == '\n';
        *next = *end + (pair ? 2 : 1);
        return true;
    }
    *end = reader->line_feed.at;
    *next = *end + 1;
    return reader->line_feed.found;
}

static void set_problem(LdifReader *reader, const char *problem)
{
    if (!reader->problem)
        reader->problem = problem;
}

/* Throws away what was gathered of a record that is longer than memory should hold. */
static void give_up_record(LdifReader *reader)
{
    set_problem(reader, "the record is longer than " G_STRINGIFY(LDIF_MAX_RECORD) " bytes");
    reader->too_long = true;
    reader->record_end = reader->record;
}

static void append_line(LdifReader *reader, size_t from, size_t len)
{
    if (reader->record_end - reader->record + len >= LDIF_MAX_RECORD)
        give_up_record(reader);
    if (reader->too_long)
        return;
    if (reader->record_end != from)
        memmove(reader->buffer + reader->record_end, reader->buffer + from, len);
    reader->record_end += len;
    reader->buffer[reader->record_end++] = '\n'; /* there was a line end, so there is room */
}

static void take_line(LdifReader *reader, size_t from, size_t len)
{
    if (reader->record_line == 0)
        reader->record_line = reader->line;
    reader->previous = AFTER_LINE;
    append_line(reader, from, len);
}

static void append_comment(LdifReader *reader, const char *text, size_t len)
{
    if (reader->comments->len + len >= MAX_COMMENTS) {
        set_problem(reader, "the comments of the record are longer than a mebibyte");
        return;
    }
    g_string_append_len(reader->comments, text, (gssize)len);
    g_string_append_len(reader->last_comment, text, (gssize)len);
}

static void take_comment(LdifReader *reader, size_t from, size_t len)
{
    const char *text = reader->buffer + from + 1;
    size_t blank = len > 1 && *text == ' ';
    if (reader->comments->len)
        g_string_append_c(reader->comments, '\n');
    g_string_truncate(reader->last_comment, 0);
    append_comment(reader, text + blank, len - 1 - blank);
    reader->any_comment = true;
    reader->previous = AFTER_COMMENT;
}

static void take_continuation(LdifReader *reader, size_t from, size_t len)
{
    if (reader->previous == AFTER_COMMENT) {
        append_comment(reader, reader->buffer + from + 1, len - 1);
    } else if (reader->previous == AFTER_LINE) {
        if (!reader->too_long)
            reader->record_end--; /* the line before goes on */
        append_line(reader, from + 1, len - 1);
    } else {
        set_problem(reader, "the record begins with a continuation line");
        take_line(reader, from, len);
    }
}

static bool record_begun(const LdifReader *reader)
{
    return reader->record_end > reader->record || reader->too_long;
}

/* One physical line of @len bytes at @from. Returns true when it ends the record. */
static bool take_physical_line(LdifReader *reader, size_t from, size_t len)
{
    reader->line++;
    if (reader->line_skipped) {
        reader->line_skipped = false;
        return false;
    }
    if (len == 0) {
        if (record_begun(reader))
            return true;
        g_string_truncate(reader->comments, 0); /* a comment that stands alone */
        reader->previous = AFTER_NOTHING;
        reader->problem = NULL;
        return false;
    }
    if (reader->buffer[from] == ' ')
        take_continuation(reader, from, len);
    else if (reader->buffer[from] == '#')
        take_comment(reader, from, len);
    else
        take_line(reader, from, len);
    return false;
}

/* A line without an end in sight: what is too long for a record is thrown away as it comes. */
static void bound_partial_line(LdifReader *reader)
{
    size_t gathered = reader->record_end - reader->record, partial = reader->end - reader->position;
    if (!reader->line_skipped && gathered + partial <= LDIF_MAX_RECORD)
        return;
    if (reader->record_line == 0)
        reader->record_line = reader->line + 1;
    give_up_record(reader);
    reader->previous = AFTER_LINE;
    reader->line_skipped = true;
    reader->position = reader->end;
}

static void begin_record(LdifReader *reader)
{
    reader->record = reader->record_end = reader->position;
    reader->record_line = 0;
    reader->previous = AFTER_NOTHING;
    reader->problem = NULL;
    reader->too_long = reader->line_skipped = reader->at_end = false;
    g_string_truncate(reader->comments, 0);
}

static bool skip_byte_order_mark(LdifReader *reader, GError **error)
{
    if (reader->source.taken > 0)
        return true;
    while (reader->end < 3 && !reader->no_more)
        if (!fill(reader, error))
            return false;
    if (reader->end >= 3 && memcmp(reader->buffer, "\xEF\xBB\xBF", 3) == 0)
        reader->position = 3;
    return true;
}

/* Checks what concerns the bytes of the whole record. */
static RecordStatus end_record(LdifReader *reader, GError **error)
{
    const char *text = reader->buffer + reader->record;
    size_t len = reader->record_end - reader->record;
    if (!reader->problem && len && memchr(text, '\0', len))
        reader->problem = "the record holds a NUL byte; the file is damaged or not UTF-8";
    if (!reader->problem)
        return RECORD_GOOD;
    error_set(error, ERROR_INVALID, "%s:%lu: %s", reader->name, reader->record_line, reader->problem);
    return RECORD_BAD;
}

static RecordStatus gather(LdifReader *reader, GError **error)
{
    if (!skip_byte_order_mark(reader, error))
        return RECORD_FAILED;
    begin_record(reader);
    for (;;) {
        size_t end, next;
        if (find_line(reader, &end, &next)) {
            size_t from = reader->position;
            reader->position = next;
            if (take_physical_line(reader, from, end - from))
                return end_record(reader, error);
        } else if (!reader->no_more) {
            bound_partial_line(reader);
            if (!fill(reader, error))
                return RECORD_FAILED;
        } else {
            break;
        }
    }
    reader->at_end = true;
    if (reader->position == reader->end && !reader->line_skipped && record_begun(reader))
        return end_record(reader, error);
    reader->record_line = reader->line;
    return reader->position < reader->end || reader->line_skipped ? RECORD_CUT : RECORD_END;
}

LdifLines *ldif_reader_lines(LdifReader *reader)
{
    ldif_lines_begin(&reader->lines, reader->buffer + reader->record, reader->record_end - reader->record,
                     reader->name, reader->record_line);
    return &reader->lines;
}

/* One line of content; @entry NULL: it is only checked. */
static bool decode_line(const LdifLines *lines, Entry *entry, GError **error)
{
    if (g_ascii_strcasecmp(lines->name, "dn") == 0) {
        ldif_lines_fail(lines, error, "a second \"dn:\" in the record; the blank line before it is missing");
        return false;
    }
    if (g_ascii_strcasecmp(lines->name, "changetype") == 0) {
        ldif_lines_fail(lines, error,
                        "change record in content; a list of entries is wanted here, not of changes");
        return false;
    }
    if (!entry)
        return true;
    entry_add(entry, lines->name, lines->value.data, lines->value.len);
    if (entry_n_attributes(entry) > LDIF_MAX_ATTRIBUTES) {
        ldif_lines_fail(lines, error, "the entry has more than %d attributes", LDIF_MAX_ATTRIBUTES);
        return false;
    }
    return true;
}

static bool decode_lines(LdifLines *lines, Entry *entry, GError **error)
{
    for (;;) {
        LdifLine kind = ldif_lines_next(lines, error);
        if (kind == LINE_END)
            return true;
        if (kind == LINE_DASH)
            ldif_lines_fail(lines, error, "\"-\" belongs into change records");
        if (kind != LINE_VALUE || !decode_line(lines, entry, error))
            return false;
    }
}

/* The next record that is more than a version line. */
RecordStatus ldif_reader_next(LdifReader *reader, GError **error)
{
    for (;;) {
        RecordStatus status = gather(reader, error);
        if (status != RECORD_GOOD || !ldif_lines_are_version(ldif_reader_lines(reader)))
            return status;
    }
}

RecordStatus ldif_skip_entry(LdifReader *reader, GError **error)
{
    RecordStatus status = ldif_reader_next(reader, error);
    if (status != RECORD_GOOD)
        return status;
    LdifLines *lines = ldif_reader_lines(reader);
    const char *dn;
    bool good = ldif_lines_dn(lines, &dn, error) && decode_lines(lines, NULL, error);
    return good ? RECORD_GOOD : RECORD_BAD;
}

Entry *ldif_decode_last(LdifReader *reader, GError **error)
{
    LdifLines *lines = ldif_reader_lines(reader);
    const char *dn;
    if (!ldif_lines_dn(lines, &dn, error))
        return NULL;
    g_autoptr(Entry) entry = entry_new(dn);
    return decode_lines(lines, entry, error) ? g_steal_pointer(&entry) : NULL;
}

RecordStatus ldif_read_entry(LdifReader *reader, Entry **entry, GError **error)
{
    *entry = NULL;
    RecordStatus status = ldif_reader_next(reader, error);
    if (status != RECORD_GOOD)
        return status;
    *entry = ldif_decode_last(reader, error);
    return *entry ? RECORD_GOOD : RECORD_BAD;
}

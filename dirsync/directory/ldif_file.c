/*
 * ldif_file.c - the driver for LDIF files
 *
 * The LDIF reader and writer as a format of record_file.h. The trailer is the
 * last comment.
 */
#include "dirsync/directory/ldif_file.h"

#include "dirsync/ldif.h"
#include "dirsync/directory/file_watch.h"
#include "dirsync/directory/record_file.h"

static void *open_reader(int fd, const Endpoint *endpoint, GError **error)
{
    (void)error; /* any file can be begun */
    return ldif_reader_new(fd, endpoint->path);
}

static void close_reader(void *reader)
{
    ldif_reader_free(reader);
}

static RecordStatus skip(void *reader, GError **error)
{
    return ldif_skip_entry(reader, error);
}

static Entry *decode(void *reader, GError **error)
{
    return ldif_decode_last(reader, error);
}

static Fingerprint fingerprint(void *reader)
{
    return ldif_reader_fingerprint(reader);
}

static unsigned long line(void *reader)
{
    return ldif_reader_line(reader);
}

static uint64_t offset(void *reader)
{
    return ldif_reader_offset(reader);
}

static const TextSource *source(void *reader)
{
    return ldif_reader_source(reader);
}

static const char *trailer(void *reader)
{
    return ldif_reader_last_comment(reader);
}

static bool at_end(void *reader)
{
    return ldif_reader_at_end(reader);
}

/* --- writing --- */

static void *open_writer(const Endpoint *endpoint, GError **error)
{
    (void)error; /* any file can be written as LDIF */
    return (void *)endpoint;
}

static void close_writer(void *writer)
{
    (void)writer;
}

/* Read back as the next run will read it: names of attributes that LDIF would take for something else, and
 * records of a size that the reader refuses, are found out before they are in the file. */
static Entry *prepare(void *writer, const Entry *entry, GError **error)
{
    const Endpoint *endpoint = writer;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) cause = NULL;
    ldif_write_entry(text, entry);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text->str, text->len, entry_dn(entry));
    Entry *read;
    RecordStatus status = ldif_read_entry(reader, &read, &cause);
    if (status != RECORD_GOOD)
        error_set(error, ERROR_INVALID, "%s: cannot be written as LDIF: %s", endpoint->path,
                  cause ? cause->message : "there is nothing in it");
    return status == RECORD_GOOD ? read : NULL;
}

static void write_head(void *writer, GString *out)
{
    (void)writer;
    g_string_append(out, "version: 1\n\n");
}

static bool write_entry(void *writer, const Entry *entry, GString *out, GError **error)
{
    (void)writer;
    (void)error;
    ldif_write_entry(out, entry);
    return true;
}

static void write_tail(void *writer, size_t records, GString *out)
{
    const Endpoint *endpoint = writer;
    if (endpoint->count_trailer)
        g_string_append_printf(out, "# %s: %zu\n", endpoint->count_trailer, records);
}

static const RecordWriter writer_of_ldif = {
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
    .end_wants_proof = false,
    .trailer_form = "last comment is not \"# %s: N\"",
    .writer = &writer_of_ldif,
};

static Directory *ldif_file_open(const Endpoint *endpoint, GError **error)
{
    return record_file_open(endpoint, &ldif_driver, &format, error);
}

const DirectoryDriver ldif_driver = {
    .name = "ldif",
    .open = ldif_file_open,
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

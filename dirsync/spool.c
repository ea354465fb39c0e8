/*
 * spool.c - see spool.h
 *
 * Records are the lengths of note and entry, the note, and the serialised entry.
 * Appends are buffered; a read of what is still in the buffer flushes it first.
 */
#include "dirsync/spool.h"

#include "dirsync/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPOOL_BUFFER (256 * 1024)
#define FIRST_READ 4096

struct Spool {
    int fd;
    uint64_t written;   /* bytes in the file */
    GByteArray *buffer; /* appended, not yet in the file */
};

Spool *spool_new(const char *folder, GError **error)
{
    int fd = scratch_file_open(folder, error);
    if (fd < 0)
        return NULL;
    Spool *spool = g_new0(Spool, 1);
    spool->fd = fd;
    spool->buffer = g_byte_array_sized_new(SPOOL_BUFFER);
    return spool;
}

void spool_free(Spool *spool)
{
    if (!spool)
        return;
    close(spool->fd);
    g_byte_array_unref(spool->buffer);
    g_free(spool);
}

static bool flush_buffer(Spool *spool, GError **error)
{
    if (!scratch_file_write(spool->fd, spool->buffer->data, spool->buffer->len, spool->written, error))
        return false;
    spool->written += spool->buffer->len;
    g_byte_array_set_size(spool->buffer, 0);
    return true;
}

/* What a record begins with: how many bytes of each follow. */
typedef struct {
    uint64_t note, entry;
} Lengths;

bool spool_append_noted(Spool *spool, const void *note, size_t len, const Entry *entry, uint64_t *position,
                        GError **error)
{
    Lengths lengths = {.note = len};
    if (spool->buffer->len >= SPOOL_BUFFER && !flush_buffer(spool, error))
        return false;
    size_t start = spool->buffer->len;
    *position = spool->written + start;
    g_byte_array_append(spool->buffer, (const guint8 *)&lengths, sizeof lengths);
    g_byte_array_append(spool->buffer, note, (guint)len);
    if (entry)
        entry_serialise(entry, spool->buffer);
    lengths.entry = spool->buffer->len - start - sizeof lengths - len;
    memcpy(spool->buffer->data + start, &lengths, sizeof lengths);
    return true;
}

bool spool_append(Spool *spool, const Entry *entry, uint64_t *position, GError **error)
{
    return spool_append_noted(spool, "", 0, entry, position, error);
}

bool spool_append_bytes(Spool *spool, const void *data, size_t len, uint64_t *position, GError **error)
{
    return spool_append_noted(spool, data, len, NULL, position, error);
}

/* What there is from @position on, up to @len bytes; fewer at the end. */
static ssize_t read_some(int fd, void *data, size_t len, uint64_t position)
{
    ssize_t n;
    do
        n = pread(fd, data, len, (off_t)position);
    while (n < 0 && errno == EINTR);
    return n;
}

static Entry *read_large(int fd, uint64_t position, uint64_t len, GError **error)
{
    g_autofree char *data = g_try_malloc(len + 1);
    if (!data) {
        error_set(error, ERROR_IO,
                  "temporary file: entry of %" G_GUINT64_FORMAT " bytes does not fit into memory", len);
        return NULL;
    }
    return scratch_file_read(fd, data, len, position, error) ? entry_deserialise(data, len, error) : NULL;
}

/* Most entries come with their lengths in one read. */
static Entry *read_entry(int fd, uint64_t position, GError **error)
{
    char first[FIRST_READ];
    Lengths lengths;
    ssize_t n = read_some(fd, first, sizeof first, position);
    if (n < (ssize_t)sizeof lengths && !scratch_file_read(fd, first, sizeof lengths, position, error))
        return NULL;
    memcpy(&lengths, first, sizeof lengths);
    uint64_t start = sizeof lengths + lengths.note;
    if (n > 0 && start + lengths.entry <= (uint64_t)n)
        return entry_deserialise(first + start, lengths.entry, error);
    return read_large(fd, position + start, lengths.entry, error);
}

Entry *spool_read(Spool *spool, uint64_t position, GError **error)
{
    if (position >= spool->written && !flush_buffer(spool, error))
        return NULL;
    return read_entry(spool->fd, position, error);
}

bool spool_read_bytes(Spool *spool, uint64_t position, GByteArray *bytes, GError **error)
{
    char first[512];
    Lengths lengths;
    if (position >= spool->written && !flush_buffer(spool, error))
        return false;
    ssize_t n = read_some(spool->fd, first, sizeof first, position);
    if (n < (ssize_t)sizeof lengths && !scratch_file_read(spool->fd, first, sizeof lengths, position, error))
        return false;
    memcpy(&lengths, first, sizeof lengths);
    g_byte_array_set_size(bytes, (guint)lengths.note);
    if (n < 0 || sizeof lengths + lengths.note > (uint64_t)n)
        return scratch_file_read(spool->fd, bytes->data, lengths.note, position + sizeof lengths, error);
    memcpy(bytes->data, first + sizeof lengths, lengths.note);
    return true;
}

/* Of its own: the spool itself may change meanwhile, but not what is in the file. */
struct SpoolReader {
    int fd;
};

SpoolReader *spool_reader_new(Spool *spool, GError **error)
{
    if (!flush_buffer(spool, error))
        return NULL;
    SpoolReader *reader = g_new0(SpoolReader, 1);
    reader->fd = spool->fd;
    return reader;
}

void spool_reader_free(SpoolReader *reader)
{
    g_free(reader);
}

Entry *spool_reader_read(const SpoolReader *reader, uint64_t position, GError **error)
{
    return read_entry(reader->fd, position, error);
}

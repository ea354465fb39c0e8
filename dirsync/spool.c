/*
 * spool.c - see spool.h
 *
 * Records are a 64-bit length and the serialised entry. Appends are buffered;
 * a read of what is still in the buffer flushes it first.
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

/* Where the next record begins; its length is written by end_record(). */
static bool begin_record(Spool *spool, uint64_t *position, GError **error)
{
    const uint64_t len = 0;
    if (spool->buffer->len >= SPOOL_BUFFER && !flush_buffer(spool, error))
        return false;
    *position = spool->written + spool->buffer->len;
    g_byte_array_append(spool->buffer, (const guint8 *)&len, sizeof len);
    return true;
}

static void end_record(Spool *spool, uint64_t position)
{
    size_t start = (size_t)(position - spool->written);
    uint64_t len = spool->buffer->len - start - sizeof len;
    memcpy(spool->buffer->data + start, &len, sizeof len);
}

bool spool_append(Spool *spool, const Entry *entry, uint64_t *position, GError **error)
{
    if (!begin_record(spool, position, error))
        return false;
    entry_serialise(entry, spool->buffer);
    end_record(spool, *position);
    return true;
}

bool spool_append_bytes(Spool *spool, const void *data, size_t len, uint64_t *position, GError **error)
{
    if (!begin_record(spool, position, error))
        return false;
    g_byte_array_append(spool->buffer, data, (guint)len);
    end_record(spool, *position);
    return true;
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

/* Most entries come with their length in one read. */
static Entry *read_entry(int fd, uint64_t position, GError **error)
{
    char first[FIRST_READ];
    uint64_t len;
    ssize_t n = read_some(fd, first, sizeof first, position);
    if (n < (ssize_t)sizeof len)
        return scratch_file_read(fd, &len, sizeof len, position, error)
                   ? read_large(fd, position + sizeof len, len, error)
                   : NULL;
    memcpy(&len, first, sizeof len);
    if (len <= (size_t)n - sizeof len)
        return entry_deserialise(first + sizeof len, len, error);
    return read_large(fd, position + sizeof len, len, error);
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
    uint64_t len;
    if (position >= spool->written && !flush_buffer(spool, error))
        return false;
    ssize_t n = read_some(spool->fd, first, sizeof first, position);
    if (n < (ssize_t)sizeof len && !scratch_file_read(spool->fd, first, sizeof len, position, error))
        return false;
    memcpy(&len, first, sizeof len);
    g_byte_array_set_size(bytes, (guint)len);
    if (n < (ssize_t)sizeof len || len > (size_t)n - sizeof len)
        return scratch_file_read(spool->fd, bytes->data, len, position + sizeof len, error);
    memcpy(bytes->data, first + sizeof len, len);
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

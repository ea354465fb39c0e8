/*
 * spool.c - see spool.h
 *
 * Records are a 64-bit length and the serialised entry. Appends are buffered;
 * a read of what is still in the buffer flushes it first.
 */
#include "dirsync/spool.h"

#include "dirsync/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPOOL_BUFFER (256 * 1024)

struct Spool {
    int fd;
    uint64_t written;   /* bytes in the file */
    GByteArray *buffer; /* appended, not yet in the file */
};

Spool *spool_new(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "spool-XXXXXX", NULL);
    int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set(error, ERROR_IO,
                  "%s: cannot make a temporary file: %s; check the folder's permissions and free space",
                  folder, g_strerror(errno));
        return NULL;
    }
    unlink(path);
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
    size_t done = 0;
    while (done < spool->buffer->len) {
        ssize_t n = pwrite(spool->fd, spool->buffer->data + done, spool->buffer->len - done,
                           (off_t)(spool->written + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            error_set(error, ERROR_IO, "temporary file: cannot write: %s; free some space and run again",
                      g_strerror(n ? errno : ENOSPC));
            return false;
        }
        done += (size_t)n;
    }
    spool->written += done;
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

static bool read_all(int fd, void *data, size_t len, uint64_t position, GError **error)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (char *)data + done, len - done, (off_t)(position + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            error_set(error, ERROR_IO, "temporary file: cannot read: %s",
                      n ? g_strerror(errno) : "unexpected end");
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

bool spool_read_bytes(Spool *spool, uint64_t position, GByteArray *bytes, GError **error)
{
    if (position >= spool->written && !flush_buffer(spool, error))
        return false;
    uint64_t len;
    if (!read_all(spool->fd, &len, sizeof len, position, error))
        return false;
    g_byte_array_set_size(bytes, (guint)len);
    return read_all(spool->fd, bytes->data, len, position + sizeof len, error);
}

static Entry *read_entry(int fd, uint64_t position, GError **error)
{
    uint64_t len;
    if (!read_all(fd, &len, sizeof len, position, error))
        return NULL;
    g_autofree char *data = g_try_malloc(len + 1);
    if (!data || !read_all(fd, data, len, position + sizeof len, error)) {
        if (!data)
            error_set(error, ERROR_IO,
                      "temporary file: entry of %" G_GUINT64_FORMAT " bytes does not fit into memory", len);
        return NULL;
    }
    return entry_deserialise(data, len, error);
}

Entry *spool_read(Spool *spool, uint64_t position, GError **error)
{
    if (position >= spool->written && !flush_buffer(spool, error))
        return NULL;
    return read_entry(spool->fd, position, error);
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

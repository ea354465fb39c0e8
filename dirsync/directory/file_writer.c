/*
 * file_writer.c - temporary, fsync, rename, fsync of the folder
 *
 * The temporary has a fixed name: at most one is ever left behind, and an
 * administrator who finds it can tell from what it is. It is made with O_EXCL
 * after whatever had its name was unlinked, so nothing that is not ours is
 * written to. Until it is whole nobody else can read it.
 */
#include "dirsync/directory/file_writer.h"

#include "dirsync/fault.h"
#include "dirsync/text_encoder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".dirsync-new"
#define BLOCK ((size_t)256 * 1024)

struct FileWriter {
    char *path, *temporary;
    int fd; /* -1: committed */
    unsigned mode;
    TextEncoder *encoder;
    GString *buffer;
    GChecksum *checksum;
};

static const char *remedy(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return "make room on its file system, then run again";
    case EACCES:
    case EPERM:
    case EROFS:
        return "give the user who runs dirsync the right to write to its folder";
    case ENOENT:
    case ENOTDIR:
        return "make its folder, or correct the path";
    default:
        return "see to its file system, then run again";
    }
}

void file_writer_fail(GError **error, const char *path, int number)
{
    error_set(error, ERROR_IO, "%s: cannot be written: %s; %s", path, g_strerror(number), remedy(number));
}

static bool open_temporary(FileWriter *writer, GError **error)
{
    unlink(writer->temporary); /* what cannot be unlinked makes open() fail */
    writer->fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (writer->fd < 0)
        file_writer_fail(error, writer->temporary, errno);
    fault_step("file begun");
    return writer->fd >= 0;
}

FileWriter *file_writer_new(const char *path, unsigned mode, const char *encoding, GError **error)
{
    TextEncoder *encoder = text_encoder_new(encoding, error);
    if (!encoder)
        return NULL;
    g_autoptr(FileWriter) writer = g_new(FileWriter, 1);
    *writer = (FileWriter){.path = g_strdup(path),
                           .temporary = g_strconcat(path, SUFFIX, NULL),
                           .fd = -1,
                           .mode = mode,
                           .encoder = encoder,
                           .buffer = g_string_new(NULL),
                           .checksum = g_checksum_new(G_CHECKSUM_SHA256)};
    return open_temporary(writer, error) ? g_steal_pointer(&writer) : NULL;
}

void file_writer_free(FileWriter *writer)
{
    if (!writer)
        return;
    if (writer->fd >= 0) {
        close(writer->fd);
        unlink(writer->temporary);
    }
    text_encoder_free(writer->encoder);
    g_string_free(writer->buffer, TRUE);
    g_checksum_free(writer->checksum);
    g_free(writer->temporary);
    g_free(writer->path);
    g_free(writer);
}

static bool write_buffer(FileWriter *writer, GError **error)
{
    const GString *buffer = writer->buffer;
    size_t written = 0;
    while (written < buffer->len) {
        ssize_t n = write(writer->fd, buffer->str + written, buffer->len - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            file_writer_fail(error, writer->path, errno);
            return false;
        }
        written += (size_t)n;
    }
    g_checksum_update(writer->checksum, (const guchar *)buffer->str, (gssize)buffer->len);
    g_string_truncate(writer->buffer, 0);
    fault_step("file part written");
    return true;
}

bool file_writer_put(FileWriter *writer, const GString *text, GError **error)
{
    if (!text_encoder_append(writer->encoder, text->str, text->len, writer->buffer, NULL)) {
        error_set(error, ERROR_IO,
                  "%s: cannot be written: the encoding lacks a character; choose another one", writer->path);
        return false;
    }
    return writer->buffer->len < BLOCK || write_buffer(writer, error);
}

/* Writes what is left; the descriptor stays open, so that a failure still removes the temporary. */
static bool complete_temporary(FileWriter *writer, GError **error)
{
    if (!write_buffer(writer, error))
        return false;
    if (fchmod(writer->fd, writer->mode) == 0 && fsync(writer->fd) == 0)
        return true;
    file_writer_fail(error, writer->path, errno);
    return false;
}

bool file_writer_commit(FileWriter *writer, GError **error)
{
    if (!complete_temporary(writer, error))
        return false;
    fault_step("file written");
    if (rename(writer->temporary, writer->path) != 0) {
        file_writer_fail(error, writer->path, errno);
        return false;
    }
    fault_step("file renamed");
    close(writer->fd);
    writer->fd = -1;
    return true;
}

const char *file_writer_digest(const FileWriter *writer)
{
    return g_checksum_get_string(writer->checksum);
}

/* Some file systems cannot sync a folder and say EINVAL. */
bool file_writer_sync_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (!good)
        file_writer_fail(error, folder, number);
    return good;
}

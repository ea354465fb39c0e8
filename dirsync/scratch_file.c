/*
 * scratch_file.c - see scratch_file.h
 */
#include "dirsync/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int scratch_file_open(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "scratch-XXXXXX", NULL);
    int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        error_set(error, ERROR_IO,
                  "%s: cannot make a temporary file: %s; check the folder's permissions and free space",
                  folder, g_strerror(errno));
    else
        unlink(path);
    return fd;
}

bool scratch_file_write(int fd, const void *data, size_t len, uint64_t position, GError **error)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, (const char *)data + done, len - done, (off_t)(position + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            error_set(error, ERROR_IO, "temporary file: cannot write: %s; free some space and run again",
                      g_strerror(n ? errno : ENOSPC));
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

bool scratch_file_read(int fd, void *data, size_t len, uint64_t position, GError **error)
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

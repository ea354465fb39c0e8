/*
 * scratch_file.h - a file without a name, for what is too much for memory
 *
 * It goes when its descriptor is closed, and with the process; nobody else can open it.
 */
#ifndef DIRSYNC_SCRATCH_FILE_H
#define DIRSYNC_SCRATCH_FILE_H

#include "dirsync/error.h"

#include <stdint.h>

/** A new one in @folder, for reading and writing; close(). -1 with ERROR_IO. */
int scratch_file_open(const char *folder, GError **error);
/** Everything, or ERROR_IO; @position: bytes from the beginning. */
bool scratch_file_write(int fd, const void *data, size_t len, uint64_t position, GError **error);
bool scratch_file_read(int fd, void *data, size_t len, uint64_t position, GError **error);

#endif

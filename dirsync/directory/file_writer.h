/*
 * file_writer.h - a file written anew, as a whole or not at all
 *
 * The new version is written beside the file under a fixed name, synced, and
 * renamed over the old one, so that a reader sees the old file or the new one
 * and nothing between. What a killed run left behind under that name is taken
 * away by the next; a symbolic link there is never followed, and one at the
 * file's own name is replaced, not followed. The permission bits are those
 * asked for, whatever the umask or an earlier version had.
 */
#ifndef DIRSYNC_DIRECTORY_FILE_WRITER_H
#define DIRSYNC_DIRECTORY_FILE_WRITER_H

#include "dirsync/error.h"

typedef struct FileWriter FileWriter;

/** Begins a new version of @path. @encoding as in text_encoder.h. ERROR_IO, ERROR_DEFINITION. */
FileWriter *file_writer_new(const char *path, unsigned mode, const char *encoding, GError **error);
/** Removes what was not committed. */
void file_writer_free(FileWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileWriter, file_writer_free)

/** Appends UTF-8 text. After ERROR_IO the version can only be dropped. */
bool file_writer_put(FileWriter *writer, const GString *text, GError **error);
/** Puts the new version in the place of the old one. ERROR_IO: the old one is untouched. */
bool file_writer_commit(FileWriter *writer, GError **error);
/** SHA-256 of the bytes written, hex; once committed. Belongs to the writer. */
const char *file_writer_digest(const FileWriter *writer);

/** Makes the rename last beyond a lost machine. */
bool file_writer_sync_folder(const char *path, GError **error);

/** ERROR_IO "PATH: cannot be written: cause; remedy" from an errno. */
void file_writer_fail(GError **error, const char *path, int number);

#endif

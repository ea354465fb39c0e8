/*
 * file_cursor.h - the cursor of a file: which bytes were read, and as what
 *
 * A file cannot tell what has changed in it, only whether it is the same. The
 * cursor holds a digest of its bytes, their number, and a digest of all that
 * says what is read from them: the request and the settings of the endpoint.
 * Time stamps have no say: two writes may have the same.
 */
#ifndef DIRSYNC_DIRECTORY_FILE_CURSOR_H
#define DIRSYNC_DIRECTORY_FILE_CURSOR_H

#include "dirsync/directory/directory.h"
#include "dirsync/text_source.h"

/** Of the bytes that were drawn from @source to the file's end; NULL: there is no file. g_free(). */
char *file_cursor(const Endpoint *endpoint, const ReadRequest *request, const TextSource *source);

/** Reads the file once. @full_reason stays NULL when it is the one of the cursor; @doubt (g_free()) is set
 *  when it is, but is too old, or changed meanwhile. False with ERROR_SOURCE when it cannot be read. */
bool file_cursor_compare(const Endpoint *endpoint, const ReadRequest *request, const char *cursor,
                         char **full_reason, char **doubt, GError **error);

#endif

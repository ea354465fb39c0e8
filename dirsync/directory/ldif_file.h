/*
 * ldif_file.h - an LDIF file as a directory: reading only
 *
 * Endpoint: driver "ldif", path, and the means that prove completeness
 * (count_trailer, checksum, max_age, minimum_percent). The file is opened anew
 * for every read, so an export that replaces it is seen by the next read.
 *
 * directory_read() delivers every record, whatever base, scope, filter and
 * attributes the request names: a record that has not changed is never
 * decoded, so its reader decides (by fingerprint first) what is in scope.
 * directory_search() applies base, scope and filter. Neither leaves out
 * attributes.
 *
 * directory_fetch() is one pass over the file; CAN_FETCH is not set, since it
 * costs a whole read. It never says that an object is gone when the file could
 * not be read to its end: that is ERROR_SOURCE.
 */
#ifndef DIRSYNC_DIRECTORY_LDIF_FILE_H
#define DIRSYNC_DIRECTORY_LDIF_FILE_H

#include "dirsync/directory/directory.h"

extern const DirectoryDriver ldif_driver;

#endif

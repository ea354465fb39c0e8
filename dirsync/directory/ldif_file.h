/*
 * ldif_file.h - an LDIF file as a directory: reading only
 *
 * Endpoint: driver "ldif", path, and the means that prove completeness
 * (count_trailer, checksum, max_age, minimum_percent). What reading, fetching
 * and searching do is said in record_file.h.
 */
#ifndef DIRSYNC_DIRECTORY_LDIF_FILE_H
#define DIRSYNC_DIRECTORY_LDIF_FILE_H

#include "dirsync/directory/directory.h"

extern const DirectoryDriver ldif_driver;

#endif

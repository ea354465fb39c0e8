/*
 * ldif_file.h - an LDIF file as a directory
 *
 * Endpoint: driver "ldif", path, and the means that prove completeness
 * (count_trailer, checksum, max_age, minimum_percent). What reading, fetching
 * and searching do is said in record_file.h. A target (is_target, mode) is
 * written too; see file_target.h. It begins with "version: 1" and ends with the
 * trailer, if there should be one.
 */
#ifndef DIRSYNC_DIRECTORY_LDIF_FILE_H
#define DIRSYNC_DIRECTORY_LDIF_FILE_H

#include "dirsync/directory/directory.h"

extern const DirectoryDriver ldif_driver;

#endif

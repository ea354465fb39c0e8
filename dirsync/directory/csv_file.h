/*
 * csv_file.h - a CSV file as a directory
 *
 * Endpoint: driver "csv", path, how the file is written (delimiter, separator,
 * encoding, header, columns), and the means that prove completeness
 * (count_trailer, checksum, max_age, minimum_percent). What reading, fetching
 * and searching do is said in record_file.h, what is in an entry in csv.h. A
 * header that cannot be one is an error when the directory is opened.
 *
 * A target (is_target, columns, key, mode, guard_formulas) is written too; see
 * file_target.h. The DN of a row is "KEY=value", of the column key or else the
 * first that is named. Where there is a header the file is read by its own and
 * written with the columns of the definition, so that these can change.
 */
#ifndef DIRSYNC_DIRECTORY_CSV_FILE_H
#define DIRSYNC_DIRECTORY_CSV_FILE_H

#include "dirsync/directory/directory.h"

extern const DirectoryDriver csv_driver;

#endif

/*
 * csv_text.h - the fields of one CSV record, for the modules of csv.h only
 *
 * The reader (csv.c) finds a record and makes sure that its quotes are in
 * order and its bytes are UTF-8; what its fields say is taken apart here
 * (csv_fields.c).
 */
#ifndef DIRSYNC_CSV_TEXT_H
#define DIRSYNC_CSV_TEXT_H

#include "dirsync/csv.h"
#include "dirsync/error.h"

/** What makes an entry of fields. */
typedef struct {
    char delimiter, separator;
    char **names; /* of n columns; NULL for one that is left out */
    size_t n;
    char *key;         /* the column that names the records; NULL: the first with a value */
    bool guard;        /* take the ' off values that a spreadsheet would calculate */
    GString *unquoted; /* kept from field to field */
} CsvColumns;

/** A record and where it stands. */
typedef struct {
    const char *text;
    size_t len;
    bool quotes;        /* there are some */
    unsigned long line; /* where it begins */
    const char *file;   /* for messages */
} CsvRecord;

/** @code "file:line:column: message" for the byte @at of the record. */
void csv_record_fail(const CsvRecord *record, size_t at, ErrorCode code, GError **error, const char *format,
                     ...) G_GNUC_PRINTF(5, 6);

/** Line ends (LF, CR LF, CR) in @len bytes; the byte behind them is looked at when there is @one_more. */
unsigned long csv_count_lines(const char *text, size_t len, bool one_more);

void csv_columns_begin(CsvColumns *columns, const CsvFormat *format);
void csv_columns_end(CsvColumns *columns);
/** Takes the names from the header, or holds it against those that were given. ERROR_SOURCE. */
bool csv_columns_take_header(CsvColumns *columns, const CsvRecord *record, GError **error);
/** The columns have the key; ERROR_SOURCE. */
bool csv_columns_check_key(const CsvColumns *columns, const char *file, GError **error);
/** Fingerprint of what the columns make of bytes. */
Fingerprint csv_columns_fingerprint(const CsvColumns *columns);

/** As many fields as columns, and something in the key or, without one, in any that has a name. */
bool csv_record_check(const CsvColumns *columns, const CsvRecord *record, GError **error);
/** The entry of a record that was checked; never fails for one. */
Entry *csv_record_decode(CsvColumns *columns, const CsvRecord *record, GError **error);
/** True when no field has a character. */
bool csv_record_is_empty(const CsvColumns *columns, const CsvRecord *record);
/** True for a trailer of that word; writes "WORD: NUMBER" to @text. */
bool csv_record_is_trailer(CsvColumns *columns, const CsvRecord *record, const char *word, GString *text);

#endif

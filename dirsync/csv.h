/*
 * csv.h - CSV, RFC 4180: the text of entries in rows and columns
 *
 * A streaming reader over a file descriptor or memory, and a writer. Reads all
 * of RFC 4180: quoted fields, doubled quotes, line ends inside quotes; LF, CR
 * LF and CR as line ends; and what the field does besides: another delimiter,
 * names of columns given instead of a header, several values in a field, byte
 * order marks, encodings. Stricter than some: a quote inside a field that is
 * not quoted, text behind a closing quote, and a row with too many or too few
 * fields are errors of that record, since each may shift values into columns
 * they do not belong to. Rows without any value are passed over.
 *
 * Errors carry "file:line:column:", columns in characters. After an error in
 * a record the reader can go on with the next one. Memory is bounded by the
 * longest record (CSV_MAX_RECORD).
 *
 * CSV has no names of entries. The DN of a record is "column=value", of the
 * first column that has a name and a value: valid, and the same as long as
 * that value is. Where the format names a key it is that column and no other:
 * a record without a value there is an error. The DN says nothing about
 * identity; that is the anchor's work.
 *
 * The writer writes what the reader reads: an entry that was written comes
 * back with the same values, or it is refused. It quotes where RFC 4180 must
 * have quotes and nowhere else, and ends lines with CR LF.
 */
#ifndef DIRSYNC_CSV_H
#define DIRSYNC_CSV_H

#include "dirsync/entry.h"
#include "dirsync/text_source.h"

#define CSV_MAX_RECORD (64u * 1024 * 1024)
#define CSV_MAX_COLUMNS 1000

/** How a file is written. Everything is copied by the reader. */
typedef struct {
    char delimiter;             /* an ASCII character that csv_is_delimiter() takes; '\0': comma */
    char separator;             /* between the values of one field; '\0': a field is one value */
    const char *encoding;       /* as in text_source.h; NULL: UTF-8 */
    bool header;                /* the first row names the columns; passed over when @columns does */
    const char *const *columns; /* names, NULL-terminated; "-" leaves a column out; NULL: the header's */
    const char *trailer;        /* a row of this word and the number of records ends the file; NULL: none */
    const char *key;            /* the column that names the records; NULL: the first with a value */
    bool guard_formulas;        /* a value that a spreadsheet would calculate has a ' in front */
} CsvFormat;

typedef struct CsvReader CsvReader;

/** @name is for messages. The reader does not own @fd. NULL with ERROR_DEFINITION when @format cannot be. */
CsvReader *csv_reader_new(int fd, const char *name, const CsvFormat *format, GError **error);
CsvReader *csv_reader_new_memory(const void *data, size_t len, const char *name, const CsvFormat *format,
                                 GError **error);
void csv_reader_free(CsvReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CsvReader, csv_reader_free)

/** Reads the header, if there should be one, and knows the columns. The first record does it too, so that
 *  calling this is only needed to know early. ERROR_SOURCE when the header is missing or cannot be one. */
bool csv_read_header(CsvReader *reader, GError **error);

/** Line where the last record began, 1-based; bytes of the source consumed so far (with an encoding:
 *  taken in blocks, consumed or not). */
unsigned long csv_reader_line(const CsvReader *reader);
uint64_t csv_reader_offset(const CsvReader *reader);
/** Where it draws from; for the digest of what it has read. */
const TextSource *csv_reader_source(const CsvReader *reader);
/** "WORD: NUMBER" when the last row was the trailer, else NULL. */
const char *csv_reader_trailer(const CsvReader *reader);
/** True when the last row ended with the input and not with a line end: RFC 4180 allows it, and a file
 *  that was cut off looks the same. */
bool csv_reader_at_end(const CsvReader *reader);
/** Fingerprint of the bytes of the last record (as UTF-8, without line end) and of what makes an entry of
 *  them: columns, delimiter and separator. */
Fingerprint csv_reader_fingerprint(const CsvReader *reader);

/** Next record as an entry: an attribute for each column that has a value. */
RecordStatus csv_read_entry(CsvReader *reader, Entry **entry, GError **error);
/** Checks without decoding: fills only the fingerprint; csv_decode_last() decodes that record. */
RecordStatus csv_skip_entry(CsvReader *reader, GError **error);
Entry *csv_decode_last(CsvReader *reader, GError **error);

typedef struct CsvWriter CsvWriter;

/** As csv_reader_new(); the columns must be named. */
CsvWriter *csv_writer_new(const char *name, const CsvFormat *format, GError **error);
void csv_writer_free(CsvWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CsvWriter, csv_writer_free)

/** All of these append UTF-8 to @out; the encoding of the format is for whoever writes it to a file, the
 * writer only sees that it can hold the values. */

/** What a file begins with: the mark of UTF-16, and the header if there should be one. */
void csv_write_header(CsvWriter *writer, GString *out);
/** The row of an entry. Attributes without a column are left out. False with ERROR_INVALID, the column named,
 *  and nothing appended when it would not come back as it is. */
bool csv_write_entry(CsvWriter *writer, const Entry *entry, GString *out, GError **error);
/** The last row, if there should be one. */
void csv_write_trailer(CsvWriter *writer, size_t records, GString *out);
/** True when csv_write_entry() can write all of the entry: there is a column for each attribute but
 *  objectClass. ERROR_INVALID. */
bool csv_check_entry(CsvWriter *writer, const Entry *entry, GError **error);

/** True when a format can be; ERROR_DEFINITION, beginning with @name. */
bool csv_format_check(const CsvFormat *format, const char *name, GError **error);
/** The first of @columns that is a name; NULL when there is none. */
const char *csv_first_column(const char *const *columns);
/** The one of @columns that the attribute means, first of all by its own name; NULL when there is none. */
const char *csv_column_of(const char *const *columns, const char *attribute);
/** True for a value that a format with guard_formulas writes with a ' in front: after any number of ' there
 *  is a character with which spreadsheets begin a formula (= + - @ TAB CR). */
bool csv_needs_guard(const char *value, size_t len);

/** True for a character that can stand between fields or values: ASCII, no quote, line end, letter, digit
 *  or NUL. */
bool csv_is_delimiter(char c);
/** True for a name of a column: letters, digits and hyphens, a letter first. */
bool csv_is_column(const char *name);

#endif

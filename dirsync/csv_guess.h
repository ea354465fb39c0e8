/*
 * csv_guess.h - how a CSV file is written that nobody has described
 *
 * Encoding, delimiter, separator, header and names of the columns, from what
 * stands in the file. The same file always gives the same answer, so that a
 * mapping made for it finds the columns again. A guess: where a definition says
 * how the file is written, that counts.
 */
#ifndef DIRSYNC_CSV_GUESS_H
#define DIRSYNC_CSV_GUESS_H

#include "dirsync/error.h"

/** Everything belongs to it. */
typedef struct {
    const char *encoding; /* one of text_encodings[]; NULL: UTF-8 */
    char delimiter;
    char separator; /* between the values of a field; '\0': none was seen */
    bool header;
    char **titles; /* what the header says, or "column 1"; NULL-terminated */
    char **names;  /* of the columns, for CsvFormat; "-": has no title; NULL-terminated */
    bool is_plain; /* the reader comes to these names by itself */
} CsvGuess;

/** ERROR_IO, or ERROR_SOURCE when the file has no first row. */
bool csv_guess(const char *path, CsvGuess *guess, GError **error);
void csv_guess_clear(CsvGuess *guess);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CsvGuess, csv_guess_clear)

/** Letters and digits of a title in small ASCII letters: "E-Mail (primär)" is "emailprimaer". g_free(). */
char *csv_guess_fold(const char *title);

#endif

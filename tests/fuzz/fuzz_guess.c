/*
 * fuzz_guess.c - CSV files of any kind, for which a mapping is guessed
 *
 * Whatever stands in the file: the names of the columns are such that the reader
 * takes them, what is told about columns is text, and the mapping can be loaded.
 */
#include "dirsync/csv.h"
#include "dirsync/guess_mapping.h"
#include "dirsync/mapping.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
    if (!condition)
        abort();
}

static void check_columns(const MappingGuess *guess)
{
    CsvFormat format = {.delimiter = guess->csv.delimiter,
                        .separator = guess->csv.separator,
                        .encoding = guess->csv.encoding,
                        .header = guess->csv.header,
                        .columns = (const char *const *)guess->csv.names};
    demand(guess->n > CSV_MAX_COLUMNS || csv_format_check(&format, "guess", NULL));
    for (size_t i = 0; i < guess->n; i++) {
        demand(guess->columns[i].why != NULL);
        demand(g_utf8_validate(guess->columns[i].title, -1, NULL));
        demand(g_utf8_validate(guess->columns[i].why, -1, NULL));
        demand(guess->columns[i].rows <= guess->rows);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("guess", MFD_CLOEXEC);
    demand(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(GError) error = NULL;
    g_autoptr(MappingGuess) guess = guess_mapping(path, &error);
    close(fd);
    if (!guess) {
        demand(error && g_utf8_validate(error->message, -1, NULL));
        return 0;
    }
    check_columns(guess);
    g_autoptr(Mapping) mapping =
        mapping_load_memory(guess->text, strlen(guess->text), "guess.xml", MAPPING_IMPORT, &error);
    if (!mapping)
        g_printerr("%s\n%s\n", error->message, guess->text);
    demand(mapping);
    return 0;
}

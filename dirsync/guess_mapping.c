/*
 * guess_mapping.c - see guess_mapping.h
 */
#include "dirsync/guess_mapping.h"

#include "dirsync/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ROWS_COUNTED 100000 /* enough to know a column by */

void guess_mapping_free(MappingGuess *guess)
{
    if (!guess)
        return;
    for (size_t i = 0; i < guess->n; i++)
        g_free(guess->columns[i].why);
    g_free(guess->columns);
    csv_guess_clear(&guess->csv);
    g_free(guess->path);
    g_free(guess->why_anchor);
    g_free(guess->file);
    g_free(guess->text);
    g_free(guess);
}

/* --- figures --- */

static void count_values(GuessedColumn *column, GHashTable *seen, const Attribute *values)
{
    column->rows++;
    for (size_t i = 0; i < values->n_values; i++) {
        const Value value = values->values[i];
        const char *at = strchr(value.data, '@');
        column->values++;
        column->several += at && strchr(at + 1, '@');
        column->distinct +=
            g_hash_table_add(seen, GSIZE_TO_POINTER(fingerprint_bytes(value.data, value.len).low));
        for (int what = 0; what < LOOKS_KINDS; what++)
            column->looks[what] += value_looks_like(value.data, (Looks)what);
    }
}

static void count_row(MappingGuess *guess, GHashTable **seen, const Entry *row)
{
    guess->rows++;
    for (size_t i = 0; i < entry_n_attributes(row); i++) {
        const Attribute *values = entry_attribute(row, i);
        guint64 at = g_ascii_strtoull(values->name + 1, NULL, 10);
        count_values(&guess->columns[at], seen[at], values);
    }
}

/* Every column by itself, whatever it is called: "c0", "c1", ... */
static char **numbered(size_t n)
{
    char **names = g_new0(char *, n + 1);
    for (size_t i = 0; i < n; i++)
        names[i] = g_strdup_printf("c%zu", i);
    return names;
}

static bool read_rows(MappingGuess *guess, int fd, GHashTable **seen, GError **error)
{
    g_auto(GStrv) names = numbered(guess->n);
    CsvFormat format = {.delimiter = guess->csv.delimiter,
                        .separator = guess->csv.separator,
                        .encoding = guess->csv.encoding,
                        .header = guess->csv.header,
                        .columns = (const char *const *)names};
    g_autoptr(CsvReader) reader = csv_reader_new(fd, guess->path, &format, error);
    while (reader && guess->rows < ROWS_COUNTED) {
        g_autoptr(Entry) row = NULL;
        g_autoptr(GError) why = NULL;
        RecordStatus status = csv_read_entry(reader, &row, &why);
        if (status == RECORD_END || status == RECORD_CUT)
            return true;
        if (status == RECORD_FAILED) {
            g_propagate_error(error, g_steal_pointer(&why));
            return false;
        }
        guess->bad_rows += status == RECORD_BAD;
        if (row)
            count_row(guess, seen, row);
    }
    return reader;
}

static bool read_file(MappingGuess *guess, GError **error)
{
    int fd = open(guess->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set(error, ERROR_IO, "%s: cannot be read: %s", guess->path, g_strerror(errno));
        return false;
    }
    GHashTable **seen = g_new(GHashTable *, guess->n);
    for (size_t i = 0; i < guess->n; i++)
        seen[i] = g_hash_table_new(g_direct_hash, g_direct_equal);
    bool ok = read_rows(guess, fd, seen, error);
    for (size_t i = 0; i < guess->n; i++)
        g_hash_table_unref(seen[i]);
    g_free(seen);
    close(fd);
    return ok;
}

/* --- how the connector describes the file --- */

static bool has_password(const MappingGuess *guess)
{
    for (size_t i = 0; i < guess->n; i++)
        if (guess->columns[i].role == ROLE_PASSWORD)
            return true;
    return false;
}

/* Passwords are left out here, so that they are not even kept in memory. */
static void put_names(const MappingGuess *guess, GString *text)
{
    size_t width = 0;
    g_string_append(text, "\n            columns=\"");
    for (size_t i = 0; i < guess->n; i++) {
        const char *name = guess->columns[i].role == ROLE_PASSWORD ? "-" : guess->columns[i].name;
        bool full = width + strlen(name) > 50;
        g_string_append_printf(text, "%s%s", !i ? "" : full ? "\n                     " : " ", name);
        width = full ? 0 : width + strlen(name) + 1;
    }
    g_string_append_c(text, '"');
}

static char *describe_file(const MappingGuess *guess)
{
    g_autofree char *name = g_path_get_basename(guess->path);
    g_autofree char *path = g_markup_escape_text(name, -1);
    GString *text = g_string_new(NULL);
    char delimiter[] = {guess->csv.delimiter, '\0'}, separator[] = {guess->csv.separator, '\0'};
    g_string_append_printf(text, "<file path=\"%s\" delimiter=\"%s\"", path,
                           *delimiter == '\t' ? "tab" : delimiter);
    if (*separator)
        g_string_append_printf(text, " separator=\"%s\"", separator);
    if (guess->csv.encoding)
        g_string_append_printf(text, " encoding=\"%s\"", guess->csv.encoding);
    if (!guess->csv.header)
        g_string_append(text, " header=\"no\"");
    if (!guess->csv.is_plain || has_password(guess))
        put_names(guess, text);
    return g_string_free(g_string_append(text, "/>"), FALSE);
}

static bool has_addresses(const MappingGuess *guess)
{
    for (size_t i = 0; i < guess->n; i++)
        if (guess->columns[i].role == ROLE_MAIL || guess->columns[i].role == ROLE_ADDRESSES)
            return true;
    return false;
}

MappingGuess *guess_mapping(const char *path, GError **error)
{
    g_autoptr(MappingGuess) guess = g_new0(MappingGuess, 1);
    guess->path = g_strdup(path);
    if (!csv_guess(path, &guess->csv, error))
        return NULL;
    guess->n = g_strv_length(guess->csv.titles);
    guess->columns = g_new0(GuessedColumn, guess->n + 1);
    for (size_t i = 0; i < guess->n; i++)
        guess->columns[i] =
            (GuessedColumn){.title = guess->csv.titles[i], .name = guess->csv.names[i], .role = ROLE_NONE};
    if (!read_file(guess, error))
        return NULL;
    guess_mapping_assign(guess);
    if (!has_addresses(guess)) {
        error_set(
            error, ERROR_SOURCE,
            "%s: no column holds mail addresses, and without one nobody is a recipient; see whether the "
            "file is CSV, with one row for each person (the delimiter seems to be \"%c\")",
            path, guess->csv.delimiter);
        return NULL;
    }
    guess->file = describe_file(guess);
    guess->text = guess_mapping_text(guess);
    return g_steal_pointer(&guess);
}

/* Nobody's edits are written over. */
bool guess_mapping_write(const MappingGuess *guess, const char *path, GError **error)
{
    errno = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t len = strlen(guess->text);
    bool ok = fd >= 0 && write(fd, guess->text, len) == (ssize_t)len;
    int number = errno ? errno : ENOSPC;
    if (fd >= 0 && close(fd) != 0) {
        ok = false;
        number = errno;
    }
    if (!ok && fd >= 0)
        unlink(path); /* half of it would be in the way of the next try */
    if (!ok)
        error_set(error, ERROR_IO, "%s: cannot be written: %s%s", path, g_strerror(number),
                  number == EEXIST ? "; nobody's edits are written over, so name another file" : "");
    return ok;
}

/*
 * csv_guess.c - see csv_guess.h
 *
 * The encoding is that of the whole file, everything else is seen in its
 * beginning: of all delimiters the one that gives most rows as many fields as
 * the first.
 */
#include "dirsync/csv_guess.h"

#include "dirsync/csv.h"
#include "dirsync/value_looks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEAD (256 * 1024)
#define ROWS_LOOKED_AT 200

static const char delimiters[] = ";,\t|";
static const char separators[] = "|;"; /* no comma: names have it */

void csv_guess_clear(CsvGuess *guess)
{
    g_strfreev(guess->titles);
    g_strfreev(guess->names);
    *guess = (CsvGuess){0};
}

/* --- encoding --- */

static bool has_zeros(const char *data, size_t len, size_t from)
{
    size_t zeros = 0, n = 0;
    for (size_t i = from; i < MIN(len, 1000); i += 2, n++)
        zeros += data[i] == '\0';
    return n > 1 && zeros * 2 > n;
}

/* What goes over the whole file, block by block. */
typedef struct {
    GString *head;        /* the first HEAD bytes */
    bool is_utf8;         /* so far */
    bool is_windows_1252; /* the same: five bytes mean nothing in it */
    bool is_cut;          /* there is more than the head */
} Survey;

/* Bytes at the end that begin a character which may go on in the next block. */
static size_t begun(const char *text, size_t len)
{
    for (size_t back = 1; back <= MIN(len, 3); back++) {
        unsigned char c = (unsigned char)text[len - back];
        if (c >= 0xc0)
            return back < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? back : 0;
        if (c < 0x80)
            break;
    }
    return 0;
}

static void take_block(Survey *survey, const char *block, size_t len)
{
    size_t room = HEAD - survey->head->len;
    g_string_append_len(survey->head, block, (gssize)MIN(len, room));
    survey->is_cut |= len > room;
    for (size_t i = 0; i < len && survey->is_windows_1252; i++)
        survey->is_windows_1252 = !block[i] || !strchr("\x81\x8d\x8f\x90\x9d", block[i]);
}

static bool survey_file(Survey *survey, const char *path, GError **error)
{
    char block[64 * 1024];
    size_t kept = 0;
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, block + kept, sizeof block - kept)) > 0) {
        size_t len = kept + (size_t)n, rest = begun(block, len);
        take_block(survey, block + kept, (size_t)n);
        survey->is_utf8 = survey->is_utf8 && g_utf8_validate_len(block, len - rest, NULL);
        memmove(block, block + len - rest, rest);
        kept = rest;
    }
    survey->is_utf8 &= !kept;
    if (n < 0)
        error_set(error, ERROR_IO, "%s: cannot be read: %s", path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return n == 0;
}

static const char *guess_encoding(const Survey *survey)
{
    const char *data = survey->head->str;
    size_t len = survey->head->len;
    if (len >= 2 && !memcmp(data, "\xff\xfe", 2))
        return "utf-16le";
    if (len >= 2 && !memcmp(data, "\xfe\xff", 2))
        return "utf-16be";
    if (has_zeros(data, len, 1))
        return "utf-16le";
    if (has_zeros(data, len, 0))
        return "utf-16be";
    if (survey->is_utf8)
        return NULL;
    return survey->is_windows_1252 ? "windows-1252" : "iso-8859-1";
}

/* The beginning of the file as UTF-8, without a byte order mark. g_string_free(). */
static GString *head_of(const GString *head, const char *encoding, GError **error)
{
    TextSource source;
    char block[4096];
    GString *text = g_string_new(NULL);
    text_source_begin_memory(&source, head->str, head->len);
    bool ok = text_source_convert(&source, encoding, error);
    for (ssize_t n; ok && (n = text_source_take(&source, block, sizeof block)) > 0;)
        g_string_append_len(text, block, n);
    text_source_end(&source);
    if (!ok)
        g_string_free(g_steal_pointer(&text), TRUE);
    else if (g_str_has_prefix(text->str, "\xef\xbb\xbf"))
        g_string_erase(text, 0, 3);
    return text;
}

/* --- rows --- */

static bool ends_row(const char *p)
{
    return *p == '\n' || *p == '\r';
}

/* One field; returns what follows it. */
static const char *take_field(const char *p, const char *end, char delimiter, GString *field)
{
    bool quoted = p < end && *p == '"';
    g_string_truncate(field, 0);
    for (p += quoted; p < end; p++) {
        if (quoted && *p == '"' && p + 1 < end && p[1] == '"')
            p++;
        else if (quoted && *p == '"') {
            quoted = false;
            continue;
        } else if (!quoted && (*p == delimiter || ends_row(p)))
            break;
        g_string_append_c(field, *p);
    }
    return p;
}

/* Rows (GPtrArray) of fields (char *). The last row of a head may have been cut, and is left out when there
 * are others. */
static GPtrArray *split(const GString *text, char delimiter, bool is_cut)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    const char *p = text->str, *end = p + text->len;
    g_autoptr(GString) field = g_string_new(NULL);
    while (p < end && rows->len < ROWS_LOOKED_AT) {
        GPtrArray *row = g_ptr_array_new_with_free_func(g_free);
        for (bool more = true; more; p += more) {
            p = take_field(p, end, delimiter, field);
            g_ptr_array_add(row, g_strdup(field->str));
            more = p < end && *p == delimiter;
        }
        while (p < end && ends_row(p))
            p++;
        g_ptr_array_add(rows, row);
    }
    if (is_cut && p >= end && rows->len > 1)
        g_ptr_array_set_size(rows, (gint)rows->len - 1);
    return rows;
}

/* How well the delimiter fits: fields of the rows that have as many as the first. */
static guint fit(const GPtrArray *rows)
{
    guint n = rows->len ? ((GPtrArray *)g_ptr_array_index(rows, 0))->len : 0, same = 0;
    for (guint i = 0; i < rows->len; i++)
        same += ((GPtrArray *)g_ptr_array_index(rows, i))->len == n;
    bool most = same * 10 >= rows->len * 8;
    return n < 2 || !most ? 0 : n * same;
}

static GPtrArray *guess_delimiter(const GString *text, bool is_cut, char *delimiter)
{
    GPtrArray *best = split(text, *delimiter = ',', is_cut);
    for (const char *d = delimiters; *d; d++) {
        GPtrArray *rows = split(text, *d, is_cut);
        bool better = fit(rows) > fit(best);
        if (better)
            *delimiter = *d;
        g_ptr_array_unref(better ? best : rows);
        best = better ? rows : best;
    }
    return best;
}

/* --- header --- */

static bool is_data(const char *field)
{
    return value_looks_like(field, LOOKS_MAIL) || value_looks_like(field, LOOKS_NUMBER) ||
           value_looks_like(field, LOOKS_PHONE) || value_looks_like(field, LOOKS_ADDRESS);
}

static bool is_header(const GPtrArray *row)
{
    bool any = false;
    for (guint i = 0; i < row->len; i++) {
        if (is_data(g_ptr_array_index(row, i)))
            return false;
        any |= *(const char *)g_ptr_array_index(row, i) != '\0';
    }
    return any;
}

static const char *const spelled[][2] = {{"ä", "ae"}, {"ö", "oe"}, {"ü", "ue"}, {"Ä", "Ae"}, {"Ö", "Oe"},
                                         {"Ü", "Ue"}, {"ß", "ss"}, {"æ", "ae"}, {"ø", "oe"}, {"å", "aa"}};

/* In ASCII, as far as there is any. */
static char *in_ascii(const char *title)
{
    g_autoptr(GString) text = g_string_new(title);
    for (size_t i = 0; i < G_N_ELEMENTS(spelled); i++)
        g_string_replace(text, spelled[i][0], spelled[i][1], 0);
    return g_str_to_ascii(text->str, "C");
}

char *csv_guess_fold(const char *title)
{
    g_autofree char *ascii = in_ascii(title);
    GString *folded = g_string_new(NULL);
    for (const char *p = ascii; *p; p++)
        if (g_ascii_isalnum(*p))
            g_string_append_c(folded, g_ascii_tolower(*p));
    return g_string_free(folded, FALSE);
}

/* A name for the column: what of the title can stand in one. */
static char *name_of(const char *title)
{
    g_autofree char *ascii = in_ascii(title);
    GString *name = g_string_new(NULL);
    for (const char *p = ascii; *p; p++)
        if (g_ascii_isalnum(*p) || (*p == '-' && name->len && g_ascii_isalnum(p[1])))
            g_string_append_c(name, *p);
    if (name->len && !g_ascii_isalpha(name->str[0]))
        g_string_prepend(name, "column");
    return g_string_free(name, FALSE);
}

/* Columns of one title are one attribute with several values; others must not become one by chance. */
static bool is_another_ones(const CsvGuess *guess, const GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (!g_ascii_strcasecmp(g_ptr_array_index(names, i), name) &&
            strcmp(guess->titles[i], guess->titles[names->len]) != 0)
            return true;
    return false;
}

static void name_columns(CsvGuess *guess)
{
    GPtrArray *names = g_ptr_array_new();
    guess->is_plain = guess->header;
    for (char **title = guess->titles; *title; title++) {
        g_autofree char *plain = name_of(*title);
        char *name = g_strdup(*plain ? plain : "-");
        for (int n = 2; *plain && is_another_ones(guess, names, name); n++) {
            g_free(name);
            name = g_strdup_printf("%s%d", plain, n);
        }
        g_ptr_array_add(names, name);
        g_autofree char *read = g_strdup(*title);
        for (char *p = read; (p = strpbrk(p, " _./()"));)
            memmove(p, p + 1, strlen(p));
        guess->is_plain &= !strcmp(read, name) || (!*read && !*plain);
    }
    g_ptr_array_add(names, NULL);
    guess->names = (char **)g_ptr_array_free(names, FALSE);
}

static void take_titles(CsvGuess *guess, const GPtrArray *row)
{
    GPtrArray *titles = g_ptr_array_new();
    for (guint i = 0; i < row->len; i++) {
        char *title = g_utf8_make_valid(g_ptr_array_index(row, i), -1);
        g_ptr_array_add(titles, guess->header ? g_strstrip(title) : g_strdup_printf("column %u", i + 1));
        if (!guess->header)
            g_free(title);
    }
    g_ptr_array_add(titles, NULL);
    guess->titles = (char **)g_ptr_array_free(titles, FALSE);
}

/* --- several values in a field --- */

static bool holds_several(const char *field, char separator)
{
    const char text[] = {separator, '\0'};
    g_auto(GStrv) parts = g_strsplit(field, text, 0);
    guint n = 0;
    for (char **part = parts; *part; part++) {
        const char *value = g_strstrip(*part);
        if (*value && !value_looks_like(value, LOOKS_MAIL) && !value_looks_like(value, LOOKS_ADDRESS))
            return false;
        n += *value != '\0';
    }
    return n > 1;
}

/* Only addresses show it: a bar in a street is a bar. And what stands in other fields too would take these
 * apart, so that it does not do. */
static bool is_separator(const GPtrArray *rows, char separator, bool header)
{
    bool any = false;
    for (guint i = header; i < rows->len; i++) {
        const GPtrArray *row = g_ptr_array_index(rows, i);
        for (guint j = 0; j < row->len; j++) {
            const char *field = g_ptr_array_index(row, j);
            bool several = holds_several(field, separator);
            if (!several && strchr(field, separator))
                return false;
            any |= several;
        }
    }
    return any;
}

static char guess_separator(const GPtrArray *rows, char delimiter, bool header)
{
    for (const char *s = separators; *s; s++)
        if (*s != delimiter && is_separator(rows, *s, header))
            return *s;
    return '\0';
}

static bool guess_from(CsvGuess *guess, const Survey *survey, const char *path, GError **error)
{
    guess->encoding = guess_encoding(survey);
    GString *text = head_of(survey->head, guess->encoding, error);
    if (!text)
        return false;
    g_autoptr(GPtrArray) rows = guess_delimiter(text, survey->is_cut, &guess->delimiter);
    g_string_free(text, TRUE);
    if (!rows->len) {
        error_set(error, ERROR_SOURCE, "%s: is empty; a first row should name the columns", path);
        return false;
    }
    guess->header = is_header(g_ptr_array_index(rows, 0));
    take_titles(guess, g_ptr_array_index(rows, 0));
    name_columns(guess);
    guess->separator = guess_separator(rows, guess->delimiter, guess->header);
    return true;
}

bool csv_guess(const char *path, CsvGuess *guess, GError **error)
{
    Survey survey = {.head = g_string_new(NULL), .is_utf8 = true, .is_windows_1252 = true};
    *guess = (CsvGuess){.delimiter = ','};
    bool ok = survey_file(&survey, path, error) && guess_from(guess, &survey, path, error);
    g_string_free(survey.head, TRUE);
    return ok;
}

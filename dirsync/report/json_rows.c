/*
 * json_rows.c - where a value begins and where it ends; see json_rows.h
 *
 * Only quotes, backslashes and brackets are looked at here. Whether what is
 * between them is JSON is Jansson's to say.
 */
#include "dirsync/report/json_rows.h"

#include <errno.h>
#include <string.h>

typedef struct {
    FILE *in;
    const char *const *lists;
    JsonRow row;
    void *data;
    GString *text; /* the value at hand */
    json_t *rest;
} Rows;

static bool fail(const Rows *rows, const char *why, GError **error)
{
    if (ferror(rows->in))
        error_set(error, ERROR_IO, "JSON: cannot be read: %s; see to the file system", g_strerror(errno));
    else
        error_set(error, ERROR_SOURCE, "JSON: %s at byte %ld; it must be the output of a run that has ended",
                  why, ftell(rows->in));
    return false;
}

/* The next byte that is no blank, or EOF. */
static int next(const Rows *rows)
{
    int c;
    do
        c = getc_unlocked(rows->in);
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t');
    return c;
}

static bool take(Rows *rows, int c, GError **error)
{
    if (rows->text->len >= JSON_ROW_MAX)
        return fail(rows, "a value is larger than 64 MiB", error);
    g_string_append_c(rows->text, (char)c);
    return true;
}

/* What is left of a string after its first quote. */
static bool take_string(Rows *rows, GError **error)
{
    for (int c; (c = getc_unlocked(rows->in)) != EOF;) {
        if (!take(rows, c, error))
            return false;
        if (c == '"')
            return true;
        if (c == '\\' && (c = getc_unlocked(rows->in)) != EOF && !take(rows, c, error))
            return false;
    }
    return fail(rows, "ends within a string", error);
}

static bool take_brackets(Rows *rows, GError **error)
{
    for (size_t depth = 1; depth;) {
        int c = getc_unlocked(rows->in);
        if (c == EOF)
            return fail(rows, "ends too early", error);
        if (!take(rows, c, error) || (c == '"' && !take_string(rows, error)))
            return false;
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
    }
    return true;
}

static bool take_word(Rows *rows, GError **error)
{
    for (int c; (c = getc_unlocked(rows->in)) != EOF;) {
        if (strchr(",]} \n\r\t", c)) {
            ungetc(c, rows->in);
            return true;
        }
        if (!take(rows, c, error))
            return false;
    }
    return fail(rows, "ends too early", error);
}

/* One value that begins with @c, into rows->text; parsed, so that nothing is handed on that is no JSON. */
static json_t *take_value(Rows *rows, int c, GError **error)
{
    g_string_truncate(rows->text, 0);
    if (c == EOF) {
        fail(rows, "ends too early", error);
        return NULL;
    }
    if (!take(rows, c, error))
        return NULL;
    bool taken = c == '"'               ? take_string(rows, error)
                 : c == '{' || c == '[' ? take_brackets(rows, error)
                                        : take_word(rows, error);
    if (!taken)
        return NULL;
    json_error_t why;
    json_t *value = json_loadb(rows->text->str, rows->text->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!value)
        fail(rows, why.text, error);
    return value;
}

static bool read_rows(Rows *rows, size_t list, GError **error)
{
    int c = next(rows);
    if (c == ']')
        return true;
    for (;; c = next(rows)) {
        json_t *value = take_value(rows, c, error);
        if (!value)
            return false;
        json_decref(value);
        if (!rows->row(list, rows->text, rows->data, error))
            return false;
        c = next(rows);
        if (c == ']')
            return true;
        if (c != ',')
            return fail(rows, "a comma is missing", error);
    }
}

static bool read_member(Rows *rows, const char *name, GError **error)
{
    int c = next(rows);
    for (size_t list = 0; rows->lists[list]; list++)
        if (c == '[' && !strcmp(rows->lists[list], name))
            return read_rows(rows, list, error);
    json_t *value = take_value(rows, c, error);
    return value && json_object_set_new(rows->rest, name, value) == 0;
}

static char *read_name(Rows *rows, int c, GError **error)
{
    json_t *value = c == '"' ? take_value(rows, c, error) : NULL;
    if (!value) {
        if (c != '"')
            fail(rows, "the name of a member is missing", error);
        return NULL;
    }
    char *name = g_strdup(json_string_value(value));
    json_decref(value);
    return name;
}

static bool read_object(Rows *rows, GError **error)
{
    if (next(rows) != '{')
        return fail(rows, "does not begin with an object", error);
    int c = next(rows);
    if (c == '}')
        return true;
    for (;; c = next(rows)) {
        g_autofree char *name = read_name(rows, c, error);
        if (!name)
            return false;
        if (next(rows) != ':')
            return fail(rows, "a colon is missing", error);
        if (!read_member(rows, name, error))
            return false;
        c = next(rows);
        if (c == '}')
            return true;
        if (c != ',')
            return fail(rows, "a comma is missing", error);
    }
}

json_t *json_rows_read(FILE *in, const char *const *lists, JsonRow row, void *data, GError **error)
{
    Rows rows = {in, lists, row, data, g_string_new(NULL), json_object()};
    bool good = read_object(&rows, error);
    if (good && next(&rows) != EOF)
        good = fail(&rows, "something follows the object", error);
    g_string_free(rows.text, TRUE);
    if (good)
        return rows.rest;
    json_decref(rows.rest);
    return NULL;
}

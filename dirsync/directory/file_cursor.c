/*
 * file_cursor.c - the cursor of a file, made and compared
 */
#include "dirsync/directory/file_cursor.h"

#include "dirsync/directory/cursor.h"
#include "dirsync/directory/file_proof.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define KIND "file1"
#define BLOCK ((size_t)256 * 1024)

enum { FIELD_REQUEST, FIELD_SETTINGS, FIELD_SIZE, FIELD_DIGEST, FIELDS };

static void add(GString *to, const char *text)
{
    g_string_append_printf(to, "%zd:%s", text ? (ssize_t)strlen(text) : -1, text ? text : "");
}

/* What the endpoint says about how the bytes are read, and when they are proven to be all. */
static char *digest_settings(const Endpoint *endpoint)
{
    g_autoptr(GString) text = g_string_new(NULL);
    add(text, endpoint->driver);
    add(text, endpoint->path);
    add(text, endpoint->count_trailer);
    add(text, endpoint->checksum);
    add(text, endpoint->encoding);
    add(text, endpoint->key);
    for (size_t i = 0; endpoint->columns && endpoint->columns[i]; i++)
        add(text, endpoint->columns[i]);
    g_string_append_printf(text, "%u %u %d %d %d %d %d", endpoint->max_age, endpoint->minimum_percent,
                           endpoint->delimiter, endpoint->separator, endpoint->header, endpoint->is_target,
                           endpoint->guard_formulas);
    return fingerprint_hex(fingerprint_bytes(text->str, text->len));
}

char *file_cursor(const Endpoint *endpoint, const ReadRequest *request, const TextSource *source)
{
    Fingerprint hash = {0};
    uint64_t digest[2];
    if (source) {
        text_source_digest(source, digest);
        hash = (Fingerprint){.low = digest[0], .high = digest[1]};
    }
    g_autofree char *of_request = cursor_digest_request(request, endpoint->base);
    g_autofree char *of_settings = digest_settings(endpoint);
    g_autofree char *of_bytes = fingerprint_hex(hash);
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, source ? (guint64)source->taken : 0);
    const char *const fields[] = {of_request, of_settings, size, of_bytes, NULL};
    return cursor_join(KIND, fields);
}

/* Stops where the file was to end: one that grows without pause would never end. */
static bool take_all(TextSource *source, const struct stat *status, const char *path, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK);
    ssize_t n = 1;
    while (n > 0 && source->taken <= (uint64_t)status->st_size)
        n = text_source_take(source, block, BLOCK);
    if (n < 0)
        error_set(error, ERROR_SOURCE, "%s: cannot be read: %s", path, g_strerror(errno));
    return n >= 0;
}

/* The cursor of the file as it is now; NULL with an error. */
static char *cursor_now(const Endpoint *endpoint, const ReadRequest *request, char **doubt, GError **error)
{
    FileRead read = {0};
    TextSource source;
    if (endpoint->is_target && file_is_absent(endpoint->path))
        return file_cursor(endpoint, request, NULL);
    read.fd = file_open(endpoint->path, &read.before, error);
    if (read.fd < 0)
        return NULL;
    text_source_begin(&source, read.fd);
    char *now = NULL;
    if (take_all(&source, &read.before, endpoint->path, error)) {
        now = file_cursor(endpoint, request, &source);
        *doubt = file_proof_doubt_age(endpoint, &read);
    }
    text_source_end(&source);
    close(read.fd);
    return now;
}

bool file_cursor_compare(const Endpoint *endpoint, const ReadRequest *request, const char *cursor,
                         char **full_reason, char **doubt, GError **error)
{
    g_autofree char *settings = digest_settings(endpoint);
    g_autofree char *of_request = cursor_digest_request(request, endpoint->base);
    g_auto(GStrv) fields = cursor_split(cursor, KIND, FIELDS);
    *full_reason = *doubt = NULL;
    if (!fields || strcmp(fields[FIELD_REQUEST], of_request) != 0 ||
        strcmp(fields[FIELD_SETTINGS], settings) != 0) {
        *full_reason = g_strdup_printf("%s: is read in another way than last time", endpoint->path);
        return true;
    }
    g_autofree char *now = cursor_now(endpoint, request, doubt, error);
    if (now && strcmp(now, cursor) != 0) {
        *full_reason = g_strdup_printf("%s: the file has changed", endpoint->path);
        g_clear_pointer(doubt, g_free);
    }
    return now;
}

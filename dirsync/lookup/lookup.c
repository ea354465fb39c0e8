/*
 * lookup.c - the snapshot, and what recipients have; see lookup.h
 */
#include "dirsync/lookup/lookup_internal.h"

#include "dirsync/holder_index.h"
#include "proxygen/address.h"

#include <errno.h>
#include <string.h>

#define RETRY_MICROSECONDS G_USEC_PER_SEC

Lookup *lookup_new(const char *path, const char *const *domains)
{
    Lookup *lookup = g_new0(Lookup, 1);
    lookup->path = g_strdup(path);
    lookup->domains = g_strdupv((char **)domains);
    return lookup;
}

void lookup_free(Lookup *lookup)
{
    if (!lookup)
        return;
    lookup_end(lookup);
    database_close(lookup->database);
    g_strfreev(lookup->domains);
    g_clear_error(&lookup->failure);
    g_free(lookup->path);
    g_free(lookup);
}

/* --- the snapshot --- */

void lookup_reopen(Lookup *lookup)
{
    lookup_end(lookup);
    g_clear_pointer(&lookup->database, database_close);
    g_clear_error(&lookup->failure);
}

void lookup_end(Lookup *lookup)
{
    if (lookup->open)
        database_rollback(lookup->database);
    lookup->open = false;
}

LookupSnapshot lookup_snapshot(const Lookup *lookup)
{
    return lookup->snapshot;
}

/* The file that has the name now must be the one that is read. */
static bool check_file(Lookup *lookup, GError **error)
{
    struct stat now;
    if (stat(lookup->path, &now) != 0) {
        g_clear_pointer(&lookup->database, database_close);
        error_set(error, ERROR_STATE, "%s: %s; a sync makes it", lookup->path, g_strerror(errno));
        return false;
    }
    if (lookup->database && (now.st_dev != lookup->file.st_dev || now.st_ino != lookup->file.st_ino))
        g_clear_pointer(&lookup->database, database_close);
    if (lookup->database)
        return true;
    lookup->file = now;
    lookup->counted = 0;
    lookup->database = database_open_reading(lookup->path, HOLDERS_FORM, error);
    return lookup->database;
}

static bool read_number(Lookup *lookup, const char *name, gint64 *number, GError **error)
{
    g_autofree char *text = NULL;
    if (!database_get_meta(lookup->database, name, &text, error))
        return false;
    *number = text ? g_ascii_strtoll(text, NULL, 10) : 0;
    return true;
}

static bool begin(Lookup *lookup, GError **error)
{
    gint64 serial, as_of;
    if (!check_file(lookup, error) || !database_run(lookup->database, error, "BEGIN", ""))
        return false;
    lookup->open = true;
    if (!read_number(lookup, META_SERIAL, &serial, error) || !read_number(lookup, META_AS_OF, &as_of, error))
        return false;
    lookup->snapshot = (LookupSnapshot){serial, as_of};
    if (!serial)
        error_set(error, ERROR_STATE, "%s: the home directory has not been read yet; a sync does that",
                  lookup->path);
    return serial;
}

bool lookup_begin(Lookup *lookup, GError **error)
{
    gint64 now = g_get_monotonic_time();
    if (lookup->open)
        return true;
    if (!lookup->failure || now - lookup->tried >= RETRY_MICROSECONDS) {
        g_clear_error(&lookup->failure);
        if (begin(lookup, &lookup->failure))
            return true;
        /* Whatever was wrong with it: the next try begins with the file. */
        lookup_end(lookup);
        g_clear_pointer(&lookup->database, database_close);
        lookup->tried = now;
    }
    g_propagate_error(error, g_error_copy(lookup->failure));
    return false;
}

bool lookup_failed(Lookup *lookup, GError *why, GError **error)
{
    lookup_end(lookup);
    g_clear_pointer(&lookup->database, database_close);
    g_clear_error(&lookup->failure);
    lookup->failure = g_error_copy(why);
    lookup->tried = g_get_monotonic_time();
    g_propagate_error(error, why);
    return false;
}

/* --- what they have --- */

static const char addresses_of[] =
    "SELECT text, origin FROM key WHERE holder = ? AND kind = '" KEY_ADDRESS "' ORDER BY value";

typedef void (*AddressSeen)(const char *text, unsigned origin, void *data);

static bool scan_addresses(Lookup *lookup, const LookupRecipient *recipient, AddressSeen seen, void *data,
                           GError **error)
{
    GError *why = NULL;
    int more = -1;
    if (!lookup_begin(lookup, error))
        return false;
    sqlite3_stmt *row = database_query(lookup->database, &why, addresses_of, "i", recipient->row);
    while (row && (more = database_step(lookup->database, row, &why)) > 0) {
        const char *text = (const char *)sqlite3_column_text(row, 0);
        if (text)
            seen(text, (unsigned)sqlite3_column_int(row, 1), data);
    }
    return more == 0 || lookup_failed(lookup, why, error);
}

typedef struct {
    const char *type; /* in capitals */
    char *best;
    int rank; /* of the best; 0: none */
} Choice;

static void choose(const char *text, unsigned origin, void *data)
{
    Choice *choice = data;
    g_autofree char *type = NULL;
    bool primary;
    const char *value = address_split(text, &type, &primary);
    if (!value || strcmp(type, choice->type) != 0)
        return;
    int rank = origin & ORIGIN_PROXY && primary ? 3
               : origin & ORIGIN_MAIL           ? 2
               : origin & ORIGIN_TARGET         ? 1
                                                : 0;
    if (rank > choice->rank) {
        g_free(choice->best);
        choice->best = g_strconcat(type, ":", value, NULL);
        choice->rank = rank;
    }
}

bool lookup_primary(Lookup *lookup, const LookupRecipient *recipient, const char *type, char **address,
                    GError **error)
{
    g_autofree char *upper = g_ascii_strup(type, -1);
    Choice choice = {.type = upper};
    *address = NULL;
    if (scan_addresses(lookup, recipient, choose, &choice, error)) {
        *address = choice.best;
        return true;
    }
    g_free(choice.best);
    return false;
}

static void add(const char *text, unsigned origin, void *data)
{
    if (origin & (ORIGIN_PROXY | ORIGIN_MAIL))
        g_ptr_array_add(data, g_strdup(text));
}

bool lookup_addresses(Lookup *lookup, const LookupRecipient *recipient, GPtrArray *addresses, GError **error)
{
    return scan_addresses(lookup, recipient, add, addresses, error);
}

bool lookup_count(Lookup *lookup, int64_t *count, GError **error)
{
    GError *why = NULL;
    if (!lookup_begin(lookup, error))
        return false;
    if (lookup->counted != lookup->snapshot.serial) {
        sqlite3_stmt *row = database_query(lookup->database, &why, "SELECT count(*) FROM holder", "");
        if (!row || database_step(lookup->database, row, &why) != 1)
            return lookup_failed(lookup, why, error);
        lookup->count = sqlite3_column_int64(row, 0);
        lookup->counted = lookup->snapshot.serial;
        sqlite3_reset(row);
    }
    *count = lookup->count;
    return true;
}

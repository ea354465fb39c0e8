/*
 * holder_index.c - see holder_index.h
 */
#include "dirsync/holder_index.h"

#include "dirsync/database.h"
#include "dirsync/fault.h"
#include "dirsync/key_filter.h"

#include <string.h>

struct HolderIndex {
    Database *database;
    int64_t serial; /* of this transaction */
    int64_t top;    /* no row has a higher number; INT64_MAX: not known */
    char *id;
    char **kinds;
    KeyFilter *filter; /* NULL, or all names and keys; while held */
};

#define KEY_NAME "dn" /* in the filter */
#define KEYS_A_HOLDER 4
#define ROWS_A_LOOKUP 8 /* so many rows are gone over in the time of one look-up, with its statement */

#define HOLDER_COLUMNS "h.row, h.id, h.dn, h.dn_key, h.fingerprint, h.owner, h.anchor, h.graced"

void holder_free(Holder *holder)
{
    if (!holder)
        return;
    g_free(holder->id);
    g_free(holder->dn);
    g_free(holder->dn_key);
    g_free(holder->owner);
    g_free(holder->anchor);
    g_free(holder->card.name);
    g_free(holder->card.legacy);
    g_free(holder->card.target);
    g_free(holder);
}

/* Two that make the file together must agree on one. */
static bool take_id(HolderIndex *index, GError **error)
{
    Database *database = index->database;
    if (!database_get_meta(database, "id", &index->id, error) || index->id)
        return index->id != NULL;
    g_autofree char *id = g_uuid_string_random();
    return database_run(database, error, "INSERT OR IGNORE INTO meta (name, value) VALUES ('id', ?)", "s",
                        id) &&
           database_get_meta(database, "id", &index->id, error) && index->id;
}

HolderIndex *holder_index_open(const char *path, GError **error)
{
    bool created;
    Database *database = database_open_cache(path, "holders.sql", HOLDERS_FORM, &created, error);
    if (!database)
        return NULL;
    g_autoptr(HolderIndex) index = g_new0(HolderIndex, 1);
    index->database = database;
    index->top = INT64_MAX;
    return take_id(index, error) ? g_steal_pointer(&index) : NULL;
}

const char *holder_index_id(const HolderIndex *index)
{
    return index->id;
}

const char *const *holder_index_kinds(const HolderIndex *index)
{
    return (const char *const *)index->kinds;
}

void holder_index_close(HolderIndex *index)
{
    if (!index)
        return;
    database_close(index->database);
    key_filter_free(index->filter);
    g_free(index->id);
    g_strfreev(index->kinds);
    g_free(index);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The kinds kept so far and those wanted now, sorted, joined by blanks. */
static char *join_kinds(const char *kept, const char *const *wanted)
{
    GPtrArray *all = g_ptr_array_new();
    g_auto(GStrv) before = g_strsplit(kept ? kept : "", " ", 0);
    for (char **kind = before; *kind; kind++)
        if (**kind)
            g_ptr_array_add(all, *kind);
    for (; wanted && *wanted; wanted++) {
        bool there = false;
        for (guint i = 0; i < all->len; i++)
            there |= !strcmp(g_ptr_array_index(all, i), *wanted);
        if (!there)
            g_ptr_array_add(all, (gpointer)*wanted);
    }
    g_ptr_array_sort(all, compare_names);
    g_ptr_array_add(all, NULL);
    char *joined = g_strjoinv(" ", (char **)all->pdata);
    g_ptr_array_unref(all);
    return joined;
}

static bool replace_meta(HolderIndex *index, const char *name, const char *value, bool *changed,
                         GError **error)
{
    g_autofree char *before = NULL;
    if (!database_get_meta(index->database, name, &before, error))
        return false;
    if (!g_strcmp0(before, value))
        return true;
    *changed = true;
    return database_set_meta(index->database, name, value, error);
}

static bool prepare_in_transaction(HolderIndex *index, const char *const *kinds, const char *request,
                                   GError **error)
{
    bool changed = false;
    g_autofree char *kept = NULL;
    if (!database_get_meta(index->database, "kinds", &kept, error))
        return false;
    g_autofree char *all = join_kinds(kept, kinds);
    g_strfreev(index->kinds);
    index->kinds = *all ? g_strsplit(all, " ", 0) : g_new0(char *, 1);
    if (!replace_meta(index, "kinds", all, &changed, error) ||
        !replace_meta(index, "request", request, &changed, error))
        return false;
    if (!changed)
        return true;
    /* Nobody's cursor is of this index any more: all of the directory must be read. */
    g_free(index->id);
    index->id = g_uuid_string_random();
    return database_set_meta(index->database, "id", index->id, error) &&
           database_run(index->database, error, "UPDATE holder SET fingerprint = zeroblob(16)", "");
}

bool holder_index_name_owner(HolderIndex *index, const char *owner, const char *name, GError **error)
{
    bool changed;
    g_autofree char *key = g_strconcat(META_OWNER, owner, NULL);
    return replace_meta(index, key, name, &changed, error);
}

bool holder_index_prepare(HolderIndex *index, const char *const *kinds, const char *request, GError **error)
{
    if (!database_begin(index->database, error))
        return false;
    if (prepare_in_transaction(index, kinds, request, error) && database_commit(index->database, error))
        return true;
    database_rollback(index->database);
    return false;
}

bool holder_index_scan(HolderIndex *index, HolderSeen seen, void *data, GError **error)
{
    sqlite3_stmt *statement = database_query(
        index->database, error, "SELECT row, fingerprint, id, owner FROM holder ORDER BY row", "");
    int more = -1;
    while (statement && (more = database_step(index->database, statement, error)) > 0) {
        Fingerprint fingerprint = database_fingerprint(statement, 1);
        seen(sqlite3_column_int64(statement, 0), &fingerprint,
             (const char *)sqlite3_column_text(statement, 2), (const char *)sqlite3_column_text(statement, 3),
             data);
    }
    return more == 0;
}

static bool find_top(HolderIndex *index, GError **error)
{
    sqlite3_stmt *statement =
        database_query(index->database, error, "SELECT ifnull(max(row), 0) FROM holder", "");
    if (!statement || database_step(index->database, statement, error) != 1)
        return false;
    index->top = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

static bool next_serial(HolderIndex *index, GError **error)
{
    g_autofree char *before = NULL;
    if (!database_get_meta(index->database, META_SERIAL, &before, error))
        return false;
    index->serial = (before ? g_ascii_strtoll(before, NULL, 10) : 0) + 1;
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, index->serial);
    return database_set_meta(index->database, META_SERIAL, now, error);
}

bool holder_index_begin_writing(HolderIndex *index, GError **error)
{
    if (!database_begin(index->database, error))
        return false;
    if (next_serial(index, error) && find_top(index, error))
        return true;
    database_rollback(index->database);
    return false;
}

bool holder_index_begin(HolderIndex *index, GError **error)
{
    g_autofree char *time = g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC);
    if (!holder_index_begin_writing(index, error))
        return false;
    if (database_set_meta(index->database, META_AS_OF, time, error))
        return true;
    database_rollback(index->database);
    return false;
}

bool holder_index_commit(HolderIndex *index, GError **error)
{
    index->top = INT64_MAX;
    return database_commit(index->database, error);
}

void holder_index_rollback(HolderIndex *index)
{
    index->top = INT64_MAX;
    database_rollback(index->database);
}

bool holder_index_hold(HolderIndex *index, GError **error)
{
    return database_hold(index->database, error);
}

/* Names and keys of everybody, in one go over each table. */
static bool fill_filter(HolderIndex *index, KeyFilter *filter, GError **error)
{
    sqlite3_stmt *statement =
        database_query(index->database, error,
                       "SELECT '" KEY_NAME "', dn_key FROM holder UNION ALL SELECT kind, value FROM key", "");
    int more = -1;
    while (statement && (more = database_step(index->database, statement, error)) > 0)
        key_filter_add(filter, (const char *)sqlite3_column_text(statement, 0),
                       (const char *)sqlite3_column_text(statement, 1));
    return more == 0;
}

bool holder_index_expect(HolderIndex *index, size_t lookups, GError **error)
{
    int64_t top = index->top;
    if (!lookups || index->filter)
        return true;
    if (!find_top(index, error))
        return false;
    size_t rows = (size_t)index->top;
    index->top = top;
    if (rows / ROWS_A_LOOKUP > lookups)
        return true;
    g_autoptr(KeyFilter) filter = key_filter_new(rows * KEYS_A_HOLDER);
    if (!fill_filter(index, filter, error))
        return false;
    index->filter = g_steal_pointer(&filter);
    return true;
}

static bool may_have(const HolderIndex *index, const char *kind, const char *value)
{
    return !index->filter || key_filter_may_have(index->filter, kind, value);
}

void holder_index_let_go(HolderIndex *index)
{
    g_clear_pointer(&index->filter, key_filter_free);
    database_let_go(index->database);
}

/* A row that is new has none to be replaced. */
static bool save_keys(HolderIndex *index, int64_t row, const HolderKey *keys, size_t n_keys, GError **error)
{
    bool is_new = row > index->top;
    index->top = MAX(index->top, row);
    if (!is_new && !database_run(index->database, error, "DELETE FROM key WHERE holder = ?", "i", row))
        return false;
    for (size_t i = 0; i < n_keys; i++)
        if (!database_run(index->database, error,
                          "INSERT OR IGNORE INTO key (kind, value, holder, text, origin) "
                          "VALUES (?, ?, ?, ?, ?)",
                          "ssisi", keys[i].kind, keys[i].value, row, keys[i].text, (int64_t)keys[i].origin))
            return false;
    return true;
}

static bool save_card(HolderIndex *index, int64_t row, const Card *card, GError **error)
{
    return !card->kind ||
           database_run(index->database, error,
                        "INSERT OR REPLACE INTO card (holder, kind, name, legacy, target, flags) "
                        "VALUES (?, ?, ?, ?, ?, ?)",
                        "issssi", row, card->kind, card->name, card->legacy, card->target,
                        (int64_t)card->flags);
}

bool holder_index_save(HolderIndex *index, Holder *holder, const HolderKey *keys, size_t n_keys,
                       GError **error)
{
    sqlite3_stmt *statement =
        database_query(index->database, error,
                       "INSERT INTO holder (id, dn, dn_key, fingerprint, owner, anchor, graced, serial) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
                       "ON CONFLICT (id) DO UPDATE SET dn = ?2, dn_key = ?3, "
                       "fingerprint = ?4, owner = ?5, anchor = ?6, graced = ?7, serial = ?8 RETURNING row",
                       "sssfssii", holder->id, holder->dn, holder->dn_key, &holder->fingerprint,
                       holder->owner, holder->anchor, (int64_t)holder->graced, index->serial);
    if (!statement || database_step(index->database, statement, error) != 1)
        return false;
    holder->row = sqlite3_column_int64(statement, 0);
    if (database_step(index->database, statement, error) != 0)
        return false;
    database_fault_step(index->database);
    return save_keys(index, holder->row, keys, n_keys, error) &&
           save_card(index, holder->row, &holder->card, error);
}

bool holder_index_remove(HolderIndex *index, int64_t row, GError **error)
{
    return database_run(index->database, error, "DELETE FROM holder WHERE row = ?", "i", row);
}

static bool collect(HolderIndex *index, sqlite3_stmt *statement, GPtrArray *found, GError **error)
{
    int more = -1;
    while (statement && (more = database_step(index->database, statement, error)) > 0) {
        Holder *holder = g_new0(Holder, 1);
        holder->row = sqlite3_column_int64(statement, 0);
        holder->id = database_text(statement, 1);
        holder->dn = database_text(statement, 2);
        holder->dn_key = database_text(statement, 3);
        holder->fingerprint = database_fingerprint(statement, 4);
        holder->owner = database_text(statement, 5);
        holder->anchor = database_text(statement, 6);
        holder->graced = sqlite3_column_int(statement, 7) != 0;
        g_ptr_array_add(found, holder);
    }
    return more == 0;
}

bool holder_index_find(HolderIndex *index, const char *kind, const char *value, GPtrArray *found,
                       GError **error)
{
    if (!may_have(index, kind, value))
        return true;
    return collect(index,
                   database_query(index->database, error,
                                  "SELECT " HOLDER_COLUMNS " FROM key k JOIN holder h ON h.row = k.holder "
                                  "WHERE k.kind = ? AND k.value = ? ORDER BY h.row",
                                  "ss", kind, value),
                   found, error);
}

bool holder_index_find_dn(HolderIndex *index, const char *dn_key, GPtrArray *found, GError **error)
{
    if (!may_have(index, KEY_NAME, dn_key))
        return true;
    return collect(index,
                   database_query(index->database, error,
                                  "SELECT " HOLDER_COLUMNS " FROM holder h WHERE h.dn_key = ?", "s", dn_key),
                   found, error);
}

bool holder_index_find_id(HolderIndex *index, const char *id, GPtrArray *found, GError **error)
{
    return collect(index,
                   database_query(index->database, error,
                                  "SELECT " HOLDER_COLUMNS " FROM holder h WHERE h.id = ?", "s", id),
                   found, error);
}

bool holder_index_addresses(HolderIndex *index, int64_t row, GPtrArray *addresses, GError **error)
{
    sqlite3_stmt *statement = database_query(
        index->database, error,
        "SELECT text FROM key WHERE holder = ? AND kind = '" KEY_ADDRESS "' ORDER BY value", "i", row);
    return database_add_texts(index->database, statement, addresses, error);
}

bool holder_index_highest(HolderIndex *index, const char *base, unsigned *highest, GError **error)
{
    sqlite3_stmt *statement =
        database_query(index->database, error, "SELECT highest FROM retry WHERE base = ?", "s", base);
    int more = statement ? database_step(index->database, statement, error) : -1;
    *highest = more > 0 ? (unsigned)sqlite3_column_int64(statement, 0) : 0;
    if (more > 0)
        sqlite3_reset(statement);
    return more >= 0;
}

bool holder_index_set_highest(HolderIndex *index, const char *base, unsigned highest, GError **error)
{
    return database_run(index->database, error,
                        "INSERT INTO retry (base, highest) VALUES (?1, ?2) "
                        "ON CONFLICT (base) DO UPDATE SET highest = max(highest, ?2)",
                        "si", base, (int64_t)highest);
}

bool holder_index_refuse(HolderIndex *index, const char *address, GError **error)
{
    return database_run(index->database, error, "INSERT OR IGNORE INTO refused (address) VALUES (?)", "s",
                        address);
}

bool holder_index_is_refused(HolderIndex *index, const char *address, bool *refused, GError **error)
{
    sqlite3_stmt *statement =
        database_query(index->database, error, "SELECT 1 FROM refused WHERE address = ?", "s", address);
    int more = statement ? database_step(index->database, statement, error) : -1;
    *refused = more > 0;
    if (more > 0)
        sqlite3_reset(statement);
    return more >= 0;
}

int64_t holder_index_serial(const HolderIndex *index)
{
    return index->serial;
}

/* CROSS JOIN and + have SQLite begin with what is new, which is little; by itself it would go over all that
 * is ours. */
bool holder_index_rivals(HolderIndex *index, int64_t since, const char *owner,
                         void (*rival)(const char *anchor, void *data), void *data, GError **error)
{
    sqlite3_stmt *statement =
        database_query(index->database, error,
                       "SELECT DISTINCT h.anchor FROM holder n CROSS JOIN key a ON a.holder = n.row "
                       "CROSS JOIN key b ON b.kind = a.kind AND b.value = a.value "
                       "CROSS JOIN holder h ON h.row = b.holder "
                       "WHERE n.serial > ? AND +n.owner IS NULL AND h.owner = ?",
                       "is", since, owner);
    int more = -1;
    while (statement && (more = database_step(index->database, statement, error)) > 0)
        rival((const char *)sqlite3_column_text(statement, 0), data);
    return more == 0;
}

bool holder_index_new_keys(HolderIndex *index, int64_t since, const char *kind,
                           void (*seen)(const char *value, void *data), void *data, GError **error)
{
    sqlite3_stmt *statement =
        database_query(index->database, error,
                       "SELECT DISTINCT k.value FROM holder n CROSS JOIN key k ON k.holder = n.row "
                       "WHERE n.serial > ? AND +n.owner IS NULL AND k.kind = ?",
                       "is", since, kind);
    int more = -1;
    while (statement && (more = database_step(index->database, statement, error)) > 0)
        seen((const char *)sqlite3_column_text(statement, 0), data);
    return more == 0;
}

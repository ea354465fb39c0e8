/*
 * audit_store.c - see audit_store.h
 */
#include "dirsync/audit_store.h"

#include "dirsync/state.h"

#include <string.h>

#define AUDIT_FORM 1

struct AuditStore {
    Database *database;
    int64_t before; /* the last audit of the scope when this one began */
};

AuditStore *audit_store_open(const Organisation *organisation, const char *folder, GError **error)
{
    g_autofree char *place = state_make_place(organisation, folder, error);
    g_autofree char *path = state_organisation_file(organisation, folder, "audit.db");
    bool created;
    Database *database = place ? database_open(path, "audit.sql", AUDIT_FORM, &created, error) : NULL;
    if (!database)
        return NULL;
    AuditStore *store = g_new0(AuditStore, 1);
    store->database = database;
    return store;
}

void audit_store_close(AuditStore *store)
{
    if (!store)
        return;
    database_close(store->database);
    g_free(store);
}

/* The first column of the first row; 0 when there is none. */
static bool ask_number(AuditStore *store, sqlite3_stmt *statement, int64_t *number, GError **error)
{
    *number = 0;
    int more = statement ? database_step(store->database, statement, error) : -1;
    if (more > 0) {
        *number = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return more >= 0;
}

static bool find_scope(AuditStore *store, const char *name, int64_t *scope, GError **error)
{
    return database_run(store->database, error, "INSERT OR IGNORE INTO scope (name) VALUES (?)", "s", name) &&
           ask_number(
               store,
               database_query(store->database, error, "SELECT row FROM scope WHERE name = ?", "s", name),
               scope, error);
}

static bool id_of(AuditStore *store, int64_t number, char **id, GError **error)
{
    sqlite3_stmt *statement =
        database_query(store->database, error, "SELECT id FROM audit WHERE number = ?", "i", number);
    int more = statement ? database_step(store->database, statement, error) : -1;
    if (more > 0) {
        *id = database_text(statement, 0);
        sqlite3_reset(statement);
    }
    return more >= 0;
}

bool audit_store_since(AuditStore *store, const char *scope, const char *id, AuditPlace *place, char **since,
                       GError **error)
{
    *since = NULL;
    if (!find_scope(store, scope, &place->scope, error) ||
        !ask_number(store,
                    id ? database_query(store->database, error,
                                        "SELECT number FROM audit WHERE scope = ? AND id = ?", "is",
                                        place->scope, id)
                       : database_query(store->database, error,
                                        "SELECT max(number) FROM audit WHERE scope = ?", "i", place->scope),
                    &place->since, error))
        return false;
    if (id && !place->since)
        error_set(error, ERROR_NOT_FOUND,
                  "--since %s: no audit of %s has that id; dirsync audit --list shows those there are", id,
                  *scope ? scope : "the whole home directory");
    return (place->since || !id) && (!place->since || id_of(store, place->since, since, error));
}

bool audit_store_begin(AuditStore *store, const char *id, const char *started, AuditPlace *place,
                       GError **error)
{
    return database_begin(store->database, error) &&
           ask_number(store,
                      database_query(store->database, error, "SELECT max(number) FROM audit WHERE scope = ?",
                                     "i", place->scope),
                      &store->before, error) &&
           database_run(store->database, error,
                        "INSERT INTO audit (id, scope, started, finished, total) VALUES (?, ?, ?, ?, 0)",
                        "siss", id, place->scope, started, started) &&
           ask_number(store, database_query(store->database, error, "SELECT max(number) FROM audit", ""),
                      &place->number, error);
}

bool audit_store_add(AuditStore *store, const AuditPlace *place, const Fingerprint *key, const char *kind,
                     const char *part, const char *body, GError **error)
{
    int64_t row;
    if (!ask_number(store,
                    database_query(store->database, error,
                                   "SELECT row FROM finding WHERE scope = ? AND key = ? AND last = ?", "ifi",
                                   place->scope, key, store->before),
                    &row, error))
        return false;
    if (row)
        return database_run(store->database, error,
                            "UPDATE OR IGNORE finding SET last = ?, part = ?, body = ? WHERE row = ?", "issi",
                            place->number, part, body, row);
    return database_run(store->database, error,
                        "INSERT OR IGNORE INTO finding (scope, key, kind, part, first, last, body) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?)",
                        "ifssiis", place->scope, key, kind, part, place->number, place->number, body);
}

bool audit_store_carry(AuditStore *store, const AuditPlace *place, const char *part, GError **error)
{
    return database_run(store->database, error,
                        "UPDATE OR IGNORE finding SET last = ? WHERE scope = ? AND last = ? AND part = ?",
                        "iiis", place->number, place->scope, store->before, part);
}

char **audit_store_parts(AuditStore *store, const AuditPlace *place, GError **error)
{
    return database_texts(store->database,
                          database_query(store->database, error,
                                         "SELECT DISTINCT part FROM finding WHERE scope = ? AND last = ?",
                                         "ii", place->scope, store->before),
                          error);
}

static bool forget_old(AuditStore *store, int64_t scope, GError **error)
{
    return database_run(store->database, error,
                        "DELETE FROM audit WHERE scope = ?1 AND number NOT IN (SELECT number FROM audit "
                        "WHERE scope = ?1 ORDER BY number DESC LIMIT " G_STRINGIFY(AUDITS_KEPT) ")",
                        "i", scope) &&
           database_run(store->database, error,
                        "DELETE FROM finding WHERE scope = ?1 AND last < "
                        "(SELECT min(number) FROM audit WHERE scope = ?1)",
                        "i", scope);
}

bool audit_store_finish(AuditStore *store, const AuditPlace *place, const char *finished, GError **error)
{
    return database_run(store->database, error,
                        "INSERT INTO tally (audit, kind, n) SELECT ?1, kind, count(*) FROM finding "
                        "WHERE scope = ?2 AND last = ?1 GROUP BY kind",
                        "ii", place->number, place->scope) &&
           database_run(store->database, error,
                        "UPDATE audit SET finished = ?2, total = (SELECT coalesce(sum(n), 0) FROM tally "
                        "WHERE audit = ?1) WHERE number = ?1",
                        "is", place->number, finished) &&
           forget_old(store, place->scope, error) && database_commit(store->database, error);
}

void audit_store_rollback(AuditStore *store)
{
    if (database_in_transaction(store->database))
        database_rollback(store->database);
}

/* --- what was found --- */

/* Whether some row of that key covers an audit: ?1 scope, f.key, the number. A row may have come back. */
#define COVERED(number)                                                                                      \
    "EXISTS (SELECT 1 FROM finding o WHERE o.scope = ?1 AND o.key = f.key AND o.last >= " number             \
    " AND o.first <= " number ")"

static bool add_counts(AuditStore *store, sqlite3_stmt *statement, AuditCount counts[AUDIT_KINDS],
                       size_t offset, GError **error)
{
    int more = -1;
    while (statement && (more = database_step(store->database, statement, error)) > 0) {
        int kind = audit_kind_parse((const char *)sqlite3_column_text(statement, 0));
        if (kind >= 0) /* an older version may have had others */
            *(size_t *)(void *)((char *)&counts[kind] + offset) = (size_t)sqlite3_column_int64(statement, 1);
    }
    return more == 0;
}

bool audit_store_counts(AuditStore *store, const AuditPlace *place, AuditCount counts[AUDIT_KINDS],
                        GError **error)
{
    memset(counts, 0, sizeof *counts * AUDIT_KINDS);
    Database *database = store->database;
    if (!add_counts(
            store,
            database_query(database, error, "SELECT kind, n FROM tally WHERE audit = ?", "i", place->number),
            counts, offsetof(AuditCount, count), error))
        return false;
    return !place->since ||
           (add_counts(store,
                       database_query(database, error,
                                      "SELECT kind, count(*) FROM finding f WHERE scope = ?1 AND last = ?2 "
                                      "AND NOT " COVERED("?3") " GROUP BY kind",
                                      "iii", place->scope, place->number, place->since),
                       counts, offsetof(AuditCount, fresh), error) &&
            add_counts(store,
                       database_query(database, error,
                                      "SELECT kind, count(*) FROM finding f WHERE scope = ?1 AND first <= ?3 "
                                      "AND last >= ?3 AND last < ?2 AND NOT " COVERED("?2") " GROUP BY kind",
                                      "iii", place->scope, place->number, place->since),
                       counts, offsetof(AuditCount, cleared), error));
}

/* A row is kind, key, body, and whether it is new (NULL: it is not said). */
static json_t *make_row(sqlite3_stmt *statement)
{
    json_t *body = json_loads((const char *)sqlite3_column_text(statement, 2), 0, NULL);
    const char *id = (const char *)sqlite3_column_text(statement, 0);
    int kind = audit_kind_parse(id);
    g_autofree char *key = fingerprint_hex(database_fingerprint(statement, 1));
    json_t *row = json_pack("{s:s, s:s, s:s}", "key", key, "id", id, "severity",
                            audit_severity_names[kind < 0 ? SEVERITY_INFO : audit_kinds[kind].severity]);
    if (sqlite3_column_type(statement, 3) != SQLITE_NULL)
        json_object_set_new(row, "state", json_string(sqlite3_column_int(statement, 3) ? "new" : "standing"));
    if (body)
        json_object_update(row, body);
    json_decref(body);
    return row;
}

static bool deliver(AuditStore *store, sqlite3_stmt *statement, json_t *(*make)(sqlite3_stmt *),
                    AuditSeen seen, void *data, GError **error)
{
    int more = -1;
    while (statement && (more = database_step(store->database, statement, error)) > 0) {
        json_t *row = make(statement);
        bool good = seen(row, data, error);
        json_decref(row);
        if (good)
            continue;
        sqlite3_reset(statement);
        return false;
    }
    return more == 0;
}

bool audit_store_findings(AuditStore *store, const AuditPlace *place, AuditKind kind, AuditSeen seen,
                          void *data, GError **error)
{
    return deliver(
        store,
        database_query(store->database, error,
                       "SELECT kind, key, body, ?3 = 0 OR NOT " COVERED(
                           "?3") " FROM finding f WHERE scope = ?1 AND last = ?2 AND kind = ?4 ORDER BY body",
                       "iiis", place->scope, place->number, place->since, audit_kinds[kind].id),
        make_row, seen, data, error);
}

bool audit_store_cleared(AuditStore *store, const AuditPlace *place, AuditKind kind, AuditSeen seen,
                         void *data, GError **error)
{
    return deliver(store,
                   database_query(store->database, error,
                                  "SELECT kind, key, body, NULL FROM finding f WHERE scope = ?1 "
                                  "AND first <= ?3 AND last >= ?3 AND last < ?2 AND kind = ?4 "
                                  "AND NOT " COVERED("?2") " ORDER BY body",
                                  "iiis", place->scope, place->number, place->since, audit_kinds[kind].id),
                   make_row, seen, data, error);
}

/* A row is id, scope, finished, total, and the counts as "kind=n kind=n". */
static json_t *make_audit(sqlite3_stmt *statement)
{
    const char *scope = (const char *)sqlite3_column_text(statement, 1);
    const char *counts = (const char *)sqlite3_column_text(statement, 4);
    g_auto(GStrv) names = g_strsplit(scope, " ", 0), pairs = g_strsplit(counts ? counts : "", " ", 0);
    json_t *connectors = json_array(), *by_kind = json_object();
    for (char **name = names; *scope && *name; name++)
        json_array_append_new(connectors, json_string(*name));
    for (char **pair = pairs; *pair; pair++) {
        char *equals = strchr(*pair, '=');
        if (!equals)
            continue;
        *equals = '\0';
        json_object_set_new(by_kind, *pair, json_integer(g_ascii_strtoll(equals + 1, NULL, 10)));
    }
    return json_pack("{s:s, s:o, s:s, s:o, s:I}", "id", sqlite3_column_text(statement, 0), "connectors",
                     connectors, "finished", sqlite3_column_text(statement, 2), "counts", by_kind, "total",
                     (json_int_t)sqlite3_column_int64(statement, 3));
}

bool audit_store_history(AuditStore *store, int64_t scope, AuditSeen seen, void *data, GError **error)
{
    return deliver(
        store,
        database_query(
            store->database, error,
            "SELECT a.id, s.name, a.finished, a.total, (SELECT group_concat(kind || '=' || n, ' ') "
            "FROM tally WHERE audit = a.number) FROM audit a JOIN scope s ON s.row = a.scope "
            "WHERE ?1 = 0 OR a.scope = ?1 ORDER BY a.number",
            "i", scope),
        make_audit, seen, data, error);
}

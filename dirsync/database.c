/*
 * database.c - see database.h
 */
#include "dirsync/database.h"

#include "dirsync/fault.h"
#include "dirsync/xml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAP_MICROSECONDS 5000 /* between two tries where SQLite does not wait */
#define BUSY_MILLISECONDS 60000
#define READER_BUSY_MILLISECONDS 100
/* Keys come in no order: with SQLite's 2 MiB a page of an index is written many times. */
#define CACHE_KIB 16384
#define CACHE_PRAGMA "PRAGMA cache_size = -" G_STRINGIFY(CACHE_KIB)
#define WRITER_PRAGMAS                                                                                       \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; " CACHE_PRAGMA
#define WAL_KEPT_BYTES 16777216

/* Of all databases of the process. */
static size_t statements_run;

struct Database {
    sqlite3 *handle;
    char *path;
    GHashTable *statements; /* by address of the SQL text */
};

static void set_error(Database *database, GError **error)
{
    int code = sqlite3_errcode(database->handle);
    const char *remedy =
        code == SQLITE_FULL ? "free some space and run again"
        : code == SQLITE_CORRUPT || code == SQLITE_NOTADB
            ? "it is only a cache: move it away and run again, everything is then read once in full"
            : "check its permissions; it is only a cache and may be moved away";
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        error_set(error, ERROR_BUSY, "%s: another connector is reading the home directory; try again later",
                  database->path);
    else
        error_set(error, ERROR_STATE, "%s: %s; %s", database->path, sqlite3_errmsg(database->handle), remedy);
}

static bool execute(Database *database, const char *sql, GError **error)
{
    bool done = sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!done)
        set_error(database, error);
    fault_step("database set-up");
    return done;
}

static bool read_version(Database *database, int *version, GError **error)
{
    sqlite3_stmt *statement = NULL;
    bool ok =
        sqlite3_prepare_v2(database->handle, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW;
    if (ok)
        *version = sqlite3_column_int(statement, 0);
    else
        set_error(database, error);
    sqlite3_finalize(statement);
    return ok;
}

/* One of the tables, but for SQLite's own. *name NULL: there is none. */
static bool find_table(Database *database, char **name, GError **error)
{
    static const char sql[] = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                              "'sqlite\\_%' ESCAPE '\\' LIMIT 1";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    *name = code == SQLITE_ROW ? database_text(statement, 0) : NULL;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        set_error(database, error);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* Indexes go with them. */
static bool drop_tables(Database *database, GError **error)
{
    for (;;) {
        g_autofree char *name = NULL;
        if (!find_table(database, &name, error))
            return false;
        if (!name)
            return true;
        char *drop = sqlite3_mprintf("DROP TABLE \"%w\"", name);
        bool done = execute(database, drop, error);
        sqlite3_free(drop);
        if (!done)
            return false;
    }
}

void database_refuse_version(const Database *database, int found, int version, GError **error)
{
    error_set(error, ERROR_STATE,
              "%s: made by another version of dirsync (form %d, this one writes %d); "
              "it is only a cache: move it away and run again",
              database->path, found, version);
}

static char *read_sql(const char *sql_name, GError **error)
{
    g_autofree char *path = xml_data_path("schema", sql_name);
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error))
        g_prefix_error(error, "%s: ", path);
    return text;
}

/* Others may have the file open: they see the old tables (of a cache, if there are any) or the new ones. Who
 * comes second finds it done. */
static bool make_tables(Database *database, const char *sql_name, int version, bool is_cache, GError **error)
{
    g_autofree char *sql = read_sql(sql_name, error);
    g_autofree char *pragma = g_strdup_printf("PRAGMA user_version = %d", version);
    g_autofree char *table = NULL;
    int found = 0;
    if (!sql || !execute(database, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE", error) ||
        !read_version(database, &found, error) || !find_table(database, &table, error))
        return false;
    if (found > version || (found < version && table && !is_cache)) {
        database_refuse_version(database, found, version, error);
        return false;
    }
    if (found < version && (!drop_tables(database, error) || !execute(database, sql, error) ||
                            !execute(database, pragma, error)))
        return false;
    return execute(database, "COMMIT; PRAGMA foreign_keys = ON", error);
}

/* Where several open a new file together, the change to a write-ahead log is refused at once: SQLite does not
 * wait there, whatever the timeout says. */
static bool execute_when_free(Database *database, const char *sql, GError **error)
{
    gint64 until = g_get_monotonic_time() + BUSY_MILLISECONDS * (gint64)1000;
    while (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        if (sqlite3_errcode(database->handle) != SQLITE_BUSY || g_get_monotonic_time() > until) {
            set_error(database, error);
            return false;
        }
        g_usleep(NAP_MICROSECONDS);
    }
    fault_step("database set-up");
    return true;
}

static bool set_up(Database *database, const char *sql_name, int version, bool is_cache, bool *created,
                   GError **error)
{
    int found = 0;
    sqlite3_busy_timeout(database->handle, BUSY_MILLISECONDS);
    sqlite3_extended_result_codes(database->handle, 0);
    if (!execute_when_free(database, WRITER_PRAGMAS, error) || !read_version(database, &found, error))
        return false;
    *created = found == 0 || (is_cache && found < version);
    if (!*created && found != version) {
        database_refuse_version(database, found, version, error);
        return false;
    }
    return !*created || make_tables(database, sql_name, version, is_cache, error);
}

static void finalize_statement(gpointer statement)
{
    sqlite3_finalize(statement);
}

/* @name: as SQLite is to open it. */
static Database *open_named(const char *path, const char *name, int flags, GError **error)
{
    g_autoptr(Database) database = g_new0(Database, 1);
    database->path = g_strdup(path);
    database->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, finalize_statement);
    if (sqlite3_open_v2(name, &database->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
        return g_steal_pointer(&database);
    set_error(database, error);
    return NULL;
}

static Database *open_file(const char *path, int flags, GError **error)
{
    return open_named(path, path, flags, error);
}

/* SQLite makes its files with the mode of the main one. */
void database_make(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
}

static bool is_for_readers(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && file.st_mode & (S_IRGRP | S_IROTH);
}

/* Who may only read can open the file as long as -wal and -shm are there; who closes it last would take them
 * away. True: it is such a file. */
static bool keep_side_files(sqlite3 *handle, const char *path)
{
    int keep = 1;
    return is_for_readers(path) &&
           sqlite3_file_control(handle, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep) == SQLITE_OK;
}

/* Not let grow: they stay. */
static bool keep_for_readers(Database *database, GError **error)
{
    if (!keep_side_files(database->handle, database->path))
        return true;
    return execute(database, "PRAGMA journal_size_limit = " G_STRINGIFY(WAL_KEPT_BYTES), error);
}

static Database *open_writing(const char *path, const char *sql_name, int version, bool is_cache,
                              bool *created, GError **error)
{
    database_make(path);
    g_autoptr(Database) database = open_file(path, SQLITE_OPEN_READWRITE, error);
    if (!database || !set_up(database, sql_name, version, is_cache, created, error) ||
        !keep_for_readers(database, error))
        return NULL;
    return g_steal_pointer(&database);
}

Database *database_open(const char *path, const char *sql_name, int version, bool *created, GError **error)
{
    return open_writing(path, sql_name, version, false, created, error);
}

Database *database_open_cache(const char *path, const char *sql_name, int version, bool *created,
                              GError **error)
{
    return open_writing(path, sql_name, version, true, created, error);
}

Database *database_open_reading(const char *path, int version, GError **error)
{
    int found = 0;
    g_autoptr(Database) database = open_file(path, SQLITE_OPEN_READONLY, error);
    if (!database)
        return NULL;
    sqlite3_busy_timeout(database->handle, READER_BUSY_MILLISECONDS);
    if (!execute(database, CACHE_PRAGMA, error) || !read_version(database, &found, error))
        return NULL;
    if (found == version)
        return g_steal_pointer(&database);
    if (found)
        database_refuse_version(database, found, version, error);
    else
        error_set(error, ERROR_STATE, "%s: is being made; a sync fills it", path);
    return NULL;
}

static bool is_beside(const char *path, const char *ending)
{
    g_autofree char *file = g_strconcat(path, ending, NULL);
    return g_file_test(file, G_FILE_TEST_EXISTS);
}

/* Even a reader makes -wal and -shm where they are missing, unless it is told that nobody writes. */
Database *database_open_looking(const char *path, int *version, GError **error)
{
    bool used = is_beside(path, "-wal") && is_beside(path, "-shm");
    g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);
    g_autofree char *name = g_strconcat("file:", escaped, used ? "" : "?immutable=1", NULL);
    g_autoptr(Database) database = open_named(path, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error);
    if (!database)
        return NULL;
    sqlite3_busy_timeout(database->handle, READER_BUSY_MILLISECONDS);
    return read_version(database, version, error) ? g_steal_pointer(&database) : NULL;
}

void database_close(Database *database)
{
    if (!database)
        return;
    g_hash_table_unref(database->statements);
    sqlite3_close(database->handle);
    g_free(database->path);
    g_free(database);
}

static bool copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_busy_timeout(from, BUSY_MILLISECONDS);
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup)
        sqlite3_backup_step(backup, -1);
    return backup && sqlite3_backup_finish(backup) == SQLITE_OK;
}

bool database_copy(const char *from, const char *to, GError **error)
{
    sqlite3 *source = NULL, *copy = NULL;
    int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
    /* Opened for reading alone it would leave its -wal and -shm behind; a file that may not be written is
     * then read only all the same. */
    bool ok = fd >= 0 && sqlite3_open_v2(from, &source, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
              sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
              copy_pages(source, copy);
    if (source)
        keep_side_files(source, from);
    if (!ok)
        error_set(error, ERROR_STATE, "%s: cannot be copied to %s: %s; check permissions and free space",
                  from, to,
                  copy     ? sqlite3_errmsg(copy)
                  : source ? sqlite3_errmsg(source)
                           : g_strerror(errno));
    sqlite3_close(source);
    sqlite3_close(copy);
    return ok;
}

static bool bind_one(sqlite3_stmt *statement, int index, char type, va_list *args)
{
    const Fingerprint *fingerprint;
    switch (type) {
    case 's':
        return sqlite3_bind_text(statement, index, va_arg(*args, const char *), -1, SQLITE_TRANSIENT) ==
               SQLITE_OK;
    case 'i':
        return sqlite3_bind_int64(statement, index, va_arg(*args, int64_t)) == SQLITE_OK;
    case 'f':
        fingerprint = va_arg(*args, const Fingerprint *);
        return sqlite3_bind_blob(statement, index, fingerprint, sizeof *fingerprint, SQLITE_TRANSIENT) ==
               SQLITE_OK;
    default:
        return false;
    }
}

static sqlite3_stmt *prepare(Database *database, const char *sql, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(database->statements, sql);
    if (statement) {
        sqlite3_reset(statement);
        return statement;
    }
    if (sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        set_error(database, error);
        return NULL;
    }
    g_hash_table_insert(database->statements, (gpointer)sql, statement);
    return statement;
}

static sqlite3_stmt *query(Database *database, GError **error, const char *sql, const char *types,
                           va_list *args)
{
    sqlite3_stmt *statement = prepare(database, sql, error);
    __atomic_fetch_add(&statements_run, 1, __ATOMIC_RELAXED);
    for (int i = 0; statement && types[i]; i++)
        if (!bind_one(statement, i + 1, types[i], args)) {
            set_error(database, error);
            return NULL;
        }
    return statement;
}

sqlite3_stmt *database_query(Database *database, GError **error, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *statement = query(database, error, sql, types, &args);
    va_end(args);
    return statement;
}

int database_step(Database *database, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        set_error(database, error);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

size_t database_statements(void)
{
    return __atomic_load_n(&statements_run, __ATOMIC_RELAXED);
}

void database_fault_step(const Database *database)
{
    fault_step(sqlite3_get_autocommit(database->handle) ? "database statement" : FAULT_IN_TRANSACTION);
}

bool database_run(Database *database, GError **error, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *statement = query(database, error, sql, types, &args);
    va_end(args);
    if (!statement)
        return false;
    int more;
    while ((more = database_step(database, statement, error)) > 0)
        continue;
    database_fault_step(database);
    return more == 0;
}

bool database_begin(Database *database, GError **error)
{
    return database_run(database, error, "BEGIN IMMEDIATE", "");
}

bool database_hold(Database *database, GError **error)
{
    if (sqlite3_exec(database->handle, "PRAGMA query_only = ON; BEGIN", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    set_error(database, error);
    database_let_go(database);
    return false;
}

void database_let_go(Database *database)
{
    database_rollback(database);
    sqlite3_exec(database->handle, "PRAGMA query_only = OFF", NULL, NULL, NULL);
}

bool database_commit(Database *database, GError **error)
{
    return database_run(database, error, "COMMIT", "");
}

void database_rollback(Database *database)
{
    if (database_in_transaction(database))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
}

bool database_in_transaction(Database *database)
{
    return !sqlite3_get_autocommit(database->handle);
}

char *database_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

bool database_add_texts(Database *database, sqlite3_stmt *statement, GPtrArray *texts, GError **error)
{
    int more = -1;
    while (statement && (more = database_step(database, statement, error)) > 0)
        g_ptr_array_add(texts, database_text(statement, 0));
    return more == 0;
}

char **database_texts(Database *database, sqlite3_stmt *statement, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    if (!database_add_texts(database, statement, texts, error))
        return NULL;
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_steal(texts, NULL);
}

Fingerprint database_fingerprint(sqlite3_stmt *statement, int column)
{
    Fingerprint fingerprint = {0, 0};
    const void *data = sqlite3_column_blob(statement, column);
    if (data && sqlite3_column_bytes(statement, column) == (int)sizeof fingerprint)
        memcpy(&fingerprint, data, sizeof fingerprint);
    return fingerprint;
}

bool database_get_meta(Database *database, const char *name, char **value, GError **error)
{
    *value = NULL;
    sqlite3_stmt *statement =
        database_query(database, error, "SELECT value FROM meta WHERE name = ?", "s", name);
    int more = statement ? database_step(database, statement, error) : -1;
    if (more > 0) {
        *value = database_text(statement, 0);
        sqlite3_reset(statement);
    }
    return more >= 0;
}

bool database_set_meta(Database *database, const char *name, const char *value, GError **error)
{
    return database_run(database, error,
                        "INSERT INTO meta (name, value) VALUES (?, ?) "
                        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                        "ss", name, value);
}

/*
 * database.h - SQLite as our state needs it
 *
 * Opens a file with WAL, synchronous=FULL and foreign keys, makes its tables
 * from the SQL of the schema folder when it is new, keeps prepared statements.
 * Private to the state modules (state.c, holder_index.c, ...). Not thread-safe: one
 * thread at a time for each Database.
 */
#ifndef DIRSYNC_DATABASE_H
#define DIRSYNC_DATABASE_H

#include "dirsync/entry.h"
#include "dirsync/error.h"

#include <sqlite3.h>

typedef struct Database Database;

/** Makes the file, empty and with mode 0600, when there is none; what goes wrong is told by who opens it. */
void database_make(const char *path);
/** @sql_name: "state.sql"; @version: written to user_version; a file of another version is refused
 *  with ERROR_STATE and what to do. *created tells whether the tables were made now. A file that others than
 * the owner may read keeps what SQLite has beside it when it is closed: they could not make that. */
Database *database_open(const char *path, const char *sql_name, int version, bool *created, GError **error);
/** The same of a file that may be emptied: tables of an earlier version are made anew, in one transaction. */
Database *database_open_cache(const char *path, const char *sql_name, int version, bool *created,
                              GError **error);
/** For looking alone: nothing is made or changed, nobody is waited for, but for a moment. ERROR_STATE when
 * there is no such file, it is of another version, or not finished yet; ERROR_BUSY. */
Database *database_open_reading(const char *path, int version, GError **error);
/** For looking at what need not be usable: nothing is made, not even by SQLite beside the file. *version: 0
 * when it is not finished yet. What somebody is writing now may be missing. */
Database *database_open_looking(const char *path, int *version, GError **error);
/** ERROR_STATE: it was made by another version of dirsync. */
void database_refuse_version(const Database *database, int found, int version, GError **error);
void database_close(Database *database);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Database, database_close)

/**
 * A statement with its parameters bound, ready to step. Prepared once, kept by
 * the address of @sql (so pass a string constant). @types, one letter a
 * parameter: 's' const char * (NULL allowed), 'i' int64_t, 'f' const Fingerprint *.
 * NULL with ERROR_STATE.
 */
sqlite3_stmt *database_query(Database *database, GError **error, const char *sql, const char *types, ...);
/** Next row: 1 there is one, 0 no more (the statement is reset), -1 with ERROR_STATE. */
int database_step(Database *database, sqlite3_stmt *statement, GError **error);
/** database_query() and stepping to the end; for everything that gives no rows. */
bool database_run(Database *database, GError **error, const char *sql, const char *types, ...);

/** Copies the database at @from, as it is now, to a new file @to; whoever else uses it is not disturbed, and
 * nothing of it is changed. */
bool database_copy(const char *from, const char *to, GError **error);

/** How many statements the process has run so far, on all its databases. */
size_t database_statements(void);

/** The fault step after a statement (fault.h); database_run() does it itself. */
void database_fault_step(const Database *database);

bool database_begin(Database *database, GError **error);
bool database_commit(Database *database, GError **error);
/** Until database_let_go() everything is read as it is now, without a lock for each query, and a write is an
 *  error. */
bool database_hold(Database *database, GError **error);
void database_let_go(Database *database);
void database_rollback(Database *database);
bool database_in_transaction(Database *database);

/** Column as string (g_free; NULL for NULL) and as fingerprint (zero when it is none). */
char *database_text(sqlite3_stmt *statement, int column);
Fingerprint database_fingerprint(sqlite3_stmt *statement, int column);
/** Adds the first column of all rows, as strings, to @texts, which frees them. @statement NULL: it could not
 * be made, and *error says why. */
bool database_add_texts(Database *database, sqlite3_stmt *statement, GPtrArray *texts, GError **error);
/** The same as a list of their own; NULL with @error. g_strfreev(). */
char **database_texts(Database *database, sqlite3_stmt *statement, GError **error);

/** The table meta, which every state file has. *value NULL: not there. */
bool database_get_meta(Database *database, const char *name, char **value, GError **error);
bool database_set_meta(Database *database, const char *name, const char *value, GError **error);

#endif

/*
 * state_addressed.c - entries that the address step need not look at again; see state.h
 */
#include "dirsync/database.h"
#include "dirsync/state_internal.h"

bool state_scan_addressed(State *state, AddressedSeen seen, void *data, GError **error)
{
    sqlite3_stmt *statement =
        database_query(state->database, error, "SELECT identity, fingerprint, native FROM addressed", "");
    int more = -1;
    while (statement && (more = database_step(state->database, statement, error)) > 0) {
        Addressed addressed = {database_fingerprint(statement, 0), database_fingerprint(statement, 1),
                               sqlite3_column_int(statement, 2) != 0};
        seen(&addressed, data);
    }
    return more == 0;
}

bool state_count_addressed(State *state, size_t *natives, GError **error)
{
    sqlite3_stmt *statement =
        database_query(state->database, error, "SELECT count(*) FROM addressed WHERE native", "");
    if (!statement || database_step(state->database, statement, error) != 1)
        return false;
    *natives = (size_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

bool state_is_addressed_native(State *state, Fingerprint identity, bool *native, GError **error)
{
    sqlite3_stmt *statement = database_query(
        state->database, error, "SELECT 1 FROM addressed WHERE identity = ? AND native", "f", &identity);
    int more = statement ? database_step(state->database, statement, error) : -1;
    *native = more > 0;
    if (more > 0)
        sqlite3_reset(statement);
    return more >= 0;
}

bool state_add_addressed(State *state, const Addressed *addressed, GError **error)
{
    return database_run(state->database, error,
                        "INSERT OR REPLACE INTO addressed (identity, fingerprint, native) VALUES (?, ?, ?)",
                        "ffi", &addressed->identity, &addressed->fingerprint, (int64_t)addressed->native);
}

bool state_remove_addressed(State *state, Fingerprint identity, GError **error)
{
    return database_run(state->database, error, "DELETE FROM addressed WHERE identity = ?", "f", &identity);
}

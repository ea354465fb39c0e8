/*
 * state_addressed.c - entries that the address step need not look at again; see state.h
 */
#include "dirsync/database.h"
#include "dirsync/state_internal.h"

bool state_scan_addressed(State *state, AddressedSeen seen, void *data, GError **error)
{
    sqlite3_stmt *statement =
        database_query(state->database, error, "SELECT fingerprint, native FROM addressed", "");
    int more = -1;
    while (statement && (more = database_step(state->database, statement, error)) > 0) {
        Fingerprint fingerprint = database_fingerprint(statement, 0);
        seen(&fingerprint, sqlite3_column_int(statement, 1) != 0, data);
    }
    return more == 0;
}

bool state_add_addressed(State *state, const Fingerprint *fingerprint, bool native, GError **error)
{
    return database_run(state->database, error,
                        "INSERT OR REPLACE INTO addressed (fingerprint, native) VALUES (?, ?)", "fi",
                        fingerprint, (int64_t)native);
}

bool state_remove_addressed(State *state, const Fingerprint *fingerprint, GError **error)
{
    return database_run(state->database, error, "DELETE FROM addressed WHERE fingerprint = ?", "f",
                        fingerprint);
}

/*
 * state_runs.c - quarantine, runs and journal of state.h
 */
#include "dirsync/state_internal.h"

#include "dirsync/when.h"

bool state_quarantine(State *state, Step step, const char *subject, const char *reason, const char *run,
                      bool *is_new, GError **error)
{
    g_autofree char *known = NULL;
    if (!state_quarantine_reason(state, step, subject, &known, error))
        return false;
    *is_new = !known;
    return database_run(
        state->database, error,
        "INSERT INTO quarantine (step, subject, reason, first, last) VALUES (?1, ?2, ?3, ?4, ?4) "
        "ON CONFLICT (step, subject) DO UPDATE SET reason = ?3, last = ?4",
        "isss", (int64_t)step, subject, reason, run);
}

bool state_quarantine_reason(State *state, Step step, const char *subject, char **reason, GError **error)
{
    *reason = NULL;
    sqlite3_stmt *statement =
        database_query(state->database, error, "SELECT reason FROM quarantine WHERE step = ? AND subject = ?",
                       "is", (int64_t)step, subject);
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more > 0) {
        *reason = database_text(statement, 0);
        sqlite3_reset(statement);
    }
    return more >= 0;
}

static bool each_quarantined(State *state, sqlite3_stmt *statement, QuarantineSeen seen, void *data,
                             GError **error)
{
    int more = -1;
    while (statement && (more = database_step(state->database, statement, error)) > 0)
        seen((const char *)sqlite3_column_text(statement, 0), (const char *)sqlite3_column_text(statement, 1),
             (const char *)sqlite3_column_text(statement, 2), (const char *)sqlite3_column_text(statement, 3),
             data);
    return more == 0;
}

bool state_scan_quarantine(State *state, QuarantineSeen seen, void *data, GError **error)
{
    return each_quarantined(
        state,
        database_query(state->database, error,
                       "SELECT subject, reason, first, last FROM quarantine ORDER BY step, subject", ""),
        seen, data, error);
}

bool state_scan_quarantine_of(State *state, Step step, QuarantineSeen seen, void *data, GError **error)
{
    return each_quarantined(state,
                            database_query(state->database, error,
                                           "SELECT subject, reason, first, last FROM quarantine "
                                           "WHERE step = ? ORDER BY subject",
                                           "i", (int64_t)step),
                            seen, data, error);
}

bool state_quarantined(State *state, Step step, GPtrArray *subjects, GError **error)
{
    sqlite3_stmt *statement = database_query(
        state->database, error, "SELECT subject FROM quarantine WHERE step = ?", "i", (int64_t)step);
    return database_add_texts(state->database, statement, subjects, error);
}

bool state_clear_quarantine(State *state, Step step, const char *run, QuarantineSeen cleared, void *data,
                            GError **error)
{
    return each_quarantined(state,
                            database_query(state->database, error,
                                           "SELECT subject, reason, first, last FROM quarantine "
                                           "WHERE step = ? AND last <> ?",
                                           "is", (int64_t)step, run),
                            cleared, data, error) &&
           database_run(state->database, error, "DELETE FROM quarantine WHERE step = ? AND last <> ?", "is",
                        (int64_t)step, run);
}

void run_record_clear(RunRecord *record)
{
    g_free(record->id);
    g_free(record->kind);
    g_free(record->started);
    g_free(record->finished);
    g_free(record->who);
    g_free(record->folder);
    g_free(record->summary);
    g_free(record->counts);
    *record = (RunRecord){0};
}

char *run_new_id(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    return g_strdup_printf("%s-%08x", time, g_random_int());
}

char *time_now_text(void)
{
    return when_format(g_get_real_time() / G_USEC_PER_SEC);
}

bool state_begin_run(State *state, const char *id, const char *kind, const char *folder, GError **error)
{
    g_autofree char *started = time_now_text();
    g_autofree char *who = g_strdup_printf("%s@%s", g_get_user_name(), g_get_host_name());
    return database_run(state->database, error,
                        "INSERT INTO run (id, kind, started, who, folder) VALUES (?, ?, ?, ?, ?)", "sssss",
                        id, kind, started, who, folder);
}

bool state_finish_run(State *state, const char *id, int status, const char *folder, const char *summary,
                      const char *counts, GError **error)
{
    g_autofree char *finished = time_now_text();
    return database_run(
        state->database, error,
        "UPDATE run SET finished = ?, status = ?, folder = ?, summary = ?, counts = ? WHERE id = ?", "sissss",
        finished, (int64_t)status, folder, summary, counts, id);
}

#define RUN_COLUMNS "id, kind, started, finished, who, folder, summary, counts, status"

static void fill_run(sqlite3_stmt *statement, RunRecord *record)
{
    char **fields[] = {&record->id,  &record->kind,   &record->started, &record->finished,
                       &record->who, &record->folder, &record->summary, &record->counts};
    for (int i = 0; i < (int)G_N_ELEMENTS(fields); i++)
        *fields[i] = database_text(statement, i);
    record->status = sqlite3_column_type(statement, 8) == SQLITE_NULL ? -1 : sqlite3_column_int(statement, 8);
}

static void scan_one(sqlite3_stmt *statement, RunSeen seen, void *data)
{
    g_auto(RunRecord) record = {0};
    fill_run(statement, &record);
    seen(&record, data);
}

static bool scan_runs(State *state, sqlite3_stmt *statement, RunSeen seen, void *data, GError **error)
{
    int more = -1;
    while (statement && (more = database_step(state->database, statement, error)) > 0)
        scan_one(statement, seen, data);
    return more == 0;
}

bool state_scan_runs(State *state, size_t max, RunSeen seen, void *data, GError **error)
{
    return scan_runs(state,
                     database_query(state->database, error,
                                    "SELECT " RUN_COLUMNS " FROM run ORDER BY number DESC LIMIT ?", "i",
                                    max ? (int64_t)max : (int64_t)-1),
                     seen, data, error);
}

bool state_scan_outdated(State *state, const char *before, size_t newest, const char *keep, RunSeen seen,
                         void *data, GError **error)
{
    /* A revert has the undo of the run that it takes back as its folder. */
    static const char sql[] =
        "WITH aged AS (SELECT *, row_number() OVER (PARTITION BY folder IS NULL ORDER BY number DESC) AS age,"
        " max(CASE WHEN status IN (0, 3) THEN number END) OVER (PARTITION BY folder IS NULL) AS good FROM "
        "run),"
        " kept AS (SELECT number, folder FROM aged"
        " WHERE finished IS NULL OR number = good OR id = ?3 OR (started >= ?1 AND age <= ?2)"
        " OR (kind = 'migrate' AND folder IS NOT NULL)" /* taken back as a whole, or not at all */
        " OR folder IN (SELECT folder || '/undo' FROM run WHERE kind = 'migrate')) " /* ... as that was */
        "SELECT " RUN_COLUMNS " FROM run WHERE number NOT IN (SELECT number FROM kept) AND"
        " (folder IS NULL OR folder || '/undo' NOT IN (SELECT folder FROM kept WHERE folder IS NOT NULL)) "
        "ORDER BY number";
    return scan_runs(state, database_query(state->database, error, sql, "sis", before, (int64_t)newest, keep),
                     seen, data, error);
}

/* A revert has the undo of the run as its folder. A plan of people may have been carried out again since: the
 * reverts after this run are meant. */
#define LATER_REVERTS                                                                                        \
    "FROM run r WHERE r.kind = 'revert' AND r.folder = ?2 || '/undo' AND "                                   \
    "r.number > (SELECT number FROM run WHERE id = ?1)"

char **state_reverts_of(State *state, const RunRecord *run, GError **error)
{
    return database_texts(state->database,
                          database_query(state->database, error,
                                         "SELECT r.id " LATER_REVERTS " ORDER BY r.number", "ss", run->id,
                                         run->folder),
                          error);
}

bool state_run_stands(State *state, const RunRecord *run, size_t changes, bool *stands, GError **error)
{
    /* An undo has the changes of its plan the other way round. */
    static const char sql[] =
        "SELECT 1 FROM journal WHERE run = ?1 AND outcome <> 2 AND ?3 - 1 - seq NOT IN "
        "(SELECT seq FROM journal WHERE outcome = 1 AND run IN (SELECT r.id " LATER_REVERTS ")) LIMIT 1";
    sqlite3_stmt *statement = database_query(state->database, error, sql, "ssi", run->id,
                                             run->folder ? run->folder : "", (int64_t)changes);
    int more = statement ? database_step(state->database, statement, error) : -1;
    *stands = more > 0;
    if (more > 0)
        sqlite3_reset(statement);
    return more >= 0;
}

bool state_remove_run(State *state, const char *id, GError **error)
{
    return database_run(state->database, error, "DELETE FROM run WHERE id = ?", "s", id);
}

bool state_find_run(State *state, const char *id, RunRecord *record, GError **error)
{
    run_record_clear(record);
    sqlite3_stmt *statement = database_query(state->database, error,
                                             "SELECT " RUN_COLUMNS " FROM run WHERE ?1 IS NULL OR id = ?1 "
                                             "ORDER BY number DESC LIMIT 1",
                                             "s", id);
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more > 0) {
        fill_run(statement, record);
        sqlite3_reset(statement);
    }
    return more >= 0;
}

bool state_journal(State *state, const char *run, size_t seq, JournalOutcome outcome, GError **error)
{
    return database_run(state->database, error,
                        "INSERT INTO journal (run, seq, outcome) VALUES (?1, ?2, ?3) "
                        "ON CONFLICT (run, seq) DO UPDATE SET outcome = ?3",
                        "sii", run, (int64_t)seq, (int64_t)outcome);
}

bool state_journal_outcome(State *state, const char *run, size_t seq, JournalOutcome *outcome, GError **error)
{
    *outcome = JOURNAL_NONE;
    sqlite3_stmt *statement =
        database_query(state->database, error, "SELECT outcome FROM journal WHERE run = ? AND seq = ?", "si",
                       run, (int64_t)seq);
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more > 0) {
        *outcome = (JournalOutcome)sqlite3_column_int(statement, 0);
        sqlite3_reset(statement);
    }
    return more >= 0;
}

char **state_unfinished_runs(State *state, GError **error)
{
    return database_texts(state->database,
                          database_query(state->database, error,
                                         "SELECT id FROM run WHERE finished IS NULL ORDER BY number", ""),
                          error);
}

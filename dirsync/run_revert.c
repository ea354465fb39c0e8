/*
 * run_revert.c - taking back what a run did; see run.h
 *
 * What a run did stands in its journal, what was taken back of it in those of the
 * reverts since. So a revert that had to stop is finished by a second one, and one of
 * which nothing is left is refused. An object that has another name by now is taken
 * away only when no run since has made one for the same person.
 */
#include "dirsync/run_internal.h"

#include <string.h>

static bool what_stands(State *state, const RunRecord *run, const char *undo, bool *stands, bool *gone,
                        GError **error)
{
    g_auto(PlanHead) head = {0};
    *gone = !plan_load(undo, &head, NULL);
    return *gone || state_run_stands(state, run, head.changes, stands, error);
}

bool run_revert_state(State *state, const RunRecord *run, RevertState *is, char **by, GError **error)
{
    *by = NULL;
    *is = !strcmp(run->kind, "revert") ? REVERT_IS_ONE : !run->folder ? REVERT_NOTHING : REVERT_GOING_ON;
    if (*is != REVERT_GOING_ON)
        return true;
    g_auto(GStrv) reverts = state_reverts_of(state, run, error);
    g_autofree char *undo = g_build_filename(run->folder, "undo", NULL);
    bool stands = false, gone = false;
    if (!reverts)
        return false;
    guint n = g_strv_length(reverts);
    if (n)
        *by = g_strdup(reverts[n - 1]);
    if (!run->finished)
        return true;
    if (!what_stands(state, run, undo, &stands, &gone, error))
        return false;
    *is = gone ? REVERT_PLAN_GONE : stands ? REVERT_POSSIBLE : n ? REVERT_HAPPENED : REVERT_NOTHING;
    return true;
}

static void refuse(const Connector *connector, const RunRecord *run, RevertState is, const char *by,
                   GError **error)
{
    const char *id = run->id, *name = connector->name;
    switch (is) {
    case REVERT_HAPPENED:
        error_set(error, ERROR_DEFINITION,
                  "run %s: was taken back already, by run %s; dirsync sync %s does again what it did", id, by,
                  name);
        break;
    case REVERT_IS_ONE:
        error_set(error, ERROR_DEFINITION,
                  "run %s: is a revert itself; dirsync sync %s does again what it has taken back", id, name);
        break;
    case REVERT_PLAN_GONE:
        error_set(
            error, ERROR_DEFINITION,
            "run %s: its undo is gone from %s, so nobody knows what to take back; dirsync plan --full %s "
            "shows how the directories differ from the source",
            id, run->folder, name);
        break;
    default:
        error_set(error, ERROR_DEFINITION,
                  "run %s: wrote nothing, so there is nothing to take back; dirsync status %s lists the runs",
                  id, name);
    }
}

/* The run with that id, if it can be taken back. */
static bool find(const Connector *connector, State *state, const char *id, RunRecord *run, GError **error)
{
    RevertState is;
    g_autofree char *by = NULL;
    if (!state_find_run(state, id, run, error))
        return false;
    if (!run->id) {
        error_set(error, ERROR_DEFINITION, "run %s: not known; dirsync status %s lists the runs", id,
                  connector->name);
        return false;
    }
    if (!run_revert_state(state, run, &is, &by, error))
        return false;
    if (is != REVERT_POSSIBLE)
        refuse(connector, run, is, by, error);
    return is == REVERT_POSSIBLE;
}

/* --- runs since --- */

static void undone_clear(Undone *undone)
{
    g_strfreev(undone->reverts);
    g_clear_pointer(&undone->later, g_ptr_array_unref);
    for (int step = 0; step < STEPS; step++)
        g_clear_pointer(&undone->made[step], g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Undone, undone_clear)

typedef struct {
    const char *run;
    GPtrArray *later;
    bool over;
} Later;

/* The newest comes first. */
static void note_later(const RunRecord *record, void *data)
{
    Later *later = data;
    later->over |= !strcmp(record->id, later->run);
    if (!later->over && record->folder)
        g_ptr_array_add(later->later, g_strdup(record->folder));
}

static bool find_later(Undone *undone, State *state, GError **error)
{
    undone->later = g_ptr_array_new_with_free_func(g_free);
    Later later = {undone->run, undone->later, false};
    return state_scan_runs(state, 0, note_later, &later, error);
}

/* False: it cannot be read. */
static bool note_made(GHashTable *made, const char *folder, Step step)
{
    g_auto(PlanHead) head = {0};
    return plan_load(folder, &head, NULL) &&
           (!head.step[step].planned || plan_add_made(folder, step, made, NULL));
}

/* Read when the first of them is asked about, which is seldom. A plan that is gone may have made anybody. */
bool run_made_anew(Undone *undone, Step step, const char *anchor)
{
    Fingerprint key = fingerprint_string(anchor);
    if (!undone->made[step]) {
        undone->made[step] = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, NULL);
        for (guint i = 0; i < undone->later->len && !undone->unknown; i++)
            undone->unknown = !note_made(undone->made[step], g_ptr_array_index(undone->later, i), step);
    }
    return undone->unknown || g_hash_table_contains(undone->made[step], &key);
}

/* --- reverting --- */

bool run_revert(const Connector *connector, const RunOptions *options, const char *id, RunResult *result,
                GError **error)
{
    *result = (RunResult){.id = run_new_id()};
    g_auto(RunRecord) done = {0};
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    if (!state || !run_recover(connector, state, error) || !find(connector, state, id, &done, error))
        return false;
    g_auto(Undone) undone = {.run = done.id, .reverts = state_reverts_of(state, &done, error)};
    g_autofree char *undo = g_build_filename(done.folder, "undo", NULL);
    return undone.reverts && find_later(&undone, state, error) && run_check_plan(connector, undo, error) &&
           run_folder(connector, options, state, "revert", undo, &undone, result, error);
}

/*
 * status_run.c - one run in full: what its plan held and what became of it
 */
#include "dirsync/report/status.h"

#include <string.h>

#define MOST_CHANGES 10000 /* listed; all of them are counted */

static const char *const outcome_names[] = {[JOURNAL_INTENDED] = "no answer known",
                                            [JOURNAL_DONE] = "done",
                                            [JOURNAL_FAILED] = "failed",
                                            [JOURNAL_UNCERTAIN] = "uncertain"};

static const char *outcome_name(JournalOutcome outcome)
{
    return outcome == JOURNAL_NONE ? "not begun" : outcome_names[outcome];
}

static json_t *change_as_json(Step step, const Change *change, JournalOutcome outcome)
{
    json_t *json =
        json_pack("{s:s, s:s}", "step", step_names[step], "change", change_kind_names[change->kind]);
    json_object_set_new(json, "dn", text_as_json(change->dn));
    json_object_set_new(json, "new_rdn", text_as_json(change->new_rdn));
    json_object_set_new(json, "situation", text_as_json(change->situation));
    json_object_set_new(json, "anchor", text_as_json(change->anchor));
    json_object_set_new(json, "outcome", json_string(outcome_name(outcome)));
    return json;
}

static void count_outcome(json_t *json, JournalOutcome outcome)
{
    json_t *outcomes = json_object_get(json, "outcomes");
    json_int_t before = json_integer_value(json_object_get(outcomes, outcome_name(outcome)));
    json_object_set_new(outcomes, outcome_name(outcome), json_integer(before + 1));
}

static bool add_changes(json_t *json, State *state, const char *run, const char *folder, Step step,
                        size_t *seq, GError **error)
{
    json_t *list = json_object_get(json, "changes");
    g_autoptr(PlanReader) reader = plan_reader_new(folder, step, error);
    while (reader) {
        g_autoptr(Change) change = NULL;
        JournalOutcome outcome;
        if (!plan_read(reader, &change, error))
            return false;
        if (!change)
            return true;
        if (!state_journal_outcome(state, run, (*seq)++, &outcome, error))
            return false;
        count_outcome(json, outcome);
        if (json_array_size(list) < MOST_CHANGES)
            json_array_append_new(list, change_as_json(step, change, outcome));
    }
    return false;
}

/* A plan that is gone, or was cut short while it was written, has nothing to show. */
static void add_plan(json_t *json, State *state, const RunRecord *record)
{
    g_auto(PlanHead) head = {0};
    g_autoptr(GError) error = NULL;
    size_t seq = 0;
    bool undo = false;
    json_object_set_new(json, "outcomes", json_object());
    json_object_set_new(json, "changes", json_array());
    if (!record->folder || !plan_load(record->folder, &head, &error)) {
        if (record->folder)
            json_object_set_new(json, "plan_problem", text_as_json(error->message));
        return;
    }
    undo = !g_strcmp0(head.kind, "undo");
    for (int i = 0; i < STEPS && !error; i++) {
        Step step = (Step)(undo ? STEPS - 1 - i : i);
        if (head.step[step].planned)
            add_changes(json, state, record->id, record->folder, step, &seq, &error);
    }
    if (error)
        json_object_set_new(json, "plan_problem", text_as_json(error->message));
    json_object_set_new(json, "changes_planned", json_integer((json_int_t)head.changes));
}

typedef struct {
    const char *run;
    Step step;
    json_t *into;
} Put;

static void note_put(const char *subject, const char *reason, const char *first, const char *last, void *data)
{
    const Put *put = data;
    (void)last;
    if (!strcmp(first, put->run))
        json_array_append_new(put->into,
                              json_pack("{s:s, s:o, s:o}", "step", step_names[put->step], "subject",
                                        text_as_json(subject), "reason", text_as_json(reason)));
}

static bool add_quarantined(json_t *json, State *state, const char *run, GError **error)
{
    Put put = {run, STEP_IMPORT, json_array()};
    json_object_set_new(json, "quarantined", put.into);
    for (int step = 0; step < STEPS; step++) {
        put.step = (Step)step;
        if (!state_scan_quarantine_of(state, put.step, note_put, &put, error))
            return false;
    }
    return true;
}

json_t *status_run(const Connector *connector, const char *state_folder, const char *id, GError **error)
{
    GError *failure = NULL;
    g_autoptr(State) state = state_open_unlocked(connector, state_folder, &failure);
    g_auto(RunRecord) record = {0};
    if (failure) {
        g_propagate_error(error, failure);
        return NULL;
    }
    if (state && !state_find_run(state, strcmp(id, "last") ? id : NULL, &record, error))
        return NULL;
    if (!record.id) {
        error_set(error, ERROR_DEFINITION, "run %s: not known here; dirsync status %s lists the runs", id,
                  connector->name);
        return NULL;
    }
    g_auto(LockHolder) holder = {0};
    state_lock_holder(connector, state_folder, &holder);
    json_t *json = status_record(&record, holder.held);
    json_object_set_new(json, "connector", json_string(connector->name));
    add_plan(json, state, &record);
    if (status_add_revert(json, state, &record, error) && add_quarantined(json, state, record.id, error))
        return json;
    json_decref(json);
    return NULL;
}

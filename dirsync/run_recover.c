/*
 * run_recover.c - runs that were cut short
 *
 * Their journal has intents without an outcome. The directories are asked what
 * happened; the next plan does the rest, so nothing is repeated here.
 */
#include "dirsync/run_internal.h"

#include "dirsync/event.h"

size_t run_first_seq(const PlanHead *head, Step step)
{
    size_t before = 0;
    for (int i = 0; i < STEPS && run_step_at(head, i) != step; i++)
        before += head->step[run_step_at(head, i)].changes;
    return before;
}

Apply run_apply_of(const Connector *connector, State *state, Directory *directory, const char *folder,
                   const PlanHead *head, Step step, const char *run)
{
    const Endpoint *endpoint = connector_endpoint(connector, step, TARGET);
    return (Apply){.folder = folder,
                   .head = head,
                   .step = step,
                   .first_seq = run_first_seq(head, step),
                   .directory = directory,
                   .state = state,
                   .run = run,
                   .connector_uuid = connector->uuid,
                   .patience = endpoint->uris ? endpoint->timeout : 0,
                   .stamp = connector_stamp(connector, step, TARGET)};
}

/* Without a plan nothing was begun, unless the journal says otherwise: then somebody removed it. */
static bool report_lost_plan(State *state, const RunRecord *record, GError **error)
{
    JournalOutcome first;
    if (!state_journal_outcome(state, record->id, 0, &first, error))
        return false;
    if (first != JOURNAL_NONE)
        event_emit(
            EVENT_RUN_RECOVERED, record->id,
            "a run was cut short and its plan %s is gone: what it did can neither be told nor reverted; the "
            "next plan does the rest",
            record->folder ? record->folder : "");
    return true;
}

static bool ask_step(const Connector *connector, State *state, const RunRecord *record, const PlanHead *head,
                     Step step, ApplyResult *sum, GError **error)
{
    if (!head->step[step].planned || !connector->pass[step].wanted)
        return true;
    g_autoptr(Directory) target = directory_open(connector_endpoint(connector, step, TARGET), error);
    if (!target)
        return false;
    Apply apply = run_apply_of(connector, state, target, record->folder, head, step, record->id);
    ApplyResult result;
    if (!apply_recover(&apply, &result, error))
        return false;
    sum->done += result.done;
    sum->failed += result.failed;
    return true;
}

static bool ask_what_happened(const Connector *connector, State *state, const RunRecord *record,
                              GError **error)
{
    g_auto(PlanHead) head = {0};
    ApplyResult sum = {0};
    if (!record->folder || !plan_load(record->folder, &head, NULL))
        return report_lost_plan(state, record, error);
    for (int step = 0; step < STEPS; step++)
        if (!ask_step(connector, state, record, &head, (Step)step, &sum, error))
            return false;
    event_emit(EVENT_RUN_RECOVERED, record->id,
               "a run was cut short: of the changes without an answer %zu were done, "
               "%zu were not; the next plan does the rest",
               sum.done, sum.failed);
    return true;
}

bool run_recover(const Connector *connector, State *state, GError **error)
{
    g_auto(GStrv) runs = state_unfinished_runs(state, error);
    if (!runs)
        return false;
    for (char **id = runs; *id; id++) {
        g_auto(RunRecord) record = {0};
        if (!state_find_run(state, *id, &record, error) ||
            !ask_what_happened(connector, state, &record, error) ||
            !state_finish_run(state, *id, 1, record.folder, "cut short", NULL, error))
            return false;
    }
    return true;
}

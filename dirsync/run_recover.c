/*
 * run_recover.c - runs that were cut short
 *
 * Their journal has intents without an outcome. The directories are asked what
 * happened; the next plan does the rest. Only what the next plan could not know is
 * carried out here, from the old plan: what was to be handed over (addresses,
 * memberships, what others gave) by an object that is changed or gone already, and
 * what was promised to those who gave something up in an exchange.
 */
#include "dirsync/run_internal.h"

#include "dirsync/event.h"

#define KILLED_FIGURES "{\"error_kind\":\"killed\"}" /* nobody is there any more who has counted */
#define LEFT_OVER "left-over" /* in the state: the last run, if it had to stop in the middle */

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

/* --- what is handed over --- */

/* Changes of one anchor by which something is handed over. */
typedef struct {
    bool begun;
    GArray *left; /* places in the plan of those that were not done: size_t */
} Handover;

static void handover_free(void *data)
{
    Handover *handover = data;
    g_array_unref(handover->left);
    g_free(handover);
}

static bool hands_over(const Change *change)
{
    static const char *const situations[] = {"kind-changed", "moved-home", SITUATION_CONVERTED, NULL};
    return change->anchor && change->situation && g_strv_contains(situations, change->situation);
}

static bool note_handover(const Apply *apply, GHashTable *handovers, const Change *change, size_t seq,
                          GError **error)
{
    JournalOutcome outcome;
    if (!hands_over(change))
        return true;
    if (!state_journal_outcome(apply->state, apply->run, seq, &outcome, error))
        return false;
    Handover *handover = g_hash_table_lookup(handovers, change->anchor);
    if (!handover) {
        handover = g_new0(Handover, 1);
        handover->left = g_array_new(FALSE, FALSE, sizeof(size_t));
        g_hash_table_insert(handovers, g_strdup(change->anchor), handover);
    }
    if (outcome == JOURNAL_DONE)
        handover->begun = true;
    else
        g_array_append_val(handover->left, seq);
    return true;
}

/* Places of the changes that are to be carried out now. NULL with @error. */
static GHashTable *left_of_handovers(const Apply *apply, GError **error)
{
    g_autoptr(PlanReader) reader = plan_reader_new(apply->folder, apply->step, error);
    g_autoptr(GHashTable) handovers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, handover_free);
    for (size_t seq = apply->first_seq; reader; seq++) {
        g_autoptr(Change) change = NULL;
        if (!plan_read(reader, &change, error))
            return NULL;
        if (!change)
            break;
        if (!note_handover(apply, handovers, change, seq, error))
            return NULL;
    }
    GHashTable *left = reader ? g_hash_table_new(g_direct_hash, g_direct_equal) : NULL;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, handovers);
    while (left && g_hash_table_iter_next(&iter, NULL, &value)) {
        const Handover *handover = value;
        for (guint i = 0; i < handover->left->len && handover->begun; i++)
            g_hash_table_add(left, GSIZE_TO_POINTER(g_array_index(handover->left, size_t, i)));
    }
    return left;
}

static bool is_not_left(size_t seq, void *left)
{
    return !g_hash_table_contains(left, GSIZE_TO_POINTER(seq));
}

static bool finish_handovers(const Apply *asked, size_t *finished, GError **error)
{
    g_autoptr(GHashTable) left = left_of_handovers(asked, error);
    if (!left || !run_add_exchanges(asked, left, error))
        return false;
    if (!g_hash_table_size(left))
        return true;
    Apply apply = *asked;
    ApplyResult result;
    apply.look_before_adding = true;
    apply.skip = is_not_left;
    apply.data = left;
    bool ok = apply_plan(&apply, &result, error);
    *finished += result.done;
    return ok;
}

/* --- what happened --- */

static bool ask_step(const Connector *connector, State *state, const RunRecord *record, const PlanHead *head,
                     Step step, ApplyResult *sum, size_t *finished, GError **error)
{
    if (!head->step[step].planned || !connector->pass[step].wanted)
        return true;
    g_autoptr(Directory) target = directory_open(connector_endpoint(connector, step, TARGET), error);
    if (!target)
        return false;
    Apply apply = run_apply_of(connector, state, target, record->folder, head, step, record->id);
    Apply asking = apply; /* what is finished below is of this run alone, whose names are right */
    ApplyResult result;
    asking.follows_names = !g_strcmp0(head->kind, "undo");
    if (!apply_recover(&asking, &result, error))
        return false;
    sum->done += result.done;
    sum->failed += result.failed;
    return finish_handovers(&apply, finished, error);
}

static bool ask_what_happened(const Connector *connector, State *state, const RunRecord *record,
                              GError **error)
{
    g_auto(PlanHead) head = {0};
    ApplyResult sum = {0};
    size_t finished = 0;
    if (!record->folder || !plan_load(record->folder, &head, NULL))
        return report_lost_plan(state, record, error);
    for (int step = 0; step < STEPS; step++)
        if (!ask_step(connector, state, record, &head, (Step)step, &sum, &finished, error))
            return false;
    if (record->finished && !finished) /* it has said itself that it had to stop */
        return true;
    event_emit(EVENT_RUN_RECOVERED, record->id,
               "a run was cut short: of the changes without an answer %zu were done, %zu were not; %zu of "
               "what had begun to be handed over or exchanged were finished; the next plan does the rest",
               sum.done, sum.failed, finished);
    return true;
}

bool run_note_left_over(State *state, const char *run)
{
    return state_set(state, LEFT_OVER, run, NULL); /* the run has failed in any case, and says why */
}

char *run_noted_left_over(State *state)
{
    g_autofree char *id = NULL;
    return state_get(state, LEFT_OVER, &id, NULL) && id && *id ? g_steal_pointer(&id) : NULL;
}

/* A run that had to stop in the middle is over, but may have been handing something over. */
static bool recover_left_over(const Connector *connector, State *state, GError **error)
{
    g_autofree char *id = NULL;
    g_auto(RunRecord) record = {0};
    if (!state_get(state, LEFT_OVER, &id, error))
        return false;
    if (!id || !*id)
        return true;
    return state_find_run(state, id, &record, error) &&
           (!record.id || ask_what_happened(connector, state, &record, error)) &&
           state_set(state, LEFT_OVER, "", error);
}

bool run_unfinished(State *state, char **id, GError **error)
{
    g_auto(GStrv) runs = state_unfinished_runs(state, error);
    *id = NULL;
    if (!runs || (!*runs && !state_get(state, LEFT_OVER, id, error)))
        return false;
    if (*runs)
        *id = g_strdup(*runs);
    if (*id && !**id)
        g_clear_pointer(id, g_free);
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
            !state_finish_run(state, *id, 1, record.folder, "cut short", KILLED_FIGURES, error))
            return false;
    }
    return recover_left_over(connector, state, error);
}

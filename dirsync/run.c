/*
 * run.c - see run.h
 */
#include "dirsync/run_internal.h"

#include "dirsync/event.h"
#include "dirsync/fault.h"
#include "dirsync/metrics.h"
#include "dirsync/notify.h"

#include <string.h>

RunOptions run_options(const Connector *connector)
{
    RunOptions options = {0};
    memcpy(options.limits, connector->limits, sizeof options.limits);
    for (int step = 0; step < STEPS; step++)
        options.steps[step] = connector->pass[step].wanted;
    return options;
}

static bool is_wanted(const Connector *connector, const RunOptions *options, Step step)
{
    return options->steps[step] && connector->pass[step].wanted;
}

static const char *kind_of_run(const RunOptions *options)
{
    return options->pass.migration ? "migrate" : "sync";
}

static double seconds_since(gint64 start)
{
    return (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
}

/* --- planning --- */

static bool judge_limits(const RunOptions *options, const StepWork *work, Step step, const char *folder,
                         GError **error)
{
    g_autoptr(GError) over = NULL;
    if (limits_allow(options->limits, work->tally, work->population, &over))
        return true;
    g_prefix_error(&over, "%s: ", step_names[step]);
    /* Saved with the plan, so that applying it later is refused for the same reason. */
    if (plan_refuse(folder, step, over->message, error))
        g_propagate_error(error, g_steal_pointer(&over));
    return false;
}

static bool plan_into(StepWork *work, Step step, const RunOptions *options, const char *folder,
                      RunResult *result, GError **error)
{
    StepResult *into = &result->step[step];
    if (!step_plan(work, folder, result->id, error))
        return false;
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    into->planned = head.step[step].changes;
    into->read = work->read;
    into->counts = work->planned;
    into->full_reason = g_strdup(work->full_reason);
    into->partial_reason = g_strdup(work->partial_reason);
    into->partial = into->partial_reason && !options->pass.only &&
                    strcmp(into->partial_reason, MIGRATION_REMOVES_NOBODY) != 0;
    return judge_limits(options, work, step, folder, error);
}

static bool plan_step(const Connector *connector, const RunOptions *options, State *state, Step step,
                      const char *folder, RunResult *result, GError **error)
{
    gint64 start = g_get_monotonic_time();
    size_t statements = state_statements();
    StepOptions step_options = options->pass;
    for (int earlier = 0; earlier < (int)step; earlier++)
        if (result->step[earlier].planned)
            step_options.planned = folder;
    result->step[step].ran = true;
    g_autoptr(StepWork) work = step_open(connector, step, state, &step_options, error);
    bool ok = work && plan_into(work, step, options, folder, result, error);
    result->step[step].seconds = result->step[step].planning = seconds_since(start);
    result->step[step].statements = state_statements() - statements;
    return ok;
}

/* A limit that one step exceeds does not hide what the others would do. */
static bool plan_steps(const Connector *connector, const RunOptions *options, State *state,
                       const char *folder, RunResult *result, GError **error)
{
    g_autoptr(GError) refused = NULL;
    for (int step = 0; step < STEPS; step++) {
        GError *failure = NULL;
        if (!is_wanted(connector, options, (Step)step) ||
            plan_step(connector, options, state, (Step)step, folder, result, &failure))
            continue;
        if (!error_is(failure, ERROR_LIMIT)) {
            g_propagate_error(error, failure);
            return false;
        }
        if (refused)
            g_error_free(failure);
        else
            refused = failure;
    }
    if (refused)
        g_propagate_error(error, g_steal_pointer(&refused));
    return !error || !*error;
}

bool run_plan(const Connector *connector, const RunOptions *options, const char *folder, RunResult *result,
              GError **error)
{
    gint64 start = g_get_monotonic_time();
    *result = (RunResult){.id = run_new_id(), .folder = g_strdup(folder)};
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    bool ok = state && plan_steps(connector, options, state, folder, result, error);
    result->seconds = seconds_since(start);
    return ok;
}

/* --- applying --- */

typedef struct {
    StepWork *work; /* NULL: apply and revert, which record nothing but their journal */
    State *state;
    const StepOptions *options;
    Counts *counts;
    Undone *undone; /* what is to be undone; NULL: everything */
    size_t changes; /* of the whole plan */
} Doing;

static CountKind kind_of(const Change *change)
{
    switch (change->kind) {
    case CHANGE_ADD:
        return COUNT_CREATED;
    case CHANGE_DELETE:
        return COUNT_DELETED;
    case CHANGE_RENAME:
        return COUNT_RENAMED;
    default:
        return !g_strcmp0(change->situation, "missing") ? COUNT_DISABLED : COUNT_MODIFIED;
    }
}

static bool record(const Applied *applied, void *data, GError **error)
{
    Doing *doing = data;
    if (doing->work)
        return step_record(doing->work, applied, error);
    doing->counts->of[applied->outcome == JOURNAL_DONE ? kind_of(applied->change) : COUNT_FAILED]++;
    return true;
}

/* The undo stands in the reverse order of the plan. What did not happen need not be undone, nor what an
 * earlier revert has taken back already. */
static bool skip(size_t seq, void *data)
{
    Doing *doing = data;
    JournalOutcome outcome;
    if (!doing->undone)
        return false;
    for (char **revert = doing->undone->reverts; *revert; revert++)
        if (state_journal_outcome(doing->state, *revert, seq, &outcome, NULL) && outcome == JOURNAL_DONE)
            return true;
    if (!state_journal_outcome(doing->state, doing->undone->run, doing->changes - 1 - seq, &outcome, NULL))
        return false;
    return outcome == JOURNAL_NONE || outcome == JOURNAL_FAILED;
}

static bool is_same(const Change *change, Step step, void *data)
{
    const Doing *doing = data;
    return !change->anchor || !run_made_anew(doing->undone, step, change->anchor);
}

static void progress(size_t done, size_t total, void *data)
{
    const Doing *doing = data;
    if (doing->options->progress)
        doing->options->progress("writing", done, total, doing->options->data);
}

static bool carry_out(const Connector *connector, const RunOptions *options, Step step, Directory *target,
                      const char *folder, Doing *doing, RunResult *result, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    doing->changes = head.changes;
    result->step[step].planned = head.step[step].changes;
    Apply apply = run_apply_of(connector, doing->state, target, folder, &head, step, result->id);
    apply.look_before_adding = !doing->work;
    apply.follows_names = doing->undone != NULL;
    apply.tries_again = doing->work && doing->work->kind->tries_again;
    apply.rate = options->rate;
    apply.record = record;
    apply.skip = skip;
    apply.is_same = is_same;
    apply.progress = progress;
    apply.data = doing;
    ApplyResult applied;
    bool ok = apply_plan(&apply, &applied, error);
    result->step[step].left_over = applied.not_sent + applied.uncertain;
    return ok;
}

/* What the directories hold is not worse for it, so the run ends as it would have. */
static void write_metrics(const Connector *connector, State *state, const RunResult *result, const char *kind,
                          int status)
{
    g_autoptr(GError) error = NULL;
    if (!metrics_write(connector, state, result, kind, status, &error))
        event_emit(EVENT_METRICS_FAILED, result->id, "%s", error->message);
}

static void tell_interrupted(const RunResult *result)
{
    size_t left = run_left_over(result);
    if (left)
        event_emit(EVENT_RUN_INTERRUPTED, result->id, "%zu changes are left for the next run", left);
    else
        event_emit(EVENT_RUN_INTERRUPTED, result->id,
                   "no planned change is left; the next run looks for more");
}

/* The run's record says how it ended, whatever the end was. */
static bool finish(const Connector *connector, State *state, const char *kind, RunResult *result,
                   gint64 start, bool ok, GError **error)
{
    result->seconds = seconds_since(start);
    g_autofree char *summary = run_summary(result);
    g_autofree char *figures = run_figures_json(result, ok || !error ? NULL : *error);
    int status = ok ? run_exit_status(result) : error && *error ? error_exit_status(*error) : 1;
    GError *local = NULL;
    bool cut = !ok && result->folder && !(error && error_is(*error, ERROR_LIMIT));
    if (cut && !run_note_left_over(state, result->id))
        return false; /* it stays open, which says the same */
    if (!state_finish_run(state, result->id, status, result->folder, summary, figures, &local)) {
        if (ok)
            g_propagate_error(error, local);
        else
            g_clear_error(&local);
        return false;
    }
    run_prune(connector, state);
    write_metrics(connector, state, result, kind, status);
    if (!ok && error && error_is(*error, ERROR_INTERRUPTED))
        tell_interrupted(result);
    event_emit(EVENT_RUN_END, result->id, "%s", summary);
    return ok;
}

/* --- sync --- */

static bool verify_step(const Connector *connector, const RunOptions *options, State *state, Step step,
                        const char *run, size_t *changes, GError **error)
{
    g_autofree char *folder = g_build_filename(state_folder(state), "verify", NULL);
    StepOptions again = options->pass;
    again.full = true;
    plan_remove(folder);
    g_autoptr(StepWork) work = step_open(connector, step, state, &again, error);
    g_auto(PlanHead) head = {0};
    bool ok = work && step_plan(work, folder, run, error) && plan_load(folder, &head, error);
    plan_remove(folder);
    *changes += head.changes;
    return ok;
}

static bool verify(const Connector *connector, const RunOptions *options, State *state, const char *run,
                   GError **error)
{
    size_t changes = 0;
    for (int step = 0; step < STEPS; step++)
        if (is_wanted(connector, options, (Step)step) &&
            !verify_step(connector, options, state, (Step)step, run, &changes, error))
            return false;
    if (changes)
        error_set(error, ERROR_PROTOCOL,
                  "verify: planning again found %zu changes: the directories do not hold what was written",
                  changes);
    return !changes;
}

/* A run that was killed may have left a file's checksum behind. */
static bool mend_file(Directory *target, GError **error)
{
    return !(directory_describe(target)->capabilities & WRITES_WHOLE) || directory_flush(target, error);
}

static bool apply_planned(const Connector *connector, const RunOptions *options, State *state, Step step,
                          StepWork *work, RunResult *result, GError **error)
{
    StepResult *into = &result->step[step];
    Doing doing = {.work = work, .state = state, .options = &options->pass};
    bool done = into->planned
                    ? carry_out(connector, options, step, work->target, result->folder, &doing, result, error)
                    : mend_file(work->target, error);
    GError *local = NULL;
    bool settled = step_settle(work, result->id, done, &local);
    into->counts = work->done;
    if (local && done)
        g_propagate_error(error, g_steal_pointer(&local));
    g_clear_error(&local);
    return done && settled;
}

static bool plan_and_apply(const Connector *connector, const RunOptions *options, State *state, Step step,
                           StepWork *work, gint64 start, RunResult *result, GError **error)
{
    StepResult *into = &result->step[step];
    bool planned = plan_into(work, step, options, result->folder, result, error);
    into->planning += seconds_since(start);
    if (planned && (!into->planned || step_intend(work, error))) {
        fault_step("planned");
        return apply_planned(connector, options, state, step, work, result, error);
    }
    into->left_over = into->planned;
    memset(&into->counts, 0, sizeof into->counts);
    return false;
}

static void drop_empty_plan(RunResult *result)
{
    if (run_planned(result))
        return;
    plan_remove(result->folder);
    g_clear_pointer(&result->folder, g_free);
}

/* What the server refused, planned anew: a run of its own in the history, so that each plan has its journal
 * and its undo; part of this one to whom it is told. */
static bool sync_again(const Connector *connector, const RunOptions *options, State *state, Step step,
                       StepWork *work, RunResult *result, GError **error)
{
    g_auto(RunResult) round = {.id = run_new_id()};
    StepResult *into = &result->step[step];
    round.folder = g_build_filename(state_folder(state), "runs", round.id, NULL);
    round.step[step].ran = true;
    if (!state_begin_run(state, round.id, kind_of_run(options), round.folder, error))
        return false;
    bool ok = plan_and_apply(connector, options, state, step, work, g_get_monotonic_time(), &round, error);
    into->counts = work->done;
    into->planning += round.step[step].planning;
    into->planned += round.step[step].planned;
    into->left_over += round.step[step].left_over;
    drop_empty_plan(&round);
    g_autofree char *summary = g_strdup_printf("%s of run %s, once more", step_names[step], result->id);
    return state_finish_run(state, round.id, ok ? 0 : 1, round.folder, summary, NULL, ok ? error : NULL) &&
           ok;
}

static bool sync_step(const Connector *connector, const RunOptions *options, State *state, Step step,
                      RunResult *result, GError **error)
{
    gint64 start = g_get_monotonic_time();
    size_t statements = state_statements();
    StepResult *into = &result->step[step];
    into->ran = true;
    g_autoptr(StepWork) work = step_open(connector, step, state, &options->pass, error);
    bool ok = work && plan_and_apply(connector, options, state, step, work, start, result, error);
    while (ok && work->again)
        ok = sync_again(connector, options, state, step, work, result, error);
    into->seconds = seconds_since(start);
    into->statements = state_statements() - statements;
    return ok;
}

static bool sync_steps(const Connector *connector, const RunOptions *options, State *state, RunResult *result,
                       GError **error)
{
    for (int step = 0; step < STEPS; step++)
        if (is_wanted(connector, options, (Step)step) &&
            !sync_step(connector, options, state, (Step)step, result, error))
            return false;
    return !options->verify || verify(connector, options, state, result->id, error);
}

static bool sync_connector(const Connector *connector, const RunOptions *options, RunResult *result,
                           GError **error)
{
    gint64 start = g_get_monotonic_time();
    *result = (RunResult){.id = run_new_id()};
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    if (!state || !run_recover(connector, state, error))
        return false;
    result->folder = g_build_filename(state_folder(state), "runs", result->id, NULL);
    event_set_context(connector->name, result->id);
    event_emit(EVENT_RUN_BEGIN, result->id, "%s of %s", kind_of_run(options), connector->name);
    if (!state_begin_run(state, result->id, kind_of_run(options), result->folder, error))
        return false;
    bool ok = sync_steps(connector, options, state, result, error);
    drop_empty_plan(result);
    if (!ok && error && error_is(*error, ERROR_LIMIT)) {
        g_auto(GStrv) lines = g_strsplit((*error)->message, "\n", 0);
        g_autofree char *line = g_strjoinv("; ", lines);
        event_emit(EVENT_RUN_LIMIT, result->id, "%s", line);
    }
    return finish(connector, state, kind_of_run(options), result, start, ok, error);
}

/* That one step went well says nothing about the others. */
static bool is_whole(const Connector *connector, const RunOptions *options)
{
    for (int step = 0; step < STEPS; step++)
        if (connector->pass[step].wanted && !options->steps[step])
            return false;
    return true;
}

/* Once the state is closed: nobody waits for a mail server. */
bool run_sync(const Connector *connector, const RunOptions *options, RunResult *result, GError **error)
{
    GError *failure = NULL;
    bool ok = sync_connector(connector, options, result, &failure);
    const StepOptions *how = &options->pass;
    /* Who does that is looking. */
    bool by_hand = how->only || how->apply_policy || how->remove_type || how->migration;
    if (((ok && is_whole(connector, options)) || failure) && !by_hand)
        notify_run(connector, options->state_folder, result, failure);
    if (failure)
        g_propagate_error(error, failure);
    return ok;
}

/* --- saved plans --- */

static bool check_not_refused(const PlanHead *head, const char *folder, GError **error)
{
    for (int step = 0; step < STEPS; step++)
        if (head->step[step].refused) {
            error_set(error, ERROR_LIMIT, "%s: the limits refused this plan: %s", folder,
                      head->step[step].refused);
            return false;
        }
    return true;
}

bool run_check_plan(const Connector *connector, const char *folder, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    if (!strcmp(head.connector_uuid, connector->uuid))
        return check_not_refused(&head, folder, error);
    error_set(error, ERROR_DEFINITION, "%s: is a plan of connector %s, not of %s", folder,
              head.connector_name, connector->name);
    return false;
}

/* A plan made under other definitions, or for another directory, is not carried out. */
static bool check_definitions(const Connector *connector, const char *folder, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    bool same = true;
    for (int step = 0; step < STEPS && same; step++) {
        if (!head.step[step].planned)
            continue;
        if (!(same = connector->pass[step].wanted))
            break;
        g_autofree char *digest = step_digest(connector, (Step)step, error);
        if (!digest)
            return false;
        same = !strcmp(digest, head.step[step].digest);
    }
    if (!same)
        error_set(error, ERROR_DEFINITION,
                  "%s: a definition or the mapping has changed since the plan was made; "
                  "make a new one",
                  folder);
    return same;
}

static bool carry_out_saved(const Connector *connector, const RunOptions *options, State *state, Step step,
                            Undone *undone, RunResult *result, GError **error)
{
    gint64 start = g_get_monotonic_time();
    StepResult *into = &result->step[step];
    into->ran = true;
    g_autoptr(Directory) target = directory_open(connector_endpoint(connector, step, TARGET), error);
    Doing doing = {.state = state, .options = &options->pass, .counts = &into->counts, .undone = undone};
    bool ok = target && carry_out(connector, options, step, target, result->folder, &doing, result, error);
    into->seconds = seconds_since(start);
    return ok;
}

bool run_folder(const Connector *connector, const RunOptions *options, State *state, const char *kind,
                const char *folder, Undone *undone, RunResult *result, GError **error)
{
    gint64 start = g_get_monotonic_time();
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    event_set_context(connector->name, result->id);
    event_emit(EVENT_RUN_BEGIN, result->id, "%s of %s", kind, folder);
    result->folder = g_strdup(folder);
    if (!state_begin_run(state, result->id, kind, folder, error))
        return false;
    bool ok = true;
    for (int i = 0; i < STEPS && ok; i++) {
        Step step = run_step_at(&head, i);
        ok = !head.step[step].planned ||
             carry_out_saved(connector, options, state, step, undone, result, error);
    }
    return finish(connector, state, kind, result, start, ok, error);
}

bool run_apply(const Connector *connector, const RunOptions *options, const char *folder, RunResult *result,
               GError **error)
{
    *result = (RunResult){.id = run_new_id()};
    g_autofree char *path = g_canonicalize_filename(folder, NULL);
    if (!run_check_plan(connector, path, error) || !check_definitions(connector, path, error))
        return false;
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    return state && run_recover(connector, state, error) &&
           run_folder(connector, options, state, "apply", path, NULL, result, error);
}

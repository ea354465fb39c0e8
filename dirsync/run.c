/*
 * run.c - see run.h
 */
#include "dirsync/run.h"

#include "dirsync/event.h"
#include "dirsync/fault.h"

#include <jansson.h>
#include <string.h>

#define RUNS_KEPT 100 /* plans and undo of the last runs stay on disk */

void run_result_clear(RunResult *result)
{
    g_free(result->id);
    g_free(result->folder);
    g_free(result->full_reason);
    g_free(result->partial_reason);
    *result = (RunResult){0};
}

RunOptions run_options(const Connector *connector)
{
    RunOptions options = {0};
    memcpy(options.limits, connector->limits, sizeof options.limits);
    return options;
}

/* "48119" -> "48,119" */
static char *grouped(size_t number)
{
    g_autofree char *digits = g_strdup_printf("%zu", number);
    GString *text = g_string_new(NULL);
    size_t len = strlen(digits);
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}

char *run_summary(const RunResult *result)
{
    GString *text = g_string_new("import:");
    for (int i = 0; i < COUNTS; i++) {
        g_autofree char *number = grouped(result->counts.of[i]);
        g_string_append_printf(text, "%s %s %s", i ? "," : "", number, count_names[i]);
    }
    g_string_append_printf(text, " in %.1f s", result->seconds);
    return g_string_free(text, FALSE);
}

int run_exit_status(const RunResult *result)
{
    return result->counts.of[COUNT_FAILED] || result->counts.newly_quarantined || result->partial ? 3 : 0;
}

static char *counts_as_json(const Counts *counts)
{
    json_t *json = json_object();
    for (int i = 0; i < COUNTS; i++)
        json_object_set_new(json, count_names[i], json_integer((json_int_t)counts->of[i]));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}

/* --- runs that were cut short --- */

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

static bool ask_what_happened(const Connector *connector, State *state, Directory *home,
                              const RunRecord *record, GError **error)
{
    g_auto(PlanHead) head = {0};
    g_autofree char *folder = g_strdup(record->folder);
    if (!folder || !plan_load(folder, &head, NULL))
        return report_lost_plan(state, record, error);
    Apply apply = {.folder = folder,
                   .head = &head,
                   .directory = home,
                   .state = state,
                   .run = record->id,
                   .connector_uuid = connector->uuid,
                   .stamp = &connector->organisation->stamp};
    ApplyResult result;
    if (!apply_recover(&apply, &result, error))
        return false;
    event_emit(EVENT_RUN_RECOVERED, record->id,
               "a run was cut short: of the changes without an answer %zu were done, "
               "%zu were not; the next plan does the rest",
               result.done, result.failed);
    return true;
}

static bool recover(const Connector *connector, State *state, Directory *home, GError **error)
{
    g_auto(GStrv) runs = state_unfinished_runs(state, error);
    if (!runs)
        return false;
    for (char **id = runs; *id; id++) {
        g_auto(RunRecord) record = {0};
        if (!state_find_run(state, *id, &record, error) ||
            !ask_what_happened(connector, state, home, &record, error) ||
            !state_finish_run(state, *id, 1, record.folder, "cut short", NULL, error))
            return false;
    }
    return true;
}

static bool recover_if_needed(const Connector *connector, State *state, GError **error)
{
    g_auto(GStrv) runs = state_unfinished_runs(state, error);
    if (!runs || !*runs)
        return runs != NULL;
    g_autoptr(Directory) home = directory_open(&connector->organisation->home, error);
    return home && recover(connector, state, home, error);
}

static void prune_one(const RunRecord *record, void *data)
{
    size_t *left = data;
    if (*left)
        --*left;
    else if (record->folder && !strcmp(record->kind, "sync")) /* plans of people are theirs */
        plan_remove(record->folder);
}

static void prune(State *state)
{
    size_t left = RUNS_KEPT;
    state_scan_runs(state, 0, prune_one, &left, NULL);
}

/* --- planning --- */

static bool plan_into(Pass *pass, const RunOptions *options, const char *folder, RunResult *result,
                      GError **error)
{
    if (!pass_plan(pass, folder, result->id, error))
        return false;
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    result->planned = head.changes;
    result->counts = *pass_planned(pass);
    result->full_reason = g_strdup(pass_full_reason(pass));
    result->partial_reason = g_strdup(pass_partial_reason(pass));
    result->partial = result->partial_reason && !options->pass.only;
    g_autoptr(GError) over = NULL;
    if (limits_allow(options->limits, pass_tally(pass), pass_population(pass), &over))
        return true;
    /* Saved with the plan, so that applying it later is refused for the same reason. */
    if (plan_refuse(folder, over->message, error))
        g_propagate_error(error, g_steal_pointer(&over));
    return false;
}

static double seconds_since(gint64 start)
{
    return (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
}

bool run_plan(const Connector *connector, const RunOptions *options, const char *folder, RunResult *result,
              GError **error)
{
    gint64 start = g_get_monotonic_time();
    *result = (RunResult){.id = run_new_id(), .folder = g_strdup(folder)};
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    if (!state)
        return false;
    g_autoptr(Pass) pass = pass_open(connector, state, &options->pass, error);
    bool ok = pass && plan_into(pass, options, folder, result, error);
    result->seconds = seconds_since(start);
    return ok;
}

/* --- applying --- */

typedef struct {
    Pass *pass; /* NULL: apply and revert, which record no links */
    State *state;
    const PassOptions *options;
    Counts *counts;
    const char *undone; /* run whose journal says what is to be undone; NULL: everything */
    size_t changes;
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
    if (doing->pass)
        return pass_record(applied, doing->pass, error);
    doing->counts->of[applied->outcome == JOURNAL_DONE ? kind_of(applied->change) : COUNT_FAILED]++;
    return true;
}

/* The undo stands in the reverse order of the plan. What did not happen need not be undone. */
static bool skip(size_t seq, void *data)
{
    Doing *doing = data;
    JournalOutcome outcome;
    if (!doing->undone)
        return false;
    if (!state_journal_outcome(doing->state, doing->undone, doing->changes - 1 - seq, &outcome, NULL))
        return false;
    return outcome == JOURNAL_NONE || outcome == JOURNAL_FAILED;
}

static void progress(size_t done, size_t total, void *data)
{
    const Doing *doing = data;
    if (doing->options->progress)
        doing->options->progress("writing", done, total, doing->options->data);
}

static bool carry_out(const Connector *connector, const RunOptions *options, State *state, Directory *home,
                      const char *folder, Doing *doing, RunResult *result, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    doing->changes = head.changes;
    result->planned = head.changes;
    Apply apply = {.folder = folder,
                   .head = &head,
                   .directory = home,
                   .state = state,
                   .run = result->id,
                   .look_before_adding = !doing->pass,
                   .connector_uuid = connector->uuid,
                   .stamp = &connector->organisation->stamp,
                   .rate = options->rate,
                   .record = record,
                   .skip = skip,
                   .progress = progress,
                   .data = doing};
    ApplyResult applied;
    bool ok = apply_plan(&apply, &applied, error);
    result->left_over = applied.not_sent + applied.uncertain;
    return ok;
}

/* The run's record says how it ended, whatever the end was. */
static bool finish(State *state, RunResult *result, gint64 start, bool ok, GError **error)
{
    result->seconds = seconds_since(start);
    g_autofree char *summary = run_summary(result);
    g_autofree char *counts = counts_as_json(&result->counts);
    int status = ok ? run_exit_status(result) : error && *error ? error_exit_status(*error) : 1;
    GError *local = NULL;
    if (!state_finish_run(state, result->id, status, result->folder, summary, counts, &local)) {
        if (ok)
            g_propagate_error(error, local);
        else
            g_clear_error(&local);
        return false;
    }
    prune(state);
    if (!ok && error && error_is(*error, ERROR_INTERRUPTED))
        event_emit(EVENT_RUN_INTERRUPTED, result->id, "%zu changes are left for the next run",
                   result->left_over);
    event_emit(EVENT_RUN_END, result->id, "%s", summary);
    return ok;
}

static bool verify(const Connector *connector, const RunOptions *options, State *state, RunResult *result,
                   GError **error)
{
    g_autofree char *folder = g_build_filename(state_folder(state), "verify", NULL);
    PassOptions again = options->pass;
    again.full = true;
    plan_remove(folder);
    g_autoptr(Pass) pass = pass_open(connector, state, &again, error);
    g_auto(PlanHead) head = {0};
    bool ok = pass && pass_plan(pass, folder, result->id, error) && plan_load(folder, &head, error);
    plan_remove(folder);
    if (ok && head.changes)
        error_set(error, ERROR_PROTOCOL,
                  "verify: planning again found %zu changes: the directory does not hold what was written",
                  head.changes);
    return ok && !head.changes;
}

static bool sync_with(const Connector *connector, const RunOptions *options, State *state, Pass *pass,
                      const char *folder, RunResult *result, GError **error)
{
    if (!plan_into(pass, options, folder, result, error)) {
        result->left_over = result->planned;
        memset(&result->counts, 0, sizeof result->counts);
        return false;
    }
    fault_step("planned");
    Doing doing = {.pass = pass, .state = state, .options = &options->pass};
    bool done = !result->planned ||
                carry_out(connector, options, state, pass_home(pass), folder, &doing, result, error);
    GError *local = NULL;
    bool settled = pass_settle(pass, result->id, done, &local);
    result->counts = *pass_done(pass);
    if (local && done)
        g_propagate_error(error, g_steal_pointer(&local));
    g_clear_error(&local);
    return done && settled;
}

bool run_sync(const Connector *connector, const RunOptions *options, RunResult *result, GError **error)
{
    gint64 start = g_get_monotonic_time();
    *result = (RunResult){.id = run_new_id()};
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    if (!state || !recover_if_needed(connector, state, error))
        return false;
    result->folder = g_build_filename(state_folder(state), "runs", result->id, NULL);
    event_set_context(connector->name, result->id);
    event_emit(EVENT_RUN_BEGIN, result->id, "sync of %s", connector->name);
    if (!state_begin_run(state, result->id, "sync", result->folder, error))
        return false;
    g_autoptr(Pass) pass = pass_open(connector, state, &options->pass, error);
    bool ok = pass && sync_with(connector, options, state, pass, result->folder, result, error);
    if (ok && options->verify) {
        g_clear_pointer(&pass, pass_close);
        ok = verify(connector, options, state, result, error);
    }
    if (!result->planned) {
        plan_remove(result->folder);
        g_clear_pointer(&result->folder, g_free);
    }
    if (!ok && error && error_is(*error, ERROR_LIMIT))
        event_emit(EVENT_RUN_LIMIT, result->id, "%s", (*error)->message);
    return finish(state, result, start, ok, error);
}

static bool check_plan_belongs(const Connector *connector, const char *folder, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return false;
    if (!strcmp(head.connector_uuid, connector->uuid)) {
        if (head.refused)
            error_set(error, ERROR_LIMIT, "%s: the limits refused this plan: %s", folder, head.refused);
        return !head.refused;
    }
    error_set(error, ERROR_DEFINITION, "%s: is a plan of connector %s, not of %s", folder,
              head.connector_name, connector->name);
    return false;
}

static bool run_folder(const Connector *connector, const RunOptions *options, State *state, const char *kind,
                       const char *folder, const char *undone, RunResult *result, GError **error)
{
    gint64 start = g_get_monotonic_time();
    event_set_context(connector->name, result->id);
    event_emit(EVENT_RUN_BEGIN, result->id, "%s of %s", kind, folder);
    result->folder = g_strdup(folder);
    if (!state_begin_run(state, result->id, kind, folder, error))
        return false;
    g_autoptr(Directory) home = directory_open(&connector->organisation->home, error);
    Doing doing = {.state = state, .options = &options->pass, .counts = &result->counts, .undone = undone};
    bool ok = home && carry_out(connector, options, state, home, folder, &doing, result, error);
    return finish(state, result, start, ok, error);
}

/* A plan made under other definitions, or for another directory, is not carried out. */
static bool check_definitions(const Connector *connector, const char *folder, GError **error)
{
    g_auto(PlanHead) head = {0};
    g_autoptr(Mapping) mapping = mapping_load(connector->import.mapping, MAPPING_IMPORT, error);
    if (!mapping || !plan_load(folder, &head, error))
        return false;
    g_autofree char *digest = pass_digest(connector, mapping);
    bool same = !strcmp(digest, head.digest);
    if (!same)
        error_set(error, ERROR_DEFINITION,
                  "%s: a definition or the mapping has changed since the plan was made; "
                  "make a new one",
                  folder);
    return same;
}

bool run_apply(const Connector *connector, const RunOptions *options, const char *folder, RunResult *result,
               GError **error)
{
    *result = (RunResult){.id = run_new_id()};
    g_autofree char *path = g_canonicalize_filename(folder, NULL);
    if (!check_plan_belongs(connector, path, error) || !check_definitions(connector, path, error))
        return false;
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    return state && recover_if_needed(connector, state, error) &&
           run_folder(connector, options, state, "apply", path, NULL, result, error);
}

bool run_revert(const Connector *connector, const RunOptions *options, const char *id, RunResult *result,
                GError **error)
{
    *result = (RunResult){.id = run_new_id()};
    g_autoptr(State) state = state_open(connector, options->state_folder, error);
    if (!state || !recover_if_needed(connector, state, error))
        return false;
    g_auto(RunRecord) done = {0};
    if (!state_find_run(state, id, &done, error))
        return false;
    if (!done.id || !done.folder) {
        error_set(error, ERROR_DEFINITION, "run %s: %s; dirsync status %s lists the runs", id,
                  done.id ? "wrote nothing, so there is nothing to undo" : "not known", connector->name);
        return false;
    }
    g_autofree char *undo = g_build_filename(done.folder, "undo", NULL);
    return check_plan_belongs(connector, undo, error) &&
           run_folder(connector, options, state, "revert", undo, id, result, error);
}

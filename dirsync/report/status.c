/*
 * status.c - gathers what status.h tells
 */
#include "dirsync/report/status.h"

#include "dirsync/notify.h"
#include "dirsync/run_file.h"
#include "dirsync/when.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* --- a run --- */

/* How a run ended, by its exit status; dirsync(1) has the long form. */
static const struct {
    int status;
    const char *words;
} results[] = {
    {0, "done"},           {1, "failed"},           {3, "done, with trouble"}, {4, "stopped by a limit"},
    {5, "failed for now"}, {6, "wrong definition"},
};

/* ... or by what ended it, where that says more. */
static const struct {
    const char *kind, *words;
} endings[] = {{"interrupted", "interrupted"}, {"killed", "cut short"}};

static const char *result_of(const RunRecord *record, const char *error_kind, bool going_on)
{
    if (!record->finished)
        return going_on ? "running" : "cut short";
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
        if (!g_strcmp0(error_kind, endings[i].kind))
            return endings[i].words;
    for (size_t i = 0; i < G_N_ELEMENTS(results); i++)
        if (results[i].status == record->status)
            return results[i].words;
    return "failed";
}

const char *status_result(const json_t *run)
{
    const char *result = json_string_value(json_object_get(run, "result"));
    return result ? result : "has not run";
}

static bool is_there(const char *folder, const char *name)
{
    g_autofree char *path = folder ? g_build_filename(folder, name, NULL) : NULL;
    return path && g_file_test(path, G_FILE_TEST_EXISTS);
}

static json_t *seconds_of(const RunRecord *record, json_t *figures)
{
    json_t *exact = json_object_get(figures, "seconds");
    if (json_is_number(exact))
        return json_real(json_number_value(exact));
    /* When a killed one was found out says nothing of how long it took. */
    if (!record->finished || !g_strcmp0(json_string_value(json_object_get(figures, "error_kind")), "killed"))
        return json_null();
    return json_real((double)(when_parse(record->finished) - when_parse(record->started)));
}

json_t *status_record(const RunRecord *record, bool going_on)
{
    json_t *figures = record->counts ? json_loads(record->counts, 0, NULL) : NULL;
    if (!json_is_object(figures)) {
        json_decref(figures);
        figures = json_object();
    }
    json_t *json = json_object();
    json_object_set_new(json, "run", text_as_json(record->id));
    json_object_set_new(json, "kind", text_as_json(record->kind));
    json_object_set_new(json, "started", text_as_json(record->started));
    json_object_set_new(json, "finished", text_as_json(record->finished));
    json_object_set_new(json, "seconds", seconds_of(record, figures));
    json_object_set_new(json, "status", record->finished ? json_integer(record->status) : json_null());
    json_t *kind = json_object_get(figures, "error_kind");
    json_object_set_new(json, "result", json_string(result_of(record, json_string_value(kind), going_on)));
    json_object_set_new(json, "who", text_as_json(record->who));
    json_object_set_new(json, "folder", text_as_json(record->folder));
    json_object_set_new(json, "plan_kept", json_boolean(is_there(record->folder, "plan.json")));
    json_object_set_new(json, "undo_kept", json_boolean(is_there(record->folder, "undo/plan.json")));
    json_object_set_new(json, "summary", text_as_json(record->summary));
    json_t *error = json_object_get(figures, "error");
    json_object_set(json, "error", error ? error : json_null());
    json_object_set(json, "error_kind", kind ? kind : json_null());
    json_object_del(figures, "error");
    json_object_del(figures, "error_kind");
    json_object_del(figures, "seconds");
    json_object_set_new(json, "counts", figures);
    return json;
}

static void add_problem(json_t *into, const char *message)
{
    json_array_append_new(json_object_get(into, "problems"), text_as_json(message));
}

bool status_add_revert(json_t *json, State *state, const RunRecord *record, GError **error)
{
    RevertState is = REVERT_NOTHING;
    g_autofree char *by = NULL;
    bool ok = run_revert_state(state, record, &is, &by, error);
    json_object_set_new(json, "can_be_reverted", json_boolean(ok && is == REVERT_POSSIBLE));
    json_object_set_new(json, "reverted_by", text_as_json(by));
    return ok;
}

/* --- the history --- */

typedef struct {
    json_t *into; /* the connector */
    json_t *runs;
    State *state;
    size_t shown;
    bool going_on;
    json_t *full[STEPS]; /* when a step has read everything the last time although it need not, and why */
    json_t *moved[STEPS];
} History;

static bool came_to_its_end(json_t *run, Step step)
{
    const json_t *counts = json_object_get(run, "counts");
    json_int_t status = json_integer_value(json_object_get(run, "status"));
    bool later = false;
    for (int i = (int)step + 1; i < STEPS; i++)
        later |= json_object_get(counts, step_names[i]) != NULL;
    return json_is_integer(json_object_get(run, "status")) && (later || status == 0 || status == 3);
}

static json_t *point_at(json_t *run, json_t *reason)
{
    json_t *json = json_object();
    json_object_set(json, "by_run", json_object_get(run, "run"));
    json_object_set(json, "time", json_object_get(run, "finished"));
    if (reason)
        json_object_set(json, "reason", reason);
    return json;
}

static void note_steps(History *history, json_t *run)
{
    if (g_strcmp0(json_string_value(json_object_get(run, "kind")), "sync") != 0)
        return;
    for (int step = 0; step < STEPS; step++) {
        json_t *figures = json_object_get(json_object_get(run, "counts"), step_names[step]);
        if (!figures || !came_to_its_end(run, (Step)step))
            continue;
        json_t *why = json_object_get(figures, "full_because");
        if (!history->moved[step])
            history->moved[step] = point_at(run, NULL);
        if (why && !history->full[step])
            history->full[step] = point_at(run, why);
    }
}

static void note_success(History *history, json_t *run)
{
    json_int_t status = json_integer_value(json_object_get(run, "status"));
    if (json_is_integer(json_object_get(run, "status")) && (status == 0 || status == 3) &&
        json_is_null(json_object_get(history->into, "last_success")))
        json_object_set(history->into, "last_success", json_object_get(run, "finished"));
}

static void note_run(const RunRecord *record, void *data)
{
    History *history = data;
    json_t *run = status_record(record, history->going_on);
    note_steps(history, run);
    note_success(history, run);
    if (json_array_size(history->runs) < history->shown) {
        g_autoptr(GError) error = NULL;
        json_array_append(history->runs, run);
        if (!status_add_revert(run, history->state, record, &error))
            add_problem(history->into, error->message);
    }
    json_decref(run);
}

/* --- the state --- */

static void take_problem(json_t *into, GError **error)
{
    if (*error)
        add_problem(into, (*error)->message);
    g_clear_error(error);
}

typedef struct {
    json_t *into;
    Step step;
} Quarantined;

static void note_quarantined(const char *subject, const char *reason, const char *first, const char *last,
                             void *data)
{
    const Quarantined *quarantined = data;
    gint64 since = when_parse(first);
    g_autofree char *text = since ? when_format(since) : NULL;
    json_t *json = json_object();
    json_object_set_new(json, "step", json_string(step_names[quarantined->step]));
    json_object_set_new(json, "subject", text_as_json(subject));
    json_object_set_new(json, "reason", text_as_json(reason));
    json_object_set_new(json, "since", text_as_json(text));
    json_object_set_new(json, "first", text_as_json(first));
    json_object_set_new(json, "last", text_as_json(last));
    json_array_append_new(quarantined->into, json);
}

static const char *side_name(Step step, int side)
{
    return step == STEP_ADDRESSES || (side == SOURCE) == (step == STEP_EXPORT) ? "home" : "foreign";
}

/* What a cursor is, by the first word of its kind. */
static const char *cursor_kind(const char *way)
{
    static const struct {
        const char *way, *words;
    } kinds[] = {{"sync1", "RFC 4533 cookie"},
                 {"ids1", "RFC 4533 cookie, identities alone"},
                 {"dirsync1", "DirSync cookie"},
                 {"file1", "digest of the file"}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (!strcmp(kinds[i].way, way))
            return kinds[i].words;
    return *way ? way : NULL;
}

static json_t *reading_as_json(Step step, const StepReading *reading, const History *history)
{
    g_autofree char *last = reading->everything > 0 ? when_format(reading->everything) : NULL;
    json_t *json = json_pack("{s:s?}", "everything_read", last), *cursors = json_object();
    for (int side = step == STEP_ADDRESSES ? TARGET : SOURCE; side < SIDES; side++) {
        json_object_set_new(json, side_name(step, side),
                            json_string(reading->changes[side] ? "changes" : "everything"));
        json_object_set_new(cursors, side_name(step, side), text_as_json(cursor_kind(reading->way[side])));
    }
    json_object_set_new(json, "cursors", cursors);
    json_object_set(json, "cursors_since", history->moved[step] ? history->moved[step] : json_null());
    json_object_set(json, "last_full_because", history->full[step] ? history->full[step] : json_null());
    return json;
}

static void add_step(json_t *into, const Connector *connector, State *state, Step step,
                     const History *history)
{
    GError *error = NULL;
    int64_t links = 0;
    Backlog backlog;
    StepReading reading;
    Quarantined quarantined = {json_object_get(into, "quarantine"), step};
    if (state_count_links(state, step, &links, &error))
        json_object_set_new(json_object_get(into, "links"), step_names[step], json_integer(links));
    take_problem(into, &error);
    if (state_backlog(state, step, &backlog, &error))
        json_object_set_new(json_object_get(into, "backlog"), step_names[step],
                            json_pack("{s:I, s:I, s:I, s:I, s:I}", "in_grace", (json_int_t)backlog.graced,
                                      "retry", (json_int_t)backlog.retry, "moved_home",
                                      (json_int_t)backlog.yielded, "released", (json_int_t)backlog.released,
                                      "members_missing", (json_int_t)backlog.partly));
    take_problem(into, &error);
    state_scan_quarantine_of(state, step, note_quarantined, &quarantined, &error);
    take_problem(into, &error);
    if (!connector->pass[step].wanted)
        return;
    if (step_recall_reading(connector, step, state, &reading, &error))
        json_object_set_new(json_object_get(into, "reading"), step_names[step],
                            reading_as_json(step, &reading, history));
    take_problem(into, &error);
}

static void add_state(json_t *into, const Connector *connector, State *state, size_t runs, bool going_on)
{
    GError *error = NULL;
    History history = {.into = into,
                       .runs = json_object_get(into, "runs"),
                       .state = state,
                       .shown = runs,
                       .going_on = going_on};
    state_scan_runs(state, 0, note_run, &history, &error);
    take_problem(into, &error);
    for (int step = 0; step < STEPS; step++)
        add_step(into, connector, state, (Step)step, &history);
    for (int step = 0; step < STEPS; step++) {
        json_decref(history.full[step]);
        json_decref(history.moved[step]);
    }
}

/* --- what goes on now, and what comes next --- */

static bool is_alive(json_int_t pid)
{
    return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static json_t *schedule_as_json(const Connector *connector, const char *state_folder)
{
    g_autofree char *place = state_place(connector, state_folder);
    json_auto_t *daemon = run_file_read(place);
    const json_t *one = run_file_connector(daemon, connector->name);
    json_t *json = json_null();
    if (json_is_object(one)) {
        json = json_deep_copy(one);
        json_object_del(json, "name");
        json_object_set(json, "pid", json_object_get(daemon, "pid"));
        json_object_set(json, "since", json_object_get(daemon, "since"));
        json_object_set_new(json, "alive",
                            json_boolean(is_alive(json_integer_value(json_object_get(daemon, "pid")))));
    }
    return json;
}

static json_t *holder_as_json(const LockHolder *holder)
{
    if (!holder->held)
        return json_null();
    return json_pack("{s:o, s:s?, s:s?}", "pid", holder->pid ? json_integer(holder->pid) : json_null(),
                     "since", holder->since, "who", holder->who);
}

json_t *status_connector(const Connector *connector, const char *state_folder, size_t runs)
{
    GError *error = NULL;
    g_auto(LockHolder) holder = {0};
    g_autofree char *folder = state_folder_of(connector, state_folder);
    state_lock_holder(connector, state_folder, &holder);
    json_t *json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:n, s:{}, s:[], s:[], s:{}, s:{}, s:[]}",
                             "connector", connector->name, "uuid", connector->uuid, "definition",
                             text_as_json(connector->path), "state", text_as_json(folder), "running",
                             holder_as_json(&holder), "schedule", schedule_as_json(connector, state_folder),
                             "last_success", "links", "problems", "runs", "reading", "backlog", "quarantine");
    json_object_set_new(
        json, "history",
        json_pack("{s:i, s:i}", "days", (int)connector->history_days, "runs", (int)connector->history_runs));
    json_object_set_new(json, "notifications", notify_status(connector, state_folder));
    g_autoptr(State) state = state_open_unlocked(connector, state_folder, &error);
    json_object_set_new(json, "has_run", json_boolean(state != NULL || error != NULL));
    take_problem(json, &error);
    if (state)
        add_state(json, connector, state, runs, holder.held);
    return json;
}

json_t *status_broken(const char *name, const GError *error)
{
    json_t *json = json_pack("{s:o, s:[]}", "connector", text_as_json(name), "problems");
    add_problem(json, error->message);
    return json;
}

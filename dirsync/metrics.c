/*
 * metrics.c - see metrics.h
 *
 * Every sample is one value in the state, named by its metric and labels. A run
 * changes the values in one transaction; the file is then those values and
 * nothing else.
 */
#include "dirsync/metrics.h"

#include "dirsync/directory/file_writer.h"

#include <assert.h>
#include <string.h>

#define MODE 0644 /* the exporter is another user, and no figure is a secret */

/* The table that dirsync-metrics(7) lists; test_metrics.c compares the two. */
const Metric metric_table[METRICS] = {
    [METRIC_CHANGES] = {"dirsync_changes_total", "counter", NULL, LABEL_STEP, LABEL_KIND, true,
                        "Changes carried out, and those that failed, since the state was made."},
    [METRIC_ENTRIES] =
        {"dirsync_entries", "gauge", NULL, LABEL_STEP, LABEL_STATE, false,
         "Entries that needed no change, or are in quarantine, when a sync last got through the step."},
    [METRIC_LINKS] = {"dirsync_links", "gauge", NULL, LABEL_STEP, LABEL_NONE, false,
                      "Objects the connector looks after."},
    [METRIC_IN_GRACE] = {"dirsync_links_in_grace", "gauge", NULL, LABEL_STEP, LABEL_NONE, false,
                         "Objects whose source is gone, and that are not deleted yet."},
    [METRIC_RETRY] = {"dirsync_links_to_retry", "gauge", NULL, LABEL_STEP, LABEL_NONE, false,
                      "Objects that something is left to do for."},
    [METRIC_QUARANTINE] = {"dirsync_quarantine", "gauge", NULL, LABEL_STEP, LABEL_NONE, false,
                           "Entries in quarantine now, whichever run put them there."},
    [METRIC_PLANNED] = {"dirsync_changes_planned", "gauge", NULL, LABEL_STEP, LABEL_NONE, false,
                        "Changes planned when the step ran last."},
    [METRIC_LEFT_OVER] = {"dirsync_changes_left_over", "gauge", NULL, LABEL_STEP, LABEL_NONE, false,
                          "Changes planned when the step ran last, and not carried out."},
    [METRIC_PARTIAL] = {"dirsync_source_partial", "gauge", NULL, LABEL_STEP, LABEL_NONE, false,
                        "1: when a sync last got through the step, its source was not proven complete."},
    [METRIC_DURATION] = {"dirsync_last_run_duration_seconds", "gauge", "seconds", LABEL_STEP, LABEL_NONE,
                         false, "How long the step took when it ran last."},
    [METRIC_RUNS] = {"dirsync_runs_total", "counter", NULL, LABEL_VERB, LABEL_STATUS, true,
                     "Runs by exit status, since the state was made."},
    [METRIC_LAST_STATUS] = {"dirsync_last_run_status", "gauge", NULL, LABEL_NONE, LABEL_NONE, false,
                            "Exit status of the last run."},
    [METRIC_LAST_RUN] = {"dirsync_last_run_timestamp_seconds", "gauge", "seconds", LABEL_NONE, LABEL_NONE,
                         false, "When the last run ended, in Unix time."},
    [METRIC_LAST_SUCCESS] = {"dirsync_last_success_timestamp_seconds", "gauge", "seconds", LABEL_NONE,
                             LABEL_NONE, true,
                             "When the last run with exit status 0 or 3 ended, in Unix time."},
    [METRIC_PARKED] = {"dirsync_parked", "gauge", NULL, LABEL_NONE, LABEL_NONE, true,
                       "1: dirsync run does not try it again until somebody has mended something."},
};

const char *const metric_label_names[METRIC_LABELS] = {
    [LABEL_STEP] = "step", [LABEL_KIND] = "kind",     [LABEL_STATE] = "state",
    [LABEL_VERB] = "verb", [LABEL_STATUS] = "status",
};

static const CountKind change_kinds[] = {COUNT_CREATED,  COUNT_MODIFIED, COUNT_RENAMED,
                                         COUNT_DISABLED, COUNT_DELETED,  COUNT_FAILED};
static const CountKind entry_states[] = {COUNT_UNCHANGED, COUNT_QUARANTINED};

static_assert(G_N_ELEMENTS(change_kinds) + G_N_ELEMENTS(entry_states) == COUNTS, "every count has a metric");

static const char *const verbs[] = {"sync", "migrate", "apply", "revert", "release"};
/* 2 is the status of a plan, which is not counted. */
static const char *const statuses[] = {"0", "1", "3", "4", "5", "6", "7"};

/* Its @i-th value; NULL: it has no more. Without a label there is one sample, told apart by nothing (""). */
static const char *label_value(MetricLabel label, size_t i)
{
    switch (label) {
    case LABEL_STEP:
        return i < STEPS ? step_names[i] : NULL;
    case LABEL_KIND:
        return i < G_N_ELEMENTS(change_kinds) ? count_names[change_kinds[i]] : NULL;
    case LABEL_STATE:
        return i < G_N_ELEMENTS(entry_states) ? count_names[entry_states[i]] : NULL;
    case LABEL_VERB:
        return i < G_N_ELEMENTS(verbs) ? verbs[i] : NULL;
    case LABEL_STATUS:
        return i < G_N_ELEMENTS(statuses) ? statuses[i] : NULL;
    default:
        return i ? NULL : "";
    }
}

/* --- the values --- */

/* "metrics dirsync_changes_total import created" */
static char *name_value(MetricId id, const char *first, const char *second)
{
    return g_strconcat("metrics ", metric_table[id].name, *first ? " " : "", first, *second ? " " : "",
                       second, NULL);
}

static bool get(State *state, MetricId id, const char *first, const char *second, char **value,
                GError **error)
{
    g_autofree char *name = name_value(id, first, second);
    return state_get(state, name, value, error);
}

static bool set(State *state, MetricId id, const char *first, const char *second, const char *value,
                GError **error)
{
    g_autofree char *name = name_value(id, first, second);
    return state_set(state, name, value, error);
}

static bool set_number(State *state, MetricId id, const char *first, const char *second, int64_t number,
                       GError **error)
{
    g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)number);
    return set(state, id, first, second, value, error);
}

static bool add(State *state, MetricId id, const char *first, const char *second, size_t number,
                GError **error)
{
    g_autofree char *before = NULL;
    if (!get(state, id, first, second, &before, error))
        return false;
    int64_t sum = (before ? g_ascii_strtoll(before, NULL, 10) : 0) + (int64_t)number;
    return set_number(state, id, first, second, sum, error);
}

static bool is_success(int status)
{
    return status == 0 || status == 3;
}

/* An error ends a sync at the step it is in, so a step before another one came to its end. Only a sync reads
 * all entries; what an earlier one found still holds when a later one could not read them. */
static bool saw_entries(const RunResult *result, Step step, const char *kind, int status)
{
    bool later = false;
    for (int i = (int)step + 1; i < STEPS; i++)
        later |= result->step[i].ran;
    return !strcmp(kind, "sync") && (is_success(status) || later);
}

static bool note_entries(State *state, Step step, const StepResult *result, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(entry_states); i++)
        if (!set_number(state, METRIC_ENTRIES, step_names[step], count_names[entry_states[i]],
                        (int64_t)result->counts.of[entry_states[i]], error))
            return false;
    return set_number(state, METRIC_PARTIAL, step_names[step], "", result->partial, error);
}

static bool note_changes(State *state, Step step, const StepResult *result, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(change_kinds); i++) {
        size_t number = result->counts.of[change_kinds[i]];
        if (number &&
            !add(state, METRIC_CHANGES, step_names[step], count_names[change_kinds[i]], number, error))
            return false;
    }
    return true;
}

static bool note_step(State *state, Step step, const StepResult *result, GError **error)
{
    const char *name = step_names[step];
    char seconds[G_ASCII_DTOSTR_BUF_SIZE]; /* a point, whatever the locale */
    g_ascii_formatd(seconds, sizeof seconds, "%.3f", result->seconds);
    return note_changes(state, step, result, error) &&
           set_number(state, METRIC_PLANNED, name, "", (int64_t)result->planned, error) &&
           set_number(state, METRIC_LEFT_OVER, name, "", (int64_t)result->left_over, error) &&
           set(state, METRIC_DURATION, name, "", seconds, error);
}

static void count_one(const char *subject, const char *reason, const char *first, const char *last,
                      void *data)
{
    (void)subject, (void)reason, (void)first, (void)last;
    ++*(int64_t *)data;
}

static bool note_links(State *state, Step step, GError **error)
{
    int64_t links, quarantine = 0;
    Backlog backlog;
    const char *name = step_names[step];
    return state_count_links(state, step, &links, error) && state_backlog(state, step, &backlog, error) &&
           state_scan_quarantine_of(state, step, count_one, &quarantine, error) &&
           set_number(state, METRIC_LINKS, name, "", links, error) &&
           set_number(state, METRIC_IN_GRACE, name, "", backlog.graced, error) &&
           set_number(state, METRIC_RETRY, name, "", backlog.retry, error) &&
           set_number(state, METRIC_QUARANTINE, name, "", quarantine, error);
}

static bool note_end(State *state, const char *kind, int status, GError **error)
{
    int64_t now = g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *status_text = g_strdup_printf("%d", status);
    return add(state, METRIC_RUNS, kind, status_text, 1, error) &&
           set(state, METRIC_LAST_STATUS, "", "", status_text, error) &&
           set_number(state, METRIC_LAST_RUN, "", "", now, error) &&
           (!is_success(status) || set_number(state, METRIC_LAST_SUCCESS, "", "", now, error));
}

static bool note_run(State *state, const RunResult *result, const char *kind, int status, GError **error)
{
    for (int i = 0; i < STEPS; i++) {
        const StepResult *step = &result->step[i];
        if ((step->ran && !note_step(state, (Step)i, step, error)) ||
            (step->ran && saw_entries(result, (Step)i, kind, status) &&
             !note_entries(state, (Step)i, step, error)) ||
            !note_links(state, (Step)i, error))
            return false;
    }
    return note_end(state, kind, status, error);
}

static bool keep_run(State *state, const RunResult *result, const char *kind, int status, GError **error)
{
    if (!state_begin(state, error))
        return false;
    if (note_run(state, result, kind, status, error) && state_commit(state, error))
        return true;
    state_rollback(state);
    return false;
}

/* --- the file --- */

/* Both formats escape these three in a label's value and nothing else. */
static void append_label(GString *text, const char *name, const char *value)
{
    g_string_append_printf(text, "%s%s=\"", text->str[text->len - 1] == '{' ? "" : ",", name);
    for (const char *c = value; *c; c++)
        if (*c == '\n')
            g_string_append(text, "\\n");
        else
            g_string_append_printf(text, *c == '\\' || *c == '"' ? "\\%c" : "%c", *c);
    g_string_append_c(text, '"');
}

/* @first, @second: values of the metric's labels; "" where it has none. */
static void append_sample(GString *text, const Connector *connector, const Metric *metric, const char *first,
                          const char *second, const char *number)
{
    g_string_append_printf(text, "%s{", metric->name);
    append_label(text, "connector", connector->name);
    if (metric->first)
        append_label(text, metric_label_names[metric->first], first);
    if (metric->second)
        append_label(text, metric_label_names[metric->second], second);
    g_string_append_printf(text, "} %s\n", number);
}

static bool append_known(GString *text, const Connector *connector, State *state, MetricId id,
                         const char *first, const char *second, GError **error)
{
    const Metric *metric = &metric_table[id];
    g_autofree char *number = NULL;
    if (!get(state, id, first, second, &number, error))
        return false;
    if (number || metric->from_zero)
        append_sample(text, connector, metric, first, second, number ? number : "0");
    return true;
}

/* OpenMetrics names the family of a counter without the "_total" of its samples. The text format 0.0.4 then
 * sees an empty family, which it drops, and samples without a type, which it takes. */
static void append_head(GString *text, const Metric *metric)
{
    size_t suffix = g_str_has_suffix(metric->name, "_total") ? strlen("_total") : 0;
    g_autofree char *family = g_strndup(metric->name, strlen(metric->name) - suffix);
    g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", family, metric->help, family, metric->type);
    if (metric->unit)
        g_string_append_printf(text, "# UNIT %s %s\n", family, metric->unit);
}

static bool append_metric(GString *text, const Connector *connector, State *state, MetricId id,
                          GError **error)
{
    const Metric *metric = &metric_table[id];
    const char *first, *second;
    append_head(text, metric);
    for (size_t i = 0; (first = label_value(metric->first, i)); i++) {
        if (metric->first == LABEL_STEP && !connector->pass[i].wanted)
            continue;
        for (size_t j = 0; (second = label_value(metric->second, j)); j++)
            if (!append_known(text, connector, state, id, first, second, error))
                return false;
    }
    return true;
}

static bool write_file(const char *path, const GString *text, GError **error)
{
    g_autoptr(FileWriter) writer = file_writer_new(path, MODE, "utf-8", error);
    return writer && file_writer_put(writer, text, error) && file_writer_commit(writer, error);
}

static bool write_all(const Connector *connector, State *state, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int id = 0; id < METRICS; id++)
        if (!append_metric(text, connector, state, (MetricId)id, error))
            return false;
    g_string_append(text, "# EOF\n");
    return write_file(connector->metrics, text, error);
}

bool metrics_write(const Connector *connector, State *state, const RunResult *result, const char *kind,
                   int status, GError **error)
{
    return !connector->metrics ||
           (keep_run(state, result, kind, status, error) && write_all(connector, state, error));
}

bool metrics_note_parked(const Connector *connector, const char *state_folder, bool parked, GError **error)
{
    GError *failure = NULL;
    g_autofree char *before = NULL;
    if (!connector->metrics)
        return true;
    g_autoptr(State) state = state_open_unlocked(connector, state_folder, &failure);
    if (failure)
        g_propagate_error(error, failure);
    if (!state)
        return !failure;
    if (!get(state, METRIC_PARKED, "", "", &before, error))
        return false;
    if (parked == (before && !strcmp(before, "1")))
        return true;
    return set_number(state, METRIC_PARKED, "", "", parked, error) && write_all(connector, state, error);
}

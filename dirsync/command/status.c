/*
 * status.c - dirsync status: last runs, quarantine, counters
 */
#include "dirsync/command/command.h"
#include "dirsync/report/report.h"

#include <stdio.h>
#include <string.h>

#define RUNS_SHOWN 10

typedef struct {
    const Settings *settings;
    json_t *runs, *quarantine;
    size_t shown;
} Printing;

static void print_indented(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (char **line = lines; *line; line++)
        printf("    %s\n", *line);
}

static void show_run(const RunRecord *record, void *data)
{
    Printing *printing = data;
    if (printing->runs) {
        json_t *counts = record->counts ? json_loads(record->counts, 0, NULL) : NULL;
        json_array_append_new(printing->runs,
                              json_pack("{s:s, s:s, s:s, s:s?, s:i, s:s, s:s?, s:s?, s:o?}", "run",
                                        record->id, "kind", record->kind, "started", record->started,
                                        "finished", record->finished, "status", record->status, "who",
                                        record->who, "folder", record->folder, "summary", record->summary,
                                        "counts", counts));
        return;
    }
    if (!printing->shown++)
        puts("runs, the newest first:");
    printf("  %s %s by %s, exit %d\n", record->id, record->kind, record->who, record->status);
    print_indented(record->summary ? record->summary : "going on, or cut short");
    if (printing->settings->verbose && record->folder)
        printf("    plan: %s\n", record->folder);
}

static void show_quarantined(const char *subject, const char *reason, const char *first, const char *last,
                             void *data)
{
    Printing *printing = data;
    if (printing->quarantine) {
        json_array_append_new(printing->quarantine,
                              json_pack("{s:s, s:s, s:s, s:s}", "subject", subject, "reason", reason, "first",
                                        first, "last", last));
        return;
    }
    if (!printing->shown++)
        puts("quarantine:");
    g_autofree char *safe = report_safe(subject);
    g_autofree char *safe_reason = report_safe(reason);
    printf("  %s, since run %s\n    %s\n", safe, first, safe_reason);
}

/* --- how the next run will read --- */

static const char *side_name(Step step, int side)
{
    return step == STEP_ADDRESSES || (side == SOURCE) == (step == STEP_EXPORT) ? "home" : "foreign";
}

static char *time_text(gint64 seconds)
{
    g_autoptr(GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_utc(seconds) : NULL;
    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

static json_t *reading_as_json(Step step, const StepReading *reading)
{
    g_autofree char *last = time_text(reading->everything);
    json_t *json = json_pack("{s:s?}", "everything_read", last);
    for (int side = step == STEP_ADDRESSES ? TARGET : SOURCE; side < SIDES; side++)
        json_object_set_new(json, side_name(step, side),
                            json_string(reading->changes[side] ? "changes" : "everything"));
    return json;
}

static void print_reading(Step step, const StepReading *reading)
{
    g_autofree char *last = time_text(reading->everything);
    g_autoptr(GString) next = g_string_new(NULL);
    for (int side = step == STEP_ADDRESSES ? TARGET : SOURCE; side < SIDES; side++)
        g_string_append_printf(next, "%s%s of the %s directory", next->len ? ", " : "",
                               reading->changes[side] ? "the changes" : "everything", side_name(step, side));
    printf("%s: everything was read last %s; the next run reads %s\n", step_names[step],
           last ? last : "at an unknown time", next->str);
}

static bool show_reading(const Connector *connector, State *state, json_t *all, GError **error)
{
    for (int step = 0; step < STEPS; step++) {
        StepReading reading;
        if (!connector->pass[step].wanted)
            continue;
        if (!step_recall_reading(connector, (Step)step, state, &reading, error))
            return false;
        if (all)
            json_object_set_new(all, step_names[step], reading_as_json((Step)step, &reading));
        else
            print_reading((Step)step, &reading);
    }
    return true;
}

static bool print_status(const Settings *settings, const Connector *connector, State *state, GError **error)
{
    Printing printing = {.settings = settings};
    int64_t links[STEPS] = {0};
    json_t *reading = settings->json ? json_object() : NULL;
    if (settings->json) {
        printing.runs = json_array();
        printing.quarantine = json_array();
    } else {
        printf("connector %s (%s)\nstate in %s\n", connector->name, connector->uuid, state_folder(state));
    }
    bool ok = true;
    for (int step = 0; step < STEPS; step++)
        ok = ok && state_count_links(state, (Step)step, &links[step], error);
    ok = ok && show_reading(connector, state, reading, error);
    ok = ok && state_scan_runs(state, RUNS_SHOWN, show_run, &printing, error);
    printing.shown = 0;
    ok = ok && state_scan_quarantine(state, show_quarantined, &printing, error);
    if (settings->json)
        report_print_json(
            stdout, json_pack("{s:s, s:s, s:s, s:{s:I, s:I}, s:o, s:o, s:o}", "connector", connector->name,
                              "uuid", connector->uuid, "state", state_folder(state), "links", "import",
                              (json_int_t)links[STEP_IMPORT], "export", (json_int_t)links[STEP_EXPORT],
                              "reading", reading, "runs", printing.runs, "quarantine", printing.quarantine));
    else
        printf("linked: %" G_GINT64_FORMAT " by import, %" G_GINT64_FORMAT " by export\n", links[STEP_IMPORT],
               links[STEP_EXPORT]);
    return ok;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    g_autoptr(Connector) connector = settings_connector(settings, argc, argv, 1, error);
    if (!connector)
        return 0;
    GError *failure = NULL;
    g_autoptr(State) state = state_open_unlocked(connector, settings->state_folder, &failure);
    if (failure) {
        g_propagate_error(error, failure);
    } else if (!state) {
        if (settings->json)
            report_print_json(stdout, json_pack("{s:s, s:s, s:[], s:[]}", "connector", connector->name,
                                                "uuid", connector->uuid, "runs", "quarantine"));
        else
            printf("connector %s has not run here yet\n", connector->name);
    } else {
        print_status(settings, connector, state, error);
    }
    return 0;
}

const Command command_status = {"status", "CONNECTOR", "Show the last runs and what is in quarantine",
                                0,        run,         NULL};

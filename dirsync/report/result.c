/*
 * result.c - what a run came to, as JSON
 */
#include "dirsync/report/report.h"

static json_t *step_as_json(const StepResult *step)
{
    json_t *counts = json_object();
    for (int i = 0; i < COUNTS; i++)
        json_object_set_new(counts, count_names[i], json_integer((json_int_t)step->counts.of[i]));
    return json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:o, s:o}", "counts", counts, "newly_quarantined",
        (json_int_t)step->counts.newly_quarantined, "planned", (json_int_t)step->planned, "entries_read",
        (json_int_t)step->read, "left_over", (json_int_t)step->left_over, "seconds", step->seconds,
        "planning_seconds", step->planning, "state_statements", (json_int_t)step->statements, "full_because",
        text_as_json(step->full_reason), "nothing_removed_because", text_as_json(step->partial_reason));
}

json_t *report_result_json(const char *verb, const char *connector, const RunResult *result,
                           const GError *error)
{
    json_t *steps = json_object();
    for (int step = 0; step < STEPS; step++)
        if (result->step[step].ran)
            json_object_set_new(steps, step_names[step], step_as_json(&result->step[step]));
    int status = error ? error_exit_status(error) : run_exit_status(result);
    json_t *json = json_pack("{s:s, s:s, s:s?, s:i, s:o, s:I, s:I, s:f, s:o}", "verb", verb, "connector",
                             connector, "run", result->id, "status", status, "steps", steps, "planned",
                             (json_int_t)run_planned(result), "left_over", (json_int_t)run_left_over(result),
                             "seconds", result->seconds, "folder", text_as_json(result->folder));
    if (result->stays_disabled)
        json_object_set_new(json, "stays_disabled", json_true());
    if (error) {
        json_object_set_new(json, "error", text_as_json(error->message));
        json_object_set_new(json, "error_kind", json_string(error_name(error)));
    }
    return json;
}

void report_print_json(FILE *out, json_t *json)
{
    json_dumpf(json, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(json);
}

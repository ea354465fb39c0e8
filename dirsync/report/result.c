/*
 * result.c - what a run came to, as JSON
 */
#include "dirsync/report/report.h"

#include <stdlib.h>

json_t *report_result_json(const char *verb, const char *connector, const RunResult *result,
                           const GError *error)
{
    json_t *counts = json_object();
    for (int i = 0; i < COUNTS; i++)
        json_object_set_new(counts, count_names[i], json_integer((json_int_t)result->counts.of[i]));
    int status = error ? error_exit_status(error) : run_exit_status(result);
    json_t *json = json_pack("{s:s, s:s, s:s?, s:i, s:o, s:I, s:I, s:I, s:f, s:s?, s:s?, s:s?}", "verb", verb,
                             "connector", connector, "run", result->id, "status", status, "counts", counts,
                             "newly_quarantined", (json_int_t)result->counts.newly_quarantined, "planned",
                             (json_int_t)result->planned, "left_over", (json_int_t)result->left_over,
                             "seconds", result->seconds, "folder", result->folder, "full_because",
                             result->full_reason, "nothing_removed_because", result->partial_reason);
    if (error)
        json_object_set_new(json, "error", json_string(error->message));
    return json;
}

void report_print_json(FILE *out, json_t *json)
{
    json_dumpf(json, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(json);
}

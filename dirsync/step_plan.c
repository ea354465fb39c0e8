/*
 * step_plan.c - the end of a step's part of a plan; see step.h
 */
#include "dirsync/step.h"

static char *planned_summary(const StepWork *work, Step step)
{
    GString *text = g_string_new(step_names[step]);
    g_string_append_c(text, ':');
    for (int i = 0; i < COUNTS; i++)
        g_string_append_printf(text, "%s %zu %s", i ? "," : "", work->planned.of[i], count_names[i]);
    return g_string_free(text, FALSE);
}

bool step_finish_plan(const StepWork *work, const Connector *connector, Step step, PlanWriter *plan,
                      const char *run, const char *digest, GError **error)
{
    g_autofree char *created = time_now_text();
    g_autofree char *summary = planned_summary(work, step);
    PlanHead head = {.run = (char *)run,
                     .created = created,
                     .connector_path = connector->path,
                     .connector_name = connector->name,
                     .connector_uuid = connector->uuid};
    head.step[step] = (PlanStep){.digest = (char *)digest,
                                 .uri = (char *)directory_describe(work->target)->subject,
                                 .summary = summary};
    return plan_writer_finish(plan, &head, error);
}

/*
 * show.c - dirsync show: a saved plan or undo, readable
 */
#include "dirsync/command/command.h"
#include "dirsync/report/report.h"

#include <stdio.h>

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc != 1) {
        settings_usage(&command_show, error);
        return 0;
    }
    g_auto(PlanHead) head = {0};
    if (!plan_load(argv[0], &head, error))
        return 0;
    if (settings->json) {
        report_plan_json(stdout, argv[0], NULL, error);
    } else if (report_plan_text(stdout, argv[0], settings->verbose > 0, error)) {
        g_autofree char *line =
            g_strdup_printf("%s of run %s, connector %s, made %s: %zu changes", head.kind, head.run,
                            head.connector_name, head.created ? head.created : "?", head.changes);
        report_lines(stdout, line, 0, REPORT_COLUMNS);
    }
    return settings->detailed && head.changes ? EXIT_CHANGES : 0;
}

const Command command_show = {"show", "FOLDER", "Show a saved plan or undo", OPTIONS_DETAILED, run, NULL};

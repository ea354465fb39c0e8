/*
 * plan.c - dirsync plan: what sync would do, and nothing else
 */
#include "dirsync/command/command.h"
#include "dirsync/report/report.h"

#include <stdio.h>

/* Without -o the plan lives in a folder of its own for as long as it is printed. */
static char *plan_folder(const Settings *settings, GError **error)
{
    if (settings->output)
        return g_canonicalize_filename(settings->output, NULL);
    return g_dir_make_tmp("dirsync-plan-XXXXXX", error);
}

/* A plan that a limit refuses is there to be looked at. */
static bool is_there(const GError *failure)
{
    return !failure || error_is(failure, ERROR_LIMIT);
}

static bool print_plan(const Settings *settings, const char *verb, const char *folder,
                       const Connector *connector, const RunResult *result, const GError *failure,
                       GError **error)
{
    if (settings->json)
        return report_plan_json(stdout, folder, report_result_json(verb, connector->name, result, failure),
                                error);
    if (!settings->quiet && !report_plan_text(stdout, folder, settings->verbose > 0, error))
        return false;
    g_autofree char *summary = run_summary(result);
    settings_print_reasons(result, "nothing would be removed");
    if (settings->output) {
        g_autofree char *saved =
            g_strdup_printf("saved in %s; dirsync apply %s carries out exactly this", folder, folder);
        report_lines(stdout, saved, 0, REPORT_COLUMNS);
    }
    if (!settings->quiet) {
        report_lines(stdout, summary, 0, 0);
        puts("(plan: nothing was written)");
    }
    return true;
}

int settings_plan(Settings *settings, const char *verb, const Connector *connector, const RunOptions *options,
                  GError **error)
{
    g_autofree char *folder = plan_folder(settings, error);
    if (!folder)
        return 0;
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    run_plan(connector, options, folder, &result, &failure);
    progress_wipe(settings->progress);
    bool printed =
        is_there(failure) && print_plan(settings, verb, folder, connector, &result, failure, error);
    if (!is_there(failure) && settings->json)
        report_print_json(stdout, report_result_json(verb, connector->name, &result, failure));
    if (!settings->output)
        plan_remove(folder);
    if (failure && (printed || !is_there(failure)))
        g_propagate_error(error, failure);
    return settings->detailed && run_planned(&result) ? EXIT_CHANGES : 0;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    g_autoptr(Connector) connector = settings_connector(settings, argc, argv, 1, error);
    RunOptions options;
    if (!connector || !settings_run_options(settings, connector, &options, error))
        return 0;
    return settings_plan(settings, "plan", connector, &options, error);
}

const Command command_plan = {"plan",
                              "CONNECTOR [-o FOLDER]",
                              "Show what sync would do; nothing is written",
                              OPTIONS_PLAN | OPTIONS_OUTPUT | OPTIONS_DETAILED,
                              run,
                              NULL};

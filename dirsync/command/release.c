/*
 * release.c - dirsync release: lets go of an object
 */
#include "dirsync/command/command.h"
#include "dirsync/report/report.h"

#include <stdio.h>

static gboolean option_dry_run;

static const GOptionEntry own_options[] = {{"dry-run", 'n', 0, G_OPTION_ARG_NONE, &option_dry_run,
                                            "Show what would be written, and nothing else", NULL},
                                           {NULL, 0, 0, 0, NULL, NULL, NULL}};

static void tell_disabled(const RunResult *result)
{
    if (result->stays_disabled)
        puts("the account was disabled when its grace began, and stays so");
}

static int show(const Settings *settings, const Connector *connector, const RunOptions *options,
                const char *object, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("dirsync-release-XXXXXX", error);
    g_auto(RunResult) result = {0};
    if (!folder)
        return 0;
    GError *failure = NULL;
    if (!run_plan_release(connector, options, object, folder, &result, &failure)) {
        if (settings->json)
            report_print_json(stdout, report_result_json("release", connector->name, &result, failure));
        g_propagate_error(error, failure);
    } else if (settings->json) {
        report_plan_json(stdout, folder, report_result_json("release", connector->name, &result, NULL),
                         error);
    } else if (report_plan_text(stdout, folder, true, error)) {
        tell_disabled(&result);
        puts("(dry run: nothing was written)");
    }
    plan_remove(folder);
    return 0;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc != 2) {
        settings_usage(&command_release, error);
        return 0;
    }
    g_autoptr(Connector) connector = settings_connector(settings, 1, argv, 1, error);
    RunOptions options;
    if (!connector || !settings_run_options(settings, connector, &options, error))
        return 0;
    if (option_dry_run)
        return show(settings, connector, &options, argv[1], error);
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    run_release(connector, &options, argv[1], &result, &failure);
    int status = settings_end(settings, "release", connector, &result, failure, error);
    if (!failure && !status && !settings->json && !settings->quiet) {
        tell_disabled(&result);
        printf("dirsync revert %s %s takes it back\n", connector->name, result.id);
    }
    return status;
}

const Command command_release = {
    "release", "CONNECTOR OBJECT", "Let go of an object: it is nobody's of the connector", 0,
    run,       own_options};

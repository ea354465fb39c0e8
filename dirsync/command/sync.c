/*
 * sync.c - dirsync sync: plan and apply under the limits
 */
#include "dirsync/command/command.h"

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    g_autoptr(Connector) connector = settings_connector(settings, argc, argv, 1, error);
    RunOptions options;
    if (!connector || !settings_run_options(settings, connector, &options, error))
        return 0;
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    run_sync(connector, &options, &result, &failure);
    int status = settings_end(settings, "sync", connector, &result, failure, error);
    return !status && settings->detailed && run_planned(&result) ? EXIT_CHANGES : status;
}

const Command command_sync = {"sync",
                              "CONNECTOR",
                              "Plan and apply under the limits",
                              OPTIONS_RUN | OPTIONS_PLAN | OPTIONS_VERIFY | OPTIONS_DETAILED,
                              run,
                              NULL};

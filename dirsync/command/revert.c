/*
 * revert.c - dirsync revert: the undo of a run
 */
#include "dirsync/command/command.h"

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc != 2) {
        settings_usage(&command_revert, error);
        return 0;
    }
    g_autoptr(Connector) connector = settings_connector(settings, 1, argv, 1, error);
    RunOptions options;
    if (!connector || !settings_run_options(settings, connector, &options, error))
        return 0;
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    run_revert(connector, &options, argv[1], &result, &failure);
    return settings_end(settings, "revert", connector, &result, failure, error);
}

const Command command_revert = {"revert", "CONNECTOR RUN", "Undo what a run did", OPTIONS_RUN, run, NULL};

/*
 * apply.c - dirsync apply: exactly that plan
 */
#include "dirsync/command/command.h"

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc != 1) {
        settings_usage(&command_apply, error);
        return 0;
    }
    g_auto(PlanHead) head = {0};
    if (!plan_load(argv[0], &head, error))
        return 0;
    g_autoptr(Connector) connector = settings_connector(settings, 1, &head.connector_path, 1, error);
    RunOptions options;
    if (!connector || !settings_run_options(settings, connector, &options, error))
        return 0;
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    run_apply(connector, &options, argv[0], &result, &failure);
    return settings_end(settings, "apply", connector, &result, failure, error);
}

const Command command_apply = {"apply", "FOLDER", "Carry out a saved plan, exactly", OPTIONS_RUN, run, NULL};

/*
 * explain.c - dirsync explain: one recipient, and what a run would do with it
 */
#include "dirsync/command/command.h"
#include "dirsync/explain.h"
#include "dirsync/report/report.h"

#include <stdio.h>

/* Nothing that happens here belongs into a log: no sink of the definition is opened, and warnings about
 * everybody else are shown with -v alone. */
static Connector *load(const Settings *settings, const char *name, GError **error)
{
    g_autoptr(Connector) connector = connector_load(name, error);
    Settings quiet = *settings;
    quiet.quiet = !settings->verbose;
    return connector && settings_open_events(&quiet, NULL, error) ? g_steal_pointer(&connector) : NULL;
}

/* Null: nobody was asked. */
static json_t *reachable(const GError *error)
{
    bool asked = error_is(error, ERROR_NOT_FOUND) || error_is(error, ERROR_UNREACHABLE);
    return asked ? json_boolean(error_is(error, ERROR_NOT_FOUND)) : json_null();
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc != 2) {
        settings_usage(&command_explain, error);
        return 0;
    }
    g_autoptr(Connector) connector = load(settings, argv[0], error);
    g_autoptr(Explanation) explanation =
        connector ? explain(connector, settings->state_folder, argv[1], error) : NULL;
    if (explanation && settings->json)
        report_print_json(stdout, report_explanation_json(connector->name, explanation));
    else if (explanation)
        report_explanation_text(stdout, connector, explanation, settings->verbose > 0);
    else if (connector && settings->json)
        report_print_json(stdout,
                          json_pack("{s:s, s:s, s:o, s:o, s:[], s:o, s:s}", "verb", "explain", "connector",
                                    connector->name, "object", text_as_json(argv[1]), "reachable",
                                    reachable(*error), "recipients", "error", text_as_json((*error)->message),
                                    "error_kind", error_name(*error)));
    return 0;
}

const Command command_explain = {
    "explain", "CONNECTOR OBJECT", "Tell everything about one recipient, and why", 0, run, NULL};

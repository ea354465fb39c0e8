/*
 * status.c - dirsync status: all connectors, one of them, or one of its runs
 */
#include "dirsync/command/command.h"

#include "dirsync/report/status.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define RUNS_SHOWN 10

static char *option_runs;
static double runs_shown = RUNS_SHOWN;

static const GOptionEntry own[] = {
    {"runs", 0, 0, G_OPTION_ARG_STRING, &option_runs, "Show the last N runs (default 10)", "N"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static bool have_problems(const json_t *connector)
{
    return json_array_size(json_object_get(connector, "problems")) > 0;
}

/* As people would name it. */
static char *name_of(const char *file)
{
    g_autofree char *base = g_path_get_basename(file);
    return g_strndup(base, strlen(base) - strlen(".xml"));
}

/* What is wrong stands in the document; the exit status says that something is. */
static int overview(const Settings *settings, GError **error)
{
    g_auto(GStrv) files = connector_list(error);
    json_t *list = json_array();
    int status = 0;
    for (char **file = files; file && *file; file++) {
        GError *failure = NULL;
        g_autofree char *name = name_of(*file);
        g_autoptr(Connector) connector = connector_load(*file, &failure);
        json_t *one = connector ? status_connector(connector, settings->state_folder, (size_t)runs_shown)
                                : status_broken(name, failure);
        if (!connector || have_problems(one))
            status = connector ? 1 : error_exit_status(failure);
        g_clear_error(&failure);
        json_array_append_new(list, one);
    }
    if (files && settings->json)
        report_print_json(stdout, json_pack("{s:O}", "connectors", list));
    else if (files)
        status_print_overview(stdout, list);
    json_decref(list);
    return status;
}

static int show_connector(const Settings *settings, const Connector *connector, GError **error)
{
    json_t *json = status_connector(connector, settings->state_folder, (size_t)runs_shown);
    const json_t *problem = json_array_get(json_object_get(json, "problems"), 0);
    if (problem)
        error_set(error, ERROR_STATE, "%s", json_string_value(problem));
    if (settings->json) {
        report_print_json(stdout, json);
        return 0;
    }
    status_print_connector(stdout, json, settings->verbose > 0);
    json_decref(json);
    return 0;
}

static int show_run(const Settings *settings, const Connector *connector, const char *id, GError **error)
{
    json_t *json = status_run(connector, settings->state_folder, id, error);
    if (json && settings->json) {
        report_print_json(stdout, json);
        return 0;
    }
    if (json)
        status_print_run(stdout, json);
    json_decref(json);
    return 0;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc > 2) {
        settings_usage(&command_status, error);
        return 0;
    }
    static const NumberOption shown = {
        .name = "--runs", .what = "how many of the last runs to show", .least = 0, .most = INT_MAX};
    if (!settings_number(&shown, option_runs, &runs_shown, error))
        return 0;
    if (argc == 0)
        return settings_open_events(settings, NULL, error) ? overview(settings, error) : 0;
    g_autoptr(Connector) connector = settings_connector(settings, 1, argv, 1, error);
    if (!connector)
        return 0;
    return argc == 2 ? show_run(settings, connector, argv[1], error)
                     : show_connector(settings, connector, error);
}

const Command command_status = {
    "status", "[CONNECTOR [RUN]]", "Show the last runs, what comes next, and the quarantine", 0, run, own};

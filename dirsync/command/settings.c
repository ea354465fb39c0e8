/*
 * settings.c - the options, and what several verbs do with them
 */
#include "dirsync/command/command.h"

#include "dirsync/report/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add_global(GOptionContext *context, Settings *settings)
{
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &settings->json, "Print JSON on standard output", NULL},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &settings->state_folder, "Keep the state files in FOLDER",
         "FOLDER"},
        {"progress", 0, 0, G_OPTION_ARG_NONE, &settings->progress_on, "Show progress even without a terminal",
         NULL},
        {"no-progress", 0, 0, G_OPTION_ARG_NONE, &settings->progress_off, "Show no progress", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &settings->quiet, "Only errors, no summary", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &settings->version, "Print the version and end", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_option_context_add_main_entries(context, entries, NULL);
}

static gboolean count_verbose(const char *name, const char *value, gpointer data, GError **error)
{
    (void)name;
    (void)value;
    (void)error;
    ((Settings *)data)->verbose++;
    return TRUE;
}

/* Options with a callback need a group of their own. */
static void add_verbose(GOptionContext *context, Settings *settings)
{
    static const GOptionEntry entries[] = {{"verbose", 'v', G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK,
                                            (gpointer)count_verbose, "Say more (twice: debug events)", NULL},
                                           {NULL, 0, 0, 0, NULL, NULL, NULL}};
    GOptionGroup *group = g_option_group_new("dirsync", "", "", settings, NULL);
    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
}

static void add_plan_options(GOptionContext *context, Settings *settings)
{
    const GOptionEntry entries[] = {
        {"full", 0, 0, G_OPTION_ARG_NONE, &settings->full, "Compare everything again", NULL},
        {"allow-empty", 0, 0, G_OPTION_ARG_NONE, &settings->allow_empty,
         "An empty source means that all are gone", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_option_context_add_main_entries(context, entries, NULL);
}

static void add_limit_options(GOptionContext *context, Settings *settings)
{
    for (int kind = 0; kind < LIMIT_KINDS; kind++) {
        g_autofree char *name = g_strconcat("max-", limit_names[kind], NULL);
        const GOptionEntry limit[] = {{g_intern_string(name), 0, 0, G_OPTION_ARG_STRING,
                                       &settings->limits[kind],
                                       "Limit for this run: number, percentage or none", "N|P%"},
                                      {NULL, 0, 0, 0, NULL, NULL, NULL}};
        g_option_context_add_main_entries(context, limit, NULL);
    }
}

static void add_single_options(GOptionContext *context, Settings *settings, unsigned groups)
{
    const struct {
        unsigned group;
        GOptionEntry entry;
    } options[] = {
        {OPTIONS_PLAN | OPTIONS_STEP,
         {"step", 0, 0, G_OPTION_ARG_STRING, &settings->step, "Only this step: import, addresses or export",
          "STEP"}},
        {OPTIONS_PLAN | OPTIONS_ONLY,
         {"only", 0, 0, G_OPTION_ARG_STRING, &settings->only, "Only source entries that match", "FILTER"}},
        {OPTIONS_RUN,
         {"rate", 0, 0, G_OPTION_ARG_STRING, &settings->rate, "At most N changes a second", "N"}},
        {OPTIONS_VERIFY,
         {"verify", 0, 0, G_OPTION_ARG_NONE, &settings->verify, "Plan again afterwards: it must be empty",
          NULL}},
        {OPTIONS_DETAILED,
         {"detailed-exitcode", 0, 0, G_OPTION_ARG_NONE, &settings->detailed, "Exit 2 when there are changes",
          NULL}},
        {OPTIONS_OUTPUT,
         {"output", 'o', 0, G_OPTION_ARG_FILENAME, &settings->output, "Save the plan in FOLDER", "FOLDER"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const GOptionEntry entries[] = {options[i].entry, {NULL, 0, 0, 0, NULL, NULL, NULL}};
        if (options[i].group & groups)
            g_option_context_add_main_entries(context, entries, NULL);
    }
}

GOptionContext *settings_global_context(Settings *settings, const char *summary)
{
    GOptionContext *context = g_option_context_new("VERB [WORDS]");
    add_verbose(context, settings);
    add_global(context, settings);
    g_option_context_set_summary(context, summary);
    g_option_context_set_strict_posix(context, TRUE);
    return context;
}

GOptionContext *settings_context(Settings *settings, const Command *command)
{
    GOptionContext *context = g_option_context_new(command->words);
    add_verbose(context, settings);
    add_global(context, settings);
    if (command->options & OPTIONS_PLAN)
        add_plan_options(context, settings);
    if (command->options & (OPTIONS_PLAN | OPTIONS_LIMITS))
        add_limit_options(context, settings);
    add_single_options(context, settings, command->options);
    if (command->own)
        g_option_context_add_main_entries(context, command->own, NULL);
    g_option_context_set_summary(context, command->about);
    g_autofree char *more = g_strdup_printf("See dirsync-%s(1).", command->name);
    g_option_context_set_description(context, more);
    return context;
}

void settings_clear(Settings *settings)
{
    g_free(settings->state_folder);
    g_free(settings->only);
    g_free(settings->step);
    g_free(settings->output);
    g_free(settings->rate);
    for (int kind = 0; kind < LIMIT_KINDS; kind++)
        g_free(settings->limits[kind]);
    progress_free(settings->progress);
    *settings = (Settings){0};
}

void settings_usage(const Command *command, GError **error)
{
    error_set(error, ERROR_DEFINITION, "usage: dirsync %s %s; dirsync %s --help says more", command->name,
              command->words, command->name);
}

bool settings_open_events(const Settings *settings, const Connector *connector, GError **error)
{
    SinkSettings errors = {.kind = SINK_STDERR, .level = LEVEL_WARNING};
    errors.level = settings->quiet
                       ? LEVEL_ERROR
                       : (EventLevel)MIN((int)LEVEL_WARNING + settings->verbose * 2, (int)LEVEL_DEBUG);
    for (int i = 0; i < CATEGORIES; i++)
        errors.category_level[i] = -1;
    for (size_t i = 0; connector && i < connector->n_sinks; i++) {
        const SinkSettings *sink = &connector->sinks[i];
        if (sink->kind == SINK_STDERR && !settings->verbose && !settings->quiet)
            errors = *sink;
        else if (sink->kind != SINK_STDERR && !event_open_sink(sink, error))
            return false;
    }
    errors.json = settings_log_json();
    return event_open_sink(&errors, error);
}

bool settings_log_json(void)
{
    return !g_strcmp0(g_getenv("DIRSYNC_LOG"), "json");
}

bool settings_open_service_events(const Settings *settings, bool json, GError **error)
{
    SinkSettings sink = {.kind = SINK_STDERR, .json = json};
    sink.level = settings->quiet ? LEVEL_ERROR
                                 : (EventLevel)MIN((int)LEVEL_NOTICE + settings->verbose, (int)LEVEL_DEBUG);
    for (int i = 0; i < CATEGORIES; i++)
        sink.category_level[i] = -1;
    return event_open_sink(&sink, error);
}

Connector *settings_connector(const Settings *settings, int argc, char **argv, int words, GError **error)
{
    if (argc != words) {
        error_set(error, ERROR_DEFINITION, "%s; name a definition such as globex or ./globex.xml",
                  argc < words ? "a word is missing" : "a word too many");
        return NULL;
    }
    g_autoptr(Connector) connector = connector_load(argv[0], error);
    return connector && settings_open_events(settings, connector, error) ? g_steal_pointer(&connector) : NULL;
}

static bool lift_limits(const Settings *settings, RunOptions *options, GError **error)
{
    for (int kind = 0; kind < LIMIT_KINDS; kind++) {
        if (!settings->limits[kind] || limit_parse(settings->limits[kind], &options->limits[kind]))
            continue;
        error_set(error, ERROR_DEFINITION,
                  "--max-%s %s: say a number (20), a percentage (5%%), both (5%%|10) or none",
                  limit_names[kind], settings->limits[kind]);
        return false;
    }
    return true;
}

/* Also refused: a step that the definition does not have, which would do nothing and look like success. */
static bool choose_step(const Settings *settings, const Connector *connector, RunOptions *options,
                        GError **error)
{
    bool found = false;
    for (int step = 0; step < STEPS; step++) {
        options->steps[step] = !strcmp(settings->step, step_names[step]) && connector->pass[step].wanted;
        found |= options->steps[step];
    }
    if (!found)
        error_set(error, ERROR_DEFINITION,
                  "--step %s: connector %s has no such step; there are import, addresses and export, "
                  "where the definition has them",
                  settings->step, connector->name);
    return found;
}

static void print_reason(const char *step, const char *what, const char *reason)
{
    g_autofree char *line = g_strdup_printf("%s: %s: %s", step, what, reason);
    report_lines(stdout, line, 0, 0);
}

/* Why nobody was removed, a line for each step that has a reason. */
void settings_print_reasons(const RunResult *result, const char *what)
{
    for (int step = 0; step < STEPS; step++)
        if (result->step[step].partial_reason)
            print_reason(step_names[step], what, result->step[step].partial_reason);
}

bool settings_run_options(Settings *settings, const Connector *connector, RunOptions *options, GError **error)
{
    *options = run_options(connector);
    options->state_folder = settings->state_folder;
    options->verify = settings->verify;
    options->pass =
        (StepOptions){.full = settings->full, .allow_empty = settings->allow_empty, .only = settings->only};
    bool terminal = isatty(STDERR_FILENO) != 0;
    if (!settings->progress_off && !settings->quiet && (!settings->json || settings->progress_on)) {
        settings->progress = progress_new(terminal);
        options->pass.progress = progress_show;
        options->pass.data = settings->progress;
    }
    if (settings->step && !choose_step(settings, connector, options, error))
        return false;
    return settings_rate(settings, &options->rate, error) && lift_limits(settings, options, error);
}

int settings_end(Settings *settings, const char *verb, const Connector *connector, const RunResult *result,
                 GError *failure, GError **error)
{
    progress_wipe(settings->progress);
    if (settings->json) {
        report_print_json(stdout, report_result_json(verb, connector->name, result, failure));
    } else if (!settings->quiet && (!failure || run_planned(result))) {
        g_autofree char *summary = run_summary(result);
        settings_print_reasons(result, "nothing was removed");
        if (run_left_over(result) && failure)
            printf("%zu of %zu planned changes were not carried out\n", run_left_over(result),
                   run_planned(result));
        report_lines(stdout, summary, 0, 0); /* in a pipe each step is one line */
    }
    if (!failure)
        return run_exit_status(result);
    int status = error_exit_status(failure);
    g_propagate_error(error, failure);
    return status;
}

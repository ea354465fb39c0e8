/*
 * run.c - dirsync run: connectors on schedule and on changes, until asked to stop
 */
#include "dirsync/command/command.h"
#include "dirsync/daemon.h"
#include "dirsync/report/report.h"
#include "dirsync/source_watch.h"

#include <stdio.h>

#define MOST_JOBS 64

static char *option_jobs;
static gboolean watch_only;

static const GOptionEntry own[] = {
    {"jobs", 0, 0, G_OPTION_ARG_STRING, &option_jobs, "At most N runs at the same time (default 1)", "N"},
    {"watch-only", 0, 0, G_OPTION_ARG_NONE, &watch_only,
     "Only tell when a directory says that it has changed", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* --- the watch of one connector --- */

static const char *const told_names[] = {[SOURCE_OPENED] = "opened", [SOURCE_CHANGED] = "changed"};

/* Nobody who reads: nothing more to say. */
static bool say(SourceTold told, void *data)
{
    const Settings *settings = data;
    if (settings->json)
        report_print_json(stdout, json_pack("{s:s}", "watch", told_names[told]));
    else
        puts(told_names[told]);
    return fflush(stdout) == 0;
}

static int watch(Settings *settings, int argc, char **argv, GError **error)
{
    g_autoptr(Connector) connector = settings_connector(settings, argc, argv, 1, error);
    g_autoptr(GError) cause = NULL;
    if (!connector || source_watch(connector, say, settings, &cause) || error_is(cause, ERROR_INTERRUPTED))
        return 0;
    if (settings->json)
        report_print_json(stdout, json_pack("{s:s, s:s, s:s}", "watch", "ended", "error", cause->message,
                                            "error_kind", error_name(cause)));
    g_propagate_error(error, g_steal_pointer(&cause));
    return 0;
}

/* --- the daemon --- */

/* What the runs are told of our own options. */
static void pass_on(const Settings *settings, GPtrArray *pass)
{
    for (int i = 0; i < settings->verbose; i++)
        g_ptr_array_add(pass, (gpointer) "-v");
    if (settings->quiet)
        g_ptr_array_add(pass, (gpointer) "-q");
    if (settings->state_folder) {
        g_ptr_array_add(pass, (gpointer) "--state");
        g_ptr_array_add(pass, settings->state_folder);
    }
    if (settings->rate) {
        g_ptr_array_add(pass, (gpointer) "--rate");
        g_ptr_array_add(pass, settings->rate);
    }
    g_ptr_array_add(pass, NULL);
}

static int serve(Settings *settings, unsigned jobs, char **argv, GError **error)
{
    static const char *const json_log[] = {"DIRSYNC_LOG=json", NULL}, *const text_log[] = {"DIRSYNC_LOG=text",
                                                                                           NULL};
    bool json = settings->json || settings_log_json();
    g_autoptr(GPtrArray) pass = g_ptr_array_new();
    pass_on(settings, pass);
    DaemonOptions options = {.words = (const char *const *)argv,
                             .state_folder = settings->state_folder,
                             .jobs = jobs,
                             .pass = (const char *const *)pass->pdata,
                             .variables = json ? json_log : text_log};
    if (settings_open_service_events(settings, json, error))
        daemon_serve(&options, error);
    return 0;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    static const NumberOption at_once = {
        .name = "--jobs", .what = "how many runs at the same time", .least = 1, .most = MOST_JOBS};
    double jobs = 1, rate;
    if (!settings_number(&at_once, option_jobs, &jobs, error) || !settings_rate(settings, &rate, error))
        return 0;
    return watch_only ? watch(settings, argc, argv, error) : serve(settings, (unsigned)jobs, argv, error);
}

const Command command_run = {
    "run", "[CONNECTOR...]", "Stay and run connectors on schedule and on changes", OPTIONS_RUN, run, own};

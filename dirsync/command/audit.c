/*
 * audit.c - dirsync audit: is the address list sound, and what is new since last time?
 */
#include "dirsync/command/command.h"

#include "dirsync/report/audit_page.h"
#include "dirsync/report/audit_report.h"
#include "dirsync/report/report.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define EXIT_NOT_WHOLE 3

static char *option_since, *option_severity, *option_organisation, *option_html;
static char **option_kinds;
static gboolean option_list;

static const GOptionEntry own_options[] = {
    {"since", 0, 0, G_OPTION_ARG_STRING, &option_since, "Compare with this audit, not with the last one",
     "AUDIT"},
    {"severity", 0, 0, G_OPTION_ARG_STRING, &option_severity, "These and worse: error, warning, info",
     "SEVERITY"},
    {"kind", 0, 0, G_OPTION_ARG_STRING_ARRAY, &option_kinds, "Findings of this kind; more than once", "KIND"},
    {"organisation", 0, 0, G_OPTION_ARG_FILENAME, &option_organisation, "Look at all of its home directory",
     "ORGANISATION"},
    {"html", 0, 0, G_OPTION_ARG_FILENAME, &option_html, "Write everything into one HTML page, too", "FILE"},
    {"list", 0, 0, G_OPTION_ARG_NONE, &option_list, "Only list earlier audits", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* --- what is shown --- */

static bool choose_kinds(AuditView *view, GError **error)
{
    for (int i = 0; i < AUDIT_KINDS; i++)
        view->kinds[i] = !option_kinds;
    for (char **id = option_kinds; id && *id; id++) {
        int kind = audit_kind_parse(*id);
        if (kind < 0) {
            error_set(error, ERROR_DEFINITION,
                      "--kind %s: no such kind of finding; dirsync-audit(1) lists them", *id);
            return false;
        }
        view->kinds[kind] = true;
    }
    int least = option_severity ? audit_severity_parse(option_severity) : SEVERITY_INFO;
    if (least < 0) {
        error_set(error, ERROR_DEFINITION, "--severity %s: say error, warning or info", option_severity);
        return false;
    }
    for (int i = 0; i < AUDIT_KINDS; i++)
        view->kinds[i] = view->kinds[i] && (int)audit_kinds[i].severity <= least;
    return true;
}

/* --- earlier ones --- */

static bool list_row(const json_t *row, void *data, GError **error)
{
    json_t *all = data;
    (void)error;
    if (all) {
        json_array_append(all, (json_t *)row);
        return true;
    }
    g_autoptr(GString) scope = g_string_new(NULL);
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(row, "connectors"), i, name)
        g_string_append_printf(scope, "%s%s", i ? " " : "", json_string_value(name));
    g_autofree char *line = g_strdup_printf(
        "%s  %s %6" JSON_INTEGER_FORMAT " findings  %s", json_string_value(json_object_get(row, "id")),
        json_string_value(json_object_get(row, "finished")),
        json_integer_value(json_object_get(row, "total")), scope->len ? scope->str : "whole directory");
    report_lines(stdout, line, 0, 0); /* in a pipe each audit is one line */
    return true;
}

static int list(const Settings *settings, const AuditScope *scope, GError **error)
{
    json_t *all = settings->json ? json_array() : NULL;
    if (audit_list(scope->organisation, settings->state_folder, list_row, all, error) && all)
        report_print_json(stdout, json_pack("{s:s, s:s, s:O}", "verb", "audit", "organisation",
                                            scope->organisation->name, "audits", all));
    json_decref(all);
    return 0;
}

/* --- this one --- */

static int status_of(const Settings *settings, const Audit *audit, const AuditTotals *totals)
{
    size_t all = totals->of[SEVERITY_ERROR] + totals->of[SEVERITY_WARNING] + totals->of[SEVERITY_INFO];
    if (!audit_is_whole(audit))
        return EXIT_NOT_WHOLE;
    return settings->detailed && (option_since ? totals->fresh : all) ? EXIT_CHANGES : 0;
}

/* The page is made of the same JSON, which is too much for memory. */
static bool write_page(Audit *audit, const AuditView *view, GError **error)
{
    FILE *json = tmpfile();
    if (!json) {
        error_set(error, ERROR_IO, "temporary file: %s; free some space, or leave out --html",
                  g_strerror(errno));
        return false;
    }
    bool good = report_audit_json(json, audit, view, error);
    if (good && (fflush(json) != 0 || ferror(json))) {
        error_set(error, ERROR_IO, "temporary file: %s; free some space, or leave out --html",
                  g_strerror(errno));
        good = false;
    }
    rewind(json);
    good = good && audit_page_write(json, option_html, error);
    fclose(json);
    return good;
}

static bool show(const Settings *settings, Audit *audit, const AuditView *view, const AuditTotals *totals,
                 GError **error)
{
    if (settings->json)
        return report_audit_json(stdout, audit, view, error);
    if (settings->quiet)
        return true;
    g_autofree char *summary = report_audit_summary(audit, view, totals);
    if (!report_audit_text(stdout, audit, view, error))
        return false;
    report_lines(stdout, summary, 0, 0);
    return true;
}

static int run_audit(Settings *settings, const AuditScope *scope, AuditView *view, GError **error)
{
    AuditOptions options = {.state_folder = settings->state_folder, .since = option_since};
    AuditTotals totals;
    gint64 started = g_get_monotonic_time();
    if (!settings->progress_off && !settings->quiet && (!settings->json || settings->progress_on)) {
        settings->progress = progress_new(isatty(STDERR_FILENO) != 0);
        options.progress = progress_show;
        options.data = settings->progress;
    }
    g_autoptr(Audit) audit = audit_run(scope, &options, error);
    progress_wipe(settings->progress);
    view->seconds = (double)(g_get_monotonic_time() - started) / G_USEC_PER_SEC;
    if (!audit || !report_audit_totals(audit, view, &totals, error) ||
        (option_html && !write_page(audit, view, error)) || !show(settings, audit, view, &totals, error))
        return 0;
    return status_of(settings, audit, &totals);
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    AuditView view = {.verbose = settings->verbose > 0};
    g_auto(AuditScope) scope = {0};
    if (!choose_kinds(&view, error) ||
        !audit_scope_load(&scope, option_organisation, argv, (size_t)argc, error))
        return 0;
    const Connector *first = scope.chosen->len ? g_ptr_array_index(scope.chosen, 0) : NULL;
    if (!settings_open_events(settings, first, error))
        return 0;
    return option_list ? list(settings, &scope, error) : run_audit(settings, &scope, &view, error);
}

const Command command_audit = {
    "audit", "[CONNECTOR...]", "Look for what is wrong in the address list", OPTIONS_DETAILED,
    run,     own_options};

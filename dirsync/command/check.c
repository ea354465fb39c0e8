/*
 * check.c - dirsync check: every problem in one go
 */
#include "dirsync/check.h"
#include "dirsync/check_notify.h"
#include "dirsync/check_state.h"
#include "dirsync/command/command.h"
#include "dirsync/report/report.h"

#include <stdio.h>
#include <string.h>

static gboolean notify;

static const GOptionEntry own[] = {
    {"notify", 0, 0, G_OPTION_ARG_NONE, &notify, "Send a test message by every channel of <notify>", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static const char *const kind_names[] = {
    [FINDING_ERROR] = "error", [FINDING_WARNING] = "warning", [FINDING_NOTE] = "note", [FINDING_OK] = "ok"};

/* Of several lines it is LDIF to be copied, which stays as it is; so does a line of cn=config. */
static void print_remedy(const char *remedy)
{
    bool copied = strchr(remedy, '\n') || g_str_has_prefix(remedy, "olc");
    g_auto(GStrv) lines = g_strsplit(remedy, "\n", 0);
    for (char **line = lines; *line && copied; line++) {
        g_autofree char *safe = report_safe(*line);
        printf("    %s\n", safe);
    }
    if (!copied)
        report_lines(stdout, remedy, 4, REPORT_COLUMNS);
}

static void print_finding(const Finding *finding)
{
    g_autofree char *line = g_strdup_printf("%s: %s", kind_names[finding->kind], finding->text);
    report_lines(stdout, line, 0, REPORT_COLUMNS);
    if (finding->remedy)
        print_remedy(finding->remedy);
}

static void print_findings(const Settings *settings, const GPtrArray *findings)
{
    size_t counts[FINDING_OK + 1] = {0};
    json_t *list = json_array();
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        counts[finding->kind]++;
        if (settings->json)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s?}", "kind", kind_names[finding->kind],
                                                  "text", finding->text, "remedy", finding->remedy));
        else if (finding->kind == FINDING_ERROR || !settings->quiet)
            print_finding(finding);
    }
    if (settings->json)
        report_print_json(stdout, json_pack("{s:s, s:o, s:I, s:I}", "verb", "check", "findings", list,
                                            "errors", (json_int_t)counts[FINDING_ERROR], "warnings",
                                            (json_int_t)counts[FINDING_WARNING]));
    else
        printf("check: %zu errors, %zu warnings\n", counts[FINDING_ERROR], counts[FINDING_WARNING]);
    if (!settings->json)
        json_decref(list);
}

/* The first error decides the exit status; what was wrong has been printed. */
static void fail_if_errors(const GPtrArray *findings, GError **error)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (finding->kind != FINDING_ERROR)
            continue;
        error_set(error, finding->code, "not ready; the errors above say what to do");
        return;
    }
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc != 1) {
        settings_usage(&command_check, error);
        return 0;
    }
    GError *failure = NULL;
    g_autoptr(Connector) connector = connector_load(argv[0], &failure);
    if (connector && !settings_open_events(settings, connector, error))
        return 0;
    g_autoptr(GPtrArray) findings = connector ? check_connector(connector) : check_findings_new();
    if (connector) {
        check_state(connector, settings->state_folder, findings);
        check_notify(connector, notify, findings);
    }
    if (failure)
        check_add_error(findings, failure);
    g_clear_error(&failure);
    print_findings(settings, findings);
    fail_if_errors(findings, error);
    return 0;
}

const Command command_check = {"check", "CONNECTOR", "Check definition, connections, schema and permissions",
                               0,       run,         own};

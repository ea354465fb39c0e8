/*
 * status_text.c - what status.h tells, for people
 *
 * Made from the JSON and nothing else. Lines fit 80 columns but for names, DNs and
 * paths that do not; what comes from directories is made safe for a terminal.
 */
#include "dirsync/report/status.h"

#include "dirsync/when.h"

#include <string.h>

static const char *text_in(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static gint64 time_in(const json_t *json, const char *name)
{
    return when_parse(text_in(json, name));
}

static gint64 now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static void print_lines(FILE *out, const char *text, int indent)
{
    report_lines(out, text ? text : "?", indent, REPORT_COLUMNS);
}

/* --- all connectors --- */

static void print_pad(FILE *out, const char *text, int width)
{
    g_autofree char *safe = report_safe(text);
    glong used = g_utf8_strlen(safe, -1);
    fprintf(out, "%s%*s", safe, (int)MAX(width - used, 0) + 1, "");
}

/* "15:00", "parked", "-" */
static char *next_text(const json_t *connector)
{
    const json_t *schedule = json_object_get(connector, "schedule");
    const char *state = text_in(schedule, "state");
    if (!state)
        return g_strdup("-");
    if (!json_is_true(json_object_get(schedule, "alive")))
        return g_strdup("daemon is dead");
    gint64 next = time_in(schedule, "next");
    if (!next || !strcmp(state, "parked") || !strcmp(state, "running"))
        return report_safe(state);
    return when_relative(next, now());
}

static const char *result_text(const json_t *connector, const json_t *last)
{
    if (!json_object_get(connector, "uuid"))
        return "wrong definition";
    if (json_array_size(json_object_get(connector, "problems")))
        return "state unreadable";
    if (json_is_object(json_object_get(connector, "running")))
        return "running now";
    return status_result(last);
}

static void print_line(FILE *out, const json_t *connector)
{
    const json_t *last = json_array_get(json_object_get(connector, "runs"), 0);
    gint64 started = time_in(last, "started");
    g_autofree char *when = started ? when_local(started) : g_strdup("-");
    g_autofree char *ago = started ? when_span(now() - started) : g_strdup("-");
    g_autofree char *next = next_text(connector);
    print_pad(out, text_in(connector, "connector"), 16);
    print_pad(out, when, 16);
    print_pad(out, ago, 7);
    print_pad(out, result_text(connector, last), 18);
    fprintf(out, "%5zu  %s\n", json_array_size(json_object_get(connector, "quarantine")), next);
}

static void print_problems(FILE *out, const json_t *connector)
{
    size_t i;
    json_t *problem;
    json_array_foreach(json_object_get(connector, "problems"), i, problem)
        print_lines(out, json_string_value(problem), 4);
}

void status_print_overview(FILE *out, const json_t *list)
{
    size_t i;
    json_t *connector;
    if (!json_array_size(list)) {
        fputs("no connectors are defined here; dirsync init makes a definition\n", out);
        return;
    }
    fputs("CONNECTOR        LAST RUN         AGO     RESULT             QUAR.  NEXT RUN\n", out);
    json_array_foreach(list, i, connector)
    {
        print_line(out, connector);
        print_problems(out, connector);
    }
}

/* --- one connector --- */

static void print_running(FILE *out, const json_t *connector)
{
    const json_t *running = json_object_get(connector, "running");
    if (!json_is_object(running))
        return;
    gint64 since = time_in(running, "since");
    json_int_t pid = json_integer_value(json_object_get(running, "pid"));
    g_autofree char *when = when_local(since);
    g_autofree char *span = when_span(now() - since);
    const char *who = text_in(running, "who");
    g_autofree char *line =
        since && who ? g_strdup_printf("running now: since %s (%s), by %s, process %" JSON_INTEGER_FORMAT,
                                       when, span, who, pid)
                     : g_strdup("running now: since when is not known");
    print_lines(out, line, 0);
}

static void print_schedule(FILE *out, const json_t *connector)
{
    const json_t *schedule = json_object_get(connector, "schedule");
    const char *state = text_in(schedule, "state"), *reason = text_in(schedule, "reason");
    if (!state) {
        fputs("next run: no dirsync run looks after it here\n", out);
        return;
    }
    json_int_t pid = json_integer_value(json_object_get(schedule, "pid"));
    if (!json_is_true(json_object_get(schedule, "alive"))) {
        fprintf(out,
                "next run: none; dirsync run (process %" JSON_INTEGER_FORMAT ") has died; start it again\n",
                pid);
        return;
    }
    gint64 next = time_in(schedule, "next"), until = time_in(schedule, "until");
    g_autofree char *when = when_local(next ? next : until);
    g_autofree char *relative = when_relative(next ? next : until, now());
    g_autofree char *safe = report_safe(state);
    if (next || until)
        fprintf(out, "next run: %s (%s), %s; dirsync run is process %" JSON_INTEGER_FORMAT "\n", when,
                relative, safe, pid);
    else
        fprintf(out, "next run: %s; dirsync run is process %" JSON_INTEGER_FORMAT "\n", safe, pid);
    if (reason && *reason)
        print_lines(out, reason, 4);
}

static void print_success(FILE *out, const json_t *connector)
{
    const json_t *last = json_array_get(json_object_get(connector, "runs"), 0);
    gint64 success = time_in(connector, "last_success");
    if (!json_is_true(json_object_get(connector, "has_run")))
        fputs("it has not run here yet\n", out);
    if (!last)
        return;
    g_autofree char *who = report_safe(text_in(last, "who") ? text_in(last, "who") : "?");
    g_autofree char *when = when_local(success), *ago = when_relative(success, now());
    if (success)
        fprintf(out, "last success: %s (%s)\n", when, ago);
    else
        fputs("last success: none is known\n", out);
    fprintf(out, "last run: %s, by %s\n", status_result(last), who);
}

static void print_step(FILE *out, const json_t *connector, const char *step)
{
    const json_t *reading = json_object_get(json_object_get(connector, "reading"), step), *cursor;
    const json_t *full = json_object_get(reading, "last_full_because");
    const char *side;
    if (!reading)
        return;
    gint64 everything = time_in(reading, "everything_read");
    g_autofree char *when = when_local(everything);
    if (everything)
        fprintf(out, "%s: everything was read last %s\n", step, when);
    else
        fprintf(out, "%s: no run has read everything and come to its end yet\n", step);
    if (text_in(full, "reason")) {
        g_autofree char *why =
            g_strdup_printf("by run %s because: %s", text_in(full, "by_run"), text_in(full, "reason"));
        print_lines(out, why, 4);
    }
    json_object_foreach(json_object_get(reading, "cursors"), side, cursor)
    {
        const char *kind = json_string_value(cursor), *what = text_in(reading, side);
        g_autofree char *since = when_local(time_in(json_object_get(reading, "cursors_since"), "time"));
        g_autofree char *line =
            kind ? g_strdup_printf("the next run reads %s of the %s directory (cursor: %s, since %s)",
                                   !g_strcmp0(what, "changes") ? "the changes" : "everything", side, kind,
                                   since)
                 : g_strdup_printf("the next run reads everything of the %s directory (no cursor)", side);
        print_lines(out, line, 4);
    }
}

static void print_backlog(FILE *out, const json_t *connector, const char *step)
{
    static const struct {
        const char *name, *words;
    } kinds[] = {{"in_grace", "in grace"},
                 {"retry", "to be tried again"},
                 {"moved_home", "moved home"},
                 {"released", "released"},
                 {"members_missing", "groups with members missing"}};
    const json_t *backlog = json_object_get(json_object_get(connector, "backlog"), step);
    json_int_t links = json_integer_value(json_object_get(json_object_get(connector, "links"), step));
    if (!json_object_get(json_object_get(connector, "reading"), step) && !links)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    if (strcmp(step, step_names[STEP_ADDRESSES]) != 0)
        g_string_append_printf(text, "%" JSON_INTEGER_FORMAT " objects looked after", links);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        json_int_t n = json_integer_value(json_object_get(backlog, kinds[i].name));
        if (n)
            g_string_append_printf(text, "%s%" JSON_INTEGER_FORMAT " %s", text->len ? ", " : "", n,
                                   kinds[i].words);
    }
    if (text->len)
        print_lines(out, text->str, 4);
}

static void print_quarantine(FILE *out, const json_t *connector)
{
    size_t i;
    json_t *one;
    const json_t *list = json_object_get(connector, "quarantine");
    if (json_array_size(list))
        fprintf(out, "quarantine: %zu\n", json_array_size(list));
    json_array_foreach(list, i, one)
    {
        g_autofree char *since = when_local(time_in(one, "since"));
        g_autofree char *head =
            g_strdup_printf("%s, %s, since %s", text_in(one, "subject"), text_in(one, "step"), since);
        print_lines(out, head, 2);
        print_lines(out, text_in(one, "reason"), 4);
    }
}

static void print_head(FILE *out, const json_t *run, int indent)
{
    g_autofree char *when = when_local(time_in(run, "started"));
    g_autofree char *who = report_safe(text_in(run, "who") ? text_in(run, "who") : "?");
    g_autofree char *id = report_safe(text_in(run, "run") ? text_in(run, "run") : "?");
    fprintf(out, "%*s%s %s: %s\n", indent, "", id, text_in(run, "kind"), status_result(run));
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%s, by %s", when, who);
    if (json_is_number(json_object_get(run, "seconds")))
        g_string_append_printf(line, ", took %.1f s", json_number_value(json_object_get(run, "seconds")));
    if (json_is_integer(json_object_get(run, "status")))
        g_string_append_printf(line, ", exit %" JSON_INTEGER_FORMAT,
                               json_integer_value(json_object_get(run, "status")));
    const char *by = text_in(run, "reverted_by");
    bool possible = json_is_true(json_object_get(run, "can_be_reverted"));
    if (by)
        g_string_append_printf(line, ", %sreverted by run %s", possible ? "partly " : "", by);
    else if (possible)
        g_string_append(line, ", can be reverted");
    print_lines(out, line->str, indent + 2);
}

static void print_body(FILE *out, const json_t *run, bool verbose, int indent)
{
    const char *summary = text_in(run, "summary"), *error = text_in(run, "error");
    if (summary && *summary)
        print_lines(out, summary, indent + 2);
    if (error)
        print_lines(out, error, indent + 2);
    if (verbose && text_in(run, "folder")) {
        g_autofree char *folder = report_safe(text_in(run, "folder"));
        fprintf(out, "%*splan: %s%s\n", indent + 2, "", folder,
                json_is_true(json_object_get(run, "plan_kept")) ? "" : " (gone)");
    }
}

static void print_runs(FILE *out, const json_t *connector, bool verbose)
{
    size_t i;
    json_t *run;
    const json_t *runs = json_object_get(connector, "runs");
    if (json_array_size(runs))
        fputs("runs, the newest first:\n", out);
    json_array_foreach(runs, i, run)
    {
        print_head(out, run, 2);
        print_body(out, run, verbose, 2);
    }
}

static void print_notifications(FILE *out, const json_t *connector)
{
    const json_t *notify = json_object_get(connector, "notifications");
    size_t pending = json_array_size(json_object_get(notify, "pending"));
    gint64 failing = time_in(notify, "failing_since");
    g_autofree char *when = when_local(failing);
    if (failing)
        fprintf(out, "failing since %s\n", when);
    if (pending)
        fprintf(out, "notifications that could not be sent yet: %zu; dirsync check --notify tells why\n",
                pending);
}

void status_print_connector(FILE *out, const json_t *connector, bool verbose)
{
    g_autofree char *state = report_safe(text_in(connector, "state"));
    fprintf(out, "connector %s (%s)\nstate in %s\n", text_in(connector, "connector"),
            text_in(connector, "uuid"), state);
    print_success(out, connector);
    print_running(out, connector);
    print_notifications(out, connector);
    print_schedule(out, connector);
    for (int step = 0; step < STEPS; step++) {
        print_step(out, connector, step_names[step]);
        print_backlog(out, connector, step_names[step]);
    }
    print_runs(out, connector, verbose);
    print_quarantine(out, connector);
}

/* --- one run --- */

static void print_changes(FILE *out, const json_t *run)
{
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(run, "changes"), i, change)
    {
        const char *rdn = text_in(change, "new_rdn"), *situation = text_in(change, "situation");
        g_autofree char *dn = report_safe(text_in(change, "dn") ? text_in(change, "dn") : "?");
        g_autofree char *to = rdn ? report_safe(rdn) : NULL;
        g_autofree char *why = report_safe(situation ? situation : text_in(change, "change"));
        fprintf(out, "  %s: %s %s%s%s\n    %s\n", text_in(change, "step"), why, text_in(change, "outcome"),
                to ? ", now " : "", to ? to : "", dn);
    }
}

static void print_outcomes(FILE *out, const json_t *run)
{
    const char *name;
    json_t *number;
    json_int_t planned = json_integer_value(json_object_get(run, "changes_planned"));
    size_t listed = json_array_size(json_object_get(run, "changes"));
    if (planned)
        fprintf(out, "changes: %" JSON_INTEGER_FORMAT " planned\n", planned);
    json_object_foreach(json_object_get(run, "outcomes"), name, number)
        fprintf(out, "  %" JSON_INTEGER_FORMAT " %s\n", json_integer_value(number), name);
    print_changes(out, run);
    if (planned > (json_int_t)listed && listed)
        fprintf(out, "  and %" JSON_INTEGER_FORMAT " more; dirsync show has all of the plan\n",
                planned - (json_int_t)listed);
}

static void print_put(FILE *out, const json_t *run)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(run, "quarantined"), i, one)
    {
        g_autofree char *subject = report_safe(text_in(one, "subject"));
        fprintf(out, "%s  %s: %s\n", i ? "" : "in quarantine since this run:\n", text_in(one, "step"),
                subject);
        print_lines(out, text_in(one, "reason"), 4);
    }
}

void status_print_run(FILE *out, const json_t *run)
{
    print_head(out, run, 0);
    print_body(out, run, true, 0);
    print_outcomes(out, run);
    if (text_in(run, "plan_problem"))
        print_lines(out, text_in(run, "plan_problem"), 2);
    print_put(out, run);
    if (json_is_true(json_object_get(run, "can_be_reverted"))) {
        g_autofree char *id = report_safe(text_in(run, "run"));
        fprintf(out, "to take it back: dirsync revert %s %s\n", text_in(run, "connector"), id);
    }
}

/*
 * audit_summary.c - the figures of an audit as HTML, for eyes without JavaScript too
 *
 * What is missing in the JSON is left out; none of it is trusted to be of the
 * type that it should be.
 */
#include "dirsync/report/audit_page.h"

#include "dirsync/report/html.h"

#include <string.h>

typedef enum { SEVERE, WARN, NOTE, SEVERITIES } Severity;

static const struct {
    const char *id, *one, *many;
} severities[SEVERITIES] = {
    {"error", "error", "errors"}, {"warning", "warning", "warnings"}, {"info", "note", "notes"}};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static size_t number_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (size_t)value : 0;
}

/* A severity that is not known is a note: it is shown, and alarms nobody. */
static Severity severity_of(const json_t *kind)
{
    const char *id = text_of(kind, "severity");
    for (int i = 0; id && i < SEVERITIES; i++)
        if (!strcmp(severities[i].id, id))
            return (Severity)i;
    return NOTE;
}

/* "2026-11-28T21:30:00Z" -> "28 November 2026, 21:30 UTC"; anything else as it is. */
static void add_time(GString *out, const char *time)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) read = time ? g_date_time_new_from_iso8601(time, utc) : NULL;
    g_autoptr(GDateTime) date = read ? g_date_time_to_utc(read) : NULL;
    if (date)
        g_string_append_printf(out, "%d %s %d, %02d:%02d UTC", g_date_time_get_day_of_month(date),
                               months[g_date_time_get_month(date) - 1], g_date_time_get_year(date),
                               g_date_time_get_hour(date), g_date_time_get_minute(date));
    else
        html_add(out, time);
}

/* Of whom it is: the organisation. */
static const char *subject_of(const json_t *head)
{
    const char *organisation = text_of(head, "organisation");
    return organisation && *organisation ? organisation : "the home directory";
}

void audit_summary_title(GString *out, const json_t *head)
{
    html_format(out, "<title>Audit of %s, ", subject_of(head));
    add_time(out, text_of(head, "finished"));
    g_string_append(out, "</title>");
}

static void add_connectors(GString *out, const json_t *head)
{
    size_t i;
    json_t *name;
    json_t *names = json_object_get(head, "connectors");
    if (!json_array_size(names))
        return;
    g_string_append(out, json_array_size(names) == 1 ? "<div><dt>Connector</dt><dd>"
                                                     : "<div><dt>Connectors</dt><dd>");
    json_array_foreach(names, i, name)
    {
        html_format(out, "%s%s", i ? ", " : "", json_string_value(name));
    }
    g_string_append(out, "</dd></div>");
}

static void add_objects(GString *out, const json_t *head)
{
    json_t *objects = json_object_get(head, "objects"), *of = json_object_get(objects, "connectors"), *count;
    const char *name;
    html_format(out, "<div><dt>Looked at</dt><dd>%zu at home", number_of(objects, "home"));
    json_object_foreach(of, name, count)
        html_format(out, ", %zu in %s", (size_t)MAX(json_integer_value(count), 0), name);
    g_string_append(out, "</dd></div>");
}

void audit_summary_top(GString *out, const json_t *head)
{
    html_format(out, "<h1>%s</h1>\n<p class=\"when\">", subject_of(head));
    add_time(out, text_of(head, "finished"));
    g_string_append(out, "</p>\n<dl class=\"facts\">");
    add_connectors(out, head);
    add_objects(out, head);
    const char *since = text_of(head, "since");
    html_format(out, "<div><dt>Compared with</dt><dd>%s</dd></div>", since ? since : "no earlier audit");
    html_format(out, "<div><dt>Audit</dt><dd>%s</dd></div></dl>", text_of(head, "id"));
}

/* @words: how many of the columns at its left hold no numbers. */
static void begin_table(GString *out, const char *name, const char *const *labels, size_t n, size_t words)
{
    html_format(out, "<table class=\"%s\" aria-labelledby=\"%s-title\"><thead><tr>", name, name);
    for (size_t i = 0; i < n; i++)
        html_format(out, i < words ? "<th scope=\"col\">%s</th>" : "<th scope=\"col\" class=\"n\">%s</th>",
                    labels[i]);
    g_string_append(out, "</tr></thead>\n<tbody>\n");
}

/* --- tiles --- */

static size_t sum(const json_t *head, const char *what, Severity severity)
{
    size_t i, total = 0;
    json_t *kind;
    json_array_foreach(json_object_get(head, "kinds"), i, kind)
    {
        if (severity == SEVERITIES || severity_of(kind) == severity)
            total += number_of(kind, what);
    }
    return total;
}

static void add_tile(GString *out, const char *filter, const char *value, size_t count, const char *label)
{
    const char *list = strcmp(value, "cleared") ? "findings" : "cleared";
    html_format(out, "<li><a class=\"tile tile-%s%s\" href=\"#%s\" data-filter=\"%s\" data-value=\"%s\">",
                value, count ? "" : " none", list, filter, value);
    html_format(out, "<b>%zu</b> <span>%s</span></a></li>\n", count, label);
}

static void add_incomplete(GString *out, const json_t *head)
{
    size_t i;
    json_t *why, *all = json_object_get(head, "incomplete");
    if (!json_array_size(all))
        return;
    g_string_append(out, "<div class=\"callout\" role=\"note\"><h3>Not everything was looked at</h3>\n<ul>");
    json_array_foreach(all, i, why)
    {
        html_format(out, "<li>%s</li>", json_string_value(why));
    }
    g_string_append(out, "</ul></div>\n");
}

void audit_summary_figures(GString *out, const json_t *head)
{
    g_string_append(out, "<ul class=\"tiles\">\n");
    for (int i = 0; i < SEVERITIES; i++) {
        size_t count = sum(head, "count", (Severity)i);
        add_tile(out, "severity", severities[i].id, count,
                 count == 1 ? severities[i].one : severities[i].many);
    }
    if (text_of(head, "since")) {
        add_tile(out, "state", "new", sum(head, "new", SEVERITIES), "new since then");
        add_tile(out, "cleared", "cleared", sum(head, "cleared", SEVERITIES), "cleared since then");
    }
    g_string_append(out, "</ul>\n");
    add_incomplete(out, head);
}

/* --- kinds --- */

static void add_kind(GString *out, const json_t *kind, bool compared)
{
    Severity severity = severity_of(kind);
    html_format(out,
                "<tr data-kind=\"%s\"><td data-label=\"Severity\"><span class=\"sev sev-%s\">%s</span></td>",
                text_of(kind, "id"), severities[severity].id, severities[severity].one);
    html_format(out, "<th scope=\"row\"><span class=\"kind\">%s</span> <small>%s</small></th>",
                text_of(kind, "title"), text_of(kind, "remedy"));
    html_format(out, "<td class=\"n\" data-label=\"Now\">%zu</td>", number_of(kind, "count"));
    if (compared)
        html_format(
            out, "<td class=\"n\" data-label=\"New\">%zu</td><td class=\"n\" data-label=\"Cleared\">%zu</td>",
            number_of(kind, "new"), number_of(kind, "cleared"));
    g_string_append(out, "</tr>\n");
}

/* Nothing is there of them, and nothing was. */
static bool is_quiet(const json_t *kind)
{
    return !number_of(kind, "count") && !number_of(kind, "cleared");
}

static void add_quiet(GString *out, const json_t *kinds)
{
    size_t i, quiet = 0;
    json_t *kind;
    json_array_foreach(kinds, i, kind)
    {
        quiet += is_quiet(kind);
    }
    if (!quiet)
        return;
    html_format(out, "<details class=\"quiet\"><summary>%zu %s of which nothing was found</summary>\n<ul>",
                quiet, quiet == 1 ? "kind" : "kinds");
    json_array_foreach(kinds, i, kind)
    {
        if (is_quiet(kind))
            html_format(out, "<li>%s</li>", text_of(kind, "title"));
    }
    g_string_append(out, "</ul></details>\n");
}

static void add_kinds(GString *out, const json_t *kinds, bool compared)
{
    size_t i;
    json_t *kind;
    static const char *const labels[] = {"Severity", "Kind, and what to do", "Now", "New", "Cleared"};
    begin_table(out, "kinds", labels, compared ? 5 : 3, 2);
    for (int severity = 0; severity < SEVERITIES; severity++)
        json_array_foreach(kinds, i, kind)
        {
            if (!is_quiet(kind) && severity_of(kind) == (Severity)severity)
                add_kind(out, kind, compared);
        }
    g_string_append(out, "</tbody></table>\n");
}

void audit_summary_kinds(GString *out, const json_t *head)
{
    json_t *kind, *kinds = json_object_get(head, "kinds");
    size_t i, loud = 0;
    json_array_foreach(kinds, i, kind)
    {
        loud += !is_quiet(kind);
    }
    if (loud)
        add_kinds(out, kinds, text_of(head, "since"));
    else
        g_string_append(out, "<p class=\"good\">Nothing was found.</p>\n");
    add_quiet(out, kinds);
}

/* --- history --- */

/* How much of each severity the audit @entry of the history found, of the kinds that are shown now. */
static void count_severities(const json_t *head, const json_t *entry, size_t counts[SEVERITIES])
{
    size_t i;
    json_t *kind;
    json_array_foreach(json_object_get(head, "kinds"), i, kind)
    {
        if (text_of(kind, "id"))
            counts[severity_of(kind)] += number_of(json_object_get(entry, "counts"), text_of(kind, "id"));
    }
}

void audit_summary_history(GString *out, const json_t *head)
{
    size_t i;
    json_t *entry, *history = json_object_get(head, "history");
    static const char *const labels[] = {"Audit", "Errors", "Warnings", "Notes", "All"};
    begin_table(out, "history", labels, G_N_ELEMENTS(labels), 1);
    json_array_foreach(history, i, entry)
    {
        size_t counts[SEVERITIES] = {0};
        count_severities(head, entry, counts);
        g_string_append(out, "<tr><th scope=\"row\">");
        add_time(out, text_of(entry, "finished"));
        g_string_append(out, "</th>");
        for (int severity = 0; severity < SEVERITIES; severity++)
            html_format(out, "<td class=\"n\">%zu</td>", counts[severity]);
        html_format(out, "<td class=\"n\">%zu</td></tr>\n", counts[SEVERE] + counts[WARN] + counts[NOTE]);
    }
    g_string_append(out, "</tbody></table>\n");
}

/*
 * audit_text.c - an audit for people: by kind, the worst first, and one line at the end
 */
#include "dirsync/report/audit_report.h"

#include "dirsync/reconciliation.h"
#include "dirsync/report/report.h"

#include <string.h>

#define COLUMNS 80
#define FINDINGS_SHOWN 10 /* of a kind, unless all are wanted */
#define OBJECTS_SHOWN 5   /* of a finding */

static const char *const severity_words[SEVERITIES] = {"error", "warning", "note"};

/* --- lines --- */

/* The longest beginning of @text that fits into @width and ends where a line may be broken; at least a
 * character. */
static size_t fitting(const char *text, glong width)
{
    const char *best = NULL, *at = text;
    for (glong n = 0; *at && n < width; n++, at = g_utf8_next_char(at))
        if (n && (*at == ' ' || at[-1] == ',' || at[-1] == ';'))
            best = at;
    if (!*at || *at == ' ' || !best)
        best = at;
    return (size_t)(best - text);
}

/* Terminal-safe, in lines of at most COLUMNS, the first indented by @first, the others by @rest. */
static void print_wrapped(FILE *out, int first, int rest, const char *text)
{
    g_autofree char *safe = report_safe(text);
    int indent = first;
    for (const char *at = safe; *at;) {
        size_t len = fitting(at, COLUMNS - indent);
        fprintf(out, "%*s%.*s\n", indent, "", (int)len, at);
        at += len;
        while (*at == ' ')
            at++;
        indent = rest;
    }
}

static const char *text_of(const json_t *row, const char *name)
{
    return json_string_value(json_object_get(row, name));
}

/* --- findings --- */

/** A kind being printed. */
typedef struct {
    FILE *out;
    const AuditView *view;
    size_t printed;
    bool compared;
    char *remedy; /* the one that was printed last: only others are */
} Printing;

static void print_object(FILE *out, const json_t *object)
{
    const char *directory = text_of(object, "directory"), *mail = text_of(object, "mail");
    g_autoptr(GString) line = g_string_new(text_of(object, "dn"));
    if (mail && *mail)
        g_string_append_printf(line, " <%s>", mail);
    if (g_strcmp0(directory, "home") != 0)
        g_string_append_printf(line, " (%s)", directory);
    print_wrapped(out, 4, 6, line->str);
}

static bool print_finding(const json_t *row, void *data, GError **error)
{
    Printing *printing = data;
    const json_t *objects = json_object_get(row, "objects");
    size_t n = json_array_size(objects), shown = printing->view->verbose ? n : MIN(n, OBJECTS_SHOWN);
    (void)error;
    if (!printing->view->verbose && printing->printed == FINDINGS_SHOWN)
        return true;
    printing->printed++;
    bool fresh = printing->compared && !g_strcmp0(text_of(row, "state"), "new");
    g_autofree char *line =
        g_strdup_printf("%s %s%s", fresh ? "+" : "-", text_of(row, "evidence"), fresh ? " (new)" : "");
    print_wrapped(printing->out, 2, 4, line);
    for (size_t i = 0; i < shown; i++)
        print_object(printing->out, json_array_get(objects, i));
    if (shown < n)
        fprintf(printing->out, "    ... and %zu more objects\n", n - shown);
    const char *remedy = text_of(row, "remedy");
    if (remedy && strcmp(remedy, printing->remedy) != 0) {
        g_autofree char *what = g_strconcat("-> ", remedy, NULL);
        print_wrapped(printing->out, 4, 7, what);
        g_free(printing->remedy);
        printing->remedy = g_strdup(remedy);
    }
    return true;
}

static bool print_kind(FILE *out, Audit *audit, AuditKind kind, const AuditView *view, AuditCount count,
                       bool compared, GError **error)
{
    const AuditKindInfo *about = &audit_kinds[kind];
    Printing printing = {.out = out, .view = view, .compared = compared, .remedy = g_strdup(about->remedy)};
    g_autofree char *fresh = compared ? g_strdup_printf(", %zu new", count.fresh) : g_strdup("");
    g_autofree char *title = g_strdup_printf("%s %s: %s (%zu%s)", severity_words[about->severity], about->id,
                                             about->title, count.count, fresh);
    g_autofree char *remedy = g_strconcat("-> ", about->remedy, NULL);
    print_wrapped(out, 0, 4, title);
    print_wrapped(out, 2, 5, remedy);
    bool good = audit_findings(audit, kind, print_finding, &printing, error);
    g_free(printing.remedy);
    if (!good)
        return false;
    if (printing.printed < count.count)
        fprintf(out, "  ... and %zu more; -v shows all, --kind %s only these\n",
                count.count - printing.printed, about->id);
    fputc('\n', out);
    return true;
}

static bool print_cleared_row(const json_t *row, void *data, GError **error)
{
    Printing *printing = data;
    (void)error;
    if (!printing->view->verbose && printing->printed == FINDINGS_SHOWN)
        return true;
    printing->printed++;
    const json_t *first = json_array_get(json_object_get(row, "objects"), 0);
    g_autofree char *line = g_strdup_printf("%s: %s%s%s", text_of(row, "id"), text_of(row, "evidence"),
                                            first ? "; " : "", first ? text_of(first, "dn") : "");
    print_wrapped(printing->out, 2, 4, line);
    return true;
}

static bool print_cleared(FILE *out, Audit *audit, const AuditView *view, size_t n, GError **error)
{
    Printing printing = {.out = out, .view = view};
    bool good = true;
    if (!n)
        return true;
    fprintf(out, "cleared since audit %s:\n", text_of(audit_head(audit), "since"));
    for (int kind = 0; good && kind < AUDIT_KINDS; kind++)
        good =
            !view->kinds[kind] || audit_cleared(audit, (AuditKind)kind, print_cleared_row, &printing, error);
    if (printing.printed < n)
        fprintf(out, "  ... and %zu more; -v shows all\n", n - printing.printed);
    fputc('\n', out);
    return good;
}

/* --- the reconciliation --- */

/* "globex, import, only in home": what the connector calls source is home for the export. */
static void add_verdict(GString *text, const json_t *row)
{
    const char *connector = text_of(row, "connector"), *step = text_of(row, "step");
    const char *verdict = text_of(row, "verdict");
    bool source = !g_strcmp0(verdict, "only-source"), export = !g_strcmp0(step, step_names[STEP_EXPORT]);
    g_string_append_printf(text, "%s, %s, ", connector, step);
    if (!g_strcmp0(verdict, "differs"))
        g_string_append(text, "in both, and not the same");
    else
        g_string_append_printf(text, "only in %s", source == export ? "home" : connector);
}

/* Counts by "globex, import, only in globex: the definition's filter leaves it out (filtered-out)". */
static bool count_row(const json_t *row, void *data, GError **error)
{
    GHashTable *counts = data;
    const char *id = text_of(row, "reason_id"), *title = id ? reconciliation_title(id) : NULL;
    GString *what = g_string_new(NULL);
    (void)error;
    add_verdict(what, row);
    if (title)
        g_string_append_printf(what, ": %s (%s)", title, id);
    gsize before = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, what->str));
    g_hash_table_replace(counts, g_string_free(what, FALSE), GSIZE_TO_POINTER(before + 1));
    return true;
}

static void print_values(FILE *out, const json_t *difference)
{
    static const char *const sides[] = {"have", "want"};
    g_autoptr(GString) line = g_string_new(text_of(difference, "attribute"));
    for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
        size_t j;
        json_t *value;
        json_array_foreach(json_object_get(difference, sides[i]), j, value)
            g_string_append_printf(line, "%s %s",
                                   j   ? ","
                                   : i ? "; should be"
                                       : ": is",
                                   json_string_value(value));
    }
    print_wrapped(out, 6, 8, line->str);
}

static bool print_row(const json_t *row, void *data, GError **error)
{
    FILE *out = data;
    const char *dn = text_of(row, "target_dn") ? text_of(row, "target_dn") : text_of(row, "source_dn");
    const char *reason = text_of(row, "reason");
    (void)error;
    g_autoptr(GString) line = g_string_new(NULL);
    add_verdict(line, row);
    g_string_append_printf(line, ": %s%s%s", dn ? dn : "", reason ? ": " : "", reason ? reason : "");
    print_wrapped(out, 2, 4, line->str);
    size_t i;
    json_t *difference;
    json_array_foreach(json_object_get(row, "differences"), i, difference) print_values(out, difference);
    return true;
}

static bool print_reconciliation(FILE *out, Audit *audit, const AuditView *view, GError **error)
{
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!audit_reconciliation(audit, count_row, counts, error))
        return false;
    if (!g_hash_table_size(counts))
        return true;
    fputs("the address lists beside each other:\n", out);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(counts), (GCompareFunc)strcmp);
    for (GList *name = names; name; name = name->next) {
        g_autofree char *line =
            g_strdup_printf("%8" G_GSIZE_FORMAT " %s",
                            GPOINTER_TO_SIZE(g_hash_table_lookup(counts, name->data)), (char *)name->data);
        print_wrapped(out, 0, 11, line);
    }
    fputc('\n', out);
    if (view->verbose && !audit_reconciliation(audit, print_row, out, error))
        return false;
    if (view->verbose)
        fputc('\n', out);
    return true;
}

/* --- all of it --- */

static void print_incomplete(FILE *out, const Audit *audit)
{
    const json_t *incomplete = json_object_get(audit_head(audit), "incomplete");
    size_t i;
    json_t *line;
    json_array_foreach(incomplete, i, line)
    {
        g_autofree char *text = g_strconcat("not looked at: ", json_string_value(line), NULL);
        print_wrapped(out, 0, 4, text);
    }
    if (json_array_size(incomplete))
        fputc('\n', out);
}

bool report_audit_totals(Audit *audit, const AuditView *view, AuditTotals *totals, GError **error)
{
    AuditCount counts[AUDIT_KINDS];
    *totals = (AuditTotals){0};
    if (!audit_counts(audit, counts, error))
        return false;
    for (int kind = 0; kind < AUDIT_KINDS; kind++) {
        if (!view->kinds[kind])
            continue;
        totals->of[audit_kinds[kind].severity] += counts[kind].count;
        totals->fresh += counts[kind].fresh;
        totals->cleared += counts[kind].cleared;
    }
    return true;
}

bool report_audit_text(FILE *out, Audit *audit, const AuditView *view, GError **error)
{
    AuditCount counts[AUDIT_KINDS];
    AuditTotals totals;
    bool compared = text_of(audit_head(audit), "since") != NULL;
    if (!audit_counts(audit, counts, error) || !report_audit_totals(audit, view, &totals, error))
        return false;
    for (int severity = 0; severity < SEVERITIES; severity++)
        for (int kind = 0; kind < AUDIT_KINDS; kind++)
            if (view->kinds[kind] && counts[kind].count && (int)audit_kinds[kind].severity == severity &&
                !print_kind(out, audit, (AuditKind)kind, view, counts[kind], compared, error))
                return false;
    if (!print_cleared(out, audit, view, totals.cleared, error) ||
        !print_reconciliation(out, audit, view, error))
        return false;
    print_incomplete(out, audit);
    return true;
}

static void add_count(GString *text, size_t n, const char *what)
{
    g_string_append_printf(text, "%s%zu %s%s", text->len ? ", " : "", n, what, n == 1 ? "" : "s");
}

char *report_audit_summary(const Audit *audit, const AuditView *view, const AuditTotals *totals)
{
    g_autoptr(GString) counts = g_string_new(NULL);
    for (int severity = 0; severity < SEVERITIES; severity++)
        add_count(counts, totals->of[severity], severity_words[severity]);
    if (text_of(audit_head(audit), "since"))
        g_string_append_printf(counts, "; %zu new, %zu cleared", totals->fresh, totals->cleared);
    return g_strdup_printf("audit: %s in %.1f s%s", counts->str, view->seconds,
                           audit_is_whole(audit) ? "" : "; not everything was looked at");
}

/*
 * report/reconciliation.c - see report/reconciliation.h
 */
#include "dirsync/report/reconciliation.h"

#include "dirsync/report/report.h"
#include "dirsync/spool.h"

#include <string.h>

#define WIDTH 80

static const char *const verdict_names[] = {
    [RECONCILED_ONLY_SOURCE] = "only-source",
    [RECONCILED_ONLY_TARGET] = "only-target",
    [RECONCILED_DIFFERS] = "differs",
    [RECONCILED_SAME] = "same",
};
const char *report_verdict_name(ReconciliationVerdict verdict)
{
    return verdict_names[verdict];
}

/* --- JSON --- */

/* A DN may hold bytes that are no text. */
static json_t *text_as_json(const char *text)
{
    json_t *json = text ? json_string(text) : json_null();
    if (json)
        return json;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

static json_t *values_as_json(char *const *values)
{
    json_t *list = json_array();
    for (; *values; values++)
        json_array_append_new(list, text_as_json(*values));
    return list;
}

json_t *report_reconciliation_json(const char *connector, const Reconciliation *row)
{
    const char *const texts[][2] = {{"connector", connector},
                                    {"step", step_names[row->step]},
                                    {"verdict", verdict_names[row->verdict]},
                                    {"source_dn", row->source_dn},
                                    {"target_dn", row->target_dn},
                                    {"name", row->name},
                                    {"mail", row->mail},
                                    {"anchor", row->anchor},
                                    {"reason_id", row->reason_id},
                                    {"reason", row->reason},
                                    {"detail", row->detail},
                                    {"remedy", row->remedy}};
    json_t *json = json_object(), *differences = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        json_object_set_new(json, texts[i][0], text_as_json(texts[i][1]));
    for (size_t i = 0; i < row->n_differences; i++) {
        const ReconciliationDifference *difference = &row->differences[i];
        json_array_append_new(differences,
                              json_pack("{s:o, s:o, s:o}", "attribute", text_as_json(difference->attribute),
                                        "have", values_as_json(difference->have), "want",
                                        values_as_json(difference->want)));
    }
    json_object_set_new(json, "differences", differences);
    return json;
}

/* --- collecting --- */

/** Rows of one connector and step with one verdict and reason. */
typedef struct {
    char *connector, *reason_id; /* NULL: in sync */
    Step step;
    ReconciliationVerdict verdict;
    size_t count;
    GArray *rows; /* where they are in the spool, uint64_t */
} Group;

struct ReconciliationReport {
    Spool *spool;
    size_t most;
    char *connector;
    GArray *groups;
    GError *error;
};

static void group_clear(void *data)
{
    Group *group = data;
    g_free(group->connector);
    g_free(group->reason_id);
    g_array_unref(group->rows);
}

ReconciliationReport *reconciliation_report_new(const char *folder, size_t most, GError **error)
{
    g_autoptr(Spool) spool = spool_new(folder ? folder : g_get_tmp_dir(), error);
    if (!spool)
        return NULL;
    ReconciliationReport *report = g_new0(ReconciliationReport, 1);
    report->spool = g_steal_pointer(&spool);
    report->most = most;
    report->groups = g_array_new(FALSE, TRUE, sizeof(Group));
    g_array_set_clear_func(report->groups, group_clear);
    return report;
}

void reconciliation_report_free(ReconciliationReport *report)
{
    if (!report)
        return;
    spool_free(report->spool);
    g_array_unref(report->groups);
    g_clear_error(&report->error);
    g_free(report->connector);
    g_free(report);
}

void reconciliation_report_begin(ReconciliationReport *report, const char *connector)
{
    g_free(report->connector);
    report->connector = g_strdup(connector);
}

static Group *group_for(ReconciliationReport *report, const Reconciliation *row)
{
    for (guint i = report->groups->len; i-- > 0;) {
        Group *group = &g_array_index(report->groups, Group, i);
        if (group->step == row->step && group->verdict == row->verdict &&
            !g_strcmp0(group->reason_id, row->reason_id) && !g_strcmp0(group->connector, report->connector))
            return group;
    }
    Group added = {g_strdup(report->connector),
                   g_strdup(row->reason_id),
                   row->step,
                   row->verdict,
                   0,
                   g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    g_array_append_val(report->groups, added);
    return &g_array_index(report->groups, Group, report->groups->len - 1);
}

void reconciliation_report_take(const Reconciliation *row, void *data)
{
    ReconciliationReport *report = data;
    Group *group = group_for(report, row);
    uint64_t at;
    group->count++;
    if (report->error || row->verdict == RECONCILED_SAME ||
        (report->most && group->rows->len >= report->most))
        return;
    json_t *json = report_reconciliation_json(report->connector, row);
    g_autofree char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (spool_append_bytes(report->spool, text, strlen(text), &at, &report->error))
        g_array_append_val(group->rows, at);
}

size_t reconciliation_report_open(const ReconciliationReport *report)
{
    size_t open = 0;
    for (guint i = 0; i < report->groups->len; i++) {
        const Group *group = &g_array_index(report->groups, Group, i);
        open += group->verdict == RECONCILED_SAME ? 0 : group->count;
    }
    return open;
}

json_t *reconciliation_report_counts(const ReconciliationReport *report)
{
    json_t *list = json_array();
    for (guint i = 0; i < report->groups->len; i++) {
        const Group *group = &g_array_index(report->groups, Group, i);
        json_array_append_new(list, json_pack("{s:s?, s:s, s:s, s:s?, s:s, s:I}", "connector",
                                              group->connector, "step", step_names[group->step], "verdict",
                                              verdict_names[group->verdict], "reason_id", group->reason_id,
                                              "title", reconciliation_title(group->reason_id), "count",
                                              (json_int_t)group->count));
    }
    return list;
}

/* --- text --- */

/* What the connector calls source and target is one side for the import and the other for the export. */
static const char *name_of(const char *connector, Step step, int side)
{
    return (step == STEP_EXPORT) == (side == SOURCE) ? "home" : connector ? connector : "foreign";
}

static char *verdict_title(const Group *group)
{
    if (group->verdict == RECONCILED_DIFFERS)
        return g_strdup("in both, with differences");
    int side = group->verdict == RECONCILED_ONLY_SOURCE ? SOURCE : TARGET;
    return g_strdup_printf("only in %s", name_of(group->connector, group->step, side));
}

static size_t width_of(const char *text, size_t len)
{
    size_t width = 0;
    for (const char *at = text; at < text + len; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

/* In lines that are indented by @first, then by @others; a word that is longer than a line stays whole. */
static void print_wrapped(FILE *out, int first, int others, const char *words)
{
    g_autofree char *safe = report_safe(words);
    size_t column = (size_t)first;
    fprintf(out, "%*s", first, "");
    for (const char *at = safe; *at;) {
        size_t len = strcspn(at, " "), width = width_of(at, len);
        if (at != safe && column + 1 + width > WIDTH) {
            fprintf(out, "\n%*s", others, "");
            column = (size_t)others;
        } else if (at != safe) {
            fputc(' ', out);
            column++;
        }
        fwrite(at, 1, len, out);
        column += width;
        at += len + strspn(at + len, " ");
    }
    fputc('\n', out);
}

static const char *text_in(const json_t *row, const char *name)
{
    return json_string_value(json_object_get(row, name));
}

static void print_values(FILE *out, const char *sign, const char *attribute, const json_t *values)
{
    for (size_t i = 0; i < json_array_size(values); i++) {
        g_autofree char *line =
            g_strdup_printf("%s %s: %s", sign, attribute, json_string_value(json_array_get(values, i)));
        print_wrapped(out, 8, 10, line);
    }
}

static void print_differences(FILE *out, const json_t *differences, bool values)
{
    g_autoptr(GString) names = g_string_new("differs in");
    for (size_t i = 0; i < json_array_size(differences); i++) {
        const json_t *difference = json_array_get(differences, i);
        const char *attribute = text_in(difference, "attribute");
        if (values) {
            print_values(out, "-", attribute, json_object_get(difference, "have"));
            print_values(out, "+", attribute, json_object_get(difference, "want"));
        }
        g_string_append_printf(names, "%s %s", i ? "," : "", attribute);
    }
    if (!values && json_array_size(differences))
        print_wrapped(out, 6, 8, names->str);
}

/* Who it is, then where, then what is said of this one alone. */
static void print_row(FILE *out, const Group *group, const json_t *row, const char *remedy, bool values)
{
    static const char *const places[SIDES] = {[SOURCE] = "source_dn", [TARGET] = "target_dn"};
    const char *name = text_in(row, "name"), *mail = text_in(row, "mail"), *own = text_in(row, "remedy");
    g_autofree char *who = g_strconcat(name ? name : "", name && mail ? " " : "", mail ? "<" : "",
                                       mail ? mail : "", mail ? ">" : "", NULL);
    print_wrapped(out, 4, 6, *who ? who : "(no name)");
    for (int side = 0; side < SIDES; side++) {
        const char *dn = text_in(row, places[side]);
        g_autofree char *safe = dn ? report_safe(dn) : NULL;
        if (safe)
            fprintf(out, "      %s: %s\n", name_of(group->connector, group->step, side), safe);
    }
    if (text_in(row, "detail"))
        print_wrapped(out, 6, 8, text_in(row, "detail"));
    if (own && g_strcmp0(own, remedy) != 0)
        print_wrapped(out, 6, 8, own);
    print_differences(out, json_object_get(row, "differences"), values);
}

static json_t *read_row(ReconciliationReport *report, uint64_t at, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (!spool_read_bytes(report->spool, at, bytes, error))
        return NULL;
    json_t *row = json_loadb((const char *)bytes->data, bytes->len, 0, NULL);
    if (!row)
        error_set(error, ERROR_IO, "temporary file: does not hold what was written");
    return row;
}

static bool print_group(ReconciliationReport *report, const Group *group, FILE *out, bool values,
                        GError **error)
{
    g_autofree char *remedy = NULL;
    g_autofree char *head = g_strdup_printf("%s (%zu): %s", group->reason_id, group->count,
                                            reconciliation_title(group->reason_id));
    print_wrapped(out, 2, 4, head);
    for (guint i = 0; i < group->rows->len; i++) {
        json_t *row = read_row(report, g_array_index(group->rows, uint64_t, i), error);
        if (!row)
            return false;
        if (i == 0 && text_in(row, "remedy")) { /* that of most: only others say theirs */
            remedy = g_strdup(text_in(row, "remedy"));
            print_wrapped(out, 4, 4, remedy);
        }
        print_row(out, group, row, remedy, values);
        json_decref(row);
    }
    if (group->count > group->rows->len)
        fprintf(out, "    ... and %zu more\n", group->count - group->rows->len);
    return true;
}

/* @told: those with a reason, or those without. */
static size_t count_of(const ReconciliationReport *report, const Group *like, ReconciliationVerdict verdict,
                       bool told)
{
    size_t count = 0;
    for (guint i = 0; i < report->groups->len; i++) {
        const Group *group = &g_array_index(report->groups, Group, i);
        if (group->step == like->step && group->verdict == verdict && told == (group->reason_id != NULL) &&
            !g_strcmp0(group->connector, like->connector))
            count += group->count;
    }
    return count;
}

static int place_of(const char *reason_id)
{
    const char *const *ids = reconciliation_reasons();
    for (int i = 0; ids[i]; i++)
        if (!g_strcmp0(ids[i], reason_id))
            return i;
    return -1;
}

/* Step by step in each connector, as they came; then by verdict, then in the order of the table. */
static gint compare_groups(gconstpointer a, gconstpointer b)
{
    const Group *x = a, *y = b;
    int connectors = g_strcmp0(x->connector, y->connector);
    if (connectors)
        return connectors;
    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    if (x->verdict != y->verdict)
        return x->verdict < y->verdict ? -1 : 1;
    return place_of(x->reason_id) - place_of(y->reason_id);
}

static void print_heading(const ReconciliationReport *report, const Group *first, FILE *out)
{
    size_t from_there = count_of(report, first, RECONCILED_SAME, true);
    g_autofree char *more = from_there ? g_strdup_printf(", %zu came from there", from_there) : g_strdup("");
    g_autofree char *head = g_strdup_printf(
        "%s %s: %zu only in %s, %zu only in %s, %zu with differences, %zu in sync%s",
        first->connector ? first->connector : "", step_names[first->step],
        count_of(report, first, RECONCILED_ONLY_SOURCE, true), name_of(first->connector, first->step, SOURCE),
        count_of(report, first, RECONCILED_ONLY_TARGET, true), name_of(first->connector, first->step, TARGET),
        count_of(report, first, RECONCILED_DIFFERS, true), count_of(report, first, RECONCILED_SAME, false),
        more);
    print_wrapped(out, 0, 2, head);
}

bool reconciliation_report_print(ReconciliationReport *report, FILE *out, bool values, GError **error)
{
    const Group *before = NULL;
    if (report->error) {
        g_propagate_error(error, g_steal_pointer(&report->error));
        return false;
    }
    g_array_sort(report->groups, compare_groups);
    for (guint i = 0; i < report->groups->len; i++) {
        const Group *group = &g_array_index(report->groups, Group, i);
        bool another =
            !before || before->step != group->step || g_strcmp0(before->connector, group->connector);
        if (another)
            print_heading(report, group, out);
        g_autofree char *title = verdict_title(group);
        if (group->verdict != RECONCILED_SAME && (another || before->verdict != group->verdict))
            fprintf(out, "%s:\n", title);
        if (group->verdict != RECONCILED_SAME && !print_group(report, group, out, values, error))
            return false;
        before = group;
    }
    return true;
}

/*
 * audit_json.c - an audit as one JSON document, written as it is read
 */
#include "dirsync/report/audit_report.h"

#include "dirsync/report/report.h"

/** An array being written. */
typedef struct {
    FILE *out;
    size_t n;
} Writing;

static bool write_row(const json_t *row, void *data, GError **error)
{
    Writing *writing = data;
    (void)error; /* what was not written is seen at the end, by who opened the file */
    fputs(writing->n++ ? ",\n" : "\n", writing->out);
    json_dumpf(row, writing->out, JSON_COMPACT);
    return true;
}

/* Members of the head, without the braces. */
static void write_head(FILE *out, const Audit *audit)
{
    const char *name;
    json_t *value;
    fputs("{\"verb\":\"audit\"", out);
    json_object_foreach((json_t *)audit_head(audit), name, value)
    {
        fprintf(out, ",\n\"%s\":", name);
        json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY);
    }
}

static bool write_kinds(FILE *out, Audit *audit, const AuditView *view, GError **error)
{
    AuditCount counts[AUDIT_KINDS];
    Writing writing = {out, 0};
    if (!audit_counts(audit, counts, error))
        return false;
    bool good = true;
    for (int i = 0; good && i < AUDIT_KINDS; i++) {
        const AuditKindInfo *kind = &audit_kinds[i];
        if (!view->kinds[i])
            continue;
        json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "id", kind->id, "severity",
                                audit_severity_names[kind->severity], "title", kind->title, "remedy",
                                kind->remedy, "count", (json_int_t)counts[i].count, "new",
                                (json_int_t)counts[i].fresh, "cleared", (json_int_t)counts[i].cleared);
        good = write_row(row, &writing, error);
        json_decref(row);
    }
    return good;
}

typedef bool (*OfKind)(Audit *audit, AuditKind kind, AuditSeen seen, void *data, GError **error);

static bool write_of_kinds(FILE *out, Audit *audit, const AuditView *view, OfKind rows, GError **error)
{
    Writing writing = {out, 0};
    bool good = true;
    for (int i = 0; good && i < AUDIT_KINDS; i++)
        good = !view->kinds[i] || rows(audit, (AuditKind)i, write_row, &writing, error);
    return good;
}

static void begin_array(FILE *out, const char *name)
{
    fprintf(out, ",\n\"%s\":[", name);
}

bool report_audit_json(FILE *out, Audit *audit, const AuditView *view, GError **error)
{
    Writing reconciliation = {out, 0}, history = {out, 0};
    write_head(out, audit);
    begin_array(out, "kinds");
    bool good = write_kinds(out, audit, view, error);
    fputs("]", out);
    begin_array(out, "findings");
    good = good && write_of_kinds(out, audit, view, audit_findings, error);
    fputs("]", out);
    begin_array(out, "cleared");
    good = good && write_of_kinds(out, audit, view, audit_cleared, error);
    fputs("]", out);
    begin_array(out, "reconciliation");
    good = good && audit_reconciliation(audit, write_row, &reconciliation, error);
    fputs("]", out);
    begin_array(out, "history");
    good = good && audit_history(audit, write_row, &history, error);
    fputs("]}\n", out);
    return good;
}

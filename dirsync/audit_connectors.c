/*
 * audit_connectors.c - both directories of each connector beside each other
 *
 * Who is in one address list and not in the other is what the reconciliation says; what
 * of it nobody wanted becomes a finding.
 */
#include "dirsync/audit_internal.h"

#include "dirsync/reconciliation.h"

#include <string.h>

/* --- the reconciliation --- */

/** One connector being reconciled. */
typedef struct {
    Audit *audit;
    AuditConnector *of;
    size_t seen;
    GError *error; /* the first one of a callback */
} Reconciling;

/* As it was meant: a definition says so, or something else is told of it. */
static const char *const meant_in_source[] = {"came-from-there",   "filtered-out", "outside",   "hidden",
                                              "disabled",          "no-recipient", "one-of-us", "moved-home",
                                              "source-incomplete", "released"};
static const char *const meant_in_target[] = {"came-from-there", "native",     "other-connector",
                                              "in-grace",        "moved-home", "source-incomplete"};

static bool is_one_of(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; word && i < n; i++)
        if (!strcmp(words[i], word))
            return true;
    return false;
}

/* -1: no finding. What is past its grace at home was found when home was read. */
static int kind_of_row(const Reconciliation *row)
{
    const char *id = row->reason_id;
    switch (row->verdict) {
    case RECONCILED_ONLY_SOURCE:
        return is_one_of(meant_in_source, G_N_ELEMENTS(meant_in_source), id) ? -1
                                                                             : AUDIT_SOURCE_WITHOUT_OBJECT;
    case RECONCILED_ONLY_TARGET:
        if (is_one_of(meant_in_target, G_N_ELEMENTS(meant_in_target), id))
            return -1;
        if (id && (!strcmp(id, "grace-over") || !strcmp(id, "account-kept")))
            return row->step == STEP_EXPORT ? AUDIT_GRACE_OVER : -1;
        return AUDIT_OBJECT_WITHOUT_SOURCE;
    case RECONCILED_DIFFERS:
        return id && !strcmp(id, "changed-by-hand") ? AUDIT_CHANGED_BY_HAND : AUDIT_DIFFERS;
    case RECONCILED_SAME:
    default:
        return -1;
    }
}

static const char *const verdict_names[] = {
    [RECONCILED_ONLY_SOURCE] = "only-source",
    [RECONCILED_ONLY_TARGET] = "only-target",
    [RECONCILED_DIFFERS] = "differs",
};

static json_t *texts_as_json(char *const *texts)
{
    json_t *all = json_array();
    for (; texts && *texts; texts++) {
        g_autofree char *good = g_utf8_make_valid(*texts, -1);
        json_array_append_new(all, json_string(good));
    }
    return all;
}

static json_t *differences_as_json(const Reconciliation *row)
{
    json_t *all = json_array();
    for (size_t i = 0; i < row->n_differences; i++)
        json_array_append_new(all, json_pack("{s:s, s:o, s:o}", "attribute", row->differences[i].attribute,
                                             "have", texts_as_json(row->differences[i].have), "want",
                                             texts_as_json(row->differences[i].want)));
    return all;
}

static json_t *row_as_json(const Reconciling *now, const Reconciliation *row)
{
    const struct {
        const char *name, *text;
    } members[] = {
        {"source_dn", row->source_dn}, {"target_dn", row->target_dn}, {"name", row->name},
        {"mail", row->mail},           {"anchor", row->anchor},       {"reason_id", row->reason_id},
        {"reason", row->reason},       {"detail", row->detail},       {"remedy", row->remedy}};
    json_t *json = json_pack("{s:s, s:s, s:s}", "connector", now->of->connector->name, "step",
                             step_names[row->step], "verdict", verdict_names[row->verdict]);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *good = members[i].text ? g_utf8_make_valid(members[i].text, -1) : NULL;
        json_object_set_new(json, members[i].name, good ? json_string(good) : json_null());
    }
    json_object_set_new(json, "differences", differences_as_json(row));
    return json;
}

static bool keep_row(const Reconciling *now, const Reconciliation *row, GError **error)
{
    json_t *json = row_as_json(now, row);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    uint64_t at;
    bool good = text && spool_append_bytes(now->audit->spool, text, strlen(text) + 1, &at, error);
    if (good)
        g_array_append_val(now->audit->rows, at);
    else if (!text)
        error_set(error, ERROR_PROTOCOL, "a row of the reconciliation cannot be written down");
    free(text);
    json_decref(json);
    return good;
}

/* The directory in which a side of the step is. */
static const char *directory_name(const Reconciling *now, Step step, int side)
{
    return (step == STEP_EXPORT) == (side == SOURCE) ? "home" : now->of->connector->name;
}

/* "title: have \"a\", want \"b\"; sn: ..." */
static char *evidence_of(const Reconciliation *row)
{
    const char *title = row->reason_id ? reconciliation_title(row->reason_id) : NULL;
    GString *text = g_string_new(title ? title : "");
    if (row->detail)
        g_string_append_printf(text, "%s%s", title ? ": " : "", row->detail);
    for (size_t i = 0; i < row->n_differences; i++) {
        const ReconciliationDifference *difference = &row->differences[i];
        g_autofree char *have = difference->have ? g_strjoinv(", ", (char **)difference->have) : g_strdup("");
        g_autofree char *want = difference->want ? g_strjoinv(", ", (char **)difference->want) : g_strdup("");
        g_string_append_printf(text, "%s%s: is [%s], should be [%s]", text->len ? "; " : "",
                               difference->attribute, have, want);
    }
    return g_string_free(text, FALSE);
}

static bool tell_row(const Reconciling *now, const Reconciliation *row, AuditKind kind, GError **error)
{
    bool in_source = row->verdict == RECONCILED_ONLY_SOURCE || !row->target_dn;
    const char *dn = in_source ? row->source_dn : row->target_dn;
    g_autofree char *evidence = evidence_of(row);
    json_t *objects = json_array();
    json_array_append_new(objects,
                          audit_name_object(directory_name(now, row->step, in_source ? SOURCE : TARGET),
                                            dn ? dn : "", row->name, row->mail));
    if (!in_source && row->source_dn)
        json_array_append_new(
            objects, audit_name_object(directory_name(now, row->step, SOURCE), row->source_dn, NULL, NULL));
    const char *attribute = row->n_differences == 1 ? row->differences[0].attribute : NULL;
    const char *part = kind == AUDIT_CHANGED_BY_HAND ? now->of->by_hand : now->of->part;
    return audit_find(now->audit, kind, part, objects, attribute, step_names[row->step], row->remedy,
                      error, "%s", evidence);
}

/* Whether home, as it was read, shows that somebody changed the object; told once. */
static bool was_changed(const Reconciling *now, const Reconciliation *row)
{
    g_autofree char *key =
        row->step == STEP_IMPORT && row->target_dn ? holder_dn_key(&now->audit->view, row->target_dn) : NULL;
    return key && g_hash_table_remove(now->of->changed, key);
}

static void take_row(const Reconciliation *row, void *data)
{
    Reconciling *now = data;
    if (now->error)
        return;
    int kind = kind_of_row(row);
    bool changed = was_changed(now, row);
    if (kind == AUDIT_DIFFERS && changed)
        kind = AUDIT_CHANGED_BY_HAND;
    if (row->verdict != RECONCILED_SAME && !keep_row(now, row, &now->error))
        return;
    if (kind >= 0)
        tell_row(now, row, (AuditKind)kind, &now->error);
}

static void leave_lines_out(Reconciling *now, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (char **line = lines; *line; line++)
        if (**line)
            audit_leave_out(now->audit, now->of->part, "connector %s: %s", now->of->connector->name, *line);
}

/* A server that is down is no reason to tell nothing of the others. */
static bool reconcile(Audit *audit, AuditConnector *of, GError **error)
{
    Reconciling now = {.audit = audit, .of = of};
    GError *why = NULL;
    g_autofree char *incomplete = NULL;
    bool done = reconciliation_run_shown(of->connector, audit->options.state_folder, audit->options.progress,
                                         audit->options.data, take_row, &now, &incomplete, &why);
    if (incomplete)
        leave_lines_out(&now, incomplete);
    if (!done && !error_is(why, ERROR_INTERRUPTED)) {
        leave_lines_out(&now, why->message);
        g_clear_error(&why);
    }
    if (why && now.error)
        g_clear_error(&why);
    if (why || now.error)
        g_propagate_error(error, why ? why : now.error);
    return !why && !now.error;
}

bool audit_look_at_connectors(Audit *audit, GError **error)
{
    for (guint i = 0; i < audit->scope->chosen->len; i++) {
        AuditConnector *of = &audit->connectors[i];
        if (!reconcile(audit, of, error) || !audit_look_for_lists(audit, of, error) ||
            !audit_tell_changes(audit, of, error))
            return false;
    }
    return true;
}

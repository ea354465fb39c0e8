/*
 * audit_connectors.c - both directories of each connector beside each other
 *
 * Who is in one address list and not in the other is what the reconciliation says; what
 * of it nobody wanted becomes a finding. And lists that came as contacts are looked at
 * at the other end, since the members that make mail travel twice are seen only there.
 */
#include "dirsync/audit_internal.h"

#include "dirsync/dn.h"
#include "dirsync/pass.h"
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
static const char *const meant_in_source[] = {"came-from-there", "filtered-out", "outside",
                                              "hidden",          "disabled",     "no-recipient",
                                              "one-of-us",       "moved-home",   "source-incomplete"};
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
    const char *texts[] = {row->source_dn, row->target_dn, row->name, row->mail, row->reason};
    g_autoptr(GPtrArray) good = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_ptr_array_add(good, texts[i] ? g_utf8_make_valid(texts[i], -1) : NULL);
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o}", "connector",
                     now->of->connector->name, "step", step_names[row->step], "verdict",
                     verdict_names[row->verdict], "source_dn", g_ptr_array_index(good, 0), "target_dn",
                     g_ptr_array_index(good, 1), "name", g_ptr_array_index(good, 2), "mail",
                     g_ptr_array_index(good, 3), "reason_id", row->reason_id, "reason",
                     g_ptr_array_index(good, 4), "differences", differences_as_json(row));
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
    GString *text = g_string_new(row->reason ? row->reason : "");
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
    return audit_find(now->audit, kind, now->of->part, objects, attribute, step_names[row->step], NULL, error,
                      "%s", evidence);
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

/* --- lists as contacts --- */

/* Where lists name their members: by DN, or by mail address. */
static const char *const list_attributes[] = {"member", "uniqueMember", "rfc822MailMember",
                                              "mgrpRFC822MailMember"};

#define HAS_MEMBERS "(|(member=*)(uniqueMember=*)(rfc822MailMember=*)(mgrpRFC822MailMember=*))"
#define MEMBERS_ASKED 500 /* at once */
#define MEMBERS_NAMED 5

/** The lists of one source, put aside until it has been read. */
typedef struct {
    Audit *audit;
    const AuditConnector *of;
    Directory *foreign;
    const Schema *schema;
    RecipientAs as[OF_KINDS];
    GArray *lists; /* of uint64_t: in the spool */
} Lists;

static bool take_list(const DirectoryItem *item, void *data, GError **error)
{
    Lists *lists = data;
    int index = -1;
    uint64_t at;
    if (!audit_go_on(lists->audit, "reading lists", lists->lists->len, 0, error))
        return false;
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, NULL);
    if (!entry || !mapping_choose(lists->of->mapping, lists->as, lists->schema, entry, &index, NULL) ||
        index < 0)
        return true;
    const MappingRecipient *recipient = mapping_recipient(lists->of->mapping, (size_t)index);
    if (recipient->of != OF_GROUP || recipient->as != AS_CONTACT)
        return true;
    if (!spool_append(lists->audit->spool, entry, &at, error))
        return false;
    g_array_append_val(lists->lists, at);
    return true;
}

static char **names_to_ask(const Lists *lists)
{
    GPtrArray *names = g_ptr_array_new();
    for (const char *const *name = mapping_source_attributes(lists->of->mapping); *name; name++)
        g_ptr_array_add(names, g_strdup(*name));
    for (size_t i = 0; i < G_N_ELEMENTS(list_attributes); i++)
        g_ptr_array_add(names, g_strdup(list_attributes[i]));
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static bool read_lists(Lists *lists, GError **error)
{
    const PassSettings *import = &lists->of->connector->pass[STEP_IMPORT];
    g_auto(GStrv) names = names_to_ask(lists);
    bool good = true;
    for (size_t i = 0; good && i < import->n_sources; i++) {
        ReadResult result = {0};
        g_autofree char *filter = filter_and(import->sources[i].filter, HAS_MEMBERS);
        const ReadRequest request = {.base = import->sources[i].base,
                                     .scope = (SearchScope)import->sources[i].scope,
                                     .filter = filter,
                                     .attributes = (const char *const *)names};
        good = directory_read(lists->foreign, &request, take_list, lists, &result, error);
        read_result_clear(&result);
    }
    return good;
}

/** Members of one list who are from here. */
typedef struct {
    const Lists *lists;
    GPtrArray *asked; /* const char *: members by DN that must be looked at */
    GPtrArray *ours;  /* char *: DNs and addresses */
} Homecoming;

/* By an address in one of our own domains. */
static bool take_member(size_t index, Entry *entry, void *data, GError **error)
{
    static const char *const places[] = {"mail", "targetAddress"};
    const Homecoming *homecoming = data;
    (void)error;
    for (size_t i = 0; entry && i < G_N_ELEMENTS(places); i++) {
        const char *address = schema_find_string(homecoming->lists->schema, entry, places[i]);
        if (address && organisation_is_ours(homecoming->lists->audit->scope->organisation, address)) {
            g_ptr_array_add(homecoming->ours, g_strdup(g_ptr_array_index(homecoming->asked, index)));
            break;
        }
    }
    entry_free(entry);
    return true;
}

static bool ask_members(const Homecoming *homecoming, GError **error)
{
    static const char *const attributes[] = {"mail", "targetAddress", NULL};
    FetchId ids[MEMBERS_ASKED] = {0};
    guint n = MIN(homecoming->asked->len, MEMBERS_ASKED);
    for (guint i = 0; i < n; i++)
        ids[i] = (FetchId){.dn = g_ptr_array_index(homecoming->asked, i), .index = i};
    return !n || directory_fetch(homecoming->lists->foreign, ids, n, attributes, take_member,
                                 (void *)homecoming, error);
}

/* Where our export puts our people, so that they need not be asked for. */
static const char *export_container(const Connector *connector)
{
    const PassSettings *export = &connector->pass[STEP_EXPORT];
    return export->wanted && !connector->has_export_target && *export->container ? export->container : NULL;
}

static void sort_member(Homecoming *homecoming, const char *member)
{
    const Lists *lists = homecoming->lists;
    const char *container = export_container(lists->of->connector);
    g_autoptr(Dn) dn = strchr(member, '=') ? dn_parse(member, NULL) : NULL;
    if (dn && container && schema_dn_within(lists->schema, member, container))
        g_ptr_array_add(homecoming->ours, g_strdup(member));
    else if (dn)
        g_ptr_array_add(homecoming->asked, (gpointer)member);
    else if (organisation_is_ours(lists->audit->scope->organisation, member))
        g_ptr_array_add(homecoming->ours, g_strdup(member));
}

static bool tell_list(const Lists *lists, const Entry *list, const GPtrArray *ours, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < MIN(ours->len, MEMBERS_NAMED); i++)
        g_string_append_printf(names, "%s%s", i ? "; " : "", (const char *)g_ptr_array_index(ours, i));
    json_t *objects = json_array();
    json_array_append_new(objects, audit_name_object(lists->of->connector->name, entry_dn(list),
                                                     audit_display_name(lists->schema, list),
                                                     schema_find_string(lists->schema, list, "mail")));
    return audit_find(lists->audit, AUDIT_LIST_AS_CONTACT, lists->of->part, objects, NULL, NULL, NULL, error,
                      "%u%s of its members are from here: %s%s", ours->len,
                      lists->lists && ours->len >= MEMBERS_ASKED ? " or more" : "", names->str,
                      ours->len > MEMBERS_NAMED ? "; ..." : "");
}

static bool look_at_list(const Lists *lists, const Entry *list, GError **error)
{
    Homecoming homecoming = {
        .lists = lists, .asked = g_ptr_array_new(), .ours = g_ptr_array_new_with_free_func(g_free)};
    for (size_t i = 0; i < G_N_ELEMENTS(list_attributes); i++) {
        const Attribute *members = schema_find(lists->schema, list, list_attributes[i]);
        for (size_t j = 0; members && j < members->n_values; j++)
            if (members->values[j].len)
                sort_member(&homecoming, members->values[j].data);
    }
    bool good = (homecoming.ours->len || ask_members(&homecoming, error)) &&
                (!homecoming.ours->len || tell_list(lists, list, homecoming.ours, error));
    g_ptr_array_unref(homecoming.asked);
    g_ptr_array_unref(homecoming.ours);
    return good;
}

static bool look_at_lists(Lists *lists, GError **error)
{
    lists->foreign = directory_open(connector_endpoint(lists->of->connector, STEP_IMPORT, SOURCE), error);
    if (!lists->foreign)
        return false;
    lists->schema = directory_describe(lists->foreign)->schema;
    bool good = read_lists(lists, error);
    for (guint i = 0; good && i < lists->lists->len; i++) {
        g_autoptr(Entry) list =
            spool_read(lists->audit->spool, g_array_index(lists->lists, uint64_t, i), error);
        good = list && look_at_list(lists, list, error);
    }
    return good;
}

static bool look_for_lists(Audit *audit, AuditConnector *of, GError **error)
{
    Lists lists = {.audit = audit, .of = of};
    const PassSettings *import = &of->connector->pass[STEP_IMPORT];
    GError *why = NULL;
    if (!import->wanted || !of->mapping)
        return true;
    pass_recipients(import, of->mapping, lists.as);
    if (lists.as[OF_GROUP] != AS_CONTACT)
        return true;
    lists.lists = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    bool good = look_at_lists(&lists, &why);
    directory_close(lists.foreign);
    g_array_unref(lists.lists);
    if (good)
        return true;
    if (error_is(why, ERROR_INTERRUPTED) || error_is(why, ERROR_IO)) {
        g_propagate_error(error, why);
        return false;
    }
    audit_leave_out(audit, of->part, "connector %s: lists that are contacts: %s", of->connector->name,
                    why->message);
    g_error_free(why);
    return true;
}

bool audit_look_at_connectors(Audit *audit, GError **error)
{
    for (guint i = 0; i < audit->scope->chosen->len; i++) {
        AuditConnector *of = &audit->connectors[i];
        if (!reconcile(audit, of, error) || !look_for_lists(audit, of, error) ||
            !audit_tell_changes(audit, of, error))
            return false;
    }
    return true;
}

/*
 * audit_lists.c - lists of the foreign side that came as contacts and have members from here
 *
 * Mail from here to such a list goes out, and comes back for those members: it travels twice. They
 * are seen at the other end alone, so the source is read for its lists once more.
 */
#include "dirsync/audit_internal.h"

#include "dirsync/dn.h"
#include "dirsync/interrupt.h"
#include "dirsync/pass.h"

#include <string.h>

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
        if (good && result.proof == PROOF_PARTIAL)
            audit_leave_out(lists->audit, lists->of->part,
                            "connector %s: lists that are contacts: not everything was read: %s",
                            lists->of->connector->name, result.reason ? result.reason : "no reason is known");
        read_result_clear(&result);
    }
    return good;
}

/** Members of one list who are from here. */
typedef struct {
    const Lists *lists;
    GPtrArray *asked; /* const char *: members by DN that must be looked at */
    guint from;       /* the first one that is being asked for */
    GPtrArray *ours;  /* char *: DNs and addresses */
} Homecoming;

/* By an address in one of our own domains. */
static bool take_member(size_t index, Entry *entry, void *data, GError **error)
{
    static const char *const places[] = {"mail", "targetAddress"};
    const Homecoming *now = data;
    (void)error;
    for (size_t i = 0; entry && i < G_N_ELEMENTS(places); i++) {
        const char *address = schema_find_string(now->lists->schema, entry, places[i]);
        if (address && organisation_is_ours(now->lists->audit->scope->organisation, address)) {
            g_ptr_array_add(now->ours, g_strdup(g_ptr_array_index(now->asked, now->from + (guint)index)));
            break;
        }
    }
    entry_free(entry);
    return true;
}

/* Until some are found: which of them does not matter. */
static bool ask_members(Homecoming *now, GError **error)
{
    static const char *const attributes[] = {"mail", "targetAddress", NULL};
    for (now->from = 0; now->from < now->asked->len && !now->ours->len; now->from += MEMBERS_ASKED) {
        FetchId ids[MEMBERS_ASKED] = {0};
        guint n = MIN(now->asked->len - now->from, MEMBERS_ASKED);
        for (guint i = 0; i < n; i++)
            ids[i] = (FetchId){.dn = g_ptr_array_index(now->asked, now->from + i), .index = i};
        if (!directory_fetch(now->lists->foreign, ids, n, attributes, take_member, now, error))
            return false;
    }
    return true;
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
                      "members of it are from here: %s%s", names->str,
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
        if (interrupt_pending(error))
            return false;
        g_autoptr(Entry) list =
            spool_read(lists->audit->spool, g_array_index(lists->lists, uint64_t, i), error);
        good = list && look_at_list(lists, list, error);
    }
    return good;
}

bool audit_look_for_lists(Audit *audit, AuditConnector *of, GError **error)
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

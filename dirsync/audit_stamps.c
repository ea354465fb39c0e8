/*
 * audit_stamps.c - whose an object is, whether it should be there still, and who changed it
 *
 * What we wrote last is remembered as a fingerprint of the managed content; an entry
 * whose fingerprint is another one was changed by somebody else. Which values these
 * were shows when the directories are compared, and is told there.
 */
#include "dirsync/audit_internal.h"

#include "dirsync/account.h"
#include "dirsync/pass.h"

#include <string.h>

/* --- what is remembered of the connectors --- */

static void make_managed(Audit *audit, AuditConnector *of)
{
    unsigned flags = schema_attribute(audit->schema, HIDE_ATTRIBUTE) ? MANAGED_HIDES : 0;
    size_t n = mapping_n_recipients(of->mapping);
    of->managed = g_new0(Managed *, n + 1);
    for (size_t i = 0; i < n; i++)
        of->managed[i] =
            managed_new(mapping_recipient(of->mapping, i), audit->view.stamp, audit->schema, flags);
}

/* Why what is remembered of the objects means nothing now: it was made by another mapping, or never. NULL: it
 * does. g_free(). */
static char *unsettled(const AuditConnector *of)
{
    g_autofree char *settled = NULL;
    g_autoptr(GError) why = NULL;
    g_autofree char *now = step_digest(of->connector, STEP_IMPORT, &why);
    if (!now || !step_recall(of->state, STEP_IMPORT, "definitions", &settled, &why))
        return g_strdup(why->message);
    if (!settled)
        return g_strdup("no run has come to its end here yet");
    if (!*settled)
        return g_strdup("the last run was a migration; the next sync looks at everybody");
    return strcmp(settled, now) ? g_strdup("the definitions have changed since the last run") : NULL;
}

static void open_import(Audit *audit, AuditConnector *of)
{
    g_autoptr(GError) why = NULL;
    const PassSettings *import = &of->connector->pass[STEP_IMPORT];
    if (!import->wanted)
        return;
    of->mapping = mapping_load(import->mapping, MAPPING_IMPORT, &why);
    g_autofree char *reason = !of->mapping ? g_strdup(why->message) : of->state ? unsettled(of) : NULL;
    if (reason)
        audit_leave_out(audit, of->by_hand, "connector %s: changes by hand cannot be told: %s",
                        of->connector->name, reason);
    else if (of->state)
        make_managed(audit, of);
}

static void add_joins(Audit *audit, const Connector *connector)
{
    const PassSettings *import = &connector->pass[STEP_IMPORT];
    for (size_t i = 0; import->wanted && i < import->n_joins; i++) {
        const char *name = import->joins[i].target;
        bool address = schema_same_attribute(audit->schema, name, "mail") ||
                       schema_same_attribute(audit->schema, name, "proxyAddresses");
        if (!address && !g_ptr_array_find_with_equal_func(audit->joins, name, g_str_equal, NULL))
            g_ptr_array_add(audit->joins, g_strdup(name));
    }
}

void audit_open_connectors(Audit *audit)
{
    const GPtrArray *chosen = audit->scope->chosen;
    audit->connectors = g_new0(AuditConnector, chosen->len + 1);
    for (guint i = 0; i < audit->scope->known->len; i++)
        add_joins(audit, g_ptr_array_index(audit->scope->known, i));
    for (guint i = 0; i < chosen->len; i++) {
        AuditConnector *of = &audit->connectors[i];
        g_autoptr(GError) why = NULL;
        of->connector = g_ptr_array_index(chosen, i);
        of->part = g_strconcat(PART_OF_CONNECTOR, of->connector->name, NULL);
        of->by_hand = g_strconcat(of->part, " by hand", NULL);
        of->changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        of->state = state_open_unlocked(of->connector, audit->options.state_folder, &why);
        if (why)
            audit_leave_out(audit, of->by_hand, "connector %s: changes by hand cannot be told: %s",
                            of->connector->name, why->message);
        open_import(audit, of);
    }
}

void audit_close_connectors(Audit *audit)
{
    for (guint i = 0; audit->connectors && i < audit->scope->chosen->len; i++) {
        AuditConnector *of = &audit->connectors[i];
        for (size_t j = 0; of->managed && of->managed[j]; j++)
            managed_free(of->managed[j]);
        g_free(of->managed);
        mapping_free(of->mapping);
        g_clear_pointer(&of->changed, g_hash_table_unref);
        g_free(of->part);
        g_free(of->by_hand);
        state_close(of->state);
    }
    g_clear_pointer(&audit->connectors, g_free);
}

/* --- changed by somebody else --- */

static bool note_change(const Audit *audit, AuditConnector *of, const Entry *entry, const Stamp *stamp,
                        Fingerprint fingerprint, GError **error)
{
    g_auto(LinkRow) link = {0};
    if (!of->managed)
        return true;
    if (!state_find_link_by_anchor(of->state, STEP_IMPORT, stamp->anchor, &link, error))
        return false;
    size_t kind = link.flags >> LINK_KIND_SHIFT;
    if (!link.row || link.flags & (LINK_YIELDED | LINK_RETRY) ||
        fingerprint_equal(link.target, fingerprint) || fingerprint_is_zero(link.desired) || !kind ||
        kind > mapping_n_recipients(of->mapping))
        return true;
    Fingerprint now = managed_fingerprint(of->managed[kind - 1], entry, false, stamp->grace != NULL);
    if (!fingerprint_equal(now, link.desired))
        g_hash_table_replace(of->changed, holder_dn_key(&audit->view, entry_dn(entry)),
                             g_strdup(audit_display_name(audit->schema, entry)));
    return true;
}

bool audit_tell_changes(Audit *audit, AuditConnector *of, GError **error)
{
    GHashTableIter iter;
    gpointer dn, name;
    g_hash_table_iter_init(&iter, of->changed);
    while (g_hash_table_iter_next(&iter, &dn, &name)) {
        json_t *objects = json_array();
        json_array_append_new(objects, audit_name_object("home", dn, name, NULL));
        if (!audit_find(audit, AUDIT_CHANGED_BY_HAND, of->by_hand, objects, NULL, NULL, NULL, error,
                        "it is not as the last run of connector %s left it", of->connector->name))
            return false;
    }
    return true;
}

/* --- stamps --- */

static json_t *itself(const Audit *audit, const Entry *entry)
{
    json_t *objects = json_array();
    json_array_append_new(objects, audit_entry_object(audit, entry));
    return objects;
}

static bool tell_unknown(Audit *audit, const Entry *entry, const Stamp *stamp, GError **error)
{
    return audit_find(audit, AUDIT_STAMP_UNKNOWN, PART_STAMPS, itself(audit, entry), NULL, stamp->connector,
                      NULL, error,
                      "it carries the stamp of connector %s, anchor %s; no definition has that UUID",
                      stamp->connector, stamp->anchor);
}

static bool check_grace(Audit *audit, const Connector *connector, const Entry *entry, const Stamp *stamp,
                        GError **error)
{
    unsigned days = connector->pass[STEP_IMPORT].grace_days;
    if (!stamp->grace || !stamp_grace_is_over(stamp->grace, days))
        return true;
    bool account = account_is_disabled(audit->schema, entry);
    const char *what = account ? "disabled and in grace" : "in grace";
    return audit_find(
        audit, AUDIT_GRACE_OVER, PART_HOME, itself(audit, entry), NULL, NULL,
        account ? "accounts are never deleted by dirsync: delete it when nothing hangs on it" : NULL, error,
        "%s since %s; connector %s has %u days of grace", what, stamp->grace, connector->name, days);
}

bool audit_look_at_stamp(Audit *audit, const Entry *entry, const Stamp *stamp, Fingerprint fingerprint,
                         uint32_t object, GError **error)
{
    const AuditObject *about = audit_object(audit, object);
    if (!stamp->connector)
        return true;
    /* It may be that of a definition that cannot be read now. */
    if (about->owner == OWNER_UNKNOWN)
        return audit->scope->problems->len || !(about->flags & OBJECT_RELEVANT) ||
               tell_unknown(audit, entry, stamp, error);
    const Connector *owner = g_ptr_array_index(audit->scope->known, about->owner - 1);
    AuditConnector *of = NULL;
    for (guint i = 0; i < audit->scope->chosen->len; i++)
        if (audit->connectors[i].connector == owner)
            of = &audit->connectors[i];
    if (!of)
        return true;
    of->objects++;
    return check_grace(audit, owner, entry, stamp, error) &&
           note_change(audit, of, entry, stamp, fingerprint, error);
}

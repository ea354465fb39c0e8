/*
 * members.c - who a group's members are on the other side
 *
 * A member is named by its DN in the source (or by its anchor). It is one of
 * three: somebody this pass makes an object of; one of our own objects there,
 * which leads back to the native it was made from; or nobody of the address
 * list. State and indexes answer at once; only who is in neither is fetched from
 * the source, many at a time.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

#define NAMES_SHOWN 3

/* --- by identity --- */

/* DN of the native in the target whose identity is @id; NULL: not there. */
static bool dn_of_native(Pass *pass, const char *id, char **dn, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    if (!id)
        return true;
    if (!holder_index_find_id(pass->index, id, found, error))
        return false;
    if (found->len)
        *dn = g_strdup(((Holder *)g_ptr_array_index(found, 0))->dn);
    return true;
}

/* Where this run leaves an item's object. */
static bool dn_of_item(Pass *pass, const Item *item, Fingerprint anchor, char **dn, GError **error)
{
    uint32_t i = fingerprint_index_find(&pass->by_anchor_settlements, anchor);
    if (item->planned_dn) {
        *dn = g_strdup(item->planned_dn);
        return true;
    }
    if (i != NOWHERE) {
        const Settlement *settlement = &g_array_index(pass->settlements, Settlement, i);
        if (settlement->row.flags & LINK_YIELDED)
            return dn_of_native(pass, settlement->row.id, dn, error);
        *dn = settlement->remove ? NULL : g_strdup(settlement->row.dn);
        return true;
    }
    /* Nothing was decided: an object that there is stays as it is. */
    if (item->target != NOWHERE)
        *dn = g_strdup(g_array_index(pass->side[TARGET].records, Record, item->target).dn);
    return true;
}

/* DN of the object that this pass has made, or makes now, of the source entry with that anchor. */
static bool dn_of_object(Pass *pass, const char *anchor, char **dn, GError **error)
{
    Fingerprint key = fingerprint_string(anchor);
    uint32_t link = fingerprint_index_find(&pass->links->by_anchor, key);
    if (link == NOWHERE)
        return true;
    uint32_t at = pass->item_of_link[link];
    if (at != NOWHERE)
        return dn_of_item(pass, item_at(pass, at), key, dn, error);
    g_auto(LinkRow) row = {0};
    if (!state_find_link(pass->state, link_at(pass->links, link)->row, &row, error))
        return false;
    if (row.flags & LINK_YIELDED)
        return dn_of_native(pass, row.id, dn, error);
    uint32_t record = fingerprint_index_find(&pass->side[TARGET].by_anchor, key);
    if (record != NOWHERE) /* it looks different now, and may have been moved */
        *dn = g_strdup(g_array_index(pass->side[TARGET].records, Record, record).dn);
    else
        *dn = g_strdup(row.dn);
    return true;
}

/* DN in the target of the native from which the pass the other way made the object with that anchor. */
static bool dn_of_origin(Pass *pass, const char *anchor, char **dn, GError **error)
{
    g_auto(LinkRow) row = {0};
    if (!dn_of_native(pass, anchor, dn, error) || *dn)
        return *dn != NULL;
    if (!state_find_link_by_anchor(pass->state, (Step)(1 - (int)pass->step), anchor, &row, error))
        return false;
    *dn = g_strdup(row.source_dn);
    return true;
}

/* --- by name --- */

static bool by_record(Pass *pass, Fingerprint key, char **dn, GError **error)
{
    uint32_t record = fingerprint_index_find(&pass->side[SOURCE].by_dn, key);
    if (record == NOWHERE)
        return true;
    return dn_of_object(pass, g_array_index(pass->side[SOURCE].records, Record, record).anchor_text, dn,
                        error);
}

static bool by_link(Pass *pass, Fingerprint key, char **dn, GError **error)
{
    g_auto(LinkRow) row = {0};
    if (!state_find_link_by_source(pass->state, pass->step, key, &row, error))
        return false;
    return !row.row || dn_of_object(pass, row.anchor, dn, error);
}

/* One of our own objects in the source, as the index of the pass the other way knows it. */
static bool by_our_object(Pass *pass, const char *name, char **dn, GError **error)
{
    Step other = (Step)(1 - (int)pass->step);
    HolderIndex *index = pass->connector->pass[other].wanted ? state_index(pass->state, other, error) : NULL;
    if (!index)
        return !pass->connector->pass[other].wanted;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    g_autofree char *key = schema_normalise_dn(pass->side[SOURCE].schema, name);
    if (!holder_index_find_dn(index, key ? key : name, found, error))
        return false;
    const Holder *holder = found->len ? g_ptr_array_index(found, 0) : NULL;
    if (!holder || g_strcmp0(holder->owner, pass->connector->uuid) != 0)
        return true;
    return dn_of_origin(pass, holder->anchor, dn, error);
}

static bool resolve_known(Pass *pass, MembersBy by, const char *name, char **dn, GError **error)
{
    if (by == MEMBERS_BY_ANCHOR)
        return dn_of_object(pass, name, dn, error);
    Fingerprint key = pass_source_key(pass, name);
    return by_record(pass, key, dn, error) && (*dn || by_link(pass, key, dn, error)) &&
           (*dn || by_our_object(pass, name, dn, error));
}

/* --- who is not known is fetched --- */

typedef struct {
    Pass *pass;
    GPtrArray *names, *dns; /* dns: NULL where not known */
} Fetching;

static bool fetched(size_t index, Entry *entry, void *data, GError **error)
{
    Fetching *fetching = data;
    const Side *side = &fetching->pass->side[SOURCE];
    char **dn = (char **)&fetching->dns->pdata[index];
    g_autoptr(Entry) owned = entry;
    g_auto(Stamp) stamp = {0};
    if (!entry)
        return true;
    if (side->stamp && stamp_read(side->stamp, side->schema, entry, &stamp) &&
        !strcmp(stamp.connector, fetching->pass->connector->uuid))
        return dn_of_origin(fetching->pass, stamp.anchor, dn, error);
    g_autofree char *anchor = pass_anchor_of(fetching->pass, entry);
    return !anchor || dn_of_object(fetching->pass, anchor, dn, error);
}

static bool fetch_unknown(Pass *pass, GPtrArray *names, GPtrArray *dns, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(FetchId));
    Fetching fetching = {pass, names, dns};
    for (guint i = 0; i < names->len; i++) {
        FetchId id = {.dn = g_ptr_array_index(names, i), .index = i};
        if (!g_ptr_array_index(dns, i) && *id.dn)
            g_array_append_val(ids, id);
    }
    return !ids->len ||
           directory_fetch(pass->side[SOURCE].directory, (const FetchId *)(void *)ids->data, ids->len,
                           (const char *const *)pass->requests[SOURCE], fetched, &fetching, error);
}

/* --- a group --- */

bool members_resolve(Pass *pass, MembersBy by, GPtrArray *names, GPtrArray *dns, GError **error)
{
    for (guint i = 0; i < names->len; i++) {
        char *dn = NULL;
        if (!resolve_known(pass, by, g_ptr_array_index(names, i), &dn, error)) {
            g_free(dn);
            return false;
        }
        g_ptr_array_add(dns, dn);
    }
    bool is_file = directory_describe(pass->side[SOURCE].directory)->capabilities & IS_FILE;
    return by == MEMBERS_BY_ANCHOR || is_file || fetch_unknown(pass, names, dns, error);
}

char *members_unresolved(const GPtrArray *names, const GPtrArray *dns)
{
    g_autoptr(GString) list = g_string_new(NULL);
    size_t n = 0;
    for (guint i = 0; i < names->len; i++) {
        if (g_ptr_array_index(dns, i) || !*(const char *)g_ptr_array_index(names, i))
            continue;
        if (n++ < NAMES_SHOWN)
            g_string_append_printf(list, "%s%s", list->len ? "; " : "", (char *)g_ptr_array_index(names, i));
    }
    if (!n)
        return NULL;
    return g_strdup_printf("%zu of %u members are not in the address list on the other side, and were left "
                           "out: %s%s",
                           n, names->len, list->str, n > NAMES_SHOWN ? "; …" : "");
}

/*
 * members.c - who a group's members are on the other side
 *
 * A member is named by its DN in the source (or by its anchor). It is one of
 * three: somebody this pass makes an object of; one of our own objects there,
 * which leads back to the native it was made from; or nobody of the address
 * list. State and indexes answer at once; only who is in neither is fetched from
 * the source, many at a time.
 */
#include "dirsync/dn.h"
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

static bool name_of_record(const Pass *pass, uint32_t record, char **dn, GError **error)
{
    g_auto(Noted) noted = {0};
    if (!record_noted(pass, TARGET, record, &noted, error))
        return false;
    *dn = g_steal_pointer(&noted.dn);
    return true;
}

/* Where this run leaves an item's object. @known: where it was, as far as the state remembers. */
static bool dn_of_item(Pass *pass, const Item *item, const LinkRow *known, char **dn, GError **error)
{
    const Settlement *settlement = item_settlement(pass, item);
    g_auto(Settled) settled = {0};
    if (item_more(item)->planned_dn) {
        *dn = g_strdup(item_more(item)->planned_dn);
        return true;
    }
    if (settlement && !settlements_read(pass->settlements, settlement, &settled, error))
        return false;
    if (settled.row.flags & LINK_YIELDED)
        return dn_of_native(pass, settled.row.id, dn, error);
    /* In grace nobody in the source stands behind the name any more: that is a name that leads nowhere. */
    if (settled.remove || settled.row.flags & LINK_GRACED)
        return true;
    if (settlement && settlement->pending)
        *dn = g_strdup(settled.row.dn);
    else if (item->target != NOWHERE) /* it stays as it is */
        return name_of_record(pass, item->target, dn, error);
    else if (item->mark[TARGET] != MARK_ABSENT)
        *dn = g_strdup(known->dn);
    return true;
}

/* DN of the object that this pass has made, or makes now, of the source entry behind a link. */
static bool dn_of_link(Pass *pass, uint32_t link, char **dn, GError **error)
{
    g_auto(LinkRow) row = {0};
    const Item *item = link_item(pass, link);
    if (link_at(pass->links, link)->row &&
        !state_find_link(pass->state, link_at(pass->links, link)->row, &row, error))
        return false;
    if (item)
        return dn_of_item(pass, item, &row, dn, error);
    if (row.flags & LINK_YIELDED)
        return dn_of_native(pass, row.id, dn, error);
    uint32_t record =
        fingerprint_index_find(&pass->side[TARGET].by_anchor, link_at(pass->links, link)->anchor);
    if (record != NOWHERE) /* it looks different now, and may have been moved */
        return name_of_record(pass, record, dn, error);
    *dn = g_strdup(row.dn);
    return true;
}

/* The same by anchor. */
static bool dn_of_object(Pass *pass, const char *anchor, char **dn, GError **error)
{
    uint32_t link;
    return link_table_find(pass->links, anchor, &link, error) &&
           (link == NOWHERE || dn_of_link(pass, link, dn, error));
}

/* --- by name --- */

/* A member on its way to its DN in the target. */
typedef struct {
    char *dn;     /* found */
    char *origin; /* anchor, in the pass the other way, of the native to look for */
} Found;

static void found_clear(void *data)
{
    Found *found = data;
    g_free(found->dn);
    g_free(found->origin);
}

static bool by_record(Pass *pass, Fingerprint key, char **dn, GError **error)
{
    uint32_t record = fingerprint_index_find(&pass->side[SOURCE].by_dn, key);
    return record == NOWHERE || dn_of_link(pass, record_at(&pass->side[SOURCE], record)->link, dn, error);
}

/* The name that the state remembers is only good while the entry is as it was: else somebody else may have
 * it. */
static bool by_link(Pass *pass, Fingerprint key, char **dn, GError **error)
{
    g_auto(LinkRow) row = {0};
    uint32_t link = NOWHERE;
    if (!state_find_link_by_source(pass->state, pass->step, key, &row, error) ||
        (row.row && !link_table_find(pass->links, row.anchor, &link, error)))
        return false;
    bool same = link != NOWHERE && link_at(pass->links, link)->mark[SOURCE] == MARK_SAME;
    return !same || dn_of_object(pass, row.anchor, dn, error);
}

/* What the index says was true when the pass the other way began; the link of its object knows what it has
 * done since. */
static bool is_still_called(Pass *pass, Step other, const char *anchor, const char *key, bool *is,
                            GError **error)
{
    g_auto(LinkRow) row = {0};
    if (!state_find_link_by_anchor(pass->state, other, anchor, &row, error))
        return false;
    g_autofree char *now = row.dn ? schema_normalise_dn(pass->side[SOURCE].schema, row.dn) : NULL;
    *is = !g_strcmp0(now, key);
    return true;
}

/* One of our own objects in the source, as the index of the pass the other way knows it. */
static bool by_our_object(Pass *pass, const char *name, Found *member, GError **error)
{
    Step other = other_pass(pass->step);
    if (!pass->connector->pass[other].wanted || pass->options.planned)
        return true;
    HolderIndex *index = state_index(pass->state, other, error);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    g_autofree char *key = schema_normalise_dn(pass->side[SOURCE].schema, name);
    if (!index || !holder_index_find_dn(index, key ? key : name, found, error))
        return false;
    const Holder *holder = found->len == 1 ? g_ptr_array_index(found, 0) : NULL;
    bool still = false;
    if (!holder || g_strcmp0(holder->owner, pass->connector->uuid) != 0)
        return true;
    if (!is_still_called(pass, other, holder->anchor, key, &still, error))
        return false;
    if (still)
        member->origin = g_strdup(holder->anchor);
    return true;
}

static bool resolve_known(Pass *pass, MembersBy by, const char *name, Found *member, GError **error)
{
    if (by == MEMBERS_BY_ANCHOR)
        return dn_of_object(pass, name, &member->dn, error);
    Fingerprint key = pass_source_key(pass, name);
    return by_record(pass, key, &member->dn, error) &&
           (member->dn || by_link(pass, key, &member->dn, error)) &&
           (member->dn || by_our_object(pass, name, member, error));
}

/* --- who is not known is fetched --- */

typedef struct {
    Pass *pass;
    GArray *members; /* of Found */
} Fetching;

static bool fetched(size_t index, Entry *found, void *data, GError **error)
{
    Fetching *fetching = data;
    const Side *side = &fetching->pass->side[SOURCE];
    Found *member = &g_array_index(fetching->members, Found, index);
    g_autoptr(Entry) entry = found;
    g_auto(Stamp) stamp = {0};
    if (!entry)
        return true;
    if (side->stamp && stamp_read(side->stamp, side->schema, entry, &stamp) &&
        !strcmp(stamp.connector, fetching->pass->connector->uuid)) {
        member->origin = g_strdup(stamp.anchor);
        return true;
    }
    g_autofree char *anchor = pass_anchor_of(fetching->pass, entry);
    return !anchor || dn_of_object(fetching->pass, anchor, &member->dn, error);
}

static bool is_dn(const char *name)
{
    g_autoptr(Dn) dn = dn_parse(name, NULL);
    return dn && dn->n_rdns;
}

static bool fetch_unknown(Pass *pass, GPtrArray *names, GArray *members, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(FetchId));
    Fetching fetching = {pass, members};
    for (guint i = 0; i < names->len; i++) {
        const Found *member = &g_array_index(members, Found, i);
        FetchId id = {.dn = g_ptr_array_index(names, i), .index = i};
        if (!member->dn && !member->origin && is_dn(id.dn))
            g_array_append_val(ids, id);
    }
    return !ids->len ||
           directory_fetch(pass->side[SOURCE].directory, (const FetchId *)(void *)ids->data, ids->len,
                           (const char *const *)pass->requests[SOURCE], fetched, &fetching, error);
}

/* --- natives, from which the pass the other way made our objects --- */

static const char *origin_attribute(const Pass *pass)
{
    const char *named = pass->connector->pass[other_pass(pass->step)].anchor;
    return named ? named : directory_describe(pass->side[TARGET].directory)->default_anchor;
}

static bool origin_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    Fetching *fetching = data;
    (void)error;
    if (entry)
        g_array_index(fetching->members, Found, index).dn = g_strdup(entry_dn(entry));
    entry_free(entry);
    return true;
}

static bool fetch_origins(Pass *pass, GArray *members, GError **error)
{
    const char *attribute = origin_attribute(pass);
    g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(FetchId));
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    Fetching fetching = {pass, members};
    for (guint i = 0; i < members->len && attribute; i++) {
        const Found *member = &g_array_index(members, Found, i);
        if (member->dn || !member->origin)
            continue;
        GBytes *bytes = anchor_bytes(member->origin);
        FetchId id = {.id_attribute = attribute, .index = i};
        id.id.data = g_bytes_get_data(bytes, &id.id.len);
        g_ptr_array_add(owned, bytes);
        g_array_append_val(ids, id);
    }
    return !ids->len ||
           directory_fetch(pass->side[TARGET].directory, (const FetchId *)(void *)ids->data, ids->len,
                           (const char *const[]){attribute, NULL}, origin_fetched, &fetching, error);
}

/* The home index knows natives that are recipients, when they are told apart as it does it. */
static bool find_origins(Pass *pass, GArray *members, GError **error)
{
    bool by_id = !g_strcmp0(origin_attribute(pass), pass->view.id_attribute);
    for (guint i = 0; i < members->len && by_id; i++) {
        Found *member = &g_array_index(members, Found, i);
        if (!member->dn && member->origin && !dn_of_native(pass, member->origin, &member->dn, error))
            return false;
    }
    return fetch_origins(pass, members, error);
}

/* --- a group --- */

bool members_resolve(Pass *pass, MembersBy by, GPtrArray *names, GPtrArray *dns, GError **error)
{
    g_autoptr(GArray) members = g_array_new(FALSE, TRUE, sizeof(Found));
    g_array_set_clear_func(members, found_clear);
    g_array_set_size(members, names->len);
    for (guint i = 0; i < names->len; i++)
        if (!resolve_known(pass, by, g_ptr_array_index(names, i), &g_array_index(members, Found, i), error))
            return false;
    bool is_file = directory_describe(pass->side[SOURCE].directory)->capabilities & IS_FILE;
    if (by == MEMBERS_BY_DN && !is_file && !fetch_unknown(pass, names, members, error))
        return false;
    if (!find_origins(pass, members, error))
        return false;
    for (guint i = 0; i < members->len; i++)
        g_ptr_array_add(dns, g_steal_pointer(&g_array_index(members, Found, i).dn));
    return true;
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

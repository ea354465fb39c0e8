/*
 * ldap_changed.c - entries of which it is known that they changed, and no more
 *
 * Some servers tell what changed, but not in the words of the request. Their
 * identities are looked for under the request itself, many in one filter: who
 * is found is there, as a read delivers it; who is not is gone.
 *
 * Memory: the identities, up to LDAP_MAX_CHANGED; with more, everything is
 * read more cheaply.
 */
#include "dirsync/directory/ldap_internal.h"

#include <string.h>

#define IDS_A_FILTER 100

GBytes *ldap_directory_identity(LdapDirectory *self, LDAPMessage *message)
{
    struct berval **values = ldap_get_values_len(self->handle, message, self->description.default_anchor);
    GBytes *id = values && values[0] ? g_bytes_new(values[0]->bv_val, values[0]->bv_len) : NULL;
    ldap_value_free_len(values);
    return id;
}

/** Objects that are looked for with one filter. */
typedef struct {
    Changes *changes;
    GPtrArray *ids;   /* GBytes; not owned */
    GHashTable *left; /* those of them that were not found yet */
} Batch;

static bool take_found(LdapDirectory *self, LDAPMessage *message, void *data, GError **error)
{
    Batch *batch = data;
    g_autoptr(GBytes) id = ldap_directory_identity(self, message);
    if (id && !g_hash_table_remove(batch->left, id))
        return true; /* told already, or changed so fast that it answers another question */
    return ldap_directory_deliver(self, message, ldap_directory_tell_item, batch->changes,
                                  &batch->changes->result->read, error);
}

static char *batch_filter(const Batch *batch)
{
    guint at = 0;
    g_autofree char *ids =
        filter_any_of(batch->changes->self->description.default_anchor, batch->ids, &at, batch->ids->len);
    return filter_and(batch->changes->request->filter, ids);
}

static bool tell_missing(const Batch *batch, GError **error)
{
    for (guint i = 0; i < batch->ids->len; i++) {
        GBytes *id = g_ptr_array_index(batch->ids, i);
        Value value = {g_bytes_get_data(id, NULL), g_bytes_get_size(id)};
        if (g_hash_table_contains(batch->left, id) &&
            !ldap_directory_tell_id(batch->changes, TOLD_GONE, value, error))
            return false;
    }
    return true;
}

/* False with an error from the sink; else how it ended is in @end, and those not found were told of only when
 * the answer was whole. */
static bool look_for(Batch *batch, SearchEnd *end, GError **error)
{
    Changes *changes = batch->changes;
    ReadRequest request = *changes->request;
    g_autofree char *filter = batch_filter(batch);
    request.filter = filter;
    g_hash_table_remove_all(batch->left);
    for (guint i = 0; i < batch->ids->len; i++)
        g_hash_table_add(batch->left, g_ptr_array_index(batch->ids, i));
    size_t entries = end->entries;
    ldap_directory_search_end_clear(end);
    if (!ldap_directory_ensure(changes->self, error) ||
        !ldap_directory_search(changes->self, &request, take_found, batch, end, error))
        return false;
    end->entries += entries;
    return end->result != LDAP_SUCCESS || end->references || tell_missing(batch, error);
}

bool ldap_directory_tell_changed(Changes *changes, GHashTable *changed, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    g_autoptr(GHashTable) left = g_hash_table_new(g_bytes_hash, g_bytes_equal);
    Batch batch = {.changes = changes, .ids = ids, .left = left};
    SearchEnd end = {.result = LDAP_SUCCESS};
    GHashTableIter iter;
    gpointer id;
    bool going = true, more = true;
    if (g_hash_table_size(changed) > LDAP_MAX_CHANGED) {
        ldap_directory_doubt(changes, g_strdup_printf("more than %d objects have changed", LDAP_MAX_CHANGED));
        return true;
    }
    g_hash_table_iter_init(&iter, changed);
    while (going && more && end.result == LDAP_SUCCESS && !end.references) {
        more = g_hash_table_iter_next(&iter, &id, NULL);
        if (more)
            g_ptr_array_add(ids, id);
        if (ids->len == IDS_A_FILTER || (!more && ids->len)) {
            going = look_for(&batch, &end, error);
            g_ptr_array_set_size(ids, 0);
        }
    }
    going = going &&
            ldap_directory_conclude(changes->self, changes->request, &end, &changes->result->read, error);
    ldap_directory_search_end_clear(&end);
    return going;
}

/* Without its identity an entry that is found could not be told from one that is gone. */
static bool asks_for_identity(const Changes *changes)
{
    const char *anchor = changes->self->description.default_anchor;
    const AttributeType *type = schema_attribute(changes->self->description.schema, anchor);
    bool with_all = !type || !type->operational;
    const char *const *name = changes->request->attributes;
    if (!name || !*name)
        return with_all;
    for (; *name; name++)
        if ((with_all && strcmp(*name, "*") == 0) || g_ascii_strcasecmp(*name, anchor) == 0)
            return true;
    return false;
}

const char *ldap_directory_context(const Changes *changes)
{
    const LdapDirectory *self = changes->self;
    const char *base = changes->request->base ? changes->request->base : self->endpoint->base;
    const char *best = NULL;
    char **contexts = self->description.naming_contexts;
    if (!asks_for_identity(changes)) {
        ldap_directory_doubt(
            changes, g_strdup_printf("%s is not among the attributes", self->description.default_anchor));
        return NULL;
    }
    for (; base && contexts && *contexts; contexts++)
        if (schema_dn_within(self->description.schema, base, *contexts) &&
            (!best || strlen(*contexts) > strlen(best)))
            best = *contexts;
    if (!best)
        ldap_directory_doubt(changes, g_strdup("the base lies in none of the server's naming contexts"));
    return best;
}

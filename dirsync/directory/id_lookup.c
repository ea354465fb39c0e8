/*
 * id_lookup.c - the table of ids behind directory_fetch()
 *
 * Keys are the attribute's name and the canonical form of the value, so that
 * a look-up costs the same for one id and for thousands. Several ids may ask
 * for the same object; each gets its own answer.
 */
#include "dirsync/directory/id_lookup.h"

#include "dirsync/directory/selection.h"

#include <string.h>

static GBytes *id_key(const char *name, Value value)
{
    const Schema *schema = schema_standard();
    GString *key = g_string_new(NULL);
    g_string_append_printf(key, "%s:", name);
    schema_normalise(schema, schema_attribute(schema, name), value, key);
    return g_string_free_to_bytes(key);
}

/* Ids without an attribute are asked for by name. */
static GBytes *dn_key(const char *dn)
{
    g_autofree char *normalised = schema_normalise_dn(schema_standard(), dn);
    g_autofree char *key = g_strconcat("dn:", normalised ? normalised : dn, NULL);
    return g_bytes_new(key, strlen(key));
}

static void want(IdLookup *lookup, size_t position)
{
    const FetchId *id = &lookup->ids[position];
    g_autoptr(GBytes) key =
        id->id_attribute ? id_key(id->id_attribute, id->id) : dn_key(id->dn ? id->dn : "");
    GArray *positions = g_hash_table_lookup(lookup->wanted, key);
    if (!positions) {
        positions = g_array_new(FALSE, FALSE, sizeof(size_t));
        g_hash_table_insert(lookup->wanted, g_bytes_ref(key), positions);
    }
    g_array_append_val(positions, position);
    g_hash_table_add(lookup->names, (gpointer)(id->id_attribute ? id->id_attribute : ""));
}

void id_lookup_begin(IdLookup *lookup)
{
    lookup->wanted = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                                           (GDestroyNotify)g_array_unref);
    lookup->names = g_hash_table_new(g_str_hash, g_str_equal);
    lookup->answered = g_new0(bool, lookup->n_ids + 1);
    lookup->left = lookup->n_ids;
    for (size_t i = 0; i < lookup->n_ids; i++)
        want(lookup, i);
}

void id_lookup_end(IdLookup *lookup)
{
    g_hash_table_unref(lookup->wanted);
    g_hash_table_unref(lookup->names);
    g_free(lookup->answered);
}

static bool answer(IdLookup *lookup, size_t position, Entry *entry, GError **error)
{
    lookup->answered[position] = true;
    lookup->left--;
    return lookup->fetched(lookup->ids[position].index, entry, lookup->data, error);
}

/* Answers everybody who asked by that key and has no answer yet. */
static bool answer_key(IdLookup *lookup, GBytes *key, const Entry *entry, GError **error)
{
    GArray *positions = g_hash_table_lookup(lookup->wanted, key);
    for (guint i = 0; positions && i < positions->len; i++) {
        size_t position = g_array_index(positions, size_t, i);
        if (lookup->answered[position])
            continue;
        Entry *copy = lookup->every_attribute
                          ? entry_copy(entry)
                          : selection_copy_attributes(schema_standard(), entry, lookup->attributes);
        if (!answer(lookup, position, copy, error))
            return false;
    }
    return true;
}

static bool offer_attribute(IdLookup *lookup, const char *name, const Entry *entry, GError **error)
{
    if (*name == '\0') {
        g_autoptr(GBytes) key = dn_key(entry_dn(entry));
        return answer_key(lookup, key, entry, error);
    }
    const Attribute *attribute = schema_find(schema_standard(), entry, name);
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        g_autoptr(GBytes) key = id_key(name, attribute->values[i]);
        if (!answer_key(lookup, key, entry, error))
            return false;
    }
    return true;
}

bool id_lookup_offer(IdLookup *lookup, const Entry *entry, GError **error)
{
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, lookup->names);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!offer_attribute(lookup, name, entry, error))
            return false;
    return true;
}

bool id_lookup_answer_missing(IdLookup *lookup, GError **error)
{
    for (size_t i = 0; i < lookup->n_ids; i++)
        if (!lookup->answered[i] && !answer(lookup, i, NULL, error))
            return false;
    return true;
}

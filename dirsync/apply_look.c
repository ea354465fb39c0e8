/*
 * apply_look.c - who has an object by now, before the adds of a plan that may be old
 *
 * Nothing in an add says so, and a look for each would cost a round trip for each:
 * they are looked for by their stamps, many in one filter. Where that fails each is
 * looked for in its turn.
 */
#include "dirsync/apply_internal.h"

#include <string.h>

#define MOST_IN_FILTER 128

static bool is_looked_for(const Apply *apply, const Item *item)
{
    return apply->look_before_adding && item->change->kind == CHANGE_ADD && item->change->anchor;
}

/* @items: by anchor. */
static void note_found(const Apply *apply, const Entry *entry, GHashTable *items)
{
    g_auto(Stamp) stamp = {0};
    if (!stamp_read(apply->stamp, directory_describe(apply->directory)->schema, entry, &stamp) ||
        strcmp(stamp.connector, apply->connector_uuid) != 0)
        return;
    Item *item = g_hash_table_lookup(items, stamp.anchor);
    if (item && !item->there)
        item->there = g_strdup(entry_dn(entry));
}

static void note_looked(gpointer anchor, gpointer item, gpointer data)
{
    (void)anchor;
    (void)data;
    ((Item *)item)->looked = true;
}

/* Takes the items from *at on, as many as fit into one filter. */
static bool look_for(const Apply *apply, Item *const *items, size_t n, size_t *at, GError **error)
{
    g_autoptr(GHashTable) asked = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) filter = g_string_new("(|");
    for (; *at < n && g_hash_table_size(asked) < MOST_IN_FILTER; ++*at) {
        Item *item = items[*at];
        if (!is_looked_for(apply, item))
            continue;
        g_autofree char *one = stamp_filter(apply->stamp, apply->connector_uuid, item->change->anchor);
        g_string_append(filter, one);
        g_hash_table_insert(asked, (gpointer)item->change->anchor, item);
    }
    if (!g_hash_table_size(asked))
        return true;
    g_string_append_c(filter, ')');
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter->str, .attributes = stamp_attributes(apply->stamp)};
    g_autoptr(GPtrArray) found = directory_search(apply->directory, &request, G_MAXINT32, error);
    for (guint i = 0; found && i < found->len; i++)
        note_found(apply, g_ptr_array_index(found, i), asked);
    if (found)
        g_hash_table_foreach(asked, note_looked, NULL);
    return found != NULL;
}

void apply_look(const Work *work, const Slice *slice)
{
    Item *const *items = (Item *const *)slice->items->pdata;
    bool good = !work->cut;
    for (size_t at = 0; at < slice->items->len && good;)
        good = look_for(work->apply, items, slice->items->len, &at, NULL);
}

bool apply_may_add(const Work *work, Item *item)
{
    size_t at = 0;
    if (!is_looked_for(work->apply, item))
        return true;
    if (!item->looked && !look_for(work->apply, &item, 1, &at, &item->error))
        return false;
    if (item->there)
        error_set(&item->error, ERROR_MOVED, "%s: this person has an object by now (%s); make a new plan",
                  item->change->dn, item->there);
    return !item->there;
}

/*
 * apply_look.c - who has an object by now, before the adds of a plan that may be old
 *
 * Nothing in an add says so, and a look for each would cost a round trip for each,
 * or a read of the whole file: they are looked for by their stamps, many at a time.
 * Where that fails each is looked for in its turn.
 */
#include "dirsync/apply_internal.h"

#include <string.h>

#define MOST_IN_FILTER 128

static bool is_looked_for(const Apply *apply, const Item *item)
{
    return apply->look_before_adding && item->change->kind == CHANGE_ADD && item->change->anchor;
}

/* From *at on, at most @most of them. */
static GPtrArray *take_some(const Apply *apply, const GPtrArray *items, guint *at, guint most)
{
    GPtrArray *some = g_ptr_array_new();
    for (; *at < items->len && some->len < most; ++*at)
        if (is_looked_for(apply, g_ptr_array_index(items, *at)))
            g_ptr_array_add(some, g_ptr_array_index(items, *at));
    return some;
}

/* Whose object it is. False: it cannot be told: the server's idea of the same value is another, or the object
 * has several stamps. */
static bool note_found(const Apply *apply, const Entry *entry, const GPtrArray *items)
{
    g_auto(Stamp) stamp = {0};
    bool noted = false;
    stamp_read(apply->stamp, directory_describe(apply->directory)->schema, entry, &stamp);
    for (guint i = 0; i < items->len; i++) {
        Item *item = g_ptr_array_index(items, i);
        if (g_strcmp0(item->change->anchor, stamp.anchor) != 0)
            continue;
        if (!item->there)
            item->there = g_strdup(entry_dn(entry));
        noted = true;
    }
    return noted;
}

static bool search_for(const Apply *apply, const GPtrArray *items)
{
    g_autoptr(GPtrArray) anchors = g_ptr_array_new();
    guint at = 0;
    for (guint i = 0; i < items->len; i++)
        g_ptr_array_add(anchors, (char *)((Item *)g_ptr_array_index(items, i))->change->anchor);
    g_autofree char *filter =
        stamp_filter_any(apply->stamp, apply->connector_uuid, anchors, &at, anchors->len);
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter, .attributes = stamp_attributes(apply->stamp)};
    g_autoptr(GPtrArray) found = directory_search(apply->directory, &request, G_MAXINT32, NULL);
    bool all_noted = true;
    for (guint i = 0; found && i < found->len; i++)
        all_noted &= note_found(apply, g_ptr_array_index(found, i), items);
    for (guint i = 0; found && i < items->len; i++) {
        Item *item = g_ptr_array_index(items, i);
        item->looked = all_noted || item->there;
    }
    return found != NULL;
}

static bool take_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    g_autoptr(Entry) owned = entry;
    Item *item = g_ptr_array_index((GPtrArray *)data, index);
    (void)error;
    item->looked = true;
    item->there = owned ? g_strdup(entry_dn(owned)) : NULL;
    return true;
}

/* Where the stamp is the anchor alone they are found by it, in one go through the file. */
static bool fetch(const Apply *apply, GPtrArray *items)
{
    g_autofree FetchId *ids = g_new0(FetchId, items->len);
    for (guint i = 0; i < items->len; i++) {
        const char *anchor = ((Item *)g_ptr_array_index(items, i))->change->anchor;
        ids[i] = (FetchId){.id_attribute = apply->stamp->name, .id = {anchor, strlen(anchor)}, .index = i};
    }
    return directory_fetch(apply->directory, ids, items->len, stamp_attributes(apply->stamp), take_fetched,
                           items, NULL);
}

void apply_look(const Work *work, const Slice *slice)
{
    const Apply *apply = work->apply;
    bool by_anchor = apply->stamp->form == STAMP_ANCHOR, good = !work->cut;
    for (guint at = 0; at < slice->items->len && good;) {
        g_autoptr(GPtrArray) some =
            take_some(apply, slice->items, &at, by_anchor ? G_MAXUINT : MOST_IN_FILTER);
        if (some->len)
            good = by_anchor ? fetch(apply, some) : search_for(apply, some);
    }
}

void apply_look_again(const Slice *slice)
{
    for (guint i = 0; i < slice->items->len; i++)
        ((Item *)g_ptr_array_index(slice->items, i))->looked = false;
}

static bool look_alone(const Apply *apply, Item *item)
{
    size_t n;
    g_clear_pointer(&item->there, g_free);
    return apply_find_stamped(apply, item->change->anchor, &n, &item->there, &item->error);
}

bool apply_may_add(const Work *work, Item *item)
{
    if (!is_looked_for(work->apply, item))
        return true;
    if (!item->looked && !look_alone(work->apply, item))
        return false;
    if (item->there)
        error_set(&item->error, ERROR_MOVED, "%s: this person has an object by now (%s); make a new plan",
                  item->change->dn, item->there);
    item->looked = false; /* what is sent once more is looked for once more */
    return !item->there;
}

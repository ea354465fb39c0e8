/*
 * apply_follow.c - whoever is called something else by now, of a plan that may be old
 *
 * What is not found by its name is looked for by its stamp. A later name stays;
 * what cannot be told apart is left alone, and says so.
 */
#include "dirsync/apply_internal.h"

/* *now: what the object with the change's anchor is called; NULL: nobody knows, or it is called as it was.
 * How many there are of that anchor. */
static size_t name_by_now(const Work *work, const Change *change, char **now)
{
    const Apply *apply = work->apply;
    g_autofree char *dn = NULL;
    size_t n = 0;
    *now = NULL;
    if (!change->anchor || !apply->connector_uuid ||
        !apply_find_stamped(apply, change->anchor, &n, &dn, NULL))
        return 0;
    if (n == 1 && !schema_dn_equal(directory_describe(apply->directory)->schema, dn, change->dn))
        *now = g_steal_pointer(&dn);
    return n;
}

/* The name that somebody has by now counts. What a delete was meant for may have gone another way, and
 * somebody else made the object that there is. */
static bool may_follow(const Apply *apply, const Change *change)
{
    return change->kind == CHANGE_MODIFY || (change->kind == CHANGE_DELETE && apply->is_same &&
                                             apply->is_same(change, apply->step, apply->data));
}

/* Of a plan that may be old: that nobody has the name any more does not say that the delete has happened. */
bool apply_is_called_otherwise(const Work *work, const Change *change)
{
    if (!work->apply->follows_names || change->kind != CHANGE_DELETE || !may_follow(work->apply, change))
        return false;
    g_autofree char *now = NULL;
    return name_by_now(work, change, &now) > 1 || now;
}

static bool is_lost(const Item *item)
{
    return item->outcome == JOURNAL_FAILED && item->change->kind != CHANGE_ADD &&
           (error_is(item->error, ERROR_NOT_FOUND) ||
            (item->change->kind == CHANGE_DELETE && error_is(item->error, ERROR_MOVED)));
}

static void explain_loss(Item *item, const char *now)
{
    bool was_lost = error_is(item->error, ERROR_NOT_FOUND);
    if (!now && !was_lost)
        return;
    g_clear_error(&item->error);
    if (now && item->change->kind == CHANGE_DELETE)
        error_set(
            &item->error, ERROR_MOVED,
            "%s: is gone, and a later run has made %s for the same person, which stays; take back that run "
            "first",
            item->change->dn, now);
    else if (now)
        error_set(&item->error, ERROR_MOVED,
                  "%s: was given another name since (%s), which it keeps; take back the later run first",
                  item->change->dn, now);
    else
        error_set(
            &item->error, ERROR_MOVED,
            "%s: is not there any more: it was renamed, moved or deleted since; take back the later run "
            "first, or change it by hand",
            item->change->dn);
}

static void find_again(Work *work, Item *item)
{
    g_autofree char *now = NULL;
    name_by_now(work, item->change, &now);
    if (!now || !may_follow(work->apply, item->change)) {
        explain_loss(item, now);
        apply_note_undone(work, item);
        return;
    }
    item->change->dn = change_strdup(item->change, now);
    apply_send(work, item);
    apply_flush(work);
}

void apply_follow(Work *work, const Slice *slice)
{
    for (guint i = 0; i < slice->items->len && work->apply->follows_names && !work->cut; i++) {
        Item *item = g_ptr_array_index(slice->items, i);
        if (is_lost(item))
            find_again(work, item);
    }
}

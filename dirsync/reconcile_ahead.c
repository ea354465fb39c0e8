/*
 * reconcile_ahead.c - mapping those who come next while others are decided
 *
 * Mapping depends on nothing but the source's entry, so that a second thread can
 * do it. Where anything is in doubt (a file that has changed, an item that is not
 * what it was) nothing is taken from there, and everything is done as without.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

/* Below, loading a second mapping takes longer than what it saves. */
#define MANY_ITEMS 2000

/* The source's entry, when it is in the spool and the item is one to be decided in its turn. */
static uint64_t position_of(const Pass *pass, const Item *item)
{
    if (item->state != ITEM_OPEN || item->source == NOWHERE || item->mark[SOURCE] == MARK_ABSENT ||
        item_fetched(pass, item, SOURCE) != SPOOL_NOWHERE)
        return SPOOL_NOWHERE;
    const Record *record = record_at(&pass->side[SOURCE], item->source);
    return record->duplicate || !record->in_scope || !record->kept ? SPOOL_NOWHERE : record->at;
}

bool ahead_start(Pass *pass, GError **error)
{
    if (pass->items->len < MANY_ITEMS)
        return true;
    g_autoptr(Mapping) mapping = mapping_load(
        pass->settings->mapping, pass->step == STEP_IMPORT ? MAPPING_IMPORT : MAPPING_EXPORT, NULL);
    if (!mapping || strcmp(mapping_digest(mapping), mapping_digest(pass->mapping)) != 0)
        return true;
    const Side *side = &pass->side[SOURCE];
    pass->ahead = map_ahead_new(g_steal_pointer(&mapping), pass->as, target_schema(pass), side->schema,
                                side->spool, error);
    pass->ahead_next = 0;
    return pass->ahead;
}

void ahead_stop(Pass *pass)
{
    g_clear_pointer(&pass->ahead, map_ahead_free);
}

static void ask(Pass *pass)
{
    for (; pass->ahead_next < pass->items->len; pass->ahead_next++) {
        uint64_t at = position_of(pass, item_at(pass, pass->ahead_next));
        if (at != SPOOL_NOWHERE && !map_ahead_ask(pass->ahead, pass->ahead_next, at))
            break;
    }
    map_ahead_go(pass->ahead);
}

bool ahead_take(Pass *pass, uint32_t index, Mapped *mapped)
{
    uint64_t at = pass->ahead ? position_of(pass, item_at(pass, index)) : SPOOL_NOWHERE;
    if (at == SPOOL_NOWHERE)
        return false;
    pass->ahead_next = MAX(pass->ahead_next, index);
    if (pass->ahead_next < pass->items->len && map_ahead_has_room(pass->ahead))
        ask(pass);
    return map_ahead_take(pass->ahead, index, at, mapped);
}

void ahead_drop(Pass *pass, Subject *subject)
{
    g_auto(Mapped) used = {0};
    used.source = g_steal_pointer(&subject->source);
    used.desired = g_steal_pointer(&subject->desired);
    if (pass->ahead)
        map_ahead_return(pass->ahead, subject->index, &used);
}

/*
 * link_table.c - see link_table.h
 */
#include "dirsync/link_table.h"

#include <string.h>

void fingerprint_index_init(FingerprintIndex *index, Fingerprint (*at)(const void *, uint32_t),
                            const void *array)
{
    *index = (FingerprintIndex){.at = at, .array = array};
}

void fingerprint_index_clear(FingerprintIndex *index)
{
    g_clear_pointer(&index->slots, g_free);
    index->mask = index->used = 0;
}

static void insert(FingerprintIndex *index, uint32_t i)
{
    uint32_t slot = (uint32_t)index->at(index->array, i).low & index->mask;
    while (index->slots[slot] != NOWHERE)
        slot = (slot + 1) & index->mask;
    index->slots[slot] = i;
}

static void grow(FingerprintIndex *index)
{
    uint32_t size = index->slots ? (index->mask + 1) * 2 : 1024;
    uint32_t *old = index->slots, old_size = old ? index->mask + 1 : 0;
    index->slots = g_new(uint32_t, size);
    memset(index->slots, 0xff, size * sizeof *index->slots);
    index->mask = size - 1;
    for (uint32_t slot = 0; slot < old_size; slot++)
        if (old[slot] != NOWHERE)
            insert(index, old[slot]);
    g_free(old);
}

void fingerprint_index_add(FingerprintIndex *index, uint32_t i)
{
    if (fingerprint_is_zero(index->at(index->array, i)))
        return;
    if (!index->slots || index->used >= (index->mask + 1) / 4 * 3)
        grow(index);
    index->used++;
    insert(index, i);
}

uint32_t fingerprint_index_find(const FingerprintIndex *index, Fingerprint fingerprint)
{
    if (!index->slots || fingerprint_is_zero(fingerprint))
        return NOWHERE;
    uint32_t slot = (uint32_t)fingerprint.low & index->mask;
    for (; index->slots[slot] != NOWHERE; slot = (slot + 1) & index->mask)
        if (fingerprint_equal(index->at(index->array, index->slots[slot]), fingerprint))
            return index->slots[slot];
    return NOWHERE;
}

static Fingerprint link_anchor(const void *table, uint32_t i)
{
    return link_at(table, i)->anchor;
}

static Fingerprint link_source(const void *table, uint32_t i)
{
    return link_looks(table, link_at(table, i))->source;
}

static Fingerprint link_target(const void *table, uint32_t i)
{
    return link_looks(table, link_at(table, i))->target;
}

static void take_in(const LinkRow *row, void *data)
{
    LinkTable *table = data;
    Looks looks = {row->source, row->target, row->desired};
    Link link = {.anchor = fingerprint_string(row->anchor),
                 .row = row->row,
                 .flags = row->flags,
                 .item = NOWHERE,
                 .looks = table->looks ? table->looks->len : NOWHERE,
                 .mark = {(uint8_t)table->unread[SOURCE], (uint8_t)table->unread[TARGET]}};
    /* What it leads to is a native, which no read shows as ours. */
    if (row->flags & LINK_YIELDED)
        link.mark[TARGET] = MARK_ABSENT;
    uint32_t i = table->links->len;
    g_array_append_val(table->links, link);
    fingerprint_index_add(&table->by_anchor, i);
    if (!table->looks)
        return;
    g_array_append_val(table->looks, looks);
    /* What is left undone must be looked at again: the source's fingerprint is then not to be found. */
    if (!(row->flags & LINK_RETRY))
        fingerprint_index_add(&table->by_source, i);
    fingerprint_index_add(&table->by_target, i);
}

static void take_in_others(const LinkRow *row, void *data)
{
    LinkTable *table = data;
    if (fingerprint_index_find(&table->by_anchor, fingerprint_string(row->anchor)) == NOWHERE)
        take_in(row, data);
}

static LinkTable *link_table_new(State *state, Step step)
{
    LinkTable *table = g_new0(LinkTable, 1);
    table->links = g_array_new(FALSE, FALSE, sizeof(Link));
    table->looks = g_array_new(FALSE, FALSE, sizeof(Looks));
    table->state = state;
    table->step = step;
    fingerprint_index_init(&table->by_anchor, link_anchor, table);
    fingerprint_index_init(&table->by_source, link_source, table);
    fingerprint_index_init(&table->by_target, link_target, table);
    return table;
}

LinkTable *link_table_load(State *state, Step step, bool forget, GError **error)
{
    g_autoptr(LinkTable) table = link_table_new(state, step);
    if (forget)
        link_table_forget_looks(table);
    return state_scan_links(state, step, LINKS_ALL, take_in, table, error) ? g_steal_pointer(&table) : NULL;
}

LinkTable *link_table_open(State *state, Step step, GError **error)
{
    g_autoptr(LinkTable) table = link_table_new(state, step);
    table->partial = true;
    table->unread[SOURCE] = table->unread[TARGET] = MARK_SAME;
    return state_scan_links(state, step, LINKS_OPEN, take_in, table, error) ? g_steal_pointer(&table) : NULL;
}

bool link_table_complete(LinkTable *table, GError **error)
{
    if (!table->partial)
        return true;
    table->partial = false;
    return state_scan_links(table->state, table->step, LINKS_ALL, take_in_others, table, error);
}

void link_table_unread(LinkTable *table, int side, Mark mark)
{
    table->unread[side] = mark;
    for (guint i = 0; i < table->links->len; i++) {
        Link *link = link_at(table, i);
        bool native = side == TARGET && link->flags & LINK_YIELDED;
        link->mark[side] = (uint8_t)(native ? MARK_ABSENT : mark);
        link->twice &= side != SOURCE;
    }
}

bool link_table_find(LinkTable *table, const char *anchor, uint32_t *link, GError **error)
{
    g_auto(LinkRow) row = {0};
    *link = fingerprint_index_find(&table->by_anchor, fingerprint_string(anchor));
    if (*link != NOWHERE || !table->partial)
        return true;
    if (!state_find_link_by_anchor(table->state, table->step, anchor, &row, error))
        return false;
    if (!row.row)
        return true;
    *link = table->links->len;
    take_in(&row, table);
    return true;
}

void link_table_forget_looks(LinkTable *table)
{
    g_clear_pointer(&table->looks, g_array_unref);
    fingerprint_index_clear(&table->by_source);
    fingerprint_index_clear(&table->by_target);
}

void link_table_free(LinkTable *table)
{
    if (!table)
        return;
    g_array_unref(table->links);
    g_clear_pointer(&table->looks, g_array_unref);
    fingerprint_index_clear(&table->by_anchor);
    fingerprint_index_clear(&table->by_source);
    fingerprint_index_clear(&table->by_target);
    g_free(table);
}

uint32_t link_table_add(LinkTable *table, Fingerprint anchor)
{
    Link link = {.anchor = anchor, .item = NOWHERE, .looks = NOWHERE};
    uint32_t i = table->links->len;
    g_array_append_val(table->links, link);
    fingerprint_index_add(&table->by_anchor, i);
    return i;
}

static Fingerprint holder_fingerprint(const void *table, uint32_t i)
{
    return holder_at(table, i)->fingerprint;
}

typedef struct {
    HolderTable *table;
    const char *owner;
} HolderLoading;

static void load_holder(int64_t row, const Fingerprint *fingerprint, const char *id, const char *owner,
                        void *data)
{
    const HolderLoading *loading = data;
    HolderMark mark = {*fingerprint, row, !g_strcmp0(owner, loading->owner), false};
    (void)id;
    uint32_t i = loading->table->marks->len;
    g_array_append_val(loading->table->marks, mark);
    fingerprint_index_add(&loading->table->by_fingerprint, i);
}

HolderTable *holder_table_load(HolderIndex *index, const char *owner, GError **error)
{
    g_autoptr(HolderTable) table = g_new0(HolderTable, 1);
    table->marks = g_array_new(FALSE, FALSE, sizeof(HolderMark));
    fingerprint_index_init(&table->by_fingerprint, holder_fingerprint, table);
    HolderLoading loading = {table, owner};
    return holder_index_scan(index, load_holder, &loading, error) ? g_steal_pointer(&table) : NULL;
}

void holder_table_see(HolderTable *table, int64_t row)
{
    guint from = 0, to = table->marks->len;
    while (from < to) {
        guint middle = from + (to - from) / 2;
        if (holder_at(table, middle)->row < row)
            from = middle + 1;
        else
            to = middle;
    }
    if (from < table->marks->len && holder_at(table, from)->row == row)
        holder_at(table, from)->seen = true;
}

void holder_table_free(HolderTable *table)
{
    if (!table)
        return;
    g_array_unref(table->marks);
    fingerprint_index_clear(&table->by_fingerprint);
    g_free(table);
}

/*
 * pass_items.c - who is not known to be in sync, and what is needed to decide
 *
 * Joins what the two reads marked into items, opens those who may be touched by
 * others, and puts them in order.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

static uint32_t add_item(Pass *pass, uint32_t link)
{
    uint32_t i = pass->items->len;
    Item item = {
        .link = link, .source = NOWHERE, .target = NOWHERE, .waits_for = NOWHERE, .settlement = NOWHERE};
    g_array_append_val(pass->items, item);
    link_at(pass->links, link)->item = i;
    return i;
}

/* Who moved home is asked about in every run: the native may give the address up again. */
static bool is_in_sync(const Pass *pass, uint32_t link)
{
    const Link *known = link_at(pass->links, link);
    Mark source = (Mark)known->mark[SOURCE], target = (Mark)known->mark[TARGET];
    return source == MARK_SAME && !known->twice && (target == MARK_SAME || target == MARK_EQUAL) &&
           !(known->flags & (LINK_GRACED | LINK_YIELDED | LINK_RETRY)) &&
           !(known->flags & LINK_PARTLY && pass->newcomers);
}

static void add_known_item(Pass *pass, uint32_t link)
{
    uint32_t at = add_item(pass, link);
    for (int side = 0; side < SIDES; side++)
        item_at(pass, at)->mark[side] = link_at(pass->links, link)->mark[side];
}

/* Whether anything at all is not as it was, on either side: a member that was not found may be there now. */
static bool has_newcomers(Pass *pass)
{
    if (pass->side[SOURCE].records->len || pass->side[TARGET].records->len || pass->holders_changed)
        return true;
    for (guint i = 0; i < pass->links->links->len; i++)
        if (link_at(pass->links, i)->mark[SOURCE] == MARK_ABSENT ||
            link_at(pass->links, i)->mark[TARGET] == MARK_ABSENT)
            return true;
    return pass->outsiders_told || pass->outsiders != pass->outsiders_before;
}

/* Who is not looked at in this run stays in quarantine for what they are there. */
static bool keep_quarantined(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->links->links->len; i++) {
        g_auto(LinkRow) row = {0};
        g_autofree char *reason = NULL;
        if (!(link_at(pass->links, i)->flags & LINK_PARTLY) || link_item(pass, i))
            continue;
        if (!state_find_link(pass->state, link_at(pass->links, i)->row, &row, error) ||
            !state_quarantine_reason(pass->state, pass->step, row.anchor, &reason, error))
            return false;
        if (!reason)
            continue;
        pass->work.planned.of[COUNT_QUARANTINED]++;
        g_ptr_array_add(pass->quarantined, g_strdup(row.anchor));
        g_ptr_array_add(pass->quarantined, g_steal_pointer(&reason));
    }
    return true;
}

static void items_of_known_links(Pass *pass)
{
    for (guint i = 0; i < pass->links->links->len; i++)
        if (!is_in_sync(pass, i))
            add_known_item(pass, i);
}

/* Links (made where they are missing) and items for what was decoded. */
static void attach_records(Pass *pass, int side)
{
    for (guint i = 0; i < pass->side[side].records->len; i++) {
        Record *record = record_at(&pass->side[side], i);
        Fingerprint anchor = record_anchor(&pass->side[side], i);
        if (record->left_alone)
            continue;
        if (record->link == NOWHERE)
            record->link = fingerprint_index_find(&pass->links->by_anchor, anchor);
        if (record->link == NOWHERE) {
            record->link = link_table_add(pass->links, anchor);
            add_item(pass, record->link);
        }
    }
}

/* They are those of the links. */
static void forget_anchors(Side *side)
{
    g_clear_pointer(&side->anchors, g_array_unref);
    fingerprint_index_clear(&side->by_anchor);
}

/* Items have another order now. */
static void map_items(Pass *pass)
{
    for (guint i = 0; i < pass->items->len; i++)
        item_link(pass, item_at(pass, i))->item = i;
}

static void point_to_records(Pass *pass, int side)
{
    for (guint i = 0; i < pass->side[side].records->len; i++) {
        const Record *record = record_at(&pass->side[side], i);
        Item *item = record->left_alone ? NULL : link_item(pass, record->link);
        if (!item)
            continue;
        *(side == SOURCE ? &item->source : &item->target) = i;
        item->mark[side] = record->mark;
    }
}

/* The result must not depend on the order of the source: items are handled in order of anchor. Who has an
 * object comes before who is new: in the middle of an exchange, where a run may have ended, an address is
 * nobody's, and must not go to a newcomer for that. */
static int compare_items(const void *a, const void *b, void *data)
{
    const Pass *pass = data;
    bool a_is_new = ((const Item *)a)->mark[TARGET] == MARK_ABSENT,
         b_is_new = ((const Item *)b)->mark[TARGET] == MARK_ABSENT;
    if (a_is_new != b_is_new)
        return a_is_new ? 1 : -1;
    return fingerprint_compare(item_link(pass, a)->anchor, item_link(pass, b)->anchor);
}

/* A native that changed may now have the address of one of ours that did not. */
static void open_rival(const char *anchor, void *data)
{
    Pass *pass = data;
    uint32_t link;
    if (!link_table_find(pass->links, anchor, &link, pass->trouble ? NULL : &pass->trouble) ||
        link == NOWHERE || link_item(pass, link))
        return;
    add_known_item(pass, link);
}

#define KEYS_IN_FILTER 200

static void add_value(const char *value, void *data)
{
    g_ptr_array_add(data, g_bytes_new(value, strlen(value)));
}

static bool open_matches_in(Pass *pass, size_t source, const char *filter, GError **error)
{
    ReadRequest request;
    pass_request(pass, SOURCE, source, &request);
    request.filter = filter;
    g_autoptr(GPtrArray) found = directory_search(pass->side[SOURCE].directory, &request, G_MAXINT32, error);
    for (guint i = 0; found && i < found->len; i++) {
        const Entry *entry = g_ptr_array_index(found, i);
        g_autofree char *text = pass_anchor_of(pass, entry);
        if (text)
            open_rival(text, pass);
    }
    return found != NULL;
}

/* Our objects do not carry the keys of join rules: their people are looked up in the source. */
static bool open_joined(Pass *pass, const JoinRule *join, int64_t since, GError **error)
{
    g_autofree char *kind = g_ascii_strdown(join->target, -1);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (!holder_index_new_keys(pass->index, since, kind, add_value, values, error))
        return false;
    for (guint at = 0; at < values->len;) {
        g_autofree char *filter = filter_any_of(join->source, values, &at, KEYS_IN_FILTER);
        for (size_t i = 0; i < pass->settings->n_sources; i++)
            if (!open_matches_in(pass, i, filter, error))
                return false;
    }
    return true;
}

/* Since the last run that could act on it: a plan, a refused run or another connector may have read the
 * change before us. */
static bool open_rivals(Pass *pass, GError **error)
{
    const PassSettings *settings = pass->settings;
    g_autofree char *text = NULL;
    if (pass->force || !pass->work.population) /* everybody is open already, or there is nobody */
        return true;
    if (!pass_recall(pass, "index-serial", &text, error))
        return false;
    g_auto(GStrv) parts = g_strsplit(text ? text : "", " ", 2); /* id of the index, serial */
    bool same = parts[0] && parts[1] && !strcmp(parts[0], holder_index_id(pass->index));
    int64_t since = same ? g_ascii_strtoll(parts[1], NULL, 10) : 0;
    if (!holder_index_rivals(pass->index, since, pass->connector->uuid, open_rival, pass, error))
        return false;
    for (size_t i = 0; i < settings->n_joins; i++)
        if (!open_joined(pass, &settings->joins[i], since, error))
            return false;
    return true;
}

/* --- groups --- */

/* Whose name is not what the groups of ours have, or will not be: who leaves, and who was renamed or deleted
 * by somebody else. Renames of our own are told to the groups as they happen. */
static bool is_unlike_its_groups(const Pass *pass, const Item *item, const LinkRow *row, bool *is,
                                 GError **error)
{
    g_auto(Noted) noted = {0};
    *is = false;
    if (!row->dn || item_link(pass, item)->flags & LINK_GRACED)
        return true;
    *is = item->mark[TARGET] == MARK_ABSENT || (item->mark[SOURCE] == MARK_ABSENT && item->confirmed);
    if (*is || item->target == NOWHERE)
        return true;
    if (!record_noted(pass, TARGET, item->target, &noted, error))
        return false;
    *is = strcmp(noted.dn, row->dn) != 0;
    return true;
}

/* A file cannot be asked which groups somebody is in. */
static bool open_every_group(Pass *pass, GError **error)
{
    guint n = pass->items->len;
    if (n && !link_table_complete(pass->links, error))
        return false;
    for (guint i = 0; n && i < pass->links->links->len; i++) {
        int kind = pass_kind_of(pass, link_at(pass->links, i)->flags, NULL);
        if (!link_item(pass, i) && mapping_recipient(pass->mapping, (size_t)kind)->members)
            add_known_item(pass, i);
    }
    return true;
}

/* Groups that did not change themselves. */
static bool open_groups(Pass *pass, GError **error)
{
    if (directory_describe(pass->side[TARGET].directory)->capabilities & IS_FILE)
        return open_every_group(pass, error);
    g_autoptr(GPtrArray) dns = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < pass->items->len; i++) {
        g_auto(LinkRow) row = {0};
        int64_t known = item_link(pass, item_at(pass, i))->row;
        bool is_unlike = false;
        if (known && (!state_find_link(pass->state, known, &row, error) ||
                      !is_unlike_its_groups(pass, item_at(pass, i), &row, &is_unlike, error)))
            return false;
        if (is_unlike)
            g_ptr_array_add(dns, g_steal_pointer(&row.dn));
    }
    return membership_open_groups(pass, dns, open_rival, pass, error);
}

static bool has_groups(const Pass *pass)
{
    for (size_t i = 0; i < mapping_n_recipients(pass->mapping); i++)
        if (mapping_recipient(pass->mapping, i)->members &&
            pass->as[mapping_recipient(pass->mapping, i)->of] == mapping_recipient(pass->mapping, i)->as)
            return true;
    return false;
}

static void item_clear(void *data)
{
    ItemMore *more = ((Item *)data)->more;
    if (!more)
        return;
    entry_free(more->released);
    g_free(more->planned_dn);
    g_free(more->old_dn);
    g_clear_pointer(&more->rejoins, g_ptr_array_unref);
    g_clear_pointer(&more->postponed_after, g_array_unref);
    g_free(more);
}

ItemMore *item_make_more(Item *item)
{
    if (!item->more) {
        item->more = g_new0(ItemMore, 1);
        item->more->postponed = SPOOL_NOWHERE;
    }
    return item->more;
}

bool pass_make_items(Pass *pass, GError **error)
{
    pass->items = g_array_new(FALSE, TRUE, sizeof(Item));
    g_array_set_clear_func(pass->items, item_clear);
    pass->newcomers = has_newcomers(pass);
    items_of_known_links(pass);
    attach_records(pass, SOURCE);
    attach_records(pass, TARGET);
    forget_anchors(&pass->side[SOURCE]);
    map_items(pass);
    point_to_records(pass, SOURCE);
    point_to_records(pass, TARGET);
    if (!inquire_find(pass, error))
        return false;
    inquire_open(pass, open_rival);
    if (!open_rivals(pass, error) || !pass_confirm_missing(pass, error) ||
        (has_groups(pass) && !pass->force && !open_groups(pass, error)))
        return false;
    if (pass->trouble) {
        g_propagate_error(error, g_steal_pointer(&pass->trouble));
        return false;
    }
    g_qsort_with_data(pass->items->data, (gint)pass->items->len, sizeof(Item), compare_items, pass);
    map_items(pass);
    return keep_quarantined(pass, error) && pass_fetch_partners(pass, error);
}

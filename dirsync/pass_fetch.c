/*
 * pass_fetch.c - the content of a partner that had not changed itself, and who is really gone
 *
 * Entries are fetched by identity, many at a time, or read with their container
 * where much of it is wanted. Whoever the source no longer shows is asked for by
 * anchor, where the driver can, before anybody calls them missing.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/interrupt.h"

#include <string.h>

typedef struct {
    Pass *pass;
    int side;
    GArray *ids;      /* FetchId */
    GPtrArray *owned; /* what they point to */
    bool confirming;  /* asking the source about those it did not show */
} Fetching;

static void fetched_for_confirmation(Pass *pass, Item *item, const Entry *entry)
{
    if (!entry) {
        item->confirmed = true;
        return;
    }
    item->out_of_scope = pass_out_of_scope(pass, entry) != NULL;
    item->unconfirmed = !item->out_of_scope;
}

/* Whose object it is by its stamp; NULL: nobody's of those who are open. */
static Item *item_of_object(const Pass *pass, const Entry *entry)
{
    g_auto(Stamp) stamp = {0};
    if (!stamp_read(target_stamp(pass), target_schema(pass), entry, &stamp) ||
        strcmp(stamp.connector, pass->connector->uuid) != 0)
        return NULL;
    uint32_t link = fingerprint_index_find(&pass->links->by_anchor, fingerprint_string(stamp.anchor));
    return link == NOWHERE ? NULL : link_item(pass, link);
}

static bool keep_fetched(Pass *pass, size_t item, int side, const Entry *entry, GError **error)
{
    uint64_t nothing = SPOOL_NOWHERE, at;
    if (!pass->fetched[side])
        pass->fetched[side] = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    if (!spool_append(pass->side[side].spool, entry, &at, error))
        return false;
    while (pass->fetched[side]->len <= item)
        g_array_append_val(pass->fetched[side], nothing);
    g_array_index(pass->fetched[side], uint64_t, item) = at;
    return true;
}

static size_t index_of(const Pass *pass, const Item *item)
{
    return (size_t)(item - item_at(pass, 0));
}

uint64_t item_fetched(const Pass *pass, const Item *item, int side)
{
    const GArray *at = pass->fetched[side];
    size_t index = index_of(pass, item);
    return at && index < at->len ? g_array_index(at, uint64_t, index) : SPOOL_NOWHERE;
}

static bool fetched(size_t index, Entry *entry, void *data, GError **error)
{
    Fetching *fetching = data;
    Item *item = item_at(fetching->pass, (uint32_t)index);
    /* What a link leads to may have been given up, or never have come about: then somebody else is there. */
    if (entry && fetching->side == TARGET && item_of_object(fetching->pass, entry) != item)
        g_clear_pointer(&entry, entry_free);
    if (fetching->confirming)
        fetched_for_confirmation(fetching->pass, item, entry);
    else if (!entry) {
        item->mark[fetching->side] = MARK_ABSENT;
        item->confirmed |= fetching->side == SOURCE;
    }
    bool ok =
        fetching->confirming || !entry || keep_fetched(fetching->pass, index, fetching->side, entry, error);
    entry_free(entry);
    return ok;
}

static void bytes_free(void *bytes)
{
    g_bytes_unref(bytes);
}

static void want(Fetching *fetching, uint32_t index, const LinkRow *row)
{
    const Pass *pass = fetching->pass;
    GBytes *bytes = anchor_bytes(fetching->side == SOURCE ? row->anchor : row->id ? row->id : "");
    char *dn = fetching->side == TARGET ? g_strdup(row->dn) : NULL;
    FetchId id = {.dn = dn,
                  .id_attribute = fetching->side == SOURCE ? pass->anchor : pass->view.id_attribute,
                  .index = index};
    id.id.data = g_bytes_get_data(bytes, &id.id.len);
    if (fetching->side == TARGET && !row->id)
        id.id_attribute = NULL;
    g_array_append_val(fetching->ids, id);
    g_ptr_array_add(fetching->owned, bytes);
    if (dn)
        g_ptr_array_add(fetching->owned, g_bytes_new_take(dn, strlen(dn) + 1));
}

static void replace(char **text, char **by)
{
    g_free(*text);
    *text = g_steal_pointer(by);
}

bool item_noted(const Pass *pass, const Item *item, Noted *source, Noted *target, GError **error)
{
    return (item->source == NOWHERE || record_noted(pass, SOURCE, item->source, source, error)) &&
           (item->target == NOWHERE || record_noted(pass, TARGET, item->target, target, error));
}

bool item_identity(Pass *pass, const Item *item, LinkRow *row, GError **error)
{
    const Link *link = item_link(pass, item);
    if (link->row && !state_find_link(pass->state, link->row, row, error))
        return false;
    g_auto(Noted) source = {0}, target = {0};
    if (!item_noted(pass, item, &source, &target, error))
        return false;
    if (!row->anchor)
        row->anchor = g_strdup(target.anchor ? target.anchor : source.anchor ? source.anchor : "");
    if (item->target == NOWHERE)
        return true;
    replace(&row->dn, &target.dn); /* what was read now is truer than what is remembered */
    replace(&row->id, &target.id);
    return true;
}

static bool is_wanted(const Pass *pass, const Item *item, int side, bool confirming)
{
    Mark mark = (Mark)item->mark[side];
    if (item_fetched(pass, item, side) != SPOOL_NOWHERE)
        return false;
    if (confirming)
        return side == SOURCE && mark == MARK_ABSENT && item->mark[TARGET] != MARK_ABSENT && pass->may_remove;
    if (item->mark[SOURCE] == MARK_ABSENT && (side == SOURCE || !pass->may_remove))
        return false;
    return mark == MARK_SAME || mark == MARK_EQUAL;
}

/* Identities that are in memory at the same time. */
#define IDS_AT_ONCE 5000

static bool fetch_wanted(Fetching *fetching, GError **error)
{
    const Pass *pass = fetching->pass;
    int side = fetching->side;
    bool ok = !fetching->ids->len ||
              directory_fetch(pass->side[side].directory, (const FetchId *)(void *)fetching->ids->data,
                              fetching->ids->len, (const char *const *)pass->requests[side], fetched,
                              fetching, error);
    g_array_set_size(fetching->ids, 0);
    g_ptr_array_set_size(fetching->owned, 0);
    return ok;
}

static bool can_fetch_some(const Pass *pass, int side)
{
    unsigned can = directory_describe(pass->side[side].directory)->capabilities;
    return can & CAN_FETCH && !(can & IS_FILE);
}

static bool fetch_side(Pass *pass, int side, bool confirming, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(FetchId));
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(bytes_free);
    Fetching fetching = {pass, side, ids, owned, confirming};
    /* A file, or what a plan makes of a directory, would be read whole for each part. */
    bool in_parts = can_fetch_some(pass, side) && !pass->side[side].base;
    for (guint i = 0; i < pass->items->len; i++) {
        if (!is_wanted(pass, item_at(pass, i), side, confirming))
            continue;
        g_auto(LinkRow) row = {0};
        if (!item_identity(pass, item_at(pass, i), &row, error))
            return false;
        want(&fetching, i, &row);
        if (in_parts && ids->len >= IDS_AT_ONCE && !fetch_wanted(&fetching, error))
            return false;
    }
    return fetch_wanted(&fetching, error);
}

/* A file was read whole, which is the proof; a directory is asked again for each one it did not show. */
bool pass_confirm_missing(Pass *pass, GError **error)
{
    if (can_fetch_some(pass, SOURCE))
        return fetch_side(pass, SOURCE, true, error);
    for (guint i = 0; i < pass->items->len; i++)
        item_at(pass, i)->confirmed = item_at(pass, i)->mark[SOURCE] == MARK_ABSENT;
    return true;
}

/* --- many of our objects --- */

/* One search of the container costs less than one for each of so many, if they are this part of ours. */
#define MANY 1000
#define PART_OF_OURS 4

typedef struct {
    Pass *pass;
    size_t shown;
    bool failed; /* here, not at the server */
} Showing;

static bool are_many(const Pass *pass)
{
    size_t n = 0;
    if (!can_fetch_some(pass, TARGET) || pass->side[TARGET].base || pass->container_missing ||
        !*pass->settings->container)
        return false;
    for (guint i = 0; i < pass->items->len; i++)
        n += is_wanted(pass, item_at(pass, i), TARGET, false);
    return n >= MANY && n >= pass->work.population / PART_OF_OURS;
}

/* By identity: a copy has the same stamp. */
static bool keep_if_wanted(Pass *pass, const Entry *entry, GError **error)
{
    const Item *item = item_of_object(pass, entry);
    if (!item || !is_wanted(pass, item, TARGET, false))
        return true;
    g_auto(LinkRow) row = {0};
    g_autofree char *id = holder_id(&pass->view, entry);
    if (!item_identity(pass, item, &row, error))
        return false;
    return g_strcmp0(row.id, id) != 0 || keep_fetched(pass, index_of(pass, item), TARGET, entry, error);
}

static bool take_shown(const DirectoryItem *read, void *data, GError **error)
{
    Showing *showing = data;
    g_autoptr(Entry) entry = read->bad ? NULL : directory_item_decode(read, NULL);
    bool go_on = ++showing->shown % 1000 != 0 || !interrupt_pending(error);
    showing->failed = !go_on || (entry && !keep_if_wanted(showing->pass, entry, error));
    return !showing->failed;
}

/* A short cut: whoever is not taken here, whatever the reason, is fetched afterwards. */
static bool read_container(Pass *pass, GError **error)
{
    g_autofree char *ours = stamp_owner_filter(target_stamp(pass), pass->connector->uuid);
    g_autoptr(GError) trouble = NULL;
    Showing showing = {.pass = pass};
    ReadResult result = {0};
    ReadRequest request;
    pass_request(pass, TARGET, 0, &request);
    request.base = pass->settings->container;
    request.filter = ours;
    directory_read(pass->side[TARGET].directory, &request, take_shown, &showing, &result, &trouble);
    read_result_clear(&result);
    if (showing.failed)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return !showing.failed;
}

bool pass_fetch_partners(Pass *pass, GError **error)
{
    return fetch_side(pass, SOURCE, false, error) && (!are_many(pass) || read_container(pass, error)) &&
           fetch_side(pass, TARGET, false, error);
}

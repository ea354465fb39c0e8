/*
 * planned_entries.c - see planned_entries.h
 *
 * A node without an entry (its name is given up) is as good as a node with
 * one: it hides what the base has under that name. An entry that changes again
 * is appended to the spool again; the older bytes are not used any more.
 */
#include "dirsync/planned_entries.h"

#include "dirsync/directory/entry_update.h"
#include "dirsync/spool.h"

#include <string.h>

#define BATCH 256

typedef struct {
    Fingerprint dn; /* of the canonical name */
    Fingerprint id; /* of the default anchor's canonical value; zero: it has none */
    uint64_t at;    /* in the spool; SPOOL_NOWHERE: nothing has this name */
    bool added;     /* the base does not have the entry */
} Node;

struct PlannedEntries {
    Directory *base;
    const Schema *schema;
    char *anchor; /* the base's default; or NULL */
    Spool *spool;
    GArray *nodes;
    FingerprintIndex by_dn, by_id;
    size_t left_out;
};

static Node *node_at(const PlannedEntries *entries, uint32_t i)
{
    return &g_array_index(entries->nodes, Node, i);
}

static Fingerprint node_dn(const void *entries, uint32_t i)
{
    return node_at(entries, i)->dn;
}

static Fingerprint node_id(const void *entries, uint32_t i)
{
    return node_at(entries, i)->id;
}

/* False when the DN cannot be read. */
static bool dn_fingerprint(const PlannedEntries *entries, const char *dn, Fingerprint *fingerprint)
{
    g_autofree char *canonical = schema_normalise_dn(entries->schema, dn);
    if (canonical)
        *fingerprint = fingerprint_string(canonical);
    return canonical != NULL;
}

static Fingerprint id_fingerprint(const PlannedEntries *entries, Value id)
{
    g_autoptr(GString) canonical = g_string_new(NULL);
    schema_normalise(entries->schema, schema_attribute(entries->schema, entries->anchor), id, canonical);
    return fingerprint_bytes(canonical->str, canonical->len);
}

uint32_t planned_entries_count(const PlannedEntries *entries)
{
    return entries->nodes->len;
}

size_t planned_entries_left_out(const PlannedEntries *entries)
{
    return entries->left_out;
}

uint32_t planned_entries_find(const PlannedEntries *entries, const char *dn)
{
    Fingerprint fingerprint;
    if (!entries->nodes->len || !dn_fingerprint(entries, dn, &fingerprint))
        return NOWHERE;
    return fingerprint_index_find(&entries->by_dn, fingerprint);
}

uint32_t planned_entries_find_id(const PlannedEntries *entries, Value id)
{
    if (!entries->anchor || !entries->nodes->len)
        return NOWHERE;
    return fingerprint_index_find(&entries->by_id, id_fingerprint(entries, id));
}

bool planned_entries_read(const PlannedEntries *entries, uint32_t node, Entry **entry, GError **error)
{
    uint64_t at = node_at(entries, node)->at;
    *entry = at == SPOOL_NOWHERE ? NULL : spool_read(entries->spool, at, error);
    return *entry || at == SPOOL_NOWHERE;
}

/* The node of a name, made when there is none; NOWHERE for a DN that cannot be read. */
static uint32_t make_node(PlannedEntries *entries, const char *dn)
{
    Node node = {.at = SPOOL_NOWHERE};
    if (!dn_fingerprint(entries, dn, &node.dn))
        return NOWHERE;
    uint32_t found = fingerprint_index_find(&entries->by_dn, node.dn);
    if (found != NOWHERE)
        return found;
    g_array_append_val(entries->nodes, node);
    fingerprint_index_add(&entries->by_dn, entries->nodes->len - 1);
    return entries->nodes->len - 1;
}

/* An added entry gets an identity from its name, which no other has in the end. */
static void identify(const PlannedEntries *entries, Entry *entry, const Node *node)
{
    if (!entries->anchor)
        return;
    gssize old = entry_update_find(entries->schema, entry, entries->anchor);
    if (old >= 0)
        entry_remove(entry, (size_t)old);
    g_autofree char *name = fingerprint_hex(node->dn);
    g_autofree char *id = g_strconcat(PLANNED_ANCHOR_PREFIX, name, NULL);
    entry_add_string(entry, entries->anchor, id);
}

/* Puts @entry in the place of what the node has. */
static bool put(PlannedEntries *entries, uint32_t i, Entry *entry, bool added, GError **error)
{
    Node *node = node_at(entries, i);
    node->added = added;
    if (added)
        identify(entries, entry, node);
    const Attribute *id = entries->anchor ? schema_find(entries->schema, entry, entries->anchor) : NULL;
    node->id = id ? id_fingerprint(entries, id->values[0]) : (Fingerprint){0};
    return spool_append(entries->spool, entry, &node->at, error);
}

static void give_up(PlannedEntries *entries, uint32_t i)
{
    Node *node = node_at(entries, i);
    *node = (Node){.dn = node->dn, .at = SPOOL_NOWHERE};
}

static bool leave_out(PlannedEntries *entries)
{
    entries->left_out++;
    return true;
}

static bool take_add(PlannedEntries *entries, const Change *change, GError **error)
{
    uint32_t node = change->entry ? make_node(entries, change->dn) : NOWHERE;
    if (node == NOWHERE || node_at(entries, node)->at != SPOOL_NOWHERE)
        return leave_out(entries);
    g_autoptr(Entry) entry = entry_copy(change->entry);
    entry_set_dn(entry, change->dn);
    return put(entries, node, entry, true, error);
}

static bool take_delete(PlannedEntries *entries, const Change *change)
{
    uint32_t known = planned_entries_find(entries, change->dn);
    bool gone = known != NOWHERE && node_at(entries, known)->at == SPOOL_NOWHERE;
    uint32_t node = gone ? NOWHERE : make_node(entries, change->dn);
    if (node == NOWHERE)
        return leave_out(entries);
    give_up(entries, node);
    return true;
}

/* A modify or a rename: of an entry that is there, to a name that is free. */
static bool take_update(PlannedEntries *entries, const Change *change, GError **error)
{
    uint32_t from = planned_entries_find(entries, change->dn);
    g_autoptr(Entry) entry = NULL;
    if (from != NOWHERE && !planned_entries_read(entries, from, &entry, error))
        return false;
    if (!entry || !entry_update(entries->schema, entry, change, NULL))
        return leave_out(entries);
    uint32_t to = change->kind == CHANGE_RENAME ? make_node(entries, entry_dn(entry)) : from;
    if (to == NOWHERE || (to != from && node_at(entries, to)->at != SPOOL_NOWHERE))
        return leave_out(entries);
    bool added = node_at(entries, from)->added;
    give_up(entries, from);
    return put(entries, to, entry, added, error);
}

static bool take_change(PlannedEntries *entries, const Change *change, GError **error)
{
    switch (change->kind) {
    case CHANGE_ADD:
        return take_add(entries, change, error);
    case CHANGE_DELETE:
        return take_delete(entries, change);
    case CHANGE_MODIFY:
    case CHANGE_RENAME:
        return take_update(entries, change, error);
    case CHANGE_KINDS:
        break;
    }
    return leave_out(entries);
}

/** Entries of the base on their way into the spool, for the changes of one batch. */
typedef struct {
    PlannedEntries *entries;
    const GPtrArray *changes;
} Arrival;

static bool take_base_entry(size_t index, Entry *arrived, void *data, GError **error)
{
    Arrival *arrival = data;
    g_autoptr(Entry) entry = arrived;
    const Change *change = g_ptr_array_index(arrival->changes, index);
    if (!entry || planned_entries_find(arrival->entries, change->dn) != NOWHERE)
        return true;
    uint32_t node = make_node(arrival->entries, change->dn);
    return node == NOWHERE || put(arrival->entries, node, entry, false, error);
}

/* Everything that a server has, so that any request can be answered from it later. */
static bool fetch_base_entries(PlannedEntries *entries, const GPtrArray *changes, GError **error)
{
    const char *attributes[] = {"*", "+", entries->anchor, NULL};
    FetchId ids[BATCH];
    size_t n = 0;
    for (guint i = 0; i < changes->len; i++) {
        const Change *change = g_ptr_array_index(changes, i);
        bool updates = change->kind == CHANGE_MODIFY || change->kind == CHANGE_RENAME;
        if (updates && planned_entries_find(entries, change->dn) == NOWHERE)
            ids[n++] = (FetchId){.dn = change->dn, .index = i};
    }
    Arrival arrival = {entries, changes};
    return !n || directory_fetch(entries->base, ids, n, attributes, take_base_entry, &arrival, error);
}

static bool read_batch(GPtrArray *changes, PlannedNext next, void *data, GError **error)
{
    g_ptr_array_set_size(changes, 0);
    while (changes->len < BATCH) {
        Change *change = NULL;
        if (!next(&change, data, error))
            return false;
        if (!change)
            break;
        g_ptr_array_add(changes, change);
    }
    return true;
}

static bool take_all(PlannedEntries *entries, PlannedNext next, void *data, GError **error)
{
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    do {
        if (!read_batch(changes, next, data, error) || !fetch_base_entries(entries, changes, error))
            return false;
        for (guint i = 0; i < changes->len; i++)
            if (!take_change(entries, g_ptr_array_index(changes, i), error))
                return false;
    } while (changes->len == BATCH);
    for (uint32_t i = 0; i < entries->nodes->len; i++)
        fingerprint_index_add(&entries->by_id, i);
    return true;
}

PlannedEntries *planned_entries_new(Directory *base, PlannedNext next, void *data, GError **error)
{
    const DirectoryDescription *description = directory_describe(base);
    g_autoptr(PlannedEntries) entries = g_new0(PlannedEntries, 1);
    entries->base = base;
    entries->schema = description->schema;
    entries->anchor = g_strdup(description->default_anchor);
    entries->nodes = g_array_new(FALSE, FALSE, sizeof(Node));
    fingerprint_index_init(&entries->by_dn, node_dn, entries);
    fingerprint_index_init(&entries->by_id, node_id, entries);
    entries->spool = spool_new(g_get_tmp_dir(), error);
    if (!entries->spool || !take_all(entries, next, data, error))
        return NULL;
    return g_steal_pointer(&entries);
}

void planned_entries_free(PlannedEntries *entries)
{
    if (!entries)
        return;
    spool_free(entries->spool);
    fingerprint_index_clear(&entries->by_dn);
    fingerprint_index_clear(&entries->by_id);
    g_array_unref(entries->nodes);
    g_free(entries->anchor);
    g_free(entries);
}

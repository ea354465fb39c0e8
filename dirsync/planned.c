/*
 * planned.c - see planned.h
 *
 * Every answer has two parts: what the base says, without the entries that the
 * plan names, and what planned_entries has of them. Names and the base's
 * default anchor are looked up; for other questions all entries that the plan
 * names are gone through.
 */
#include "dirsync/planned.h"

#include "dirsync/directory/id_lookup.h"
#include "dirsync/directory/selection.h"
#include "dirsync/planned_entries.h"

typedef struct {
    Directory directory; /* first: what the engine sees */
    Directory *base;
    PlannedEntries *entries;
    DirectoryDescription description;
} Planned;

static bool is_named(const Planned *planned, const char *dn)
{
    return planned_entries_find(planned->entries, dn) != NOWHERE;
}

static const DirectoryDescription *planned_describe(Directory *directory)
{
    Planned *planned = (Planned *)directory;
    planned->description = *directory_describe(planned->base);
    planned->description.capabilities &= ~(unsigned)(CAN_WRITE | CAN_TELL_CHANGES);
    return &planned->description;
}

static void planned_close(Directory *directory)
{
    Planned *planned = (Planned *)directory;
    planned_entries_free(planned->entries);
    g_free(planned);
}

/* Calls @take for every entry of the plan that the request asks for, with the attributes that it asks for.
 * @take owns the entry. */
static bool each_match(Planned *planned, const Selection *selection, const char *const *attributes,
                       bool (*take)(Entry *entry, void *data, GError **error), void *data, GError **error)
{
    for (uint32_t i = 0; i < planned_entries_count(planned->entries); i++) {
        g_autoptr(Entry) entry = NULL;
        if (!planned_entries_read(planned->entries, i, &entry, error))
            return false;
        if (entry && selection_has_entry(selection, entry) &&
            !take(selection_copy_attributes(selection->schema, entry, attributes), data, error))
            return false;
    }
    return true;
}

static bool take_selection(Planned *planned, Selection *selection, const ReadRequest *request, GError **error)
{
    const DirectoryDescription *description = planned_describe(&planned->directory);
    return selection_init(selection, description->schema, request, description->base, error);
}

/* ---- reading */

typedef struct {
    Planned *planned;
    DirectorySink sink;
    void *data;
    size_t passed, hidden, added;
} Reading;

static bool pass_item(const DirectoryItem *item, void *data, GError **error)
{
    Reading *reading = data;
    if (item->bad || !is_named(reading->planned, item->where)) {
        reading->passed++;
        return reading->sink(item, reading->data, error);
    }
    reading->hidden++;
    return true;
}

static Entry *planned_decode(const DirectoryItem *item, GError **error)
{
    (void)error; /* it is an entry already */
    return entry_copy(item->handle);
}

static bool deliver(Entry *delivered, void *data, GError **error)
{
    Reading *reading = data;
    g_autoptr(Entry) entry = delivered;
    g_autoptr(GByteArray) content = g_byte_array_new();
    entry_serialise(entry, content);
    DirectoryItem item = {.fingerprint = fingerprint_bytes(content->data, content->len),
                          .where = entry_dn(entry),
                          .directory = &reading->planned->directory,
                          .handle = entry};
    reading->added++;
    return reading->sink(&item, reading->data, error);
}

/* A base that the plan itself makes has nothing in it yet but what the plan puts there. */
static bool read_base(Reading *reading, const ReadRequest *request, const Selection *selection,
                      ReadResult *result, GError **error)
{
    Planned *planned = reading->planned;
    g_autoptr(GError) cause = NULL;
    if (directory_read(planned->base, request, pass_item, reading, result, &cause))
        return true;
    if (error_is(cause, ERROR_NOT_FOUND) && reading->passed + reading->hidden == 0 &&
        is_named(planned, selection->base)) {
        read_result_clear(result);
        result->proof = PROOF_COMPLETE;
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool planned_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                         ReadResult *result, GError **error)
{
    Planned *planned = (Planned *)directory;
    Reading reading = {.planned = planned, .sink = sink, .data = data};
    g_auto(Selection) selection = {0};
    if (!take_selection(planned, &selection, request, error) ||
        !read_base(&reading, request, &selection, result, error))
        return false;
    bool good = each_match(planned, &selection, request->attributes, deliver, &reading, error);
    result->entries = result->entries - reading.hidden + reading.added;
    return good;
}

/* ---- searching */

typedef struct {
    Planned *planned;
    GPtrArray *found;
    size_t max;
} Search;

static bool has_too_many(const Search *search, size_t found, GError **error)
{
    if (found > search->max)
        error_set(error, ERROR_SERVER_LIMIT, "%s: more than %zu entries match",
                  planned_describe(&search->planned->directory)->subject, search->max);
    return found > search->max;
}

static bool take_found(Entry *entry, void *data, GError **error)
{
    Search *search = data;
    if (has_too_many(search, search->found->len + 1, error)) {
        entry_free(entry);
        return false;
    }
    g_ptr_array_add(search->found, entry);
    return true;
}

/* The base may find as many more as the plan could hide. */
static bool search_base(Search *search, const ReadRequest *request, GError **error)
{
    Planned *planned = search->planned;
    size_t hidden = planned_entries_count(planned->entries);
    size_t max = search->max < SIZE_MAX - hidden ? search->max + hidden : SIZE_MAX;
    g_clear_pointer(&search->found, g_ptr_array_unref);
    search->found = directory_search(planned->base, request, max, error);
    for (guint i = search->found ? search->found->len : 0; i-- > 0;)
        if (is_named(planned, entry_dn(g_ptr_array_index(search->found, i))))
            g_ptr_array_remove_index(search->found, i);
    return search->found && !has_too_many(search, search->found->len, error);
}

/* One entry by name, which is what most searches are. */
static bool search_name(Search *search, uint32_t node, const Selection *selection,
                        const char *const *attributes, GError **error)
{
    g_autoptr(Entry) entry = NULL;
    if (!planned_entries_read(search->planned->entries, node, &entry, error))
        return false;
    if (!entry || !selection_has_entry(selection, entry))
        return true;
    return take_found(selection_copy_attributes(selection->schema, entry, attributes), search, error);
}

static bool search_all(Search *search, const ReadRequest *request, GError **error)
{
    g_auto(Selection) selection = {0};
    if (!take_selection(search->planned, &selection, request, error))
        return false;
    uint32_t node = request->scope == SEARCH_BASE
                        ? planned_entries_find(search->planned->entries, selection.base)
                        : NOWHERE;
    if (node != NOWHERE)
        return search_name(search, node, &selection, request->attributes, error);
    if (!search_base(search, request, error))
        return false;
    return request->scope == SEARCH_BASE ||
           each_match(search->planned, &selection, request->attributes, take_found, search, error);
}

static GPtrArray *planned_search(Directory *directory, const ReadRequest *request, size_t max, GError **error)
{
    Search search = {.planned = (Planned *)directory,
                     .found = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free),
                     .max = max};
    if (search_all(&search, request, error))
        return search.found;
    g_clear_pointer(&search.found, g_ptr_array_unref);
    return NULL;
}

/* ---- fetching */

typedef struct {
    Planned *planned;
    const Schema *schema;
    const char *anchor;
    const FetchId *ids;
    size_t n_ids;
    bool *answered;
    const char *const *attributes;
    DirectoryFetched fetched;
    void *data;
} Fetch;

static bool answer(Fetch *fetch, size_t i, const Entry *entry, GError **error)
{
    fetch->answered[i] = true;
    Entry *copy = entry ? selection_copy_attributes(fetch->schema, entry, fetch->attributes) : NULL;
    return fetch->fetched(fetch->ids[i].index, copy, fetch->data, error);
}

static bool has_id(const Fetch *fetch, const Entry *entry, const FetchId *id)
{
    const Attribute *attribute = schema_find(fetch->schema, entry, id->id_attribute);
    const AttributeType *type = schema_attribute(fetch->schema, id->id_attribute);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (schema_values_equal(fetch->schema, type, attribute->values[i], id->id))
            return true;
    return false;
}

static bool is_default_anchor(const Fetch *fetch, const FetchId *id)
{
    return fetch->anchor && schema_same_attribute(fetch->schema, fetch->anchor, id->id_attribute);
}

/* Answers from the node, when it is the object that is meant. */
static bool try_node(Fetch *fetch, size_t i, uint32_t node, GError **error)
{
    const FetchId *id = &fetch->ids[i];
    g_autoptr(Entry) entry = NULL;
    if (node == NOWHERE)
        return true;
    if (!planned_entries_read(fetch->planned->entries, node, &entry, error))
        return false;
    bool meant = !id->id_attribute || (entry && has_id(fetch, entry, id));
    return !meant || answer(fetch, i, entry, error);
}

static bool look_up(Fetch *fetch, GError **error)
{
    const PlannedEntries *entries = fetch->planned->entries;
    for (size_t i = 0; i < fetch->n_ids; i++) {
        const FetchId *id = &fetch->ids[i];
        if (id->dn && !try_node(fetch, i, planned_entries_find(entries, id->dn), error))
            return false;
        if (!fetch->answered[i] && id->id_attribute && is_default_anchor(fetch, id) &&
            !try_node(fetch, i, planned_entries_find_id(entries, id->id), error))
            return false;
    }
    return true;
}

static bool take_looked_up(size_t i, Entry *found, void *data, GError **error)
{
    g_autoptr(Entry) entry = found;
    return answer(data, i, entry, error);
}

static bool offer_entries(Fetch *fetch, IdLookup *lookup, GError **error)
{
    for (uint32_t i = 0; lookup->left && i < planned_entries_count(fetch->planned->entries); i++) {
        g_autoptr(Entry) entry = NULL;
        if (!planned_entries_read(fetch->planned->entries, i, &entry, error) ||
            (entry && !id_lookup_offer(lookup, entry, error)))
            return false;
    }
    return true;
}

/* Ids other than the default anchor have no index. */
static bool go_through(Fetch *fetch, GError **error)
{
    g_autoptr(GArray) left = g_array_new(FALSE, FALSE, sizeof(FetchId));
    for (size_t i = 0; i < fetch->n_ids; i++) {
        FetchId id = fetch->ids[i];
        if (fetch->answered[i] || !id.id_attribute || is_default_anchor(fetch, &id))
            continue;
        id.index = i;
        g_array_append_val(left, id);
    }
    if (!left->len)
        return true;
    IdLookup lookup = {.ids = (const FetchId *)(void *)left->data,
                       .n_ids = left->len,
                       .fetched = take_looked_up,
                       .data = fetch,
                       .every_attribute = true};
    id_lookup_begin(&lookup);
    bool good = offer_entries(fetch, &lookup, error);
    id_lookup_end(&lookup);
    return good;
}

/* What the base finds under a name that the plan names is not there any more, or was found before. */
static bool take_from_base(size_t index, Entry *found, void *data, GError **error)
{
    Fetch *fetch = data;
    g_autoptr(Entry) entry = found;
    bool is_shown = entry && !is_named(fetch->planned, entry_dn(entry));
    return fetch->fetched(index, is_shown ? g_steal_pointer(&entry) : NULL, fetch->data, error);
}

static bool ask_base(Fetch *fetch, GError **error)
{
    g_autoptr(GArray) left = g_array_new(FALSE, FALSE, sizeof(FetchId));
    for (size_t i = 0; i < fetch->n_ids; i++)
        if (!fetch->answered[i])
            g_array_append_val(left, fetch->ids[i]);
    return !left->len || directory_fetch(fetch->planned->base, (const FetchId *)(void *)left->data, left->len,
                                         fetch->attributes, take_from_base, fetch, error);
}

static bool planned_fetch(Directory *directory, const FetchId *ids, size_t n_ids,
                          const char *const *attributes, DirectoryFetched fetched, void *data, GError **error)
{
    const DirectoryDescription *description = planned_describe(directory);
    g_autofree bool *answered = g_try_new0(bool, n_ids + 1);
    Fetch fetch = {.planned = (Planned *)directory,
                   .schema = description->schema,
                   .anchor = description->default_anchor,
                   .ids = ids,
                   .n_ids = n_ids,
                   .answered = answered,
                   .attributes = attributes,
                   .fetched = fetched,
                   .data = data};
    if (!answered) {
        error_set(error, ERROR_IO, "%s: no memory to fetch %zu objects; fetch fewer", description->subject,
                  n_ids);
        return false;
    }
    return look_up(&fetch, error) && go_through(&fetch, error) && ask_base(&fetch, error);
}

static const DirectoryDriver planned_driver = {
    .name = "planned",
    .close = planned_close,
    .describe = planned_describe,
    .read = planned_read,
    .fetch = planned_fetch,
    .search = planned_search,
};

Directory *planned_open(Directory *base, PlannedNext next, void *data, GError **error)
{
    const DirectoryDescription *description = directory_describe(base);
    if (description->capabilities & IS_FILE) {
        error_set(error, ERROR_DEFINITION, "%s: a plan for a file cannot be looked ahead of; use a server",
                  description->subject);
        return NULL;
    }
    PlannedEntries *entries = planned_entries_new(base, next, data, error);
    if (!entries)
        return NULL;
    Planned *planned = g_new0(Planned, 1);
    planned->directory = (Directory){.driver = &planned_driver, .decode = planned_decode};
    planned->base = base;
    planned->entries = entries;
    return &planned->directory;
}

size_t planned_left_out(Directory *planned)
{
    return planned_entries_left_out(((Planned *)planned)->entries);
}

/*
 * memory.c - the driver over stores in memory
 *
 * Submitted changes wait until eight are outstanding or flush() is called, and
 * are then applied to the store in reverse order: whoever relies on the order
 * of outstanding changes is found out. What still waits when the directory is
 * closed is dropped, as on a cut connection.
 */
#include "dirsync/directory/memory.h"

#include "dirsync/directory/id_lookup.h"
#include "dirsync/directory/memory_store.h"
#include "dirsync/directory/selection.h"
#include "dirsync/dn.h"

static Entry *memory_decode(const DirectoryItem *item, GError **error)
{
    (void)error; /* what is in memory can always be decoded */
    return entry_copy(item->handle);
}

static Directory *memory_open(const Endpoint *endpoint, GError **error)
{
    MemoryStore *store = endpoint->path ? memory_store_find(endpoint->path) : NULL;
    if (!store) {
        error_set(error, ERROR_UNREACHABLE, "memory:%s: there is no such store",
                  endpoint->path ? endpoint->path : "");
        return NULL;
    }
    Memory *memory = g_new0(Memory, 1);
    memory->base = (Directory){.driver = &memory_driver, .decode = memory_decode};
    memory->endpoint = endpoint;
    memory->store = store;
    memory->subject = g_strconcat("memory:", endpoint->path, NULL);
    memory->contexts = g_ptr_array_new_with_free_func(g_free);
    return &memory->base;
}

static void memory_close(Directory *directory)
{
    Memory *memory = (Memory *)directory;
    g_ptr_array_unref(memory->contexts);
    g_free(memory->subject);
    g_free(memory);
}

/* Entries whose parent is not in the store. Asked for once: it takes a look at everything. */
static void find_contexts(Memory *memory)
{
    if (memory->contexts->len > 1)
        return;
    g_ptr_array_set_size(memory->contexts, 0);
    for (GList *link = memory->store->order.head; link; link = link->next) {
        const MemoryNode *node = link->data;
        g_autofree char *parent = dn_parent(entry_dn(node->entry));
        g_autofree char *normalised = parent ? schema_normalise_dn(schema_standard(), parent) : NULL;
        if (!normalised || !memory_store_node(memory->store, normalised))
            g_ptr_array_add(memory->contexts, g_strdup(entry_dn(node->entry)));
    }
    g_ptr_array_add(memory->contexts, NULL);
}

static const DirectoryDescription *memory_describe(Directory *directory)
{
    Memory *memory = (Memory *)directory;
    bool tells = memory->store->telling != MEMORY_TELLS_NOTHING;
    find_contexts(memory);
    memory->description = (DirectoryDescription){
        .capabilities = CAN_WRITE | CAN_FETCH | HAS_SCHEMA | CAN_SET_PASSWORD |
                        (memory->store->assertions ? CAN_ASSERT : 0) | (tells ? CAN_TELL_CHANGES : 0),
        .schema = schema_standard(),
        .default_anchor = "entryUUID",
        .naming_contexts = (char **)memory->contexts->pdata,
        .base = memory->endpoint->base,
        .subject = memory->subject,
        .batch = MEMORY_WINDOW};
    return &memory->description;
}

bool memory_base_exists(const Memory *memory, const char *base)
{
    if (*base == '\0' || memory_store_node(memory->store, base))
        return true;
    for (GList *link = memory->store->order.head; link; link = link->next)
        if (normalised_dn_within(((MemoryNode *)link->data)->dn, base))
            return true;
    return false;
}

static Fingerprint fingerprint_entry(const Entry *entry)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    entry_serialise(entry, bytes);
    return fingerprint_bytes(bytes->data, bytes->len);
}

DirectoryItem memory_item(Memory *memory, Entry *entry)
{
    return (DirectoryItem){.fingerprint = fingerprint_entry(entry),
                           .where = entry_dn(entry),
                           .directory = &memory->base,
                           .handle = entry};
}

static bool memory_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                        ReadResult *result, GError **error)
{
    Memory *memory = (Memory *)directory;
    g_auto(Selection) selection = {0};
    *result = (ReadResult){.proof = PROOF_UNKNOWN};
    if (!selection_init(&selection, schema_standard(), request, memory->endpoint->base, error))
        return false;
    if (!memory_base_exists(memory, selection.base)) {
        error_set(error, ERROR_NOT_FOUND, "%s: the base \"%s\" does not exist", memory->subject,
                  selection.base);
        return false;
    }
    for (GList *link = memory->store->order.head; link; link = link->next) {
        const MemoryNode *node = link->data;
        if (!selection_has_entry(&selection, node->entry))
            continue;
        g_autoptr(Entry) entry =
            selection_copy_attributes(schema_standard(), node->entry, request->attributes);
        DirectoryItem item = memory_item(memory, entry);
        if (!sink(&item, data, error))
            return false;
        result->entries++;
    }
    result->proof = PROOF_COMPLETE;
    return true;
}

static bool memory_fetch(Directory *directory, const FetchId *ids, size_t n_ids,
                         const char *const *attributes, DirectoryFetched fetched, void *data, GError **error)
{
    Memory *memory = (Memory *)directory;
    IdLookup lookup = {
        .ids = ids, .n_ids = n_ids, .fetched = fetched, .data = data, .attributes = attributes};
    bool good = true;
    id_lookup_begin(&lookup);
    for (GList *link = memory->store->order.head; link && good && lookup.left; link = link->next)
        good = id_lookup_offer(&lookup, ((MemoryNode *)link->data)->entry, error);
    good = good && id_lookup_answer_missing(&lookup, error);
    id_lookup_end(&lookup);
    return good;
}

static GPtrArray *memory_search(Directory *directory, const ReadRequest *request, size_t max, GError **error)
{
    Memory *memory = (Memory *)directory;
    g_auto(Selection) selection = {0};
    if (!selection_init(&selection, schema_standard(), request, memory->endpoint->base, error))
        return NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    for (GList *link = memory->store->order.head; link; link = link->next) {
        const Entry *entry = ((MemoryNode *)link->data)->entry;
        if (!selection_has_entry(&selection, entry))
            continue;
        if (found->len >= max) {
            error_set(error, ERROR_SERVER_LIMIT, "%s: more than %zu entries match", memory->subject, max);
            return NULL;
        }
        g_ptr_array_add(found, selection_copy_attributes(schema_standard(), entry, request->attributes));
    }
    return g_steal_pointer(&found);
}

/* Works on a copy of the list: a completion may submit the next change. */
static void complete_outstanding(Memory *memory)
{
    MemoryOutstanding batch[MEMORY_WINDOW];
    size_t n = memory->n_outstanding;
    for (size_t i = 0; i < n; i++)
        batch[i] = memory->outstanding[i];
    memory->n_outstanding = 0;
    while (n-- > 0) {
        g_autoptr(GError) error = NULL;
        bool done = memory_store_apply(memory->store, batch[n].change, &error);
        batch[n].done(batch[n].change, done ? OUTCOME_DONE : OUTCOME_FAILED, error, batch[n].data);
    }
}

static bool memory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                          GError **error)
{
    (void)error; /* a store in memory can always take one more */
    Memory *memory = (Memory *)directory;
    memory->outstanding[memory->n_outstanding++] =
        (MemoryOutstanding){.change = change, .done = done, .data = data};
    if (memory->n_outstanding == MEMORY_WINDOW)
        complete_outstanding(memory);
    return true;
}

static bool memory_flush(Directory *directory, GError **error)
{
    (void)error;
    Memory *memory = (Memory *)directory;
    while (memory->n_outstanding)
        complete_outstanding(memory);
    return true;
}

const DirectoryDriver memory_driver = {
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .describe = memory_describe,
    .read = memory_read,
    .changes = memory_changes,
    .fetch = memory_fetch,
    .search = memory_search,
    .submit = memory_submit,
    .flush = memory_flush,
};

/*
 * memory_changes.c - the driver over stores in memory tells what has changed
 *
 * As servers with a log of their changes do, or as those that can only tell
 * who is there (memory_store_set_changes).
 */
#include "dirsync/directory/cursor.h"
#include "dirsync/directory/memory_store.h"
#include "dirsync/directory/selection.h"

#include <string.h>

#define KIND "memory1"

enum { FIELD_IDENTITY, FIELD_REQUEST, FIELD_NUMBER, FIELDS };

/** One request for changes. */
typedef struct {
    Memory *memory;
    const ReadRequest *request;
    Selection selection;
    DirectoryChangeSink sink;
    void *data;
    ChangesResult *result;
    guint64 since; /* changes after this number count */
} Telling;

static char *present_cursor(const Telling *telling)
{
    const MemoryLog *log = &telling->memory->store->log;
    g_autofree char *request = cursor_digest_request(telling->request, telling->memory->endpoint->base);
    g_autofree char *number = g_strdup_printf("%" G_GUINT64_FORMAT, log->number);
    const char *const fields[] = {log->identity, request, number, NULL};
    return cursor_join(KIND, fields);
}

/* NULL, and @since is set, when it can be gone on from the cursor; else why not. */
static char *refuse_cursor(Telling *telling, const char *cursor)
{
    const MemoryLog *log = &telling->memory->store->log;
    if (telling->memory->store->telling == MEMORY_TELLS_NOTHING)
        return g_strdup("the store does not tell what has changed");
    g_autofree char *request = cursor_digest_request(telling->request, telling->memory->endpoint->base);
    g_auto(GStrv) fields = cursor_split(cursor, KIND, FIELDS);
    if (!fields || strcmp(fields[FIELD_REQUEST], request) != 0)
        return g_strdup("the cursor is of another request");
    if (strcmp(fields[FIELD_IDENTITY], log->identity) != 0)
        return g_strdup("the cursor is of another store, or the store has forgotten it");
    telling->since = g_ascii_strtoull(fields[FIELD_NUMBER], NULL, 10);
    if (telling->since > log->number)
        return g_strdup("the store is older than the cursor");
    for (guint i = 0; i < log->containers->len; i++) {
        const MovedContainer *moved = &g_array_index(log->containers, MovedContainer, i);
        if (moved->number > telling->since && normalised_dn_within(moved->dn, telling->selection.base))
            return g_strdup_printf("a container has come, gone or moved: %s", moved->dn);
    }
    return NULL;
}

static const char *uuid_of(const Entry *entry)
{
    return schema_find_string(schema_standard(), entry, "entryUUID");
}

static bool tell_entry(Telling *telling, const Entry *entry, GError **error)
{
    g_autoptr(Entry) copy = selection_copy_attributes(schema_standard(), entry, telling->request->attributes);
    DirectoryItem item = memory_item(telling->memory, copy);
    DirectoryChange change = {.told = TOLD_ENTRY, .item = &item};
    telling->result->read.entries++;
    return telling->sink(&change, telling->data, error);
}

static bool tell_identity(Telling *telling, Told told, const char *uuid, GError **error)
{
    DirectoryChange change = {.told = told, .id = {uuid, strlen(uuid)}};
    return telling->sink(&change, telling->data, error);
}

/* Of everybody; @whole: of those that did not change too there is the entry. */
static bool tell_everybody(Telling *telling, bool whole, GError **error)
{
    const MemoryStore *store = telling->memory->store;
    for (GList *link = store->order.head; link; link = link->next) {
        const Entry *entry = ((MemoryNode *)link->data)->entry;
        const char *uuid = uuid_of(entry);
        if (!selection_has_entry(&telling->selection, entry))
            continue;
        bool told = whole || !uuid || memory_log_changed(&store->log, uuid, telling->since)
                        ? tell_entry(telling, entry, error)
                        : tell_identity(telling, TOLD_PRESENT, uuid, error);
        if (!told)
            return false;
    }
    return true;
}

static GHashTable *entries_by_uuid(const MemoryStore *store)
{
    GHashTable *entries = g_hash_table_new(g_str_hash, g_str_equal);
    for (GList *link = store->order.head; link; link = link->next) {
        Entry *entry = ((MemoryNode *)link->data)->entry;
        const char *uuid = uuid_of(entry);
        if (uuid)
            g_hash_table_insert(entries, (gpointer)uuid, entry);
    }
    return entries;
}

static bool tell_changed(Telling *telling, GError **error)
{
    const MemoryStore *store = telling->memory->store;
    g_autoptr(GHashTable) entries = entries_by_uuid(store);
    g_autoptr(GPtrArray) changed = memory_log_since(&store->log, telling->since);
    for (guint i = 0; i < changed->len; i++) {
        const char *uuid = g_ptr_array_index(changed, i);
        const Entry *entry = g_hash_table_lookup(entries, uuid);
        bool there = entry && selection_has_entry(&telling->selection, entry);
        if (!(there ? tell_entry(telling, entry, error) : tell_identity(telling, TOLD_GONE, uuid, error)))
            return false;
    }
    return true;
}

static bool tell(Telling *telling, const char *cursor, GError **error)
{
    ChangesResult *result = telling->result;
    MemoryTelling kind = telling->memory->store->telling;
    result->full_reason = cursor ? refuse_cursor(telling, cursor) : NULL;
    if (result->full_reason)
        return true;
    g_autofree char *present = present_cursor(telling); /* the sink may write */
    result->by_absence = cursor && kind == MEMORY_TELLS_PRESENCE;
    bool told = cursor && kind == MEMORY_TELLS_CHANGES ? tell_changed(telling, error)
                                                       : tell_everybody(telling, !cursor, error);
    if (!told)
        return false;
    result->read.proof = PROOF_COMPLETE;
    result->cursor = kind == MEMORY_TELLS_NOTHING ? NULL : g_steal_pointer(&present);
    return true;
}

bool memory_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                    DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error)
{
    Memory *memory = (Memory *)directory;
    Telling telling = {.memory = memory, .request = request, .sink = sink, .data = data, .result = result};
    *result = (ChangesResult){.read = {.proof = PROOF_UNKNOWN}};
    if (!selection_init(&telling.selection, schema_standard(), request, memory->endpoint->base, error))
        return false;
    bool good = false;
    if (!memory_base_exists(memory, telling.selection.base))
        error_set(error, ERROR_NOT_FOUND, "%s: the base \"%s\" does not exist", memory->subject,
                  telling.selection.base);
    else
        good = tell(&telling, cursor, error);
    selection_clear(&telling.selection);
    return good;
}

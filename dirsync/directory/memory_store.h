/*
 * memory_store.h - the entries behind memory.h, for its modules only
 *
 * memory_log.c what has changed in them, memory_store.c holds the entries and the registry of stores,
 * memory_update.c applies changes to them as a server would, memory.c is the
 * driver, memory_changes.c its part that tells what has changed. A store is used by one thread at a time.
 */
#ifndef DIRSYNC_DIRECTORY_MEMORY_STORE_H
#define DIRSYNC_DIRECTORY_MEMORY_STORE_H

#include "dirsync/directory/memory.h"
#include "dirsync/directory/memory_log.h"

/** One entry in the tree. */
typedef struct {
    Entry *entry;
    char *dn;    /* canonical */
    GList *link; /* in the store's order */
} MemoryNode;

struct MemoryStore {
    char *name;
    GQueue order;        /* MemoryNode, as they came */
    GHashTable *by_dn;   /* canonical DN → MemoryNode */
    GHashTable *holders; /* GBytes of a unique value → MemoryNode */
    char **unique;       /* attributes whose values are unique; or NULL */
    bool assertions, read_only;
    char *path; /* file that keeps the store, or NULL */
    size_t writes;
    MemoryLog log;
    MemoryTelling telling;
};

/** The store of that name, or NULL. */
MemoryStore *memory_store_find(const char *name);

MemoryNode *memory_store_node(const MemoryStore *store, const char *normalised_dn);
/** Takes @entry; its DN must be valid and not in the store. */
MemoryNode *memory_store_insert(MemoryStore *store, Entry *entry);
/** Takes @entry in place of the node's; the DN may be another one that is not in the store. */
void memory_store_replace(MemoryStore *store, MemoryNode *node, Entry *entry);
void memory_store_remove(MemoryStore *store, MemoryNode *node);
/** True when something lies below. */
bool memory_store_has_children(const MemoryStore *store, const MemoryNode *node);
/** NULL, or the first attribute with a unique value that another node than @self holds. */
const char *memory_store_find_duplicate(const MemoryStore *store, const Entry *entry, const MemoryNode *self);
/** Writes the file that keeps the store, if there is one. */
bool memory_store_save(const MemoryStore *store, GError **error);

#define MEMORY_WINDOW 8

typedef struct {
    const Change *change;
    DirectoryDone done;
    void *data;
} MemoryOutstanding;

/** A directory open on a store (memory.c). */
typedef struct {
    Directory base;
    const Endpoint *endpoint;
    MemoryStore *store;
    DirectoryDescription description;
    GPtrArray *contexts;
    char *subject;
    MemoryOutstanding outstanding[MEMORY_WINDOW];
    size_t n_outstanding;
} Memory;

/** A base must exist, or lie above what exists: the suffix need not be an entry. */
bool memory_base_exists(const Memory *memory, const char *normalised_base);
/** What is delivered of @entry, which must live as long. */
DirectoryItem memory_item(Memory *memory, Entry *entry);

/** For the driver. */
bool memory_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                    DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error);

/** Applies one change as a server would: done, or refused with nothing changed. */
bool memory_store_apply(MemoryStore *store, const Change *change, GError **error);

#endif

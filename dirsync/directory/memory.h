/*
 * memory.h - a directory in memory, for tests
 *
 * Behaves as an LDAP server does, as far as the engine can see: schema checked,
 * parents must exist, equality by rule, assertions, entryUUID, optional
 * uniqueness of attributes, random passwords. A store outlives the directories opened on it, so
 * a "crash" can be followed by another open. Endpoint: driver "memory", path =
 * name of the store.
 */
#ifndef DIRSYNC_DIRECTORY_MEMORY_H
#define DIRSYNC_DIRECTORY_MEMORY_H

#include "dirsync/directory/directory.h"

/** What userPassword begins with after a change with random_password; the rest is another one each time. */
#define MEMORY_RANDOM_PASSWORD "{RANDOM}"

typedef struct MemoryStore MemoryStore;

/** Makes (or empties) the store of that name; lives until memory_store_drop(). */
MemoryStore *memory_store(const char *name);
void memory_store_drop(const char *name);

/** Loads the LDIF content; gives each entry an entryUUID unless it has one. */
bool memory_store_load(MemoryStore *store, const char *ldif, GError **error);
/** Everything as LDIF, sorted by normalised DN, attributes and values sorted; entryUUID only when
 *  @with_uuid, and random passwords as MEMORY_RANDOM_PASSWORD alone. The form in which tests compare.
 *  g_free(). */
char *memory_store_dump(MemoryStore *store, bool with_uuid);
size_t memory_store_writes(MemoryStore *store); /* changes done since it was made */
size_t memory_store_size(MemoryStore *store);
/** Values of these attributes must be unique in the whole store (as slapd's unique overlay). */
void memory_store_set_unique(MemoryStore *store, const char *const *attributes);
void memory_store_set_assertions(MemoryStore *store, bool offered); /* default true */
void memory_store_set_read_only(MemoryStore *store, bool read_only);
/** Keeps the store in a file: loaded now when it exists, rewritten (atomically) after every change, so
 *  that it outlives a killed process, and its cursors too, unless somebody edits the file. */
bool memory_store_set_file(MemoryStore *store, const char *path, GError **error);

/** How it answers directory_changes(). As of a real server, a container that comes, goes or gets another name
 *  is a reason to read everything. */
typedef enum {
    MEMORY_TELLS_CHANGES,  /* TOLD_ENTRY and TOLD_GONE: the default */
    MEMORY_TELLS_PRESENCE, /* TOLD_ENTRY and TOLD_PRESENT */
    MEMORY_TELLS_NOTHING   /* not at all: CAN_TELL_CHANGES is not among its capabilities */
} MemoryTelling;

void memory_store_set_changes(MemoryStore *store, MemoryTelling telling);
/** It does not know what has changed since any cursor that it gave. */
void memory_store_forget_changes(MemoryStore *store);

extern const DirectoryDriver memory_driver;

#endif

/*
 * planned_entries.h - the entries that a plan names, as it will leave them
 *
 * For planned.c. Every name that a change gives or takes is a node of some
 * fifty bytes; the entry that will have the name is in a spool on disk. The
 * changes are carried out as they come, on entries that are fetched from the
 * base many at a time, so that afterwards each entry is read once.
 */
#ifndef DIRSYNC_PLANNED_ENTRIES_H
#define DIRSYNC_PLANNED_ENTRIES_H

#include "dirsync/link_table.h"
#include "dirsync/planned.h"

typedef struct PlannedEntries PlannedEntries;

/** Takes all changes in. Borrows @base. ERROR_IO, and what fetching from the base or @next may fail with. */
PlannedEntries *planned_entries_new(Directory *base, PlannedNext next, void *data, GError **error);
void planned_entries_free(PlannedEntries *entries);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlannedEntries, planned_entries_free)

/** Nodes are numbered from 0. */
uint32_t planned_entries_count(const PlannedEntries *entries);
/** Changes that did not fit. */
size_t planned_entries_left_out(const PlannedEntries *entries);

/** The node of a name; NOWHERE when no change names it. */
uint32_t planned_entries_find(const PlannedEntries *entries, const char *dn);
/** The node whose entry has this value of the base's default anchor; NOWHERE when none has. */
uint32_t planned_entries_find_id(const PlannedEntries *entries, Value id);

/** The entry of a node with everything it holds; *entry is NULL where nothing has that name any more.
 *  The caller owns it. */
bool planned_entries_read(const PlannedEntries *entries, uint32_t node, Entry **entry, GError **error);

#endif

/*
 * touched_entries.h - the entries that collected changes speak of
 *
 * First the changes are announced, then the entries of the directory are
 * offered, of which those that a change names are kept, then the changes are
 * applied in order. What is in memory is what the changes touch.
 */
#ifndef DIRSYNC_DIRECTORY_TOUCHED_ENTRIES_H
#define DIRSYNC_DIRECTORY_TOUCHED_ENTRIES_H

#include "dirsync/change.h"
#include "dirsync/error.h"
#include "dirsync/schema.h"

typedef struct TouchedEntries TouchedEntries;

/** Everything belongs to the set. */
typedef struct {
    Entry *original; /* as offered; NULL: it is new */
    Entry *now;      /* NULL: it is gone */
} TouchedEntry;

/** What a change made, as the directory will hold it: a new entry; or NULL with an error. */
typedef Entry *(*TouchedPrepare)(void *data, const Entry *entry, GError **error);

TouchedEntries *touched_entries_new(const Schema *schema, TouchedPrepare prepare, void *data);
void touched_entries_free(TouchedEntries *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TouchedEntries, touched_entries_free)

/** Announces a change. */
void touched_entries_expect(TouchedEntries *set, const Change *change);
/** Keeps a copy of @entry when a change names it; NULL when none does, or another of that name was offered.
 */
const TouchedEntry *touched_entries_offer(TouchedEntries *set, const Entry *entry);
/** Applies an announced change: done, or refused with nothing changed. */
bool touched_entries_apply(TouchedEntries *set, const Change *change, GError **error);
/** New ones (TouchedEntry, some of them gone again), in the order of their changes. */
const GPtrArray *touched_entries_added(const TouchedEntries *set);

#endif

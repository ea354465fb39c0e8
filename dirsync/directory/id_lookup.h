/*
 * id_lookup.h - finding objects by identity in a stream of entries
 *
 * What directory_fetch() needs in drivers that have no server to ask: the ids
 * in a table, every entry held against it, one answer for each id. Values are
 * compared by the standard schema's rules. The first entry with an id counts.
 */
#ifndef DIRSYNC_DIRECTORY_ID_LOOKUP_H
#define DIRSYNC_DIRECTORY_ID_LOOKUP_H

#include "dirsync/directory/directory.h"

typedef struct {
    const FetchId *ids;
    size_t n_ids;
    DirectoryFetched fetched;
    void *data;
    bool every_attribute; /* else those asked for */
    const char *const *attributes;
    /* private */
    GHashTable *wanted; /* GBytes of attribute and value → GArray of positions in ids */
    GHashTable *names;  /* attributes that ids name; "" for ids that are names */
    bool *answered;
    size_t left; /* ids without an answer */
} IdLookup;

/** Begins with the public members set; the ids must outlive the look-up. */
void id_lookup_begin(IdLookup *lookup);
void id_lookup_end(IdLookup *lookup);
/** Answers all ids that @entry has. False when the callback said stop. */
bool id_lookup_offer(IdLookup *lookup, const Entry *entry, GError **error);
/** Answers NULL for the ids that are left. */
bool id_lookup_answer_missing(IdLookup *lookup, GError **error);

#endif

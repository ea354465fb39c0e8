/*
 * link_table.h - identities in memory, found by fingerprint
 *
 * Two plain arrays with small hash indexes: the links of a connector (found by
 * anchor, by the source's and by the target's fingerprint) and the holders of
 * the home index (found by fingerprint). Tens of bytes an entry, no
 * strings. Reading an unchanged entry costs one look-up here and nothing else.
 *
 * Where both sides tell what has changed, the table of links is not loaded: it
 * begins with those that something is left to do for, and takes in others when
 * they are asked for. Who is not in it then is as it was.
 */
#ifndef DIRSYNC_LINK_TABLE_H
#define DIRSYNC_LINK_TABLE_H

#include "dirsync/state.h"

#define NOWHERE UINT32_MAX

/** A hash index over the fingerprints of an array. Zero fingerprints are never found. */
typedef struct {
    uint32_t *slots;
    uint32_t mask, used;
    Fingerprint (*at)(const void *array, uint32_t i);
    const void *array; /* points to the owner of the array; handed to at() */
} FingerprintIndex;

void fingerprint_index_init(FingerprintIndex *index, Fingerprint (*at)(const void *, uint32_t),
                            const void *array);
void fingerprint_index_clear(FingerprintIndex *index);
void fingerprint_index_add(FingerprintIndex *index, uint32_t i);
/** NOWHERE when there is none. */
uint32_t fingerprint_index_find(const FingerprintIndex *index, Fingerprint fingerprint);

/** What a read found out about a link on one side. */
typedef enum {
    MARK_ABSENT,
    MARK_SAME,   /* as last time: its fingerprint, or nobody told of a change */
    MARK_EQUAL,  /* target only: other fingerprint, managed content as it should be */
    MARK_CHANGED /* in the spool */
} Mark;

/** What the state remembers of both sides of a link. */
typedef struct {
    Fingerprint source, target, desired;
} Looks;

typedef struct {
    Fingerprint anchor;
    int64_t row;         /* 0: not in the state file */
    unsigned flags;      /* LinkFlags */
    uint32_t item;       /* of the pass that looks at it; NOWHERE: none does */
    uint32_t looks;      /* see link_looks(); NOWHERE: there are none */
    uint8_t mark[SIDES]; /* Mark; each side is written by one thread */
    bool twice;          /* the source has more than one entry of that anchor */
} Link;

typedef struct {
    GArray *links;
    GArray *looks; /* of those that are in the state file; NULL: forgotten */
    FingerprintIndex by_anchor, by_source, by_target;
    State *state;
    Step step;
    Mark unread[SIDES]; /* mark of a link that no read has told of yet */
    bool partial;
} LinkTable;

/** All links. @forget: what was known counts for nothing (everything is compared again). */
LinkTable *link_table_load(State *state, Step step, bool forget, GError **error);
/** A partial table, of the links with one of LINK_OPEN; every other one counts as MARK_SAME on both sides. */
LinkTable *link_table_open(State *state, Step step, GError **error);
/** Makes a partial table one of all links. */
bool link_table_complete(LinkTable *table, GError **error);
/** Before a side is read: what a link is until the read tells of it. */
void link_table_unread(LinkTable *table, int side, Mark mark);
/** Both sides have been read: nobody is compared with what was known. */
void link_table_forget_looks(LinkTable *table);
void link_table_free(LinkTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LinkTable, link_table_free)
static inline Link *link_at(const LinkTable *table, uint32_t i)
{
    return &g_array_index(table->links, Link, i);
}
/** Zeros of a link that is new. Not after they were forgotten. */
static inline const Looks *link_looks(const LinkTable *table, const Link *link)
{
    static const Looks none;
    return link->looks == NOWHERE ? &none : &g_array_index(table->looks, Looks, link->looks);
}
/** *link NOWHERE: there is none of that anchor. Not from two threads while the table is partial. */
bool link_table_find(LinkTable *table, const char *anchor, uint32_t *link, GError **error);
/** A link that is not in the state file yet. */
uint32_t link_table_add(LinkTable *table, Fingerprint anchor);

typedef struct {
    Fingerprint fingerprint;
    int64_t row : 62;
    bool ours : 1, seen : 1;
} HolderMark;

typedef struct {
    GArray *marks; /* in order of their rows */
    FingerprintIndex by_fingerprint;
} HolderTable;

/** @owner: the connector whose objects are "ours". */
HolderTable *holder_table_load(HolderIndex *index, const char *owner, GError **error);
void holder_table_free(HolderTable *table);
/** The holder of that row (if the table has it) is there, whatever it looks like now. */
void holder_table_see(HolderTable *table, int64_t row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HolderTable, holder_table_free)
static inline HolderMark *holder_at(const HolderTable *table, uint32_t i)
{
    return &g_array_index(table->marks, HolderMark, i);
}

#endif

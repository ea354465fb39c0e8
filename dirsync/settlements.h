/*
 * settlements.h - what is recorded when all changes of an anchor are done
 *
 * A first import has one for everybody there is: in memory are some figures, and
 * the link to be recorded waits in a spool file. Nothing of it survives the pass.
 */
#ifndef DIRSYNC_SETTLEMENTS_H
#define DIRSYNC_SETTLEMENTS_H

#include "dirsync/state.h"

typedef struct Settlements Settlements;

/** One item, as far as it is kept in memory. */
typedef struct {
    uint64_t at;      /* of the content in the spool */
    uint32_t pending; /* changes without an answer */
    uint16_t kinds;   /* bits 1 << CountKind */
    bool failed;
    bool linked; /* there is a link already */
} Settlement;

/** What there is to record. */
typedef struct {
    LinkRow row;
    Fingerprint exact_before;
    bool remove; /* the link goes */
} Settled;

static inline void settled_clear(Settled *settled)
{
    link_row_clear(&settled->row);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settled, settled_clear)

/** @folder: where the spool is made. ERROR_IO. */
Settlements *settlements_new(const char *folder, GError **error);
void settlements_free(Settlements *settlements);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settlements, settlements_free)

/** Keeps a copy of @settled, and gives its number, from 0. What goes wrong is told by settlements_check(). */
uint32_t settlements_add(Settlements *settlements, unsigned pending, unsigned kinds, const Settled *settled);
/** False when something could not be kept (ERROR_IO: disk full). To be asked before anything is written to a
 *  directory. */
bool settlements_check(const Settlements *settlements, GError **error);

size_t settlements_count(const Settlements *settlements);
/** In the order in which they were added; valid until the next settlements_add(). */
Settlement *settlements_at(const Settlements *settlements, size_t i);
/** The caller clears @settled. */
bool settlements_read(const Settlements *settlements, const Settlement *settlement, Settled *settled,
                      GError **error);

#endif

/*
 * map_ahead.h - entries that wait in a spool are mapped by a second thread, before they are asked for
 *
 * Whoever has many entries to decide says which ones are next; the thread reads
 * and maps them in that order, with a mapping of its own, while the others are
 * decided. What it gives, errors included, is what the same calls would give.
 */
#ifndef DIRSYNC_MAP_AHEAD_H
#define DIRSYNC_MAP_AHEAD_H

#include "dirsync/mapping.h"
#include "dirsync/spool.h"

typedef struct MapAhead MapAhead;

/** What mapping_choose() and mapping_apply() say of an entry. */
typedef struct {
    Entry *source;
    int kind;       /* recipient; -1: none */
    Entry *desired; /* NULL: none, or it cannot be mapped, and then there is an error */
    GError *why;
} Mapped;

/** Of an entry, by the thread that calls. */
void mapped_make(Mapped *mapped, Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *target,
                 const Schema *source);
void mapped_clear(Mapped *mapped);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mapped, mapped_clear)

/** @mapping belongs to the thread from now on; everything else must outlive it. ERROR_IO. */
MapAhead *map_ahead_new(Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *target,
                        const Schema *source, Spool *spool, GError **error);
/** Waits for the thread's end. */
void map_ahead_free(MapAhead *ahead);

/** Whether map_ahead_ask() is wanted: much of what was asked for has been taken. */
bool map_ahead_has_room(const MapAhead *ahead);
/** Adds what is to be mapped next, under a number of the caller's, which only grow. False: it is full. */
bool map_ahead_ask(MapAhead *ahead, uint32_t number, uint64_t position);
/** Tells the thread of what was asked for. */
void map_ahead_go(MapAhead *ahead);
/** False: that number at that position was not asked for, or could not be read. Whatever has a lower number
 *  is dropped. */
bool map_ahead_take(MapAhead *ahead, uint32_t number, uint64_t position, Mapped *mapped);
/** What was taken last, and whatever became of it, is freed by the thread. @mapped stays as it is when it is
 *  not of the number that was taken last; else it is empty then. */
void map_ahead_return(MapAhead *ahead, uint32_t number, Mapped *mapped);

#endif

/*
 * ring.h - directories that are connected with each other, and the people in them
 *
 * Memory directories, real definitions, and a record of who is at home where,
 * which the directories are compared with. Chance decides who they are and what
 * becomes of them. Failures fail the running cmocka test and tell the history.
 */
#ifndef DIRSYNC_TESTS_RING_H
#define DIRSYNC_TESTS_RING_H

#include "dirsync/run.h"

typedef struct Ring Ring;

typedef enum {
    RING_HOME_X_Y, /* one organisation and two foreign directories, a connector for each */
    /* Two organisations, each with a connector to the other, so that everybody could come twice, by the
     * import of one and the export of the other. Nobody gets another address: it is the only thing by which
     * either could know that somebody is there already. */
    RING_TWO_HOMES
} RingShape;

Ring *ring_new(RingShape shape, guint32 seed);
void ring_free(Ring *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ring, ring_free)

/** A number below @n. */
size_t ring_chance(Ring *ring, size_t n);

/** Some people in each directory. */
void ring_populate(Ring *ring);
/** Somebody somewhere comes, changes, gets another name or address, goes, or comes again; or a stranger
 *  alters what a connector made of somebody. */
void ring_edit(Ring *ring);

size_t ring_n_connectors(const Ring *ring);
/** Runs that connector; @step < 0: both steps. It must end well. The changes that it wrote. */
size_t ring_sync(Ring *ring, size_t connector, int step);
void ring_lose_state(Ring *ring, size_t connector);

/** Everybody is exactly once in each directory, looks there as at home, and nobody else is there. */
void ring_assert_everybody_once(const Ring *ring);
/** Fails the test, and tells what happened since the ring was made. */
void ring_give_up(const Ring *ring, const char *why, ...) G_GNUC_PRINTF(2, 3);

#endif

/*
 * ring.h - directories that are connected with each other, and the people in them
 *
 * Memory directories or real slapds, real definitions, and a record of who is at
 * home where, which the directories are compared with. Chance decides who they are and what
 * becomes of them. Failures fail the running cmocka test and tell the history.
 */
#ifndef DIRSYNC_TESTS_RING_H
#define DIRSYNC_TESTS_RING_H

#include "dirsync/run.h"
#include "tests/lab/lab.h"

typedef struct Ring Ring;

typedef enum {
    RING_HOME_X_Y, /* one organisation and two foreign directories, a connector for each */
    /* Two organisations, each with a connector to the other, so that everybody could come twice, by the
     * import of one and the export of the other. Nobody gets another address: it is the only thing by which
     * either could know that somebody is there already. */
    RING_TWO_HOMES
} RingShape;

/** $RING_SEED, else by chance; printed. */
guint32 ring_seed(void);

#define RING_MOST_PLACES 3
/** The base of the i-th directory of that shape; NULL: it has no more. */
const char *ring_base(RingShape shape, size_t i);
/** @labs: slapds with these bases, which outlive the ring; what they hold is taken away. NULL: in memory. */
Ring *ring_new(RingShape shape, guint32 seed, Lab *const *labs);
void ring_free(Ring *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ring, ring_free)

/** Some people in each directory; then, for so many rounds: somebody somewhere comes, changes, gets another
 * name or address, goes, or comes again; or a stranger alters what a connector made of somebody; while
 * connectors run, lose what they know, and directories tell of changes in another way. After some passes,
 * again and again and in the end, everybody is exactly once in each directory, looks there as at home, nobody
 * else is there, and no pass finds anything to do. */
void ring_live_through(Ring *ring, int rounds);

#endif

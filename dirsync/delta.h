/*
 * delta.h - what has changed in a directory since a cursor, and who is gone
 *
 * directory_changes(), believed with care. Who is said to be gone is asked for by
 * identity first: servers say it of living entries. slapd does after writes that
 * were outstanding at the same time and were answered out of order: its contextCSN
 * stays behind until the next write, entries newer than that are left out of an
 * answer, and what is in its log or among those present, but not in the answer,
 * passes for gone.
 */
#ifndef DIRSYNC_DELTA_H
#define DIRSYNC_DELTA_H

#include "dirsync/directory/directory.h"
#include "dirsync/roll.h"

/** Whom it is told to; @data is that of the struct. Return false (with @error set) to stop. */
typedef struct {
    DirectorySink entry; /* is there: new, changed, or said to be gone without being so */
    bool (*gone)(const char *id, void *data, GError **error); /* text of a value of default_anchor */
    void *data;
} DeltaSink;

/** How it ended. */
typedef struct {
    size_t entries;
    char *next;      /* what is remembered for the next run, see delta_next() */
    char *doubt;     /* why nothing of it counts and everything must be read; NULL: it counts */
    bool by_absence; /* who is known and not in the roll is gone */
} Delta;

void delta_clear(Delta *delta);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Delta, delta_clear)

/** Reads what has changed since @cursor. @roll: gets who is said to be there as before. The caller clears
 *  @delta, also after an error. */
bool delta_read(Directory *directory, const ReadRequest *request, const char *cursor, Roll *roll,
                const DeltaSink *sink, Delta *delta, GError **error);
/** Of @ids (texts of values of default_anchor) those who answer the request are read into the sink after all;
 *  the others are gone. *doubt: why that cannot be said, for people; NULL where it can. g_free(). */
bool delta_lose(Directory *directory, const ReadRequest *request, const GPtrArray *ids, const DeltaSink *sink,
                char **doubt, GError **error);

/** Reads everything, from a server that can tell changes so that the next run need not. *next: see
 *  delta_next(). */
bool delta_read_all(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                    ReadResult *result, char **next, GError **error);

/** What is remembered of where an answer ends: its cursor, or why there is none. g_free(). */
char *delta_next(ChangesResult *result);
/** The same, where there must be none for a reason of the caller's. g_free(). */
char *delta_no_next(const char *why);
/** The cursor in what was remembered behind the id of the index that it belongs to ("": to none). NULL: there
 *  is none to go on from; then *why (may be NULL) is the reason. Both are parts of @remembered, or constants.
 */
const char *delta_cursor_in(const char *remembered, const char *index_id, const char **why);

#endif

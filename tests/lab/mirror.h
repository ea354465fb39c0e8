/*
 * mirror.h - what somebody knows of a directory who only hears of its changes
 *
 * Takes what directory_changes() tells, and can then be held against all that
 * directory_read() delivers: the same identities, with the same fingerprints.
 */
#ifndef DIRSYNC_TESTS_MIRROR_H
#define DIRSYNC_TESTS_MIRROR_H

#include "dirsync/directory/directory.h"
#include "tests/lab/lab.h"

typedef struct {
    GHashTable *entries; /* identity, as hex → MirrorEntry */
    GHashTable *spoken;  /* identities that the last answer told of */
    GString *told; /* the last answer: RDNs of entries, "-" and "=" for others that were known; sorted */
    ChangesResult result;
    char *cursor;          /* of the last answer that gave one; NULL when the last one did not */
    Lab *kill_after_first; /* or NULL */
    size_t strangers;      /* identities that are gone or present, and were never known */
} Mirror;

void mirror_init(Mirror *mirror);
void mirror_clear(Mirror *mirror);
/** Asks from the mirror's cursor on, and takes in the answer unless everything must be read. */
void mirror_ask(Mirror *mirror, Directory *directory, const ReadRequest *request);
/** What was told, or "full: REASON". */
const char *mirror_told(const Mirror *mirror);
/** The mirror shows what a read delivers. */
void mirror_assert_true(const Mirror *mirror, Directory *directory, const ReadRequest *request);

#endif

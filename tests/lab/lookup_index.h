/*
 * lookup_index.h - an index of a home directory, made of LDIF, for tests of look-ups
 *
 * The entries go the way that a pass sends them. Failures end the program: tests,
 * benchmarks and fuzz targets use it alike.
 */
#ifndef DIRSYNC_TESTS_LOOKUP_INDEX_H
#define DIRSYNC_TESTS_LOOKUP_INDEX_H

#include "dirsync/holder_index.h"

#define LOOKUP_CONNECTOR "5d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b11" /* its name is "globex" */

/** One of each: Jane (native user), Ted (contact of Notes), Board (group), Gone (in grace, hidden), Lock
 * (disabled account), Plain (mail alone), and two who have one address. See lookup_index.c. */
extern const char lookup_people[];

/** Puts the entries of @ldif into the index in one transaction; those that are there already are replaced, by
 *  entryUUID. */
void lookup_index_save(HolderIndex *index, const char *ldif);
/** Makes the file, with these entries. */
void lookup_index_make(const char *path, const char *ldif);
/** Removes the file and what SQLite keeps beside it. */
void lookup_index_remove(const char *path);

#endif

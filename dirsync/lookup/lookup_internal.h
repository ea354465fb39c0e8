/*
 * lookup_internal.h - what the files of lookup.h share
 */
#ifndef DIRSYNC_LOOKUP_INTERNAL_H
#define DIRSYNC_LOOKUP_INTERNAL_H

#include "dirsync/database.h"
#include "dirsync/lookup/lookup.h"

#include <sys/stat.h>

struct Lookup {
    char *path;
    char **domains;
    Database *database; /* NULL: not open */
    struct stat file;   /* the one that is open */
    bool open;          /* a snapshot goes on */
    LookupSnapshot snapshot;
    int64_t count, counted; /* recipients, and at which serial; 0: not counted since the file was opened */
    GError *failure;        /* of the last try, ... */
    gint64 tried;           /* ... and when, by the monotonic clock */
};

/** What was found wrong in mid-snapshot ends it: the questions that follow begin anew. Takes over @why;
 * false. */
bool lookup_failed(Lookup *lookup, GError *why, GError **error);

#endif

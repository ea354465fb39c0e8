/*
 * gone.h - who is said to be gone is asked for by identity before it is believed
 *
 * Servers say it of living entries. slapd does after writes that were outstanding at
 * the same time and were answered out of order: its contextCSN stays behind until the
 * next write, entries newer than that are left out of an answer, and what is in its
 * log or among those present, but not in the answer, passes for gone.
 */
#ifndef DIRSYNC_GONE_H
#define DIRSYNC_GONE_H

#include "dirsync/directory/directory.h"

/**
 * Reads those of @gone that answer the request after all into @sink, and takes them out of @gone.
 *
 * @gone   texts (anchor_text()) of values of the attribute default_anchor
 * @doubt  why that cannot be said, for people, NULL where it can; not to be freed
 */
bool gone_ask(Directory *directory, const ReadRequest *request, GPtrArray *gone, DirectorySink sink,
              void *data, const char **doubt, GError **error);

#endif

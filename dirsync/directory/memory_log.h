/*
 * memory_log.h - what has changed in a store in memory, for its modules only
 *
 * Counts changes and remembers the last one of each identity. The log has an
 * identity of its own: a cursor that was taken from another one is of no use.
 * As text it goes into the file that keeps a store, with a digest of the
 * entries; where somebody edited these, the log begins anew.
 */
#ifndef DIRSYNC_DIRECTORY_MEMORY_LOG_H
#define DIRSYNC_DIRECTORY_MEMORY_LOG_H

#include "dirsync/filter.h"

typedef struct {
    char *identity;
    guint64 number;     /* of the last change */
    GHashTable *last;   /* entryUUID → number of its last change (guint64 *) */
    GArray *containers; /* MovedContainer, in order */
    Filter *filter;     /* for containers; NULL before the first question */
    bool deaf;          /* nothing is noted: a store is loaded from its file */
} MemoryLog;

/** A container that came, went or has another name now. */
typedef struct {
    guint64 number;
    char *dn; /* canonical */
} MovedContainer;

void memory_log_begin(MemoryLog *log);
void memory_log_end(MemoryLog *log);
/** Cursors from before are of no use any more. */
void memory_log_forget(MemoryLog *log);

/** @before NULL: the entry is new; @after NULL: it is gone. */
void memory_log_note(MemoryLog *log, const Entry *before, const Entry *after);
/** True when the identity changed after that number. */
bool memory_log_changed(const MemoryLog *log, const char *uuid, guint64 since);
/** Those that did, in the order of their last change; strings belong to the log. */
GPtrArray *memory_log_since(const MemoryLog *log, guint64 since);

/** Comments of LDIF in front of @entries. */
void memory_log_format(const MemoryLog *log, const GString *entries, GString *out);
/** Takes over what memory_log_format() wrote at the head of @text, if the rest is as it was then; else false,
 *  and the log is a new one. */
bool memory_log_parse(MemoryLog *log, const char *text);

#endif

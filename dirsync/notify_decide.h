/*
 * notify_decide.h - what is told, and what has been told already
 *
 * Works on the content of the book (notify_book.h) and a given time, and on
 * nothing else: {"told":{KEY:time},"good":time,"failing":{"since","times",
 * "told"},"pending":[...]}, times in seconds since 1970.
 */
#ifndef DIRSYNC_NOTIFY_DECIDE_H
#define DIRSYNC_NOTIFY_DECIDE_H

#include "dirsync/notify_settings.h"

#include <jansson.h>

/** The same for what is the same trouble, whatever the figures in @about are; g_free(). */
char *notify_key(NotifyKind kind, int text, const char *about);
/** Whether it may be told now, and notes that it was. */
bool notify_may_tell(json_t *book, const char *key, gint64 now);

/** A run failed. */
void notify_note_failure(json_t *book, gint64 now);
/** The trouble has not lasted as long as @patience yet. */
bool notify_is_patient(const json_t *book, gint64 patience, gint64 now);
/** It was told that runs fail. */
void notify_note_told_failure(json_t *book);
/** A run succeeded. True: it was told before that they fail. */
bool notify_note_success(json_t *book, gint64 now);

#endif

/*
 * when.h - times and spans as people say them
 *
 * Times are kept as "2026-11-22T14:30:00Z"; people see their own time zone, and
 * how long ago that was.
 */
#ifndef DIRSYNC_WHEN_H
#define DIRSYNC_WHEN_H

#include <glib.h>

/** Seconds since 1970 of a time as the state has it, or of one at the beginning of a run's id; 0 when it is
 * none.
 */
gint64 when_parse(const char *text);
/** "2026-11-22T14:30:00Z"; g_free(). */
char *when_format(gint64 seconds);
/** "2026-11-22 15:30" in the local time zone; "?" for 0. g_free(). */
char *when_local(gint64 seconds);
/** "40 s", "12 min", "3 h", "9 days"; g_free(). */
char *when_span(gint64 seconds);
/** "12 min ago", "in 3 h"; g_free(). */
char *when_relative(gint64 seconds, gint64 now);

#endif

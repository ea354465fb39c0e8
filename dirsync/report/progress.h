/*
 * progress.h - how far long work has come, on stderr
 *
 * A person at a terminal sees one line with a bar, the rate and the time left,
 * redrawn at most ten times a second and wiped at the end; a pipe or a service
 * sees nothing but a plain line every half minute.
 */
#ifndef DIRSYNC_PROGRESS_H
#define DIRSYNC_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Progress Progress;

/** @terminal: draw a bar. */
Progress *progress_new(bool terminal);
void progress_free(Progress *progress);

/** A StepProgress; safe to call from any thread. */
void progress_show(const char *what, size_t done, size_t total, void *progress);
/** Wipes the line, so that something else can be printed. */
void progress_wipe(Progress *progress);

#endif

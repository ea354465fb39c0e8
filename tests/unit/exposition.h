/*
 * exposition.h - a strict reader of metrics files, for tests
 *
 * Takes what OpenMetrics 1.0 and the text format 0.0.4 have in common, as far
 * as ours go: counters and gauges, every sample with labels and without a time,
 * all samples of a family together. Says what is wrong, fails no test itself.
 */
#ifndef DIRSYNC_TESTS_EXPOSITION_H
#define DIRSYNC_TESTS_EXPOSITION_H

#include <glib.h>

typedef struct {
    char *family, *type, *unit; /* of the family being read */
    GHashTable *families;       /* names seen */
    GHashTable *samples;        /* "name{labels}" → value, as written */
} Exposition;

Exposition *exposition_new(void);
void exposition_free(Exposition *exposition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Exposition, exposition_free)

/** NULL: @text is in order; else what is wrong with it. Once for each Exposition. */
const char *exposition_parse(Exposition *exposition, const char *text);

#endif

/*
 * key_filter.h - keys that are surely not there, without asking the database
 *
 * A set of fingerprints in a few bytes a key that may take a key for one it has
 * (then the database is asked), and never the other way.
 */
#ifndef DIRSYNC_KEY_FILTER_H
#define DIRSYNC_KEY_FILTER_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct KeyFilter KeyFilter;

/** @expected: about how many keys; more make it less sure, not wrong. */
KeyFilter *key_filter_new(size_t expected);
void key_filter_free(KeyFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyFilter, key_filter_free)

void key_filter_add(KeyFilter *filter, const char *kind, const char *value);
/** False: the key was never added. */
bool key_filter_may_have(const KeyFilter *filter, const char *kind, const char *value);

#endif

/*
 * run_file.h - what a daemon says of itself, for `dirsync status` and for its successor
 *
 * run.json in the state folder, 0600, replaced as a whole. It is there while a
 * daemon runs; one that ends in good order takes it away. What is left by one
 * that was killed tells the next which connectors are parked: a restart alone
 * must not try a wrong password again.
 *
 *     {"pid": 17, "since": "...Z", "connectors": [{"name": "globex", "definition": "/etc/dirsync/globex.xml",
 *       "state": "waiting|running|backing-off|parked", "state_since": "...Z", "next": "...Z"|null, "reason":
 * "..."|null, "until": "...Z"|null, "schedule": "15 min", "watch": "no|closed|opening|open|given-up",
 *       "print": "..."|null}]}
 */
#ifndef DIRSYNC_RUN_FILE_H
#define DIRSYNC_RUN_FILE_H

#include "dirsync/connector.h"

#include <jansson.h>

/** Path of the file in a state folder (state_place()); g_free(). */
char *run_file_path(const char *folder);
/** Replaces it. @content is borrowed. */
bool run_file_write(const char *folder, const json_t *content, GError **error);
/** What stands in it; NULL when there is none, or it is no such file. json_decref(). */
json_t *run_file_read(const char *folder);
/** The member of "connectors" with that name; NULL: none. Borrowed. */
const json_t *run_file_connector(const json_t *content, const char *name);
void run_file_remove(const char *folder);

/**
 * What keeps a connector parked: sizes and times of all files that it is defined by, as text; g_free().
 *
 * @path       its definition; every XML file beside it counts, as organisation or mapping
 * @connector  NULL when it cannot be loaded; else its secrets and mappings count too
 */
char *run_file_print(const char *path, const Connector *connector);

#endif

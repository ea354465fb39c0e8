/*
 * cursor.h - what the cursors of all drivers have in common
 *
 * A cursor is text: its kind (with a version), then fields. Nobody but the
 * driver that made it looks into it. One that is of another kind, or was
 * damaged, is no cursor: the driver says so in full_reason.
 */
#ifndef DIRSYNC_DIRECTORY_CURSOR_H
#define DIRSYNC_DIRECTORY_CURSOR_H

#include "dirsync/directory/directory.h"

/** @kind is one word; @fields any text, NULL-terminated. g_free(). */
char *cursor_join(const char *kind, const char *const *fields);
/** The fields of a cursor of this kind that has so many of them, else NULL. g_strfreev(). */
char **cursor_split(const char *cursor, const char *kind, size_t n_fields);

/** A digest that is the same for requests that ask for the same; @default_base is meant where the request
 *  names none. g_free(). */
char *cursor_digest_request(const ReadRequest *request, const char *default_base);

/** Filter for entries that are there for others to lie below. When one of them moves, no server tells of the
 *  entries in it. */
extern const char cursor_containers[];

#endif

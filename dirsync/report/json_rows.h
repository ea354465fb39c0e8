/*
 * json_rows.h - the rows of a JSON document that is too large for memory
 *
 * Reads one object from a stream. Elements of those of its arrays that are
 * named are handed on one by one, as they stand in the text; everything else
 * of the object is small and comes back as a whole. Each piece is checked by
 * Jansson before anybody sees it, and none may be larger than JSON_ROW_MAX.
 */
#ifndef DIRSYNC_REPORT_JSON_ROWS_H
#define DIRSYNC_REPORT_JSON_ROWS_H

#include "dirsync/error.h"

#include <jansson.h>
#include <stdio.h>

#define JSON_ROW_MAX ((size_t)64 * 1024 * 1024)

/** One element of the array lists[@list]: valid JSON, only during the call. False ends the reading. */
typedef bool (*JsonRow)(size_t list, const GString *text, void *data, GError **error);

/** @lists: names of members that are arrays of rows, NULL at the end. Returns the other members. ERROR_SOURCE
 *  when it is no such document, ERROR_IO, or what @row has set. */
json_t *json_rows_read(FILE *in, const char *const *lists, JsonRow row, void *data, GError **error);

#endif

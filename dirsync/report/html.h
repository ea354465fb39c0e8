/*
 * html.h - text that becomes HTML
 *
 * Nothing that is put in can end an element or an attribute, and what a reader
 * could not see, or would be misled by, is named: control characters and those
 * that turn the direction of writing stand as "[U+202E]".
 */
#ifndef DIRSYNC_REPORT_HTML_H
#define DIRSYNC_REPORT_HTML_H

#include <glib.h>

/** Appends @text as text. NULL is nothing. */
void html_add(GString *out, const char *text);

/** Appends @format as it is; in it %s is text as above, %zu a number with its thousands apart, %% a percent
 * sign, and nothing else is known. */
void html_format(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Appends JSON so that it may stand in a script element: what could end it is escaped, and the value is the
 *  same. */
void html_add_json(GString *out, const char *json, gsize len);

#endif

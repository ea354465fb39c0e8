/*
 * audit_page.h - an audit as one HTML page
 *
 * The page is a file by itself: style, program and all rows are in it, nothing
 * is ever fetched, and its Content-Security-Policy allows no more. The figures
 * are there without JavaScript; the lists are sorted and searched by it.
 *
 * The JSON of `dirsync audit --json` is copied piece by piece, so its size does
 * not matter here. A browser's memory has an end, though: of each list at most
 * AUDIT_PAGE_ROWS rows are in the page, which then says how many there are.
 */
#ifndef DIRSYNC_REPORT_AUDIT_PAGE_H
#define DIRSYNC_REPORT_AUDIT_PAGE_H

#include "dirsync/error.h"

#include <jansson.h>
#include <stdio.h>

#define AUDIT_PAGE_ROWS ((size_t)100000)

/** Writes the page to the file @path, as a whole or not at all, readable by its owner alone. @json: a file
 * that can be read twice, from where it stands; the page's rows are as many as in it. ERROR_SOURCE: what is
 * in it is no JSON of an audit. ERROR_IO. ERROR_DEFINITION: dirsync is not installed completely. */
bool audit_page_write(FILE *json, const char *path, GError **error);

/** What is to be seen without JavaScript: figures, kinds and history of the audit @head, which has everything
 * but the rows. Each appends HTML. */
void audit_summary_title(GString *out, const json_t *head);
void audit_summary_top(GString *out, const json_t *head);
void audit_summary_figures(GString *out, const json_t *head);
void audit_summary_kinds(GString *out, const json_t *head);
void audit_summary_history(GString *out, const json_t *head);

#endif

/*
 * report.h - how results look: text for people, JSON for programs
 *
 * The only place that knows both forms. Everything a person can see a program
 * can read.
 */
#ifndef DIRSYNC_REPORT_H
#define DIRSYNC_REPORT_H

#include "dirsync/explain.h"
#include "dirsync/run.h"
#include "dirsync/text_json.h"

#include <jansson.h>
#include <stdio.h>

/** Prints the changes of a plan, one line each: sign, name, situation, attributes. @verbose: values too. */
bool report_plan_text(FILE *out, const char *folder, bool verbose, GError **error);
/** Prints a plan as one JSON document, streaming; @extra (stolen, may be NULL) adds members to the head. */
bool report_plan_json(FILE *out, const char *folder, json_t *extra, GError **error);

/** What a run came to, as a JSON object. @error may be NULL. */
json_t *report_result_json(const char *verb, const char *connector, const RunResult *result,
                           const GError *error);
/** A value as JSON: text where it is text, else {"base64": ...}. */
json_t *report_value_json(Value value);
/** One change of a plan as a JSON object. */
json_t *report_change_json(const Change *change, Step step);

/** Names of the attributes that a modify touches, each once; g_free(). */
char *report_touched(const Change *change);

/** Everything that was found out; @verbose: attributes that are not managed too. 80 columns but for what
 * cannot be broken. */
void report_explanation_text(FILE *out, const Connector *connector, const Explanation *explanation,
                             bool verbose);
/** The same as one JSON document. @connector: its name. */
json_t *report_explanation_json(const char *connector, const Explanation *explanation);
/** Words for LinkFlags, NULL-terminated; g_strfreev(). */
char **report_link_flags(unsigned flags);

/** One compact line. Takes the reference. */
void report_print_json(FILE *out, json_t *json);

/** Columns of the terminal that @out is; of anything else $COLUMNS, if it is said; 0: not known. */
int report_width(FILE *out);
/** @text, one line, made safe for a terminal and broken between words after @columns (0: not at all); @first
 * stands before it, @rest before each further line. */
void report_paragraph(FILE *out, const char *first, const char *rest, int columns, const char *text);
/** Each line of @text with @indent blanks in front, made safe for a terminal and broken between words where
 *  report_width() says, or, when that is not known, after @otherwise columns (0: not at all). */
void report_lines(FILE *out, const char *text, int indent, int otherwise);
/** What is meant where nothing else is known. */
#define REPORT_COLUMNS 80

/** A DN or other text made safe for a terminal: control characters become \xx. g_free(). */
char *report_safe(const char *text);

#endif

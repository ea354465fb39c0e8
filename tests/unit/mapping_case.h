/*
 * mapping_case.h - what the tests of mappings share: entries from text, and back
 *
 * What is returned belongs to the caller. What goes wrong fails the test.
 */
#ifndef TESTS_MAPPING_CASE_H
#define TESTS_MAPPING_CASE_H

#include "dirsync/mapping.h"

/** An entry of "name=value" strings, NULL-terminated. */
Entry *mapping_case_entry(const char *const *pairs);
#define ENTRY(...) mapping_case_entry((const char *const[]){__VA_ARGS__, NULL})

/** The import side of @text, which is called m.xml. */
Mapping *mapping_case_load(const char *text);

/** What recipient @index makes of @source: the DN, then "name: value" lines in order; "! message" when it
 *  cannot be mapped. */
char *mapping_case_apply(Mapping *mapping, size_t index, const Entry *source);

/** The values of the expression for @source, joined by '|'; "! message" when it cannot be evaluated. */
char *mapping_case_evaluate(const char *expression, const Entry *source);

#endif

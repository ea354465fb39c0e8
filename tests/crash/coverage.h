/*
 * coverage.h - which situation is killed in which case
 *
 * A table that the tests hold to: each situation of the design has a case, each
 * case that is named exists, and in each the situation does come about: the run
 * that is killed says so by an event, a figure or the situation of a change.
 */
#ifndef DIRSYNC_TESTS_CRASH_COVERAGE_H
#define DIRSYNC_TESTS_CRASH_COVERAGE_H

#include <stdbool.h>

typedef struct {
    const char *situation; /* as the design calls it */
    const char *seen;      /* what the run says then (CrashSite.happened) */
    const char *program;   /* group of the tests */
    const char *name;      /* of the case */
} Coverage;

/** Fails the test when a row of @program names a case that is not in @names (up to NULL), or a situation has
 * no row. */
void coverage_expect(const char *program, const char *const *names);
/** Whether a row names the case. */
bool coverage_names(const char *program, const char *name);
/** Fails the test when a row of the case is not in @happened. */
void coverage_check(const char *program, const char *name, const char *happened);

#endif

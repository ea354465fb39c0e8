/*
 * coverage.h - which situation is killed in which case
 *
 * A table that the tests hold to: a case that stands in it is always tried, and
 * fails when the situation did not come about in it; a situation that the
 * engine knows and no case has fails test_crash_coverage.
 */
#ifndef DIRSYNC_TESTS_CRASH_COVERAGE_H
#define DIRSYNC_TESTS_CRASH_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *situation; /* as the design calls it */
    const char *seen;      /* what the run says then: an event, or the situation of a planned change */
    const char *program;   /* its tests' group */
    const char *name;      /* of the case */
} Coverage;

extern const Coverage coverage[];
extern const size_t n_coverage;

/** Whether a row names that case. */
bool coverage_of(const char *program, const char *name);
/** Fails the test when a row of the case is not in @happened (CrashSite). */
void coverage_check(const char *program, const char *name, const char *happened);

#endif

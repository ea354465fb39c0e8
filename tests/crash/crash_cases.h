/*
 * crash_cases.h - situations of an import, to be killed in
 *
 * The people of one source before and after, what others do to the home directory
 * meanwhile, and what the undisturbed run comes to.
 */
#ifndef DIRSYNC_TESTS_CRASH_CASES_H
#define DIRSYNC_TESTS_CRASH_CASES_H

#include "tests/crash/crash.h"

#define CRASH_PEOPLE 10

/** Once upon a time, and what the run that is killed finds. */
typedef struct {
    const char *name;
    const char *import; /* beside the source and its anchor; NULL: nothing */
    const char *kinds;  /* attributes of <import> for the run that is killed: people="..."; NULL: none */
    const char *groups; /* LDIF beside the people in the run that is killed; groups are wanted then */
    unsigned n_groups;
    bool groups_before;          /* they, and the kinds, were there before, too */
    const char *tree;            /* of the home directory; NULL: TREE */
    Person before[CRASH_PEOPLE]; /* synced at first, unless it is empty */
    bool has_middle;
    Person middle[CRASH_PEOPLE]; /* synced then */
    const char *changes;         /* made to the home directory by others after that */
    bool aged;                   /* whoever is in grace by now has been so for long */
    Person after[CRASH_PEOPLE];  /* what the source shows now */
    const char *figures;         /* what the undisturbed run does about it */
    bool (*run)(const Connector *connector, const RunOptions *options, RunResult *result,
                GError **error); /* the one that is killed; NULL: run_sync() */
} CrashCase;

extern const CrashCase crash_cases[];
extern const size_t n_crash_cases;

/** The case of that name; fails the test when there is none. */
const CrashCase *crash_case(const char *name);
/** Makes the definitions, the start in a memory store, and the site. */
CrashSite *crash_case_site(const World *world, const CrashCase *c);
/** The same with the home directory in slapd, from the first run on; see crash_slapd.h. */
CrashSite *crash_case_site_on_slapd(const World *world, const CrashCase *c);

#endif

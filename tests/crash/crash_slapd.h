/*
 * crash_slapd.h - a site whose directories are held by a real slapd
 *
 * What is a memory store kept in a file for the other crash tests is put into the
 * server before each trial, with the same identities, and taken out of it after:
 * the start, what others do, and all that is compared are those of the site in
 * memory; the runs that are killed, and those that finish what they left, have
 * the server before them. One server serves a whole program.
 */
#ifndef DIRSYNC_TESTS_CRASH_SLAPD_H
#define DIRSYNC_TESTS_CRASH_SLAPD_H

#include "tests/crash/crash.h"
#include "tests/lab/lab.h"

/** What stands for a memory store: suffix in the server, file below live/. */
typedef struct {
    const char *suffix, *file;
} CrashTree;

#define CRASH_TREES 2

/**
 * A home in the server that is otherwise as @home, which has its content in files. Skips the running test,
 * loudly, without slapd. One at a time; crash_slapd_end() when its site is gone.
 *
 * @trees    in the order of @home's dump; suffix NULL: there is none. Suffixes: dc=example,dc=com (with the
 *           overlay unique on proxyAddresses), o=acme, o=globex
 * @refused  the server does not take the start, and why: nothing else is given then; g_free()
 */
bool crash_on_slapd(const World *world, CrashHome home, const CrashTree trees[CRASH_TREES], CrashHome *slapd,
                    char **refused);
void crash_slapd_end(void);
/** Stops the server, if there is one. For the end of a program. */
void crash_slapd_stop(void);

#endif

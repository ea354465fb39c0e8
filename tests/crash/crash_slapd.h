/*
 * crash_slapd.h - a site whose directories are held by a real slapd
 *
 * What is a memory store kept in a file for the other crash tests is put into the
 * server before each trial, with the same identities, and taken out of it into that
 * file whenever it is looked at: so others can change it there, and it is compared, as in
 * memory; every run has the server before it. One server serves a whole program.
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
 * A home in the server that is otherwise as @home, with the content that the files have now. Skips the
 * running test, loudly, without slapd. One at a time: the server is emptied for the next.
 *
 * @trees    in the order of @home's dump; suffix NULL: there is none. Suffixes: dc=example,dc=com (with the
 *           overlay unique on proxyAddresses), o=acme, o=globex
 * @refused  the start is against the server's schema, and why: nothing else is given then; g_free()
 */
bool crash_on_slapd(const World *world, CrashHome home, const CrashTree trees[CRASH_TREES], CrashHome *slapd,
                    char **refused);
/** Stops the server, if there is one. For the end of a program. */
void crash_slapd_stop(void);

#endif

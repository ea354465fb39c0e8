/*
 * daemon.h - connectors that run by themselves
 *
 * Stays in the foreground and starts a process for each run, and one for each
 * watch: the program itself, by its verbs sync and run --watch-only. So a crash
 * takes one run, memory is given back, and definitions are read anew each time.
 * What is to be done next the supervisor says (supervisor.h); here it is done.
 *
 * SIGHUP: definitions and their list are read again, and who is parked or backing
 * off is tried. SIGTERM or SIGINT: runs are asked to stop, which they do between
 * two waves; a second one kills them. One daemon serves a state folder.
 */
#ifndef DIRSYNC_DAEMON_H
#define DIRSYNC_DAEMON_H

#include "dirsync/error.h"

typedef struct {
    const char *const *words;     /* connectors, by name or path, NULL-terminated; none: all of the folder */
    const char *state_folder;     /* NULL: as the definitions say */
    unsigned jobs;                /* runs at the same time at most */
    const char *const *pass;      /* options for the runs, NULL-terminated */
    const char *const *variables; /* "NAME=value" for their environment, NULL-terminated */
} DaemonOptions;

/** Returns when asked to stop and all runs have ended. ERROR_DEFINITION: there is nothing to run;
 * ERROR_LOCKED: another daemon serves the state folder. */
bool daemon_serve(const DaemonOptions *options, GError **error);

#endif

/*
 * daemon_case.h - a daemon under test: started, listened to, stopped
 *
 * What it says is read as it comes; waiting has a generous limit and ends as soon
 * as the event is there. Failures here fail the running cmocka test.
 */
#ifndef DIRSYNC_TESTS_DAEMON_CASE_H
#define DIRSYNC_TESTS_DAEMON_CASE_H

#include "tests/lab/sync_case.h"

typedef struct {
    GPid pid;
    int errors;    /* its stderr */
    GString *said; /* lines of JSON, and whatever else came there */
    size_t seen;   /* of it, by daemon_waits_for() */
} TestDaemon;

typedef struct {
    const char *const *variables; /* "NAME=value", NULL-terminated; NULL: none */
    size_t largest_file;          /* bytes; 0: no limit */
    bool text;                    /* without --json */
} DaemonSetting;

/** Starts dirsync run --json with the words (NULL-terminated). @setting NULL: nothing particular. */
TestDaemon *daemon_start(const DaemonSetting *setting, const char *const *words);
#define DAEMON(...) daemon_start(NULL, (const char *const[]){__VA_ARGS__, NULL})
/** Waits until it says the event (after those that were waited for before). */
void daemon_waits_for(TestDaemon *daemon, const char *id);
/** The same, of one connector; its message must hold @text. */
void daemon_says(TestDaemon *daemon, const char *id, const char *connector, const char *text);
/** How often it has said the event so far. */
size_t daemon_has_said(TestDaemon *daemon, const char *id);
void daemon_signals(const TestDaemon *daemon, int number);
/** Waits for its end: the exit status, or minus the signal. Leaks and other findings of sanitizers fail the
 * test. */
int daemon_ends(TestDaemon *daemon);
/** SIGTERM, and it must end well; freed. NULL is nothing. */
void daemon_stop(TestDaemon *daemon);
/** Frees what has ended. */
void daemon_forget(TestDaemon *daemon);
/** SIGKILL; freed. */
void daemon_kill(TestDaemon *daemon);
/** The process of the run or watch that was begun last. */
GPid daemon_child(TestDaemon *daemon);

#endif

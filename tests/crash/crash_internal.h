/* crash_internal.h - what the files of the crash tests' harness share; nobody else includes it */
#ifndef DIRSYNC_TESTS_CRASH_INTERNAL_H
#define DIRSYNC_TESTS_CRASH_INTERNAL_H

#include "tests/crash/crash.h"

/** One child: what it is to do. */
typedef struct {
    unsigned long kill_at; /* step; 0: none */
    const char *revert;    /* id of a run; NULL: sync */
    int times;
    bool may_end;             /* no further run after one that planned nothing */
    unsigned long most_bytes; /* that a file may have: the disk is full then; 0: any */
} CrashRun;

/** What the child reports: of several runs the first, but for what the last one planned. A child that was
 *  killed reports its steps alone, and those only when asked for. */
typedef struct {
    bool killed, recovered;
    int status;
    size_t planned;
    char *id, *figures, *error, *happened;
    GPtrArray *steps;
} CrashReport;

void crash_report_clear(CrashReport *report);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrashReport, crash_report_clear)

/** The definition that runs at @home are made with; connector_free(). */
Connector *crash_connector(const World *world, CrashHome home);
/** Runs in a process of its own and waits for its end. */
CrashReport crash_run(const CrashSite *site, CrashRun run);

/** NULL when both are the same, else @what and the records that differ; g_free(). */
char *crash_difference(const char *what, const char *is, const char *should);
/** What the state file has of links and quarantine; g_free(). */
char *crash_remembered(const CrashSite *site);
/** NULL when no run is open and no intent without an outcome; g_free(). */
char *crash_check_settled(const CrashSite *site);
/** NULL when the start with all changes that the journals say were done is what the directories are;
 * g_free(). */
char *crash_check_journals(const CrashSite *site);
/** The folder in which the start is kept; g_free(). */
char *crash_kept_folder(const CrashSite *site);
/** Rows of @n columns; g_ptr_array_unref(). */
GPtrArray *crash_state_rows(const World *world, const char *sql);

#endif

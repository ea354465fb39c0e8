/*
 * crash.h - kill a run at any step, resume it, and look at what is left
 *
 * A site is a start state that can be restored, what an undisturbed run makes
 * of it, and how many fault steps (dirsync/fault.h) that run has. A trial
 * restores the start, kills the run at one of its steps with SIGKILL, runs
 * again, and says what is not as it should be: the home directory differs from
 * that after the undisturbed run, a further run finds something to do, or the
 * killed run is not settled in the state file. Every run is a process of its
 * own. The site knows no engine state but the state file's tables.
 */
#ifndef DIRSYNC_TESTS_CRASH_H
#define DIRSYNC_TESTS_CRASH_H

#include "tests/lab/world.h"

/** The home directory of a site. */
typedef struct {
    void (*open)(void *data);    /* in each child, before the run; may be NULL */
    void (*keep)(void *data);    /* remembers the present content as the start */
    void (*restore)(void *data); /* puts it back */
    char *(*dump)(void *data);   /* everything as sorted LDIF without identities; g_free() */
    void *data;
} CrashHome;

typedef struct {
    const World *world;
    CrashHome home;
    char *start, *expected; /* dumps, dates of grace of now as "now" */
    unsigned long last_run; /* number of the last run before the start */
    unsigned long steps;    /* of the undisturbed run */
    GPtrArray *names;       /* of the steps */
    char *figures;          /* what the undisturbed run did */
    GPtrArray *runs;        /* ids of the runs of the last trial, oldest first */
    bool recovered;         /* the run after the kill said that it found one that was cut short */
} CrashSite;

/** Something done between the kill and the next run, to see whether the trial notices. */
typedef void (*CrashTamper)(CrashSite *site);

/** The present state of @world and @home becomes the start; runs undisturbed once. */
CrashSite *crash_site_new(const World *world, CrashHome home);
void crash_site_free(CrashSite *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrashSite, crash_site_free)

/** One trial. NULL when all is as it should be, else what is not; g_free(). @tamper may be NULL. */
char *crash_try(CrashSite *site, unsigned long step, CrashTamper tamper);
/** Trial, then all its runs are reverted: the start state must be back. */
char *crash_try_revert(CrashSite *site, unsigned long step, CrashTamper tamper);

/** The home directory as it is, as start and expected are. g_free(). */
char *crash_dump(const CrashSite *site);

/** A home in a memory store that is kept in live/home.ldif of @world; keep and restore are the site's,
 *  which keeps all of live/. */
CrashHome crash_memory_home(const World *world);
/** Makes live/home.ldif. */
void crash_memory_load(const World *world, const char *ldif);
/** Applies change records to it. */
void crash_memory_change(const World *world, const char *ldif);
/** An undisturbed run in a process of its own, which must end well. */
void crash_sync(const World *world, CrashHome home);
/** Makes every grace in live/home.ldif @days older. */
void crash_memory_age(const World *world, unsigned days);

/** For children: random numbers of their own, not those that the parent and every other child draw. */
void crash_own_chance(void);

/** Before anything else: worlds are made in memory where that can be. */
void crash_use_memory_for_files(void);

/** Runs SQL on the connector's state file. */
void crash_state_sql(const World *world, const char *sql);
/** What the query answers, rows joined by blanks; g_free(). */
char *crash_state_ask(const World *world, const char *sql);

#endif

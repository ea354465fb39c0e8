/*
 * crash.h - kill a run at any step, resume it, and look at what is left
 *
 * A site is a start state that can be restored, what an undisturbed run makes
 * of it, and how many fault steps (dirsync/fault.h) that run has. A trial
 * restores the start, kills the run at one of its steps with SIGKILL (and, if
 * asked to, the next one too), runs again, and says what is not as it should be:
 * a directory differs from that after the undisturbed run, a further run finds
 * something to do, what is remembered differs, the killed run is not settled in
 * the state file, or the journals replayed on the start do not give what the
 * directories hold. Every run is a process of its own, forked from the test.
 *
 * Worlds lie in /dev/shm where that can be written to: who is killed loses
 * nothing that the kernel has, so what a run syncs to disk is the same there,
 * only sooner. Nothing that the engine does is left out for that.
 */
#ifndef DIRSYNC_TESTS_CRASH_H
#define DIRSYNC_TESTS_CRASH_H

#include "tests/lab/world.h"

/** The directories of a site. All but dump may be NULL. */
typedef struct {
    void (*open)(void *data);            /* in each child, before the run */
    void (*keep)(void *data);            /* remembers the present content as the start */
    void (*restore)(void *data);         /* puts it back */
    char *(*dump)(void *data);           /* everything as sorted LDIF without identities; g_free() */
    Connector *(*connector)(void *data); /* NULL: the world's */
    void (*call)(RunOptions *options, void *data); /* how the run is called; NULL: plainly */
    bool (*run)(const Connector *connector, const RunOptions *options, RunResult *result,
                GError **error); /* NULL: run_sync() */
    char *(*mask)(char *text, void *data); /* takes @text; replaces identities that differ from run to run */
    const char *file[STEPS]; /* LDIF below live/ that the step's changes go to; NULL: cannot be replayed */
    const char *server; /* the kind of server that holds them: a sample of its sites is tried, see
                           crash_walk(); NULL: none */
    void *data;
} CrashHome;

typedef struct {
    const World *world;
    CrashHome home;
    Connector *connector;
    char *start, *expected; /* dumps, dates of grace of now as "now" */
    char *remembered;       /* links and quarantine after the undisturbed run and another one */
    char *error;            /* what the undisturbed run ended with; NULL: nothing */
    bool restless;          /* the run after the undisturbed one may write too; then expected is after that */
    char *irreversible; /* why not even the undisturbed run can be reverted without a trace; NULL: it can */
    unsigned long last_run; /* number of the last run before the start */
    unsigned long steps;    /* of the undisturbed run */
    GPtrArray *names;       /* of the steps */
    char *figures;          /* what the undisturbed run did: its import */
    char *happened;         /* the names of the events that it emitted and the situations in its plan, each
                               between blanks */
    GPtrArray *runs;        /* ids of the runs of the last trial, oldest first */
    bool recovered;         /* the run after the kill said that it found one that was cut short */
} CrashSite;

/** Something done between the kill and the next run, to see whether the trial notices. */
typedef void (*CrashTamper)(CrashSite *site);

/** The present state of @world and @home becomes the start; runs undisturbed. An error of that run fails the
 *  test, but for crash_site_try(), which says NULL then. */
CrashSite *crash_site_new(const World *world, CrashHome home);
CrashSite *crash_site_try(const World *world, CrashHome home);
void crash_site_free(CrashSite *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrashSite, crash_site_free)

/** One trial. NULL when all is as it should be, else what is not; g_free(). @tamper may be NULL. */
char *crash_try(CrashSite *site, unsigned long step, CrashTamper tamper);
/** The same, and the next run is killed at its step @again, if it has that many. */
char *crash_try_twice(CrashSite *site, unsigned long step, unsigned long again);
/** No kill: the disk is full, that is no file may be longer than that, and then it is not any more. *stopped:
 * the run ended with an error. */
char *crash_try_full(CrashSite *site, unsigned long most_bytes, bool *stopped);
/** All runs of the last trial are reverted: the start state must be back. */
char *crash_revert(CrashSite *site);
/** Trial, then all its runs are reverted: the start state must be back. */
char *crash_try_revert(CrashSite *site, unsigned long step, CrashTamper tamper);
/**
 * Runs undisturbed, kills the revert of that run at its step (0: counts the steps of a revert into *steps), and
 * reverts once more: the start state must be back.
 */
char *crash_try_revert_killed(CrashSite *site, unsigned long step, unsigned long *steps);
/** Puts the start back. */
void crash_site_restore(CrashSite *site);
/** Runs undisturbed. NULL, or the error; g_free(). */
char *crash_run_on(CrashSite *site);

/** The directories as they are, as start and expected are. g_free(). */
char *crash_dump(const CrashSite *site);

/* --- how many --- */

/** Reads CRASH_SEED and CRASH, prints the seed, and has worlds made in memory where that can be. Before
 *  anything else in main(). */
void crash_begin(void);
/** CRASH=all (or NIGHTLY): every step of every case, and more of what is random. On a server there is more then,
 *  and everything with CRASH_SERVERS=all. */
bool crash_is_exhaustive(void);
bool crash_is_exhaustive_on_servers(void);
/** From here on chance depends on the seed and on this name alone, so that the case can be repeated without the
 *  others. @command: what selects it, "DIRSYNC_TEST_CASE"; NULL: nothing does, the program is to be repeated.
 *  Said by whatever fails. */
void crash_begin_case(const char *name, const char *command);
/** The chance of the seed. */
GRand *crash_chance(void);
/** Whether this one of @of things is among about @wanted that are taken; all of them are where everything is.
 */
bool crash_is_chosen(unsigned long wanted, unsigned long of);
/** The same, by chance even where everything is tried. */
bool crash_is_drawn(unsigned long wanted, unsigned long of);
/** The steps that are worth being tried: of a row of statements in one transaction any one. Of unsigned long.
 */
GArray *crash_steps(const CrashSite *site);
/**
 * Tries the steps of the site: every one, or about @wanted. Some are followed by a revert, some by a second
 * kill. Fails the test at the first complaint, and says how to repeat it.
 */
void crash_walk(CrashSite *site, const char *name, unsigned long wanted);
/** The same for the steps of the revert of the undisturbed run. */
void crash_walk_revert(CrashSite *site, const char *name, unsigned long wanted);
/** Says what was tried, to be added up over programs. */
void crash_tell(void);

/* --- worlds --- */

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

/** Runs SQL on the connector's state file. */
void crash_state_sql(const World *world, const char *sql);
/** What the query answers, rows joined by blanks; g_free(). */
char *crash_state_ask(const World *world, const char *sql);

#endif

/*
 * daemon_internal.h - what the files of the daemon share
 *
 * daemon.c         the main loop, signals, the service manager
 * daemon_list.c    which connectors there are, reading and reloading them
 * daemon_parked.c  who is parked, and what lets them go
 * daemon_gate.c    one try with a password at a time
 * daemon_job.c     runs and watches of one connector: beginning, lines, end
 * daemon_words.c   what is said about them: the file, the status line
 */
#ifndef DIRSYNC_DAEMON_INTERNAL_H
#define DIRSYNC_DAEMON_INTERNAL_H

#include "dirsync/child.h"
#include "dirsync/daemon.h"
#include "dirsync/run_file.h"
#include "dirsync/supervisor.h"

typedef struct Daemon Daemon;
typedef struct Door Door;

/** One connector. */
typedef struct {
    Daemon *daemon;
    char *path;           /* of its definition, absolute */
    char *name;           /* before it could be loaded: that of the file */
    char *place;          /* the state folder */
    Connector *connector; /* as it was last loaded; NULL: never */
    Connector *tried;     /* the same, before it was tried last: whose files and passwords count */
    Supervised what;
    char *print;          /* run_file_print() before it was tried last */
    SupervisedState told; /* the state as it was last published, and since when */
    char *told_since;
    char *print_of_try; /* the same, before somebody tried a password that it uses; NULL */
    unsigned named;     /* of two with one name, the one with the lower number has it by right */
    bool gone;          /* not in the list any more: forgotten when its processes have ended */
    Child *run, *watch;
    Door *run_door, *watch_door; /* where they ask whether they may bind */
    gint64 run_began;
    json_t *result;                             /* of the run, as it printed it */
    json_t *watch_end;                          /* of the watch: what it said of its end */
    GString *run_complaints, *watch_complaints; /* what they printed on stderr that is no event */
    bool watch_closing;                         /* we have asked it to end */
} Job;

struct Daemon {
    const DaemonOptions *options;
    GMainLoop *loop;
    GPtrArray *jobs;
    GHashTable *gates;   /* of daemon_gate.c */
    unsigned names;      /* Job.named was given to so many */
    GHashTable *locks;   /* state folder to descriptor, as pointer */
    GHashTable *written; /* state folder to what its run.json says */
    int64_t published;   /* monotonic: when run.json was written last */
    bool unpublished;    /* something has changed since that is not urgent */
    guint timer;
    int stopping; /* signals that said so */
    char *since;
    char *status; /* as it was last told */
    bool file_failed;
};

Moment daemon_now(void);
/** Does what is to be done now, and sets the timer for what comes next. */
void daemon_turn(Daemon *self);

/* daemon_list.c */

/** Reads the list and all definitions. The first time (@reload false) an error ends the daemon. */
bool daemon_load(Daemon *self, bool reload, GError **error);
void daemon_job_free(gpointer job);
/** Reads its definition again. */
void daemon_job_reload(Job *job, Moment now);

/* daemon_parked.c */

/** Reads the definition as a process that is started now will, since it may name other files and passwords
 * than before; nothing else of the job follows it. */
void daemon_job_read_tried(Job *job);
/** The same, before something is tried: what is corrected meanwhile counts. */
void daemon_job_note_print(Job *job);
/** Tells of it. */
void daemon_job_parked(Job *job);
/** Says so in the connector's metrics, if it has some. */
void daemon_job_measure_parked(const Job *job, bool parked);
/** Parked ones whose files have changed are tried again. */
void daemon_look_at_parked(Daemon *self, Moment now);
/** The password of its that was tried last was wrong. */
void daemon_job_blame_try(Job *job);
/** Parks it, since a password of its was found to be wrong by somebody else's try. */
void daemon_job_park_refused(Job *job, const char *why);
/** Parks it if another connector has its name, or a password of its was found to be wrong meanwhile. */
void daemon_job_park_if_barred(Job *job);

/* daemon_gate.c */

GHashTable *daemon_gates_new(void);
/** Every password may be tried again. */
void daemon_gates_forget_refusals(GHashTable *gates);
/** For a process of @job that is about to be started, which gets @other_end. NULL and ERROR_IO. */
Door *daemon_door_open(Job *job, int *other_end, GError **error);
/** The process has ended. NULL is nothing. */
void daemon_door_close(Door *door);
/** Why one of its passwords is not to be tried; NULL: all may be. Borrowed. */
const char *daemon_job_refusal(const Job *job);
/** Its passwords may be tried again. */
void daemon_job_forget_refusals(const Job *job);

/* daemon_job.c */

void daemon_job_begin(Job *job, RunCause cause);
void daemon_job_open_watch(Job *job);
/** Its directory is not to be watched any more. */
void daemon_job_close_watch(Job *job);

/* daemon_words.c */

/** "import: 4 created, 12 modified; export: no changes" of a result of dirsync sync --json; g_free(). */
char *daemon_figures(const json_t *result);
/** run.json of each state folder, and the manager's status line. */
void daemon_publish(Daemon *self);
/** "2026-11-22T14:30:00Z"; NULL for SCHEDULE_NO_TIME; g_free(). */
char *daemon_time_text(int64_t seconds);
/** The same for people here, "14:30:00" or with the date; g_free(). */
char *daemon_clock_text(int64_t seconds);

#endif

/*
 * supervisor.h - what a connector that runs by itself does next
 *
 * A state machine for each connector, without a clock, a process or a file: it is
 * told what happened and when, and says what is to be done. The daemon does it.
 *
 *     waiting ── due ──► running ── well, or a limit ──► waiting
 *        ▲                  ├── failed ──► backing off ── over ──► running
 *        └── asked ── parked ◄── wrong password, wrong definition
 *
 * Moments have two clocks: times of day go by the wall clock, which may be set;
 * intervals, settling and back-off by the monotonic one, which only goes on.
 */
#ifndef DIRSYNC_SUPERVISOR_H
#define DIRSYNC_SUPERVISOR_H

#include "dirsync/schedule.h"

/** Both in microseconds. */
typedef struct {
    int64_t wall; /* since 1970 */
    int64_t monotonic;
} Moment;

#define NO_MOMENT INT64_MAX

typedef enum {
    SUPERVISED_WAITING,
    SUPERVISED_RUNNING,
    SUPERVISED_BACKING_OFF, /* after a failure that may pass */
    SUPERVISED_PARKED,      /* until somebody corrects the definition or the password, or asks */
    SUPERVISED_STATES
} SupervisedState;

extern const char *const supervised_state_names[SUPERVISED_STATES]; /* "waiting", "running", ... */

/** What the end of a run means. */
typedef enum {
    RUN_END_WELL,
    RUN_END_LIMIT,       /* not for a change, only at the next time of the schedule */
    RUN_END_FAILED,      /* again, after a while */
    RUN_END_SOURCE,      /* the same; or once the file has changed */
    RUN_END_LOCKED,      /* somebody else runs it: again, after a while */
    RUN_END_DEFINITION,  /* parked */
    RUN_END_CREDENTIALS, /* parked: another try could lock the account */
    RUN_ENDS
} RunEnd;

/**
 * @exit_status  of the process; -1: it was killed or crashed
 * @error_kind   error_name() of its error; NULL: not known
 */
RunEnd run_end_of(int exit_status, const char *error_kind);

typedef enum {
    CAUSE_SCHEDULE,
    CAUSE_CHANGE, /* a directory told that something has changed */
    CAUSE_WATCH,  /* from now on it tells: what was before is looked at once */
    CAUSE_RETRY,  /* the back-off is over */
    CAUSE_ASKED,  /* reloaded, or what it was parked for was corrected */
    CAUSES
} RunCause;

extern const char *const run_cause_names[CAUSES];

typedef enum {
    WATCH_CLOSED,
    WATCH_OPENING, /* no run meanwhile: a wrong password is tried once */
    WATCH_OPEN,
    WATCH_GIVEN_UP /* the directory cannot be watched */
} WatchState;

typedef struct {
    Schedule schedule;
    SupervisedState state;
    char *reason;                      /* why it is parked or backing off, or what a limit refused; NULL */
    int64_t until;                     /* monotonic: end of the back-off */
    unsigned failures;                 /* in a row */
    bool curable;                      /* a change ends the back-off */
    bool held;                         /* a limit refused the last run: changes do not begin one */
    bool asked;                        /* at once */
    bool watch_began;                  /* at once: the watch was opened */
    int64_t begun;                     /* monotonic: when the last run began; NO_MOMENT: none */
    int64_t due;                       /* monotonic: intervals; NO_MOMENT */
    int64_t due_wall;                  /* seconds: times of day; SCHEDULE_NO_TIME */
    int64_t seen_wall;                 /* the wall clock when it was last looked at */
    int64_t first_change, last_change; /* monotonic; NO_MOMENT: none */
    WatchState watch;
    unsigned watch_failures;
    int64_t watch_moment; /* monotonic: when it was opened; closed: not again before */
} Supervised;

/** An interval begins at once. The schedule is copied. */
void supervised_init(Supervised *self, const Schedule *schedule, Moment now);
void supervised_clear(Supervised *self);

/** Looks at the clock; to be called now and then, and before the questions below. A wall clock that was set
 * back by more than three hours was wrong before: times of day are reckoned anew. By less: none is repeated.
 * One that was set forward past a time makes it due, once. */
void supervised_tick(Supervised *self, Moment now);

/** Whether a run is to begin now, and why. */
bool supervised_is_due(const Supervised *self, Moment now, RunCause *cause);
/** Monotonic: when it is or was due if nothing else happens; NO_MOMENT: never. */
int64_t supervised_wake(const Supervised *self, Moment now);
/** The same by the wall clock, in seconds, for people; SCHEDULE_NO_TIME. */
int64_t supervised_next_wall(const Supervised *self, Moment now);

void supervised_begin(Supervised *self, Moment now);
/** @jitter: 0 to below 1, drawn by the caller. @reason: for people; copied. */
void supervised_end(Supervised *self, RunEnd end, const char *reason, double jitter, Moment now);
/** Parks it although it did not run: another connector's run has shown that the password is wrong. */
void supervised_park(Supervised *self, const char *reason);

/** Something has changed in a directory that is watched. */
void supervised_change(Supervised *self, Moment now);
/** Whether a watch is to be opened now; or is open and must be closed. */
bool supervised_watch_wanted(const Supervised *self, Moment now);
bool supervised_watch_unwanted(const Supervised *self);
void supervised_watch_opening(Supervised *self);
void supervised_watch_opened(Supervised *self, Moment now);
/** The watch has ended, or could not be opened. */
void supervised_watch_ended(Supervised *self, RunEnd end, const char *reason, double jitter, Moment now);

/** Somebody asked, or what it was parked for has changed: everything is forgotten that stands in the way. */
void supervised_reload(Supervised *self, const Schedule *schedule, Moment now);

#endif

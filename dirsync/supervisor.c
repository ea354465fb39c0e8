/*
 * supervisor.c - see supervisor.h
 */
#include "dirsync/supervisor.h"

#include <assert.h>

#define SECOND ((int64_t)1000000)
#define FIRST_BACK_OFF 30 /* seconds */
#define FIRST_WATCH_BACK_OFF 5
#define LONGEST_BACK_OFF 3600
#define CORRECTED (3 * 3600 * SECOND) /* a clock that is set back by more was wrong before */
#define LASTING (60 * SECOND)         /* a watch that held for so long was a good one */

const char *const supervised_state_names[] = {[SUPERVISED_WAITING] = "waiting",
                                              [SUPERVISED_RUNNING] = "running",
                                              [SUPERVISED_BACKING_OFF] = "backing-off",
                                              [SUPERVISED_PARKED] = "parked"};

static_assert(G_N_ELEMENTS(supervised_state_names) == SUPERVISED_STATES, "a name for every state");

const char *const run_cause_names[] = {[CAUSE_SCHEDULE] = "schedule",
                                       [CAUSE_CHANGE] = "change",
                                       [CAUSE_WATCH] = "watch opened",
                                       [CAUSE_RETRY] = "tried again",
                                       [CAUSE_ASKED] = "asked for"};

static_assert(G_N_ELEMENTS(run_cause_names) == CAUSES, "a name for every cause");

/* --- what an end means --- */

static const struct {
    int exit_status;
    RunEnd end;
} exit_ends[] = {{0, RUN_END_WELL},  {2, RUN_END_WELL},   {3, RUN_END_WELL},       {1, RUN_END_FAILED},
                 {4, RUN_END_LIMIT}, {5, RUN_END_FAILED}, {6, RUN_END_DEFINITION}, {7, RUN_END_LOCKED}};

RunEnd run_end_of(int exit_status, const char *error_kind)
{
    if (exit_status > 0 && !g_strcmp0(error_kind, "credentials"))
        return RUN_END_CREDENTIALS;
    if (exit_status > 0 && !g_strcmp0(error_kind, "source"))
        return RUN_END_SOURCE;
    for (size_t i = 0; i < G_N_ELEMENTS(exit_ends); i++)
        if (exit_ends[i].exit_status == exit_status)
            return exit_ends[i].end;
    return RUN_END_FAILED;
}

/* What becomes of the connector, by the end of its run. */
static const struct {
    SupervisedState state;
    bool held, failure, curable;
} next_states[] = {
    [RUN_END_WELL] = {.state = SUPERVISED_WAITING},
    [RUN_END_LIMIT] = {.state = SUPERVISED_WAITING, .held = true},
    [RUN_END_FAILED] = {.state = SUPERVISED_BACKING_OFF, .failure = true},
    [RUN_END_SOURCE] = {.state = SUPERVISED_BACKING_OFF, .failure = true, .curable = true},
    [RUN_END_LOCKED] = {.state = SUPERVISED_BACKING_OFF, .failure = true},
    [RUN_END_DEFINITION] = {.state = SUPERVISED_PARKED, .failure = true},
    [RUN_END_CREDENTIALS] = {.state = SUPERVISED_PARKED, .failure = true},
};

static_assert(G_N_ELEMENTS(next_states) == RUN_ENDS, "a state after every end");

/* Doubled with every failure; up to a quarter less, so that many do not come back at the same moment. */
static int64_t back_off(int64_t first, unsigned failures, double jitter)
{
    unsigned doubled = CLAMP(failures, 1, 16) - 1;
    int64_t seconds = MIN(first << doubled, LONGEST_BACK_OFF);
    return (int64_t)((double)(seconds * SECOND) * (1 - jitter / 4));
}

static void set_reason(Supervised *self, const char *reason)
{
    char *copy = g_strdup(reason);
    g_free(self->reason);
    self->reason = copy;
}

/* --- the schedule --- */

static void reckon(Supervised *self, Moment now)
{
    self->due_wall = schedule_next(&self->schedule, now.wall / SECOND);
    self->due = NO_MOMENT;
    if (self->schedule.kind == SCHEDULE_EVERY && self->begun != NO_MOMENT)
        self->due = self->begun + self->schedule.seconds * SECOND;
    else if (self->schedule.kind == SCHEDULE_EVERY || self->schedule.kind == SCHEDULE_ALWAYS)
        self->due = now.monotonic;
}

void supervised_init(Supervised *self, const Schedule *schedule, Moment now)
{
    *self = (Supervised){.begun = NO_MOMENT,
                         .seen_wall = now.wall,
                         .first_change = NO_MOMENT,
                         .last_change = NO_MOMENT,
                         .watch_moment = now.monotonic};
    schedule_copy(&self->schedule, schedule);
    reckon(self, now);
}

void supervised_clear(Supervised *self)
{
    schedule_clear(&self->schedule);
    g_free(self->reason);
    self->reason = NULL;
}

void supervised_tick(Supervised *self, Moment now)
{
    if (now.wall < self->seen_wall - CORRECTED)
        self->due_wall = schedule_next(&self->schedule, now.wall / SECOND);
    self->seen_wall = now.wall;
}

/* --- when --- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Monotonic; the wall clock may be set meanwhile, then it is reckoned again. */
static int64_t scheduled_moment(const Supervised *self, Moment now)
{
    int64_t moment = self->due;
    if (self->due_wall != SCHEDULE_NO_TIME)
        moment = earlier(moment, now.monotonic + (self->due_wall * SECOND - now.wall));
    return moment;
}

static int64_t change_moment(const Supervised *self)
{
    if (self->first_change == NO_MOMENT || self->held)
        return NO_MOMENT;
    return earlier(self->last_change + self->schedule.settle * SECOND,
                   self->first_change + self->schedule.maximum_wait * SECOND);
}

int64_t supervised_wake(const Supervised *self, Moment now)
{
    bool waits_for_watch = self->watch == WATCH_OPENING;
    if (self->state == SUPERVISED_RUNNING || self->state == SUPERVISED_PARKED || waits_for_watch)
        return NO_MOMENT;
    if (self->asked || (self->watch_began && self->state == SUPERVISED_WAITING))
        return now.monotonic;
    if (self->state == SUPERVISED_BACKING_OFF)
        return self->curable ? earlier(self->until, change_moment(self)) : self->until;
    return earlier(scheduled_moment(self, now), change_moment(self));
}

bool supervised_is_due(const Supervised *self, Moment now, RunCause *cause)
{
    if (supervised_wake(self, now) > now.monotonic)
        return false;
    if (self->asked)
        *cause = CAUSE_ASKED;
    else if (self->state == SUPERVISED_BACKING_OFF)
        *cause = self->until <= now.monotonic ? CAUSE_RETRY : CAUSE_CHANGE;
    else if (self->watch_began)
        *cause = CAUSE_WATCH;
    else
        *cause = scheduled_moment(self, now) <= now.monotonic ? CAUSE_SCHEDULE : CAUSE_CHANGE;
    return true;
}

int64_t supervised_next_wall(const Supervised *self, Moment now)
{
    int64_t wake = supervised_wake(self, now);
    if (wake == NO_MOMENT)
        return SCHEDULE_NO_TIME;
    return (now.wall + MAX(wake - now.monotonic, 0)) / SECOND;
}

/* --- runs --- */

/* A time of day that is still to come stays, whatever began the run. */
void supervised_begin(Supervised *self, Moment now)
{
    self->state = SUPERVISED_RUNNING;
    self->begun = now.monotonic;
    self->asked = self->watch_began = false;
    self->first_change = self->last_change = NO_MOMENT;
    if (self->due_wall != SCHEDULE_NO_TIME && self->due_wall * SECOND <= now.wall)
        self->due_wall = schedule_next(&self->schedule, now.wall / SECOND);
    if (self->schedule.kind == SCHEDULE_EVERY)
        self->due = now.monotonic + self->schedule.seconds * SECOND;
}

void supervised_end(Supervised *self, RunEnd end, const char *reason, double jitter, Moment now)
{
    self->state = next_states[end].state;
    self->held = next_states[end].held;
    self->curable = next_states[end].curable;
    self->failures = next_states[end].failure ? self->failures + 1 : 0;
    set_reason(self, end == RUN_END_WELL ? NULL : reason);
    if (self->state == SUPERVISED_BACKING_OFF)
        self->until = now.monotonic + back_off(FIRST_BACK_OFF, self->failures, jitter);
    if (self->schedule.kind == SCHEDULE_ALWAYS) {
        int64_t pause = self->schedule.seconds;
        self->due = now.monotonic + (self->held ? MAX(pause, LONGEST_BACK_OFF) : pause) * SECOND;
    }
}

void supervised_park(Supervised *self, const char *reason)
{
    self->state = SUPERVISED_PARKED;
    self->asked = false;
    set_reason(self, reason);
}

/* --- changes --- */

/* What came while a run was going on may have come too late for it, and counts for the next. */
void supervised_change(Supervised *self, Moment now)
{
    if (self->first_change == NO_MOMENT)
        self->first_change = now.monotonic;
    self->last_change = now.monotonic;
}

bool supervised_watch_wanted(const Supervised *self, Moment now)
{
    return self->schedule.watch && self->watch == WATCH_CLOSED && self->state != SUPERVISED_PARKED &&
           self->state != SUPERVISED_RUNNING && self->watch_moment <= now.monotonic;
}

bool supervised_watch_unwanted(const Supervised *self)
{
    bool there = self->watch == WATCH_OPENING || self->watch == WATCH_OPEN;
    return there && (!self->schedule.watch || self->state == SUPERVISED_PARKED);
}

void supervised_watch_opening(Supervised *self)
{
    self->watch = WATCH_OPENING;
}

/* The directory answers: what failed because it did not is tried again at once. */
void supervised_watch_opened(Supervised *self, Moment now)
{
    self->watch = WATCH_OPEN;
    self->watch_moment = now.monotonic;
    self->watch_began = !self->held;
    if (self->state == SUPERVISED_BACKING_OFF)
        self->until = earlier(self->until, now.monotonic + self->schedule.settle * SECOND);
}

void supervised_watch_ended(Supervised *self, RunEnd end, const char *reason, double jitter, Moment now)
{
    if (self->watch == WATCH_OPEN && now.monotonic - self->watch_moment >= LASTING)
        self->watch_failures = 0;
    self->watch = end == RUN_END_DEFINITION ? WATCH_GIVEN_UP : WATCH_CLOSED;
    self->watch_failures++;
    self->watch_moment = now.monotonic + back_off(FIRST_WATCH_BACK_OFF, self->watch_failures, jitter);
    /* Who runs by its watch alone would wait for ever. */
    bool nothing_left = end == RUN_END_DEFINITION && self->schedule.kind == SCHEDULE_NEVER;
    if ((end == RUN_END_CREDENTIALS || nothing_left) && self->state != SUPERVISED_RUNNING)
        supervised_park(self, reason);
}

/* --- anew --- */

void supervised_reload(Supervised *self, const Schedule *schedule, Moment now)
{
    bool stuck = self->state == SUPERVISED_BACKING_OFF || self->state == SUPERVISED_PARKED || self->held;
    if (!schedule_equal(&self->schedule, schedule)) {
        schedule_clear(&self->schedule);
        schedule_copy(&self->schedule, schedule);
        reckon(self, now);
    }
    /* Who never runs by itself does not begin to because something was corrected. */
    self->asked |= stuck && (self->schedule.kind != SCHEDULE_NEVER || self->schedule.watch);
    self->held = false;
    self->failures = self->watch_failures = 0;
    if (self->watch == WATCH_GIVEN_UP)
        self->watch = WATCH_CLOSED;
    if (self->watch == WATCH_CLOSED)
        self->watch_moment = now.monotonic;
    if (self->state != SUPERVISED_RUNNING) {
        self->state = SUPERVISED_WAITING;
        set_reason(self, NULL);
    }
}

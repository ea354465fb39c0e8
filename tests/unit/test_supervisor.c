/*
 * test_supervisor.c - what a connector does next, over a played clock
 *
 * A case is a script: one step a row, at a second, something that happens, and
 * what must be so then: the state, and in how many seconds a run is due.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/supervisor.h"

#include <string.h>

#define SECOND ((int64_t)1000000)
#define NEVER (-1)
/* Monday, 2026-01-19 00:00:00 UTC. */
#define START ((int64_t)1768780800)
#define MINUTES *60
#define HOURS *3600

typedef enum {
    NOTHING,
    BEGIN, /* a run; it must be due, for the cause given */
    END,   /* with the end given */
    CHANGE,
    OPENING, /* of a watch, which must be wanted */
    OPENED,
    WATCH_ENDED, /* with the end given */
    RELOAD,
    PARK,
    SET_CLOCK /* the wall clock, by so many seconds */
} What;

typedef struct {
    int64_t at; /* seconds of the monotonic clock */
    What what;
    int which; /* RunCause, RunEnd, or seconds */
    SupervisedState state;
    int64_t due_in; /* seconds; NEVER */
} Act;

#define ACTS 24
#define OVER                                                                                                 \
    {                                                                                                        \
        -1, NOTHING, 0, 0, 0                                                                                 \
    }

typedef struct {
    const char *about, *schedule;
    bool watch;
    Act acts[ACTS];
} Script;

#define WAITING SUPERVISED_WAITING
#define RUNNING SUPERVISED_RUNNING
#define BACKING SUPERVISED_BACKING_OFF
#define PARKED SUPERVISED_PARKED

static const Script scripts[] = {
    {"an interval begins at once, and goes from beginning to beginning",
     "15 min",
     false,
     {{0, NOTHING, 0, WAITING, 0},
      {0, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {60, END, RUN_END_WELL, WAITING, 14 MINUTES},
      {15 MINUTES, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {40 MINUTES, END, RUN_END_WELL, WAITING, -10 MINUTES}, /* it was long: due since ten minutes */
      {40 MINUTES, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      OVER}},
    {"always: a pause after each",
     "always",
     false,
     {{0, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {100, END, RUN_END_WELL, WAITING, 10},
      {110, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      OVER}},
    {"always, and a limit: in an hour",
     "always",
     false,
     {{0, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {100, END, RUN_END_LIMIT, WAITING, 1 HOURS},
      {100 + 1 HOURS, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {200 + 1 HOURS, END, RUN_END_WELL, WAITING, 10},
      OVER}},
    {"never", "never", false, {{0, NOTHING, 0, WAITING, NEVER}, {9 HOURS, NOTHING, 0, WAITING, NEVER}, OVER}},
    {"who runs by its watch alone is parked when that cannot be, and tried again when it is corrected",
     "never",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {1, WATCH_ENDED, RUN_END_DEFINITION, PARKED, NEVER},
      {1 HOURS, RELOAD, 0, WAITING, 0},
      OVER}},
    {"who never runs by itself does not begin to because something was corrected",
     "never",
     false,
     {{0, PARK, 0, PARKED, NEVER}, {1 HOURS, RELOAD, 0, WAITING, NEVER}, OVER}},
    {"times of day wait for their time",
     "06:00,18:00",
     false,
     {{0, NOTHING, 0, WAITING, 6 HOURS},
      {6 HOURS, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {6 HOURS + 60, END, RUN_END_WELL, WAITING, 12 HOURS - 60},
      OVER}},

    {"failures are tried again, twice as late each time, after an hour at most",
     "06:00",
     false,
     {{6 HOURS, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {6 HOURS, END, RUN_END_FAILED, BACKING, 30},
      {6 HOURS + 30, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {6 HOURS + 30, END, RUN_END_FAILED, BACKING, 60},
      {6 HOURS + 90, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {6 HOURS + 90, END, RUN_END_LOCKED, BACKING, 120},
      {7 HOURS, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {7 HOURS, END, RUN_END_FAILED, BACKING, 240},
      {8 HOURS, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {8 HOURS, END, RUN_END_FAILED, BACKING, 480},
      {9 HOURS, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {9 HOURS, END, RUN_END_FAILED, BACKING, 960},
      {10 HOURS, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {10 HOURS, END, RUN_END_FAILED, BACKING, 1920},
      {11 HOURS, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {11 HOURS, END, RUN_END_FAILED, BACKING, 1 HOURS},
      {12 HOURS, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {12 HOURS, END, RUN_END_FAILED, BACKING, 1 HOURS},
      {13 HOURS, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {13 HOURS, END, RUN_END_WELL, WAITING, 17 HOURS},
      {30 HOURS, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {30 HOURS, END, RUN_END_FAILED, BACKING, 30}, /* counted anew */
      OVER}},
    {"the schedule does not break into a back-off",
     "10 s",
     false,
     {{0, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {1, END, RUN_END_FAILED, BACKING, 30},
      {15, NOTHING, 0, BACKING, 16},
      {31, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {32, END, RUN_END_WELL, WAITING, 9},
      OVER}},
    {"a wrong password is not tried again, whatever comes",
     "15 min",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {1, OPENED, 0, WAITING, 0},
      {1, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {2, END, RUN_END_CREDENTIALS, PARKED, NEVER},
      {3, CHANGE, 0, PARKED, NEVER},
      {4, WATCH_ENDED, RUN_END_FAILED, PARKED, NEVER},
      {90 HOURS, NOTHING, 0, PARKED, NEVER},
      {90 HOURS, RELOAD, 0, WAITING, 0},
      {90 HOURS, BEGIN, CAUSE_ASKED, RUNNING, NEVER},
      OVER}},
    {"nor is a wrong definition",
     "15 min",
     false,
     {{0, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {1, END, RUN_END_DEFINITION, PARKED, NEVER},
      {90 HOURS, NOTHING, 0, PARKED, NEVER},
      {90 HOURS, RELOAD, 0, WAITING, 0},
      OVER}},
    {"another connector's run has shown that the password is wrong",
     "15 min",
     false,
     {{0, PARK, 0, PARKED, NEVER}, {1 HOURS, NOTHING, 0, PARKED, NEVER}, OVER}},

    {"a change is waited with until it is quiet",
     "never",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {1, OPENED, 0, WAITING, 0},
      {1, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {5, END, RUN_END_WELL, WAITING, NEVER},
      {10, CHANGE, 0, WAITING, 5},
      {13, CHANGE, 0, WAITING, 5},
      {17, CHANGE, 0, WAITING, 5},
      {22, BEGIN, CAUSE_CHANGE, RUNNING, NEVER},
      {25, END, RUN_END_WELL, WAITING, NEVER},
      OVER}},
    {"but not for longer than the maximum",
     "never",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {0, OPENED, 0, WAITING, 0},
      {0, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {1, END, RUN_END_WELL, WAITING, NEVER},
      {10, CHANGE, 0, WAITING, 5},
      {14, CHANGE, 0, WAITING, 5},
      {68, CHANGE, 0, WAITING, 2},
      {69, CHANGE, 0, WAITING, 1},
      {70, BEGIN, CAUSE_CHANGE, RUNNING, NEVER},
      OVER}},
    {"a change does not break into a back-off",
     "never",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {0, OPENED, 0, WAITING, 0},
      {0, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {1, END, RUN_END_FAILED, BACKING, 30},
      {3, CHANGE, 0, BACKING, 28},
      {31, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {32, END, RUN_END_WELL, WAITING, NEVER},
      OVER}},
    {"unless it is of the file that was missing or not to be trusted",
     "never",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {0, OPENED, 0, WAITING, 0},
      {0, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {1, END, RUN_END_SOURCE, BACKING, 30},
      {3, CHANGE, 0, BACKING, 5},
      {8, BEGIN, CAUSE_CHANGE, RUNNING, NEVER},
      {9, END, RUN_END_WELL, WAITING, NEVER},
      OVER}},
    {"a change during a run is for the next",
     "never",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {0, OPENED, 0, WAITING, 0},
      {0, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {10, CHANGE, 0, RUNNING, NEVER},
      {12, END, RUN_END_WELL, WAITING, 3},
      {15, BEGIN, CAUSE_CHANGE, RUNNING, NEVER},
      {16, END, RUN_END_WELL, WAITING, NEVER},
      OVER}},
    {"a limit is not repeated for a change, only by the schedule",
     "06:00",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {0, OPENED, 0, WAITING, 0},
      {0, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {60, END, RUN_END_LIMIT, WAITING, 6 HOURS - 60},
      {100, CHANGE, 0, WAITING, 6 HOURS - 100},
      {110, WATCH_ENDED, RUN_END_FAILED, WAITING, 6 HOURS - 110},
      {115, OPENING, 0, WAITING, NEVER},
      {116, OPENED, 0, WAITING, 6 HOURS - 116},
      {6 HOURS, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {6 HOURS + 10, END, RUN_END_WELL, WAITING, 24 HOURS - 10},
      {7 HOURS, CHANGE, 0, WAITING, 5},
      OVER}},
    {"a limit without a schedule: until somebody asks",
     "never",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {0, OPENED, 0, WAITING, 0},
      {0, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {60, END, RUN_END_LIMIT, WAITING, NEVER},
      {100, CHANGE, 0, WAITING, NEVER},
      {200, RELOAD, 0, WAITING, 0},
      {200, BEGIN, CAUSE_ASKED, RUNNING, NEVER},
      OVER}},

    {"while a watch is being opened no run begins: a password is tried once",
     "15 min",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {30, NOTHING, 0, WAITING, NEVER},
      {31, WATCH_ENDED, RUN_END_CREDENTIALS, PARKED, NEVER},
      OVER}},
    {"a watch that cannot be opened does not stop the schedule, and is tried again",
     "15 min",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {1, WATCH_ENDED, RUN_END_FAILED, WAITING, -1},
      {1, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {2, END, RUN_END_WELL, WAITING, 15 MINUTES - 1},
      {6, OPENING, 0, WAITING, NEVER},
      {7, WATCH_ENDED, RUN_END_FAILED, WAITING, 15 MINUTES - 6},
      {17, OPENING, 0, WAITING, NEVER},
      {18, OPENED, 0, WAITING, 0},
      OVER}},
    {"a watch that was lost after a while is opened again soon, and a run is made then",
     "never",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {1, WATCH_ENDED, RUN_END_FAILED, WAITING, NEVER},
      {31, OPENING, 0, WAITING, NEVER},
      {31, OPENED, 0, WAITING, 0},
      {31, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {32, END, RUN_END_WELL, WAITING, NEVER},
      {1 HOURS, WATCH_ENDED, RUN_END_FAILED, WAITING, NEVER},
      {1 HOURS + 5, OPENING, 0, WAITING, NEVER},
      {1 HOURS + 6, OPENED, 0, WAITING, 0},
      {1 HOURS + 6, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      OVER}},
    {"what failed while the server was away is tried again when its watch opens",
     "06:00",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {0, WATCH_ENDED, RUN_END_FAILED, WAITING, 6 HOURS},
      {30, OPENING, 0, WAITING, NEVER},
      {30, OPENED, 0, WAITING, 0},
      {30, BEGIN, CAUSE_WATCH, RUNNING, NEVER},
      {31, END, RUN_END_FAILED, BACKING, 30},
      {40, WATCH_ENDED, RUN_END_FAILED, BACKING, 21},
      {61, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      {61, END, RUN_END_FAILED, BACKING, 60},
      {100, OPENING, 0, BACKING, NEVER},
      {101, OPENED, 0, BACKING, 5},
      {106, BEGIN, CAUSE_RETRY, RUNNING, NEVER},
      OVER}},
    {"what cannot be watched is not tried until somebody asks",
     "15 min",
     true,
     {{0, OPENING, 0, WAITING, NEVER},
      {1, WATCH_ENDED, RUN_END_DEFINITION, WAITING, -1},
      {1, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {2, END, RUN_END_WELL, WAITING, 15 MINUTES - 1},
      {10, RELOAD, 0, WAITING, 15 MINUTES - 9},
      {10, OPENING, 0, WAITING, NEVER},
      OVER}},

    {"a clock that was set forward past a time makes it due, once",
     "06:00",
     false,
     {{60, SET_CLOCK, 8 HOURS, WAITING, -2 HOURS - 60},
      {60, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {61, END, RUN_END_WELL, WAITING, 22 HOURS - 61},
      OVER}},
    {"one that was set back by little repeats nothing",
     "06:00",
     false,
     {{6 HOURS, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {6 HOURS + 1, END, RUN_END_WELL, WAITING, 24 HOURS - 1},
      {6 HOURS + 2, SET_CLOCK, -10 MINUTES, WAITING, 24 HOURS + 10 MINUTES - 2},
      OVER}},
    {"one that was wrong by a year is believed when it is set right",
     "06:00",
     false,
     {{0, SET_CLOCK, 365 * 24 HOURS, WAITING, -364 * 24 HOURS - 18 HOURS},
      {0, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {1, END, RUN_END_WELL, WAITING, 6 HOURS - 1},
      {2, SET_CLOCK, -365 * 24 HOURS, WAITING, 6 HOURS - 2},
      OVER}},
    {"intervals do not mind",
     "15 min",
     false,
     {{0, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {1, END, RUN_END_WELL, WAITING, 15 MINUTES - 1},
      {2, SET_CLOCK, 48 HOURS, WAITING, 15 MINUTES - 2},
      {3, SET_CLOCK, -96 HOURS, WAITING, 15 MINUTES - 3},
      OVER}},
    {"a reload of what is well changes nothing",
     "15 min",
     false,
     {{0, BEGIN, CAUSE_SCHEDULE, RUNNING, NEVER},
      {1, RELOAD, 0, RUNNING, NEVER},
      {2, END, RUN_END_WELL, WAITING, 15 MINUTES - 2},
      {3, RELOAD, 0, WAITING, 15 MINUTES - 3},
      OVER}},
};

typedef struct {
    Supervised self;
    int64_t wall_off; /* seconds */
} Play;

static Moment moment_at(const Play *play, int64_t at)
{
    return (Moment){.wall = (START + at + play->wall_off) * SECOND, .monotonic = (1000 + at) * SECOND};
}

static void assert_due_for(const Script *script, const Play *play, const Act *act, Moment now)
{
    RunCause cause;
    if (!supervised_is_due(&play->self, now, &cause))
        fail_msg("%s: at %ld no run is due", script->about, (long)act->at);
    if ((int)cause != act->which)
        fail_msg("%s: at %ld the cause is %s, not %s", script->about, (long)act->at, run_cause_names[cause],
                 run_cause_names[act->which]);
}

static void act_out(const Script *script, Play *play, const Act *act)
{
    Supervised *self = &play->self;
    Moment now = moment_at(play, act->at);
    supervised_tick(self, now);
    switch (act->what) {
    case NOTHING:
        break;
    case BEGIN:
        assert_due_for(script, play, act, now);
        supervised_begin(self, now);
        break;
    case END:
        supervised_end(self, (RunEnd)act->which, "because", 0, now);
        break;
    case CHANGE:
        supervised_change(self, now);
        break;
    case OPENING:
        if (!supervised_watch_wanted(self, now))
            fail_msg("%s: at %ld no watch is wanted", script->about, (long)act->at);
        supervised_watch_opening(self);
        break;
    case OPENED:
        supervised_watch_opened(self, now);
        break;
    case WATCH_ENDED:
        supervised_watch_ended(self, (RunEnd)act->which, "because", 0, now);
        if (supervised_watch_wanted(self, now))
            fail_msg("%s: at %ld a watch is wanted again at once", script->about, (long)act->at);
        break;
    case RELOAD: {
        g_auto(Schedule) same = schedule_default;
        schedule_copy(&same, &self->schedule);
        supervised_reload(self, &same, now);
        break;
    }
    case PARK:
        supervised_park(self, "because");
        break;
    case SET_CLOCK:
        play->wall_off += act->which;
        supervised_tick(self, moment_at(play, act->at));
        break;
    }
}

static void assert_as_it_must_be(const Script *script, const Play *play, const Act *act)
{
    const Supervised *self = &play->self;
    Moment now = moment_at(play, act->at);
    int64_t wake = supervised_wake(self, now);
    RunCause cause;
    if (self->state != act->state)
        fail_msg("%s: at %ld it is %s, not %s", script->about, (long)act->at,
                 supervised_state_names[self->state], supervised_state_names[act->state]);
    bool never = act->due_in == NEVER && wake == NO_MOMENT;
    if (!never && wake != now.monotonic + act->due_in * SECOND)
        fail_msg("%s: at %ld a run is due in %ld, not in %ld", script->about, (long)act->at,
                 wake == NO_MOMENT ? -1L : (long)((wake - now.monotonic) / SECOND), (long)act->due_in);
    assert_int_equal(supervised_is_due(self, now, &cause), wake <= now.monotonic);
    int64_t expected =
        wake == NO_MOMENT ? SCHEDULE_NO_TIME : (now.wall + MAX(wake - now.monotonic, 0)) / SECOND;
    assert_true(supervised_next_wall(self, now) == expected);
    bool reasoned = self->state == SUPERVISED_BACKING_OFF || self->state == SUPERVISED_PARKED || self->held;
    if (self->state != SUPERVISED_RUNNING)
        assert_int_equal(self->reason != NULL, reasoned);
}

static void scripts_are_played(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        const Script *script = &scripts[i];
        Play play = {.wall_off = 0};
        g_auto(Schedule) schedule = schedule_default;
        assert_true(schedule_parse(&schedule, script->schedule, NULL));
        schedule.watch = script->watch;
        schedule.zone = g_strdup("UTC");
        supervised_init(&play.self, &schedule, moment_at(&play, 0));
        for (const Act *act = script->acts; act->at >= 0; act++) {
            act_out(script, &play, act);
            assert_as_it_must_be(script, &play, act);
        }
        supervised_clear(&play.self);
    }
}

/* --- what an end means --- */

static const struct {
    int status;
    const char *kind;
    RunEnd end;
} ends[] = {
    {0, NULL, RUN_END_WELL},
    {3, NULL, RUN_END_WELL},
    {2, NULL, RUN_END_WELL},
    {1, "io", RUN_END_FAILED},
    {1, NULL, RUN_END_FAILED},
    {1, "source", RUN_END_SOURCE},
    {1, "credentials", RUN_END_CREDENTIALS},
    {4, "limit", RUN_END_LIMIT},
    {5, "unreachable", RUN_END_FAILED},
    {6, "definition", RUN_END_DEFINITION},
    {7, "locked", RUN_END_LOCKED},
    {-1, NULL, RUN_END_FAILED},
    {99, NULL, RUN_END_FAILED},
    {0, "credentials", RUN_END_WELL},
};

static void exit_statuses_and_kinds_of_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
        assert_int_equal(run_end_of(ends[i].status, ends[i].kind), ends[i].end);
}

/* The name that the child prints and the one that is looked for are the same. */
static void the_kind_of_wrong_credentials_has_the_name_that_parks(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_CREDENTIALS, "wrong");
    assert_int_equal(run_end_of(error_exit_status(error), error_name(error)), RUN_END_CREDENTIALS);
}

static void jitter_makes_it_up_to_a_quarter_earlier(void **state)
{
    (void)state;
    Play play = {.wall_off = 0};
    supervised_init(&play.self, &schedule_default, moment_at(&play, 0));
    Moment now = moment_at(&play, 0);
    supervised_begin(&play.self, now);
    supervised_end(&play.self, RUN_END_FAILED, "because", 0.999999, now);
    int64_t wait = supervised_wake(&play.self, now) - now.monotonic;
    assert_in_range(wait, 22 * SECOND, 23 * SECOND);
    supervised_clear(&play.self);
}

static void a_new_schedule_counts_from_the_last_run(void **state)
{
    (void)state;
    Play play = {.wall_off = 0};
    g_auto(Schedule) hourly = schedule_default, often = schedule_default;
    assert_true(schedule_parse(&hourly, "1 h", NULL));
    assert_true(schedule_parse(&often, "10 min", NULL));
    supervised_init(&play.self, &hourly, moment_at(&play, 0));
    supervised_begin(&play.self, moment_at(&play, 0));
    supervised_end(&play.self, RUN_END_WELL, NULL, 0, moment_at(&play, 5));
    supervised_reload(&play.self, &often, moment_at(&play, 60));
    Moment now = moment_at(&play, 60);
    assert_int_equal(supervised_wake(&play.self, now) - now.monotonic, (10 MINUTES - 60) * SECOND);
    supervised_clear(&play.self);
}

static void a_watch_that_is_not_wanted_any_more_is_closed(void **state)
{
    (void)state;
    Play play = {.wall_off = 0};
    g_auto(Schedule) schedule = schedule_default;
    schedule.watch = true;
    supervised_init(&play.self, &schedule, moment_at(&play, 0));
    supervised_watch_opening(&play.self);
    supervised_watch_opened(&play.self, moment_at(&play, 1));
    assert_false(supervised_watch_unwanted(&play.self));
    supervised_reload(&play.self, &schedule_default, moment_at(&play, 2));
    assert_true(supervised_watch_unwanted(&play.self));
    supervised_reload(&play.self, &schedule, moment_at(&play, 3));
    assert_false(supervised_watch_unwanted(&play.self));
    supervised_park(&play.self, "because");
    assert_true(supervised_watch_unwanted(&play.self));
    supervised_clear(&play.self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_are_played),
        cmocka_unit_test(exit_statuses_and_kinds_of_errors),
        cmocka_unit_test(the_kind_of_wrong_credentials_has_the_name_that_parks),
        cmocka_unit_test(jitter_makes_it_up_to_a_quarter_earlier),
        cmocka_unit_test(a_new_schedule_counts_from_the_last_run),
        cmocka_unit_test(a_watch_that_is_not_wanted_any_more_is_closed),
    };
    return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}

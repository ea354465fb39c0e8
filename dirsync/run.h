/*
 * run.h - one execution of the steps: plan, limits, apply, record
 *
 * What the verbs plan, sync, apply and revert do, without words and printing.
 * The steps run one after the other, import before export; an undo the other
 * way round. Each verb takes the connector's lock for its whole time and first
 * settles what a run that was cut short left behind.
 */
#ifndef DIRSYNC_RUN_H
#define DIRSYNC_RUN_H

#include "dirsync/step.h"

typedef struct {
    StepOptions pass;
    bool steps[STEPS];         /* which of those that the definition has */
    const char *state_folder;  /* NULL: as the definition says */
    Limit limits[LIMIT_KINDS]; /* those of the connector, with what was lifted for this run; for each step */
    double rate;               /* changes a second; 0: no limit */
    bool verify;               /* plan again afterwards; it must be empty */
} RunOptions;

/** What a step came to. */
typedef struct {
    bool ran;         /* it was begun */
    Counts counts;    /* carried out; for a plan: planned */
    size_t read;      /* entries that both directories delivered; those asked for singly aside */
    size_t planned;   /* changes in the plan */
    size_t left_over; /* planned and not carried out */
    double seconds;
    double planning;   /* of them, until its plan was complete */
    size_t statements; /* of SQLite, on the state files */
    char *full_reason, *partial_reason;
    bool partial; /* the source was not proven complete, so nobody was removed */
} StepResult;

/** What a run came to. */
typedef struct {
    char *id;
    char *folder; /* of the plan; NULL when it was empty and is gone */
    StepResult step[STEPS];
    double seconds;
    bool stays_disabled; /* of a release: the account was disabled when its grace began, and is left so */
} RunResult;

void run_result_clear(RunResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunResult, run_result_clear)

/** Of all steps. */
size_t run_planned(const RunResult *result);
size_t run_left_over(const RunResult *result);
/** Of every step that was begun: "import: 4 created, 12 modified, ... in 2.1 s", a line each; at its end why
 *  everything was read. g_free(). */
char *run_summary(const RunResult *result);
/** Exit status of a run that ended without an error: 0, or 3 when something failed, was quarantined for
 *  the first time, or a source was not proven complete (a job must not go quiet over an empty file). */
int run_exit_status(const RunResult *result);
/** For the run's record: {"import":{"created":4,...},"export":{...}}, each step with "seconds", "planned",
 *  "left_over", "entries_read", "newly_quarantined", "full_because" and "nothing_removed_because", and beside the
 *  steps "error", "error_kind" and "seconds". @failure may be NULL. g_free(). */
char *run_figures_json(const RunResult *result, const GError *failure);

/** Options as the connector's definition has them. */
RunOptions run_options(const Connector *connector);

/** The run that is going on, or was cut short and whose rest the next run does first. *id NULL: none.
 * g_free(). */
bool run_unfinished(State *state, char **id, GError **error);

/** Plans into @folder; writes nothing to either directory. The export is planned on the home directory as the
 *  import would leave it. The limits are judged too: ERROR_LIMIT comes with a plan that is there to be looked
 *  at. */
bool run_plan(const Connector *connector, const RunOptions *options, const char *folder, RunResult *result,
              GError **error);
/** Plan and apply under the limits, step by step: an error in one leaves the earlier ones standing and ends
 * the run. *result is filled as far as it came, in either case. */
bool run_sync(const Connector *connector, const RunOptions *options, RunResult *result, GError **error);
/** Applies exactly the plan in @folder; cursors and links do not move. */
bool run_apply(const Connector *connector, const RunOptions *options, const char *folder, RunResult *result,
               GError **error);
/** Whether there is anything that run_revert() would take back. */
typedef enum {
    REVERT_POSSIBLE,
    REVERT_NOTHING,  /* it wrote nothing */
    REVERT_HAPPENED, /* all of it was taken back since */
    REVERT_IS_ONE,   /* it is a revert itself */
    REVERT_GOING_ON, /* it has no end yet */
    REVERT_PLAN_GONE /* what it did cannot be told any more */
} RevertState;

/** @by: the last run that took changes of it back, NULL when none has; g_free(). */
bool run_revert_state(State *state, const RunRecord *run, RevertState *is, char **by, GError **error);

/** Applies the undo of what the run @id really did and what was not taken back since. Whoever has another
 * name by now is found by the stamp. ERROR_DEFINITION when there is nothing to take back. */
bool run_revert(const Connector *connector, const RunOptions *options, const char *id, RunResult *result,
                GError **error);

/** Lets go of the object of ours that @object means (address, DN, anchor, of either side): its stamp comes
 * off, and the connector neither touches it again nor makes or adopts anything in its place. A run like
 * others, so that run_revert() takes it back. ERROR_NOT_FOUND: nobody of ours; ERROR_DEFINITION: several. */
bool run_release(const Connector *connector, const RunOptions *options, const char *object, RunResult *result,
                 GError **error);
/** Plans that into @folder, on a copy of the state, and nothing else. */
bool run_plan_release(const Connector *connector, const RunOptions *options, const char *object,
                      const char *folder, RunResult *result, GError **error);

#endif

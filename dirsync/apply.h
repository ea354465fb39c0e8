/*
 * apply.h - carries out a plan, so that nothing is lost whatever happens
 *
 * Takes the changes from a plan folder wave by wave (a long wave in slices).
 * For each slice: intents are journalled, the changes are sent pipelined, every
 * answer is awaited, what is uncertain is asked for, and outcomes are committed
 * together with whatever the caller has to record. Slices of a wave overlap,
 * waves do not. A crash at any instruction leaves intents without outcome, which
 * apply_recover() settles by asking.
 */
#ifndef DIRSYNC_APPLY_H
#define DIRSYNC_APPLY_H

#include "dirsync/directory/directory.h"
#include "dirsync/plan.h"
#include "dirsync/stamp.h"
#include "dirsync/state.h"

/** What came of one change, told within the transaction that records it. */
typedef struct {
    const Change *change;
    size_t seq; /* place in the run: in the plan of its steps in their order, from 0 */
    JournalOutcome outcome;
    const GError *error; /* NULL when done */
    const char *sent_to; /* interned URI or file; NULL: not sent */
} Applied;

typedef bool (*ApplyRecord)(const Applied *applied, void *data, GError **error);
/** True: leave this change out (it is neither sent nor journalled). */
typedef bool (*ApplySkip)(size_t seq, void *data);
/** Whether the object that carries the stamp of a delete by now is the one that was meant. */
typedef bool (*ApplySame)(const Change *change, Step step, void *data);
typedef void (*ApplyProgress)(size_t done, size_t total, void *data);

typedef struct {
    const char *folder; /* of the plan */
    const PlanHead *head;
    Step step;
    size_t first_seq; /* place of the step's first change among those of the whole run */
    Directory *directory;
    State *state;
    const char *run; /* journal rows go to this run */
    const char *connector_uuid;
    const StampSettings *stamp;
    bool look_before_adding; /* the plan may be old: does somebody with that anchor have an object by now? */
    bool follows_names; /* the plan may be old: whoever is not found by the name is looked for by the stamp */
    bool tries_again;   /* what is refused is planned anew by the caller: it is no failure, and never ends the
                           work */
    unsigned patience;  /* seconds that a directory which went away in the middle is waited for */
    double rate;        /* changes a second; 0: as fast as it goes */
    ApplyRecord record; /* may be NULL, as may the others */
    ApplySkip skip;
    ApplySame is_same; /* with follows_names */
    ApplyProgress progress;
    void *data;
} Apply;

typedef struct {
    size_t done, failed, uncertain, skipped;
    size_t not_sent; /* left over when the work had to stop */
} ApplyResult;

/**
 * Carries out the plan. Single failures are counted and reported as events, and
 * the work goes on. False when it had to stop: the directory cannot be reached
 * (ERROR_UNREACHABLE, ERROR_BUSY), nothing is allowed (ERROR_ACCESS), everything
 * is refused, interruption, or a state that cannot be written. What was done
 * until then is recorded in either case.
 */
bool apply_plan(const Apply *apply, ApplyResult *result, GError **error);

/** How many objects carry the stamp of that anchor by now, counted up to two; *dn is one of them, NULL: there
 * is none; g_free(). False: the directory does not say. */
bool apply_find_stamped(const Apply *apply, const char *anchor, size_t *n, char **dn, GError **error);

/**
 * Settles a run that was cut short: asks the directory about each change that was
 * intended and has no outcome, and records the answer.
 */
bool apply_recover(const Apply *apply, ApplyResult *result, GError **error);

/** Whether the directory shows that @change happened: 1 yes, 0 no, -1 cannot be told (@error). */
int apply_ask(Directory *directory, const Change *change, GError **error);
/** The same by the entry that has the name after the change; NULL: there is none. */
int apply_judge(const Schema *schema, const Change *change, const Entry *entry);

#endif

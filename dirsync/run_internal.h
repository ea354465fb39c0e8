/* run_internal.h - what the files of the run module share; nobody else includes it */
#ifndef DIRSYNC_RUN_INTERNAL_H
#define DIRSYNC_RUN_INTERNAL_H

#include "dirsync/run.h"

/** The steps of a plan in the order in which they are carried out: an undo goes backwards. */
static inline Step run_step_at(const PlanHead *head, int i)
{
    return head->kind && head->kind[0] == 'u' ? (Step)(STEPS - 1 - i) : (Step)i;
}

/** Place of the step's first change among those of the whole plan. */
size_t run_first_seq(const PlanHead *head, Step step);

/** How apply.h carries out that step of a plan; the caller adds what it wants to be told. */
Apply run_apply_of(const Connector *connector, State *state, Directory *directory, const char *folder,
                   const PlanHead *head, Step step, const char *run);

/** What is to be undone of the plan that is carried out. */
typedef struct {
    const char *run;  /* whose journal says what it did */
    char **reverts;   /* ... and those of these, what they have taken back of it */
    GPtrArray *later; /* char *: the plans of the runs since */
    /* Anchors (Fingerprint) for which they have made an object; NULL: not read yet. */
    GHashTable *made[STEPS];
    bool unknown; /* one of them cannot be read */
} Undone;

/** Whether a run since has made, or may have made, an object for that anchor. */
bool run_made_anew(Undone *undone, Step step, const char *anchor);

/** Whether the plan in @folder is one of this connector that no limit refused. */
bool run_check_plan(const Connector *connector, const char *folder, GError **error);

/** Carries out the saved plan in @folder as a run of that kind. @undone: it is an undo, and this is what it
 * is to undo; NULL. */
bool run_folder(const Connector *connector, const RunOptions *options, State *state, const char *kind,
                const char *folder, Undone *undone, RunResult *result, GError **error);

/** The run stops in the middle of its plan: the next one asks what became of it. False: that cannot be noted.
 */
bool run_note_left_over(State *state, const char *run);
/** The run that run_note_left_over() noted and that has not been asked about since; NULL: none. g_free(). */
char *run_noted_left_over(State *state);
/** Adds to @left the places in the plan of what is to be done now of exchanges of names and addresses that
 * have begun: set of size_t. The journal must know what became of each change. */
bool run_add_exchanges(const Apply *apply, GHashTable *left, GError **error);
/** Asks the directories what became of the changes of runs that were cut short, and records it. */
bool run_recover(const Connector *connector, State *state, GError **error);

/** Removes the plans and records that the definition does not have kept. What cannot be removed now, the next
 *  run tries again. */
void run_prune(const Connector *connector, State *state);

#endif

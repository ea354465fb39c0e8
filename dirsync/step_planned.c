/*
 * step_planned.c - the home directory as the earlier steps of a plan will leave it
 *
 * Reads the changes of every step before one, in their order, into an overlay
 * (planned.h).
 */
#include "dirsync/event.h"
#include "dirsync/planned.h"
#include "dirsync/step.h"

/* The changes of several steps as one sequence. */
typedef struct {
    const char *folder;
    const PlanHead *head;
    int step; /* that is read; -1: none yet */
    Step before;
    PlanReader *reader;
} Sequence;

static bool open_next_step(Sequence *sequence, GError **error)
{
    g_clear_pointer(&sequence->reader, plan_reader_free);
    while (++sequence->step < (int)sequence->before)
        if (sequence->head->step[sequence->step].planned) {
            sequence->reader = plan_reader_new(sequence->folder, (Step)sequence->step, error);
            return sequence->reader != NULL;
        }
    return true;
}

static bool next_change(Change **change, void *data, GError **error)
{
    Sequence *sequence = data;
    *change = NULL;
    while (sequence->step < (int)sequence->before) {
        if (sequence->reader && !plan_read(sequence->reader, change, error))
            return false;
        if (*change)
            return true;
        if (!open_next_step(sequence, error))
            return false;
    }
    return true;
}

Directory *step_see_planned(Directory *base, const char *folder, Step before, GError **error)
{
    g_auto(PlanHead) head = {0};
    if (!plan_load(folder, &head, error))
        return NULL;
    Sequence sequence = {folder, &head, -1, before, NULL};
    Directory *planned = planned_open(base, next_change, &sequence, error);
    g_clear_pointer(&sequence.reader, plan_reader_free);
    if (planned && planned_left_out(planned))
        event_emit(EVENT_WRITE_MOVED, folder,
                   "%zu changes of the earlier steps do not fit the home directory any more; the %s step is "
                   "planned without them",
                   planned_left_out(planned), step_names[before]);
    return planned;
}

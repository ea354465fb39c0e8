/*
 * explain_facts.c - what the state remembers of a recipient, and which changes were made to it
 *
 * Links, index, quarantine and journal are read from the copy of the state, plans
 * from their folders: those of the runs so far that are still there.
 */
#include "dirsync/explain_internal.h"
#include "dirsync/run_internal.h"
#include "dirsync/schema.h"

#include <string.h>

#define CHANGES_TOLD 20

void explained_change_free(void *data)
{
    ExplainedChange *change = data;
    change_free(change->change);
    g_free(change->run);
    g_free(change->kind);
    g_free(change->started);
    g_free(change);
}

/* --- the state --- */

typedef struct {
    ExplainedPass *pass;
    const char *subject;
} Quarantined;

static void note_since(const char *subject, const char *reason, const char *first, const char *last,
                       void *data)
{
    const Quarantined *asked = data;
    (void)last;
    if (strcmp(subject, asked->subject) != 0 || strcmp(reason, asked->pass->quarantine) != 0)
        return;
    g_free(asked->pass->quarantined_since);
    asked->pass->quarantined_since = g_strdup(first);
}

static bool tell_quarantine(Explaining *e, ExplainedPass *pass, const char *anchor, GError **error)
{
    Quarantined asked = {pass, anchor};
    return state_quarantine_reason(e->state, pass->step, anchor, &pass->quarantine, error) &&
           (!pass->quarantine || state_scan_quarantine(e->state, note_since, &asked, error));
}

static bool tell_index(Explaining *e, ExplainedPass *pass, GError **error)
{
    HolderIndex *index = state_index(e->state, pass->step, error);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    if (!index || (pass->link.id && !holder_index_find_id(index, pass->link.id, found, error)))
        return false;
    if (!found->len)
        return true;
    const Holder *holder = g_ptr_array_index(found, 0);
    pass->indexed_dn = g_strdup(holder->dn);
    return holder_index_addresses(index, holder->row, pass->indexed, error);
}

bool explain_state(Explaining *e, ExplainedPass *pass, GError **error)
{
    const char *anchor = pass->story->anchor;
    return !anchor || (state_find_link_by_anchor(e->state, pass->step, anchor, &pass->link, error) &&
                       tell_quarantine(e, pass, anchor, error) && tell_index(e, pass, error));
}

/* --- changes --- */

static bool is_same_dn(const char *a, const char *b)
{
    return a && b && schema_dn_equal(schema_standard(), a, b);
}

static bool is_of_pass(const ExplainedPass *pass, const Change *change)
{
    const PassStory *story = pass ? pass->story : NULL;
    if (!story)
        return false;
    if (story->anchor && change->anchor) /* somebody else may get the name */
        return !strcmp(story->anchor, change->anchor);
    return (story->current && is_same_dn(entry_dn(story->current), change->dn)) ||
           is_same_dn(pass->link.dn, change->dn);
}

static bool is_about(const ExplainedObject *object, Step step, const Change *change)
{
    if (step == STEP_EXPORT)
        return is_of_pass(object->export, change);
    if (step == STEP_IMPORT && object->import)
        return is_of_pass(object->import, change);
    return is_same_dn(object->home_dn, change->dn);
}

/* A run that was: NULL for what is planned. */
typedef struct {
    Explaining *e;
    const RunRecord *run;
    const PlanHead *head;
    const char *folder;
} Looking;

static const char *outcome_of(const Looking *looking, Step step, size_t place)
{
    static const char *const names[] = {[JOURNAL_INTENDED] = "begun, and nobody knows what became of it",
                                        [JOURNAL_DONE] = "done",
                                        [JOURNAL_FAILED] = "failed",
                                        [JOURNAL_UNCERTAIN] = "uncertain"};
    JournalOutcome outcome;
    size_t seq = run_first_seq(looking->head, step) + place;
    if (!state_journal_outcome(looking->e->state, looking->run->id, seq, &outcome, NULL) ||
        outcome == JOURNAL_NONE)
        return "not done";
    return names[outcome];
}

static GPtrArray *list_of(const Looking *looking, ExplainedObject *object, Step step, const Change *change)
{
    if (looking->run)
        return object->history;
    if (step == STEP_ADDRESSES)
        return object->given;
    bool is_import = step == STEP_IMPORT && object->import && is_of_pass(object->import, change);
    return is_import ? object->import->planned : step == STEP_EXPORT ? object->export->planned : NULL;
}

static void keep(const Looking *looking, GPtrArray *list, Step step, size_t place, Change *change)
{
    ExplainedChange *told = g_new0(ExplainedChange, 1);
    told->step = step;
    told->change = change;
    if (looking->run) {
        told->run = g_strdup(looking->run->id);
        told->kind = g_strdup(looking->run->kind);
        told->started = g_strdup(looking->run->started);
        told->outcome = outcome_of(looking, step, place);
    }
    g_ptr_array_add(list, told);
}

/* The first recipient that the change is about; a change is told of once. */
static GPtrArray *who_it_is_about(const Looking *looking, Step step, const Change *change)
{
    GPtrArray *objects = looking->e->into->objects;
    for (guint i = 0; i < objects->len; i++) {
        ExplainedObject *object = g_ptr_array_index(objects, i);
        GPtrArray *list = is_about(object, step, change) ? list_of(looking, object, step, change) : NULL;
        if (list && (!looking->run || list->len < CHANGES_TOLD))
            return list;
    }
    return NULL;
}

static bool look_at_changes(const Looking *looking, Step step, GError **error)
{
    g_autoptr(PlanReader) reader = plan_reader_new(looking->folder, step, error);
    for (size_t place = 0; reader; place++) {
        Change *change = NULL;
        if (!plan_read(reader, &change, error))
            return false;
        if (!change)
            return true;
        GPtrArray *list = who_it_is_about(looking, step, change);
        if (list)
            keep(looking, list, step, place, change);
        else
            change_free(change);
    }
    return false;
}

static bool look_at_folder(const Looking *where, GError **error)
{
    Looking looking = *where;
    g_auto(PlanHead) head = {0};
    if (!plan_load(looking.folder, &head, error))
        return false;
    looking.head = &head;
    for (int step = 0; step < STEPS; step++)
        if (head.step[step].planned && !look_at_changes(&looking, (Step)step, error))
            return false;
    return true;
}

/* Of runs whose plans are gone there is nothing to tell. */
static void look_at_run(const RunRecord *run, void *data)
{
    Looking looking = {.e = data, .run = run, .folder = run->folder};
    if (run->folder)
        look_at_folder(&looking, NULL);
}

static bool is_planned(const Explaining *e)
{
    g_autofree char *path = g_build_filename(e->folder, "plan.json", NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

bool explain_changes(Explaining *e, GError **error)
{
    Looking planned = {.e = e, .folder = e->folder};
    return (!is_planned(e) || look_at_folder(&planned, error)) &&
           state_scan_runs(e->state, 0, look_at_run, e, error);
}

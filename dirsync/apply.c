/*
 * apply.c - see apply.h
 *
 * Within a wave slices overlap: while the answers to one are on their way the
 * next is read, its intents are made durable together with the outcomes of the
 * one before, and it is sent. So the server has work all the time, and at most
 * three slices are without an outcome after a crash.
 */
#include "dirsync/apply_internal.h"

#include "dirsync/fault.h"
#include "dirsync/interrupt.h"

#define SLICE 128 /* twice the usual window: the next is read and journalled before the server runs dry */
#define WHOLE_SLICE 20000 /* where each flush writes everything anew */

static void item_free(void *data)
{
    Item *item = data;
    change_free(item->change);
    g_clear_error(&item->error);
    g_free(item->there);
    g_free(item);
}

static void slice_free(Slice *slice)
{
    if (!slice)
        return;
    g_ptr_array_unref(slice->items);
    g_free(slice);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Slice, slice_free)

static bool writes_whole(const Apply *apply)
{
    return directory_describe(apply->directory)->capabilities & WRITES_WHOLE;
}

/* So many that the answers to one slice are there when the next was sent: two batches, and half of one. */
static guint most_at_once(const Apply *apply)
{
    unsigned batch = directory_describe(apply->directory)->batch;
    return writes_whole(apply) ? WHOLE_SLICE : batch ? 5 * batch / 2 : SLICE;
}

/* --- the journal --- */

static bool record_outcomes(const Work *work, const Slice *slice, GError **error)
{
    const Apply *apply = work->apply;
    for (guint i = 0; slice && i < slice->items->len; i++) {
        const Item *item = g_ptr_array_index(slice->items, i);
        Applied applied = {item->change, item->seq, item->outcome, item->error, item->sent_to};
        if (!state_journal(apply->state, apply->run, item->seq, item->outcome, error) ||
            (apply->record && !apply->record(&applied, apply->data, error)))
            return false;
    }
    return true;
}

static bool record_intents(const Work *work, const Slice *slice, GError **error)
{
    const Apply *apply = work->apply;
    for (guint i = 0; slice && i < slice->items->len; i++) {
        const Item *item = g_ptr_array_index(slice->items, i);
        if (!state_journal(apply->state, apply->run, item->seq, JOURNAL_INTENDED, error))
            return false;
    }
    return true;
}

/* What was settled and what comes next become durable at once. Either may be NULL. */
static bool journal(const Work *work, const Slice *settled, const Slice *next, GError **error)
{
    State *state = work->apply->state;
    if (!settled && !next)
        return true;
    if (!state_begin(state, error))
        return false;
    if (!record_outcomes(work, settled, error) || !record_intents(work, next, error)) {
        state_rollback(state);
        return false;
    }
    if (!state_commit(state, error))
        return false;
    if (next)
        fault_step("intents");
    return true;
}

/* --- slices --- */

/* The last change of a step goes alone. Where several writes are under way at once, slapd may leave its
 * contextCSN behind the newest of them until there is another write, and its answers about what has changed
 * leave that one out: somebody whom the import made would get no addresses. */
static bool goes_alone(const Work *work, const Item *item)
{
    const Apply *apply = work->apply;
    return item->seq + 1 == apply->first_seq + apply->head->step[apply->step].changes && !writes_whole(apply);
}

static void send_slice(Work *work, const Slice *slice)
{
    apply_look(work, slice);
    for (guint i = 0; i < slice->items->len; i++) {
        Item *item = g_ptr_array_index(slice->items, i);
        if (goes_alone(work, item))
            apply_flush(work);
        apply_send(work, item);
    }
}

/* Takes the next slice in at one end (NULL: none) and lets the oldest out at the other. */
static bool advance(Work *work, Slice *next, GError **error)
{
    g_autoptr(Slice) owned = next;
    bool recorded = journal(work, work->settled, next, error);
    g_clear_pointer(&work->settled, slice_free);
    if (!recorded)
        return false;
    if (next)
        send_slice(work, next);
    if (work->sent)
        apply_settle(work, work->sent);
    work->settled = work->sent;
    work->sent = g_steal_pointer(&owned);
    return true;
}

/* Until nothing is on its way, and everything is recorded. */
static bool drain(Work *work, GError **error)
{
    for (int i = 0; i < 2; i++) /* what was sent is settled, then what was settled is recorded */
        if (!advance(work, NULL, error))
            return false;
    return true;
}

/* The wish to stop is heeded between slices, so a slow run has short ones: of about a second. */
static guint slice_size(const Apply *apply)
{
    guint most = most_at_once(apply);
    return apply->rate > 0 && apply->rate < most ? MAX((guint)apply->rate, 1) : most;
}

/* A slice of changes of one wave; @left counts what the wave still has. NULL with @error. */
static Slice *read_slice(Work *work, PlanReader *reader, size_t *left, size_t *seq, GError **error)
{
    g_autoptr(Slice) slice = g_new0(Slice, 1);
    slice->items = g_ptr_array_new_with_free_func(item_free);
    for (; *left && slice->items->len < slice_size(work->apply); --*left, ++*seq) {
        g_autoptr(Change) change = NULL;
        if (!plan_read(reader, &change, error))
            return NULL;
        if (!change) {
            error_set(error, ERROR_SOURCE, "%s: fewer changes than plan.json says; make a new plan",
                      work->apply->folder);
            return NULL;
        }
        if (work->apply->skip && work->apply->skip(*seq, work->apply->data)) {
            work->result->skipped++;
            continue;
        }
        Item *item = g_new0(Item, 1);
        item->change = g_steal_pointer(&change);
        item->slice = slice;
        item->seq = *seq;
        g_ptr_array_add(slice->items, item);
    }
    return g_steal_pointer(&slice);
}

/* --- waves --- */

static bool must_stop(Work *work)
{
    return work->stop || interrupt_pending(&work->stop);
}

/* Nothing of it is on its way when it ends. */
static bool do_wave(Work *work, PlanReader *reader, size_t left, size_t *seq, GError **error)
{
    const Apply *apply = work->apply;
    while (left && !must_stop(work)) {
        if (writes_whole(apply) && !drain(work, error)) /* answers come with a flush alone */
            return false;
        Slice *next = read_slice(work, reader, &left, seq, error);
        if (!next || !advance(work, next, error))
            return false;
        if (apply->progress)
            apply->progress(*seq - apply->first_seq, apply->head->step[apply->step].changes, apply->data);
    }
    return drain(work, error);
}

static bool do_waves(Work *work, PlanReader *reader, GError **error)
{
    const PlanStep *head = &work->apply->head->step[work->apply->step];
    size_t seq = work->apply->first_seq;
    for (size_t wave = 0; wave < head->n_waves && !must_stop(work); wave++)
        if (!do_wave(work, reader, head->waves[wave], &seq, error))
            return false;
    return true;
}

/* Where nothing at all was done for want of permission, that is the error of the whole work. */
static bool take_ending(Work *work, bool ok, GError **error)
{
    if (!work->stop && work->forbidden && !work->result->done)
        work->stop = g_steal_pointer(&work->forbidden);
    g_clear_error(&work->forbidden);
    if (ok && work->stop) {
        g_propagate_error(error, work->stop);
        return false;
    }
    g_clear_error(&work->stop);
    return ok;
}

/* After an error of our own (the state cannot be written, the plan is broken) answers may be missing: they
 * are taken, so that nobody calls back for what is freed, but cannot be recorded. Their intents are there. */
static void abandon(Work *work)
{
    if (work->sent && work->sent->waiting)
        apply_flush(work);
    g_clear_pointer(&work->sent, slice_free);
    g_clear_pointer(&work->settled, slice_free);
}

bool apply_plan(const Apply *apply, ApplyResult *result, GError **error)
{
    *result = (ApplyResult){0};
    g_autoptr(PlanReader) reader = plan_reader_new(apply->folder, apply->step, error);
    if (!reader)
        return false;
    g_autoptr(GHashTable) undone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Work work = {.undone = undone,
                 .apply = apply,
                 .result = result,
                 .pace = pace_new(apply->rate, g_get_monotonic_time())};
    bool ok = do_waves(&work, reader, error);
    abandon(&work);
    result->not_sent = apply->head->step[apply->step].changes - result->done - result->failed -
                       result->uncertain - result->skipped;
    return take_ending(&work, ok, error);
}

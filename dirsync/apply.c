/*
 * apply.c - see apply.h
 */
#include "dirsync/apply.h"

#include "dirsync/event.h"
#include "dirsync/fault.h"
#include "dirsync/interrupt.h"
#include "dirsync/link_table.h"

#include <string.h>

#define SLICE 1000        /* changes that may be without an outcome after a crash */
#define WHOLE_SLICE 20000 /* the same where each flush writes everything anew */
#define BUSY_TRIES 5      /* with 1, 2, 4, 8, 16 seconds between */
#define HOPELESS 100      /* refusals without one success: stop */
#define FORBIDDEN 10      /* the same, where the account may not write */

/* One change on its way. */
typedef struct {
    Change *change;
    size_t seq;
    JournalOutcome outcome;
    GError *error;
    bool asked; /* sent again after the directory said it had not happened */
} Item;

typedef struct {
    const Apply *apply;
    ApplyResult *result;
    GPtrArray *slice;   /* of Item */
    GHashTable *undone; /* fingerprints (hex) of the anchors of which a change was not done */
    bool cut;           /* the directory is gone */
    GError *forbidden;  /* the first refusal for want of permission */
    GError *stop;       /* why the work cannot go on */
    gint64 started;
    size_t sent;
} Work;

static void item_free(void *data)
{
    Item *item = data;
    change_free(item->change);
    g_clear_error(&item->error);
    g_free(item);
}

static void finished(const Change *change, Outcome outcome, const GError *error, void *data)
{
    Item *item = change->tag;
    (void)data;
    fault_step("answer");
    g_clear_error(&item->error);
    item->error = error ? g_error_copy(error) : NULL;
    item->outcome = outcome == OUTCOME_DONE     ? JOURNAL_DONE
                    : outcome == OUTCOME_FAILED ? JOURNAL_FAILED
                                                : JOURNAL_UNCERTAIN;
}

/* Where the server cannot check a condition, a delete looks at the stamp first. */
static bool may_delete(Work *work, Item *item)
{
    const Apply *apply = work->apply;
    if (item->change->kind != CHANGE_DELETE || !item->change->anchor ||
        (directory_describe(apply->directory)->capabilities & CAN_ASSERT && item->change->assertion))
        return true;
    ReadRequest request = {.base = item->change->dn, .scope = SEARCH_BASE};
    g_autoptr(GPtrArray) found = directory_search(apply->directory, &request, 1, &item->error);
    if (!found)
        return false;
    const Schema *schema = directory_describe(apply->directory)->schema;
    g_auto(Stamp) stamp = {0};
    if (found->len && stamp_read(apply->stamp, schema, g_ptr_array_index(found, 0), &stamp) &&
        !strcmp(stamp.connector, apply->connector_uuid) && !strcmp(stamp.anchor, item->change->anchor))
        return true;
    error_set(&item->error, ERROR_MOVED, "%s: no longer carries our stamp, so it is not deleted",
              item->change->dn);
    return false;
}

static char *anchor_hex(const Change *change)
{
    return change->anchor ? fingerprint_hex(fingerprint_string(change->anchor)) : NULL;
}

/* What comes after a change that was not done would do harm: a name or address twice, a lost member. */
static bool depends_on_undone(const Work *work, const Change *change)
{
    g_autofree char *own = anchor_hex(change);
    if (own && g_hash_table_contains(work->undone, own))
        return true;
    g_auto(GStrv) before = g_strsplit(change->after ? change->after : "", " ", 0);
    for (char **hex = before; *hex; hex++)
        if (g_hash_table_contains(work->undone, *hex))
            return true;
    return false;
}

/* A saved plan may be old: somebody may have an object by now. Nothing in an add says that. */
static bool may_add(Work *work, Item *item)
{
    const Apply *apply = work->apply;
    if (!apply->look_before_adding || item->change->kind != CHANGE_ADD || !item->change->anchor)
        return true;
    g_autofree char *filter = stamp_filter(apply->stamp, apply->connector_uuid, item->change->anchor);
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter, .attributes = (const char *const[]){"1.1", NULL}};
    g_autoptr(GPtrArray) found = directory_search(apply->directory, &request, 2, &item->error);
    if (found && found->len)
        error_set(&item->error, ERROR_MOVED, "%s: this person has an object by now (%s); make a new plan",
                  item->change->dn, entry_dn(g_ptr_array_index(found, 0)));
    return found && !found->len;
}

/* Spreads the changes evenly when a rate is asked for. */
static void keep_rate(Work *work)
{
    if (work->apply->rate <= 0)
        return;
    gint64 due = work->started + (gint64)((double)work->sent / work->apply->rate * G_USEC_PER_SEC);
    gint64 wait = due - g_get_monotonic_time();
    if (wait > 0)
        g_usleep((gulong)wait);
}

static void send(Work *work, Item *item)
{
    item->change->tag = item;
    item->outcome = JOURNAL_FAILED;
    g_clear_error(&item->error);
    if (work->cut) {
        error_set(&item->error, ERROR_UNREACHABLE, "%s: not sent", item->change->dn);
        return;
    }
    if (depends_on_undone(work, item->change)) {
        error_set(&item->error, ERROR_MOVED,
                  "%s: left out, since a change that must come before it was not done", item->change->dn);
        return;
    }
    if (!may_delete(work, item) || !may_add(work, item))
        return;
    keep_rate(work);
    work->sent++;
    GError *error = NULL;
    bool sent = directory_submit(work->apply->directory, item->change, finished, work, &error);
    fault_step("sent");
    if (sent)
        return;
    work->cut = true;
    item->error = g_error_copy(error);
    if (!work->stop)
        work->stop = error;
    else
        g_error_free(error);
}

static void flush(Work *work)
{
    GError *error = NULL;
    if (directory_flush(work->apply->directory, &error))
        return;
    work->cut = true;
    if (!work->stop)
        work->stop = error;
    else
        g_error_free(error);
}

/* Uncertain changes are asked for; what did not happen is sent once more. */
static void settle_uncertain(Work *work)
{
    bool again = false;
    for (guint i = 0; i < work->slice->len && !work->cut; i++) {
        Item *item = g_ptr_array_index(work->slice, i);
        if (item->outcome != JOURNAL_UNCERTAIN)
            continue;
        int happened = apply_ask(work->apply->directory, item->change, NULL);
        if (happened == 1) {
            item->outcome = JOURNAL_DONE;
            g_clear_error(&item->error);
        } else if (happened == 0 && !item->asked) {
            item->asked = again = true;
            send(work, item);
        } else if (happened == 0) {
            item->outcome = JOURNAL_FAILED;
        }
    }
    if (!again)
        return;
    flush(work);
    settle_uncertain(work);
}

static bool resend_busy(Work *work)
{
    bool any = false;
    for (guint i = 0; i < work->slice->len && !work->cut; i++) {
        Item *item = g_ptr_array_index(work->slice, i);
        if (item->outcome != JOURNAL_FAILED || !error_is(item->error, ERROR_BUSY))
            continue;
        any = true;
        send(work, item);
    }
    if (any)
        flush(work);
    return any;
}

static bool any_busy(const Work *work)
{
    for (guint i = 0; i < work->slice->len; i++) {
        const Item *item = g_ptr_array_index(work->slice, i);
        if (item->outcome == JOURNAL_FAILED && error_is(item->error, ERROR_BUSY))
            return true;
    }
    return false;
}

static void settle_busy(Work *work)
{
    for (int attempt = 0; attempt < BUSY_TRIES && any_busy(work) && !work->cut && !interrupt_pending(NULL);
         attempt++) {
        g_usleep((gulong)G_USEC_PER_SEC << attempt);
        resend_busy(work);
        settle_uncertain(work);
    }
}

static bool is_tried_again(const Work *work, const Item *item)
{
    return work->apply->tries_again &&
           (error_is(item->error, ERROR_CONSTRAINT) || error_is(item->error, ERROR_MOVED));
}

static void report(const Work *work, const Item *item)
{
    if (item->outcome == JOURNAL_DONE) {
        event_emit(EVENT_WRITE_DONE, item->change->dn, "%s done", change_kind_names[item->change->kind]);
        return;
    }
    EventId id = item->outcome == JOURNAL_UNCERTAIN   ? EVENT_WRITE_UNCERTAIN
                 : is_tried_again(work, item)         ? EVENT_ADDRESS_REFUSED
                 : error_is(item->error, ERROR_MOVED) ? EVENT_WRITE_MOVED
                                                      : EVENT_WRITE_FAILED;
    event_emit(id, item->change->dn, "%s: %s", change_kind_names[item->change->kind],
               item->error ? item->error->message : "no answer");
}

static void count(Work *work, const Item *item)
{
    ApplyResult *result = work->result;
    if (!work->forbidden && item->error && error_scope(item->error) == SCOPE_CONTAINER)
        work->forbidden = g_error_copy(item->error);
    switch (item->outcome) {
    case JOURNAL_DONE:
        result->done++;
        break;
    case JOURNAL_UNCERTAIN:
        result->uncertain++;
        break;
    default:
        result->failed++;
    }
}

/* Whether going on would only make noise: the directory is gone, or nothing at all goes through. */
static bool is_hopeless(const Work *work, const Item *item)
{
    if (!item->error || item->outcome == JOURNAL_DONE || is_tried_again(work, item))
        return false;
    if (error_scope(item->error) >= SCOPE_DIRECTORY)
        return true;
    size_t enough = error_scope(item->error) == SCOPE_CONTAINER ? FORBIDDEN : HOPELESS;
    return !work->result->done && work->result->failed >= enough;
}

static void look_for_reasons_to_stop(Work *work)
{
    for (guint i = 0; i < work->slice->len && !work->stop; i++) {
        const Item *item = g_ptr_array_index(work->slice, i);
        if (is_hopeless(work, item))
            work->stop = g_error_copy(item->error);
    }
}

static bool commit_slice(Work *work, GError **error)
{
    const Apply *apply = work->apply;
    if (!state_begin(apply->state, error))
        return false;
    for (guint i = 0; i < work->slice->len; i++) {
        Item *item = g_ptr_array_index(work->slice, i);
        Applied applied = {item->change, item->seq, item->outcome, item->error};
        if (!state_journal(apply->state, apply->run, item->seq, item->outcome, error) ||
            (apply->record && !apply->record(&applied, apply->data, error))) {
            state_rollback(apply->state);
            return false;
        }
    }
    return state_commit(apply->state, error);
}

static bool journal_intents(Work *work, GError **error)
{
    const Apply *apply = work->apply;
    if (!state_begin(apply->state, error))
        return false;
    for (guint i = 0; i < work->slice->len; i++) {
        const Item *item = g_ptr_array_index(work->slice, i);
        if (!state_journal(apply->state, apply->run, item->seq, JOURNAL_INTENDED, error)) {
            state_rollback(apply->state);
            return false;
        }
    }
    if (!state_commit(apply->state, error))
        return false;
    fault_step("intents");
    return true;
}

static void note_undone(Work *work)
{
    for (guint i = 0; i < work->slice->len; i++) {
        const Item *item = g_ptr_array_index(work->slice, i);
        if (item->outcome != JOURNAL_DONE && item->change->anchor)
            g_hash_table_add(work->undone, anchor_hex(item->change));
    }
}

static bool do_slice(Work *work, GError **error)
{
    if (!journal_intents(work, error))
        return false;
    for (guint i = 0; i < work->slice->len; i++)
        send(work, g_ptr_array_index(work->slice, i));
    flush(work);
    settle_uncertain(work);
    settle_busy(work);
    for (guint i = 0; i < work->slice->len; i++) {
        report(work, g_ptr_array_index(work->slice, i));
        count(work, g_ptr_array_index(work->slice, i));
    }
    note_undone(work);
    look_for_reasons_to_stop(work);
    return commit_slice(work, error);
}

/* The wish to stop is heeded between slices, so a slow run has short ones: of about a second. */
static guint slice_size(const Apply *apply)
{
    bool whole = directory_describe(apply->directory)->capabilities & WRITES_WHOLE;
    guint most = whole ? WHOLE_SLICE : SLICE;
    return apply->rate > 0 && apply->rate < most ? MAX((guint)apply->rate, 1) : most;
}

/* Fills the slice with changes of one wave; @left counts what the wave still has. */
static bool read_slice(Work *work, PlanReader *reader, size_t *left, size_t *seq, GError **error)
{
    g_ptr_array_set_size(work->slice, 0);
    for (; *left && work->slice->len < slice_size(work->apply); --*left, ++*seq) {
        g_autoptr(Change) change = NULL;
        if (!plan_read(reader, &change, error))
            return false;
        if (!change) {
            error_set(error, ERROR_SOURCE, "%s: fewer changes than plan.json says; make a new plan",
                      work->apply->folder);
            return false;
        }
        if (work->apply->skip && work->apply->skip(*seq, work->apply->data)) {
            work->result->skipped++;
            continue;
        }
        Item *item = g_new0(Item, 1);
        item->change = g_steal_pointer(&change);
        item->seq = *seq;
        g_ptr_array_add(work->slice, item);
    }
    return true;
}

static bool do_waves(Work *work, PlanReader *reader, GError **error)
{
    const PlanStep *head = &work->apply->head->step[work->apply->step];
    size_t seq = work->apply->first_seq;
    for (size_t wave = 0; wave < head->n_waves; wave++) {
        size_t left = head->waves[wave];
        while (left) {
            if (work->stop || interrupt_pending(&work->stop))
                return true;
            if (!read_slice(work, reader, &left, &seq, error) || !do_slice(work, error))
                return false;
            if (work->apply->progress)
                work->apply->progress(seq - work->apply->first_seq, head->changes, work->apply->data);
        }
    }
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

bool apply_plan(const Apply *apply, ApplyResult *result, GError **error)
{
    *result = (ApplyResult){0};
    g_autoptr(PlanReader) reader = plan_reader_new(apply->folder, apply->step, error);
    if (!reader)
        return false;
    g_autoptr(GPtrArray) slice = g_ptr_array_new_with_free_func(item_free);
    g_autoptr(GHashTable) undone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Work work = {.undone = undone,
                 .apply = apply,
                 .result = result,
                 .slice = slice,
                 .started = g_get_monotonic_time()};
    bool ok = do_waves(&work, reader, error);
    result->not_sent = apply->head->step[apply->step].changes - result->done - result->failed -
                       result->uncertain - result->skipped;
    return take_ending(&work, ok, error);
}

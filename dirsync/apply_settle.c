/*
 * apply_settle.c - what became of changes: asked for, sent again, reported, counted
 *
 * Whatever has no answer is asked for before anything else; only what the same
 * server says it has not done is sent again, once. What a server was too busy
 * for is sent again after a pause that grows.
 */
#include "dirsync/apply_internal.h"

#include "dirsync/event.h"
#include "dirsync/interrupt.h"

#define FIRST_PAUSE (G_USEC_PER_SEC / 4) /* before what a busy server refused is sent again */
#define BUSY_TRIES 7                     /* each after twice the pause: half a minute in all */
#define HOPELESS 100                     /* refusals without one success: stop */
#define FORBIDDEN 10                     /* the same, where the account may not write */

/* --- sent again --- */

static void happened_after_all(Item *item)
{
    item->outcome = JOURNAL_DONE;
    g_clear_error(&item->error);
}

/* Another server than the one it was sent to may not have heard of it yet: its "no" says nothing. */
static bool is_asked_elsewhere(const Work *work, const Item *item)
{
    return g_strcmp0(item->sent_to, directory_describe(work->apply->directory)->subject) != 0;
}

static void leave_uncertain(const Work *work, Item *item)
{
    g_clear_error(&item->error);
    error_set(
        &item->error, ERROR_UNCERTAIN,
        "%s: sent to %s, which went away before it answered; %s does not show it, but may not have heard "
        "of it yet; the next run looks again",
        item->change->dn, item->sent_to, directory_describe(work->apply->directory)->subject);
}

static void lose(Item *item)
{
    item->outcome = JOURNAL_FAILED;
    g_clear_error(&item->error);
    error_set(&item->error, ERROR_NOT_FOUND, "%s: is not there", item->change->dn);
}

/* Uncertain changes are asked for; what did not happen is sent once more. */
static void settle_uncertain(Work *work, const Slice *slice)
{
    bool again = false;
    for (guint i = 0; i < slice->items->len && !work->cut; i++) {
        Item *item = g_ptr_array_index(slice->items, i);
        if (item->outcome != JOURNAL_UNCERTAIN)
            continue;
        int happened = apply_ask(work->apply->directory, item->change, NULL);
        if (happened == 1 && apply_is_called_otherwise(work, item->change)) {
            lose(item);
        } else if (happened == 1) {
            happened_after_all(item);
        } else if (happened == 0 && is_asked_elsewhere(work, item)) {
            leave_uncertain(work, item);
        } else if (happened == 0 && !item->asked) {
            item->asked = again = true;
            apply_send(work, item);
        } else if (happened == 0) {
            item->outcome = JOURNAL_FAILED;
        }
    }
    if (!again)
        return;
    apply_flush(work);
    settle_uncertain(work, slice);
}

static bool is_busy(const Item *item)
{
    return item->outcome == JOURNAL_FAILED && error_is(item->error, ERROR_BUSY);
}

static bool any_busy(const Slice *slice)
{
    for (guint i = 0; i < slice->items->len; i++)
        if (is_busy(g_ptr_array_index(slice->items, i)))
            return true;
    return false;
}

static void settle_busy(Work *work, const Slice *slice)
{
    for (int attempt = 0; attempt < BUSY_TRIES && any_busy(slice); attempt++) {
        apply_sleep((gint64)FIRST_PAUSE << attempt);
        if (work->cut || interrupt_pending(NULL))
            return;
        for (guint i = 0; i < slice->items->len; i++)
            if (is_busy(g_ptr_array_index(slice->items, i)))
                apply_send(work, g_ptr_array_index(slice->items, i));
        apply_flush(work);
        settle_uncertain(work, slice);
    }
}

static bool all_answered(const Slice *slice)
{
    for (guint i = 0; i < slice->items->len; i++) {
        const Item *item = g_ptr_array_index(slice->items, i);
        if (item->waiting || item->outcome == JOURNAL_UNCERTAIN || is_busy(item))
            return false;
    }
    return true;
}

void apply_note_undone(Work *work, const Item *item)
{
    if (item->outcome != JOURNAL_DONE && item->change->anchor)
        g_hash_table_add(work->undone, fingerprint_hex(fingerprint_string(item->change->anchor)));
}

/* --- told --- */

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

static void look_for_reasons_to_stop(Work *work, const Slice *slice)
{
    for (guint i = 0; i < slice->items->len && !work->stop; i++) {
        const Item *item = g_ptr_array_index(slice->items, i);
        if (is_hopeless(work, item))
            work->stop = g_error_copy(item->error);
    }
}

void apply_settle(Work *work, Slice *slice)
{
    if (!all_answered(slice)) {
        apply_flush(work);
        settle_uncertain(work, slice);
        settle_busy(work, slice);
    }
    apply_follow(work, slice);
    settle_uncertain(work, slice);
    for (guint i = 0; i < slice->items->len; i++) {
        const Item *item = g_ptr_array_index(slice->items, i);
        report(work, item);
        count(work, item);
        apply_note_undone(work, item);
    }
    look_for_reasons_to_stop(work, slice);
}

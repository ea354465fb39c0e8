/*
 * apply_send.c - one change on its way: whether it may go, at which pace
 *
 * A directory that went away is waited for, for as long as Apply.patience says;
 * what was outstanding then is uncertain and is never sent again from here.
 */
#include "dirsync/apply_internal.h"

#include "dirsync/fault.h"
#include "dirsync/interrupt.h"

#include <string.h>

#define MILLISECOND 1000
#define FIRST_PAUSE                                                                                          \
    (250 * MILLISECOND)         /* before a directory that went away is tried again; then twice that */
#define NAP (100 * MILLISECOND) /* between two looks for the wish to stop */

void apply_sleep(gint64 microseconds)
{
    gint64 until = g_get_monotonic_time() + microseconds;
    for (gint64 left; (left = until - g_get_monotonic_time()) > 0 && !interrupt_pending(NULL);)
        g_usleep((gulong)MIN(left, NAP));
}

static void finished(const Change *change, Outcome outcome, const GError *error, void *data)
{
    Item *item = change->tag;
    (void)data;
    fault_step("answer");
    item->waiting = false;
    item->slice->waiting--;
    g_clear_error(&item->error);
    item->error = error ? g_error_copy(error) : NULL;
    item->outcome = outcome == OUTCOME_DONE     ? JOURNAL_DONE
                    : outcome == OUTCOME_FAILED ? JOURNAL_FAILED
                                                : JOURNAL_UNCERTAIN;
}

/* --- may it go? --- */

/* Where the server cannot check a condition, a delete looks at the stamp first. */
static bool may_delete(const Work *work, Item *item)
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
    if (found->len && !stamp.connector && !g_strcmp0(item->change->situation, SITUATION_CONVERTED))
        return true;
    error_set(&item->error, ERROR_MOVED, "%s: no longer carries our stamp, so it is not deleted",
              item->change->dn);
    return false;
}

/* What comes after a change that was not done would do harm: a name or address twice, a lost member. */
static bool depends_on_undone(const Work *work, const Change *change)
{
    if (!g_hash_table_size(work->undone))
        return false;
    g_autofree char *own = change->anchor ? fingerprint_hex(fingerprint_string(change->anchor)) : NULL;
    if (own && g_hash_table_contains(work->undone, own))
        return true;
    g_auto(GStrv) before = g_strsplit(change->after ? change->after : "", " ", 0);
    for (char **hex = before; *hex; hex++)
        if (g_hash_table_contains(work->undone, *hex))
            return true;
    return false;
}

static bool may_go(const Work *work, Item *item)
{
    if (work->cut) {
        error_set(&item->error, ERROR_UNREACHABLE, "%s: not sent", item->change->dn);
        return false;
    }
    if (depends_on_undone(work, item->change)) {
        error_set(&item->error, ERROR_MOVED,
                  "%s: left out, since a change that must come before it was not done", item->change->dn);
        return false;
    }
    return may_delete(work, item) && apply_may_add(work, item);
}

/* --- sending --- */

/* The directory is given up. */
static void cut_off(Work *work, GError *error)
{
    work->cut = true;
    if (!work->stop)
        work->stop = error;
    else
        g_error_free(error);
}

/* Waits for a directory that went away. Only one that cannot be reached comes back by itself: a wrong
 * password, for one, would lock the account. */
static bool wait_for_return(Work *work, GError **error)
{
    gint64 until = g_get_monotonic_time() + (gint64)work->apply->patience * G_USEC_PER_SEC;
    for (gint64 pause = FIRST_PAUSE; error_is(*error, ERROR_UNREACHABLE); pause *= 2) {
        gint64 left = until - g_get_monotonic_time();
        if (left <= 0 || interrupt_pending(NULL))
            return false;
        apply_sleep(MIN(pause, left));
        g_clear_error(error);
        if (directory_flush(work->apply->directory, error))
            return true;
    }
    return false;
}

void apply_flush(Work *work)
{
    GError *error = NULL;
    if (!directory_flush(work->apply->directory, &error) && !wait_for_return(work, &error))
        cut_off(work, error);
}

/* A directory that goes away during the look before the change is waited for, as it is for the change itself;
 * but once: it may be the look that it does not answer. */
static bool may_go_in_the_end(Work *work, Item *item)
{
    if (may_go(work, item))
        return true;
    if (work->cut || !error_is(item->error, ERROR_UNREACHABLE))
        return false;
    if (!wait_for_return(work, &item->error)) {
        cut_off(work, g_error_copy(item->error));
        return false;
    }
    apply_look_again(item->slice);
    if (may_go(work, item))
        return true;
    if (error_is(item->error, ERROR_UNREACHABLE))
        cut_off(work, g_error_copy(item->error));
    return false;
}

static bool submit(Work *work, Item *item, GError **error)
{
    item->waiting = true;
    item->slice->waiting++;
    bool sent = directory_submit(work->apply->directory, item->change, finished, work, error);
    fault_step("sent");
    if (sent)
        return true;
    item->waiting = false;
    item->slice->waiting--;
    return false;
}

void apply_send(Work *work, Item *item)
{
    item->change->tag = item;
    item->outcome = JOURNAL_FAILED;
    g_clear_error(&item->error);
    if (!may_go_in_the_end(work, item))
        return;
    apply_sleep(pace_next(&work->pace, g_get_monotonic_time()));
    GError *error = NULL;
    while (!submit(work, item, &error)) {
        if (wait_for_return(work, &error)) {
            apply_look_again(item->slice);
            continue;
        }
        item->error = g_error_copy(error);
        cut_off(work, error);
        return;
    }
    item->sent_to = g_intern_string(directory_describe(work->apply->directory)->subject);
}

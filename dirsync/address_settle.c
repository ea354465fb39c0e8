/*
 * address_settle.c - what became of the addresses that were given, and what is remembered of it
 *
 * The state has who needs nothing, numbers and refusals are for all connectors in
 * the index, which is told of what was given too. What the server has refused is
 * planned anew.
 */
#include "dirsync/address_step_internal.h"

#include "dirsync/directory/entry_update.h"
#include "dirsync/fault.h"

#include <string.h>

#define ROUNDS 20      /* plans until everybody has what nobody else has */
#define MOVED_ROUNDS 3 /* plans for an entry that is never as it was read */

/* The former primary address only changes its letters. */
static bool is_there_already(const Change *change, const char *address)
{
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        if (modification->kind != MODIFY_DELETE ||
            g_ascii_strcasecmp(modification->name, "proxyAddresses") != 0)
            continue;
        for (size_t j = 0; j < modification->n_values; j++)
            if (address_equal(modification->values[j].data, address))
                return true;
    }
    return false;
}

/* Which of the addresses was it? Where there was one, that; else nobody knows. False: it was none of them. */
static bool note_refused(AddressStep *step, const Pending *pending, const Change *change)
{
    const char *address = NULL;
    size_t n = 0;
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        if (modification->kind != MODIFY_ADD || g_ascii_strcasecmp(modification->name, "proxyAddresses") != 0)
            continue;
        for (size_t j = 0; j < modification->n_values; j++) {
            if (is_there_already(change, modification->values[j].data))
                continue;
            n++;
            address = modification->values[j].data;
        }
    }
    if (n == 1)
        g_ptr_array_add(step->refused, address_normalise(address, strlen(address)));
    else if (n)
        g_ptr_array_add(step->doubtful, g_strdup(pending->id));
    return n > 0;
}

/* Whether another plan may do better: an address less, or what somebody changed meanwhile. */
static bool is_worth_another(AddressStep *step, const Pending *pending, const Applied *applied)
{
    if (error_is(applied->error, ERROR_CONSTRAINT) && note_refused(step, pending, applied->change))
        return true;
    if (error_is(applied->error, ERROR_MOVED) && step->round < MOVED_ROUNDS)
        return true;
    if (error_is(applied->error, ERROR_CONSTRAINT) || error_is(applied->error, ERROR_MOVED))
        event_emit(EVENT_ADDRESS_FAILED, applied->change->dn, "%s", applied->error->message);
    return false;
}

/* As the directory has it from now on. Where that cannot be said, since somebody changed it meanwhile or the
 * disk is full, the next read shows it. */
static void note_given(AddressStep *step, Pending *pending, const Change *change)
{
    g_autoptr(Entry) entry = spool_read(step->spool, pending->at, NULL);
    if (entry && entry_update(home_schema(step), entry, change, NULL) &&
        spool_append(step->spool, entry, &pending->at, NULL)) {
        pending->became = true;
        step->given++;
    }
}

bool address_record(StepWork *work, const Applied *applied, GError **error)
{
    AddressStep *step = (AddressStep *)work;
    uint32_t i = fingerprint_index_find(&step->by_dn, fingerprint_string(applied->change->dn));
    (void)error;
    if (i == NOWHERE)
        return true;
    Pending *pending = g_ptr_array_index(step->pending, i);
    if (applied->outcome == JOURNAL_DONE) {
        note_given(step, pending, applied->change);
    } else {
        bool anew = is_worth_another(step, pending, applied);
        pending->refused |= anew;
        pending->unwritten |= !anew;
    }
    if (--pending->changes)
        return true;
    if (!pending->refused && !pending->unwritten)
        step->work.done.of[COUNT_MODIFIED]++;
    return true;
}

/* Addresses that somebody has whom the next read will show need no note. */
static bool store_refused(AddressStep *step, GError **error)
{
    for (guint i = 0; i < step->refused->len; i++) {
        const char *address = g_ptr_array_index(step->refused, i);
        g_autofree char *filter = filter_equals("proxyAddresses", address, strlen(address));
        ReadRequest request = {
            .scope = SEARCH_SUBTREE, .filter = filter, .attributes = (const char *const[]){"1.1", NULL}};
        g_autoptr(GPtrArray) found = directory_search(step->real, &request, 2, error);
        if (!found || (!found->len && !holder_index_refuse(step->index, address, error)))
            return false;
    }
    for (guint i = 0; i < step->doubtful->len; i++)
        g_hash_table_add(step->singly, g_strdup(g_ptr_array_index(step->doubtful, i)));
    g_ptr_array_set_size(step->refused, 0);
    g_ptr_array_set_size(step->doubtful, 0);
    return true;
}

static bool store_numbers(AddressStep *step, GError **error)
{
    GHashTableIter iter;
    gpointer base, number;
    g_hash_table_iter_init(&iter, step->highest);
    while (g_hash_table_iter_next(&iter, &base, &number))
        if (!holder_index_set_highest(step->index, base, GPOINTER_TO_UINT(number), error))
            return false;
    return true;
}

/* Whether the index has them as this step read them: another connector may have read them since. */
static bool is_as_read(AddressStep *step, const Pending *pending, bool *is, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    if (!holder_index_find_id(step->index, pending->id, found, error))
        return false;
    *is = found->len && !fingerprint_is_zero(pending->fingerprint) &&
          fingerprint_equal(((const Holder *)g_ptr_array_index(found, 0))->fingerprint, pending->fingerprint);
    return true;
}

/* Whoever looks up is answered with them from now on. The next read compares anew. */
static bool store_given(AddressStep *step, GError **error)
{
    for (guint i = 0; i < step->pending->len; i++) {
        const Pending *pending = g_ptr_array_index(step->pending, i);
        bool as_read;
        if (!pending->became)
            continue;
        if (!is_as_read(step, pending, &as_read, error))
            return false;
        g_autoptr(Entry) entry = as_read ? spool_read(step->spool, pending->at, NULL) : NULL;
        if (entry && !address_note_holder(step, entry, error))
            return false;
    }
    return true;
}

static bool store_learned(AddressStep *step, GError **error)
{
    return store_numbers(step, error) && store_refused(step, error);
}

static bool store_in_index(AddressStep *step, bool (*store)(AddressStep *step, GError **error),
                           GError **error)
{
    if (!holder_index_begin_writing(step->index, error))
        return false;
    if (store(step, error) && holder_index_commit(step->index, error))
        return true;
    holder_index_rollback(step->index);
    return false;
}

static bool has_learned(const AddressStep *step)
{
    return g_hash_table_size(step->highest) || step->refused->len || step->doubtful->len;
}

/* While another connector reads, the index is not ours; then the next read shows what was given. */
static bool tell_index(AddressStep *step, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!step->given || store_in_index(step, store_given, &why) || error_is(why, ERROR_BUSY)) {
        step->given = 0;
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&why));
    return false;
}

static bool store_settled(AddressStep *step, GError **error)
{
    for (guint i = 0; i < step->settled->len; i++) {
        const Settled *settled = &g_array_index(step->settled, Settled, i);
        if (!settled->seen && !state_remove_addressed(step->state, settled->known.identity, error))
            return false;
    }
    for (guint i = 0; i < step->gone->len; i++)
        if (!state_remove_addressed(step->state, g_array_index(step->gone, Fingerprint, i), error))
            return false;
    for (guint i = 0; step->cursor && i < step->pending->len; i++) {
        const Pending *pending = g_ptr_array_index(step->pending, i);
        if (!state_remove_addressed(step->state, pending->identity, error))
            return false;
    }
    for (guint i = 0; i < step->newly_settled->len; i++)
        if (!state_add_addressed(step->state, &g_array_index(step->newly_settled, Addressed, i), error))
            return false;
    return step_remember(step->state, STEP_ADDRESSES, "definitions", step->digest, error) &&
           address_remember_cursor(step, error);
}

static bool store_in_state(AddressStep *step, GError **error)
{
    if (step->only || address_is_special(step))
        return true;
    if (!state_begin(step->state, error))
        return false;
    if (store_settled(step, error) && state_commit(step->state, error)) {
        fault_step("settled");
        return true;
    }
    state_rollback(step->state);
    return false;
}

/* Who needed nothing, and whom nothing was left to give. */
static size_t judge_pending(AddressStep *step, size_t *refused)
{
    size_t failed = 0;
    for (guint i = 0; i < step->pending->len; i++) {
        const Pending *pending = g_ptr_array_index(step->pending, i);
        failed += pending->failed || pending->unwritten;
        *refused += pending->refused && !pending->failed && !pending->unwritten;
    }
    return failed;
}

bool address_settle(StepWork *work, const char *run, bool finished, GError **error)
{
    AddressStep *step = (AddressStep *)work;
    size_t refused = 0, failed = judge_pending(step, &refused);
    (void)run;
    if (step->round == 0)
        work->done.of[COUNT_UNCHANGED] = work->planned.of[COUNT_UNCHANGED];
    work->again = finished && refused && ++step->round < ROUNDS;
    work->done.of[COUNT_FAILED] = failed + (work->again ? 0 : refused);
    return (!has_learned(step) || store_in_index(step, store_learned, error)) &&
           (!finished || store_in_state(step, error)) && tell_index(step, error);
}

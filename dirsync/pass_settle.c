/*
 * pass_settle.c - what is remembered before changes are sent and when they are done
 *
 * A link is recorded when the last change of its anchor has been answered; what
 * needed none at the end of the run, together with the quarantine and how far the
 * source was read.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/fault.h"

/* What hangs on a change may not show once the change is done: that a group must lose who went into grace,
 * say, or that a lock of an account in grace is ours. So it is noted before, for the case that the run ends
 * in between. Whoever has no link yet is looked at anyway. */
bool pass_intend(StepWork *work, GError **error)
{
    Pass *pass = (Pass *)work;
    if (!state_begin(pass->state, error))
        return false;
    bool ok = pass_forget_maker(pass, error);
    for (size_t i = 0; i < settlements_count(pass->settlements) && ok; i++) {
        const Settlement *settlement = settlements_at(pass->settlements, i);
        g_auto(Settled) settled = {0};
        if (!settlement->pending || !settlement->linked)
            continue;
        ok = settlements_read(pass->settlements, settlement, &settled, error) &&
             state_mark_link(pass->state, pass->step, settled.row.anchor,
                             LINK_RETRY | (settled.row.flags & LINK_LOCKED), error);
    }
    ok = ok && state_commit(pass->state, error);
    if (!ok)
        state_rollback(pass->state);
    return ok;
}

/* It still is the object that it was, not the native. */
static bool keep_object(Pass *pass, LinkRow *row, GError **error)
{
    g_auto(LinkRow) before = {0};
    if (!state_find_link_by_anchor(pass->state, pass->step, row->anchor, &before, error))
        return false;
    g_free(row->dn);
    g_free(row->id);
    row->dn = g_steal_pointer(&before.dn);
    row->id = g_steal_pointer(&before.id);
    return true;
}

static bool store(Pass *pass, const Settlement *settlement, GError **error)
{
    g_auto(Settled) settled = {0};
    LinkRow *row = &settled.row;
    if (!settlements_read(pass->settlements, settlement, &settled, error))
        return false;
    if (settled.remove && !settlement->failed)
        return state_remove_link(pass->state, pass->step, row->anchor, error);
    if (settlement->failed) {
        /* Whatever was planned did not come about: forget what we knew, the next run looks again. */
        if (row->flags & LINK_YIELDED && !keep_object(pass, row, error))
            return false;
        row->source = row->target = row->desired = (Fingerprint){0, 0};
        row->exact = settled.exact_before;
        row->flags = (row->flags | LINK_RETRY) & ~(unsigned)LINK_YIELDED;
    }
    return state_save_link(pass->state, row, error);
}

static void count_done(Pass *pass, const Settlement *settlement)
{
    if (settlement->failed) {
        pass->work.done.of[COUNT_FAILED]++;
        return;
    }
    for (int kind = 0; kind < COUNTS; kind++)
        if (settlement->kinds & 1u << kind)
            pass->work.done.of[kind]++;
}

bool pass_record(StepWork *work, const Applied *applied, GError **error)
{
    Pass *pass = (Pass *)work;
    pass_note_maker(pass, applied->sent_to);
    if (!applied->change->anchor)
        return true;
    Fingerprint anchor = fingerprint_string(applied->change->anchor);
    Settlement *settlement =
        item_settlement(pass, link_item(pass, fingerprint_index_find(&pass->links->by_anchor, anchor)));
    if (!settlement)
        return true;
    settlement->failed |= applied->outcome != JOURNAL_DONE;
    if (--settlement->pending)
        return true;
    count_done(pass, settlement);
    return store(pass, settlement, error);
}

static bool store_unchanged(Pass *pass, GError **error)
{
    for (size_t i = 0; i < settlements_count(pass->settlements); i++) {
        const Settlement *settlement = settlements_at(pass->settlements, i);
        if (settlement->kinds || settlement->pending)
            continue;
        if (!store(pass, settlement, error))
            return false;
    }
    return true;
}

/* Links in sync whose object merely looks different now (our own echo, most of the time); of the others that
 * nothing is recorded of, which object it is, if that is not known. */
static bool store_new_looks(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->side[TARGET].records->len; i++) {
        const Record *record = record_at(&pass->side[TARGET], i);
        const Link *link = record->link == NOWHERE ? NULL : link_at(pass->links, record->link);
        const Item *item = link ? link_item(pass, record->link) : NULL;
        bool in_sync = record->mark == MARK_EQUAL && !item;
        if (record->left_alone || !link || !link->row || item_settlement(pass, item))
            continue;
        g_auto(Noted) noted = {0};
        if (!record_noted(pass, TARGET, i, &noted, error) ||
            !(in_sync ? state_look_link(pass->state, link->row, noted.fingerprint, noted.dn, noted.id, error)
                      : state_show_link(pass->state, link->row, noted.id, error)))
            return false;
    }
    return true;
}

static void tell_cleared(const char *subject, const char *reason, const char *first, const char *last,
                         void *data)
{
    (void)first;
    (void)last;
    (void)data;
    event_emit(EVENT_QUARANTINE_CLEARED, subject, "in order again (was: %s)", reason);
}

static bool store_quarantine(Pass *pass, const char *run, GError **error)
{
    for (guint i = 0; i < pass->quarantined->len; i += 2) {
        const char *subject = g_ptr_array_index(pass->quarantined, i),
                   *reason = g_ptr_array_index(pass->quarantined, i + 1);
        bool is_new = false;
        if (!state_quarantine(pass->state, pass->step, subject, reason, run, &is_new, error))
            return false;
        pass->work.done.newly_quarantined += is_new;
    }
    return pass->work.partial_reason ||
           state_clear_quarantine(pass->state, pass->step, run, tell_cleared, NULL, error);
}

static bool store_counts(Pass *pass, GError **error)
{
    const Side *source = &pass->side[SOURCE];
    const ReadResult *result = &source->result;
    g_autofree char *count = g_strdup_printf("%zu", result->entries + result->bad);
    if (result->proof == PROOF_COMPLETE && !source->delta && !pass->work.partial_reason &&
        !pass_remember(pass, "source-count", count, error))
        return false;
    g_autoptr(GString) shown = g_string_new(NULL);
    for (size_t i = 0; i < pass->settings->n_sources; i++)
        g_string_append_printf(shown, "%s%zu", i ? " " : "", pass->shown[i]);
    return pass->work.partial_reason || pass_remember(pass, "shown", shown->str, error);
}

static bool store_read(Pass *pass, GError **error)
{
    if (pass->options.only)
        return true;
    if (pass->options.migration) {
        g_autofree char *migrated = pass_migration_digest(pass);
        return pass_remember(pass, PASS_MIGRATED, migrated, error) &&
               pass_remember(pass, PASS_DEFINITIONS, "", error);
    }
    g_autofree char *outsiders = g_strdup_printf("%zu", pass->outsiders);
    if (!pass_remember(pass, "outsiders", outsiders, error) || !store_counts(pass, error) ||
        !pass_remember_cursors(pass, error))
        return false;
    g_autofree char *serial =
        g_strdup_printf("%s %" G_GINT64_FORMAT, holder_index_id(pass->index), pass->index_serial);
    return pass_remember(pass, "index-serial", serial, error) &&
           pass_remember(pass, PASS_DEFINITIONS, pass->digest, error) &&
           (pass->step != STEP_IMPORT || pass_remember(pass, PASS_MIGRATED, "", error));
}

bool pass_settle(StepWork *work, const char *run, bool finished, GError **error)
{
    Pass *pass = (Pass *)work;
    pass->work.done.of[COUNT_UNCHANGED] = pass->work.planned.of[COUNT_UNCHANGED];
    pass->work.done.of[COUNT_QUARANTINED] = pass->work.planned.of[COUNT_QUARANTINED];
    if (!state_begin(pass->state, error))
        return false;
    if (store_unchanged(pass, error) && store_new_looks(pass, error) && store_quarantine(pass, run, error) &&
        pass_remember_maker(pass, error) && (!finished || store_read(pass, error)) &&
        state_commit(pass->state, error)) {
        fault_step("settled");
        return true;
    }
    state_rollback(pass->state);
    return false;
}

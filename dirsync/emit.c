/*
 * emit.c - what reconciling decides, written down
 *
 * The one place where a decision becomes a change of the plan, a figure, an
 * entry of the quarantine or a link to be recorded.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

/* Of each kind of change the figure in the summary and the limit that it counts under. */
static void count_once(Pass *pass, Subject *subject, CountKind count, LimitKind limit, const char *because)
{
    if (subject->kinds & 1u << count)
        return;
    subject->kinds |= 1u << count;
    pass->planned.of[count]++;
    tally_add(pass->tally, limit, because);
}

static void tally_change(Pass *pass, Subject *subject, const Change *change, const char *situation,
                         const char *because)
{
    bool ours =
        !strcmp(change->dn, subject->current ? entry_dn(subject->current) : "") || change->kind == CHANGE_ADD;
    switch (change->kind) {
    case CHANGE_ADD:
        count_once(pass, subject, COUNT_CREATED, LIMIT_CREATE, because);
        break;
    case CHANGE_DELETE:
        count_once(pass, subject, COUNT_DELETED, LIMIT_DELETE, because);
        break;
    case CHANGE_RENAME:
        count_once(pass, subject, COUNT_RENAMED, LIMIT_RENAME, because);
        break;
    case CHANGE_MODIFY:
        if (!ours)
            tally_add(pass->tally, LIMIT_NATIVE, because);
        else if (!strcmp(situation, "missing"))
            count_once(pass, subject, COUNT_DISABLED, LIMIT_DISABLE, because);
        else
            count_once(pass, subject, COUNT_MODIFIED, LIMIT_MODIFY, because);
        break;
    case CHANGE_KINDS:
        break;
    }
}

bool emit_change(Pass *pass, Subject *subject, Change *change, const Entry *before, unsigned wave,
                 const char *situation, const char *because, GError **error)
{
    change->wave = wave;
    change->situation = change_strdup(change, situation);
    change->anchor = change_strdup(change, subject->anchor);
    if (because)
        change->because = change_strdup(change, because);
    tally_change(pass, subject, change, situation, because);
    subject->emitted++;
    g_autoptr(Change) inverse = managed_inverse(pass->side[TARGET].schema, change, before, error);
    if (!inverse)
        return false;
    bool of_ours = change->assertion || change->kind == CHANGE_ADD;
    if (of_ours && inverse->kind != CHANGE_ADD) {
        g_autofree char *filter =
            stamp_filter(&pass->connector->organisation->stamp, pass->connector->uuid, subject->anchor);
        inverse->assertion = change_strdup(inverse, filter);
    }
    return plan_add(pass->plan, change, inverse, error);
}

void emit_quarantine(Pass *pass, const char *subject, const char *reason)
{
    pass->planned.of[COUNT_QUARANTINED]++;
    g_ptr_array_add(pass->quarantined, g_strdup(subject));
    g_ptr_array_add(pass->quarantined, g_strdup(reason));
}

/* The spelling is the one the source gave, whether or not it had to be written: only then does a new one
 * in the source show. */
static void describe_result(Pass *pass, const Subject *subject, const Entry *result, LinkRow *row)
{
    bool graced = row->flags & LINK_GRACED;
    row->dn = g_strdup(entry_dn(result));
    row->desired = managed_fingerprint(pass->managed, result, false, graced);
    row->exact =
        managed_fingerprint(pass->managed, subject->desired ? subject->desired : result, true, graced);
}

static Fingerprint source_fingerprint(const Pass *pass, const Item *item)
{
    if (item->source != NOWHERE)
        return g_array_index(pass->side[SOURCE].records, Record, item->source).fingerprint;
    return item->mark[SOURCE] == MARK_SAME ? item_link(pass, item)->source : (Fingerprint){0, 0};
}

/* The target as the read showed it, when nothing is going to change it. */
static Fingerprint target_fingerprint(const Pass *pass, const Subject *subject)
{
    const Item *item = subject->item;
    if (subject->emitted)
        return (Fingerprint){0, 0};
    if (item->target != NOWHERE)
        return g_array_index(pass->side[TARGET].records, Record, item->target).fingerprint;
    return item->mark[TARGET] == MARK_SAME ? item_link(pass, item)->target : (Fingerprint){0, 0};
}

static void keep_settlement(Pass *pass, const Settlement *settlement)
{
    uint32_t i = pass->settlements->len;
    g_array_append_val(pass->settlements, *settlement);
    fingerprint_index_add(&pass->by_anchor_settlements, i);
}

void emit_retry(Pass *pass, const Subject *subject)
{
    const LinkRow *known = &subject->row;
    if (!known->row || subject->emitted)
        return;
    Settlement settlement = {.anchor = fingerprint_string(subject->anchor), .row = *known};
    settlement.row.anchor = g_strdup(known->anchor);
    settlement.row.dn = g_strdup(known->dn);
    settlement.row.id = g_strdup(known->id);
    settlement.row.flags |= LINK_RETRY;
    keep_settlement(pass, &settlement);
}

void emit_settlement(Pass *pass, Subject *subject, const Entry *result, bool remove, unsigned flags,
                     const char *id)
{
    Settlement settlement = {.anchor = fingerprint_string(subject->anchor),
                             .remove = remove,
                             .kinds = subject->kinds,
                             .pending = (unsigned)subject->emitted};
    LinkRow *row = &settlement.row;
    row->anchor = g_strdup(subject->anchor);
    row->flags = flags | (subject->retry ? LINK_RETRY : 0);
    row->source = source_fingerprint(pass, subject->item);
    row->target = target_fingerprint(pass, subject);
    if (result)
        describe_result(pass, subject, result, row);
    row->id = g_strdup(id ? id : subject->row.id);
    if (!subject->emitted && !remove)
        pass->planned.of[COUNT_UNCHANGED]++;
    keep_settlement(pass, &settlement);
}

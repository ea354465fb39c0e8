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
    pass->work.planned.of[count]++;
    tally_add(pass->work.tally, limit, because);
}

/* Not a native or a group that is touched on the way. */
static bool is_of_ours(const Subject *subject, const Change *change)
{
    return change->kind == CHANGE_ADD ||
           (subject->current && !strcmp(change->dn, entry_dn(subject->current)));
}

static void tally_change(Pass *pass, Subject *subject, const Change *change, const char *situation,
                         const char *because)
{
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
        if (subject->beside_ours || subject->kinds & 1u << COUNT_CREATED)
            break; /* a group of ours, which has a limit for its members; what belongs to a creation */
        if (!is_of_ours(subject, change))
            tally_add(pass->work.tally, LIMIT_NATIVE, because);
        else if (!strcmp(situation, "missing"))
            count_once(pass, subject, COUNT_DISABLED, LIMIT_DISABLE, because);
        else
            count_once(pass, subject, COUNT_MODIFIED, LIMIT_MODIFY, because);
        break;
    case CHANGE_KINDS:
        break;
    }
}

/* Holds while the native is of the same classes and nobody's. */
static char *native_filter(const Pass *pass, const Entry *native)
{
    const Attribute *classes = schema_find(target_schema(pass), native, "objectClass");
    GString *filter = g_string_new("(&");
    for (size_t i = 0; classes && i < classes->n_values; i++) {
        g_autofree char *is = filter_equals("objectClass", classes->values[i].data, classes->values[i].len);
        g_string_append(filter, is);
    }
    for (const char *const *name = stamp_attributes(target_stamp(pass)); *name; name++)
        if (!schema_find(target_schema(pass), native, *name))
            g_string_append_printf(filter, "(!(%s=*))", *name);
    return g_string_free(g_string_append_c(filter, ')'), FALSE);
}

/* The change fails when the object is not ours any more. Who is being adopted has no stamp yet: there
 * the single-valued importedFrom refuses a second owner. */
static void assert_stamp(const Pass *pass, const Subject *subject, Change *change)
{
    if (change->kind == CHANGE_ADD)
        return;
    if (change->kind == CHANGE_MODIFY) {
        managed_guard(managed_of(pass, subject->kind), subject->current, change);
        return;
    }
    g_autofree char *filter = subject->takes_native && change->kind == CHANGE_DELETE && subject->current
                                  ? native_filter(pass, subject->current)
                                  : stamp_filter(target_stamp(pass), pass->connector->uuid, subject->anchor);
    change->assertion = change_strdup(change, filter);
}

static char *anchors_before(const Subject *subject)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; subject->after && i < subject->after->len; i++) {
        g_autofree char *hex = fingerprint_hex(g_array_index(subject->after, Fingerprint, i));
        g_string_append_printf(text, "%s%s", i ? " " : "", hex);
    }
    return g_string_free(text, FALSE);
}

/* Who leaves a group before it goes comes back by the inverse of that change: the group is made again without
 * them, at a time when they are not there yet. */
static Change *inverse_of(Pass *pass, const Subject *subject, const Change *change, const Entry *before,
                          GError **error)
{
    g_autoptr(Entry) left = NULL;
    if (change->kind == CHANGE_DELETE && before) {
        left = entry_copy(before);
        membership_apply(pass, subject_server_dn(subject), left);
    }
    return managed_inverse(pass->side[TARGET].schema, change, left ? left : before, error);
}

bool emit_change(Pass *pass, Subject *subject, Change *change, const Entry *before, unsigned wave,
                 const char *situation, const char *because, GError **error)
{
    change->wave = wave;
    change->situation = change_strdup(change, situation);
    change->anchor = change_strdup(change, subject->anchor);
    if (because)
        change->because = change_strdup(change, because);
    g_autofree char *after = anchors_before(subject);
    if (*after)
        change->after = change_strdup(change, after);
    tally_change(pass, subject, change, situation, because);
    inquire_change(pass, subject, situation, because);
    subject->emitted++;
    bool of_ours = is_of_ours(subject, change);
    if (of_ours)
        observe_change(pass, subject, before, situation);
    if (!pass->plan) /* it is observed only */
        return true;
    if (of_ours)
        assert_stamp(pass, subject, change);
    g_autoptr(Change) inverse = inverse_of(pass, subject, change, before, error);
    if (!inverse)
        return false;
    if (of_ours && inverse->kind != CHANGE_MODIFY)
        assert_stamp(pass, subject, inverse);
    return plan_add(pass->plan, change, inverse, error);
}

void emit_quarantine(Pass *pass, EventId event, const char *subject, const char *reason)
{
    g_autofree char *known = NULL;
    if (!state_quarantine_reason(pass->state, pass->step, subject, &known, NULL) ||
        g_strcmp0(known, reason) != 0)
        event_emit(event, subject, "%s", reason);
    observe_trouble(pass, event, subject, reason);
    inquire_trouble(pass, event, subject, reason);
    pass->work.planned.of[COUNT_QUARANTINED]++;
    g_ptr_array_add(pass->quarantined, g_strdup(subject));
    g_ptr_array_add(pass->quarantined, g_strdup(reason));
}

/* The spelling is the one the source gave, whether or not it had to be written: only then does a new one
 * in the source show. */
static void describe_result(Pass *pass, const Subject *subject, const Entry *result, LinkRow *row)
{
    bool graced = row->flags & LINK_GRACED;
    row->dn = g_strdup(entry_dn(result));
    const Managed *managed = managed_of(pass, subject->kind);
    bool as_desired = !subject->desired || subject->desired == result;
    managed_fingerprints(managed, result, graced, &row->desired, as_desired ? &row->exact : NULL);
    if (!as_desired)
        row->exact = managed_fingerprint(managed, subject->desired, true, graced);
}

static Fingerprint source_fingerprint(const Subject *subject)
{
    const Item *item = subject->item;
    if (item->source != NOWHERE)
        return subject->read[SOURCE];
    return item->mark[SOURCE] == MARK_SAME ? subject->row.source : (Fingerprint){0, 0};
}

/* The target as the read showed it, when nothing is going to change it. */
static Fingerprint target_fingerprint(const Subject *subject)
{
    const Item *item = subject->item;
    if (subject->emitted)
        return (Fingerprint){0, 0};
    if (item->target != NOWHERE)
        return subject->read[TARGET];
    return item->mark[TARGET] == MARK_SAME ? subject->row.target : (Fingerprint){0, 0};
}

/* Members of groups are found by the source's name. */
static void describe_source(const Pass *pass, const Subject *subject, LinkRow *row)
{
    const char *dn = subject->source ? entry_dn(subject->source) : subject->row.source_dn;
    row->source_dn = g_strdup(dn);
    row->source_id =
        subject->source ? pass_source_id(pass, subject->source) : g_strdup(subject->row.source_id);
    row->source_key = dn ? pass_source_key(pass, dn) : (Fingerprint){0, 0};
}

/* By the first one of an item its changes are counted. */
static void add_settlement(Pass *pass, const Subject *subject, const Settled *settled)
{
    uint32_t i = settlements_add(pass->settlements, (unsigned)subject->emitted, subject->kinds, settled);
    if (subject->item->settlement == NOWHERE)
        subject->item->settlement = i;
}

void emit_retry(Pass *pass, const Subject *subject)
{
    const LinkRow *known = &subject->row;
    if (!known->row || subject->emitted)
        return;
    Settled settled = {.row = *known}; /* borrows the strings */
    settled.row.flags |= LINK_RETRY;
    add_settlement(pass, subject, &settled);
}

void emit_settlement(Pass *pass, Subject *subject, const Entry *result, bool remove, unsigned flags,
                     const char *id)
{
    observe_result(pass, subject, result, remove, flags);
    g_auto(Settled) settled = {.remove = remove, .exact_before = subject->row.exact};
    LinkRow *row = &settled.row;
    row->row = subject->row.row;
    row->step = pass->step;
    row->anchor = g_strdup(subject->anchor);
    describe_source(pass, subject, row);
    row->flags = flags | (subject->retry ? LINK_RETRY : 0) | (subject->partly ? LINK_PARTLY : 0) |
                 (unsigned)(subject->kind + 1) << LINK_KIND_SHIFT;
    row->source = source_fingerprint(subject);
    row->target = target_fingerprint(subject);
    if (result)
        describe_result(pass, subject, result, row);
    row->id = g_strdup(id ? id : subject->row.id);
    if (!subject->emitted && !remove)
        pass->work.planned.of[COUNT_UNCHANGED]++;
    add_settlement(pass, subject, &settled);
}

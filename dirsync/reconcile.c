/*
 * reconcile.c - every pair gets its situation, in an order that does not matter
 *
 * First those who are gone, so that their names and addresses are known to be
 * available; then everybody else, in order of anchor; then, again and again,
 * those who waited for a name or address of another. When nobody can go on they
 * wait for each other in a circle, which is cut by one taking a step back; then
 * those of the circle go before everybody else who wants the same.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/dn.h"
#include "dirsync/interrupt.h"

#include <string.h>

#define MANY_ROUNDS 64

void subject_clear(Subject *subject)
{
    g_free(subject->anchor);
    link_row_clear(&subject->row);
    entry_free(subject->source);
    mapped_clear(&subject->mapped);
    entry_free(subject->current);
    entry_free(subject->desired);
    stamp_clear(&subject->stamp);
    g_clear_pointer(&subject->taken, g_ptr_array_unref);
    g_clear_pointer(&subject->members, g_ptr_array_unref);
    g_clear_pointer(&subject->after, g_array_unref);
    *subject = (Subject){0};
}

bool item_load_content(Pass *pass, const Item *item, int side, Entry **entry, GError **error)
{
    uint32_t record = side == SOURCE ? item->source : item->target;
    uint64_t at = item_fetched(pass, item, side);
    if (at == SPOOL_NOWHERE && record != NOWHERE && record_at(&pass->side[side], record)->kept)
        at = record_at(&pass->side[side], record)->at;
    if (at == SPOOL_NOWHERE)
        return true;
    *entry = spool_read(pass->side[side].spool, at, error);
    return *entry != NULL;
}

/* What was read now is truer than what is remembered. */
static bool load_noted(const Pass *pass, Subject *subject, GError **error)
{
    const Item *item = subject->item;
    g_auto(Noted) source = {0}, target = {0};
    if (!item_noted(pass, item, &source, &target, error))
        return false;
    subject->read[SOURCE] = source.fingerprint;
    subject->read[TARGET] = target.fingerprint;
    const char *known = subject->row.anchor;
    subject->anchor = g_strdup(known ? known : source.anchor ? source.anchor : target.anchor);
    if (item->target == NOWHERE)
        return true;
    g_free(subject->row.id);
    subject->row.id = g_steal_pointer(&target.id);
    return true;
}

bool subject_load(Pass *pass, uint32_t index, Subject *subject, GError **error)
{
    Item *item = item_at(pass, index);
    const ItemMore *more = item_more(item);
    *subject =
        (Subject){.item = item, .index = index, .wave = 1, .emitted = more->emitted, .kinds = more->kinds};
    const Link *link = item_link(pass, item);
    if (link->row && !state_find_link(pass->state, link->row, &subject->row, error))
        return false;
    if (!load_noted(pass, subject, error))
        return false;
    subject->is_mapped = ahead_take(pass, index, &subject->mapped);
    subject->source = g_steal_pointer(&subject->mapped.source);
    if (!subject->is_mapped && !item_load_content(pass, item, SOURCE, &subject->source, error))
        return false;
    if (more->remade) {
        g_clear_pointer(&subject->row.id, g_free); /* the server gives it a new one */
    } else if (more->released) {
        subject->current = entry_copy(more->released);
        subject->wave = more->after + 1;
    } else if (!item_load_content(pass, item, TARGET, &subject->current, error)) {
        return false;
    }
    subject->kind = pass_kind_of(pass, link->flags, subject->current);
    if (subject->current)
        stamp_read(target_stamp(pass), pass->side[TARGET].schema, subject->current, &subject->stamp);
    return true;
}

static bool is_gone(const Item *item)
{
    return item->mark[SOURCE] == MARK_ABSENT;
}

static void tell(Pass *pass, guint done)
{
    if (done % 1000 == 0 && pass->options.progress)
        pass->options.progress("planning", done, pass->items->len, pass->options.data);
}

/* One item; @last: nothing more will be freed, so nothing is waited for. */
static bool decide(Pass *pass, uint32_t index, bool last, GError **error)
{
    g_auto(Subject) subject = {0};
    if (!subject_load(pass, index, &subject, error))
        return false;
    bool ok = is_gone(subject.item) ? reconcile_gone(pass, &subject, error)
                                    : reconcile_present(pass, &subject, last, error);
    if (pass->matching)
        matched_note(pass, &subject);
    inquire_decided(pass, &subject);
    ahead_drop(pass, &subject);
    return ok;
}

/* @groups: of a migration, which decides on them when it is done with the people. */
static bool decide_all(Pass *pass, bool gone, bool groups, GError **error)
{
    for (guint i = 0; i < pass->items->len; i++) {
        tell(pass, i);
        if (interrupt_pending(error))
            return false;
        const Item *item = item_at(pass, i);
        if (is_gone(item) != gone || item->state != ITEM_OPEN)
            continue;
        if (pass->matching && !gone && !matched_has_turn(pass, i, groups))
            continue;
        if (!decide(pass, i, false, error))
            return false;
    }
    return true;
}

/* Of the change into what @subject should be, only the part that gives up addresses; NULL: none. */
static Change *giving_up(const Pass *pass, const Subject *subject)
{
    DifferenceOptions options = {.graced = subject->stamp.grace != NULL};
    g_autoptr(Change) whole = managed_difference(managed_of(pass, subject->kind), subject->current,
                                                 subject->desired, options, NULL, NULL);
    Change *part = NULL;
    for (size_t i = 0; whole && i < whole->n_modifications; i++) {
        const Modification *modification = &whole->modifications[i];
        if (modification->kind != MODIFY_DELETE || !is_address_attribute(modification->name))
            continue;
        if (!part)
            part = change_new(CHANGE_MODIFY, whole->dn);
        change_modify(part, MODIFY_DELETE, modification->name, modification->values, modification->n_values);
    }
    return part;
}

static bool give_up_name(Pass *pass, Subject *subject, Entry *left, GError **error)
{
    g_autofree char *now = holder_dn_key(&pass->view, entry_dn(subject->current));
    g_autofree char *then = holder_dn_key(&pass->view, entry_dn(subject->desired));
    if (!strcmp(now, then))
        return true;
    g_autofree char *parent = dn_parent(entry_dn(subject->current));
    g_autofree char *value =
        g_strdup_printf("dirsync-%016" G_GINT64_MODIFIER "x", item_link(pass, subject->item)->anchor.low);
    const char *type = subject_name_type(pass, subject);
    g_autofree char *rdn = dn_build(type, value, strlen(value), NULL);
    g_autofree char *dn = dn_build(type, value, strlen(value), parent);
    if (!membership_follow(pass, subject, entry_dn(subject->current), dn, error))
        return false;
    subject->wave = MAX(subject->wave, membership_wave(pass, subject_server_dn(subject)));
    g_autoptr(Change) change = change_new(CHANGE_RENAME, entry_dn(subject->current));
    change->new_rdn = change_strdup(change, rdn);
    change->delete_old_rdn = true;
    entry_set_dn(left, dn);
    membership_note_renamed(pass, subject, dn, subject->wave);
    return emit_change(pass, subject, change, subject->current, subject->wave++, "moved",
                       "two entries exchange names", error);
}

/* Cuts a circle: this one gives up now what the others wait for, and gets its new values later. */
static bool step_back(Pass *pass, uint32_t index, GError **error)
{
    g_auto(Subject) subject = {0};
    if (!subject_load(pass, index, &subject, error))
        return false;
    Item *item = subject.item;
    bool decided;
    if (!reconcile_prepare(pass, &subject, &decided, error))
        return false;
    if (!decided)
        subject_keep_addresses(pass, &subject);
    g_autoptr(Change) change = giving_up(pass, &subject);
    g_autoptr(Entry) left = managed_result(managed_of(pass, subject.kind), subject.current, change);
    if (change && !emit_change(pass, &subject, change, subject.current, subject.wave++, "changed",
                               "two entries exchange addresses", error))
        return false;
    if (!give_up_name(pass, &subject, left, error))
        return false;
    ItemMore *more = item_make_more(item);
    more->after = subject.wave - 1;
    more->emitted = (unsigned)subject.emitted;
    more->kinds = subject.kinds;
    claim_register(pass, &subject, subject.current, left, more->after);
    entry_free(more->released);
    more->released = g_steal_pointer(&left);
    return true;
}

/* Who is waited for by others holds something: an object there is, that has not stepped back yet. */
static bool may_step_back(const Item *item)
{
    return item->mark[TARGET] != MARK_ABSENT && !item_more(item)->released;
}

static uint32_t first_waiting(const Pass *pass, bool to_step_back)
{
    for (guint i = 0; i < pass->items->len; i++)
        if (item_at(pass, i)->state == ITEM_WAITING && (!to_step_back || may_step_back(item_at(pass, i))))
            return i;
    return NOWHERE;
}

typedef enum { RETRY_HOLDERS, RETRY_ALL, RETRY_LAST } Retry;

/* Those who hold something go before newcomers: who steps back must find what was promised. */
static bool retry_waiting(Pass *pass, Retry who, bool *progress, GError **error)
{
    *progress = false;
    for (guint i = 0; i < pass->items->len; i++) {
        const Item *item = item_at(pass, i);
        if (item->state != ITEM_WAITING || (who == RETRY_HOLDERS && item->mark[TARGET] == MARK_ABSENT))
            continue;
        if (interrupt_pending(error) || !decide(pass, i, who == RETRY_LAST, error))
            return false;
        *progress |= item_at(pass, i)->state != ITEM_WAITING;
    }
    return true;
}

/* One of those who wait for each other, at whom one comes in the end from @from; NOWHERE: it ends otherwise,
 * or at some that were met before. @seen has in which walk each was met. */
static uint32_t meet_circle(const Pass *pass, uint32_t from, GHashTable *seen)
{
    gpointer walk = GUINT_TO_POINTER(from + 1);
    uint32_t at = from;
    while (at != NOWHERE && item_at(pass, at)->state == ITEM_WAITING) {
        gpointer before = g_hash_table_lookup(seen, GUINT_TO_POINTER(at));
        if (before)
            return before == walk ? at : NOWHERE;
        g_hash_table_insert(seen, GUINT_TO_POINTER(at), walk);
        at = item_at(pass, at)->waits_for;
    }
    return NOWHERE;
}

/* Those who wait for each other, each before the one whom he waits for, the first being one who may step
 * back; empty where none may. */
static GArray *circle_from(const Pass *pass, uint32_t met)
{
    GArray *circle = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    uint32_t first = met;
    while (!may_step_back(item_at(pass, first))) {
        first = item_at(pass, first)->waits_for;
        if (first == met)
            return circle;
    }
    uint32_t at = first;
    do {
        g_array_append_val(circle, at);
        at = item_at(pass, at)->waits_for;
    } while (at != first);
    return circle;
}

/* The first of the circle steps back; who waits for him gets it, and so on around. Nobody from outside comes
 * in between, or who has stepped back would stand there with nothing. */
static bool cut_circle(Pass *pass, const GArray *circle, GError **error)
{
    if (!step_back(pass, g_array_index(circle, uint32_t, 0), error))
        return false;
    for (guint i = circle->len; i-- > 0;) {
        uint32_t at = g_array_index(circle, uint32_t, i);
        if (item_at(pass, at)->state == ITEM_WAITING && !decide(pass, at, false, error))
            return false;
    }
    return true;
}

/* Circles have nobody in common, since each waits for one other. */
static bool cut_circles(Pass *pass, bool *cut, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    *cut = false;
    for (guint i = 0; i < pass->items->len; i++) {
        uint32_t met = meet_circle(pass, i, seen);
        g_autoptr(GArray) circle = met == NOWHERE ? NULL : circle_from(pass, met);
        if (!circle || !circle->len)
            continue;
        if (!cut_circle(pass, circle, error))
            return false;
        *cut = true;
    }
    return true;
}

/* Somebody waits for several others. One step back may be enough; after many rounds each of them steps back:
 * an operation more for each, but not a round for each. */
static bool untangle(Pass *pass, size_t round, GError **error)
{
    bool cut = false;
    if (round <= MANY_ROUNDS && !cut_circles(pass, &cut, error))
        return false;
    if (cut)
        return true;
    if (round <= MANY_ROUNDS)
        return step_back(pass, first_waiting(pass, true), error);
    for (guint i = 0; i < pass->items->len; i++)
        if (item_at(pass, i)->state == ITEM_WAITING && may_step_back(item_at(pass, i)) &&
            !step_back(pass, i, error))
            return false;
    return true;
}

static bool decide_waiting(Pass *pass, GError **error)
{
    for (size_t round = 0; first_waiting(pass, false) != NOWHERE;) {
        bool progress;
        if (!retry_waiting(pass, RETRY_HOLDERS, &progress, error))
            return false;
        if (progress)
            continue;
        if (first_waiting(pass, true) != NOWHERE) {
            if (!untangle(pass, ++round, error))
                return false;
        } else if (!retry_waiting(pass, RETRY_ALL, &progress, error) ||
                   (!progress && !retry_waiting(pass, RETRY_LAST, &progress, error))) {
            return false;
        }
    }
    return true;
}

/* Whether somebody may need a name. */
static bool any_changed(const Pass *pass)
{
    for (guint i = 0; i < pass->items->len; i++)
        if (item_at(pass, i)->mark[SOURCE] == MARK_CHANGED)
            return true;
    return false;
}

/* Whom nobody looks at; of a partial table also those who are not in it. */
static bool count_unchanged(Pass *pass, GError **error)
{
    size_t *unchanged = &pass->work.planned.of[COUNT_UNCHANGED];
    int64_t all = 0, stored = 0;
    for (guint i = 0; i < pass->links->links->len; i++) {
        const Link *link = link_at(pass->links, i);
        stored += link->row != 0;
        *unchanged += link->item == NOWHERE && !(link->flags & LINK_YIELDED);
    }
    if (!pass->links->partial)
        return true;
    if (!state_count_links(pass->state, pass->step, &all, error))
        return false;
    *unchanged += (size_t)MAX(all - stored, 0);
    return true;
}

bool pass_reconcile(Pass *pass, GError **error)
{
    if (!count_unchanged(pass, error))
        return false;
    if (!pass->container_missing && any_changed(pass) && !claim_foreign_names(pass, error))
        return false;
    bool decided = decide_all(pass, true, false, error) && ahead_start(pass, error) &&
                   decide_all(pass, false, false, error) &&
                   (!pass->matching || decide_all(pass, false, true, error));
    ahead_stop(pass);
    if (!decided || !decide_waiting(pass, error) || !reconcile_leaving(pass, error) ||
        !reconcile_groups(pass, error))
        return false;
    inquire_finish(pass);
    return true;
}

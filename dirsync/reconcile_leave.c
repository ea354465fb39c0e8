/*
 * reconcile_leave.c - people who are gone, superseded or have moved home
 *
 * Nothing is removed unless the read was complete and the source, where it can
 * be asked, confirms it. Whoever leaves spends a time of grace first: hidden,
 * dated, and restored when they come back. What a leaving object holds is free
 * for a newcomer at once; then its grace ends.
 */
#include "dirsync/pass_internal.h"
#include "proxygen/address.h"

#include <string.h>

/* With a fraction: Active Directory refuses times without one (21), RFC 4517 allows both. */
#define GRACE_FORMAT "%Y%m%d%H%M%S.0Z"

static char *now_as_time(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    return g_date_time_format(now, GRACE_FORMAT);
}

char *grace_end(const Pass *pass, const char *since)
{
    g_autoptr(GDateTime) start = stamp_grace_time(since);
    g_autoptr(GDateTime) end = start ? g_date_time_add_days(start, (int)pass->settings->grace_days) : NULL;
    return end ? g_date_time_format(end, GRACE_FORMAT) : NULL;
}

bool grace_is_over(const Pass *pass, const char *since)
{
    return stamp_grace_is_over(since, pass->settings->grace_days);
}

/* --- deleting --- */

bool subject_delete(Pass *pass, Subject *subject, const char *heir, const char *situation,
                    const char *because, GPtrArray *left, unsigned *wave, GError **error)
{
    const char *dn = entry_dn(subject->current);
    g_autoptr(GPtrArray) groups = membership_groups(pass, dn, error);
    if (!groups)
        return false;
    for (guint i = 0; i < groups->len; i++) {
        const Entry *group = g_ptr_array_index(groups, i);
        bool leaves;
        if (!membership_change(pass, subject, group, dn, heir, situation, &leaves, error))
            return false;
        if (left && leaves)
            g_ptr_array_add(left, entry_copy(group));
    }
    *wave = MAX(subject->wave + (groups->len > 0), membership_wave(pass, subject_server_dn(subject)));
    membership_note_deleted(pass, subject);
    g_autoptr(Change) change = change_new(CHANGE_DELETE, dn);
    if (!emit_change(pass, subject, change, subject->current, *wave, situation, because, error))
        return false;
    claim_register(pass, subject, subject->current, NULL, *wave);
    subject->item->state = ITEM_DONE;
    return true;
}

/* --- gone --- */

/* @again: nothing was decided, the next run must look again. @why: for people. */
static bool stays_as_it_is(Pass *pass, Subject *subject, bool again, const char *why)
{
    inquire_note(pass, subject->anchor, "missing", why);
    if (again)
        emit_retry(pass, subject);
    pass->work.planned.of[COUNT_UNCHANGED]++;
    subject->item->state = ITEM_DONE;
    return true;
}

static bool both_gone(Pass *pass, Subject *subject)
{
    subject->item->state = ITEM_DONE;
    inquire_note(pass, subject->anchor, "missing", "it is gone on both sides");
    if (pass->may_remove && !(subject->row.flags & LINK_RELEASED)) /* who comes back is still let go of */
        emit_settlement(pass, subject, NULL, true, 0, NULL);
    return true;
}

bool reconcile_gone(Pass *pass, Subject *subject, GError **error)
{
    Item *item = subject->item;
    if (!pass->may_remove && item->mark[TARGET] != MARK_ABSENT)
        return stays_as_it_is(pass, subject, pass->force, "nobody is removed in such a run");
    if (!subject->current)
        return both_gone(pass, subject);
    if (item->out_of_scope && !pass->settings->out_of_scope_is_missing)
        return stays_as_it_is(pass, subject, false, "it is there, but out of scope; its object stays");
    if (item->unconfirmed)
        event_emit(EVENT_NOT_CONFIRMED, subject->anchor,
                   "the read did not show it, but the source has it; left alone");
    if (!item->confirmed && !item->out_of_scope)
        return stays_as_it_is(pass, subject, true,
                              "the read did not show it, but the source has it; left alone");
    bool over =
        subject->stamp.grace ? grace_is_over(pass, subject->stamp.grace) : pass->settings->grace_days == 0;
    if (over && subject_is_user(pass, subject)) {
        event_emit(EVENT_ACCOUNT_KEPT, entry_dn(subject->current),
                   "not in the source any more: disabled, not deleted");
        over = false;
    }
    if (!over) {
        item->is_account = subject_is_user(pass, subject);
        item->state = ITEM_LEAVING;
        return true;
    }
    unsigned wave;
    if (!subject_delete(pass, subject, NULL, "missing",
                        subject->stamp.grace ? "grace is over" : "not in the source any more", NULL, &wave,
                        error))
        return false;
    emit_settlement(pass, subject, NULL, true, 0, NULL);
    return true;
}

/* Not everything may be hidden: a plain groupOfNames has no attribute for it. */
static void set_hidden(const Pass *pass, const char *hidden, Entry *desired)
{
    entry_add_string(desired, HIDE_ATTRIBUTE, hidden);
    if (pass_has_schema(pass) && !schema_check_entry(target_schema(pass), desired, NULL))
        entry_remove(desired, (size_t)entry_index(desired, HIDE_ATTRIBUTE));
}

static bool begin_grace(Pass *pass, Subject *subject, GError **error)
{
    g_autofree char *now = now_as_time();
    Stamp stamp = {pass->connector->uuid, subject->anchor, now};
    g_autoptr(Entry) desired = managed_stripped(managed_of(pass, subject->kind), subject->current);
    stamp_write(target_stamp(pass), &stamp, desired);
    const char *hidden =
        pass->settings->grace_action == HIDE_IN_GRACE
            ? "TRUE"
            : schema_find_string(pass->side[TARGET].schema, subject->current, HIDE_ATTRIBUTE);
    if (hidden)
        set_hidden(pass, hidden, desired);
    DifferenceOptions options = {.graced = true};
    g_autoptr(Change) change =
        managed_difference(managed_of(pass, subject->kind), subject->current, desired, options, NULL, NULL);
    unsigned locked = account_lock(pass, subject, change);
    event_emit(EVENT_MISSING, entry_dn(subject->current),
               "not in the source any more; grace of %u days begins", pass->settings->grace_days);
    if (!emit_change(pass, subject, change, subject->current, subject->wave, "missing",
                     "not in the source any more", error))
        return false;
    g_autoptr(Entry) result = managed_result(managed_of(pass, subject->kind), subject->current, change);
    emit_settlement(pass, subject, result, false, LINK_GRACED | locked, NULL);
    return true;
}

bool reconcile_leaving(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->items->len; i++) {
        Item *item = item_at(pass, i);
        if (item->state != ITEM_LEAVING)
            continue;
        g_auto(Subject) subject = {0};
        if (!subject_load(pass, i, &subject, error))
            return false;
        item->state = ITEM_DONE;
        if (!subject.stamp.grace) {
            if (!begin_grace(pass, &subject, error))
                return false;
            continue;
        }
        inquire_note(pass, subject.anchor, "missing", "grace goes on");
        /* Grace goes on. The link must say so even when the state was lost meanwhile. */
        emit_settlement(pass, &subject, subject.current, false,
                        LINK_GRACED | (subject.row.flags & LINK_LOCKED), NULL);
    }
    return true;
}

bool reconcile_supersede(Pass *pass, const Holder *holder, const char *by, unsigned *wave, GError **error)
{
    uint32_t link = fingerprint_index_find(&pass->links->by_anchor, fingerprint_string(holder->anchor));
    g_auto(Subject) subject = {0};
    if (!subject_load(pass, link_at(pass->links, link)->item, &subject, error))
        return false;
    event_emit(EVENT_SUPERSEDED, entry_dn(subject.current),
               "its name or address now belongs to anchor %s; grace ends", by);
    if (!subject_delete(pass, &subject, NULL, "superseded", "a newcomer has its name or address", NULL, wave,
                        error))
        return false;
    emit_settlement(pass, &subject, NULL, true, 0, NULL);
    return true;
}

/* --- moved home --- */

/* Whether the native may have an address that was the contact's: nobody else has it, or will. */
static bool may_be_handed_over(Pass *pass, Subject *subject, const char *value, GArray *has, bool *may,
                               GError **error)
{
    g_autofree char *folded = address_normalise(value, strlen(value));
    g_autofree char *stamp = stamp_value_prefix(target_stamp(pass));
    *may = strchr(value, ':') && !(stamp && !g_ascii_strncasecmp(value, stamp, strlen(stamp)));
    for (guint i = 0; i < has->len && *may; i++)
        *may = strcmp(g_array_index(has, HolderKey, i).value, folded) != 0;
    if (!*may)
        return true;
    Claim claim;
    unsigned wave = 0;
    if (!claim_key(pass, subject, KEY_ADDRESS, folded, true, &claim, &wave, NULL, error))
        return false;
    *may = claim == CLAIM_FREE;
    return true;
}

/* Its own primary address comes first: it has one of this type, or is an SMTP recipient anyway. */
static bool becomes_secondary(const Pass *pass, const Entry *native, const char *address)
{
    const Attribute *addresses = schema_find(target_schema(pass), native, "proxyAddresses");
    size_t prefix = (size_t)(strchr(address, ':') - address) + 1;
    for (size_t i = 0; addresses && i < addresses->n_values; i++)
        if (!g_ascii_strncasecmp(addresses->values[i].data, address, prefix))
            return true;
    return !g_ascii_strncasecmp(address, "SMTP:", prefix);
}

static bool hand_over_one(Pass *pass, Subject *subject, const Entry *native, GArray *has, Value address,
                          Change **change, GError **error)
{
    g_autofree char *value = g_strndup(address.data, address.len);
    bool may;
    if (!may_be_handed_over(pass, subject, value, has, &may, error))
        return false;
    if (!may)
        return true;
    bool secondary = becomes_secondary(pass, native, value);
    for (char *p = value; secondary && *p != ':'; p++)
        *p = g_ascii_tolower(*p);
    Value added = {value, strlen(value)};
    *change = *change ? *change : change_new(CHANGE_MODIFY, entry_dn(native));
    change_modify(*change, MODIFY_ADD, "proxyAddresses", &added, 1);
    return true;
}

/* What the person can be reached by, beside the native's own addresses, without what it has: what the source
 * gives, and what others gave the contact. (The contact's own of the source's types are not asked: it may be
 * gone already, after a run that was cut short.) *change stays NULL when there is nothing. */
static bool addresses_for(Pass *pass, Subject *subject, const Entry *native, Change **change, GError **error)
{
    const Schema *schema = target_schema(pass);
    const Managed *managed = managed_of(pass, subject->kind);
    const Attribute *given = schema_find(schema, subject->desired, "proxyAddresses");
    const Attribute *had = subject->current ? schema_find(schema, subject->current, "proxyAddresses") : NULL;
    g_autoptr(GArray) has = holder_keys(&pass->view, native);
    if (!schema_attribute(schema, "proxyAddresses"))
        return true;
    for (size_t i = 0; given && i < given->n_values; i++)
        if (!hand_over_one(pass, subject, native, has, given->values[i], change, error))
            return false;
    for (size_t i = 0; had && i < had->n_values; i++)
        if (!managed_owns(managed, "proxyAddresses", had->values[i]) &&
            !hand_over_one(pass, subject, native, has, had->values[i], change, error))
            return false;
    return true;
}

static bool may_hold_addresses(const Pass *pass, const Entry *native)
{
    const Schema *schema = pass->side[TARGET].schema;
    g_autoptr(Entry) with = entry_copy(native);
    if (!schema_find(schema, with, "proxyAddresses"))
        entry_add_string(with, "proxyAddresses", "smtp:probe@example.invalid");
    return schema_check_entry(schema, with, NULL);
}

static bool hand_over_addresses(Pass *pass, Subject *subject, const Holder *holder, unsigned wave,
                                GError **error)
{
    ReadRequest request = {
        .base = holder->dn, .scope = SEARCH_BASE, .attributes = (const char *const[]){"*", NULL}};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    if (!found)
        return false;
    const Entry *native = found->len ? g_ptr_array_index(found, 0) : NULL;
    if (!native || !may_hold_addresses(pass, native))
        return true;
    g_autoptr(Change) change = NULL;
    if (!addresses_for(pass, subject, native, &change, error))
        return false;
    if (!change)
        return true;
    g_autoptr(Entry) result = managed_result(managed_of(pass, subject->kind), native, change);
    claim_register(pass, subject, native, result, wave);
    return emit_change(pass, subject, change, native, wave, "moved-home", "addresses of the contact", error);
}

/* The contact is gone already when an earlier run was cut short: then its addresses are left to do. */
bool reconcile_moved_home(Pass *pass, Subject *subject, const Holder *native, GError **error)
{
    unsigned wave = 0;
    observe_native(pass, subject, native->dn);
    if (subject->current && !pass->may_remove)
        return stays_as_it_is(pass, subject, true,
                              "a native is this person, but nobody is removed in such a run");
    inquire_note(pass, subject->anchor, "moved-home", native->dn);
    event_emit(EVENT_MOVED_HOME, subject->current ? entry_dn(subject->current) : subject->anchor,
               "%s is this person now; the contact yields to it", native->dn);
    if (subject->current && !subject_delete(pass, subject, native->dn, "moved-home",
                                            "the person is a native now", NULL, &wave, error))
        return false;
    if (!hand_over_addresses(pass, subject, native, wave + 1, error))
        return false;
    emit_settlement(pass, subject, NULL, false, LINK_YIELDED, native->id);
    subject->item->state = ITEM_DONE;
    return true;
}

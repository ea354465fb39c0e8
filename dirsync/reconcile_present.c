/*
 * reconcile_present.c - people whom the source shows
 *
 * invalid, out-of-scope, new, changed, moved, returned, unowned, ambiguous and
 * moved-home: which of them it is, and the changes that follow from it. Names and
 * addresses that others have are the business of reconcile_names.c.
 */
#include "dirsync/account.h"
#include "dirsync/dn.h"
#include "dirsync/pass_internal.h"

#include <string.h>

static const char unknown_kind[] = "the mapping has no recipient of its kind",
                  one_of_us[] = "its address lies in one of our own domains",
                  twice[] = "its anchor occurs more than once in the source";

bool is_address_attribute(const char *name)
{
    return !g_ascii_strcasecmp(name, "proxyAddresses") || !g_ascii_strcasecmp(name, "targetAddress") ||
           !g_ascii_strcasecmp(name, "mail");
}

/* Recorded as left alone: the object, where there is one, stays as it is. */
static bool put_aside(Pass *pass, Subject *subject, EventId event, const char *reason)
{
    emit_quarantine(pass, event, subject->anchor, reason);
    emit_retry(pass, subject);
    subject->item->state = ITEM_DONE;
    return true;
}

static bool leave_out_of_scope(Pass *pass, Subject *subject, const char *why, GError **error)
{
    observe_unwanted(pass, subject);
    inquire_note(pass, subject->anchor, "out-of-scope", why);
    if (subject->current && pass->settings->out_of_scope_is_missing) {
        subject->item->confirmed = true;
        return reconcile_gone(pass, subject, error);
    }
    event_emit(EVENT_OUT_OF_SCOPE, subject->anchor, "%s; %s", why,
               subject->current ? "its object stays" : "left out");
    if (subject->current)
        pass->work.planned.of[COUNT_UNCHANGED]++;
    else if (subject->row.row && pass->may_remove) /* deleted by a run that could not record it */
        emit_settlement(pass, subject, NULL, true, 0, NULL);
    subject->item->state = ITEM_DONE;
    return true;
}

/* One of us coming back: an address in a domain that the organisation itself is the authority of. */
const char *subject_why_one_of_us(const Pass *pass, const Entry *desired)
{
    static const char *const names[] = {"targetAddress", "mail"};
    for (size_t i = 0; pass->step == STEP_IMPORT && i < G_N_ELEMENTS(names); i++) {
        const char *address = schema_find_string(target_schema(pass), desired, names[i]);
        if (address && organisation_is_ours(pass->connector->organisation, address))
            return one_of_us;
    }
    return NULL;
}

bool subject_map(Pass *pass, Subject *subject, GError **why)
{
    g_auto(Mapped) mapped = subject->mapped;
    if (subject->is_mapped) {
        subject->is_mapped = false;
        subject->mapped = (Mapped){0};
    } else {
        mapped = (Mapped){.source = subject->source};
        mapped_make(&mapped, pass->mapping, pass->as, target_schema(pass), pass->side[SOURCE].schema);
        mapped.source = NULL;
    }
    if (mapped.why) {
        g_propagate_error(why, g_steal_pointer(&mapped.why));
        return false;
    }
    if (mapped.kind < 0)
        return true;
    subject->desired = g_steal_pointer(&mapped.desired);
    subject->kind = mapped.kind;
    Stamp stamp = {pass->connector->uuid, subject->anchor, NULL};
    stamp_write(target_stamp(pass), &stamp, subject->desired);
    group_set_members_aside(pass, subject);
    return true;
}

bool reconcile_prepare(Pass *pass, Subject *subject, bool *decided, GError **error)
{
    g_autoptr(GError) why = NULL;
    *decided = true;
    if (!subject_map(pass, subject, &why))
        return put_aside(pass, subject, EVENT_QUARANTINED, why->message);
    if (!subject->desired)
        return leave_out_of_scope(pass, subject, unknown_kind, error);
    const char *coming_back = subject_why_one_of_us(pass, subject->desired);
    if (coming_back)
        return leave_out_of_scope(pass, subject, coming_back, error);
    g_autofree char *plain =
        pass_is_named_by_anchor(pass) ? g_strdup(subject->anchor) : subject_plain_name(subject->desired);
    if (subject->current && subject_keeps_name(pass, subject, plain))
        subject_keep_name(pass, subject);
    else
        subject_set_name(pass, subject, plain);
    if (pass_has_schema(pass) && !schema_check_entry(target_schema(pass), subject->desired, &why))
        return put_aside(pass, subject, EVENT_QUARANTINED, why->message);
    *decided = false;
    return true;
}

bool subject_wait(Pass *pass, Subject *subject)
{
    subject->item->state = ITEM_WAITING;
    claim_offer(pass, subject);
    return true;
}

/* --- natives --- */

/* @rule, for people: how somebody with that key is this person. @is_new: an address that counts for nothing,
 * see find_natives(). */
static bool collect_natives(Pass *pass, Subject *subject, const char *rule, const char *kind,
                            const char *value, bool is_new, GPtrArray *natives, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    if (is_new && !inquire_wants(pass, subject))
        return true;
    if (!holder_index_find(pass->index, kind, value, found, error))
        return false;
    inquire_candidates(pass, subject, rule, value, found, is_new);
    for (guint i = 0; i < found->len && !is_new; i++) {
        Holder *holder = g_ptr_array_index(found, i);
        bool there = holder->owner != NULL;
        for (guint j = 0; j < natives->len && !there; j++)
            there = ((Holder *)g_ptr_array_index(natives, j))->row == holder->row;
        if (!there)
            g_ptr_array_add(natives, g_steal_pointer(&found->pdata[i]));
    }
    return true;
}

/* Natives that have one of this person's addresses, or the key of a join rule. For somebody who has an object
 * only addresses count that it has already: an address that is new to them and belongs to a native is a
 * conflict, or whoever writes the source could take over anybody. */
static GPtrArray *find_natives(Pass *pass, Subject *subject, GError **error)
{
    g_autoptr(GPtrArray) natives = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    g_autoptr(GArray) keys = holder_keys(&pass->view, subject->desired);
    g_autoptr(GArray) have = subject->current ? holder_keys(&pass->view, subject->current) : NULL;
    for (guint i = 0; i < keys->len; i++) {
        const HolderKey *key = &g_array_index(keys, HolderKey, i);
        if (!strcmp(key->kind, KEY_ADDRESS) &&
            !collect_natives(pass, subject, KEY_ADDRESS, key->kind, key->value,
                             have && !claim_has_key(have, key), natives, error))
            return NULL;
    }
    for (size_t i = 0; i < pass->settings->n_joins; i++) {
        const JoinRule *join = &pass->settings->joins[i];
        const Attribute *values =
            join->probable ? NULL : schema_find(pass->side[SOURCE].schema, subject->source, join->source);
        g_autofree char *kind = g_ascii_strdown(join->target, -1);
        g_autofree char *rule = g_strdup_printf("join %s=%s", join->source, join->target);
        for (size_t j = 0; values && j < values->n_values; j++) {
            g_autoptr(GString) text = g_string_new(NULL);
            schema_normalise(target_schema(pass), schema_attribute(target_schema(pass), join->target),
                             values->values[j], text);
            if (!collect_natives(pass, subject, rule, kind, text->str, false, natives, error))
                return NULL;
        }
    }
    return g_steal_pointer(&natives);
}

static char *list_natives(const GPtrArray *natives)
{
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < natives->len; i++)
        g_string_append_printf(list, "%s%s", i ? "; " : "", ((Holder *)g_ptr_array_index(natives, i))->dn);
    return g_string_free(list, FALSE);
}

static bool report_ambiguous(Pass *pass, Subject *subject, const GPtrArray *natives)
{
    g_autofree char *list = list_natives(natives);
    g_autofree char *reason =
        g_strdup_printf("%u recipients of the target directory have an address or key of this person: "
                        "%s; see to it that at most one has",
                        natives->len, list);
    return put_aside(pass, subject, EVENT_AMBIGUOUS, reason);
}

/* --- writing --- */

typedef struct {
    Pass *pass;
    Subject *subject;
    const char *because;
} Telling;

static void tell_difference(const char *attribute, const char *where, bool emptied, void *data)
{
    Telling *telling = data;
    if (where && !telling->because)
        telling->because = where;
    if (emptied && where)
        tally_add_of(telling->pass->work.tally, LIMIT_EMPTY, attribute, where);
    if (is_address_attribute(attribute) && !telling->subject->addresses) {
        telling->subject->addresses = true;
        tally_add(telling->pass->work.tally, LIMIT_ADDRESS, where);
    }
}

bool subject_is_respelled(const Pass *pass, const Subject *subject)
{
    if (!subject->row.row || fingerprint_is_zero(subject->row.exact) || subject->stamp.grace)
        return false;
    return !fingerprint_equal(subject->row.exact, managed_fingerprint(managed_of(pass, subject->kind),
                                                                      subject->desired, true, false));
}

/* Groups that hold the old name get the new one first: who keeps references by itself then finds nothing left
 * to do, and the others have nobody else to do it. */
bool subject_rename(Pass *pass, Subject *subject, GError **error)
{
    const char *dn = entry_dn(subject->current), *new_dn = entry_dn(subject->desired);
    if (!membership_follow(pass, subject, dn, new_dn, error))
        return false;
    subject->wave = MAX(subject->wave, membership_wave(pass, subject_server_dn(subject)));
    g_autoptr(Change) change = change_new(CHANGE_RENAME, dn);
    g_autofree char *rdn = dn_first_rdn(new_dn);
    change->new_rdn = change_strdup(change, rdn);
    change->delete_old_rdn = true;
    membership_note_renamed(pass, subject, new_dn, subject->wave);
    return emit_change(pass, subject, change, subject->current, subject->wave++, "moved",
                       mapping_recipient(pass->mapping, (size_t)subject->kind)->name->where, error);
}

Change *subject_difference(Pass *pass, Subject *subject, const char **because)
{
    DifferenceOptions options = {subject_is_respelled(pass, subject), subject->stamp.grace != NULL};
    Telling telling = {pass, subject, NULL};
    Change *change = managed_difference(managed_of(pass, subject->kind), subject->current, subject->desired,
                                        options, tell_difference, &telling);
    *because = telling.because;
    return change;
}

static bool write_existing(Pass *pass, Subject *subject, const char *situation, GError **error)
{
    const char *because;
    g_autoptr(Change) change = subject_difference(pass, subject, &because);
    g_autoptr(Entry) result = managed_result(managed_of(pass, subject->kind), subject->current, change);
    unsigned wave = subject->wave;
    account_unlock(pass, subject, change);
    if (change &&
        !emit_change(pass, subject, change, subject->current, subject->wave++, situation, because, error))
        return false;
    if (!account_finish(pass, subject, error))
        return false;
    if (strcmp(entry_dn(subject->current), entry_dn(subject->desired)) != 0) {
        if (!subject_rename(pass, subject, error))
            return false;
        entry_set_dn(result, entry_dn(subject->desired));
    }
    if (!subject_rejoin(pass, subject, error))
        return false;
    claim_register(pass, subject, subject->current, result, MAX(wave, subject->wave - 1));
    emit_settlement(pass, subject, result, false, 0, NULL);
    subject->item->state = ITEM_DONE;
    return true;
}

static bool reconcile_existing(Pass *pass, Subject *subject, bool last, GError **error)
{
    bool wait = false;
    if (subject_changed_kind(pass, subject))
        return reconcile_kind_changed(pass, subject, last, error);
    subject_keep_addresses(pass, subject);
    if (!subject_claim(pass, subject, true, last, &wait, error))
        return false;
    if (wait)
        return subject_wait(pass, subject);
    if (!subject_take(pass, subject, true, last, error))
        return false;
    if (subject->stamp.grace)
        event_emit(EVENT_RETURNED, entry_dn(subject->current), "back in the source");
    if (subject->is_group)
        return group_postpone(pass, subject, error);
    return write_existing(pass, subject, subject->stamp.grace ? "returned" : "changed", error);
}

/* --- new people --- */

static bool plan_adoption(Pass *pass, Subject *subject, const char *dn, const char *id, GError **error)
{
    const char *because;
    event_emit(EVENT_ADOPTED, dn, "adopted for anchor %s", subject->anchor);
    tally_add(pass->work.tally, LIMIT_NATIVE, "adoption");
    if (subject->is_group)
        return group_postpone(pass, subject, error);
    g_autoptr(Change) change = subject_difference(pass, subject, &because);
    g_autoptr(Entry) result = managed_result(managed_of(pass, subject->kind), subject->current, change);
    if (!emit_change(pass, subject, change, subject->current, subject->wave, "unowned", "adoption", error))
        return false;
    claim_register(pass, subject, subject->current, result, subject->wave);
    emit_settlement(pass, subject, result, false, 0, id);
    subject->item->state = ITEM_DONE;
    return true;
}

bool subject_adopt(Pass *pass, Subject *subject, const char *dn, const char *id, bool last, GError **error)
{
    bool wait = false;
    subject_keep_name(pass, subject);
    subject_keep_addresses(pass, subject);
    if (!subject_claim(pass, subject, false, last, &wait, error))
        return false;
    if (wait)
        return subject_wait(pass, subject);
    return subject_take(pass, subject, false, last, error) && plan_adoption(pass, subject, dn, id, error);
}

static bool adopt(Pass *pass, Subject *subject, const Holder *native, bool last, GError **error)
{
    ReadRequest request = {
        .base = native->dn, .scope = SEARCH_BASE, .attributes = (const char *const *)pass->requests[TARGET]};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    if (!found)
        return false;
    const char *class = NULL; /* the most special one comes last */
    for (const char *const *name = mapping_recipient(pass->mapping, (size_t)subject->kind)->classes; *name;
         name++)
        class = *name;
    Entry *entry = found->len ? g_ptr_array_index(found, 0) : NULL;
    if (!entry || (class && !schema_entry_is(target_schema(pass), entry, class))) {
        g_autofree char *reason = g_strdup_printf("%s is this person, but not a %s, so it is not adopted",
                                                  native->dn, class ? class : "recipient");
        return put_aside(pass, subject, EVENT_UNOWNED, reason);
    }
    bool claimed;
    if (!claim_object(pass, subject, native->id, &claimed, error))
        return false;
    if (!claimed) {
        g_autofree char *reason =
            g_strdup_printf("%s is somebody else of the source as well; see to it that it "
                            "fits one person only",
                            native->dn);
        return put_aside(pass, subject, EVENT_AMBIGUOUS, reason);
    }
    subject->current = entry_copy(entry);
    return subject_adopt(pass, subject, native->dn, native->id, last, error);
}

static bool reconcile_unowned(Pass *pass, Subject *subject, const Holder *native, bool last, GError **error)
{
    if (pass->settings->adopt)
        return adopt(pass, subject, native, last, error);
    g_autofree char *reason = g_strdup_printf(
        "%s is this person and not ours; left alone (<adopt/> would take it over)", native->dn);
    item_make_more(subject->item)->planned_dn = g_strdup(native->dn); /* who it is where it is a member */
    return put_aside(pass, subject, EVENT_UNOWNED, reason);
}

bool subject_create(Pass *pass, Subject *subject, const char *situation, GError **error)
{
    g_autoptr(Change) change = change_new(CHANGE_ADD, entry_dn(subject->desired));
    change->entry = entry_copy(subject->desired);
    if (subject_is_user(pass, subject))
        account_make_disabled(target_schema(pass), change->entry);
    if (pass->container_missing)
        subject->wave = MAX(subject->wave, 2);
    if (!emit_change(pass, subject, change, NULL, subject->wave, situation, NULL, error))
        return false;
    g_clear_pointer(&subject->row.id, g_free); /* the server gives it a new one */
    return account_create(pass, subject, change, error);
}

static bool create(Pass *pass, Subject *subject, GError **error)
{
    if (!subject_make_unique(pass, subject, error))
        return false;
    if (subject->is_group)
        return group_postpone(pass, subject, error);
    unsigned wave = subject->wave;
    if (!subject_create(pass, subject, "new", error) || !subject_rejoin(pass, subject, error))
        return false;
    claim_register(pass, subject, NULL, subject->desired, MAX(wave, subject->wave));
    emit_settlement(pass, subject, subject->desired, false, 0, NULL);
    subject->item->state = ITEM_DONE;
    return true;
}

/* How mail reaches it, if at all. */
typedef enum { UNREACHED, BY_OTHERS, BY_TARGET } Reached;

static Reached how_reached(const Pass *pass, const Entry *entry)
{
    const Schema *schema = target_schema(pass);
    if (schema_find(schema, entry, "targetAddress"))
        return BY_TARGET;
    return schema_find(schema, entry, "proxyAddresses") || schema_find(schema, entry, "mail") ? BY_OTHERS
                                                                                              : UNREACHED;
}

bool reconcile_new(Pass *pass, Subject *subject, bool last, GError **error)
{
    bool wait = false;
    Reached wanted = how_reached(pass, subject->desired);
    if (!subject_claim(pass, subject, true, last, &wait, error))
        return false;
    if (wait)
        return subject_wait(pass, subject);
    if (how_reached(pass, subject->desired) < wanted) { /* of no use to anybody */
        subject_report_conflicts(pass, subject);
        emit_retry(pass, subject);
        subject->item->state = ITEM_DONE;
        return true;
    }
    return subject_take(pass, subject, true, last, error) && create(pass, subject, error);
}

static const Holder *find_native(const GPtrArray *natives, const char *id)
{
    for (guint i = 0; i < natives->len; i++)
        if (!g_strcmp0(((Holder *)g_ptr_array_index(natives, i))->id, id))
            return g_ptr_array_index(natives, i);
    return NULL;
}

static bool reconcile_yielded(Pass *pass, Subject *subject, const Holder *native)
{
    observe_native(pass, subject, native->dn);
    inquire_note(pass, subject->anchor, "moved-home", "a native is this person since an earlier run");
    emit_settlement(pass, subject, NULL, false, LINK_YIELDED, NULL);
    subject->item->state = ITEM_DONE;
    return true;
}

/* Somebody let go of the object: it is a native's like any other, whatever its addresses are by now. With its
 * stamp back (the release was taken back) it has a current one, and is ours as before. */
static bool leave_released(Pass *pass, Subject *subject)
{
    static const char reason[] = "its object was released; nothing is made or adopted in its place";
    event_emit(EVENT_OUT_OF_SCOPE, subject->anchor, "%s", reason);
    inquire_note(pass, subject->anchor, "released", reason);
    emit_settlement(pass, subject, NULL, false, LINK_YIELDED | LINK_RELEASED, NULL);
    subject->item->state = ITEM_DONE;
    return true;
}

/* It was created or found once; a link alone may be that of a creation that failed. */
static bool had_object(const Subject *subject)
{
    return subject->row.id || !fingerprint_is_zero(subject->row.desired);
}

/* Whoever can give a native somebody's address could otherwise have their account deleted. */
static bool report_account_of_native(Pass *pass, Subject *subject, const Holder *native)
{
    g_autofree char *reason = g_strdup_printf(
        "%s has an address of this person, whose account is ours; accounts are not deleted: take "
        "the address from one of the two, or delete the account by hand",
        native->dn);
    return put_aside(pass, subject, EVENT_CONFLICT, reason);
}

/* What was read has been judged when it was read. */
static const char *out_of_scope(const Pass *pass, const Subject *subject)
{
    uint32_t record = subject->item->source;
    bool judged = record != NOWHERE && record_at(&pass->side[SOURCE], record)->in_scope;
    return judged ? NULL : pass_out_of_scope(pass, subject->source);
}

char *subject_unfit(Pass *pass, Subject *subject)
{
    g_autoptr(GError) why = NULL;
    if (item_is_duplicated(pass, subject->item))
        return g_strdup(twice);
    const char *outside = out_of_scope(pass, subject);
    if (outside)
        return g_strdup(outside);
    if (!subject_map(pass, subject, &why))
        return g_strdup(why->message);
    if (!subject->desired)
        return g_strdup(unknown_kind);
    return g_strdup(subject_why_one_of_us(pass, subject->desired));
}

bool reconcile_present(Pass *pass, Subject *subject, bool last, GError **error)
{
    const Item *item = subject->item;
    if (item_is_duplicated(pass, item))
        return put_aside(pass, subject, EVENT_QUARANTINED, twice);
    if (subject->row.flags & LINK_RELEASED && !subject->current)
        return leave_released(pass, subject);
    const char *outside = out_of_scope(pass, subject);
    if (outside)
        return leave_out_of_scope(pass, subject, outside, error);
    bool decided;
    if (!reconcile_prepare(pass, subject, &decided, error) || decided)
        return decided;
    if (pass->matching && !subject->current && !(subject->row.flags & LINK_YIELDED))
        return reconcile_matched(pass, subject, last, error);
    g_autoptr(GPtrArray) natives = find_natives(pass, subject, error);
    if (!natives)
        return false;
    const Holder *heir = subject->current ? NULL : find_native(natives, subject->row.id);
    if (heir && item_link(pass, item)->flags & LINK_YIELDED)
        return reconcile_yielded(pass, subject, heir);
    if (natives->len > 1)
        return report_ambiguous(pass, subject, natives);
    if (natives->len && subject->current && subject_is_user(pass, subject))
        return report_account_of_native(pass, subject, g_ptr_array_index(natives, 0));
    if (natives->len && (subject->current || had_object(subject)))
        return reconcile_moved_home(pass, subject, g_ptr_array_index(natives, 0), error);
    if (subject->current)
        return reconcile_existing(pass, subject, last, error);
    return natives->len ? reconcile_unowned(pass, subject, g_ptr_array_index(natives, 0), last, error)
                        : reconcile_new(pass, subject, last, error);
}

/*
 * reconcile_matched.c - what a migration does with those who have no object of ours
 *
 * Who they are has been found out by matching.c. A native is adopted as it is, or,
 * when it is a contact and an account is wanted, deleted and made again under its
 * name: with its memberships, its addresses and, as one of these, its
 * legacyExchangeDN, so that answers to old mail arrive. Also whose turn it is in
 * a run that stops after a number of people.
 */
#include "dirsync/matching.h"

#include "dirsync/dn.h"
#include "proxygen/address.h"

#include <string.h>

/* --- whose turn it is --- */

static bool was_tried(const Pass *pass, uint32_t index)
{
    const Migration *migration = pass->options.migration;
    Fingerprint anchor = item_link(pass, item_at(pass, index))->anchor;
    return migration->batch && migration->tried && g_hash_table_contains(migration->tried, &anchor);
}

static bool may_change(const Person *person)
{
    return person->class == MATCH_OURS || person->action != MIGRATE_SKIP;
}

/* Groups are small in number and want their members to be there. */
bool matched_has_turn(Pass *pass, uint32_t index, bool groups)
{
    Migration *migration = pass->options.migration;
    const Person *person = matching_person(pass, index);
    if (person->is_group != groups)
        return false;
    bool full = groups ? migration->put_off > 0 : migration->batch && migration->touched >= migration->batch;
    if (!full && !was_tried(pass, index))
        return true;
    migration->put_off += full && may_change(person) && !was_tried(pass, index);
    item_at(pass, index)->state = ITEM_DONE;
    return false;
}

void matched_note(Pass *pass, const Subject *subject)
{
    Migration *migration = pass->options.migration;
    if (!subject->emitted || matching_person(pass, subject->index)->is_group)
        return;
    Fingerprint anchor = item_link(pass, subject->item)->anchor;
    migration->touched++;
    if (migration->tried)
        g_hash_table_add(migration->tried, g_memdup2(&anchor, sizeof anchor));
}

/* --- what stays --- */

static bool has_key(const GArray *keys, const char *folded)
{
    HolderKey key = {.kind = KEY_ADDRESS, .value = (char *)folded};
    return claim_has_key(keys, &key);
}

/* Adds it as a secondary address, unless desired has it in some form or must not have any. */
static void keep_address(const Pass *pass, Subject *subject, const char *address)
{
    g_autofree char *text = g_strdup(address);
    g_autofree char *folded = address_normalise(address, strlen(address));
    g_autofree char *stamp = stamp_value_prefix(target_stamp(pass));
    g_autoptr(GArray) has = holder_keys(&pass->view, subject->desired);
    if (!strchr(text, ':') || has_key(has, folded) ||
        (stamp && !g_ascii_strncasecmp(text, stamp, strlen(stamp))))
        return;
    for (char *p = text; *p != ':'; p++)
        *p = g_ascii_tolower(*p);
    g_autoptr(Entry) with = entry_copy(subject->desired);
    entry_add_string(with, "proxyAddresses", text);
    if (!pass_has_schema(pass) || schema_check_entry(target_schema(pass), with, NULL))
        entry_add_string(subject->desired, "proxyAddresses", text);
}

/* Answers to old mail of the same system carry it as their address. */
static void keep_legacy(const Pass *pass, Subject *subject)
{
    if (!pass->options.migration)
        return;
    const char *legacy = schema_find_string(target_schema(pass), subject->current, "legacyExchangeDN");
    g_autofree char *address = legacy ? g_strconcat("X500:", legacy, NULL) : NULL;
    if (address)
        keep_address(pass, subject, address);
}

void subject_keep_addresses(Pass *pass, Subject *subject)
{
    const Schema *schema = target_schema(pass);
    if (pass->step != STEP_IMPORT || !subject->current ||
        !(pass->settings->keep_addresses || pass->options.migration))
        return;
    const Attribute *had = schema_find(schema, subject->current, "proxyAddresses");
    const char *mail = schema_find_string(schema, subject->current, "mail");
    for (size_t i = 0; had && i < had->n_values; i++)
        if (managed_owns(managed_of(pass, subject->kind), "proxyAddresses", had->values[i]))
            keep_address(pass, subject, had->values[i].data);
    if (subject_changed_kind(pass, subject))
        keep_legacy(pass, subject);
    g_autofree char *whole = mail && strchr(mail, '@') ? g_strconcat("smtp:", mail, NULL) : NULL;
    if (whole)
        keep_address(pass, subject, whole);
}

/* --- taking over --- */

/* Its own name where the new object can have it: of the same attribute. */
static void name_as_before(const Pass *pass, Subject *subject)
{
    g_autoptr(Dn) dn = dn_parse(entry_dn(subject->current), NULL);
    if (dn && dn->n_rdns && dn->rdns[0].n_avas == 1 &&
        schema_same_attribute(target_schema(pass), dn->rdns[0].avas[0].type,
                              subject_name_type(pass, subject)))
        subject_keep_name(pass, subject);
}

static bool convert(Pass *pass, Subject *subject, const Native *native, bool last, GError **error)
{
    name_as_before(pass, subject);
    subject->takes_native = true;
    if (!subject_remake(pass, subject, last, SITUATION_CONVERTED, error))
        return false;
    if (subject->emitted) {
        event_emit(EVENT_ADOPTED, native->dn, "converted for anchor %s", subject->anchor);
        tally_add(pass->work.tally, LIMIT_NATIVE, "conversion");
    }
    return true;
}

static bool leave(Subject *subject, const Native *native)
{
    if (native) /* who it is where it is a member */
        item_make_more(subject->item)->planned_dn = g_strdup(native->dn);
    subject->item->state = ITEM_DONE;
    return true;
}

bool reconcile_matched(Pass *pass, Subject *subject, bool last, GError **error)
{
    const Person *person = matching_person(pass, subject->index);
    const Native *native = person->native == NO_NATIVE ? NULL : matching_native(pass, person->native);
    if (person->action == MIGRATE_CREATE)
        return reconcile_new(pass, subject, last, error);
    if (!native || person->action == MIGRATE_SKIP)
        return leave(subject, person->class == MATCH_EXACT ? native : NULL);
    subject->current = spool_read(pass->side[TARGET].spool, native->at, error);
    if (!subject->current)
        return false;
    return person->action == MIGRATE_CONVERT
               ? convert(pass, subject, native, last, error)
               : subject_adopt(pass, subject, native->dn, native->id, last, error);
}

/*
 * kinds.c - objects that should be of another kind
 *
 * A structural class cannot be changed in place: the object is deleted and made
 * again, in one plan, under the same anchor. Its memberships and the addresses
 * that others gave it go over.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

/* The most special structural class that objects made by a recipient have; NULL: it has none. */
static const char *structural_class(const Pass *pass, int kind)
{
    const char *found = NULL;
    const char *const *names = mapping_recipient(pass->mapping, (size_t)kind)->classes;
    for (; *names; names++) {
        const ObjectClass *class = schema_class(target_schema(pass), *names);
        if (class && class->kind == CLASS_STRUCTURAL)
            found = *names;
    }
    return found;
}

bool subject_changed_kind(const Pass *pass, const Subject *subject)
{
    const char *class = structural_class(pass, subject->kind);
    if (!subject->current || !class || !pass_has_schema(pass))
        return false;
    return !schema_entry_is(target_schema(pass), subject->current, class);
}

/* What others know the recipient by; copied where the new object has no value of its own and may have one. */
static const char *const carried[] = {"mailNickname", "legacyExchangeDN", "textEncodedORAddress",
                                      "showInAddressBook"};

static bool fits(const Pass *pass, const Entry *entry)
{
    return schema_check_entry(target_schema(pass), entry, NULL);
}

static void carry_attribute(const Pass *pass, const Subject *subject, const char *name)
{
    const Attribute *had = schema_find(target_schema(pass), subject->current, name);
    if (!had || schema_find(target_schema(pass), subject->desired, name))
        return;
    for (size_t i = 0; i < had->n_values; i++)
        entry_add(subject->desired, name, had->values[i].data, had->values[i].len);
    if (!fits(pass, subject->desired))
        entry_remove(subject->desired, (size_t)entry_index(subject->desired, name));
}

static bool has_address(const GArray *keys, const char *folded)
{
    HolderKey key = {(char *)KEY_ADDRESS, (char *)folded};
    return claim_has_key(keys, &key);
}

/* Addresses of types that the mapping owns are the source's to give. */
static void carry_addresses(const Pass *pass, const Subject *subject)
{
    const Attribute *had = schema_find(target_schema(pass), subject->current, "proxyAddresses");
    g_autoptr(GArray) has = pass_keys(pass, subject->desired);
    const Managed *managed = managed_of(pass, subject->kind);
    for (size_t i = 0; had && i < had->n_values; i++) {
        g_autofree char *folded = address_fold(had->values[i].data, had->values[i].len);
        if (has_address(has, folded) || managed_owns(managed, "proxyAddresses", had->values[i]))
            continue;
        g_autoptr(Entry) with = entry_copy(subject->desired);
        entry_add(with, "proxyAddresses", had->values[i].data, had->values[i].len);
        if (fits(pass, with))
            entry_add(subject->desired, "proxyAddresses", had->values[i].data, had->values[i].len);
    }
}

static bool make_again(Pass *pass, Subject *subject, GPtrArray *groups, GError **error)
{
    Item *item = subject->item;
    subject->wave++;
    item->remade = true;
    g_clear_pointer(&subject->current, entry_free);
    if (!subject_make_unique(pass, subject, error))
        return false;
    if (subject->is_group) {
        item->rejoins = g_ptr_array_ref(groups);
        return group_postpone(pass, subject, error);
    }
    if (!subject_create(pass, subject, "kind-changed", error))
        return false;
    subject->wave++;
    for (guint i = 0; i < groups->len; i++)
        if (!membership_restore(pass, subject, g_ptr_array_index(groups, i), entry_dn(subject->desired),
                                "kind-changed", error))
            return false;
    claim_register(pass, subject, NULL, subject->desired, subject->wave);
    emit_settlement(pass, subject, subject->desired, false, 0, NULL);
    item->state = ITEM_DONE;
    return true;
}

static bool stays(Pass *pass, Subject *subject)
{
    emit_retry(pass, subject);
    pass->planned.of[COUNT_UNCHANGED]++;
    subject->item->state = ITEM_DONE;
    return true;
}

bool reconcile_kind_changed(Pass *pass, Subject *subject, bool last, GError **error)
{
    bool wait = false;
    if (!pass->may_remove)
        return stays(pass, subject);
    carry_addresses(pass, subject);
    for (size_t i = 0; i < G_N_ELEMENTS(carried); i++)
        carry_attribute(pass, subject, carried[i]);
    if (!subject_make_unique(pass, subject, error) || !subject_claim(pass, subject, true, last, &wait, error))
        return false;
    if (wait) {
        subject->item->state = ITEM_WAITING;
        claim_offer(pass, subject);
        return true;
    }
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    if (!subject_take(pass, subject, true, last, error))
        return false;
    event_emit(EVENT_KIND_CHANGED, entry_dn(subject->current), "deleted and made again as %s",
               structural_class(pass, subject->kind));
    if (!subject_delete(pass, subject, NULL, "kind-changed", "it is of another kind now", groups,
                        &subject->wave, error))
        return false;
    return make_again(pass, subject, groups, error);
}

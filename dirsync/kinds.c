/*
 * kinds.c - objects that should be of another kind
 *
 * A structural class cannot be changed in place: the object is deleted and made
 * again, in one plan, under the same anchor. Its memberships and the addresses
 * that others gave it go over.
 */
#include "dirsync/matching.h"
#include "proxygen/address.h"

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

static void copy_values(const Attribute *from, Entry *entry, const char *name)
{
    for (size_t i = 0; i < from->n_values; i++)
        entry_add(entry, name, from->values[i].data, from->values[i].len);
}

static void carry_attribute(const Pass *pass, const Subject *subject, const char *name)
{
    const Attribute *had = schema_find(target_schema(pass), subject->current, name);
    if (!had || schema_find(target_schema(pass), subject->desired, name))
        return;
    copy_values(had, subject->desired, name);
    if (!fits(pass, subject->desired))
        entry_remove(subject->desired, (size_t)entry_index(subject->desired, name));
}

/* What was given once, and may have been changed since by others, is not given again. */
static void carry_initial(const Pass *pass, Subject *subject)
{
    const MappingRecipient *recipient = mapping_recipient(pass->mapping, (size_t)subject->kind);
    for (size_t i = 0; i < recipient->n_rules; i++) {
        const MappingRule *rule = recipient->rules[i];
        const Attribute *had = schema_find(target_schema(pass), subject->current, rule->name);
        if (rule->wins != WINS_INITIAL || rule->is_name || !had)
            continue;
        Entry *with = entry_copy(subject->desired);
        gssize at = entry_index(with, rule->name);
        if (at >= 0)
            entry_remove(with, (size_t)at);
        copy_values(had, with, rule->name);
        if (!fits(pass, with))
            g_clear_pointer(&with, entry_free);
        if (with) {
            entry_free(subject->desired);
            subject->desired = with;
        }
    }
}

static bool has_address(const GArray *keys, const char *folded)
{
    HolderKey key = {.kind = KEY_ADDRESS, .value = (char *)folded};
    return claim_has_key(keys, &key);
}

/* Addresses of types that the mapping owns are the source's to give. */
static void carry_addresses(const Pass *pass, const Subject *subject)
{
    const Attribute *had = schema_find(target_schema(pass), subject->current, "proxyAddresses");
    g_autoptr(GArray) has = holder_keys(&pass->view, subject->desired);
    const Managed *managed = managed_of(pass, subject->kind);
    for (size_t i = 0; had && i < had->n_values; i++) {
        g_autofree char *folded = address_normalise(had->values[i].data, had->values[i].len);
        if (has_address(has, folded) || managed_owns(managed, "proxyAddresses", had->values[i]))
            continue;
        g_autoptr(Entry) with = entry_copy(subject->desired);
        entry_add(with, "proxyAddresses", had->values[i].data, had->values[i].len);
        if (fits(pass, with))
            entry_add(subject->desired, "proxyAddresses", had->values[i].data, had->values[i].len);
    }
}

/* --- what a run that is cut short must not lose --- */

#define REJOINS "rejoins"

/* Lines of anchor and group, escaped: who was deleted to be made again comes back into these. */
static bool recall_rejoins(Pass *pass, GError **error)
{
    g_autofree char *text = NULL;
    if (pass->rejoins)
        return true;
    if (!pass_recall(pass, REJOINS, &text, error))
        return false;
    pass->rejoins = g_strsplit(text ? text : "", "\n", 0);
    pass->rejoins_now = g_string_new(NULL);
    return true;
}

static void keep_rejoin(Pass *pass, const Subject *subject, const char *group)
{
    g_autofree char *anchor = g_strescape(subject->anchor, NULL), *dn = g_strescape(group, NULL);
    g_string_append_printf(pass->rejoins_now, "%s\t%s\n", anchor, dn);
}

static bool is_among_groups(const Pass *pass, const GPtrArray *groups, const char *dn)
{
    for (guint i = 0; i < groups->len; i++)
        if (schema_dn_equal(target_schema(pass), entry_dn(g_ptr_array_index(groups, i)), dn))
            return true;
    return false;
}

/* Adds the groups that an earlier run took the subject out of and did not put it back into. */
static bool add_lost_groups(Pass *pass, const Subject *subject, GPtrArray *groups, GError **error)
{
    if (!recall_rejoins(pass, error))
        return false;
    g_autofree char *anchor = g_strescape(subject->anchor, NULL);
    g_autofree char *start = g_strconcat(anchor, "\t", NULL);
    for (char **line = pass->rejoins; *line; line++) {
        if (!g_str_has_prefix(*line, start) || !(*line)[strlen(start)])
            continue;
        g_autofree char *dn = g_strcompress(*line + strlen(start));
        if (!is_among_groups(pass, groups, dn) &&
            !membership_add_group(pass, dn, entry_dn(subject->desired), groups, error))
            return false;
    }
    for (guint i = 0; i < groups->len; i++)
        keep_rejoin(pass, subject, entry_dn(g_ptr_array_index(groups, i)));
    return true;
}

/* Everything that was planned for it was done. */
static bool is_recorded(const Subject *subject)
{
    const LinkRow *row = &subject->row;
    return row->row && !(row->flags & LINK_RETRY) &&
           row->flags >> LINK_KIND_SHIFT == (unsigned)subject->kind + 1;
}

/* In the place of a group nothing: the account is to be enabled. */
bool subject_note_enabling(Pass *pass, const Subject *subject, GError **error)
{
    if (!recall_rejoins(pass, error))
        return false;
    keep_rejoin(pass, subject, "");
    return true;
}

/* When everything was done its link has been recorded: then whoever disabled it meant it. */
bool subject_was_to_be_enabled(Pass *pass, const Subject *subject, bool *was, GError **error)
{
    *was = false;
    if (!recall_rejoins(pass, error))
        return false;
    if (!subject_is_user(pass, subject) || !pass->settings->enabled_accounts || is_recorded(subject))
        return true;
    g_autofree char *anchor = g_strescape(subject->anchor, NULL);
    g_autofree char *line = g_strconcat(anchor, "\t", NULL);
    *was = g_strv_contains((const char *const *)pass->rejoins, line);
    return true;
}

bool subject_rejoin(Pass *pass, Subject *subject, GError **error)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    if (is_recorded(subject))
        return true;
    if (!add_lost_groups(pass, subject, groups, error))
        return false;
    subject->wave += groups->len > 0;
    for (guint i = 0; i < groups->len; i++)
        if (!membership_restore(pass, subject, g_ptr_array_index(groups, i), entry_dn(subject->desired),
                                "kind-changed", error))
            return false;
    return true;
}

/* Whether everything was done for whom the line is about, as the state has it. */
static bool is_done(const Pass *pass, const char *line)
{
    g_autofree char *escaped = g_strndup(line, strcspn(line, "\t"));
    g_autofree char *anchor = g_strcompress(escaped);
    uint32_t link = fingerprint_index_find(&pass->links->by_anchor, fingerprint_string(anchor));
    return link != NOWHERE && !link_item(pass, link);
}

/* Of those who are not done and were not looked at; twice does no harm. */
static void keep_other_rejoins(Pass *pass)
{
    for (char **line = pass->rejoins; *line; line++)
        if (**line && !is_done(pass, *line))
            g_string_append_printf(pass->rejoins_now, "%s\n", *line);
}

/* Who was not looked at is in order, unless this run does not look at everybody: of a migration they are
 * kept.
 */
bool kinds_remember(Pass *pass, GError **error)
{
    if (!recall_rejoins(pass, error))
        return false;
    g_autofree char *before = g_strjoinv("\n", pass->rejoins);
    if (pass->matching)
        keep_other_rejoins(pass);
    if ((!pass->may_remove && !pass->matching) || !strcmp(before, pass->rejoins_now->str))
        return true;
    return pass_remember(pass, REJOINS, pass->rejoins_now->str, error);
}

static bool make_again(Pass *pass, Subject *subject, GPtrArray *groups, const char *situation, GError **error)
{
    Item *item = subject->item;
    subject->wave++;
    item_make_more(item)->remade = true;
    g_clear_pointer(&subject->current, entry_free);
    if (!subject_make_unique(pass, subject, error))
        return false;
    if (subject->is_group) {
        item_make_more(item)->rejoins = g_ptr_array_ref(groups);
        return group_postpone(pass, subject, error);
    }
    if (!subject_create(pass, subject, situation, error))
        return false;
    subject->wave++;
    for (guint i = 0; i < groups->len; i++)
        if (!membership_restore(pass, subject, g_ptr_array_index(groups, i), entry_dn(subject->desired),
                                situation, error))
            return false;
    claim_register(pass, subject, NULL, subject->desired, subject->wave);
    emit_settlement(pass, subject, subject->desired, false, 0, NULL);
    item->state = ITEM_DONE;
    return true;
}

static bool stays(Pass *pass, Subject *subject)
{
    emit_retry(pass, subject);
    pass->work.planned.of[COUNT_UNCHANGED]++;
    subject->item->state = ITEM_DONE;
    return true;
}

bool reconcile_kind_changed(Pass *pass, Subject *subject, bool last, GError **error)
{
    if (pass->matching ? matching_person(pass, subject->index)->action != MIGRATE_CONVERT : !pass->may_remove)
        return stays(pass, subject);
    return subject_remake(pass, subject, last, "kind-changed", error);
}

bool subject_remake(Pass *pass, Subject *subject, bool last, const char *situation, GError **error)
{
    bool wait = false;
    carry_initial(pass, subject);
    carry_addresses(pass, subject);
    for (size_t i = 0; i < G_N_ELEMENTS(carried); i++)
        carry_attribute(pass, subject, carried[i]);
    subject_keep_addresses(pass, subject);
    if (!subject_claim(pass, subject, true, last, &wait, error))
        return false;
    if (wait)
        return subject_wait(pass, subject);
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    if (!subject_take(pass, subject, true, last, error))
        return false;
    event_emit(EVENT_KIND_CHANGED, entry_dn(subject->current), "deleted and made again as %s",
               structural_class(pass, subject->kind));
    if (!subject_delete(pass, subject, NULL, situation, "it is of another kind now", groups, &subject->wave,
                        error) ||
        !add_lost_groups(pass, subject, groups, error))
        return false;
    return make_again(pass, subject, groups, situation, error);
}

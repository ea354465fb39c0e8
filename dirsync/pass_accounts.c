/*
 * pass_accounts.c - mail-users: accounts that are disabled, enabled and kept
 *
 * An account is created disabled and enabled last. Who leaves is disabled, and
 * never deleted; who comes back gets back what was taken, and no more: a lock that
 * an administrator set stays. Where nothing but the password keeps people out, a
 * new one that nobody knows does it.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/account.h"

bool subject_is_user(const Pass *pass, const Subject *subject)
{
    return mapping_recipient(pass->mapping, (size_t)subject->kind)->as == AS_USER;
}

static void append(Change *change, const Change *more)
{
    for (size_t i = 0; i < more->n_modifications; i++) {
        const Modification *one = &more->modifications[i];
        change_modify(change, one->kind, one->name, one->values, one->n_values);
    }
    change->random_password |= more->random_password;
}

unsigned account_lock(const Pass *pass, const Subject *subject, Change *change)
{
    const Schema *schema = target_schema(pass);
    if (!subject_is_user(pass, subject))
        return 0;
    bool protected = directory_describe(pass->side[TARGET].directory)->capabilities & CAN_SET_PASSWORD;
    g_autoptr(Change) lock = account_disable(schema, subject->current);
    if (!lock) {
        change->random_password |= account_means(schema) == ACCOUNT_BY_PASSWORD && protected;
        return 0;
    }
    append(change, lock);
    return LINK_LOCKED;
}

void account_unlock(const Pass *pass, const Subject *subject, Change *change)
{
    if (!change || !subject->stamp.grace || !(subject->row.flags & LINK_LOCKED) ||
        !pass->settings->enabled_accounts)
        return;
    g_autoptr(Change) unlock = account_enable(target_schema(pass), subject->current, false);
    if (unlock)
        append(change, unlock);
}

static bool emit_enabling(Pass *pass, Subject *subject, GError **error)
{
    g_autoptr(Change) change = account_enable(target_schema(pass), subject->current, true);
    if (!subject_note_enabling(pass, subject, error))
        return false;
    return !change || emit_change(pass, subject, change, subject->current, subject->wave, "new",
                                  "the account is enabled last", error);
}

bool account_create(Pass *pass, Subject *subject, Change *change, GError **error)
{
    if (!subject_is_user(pass, subject) || !pass->settings->enabled_accounts)
        return true;
    subject->current = entry_copy(change->entry);
    subject->wave++;
    return emit_enabling(pass, subject, error);
}

bool account_finish(Pass *pass, Subject *subject, GError **error)
{
    bool was;
    if (!subject_was_to_be_enabled(pass, subject, &was, error) ||
        (was && !emit_enabling(pass, subject, error)))
        return false;
    subject->wave += was;
    return true;
}

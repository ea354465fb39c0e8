/*
 * account.h - disabled and enabled accounts
 *
 * What "disabled" means is asked of the server's schema, never of its name.
 * Makes changes, carries out none: a password is never seen here, a change
 * only says that one is to be made up (Change.random_password).
 *
 * Pure. Changes belong to the caller; they delete and add by value, never
 * replace, so that one planned on an older state is refused by the server.
 */
#ifndef DIRSYNC_ACCOUNT_H
#define DIRSYNC_ACCOUNT_H

#include "dirsync/change.h"
#include "dirsync/schema.h"

/** How a server knows that nobody may log in. Keep in step with marks[]. */
typedef enum {
    ACCOUNT_BY_CONTROL, /* userAccountControl: Active Directory, Samba */
    ACCOUNT_BY_LOCK,    /* pwdAccountLockedTime: slapd with overlay ppolicy; it looks at it only where the
                           account's policy has pwdLockout TRUE (2.5.13) */
    ACCOUNT_BY_NSLOCK,  /* nsAccountLock: 389 */
    ACCOUNT_BY_PASSWORD /* nothing of these: no userPassword, no log-in */
} AccountMeans;

/**
 * By what the server disables accounts. userAccountControl counts where the class user may hold it, and
 * nsAccountLock where it is operational: a copy of another vendor's description in the schema of a server
 * that takes no notice of it disables nobody.
 */
AccountMeans account_means(const Schema *schema);

/** The attribute that has to be read, by name when it is operational; NULL for ACCOUNT_BY_PASSWORD. */
const char *account_attribute(AccountMeans means);

/** True when any of the three attributes says so, for good: a lock that ends by itself, after too many wrong
 *  passwords, disables nobody. False when the entry shows none of them. */
bool account_is_disabled(const Schema *schema, const Entry *entry);

/** Makes an entry that is about to be created a disabled account. What it has of userAccountControl is
 *  kept but for the one bit; with ACCOUNT_BY_PASSWORD it loses its userPassword. */
void account_make_disabled(const Schema *schema, Entry *entry);

/**
 * Disables @current, the account as the server has it, for good: a lock that would end by itself
 * (ppolicy, after too many wrong passwords) becomes one that does not. NULL when it is disabled already,
 * and with ACCOUNT_BY_PASSWORD, where it cannot be done without touching the password.
 */
Change *account_disable(const Schema *schema, const Entry *current);

/**
 * Enables @current, whatever it is disabled by. @new_password: with a random one. NULL when there is
 * nothing to do: an account that is enabled keeps its password. With ACCOUNT_BY_PASSWORD nothing shows
 * whether it is enabled: there @new_password always makes a change, which is the new password alone. So
 * it is with ACCOUNT_BY_LOCK and @new_password: slapd ends the lock when the password changes.
 */
Change *account_enable(const Schema *schema, const Entry *current, bool new_password);

#endif

/*
 * lookup.h - recipients looked up in the index of the home directory
 *
 * Reads home.db and nothing else: opened for reading, no LDAP, no secrets. What is
 * asked between lookup_begin() and lookup_end() is answered from one snapshot,
 * which is what a sync has committed as a whole. A file that was replaced is
 * opened again. While there is nothing that can be relied on (no file, being made,
 * not read yet, locked, damaged) every question ends in an error that says so:
 * "no such recipient" is never said for another reason than that.
 *
 * Strings of a Recipient belong to it. One thread.
 */
#ifndef DIRSYNC_LOOKUP_H
#define DIRSYNC_LOOKUP_H

#include "dirsync/error.h"

#include <stdint.h>

#define LOOKUP_KEY_MAX 4096 /* bytes; a longer key is nobody's */

typedef struct Lookup Lookup;

typedef struct {
    int64_t row;
    char *id, *dn;
    char *kind;                   /* "user", "contact", "group", "room", "folder"; NULL: not known */
    char *connector;              /* its name, else its UUID; NULL: native */
    char *name, *legacy, *target; /* displayName, legacyExchangeDN, targetAddress; NULL: none */
    char *matched;                /* the address it was found by, as it stands there; NULL: by no address */
    bool graced, hidden, disabled;
} LookupRecipient;

void lookup_recipient_free(LookupRecipient *recipient);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LookupRecipient, lookup_recipient_free)

typedef struct {
    int64_t serial; /* of the transaction that is shown */
    gint64 as_of;   /* when the directory was read, seconds since 1970 */
} LookupSnapshot;

/** @domains: mail domains whose IMCEA addresses are ours, lower case, NULL-terminated, copied; NULL: none.
 *  Opens nothing yet. */
Lookup *lookup_new(const char *path, const char *const *domains);
void lookup_free(Lookup *lookup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lookup, lookup_free)

/** Begins a snapshot; again within one does nothing. After an error, within a second, the same error without
 *  trying again. */
bool lookup_begin(Lookup *lookup, GError **error);
void lookup_end(Lookup *lookup);
/** Opens the file again with the next lookup_begin(). Not within a snapshot. */
void lookup_reopen(Lookup *lookup);
/** Of the snapshot that goes on. */
LookupSnapshot lookup_snapshot(const Lookup *lookup);

/**
 * Who is meant by @key: "TYPE:value" in any case, primary or secondary; "user@domain", which is SMTP;
 * "/o=..." or "EX:/o=...", a legacyExchangeDN; "dn:..." and "id:...", entryUUID or objectGUID. Among those
 * who have the address in proxyAddresses or mail first, then by targetAddress. *found is NULL when there is
 * nobody. ERROR_INVALID: several have it, and nobody can say whose it is. ERROR_STATE, ERROR_BUSY: cannot be
 * answered.
 */
bool lookup_find(Lookup *lookup, const char *key, LookupRecipient **found, GError **error);
/** Whether anybody is meant; several are somebody. */
bool lookup_exists(Lookup *lookup, const char *key, bool *exists, GError **error);

/** The address of that type, "NOTES:Ted@Exchange"; NULL: has none. The primary one, for SMTP else mail, else
 *  targetAddress. g_free() *address. */
bool lookup_primary(Lookup *lookup, const LookupRecipient *recipient, const char *type, char **address,
                    GError **error);
/** All addresses as they stand there, in order; appended to @addresses (g_free). Not those that are
 * targetAddress alone. */
bool lookup_addresses(Lookup *lookup, const LookupRecipient *recipient, GPtrArray *addresses, GError **error);
/** How many recipients there are. */
bool lookup_count(Lookup *lookup, int64_t *count, GError **error);

#endif

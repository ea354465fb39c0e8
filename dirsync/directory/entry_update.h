/*
 * entry_update.h - what a change makes of one entry
 *
 * The part of an LDAP update that concerns nothing but the entry, for drivers
 * that have no server to do it: memory and files. Attributes are the same and
 * values are equal by the schema's rules; codes and messages are those of a
 * server (the LDAP result stands in the message). Whether an attribute may be
 * written, and what the object classes allow, is for the caller to see.
 *
 * After an error the entry may be changed in part: work on a copy.
 */
#ifndef DIRSYNC_DIRECTORY_ENTRY_UPDATE_H
#define DIRSYNC_DIRECTORY_ENTRY_UPDATE_H

#include "dirsync/change.h"
#include "dirsync/error.h"
#include "dirsync/schema.h"

/** A modify or a rename as a server does them to the entry alone. ERROR_MOVED as below; ERROR_INVALID for
 * another kind of change or a name that is none. After an error @entry is neither the old nor the new one. */
bool entry_update(const Schema *schema, Entry *entry, const Change *change, GError **error);

/** Index of the attribute that @name means; -1 when there is none. */
gssize entry_update_find(const Schema *schema, const Entry *entry, const char *name);

/** A new entry with the attributes of @given, of which none has a value twice (20). */
Entry *entry_update_new(const Schema *schema, const char *dn, const Entry *given, GError **error);

/** One part of a modify. A value that is there already (20) or is not there (16) is ERROR_MOVED. */
bool entry_update_modify(const Schema *schema, Entry *entry, const Modification *modification,
                         GError **error);

/** Gives the entry the name @dn, whose naming values it gets; @delete_old_rdn takes away the old ones. */
void entry_update_rename(const Schema *schema, Entry *entry, const char *dn, bool delete_old_rdn);

/** The values that the name holds are in the entry; ERROR_REFUSED (64). */
bool entry_update_check_naming(const Schema *schema, const Entry *entry, GError **error);

/** The change's assertion, if it has one, holds for @entry; ERROR_MOVED (122). */
bool entry_update_check_assertion(const Schema *schema, const Change *change, const Entry *entry,
                                  GError **error);

/** Copy of @entry in the order of @model: its attributes first, with its spelling of their names, and of
 * their values first those that it has. A change that was taken back leaves no trace so. @model may be NULL.
 */
Entry *entry_update_settle(const Schema *schema, const Entry *model, const Entry *entry);

#endif

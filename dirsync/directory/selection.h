/*
 * selection.h - which entries and attributes a request asks for
 *
 * What an LDAP server does with base, scope, filter and attribute list, for
 * drivers that have no server to do it: files and memory.
 */
#ifndef DIRSYNC_DIRECTORY_SELECTION_H
#define DIRSYNC_DIRECTORY_SELECTION_H

#include "dirsync/directory/directory.h"

/** A request made ready; everything belongs to it. */
typedef struct {
    const Schema *schema;
    char *base; /* normalised; "" is everything */
    SearchScope scope;
    Filter *filter; /* NULL: everything */
} Selection;

/** @default_base is used when the request names none; may be NULL. ERROR_INVALID on a bad filter or base. */
bool selection_init(Selection *selection, const Schema *schema, const ReadRequest *request,
                    const char *default_base, GError **error);
void selection_clear(Selection *selection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Selection, selection_clear)

bool selection_has_entry(const Selection *selection, const Entry *entry);

/** @dn and @base in canonical form: "" is above everything. */
bool normalised_dn_within(const char *dn, const char *base);

/** Copy of the entry with the attributes asked for, by RFC 4511 section 4.5.1.8: NULL or empty and "*" are
 *  the user attributes, "+" (RFC 3673) the operational ones, "1.1" none. */
Entry *selection_copy_attributes(const Schema *schema, const Entry *entry, const char *const *attributes);

/** True for attributes that are delivered only when asked for. */
bool attribute_is_operational(const Schema *schema, const char *name);

#endif

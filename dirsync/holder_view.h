/*
 * holder_view.h - how the entries of a directory become holders of its index
 *
 * What is asked of a directory that is written to, which of its entries are
 * recipients, who they are and by which keys they are found: the same for every
 * step, so that all see one fingerprint of the same entry and share one index.
 */
#ifndef DIRSYNC_HOLDER_VIEW_H
#define DIRSYNC_HOLDER_VIEW_H

#include "dirsync/directory/directory.h"
#include "dirsync/holder_index.h"
#include "dirsync/link_table.h"
#include "dirsync/roll.h"
#include "dirsync/stamp.h"

/** Borrowed. */
typedef struct {
    HolderIndex *index;
    const Schema *schema;
    const StampSettings *stamp;
    const char *id_attribute; /* "entryUUID" or "objectGUID" */
} HolderView;

HolderView holder_view_of(Directory *directory, HolderIndex *index, const StampSettings *stamp);

/** Attributes to ask for; all user attributes: a delete can then be undone. g_strfreev(). */
char **holder_request(const HolderView *view);
/** RFC 4515: everybody who can receive mail, and everything that is ours. g_free(). */
char *holder_filter(const HolderView *view);
/** entryUUID or objectGUID as text, else the DN. g_free(). */
char *holder_id(const HolderView *view, const Entry *entry);
char *holder_dn_key(const HolderView *view, const char *dn);
/** Addresses, and the values of the index's other kinds; HolderKey with free function. */
GArray *holder_keys(const HolderView *view, const Entry *entry);

/** Puts the entry into the index unless it is there as it is, and marks it as seen. @table NULL: nobody was
 * loaded, the index itself is asked. *holder has owner, anchor and graced from the caller and gets the rest.
 * *changed is set when it was not there as it is. */
bool holder_note(const HolderView *view, HolderTable *table, Fingerprint fingerprint, const Entry *entry,
                 Holder *holder, bool *changed, GError **error);
/** Removes from the index whom a complete read did not show. */
bool holder_forget_unseen(const HolderView *view, const HolderTable *table, bool *changed, GError **error);

/** Of a roll of ids: appends those of the index (g_free) who are not there to @gone. */
bool holder_call_roll(const HolderView *view, Roll *roll, GPtrArray *gone, GError **error);
/** Removes whoever has that id from the index. *changed is set when there was somebody. */
bool holder_forget(const HolderView *view, const char *id, bool *changed, GError **error);

#endif

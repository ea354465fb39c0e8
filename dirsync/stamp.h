/*
 * stamp.h - the mark of a connector on an object it owns
 *
 * The connector's UUID, the anchor of the source entry, and the time since
 * when the object is in grace. Stamps are the truth about ownership; the state
 * files only make it fast. Four forms (organisation.h): our auxiliary class, one
 * attribute, a secondary proxy address of a private type; and, in a file that is
 * ours as a whole, the anchor alone.
 */
#ifndef DIRSYNC_STAMP_H
#define DIRSYNC_STAMP_H

#include "dirsync/organisation.h"
#include "dirsync/filter.h"

#define STAMP_CLASS_NAME "dirsyncStamp"

typedef struct {
    char *connector; /* UUID, lower case */
    char *anchor;    /* text form, see anchor_text() */
    char *grace;     /* generalized time in UTC, or NULL: not in grace */
} Stamp;

void stamp_clear(Stamp *stamp);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stamp, stamp_clear)

/** Reads the stamp of whatever connector; false when the entry has none. */
bool stamp_read(const StampSettings *settings, const Schema *schema, const Entry *entry, Stamp *stamp);

/** Adds the stamp's attributes (and class) to an entry that has none. */
void stamp_write(const StampSettings *settings, const Stamp *stamp, Entry *entry);

/** Attributes that carry the stamp, NULL-terminated. */
const char *const *stamp_attributes(const StampSettings *settings);
/** Prefix of the values that are the stamp in a shared attribute (STAMP_PROXY), or NULL. g_free(). */
char *stamp_value_prefix(const StampSettings *settings);

/** The attribute and the value of @entry that hold the anchor; false when it has no stamp. Both belong
 *  to the entry and the settings. */
bool stamp_carrier(const StampSettings *settings, const Schema *schema, const Entry *entry, const char **name,
                   Value *value);

/** RFC 4515 filter that holds exactly while the object carries this stamp (whatever its grace). g_free(). */
char *stamp_filter(const StampSettings *settings, const char *connector, const char *anchor);
/** The same of any of these anchors (strings), from *at on, @most of them; *at: the first that is not in it.
 *  g_free(). */
char *stamp_filter_any(const StampSettings *settings, const char *connector, const GPtrArray *anchors,
                       guint *at, guint most);
/** Filter for every object of the connector; NULL where the form cannot be searched exactly. g_free(). */
char *stamp_owner_filter(const StampSettings *settings, const char *connector);

/** Since when, of a stamp's grace: generalized time, RFC 4517 section 3.3.13. NULL: it is none.
 *  g_date_time_unref(). */
GDateTime *stamp_grace_time(const char *grace);
/** Whether so many days have gone since then; false when it is no time. */
bool stamp_grace_is_over(const char *since, unsigned days);

/** Anchor value as text: itself when it is printable UTF-8, else "hex:" and digits. g_free(). */
char *anchor_text(Value value);
/** The anchor of a source entry: of several values of the attribute @name the smallest, since servers promise
 * no order; NULL: it has none. g_free(). */
char *anchor_smallest(const Schema *schema, const Entry *entry, const char *name);
/** The bytes again. */
GBytes *anchor_bytes(const char *text);

#endif

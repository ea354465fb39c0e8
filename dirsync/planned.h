/*
 * planned.h - a directory as a plan will leave it
 *
 * Shows another directory with the changes of a plan made to it, while nothing
 * is written: a second pass can be planned on what the first will do. Entries
 * that no change names pass through as they are, fingerprint and all. Entries
 * that a change names are shown as they were when the plan was taken in, with
 * the changes made; they come after the others.
 *
 * A change that does not fit (no such entry, a value that is or is not there,
 * a name that the plan itself has taken) is left out, as a server would refuse
 * it. Schema, access rights and parents are not looked at, and a name that the
 * plan gives is taken to be free in the base.
 *
 * Not shown: what lies below a renamed entry does not move with it (dirsync
 * never renames containers), and attributes that hold a changed name keep it
 * until a change says otherwise, also where the server would follow
 * (KEEPS_REFERENCES).
 */
#ifndef DIRSYNC_PLANNED_H
#define DIRSYNC_PLANNED_H

#include "dirsync/directory/directory.h"

/** What an added entry has in the base's default anchor begins with this, and ends with a fingerprint of its
 *  DN; the real identity is not known before the entry is made. */
#define PLANNED_ANCHOR_PREFIX "planned-"

/** Delivers the changes in order; the callee owns *change. NULL at the end. */
typedef bool (*PlannedNext)(Change **change, void *data, GError **error);

/**
 * Takes the changes in, fetching the entries that they change. @base must be able to fetch, outlives the
 * result and is used through it. It may not be a file, whose items do not tell their DN: ERROR_DEFINITION.
 * The result can be described, read, fetched from and searched; directory_close() it.
 */
Directory *planned_open(Directory *base, PlannedNext next, void *data, GError **error);

/** How many changes did not fit and are left out. @planned comes from planned_open(). */
size_t planned_left_out(Directory *planned);

#endif

/*
 * managed.h - what of a target object is ours, and how it differs from what it should be
 *
 * Joins the rules of one of the mapping's recipients with those of the stamp into one table, and does
 * with it the two things a pass needs: a fingerprint of the managed content
 * (equal for two entries exactly when nothing has to be written), and the
 * smallest modification that turns one into the other. Pure. Attributes outside
 * the table are never looked at.
 *
 * Values compare by their matching rule; of values with an owned prefix
 * ("SMTP:" against "smtp:") the prefix counts as it is written. The RDN's
 * attribute is left to renaming.
 */
#ifndef DIRSYNC_MANAGED_H
#define DIRSYNC_MANAGED_H

#include "dirsync/change.h"
#include "dirsync/mapping.h"
#include "dirsync/stamp.h"

#define HIDE_ATTRIBUTE "msExchHideFromAddressLists"

typedef struct Managed Managed;

/** What else is ours. */
typedef enum {
    MANAGED_HIDES = 1 << 0, /* HIDE_ATTRIBUTE, while an object is in grace */
    MANAGED_NAMED_BY_ANCHOR =
        1 << 1 /* the stamp is the name: what the mapping names by is an ordinary attribute */
} ManagedFlags;

/** Borrows the arguments. */
Managed *managed_new(const MappingRecipient *recipient, const StampSettings *stamp, const Schema *schema,
                     unsigned flags);
void managed_free(Managed *managed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Managed, managed_free)

/** Fingerprint of the managed content of @entry, its DN included. @exact: as written, instead of by
 *  matching rule. @graced: the object is or was in grace (then the hide attribute counts). */
Fingerprint managed_fingerprint(const Managed *managed, const Entry *entry, bool exact, bool graced);
/** Both at once, which costs little more than one; each may be NULL. */
void managed_fingerprints(const Managed *managed, const Entry *entry, bool graced, Fingerprint *canonical,
                          Fingerprint *exact);

/** How managed_difference() compares. */
typedef struct {
    bool exact;  /* a value that differs only in what its rule ignores is written too */
    bool graced; /* the hide attribute counts */
} DifferenceOptions;

/** Told about each attribute that differs. @emptied: it had values and now has none. @where: the
 *  mapping's line, or NULL for the stamp's attributes. */
typedef void (*ManagedTold)(const char *attribute, const char *where, bool emptied, void *data);

/** The modification of @current (DN and values as the server has them) into @desired; NULL when
 *  nothing differs. @told may be NULL. */
Change *managed_difference(const Managed *managed, const Entry *current, const Entry *desired,
                           DifferenceOptions options, ManagedTold told, void *data);

/**
 * What undoes @change on @before, the entry as it is now (NULL for an add), in a form that servers
 * take: nothing that only they may write, no deleting by value where there is no equality rule. Its
 * wave is 0: plan.json has the waves of an undo. NULL with ERROR_INVALID when it cannot be undone.
 */
Change *managed_inverse(const Schema *schema, const Change *change, const Entry *before, GError **error);

/**
 * Makes a modify of our object @current fail when it no longer carries its stamp: the stamp's values are
 * deleted and added again in the same operation. Any server checks that. The assertion control (RFC
 * 4528) does not do here: slapd's overlay unique hands it on to its own search, which then fails.
 */
void managed_guard(const Managed *managed, const Entry *current, Change *change);

/** Whether a value of that attribute, in an object of ours, is ours. */
bool managed_owns(const Managed *managed, const char *attribute, Value value);

/** A copy of @current without the stamp and HIDE_ATTRIBUTE, everything else as it is. */
Entry *managed_stripped(const Managed *managed, const Entry *current);

/** A copy of @current as it is after @change, a modify or NULL (then just a copy). */
Entry *managed_result(const Managed *managed, const Entry *current, const Change *change);

#endif

/*
 * observation.h - what a pass finds out about an entry and its counterpart
 *
 * Told by step_observe() once for everybody on either side: the decision that
 * sync would take of them, since it is the same code that takes it. Everything
 * in an ObservedPair is borrowed and lives during the callback.
 */
#ifndef DIRSYNC_OBSERVATION_H
#define DIRSYNC_OBSERVATION_H

#include "dirsync/change.h"

/** A counterpart is an object of ours that carries the anchor, and the source entry in scope that has it. */
typedef enum {
    RECONCILED_ONLY_SOURCE,
    RECONCILED_ONLY_TARGET, /* there may be a source entry that the definition leaves out: it is named */
    RECONCILED_DIFFERS,     /* both are there; something is to be written, or is in the way */
    RECONCILED_SAME
} ReconciliationVerdict;

/** Why it is so. Keep in step with reasons[] in reconciliation.c. */
typedef enum {
    OBSERVED_SAME,
    OBSERVED_FROM_THERE, /* its counterpart is what it was made from: the other pass looks at it */
    OBSERVED_NEW,
    OBSERVED_CHANGED,
    OBSERVED_BY_HAND, /* the object is not as the last run left it */
    OBSERVED_RENAMED,
    OBSERVED_KIND, /* is to be made again as another kind of object */
    OBSERVED_RETURNED,
    OBSERVED_ADOPTION,
    OBSERVED_MOVED_HOME,
    OBSERVED_RELEASED,
    OBSERVED_UNOWNED,
    OBSERVED_AMBIGUOUS,
    OBSERVED_CONFLICT,
    OBSERVED_QUARANTINED,
    OBSERVED_DUPLICATE,  /* the anchor comes more than once in the source */
    OBSERVED_MEMBERS,    /* of a group some were not found */
    OBSERVED_UNREADABLE, /* a record that cannot be read, or has no anchor */
    OBSERVED_FILTERED_OUT,
    OBSERVED_OUTSIDE, /* the bases of the source */
    OBSERVED_HIDDEN,
    OBSERVED_DISABLED,
    OBSERVED_NO_RECIPIENT,
    OBSERVED_ONE_OF_US,
    OBSERVED_NOT_SHOWN, /* in scope, but the read with the definition's filter did not give it */
    OBSERVED_MISSING,
    OBSERVED_ORPHAN, /* missing, and no run is known to have made the object */
    OBSERVED_IN_GRACE,
    OBSERVED_GRACE_OVER,
    OBSERVED_ACCOUNT_KEPT,
    OBSERVED_SUPERSEDED,
    OBSERVED_UNCONFIRMED,
    OBSERVED_PARTIAL, /* the source was not read whole, so nothing is decided about it */
    OBSERVED_COPIED_STAMP,
    OBSERVED_NATIVE, /* in the container, made by no connector */
    OBSERVED_OTHERS, /* in the container, made by another connector */
    OBSERVED_REASONS
} ObservedReason;

typedef struct {
    ReconciliationVerdict verdict;
    ObservedReason reason;
    const char *detail;  /* about this very one: who holds the address, since when; NULL */
    const char *refused; /* the limits that keep the next run from writing what it would; NULL */
    const char *source_dn, *target_dn, *anchor; /* each may be NULL */
    const char *name, *mail;                    /* as far as there are any */
    const Entry *current;                       /* the object as it is; NULL */
    const Change *difference; /* the modification of current into what it should be; NULL: none */
    const char *wanted_dn;    /* when it is to have another name; NULL */
} ObservedPair;

typedef void (*Observer)(const ObservedPair *observation, void *data);

#endif

/*
 * reconciliation.h - two address lists beside each other: who is in one and not in the other, and why
 *
 * Looks at both directories of a connector at once, the import's way and the
 * export's, and tells for every entry on either side whether it has its
 * counterpart, why it has not, and in what the two differ. Both are read whole and
 * go through the same reading and deciding as in a full sync, so that it cannot say
 * other than what sync would do; the difference is that nothing is written.
 *
 * Read-only: neither directory nor state is written to, no lock is taken, events are
 * not emitted. Works while a run is going on and without any state. Each pass looks
 * at the directories as they are now: what an import would bring is not counted as
 * there for the export.
 *
 * Not told of: containers and other entries that are nobody, and recipients of the
 * target that lie outside the connector's container and are not ours.
 */
#ifndef DIRSYNC_RECONCILIATION_H
#define DIRSYNC_RECONCILIATION_H

#include "dirsync/observation.h"
#include "dirsync/step.h"

/** An attribute of which some values are there and should not be (have), or the other way round (want).
 * Values that both have are left out. Of bytes that are no text the number, of a name "dn". */
typedef struct {
    const char *attribute;
    char *const *have, *const *want; /* NULL-terminated, maybe empty; no control characters */
} ReconciliationDifference;

/** Strings and arrays live during the callback. Names, addresses and DNs are as they stand there: a terminal
 * wants report_safe(). Everything but step, verdict, reason_id and reason may be NULL. */
typedef struct {
    Step step;
    ReconciliationVerdict verdict;
    const char *source_dn; /* "file:line" of a record that cannot be read */
    const char *target_dn; /* our object; of somebody who has none the native that is this person */
    const char *name, *mail, *anchor;
    const char *reason_id; /* of dirsync-reconciliation(7): "filtered-out", "in-grace"; NULL: in sync */
    const char *reason;    /* words, with what to do; NULL as well */
    const char *detail; /* of these words what is about this entry alone: who holds the address, since when */
    const char *remedy; /* of these words what to do, or what the next sync does */
    const ReconciliationDifference *differences;
    size_t n_differences;
} Reconciliation;

/** What is in sync (RECONCILED_SAME) is told too, with what identifies it alone. */
typedef void (*ReconciliationSeen)(const Reconciliation *row, void *data);

/**
 * Calls back once for everybody, both steps one after the other, in no order.
 *
 * @state_folder  as in RunOptions: NULL as the definition says
 * @incomplete    why something could not be judged, a line each, for people; NULL: everything was. g_free()
 * False: nothing could be judged at all (a definition is wrong, no step could be read), or somebody asked to
 * stop (ERROR_INTERRUPTED); rows may have been told before.
 */
bool reconciliation_run(const Connector *connector, const char *state_folder, ReconciliationSeen seen,
                        void *data, char **incomplete, GError **error);
/** The same, with news of how far it is. */
bool reconciliation_run_shown(const Connector *connector, const char *state_folder, StepProgress progress,
                              void *progress_data, ReconciliationSeen seen, void *data, char **incomplete,
                              GError **error);

/** All ids there are, in the order of the table; NULL-terminated. */
const char *const *reconciliation_reasons(void);
/** What is the matter with those of that id, in a few words; NULL: there is no such id. */
const char *reconciliation_title(const char *reason_id);

#endif

/* explain_internal.h - what the files of explain.h share; nobody else includes it */
#ifndef DIRSYNC_EXPLAIN_INTERNAL_H
#define DIRSYNC_EXPLAIN_INTERNAL_H

#include "dirsync/explain.h"

typedef struct {
    const Connector *connector;
    State *state; /* a copy */
    char *folder; /* of the plan */
    Explanation *into;
    bool refused; /* a password was: it is not tried again, which could lock the account */
} Explaining;

void explain_note(Explaining *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* explain_offline.c */
/** What the state and the sides that can be reached know, where the step could not be planned because of
 * @why. */
bool explain_from_state(Explaining *e, Step step, const GError *why, GError **error);

/* explain_facts.c */
/** Link, quarantine and index of a pass. */
bool explain_state(Explaining *e, ExplainedPass *pass, GError **error);
/** The changes of a plan about a recipient, and those of the runs so far. */
bool explain_changes(Explaining *e, GError **error);
void explained_change_free(void *change);

/* explain_addresses.c */
bool explain_addresses(Explaining *e, GError **error);

#endif

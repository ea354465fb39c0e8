/*
 * explain.h - everything that is known about one recipient, and what a run would do with it
 *
 * Plans all steps of a connector on a copy of the state (state_open_copy()) and has
 * the passes tell of the object (inquiry.h), so that nothing else can be said here
 * than sync does. Writes nothing, takes no lock. Where a step cannot be planned,
 * because a side is down, what the state and the other side know is given instead.
 * Everything belongs to the Explanation.
 */
#ifndef DIRSYNC_EXPLAIN_H
#define DIRSYNC_EXPLAIN_H

#include "dirsync/change.h"
#include "dirsync/inquiry.h"
#include "dirsync/state.h"

/** A change that a run would make, or that one has made. */
typedef struct {
    Step step;
    Change *change;
    char *run, *kind, *started; /* of a run that was; NULL: it is planned */
    const char *outcome;        /* "done", "failed", ...; NULL: it is planned */
} ExplainedChange;

/** An address that a template gives, or why there is none. */
typedef struct {
    char *address, *problem;
    char *type, *site, *because, *generator; /* each may be NULL */
    bool there;                              /* the recipient has it */
    bool outside;                            /* nobody gives it any; see problem */
} ExplainedAddress;

/** What one pass has to do with a recipient. */
typedef struct {
    Step step;
    const PassStory *story;
    LinkRow link;                         /* link.row 0: there is none */
    char *quarantine, *quarantined_since; /* reason, and the run; NULL */
    GPtrArray *indexed;                   /* addresses of its object in the index, char * */
    char *indexed_dn;                     /* NULL: the index has none */
    GPtrArray *planned;                   /* of ExplainedChange */
} ExplainedPass;

/** One recipient. */
typedef struct {
    ExplainedPass *import, *export; /* each may be NULL */
    char *home_dn;                  /* as it is, or will be; NULL */
    GPtrArray *addresses;           /* of ExplainedAddress */
    GPtrArray *given;               /* changes of the address step: of ExplainedChange */
    GPtrArray *history;             /* newest first: of ExplainedChange */
} ExplainedObject;

typedef struct {
    char *object;
    GPtrArray *objects;    /* of ExplainedObject */
    GPtrArray *bystanders; /* of Bystander: of the directories, not ours, and in no object above */
    GPtrArray *notes;      /* what could not be looked at, and what keeps a run from happening: char * */
    char *looked;          /* where, for people */
    Inquiry *inquiry[STEPS];
    bool unreachable; /* a side could not be asked; the notes say which */
    bool no_state;    /* the connector has not run here */
} Explanation;

/** @object: mail address, DN, anchor or proxy address, of either side; @state_folder NULL: as the definition
 * says. ERROR_NOT_FOUND, or, where a side is down, ERROR_UNREACHABLE: nobody was found, and where was looked.
 */
Explanation *explain(const Connector *connector, const char *state_folder, const char *object,
                     GError **error);
void explanation_free(Explanation *explanation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Explanation, explanation_free)

#endif

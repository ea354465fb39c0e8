/* observe_internal.h - what the files of observing share; nobody else includes it */
#ifndef DIRSYNC_OBSERVE_INTERNAL_H
#define DIRSYNC_OBSERVE_INTERNAL_H

#include "dirsync/pass_internal.h"

/** What was decided of an item, beside Pass.items; there may be millions. */
typedef struct {
    const char *situation;     /* of the first change that would be written; NULL: none would */
    bool unwanted;             /* it is out of scope */
    char *native;              /* who is this person by now; NULL for most */
    uint64_t original, result; /* in the spool: the object before (where no read has it) and after; or
                                * SPOOL_NOWHERE */
    uint16_t kind;             /* recipient of the result */
    uint16_t flags;            /* LinkFlags of the settlement */
    bool settled, removed;
} Seen;

/** An entry of the target that is nobody's of ours. */
typedef struct {
    uint64_t at; /* in the spool: DN, name, mail, detail */
    ObservedReason reason;
} Stranger;

typedef struct {
    EventId event;
    char *subject, *reason;
    guint next; /* 1 + the next one of the same subject; 0: none */
    bool told;
} Trouble;

/** A source entry that the definition leaves out, and whose object is there all the same. */
typedef struct {
    uint64_t at; /* in the spool: DN, detail */
    ObservedReason reason;
} Outsider;

struct Observed {
    Observer tell;
    void *data;
    GArray *seen; /* of Seen; made with the first decision */
    Spool *spool;
    GArray *strangers;      /* of Stranger */
    GArray *troubles;       /* of Trouble */
    GHashTable *trouble_of; /* Fingerprint of the subject -> 1 + its first trouble */
    GHashTable *outsiders;  /* Fingerprint of the anchor -> Outsider */
    char *refused;          /* by the limits; NULL */
    bool same_definitions;  /* as in the last run: what it left behind can be compared */
    size_t looked_at;       /* source entries, when looking for those who are left out */
    GError *error;          /* of a call that cannot tell of it itself */
};

static inline Seen *seen_at(const Pass *pass, uint32_t item)
{
    return &g_array_index(pass->observed->seen, Seen, item);
}

/** Texts one after the other, each with its NUL (NULL: empty). */
bool observe_keep_texts(Pass *pass, const char *const *texts, size_t n, uint64_t *at, GError **error);
/** The next of them, and on; NULL: an empty one. */
const char *observe_next_text(const char **at);

/** For people: a name, and an address; each may be NULL. Borrowed from the entry. */
void observe_describe(const Schema *schema, const Entry *entry, const char **name, const char **mail);
/** The same of the object that the mapping would make of a source entry that says neither; the caller frees
 *  the entry that they belong to. */
Entry *observe_describe_source(Pass *pass, const Entry *source, const char **name, const char **mail);

/** The items are all there: so is Observed.seen, for each of them. */
void observe_ready(Pass *pass);

/* observe_outsiders.c */
/** Reads the source once more, without the definition's filters: who is left out is told of at once, unless
 *  their object is there (then they are in the table). ERROR_... when the source could not be read so. */
bool observe_outsiders(Pass *pass, char **incomplete, GError **error);
/** Why somebody is left out who fails that check first; SCOPE_CHECKS: none, but is left out. */
ObservedReason observe_scope_reason(ScopeCheck failed);

#endif

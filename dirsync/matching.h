/*
 * matching.h - who in the target the people of a migration are; for the files of the pass module only
 *
 * Looks at every item of a pass once, before anything is decided: what the
 * mapping makes of it is held against the index of the target by the rules of
 * migration.h. Candidates are then fetched, all together, and classes and actions
 * follow. Nobody is matched twice: where two of the source want one recipient,
 * neither gets it.
 *
 * Costs some hundred bytes for each item, in a migration and nowhere else.
 */
#ifndef DIRSYNC_MATCHING_H
#define DIRSYNC_MATCHING_H

#include "dirsync/pass_internal.h"

#define NO_NATIVE UINT32_MAX

/** What a candidate is. Strings belong to it. */
typedef struct {
    char *id, *dn;
    char *owner;   /* connector; NULL: it is a native */
    char *anchor;  /* then, of its stamp */
    uint64_t at;   /* in the target's spool; SPOOL_NOWHERE: it is gone */
    char *surname; /* normalised; NULL: it has none */
    bool is_group, is_account;
    guint wanted[MATCH_CLASSES]; /* by how many of each class */
} Native;

/** What was found out about an item. */
typedef struct {
    uint8_t class;  /* MatchClass; MATCH_CLASSES: it is not in the source */
    uint8_t action; /* MatchAction */
    bool is_group;
    uint32_t native;                                /* the one it is; or NO_NATIVE */
    GArray *candidates;                             /* of Candidate; NULL when it has been told */
    char *anchor, *name, *address, *surname, *note; /* NULL when it has been told */
} Person;

typedef struct {
    uint32_t native;
    uint8_t rule; /* MatchRuleId, the first that matched */
    bool exact;
    char *why;
} Candidate;

struct Matching {
    GArray *people;    /* of Person, one for each item */
    GArray *natives;   /* of Native */
    GHashTable *by_id; /* id -> place in natives + 1 */
};

static inline Person *matching_person(const Pass *pass, uint32_t item)
{
    return &g_array_index(pass->matching->people, Person, item);
}
static inline Native *matching_native(const Pass *pass, uint32_t native)
{
    return &g_array_index(pass->matching->natives, Native, native);
}

/* matching_candidates.c */
/** The attributes by which the rules want the index of the target to find recipients, as far as its schema
 * knows them; lower case (g_free) appended to @kinds. */
void matching_add_kinds(const Pass *pass, GPtrArray *kinds);
/** Every recipient of the target that may be the subject, which has been mapped. */
bool matching_find(Pass *pass, const Subject *subject, Person *person, GError **error);
/** Value of an attribute as the schema's rule for it compares it. g_free(). */
char *matching_normalise(const Schema *schema, const char *attribute, Value value);

#endif

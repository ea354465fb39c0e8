/*
 * migration.h - an import that is done once: who is matched with whom, and what becomes of them
 *
 * A migration is a run of the import with more to say: whoever is not ours yet
 * is matched with who is there already, by rules in order of confidence, and
 * adopted, converted, created or left alone as was chosen for the class of the
 * match. Nobody is called missing. A run may end after a number of people; the
 * next one goes on where it was, since whoever is done is ours.
 *
 * Tables and plain data; the work is done by matching.c and
 * reconcile_matched.c.
 */
#ifndef DIRSYNC_MIGRATION_H
#define DIRSYNC_MIGRATION_H

#include "dirsync/error.h"

/** How sure it is who somebody is. Keep in step with match_class_names[]. */
typedef enum {
    MATCH_OURS,      /* carries our stamp already */
    MATCH_EXACT,     /* one recipient, by a rule that is sure */
    MATCH_PROBABLE,  /* one recipient, by a rule that may be wrong */
    MATCH_AMBIGUOUS, /* several, or one that is not to be had: never more than reported */
    MATCH_NONE,      /* nobody */
    MATCH_UNFIT,     /* cannot or shall not be imported at all */
    MATCH_CLASSES
} MatchClass;

extern const char *const match_class_names[MATCH_CLASSES];

/** What becomes of somebody. Keep in step with match_action_names[]. */
typedef enum {
    MIGRATE_SKIP,
    MIGRATE_ADOPT,   /* the object stays, and is ours from now on */
    MIGRATE_CONVERT, /* it is deleted and made again as an account, under the same name */
    MIGRATE_CREATE,
    MIGRATE_UPDATE, /* ours already */
    MIGRATE_ACTIONS
} MatchAction;

extern const char *const match_action_names[MIGRATE_ACTIONS];

/** The rules, in order of confidence. Keep in step with match_rules[]. */
typedef enum {
    RULE_JOIN, /* of the definition */
    RULE_PRIMARY,
    RULE_ADDRESS,
    RULE_LEGACY,
    RULE_ALIAS,
    RULE_EMPLOYEE,
    RULE_NAME,
    RULES
} MatchRuleId;

typedef struct {
    const char *name;        /* for people */
    MatchClass confidence;   /* of RULE_JOIN: where the definition says nothing */
    const char *const *keys; /* attributes of the home directory that are compared; NULL: not by attribute */
} MatchRule;

extern const MatchRule match_rules[RULES];
/** Of the source, besides what the mapping reads; NULL-terminated. */
extern const char *const match_attributes[];

typedef struct {
    const char *dn;
    const char *owner; /* UUID of the connector whose it is; NULL: nobody's */
    const char *why;   /* the rules and values */
} MatchCandidate;

/** One entry of the source. Everything is valid during the call only. */
typedef struct {
    MatchClass class;
    MatchAction action;                  /* in this run or a later one */
    const char *anchor, *name, *address; /* name and address may be NULL */
    const char *note;                    /* why the action is not what was chosen; may be NULL */
    const MatchCandidate *candidates;
    size_t n_candidates;
} Match;

/** Why nobody is called missing, where there is no other reason. */
#define MIGRATION_REMOVES_NOBODY "a migration removes nobody"

/** How one is done. The caller's, for as long as its runs go on. */
typedef struct {
    MatchAction action[MATCH_CLASSES]; /* of exact, probable and none: MIGRATE_SKIP, _ADOPT or _CREATE */
    size_t batch;                      /* people that one run changes at most; 0: all */
    GHashTable *tried; /* Fingerprint (g_free) of those that an earlier run of this command has tried, which
                          are not tried again; NULL: nobody */
    void (*told)(const Match *match, void *data); /* of everybody, once a run, before anything is planned */
    void *data;
    /* Results of a run. */
    size_t in_sync; /* ours, and nothing has changed: those are not told */
    size_t touched; /* people that something was planned for */
    size_t put_off; /* ... that are left for another run */
} Migration;

/** What is chosen where nothing is said: exact adopt, probable skip, none create. */
void migration_begin(Migration *migration);
void migration_end(Migration *migration);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Migration, migration_end)

/** "adopt", "create" or "skip", where that may be chosen for the class; ERROR_DEFINITION. */
bool migration_choose(Migration *migration, MatchClass class, const char *word, GError **error);

#endif

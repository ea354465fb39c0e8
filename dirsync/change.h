/*
 * change.h - one change to one entry, as planned
 *
 * The four LDAP updates with what they were planned on: a modify deletes old
 * values by name and adds new ones, never replaces (an attribute without an
 * equality rule is deleted whole and added again), and may carry an assertion
 * (RFC 4528). Plain data; belongs to whoever made it.
 */
#ifndef DIRSYNC_CHANGE_H
#define DIRSYNC_CHANGE_H

#include "dirsync/entry.h"

typedef enum { CHANGE_ADD, CHANGE_MODIFY, CHANGE_RENAME, CHANGE_DELETE, CHANGE_KINDS } ChangeKind;

typedef enum { MODIFY_DELETE, MODIFY_ADD } ModifyKind;

/** MODIFY_DELETE without values deletes the whole attribute. */
typedef struct {
    ModifyKind kind;
    const char *name;
    const Value *values;
    size_t n_values;
} Modification;

/** A native contact becomes an account of ours: it is deleted and made again. */
#define SITUATION_CONVERTED "converted"

typedef struct Change {
    ChangeKind kind;
    Entry *holder; /* private: arena of everything below but @entry */
    const char *dn;
    Entry *entry;                /* CHANGE_ADD: the new entry; owned, NULL until its maker sets it */
    Modification *modifications; /* CHANGE_MODIFY, in order */
    size_t n_modifications;
    const char *new_rdn; /* CHANGE_RENAME */
    bool delete_old_rdn;
    const char *new_superior; /* CHANGE_RENAME; NULL: stays where it is */
    const char *assertion;    /* RFC 4515 text of the RFC 4528 assertion, or NULL */
    bool random_password; /* CHANGE_MODIFY: the account gets a password that nobody knows, before the rest */

    /* What the engine says about it; written as comments into plan files. */
    unsigned wave;
    const char *situation; /* name from the situation table, or NULL */
    const char *anchor;    /* source identity, or NULL */
    const char *because;   /* what led to it, for people; or NULL */
    const char *after;     /* fingerprints (hex) of the anchors whose changes must have been done before,
                              separated     by blanks; or NULL */
    void *tag;             /* the submitter's; drivers hand it back untouched */
} Change;

/** Empty change; strings given to the setters are copied into its arena. */
Change *change_new(ChangeKind kind, const char *dn);
void change_free(Change *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Change, change_free)

const char *change_strdup(Change *change, const char *text);

/** Appends a modification; values are copied. @values NULL and 0: the whole attribute (delete only). */
void change_modify(Change *change, ModifyKind kind, const char *name, const Value *values, size_t n_values);

/** The inverse of @change on the entry @before (NULL for an add): delete for add, add for delete,
 *  rename back, values back. Waves are the caller's. NULL when @before lacks what is needed. */
Change *change_invert(const Change *change, const Entry *before);

/** DN after the change: the renamed DN for a rename, the same for the others. g_free(). */
char *change_resulting_dn(const Change *change);

extern const char *const change_kind_names[CHANGE_KINDS]; /* "add", "modify", "modrdn", "delete" */

#endif

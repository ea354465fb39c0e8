/*
 * connector.h - the definition that ties one foreign system to the organisation
 *
 * A file, validated by schema/connector.rng; it names the organisation's
 * definition. Plain read-only data after loading; everything belongs to the
 * structure.
 */
#ifndef DIRSYNC_CONNECTOR_H
#define DIRSYNC_CONNECTOR_H

#include "dirsync/event.h"
#include "dirsync/organisation.h"

/** Kinds of change that can be limited. Keep in step with limit_names[] (limit_table.c). */
typedef enum {
    LIMIT_DELETE,  /* objects removed for good */
    LIMIT_DISABLE, /* objects hidden or locked, still there */
    LIMIT_RENAME,  /* objects that get another name */
    LIMIT_ADDRESS, /* objects whose addresses change */
    LIMIT_MODIFY,  /* objects with at least one attribute changed */
    LIMIT_EMPTY,   /* per attribute: objects that lose every value of it */
    LIMIT_MEMBERS, /* per group: members removed */
    LIMIT_NATIVE,  /* objects touched that no connector created */
    LIMIT_CREATE,  /* new objects */
    LIMIT_KINDS
} LimitKind;

/** Number or percentage, whichever is more. */
typedef struct {
    bool unlimited;
    unsigned long number;
    double percent;
} Limit;

extern const char *const limit_names[LIMIT_KINDS]; /* "delete", "disable", "rename", "address", "change", "empty", "members", "native", "create" */
extern const Limit limit_defaults[LIMIT_KINDS];
/** "10", "5%", "5%|10", "none". False when it is none of these. */
bool limit_parse(const char *text, Limit *limit);

/** One join rule: a source attribute whose value equals a home attribute's value. */
typedef struct {
    char *source, *home;
} JoinRule;

typedef enum { HIDE_IN_GRACE, KEEP_IN_GRACE } GraceAction;

/** The import pass of a connector. */
typedef struct {
    char *container;        /* DN of the import container */
    bool create_container;  /* make it when it is missing */
    char *mapping;          /* name of a shipped mapping, or path */
    char *filter;           /* source scope, RFC 4515; NULL: all */
    char *base;             /* search base on the source; NULL: the endpoint's */
    int scope;              /* 0 base, 1 one level, 2 subtree (default) */
    char *anchor;           /* source attribute; NULL: driver's default (entryUUID, objectGUID) */
    unsigned grace_days;    /* default 30; 0: delete at once */
    GraceAction grace_action;
    bool adopt;             /* unowned contacts that match are taken over */
    bool out_of_scope_is_missing;
    JoinRule *joins;
    size_t n_joins;
} ImportSettings;

typedef struct Connector {
    char *path;
    char *name;
    char *uuid;             /* lower case, with hyphens */
    char *digest;           /* hex of the file's bytes */
    Organisation *organisation;
    Endpoint foreign;
    ImportSettings import;
    Limit limits[LIMIT_KINDS];
    SinkSettings *sinks;
    size_t n_sinks;
} Connector;

/** @path_or_name: a file (contains '/' or ends in ".xml"), or the name of one in the definitions
 *  folder ($DIRSYNC_CONFIG, else /etc/dirsync). */
Connector *connector_load(const char *path_or_name, GError **error);
void connector_free(Connector *connector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connector, connector_free)

/** The definitions folder; g_free(). */
char *connector_folder(void);

#endif

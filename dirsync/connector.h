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
#include "dirsync/recipient.h"
#include "dirsync/schedule.h"

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
    LIMIT_STAMP,   /* per address type: natives that are given an address of it */
    LIMIT_KINDS
} LimitKind;

/** Number or percentage, whichever is more. */
typedef struct {
    bool unlimited;
    unsigned long number;
    double percent;
} Limit;

extern const char *const limit_names[LIMIT_KINDS]; /* "delete", "disable", "rename", "address", "change",
                                                      "empty", "members", "native", "create", "stamp" */
extern const Limit limit_defaults[LIMIT_KINDS];
/** "10", "5%", "5%|10", "none". False when it is none of these. */
bool limit_parse(const char *text, Limit *limit);

/** The steps, in the order in which they run. Import and export are passes. Keep in step with step_names[]
 *  (connector.c). */
typedef enum { STEP_IMPORT, STEP_ADDRESSES, STEP_EXPORT, STEPS } Step;

extern const char *const step_names[STEPS]; /* "import", "addresses", "export" */

/** The two sides of a pass are an index, not two copies of the code. */
enum { SOURCE, TARGET, SIDES };

/** One join rule: a source attribute whose value equals a target attribute's value. */
typedef struct {
    char *source, *target;
    bool probable; /* not sure enough to adopt by: only a migration looks at it */
} JoinRule;

typedef enum { HIDE_IN_GRACE, KEEP_IN_GRACE } GraceAction;

/** Where recipients are read. */
typedef struct {
    char *base;   /* NULL: the endpoint's */
    int scope;    /* 0 base, 1 one level, 2 subtree (default) */
    char *filter; /* RFC 4515; NULL: all */
} SourceSettings;

/** One pass of a connector. */
typedef struct {
    char *where;             /* "file:line" */
    char *container;         /* DN of the container in the target; "" : none (CSV) */
    char *mapping;           /* name of a shipped mapping, or path */
    SourceSettings *sources; /* at least one; they do not overlap */
    size_t n_sources;
    char *anchor;        /* source attribute; NULL: driver's default (entryUUID, objectGUID) */
    unsigned grace_days; /* import: default 30; export: 0; 0: delete at once */
    GraceAction grace_action;
    JoinRule *joins;
    size_t n_joins;
    RecipientAs as[OF_KINDS];
    bool wanted;           /* the definition has it */
    bool create_container; /* make it when it is missing */
    bool adopt;            /* unowned objects that match are taken over */
    bool keep_addresses;   /* an address that the source gives no more stays, as a secondary one */
    bool out_of_scope_is_missing;
    bool said[OF_KINDS];   /* the definition says so; else it is meant where the mapping offers it */
    bool enabled_accounts; /* AS_USER: accounts are enabled at the end; else they stay disabled */
    bool hidden, disabled; /* hidden recipients, disabled accounts of the source are in scope */
} PassSettings;

/** What the connector does about addresses; without the element <addresses> there is no address step. */
typedef struct {
    char *type;         /* address type of the foreign system, "NOTES"; NULL: none of its own */
    char *site;         /* template for it where the policy has none; NULL: the generator's default */
    char *display_name; /* of the connector's object; NULL: its name */
    char *server;       /* home server of the connector's object; NULL: this host */
    char **spaces;      /* address spaces, "NOTES:*;1"; NULL-terminated, may be empty */
    char **natives;     /* containers whose natives get addresses; NULL-terminated, may be empty */
    bool exported;      /* those of the export too */
} ConnectorAddresses;

/** Values of Connector.full_read that are no time. */
#define FULL_READ_ALWAYS 0
#define FULL_READ_NEVER (-1)

typedef struct Connector {
    char *path;
    char *name;
    char *uuid;   /* lower case, with hyphens */
    char *digest; /* hex of the file's bytes */
    Organisation *organisation;
    Endpoint foreign;
    bool has_export_target; /* the export goes elsewhere: */
    Endpoint export_target;
    bool has_foreign_stamp;
    StampSettings foreign_stamp; /* marks our objects in the target of the export */
    StampSettings
        import_stamp; /* marks what some dirsync put into the foreign directory; name NULL: as above */
    PassSettings pass[STEPS]; /* of STEP_ADDRESSES only wanted counts */
    ConnectorAddresses addresses;
    Limit limits[LIMIT_KINDS];
    int64_t
        full_read; /* seconds after which everything is read again, where changes are told; default a day */
    unsigned history_days; /* plans, undo and records of runs are kept so long; default 90... */
    unsigned history_runs; /* ... and of so many that wrote something, and of so many that did not; 1000 */
    NotifySettings notify; /* without channels: the organisation's, see connector_notify() */
    char *metrics;         /* path of the OpenMetrics file; NULL none */
    Schedule schedule;
    SinkSettings *sinks;
    size_t n_sinks;
} Connector;

/** The directory that a step reads or writes; that of the addresses is home on both sides. */
const Endpoint *connector_endpoint(const Connector *connector, Step step, int side);
enum { CONNECTOR_ENDPOINTS = 3 };
/** All directories that it may use: home, foreign, the target of the export; one without a driver is none. */
void connector_endpoints(const Connector *connector, const Endpoint *endpoints[CONNECTOR_ENDPOINTS]);
/** How objects of ours are marked in that directory; NULL: there are none. */
const StampSettings *connector_stamp(const Connector *connector, Step step, int side);

/** Who hears of the connector's runs; its own settings, else the organisation's, which may have no channel.
 */
const NotifySettings *connector_notify(const Connector *connector);

/** @path_or_name: a file (contains '/' or ends in ".xml"), or the name of one in the definitions
 *  folder ($DIRSYNC_CONFIG, else /etc/dirsync). */
Connector *connector_load(const char *path_or_name, GError **error);
void connector_free(Connector *connector);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connector, connector_free)
/** Whether both were read from the same definitions, of connector and organisation. */
bool connector_same(const Connector *a, const Connector *b);

/** Reads the element <addresses> once the passes are read; problems are appended. */
void connector_addresses_read(Connector *connector, const xmlNode *node, GString **problems);
void connector_addresses_clear(ConnectorAddresses *addresses);

/** The definitions folder; g_free(). */
char *connector_folder(void);
/** The file that @path_or_name of connector_load() means; g_free(). */
char *connector_path(const char *path_or_name);
/** The same for an organisation: a file, or the name that one in the definitions folder has, or gives itself.
 * ERROR_DEFINITION says which there are. g_free(). */
char *organisation_path(const char *path_or_name, GError **error);
/** The connectors of the definitions folder, loadable or not, as paths in order of their names; g_strfreev().
 *  NULL and ERROR_DEFINITION when there is no such folder. */
char **connector_list(GError **error);
/** The same of any folder. @organisations (NULL: not wanted) gets the paths of those that lie there too. */
char **connector_list_folder(const char *path, GPtrArray *organisations, GError **error);

#endif

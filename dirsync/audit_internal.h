/*
 * audit_internal.h - what the files of an audit share; nobody else includes it
 *
 * In order: audit_types (which address types there are), audit_home (reads the home
 * directory: objects, their keys, what is wrong with each for itself: audit_values,
 * audit_stamps), audit_shared (what several have in common), audit_targets, audit_groups,
 * audit_connectors (both directories of each connector) and audit_lists, audit_findings (keeps them).
 */
#ifndef DIRSYNC_AUDIT_INTERNAL_H
#define DIRSYNC_AUDIT_INTERNAL_H

#include "dirsync/audit_keys.h"
#include "dirsync/audit_store.h"
#include "dirsync/holder_view.h"
#include "dirsync/managed.h"
#include "dirsync/spool.h"

#define PART_HOME "home"
#define PART_TYPES "types"
#define PART_STAMPS "stamps" /* whose they are */
#define PART_OF_CONNECTOR "connector "

/** What sort of recipient an object of the home directory is. */
typedef enum { SORT_OTHER, SORT_USER, SORT_CONTACT, SORT_GROUP } ObjectSort;

enum {
    OBJECT_HIDDEN = 1 << 0,    /* from address lists */
    OBJECT_RELEVANT = 1 << 1,  /* findings about it are asked for */
    OBJECT_NO_LEGACY = 1 << 2, /* has addresses, and no legacyExchangeDN */
    OBJECT_GRACED = 1 << 3     /* it is about to leave */
};

/** Of those that share something; how many there are is said. */
#define OBJECTS_NAMED 50

#define OWNER_UNKNOWN UINT16_MAX

/** One object of the home directory; its content is in the spool. */
typedef struct {
    uint64_t at;
    uint16_t owner; /* place in AuditScope.known, plus one; 0 a native; or OWNER_UNKNOWN */
    uint8_t sort;   /* ObjectSort */
    uint8_t flags;
} AuditObject;

/** What a key stands for. Those of one namespace meet: addresses, names, persons, DNs. */
typedef enum {
    KEY_HELD,            /* an address that the object has: proxyAddresses, mail */
    KEY_LEGACY,          /* its legacyExchangeDN, as the X500 address that it is */
    KEY_TARGET,          /* targetAddress that leads to our own domains */
    KEY_TARGET_OUT,      /* ... that leads out */
    KEY_TARGET_UNROUTED, /* ... of a type for which there is no way */
    KEY_NAME,            /* as the address list shows it */
    KEY_PERSON,          /* an attribute by which a connector joins */
    KEY_DN,              /* the object itself */
    KEY_MEMBER           /* a member of the object; AuditKey.at: its DN in the spool */
} AuditKeyKind;

/** Mail to @from goes on to @to; NOWHERE: to nobody. */
typedef struct {
    uint32_t from, to;
    uint32_t kind; /* AuditKeyKind */
} TargetStep;

/** A member that is no recipient. */
typedef struct {
    uint64_t at; /* its DN in the spool */
    uint32_t group;
} AuditUnresolved;

/** A group in a group. */
typedef struct {
    uint32_t group, member;
} AuditNested;

/** What of a connector is looked at. */
typedef struct {
    const Connector *connector;
    char *part;          /* of its findings... */
    char *by_hand;       /* ... and of those that say who was changed by hand */
    State *state;        /* NULL: it has not run here */
    Mapping *mapping;    /* of the import */
    Managed **managed;   /* of each recipient of the mapping; NULL: changes by hand cannot be told */
    GHashTable *changed; /* objects of home that somebody else changed: canonical DN to name */
    size_t objects;      /* of home that carry its stamp */
} AuditConnector;

typedef struct {
    Fingerprint key;
    uint64_t at; /* of the body */
    uint16_t kind, part;
} AuditFound;

struct Audit {
    const AuditScope *scope;
    AuditOptions options;
    char *id, *started, *scope_name, *since;
    Directory *home;
    const Schema *schema;       /* of home */
    HolderView view;            /* of home, without an index */
    AuditConnector *connectors; /* of scope->chosen */
    GHashTable *types;          /* registered ones, in capitals */
    GHashTable *strays;         /* types that are not: to who has addresses of them, see audit_types.c */
    GPtrArray *joins;           /* char *: attributes by which connectors join natives */

    Spool *spool;    /* contents of objects, members, bodies of findings, rows of the reconciliation */
    GArray *objects; /* of AuditObject */
    AuditKeys *keys;
    size_t with_legacy;
    bool home_whole; /* everything of the home directory was read */
    GArray *targets; /* of TargetStep */
    GArray *members; /* of AuditUnresolved */
    GArray *nested;  /* of AuditNested */

    GArray *found;      /* of AuditFound */
    GPtrArray *parts;   /* char *: names of parts */
    GHashTable *unread; /* parts that could not be looked at */
    GArray *rows;       /* of uint64_t: the reconciliation */
    json_t *head, *incomplete;
    AuditStore *store;
    AuditPlace place;
};

static inline AuditObject *audit_object(const Audit *audit, uint32_t i)
{
    return &g_array_index(audit->objects, AuditObject, i);
}
static inline bool audit_is_relevant(const Audit *audit, uint32_t i)
{
    return audit_object(audit, i)->flags & OBJECT_RELEVANT;
}

/* audit.c */
/** Tells progress and looks whether somebody wants to stop. */
bool audit_go_on(Audit *audit, const char *what, size_t done, size_t total, GError **error);
/** Something that was not looked at, for people. @part: earlier findings of it stand; NULL. */
void audit_leave_out(Audit *audit, const char *part, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* audit_findings.c */
/** A finding. @objects (stolen) is an array of what the functions below make; @attribute may be NULL; @what
 * tells two findings of one kind about the same objects apart (an address, a member), or NULL; @remedy NULL:
 * the kind's. */
bool audit_find(Audit *audit, AuditKind kind, const char *part, json_t *objects, const char *attribute,
                const char *what, const char *remedy, GError **error, const char *format, ...)
    G_GNUC_PRINTF(9, 10);
/** An object of another directory than home, or one that is known by name alone. Each but @dn may be NULL. */
json_t *audit_name_object(const char *directory, const char *dn, const char *name, const char *mail);
/** The object of home whose content is @entry. */
json_t *audit_entry_object(const Audit *audit, const Entry *entry);
/** Appends object @i of home; false with @error when the spool cannot be read. */
bool audit_add_object(Audit *audit, json_t *objects, uint32_t i, GError **error);
/** Its content. */
Entry *audit_content(Audit *audit, uint32_t i, GError **error);
/** Puts everything that was found into audit.db. */
bool audit_keep(Audit *audit, GError **error);

/* audit_types.c */
/** Reads which types are registered, and tells of generators. */
bool audit_look_at_types(Audit *audit, GError **error);
bool audit_type_is_registered(const Audit *audit, const char *type);
/** Such a type was met in an address of an object; told once for each type, since there may be many. */
void audit_note_unregistered(Audit *audit, const char *type, uint32_t object);
bool audit_tell_unregistered(Audit *audit, GError **error);
/** Whether mail to addresses of that type has a way. */
bool audit_type_is_routed(const Audit *audit, const char *type);

/* audit_home.c */
bool audit_read_home(Audit *audit, GError **error);
bool audit_add_key(Audit *audit, AuditKeyKind kind, uint32_t object, uint64_t key, uint64_t at,
                   GError **error);
/** Keys by what they are made of. */
uint64_t audit_address_key(const char *address);
uint64_t audit_text_key(char space, const char *text);
/** Name of the object as people see it, mail; NULL none. Borrowed from the entry. */
const char *audit_display_name(const Schema *schema, const Entry *entry);

/* audit_values.c */
/** What is wrong with one object for itself: addresses, lengths, characters. Adds its keys of addresses. */
bool audit_look_at_values(Audit *audit, const Entry *entry, uint32_t object, GError **error);

/* audit_stamps.c */
/** Opens what is remembered of the connectors; what cannot be is left out, and told. */
void audit_open_connectors(Audit *audit);
void audit_close_connectors(Audit *audit);
/** Whose the object is, and whether it should be there still. */
bool audit_look_at_stamp(Audit *audit, const Entry *entry, const Stamp *stamp, Fingerprint fingerprint,
                         uint32_t object, GError **error);
/** Tells of changes by hand that no comparison of the directories has told of. */
bool audit_tell_changes(Audit *audit, AuditConnector *of, GError **error);

/* audit_shared.c */
/** Everything that shows where keys meet. */
bool audit_look_at_keys(Audit *audit, GError **error);

/* audit_targets.c */
void audit_note_targets(Audit *audit, const GArray *group);
bool audit_look_at_targets(Audit *audit, GError **error);

/* audit_groups.c */
void audit_note_members(Audit *audit, const GArray *group);
bool audit_look_at_groups(Audit *audit, GError **error);

/* audit_lists.c */
/** Lists that the connector has made contacts of, and that have members from here. */
bool audit_look_for_lists(Audit *audit, AuditConnector *of, GError **error);

/* audit_connectors.c */
bool audit_look_at_connectors(Audit *audit, GError **error);

#endif

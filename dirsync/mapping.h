/*
 * mapping.h - turns a source entry into the target entry it should be
 *
 * XML (schema/mapping.rng): from="x" copies all values as bytes; select="..."
 * is XPath 1.0 over the source attributes as variables ($sn, $mail[2]; each a
 * node-set of values), compiled once, plus the functions of
 * mapping_functions.c. A side has one or more recipients: sorts of object, each
 * with a condition on the source entry, its classes, name and attributes. Only
 * attributes named by the mapping are ever touched. A Mapping is used by one
 * thread at a time.
 */
#ifndef DIRSYNC_MAPPING_H
#define DIRSYNC_MAPPING_H

#include "dirsync/recipient.h"
#include "dirsync/schema.h"

typedef struct Mapping Mapping;

typedef enum { MAPPING_IMPORT, MAPPING_EXPORT } MappingSide;

/** Who wins, per attribute. */
typedef enum {
    WINS_REPLACE, /* ours always */
    WINS_INITIAL, /* only when the object is created */
    WINS_MERGE    /* we own the values with the prefixes and no others */
} WhoWins;

/** What the mapping says about one target attribute. */
typedef struct {
    const char *name; /* target attribute */
    WhoWins wins;
    const char *const *owns; /* prefixes, exact case, NULL-terminated; WINS_MERGE only */
    const char *where;       /* "file:line" */
    bool is_name;            /* gives the RDN */
    bool is_unique;          /* no two objects of the target may have the same value; WINS_INITIAL only */
    size_t max_length;       /* characters; 0 any */
} MappingRule;

/** How the members of a group are named in the source. */
typedef enum { MEMBERS_BY_DN, MEMBERS_BY_ANCHOR } MembersBy;

/** One sort of object that the mapping makes. */
typedef struct {
    RecipientOf of;             /* what the source entry is */
    RecipientAs as;             /* what is made of it */
    const char *where;          /* "file:line" */
    const char *const *classes; /* object classes of what it creates, NULL-terminated; may be empty (CSV) */
    size_t n_rules;
    const MappingRule *const *rules;
    const MappingRule *name;    /* the rule that gives the RDN */
    const MappingRule *members; /* the rule whose values are members, to be resolved by the engine; or NULL */
    MembersBy by;
} MappingRecipient;

/** @name: a shipped mapping ("inetorgperson") or a path. ERROR_DEFINITION lists every problem. */
Mapping *mapping_load(const char *name, MappingSide side, GError **error);
/** The same for a file's bytes in memory; @path only names them in messages. */
Mapping *mapping_load_memory(const char *data, size_t len, const char *path, MappingSide side,
                             GError **error);
void mapping_free(Mapping *mapping);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mapping, mapping_free)

const char *mapping_path(const Mapping *mapping);
/** Hex digest of the file and of the version of the mapping language; "mapping version". */
const char *mapping_digest(const Mapping *mapping);

/** NULL-terminated source attributes that the mapping reads. */
const char *const *mapping_source_attributes(const Mapping *mapping);

/** The sorts of object, in the order of the file. At least one. */
size_t mapping_n_recipients(const Mapping *mapping);
const MappingRecipient *mapping_recipient(const Mapping *mapping, size_t i);

/**
 * Checks the mapping against the target's schema (NULL: the target has none, a file) and the source's
 * (or NULL): unknown attributes and classes, attributes that no class allows, several values into a
 * single-valued attribute, MUST attributes without a rule, operational attributes. Only the recipients
 * that @as asks for (by RecipientOf) are checked; one that is asked for and not there is a problem too.
 * False with ERROR_DEFINITION: every problem as "file:line: ...".
 */
bool mapping_check(const Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *target,
                   const Schema *source, GError **error);

/** Whether the classes of what the recipient creates allow the attribute. */
bool mapping_allows(const MappingRecipient *recipient, const Schema *target, const char *attribute);

/**
 * Which recipient of the mapping @source is. The first whose condition holds says what it is (of); made
 * is what @as asks for that. *index -1: none, it is not for us. ERROR_INVALID when a condition fails.
 */
bool mapping_choose(Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *source_schema,
                    const Entry *source, int *index, GError **error);

/** What became of a recipient while the one for an entry was looked for. Keep in step with verdict_names[].
 */
typedef enum {
    RECIPIENT_CHOSEN,
    RECIPIENT_FAILS,      /* its condition does not hold */
    RECIPIENT_NOT_ASKED,  /* its condition holds, but the connector does not make that of it */
    RECIPIENT_OTHER_KIND, /* the entry is of another kind, as an earlier one says, or is made something else
                           */
    RECIPIENT_NOT_REACHED /* an earlier one was chosen */
} RecipientVerdict;

/** "chosen", "its condition does not hold", ... for people. */
extern const char *const recipient_verdict_names[];

typedef void (*RecipientJudged)(size_t index, RecipientVerdict verdict, void *data);
/** mapping_choose() that tells of every recipient, in the order of the file. */
bool mapping_choose_told(Mapping *mapping, const RecipientAs as[OF_KINDS], const Schema *source_schema,
                         const Entry *source, int *index, RecipientJudged judged, void *data, GError **error);
/** The text of its condition; NULL: it has none. */
const char *mapping_condition(const Mapping *mapping, size_t index);

/** Told of each value that a rule gives. */
typedef void (*MappingGave)(const MappingRule *rule, Value value, void *data);
/** mapping_apply() that tells of every value. */
Entry *mapping_apply_told(Mapping *mapping, size_t index, const Schema *target, const Schema *source_schema,
                          const Entry *source, MappingGave gave, void *data, GError **error);

/**
 * The target entry that @source should be, by recipient @index. Its DN is the RDN alone ("cn=Jane"), its
 * attributes are objectClass (where the recipient has classes) and those with a value; a managed attribute
 * that is missing should be empty. The values of the members' rule are as in the
 * source, those that occur twice included.
 * @target         its values are made unique by this schema's rules; NULL, a file: by schema_standard()
 * @source_schema  of the source
 * NULL with ERROR_INVALID, message "file:line: attribute: reason", when the entry cannot be mapped
 * (no name, expression failed, required value missing, value too long where the rule says error).
 */
Entry *mapping_apply(Mapping *mapping, size_t index, const Schema *target, const Schema *source_schema,
                     const Entry *source, GError **error);

#endif

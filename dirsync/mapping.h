/*
 * mapping.h - turns a source entry into the target entry it should be
 *
 * XML (schema/mapping.rng): from="x" copies all values as bytes; select="..."
 * is XPath 1.0 over the source attributes as variables ($sn, $mail[2]; each a
 * node-set of values), compiled once, plus the functions of
 * mapping_functions.c. Only attributes named by the mapping are ever touched.
 * A Mapping is used by one thread at a time.
 */
#ifndef DIRSYNC_MAPPING_H
#define DIRSYNC_MAPPING_H

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
    const char *name;          /* target attribute */
    WhoWins wins;
    const char *const *owns;   /* prefixes, exact case, NULL-terminated; WINS_MERGE only */
    const char *where;         /* "file:line" */
    bool is_name;              /* gives the RDN */
} MappingRule;

/** @name: a shipped mapping ("inetorgperson") or a path. ERROR_DEFINITION lists every problem. */
Mapping *mapping_load(const char *name, MappingSide side, GError **error);
/** The same for a file's bytes in memory; @path only names them in messages. */
Mapping *mapping_load_memory(const char *data, size_t len, const char *path, MappingSide side, GError **error);
void mapping_free(Mapping *mapping);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mapping, mapping_free)

const char *mapping_path(const Mapping *mapping);
/** Hex digest of the file and of the version of the mapping language; "mapping version". */
const char *mapping_digest(const Mapping *mapping);

/** NULL-terminated source attributes that the mapping reads. */
const char *const *mapping_source_attributes(const Mapping *mapping);
size_t mapping_n_rules(const Mapping *mapping);
const MappingRule *mapping_rule(const Mapping *mapping, size_t i);
/** The rule that gives the RDN. */
const MappingRule *mapping_name_rule(const Mapping *mapping);
/** NULL-terminated object classes of objects that the mapping creates ("top", "contact", ...). */
const char *const *mapping_object_classes(const Mapping *mapping);

/** Checks the mapping against the target's schema (and the source's, when not NULL): unknown
 *  attributes and classes, attributes that no class allows, several values into a single-valued
 *  attribute, MUST attributes without a rule, operational attributes. False with ERROR_DEFINITION:
 *  every problem as "file:line: ...". */
bool mapping_check(const Mapping *mapping, const Schema *target, const Schema *source, GError **error);

/**
 * The target entry that @source should be. Its DN is the RDN alone ("cn=Jane"), its attributes are
 * objectClass and those with a value; a managed attribute that is missing should be empty.
 * @schemas  of the target (values are made unique by its rules) and of the source.
 * NULL with ERROR_INVALID, message "file:line: attribute: reason", when the entry cannot be mapped
 * (no name, expression failed, required value missing, value too long where the rule says error).
 */
Entry *mapping_apply(Mapping *mapping, const Schema *target, const Schema *source_schema,
                     const Entry *source, GError **error);

#endif

/*
 * schema.h - what a directory server knows about its attributes and classes
 *
 * Read from the server's subschema subentry (RFC 4512 section 4.1/4.2), or the
 * built-in standard schema (RFC 4512, 4519, 4524, 2798 and the recipient
 * attributes of our own schema files) for sources that have none, such as
 * files. Two values are the same only by their attribute's equality rule; a
 * fast path serves ASCII.
 *
 * A Schema is read-only after it is made and may be used by several threads.
 */
#ifndef DIRSYNC_SCHEMA_H
#define DIRSYNC_SCHEMA_H

#include "dirsync/entry.h"

typedef struct Schema Schema;

/** How values of an attribute compare; derived from EQUALITY, or from its superior, or, where a
 *  server names none (Active Directory's subschema), from SYNTAX. */
typedef enum {
    EQUALITY_NONE,        /* no rule: values cannot be deleted by name; compared as octets */
    EQUALITY_CASE_IGNORE, /* caseIgnoreMatch and IA5: case, and inner and outer blanks (RFC 4518) */
    EQUALITY_CASE_EXACT,
    EQUALITY_OCTETS, /* octetStringMatch */
    EQUALITY_DN,     /* distinguishedNameMatch, and the DN part of uniqueMember */
    EQUALITY_INTEGER,
    EQUALITY_BOOLEAN,
    EQUALITY_NUMERIC,   /* numericStringMatch: blanks do not count */
    EQUALITY_TELEPHONE, /* blanks and hyphens do not count */
    EQUALITY_TIME,      /* generalizedTimeMatch */
    EQUALITY_OID,       /* objectIdentifierMatch: names and OIDs of classes and types */
    EQUALITY_LIST,      /* caseIgnoreListMatch: postal addresses */
    EQUALITY_KINDS
} EqualityKind;

typedef struct AttributeType {
    const char *oid;  /* "2.5.4.3" */
    const char *name; /* first name, or the OID */
    EqualityKind equality;
    bool has_equality; /* the server really has an EQUALITY rule: values may be deleted by name */
    bool has_substring;
    bool single_value;
    bool operational; /* USAGE other than userApplications */
    bool no_user_modification;
    bool constructed;  /* computed by the server; never written */
    size_t max_length; /* upper bound in SYNTAX {n}; 0 none */
    const struct AttributeType *superior;
} AttributeType;

typedef enum { CLASS_STRUCTURAL, CLASS_AUXILIARY, CLASS_ABSTRACT } ClassKind;

/** An object class; MUST and MAY include what superiors say. NULL-terminated arrays of types. */
typedef struct ObjectClass {
    const char *oid;
    const char *name;
    ClassKind kind;
    const AttributeType *const *must;
    const AttributeType *const *may;
    const struct ObjectClass *const *superiors;
} ObjectClass;

/** @subschema has attributeTypes, objectClasses and, where a server keeps any (Active Directory),
 *  dITContentRules. A description that cannot be read is skipped and counted (schema_skipped), since
 *  servers ship broken ones; ERROR_PROTOCOL when nothing is usable. */
Schema *schema_new_from_subschema(const Entry *subschema, GError **error);
/** The built-in standard schema; lives as long as the process, do not free. Attributes that it does
 *  not know are taken as EQUALITY_CASE_IGNORE and multi-valued by schema_find and the filters. */
const Schema *schema_standard(void);
void schema_free(Schema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schema, schema_free)
size_t schema_skipped(const Schema *schema);

/** By any name or OID, options ("cn;lang-en") left aside, any case. NULL when unknown. */
const AttributeType *schema_attribute(const Schema *schema, const char *description);
const ObjectClass *schema_class(const Schema *schema, const char *name);

/** True for attributes that hold passwords or keys: never read into a plan, an undo or a log. */
bool schema_is_secret(const char *description);

/** True when the server gives every entry its value, even where a class requires it and nobody writes it:
 *  operational attributes, and those that Active Directory's class top requires. */
bool schema_server_provides(const AttributeType *type);

/** True when both descriptions mean the same attribute: same type and same options; ";binary" and
 *  ";range=" are transfer options and do not count. Unknown types: same name but for ASCII case. */
bool schema_same_attribute(const Schema *schema, const char *a, const char *b);

/** The attribute of @entry that @description means; NULL when it has none or no value of it. */
const Attribute *schema_find(const Schema *schema, const Entry *entry, const char *description);
/** The same when @type is what schema_attribute() said of @description (NULL: nothing). */
const Attribute *schema_find_type(const Schema *schema, const Entry *entry, const AttributeType *type,
                                  const char *description);

/** First value of schema_find() as a NUL-terminated string; NULL when none or it holds a NUL. */
const char *schema_find_string(const Schema *schema, const Entry *entry, const char *description);

/** @type NULL: unknown attribute, compared ignoring case on schema_standard(), as octets elsewhere. */
bool schema_values_equal(const Schema *schema, const AttributeType *type, Value a, Value b);

/** Appends the canonical form of a value: two values are equal exactly when their forms are. */
void schema_normalise(const Schema *schema, const AttributeType *type, Value value, GString *out);

/** Canonical form of a DN, comparable with strcmp; NULL on a bad DN. g_free(). */
char *schema_normalise_dn(const Schema *schema, const char *dn);
/** True when @dn is @base or lies below it. */
bool schema_dn_within(const Schema *schema, const char *dn, const char *base);
bool schema_dn_equal(const Schema *schema, const char *a, const char *b);

/** True when the entry's objectClass holds @class or a class below it. */
bool schema_entry_is(const Schema *schema, const Entry *entry, const char *class_name);

/** Checks a new entry as the server would: known classes, exactly one structural chain, MUST there,
 *  only MUST and MAY, single-valued, values of their syntax (DirectoryString non-empty valid UTF-8,
 *  IA5, boolean, integer, DN). Upper bounds hold in the built-in schema alone: the {n} of a server is
 *  what it takes at least (RFC 4512 section 4.1.2). Operational attributes are left to the server.
 *  ERROR_INVALID names the attribute and what is allowed. */
bool schema_check_entry(const Schema *schema, const Entry *entry, GError **error);

#endif

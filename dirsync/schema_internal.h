/*
 * schema_internal.h - shared by the schema*.c files and by the filter
 *
 * A Schema keeps everything in the arena of one Entry: descriptions as read,
 * then types and classes with their superiors resolved, then two look-up
 * tables by name. After schema_resolve() nothing is written any more.
 */
#ifndef DIRSYNC_SCHEMA_INTERNAL_H
#define DIRSYNC_SCHEMA_INTERNAL_H

#include "dirsync/schema.h"

/** What RFC 4512 sections 4.1.1, 4.1.2 and 4.1.6 can say; lists are NULL-terminated, never NULL. */
typedef struct {
    const char *oid;
    const char *const *names;
    const char *const *superiors;
    const char *const *must;
    const char *const *may;
    const char *const *auxiliary;
    const char *equality, *substring, *syntax; /* NULL when absent */
    size_t max_length;
    bool single_value, no_user_modification, operational;
    ClassKind kind;
} Description;

/** What values of a syntax must look like; RFC 4517. */
typedef enum {
    SYNTAX_ANY,
    SYNTAX_DIRECTORY_STRING,
    SYNTAX_IA5,
    SYNTAX_BOOLEAN,
    SYNTAX_INTEGER,
    SYNTAX_DN
} SyntaxKind;

typedef struct TypeRecord {
    AttributeType type; /* first: a pointer to it is a pointer to the record */
    Description description;
    const char *lower_name; /* how it appears in canonical DNs */
    SyntaxKind syntax;
    guint32 initials; /* a bit for the first letter of each name and OID */
    guint32 lengths;  /* a bit for the length of each, modulo 32 */
    unsigned depth;   /* of superiors; 0 not yet resolved */
    unsigned mark;    /* last class whose lists it was put in */
} TypeRecord;

typedef struct ClassRecord {
    ObjectClass class;
    Description description;
    const struct ClassRecord *const *ancestors; /* itself and everything above; NULL-terminated */
    unsigned depth;
    unsigned mark;
} ClassRecord;

typedef struct {
    guint32 hash;
    guint32 len;
    const char *name;
    void *record;
} NameSlot;

typedef struct {
    NameSlot *slots;
    size_t mask; /* number of slots, a power of two, less one */
} NameTable;

struct Schema {
    Entry *arena;
    NameTable types, classes;
    guint64 serial; /* no other schema of the process has it */
    bool lenient;   /* the built-in schema: unknown attributes compare ignoring case */
    size_t skipped;
    TypeRecord *object_class; /* the attribute objectClass, or NULL */
};

/** Reads one description; everything in it is copied to @arena. False when it cannot be read. */
bool schema_parse_description(Entry *arena, Value text, Description *description);

/** The built-in descriptions, NULL-terminated. */
extern const char *const schema_standard_types[];
extern const char *const schema_standard_classes[];

NameTable schema_table_new(Entry *arena, size_t n_names);
/** The first to come keeps a name. */
void schema_table_add(NameTable *table, const char *name, void *record);
void *schema_table_find(const NameTable *table, const char *name, size_t len);

/** Length of an attribute description without its options. */
size_t schema_base_length(const char *description);
/** True when both have the same options but for transfer options; @a and @b as by schema_base_length(). */
bool schema_same_options(const char *a, const char *b);
/** True when all of @wanted but transfer options are among @options. */
bool schema_has_options(const char *options, const char *wanted);
/** True when @name[len] is one of the names of @record. */
bool schema_names_type(const TypeRecord *record, const char *name, size_t len);

/** The kind a rule (by name or OID) or a syntax stands for; -1 when it is not known. */
int schema_rule_kind(const char *rule);
EqualityKind schema_syntax_equality(const char *syntax);
SyntaxKind schema_syntax_kind(const char *syntax);

/** RFC 4518 string preparation, appended to @out: blanks at the ends are dropped unless kept, inner
 *  ones become one. False when the bytes are not UTF-8; they are appended as they are. */
typedef enum { PREPARE_FOLD = 1, PREPARE_KEEP_START = 2, PREPARE_KEEP_END = 4 } PrepareFlags;
bool schema_prepare(Value value, unsigned flags, GString *out);
/** Appends the prepared form of valid UTF-8 whose letters need no composing, blanks as they are. False when
 *  it is not such text; then nothing was appended. */
bool schema_prepare_letters(Value value, bool fold, GString *out);
/** 1 equal, 0 not, -1 when only schema_prepare() can tell (not ASCII). Allocates nothing. */
int schema_prepared_equal(Value a, Value b, bool fold);

/** The kind by which values of @type compare on this schema; @type may be NULL. */
EqualityKind schema_kind(const Schema *schema, const AttributeType *type);
/** schema_normalise() by kind; false when the value is not of the syntax and was taken as octets. */
bool schema_normalise_kind(const Schema *schema, EqualityKind kind, Value value, GString *out);

/** Canonical forms of single syntaxes, appended to @out; false, and nothing appended, for a bad value. */
bool schema_normalise_integer(Value value, GString *out);
bool schema_normalise_boolean(Value value, GString *out);
bool schema_normalise_time(Value value, GString *out);
bool schema_append_dn(const Schema *schema, Value value, GString *out);

/** True when @class is @ancestor or below it. */
bool schema_class_within(const ClassRecord *class, const ClassRecord *ancestor);

#endif

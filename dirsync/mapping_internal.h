/*
 * mapping_internal.h - what the files of the mapping share
 *
 * mapping_load.c makes a Mapping, mapping_check.c compares it with schemas,
 * mapping.c applies it. They stand on mapping_expression.c (one XPath
 * expression and the values it sees) and on the table of functions.
 */
#ifndef DIRSYNC_MAPPING_INTERNAL_H
#define DIRSYNC_MAPPING_INTERNAL_H

#include "dirsync/mapping.h"

#include <libxml/xpath.h>

/** Part of mapping_digest(); to be raised when the same file comes to mean something else. */
#define MAPPING_LANGUAGE_VERSION 1

/* --- functions ---------------------------------------------------------------------------------- */

/** No function makes more than this; also the largest count an argument can ask for. */
#define FUNCTION_MAX_BYTES (1024 * 1024)

typedef enum {
    FUNCTION_TEXT,    /* ours: text in, text out */
    FUNCTION_NUMBER,  /* ours: text in, a number in decimal out */
    FUNCTION_SPECIAL, /* ours, but sees node-sets; in mapping_expression.c */
    FUNCTION_CORE     /* XPath 1.0; in libxml2 */
} FunctionKind;

/** One function that expressions may call. */
typedef struct {
    const char *name;
    FunctionKind kind;
    int min, max;          /* arguments; max -1: any number */
    bool needs_context;    /* without arguments it means ".", which must exist */
    const char *signature; /* for people */
    const char *meaning;
    /** @a: @n strings, min <= n <= max. The result is g_free()d; NULL: it would be too large. */
    char *(*call)(const char *const *a, int n);
} MappingFunction;

/** Ends with a name of NULL. The manual page dirsync-mapping(5) is checked against it. */
extern const MappingFunction mapping_functions[];
const MappingFunction *mapping_function(const char *name);

char *function_given_name(const char *const *a, int n);
char *function_surname(const char *const *a, int n);
char *function_middle_name(const char *const *a, int n);
char *function_x500(const char *const *a, int n);
char *function_address_type(const char *const *a, int n);
char *function_address_value(const char *const *a, int n);
char *function_local_part(const char *const *a, int n);
char *function_domain_part(const char *const *a, int n);
char *function_dn_part(const char *const *a, int n);
char *function_parent_dn(const char *const *a, int n);
char *function_rdn_value(const char *const *a, int n);
/** Words of @text from @first on (1-based), @count of them, blanks between them kept. g_free(). */
char *function_words(const char *text, size_t first, size_t count);
size_t function_count_words(const char *text);
/** A count given as text: 0 for what is no number or negative, at most FUNCTION_MAX_BYTES. */
size_t function_count(const char *text);

/* --- expressions -------------------------------------------------------------------------------- */

typedef struct Evaluator Evaluator;

typedef struct {
    char *text;
    xmlXPathCompExpr *compiled;
    bool is_nodes;  /* gives a node-set: possibly several values */
    bool is_single; /* a node-set of at most one, by its form: $mail[1] */
} Expression;

/** Knows the functions; sees the attributes that compiled expressions have named. */
Evaluator *evaluator_new(void);
void evaluator_free(Evaluator *evaluator);

/** Compiles @text. @has_context: "." has a meaning. Attributes it reads are added to @sources
 *  (g_strdup'ed). NULL and *@reason (g_free) when it is wrong. */
Expression *expression_new(Evaluator *evaluator, const char *text, bool has_context, GPtrArray *sources,
                           char **reason);
void expression_free(Expression *expression);
/** The lexical half: functions, arguments, attribute names. NULL when it is fine, else the reason. */
char *expression_scan(const char *text, bool has_context, GPtrArray *sources, bool *is_single);

/** Makes an attribute of the source visible as a variable; idempotent. */
void evaluator_add_attribute(Evaluator *evaluator, const char *name);
/** From now on expressions see @source; NULL: nothing. */
void evaluator_set_entry(Evaluator *evaluator, const Entry *source, const Schema *schema);

/** Evaluates; @node NULL: without context; else value @position of @size. The result is released with
 *  xmlXPathFreeObject(). NULL and *@reason (g_free) when it fails. */
xmlXPathObject *expression_evaluate(Evaluator *evaluator, const Expression *expression, xmlNode *node,
                                    int position, int size, char **reason);

/* --- the mapping -------------------------------------------------------------------------------- */

typedef struct {
    MappingRule about;
    char *name;
    char **owns;
    char *where;
    char **sources; /* source attributes it reads, NULL-terminated */
    char *from;     /* or NULL and select */
    Expression *select;
    Expression *for_each; /* or NULL */
    Expression *when;     /* or NULL */
    char *otherwise;      /* literal default, or NULL */
    bool first_only;
    bool required;
    bool cut;          /* too long: cut, else error */
    size_t max_length; /* characters; 0 any */
} Rule;

void rule_free(Rule *rule);

struct Mapping {
    char *path;
    char *digest;
    char *where;      /* of the side: "file:line" */
    GPtrArray *rules; /* of Rule */
    Rule *name_rule;  /* one of them */
    char **classes;
    char **sources;
    Evaluator *evaluator;
};

#endif

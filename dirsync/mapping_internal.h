/*
 * mapping_internal.h - what the files of the mapping share
 *
 * mapping_load.c makes a Mapping of recipients (mapping_recipient.c) and rules
 * (mapping_rule.c), mapping_check.c compares it with schemas, mapping_choose.c
 * finds the recipient of an entry, mapping.c applies it. They stand on
 * mapping_expression.c (one XPath expression and the values it sees) and on
 * the table of functions.
 */
#ifndef DIRSYNC_MAPPING_INTERNAL_H
#define DIRSYNC_MAPPING_INTERNAL_H

#include "dirsync/mapping.h"

#include <libxml/xpath.h>

/** Part of mapping_digest(); to be raised when the same file comes to mean something else. */
#define MAPPING_LANGUAGE_VERSION 2

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
    guint memo;     /* which of the evaluator's, from 1; 0: it has a context, so none */
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

/** Made once, also where several recipients share it. */
typedef struct {
    MappingRule about; /* first: mapping_rule_of() goes back from it */
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
    bool cut;        /* too long: cut, else error */
    bool is_members; /* values go over as they are in the source */
} Rule;

void rule_free(Rule *rule);

/** One sort of object; about.rules, .name and .members are rules of the mapping. */
typedef struct {
    MappingRecipient about;
    char *where;
    char **classes;
    const MappingRule **rules;
    Expression *when; /* or NULL */
    bool takes_all;   /* has no when */
    char **sources;   /* source attributes that the condition reads, NULL-terminated */
} Recipient;

struct Mapping {
    char *path;
    char *digest;
    char *where;           /* of the side: "file:line" */
    GPtrArray *rules;      /* of Rule: every rule once */
    GPtrArray *recipients; /* of Recipient */
    char **sources;
    Evaluator *evaluator;
};

static inline const Rule *mapping_rule_of(const MappingRule *about)
{
    return (const Rule *)about;
}

static inline const Recipient *mapping_recipient_at(const Mapping *mapping, size_t i)
{
    return g_ptr_array_index(mapping->recipients, i);
}

/* --- loading ------------------------------------------------------------------------------------ */

/** More are a mistake: what a file asks for must not fill memory. */
#define MAPPING_MAX_RULES 5000
#define MAPPING_MAX_SETS 200
#define MAPPING_MAX_RECIPIENTS 100

typedef struct {
    Mapping *mapping;
    GPtrArray *sources; /* of all rules and conditions */
    GString *problems;  /* for xml_problem() */
} MappingLoading;

/** Reads the rule @node, whose target attribute is in its attribute @name_attribute. Belongs to the mapping.
 */
Rule *rule_read(MappingLoading *to, const xmlNode *node, const char *name_attribute);
/** The expression in the attribute @name of @node, NULL when there is none or it is wrong, which is told. */
Expression *rule_read_expression(MappingLoading *to, const xmlNode *node, const char *name, bool has_context,
                                 GPtrArray *sources);
/** Makes @sources known to the whole mapping; returns them NULL-terminated, g_strfreev(), and empties the
 * array. */
char **rule_note_sources(MappingLoading *to, GPtrArray *sources);

/** The words of @text, which blanks separate; NULL-terminated, g_strfreev(). */
char **rule_split_words(const char *text);

/** Reads <import> or <export>: sets of attributes and recipients, or the short form of one recipient. */
void recipients_read(MappingLoading *to, const xmlNode *side);
void recipient_free(Recipient *recipient);

#endif

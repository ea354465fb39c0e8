/*
 * filter_match.c - does an entry match a filter?
 *
 * Three values, as RFC 4511 section 4.5.1.7 has it: an attribute or rule that
 * the schema does not know, or an assertion value that is not of the syntax, is
 * Undefined, and "not Undefined" is Undefined too. A description also finds the
 * attribute's subtypes and more options, as on a server; an object class finds
 * the classes below it.
 */
#include <string.h>

#include "dirsync/filter_internal.h"
#include "dirsync/schema_internal.h"

#define RULE_BIT_AND "1.2.840.113556.1.4.803"
#define RULE_BIT_OR "1.2.840.113556.1.4.804"

typedef enum { MATCH_FALSE, MATCH_UNDEFINED, MATCH_TRUE } Match;

typedef struct {
    const Schema *schema;
    const Entry *entry;
    const FilterNode *node;
    const AttributeType *type; /* NULL: unknown */
    EqualityKind kind;
} Query;

/** Whether one value satisfies the assertion. */
typedef Match (*ValueTest)(const Query *query, Value value, void *data);

static bool is_subtype(const AttributeType *type, const AttributeType *wanted)
{
    while (type && type != wanted)
        type = type->superior;
    return type;
}

/** True when the query's description means attribute @name of the entry, too. */
static bool covers(const Query *query, const char *name)
{
    const char *wanted = query->node->attribute;
    size_t wanted_len = schema_base_length(wanted), len = schema_base_length(name);
    bool same = len == wanted_len && g_ascii_strncasecmp(name, wanted, len) == 0;
    if (!same && (!query->type || !is_subtype(schema_attribute(query->schema, name), query->type)))
        return false;
    return schema_has_options(name + len, wanted + wanted_len);
}

/** The best answer that any value of the attributes gives. */
static Match any_value(const Query *query, ValueTest test, void *data)
{
    Match best = MATCH_FALSE;
    size_t n = entry_n_attributes(query->entry);
    for (size_t i = 0; i < n; i++) {
        const Attribute *attribute = entry_attribute(query->entry, i);
        if (!attribute->n_values || !covers(query, attribute->name))
            continue;
        for (size_t j = 0; j < attribute->n_values && best != MATCH_TRUE; j++)
            best = MAX(best, test(query, attribute->values[j], data));
    }
    return best;
}

/** An attribute that this schema does not know, and may not guess about. */
static bool is_unknown(const Query *query)
{
    return !query->type && !query->schema->lenient;
}

static Match test_present(const Query *query, Value value, void *data)
{
    (void)query, (void)value, (void)data;
    return MATCH_TRUE;
}

static Match match_present(const Query *query)
{
    Match match = any_value(query, test_present, NULL);
    return match == MATCH_FALSE && is_unknown(query) ? MATCH_UNDEFINED : match;
}

static Match test_equal(const Query *query, Value value, void *data G_GNUC_UNUSED)
{
    bool equal = schema_values_equal(query->schema, query->type, value, query->node->value);
    return equal ? MATCH_TRUE : MATCH_FALSE;
}

/** False when the assertion value is not of the attribute's syntax; @form gets its canonical form. */
static bool assertion_form(const Query *query, GString *form)
{
    return schema_normalise_kind(query->schema, query->kind, query->node->value, form);
}

static bool is_strict(EqualityKind kind)
{
    return kind == EQUALITY_DN || kind == EQUALITY_INTEGER || kind == EQUALITY_BOOLEAN ||
           kind == EQUALITY_TIME;
}

static Match match_equality(const Query *query)
{
    Value value = query->node->value;
    if (is_unknown(query) || query->kind == EQUALITY_NONE)
        return MATCH_UNDEFINED;
    const TypeRecord *object_class = query->schema->object_class;
    if (object_class && query->type == &object_class->type && strlen(value.data) == value.len)
        return schema_entry_is(query->schema, query->entry, value.data) ? MATCH_TRUE : MATCH_FALSE;
    if (is_strict(query->kind)) {
        GString *form = g_string_sized_new(value.len + 16);
        bool good = assertion_form(query, form);
        g_string_free(form, TRUE);
        if (!good)
            return MATCH_UNDEFINED;
    }
    return any_value(query, test_equal, NULL);
}

/* ---- ordering ---- */

static bool has_order(EqualityKind kind)
{
    return kind == EQUALITY_CASE_IGNORE || kind == EQUALITY_CASE_EXACT || kind == EQUALITY_OCTETS ||
           kind == EQUALITY_NUMERIC || kind == EQUALITY_INTEGER || kind == EQUALITY_TIME;
}

static int compare_octets(const GString *a, const GString *b)
{
    int order = memcmp(a->str, b->str, MIN(a->len, b->len));
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

/** Canonical integers of any size: by sign, then length, then digits. */
static int compare_integers(const GString *a, const GString *b)
{
    bool negative = a->str[0] == '-';
    if (negative != (b->str[0] == '-'))
        return negative ? -1 : 1;
    int order = (a->len > b->len) - (a->len < b->len);
    if (!order)
        order = memcmp(a->str, b->str, a->len);
    return negative ? -order : order;
}

static Match test_order(const Query *query, Value value, void *data)
{
    const GString *wanted = data;
    GString *form = g_string_sized_new(value.len + 16);
    Match match = MATCH_UNDEFINED;
    if (schema_normalise_kind(query->schema, query->kind, value, form)) {
        bool integer = query->kind == EQUALITY_INTEGER;
        int order = integer ? compare_integers(form, wanted) : compare_octets(form, wanted);
        bool holds = query->node->kind == FILTER_GREATER ? order >= 0 : order <= 0;
        match = holds ? MATCH_TRUE : MATCH_FALSE;
    }
    g_string_free(form, TRUE);
    return match;
}

static Match match_order(const Query *query)
{
    if (is_unknown(query) || !has_order(query->kind))
        return MATCH_UNDEFINED;
    GString *wanted = g_string_sized_new(query->node->value.len + 16);
    Match match = assertion_form(query, wanted) ? any_value(query, test_order, wanted) : MATCH_UNDEFINED;
    g_string_free(wanted, TRUE);
    return match;
}

/* ---- substrings ---- */

/** A piece as it appears in a prepared value: blanks count where it meets another piece. */
static void prepare_piece(const Query *query, const Piece *piece, GString *out)
{
    unsigned flags = query->kind == EQUALITY_CASE_IGNORE ? PREPARE_FOLD : 0;
    if (query->kind != EQUALITY_CASE_IGNORE && query->kind != EQUALITY_CASE_EXACT) {
        schema_normalise_kind(query->schema, query->kind, piece->value, out);
        return;
    }
    if (piece->kind != PIECE_INITIAL)
        flags |= PREPARE_KEEP_START;
    if (piece->kind != PIECE_FINAL)
        flags |= PREPARE_KEEP_END;
    schema_prepare(piece->value, flags, out);
    if (piece->kind != PIECE_ANY && strcmp(out->str, " ") == 0) /* blanks alone, at an end of the value */
        g_string_truncate(out, 0);
}

static bool find_pieces(const Query *query, const GString *form, GString *scratch)
{
    const char *at = form->str, *end = at + form->len;
    for (const Piece *piece = query->node->pieces; piece; piece = piece->next) {
        g_string_truncate(scratch, 0);
        prepare_piece(query, piece, scratch);
        size_t left = (size_t)(end - at);
        if (scratch->len > left)
            return false;
        if (piece->kind == PIECE_FINAL)
            at = end - scratch->len;
        else if (piece->kind == PIECE_ANY)
            at = memmem(at, left, scratch->str, scratch->len);
        if (!at || memcmp(at, scratch->str, scratch->len) != 0)
            return false;
        at += scratch->len;
    }
    return true;
}

static Match test_substrings(const Query *query, Value value, void *data G_GNUC_UNUSED)
{
    GString *form = g_string_sized_new(value.len + 16), *scratch = g_string_sized_new(64);
    schema_normalise_kind(query->schema, query->kind, value, form);
    bool found = find_pieces(query, form, scratch);
    g_string_free(form, TRUE);
    g_string_free(scratch, TRUE);
    return found ? MATCH_TRUE : MATCH_FALSE;
}

static Match match_substrings(const Query *query)
{
    bool has_rule = query->type ? query->type->has_substring : query->schema->lenient;
    return has_rule && !is_strict(query->kind) ? any_value(query, test_substrings, NULL) : MATCH_UNDEFINED;
}

/* ---- extensible ---- */

static bool read_integer(Value value, gint64 *number)
{
    GString *form = g_string_sized_new(24);
    bool read = schema_normalise_integer(value, form) &&
                g_ascii_string_to_signed(form->str, 10, G_MININT64, G_MAXINT64, number, NULL);
    g_string_free(form, TRUE);
    return read;
}

static Match test_bits(const Query *query, Value value, void *data)
{
    gint64 bits = *(const gint64 *)data, number;
    if (!read_integer(value, &number))
        return MATCH_UNDEFINED;
    bool all = strcmp(query->node->rule, RULE_BIT_AND) == 0;
    bool holds = all ? (number & bits) == bits : (number & bits) != 0;
    return holds ? MATCH_TRUE : MATCH_FALSE;
}

static Match match_extensible(const Query *query)
{
    const FilterNode *node = query->node;
    gint64 bits;
    if (!node->attribute || node->dn_attributes)
        return MATCH_UNDEFINED;
    if (!node->rule)
        return match_equality(query);
    if (strcmp(node->rule, RULE_BIT_AND) != 0 && strcmp(node->rule, RULE_BIT_OR) != 0)
        return MATCH_UNDEFINED;
    bool integer = query->type ? query->kind == EQUALITY_INTEGER : query->schema->lenient;
    return integer && read_integer(node->value, &bits) ? any_value(query, test_bits, &bits) : MATCH_UNDEFINED;
}

/* ---- the tree ---- */

static Match match_node(const FilterNode *node, const Schema *schema, const Entry *entry);

/** and: the least of the children; or: the most. Stops at the first that decides. */
static Match match_set(const FilterNode *node, const Schema *schema, const Entry *entry)
{
    bool all = node->kind == FILTER_AND;
    Match decides = all ? MATCH_FALSE : MATCH_TRUE;
    Match match = all ? MATCH_TRUE : MATCH_FALSE;
    for (const FilterNode *child = node->first; child && match != decides; child = child->next) {
        Match one = match_node(child, schema, entry);
        match = all ? MIN(match, one) : MAX(match, one);
    }
    return match;
}

static Match match_item(const FilterNode *node, const Schema *schema, const Entry *entry)
{
    const AttributeType *type = node->attribute ? schema_attribute(schema, node->attribute) : NULL;
    Query query = {schema, entry, node, type, schema_kind(schema, type)};
    switch (node->kind) {
    case FILTER_PRESENT:
        return match_present(&query);
    case FILTER_SUBSTRINGS:
        return match_substrings(&query);
    case FILTER_GREATER:
    case FILTER_LESS:
        return match_order(&query);
    case FILTER_EXTENSIBLE:
        return match_extensible(&query);
    default:
        return match_equality(&query);
    }
}

static Match match_node(const FilterNode *node, const Schema *schema, const Entry *entry)
{
    if (node->kind == FILTER_NOT)
        return (Match)(MATCH_TRUE - match_node(node->first, schema, entry));
    if (node->kind == FILTER_AND || node->kind == FILTER_OR)
        return match_set(node, schema, entry);
    return match_item(node, schema, entry);
}

bool filter_node_matches(const FilterNode *node, const Schema *schema, const Entry *entry)
{
    return match_node(node, schema, entry) == MATCH_TRUE;
}

bool filter_matches(const Filter *filter, const Schema *schema, const Entry *entry)
{
    return match_node(filter->root, schema, entry) == MATCH_TRUE;
}

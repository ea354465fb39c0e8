/*
 * filter_internal.h - the tree behind a Filter, shared by the filter*.c files
 *
 * Everything of a filter lies in one arena; nodes are made by the text and the
 * BER reader, and only filter_resolve_categories() changes them afterwards. Depth
 * is at most FILTER_MAX_DEPTH.
 */
#ifndef DIRSYNC_FILTER_INTERNAL_H
#define DIRSYNC_FILTER_INTERNAL_H

#include "dirsync/filter.h"

/** In the order of the choices of RFC 4511 section 4.5.1: the number is the BER tag. */
typedef enum {
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT,
    FILTER_EQUALITY,
    FILTER_SUBSTRINGS,
    FILTER_GREATER,
    FILTER_LESS,
    FILTER_PRESENT,
    FILTER_APPROX,
    FILTER_EXTENSIBLE
} FilterKind;

/** Where a piece of a substring filter stands; also its BER tag. */
typedef enum { PIECE_INITIAL, PIECE_ANY, PIECE_FINAL } PieceKind;

typedef struct Piece {
    PieceKind kind;
    Value value;
    struct Piece *next;
} Piece;

typedef struct FilterNode {
    FilterKind kind;
    struct FilterNode *first; /* and, or, not: children */
    struct FilterNode *next;  /* sibling */
    const char *attribute;    /* NULL: an extensible match without one */
    Value value;
    Piece *pieces;    /* substrings */
    const char *rule; /* extensible; NULL: the attribute's equality */
    bool dn_attributes;
} FilterNode;

struct Filter {
    Entry *arena;
    FilterNode *root;
};

/** An empty filter and its nodes. */
Filter *filter_new(void);
FilterNode *filter_node_new(Filter *filter, FilterKind kind);
Value filter_copy_value(Filter *filter, const void *data, size_t len);

/** filter_matches() of a part; a part that is Undefined does not match, and neither does its negation. */
bool filter_node_matches(const FilterNode *node, const Schema *schema, const Entry *entry);

/** True for an attribute description or matching rule: a name or OID, options after semicolons. */
bool filter_is_description(const char *text, size_t len);

#endif

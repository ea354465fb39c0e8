/*
 * filter.h - search filters, RFC 4515, over an Entry with the schema's rules
 *
 * One evaluator for file sources, policies, --only, assertions of the memory
 * driver. Three-valued inside (RFC 4511 section 4.5.1.7), Undefined is no match.
 * Depth is bounded (FILTER_MAX_DEPTH), so hostile text cannot overflow the stack.
 */
#ifndef DIRSYNC_FILTER_H
#define DIRSYNC_FILTER_H

#include "dirsync/schema.h"

#define FILTER_MAX_DEPTH 100

typedef struct Filter Filter;

/** @text with or without the outer parentheses. NULL and ERROR_INVALID with the position. */
Filter *filter_parse(const char *text, GError **error);
void filter_free(Filter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filter, filter_free)

/** Knows and, or, not, equality, presence, substrings, >=, <=, ~= (as equality), and the extensible
 *  rules bit-and 1.2.840.113556.1.4.803 and bit-or 1.2.840.113556.1.4.804; any other extensible rule is
 * Undefined. */
bool filter_matches(const Filter *filter, const Schema *schema, const Entry *entry);

/** Which parts of the filter the entry does not satisfy, and what it has instead, for people; NULL: it
 * matches. g_free(). */
char *filter_why_not(const Filter *filter, const Schema *schema, const Entry *entry);

/** Canonical text. g_free(). */
char *filter_format(const Filter *filter);

/** Adds every attribute description in the filter to @names (keys are owned by the table, g_free). */
void filter_collect_attributes(const Filter *filter, GHashTable *names);

/** Filters of Exchange test objectCategory=person, which names a class where the attribute holds a DN, and
 *  which only Active Directory has. Each such test becomes one of objectClass that holds for the same
 *  entries on every server. */
void filter_resolve_categories(Filter *filter);
/** filter_parse() and filter_resolve_categories(): for filters of definitions and people, which we evaluate
 *  ourselves. */
Filter *filter_parse_resolved(const char *text, GError **error);

/** @value escaped for use as assertion value (RFC 4515 section 3): NUL ( ) * \ and bytes >= 0x80
 *  that are not valid UTF-8 become \XX. g_free(). */
char *filter_escape(const void *value, size_t len);
/** "(name=escaped value)". g_free(). */
char *filter_equals(const char *name, const void *value, size_t len);
/** "(|(name=a)(name=b))" of the values (GBytes) from *at on, @most of them; *at: the first that is not in it.
 *  g_free(). */
char *filter_any_of(const char *name, const GPtrArray *values, guint *at, guint most);
/** "(&AB)"; both with or without outer parentheses, @a may be NULL: everybody. g_free(). */
char *filter_and(const char *a, const char *b);

/** BER of the filter as RFC 4511 has it on the wire; the controlValue of RFC 4528. */
GBytes *filter_to_ber(const Filter *filter);
/** The reverse, for controls in change files; bounded like the parser. */
Filter *filter_from_ber(const void *data, size_t len, GError **error);

#endif

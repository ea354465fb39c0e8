/*
 * filter_why.c - which part of a filter an entry fails
 *
 * Of an "and" those parts that do not hold; an "or" and a "not" are named as a whole.
 * Whether a part holds is asked of the same evaluator (filter_match.c).
 */
#include "dirsync/filter_internal.h"

#define LONGEST_VALUE 60
#define VALUES_SHOWN 3

static char *format_node(FilterNode *node)
{
    Filter part = {NULL, node};
    return filter_format(&part);
}

static void append_value(GString *out, Value value)
{
    if (!g_utf8_validate(value.data, (gssize)value.len, NULL)) {
        g_string_append_printf(out, "%zu bytes", value.len);
        return;
    }
    bool longer = g_utf8_strlen(value.data, -1) > LONGEST_VALUE;
    g_autofree char *head = longer ? g_utf8_substring(value.data, 0, LONGEST_VALUE) : g_strdup(value.data);
    g_string_append_printf(out, "\"%s%s\"", head, longer ? "…" : "");
}

static void append_what_it_has(GString *out, const char *name, const Schema *schema, const Entry *entry)
{
    const Attribute *attribute = schema_find(schema, entry, name);
    if (!attribute || !attribute->n_values) {
        g_string_append_printf(out, "it has no %s", name);
        return;
    }
    if (schema_is_secret(name))
        return;
    g_string_append_printf(out, "its %s is ", name);
    for (size_t i = 0; i < attribute->n_values && i < VALUES_SHOWN; i++) {
        g_string_append(out, i ? ", " : "");
        append_value(out, attribute->values[i]);
    }
    if (attribute->n_values > VALUES_SHOWN)
        g_string_append(out, ", …");
}

static void append_part(GString *out, FilterNode *node, const Schema *schema, const Entry *entry)
{
    g_autofree char *text = format_node(node);
    g_string_append_printf(out, "%s%s: ", out->len ? "; " : "", text);
    if (node->kind == FILTER_OR)
        g_string_append(out, "none of these holds");
    else if (node->kind == FILTER_NOT && filter_node_matches(node->first, schema, entry))
        g_string_append(out, "this holds, and must not");
    else if (node->kind == FILTER_NOT)
        g_string_append(out, "the directory cannot say whether this holds");
    else if (node->attribute)
        append_what_it_has(out, node->attribute, schema, entry);
    else
        g_string_append(out, "a test without an attribute is never true");
}

static void append_failures(GString *out, FilterNode *node, const Schema *schema, const Entry *entry)
{
    if (filter_node_matches(node, schema, entry))
        return;
    if (node->kind != FILTER_AND) {
        append_part(out, node, schema, entry);
        return;
    }
    for (FilterNode *child = node->first; child; child = child->next)
        append_failures(out, child, schema, entry);
}

char *filter_why_not(const Filter *filter, const Schema *schema, const Entry *entry)
{
    if (filter_matches(filter, schema, entry))
        return NULL;
    GString *out = g_string_new(NULL);
    append_failures(out, filter->root, schema, entry);
    return g_string_free(out, FALSE);
}

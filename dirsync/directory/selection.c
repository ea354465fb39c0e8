/*
 * selection.c - base, scope, filter and attribute list of a request
 *
 * Holds nothing between calls but the parsed request.
 */
#include "dirsync/directory/selection.h"

#include "dirsync/dn.h"

#include <string.h>

static bool take_base(Selection *selection, const char *base, GError **error)
{
    selection->base = schema_normalise_dn(selection->schema, base);
    if (!selection->base)
        error_set(error, ERROR_INVALID, "\"%s\": not a distinguished name", base);
    return selection->base != NULL;
}

bool selection_init(Selection *selection, const Schema *schema, const ReadRequest *request,
                    const char *default_base, GError **error)
{
    const char *base = request->base ? request->base : default_base;
    *selection = (Selection){.schema = schema, .scope = request->scope};
    if (!take_base(selection, base ? base : "", error))
        return false;
    if (!request->filter)
        return true;
    selection->filter = filter_parse_resolved(request->filter, error);
    return selection->filter != NULL;
}

void selection_clear(Selection *selection)
{
    g_free(selection->base);
    filter_free(selection->filter);
    *selection = (Selection){0};
}

/* In canonical form a separator is a bare comma; one inside a value has an odd number of '\\' before it. */
static bool separates(const char *dn, size_t at)
{
    size_t escapes = 0;
    while (escapes < at && dn[at - escapes - 1] == '\\')
        escapes++;
    return dn[at] == ',' && escapes % 2 == 0;
}

bool normalised_dn_within(const char *dn, const char *base)
{
    size_t dn_len = strlen(dn), base_len = strlen(base);
    if (base_len == 0 || strcmp(dn, base) == 0)
        return true;
    return dn_len > base_len + 1 && strcmp(dn + dn_len - base_len, base) == 0 &&
           separates(dn, dn_len - base_len - 1);
}

static bool in_scope(const Selection *selection, const Entry *entry)
{
    if (*selection->base == '\0' && selection->scope == SEARCH_SUBTREE)
        return true;
    if (selection->scope == SEARCH_SUBTREE)
        return schema_dn_within(selection->schema, entry_dn(entry), selection->base);
    if (selection->scope == SEARCH_BASE)
        return schema_dn_equal(selection->schema, entry_dn(entry), selection->base);
    g_autofree char *parent = dn_parent(entry_dn(entry));
    return *entry_dn(entry) && parent && schema_dn_equal(selection->schema, parent, selection->base);
}

bool selection_has_entry(const Selection *selection, const Entry *entry)
{
    return in_scope(selection, entry) &&
           (!selection->filter || filter_matches(selection->filter, selection->schema, entry));
}

bool attribute_is_operational(const Schema *schema, const char *name)
{
    const AttributeType *type = schema_attribute(schema, name);
    return g_ascii_strcasecmp(name, "entryUUID") == 0 || (type && type->operational);
}

/* "cn" asks for "cn" and "cn;lang-en", and "name" for "cn", which is made from it. */
static bool asks_for(const Schema *schema, const char *asked, const char *name)
{
    if (schema_same_attribute(schema, asked, name))
        return true;
    const AttributeType *wanted = schema_attribute(schema, asked);
    if (!wanted || strchr(asked, ';'))
        return false;
    for (const AttributeType *type = schema_attribute(schema, name); type; type = type->superior)
        if (type == wanted)
            return true;
    return false;
}

static bool selects(const Schema *schema, const char *const *attributes, const char *name)
{
    bool operational = attribute_is_operational(schema, name);
    if (!attributes || !*attributes)
        return !operational;
    for (; *attributes; attributes++)
        if (strcmp(*attributes, operational ? "+" : "*") == 0 || asks_for(schema, *attributes, name))
            return true;
    return false;
}

Entry *selection_copy_attributes(const Schema *schema, const Entry *entry, const char *const *attributes)
{
    Entry *copy = entry_new(entry_dn(entry));
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        if (!selects(schema, attributes, attribute->name))
            continue;
        for (size_t j = 0; j < attribute->n_values; j++)
            entry_add(copy, attribute->name, attribute->values[j].data, attribute->values[j].len);
    }
    return copy;
}

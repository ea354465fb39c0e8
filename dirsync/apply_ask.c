/*
 * apply_ask.c - did a change happen?
 *
 * Asked after an answer got lost: one read of the entry, compared with what the
 * change would have left behind. Never repeats a change; the caller decides.
 */
#include "dirsync/apply.h"

/* The entry of that name, NULL when there is none; *failed when it cannot be told. */
static Entry *read_one(Directory *directory, const char *dn, bool *failed, GError **error)
{
    static const char *const attributes[] = {"*", NULL};
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE, .attributes = attributes};
    GError *local = NULL;
    g_autoptr(GPtrArray) found = directory_search(directory, &request, 1, &local);
    *failed = local && !error_is(local, ERROR_NOT_FOUND);
    if (*failed)
        g_propagate_error(error, local);
    else
        g_clear_error(&local);
    return found && found->len ? entry_copy(g_ptr_array_index(found, 0)) : NULL;
}

static bool has_value(const Schema *schema, const Entry *entry, const char *name, Value value)
{
    const Attribute *attribute = schema_find(schema, entry, name);
    const AttributeType *type = schema_attribute(schema, name);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (schema_values_equal(schema, type, attribute->values[i], value))
            return true;
    return false;
}

/* What a server keeps for itself, the lock of an account for instance, is not among what was asked for. */
static bool is_shown(const Schema *schema, const char *name)
{
    const AttributeType *type = schema_attribute(schema, name);
    return !type || !type->operational;
}

static bool has_all(const Schema *schema, const Entry *entry, const Entry *wanted)
{
    for (size_t i = 0; i < entry_n_attributes(wanted); i++) {
        const Attribute *attribute = entry_attribute(wanted, i);
        if (!is_shown(schema, attribute->name))
            continue;
        for (size_t j = 0; j < attribute->n_values; j++)
            if (!has_value(schema, entry, attribute->name, attribute->values[j]))
                return false;
    }
    return true;
}

/* A value that is deleted and added again (a new spelling) must be there in the end. */
static bool is_added_too(const Schema *schema, const Change *change, const char *name, Value value)
{
    const AttributeType *type = schema_attribute(schema, name);
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        if (modification->kind != MODIFY_ADD || !schema_same_attribute(schema, modification->name, name))
            continue;
        for (size_t j = 0; j < modification->n_values; j++)
            if (schema_values_equal(schema, type, modification->values[j], value))
                return true;
    }
    return false;
}

static bool is_modified(const Schema *schema, const Entry *entry, const Change *change)
{
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        for (size_t j = 0; j < modification->n_values && is_shown(schema, modification->name); j++) {
            Value value = modification->values[j];
            bool expected =
                modification->kind == MODIFY_ADD || is_added_too(schema, change, modification->name, value);
            if (has_value(schema, entry, modification->name, value) != expected)
                return false;
        }
    }
    return true;
}

static bool asserted(const Schema *schema, const Change *change, const Entry *entry)
{
    if (!change->assertion)
        return true;
    g_autoptr(Filter) filter = filter_parse(change->assertion, NULL);
    return filter && filter_matches(filter, schema, entry);
}

int apply_judge(const Schema *schema, const Change *change, const Entry *entry)
{
    switch (change->kind) {
    case CHANGE_DELETE:
        return !entry || !asserted(schema, change, entry);
    case CHANGE_RENAME:
        return entry && asserted(schema, change, entry);
    case CHANGE_ADD:
        return entry && has_all(schema, entry, change->entry);
    case CHANGE_MODIFY:
        return entry && is_modified(schema, entry, change);
    case CHANGE_KINDS:
        break;
    }
    return 0;
}

bool apply_find_stamped(const Apply *apply, const char *anchor, size_t *n, char **dn, GError **error)
{
    g_autofree char *filter = stamp_filter(apply->stamp, apply->connector_uuid, anchor);
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter, .attributes = (const char *const[]){"1.1", NULL}};
    g_autoptr(GPtrArray) found = directory_search(apply->directory, &request, 2, error);
    *n = found ? found->len : 0;
    *dn = found && found->len ? g_strdup(entry_dn(g_ptr_array_index(found, 0))) : NULL;
    return found != NULL;
}

int apply_ask(Directory *directory, const Change *change, GError **error)
{
    g_autofree char *dn = change_resulting_dn(change);
    bool failed;
    g_autoptr(Entry) entry = read_one(directory, dn, &failed, error);
    return failed ? -1 : apply_judge(directory_describe(directory)->schema, change, entry);
}

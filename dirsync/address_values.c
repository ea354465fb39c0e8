/*
 * address_values.c - the attributes that the address step writes: reading, putting, comparing
 *
 * Values of proxyAddresses are compared as they are written, because the case of a
 * type says which address is primary.
 */
#include "dirsync/address_step_internal.h"

#include <string.h>

#define AUXILIARY_CLASS "mailRecipient"

/* Everything that the step may write. */
static const char *const written[] = {"objectClass",      "proxyAddresses",       "mail",
                                      "mailNickname",     "textEncodedORAddress", "legacyExchangeDN",
                                      "showInAddressBook"};

GPtrArray *entry_get_values(const Schema *schema, const Entry *entry, const char *name)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    const Attribute *attribute = schema_find(schema, entry, name);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        g_ptr_array_add(values, g_strndup(attribute->values[i].data, attribute->values[i].len));
    return values;
}

void entry_set_values(const Schema *schema, Entry *entry, const char *name, const GPtrArray *values)
{
    for (size_t i = entry_n_attributes(entry); i-- > 0;)
        if (schema_same_attribute(schema, entry_attribute(entry, i)->name, name))
            entry_remove(entry, i);
    for (guint i = 0; i < values->len; i++)
        entry_add_string(entry, name, g_ptr_array_index(values, i));
}

bool address_is_of_type(const char *address, const char *type)
{
    size_t len = strlen(type);
    return !g_ascii_strncasecmp(address, type, len) && address[len] == ':';
}

bool address_has_type(const AddressStep *step, const Entry *entry, const char *type)
{
    g_autoptr(GPtrArray) addresses = entry_get_values(home_schema(step), entry, "proxyAddresses");
    for (guint i = 0; i < addresses->len; i++)
        if (address_is_of_type(g_ptr_array_index(addresses, i), type))
            return true;
    return false;
}

char *address_primary(const AddressStep *step, const Entry *entry, const char *type)
{
    g_autoptr(GPtrArray) addresses = entry_get_values(home_schema(step), entry, "proxyAddresses");
    for (guint i = 0; i < addresses->len; i++) {
        const char *address = g_ptr_array_index(addresses, i);
        if (address_is_of_type(address, type) && g_ascii_isupper(*address))
            return g_strdup(address);
    }
    return NULL;
}

static bool is_among(const AttributeType *const *types, const AttributeType *type)
{
    for (; types && *types; types++)
        if (*types == type)
            return true;
    return false;
}

/* MUST of the class is there already: an auxiliary class must not bring new duties. */
static bool has_duties_done(const Schema *schema, const Entry *entry, const ObjectClass *class)
{
    for (const AttributeType *const *must = class->must; must && *must; must++)
        if (!schema_find(schema, entry, (*must)->name))
            return false;
    return true;
}

static bool is_allowed(const Schema *schema, const Entry *entry, const AttributeType *type)
{
    const Attribute *classes = schema_find(schema, entry, "objectClass");
    for (size_t i = 0; classes && i < classes->n_values; i++) {
        const ObjectClass *class = schema_class(schema, classes->values[i].data);
        if (class && (is_among(class->must, type) || is_among(class->may, type)))
            return true;
    }
    return schema_entry_is(schema, entry, "extensibleObject");
}

bool address_put(const AddressStep *step, Entry *result, const char *attribute, const char *value)
{
    const Schema *schema = home_schema(step);
    const AttributeType *type = schema_attribute(schema, attribute);
    if (!type)
        return false;
    if (!is_allowed(schema, result, type)) {
        const ObjectClass *class = schema_class(schema, AUXILIARY_CLASS);
        if (!class || class->kind != CLASS_AUXILIARY || !is_among(class->may, type) ||
            !has_duties_done(schema, result, class))
            return false;
        entry_add_string(result, "objectClass", AUXILIARY_CLASS);
    }
    entry_add_string(result, attribute, value);
    return true;
}

static bool has_value(const Attribute *attribute, Value value)
{
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (attribute->values[i].len == value.len &&
            !memcmp(attribute->values[i].data, value.data, value.len))
            return true;
    return false;
}

/* The values of @a that @b does not have. */
static GArray *values_without(const Attribute *a, const Attribute *b)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(Value));
    for (size_t i = 0; a && i < a->n_values; i++)
        if (!has_value(b, a->values[i]))
            g_array_append_val(values, a->values[i]);
    return values;
}

static void compare_attribute(const Schema *schema, const char *name, const Entry *before, const Entry *after,
                              Change *change)
{
    const Attribute *old = schema_find(schema, before, name), *new = schema_find(schema, after, name);
    const AttributeType *type = schema_attribute(schema, name);
    g_autoptr(GArray) gone = values_without(old, new), come = values_without(new, old);
    if (!gone->len && !come->len)
        return;
    if (gone->len && type && !type->has_equality) { /* its values cannot be deleted by name */
        change_modify(change, MODIFY_DELETE, old->name, NULL, 0);
        if (new)
            change_modify(change, MODIFY_ADD, old->name, new->values, new->n_values);
        return;
    }
    if (gone->len)
        change_modify(change, MODIFY_DELETE, old->name, (Value *)(void *)gone->data, gone->len);
    if (come->len)
        change_modify(change, MODIFY_ADD, old ? old->name : name, (Value *)(void *)come->data, come->len);
}

Change *address_difference(const Schema *schema, const Entry *before, const Entry *after)
{
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, entry_dn(before));
    for (size_t i = 0; i < G_N_ELEMENTS(written); i++)
        compare_attribute(schema, written[i], before, after, change);
    return change->n_modifications ? g_steal_pointer(&change) : NULL;
}

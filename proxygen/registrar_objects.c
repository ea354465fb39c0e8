/*
 * registrar_objects.c - putting objects into the configuration container
 *
 * Looks first, writes what is missing or differs, value by value, and says what it
 * did. Shared by address types and connectors.
 */
#include "dirsync/dn.h"
#include "proxygen/registrar_internal.h"

#include <string.h>

Registering registrar_begin(const Organisation *organisation, Directory *home, bool dry, RegistrarTold told,
                            void *data)
{
    return (Registering){.home = home,
                         .schema = directory_describe(home)->schema,
                         .base = organisation->home.base,
                         .dry = dry,
                         .told = told,
                         .data = data};
}

char *registrar_dn(const char *name, const char *parent)
{
    return dn_build("cn", name, strlen(name), parent);
}

bool registrar_look(const Registering *how, const char *dn, Entry **entry, GError **error)
{
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE};
    g_autoptr(GPtrArray) found = directory_search(how->home, &request, 1, error);
    *entry = found && found->len ? entry_copy(g_ptr_array_index(found, 0)) : NULL;
    return found != NULL;
}

/* --- writing --- */

static void keep_error(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)change;
    GError **kept = data;
    if (outcome != OUTCOME_DONE && !*kept)
        *kept = error ? g_error_copy(error) : g_error_new(DIRSYNC_ERROR, ERROR_UNCERTAIN, "no answer");
}

static void tell(const Registering *how, const char *what, const char *dn)
{
    if (how->told)
        how->told(what, dn, how->data);
}

static bool carry_out(const Registering *how, const Change *change, const char *what, GError **error)
{
    GError *refused = NULL;
    if (!how->dry && (!directory_submit(how->home, change, keep_error, &refused, error) ||
                      !directory_flush(how->home, refused ? NULL : error))) {
        g_clear_error(&refused);
        return false;
    }
    if (refused) {
        g_propagate_prefixed_error(error, refused, "%s: ", change->dn);
        return false;
    }
    tell(how, what, change->dn);
    return true;
}

static bool add(const Registering *how, const Entry *wanted, GError **error)
{
    g_autoptr(Change) change = change_new(CHANGE_ADD, entry_dn(wanted));
    change->entry = entry_copy(wanted);
    return carry_out(how, change, "added", error);
}

bool registrar_delete(const Registering *how, const char *dn, GError **error)
{
    g_autoptr(Change) change = change_new(CHANGE_DELETE, dn);
    return carry_out(how, change, "removed", error);
}

/* --- containers --- */

static const char *container_class(const Registering *how, const char *type)
{
    static const char *const classes[][2] = {
        {"ou", "organizationalUnit"}, {"o", "organization"}, {"cn", "msExchContainer"}, {"cn", "container"}};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (!g_ascii_strcasecmp(type, classes[i][0]) && schema_class(how->schema, classes[i][1]))
            return classes[i][1];
    return NULL;
}

static Entry *wanted_container(const Registering *how, const char *dn, GError **error)
{
    g_autoptr(Dn) parsed = dn_parse(dn, error);
    const DnAva *ava = parsed && parsed->n_rdns ? &parsed->rdns[0].avas[0] : NULL;
    const char *class = ava ? container_class(how, ava->type) : NULL;
    if (!class) {
        if (error && !*error)
            error_set(error, ERROR_DEFINITION,
                      "%s: not there, and no class is known to make it with; make it by hand", dn);
        return NULL;
    }
    Entry *entry = entry_new(dn);
    entry_add_string(entry, "objectClass", class);
    entry_add(entry, ava->type, ava->value, ava->len);
    static const struct {
        const char *name, *info, *shown;
    } known[] = {{ADDRESSING_CONTAINER, "16", NULL}, {TYPES_CONTAINER, "128", "E-Mail Address Generators"}};
    for (size_t i = 0; i < G_N_ELEMENTS(known) && !strcmp(class, "msExchContainer"); i++) {
        if (g_ascii_strcasecmp(ava->value, known[i].name) != 0)
            continue;
        entry_add_string(entry, "containerInfo", known[i].info);
        if (known[i].shown)
            entry_add_string(entry, "adminDisplayName", known[i].shown);
    }
    return entry;
}

bool registrar_make_container(const Registering *how, const char *dn, GError **error)
{
    g_autoptr(Entry) there = NULL;
    if (!registrar_look(how, dn, &there, error))
        return false;
    if (there || (how->base && !schema_dn_within(how->schema, dn, how->base)))
        return true; /* what lies outside our base the server itself knows about */
    g_autofree char *parent = dn_parent(dn);
    if (parent && *parent && !(how->base && schema_dn_equal(how->schema, dn, how->base)) &&
        !registrar_make_container(how, parent, error))
        return false;
    g_autoptr(Entry) wanted = wanted_container(how, dn, error);
    return wanted && add(how, wanted, error);
}

/* --- objects --- */

static bool has_value(const Registering *how, const Attribute *attribute, const char *name, Value value)
{
    const AttributeType *type = schema_attribute(how->schema, name);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (schema_values_equal(how->schema, type, attribute->values[i], value))
            return true;
    return false;
}

static bool is_same(const Registering *how, const Attribute *there, const Attribute *wanted)
{
    bool same = there && there->n_values == wanted->n_values;
    for (size_t i = 0; same && i < wanted->n_values; i++)
        same = has_value(how, there, wanted->name, wanted->values[i]);
    return same;
}

/* Of objects that are there neither class nor name are ours to change. */
static bool is_compared(const Registering *how, const char *name)
{
    return !schema_same_attribute(how->schema, name, "objectClass") &&
           !schema_same_attribute(how->schema, name, "cn");
}

char *registrar_difference(const Registering *how, const Entry *there, const Entry *wanted)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < entry_n_attributes(wanted); i++) {
        const Attribute *attribute = entry_attribute(wanted, i);
        if (is_compared(how, attribute->name) &&
            !is_same(how, schema_find(how->schema, there, attribute->name), attribute))
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", attribute->name);
    }
    return names->len ? g_strdup(names->str) : NULL;
}

static void change_attribute(const Registering *how, const Attribute *there, const Attribute *wanted,
                             Change *change)
{
    const AttributeType *type = schema_attribute(how->schema, wanted->name);
    if (there && type && !type->has_equality) {
        change_modify(change, MODIFY_DELETE, wanted->name, NULL, 0);
        change_modify(change, MODIFY_ADD, wanted->name, wanted->values, wanted->n_values);
        return;
    }
    for (size_t i = 0; there && i < there->n_values; i++)
        if (!has_value(how, wanted, wanted->name, there->values[i]))
            change_modify(change, MODIFY_DELETE, wanted->name, &there->values[i], 1);
    for (size_t i = 0; i < wanted->n_values; i++)
        if (!has_value(how, there, wanted->name, wanted->values[i]))
            change_modify(change, MODIFY_ADD, wanted->name, &wanted->values[i], 1);
}

bool registrar_put(const Registering *how, const Entry *wanted, GError **error)
{
    g_autoptr(Entry) there = NULL;
    g_autofree char *parent = dn_parent(entry_dn(wanted));
    if (!registrar_make_container(how, parent, error) ||
        !registrar_look(how, entry_dn(wanted), &there, error))
        return false;
    if (!there)
        return add(how, wanted, error);
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, entry_dn(there));
    for (size_t i = 0; i < entry_n_attributes(wanted); i++) {
        const Attribute *attribute = entry_attribute(wanted, i);
        const Attribute *now = schema_find(how->schema, there, attribute->name);
        if (is_compared(how, attribute->name) && !is_same(how, now, attribute))
            change_attribute(how, now, attribute, change);
    }
    if (change->n_modifications)
        return carry_out(how, change, "changed", error);
    tell(how, "unchanged", entry_dn(there));
    return true;
}

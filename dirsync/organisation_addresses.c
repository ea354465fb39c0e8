/*
 * organisation_addresses.c - what the organisation's definition says about addresses
 *
 * Address types, policies, address lists and where Exchange's objects stand.
 * Contract in organisation.h. Templates are checked for their type alone: what
 * stands behind it is known to the generator of that type.
 */
#include "dirsync/definition.h"
#include "dirsync/organisation.h"
#include "dirsync/schema.h"
#include "dirsync/xml.h"

#include <string.h>

#define DEFAULT_ADMIN_GROUP "First Administrative Group"

/* --- address types ------------------------------------------------------------------------------ */

static bool has_setting(const GPtrArray *settings, const char *name)
{
    size_t len = strlen(name);
    for (guint i = 0; i < settings->len; i++) {
        const char *setting = g_ptr_array_index(settings, i);
        if (strncmp(setting, name, len) == 0 && setting[len] == '=')
            return true;
    }
    return false;
}

static char **read_settings(const xmlNode *node, GString **problems)
{
    g_autoptr(GPtrArray) settings = g_ptr_array_new();
    for (const xmlNode *child = xml_child(node, "setting"); child; child = xml_next(child)) {
        g_autofree char *name = xml_attribute(child, "name"), *value = xml_attribute(child, "value");
        if (has_setting(settings, name))
            xml_problem(problems, child, "the setting %s is there twice", name);
        g_ptr_array_add(settings, g_strconcat(name, "=", value, NULL));
    }
    g_ptr_array_add(settings, NULL);
    return (char **)g_ptr_array_steal(settings, NULL);
}

static void read_types(AddressSettings *addresses, const xmlNode *node, const char *definition,
                       GString **problems)
{
    g_autoptr(GArray) types = g_array_new(FALSE, FALSE, sizeof(AddressTypeSettings));
    g_autofree char *folder = xml_attribute(node, "folder");
    addresses->generators = folder ? xml_resolve(definition, folder) : NULL;
    for (const xmlNode *child = xml_child(node, "address-type"); child; child = xml_next(child)) {
        AddressTypeSettings type = {.type = xml_attribute(child, "type"),
                                    .where = xml_where(child),
                                    .generator = xml_attribute(child, "generator"),
                                    .display_name = definition_trimmed(child, "display-name"),
                                    .settings = read_settings(child, problems)};
        for (guint i = 0; i < types->len; i++)
            if (strcmp(g_array_index(types, AddressTypeSettings, i).type, type.type) == 0)
                xml_problem(problems, child, "the address type %s is there twice", type.type);
        g_array_append_val(types, type);
    }
    addresses->types = (AddressTypeSettings *)(void *)g_array_steal(types, &addresses->n_types);
}

/* --- policies ----------------------------------------------------------------------------------- */

static bool is_primary(const char *template)
{
    size_t len = strcspn(template, ":");
    return strcspn(template, "abcdefghijklmnopqrstuvwxyz") >= len;
}

static bool has_primary(const GPtrArray *templates, const char *template)
{
    size_t with_colon = strcspn(template, ":") + 1;
    for (guint i = 0; i < templates->len; i++)
        if (strncmp(g_ptr_array_index(templates, i), template, with_colon) == 0)
            return true;
    return false;
}

static void read_templates(PolicySettings *policy, const xmlNode *node, GString **problems)
{
    g_autoptr(GPtrArray) templates = g_ptr_array_new(), disabled = g_ptr_array_new();
    for (const xmlNode *child = xml_child(node, "address"); child; child = xml_next(child)) {
        char *template = definition_trimmed(child, "template");
        if (definition_yes(child, "disabled", false)) {
            g_ptr_array_add(disabled, g_ascii_strup(template, (gssize)strcspn(template, ":")));
            g_free(template);
            continue;
        }
        if (is_primary(template) && has_primary(templates, template))
            xml_problem(problems, child,
                        "a second primary address of the type %.*s; write the type in small letters",
                        (int)strcspn(template, ":"), template);
        g_ptr_array_add(templates, template);
    }
    g_ptr_array_add(templates, NULL);
    g_ptr_array_add(disabled, NULL);
    policy->templates = (char **)g_ptr_array_steal(templates, NULL);
    policy->disabled_types = (char **)g_ptr_array_steal(disabled, NULL);
}

static void check_policy(const GArray *others, const PolicySettings *policy, const xmlNode *node,
                         GString **problems)
{
    for (guint i = 0; i < others->len; i++) {
        const PolicySettings *other = &g_array_index(others, PolicySettings, i);
        if (strcmp(other->name, policy->name) == 0)
            xml_problem(problems, node, "two policies with the name %s", policy->name);
        if (other->priority == policy->priority)
            xml_problem(problems, node, "the policies %s and %s have the same priority, %u", other->name,
                        policy->name, policy->priority);
    }
}

static PolicySettings read_policy(const xmlNode *node, GString **problems)
{
    g_autofree char *priority = xml_attribute(node, "priority");
    PolicySettings policy = {.name = definition_trimmed(node, "name"),
                             .where = xml_where(node),
                             .priority = (unsigned)g_ascii_strtoull(priority, NULL, 10),
                             .filter = definition_filter(node, problems),
                             .foreign_domains = definition_texts(node, "foreign-domain", true)};
    read_templates(&policy, node, problems);
    return policy;
}

/* From the directory, or the children @name; one of the two. */
static bool is_from_directory(const xmlNode *node, const char *name, GString **problems)
{
    g_autofree char *from = xml_attribute(node, "from");
    bool has_children = xml_child(node, name) != NULL;
    if (from && has_children)
        xml_problem(problems, node, "<%s from=\"%s\"> has <%s> too; leave one of them out", node->name, from,
                    name);
    else if (!from && !has_children)
        xml_problem(problems, node, "<%s> is empty; add <%s>, or from=\"directory\"", node->name, name);
    return from != NULL;
}

static void read_policies(AddressSettings *addresses, const xmlNode *node, GString **problems)
{
    g_autoptr(GArray) policies = g_array_new(FALSE, FALSE, sizeof(PolicySettings));
    addresses->policies_from_directory = is_from_directory(node, "policy", problems);
    for (const xmlNode *child = xml_child(node, "policy"); child; child = xml_next(child)) {
        PolicySettings policy = read_policy(child, problems);
        check_policy(policies, &policy, child, problems);
        g_array_append_val(policies, policy);
    }
    addresses->policies = (PolicySettings *)(void *)g_array_steal(policies, &addresses->n_policies);
}

/* --- address lists ------------------------------------------------------------------------------ */

static void read_lists(AddressSettings *addresses, const xmlNode *node, GString **problems)
{
    g_autoptr(GArray) lists = g_array_new(FALSE, FALSE, sizeof(AddressListSettings));
    g_autofree char *whom = xml_attribute(node, "for");
    addresses->lists_for_all = g_strcmp0(whom, "all") == 0;
    addresses->lists_from_directory = is_from_directory(node, "address-list", problems);
    for (const xmlNode *child = xml_child(node, "address-list"); child; child = xml_next(child)) {
        AddressListSettings list = {.dn = definition_dn(child, "dn", problems),
                                    .where = xml_where(child),
                                    .filter = definition_filter(child, problems)};
        for (guint i = 0; i < lists->len; i++)
            if (schema_dn_equal(schema_standard(), g_array_index(lists, AddressListSettings, i).dn, list.dn))
                xml_problem(problems, child, "the address list %s is there twice", list.dn);
        g_array_append_val(lists, list);
    }
    addresses->lists = (AddressListSettings *)(void *)g_array_steal(lists, &addresses->n_lists);
}

/* --- the whole ---------------------------------------------------------------------------------- */

void address_settings_read(AddressSettings *addresses, const xmlNode *root, const char *definition,
                           GString **problems)
{
    const xmlNode *configuration = xml_child(root, "configuration"), *names = xml_child(root, "names");
    const xmlNode *types = xml_child(root, "address-types"), *policies = xml_child(root, "policies");
    const xmlNode *lists = xml_child(root, "address-lists");
    if (configuration) {
        addresses->container = definition_dn(configuration, "dn", problems);
        addresses->admin_group = definition_trimmed(configuration, "admin-group");
    }
    if (!addresses->admin_group)
        addresses->admin_group = g_strdup(DEFAULT_ADMIN_GROUP);
    if (names)
        addresses->language = xml_attribute(names, "language");
    if (types)
        read_types(addresses, types, definition, problems);
    if (policies)
        read_policies(addresses, policies, problems);
    if (lists)
        read_lists(addresses, lists, problems);
}

static void types_clear(AddressSettings *addresses)
{
    for (size_t i = 0; i < addresses->n_types; i++) {
        g_free(addresses->types[i].type);
        g_free(addresses->types[i].where);
        g_free(addresses->types[i].generator);
        g_free(addresses->types[i].display_name);
        g_strfreev(addresses->types[i].settings);
    }
    g_free(addresses->types);
}

static void policies_clear(AddressSettings *addresses)
{
    for (size_t i = 0; i < addresses->n_policies; i++) {
        g_free(addresses->policies[i].name);
        g_free(addresses->policies[i].where);
        g_free(addresses->policies[i].filter);
        g_strfreev(addresses->policies[i].disabled_types);
        g_strfreev(addresses->policies[i].templates);
        g_strfreev(addresses->policies[i].foreign_domains);
    }
    g_free(addresses->policies);
}

static void lists_clear(AddressSettings *addresses)
{
    for (size_t i = 0; i < addresses->n_lists; i++) {
        g_free(addresses->lists[i].dn);
        g_free(addresses->lists[i].where);
        g_free(addresses->lists[i].filter);
    }
    g_free(addresses->lists);
}

void address_settings_clear(AddressSettings *addresses)
{
    types_clear(addresses);
    policies_clear(addresses);
    lists_clear(addresses);
    g_free(addresses->container);
    g_free(addresses->admin_group);
    g_free(addresses->language);
    g_free(addresses->generators);
    *addresses = (AddressSettings){0};
}

/*
 * organisation_addresses.c - what the organisation's definition says about addresses
 *
 * Address types, recipient policies, address lists and where their objects live, as
 * plain data; contract in organisation.h. Whatever RELAX NG cannot say is checked
 * here, every problem with its line.
 */
#include "dirsync/dn.h"
#include "dirsync/filter.h"
#include "dirsync/organisation_addresses.h"
#include "dirsync/xml.h"
#include "proxygen/address.h"

#include <string.h>

#define ADMIN_GROUP "First Administrative Group"

static void check_dn(const xmlNode *node, const char *dn, GString **problems)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Dn) parsed = dn ? dn_parse(dn, &error) : NULL;
    if (dn && (!parsed || !parsed->n_rdns))
        xml_problem(problems, node, "dn=\"%s\" is not a DN%s%s", dn, error ? ": " : "",
                    error ? error->message : "");
}

static char *read_filter(const xmlNode *parent, GString **problems)
{
    const xmlNode *node = xml_child(parent, "filter");
    g_autofree char *text = node ? xml_text(node) : NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Filter) filter = text ? filter_parse(text, &error) : NULL;
    if (text && !filter)
        xml_problem(problems, node, "\"%s\" is not a search filter: %s", text, error->message);
    return g_steal_pointer(&text);
}

static bool is_from_directory(const xmlNode *node)
{
    g_autofree char *from = node ? xml_attribute(node, "from") : NULL;
    return from != NULL;
}

static char **end_strings(GPtrArray *strings)
{
    g_ptr_array_add(strings, NULL);
    return (char **)g_ptr_array_free(strings, FALSE);
}

/* --- types --- */

static char **read_settings(const xmlNode *node)
{
    GPtrArray *settings = g_ptr_array_new();
    for (const xmlNode *child = xml_child(node, "setting"); child; child = xml_next(child)) {
        g_autofree char *name = xml_attribute(child, "name");
        g_autofree char *value = xml_attribute(child, "value");
        g_ptr_array_add(settings, g_strconcat(name, "=", value, NULL));
    }
    return end_strings(settings);
}

static void read_types(AddressSettings *settings, const xmlNode *parent, const char *path, GString **problems)
{
    g_autoptr(GArray) types = g_array_new(FALSE, TRUE, sizeof(AddressTypeSettings));
    g_autofree char *folder = xml_attribute(parent, "folder");
    settings->generators = folder ? xml_resolve(path, folder) : NULL;
    for (const xmlNode *node = xml_child(parent, "address-type"); node; node = xml_next(node)) {
        AddressTypeSettings type = {.type = xml_attribute(node, "type"),
                                    .where = xml_where(node),
                                    .generator = xml_attribute(node, "generator"),
                                    .display_name = xml_attribute(node, "display-name"),
                                    .settings = read_settings(node)};
        for (guint i = 0; i < types->len; i++)
            if (!strcmp(g_array_index(types, AddressTypeSettings, i).type, type.type))
                xml_problem(problems, node, "the address type %s is there twice", type.type);
        if (!type.generator && (!address_type(type.type) || !address_type(type.type)->generator))
            xml_problem(problems, node,
                        "no generator ships for the type %s; name one with generator=", type.type);
        g_array_append_val(types, type);
    }
    settings->types = (AddressTypeSettings *)(void *)g_array_steal(types, &settings->n_types);
}

/* --- policies --- */

static bool is_another_primary(const GPtrArray *templates, const char *type)
{
    for (guint i = 0; i < templates->len; i++) {
        g_autofree char *other = NULL;
        bool primary;
        address_split(g_ptr_array_index(templates, i), &other, &primary);
        if (primary && !strcmp(other, type))
            return true;
    }
    return false;
}

static void read_template(PolicySettings *policy, GPtrArray *templates, GPtrArray *disabled,
                          const xmlNode *node, GString **problems)
{
    g_autofree char *text = xml_attribute(node, "template");
    g_autofree char *off = xml_attribute(node, "disabled");
    g_autofree char *type = NULL;
    bool primary = false;
    if (!address_split(text, &type, &primary)) {
        xml_problem(problems, node,
                    "template=\"%s\": begins with an address type, as in SMTP:%%m@acme.example", text);
        return;
    }
    if (off && !strcmp(off, "yes")) {
        g_ptr_array_add(disabled, g_steal_pointer(&type));
        return;
    }
    if (primary && is_another_primary(templates, type))
        xml_problem(problems, node,
                    "policy %s has two primary templates of the type %s; write the type of the others in "
                    "small letters",
                    policy->name, type);
    g_ptr_array_add(templates, g_steal_pointer(&text));
}

static char **read_foreign_domains(const xmlNode *node)
{
    GPtrArray *domains = g_ptr_array_new();
    for (const xmlNode *child = xml_child(node, "foreign-domain"); child; child = xml_next(child)) {
        g_autofree char *text = xml_text(child);
        g_ptr_array_add(domains, g_utf8_strdown(g_strstrip(text), -1));
    }
    return end_strings(domains);
}

static PolicySettings read_policy(const xmlNode *node, GString **problems)
{
    g_autofree char *priority = xml_attribute(node, "priority");
    GPtrArray *templates = g_ptr_array_new(), *disabled = g_ptr_array_new();
    PolicySettings policy = {.name = xml_attribute(node, "name"),
                             .where = xml_where(node),
                             .priority = (unsigned)g_ascii_strtoull(priority, NULL, 10),
                             .filter = read_filter(node, problems),
                             .foreign_domains = read_foreign_domains(node)};
    for (const xmlNode *child = xml_child(node, "address"); child; child = xml_next(child))
        read_template(&policy, templates, disabled, child, problems);
    policy.templates = end_strings(templates);
    policy.disabled_types = end_strings(disabled);
    return policy;
}

static void read_policies(AddressSettings *settings, const xmlNode *parent, GString **problems)
{
    g_autoptr(GArray) policies = g_array_new(FALSE, TRUE, sizeof(PolicySettings));
    settings->policies_from_directory = is_from_directory(parent);
    for (const xmlNode *node = xml_child(parent, "policy"); node; node = xml_next(node)) {
        PolicySettings policy = read_policy(node, problems);
        for (guint i = 0; i < policies->len; i++) {
            const PolicySettings *other = &g_array_index(policies, PolicySettings, i);
            if (!strcmp(other->name, policy.name))
                xml_problem(problems, node, "there are two policies %s", policy.name);
            else if (other->priority == policy.priority)
                xml_problem(problems, node,
                            "policies %s and %s have the same priority %u; exactly one applies, so say which",
                            other->name, policy.name, policy.priority);
        }
        g_array_append_val(policies, policy);
    }
    settings->policies = (PolicySettings *)(void *)g_array_steal(policies, &settings->n_policies);
}

/* --- address lists --- */

static void read_lists(AddressSettings *settings, const xmlNode *parent, GString **problems)
{
    g_autoptr(GArray) lists = g_array_new(FALSE, TRUE, sizeof(AddressListSettings));
    g_autofree char *whom = xml_attribute(parent, "for");
    settings->lists_from_directory = is_from_directory(parent);
    settings->lists_for_all = g_strcmp0(whom, "all") == 0;
    for (const xmlNode *node = xml_child(parent, "address-list"); node; node = xml_next(node)) {
        AddressListSettings list = {
            .dn = xml_attribute(node, "dn"), .where = xml_where(node), .filter = read_filter(node, problems)};
        check_dn(node, list.dn, problems);
        g_array_append_val(lists, list);
    }
    settings->lists = (AddressListSettings *)(void *)g_array_steal(lists, &settings->n_lists);
}

/* --- the whole --- */

void organisation_read_addresses(AddressSettings *settings, const xmlNode *root, const char *path,
                                 GString **problems)
{
    const xmlNode *configuration = xml_child(root, "configuration"), *names = xml_child(root, "names");
    const xmlNode *types = xml_child(root, "address-types"), *policies = xml_child(root, "policies");
    const xmlNode *lists = xml_child(root, "address-lists");
    if (configuration) {
        settings->container = xml_attribute(configuration, "dn");
        settings->admin_group = xml_attribute(configuration, "admin-group");
        check_dn(configuration, settings->container, problems);
    }
    if (!settings->admin_group)
        settings->admin_group = g_strdup(ADMIN_GROUP);
    if (names)
        settings->language = xml_attribute(names, "language");
    if (types)
        read_types(settings, types, path, problems);
    if (policies)
        read_policies(settings, policies, problems);
    if (lists)
        read_lists(settings, lists, problems);
}

void organisation_clear_addresses(AddressSettings *settings)
{
    for (size_t i = 0; i < settings->n_types; i++) {
        AddressTypeSettings *type = &settings->types[i];
        g_free(type->type);
        g_free(type->where);
        g_free(type->generator);
        g_free(type->display_name);
        g_strfreev(type->settings);
    }
    for (size_t i = 0; i < settings->n_policies; i++) {
        PolicySettings *policy = &settings->policies[i];
        g_free(policy->name);
        g_free(policy->where);
        g_free(policy->filter);
        g_strfreev(policy->templates);
        g_strfreev(policy->disabled_types);
        g_strfreev(policy->foreign_domains);
    }
    for (size_t i = 0; i < settings->n_lists; i++) {
        g_free(settings->lists[i].dn);
        g_free(settings->lists[i].where);
        g_free(settings->lists[i].filter);
    }
    g_free(settings->types);
    g_free(settings->policies);
    g_free(settings->lists);
    g_free(settings->container);
    g_free(settings->admin_group);
    g_free(settings->language);
    g_free(settings->generators);
}

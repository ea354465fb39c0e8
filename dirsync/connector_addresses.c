/*
 * connector_addresses.c - what a connector's definition says about addresses
 *
 * The element <addresses>. Contract in connector.h. Read after the export, whose
 * sources may be among the places of the natives.
 */
#include "dirsync/connector.h"
#include "dirsync/definition.h"
#include "dirsync/schema.h"
#include "dirsync/xml.h"

#include <string.h>

static void check_template(const ConnectorAddresses *addresses, const xmlNode *node, GString **problems)
{
    const char *type = addresses->type, *site = addresses->site;
    size_t len = site ? strcspn(site, ":") : 0;
    if (site && !type)
        xml_problem(problems, node, "template=\"%s\" without type; add type=\"%.*s\"", site, (int)len, site);
    else if (site && (strlen(type) != len || memcmp(site, type, len) != 0))
        xml_problem(problems, node, "template=\"%s\" is not of the type %s; let it begin with %s:", site,
                    type, type);
}

static bool overlap(const char *a, const char *b)
{
    return schema_dn_within(schema_standard(), a, b) || schema_dn_within(schema_standard(), b, a);
}

/* Nobody must be looked at twice. */
static void check_natives(const Connector *connector, const GPtrArray *natives, const char *base,
                          const xmlNode *node, GString **problems)
{
    const char *home = connector->organisation ? connector->organisation->home.base : NULL;
    if (home && !schema_dn_within(schema_standard(), base, home))
        xml_problem(problems, node, "base=\"%s\" does not lie below the base of the home directory, %s", base,
                    home);
    for (guint i = 0; i < natives->len; i++)
        if (overlap(g_ptr_array_index(natives, i), base))
            xml_problem(problems, node, "the natives of %s overlap with those of %s; name each place once",
                        base, (const char *)g_ptr_array_index(natives, i));
}

/* With <natives/> the sources of the export are among the places, before or behind this one. */
static void check_exported(const Connector *connector, const xmlNode *node, GString **problems)
{
    const PassSettings *export = &connector->pass[STEP_EXPORT];
    char **natives = connector->addresses.natives;
    for (size_t i = 0; i < export->n_sources; i++)
        for (char **base = natives; *base; base++)
            if (!export->sources[i].base || overlap(export->sources[i].base, *base))
                xml_problem(problems, node,
                            "the natives of %s overlap with those of the export; name each place once",
                            *base);
}

static void read_natives(Connector *connector, const xmlNode *node, GString **problems)
{
    g_autoptr(GPtrArray) natives = g_ptr_array_new();
    for (const xmlNode *child = xml_child(node, "natives"); child; child = xml_next(child)) {
        char *base = definition_dn(child, "base", problems);
        if (base) {
            check_natives(connector, natives, base, child, problems);
            g_ptr_array_add(natives, base);
            continue;
        }
        connector->addresses.exported = true;
        if (!xml_child(node->parent, step_names[STEP_EXPORT]))
            xml_problem(problems, child,
                        "<natives> without base means those of the export, and there is no <export>; "
                        "name a base");
    }
    g_ptr_array_add(natives, NULL);
    connector->addresses.natives = (char **)g_ptr_array_steal(natives, NULL);
    if (connector->addresses.exported)
        check_exported(connector, node, problems);
}

void connector_addresses_read(Connector *connector, const xmlNode *node, GString **problems)
{
    ConnectorAddresses *addresses = &connector->addresses;
    PassSettings *step = &connector->pass[STEP_ADDRESSES];
    step->wanted = true;
    step->where = xml_where(node);
    addresses->type = xml_attribute(node, "type");
    addresses->site = definition_trimmed(node, "template");
    addresses->display_name = definition_trimmed(node, "display-name");
    addresses->server = definition_trimmed(node, "server");
    addresses->spaces = definition_texts(node, "address-space", false);
    read_natives(connector, node, problems);
    check_template(addresses, node, problems);
    if (!xml_child(node->parent, step_names[STEP_IMPORT]) && !xml_child(node, "natives"))
        xml_problem(problems, node,
                    "nobody would get addresses: there is no <import>; say with <natives> who else does");
}

void connector_addresses_clear(ConnectorAddresses *addresses)
{
    g_free(addresses->type);
    g_free(addresses->site);
    g_free(addresses->display_name);
    g_free(addresses->server);
    g_strfreev(addresses->spaces);
    g_strfreev(addresses->natives);
    *addresses = (ConnectorAddresses){0};
}

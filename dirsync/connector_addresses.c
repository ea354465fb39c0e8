/*
 * connector_addresses.c - the element <addresses> of a connector's definition
 *
 * Contract in connector.h.
 */
#include "dirsync/connector_addresses.h"

#include "dirsync/dn.h"
#include "dirsync/xml.h"
#include "proxygen/address.h"

#include <string.h>

static void add_natives(ConnectorAddresses *addresses, GPtrArray *bases, const xmlNode *node,
                        GString **problems)
{
    g_autofree char *base = xml_attribute(node, "base");
    g_autoptr(GError) error = NULL;
    g_autoptr(Dn) dn = base ? dn_parse(base, &error) : NULL;
    addresses->exported |= !base;
    if (base && !dn)
        xml_problem(problems, node, "base=\"%s\" is not a DN: %s", base, error->message);
    else if (base)
        g_ptr_array_add(bases, g_steal_pointer(&base));
}

static void check_template(const ConnectorAddresses *addresses, const xmlNode *node, GString **problems)
{
    g_autofree char *type = NULL;
    bool primary = false;
    if (addresses->site && !addresses->type)
        xml_problem(problems, node, "template= without type=: name the address type of the foreign system");
    else if (addresses->site && (!address_split(addresses->site, &type, &primary) || !primary ||
                                 g_ascii_strcasecmp(type, addresses->type) != 0))
        xml_problem(problems, node,
                    "template=\"%s\" does not begin with %s:, the type that this connector has",
                    addresses->site, addresses->type);
}

static char **end_strings(GPtrArray *strings)
{
    g_ptr_array_add(strings, NULL);
    return (char **)g_ptr_array_free(strings, FALSE);
}

void connector_read_addresses(Connector *connector, const xmlNode *node, GString **problems)
{
    ConnectorAddresses *addresses = &connector->addresses;
    GPtrArray *bases = g_ptr_array_new(), *spaces = g_ptr_array_new();
    connector->pass[STEP_ADDRESSES].wanted = true;
    addresses->type = xml_attribute(node, "type");
    addresses->site = xml_attribute(node, "template");
    addresses->display_name = xml_attribute(node, "display-name");
    addresses->server = xml_attribute(node, "server");
    for (const xmlNode *child = xml_child(node, "natives"); child; child = xml_next(child))
        add_natives(addresses, bases, child, problems);
    for (const xmlNode *child = xml_child(node, "address-space"); child; child = xml_next(child))
        g_ptr_array_add(spaces, xml_text(child));
    addresses->natives = end_strings(bases);
    addresses->spaces = end_strings(spaces);
    check_template(addresses, node, problems);
    if (addresses->exported && !connector->pass[STEP_EXPORT].wanted)
        xml_problem(problems, node,
                    "<natives/> without base= means those that are exported, and there is no <export>");
    if (!connector->pass[STEP_IMPORT].wanted && !addresses->exported && !addresses->natives[0])
        xml_problem(problems, node,
                    "nobody would get addresses: there is no <import>, and <natives> is missing");
}

void connector_clear_addresses(ConnectorAddresses *addresses)
{
    g_free(addresses->type);
    g_free(addresses->site);
    g_free(addresses->display_name);
    g_free(addresses->server);
    g_strfreev(addresses->natives);
    g_strfreev(addresses->spaces);
}

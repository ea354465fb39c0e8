/*
 * registrar_connector.c - the object that stands for a connector
 *
 * A subclass of mailGateway where there is one for the type, as setup programs made
 * them. It stands in CN=Connections below the configuration container: without routing
 * groups there is nothing between.
 */
#include "proxygen/registrar_internal.h"

#include <string.h>

#define DELIVERY_BY_GATEWAY "1" /* what stores ship; the names of the values are not published */

static const char *connector_class(const Registering *how, const char *type)
{
    static const char *const classes[][2] = {{"NOTES", "msExchNotesConnector"},
                                             {"GWISE", "msExchGroupWiseConnector"}};
    for (size_t i = 0; type && i < G_N_ELEMENTS(classes); i++)
        if (!g_ascii_strcasecmp(type, classes[i][0]) && schema_class(how->schema, classes[i][1]))
            return classes[i][1];
    return "mailGateway";
}

static void put(const Registering *how, Entry *entry, const char *name, const char *value)
{
    if (value && *value && schema_attribute(how->schema, name))
        entry_add_string(entry, name, value);
}

static void put_spaces(const Registering *how, const Connector *connector, Entry *entry)
{
    const ConnectorAddresses *addresses = &connector->addresses;
    for (char **space = addresses->spaces; space && *space; space++)
        put(how, entry, "routingList", *space);
    if (addresses->type && !(addresses->spaces && addresses->spaces[0])) {
        g_autofree char *everything = g_strdup_printf("%s:*;1", addresses->type);
        put(how, entry, "routingList", everything);
    }
}

static void put_containers(const Registering *how, const Connector *connector, Entry *entry)
{
    const PassSettings *export = &connector->pass[STEP_EXPORT];
    if (connector->pass[STEP_IMPORT].wanted)
        put(how, entry, "msExchImportContainerLinked", connector->pass[STEP_IMPORT].container);
    for (size_t i = 0; export->wanted && i < export->n_sources; i++)
        put(how, entry, "msExchExportContainersLinked",
            export->sources[i].base ? export->sources[i].base : connector->organisation->home.base);
}

/* "NOTES:&d/Acme@Exchange" leads to the domain Exchange, "GWISE:Exchange.Site.%m" too. */
static void put_foreign_domain(const Registering *how, const Connector *connector, Entry *entry)
{
    const char *site = connector->addresses.site, *type = connector->addresses.type;
    const char *at = site ? strrchr(site, '@') : NULL, *colon = site ? strchr(site, ':') : NULL;
    if (!type || !colon)
        return;
    if (!g_ascii_strcasecmp(type, "NOTES") && at)
        put(how, entry, "msExchNotesForeignDomain", at + 1);
    g_autofree char *domain = g_strndup(colon + 1, strcspn(colon + 1, "."));
    if (!g_ascii_strcasecmp(type, "GWISE"))
        put(how, entry, "msExchGWiseForeignDomain", domain);
}

Entry *registrar_wanted_connector(const Connector *connector, const Registering *how, const char *container)
{
    const ConnectorAddresses *addresses = &connector->addresses;
    g_autofree char *connections = registrar_dn(CONNECTIONS_CONTAINER, container);
    g_autofree char *dn = registrar_dn(connector->name, connections);
    g_autofree char *legacy =
        g_strdup_printf("/o=%s/ou=%s/cn=Configuration/cn=Connections/cn=%s", connector->organisation->name,
                        connector->organisation->addresses.admin_group, connector->name);
    const char *shown = addresses->display_name ? addresses->display_name : connector->name;
    Entry *entry = entry_new(dn);
    entry_add_string(entry, "objectClass", connector_class(how, addresses->type));
    entry_add_string(entry, "cn", connector->name);
    put(how, entry, "displayName", shown);
    put(how, entry, "adminDisplayName", shown);
    put(how, entry, "legacyExchangeDN", legacy);
    put(how, entry, "msExchConnectorType", addresses->type);
    put(how, entry, "computerName", addresses->server ? addresses->server : g_get_host_name());
    put(how, entry, "deliveryMechanism", DELIVERY_BY_GATEWAY);
    put(how, entry, "homeMTA", connections); /* mandatory; what stands for the agent is the container */
    put_spaces(how, connector, entry);
    put_containers(how, connector, entry);
    put_foreign_domain(how, connector, entry);
    return entry;
}

bool registrar_register_connector(const Connector *connector, Directory *home, bool dry, RegistrarTold told,
                                  void *data, GError **error)
{
    Registering how = registrar_begin(connector->organisation, home, dry, told, data);
    g_autofree char *container = registrar_container(connector->organisation, home, error);
    if (!container)
        return false;
    g_autoptr(Entry) wanted = registrar_wanted_connector(connector, &how, container);
    return registrar_put(&how, wanted, error);
}

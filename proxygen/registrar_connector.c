/*
 * registrar_connector.c - the connector as an object of the directory
 *
 * A mailGateway, of the class that Exchange has for the foreign system where it has
 * one. Where the container of the first routing group is there, the object stands in it
 * as any connector of Exchange does; on a plain LDAP server it stands in CN=Connections
 * right below the configuration container: administrative and routing groups are
 * Exchange's own affair, and four empty containers would help nobody.
 *
 * deliveryMechanism and homeMTA are mandatory, and what their values mean to
 * Exchange is not public. A new object gets 1, as message stores have (a connector's queue is
 * a mailbox in a store), and the DN of its own container, which is sure to exist
 * (Active Directory refuses a DN that does not). Both are left alone afterwards.
 */
#include "proxygen/registrar_internal.h"

#include "dirsync/dn.h"

#include <string.h>

#define BASE_CLASS "mailGateway"
#define DELIVERY_MECHANISM "1"
#define ADMIN_GROUP "First Administrative Group"

/* What Exchange knows of a foreign system. */
typedef struct {
    const char *type, *class_name;
    const char *domain_attribute; /* of the name that our organisation has over there */
    char separator;               /* between that name and the rest of an address */
    bool domain_last;             /* it stands behind the last separator; else in front of the first */
} ForeignSystem;

static const ForeignSystem foreign_systems[] = {
    {"NOTES", "msExchNotesConnector", "msExchNotesForeignDomain", '@', true},
    {"GWISE", "msExchGroupWiseConnector", "msExchGWiseForeignDomain", '.', false},
};

static const ForeignSystem *foreign_system(const char *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(foreign_systems); i++)
        if (!g_ascii_strcasecmp(foreign_systems[i].type, type))
            return &foreign_systems[i];
    return NULL;
}

/* The domain that a template such as "NOTES:&d/Acme@Exchange" gives to everybody; NULL: none, or one that is
 * made of the recipient. g_free(). */
static char *domain_of_template(const ForeignSystem *system, const char *site)
{
    const char *text = site ? strchr(site, ':') : NULL;
    const char *at = NULL;
    if (text)
        at = system->domain_last ? strrchr(text, system->separator) : strchr(text, system->separator);
    if (!at)
        return NULL;
    g_autofree char *domain =
        system->domain_last ? g_strdup(at + 1) : g_strndup(text + 1, (size_t)(at - text - 1));
    g_strstrip(domain);
    return *domain && !strpbrk(domain, "%&{}") ? g_steal_pointer(&domain) : NULL;
}

static const char *admin_group(const Organisation *organisation)
{
    return organisation->addresses.admin_group ? organisation->addresses.admin_group : ADMIN_GROUP;
}

/* NULL with an error. */
static char *connections_place(const Registrar *registrar, GError **error)
{
    static const char *const plain[] = {"Connections", NULL};
    const char *const exchange[] = {"Administrative Groups", admin_group(registrar->organisation),
                                    "Routing Groups",        "First Routing Group",
                                    "Connections",           NULL};
    GError *why = NULL;
    g_autofree char *full = registrar_place(registrar, exchange);
    g_autoptr(Entry) there = registrar_look(registrar, full, &why);
    if (why) {
        g_propagate_error(error, why);
        return NULL;
    }
    return there ? g_steal_pointer(&full) : registrar_place(registrar, plain);
}

/* A link to what is not there is refused by Active Directory, so it waits until it is. */
static bool add_link(const Registrar *registrar, Entry *entry, const char *name, const char *dn,
                     GError **error)
{
    GError *why = NULL;
    g_autoptr(Entry) there = dn && *dn ? registrar_look(registrar, dn, &why) : NULL;
    if (why)
        g_propagate_error(error, why);
    else if (there)
        entry_add_string(entry, name, dn);
    else if (dn && *dn)
        registrar_tell(registrar, REGISTRAR_MISSING, dn);
    return !why;
}

static bool add_links(const Registrar *registrar, const Connector *connector, Entry *entry, GError **error)
{
    const PassSettings *import = &connector->pass[STEP_IMPORT], *export = &connector->pass[STEP_EXPORT];
    bool good = true;
    entry_add_empty(entry, "msExchImportContainerLinked");
    entry_add_empty(entry, "msExchExportContainersLinked");
    if (import->wanted)
        good = add_link(registrar, entry, "msExchImportContainerLinked", import->container, error);
    for (size_t i = 0; good && export->wanted && i < export->n_sources; i++) {
        const char *base = export->sources[i].base;
        good = add_link(registrar, entry, "msExchExportContainersLinked",
                        base ? base : connector->organisation->home.base, error);
    }
    return good;
}

static void add_addressing(const Connector *connector, const ForeignSystem *system, Entry *entry)
{
    const ConnectorAddresses *addresses = &connector->addresses;
    g_autofree char *everything = g_strconcat(addresses->type, ":*;1", NULL);
    g_autofree char *domain = system ? domain_of_template(system, addresses->site) : NULL;
    entry_add_string(entry, "msExchConnectorType", addresses->type);
    for (char **space = addresses->spaces; space && *space; space++)
        entry_add_string(entry, "routingList", *space);
    if (!addresses->spaces || !*addresses->spaces)
        entry_add_string(entry, "routingList", everything);
    if (domain)
        entry_add_string(entry, system->domain_attribute, domain);
}

static void add_identity(const Connector *connector, Entry *entry, const char *place)
{
    const ConnectorAddresses *addresses = &connector->addresses;
    const char *title = addresses->display_name ? addresses->display_name : connector->name;
    g_autofree char *legacy =
        g_strdup_printf("/o=%s/ou=%s/cn=Configuration/cn=Connections/cn=%s", connector->organisation->name,
                        admin_group(connector->organisation), connector->name);
    entry_add_string(entry, "displayName", title);
    entry_add_string(entry, "adminDisplayName", title);
    entry_add_string(entry, "legacyExchangeDN", legacy);
    entry_add_string(entry, "computerName", addresses->server ? addresses->server : g_get_host_name());
    entry_add_string(entry, "deliveryMechanism", DELIVERY_MECHANISM);
    entry_add_string(entry, "homeMTA", place);
}

/* Without a server in the definition whichever host registers first is it, and no other host takes it. */
const char *const *registrar_connector_given(const Connector *connector)
{
    static const char *const given[] = {"deliveryMechanism", "homeMTA", "computerName", NULL};
    static const char *const with_server[] = {"deliveryMechanism", "homeMTA", NULL};
    return connector->addresses.server ? with_server : given;
}

Entry *registrar_wanted_connector(const Registrar *registrar, const Connector *connector,
                                  const char **class_name, GError **error)
{
    const char *type = connector->addresses.type;
    if (!type) {
        error_set(error, ERROR_DEFINITION,
                  "%s: the connector has no address type of its own, so it has no object; say which with "
                  "<addresses type=\"…\">",
                  connector->path);
        return NULL;
    }
    const ForeignSystem *system = foreign_system(type);
    *class_name = system ? system->class_name : BASE_CLASS;
    g_autofree char *place = connections_place(registrar, error);
    g_autoptr(Entry) entry =
        place ? registrar_describe(registrar, *class_name, connector->name, place, error) : NULL;
    if (!entry)
        return NULL;
    add_identity(connector, entry, place);
    add_addressing(connector, system, entry);
    return add_links(registrar, connector, entry, error) ? g_steal_pointer(&entry) : NULL;
}

bool registrar_register_connector(const Connector *connector, Directory *home, bool dry, RegistrarTold told,
                                  void *data, GError **error)
{
    g_auto(Registrar) registrar = {0};
    if (!registrar_open(&registrar, connector->organisation, home, error))
        return false;
    registrar.dry = dry;
    registrar.told = told;
    registrar.data = data;
    RegistrarObject object = {.given = registrar_connector_given(connector)};
    g_autoptr(Entry) wanted = registrar_wanted_connector(&registrar, connector, &object.class_name, error);
    object.wanted = wanted;
    return wanted && registrar_publish(&registrar, &object, error);
}

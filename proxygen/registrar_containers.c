/*
 * registrar_containers.c - the containers that objects of the configuration lie in
 *
 * A missing container is made, with the class and the attributes that Exchange
 * gives it where the schema knows them, else as a plain container.
 */
#include "proxygen/registrar_internal.h"

#include "dirsync/dn.h"

#include <string.h>

static void add_class(Entry *entry, const ObjectClass *class)
{
    for (const ObjectClass *const *superior = class->superiors; superior && *superior; superior++)
        add_class(entry, *superior);
    entry_add_string(entry, "objectClass", class->name);
}

Entry *registrar_describe(const Registrar *registrar, const char *class_name, const char *name,
                          const char *parent, GError **error)
{
    const ObjectClass *class = schema_class(registrar->schema, class_name);
    g_autofree char *dn = dn_build("CN", name, strlen(name), parent);
    if (!class) {
        error_set(error, ERROR_DEFINITION, "%s: class %s is not in the schema of the home directory; %s", dn,
                  class_name, REGISTRAR_SCHEMA_REMEDY);
        return NULL;
    }
    Entry *entry = entry_new(dn);
    add_class(entry, class);
    entry_add_string(entry, "cn", name);
    return entry;
}

/* Those that Exchange gives a class or attributes of their own. */
static const struct {
    const char *name, *class_name, *info, *title;
} known_containers[] = {
    {"Addressing", "msExchContainer", "16", NULL},
    {"Address-Types", "msExchContainer", "128", "E-Mail Address Generators"},
    {"Connections", "msExchConnectors", NULL, NULL},
    {NULL, "msExchContainer", NULL, NULL},
};

static Entry *describe_container(const Registrar *registrar, const char *name, const char *parent,
                                 GError **error)
{
    size_t i = 0;
    while (known_containers[i].name && g_ascii_strcasecmp(known_containers[i].name, name) != 0)
        i++;
    const char *class_name = known_containers[i].class_name;
    bool known = schema_class(registrar->schema, class_name) != NULL;
    Entry *entry = registrar_describe(registrar, known ? class_name : "container", name, parent, error);
    if (entry && known && known_containers[i].info)
        entry_add_string(entry, "containerInfo", known_containers[i].info);
    if (entry && known_containers[i].title)
        entry_add_string(entry, "adminDisplayName", known_containers[i].title);
    return entry;
}

/* The configuration container and what is above it are made only where the definition names it: in a forest
 * they are Exchange's, which would not install over what we made. Suffixes are made by nobody but people. */
static bool may_be_made(const Registrar *registrar, const char *dn)
{
    const char *base = registrar->organisation->home.base;
    bool ours = registrar->organisation->addresses.container != NULL;
    if (schema_dn_within(registrar->schema, registrar->container, dn))
        return ours && base && schema_dn_within(registrar->schema, dn, base) &&
               !schema_dn_equal(registrar->schema, dn, base);
    return true;
}

/* Value of an RDN "CN=..."; NULL: another one. Borrowed. */
static const char *container_name(const Dn *dn)
{
    bool single = dn && dn->n_rdns > 1 && dn->rdns[0].n_avas == 1 && !dn->rdns[0].avas[0].is_ber;
    return single && !g_ascii_strcasecmp(dn->rdns[0].avas[0].type, "cn") ? dn->rdns[0].avas[0].value : NULL;
}

bool registrar_make_container(const Registrar *registrar, const char *dn, GError **error)
{
    GError *why = NULL;
    g_autoptr(Entry) there = registrar_look(registrar, dn, &why);
    if (why)
        g_propagate_error(error, why);
    if (there || why)
        return there != NULL;
    g_autoptr(Dn) parts = dn_parse(dn, NULL);
    const char *name = container_name(parts);
    if (!name || !may_be_made(registrar, dn)) {
        error_set(error, ERROR_DEFINITION,
                  "%s: the container is not there; make it by hand, or name another place with "
                  "<configuration dn=\"…\"/> in %s",
                  dn, registrar->organisation->path);
        return false;
    }
    g_autofree char *parent = dn_format(parts, 1);
    if (!registrar_make_container(registrar, parent, error))
        return false;
    g_autoptr(Entry) entry = describe_container(registrar, name, parent, error);
    if (!entry)
        return false;
    entry_set_dn(entry, dn); /* as the definition spells it */
    return registrar_add(registrar, entry, error);
}

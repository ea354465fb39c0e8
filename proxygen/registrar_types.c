/*
 * registrar_types.c - address types as addrType objects
 *
 * An object says which file makes the addresses of a type on one kind of processor,
 * and which version of it is the oldest that may (KB 158336). A host never lowers
 * that version: it would put an old generator to work again on every other host.
 */
#include "proxygen/registrar_internal.h"

#include "dirsync/dn.h"
#include "proxygen/address.h"
#include "proxygen/generator.h"

#include <string.h>

#define CLASS "addrType"
#define MOST_TYPES 1000

char *registrar_types_place(const Registrar *registrar)
{
    static const char *const path[] = {"Addressing", "Address-Types", NULL};
    return registrar_place(registrar, path);
}

char *registrar_type_dn(const Registrar *registrar, const char *type)
{
    g_autofree char *place = registrar_types_place(registrar);
    g_autofree char *name = g_strconcat(type, ":", registrar_cpu(), NULL);
    return dn_build("CN", name, strlen(name), place);
}

/* --- what is registered --- */

static void registered_free(void *data)
{
    RegisteredType *type = data;
    g_free(type->type);
    g_free(type->cpu);
    g_free(type->dn);
    g_free(type->generator);
    g_free(type->display_name);
    g_free(type);
}

static RegisteredType *registered_new(const Schema *schema, const Entry *entry)
{
    const char *name = schema_find_string(schema, entry, "cn");
    const Attribute *version = schema_find(schema, entry, "fileVersion");
    g_auto(GStrv) parts = g_strsplit(name ? name : "", ":", 2);
    bool whole = parts[0] && parts[1];
    RegisteredType *type = g_new0(RegisteredType, 1);
    *type = (RegisteredType){.type = g_ascii_strup(parts[0] ? parts[0] : "", -1),
                             .cpu = g_strdup(whole ? parts[1] : ""),
                             .dn = g_strdup(entry_dn(entry)),
                             .generator = g_strdup(schema_find_string(schema, entry, "proxyGeneratorDLL")),
                             .display_name = g_strdup(schema_find_string(schema, entry, "displayName"))};
    type->has_version = version && generator_version_from_bytes(version->values[0].data,
                                                                version->values[0].len, &type->version);
    return type;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const RegisteredType *one = *(RegisteredType *const *)a, *other = *(RegisteredType *const *)b;
    int order = strcmp(one->type, other->type);
    return order ? order : strcmp(one->cpu, other->cpu);
}

GPtrArray *registrar_list(const Organisation *organisation, Directory *home, GError **error)
{
    g_auto(Registrar) registrar = {0};
    if (!registrar_open(&registrar, organisation, home, error))
        return NULL;
    g_autofree char *place = registrar_types_place(&registrar);
    ReadRequest request = {.base = place, .scope = SEARCH_ONE, .filter = "(objectClass=" CLASS ")"};
    g_autoptr(GPtrArray) found = directory_search(home, &request, MOST_TYPES, error);
    if (!found)
        return NULL;
    GPtrArray *types = g_ptr_array_new_with_free_func(registered_free);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add(types, registered_new(registrar.schema, g_ptr_array_index(found, i)));
    g_ptr_array_sort(types, by_name);
    return types;
}

const RegisteredType *registrar_find(const GPtrArray *types, const char *type)
{
    for (guint i = 0; i < types->len; i++) {
        const RegisteredType *one = g_ptr_array_index(types, i);
        if (!g_ascii_strcasecmp(one->type, type) && !g_ascii_strcasecmp(one->cpu, registrar_cpu()))
            return one;
    }
    return NULL;
}

bool registrar_is_older(const RegisteredType *registered, const char *file, ProxygenVersion version)
{
    return registered && registered->has_version && !g_strcmp0(registered->generator, file) &&
           generator_version_compare(version, registered->version) < 0;
}

/* --- what the definition says --- */

static const AddressTypeSettings *defined_type(const Organisation *organisation, const char *type)
{
    for (size_t i = 0; i < organisation->addresses.n_types; i++)
        if (!g_ascii_strcasecmp(organisation->addresses.types[i].type, type))
            return &organisation->addresses.types[i];
    return NULL;
}

bool registrar_generator(const Organisation *organisation, const char *type, const char **file,
                         const char **display_name, const char *const **settings, GError **error)
{
    static const char *const none[] = {NULL};
    const AddressTypeSettings *defined = defined_type(organisation, type);
    const AddressType *known = address_type(type);
    *file = defined && defined->generator ? defined->generator : known ? known->generator : NULL;
    *display_name = defined && defined->display_name ? defined->display_name
                    : known                          ? known->display_name
                                                     : type;
    *settings = defined && defined->settings ? (const char *const *)defined->settings : none;
    if (!*file)
        error_set(error, ERROR_DEFINITION,
                  "%s: no generator makes addresses of the type %s; add <address-type type=\"%s\" "
                  "generator=\"…\"/>",
                  organisation->path, type, type);
    return *file != NULL;
}

bool registrar_file(const Organisation *organisation, const char *type, RegistrarFile *file, GError **error)
{
    const char *const *settings;
    const char *folder = generator_folder(organisation->addresses.generators);
    return registrar_generator(organisation, type, &file->name, &file->display_name, &settings, error) &&
           generator_probe(folder, file->name, &file->version, error);
}

Entry *registrar_wanted_type(const Registrar *registrar, const char *type, const RegistrarFile *file,
                             GError **error)
{
    uint8_t bytes[8];
    g_autofree char *name = g_strconcat(type, ":", registrar_cpu(), NULL);
    g_autofree char *place = registrar_types_place(registrar);
    Entry *entry = registrar_describe(registrar, CLASS, name, place, error);
    if (!entry)
        return NULL;
    generator_version_to_bytes(file->version, bytes);
    entry_add_string(entry, "proxyGeneratorDLL", file->name);
    entry_add(entry, "fileVersion", bytes, sizeof bytes);
    entry_add_string(entry, "displayName", file->display_name);
    return entry;
}

/* --- registering --- */

static bool refuse_older(const RegisteredType *there, const RegistrarFile *file, GError **error)
{
    if (!registrar_is_older(there, file->name, file->version))
        return true;
    g_autofree char *registered = generator_version_text(there->version);
    g_autofree char *here = generator_version_text(file->version);
    error_set(error, ERROR_DEFINITION,
              "%s: %s is registered with version %s, and the file here is %s; install the newer one, or "
              "unregister the type first to go back",
              there->dn, file->name, registered, here);
    return false;
}

bool registrar_register(const Organisation *organisation, Directory *home, const char *type, bool dry,
                        RegistrarTold told, void *data, GError **error)
{
    g_auto(Registrar) registrar = {0};
    RegistrarFile file;
    g_autofree char *upper = g_ascii_strup(type, -1);
    if (!registrar_open(&registrar, organisation, home, error) ||
        !registrar_file(organisation, upper, &file, error))
        return false;
    registrar.dry = dry;
    registrar.told = told;
    registrar.data = data;
    g_autoptr(GPtrArray) types = registrar_list(organisation, home, error);
    g_autoptr(Entry) wanted = types ? registrar_wanted_type(&registrar, upper, &file, error) : NULL;
    RegistrarObject object = {.wanted = wanted, .class_name = CLASS};
    return wanted && refuse_older(registrar_find(types, upper), &file, error) &&
           registrar_publish(&registrar, &object, error);
}

bool registrar_unregister(const Organisation *organisation, Directory *home, const char *type, bool dry,
                          RegistrarTold told, void *data, GError **error)
{
    g_auto(Registrar) registrar = {0};
    if (!registrar_open(&registrar, organisation, home, error))
        return false;
    registrar.dry = dry;
    registrar.told = told;
    registrar.data = data;
    g_autoptr(GPtrArray) types = registrar_list(organisation, home, error);
    const RegisteredType *there = types ? registrar_find(types, type) : NULL;
    if (types && !there)
        error_set(error, ERROR_NOT_FOUND,
                  "%s: is not registered for %s in %s; dirsync addrtype list shows "
                  "what is",
                  type, registrar_cpu(), registrar.container);
    g_autofree char *dn = there ? registrar_type_dn(&registrar, there->type) : NULL;
    return there && registrar_remove(&registrar, dn, error);
}

/*
 * registrar.c - address types as addrType objects; see registrar.h
 */
#include "proxygen/registrar_internal.h"

#include "proxygen/address.h"
#include "proxygen/generator.h"

#include <string.h>

#define TYPES_MAX 1000

/* The architecture that a file is for; the last part of an addrType's name. */
const char *registrar_cpu(void)
{
#if defined(__x86_64__)
    return "x86_64";
#elif defined(__aarch64__)
    return "aarch64";
#elif defined(__i386__)
    return "i386";
#elif defined(__riscv) && __riscv_xlen == 64
    return "riscv64";
#elif defined(__powerpc64__)
    return "ppc64";
#elif defined(__s390x__)
    return "s390x";
#else
    return "other";
#endif
}

/* --- where --- */

static char *configuration_partition(Directory *home)
{
    ReadRequest request = {.base = "",
                           .scope = SEARCH_BASE,
                           .attributes = (const char *const[]){"configurationNamingContext", NULL}};
    g_autoptr(GPtrArray) found = directory_search(home, &request, 1, NULL);
    if (!found || !found->len)
        return NULL;
    return g_strdup(schema_find_string(directory_describe(home)->schema, g_ptr_array_index(found, 0),
                                       "configurationNamingContext"));
}

char *registrar_container(const Organisation *organisation, Directory *home, GError **error)
{
    if (organisation->addresses.container)
        return g_strdup(organisation->addresses.container);
    g_autofree char *partition = configuration_partition(home);
    if (!partition) {
        error_set(
            error, ERROR_DEFINITION,
            "%s: the directory has no configuration partition; say with <configuration dn=\"...\"/> where "
            "address types, policies and address lists stand",
            organisation->path);
        return NULL;
    }
    g_autofree char *services = registrar_dn("Services", partition);
    g_autofree char *exchange = registrar_dn("Microsoft Exchange", services);
    return registrar_dn(organisation->name, exchange);
}

static char *types_container(const char *container)
{
    g_autofree char *addressing = registrar_dn(ADDRESSING_CONTAINER, container);
    return registrar_dn(TYPES_CONTAINER, addressing);
}

static char *type_dn(const char *container, const char *type)
{
    g_autofree char *types = types_container(container);
    g_autofree char *name = g_strdup_printf("%s:%s", type, registrar_cpu());
    return registrar_dn(name, types);
}

/* --- list --- */

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

static RegisteredType *read_registered(const Schema *schema, const Entry *object)
{
    const char *name = schema_find_string(schema, object, "cn");
    const char *colon = name ? strchr(name, ':') : NULL;
    const Attribute *version = schema_find(schema, object, "fileVersion");
    RegisteredType *type = g_new0(RegisteredType, 1);
    type->type = colon ? g_ascii_strup(name, colon - name) : g_strdup(name ? name : "");
    type->cpu = g_strdup(colon ? colon + 1 : "");
    type->dn = g_strdup(entry_dn(object));
    type->generator = g_strdup(schema_find_string(schema, object, "proxyGeneratorDLL"));
    type->display_name = g_strdup(schema_find_string(schema, object, "displayName"));
    type->has_version = version && generator_version_from_bytes(version->values[0].data,
                                                                version->values[0].len, &type->version);
    return type;
}

static gint by_type(gconstpointer a, gconstpointer b)
{
    const RegisteredType *x = *(const RegisteredType *const *)a, *y = *(const RegisteredType *const *)b;
    int order = strcmp(x->type, y->type);
    return order ? order : strcmp(x->cpu, y->cpu);
}

GPtrArray *registrar_list(const Organisation *organisation, Directory *home, GError **error)
{
    g_autofree char *container = registrar_container(organisation, home, error);
    g_autofree char *types = container ? types_container(container) : NULL;
    ReadRequest request = {.base = types, .scope = SEARCH_ONE, .filter = "(objectClass=addrType)"};
    g_autoptr(GPtrArray) found = types ? directory_search(home, &request, TYPES_MAX, error) : NULL;
    if (!found)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(registered_free);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add(list, read_registered(directory_describe(home)->schema, g_ptr_array_index(found, i)));
    g_ptr_array_sort(list, by_type);
    return list;
}

const RegisteredType *registrar_find(const GPtrArray *types, const char *type)
{
    for (guint i = 0; i < types->len; i++) {
        const RegisteredType *known = g_ptr_array_index(types, i);
        if (!g_ascii_strcasecmp(known->type, type) && !strcmp(known->cpu, registrar_cpu()))
            return known;
    }
    return NULL;
}

/* --- what should be there --- */

bool registrar_generator(const Organisation *organisation, const char *type, const char **file,
                         const char **display_name, const char *const **settings, GError **error)
{
    static const char *const none[] = {NULL};
    const AddressType *known = address_type(type);
    const AddressTypeSettings *defined = NULL;
    for (size_t i = 0; i < organisation->addresses.n_types && !defined; i++)
        if (!g_ascii_strcasecmp(organisation->addresses.types[i].type, type))
            defined = &organisation->addresses.types[i];
    *file = defined && defined->generator ? defined->generator : known ? known->generator : NULL;
    *display_name = defined && defined->display_name ? defined->display_name
                    : known                          ? known->display_name
                                                     : type;
    *settings = defined ? (const char *const *)defined->settings : none;
    if (!*file)
        error_set(error, ERROR_DEFINITION,
                  "address type %s: no generator ships for it; say <address-type type=\"%s\" "
                  "generator=\"…\"/> in %s",
                  type, type, organisation->path);
    return *file != NULL;
}

Entry *registrar_wanted_type(const Organisation *organisation, const char *container, const char *type,
                             GError **error)
{
    const char *file, *display_name;
    const char *const *settings;
    ProxygenVersion version;
    uint8_t bytes[8];
    if (!registrar_generator(organisation, type, &file, &display_name, &settings, error) ||
        !generator_probe(generator_folder(organisation->addresses.generators), file, &version, error))
        return NULL;
    g_autofree char *upper = g_ascii_strup(type, -1);
    g_autofree char *dn = type_dn(container, upper);
    g_autofree char *name = g_strdup_printf("%s:%s", upper, registrar_cpu());
    Entry *entry = entry_new(dn);
    generator_version_to_bytes(version, bytes);
    entry_add_string(entry, "objectClass", "addrType");
    entry_add_string(entry, "cn", name);
    entry_add_string(entry, "proxyGeneratorDLL", file);
    entry_add(entry, "fileVersion", bytes, sizeof bytes);
    entry_add_string(entry, "displayName", display_name);
    return entry;
}

/* --- register and unregister --- */

bool registrar_register(const Organisation *organisation, Directory *home, const char *type, bool dry,
                        RegistrarTold told, void *data, GError **error)
{
    Registering how = registrar_begin(organisation, home, dry, told, data);
    g_autofree char *container = registrar_container(organisation, home, error);
    g_autoptr(Entry) wanted = container ? registrar_wanted_type(organisation, container, type, error) : NULL;
    return wanted && registrar_put(&how, wanted, error);
}

bool registrar_unregister(const Organisation *organisation, Directory *home, const char *type, bool dry,
                          RegistrarTold told, void *data, GError **error)
{
    Registering how = registrar_begin(organisation, home, dry, told, data);
    g_autoptr(GPtrArray) types = registrar_list(organisation, home, error);
    const RegisteredType *known = types ? registrar_find(types, type) : NULL;
    if (types && !known)
        error_set(error, ERROR_NOT_FOUND,
                  "address type %s: not registered for %s; dirsync addrtype list shows what is", type,
                  registrar_cpu());
    return known && registrar_delete(&how, known->dn, error);
}

/* --- differences --- */

static void note(GPtrArray *differences, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void note(GPtrArray *differences, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(differences, g_strdup_vprintf(format, args));
    va_end(args);
}

static void compare_type(const Connector *connector, const Registering *how, const char *container,
                         const GPtrArray *types, const char *type, GPtrArray *differences)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Entry) wanted = registrar_wanted_type(connector->organisation, container, type, &error);
    const RegisteredType *registered = registrar_find(types, type);
    g_autoptr(Entry) there = NULL;
    ProxygenVersion version;
    if (!wanted) {
        note(differences, "%s", error->message);
        return;
    }
    if (!registered) {
        note(differences, "address type %s is not registered for %s: dirsync addrtype register %s %s", type,
             registrar_cpu(), connector->name, type);
        return;
    }
    const Attribute *own = entry_attribute(wanted, (size_t)entry_index(wanted, "fileVersion"));
    generator_version_from_bytes(own->values[0].data, own->values[0].len, &version);
    if (registered->has_version && generator_version_compare(version, registered->version) < 0) {
        g_autofree char *here = generator_version_text(version);
        g_autofree char *newer = generator_version_text(registered->version);
        note(differences,
             "address type %s: version %s is registered, and the file here has %s: no address of it is given "
             "from this host; install the newer one",
             type, newer, here);
    } else if (registrar_look(how, registered->dn, &there, NULL) && there) {
        g_autofree char *names = registrar_difference(how, there, wanted);
        if (names)
            note(differences, "%s: %s not as defined: dirsync addrtype register %s %s", registered->dn, names,
                 connector->name, type);
    }
}

static bool compare_connector(const Connector *connector, const Registering *how, const char *container,
                              GPtrArray *differences, GError **error)
{
    g_autoptr(Entry) wanted = registrar_wanted_connector(connector, how, container);
    g_autoptr(Entry) there = NULL;
    if (!registrar_look(how, entry_dn(wanted), &there, error))
        return false;
    g_autofree char *names = there ? registrar_difference(how, there, wanted) : NULL;
    if (!there)
        note(differences, "%s: the connector has no object: dirsync addrtype register %s", entry_dn(wanted),
             connector->name);
    else if (names)
        note(differences, "%s: %s not as defined: dirsync addrtype register %s", entry_dn(there), names,
             connector->name);
    return true;
}

/* Those that the definition names, each once. */
static GPtrArray *defined_types(const Connector *connector)
{
    GPtrArray *types = g_ptr_array_new();
    const Organisation *organisation = connector->organisation;
    for (size_t i = 0; i < organisation->addresses.n_types; i++)
        g_ptr_array_add(types, organisation->addresses.types[i].type);
    if (connector->addresses.type &&
        !g_ptr_array_find_with_equal_func(types, connector->addresses.type, g_str_equal, NULL))
        g_ptr_array_add(types, connector->addresses.type);
    return types;
}

static void compare_registered(const Connector *connector, const GPtrArray *types, GPtrArray *differences)
{
    for (guint i = 0; i < types->len; i++) {
        const RegisteredType *type = g_ptr_array_index(types, i);
        const char *file, *display_name;
        const char *const *settings;
        if (!registrar_generator(connector->organisation, type->type, &file, &display_name, &settings, NULL))
            note(differences,
                 "%s: registered, and nothing defines the type: dirsync addrtype unregister %s %s", type->dn,
                 connector->name, type->type);
    }
}

GPtrArray *registrar_differences(const Connector *connector, Directory *home, GError **error)
{
    Registering how = registrar_begin(connector->organisation, home, true, NULL, NULL);
    g_autofree char *container = registrar_container(connector->organisation, home, error);
    g_autoptr(GPtrArray) types = container ? registrar_list(connector->organisation, home, error) : NULL;
    if (!types)
        return NULL;
    g_autoptr(GPtrArray) differences = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) defined = defined_types(connector);
    for (guint i = 0; i < defined->len; i++)
        compare_type(connector, &how, container, types, g_ptr_array_index(defined, i), differences);
    compare_registered(connector, types, differences);
    return compare_connector(connector, &how, container, differences, error) ? g_steal_pointer(&differences)
                                                                             : NULL;
}

/*
 * registrar_differences.c - what the directory says otherwise than the definition
 *
 * Of the types that are used: the connector's, those of the policies, those that
 * the definition describes. What else is registered is looked at only when nobody
 * could make its addresses. Reads only.
 */
#include "proxygen/registrar_internal.h"

#include "proxygen/generator.h"

#include <string.h>

static void difference_free(void *data)
{
    RegistrarDifference *difference = data;
    g_free(difference->type);
    g_free(difference->what);
    g_free(difference->remedy);
    g_free(difference);
}

/* --- types that are used --- */

static void add_type(GPtrArray *types, const char *type)
{
    g_autofree char *upper = g_ascii_strup(type, -1);
    if (!g_ptr_array_find_with_equal_func(types, upper, g_str_equal, NULL))
        g_ptr_array_add(types, g_steal_pointer(&upper));
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *registrar_types_used(const Connector *connector, const Policies *policies)
{
    const AddressSettings *settings = &connector->organisation->addresses;
    GPtrArray *types = g_ptr_array_new_with_free_func(g_free);
    if (connector->addresses.type)
        add_type(types, connector->addresses.type);
    for (size_t i = 0; i < settings->n_types; i++)
        add_type(types, settings->types[i].type);
    for (size_t i = 0; policies && i < policies_count(policies); i++) {
        const Policy *policy = policies_at(policies, i);
        for (size_t j = 0; j < policy->n_templates; j++)
            add_type(types, policy->templates[j].type);
    }
    g_ptr_array_sort(types, by_text);
    return types;
}

/* --- comparing --- */

typedef struct {
    const Registrar *registrar;
    const Connector *connector;
    GPtrArray *found;
} Comparison;

static char *register_again(const Comparison *comparison, const char *type)
{
    return g_strdup_printf("dirsync addrtype register %s%s%s", comparison->connector->name, type ? " " : "",
                           type ? type : "");
}

static void report(const Comparison *comparison, const char *type, bool stops, char *remedy,
                   const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Takes over @remedy. */
static void report(const Comparison *comparison, const char *type, bool stops, char *remedy,
                   const char *format, ...)
{
    RegistrarDifference *difference = g_new0(RegistrarDifference, 1);
    va_list args;
    va_start(args, format);
    difference->what = g_strdup_vprintf(format, args);
    va_end(args);
    difference->type = g_strdup(type);
    difference->stops = stops;
    difference->remedy = remedy;
    g_ptr_array_add(comparison->found, difference);
}

/* "fileVersion, displayName" */
static char *names_of(const Change *change)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < change->n_modifications; i++) {
        const char *name = change->modifications[i].name;
        bool again = i && !g_ascii_strcasecmp(name, change->modifications[i - 1].name);
        if (!again)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
    }
    return g_string_free(names, FALSE);
}

static void compare_object(const Comparison *comparison, const char *type, const RegistrarObject *object,
                           const Entry *current)
{
    g_autoptr(GError) why = NULL;
    if (!registrar_fits(comparison->registrar, object, current, &why)) {
        report(comparison, type, false, NULL, "%s", why->message);
        return;
    }
    g_autoptr(Change) change = registrar_difference(comparison->registrar, object, current);
    g_autofree char *names = change ? names_of(change) : NULL;
    if (names)
        report(comparison, type, false, register_again(comparison, type),
               "%s: not as the definition says: %s", entry_dn(object->wanted), names);
}

/* An older file than was registered somewhere must not make addresses. */
static void report_older(const Comparison *comparison, const RegisteredType *there, const RegistrarFile *file)
{
    g_autofree char *registered = generator_version_text(there->version);
    g_autofree char *here = generator_version_text(file->version);
    report(comparison, there->type, true,
           g_strdup_printf("install version %s or later of %s on this host", registered, file->name),
           "%s: %s is registered with version %s, and the file here is %s: it makes no addresses",
           there->type, file->name, registered, here);
}

static bool compare_registered(const Comparison *comparison, const RegisteredType *there,
                               const RegistrarFile *file, GError **error)
{
    GError *why = NULL;
    RegistrarObject object = {.class_name = "addrType"};
    g_autoptr(Entry) current = registrar_look(comparison->registrar, there->dn, &why);
    g_autoptr(Entry) wanted =
        current ? registrar_wanted_type(comparison->registrar, there->type, file, &why) : NULL;
    object.wanted = wanted;
    if (wanted)
        compare_object(comparison, there->type, &object, current);
    if (why)
        g_propagate_error(error, why);
    return !why;
}

static bool compare_type(const Comparison *comparison, const GPtrArray *registered, const char *type,
                         GError **error)
{
    RegistrarFile file;
    g_autoptr(GError) why = NULL;
    const RegisteredType *there = registrar_find(registered, type);
    if (!registrar_file(comparison->registrar->organisation, type, &file, &why))
        report(comparison, type, true, NULL, "%s: no addresses can be made: %s", type, why->message);
    else if (!there)
        report(comparison, type, false, register_again(comparison, type), "%s: not registered for %s", type,
               registrar_cpu());
    else if (registrar_is_older(there, file.name, file.version))
        report_older(comparison, there, &file);
    else
        return compare_registered(comparison, there, &file, error);
    return true;
}

/* Registered for this cpu, used by nobody that we know of, and nothing could make it. */
static void report_orphans(const Comparison *comparison, const GPtrArray *registered, const GPtrArray *used)
{
    for (guint i = 0; i < registered->len; i++) {
        const RegisteredType *there = g_ptr_array_index(registered, i);
        const char *file, *display_name, *const *settings;
        bool other = g_ascii_strcasecmp(there->cpu, registrar_cpu()) != 0;
        if (other || g_ptr_array_find_with_equal_func((GPtrArray *)used, there->type, g_str_equal, NULL) ||
            registrar_generator(comparison->registrar->organisation, there->type, &file, &display_name,
                                &settings, NULL))
            continue;
        report(comparison, there->type, false,
               g_strdup_printf("add <address-type type=\"%s\" generator=\"%s\"/> to the organisation, or "
                               "dirsync addrtype unregister %s %s",
                               there->type, there->generator ? there->generator : "…",
                               comparison->connector->name, there->type),
               "%s: registered, and nothing says how its addresses are made", there->type);
    }
}

static bool compare_connector(const Comparison *comparison, GError **error)
{
    const Connector *connector = comparison->connector;
    if (!connector->addresses.type)
        return true;
    GError *why = NULL;
    RegistrarObject object = {.given = registrar_connector_given(connector)};
    g_autoptr(Entry) wanted =
        registrar_wanted_connector(comparison->registrar, connector, &object.class_name, &why);
    object.wanted = wanted;
    g_autoptr(Entry) current = wanted ? registrar_look(comparison->registrar, entry_dn(wanted), &why) : NULL;
    if (why)
        g_propagate_error(error, why);
    else if (current)
        compare_object(comparison, NULL, &object, current);
    else
        report(comparison, NULL, false, register_again(comparison, NULL),
               "%s: the connector's object is not there", entry_dn(wanted));
    return !why;
}

GPtrArray *registrar_differences(const Connector *connector, const Policies *policies, Directory *home,
                                 GError **error)
{
    g_auto(Registrar) registrar = {0};
    if (!registrar_open(&registrar, connector->organisation, home, error))
        return NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(difference_free);
    g_autoptr(GPtrArray) used = registrar_types_used(connector, policies);
    g_autoptr(GPtrArray) registered = registrar_list(connector->organisation, home, error);
    Comparison comparison = {.registrar = &registrar, .connector = connector, .found = found};
    bool good = registered != NULL;
    for (guint i = 0; good && i < used->len; i++)
        good = compare_type(&comparison, registered, g_ptr_array_index(used, i), error);
    if (good)
        report_orphans(&comparison, registered, used);
    good = good && compare_connector(&comparison, error);
    return good ? g_steal_pointer(&found) : NULL;
}

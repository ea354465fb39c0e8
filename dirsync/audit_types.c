/*
 * audit_types.c - which address types there are, and whether their generators are good
 *
 * Registered is what has an addrType object, for whatever kind of processor. An organisation
 * without a configuration container has none: there the types that its definitions name
 * count. SMTP, X500 and EX need no generator and are always there.
 */
#include "dirsync/audit_internal.h"

#include "proxygen/address.h"
#include "proxygen/generator.h"
#include "proxygen/registrar.h"

static const char *const always[] = {"SMTP", "X500", "EX"};

bool audit_type_is_registered(const Audit *audit, const char *type)
{
    return g_hash_table_contains(audit->types, type);
}

static bool is_of_connector(const Audit *audit, const char *type)
{
    for (guint i = 0; i < audit->scope->known->len; i++) {
        const Connector *connector = g_ptr_array_index(audit->scope->known, i);
        if (connector->addresses.type && !g_ascii_strcasecmp(connector->addresses.type, type))
            return true;
    }
    return false;
}

bool audit_type_is_routed(const Audit *audit, const char *type)
{
    return audit_type_is_registered(audit, type) || is_of_connector(audit, type);
}

static void add_type(Audit *audit, const char *type)
{
    g_hash_table_add(audit->types, g_ascii_strup(type, -1));
}

static void add_used(Audit *audit, const GPtrArray *used)
{
    for (guint i = 0; i < used->len; i++)
        add_type(audit, g_ptr_array_index(used, i));
}

/* --- types that are not registered --- */

/** Who has addresses of it; the first ones. */
typedef struct {
    size_t n;
    uint32_t last, objects[OBJECTS_NAMED];
} Stray;

void audit_note_unregistered(Audit *audit, const char *type, uint32_t object)
{
    Stray *stray = g_hash_table_lookup(audit->strays, type);
    if (!stray) {
        stray = g_new0(Stray, 1);
        g_hash_table_insert(audit->strays, g_strdup(type), stray);
    }
    if (stray->n && stray->last == object)
        return; /* another address of the same type */
    if (stray->n < OBJECTS_NAMED)
        stray->objects[stray->n] = object;
    stray->last = object;
    stray->n++;
}

static bool tell_stray(Audit *audit, const char *type, const Stray *stray, GError **error)
{
    g_autofree char *remedy = g_strdup_printf(
        "register it (dirsync addrtype register CONNECTOR %s), or remove the addresses", type);
    json_t *objects = json_array();
    for (size_t i = 0; i < MIN(stray->n, OBJECTS_NAMED); i++)
        if (!audit_add_object(audit, objects, stray->objects[i], error)) {
            json_decref(objects);
            return false;
        }
    return audit_find(audit, AUDIT_TYPE_UNREGISTERED, PART_HOME, objects, "proxyAddresses", type, remedy,
                      error, "%zu object%s addresses of type %s, which nobody has registered", stray->n,
                      stray->n == 1 ? " has" : "s have", type);
}

bool audit_tell_unregistered(Audit *audit, GError **error)
{
    GHashTableIter iter;
    gpointer type, stray;
    g_hash_table_iter_init(&iter, audit->strays);
    while (g_hash_table_iter_next(&iter, &type, &stray))
        if (!tell_stray(audit, type, stray, error))
            return false;
    return true;
}

/* --- generators --- */

/* A finding about a type: its object, where it is registered. */
static json_t *type_objects(const RegisteredType *there)
{
    json_t *objects = json_array();
    if (there)
        json_array_append_new(objects, audit_name_object("home", there->dn, there->display_name, NULL));
    return objects;
}

static bool check_generator(Audit *audit, const Organisation *organisation, const char *type,
                            const RegisteredType *there, GError **error)
{
    const char *file, *display_name, *const *settings;
    g_autoptr(GError) why = NULL;
    ProxygenVersion version;
    if (!registrar_generator(organisation, type, &file, &display_name, &settings, &why) ||
        !generator_probe(generator_folder(organisation->addresses.generators), file, &version, &why))
        return audit_find(audit, AUDIT_GENERATOR_MISSING, PART_TYPES, type_objects(there), NULL, type, NULL,
                          error, "%s: no addresses of this type can be made here: %s", type, why->message);
    if (!there || !registrar_is_older(there, file, version))
        return true;
    g_autofree char *registered = generator_version_text(there->version);
    g_autofree char *here = generator_version_text(version);
    g_autofree char *remedy =
        g_strdup_printf("install version %s or later of %s on this host", registered, file);
    return audit_find(audit, AUDIT_GENERATOR_OLDER, PART_TYPES, type_objects(there), NULL, type, remedy,
                      error,
                      "%s: %s is registered with version %s, the file here is %s, and makes no addresses",
                      type, file, registered, here);
}

/* @checked: types that were looked at already. */
static bool check_used(Audit *audit, const GPtrArray *used, const GPtrArray *registered, GHashTable *checked,
                       GError **error)
{
    for (guint i = 0; i < used->len; i++) {
        const char *type = g_ptr_array_index(used, i);
        if (g_hash_table_contains(checked, type))
            continue;
        g_hash_table_add(checked, g_strdup(type));
        if (!check_generator(audit, audit->scope->organisation, type,
                             registered ? registrar_find(registered, type) : NULL, error))
            return false;
    }
    return true;
}

/* --- what there is --- */

static bool makes_addresses(const AuditScope *scope)
{
    for (guint i = 0; i < scope->known->len; i++)
        if (((const Connector *)g_ptr_array_index(scope->known, i))->pass[STEP_ADDRESSES].wanted)
            return true;
    return scope->organisation->addresses.n_types > 0;
}

/* NULL: there are no such objects to be read; why is told where it matters. */
static GPtrArray *read_registered(Audit *audit)
{
    g_autoptr(GError) why = NULL;
    GPtrArray *registered = registrar_list(audit->scope->organisation, audit->home, &why);
    for (guint i = 0; registered && i < registered->len; i++)
        add_type(audit, ((const RegisteredType *)g_ptr_array_index(registered, i))->type);
    if (!registered && makes_addresses(audit->scope))
        audit_leave_out(audit, NULL, "address types: those of the definitions count as registered: %s",
                        why->message);
    return registered;
}

static Policies *read_policies(Audit *audit)
{
    g_autoptr(GError) why = NULL;
    Policies *policies = policies_load(audit->scope->organisation, audit->home, &why);
    if (!policies)
        audit_leave_out(audit, PART_TYPES, "recipient policies: %s", why->message);
    return policies;
}

bool audit_look_at_types(Audit *audit, GError **error)
{
    const AuditScope *scope = audit->scope;
    for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
        add_type(audit, always[i]);
    g_autoptr(Policies) policies = read_policies(audit);
    g_autoptr(GPtrArray) registered = read_registered(audit);
    g_autoptr(GHashTable) checked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < scope->known->len; i++) {
        const Connector *connector = g_ptr_array_index(scope->known, i);
        bool chosen = g_ptr_array_find(scope->chosen, connector, NULL);
        if (!connector->pass[STEP_ADDRESSES].wanted)
            continue;
        g_autoptr(GPtrArray) used = registrar_types_used(connector, policies);
        if (!registered)
            add_used(audit, used);
        if (chosen && !check_used(audit, used, registered, checked, error))
            return false;
    }
    return true;
}

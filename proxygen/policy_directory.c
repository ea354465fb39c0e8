/*
 * policy_directory.c - policies and address lists that are objects of the directory
 *
 * msExchRecipientPolicy and addressBookContainer, anywhere below the organisation's
 * configuration container. Whatever cannot be used is told with its DN.
 */
#include "proxygen/address.h"
#include "proxygen/policy_internal.h"
#include "proxygen/registrar.h"

#include <string.h>

#define OBJECTS_MAX 10000
#define DEFAULT_POLICY "Default Policy" /* the last one, whatever its order says */

static GPtrArray *find_objects(const Organisation *organisation, Directory *home, const char *class,
                               GError **error)
{
    g_autofree char *container = registrar_container(organisation, home, error);
    g_autofree char *filter = filter_equals("objectClass", class, strlen(class));
    ReadRequest request = {.base = container, .scope = SEARCH_SUBTREE, .filter = filter};
    return container ? directory_search(home, &request, OBJECTS_MAX, error) : NULL;
}

/* (objectCategory=person) compares a class's name with a DN-valued attribute: Active Directory does that, and
 * no other server has the attribute. What is meant can be said by class. */
static char *portable_filter(const char *text)
{
    g_autoptr(GRegex) person =
        g_regex_new("\\(objectCategory=person\\)", G_REGEX_CASELESS, (GRegexMatchFlags)0, NULL);
    g_autoptr(GRegex) other =
        g_regex_new("\\(objectCategory=([A-Za-z-]+)\\)", G_REGEX_CASELESS, (GRegexMatchFlags)0, NULL);
    g_autofree char *people = g_regex_replace_literal(
        person, text, -1, 0, "(|(objectClass=person)(objectClass=contact))", (GRegexMatchFlags)0, NULL);
    return g_regex_replace(other, people, -1, 0, "(objectClass=\\1)", (GRegexMatchFlags)0, NULL);
}

static char *filter_of(const Schema *schema, const Entry *object)
{
    const char *text = schema_find_string(schema, object, "purportedSearch");
    return text && *text ? portable_filter(text) : NULL;
}

static char **strings_of(const Schema *schema, const Entry *object, const char *name)
{
    const Attribute *attribute = schema_find(schema, object, name);
    GPtrArray *strings = g_ptr_array_new();
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        g_ptr_array_add(strings, g_strdup(attribute->values[i].data));
    g_ptr_array_add(strings, NULL);
    return (char **)g_ptr_array_free(strings, FALSE);
}

/* disabledGatewayProxy names templates, or types alone. */
static char **disabled_types(const Schema *schema, const Entry *object)
{
    char **values = strings_of(schema, object, "disabledGatewayProxy");
    for (char **value = values; *value; value++) {
        char *colon = strchr(*value, ':');
        if (colon)
            *colon = '\0';
    }
    return values;
}

static gint compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is disabled is left out. Values have no order in a directory: theirs is the alphabet's. */
static char **enabled_templates(const Schema *schema, const Entry *object, char **disabled)
{
    g_auto(GStrv) all = strings_of(schema, object, "gatewayProxy");
    GPtrArray *enabled = g_ptr_array_new();
    for (char **text = all; *text; text++) {
        g_autofree char *type = NULL;
        address_split(*text, &type, NULL);
        bool off = false;
        for (char **other = disabled; *other; other++)
            off |= type && !g_ascii_strcasecmp(*other, type);
        if (!off)
            g_ptr_array_add(enabled, g_strdup(*text));
    }
    g_ptr_array_sort(enabled, compare_texts);
    g_ptr_array_add(enabled, NULL);
    return (char **)g_ptr_array_free(enabled, FALSE);
}

static unsigned order_of(const Schema *schema, const Entry *object, const char *name)
{
    const char *order = schema_find_string(schema, object, "msExchPolicyOrder");
    guint64 number;
    if (!g_ascii_strcasecmp(name, DEFAULT_POLICY) || !order ||
        !g_ascii_string_to_unsigned(order, 10, 0, G_MAXUINT - 1, &number, NULL))
        return G_MAXUINT;
    return (unsigned)number;
}

bool policies_read_directory(Policies *policies, const Organisation *organisation, Directory *home,
                             GString *problems, GError **error)
{
    g_autoptr(GPtrArray) found = find_objects(organisation, home, "msExchRecipientPolicy", error);
    const Schema *schema = directory_describe(home)->schema;
    for (guint i = 0; found && i < found->len; i++) {
        const Entry *object = g_ptr_array_index(found, i);
        const char *name = schema_find_string(schema, object, "cn");
        g_autofree char *filter = filter_of(schema, object);
        g_auto(GStrv) disabled = disabled_types(schema, object);
        g_auto(GStrv) templates = enabled_templates(schema, object, disabled);
        g_auto(GStrv) domains = strings_of(schema, object, "msExchNonAuthoritativeDomains");
        PolicySettings settings = {.name = (char *)(name ? name : entry_dn(object)),
                                   .where = (char *)entry_dn(object),
                                   .priority = order_of(schema, object, name ? name : ""),
                                   .filter = filter,
                                   .templates = templates,
                                   .disabled_types = disabled,
                                   .foreign_domains = domains};
        policies_add(policies, &settings, problems);
    }
    return found != NULL;
}

bool policies_read_lists(Policies *policies, const Organisation *organisation, Directory *home,
                         GString *problems, GError **error)
{
    g_autoptr(GPtrArray) found = find_objects(organisation, home, "addressBookContainer", error);
    const Schema *schema = directory_describe(home)->schema;
    for (guint i = 0; found && i < found->len; i++) {
        const Entry *object = g_ptr_array_index(found, i);
        g_autofree char *filter = filter_of(schema, object);
        AddressListSettings settings = {
            .dn = (char *)entry_dn(object), .where = (char *)entry_dn(object), .filter = filter};
        if (filter) /* without one it is a folder for other lists */
            policies_add_list(policies, &settings, problems);
    }
    return found != NULL;
}

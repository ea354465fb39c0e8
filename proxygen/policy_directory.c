/*
 * policy_directory.c - the recipient policies that stand in the directory
 *
 * Objects msExchRecipientPolicy in CN=Recipient Policies below the organisation's
 * configuration container. One without any template gives no addresses (Exchange has
 * such policies for other ends) and is passed over; any other that cannot be used is a
 * problem. Default Policy is the last whatever its order says.
 */
#include "proxygen/policy_internal.h"
#include "proxygen/registrar.h"

#include "dirsync/dn.h"

#include <string.h>

#define CONTAINER "Recipient Policies"
#define MAX_POLICIES 1000

GPtrArray *policies_search(const Organisation *organisation, Directory *home, const char *name,
                           const ReadRequest *what, size_t max, GError **error)
{
    g_autofree char *container = registrar_container(organisation, home, error);
    if (!container)
        return NULL;
    g_autofree char *base = dn_build("CN", name, strlen(name), container);
    ReadRequest request = *what;
    request.base = base;
    g_autoptr(GPtrArray) found = directory_search(home, &request, max, error);
    if (found && !found->len) {
        error_set(
            error, ERROR_DEFINITION,
            "%s: there is nothing to read here; correct <configuration dn=\"...\"/> or from=\"directory\" "
            "of the organisation, or give dirsync the right to read it",
            base);
        return NULL;
    }
    return g_steal_pointer(&found);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **policies_values(const Schema *schema, const Entry *entry, const char *name, GString **problems)
{
    const Attribute *attribute = schema_find(schema, entry, name);
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        Value value = attribute->values[i];
        if (g_utf8_validate_len(value.data, value.len, NULL))
            g_ptr_array_add(values, g_strstrip(g_strdup(value.data)));
        else
            policies_problem(problems, entry_dn(entry), "a value of %s is not text", name);
    }
    g_ptr_array_sort(values, compare_texts);
    g_ptr_array_add(values, NULL);
    return (char **)g_ptr_array_steal(values, NULL);
}

static const char *value_of(const Schema *schema, const Entry *entry, const char *name)
{
    return schema_find_string(schema, entry, name);
}

static bool is_default(const Schema *schema, const Entry *entry)
{
    const char *cn = value_of(schema, entry, "cn");
    return cn && g_ascii_strcasecmp(cn, "Default Policy") == 0;
}

static unsigned read_order(const Schema *schema, const Entry *entry, GString **problems)
{
    const char *text = value_of(schema, entry, "msExchPolicyOrder");
    guint64 order = PRIORITY_NOT_SAID;
    if (is_default(schema, entry))
        return PRIORITY_OF_DEFAULT;
    if (text && !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &order, NULL))
        policies_problem(problems, entry_dn(entry), "msExchPolicyOrder is %s; allowed: 0 to %d", text,
                         G_MAXINT32);
    return (unsigned)order;
}

/* A template that is among the disabled ones, or of a type that is: "X400" or "X400:" alone. */
static bool is_disabled(const char *template, char **disabled)
{
    size_t len = strcspn(template, ":");
    for (; *disabled; disabled++) {
        bool same_type = g_ascii_strncasecmp(*disabled, template, len) == 0;
        const char *rest = same_type ? *disabled + len : "?";
        if (!*rest || strcmp(rest, ":") == 0 || g_ascii_strcasecmp(*disabled, template) == 0)
            return true;
    }
    return false;
}

/* Values are "globex.example", "@globex.example" or a template: what stands behind the last @. */
static char **read_foreign_domains(const Schema *schema, const Entry *entry, GString **problems)
{
    char **values = policies_values(schema, entry, "msExchNonAuthoritativeDomains", problems);
    for (char **value = values; *value; value++) {
        g_autofree char *text = *value;
        const char *at = strrchr(text, '@');
        *value = g_utf8_strdown(at ? at + 1 : text, -1);
    }
    return values;
}

/* The types of values "TYPE:...", "TYPE:" or "TYPE", which are changed for it. */
static void cut_to_types(char **values)
{
    for (char **value = values; *value; value++) {
        g_autofree char *text = *value;
        *value = g_ascii_strup(text, (gssize)strcspn(text, ":"));
    }
}

static void read_policy(Policies *policies, const Schema *schema, const Entry *entry, GString **problems)
{
    g_auto(GStrv) all = policies_values(schema, entry, "gatewayProxy", problems);
    g_auto(GStrv) disabled = policies_values(schema, entry, "disabledGatewayProxy", problems);
    const char *filter = value_of(schema, entry, "purportedSearch");
    if (!*all && !*disabled)
        return;
    g_autoptr(GPtrArray) enabled = g_ptr_array_new();
    for (char **template = all; *template; template ++)
        if (!is_disabled(*template, disabled))
            g_ptr_array_add(enabled, *template);
    g_ptr_array_add(enabled, NULL);
    if (!filter)
        policies_problem(problems, entry_dn(entry),
                         "has no purportedSearch; say whom it is for, (mailNickname=*) for everybody");
    const char *cn = value_of(schema, entry, "cn");
    Policy policy = {.name = g_strdup(cn ? cn : entry_dn(entry)),
                     .where = g_strdup(entry_dn(entry)),
                     .priority = read_order(schema, entry, problems),
                     .filter = policies_filter(filter, entry_dn(entry), problems),
                     .foreign_domains = read_foreign_domains(schema, entry, problems)};
    cut_to_types(disabled);
    policy_take_templates(&policy, (const char *const *)enabled->pdata, (const char *const *)disabled,
                          problems);
    g_array_append_val(policies->policies, policy);
}

bool policies_read_directory(Policies *policies, const Organisation *organisation, Directory *home,
                             GString **problems, GError **error)
{
    static const char *const attributes[] = {"cn",
                                             "purportedSearch",
                                             "msExchPolicyOrder",
                                             "gatewayProxy",
                                             "disabledGatewayProxy",
                                             "msExchNonAuthoritativeDomains",
                                             NULL};
    ReadRequest request = {
        .scope = SEARCH_ONE, .filter = "(objectClass=msExchRecipientPolicy)", .attributes = attributes};
    g_autoptr(GPtrArray) found =
        policies_search(organisation, home, CONTAINER, &request, MAX_POLICIES, error);
    const Schema *schema = found ? directory_describe(home)->schema : NULL;
    for (guint i = 0; found && i < found->len; i++)
        read_policy(policies, schema, found->pdata[i], problems);
    return found != NULL;
}

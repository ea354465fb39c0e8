/*
 * policy.c - compiled policies and address lists, and who they apply to; see policy.h
 */
#include "proxygen/policy_internal.h"

#include "proxygen/address.h"

#include <string.h>

static void policy_clear(void *data)
{
    Policy *policy = data;
    g_free(policy->name);
    g_free(policy->where);
    filter_free(policy->filter);
    for (size_t i = 0; i < policy->n_templates; i++) {
        g_free(policy->templates[i].text);
        g_free(policy->templates[i].type);
    }
    g_free(policy->templates);
    g_strfreev(policy->disabled_types);
    g_strfreev(policy->foreign_domains);
}

static void list_clear(void *data)
{
    AddressList *list = data;
    g_free(list->dn);
    filter_free(list->filter);
}

void policies_free(Policies *policies)
{
    if (!policies)
        return;
    g_array_unref(policies->policies);
    g_array_unref(policies->lists);
    g_free(policies->digest);
    g_free(policies);
}

/* --- adding --- */

void policies_problem(GString *problems, const char *where, const char *what)
{
    g_string_append_printf(problems, "%s%s: %s", problems->len ? "\n" : "", where, what);
}

static Filter *compile(const char *text, const char *where, GString *problems)
{
    g_autoptr(GError) error = NULL;
    Filter *filter = text ? filter_parse(text, &error) : NULL;
    if (error)
        policies_problem(problems, where, error->message);
    return filter;
}

static void compile_templates(Policy *policy, char **texts, GString *problems)
{
    size_t n = g_strv_length(texts);
    policy->templates = g_new0(PolicyTemplate, n + 1);
    for (size_t i = 0; i < n; i++) {
        PolicyTemplate *template = &policy->templates[policy->n_templates];
        if (!address_split(texts[i], &template->type, &template->primary)) {
            g_autofree char *what = g_strdup_printf("template \"%s\" has no address type in front", texts[i]);
            policies_problem(problems, policy->where, what);
            continue;
        }
        /* The generator knows templates by the type in capitals. */
        g_autofree char *rest = g_strdup(strchr(texts[i], ':'));
        template->text = g_strconcat(template->type, rest, NULL);
        policy->n_templates++;
    }
}

void policies_add(Policies *policies, const PolicySettings *settings, GString *problems)
{
    Policy policy = {.name = g_strdup(settings->name),
                     .where = g_strdup(settings->where),
                     .priority = settings->priority,
                     .filter = compile(settings->filter, settings->where, problems),
                     .disabled_types = g_strdupv(settings->disabled_types),
                     .foreign_domains = g_strdupv(settings->foreign_domains)};
    compile_templates(&policy, settings->templates, problems);
    g_array_append_val(policies->policies, policy);
}

void policies_add_list(Policies *policies, const AddressListSettings *settings, GString *problems)
{
    AddressList list = {g_strdup(settings->dn), compile(settings->filter, settings->where, problems)};
    g_array_append_val(policies->lists, list);
}

/* --- loading --- */

static gint by_priority(gconstpointer a, gconstpointer b)
{
    const Policy *x = a, *y = b;
    return (x->priority > y->priority) - (x->priority < y->priority);
}

static void append_filter(GString *all, const Filter *filter)
{
    g_autofree char *text = filter ? filter_format(filter) : g_strdup("-");
    g_string_append_printf(all, " %s\n", text);
}

static char *digest_of(const Policies *policies)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < policies->policies->len; i++) {
        const Policy *policy = &g_array_index(policies->policies, Policy, i);
        g_autofree char *disabled = g_strjoinv(" ", policy->disabled_types);
        g_autofree char *domains = g_strjoinv(" ", policy->foreign_domains);
        g_string_append_printf(all, "policy %u %s [%s] [%s]", policy->priority, policy->name, disabled,
                               domains);
        append_filter(all, policy->filter);
        for (size_t j = 0; j < policy->n_templates; j++)
            g_string_append_printf(all, "%d %s\n", policy->templates[j].primary, policy->templates[j].text);
    }
    for (guint i = 0; i < policies->lists->len; i++) {
        const AddressList *list = &g_array_index(policies->lists, AddressList, i);
        g_string_append_printf(all, "list %s", list->dn);
        append_filter(all, list->filter);
    }
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, all->str, (gssize)all->len);
}

static bool load_from_directory(Policies *policies, const Organisation *organisation, Directory *home,
                                GString *problems, GError **error)
{
    const AddressSettings *settings = &organisation->addresses;
    return (!settings->policies_from_directory ||
            policies_read_directory(policies, organisation, home, problems, error)) &&
           (!settings->lists_from_directory ||
            policies_read_lists(policies, organisation, home, problems, error));
}

Policies *policies_load(const Organisation *organisation, Directory *home, GError **error)
{
    const AddressSettings *settings = &organisation->addresses;
    g_autoptr(GString) problems = g_string_new(NULL);
    g_autoptr(Policies) policies = g_new0(Policies, 1);
    policies->policies = g_array_new(FALSE, TRUE, sizeof(Policy));
    policies->lists = g_array_new(FALSE, TRUE, sizeof(AddressList));
    g_array_set_clear_func(policies->policies, policy_clear);
    g_array_set_clear_func(policies->lists, list_clear);
    for (size_t i = 0; i < settings->n_policies; i++)
        policies_add(policies, &settings->policies[i], problems);
    for (size_t i = 0; i < settings->n_lists; i++)
        policies_add_list(policies, &settings->lists[i], problems);
    if (!load_from_directory(policies, organisation, home, problems, error))
        return NULL;
    if (problems->len) { /* half a set of policies would give wrong addresses */
        error_set(error, ERROR_DEFINITION, "%s", problems->str);
        return NULL;
    }
    g_array_sort(policies->policies, by_priority);
    policies->digest = digest_of(policies);
    return g_steal_pointer(&policies);
}

/* --- asking --- */

size_t policies_count(const Policies *policies)
{
    return policies->policies->len;
}

const Policy *policies_at(const Policies *policies, size_t i)
{
    return &g_array_index(policies->policies, Policy, i);
}

size_t address_lists_count(const Policies *policies)
{
    return policies->lists->len;
}

const AddressList *address_lists_at(const Policies *policies, size_t i)
{
    return &g_array_index(policies->lists, AddressList, i);
}

const char *policies_digest(const Policies *policies)
{
    return policies->digest;
}

bool policy_opted_out(const Schema *schema, const Entry *recipient)
{
    const Attribute *excluded = schema_find(schema, recipient, "msExchPoliciesExcluded");
    for (size_t i = 0; excluded && i < excluded->n_values; i++)
        if (strcasestr(excluded->values[i].data, POLICY_EXCLUDED))
            return true;
    return false;
}

const Policy *policies_choose(const Policies *policies, const Schema *schema, const Entry *recipient)
{
    if (policy_opted_out(schema, recipient))
        return NULL;
    for (guint i = 0; i < policies->policies->len; i++) {
        const Policy *policy = &g_array_index(policies->policies, Policy, i);
        if (!policy->filter || filter_matches(policy->filter, schema, recipient))
            return policy;
    }
    return NULL;
}

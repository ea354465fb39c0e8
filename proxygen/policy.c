/*
 * policy.c - recipient policies in order of strength; contract in policy.h
 *
 * Those of the definition are compiled here, those of the directory come from
 * policy_directory.c, address lists from address_lists.c.
 */
#include "proxygen/policy_internal.h"

#include "dirsync/xml.h"
#include "proxygen/address.h"

#include <string.h>

#define EXCLUDED_ATTRIBUTE "msExchPoliciesExcluded"
#define MAX_PROBLEM_BYTES (16 * 1024)

/* --- what the readers share --------------------------------------------------------------------- */

void policies_problem(GString **problems, const char *where, const char *format, ...)
{
    if (!*problems)
        *problems = g_string_new(NULL);
    if ((*problems)->len > MAX_PROBLEM_BYTES)
        return;
    va_list args;
    va_start(args, format);
    g_string_append_printf(*problems, "%s%s: ", (*problems)->len ? "\n" : "", where);
    g_string_append_vprintf(*problems, format, args);
    va_end(args);
}

Filter *policies_filter(const char *text, const char *where, GString **problems)
{
    g_autoptr(GError) error = NULL;
    Filter *filter = text ? filter_parse_resolved(text, &error) : NULL;
    if (error)
        policies_problem(problems, where, "cannot be used: %s", error->message);
    return filter;
}

static const PolicyTemplate *find_template(const Policy *policy, const char *type, bool primary_only)
{
    for (size_t i = 0; i < policy->n_templates; i++)
        if (strcmp(policy->templates[i].type, type) == 0 && (policy->templates[i].primary || !primary_only))
            return &policy->templates[i];
    return NULL;
}

static void take_template(Policy *policy, const char *text, GString **problems)
{
    g_autofree char *type = NULL;
    bool primary = false;
    const char *value = address_split(text, &type, &primary);
    if (!value || !*value) {
        policies_problem(problems, policy->where,
                         "\"%s\" is not an address template; it must be TYPE:... or type:...", text);
        return;
    }
    if (primary && find_template(policy, type, true))
        policies_problem(problems, policy->where,
                         "\"%s\" is a second primary address of the type %s; write the type in small letters",
                         text, type);
    policy->templates[policy->n_templates++] = (PolicyTemplate){
        .text = g_strconcat(type, ":", value, NULL), .type = g_steal_pointer(&type), .primary = primary};
}

void policy_take_templates(Policy *policy, const char *const *texts, const char *const *disabled,
                           GString **problems)
{
    g_autoptr(GPtrArray) none_left = g_ptr_array_new();
    policy->templates = g_new0(PolicyTemplate, g_strv_length((char **)(uintptr_t)texts));
    for (; *texts; texts++)
        take_template(policy, *texts, problems);
    for (; disabled && *disabled; disabled++)
        if (!find_template(policy, *disabled, false))
            g_ptr_array_add(none_left, g_strdup(*disabled));
    g_ptr_array_add(none_left, NULL);
    policy->disabled_types = (char **)g_ptr_array_steal(none_left, NULL);
}

/* --- from the definition ------------------------------------------------------------------------ */

static void read_definition(Policies *policies, const AddressSettings *settings, GString **problems)
{
    for (size_t i = 0; i < settings->n_policies; i++) {
        const PolicySettings *from = &settings->policies[i];
        Policy policy = {.name = g_strdup(from->name),
                         .where = g_strdup(from->where),
                         .priority = from->priority,
                         .filter = policies_filter(from->filter, from->where, problems),
                         .foreign_domains = g_strdupv(from->foreign_domains)};
        policy_take_templates(&policy, (const char *const *)from->templates,
                              (const char *const *)from->disabled_types, problems);
        g_array_append_val(policies->policies, policy);
    }
}

/* --- order and digest --------------------------------------------------------------------------- */

static int compare_policies(const void *a, const void *b)
{
    const Policy *one = a, *other = b;
    return (one->priority > other->priority) - (one->priority < other->priority);
}

/* A tie would let chance decide. */
static void sort_policies(Policies *policies, GString **problems)
{
    g_array_sort(policies->policies, compare_policies);
    for (size_t i = 1; i < policies->policies->len; i++) {
        const Policy *one = policies_at(policies, i - 1), *other = policies_at(policies, i);
        if (one->priority == PRIORITY_NOT_SAID && other->priority == PRIORITY_NOT_SAID)
            policies_problem(problems, other->where,
                             "has no msExchPolicyOrder, and neither has %s; give them one", one->where);
        else if (one->priority == other->priority)
            policies_problem(problems, other->where, "has the same priority as %s, %u; change one of them",
                             one->where, one->priority);
    }
}

/* Counted, so that no text can pass for two, and nothing is not the same as empty. */
static void digest_text(GChecksum *digest, const char *text)
{
    g_autofree char *head = text ? g_strdup_printf("%zu:", strlen(text)) : g_strdup("-");
    g_checksum_update(digest, (const unsigned char *)head, -1);
    if (text)
        g_checksum_update(digest, (const unsigned char *)text, -1);
}

static void digest_number(GChecksum *digest, size_t number)
{
    g_autofree char *text = g_strdup_printf("%zu,", number);
    g_checksum_update(digest, (const unsigned char *)text, -1);
}

static void digest_filter(GChecksum *digest, const Filter *filter)
{
    g_autofree char *text = filter ? filter_format(filter) : NULL;
    digest_text(digest, text);
}

static void digest_texts(GChecksum *digest, char **texts)
{
    digest_number(digest, g_strv_length(texts));
    for (; *texts; texts++)
        digest_text(digest, *texts);
}

static void digest_policy(GChecksum *digest, const Policy *policy)
{
    digest_text(digest, policy->name);
    digest_number(digest, policy->priority);
    digest_filter(digest, policy->filter);
    digest_number(digest, policy->n_templates);
    for (size_t i = 0; i < policy->n_templates; i++) {
        digest_text(digest, policy->templates[i].text);
        digest_number(digest, policy->templates[i].primary);
    }
    digest_texts(digest, policy->disabled_types);
    digest_texts(digest, policy->foreign_domains);
}

static char *make_digest(const Policies *policies, bool lists_for_all)
{
    g_autoptr(GChecksum) digest = g_checksum_new(G_CHECKSUM_SHA256);
    digest_number(digest, policies_count(policies));
    for (size_t i = 0; i < policies_count(policies); i++)
        digest_policy(digest, policies_at(policies, i));
    digest_number(digest, address_lists_count(policies));
    digest_number(digest, lists_for_all);
    for (size_t i = 0; i < address_lists_count(policies); i++) {
        digest_text(digest, address_lists_at(policies, i)->dn);
        digest_filter(digest, address_lists_at(policies, i)->filter);
    }
    return g_strdup(g_checksum_get_string(digest));
}

/* --- the whole ---------------------------------------------------------------------------------- */

static void policy_clear(void *item)
{
    Policy *policy = item;
    for (size_t i = 0; i < policy->n_templates; i++) {
        g_free(policy->templates[i].text);
        g_free(policy->templates[i].type);
    }
    g_free(policy->templates);
    g_free(policy->name);
    g_free(policy->where);
    filter_free(policy->filter);
    g_strfreev(policy->disabled_types);
    g_strfreev(policy->foreign_domains);
}

static void address_list_clear(void *item)
{
    AddressList *list = item;
    g_free(list->dn);
    filter_free(list->filter);
}

static Policies *policies_new(void)
{
    Policies *policies = g_new0(Policies, 1);
    policies->policies = g_array_new(FALSE, FALSE, sizeof(Policy));
    policies->lists = g_array_new(FALSE, FALSE, sizeof(AddressList));
    g_array_set_clear_func(policies->policies, policy_clear);
    g_array_set_clear_func(policies->lists, address_list_clear);
    return policies;
}

Policies *policies_load(const Organisation *organisation, Directory *home, GError **error)
{
    const AddressSettings *settings = &organisation->addresses;
    g_autoptr(Policies) policies = policies_new();
    GString *problems = NULL;
    bool read = true;
    if (settings->policies_from_directory)
        read = policies_read_directory(policies, organisation, home, &problems, error);
    else
        read_definition(policies, settings, &problems);
    read = read && address_lists_read(policies, organisation, home, &problems, error);
    sort_policies(policies, &problems);
    if (!xml_no_problems(problems, read ? error : NULL) || !read)
        return NULL;
    policies->digest = make_digest(policies, settings->lists_for_all);
    return g_steal_pointer(&policies);
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

void policies_collect_attributes(const Policies *policies, GHashTable *names)
{
    g_hash_table_add(names, g_strdup(EXCLUDED_ATTRIBUTE));
    for (size_t i = 0; i < policies_count(policies); i++)
        if (policies_at(policies, i)->filter)
            filter_collect_attributes(policies_at(policies, i)->filter, names);
    for (size_t i = 0; i < address_lists_count(policies); i++)
        if (address_lists_at(policies, i)->filter)
            filter_collect_attributes(address_lists_at(policies, i)->filter, names);
}

/* --- who gets which ----------------------------------------------------------------------------- */

bool policy_opted_out(const Schema *schema, const Entry *recipient)
{
    const Attribute *excluded = schema_find(schema, recipient, EXCLUDED_ATTRIBUTE);
    for (size_t i = 0; excluded && i < excluded->n_values; i++)
        if (g_ascii_strcasecmp(excluded->values[i].data, POLICY_EXCLUDED) == 0)
            return true;
    return false;
}

const Policy *policies_choose(const Policies *policies, const Schema *schema, const Entry *recipient)
{
    if (policy_opted_out(schema, recipient))
        return NULL;
    for (size_t i = 0; i < policies_count(policies); i++) {
        const Policy *policy = policies_at(policies, i);
        if (!policy->filter || filter_matches(policy->filter, schema, recipient))
            return policy;
    }
    return NULL;
}

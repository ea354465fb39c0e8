/*
 * address_wants.c - what a recipient should have, and does not
 *
 * The policy that applies has the templates; where it has none of the connector's
 * own type, natives get that too. A type of which somebody has an address is left
 * alone, unless the policy is applied anew.
 */
#include "dirsync/address_step_internal.h"

#include <string.h>

#define ALIAS_MAX 64

/* --- what is the mapping's --- */

bool address_is_mapped(const AddressStep *step, const char *attribute, const char *value)
{
    Value asked = {value, strlen(value)};
    for (size_t i = 0; step->managed && step->managed[i]; i++)
        if (managed_owns(step->managed[i], attribute, asked))
            return true;
    return false;
}

static bool is_mapped_type(const AddressStep *step, const char *type)
{
    g_autofree char *upper = g_strconcat(type, ":", NULL);
    g_autofree char *lower = g_ascii_strdown(upper, -1);
    return address_is_mapped(step, "proxyAddresses", upper) ||
           address_is_mapped(step, "proxyAddresses", lower);
}

/* --- the recipient --- */

static bool is_alias_character(char c)
{
    return g_ascii_isalnum(c) || strchr("-._", c);
}

/* From what the entry is known by: a log-in name, the mail address, at last its name. */
static char *make_alias(const AddressStep *step, const Entry *entry)
{
    static const char *const names[] = {"mailNickname", "uid", "sAMAccountName", "mail", "cn"};
    GString *alias = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names) && !alias->len; i++) {
        const char *text = schema_find_string(home_schema(step), entry, names[i]);
        g_autofree char *ascii =
            text && g_utf8_validate(text, -1, NULL) ? g_str_to_ascii(text, step->settings->language) : NULL;
        for (const char *p = ascii; p && *p && *p != '@' && alias->len < ALIAS_MAX; p++)
            if (is_alias_character(*p))
                g_string_append_c(alias, *p);
    }
    return g_string_free(alias, FALSE);
}

static void fill_alias(const AddressStep *step, const Recipient *recipient)
{
    Entry *result = recipient->result;
    g_autofree char *alias = make_alias(step, result);
    bool ours = recipient->pending->native || !address_is_mapped(step, "mailNickname", alias);
    if (*alias && ours && !schema_find(home_schema(step), result, "mailNickname"))
        address_put(step, result, "mailNickname", alias);
}

static void describe(const AddressStep *step, Recipient *recipient)
{
    const Schema *schema = home_schema(step);
    const Entry *entry = recipient->result;
    const char *name = schema_find_string(schema, entry, "displayName");
    recipient->info = (ProxygenRecipient){
        .alias = schema_find_string(schema, entry, "mailNickname"),
        .first_name = schema_find_string(schema, entry, "givenName"),
        .last_name = schema_find_string(schema, entry, "sn"),
        .display_name = name ? name : schema_find_string(schema, entry, "cn"),
        .initials = schema_find_string(schema, entry, "initials"),
        .fax_number = schema_find_string(schema, entry, "facsimileTelephoneNumber"),
    };
}

static void want_clear(void *data)
{
    Want *want = data;
    g_free(want->address);
    g_free(want->problem);
}

Recipient *address_recipient(AddressStep *step, Pending *pending, Entry *entry)
{
    Recipient *recipient = g_new0(Recipient, 1);
    recipient->pending = pending;
    recipient->entry = entry;
    recipient->result = entry_copy(entry);
    recipient->wants = g_array_new(FALSE, TRUE, sizeof(Want));
    g_array_set_clear_func(recipient->wants, want_clear);
    if (!step->options.remove_type)
        fill_alias(step, recipient);
    describe(step, recipient);
    recipient->policy = policies_choose(step->policies, home_schema(step), recipient->result);
    return recipient;
}

void address_recipient_free(void *data)
{
    Recipient *recipient = data;
    entry_free(recipient->entry);
    entry_free(recipient->result);
    g_array_unref(recipient->wants);
    g_free(recipient);
}

/* --- deciding --- */

static void want(Recipient *recipient, guint template, bool applied)
{
    Want wanted = {.template = template, .applied = applied};
    g_array_append_val(recipient->wants, wanted);
}

/* Who was imported has the foreign system's own address from there, or none. */
static bool may_be_given(const AddressStep *step, const Recipient *recipient, const char *type)
{
    const char *own = step->connector->addresses.type;
    if (recipient->pending->native)
        return true;
    return !is_mapped_type(step, type) && (!own || g_ascii_strcasecmp(own, type) != 0);
}

static bool is_applied(const AddressStep *step, const Policy *policy)
{
    return step->options.apply_policy && !strcmp(step->options.apply_policy, policy->name);
}

static void want_policy(AddressStep *step, Recipient *recipient, bool all)
{
    const Policy *policy = recipient->policy;
    g_autofree char *because = g_strdup_printf("policy %s", policy->name);
    for (size_t i = 0; i < policy->n_templates; i++) {
        const PolicyTemplate *template = &policy->templates[i];
        bool applied = is_applied(step, policy);
        if (!may_be_given(step, recipient, template->type))
            continue;
        if (all || applied || !address_has_type(step, recipient->entry, template->type))
            want(recipient,
                 address_template(step, template->type, template->text, template->primary, because), applied);
    }
}

static bool policy_speaks_of(const Policy *policy, const char *type)
{
    for (size_t i = 0; policy && i < policy->n_templates; i++)
        if (!g_ascii_strcasecmp(policy->templates[i].type, type))
            return true;
    for (char **disabled = policy ? policy->disabled_types : NULL; disabled && *disabled; disabled++)
        if (!g_ascii_strcasecmp(*disabled, type))
            return true;
    return false;
}

static void want_connector_type(AddressStep *step, Recipient *recipient, bool all)
{
    const ConnectorAddresses *own = &step->connector->addresses;
    if (!own->type || !recipient->pending->native || policy_speaks_of(recipient->policy, own->type))
        return;
    g_autofree char *because = g_strdup_printf("connector %s", step->connector->name);
    if (all || !address_has_type(step, recipient->entry, own->type))
        want(recipient, address_template(step, own->type, own->site, true, because), false);
}

static void want_legacy_dn(const AddressStep *step, Recipient *recipient)
{
    bool ours = recipient->pending->native || !address_is_mapped(step, "legacyExchangeDN", "/");
    if (ours && recipient->info.alias && schema_attribute(home_schema(step), "legacyExchangeDN") &&
        !schema_find(home_schema(step), recipient->entry, "legacyExchangeDN"))
        want(recipient, LEGACY_DN, false);
}

void address_decide(AddressStep *step, Recipient *recipient, bool all)
{
    if (step->options.remove_type)
        return;
    if (!policy_opted_out(home_schema(step), recipient->entry)) {
        if (recipient->policy)
            want_policy(step, recipient, all);
        want_connector_type(step, recipient, all);
    }
    want_legacy_dn(step, recipient);
}

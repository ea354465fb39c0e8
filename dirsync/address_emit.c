/*
 * address_emit.c - what somebody was given, as a change of the plan
 *
 * Adds, and never takes away, but for what was asked for: under a policy that is
 * applied anew the former primary address becomes a secondary one, and a type that
 * is given up goes. In objects of the import, which are ours, membership in our
 * address lists follows their filters both ways.
 */
#include "dirsync/address_step_internal.h"

#include <string.h>

/* --- proxy addresses --- */

static char *as_secondary(const char *address)
{
    const char *colon = strchr(address, ':');
    g_autofree char *type = g_ascii_strdown(address, colon - address);
    return g_strconcat(type, colon, NULL);
}

/* The primary one of a type steps back for another. */
static void demote_others(const AddressStep *step, Recipient *recipient, const char *type,
                          const char *address)
{
    g_autoptr(GPtrArray) before = entry_get_values(home_schema(step), recipient->result, "proxyAddresses");
    g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < before->len; i++) {
        const char *own = g_ptr_array_index(before, i);
        if (address_equal(own, address))
            continue; /* comes again, as the primary one */
        bool steps_back = address_is_of_type(own, type) && g_ascii_isupper(*own);
        g_ptr_array_add(after, steps_back ? as_secondary(own) : g_strdup(own));
    }
    entry_set_values(home_schema(step), recipient->result, "proxyAddresses", after);
}

static bool holds(const AddressStep *step, const Entry *entry, const char *address)
{
    g_autoptr(GPtrArray) own = entry_get_values(home_schema(step), entry, "proxyAddresses");
    for (guint i = 0; i < own->len; i++)
        if (address_equal(g_ptr_array_index(own, i), address))
            return true;
    return false;
}

static void give_address(const AddressStep *step, Recipient *recipient, const Want *want)
{
    const Template *template = template_at(step, want->template);
    if (template->type->disabled) {
        recipient->pending->failed = true;
        return;
    }
    if (template->primary && want->applied)
        demote_others(step, recipient, template->type->name, want->address);
    if (holds(step, recipient->result, want->address))
        return;
    g_autofree char *secondary = template->primary ? NULL : as_secondary(want->address);
    if (!address_put(step, recipient->result, "proxyAddresses", secondary ? secondary : want->address)) {
        recipient->pending->failed = true;
        event_emit(EVENT_ADDRESS_FAILED, entry_dn(recipient->entry),
                   "%s: the schema of the home directory does not let this entry have proxyAddresses; load "
                   "schema/openldap/dirsync.ldif, or give it a class that does",
                   template->type->name);
    }
}

static void take_type_away(const AddressStep *step, Recipient *recipient)
{
    const char *type = step->options.remove_type;
    g_autoptr(GPtrArray) before = entry_get_values(home_schema(step), recipient->entry, "proxyAddresses");
    g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < before->len; i++) {
        const char *own = g_ptr_array_index(before, i);
        bool mapped = !recipient->pending->native && address_is_mapped(step, "proxyAddresses", own);
        if (!address_is_of_type(own, type) || mapped)
            g_ptr_array_add(after, g_strdup(own));
    }
    entry_set_values(home_schema(step), recipient->result, "proxyAddresses", after);
}

/* --- what follows from them --- */

static bool may_fill(const AddressStep *step, const Recipient *recipient, const char *attribute,
                     const char *value)
{
    return recipient->pending->native || !address_is_mapped(step, attribute, value);
}

/* Empty, or (under a policy that is applied) what the former primary address was. */
static void fill_from_primary(const AddressStep *step, Recipient *recipient, const char *attribute,
                              const char *type)
{
    const Schema *schema = home_schema(step);
    g_autofree char *now = address_primary(step, recipient->result, type);
    g_autofree char *then = address_primary(step, recipient->entry, type);
    g_autoptr(GPtrArray) values = entry_get_values(schema, recipient->result, attribute);
    size_t skip = strlen(type) + 1;
    if (!now || !may_fill(step, recipient, attribute, now + skip))
        return;
    if (!values->len)
        address_put(step, recipient->result, attribute, now + skip);
    for (guint i = 0; i < values->len && then && strcmp(then, now) != 0; i++) {
        if (g_ascii_strcasecmp(values->pdata[i], then + skip) != 0)
            continue;
        g_free(values->pdata[i]);
        values->pdata[i] = g_strdup(now + skip);
        entry_set_values(schema, recipient->result, attribute, values);
        break;
    }
}

static void keep_lists(const AddressStep *step, Recipient *recipient)
{
    const Schema *schema = home_schema(step);
    bool native = recipient->pending->native;
    if (!address_lists_count(step->policies) || (native && !step->settings->lists_for_all) ||
        !may_fill(step, recipient, "showInAddressBook", "") || !schema_attribute(schema, "showInAddressBook"))
        return;
    g_autoptr(GPtrArray) own = entry_get_values(schema, recipient->result, "showInAddressBook");
    for (size_t i = 0; i < address_lists_count(step->policies); i++) {
        const AddressList *list = address_lists_at(step->policies, i);
        bool belongs = !list->filter || filter_matches(list->filter, schema, recipient->result);
        guint at = own->len;
        for (guint j = 0; j < own->len && at == own->len; j++)
            at = schema_dn_equal(schema, g_ptr_array_index(own, j), list->dn) ? j : at;
        if (belongs && at == own->len)
            address_put(step, recipient->result, "showInAddressBook", list->dn);
        if (belongs || at == own->len || native)
            continue;
        g_autoptr(GPtrArray) left = entry_get_values(schema, recipient->result, "showInAddressBook");
        g_autofree char *out = g_strdup(g_ptr_array_index(own, at));
        for (guint j = 0; j < left->len; j++)
            if (!strcmp(g_ptr_array_index(left, j), out)) {
                g_ptr_array_remove_index(left, j);
                break;
            }
        entry_set_values(schema, recipient->result, "showInAddressBook", left);
    }
}

void address_complete(AddressStep *step, Recipient *recipient)
{
    if (step->options.remove_type) {
        take_type_away(step, recipient);
        return;
    }
    for (guint i = 0; i < recipient->wants->len; i++) {
        const Want *want = &g_array_index(recipient->wants, Want, i);
        if (want->address && want->template != LEGACY_DN)
            give_address(step, recipient, want);
        else if (want->address)
            address_put(step, recipient->result, "legacyExchangeDN", want->address);
    }
    if (recipient->policy)
        fill_from_primary(step, recipient, "mail", "SMTP");
    fill_from_primary(step, recipient, "textEncodedORAddress", "X400");
    keep_lists(step, recipient);
}

/* --- the change --- */

/* What the change is counted as. The first time that a type is given at all, everybody gets it. */
static void tally(AddressStep *step, const Recipient *recipient, const Change *change)
{
    step->work.planned.of[COUNT_MODIFIED]++;
    for (size_t i = 0; i < change->n_modifications; i++)
        if (change->modifications[i].kind == MODIFY_DELETE &&
            !g_ascii_strcasecmp(change->modifications[i].name, "proxyAddresses"))
            tally_add(step->work.tally, LIMIT_ADDRESS,
                      step->options.remove_type ? step->options.remove_type : step->options.apply_policy);
    for (guint i = 0; i < recipient->wants->len && recipient->pending->native && !step->round; i++) {
        const Want *want = &g_array_index(recipient->wants, Want, i);
        if (!want->address || want->applied || want->template == LEGACY_DN)
            continue;
        const Template *template = template_at(step, want->template);
        if (!template->type->holders && !step->settled_natives)
            continue;
        tally_add_of(step->work.tally, LIMIT_STAMP, template->type->name, template->because);
        tally_set_population(step->work.tally, LIMIT_STAMP, template->type->name, step->natives);
    }
}

static const char *because_of(const AddressStep *step, const Recipient *recipient)
{
    for (guint i = 0; i < recipient->wants->len; i++) {
        const Want *want = &g_array_index(recipient->wants, Want, i);
        if (want->address && want->template != LEGACY_DN)
            return template_at(step, want->template)->because;
    }
    return step->options.remove_type ? "the type is given up" : "what was empty is filled";
}

static bool emit_one(AddressStep *step, Recipient *recipient, Change *change, const Entry *before,
                     unsigned wave, GError **error)
{
    const Pending *pending = recipient->pending;
    change->wave = wave;
    change->situation = change_strdup(change, "addresses");
    change->anchor = change_strdup(change, pending->anchor);
    change->because = change_strdup(change, because_of(step, recipient));
    if (!pending->native && step->managed && step->managed[0])
        managed_guard(step->managed[0], before, change);
    recipient->pending->changes++;
    g_autoptr(Change) inverse = managed_inverse(home_schema(step), change, before, error);
    return inverse && plan_add(step->plan, change, inverse, error);
}

static gboolean same_address(gconstpointer a, gconstpointer b)
{
    return address_equal(a, b);
}

/* One address a change: the server does not say which one of several it refuses. */
static bool emit_singly(AddressStep *step, Recipient *recipient, GError **error)
{
    const Schema *schema = home_schema(step);
    g_autoptr(Entry) before = entry_copy(recipient->entry);
    g_autoptr(GPtrArray) own = entry_get_values(schema, recipient->entry, "proxyAddresses");
    g_autoptr(GPtrArray) will = entry_get_values(schema, recipient->result, "proxyAddresses");
    g_autoptr(GPtrArray) classes = entry_get_values(schema, recipient->result, "objectClass");
    unsigned wave = 1;
    for (guint i = 0; i < will->len; i++) {
        const char *address = g_ptr_array_index(will, i);
        if (g_ptr_array_find_with_equal_func(own, address, same_address, NULL))
            continue;
        g_autoptr(Entry) after = entry_copy(before);
        entry_set_values(schema, after, "objectClass", classes);
        entry_add_string(after, "proxyAddresses", address);
        g_autoptr(Change) change = address_difference(schema, before, after);
        if (!emit_one(step, recipient, change, before, wave++, error))
            return false;
        entry_free(before);
        before = g_steal_pointer(&after);
    }
    g_autoptr(Change) rest = address_difference(schema, before, recipient->result);
    return !rest || emit_one(step, recipient, rest, before, wave, error);
}

bool address_emit(AddressStep *step, Recipient *recipient, GError **error)
{
    Pending *pending = recipient->pending;
    g_autoptr(Change) change = address_difference(home_schema(step), recipient->entry, recipient->result);
    if (!change) {
        step->work.planned.of[COUNT_UNCHANGED] += !pending->failed;
        return true;
    }
    tally(step, recipient, change);
    if (g_hash_table_contains(step->singly, pending->id))
        return emit_singly(step, recipient, error);
    return emit_one(step, recipient, change, recipient->entry, 1, error);
}

/*
 * reconcile_names.c - the name and the addresses that somebody may have
 *
 * Homonyms in our own container are told apart by a suffix made from the anchor;
 * an address that somebody else has is left out and reported. First everything
 * is judged, then taken: nobody's grace ends for a newcomer who is not written.
 */
#include "dirsync/dn.h"
#include "dirsync/pass_internal.h"
#include "proxygen/address.h"

#include <string.h>

/* --- names --- */

const char *subject_name_type(const Pass *pass, const Subject *subject)
{
    return pass_is_named_by_anchor(pass)
               ? target_stamp(pass)->name
               : mapping_recipient(pass->mapping, (size_t)subject->kind)->name->name;
}

static const AttributeType *name_type(const Pass *pass, const Subject *subject)
{
    return schema_attribute(target_schema(pass), subject_name_type(pass, subject));
}

void subject_set_name(const Pass *pass, Subject *subject, const char *value)
{
    const char *type = subject_name_type(pass, subject);
    Entry *desired = subject->desired;
    gssize at = entry_index(desired, type);
    if (at >= 0)
        entry_remove(desired, (size_t)at);
    entry_add_string(desired, type, value);
    g_autofree char *dn = dn_build(type, value, strlen(value), pass->settings->container);
    entry_set_dn(desired, dn);
}

/* "Jane Doe (1f2e3d)": made from the anchor, so that it does not depend on order. */
static char *suffixed(const Pass *pass, const Subject *subject, const char *plain, int digits)
{
    const AttributeType *type = name_type(pass, subject);
    Fingerprint anchor = item_link(pass, subject->item)->anchor;
    g_autofree char *hex = g_strdup_printf("%016" G_GINT64_MODIFIER "x", anchor.high);
    size_t room = type && type->max_length ? type->max_length : 256;
    size_t tail = (size_t)digits + 3;
    g_autofree char *head =
        g_utf8_substring(plain, 0, (glong)MIN((size_t)g_utf8_strlen(plain, -1), room - MIN(room, tail)));
    return g_strdup_printf("%s (%.*s)", head, digits, hex);
}

static const int suffix_digits[] = {6, 16};

/* The value of the single RDN, NULL when the RDN is of another attribute or has several parts. */
static char *current_name(const Pass *pass, const Subject *subject)
{
    g_autoptr(Dn) dn = dn_parse(entry_dn(subject->current), NULL);
    if (!dn || !dn->n_rdns || dn->rdns[0].n_avas != 1 ||
        !schema_same_attribute(target_schema(pass), dn->rdns[0].avas[0].type,
                               subject_name_type(pass, subject)))
        return NULL;
    return g_strndup(dn->rdns[0].avas[0].value, dn->rdns[0].avas[0].len);
}

static bool same_name(const Pass *pass, const Subject *subject, const char *a, const char *b)
{
    return schema_values_equal(target_schema(pass), name_type(pass, subject), (Value){a, strlen(a)},
                               (Value){b, strlen(b)});
}

/* An object elsewhere was adopted or moved by an administrator: it keeps its place and name. */
static bool is_in_container(const Pass *pass, const Entry *current)
{
    g_autofree char *parent = dn_parent(entry_dn(current));
    return schema_dn_equal(target_schema(pass), parent ? parent : "", pass->settings->container);
}

/* True when the name that the object has is the one it should have, with or without a suffix. */
bool subject_keeps_name(const Pass *pass, const Subject *subject, const char *plain)
{
    if (!is_in_container(pass, subject->current))
        return true;
    g_autofree char *name = current_name(pass, subject);
    bool same = name && same_name(pass, subject, name, plain);
    for (size_t i = 0; name && !same && i < G_N_ELEMENTS(suffix_digits); i++) {
        g_autofree char *with = suffixed(pass, subject, plain, suffix_digits[i]);
        same = same_name(pass, subject, name, with);
    }
    return same;
}

char *subject_plain_name(const Entry *desired)
{
    g_autoptr(Dn) dn = dn_parse(entry_dn(desired), NULL);
    return dn && dn->n_rdns ? g_strndup(dn->rdns[0].avas[0].value, dn->rdns[0].avas[0].len) : g_strdup("");
}

void subject_keep_name(const Pass *pass, Subject *subject)
{
    const char *type = subject_name_type(pass, subject);
    g_autofree char *name = current_name(pass, subject);
    gssize at = name ? entry_index(subject->desired, type) : -1;
    if (at >= 0)
        entry_remove(subject->desired, (size_t)at);
    if (name)
        entry_add_string(subject->desired, type, name);
    entry_set_dn(subject->desired, entry_dn(subject->current));
}

/* --- names and addresses against everybody else's --- */

/* Finds a name that is free, beginning with the one that it has; *wait: one may become so. */
static bool choose_name(Pass *pass, Subject *subject, bool last, bool *wait, GError **error)
{
    if (subject->current && !strcmp(entry_dn(subject->current), entry_dn(subject->desired)))
        return true;
    g_autofree char *plain = subject_plain_name(subject->desired);
    for (size_t i = 0; i <= G_N_ELEMENTS(suffix_digits); i++) {
        g_autofree char *name = i ? suffixed(pass, subject, plain, suffix_digits[i - 1]) : NULL;
        if (name)
            subject_set_name(pass, subject, name);
        g_autofree char *key = holder_dn_key(&pass->view, entry_dn(subject->desired));
        Claim claim;
        if (!claim_key(pass, subject, KEY_DN, key, last, &claim, &subject->wave, NULL, error))
            return false;
        *wait = claim == CLAIM_WAIT;
        if (claim != CLAIM_TAKEN)
            return true;
    }
    error_set(error, ERROR_INVALID, "anchor %s: no free name found for %s", subject->anchor, plain);
    return false;
}

static bool is_address(const char *name, Value value, const char *folded)
{
    g_autofree char *whole = g_strconcat(g_ascii_strcasecmp(name, "mail") ? "" : "smtp:", value.data, NULL);
    g_autofree char *other = address_normalise(whole, strlen(whole));
    return !strcmp(other, folded);
}

/* Puts @values in the place of what @entry has of the attribute. */
static void set_values(Entry *entry, const char *name, const GPtrArray *values)
{
    gssize at = entry_index(entry, name);
    if (at >= 0)
        entry_remove(entry, (size_t)at);
    for (guint i = 0; i < values->len; i++)
        entry_add_string(entry, name, g_ptr_array_index(values, i));
}

/* Takes @folded away from @values; true when one of them was it. */
static bool take_out(GPtrArray *values, const char *name, const char *folded)
{
    guint before = values->len;
    for (guint i = values->len; i-- > 0;) {
        const char *text = g_ptr_array_index(values, i);
        if (is_address(name, (Value){text, strlen(text)}, folded))
            g_ptr_array_remove_index(values, i);
    }
    return values->len != before;
}

/* The primary address of that type stays when the one that was to follow it is taken. */
static void keep_primary(const Pass *pass, const Subject *subject, const char *folded, GPtrArray *values)
{
    g_autofree char *type = g_ascii_strup(folded, (gssize)strcspn(folded, ":") + 1);
    const Attribute *had =
        subject->current ? schema_find(target_schema(pass), subject->current, "proxyAddresses") : NULL;
    for (guint i = 0; i < values->len; i++)
        if (g_str_has_prefix(g_ptr_array_index(values, i), type))
            return;
    for (size_t i = 0; had && i < had->n_values; i++)
        if (g_str_has_prefix(had->values[i].data, type)) {
            g_autofree char *primary = address_normalise(had->values[i].data, had->values[i].len);
            take_out(values, "proxyAddresses", primary);
            g_ptr_array_add(values, g_strdup(had->values[i].data));
            return;
        }
}

/* Takes a colliding address out; a single value or primary address that was there before stays. */
static void drop_address(const Pass *pass, Subject *subject, const char *folded)
{
    static const char *const names[] = {"proxyAddresses", "targetAddress", "mail"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const Attribute *attribute = schema_find(target_schema(pass), subject->desired, names[i]);
        g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *name = g_strdup(attribute ? attribute->name : NULL);
        for (size_t j = 0; attribute && j < attribute->n_values; j++)
            g_ptr_array_add(values, g_strdup(attribute->values[j].data));
        if (!take_out(values, names[i], folded))
            continue;
        const char *before = i && subject->current
                                 ? schema_find_string(target_schema(pass), subject->current, names[i])
                                 : NULL;
        if (!i)
            keep_primary(pass, subject, folded, values);
        else if (!values->len && before)
            g_ptr_array_add(values, g_strdup(before));
        set_values(subject->desired, name, values);
    }
}

/* Tells what was left out; the link is looked at again in every run until it fits. */
void subject_report_conflicts(Pass *pass, Subject *subject)
{
    for (guint i = 0; subject->taken && i < subject->taken->len; i += 2) {
        g_autofree char *reason = g_strdup_printf("address %s is held by %s; it was left out",
                                                  (char *)g_ptr_array_index(subject->taken, i),
                                                  (char *)g_ptr_array_index(subject->taken, i + 1));
        emit_quarantine(pass, EVENT_CONFLICT, subject->anchor, reason);
        subject->retry = true;
    }
}

/* Claims the addresses that are new to the object; what is taken is left out. */
static bool claim_addresses(Pass *pass, Subject *subject, bool last, bool *wait, GError **error)
{
    g_autoptr(GArray) want = holder_keys(&pass->view, subject->desired);
    g_autoptr(GArray) have = subject->current ? holder_keys(&pass->view, subject->current) : NULL;
    for (guint i = 0; i < want->len && !*wait; i++) {
        const HolderKey *key = &g_array_index(want, HolderKey, i);
        if (strcmp(key->kind, KEY_ADDRESS) != 0 || claim_has_key(have, key))
            continue;
        g_autofree char *by = NULL;
        Claim claim;
        if (!claim_key(pass, subject, key->kind, key->value, last, &claim, &subject->wave, &by, error))
            return false;
        *wait = claim == CLAIM_WAIT;
        if (claim != CLAIM_TAKEN)
            continue;
        if (!subject->taken)
            subject->taken = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(subject->taken, g_strdup(key->value));
        g_ptr_array_add(subject->taken, g_steal_pointer(&by));
        drop_address(pass, subject, key->value);
    }
    return true;
}

/* Judges first, and takes only when everything is decided: nobody's grace may end for a newcomer who is then
 * not written. @named: the name is claimed too. */
bool subject_claim(Pass *pass, Subject *subject, bool named, bool last, bool *wait, GError **error)
{
    return (!named || choose_name(pass, subject, last, wait, error)) &&
           (*wait || claim_addresses(pass, subject, last, wait, error));
}

bool subject_take(Pass *pass, Subject *subject, bool named, bool last, GError **error)
{
    bool wait = false;
    subject->act = true;
    subject_report_conflicts(pass, subject);
    if (!subject->supersedes)
        return true; /* nothing but the judgement once more would come of it */
    return subject_claim(pass, subject, named, last, &wait, error);
}

/* --- other values that nobody else may have --- */

/* "jdoe", "jdoe1f2e", "jdoe1f2e3d4c...": made from the anchor, no longer than the rule allows. */
static char *alternative(const char *plain, Fingerprint anchor, size_t digits, size_t room)
{
    g_autofree char *hex = g_strdup_printf("%016" G_GINT64_MODIFIER "x", anchor.high);
    size_t keep = room ? room - MIN(room, digits) : (size_t)g_utf8_strlen(plain, -1);
    g_autofree char *head = g_utf8_substring(plain, 0, (glong)MIN((size_t)g_utf8_strlen(plain, -1), keep));
    return g_strdup_printf("%s%.*s", head, (int)digits, hex);
}

static bool is_free(Pass *pass, Subject *subject, const char *attribute, const char *value, bool *is,
                    GError **error)
{
    const Schema *schema = target_schema(pass);
    g_autofree char *kind = g_ascii_strdown(attribute, -1);
    g_autoptr(GString) key = g_string_new(NULL);
    Claim claim;
    schema_normalise(schema, schema_attribute(schema, attribute), (Value){value, strlen(value)}, key);
    if (!claim_key(pass, subject, kind, key->str, true, &claim, &subject->wave, NULL, error))
        return false;
    *is = claim == CLAIM_FREE;
    return true;
}

static bool make_one_unique(Pass *pass, Subject *subject, const MappingRule *rule, GError **error)
{
    static const size_t digits[] = {0, 4, 8, 16};
    Fingerprint anchor = item_link(pass, subject->item)->anchor;
    gssize at = entry_index(subject->desired, rule->name);
    if (at < 0)
        return true;
    g_autofree char *plain = g_strdup(entry_attribute(subject->desired, (size_t)at)->values[0].data);
    for (size_t i = 0; i < G_N_ELEMENTS(digits); i++) {
        g_autofree char *value = alternative(plain, anchor, digits[i], rule->max_length);
        bool is;
        if (!is_free(pass, subject, rule->name, value, &is, error))
            return false;
        if (!is)
            continue;
        entry_remove(subject->desired, (size_t)at);
        entry_add_string(subject->desired, rule->name, value);
        return true;
    }
    error_set(error, ERROR_INVALID, "anchor %s: no free value of %s found for %s", subject->anchor,
              rule->name, plain);
    return false;
}

bool subject_make_unique(Pass *pass, Subject *subject, GError **error)
{
    const MappingRecipient *recipient = mapping_recipient(pass->mapping, (size_t)subject->kind);
    for (size_t i = 0; i < recipient->n_rules; i++)
        if (recipient->rules[i]->is_unique && !make_one_unique(pass, subject, recipient->rules[i], error))
            return false;
    return true;
}

/*
 * matching_candidates.c - who in the target may be somebody of the source, by each rule
 *
 * Only looks up the index; that a candidate is what it seems is seen by
 * matching.c, when all have been fetched.
 */
#include "dirsync/matching.h"

#include "proxygen/address.h"

#include <string.h>

char *matching_normalise(const Schema *schema, const char *attribute, Value value)
{
    GString *text = g_string_new(NULL);
    schema_normalise(schema, schema_attribute(schema, attribute), value, text);
    return g_string_free(text, FALSE);
}

void matching_add_kinds(const Pass *pass, GPtrArray *kinds)
{
    for (size_t i = 0; i < RULES; i++)
        for (const char *const *key = match_rules[i].keys; key && *key; key++)
            if (!pass_has_schema(pass) || schema_attribute(target_schema(pass), *key))
                g_ptr_array_add(kinds, g_ascii_strdown(*key, -1));
}

/* --- one candidate --- */

static uint32_t note_native(Matching *matching, Holder *holder)
{
    gpointer known = g_hash_table_lookup(matching->by_id, holder->id);
    if (known)
        return GPOINTER_TO_UINT(known) - 1;
    Native native = {.id = g_steal_pointer(&holder->id),
                     .dn = g_steal_pointer(&holder->dn),
                     .owner = g_steal_pointer(&holder->owner),
                     .anchor = g_steal_pointer(&holder->anchor),
                     .at = SPOOL_NOWHERE};
    g_array_append_val(matching->natives, native);
    g_hash_table_insert(matching->by_id, native.id, GUINT_TO_POINTER(matching->natives->len));
    return matching->natives->len - 1;
}

static void note_candidate(Person *person, uint32_t native, MatchRuleId rule, bool exact, const char *text)
{
    g_autofree char *why = g_strdup_printf("%s %s", match_rules[rule].name, text);
    for (guint i = 0; i < person->candidates->len; i++) {
        Candidate *known = &g_array_index(person->candidates, Candidate, i);
        if (known->native != native)
            continue;
        known->exact |= exact;
        if (strstr(known->why, why)) /* by several attributes */
            return;
        g_autofree char *before = known->why;
        known->why = g_strconcat(before, "; ", why, NULL);
        return;
    }
    Candidate candidate = {native, (uint8_t)rule, exact, g_steal_pointer(&why)};
    g_array_append_val(person->candidates, candidate);
}

/* Everybody who has that key. @text: the value, for people. */
static bool look_up(Pass *pass, Person *person, MatchRuleId rule, bool exact, const char *kind,
                    const char *value, const char *text, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    if (!holder_index_find(pass->index, kind, value, found, error))
        return false;
    for (guint i = 0; i < found->len; i++)
        note_candidate(person, note_native(pass->matching, g_ptr_array_index(found, i)), rule, exact, text);
    return true;
}

static bool is_exact(MatchRuleId rule)
{
    return match_rules[rule].confidence == MATCH_EXACT;
}

/* --- the rules --- */

static bool by_joins(Pass *pass, const Subject *subject, Person *person, GError **error)
{
    for (size_t i = 0; i < pass->settings->n_joins; i++) {
        const JoinRule *join = &pass->settings->joins[i];
        const Attribute *values = schema_find(pass->side[SOURCE].schema, subject->source, join->source);
        g_autofree char *kind = g_ascii_strdown(join->target, -1);
        for (size_t j = 0; values && j < values->n_values; j++) {
            g_autofree char *key = matching_normalise(target_schema(pass), join->target, values->values[j]);
            g_autofree char *text =
                g_strdup_printf("%s=%s %s", join->source, join->target, values->values[j].data);
            if (!look_up(pass, person, RULE_JOIN, !join->probable, kind, key, text, error))
                return false;
        }
    }
    return true;
}

/* The one that mail goes to, folded; NULL: there is none. g_free(). */
static char *primary_address(const Pass *pass, const Entry *desired)
{
    const Attribute *proxies = schema_find(target_schema(pass), desired, "proxyAddresses");
    for (size_t i = 0; proxies && i < proxies->n_values; i++)
        if (g_str_has_prefix(proxies->values[i].data, "SMTP:"))
            return address_normalise(proxies->values[i].data, proxies->values[i].len);
    const char *mail = schema_find_string(target_schema(pass), desired, "mail");
    g_autofree char *whole = mail ? g_strconcat("SMTP:", mail, NULL) : NULL;
    return whole ? address_normalise(whole, strlen(whole)) : NULL;
}

static bool by_addresses(Pass *pass, const Subject *subject, Person *person, GError **error)
{
    g_autoptr(GArray) keys = holder_keys(&pass->view, subject->desired);
    g_autofree char *primary = primary_address(pass, subject->desired);
    if (primary)
        person->address = g_strdup(strchr(primary, ':') ? strchr(primary, ':') + 1 : primary);
    for (guint i = 0; i < keys->len; i++) {
        const HolderKey *key = &g_array_index(keys, HolderKey, i);
        if (strcmp(key->kind, KEY_ADDRESS) != 0)
            continue;
        MatchRuleId rule = !g_strcmp0(key->value, primary) ? RULE_PRIMARY : RULE_ADDRESS;
        const char *text = rule == RULE_PRIMARY ? person->address : key->text;
        if (!look_up(pass, person, rule, is_exact(rule), KEY_ADDRESS, key->value, text, error))
            return false;
    }
    return true;
}

/* What @entry has of the attributes of the rule, held against all of them: an alias there may be a uid here.
 */
static bool by_values(Pass *pass, const Schema *schema, const Entry *entry, Person *person, MatchRuleId rule,
                      GError **error)
{
    const char *const *keys = match_rules[rule].keys;
    for (size_t i = 0; keys[i]; i++) {
        const Attribute *values = schema_find(schema, entry, keys[i]);
        for (size_t j = 0; values && j < values->n_values; j++)
            for (size_t k = 0; keys[k]; k++) {
                g_autofree char *kind = g_ascii_strdown(keys[k], -1);
                g_autofree char *key = matching_normalise(target_schema(pass), keys[k], values->values[j]);
                if (!look_up(pass, person, rule, is_exact(rule), kind, key, values->values[j].data, error))
                    return false;
            }
    }
    return true;
}

#define X500 "X500:"

/* Somebody's former legacyExchangeDN is kept as an address, on either side. */
static bool by_former_legacy(Pass *pass, const Subject *subject, Person *person, GError **error)
{
    const Attribute *proxies = schema_find(target_schema(pass), subject->desired, "proxyAddresses");
    for (size_t i = 0; proxies && i < proxies->n_values; i++) {
        const char *text = proxies->values[i].data + strlen(X500);
        if (g_ascii_strncasecmp(proxies->values[i].data, X500, strlen(X500)) != 0)
            continue;
        g_autofree char *key = matching_normalise(target_schema(pass), match_rules[RULE_LEGACY].keys[0],
                                                  (Value){text, strlen(text)});
        if (!look_up(pass, person, RULE_LEGACY, true, "legacyexchangedn", key, text, error))
            return false;
    }
    const Entry *const entries[] = {subject->desired, subject->source};
    const Schema *const schemas[] = {target_schema(pass), pass->side[SOURCE].schema};
    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
        const char *legacy = schema_find_string(schemas[i], entries[i], match_rules[RULE_LEGACY].keys[0]);
        g_autofree char *whole = legacy ? g_strconcat(X500, legacy, NULL) : NULL;
        g_autofree char *key = whole ? address_normalise(whole, strlen(whole)) : NULL;
        if (key && !look_up(pass, person, RULE_LEGACY, true, KEY_ADDRESS, key, legacy, error))
            return false;
    }
    return true;
}

static bool by_name(Pass *pass, const Subject *subject, Person *person, GError **error)
{
    if (person->candidates->len || subject->is_group || !person->name)
        return true;
    g_autofree char *key = matching_normalise(target_schema(pass), match_rules[RULE_NAME].keys[0],
                                              (Value){person->name, strlen(person->name)});
    return look_up(pass, person, RULE_NAME, false, "displayname", key, person->name, error);
}

static void candidate_clear(void *data)
{
    g_free(((Candidate *)data)->why);
}

bool matching_find(Pass *pass, const Subject *subject, Person *person, GError **error)
{
    static const MatchRuleId by_attribute[] = {RULE_LEGACY, RULE_ALIAS, RULE_EMPLOYEE};
    person->candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
    g_array_set_clear_func(person->candidates, candidate_clear);
    if (!by_joins(pass, subject, person, error) || !by_addresses(pass, subject, person, error) ||
        !by_former_legacy(pass, subject, person, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(by_attribute); i++)
        if (!by_values(pass, target_schema(pass), subject->desired, person, by_attribute[i], error) ||
            !by_values(pass, pass->side[SOURCE].schema, subject->source, person, by_attribute[i], error))
            return false;
    return by_name(pass, subject, person, error);
}

/*
 * pass_scope.c - who an entry is: in scope or not, its anchor, its keys
 *
 * Questions about one entry of either side, answered from the entry and the
 * definitions alone.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/account.h"
#include "dirsync/dn.h"

#include <string.h>

/* --- source --- */

static bool is_below(const Pass *pass, const SourceSettings *source, const Entry *entry)
{
    const Schema *schema = pass->side[SOURCE].schema;
    const char *base = source->base ? source->base : pass->side[SOURCE].endpoint->base;
    if (!base || source->scope == SEARCH_SUBTREE)
        return !base || schema_dn_within(schema, entry_dn(entry), base);
    g_autofree char *parent =
        source->scope == SEARCH_ONE ? dn_parent(entry_dn(entry)) : g_strdup(entry_dn(entry));
    return parent && schema_dn_equal(schema, parent, base);
}

static bool is_selected(const Pass *pass, const Entry *entry)
{
    for (size_t i = 0; i < pass->settings->n_sources; i++)
        if ((!pass->scopes[i] || filter_matches(pass->scopes[i], pass->side[SOURCE].schema, entry)) &&
            is_below(pass, &pass->settings->sources[i], entry))
            return true;
    return false;
}

/* What we made there ourselves, from the other side, never goes back. Where the import names the stamp, what
 * any connector made there is of home too. */
static bool came_from_the_other_side(const Pass *pass, const Entry *entry)
{
    const Side *side = &pass->side[SOURCE];
    g_auto(Stamp) stamp = {0};
    return side->stamp && stamp_read(side->stamp, side->schema, entry, &stamp) &&
           ((pass->step == STEP_IMPORT && !side->stamp->owner) ||
            !strcmp(stamp.connector, pass->connector->uuid));
}

static bool is_hidden(const Pass *pass, const Entry *entry)
{
    const char *hidden = schema_find_string(pass->side[SOURCE].schema, entry, HIDE_ATTRIBUTE);
    return hidden && !g_ascii_strcasecmp(hidden, "TRUE");
}

/* A condition that fails is left to the mapping itself, which says so. */
static bool is_recipient(const Pass *pass, const Entry *entry)
{
    int index;
    g_autoptr(GError) failure = NULL;
    return !mapping_choose(pass->mapping, pass->as, pass->side[SOURCE].schema, entry, &index, &failure) ||
           index >= 0;
}

static bool is_not_ours(const Pass *pass, const Entry *entry)
{
    return !came_from_the_other_side(pass, entry);
}

static bool is_shown(const Pass *pass, const Entry *entry)
{
    return pass->settings->hidden || !is_hidden(pass, entry);
}

static bool is_enabled(const Pass *pass, const Entry *entry)
{
    return pass->settings->disabled || !account_is_disabled(pass->side[SOURCE].schema, entry);
}

/* In this order; the first that fails is the reason. Keep in step with ScopeCheck. */
static const struct {
    bool (*passes)(const Pass *pass, const Entry *entry);
    const char *name, *reason;
} scope_checks[SCOPE_CHECKS] = {
    [SCOPE_SELECTED] = {is_selected, "source and filter", "filtered out"},
    [SCOPE_NOT_OURS] = {is_not_ours, "loop", "it came from the other side"},
    [SCOPE_SHOWN] = {is_shown, "hidden", "hidden from address lists"},
    [SCOPE_ENABLED] = {is_enabled, "disabled", "its account is disabled"},
    [SCOPE_RECIPIENT] = {is_recipient, "recipient", "the mapping has no recipient of its kind"},
};

const char *pass_scope_check(const Pass *pass, ScopeCheck check, const Entry *entry, const char **name)
{
    if (name)
        *name = scope_checks[check].name;
    return scope_checks[check].passes(pass, entry) ? NULL : scope_checks[check].reason;
}

ScopeCheck pass_failed_check(const Pass *pass, const Entry *entry)
{
    int check = 0;
    while (check < SCOPE_CHECKS && scope_checks[check].passes(pass, entry))
        check++;
    return (ScopeCheck)check;
}

const char *pass_out_of_scope(const Pass *pass, const Entry *entry)
{
    ScopeCheck failed = pass_failed_check(pass, entry);
    return failed == SCOPE_CHECKS ? NULL : scope_checks[failed].reason;
}

char *pass_why_not_selected(const Pass *pass, size_t source, const Entry *entry)
{
    const SourceSettings *settings = &pass->settings->sources[source];
    const char *base = settings->base ? settings->base : pass->side[SOURCE].endpoint->base;
    if (!is_below(pass, settings, entry))
        return g_strdup_printf("it does not lie %s %s",
                               settings->scope == SEARCH_ONE ? "right below" : "at or below", base);
    return pass->scopes[source] ? filter_why_not(pass->scopes[source], pass->side[SOURCE].schema, entry)
                                : NULL;
}

Fingerprint pass_source_key(const Pass *pass, const char *dn)
{
    g_autofree char *key = schema_normalise_dn(pass->side[SOURCE].schema, dn);
    return fingerprint_string(key ? key : dn);
}

char *pass_anchor_of(const Pass *pass, const Entry *entry)
{
    return anchor_smallest(pass->side[SOURCE].schema, entry, pass->anchor);
}

const char *pass_source_id_attribute(const Pass *pass)
{
    const char *id = directory_describe(pass->side[SOURCE].directory)->default_anchor;
    unsigned can = directory_describe(pass->side[SOURCE].directory)->capabilities;
    return id && can & CAN_TELL_CHANGES && !schema_same_attribute(pass->side[SOURCE].schema, id, pass->anchor)
               ? id
               : NULL;
}

char *pass_source_id(const Pass *pass, const Entry *entry)
{
    const char *name = pass_source_id_attribute(pass);
    const Attribute *id = name ? schema_find(pass->side[SOURCE].schema, entry, name) : NULL;
    return id && id->n_values ? anchor_text(id->values[0]) : NULL;
}

/*
 * address_unique.c - whether an address is still free in the whole organisation
 *
 * All types, primary or not, natives included: by the index, which this step has
 * just brought up to date, and by what this run has given so far. What the server
 * sees beyond that it answers with 19; see address_step.c.
 */
#include "dirsync/address_step_internal.h"

#include <string.h>

#define LEGACY_KIND "legacyexchangedn"

static char *folded_key(const Want *want, const char *address)
{
    g_autofree char *whole = want->template == LEGACY_DN ? g_strconcat("X500:", address, NULL) : NULL;
    const char *text = whole ? whole : address;
    return address_normalise(text, strlen(text));
}

static bool is_held(AddressStep *step, const Recipient *recipient, const char *kind, const char *value,
                    bool *held, GError **error)
{
    g_autoptr(GPtrArray) holders = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    if (!holder_index_find(step->index, kind, value, holders, error))
        return false;
    for (guint i = 0; i < holders->len; i++)
        *held |= strcmp(((Holder *)g_ptr_array_index(holders, i))->id, recipient->pending->id) != 0;
    return true;
}

bool address_is_free(AddressStep *step, const Recipient *recipient, const Want *want, const char *address,
                     bool *free, GError **error)
{
    g_autofree char *folded = folded_key(want, address);
    Fingerprint key = fingerprint_string(folded);
    const Fingerprint *claimant = g_hash_table_lookup(step->claimed, &key);
    bool taken = claimant && !fingerprint_equal(*claimant, recipient->pending->identity);
    if (!taken && (!holder_index_is_refused(step->index, folded, &taken, error) ||
                   !is_held(step, recipient, KEY_ADDRESS, folded, &taken, error)))
        return false;
    if (!taken && want->template == LEGACY_DN) {
        g_autoptr(GString) value = g_string_new(NULL);
        schema_normalise(home_schema(step), schema_attribute(home_schema(step), "legacyExchangeDN"),
                         (Value){address, strlen(address)}, value);
        if (!is_held(step, recipient, LEGACY_KIND, value->str, &taken, error))
            return false;
    }
    *free = !taken;
    return true;
}

void address_claim(AddressStep *step, const Recipient *recipient, const Want *want, const char *address)
{
    g_autofree char *folded = folded_key(want, address);
    Fingerprint key = fingerprint_string(folded);
    g_hash_table_replace(step->claimed, g_memdup2(&key, sizeof key),
                         g_memdup2(&recipient->pending->identity, sizeof key));
}

bool address_next_number(AddressStep *step, const char *base, unsigned *number, GError **error)
{
    gpointer known;
    unsigned highest = 0;
    if (g_hash_table_lookup_extended(step->highest, base, NULL, &known))
        highest = GPOINTER_TO_UINT(known);
    else if (!holder_index_highest(step->index, base, &highest, error))
        return false;
    *number = MAX(highest, 1) + 1;
    g_hash_table_insert(step->highest, g_strdup(base), GUINT_TO_POINTER(*number));
    return true;
}

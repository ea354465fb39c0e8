/*
 * touched_entries.c - applying changes to the entries that they name
 *
 * Names are canonical DNs. An entry is in @present under the name that it has
 * now and in @places under the one that it was offered with: who is deleted and
 * added again takes the old place.
 */
#include "dirsync/directory/touched_entries.h"

#include "dirsync/directory/entry_update.h"
#include "dirsync/directory/selection.h"
#include "dirsync/dn.h"

#include <string.h>

struct TouchedEntries {
    const Schema *schema;
    TouchedPrepare prepare;
    void *data;
    GHashTable *places;  /* name → TouchedEntry that was offered, or NULL */
    GHashTable *present; /* name → TouchedEntry */
    GPtrArray *entries;  /* owns them all */
    GPtrArray *added;
};

static void touched_entry_free(void *data)
{
    TouchedEntry *touched = data;
    entry_free(touched->original);
    entry_free(touched->now);
    g_free(touched);
}

TouchedEntries *touched_entries_new(const Schema *schema, TouchedPrepare prepare, void *data)
{
    TouchedEntries *set = g_new(TouchedEntries, 1);
    *set = (TouchedEntries){.schema = schema,
                            .prepare = prepare,
                            .data = data,
                            .places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                            .present = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                            .entries = g_ptr_array_new_with_free_func(touched_entry_free),
                            .added = g_ptr_array_new()};
    return set;
}

void touched_entries_free(TouchedEntries *set)
{
    if (!set)
        return;
    g_hash_table_unref(set->places);
    g_hash_table_unref(set->present);
    g_ptr_array_unref(set->entries);
    g_ptr_array_unref(set->added);
    g_free(set);
}

static void expect_name(TouchedEntries *set, const char *dn)
{
    char *name = schema_normalise_dn(set->schema, dn);
    if (name)
        g_hash_table_insert(set->places, name, NULL);
}

void touched_entries_expect(TouchedEntries *set, const Change *change)
{
    expect_name(set, change->dn);
    if (change->kind == CHANGE_RENAME) {
        g_autofree char *dn = change_resulting_dn(change);
        expect_name(set, dn);
    }
}

static TouchedEntry *new_touched(TouchedEntries *set)
{
    TouchedEntry *touched = g_new0(TouchedEntry, 1);
    g_ptr_array_add(set->entries, touched);
    return touched;
}

const TouchedEntry *touched_entries_offer(TouchedEntries *set, const Entry *entry)
{
    g_autofree char *name = schema_normalise_dn(set->schema, entry_dn(entry));
    void *before;
    if (!name || !g_hash_table_lookup_extended(set->places, name, NULL, &before) || before)
        return NULL;
    TouchedEntry *touched = new_touched(set);
    touched->original = entry_copy(entry);
    touched->now = entry_copy(entry);
    g_hash_table_insert(set->places, g_strdup(name), touched);
    g_hash_table_insert(set->present, g_steal_pointer(&name), touched);
    return touched;
}

const GPtrArray *touched_entries_added(const TouchedEntries *set)
{
    return set->added;
}

/* --- applying --- */

static bool refuse(GError **error, ErrorCode code, const char *dn, const char *reason)
{
    error_set(error, code, "%s: %s", dn, reason);
    return false;
}

/* @entry in the order of what was there before, as the directory will hold it. */
static Entry *make_fit(const TouchedEntries *set, const TouchedEntry *touched, const Entry *entry,
                       GError **error)
{
    const Entry *model = !touched ? NULL : touched->original ? touched->original : touched->now;
    if (!entry_update_check_naming(set->schema, entry, error))
        return NULL;
    g_autoptr(Entry) settled = entry_update_settle(set->schema, model, entry);
    return set->prepare(set->data, settled, error);
}

/* Takes @entry. */
static void put_entry(TouchedEntry *touched, Entry *entry)
{
    entry_free(touched->now);
    touched->now = entry;
}

static TouchedEntry *add_touched(TouchedEntries *set)
{
    TouchedEntry *touched = new_touched(set);
    g_ptr_array_add(set->added, touched);
    return touched;
}

static bool apply_add(TouchedEntries *set, const Change *change, const char *name, GError **error)
{
    if (g_hash_table_contains(set->present, name))
        return refuse(error, ERROR_EXISTS, change->dn, "there is already an entry of that name (68)");
    TouchedEntry *place = g_hash_table_lookup(set->places, name);
    if (place && place->now)
        place = NULL; /* its entry lives on under another name */
    g_autoptr(Entry) entry = entry_update_new(set->schema, change->dn, change->entry, error);
    if (!entry || !entry_update_check_assertion(set->schema, change, entry, error))
        return false;
    Entry *fit = make_fit(set, place, entry, error);
    if (!fit)
        return false;
    if (!place)
        place = add_touched(set);
    put_entry(place, fit);
    g_hash_table_insert(set->present, g_strdup(name), place);
    return true;
}

static bool apply_modify(TouchedEntries *set, const Change *change, TouchedEntry *touched, GError **error)
{
    g_autoptr(Entry) entry = entry_copy(touched->now);
    for (size_t i = 0; i < change->n_modifications; i++)
        if (!entry_update_modify(set->schema, entry, &change->modifications[i], error))
            return false;
    Entry *fit = make_fit(set, touched, entry, error);
    if (fit)
        put_entry(touched, fit);
    return fit != NULL;
}

static bool check_new_name(TouchedEntries *set, const Change *change, const char *name, const char *new_name,
                           GError **error)
{
    g_autoptr(Dn) rdn = dn_parse(change->new_rdn ? change->new_rdn : "", NULL);
    if (!new_name || !rdn || rdn->n_rdns != 1)
        return refuse(error, ERROR_REFUSED, change->dn, "invalid DN syntax (34)");
    if (strcmp(name, new_name) == 0)
        return true;
    if (g_hash_table_contains(set->present, new_name))
        return refuse(error, ERROR_EXISTS, new_name, "there is already an entry of that name (68)");
    if (normalised_dn_within(new_name, name))
        return refuse(error, ERROR_REFUSED, change->dn, "cannot be moved below itself (53)");
    return true;
}

static bool apply_rename(TouchedEntries *set, const Change *change, TouchedEntry *touched, const char *name,
                         GError **error)
{
    g_autofree char *dn = change_resulting_dn(change);
    g_autofree char *new_name = schema_normalise_dn(set->schema, dn);
    if (!check_new_name(set, change, name, new_name, error))
        return false;
    g_autoptr(Entry) entry = entry_copy(touched->now);
    entry_update_rename(set->schema, entry, dn, change->delete_old_rdn);
    Entry *fit = make_fit(set, touched, entry, error);
    if (!fit)
        return false;
    put_entry(touched, fit);
    g_hash_table_remove(set->present, name);
    g_hash_table_insert(set->present, g_steal_pointer(&new_name), touched);
    return true;
}

static bool apply_to_entry(TouchedEntries *set, const Change *change, const char *name, GError **error)
{
    TouchedEntry *touched = g_hash_table_lookup(set->present, name);
    if (!touched)
        return refuse(error, ERROR_NOT_FOUND, change->dn, "no such object (32)");
    if (!entry_update_check_assertion(set->schema, change, touched->now, error))
        return false;
    if (change->kind == CHANGE_MODIFY)
        return apply_modify(set, change, touched, error);
    if (change->kind == CHANGE_RENAME)
        return apply_rename(set, change, touched, name, error);
    put_entry(touched, NULL);
    g_hash_table_remove(set->present, name);
    return true;
}

bool touched_entries_apply(TouchedEntries *set, const Change *change, GError **error)
{
    g_autofree char *name = schema_normalise_dn(set->schema, change->dn);
    if (!name)
        return refuse(error, ERROR_REFUSED, change->dn, "invalid DN syntax (34)");
    if (change->random_password)
        return refuse(error, ERROR_REFUSED, change->dn, "a file sets no passwords (53)");
    return change->kind == CHANGE_ADD ? apply_add(set, change, name, error)
                                      : apply_to_entry(set, change, name, error);
}

/*
 * entry_update.c - applying the parts of a change to an entry
 *
 * The values of an attribute are indexed by their canonical form for each
 * modification, so that time is linear for a group with many members too.
 */
#include "dirsync/directory/entry_update.h"

#include "dirsync/dn.h"
#include "dirsync/filter.h"

gssize entry_update_find(const Schema *schema, const Entry *entry, const char *name)
{
    for (size_t i = 0; i < entry_n_attributes(entry); i++)
        if (schema_same_attribute(schema, entry_attribute(entry, i)->name, name))
            return (gssize)i;
    return -1;
}

static bool refuse_value(GError **error, const Entry *entry, const char *name, const char *reason)
{
    error_set(error, ERROR_MOVED, "%s: %s: %s", entry_dn(entry), name, reason);
    return false;
}

/* --- an index of values --- */

static GBytes *value_key(const Schema *schema, const char *name, Value value)
{
    GString *key = g_string_new(NULL);
    schema_normalise(schema, schema_attribute(schema, name), value, key);
    return g_string_free_to_bytes(key);
}

/* Canonical form → index + 1; of equal values the first counts. */
static GHashTable *index_values(const Schema *schema, const Attribute *attribute)
{
    GHashTable *index =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        GBytes *key = value_key(schema, attribute->name, attribute->values[i]);
        if (g_hash_table_contains(index, key))
            g_bytes_unref(key);
        else
            g_hash_table_insert(index, key, GSIZE_TO_POINTER(i + 1));
    }
    return index;
}

/* --- modifications --- */

static bool add_values(const Schema *schema, Entry *entry, const char *name, const Value *values, size_t n,
                       GError **error)
{
    gssize at = entry_update_find(schema, entry, name);
    const Attribute *attribute = at < 0 ? NULL : entry_attribute(entry, (size_t)at);
    const char *spelling = attribute ? attribute->name : name;
    g_autoptr(GHashTable) index = index_values(schema, attribute);
    for (size_t i = 0; i < n; i++) {
        if (!g_hash_table_add(index, value_key(schema, spelling, values[i])))
            return refuse_value(error, entry, name, "the value is there already (20)");
        entry_add(entry, spelling, values[i].data, values[i].len);
    }
    return true;
}

/* Entries can only lose whole attributes: the values that stay are put back. */
static void keep_values(Entry *entry, size_t at, const bool *gone)
{
    Attribute attribute = *entry_attribute(entry, at);
    entry_remove(entry, at);
    for (size_t i = 0; i < attribute.n_values; i++)
        if (!gone[i])
            entry_add(entry, attribute.name, attribute.values[i].data, attribute.values[i].len);
}

static bool delete_values(const Schema *schema, Entry *entry, const char *name, const Value *values, size_t n,
                          GError **error)
{
    gssize at = entry_update_find(schema, entry, name);
    if (at < 0)
        return refuse_value(error, entry, name, "no such value (16)");
    const Attribute *attribute = entry_attribute(entry, (size_t)at);
    g_autoptr(GHashTable) index = index_values(schema, attribute);
    g_autofree bool *gone = g_new0(bool, attribute->n_values + 1);
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GBytes) key = value_key(schema, attribute->name, values[i]);
        size_t place = GPOINTER_TO_SIZE(g_hash_table_lookup(index, key));
        if (place == 0 || gone[place - 1])
            return refuse_value(error, entry, name, "no such value (16)");
        gone[place - 1] = true;
    }
    keep_values(entry, (size_t)at, gone);
    return true;
}

static bool delete_attribute(const Schema *schema, Entry *entry, const char *name, GError **error)
{
    gssize at = entry_update_find(schema, entry, name);
    if (at < 0)
        return refuse_value(error, entry, name, "no such attribute (16)");
    entry_remove(entry, (size_t)at);
    return true;
}

bool entry_update_modify(const Schema *schema, Entry *entry, const Modification *modification, GError **error)
{
    if (modification->kind == MODIFY_ADD)
        return add_values(schema, entry, modification->name, modification->values, modification->n_values,
                          error);
    if (modification->n_values == 0)
        return delete_attribute(schema, entry, modification->name, error);
    return delete_values(schema, entry, modification->name, modification->values, modification->n_values,
                         error);
}

Entry *entry_update_new(const Schema *schema, const char *dn, const Entry *given, GError **error)
{
    g_autoptr(Entry) entry = entry_new(dn);
    for (size_t i = 0; i < entry_n_attributes(given); i++) {
        const Attribute *attribute = entry_attribute(given, i);
        if (!add_values(schema, entry, attribute->name, attribute->values, attribute->n_values, error))
            return NULL;
    }
    return g_steal_pointer(&entry);
}

/* --- names --- */

/* Adds or deletes what the first RDN of @dn holds, as far as that can be done. */
static void change_naming_values(const Schema *schema, Entry *entry, const char *dn, ModifyKind kind)
{
    g_autoptr(Dn) name = dn_parse(dn, NULL);
    for (size_t i = 0; name && name->n_rdns && i < name->rdns[0].n_avas; i++) {
        const DnAva *ava = &name->rdns[0].avas[i];
        Value value = {.data = ava->value, .len = ava->len};
        Modification one = {.kind = kind, .name = ava->type, .values = &value, .n_values = 1};
        entry_update_modify(schema, entry, &one, NULL);
    }
}

void entry_update_rename(const Schema *schema, Entry *entry, const char *dn, bool delete_old_rdn)
{
    if (delete_old_rdn)
        change_naming_values(schema, entry, entry_dn(entry), MODIFY_DELETE);
    entry_set_dn(entry, dn);
    change_naming_values(schema, entry, dn, MODIFY_ADD);
}

static bool rename_by(const Schema *schema, Entry *entry, const Change *change, GError **error)
{
    g_autofree char *name = change_resulting_dn(change);
    g_autoptr(Dn) rdn = dn_parse(change->new_rdn ? change->new_rdn : "", NULL);
    if (!rdn || rdn->n_rdns != 1) {
        error_set(error, ERROR_INVALID, "%s: the new name \"%s\" is not one RDN", change->dn,
                  change->new_rdn ? change->new_rdn : "");
        return false;
    }
    entry_update_rename(schema, entry, name, change->delete_old_rdn);
    return true;
}

bool entry_update(const Schema *schema, Entry *entry, const Change *change, GError **error)
{
    if (change->kind == CHANGE_RENAME)
        return rename_by(schema, entry, change, error);
    if (change->kind != CHANGE_MODIFY) {
        error_set(error, ERROR_INVALID, "%s: not a modify or a rename", change->dn);
        return false;
    }
    for (size_t i = 0; i < change->n_modifications; i++)
        if (!entry_update_modify(schema, entry, &change->modifications[i], error))
            return false;
    return true;
}

static bool has_value(const Schema *schema, const Entry *entry, const char *name, Value value)
{
    gssize at = entry_update_find(schema, entry, name);
    const Attribute *attribute = at < 0 ? NULL : entry_attribute(entry, (size_t)at);
    const AttributeType *type = schema_attribute(schema, name);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (schema_values_equal(schema, type, attribute->values[i], value))
            return true;
    return false;
}

bool entry_update_check_naming(const Schema *schema, const Entry *entry, GError **error)
{
    g_autoptr(Dn) dn = dn_parse(entry_dn(entry), error);
    if (!dn)
        return false;
    for (size_t i = 0; dn->n_rdns && i < dn->rdns[0].n_avas; i++) {
        const DnAva *ava = &dn->rdns[0].avas[i];
        if (!has_value(schema, entry, ava->type, (Value){.data = ava->value, .len = ava->len})) {
            error_set(error, ERROR_REFUSED, "%s: the naming attribute %s is not in the entry (64)",
                      entry_dn(entry), ava->type);
            return false;
        }
    }
    return true;
}

bool entry_update_check_assertion(const Schema *schema, const Change *change, const Entry *entry,
                                  GError **error)
{
    if (!change->assertion)
        return true;
    g_autoptr(Filter) filter = filter_parse(change->assertion, NULL);
    if (!filter)
        error_set(error, ERROR_REFUSED, "%s: the assertion is not a filter (2)", change->dn);
    else if (filter_matches(filter, schema, entry))
        return true;
    else
        error_set(error, ERROR_MOVED, "%s: assertion failed (122)", change->dn);
    return false;
}

/* --- order --- */

static void count_value(GHashTable *counts, Value value, int by)
{
    GBytes *key = g_bytes_new(value.data, value.len);
    int count = GPOINTER_TO_INT(g_hash_table_lookup(counts, key));
    g_hash_table_replace(counts, key, GINT_TO_POINTER(count + by));
}

/* Takes one of that value; false when there is none left. */
static bool take_value(GHashTable *counts, Value value)
{
    g_autoptr(GBytes) key = g_bytes_new_static(value.data, value.len);
    if (GPOINTER_TO_INT(g_hash_table_lookup(counts, key)) <= 0)
        return false;
    count_value(counts, value, -1);
    return true;
}

/* The values of @attribute that @model has, in its order, then the others; under the name of the model. */
static void settle_attribute(Entry *to, const Attribute *model, const Attribute *attribute)
{
    g_autoptr(GHashTable) left =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    for (size_t i = 0; i < attribute->n_values; i++)
        count_value(left, attribute->values[i], 1);
    for (size_t i = 0; i < model->n_values; i++)
        if (take_value(left, model->values[i]))
            entry_add(to, model->name, model->values[i].data, model->values[i].len);
    for (size_t i = 0; i < attribute->n_values; i++)
        if (take_value(left, attribute->values[i]))
            entry_add(to, model->name, attribute->values[i].data, attribute->values[i].len);
}

static void copy_attribute(Entry *to, const Attribute *attribute)
{
    for (size_t i = 0; i < attribute->n_values; i++)
        entry_add(to, attribute->name, attribute->values[i].data, attribute->values[i].len);
}

/* Index of what @entry has of the model's attribute and nobody took; -1 when there is nothing. An entry may
 * hold one attribute under two names: each keeps its own. */
static gssize match_attribute(const Schema *schema, const Entry *entry, const char *name, const bool *taken)
{
    gssize at = entry_index(entry, name);
    if (at >= 0 && !taken[at])
        return at;
    for (size_t i = 0; i < entry_n_attributes(entry); i++)
        if (!taken[i] && schema_same_attribute(schema, entry_attribute(entry, i)->name, name))
            return (gssize)i;
    return -1;
}

Entry *entry_update_settle(const Schema *schema, const Entry *model, const Entry *entry)
{
    size_t n = entry_n_attributes(entry);
    g_autofree bool *taken = g_new0(bool, n + 1);
    Entry *settled = entry_new(entry_dn(entry));
    for (size_t i = 0; model && i < entry_n_attributes(model); i++) {
        const Attribute *first = entry_attribute(model, i);
        gssize at = match_attribute(schema, entry, first->name, taken);
        if (at < 0)
            continue;
        taken[at] = true;
        settle_attribute(settled, first, entry_attribute(entry, (size_t)at));
    }
    for (size_t i = 0; i < n; i++)
        if (!taken[i])
            copy_attribute(settled, entry_attribute(entry, i));
    return settled;
}

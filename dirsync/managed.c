/*
 * managed.c - see managed.h
 *
 * Both sides of a comparison are turned into sorted lists of (key, value)
 * pairs; the key is the canonical form. objectClass is special: what counts is
 * whether the entry is of each class, not how a server spells the chain.
 */
#include "dirsync/managed.h"

#include "dirsync/account.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *where;
    WhoWins wins;
    const char **owns;         /* WINS_MERGE; NULL-terminated, may be empty */
    const AttributeType *type; /* NULL: the server does not know it */
} Rule;

struct Managed {
    const Schema *schema;
    GArray *rules;
    const char **classes; /* that every object of ours is of */
    bool hide;
    char *stamp_prefix;
    const StampSettings *stamp;
};

typedef struct {
    char *key;
    size_t key_len;
    Value value;
} Keyed;

static void keyed_clear(void *data)
{
    g_free(((Keyed *)data)->key);
}

static Rule *rule_for(Managed *managed, const char *name)
{
    for (guint i = 0; i < managed->rules->len; i++) {
        Rule *rule = &g_array_index(managed->rules, Rule, i);
        if (schema_same_attribute(managed->schema, rule->name, name))
            return rule;
    }
    Rule added = {.name = name, .wins = WINS_REPLACE, .type = schema_attribute(managed->schema, name)};
    g_array_append_val(managed->rules, added);
    return &g_array_index(managed->rules, Rule, managed->rules->len - 1);
}

static void own_prefixes(Rule *rule, const char *const *owns, const char *more)
{
    GPtrArray *all = g_ptr_array_new();
    for (const char **p = rule->owns; p && *p; p++)
        g_ptr_array_add(all, (gpointer)*p);
    for (; owns && *owns; owns++)
        g_ptr_array_add(all, (gpointer)*owns);
    if (more)
        g_ptr_array_add(all, (gpointer)more);
    g_ptr_array_add(all, NULL);
    g_free(rule->owns);
    rule->owns = (const char **)g_ptr_array_free(all, FALSE);
}

static void add_mapping_rules(Managed *managed, const MappingRecipient *recipient, unsigned flags)
{
    for (size_t i = 0; i < recipient->n_rules; i++) {
        const MappingRule *from = recipient->rules[i];
        bool is_name = from->is_name && !(flags & MANAGED_NAMED_BY_ANCHOR);
        if (is_name || from->wins == WINS_INITIAL)
            continue;
        Rule *rule = rule_for(managed, from->name);
        rule->where = from->where;
        rule->wins = from->wins;
        if (from->wins == WINS_MERGE)
            own_prefixes(rule, from->owns, NULL);
    }
}

static void add_stamp_rules(Managed *managed, const StampSettings *stamp)
{
    managed->stamp_prefix = stamp->form == STAMP_ATTRIBUTE && stamp->owner
                                ? g_strconcat(stamp->owner, ";", NULL) /* others may have values beside it */
                                : stamp_value_prefix(stamp);
    for (const char *const *name = stamp_attributes(stamp); *name; name++) {
        Rule *rule = rule_for(managed, *name);
        if (!managed->stamp_prefix)
            continue;
        if (rule->wins == WINS_REPLACE && !rule->where)
            rule->wins = WINS_MERGE;
        if (rule->wins == WINS_MERGE)
            own_prefixes(rule, NULL, managed->stamp_prefix);
    }
}

static void collect_classes(Managed *managed, const MappingRecipient *recipient, const StampSettings *stamp)
{
    GPtrArray *classes = g_ptr_array_new();
    for (const char *const *name = recipient->classes; *name; name++)
        g_ptr_array_add(classes, (gpointer)*name);
    if (stamp->form == STAMP_CLASS)
        g_ptr_array_add(classes, (gpointer)STAMP_CLASS_NAME);
    g_ptr_array_add(classes, NULL);
    managed->classes = (const char **)g_ptr_array_free(classes, FALSE);
}

static bool is_hide(const Managed *managed, const Rule *rule)
{
    return !rule->where && managed->hide && !g_ascii_strcasecmp(rule->name, HIDE_ATTRIBUTE);
}

Managed *managed_new(const MappingRecipient *recipient, const StampSettings *stamp, const Schema *schema,
                     unsigned flags)
{
    Managed *managed = g_new0(Managed, 1);
    managed->schema = schema;
    managed->stamp = stamp;
    managed->hide = flags & MANAGED_HIDES;
    managed->rules = g_array_new(FALSE, TRUE, sizeof(Rule));
    collect_classes(managed, recipient, stamp);
    add_mapping_rules(managed, recipient, flags);
    add_stamp_rules(managed, stamp);
    if (managed->hide)
        rule_for(managed, HIDE_ATTRIBUTE);
    return managed;
}

void managed_free(Managed *managed)
{
    if (!managed)
        return;
    for (guint i = 0; i < managed->rules->len; i++)
        g_free(g_array_index(managed->rules, Rule, i).owns);
    g_array_unref(managed->rules);
    g_free(managed->classes);
    g_free(managed->stamp_prefix);
    g_free(managed);
}

/* Length of the owned prefix that the value starts with; -1 when it is not ours. */
static gssize owned_prefix(const Rule *rule, Value value)
{
    if (rule->wins != WINS_MERGE)
        return 0;
    for (const char **prefix = rule->owns; *prefix; prefix++) {
        size_t len = strlen(*prefix);
        if (value.len >= len && !memcmp(value.data, *prefix, len))
            return (gssize)len;
    }
    return -1;
}

bool managed_owns(const Managed *managed, const char *attribute, Value value)
{
    for (guint i = 0; i < managed->rules->len; i++) {
        const Rule *rule = &g_array_index(managed->rules, Rule, i);
        if (schema_same_attribute(managed->schema, rule->name, attribute))
            return owned_prefix(rule, value) >= 0;
    }
    return false;
}

static void append_key(const Managed *managed, const Rule *rule, Value value, size_t prefix, bool exact,
                       GString *key)
{
    Value rest = {value.data + prefix, value.len - prefix};
    g_string_append_len(key, value.data, (gssize)prefix);
    if (exact)
        g_string_append_len(key, rest.data, (gssize)rest.len);
    else
        schema_normalise(managed->schema, rule->type, rest, key);
}

static Keyed make_key(const Managed *managed, const Rule *rule, Value value, size_t prefix, bool exact)
{
    GString *key = g_string_sized_new(value.len + 16);
    append_key(managed, rule, value, prefix, exact, key);
    size_t len = key->len;
    return (Keyed){g_string_free(key, FALSE), len, value};
}

static gint compare_keys(const void *a, const void *b)
{
    const Keyed *x = a, *y = b;
    size_t shorter = MIN(x->key_len, y->key_len);
    int order = memcmp(x->key, y->key, shorter);
    return order ? order : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

/* The values of @rule in @attribute (NULL: none) that are ours, sorted by key, each key once. */
static GArray *keyed_values(const Managed *managed, const Rule *rule, const Attribute *attribute, bool exact)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Keyed));
    g_array_set_clear_func(all, keyed_clear);
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        gssize prefix = owned_prefix(rule, attribute->values[i]);
        if (prefix < 0)
            continue;
        Keyed keyed = make_key(managed, rule, attribute->values[i], (size_t)prefix, exact);
        g_array_append_val(all, keyed);
    }
    g_array_sort(all, compare_keys);
    for (guint i = 1; i < all->len;)
        if (compare_keys(&g_array_index(all, Keyed, i - 1), &g_array_index(all, Keyed, i)) == 0)
            g_array_remove_index(all, i);
        else
            i++;
    return all;
}

static void append_counted(GString *out, const char *data, size_t len)
{
    guint64 n = len;
    g_string_append_len(out, (const char *)&n, sizeof n);
    g_string_append_len(out, data, (gssize)len);
}

/* What most attributes have: at most one value. Nothing to sort, so it is written where it belongs. */
static void append_single(const Managed *managed, const Rule *rule, const Attribute *attribute, bool exact,
                          GString *out)
{
    gssize prefix = attribute ? owned_prefix(rule, attribute->values[0]) : -1;
    guint64 count = prefix >= 0, len = 0;
    g_string_append_len(out, (const char *)&count, sizeof count);
    if (prefix < 0)
        return;
    size_t start = out->len;
    g_string_append_len(out, (const char *)&len, sizeof len);
    append_key(managed, rule, attribute->values[0], (size_t)prefix, exact, out);
    len = out->len - start - sizeof len;
    memcpy(out->str + start, &len, sizeof len);
}

static void append_rule(const Managed *managed, const Rule *rule, const Attribute *attribute, bool exact,
                        GString *out)
{
    if (!attribute || attribute->n_values == 1) {
        append_single(managed, rule, attribute, exact, out);
        return;
    }
    g_autoptr(GArray) values = keyed_values(managed, rule, attribute, exact);
    guint64 count = values->len;
    g_string_append_len(out, (const char *)&count, sizeof count);
    for (guint i = 0; i < values->len; i++) {
        const Keyed *keyed = &g_array_index(values, Keyed, i);
        append_counted(out, keyed->key, keyed->key_len);
    }
}

static const Attribute *find(const Managed *managed, const Rule *rule, const Entry *entry)
{
    return schema_find_type(managed->schema, entry, rule->type, rule->name);
}

static void append_name_and_classes(const Managed *managed, const Entry *entry, GString *content)
{
    g_autofree char *dn = schema_normalise_dn(managed->schema, entry_dn(entry));
    append_counted(content, dn ? dn : "", dn ? strlen(dn) : 0);
    for (const char **name = managed->classes; *name; name++)
        g_string_append_c(content, schema_entry_is(managed->schema, entry, *name) ? '1' : '0');
}

void managed_fingerprints(const Managed *managed, const Entry *entry, bool graced, Fingerprint *canonical,
                          Fingerprint *exact)
{
    g_autoptr(GString) folded = g_string_sized_new(2048), spelled = g_string_sized_new(2048);
    append_name_and_classes(managed, entry, folded);
    g_string_append_len(spelled, folded->str, (gssize)folded->len);
    for (guint i = 0; i < managed->rules->len; i++) {
        const Rule *rule = &g_array_index(managed->rules, Rule, i);
        if (!graced && is_hide(managed, rule))
            continue;
        const Attribute *attribute = find(managed, rule, entry);
        if (canonical)
            append_rule(managed, rule, attribute, false, folded);
        if (exact)
            append_rule(managed, rule, attribute, true, spelled);
    }
    if (canonical)
        *canonical = fingerprint_bytes(folded->str, folded->len);
    if (exact)
        *exact = fingerprint_bytes(spelled->str, spelled->len);
}

Fingerprint managed_fingerprint(const Managed *managed, const Entry *entry, bool exact, bool graced)
{
    Fingerprint fingerprint;
    managed_fingerprints(managed, entry, graced, exact ? NULL : &fingerprint, exact ? &fingerprint : NULL);
    return fingerprint;
}

typedef struct {
    const Managed *managed;
    const Entry *current, *desired;
    DifferenceOptions options;
    Change *change; /* NULL so far: nothing differs */
} Difference;

static void add_modification(Difference *difference, ModifyKind kind, const char *name, GArray *values)
{
    if (!values->len)
        return;
    if (!difference->change)
        difference->change = change_new(CHANGE_MODIFY, entry_dn(difference->current));
    change_modify(difference->change, kind, name, &g_array_index(values, Value, 0), values->len);
}

/* The values of @a that are not in @b, both sorted. */
static GArray *values_without(GArray *a, GArray *b)
{
    GArray *left = g_array_new(FALSE, FALSE, sizeof(Value));
    guint j = 0;
    for (guint i = 0; i < a->len; i++) {
        const Keyed *keyed = &g_array_index(a, Keyed, i);
        while (j < b->len && compare_keys(&g_array_index(b, Keyed, j), keyed) < 0)
            j++;
        if (j == b->len || compare_keys(&g_array_index(b, Keyed, j), keyed) != 0)
            g_array_append_val(left, keyed->value);
    }
    return left;
}

/* Without an equality rule no server can find the value to delete: the whole attribute goes. */
static void change_whole_attribute(Difference *difference, const Rule *rule, GArray *had, GArray *want)
{
    if (!difference->change)
        difference->change = change_new(CHANGE_MODIFY, entry_dn(difference->current));
    if (had->len)
        change_modify(difference->change, MODIFY_DELETE, rule->name, NULL, 0);
    g_autoptr(GArray) nothing = g_array_new(FALSE, FALSE, sizeof(Keyed));
    g_autoptr(GArray) values = values_without(want, nothing);
    add_modification(difference, MODIFY_ADD, rule->name, values);
}

static bool differ(Difference *difference, const Rule *rule, bool *emptied)
{
    const Managed *managed = difference->managed;
    bool exact = difference->options.exact;
    g_autoptr(GArray) had = keyed_values(managed, rule, find(managed, rule, difference->current), exact);
    g_autoptr(GArray) want = keyed_values(managed, rule, find(managed, rule, difference->desired), exact);
    g_autoptr(GArray) removed = values_without(had, want);
    g_autoptr(GArray) added = values_without(want, had);
    *emptied = had->len && !want->len;
    if (!removed->len && !added->len)
        return false;
    if (removed->len && rule->type && !rule->type->has_equality) {
        change_whole_attribute(difference, rule, had, want);
        return true;
    }
    add_modification(difference, MODIFY_DELETE, rule->name, removed);
    add_modification(difference, MODIFY_ADD, rule->name, added);
    return true;
}

static void add_missing_classes(Difference *difference)
{
    g_autoptr(GArray) missing = g_array_new(FALSE, FALSE, sizeof(Value));
    for (const char **name = difference->managed->classes; *name; name++) {
        if (schema_entry_is(difference->managed->schema, difference->current, *name))
            continue;
        Value value = {*name, strlen(*name)};
        g_array_append_val(missing, value);
    }
    add_modification(difference, MODIFY_ADD, "objectClass", missing);
}

Change *managed_difference(const Managed *managed, const Entry *current, const Entry *desired,
                           DifferenceOptions options, ManagedTold told, void *data)
{
    Difference difference = {managed, current, desired, options, NULL};
    add_missing_classes(&difference);
    for (guint i = 0; i < managed->rules->len; i++) {
        const Rule *rule = &g_array_index(managed->rules, Rule, i);
        bool emptied = false;
        if (is_hide(managed, rule) && !options.graced)
            continue;
        if (differ(&difference, rule, &emptied) && told)
            told(rule->name, rule->where, emptied, data);
    }
    return difference.change;
}

static bool is_among(const Managed *managed, const char *name, Value value, const Modification *modification)
{
    const AttributeType *type = schema_attribute(managed->schema, name);
    for (size_t i = 0; i < modification->n_values; i++)
        if (schema_values_equal(managed->schema, type, value, modification->values[i]))
            return true;
    return !modification->n_values;
}

static GBytes *normal_form(const Managed *managed, const AttributeType *type, Value value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    schema_normalise(managed->schema, type, value, text);
    return g_bytes_new(text->str, text->len);
}

static void bytes_free(void *bytes)
{
    g_bytes_unref(bytes);
}

/* A group may lose thousands of its members at once. */
static GHashTable *values_to_delete(const Managed *managed, const AttributeType *type,
                                    const Modification *modification)
{
    GHashTable *values = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, bytes_free, NULL);
    for (size_t i = 0; i < modification->n_values; i++)
        g_hash_table_add(values, normal_form(managed, type, modification->values[i]));
    return values;
}

static void delete_values(const Managed *managed, Entry *entry, const Modification *modification)
{
    const Attribute *found = schema_find(managed->schema, entry, modification->name);
    if (!found)
        return;
    g_autofree char *name = g_strdup(found->name);
    const AttributeType *type = schema_attribute(managed->schema, name);
    g_autoptr(GHashTable) values = values_to_delete(managed, type, modification);
    g_autoptr(Entry) kept = entry_new("");
    for (size_t i = 0; i < found->n_values && modification->n_values; i++) {
        g_autoptr(GBytes) form = normal_form(managed, type, found->values[i]);
        if (!g_hash_table_contains(values, form))
            entry_add(kept, name, found->values[i].data, found->values[i].len);
    }
    entry_remove(entry, (size_t)entry_index(entry, name));
    for (size_t i = 0; entry_n_attributes(kept) && i < entry_attribute(kept, 0)->n_values; i++) {
        Value value = entry_attribute(kept, 0)->values[i];
        entry_add(entry, name, value.data, value.len);
    }
}

static void delete_attribute(const Managed *managed, Entry *entry, const char *name)
{
    const Attribute *found = schema_find(managed->schema, entry, name);
    if (found)
        entry_remove(entry, (size_t)entry_index(entry, found->name));
}

/* The stamp's value in an attribute that it shares; the others are not ours to take. */
static void delete_stamp_values(const Managed *managed, Entry *entry)
{
    const char *name = stamp_attributes(managed->stamp)[0];
    const Attribute *shared = schema_find(managed->schema, entry, name);
    for (size_t i = 0; shared && i < shared->n_values; i++)
        if (!g_ascii_strncasecmp(shared->values[i].data, managed->stamp_prefix,
                                 strlen(managed->stamp_prefix))) {
            Modification gone = {MODIFY_DELETE, name, &shared->values[i], 1};
            delete_values(managed, entry, &gone);
            return;
        }
}

Entry *managed_stripped(const Managed *managed, const Entry *current)
{
    Entry *entry = entry_copy(current);
    if (managed->stamp_prefix)
        delete_stamp_values(managed, entry);
    for (const char *const *name = stamp_attributes(managed->stamp); *name && !managed->stamp_prefix; name++)
        delete_attribute(managed, entry, *name);
    if (managed->hide)
        delete_attribute(managed, entry, HIDE_ATTRIBUTE);
    return entry;
}

Entry *managed_result(const Managed *managed, const Entry *current, const Change *change)
{
    Entry *entry = entry_copy(current);
    for (size_t i = 0; change && i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        if (modification->kind == MODIFY_DELETE) {
            delete_values(managed, entry, modification);
            continue;
        }
        const Attribute *there = schema_find(managed->schema, entry, modification->name);
        g_autofree char *name = g_strdup(there ? there->name : modification->name);
        for (size_t j = 0; j < modification->n_values; j++)
            entry_add(entry, name, modification->values[j].data, modification->values[j].len);
    }
    return entry;
}

static bool modifies(const Schema *schema, const Change *change, const char *name)
{
    for (size_t i = 0; i < change->n_modifications; i++)
        if (schema_same_attribute(schema, change->modifications[i].name, name))
            return true;
    return false;
}

/* What disables an account is not the server's alone, operational or not: who was disabled comes back so. */
static bool disables_accounts(const Schema *schema, const AttributeType *type)
{
    const char *mark = account_attribute(account_means(schema));
    return mark && schema_same_attribute(schema, type->name, mark) && !type->no_user_modification;
}

/* A new entry must not hold what only the server may write (entryUUID, ...), an undo no passwords. What the
 * change itself writes is not the server's alone. */
static Entry *without_operational(const Schema *schema, const Change *change, const Entry *entry)
{
    Entry *clean = entry_copy(entry);
    for (size_t i = entry_n_attributes(clean); i-- > 0;) {
        const AttributeType *type = schema_attribute(schema, entry_attribute(clean, i)->name);
        bool secret = schema_is_secret(entry_attribute(clean, i)->name);
        /* Active Directory marks objectClass as one of them, too. */
        bool server_only = type && (type->operational || type->no_user_modification || type->constructed) &&
                           g_ascii_strcasecmp(type->name, "objectClass") != 0 &&
                           !disables_accounts(schema, type) && !modifies(schema, change, type->name);
        if (secret || server_only)
            entry_remove(clean, i);
    }
    return clean;
}

static void delete_whole_where_needed(const Schema *schema, Change *change)
{
    for (size_t i = 0; i < change->n_modifications; i++) {
        Modification *modification = &change->modifications[i];
        const AttributeType *type = schema_attribute(schema, modification->name);
        if (modification->kind == MODIFY_DELETE && type && !type->has_equality) {
            modification->values = NULL;
            modification->n_values = 0;
        }
    }
}

Change *managed_inverse(const Schema *schema, const Change *change, const Entry *before, GError **error)
{
    g_autoptr(Entry) clean = before ? without_operational(schema, change, before) : NULL;
    Change *inverse = change_invert(change, clean);
    if (!inverse) {
        error_set(error, ERROR_INVALID, "%s: the change cannot be undone, so it is not planned", change->dn);
        return NULL;
    }
    delete_whole_where_needed(schema, inverse);
    inverse->situation = change_strdup(inverse, "undo");
    inverse->anchor = change->anchor ? change_strdup(inverse, change->anchor) : NULL;
    inverse->wave = 0;
    return inverse;
}

static void guard_value(const Managed *managed, Change *change, const char *name, Value value)
{
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        bool deletes = modification->kind == MODIFY_DELETE && modification->n_values;
        if (deletes && schema_same_attribute(managed->schema, modification->name, name) &&
            is_among(managed, name, value, modification))
            return; /* the stamp itself changes, which is guard enough */
    }
    change_modify(change, MODIFY_DELETE, name, &value, 1);
    change_modify(change, MODIFY_ADD, name, &value, 1);
}

void managed_guard(const Managed *managed, const Entry *current, Change *change)
{
    const char *name;
    Value value;
    if (!stamp_carrier(managed->stamp, managed->schema, current, &name, &value))
        return;
    guard_value(managed, change, name, value);
    const Attribute *owner = managed->stamp->form == STAMP_CLASS
                                 ? schema_find(managed->schema, current, "importedFrom")
                                 : NULL; /* the other forms have it in the same value */
    if (owner)
        guard_value(managed, change, "importedFrom", owner->values[0]);
}

/*
 * memory_update.c - changing a store in memory, as strictly as a server
 *
 * A change is worked out on a copy of the entry, checked, and only then put
 * into the store: a refused change has no effect. The LDAP result that a
 * server would have given stands in the message.
 */
#include "dirsync/directory/memory_store.h"

#include "dirsync/directory/entry_update.h"
#include "dirsync/directory/selection.h"
#include "dirsync/dn.h"

#include <string.h>

static bool refuse(GError **error, ErrorCode code, const char *dn, const char *reason)
{
    error_set(error, code, "%s: %s", dn, reason);
    return false;
}

static bool check_writable(const char *dn, const char *name, GError **error)
{
    const AttributeType *type = schema_attribute(schema_standard(), name);
    bool fixed = g_ascii_strcasecmp(name, "entryUUID") == 0 || (type && type->no_user_modification);
    if (!type)
        error_set(error, ERROR_REFUSED, "%s: %s: attribute type undefined (17)", dn, name);
    else if (fixed)
        error_set(error, ERROR_CONSTRAINT, "%s: %s: no user modification allowed (19)", dn, name);
    return type && !fixed;
}

static bool apply_modification(Entry *entry, const Modification *modification, GError **error)
{
    const char *name = modification->name;
    if (!check_writable(entry_dn(entry), name, error))
        return false;
    bool by_name = modification->kind == MODIFY_DELETE && modification->n_values;
    if (by_name && !schema_attribute(schema_standard(), name)->has_equality) {
        error_set(error, ERROR_REFUSED, "%s: %s: no equality matching rule (18)", entry_dn(entry), name);
        return false;
    }
    return entry_update_modify(schema_standard(), entry, modification, error);
}

static bool is_below(const ObjectClass *class, const ObjectClass *other)
{
    for (const ObjectClass *const *superior = class->superiors; superior && *superior; superior++)
        if (*superior == other || is_below(*superior, other))
            return true;
    return false;
}

/* The structural class that no other structural class of the entry is made from. */
static const ObjectClass *structural_class(const Entry *entry)
{
    const Attribute *classes = schema_find(schema_standard(), entry, "objectClass");
    const ObjectClass *lowest = NULL;
    for (size_t i = 0; classes && i < classes->n_values; i++) {
        const ObjectClass *class = schema_class(schema_standard(), classes->values[i].data);
        if (class && class->kind == CLASS_STRUCTURAL && (!lowest || is_below(class, lowest)))
            lowest = class;
    }
    return lowest;
}

/* The entry as it would be after the change; @self NULL when it is new. */
static bool check_result(const MemoryStore *store, const Entry *entry, const MemoryNode *self, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(Entry) user_attributes = selection_copy_attributes(schema_standard(), entry, NULL);
    if (!schema_check_entry(schema_standard(), user_attributes, &cause)) {
        error_set(error, ERROR_REFUSED, "%s: object class violation (65): %s", entry_dn(entry),
                  cause->message);
        return false;
    }
    if (self && structural_class(entry) != structural_class(self->entry))
        return refuse(error, ERROR_REFUSED, entry_dn(entry), "the structural class cannot change (69)");
    const char *duplicate = memory_store_find_duplicate(store, entry, self);
    if (duplicate) {
        error_set(error, ERROR_CONSTRAINT, "%s: %s: some attributes not unique (19)", entry_dn(entry),
                  duplicate);
        return false;
    }
    return entry_update_check_naming(schema_standard(), entry, error);
}

static bool check_assertion(const MemoryStore *store, const Change *change, const Entry *entry,
                            GError **error)
{
    if (!change->assertion)
        return true;
    if (!store->assertions)
        return refuse(error, ERROR_REFUSED, change->dn, "critical extension is unavailable (12)");
    return entry_update_check_assertion(schema_standard(), change, entry, error);
}

static bool lies_above_all(const MemoryStore *store, const char *dn)
{
    for (GList *link = store->order.head; link; link = link->next)
        if (!normalised_dn_within(((MemoryNode *)link->data)->dn, dn))
            return false;
    return true;
}

/* The parent of @dn must be there, unless @dn begins the tree. */
static bool check_parent(const MemoryStore *store, const char *dn, GError **error)
{
    g_autofree char *text = dn_parent(dn);
    g_autofree char *parent = text ? schema_normalise_dn(schema_standard(), text) : NULL;
    if (!parent)
        return refuse(error, ERROR_REFUSED, dn, "invalid DN syntax (34)");
    if (*parent == '\0' || memory_store_node(store, parent) || lies_above_all(store, parent))
        return true;
    return refuse(error, ERROR_NOT_FOUND, dn, "the parent does not exist (32)");
}

/* A new entry from @given: every attribute writable, no value twice, entryUUID made. */
static Entry *make_entry(const char *dn, const Entry *given, GError **error)
{
    for (size_t i = 0; i < entry_n_attributes(given); i++)
        if (!check_writable(dn, entry_attribute(given, i)->name, error))
            return NULL;
    Entry *entry = entry_update_new(schema_standard(), dn, given, error);
    g_autofree char *uuid = g_uuid_string_random();
    if (entry)
        entry_add_string(entry, "entryUUID", uuid);
    return entry;
}

static bool apply_add(MemoryStore *store, const Change *change, const char *dn, GError **error)
{
    if (memory_store_node(store, dn))
        return refuse(error, ERROR_EXISTS, change->dn, "there is already an entry of that name (68)");
    if (!check_parent(store, change->dn, error))
        return false;
    g_autoptr(Entry) entry = make_entry(change->dn, change->entry, error);
    if (!entry || !check_assertion(store, change, entry, error) || !check_result(store, entry, NULL, error))
        return false;
    memory_store_insert(store, g_steal_pointer(&entry));
    return true;
}

/* As a server would by RFC 3062, and overlay ppolicy, which unlocks the account; whether the classes allow
 * it, check_result() sees. */
static void set_password(Entry *entry)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *password = g_strconcat(MEMORY_RANDOM_PASSWORD, uuid, NULL);
    static const char *const gone[] = {"userPassword", "pwdAccountLockedTime"};
    for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
        gssize old = entry_update_find(schema_standard(), entry, gone[i]);
        if (old >= 0)
            entry_remove(entry, (size_t)old);
    }
    entry_add_string(entry, "userPassword", password);
}

static bool apply_modify(MemoryStore *store, const Change *change, MemoryNode *node, GError **error)
{
    g_autoptr(Entry) entry = entry_copy(node->entry);
    if (change->random_password)
        set_password(entry);
    for (size_t i = 0; i < change->n_modifications; i++)
        if (!apply_modification(entry, &change->modifications[i], error))
            return false;
    if (!check_result(store, entry, node, error))
        return false;
    memory_store_replace(store, node, g_steal_pointer(&entry));
    return true;
}

static bool apply_delete(MemoryStore *store, const Change *change, MemoryNode *node, GError **error)
{
    if (memory_store_has_children(store, node))
        return refuse(error, ERROR_REFUSED, change->dn, "there are entries below it (66)");
    memory_store_remove(store, node);
    return true;
}

/* @dn with the name @from, which it lies below, replaced by @to. */
static char *rebase_dn(const char *dn, const char *from, const char *to)
{
    g_autoptr(Dn) name = dn_parse(dn, NULL), old = dn_parse(from, NULL), new = dn_parse(to, NULL);
    if (!name || !old || !new || name->n_rdns < old->n_rdns)
        return g_strdup(dn);
    size_t kept = name->n_rdns - old->n_rdns;
    g_autofree DnRdn *rdns = g_new(DnRdn, kept + new->n_rdns + 1);
    memcpy(rdns, name->rdns, kept * sizeof(DnRdn));
    memcpy(rdns + kept, new->rdns, new->n_rdns * sizeof(DnRdn));
    Dn joined = {.rdns = rdns, .n_rdns = kept + new->n_rdns};
    return dn_format(&joined, 0);
}

/* The subtree moves with the entry that was renamed. */
static void rename_below(MemoryStore *store, const char *normalised, const char *from, const char *to)
{
    for (GList *link = store->order.head; link; link = link->next) {
        MemoryNode *below = link->data;
        if (!normalised_dn_within(below->dn, normalised))
            continue;
        g_autofree char *dn = rebase_dn(entry_dn(below->entry), from, to);
        Entry *entry = entry_copy(below->entry);
        entry_set_dn(entry, dn);
        memory_store_replace(store, below, entry);
    }
}

static bool check_new_name(const MemoryStore *store, const Change *change, const MemoryNode *node,
                           const char *dn, GError **error)
{
    g_autofree char *normalised = schema_normalise_dn(schema_standard(), dn);
    g_autoptr(Dn) rdn = dn_parse(change->new_rdn ? change->new_rdn : "", NULL);
    if (!normalised || !rdn || rdn->n_rdns != 1)
        return refuse(error, ERROR_REFUSED, change->dn, "invalid DN syntax (34)");
    const MemoryNode *there = memory_store_node(store, normalised);
    if (there && there != node)
        return refuse(error, ERROR_EXISTS, dn, "there is already an entry of that name (68)");
    if (!there && normalised_dn_within(normalised, node->dn))
        return refuse(error, ERROR_REFUSED, change->dn, "cannot be moved below itself (53)");
    return there || check_parent(store, dn, error);
}

static bool apply_rename(MemoryStore *store, const Change *change, MemoryNode *node, GError **error)
{
    g_autofree char *dn = change_resulting_dn(change);
    if (!check_new_name(store, change, node, dn, error))
        return false;
    g_autoptr(Entry) entry = entry_copy(node->entry);
    entry_update_rename(schema_standard(), entry, dn, change->delete_old_rdn);
    if (!check_result(store, entry, node, error))
        return false;
    g_autofree char *normalised = g_strdup(node->dn), *from = g_strdup(entry_dn(node->entry));
    memory_store_replace(store, node, g_steal_pointer(&entry));
    if (strcmp(normalised, node->dn) != 0)
        rename_below(store, normalised, from, dn);
    return true;
}

static bool apply_to_node(MemoryStore *store, const Change *change, const char *dn, GError **error)
{
    MemoryNode *node = memory_store_node(store, dn);
    if (!node)
        return refuse(error, ERROR_NOT_FOUND, change->dn, "no such object (32)");
    if (!check_assertion(store, change, node->entry, error))
        return false;
    if (change->kind == CHANGE_MODIFY)
        return apply_modify(store, change, node, error);
    if (change->kind == CHANGE_RENAME)
        return apply_rename(store, change, node, error);
    return apply_delete(store, change, node, error);
}

bool memory_store_apply(MemoryStore *store, const Change *change, GError **error)
{
    g_autofree char *dn = schema_normalise_dn(schema_standard(), change->dn);
    if (store->read_only)
        return refuse(error, ERROR_ACCESS, change->dn, "the directory is read-only (53)");
    if (!dn)
        return refuse(error, ERROR_REFUSED, change->dn, "invalid DN syntax (34)");
    bool done = change->kind == CHANGE_ADD ? apply_add(store, change, dn, error)
                                           : apply_to_node(store, change, dn, error);
    if (!done)
        return false;
    store->writes++;
    return memory_store_save(store, error);
}

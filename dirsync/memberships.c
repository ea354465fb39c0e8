/*
 * memberships.c - the groups of the target that somebody is a member of
 *
 * Who is deleted, renamed or replaced leaves their groups before it happens, and
 * the one who takes their place comes in. A group that is written later in the
 * same run must know of that: what was planned early is kept by group.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

#define MOST_GROUPS 10000

/* One early change of a group's members. */
typedef struct {
    char *old, *heir; /* either may be NULL */
} EarlyChange;

static void early_change_free(void *data)
{
    EarlyChange *early = data;
    g_free(early->old);
    g_free(early->heir);
    g_free(early);
}

static void remember(Pass *pass, const Entry *group, const char *old, const char *heir)
{
    char *key = claim_dn_key(pass, entry_dn(group));
    if (!pass->memberships)
        pass->memberships =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    GPtrArray *list = g_hash_table_lookup(pass->memberships, key);
    if (!list) {
        list = g_ptr_array_new_with_free_func(early_change_free);
        g_hash_table_insert(pass->memberships, g_strdup(key), list);
    }
    EarlyChange *early = g_new0(EarlyChange, 1);
    early->old = g_strdup(old);
    early->heir = g_strdup(heir);
    g_ptr_array_add(list, early);
    g_free(key);
}

static const char *member_name(const Pass *pass, const Entry *group)
{
    return schema_entry_is(target_schema(pass), group, "groupOfUniqueNames") ? "uniqueMember" : "member";
}

GPtrArray *membership_groups(Pass *pass, const char *dn, GError **error)
{
    if (directory_describe(pass->side[TARGET].directory)->capabilities & IS_FILE)
        return g_ptr_array_new(); /* what a file says of groups is written with them */
    g_autofree char *member = filter_equals("member", dn, strlen(dn));
    g_autofree char *unique = filter_equals("uniqueMember", dn, strlen(dn));
    g_autofree char *filter = g_strconcat("(|", member, unique, ")", NULL);
    GPtrArray *names = g_ptr_array_new();
    g_ptr_array_add(names, (gpointer) "objectClass");
    for (const char *const *name = stamp_attributes(target_stamp(pass)); *name; name++)
        g_ptr_array_add(names, (gpointer)*name);
    g_ptr_array_add(names, NULL);
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter, .attributes = (const char *const *)names->pdata};
    GPtrArray *found = directory_search(pass->side[TARGET].directory, &request, MOST_GROUPS, error);
    g_ptr_array_unref(names);
    return found;
}

/* Whether @dn is in the group, as the server has it. */
static bool is_member(Pass *pass, const Entry *group, const char *name, const char *dn, bool *member,
                      GError **error)
{
    g_autofree char *filter = filter_equals(name, dn, strlen(dn));
    ReadRequest request = {.base = entry_dn(group),
                           .scope = SEARCH_BASE,
                           .filter = filter,
                           .attributes = (const char *const[]){"objectClass", NULL}};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    *member = found && found->len;
    return found != NULL;
}

/* How many the group has; read once, for the limit on what it may lose. */
static bool count_members(Pass *pass, const Entry *group, const char *name, size_t *n, GError **error)
{
    const char *dn = entry_dn(group);
    *n = G_MAXSIZE;
    if (tally_has_population(pass->tally, dn))
        return true;
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE, .attributes = (const char *const[]){name, NULL}};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    if (!found)
        return false;
    const Attribute *members =
        found->len ? schema_find(target_schema(pass), g_ptr_array_index(found, 0), name) : NULL;
    *n = members ? members->n_values : 0;
    tally_set_population(pass->tally, dn, MAX(*n, 1));
    return true;
}

/* The last member of a class that must have one cannot go: the name then leads nowhere, as servers do it too.
 */
static bool must_stay(const Pass *pass, const Entry *group, size_t n)
{
    return n <= 1 && (schema_entry_is(target_schema(pass), group, "groupOfNames") ||
                      schema_entry_is(target_schema(pass), group, "groupOfUniqueNames"));
}

static bool is_ours(const Pass *pass, const Entry *group)
{
    g_auto(Stamp) stamp = {0};
    return stamp_read(target_stamp(pass), target_schema(pass), group, &stamp) &&
           !strcmp(stamp.connector, pass->connector->uuid);
}

static bool emit_membership(Pass *pass, Subject *subject, const Entry *group, Change *change,
                            const char *situation, GError **error)
{
    subject->beside_ours = is_ours(pass, group);
    bool ok = emit_change(pass, subject, change, group, subject->wave, situation, "membership", error);
    subject->beside_ours = false;
    return ok;
}

bool membership_change(Pass *pass, Subject *subject, const Entry *group, const char *dn, const char *heir,
                       const char *situation, bool *left, GError **error)
{
    const char *name = member_name(pass, group);
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, entry_dn(group));
    Value old = {dn, strlen(dn)};
    size_t n = G_MAXSIZE;
    bool there = false;
    *left = false;
    if (!heir && !count_members(pass, group, name, &n, error))
        return false;
    if (!heir && must_stay(pass, group, n))
        return true;
    if (!heir)
        tally_add_of(pass->tally, LIMIT_MEMBERS, entry_dn(group), "members that go");
    if (heir && !is_member(pass, group, name, heir, &there, error))
        return false;
    *left = true;
    change_modify(change, MODIFY_DELETE, name, &old, 1);
    if (heir && !there) {
        Value new = {heir, strlen(heir)};
        change_modify(change, MODIFY_ADD, name, &new, 1);
    }
    remember(pass, group, dn, there ? NULL : heir);
    return emit_membership(pass, subject, group, change, situation, error);
}

/* A group of ours that is looked at in this run is written later, with everybody in it. */
static bool is_written_later(const Pass *pass, const Entry *group)
{
    g_auto(Stamp) stamp = {0};
    if (!is_ours(pass, group) || !stamp_read(target_stamp(pass), target_schema(pass), group, &stamp))
        return false;
    uint32_t link = fingerprint_index_find(&pass->links->by_anchor, fingerprint_string(stamp.anchor));
    return link != NOWHERE && pass->item_of_link[link] != NOWHERE;
}

bool membership_restore(Pass *pass, Subject *subject, const Entry *group, const char *dn,
                        const char *situation, GError **error)
{
    if (is_written_later(pass, group))
        return true;
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, entry_dn(group));
    Value value = {dn, strlen(dn)};
    change_modify(change, MODIFY_ADD, member_name(pass, group), &value, 1);
    remember(pass, group, NULL, dn);
    return emit_membership(pass, subject, group, change, situation, error);
}

static void drop_value(const Pass *pass, Entry *group, const char *name, const char *dn)
{
    const Schema *schema = target_schema(pass);
    gssize at = entry_index(group, name);
    const Attribute *had = at < 0 ? NULL : entry_attribute(group, (size_t)at);
    g_autoptr(Entry) kept = entry_new("");
    Value gone = {dn, strlen(dn)};
    for (size_t i = 0; had && i < had->n_values; i++)
        if (!schema_values_equal(schema, schema_attribute(schema, name), had->values[i], gone))
            entry_add(kept, name, had->values[i].data, had->values[i].len);
    if (!had)
        return;
    entry_remove(group, (size_t)at);
    for (size_t i = 0; entry_n_attributes(kept) && i < entry_attribute(kept, 0)->n_values; i++)
        entry_add(group, name, entry_attribute(kept, 0)->values[i].data,
                  entry_attribute(kept, 0)->values[i].len);
}

void membership_apply(const Pass *pass, Entry *group)
{
    g_autofree char *key = claim_dn_key(pass, entry_dn(group));
    const GPtrArray *list = pass->memberships ? g_hash_table_lookup(pass->memberships, key) : NULL;
    const char *name = member_name(pass, group);
    for (guint i = 0; list && i < list->len; i++) {
        const EarlyChange *early = g_ptr_array_index(list, i);
        if (early->old)
            drop_value(pass, group, name, early->old);
        if (early->heir)
            entry_add_string(group, name, early->heir);
    }
}

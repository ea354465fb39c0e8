/*
 * memberships.c - the groups of the target that somebody is a member of
 *
 * Who is deleted, renamed or replaced leaves their groups before it happens, and
 * the one who takes their place comes in. The server shows the groups as they
 * are; what this run has planned for them already is kept by group and reckoned
 * with: members that went and came, another name, a deletion.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

#define MOST_GROUPS 10000
#define MEMBERS_IN_FILTER 100
#define MEMBERS_UNKNOWN G_MAXSIZE

/* One early change of a group's members. */
typedef struct {
    char *old, *heir; /* either may be NULL */
} EarlyChange;

/* What is planned for one group beside the writing of all its members. */
typedef struct {
    Entry *group;         /* as the server has it, without its members; NULL: never seen here */
    GPtrArray *early;     /* of EarlyChange */
    GHashTable *standing; /* canonical DN of who went or came -> whether it is a member then */
    size_t members;       /* as the server has them; MEMBERS_UNKNOWN: not counted yet */
    size_t fewer;         /* early changes without an heir */
    unsigned wave;        /* of the last one */
    bool deleted;
    char *new_dn; /* NULL: keeps its name */
    unsigned renamed;
} GroupPlan;

static void early_change_free(void *data)
{
    EarlyChange *early = data;
    g_free(early->old);
    g_free(early->heir);
    g_free(early);
}

static void group_plan_free(void *data)
{
    GroupPlan *plan = data;
    entry_free(plan->group);
    g_ptr_array_unref(plan->early);
    g_hash_table_unref(plan->standing);
    g_free(plan->new_dn);
    g_free(plan);
}

/* @dn: as the server has it. NULL: nothing is planned. */
static GroupPlan *find_plan(const Pass *pass, const char *dn)
{
    g_autofree char *key = holder_dn_key(&pass->view, dn);
    return pass->memberships ? g_hash_table_lookup(pass->memberships, key) : NULL;
}

static GroupPlan *make_plan(Pass *pass, const char *dn)
{
    GroupPlan *plan = find_plan(pass, dn);
    if (!pass->memberships)
        pass->memberships = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, group_plan_free);
    if (!plan) {
        plan = g_new0(GroupPlan, 1);
        plan->early = g_ptr_array_new_with_free_func(early_change_free);
        plan->standing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        plan->members = MEMBERS_UNKNOWN;
        g_hash_table_insert(pass->memberships, holder_dn_key(&pass->view, dn), plan);
    }
    return plan;
}

static void remember(Pass *pass, GroupPlan *plan, const Entry *group, const char *old, const char *heir,
                     unsigned wave)
{
    EarlyChange *early = g_new0(EarlyChange, 1);
    early->old = g_strdup(old);
    early->heir = g_strdup(heir);
    g_ptr_array_add(plan->early, early);
    if (old)
        g_hash_table_replace(plan->standing, holder_dn_key(&pass->view, old), GINT_TO_POINTER(false));
    if (heir)
        g_hash_table_replace(plan->standing, holder_dn_key(&pass->view, heir), GINT_TO_POINTER(true));
    plan->wave = MAX(plan->wave, wave);
    if (!plan->group)
        plan->group = entry_copy(group);
}

unsigned membership_wave(const Pass *pass, const char *dn)
{
    const GroupPlan *plan = find_plan(pass, dn);
    return plan && plan->wave ? plan->wave + 1 : 0;
}

static bool is_any_group(const Pass *pass, const Entry *entry)
{
    static const char *const classes[] = {"group", "groupOfNames", "groupOfUniqueNames"};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (schema_entry_is(target_schema(pass), entry, classes[i]))
            return true;
    return false;
}

void membership_note_deleted(Pass *pass, const Subject *subject)
{
    if (is_any_group(pass, subject->current))
        make_plan(pass, subject_server_dn(subject))->deleted = true;
}

void membership_note_renamed(Pass *pass, const Subject *subject, const char *new_dn, unsigned wave)
{
    if (!item_more(subject->item)->old_dn)
        item_make_more(subject->item)->old_dn = g_strdup(entry_dn(subject->current));
    if (!is_any_group(pass, subject->current))
        return;
    GroupPlan *plan = make_plan(pass, subject_server_dn(subject));
    g_free(plan->new_dn);
    plan->new_dn = g_strdup(new_dn);
    plan->renamed = wave;
}

/* --- who is in a group --- */

static const char *member_name(const Pass *pass, const Entry *group)
{
    return schema_entry_is(target_schema(pass), group, "groupOfUniqueNames") ? "uniqueMember" : "member";
}

/* What the plan says about @dn_key as a member; *is stays as it is when that is nothing. */
static void is_planned_member(const GroupPlan *plan, const char *dn_key, bool *is)
{
    gpointer standing;
    if (plan && g_hash_table_lookup_extended(plan->standing, dn_key, NULL, &standing))
        *is = GPOINTER_TO_INT(standing);
}

/* Few servers have an index of uniqueMember, all have one of objectClass. */
static char *member_filter(const char *dn)
{
    g_autofree char *member = filter_equals("member", dn, strlen(dn));
    g_autofree char *unique = filter_equals("uniqueMember", dn, strlen(dn));
    return g_strconcat(member, "(&(objectClass=groupOfUniqueNames)", unique, ")", NULL);
}

static GPtrArray *search_groups(Pass *pass, const char *base, SearchScope scope, const char *filter,
                                GError **error)
{
    GPtrArray *names = g_ptr_array_new();
    g_ptr_array_add(names, (gpointer) "objectClass");
    for (const char *const *name = stamp_attributes(target_stamp(pass)); *name; name++)
        g_ptr_array_add(names, (gpointer)*name);
    g_ptr_array_add(names, NULL);
    ReadRequest request = {
        .base = base, .scope = scope, .filter = filter, .attributes = (const char *const *)names->pdata};
    GPtrArray *found = directory_search(pass->side[TARGET].directory, &request, MOST_GROUPS, error);
    g_ptr_array_unref(names);
    return found;
}

/* Groups that the server does not show, but the plan has put the member into. */
static void add_planned_groups(const Pass *pass, const char *dn_key, GPtrArray *groups)
{
    GHashTableIter iter;
    gpointer key, value;
    if (!pass->memberships)
        return;
    g_hash_table_iter_init(&iter, pass->memberships);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const GroupPlan *plan = value;
        bool is = false, there = false;
        is_planned_member(plan, dn_key, &is);
        for (guint i = 0; i < groups->len && is && !there; i++) {
            g_autofree char *other = holder_dn_key(&pass->view, entry_dn(g_ptr_array_index(groups, i)));
            there = !strcmp(other, key);
        }
        if (is && !there)
            g_ptr_array_add(groups, entry_copy(plan->group));
    }
}

GPtrArray *membership_groups(Pass *pass, const char *dn, GError **error)
{
    if (directory_describe(pass->side[TARGET].directory)->capabilities & IS_FILE)
        return g_ptr_array_new(); /* what a file says of groups is written with them */
    g_autofree char *either = member_filter(dn);
    g_autofree char *filter = g_strconcat("(|", either, ")", NULL);
    g_autofree char *key = holder_dn_key(&pass->view, dn);
    GPtrArray *found = search_groups(pass, NULL, SEARCH_SUBTREE, filter, error);
    for (guint i = found ? found->len : 0; i-- > 0;) {
        const GroupPlan *plan = find_plan(pass, entry_dn(g_ptr_array_index(found, i)));
        bool is = true;
        is_planned_member(plan, key, &is);
        if (!is || (plan && plan->deleted))
            g_ptr_array_remove_index(found, i);
    }
    if (found)
        add_planned_groups(pass, key, found);
    return found;
}

/* Whether @dn is in the group already. */
static bool is_member(Pass *pass, const Entry *group, const char *name, const char *dn, bool *member,
                      GError **error)
{
    g_autofree char *filter = filter_equals(name, dn, strlen(dn));
    g_autofree char *key = holder_dn_key(&pass->view, dn);
    ReadRequest request = {.base = entry_dn(group),
                           .scope = SEARCH_BASE,
                           .filter = filter,
                           .attributes = (const char *const[]){"objectClass", NULL}};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    *member = found && found->len;
    is_planned_member(find_plan(pass, entry_dn(group)), key, member);
    return found != NULL;
}

/* How many the group has; read once, for the limit on what it may lose. */
static bool count_members(Pass *pass, const Entry *group, const char *name, GroupPlan *plan, GError **error)
{
    const char *dn = entry_dn(group);
    if (plan->members != MEMBERS_UNKNOWN)
        return true;
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE, .attributes = (const char *const[]){name, NULL}};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    if (!found)
        return false;
    const Attribute *members =
        found->len ? schema_find(target_schema(pass), g_ptr_array_index(found, 0), name) : NULL;
    plan->members = members ? members->n_values : 0;
    tally_set_population(pass->work.tally, LIMIT_MEMBERS, dn, MAX(plan->members, 1));
    return true;
}

/* The last member of a class that must have one cannot go: the name then leads nowhere, as servers do it too.
 */
static bool must_have_one(const Pass *pass, const Entry *group)
{
    return schema_entry_is(target_schema(pass), group, "groupOfNames") ||
           schema_entry_is(target_schema(pass), group, "groupOfUniqueNames");
}

/* --- changing a group --- */

static bool is_ours(const Pass *pass, const Entry *group)
{
    g_auto(Stamp) stamp = {0};
    bool ours = stamp_read(target_stamp(pass), target_schema(pass), group, &stamp) &&
                !strcmp(stamp.connector, pass->connector->uuid);
    return ours;
}

/* @old leaves and @heir comes, either of which may be NULL; under the name that the group has then. The wave
 * of the subject moves on when it has to. */
static bool emit_membership(Pass *pass, Subject *subject, const Entry *group, const char *old,
                            const char *heir, const char *situation, GError **error)
{
    GroupPlan *plan = make_plan(pass, entry_dn(group));
    const char *name = member_name(pass, group);
    g_autoptr(Entry) as_it_is = entry_copy(group);
    if (plan->new_dn) {
        subject->wave = MAX(subject->wave, plan->renamed + 1);
        entry_set_dn(as_it_is, plan->new_dn);
    }
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, entry_dn(as_it_is));
    Value gone = {old, old ? strlen(old) : 0}, new = {heir, heir ? strlen(heir) : 0};
    if (old)
        change_modify(change, MODIFY_DELETE, name, &gone, 1);
    if (heir)
        change_modify(change, MODIFY_ADD, name, &new, 1);
    remember(pass, plan, group, old, heir, subject->wave);
    subject->beside_ours = is_ours(pass, group);
    bool ok = emit_change(pass, subject, change, as_it_is, subject->wave, situation, "membership", error);
    subject->beside_ours = false;
    return ok;
}

bool membership_change(Pass *pass, Subject *subject, const Entry *group, const char *dn, const char *heir,
                       const char *situation, bool *left, GError **error)
{
    const char *name = member_name(pass, group);
    bool there = false;
    *left = false;
    if (heir && !is_member(pass, group, name, heir, &there, error))
        return false;
    if (!heir) {
        GroupPlan *plan = make_plan(pass, entry_dn(group));
        if (!count_members(pass, group, name, plan, error))
            return false;
        if (plan->members <= plan->fewer + 1 && must_have_one(pass, group))
            return true;
        tally_add_of(pass->work.tally, LIMIT_MEMBERS, entry_dn(group), "members that go");
        plan->fewer++;
    }
    *left = true;
    return emit_membership(pass, subject, group, dn, there ? NULL : heir, situation, error);
}

bool membership_follow(Pass *pass, Subject *subject, const char *dn, const char *new_dn, GError **error)
{
    bool follows = directory_describe(pass->side[TARGET].directory)->capabilities & KEEPS_REFERENCES;
    g_autoptr(GPtrArray) groups = membership_groups(pass, dn, error);
    for (guint i = 0; groups && i < groups->len; i++) {
        const Entry *group = g_ptr_array_index(groups, i);
        bool left;
        if (follows) /* the server does it, and whoever writes the group later must know */
            remember(pass, make_plan(pass, entry_dn(group)), group, dn, new_dn, subject->wave);
        else if (!membership_change(pass, subject, group, dn, new_dn, "moved", &left, error))
            return false;
    }
    subject->wave += groups && groups->len && !follows;
    return groups != NULL;
}

/* A group of ours that is looked at in this run is written later, with everybody in it. */
static bool is_written_later(const Pass *pass, const Entry *group)
{
    g_auto(Stamp) stamp = {0};
    if (!is_ours(pass, group) || !stamp_read(target_stamp(pass), target_schema(pass), group, &stamp))
        return false;
    return link_item(pass, fingerprint_index_find(&pass->links->by_anchor,
                                                  fingerprint_string(stamp.anchor))) != NULL;
}

bool membership_restore(Pass *pass, Subject *subject, const Entry *group, const char *dn,
                        const char *situation, GError **error)
{
    const GroupPlan *plan = find_plan(pass, entry_dn(group));
    if (is_written_later(pass, group) || (plan && plan->deleted))
        return true;
    return emit_membership(pass, subject, group, NULL, dn, situation, error);
}

bool membership_add_group(Pass *pass, const char *dn, const char *member, GPtrArray *groups, GError **error)
{
    g_autoptr(GPtrArray) found = search_groups(pass, dn, SEARCH_BASE, NULL, error);
    bool there = false;
    if (!found || !found->len)
        return found != NULL;
    const Entry *group = g_ptr_array_index(found, 0);
    if (!is_member(pass, group, member_name(pass, group), member, &there, error))
        return false;
    if (!there)
        g_ptr_array_add(groups, entry_copy(group));
    return true;
}

/* --- what was planned early --- */

/* Who came and stays; one who came twice stands there once for all of it. */
static void add_heir(const Pass *pass, const GroupPlan *plan, const EarlyChange *early, const char *name,
                     Entry *members)
{
    g_autofree char *key = early->heir ? holder_dn_key(&pass->view, early->heir) : NULL;
    if (key && GPOINTER_TO_INT(g_hash_table_lookup(plan->standing, key)))
        entry_add_string(members, name, early->heir);
}

void membership_apply(const Pass *pass, const char *dn, Entry *group)
{
    const GroupPlan *plan = find_plan(pass, dn);
    const char *name = member_name(pass, group);
    const Attribute *had = plan ? schema_find(target_schema(pass), group, name) : NULL;
    if (!plan || !plan->early->len)
        return;
    g_autoptr(Entry) members = entry_new("");
    for (size_t i = 0; had && i < had->n_values; i++) {
        g_autofree char *key = holder_dn_key(&pass->view, had->values[i].data);
        if (!g_hash_table_contains(plan->standing, key))
            entry_add(members, name, had->values[i].data, had->values[i].len);
    }
    for (guint i = 0; i < plan->early->len; i++) {
        const EarlyChange *early = g_ptr_array_index(plan->early, i);
        add_heir(pass, plan, early, name, members);
    }
    if (had)
        entry_remove(group, (size_t)entry_index(group, had->name));
    for (size_t i = 0; entry_n_attributes(members) && i < entry_attribute(members, 0)->n_values; i++)
        entry_add(group, name, entry_attribute(members, 0)->values[i].data,
                  entry_attribute(members, 0)->values[i].len);
}

/* --- groups that have to be looked at --- */

static bool open_in(Pass *pass, const char *filter, void (*open)(const char *anchor, void *data), void *data,
                    GError **error)
{
    g_autofree char *owner = stamp_owner_filter(target_stamp(pass), pass->connector->uuid);
    g_autofree char *whole = g_strconcat("(&", owner ? owner : "", "(|", filter, "))", NULL);
    g_autoptr(GPtrArray) groups = search_groups(pass, NULL, SEARCH_SUBTREE, whole, error);
    for (guint i = 0; groups && i < groups->len; i++) {
        g_auto(Stamp) stamp = {0};
        if (stamp_read(target_stamp(pass), target_schema(pass), g_ptr_array_index(groups, i), &stamp) &&
            !strcmp(stamp.connector, pass->connector->uuid))
            open(stamp.anchor, data);
    }
    return groups != NULL;
}

bool membership_open_groups(Pass *pass, const GPtrArray *dns, void (*open)(const char *anchor, void *data),
                            void *data, GError **error)
{
    if (directory_describe(pass->side[TARGET].directory)->capabilities & IS_FILE)
        return true;
    for (guint i = 0; i < dns->len; i += MEMBERS_IN_FILTER) {
        g_autoptr(GString) filter = g_string_new(NULL);
        for (guint j = i; j < MIN(dns->len, i + MEMBERS_IN_FILTER); j++) {
            g_autofree char *either = member_filter(g_ptr_array_index(dns, j));
            g_string_append(filter, either);
        }
        if (!open_in(pass, filter->str, open, data, error))
            return false;
    }
    return true;
}

/*
 * groups.c - groups, written when everybody else's names are known
 *
 * A group goes through reconciling like everybody, but for its members; what was
 * decided is kept aside. When all names are settled, groups that get another name
 * get it; then the members are resolved and each group is written at once, by the
 * difference. A member that is a group made in this very run follows in a last
 * wave, so that no server is given a name that is not there yet. Very many members
 * go in portions: servers bound the size of one request.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

#define FIRST_WAVE 100 /* after everybody else, unless they wait for each other in very long chains */
#define PORTION 1000   /* values of one operation */
#define WAVES_OF_ONE 4 /* of one group at most: its own groups, its name, change, portions */

/* --- before --- */

static void take_values(Entry *entry, const char *name, GPtrArray *into)
{
    gssize at = entry_index(entry, name);
    if (at < 0)
        return;
    const Attribute *attribute = entry_attribute(entry, (size_t)at);
    for (size_t i = 0; into && i < attribute->n_values; i++)
        g_ptr_array_add(into, g_strndup(attribute->values[i].data, attribute->values[i].len));
    entry_remove(entry, (size_t)at);
}

/* Some classes want a member at any time: then nobody, the empty DN, is one. */
static bool wants_nobody(const Pass *pass, const Subject *subject, const char *name)
{
    const AttributeType *member = schema_attribute(target_schema(pass), name);
    const char *const *classes = mapping_recipient(pass->mapping, (size_t)subject->kind)->classes;
    for (; pass_has_schema(pass) && *classes; classes++) {
        const ObjectClass *class = schema_class(target_schema(pass), *classes);
        for (size_t i = 0; class && class->must[i]; i++)
            if (class->must[i] == member)
                return true;
    }
    return false;
}

void group_set_members_aside(const Pass *pass, Subject *subject)
{
    const MappingRule *rule = mapping_recipient(pass->mapping, (size_t)subject->kind)->members;
    if (!rule)
        return;
    subject->is_group = true;
    subject->members = g_ptr_array_new_with_free_func(g_free);
    take_values(subject->desired, rule->name, subject->members);
    if (wants_nobody(pass, subject, rule->name))
        entry_add_string(subject->desired, rule->name, "");
}

bool group_postpone(Pass *pass, Subject *subject, GError **error)
{
    Item *item = subject->item;
    ItemMore *more = item_make_more(item);
    subject->wave = MAX(subject->wave, FIRST_WAVE);
    if (!spool_append(pass->side[TARGET].spool, subject->desired, &more->postponed, error))
        return false;
    more->planned_dn = g_strdup(entry_dn(subject->desired));
    more->postponed_wave = subject->wave;
    more->postponed_after = subject->after ? g_array_ref(subject->after) : NULL;
    more->retry = subject->retry;
    more->emitted = (unsigned)subject->emitted;
    more->kinds = subject->kinds;
    item->state = ITEM_DONE;
    if (subject->current && item->mark[TARGET] == MARK_ABSENT && !more->released)
        more->released = entry_copy(subject->current); /* adopted */
    /* Others wait for what it gives up, and that may be in the last of its waves. */
    claim_register(pass, subject, subject->current, subject->desired, subject->wave + WAVES_OF_ONE - 1);
    return true;
}

/* --- members --- */

typedef struct {
    GPtrArray *now, *late; /* DNs; late: of groups that this run creates */
    char *unresolved;      /* for people; NULL: none */
} Members;

static void members_clear(Members *members)
{
    g_clear_pointer(&members->now, g_ptr_array_unref);
    g_clear_pointer(&members->late, g_ptr_array_unref);
    g_free(members->unresolved);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Members, members_clear)

static bool find_members(Pass *pass, Subject *subject, GHashTable *created, Members *members, GError **error)
{
    const MappingRecipient *recipient = mapping_recipient(pass->mapping, (size_t)subject->kind);
    g_autoptr(GPtrArray) dns = g_ptr_array_new_with_free_func(g_free);
    members->now = g_ptr_array_new_with_free_func(g_free);
    members->late = g_ptr_array_new_with_free_func(g_free);
    if (!members_resolve(pass, recipient->by, subject->members, dns, error))
        return false;
    members->unresolved = members_unresolved(subject->members, dns);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < dns->len; i++) {
        const char *dn = g_ptr_array_index(dns, i);
        char *key = dn ? holder_dn_key(&pass->view, dn) : NULL;
        if (!dn || !g_hash_table_add(seen, key))
            continue;
        g_ptr_array_add(g_hash_table_contains(created, key) ? members->late : members->now, g_strdup(dn));
    }
    group_note_members(pass, subject, dns);
    return true;
}

/* Puts the members that can be written at once in the place of what it should have. */
static void put_members(const Pass *pass, Subject *subject, const char *name, const GPtrArray *dns)
{
    take_values(subject->desired, name, NULL);
    for (guint i = 0; i < dns->len; i++)
        entry_add_string(subject->desired, name, g_ptr_array_index(dns, i));
    if (!dns->len && wants_nobody(pass, subject, name))
        entry_add_string(subject->desired, name, "");
}

/* Whom a read that was cut short did not show may be a member all the same. */
static void keep_members(const Pass *pass, const Subject *subject, const char *name, GPtrArray *dns)
{
    const Attribute *has = subject->current ? schema_find(target_schema(pass), subject->current, name) : NULL;
    for (size_t i = 0; has && i < has->n_values; i++)
        if (has->values[i].len)
            g_ptr_array_add(dns, g_strndup(has->values[i].data, has->values[i].len));
}

static void add_members(Entry *entry, const char *name, const GPtrArray *dns)
{
    gssize at = entry_index(entry, name);
    const Attribute *has = at < 0 ? NULL : entry_attribute(entry, (size_t)at);
    if (dns->len && has && has->n_values == 1 && !has->values[0].len)
        entry_remove(entry, (size_t)at); /* nobody */
    for (guint i = 0; i < dns->len; i++)
        entry_add_string(entry, name, g_ptr_array_index(dns, i));
}

/* --- portions --- */

/* Leaves at most one portion of each modification in @change; the rest comes as changes of their own. */
static GPtrArray *split_modify(Change *change)
{
    GPtrArray *rest = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    for (size_t i = 0; i < change->n_modifications; i++) {
        Modification *modification = &change->modifications[i];
        for (size_t done = PORTION; done < modification->n_values; done += PORTION) {
            Change *portion = change_new(CHANGE_MODIFY, change->dn);
            change_modify(portion, modification->kind, modification->name, modification->values + done,
                          MIN(PORTION, modification->n_values - done));
            g_ptr_array_add(rest, portion);
        }
        modification->n_values = MIN(PORTION, modification->n_values);
    }
    return rest;
}

/* One change after the other; subject->current is then what the object becomes. */
static bool emit_portions(Pass *pass, Subject *subject, Change *change, const char *situation,
                          const char *because, GError **error)
{
    g_autoptr(Entry) result = managed_result(managed_of(pass, subject->kind), subject->current, change);
    g_autoptr(GPtrArray) rest = split_modify(change);
    if (!emit_change(pass, subject, change, subject->current, subject->wave++, situation, because, error))
        return false;
    if (rest->len) /* an undo of values needs none of them: it is not copied for every portion */
        take_values(subject->current, ((Change *)rest->pdata[0])->modifications[0].name, NULL);
    for (guint i = 0; i < rest->len; i++)
        if (!emit_change(pass, subject, g_ptr_array_index(rest, i), subject->current, subject->wave,
                         situation, because, error))
            return false;
    entry_free(subject->current);
    subject->current = g_steal_pointer(&result);
    return true;
}

/* --- writing --- */

static bool emit_rest(Pass *pass, Subject *subject, const Entry *wanted, unsigned wave, GError **error)
{
    DifferenceOptions options = {.graced = false};
    g_autoptr(Change) change =
        managed_difference(managed_of(pass, subject->kind), subject->current, wanted, options, NULL, NULL);
    subject->wave = MAX(subject->wave, wave);
    return !change || emit_portions(pass, subject, change, "changed", "members", error);
}

static bool create_group(Pass *pass, Subject *subject, const char *name, GError **error)
{
    g_autoptr(Change) change = change_new(CHANGE_ADD, entry_dn(subject->desired));
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    change->entry = entry_copy(subject->desired);
    gssize at = entry_index(change->entry, name);
    if (at >= 0 && entry_attribute(change->entry, (size_t)at)->n_values > PORTION) {
        take_values(change->entry, name, all);
        for (guint i = 0; i < PORTION; i++)
            entry_add_string(change->entry, name, g_ptr_array_index(all, i));
    }
    if (!emit_change(pass, subject, change, NULL, subject->wave++,
                     item_more(subject->item)->remade ? "kind-changed" : "new", NULL, error))
        return false;
    g_clear_pointer(&subject->row.id, g_free); /* the server gives it a new one */
    subject->current = entry_copy(change->entry);
    return true;
}

/* How many go, of how many: that has a limit of its own. */
static void tally_members(Pass *pass, const Subject *subject, const Change *change, const char *name)
{
    const Attribute *had = schema_find(target_schema(pass), subject->current, name);
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *modification = &change->modifications[i];
        if (modification->kind != MODIFY_DELETE ||
            !schema_same_attribute(target_schema(pass), modification->name, name))
            continue;
        if (!tally_has_population(pass->work.tally, subject_server_dn(subject)))
            tally_set_population(pass->work.tally, LIMIT_MEMBERS, subject_server_dn(subject),
                                 had ? had->n_values : 1);
        for (size_t j = 0; j < modification->n_values; j++)
            if (modification->values[j].len) /* not nobody */
                tally_add_of(pass->work.tally, LIMIT_MEMBERS, subject_server_dn(subject),
                             "members that left the group");
    }
}

static bool modify_group(Pass *pass, Subject *subject, const char *name, GError **error)
{
    const char *because = NULL, *situation = subject->stamp.grace ? "returned" : "changed";
    g_autoptr(Change) change = subject_difference(pass, subject, &because);
    if (!change)
        return true;
    tally_members(pass, subject, change, name);
    return emit_portions(pass, subject, change, situation, because, error);
}

/* Back into the groups that it was in as an object of another kind. */
static bool rejoin_groups(Pass *pass, Subject *subject, GError **error)
{
    const GPtrArray *groups = item_more(subject->item)->rejoins;
    if (!groups)
        return subject_rejoin(pass, subject, error);
    for (guint i = 0; groups && i < groups->len; i++)
        if (!membership_restore(pass, subject, g_ptr_array_index(groups, i), entry_dn(subject->desired),
                                "kind-changed", error))
            return false;
    return true;
}

static bool load_postponed(Pass *pass, uint32_t index, Subject *subject, GError **error)
{
    const ItemMore *more = item_more(item_at(pass, index));
    if (!subject_load(pass, index, subject, error))
        return false;
    subject->wave = MAX(subject->wave, more->postponed_wave);
    subject->after = more->postponed_after ? g_array_ref(more->postponed_after) : NULL;
    subject->retry = more->retry;
    if (!subject_map(pass, subject, error)) /* for the members' names alone */
        return false;
    g_clear_pointer(&subject->desired, entry_free);
    subject->desired = spool_read(pass->side[TARGET].spool, more->postponed, error);
    return subject->desired != NULL;
}

/* --- names --- */

/* All names before any member is written: who is written sees them all. */
static bool rename_group(Pass *pass, uint32_t index, GError **error)
{
    g_auto(Subject) subject = {0};
    ItemMore *more = item_make_more(item_at(pass, index));
    if (!load_postponed(pass, index, &subject, error))
        return false;
    if (!subject.current || !strcmp(entry_dn(subject.current), entry_dn(subject.desired)))
        return true;
    if (!subject_rename(pass, &subject, error))
        return false;
    entry_free(more->released);
    more->released = entry_copy(subject.current);
    entry_set_dn(more->released, entry_dn(subject.desired));
    more->after = subject.wave - 1;
    more->emitted = (unsigned)subject.emitted;
    more->kinds = subject.kinds;
    return true;
}

/* --- all of it --- */

static bool write_members(Pass *pass, Subject *subject, const Members *members, const char *name,
                          unsigned late, GError **error)
{
    put_members(pass, subject, name, members->now);
    bool ok = subject->current ? modify_group(pass, subject, name, error)
                               : create_group(pass, subject, name, error);
    if (!ok || !emit_rest(pass, subject, subject->desired, 0, error))
        return false;
    add_members(subject->desired, name, members->late);
    return !members->late->len || emit_rest(pass, subject, subject->desired, late, error);
}

static bool write_group(Pass *pass, uint32_t index, unsigned late, GHashTable *created, GError **error)
{
    g_auto(Subject) subject = {0};
    g_auto(Members) members = {0};
    if (!load_postponed(pass, index, &subject, error) ||
        !find_members(pass, &subject, created, &members, error))
        return false;
    const char *name = mapping_recipient(pass->mapping, (size_t)subject.kind)->members->name;
    g_autofree char *id = subject.current ? holder_id(&pass->view, subject.current) : NULL;
    if (subject.current) {
        membership_apply(pass, subject_server_dn(&subject), subject.current);
        subject.wave = MAX(subject.wave, membership_wave(pass, subject_server_dn(&subject)));
    }
    if (members.unresolved) {
        emit_quarantine(pass, EVENT_MEMBERS_UNRESOLVED, subject.anchor, members.unresolved);
        subject.partly = true;
        if (!pass->may_remove)
            keep_members(pass, &subject, name, members.now);
    }
    if (!write_members(pass, &subject, &members, name, late, error) || !rejoin_groups(pass, &subject, error))
        return false;
    inquire_decided(pass, &subject);
    emit_settlement(pass, &subject, subject.current, false, 0, id);
    return true;
}

static bool is_created(const Item *item)
{
    return item_more(item)->remade || (item->mark[TARGET] == MARK_ABSENT && !item_more(item)->released);
}

/* Names of the groups that this run makes; *last: the latest wave that a group begins in. */
static GHashTable *created_groups(const Pass *pass, unsigned *last)
{
    GHashTable *created = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < pass->items->len; i++) {
        const Item *item = item_at(pass, i);
        if (item_more(item)->postponed == SPOOL_NOWHERE)
            continue;
        *last = MAX(*last, MAX(item_more(item)->postponed_wave, item_more(item)->after));
        if (is_created(item))
            g_hash_table_add(created, holder_dn_key(&pass->view, item_more(item)->planned_dn));
    }
    return created;
}

static int compare_waves(const void *a, const void *b, void *data)
{
    unsigned x = item_more(item_at(data, *(const uint32_t *)a))->postponed_wave;
    unsigned y = item_more(item_at(data, *(const uint32_t *)b))->postponed_wave;
    return (x > y) - (x < y);
}

/* Who takes a name comes after the one who gives it up: what is planned is looked at as it will be then. */
static GArray *postponed_groups(Pass *pass)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t i = 0; i < pass->items->len; i++)
        if (item_more(item_at(pass, i))->postponed != SPOOL_NOWHERE)
            g_array_append_val(groups, i);
    g_array_sort_with_data(groups, compare_waves, pass);
    return groups;
}

bool reconcile_groups(Pass *pass, GError **error)
{
    unsigned last = 0;
    g_autoptr(GArray) groups = postponed_groups(pass);
    for (guint i = 0; i < groups->len; i++)
        if (!rename_group(pass, g_array_index(groups, uint32_t, i), error))
            return false;
    g_autoptr(GHashTable) created = created_groups(pass, &last);
    for (guint i = 0; i < groups->len; i++)
        if (!write_group(pass, g_array_index(groups, uint32_t, i), last + WAVES_OF_ONE, created, error))
            return false;
    group_report_cycles(pass);
    return true;
}

/*
 * pass_release.c - an object of ours becomes somebody else's; see pass.h
 *
 * One modify: the stamp goes, value by value, so that it fails when the object is not
 * ours any more; nothing else of the object is touched but what hides it in grace.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/account.h"

#include <string.h>

void released_free(void *data)
{
    Released *released = data;
    g_free(released->dn);
    g_free(released->anchor);
    g_free(released);
}

static void sort_out(Pass *pass, const GPtrArray *found, GPtrArray *ours, GPtrArray *others)
{
    for (guint i = 0; i < found->len; i++) {
        const Entry *entry = g_ptr_array_index(found, i);
        g_auto(Stamp) stamp = {0};
        if (!stamp_read(target_stamp(pass), target_schema(pass), entry, &stamp) ||
            strcmp(stamp.connector, pass->connector->uuid) != 0) {
            g_ptr_array_add(others, g_strdup(entry_dn(entry)));
            continue;
        }
        Released *released = g_new0(Released, 1);
        *released = (Released){g_strdup(entry_dn(entry)), g_strdup(stamp.anchor)};
        g_ptr_array_add(ours, released);
    }
}

/* Whoever is named as the source has them: the object that was made from it. */
static bool find_by_source(Pass *pass, const char *object, GPtrArray *ours, GPtrArray *others, GError **error)
{
    g_autoptr(GPtrArray) sources = inquire_search(pass, SOURCE, object, error);
    for (guint i = 0; sources && i < sources->len; i++) {
        g_autofree char *anchor = pass_anchor_of(pass, g_ptr_array_index(sources, i));
        g_autofree char *filter =
            anchor ? stamp_filter(target_stamp(pass), pass->connector->uuid, anchor) : NULL;
        ReadRequest request = {.scope = SEARCH_SUBTREE,
                               .filter = filter,
                               .attributes = (const char *const *)pass->requests[TARGET]};
        g_autoptr(GPtrArray) found =
            filter ? directory_search(pass->side[TARGET].directory, &request, 100, error) : g_ptr_array_new();
        if (!found)
            return false;
        sort_out(pass, found, ours, others);
    }
    return sources != NULL;
}

bool pass_find_ours(StepWork *work, const char *object, GPtrArray *ours, GPtrArray *others, GError **error)
{
    Pass *pass = (Pass *)work;
    guint before = ours->len;
    g_autoptr(GPtrArray) found = inquire_search(pass, TARGET, object, error);
    if (!found)
        return false;
    sort_out(pass, found, ours, others);
    return ours->len > before || find_by_source(pass, object, ours, others, error);
}

static Entry *read_object(Pass *pass, const char *dn, GError **error)
{
    ReadRequest request = {
        .base = dn, .scope = SEARCH_BASE, .attributes = (const char *const *)pass->requests[TARGET]};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    if (!found)
        return NULL;
    if (!found->len)
        error_set(error, ERROR_NOT_FOUND, "%s: is not there any more", dn);
    return found->len ? entry_copy(g_ptr_array_index(found, 0)) : NULL;
}

/* Where the class came with the stamp; a server may attach it to every object of a class by itself. */
static void remove_class(const Entry *current, Change *change)
{
    gssize at = entry_index(current, "objectClass");
    for (size_t i = 0; at >= 0 && i < entry_attribute(current, (size_t)at)->n_values; i++) {
        Value class = entry_attribute(current, (size_t)at)->values[i];
        if (!g_ascii_strcasecmp(class.data, STAMP_CLASS_NAME))
            change_modify(change, MODIFY_DELETE, "objectClass", &class, 1);
    }
}

static Change *letting_go(const Pass *pass, const Managed *managed, const Entry *current, bool graced)
{
    DifferenceOptions options = {.graced = graced};
    g_autoptr(Entry) without = managed_stripped(managed, current);
    Change *change = managed_difference(managed, current, without, options, NULL, NULL);
    if (change && target_stamp(pass)->form == STAMP_CLASS)
        remove_class(current, change);
    return change;
}

static bool write_plan(Pass *pass, Change *change, const Entry *current, const char *folder, const char *run,
                       GError **error)
{
    bool asserts = directory_describe(pass->side[TARGET].directory)->capabilities & CAN_ASSERT;
    g_autoptr(Change) inverse = managed_inverse(target_schema(pass), change, current, error);
    pass->plan = inverse ? plan_writer_new(folder, pass->step, asserts, error) : NULL;
    return pass->plan && plan_add(pass->plan, change, inverse, error) &&
           step_finish_plan(&pass->work, pass->connector, pass->step, pass->plan, run, pass->digest, error);
}

bool pass_plan_release(StepWork *work, const Released *released, const char *folder, const char *run,
                       LinkRow *row, bool *stays_disabled, GError **error)
{
    Pass *pass = (Pass *)work;
    if (target_stamp(pass)->form == STAMP_ANCHOR) {
        error_set(
            error, ERROR_DEFINITION,
            "%s: a file that is written as a whole holds nobody else's records; leave the entry out of the "
            "export by its filter",
            released->dn);
        return false;
    }
    if (!state_find_link_by_anchor(pass->state, pass->step, released->anchor, row, error))
        return false;
    g_autoptr(Entry) current = read_object(pass, released->dn, error);
    if (!current)
        return false;
    g_auto(Stamp) stamp = {0};
    stamp_read(target_stamp(pass), target_schema(pass), current, &stamp);
    int kind = pass_kind_of(pass, row->flags, current);
    g_autoptr(Change) change = letting_go(pass, managed_of(pass, kind), current, stamp.grace != NULL);
    if (!change) {
        error_set(error, ERROR_MOVED, "%s: carries no stamp of this connector any more", released->dn);
        return false;
    }
    *stays_disabled = stamp.grace && mapping_recipient(pass->mapping, (size_t)kind)->as == AS_USER &&
                      account_is_disabled(target_schema(pass), current);
    change->wave = 1;
    change->situation = change_strdup(change, "released");
    change->anchor = change_strdup(change, released->anchor);
    if (!row->anchor)
        row->anchor = g_strdup(released->anchor);
    row->step = pass->step;
    g_free(row->id);
    row->id = holder_id(&pass->view, current);
    g_free(row->dn);
    row->dn = g_strdup(released->dn);
    row->flags = (row->flags & LINK_LOCKED) | LINK_RELEASED | (unsigned)(kind + 1) << LINK_KIND_SHIFT;
    pass->work.planned.of[COUNT_MODIFIED] = 1;
    return write_plan(pass, change, current, folder, run, error);
}

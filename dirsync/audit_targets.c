/*
 * audit_targets.c - where targetAddress leads: to nobody, or round in a circle
 *
 * An address of our own domains must be somebody's. Whoever has the address is where
 * mail goes next; from an object that has no targetAddress, or whose own leads out, it goes no
 * further. Only objects whose mail goes on to another one are kept.
 */
#include "dirsync/audit_internal.h"

static bool is_target(uint32_t kind)
{
    return kind == KEY_TARGET || kind == KEY_TARGET_OUT || kind == KEY_TARGET_UNROUTED;
}

/* Another one than @but that has the address; NOWHERE. */
static uint32_t holder_in(const GArray *group, uint32_t but, bool *itself)
{
    uint32_t found = NOWHERE;
    for (guint i = 0; i < group->len; i++) {
        const AuditKey *key = &g_array_index(group, AuditKey, i);
        if (key->kind != KEY_HELD && key->kind != KEY_LEGACY)
            continue;
        if (key->object == but)
            *itself = true;
        else if (found == NOWHERE)
            found = key->object;
    }
    return found;
}

void audit_note_targets(Audit *audit, const GArray *group)
{
    for (guint i = 0; i < group->len; i++) {
        const AuditKey *key = &g_array_index(group, AuditKey, i);
        if (!is_target(key->kind))
            continue;
        bool itself = false;
        TargetStep step = {
            .from = key->object, .to = holder_in(group, key->object, &itself), .kind = key->kind};
        if (step.to == NOWHERE && itself && key->kind == KEY_TARGET)
            step.to = key->object;
        if (step.to == NOWHERE && key->kind == KEY_TARGET_OUT)
            continue; /* the mailbox is outside, as it should be */
        g_array_append_val(audit->targets, step);
    }
}

static char *target_of(Audit *audit, uint32_t object, GError **error)
{
    g_autoptr(Entry) entry = audit_content(audit, object, error);
    gssize at = entry ? entry_index(entry, "targetAddress") : -1;
    if (!entry)
        return NULL;
    return g_strdup(at < 0 ? "" : entry_attribute(entry, (size_t)at)->values[0].data);
}

static bool tell_nowhere(Audit *audit, const TargetStep *step, GError **error)
{
    g_autofree char *target = target_of(audit, step->from, error);
    json_t *objects = json_array();
    if (!target || !audit_add_object(audit, objects, step->from, error)) {
        json_decref(objects);
        return false;
    }
    return step->kind == KEY_TARGET
               ? audit_find(audit, AUDIT_TARGET_NOWHERE, PART_HOME, objects, "targetAddress", target, NULL,
                            error, "%s lies in one of our domains, and nobody has it", target)
               : audit_find(audit, AUDIT_TARGET_NOWHERE, PART_HOME, objects, "targetAddress", target, NULL,
                            error, "%s is of a type for which no connector is defined and none registered",
                            target);
}

/* The same circle is told the same, wherever it was entered. */
static void begin_with_smallest(GArray *circle)
{
    guint smallest = 0;
    for (guint i = 1; i < circle->len; i++)
        if (g_array_index(circle, uint32_t, i) < g_array_index(circle, uint32_t, smallest))
            smallest = i;
    for (guint i = 0; i < smallest; i++) {
        uint32_t first = g_array_index(circle, uint32_t, 0);
        g_array_remove_index(circle, 0);
        g_array_append_val(circle, first);
    }
}

/* @circle: the objects in the order in which mail goes. */
static bool tell_loop(Audit *audit, GArray *circle, GError **error)
{
    begin_with_smallest(circle);
    g_autoptr(GString) way = g_string_new(NULL);
    json_t *objects = json_array();
    bool relevant = false;
    for (guint i = 0; i < circle->len; i++) {
        uint32_t object = g_array_index(circle, uint32_t, i);
        g_autofree char *target = target_of(audit, object, error);
        if (!target || !audit_add_object(audit, objects, object, error)) {
            json_decref(objects);
            return false;
        }
        relevant |= audit_is_relevant(audit, object);
        g_string_append_printf(way, "%s%s", i ? ", then to " : "", target);
    }
    if (relevant)
        return audit_find(audit, AUDIT_TARGET_LOOP, PART_HOME, objects, "targetAddress", NULL, NULL, error,
                          "mail goes to %s, and is where it began", way->str);
    json_decref(objects);
    return true;
}

/* Follows the way from @start as long as nobody has gone it. @seen: which walk came by, by object. */
static bool follow(Audit *audit, GHashTable *next, GHashTable *seen, uint32_t start, GError **error)
{
    g_autoptr(GArray) way = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    gpointer to;
    for (uint32_t at = start; g_hash_table_lookup_extended(next, GUINT_TO_POINTER(at), NULL, &to);
         at = GPOINTER_TO_UINT(to)) {
        gpointer walk;
        if (g_hash_table_lookup_extended(seen, GUINT_TO_POINTER(at), NULL, &walk)) {
            guint from = 0;
            if (GPOINTER_TO_UINT(walk) != start)
                return true;
            while (g_array_index(way, uint32_t, from) != at)
                from++;
            g_array_remove_range(way, 0, from);
            return tell_loop(audit, way, error);
        }
        g_hash_table_insert(seen, GUINT_TO_POINTER(at), GUINT_TO_POINTER(start));
        g_array_append_val(way, at);
    }
    return true;
}

bool audit_look_at_targets(Audit *audit, GError **error)
{
    g_autoptr(GHashTable) next = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < audit->targets->len; i++) {
        const TargetStep *step = &g_array_index(audit->targets, TargetStep, i);
        if (step->to != NOWHERE)
            g_hash_table_insert(next, GUINT_TO_POINTER(step->from), GUINT_TO_POINTER(step->to));
        else if (audit->home_whole && audit_is_relevant(audit, step->from) &&
                 !tell_nowhere(audit, step, error))
            return false;
    }
    for (guint i = 0; i < audit->targets->len; i++) {
        const TargetStep *step = &g_array_index(audit->targets, TargetStep, i);
        if (step->to != NOWHERE && !follow(audit, next, seen, step->from, error))
            return false;
    }
    return true;
}

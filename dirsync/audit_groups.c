/*
 * audit_groups.c - members that get no mail, and groups that contain each other
 *
 * Who is no recipient was not read, so those members are asked for by name: one that is
 * not there was deleted and left behind; one that is has no address.
 */
#include "dirsync/audit_internal.h"

#define ASKED_AT_ONCE 512 /* a multiple of the steps in which audit_go_on() looks up */

void audit_note_members(Audit *audit, const GArray *group)
{
    uint32_t who = NOWHERE;
    for (guint i = 0; i < group->len; i++)
        if (g_array_index(group, AuditKey, i).kind == KEY_DN)
            who = g_array_index(group, AuditKey, i).object;
    bool is_group = who != NOWHERE && audit_object(audit, who)->sort == SORT_GROUP;
    for (guint i = 0; i < group->len; i++) {
        const AuditKey *key = &g_array_index(group, AuditKey, i);
        const AuditUnresolved unresolved = {.at = key->at, .group = key->object};
        const AuditNested nested = {.group = key->object, .member = who};
        if (key->kind == KEY_MEMBER && who == NOWHERE)
            g_array_append_val(audit->members, unresolved);
        else if (key->kind == KEY_MEMBER && is_group)
            g_array_append_val(audit->nested, nested);
    }
}

/* --- members --- */

/* Names that were asked for together, and which of them are there. */
typedef struct {
    GPtrArray *dns;
    bool there[ASKED_AT_ONCE];
} Asked;

static bool take_answer(size_t index, Entry *entry, void *data, GError **error)
{
    (void)error;
    ((Asked *)data)->there[index] = entry != NULL;
    entry_free(entry);
    return true;
}

static bool ask(Audit *audit, Asked *asked, GError **error)
{
    static const char *const attributes[] = {"objectClass", NULL};
    FetchId ids[ASKED_AT_ONCE] = {0};
    for (guint i = 0; i < asked->dns->len; i++)
        ids[i] = (FetchId){.dn = g_ptr_array_index(asked->dns, i), .index = i};
    return directory_fetch(audit->home, ids, asked->dns->len, attributes, take_answer, asked, error);
}

static bool tell_member(Audit *audit, uint32_t group, const char *dn, bool there, GError **error)
{
    json_t *objects = json_array();
    if (!audit_add_object(audit, objects, group, error)) {
        json_decref(objects);
        return false;
    }
    json_array_append_new(objects, audit_name_object("home", dn, NULL, NULL));
    return audit_find(audit, AUDIT_MEMBER_UNRESOLVED, PART_HOME, objects, "member", NULL,
                      there ? NULL : "take the member out of the group: nothing of that name is there", error,
                      there ? "%s is a member and has no address" : "%s is a member and is not there", dn);
}

static bool tell_some(Audit *audit, guint from, guint n, GError **error)
{
    Asked asked = {.dns = g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(GByteArray) dn = g_byte_array_new();
    bool good = true;
    for (guint i = 0; good && i < n; i++) {
        good = spool_read_bytes(audit->spool, g_array_index(audit->members, AuditUnresolved, from + i).at, dn,
                                error);
        if (good)
            g_ptr_array_add(asked.dns, g_strdup((const char *)dn->data));
    }
    good = good && ask(audit, &asked, error);
    for (guint i = 0; good && i < n; i++)
        good = (asked.there[i] && !audit->home_whole) ||
               tell_member(audit, g_array_index(audit->members, AuditUnresolved, from + i).group,
                           g_ptr_array_index(asked.dns, i), asked.there[i], error);
    g_ptr_array_unref(asked.dns);
    return good;
}

/* Only groups that are asked about. */
static void drop_irrelevant(Audit *audit)
{
    guint kept = 0;
    for (guint i = 0; i < audit->members->len; i++) {
        const AuditUnresolved unresolved = g_array_index(audit->members, AuditUnresolved, i);
        if (audit_is_relevant(audit, unresolved.group))
            g_array_index(audit->members, AuditUnresolved, kept++) = unresolved;
    }
    g_array_set_size(audit->members, kept);
}

static bool look_at_members(Audit *audit, GError **error)
{
    drop_irrelevant(audit);
    for (guint i = 0; i < audit->members->len; i += ASKED_AT_ONCE)
        if (!audit_go_on(audit, "looking for members", i, audit->members->len, error) ||
            !tell_some(audit, i, MIN(audit->members->len - i, ASKED_AT_ONCE), error))
            return false;
    return true;
}

/* --- circles --- */

static int compare_nested(const void *a, const void *b)
{
    const AuditNested *one = a, *other = b;
    if (one->group != other->group)
        return one->group < other->group ? -1 : 1;
    return one->member < other->member ? -1 : one->member > other->member;
}

/* The place of the first group that @group contains. */
static guint first_of(const Audit *audit, uint32_t group)
{
    guint low = 0, high = audit->nested->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(audit->nested, AuditNested, middle).group < group)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/** A group on the path, and which of those in it comes next. */
typedef struct {
    uint32_t group;
    guint next;
} Frame;

static bool tell_cycle(Audit *audit, const GArray *frames, uint32_t again, GError **error)
{
    json_t *objects = json_array();
    bool begun = false, relevant = false, good = true;
    for (guint i = 0; good && i < frames->len; i++) {
        uint32_t group = g_array_index(frames, Frame, i).group;
        begun |= group == again;
        relevant |= begun && audit_is_relevant(audit, group);
        good = !begun || audit_add_object(audit, objects, group, error);
    }
    if (good && relevant)
        return json_array_size(objects) == 1
                   ? audit_find(audit, AUDIT_GROUP_CYCLE, PART_HOME, objects, "member", NULL, NULL, error,
                                "the group is a member of itself")
                   : audit_find(audit, AUDIT_GROUP_CYCLE, PART_HOME, objects, "member", NULL, NULL, error,
                                "each of %zu groups is in the one before, and the first in the last",
                                json_array_size(objects));
    json_decref(objects);
    return good;
}

enum { UNSEEN, ON_PATH, SEEN };

/* Depth first without recursion: groups may be nested as deeply as somebody likes. */
static bool walk(Audit *audit, uint8_t *states, uint32_t start, GError **error)
{
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    Frame first = {start, first_of(audit, start)};
    states[start] = ON_PATH;
    g_array_append_val(frames, first);
    while (frames->len) {
        Frame *frame = &g_array_index(frames, Frame, frames->len - 1);
        const AuditNested *edge =
            frame->next < audit->nested->len ? &g_array_index(audit->nested, AuditNested, frame->next) : NULL;
        if (!edge || edge->group != frame->group) {
            states[frame->group] = SEEN;
            g_array_set_size(frames, frames->len - 1);
            continue;
        }
        frame->next++;
        if (states[edge->member] == ON_PATH && !tell_cycle(audit, frames, edge->member, error))
            return false;
        if (states[edge->member] != UNSEEN)
            continue;
        Frame deeper = {edge->member, first_of(audit, edge->member)};
        states[edge->member] = ON_PATH;
        g_array_append_val(frames, deeper);
    }
    return true;
}

static bool look_at_nesting(Audit *audit, GError **error)
{
    if (!audit->nested->len)
        return true;
    qsort(audit->nested->data, audit->nested->len, sizeof(AuditNested), compare_nested);
    g_autofree uint8_t *states = g_malloc0(audit->objects->len);
    for (guint i = 0; i < audit->nested->len; i++) {
        uint32_t group = g_array_index(audit->nested, AuditNested, i).group;
        if (states[group] == UNSEEN && !walk(audit, states, group, error))
            return false;
    }
    return true;
}

bool audit_look_at_groups(Audit *audit, GError **error)
{
    return look_at_members(audit, error) && look_at_nesting(audit, error);
}

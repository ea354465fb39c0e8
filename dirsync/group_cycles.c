/*
 * group_cycles.c - groups that contain each other
 *
 * Nothing breaks by them here: they are written as they are, and told. Looks at
 * the groups that were decided in this run.
 */
#include "dirsync/pass_internal.h"

/* One group. Most of its members are people: they are not told apart before all groups are known. */
typedef struct {
    char *dn;
    GArray *members; /* Fingerprint of the canonical name */
    enum { UNSEEN, ON_PATH, SEEN } state;
} Node;

static void node_free(void *data)
{
    Node *node = data;
    g_free(node->dn);
    g_array_unref(node->members);
    g_free(node);
}

static Fingerprint name_key(const Pass *pass, const char *dn)
{
    g_autofree char *name = holder_dn_key(&pass->view, dn);
    return fingerprint_string(name);
}

void group_note_members(Pass *pass, const Subject *subject, const GPtrArray *dns)
{
    if (!pass->group_nodes)
        pass->group_nodes = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, node_free);
    Node *node = g_new0(Node, 1);
    node->dn = g_strdup(entry_dn(subject->desired));
    node->members = g_array_sized_new(FALSE, FALSE, sizeof(Fingerprint), dns->len);
    for (guint i = 0; i < dns->len; i++) {
        const char *dn = g_ptr_array_index(dns, i);
        Fingerprint member = dn ? name_key(pass, dn) : (Fingerprint){0, 0};
        if (dn)
            g_array_append_val(node->members, member);
    }
    Fingerprint key = name_key(pass, node->dn);
    g_hash_table_replace(pass->group_nodes, g_memdup2(&key, sizeof key), node);
}

/* The part of the path from @again on, which is the cycle. */
static void tell_cycle(const GPtrArray *path, const Node *again)
{
    g_autoptr(GString) names = g_string_new(NULL);
    guint from = 0;
    while (from < path->len && g_ptr_array_index(path, from) != again)
        from++;
    for (guint i = from; i < path->len; i++)
        g_string_append_printf(names, "%s in ", ((Node *)g_ptr_array_index(path, i))->dn);
    event_emit(EVENT_GROUP_CYCLE, again->dn, "groups contain each other: %s%s", names->str, again->dn);
}

/* A place on the path, and the member to look at next. */
typedef struct {
    Node *node;
    guint next;
} Frame;

/* Depth first without recursion: groups may be nested as deeply as somebody likes. */
static void walk(GHashTable *nodes, Node *start)
{
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autoptr(GPtrArray) path = g_ptr_array_new();
    Frame first = {start, 0};
    start->state = ON_PATH;
    g_array_append_val(frames, first);
    g_ptr_array_add(path, start);
    while (frames->len) {
        Frame *frame = &g_array_index(frames, Frame, frames->len - 1);
        if (frame->next == frame->node->members->len) {
            frame->node->state = SEEN;
            g_array_set_size(frames, frames->len - 1);
            g_ptr_array_set_size(path, (gint)path->len - 1);
            continue;
        }
        Node *member =
            g_hash_table_lookup(nodes, &g_array_index(frame->node->members, Fingerprint, frame->next++));
        if (member && member->state == ON_PATH)
            tell_cycle(path, member);
        if (!member || member->state != UNSEEN)
            continue;
        Frame deeper = {member, 0};
        member->state = ON_PATH;
        g_array_append_val(frames, deeper);
        g_ptr_array_add(path, member);
    }
}

void group_report_cycles(Pass *pass)
{
    GHashTableIter iter;
    gpointer node;
    if (!pass->group_nodes)
        return;
    g_hash_table_iter_init(&iter, pass->group_nodes);
    while (g_hash_table_iter_next(&iter, NULL, &node))
        if (((Node *)node)->state == UNSEEN)
            walk(pass->group_nodes, node);
}

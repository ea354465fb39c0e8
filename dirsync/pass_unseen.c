/*
 * pass_unseen.c - objects that we made and that nobody tells of
 *
 * A link learns the identity of its object when a read shows it first, as the echo
 * of its making. What somebody deletes before is in no answer, or only as an
 * identity that says nothing to us. So whoever has not been shown by then is looked
 * for by the stamp.
 */
#include "dirsync/pass_internal.h"

#define MOST_IN_FILTER 100

typedef struct {
    const Pass *pass;
    GPtrArray *anchors;
} Unseen;

static void note_unseen(const LinkRow *row, void *data)
{
    Unseen *unseen = data;
    const LinkTable *links = unseen->pass->links;
    uint32_t link = fingerprint_index_find(&links->by_anchor, fingerprint_string(row->anchor));
    bool told = link != NOWHERE && link_at(links, link)->mark[TARGET] != MARK_SAME;
    if (!told && !(row->flags & LINK_YIELDED))
        g_ptr_array_add(unseen->anchors, g_strdup(row->anchor));
}

/* Until the search shows them. */
static bool mark_absent(Pass *pass, const GPtrArray *anchors, guint from, guint to, GError **error)
{
    for (guint i = from; i < to; i++) {
        uint32_t link;
        if (!link_table_find(pass->links, g_ptr_array_index(anchors, i), &link, error))
            return false;
        link_at(pass->links, link)->mark[TARGET] = MARK_ABSENT;
    }
    return true;
}

static bool look_for(Pass *pass, const GPtrArray *anchors, guint *at, GError **error)
{
    guint from = *at;
    ReadRequest request;
    ReadResult result = {0};
    g_autofree char *stamps =
        stamp_filter_any(target_stamp(pass), pass->connector->uuid, anchors, at, MOST_IN_FILTER);
    g_autofree char *filter = filter_and(pass->target_filter, stamps);
    pass_request(pass, TARGET, 0, &request);
    request.filter = filter;
    if (!mark_absent(pass, anchors, from, *at, error) ||
        !directory_read(pass->side[TARGET].directory, &request, pass_take_target, pass, &result, error))
        return false;
    if (result.proof != PROOF_COMPLETE || result.bad)
        pass_must_read_all(pass, TARGET, "it could not be asked whether they are there who were made last");
    read_result_clear(&result);
    return true;
}

static bool are_all_there(const Pass *pass, const GPtrArray *anchors)
{
    for (guint i = 0; i < anchors->len; i++) {
        Fingerprint anchor = fingerprint_string(g_ptr_array_index(anchors, i));
        uint32_t link = fingerprint_index_find(&pass->links->by_anchor, anchor);
        if (link_at(pass->links, link)->mark[TARGET] == MARK_ABSENT)
            return false;
    }
    return true;
}

bool pass_look_for_unseen(Pass *pass, GError **error)
{
    g_autoptr(GPtrArray) anchors = g_ptr_array_new_with_free_func(g_free);
    Unseen unseen = {pass, anchors};
    if (!state_scan_links(pass->state, pass->step, LINKS_UNSEEN, note_unseen, &unseen, error))
        return false;
    for (guint at = 0; at < anchors->len && pass->side[TARGET].cursors;)
        if (!look_for(pass, anchors, &at, error))
            return false;
    if (pass->side[TARGET].cursors && !are_all_there(pass, anchors))
        pass_doubt_groups(pass);
    return true;
}

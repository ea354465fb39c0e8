/*
 * pass_unseen.c - objects that we made and that nobody tells of
 *
 * A link learns the identity of its object when a read shows it first, as the echo
 * of its making. What somebody deletes before is in no answer, or only as an
 * identity that says nothing to us. So whoever has not been shown by then is looked
 * for by the stamp, on the server on which they were made: another one may not have
 * heard of them yet.
 */
#include "dirsync/pass_internal.h"

#include <string.h>

#define MADE_ON "made-on" /* in the state: the server; empty: several, or it is not known */
#define MOST 20000        /* with more, everything is read more cheaply */
#define MOST_IN_FILTER 100

static const char *server_of(const Pass *pass)
{
    return directory_describe(pass->side[TARGET].directory)->subject;
}

/* --- where they were made --- */

bool pass_forget_maker(Pass *pass, GError **error)
{
    return pass_remember(pass, MADE_ON, "", error);
}

void pass_note_maker(Pass *pass, const char *sent_to)
{
    if (sent_to)
        pass->made_on = !pass->made_on || !strcmp(pass->made_on, sent_to) ? sent_to : "";
}

bool pass_remember_maker(Pass *pass, GError **error)
{
    return !pass->made_on || pass->made_elsewhere || pass_remember(pass, MADE_ON, pass->made_on, error);
}

static bool is_maker(Pass *pass, bool *is, GError **error)
{
    g_autofree char *maker = NULL;
    if (!pass_recall(pass, MADE_ON, &maker, error))
        return false;
    *is = !g_strcmp0(maker, server_of(pass));
    return true;
}

/* --- who they are --- */

/* Of those in the table; NULL: nobody's. */
static Link *link_of(const LinkTable *links, const char *anchor)
{
    uint32_t link = fingerprint_index_find(&links->by_anchor, fingerprint_string(anchor));
    return link == NOWHERE ? NULL : link_at(links, link);
}

typedef struct {
    const LinkTable *links;
    GPtrArray *anchors;
} Unseen;

/* But for whom nothing was ever made: that is tried in every run. */
static void note_unseen(const LinkRow *row, void *data)
{
    const Unseen *unseen = data;
    const Link *link = link_of(unseen->links, row->anchor);
    bool told = link && link->mark[TARGET] != MARK_SAME;
    bool made = !fingerprint_is_zero(row->desired) && !(row->flags & LINK_YIELDED);
    if (!told && made && unseen->anchors->len <= MOST)
        g_ptr_array_add(unseen->anchors, g_strdup(row->anchor));
}

/* --- whether they are there --- */

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

static bool is_absent(const Pass *pass, const char *anchor)
{
    const Link *link = link_of(pass->links, anchor);
    return link && link->mark[TARGET] == MARK_ABSENT;
}

/* The server may take two stamps for the same that are not, and who has been told of would be told twice. */
static bool take_absent(const DirectoryItem *item, void *data, GError **error)
{
    const Pass *pass = data;
    g_auto(Stamp) stamp = {0};
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, NULL);
    bool meant = !entry || (stamp_read(target_stamp(pass), target_schema(pass), entry, &stamp) &&
                            is_absent(pass, stamp.anchor));
    return !meant || pass_take_target(item, data, error);
}

/* The search has ended on another server. */
static void let_be(Pass *pass, const GPtrArray *anchors, guint from, guint to)
{
    for (guint i = from; i < to; i++)
        if (is_absent(pass, g_ptr_array_index(anchors, i)))
            link_of(pass->links, g_ptr_array_index(anchors, i))->mark[TARGET] = MARK_SAME;
    pass->made_elsewhere = true;
}

static bool look_for(Pass *pass, const GPtrArray *anchors, guint *at, GError **error)
{
    guint from = *at;
    ReadRequest request;
    ReadResult result = {0};
    const char *server = g_intern_string(server_of(pass));
    g_autofree char *stamps =
        stamp_filter_any(target_stamp(pass), pass->connector->uuid, anchors, at, MOST_IN_FILTER);
    g_autofree char *filter = filter_and(pass->target_filter, stamps);
    pass_request(pass, TARGET, 0, &request);
    request.filter = filter;
    if (!mark_absent(pass, anchors, from, *at, error) ||
        !directory_read(pass->side[TARGET].directory, &request, take_absent, pass, &result, error))
        return false;
    if (strcmp(server, server_of(pass)) != 0)
        let_be(pass, anchors, from, *at);
    else if (result.proof != PROOF_COMPLETE || result.bad)
        pass_must_read_all(pass, TARGET, "it could not be asked whether they are there who were made last");
    for (guint i = from; i < *at && pass->side[TARGET].cursors; i++)
        if (is_absent(pass, g_ptr_array_index(anchors, i)))
            pass_doubt_groups(pass);
    pass->side[TARGET].result.entries += result.entries;
    read_result_clear(&result);
    return true;
}

bool pass_look_for_unseen(Pass *pass, GError **error)
{
    g_autoptr(GPtrArray) anchors = g_ptr_array_new_with_free_func(g_free);
    Unseen unseen = {pass->links, anchors};
    bool here;
    if (!is_maker(pass, &here, error) ||
        !state_scan_links(pass->state, pass->step, LINKS_UNSEEN, note_unseen, &unseen, error))
        return false;
    pass->made_elsewhere = anchors->len && !here;
    if (anchors->len > MOST && !pass->made_elsewhere)
        pass_must_read_all(pass, TARGET, "more were made and not shown than are worth asking for singly");
    for (guint at = 0; at < anchors->len && pass->side[TARGET].cursors && !pass->made_elsewhere;)
        if (!look_for(pass, anchors, &at, error))
            return false;
    return true;
}

/*
 * explain_offline.c - what is known where a step cannot be planned
 *
 * The state's links and index, and whatever the sides that can be reached show.
 */
#include "dirsync/explain_internal.h"

#include "dirsync/directory/directory.h"
#include "dirsync/filter.h"
#include "dirsync/schema.h"
#include "dirsync/stamp.h"

#include <string.h>

#define MOST_FOUND 100

static const char *side_name(Step step, int side)
{
    return (step == STEP_IMPORT) == (side == SOURCE) ? "foreign" : "home";
}

/* --- the state --- */

static bool find_links(Explaining *e, Step step, const char *object, GError **error)
{
    g_auto(LinkRow) row = {0};
    g_auto(LinkRow) by_name = {0};
    g_autofree char *name = schema_normalise_dn(schema_standard(), object);
    if (!state_find_link_by_anchor(e->state, step, object, &row, error) ||
        !state_find_link_by_source(e->state, step, fingerprint_string(name ? name : object), &by_name, error))
        return false;
    if (row.row)
        inquiry_story(e->into->inquiry[step], row.anchor);
    if (by_name.row)
        inquiry_story(e->into->inquiry[step], by_name.anchor);
    return true;
}

static void note_stranger(Inquiry *inquiry, const char *dn, const char *owner)
{
    Bystander *bystander = g_new0(Bystander, 1);
    bystander->dn = g_strdup(dn);
    bystander->owner = g_strdup(owner);
    g_ptr_array_add(inquiry->bystanders, bystander);
}

static bool find_holders(Explaining *e, Step step, const char *object, GError **error)
{
    HolderIndex *index = state_index(e->state, step, error);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    g_autofree char *address = object_address(object);
    g_autofree char *name = schema_normalise_dn(schema_standard(), object);
    bool by_name = object_kind(object) == OBJECT_DN && name;
    if (!index || !(by_name ? holder_index_find_dn(index, name, found, error)
                            : holder_index_find(index, KEY_ADDRESS, address, found, error)))
        return false;
    for (guint i = 0; i < found->len; i++) {
        const Holder *holder = g_ptr_array_index(found, i);
        if (!g_strcmp0(holder->owner, e->connector->uuid))
            inquiry_story(e->into->inquiry[step], holder->anchor);
        else
            note_stranger(e->into->inquiry[step], holder->dn, holder->owner);
    }
    return true;
}

/* --- the sides --- */

/* NULL: the definition does not say, and the directory has none by itself. */
static const char *anchor_attribute(const Explaining *e, Step step, Directory *directory)
{
    const char *given = e->connector->pass[step].anchor;
    return given ? given : directory_describe(directory)->default_anchor;
}

static void note_source(Explaining *e, Step step, Directory *directory, const Entry *entry)
{
    const char *name = anchor_attribute(e, step, directory);
    g_autofree char *anchor =
        name ? anchor_smallest(directory_describe(directory)->schema, entry, name) : NULL;
    PassStory *story = inquiry_story(e->into->inquiry[step], anchor);
    if (!story->source)
        story->source = story_copy(entry);
}

static void note_target(Explaining *e, Step step, Directory *directory, const Entry *entry)
{
    g_auto(Stamp) stamp = {0};
    const StampSettings *settings = connector_stamp(e->connector, step, TARGET);
    bool stamped = settings && stamp_read(settings, directory_describe(directory)->schema, entry, &stamp);
    if (!stamped || strcmp(stamp.connector, e->connector->uuid) != 0) {
        note_stranger(e->into->inquiry[step], entry_dn(entry), stamp.connector);
        return;
    }
    PassStory *story = inquiry_story(e->into->inquiry[step], stamp.anchor);
    if (!story->current)
        story->current = story_copy(entry);
    if (!story->grace)
        story->grace = g_strdup(stamp.grace);
}

/* Who has the address, or the anchor: in the source as it stands there, in the target in a stamp. */
static char *filter_for(const Explaining *e, Step step, int side, Directory *directory, const char *object)
{
    static const char *const names[] = {"mail", "proxyAddresses", "targetAddress", NULL};
    const StampSettings *stamp = connector_stamp(e->connector, step, TARGET);
    const char *attribute = anchor_attribute(e, step, directory);
    g_autoptr(GBytes) bytes = anchor_bytes(object);
    g_autofree char *address = object_filter(object, names);
    g_autofree char *anchor = NULL;
    if (side == TARGET && stamp)
        anchor = stamp_filter(stamp, e->connector->uuid, object);
    else if (side == SOURCE && attribute)
        anchor = filter_equals(attribute, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    return g_strconcat("(|", anchor ? anchor : "", address, ")", NULL);
}

static GPtrArray *search(Explaining *e, Step step, int side, Directory *directory, const char *object,
                         GError **error)
{
    const char *anchor = anchor_attribute(e, step, directory);
    const char *const attributes[] = {"*", anchor, NULL};
    bool by_name = object_kind(object) == OBJECT_DN;
    const char *base = directory_describe(directory)->base;
    if (by_name && base && !schema_dn_within(directory_describe(directory)->schema, object, base))
        return g_ptr_array_new();
    g_autofree char *filter = by_name ? NULL : filter_for(e, step, side, directory, object);
    ReadRequest request = {.base = by_name ? object : NULL,
                           .scope = by_name ? SEARCH_BASE : SEARCH_SUBTREE,
                           .filter = filter,
                           .attributes = attributes};
    return directory_search(directory, &request, MOST_FOUND, error);
}

/* Objects of whom the state or the source knows no more than the anchor. */
static bool find_by_stamp(Explaining *e, Step step, Directory *directory, GError **error)
{
    const StampSettings *settings = connector_stamp(e->connector, step, TARGET);
    const Inquiry *inquiry = e->into->inquiry[step];
    for (guint i = 0; settings && i < inquiry->stories->len; i++) {
        const PassStory *story = g_ptr_array_index(inquiry->stories, i);
        if (!story->anchor || story->current)
            continue;
        g_autofree char *filter = stamp_filter(settings, e->connector->uuid, story->anchor);
        ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = filter};
        g_autoptr(GPtrArray) found = directory_search(directory, &request, MOST_FOUND, error);
        for (guint j = 0; found && j < found->len; j++)
            note_target(e, step, directory, g_ptr_array_index(found, j));
        if (!found)
            return false;
    }
    return true;
}

/* True when the side could be asked. */
static bool look_at_side(Explaining *e, Step step, int side)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(Directory) directory = directory_open(connector_endpoint(e->connector, step, side), &why);
    const Inquiry *inquiry = e->into->inquiry[step];
    for (guint i = 0; directory && i < inquiry->objects->len && !why; i++) {
        g_autoptr(GPtrArray) found =
            search(e, step, side, directory, g_ptr_array_index(inquiry->objects, i), &why);
        for (guint j = 0; found && j < found->len; j++)
            (side == SOURCE ? note_source : note_target)(e, step, directory, g_ptr_array_index(found, j));
    }
    if (directory && !why && side == TARGET)
        find_by_stamp(e, step, directory, &why);
    e->refused |= error_is(why, ERROR_CREDENTIALS);
    if (why)
        explain_note(e, "the %s directory cannot be asked: %s", side_name(step, side), why->message);
    return !why;
}

static void tell_what_is_known(Inquiry *inquiry)
{
    for (guint i = 0; i < inquiry->stories->len; i++) {
        PassStory *story = g_ptr_array_index(inquiry->stories, i);
        if (!story->situations->len)
            story_note(story, "unknown", "the step cannot be planned now; this is what is known without it");
    }
}

bool explain_from_state(Explaining *e, Step step, const GError *why, GError **error)
{
    Inquiry *inquiry = e->into->inquiry[step];
    bool all = true;
    for (guint i = 0; inquiry && i < inquiry->objects->len; i++) {
        const char *object = g_ptr_array_index(inquiry->objects, i);
        if (!find_links(e, step, object, error) || !find_holders(e, step, object, error))
            return false;
    }
    e->into->unreachable |= e->refused;
    for (int side = 0; inquiry && side < SIDES && !e->refused; side++)
        all &= look_at_side(e, step, side);
    e->into->unreachable |= !all;
    if (all)
        explain_note(e, "%s cannot be planned: %s", step_names[step], why->message);
    if (inquiry)
        tell_what_is_known(inquiry);
    return true;
}

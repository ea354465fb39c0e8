/*
 * pass_changes.c - reading only what has changed, where a side can tell
 *
 * Each side goes on from the cursors that its last settled read gave. Whatever makes
 * the answer doubtful ends in a read of everything, with the reason in the summary.
 * Who is left to do something about is in the state and is fetched by identity, so a
 * cursor may pass what could not be applied.
 */
#include "dirsync/pass_internal.h"

#define FULL_READ "full-read" /* in the state: when everything was read */

static const char *const side_names[SIDES] = {"source", "target"};

/* --- from where --- */

size_t pass_n_requests(const Pass *pass, int side)
{
    return side == SOURCE ? pass->settings->n_sources : 1;
}

void pass_request(const Pass *pass, int side, size_t i, ReadRequest *request)
{
    const SourceSettings *source = &pass->settings->sources[i];
    *request = (ReadRequest){.attributes = (const char *const *)pass->requests[side]};
    if (side == TARGET) {
        request->scope = SEARCH_SUBTREE;
        request->filter = pass->target_filter;
        return;
    }
    request->base = source->base;
    request->scope = (SearchScope)source->scope;
    request->filter = source->filter;
    request->last_good_count = pass->source_count;
}

static char *cursor_name(int side, size_t i)
{
    return g_strdup_printf("cursor %s %zu", side_names[side], i);
}

/* A cursor of the target is worth as much as the index that was filled until there. */
static const char *index_of(const Pass *pass, int side)
{
    return side == TARGET ? holder_index_id(pass->index) : "";
}

/* @why: why they are of no use; NULL: there is one for each request. */
static bool recall_cursors(Pass *pass, int side, GPtrArray *cursors, char **why, GError **error)
{
    const char *index = index_of(pass, side);
    for (size_t i = 0; i < pass_n_requests(pass, side) && !*why; i++) {
        g_autofree char *name = cursor_name(side, i);
        g_autofree char *value = NULL;
        if (!pass_recall(pass, name, &value, error))
            return false;
        const char *none;
        const char *cursor = delta_cursor_in(value, index, &none);
        if (cursor)
            g_ptr_array_add(cursors, g_strdup(cursor));
        else
            *why = g_strdup(none);
    }
    return true;
}

static bool is_remembered(Step step, State *state, int side, size_t i, bool *is, StepReading *reading,
                          GError **error)
{
    g_autofree char *name = cursor_name(side, i);
    g_autofree char *value = NULL;
    HolderIndex *index = NULL;
    *is = false;
    if (!step_recall(state, step, name, &value, error))
        return false;
    if (value && side == TARGET && !(index = state_index(state, step, error)))
        return false;
    const char *cursor = value ? delta_cursor_in(value, index ? holder_index_id(index) : "", NULL) : NULL;
    step_note_way(reading, side, cursor);
    *is = cursor != NULL;
    return true;
}

bool pass_recall_reading(const Connector *connector, Step step, State *state, StepReading *reading,
                         GError **error)
{
    g_autofree char *last = NULL;
    if (!step_recall(state, step, FULL_READ, &last, error))
        return false;
    reading->everything = last ? g_ascii_strtoll(last, NULL, 10) : 0;
    for (int side = 0; side < SIDES; side++) {
        size_t n = side == SOURCE ? connector->pass[step].n_sources : 1, there = 0;
        for (size_t i = 0; i < n; i++) {
            bool is;
            if (!is_remembered(step, state, side, i, &is, reading, error))
                return false;
            there += is;
        }
        reading->changes[side] = there == n;
    }
    return true;
}

bool pass_can_tell(const Pass *pass, int side)
{
    return directory_describe(pass->side[side].directory)->capabilities & CAN_TELL_CHANGES && !pass->only &&
           !pass->options.migration && pass->connector->full_read != FULL_READ_ALWAYS;
}

static bool is_due(Pass *pass, bool *due, GError **error)
{
    g_autofree char *last = NULL;
    if (!pass_recall(pass, FULL_READ, &last, error))
        return false;
    *due = step_full_read_is_due(pass->connector, last);
    return true;
}

static bool is_among(const Schema *schema, const char *const *names, const char *name)
{
    for (; *names; names++)
        if (!g_ascii_strcasecmp(*names, name) || schema_same_attribute(schema, *names, name))
            return true;
    return false;
}

/* Servers keep them by themselves, and tell nobody when one changes. */
static bool changes_silently(const Schema *schema, const char *name)
{
    static const char *const silent[] = {"memberOf", "directReports", "managedObjects", "isMemberOf", NULL};
    static const char *const told[] = {"entryUUID", "objectGUID",   "nsUniqueId",           "createTimestamp",
                                       "entryDN",   "creatorsName", "pwdAccountLockedTime", "nsAccountLock",
                                       NULL};
    const AttributeType *type = schema_attribute(schema, name);
    return is_among(schema, silent, name) || (type && type->operational && !is_among(schema, told, name));
}

static char *silent_attribute(const Pass *pass)
{
    for (char **name = pass->requests[SOURCE]; *name; name++)
        if (changes_silently(pass->side[SOURCE].schema, *name))
            return g_strdup_printf(
                "%s, which filter or mapping use, changes without a change of the entry, so "
                "nobody tells of it",
                *name);
    return NULL;
}

static bool choose_cursors(Pass *pass, int side, bool due, GError **error)
{
    g_autoptr(GPtrArray) cursors = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *why = NULL;
    if (pass->force || !pass_can_tell(pass, side))
        return true;
    why = side == SOURCE ? silent_attribute(pass) : NULL;
    if (!recall_cursors(pass, side, cursors, &why, error))
        return false;
    if (!why && due)
        why = g_strdup(STEP_FULL_READ_DUE);
    if (why)
        pass_must_read_all(pass, side, why);
    else
        pass->side[side].cursors = g_steal_pointer(&cursors);
    return true;
}

void pass_must_read_all(Pass *pass, int side, const char *reason)
{
    if (!pass->side[side].must_read_all)
        event_emit(EVENT_SOURCE_FULL, NULL, "%s: everything in the %s is read: %s", step_names[pass->step],
                   side_names[side], reason);
    pass->side[side].must_read_all = true;
    if (!pass->work.full_reason)
        pass->work.full_reason = g_strdup(reason);
    g_clear_pointer(&pass->side[side].cursors, g_ptr_array_unref);
}

bool pass_decide_reading(Pass *pass, GError **error)
{
    bool due;
    pass->target_filter = holder_filter(&pass->view);
    if (!is_due(pass, &due, error) || !choose_cursors(pass, SOURCE, due, error) ||
        !choose_cursors(pass, TARGET, due, error))
        return false;
    if (pass->side[SOURCE].cursors && pass->side[TARGET].cursors)
        pass->links = link_table_open(pass->state, pass->step, error);
    else
        pass->links = link_table_load(pass->state, pass->step, pass->force, error);
    for (int side = 0; pass->links && side < SIDES; side++)
        link_table_unread(pass->links, side, pass->side[side].cursors ? MARK_SAME : MARK_ABSENT);
    return pass->links != NULL;
}

/* After a doubtful read there may be objects of ours that no link knows yet, and people who were not shown.
 */
bool pass_remember_cursors(Pass *pass, GError **error)
{
    bool whole = true, doubtful = pass->work.partial_reason != NULL;
    for (int side = 0; side < SIDES; side++) {
        const Side *read = &pass->side[side];
        whole &= !read->delta;
        for (size_t i = 0; read->next && i < read->next->len; i++) {
            const char *next = g_ptr_array_index(read->next, i);
            g_autofree char *name = cursor_name(side, i);
            g_autofree char *none = delta_no_next("the last read was doubtful");
            g_autofree char *value = g_strconcat(index_of(pass, side), " ", doubtful ? none : next, NULL);
            if (!(doubtful && read->delta) && !pass_remember(pass, name, value, error))
                return false;
        }
    }
    g_autofree char *now = step_now();
    return !whole || pass_remember(pass, FULL_READ, now, error);
}

/* --- reading --- */

static DeltaSink sink_of(Pass *pass, int side)
{
    return side == SOURCE ? (DeltaSink){pass_take_source, pass_lose_source, pass}
                          : (DeltaSink){pass_take_target, pass_lose_target, pass};
}

static bool read_request(Pass *pass, int side, size_t i, bool *by_absence, GError **error)
{
    Side *read = &pass->side[side];
    DeltaSink sink = sink_of(pass, side);
    g_auto(Delta) delta = {0};
    ReadRequest request;
    pass_request(pass, side, i, &request);
    pass->source_at = i;
    if (!delta_read(read->directory, &request, g_ptr_array_index(read->cursors, i), read->roll, &sink, &delta,
                    error))
        return false;
    if (delta.doubt)
        pass_must_read_all(pass, side, delta.doubt);
    read->result.entries += delta.entries;
    *by_absence |= delta.by_absence;
    g_ptr_array_add(read->next, g_steal_pointer(&delta.next));
    return true;
}

/* --- who is not told of at all --- */

typedef struct {
    Pass *pass;
    int side;
    GPtrArray *absent; /* ids */
} RollCall;

static void call_link(const LinkRow *row, void *data)
{
    RollCall *call = data;
    bool by_anchor = call->side == SOURCE && !pass_source_id_attribute(call->pass);
    const char *id = by_anchor ? row->anchor : call->side == SOURCE ? row->source_id : row->id;
    bool native = call->side == TARGET && row->flags & LINK_YIELDED;
    if (id && !native && !roll_call(call->pass->side[call->side].roll, fingerprint_string(id)))
        g_ptr_array_add(call->absent, g_strdup(id));
}

/* How many may be there whom no link knows: of the source those who were nobody to us, or in quarantine. */
static bool count_expected(Pass *pass, int side, size_t *expected, GError **error)
{
    g_autoptr(GPtrArray) subjects = g_ptr_array_new_with_free_func(g_free);
    *expected = 0;
    if (side == TARGET)
        return true;
    if (!state_quarantined(pass->state, pass->step, subjects, error))
        return false;
    *expected = pass->outsiders_before + subjects->len;
    return true;
}

/* Why the roll cannot be called, NULL: it was, and *absent are those who are known and were not told of. */
static bool find_absent(Pass *pass, int side, GPtrArray *absent, const char **doubt, GError **error)
{
    RollCall call = {pass, side, absent};
    Roll *roll = pass->side[side].roll;
    size_t expected;
    *doubt = NULL;
    if (!state_scan_links(pass->state, pass->step, LINKS_ALL, call_link, &call, error) ||
        (side == TARGET && !holder_call_roll(&pass->view, roll, absent, error)) ||
        !count_expected(pass, side, &expected, error))
        return false;
    if (pass_n_requests(pass, side) > 1)
        *doubt =
            "of several sources the server only tells who is there; its session log (syncprov) would say "
            "who has gone";
    else if (roll_strangers(roll) > expected) /* they were missed before */
        *doubt = "the server tells of entries that are not known here";
    return true;
}

static bool lose_absent(Pass *pass, int side, GError **error)
{
    g_autoptr(GPtrArray) absent = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *unasked = NULL;
    DeltaSink sink = sink_of(pass, side);
    ReadRequest request;
    const char *doubt;
    pass_request(pass, side, 0, &request);
    if (!find_absent(pass, side, absent, &doubt, error) ||
        (!doubt && !delta_lose(pass->side[side].directory, &request, absent, &sink, &unasked, error)))
        return false;
    if (doubt || unasked)
        pass_must_read_all(pass, side, doubt ? doubt : unasked);
    return true;
}

/* A source that shows nobody any more must say so when it is asked for everything. */
static void doubt_emptiness(Pass *pass)
{
    for (size_t i = 0; i < pass->settings->n_sources && pass->side[SOURCE].cursors; i++)
        if (pass->shown_before[i] && !pass->shown[i])
            pass_must_read_all(pass, SOURCE, "nobody would be left of what it showed before");
}

bool pass_read_changes(Pass *pass, int side, GError **error)
{
    Side *read = &pass->side[side];
    bool by_absence = false;
    read->delta = true;
    read->roll = roll_new();
    read->result = (ReadResult){.proof = PROOF_COMPLETE};
    if (side == SOURCE)
        pass->outsiders = pass->outsiders_before;
    for (size_t i = 0; read->cursors && i < pass_n_requests(pass, side); i++)
        if (!read_request(pass, side, i, &by_absence, error))
            return false;
    if (read->cursors && by_absence && !lose_absent(pass, side, error))
        return false;
    g_clear_pointer(&read->roll, roll_free);
    if (read->cursors && side == SOURCE)
        doubt_emptiness(pass);
    return !read->cursors || side == SOURCE || pass_look_for_unseen(pass, error);
}

/* --- who is in quarantine --- */

#define QUARANTINED_IN_FILTER 200

static bool take_found(Pass *pass, size_t source, const char *filter, GError **error)
{
    ReadRequest request;
    pass_request(pass, SOURCE, source, &request);
    request.filter = filter;
    g_autoptr(GPtrArray) found = directory_search(pass->side[SOURCE].directory, &request, G_MAXINT32, error);
    for (guint i = 0; found && i < found->len; i++) {
        const Entry *entry = g_ptr_array_index(found, i);
        if (!pass_keep_source(pass, (Fingerprint){0, 0}, entry_dn(entry), entry, error))
            return false;
    }
    return found != NULL;
}

/* Not who has just been told of, nor a group that only lacks members. */
static bool is_to_be_looked_for(const Pass *pass, const char *anchor)
{
    Fingerprint key = fingerprint_string(anchor);
    uint32_t link = fingerprint_index_find(&pass->links->by_anchor, key);
    bool partly = link != NOWHERE && link_at(pass->links, link)->flags & LINK_PARTLY;
    return !partly && fingerprint_index_find(&pass->side[SOURCE].by_anchor, key) == NOWHERE;
}

/* They may be in order now without having changed themselves. Looked for, not fetched: of an anchor that
 * comes twice both must be found. */
bool pass_look_for_quarantined(Pass *pass, GError **error)
{
    g_autoptr(GPtrArray) anchors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    if (!state_quarantined(pass->state, pass->step, anchors, error))
        return false;
    for (guint i = 0; i < anchors->len; i++)
        if (is_to_be_looked_for(pass, g_ptr_array_index(anchors, i)))
            g_ptr_array_add(values, anchor_bytes(g_ptr_array_index(anchors, i)));
    for (guint at = 0; at < values->len;) {
        g_autofree char *filter = filter_any_of(pass->anchor, values, &at, QUARANTINED_IN_FILTER);
        for (size_t i = 0; i < pass->settings->n_sources; i++)
            if (!take_found(pass, i, filter, error))
                return false;
    }
    return true;
}

/*
 * address_changes.c - the address step reads only what has changed in the home directory
 *
 * It goes on from the cursor of its last settled read. Whoever was then left without
 * something is remembered by identity and fetched. Whatever is doubtful ends in a read
 * of everything.
 */
#include "dirsync/address_step_internal.h"
#include "dirsync/delta.h"

#define CURSOR "cursor"
#define UNSETTLED "unsettled"
#define FULL_READ "full-read"
#define UNSETTLED_MAX 10000

bool address_can_tell(const AddressStep *step)
{
    return step->seen == step->real && directory_describe(step->real)->capabilities & CAN_TELL_CHANGES &&
           !step->only && !step->options.apply_policy && !step->options.remove_type &&
           step->connector->full_read != FULL_READ_ALWAYS;
}

void address_must_read_all(AddressStep *step, const char *reason)
{
    event_emit(EVENT_SOURCE_FULL, NULL, "addresses: everything in the home directory is read: %s", reason);
    if (!step->work.full_reason)
        step->work.full_reason = g_strdup(reason);
    g_clear_pointer(&step->cursor, g_free);
}

bool address_recall_reading(const Connector *connector, Step which, State *state, StepReading *reading,
                            GError **error)
{
    g_autofree char *value = NULL;
    g_autofree char *last = NULL;
    HolderIndex *index = state_index(state, which, error);
    (void)connector;
    if (!index || !step_recall(state, which, CURSOR, &value, error) ||
        !step_recall(state, which, FULL_READ, &last, error))
        return false;
    reading->everything = last ? g_ascii_strtoll(last, NULL, 10) : 0;
    const char *cursor = delta_cursor_in(value, holder_index_id(index), NULL);
    step_note_way(reading, TARGET, cursor);
    reading->changes[TARGET] = cursor != NULL;
    return true;
}

static bool recall(const AddressStep *step, const char *name, char **value, GError **error)
{
    return step_recall(step->state, STEP_ADDRESSES, name, value, error);
}

static bool remember(const AddressStep *step, const char *name, const char *value, GError **error)
{
    return step_remember(step->state, STEP_ADDRESSES, name, value, error);
}

bool address_recall_cursor(AddressStep *step, GError **error)
{
    g_autofree char *value = NULL;
    g_autofree char *last = NULL;
    if (step->work.full_reason || !address_can_tell(step))
        return true;
    if (!recall(step, CURSOR, &value, error) || !recall(step, FULL_READ, &last, error))
        return false;
    const char *why;
    const char *cursor = delta_cursor_in(value, holder_index_id(step->index), &why);
    if (cursor && step_full_read_is_due(step->connector, last))
        why = STEP_FULL_READ_DUE;
    if (why)
        address_must_read_all(step, why);
    else
        step->cursor = g_strdup(cursor);
    return true;
}

/* --- reading --- */

bool address_note_told(AddressStep *step, Fingerprint identity, GError **error)
{
    bool native;
    if (step->roll)
        roll_add(step->roll, identity, false);
    if (!state_is_addressed_native(step->state, identity, &native, error))
        return false;
    step->settled_natives -= native;
    return true;
}

static bool lose(const char *id, void *data, GError **error)
{
    AddressStep *step = data;
    bool native, changed = false;
    Fingerprint identity = fingerprint_string(id);
    if (!state_is_addressed_native(step->state, identity, &native, error) ||
        !holder_forget(&step->view, id, &changed, error))
        return false;
    step->settled_natives -= native;
    g_array_append_val(step->gone, identity);
    return true;
}

static bool lose_absent(AddressStep *step, const ReadRequest *request, const DeltaSink *sink, char **doubt,
                        GError **error)
{
    g_autoptr(GPtrArray) absent = g_ptr_array_new_with_free_func(g_free);
    if (!holder_call_roll(&step->view, step->roll, absent, error))
        return false;
    if (!roll_strangers(step->roll))
        return delta_lose(step->real, request, absent, sink, doubt, error);
    *doubt = g_strdup("the server tells of entries that are not known here");
    return true;
}

static bool take_unsettled(size_t index, Entry *owned, void *data, GError **error)
{
    g_autoptr(Entry) entry = owned;
    (void)index;
    return !entry || address_keep(data, (Fingerprint){0, 0}, entry, error);
}

/* Who was left without something, and was not told of now. */
static bool fetch_unsettled(AddressStep *step, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(FetchId));
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(GStrv) attributes = holder_request(&step->view);
    if (!recall(step, UNSETTLED, &text, error))
        return false;
    g_auto(GStrv) unsettled = g_strsplit(text ? text : "", "\n", 0);
    for (guint i = 0; i < step->pending->len; i++)
        g_hash_table_add(told, ((Pending *)g_ptr_array_index(step->pending, i))->id);
    for (char **id = unsettled; *id; id++) {
        if (!**id || g_hash_table_contains(told, *id))
            continue;
        GBytes *bytes = anchor_bytes(*id);
        FetchId fetch = {.id_attribute = step->view.id_attribute};
        fetch.id.data = g_bytes_get_data(bytes, &fetch.id.len);
        g_array_append_val(ids, fetch);
        g_ptr_array_add(owned, bytes);
    }
    return !ids->len || directory_fetch(step->real, (const FetchId *)(void *)ids->data, ids->len,
                                        (const char *const *)attributes, take_unsettled, step, error);
}

bool address_read_changes(AddressStep *step, const ReadRequest *request, GError **error)
{
    DeltaSink sink = {address_take, lose, step};
    g_auto(Delta) delta = {0};
    if (!state_count_addressed(step->state, &step->settled_natives, error))
        return false;
    step->roll = roll_new();
    bool ok = delta_read(step->real, request, step->cursor, step->roll, &sink, &delta, error) &&
              (delta.doubt || !delta.by_absence || lose_absent(step, request, &sink, &delta.doubt, error));
    g_clear_pointer(&step->roll, roll_free);
    step->next = g_steal_pointer(&delta.next);
    if (ok && delta.doubt)
        address_must_read_all(step, delta.doubt);
    if (!ok || !step->cursor)
        return ok;
    if (!fetch_unsettled(step, error))
        return false;
    step->natives += step->settled_natives;
    return true;
}

/* --- remembering --- */

/* NULL: too many. */
static char *name_unsettled(const AddressStep *step)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t n = 0;
    for (guint i = 0; i < step->pending->len; i++) {
        const Pending *pending = g_ptr_array_index(step->pending, i);
        if (!pending->failed && !pending->refused && !pending->unwritten)
            continue;
        g_string_append_printf(text, "%s\n", pending->id);
        if (++n > UNSETTLED_MAX)
            return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

bool address_remember_cursor(AddressStep *step, GError **error)
{
    g_autofree char *unsettled = name_unsettled(step);
    g_autofree char *none = delta_no_next("too many were left without something");
    g_autofree char *cursor =
        g_strconcat(holder_index_id(step->index), " ", unsettled ? step->next : none, NULL);
    g_autofree char *now = step_now();
    if (!step->cursor && !remember(step, FULL_READ, now, error))
        return false;
    return !address_can_tell(step) || (remember(step, CURSOR, cursor, error) &&
                                       remember(step, UNSETTLED, unsettled ? unsettled : "", error));
}

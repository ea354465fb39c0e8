/*
 * address_read.c - the home directory, as the address step reads it
 *
 * One search over every recipient. It brings the index of addresses up to date; who
 * is not known to need nothing is kept in the spool.
 */
#include "dirsync/account.h"
#include "dirsync/address_step_internal.h"
#include "dirsync/delta.h"
#include "dirsync/dn.h"
#include "dirsync/interrupt.h"

#include <string.h>

/* --- who is looked at --- */

static bool receives_mail(const Schema *schema, const Entry *entry)
{
    static const char *const names[] = {"mail", "proxyAddresses", "targetAddress", "mailNickname"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (schema_find(schema, entry, names[i]))
            return true;
    return false;
}

static bool is_exported(const AddressStep *step, const Entry *entry)
{
    const PassSettings *pass = &step->connector->pass[STEP_EXPORT];
    const Schema *schema = home_schema(step);
    for (size_t i = 0; pass->wanted && i < pass->n_sources; i++) {
        const SourceSettings *source = &pass->sources[i];
        const char *base = source->base ? source->base : step->connector->organisation->home.base;
        g_autoptr(Filter) filter = source->filter ? filter_parse_resolved(source->filter, NULL) : NULL;
        if (base && !schema_dn_within(schema, entry_dn(entry), base))
            continue;
        if (!filter || filter_matches(filter, schema, entry))
            return true;
    }
    return false;
}

static bool is_in_container(const AddressStep *step, const Entry *entry)
{
    for (char **base = step->connector->addresses.natives; base && *base; base++)
        if (schema_dn_within(home_schema(step), entry_dn(entry), *base))
            return true;
    return step->connector->addresses.exported && is_exported(step, entry);
}

const char *address_out_of_scope(const AddressStep *step, const Entry *entry, bool *native, char **anchor)
{
    g_auto(Stamp) stamp = {0};
    *native = !stamp_read(step->view.stamp, home_schema(step), entry, &stamp);
    if (!receives_mail(home_schema(step), entry))
        return "it is no recipient";
    if (*native) {
        *anchor = holder_id(&step->view, entry);
        return is_in_container(step, entry) ? NULL : "it lies in no container whose natives get addresses";
    }
    *anchor = g_strdup(stamp.anchor);
    if (strcmp(stamp.connector, step->connector->uuid) != 0)
        return "another connector made it";
    return stamp.grace ? "it is in grace" : NULL;
}

/* --- reading --- */

static bool tell_progress(AddressStep *step, size_t seen, GError **error)
{
    if (seen % 1000 != 0)
        return true;
    if (step->options.progress)
        step->options.progress("reading home directory", seen, 0, step->options.data);
    return !interrupt_pending(error);
}

/* Known to the index, and known to need nothing. */
static bool is_settled(AddressStep *step, const DirectoryItem *item)
{
    uint32_t holder = fingerprint_index_find(&step->holders->by_fingerprint, item->fingerprint);
    uint32_t settled = fingerprint_index_find(&step->by_fingerprint, item->fingerprint);
    if (holder == NOWHERE || settled == NOWHERE)
        return false;
    holder_at(step->holders, holder)->seen = true;
    Settled *known = &g_array_index(step->settled, Settled, settled);
    known->seen = true;
    step->natives += known->known.native;
    step->settled_natives += known->known.native;
    return true;
}

static bool note_holder(AddressStep *step, Fingerprint fingerprint, const Entry *entry, Holder *holder,
                        GError **error)
{
    bool changed;
    g_auto(Stamp) stamp = {0};
    stamp_read(step->view.stamp, home_schema(step), entry, &stamp);
    holder->owner = g_strdup(stamp.connector);
    holder->anchor = g_strdup(stamp.anchor);
    holder->graced = stamp.grace != NULL;
    return holder_note(&step->view, step->holders, fingerprint, entry, holder, &changed, error);
}

bool address_note_holder(AddressStep *step, const Entry *entry, GError **error)
{
    g_autofree char *unlike_any = g_uuid_string_random();
    g_autoptr(Holder) holder = g_new0(Holder, 1);
    return note_holder(step, fingerprint_string(unlike_any), entry, holder, error);
}

static void count_types(AddressStep *step, const Entry *entry)
{
    g_autoptr(GPtrArray) addresses = entry_get_values(home_schema(step), entry, "proxyAddresses");
    g_autoptr(GHashTable) types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < addresses->len; i++) {
        const char *address = g_ptr_array_index(addresses, i), *colon = strchr(address, ':');
        if (colon && colon != address && colon - address <= ADDRESS_TYPE_MAX)
            g_hash_table_add(types, g_ascii_strup(address, colon - address));
    }
    GHashTableIter iter;
    gpointer type;
    g_hash_table_iter_init(&iter, types);
    while (g_hash_table_iter_next(&iter, &type, NULL))
        address_type_state(step, type)->holders++;
}

static bool keep(AddressStep *step, Fingerprint fingerprint, const Entry *entry, const Holder *holder,
                 GError **error)
{
    bool native;
    g_autofree char *anchor = NULL;
    const char *outside = address_out_of_scope(step, entry, &native, &anchor);
    if (outside) {
        Addressed settled = {fingerprint_string(holder->id), fingerprint, false};
        if (!fingerprint_is_zero(fingerprint))
            g_array_append_val(step->newly_settled, settled);
        if (step->previewed && filter_matches(step->only, home_schema(step), entry))
            step->previewed(entry_dn(entry), &(AddressPreview){.problem = outside, .outside = true},
                            step->previewing);
        return true;
    }
    step->natives += native;
    if (native)
        count_types(step, entry);
    if (step->only && !filter_matches(step->only, home_schema(step), entry))
        return true;
    Pending *pending = g_new0(Pending, 1);
    pending->id = g_strdup(holder->id);
    pending->anchor = g_steal_pointer(&anchor);
    pending->identity = fingerprint_string(pending->id);
    pending->dn = fingerprint_string(entry_dn(entry));
    pending->fingerprint = fingerprint;
    pending->given = SPOOL_NOWHERE;
    pending->native = native;
    g_ptr_array_add(step->pending, pending);
    return spool_append(step->spool, entry, &pending->at, error);
}

bool address_keep(AddressStep *step, Fingerprint fingerprint, const Entry *entry, GError **error)
{
    g_autoptr(Holder) holder = g_new0(Holder, 1);
    if (!note_holder(step, fingerprint, entry, holder, error))
        return false;
    if (step->cursor && !address_note_told(step, fingerprint_string(holder->id), error))
        return false;
    return keep(step, fingerprint, entry, holder, error);
}

bool address_take(const DirectoryItem *item, void *data, GError **error)
{
    AddressStep *step = data;
    if (!tell_progress(step, ++step->seen_entries, error))
        return false;
    if (item->bad) {
        event_emit(EVENT_HOME_PARTIAL, item->where, "cannot be read: %s", item->bad->message);
        return true;
    }
    if (!step->only && step->holders && is_settled(step, item))
        return true;
    g_autoptr(Entry) entry = directory_item_decode(item, error);
    return entry && address_keep(step, item->fingerprint, entry, error);
}

static bool read_everything(AddressStep *step, const ReadRequest *request, ReadResult *result, GError **error)
{
    if (!address_can_tell(step))
        return directory_read(step->seen, request, address_take, step, result, error);
    g_clear_pointer(&step->next, g_free);
    return delta_read_all(step->seen, request, address_take, step, result, &step->next, error);
}

static gint by_anchor(gconstpointer a, gconstpointer b)
{
    const Pending *x = *(const Pending *const *)a, *y = *(const Pending *const *)b;
    int order = strcmp(x->anchor, y->anchor);
    return order ? order : strcmp(x->id, y->id);
}

static bool read_whole(AddressStep *step, const ReadRequest *request, GError **error)
{
    ReadResult result = {0};
    bool changed, ok = address_load_known(step, error) && read_everything(step, request, &result, error);
    if (ok && result.proof != PROOF_COMPLETE) {
        ok = false;
        error_set(error, ERROR_SERVER_LIMIT,
                  "%s: could not be read whole: %s; without it nobody can say which addresses are free, so "
                  "none is given (dirsync check says what to change)",
                  directory_describe(step->real)->subject, result.reason);
    }
    /* Who could not be read still has what they had. */
    bool all_read = !result.bad;
    read_result_clear(&result);
    return ok && (!all_read || holder_forget_unseen(&step->view, step->holders, &changed, error));
}

static bool read_home(AddressStep *step, GError **error)
{
    g_autofree char *filter = holder_filter(&step->view);
    g_auto(GStrv) attributes = holder_request(&step->view);
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter, .attributes = (const char *const *)attributes};
    if (step->cursor && !address_read_changes(step, &request, error))
        return false;
    return step->cursor || read_whole(step, &request, error);
}

bool address_read(AddressStep *step, GError **error)
{
    if (!holder_index_begin(step->index, error))
        return false;
    step->open = true;
    if (!read_home(step, error))
        return false;
    /* What is only planned is not what the directory holds: then the index is left as it was, in the end. */
    if (step->seen == step->real) {
        step->open = false;
        if (!holder_index_commit(step->index, error))
            return false;
    }
    step->work.read = step->seen_entries;
    event_emit(EVENT_HOME_READ, NULL, "%zu entries", step->seen_entries);
    g_ptr_array_sort(step->pending, by_anchor);
    for (guint i = 0; i < step->pending->len; i++)
        fingerprint_index_add(&step->by_dn, i);
    return true;
}

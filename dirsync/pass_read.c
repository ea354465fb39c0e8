/*
 * pass_read.c - reading both sides at the same time, one thread a side
 *
 * What was read before and has not changed costs a hash look-up. Everything
 * else is decoded, identified by its anchor and kept in a spool file. While
 * both threads run the link table is read-only; each side marks its own arrays.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/dn.h"
#include "dirsync/interrupt.h"

#include <string.h>

static Fingerprint record_anchor(const void *side, uint32_t i)
{
    return g_array_index(((const Side *)side)->records, Record, i).anchor;
}

static void record_clear(void *data)
{
    Record *record = data;
    g_free(record->anchor_text);
    g_free(record->dn);
    g_free(record->id);
}

static bool side_prepare(Pass *pass, Side *side, GError **error)
{
    guint n = pass->links->links->len;
    side->marks = g_new0(uint8_t, n + 1);
    side->duplicates = g_new0(uint8_t, n + 1);
    side->records = g_array_new(FALSE, TRUE, sizeof(Record));
    g_array_set_clear_func(side->records, record_clear);
    fingerprint_index_init(&side->by_anchor, record_anchor, side);
    side->spool = spool_new(state_folder(pass->state), error);
    return side->spool != NULL;
}

/* False when somebody asked to stop. */
static bool tell_progress(Pass *pass, Side *side, GError **error)
{
    if (++side->seen % 1000 != 0)
        return true;
    if (pass->options.progress)
        pass->options.progress(side->what, side->seen, 0, pass->options.data);
    return !interrupt_pending(error);
}

static void add_record(Side *side, Record *record)
{
    uint32_t i = side->records->len;
    g_array_append_val(side->records, *record);
    fingerprint_index_add(&side->by_anchor, i);
}

/* --- source --- */

static bool is_below_base(const Pass *pass, const Entry *entry)
{
    const ImportSettings *import = &pass->connector->import;
    const Schema *schema = pass->side[SOURCE].schema;
    const char *base = import->base ? import->base : pass->connector->foreign.base;
    if (!base || import->scope == SEARCH_SUBTREE)
        return !base || schema_dn_within(schema, entry_dn(entry), base);
    g_autofree char *parent =
        import->scope == SEARCH_ONE ? dn_parent(entry_dn(entry)) : g_strdup(entry_dn(entry));
    return parent && schema_dn_equal(schema, parent, base);
}

bool pass_in_scope(const Pass *pass, const Entry *entry)
{
    return (!pass->scope || filter_matches(pass->scope, pass->side[SOURCE].schema, entry)) &&
           is_below_base(pass, entry);
}

/* Of several values the smallest: servers promise no order. */
char *pass_anchor_of(const Pass *pass, const Entry *entry)
{
    const Attribute *anchor = schema_find(pass->side[SOURCE].schema, entry, pass->anchor);
    char *smallest = NULL;
    for (size_t i = 0; anchor && i < anchor->n_values; i++) {
        if (!anchor->values[i].len)
            continue;
        g_autofree char *text = anchor_text(anchor->values[i]);
        if (!smallest || strcmp(text, smallest) < 0) {
            g_free(smallest);
            smallest = g_steal_pointer(&text);
        }
    }
    return smallest;
}

static void quarantine_item(Pass *pass, Side *side, const DirectoryItem *item, const char *reason, bool lost)
{
    emit_quarantine(pass, EVENT_SOURCE_BAD_RECORD, item->where, reason);
    /* Whoever it is, we cannot say that they are still there: nobody may be called missing. */
    side->lost += lost;
}

static Record *earlier_record(Side *side, Fingerprint anchor)
{
    uint32_t i = fingerprint_index_find(&side->by_anchor, anchor);
    return i == NOWHERE ? NULL : &g_array_index(side->records, Record, i);
}

/* True when the anchor was seen before in this read: then neither is applied. */
static bool is_duplicate(Pass *pass, Side *side, Record *record)
{
    Record *earlier = earlier_record(side, record->anchor);
    bool marked = record->link != NOWHERE && side->marks[record->link] != MARK_ABSENT;
    if (earlier)
        earlier->duplicate = true;
    if (marked)
        side->duplicates[record->link] = true;
    if (earlier || marked)
        event_emit(EVENT_SOURCE_DUPLICATE, record->anchor_text,
                   "anchor %s occurs more than once; none is applied", pass->anchor);
    return earlier || marked;
}

static bool keep_source(Pass *pass, Side *side, const DirectoryItem *item, const Entry *entry,
                        const char *anchor, GError **error)
{
    Record record = {.fingerprint = item->fingerprint,
                     .anchor = fingerprint_string(anchor),
                     .at = SPOOL_NOWHERE,
                     .in_scope = pass_in_scope(pass, entry),
                     .mark = MARK_CHANGED};
    record.link = fingerprint_index_find(&pass->links->by_anchor, record.anchor);
    record.anchor_text = (char *)anchor;
    bool twice = is_duplicate(pass, side, &record);
    record.anchor_text = NULL;
    if (twice || (!record.in_scope && record.link == NOWHERE) ||
        (pass->only && !filter_matches(pass->only, side->schema, entry)))
        return true;
    if (!spool_append(side->spool, entry, &record.at, error))
        return false;
    if (record.link != NOWHERE)
        side->marks[record.link] = MARK_CHANGED;
    record.anchor_text = g_strdup(anchor);
    add_record(side, &record);
    return true;
}

static bool source_sink(const DirectoryItem *item, void *data, GError **error)
{
    Pass *pass = data;
    Side *side = &pass->side[SOURCE];
    if (!tell_progress(pass, side, error))
        return false;
    if (item->bad) {
        quarantine_item(pass, side, item, item->bad->message, false);
        return true;
    }
    uint32_t link = fingerprint_index_find(&pass->links->by_source, item->fingerprint);
    if (link != NOWHERE && !pass->only) {
        side->duplicates[link] |= side->marks[link] != MARK_ABSENT;
        side->marks[link] = MARK_SAME;
        return true;
    }
    g_autoptr(GError) why = NULL;
    g_autoptr(Entry) entry = directory_item_decode(item, &why);
    g_autofree char *text = entry ? pass_anchor_of(pass, entry) : NULL;
    if (!text) {
        g_autofree char *none = g_strdup_printf("no %s, which the definition names as anchor", pass->anchor);
        if (!entry || pass_in_scope(pass, entry))
            quarantine_item(pass, side, item, entry ? none : why->message, true);
        return true;
    }
    return keep_source(pass, side, item, entry, text, error);
}

/* --- target --- */

static void add_key(GArray *keys, const char *kind, char *value)
{
    HolderKey key = {g_strdup(kind), value};
    g_array_append_val(keys, key);
}

static void key_clear(void *data)
{
    HolderKey *key = data;
    g_free(key->kind);
    g_free(key->value);
}

static void add_addresses(const Pass *pass, const Entry *entry, const char *name, const char *type,
                          GArray *keys)
{
    const Attribute *attribute = schema_find(pass->side[TARGET].schema, entry, name);
    g_autofree char *stamp = stamp_value_prefix(&pass->connector->organisation->stamp);
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        Value value = attribute->values[i];
        if (stamp && !g_ascii_strncasecmp(value.data, stamp, strlen(stamp)))
            continue;
        g_autofree char *whole = g_strconcat(type, value.data, NULL);
        char *folded = address_fold(whole, strlen(whole));
        bool there = false;
        for (guint j = 0; j < keys->len; j++)
            there |= !strcmp(g_array_index(keys, HolderKey, j).value, folded);
        if (there)
            g_free(folded);
        else
            add_key(keys, KEY_ADDRESS, folded);
    }
}

GArray *pass_keys(const Pass *pass, const Entry *entry)
{
    const Schema *schema = pass->side[TARGET].schema;
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(HolderKey));
    g_array_set_clear_func(keys, key_clear);
    add_addresses(pass, entry, "proxyAddresses", "", keys);
    add_addresses(pass, entry, "targetAddress", "", keys);
    add_addresses(pass, entry, "mail", "smtp:", keys);
    for (const char *const *kind = home_index_kinds(state_home(pass->state)); *kind; kind++) {
        const Attribute *attribute = schema_find(schema, entry, *kind);
        for (size_t j = 0; attribute && j < attribute->n_values; j++) {
            GString *text = g_string_new(NULL);
            schema_normalise(schema, schema_attribute(schema, *kind), attribute->values[j], text);
            add_key(keys, *kind, g_string_free(text, FALSE));
        }
    }
    return keys;
}

char *pass_home_id(const Pass *pass, const Entry *entry)
{
    const Attribute *id = schema_find(pass->side[TARGET].schema, entry, pass->home_id);
    return id ? anchor_text(id->values[0]) : g_strdup(entry_dn(entry));
}

/* Puts the entry into the home index; *holder is filled for the caller. */
static bool index_holder(Pass *pass, const DirectoryItem *item, const Entry *entry, Holder *holder,
                         GError **error)
{
    g_autoptr(GArray) keys = pass_keys(pass, entry);
    holder->id = pass_home_id(pass, entry);
    holder->dn = g_strdup(entry_dn(entry));
    holder->dn_key = claim_dn_key(pass, holder->dn);
    holder->fingerprint = item->fingerprint;
    uint32_t mark = fingerprint_index_find(&pass->holders->by_id, fingerprint_string(holder->id));
    if (mark != NOWHERE) {
        HolderMark *known = holder_at(pass->holders, mark);
        known->seen = true;
        if (fingerprint_equal(known->fingerprint, item->fingerprint)) {
            holder->row = known->row;
            return true;
        }
    }
    return home_index_save(state_home(pass->state), holder, (HolderKey *)(void *)keys->data, keys->len,
                           error);
}

static bool keep_target(Pass *pass, Side *side, const DirectoryItem *item, const Entry *entry,
                        const Stamp *stamp, const char *id, GError **error)
{
    Record record = {.fingerprint = item->fingerprint,
                     .anchor = fingerprint_string(stamp->anchor),
                     .at = SPOOL_NOWHERE,
                     .mark = MARK_CHANGED};
    record.link = fingerprint_index_find(&pass->links->by_anchor, record.anchor);
    if (earlier_record(side, record.anchor) ||
        (record.link != NOWHERE && side->marks[record.link] != MARK_ABSENT)) {
        event_emit(EVENT_AMBIGUOUS, entry_dn(entry),
                   "carries the same stamp (anchor %s) as another object; it is left alone", stamp->anchor);
        return true;
    }
    if (record.link != NOWHERE && !pass->force) {
        Fingerprint now = managed_fingerprint(pass->managed, entry, false, stamp->grace != NULL);
        if (fingerprint_equal(now, link_at(pass->links, record.link)->desired))
            record.mark = MARK_EQUAL;
    }
    if (record.link != NOWHERE)
        side->marks[record.link] = record.mark;
    if (record.mark == MARK_CHANGED && !spool_append(side->spool, entry, &record.at, error))
        return false;
    record.anchor_text = g_strdup(stamp->anchor);
    record.dn = g_strdup(entry_dn(entry));
    record.id = g_strdup(id);
    add_record(side, &record);
    return true;
}

/* True when nothing about the entry is new to us. */
static bool is_known(Pass *pass, Side *side, const DirectoryItem *item)
{
    uint32_t holder = fingerprint_index_find(&pass->holders->by_fingerprint, item->fingerprint);
    if (holder == NOWHERE)
        return false;
    HolderMark *mark = holder_at(pass->holders, holder);
    uint32_t link = fingerprint_index_find(&pass->links->by_target, item->fingerprint);
    if (mark->ours && link == NOWHERE)
        return false;
    mark->seen = true;
    if (link != NOWHERE)
        side->marks[link] = MARK_SAME;
    return true;
}

static bool target_sink(const DirectoryItem *item, void *data, GError **error)
{
    Pass *pass = data;
    Side *side = &pass->side[TARGET];
    if (!tell_progress(pass, side, error))
        return false;
    if (!item->bad && is_known(pass, side, item))
        return true;
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, error);
    if (!entry) {
        if (item->bad)
            event_emit(EVENT_HOME_PARTIAL, item->where, "cannot be read: %s", item->bad->message);
        return item->bad != NULL;
    }
    g_autoptr(Holder) holder = g_new0(Holder, 1);
    g_auto(Stamp) stamp = {0};
    bool stamped = stamp_read(&pass->connector->organisation->stamp, side->schema, entry, &stamp);
    bool ours = stamped && !strcmp(stamp.connector, pass->connector->uuid);
    holder->owner = g_strdup(stamp.connector);
    holder->anchor = g_strdup(stamp.anchor);
    holder->graced = stamp.grace != NULL;
    if (!index_holder(pass, item, entry, holder, error))
        return false;
    if (ours)
        return keep_target(pass, side, item, entry, &stamp, holder->id, error);
    return true;
}

/* --- both --- */

/* Everybody who can receive mail, and everything that is ours. */
char *pass_home_filter(const Pass *pass)
{
    GString *filter =
        g_string_new("(|(proxyAddresses=*)(mail=*)(targetAddress=*)(mailNickname=*)(objectClass=contact)");
    for (const char *const *name = stamp_attributes(&pass->connector->organisation->stamp); *name; name++)
        g_string_append_printf(filter, "(%s=*)", *name);
    for (const char *const *kind = home_index_kinds(state_home(pass->state)); *kind; kind++)
        g_string_append_printf(filter, "(%s=*)", *kind);
    return g_string_free(g_string_append_c(filter, ')'), FALSE);
}

static bool read_source(Pass *pass, GError **error)
{
    Side *side = &pass->side[SOURCE];
    g_autofree char *count = NULL;
    if (!state_get(pass->state, "source-count", &count, error))
        return false;
    pass->source_count = count ? (size_t)g_ascii_strtoull(count, NULL, 10) : 0;
    const ImportSettings *import = &pass->connector->import;
    ReadRequest request = {.base = import->base,
                           .scope = (SearchScope)import->scope,
                           .filter = import->filter,
                           .attributes = (const char *const *)pass->requests[SOURCE],
                           .last_good_count = pass->source_count};
    return directory_read(side->directory, &request, source_sink, pass, &side->result, error);
}

static gpointer read_target(gpointer data)
{
    Pass *pass = data;
    Side *side = &pass->side[TARGET];
    g_autofree char *filter = pass_home_filter(pass);
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter, .attributes = (const char *const *)pass->requests[TARGET]};
    side->ok = directory_read(side->directory, &request, target_sink, pass, &side->result, &side->error);
    return NULL;
}

static bool forget_vanished(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->holders->marks->len; i++) {
        const HolderMark *mark = holder_at(pass->holders, i);
        if (!mark->seen && !home_index_remove(state_home(pass->state), mark->row, error))
            return false;
    }
    return true;
}

static bool check_target(Pass *pass, GError **error)
{
    Side *side = &pass->side[TARGET];
    if (!side->ok) {
        g_propagate_error(error, g_steal_pointer(&side->error));
        return false;
    }
    if (side->result.proof == PROOF_COMPLETE)
        return forget_vanished(pass, error);
    event_emit(EVENT_HOME_PARTIAL, NULL, "%s", side->result.reason);
    error_set(error, ERROR_SERVER_LIMIT,
              "home directory: could not be read whole: %s; without it nobody can say who is "
              "there already, so nothing is planned (dirsync check says what to change)",
              side->result.reason);
    return false;
}

static bool read_both(Pass *pass, GError **error)
{
    GThread *thread = g_thread_try_new("home", read_target, pass, error);
    if (!thread)
        return false;
    bool source_ok = read_source(pass, error);
    g_thread_join(thread);
    GError *home_error = NULL;
    bool target_ok = check_target(pass, &home_error);
    if (source_ok && !target_ok)
        g_propagate_error(error, home_error);
    else
        g_clear_error(&home_error);
    return source_ok && target_ok;
}

/* A file that only an earlier count proves whole, and the count was lost with the state: what we own says
 * how many there were. */
static bool has_too_few_for_what_we_own(const Pass *pass)
{
    const Endpoint *foreign = &pass->connector->foreign;
    bool is_file = directory_describe(pass->side[SOURCE].directory)->capabilities & IS_FILE;
    if (!is_file || foreign->count_trailer || foreign->checksum || pass->source_count)
        return false;
    return pass->side[SOURCE].result.entries * 100 < pass->population * foreign->minimum_percent;
}

static void judge_source(Pass *pass)
{
    const ReadResult *result = &pass->side[SOURCE].result;
    bool empty = result->entries == 0 && result->bad == 0;
    if (result->proof != PROOF_COMPLETE && !(empty && pass->options.allow_empty))
        pass->partial_reason = g_strdup(result->reason ? result->reason : "not proven complete");
    else if (empty && pass->population && !pass->options.allow_empty)
        pass->partial_reason =
            g_strdup("the source is empty; if that is right use --allow-empty for one run");
    else if (result->bad + pass->side[SOURCE].lost)
        pass->partial_reason = g_strdup_printf("%zu records could not be read or have no anchor",
                                               result->bad + pass->side[SOURCE].lost);
    else if (!empty && has_too_few_for_what_we_own(pass))
        pass->partial_reason =
            g_strdup_printf("%zu records, and no earlier count to compare with, while %zu objects are ours; "
                            "a count trailer or checksum would prove the file whole",
                            result->entries, pass->population);
    else if (pass->options.only)
        pass->partial_reason = g_strdup("only some entries were looked at (--only)");
    pass->may_remove = !pass->partial_reason;
    if (pass->partial_reason && !pass->options.only)
        event_emit(EVENT_SOURCE_PARTIAL, NULL, "%s; nobody will be called missing", pass->partial_reason);
}

/* Objects that carry our stamp now, whatever the state file knows. */
static size_t count_owned(const Pass *pass)
{
    const Side *side = &pass->side[TARGET];
    size_t owned = 0;
    for (guint i = 0; i < pass->links->links->len; i++)
        owned += side->marks[i] != MARK_ABSENT;
    for (guint i = 0; i < side->records->len; i++)
        owned += g_array_index(side->records, Record, i).link == NOWHERE;
    return owned;
}

bool pass_read(Pass *pass, GError **error)
{
    HomeIndex *home = state_home(pass->state);
    for (int i = 0; i < SIDES; i++)
        if (!side_prepare(pass, &pass->side[i], error))
            return false;
    if (!home_index_begin(home, error))
        return false;
    pass->home_serial = home_index_serial(home);
    if (!read_both(pass, error) || interrupt_pending(error) || !home_index_commit(home, error)) {
        home_index_rollback(home);
        return false;
    }
    event_emit(EVENT_SOURCE_READ, NULL, "%zu entries", pass->side[SOURCE].result.entries);
    event_emit(EVENT_HOME_READ, NULL, "%zu entries", pass->side[TARGET].result.entries);
    pass->population = count_owned(pass);
    if (state_is_new(pass->state) && pass->population)
        event_emit(EVENT_STATE_REBUILT, NULL,
                   "there was no state; %zu objects of ours are known by their stamps", pass->population);
    judge_source(pass);
    return true;
}

/*
 * pass_read.c - reading both sides at the same time, one thread a side
 *
 * What was read before and has not changed costs a hash look-up. Everything
 * else is decoded, identified by its anchor and kept in a spool file. While
 * both threads run the link table is read-only; each side marks its own arrays.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/interrupt.h"

#include <string.h>

static Fingerprint record_anchor(const void *side, uint32_t i)
{
    return g_array_index(((const Side *)side)->records, Record, i).anchor;
}

static Fingerprint record_dn(const void *side, uint32_t i)
{
    return g_array_index(((const Side *)side)->records, Record, i).dn_key;
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
    fingerprint_index_init(&side->by_dn, record_dn, side);
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
    fingerprint_index_add(&side->by_dn, i);
}

/* --- source --- */

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
                     .dn_key = pass_source_key(pass, entry_dn(entry)),
                     .at = SPOOL_NOWHERE,
                     .in_scope = !pass_out_of_scope(pass, entry),
                     .mark = MARK_CHANGED};
    record.link = fingerprint_index_find(&pass->links->by_anchor, record.anchor);
    record.anchor_text = (char *)anchor;
    bool twice = is_duplicate(pass, side, &record);
    record.anchor_text = NULL;
    pass->outsiders += !record.in_scope && record.link == NOWHERE;
    if (twice || (!record.in_scope && record.link == NOWHERE) ||
        (pass->only && !filter_matches(pass->only, side->schema, entry)))
        return true;
    if (!spool_append(side->spool, entry, &record.at, error))
        return false;
    if (record.link != NOWHERE)
        side->marks[record.link] = MARK_CHANGED;
    pass->shown[pass->source_at]++;
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
        pass->shown[pass->source_at]++;
        return true;
    }
    g_autoptr(GError) why = NULL;
    g_autoptr(Entry) entry = directory_item_decode(item, &why);
    g_autofree char *text = entry ? pass_anchor_of(pass, entry) : NULL;
    if (!text) {
        g_autofree char *none = g_strdup_printf("no %s, which the definition names as anchor", pass->anchor);
        if (!entry || !pass_out_of_scope(pass, entry))
            quarantine_item(pass, side, item, entry ? none : why->message, true);
        return true;
    }
    return keep_source(pass, side, item, entry, text, error);
}

/* --- target --- */

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
        const Link *link = link_at(pass->links, record.link);
        const Managed *managed = managed_of(pass, pass_kind_of(pass, link->flags, entry));
        Fingerprint now = managed_fingerprint(managed, entry, false, stamp->grace != NULL);
        if (fingerprint_equal(now, link->desired))
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
    bool stamped = stamp_read(side->stamp, side->schema, entry, &stamp);
    bool ours = stamped && !strcmp(stamp.connector, pass->connector->uuid);
    holder->owner = g_strdup(stamp.connector);
    holder->anchor = g_strdup(stamp.anchor);
    holder->graced = stamp.grace != NULL;
    if (!holder_note(&pass->view, pass->holders, item->fingerprint, entry, holder, &pass->holders_changed,
                     error))
        return false;
    if (ours)
        return keep_target(pass, side, item, entry, &stamp, holder->id, error);
    return true;
}

/* --- both --- */

/* One source after the other; the whole is as good as its worst part. */
static bool read_one_source(Pass *pass, const SourceSettings *source, GError **error)
{
    Side *side = &pass->side[SOURCE];
    ReadRequest request = {.base = source->base,
                           .scope = (SearchScope)source->scope,
                           .filter = source->filter,
                           .attributes = (const char *const *)pass->requests[SOURCE],
                           .last_good_count = pass->source_count};
    ReadResult result = {0};
    if (!directory_read(side->directory, &request, source_sink, pass, &result, error))
        return false;
    side->result.entries += result.entries;
    side->result.bad += result.bad;
    if (side->result.proof == PROOF_COMPLETE && result.proof != PROOF_COMPLETE) {
        side->result.proof = result.proof;
        side->result.reason = g_steal_pointer(&result.reason);
    }
    read_result_clear(&result);
    return true;
}

static bool are_fewer(const Pass *pass, char **before)
{
    size_t then = 0, now = 0;
    for (size_t i = 0; i < pass->settings->n_sources; i++) {
        then += before[i] ? (size_t)g_ascii_strtoull(before[i], NULL, 10) : 0;
        now += pass->shown[i];
        if (!before[i])
            return false;
    }
    return now < then;
}

/* Of several sources one may be emptied, or hidden by an ACL, while the others look well. */
static bool find_emptied(Pass *pass, GError **error)
{
    g_autofree char *text = NULL;
    if (pass->options.allow_empty || pass->only || pass->settings->n_sources < 2)
        return true;
    if (!pass_recall(pass, "shown", &text, error))
        return false;
    g_auto(GStrv) before = g_strsplit(text ? text : "", " ", 0);
    if (!are_fewer(pass, before)) /* they may have moved from one to the other */
        return true;
    for (size_t i = 0; i < g_strv_length(before) && i < pass->settings->n_sources; i++) {
        const char *base = pass->settings->sources[i].base;
        if (pass->shown[i] || !strcmp(before[i], "0") || pass->side[SOURCE].result.proof != PROOF_COMPLETE)
            continue;
        pass->side[SOURCE].result.proof = PROOF_PARTIAL;
        pass->side[SOURCE].result.reason =
            g_strdup_printf("the source %s shows nobody, and showed %s last time; if that is right use "
                            "--allow-empty for one run",
                            base ? base : "", before[i]);
    }
    return true;
}

static bool read_source(Pass *pass, GError **error)
{
    g_autofree char *count = NULL;
    if (!pass_recall(pass, "source-count", &count, error))
        return false;
    pass->source_count = count ? (size_t)g_ascii_strtoull(count, NULL, 10) : 0;
    pass->side[SOURCE].result = (ReadResult){.proof = PROOF_COMPLETE};
    pass->shown = g_new0(size_t, pass->settings->n_sources);
    for (size_t i = 0; i < pass->settings->n_sources; i++) {
        pass->source_at = i;
        if (!read_one_source(pass, &pass->settings->sources[i], error))
            return false;
    }
    return find_emptied(pass, error);
}

static gpointer read_target(gpointer data)
{
    Pass *pass = data;
    Side *side = &pass->side[TARGET];
    g_autofree char *filter = holder_filter(&pass->view);
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = filter, .attributes = (const char *const *)pass->requests[TARGET]};
    side->ok = directory_read(side->directory, &request, target_sink, pass, &side->result, &side->error);
    return NULL;
}

static bool check_target(Pass *pass, GError **error)
{
    Side *side = &pass->side[TARGET];
    if (!side->ok) {
        g_propagate_error(error, g_steal_pointer(&side->error));
        return false;
    }
    if (side->result.proof == PROOF_COMPLETE)
        return holder_forget_unseen(&pass->view, pass->holders, &pass->holders_changed, error);
    event_emit(EVENT_HOME_PARTIAL, NULL, "%s", side->result.reason);
    error_set(error, ERROR_SERVER_LIMIT,
              "%s: could not be read whole: %s; without it nobody can say who is "
              "there already, so nothing is planned (dirsync check says what to change)",
              directory_describe(side->directory)->subject, side->result.reason);
    return false;
}

static bool read_both(Pass *pass, GError **error)
{
    GThread *thread = g_thread_try_new("target", read_target, pass, error);
    if (!thread)
        return false;
    bool source_ok = read_source(pass, error);
    g_thread_join(thread);
    GError *target_error = NULL;
    bool target_ok = check_target(pass, &target_error);
    if (source_ok && !target_ok)
        g_propagate_error(error, target_error);
    else
        g_clear_error(&target_error);
    return source_ok && target_ok;
}

/* A file that only an earlier count proves whole, and the count was lost with the state: what we own says
 * how many there were. */
static bool has_too_few_for_what_we_own(const Pass *pass)
{
    const Endpoint *foreign = pass->side[SOURCE].endpoint;
    bool is_file = directory_describe(pass->side[SOURCE].directory)->capabilities & IS_FILE;
    if (!is_file || foreign->count_trailer || foreign->checksum || pass->source_count)
        return false;
    return pass->side[SOURCE].result.entries * 100 < pass->work.population * foreign->minimum_percent;
}

/* Containers and entries that are nobody to us do not make a source that is not empty. */
static bool shows_nobody(const Pass *pass)
{
    const Side *side = &pass->side[SOURCE];
    if (side->result.bad || side->lost || (pass->only && side->result.entries))
        return false;
    for (guint i = 0; i < pass->links->links->len; i++)
        if (side->marks[i] != MARK_ABSENT)
            return false;
    return !side->records->len;
}

/* A file that is ours as a whole, and holds rows that nobody of ours is behind when we write to it first. */
static size_t strangers_in_target(Pass *pass)
{
    const Side *side = &pass->side[TARGET];
    g_autofree char *definitions = NULL;
    size_t strangers = 0;
    if (target_stamp(pass)->form != STAMP_ANCHOR || !pass_recall(pass, "definitions", &definitions, NULL) ||
        definitions)
        return 0;
    for (guint i = 0; i < side->records->len; i++) {
        Fingerprint anchor = g_array_index(side->records, Record, i).anchor;
        strangers += fingerprint_index_find(&pass->side[SOURCE].by_anchor, anchor) == NOWHERE;
    }
    return strangers;
}

static void judge_source(Pass *pass)
{
    const ReadResult *result = &pass->side[SOURCE].result;
    bool empty = shows_nobody(pass);
    size_t strangers = strangers_in_target(pass);
    if (result->proof != PROOF_COMPLETE && !(empty && pass->options.allow_empty))
        pass->work.partial_reason = g_strdup(result->reason ? result->reason : "not proven complete");
    else if (empty && pass->work.population && !pass->options.allow_empty)
        pass->work.partial_reason =
            g_strdup("the source is empty; if that is right use --allow-empty for one run");
    else if (result->bad + pass->side[SOURCE].lost)
        pass->work.partial_reason = g_strdup_printf("%zu records could not be read or have no anchor",
                                                    result->bad + pass->side[SOURCE].lost);
    else if (!empty && has_too_few_for_what_we_own(pass))
        pass->work.partial_reason =
            g_strdup_printf("%zu records, and no earlier count to compare with, while %zu objects are ours; "
                            "a count trailer or checksum would prove the file whole",
                            result->entries, pass->work.population);
    else if (strangers)
        pass->work.partial_reason = g_strdup_printf(
            "the file to be written holds %zu records that no run of this connector is known to "
            "have written; they stay this once: if they are not ours, name another file",
            strangers);
    else if (pass->options.only)
        pass->work.partial_reason = g_strdup("only some entries were looked at (--only)");
    pass->may_remove = !pass->work.partial_reason;
    if (pass->work.partial_reason && !pass->options.only)
        event_emit(EVENT_SOURCE_PARTIAL, NULL, "%s; nobody will be called missing",
                   pass->work.partial_reason);
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
    for (int i = 0; i < SIDES; i++)
        if (!side_prepare(pass, &pass->side[i], error))
            return false;
    if (!holder_index_begin(pass->index, error))
        return false;
    pass->index_serial = holder_index_serial(pass->index);
    if (!read_both(pass, error) || interrupt_pending(error) || !holder_index_commit(pass->index, error)) {
        holder_index_rollback(pass->index);
        return false;
    }
    event_emit(EVENT_SOURCE_READ, NULL, "%zu entries", pass->side[SOURCE].result.entries);
    event_emit(EVENT_HOME_READ, NULL, "%zu entries", pass->side[TARGET].result.entries);
    pass->work.population = count_owned(pass);
    if (state_is_new(pass->state) && pass->work.population)
        event_emit(EVENT_STATE_REBUILT, NULL,
                   "there was no state; %zu objects of ours are known by their stamps",
                   pass->work.population);
    judge_source(pass);
    return true;
}

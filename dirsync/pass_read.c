/*
 * pass_read.c - reading both sides: what has changed, else everything
 *
 * Everything of both sides is read at the same time, one thread a side. While both
 * threads run the link table is whole, and nothing is added to it; each side sets
 * its own marks.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/interrupt.h"

#include <string.h>

static Fingerprint anchor_key(const void *side, uint32_t i)
{
    return record_anchor(side, i);
}

static Fingerprint dn_key(const void *side, uint32_t i)
{
    return record_at(side, i)->key;
}

static bool side_prepare(Pass *pass, int i, GError **error)
{
    Side *side = &pass->side[i];
    side->records = g_array_new(FALSE, TRUE, sizeof(Record));
    side->anchors = i == SOURCE ? g_array_new(FALSE, FALSE, sizeof(Fingerprint)) : NULL;
    fingerprint_index_init(&side->by_anchor, anchor_key, side);
    fingerprint_index_init(&side->by_dn, dn_key, side);
    side->next = g_ptr_array_new_with_free_func(g_free);
    side->spool = spool_new(state_folder(pass->state), error);
    return side->spool != NULL;
}

/* --- everything --- */

static bool read_all(Pass *pass, int side, size_t i, ReadResult *result, GError **error)
{
    Side *read = &pass->side[side];
    DirectorySink sink = side == SOURCE ? pass_take_source : pass_take_target;
    ReadRequest request;
    char *next;
    pass_request(pass, side, i, &request);
    if (!pass_can_tell(pass, side))
        return directory_read(read->directory, &request, sink, pass, result, error);
    bool ok = delta_read_all(read->directory, &request, sink, pass, result, &next, error);
    g_ptr_array_add(read->next, next);
    return ok;
}

/* One source after the other; the whole is as good as its worst part. */
static bool read_one_source(Pass *pass, size_t i, GError **error)
{
    Side *side = &pass->side[SOURCE];
    ReadResult result = {0};
    if (!read_all(pass, SOURCE, i, &result, error))
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

static bool are_fewer(const Pass *pass)
{
    size_t then = 0, now = 0;
    for (size_t i = 0; i < pass->settings->n_sources; i++) {
        then += pass->shown_before[i];
        now += pass->shown[i];
    }
    return now < then;
}

/* Of several sources one may be emptied, or hidden by an ACL, while the others look well. */
static void find_emptied(Pass *pass)
{
    /* They may have moved from one to the other. */
    if (pass->options.allow_empty || pass->only || pass->settings->n_sources < 2 || !are_fewer(pass))
        return;
    for (size_t i = 0; i < pass->settings->n_sources; i++) {
        const char *base = pass->settings->sources[i].base;
        if (pass->shown[i] || !pass->shown_before[i] || pass->side[SOURCE].result.proof != PROOF_COMPLETE)
            continue;
        pass->side[SOURCE].result.proof = PROOF_PARTIAL;
        pass->side[SOURCE].result.reason =
            g_strdup_printf("the source %s shows nobody, and showed %zu last time; if that is right use "
                            "--allow-empty for one run",
                            base ? base : "", pass->shown_before[i]);
    }
}

static bool read_source(Pass *pass, GError **error)
{
    pass->side[SOURCE].result = (ReadResult){.proof = PROOF_COMPLETE};
    for (size_t i = 0; i < pass->settings->n_sources; i++) {
        pass->source_at = i;
        if (!read_one_source(pass, i, error))
            return false;
    }
    find_emptied(pass);
    return true;
}

static gpointer read_target(gpointer data)
{
    Pass *pass = data;
    Side *side = &pass->side[TARGET];
    side->ok = read_all(pass, TARGET, 0, &side->result, &side->error) &&
               (side->result.proof != PROOF_COMPLETE ||
                holder_forget_unseen(&pass->view, pass->holders, &pass->holders_changed, &side->error));
    g_clear_pointer(&pass->holders, holder_table_free); /* the source is still being read, and needs room */
    return NULL;
}

static bool check_target(Pass *pass, GError **error)
{
    Side *side = &pass->side[TARGET];
    if (side->delta)
        return true;
    if (!side->ok) {
        g_propagate_error(error, g_steal_pointer(&side->error));
        return false;
    }
    if (side->result.proof == PROOF_COMPLETE)
        return true;
    event_emit(EVENT_HOME_PARTIAL, NULL, "%s", side->result.reason);
    error_set(error, ERROR_SERVER_LIMIT,
              "%s: could not be read whole: %s; without it nobody can say who is "
              "there already, so nothing is planned (dirsync check says what to change)",
              directory_describe(side->directory)->subject, side->result.reason);
    return false;
}

/* What was read before all of the side had to be. */
static void forget_side(Pass *pass, int i)
{
    Side *side = &pass->side[i];
    side->delta = false;
    side->lost = side->seen = 0;
    g_array_set_size(side->records, 0);
    if (side->anchors)
        g_array_set_size(side->anchors, 0);
    g_ptr_array_set_size(side->next, 0);
    fingerprint_index_clear(&side->by_anchor);
    fingerprint_index_clear(&side->by_dn);
    g_clear_pointer(&side->roll, roll_free);
    read_result_clear(&side->result);
    if (i == TARGET)
        return;
    pass->outsiders = 0;
    memset(pass->shown, 0, pass->settings->n_sources * sizeof *pass->shown);
    pass->work.planned.of[COUNT_QUARANTINED] = 0;
    g_ptr_array_set_size(pass->quarantined, 0);
}

/* Changes are few: one side after the other, since both look links up in the state. */
static bool read_changes(Pass *pass, GError **error)
{
    for (int i = 0; i < SIDES; i++) {
        Side *side = &pass->side[i];
        if (side->cursors && !pass_read_changes(pass, i, error))
            return false;
        if (!side->cursors)
            forget_side(pass, i);
    }
    if (pass->side[SOURCE].delta && !pass_look_for_quarantined(pass, error))
        return false;
    if (!pass->side[SOURCE].cursors) /* what was found there may be a doubt */
        forget_side(pass, SOURCE);
    return true;
}

/* --- several objects with one stamp --- */

bool pass_is_in_container(const Pass *pass, const char *dn)
{
    const char *container = pass->settings->container;
    return *container && schema_dn_within(target_schema(pass), dn, container);
}

/* Records of one stamp lie together, in the order in which they were read. */
static int compare_stamps(const void *a, const void *b, void *data)
{
    guint i = *(const guint *)a, j = *(const guint *)b;
    int order = fingerprint_compare(record_anchor(data, i), record_anchor(data, j));
    return order ? order : (i > j) - (i < j);
}

/* An object that looks as it did has its stamp too: whatever was read with the same one is a copy. */
static bool is_known_elsewhere(const Pass *pass, const Record *record)
{
    return !pass->side[TARGET].delta && record->link != NOWHERE &&
           link_at(pass->links, record->link)->mark[TARGET] == MARK_SAME;
}

static GArray *records_in_doubt(const Pass *pass)
{
    GArray *records = pass->side[TARGET].records;
    GArray *doubtful = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < records->len; i++) {
        const Record *record = record_at(&pass->side[TARGET], i);
        if (record->duplicate || is_known_elsewhere(pass, record))
            g_array_append_val(doubtful, i);
    }
    g_array_sort_with_data(doubtful, compare_stamps, (Side *)&pass->side[TARGET]);
    return doubtful;
}

/* Of @n records with one stamp the one that is ours: which the link remembers, else the first in our
 * container, else the first. NOWHERE: none of them. */
static bool find_right_one(Pass *pass, const guint *at, guint n, uint32_t *right, GError **error)
{
    const Record *first = record_at(&pass->side[TARGET], at[0]);
    const Link *link = first->link == NOWHERE ? NULL : link_at(pass->links, first->link);
    g_auto(LinkRow) row = {0};
    uint32_t inside = NOWHERE;
    *right = NOWHERE;
    if (is_known_elsewhere(pass, first))
        return true;
    if (link && link->row && !state_find_link(pass->state, link->row, &row, error))
        return false;
    for (guint i = 0; i < n && *right == NOWHERE; i++) {
        g_auto(Noted) noted = {0};
        if (!record_noted(pass, TARGET, at[i], &noted, error))
            return false;
        if (row.id && !g_strcmp0(noted.id, row.id))
            *right = at[i];
        else if (inside == NOWHERE && pass_is_in_container(pass, noted.dn))
            inside = at[i];
    }
    if (*right == NOWHERE)
        *right = inside == NOWHERE ? at[0] : inside;
    return true;
}

static bool leave_alone(Pass *pass, guint at, GError **error)
{
    const Side *side = &pass->side[TARGET];
    g_auto(Noted) noted = {0};
    if (!record_noted(pass, TARGET, at, &noted, error))
        return false;
    record_at(side, at)->key = (Fingerprint){0, 0}; /* nobody finds it */
    record_at(side, at)->left_alone = true;
    return pass_leave_alone(pass, noted.dn, noted.anchor, error);
}

static bool leave_copies_alone(Pass *pass, GError **error)
{
    const Side *side = &pass->side[TARGET];
    g_autoptr(GArray) doubtful = records_in_doubt(pass);
    for (guint from = 0, to; from < doubtful->len; from = to) {
        const guint *at = &g_array_index(doubtful, guint, from);
        Fingerprint stamp = record_anchor(side, *at);
        uint32_t right, link = record_at(side, *at)->link;
        for (to = from + 1; to < doubtful->len; to++)
            if (!fingerprint_equal(record_anchor(side, g_array_index(doubtful, guint, to)), stamp))
                break;
        if (!find_right_one(pass, at, to - from, &right, error))
            return false;
        if (right != NOWHERE && link != NOWHERE)
            link_at(pass->links, link)->mark[TARGET] = record_at(side, right)->mark;
        for (guint i = 0; i < to - from; i++)
            if (at[i] != right && !leave_alone(pass, at[i], error))
                return false;
    }
    return true;
}

static bool prepare_for_all(Pass *pass, int side, GError **error)
{
    if (pass->side[side].delta)
        return true;
    if (!link_table_complete(pass->links, error))
        return false;
    link_table_unread(pass->links, side, MARK_ABSENT);
    if (side == TARGET)
        pass->holders = holder_table_load(pass->index, pass->connector->uuid, error);
    return side == SOURCE || pass->holders;
}

static bool read_sides(Pass *pass, GError **error)
{
    if (!read_changes(pass, error) || !prepare_for_all(pass, SOURCE, error) ||
        !prepare_for_all(pass, TARGET, error))
        return false;
    GThread *thread = NULL;
    if (!pass->side[TARGET].delta && !(thread = g_thread_try_new("target", read_target, pass, error)))
        return false;
    bool source_ok = pass->side[SOURCE].delta || read_source(pass, error);
    if (thread)
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
    if (!is_file || pass->side[SOURCE].delta || foreign->count_trailer || foreign->checksum ||
        pass->source_count)
        return false;
    return pass->side[SOURCE].result.entries * 100 < pass->work.population * foreign->minimum_percent;
}

/* Containers and entries that are nobody to us do not make a source that is not empty. */
static bool shows_nobody(const Pass *pass)
{
    const Side *side = &pass->side[SOURCE];
    if (side->delta || side->result.bad || side->lost || (pass->only && side->result.entries))
        return false;
    for (guint i = 0; i < pass->links->links->len; i++)
        if (link_at(pass->links, i)->mark[SOURCE] != MARK_ABSENT)
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
        if (record_at(side, i)->left_alone)
            continue;
        strangers += fingerprint_index_find(&pass->side[SOURCE].by_anchor, record_anchor(side, i)) == NOWHERE;
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
    else if (pass->options.migration)
        pass->work.partial_reason = g_strdup(MIGRATION_REMOVES_NOBODY);
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
    if (pass->work.partial_reason && !pass->options.only &&
        strcmp(pass->work.partial_reason, MIGRATION_REMOVES_NOBODY) != 0)
        event_emit(EVENT_SOURCE_PARTIAL, NULL, "%s; nobody will be called missing",
                   pass->work.partial_reason);
}

/* Objects that carry our stamp now, whatever the state file knows. */
static bool count_owned(Pass *pass, GError **error)
{
    const Side *side = &pass->side[TARGET];
    int64_t owned = 0;
    if (pass->links->partial && !state_count_links(pass->state, pass->step, &owned, error))
        return false;
    for (guint i = 0; i < pass->links->links->len; i++) {
        bool absent = link_at(pass->links, i)->mark[TARGET] == MARK_ABSENT;
        owned += pass->links->partial ? -absent : !absent;
    }
    for (guint i = 0; i < side->records->len; i++) {
        const Record *record = record_at(side, i);
        owned += record->link == NOWHERE && !record->left_alone;
    }
    pass->work.population = (size_t)MAX(owned, 0);
    return true;
}

static bool recall_counts(Pass *pass, GError **error)
{
    g_autofree char *count = NULL;
    g_autofree char *outsiders = NULL;
    if (!pass_recall(pass, "source-count", &count, error) ||
        !pass_recall(pass, "outsiders", &outsiders, error))
        return false;
    pass->source_count = count ? (size_t)g_ascii_strtoull(count, NULL, 10) : 0;
    pass->outsiders_before = outsiders ? (size_t)g_ascii_strtoull(outsiders, NULL, 10) : 0;
    return true;
}

static bool recall_shown(Pass *pass, GError **error)
{
    g_autofree char *text = NULL;
    size_t n = pass->settings->n_sources;
    pass->shown = g_new0(size_t, n);
    pass->shown_before = g_new0(size_t, n);
    if (!pass_recall(pass, "shown", &text, error))
        return false;
    g_auto(GStrv) before = g_strsplit(text ? text : "", " ", 0);
    for (size_t i = 0; i < n && g_strv_length(before) == n; i++)
        pass->shown[i] = pass->shown_before[i] = (size_t)g_ascii_strtoull(before[i], NULL, 10);
    return true;
}

bool pass_read(Pass *pass, GError **error)
{
    for (int i = 0; i < SIDES; i++)
        if (!side_prepare(pass, i, error))
            return false;
    if (!recall_counts(pass, error) || !recall_shown(pass, error) || !holder_index_begin(pass->index, error))
        return false;
    pass->index_serial = holder_index_serial(pass->index);
    if (!read_sides(pass, error) || !leave_copies_alone(pass, error) || interrupt_pending(error) ||
        !holder_index_commit(pass->index, error)) {
        holder_index_rollback(pass->index);
        return false;
    }
    link_table_forget_looks(pass->links);
    pass->work.read = pass->side[SOURCE].result.entries + pass->side[TARGET].result.entries;
    event_emit(EVENT_SOURCE_READ, NULL, "%zu entries", pass->side[SOURCE].result.entries);
    event_emit(EVENT_HOME_READ, NULL, "%zu entries", pass->side[TARGET].result.entries);
    if (!count_owned(pass, error))
        return false;
    if (state_is_new(pass->state) && pass->work.population)
        event_emit(EVENT_STATE_REBUILT, NULL,
                   "there was no state; %zu objects of ours are known by their stamps",
                   pass->work.population);
    judge_source(pass);
    return true;
}

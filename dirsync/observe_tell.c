/*
 * observe_tell.c - everybody on either side, with what was decided of them
 *
 * After deciding: first those whom the definition leaves out, then every item, then
 * entries of the target that are not ours, then records that could not be read.
 */
#include "dirsync/observe_internal.h"

#include "dirsync/interrupt.h"

#include <string.h>

/** An item with what belongs to it. */
typedef struct {
    const Item *item;
    const Seen *seen;
    Entry *source, *current, *wanted, *mapped;
    Stamp stamp;
    LinkRow row;
    Change *difference;
    GString *detail;
    GByteArray *texts; /* of an Outsider */
    Noted read;         /* of the source, where nothing else has the anchor */
    ObservedPair told;
} Pair;

static void pair_clear(Pair *pair)
{
    entry_free(pair->source);
    entry_free(pair->current);
    entry_free(pair->wanted);
    entry_free(pair->mapped);
    stamp_clear(&pair->stamp);
    noted_clear(&pair->read);
    link_row_clear(&pair->row);
    change_free(pair->difference);
    if (pair->detail)
        g_string_free(pair->detail, TRUE);
    g_clear_pointer(&pair->texts, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static bool load_kept(Pass *pass, uint64_t at, Entry **entry, GError **error)
{
    if (*entry || at == SPOOL_NOWHERE)
        return true;
    *entry = spool_read(pass->observed->spool, at, error);
    return *entry != NULL;
}

static bool pair_load(Pass *pass, uint32_t i, Pair *pair, GError **error)
{
    *pair = (Pair){.item = item_at(pass, i), .seen = seen_at(pass, i)};
    const Link *link = item_link(pass, pair->item);
    if ((link->row && !state_find_link(pass->state, link->row, &pair->row, error)) ||
        !item_load_content(pass, pair->item, SOURCE, &pair->source, error) ||
        !item_load_content(pass, pair->item, TARGET, &pair->current, error) ||
        !load_kept(pass, pair->seen->result, &pair->wanted, error))
        return false;
    if (pair->current)
        stamp_read(target_stamp(pass), target_schema(pass), pair->current, &pair->stamp);
    return true;
}

static bool is_here(const Pair *pair)
{
    return pair->item->mark[SOURCE] != MARK_ABSENT;
}

static void add_detail(Pair *pair, const char *text)
{
    if (!text)
        return;
    if (!pair->detail)
        pair->detail = g_string_new(text);
    else
        g_string_append_printf(pair->detail, "; %s", text);
}

/* --- troubles --- */

static const struct {
    EventId event;
    ObservedReason reason;
} troubles[] = {
    {EVENT_QUARANTINED, OBSERVED_QUARANTINED},
    {EVENT_AMBIGUOUS, OBSERVED_AMBIGUOUS},
    {EVENT_UNOWNED, OBSERVED_UNOWNED},
    {EVENT_CONFLICT, OBSERVED_CONFLICT},
    {EVENT_MEMBERS_UNRESOLVED, OBSERVED_MEMBERS},
};

/* Several things may be in the way of one entry: the first is the reason, all are the detail. */
static bool judge_troubles(Pass *pass, Pair *pair)
{
    const Observed *observed = pass->observed;
    Fingerprint key = item_link(pass, pair->item)->anchor;
    guint first = GPOINTER_TO_UINT(g_hash_table_lookup(observed->trouble_of, &key));
    for (guint at = first; at;) {
        Trouble *trouble = &g_array_index(observed->troubles, Trouble, at - 1);
        trouble->told = true;
        add_detail(pair, trouble->reason);
        for (size_t j = 0; j < G_N_ELEMENTS(troubles) && at == first; j++)
            if (troubles[j].event == trouble->event)
                pair->told.reason = troubles[j].reason;
        at = trouble->next;
    }
    if (first && item_is_duplicated(pass, pair->item))
        pair->told.reason = OBSERVED_DUPLICATE;
    return first != 0;
}

/* --- the source has it --- */

/* Somebody else has changed the object since a run left it as it should be. */
static bool is_by_hand(const Pass *pass, const Pair *pair)
{
    if (!pass->observed->same_definitions || !pair->row.row || fingerprint_is_zero(pair->row.desired))
        return false;
    Fingerprint now = managed_fingerprint(managed_of(pass, pair->seen->kind), pair->current, false,
                                          pair->row.flags & LINK_GRACED);
    return !fingerprint_equal(now, pair->row.desired);
}

static ObservedReason reason_of_change(const Pass *pass, const Pair *pair)
{
    const char *situation = pair->seen->situation;
    if (!g_strcmp0(situation, "kind-changed"))
        return OBSERVED_KIND;
    if (pair->stamp.grace)
        return OBSERVED_RETURNED;
    if (is_by_hand(pass, pair))
        return OBSERVED_BY_HAND;
    return g_strcmp0(situation, "moved") ? OBSERVED_CHANGED : OBSERVED_RENAMED;
}

/* Somebody who has an object of ours. */
static void judge_existing(Pass *pass, Pair *pair)
{
    const Seen *seen = pair->seen;
    ObservedPair *told = &pair->told;
    bool trouble = judge_troubles(pass, pair);
    told->verdict = RECONCILED_DIFFERS;
    if (seen->flags & LINK_YIELDED) {
        told->reason = OBSERVED_MOVED_HOME;
        add_detail(pair, seen->native);
    } else if (!seen->settled && !trouble) {
        told->reason = OBSERVED_PARTIAL;
        add_detail(pair, pass->work.partial_reason);
    } else if (!trouble && (seen->situation || pair->difference)) {
        told->reason = reason_of_change(pass, pair);
    } else if (!trouble) {
        told->verdict = RECONCILED_SAME;
        told->reason = OBSERVED_SAME;
    }
}

static void judge_newcomer(Pass *pass, Pair *pair)
{
    const Seen *seen = pair->seen;
    ObservedPair *told = &pair->told;
    told->verdict = RECONCILED_ONLY_SOURCE;
    told->reason = OBSERVED_NEW;
    const ItemMore *more = item_more(pair->item);
    if (judge_troubles(pass, pair)) {
        told->target_dn = told->reason == OBSERVED_UNOWNED ? more->planned_dn : NULL;
    } else if (seen->flags & LINK_YIELDED) { /* to somebody, or to nobody in particular */
        told->reason = seen->native ? OBSERVED_MOVED_HOME : OBSERVED_RELEASED;
        told->target_dn = seen->native;
    } else if (seen->original != SPOOL_NOWHERE) {
        told->reason = OBSERVED_ADOPTION;
    }
}

/* The source has it, and the definition does not want it: its scope changed, or that of the mapping. */
static void judge_unwanted(Pass *pass, Pair *pair)
{
    pair->told.verdict = pair->current ? RECONCILED_ONLY_TARGET : RECONCILED_ONLY_SOURCE;
    pair->told.reason =
        pair->source ? observe_scope_reason(pass_failed_check(pass, pair->source)) : OBSERVED_FILTERED_OUT;
    if (pair->current)
        add_detail(pair, pass->settings->out_of_scope_is_missing ? "its object leaves as one that is missing"
                                                                 : "its object stays as it is");
}

/* --- the source does not have it --- */

/* So many days after the time in a stamp, as people read it: 2026-11-28. */
static char *day_of(const char *time, unsigned days)
{
    g_autoptr(GDateTime) start = stamp_grace_time(time);
    g_autoptr(GDateTime) end = start ? g_date_time_add_days(start, (int)days) : NULL;
    return end ? g_date_time_format(end, "%Y-%m-%d") : g_strdup(time);
}

static void tell_grace(const Pass *pass, Pair *pair)
{
    unsigned days = pass->settings->grace_days;
    if (!pair->stamp.grace) {
        g_autofree char *begins = days ? g_strdup_printf("grace of %u days begins with the next run", days)
                                       : g_strdup("the next run deletes it");
        add_detail(pair, begins);
        return;
    }
    g_autofree char *since = day_of(pair->stamp.grace, 0), *until = day_of(pair->stamp.grace, days);
    g_autofree char *text = g_strdup_printf("since %s, until %s", since, until);
    add_detail(pair, text);
}

static ObservedReason reason_of_leaving(const Pass *pass, const Pair *pair)
{
    const Item *item = pair->item;
    const Seen *seen = pair->seen;
    if (!g_strcmp0(seen->situation, "superseded"))
        return OBSERVED_SUPERSEDED;
    if (item->out_of_scope)
        return OBSERVED_OUTSIDE;
    if (seen->removed)
        return pair->stamp.grace ? OBSERVED_GRACE_OVER : OBSERVED_MISSING;
    if (pair->stamp.grace)
        return item->is_account && grace_is_over(pass, pair->stamp.grace) ? OBSERVED_ACCOUNT_KEPT
                                                                          : OBSERVED_IN_GRACE;
    if (item->unconfirmed)
        return OBSERVED_UNCONFIRMED;
    if (!seen->settled)
        return OBSERVED_PARTIAL;
    return item_link(pass, item)->row || state_is_new(pass->state) ? OBSERVED_MISSING : OBSERVED_ORPHAN;
}

static bool load_outsider(Pass *pass, Pair *pair, const Outsider *outsider, GError **error)
{
    pair->texts = g_byte_array_new();
    if (!spool_read_bytes(pass->observed->spool, outsider->at, pair->texts, error))
        return false;
    const char *at = (const char *)pair->texts->data;
    pair->told.source_dn = observe_next_text(&at);
    pair->told.reason = outsider->reason;
    add_detail(pair, observe_next_text(&at));
    return true;
}

static bool judge_leaving(Pass *pass, Pair *pair, GError **error)
{
    Fingerprint key = item_link(pass, pair->item)->anchor;
    const Outsider *outsider = g_hash_table_lookup(pass->observed->outsiders, &key);
    ObservedPair *told = &pair->told;
    told->verdict = RECONCILED_ONLY_TARGET;
    told->reason = reason_of_leaving(pass, pair);
    if (told->reason == OBSERVED_PARTIAL)
        add_detail(pair, pass->work.partial_reason);
    if (outsider && !load_outsider(pass, pair, outsider, error))
        return false;
    if (!pair->seen->settled && (outsider || pair->item->out_of_scope))
        add_detail(pair, "its object stays as it is");
    else if (pair->seen->settled && told->reason != OBSERVED_SUPERSEDED)
        tell_grace(pass, pair);
    return true;
}

/* --- telling --- */

/* Only a spelling may differ, which the rules of comparing leave aside. */
static void find_difference(const Pass *pass, Pair *pair)
{
    const Managed *managed = managed_of(pass, pair->seen->kind);
    DifferenceOptions options = {.graced = true};
    int forms = g_strcmp0(pair->seen->situation, "changed") ? 1 : 2;
    if (!pair->wanted || !pair->current)
        return;
    for (int exact = 0; exact < forms && !pair->difference; exact++) {
        options.exact = exact;
        pair->difference = managed_difference(managed, pair->current, pair->wanted, options, NULL, NULL);
    }
    pair->told.difference = pair->difference;
    if (strcmp(entry_dn(pair->current), entry_dn(pair->wanted)) != 0)
        pair->told.wanted_dn = entry_dn(pair->wanted);
}

static bool describe(Pass *pass, Pair *pair, GError **error)
{
    ObservedPair *told = &pair->told;
    told->current = pair->current;
    told->anchor = pair->stamp.anchor ? pair->stamp.anchor : pair->row.anchor;
    if (!told->anchor && pair->item->source != NOWHERE) {
        if (!record_noted(pass, SOURCE, pair->item->source, &pair->read, error))
            return false;
        told->anchor = pair->read.anchor;
    }
    if (pair->current) {
        told->target_dn = entry_dn(pair->current);
        observe_describe(target_schema(pass), pair->current, &told->name, &told->mail);
    }
    if (pair->source) {
        told->source_dn = entry_dn(pair->source);
        if (!told->name || !told->mail)
            pair->mapped = observe_describe_source(pass, pair->source, &told->name, &told->mail);
    }
    told->detail = pair->detail ? pair->detail->str : NULL;
    told->refused = pair->seen->situation ? pass->observed->refused : NULL;
    return true;
}

static bool judge_pair(Pass *pass, Pair *pair, bool exists, GError **error)
{
    if (!is_here(pair))
        return judge_leaving(pass, pair, error);
    if (pair->seen->unwanted)
        judge_unwanted(pass, pair);
    else if (exists)
        judge_existing(pass, pair);
    else
        judge_newcomer(pass, pair);
    return true;
}

static bool tell_item(Pass *pass, uint32_t i, GError **error)
{
    g_auto(Pair) pair = {0};
    if (!pair_load(pass, i, &pair, error))
        return false;
    bool exists = pair.current != NULL;
    if (!is_here(&pair) && !exists)
        return true;
    if (!load_kept(pass, pair.seen->original, &pair.current, error)) /* of who is adopted */
        return false;
    if (is_here(&pair) && !pair.seen->unwanted)
        find_difference(pass, &pair);
    if (!judge_pair(pass, &pair, exists, error) || !describe(pass, &pair, error))
        return false;
    pass->observed->tell(&pair.told, pass->observed->data);
    return true;
}

static bool tell_items(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->items->len; i++) {
        if (i % 1000 == 0 && pass->options.progress)
            pass->options.progress("comparing", i, pass->items->len, pass->options.data);
        if ((i % 1000 == 0 && interrupt_pending(error)) || !tell_item(pass, i, error))
            return false;
    }
    return true;
}

static bool tell_strangers(Pass *pass, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (guint i = 0; i < pass->observed->strangers->len; i++) {
        const Stranger *stranger = &g_array_index(pass->observed->strangers, Stranger, i);
        if (!spool_read_bytes(pass->observed->spool, stranger->at, bytes, error))
            return false;
        const char *at = (const char *)bytes->data;
        ObservedPair row = {.verdict = RECONCILED_ONLY_TARGET, .reason = stranger->reason};
        row.target_dn = observe_next_text(&at);
        row.name = observe_next_text(&at);
        row.mail = observe_next_text(&at);
        row.detail = observe_next_text(&at);
        pass->observed->tell(&row, pass->observed->data);
    }
    return true;
}

/* Records are the only trouble that has no item. */
static void tell_records(Pass *pass)
{
    for (guint i = 0; i < pass->observed->troubles->len; i++) {
        const Trouble *trouble = &g_array_index(pass->observed->troubles, Trouble, i);
        ObservedPair row = {.verdict = RECONCILED_ONLY_SOURCE,
                            .reason = OBSERVED_UNREADABLE,
                            .detail = trouble->reason,
                            .source_dn = trouble->subject};
        if (!trouble->told && trouble->event == EVENT_SOURCE_BAD_RECORD)
            pass->observed->tell(&row, pass->observed->data);
    }
}

bool observe_tell(Pass *pass, char **incomplete, GError **error)
{
    g_autoptr(GError) over = NULL;
    if (pass->observed->error) {
        g_propagate_error(error, g_steal_pointer(&pass->observed->error));
        return false;
    }
    if (!limits_allow(pass->connector->limits, pass->work.tally, pass->work.population, &over))
        pass->observed->refused = g_strdelimit(g_strdup(over->message), "\n", ';');
    if (pass->work.partial_reason)
        *incomplete = g_strdup_printf("the source could not be read whole: %s", pass->work.partial_reason);
    observe_ready(pass);
    if (!observe_outsiders(pass, incomplete, error) || !tell_items(pass, error) ||
        !tell_strangers(pass, error))
        return false;
    tell_records(pass);
    return true;
}

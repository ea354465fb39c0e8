/*
 * run_exchange.c - exchanges of names and addresses that a run was cut short in
 *
 * Who has given something up for others and not got what was promised holds neither;
 * whoever asks first could have it from the next plan on. So what has begun goes on
 * as it was planned: the changes of one of whom a part was done while another part
 * waits for others (# after:), and those of all whom it waits for.
 *
 * Memory is in proportion to the changes that wait for others.
 */
#include "dirsync/run_internal.h"

/* Somebody with changes that wait for others. */
typedef struct {
    GPtrArray *after; /* fingerprints (hex) of those who are waited for by what was not done */
    bool begun;       /* something of it was done */
} Waiting;

static void waiting_free(void *data)
{
    Waiting *waiting = data;
    g_ptr_array_unref(waiting->after);
    g_free(waiting);
}

/** False with @error set. */
typedef bool (*EachChange)(const Change *change, const char *key, size_t seq, JournalOutcome outcome,
                           void *data, GError **error);

typedef struct {
    const Apply *apply;
    GHashTable *waiting; /* by fingerprint (hex) of the anchor */
    GHashTable *chosen;  /* the same of those who are to be finished */
    GArray *left;        /* places in the plan: size_t */
    bool doubtful;       /* of one of them nobody knows yet whether it was done */
} Exchanges;

/* Each change that has an anchor; @among: whose anchor is there; NULL: each that waits for others. */
static bool for_each_change(Exchanges *exchanges, GHashTable *among, EachChange each, GError **error)
{
    const Apply *apply = exchanges->apply;
    g_autoptr(PlanReader) reader = plan_reader_new(apply->folder, apply->step, error);
    for (size_t seq = apply->first_seq; reader; seq++) {
        g_autoptr(Change) change = NULL;
        JournalOutcome outcome;
        if (!plan_read(reader, &change, error))
            return false;
        if (!change)
            return true;
        if (!change->anchor || (!among && !change->after))
            continue;
        g_autofree char *key = fingerprint_hex(fingerprint_string(change->anchor));
        if (among && !g_hash_table_contains(among, key))
            continue;
        if (!state_journal_outcome(apply->state, apply->run, seq, &outcome, error) ||
            !each(change, key, seq, outcome, exchanges, error))
            return false;
    }
    return false;
}

static bool note_waiting(const Change *change, const char *key, size_t seq, JournalOutcome outcome,
                         void *data, GError **error)
{
    const Exchanges *exchanges = data;
    (void)seq;
    (void)error;
    if (outcome == JOURNAL_DONE)
        return true;
    Waiting *waiting = g_hash_table_lookup(exchanges->waiting, key);
    if (!waiting) {
        waiting = g_new0(Waiting, 1);
        waiting->after = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(exchanges->waiting, g_strdup(key), waiting);
    }
    g_auto(GStrv) after = g_strsplit(change->after, " ", 0);
    for (char **other = after; *other; other++)
        g_ptr_array_add(waiting->after, g_strdup(*other));
    return true;
}

static bool note_begun(const Change *change, const char *key, size_t seq, JournalOutcome outcome, void *data,
                       GError **error)
{
    Waiting *waiting = g_hash_table_lookup(((const Exchanges *)data)->waiting, key);
    (void)change;
    (void)seq;
    (void)error;
    waiting->begun |= outcome == JOURNAL_DONE;
    return true;
}

static bool note_left(const Change *change, const char *key, size_t seq, JournalOutcome outcome, void *data,
                      GError **error)
{
    Exchanges *exchanges = data;
    (void)change;
    (void)key;
    (void)error;
    exchanges->doubtful |= outcome == JOURNAL_INTENDED || outcome == JOURNAL_UNCERTAIN;
    if (outcome != JOURNAL_DONE)
        g_array_append_val(exchanges->left, seq);
    return true;
}

/* Those who have begun, those whom they wait for, and so on. */
static void choose(const Exchanges *exchanges)
{
    g_autoptr(GPtrArray) next = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, exchanges->waiting);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if (((const Waiting *)value)->begun)
            g_ptr_array_add(next, key);
    for (guint i = 0; i < next->len; i++) {
        const char *who = g_ptr_array_index(next, i);
        if (!g_hash_table_add(exchanges->chosen, g_strdup(who)))
            continue;
        const Waiting *waiting = g_hash_table_lookup(exchanges->waiting, who);
        for (guint j = 0; waiting && j < waiting->after->len; j++)
            g_ptr_array_add(next, g_ptr_array_index(waiting->after, j));
    }
}

/* What the server that is asked now does not show may still come to it from the one that was written to: then
 * nothing is sent, as of anything else that is in doubt. */
bool run_add_exchanges(const Apply *apply, GHashTable *left, GError **error)
{
    g_autoptr(GHashTable) waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, waiting_free);
    g_autoptr(GHashTable) chosen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(size_t));
    Exchanges exchanges = {apply, waiting, chosen, places, false};
    if (!for_each_change(&exchanges, NULL, note_waiting, error))
        return false;
    if (!g_hash_table_size(waiting))
        return true;
    if (!for_each_change(&exchanges, waiting, note_begun, error))
        return false;
    choose(&exchanges);
    if (g_hash_table_size(chosen) && !for_each_change(&exchanges, chosen, note_left, error))
        return false;
    for (guint i = 0; i < places->len && !exchanges.doubtful; i++)
        g_hash_table_add(left, GSIZE_TO_POINTER(g_array_index(places, size_t, i)));
    return true;
}

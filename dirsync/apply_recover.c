/*
 * apply_recover.c - what became of the changes of a run that was cut short
 *
 * Their intents stand in the journal without an outcome. The entries are fetched,
 * many at a time (a file is read whole for each fetch), and judged by what each
 * change would have left behind. What cannot be told stays uncertain; the next
 * plan sees what is there.
 */
#include "dirsync/apply.h"

#define BATCH 1000

typedef struct {
    const Apply *apply;
    ApplyResult *result;
    GPtrArray *changes; /* of Change, whose outcome is asked for */
    GArray *seqs;       /* of size_t */
    const Schema *schema;
    GArray *gone;     /* of size_t, places in changes: deletes, and nobody has the name any more */
    GHashTable *made; /* anchors (Fingerprint) for which the plan makes an object, under another name maybe */
} Recovering;

static bool record_outcome(Recovering *recovering, size_t index, JournalOutcome outcome, GError **error)
{
    const Apply *apply = recovering->apply;
    return state_journal(apply->state, apply->run, g_array_index(recovering->seqs, size_t, index), outcome,
                         error);
}

/* Whoever was renamed since is looked for afterwards. */
static bool put_off(Recovering *recovering, size_t index)
{
    const Change *change = g_ptr_array_index(recovering->changes, index);
    if (!recovering->apply->follows_names || change->kind != CHANGE_DELETE || !change->anchor)
        return false;
    Fingerprint anchor = fingerprint_string(change->anchor);
    if (g_hash_table_contains(recovering->made, &anchor))
        return false;
    g_array_append_val(recovering->gone, index);
    return true;
}

static bool fetched(size_t index, Entry *entry, void *data, GError **error)
{
    Recovering *recovering = data;
    g_autoptr(Entry) owned = entry;
    bool happened =
        apply_judge(recovering->schema, g_ptr_array_index(recovering->changes, index), owned) == 1;
    if (happened && put_off(recovering, index))
        return true;
    *(happened ? &recovering->result->done : &recovering->result->failed) += 1;
    return record_outcome(recovering, index, happened ? JOURNAL_DONE : JOURNAL_FAILED, error);
}

/* Deletes of a plan that may be old: where somebody carries the stamp under another name, it has not
 * happened. */
static bool look_for_gone(Recovering *recovering, GError **error)
{
    for (guint i = 0; i < recovering->gone->len; i++) {
        size_t index = g_array_index(recovering->gone, size_t, i);
        const Change *change = g_ptr_array_index(recovering->changes, index);
        g_autofree char *dn = NULL;
        size_t n = 0;
        bool told = apply_find_stamped(recovering->apply, change->anchor, &n, &dn, NULL);
        JournalOutcome outcome = !told ? JOURNAL_UNCERTAIN : n ? JOURNAL_FAILED : JOURNAL_DONE;
        recovering->result->uncertain += !told;
        recovering->result->failed += told && n;
        recovering->result->done += told && !n;
        if (!record_outcome(recovering, index, outcome, error))
            return false;
    }
    return true;
}

static bool leave_uncertain(Recovering *recovering, GError **error)
{
    for (guint i = 0; i < recovering->changes->len; i++)
        if (!record_outcome(recovering, i, JOURNAL_UNCERTAIN, error))
            return false;
    recovering->result->uncertain += recovering->changes->len;
    return true;
}

/* Asks for everything collected, then forgets it. */
static bool ask_batch(Recovering *recovering, GError **error)
{
    static const char *const attributes[] = {"*", NULL};
    g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(FetchId));
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < recovering->changes->len; i++) {
        char *dn = change_resulting_dn(g_ptr_array_index(recovering->changes, i));
        FetchId id = {.dn = dn, .index = i};
        g_ptr_array_add(names, dn);
        g_array_append_val(ids, id);
    }
    g_autoptr(GError) why = NULL;
    bool ok = !ids->len || directory_fetch(recovering->apply->directory, (const FetchId *)(void *)ids->data,
                                           ids->len, attributes, fetched, recovering, &why);
    if (!ok && error_scope(why) >= SCOPE_DIRECTORY)
        g_propagate_error(error, g_steal_pointer(&why));
    else if (!ok)
        ok = leave_uncertain(recovering, error);
    else
        ok = look_for_gone(recovering, error);
    g_array_set_size(recovering->gone, 0);
    g_ptr_array_set_size(recovering->changes, 0);
    g_array_set_size(recovering->seqs, 0);
    return ok;
}

/* Keeps the change for the next batch when nobody knows its outcome. */
static bool collect(Recovering *recovering, Change *change, size_t seq, GError **error)
{
    const Apply *apply = recovering->apply;
    g_autoptr(Change) owned = change;
    JournalOutcome outcome;
    if (!state_journal_outcome(apply->state, apply->run, seq, &outcome, error))
        return false;
    if (outcome != JOURNAL_INTENDED && outcome != JOURNAL_UNCERTAIN)
        return true;
    g_ptr_array_add(recovering->changes, g_steal_pointer(&owned));
    g_array_append_val(recovering->seqs, seq);
    return recovering->changes->len < BATCH || ask_batch(recovering, error);
}

bool apply_recover(const Apply *apply, ApplyResult *result, GError **error)
{
    *result = (ApplyResult){0};
    g_autoptr(PlanReader) reader = plan_reader_new(apply->folder, apply->step, error);
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    g_autoptr(GArray) seqs = g_array_new(FALSE, FALSE, sizeof(size_t));
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(size_t));
    g_autoptr(GHashTable) made = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, NULL);
    if (apply->follows_names && !plan_add_made(apply->folder, apply->step, made, error))
        return false;
    Recovering recovering = {apply, result, changes, seqs, directory_describe(apply->directory)->schema,
                             gone,  made};
    for (size_t seq = apply->first_seq; reader; seq++) {
        Change *change = NULL;
        if (!plan_read(reader, &change, error))
            return false;
        if (!change)
            return ask_batch(&recovering, error);
        if (!collect(&recovering, change, seq, error))
            return false;
    }
    return false;
}

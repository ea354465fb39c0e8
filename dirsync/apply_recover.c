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
} Recovering;

static bool record_outcome(Recovering *recovering, size_t index, JournalOutcome outcome, GError **error)
{
    const Apply *apply = recovering->apply;
    return state_journal(apply->state, apply->run, g_array_index(recovering->seqs, size_t, index), outcome,
                         error);
}

static bool fetched(size_t index, Entry *entry, void *data, GError **error)
{
    Recovering *recovering = data;
    g_autoptr(Entry) owned = entry;
    bool happened =
        apply_judge(recovering->schema, g_ptr_array_index(recovering->changes, index), owned) == 1;
    *(happened ? &recovering->result->done : &recovering->result->failed) += 1;
    return record_outcome(recovering, index, happened ? JOURNAL_DONE : JOURNAL_FAILED, error);
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
    Recovering recovering = {apply, result, changes, seqs, directory_describe(apply->directory)->schema};
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

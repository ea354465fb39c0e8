/*
 * reconciliation.c - see reconciliation.h
 *
 * The passes observe (observation.h) on a copy of the state; here their observations
 * get words.
 */
#include "dirsync/reconciliation.h"

#include "dirsync/event.h"
#include "dirsync/run.h"

#include <assert.h>
#include <string.h>

/* --- the reasons --- */

static const struct {
    const char *id, *what, *to_do;
} reasons[] = {
    [OBSERVED_SAME] = {NULL, "in sync", NULL},
    [OBSERVED_FROM_THERE] = {"came-from-there",
                             "it was made from an entry of the other side, and never goes back", NULL},
    [OBSERVED_NEW] = {"new", "no run has made its object yet", "the next sync makes it"},
    [OBSERVED_CHANGED] = {"changed", "the source has changed since", "the next sync writes it"},
    [OBSERVED_BY_HAND] = {"changed-by-hand", "its object is not as the last run left it: somebody changed it",
                          "the next sync changes it back; change the source instead"},
    [OBSERVED_RENAMED] = {"renamed", "it has another name now", "the next sync renames its object"},
    [OBSERVED_KIND] = {"kind-changed", "it is of another kind now",
                       "the next sync deletes its object and makes it again"},
    [OBSERVED_RETURNED] = {"returned", "it is back in the source, its object is in grace",
                           "the next sync restores it"},
    [OBSERVED_ADOPTION] = {"adoption", "an object that no connector made is this person",
                           "the next sync takes it over"},
    [OBSERVED_MOVED_HOME] = {"moved-home", "an object that no connector made is this person now",
                             "nothing to do: ours yields to it"},
    [OBSERVED_RELEASED] = {"released", "somebody let go of its object; nothing is made in its place", NULL},
    [OBSERVED_UNOWNED] = {"unowned", "an object that no connector made matches",
                          "say <adopt/> to take it over, or leave it"},
    [OBSERVED_AMBIGUOUS] = {"ambiguous", "it matches several",
                            "see to it that at most one has its addresses and keys"},
    [OBSERVED_CONFLICT] = {"conflict", "an address is somebody else's",
                           "take the address from one of the two"},
    [OBSERVED_QUARANTINED] = {"quarantined", "it cannot be mapped", "mend the entry or the mapping"},
    [OBSERVED_DUPLICATE] = {"duplicate-anchor",
                            "several entries of the source have its anchor; none is applied",
                            "give each its own, or name another <anchor>"},
    [OBSERVED_MEMBERS] = {"members-unresolved", "members of the group are in no address list",
                          "see to it that they are exchanged, or take them out of the group"},
    [OBSERVED_UNREADABLE] = {"unreadable", "the record cannot be used", "mend it in the source"},
    [OBSERVED_FILTERED_OUT] = {"filtered-out", "the definition's filter leaves it out",
                               "if it should be exchanged widen the filter"},
    [OBSERVED_OUTSIDE] = {"outside", "its entry lies outside of what the definition reads",
                          "if it should be exchanged name its base in <source>"},
    [OBSERVED_HIDDEN] = {"hidden", "it is hidden from address lists",
                         "if it should be exchanged show it there, or say hidden=\"yes\""},
    [OBSERVED_DISABLED] = {"disabled", "its account is disabled",
                           "if it should be exchanged enable it, or say disabled=\"yes\""},
    [OBSERVED_NO_RECIPIENT] =
        {"no-recipient", "the mapping makes nothing of its kind",
         "if it should be exchanged add a <recipient> to the mapping, or ask for its kind"},
    [OBSERVED_ONE_OF_US] = {"one-of-us", "its address lies in one of our own domains: one of us coming back",
                            "if it is somebody of theirs take the domain out of the organisation's"},
    [OBSERVED_NOT_SHOWN] =
        {"not-shown", "it is in scope, and the source did not give it when asked with the filter",
         "it came this very moment, or a right to search is missing: look with dirsync check"},
    [OBSERVED_MISSING] = {"missing", "the source does not have it any more", NULL},
    [OBSERVED_ORPHAN] = {"orphan",
                         "it carries our stamp, the source does not have it, and no run is known to "
                         "have made it",
                         "if it is not to go take its stamp off by hand"},
    [OBSERVED_IN_GRACE] = {"in-grace", "the source does not have it any more; it is in grace", NULL},
    [OBSERVED_GRACE_OVER] = {"grace-over", "its grace is over", "the next sync deletes it"},
    [OBSERVED_ACCOUNT_KEPT] = {"account-kept", "its grace is over; accounts are disabled and not deleted",
                               "delete it by hand when nothing hangs on it any more"},
    [OBSERVED_SUPERSEDED] = {"superseded", "a newcomer has its name or address",
                             "the next sync deletes it and makes the newcomer's"},
    [OBSERVED_UNCONFIRMED] = {"unconfirmed", "the read did not show it, and yet the source has it",
                              "look for limits and rights of our account there (dirsync check)"},
    [OBSERVED_PARTIAL] = {"source-incomplete", "the source could not be read whole, so nothing is decided",
                          "see to it that it can"},
    [OBSERVED_COPIED_STAMP] = {"copied-stamp", "another object carries the same stamp; it is left alone",
                               "take the stamp off this one by hand, or delete it"},
    [OBSERVED_NATIVE] = {"native", "it lies in the connector's container, and no connector made it",
                         "move it elsewhere; if it is somebody of theirs let it be adopted"},
    [OBSERVED_OTHERS] = {"other-connector",
                         "it lies in the connector's container, and another connector made it",
                         "give each connector a container of its own"},
};
static_assert(G_N_ELEMENTS(reasons) == OBSERVED_REASONS, "a reason for each");

#define LIMIT_ID "limit"
#define LIMIT_TITLE "a limit refuses the next run"

const char *const *reconciliation_reasons(void)
{
    static const char *ids[OBSERVED_REASONS + 1];
    for (int i = OBSERVED_SAME + 1; i < OBSERVED_REASONS; i++)
        ids[i - 1] = reasons[i].id;
    ids[OBSERVED_REASONS - 1] = LIMIT_ID;
    return ids;
}

const char *reconciliation_title(const char *reason_id)
{
    for (int i = 0; i < OBSERVED_REASONS; i++)
        if (!g_strcmp0(reasons[i].id, reason_id))
            return reasons[i].what;
    return g_strcmp0(reason_id, LIMIT_ID) ? NULL : LIMIT_TITLE;
}

/* --- differences --- */

#define LONGEST_VALUE 1024

/* Control characters as \xx, so that it neither steers a terminal nor breaks a line. */
static char *safe_text(Value value)
{
    if (memchr(value.data, 0, value.len) || !g_utf8_validate(value.data, (gssize)value.len, NULL))
        return g_strdup_printf("(%zu bytes)", value.len);
    GString *text = g_string_sized_new(value.len);
    for (const char *at = value.data; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (text->len >= LONGEST_VALUE) {
            g_string_append_printf(text, "… (%zu bytes)", value.len);
            break;
        }
        if (g_unichar_iscntrl(c))
            g_string_append_printf(text, "\\%02x", c);
        else
            g_string_append_unichar(text, c);
    }
    return g_string_free(text, FALSE);
}

/** One attribute while it is put together. */
typedef struct {
    const char *attribute;
    GPtrArray *have, *want;
} Differing;

static void differing_clear(void *data)
{
    g_ptr_array_unref(((Differing *)data)->have);
    g_ptr_array_unref(((Differing *)data)->want);
}

static Differing *differing_for(GArray *all, const char *attribute)
{
    for (guint i = 0; i < all->len; i++)
        if (!g_ascii_strcasecmp(g_array_index(all, Differing, i).attribute, attribute))
            return &g_array_index(all, Differing, i);
    Differing added = {attribute, g_ptr_array_new_with_free_func(g_free),
                       g_ptr_array_new_with_free_func(g_free)};
    g_array_append_val(all, added);
    return &g_array_index(all, Differing, all->len - 1);
}

static void add_values(GPtrArray *texts, const Value *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_ptr_array_add(texts, safe_text(values[i]));
}

static void add_text(GPtrArray *texts, const char *text)
{
    g_ptr_array_add(texts, safe_text((Value){text, strlen(text)}));
}

static void add_modification(const ObservedPair *seen, const Modification *modification, GArray *all)
{
    Differing *differing = differing_for(all, modification->name);
    gssize at = entry_index(seen->current, modification->name);
    if (modification->kind == MODIFY_ADD) {
        add_values(differing->want, modification->values, modification->n_values);
    } else if (modification->n_values) {
        add_values(differing->have, modification->values, modification->n_values);
    } else if (at >= 0) { /* all of it */
        const Attribute *attribute = entry_attribute(seen->current, (size_t)at);
        add_values(differing->have, attribute->values, attribute->n_values);
    }
}

static GArray *find_differing(const ObservedPair *seen)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Differing));
    g_array_set_clear_func(all, differing_clear);
    if (seen->wanted_dn) {
        Differing *name = differing_for(all, "dn");
        add_text(name->have, entry_dn(seen->current));
        add_text(name->want, seen->wanted_dn);
    }
    for (size_t i = 0; seen->difference && i < seen->difference->n_modifications; i++)
        add_modification(seen, &seen->difference->modifications[i], all);
    for (guint i = 0; i < all->len; i++) {
        g_ptr_array_add(g_array_index(all, Differing, i).have, NULL);
        g_ptr_array_add(g_array_index(all, Differing, i).want, NULL);
    }
    return all;
}

/* --- rows --- */

typedef struct {
    Step step;
    ReconciliationSeen seen;
    void *data;
} Telling;

static char *remedy_of(const ObservedPair *seen)
{
    return seen->refused ? g_strdup_printf("the next run is refused: %s", seen->refused)
                         : g_strdup(reasons[seen->reason].to_do);
}

static char *words_of(const ObservedPair *seen, const char *remedy)
{
    return g_strconcat(reasons[seen->reason].what, seen->detail ? ": " : "", seen->detail ? seen->detail : "",
                       remedy ? "; " : "", remedy, NULL);
}

static void tell(const ObservedPair *seen, void *data)
{
    const Telling *telling = data;
    Reconciliation row = {.step = telling->step,
                          .verdict = seen->verdict,
                          .source_dn = seen->source_dn,
                          .target_dn = seen->target_dn,
                          .name = seen->name,
                          .mail = seen->mail,
                          .anchor = seen->anchor};
    if (seen->reason == OBSERVED_SAME) {
        telling->seen(&row, telling->data);
        return;
    }
    g_autofree char *remedy = remedy_of(seen), *words = words_of(seen, remedy);
    g_autoptr(GArray) all = find_differing(seen);
    g_autofree ReconciliationDifference *differences = g_new0(ReconciliationDifference, all->len + 1);
    for (guint i = 0; i < all->len; i++) {
        const Differing *differing = &g_array_index(all, Differing, i);
        differences[i] =
            (ReconciliationDifference){differing->attribute, (char *const *)differing->have->pdata,
                                       (char *const *)differing->want->pdata};
    }
    row.reason_id = seen->refused ? LIMIT_ID : reasons[seen->reason].id;
    row.reason = words;
    row.detail = seen->detail;
    row.remedy = remedy;
    row.differences = differences;
    row.n_differences = all->len;
    telling->seen(&row, telling->data);
}

/* --- running --- */

static void note(GString *incomplete, const char *about, const char *text)
{
    g_string_append_printf(incomplete, "%s%s: %s", incomplete->len ? "\n" : "", about, text);
}

/* Whoever is working may change something between two looks. */
static bool note_unfinished(const Connector *connector, State *state, GString *incomplete, GError **error)
{
    g_autofree char *run = NULL, *text = NULL;
    if (!run_unfinished(state, &run, error))
        return false;
    text = g_strdup_printf(
        "run %s is going on or was cut short; what it has not finished shows as differences", run);
    if (run)
        note(incomplete, connector->name, text);
    return true;
}

#define NO_STATE "/nonexistent"

/* Without the state the stamps say who is whose; what is lost is told. */
static State *open_state(const Connector *connector, const char *state_folder, GString *incomplete,
                         GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(State) state = state_open_copy(connector, state_folder, &failure);
    if (state)
        return note_unfinished(connector, state, incomplete, error) ? g_steal_pointer(&state) : NULL;
    note(incomplete, "judged by the stamps alone", failure->message);
    return state_open_copy(connector, NO_STATE, error);
}

static bool observe_step(const Connector *connector, Step step, State *state, const StepOptions *options,
                         Telling *telling, GString *incomplete, GError **error)
{
    g_autofree char *doubt = NULL;
    telling->step = step;
    g_autoptr(StepWork) work = step_open(connector, step, state, options, error);
    if (!work || !step_observe(work, tell, telling, &doubt, error))
        return false;
    if (doubt)
        note(incomplete, step_names[step], doubt);
    return true;
}

/* What cannot be read on one way does not hide the other. */
static bool observe_steps(const Connector *connector, State *state, const StepOptions *options,
                          Telling *telling, GString *incomplete, GError **error)
{
    g_autoptr(GError) first = NULL;
    bool any = false;
    for (int step = 0; step < STEPS; step++) {
        g_autoptr(GError) failure = NULL;
        if (!connector->pass[step].wanted || step == STEP_ADDRESSES)
            continue;
        if (observe_step(connector, (Step)step, state, options, telling, incomplete, &failure)) {
            any = true;
            continue;
        }
        note(incomplete, step_names[step], failure->message);
        bool stop = error_is(failure, ERROR_INTERRUPTED) || error_is(failure, ERROR_DEFINITION);
        if (stop || !first)
            g_clear_error(&first);
        if (!first)
            first = g_steal_pointer(&failure);
        any &= !stop;
        if (stop)
            break;
    }
    if (any || !first)
        return true;
    g_propagate_error(error, g_steal_pointer(&first));
    return false;
}

bool reconciliation_run_shown(const Connector *connector, const char *state_folder, StepProgress progress,
                              void *progress_data, ReconciliationSeen seen, void *data, char **incomplete,
                              GError **error)
{
    StepOptions options = {.full = true, .progress = progress, .data = progress_data};
    Telling telling = {.seen = seen, .data = data};
    g_autoptr(GString) doubts = g_string_new(NULL);
    *incomplete = NULL;
    event_suspend();
    State *state = open_state(connector, state_folder, doubts, error);
    bool ok = state && observe_steps(connector, state, &options, &telling, doubts, error);
    state_close(state);
    event_resume();
    if (doubts->len)
        *incomplete = g_string_free(g_steal_pointer(&doubts), FALSE);
    return ok;
}

bool reconciliation_run(const Connector *connector, const char *state_folder, ReconciliationSeen seen,
                        void *data, char **incomplete, GError **error)
{
    return reconciliation_run_shown(connector, state_folder, NULL, NULL, seen, data, incomplete, error);
}

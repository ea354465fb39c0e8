/*
 * reconciliation_tables.c - reconciling says what sync then does
 *
 * Takes the place of pass_case_table.c in a program made from the same table of
 * cases (pass_case.h): what a case expects of its runs is tested there; here the two
 * address lists are reconciled before each run, and the run is compared with what
 * was said. Who has a change in the plan was said to have none yet or to differ, for a
 * reason that ends in a change; who was said so has a change; the quarantine is who
 * was said to be in trouble; and reconciling has changed nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "reconciliation_case.h"

#include "dirsync/plan.h"
#include "dirsync/reconciliation.h"
#include "dirsync/state.h"

#include <string.h>

/* --- what was said --- */

typedef struct {
    Step step;
    ReconciliationVerdict verdict;
    char *reason, *anchor;
} Said;

static void said_clear(void *data)
{
    g_free(((Said *)data)->reason);
    g_free(((Said *)data)->anchor);
}

static void say(const Reconciliation *row, void *data)
{
    bool nameless = !g_strcmp0(row->reason_id, "unreadable"); /* a place in the source stands for it */
    Said said = {row->step, row->verdict, g_strdup(row->reason_id ? row->reason_id : "-"),
                 g_strdup(nameless ? row->source_dn : row->anchor)};
    g_array_append_val((GArray *)data, said);
}

typedef enum { WRITES, MAY_WRITE, WRITES_NOTHING } Then;

/* What becomes of each reason in the next run; who is not named writes nothing. */
static const struct {
    const char *reason;
    Then then;
    bool quarantined;
} reasons[] = {
    {"new", WRITES, false},
    {"changed", MAY_WRITE, false}, /* a group whose member leaves is written by the member's change */
    {"changed-by-hand", MAY_WRITE, false},
    {"renamed", WRITES, false},
    {"kind-changed", WRITES, false},
    {"returned", WRITES, false},
    {"adoption", WRITES, false},
    {"missing", WRITES, false},
    {"orphan", WRITES, false},
    {"grace-over", WRITES, false},
    {"superseded", WRITES, false},
    {"moved-home", MAY_WRITE, false},
    {"conflict", MAY_WRITE, true},
    {"members-unresolved", MAY_WRITE, true},
    {"ambiguous", WRITES_NOTHING, true},
    {"unowned", WRITES_NOTHING, true},
    {"quarantined", WRITES_NOTHING, true},
    {"duplicate-anchor", WRITES_NOTHING, true},
    {"unreadable", WRITES_NOTHING, true},
    {"filtered-out", MAY_WRITE, false}, /* out-of-scope="missing" */
    {"hidden", MAY_WRITE, false},
    {"disabled", MAY_WRITE, false},
    {"no-recipient", MAY_WRITE, false},
    {"one-of-us", MAY_WRITE, false},
    {"outside", MAY_WRITE, false},
};

static Then outcome_of(const Said *said, bool *quarantined)
{
    *quarantined = false;
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (!strcmp(reasons[i].reason, said->reason)) {
            *quarantined = reasons[i].quarantined;
            return reasons[i].then;
        }
    return WRITES_NOTHING;
}

static const Said *said_of(const GArray *all, Step step, const char *anchor)
{
    for (guint i = 0; i < all->len; i++) {
        const Said *said = &g_array_index(all, Said, i);
        if (said->step == step && !g_strcmp0(said->anchor, anchor) &&
            strcmp(said->reason, "copied-stamp") != 0)
            return said;
    }
    return NULL;
}

/* NULL: a run that had to stop in the middle is finished first, whatever stands there now. */
static GArray *reconcile(const Case *c)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = case_connector(c);
    g_autofree char *incomplete = NULL, *before = case_everything(c);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Said));
    g_array_set_clear_func(all, said_clear);
    if (!reconciliation_run(connector, case_state_folder(c), say, all, &incomplete, &error))
        print_message("# reconciliation: %s\n", error->message);
    if (incomplete)
        print_message("# incomplete: %s\n", incomplete);
    g_autofree char *after = case_everything(c);
    assert_string_equal(before, after);
    if (incomplete && strstr(incomplete, "cut short"))
        g_clear_pointer(&all, g_array_unref);
    return all;
}

/* --- what was done --- */

static GHashTable *planned_anchors(const char *folder, Step step)
{
    GHashTable *anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(PlanHead) head = {0};
    if (!folder || !plan_load(folder, &head, NULL) || !head.step[step].planned)
        return anchors;
    g_autoptr(PlanReader) reader = plan_reader_new(folder, step, NULL);
    for (;;) {
        g_autoptr(Change) change = NULL;
        assert_true(plan_read(reader, &change, NULL));
        if (!change)
            return anchors;
        if (change->anchor)
            g_hash_table_add(anchors, g_strdup(change->anchor));
    }
}

/* Whoever is in quarantine was said to be in trouble. */
static void compare_quarantine(const GArray *all, Step step, const GPtrArray *quarantined)
{
    for (guint i = 0; i < quarantined->len; i++) {
        const char *anchor = g_ptr_array_index(quarantined, i);
        const Said *said = said_of(all, step, anchor);
        bool trouble = false;
        if (said)
            outcome_of(said, &trouble);
        if (!trouble)
            fail_msg("%s %s is in quarantine, and was said to be %s", step_names[step], anchor,
                     said ? said->reason : "nothing");
    }
}

static void compare_step(const Case *c, const GArray *all, Step step, const char *folder)
{
    g_autoptr(GHashTable) planned = planned_anchors(folder, step);
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) state = state_open_unlocked(connector, case_state_folder(c), NULL);
    g_autoptr(GPtrArray) quarantined = g_ptr_array_new_with_free_func(g_free);
    assert_true(state_quarantined(state, step, quarantined, NULL));
    for (guint i = 0; i < all->len; i++) {
        const Said *said = &g_array_index(all, Said, i);
        bool trouble, is_planned = said->anchor && g_hash_table_contains(planned, said->anchor);
        Then then = outcome_of(said, &trouble);
        if (said->step != step || !strcmp(said->reason, "copied-stamp"))
            continue;
        if ((then == WRITES && !is_planned) || (then == WRITES_NOTHING && is_planned))
            fail_msg("%s %s was said to be %s, and %s planned", step_names[step], said->anchor, said->reason,
                     is_planned ? "a change was" : "no change was");
        if (trouble && !g_ptr_array_find_with_equal_func(quarantined, said->anchor, g_str_equal, NULL))
            fail_msg("%s %s was said to be %s, and is not in quarantine", step_names[step], said->anchor,
                     said->reason);
    }
    compare_quarantine(all, step, quarantined);
    GHashTableIter iter;
    gpointer anchor;
    g_hash_table_iter_init(&iter, planned);
    while (g_hash_table_iter_next(&iter, &anchor, NULL))
        if (!said_of(all, step, anchor))
            fail_msg("%s %s has a change, and was not told of", step_names[step], (const char *)anchor);
}

static bool any_limit(const GArray *all, Step step)
{
    for (guint i = 0; i < all->len; i++)
        if (g_array_index(all, Said, i).step == step && !strcmp(g_array_index(all, Said, i).reason, "limit"))
            return true;
    return false;
}

static void sync_and_compare(const Case *c, const Called *called, const GArray *all)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunResult) result = {0};
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, called);
    bool ok = run_sync(connector, &options, &result, &error);
    bool usual = !called->only && !called->allow_empty && !called->step && !called->lift;
    if (!all || !usual)
        return;
    /* What an earlier step changed at home the export sees, and reconciling did not. */
    bool home = result.step[STEP_IMPORT].planned || result.step[STEP_ADDRESSES].planned;
    bool refused = any_limit(all, STEP_IMPORT) || (!home && any_limit(all, STEP_EXPORT));
    if (!connector->pass[STEP_ADDRESSES].wanted)
        assert_int_equal(refused, error_is(error, ERROR_LIMIT) && !(home && result.step[STEP_EXPORT].ran));
    if (!ok)
        return;
    if (connector->pass[STEP_IMPORT].wanted)
        compare_step(c, all, STEP_IMPORT, result.folder);
    if (connector->pass[STEP_EXPORT].wanted && !home)
        compare_step(c, all, STEP_EXPORT, result.folder);
}

/* --- the cases --- */

typedef struct {
    const PassCase *spec;
    Case *c;
    bool faulty;
} TableCase;

/* Faults are counted: whoever looks before would have them instead of the run. */
static void sync_step(const TableCase *table, const CaseStep *step)
{
    g_autoptr(GArray) all = table->faulty ? NULL : reconcile(table->c);
    sync_and_compare(table->c, &step->called, all);
}

static void do_step(TableCase *table, const CaseStep *step)
{
    if (step->kind == DO_FAULTS)
        table->faulty = step->text || step->source_faults;
    if (!case_prepare(table->c, step))
        sync_step(table, step);
}

static int begin_case(void **state)
{
    TableCase *table = *state;
    table->c = case_new(&table->spec->start);
    return 0;
}

static int end_case(void **state)
{
    TableCase *table = *state;
    g_clear_pointer(&table->c, case_free);
    return 0;
}

static void run_case(void **state)
{
    TableCase *table = *state;
    const CaseStep *end = table->spec->steps + G_N_ELEMENTS(table->spec->steps);
    for (const CaseStep *step = table->spec->steps; step < end && step->kind != DO_END; step++)
        do_step(table, step);
}

int case_run_tables(const char *group, const PassCase *cases, size_t n_cases, const void *tests,
                    size_t n_tests)
{
    (void)tests;
    (void)n_tests;
    const char *only = g_getenv("DIRSYNC_TEST_CASE");
    g_autofree TableCase *table = g_new0(TableCase, n_cases + 1);
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
    for (size_t i = 0; i < n_cases; i++) {
        table[i].spec = &cases[i];
        struct CMUnitTest test = {cases[i].name, run_case, begin_case, end_case, &table[i]};
        if (!only || strstr(cases[i].name, only))
            g_array_append_val(all, test);
    }
    return _cmocka_run_group_tests(group, (const struct CMUnitTest *)(void *)all->data, all->len, NULL, NULL);
}

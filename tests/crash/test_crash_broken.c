/*
 * test_crash_broken.c - the tests of the crash tests: a broken engine must be caught
 *
 * Each variant breaks one promise of the engine: functions of it are replaced
 * through the linker (--wrap), in this program only. Killed at every step of a
 * case, at least one trial must complain, and of the right thing. Without a variant
 * the same steps are without complaint.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/fault.h"
#include "dirsync/pass_internal.h"
#include "dirsync/run_internal.h"
#include "dirsync/step.h"
#include "tests/crash/crash_cases.h"
#include "tests/crash/crash_slapd.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

typedef enum {
    WHOLE,
    WITHOUT_INTENTS,
    JOURNAL_REMOVED_EARLY,
    OUTCOME_BEFORE_SENDING,
    ANSWER_BELIEVED,
    LINKS_BEFORE_CHANGES,
    LINKS_NOT_MARKED,
    SETTLED_EARLY,
    CURSORS_BEFORE_CHANGES,
    UNDO_AFTERWARDS,
    PLAN_NOT_KEPT,
    NEVER_ASKED,
    ASKED_AND_NOT_HEARD,
    RUNS_FORGOTTEN,
    VARIANTS
} Variant;

static Variant variant;
static State *present; /* of the child's run */

/* --- the engine's functions, and what takes their place --- */

bool __real_state_journal(State *state, const char *run, size_t seq, JournalOutcome outcome, GError **error);
bool __wrap_state_journal(State *state, const char *run, size_t seq, JournalOutcome outcome, GError **error);
bool __real_state_commit(State *state, GError **error);
bool __wrap_state_commit(State *state, GError **error);
bool __real_directory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                             GError **error);
bool __wrap_directory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                             GError **error);
bool __real_directory_flush(Directory *directory, GError **error);
bool __wrap_directory_flush(Directory *directory, GError **error);
bool __real_apply_plan(const Apply *apply, ApplyResult *result, GError **error);
bool __wrap_apply_plan(const Apply *apply, ApplyResult *result, GError **error);
bool __real_apply_recover(const Apply *apply, ApplyResult *result, GError **error);
bool __wrap_apply_recover(const Apply *apply, ApplyResult *result, GError **error);
int __real_apply_judge(const Schema *schema, const Change *change, const Entry *entry);
int __wrap_apply_judge(const Schema *schema, const Change *change, const Entry *entry);
bool __real_state_save_link(State *state, const LinkRow *row, GError **error);
bool __wrap_state_save_link(State *state, const LinkRow *row, GError **error);
bool __real_run_recover(const Connector *connector, State *state, GError **error);
bool __wrap_run_recover(const Connector *connector, State *state, GError **error);
bool __real_step_intend(StepWork *work, GError **error);
bool __wrap_step_intend(StepWork *work, GError **error);

bool __wrap_state_journal(State *state, const char *run, size_t seq, JournalOutcome outcome, GError **error)
{
    present = state;
    if (variant == WITHOUT_INTENTS && outcome == JOURNAL_INTENDED)
        return true;
    if (variant == OUTCOME_BEFORE_SENDING)
        outcome = JOURNAL_DONE;
    return __real_state_journal(state, run, seq, outcome, error);
}

/* --- answers that are believed before they are there --- */

typedef struct {
    Directory *directory;
    const Change *change; /* lives until after the commit */
} Believed;

static GArray *believed;

static void ignore(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)change;
    (void)outcome;
    (void)error;
    (void)data;
}

bool __wrap_directory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                             GError **error)
{
    if (variant != ANSWER_BELIEVED)
        return __real_directory_submit(directory, change, done, data, error);
    if (!believed)
        believed = g_array_new(FALSE, FALSE, sizeof(Believed));
    Believed one = {directory, change};
    g_array_append_val(believed, one);
    done(change, OUTCOME_DONE, NULL, data);
    return true;
}

bool __wrap_state_commit(State *state, GError **error)
{
    bool done = __real_state_commit(state, error);
    for (guint i = 0; done && believed && i < believed->len; i++) {
        Believed *one = &g_array_index(believed, Believed, i);
        __real_directory_submit(one->directory, one->change, ignore, NULL, NULL);
        __real_directory_flush(one->directory, NULL);
    }
    if (done && believed)
        g_array_set_size(believed, 0);
    return done;
}

/* --- the journal --- */

static void remove_intents(void)
{
    g_autofree char *path = g_build_filename(state_folder(present), "state.db", NULL);
    sqlite3 *database = NULL;
    if (sqlite3_open(path, &database) == SQLITE_OK)
        sqlite3_exec(database, "DELETE FROM journal WHERE outcome = 0", NULL, NULL, NULL);
    sqlite3_close(database);
}

bool __wrap_directory_flush(Directory *directory, GError **error)
{
    if (variant == JOURNAL_REMOVED_EARLY && present)
        remove_intents();
    return __real_directory_flush(directory, error);
}

/* --- links --- */

static bool recording_early;

/* The source counts as carried out, and the target looks as it did. */
bool __wrap_state_save_link(State *state, const LinkRow *row, GError **error)
{
    g_auto(LinkRow) before = {0};
    LinkRow early = *row;
    if (!recording_early)
        return __real_state_save_link(state, row, error);
    if (!state_find_link_by_anchor(state, row->step, row->anchor, &before, error))
        return false;
    early.target = before.target;
    early.dn = before.dn;
    return __real_state_save_link(state, &early, error);
}

static bool record_all(const Apply *apply, GError **error)
{
    g_autoptr(PlanReader) reader = plan_reader_new(apply->folder, apply->step, error);
    bool ok = reader && state_begin(apply->state, error);
    recording_early = true;
    for (size_t seq = apply->first_seq; ok; seq++) {
        g_autoptr(Change) change = NULL;
        ok = plan_read(reader, &change, error);
        if (!ok || !change)
            break;
        Applied applied = {change, seq, JOURNAL_DONE, NULL, NULL};
        ok = apply->record(&applied, apply->data, error);
    }
    recording_early = false;
    return ok && __real_state_commit(apply->state, error);
}

/* Marks nothing, and takes what was read for carried out. */
static bool settle_early(StepWork *work, GError **error)
{
    return step_settle(work, "early", true, error);
}

/* Whoever has a link is marked, as always; who has none is told of by the read alone. */
static bool remember_cursors_early(StepWork *work, GError **error)
{
    return __real_step_intend(work, error) && pass_remember_cursors((Pass *)work, error);
}

bool __wrap_step_intend(StepWork *work, GError **error)
{
    switch (variant) {
    case LINKS_NOT_MARKED:
        return true;
    case SETTLED_EARLY:
        return settle_early(work, error);
    case CURSORS_BEFORE_CHANGES:
        return remember_cursors_early(work, error);
    default:
        return __real_step_intend(work, error);
    }
}

/* --- plan and undo --- */

/* Carries out while @name of the plan's folder is not there. */
static bool apply_without(const char *name, const Apply *apply, ApplyResult *result, GError **error)
{
    g_autofree char *path = g_build_filename(apply->folder, name, NULL);
    g_autofree char *aside = g_strconcat(path, ".later", NULL);
    g_rename(path, aside);
    bool done = __real_apply_plan(apply, result, error);
    g_rename(aside, path);
    return done;
}

bool __wrap_apply_plan(const Apply *apply, ApplyResult *result, GError **error)
{
    Apply without = *apply;
    switch (variant) {
    case UNDO_AFTERWARDS:
        return apply_without("undo", apply, result, error);
    case PLAN_NOT_KEPT:
        return apply_without("plan.json", apply, result, error);
    case LINKS_BEFORE_CHANGES:
        without.record = NULL;
        return record_all(apply, error) && __real_apply_plan(&without, result, error);
    default:
        return __real_apply_plan(apply, result, error);
    }
}

/* --- after a crash --- */

bool __wrap_apply_recover(const Apply *apply, ApplyResult *result, GError **error)
{
    *result = (ApplyResult){0};
    return variant == NEVER_ASKED || __real_apply_recover(apply, result, error);
}

int __wrap_apply_judge(const Schema *schema, const Change *change, const Entry *entry)
{
    return variant == ASKED_AND_NOT_HEARD ? 0 : __real_apply_judge(schema, change, entry);
}

bool __wrap_run_recover(const Connector *connector, State *state, GError **error)
{
    return variant == RUNS_FORGOTTEN || __real_run_recover(connector, state, error);
}

/* --- each must be caught --- */

typedef struct {
    const char *what;
    Variant variant;
    const char *in; /* the case's name, or how it begins */
    bool revert;
    const char *complaint; /* how it begins */
} Broken;

#define JOURNAL "the journal"
#define HOME "the home directory is not as after"
#define FURTHER "a further run had "
#define MIXED "changes, renames"

static const Broken broken[] = {
    {"intents are not written", WITHOUT_INTENTS, MIXED, false, JOURNAL},
    {"intents are not written, and the run is to be reverted", WITHOUT_INTENTS, MIXED, true,
     "after revert the start is not back"},
    {"the journal is removed before the answers are there", JOURNAL_REMOVED_EARLY, MIXED, false, JOURNAL},
    {"outcomes are written before anything is sent", OUTCOME_BEFORE_SENDING, MIXED, false, JOURNAL},
    {"the state is committed before the answers are there", ANSWER_BELIEVED, MIXED, false, JOURNAL},
    {"links are recorded before their changes", LINKS_BEFORE_CHANGES, MIXED, false, HOME},
    {"what is planned is not marked", LINKS_NOT_MARKED, "a member of a group goes into grace", false, HOME},
    {"what was read is settled before it is carried out", SETTLED_EARLY,
     "a member of a group goes into grace", false, HOME},
    {"how far was read is remembered before the changes are carried out", CURSORS_BEFORE_CHANGES, MIXED,
     false, HOME},
    {"the undo is written after the changes", UNDO_AFTERWARDS, MIXED, true, "revert of "},
    {"the plan is not there while it is carried out", PLAN_NOT_KEPT, MIXED, false, JOURNAL},
    {"nobody is asked what became of a run that was cut short", NEVER_ASKED, MIXED, false, JOURNAL},
    {"what the directory answers is not heard", ASKED_AND_NOT_HEARD, MIXED, false, JOURNAL},
    {"runs that were cut short are forgotten", RUNS_FORGOTTEN, MIXED, false, "the state says that run "},
};

/* Of these, on a real server too. */
static const Variant on_slapd[] = {WITHOUT_INTENTS, ANSWER_BELIEVED, LINKS_BEFORE_CHANGES, NEVER_ASKED,
                                   ASKED_AND_NOT_HEARD};

/* The first complaint of all steps; NULL: there is none. */
static char *first_complaint(CrashSite *site, const Broken *b)
{
    g_autoptr(GArray) steps = crash_steps(site);
    guint i = 0;
    while (!crash_is_exhaustive() && i + 1 < steps->len &&
           strcmp(g_ptr_array_index(site->names, g_array_index(steps, unsigned long, i) - 1), "intents") != 0)
        i++; /* most promises are about what comes then */
    for (; i < steps->len; i++) {
        unsigned long step = g_array_index(steps, unsigned long, i);
        char *complaint = b->revert ? crash_try_revert(site, step, NULL) : crash_try(site, step, NULL);
        if (complaint)
            return complaint;
    }
    return NULL;
}

static bool begins_with_one_of(const char *text, const char *const *starts)
{
    for (; *starts; starts++)
        if (g_str_has_prefix(text, *starts))
            return true;
    return false;
}

/* @also: it may begin so, too; NULL-terminated. */
static void expect_caught(CrashSite *site, const Broken *b, const char *const *also)
{
    variant = b->variant;
    g_autofree char *complaint = first_complaint(site, b);
    variant = WHOLE;
    if (!complaint || (!g_str_has_prefix(complaint, b->complaint) && !begins_with_one_of(complaint, also)))
        fail_msg("%s: %s", b->what, complaint ? complaint : "nothing was noticed");
}

static void is_caught(void **state)
{
    const Broken *b = *state;
    World *world = world_new();
    g_autoptr(CrashSite) site = crash_case_site(world, crash_case(b->in));
    expect_caught(site, b, (const char *const[]){NULL});
    world_free(world);
}

static void is_caught_on_slapd(void **state)
{
    const Broken *b = *state;
    World *world = world_new();
    g_autoptr(CrashSite) site = crash_case_site_on_slapd(world, crash_case(b->in));
    /* A server that tells what has changed is not looked at as a whole; who is not there is found one run
     * later. */
    expect_caught(site, b, (const char *const[]){HOME, FURTHER, NULL});
    world_free(world);
}

static const Broken *first_of(Variant wanted)
{
    const Broken *b = broken;
    while (b->variant != wanted)
        b++;
    return b;
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(broken) + G_N_ELEMENTS(on_slapd)];
    crash_begin();
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++)
        tests[i] = (struct CMUnitTest){broken[i].what, is_caught, NULL, NULL, (void *)&broken[i]};
    for (size_t i = 0; i < G_N_ELEMENTS(on_slapd); i++) {
        const Broken *b = first_of(on_slapd[i]);
        tests[G_N_ELEMENTS(broken) + i] =
            (struct CMUnitTest){b->what, is_caught_on_slapd, NULL, NULL, (void *)b};
    }
    int failed = cmocka_run_group_tests_name("crash_broken", tests, NULL, NULL);
    crash_slapd_stop();
    return failed;
}

/*
 * test_crash_memory.c - a run that is killed at any step is finished by the next one
 *
 * Every case at every fault step of its run on the memory driver where CRASH=all
 * says so, else some at some. And the tests of these tests: what a broken engine
 * would leave behind must be noticed (a broken engine itself is in
 * test_crash_broken.c).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/coverage.h"
#include "tests/crash/crash_cases.h"

#include <string.h>

#define WANTED 6 /* cases in a sample... */
#define SAMPLE 6 /* ... and steps of each */

static void try_case(const CrashCase *c)
{
    World *world = world_new();
    g_autoptr(CrashSite) site = crash_case_site(world, c);
    assert_string_equal(site->figures, c->figures);
    assert_true(site->steps > 10);
    crash_walk(site, c->name, SAMPLE);
    coverage_check("memory", c->name, site->happened);
    world_free(world);
}

static void every_step_of_every_case(void **state)
{
    (void)state;
    g_autofree const char **names = g_new0(const char *, n_crash_cases + 1);
    for (size_t i = 0; i < n_crash_cases; i++)
        names[i] = crash_cases[i].name;
    coverage_expect("memory", names);
    for (size_t i = 0; i < n_crash_cases; i++)
        if (crash_is_chosen(WANTED, n_crash_cases))
            try_case(&crash_cases[i]);
}

/* --- the tests of the tests --- */

typedef struct {
    const char *what;
    const char *where; /* the last step of that name is the one to die at */
    CrashTamper tamper;
    bool revert;
    const char *complaint; /* what the trial must say; NULL: that all is well */
} Broken;

static void forget_journal(CrashSite *site)
{
    crash_state_sql(site->world, "DELETE FROM journal");
}

/* As if the outcome had been written before it was known. */
static void claim_all_done(CrashSite *site)
{
    crash_state_sql(site->world, "UPDATE journal SET outcome = 1");
}

static void claim_finished(CrashSite *site)
{
    crash_state_sql(site->world, "UPDATE run SET finished = started, status = 0");
}

/* As if links had been recorded before their changes were done: what the source shows counts as carried
 * out. The fingerprints are those that an undisturbed run records. */
static void move_links_forward(CrashSite *site)
{
    g_autofree char *aside = g_build_filename(site->world->folder, "aside", NULL);
    copy_folder(site->world->live, aside);
    crash_sync(site->world, site->home);
    g_autofree char *sql = crash_state_ask(
        site->world, "SELECT 'UPDATE link SET source = x''' || hex(source) || "
                     "''', flags = ' || flags || ' WHERE anchor = ''' || anchor || ''';' FROM link");
    remove_folder(site->world->live);
    copy_folder(aside, site->world->live);
    remove_folder(aside);
    crash_state_sql(site->world, sql);
}

static void lose_plans(CrashSite *site)
{
    g_autofree char *runs = g_build_filename(site->world->state, "globex", "runs", NULL);
    remove_folder(runs);
}

/* Whether that run was still going on then: of one that was over nobody asks. */
static bool was_open;

static void lose_plans_and_look(CrashSite *site)
{
    g_autofree char *open = crash_state_ask(site->world, "SELECT id FROM run WHERE finished IS NULL");
    was_open = *open;
    lose_plans(site);
}

static void lose_state(CrashSite *site)
{
    remove_folder(site->world->state);
}

static const Broken broken[] = {
    {"a journal that was removed too early cannot be undone", "answer", forget_journal, true,
     "after revert the start is not back"},
    {"a journal that says too much", "intents", claim_all_done, true, "revert of "},
    {"a run that was closed without being settled", "answer", claim_finished, false,
     "the journal has changes without an outcome"},
    {"links recorded before their changes", "planned", move_links_forward, false,
     "the home directory is not as after"},
    {"a plan that is gone", "answer", lose_plans, false, "the journal has changes without an outcome"},
    {"a state that is gone takes its journal along; the directory ends as it should, which is looked at "
     "first",
     "answer", lose_state, false, "the journals do not give what the directory holds"},
};

static unsigned long last_step_of_name(const CrashSite *site, const char *name)
{
    for (unsigned long step = site->steps; step > 0; step--)
        if (!strcmp(g_ptr_array_index(site->names, step - 1), name))
            return step;
    fail_msg("no step %s", name);
    return 0;
}

static void what_a_broken_engine_leaves_behind_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        const Broken *b = &broken[i];
        World *world = world_new();
        g_autoptr(CrashSite) site = crash_case_site(world, crash_case("changes, renames"));
        unsigned long step = last_step_of_name(site, b->where);
        g_autofree char *complaint =
            b->revert ? crash_try_revert(site, step, b->tamper) : crash_try(site, step, b->tamper);
        if (!b->complaint ? complaint != NULL : !complaint || !g_str_has_prefix(complaint, b->complaint))
            fail_msg("%s: %s", b->what, complaint ? complaint : "nothing was noticed");
        world_free(world);
    }
}

/* The journal cannot be settled then, which is reported, but the directory still ends as it should. */
static void without_the_plan_the_directory_is_still_right(void **state)
{
    (void)state;
    World *world = world_new();
    g_autoptr(CrashSite) site = crash_case_site(world, crash_case("changes, renames"));
    for (unsigned long step = 1; step <= site->steps; step += 7) {
        g_autofree char *complaint = crash_try(site, step, lose_plans_and_look);
        g_autofree char *now = crash_dump(site);
        if (complaint && (!g_str_has_prefix(complaint, "the journal") || site->recovered != was_open))
            fail_msg("step %lu: %s", step, complaint);
        assert_string_equal(now, site->expected);
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_of_every_case),
        cmocka_unit_test(what_a_broken_engine_leaves_behind_is_noticed),
        cmocka_unit_test(without_the_plan_the_directory_is_still_right),
    };
    crash_begin();
    int failed = cmocka_run_group_tests_name("crash_memory", tests, NULL, NULL);
    crash_tell();
    return failed;
}

/*
 * test_crash_revert.c - a revert, and the release of an object, that are killed at any step
 *
 * A revert that was killed is finished by another one of the same run. A release
 * that was killed is finished by another one, or has happened; the sync after it
 * finds the object let go of. In memory, and with the home directory in slapd.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash_cases.h"
#include "tests/crash/crash_slapd.h"

#include <string.h>

#define WANTED 4 /* cases in a sample... */
#define SAMPLE 3 /* ... and steps of each */
#define SAMPLE_ON_SLAPD 1
#define SAMPLE_ON_SLAPD_OF_ALL 3

static void walk_revert(const CrashCase *c, bool on_slapd)
{
    World *world = world_new();
    g_autoptr(CrashSite) site = on_slapd ? crash_case_site_on_slapd(world, c) : crash_case_site(world, c);
    unsigned long sample = !on_slapd               ? SAMPLE
                           : crash_is_exhaustive() ? SAMPLE_ON_SLAPD_OF_ALL
                                                   : SAMPLE_ON_SLAPD;
    crash_walk_revert(site, c->name, sample);
    world_free(world);
}

static void reverts(bool on_slapd)
{
    for (size_t i = 0; i < n_crash_cases; i++) {
        crash_begin_case(crash_cases[i].name, NULL);
        if (crash_is_chosen(WANTED, n_crash_cases))
            walk_revert(&crash_cases[i], on_slapd);
    }
}

static void a_revert_that_is_killed_is_finished_by_the_next(void **state)
{
    (void)state;
    reverts(false);
}

static void a_revert_that_is_killed_is_finished_by_the_next_on_slapd(void **state)
{
    (void)state;
    reverts(true);
}

/* --- letting go --- */

#define RELEASED "ada@globex.example"

/* Again when it was cut short; when it was not, nobody of ours has that address any more. */
static bool release_and_sync(const Connector *connector, const RunOptions *options, RunResult *result,
                             GError **error)
{
    g_autoptr(GError) refused = NULL;
    g_auto(RunResult) release = {0};
    if (!run_release(connector, options, RELEASED, &release, &refused) &&
        !error_is(refused, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&refused));
        return false;
    }
    return run_sync(connector, options, result, error);
}

static const CrashCase released = {
    .name = "one of three is let go of",
    .before = {{"1", "Ada Alt", RELEASED, "Engineer"},
               {"2", "Bob Baum", "bob@globex.example", NULL},
               {"3", "Cat Chan", "cat@globex.example", "Chemist"}},
    .after = {{"1", "Ada Alt", RELEASED, "Director"},
              {"2", "Bob Busch", "bob@globex.example", NULL},
              {"3", "Cat Chan", "cat@globex.example", "Chemist"}},
    .run = release_and_sync,
};

static void walk_release(bool on_slapd)
{
    World *world = world_new();
    crash_begin_case(released.name, NULL);
    g_autoptr(CrashSite) site =
        on_slapd ? crash_case_site_on_slapd(world, &released) : crash_case_site(world, &released);
    assert_null(strstr(site->expected, "dirsyncAnchor: 1\n"));
    assert_non_null(strstr(site->expected, RELEASED));
    assert_non_null(strstr(site->expected, "Bob Busch"));
    crash_walk(site, released.name, on_slapd ? (crash_is_exhaustive() ? 20 : SAMPLE_ON_SLAPD) : SAMPLE);
    world_free(world);
}

static void a_release_that_is_killed_has_happened_or_not(void **state)
{
    (void)state;
    walk_release(false);
}

static void a_release_that_is_killed_has_happened_or_not_on_slapd(void **state)
{
    (void)state;
    walk_release(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revert_that_is_killed_is_finished_by_the_next),
        cmocka_unit_test(a_revert_that_is_killed_is_finished_by_the_next_on_slapd),
        cmocka_unit_test(a_release_that_is_killed_has_happened_or_not),
        cmocka_unit_test(a_release_that_is_killed_has_happened_or_not_on_slapd),
    };
    crash_begin();
    int failed = cmocka_run_group_tests_name("crash_revert", tests, NULL, NULL);
    crash_slapd_stop();
    crash_tell();
    return failed;
}

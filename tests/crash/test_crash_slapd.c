/*
 * test_crash_slapd.c - a run against a real server that is killed at any step is finished by the next one
 *
 * The cases of test_crash_memory.c, with slapd holding the home directory: a sample of
 * the fault steps, more of them with CRASH=all, every one with CRASH_SERVERS=all. The tables
 * of cases are killed on slapd in crash_tables.c. And an engine that is broken must be
 * caught there too: test_crash_broken.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash_cases.h"
#include "tests/crash/crash_slapd.h"

#define WANTED 3         /* cases in a sample... */
#define SAMPLE 3         /* ... steps of each... */
#define SAMPLE_OF_ALL 12 /* ... and of each case with CRASH=all */

static void killed_on_slapd(void **state)
{
    const CrashCase *c = *state;
    crash_begin_case(c->name, NULL);
    if (!crash_is_chosen(WANTED, n_crash_cases))
        return;
    World *world = world_new();
    g_autoptr(CrashSite) site = crash_case_site_on_slapd(world, c);
    assert_string_equal(site->figures, c->figures);
    crash_walk(site, c->name, crash_is_exhaustive() ? SAMPLE_OF_ALL : SAMPLE);
    world_free(world);
}

int main(void)
{
    struct CMUnitTest *tests = g_new0(struct CMUnitTest, n_crash_cases);
    crash_begin();
    for (size_t i = 0; i < n_crash_cases; i++)
        tests[i] =
            (struct CMUnitTest){crash_cases[i].name, killed_on_slapd, NULL, NULL, (void *)&crash_cases[i]};
    int failed = _cmocka_run_group_tests("crash_slapd", tests, n_crash_cases, NULL, NULL);
    g_free(tests);
    crash_slapd_stop();
    crash_tell();
    return failed;
}

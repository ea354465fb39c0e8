/*
 * test_crash_disk.c - a run that cannot write its own files stops, and the next one finishes
 *
 * A full disk is played by a limit to the size of files, at many sizes: the state,
 * the plan, its undo, the index of the home directory, the target itself meet it in
 * turn. Nothing is written to a directory for which there is no intent and no undo.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash_cases.h"

#include <glib/gstdio.h>
#include <string.h>

#define LARGEST (256 * 1024)
#define SAMPLE 6

static void at_size(CrashSite *site, unsigned long bytes, unsigned long *stopped)
{
    bool has_stopped = false;
    g_autofree char *complaint = crash_try_full(site, bytes, &has_stopped);
    *stopped += has_stopped;
    if (complaint)
        fail_msg("no file longer than %lu bytes: %s", bytes, complaint);
}

static void the_disk_is_full(void **state)
{
    (void)state;
    unsigned long stopped = 0;
    World *world = world_new();
    g_autoptr(CrashSite) site = crash_case_site(world, crash_case("changes, renames"));
    at_size(site, 1, &stopped);
    at_size(site, 16 * 1024, &stopped);
    unsigned long at_start = stopped;
    at_size(site, 44150, &stopped); /* intents can be written, outcomes cannot */
    assert_int_equal(at_start, 2);
    for (int i = 0; i < (crash_is_exhaustive() ? 20 * SAMPLE : SAMPLE); i++)
        at_size(site, (unsigned long)g_rand_int_range(crash_chance(), 1, LARGEST), &stopped);
    world_free(world);
}

/* A file stands where the folder of plans should be: that stops root, too. */
static void plans_cannot_be_written(void **state)
{
    (void)state;
    World *world = world_new();
    g_autoptr(CrashSite) site = crash_case_site(world, crash_case("the first import"));
    crash_site_restore(site);
    g_autofree char *folder = g_build_filename(world->state, "globex", NULL);
    g_autofree char *plans = g_build_filename(folder, "runs", NULL);
    assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
    write_text(plans, "in the way");
    g_autofree char *why = crash_run_on(site);
    g_autofree char *now = crash_dump(site);
    assert_non_null(why);
    assert_non_null(strstr(why, plans));
    assert_string_equal(now, site->start);
    assert_int_equal(g_remove(plans), 0);
    assert_null(crash_run_on(site));
    g_autofree char *then = crash_dump(site);
    assert_string_equal(then, site->expected);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_disk_is_full),
        cmocka_unit_test(plans_cannot_be_written),
    };
    crash_begin();
    int failed = cmocka_run_group_tests_name("crash_disk", tests, NULL, NULL);
    crash_tell();
    return failed;
}

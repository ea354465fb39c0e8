/*
 * test_ring.c - random people, random edits, passes in random order, round and round
 *
 * The home directory and two foreign ones, each a source and a target of the
 * others through home, which tell of their changes in all ways that there are:
 * whatever happened, after some passes everybody is exactly once in each directory,
 * as they are where they are at home, and no pass finds anything to do. Who is
 * deleted is gone everywhere and does not return. And two organisations that
 * connect each other. The seed is printed; RING_SEED repeats a run, NIGHTLY makes
 * it long.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ring.h"

#define WORLDS 3
#define WORLDS_AT_NIGHT 300
#define ROUNDS 5

static size_t worlds(void)
{
    return g_getenv("NIGHTLY") ? WORLDS_AT_NIGHT : WORLDS;
}

static void test_home_between_two_foreign_directories(void **state)
{
    (void)state;
    guint32 first = ring_seed();
    for (size_t i = 0; i < worlds(); i++) {
        g_autoptr(Ring) ring = ring_new(RING_HOME_X_Y, first + (guint32)i, NULL);
        ring_live_through(ring, ROUNDS);
    }
}

static void test_two_organisations_that_connect_each_other(void **state)
{
    (void)state;
    guint32 first = ring_seed();
    for (size_t i = 0; i < worlds(); i++) {
        g_autoptr(Ring) ring = ring_new(RING_TWO_HOMES, first + (guint32)i, NULL);
        ring_live_through(ring, ROUNDS);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_home_between_two_foreign_directories),
        cmocka_unit_test(test_two_organisations_that_connect_each_other),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}

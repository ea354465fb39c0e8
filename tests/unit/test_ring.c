/*
 * test_ring.c - random people, random edits, passes in random order, round and round
 *
 * The home directory and two foreign ones, each a source and a target of the
 * others through home: whatever happened, after some passes everybody is
 * exactly once in each directory, as they are where they are at home, and no
 * pass finds anything to do. Who is deleted is gone everywhere and does not
 * return. And two organisations that connect each other. The seed is printed;
 * RING_SEED repeats a run, NIGHTLY makes it long.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ring.h"

#include <stdlib.h>

#define WORLDS 3
#define WORLDS_AT_NIGHT 300
#define ROUNDS 5
#define ENOUGH 3 /* times that all passes may go round until nothing is left to do */

static size_t worlds(void)
{
    return g_getenv("NIGHTLY") ? WORLDS_AT_NIGHT : WORLDS;
}

static guint32 seed(void)
{
    const char *given = g_getenv("RING_SEED");
    guint32 chosen = given ? (guint32)strtoul(given, NULL, 10) : g_random_int();
    print_message("RING_SEED=%u\n", chosen);
    return chosen;
}

/* Every connector once, in any order. The changes that they wrote. */
static size_t go_round(Ring *ring)
{
    size_t writes = 0, n = ring_n_connectors(ring);
    size_t first = ring_chance(ring, n);
    for (size_t i = 0; i < n; i++)
        writes += ring_sync(ring, (first + i) % n, -1);
    return writes;
}

/* Some passes, whole or one step of them, while the edits go on. */
static void run_some(Ring *ring)
{
    for (size_t i = ring_chance(ring, 3); i > 0; i--) {
        size_t which = ring_chance(ring, ring_n_connectors(ring));
        if (!ring_chance(ring, 12))
            ring_lose_state(ring, which);
        ring_sync(ring, which, (int)ring_chance(ring, 4) - 2);
    }
}

static void assert_converges(Ring *ring)
{
    for (int i = 0; i < ENOUGH; i++)
        go_round(ring);
    size_t late = go_round(ring) + go_round(ring);
    if (late)
        ring_give_up(ring, "%zu changes are still written", late);
    ring_assert_everybody_once(ring);
}

static void live_through(Ring *ring)
{
    ring_populate(ring);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 1 + ring_chance(ring, 6); i > 0; i--) {
            ring_edit(ring);
            if (!ring_chance(ring, 3))
                run_some(ring);
        }
        run_some(ring);
        if (!ring_chance(ring, 2))
            assert_converges(ring);
    }
    assert_converges(ring);
}

static void test_home_between_two_foreign_directories(void **state)
{
    (void)state;
    guint32 first = seed();
    for (size_t i = 0; i < worlds(); i++) {
        g_autoptr(Ring) ring = ring_new(RING_HOME_X_Y, first + (guint32)i);
        live_through(ring);
    }
}

static void test_two_organisations_that_connect_each_other(void **state)
{
    (void)state;
    guint32 first = seed();
    for (size_t i = 0; i < worlds(); i++) {
        g_autoptr(Ring) ring = ring_new(RING_TWO_HOMES, first + (guint32)i);
        live_through(ring);
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

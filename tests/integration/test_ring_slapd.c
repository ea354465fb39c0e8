/*
 * test_ring_slapd.c - tests/unit/test_ring.c between real slapds
 *
 * One of them remembers whom it has deleted, one tells only who is there, and one
 * nothing at all; now and then one is restarted. The seed is printed; RING_SEED
 * repeats a run, NIGHTLY makes it long.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/ring.h"

#include <stdlib.h>

#define ROUNDS 3
#define WORLDS_AT_NIGHT 50

static void live_between_slapds(RingShape shape, const char *const *tells)
{
    const char *given = g_getenv("RING_SEED");
    guint32 seed = given ? (guint32)strtoul(given, NULL, 10) : g_random_int();
    Lab *labs[RING_MOST_PLACES] = {NULL};
    lab_skip_unless_slapd();
    print_message("RING_SEED=%u\n", seed);
    for (size_t i = 0; ring_base(shape, i); i++) {
        g_autofree char *options = g_strdup_printf("--nosync --suffix %s %s", ring_base(shape, i), tells[i]);
        labs[i] = lab_slapd_start(options);
    }
    for (int i = 0; i < (g_getenv("NIGHTLY") ? WORLDS_AT_NIGHT : 1); i++) {
        g_autoptr(Ring) ring = ring_new(shape, seed + (guint32)i, labs);
        ring_live_through(ring, ROUNDS);
    }
    for (size_t i = 0; i < RING_MOST_PLACES; i++)
        lab_slapd_stop(labs[i]);
}

static void home_between_two_foreign_directories(void **state)
{
    (void)state;
    live_between_slapds(RING_HOME_X_Y,
                        (const char *const[]){"--sessionlog 1000", "--syncprov", "--no-substrings"});
}

static void two_organisations_that_connect_each_other(void **state)
{
    (void)state;
    live_between_slapds(RING_TWO_HOMES, (const char *const[]){"--syncprov", "--sessionlog 1000"});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(home_between_two_foreign_directories),
        cmocka_unit_test(two_organisations_that_connect_each_other),
    };
    return cmocka_run_group_tests_name("ring_slapd", tests, NULL, NULL);
}

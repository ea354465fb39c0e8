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

#define ROUNDS 3
#define WORLDS_AT_NIGHT 50

static Lab *servers[RING_MOST_PLACES];

static void live_between_slapds(RingShape shape, const char *const *tells)
{
    lab_skip_unless_slapd();
    guint32 seed = ring_seed();
    for (size_t i = 0; ring_base(shape, i); i++) {
        g_autofree char *options = g_strdup_printf("--nosync --suffix %s %s", ring_base(shape, i), tells[i]);
        servers[i] = lab_slapd_start(options);
    }
    for (guint32 i = 0; i < (g_getenv("NIGHTLY") ? WORLDS_AT_NIGHT : 1); i++) {
        g_autoptr(Ring) ring = ring_new(shape, seed + i, servers);
        ring_live_through(ring, ROUNDS);
    }
}

static int stop_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < RING_MOST_PLACES; i++) {
        lab_slapd_stop(servers[i]);
        servers[i] = NULL;
    }
    return 0;
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
        cmocka_unit_test_teardown(home_between_two_foreign_directories, stop_servers),
        cmocka_unit_test_teardown(two_organisations_that_connect_each_other, stop_servers),
    };
    return cmocka_run_group_tests_name("ring_slapd", tests, NULL, NULL);
}

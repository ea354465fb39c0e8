/*
 * test_pace.c - so many a second, evenly; over a played clock
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/pace.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define SECOND 1000000

static void without_a_rate_nobody_waits(void **state)
{
    (void)state;
    Pace pace = pace_new(0, 5);
    for (int i = 0; i < 100; i++)
        assert_int_equal(pace_next(&pace, 5), 0);
}

static void they_go_evenly(void **state)
{
    (void)state;
    Pace pace = pace_new(100, 0);
    int64_t now = 0;
    for (int i = 0; i < 1000; i++) {
        now += pace_next(&pace, now);
        assert_int_equal(now, i * (SECOND / 100));
    }
}

static void slow_rates_are_kept_too(void **state)
{
    (void)state;
    Pace pace = pace_new(0.5, 7);
    assert_int_equal(pace_next(&pace, 7), 0);
    assert_int_equal(pace_next(&pace, 7), 2 * SECOND);
    assert_int_equal(pace_next(&pace, 7), 4 * SECOND);
}

static void a_timer_that_is_late_costs_nothing(void **state)
{
    (void)state;
    Pace pace = pace_new(1000, 0);
    int64_t now = 0;
    for (int i = 0; i < 10000; i++) {
        int64_t wait = pace_next(&pace, now);
        now += wait ? wait + 60 : 0; /* each sleep is a little long */
    }
    assert_in_range(now, 9990 * 1000, 10010 * 1000);
}

static void a_long_pause_is_not_made_good(void **state)
{
    (void)state;
    Pace pace = pace_new(100, 0);
    assert_int_equal(pace_next(&pace, 0), 0);
    int at_once = 0;
    while (pace_next(&pace, 60 * SECOND) == 0)
        at_once++;
    assert_in_range(at_once, 10, 11); /* those of a tenth of a second */
}

/* In any second there are never more than the rate and a tenth. */
static void the_rate_holds_whatever_the_pauses(void **state)
{
    (void)state;
    enum { N = 5000, RATE = 200 };
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srand(seed);
    int64_t *gone = calloc(N, sizeof *gone), now = 0;
    Pace pace = pace_new(RATE, 0);
    for (int i = 0; i < N; i++) {
        now += rand() % 50 ? rand() % 6000 : rand() % (3 * SECOND);
        now += pace_next(&pace, now);
        gone[i] = now;
    }
    for (int i = RATE + RATE / 10 + 1; i < N; i++)
        assert_true(gone[i] - gone[i - RATE - RATE / 10 - 1] >= SECOND);
    free(gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_rate_nobody_waits),   cmocka_unit_test(they_go_evenly),
        cmocka_unit_test(slow_rates_are_kept_too),       cmocka_unit_test(a_timer_that_is_late_costs_nothing),
        cmocka_unit_test(a_long_pause_is_not_made_good), cmocka_unit_test(the_rate_holds_whatever_the_pauses),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

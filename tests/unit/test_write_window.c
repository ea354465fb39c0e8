/*
 * test_write_window.c - how many changes may be outstanding, over played servers
 *
 * A played server answers one change after the other, each in its time, after
 * a way there and back: what a change waits follows from how many are
 * outstanding. No clock is looked at.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/write_window.h"

#define MILLISECOND 1000

/* As many answers as the window is large, each with all others before it in the queue. */
static void play(WriteWindow *window, int64_t service, int64_t way, int answers)
{
    while (answers-- > 0)
        write_window_answered(window, way + service * window->size);
}

static WriteWindow window_of(unsigned limit)
{
    WriteWindow window;
    write_window_init(&window, limit);
    return window;
}

static void it_begins_small_and_the_limit_holds(void **state)
{
    (void)state;
    assert_int_equal(window_of(64).size, WRITE_WINDOW_START);
    assert_int_equal(window_of(4).size, 4);
    assert_int_equal(window_of(0).size, 1);
    assert_int_equal(window_of(100000).limit, WRITE_WINDOW_MAX);
    WriteWindow window = window_of(64);
    play(&window, 1, 0, 10000);
    assert_int_equal(window.size, 64);
}

static void a_quick_server_gets_twice_as_many_each_round(void **state)
{
    (void)state;
    WriteWindow window = window_of(256);
    unsigned sizes[] = {16, 32, 64, 128, 256, 256};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(window.size, sizes[i]);
        play(&window, 100, MILLISECOND, (int)window.size);
    }
}

static void a_slow_server_is_not_buried(void **state)
{
    (void)state;
    WriteWindow window = window_of(64);
    write_window_answered(&window, 20 * MILLISECOND); /* alone, nothing before it */
    play(&window, 20 * MILLISECOND, 0, 500);
    assert_in_range(window.size, 3, 6); /* five of 20 ms each are 100 ms */
    play(&window, MILLISECOND / 2, 0, 2000);
    assert_int_equal(window.size, 64); /* it became quick: all that is allowed */
}

static void a_very_slow_server_has_one(void **state)
{
    (void)state;
    WriteWindow window = window_of(64);
    write_window_answered(&window, 500 * MILLISECOND);
    play(&window, 500 * MILLISECOND, 0, 500);
    assert_in_range(window.size, 1, 2);
}

static void a_long_way_is_not_a_queue(void **state)
{
    (void)state;
    WriteWindow window = window_of(128);
    write_window_answered(&window, 300 * MILLISECOND);
    play(&window, 100, 300 * MILLISECOND, 1000);
    assert_int_equal(window.size, 128);
}

static void one_slow_answer_in_a_round_changes_nothing(void **state)
{
    (void)state;
    WriteWindow window = window_of(64);
    play(&window, 100, MILLISECOND, 1000);
    assert_int_equal(window.size, 64);
    write_window_answered(&window, 2000 * MILLISECOND);
    play(&window, 100, MILLISECOND, 63);
    assert_int_equal(window.size, 64);
}

static void a_busy_server_gets_half_once_a_round(void **state)
{
    (void)state;
    WriteWindow window = window_of(64);
    play(&window, 100, 0, 1000);
    for (int i = 0; i < 10; i++) /* all that were outstanding say so */
        write_window_busy(&window);
    assert_int_equal(window.size, 32);
    play(&window, 100, 0, 32);
    assert_in_range(window.size, 33, 40); /* and now carefully */
}

static void a_server_that_stays_busy_has_one(void **state)
{
    (void)state;
    WriteWindow window = window_of(64);
    play(&window, 100, 0, 1000);
    for (int i = 0; i < 64 + 32 + 16 + 8 + 4 + 2 + 1; i++)
        write_window_busy(&window);
    assert_int_equal(window.size, 1);
    write_window_busy(&window);
    write_window_busy(&window);
    assert_int_equal(window.size, 1);
}

static void strange_times_do_no_harm(void **state)
{
    (void)state;
    WriteWindow window = window_of(8);
    for (int i = 0; i < 100; i++)
        write_window_answered(&window, -5);
    assert_int_equal(window.size, 8);
    for (int i = 0; i < 100; i++)
        write_window_answered(&window, INT64_MAX / 1000);
    assert_in_range(window.size, 1, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_small_and_the_limit_holds),
        cmocka_unit_test(a_quick_server_gets_twice_as_many_each_round),
        cmocka_unit_test(a_slow_server_is_not_buried),
        cmocka_unit_test(a_very_slow_server_has_one),
        cmocka_unit_test(a_long_way_is_not_a_queue),
        cmocka_unit_test(one_slow_answer_in_a_round_changes_nothing),
        cmocka_unit_test(a_busy_server_gets_half_once_a_round),
        cmocka_unit_test(a_server_that_stays_busy_has_one),
        cmocka_unit_test(strange_times_do_no_harm),
    };
    return cmocka_run_group_tests_name("write_window", tests, NULL, NULL);
}

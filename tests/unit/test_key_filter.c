/*
 * test_key_filter.c - a key that is there is never said not to be
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/key_filter.h"

static char *value_of(unsigned i)
{
    return g_strdup_printf("smtp:person%u@example.org", i);
}

static unsigned count_there(const KeyFilter *filter, const char *kind, unsigned from, unsigned to)
{
    unsigned there = 0;
    for (unsigned i = from; i < to; i++) {
        g_autofree char *value = value_of(i);
        there += key_filter_may_have(filter, kind, value);
    }
    return there;
}

static void add_some(KeyFilter *filter, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *value = value_of(i);
        key_filter_add(filter, "address", value);
    }
}

static void test_what_is_there_is_found(void **state)
{
    (void)state;
    g_autoptr(KeyFilter) filter = key_filter_new(20000);
    add_some(filter, 20000);
    assert_int_equal(count_there(filter, "address", 0, 20000), 20000);
}

/* Or it would be of no use: the same values of another kind, and other values. */
static void test_most_others_are_not(void **state)
{
    (void)state;
    g_autoptr(KeyFilter) filter = key_filter_new(20000);
    add_some(filter, 20000);
    assert_in_range(count_there(filter, "dn", 0, 20000), 0, 400);
    assert_in_range(count_there(filter, "address", 20000, 40000), 0, 400);
}

static void test_nothing_is_in_an_empty_one(void **state)
{
    (void)state;
    g_autoptr(KeyFilter) filter = key_filter_new(0);
    assert_int_equal(count_there(filter, "address", 0, 1000), 0);
}

static void test_more_than_expected_makes_it_unsure_not_wrong(void **state)
{
    (void)state;
    g_autoptr(KeyFilter) filter = key_filter_new(1);
    add_some(filter, 5000);
    assert_int_equal(count_there(filter, "address", 0, 5000), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_there_is_found),
        cmocka_unit_test(test_most_others_are_not),
        cmocka_unit_test(test_nothing_is_in_an_empty_one),
        cmocka_unit_test(test_more_than_expected_makes_it_unsure_not_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_audit_keys.c - keys come back sorted and together, in memory or in pieces
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/audit_keys.h"

#include <glib/gstdio.h>
#include <stdio.h>

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("dirsync-keys-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    int result = g_rmdir(folder); /* fails unless nothing was left behind */
    g_free(folder);
    return result;
}

/* Adds @n keys of @distinct different ones; each group must be whole, and greater than the one before. */
static void sort_and_compare(size_t piece, uint32_t n, uint32_t distinct)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AuditKeys) keys = audit_keys_new(folder, piece, &error);
    g_autoptr(GArray) group = g_array_new(FALSE, FALSE, sizeof(AuditKey));
    uint64_t before = 0;
    uint32_t seen = 0;
    assert_non_null(keys);
    for (uint32_t i = 0; i < n; i++) {
        /* an odd factor spreads the keys, and gives each of them n / distinct times */
        const AuditKey key = {
            .key = (uint64_t)(i % distinct) * 0x9e3779b97f4a7c15u, .object = n - i, .at = i};
        assert_true(audit_keys_add(keys, &key, &error));
    }
    assert_true(audit_keys_sort(keys, &error));
    for (assert_true(audit_keys_next(keys, group, &error)); group->len;
         assert_true(audit_keys_next(keys, group, &error))) {
        uint64_t key = g_array_index(group, AuditKey, 0).key;
        assert_int_equal(group->len, n / distinct);
        assert_true(!seen || key > before);
        for (guint i = 0; i < group->len; i++) {
            assert_true(g_array_index(group, AuditKey, i).key == key);
            assert_true(!i || g_array_index(group, AuditKey, i).object >
                                  g_array_index(group, AuditKey, i - 1).object);
        }
        before = key;
        seen += group->len;
    }
    assert_int_equal(seen, n);
}

static void test_sorted_in_memory(void **state)
{
    (void)state;
    sort_and_compare(1000, 600, 60);
}

static void test_sorted_in_pieces(void **state)
{
    (void)state;
    sort_and_compare(7, 600, 60);
    sort_and_compare(1, 12, 4);
    sort_and_compare(600, 600, 1);
    sort_and_compare(3000, 60000, 30000); /* pieces longer than what is read of each at a time */
}

static void test_nothing_is_nothing(void **state)
{
    (void)state;
    sort_and_compare(0, 0, 1);
}

static void test_a_folder_that_is_not_there(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *missing = g_build_filename(folder, "missing", NULL);
    assert_null(audit_keys_new(missing, 0, &error));
    assert_true(error_is(error, ERROR_IO));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_in_memory),
        cmocka_unit_test(test_sorted_in_pieces),
        cmocka_unit_test(test_nothing_is_nothing),
        cmocka_unit_test(test_a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests_name("audit_keys", tests, make_folder, drop_folder);
}

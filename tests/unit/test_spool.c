/*
 * test_spool.c - what was appended is read back, wherever it is by then
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/error.h"
#include "dirsync/spool.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("dirsync-spool-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    int result = g_rmdir(folder); /* fails unless the spool left nothing behind */
    g_free(folder);
    return result;
}

static Entry *make_entry(size_t i, size_t size)
{
    g_autofree char *dn = g_strdup_printf("cn=%zu,o=x", i);
    g_autofree char *value = g_strnfill(size, (char)('a' + i % 26));
    Entry *entry = entry_new(dn);
    entry_add(entry, "description", value, size);
    entry_add(entry, "jpegPhoto", "\0\1\2", 3);
    return entry;
}

static void assert_entry(Spool *spool, uint64_t position, size_t i, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Entry) entry = spool_read(spool, position, &error);
    g_autoptr(Entry) expected = make_entry(i, size);
    assert_non_null(entry);
    assert_string_equal(entry_dn(entry), entry_dn(expected));
    assert_int_equal(entry_n_attributes(entry), 2);
    assert_int_equal(entry_attribute(entry, 0)->values[0].len, size);
    assert_memory_equal(entry_attribute(entry, 0)->values[0].data,
                        entry_attribute(expected, 0)->values[0].data, size);
    assert_memory_equal(entry_attribute(entry, 1)->values[0].data, "\0\1\2", 3);
}

/* Small and large ones, read while more are appended, and in any order. */
static void test_entries_come_back(void **state)
{
    (void)state;
    enum { N = 300 };
    uint64_t positions[N];
    g_autoptr(Spool) spool = spool_new(folder, NULL);
    assert_non_null(spool);
    for (size_t i = 0; i < N; i++) {
        g_autoptr(Entry) entry = make_entry(i, i * 37 % 5000);
        assert_true(spool_append(spool, entry, &positions[i], NULL));
        if (i % 50 == 0)
            assert_entry(spool, positions[i / 2], i / 2, i / 2 * 37 % 5000);
    }
    for (size_t i = N; i-- > 0;)
        assert_entry(spool, positions[i], i, i * 37 % 5000);
}

static void test_an_entry_larger_than_the_buffer(void **state)
{
    (void)state;
    g_autoptr(Spool) spool = spool_new(folder, NULL);
    uint64_t large, small;
    g_autoptr(Entry) one = make_entry(1, 3000000), two = make_entry(2, 5);
    assert_true(spool_append(spool, one, &large, NULL));
    assert_true(spool_append(spool, two, &small, NULL));
    assert_entry(spool, small, 2, 5);
    assert_entry(spool, large, 1, 3000000);
}

static void test_a_wrong_position_is_an_error(void **state)
{
    (void)state;
    g_autoptr(Spool) spool = spool_new(folder, NULL);
    g_autoptr(GError) error = NULL;
    assert_null(spool_read(spool, 4096, &error));
    assert_true(error_is(error, ERROR_IO));
}

static void test_a_folder_that_is_not_there(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *nowhere = g_build_filename(folder, "nowhere", NULL);
    assert_null(spool_new(nowhere, &error));
    assert_true(error_is(error, ERROR_IO));
    assert_non_null(strstr(error->message, nowhere));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_come_back),
        cmocka_unit_test(test_an_entry_larger_than_the_buffer),
        cmocka_unit_test(test_a_wrong_position_is_an_error),
        cmocka_unit_test(test_a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests_name("spool", tests, make_folder, drop_folder);
}

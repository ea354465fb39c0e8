/*
 * test_settlements.c - what there is to record comes back whole; who claims what in a run
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/claim_table.h"
#include "dirsync/link_table.h"
#include "dirsync/settlements.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define MANY 5000 /* more than one buffer of the spool, and several sizes of the hash index */

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("dirsync-settlements-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    int result = g_rmdir(folder); /* fails unless nothing was left behind */
    g_free(folder);
    return result;
}

/* Of every third the name is not known, of every second the id. */
static Settled make_settled(size_t i)
{
    Settled settled = {.remove = i % 7 == 0, .exact_before = {i, 1}};
    settled.row.anchor = g_strdup_printf("anchor %zu", i);
    settled.row.dn = i % 3 ? g_strdup_printf("cn=%zu,o=x", i) : NULL;
    settled.row.id = i % 2 ? g_strdup("") : NULL;
    settled.row.source_dn = g_strdup_printf("uid=%zu,o=y", i);
    settled.row.desired = (Fingerprint){2, i};
    settled.row.flags = (unsigned)i;
    return settled;
}

static void add(Settlements *settlements, size_t i)
{
    g_auto(Settled) settled = make_settled(i);
    settlements_add(settlements, (unsigned)i, i % 2 ? 5 : 0, &settled);
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    assert_int_equal(g_strcmp0(a, b), 0);
}

static void assert_settled(const Settlements *settlements, size_t i)
{
    g_auto(Settled) expected = make_settled(i), settled = {0};
    const Settlement *found = settlements_at(settlements, i);
    assert_int_equal(found->pending, i);
    assert_int_equal(found->kinds, i % 2 ? 5 : 0);
    assert_false(found->failed);
    assert_true(settlements_read(settlements, found, &settled, NULL));
    assert_same_text(settled.row.anchor, expected.row.anchor);
    assert_same_text(settled.row.dn, expected.row.dn);
    assert_same_text(settled.row.id, expected.row.id);
    assert_same_text(settled.row.source_dn, expected.row.source_dn);
    assert_true(fingerprint_equal(settled.row.desired, expected.row.desired));
    assert_true(fingerprint_equal(settled.exact_before, expected.exact_before));
    assert_int_equal(settled.row.flags, expected.row.flags);
    assert_int_equal(settled.remove, expected.remove);
}

static void what_is_kept_comes_back_in_any_order(void **state)
{
    (void)state;
    g_autoptr(Settlements) settlements = settlements_new(folder, NULL);
    for (size_t i = 0; i < MANY; i++) {
        add(settlements, i);
        if (i % 500 == 0)
            assert_settled(settlements, i / 2);
    }
    assert_true(settlements_check(settlements, NULL));
    assert_int_equal(settlements_count(settlements), MANY);
    for (size_t i = MANY; i-- > 0;)
        assert_settled(settlements, i);
}

static void (*xfsz_before)(int);

/* No file may grow, as on a full disk. */
static void forbid_writing(struct rlimit *before)
{
    struct rlimit none = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, before), 0);
    none.rlim_max = before->rlim_max;
    xfsz_before = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void allow_writing(const struct rlimit *before)
{
    assert_int_equal(setrlimit(RLIMIT_FSIZE, before), 0);
    signal(SIGXFSZ, xfsz_before);
}

/* That is told once, and before anything is written elsewhere. */
static void what_could_not_be_kept_is_told(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Settlements) settlements = settlements_new(folder, NULL);
    struct rlimit before;
    forbid_writing(&before);
    for (size_t i = 0; i < MANY; i++)
        add(settlements, i);
    allow_writing(&before);
    assert_true(settlements_count(settlements) < MANY);
    assert_false(settlements_check(settlements, &error));
    assert_true(error_is(error, ERROR_IO));
}

static void assert_claimant(ClaimTable *table, const char *key, bool expected, uint32_t who)
{
    bool claims;
    uint32_t claimant;
    assert_true(claim_table_find(table, fingerprint_string(key), &claims, &claimant, NULL));
    assert_int_equal(claims, expected);
    if (expected)
        assert_int_equal(claimant, who);
}

static void a_key_belongs_to_the_last_who_claims_it(void **state)
{
    (void)state;
    g_autoptr(ClaimTable) table = claim_table_new(folder, NULL);
    assert_claimant(table, "name", false, 0);
    claim_table_put(table, fingerprint_string("name"), 7);
    claim_table_put(table, fingerprint_string("address"), 7);
    assert_claimant(table, "name", true, 7);
    assert_claimant(table, "address", true, 7);
    claim_table_put(table, fingerprint_string("name"), NOWHERE);
    assert_claimant(table, "name", true, NOWHERE);
    assert_claimant(table, "address", true, 7);
}

/* More than the claims that wait in memory, and than the first places of each part of the table. */
static void many_claimants_are_told_apart(void **state)
{
    (void)state;
    g_autoptr(ClaimTable) table = claim_table_new(folder, NULL);
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 4 * MANY; i++) { /* two keys each */
            g_autofree char *key = g_strdup_printf("key %u", i);
            claim_table_put(table, fingerprint_string(key), i / 2 + round);
        }
    for (uint32_t i = 0; i < 4 * MANY; i++) {
        g_autofree char *key = g_strdup_printf("key %u", i), *other = g_strdup_printf("other %u", i);
        assert_claimant(table, key, true, i / 2 + 1);
        assert_claimant(table, other, false, 0);
    }
    assert_true(claim_table_check(table, NULL));
}

/* What memory has of two keys may be the same: then the file says which is which. */
static void keys_that_look_alike_in_memory_are_told_apart(void **state)
{
    (void)state;
    g_autoptr(ClaimTable) table = claim_table_new(folder, NULL);
    for (uint64_t i = 0; i < 100; i++)
        claim_table_put(table, (Fingerprint){i << 32 | 1, 7}, (uint32_t)i);
    for (uint64_t i = 0; i < 101; i++) {
        uint32_t claimant;
        bool claims;
        assert_true(claim_table_find(table, (Fingerprint){i << 32 | 1, 7}, &claims, &claimant, NULL));
        assert_int_equal(claims, i < 100);
        assert_true(!claims || claimant == i);
    }
}

/* The file may not grow, as on a full disk. */
static void a_claim_that_could_not_be_kept_is_told(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(ClaimTable) table = claim_table_new(folder, NULL);
    struct rlimit before;
    forbid_writing(&before);
    for (uint32_t i = 0; i < 4 * MANY; i++)
        claim_table_put(table, (Fingerprint){i, i}, i);
    allow_writing(&before);
    bool claims;
    uint32_t claimant;
    assert_false(claim_table_find(table, (Fingerprint){1, 1}, &claims, &claimant, NULL));
    assert_false(claim_table_check(table, &error));
    assert_true(error_is(error, ERROR_IO));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_comes_back_in_any_order),
        cmocka_unit_test(what_could_not_be_kept_is_told),
        cmocka_unit_test(a_key_belongs_to_the_last_who_claims_it),
        cmocka_unit_test(many_claimants_are_told_apart),
        cmocka_unit_test(keys_that_look_alike_in_memory_are_told_apart),
        cmocka_unit_test(a_claim_that_could_not_be_kept_is_told),
    };
    return cmocka_run_group_tests_name("settlements", tests, make_folder, drop_folder);
}

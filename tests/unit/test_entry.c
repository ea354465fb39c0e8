/*
 * test_entry.c - entries: what goes in comes out, addresses stay, spool files are not trusted
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "dirsync/entry.h"
#include "dirsync/error.h"

static Entry *sample_entry(void)
{
    Entry *entry = entry_new("cn=Anna,dc=example");
    entry_add_string(entry, "objectClass", "person");
    entry_add_string(entry, "cn", "Anna");
    entry_add_string(entry, "OBJECTCLASS", "top");
    entry_add(entry, "jpegPhoto", "\xff\0\xd8", 3);
    entry_add_empty(entry, "description");
    return entry;
}

static void values_are_kept_in_order_of_arrival(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = sample_entry();
    assert_string_equal(entry_dn(entry), "cn=Anna,dc=example");
    assert_int_equal(entry_n_attributes(entry), 4);
    const Attribute *classes = entry_attribute(entry, 0);
    assert_string_equal(classes->name, "objectClass"); /* the first spelling stays */
    assert_int_equal(classes->n_values, 2);
    assert_string_equal(classes->values[0].data, "person");
    assert_string_equal(classes->values[1].data, "top");
    const Attribute *photo = entry_attribute(entry, 2);
    assert_int_equal(photo->values[0].len, 3);
    assert_memory_equal(photo->values[0].data, "\xff\0\xd8", 4); /* and a NUL that does not count */
    assert_int_equal(entry_attribute(entry, 3)->n_values, 0);
}

static void names_are_found_whatever_their_case(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = sample_entry();
    assert_int_equal(entry_index(entry, "CN"), 1);
    assert_int_equal(entry_index(entry, "description"), 3);
    assert_int_equal(entry_index(entry, "c"), -1);
    assert_int_equal(entry_index(entry, "cn;lang-en"), -1);
}

static void removing_an_attribute_keeps_the_order_of_the_others(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = sample_entry();
    entry_remove(entry, 1);
    assert_int_equal(entry_n_attributes(entry), 3);
    assert_string_equal(entry_attribute(entry, 0)->name, "objectClass");
    assert_string_equal(entry_attribute(entry, 1)->name, "jpegPhoto");
    assert_string_equal(entry_attribute(entry, 2)->name, "description");
    entry_remove(entry, 2);
    entry_remove(entry, 0);
    entry_remove(entry, 0);
    assert_int_equal(entry_n_attributes(entry), 0);
}

static void values_keep_their_address_when_others_are_added(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = sample_entry();
    const char *first = entry_attribute(entry, 0)->values[0].data;
    const char *dn = entry_dn(entry);
    g_autofree char *large = g_malloc0(300000);
    for (int i = 0; i < 2000; i++) {
        g_autofree char *name = g_strdup_printf("attribute%d", i % 100);
        entry_add_string(entry, name, "a value of some length, so that blocks fill");
        if (i % 500 == 0)
            entry_add(entry, "large", large, 300000);
    }
    assert_ptr_equal(entry_attribute(entry, 0)->values[0].data, first);
    assert_ptr_equal(entry_dn(entry), dn);
    assert_string_equal(first, "person");
    assert_int_equal(entry_n_attributes(entry), 105);
    assert_int_equal(entry_attribute(entry, 4)->n_values, 20);
    assert_int_equal(entry_attribute(entry, (size_t)entry_index(entry, "large"))->values[3].len, 300000);
}

static void memory_of_the_arena_is_aligned(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = entry_new("");
    for (size_t size = 0; size < 5000; size += 37) {
        char *memory = entry_alloc(entry, size);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        memset(memory, 0x5a, size); /* the sanitizer watches */
    }
}

static void assert_same(const Entry *a, const Entry *b)
{
    assert_string_equal(entry_dn(a), entry_dn(b));
    assert_int_equal(entry_n_attributes(a), entry_n_attributes(b));
    for (size_t i = 0; i < entry_n_attributes(a); i++) {
        const Attribute *left = entry_attribute(a, i), *right = entry_attribute(b, i);
        assert_string_equal(left->name, right->name);
        assert_int_equal(left->n_values, right->n_values);
        for (size_t j = 0; j < left->n_values; j++) {
            assert_int_equal(left->values[j].len, right->values[j].len);
            assert_memory_equal(left->values[j].data, right->values[j].data, left->values[j].len + 1);
        }
    }
}

static void a_copy_is_the_same_and_lives_on_its_own(void **state)
{
    (void)state;
    Entry *entry = sample_entry();
    g_autoptr(Entry) copy = entry_copy(entry);
    assert_same(entry, copy);
    entry_set_dn(entry, "cn=Other");
    entry_add_string(entry, "cn", "Other");
    assert_int_equal(entry_attribute(copy, 1)->n_values, 1);
    entry_free(entry);
    assert_string_equal(entry_dn(copy), "cn=Anna,dc=example");
    entry_add_string(copy, "sn", "Berg");
    assert_int_equal(entry_n_attributes(copy), 5);
}

static void a_serialised_entry_comes_back_the_same(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = sample_entry();
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    entry_serialise(entry, bytes);
    g_autoptr(Entry) back = entry_deserialise(bytes->data, bytes->len, &error);
    assert_null(error);
    assert_same(entry, back);
}

static void damaged_spool_bytes_are_refused(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = sample_entry();
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    entry_serialise(entry, bytes);
    for (guint len = 0; len < bytes->len; len++) {
        g_autoptr(GError) error = NULL;
        assert_null(entry_deserialise(bytes->data, len, &error));
        assert_true(error_is(error, ERROR_INVALID));
    }
    g_byte_array_append(bytes, (const guint8 *)"x", 1);
    assert_null(entry_deserialise(bytes->data, bytes->len, NULL));
}

static void flipped_bytes_never_do_harm(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = sample_entry();
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    entry_serialise(entry, bytes);
    for (guint i = 0; i < bytes->len; i++) {
        guint8 kept = bytes->data[i];
        for (int bit = 0; bit < 8; bit++) {
            bytes->data[i] = (guint8)(kept ^ 1 << bit);
            g_autoptr(Entry) back = entry_deserialise(bytes->data, bytes->len, NULL);
            assert_true(!back || entry_dn(back)); /* either is right; the sanitizer watches */
        }
        bytes->data[i] = kept;
    }
}

static void a_fingerprint_changes_with_its_bytes(void **state)
{
    (void)state;
    Fingerprint a = fingerprint_bytes("abc", 3);
    assert_true(fingerprint_equal(a, fingerprint_bytes("abcd", 3)));
    assert_false(fingerprint_equal(a, fingerprint_bytes("abd", 3)));
    assert_false(fingerprint_equal(a, fingerprint_bytes("abc", 4)));
    assert_false(fingerprint_is_zero(fingerprint_bytes("", 0)));
    assert_true(fingerprint_is_zero((Fingerprint){0, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_kept_in_order_of_arrival),
        cmocka_unit_test(names_are_found_whatever_their_case),
        cmocka_unit_test(removing_an_attribute_keeps_the_order_of_the_others),
        cmocka_unit_test(values_keep_their_address_when_others_are_added),
        cmocka_unit_test(memory_of_the_arena_is_aligned),
        cmocka_unit_test(a_copy_is_the_same_and_lives_on_its_own),
        cmocka_unit_test(a_serialised_entry_comes_back_the_same),
        cmocka_unit_test(damaged_spool_bytes_are_refused),
        cmocka_unit_test(flipped_bytes_never_do_harm),
        cmocka_unit_test(a_fingerprint_changes_with_its_bytes),
    };
    return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}

/*
 * test_stamp.c - whose object it is, in the three forms of a stamp
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/stamp.h"

#include <string.h>

#define UUID "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10"
#define OTHER "5e0c1d2a-9b1f-4a77-8a55-0c9d7d7b6a01"
#define SINCE "20261122143000Z"

static const StampSettings forms[] = {
    {.form = STAMP_CLASS},
    {.form = STAMP_ATTRIBUTE, .name = (char *)"extensionAttribute15"},
    {.form = STAMP_PROXY, .name = (char *)"DIRSYNC"},
};

/* Everything that an anchor may contain. */
static const char *const anchors[] = {"a1",
                                      "with;semicolons;",
                                      "(*)\\,=+\"<>",
                                      "Zo\xc3\xab",
                                      "hex:00ff",
                                      "a b",
                                      "0e9f2c1a-7c55-4a3e-8d0f-3d0f5a1c2b3d",
                                      "{x}",
                                      ";",
                                      "uid=a,o=x"};

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    for (size_t f = 0; f < G_N_ELEMENTS(forms); f++)
        for (size_t a = 0; a < G_N_ELEMENTS(anchors); a++)
            for (int graced = 0; graced < 2; graced++) {
                Stamp written = {(char *)UUID, (char *)anchors[a], graced ? (char *)SINCE : NULL};
                g_autoptr(Entry) entry = entry_new("cn=x");
                entry_add_string(entry, "proxyAddresses", "SMTP:x@globex.example");
                stamp_write(&forms[f], &written, entry);
                g_auto(Stamp) read = {0};
                assert_true(stamp_read(&forms[f], schema, entry, &read));
                assert_string_equal(read.connector, UUID);
                assert_string_equal(read.anchor, anchors[a]);
                assert_int_equal(read.grace != NULL, graced);
                if (graced)
                    assert_string_equal(read.grace, SINCE);
            }
}

static void test_the_connector_is_compared_without_case(void **state)
{
    (void)state;
    for (size_t f = 0; f < G_N_ELEMENTS(forms); f++) {
        g_autofree char *upper = g_ascii_strup(UUID, -1);
        Stamp written = {upper, (char *)"a1", NULL};
        g_autoptr(Entry) entry = entry_new("cn=x");
        stamp_write(&forms[f], &written, entry);
        g_auto(Stamp) read = {0};
        assert_true(stamp_read(&forms[f], schema_standard(), entry, &read));
        assert_string_equal(read.connector, UUID);
    }
}

/* Assertions hold for the stamp and for nothing else, in grace or not. */
static void test_filters_hold_exactly_for_the_stamp(void **state)
{
    (void)state;
    const Schema *schema = schema_standard();
    for (size_t f = 0; f < G_N_ELEMENTS(forms); f++)
        for (size_t a = 0; a < G_N_ELEMENTS(anchors); a++) {
            g_autofree char *text = stamp_filter(&forms[f], UUID, anchors[a]);
            g_autofree char *owner = stamp_owner_filter(&forms[f], UUID);
            g_autoptr(Filter) filter = filter_parse(text, NULL), by_owner = filter_parse(owner, NULL);
            assert_non_null(filter);
            assert_non_null(by_owner);
            for (int i = 0; i < 4; i++) {
                Stamp stamp = {(char *)(i == 2 ? OTHER : UUID), (char *)(i == 3 ? "z9" : anchors[a]),
                               i == 1 ? (char *)SINCE : NULL};
                g_autoptr(Entry) entry = entry_new("cn=x");
                stamp_write(&forms[f], &stamp, entry);
                assert_int_equal(filter_matches(filter, schema, entry), i < 2);
                assert_int_equal(filter_matches(by_owner, schema, entry), i != 2);
            }
        }
}

/* The anchor that is the end of another one, in the forms of one value. */
static void test_filters_tell_an_anchor_from_the_end_of_another(void **state)
{
    (void)state;
    for (size_t f = 0; f < G_N_ELEMENTS(forms); f++) {
        g_autofree char *text = stamp_filter(&forms[f], UUID, "1");
        g_autoptr(Filter) filter = filter_parse(text, NULL);
        Stamp stamp = {(char *)UUID, (char *)"2;1", NULL};
        g_autoptr(Entry) entry = entry_new("cn=x");
        stamp_write(&forms[f], &stamp, entry);
        assert_false(filter_matches(filter, schema_standard(), entry));
    }
}

static void test_what_is_no_stamp(void **state)
{
    (void)state;
    static const char *const values[] = {"",        "x",    UUID,           UUID ";",
                                         UUID ";;", ";;a1", "S500:7:thing", UUID ";" SINCE};
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_auto(Stamp) read = {0};
        g_autofree char *proxy = g_strconcat("dirsync:", values[i], NULL);
        g_autoptr(Entry) entry = entry_new("cn=x");
        entry_add_string(entry, "extensionAttribute15", values[i]);
        entry_add_string(entry, "proxyAddresses", proxy);
        entry_add_string(entry, "dirsyncAnchor", "a1"); /* without importedFrom */
        for (size_t f = 0; f < G_N_ELEMENTS(forms); f++)
            assert_false(stamp_read(&forms[f], schema_standard(), entry, &read));
    }
}

static void test_a_proxy_address_of_another_type_is_no_stamp(void **state)
{
    (void)state;
    g_auto(Stamp) read = {0};
    g_autoptr(Entry) entry = entry_new("cn=x");
    entry_add_string(entry, "proxyAddresses", "dirsync2:" UUID ";;a1");
    entry_add_string(entry, "proxyAddresses", "smtp:" UUID ";;a1");
    assert_false(stamp_read(&forms[2], schema_standard(), entry, &read));
    entry_add_string(entry, "proxyAddresses", "DIRSYNC:" UUID ";;a1");
    assert_true(stamp_read(&forms[2], schema_standard(), entry, &read));
}

static void test_anchors_as_text_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } cases[] = {
        {"a1", 2, "a1"},
        {"Zo\xc3\xab", 4, "Zo\xc3\xab"},
        {"\x00\xff\x10", 3, "hex:00ff10"},
        {"", 0, "hex:"},
        {" a", 2, "hex:2061"},
        {"a ", 2, "hex:6120"},
        {"a\nb", 3, "hex:610a62"},
        {"hex:00", 6, "hex:6865783a3030"},
        {"\xc3", 1, "hex:c3"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = anchor_text((Value){cases[i].bytes, cases[i].len});
        g_autoptr(GBytes) bytes = anchor_bytes(text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(g_bytes_get_size(bytes), cases[i].len);
        if (cases[i].len)
            assert_memory_equal(g_bytes_get_data(bytes, NULL), cases[i].bytes, cases[i].len);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_the_connector_is_compared_without_case),
        cmocka_unit_test(test_filters_hold_exactly_for_the_stamp),
        cmocka_unit_test(test_filters_tell_an_anchor_from_the_end_of_another),
        cmocka_unit_test(test_what_is_no_stamp),
        cmocka_unit_test(test_a_proxy_address_of_another_type_is_no_stamp),
        cmocka_unit_test(test_anchors_as_text_and_back),
    };
    return cmocka_run_group_tests_name("stamp", tests, NULL, NULL);
}

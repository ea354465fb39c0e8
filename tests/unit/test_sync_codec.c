/*
 * test_sync_codec.c - the controls of RFC 4533 and DirSync, byte for byte
 *
 * The bytes are written out by hand from the ASN.1 of RFC 4533 and MS-ADTS, so that a
 * mistake that encoder and decoder share would show.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/ldap_sync_codec.h"

#include <string.h>

#define UUID "0123456789abcdef"
#define BYTES(text) (text), sizeof(text) - 1

static void assert_bytes(GBytes *bytes, const char *expected, size_t len)
{
    assert_non_null(bytes);
    assert_int_equal(g_bytes_get_size(bytes), len);
    assert_memory_equal(g_bytes_get_data(bytes, NULL), expected, len);
}

static void a_request_is_refresh_only_with_or_without_cookie(void **state)
{
    (void)state;
    g_autoptr(GBytes) cookie = g_bytes_new_static(BYTES("c\0k"));
    g_autoptr(GBytes) first = sync_encode_request(NULL);
    g_autoptr(GBytes) next = sync_encode_request(cookie);
    g_autoptr(GBytes) persist = sync_encode_persist(NULL);
    assert_bytes(persist, BYTES("\x30\x03\x0a\x01\x03"));
    assert_bytes(first, BYTES("\x30\x03\x0a\x01\x01"));
    assert_bytes(next, BYTES("\x30\x08\x0a\x01\x01\x04\x03"
                             "c\0k"));
}

static void a_state_has_an_identity_and_perhaps_a_cookie(void **state)
{
    (void)state;
    SyncStateValue value;
    assert_true(sync_decode_state(BYTES("\x30\x15\x0a\x01\x03\x04\x10" UUID), &value));
    assert_int_equal(value.state, SYNC_DELETE);
    assert_memory_equal(value.uuid, UUID, 16);
    assert_null(value.cookie);
    assert_true(sync_decode_state(BYTES("\x30\x18\x0a\x01\x01\x04\x10" UUID "\x04\x01x"), &value));
    assert_int_equal(value.state, SYNC_ADD);
    assert_bytes(value.cookie, BYTES("x"));
    sync_state_clear(&value);
}

static void a_done_says_which_phase_it_was(void **state)
{
    (void)state;
    SyncDoneValue value;
    assert_true(sync_decode_done(BYTES("\x30\x00"), &value));
    assert_null(value.cookie);
    assert_false(value.refresh_deletes);
    assert_true(sync_decode_done(BYTES("\x30\x06\x04\x01x\x01\x01\xff"), &value));
    assert_bytes(value.cookie, BYTES("x"));
    assert_true(value.refresh_deletes);
    sync_done_clear(&value);
}

static void an_info_is_one_of_four(void **state)
{
    (void)state;
    SyncInfoValue value;
    assert_true(sync_decode_info(BYTES("\x80\x01x"), &value));
    assert_int_equal(value.kind, SYNC_INFO_COOKIE);
    assert_bytes(value.cookie, BYTES("x"));
    sync_info_clear(&value);

    assert_true(sync_decode_info(BYTES("\xa1\x00"), &value));
    assert_int_equal(value.kind, SYNC_INFO_DELETE);
    assert_true(value.refresh_done);
    sync_info_clear(&value);

    assert_true(sync_decode_info(BYTES("\xa2\x06\x04\x01x\x01\x01\x00"), &value));
    assert_int_equal(value.kind, SYNC_INFO_PRESENT);
    assert_bytes(value.cookie, BYTES("x"));
    assert_false(value.refresh_done);
    sync_info_clear(&value);

    assert_true(sync_decode_info(BYTES("\xa3\x29\x01\x01\xff\x31\x24\x04\x10" UUID "\x04\x10" UUID), &value));
    assert_int_equal(value.kind, SYNC_INFO_SET);
    assert_true(value.refresh_deletes);
    assert_int_equal(value.uuids->len, 32);
    assert_memory_equal(value.uuids->data, UUID UUID, 32);
    sync_info_clear(&value);

    assert_true(sync_decode_info(BYTES("\xa3\x02\x31\x00"), &value));
    assert_false(value.refresh_deletes);
    assert_int_equal(value.uuids->len, 0);
    sync_info_clear(&value);
}

static void a_set_can_be_very_long(void **state)
{
    (void)state;
    enum { UUIDS = 50000, SET = UUIDS * 18 };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const guint8 head[] = {
        0xa3, 0x84, (SET + 6) >> 24, ((SET + 6) >> 16) & 255, ((SET + 6) >> 8) & 255, (SET + 6) & 255,
        0x31, 0x84, SET >> 24,       (SET >> 16) & 255,       (SET >> 8) & 255,       SET & 255};
    g_byte_array_append(bytes, head, sizeof head);
    for (guint32 i = 0; i < UUIDS; i++) {
        guint8 uuid[18] = {0x04, 0x10};
        memcpy(uuid + 2, &i, sizeof i);
        g_byte_array_append(bytes, uuid, sizeof uuid);
    }
    SyncInfoValue value;
    assert_true(sync_decode_info(bytes->data, bytes->len, &value));
    assert_int_equal(value.uuids->len, UUIDS * 16);
    guint32 last = UUIDS - 1;
    assert_memory_equal(value.uuids->data + (UUIDS - 1) * 16, &last, sizeof last);
    sync_info_clear(&value);
}

static void dirsync_has_flags_and_a_cookie(void **state)
{
    (void)state;
    g_autoptr(GBytes) cookie = g_bytes_new_static(BYTES("c\0k"));
    g_autoptr(GBytes) first = dirsync_encode_request(0, NULL);
    g_autoptr(GBytes) next = dirsync_encode_request(-0x7fffffff - 1, cookie);
    assert_bytes(first, BYTES("\x30\x08\x02\x01\x00\x02\x01\x00\x04\x00"));
    assert_bytes(next, BYTES("\x30\x0e\x02\x04\x80\x00\x00\x00\x02\x01\x00\x04\x03"
                             "c\0k"));
    DirSyncValue value;
    assert_true(dirsync_decode_response(BYTES("\x30\x09\x02\x01\x01\x02\x01\x00\x04\x01x"), &value));
    assert_true(value.more);
    assert_bytes(value.cookie, BYTES("x"));
    dirsync_clear(&value);
    assert_true(dirsync_decode_response(BYTES("\x30\x08\x02\x01\x00\x02\x01\x00\x04\x00"), &value));
    assert_false(value.more);
    assert_bytes(value.cookie, "", 0);
    dirsync_clear(&value);
    assert_false(dirsync_decode_response(BYTES(""), &value));
    assert_false(dirsync_decode_response(BYTES("\x30\x03\x02\x01\x01"), &value));
    assert_false(dirsync_decode_response(BYTES("\x30\x09\x02\x01\x01\x02\x01\x00\x04\x7fx"), &value));
    assert_null(value.cookie);
}

typedef struct {
    const char *bytes;
    size_t len;
} Bad;

static void what_is_not_of_the_form_is_refused(void **state)
{
    (void)state;
    static const Bad states[] = {
        {BYTES("")},
        {BYTES("\x30\x00")},
        {BYTES("\x30\x15\x0a\x01\x04\x04\x10" UUID)},
        {BYTES("\x30\x15\x0a\x01\xff\x04\x10" UUID)},
        {BYTES("\x30\x14\x0a\x01\x01\x04\x0f"
               "0123456789abcde")},
        {BYTES("\x30\x15\x0a\x01\x01\x04\x10"
               "0123456789abcd")},
        {BYTES("\x30\x18\x0a\x01\x01\x04\x10" UUID "\x04\x7fx")},
    };
    static const Bad infos[] = {
        {BYTES("")},
        {BYTES("\xa4\x00")},
        {BYTES("\x80\x05x")},
        {BYTES("\xa3\x00")},
        {BYTES("\xa3\x05\x31\x03\x04\x01x")},
        {BYTES("\xa3\x14\x31\x12\x0a\x10" UUID)},
        {BYTES("\xa3\x14\x31\x12\x04\x10"
               "0123456789")},
    };
    static const Bad dones[] = {
        {BYTES("")}, {BYTES("\x30\x03\x04\x7fx")}, {BYTES("\x30\x05\x04\x01x\x01\x7f")}};
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        SyncStateValue value;
        if (sync_decode_state(states[i].bytes, states[i].len, &value))
            fail_msg("state %zu", i);
        assert_null(value.cookie);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(infos); i++) {
        SyncInfoValue value;
        if (sync_decode_info(infos[i].bytes, infos[i].len, &value))
            fail_msg("info %zu", i);
        assert_null(value.uuids);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(dones); i++) {
        SyncDoneValue value;
        if (sync_decode_done(dones[i].bytes, dones[i].len, &value))
            fail_msg("done %zu", i);
        assert_null(value.cookie);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_refresh_only_with_or_without_cookie),
        cmocka_unit_test(a_state_has_an_identity_and_perhaps_a_cookie),
        cmocka_unit_test(a_done_says_which_phase_it_was),
        cmocka_unit_test(an_info_is_one_of_four),
        cmocka_unit_test(a_set_can_be_very_long),
        cmocka_unit_test(dirsync_has_flags_and_a_cookie),
        cmocka_unit_test(what_is_not_of_the_form_is_refused),
    };
    return cmocka_run_group_tests_name("sync codec", tests, NULL, NULL);
}

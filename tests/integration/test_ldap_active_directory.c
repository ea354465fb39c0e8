/*
 * test_ldap_active_directory.c - what Active Directory does and slapd does not
 *
 * On a thread that plays the server: pages, values in ranges, binary
 * identities, the control that keeps referrals out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/played_server.h"

#include <string.h>

/** What a read delivered. */
typedef struct {
    GPtrArray *entries;
    Fingerprint last;
    GError *error; /* of the last decoding or bad item */
} Delivered;

static bool take_item(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    Delivered *delivered = data;
    g_clear_error(&delivered->error);
    delivered->last = item->fingerprint;
    if (item->bad) {
        delivered->error = g_error_copy(item->bad);
        return true;
    }
    Entry *entry = item->directory->decode(item, &delivered->error);
    if (entry)
        g_ptr_array_add(delivered->entries, entry);
    return true;
}

static ReadResult read_base(Directory *directory, const char *base, Delivered *delivered)
{
    ReadResult result;
    ReadRequest request = {.base = base, .scope = SEARCH_SUBTREE};
    *delivered = (Delivered){.entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free)};
    assert_true(ldap_driver.read(directory, &request, take_item, delivered, &result, NULL));
    return result;
}

static void delivered_clear(Delivered *delivered)
{
    g_ptr_array_unref(delivered->entries);
    g_clear_error(&delivered->error);
}

static void its_capabilities_are_discovered(void **state)
{
    Endpoint endpoint;
    char *uris[2];
    g_autoptr(Directory) directory = played_server_open(*state, &endpoint, uris);
    const DirectoryDescription *description = ldap_driver.describe(directory);
    assert_int_equal(description->capabilities, CAN_WRITE | CAN_FETCH | KEEPS_REFERENCES |
                                                    CAN_SET_PASSWORD); /* no assertions, no subschema shown */
    assert_string_equal(description->default_anchor, "objectGUID");
    assert_ptr_equal(description->schema, schema_standard());
}

static void all_pages_are_read_without_being_asked_to(void **state)
{
    PlayedServer *server = *state;
    Endpoint endpoint;
    char *uris[2];
    Delivered delivered;
    g_autoptr(Directory) directory = played_server_open(server, &endpoint, uris);
    int before = g_atomic_int_get(&server->scope_controls);
    ReadResult result = read_base(directory, "ou=paged", &delivered);
    assert_int_equal(result.proof, PROOF_COMPLETE);
    assert_int_equal(result.entries, PLAYED_PAGED);
    for (guint i = 0; i < delivered.entries->len; i++) {
        g_autofree char *dn = g_strdup_printf("cn=p%u,ou=paged", i);
        assert_string_equal(entry_dn(g_ptr_array_index(delivered.entries, i)), dn);
    }
    assert_int_equal(g_atomic_int_get(&server->scope_controls) - before, 3); /* one a page */
    delivered_clear(&delivered);
}

static void an_attribute_in_ranges_is_completed(void **state)
{
    Endpoint endpoint;
    char *uris[2];
    Delivered delivered;
    g_autoptr(Directory) directory = played_server_open(*state, &endpoint, uris);
    ReadResult result = read_base(directory, "cn=group", &delivered);
    assert_int_equal(result.proof, PROOF_COMPLETE);
    assert_int_equal(delivered.entries->len, 1);
    const Entry *entry = g_ptr_array_index(delivered.entries, 0);
    const Attribute *member = entry_attribute(entry, (size_t)entry_index(entry, "member"));
    assert_int_equal(member->n_values, 7);
    for (unsigned i = 0; i < 7; i++) {
        char dn[10];
        g_snprintf(dn, sizeof dn, "cn=m%u", i);
        assert_string_equal(member->values[i].data, dn);
    }
    assert_int_equal(entry_index(entry, "member;range=0-2"), -1);
    assert_int_equal(entry_index(entry, "member;range=3-5"), -1);

    /* The fingerprint is of the whole, not of the part that came first. */
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    entry_serialise(entry, bytes);
    assert_true(fingerprint_equal(delivered.last, fingerprint_bytes(bytes->data, bytes->len)));
    delivered_clear(&delivered);
}

static void ranges_without_headway_end_as_a_bad_record(void **state)
{
    Endpoint endpoint;
    char *uris[2];
    Delivered delivered;
    g_autoptr(Directory) directory = played_server_open(*state, &endpoint, uris);
    ReadResult result = read_base(directory, "cn=stuck", &delivered);
    assert_int_equal(result.bad, 1);
    assert_int_equal(result.entries, 0);
    assert_int_equal(delivered.entries->len, 0);
    assert_true(error_is(delivered.error, ERROR_INVALID));
    assert_non_null(strstr(delivered.error->message, "member"));
    assert_true(fingerprint_is_zero(delivered.last));
    delivered_clear(&delivered);
}

static bool take_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)index;
    (void)error;
    *(Entry **)data = entry;
    return true;
}

static void a_binary_identity_is_fetched(void **state)
{
    Endpoint endpoint;
    char *uris[2];
    g_autoptr(Directory) directory = played_server_open(*state, &endpoint, uris);
    g_autoptr(Entry) entry = NULL;
    FetchId id = {NULL, "objectGUID", {.data = played_guid, .len = sizeof played_guid}, 0};
    g_autoptr(GError) error = NULL;
    if (!ldap_driver.fetch(directory, &id, 1, NULL, take_fetched, &entry, &error))
        fail_msg("%s", error->message);
    assert_non_null(entry);
    assert_string_equal(entry_dn(entry), "cn=found," PLAYED_SUFFIX);
}

static bool count_told(const DirectoryChange *change, void *data, GError **error)
{
    (void)error;
    if (change->told == TOLD_ENTRY)
        assert_string_equal(change->item->where, "cn=found," PLAYED_SUFFIX);
    ++((int *)data)[change->told];
    return true;
}

static ChangesResult ask_for_changes(Directory *directory, const char *cursor, int told[3])
{
    ChangesResult result;
    g_autoptr(GError) error = NULL;
    static const char *const attributes[] = {"*", "objectGUID", NULL};
    ReadRequest request = {.scope = SEARCH_SUBTREE, .attributes = attributes};
    memset(told, 0, 3 * sizeof *told);
    if (!directory_changes(directory, &request, cursor, count_told, told, &result, &error))
        fail_msg("%s", error->message);
    return result;
}

static void an_empty_answer_that_is_not_the_last_is_gone_on_from(void **state)
{
    PlayedServer *server = *state;
    Endpoint endpoint;
    char *uris[2];
    int told[3];
    server->tells_changes = true;
    g_autoptr(Directory) directory = played_server_open(server, &endpoint, uris);
    assert_true(directory_describe(directory)->capabilities & CAN_TELL_CHANGES);
    ChangesResult first = ask_for_changes(directory, NULL, told);
    if (!first.cursor)
        fail_msg("%s", first.no_cursor);
    server->asked = 0;
    ChangesResult next = ask_for_changes(directory, first.cursor, told);
    assert_null(next.full_reason);
    assert_int_equal(server->asked, 2);
    assert_int_equal(told[TOLD_ENTRY], 1);
    assert_int_equal(told[TOLD_GONE] + told[TOLD_PRESENT], 0);
    assert_non_null(next.cursor);
    assert_string_not_equal(next.cursor, first.cursor);

    server->stuck = true;
    ChangesResult stuck = ask_for_changes(directory, first.cursor, told);
    assert_non_null(stuck.full_reason);
    assert_null(stuck.cursor);
    changes_result_clear(&first);
    changes_result_clear(&next);
    changes_result_clear(&stuck);
    server->tells_changes = server->stuck = false;
}

/* Whole contexts are watched; a server lets a connection wait for a few searches only. */
static void of_one_naming_context_one_search_waits(void **state)
{
    PlayedServer *server = *state;
    Endpoint endpoint;
    char *uris[2];
    const ReadRequest requests[] = {{.base = "ou=a," PLAYED_SUFFIX, .scope = SEARCH_SUBTREE},
                                    {.base = "ou=b," PLAYED_SUFFIX, .scope = SEARCH_SUBTREE},
                                    {.base = PLAYED_OTHER_SUFFIX, .scope = SEARCH_SUBTREE},
                                    {.base = "ou=c," PLAYED_SUFFIX, .scope = SEARCH_BASE}};
    g_autoptr(GError) error = NULL;
    server->tells_changes = true;
    directory_close(played_server_open(server, &endpoint, uris));
    server->notifications = 0;
    DirectoryWatch *watch = directory_watch(&endpoint, requests, G_N_ELEMENTS(requests), &error);
    if (!watch)
        fail_msg("%s", error->message);
    directory_watch_close(watch);
    directory_close(played_server_open(server, &endpoint, uris)); /* answered when all before was heard */
    assert_int_equal(server->notifications, 2);
    server->tells_changes = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_capabilities_are_discovered),
        cmocka_unit_test(all_pages_are_read_without_being_asked_to),
        cmocka_unit_test(an_attribute_in_ranges_is_completed),
        cmocka_unit_test(ranges_without_headway_end_as_a_bad_record),
        cmocka_unit_test(a_binary_identity_is_fetched),
        cmocka_unit_test(an_empty_answer_that_is_not_the_last_is_gone_on_from),
        cmocka_unit_test(of_one_naming_context_one_search_waits),
    };
    return cmocka_run_group_tests_name("ldap_active_directory", tests, played_server_start,
                                       played_server_stop);
}

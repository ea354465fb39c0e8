/*
 * test_ldap_driver.c - the LDAP driver against a real slapd: binding and reading
 *
 * What it finds out about the server, how it binds, TLS, reading, and what
 * happens when the server limits or dies. The environment is hostile on
 * purpose (see main): it must have no influence.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/event.h"
#include "tests/lab/ldap_case.h"

#include <string.h>

#define JPEG "\xff\xd8\0\x01\xff\xe0"
#define LONG_VALUE 10000

static const char *const with_uuid[] = {"*", "entryUUID", NULL};

/* libldap 2.5 with GnuTLS never frees the client certificate that it has read. */
const char *__lsan_default_suppressions(void); // NOLINT(cert-dcl51-cpp,bugprone-reserved-identifier)
const char *__lsan_default_suppressions(void)  // NOLINT(cert-dcl51-cpp,bugprone-reserved-identifier)
{
    return "leak:gnutls_x509_privkey_init\nleak:gnutls_x509_crt_init\n";
}

/* ---- what the server is */

static void describe_tells_what_slapd_can_do(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    const DirectoryDescription *description = ldap_driver.describe(directory);
    assert_int_equal(description->capabilities,
                     CAN_WRITE | CAN_FETCH | CAN_ASSERT | HAS_SCHEMA | CAN_SET_PASSWORD);
    assert_string_equal(description->default_anchor, "entryUUID");
    assert_string_equal(description->subject, shared->uri);
    assert_true(g_strv_contains((const char *const *)description->naming_contexts, SUFFIX));
    const AttributeType *type = schema_attribute(description->schema, "proxyAddresses");
    assert_non_null(type);
    assert_true(type->has_equality);
    assert_int_equal(type->equality, EQUALITY_CASE_IGNORE);
    assert_non_null(schema_class(description->schema, "dirsyncStamp"));
}

static char *source_text(const char *name)
{
    g_autofree char *path = lab_source_file(name);
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        fail_msg("%s cannot be read", path);
    return text;
}

static Entry *subschema_of(Lab *lab)
{
    static const char *const attributes[] = {"attributeTypes", "objectClasses", NULL};
    Place place;
    place_init(&place, lab->uri, BIND_EXTERNAL);
    g_autoptr(Directory) directory = open_place(&place);
    ReadRequest request = {.base = "cn=Subschema", .scope = SEARCH_BASE, .attributes = attributes};
    g_autoptr(GPtrArray) found = ldap_driver.search(directory, &request, 1, NULL);
    assert_int_equal(found->len, 1);
    return g_ptr_array_steal_index(found, 0);
}

static void the_schema_file_and_its_ldif_say_the_same(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Lab *lab = lab_slapd_start("--nosync --unique");
    g_autoptr(Entry) by_schema = subschema_of(lab);
    lab_slapd_stop(lab);
    lab = lab_slapd_start("--nosync --no-schema --no-indexes");
    g_autofree char *schema = source_text("schema/openldap/dirsync.ldif");
    g_autofree char *unique = source_text("schema/openldap/unique.ldif");
    g_autofree char *indexes = source_text("schema/openldap/indexes.ldif");
    char *there = strstr(indexes, "olcDbIndex: objectClass eq\n");
    assert_non_null(there);
    memmove(there, there + strlen("olcDbIndex: objectClass eq\n"),
            strlen(there + strlen("olcDbIndex: objectClass eq\n")) + 1);
    lab_ldif_load(lab, schema);
    lab_ldif_load(lab, unique);
    lab_ldif_load(lab, indexes);
    g_autoptr(Entry) by_ldif = subschema_of(lab);
    lab_slapd_stop(lab);
    assert_int_equal(entry_n_attributes(by_schema), entry_n_attributes(by_ldif));
    for (size_t i = 0; i < entry_n_attributes(by_schema); i++) {
        const Attribute *one = entry_attribute(by_schema, i);
        assert_int_equal(one->n_values, attribute_of(by_ldif, one->name)->n_values);
        for (size_t j = 0; j < one->n_values; j++) {
            if (!has_value(by_ldif, one->name, one->values[j].data))
                fail_msg("dirsync.ldif lacks, or has otherwise: %s", one->values[j].data);
        }
    }
}

/* ---- binding and TLS */

static bool finds_by_password(Directory *directory)
{
    ReadRequest request = {.base = USER, .scope = SEARCH_BASE, .filter = "(userPassword=*)"};
    g_autoptr(GPtrArray) found = directory_search(directory, &request, 1, NULL);
    return found && found->len == 1;
}

static void every_bind_method_reads(void **state)
{
    (void)state;
    Place anonymous, user, external, certificate;
    Place *const places[] = {&anonymous, &user, &external, &certificate};
    g_autofree char *ca = g_build_filename(shared_lab()->folder, "tls/ca.pem", NULL);
    g_autofree char *pem = g_build_filename(shared->folder, "tls/client.pem", NULL);
    g_autofree char *key = g_build_filename(shared->folder, "tls/client.key", NULL);
    place_init(&anonymous, shared->uri, BIND_ANONYMOUS);
    place_init(&user, shared->uri, BIND_SIMPLE);
    place_set_user(&user, "secret");
    place_init(&external, shared->uri, BIND_EXTERNAL);
    place_init(&certificate, shared->ldaps_uri, BIND_EXTERNAL);
    certificate.endpoint.tls_ca = ca;
    certificate.endpoint.tls_certificate = pem;
    certificate.endpoint.tls_key = key;
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(Directory) directory = open_place(places[i]);
        g_autoptr(Entry) entry = find_one(directory, USER);
        assert_non_null(entry);
        /* Only rootdn and the user may search by the password: so the bind was really what it says. It is
         * never read, even so. */
        assert_int_equal(finds_by_password(directory), places[i] == &external || places[i] == &user);
        assert_null(attribute_of(entry, "userPassword"));
    }
}

static void wrong_credentials_are_tried_once(void **state)
{
    (void)state;
    Place place;
    place_init(&place, shared_lab()->uri, BIND_SIMPLE);
    place_set_user(&place, "not-the-secret");
    place.uris[1] = shared->ldap_uri;
    unsigned long before = lab_operations(shared, "Bind");
    assert_cannot_open(&place, ERROR_CREDENTIALS, "does not try again");
    /* ours, and the one with which lab_operations itself asks */
    assert_int_equal(lab_operations(shared, "Bind") - before, 2);
}

static void an_empty_password_is_refused(void **state)
{
    (void)state;
    Place place;
    place_init(&place, shared_lab()->uri, BIND_SIMPLE);
    place_set_user(&place, "");
    g_autoptr(GError) error = NULL;
    assert_null(ldap_driver.open(&place.endpoint, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    place_set_user(&place, "secret");
    place.endpoint.bind_dn = NULL;
    assert_cannot_open(&place, ERROR_DEFINITION, "needs a DN");
}

static void tls_is_verified(void **state)
{
    (void)state;
    static const struct {
        bool start, right_ca, opens;
    } cases[] = {{true, true, true}, {false, true, true}, {true, false, false}, {false, false, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Place place;
        g_autofree char *ca = g_build_filename(shared_lab()->folder, "tls",
                                               cases[i].right_ca ? "ca.pem" : "wrong-ca.pem", NULL);
        place_init(&place, cases[i].start ? shared->ldap_uri : shared->ldaps_uri, BIND_SIMPLE);
        place_set_user(&place, "secret");
        place.endpoint.tls = cases[i].start ? TLS_START : TLS_LDAPS;
        place.endpoint.tls_ca = ca;
        if (cases[i].opens)
            directory_close(open_place(&place));
        else
            assert_cannot_open(&place, ERROR_UNREACHABLE, "certificate");
    }
}

static void a_ca_file_that_is_missing_is_told(void **state)
{
    (void)state;
    Place place;
    place_init(&place, shared_lab()->ldaps_uri, BIND_ANONYMOUS);
    place.endpoint.tls_ca = (char *)"/nonexistent/ca.pem";
    assert_cannot_open(&place, ERROR_DEFINITION, "/nonexistent/ca.pem");
}

static void a_password_does_not_travel_in_the_clear(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {"ldap://192.0.2.1", "ldap://127.example.org",
                                            "ldap://[2001:db8::1]:389", "ldap://localhost.example.org",
                                            "LDAP://192.0.2.1:636"};
    lab_skip_unless_slapd();
    for (size_t i = 0; i < G_N_ELEMENTS(elsewhere); i++) {
        Place place;
        place_init(&place, (char *)elsewhere[i], BIND_SIMPLE);
        place_set_user(&place, "secret");
        assert_cannot_open(&place, ERROR_DEFINITION, "cleartext");
    }
    Place local;
    place_init(&local, shared_lab()->ldap_uri, BIND_SIMPLE);
    place_set_user(&local, "secret");
    directory_close(open_place(&local));
}

static void a_uri_must_be_one(void **state)
{
    (void)state;
    Place place;
    place_init(&place, (char *)"http://example.org", BIND_ANONYMOUS);
    assert_cannot_open(&place, ERROR_DEFINITION, "not a URI");
    place_init(&place, NULL, BIND_ANONYMOUS);
    assert_cannot_open(&place, ERROR_DEFINITION, "no URI");
}

static void the_next_uri_is_used_when_one_is_dead(void **state)
{
    (void)state;
    Place place;
    place_init(&place, (char *)"ldapi://%2Fnonexistent%2Fone", BIND_EXTERNAL);
    place.uris[1] = shared_lab()->uri;
    g_autoptr(Directory) directory = open_place(&place);
    assert_string_equal(ldap_driver.describe(directory)->subject, shared->uri);
    place.uris[1] = (char *)"ldapi://%2Fnonexistent%2Ftwo";
    assert_cannot_open(&place, ERROR_UNREACHABLE, "two");
    assert_cannot_open(&place, ERROR_UNREACHABLE, "one: connecting");
    assert_cannot_open(&place, ERROR_UNREACHABLE, "No such file");
}

/* ---- reading */

static void a_read_delivers_everything_once_and_proves_it(void **state)
{
    (void)state;
    Place place;
    directory_close(fresh_tree(&place));
    load_people(shared, 60, 0);
    for (unsigned page = 0; page <= 7; page += 7) {
        place.endpoint.page_size = page;
        g_autoptr(Directory) paged = open_place(&place);
        Delivered delivered;
        delivered_init(&delivered);
        ReadResult result;
        ReadRequest request = {.base = PEOPLE, .scope = SEARCH_ONE, .filter = "(objectClass=contact)"};
        assert_true(ldap_driver.read(paged, &request, take_item, &delivered, &result, NULL));
        assert_int_equal(result.proof, PROOF_COMPLETE);
        assert_null(result.reason);
        assert_int_equal(result.entries, 60);
        assert_int_equal(delivered.entries->len, 60);
        delivered_clear(&delivered);
    }
}

static void values_arrive_byte_for_byte(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    g_autofree char *text = g_strnfill(LONG_VALUE, 'y');
    g_autoptr(Change) change = new_contact("cn=Zoë Müller," PEOPLE, "Zoë Müller");
    entry_add_string(change->entry, "description", text);
    entry_add_string(change->entry, "description", "  leading blanks");
    entry_add(change->entry, "jpegPhoto", JPEG, sizeof JPEG - 1);
    entry_add_string(change->entry, "sn;lang-de", "Müller");
    assert_done(directory, change);

    Delivered delivered;
    delivered_init(&delivered);
    ReadResult result;
    ReadRequest request = {.base = PEOPLE, .scope = SEARCH_ONE, .attributes = with_uuid};
    assert_true(ldap_driver.read(directory, &request, take_item, &delivered, &result, NULL));
    assert_int_equal(delivered.entries->len, 1);
    const Entry *entry = g_ptr_array_index(delivered.entries, 0);
    assert_true(has_value(entry, "cn", "Zoë Müller"));
    assert_true(has_value(entry, "description", text));
    assert_true(has_value(entry, "description", "  leading blanks"));
    assert_true(has_value(entry, "sn;lang-de", "Müller"));
    assert_non_null(attribute_of(entry, "entryUUID"));
    const Value *photo = &attribute_of(entry, "jpegPhoto")->values[0];
    assert_int_equal(photo->len, sizeof JPEG - 1);
    assert_memory_equal(photo->data, JPEG, photo->len);
    delivered_clear(&delivered);
}

static void read_into(Directory *directory, const char *base, Delivered *delivered)
{
    ReadResult result;
    ReadRequest request = {.base = base, .scope = SEARCH_ONE};
    delivered_init(delivered);
    assert_true(ldap_driver.read(directory, &request, take_item, delivered, &result, NULL));
    read_result_clear(&result);
}

static void a_fingerprint_changes_with_the_entry_and_only_then(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 3, 0);
    Delivered first, second, third;
    read_into(directory, PEOPLE, &first);
    read_into(directory, PEOPLE, &second);
    g_autoptr(Change) change = modification("cn=p1," PEOPLE, MODIFY_ADD, "title", "Dr");
    assert_done(directory, change);
    read_into(directory, PEOPLE, &third);
    for (int i = 0; i < 3; i++) {
        g_autofree char *dn = g_strdup_printf("cn=p%d," PEOPLE, i);
        Fingerprint was = fingerprint_of(&first, dn);
        assert_true(fingerprint_equal(was, fingerprint_of(&second, dn)));
        assert_int_equal(fingerprint_equal(was, fingerprint_of(&third, dn)), i != 1);
    }
    assert_false(
        fingerprint_equal(fingerprint_of(&first, "cn=p0," PEOPLE), fingerprint_of(&first, "cn=p2," PEOPLE)));
    delivered_clear(&first);
    delivered_clear(&second);
    delivered_clear(&third);
}

static bool decode_twice(const DirectoryItem *item, void *data, GError **error)
{
    size_t *n = data;
    g_autoptr(Entry) one = item->directory->decode(item, error);
    g_autoptr(Entry) two = item->directory->decode(item, error);
    g_autoptr(GByteArray) first = g_byte_array_new();
    g_autoptr(GByteArray) second = g_byte_array_new();
    entry_serialise(one, first);
    entry_serialise(two, second);
    assert_int_equal(first->len, second->len);
    assert_memory_equal(first->data, second->data, first->len);
    assert_true(entry_n_attributes(one) > 2);
    (*n)++;
    return true;
}

static void an_item_can_be_decoded_again(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 3, 10);
    ReadResult result;
    size_t n = 0;
    ReadRequest request = {.base = PEOPLE, .scope = SEARCH_ONE};
    assert_true(ldap_driver.read(directory, &request, decode_twice, &n, &result, NULL));
    assert_int_equal(n, 3);
}

static void a_missing_base_is_told_apart_from_an_empty_one(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    Delivered delivered;
    delivered_init(&delivered);
    ReadResult result;
    g_autoptr(GError) error = NULL;
    ReadRequest missing = {.base = "ou=nowhere," SUFFIX, .scope = SEARCH_SUBTREE};
    assert_false(ldap_driver.read(directory, &missing, take_item, &delivered, &result, &error));
    assert_true(error_is(error, ERROR_NOT_FOUND));
    assert_non_null(strstr(error->message, "ou=nowhere"));
    ReadRequest empty = {.base = PEOPLE, .scope = SEARCH_ONE};
    assert_true(ldap_driver.read(directory, &empty, take_item, &delivered, &result, NULL));
    assert_int_equal(result.proof, PROOF_COMPLETE);
    assert_int_equal(result.entries, 0);
    g_autoptr(GPtrArray) found = ldap_driver.search(directory, &missing, 10, NULL);
    assert_int_equal(found->len, 0);
    delivered_clear(&delivered);
}

static void a_sink_that_stops_ends_the_read_and_nothing_else(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 20, 0);
    Delivered delivered;
    delivered_init(&delivered);
    delivered.stop_after = 5;
    ReadResult result;
    g_autoptr(GError) error = NULL;
    ReadRequest request = {.base = PEOPLE, .scope = SEARCH_ONE};
    assert_false(ldap_driver.read(directory, &request, take_item, &delivered, &result, &error));
    assert_true(error_is(error, ERROR_INTERRUPTED));
    assert_int_equal(delivered.entries->len, 5);
    delivered_clear(&delivered);
    g_autoptr(Entry) entry = find_one(directory, "cn=p3," PEOPLE);
    assert_non_null(entry);
}

static void a_bad_filter_is_the_definitions_fault(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    g_autoptr(GError) error = NULL;
    ReadRequest request = {.base = PEOPLE, .scope = SEARCH_ONE, .filter = "(cn=*"};
    assert_null(ldap_driver.search(directory, &request, 10, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
}

static void a_size_limit_makes_the_read_partial(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Lab *lab = lab_slapd_start("--nosync --sizelimit 5");
    load_people(lab, 20, 0);
    for (int as_root = 0; as_root < 2; as_root++) {
        Place place;
        place_init(&place, lab->uri, BIND_EXTERNAL);
        if (!as_root)
            place_set_user(&place, "secret");
        g_autoptr(Directory) directory = open_place(&place);
        Delivered delivered;
        delivered_init(&delivered);
        ReadResult result;
        ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = "(objectClass=contact)"};
        assert_true(ldap_driver.read(directory, &request, take_item, &delivered, &result, NULL));
        assert_int_equal(result.proof, as_root ? PROOF_COMPLETE : PROOF_PARTIAL);
        assert_int_equal(result.entries, as_root ? 20 : 5);
        if (!as_root)
            assert_non_null(strstr(result.reason, "size limit"));
        read_result_clear(&result);
        delivered_clear(&delivered);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) found = ldap_driver.search(directory, &request, 100, &error);
        assert_int_equal(found != NULL, as_root);
        assert_int_equal(error_is(error, ERROR_SERVER_LIMIT), !as_root);
    }
    lab_slapd_stop(lab);
}

static void a_referral_in_the_tree_makes_the_read_partial(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    load_people(shared, 2, 0);
    lab_ldif_load(shared,
                  "dn: ou=elsewhere," PEOPLE "\nobjectClass: referral\nobjectClass: extensibleObject\n"
                  "ou: elsewhere\nref: ldap://127.0.0.1:1/ou=elsewhere\n");
    Delivered delivered;
    delivered_init(&delivered);
    ReadResult result;
    ReadRequest request = {.base = PEOPLE, .scope = SEARCH_SUBTREE, .filter = "(objectClass=contact)"};
    assert_true(ldap_driver.read(directory, &request, take_item, &delivered, &result, NULL));
    assert_int_equal(result.entries, 2);
    assert_int_equal(result.proof, PROOF_PARTIAL);
    assert_non_null(strstr(result.reason, "other servers"));
    read_result_clear(&result);
    delivered_clear(&delivered);
    lab_slapd_stop(shared); /* the referral could not be deleted without ManageDsaIT */
    shared = NULL;
}

static void a_server_that_dies_makes_the_read_partial(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Lab *lab = lab_slapd_start("--nosync");
    load_people(lab, 600, LONG_VALUE); /* more than sockets hold */
    Place place;
    place_init(&place, lab->uri, BIND_EXTERNAL);
    g_autoptr(Directory) directory = open_place(&place);
    Delivered delivered;
    delivered_init(&delivered);
    delivered.kill_after_first = lab;
    ReadResult result;
    ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = "(objectClass=contact)"};
    assert_true(ldap_driver.read(directory, &request, take_item, &delivered, &result, NULL));
    assert_int_equal(result.proof, PROOF_PARTIAL);
    assert_non_null(strstr(result.reason, "connection lost"));
    assert_in_range(result.entries, 1, 599);
    delivered_clear(&delivered);
    read_result_clear(&result);

    g_autoptr(GError) error = NULL;
    assert_false(ldap_driver.read(directory, &request, take_item, &delivered, &result, &error));
    assert_true(error_is(error, ERROR_UNREACHABLE));
    lab_slapd_restart(lab);
    delivered_init(&delivered);
    assert_true(ldap_driver.read(directory, &request, take_item, &delivered, &result, NULL));
    assert_int_equal(result.proof, PROOF_COMPLETE);
    assert_int_equal(result.entries, 600);
    delivered_clear(&delivered);
    lab_slapd_stop(lab);
}

static void a_connection_that_died_while_idle_is_made_again(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Lab *lab = lab_slapd_start("--nosync");
    load_people(lab, 2, 0);
    Place place;
    place_init(&place, lab->uri, BIND_EXTERNAL);
    g_autoptr(Directory) directory = open_place(&place);
    unsigned long before = event_count(EVENT_RECONNECTED);
    lab_slapd_kill(lab);
    lab_slapd_restart(lab);
    g_autoptr(Entry) entry = find_one(directory, "cn=p1," SUFFIX);
    assert_non_null(entry);
    assert_int_equal(event_count(EVENT_RECONNECTED) - before, 1);
    lab_slapd_kill(lab);
    lab_slapd_restart(lab);
    g_autoptr(Change) change = modification("cn=p1," SUFFIX, MODIFY_ADD, "title", "Dr");
    Ending ending = {0};
    bool sent = ldap_driver.submit(directory, change, take_ending, &ending, NULL);
    assert_true(sent && ldap_driver.flush(directory, NULL));
    /* Sent into a connection that was already cut: not known to be dead before the answer fails to come. */
    assert_int_equal(ending.calls, 1);
    assert_true(ending.outcome == OUTCOME_DONE || ending.outcome == OUTCOME_UNCERTAIN);
    g_free(ending.message);
    lab_slapd_stop(lab);
}

int main(void)
{
    /* What an administrator's shell may hold; none of it may weaken or divert us. */
    g_setenv("LDAPTLS_REQCERT", "never", TRUE);
    g_setenv("LDAPSIZELIMIT", "1", TRUE);
    g_setenv("LDAPTIMELIMIT", "1", TRUE);
    g_setenv("LDAPURI", "ldap://192.0.2.1", TRUE);
    g_setenv("LDAPDEREF", "always", TRUE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(describe_tells_what_slapd_can_do),
        cmocka_unit_test(the_schema_file_and_its_ldif_say_the_same),
        cmocka_unit_test(every_bind_method_reads),
        cmocka_unit_test(wrong_credentials_are_tried_once),
        cmocka_unit_test(an_empty_password_is_refused),
        cmocka_unit_test(tls_is_verified),
        cmocka_unit_test(a_ca_file_that_is_missing_is_told),
        cmocka_unit_test(a_password_does_not_travel_in_the_clear),
        cmocka_unit_test(a_uri_must_be_one),
        cmocka_unit_test(the_next_uri_is_used_when_one_is_dead),
        cmocka_unit_test(a_read_delivers_everything_once_and_proves_it),
        cmocka_unit_test(values_arrive_byte_for_byte),
        cmocka_unit_test(a_fingerprint_changes_with_the_entry_and_only_then),
        cmocka_unit_test(an_item_can_be_decoded_again),
        cmocka_unit_test(a_missing_base_is_told_apart_from_an_empty_one),
        cmocka_unit_test(a_sink_that_stops_ends_the_read_and_nothing_else),
        cmocka_unit_test(a_bad_filter_is_the_definitions_fault),
        cmocka_unit_test(a_size_limit_makes_the_read_partial),
        cmocka_unit_test(a_referral_in_the_tree_makes_the_read_partial),
        cmocka_unit_test(a_server_that_dies_makes_the_read_partial),
        cmocka_unit_test(a_connection_that_died_while_idle_is_made_again),
    };
    return cmocka_run_group_tests_name("ldap_driver", tests, NULL, stop_shared);
}

/*
 * test_ldap_password.c - accounts get passwords that nobody knows
 *
 * On a real slapd, and on a thread that plays servers that slapd is not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/ldap_case.h"
#include "tests/lab/played_server.h"

#include <string.h>

/* ---- slapd */

static Change *new_account(const char *dn, const char *cn)
{
    Change *change = change_new(CHANGE_ADD, dn);
    change->entry = entry_new(dn);
    entry_add_string(change->entry, "objectClass", "person");
    entry_add_string(change->entry, "cn", cn);
    entry_add_string(change->entry, "sn", cn);
    return change;
}

/* A bind as @dn with this password fails. */
static void assert_not_the_password(const char *dn, const char *password, ErrorCode code)
{
    Place place;
    place_init(&place, shared->uri, BIND_SIMPLE);
    place_set_user(&place, password);
    place.endpoint.bind_dn = (char *)dn;
    g_autoptr(GError) error = NULL;
    assert_null(ldap_driver.open(&place.endpoint, &error));
    if (!error_is(error, code))
        fail_msg("%s", error->message);
}

/* What a tool of the server's prints; NULL when it fails. The driver reads no passwords. */
static char *ask_with(const char *tool, const char *const *words)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *const first[] = {tool, "-H", shared->uri};
    char *output = NULL;
    int status = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(argv, (void *)first[i]);
    for (; *words; words++)
        g_ptr_array_add(argv, (void *)*words);
    g_ptr_array_add(argv, NULL);
    assert_true(g_spawn_sync(NULL, (char **)argv->pdata, NULL,
                             G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL,
                             &status, NULL));
    if (!g_spawn_check_wait_status(status, NULL))
        g_clear_pointer(&output, g_free);
    return output;
}

static char *stored_password(const char *dn)
{
    char *printed =
        ask_with("ldapsearch", (const char *const[]){"-LLL", "-Q", "-Y", "EXTERNAL", "-o", "ldif-wrap=no",
                                                     "-s", "base", "-b", dn, "userPassword", NULL});
    assert_non_null(printed);
    return printed;
}

static void an_account_gets_a_password_that_nobody_knows(void **state)
{
    (void)state;
    const char *dn = "cn=account," PEOPLE;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    assert_false(ldap_driver.describe(directory)->capabilities & KEEPS_REFERENCES);
    g_autoptr(Change) add = new_account(dn, "account");
    assert_done(directory, add);
    g_autofree char *none = stored_password(dn);
    assert_null(strstr(none, "userPassword"));

    g_autoptr(Change) change = modification(dn, MODIFY_ADD, "description", "enabled");
    change->random_password = true;
    assert_done(directory, change);
    g_autoptr(Entry) entry = find_one(directory, dn);
    assert_true(has_value(entry, "description", "enabled"));
    assert_null(attribute_of(entry, "userPassword"));
    g_autofree char *first = stored_password(dn);
    assert_non_null(strstr(first, "userPassword:: e1NTSEF9")); /* {SSHA} */
    assert_not_the_password(dn, "account", ERROR_CREDENTIALS);
    assert_not_the_password(dn, "", ERROR_DEFINITION); /* not even sent */
    g_autofree char *who = ask_with("ldapwhoami", (const char *const[]){"-x", "-D", dn, "-w", "", NULL});
    assert_null(who);

    g_autoptr(Change) again = modification(dn, MODIFY_DELETE, "description", NULL);
    again->random_password = true;
    assert_done(directory, again);
    g_autofree char *second = stored_password(dn);
    const char *one = strstr(second, "userPassword:: ");
    assert_non_null(one);
    assert_null(strstr(one + 1, "userPassword"));
    assert_string_not_equal(first, second);
}

static void what_cannot_have_a_password_is_not_changed(void **state)
{
    (void)state;
    const char *dn = "cn=nobody," PEOPLE;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    g_autoptr(Change) missing = modification(dn, MODIFY_ADD, "description", "x");
    missing->random_password = true;
    assert_fails(directory, missing, ERROR_NOT_FOUND);
    g_autoptr(Change) contact = new_contact(dn, "nobody"); /* a class without userPassword */
    assert_done(directory, contact);
    assert_fails(directory, missing, ERROR_REFUSED);
    g_autoptr(Entry) entry = find_one(directory, dn);
    assert_null(attribute_of(entry, "description"));
}

static void a_password_travels_only_over_a_protected_connection(void **state)
{
    (void)state;
    Place place;
    g_autoptr(Directory) directory = fresh_tree(&place);
    g_autofree char *authority = g_build_filename(shared->folder, "tls", "ca.pem", NULL);
    g_autoptr(Change) add = new_account("cn=account," PEOPLE, "account");
    assert_done(directory, add);
    g_autoptr(Change) change = modification(add->dn, MODIFY_ADD, "description", "x");
    change->random_password = true;
    const struct {
        char *uri;
        TlsMode tls;
        ErrorCode code; /* the ordinary user may not write, which only a protected connection gets to hear */
        const char *message;
    } cases[] = {
        {shared->ldap_uri, TLS_NONE, ERROR_DEFINITION,
         "only get a password over a protected connection; use ldaps://"},
        {shared->ldap_uri, TLS_START, ERROR_ACCESS, ""},
        {shared->ldaps_uri, TLS_LDAPS, ERROR_ACCESS, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Place user;
        place_init(&user, cases[i].uri, BIND_SIMPLE);
        place_set_user(&user, "secret");
        user.endpoint.tls = cases[i].tls;
        user.endpoint.tls_ca = authority;
        g_autoptr(Directory) ordinary = open_place(&user);
        bool can = ldap_driver.describe(ordinary)->capabilities & CAN_SET_PASSWORD;
        assert_int_equal(can, cases[i].code == ERROR_ACCESS);
        Ending ending = apply_change(ordinary, change);
        if (ending.outcome != OUTCOME_FAILED || ending.code != (int)cases[i].code ||
            !strstr(ending.message, cases[i].message))
            fail_msg("%s: %d: %s", cases[i].uri, ending.code, ending.message);
        g_free(ending.message);
    }
    g_autoptr(Entry) entry = find_one(directory, add->dn);
    g_autofree char *stored = stored_password(add->dn);
    assert_null(strstr(stored, "userPassword"));
    assert_null(attribute_of(entry, "description"));
}

/* ---- other servers */

static void note_ending(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)change;
    *(char **)data = error ? g_strdup_printf("%d %s", error->code, error->message)
                           : g_strdup(outcome == OUTCOME_DONE ? "done" : "no error");
}

/* "done", or code and message; g_free(). */
static char *enable_account(Directory *directory)
{
    char *ending = NULL;
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, "cn=account," PLAYED_SUFFIX);
    change_modify(change, MODIFY_ADD, "description", &(Value){"enabled", 7}, 1);
    change->random_password = true;
    assert_true(ldap_driver.submit(directory, change, note_ending, &ending, NULL));
    assert_true(ldap_driver.flush(directory, NULL));
    assert_non_null(ending);
    return ending;
}

/* Every other of @n bytes from @bytes on, which must be 32 characters of all sorts. */
static void assert_good_password(const guint8 *bytes, size_t n, size_t step)
{
    size_t upper = 0, lower = 0, digits = 0, others = 0;
    for (size_t i = 0; i < n; i += step) {
        assert_true(g_ascii_isgraph((gchar)bytes[i]));
        upper += g_ascii_isupper((gchar)bytes[i]);
        lower += g_ascii_islower((gchar)bytes[i]);
        digits += g_ascii_isdigit((gchar)bytes[i]);
        others += !g_ascii_isalnum((gchar)bytes[i]);
    }
    assert_true(upper && lower && digits && others);
    assert_int_equal(upper + lower + digits + others, 32);
}

static void a_password_is_a_value_that_comes_first(void **state)
{
    PlayedServer *server = *state;
    Endpoint endpoint;
    char *uris[2];
    server->is_other = false;
    g_autoptr(Directory) directory = played_server_open(server, &endpoint, uris);
    g_autoptr(GByteArray) earlier = NULL;
    for (int i = 0; i < 2; i++) {
        g_autofree char *ending = enable_account(directory);
        assert_string_equal(ending, "done");
        assert_int_equal(server->operation, 2); /* replace */
        assert_string_equal(server->attribute, "unicodePwd");
        const GByteArray *value = server->password;
        assert_int_equal(value->len, 2 * (32 + 2)); /* in quotes, UTF-16LE */
        assert_memory_equal(value->data, "\"\0", 2);
        assert_memory_equal(value->data + value->len - 2, "\"\0", 2);
        for (guint j = 1; j < value->len; j += 2)
            assert_int_equal(value->data[j], 0);
        assert_good_password(value->data + 2, value->len - 4, 2);
        if (earlier)
            assert_memory_not_equal(earlier->data, value->data, value->len);
        else
            earlier = g_byte_array_append(g_byte_array_new(), value->data, value->len);
    }
}

static void a_server_that_makes_no_passwords_is_given_one(void **state)
{
    PlayedServer *server = *state;
    Endpoint endpoint;
    char *uris[2];
    server->is_other = true;
    server->refusal = 0;
    g_autoptr(Directory) directory = played_server_open(server, &endpoint, uris);
    assert_int_equal(ldap_driver.describe(directory)->capabilities, CAN_WRITE | CAN_FETCH | CAN_SET_PASSWORD);
    unsigned modifies = server->modifies, own_wanted = server->own_wanted;
    g_autofree char *ending = enable_account(directory);
    assert_string_equal(ending, "done");
    assert_int_equal(server->own_wanted - own_wanted, 1);
    assert_int_equal(server->modifies - modifies, 1);
    assert_string_equal(server->attribute, "description"); /* nothing about passwords in the modify */
}

/* Then the account is not enabled, and nobody gets to see what was tried. */
static void a_password_that_is_refused_is_in_no_message(void **state)
{
    PlayedServer *server = *state;
    Endpoint endpoint;
    char *uris[2];
    server->is_other = true;
    server->refusal = 19;
    g_autoptr(Directory) directory = played_server_open(server, &endpoint, uris);
    unsigned modifies = server->modifies;
    g_autofree char *ending = enable_account(directory);
    g_autofree char *code = g_strdup_printf("%d ldapi://", ERROR_CONSTRAINT);
    assert_true(g_str_has_prefix(ending, code));
    assert_non_null(strstr(ending, PLAYED_REFUSAL));
    assert_int_equal(server->modifies - modifies, 0);
    assert_good_password(server->password->data, server->password->len, 1);
    g_autofree char *tried = g_strndup((const char *)server->password->data, server->password->len);
    assert_null(strstr(ending, tried));
}

static int stop_servers(void **state)
{
    return stop_shared(state) | played_server_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_gets_a_password_that_nobody_knows),
        cmocka_unit_test(what_cannot_have_a_password_is_not_changed),
        cmocka_unit_test(a_password_travels_only_over_a_protected_connection),
        cmocka_unit_test(a_password_is_a_value_that_comes_first),
        cmocka_unit_test(a_server_that_makes_no_passwords_is_given_one),
        cmocka_unit_test(a_password_that_is_refused_is_in_no_message),
    };
    return cmocka_run_group_tests_name("ldap_password", tests, played_server_start, stop_servers);
}

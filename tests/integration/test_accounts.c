/*
 * test_accounts.c - people who become accounts of a real slapd
 *
 * With overlay ppolicy, which locks accounts, and without, where nobody can log
 * in who has no password. That nobody can log in to a disabled account is tried,
 * not read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include <ldap.h>
#include <string.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define ANN "cn=Ada Alt," WORLD_CONTAINER
#define LOCK "pwdAccountLockedTime"

static const Person both[] = {
    {"1", "Ada Alt", "ada@globex.example", NULL}, {"2", "Bob Baum", "bob@globex.example", NULL}, NOBODY};
static const Person bob_alone[] = {{"2", "Bob Baum", "bob@globex.example", NULL}, NOBODY};

static Lab *home;
static World *world;

static char *element_of(const char *uri, bool protected)
{
    if (protected)
        return world_server("home", uri, HOME_BASE);
    return g_strdup_printf("<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE "\" timeout=\"10\">"
                           "<bind method=\"anonymous\"/></home>",
                           uri);
}

static void define(const char *people, bool protected)
{
    g_autofree char *element = element_of(protected ? home->uri : home->ldap_uri, protected);
    world_define(world, element, NULL, NULL, NULL);
    g_autofree char *text = text_of(world->connector);
    g_auto(GStrv) parts = g_strsplit(text, "<import ", 2);
    g_autofree char *with = g_strdup_printf("%s<import people=\"%s\" %s", parts[0], people, parts[1]);
    write_text(world->connector, with);
}

static void set_up_with(const char *options, const char *people)
{
    lab_skip_unless_slapd();
    home = lab_slapd_start(options);
    world = world_new();
    define(people, true);
    world_set_people(world, both);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(home);
    world = NULL;
    home = NULL;
    return 0;
}

static void assert_quiet(void)
{
    unsigned long before = lab_writes(home);
    world_sync(world, "");
    assert_int_equal(lab_writes(home), before);
}

static void give_password(const char *dn)
{
    g_autofree char *change = g_strdup_printf(
        "dn: %s\nchangetype: modify\nreplace: userPassword\nuserPassword: guessed\n-\n\n", dn);
    lab_ldif_load(home, change);
}

static bool can_log_in(const char *dn)
{
    LDAP *connection = NULL;
    int version = LDAP_VERSION3;
    struct berval password = {strlen("guessed"), (char *)"guessed"};
    assert_int_equal(ldap_initialize(&connection, home->uri), LDAP_SUCCESS);
    ldap_set_option(connection, LDAP_OPT_PROTOCOL_VERSION, &version);
    int result = ldap_sasl_bind_s(connection, dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
    ldap_unbind_ext_s(connection, NULL, NULL);
    return result == LDAP_SUCCESS;
}

static size_t with(const char *attribute)
{
    g_autofree char *filter = g_strdup_printf("(&(objectClass=inetOrgPerson)(%s=*))", attribute);
    return lab_count(home, WORLD_CONTAINER, filter);
}

static void ppolicy_disabled_accounts_are_locked(void **state)
{
    (void)state;
    set_up_with("--nosync --ppolicy", "disabled-user");
    world_sync(world, "2 created");
    assert_int_equal(with(LOCK), 2);
    assert_int_equal(with("userPassword"), 0);
    assert_quiet();
}

static void ppolicy_enabled_accounts_are_locked_when_they_are_missing(void **state)
{
    (void)state;
    set_up_with("--nosync --ppolicy", "enabled-user");
    world_sync(world, "2 created");
    assert_int_equal(with(LOCK), 0);
    assert_int_equal(with("userPassword"), 2);
    assert_quiet();
    give_password(ANN);
    assert_true(can_log_in(ANN));
    world_set_people(world, bob_alone);
    world_sync(world, "1 disabled");
    assert_false(can_log_in(ANN));
    assert_quiet();
    world_set_people(world, both);
    world_sync(world, "1 modified");
    assert_true(can_log_in(ANN));
    assert_quiet();
}

static void without_ppolicy_a_disabled_account_has_no_password(void **state)
{
    (void)state;
    set_up_with("--nosync", "disabled-user");
    world_sync(world, "2 created");
    assert_int_equal(with("userPassword"), 0);
    assert_quiet();
}

static void without_ppolicy_an_enabled_account_has_a_random_one(void **state)
{
    (void)state;
    set_up_with("--nosync", "enabled-user");
    world_sync(world, "2 created");
    assert_int_equal(with("userPassword"), 2);
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
}

static void enabled_accounts_are_refused_over_an_unprotected_connection(void **state)
{
    (void)state;
    set_up_with("--nosync --port auto", "enabled-user");
    define("enabled-user", false);
    unsigned long before = lab_writes(home);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_non_null(ran.error);
    if (!strstr(ran.error->message, "need a protected connection") &&
        !strstr(ran.error->message, "needs a protected connection"))
        fail_msg("%s", ran.error->message);
    assert_int_equal(lab_writes(home), before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ppolicy_disabled_accounts_are_locked, tear_down),
        cmocka_unit_test_teardown(ppolicy_enabled_accounts_are_locked_when_they_are_missing, tear_down),
        cmocka_unit_test_teardown(without_ppolicy_a_disabled_account_has_no_password, tear_down),
        cmocka_unit_test_teardown(without_ppolicy_an_enabled_account_has_a_random_one, tear_down),
        cmocka_unit_test_teardown(enabled_accounts_are_refused_over_an_unprotected_connection, tear_down),
    };
    return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}

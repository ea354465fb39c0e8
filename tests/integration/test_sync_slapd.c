/*
 * test_sync_slapd.c - whole runs from a file into a real slapd
 *
 * What is written is counted at the server; objects are looked at there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include "dirsync/filter.h"

#include <string.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define CONTACT(name) "(&(objectClass=contact)(cn=" name "))"
#define GROUP "dn: cn=All," HOME_BASE "\nobjectClass: groupOfNames\ncn: All\nmember: " HOME_USER "\n"

static Lab *home;
static World *world;

static void set_up_with(const char *options)
{
    lab_skip_unless_slapd();
    home = lab_slapd_start(options);
    world = world_at(home);
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

static void define_with(const char *import, const char *rest)
{
    g_autofree char *element = world_server("home", home->uri, HOME_BASE);
    g_autofree char *whole = g_strconcat(WORLD_FILE_IMPORT, import, NULL);
    world_define(world, element, NULL, whole, rest);
}

static void assert_quiet(void)
{
    unsigned long before = lab_writes(home);
    world_sync(world, "");
    assert_int_equal(lab_writes(home), before);
}

static const Person three[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL},
                               {"3", "Zoë Žižek", "zoe@globex.example", "Ärztin"},
                               NOBODY};

static void a_first_import_and_a_second_run_that_writes_nothing(void **state)
{
    (void)state;
    set_up_with("--nosync --unique");
    world_set_people(world, three);
    world_sync(world, "3 created");
    assert_int_equal(
        lab_count(home, WORLD_CONTAINER, "(&(objectClass=contact)(importedFrom=" WORLD_UUID "))"), 3);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(proxyAddresses=smtp:bobby@globex.example)"), 1);
    assert_int_equal(lab_operations(home, "Add"), 4);
    assert_quiet();
    g_autoptr(Connector) connector = world_connector(world);
    RunOptions options = run_options(connector);
    options.verify = options.pass.full = true;
    g_auto(Ran) ran = world_sync_with(world, &options);
    assert_null(ran.error);
    assert_int_equal(run_planned(&ran.result), 0);
    assert_int_equal(lab_writes(home), 4);
}

static const Person odd[] = {{"1", "Smith, John", "a1@globex.example", NULL},
                             {"2", "#hash", "a2@globex.example", NULL},
                             {"3", "plus+equals=less<more>", "a3@globex.example", NULL},
                             {"4", "quote\"back\\slash;", "a4@globex.example", NULL},
                             {"5", "*)(objectClass=*", "a5@globex.example", NULL},
                             {"6", "cn=inner,ou=other", "a6@globex.example", NULL},
                             {"7", "Ünï çødé 日本語", "a7@globex.example", NULL},
                             {"8", "/slash|pipe&and", "a8@globex.example", NULL},
                             {"9", "Twin", "a9@globex.example", NULL},
                             {"10", "TWIN", "a10@globex.example", NULL},
                             {"11", "twin", "a11@globex.example", NULL},
                             {"(12*\\", "Odd anchor", "a12@globex.example", NULL},
                             NOBODY};

static void names_of_all_sorts_are_kept_and_homonyms_live_side_by_side(void **state)
{
    (void)state;
    set_up_with("--nosync --unique");
    world_set_people(world, odd);
    world_sync(world, "12 created");
    for (const Person *person = odd; person->anchor; person++) {
        g_autofree char *anchor = filter_equals("dirsyncAnchor", person->anchor, strlen(person->anchor));
        g_autofree char *name = lab_value(home, WORLD_CONTAINER, anchor, "displayName");
        assert_string_equal(name, person->name);
    }
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(displayName=twin)"), 3);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, CONTACT("twin")), 1);
    assert_quiet();
}

static void long_values_photos_and_blanks_arrive_as_they_are(void **state)
{
    (void)state;
    set_up_with("--nosync");
    g_autofree char *long_text = g_strnfill(10000, 'x');
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_autofree char *ldif = g_strdup_printf(
        "dn: uid=1,dc=x\nobjectClass: inetOrgPerson\nemployeeNumber: 1\ncn: Ada\nsn: Alt\nmail: "
        "ada@globex.example\n"
        "description: %s\ndescription:: ICBsZWFkaW5n\njpegPhoto:: /9gAAQIDAP/Z\n\n# count: 1\n",
        long_text);
    write_text(path, ldif);
    world_sync(world, "1 created");
    g_autofree char *filter = g_strdup_printf("(description=%s)", long_text);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, filter), 1);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(description=leading)"), 1);
    const char *const photo[] = {"jpegPhoto", NULL};
    g_autofree char *dump = lab_dump(home, WORLD_CONTAINER, photo);
    assert_non_null(strstr(dump, "jpegPhoto:: /9gAAQIDAP/Z"));
    assert_quiet();
}

static void addresses_and_names_change_hands_under_the_unique_overlay(void **state)
{
    static const Person swapped[] = {{"1", "Bob Baum", "bob@globex.example", "Engineer"},
                                     {"2", "Ada Alt", "ada@globex.example bobby@globex.example", NULL},
                                     {"3", "Zoë Žižek", "zoe@globex.example", "Ärztin"},
                                     NOBODY};
    (void)state;
    set_up_with("--nosync --unique");
    world_set_people(world, three);
    world_sync(world, "3 created");
    world_set_people(world, swapped);
    world_sync(world, "2 modified, 2 renamed");
    g_autofree char *ada = lab_value(home, WORLD_CONTAINER, CONTACT("Ada Alt"), "dirsyncAnchor");
    g_autofree char *bob =
        lab_value(home, WORLD_CONTAINER, "(proxyAddresses=SMTP:bob@globex.example)", "dirsyncAnchor");
    assert_string_equal(ada, "2");
    assert_string_equal(bob, "1");
    assert_quiet();
}

static void a_rename_keeps_the_object_and_a_new_person_of_that_name_is_another(void **state)
{
    static const Person renamed[] = {{"1", "Ada Anders", "ada@globex.example", "Boss"},
                                     {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL},
                                     {"3", "Zoë Žižek", "zoe@globex.example", "Ärztin"},
                                     NOBODY};
    static const Person without[] = {{"1", "Ada Anders", "ada@globex.example", "Boss"},
                                     {"3", "Zoë Žižek", "zoe@globex.example", "Ärztin"},
                                     NOBODY};
    static const Person again[] = {{"1", "Ada Anders", "ada@globex.example", "Boss"},
                                   {"4", "Bob Baum", "bob@globex.example", NULL},
                                   {"3", "Zoë Žižek", "zoe@globex.example", "Ärztin"},
                                   NOBODY};
    (void)state;
    set_up_with("--nosync --unique");
    world_set_people(world, three);
    world_sync(world, "3 created");
    g_autofree char *ada = lab_value(home, WORLD_CONTAINER, CONTACT("Ada Alt"), "entryUUID");
    g_autofree char *bob = lab_value(home, WORLD_CONTAINER, CONTACT("Bob Baum"), "entryUUID");
    world_set_people(world, renamed);
    world_sync(world, "1 modified, 1 renamed");
    g_autofree char *same = lab_value(home, WORLD_CONTAINER, CONTACT("Ada Anders"), "entryUUID");
    assert_string_equal(same, ada);
    world_set_people(world, without);
    world_sync(world, "1 disabled");
    assert_int_equal(lab_count(home, WORLD_CONTAINER,
                               "(&(cn=Bob Baum)(dirsyncGraceSince=*)(msExchHideFromAddressLists=TRUE))"),
                     1);
    world_set_people(world, again);
    world_sync(world, "1 created, 1 deleted");
    g_autofree char *other = lab_value(home, WORLD_CONTAINER, CONTACT("Bob Baum"), "entryUUID");
    assert_string_not_equal(other, bob);
    assert_quiet();
}

static void who_comes_back_within_grace_is_the_same_object(void **state)
{
    static const Person one[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                                 {"3", "Zoë Žižek", "zoe@globex.example", "Ärztin"},
                                 NOBODY};
    (void)state;
    set_up_with("--nosync --unique");
    world_set_people(world, three);
    world_sync(world, "3 created");
    g_autofree char *bob = lab_value(home, WORLD_CONTAINER, CONTACT("Bob Baum"), "entryUUID");
    g_autofree char *before = lab_dump(home, WORLD_CONTAINER, NULL);
    world_set_people(world, one);
    world_sync(world, "1 disabled");
    assert_quiet();
    world_set_people(world, three);
    world_sync(world, "1 modified");
    g_autofree char *same = lab_value(home, WORLD_CONTAINER, CONTACT("Bob Baum"), "entryUUID");
    g_autofree char *after = lab_dump(home, WORLD_CONTAINER, NULL);
    assert_string_equal(same, bob);
    assert_string_equal(after, before);
    assert_quiet();
}

static void a_native_contact_is_reported_and_with_adopt_taken_over(void **state)
{
    (void)state;
    set_up_with("--nosync --unique");
    define_with("<join source=\"mail\" home=\"mail\"/>", NULL);
    lab_ldif_load(home, "dn: cn=Ada by hand," HOME_BASE "\nobjectClass: contact\ncn: Ada by hand\n"
                        "mail: ada@globex.example\ndescription: by hand\n");
    world_set_people(world, three);
    world_sync(world, "2 created, 1 quarantined");
    assert_int_equal(lab_count(home, HOME_BASE, "(&(cn=Ada by hand)(importedFrom=*))"), 0);
    define_with("<join source=\"mail\" home=\"mail\"/><adopt/>", NULL);
    world_sync(world, "1 modified");
    assert_int_equal(
        lab_count(home, "cn=Ada by hand," HOME_BASE, "(&(importedFrom=" WORLD_UUID ")(title=Engineer))"), 1);
    assert_quiet();
}

static void a_contact_yields_to_a_native_with_its_groups_and_addresses(void **state)
{
    (void)state;
    set_up_with("--nosync --unique");
    world_set_people(world, three);
    world_sync(world, "3 created");
    lab_ldif_load(home, GROUP "member: cn=Bob Baum," WORLD_CONTAINER "\n\n"
                              "dn: cn=Robert," HOME_BASE
                              "\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\n"
                              "cn: Robert\nsn: Baum\nmail: bob@globex.example\n");
    world_sync(world, "1 deleted");
    assert_int_equal(lab_count(home, "cn=All," HOME_BASE, "(member=cn=Robert," HOME_BASE ")"), 1);
    assert_int_equal(lab_count(home, "cn=All," HOME_BASE, "(member=cn=Bob Baum," WORLD_CONTAINER ")"), 0);
    assert_int_equal(lab_count(home, HOME_BASE, "(&(cn=Robert)(proxyAddresses=smtp:bobby@globex.example))"),
                     1);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, CONTACT("Bob Baum")), 0);
    assert_quiet();
}

static void a_lost_state_costs_nothing_but_a_full_read(void **state)
{
    (void)state;
    set_up_with("--nosync --unique");
    world_set_people(world, odd);
    world_sync(world, "12 created");
    remove_folder(world->state);
    assert_quiet();
    assert_quiet();
}

static void revert_brings_the_start_back(void **state)
{
    static const Person later[] = {{"1", "Bob Baum", "bob@globex.example", "Boss"},
                                   {"3", "Zoë Zwei", "zoe@globex.example", NULL},
                                   {"4", "Dan Dorn", "dan@globex.example ada@globex.example", NULL},
                                   NOBODY};
    (void)state;
    set_up_with("--nosync --unique");
    define_with("<grace days=\"0\"/>", NULL);
    world_set_people(world, three);
    world_sync(world, "3 created");
    lab_ldif_load(home, GROUP "member: cn=Bob Baum," WORLD_CONTAINER "\n");
    g_autofree char *start = lab_dump(home, HOME_BASE, NULL);
    world_set_people(world, later);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_null(ran.error);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_DELETED], 1);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_FAILED], 0);
    g_autofree char *changed = lab_dump(home, HOME_BASE, NULL);
    assert_string_not_equal(changed, start);
    world_revert(world, ran.result.id);
    g_autofree char *reverted = lab_dump(home, HOME_BASE, NULL);
    assert_string_equal(reverted, start);
    world_sync(world, "1 created, 2 modified, 2 renamed, 1 deleted");
}

static void a_limit_refuses_the_run_before_the_first_write(void **state)
{
    static const Person nearly_nobody[] = {{"1", "Smith, John", "a1@globex.example", NULL}, NOBODY};
    (void)state;
    set_up_with("--nosync");
    define_with("", "<limits delete=\"2\" disable=\"10%|2\"/>");
    world_set_people(world, odd);
    world_sync(world, "12 created");
    unsigned long before = lab_writes(home);
    world_set_people(world, nearly_nobody);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 4);
    assert_non_null(strstr(ran.error->message, "--max-disable"));
    assert_int_equal(lab_writes(home), before);
    g_auto(Ran) again = world_sync_with(world, NULL);
    assert_int_equal(again.status, 4);
    g_autoptr(Connector) connector = world_connector(world);
    RunOptions options = run_options(connector);
    options.limits[LIMIT_DISABLE] = (Limit){.unlimited = true};
    g_auto(Ran) allowed = world_sync_with(world, &options);
    assert_int_equal(allowed.status, 0);
    assert_int_equal(lab_writes(home), before + 11);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_first_import_and_a_second_run_that_writes_nothing),
        CASE(names_of_all_sorts_are_kept_and_homonyms_live_side_by_side),
        CASE(long_values_photos_and_blanks_arrive_as_they_are),
        CASE(addresses_and_names_change_hands_under_the_unique_overlay),
        CASE(a_rename_keeps_the_object_and_a_new_person_of_that_name_is_another),
        CASE(who_comes_back_within_grace_is_the_same_object),
        CASE(a_native_contact_is_reported_and_with_adopt_taken_over),
        CASE(a_contact_yields_to_a_native_with_its_groups_and_addresses),
        CASE(a_lost_state_costs_nothing_but_a_full_read),
        CASE(revert_brings_the_start_back),
        CASE(a_limit_refuses_the_run_before_the_first_write),
    };
    return cmocka_run_group_tests_name("sync_slapd", tests, NULL, NULL);
}

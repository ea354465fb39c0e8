/*
 * test_sync_389.c - whole runs with a real 389 Directory Server, as home and as foreign directory
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/explain.h"
#include "tests/lab/sync_case.h"

#include <string.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define PEOPLE "ou=people,dc=globex,dc=example"
#define GROUPS "ou=groups,dc=globex,dc=example"
#define IMPORT                                                                                               \
    "<source><filter>(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))</filter></source>"             \
    "<anchor attribute=\"employeeNumber\"/>"
#define EXPORT                                                                                               \
    "<export container=\"ou=acme," SOURCE_BASE "\" create-container=\"yes\" mapping=\"inetorgperson\" "      \
    "resources=\"no\"><source base=\"ou=ours," HOME_BASE "\"/><stamp attribute=\"businessCategory\"/>"       \
    "</export>"
#define NAMED(name) "(cn=" name ")"

static Lab *home, *foreign;
static World *world;

static const Person three[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL},
                               {"3", "Žižek, Zoë", "zoe@globex.example", "Ärztin"},
                               NOBODY};

static void define(const char *attributes, const char *import, const char *rest)
{
    g_autofree char *element = lab_element("home", home, HOME_BASE);
    g_autofree char *from = foreign ? lab_element("foreign", foreign, SOURCE_BASE) : NULL;
    g_autofree char *whole = g_strconcat(rest ? rest : "", WORLD_NO_LIMITS, NULL);
    world_define(world, element, from, import ? import : IMPORT, whole);
    g_autofree char *text = text_of(world->connector);
    g_autoptr(GRegex) regex = g_regex_new("mapping=\"inetorgperson\" groups=\"no\"", 0, 0, NULL);
    g_autofree char *with = g_regex_replace(regex, text, -1, 0, attributes, 0, NULL);
    write_text(world->connector, with);
}

static void set_up(const char *options)
{
    lab_skip_unless("389");
    home = lab_start("389", options);
    world = world_new();
    define("mapping=\"inetorgperson\"", NULL, NULL);
    world_set_people(world, three);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_stop(home);
    lab_stop(foreign);
    world = NULL;
    home = foreign = NULL;
    return 0;
}

static void assert_quiet(void)
{
    unsigned long before = lab_writes(home) + (foreign ? lab_writes(foreign) : 0);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_null(ran.error);
    assert_int_equal(ran.status, 0);
    assert_int_equal(lab_writes(home) + (foreign ? lab_writes(foreign) : 0), before);
}

/* People, and a group of all of them. */
static void set_source(const Person *people, const char *group)
{
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_autofree char *records = people_as_ldif(people, PEOPLE);
    g_autoptr(GString) text = g_string_new(records);
    size_t count = 1;
    g_string_append_printf(text,
                           "dn: cn=%s," GROUPS "\nobjectClass: groupOfNames\ncn: %s\nemployeeNumber: g1\n"
                           "mail: all@globex.example\n",
                           group, group);
    for (const Person *person = people; person->anchor; person++, count++)
        g_string_append_printf(text, "member: uid=%s," PEOPLE "\n", person->anchor);
    g_string_append_printf(text, "\n# count: %zu\n", count);
    write_text(path, text->str);
}

/* --- home --- */

static void import_change_rename_leave_and_return(void **state)
{
    static const Person later[] = {{"1", "Ada Anders", "ada@globex.example", "Boss"},
                                   {"2", "Bob Baum", "bobby@globex.example bob@globex.example", NULL},
                                   NOBODY};
    (void)state;
    set_up("--unique --referint");
    set_source(three, "All Staff");
    world_sync(world, "4 created");
    assert_int_equal(
        lab_count(home, WORLD_CONTAINER, "(&(objectClass=contact)(importedFrom=" WORLD_UUID "))"), 3);
    assert_int_equal(
        lab_count(home, WORLD_CONTAINER, "(&(objectClass=group)(member=cn=Bob Baum," WORLD_CONTAINER "))"),
        1);
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
    g_autofree char *ada = lab_value(home, WORLD_CONTAINER, NAMED("Ada Alt"), "nsUniqueId");
    set_source(later, "Everybody");
    world_sync(world, "3 modified, 2 renamed, 1 disabled");
    g_autofree char *same = lab_value(home, WORLD_CONTAINER, NAMED("Ada Anders"), "nsUniqueId");
    assert_string_equal(same, ada);
    assert_int_equal(
        lab_count(home, WORLD_CONTAINER, "(&(dirsyncGraceSince=*)(msExchHideFromAddressLists=TRUE))"), 1);
    assert_quiet();
    set_source(three, "All Staff");
    world_sync(world, "4 modified, 2 renamed");
    assert_quiet();
}

static void drift_is_healed_and_revert_brings_the_start_back(void **state)
{
    static const Person later[] = {{"1", "Bob Baum", "bob@globex.example", "Boss"},
                                   {"3", "Zoë Zwei", "zoe@globex.example", NULL},
                                   {"4", "Dan Dorn", "dan@globex.example ada@globex.example", NULL},
                                   NOBODY};
    (void)state;
    set_up(NULL); /* with the uniqueness plugin 389 refuses to rename who has a comma in the name (1) */
    define("mapping=\"inetorgperson\"", IMPORT "<grace days=\"0\"/>", NULL);
    set_source(three, "All Staff");
    world_sync(world, "4 created");
    lab_ldif_load(home,
                  "dn: cn=Ada Alt," WORLD_CONTAINER "\nchangetype: modify\nreplace: displayName\n"
                  "displayName: Somebody\n-\n\ndn: cn=Bob Baum," WORLD_CONTAINER "\nchangetype: delete\n");
    world_sync(world, "1 created, 1 modified");
    assert_quiet();
    g_autofree char *start = lab_dump(home, WORLD_CONTAINER, NULL);
    world_set_people(world, later);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_null(ran.error);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_DELETED], 2);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_FAILED], 0);
    world_revert(world, ran.result.id);
    g_autofree char *reverted = lab_dump(home, WORLD_CONTAINER, NULL);
    assert_string_equal(reverted, start);
}

/* By content synchronization: the file is as it was, and the server tells what became of our objects. */
static void drift_is_healed_by_what_the_server_tells(void **state)
{
    (void)state;
    set_up("--sync --referint");
    set_source(three, "All Staff");
    world_sync(world, "4 created");
    world_sync(world, ""); /* there is a new container, so everything is read */
    world_sync_by_changes(world, "", 0);
    lab_ldif_load(home, "dn: cn=Ada Alt," WORLD_CONTAINER "\nchangetype: modify\nreplace: displayName\n"
                        "displayName: Somebody\n-\n");
    world_sync_by_changes(world, "1 modified", 2);
    lab_ldif_load(home, "dn: cn=All Staff," WORLD_CONTAINER "\nchangetype: modify\ndelete: member\n"
                        "member: cn=Ada Alt," WORLD_CONTAINER "\n-\n");
    world_sync_by_changes(world, "1 modified", 3);
    for (int i = 0; i < 2; i++) { /* him, and the one made in his place, of whom nobody has told */
        lab_ldif_load(home, "dn: cn=Bob Baum," WORLD_CONTAINER "\nchangetype: delete\n");
        world_sync(world, "1 created, 1 modified"); /* the group has lost him */
    }
    world_sync_by_changes(world, "", 3);
    world_sync_by_changes(world, "", 0);
    remove_folder(world->state);
    assert_quiet();
}

static void names_of_all_sorts_are_kept(void **state)
{
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
                                 {"(12*\\", "Odd anchor", "a13@globex.example", NULL},
                                 {"a", "Small anchor", "a14@globex.example", NULL},
                                 {"A", "Large anchor", "a15@globex.example", NULL},
                                 NOBODY};
    (void)state;
    set_up(NULL);
    world_set_people(world, odd);
    world_sync(world, "13 created");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(displayName=twin)"), 2);
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
}

static void addresses_change_hands_under_the_uniqueness_plugin(void **state)
{
    static const Person swapped[] = {{"1", "Bob Baum", "bob@globex.example", "Engineer"},
                                     {"2", "Ada Alt", "ada@globex.example bobby@globex.example", NULL},
                                     {"3", "Žižek, Zoë", "zoe@globex.example", "Ärztin"},
                                     NOBODY};
    (void)state;
    set_up("--unique");
    world_sync(world, "3 created");
    world_set_people(world, swapped);
    world_sync(world, "2 modified, 2 renamed");
    assert_quiet();
}

static void accounts_are_locked_and_unlocked(void **state)
{
    static const Person without[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"}, NOBODY};
    (void)state;
    set_up(NULL);
    define("mapping=\"inetorgperson\" people=\"enabled-user\"", NULL, NULL);
    world_sync(world, "3 created");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(objectClass=inetOrgPerson)(userPassword=*))"), 3);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(nsAccountLock=TRUE)"), 0);
    assert_quiet();
    world_set_people(world, without);
    world_sync(world, "2 disabled");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(nsAccountLock=TRUE)"), 2);
    assert_quiet();
    world_set_people(world, three);
    world_sync(world, "2 modified");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(nsAccountLock=TRUE)"), 0);
    assert_quiet();
}

/* --- foreign --- */

/* Who was loaded offline, as uid=user was, has no entryUUID in 389; everybody has nsUniqueId. */
static void people_of_a_foreign_389_come_in_and_ours_go_out(void **state)
{
    static const Person theirs[] = {{"pat", "Pat Poe", "pat@globex.example", NULL},
                                    {"ray", "Ray Roe", "ray@globex.example", NULL},
                                    NOBODY};
    static const Person ours[] = {{"dan", "Dan Dorn", "dan@acme.example", "Engineer"},
                                  {"eve", "Eve Eden", "eve@acme.example", NULL},
                                  NOBODY};
    (void)state;
    set_up(NULL);
    foreign = lab_start("389", "--no-schema --suffix " SOURCE_BASE);
    g_autofree char *them = people_as_ldif(theirs, SOURCE_PEOPLE);
    g_autofree char *us = people_as_ldif(ours, "ou=ours," HOME_BASE);
    lab_ldif_load(foreign, "dn: " SOURCE_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    lab_ldif_load(foreign, them);
    lab_ldif_load(home, "dn: ou=ours," HOME_BASE "\nobjectClass: organizationalUnit\nou: ours\n");
    lab_ldif_load(home, us);
    lab_ldif_load(foreign,
                  "dn: " SOURCE_USER "\nchangetype: modify\nadd: objectClass\nobjectClass: inetOrgPerson\n-\n"
                  "add: cn\ncn: Old Olm\n-\nadd: sn\nsn: Olm\n-\nadd: mail\nmail: old@globex.example\n-\n");
    define("mapping=\"inetorgperson\"", "<source><filter>(objectClass=inetOrgPerson)</filter></source>",
           EXPORT);
    world_sync(world, "3 created");
    assert_int_equal(
        lab_count(foreign, "ou=acme," SOURCE_BASE, "(&(objectClass=inetOrgPerson)(businessCategory=*))"), 2);
    assert_quiet();
    g_autofree char *pat = lab_value(home, WORLD_CONTAINER, NAMED("Pat Poe"), "nsUniqueId");
    lab_ldif_load(foreign, "dn: uid=pat," SOURCE_PEOPLE "\nchangetype: modify\nreplace: displayName\n"
                           "displayName: Pat Pan\n-\n\ndn: uid=ray," SOURCE_PEOPLE "\nchangetype: delete\n");
    lab_ldif_load(home, "dn: uid=eve,ou=ours," HOME_BASE "\nchangetype: delete\n");
    world_sync(world, "1 modified, 1 renamed, 1 disabled");
    g_autofree char *same = lab_value(home, WORLD_CONTAINER, NAMED("Pat Pan"), "nsUniqueId");
    assert_string_equal(same, pat);
    assert_int_equal(lab_count(foreign, "ou=acme," SOURCE_BASE, "(objectClass=inetOrgPerson)"), 1);
    assert_quiet();
}

/* The anchor of 389 is an operational attribute, which comes when it is asked for alone. */
static void without_its_home_a_foreign_389_still_knows_the_anchor(void **state)
{
    static const Person theirs[] = {{"pat", "Pat Poe", "pat@globex.example", NULL}, NOBODY};
    (void)state;
    set_up(NULL);
    foreign = lab_start("389", "--no-schema --suffix " SOURCE_BASE);
    g_autofree char *them = people_as_ldif(theirs, SOURCE_PEOPLE);
    lab_ldif_load(foreign, "dn: " SOURCE_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    lab_ldif_load(foreign, them);
    define("mapping=\"inetorgperson\"", "<source><filter>(mail=*)</filter></source>", NULL);
    g_autofree char *anchor = lab_value(foreign, SOURCE_PEOPLE, "(uid=pat)", "nsUniqueId");
    g_autoptr(Connector) connector = world_connector(world);
    const char *const objects[] = {"pat@globex.example", anchor};
    lab_kill(home);
    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Explanation) explanation = explain(connector, world->state, objects[i], &error);
        if (!explanation)
            fail_msg("%s", error->message);
        const ExplainedObject *pat = g_ptr_array_index(explanation->objects, 0);
        assert_true(explanation->unreachable);
        assert_string_equal(pat->import->story->anchor, anchor);
    }
    lab_restart(home);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(import_change_rename_leave_and_return),
        CASE(drift_is_healed_and_revert_brings_the_start_back),
        CASE(drift_is_healed_by_what_the_server_tells),
        CASE(names_of_all_sorts_are_kept),
        CASE(addresses_change_hands_under_the_uniqueness_plugin),
        CASE(accounts_are_locked_and_unlocked),
        CASE(people_of_a_foreign_389_come_in_and_ours_go_out),
        CASE(without_its_home_a_foreign_389_still_knows_the_anchor),
    };
    return cmocka_run_group_tests_name("sync_389", tests, NULL, NULL);
}

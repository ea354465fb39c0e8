/*
 * test_both_ways.c - import and export with groups, between two real slapds
 *
 * The directories of two organisations show each other's people and groups; a
 * group's members are natives on their own side and our objects on the other.
 * What is counted are the servers' own operations.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include <string.h>

#define HERE "ou=people," HOME_BASE
#define THERE "ou=people," SOURCE_BASE
#define OURS_THERE "ou=Acme," SOURCE_BASE
#define UNIT(dn, ou) "dn: " dn "\nobjectClass: organizationalUnit\nou: " ou "\n\n"
#define PERSON(parent, uid, name, mail)                                                                      \
    "dn: uid=" uid "," parent "\nobjectClass: inetOrgPerson\nuid: " uid "\ncn: " name "\nsn: " name          \
    "\ndisplayName: " name "\nmail: " mail "\n\n"
#define GROUP(parent, name, mail, members)                                                                   \
    "dn: cn=" name "," parent "\nobjectClass: groupOfNames\nobjectClass: extensibleObject\ncn: " name        \
    "\nmail: " mail "\n" members "\n"
#define CHANGE_OF(dn) "dn: " dn "\nchangetype: modify\n"
#define RENAME_OF(dn, rdn) "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\n\n"

static Lab *home, *foreign;
static World *world;

/* @policies: of the organisation; @addresses: of the connector. */
static void define(const char *policies, const char *addresses)
{
    g_autofree char *server = world_server("home", home->uri, HOME_BASE);
    g_autofree char *here = g_strconcat(server, policies, NULL);
    g_autofree char *there = world_server("foreign", foreign->uri, SOURCE_BASE);
    world_define(world, here, there, "", NULL); /* for the organisation */
    g_autofree char *text = g_strdup_printf(
        "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"globex\" uuid=\"" WORLD_UUID "\" "
        "organisation=\"organisation.xml\">\n%s\n"
        "<import container=\"" WORLD_CONTAINER "\" create-container=\"yes\" mapping=\"inetorgperson\" "
        "resources=\"no\"><source base=\"" THERE
        "\"><filter>(mail=*)</filter></source><grace days=\"0\"/></import>\n"
        "<export container=\"" OURS_THERE "\" create-container=\"yes\" mapping=\"inetorgperson\" "
        "resources=\"no\"><source base=\"" HERE "\"><filter>(mail=*)</filter></source><stamp "
        "attribute=\"businessCategory\"/></export>\n" WORLD_NO_LIMITS "%s\n</connector>\n",
        there, addresses);
    write_text(world->connector, text);
}

static int set_up(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync");
    foreign = lab_slapd_start("--nosync --suffix " SOURCE_BASE);
    world = world_new();
    define("", "");
    lab_ldif_load(home, UNIT(HERE, "people") PERSON(HERE, "nat", "Nat", "nat@acme.example")
                            PERSON(HERE, "kim", "Kim", "kim@acme.example")
                                GROUP(HERE, "Staff", "staff@acme.example",
                                      "member: uid=nat," HERE "\nmember: uid=kim," HERE "\n"));
    lab_ldif_load(foreign, UNIT(THERE, "people") PERSON(THERE, "ann", "Ann", "ann@globex.example")
                               PERSON(THERE, "bob", "Bob", "bob@globex.example")
                                   GROUP(THERE, "Sales", "sales@globex.example",
                                         "member: uid=ann," THERE "\nmember: uid=bob," THERE "\n"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(home);
    lab_slapd_stop(foreign);
    world = NULL;
    home = foreign = NULL;
    return 0;
}

static void assert_ran(bool verify, const char *imported, const char *exported)
{
    g_autoptr(Connector) connector = world_connector(world);
    RunOptions options = run_options(connector);
    options.verify = verify;
    g_auto(Ran) ran = world_sync_with(world, &options);
    if (ran.error)
        fail_msg("%s", ran.error->message);
    g_autofree char *in = figures_of(&ran.result.step[STEP_IMPORT].counts);
    g_autofree char *out = figures_of(&ran.result.step[STEP_EXPORT].counts);
    assert_string_equal(in, imported);
    assert_string_equal(out, exported);
}

static void assert_quiet(void)
{
    unsigned long here = lab_writes(home), there = lab_writes(foreign);
    assert_ran(true, "", "");
    assert_int_equal(lab_writes(home), here);
    assert_int_equal(lab_writes(foreign), there);
}

static void first_run(void)
{
    assert_ran(false, "3 created", "3 created");
    assert_quiet();
}

static bool has_member(Lab *lab, const char *base, const char *group, const char *dn)
{
    g_autofree char *filter = g_strdup_printf("(&(cn=%s)(member=%s))", group, dn);
    return lab_count(lab, base, filter) == 1;
}

static void both_show_each_other_their_people_and_groups(void **state)
{
    (void)state;
    first_run();
    assert_true(has_member(home, WORLD_CONTAINER, "Sales", "cn=Ann," WORLD_CONTAINER));
    assert_true(has_member(home, WORLD_CONTAINER, "Sales", "cn=Bob," WORLD_CONTAINER));
    assert_true(has_member(foreign, OURS_THERE, "Staff", "cn=Nat," OURS_THERE));
    assert_true(has_member(foreign, OURS_THERE, "Staff", "cn=Kim," OURS_THERE));
}

static void members_from_the_other_side_are_their_natives(void **state)
{
    (void)state;
    first_run();
    lab_ldif_load(foreign, CHANGE_OF("cn=Sales," THERE) "add: member\nmember: cn=Nat," OURS_THERE "\n-\n\n");
    lab_ldif_load(home, CHANGE_OF("cn=Staff," HERE) "add: member\nmember: cn=Ann," WORLD_CONTAINER "\n-\n\n");
    assert_ran(false, "1 modified", "1 modified");
    assert_true(has_member(home, WORLD_CONTAINER, "Sales", "uid=nat," HERE));
    assert_true(has_member(foreign, OURS_THERE, "Staff", "uid=ann," THERE));
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
}

static void renames_and_deletions_on_both_sides_reach_the_groups(void **state)
{
    (void)state;
    first_run();
    lab_ldif_load(foreign,
                  CHANGE_OF("uid=ann," THERE) "replace: displayName\ndisplayName: Anna\n-\n\n" CHANGE_OF(
                      "cn=Sales," THERE) "delete: member\nmember: uid=bob," THERE "\n-\n\n"
                                         "dn: uid=bob," THERE "\nchangetype: delete\n\n");
    lab_ldif_load(home,
                  CHANGE_OF("uid=nat," HERE) "replace: displayName\ndisplayName: Nathan\n-\n\n" CHANGE_OF(
                      "cn=Staff," HERE) "delete: member\nmember: uid=kim," HERE "\n-\n\n"
                                        "dn: uid=kim," HERE "\nchangetype: delete\n\n");
    assert_ran(false, "1 modified, 1 renamed, 1 deleted", "1 modified, 1 renamed, 1 deleted");
    assert_true(has_member(home, WORLD_CONTAINER, "Sales", "cn=Anna," WORLD_CONTAINER));
    assert_false(has_member(home, WORLD_CONTAINER, "Sales", "cn=Bob," WORLD_CONTAINER));
    assert_true(has_member(foreign, OURS_THERE, "Staff", "cn=Nathan," OURS_THERE));
    assert_false(has_member(foreign, OURS_THERE, "Staff", "cn=Kim," OURS_THERE));
    assert_quiet();
}

static void a_run_that_did_both_is_reverted(void **state)
{
    (void)state;
    first_run();
    static const char *const seen[] = {"objectClass", "cn", "displayName", "mail", "member", NULL};
    g_autofree char *here = lab_dump(home, HOME_BASE, seen), *there = lab_dump(foreign, SOURCE_BASE, seen);
    lab_ldif_load(foreign, CHANGE_OF("cn=Sales," THERE) "delete: member\nmember: uid=bob," THERE "\n-\n\n");
    lab_ldif_load(home,
                  CHANGE_OF("cn=Staff," HERE) "delete: member\nmember: uid=kim," HERE "\n-\n\n" CHANGE_OF(
                      "uid=nat," HERE) "replace: displayName\ndisplayName: Nathan\n-\n\n");
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_null(ran.error);
    world_revert(world, ran.result.id);
    lab_ldif_load(foreign, CHANGE_OF("cn=Sales," THERE) "add: member\nmember: uid=bob," THERE "\n-\n\n");
    lab_ldif_load(home, CHANGE_OF("cn=Staff," HERE) "add: member\nmember: uid=kim," HERE "\n-\n\n" CHANGE_OF(
                            "uid=nat," HERE) "replace: displayName\ndisplayName: Nat\n-\n\n");
    g_autofree char *here_now = lab_dump(home, HOME_BASE, seen),
                    *there_now = lab_dump(foreign, SOURCE_BASE, seen);
    assert_string_equal(here_now, here);
    assert_string_equal(there_now, there);
}

#define MANY 5000

static void load_many(void)
{
    g_autoptr(GString) people = g_string_new(NULL);
    g_autoptr(GString) members = g_string_new(NULL);
    for (int i = 0; i < MANY; i++) {
        g_string_append_printf(people, PERSON(THERE, "p%d", "P%d", "p%d@globex.example"), i, i, i, i, i, i);
        if (i)
            g_string_append_printf(members, "member: uid=p%d," THERE "\n", i);
    }
    g_string_append_printf(people, GROUP(THERE, "All", "all@globex.example", "%s"), members->str);
    lab_ldif_load(foreign, people->str);
}

/* The bytes of one request are bounded by what two names take: one operation does it. */
static void a_group_of_thousands_is_changed_by_one_operation(void **state)
{
    (void)state;
    load_many();
    assert_ran(false, "5004 created", "3 created");
    assert_quiet();
    lab_ldif_load(foreign, CHANGE_OF("cn=All," THERE) "delete: member\nmember: uid=p1," THERE
                                                      "\n-\nadd: member\nmember: uid=p0," THERE "\n-\n\n");
    unsigned long before = lab_writes(home);
    assert_ran(false, "1 modified", "");
    assert_int_equal(lab_writes(home) - before, 1);
    assert_true(has_member(home, WORLD_CONTAINER, "All", "cn=P0," WORLD_CONTAINER));
    assert_false(has_member(home, WORLD_CONTAINER, "All", "cn=P1," WORLD_CONTAINER));
}

/* A fresh organisation: nobody has an address of the other system yet, and one not even mail. */
static void one_run_leaves_everyone_reachable_both_ways(void **state)
{
    (void)state;
    define("<policies><policy name=\"All\" priority=\"1\"><address "
           "template=\"SMTP:%m@{domain}\"/></policy></policies>",
           "<addresses type=\"NOTES\" template=\"NOTES:&amp;d/{organisation}@Exchange\"><natives base=\"" HERE
           "\"/></addresses>");
    lab_ldif_load(home,
                  "dn: uid=new," HERE "\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\nuid: new\n"
                  "cn: New\nsn: New\ndisplayName: New Person\nmailNickname: newcomer\n\n");
    assert_ran(true, "3 created", "4 created");
    assert_int_equal(lab_count(home, HERE,
                               "(&(uid=new)(mail=newcomer@acme.example)"
                               "(proxyAddresses=SMTP:newcomer@acme.example)"
                               "(proxyAddresses=NOTES:New Person/acme@Exchange))"),
                     1);
    assert_int_equal(lab_count(foreign, OURS_THERE, "(&(cn=New Person)(mail=newcomer@acme.example))"), 1);
    assert_int_equal(lab_count(home, HERE, "(&(cn=Nat)(proxyAddresses=NOTES:Nat/acme@Exchange))"), 1);
    assert_int_equal(lab_count(home, WORLD_CONTAINER,
                               "(&(cn=Ann)(targetAddress=SMTP:ann@globex.example)"
                               "(proxyAddresses=SMTP:ann@globex.example))"),
                     1);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(proxyAddresses=NOTES:*)"), 0);
    assert_quiet();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_show_each_other_their_people_and_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_from_the_other_side_are_their_natives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(renames_and_deletions_on_both_sides_reach_the_groups, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_run_that_did_both_is_reverted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_group_of_thousands_is_changed_by_one_operation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_run_leaves_everyone_reachable_both_ways, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("both_ways", tests, NULL, NULL);
}

/*
 * test_sync_samba.c - whole runs with a real Active Directory (Samba) as home
 *
 * The shipped mapping inetorgperson with what its comment says for Active
 * Directory. One domain serves all cases; each begins with an empty container.
 * What Samba does, not what we think of it, decides.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

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
#define NAMED(name) "(cn=" name ")"
#define NATIVES "OU=natives," HOME_BASE
#define UAC "userAccountControl"
#define ACCOUNT_DISABLED 0x2

static Lab *home;
static World *world;

static const Person three[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL},
                               {"3", "Žižek, Zoë", "zoe@globex.example", "Ärztin"},
                               NOBODY};

/* --- the domain, and what the cases begin with --- */

static int tear_down_domain(void **state)
{
    (void)state;
    lab_stop(home);
    home = NULL;
    return 0;
}

static void remove_tree(const char *dn)
{
    if (!lab_count(home, dn, NULL))
        return;
    g_autofree char *change =
        g_strdup_printf("dn: %s\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n", dn);
    lab_ldif_load(home, change);
}

static char *replace_all(const char *text, const char *pattern, const char *with)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    return g_regex_replace(regex, text, -1, 0, with, 0, NULL);
}

static void define(const char *attributes, const char *import, const char *rest)
{
    g_autofree char *element = lab_element("home", home, HOME_BASE);
    world_define(world, element, NULL, import ? import : IMPORT, rest);
    g_autofree char *text = text_of(world->connector);
    g_autofree char *with = replace_all(text, "mapping=\"inetorgperson\" groups=\"no\"", attributes);
    write_text(world->connector, with);
}

static void set_up(void)
{
    lab_skip_unless("samba");
    if (!home)
        home = lab_start("samba", NULL);
    remove_tree(WORLD_CONTAINER);
    remove_tree(NATIVES);
    world = world_new();
    world_write_ad_mapping(world);
    define("mapping=\"home.xml\"", NULL, NULL);
    world_set_people(world, three);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    world = NULL;
    return 0;
}

/* People, and a group of all of them and of the members named. */
static void set_source(const Person *people, const char *group, const char *more)
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
    g_string_append_printf(text, "%s\n# count: %zu\n", more, count);
    write_text(path, text->str);
}

static void assert_quiet(void)
{
    unsigned long before = lab_writes(home);
    world_sync(world, "");
    assert_int_equal(lab_writes(home), before);
}

static char *guid_of(const char *filter)
{
    return lab_value(home, WORLD_CONTAINER, filter, "objectGUID");
}

static long number_of(const char *filter, const char *attribute)
{
    g_autofree char *value = lab_value(home, WORLD_CONTAINER, filter, attribute);
    assert_non_null(value);
    return (long)g_ascii_strtoll(value, NULL, 10);
}

/* --- contacts and groups --- */

static void a_first_import_and_a_second_run_that_writes_nothing(void **state)
{
    (void)state;
    set_up();
    set_source(three, "All Staff", "");
    world_sync(world, "4 created");
    assert_int_equal(
        lab_count(home, WORLD_CONTAINER, "(&(objectClass=contact)(importedFrom=" WORLD_UUID "))"), 3);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(objectCategory=person)(memberOf=*))"), 3);
    assert_int_equal(
        lab_count(home, WORLD_CONTAINER, "(&(objectClass=group)(groupType=8)(dirsyncAnchor=g1))"), 1);
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
    assert_quiet();
}

static void changes_renames_and_memberships_keep_the_objects(void **state)
{
    static const Person later[] = {{"1", "Ada Anders", "ada@globex.example", "Boss"},
                                   {"2", "Bob Baum", "bobby@globex.example bob@globex.example", NULL},
                                   NOBODY};
    (void)state;
    set_up();
    set_source(three, "All Staff", "");
    world_sync(world, "4 created");
    g_autofree char *ada = guid_of(NAMED("Ada Alt"));
    g_autofree char *all = guid_of(NAMED("All Staff"));
    set_source(later, "Everybody", "");
    world_sync(world, "3 modified, 2 renamed, 1 disabled");
    g_autofree char *same_ada = guid_of(NAMED("Ada Anders"));
    g_autofree char *same_all = guid_of(NAMED("Everybody"));
    assert_string_equal(same_ada, ada);
    assert_string_equal(same_all, all);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(proxyAddresses=SMTP:bobby@globex.example)"), 1);
    assert_int_equal(
        lab_count(home, WORLD_CONTAINER, "(&(dirsyncGraceSince=*)(msExchHideFromAddressLists=TRUE))"), 1);
    assert_quiet();
}

static void a_deleted_object_does_not_come_back_and_is_not_in_the_way(void **state)
{
    static const Person without[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                                     {"3", "Žižek, Zoë", "zoe@globex.example", "Ärztin"},
                                     NOBODY};
    static const Person again[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                                   {"4", "Bob Baum", "bob@globex.example", NULL},
                                   {"3", "Žižek, Zoë", "zoe@globex.example", "Ärztin"},
                                   NOBODY};
    (void)state;
    set_up();
    define("mapping=\"home.xml\"", IMPORT "<grace days=\"0\"/>", NULL);
    world_sync(world, "3 created");
    g_autofree char *bob = guid_of(NAMED("Bob Baum"));
    world_set_people(world, without);
    world_sync(world, "1 deleted");
    assert_int_equal(lab_count(home, HOME_BASE, NAMED("Bob Baum")), 0);
    assert_quiet();
    world_set_people(world, again);
    world_sync(world, "1 created");
    g_autofree char *other = guid_of(NAMED("Bob Baum"));
    assert_string_not_equal(other, bob);
    world_set_people(world, three);
    world_sync(world, "1 created, 1 deleted");
    assert_quiet();
}

static void who_comes_back_within_grace_is_the_same_object(void **state)
{
    static const Person without[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"}, NOBODY};
    (void)state;
    set_up();
    world_sync(world, "3 created");
    g_autofree char *bob = guid_of(NAMED("Bob Baum"));
    world_set_people(world, without);
    world_sync(world, "2 disabled");
    assert_quiet();
    world_set_people(world, three);
    world_sync(world, "2 modified");
    g_autofree char *same = guid_of(NAMED("Bob Baum"));
    assert_string_equal(same, bob);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(dirsyncGraceSince=*)"), 0);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(msExchHideFromAddressLists=*)"), 0);
    assert_quiet();
}

static void what_others_did_to_our_objects_is_healed(void **state)
{
    (void)state;
    set_up();
    set_source(three, "All Staff", "");
    world_sync(world, "4 created");
    lab_ldif_load(home, "dn: CN=Ada Alt," WORLD_CONTAINER "\nchangetype: modify\nreplace: displayName\n"
                        "displayName: Somebody\n-\ndelete: title\n-\nadd: proxyAddresses\n"
                        "proxyAddresses: X400:c=us;a= ;s=alt\n-\ndelete: proxyAddresses\n"
                        "proxyAddresses: SMTP:ada@globex.example\n-\n\n"
                        "dn: CN=Bob Baum," WORLD_CONTAINER "\nchangetype: delete\n\n"
                        "dn: CN=All Staff," WORLD_CONTAINER "\nchangetype: modify\ndelete: member\n"
                        "member: CN=Ada Alt," WORLD_CONTAINER "\n-\n");
    world_sync(world, "1 created, 2 modified");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(memberOf=CN=All Staff," WORLD_CONTAINER ")"), 3);
    assert_int_equal(lab_count(home, WORLD_CONTAINER,
                               "(&(displayName=Ada Alt)(title=Engineer)(proxyAddresses=X400:*)"
                               "(proxyAddresses=SMTP:ada@globex.example))"),
                     1);
    assert_quiet();
}

/* By DirSync: the file is as it was, and the domain tells what became of our objects. */
static void drift_is_healed_by_what_the_domain_tells(void **state)
{
    (void)state;
    set_up();
    set_source(three, "All Staff", "");
    world_sync(world, "4 created");
    world_sync(world, ""); /* there is a new container, so everything is read */
    world_sync_by_changes(world, "", 0);
    lab_ldif_load(home, "dn: CN=Ada Alt," WORLD_CONTAINER "\nchangetype: modify\nreplace: displayName\n"
                        "displayName: Somebody\n-\n");
    world_sync_by_changes(world, "1 modified", 2);
    lab_ldif_load(home, "dn: CN=All Staff," WORLD_CONTAINER "\nchangetype: modify\ndelete: member\n"
                        "member: CN=Ada Alt," WORLD_CONTAINER "\n-\n");
    world_sync_by_changes(world, "1 modified", 3);
    lab_ldif_load(home, "dn: CN=Ada Alt," WORLD_CONTAINER "\nchangetype: modrdn\nnewrdn: cn=Somebody\n"
                        "deleteoldrdn: 1\n");
    world_sync_by_changes(world, "1 renamed", 3);
    /* It tells of him, and not of the group that has lost him. Of the one made in his place nobody has told
     * when that is gone too. */
    for (int i = 0; i < 2; i++) {
        lab_ldif_load(home, "dn: CN=Bob Baum," WORLD_CONTAINER "\nchangetype: delete\n");
        world_sync(world, "1 created, 1 modified");
    }
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(memberOf=CN=All Staff," WORLD_CONTAINER ")"), 3);
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
                                 {"11", "Zoe", "a11@globex.example", NULL},
                                 {"12", "Zoë", "a12@globex.example", NULL},
                                 {"(12*\\", "Odd anchor", "a13@globex.example", NULL},
                                 {"a", "Small anchor", "a14@globex.example", NULL},
                                 {"A", "Large anchor", "a15@globex.example", NULL},
                                 NOBODY};
    (void)state;
    set_up();
    world_set_people(world, odd);
    world_sync(world, "15 created");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(displayName=twin)"), 2);
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
}

static void revert_brings_the_start_back(void **state)
{
    static const Person later[] = {{"1", "Bob Baum", "bob@globex.example", "Boss"},
                                   {"3", "Zoë Zwei", "zoe@globex.example", NULL},
                                   {"4", "Dan Dorn", "dan@globex.example ada@globex.example", NULL},
                                   NOBODY};
    static const char *const attributes[] = {"objectClass",
                                             "displayName",
                                             "title",
                                             "mail",
                                             "member",
                                             "groupType",
                                             "proxyAddresses",
                                             "targetAddress",
                                             "mailNickname",
                                             "importedFrom",
                                             "dirsyncAnchor",
                                             "sAMAccountName",
                                             NULL};
    (void)state;
    set_up();
    define("mapping=\"home.xml\"", IMPORT "<grace days=\"0\"/>", NULL);
    set_source(three, "All Staff", "");
    world_sync(world, "4 created");
    g_autofree char *start = lab_dump(home, WORLD_CONTAINER, attributes);
    world_set_people(world, later);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_null(ran.error);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_DELETED], 2);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_FAILED], 0);
    world_revert(world, ran.result.id);
    g_autofree char *reverted = lab_dump(home, WORLD_CONTAINER, attributes);
    assert_string_equal(reverted, start);
}

/* --- accounts --- */

static void disabled_accounts_stay_disabled(void **state)
{
    (void)state;
    set_up();
    define("mapping=\"home.xml\" people=\"disabled-user\"", NULL, NULL);
    world_sync(world, "3 created");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(objectCategory=person)(objectClass=user))"), 3);
    assert_true(number_of(NAMED("Ada Alt"), UAC) & ACCOUNT_DISABLED);
    assert_int_equal(number_of(NAMED("Ada Alt"), "pwdLastSet"), 0);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(sAMAccountName=ada)"), 1);
    assert_quiet();
}

/* The text of everything in the state folder that is a plan or an undo. */
static void append_plans(const char *folder, GString *text)
{
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    const char *name;
    while (names && (name = g_dir_read_name(names))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            append_plans(path, text);
        } else if (g_str_has_suffix(name, ".ldif")) {
            g_autofree char *content = text_of(path);
            g_string_append(text, content);
        }
    }
}

static void enabled_accounts_get_a_password_that_nobody_sees(void **state)
{
    static const Person without[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"}, NOBODY};
    (void)state;
    set_up();
    define("mapping=\"home.xml\" people=\"enabled-user\"", NULL, NULL);
    world_sync(world, "3 created");
    assert_false(number_of(NAMED("Bob Baum"), UAC) & ACCOUNT_DISABLED);
    assert_true(number_of(NAMED("Bob Baum"), "pwdLastSet") > 0);
    assert_quiet();
    g_autofree char *bob = guid_of(NAMED("Bob Baum"));
    long password_set = number_of(NAMED("Bob Baum"), "pwdLastSet");
    world_set_people(world, without);
    world_sync(world, "2 disabled");
    assert_true(number_of(NAMED("Bob Baum"), UAC) & ACCOUNT_DISABLED);
    assert_quiet();
    world_set_people(world, three);
    world_sync(world, "2 modified");
    g_autofree char *same = guid_of(NAMED("Bob Baum"));
    assert_string_equal(same, bob);
    assert_false(number_of(NAMED("Bob Baum"), UAC) & ACCOUNT_DISABLED);
    assert_int_equal(number_of(NAMED("Bob Baum"), "pwdLastSet"), password_set);
    assert_quiet();
    g_autoptr(GString) plans = g_string_new(NULL);
    append_plans(world->state, plans);
    assert_non_null(strstr(plans->str, UAC));
    assert_null(strcasestr(plans->str, "unicodePwd"));
    assert_null(strcasestr(plans->str, "userPassword"));
}

/* --- addresses --- */

/* Samba takes an address twice. Nobody gets it a third time: who has it is said, and the person is left out.
 */
static void an_address_of_a_native_is_not_given_twice(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(home, "dn: " NATIVES "\nobjectClass: organizationalUnit\nou: natives\n\n"
                        "dn: CN=First," NATIVES "\nobjectClass: contact\ncn: First\n"
                        "proxyAddresses: SMTP:bobby@globex.example\n\n"
                        "dn: CN=Second," NATIVES "\nobjectClass: contact\ncn: Second\n"
                        "proxyAddresses: SMTP:bobby@globex.example\n");
    assert_int_equal(lab_count(home, HOME_BASE, "(proxyAddresses=smtp:bobby@globex.example)"), 2);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_null(ran.error);
    g_autofree char *did = figures_of(&ran.result.step[STEP_IMPORT].counts);
    assert_string_equal(did, "2 created, 1 quarantined");
    assert_int_equal(lab_count(home, HOME_BASE, "(proxyAddresses=smtp:bobby@globex.example)"), 2);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(proxyAddresses=SMTP:bob@globex.example)"), 0);
    lab_ldif_load(home, "dn: CN=First," NATIVES "\nchangetype: delete\n\n"
                        "dn: CN=Second," NATIVES "\nchangetype: modify\ndelete: proxyAddresses\n-\n");
    world_sync(world, "1 created");
    assert_int_equal(lab_count(home, HOME_BASE, "(proxyAddresses=smtp:bobby@globex.example)"), 1);
    assert_quiet();
}

static void addresses_and_names_change_hands(void **state)
{
    static const Person swapped[] = {{"1", "Bob Baum", "bob@globex.example", "Engineer"},
                                     {"2", "Ada Alt", "ada@globex.example bobby@globex.example", NULL},
                                     {"3", "Žižek, Zoë", "zoe@globex.example", "Ärztin"},
                                     NOBODY};
    (void)state;
    set_up();
    world_sync(world, "3 created");
    world_set_people(world, swapped);
    world_sync(world, "2 modified, 2 renamed");
    g_autofree char *ada = lab_value(home, WORLD_CONTAINER, NAMED("Ada Alt"), "dirsyncAnchor");
    assert_string_equal(ada, "2");
    assert_quiet();
}

/* --- sizes --- */

/* More people than a page (1,000) has, more members than a range (1,500). */
static void pages_and_ranges_are_read_to_their_end(void **state)
{
    (void)state;
    set_up();
    enum { MANY = 1600 };
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) members = g_string_new(NULL);
    for (int i = 0; i < MANY; i++) {
        g_string_append_printf(text,
                               "dn: uid=%d," PEOPLE "\nobjectClass: inetOrgPerson\nemployeeNumber: %d\n"
                               "cn: P%d\nsn: P\nmail: p%d@globex.example\n\n",
                               i, i, i, i);
        g_string_append_printf(members, "member: uid=%d," PEOPLE "\n", i);
    }
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_string_append_printf(text,
                           "dn: cn=Many," GROUPS "\nobjectClass: groupOfNames\ncn: Many\n"
                           "employeeNumber: many\nmail: many@globex.example\n%s\n# count: %d\n",
                           members->str, MANY + 1);
    write_text(path, text->str);
    world_sync(world, "1601 created");
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
    lab_ldif_load(home, "dn: CN=Many," WORLD_CONTAINER "\nchangetype: modify\ndelete: member\n"
                        "member: CN=P1550," WORLD_CONTAINER "\n-\n");
    world_sync(world, "1 modified");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(memberOf=CN=Many," WORLD_CONTAINER ")"), MANY);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_first_import_and_a_second_run_that_writes_nothing),
        CASE(changes_renames_and_memberships_keep_the_objects),
        CASE(a_deleted_object_does_not_come_back_and_is_not_in_the_way),
        CASE(who_comes_back_within_grace_is_the_same_object),
        CASE(what_others_did_to_our_objects_is_healed),
        CASE(drift_is_healed_by_what_the_domain_tells),
        CASE(names_of_all_sorts_are_kept),
        CASE(revert_brings_the_start_back),
        CASE(disabled_accounts_stay_disabled),
        CASE(enabled_accounts_get_a_password_that_nobody_sees),
        CASE(an_address_of_a_native_is_not_given_twice),
        CASE(addresses_and_names_change_hands),
        CASE(pages_and_ranges_are_read_to_their_end),
    };
    return cmocka_run_group_tests_name("sync_samba", tests, NULL, tear_down_domain);
}

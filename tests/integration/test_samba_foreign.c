/*
 * test_samba_foreign.c - a real Active Directory (Samba) as the foreign directory of a slapd
 *
 * The shipped mapping active-directory, as it is, in both directions. The anchor
 * is objectGUID. One domain serves all cases.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include <string.h>

#define THEIRS "OU=people," HOME_BASE
#define OUTSIDE "OU=outside," HOME_BASE
#define EXPORTED "OU=acme," HOME_BASE
#define OURS "ou=ours," HOME_BASE
#define NAMED(name) "(cn=" name ")"
#define SCOPE                                                                                                \
    "<source base=\"" THEIRS "\"><filter>(|(&amp;(objectCategory=person)(|(objectClass=user)"                \
    "(objectClass=contact)))(objectCategory=group))</filter></source>"
#define EXPORT                                                                                               \
    "<export container=\"" EXPORTED "\" create-container=\"yes\" mapping=\"active-directory\" "              \
    "resources=\"no\"><source base=\"" OURS "\"/><stamp attribute=\"extensionAttribute15\"/></export>"
#define USER_ENTRY(cn, account, control, mail)                                                               \
    "dn: CN=" cn "," THEIRS "\nobjectClass: user\ncn: " cn "\ndisplayName: " cn "\nsAMAccountName: " account \
    "\nuserAccountControl: " control "\nproxyAddresses: SMTP:" mail "\nmail: " mail "\n\n"
/* 544: enabled, and needs no password; 514: disabled */
#define ADA USER_ENTRY("Ada Alt", "ada", "544", "ada@globex.example")
#define BOB USER_ENTRY("Bob Baum", "bob", "514", "bob@globex.example")
#define KIM                                                                                                  \
    "dn: CN=Kim Kontakt," THEIRS "\nobjectClass: contact\ncn: Kim Kontakt\nmail: kim@other.example\n"        \
    "targetAddress: SMTP:kim@other.example\n\n"
#define COMPUTER                                                                                             \
    "dn: CN=PC1," THEIRS "\nobjectClass: computer\ncn: PC1\nsAMAccountName: PC1$\n"                          \
    "mail: pc1@globex.example\n\n"
#define ALL                                                                                                  \
    "dn: CN=All," THEIRS "\nobjectClass: group\ncn: All\nsAMAccountName: All\ngroupType: 8\n"                \
    "mail: all@globex.example\nmember: CN=Ada Alt," THEIRS "\nmember: CN=Kim Kontakt," THEIRS "\n\n"

static Lab *foreign, *home;
static World *world;

static int tear_down_servers(void **state)
{
    (void)state;
    lab_stop(foreign);
    foreign = NULL;
    return 0;
}

static void remove_tree(const char *dn)
{
    if (!lab_count(foreign, dn, NULL))
        return;
    g_autofree char *change =
        g_strdup_printf("dn: %s\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n", dn);
    lab_ldif_load(foreign, change);
}

static void define(const char *import, const char *rest)
{
    g_autofree char *to = lab_element("home", home, HOME_BASE);
    g_autofree char *from = lab_element("foreign", foreign, HOME_BASE);
    g_autofree char *whole = g_strconcat(rest, WORLD_NO_LIMITS, NULL);
    world_define(world, to, from, import, whole);
    g_autofree char *text = text_of(world->connector);
    g_autoptr(GRegex) regex = g_regex_new("mapping=\"inetorgperson\" groups=\"no\"", 0, 0, NULL);
    g_autofree char *with =
        g_regex_replace(regex, text, -1, 0, "mapping=\"active-directory\" contacts=\"contact\"", 0, NULL);
    write_text(world->connector, with);
}

static void set_up(const char *entries)
{
    lab_skip_unless("samba");
    lab_skip_unless_slapd();
    if (!foreign)
        foreign = lab_start("samba", NULL);
    remove_tree(THEIRS);
    remove_tree(OUTSIDE);
    remove_tree(EXPORTED);
    home = lab_slapd_start("--nosync --unique");
    world = world_new();
    define(SCOPE, "");
    lab_ldif_load(foreign, "dn: " THEIRS "\nobjectClass: organizationalUnit\nou: people\n\n"
                           "dn: " OUTSIDE "\nobjectClass: organizationalUnit\nou: outside\n");
    lab_ldif_load(foreign, entries);
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

static unsigned long writes_of_both(void)
{
    return lab_writes(home) + lab_writes(foreign);
}

static void sync_both(const char *imported, const char *exported)
{
    g_auto(Ran) ran = world_sync_with(world, NULL);
    if (ran.error)
        fail_msg("%s", ran.error->message);
    g_autofree char *in = figures_of(&ran.result.step[STEP_IMPORT].counts);
    g_autofree char *out = figures_of(&ran.result.step[STEP_EXPORT].counts);
    assert_string_equal(in, imported);
    assert_string_equal(out, exported);
    assert_int_equal(ran.status, 0);
}

static void assert_quiet(void)
{
    unsigned long before = writes_of_both();
    sync_both("", "");
    assert_int_equal(writes_of_both(), before);
}

static char *uuid_of(const char *filter)
{
    return lab_value(home, WORLD_CONTAINER, filter, "entryUUID");
}

/* --- in --- */

static void people_contacts_and_groups_come_in_once(void **state)
{
    (void)state;
    set_up(ADA BOB KIM COMPUTER ALL);
    sync_both("4 created", "");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(objectClass=contact)"), 3);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(cn=PC1)"), 0);
    assert_int_equal(lab_count(home, WORLD_CONTAINER,
                               "(&(objectClass=group)(member=cn=Ada Alt," WORLD_CONTAINER
                               ")(member=cn=Kim Kontakt," WORLD_CONTAINER "))"),
                     1);
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
}

static void disabled_accounts_are_left_out_when_they_should_be(void **state)
{
    (void)state;
    set_up(ADA BOB);
    g_autofree char *text = text_of(world->connector);
    g_autoptr(GRegex) regex = g_regex_new("mapping=\"active-directory\"", 0, 0, NULL);
    g_autofree char *with = g_regex_replace(regex, text, -1, 0, "\\0 disabled=\"no\"", 0, NULL);
    write_text(world->connector, with);
    sync_both("1 created", "");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, NAMED("Ada Alt")), 1);
    lab_ldif_load(foreign, "dn: CN=Bob Baum," THEIRS "\nchangetype: modify\nreplace: userAccountControl\n"
                           "userAccountControl: 544\n-\n");
    sync_both("1 created", "");
    assert_quiet();
}

static void renames_and_moves_keep_the_object_and_a_tombstone_is_nobody(void **state)
{
    (void)state;
    set_up(ADA BOB KIM "dn: OU=sub," THEIRS "\nobjectClass: organizationalUnit\nou: sub\n\n");
    sync_both("3 created", "");
    g_autofree char *ada = uuid_of(NAMED("Ada Alt"));
    g_autofree char *bob = uuid_of(NAMED("Bob Baum"));
    lab_ldif_load(foreign, "dn: CN=Ada Alt," THEIRS "\nchangetype: modrdn\nnewrdn: CN=Ada Anders\n"
                           "deleteoldrdn: 1\nnewsuperior: OU=sub," THEIRS "\n\n"
                           "dn: CN=Ada Anders,OU=sub," THEIRS "\nchangetype: modify\nreplace: displayName\n"
                           "displayName: Ada Anders\n-\n\n"
                           "dn: CN=Bob Baum," THEIRS "\nchangetype: delete\n");
    sync_both("1 modified, 1 renamed, 1 disabled", "");
    g_autofree char *same = uuid_of(NAMED("Ada Anders"));
    assert_string_equal(same, ada);
    assert_quiet();
    lab_ldif_load(foreign, BOB); /* the name of before, another objectGUID */
    sync_both("1 created, 1 deleted", "");
    g_autofree char *other = uuid_of(NAMED("Bob Baum"));
    assert_string_not_equal(other, bob);
    assert_quiet();
}

static void what_the_server_computes_makes_no_work(void **state)
{
    (void)state;
    set_up(ADA KIM);
    sync_both("2 created", "");
    lab_ldif_load(foreign, "dn: CN=Club," OUTSIDE "\nobjectClass: group\ncn: Club\nsAMAccountName: Club\n"
                           "member: CN=Ada Alt," THEIRS "\n");
    assert_int_equal(lab_count(foreign, THEIRS, "(&(cn=Ada Alt)(memberOf=CN=Club," OUTSIDE "))"), 1);
    assert_quiet();
}

static void all_members_of_a_large_group_come_in(void **state)
{
    enum { MANY = 1600 };
    (void)state;
    g_autoptr(GString) people = g_string_new(NULL);
    g_autoptr(GString) group =
        g_string_new("dn: CN=Many," THEIRS "\nobjectClass: group\ncn: Many\nsAMAccountName: Many\n"
                     "groupType: 8\nmail: many@globex.example\n");
    for (int i = 0; i < MANY; i++) {
        g_string_append_printf(people,
                               "dn: CN=p%d," THEIRS "\nobjectClass: contact\ncn: p%d\n"
                               "mail: p%d@globex.example\n\n",
                               i, i, i);
        g_string_append_printf(group, "member: CN=p%d," THEIRS "\n", i);
    }
    g_string_append_printf(people, "%s\n", group->str);
    set_up(people->str);
    sync_both("1601 created", "");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(cn=Many)(member=cn=p1599," WORLD_CONTAINER "))"),
                     1);
    assert_quiet();
    lab_ldif_load(foreign, "dn: CN=Many," THEIRS "\nchangetype: modify\ndelete: member\n"
                           "member: CN=p7," THEIRS "\n-\n");
    sync_both("1 modified", "");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(cn=Many)(member=cn=p7," WORLD_CONTAINER "))"), 0);
    assert_quiet();
}

/* --- out --- */

static void load_ours(void)
{
    static const Person ours[] = {{"dan", "Dan Dorn", "dan@acme.example", "Engineer"},
                                  {"eve", "Eve Öl, Dr.", "eve@acme.example", NULL},
                                  {NULL, NULL, NULL, NULL}};
    g_autofree char *people = people_as_ldif(ours, OURS);
    g_autofree char *ldif =
        g_strconcat("dn: " OURS "\nobjectClass: organizationalUnit\nou: ours\n\n", people,
                    "dn: cn=Board," OURS "\nobjectClass: groupOfNames\nobjectClass: mailRecipient\n"
                    "cn: Board\nmail: board@acme.example\nmember: uid=dan," OURS "\n",
                    NULL);
    lab_ldif_load(home, ldif);
}

static void ours_go_out_follow_and_leave(void **state)
{
    (void)state;
    set_up(ADA);
    load_ours();
    define(SCOPE, EXPORT);
    sync_both("1 created", "3 created");
    assert_int_equal(lab_count(foreign, EXPORTED, "(&(objectClass=contact)(targetAddress=SMTP:*))"), 2);
    assert_int_equal(lab_count(foreign, EXPORTED, "(&(objectClass=group)(member=CN=Dan Dorn," EXPORTED "))"),
                     1);
    assert_quiet();
    remove_folder(world->state);
    assert_quiet();
    g_autofree char *dan = lab_value(foreign, EXPORTED, NAMED("Dan Dorn"), "objectGUID");
    lab_ldif_load(home, "dn: uid=dan," OURS "\nchangetype: modify\nreplace: displayName\n"
                        "displayName: Dan Dahl\n-\n\ndn: uid=eve," OURS "\nchangetype: delete\n");
    sync_both("", "1 modified, 1 renamed, 1 deleted");
    g_autofree char *same = lab_value(foreign, EXPORTED, NAMED("Dan Dahl"), "objectGUID");
    assert_string_equal(same, dan);
    assert_quiet();
}

static void what_they_did_to_ours_is_healed(void **state)
{
    (void)state;
    set_up(ADA);
    load_ours();
    define(SCOPE, EXPORT);
    sync_both("1 created", "3 created");
    lab_ldif_load(foreign, "dn: CN=Dan Dorn," EXPORTED "\nchangetype: modify\nreplace: displayName\n"
                           "displayName: Somebody\n-\n\n"
                           "dn: CN=Board," EXPORTED "\nchangetype: modify\ndelete: member\n-\n");
    sync_both("", "2 modified");
    assert_int_equal(lab_count(foreign, EXPORTED, "(member=CN=Dan Dorn," EXPORTED ")"), 1);
    assert_quiet();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(people_contacts_and_groups_come_in_once),
        CASE(disabled_accounts_are_left_out_when_they_should_be),
        CASE(renames_and_moves_keep_the_object_and_a_tombstone_is_nobody),
        CASE(what_the_server_computes_makes_no_work),
        CASE(ours_go_out_follow_and_leave),
        CASE(what_they_did_to_ours_is_healed),
        CASE(all_members_of_a_large_group_come_in), /* the last, since its tree is slow to remove */
    };
    return cmocka_run_group_tests_name("samba_foreign", tests, NULL, tear_down_servers);
}

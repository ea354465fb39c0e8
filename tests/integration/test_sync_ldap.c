/*
 * test_sync_ldap.c - whole runs from one slapd into another
 *
 * The anchor is the source's entryUUID; whoever the read does not show is
 * asked for by it. Nobody is removed on the strength of a read that may have
 * been cut short.
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
#define CONTACT(name) "(&(objectClass=contact)(cn=" name "))"
#define PERSON(uid) "uid=" uid "," SOURCE_PEOPLE
#define AS_USER                                                                                              \
    "<foreign driver=\"ldap\" uri=\"%s\" base=\"" SOURCE_BASE "\" timeout=\"10\">"                           \
    "<bind method=\"simple\" dn=\"" SOURCE_USER                                                              \
    "\"><password environment=\"LAB_PASSWORD\"/></bind></foreign>"
#define IN_SCOPE "<source><filter>(&amp;(objectClass=inetOrgPerson)(!(title=Left)))</filter></source>"

static Lab *source, *home;
static World *world;

static const Person staff[] = {{"ada", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"bob", "Bob Baum", "bob@globex.example", NULL},
                               {"cat", "Cat Chan", "cat@globex.example", NULL},
                               {"dan", "Dan Dorn", "dan@globex.example", NULL},
                               NOBODY};

static void load_people(const Person *people)
{
    g_autofree char *ldif = people_as_ldif(people, SOURCE_PEOPLE);
    lab_ldif_load(source, ldif);
}

static void set_up_with(const char *source_options)
{
    lab_skip_unless_slapd();
    g_autofree char *options =
        g_strconcat("--nosync --no-schema --suffix " SOURCE_BASE " ", source_options, NULL);
    source = lab_slapd_start(g_strchomp(options));
    home = lab_slapd_start("--nosync --unique");
    world = world_between(source, home);
    lab_ldif_load(source, "dn: " SOURCE_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    load_people(staff);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(source);
    lab_slapd_stop(home);
    world = NULL;
    source = home = NULL;
    return 0;
}

static void define_with(const char *foreign, const char *import, const char *rest)
{
    g_autofree char *to = world_server("home", home->uri, HOME_BASE);
    g_autofree char *from = world_server("foreign", source->uri, SOURCE_BASE);
    world_define(world, to, foreign ? foreign : from, import ? import : IN_SCOPE, rest);
}

/* The source is read as an ordinary user. */
static void define_as_user(const char *import, const char *rest)
{
    g_autofree char *foreign = g_strdup_printf(AS_USER, source->ldap_uri);
    g_setenv("LAB_PASSWORD", "secret", TRUE);
    define_with(foreign, import, rest);
}

static void assert_quiet(void)
{
    unsigned long before = lab_writes(home);
    world_sync(world, "");
    assert_int_equal(lab_writes(home), before);
}

/* Nothing is removed, and the run says that the source was not proven whole. */
static void assert_partial(const char *reason)
{
    unsigned long before = lab_writes(home);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    if (ran.error)
        fail_msg("%s", ran.error->message);
    assert_int_equal(ran.status, 3);
    assert_true(ran.result.step[STEP_IMPORT].partial);
    assert_non_null(strstr(ran.result.step[STEP_IMPORT].partial_reason, reason));
    assert_int_equal(lab_writes(home), before);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(objectClass=contact)(!(dirsyncGraceSince=*)))"), 4);
}

static void who_is_new_changed_renamed_moved_or_gone(void **state)
{
    (void)state;
    set_up_with("");
    world_sync(world, "4 created");
    g_autofree char *uuid = lab_value(source, SOURCE_BASE, "(uid=ada)", "entryUUID");
    g_autofree char *anchor = lab_value(home, WORLD_CONTAINER, CONTACT("Ada Alt"), "dirsyncAnchor");
    g_autofree char *cat = lab_value(home, WORLD_CONTAINER, CONTACT("Cat Chan"), "entryUUID");
    assert_string_equal(anchor, uuid);
    lab_ldif_load(
        source,
        "dn: " PERSON(
            "ada") "\nchangetype: modify\nreplace: title\ntitle: Director\n\n"
                   "dn: ou=away," SOURCE_BASE
                   "\nchangetype: add\nobjectClass: organizationalUnit\nou: away\n\n"
                   "dn: " PERSON(
                       "bob") "\nchangetype: modrdn\nnewrdn: uid=robert\ndeleteoldrdn: 1\n"
                              "newsuperior: ou=away," SOURCE_BASE "\n\n"
                              "dn: " PERSON(
                                  "cat") "\nchangetype: modify\nreplace: displayName\ndisplayName: Cat "
                                         "Cruz\n\n"
                                         "dn: " PERSON(
                                             "dan") "\nchangetype: delete\n\n"
                                                    "dn: " PERSON(
                                                        "eve") "\nchangetype: add\nobjectClass: "
                                                               "inetOrgPerson\nuid: eve\ncn: Eve Eck\n"
                                                               "sn: Eck\nmail: eve@globex.example\n");
    world_sync(world, "1 created, 2 modified, 1 renamed, 1 disabled");
    g_autofree char *same = lab_value(home, WORLD_CONTAINER, CONTACT("Cat Cruz"), "entryUUID");
    assert_string_equal(same, cat);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(cn=Ada Alt)(title=Director))"), 1);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(cn=Dan Dorn)(dirsyncGraceSince=*))"), 1);
    assert_quiet();
}

static void who_leaves_the_filter_is_out_of_scope_and_stays(void **state)
{
    (void)state;
    set_up_with("");
    define_with(NULL, NULL, NULL);
    world_sync(world, "4 created");
    lab_ldif_load(source, "dn: " PERSON("bob") "\nchangetype: modify\nreplace: title\ntitle: Left\n");
    assert_quiet();
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(&(cn=Bob Baum)(!(dirsyncGraceSince=*)))"), 1);
}

static void who_leaves_the_filter_is_missing_where_the_definition_says_so(void **state)
{
    (void)state;
    set_up_with("");
    define_with(NULL, IN_SCOPE "<out-of-scope action=\"missing\"/>", NULL);
    world_sync(world, "4 created");
    lab_ldif_load(source, "dn: " PERSON("bob") "\nchangetype: modify\nreplace: title\ntitle: Left\n");
    world_sync(world, "1 disabled");
    assert_quiet();
}

static void a_size_limit_at_the_source_removes_nobody(void **state)
{
    (void)state;
    set_up_with("--port auto");
    define_as_user(NULL, NULL);
    world_sync(world, "4 created");
    lab_configure(source,
                  "dn: " LAB_DATABASE "\nchangetype: modify\nreplace: olcSizeLimit\nolcSizeLimit: 3\n");
    assert_partial("ize limit");
}

static void an_acl_that_hides_everybody_removes_nobody(void **state)
{
    (void)state;
    set_up_with("--port auto");
    define_as_user(NULL, NULL);
    world_sync(world, "4 created");
    lab_configure(source, "dn: " LAB_DATABASE "\nchangetype: modify\nadd: olcAccess\n"
                          "olcAccess: {0}to dn.children=\"" SOURCE_PEOPLE "\" by * none\n");
    assert_partial("empty");
}

static void an_acl_that_hides_most_is_stopped_by_the_limit(void **state)
{
    (void)state;
    set_up_with("--port auto");
    define_as_user(NULL, "<limits disable=\"5%|1\"/>");
    world_sync(world, "4 created");
    lab_configure(source, "dn: " LAB_DATABASE "\nchangetype: modify\nadd: olcAccess\n"
                          "olcAccess: {0}to filter=\"(|(uid=bob)(uid=cat))\" by * none\n");
    unsigned long before = lab_writes(home);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 4);
    assert_int_equal(lab_writes(home), before);
}

static void an_acl_that_hides_an_attribute_does_not_empty_it(void **state)
{
    (void)state;
    set_up_with("--port auto");
    define_as_user("<source><filter>(objectClass=inetOrgPerson)</filter></source>",
                   "<limits empty=\"0\" change=\"none\"/>");
    world_sync(world, "4 created");
    lab_configure(source, "dn: " LAB_DATABASE "\nchangetype: modify\nadd: olcAccess\n"
                          "olcAccess: {0}to attrs=title by * none\n");
    unsigned long before = lab_writes(home);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 4);
    assert_non_null(strstr(ran.error->message, "title"));
    assert_int_equal(lab_writes(home), before);
}

static void a_side_that_is_down_is_a_temporary_failure(void **state)
{
    (void)state;
    set_up_with("");
    world_sync(world, "4 created");
    unsigned long before = lab_writes(home);
    lab_slapd_kill(source);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 5);
    assert_int_equal(lab_writes(home), before);
    lab_slapd_restart(source);
    lab_slapd_kill(home);
    g_auto(Ran) other = world_sync_with(world, NULL);
    assert_int_equal(other.status, 5);
    lab_slapd_restart(home);
    assert_quiet();
}

static void an_empty_source_removes_nobody_unless_that_is_allowed(void **state)
{
    (void)state;
    set_up_with("");
    world_sync(world, "4 created");
    for (const Person *person = staff; person->anchor; person++) {
        g_autofree char *ldif =
            g_strdup_printf("dn: uid=%s," SOURCE_PEOPLE "\nchangetype: delete\n", person->anchor);
        lab_ldif_load(source, ldif);
    }
    assert_partial("empty");
    g_autoptr(Connector) connector = world_connector(world);
    RunOptions options = run_options(connector);
    options.pass.allow_empty = true;
    g_auto(Ran) ran = world_sync_with(world, &options);
    assert_int_equal(ran.status, 0);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_DISABLED], 4);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(who_is_new_changed_renamed_moved_or_gone),
        CASE(who_leaves_the_filter_is_out_of_scope_and_stays),
        CASE(who_leaves_the_filter_is_missing_where_the_definition_says_so),
        CASE(a_size_limit_at_the_source_removes_nobody),
        CASE(an_acl_that_hides_everybody_removes_nobody),
        CASE(an_acl_that_hides_most_is_stopped_by_the_limit),
        CASE(an_acl_that_hides_an_attribute_does_not_empty_it),
        CASE(a_side_that_is_down_is_a_temporary_failure),
        CASE(an_empty_source_removes_nobody_unless_that_is_allowed),
    };
    return cmocka_run_group_tests_name("sync_ldap", tests, NULL, NULL);
}

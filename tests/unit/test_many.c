/*
 * test_many.c - how much is written and read when there are many
 *
 * Large groups, and a large source of which everybody changes at once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

#define GROUPS "groups=\"group\" resources=\"no\""

static char *people(size_t n)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(
            text, "dn: uid=p%zu,o=globex\nobjectClass: inetOrgPerson\nuid: p%zu\ncn: P%zu\nsn: x\n\n", i, i,
            i);
    return g_string_free(text, FALSE);
}

static char *all_in(size_t n)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, "member: uid=p%zu,o=globex\n", i);
    return g_string_free(text, FALSE);
}

static char *source_of(size_t people_n, size_t members)
{
    g_autofree char *all = people(people_n), *in = all_in(members);
    return g_strdup_printf(
        "%sdn: uid=g1,o=globex\nobjectClass: groupOfNames\nobjectClass: uidObject\nuid: g1\n"
        "cn: Team\n%s\n",
        all, in);
}

static void run_writes(Case *c, const char *lift, size_t writes)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    size_t before = memory_store_writes(case_home(c));
    RunOptions options = case_options(c, connector, &(Called){.lift = lift});
    if (!run_sync(connector, &options, &result, &error))
        fail_msg("%s", error->message);
    assert_int_equal(memory_store_writes(case_home(c)) - before, writes);
}

static void run_apply_writes(Case *c, const char *folder, size_t writes)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    size_t before = memory_store_writes(case_home(c));
    RunOptions options = case_options(c, connector, NULL);
    if (!run_apply(connector, &options, folder, &result, &error))
        fail_msg("%s", error->message);
    assert_int_equal(memory_store_writes(case_home(c)) - before, writes);
}

static size_t members_at_home(Case *c)
{
    g_autofree char *dump = case_dump(c);
    size_t n = 0;
    for (const char *p = dump; (p = strstr(p, "\nmember: ")); p++)
        n++;
    return n;
}

#define MANY 5000
#define IN_ONE_CHANGE 1000

static void a_very_large_group_is_made_in_portions_and_changed_by_two_values(void **state)
{
    (void)state;
    static const CaseStart start = {.kinds = GROUPS};
    g_autoptr(Case) c = case_new(&start);
    g_autofree char *text = source_of(MANY, MANY - 1);
    case_set_source(c, text);
    run_writes(c, NULL, MANY + MANY / IN_ONE_CHANGE);
    assert_int_equal(members_at_home(c), MANY - 1);
    run_writes(c, NULL, 0);
    g_autofree char *change = g_strdup_printf(
        "dn: uid=g1,o=globex\nchangetype: modify\ndelete: member\nmember: uid=p0,o=globex\n-\n"
        "add: member\nmember: uid=p%d,o=globex\n-\n\n",
        MANY - 1);
    case_edit_foreign(c, change);
    run_writes(c, NULL, 1);
    assert_int_equal(members_at_home(c), MANY - 1);
    run_writes(c, NULL, 0);
}

/* With "description: new". */
static char *changed(const char *source)
{
    g_auto(GStrv) parts = g_strsplit(source, "sn: x\n", -1);
    return g_strjoinv("sn: x\ndescription: new\n", parts);
}

static char *dump_of(Case *c, const char *dn)
{
    g_autofree char *dump = case_dump(c);
    g_autofree char *line = g_strdup_printf("dn: %s\n", dn);
    const char *begin = strstr(dump, line);
    assert_non_null(begin);
    const char *end = strstr(begin, "\n\n");
    return end ? g_strndup(begin, (size_t)(end - begin)) : g_strdup(begin);
}

#define ADOPTS .kinds = GROUPS, .import = "<join source=\"cn\" home=\"cn\"/><adopt/>"
#define BY_HAND(name)                                                                                        \
    "dn: cn=" name ",ou=people,o=acme\nobjectClass: top\nobjectClass: contact\ncn: " name                    \
    "\nmailNickname: by hand\n\n"

/* More than are fetched at once, and there is no container that could be read. */
static void those_who_are_elsewhere_are_fetched(void **state)
{
    (void)state;
    enum { ALL = MANY + 1 };
    g_autoptr(GString) natives = g_string_new(NULL);
    for (int i = 0; i < ALL; i++)
        g_string_append_printf(natives, BY_HAND("P%d"), i, i);
    const CaseStart start = {ADOPTS, .home = natives->str, .no_container = true,
                             .limits = "change=\"none\" native=\"none\""};
    g_autoptr(Case) c = case_new(&start);
    g_autofree char *text = people(ALL), *new = changed(text);
    case_set_source(c, text);
    run_writes(c, NULL, ALL);
    case_set_source(c, new);
    run_writes(c, NULL, ALL);
    run_writes(c, NULL, 0);
}

/* One of many is not in the container that is read. */
static void one_who_is_elsewhere_is_fetched(void **state)
{
    (void)state;
    static const CaseStart start = {ADOPTS, .home = BY_HAND("P7")};
    g_autoptr(Case) c = case_new(&start);
    g_autofree char *text = people(MANY), *new = changed(text);
    case_set_source(c, text);
    run_writes(c, NULL, MANY);
    case_set_source(c, new);
    run_writes(c, "change=none", MANY);
    g_autofree char *outside = dump_of(c, "cn=P7,ou=people,o=acme");
    assert_non_null(strstr(outside, "description: new"));
    run_writes(c, NULL, 0);
}

/* Nobody is fetched, since most are wanted; a copy that shows the stamp of one of ours is not taken for
 * him. */
static void most_of_a_container_are_read_with_it(void **state)
{
    (void)state;
    static const CaseStart start = {
        .kinds = GROUPS, /* read before the one of which it becomes a copy */
        .home = "dn: cn=Copy,ou=in,o=acme\nobjectClass: top\nobjectClass: contact\ncn: Copy\n\n"};
    g_autoptr(Case) c = case_new(&start);
    g_autofree char *text = people(MANY), *new = changed(text);
    case_set_source(c, text);
    run_writes(c, NULL, MANY);
    case_edit_home(c, MODIFY("cn=Copy,ou=in,o=acme",
                             GIVE("objectClass", "dirsyncStamp") GIVE("dirsyncAnchor", "p7")
                                 GIVE("importedFrom", CASE_UUID)));
    case_set_source(c, new);
    case_set_faults(c, "fetch@1+", NULL);
    run_writes(c, "change=none", MANY);
    g_autofree char *copy = dump_of(c, "cn=Copy,ou=in,o=acme"), *ours = dump_of(c, "cn=P7,ou=in,o=acme");
    assert_null(strstr(copy, "description: new"));
    assert_non_null(strstr(ours, "description: new"));
    run_writes(c, NULL, 0);
}

/* A container is not read for a few of it. */
static void a_few_of_many_are_fetched(void **state)
{
    (void)state;
    static const CaseStart start = {.kinds = GROUPS};
    g_autoptr(Case) c = case_new(&start);
    g_autofree char *text = people(MANY);
    case_set_source(c, text);
    run_writes(c, NULL, MANY);
    case_edit_foreign(c, MODIFY("uid=p7,o=globex", GIVE("description", "new")));
    case_set_faults(c, "fetch@1", NULL);
    case_sync(c, NULL, &(Expected){.status = 5, .error = "*cannot be reached*"});
    case_set_faults(c, NULL, NULL);
    run_writes(c, NULL, 1);
}

/* A plan that may be old: whoever has an object by now is found in a few searches for all of them. */
static void those_of_a_plan_are_looked_for_together(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.kinds = GROUPS});
    g_autofree char *text = people(MANY), *folder = case_path(c, "plan");
    case_set_source(c, text);
    case_plan(c, NULL, folder, &(Expected){.counts = G_STRINGIFY(MANY) " created"});
    case_set_faults(c, "search@500+", NULL);
    run_apply_writes(c, folder, MANY);
}

#define MADE(digit)                                                                                          \
    "+ cn=P" digit ",ou=in,o=acme\n  cn: P" digit "\n  dirsyncAnchor: p" digit                               \
    "\n  importedFrom: " CASE_UUID "\n  mailNickname: p" digit                                               \
    "\n  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n"

/* Where they cannot be looked for together each is looked for alone. */
static void who_is_not_found_with_the_others_is_looked_for_alone(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.kinds = GROUPS});
    g_autofree char *text = people(3), *folder = case_path(c, "plan");
    case_set_source(c, text);
    case_plan(c, NULL, folder, &(Expected){.counts = "3 created"});
    case_edit_home(c, "dn: cn=Other,ou=in,o=acme\nchangetype: add\nobjectClass: contact\n"
                      "objectClass: dirsyncStamp\ncn: Other\ndirsyncAnchor: p1\nimportedFrom: " CASE_UUID
                      "\n\n");
    case_set_faults(c, "search@1", NULL);
    case_apply(c, folder,
               &(Expected){.changes = MADE("0") MADE("2"),
                           .writes = 2,
                           .counts = "2 created, 1 failed",
                           .events = "write-moved",
                           .status = 3});
}

/* Of the stamps of two connectors on it only one is read. */
static void an_object_with_two_stamps_is_found_too(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.kinds = GROUPS, .stamp = "form=\"proxy\" name=\"DIRSYNC\""});
    g_autofree char *text = people(3), *folder = case_path(c, "plan");
    case_set_source(c, text);
    case_plan(c, NULL, folder, &(Expected){.counts = "3 created"});
    case_edit_home(c, "dn: cn=Other,ou=in,o=acme\nchangetype: add\nobjectClass: contact\n"
                      "cn: Other\n"
                      "proxyAddresses: dirsync:" OTHER_UUID ";;x\n"
                      "proxyAddresses: dirsync:" CASE_UUID ";;p1\n\n");
    run_apply_writes(c, folder, 2);
}

static void more_than_a_tenth_of_a_group_does_not_go_by_accident(void **state)
{
    (void)state;
    static const CaseStart start = {.kinds = GROUPS};
    g_autoptr(Case) c = case_new(&start);
    g_autofree char *all = source_of(200, 200), *most = source_of(200, 180), *few = source_of(200, 179);
    case_set_source(c, all);
    run_writes(c, NULL, 201);
    case_set_source(c, few);
    case_sync(c, NULL,
              &(Expected){.status = 4,
                          .events = "run-limit",
                          .error = "import: limit \"members\": 21 members would be "
                                   "removed*cn=Team,ou=in,o=acme*20 allowed of 200*"});
    case_set_source(c, most);
    run_writes(c, NULL, 1);
    assert_int_equal(members_at_home(c), 180);
    case_set_source(c, all);
    run_writes(c, NULL, 1);
    case_set_source(c, few);
    run_writes(c, "members=none", 1);
    assert_int_equal(members_at_home(c), 179);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_very_large_group_is_made_in_portions_and_changed_by_two_values),
        cmocka_unit_test(more_than_a_tenth_of_a_group_does_not_go_by_accident),
        cmocka_unit_test(those_who_are_elsewhere_are_fetched),
        cmocka_unit_test(one_who_is_elsewhere_is_fetched),
        cmocka_unit_test(most_of_a_container_are_read_with_it),
        cmocka_unit_test(a_few_of_many_are_fetched),
        cmocka_unit_test(those_of_a_plan_are_looked_for_together),
        cmocka_unit_test(who_is_not_found_with_the_others_is_looked_for_alone),
        cmocka_unit_test(an_object_with_two_stamps_is_found_too),
    };
    return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}

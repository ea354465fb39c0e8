/*
 * test_pass_changes.c - runs that read by changes: what makes everything be read after all
 *
 * What a run does about changes stands in the tables of the other programs, each
 * of which is run by changes too. Here is what only happens to such runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include "dirsync/roll.h"

#include <string.h>

#define ANN PERSON("a1", "Ann Ash", "ann@x.example", "")
#define BOB PERSON("b2", "Bob Bay", "bob@x.example", "")
#define CAT PERSON("c3", "Cat Cox", "cat@x.example", "")
#define DAN                                                                                                  \
    "dn: uid=d4,o=globex\nchangetype: add\nobjectClass: inetOrgPerson\nuid: d4\n"                            \
    "cn: Dan Day\nsn: x\nmail: dan@x.example\n\n"

static const CaseStart three = {
    .source = ANN BOB CAT, .import = "<grace days=\"0\"/>", .limits = "delete=\"none\""};

static Fingerprint number(uint64_t n)
{
    return (Fingerprint){n, n};
}

/* --- the roll call --- */

static void who_is_called_and_who_is_a_stranger(void **state)
{
    g_autoptr(Roll) roll = roll_new();
    (void)state;
    assert_false(roll_call(roll, number(1)));
    assert_int_equal(roll_strangers(roll), 0);
    roll_add(roll, number(3), true);
    roll_add(roll, number(1), true);
    roll_add(roll, number(2), false);
    assert_int_equal(roll_strangers(roll), 2);
    assert_true(roll_call(roll, number(1)));
    assert_false(roll_call(roll, number(4)));
    assert_int_equal(roll_strangers(roll), 1);
    roll_add(roll, number(4), true);
    assert_true(roll_call(roll, number(4)));
    assert_true(roll_call(roll, number(3)));
    assert_int_equal(roll_strangers(roll), 0);
}

/* As slapd does with entries that are there and have changed. */
static void who_is_told_of_both_ways_is_no_stranger(void **state)
{
    g_autoptr(Roll) roll = roll_new();
    (void)state;
    for (uint64_t i = 0; i < 50; i++)
        roll_add(roll, number(i), true);
    for (uint64_t i = 0; i < 25; i++)
        roll_add(roll, number(i), false);
    assert_int_equal(roll_strangers(roll), 25);
    for (uint64_t i = 0; i < 50; i++)
        assert_true(roll_call(roll, number(i)));
    assert_int_equal(roll_strangers(roll), 0);
}

/* --- runs --- */

/* @reason: a part of why everything is read; NULL: it is not. */
static void assert_run(Case *c, const char *figures, const char *reason)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    RunOptions options = case_options(c, connector, NULL);
    unsigned long told = event_count(EVENT_SOURCE_FULL);
    if (!run_sync(connector, &options, &result, &error))
        fail_msg("%s", error->message);
    const StepResult *import = &result.step[STEP_IMPORT];
    GString *did = g_string_new(NULL);
    for (int i = 0; i < COUNTS; i++)
        if (import->counts.of[i] && i != COUNT_UNCHANGED)
            g_string_append_printf(did, "%s%zu %s", did->len ? ", " : "", import->counts.of[i],
                                   count_names[i]);
    g_autofree char *text = g_string_free(did, FALSE);
    assert_string_equal(text, figures);
    if (reason ? !import->full_reason || !strstr(import->full_reason, reason) : import->full_reason != NULL)
        fail_msg("everything was read: %s", import->full_reason ? import->full_reason : "(it was not)");
    assert_true((event_count(EVENT_SOURCE_FULL) > told) == (reason != NULL));
}

static Case *settled_case(const CaseStart *start)
{
    Case *c = case_new(start);
    assert_run(c, "3 created", "first run");
    assert_run(c, "", NULL);
    return c;
}

static void a_server_that_only_tells_who_is_there(void **state)
{
    (void)state;
    g_autoptr(Case) c = settled_case(&three);
    memory_store_set_changes(case_foreign(c), MEMORY_TELLS_PRESENCE);
    memory_store_set_changes(case_home(c), MEMORY_TELLS_PRESENCE);
    assert_run(c, "", NULL);
    case_edit_foreign(c, DELETED("uid=b2,o=globex"));
    assert_run(c, "1 deleted", NULL);
    case_edit_home(c, DELETED("cn=Cat Cox,ou=in,o=acme"));
    assert_run(c, "1 created", NULL);
    case_edit_foreign(c, DAN);
    assert_run(c, "1 created", NULL);
    assert_run(c, "", NULL);
}

static void a_log_that_was_forgotten(void **state)
{
    (void)state;
    g_autoptr(Case) c = settled_case(&three);
    case_edit_foreign(c, DELETED("uid=b2,o=globex"));
    memory_store_forget_changes(case_foreign(c));
    assert_run(c, "1 deleted", "");
    assert_run(c, "", NULL);
    case_edit_home(c, DELETED("cn=Cat Cox,ou=in,o=acme"));
    memory_store_forget_changes(case_home(c));
    assert_run(c, "1 created", "");
    assert_run(c, "", NULL);
}

static void remember(Case *c, const char *name, const char *value)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) remembered = state_open(connector, case_state_folder(c), NULL);
    assert_non_null(remembered);
    assert_true(state_set(remembered, name, value, NULL));
}

static void the_time_since_everything_was_read(void **state)
{
    (void)state;
    g_autoptr(Case) c = settled_case(&three);
    g_autofree char *long_ago =
        g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC - 86400);
    g_autofree char *lately =
        g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC - 82800);
    remember(c, "import full-read", lately);
    assert_run(c, "", NULL);
    remember(c, "import full-read", long_ago);
    assert_run(c, "", STEP_FULL_READ_DUE);
    assert_run(c, "", NULL);
}

static void what_status_says_of_the_next_run(void **state)
{
    StepReading reading;
    (void)state;
    g_autoptr(Case) c = settled_case(&three);
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) remembered = state_open_unlocked(connector, case_state_folder(c), NULL);
    assert_true(step_recall_reading(connector, STEP_IMPORT, remembered, &reading, NULL));
    assert_true(reading.changes[SOURCE] && reading.changes[TARGET]);
    assert_true(g_get_real_time() / G_USEC_PER_SEC - reading.everything < 3600);
    assert_true(state_set(remembered, "import full-read", "1000", NULL));
    assert_true(step_recall_reading(connector, STEP_IMPORT, remembered, &reading, NULL));
    assert_int_equal(reading.everything, 1000);
    assert_false(reading.changes[SOURCE] || reading.changes[TARGET]);
}

static void a_source_that_would_be_left_empty(void **state)
{
    (void)state;
    g_autoptr(Case) c = settled_case(&three);
    case_edit_foreign(c, DELETED("uid=a1,o=globex") DELETED("uid=b2,o=globex") DELETED("uid=c3,o=globex"));
    assert_run(c, "", "nobody would be left");
    assert_run(c, "", "doubtful"); /* there is no cursor until it shows somebody */
    case_set_source(c, ANN BOB CAT);
    assert_run(c, "", "doubtful");
    case_edit_foreign(c, DELETED("uid=b2,o=globex"));
    assert_run(c, "1 deleted", NULL);
}

/* Nobody tells of what came and went since the last read. */
static void what_goes_before_it_was_read_is_made_again(void **state)
{
    static const MemoryTelling ways[] = {MEMORY_TELLS_CHANGES, MEMORY_TELLS_PRESENCE};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(Case) c = case_new(&three);
        memory_store_set_changes(case_foreign(c), ways[i]);
        memory_store_set_changes(case_home(c), ways[i]);
        assert_run(c, "3 created", "first run");
        case_edit_home(c, DELETED("cn=Cat Cox,ou=in,o=acme"));
        assert_run(c, "1 created", NULL);
        case_edit_home(c, DELETED("cn=Cat Cox,ou=in,o=acme"));
        assert_run(c, "1 created", NULL);
        assert_run(c, "", NULL);
    }
}

/* Told of, and no longer ours. */
static void what_loses_its_stamp_before_it_was_read_is_made_again(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&three);
    assert_run(c, "3 created", "first run");
    case_edit_home(c, "dn: cn=Cat Cox,ou=in,o=acme\nchangetype: modify\ndelete: dirsyncAnchor\n-\n"
                      "delete: importedFrom\n-\ndelete: mail\n-\ndelete: proxyAddresses\n-\n"
                      "delete: targetAddress\n-\n\n");
    assert_run(c, "1 created", NULL);
    assert_run(c, "", NULL);
}

/* Nobody has a look for it but the one that each run has for what failed. */
static void what_could_not_be_made_is_no_reason_to_read_all(void **state)
{
    (void)state;
    CaseStart start = three;
    start.kinds = "groups=\"group\" resources=\"no\"";
    g_autoptr(Case) c = settled_case(&start);
    case_edit_foreign(c, DAN);
    case_set_faults(c, "refuse@1", NULL);
    for (int i = 0; i < 3; i++)
        assert_run(c, "1 failed", NULL);
    case_set_faults(c, NULL, NULL);
    assert_run(c, "1 created", NULL);
    assert_run(c, "", NULL);
}

/* It may not have heard of them yet: made there too they would be there twice. */
static void another_server_is_not_asked_for_what_was_made(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&three);
    assert_run(c, "3 created", "first run");
    remember(c, "import made-on", "ldap://elsewhere");
    case_edit_home(c, DELETED("cn=Cat Cox,ou=in,o=acme"));
    assert_run(c, "", NULL);
    case_edit_foreign(c, DAN);
    assert_run(c, "1 created", NULL);
    assert_run(c, "", NULL);
    remember(c, "import full-read", "1000");
    assert_run(c, "1 created", STEP_FULL_READ_DUE);
}

static void count_link(const LinkRow *row, void *data)
{
    (void)row;
    ++*(size_t *)data;
}

static size_t unseen_links(Case *c)
{
    size_t n = 0;
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) remembered = state_open_unlocked(connector, case_state_folder(c), NULL);
    assert_true(state_scan_links(remembered, STEP_IMPORT, LINKS_UNSEEN, count_link, &n, NULL));
    return n;
}

/* Nothing else is recorded of an object that stays as somebody has left it. */
static void who_is_out_of_scope_has_been_seen_too(void **state)
{
    (void)state;
    CaseStart start = three;
    start.filter = "(&(objectClass=inetOrgPerson)(!(title=gone)))";
    g_autoptr(Case) c = case_new(&start);
    assert_run(c, "3 created", "first run");
    assert_int_equal(unseen_links(c), 3);
    case_edit_foreign(c, MODIFY("uid=c3,o=globex", GIVE("title", "gone")));
    case_edit_home(c, MODIFY("cn=Cat Cox,ou=in,o=acme", GIVE("mail", "other@x.example")));
    assert_run(c, "", NULL);
    assert_int_equal(unseen_links(c), 0);
}

static void a_second_object_with_a_known_stamp(void **state)
{
    (void)state;
    g_autoptr(Case) c = settled_case(&three);
    assert_run(c, "", NULL);
    case_edit_home(c, "dn: cn=Twin,ou=in,o=acme\nchangetype: add\nobjectClass: contact\nobjectClass: "
                      "dirsyncStamp\ncn: Twin\nimportedFrom: " CASE_UUID "\ndirsyncAnchor: a1\n\n");
    assert_run(c, "", "another object carries a stamp");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_called_and_who_is_a_stranger),
        cmocka_unit_test(who_is_told_of_both_ways_is_no_stranger),
        cmocka_unit_test(a_server_that_only_tells_who_is_there),
        cmocka_unit_test(a_log_that_was_forgotten),
        cmocka_unit_test(the_time_since_everything_was_read),
        cmocka_unit_test(what_status_says_of_the_next_run),
        cmocka_unit_test(a_source_that_would_be_left_empty),
        cmocka_unit_test(what_goes_before_it_was_read_is_made_again),
        cmocka_unit_test(what_loses_its_stamp_before_it_was_read_is_made_again),
        cmocka_unit_test(what_could_not_be_made_is_no_reason_to_read_all),
        cmocka_unit_test(another_server_is_not_asked_for_what_was_made),
        cmocka_unit_test(who_is_out_of_scope_has_been_seen_too),
        cmocka_unit_test(a_second_object_with_a_known_stamp),
    };
    return cmocka_run_group_tests_name("pass_changes", tests, NULL, NULL);
}

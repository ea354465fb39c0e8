/*
 * test_run.c - plan, apply, and runs that go wrong
 *
 * A plan writes nothing and is carried out exactly or refused change by change;
 * whatever fails in the middle, the next run finishes the job.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <stdio.h>
#include <string.h>

#define ANN PERSON("a1", "Ann Ash", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob Birch", "bob@globex.example", "")
#define CYD PERSON("c1", "Cyd Cedar", "cyd@globex.example", "")
#define ANN_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", "")
#define CYD_CONTACT CONTACT("c1", "Cyd Cedar", "cyd@globex.example", "")
#define ANN_CREATED CREATED("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CREATED CREATED("b1", "Bob Birch", "bob@globex.example", "")
#define CYD_CREATED CREATED("c1", "Cyd Cedar", "cyd@globex.example", "")
#define TITLED(uid, cn, mail) PERSON(uid, cn, mail, "title: T\n")
#define TITLE(cn) "* cn=" cn ",ou=in,o=acme\n  + title: T\n"
#define NO_GRACE "<grace days=\"0\"/>"

/* --- plan and apply --- */

static void test_a_plan_writes_nothing_and_apply_does_exactly_it(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN BOB, .home = ANN_CONTACT CYD_CONTACT, .import = NO_GRACE});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder, &(Expected){.counts = "1 created, 1 deleted, 1 unchanged"});
    case_set_source(
        c, ANN BOB TITLED("d1", "Dan", "dan@globex.example")); /* what came later is not in the plan */
    case_apply(c, folder,
               &(Expected){.changes = "- cn=Cyd Cedar,ou=in,o=acme\n" BOB_CREATED,
                           .writes = 2,
                           .counts = "1 created, 1 deleted"});
    case_sync(c, NULL,
              &(Expected){.changes = CREATED("d1", "Dan", "dan@globex.example", "  title: T\n"),
                          .writes = 1,
                          .counts = "1 created, 2 unchanged"});
}

static void test_a_plan_into_a_folder_in_use_is_refused(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder, &(Expected){.counts = "1 created"});
    case_plan(c, NULL, folder, &(Expected){.status = 1, .error = "*plan: exists and is not empty*"});
}

static void test_a_plan_over_a_limit_is_there_to_be_looked_at(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB, .limits = "create=\"1\""});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder,
              &(Expected){.counts = "2 created", .status = 4, .error = "import: limit \"create\": 2*"});
    g_auto(PlanHead) head = {0};
    assert_true(plan_load(folder, &head, NULL));
    assert_int_equal(head.changes, 2);
}

/* The object was changed meanwhile: its own conditions refuse that change, the others are done. */
static void test_a_stale_plan_is_refused_change_by_change(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = PERSON("a1", "Ann Ash", "new@globex.example", "")
                                                  TITLED("b1", "Bob Birch", "bob@globex.example")
                                                      PERSON("d1", "Dan", "dan@globex.example", ""),
                                              .home = ANN_CONTACT BOB_CONTACT CYD_CONTACT,
                                              .import = NO_GRACE});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder, &(Expected){.counts = "1 created, 2 modified, 1 deleted"});
    case_edit_home(
        c, MODIFY("cn=Ann Ash,ou=in,o=acme", SET("mail", "moved@globex.example")) /* the value is another */
        MODIFY("cn=Cyd Cedar,ou=in,o=acme", SET("importedFrom", OTHER_UUID)));    /* no longer ours */
    case_apply(c, folder,
               &(Expected){.changes = TITLE("Bob Birch") CREATED("d1", "Dan", "dan@globex.example", ""),
                           .writes = 2,
                           .counts = "1 created, 1 modified, 2 failed",
                           .events = "write-moved*2",
                           .status = 3});
    case_apply(c, folder, &(Expected){.counts = "4 failed", .events = "write-moved*4", .status = 3});
}

/* Without assertions a delete is preceded by a look at the stamp. */
static void test_a_stale_deletion_on_a_server_without_assertions(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .source = ANN, .home = ANN_CONTACT CYD_CONTACT, .import = NO_GRACE, .no_assertions = true});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder, &(Expected){.counts = "1 deleted, 1 unchanged"});
    case_edit_home(c, MODIFY("cn=Cyd Cedar,ou=in,o=acme", SET("importedFrom", OTHER_UUID)));
    case_apply(c, folder, &(Expected){.counts = "1 failed", .events = "write-moved", .status = 3});
}

static void test_a_plan_of_another_connector_is_refused(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder, &(Expected){.counts = "1 created"});
    g_autofree char *path = case_write_connector(c, "other", OTHER_UUID);
    g_autoptr(Connector) other = connector_load(path, NULL);
    RunOptions options = case_options(c, other, NULL);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    assert_false(run_apply(other, &options, folder, &result, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_non_null(strstr(error->message, "is a plan of connector globex, not of other"));
    assert_int_equal(memory_store_writes(case_home(c)), 0);
}

static void damage(const char *folder, const char *name, size_t keep)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = NULL;
    gsize len;
    assert_true(g_file_get_contents(path, &text, &len, NULL));
    assert_true(keep < len);
    assert_true(g_file_set_contents(path, text, (gssize)keep, NULL));
}

static void test_a_damaged_plan_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t keep;
        const char *error;
        int status;
    } cases[] = {
        {"plan.json", 100, "*plan.json: no plan can be read*", 1},
        {"plan.json", 0, "*plan.json: no plan can be read*", 1},
        {"1-home.ldif", 100, "*1-home.ldif*cut off in the middle*", 1},
        {"1-home.ldif", 12, "*fewer changes than plan.json says*", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
        g_autofree char *folder = case_path(c, "plan");
        case_plan(c, NULL, folder, &(Expected){.counts = "1 created"});
        damage(folder, cases[i].file, cases[i].keep);
        case_apply(c, folder, &(Expected){.status = cases[i].status, .error = cases[i].error});
    }
}

/* --- what fails --- */

#define THREE_CREATED ANN_CREATED BOB_CREATED CYD_CREATED
#define THREE                                                                                                \
    {                                                                                                        \
        .source = ANN BOB CYD                                                                                \
    }

/* In order of anchor, which is that of a hash. */
#define ONE_OF_THREE ANN_CREATED
#define TWO_OF_THREE BOB_CREATED CYD_CREATED
#define ASIDE "cn=dirsync-b8fd8403c5ec973c"
#define FIRST_STEP                                                                                           \
    "> cn=Ann Ash,ou=in,o=acme\n  to " ASIDE ",ou=in,o=acme\n"                                               \
    "  - cn: Ann Ash\n  + cn: dirsync-b8fd8403c5ec973c\n"
#define OTHER_STEPS                                                                                          \
    "> cn=Bob Birch,ou=in,o=acme\n  to cn=Ann Ash,ou=in,o=acme\n  - cn: Bob Birch\n  + cn: Ann Ash\n"        \
    "> " ASIDE ",ou=in,o=acme\n  to cn=Bob Birch,ou=in,o=acme\n"                                             \
    "  - cn: dirsync-b8fd8403c5ec973c\n  + cn: Bob Birch\n"

/* --- why everything was read --- */

static void assert_full(Case *c, const char *reason)
{
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    assert_true(run_sync(connector, &options, &result, &error));
    if (!reason)
        assert_null(result.step[STEP_IMPORT].full_reason);
    else
        assert_non_null(strstr(result.step[STEP_IMPORT].full_reason, reason));
}

static void an_attribute_that_changes_silently_is_a_reason_to_read_everything(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(
        &(CaseStart){.source = ANN, .home = ANN_CONTACT, .filter = "(!(memberOf=cn=gone,o=globex))"});
    assert_full(c, "first run");
    assert_full(c, "memberOf");
    g_autoptr(Case) other = case_new(&(CaseStart){.source = ANN, .home = ANN_CONTACT});
    assert_full(other, "first run");
    assert_full(other, NULL);
    memory_store_forget_changes(case_home(other));
    assert_full(other, "");
    assert_full(other, NULL);
}

static const PassCase cases[] = {
    {"refuse: one change is refused for good, the others are done, the next run tries again",
     THREE,
     {FAULTS("refuse@2", NULL),
      SYNC(.changes = ANN_CREATED CYD_CREATED, .writes = 2, .counts = "2 created, 1 failed",
           .events = "write-failed", .status = 3, .restless = true),
      FAULTS(NULL, NULL), SYNC(.changes = BOB_CREATED, .writes = 1, .counts = "1 created, 2 unchanged")}},
    {"busy: asked to come back, it waits and sends again",
     THREE,
     {FAULTS("busy@2", NULL),
      SYNC(.changes = THREE_CREATED, .writes = 3, .counts = "3 created", .restless = true)}},
    {"uncertain: done, but no answer came; asked for, not repeated",
     THREE,
     {FAULTS("uncertain@2", NULL),
      SYNC(.changes = THREE_CREATED, .writes = 3, .counts = "3 created", .restless = true),
      FAULTS(NULL, NULL), SYNC(.counts = "3 unchanged")}},
    {"lost: not done, and no answer came; asked for and sent once more",
     THREE,
     {FAULTS("lost@2", NULL),
      SYNC(.changes = THREE_CREATED, .writes = 3, .counts = "3 created", .restless = true),
      FAULTS(NULL, NULL), SYNC(.counts = "3 unchanged")}},
    {"lost again and again: given up, the next run does it",
     THREE,
     {FAULTS("lost@2+", NULL),
      SYNC(.changes = ONE_OF_THREE, .writes = 1, .counts = "1 created, 2 failed", .events = "write-failed*2",
           .status = 3, .restless = true),
      FAULTS(NULL, NULL), SYNC(.changes = TWO_OF_THREE, .writes = 2, .counts = "2 created, 1 unchanged")}},
    {"down in the middle of writing: temporary, the next run finishes the job",
     THREE,
     {FAULTS("down@2", NULL),
      SYNC(.changes = ONE_OF_THREE, .writes = 1, .counts = "3 failed",
           .events = "write-failed*2 write-uncertain", .status = 5, .error = "*cannot be reached*"),
      FAULTS(NULL, NULL), SYNC(.changes = TWO_OF_THREE, .writes = 2, .counts = "2 created, 1 unchanged")}},
    {"down before the first change",
     THREE,
     {FAULTS("down@1", NULL),
      SYNC(.counts = "3 failed", .events = "write-failed*3", .status = 5, .error = "*cannot be reached*"),
      FAULTS(NULL, NULL), SYNC(.changes = THREE_CREATED, .writes = 3, .counts = "3 created")}},
    {"the home directory cannot be reached",
     THREE,
     {FAULTS("open@1", NULL), SYNC(.status = 5, .error = "*cannot be reached*"), FAULTS(NULL, NULL),
      SYNC(.changes = THREE_CREATED, .writes = 3, .counts = "3 created")}},
    {"the source cannot be reached",
     THREE,
     {FAULTS(NULL, "open@1"), SYNC(.status = 5, .error = "*cannot be reached*"), FAULTS(NULL, NULL),
      SYNC(.changes = THREE_CREATED, .writes = 3, .counts = "3 created")}},
    {"the source cannot be asked whether somebody is gone: nothing is done",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT, .import = NO_GRACE},
     {SYNC(.counts = "2 unchanged"), SOURCE_IS(ANN), FAULTS(NULL, "fetch@1"),
      SYNC(.status = 5, .error = "*cannot be reached*"), FAULTS(NULL, NULL),
      SYNC(.changes = "- cn=Bob Birch,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 1 unchanged")}},
    {"a refused modification, rename and deletion are tried again",
     {.source = ANN BOB CYD, .home = ANN_CONTACT BOB_CONTACT CYD_CONTACT, .import = NO_GRACE},
     {SYNC(.counts = "3 unchanged"),
      SOURCE_IS(TITLED("a1", "Ann Ash", "ann@globex.example")
                    PERSON("b1", "Bob Beech", "bob@globex.example", "")),
      FAULTS("refuse@1+", NULL),
      SYNC(.counts = "3 failed", .events = "write-failed*3", .status = 3, .restless = true),
      FAULTS(NULL, NULL),
      SYNC(.changes = "- cn=Cyd Cedar,ou=in,o=acme\n" TITLE(
               "Ann Ash") "> cn=Bob Birch,ou=in,o=acme\n  to cn=Bob Beech,ou=in,o=acme\n  - cn: Bob Birch\n"
                          "  + cn: Bob Beech\n",
           .writes = 3, .counts = "1 modified, 1 renamed, 1 deleted")}},
    {"a refused move home and a refused grace are tried again",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT},
     {SYNC(.counts = "2 unchanged"), SOURCE_IS(ANN),
      HOME_EDITED("dn: cn=N,ou=people,o=acme\nchangetype: add\nobjectClass: contact\ncn: N\n"
                  "mail: ann@globex.example\n\n"),
      FAULTS("refuse@1+", NULL),
      SYNC(.counts = "2 failed", .events = "missing moved-home write-failed*2", .status = 3,
           .restless = true),
      FAULTS(NULL, NULL),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n" HIDDEN("Bob Birch"), .writes = 2,
           .counts = "1 disabled, 1 deleted", .events = "missing moved-home")}},
    {"a swap that breaks off after the first step is finished by the next run",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT, .unique = true},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(PERSON("a1", "Bob Birch", "ann@globex.example", "")
                    PERSON("b1", "Ann Ash", "bob@globex.example", "")),
      FAULTS("down@2", NULL),
      SYNC(.changes = FIRST_STEP, .writes = 1, .counts = "1 failed", .events = "write-failed", .status = 5,
           .error = "*cannot be reached*"),
      FAULTS(NULL, NULL),
      SYNC(.changes = OTHER_STEPS, .writes = 2, .counts = "2 unchanged", .events = "run-recovered")}},
};

/* --- locks and state files --- */

static void test_a_second_run_is_locked_out(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) first = state_open(connector, case_state_folder(c), NULL);
    assert_non_null(first);
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder,
              &(Expected){.status = 7, .error = "connector globex: another run is going on*"});
    RunOptions options = case_options(c, connector, NULL);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    assert_false(run_sync(connector, &options, &result, &error));
    assert_int_equal(error_exit_status(error), 7);
    assert_int_equal(memory_store_writes(case_home(c)), 0);
    g_clear_pointer(&first, state_close);
    case_sync(c, NULL, &(Expected){.changes = ANN_CREATED, .writes = 1, .counts = "1 created"});
}

static void test_the_state_of_another_connector_is_refused(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    case_sync(c, NULL, &(Expected){.changes = ANN_CREATED, .writes = 1, .counts = "1 created"});
    g_free(case_write_connector(c, NULL, OTHER_UUID)); /* same name, another identity */
    case_sync(
        c, NULL,
        &(Expected){.status = 1, .error = "*belongs to connector " CASE_UUID ", not to " OTHER_UUID "*"});
}

static void test_a_damaged_state_is_a_clear_error(void **state)
{
    (void)state;
    static const char *const files[] = {"globex/state.db", "acme.home.db"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .home = ANN_CONTACT});
        case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
        g_autofree char *path = g_build_filename(case_state_folder(c), files[i], NULL);
        g_autofree char *log = g_strconcat(path, "-wal", NULL);
        remove(log);
        assert_true(
            g_file_set_contents(path,
                                "This is no database, and never was one. It is long enough to look like a "
                                "header of a hundred bytes, but is none.",
                                -1, NULL));
        g_autoptr(Connector) connector = case_connector(c);
        RunOptions options = case_options(c, connector, NULL);
        g_auto(RunResult) result = {0};
        g_autoptr(GError) error = NULL;
        assert_false(run_sync(connector, &options, &result, &error));
        assert_true(error_is(error, ERROR_STATE));
        assert_int_equal(error_exit_status(error), 1);
        assert_non_null(strstr(error->message, files[i]));
        assert_non_null(strstr(error->message, "cache"));
        assert_int_equal(memory_store_writes(case_home(c)), 0);
        case_lose_state(c);
        case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
    }
}

/* Two connectors share the home index: what one has read is no secret to the other. */
static void test_a_second_connector_in_the_same_organisation(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .home = ANN_CONTACT});
    case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
    case_edit_home(c, "dn: cn=N,ou=people,o=acme\nchangetype: add\nobjectClass: contact\ncn: N\n"
                      "mail: ann@globex.example\n\n");
    g_autofree char *path = case_write_connector(c, "other", OTHER_UUID);
    g_autoptr(Connector) other = connector_load(path, NULL);
    RunOptions options = case_options(c, other, NULL);
    g_auto(RunResult) result = {0};
    size_t writes = memory_store_writes(case_home(c));
    assert_true(run_sync(other, &options, &result, NULL)); /* the same person: ambiguous,
        a native and a contact of ours */
    assert_int_equal(memory_store_writes(case_home(c)), writes);
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n",
                          .writes = 1,
                          .counts = "1 deleted",
                          .events = "moved-home"});
}

static void test_the_summary_line(void **state)
{
    (void)state;
    RunResult result = {.seconds = 3};
    result.step[STEP_IMPORT].ran = true;
    result.step[STEP_IMPORT].seconds = 2.06;
    result.step[STEP_IMPORT].counts.of[COUNT_CREATED] = 4;
    result.step[STEP_IMPORT].counts.of[COUNT_UNCHANGED] = 1048119;
    result.step[STEP_IMPORT].counts.of[COUNT_QUARANTINED] = 999;
    g_autofree char *text = run_summary(&result);
    assert_string_equal(
        text, "import: 4 created, 0 modified, 0 renamed, 0 disabled, 0 deleted, 1,048,119 unchanged, "
              "0 failed, 999 quarantined in 2.1 s");
    assert_int_equal(run_exit_status(&result), 0);
    result.step[STEP_IMPORT].full_reason = (char *)"asked for";
    g_autofree char *full = run_summary(&result);
    assert_true(g_str_has_suffix(full, " 999 quarantined in 2.1 s; everything was read: asked for"));
    result.step[STEP_IMPORT].counts.newly_quarantined = 1;
    assert_int_equal(run_exit_status(&result), 3);
}

static void test_each_step_that_ran_has_its_summary_and_counts_for_the_status(void **state)
{
    (void)state;
    static const char none[] = "0 modified, 0 renamed, 0 disabled, 0 deleted, 0 unchanged, ";
    RunResult result = {0};
    g_autofree char *nothing = run_summary(&result);
    assert_string_equal(nothing, "");
    result.step[STEP_EXPORT].ran = true;
    result.step[STEP_EXPORT].counts.of[COUNT_CREATED] = 1;
    g_autofree char *one = run_summary(&result);
    g_autofree char *export =
        g_strconcat("export: 1 created, ", none, "0 failed, 0 quarantined in 0.0 s", NULL);
    assert_string_equal(one, export);
    result.step[STEP_IMPORT].ran = true;
    g_autofree char *both = run_summary(&result), *counts = run_figures_json(&result, NULL);
    g_autofree char *lines =
        g_strconcat("import: 0 created, ", none, "0 failed, 0 quarantined in 0.0 s\n", export, NULL);
    assert_string_equal(both, lines);
    assert_non_null(strstr(counts, "\"import\":{\"created\":0,"));
    assert_non_null(strstr(counts, "\"export\":{\"created\":1,"));
    assert_int_equal(run_exit_status(&result), 0);
    result.step[STEP_EXPORT].counts.of[COUNT_FAILED] = 1;
    assert_int_equal(run_exit_status(&result), 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan_writes_nothing_and_apply_does_exactly_it),
        cmocka_unit_test(test_a_plan_into_a_folder_in_use_is_refused),
        cmocka_unit_test(test_a_plan_over_a_limit_is_there_to_be_looked_at),
        cmocka_unit_test(test_a_stale_plan_is_refused_change_by_change),
        cmocka_unit_test(test_a_stale_deletion_on_a_server_without_assertions),
        cmocka_unit_test(test_a_plan_of_another_connector_is_refused),
        cmocka_unit_test(test_a_damaged_plan_is_refused),
        cmocka_unit_test(test_a_second_run_is_locked_out),
        cmocka_unit_test(test_the_state_of_another_connector_is_refused),
        cmocka_unit_test(test_a_damaged_state_is_a_clear_error),
        cmocka_unit_test(test_a_second_connector_in_the_same_organisation),
        cmocka_unit_test(test_the_summary_line),
        cmocka_unit_test(test_each_step_that_ran_has_its_summary_and_counts_for_the_status),
        cmocka_unit_test(an_attribute_that_changes_silently_is_a_reason_to_read_everything),
    };
    return case_run_tables("run", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

/*
 * test_steps.c - import and export as one run: plan, sync, apply, revert
 *
 * What the steps have to do with each other: in which order they go, what one
 * leaves of the other when it is stopped, and that a plan of both shows what a
 * run would do. What an export does by itself is in test_export.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

#define PAT PERSON("p1", "Pat", "pat@globex.example", "")
#define PAT_CREATED CREATED("p1", "Pat", "pat@globex.example", "")
#define ANN INSIDER("a1", "Ann Ash", "ann@acme.example", "")
#define BOB INSIDER("b1", "Bob Birch", "bob@acme.example", "")
#define ANN_EXPORTED EXPORTED("a1", "Ann Ash", "ann@acme.example", "")
#define BOB_EXPORTED EXPORTED("b1", "Bob Birch", "bob@acme.example", "")

/* Nat has come home: a native has one address of the contact, and gets the other one in the import. */
#define NAT_AWAY PERSON("n1", "Nat Away", "nat@globex.example", "mail: nat.away@globex.example\n")
#define NAT_CONTACT                                                                                          \
    CONTACT("n1", "Nat Away", "nat@globex.example", "proxyAddresses: smtp:nat.away@globex.example\n")
#define NAT_HOME                                                                                             \
    INSIDER("c1", "Nat Home", "nat@acme.example",                                                            \
            "objectClass: mailRecipient\nproxyAddresses: smtp:nat@globex.example\n")
#define NAT_MOVED_HOME                                                                                       \
    "- cn=Nat Away,ou=in,o=acme\n* cn=Nat Home,ou=people,o=acme\n"                                           \
    "  + proxyAddresses: smtp:nat.away@globex.example\n"
#define NAT_EXPORTED                                                                                         \
    "+ cn=Nat Home,ou=out,o=globex\n  cn: Nat Home\n  employeeType: " OUR_STAMP(                             \
        "c1") "\n"                                                                                           \
              "  labeledURI: smtp:nat.away@globex.example\n  labeledURI: smtp:nat@globex.example\n"          \
              "  mail: nat@acme.example\n  objectClass: inetOrgPerson\n  sn: x\n"

static const PassCase cases[] = {
    {"both steps in one run",
     {.source = PAT, .home = ANN, .export = FROM_PEOPLE},
     {SYNC(.changes = PAT_CREATED, .writes = 1, .counts = "1 created", .foreign = ANN_EXPORTED,
           .foreign_writes = 1, .exported = "1 created")}},
    {"the export sees what the import did before it",
     {.source = NAT_AWAY, .home = NAT_CONTACT, .export = FROM_PEOPLE},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED("dn: cn=Nat Home,ou=people,o=acme\nchangetype: add\nobjectClass: inetOrgPerson\n"
                  "objectClass: mailRecipient\ncn: Nat Home\nsn: x\nmail: nat@acme.example\n"
                  "proxyAddresses: smtp:nat@globex.example\n\n"),
      SYNC(.changes = NAT_MOVED_HOME, .writes = 2, .counts = "1 deleted", .events = "moved-home",
           .foreign = "+ cn=Nat Home,ou=out,o=globex\n  cn: Nat Home\n  employeeType: " CASE_UUID ";;UUID\n"
                      "  labeledURI: smtp:nat.away@globex.example\n"
                      "  labeledURI: smtp:nat@globex.example\n"
                      "  mail: nat@acme.example\n  objectClass: inetOrgPerson\n  sn: x\n",
           .foreign_writes = 1, .exported = "1 created", .unlike_stateless = true)}},
    {"one step alone leaves the other's directory as it is",
     {.source = PAT, .home = ANN, .export = FROM_PEOPLE},
     {SYNC_CALLED(HOW(.step = "export"), .foreign = ANN_EXPORTED, .foreign_writes = 1,
                  .exported = "1 created"),
      HOME_EDITED(MODIFY("cn=Ann Ash,ou=people,o=acme", GIVE("telephoneNumber", "1"))),
      SYNC_CALLED(HOW(.step = "import"), .changes = PAT_CREATED, .writes = 1, .counts = "1 created"),
      SYNC(.counts = "1 unchanged", .foreign = "* cn=Ann Ash,ou=out,o=globex\n  + telephoneNumber: 1\n",
           .foreign_writes = 1, .exported = "1 modified")}},
    {"a limit stops the export and leaves the import standing",
     {.source = PAT, .home = ANN BOB, .export = FROM_PEOPLE, .limits = "create=\"1\""},
     {SYNC(.changes = PAT_CREATED, .writes = 1, .counts = "1 created", .status = 4,
           .error = "export: limit \"create\": 2 objects would be created, 1 allowed of 0*",
           .events = "run-limit"),
      SYNC(.counts = "1 unchanged", .status = 4, .error = "export: limit \"create\": 2 *",
           .events = "run-limit"),
      SYNC_CALLED(HOW(.lift = "create=none"), .counts = "1 unchanged", .foreign = ANN_EXPORTED BOB_EXPORTED,
                  .foreign_writes = 2, .exported = "2 created")}},
    {"a limit stops the import, and then nothing is exported",
     {.source = PAT PERSON("q1", "Quin", "quin@globex.example", ""),
      .home = ANN,
      .export = FROM_PEOPLE,
      .limits = "create=\"1\""},
     {SYNC(.status = 4, .error = "import: limit \"create\": 2 *", .events = "run-limit")}},
    {"a foreign directory that takes no changes leaves the import standing",
     {.source = PAT, .home = ANN BOB, .export = FROM_PEOPLE},
     {FAULTS(NULL, "down@1"),
      SYNC(.changes = PAT_CREATED, .writes = 1, .counts = "1 created", .exported = "2 failed", .status = 5,
           .error = "*", .events = "write-failed*2"),
      FAULTS(NULL, NULL),
      SYNC(.counts = "1 unchanged", .foreign = ANN_EXPORTED BOB_EXPORTED, .foreign_writes = 2,
           .exported = "2 created")}},
    {"a step that has quarantined somebody does not hide the other's figures",
     {.source = PAT,
      .home = INSIDER("a1", "Ann Ash", "ann@acme.example", "title: far too long to be a title\n"),
      .export = FROM_PEOPLE},
     {SYNC(.changes = PAT_CREATED, .writes = 1, .counts = "1 created", .exported = "1 quarantined",
           .quarantine = ID("a1") ": *title*", .events = "quarantined", .status = 3)}},
    {"the same anchor on both sides is two people",
     {.source = PERSON(ID("a1"), "Pat", "pat@globex.example", ""), .home = ANN, .export = FROM_PEOPLE},
     {SYNC(.changes = CREATED(ID("a1"), "Pat", "pat@globex.example", ""), .writes = 1, .counts = "1 created",
           .foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created"),
      FOREIGN_EDITED(DELETED("uid=" ID("a1") ",o=globex")),
      SYNC_CALLED(HOW(.allow_empty = true), .changes = HIDDEN("Pat"), .writes = 1, .counts = "1 disabled",
                  .events = "missing", .exported = "1 unchanged")}},
};

/* The last run as the state file has it. */
static void last_record(const Case *c, RunRecord *record)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) state = state_open_unlocked(connector, case_state_folder(c), NULL);
    assert_non_null(state);
    assert_true(state_find_run(state, NULL, record, NULL));
    assert_non_null(record->id);
}

static void test_a_stopped_export_and_the_import_before_it_are_both_recorded(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(
        &(CaseStart){.source = PAT, .home = ANN BOB, .export = FROM_PEOPLE, .limits = "create=\"1\""});
    g_auto(RunRecord) record = {0};
    case_sync(c, NULL,
              &(Expected){.changes = PAT_CREATED,
                          .writes = 1,
                          .counts = "1 created",
                          .status = 4,
                          .error = "export: limit*",
                          .events = "run-limit"});
    last_record(c, &record);
    assert_int_equal(record.status, 4);
    assert_true(g_str_has_prefix(record.summary, "import: 1 created,"));
    assert_non_null(strstr(record.summary, "\nexport: 0 created,"));
    assert_non_null(strstr(record.counts, "\"import\":{\"created\":1,"));
    assert_non_null(strstr(record.counts, "\"export\":{\"created\":0,"));
}

static void test_an_import_that_was_stopped_says_nothing_of_an_export(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = PAT, .home = ANN, .export = FROM_PEOPLE, .limits = "create=\"0\""});
    g_auto(RunRecord) record = {0};
    case_sync(c, NULL, &(Expected){.status = 4, .error = "import: limit*", .events = "run-limit"});
    last_record(c, &record);
    assert_true(g_str_has_prefix(record.summary, "import: 0 created,"));
    assert_null(strstr(record.summary, "export"));
}

static const CaseStart nat = {.source = NAT_AWAY, .home = NAT_CONTACT ANN, .export = FROM_PEOPLE};

/* Both people known, then Nat is a native. */
static Case *new_nat(void)
{
    Case *c = case_new(&nat);
    case_sync(
        c, NULL,
        &(Expected){
            .counts = "1 unchanged", .foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created"});
    g_autoptr(GError) error = NULL;
    assert_true(memory_store_load(case_home(c), NAT_HOME, &error));
    return c;
}

static void test_a_plan_shows_the_export_as_it_will_be_after_the_import(void **state)
{
    (void)state;
    g_autoptr(Case) c = new_nat();
    g_autofree char *folder = case_path(c, "plan");
    case_plan(
        c, NULL, folder,
        &(Expected){.counts = "1 deleted", .exported = "1 created, 1 unchanged", .events = "moved-home"});
    g_auto(PlanHead) head = {0};
    assert_true(plan_load(folder, &head, NULL));
    assert_int_equal(head.step[STEP_IMPORT].changes, 2);
    assert_int_equal(head.step[STEP_EXPORT].changes, 1);
    g_autoptr(PlanReader) reader = plan_reader_new(folder, STEP_EXPORT, NULL);
    g_autoptr(Change) change = NULL;
    assert_true(plan_read(reader, &change, NULL));
    assert_string_equal(change->dn, "cn=Nat Home,ou=out,o=globex");
    const Attribute *addresses = schema_find(schema_standard(), change->entry, "labeledURI");
    assert_non_null(addresses);
    assert_int_equal(addresses->n_values, 2);
}

static void test_a_saved_plan_of_both_steps_does_what_a_sync_would(void **state)
{
    (void)state;
    g_autoptr(Case) c = new_nat();
    g_autofree char *folder = case_path(c, "plan");
    case_plan(
        c, NULL, folder,
        &(Expected){.counts = "1 deleted", .exported = "1 created, 1 unchanged", .events = "moved-home"});
    case_apply(c, folder,
               &(Expected){.changes = NAT_MOVED_HOME,
                           .writes = 2,
                           .counts = "1 modified, 1 deleted",
                           .foreign = NAT_EXPORTED,
                           .foreign_writes = 1,
                           .exported = "1 created"});
    case_sync(c, NULL,
              &(Expected){.counts = "1 unchanged",
                          .exported = "2 unchanged",
                          .events = "moved-home",
                          .unlike_stateless = true});
}

static void test_a_plan_of_one_step(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = PAT, .home = ANN, .export = FROM_PEOPLE});
    for (int step = 0; step < STEPS; step++) {
        if (step == STEP_ADDRESSES) /* this connector has none */
            continue;
        g_autofree char *folder = case_path(c, step_names[step]);
        g_auto(PlanHead) head = {0};
        case_plan(c, &(Called){.step = step_names[step]}, folder,
                  step == STEP_IMPORT ? &(Expected){.counts = "1 created"}
                                      : &(Expected){.exported = "1 created"});
        assert_true(plan_load(folder, &head, NULL));
        assert_int_equal(head.step[STEP_IMPORT].planned, step == STEP_IMPORT);
        assert_int_equal(head.step[STEP_EXPORT].planned, step == STEP_EXPORT);
        case_apply(c, folder,
                   step == STEP_IMPORT
                       ? &(Expected){.changes = PAT_CREATED, .writes = 1, .counts = "1 created"}
                       : &(Expected){.foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created"});
    }
}

/* Whoever looks at the plan sees all of it; nothing of it can be applied. */
static void test_a_limit_on_one_step_does_not_hide_the_other_in_a_plan(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = PAT PERSON("q1", "Quin", "quin@globex.example", ""),
                                              .home = ANN,
                                              .export = FROM_PEOPLE,
                                              .limits = "create=\"1\""});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder,
              &(Expected){.counts = "2 created",
                          .exported = "1 created",
                          .status = 4,
                          .error = "import: limit \"create\": 2 *"});
    case_apply(c, folder, &(Expected){.status = 4, .error = "*the limits refused this plan: import: limit*"});
}

static void test_a_revert_undoes_both_steps(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = PAT, .home = ANN, .export = FROM_PEOPLE});
    case_sync(c, NULL,
              &(Expected){.changes = PAT_CREATED,
                          .writes = 1,
                          .counts = "1 created",
                          .foreign = ANN_EXPORTED,
                          .foreign_writes = 1,
                          .exported = "1 created"});
    g_autofree char *run = g_strdup(case_last_run(c));
    case_revert(c, run,
                &(Expected){.changes = "- cn=Pat,ou=in,o=acme\n",
                            .writes = 1,
                            .counts = "1 deleted",
                            .foreign = "- cn=Ann Ash,ou=out,o=globex\n",
                            .foreign_writes = 1,
                            .exported = "1 deleted"});
    case_sync(c, NULL,
              &(Expected){.changes = PAT_CREATED,
                          .writes = 1,
                          .counts = "1 created",
                          .foreign = ANN_EXPORTED,
                          .foreign_writes = 1,
                          .exported = "1 created"});
}

/* What went out last is taken back first: the import still stands when that cannot be undone. */
static void test_a_revert_begins_with_the_export(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = PAT, .home = ANN, .export = FROM_PEOPLE});
    case_sync(c, NULL,
              &(Expected){.changes = PAT_CREATED,
                          .writes = 1,
                          .counts = "1 created",
                          .foreign = ANN_EXPORTED,
                          .foreign_writes = 1,
                          .exported = "1 created"});
    g_autofree char *run = g_strdup(case_last_run(c));
    case_set_faults(c, NULL, "down@1");
    case_revert(c, run,
                &(Expected){.exported = "1 failed", .status = 5, .error = "*", .events = "write-failed"});
    case_set_faults(c, "down@1", NULL);
    case_revert(c, run,
                &(Expected){.foreign = "- cn=Ann Ash,ou=out,o=globex\n",
                            .foreign_writes = 1,
                            .exported = "1 deleted",
                            .counts = "1 failed",
                            .status = 5,
                            .error = "*",
                            .events = "write-failed"});
    case_set_faults(c, NULL, NULL);
}

/* Only what the run really did is undone. */
static void test_a_revert_of_a_run_whose_export_was_stopped(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(
        &(CaseStart){.source = PAT, .home = ANN BOB, .export = FROM_PEOPLE, .limits = "create=\"1\""});
    case_sync(c, NULL,
              &(Expected){.changes = PAT_CREATED,
                          .writes = 1,
                          .counts = "1 created",
                          .status = 4,
                          .error = "export: limit*",
                          .events = "run-limit"});
    g_autofree char *run = g_strdup(case_last_run(c));
    case_revert(c, run,
                &(Expected){.changes = "- cn=Pat,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted"});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stopped_export_and_the_import_before_it_are_both_recorded),
        cmocka_unit_test(test_an_import_that_was_stopped_says_nothing_of_an_export),
        cmocka_unit_test(test_a_plan_shows_the_export_as_it_will_be_after_the_import),
        cmocka_unit_test(test_a_saved_plan_of_both_steps_does_what_a_sync_would),
        cmocka_unit_test(test_a_plan_of_one_step),
        cmocka_unit_test(test_a_limit_on_one_step_does_not_hide_the_other_in_a_plan),
        cmocka_unit_test(test_a_revert_undoes_both_steps),
        cmocka_unit_test(test_a_revert_begins_with_the_export),
        cmocka_unit_test(test_a_revert_of_a_run_whose_export_was_stopped),
    };
    return case_run_tables("steps", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

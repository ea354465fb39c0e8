/*
 * test_revert.c - a run is taken back: what it did, no more, and once
 *
 * Whoever was changed, renamed or made since is left alone, or found again by the
 * stamp; what cannot be taken back says why.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#define ANN PERSON("a1", "Ann Ash", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob Birch", "bob@globex.example", "")
#define CYD PERSON("c1", "Cyd Cedar", "cyd@globex.example", "")
#define ANN_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", "")
#define ANN_CREATED CREATED("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CREATED CREATED("b1", "Bob Birch", "bob@globex.example", "")
#define TITLED(uid, cn, mail) PERSON(uid, cn, mail, "title: T\n")
#define TITLE(cn) "* cn=" cn ",ou=in,o=acme\n  + title: T\n"
#define NO_TITLE(cn) "* cn=" cn ",ou=in,o=acme\n  - title: T\n"
#define NO_GRACE "<grace days=\"0\"/>"
#define TEAM                                                                                                 \
    "dn: cn=team,ou=people,o=acme\nobjectClass: groupOfNames\ncn: team\nmember: cn=Ann Ash,ou=in,o=acme\n"   \
    "member: cn=Bob Birch,ou=in,o=acme\n\n"

static void test_a_revert_gives_back_what_the_run_took(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .source = PERSON("a1", "Ann Oak", "ann@globex.example", "title: T\n")
            PERSON("d1", "Dan", "dan@globex.example", ""),
        .home = ANN_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", "l: Springfield\n") TEAM,
        .import = NO_GRACE});
    case_sync(c, NULL,
              &(Expected){
                  .changes =
                      "- cn=Bob Birch,ou=in,o=acme\n"
                      "> cn=Ann Ash,ou=in,o=acme\n  to cn=Ann Oak,ou=in,o=acme\n  - cn: Ann Ash\n"
                      "  + cn: Ann Oak\n  + title: T\n" CREATED(
                          "d1", "Dan", "dan@globex.example",
                          "") "* cn=team,ou=people,o=acme\n  - member: cn=Ann Ash,ou=in,o=acme\n"
                              "  - member: cn=Bob Birch,ou=in,o=acme\n  + member: cn=Ann Oak,ou=in,o=acme\n",
                  .writes = 6,
                  .counts = "1 created, 1 modified, 1 renamed, 1 deleted"});
    case_revert(
        c, NULL,
        &(Expected){.changes = "- cn=Dan,ou=in,o=acme\n"
                               "> cn=Ann Oak,ou=in,o=acme\n  to cn=Ann Ash,ou=in,o=acme\n  - cn: Ann Oak\n"
                               "  - title: T\n  + cn: Ann Ash\n"
                               "+ cn=Bob Birch,ou=in,o=acme\n  cn: Bob Birch\n  dirsyncAnchor: b1\n  "
                               "importedFrom: " CASE_UUID "\n"
                               "  l: Springfield\n  mail: bob@globex.example\n  mailNickname: b1\n"
                               "  objectClass: contact\n"
                               "  objectClass: dirsyncStamp\n  objectClass: top\n"
                               "  proxyAddresses: SMTP:bob@globex.example\n"
                               "  targetAddress: SMTP:bob@globex.example\n"
                               "* cn=team,ou=people,o=acme\n  - member: cn=Ann Oak,ou=in,o=acme\n"
                               "  + member: cn=Ann Ash,ou=in,o=acme\n  + member: cn=Bob Birch,ou=in,o=acme\n",
                    .writes = 6,
                    .counts = "1 created, 3 modified, 1 renamed, 1 deleted"});
}

static void test_a_revert_of_grace_and_of_a_move_home(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(
        &(CaseStart){.source = ANN,
                     .home = ANN_CONTACT BOB_CONTACT TEAM
                     "dn: cn=N,ou=people,o=acme\nobjectClass: contact\ncn: N\nmail: ann@globex.example\n\n"});
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n" HIDDEN(
                              "Bob Birch") "* cn=team,ou=people,o=acme\n  - member: cn=Ann Ash,ou=in,o=acme\n"
                                           "  + member: cn=N,ou=people,o=acme\n",
                          .writes = 3,
                          .counts = "1 disabled, 1 deleted",
                          .events = "missing moved-home",
                          .restless = true});
    case_revert(
        c, NULL,
        &(Expected){.changes = ANN_CREATED RESTORED(
                        "Bob Birch", "NOW") "* cn=team,ou=people,o=acme\n  - member: cn=N,ou=people,o=acme\n"
                                            "  + member: cn=Ann Ash,ou=in,o=acme\n",
                    .writes = 3,
                    .counts = "1 created, 2 modified"});
}

/* The container is made and deleted without a stamp. */
static void test_a_revert_that_gets_no_answer_for_the_container(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .no_container = true});
    case_sync(
        c, NULL,
        &(Expected){.changes = ANN_CREATED "+ ou=in,o=acme\n  objectClass: organizationalUnit\n  ou: in\n",
                    .writes = 2,
                    .counts = "1 created",
                    .restless = true});
    case_set_faults(c, "uncertain@2", NULL);
    case_revert(c, NULL,
                &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n- ou=in,o=acme\n",
                            .writes = 2,
                            .counts = "2 deleted"});
}

/* Two people swapped their names: three changes back. */
static void test_a_revert_of_a_swap(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = PERSON("a1", "Bob Birch", "bob@globex.example", "")
                                                  PERSON("b1", "Ann Ash", "ann@globex.example", ""),
                                              .home = ANN_CONTACT BOB_CONTACT,
                                              .unique = true});
    g_autofree char *before = case_dump(c);
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    g_auto(RunResult) result = {0}, back = {0};
    assert_true(run_sync(connector, &options, &result, NULL));
    g_autofree char *after = case_dump(c);
    assert_string_not_equal(before, after);
    assert_true(run_revert(connector, &options, result.id, &back, NULL));
    assert_int_equal(run_exit_status(&back), 0);
    g_autofree char *again = case_dump(c);
    assert_string_equal(before, again);
}

static void test_a_revert_undoes_only_what_happened(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB CYD});
    case_set_faults(c, "refuse@2", NULL);
    g_autofree char *before = case_dump(c);
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    g_auto(RunResult) result = {0}, back = {0};
    assert_true(run_sync(connector, &options, &result, NULL));
    assert_int_equal(run_exit_status(&result), 3);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_CREATED], 2);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_FAILED], 1);
    case_set_faults(c, NULL, NULL);
    g_autoptr(Connector) well = case_connector(c);
    assert_true(run_revert(well, &options, result.id, &back, NULL));
    assert_int_equal(back.step[STEP_IMPORT].counts.of[COUNT_DELETED], 2);
    assert_int_equal(run_exit_status(&back), 0);
    g_autofree char *after = case_dump(c);
    assert_string_equal(before, after);
}

/* What somebody changed since stays, and is reported. */
static void test_a_revert_leaves_what_moved_since(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = TITLED("a1", "Ann Ash", "ann@globex.example")
                                                  TITLED("b1", "Bob Birch", "bob@globex.example"),
                                              .home = ANN_CONTACT BOB_CONTACT});
    case_sync(c, NULL,
              &(Expected){.changes = TITLE("Ann Ash") TITLE("Bob Birch"),
                          .writes = 2,
                          .counts = "2 modified",
                          .restless = true});
    case_edit_home(c, MODIFY("cn=Ann Ash,ou=in,o=acme", SET("title", "Queen")));
    case_revert(c, NULL,
                &(Expected){.changes = NO_TITLE("Bob Birch"),
                            .writes = 1,
                            .counts = "1 modified, 1 failed",
                            .events = "write-moved",
                            .status = 3});
}

/* A contact that was created and then adopted by somebody else is not deleted by a revert. */
static void test_a_revert_does_not_delete_what_is_no_longer_ours(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB});
    case_sync(c, NULL,
              &(Expected){
                  .changes = ANN_CREATED BOB_CREATED, .writes = 2, .counts = "2 created", .restless = true});
    case_edit_home(c, MODIFY("cn=Ann Ash,ou=in,o=acme", SET("importedFrom", OTHER_UUID)));
    case_revert(c, NULL,
                &(Expected){.changes = "- cn=Bob Birch,ou=in,o=acme\n",
                            .writes = 1,
                            .counts = "1 deleted, 1 failed",
                            .events = "write-moved",
                            .status = 3});
}

static void test_a_revert_of_nothing(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .home = ANN_CONTACT});
    case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
    case_revert(c, NULL, &(Expected){.status = 6, .error = "run *: wrote nothing, so there is nothing*"});
    case_revert(c, "20200101T000000Z-0000",
                &(Expected){.status = 6, .error = "run 20200101T000000Z-0000: not known*"});
}

static void test_a_run_is_taken_back_once(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .home = BOB_CONTACT, .import = NO_GRACE});
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Bob Birch,ou=in,o=acme\n" ANN_CREATED,
                          .writes = 2,
                          .counts = "1 created, 1 deleted"});
    g_autofree char *run = g_strdup(case_last_run(c));
    case_revert(c, run,
                &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n" BOB_CREATED,
                            .writes = 2,
                            .counts = "1 created, 1 deleted"});
    g_autofree char *revert = g_strdup(case_last_run(c));
    g_autofree char *already = g_strdup_printf(
        "run %s: was taken back already, by run %s; dirsync sync globex does again*", run, revert);
    g_autofree char *is_one = g_strdup_printf("run %s: is a revert itself; dirsync sync globex*", revert);
    case_revert(c, run, &(Expected){.status = 6, .error = already});
    case_revert(c, revert, &(Expected){.status = 6, .error = is_one});
}

static void test_a_run_that_was_refused_has_nothing_to_take_back(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB, .limits = "create=\"1\""});
    case_sync(c, NULL,
              &(Expected){.status = 4, .error = "import: limit \"create\": 2*", .events = "run-limit"});
    case_revert(c, NULL, &(Expected){.status = 6, .error = "run *: wrote nothing, so there is nothing*"});
}

/* The first revert could not do everything: the second one does the rest, and nothing twice. */
static void test_a_second_revert_does_the_rest(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB});
    case_sync(c, NULL, &(Expected){.changes = ANN_CREATED BOB_CREATED, .writes = 2, .counts = "2 created"});
    g_autofree char *run = g_strdup(case_last_run(c));
    case_set_faults(c, "refuse@1", NULL);
    case_revert(c, run,
                &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n",
                            .writes = 1,
                            .counts = "1 deleted, 1 failed",
                            .events = "write-failed",
                            .status = 3});
    case_set_faults(c, NULL, NULL);
    case_revert(c, run,
                &(Expected){.changes = "- cn=Bob Birch,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted"});
    case_revert(c, run, &(Expected){.status = 6, .error = "run *: was taken back already, by run *"});
}

/* A plan of people that is carried out again, and taken back each time. */
static void test_a_plan_that_is_applied_again_is_taken_back_again(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder, &(Expected){.counts = "1 created"});
    for (int i = 0; i < 2; i++) {
        case_apply(c, folder, &(Expected){.changes = ANN_CREATED, .writes = 1, .counts = "1 created"});
        case_revert(
            c, NULL,
            &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted"});
    }
}

/* Whoever was renamed since is found by the stamp; the later name stays, unless the object goes. */
static void test_a_revert_finds_whoever_was_renamed_since(void **state)
{
    (void)state;
    static const char renamed[] = "> cn=Ann Ash,ou=in,o=acme\n  to cn=Ann Oak,ou=in,o=acme\n  - cn: Ann Ash\n"
                                  "  + cn: Ann Oak\n";
    for (int asserts = 0; asserts < 2; asserts++) {
        g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .no_assertions = !asserts});
        case_sync(c, NULL, &(Expected){.changes = ANN_CREATED, .writes = 1, .counts = "1 created"});
        g_autofree char *created = g_strdup(case_last_run(c));
        case_set_source(c, TITLED("a1", "Ann Ash", "ann@globex.example"));
        case_sync(c, NULL, &(Expected){.changes = TITLE("Ann Ash"), .writes = 1, .counts = "1 modified"});
        g_autofree char *titled = g_strdup(case_last_run(c));
        case_set_source(c, TITLED("a1", "Ann Oak", "ann@globex.example"));
        case_sync(c, NULL, &(Expected){.changes = renamed, .writes = 1, .counts = "1 renamed"});
        case_revert(c, titled,
                    &(Expected){.changes = NO_TITLE("Ann Oak"), .writes = 1, .counts = "1 modified"});
        case_revert(
            c, created,
            &(Expected){.changes = "- cn=Ann Oak,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted"});
    }
}

/* Its delete got no answer, or the directory went away then: that nobody has the old name says nothing. */
static void test_a_revert_without_an_answer_finds_whoever_was_renamed_since(void **state)
{
    (void)state;
    static const char renamed[] = "> cn=Ann Ash,ou=in,o=acme\n  to cn=Ann Oak,ou=in,o=acme\n  - cn: Ann Ash\n"
                                  "  + cn: Ann Oak\n";
    static const char gone[] = "- cn=Ann Oak,ou=in,o=acme\n";
    static const char *const faults[] = {"lost@1", "down@1"};
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
        case_sync(c, NULL, &(Expected){.changes = ANN_CREATED, .writes = 1, .counts = "1 created"});
        g_autofree char *created = g_strdup(case_last_run(c));
        case_set_source(c, PERSON("a1", "Ann Oak", "ann@globex.example", ""));
        case_sync(c, NULL, &(Expected){.changes = renamed, .writes = 1, .counts = "1 renamed"});
        case_set_faults(c, faults[i], NULL);
        bool down = !strcmp(faults[i], "down@1");
        case_revert(c, created,
                    down ? &(Expected){.counts = "1 failed",
                                       .events = "write-failed",
                                       .status = 5,
                                       .error = "*cannot be reached*"}
                         : &(Expected){.changes = gone, .writes = 1, .counts = "1 deleted"});
        case_set_faults(c, NULL, NULL);
        if (down)
            case_revert(c, created, &(Expected){.changes = gone, .writes = 1, .counts = "1 deleted"});
        case_revert(c, created, &(Expected){.status = 6, .error = "run *: was taken back already, by run *"});
    }
}

/* She has left and come back: the object that there is was made by another run, and is that run's to take. */
static void test_a_revert_leaves_whom_a_later_run_has_made(void **state)
{
    (void)state;
    for (int asserts = 0; asserts < 2; asserts++) {
        g_autoptr(Case) c = case_new(&(CaseStart){
            .source = ANN BOB, .import = NO_GRACE, .no_assertions = !asserts, .limits = "delete=\"none\""});
        case_sync(c, NULL,
                  &(Expected){.changes = ANN_CREATED BOB_CREATED, .writes = 2, .counts = "2 created"});
        g_autofree char *created = g_strdup(case_last_run(c));
        case_set_source(c, BOB);
        case_sync(c, NULL,
                  &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n",
                              .writes = 1,
                              .counts = "1 deleted, 1 unchanged"});
        case_set_source(c, BOB PERSON("a1", "Ann Oak", "ann@globex.example", ""));
        case_sync(c, NULL,
                  &(Expected){.changes = CREATED("a1", "Ann Oak", "ann@globex.example", ""),
                              .writes = 1,
                              .counts = "1 created, 1 unchanged"});
        case_revert(c, created,
                    &(Expected){.changes = "- cn=Bob Birch,ou=in,o=acme\n",
                                .writes = 1,
                                .counts = "1 deleted, 1 failed",
                                .events = "write-moved",
                                .status = 3});
    }
}

/* ... and then what the run did to the object beside naming it stays, too: it is one change for people. */
static void test_a_revert_leaves_a_later_name(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = TITLED("a1", "Ann Oak", "ann@globex.example"), .home = ANN_CONTACT});
    case_sync(c, NULL,
              &(Expected){.changes = "> cn=Ann Ash,ou=in,o=acme\n  to cn=Ann Oak,ou=in,o=acme\n"
                                     "  - cn: Ann Ash\n  + cn: Ann Oak\n  + title: T\n",
                          .writes = 2,
                          .counts = "1 modified, 1 renamed"});
    g_autofree char *run = g_strdup(case_last_run(c));
    case_set_source(c, TITLED("a1", "Ann Elm", "ann@globex.example"));
    case_sync(c, NULL,
              &(Expected){.changes = "> cn=Ann Oak,ou=in,o=acme\n  to cn=Ann Elm,ou=in,o=acme\n"
                                     "  - cn: Ann Oak\n  + cn: Ann Elm\n",
                          .writes = 1,
                          .counts = "1 renamed"});
    case_revert(c, run, &(Expected){.counts = "2 failed", .events = "write-moved*2", .status = 3});
}

/* Nothing to find it by: a native whose group membership was changed, and who is gone. */
static void test_a_revert_says_why_somebody_is_not_found(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    case_sync(c, NULL, &(Expected){.changes = ANN_CREATED, .writes = 1, .counts = "1 created"});
    case_edit_home(c, DELETED("cn=Ann Ash,ou=in,o=acme"));
    case_revert(c, NULL, &(Expected){.counts = "1 failed", .events = "write-moved", .status = 3});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_revert_gives_back_what_the_run_took),
        cmocka_unit_test(test_a_revert_of_grace_and_of_a_move_home),
        cmocka_unit_test(test_a_revert_that_gets_no_answer_for_the_container),
        cmocka_unit_test(test_a_revert_of_a_swap),
        cmocka_unit_test(test_a_revert_undoes_only_what_happened),
        cmocka_unit_test(test_a_revert_leaves_what_moved_since),
        cmocka_unit_test(test_a_revert_does_not_delete_what_is_no_longer_ours),
        cmocka_unit_test(test_a_revert_of_nothing),
        cmocka_unit_test(test_a_run_is_taken_back_once),
        cmocka_unit_test(test_a_run_that_was_refused_has_nothing_to_take_back),
        cmocka_unit_test(test_a_second_revert_does_the_rest),
        cmocka_unit_test(test_a_plan_that_is_applied_again_is_taken_back_again),
        cmocka_unit_test(test_a_revert_finds_whoever_was_renamed_since),
        cmocka_unit_test(test_a_revert_leaves_whom_a_later_run_has_made),
        cmocka_unit_test(test_a_revert_without_an_answer_finds_whoever_was_renamed_since),
        cmocka_unit_test(test_a_revert_leaves_a_later_name),
        cmocka_unit_test(test_a_revert_says_why_somebody_is_not_found),
    };
    return cmocka_run_group_tests_name("revert", tests, NULL, NULL);
}

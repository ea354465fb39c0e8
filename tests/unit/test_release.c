/*
 * test_release.c - what release lets go of stays as it is, and is nobody's any more
 *
 * However it looks by then and however often one runs, until the release is taken
 * back; and what is not ours cannot be released.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "explain_case.h"

#include "dirsync/report/report.h"

#include <string.h>

#define STAMP_WENT "  - dirsyncAnchor: a1\n  - importedFrom: " CASE_UUID "\n  - objectClass: dirsyncStamp\n"

static bool release(Case *c, const char *object, RunResult *result, GError **error)
{
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    return run_release(connector, &options, object, result, error);
}

static void assert_released(Case *c, const char *object, const char *differences)
{
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *before = case_dump(c);
    if (!release(c, object, &result, &error))
        fail_msg("%s", error->message);
    g_autofree char *after = case_dump(c);
    g_autofree char *found = case_differences(before, after);
    assert_string_equal(found, differences);
}

/* However it looks by then, and however often one runs: nothing is made beside it, and it is not taken back.
 */
static void what_is_let_go_of_is_never_touched_again(void **state)
{
    static const char *const imports[] = {NULL, "<adopt/>"};
    (void)state;
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(imports); i++) {
        g_autoptr(Case) c = case_new(
            &(CaseStart){.source = ANN BOB,
                         .import = imports[i / 2],
                         .reads_all = i % 2,
                         .home = CONTACT("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n")
                             CONTACT("b1", "Bob Birch", "bob@globex.example", "")});
        case_sync(c, NULL, &(Expected){.counts = "2 unchanged"});
        assert_released(c, "ann@globex.example", "* cn=Ann Ash,ou=in,o=acme\n" STAMP_WENT);
        case_sync(c, NULL,
                  &(Expected){.counts = "2 unchanged", .events = "out-of-scope", .unlike_stateless = true});
        case_edit_home(c,
                       MODIFY("cn=Ann Ash,ou=in,o=acme",
                              SET("mail", "ann@acme.example") SET("proxyAddresses", "SMTP:ann@acme.example")
                                  SET("targetAddress", "SMTP:ann@acme.example")));
        case_sync(c, NULL,
                  &(Expected){.counts = "2 unchanged", .events = "out-of-scope", .unlike_stateless = true});
        case_set_source(c, PERSON("a1", "Ann Oak", "oak@globex.example", "") BOB);
        case_sync(c, &(Called){.full = true},
                  &(Expected){.counts = "2 unchanged", .events = "out-of-scope", .unlike_stateless = true});
        g_autoptr(Explanation) explanation = case_explain_one(c, "a1");
        assert_situation(explained_import(explanation), "released", NULL);
        assert_int_equal(explained_first(explanation)->import->planned->len, 0);
        case_set_source(c, BOB);
        case_sync(c, NULL, &(Expected){.counts = "1 unchanged", .unlike_stateless = true});
        case_set_source(c, ANN BOB);
        case_sync(c, NULL,
                  &(Expected){.counts = "2 unchanged", .events = "out-of-scope", .unlike_stateless = true});
    }
}

static Backlog backlog_of(Case *c)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) opened = state_open_unlocked(connector, case_state_folder(c), NULL);
    Backlog backlog;
    assert_true(state_backlog(opened, STEP_IMPORT, &backlog, NULL));
    return backlog;
}

/* Let go of is not moved home, though both are looked for as natives. */
static void who_was_released_is_counted_as_that(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN BOB,
                              .home = CONTACT("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n")
                                  INSIDER("01", "Bob", "bob@globex.example", "")
                                      CONTACT("b1", "Bob Birch", "bob@globex.example", "")});
    g_auto(RunResult) result = {0};
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Bob Birch,ou=in,o=acme\n",
                          .writes = 1,
                          .counts = "1 deleted, 1 unchanged",
                          .events = "moved-home"});
    assert_true(release(c, "a1", &result, NULL));
    for (int i = 0; i < 2; i++) {
        Backlog backlog = backlog_of(c);
        assert_int_equal(backlog.released, 1);
        assert_int_equal(backlog.yielded, 1);
        case_sync(c, NULL,
                  &(Expected){.counts = "2 unchanged", .events = "out-of-scope", .unlike_stateless = true});
    }
}

/* With a contact that is as the source says. */
static Case *ann_in_sync(bool reads_all, const char *import)
{
    Case *c = case_new(
        &(CaseStart){.source = ANN,
                     .reads_all = reads_all,
                     .import = import,
                     .home = CONTACT("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n")});
    case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
    return c;
}

/* She is ours: what changes in the source changes in her contact. */
static void assert_is_followed(Case *c)
{
    case_set_source(c, PERSON("a1", "Ann Ash", "ann@globex.example", ""));
    case_sync(c, NULL,
              &(Expected){.changes = "* cn=Ann Ash,ou=in,o=acme\n  - telephoneNumber: 1\n",
                          .writes = 1,
                          .counts = "1 modified"});
}

static void a_release_is_taken_back_by_revert(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        g_autoptr(Case) c = ann_in_sync(i, NULL);
        g_auto(RunResult) result = {0};
        g_autoptr(GError) error = NULL;
        assert_true(release(c, "a1", &result, &error));
        case_revert(
            c, result.id,
            &(Expected){.changes =
                            "* cn=Ann Ash,ou=in,o=acme\n  + dirsyncAnchor: a1\n  + importedFrom: " CASE_UUID
                            "\n  + objectClass: dirsyncStamp\n",
                        .writes = 1,
                        .counts = "1 modified"});
        case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
        assert_is_followed(c);
    }
}

/* The link says so before the stamp goes: a run that is killed in between has released nobody. */
static void a_release_that_was_cut_short_leaves_the_object_ours(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        g_autoptr(Case) c = ann_in_sync(i, NULL);
        {
            g_autoptr(Connector) connector = case_connector(c);
            g_autoptr(State) written = state_open(connector, case_state_folder(c), NULL);
            assert_true(state_mark_link(written, STEP_IMPORT, "a1", LINK_RETRY | LINK_RELEASED, NULL));
        }
        case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
        assert_is_followed(c);
    }
}

static void a_release_that_was_cut_short_afterwards_is_one(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        g_autoptr(Case) c = ann_in_sync(i, "<adopt/>");
        g_auto(RunResult) result = {0};
        assert_true(release(c, "a1", &result, NULL));
        {
            g_autoptr(Connector) connector = case_connector(c);
            g_autoptr(State) written = state_open(connector, case_state_folder(c), NULL);
            g_auto(LinkRow) row = {0};
            assert_true(state_find_link_by_anchor(written, STEP_IMPORT, "a1", &row, NULL));
            row.flags = (row.flags | LINK_RETRY) & ~(unsigned)LINK_YIELDED;
            assert_true(state_save_link(written, &row, NULL));
        }
        case_sync(c, NULL,
                  &(Expected){.counts = "1 unchanged", .events = "out-of-scope", .unlike_stateless = true});
    }
}

static void who_is_released_in_grace_is_shown_again(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = BOB,
                                              .import = "<grace days=\"3650\"/>",
                                              .home = CONTACT("a1", "Ann Ash", "ann@globex.example", IN_GRACE)
                                                  CONTACT("b1", "Bob Birch", "bob@globex.example", "")});
    case_sync(c, NULL, &(Expected){.counts = "2 unchanged"});
    assert_released(c, "cn=Ann Ash,ou=in,o=acme",
                    "* cn=Ann Ash,ou=in,o=acme\n  - dirsyncAnchor: a1\n  - dirsyncGraceSince: " LONG_AGO
                    "\n  - importedFrom: " CASE_UUID "\n  - msExchHideFromAddressLists: TRUE\n"
                    "  - objectClass: dirsyncStamp\n");
    case_sync(c, NULL, &(Expected){.counts = "1 unchanged", .unlike_stateless = true});
}

static void sync_quietly(Case *c)
{
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    if (!run_sync(connector, &options, &result, &error))
        fail_msg("%s", error->message);
}

static bool is_locked(const Case *c)
{
    g_autofree char *home = case_dump(c);
    return strstr(home, "pwdAccountLockedTime") != NULL;
}

/* That it was we who disabled it is remembered: when the release is taken back and the person returns, the
 * account is enabled. */
static void an_account_in_grace_stays_disabled_and_that_is_said(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB,
                                              .kinds = "groups=\"no\" resources=\"no\"",
                                              .import_kinds = "people=\"enabled-user\""});
    g_auto(RunResult) result = {0};
    g_auto(RunResult) back = {0};
    g_autoptr(GError) error = NULL;
    sync_quietly(c);
    assert_false(is_locked(c));
    case_set_source(c, BOB);
    sync_quietly(c);
    assert_true(is_locked(c));
    assert_true(release(c, "cn=Ann Ash,ou=in,o=acme", &result, &error));
    assert_true(result.stays_disabled);
    assert_true(is_locked(c));
    json_t *json = report_result_json("release", "globex", &result, NULL);
    assert_true(json_is_true(json_object_get(json, "stays_disabled")));
    json_decref(json);

    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    if (!run_revert(connector, &options, result.id, &back, &error))
        fail_msg("%s", error->message);
    case_set_source(c, ANN BOB);
    sync_quietly(c);
    assert_false(is_locked(c));
}

static void a_group_keeps_the_member_that_was_released(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = PERSON("a1", "Ann Ash", "ann@globex.example", "")
                                                  GROUP("g1", "Team", IN("a1")),
                                              .kinds = "groups=\"group\" resources=\"no\""});
    case_sync(c, NULL,
              &(Expected){.changes = CREATED("a1", "Ann Ash", "ann@globex.example", "")
                              GROUP_CREATED("g1", "Team", HAS("Ann Ash")),
                          .writes = 2,
                          .counts = "2 created"});
    assert_released(c, "a1", "* cn=Ann Ash,ou=in,o=acme\n" STAMP_WENT);
    case_sync(c, NULL,
              &(Expected){.counts = "2 unchanged", .events = "out-of-scope", .unlike_stateless = true});
}

static void what_is_not_ours_cannot_be_released(void **state)
{
    static const struct {
        const char *object, *says;
        int status;
    } table[] = {{"nobody@globex.example", "no object of this connector", 1},
                 {"nat@acme.example", "is not an object of this connector", 1},
                 {"twin@globex.example", "several objects are meant", 6}};
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN,
                                              .home = NATIVE("Nat", "nat@acme.example", "")
                                                  ANN_CONTACT CONTACT("t1", "One", "twin@globex.example", "")
                                                      CONTACT("t2", "Two", "twin@globex.example", "")});
    g_autofree char *before = case_dump(c);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_auto(RunResult) result = {0};
        g_autoptr(GError) error = NULL;
        assert_false(release(c, table[i].object, &result, &error));
        if (!strstr(error->message, table[i].says))
            fail_msg("%s", error->message);
        assert_int_equal(error_exit_status(error), table[i].status);
    }
    g_autofree char *after = case_dump(c);
    assert_string_equal(after, before);
}

static void what_the_export_made_is_released_there(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = BOB,
                                              .no_import = true,
                                              .home = INSIDER("a9", "Nat", "nat@acme.example", ""),
                                              .export = FROM_PEOPLE});
    case_sync(c, NULL,
              &(Expected){.foreign = EXPORTED("a9", "Nat", "nat@acme.example", ""),
                          .foreign_writes = 1,
                          .exported = "1 created"});
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *before = case_dump_foreign(c);
    assert_true(release(c, "nat@acme.example", &result, &error));
    g_autofree char *after = case_dump_foreign(c);
    g_autofree char *found = case_differences(before, after);
    assert_string_equal(found, "* cn=Nat,ou=out,o=globex\n  - employeeType: " OUR_STAMP("a9") "\n");
    case_sync(c, NULL,
              &(Expected){.exported = "1 unchanged", .events = "out-of-scope", .unlike_stateless = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_let_go_of_is_never_touched_again),
        cmocka_unit_test(who_was_released_is_counted_as_that),
        cmocka_unit_test(a_release_is_taken_back_by_revert),
        cmocka_unit_test(a_release_that_was_cut_short_leaves_the_object_ours),
        cmocka_unit_test(a_release_that_was_cut_short_afterwards_is_one),
        cmocka_unit_test(who_is_released_in_grace_is_shown_again),
        cmocka_unit_test(an_account_in_grace_stays_disabled_and_that_is_said),
        cmocka_unit_test(a_group_keeps_the_member_that_was_released),
        cmocka_unit_test(what_is_not_ours_cannot_be_released),
        cmocka_unit_test(what_the_export_made_is_released_there),
    };
    return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}

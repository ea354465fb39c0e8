/*
 * test_limits.c - what a run may not do, and what an unproven source may not cause
 *
 * First the pure rules of limits.h, then runs: at a limit's figure, above it,
 * and once it is lifted. A refused run writes nothing and forgets nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <stdio.h>
#include <string.h>

/* --- pure --- */

static void test_number_or_percentage_whichever_is_more(void **state)
{
    (void)state;
    static const struct {
        const char *limit;
        size_t population, allowed;
    } cases[] = {
        {"0", 1000, 0},
        {"10", 0, 10},
        {"10", 1000, 10},
        {"5%", 0, 0},
        {"5%", 1, 1},
        {"5%", 20, 1},
        {"5%", 21, 2},
        {"5%", 1000, 50},
        {"5%|10", 20, 10},
        {"5%|10", 200, 10},
        {"5%|10", 201, 11},
        {"5%|10", 1000, 50},
        {"100%", 7, 7},
        {"0%", 1000, 0},
        {"0.1%", 1000, 1},
        {"none", 0, G_MAXSIZE},
        {"none", 1000, G_MAXSIZE},
        {"0%|3", 1000, 3},
        {"33.333%", 3, 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Limit limit;
        assert_true(limit_parse(cases[i].limit, &limit));
        if (limit_allowed(&limit, cases[i].population) != cases[i].allowed)
            fail_msg("%s of %zu: %zu allowed, expected %zu", cases[i].limit, cases[i].population,
                     limit_allowed(&limit, cases[i].population), cases[i].allowed);
    }
}

static void allow_all(Limit limits[LIMIT_KINDS])
{
    for (int kind = 0; kind < LIMIT_KINDS; kind++)
        limits[kind] = (Limit){.unlimited = true};
}

static void test_every_kind_below_at_and_above(void **state)
{
    (void)state;
    for (int kind = 0; kind < LIMIT_KINDS; kind++) {
        Limit limits[LIMIT_KINDS];
        g_autoptr(Tally) tally = tally_new();
        allow_all(limits);
        limits[kind] = (Limit){.number = 2};
        assert_true(limits_allow(limits, tally, 100, NULL));
        for (int i = 1; i <= 3; i++) {
            g_autoptr(GError) error = NULL;
            tally_add(tally, (LimitKind)kind, "mapping.xml:7");
            assert_int_equal(tally_figure(tally, (LimitKind)kind), i);
            assert_int_equal(limits_allow(limits, tally, 100, &error), i <= 2);
            if (i <= 2)
                continue;
            assert_true(error_is(error, ERROR_LIMIT));
            assert_int_equal(error_exit_status(error), 4);
            g_autofree char *name = g_strdup_printf("limit \"%s\": 3 ", limit_names[kind]);
            g_autofree char *option = g_strdup_printf("--max-%s 3", limit_names[kind]);
            assert_non_null(strstr(error->message, name));
            assert_non_null(strstr(error->message, "2 allowed of 100"));
            assert_non_null(strstr(error->message, "3 because of mapping.xml:7"));
            assert_non_null(strstr(error->message, option));
            assert_non_null(strstr(error->message, "nothing of this step was written"));
        }
    }
}

static void test_the_main_cause_is_named(void **state)
{
    (void)state;
    Limit limits[LIMIT_KINDS];
    g_autoptr(Tally) tally = tally_new();
    g_autoptr(GError) error = NULL;
    allow_all(limits);
    limits[LIMIT_MODIFY] = (Limit){.number = 1};
    tally_add(tally, LIMIT_MODIFY, "a:1");
    tally_add(tally, LIMIT_MODIFY, "b:2");
    tally_add(tally, LIMIT_MODIFY, "b:2");
    tally_add(tally, LIMIT_MODIFY, NULL);
    assert_false(limits_allow(limits, tally, 0, &error));
    assert_non_null(strstr(error->message, "4 objects would be modified"));
    assert_non_null(strstr(error->message, "2 because of b:2"));
}

static void test_attributes_and_groups_are_limited_one_by_one(void **state)
{
    (void)state;
    Limit limits[LIMIT_KINDS];
    g_autoptr(Tally) tally = tally_new();
    g_autoptr(GError) error = NULL;
    allow_all(limits);
    limits[LIMIT_EMPTY] = (Limit){.number = 2};
    limits[LIMIT_MEMBERS] = (Limit){.percent = 10};
    for (int i = 0; i < 2; i++) {
        tally_add_of(tally, LIMIT_EMPTY, "title", "m:1");
        tally_add_of(tally, LIMIT_EMPTY, "l", "m:2");
        tally_add_of(tally, LIMIT_MEMBERS, "cn=big", NULL);
    }
    tally_set_population(tally, LIMIT_MEMBERS, "cn=big", 20);
    assert_int_equal(tally_figure(tally, LIMIT_EMPTY), 2);
    assert_true(limits_allow(limits, tally, 1000, &error));
    tally_add_of(tally, LIMIT_EMPTY, "title", "m:1");
    tally_add_of(tally, LIMIT_MEMBERS, "cn=big", NULL);
    assert_false(limits_allow(limits, tally, 1000, &error));
    assert_non_null(strstr(error->message, "3 objects would lose every value of attribute title, 2 allowed"));
    assert_null(strstr(error->message, "attribute l,"));
    assert_non_null(strstr(error->message, "3 members would be removed from group cn=big, 2 allowed of 20"));
}

/* --- runs --- */

#define ANN PERSON("a1", "Ann Ash", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob Birch", "bob@globex.example", "")
#define CYD PERSON("c1", "Cyd Cedar", "cyd@globex.example", "")
#define ANN_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", "")
#define CYD_CONTACT CONTACT("c1", "Cyd Cedar", "cyd@globex.example", "")
#define ALL ANN BOB CYD
#define ALL_CONTACTS ANN_CONTACT BOB_CONTACT CYD_CONTACT
#define NO_GRACE "<grace days=\"0\"/>"
#define IN_STEP SYNC(.counts = "3 unchanged")
#define REFUSED(message) SYNC(.status = 4, .error = (message), .events = "run-limit")
#define TITLED(uid, cn, mail, title) PERSON(uid, cn, mail, "title: " title "\n")

static const PassCase cases[] = {
    {"create: unlimited unless said otherwise",
     {.source = ALL, .limits = "create=\"2\""},
     {REFUSED("import: limit \"create\": 3 objects would be created, 2 allowed of 0*--max-create 3*"),
      SYNC_CALLED(HOW(.lift = "create=3"),
                  .changes = CREATED("a1", "Ann Ash", "ann@globex.example", "")
                      CREATED("b1", "Bob Birch", "bob@globex.example", "")
                          CREATED("c1", "Cyd Cedar", "cyd@globex.example", ""),
                  .writes = 3, .counts = "3 created")}},
    {"delete: at the figure and above",
     {.source = ALL, .home = ALL_CONTACTS, .limits = "delete=\"1\"", .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(ANN),
      REFUSED("import: limit \"delete\": 2 objects would be deleted, 1 allowed of 3; 2 because of not in the "
              "source any more; *"
              "--max-delete 2*nothing of this step was written"),
      REFUSED("import: limit \"delete\": 2 objects*"),
      SYNC_CALLED(HOW(.lift = "delete=2"),
                  .changes = "- cn=Bob Birch,ou=in,o=acme\n- cn=Cyd Cedar,ou=in,o=acme\n", .writes = 2,
                  .counts = "2 deleted, 1 unchanged"),
      SOURCE_IS(ANN CYD),
      SYNC(.changes = CREATED("c1", "Cyd Cedar", "cyd@globex.example", ""), .writes = 1,
           .counts = "1 created, 1 unchanged"),
      SOURCE_IS(ANN),
      SYNC(.changes = "- cn=Cyd Cedar,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 1 unchanged")}},
    {"delete: a percentage of what we own, rounded up",
     {.source = ALL, .home = ALL_CONTACTS, .limits = "delete=\"34%\"", .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(ANN),
      SYNC(.changes = "- cn=Bob Birch,ou=in,o=acme\n- cn=Cyd Cedar,ou=in,o=acme\n", .writes = 2,
           .counts = "2 deleted, 1 unchanged")}},
    {"disable: objects hidden",
     {.source = ALL, .home = ALL_CONTACTS, .limits = "disable=\"0\""},
     {IN_STEP, SOURCE_IS(ANN BOB),
      SYNC(.status = 4, .error = "import: limit \"disable\": 1 objects would be hidden*--max-disable 1*",
           .events = "run-limit missing"),
      SYNC_CALLED(HOW(.lift = "disable=1"), .changes = HIDDEN("Cyd Cedar"), .writes = 1,
                  .counts = "1 disabled, 2 unchanged", .events = "missing")}},
    {"rename",
     {.source = ALL, .home = ALL_CONTACTS, .limits = "rename=\"0\""},
     {IN_STEP, SOURCE_IS(ANN BOB PERSON("c1", "Cyd Cypress", "cyd@globex.example", "")),
      REFUSED("import: limit \"rename\": 1 objects would be renamed, 0 allowed of 3; 1 because of "
              "*mapping.xml:*--max-rename 1*"),
      SYNC_CALLED(HOW(.lift = "rename=1"),
                  .changes = "> cn=Cyd Cedar,ou=in,o=acme\n  to cn=Cyd Cypress,ou=in,o=acme\n"
                             "  - cn: Cyd Cedar\n  + cn: Cyd Cypress\n",
                  .writes = 1, .counts = "1 renamed, 2 unchanged")}},
    {"address: objects whose addresses change",
     {.source = ALL, .home = ALL_CONTACTS, .limits = "address=\"0\""},
     {IN_STEP,
      SOURCE_IS(ANN BOB PERSON("c1", "Cyd Cedar", "cyd@globex.example", "mail: c2@globex.example\n")),
      REFUSED("import: limit \"address\": 1 objects would have their addresses changed, 0 allowed of 3; "
              "1 because "
              "of *mapping.xml:*"),
      SYNC_CALLED(HOW(.lift = "address=1"),
                  .changes = "* cn=Cyd Cedar,ou=in,o=acme\n  + proxyAddresses: smtp:c2@globex.example\n",
                  .writes = 1, .counts = "1 modified, 2 unchanged")}},
    {"change: objects modified",
     {.source = ALL, .home = ALL_CONTACTS, .limits = "change=\"1\""},
     {IN_STEP,
      SOURCE_IS(TITLED("a1", "Ann Ash", "ann@globex.example", "A")
                    TITLED("b1", "Bob Birch", "bob@globex.example", "B") CYD),
      REFUSED("import: limit \"change\": 2 objects would be modified, 1 allowed of 3; 2 because of "
              "*mapping.xml:*--max-change 2*"),
      SOURCE_IS(ANN TITLED("b1", "Bob Birch", "bob@globex.example", "B") CYD),
      SYNC(.changes = "* cn=Bob Birch,ou=in,o=acme\n  + title: B\n", .writes = 1,
           .counts = "1 modified, 2 unchanged")}},
    {"empty: an attribute that vanishes from many at once",
     {.source = TITLED("a1", "Ann Ash", "ann@globex.example", "A")
          TITLED("b1", "Bob Birch", "bob@globex.example", "B") CYD,
      .limits = "empty=\"1\""},
     {SYNC(.changes = CREATED("a1", "Ann Ash", "ann@globex.example", "  title: A\n")
               CREATED("b1", "Bob Birch", "bob@globex.example", "  title: B\n")
                   CREATED("c1", "Cyd Cedar", "cyd@globex.example", ""),
           .writes = 3, .counts = "3 created"),
      SOURCE_IS(ALL),
      REFUSED("import: limit \"empty\": 2 objects would lose every value of attribute title, 1 allowed of 3; "
              "2 "
              "because of *mapping.xml:*"),
      SYNC_CALLED(HOW(.lift = "empty=2"),
                  .changes = "* cn=Ann Ash,ou=in,o=acme\n  - title: A\n* cn=Bob Birch,ou=in,o=acme\n"
                             "  - title: B\n",
                  .writes = 2, .counts = "2 modified, 1 unchanged")}},
    {"native: objects touched that no connector created",
     {.source = ANN,
      .limits = "native=\"0\"",
      .import = "<join source=\"mail\" home=\"mail\"/><adopt/>",
      .home = "dn: cn=By Hand,ou=people,o=acme\nobjectClass: contact\ncn: By Hand\nmail: ann@globex.example\n"
              "mailNickname: a1\n\n"},
     {SYNC(.status = 4,
           .error = "import: limit \"native\": 1 objects that no connector created would be touched*",
           .events = "run-limit adopted"),
      SYNC_CALLED(
          HOW(.lift = "native=1"),
          .changes = "* cn=By Hand,ou=people,o=acme\n  + dirsyncAnchor: a1\n  + importedFrom: " CASE_UUID "\n"
                     "  + objectClass: dirsyncStamp\n  + proxyAddresses: SMTP:ann@globex.example\n"
                     "  + targetAddress: SMTP:ann@globex.example\n",
          .writes = 1, .counts = "1 modified", .events = "adopted")}},
    {"members: those who leave a group when their contact goes",
     {.source = ALL,
      .limits = "members=\"1\" delete=\"none\"",
      .import = NO_GRACE,
      .home = ALL_CONTACTS "dn: cn=team,ou=people,o=acme\nobjectClass: groupOfNames\ncn: team\n"
                           "member: cn=Ann Ash,ou=in,o=acme\n"
                           "member: cn=Bob Birch,ou=in,o=acme\nmember: cn=Cyd Cedar,ou=in,o=acme\n\n"},
     {IN_STEP, SOURCE_IS(ANN),
      REFUSED("import: limit \"members\": 2 members would be removed from group cn=team,ou=people,o=acme, 1 "
              "allowed of *"),
      SOURCE_IS(ANN BOB),
      SYNC(.changes = "- cn=Cyd Cedar,ou=in,o=acme\n* cn=team,ou=people,o=acme\n  - member: cn=Cyd "
                      "Cedar,ou=in,o=acme\n",
           .writes = 2, .counts = "1 deleted, 2 unchanged")}},

    /* --- an empty source --- */
    {"an empty source removes nobody",
     {.source = ALL, .home = ALL_CONTACTS, .limits = "delete=\"none\" disable=\"none\"", .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(""), SYNC(.counts = "3 unchanged", .events = "source-partial", .status = 3),
      SYNC_CALLED(HOW(.allow_empty = true),
                  .changes = "- cn=Ann Ash,ou=in,o=acme\n- cn=Bob Birch,ou=in,o=acme\n"
                             "- cn=Cyd Cedar,ou=in,o=acme\n",
                  .writes = 3, .counts = "3 deleted")}},
    {"--allow-empty does not lift the limits",
     {.source = ALL, .home = ALL_CONTACTS, .limits = "delete=\"2\"", .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(""),
      SYNC_CALLED(HOW(.allow_empty = true), .status = 4, .error = "import: limit \"delete\": 3 *",
                  .events = "run-limit")}},
    {"an empty source of a connector that owns nothing is in order", {.source = ""}, {SYNC(.counts = "")}},

    /* --- a source that is not proven complete --- */
    {"a read that is cut adds and modifies and removes nobody",
     {.reads_all = true, .source = ALL, .home = ALL_CONTACTS, .import = NO_GRACE},
     {IN_STEP, FAULTS(NULL, "cut-read@3"),
      SOURCE_IS(PERSON("d1", "Dan Dogwood", "dan@globex.example", "")
                    TITLED("a1", "Ann Ash", "ann@globex.example", "A") BOB),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + title: A\n" CREATED("d1", "Dan Dogwood",
                                                                          "dan@globex.example", ""),
           .writes = 2, .counts = "1 created, 1 modified, 2 unchanged", .events = "source-partial",
           .status = 3),
      FAULTS(NULL, NULL),
      SYNC(.changes = "- cn=Cyd Cedar,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 3 unchanged")}},
    {"a read of unknown completeness removes nobody",
     {.reads_all = true, .source = ALL, .home = ALL_CONTACTS, .import = NO_GRACE},
     {IN_STEP, FAULTS(NULL, "unknown-read@1"), SOURCE_IS(ANN),
      SYNC(.counts = "3 unchanged", .events = "source-partial", .status = 3)}},
    {"a size limit of the server removes nobody",
     {.reads_all = true, .source = ALL, .home = ALL_CONTACTS, .import = NO_GRACE},
     {IN_STEP, FAULTS(NULL, "size-limit@2"),
      SYNC(.counts = "3 unchanged", .events = "source-partial", .status = 3)}},
    {"nor does a grace that is over end, nor one begin, after a partial read",
     {.source = ANN, .home = ANN_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", IN_GRACE)},
     {FAULTS(NULL, "cut-read@1"), SYNC(.counts = "2 unchanged", .events = "source-partial", .status = 3)}},
    {"nobody is superseded after a partial read",
     {.source = PERSON("a2", "Ann Ash", "ann2@globex.example", ""), .home = ANN_CONTACT},
     {FAULTS(NULL, "unknown-read@1"),
      SYNC(.changes = "+ cn=Ann Ash (a2191b),ou=in,o=acme\n  cn: Ann Ash (a2191b)\n  dirsyncAnchor: a2\n"
                      "  importedFrom: " CASE_UUID "\n  mail: ann2@globex.example\n  mailNickname: a2\n"
                      "  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:ann2@globex.example\n"
                      "  targetAddress: SMTP:ann2@globex.example\n",
           .writes = 1, .counts = "1 created, 1 unchanged", .events = "source-partial", .status = 3)}},
    {"a home directory that cannot be read whole: nothing is planned",
     {.reads_all = true, .source = ALL, .home = ALL_CONTACTS},
     {IN_STEP, FAULTS("size-limit@2", NULL),
      SYNC(.status = 1, .error = "*: could not be read whole: size limit*", .events = "home-partial")}},

    /* --- --only --- */
    {"--only: those entries, nobody removed, the rest as it was",
     {.source = ALL, .home = ALL_CONTACTS, .import = NO_GRACE},
     {IN_STEP,
      SOURCE_IS(TITLED("a1", "Ann Ash", "ann@globex.example", "A")
                    TITLED("b1", "Bob Birch", "bob@globex.example", "B")),
      SYNC_CALLED(HOW(.only = "(uid=a1)"), .changes = "* cn=Ann Ash,ou=in,o=acme\n  + title: A\n",
                  .writes = 1, .counts = "1 modified, 2 unchanged"),
      SYNC(.changes = "- cn=Cyd Cedar,ou=in,o=acme\n* cn=Bob Birch,ou=in,o=acme\n  + title: B\n", .writes = 2,
           .counts = "1 modified, 1 deleted, 1 unchanged")}},
    {"--only: what is no filter is refused",
     {.source = ALL},
     {SYNC_CALLED(HOW(.only = "uid=a1)"), .status = 6, .error = "--only uid=a1): not a filter*")}},

    /* --- LDIF files --- */
    {"an LDIF file with its count trailer",
     {.source = ALL "# count: 3\n",
      .home = ALL_CONTACTS,
      .file = "count-trailer=\"count\"",
      .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(ANN BOB "# count: 2\n"),
      SYNC(.changes = "- cn=Cyd Cedar,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 2 unchanged")}},
    {"an LDIF file that is cut in the middle of a line",
     {.source = ALL "# count: 3\n",
      .home = ALL_CONTACTS,
      .file = "count-trailer=\"count\"",
      .import = NO_GRACE},
     {IN_STEP,
      SOURCE_IS(
          TITLED("a1", "Ann Ash", "ann@globex.example", "A") "dn: uid=b1,o=globex\nobjectClass: inetOrgPer"),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + title: A\n", .writes = 1,
           .counts = "1 modified, 2 unchanged", .events = "source-partial", .status = 3)}},
    {"an LDIF file that is cut at the end of a line, within a record",
     {.source = ALL "# count: 3\n",
      .home = ALL_CONTACTS,
      .file = "count-trailer=\"count\"",
      .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(ANN "dn: uid=b1,o=globex\nobjectClass: inetOrgPerson\nuid: b1\ncn: Bob Birch\n"),
      SYNC(.counts = "3 unchanged, 1 quarantined", .events = "source-partial source-bad-record", .status = 3,
           .quarantine = "*people.ldif:*: *may have been cut off*")}},
    {"an LDIF file that is cut between two records: the trailer is missing",
     {.source = ALL "# count: 3\n",
      .home = ALL_CONTACTS,
      .file = "count-trailer=\"count\"",
      .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(ANN), SYNC(.counts = "3 unchanged", .events = "source-partial", .status = 3)}},
    {"an LDIF file whose trailer counts more than there are",
     {.source = ALL "# count: 3\n",
      .home = ALL_CONTACTS,
      .file = "count-trailer=\"count\"",
      .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(ANN "# count: 3\n"),
      SYNC(.counts = "3 unchanged", .events = "source-partial", .status = 3)}},
    {"an LDIF file without a trailer: at least 95 % of the last good count",
     {.source = ALL, .home = ALL_CONTACTS, .file = "", .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(ANN BOB), SYNC(.counts = "3 unchanged", .events = "source-partial", .status = 3)}},
    {"an LDIF file without a trailer, cut, and the last good count lost: what we own is the measure",
     {.source = ALL, .home = ALL_CONTACTS, .file = "", .import = NO_GRACE},
     {IN_STEP, STATE_LOST, SOURCE_IS(ANN),
      SYNC(.counts = "3 unchanged", .events = "source-partial", .status = 3), SOURCE_IS(ALL), IN_STEP}},
    {"an LDIF file that is empty, then whole again",
     {.source = ALL "# count: 3\n",
      .home = ALL_CONTACTS,
      .file = "count-trailer=\"count\"",
      .import = NO_GRACE},
     {IN_STEP, SOURCE_IS(""), SYNC(.counts = "3 unchanged", .events = "source-partial", .status = 3),
      SOURCE_IS(ANN BOB "# count: 2\n"),
      SYNC(.changes = "- cn=Cyd Cedar,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 2 unchanged")}},
    {"an LDIF file with a broken record in it: the others are taken, nobody is removed",
     {.source = ALL, .home = ALL_CONTACTS, .file = "", .import = NO_GRACE},
     {IN_STEP,
      SOURCE_IS("dn: uid=b1,o=globex\nobjectClass: inetOrgPerson\nuid: b1\ncn:: %%%\nsn: x\n"
                "mail: bob@globex.example\n\n" TITLED("a1", "Ann Ash", "ann@globex.example", "A") CYD),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + title: A\n", .writes = 1,
           .counts = "1 modified, 2 unchanged, 1 quarantined", .events = "source-partial source-bad-record",
           .status = 3, .quarantine = "*people.ldif:*")}},
    {"an LDIF file whose entry drifted at home is healed from the file",
     {.source = ALL "# count: 3\n", .home = ALL_CONTACTS, .file = "count-trailer=\"count\""},
     {IN_STEP, HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme", SET("mail", "wrong@globex.example"))),
      SYNC(.changes =
               "* cn=Ann Ash,ou=in,o=acme\n  - mail: wrong@globex.example\n  + mail: ann@globex.example\n",
           .writes = 1, .counts = "1 modified, 2 unchanged")}},
};

/* Not even --allow-empty makes a file that is not there an empty one. */
static void test_a_missing_file_is_an_error_and_removes_nobody(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ALL, .home = ALL_CONTACTS, .file = ""});
    case_sync(c, NULL, &(Expected){.counts = "3 unchanged"});
    g_autofree char *path = case_path(c, "people.ldif");
    assert_int_equal(remove(path), 0);
    case_sync(c, &(Called){.allow_empty = true},
              &(Expected){.status = 1, .error = "*people.ldif: cannot be opened*"});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_or_percentage_whichever_is_more),
        cmocka_unit_test(test_every_kind_below_at_and_above),
        cmocka_unit_test(test_the_main_cause_is_named),
        cmocka_unit_test(test_attributes_and_groups_are_limited_one_by_one),
        cmocka_unit_test(test_a_missing_file_is_an_error_and_removes_nobody),
    };
    return case_run_tables("limits", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

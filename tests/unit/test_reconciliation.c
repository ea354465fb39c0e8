/*
 * test_reconciliation.c - who is in one address list and not in the other, and why
 *
 * Each case is a start, what happened, and a line for everybody on either side: step,
 * verdict, reason, "source DN | target DN", and what differs. Whatever is looked at
 * stays as it was, directories and state.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "reconciliation_case.h"

#include "dirsync/reconciliation.h"

#include <string.h>

#define ANN PERSON("a1", "Ann Ash", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob Birch", "bob@globex.example", "")
#define ANN_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", "")
#define ANN_IS "uid=a1,o=globex | cn=Ann Ash,ou=in,o=acme"
#define BOB_IS "uid=b1,o=globex | cn=Bob Birch,ou=in,o=acme"

/* --- rows as text --- */

static const char *const verdicts[] = {
    [RECONCILED_ONLY_SOURCE] = "only-source",
    [RECONCILED_ONLY_TARGET] = "only-target",
    [RECONCILED_DIFFERS] = "differs",
    [RECONCILED_SAME] = "same",
};

static void add_row(const Reconciliation *row, void *data)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%s %s %s: %s | %s\n", step_names[row->step], verdicts[row->verdict],
                           row->reason_id ? row->reason_id : "-", row->source_dn ? row->source_dn : "",
                           row->target_dn ? row->target_dn : "");
    for (size_t i = 0; i < row->n_differences; i++) {
        for (char *const *value = row->differences[i].have; *value; value++)
            g_string_append_printf(line, "  - %s: %s\n", row->differences[i].attribute, *value);
        for (char *const *value = row->differences[i].want; *value; value++)
            g_string_append_printf(line, "  + %s: %s\n", row->differences[i].attribute, *value);
    }
    assert_int_equal(row->reason_id != NULL, row->reason != NULL);
    g_ptr_array_add(data, g_string_free(line, FALSE));
}

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *rows_now(const Case *c)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *incomplete = NULL;
    if (!reconciliation_run(connector, case_state_folder(c), add_row, lines, &incomplete, &error))
        fail_msg("reconciliation: %s", error->message);
    g_ptr_array_sort(lines, compare_lines);
    if (incomplete)
        g_ptr_array_add(lines, g_strdup_printf("(%s)\n", incomplete));
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("", (char **)lines->pdata);
}

static void looks_like(const Case *c, const char *rows)
{
    g_autofree char *before = case_everything(c), *now = rows_now(c), *after = case_everything(c);
    assert_string_equal(now, rows);
    assert_string_equal(before, after);
}

/* --- cases --- */

typedef struct {
    const char *name;
    CaseStart start;
    CaseStep happens[6];
    const char *rows;
} View;

static void sync_quietly(Case *c)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunResult) result = {0};
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    if (!run_sync(connector, &options, &result, &error))
        print_message("# sync: %s\n", error->message);
}

static void happen(Case *c, const CaseStep *step)
{
    switch (step->kind) {
    case DO_SOURCE:
        case_set_source(c, step->text);
        break;
    case DO_HOME:
        case_edit_home(c, step->text);
        break;
    case DO_FOREIGN:
        case_edit_foreign(c, step->text);
        break;
    case DO_LOSE_STATE:
        case_lose_state(c);
        break;
    case DO_FAULTS:
        case_set_faults(c, step->text, step->source_faults);
        break;
    case DO_KINDS:
        case_set_kinds(c, step->text);
        break;
    case DO_SYNC:
        sync_quietly(c);
        break;
    case DO_END:
        break;
    }
}

static void look(void **state)
{
    const View *view = *state;
    g_autoptr(Case) c = case_new(&view->start);
    for (size_t i = 0; i < G_N_ELEMENTS(view->happens) && view->happens[i].kind != DO_END; i++)
        happen(c, &view->happens[i]);
    looks_like(c, view->rows);
}

#define SYNCED                                                                                               \
    {                                                                                                        \
        .kind = DO_SYNC                                                                                      \
    }
#define NO_GRACE "<grace days=\"0\"/>"
#define NATIVE(cn, mail, more)                                                                               \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: inetOrgPerson\ncn: " cn "\nsn: x\nmail: " mail "\n" more   \
    "\n"
#define IN_CONTAINER(cn, more) "dn: cn=" cn ",ou=in,o=acme\nobjectClass: contact\ncn: " cn "\n" more "\n"

#define SAME(who) "import same -: " who "\n"

static const View views[] = {
    {"new: nobody has been made yet",
     {.source = ANN BOB, .home = ANN_CONTACT},
     {{0}},
     "import only-source new: uid=b1,o=globex | \n" SAME(ANN_IS)},
    {"in sync, with state and without", {.source = ANN BOB}, {SYNCED, STATE_LOST}, SAME(ANN_IS) SAME(BOB_IS)},
    {"the source has changed since",
     {.source = ANN},
     {SYNCED, SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n"))},
     "import differs changed: " ANN_IS "\n  + telephoneNumber: 1\n"},
    {"changed by hand",
     {.source = ANN},
     {SYNCED, SYNCED, HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme", SET("mail", "wrong@globex.example")))},
     "import differs changed-by-hand: " ANN_IS
     "\n  - mail: wrong@globex.example\n  + mail: ann@globex.example\n"},
    {"without a state nobody can say who changed it",
     {.source = ANN},
     {SYNCED, HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme", SET("mail", "wrong@globex.example"))),
      STATE_LOST},
     "import differs changed: " ANN_IS "\n  - mail: wrong@globex.example\n  + mail: ann@globex.example\n"},
    {"another name in the source",
     {.source = ANN},
     {SYNCED, SOURCE_IS(PERSON("a1", "Ann Oak", "ann@globex.example", ""))},
     "import differs renamed: " ANN_IS
     "\n  - dn: cn=Ann Ash,ou=in,o=acme\n  + dn: cn=Ann Oak,ou=in,o=acme\n"},
    {"missing: grace begins, goes on",
     {.source = ANN BOB},
     {SYNCED, SOURCE_IS(BOB)},
     "import only-target missing:  | cn=Ann Ash,ou=in,o=acme\n" SAME(BOB_IS)},
    {"in grace",
     {.source = ANN BOB},
     {SYNCED, SOURCE_IS(BOB), SYNCED},
     "import only-target in-grace:  | cn=Ann Ash,ou=in,o=acme\n" SAME(BOB_IS)},
    {"grace is over",
     {.source = BOB, .home = BOB_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", IN_GRACE)},
     {{0}},
     "import only-target grace-over:  | cn=Ann Ash,ou=in,o=acme\n" SAME(BOB_IS)},
    {"a stamp that no run is known to have given",
     {.source = BOB},
     {SYNCED, HOME_EDITED("dn: cn=Ann Ash,ou=in,o=acme\nchangetype: add\nobjectClass: contact\n"
                          "objectClass: dirsyncStamp\ncn: Ann Ash\nimportedFrom: " CASE_UUID
                          "\ndirsyncAnchor: zz\nmail: zz@globex.example\n\n")},
     "import only-target orphan:  | cn=Ann Ash,ou=in,o=acme\n" SAME(BOB_IS)},
    {"back within grace",
     {.source = ANN BOB},
     {SYNCED, SOURCE_IS(BOB), SYNCED, SOURCE_IS(ANN BOB),
      HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme", SET("dirsyncGraceSince", LONG_AGO)))},
     "import differs returned: " ANN_IS "\n  - dirsyncGraceSince: " LONG_AGO
     "\n  - msExchHideFromAddressLists: TRUE\n" SAME(BOB_IS)},
    {"a newcomer has the name and address of somebody in grace",
     {.source = ANN BOB},
     {SYNCED, SOURCE_IS(BOB), SYNCED, SOURCE_IS(BOB PERSON("a2", "Ann Ash", "ann@globex.example", ""))},
     "import only-source new: uid=a2,o=globex | \n"
     "import only-target superseded:  | cn=Ann Ash,ou=in,o=acme\n" SAME(BOB_IS)},
    {"filtered out, never there",
     {.source = ANN PERSON("b1", "Bob", "bob@globex.example", "title: Temp\n"),
      .filter = "(&(objectClass=inetOrgPerson)(!(title=Temp)))"},
     {{0}},
     "import only-source filtered-out: uid=b1,o=globex | \n"
     "import only-source new: uid=a1,o=globex | \n"},
    {"filtered out, its object is still there",
     {.source = ANN BOB, .filter = "(&(objectClass=inetOrgPerson)(!(title=Temp)))"},
     {SYNCED, SOURCE_IS(ANN PERSON("b1", "Bob Birch", "bob@globex.example", "title: Temp\n"))},
     "import only-target filtered-out: " BOB_IS "\n" SAME(ANN_IS)},
    {"filtered out in a file: who is not in it is gone",
     {.source = ANN BOB, .file = "", .filter = "(&(objectClass=inetOrgPerson)(!(title=Temp)))"},
     {SYNCED, SOURCE_IS(ANN PERSON("b1", "Bob Birch", "bob@globex.example", "title: Temp\n"))},
     "import only-target filtered-out: " BOB_IS "\n" SAME(ANN_IS)},
    {"containers are nobody",
     {.source = "dn: ou=x,o=globex\nobjectClass: organizationalUnit\nou: x\n\n" ANN},
     {{0}},
     "import only-source new: uid=a1,o=globex | \n"},
    {"hidden, locked",
     {.import_kinds = "hidden=\"no\" disabled=\"no\"",
      .source = PERSON("a1", "Ann Ash", "ann@globex.example", "msExchHideFromAddressLists: TRUE\n")
          PERSON("b1", "Bob Birch", "bob@globex.example", "pwdAccountLockedTime: 000001010000Z\n")},
     {{0}},
     "import only-source disabled: uid=b1,o=globex | \n"
     "import only-source hidden: uid=a1,o=globex | \n"},
    {"one of ours coming back",
     {.source = ANN PERSON("b1", "Bob", "bob@acme.example", "")},
     {{0}},
     "import only-source new: uid=a1,o=globex | \n"
     "import only-source one-of-us: uid=b1,o=globex | \n"},
    {"one of ours by now, its object is there",
     {.source = ANN BOB},
     {SYNCED, SOURCE_IS(ANN PERSON("b1", "Bob Birch", "bob@acme.example", ""))},
     "import only-target one-of-us: " BOB_IS "\n" SAME(ANN_IS)},
    {"cannot be mapped, new and known",
     {.source = ANN BOB},
     {SYNCED,
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "title: much too long for a title\n")
                    BOB PERSON("c1", "Cyd", "cyd@globex.example", "title: much too long for a title\n"))},
     "import differs quarantined: " ANN_IS
     "\nimport only-source quarantined: uid=c1,o=globex | \n" SAME(BOB_IS)},
    {"one anchor twice",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example",
                       "") "dn: cn=z,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn: z\nsn: x\nmail: "
                           "z@globex.example\n\n"},
     {{0}},
     "import only-source duplicate-anchor: cn=z,o=globex | \nimport only-source duplicate-anchor: "
     "uid=a1,o=globex | \n"},
    {"no anchor",
     {.source =
          ANN "dn: cn=z,o=globex\nobjectClass: inetOrgPerson\ncn: z\nsn: x\nmail: z@globex.example\n\n"},
     {{0}},
     "import only-source new: uid=a1,o=globex | \nimport only-source unreadable: cn=z,o=globex | \n"
     "(import: the source could not be read whole: 1 records could not be read or have no anchor)\n"},
    {"an address is another connector's: made without it",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "mail: sales@globex.example\n"),
      .home =
          "dn: cn=Other,ou=people,o=acme\nobjectClass: contact\nobjectClass: dirsyncStamp\ncn: Other\n"
          "importedFrom: " OTHER_UUID "\ndirsyncAnchor: x1\nproxyAddresses: smtp:sales@globex.example\n\n"},
     {{0}},
     "import only-source conflict: uid=a1,o=globex | \n"},
    {"... and there without it",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "mail: sales@globex.example\n"),
      .home =
          "dn: cn=Other,ou=people,o=acme\nobjectClass: contact\nobjectClass: dirsyncStamp\ncn: Other\n"
          "importedFrom: " OTHER_UUID "\ndirsyncAnchor: x1\nproxyAddresses: smtp:sales@globex.example\n\n"},
     {SYNCED},
     "import differs conflict: " ANN_IS "\n"},
    {"a native has the address",
     {.source = ANN, .home = NATIVE("Ann", "ann@globex.example", "")},
     {{0}},
     "import only-source unowned: uid=a1,o=globex | cn=Ann,ou=people,o=acme\n"},
    {"... and is to be adopted",
     {.source = ANN,
      .home = "dn: cn=Ann,ou=people,o=acme\nobjectClass: contact\ncn: Ann\nmail: ann@globex.example\n\n",
      .import = "<adopt/>"},
     {{0}},
     "import only-source adoption: uid=a1,o=globex | cn=Ann,ou=people,o=acme\n"
     "  + objectClass: dirsyncStamp\n  + targetAddress: SMTP:ann@globex.example\n"
     "  + proxyAddresses: SMTP:ann@globex.example\n  + importedFrom: " CASE_UUID "\n  + dirsyncAnchor: a1\n"},
    {"several natives match",
     {.source = ANN, .home = NATIVE("Ann", "ann@globex.example", "") NATIVE("Nan", "ann@globex.example", "")},
     {{0}},
     "import only-source ambiguous: uid=a1,o=globex | \n"},
    {"moved home: the contact is still there, then it is not",
     {.source = ANN},
     {SYNCED,
      HOME_EDITED("dn: cn=Ann,ou=people,o=acme\nchangetype: add\nobjectClass: inetOrgPerson\ncn: Ann\nsn: x\n"
                  "mail: ann@globex.example\n\n")},
     "import differs moved-home: " ANN_IS "\n"},
    {"moved home",
     {.source = ANN},
     {SYNCED,
      HOME_EDITED("dn: cn=Ann,ou=people,o=acme\nchangetype: add\nobjectClass: inetOrgPerson\ncn: Ann\nsn: x\n"
                  "mail: ann@globex.example\n\n"),
      SYNCED},
     "import only-source moved-home: uid=a1,o=globex | cn=Ann,ou=people,o=acme\n"},
    {"others in our container, others elsewhere are no matter of ours",
     {.source = ANN,
      .home = ANN_CONTACT IN_CONTAINER("Nat", "mail: nat@acme.example\n")
          IN_CONTAINER("Other", "objectClass: dirsyncStamp\nimportedFrom: " OTHER_UUID
                                "\ndirsyncAnchor: x1\n") NATIVE("Hal", "hal@acme.example", "")},
     {SYNCED},
     "import only-target native:  | cn=Nat,ou=in,o=acme\n"
     "import only-target other-connector:  | cn=Other,ou=in,o=acme\n" SAME(ANN_IS)},
    {"a copy of a stamp",
     {.source = ANN,
      .home =
          ANN_CONTACT NATIVE("Nat", "nat@acme.example",
                             "objectClass: dirsyncStamp\nimportedFrom: " CASE_UUID "\ndirsyncAnchor: a1\n")},
     {SYNCED},
     "import only-target copied-stamp:  | cn=Nat,ou=people,o=acme\n" SAME(ANN_IS)},
    {"a limit keeps the run from writing",
     {.source = ANN BOB, .limits = "delete=\"0\"", .import = NO_GRACE},
     {SYNCED, SOURCE_IS(ANN PERSON("c1", "Cyd", "cyd@globex.example", ""))},
     "import only-source limit: uid=c1,o=globex | \n"
     "import only-target limit:  | cn=Bob Birch,ou=in,o=acme\n" SAME(ANN_IS)},
    {"a source that is empty makes nobody missing",
     {.source = ANN},
     {SYNCED, SOURCE_IS("")},
     "import only-target source-incomplete:  | cn=Ann Ash,ou=in,o=acme\n"
     "(import: the source could not be read whole: the source is empty; if that is right use --allow-empty "
     "for one run)\n"},
    {"export: what came from there does not go back, what is ours goes",
     {.source = ANN, .home = INSIDER("f1", "Fay", "fay@acme.example", ""), .export = "<source/>"},
     {SYNCED},
     "export same -: cn=Fay,ou=people,o=acme | cn=Fay,ou=out,o=globex\n"
     "export same came-from-there: cn=Ann Ash,ou=in,o=acme | \n" SAME(
         ANN_IS) "import same came-from-there: cn=Fay,ou=out,o=globex | \n"},
    {"export: new, and changed by hand there",
     {.home = INSIDER("f1", "Fay", "fay@acme.example", "") INSIDER("b1", "Gus", "gus@acme.example", ""),
      .no_import = true,
      .export = FROM_PEOPLE},
     {SYNCED, FOREIGN_EDITED(MODIFY("cn=Fay,ou=out,o=globex", SET("mail", "x@acme.example"))
                                 DELETED("cn=Gus,ou=out,o=globex"))},
     "export differs changed-by-hand: cn=Fay,ou=people,o=acme | cn=Fay,ou=out,o=globex\n"
     "  - mail: x@acme.example\n  + mail: fay@acme.example\n"
     "export only-source new: cn=Gus,ou=people,o=acme | \n"},
};

int main(void)
{
    const char *only = g_getenv("DIRSYNC_TEST_CASE");
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        struct CMUnitTest test = {
            .name = views[i].name, .test_func = look, .initial_state = (void *)&views[i]};
        if (!only || !strcmp(only, views[i].name))
            g_array_append_val(all, test);
    }
    int failed = _cmocka_run_group_tests("reconciliation", (struct CMUnitTest *)(void *)all->data, all->len,
                                         NULL, NULL);
    g_array_unref(all);
    return failed;
}

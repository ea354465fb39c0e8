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

#include "manual_page.h"
#include "reconciliation_case.h"

#include "dirsync/event.h"
#include "dirsync/reconciliation.h"

#include <glib/gstdio.h>
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
    if (!case_prepare(c, step))
        sync_quietly(c);
}

/* A view with its case, which goes whatever the test comes to. */
typedef struct {
    const View *view;
    Case *c;
} Looking;

static int begin(void **state)
{
    Looking *looking = *state;
    looking->c = case_new(&looking->view->start);
    return 0;
}

static int end(void **state)
{
    Looking *looking = *state;
    g_clear_pointer(&looking->c, case_free);
    return 0;
}

static void look(void **state)
{
    const Looking *looking = *state;
    const CaseStep *happens = looking->view->happens;
    for (size_t i = 0; i < G_N_ELEMENTS(looking->view->happens) && happens[i].kind != DO_END; i++)
        happen(looking->c, &happens[i]);
    looks_like(looking->c, looking->view->rows);
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

#define TEAM_IS "uid=g1,o=globex | cn=Team,ou=in,o=acme"
#define ALL_KINDS .kinds = "groups=\"group\""
#define IN_A(uid, cn, local)                                                                                 \
    "dn: uid=" uid ",ou=a,o=globex\nobjectClass: inetOrgPerson\nuid: " uid "\ncn: " cn                       \
    "\nsn: x\nmail: " local "@globex.example\n\n"
#define EXCHANGED(had, gets)                                                                                 \
    "  - mail: " had "@globex.example\n  + mail: " gets "@globex.example\n"                                  \
    "  - targetAddress: SMTP:" had "@globex.example\n  + targetAddress: SMTP:" gets "@globex.example\n"      \
    "  - proxyAddresses: SMTP:" had "@globex.example\n  + proxyAddresses: SMTP:" gets "@globex.example\n"

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

    /* --- every kind of recipient --- */
    {"nothing is made of its kind, and of others something is",
     {.kinds = "groups=\"no\" resources=\"no\"", .source = ANN GROUP("g1", "Team", IN("a1"))},
     {{0}},
     "import only-source new: uid=a1,o=globex | \nimport only-source no-recipient: uid=g1,o=globex | \n"},
    {"a group with members that nobody knows",
     {ALL_KINDS, .source = ANN GROUP("g1", "Team", IN("a1") IN("zz"))},
     {SYNCED},
     "import differs members-unresolved: " TEAM_IS "\n" SAME(ANN_IS)},
    {"a group whose member is about to leave differs with them",
     {ALL_KINDS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1")), .import = NO_GRACE},
     {SYNCED, SOURCE_IS(ANN GROUP("g1", "Team", IN("a1")))},
     "import differs changed: " TEAM_IS "\n  - member: cn=Bob Birch,ou=in,o=acme\n"
     "import only-target missing:  | cn=Bob Birch,ou=in,o=acme\n" SAME(ANN_IS)},
    {"a member that comes with the same run",
     {ALL_KINDS, .source = ANN GROUP("g1", "Team", IN("a1"))},
     {SYNCED, SOURCE_IS(ANN BOB GROUP("g1", "Team", IN("a1") IN("b1")))},
     "import differs changed: " TEAM_IS "\n  + member: cn=Bob Birch,ou=in,o=acme\n"
     "import only-source new: uid=b1,o=globex | \n" SAME(ANN_IS)},
    {"another kind of object is wanted",
     {ALL_KINDS, .source = ANN, .import_kinds = "people=\"contact\""},
     {SYNCED, KINDS_ARE("people=\"disabled-user\"")},
     "import differs kind-changed: " ANN_IS
     "\n  + objectClass: inetOrgPerson\n  + objectClass: mailRecipient\n"
     "  + sn: x\n"},
    {"accounts stay when grace is over",
     {ALL_KINDS, .source = ANN BOB, .import_kinds = "people=\"disabled-user\"",
      .import = "<grace days=\"30\"/>"},
     {SYNCED, SOURCE_IS(ANN), SYNCED,
      HOME_EDITED(MODIFY("cn=Bob Birch,ou=in,o=acme", SET("dirsyncGraceSince", LONG_AGO)))},
     "import only-target account-kept:  | cn=Bob Birch,ou=in,o=acme\n" SAME(ANN_IS)},

    /* --- where the source is read --- */
    {"outside of what is read, its object is still there",
     {.source = "dn: ou=a,o=globex\nobjectClass: organizationalUnit\nou: a\n\n" IN_A("a1", "Ann Ash", "ann")
          IN_A("b1", "Bob Birch", "bob"),
      .filter = "",
      .import = "<source base=\"ou=a,o=globex\"><filter>(objectClass=inetOrgPerson)</filter></source>"},
     {SYNCED, FOREIGN_EDITED("dn: uid=b1,ou=a,o=globex\nchangetype: modrdn\nnewrdn: uid=b1\ndeleteoldrdn: 1\n"
                             "newsuperior: o=globex\n\n")},
     "import only-target outside:  | cn=Bob Birch,ou=in,o=acme\n"
     "import same -: uid=a1,ou=a,o=globex | cn=Ann Ash,ou=in,o=acme\n"},
    {"left out, and treated as missing",
     {.source = ANN BOB,
      .filter = "(&(objectClass=inetOrgPerson)(!(title=Temp)))",
      .import = "<out-of-scope action=\"missing\"/>"},
     {SYNCED, SOURCE_IS(ANN PERSON("b1", "Bob Birch", "bob@globex.example", "title: Temp\n"))},
     "import only-target filtered-out: " BOB_IS "\n" SAME(ANN_IS)},
    {"addresses that are exchanged",
     {.source = ANN BOB},
     {SYNCED, SOURCE_IS(PERSON("a1", "Ann Ash", "bob@globex.example", "")
                            PERSON("b1", "Bob Birch", "ann@globex.example", ""))},
     "import differs changed: " ANN_IS "\n" EXCHANGED("ann", "bob") "import differs changed: " BOB_IS
                                                                    "\n" EXCHANGED("bob", "ann")},
    {"names that are exchanged",
     {.source = ANN BOB},
     {SYNCED, SOURCE_IS(PERSON("a1", "Bob Birch", "ann@globex.example", "")
                            PERSON("b1", "Ann Ash", "bob@globex.example", ""))},
     "import differs renamed: " ANN_IS
     "\n  - dn: cn=Ann Ash,ou=in,o=acme\n  + dn: cn=Bob Birch,ou=in,o=acme\n"
     "import differs renamed: " BOB_IS
     "\n  - dn: cn=Bob Birch,ou=in,o=acme\n  + dn: cn=Ann Ash,ou=in,o=acme\n"},
    {"a spelling that only the source changed",
     {.source = ANN, .import = NO_GRACE},
     {SYNCED, SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "title: Head\n")), SYNCED,
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "title: HEAD\n"))},
     "import differs changed: " ANN_IS "\n  - title: Head\n  + title: HEAD\n"},
};

/* --- what cannot be judged --- */

static void text_is_kept(const Reconciliation *row, void *data)
{
    if (row->reason_id)
        g_string_append_printf(data, "%s | %s | %s\n", row->reason, row->detail ? row->detail : "-",
                               row->remedy ? row->remedy : "-");
}

static char *reconcile_for(const Case *c, ReconciliationSeen seen, void *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = case_connector(c);
    char *incomplete = NULL;
    if (!reconciliation_run(connector, case_state_folder(c), seen, data, &incomplete, &error))
        fail_msg("%s", error->message);
    return incomplete;
}

static void a_run_that_is_going_on_is_mentioned(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN});
    sync_quietly(c);
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) running = state_open(connector, case_state_folder(c), NULL);
    assert_true(state_begin_run(running, "r1", "sync", "nowhere", NULL));
    assert_true(state_begin(running, NULL) && state_journal(running, "r1", 0, JOURNAL_INTENDED, NULL) &&
                state_commit(running, NULL));
    g_autoptr(GString) rows = g_string_new(NULL);
    g_autofree char *incomplete = reconcile_for(c, text_is_kept, rows);
    assert_string_equal(incomplete,
                        "globex: run r1 is going on or was cut short; what it has not finished shows "
                        "as differences");
}

static void a_state_that_cannot_be_read_is_done_without(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN BOB});
    sync_quietly(c);
    g_autofree char *path = g_build_filename(case_state_folder(c), "globex", "state.db", NULL);
    assert_true(g_file_set_contents(path,
                                    "this is no database, and long enough to be taken for one ........."
                                    ".............................................",
                                    -1, NULL));
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *incomplete = reconcile_for(c, add_row, lines);
    assert_int_equal(lines->len, 2);
    assert_true(g_str_has_prefix(g_ptr_array_index(lines, 0), "import same"));
    if (!g_pattern_match_simple("judged by the stamps alone: *state.db: cannot be copied to *", incomplete))
        fail_msg("%s", incomplete);
}

/* Its source is gone; the export has nothing to do with it. */
static void what_cannot_be_read_on_one_way_does_not_hide_the_other(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .file = "",
        .source = ANN,
        .home = INSIDER("f1", "Fay", "fay@acme.example", ""),
        .export = FROM_PEOPLE "<to driver=\"ldif\"><file path=\"out.ldif\" count-trailer=\"count\"/></to>"});
    g_autofree char *path = case_path(c, "people.ldif");
    assert_int_equal(g_remove(path), 0);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *incomplete = reconcile_for(c, add_row, lines);
    assert_int_equal(lines->len, 1);
    assert_string_equal(g_ptr_array_index(lines, 0), "export only-source new: cn=Fay,ou=people,o=acme | \n");
    assert_true(g_str_has_prefix(incomplete, "import: "));
}

static void the_words_say_which_filter_and_what_to_do(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = PERSON("b1", "Bob", "bob@globex.example", "title: Temp\n"),
                              .filter = "(&(objectClass=inetOrgPerson)(!(title=Temp)))"});
    g_autoptr(GString) rows = g_string_new(NULL);
    g_autofree char *incomplete = reconcile_for(c, text_is_kept, rows);
    g_autofree char *where = case_path(c, "globex.xml");
    g_autofree char *detail =
        g_strdup_printf("(&(objectClass=inetOrgPerson)(!(title=Temp))) of <import>, %s:3", where);
    g_autofree char *expected = g_strdup_printf("the definition's filter leaves it out: %s; if it should be "
                                                "exchanged widen the filter | %s | if it should be "
                                                "exchanged widen the filter\n",
                                                detail, detail);
    assert_string_equal(rows->str, expected);
    assert_null(incomplete);
}

#define MODIFY_GRACE                                                                                         \
    "dn: cn=Ann Ash,ou=in,o=acme\nchangetype: modify\nadd: dirsyncGraceSince\ndirsyncGraceSince: "

static void grace_is_told_with_its_days(void **state)
{
    (void)state;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) then = g_date_time_add_days(now, -3);
    g_autoptr(GDateTime) end = g_date_time_add_days(then, 30);
    g_autofree char *since = g_date_time_format(then, "%Y%m%d120000Z");
    g_autofree char *days = g_date_time_format(then, "since %Y-%m-%d");
    g_autofree char *until = g_date_time_format(end, "until %Y-%m-%d");
    g_autofree char *grace = g_strconcat(MODIFY_GRACE, since, "\n-\n\n", NULL);
    g_autoptr(Case) c = case_new(
        &(CaseStart){.source = BOB, .import = "<grace days=\"30\"/>", .home = BOB_CONTACT ANN_CONTACT});
    case_edit_home(c, grace);
    g_autoptr(GString) rows = g_string_new(NULL);
    g_autofree char *incomplete = reconcile_for(c, text_is_kept, rows);
    g_autofree char *told =
        g_strdup_printf("it is in grace: %s, %s | %s, %s | -\n", days, until, days, until);
    assert_non_null(strstr(rows->str, told));
    assert_null(incomplete);
}

/* Events are for what happens: nothing does. */
static void nothing_is_emitted(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = BOB, .home = ANN_CONTACT BOB_CONTACT});
    unsigned long before = event_count(EVENT_MISSING) + event_count(EVENT_SOURCE_READ);
    g_autoptr(GString) rows = g_string_new(NULL);
    g_autofree char *incomplete = reconcile_for(c, text_is_kept, rows);
    assert_null(incomplete);
    assert_int_equal(event_count(EVENT_MISSING) + event_count(EVENT_SOURCE_READ), before);
    sync_quietly(c);
    assert_int_equal(event_count(EVENT_MISSING) + event_count(EVENT_SOURCE_READ), before + 2);
}

static void every_reason_has_an_id_of_its_own_and_a_title(void **state)
{
    (void)state;
    const char *const *ids = reconciliation_reasons();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; ids[i]; i++) {
        assert_true(g_hash_table_add(seen, (gpointer)ids[i]));
        assert_non_null(reconciliation_title(ids[i]));
    }
    assert_true(g_hash_table_contains(seen, "limit") && g_hash_table_contains(seen, "filtered-out"));
    assert_null(reconciliation_title("nonsense"));
}

/* ".It Li new", then what is the matter as a sentence, for each reason; and for nothing else. */
static void the_manual_lists_every_reason(void **state)
{
    (void)state;
    g_autofree char *page = manual_page("dirsync-reconciliation.7");
    const char *const *ids = reconciliation_reasons();
    size_t listed = 0, n = 0;
    for (; ids[n]; n++) {
        const char *title = reconciliation_title(ids[n]);
        g_autofree char *item =
            g_strdup_printf("\n.It Li %s\n%c%s.\n", ids[n], g_ascii_toupper(*title), title + 1);
        if (!strstr(page, item))
            fail_msg("dirsync-reconciliation.7 lacks %s", item);
    }
    for (const char *at = page; (at = strstr(at, "\n.It Li ")); at++)
        listed++;
    assert_int_equal(listed, n);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(a_run_that_is_going_on_is_mentioned),
        cmocka_unit_test(a_state_that_cannot_be_read_is_done_without),
        cmocka_unit_test(what_cannot_be_read_on_one_way_does_not_hide_the_other),
        cmocka_unit_test(the_words_say_which_filter_and_what_to_do),
        cmocka_unit_test(grace_is_told_with_its_days),
        cmocka_unit_test(nothing_is_emitted),
        cmocka_unit_test(every_reason_has_an_id_of_its_own_and_a_title),
        cmocka_unit_test(the_manual_lists_every_reason),
    };
    const char *only = g_getenv("DIRSYNC_TEST_CASE");
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
    static Looking looking[G_N_ELEMENTS(views)];
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        looking[i].view = &views[i];
        struct CMUnitTest test = {views[i].name, look, begin, end, &looking[i]};
        if (!only || !strcmp(only, views[i].name))
            g_array_append_val(all, test);
    }
    if (!only)
        g_array_append_vals(all, others, G_N_ELEMENTS(others));
    int failed = _cmocka_run_group_tests("reconciliation", (struct CMUnitTest *)(void *)all->data, all->len,
                                         NULL, NULL);
    g_array_unref(all);
    return failed;
}

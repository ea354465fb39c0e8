/*
 * test_review.c - faults that a review of the core found, each as a case
 *
 * What they have in common: the fault shows only in a run after the one that
 * made it, or when two unlikely things meet in one run.
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
#define ANN_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", "")
#define ANN_CREATED CREATED("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CREATED CREATED("b1", "Bob Birch", "bob@globex.example", "")
#define NO_GRACE "<grace days=\"0\"/>"
#define NO_GUESTS "(&(objectClass=inetOrgPerson)(!(employeeType=guest)))"
#define GUEST PERSON("a1", "Ann Ash", "ann@globex.example", "employeeType: guest\n")
#define NATIVE(cn, mail)                                                                                     \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: inetOrgPerson\ncn: " cn "\nsn: x\nmail: " mail "\n\n"
/* ... that can have proxyAddresses */
#define HAND_MADE(cn, mail)                                                                                  \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: contact\ncn: " cn "\nmail: " mail "\n\n"
#define NATIVE_HAS(mail) HOME_EDITED(MODIFY("cn=Nat,ou=people,o=acme", SET("mail", mail)))
#define TWO_MAILS PERSON("a1", "Ann Ash", "ann@globex.example", "mail: ann.ash@globex.example\n")
#define TWO_MAILS_CONTACT                                                                                    \
    CONTACT("a1", "Ann Ash", "ann@globex.example", "proxyAddresses: smtp:ann.ash@globex.example\n")
#define GOT_ADDRESS(cn, old, new)                                                                            \
    "* cn=" cn ",ou=in,o=acme\n"                                                                             \
    "  - mail: " old "@globex.example\n  - proxyAddresses: SMTP:" old "@globex.example\n"                    \
    "  - targetAddress: SMTP:" old "@globex.example\n"                                                       \
    "  + mail: " new "@globex.example\n  + proxyAddresses: SMTP:" new "@globex.example\n"                    \
                                                                      "  + targetAddress: SMTP:" new "@glob" \
                                                                                                     "ex."   \
                                                                                                     "examp" \
                                                                                                     "le\n"

#define TO_THE_NATIVE                                                                                        \
    "- cn=Ann Ash,ou=in,o=acme\n* cn=Nat,ou=people,o=acme\n"                                                 \
    "  + proxyAddresses: smtp:ann.ash@globex.example\n" CREATED("z1", "Zoe", "zoe@globex.example", "")

static const PassCase cases[] = {
    {"a contact deleted by hand and made again is the one that is renamed later",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"), HOME_EDITED(DELETED("cn=Ann Ash,ou=in,o=acme")),
      SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created", .restless = true),
      SOURCE_IS(PERSON("a1", "Ann Oak", "ann@globex.example", "")),
      SYNC(.changes =
               "> cn=Ann Ash,ou=in,o=acme\n  to cn=Ann Oak,ou=in,o=acme\n  - cn: Ann Ash\n  + cn: Ann Oak\n",
           .writes = 1, .counts = "1 renamed")}},
    {"a second address that an unrelated native has is left out until the native gives it up",
     {.source = ANN, .home = ANN_CONTACT NATIVE("Nat", "ann.ash@globex.example")},
     {SYNC(.counts = "1 unchanged"), SOURCE_IS(TWO_MAILS),
      SYNC(.counts = "1 unchanged, 1 quarantined", .events = "conflict", .status = 3,
           .quarantine = "a1: address smtp:ann.ash@globex.example is held by cn=Nat,ou=people,o=acme*"),
      NATIVE_HAS("nat@acme.example"),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + proxyAddresses: smtp:ann.ash@globex.example\n",
           .writes = 1, .counts = "1 modified", .events = "quarantine-cleared")}},
    {"moved home and back: the native gives the address up, the contact is made again",
     {.source = ANN, .home = ANN_CONTACT NATIVE("Nat", "nat@acme.example")},
     {SYNC(.counts = "1 unchanged"), NATIVE_HAS("ann@globex.example"),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted",
           .events = "moved-home"),
      NATIVE_HAS("nat@acme.example"), SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created")}},
    {"filtered out of a file and treated as missing: grace lasts",
     {.source = ANN BOB,
      .home = ANN_CONTACT BOB_CONTACT,
      .filter = NO_GUESTS,
      .file = "",
      .import = "<out-of-scope action=\"missing\"/>"},
     {SYNC(.counts = "2 unchanged"), SOURCE_IS(GUEST BOB),
      SYNC(.changes = HIDDEN("Ann Ash"), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing", .restless = true),
      SYNC(.counts = "2 unchanged", .restless = true), SYNC(.counts = "2 unchanged")}},
    {"a newcomer who is not made in the end supersedes nobody",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(BOB PERSON("d1", "Dan", "bob@globex.example", "mail: ann@globex.example\n")),
      SYNC(.changes = HIDDEN("Ann Ash"), .writes = 1, .counts = "1 disabled, 1 unchanged, 1 quarantined",
           .events = "conflict missing", .status = 3,
           .quarantine = "d1: address smtp:bob@globex.example is held by cn=Bob Birch,ou=in,o=acme*")}},
    {"adoption leaves out an address that another contact of ours has",
     {.source =
          PERSON("a1", "Ann Ash", "ann@globex.example", "mail: bob@globex.example\nemployeeNumber: 7\n") BOB,
      .home = BOB_CONTACT "dn: cn=By Hand,ou=people,o=acme\nobjectClass: top\nobjectClass: contact\n"
                          "cn: By Hand\nemployeeNumber: 7\nmailNickname: annie\n\n",
      .import = "<join source=\"employeeNumber\" home=\"employeeNumber\"/><adopt/>"},
     {SYNC(.changes = "* cn=By Hand,ou=people,o=acme\n  + dirsyncAnchor: a1\n  + importedFrom: " CASE_UUID
                      "\n  + mail: ann@globex.example\n  + objectClass: dirsyncStamp\n"
                      "  + proxyAddresses: SMTP:ann@globex.example\n"
                      "  + targetAddress: SMTP:ann@globex.example\n",
           .writes = 1, .counts = "1 modified, 1 unchanged, 1 quarantined", .events = "adopted conflict",
           .status = 3,
           .quarantine = "a1: address smtp:bob@globex.example is held by cn=Bob Birch,ou=in,o=acme*")}},
    {"moved home while a newcomer takes one of the addresses: it ends in one place",
     {.source = TWO_MAILS, .home = TWO_MAILS_CONTACT HAND_MADE("Nat", "nat@acme.example")},
     {SYNC(.counts = "1 unchanged"), NATIVE_HAS("ann@globex.example"),
      SOURCE_IS(ANN PERSON("z1", "Zoe", "zoe@globex.example", "mail: ann.ash@globex.example\n")),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n+ cn=Zoe,ou=in,o=acme\n  cn: Zoe\n  dirsyncAnchor: z1\n"
                      "  importedFrom: " CASE_UUID "\n  mail: zoe@globex.example\n  mailNickname: z1\n"
                      "  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:zoe@globex.example\n"
                      "  proxyAddresses: smtp:ann.ash@globex.example\n"
                      "  targetAddress: SMTP:zoe@globex.example\n",
           .writes = 2, .counts = "1 created, 1 deleted", .events = "moved-home")}},
    {"moved home while a newcomer wants one of the addresses that go with it",
     {.source = TWO_MAILS, .home = TWO_MAILS_CONTACT HAND_MADE("Nat", "nat@acme.example")},
     {SYNC(.counts = "1 unchanged"), NATIVE_HAS("ann@globex.example"),
      SOURCE_IS(TWO_MAILS PERSON("z1", "Zoe", "zoe@globex.example", "mail: ann.ash@globex.example\n")),
      SYNC(.changes = TO_THE_NATIVE, .writes = 3, .counts = "1 created, 1 deleted, 1 quarantined",
           .events = "conflict moved-home", .status = 3,
           .quarantine = "z1: address smtp:ann.ash@globex.example is held by*")}},
    {"a respelling that was refused once is written in the next run",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "title: boss\n"),
      .home = CONTACT("a1", "Ann Ash", "ann@globex.example", "title: boss\n")},
     {SYNC(.counts = "1 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "title: Boss\n")), FAULTS("refuse@1", NULL),
      SYNC(.counts = "1 failed", .events = "write-failed", .status = 3, .restless = true), FAULTS(NULL, NULL),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - title: boss\n  + title: Boss\n", .writes = 1,
           .counts = "1 modified")}},
    {"an entry whose anchor is empty becomes nobody",
     {.source = "dn: cn=Ann Ash,o=globex\nobjectClass: inetOrgPerson\nuid:\ncn: Ann Ash\nsn: x\n"
                "mail: ann@globex.example\n\n" BOB},
     {SYNC(.changes = BOB_CREATED, .writes = 1, .counts = "1 created, 1 quarantined",
           .events = "source-partial source-bad-record", .status = 3,
           .quarantine = "cn=Ann Ash,o=globex: no uid*")}},
    {"quarantine: told once, counted in every run, and cleared by a whole read only",
     {.reads_all = true,
      .source = "dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn: Ann Ash\nsn: x\n\n" BOB,
      .home = BOB_CONTACT},
     {SYNC(.counts = "1 unchanged, 1 quarantined", .events = "quarantined", .status = 3,
           .quarantine = "a1: *mail: *", .restless = true),
      SYNC(.counts = "1 unchanged, 1 quarantined", .quarantine = "a1: *mail: *"), SOURCE_IS(BOB),
      FAULTS(NULL, "unknown-read@1"),
      SYNC(.counts = "1 unchanged", .events = "source-partial", .status = 3, .quarantine = "a1: *mail: *",
           .restless = true),
      FAULTS(NULL, NULL), SYNC(.counts = "1 unchanged", .events = "quarantine-cleared")}},
    {"a change whose predecessor was refused is left for the next run, too",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann.ash@globex.example", "")
                    PERSON("z1", "Zoe", "ann@globex.example", "")),
      FAULTS("refuse@1", NULL),
      SYNC(.counts = "2 failed", .events = "write-failed write-moved", .status = 3, .restless = true),
      FAULTS(NULL, NULL),
      SYNC(.changes = GOT_ADDRESS("Ann Ash", "ann", "ann.ash") CREATED("z1", "Zoe", "ann@globex.example", ""),
           .writes = 2, .counts = "1 created, 1 modified")}},
};

#define DESCRIBED(kind, uid, cn, mail) kind(uid, cn, mail, "description: Springfield\n")
#define PLACED(cn) "* cn=" cn ",ou=in,o=acme\n  + l: Springfield\n"

/* The same attributes are read afterwards, so that a source entry looks as it did before. */
static void change_mapping(const Case *c)
{
    g_autofree char *path = case_path(c, "mapping.xml");
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(text, "name=\"description\"", 2);
    assert_int_equal(g_strv_length(parts), 2);
    g_autofree char *changed = g_strjoinv("name=\"l\"", parts);
    assert_true(g_file_set_contents(path, changed, -1, NULL));
}

static void test_whom_a_partial_read_did_not_show_gets_the_new_mapping_later(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = DESCRIBED(PERSON, "a1", "Ann Ash", "ann@globex.example")
                                  DESCRIBED(PERSON, "b1", "Bob Birch", "bob@globex.example"),
                              .home = DESCRIBED(CONTACT, "a1", "Ann Ash", "ann@globex.example")
                                  DESCRIBED(CONTACT, "b1", "Bob Birch", "bob@globex.example")});
    case_sync(c, NULL, &(Expected){.counts = "2 unchanged"});
    change_mapping(c);
    case_set_faults(c, NULL, "cut-read@2");
    case_sync(c, NULL,
              &(Expected){.changes = PLACED("Ann Ash"),
                          .writes = 1,
                          .counts = "1 modified, 1 unchanged",
                          .events = "source-partial",
                          .status = 3,
                          .restless = true});
    case_set_faults(c, NULL, NULL);
    case_sync(c, NULL,
              &(Expected){.changes = PLACED("Bob Birch"), .writes = 1, .counts = "1 modified, 1 unchanged"});
}

static void test_a_lost_holder_index_hides_no_move_home(void **state)
{
    (void)state;
    static const char *const ends[] = {"", "-wal", "-shm"};
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN, .home = ANN_CONTACT NATIVE("Nat", "nat@acme.example")});
    case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strconcat(case_state_folder(c), "/acme.home.db", ends[i], NULL);
        assert_true(!remove(path) || i > 0);
    }
    case_edit_home(c, MODIFY("cn=Nat,ou=people,o=acme", SET("mail", "ann@globex.example")));
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n",
                          .writes = 1,
                          .counts = "1 deleted",
                          .events = "moved-home"});
}

/* Files below @folder that contain @text. */
static size_t count_files_with(const char *folder, const char *text)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    size_t n = 0;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *content = NULL;
        gsize length = 0;
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            n += count_files_with(path, text);
        else if (g_str_has_suffix(name, ".ldif") && g_file_get_contents(path, &content, &length, NULL) &&
                 g_strstr_len(content, (gssize)length, text))
            n++;
    }
    return n;
}

static void test_the_undo_of_a_deletion_holds_no_password(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .source = BOB,
        .import = NO_GRACE,
        .home = CONTACT("a1", "Ann Ash", "ann@globex.example",
                        "objectClass: simpleSecurityObject\nuserPassword: open-sesame\n") BOB_CONTACT});
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n",
                          .writes = 1,
                          .counts = "1 deleted, 1 unchanged",
                          .restless = true});
    assert_true(count_files_with(case_state_folder(c), "targetAddress: SMTP:ann@globex.example") > 0);
    assert_int_equal(count_files_with(case_state_folder(c), "userPassword"), 0);
    assert_int_equal(count_files_with(case_state_folder(c), "open-sesame"), 0);
}

#define EXCHANGING 160 /* people; more than step back one by one */

/* @swapped: everybody has the name and the address of their neighbour. */
static char *crowd(unsigned swapped)
{
    GString *source = g_string_new(NULL);
    for (unsigned i = 0; i < EXCHANGING; i++)
        g_string_append_printf(source,
                               "dn: uid=u%u,o=globex\nobjectClass: inetOrgPerson\nuid: u%u\ncn: P %u\nsn: x\n"
                               "mail: p%u@globex.example\n\n",
                               i, i, i ^ swapped, i ^ swapped);
    return g_string_free(source, FALSE);
}

static void test_very_many_exchange_names_and_addresses_at_once(void **state)
{
    (void)state;
    g_autofree char *before = crowd(0), *after = crowd(1);
    g_autoptr(Case) c = case_new(&(CaseStart){.source = before});
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options =
        case_options(c, connector, &(Called){.lift = "rename=none change=none address=none", .verify = true});
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    assert_true(run_sync(connector, &options, &result, &error));
    case_set_source(c, after);
    run_result_clear(&result);
    assert_true(run_sync(connector, &options, &result, &error));
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_MODIFIED], EXCHANGING);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_RENAMED], EXCHANGING);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_FAILED], 0);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_QUARANTINED], 0);
    case_sync(c, NULL, &(Expected){.counts = "160 unchanged"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whom_a_partial_read_did_not_show_gets_the_new_mapping_later),
        cmocka_unit_test(test_a_lost_holder_index_hides_no_move_home),
        cmocka_unit_test(test_the_undo_of_a_deletion_holds_no_password),
        cmocka_unit_test(test_very_many_exchange_names_and_addresses_at_once),
    };
    return case_run_tables("review", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

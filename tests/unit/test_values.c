/*
 * test_values.c - forms of stamps, odd names and values, homonyms
 *
 * What people are called and what their entries hold must neither break a run
 * nor be written twice.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

#define ANN PERSON("a1", "Ann Ash", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob Birch", "bob@globex.example", "")
#define ANN_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", "")
#define ANN_CREATED CREATED("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CREATED CREATED("b1", "Bob Birch", "bob@globex.example", "")
#define NO_GRACE "<grace days=\"0\"/>"
/* A contact of anchor a1 but for its name. */
#define ANN_REST                                                                                             \
    "  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID "\n  mail: ann@globex.example\n  mailNickname: a1\n"   \
    "  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n"                              \
    "  proxyAddresses: SMTP:ann@globex.example\n  targetAddress: SMTP:ann@globex.example\n"

static const PassCase cases[] = {
    /* --- stamps --- */
    {"stamp in one attribute: created, hidden, restored",
     {.source = ANN, .stamp = "form=\"attribute\" name=\"extensionAttribute15\""},
     {SYNC(.changes = "+ cn=Ann Ash,ou=in,o=acme\n  cn: Ann Ash\n  extensionAttribute15: " CASE_UUID ";;a1\n"
                      "  mail: ann@globex.example\n  mailNickname: a1\n  objectClass: contact\n"
                      "  objectClass: top\n"
                      "  proxyAddresses: SMTP:ann@globex.example\n  targetAddress: SMTP:ann@globex.example\n",
           .writes = 1, .counts = "1 created"),
      SOURCE_IS(BOB),
      SYNC(.changes =
               "* cn=Ann Ash,ou=in,o=acme\n  - extensionAttribute15: " CASE_UUID ";;a1\n"
               "  + extensionAttribute15: " CASE_UUID ";NOW;a1\n  + msExchHideFromAddressLists: TRUE\n"
               "+ cn=Bob Birch,ou=in,o=acme\n  cn: Bob Birch\n  extensionAttribute15: " CASE_UUID ";;b1\n"
               "  mail: bob@globex.example\n  mailNickname: b1\n  objectClass: contact\n"
               "  objectClass: top\n"
               "  proxyAddresses: SMTP:bob@globex.example\n  targetAddress: SMTP:bob@globex.example\n",
           .writes = 2, .counts = "1 created, 1 disabled", .events = "missing"),
      SOURCE_IS(ANN BOB),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - extensionAttribute15: " CASE_UUID ";NOW;a1\n"
                      "  - msExchHideFromAddressLists: TRUE\n  + extensionAttribute15: " CASE_UUID ";;a1\n",
           .writes = 1, .counts = "1 modified, 1 unchanged", .events = "returned")}},
    {"stamp among the proxy addresses: created, hidden, restored",
     {.source = ANN, .stamp = "form=\"proxy\" name=\"DIRSYNC\""},
     {SYNC(.changes =
               "+ cn=Ann Ash,ou=in,o=acme\n  cn: Ann Ash\n  mail: ann@globex.example\n  mailNickname: a1\n"
               "  objectClass: contact\n  objectClass: top\n"
               "  proxyAddresses: SMTP:ann@globex.example\n"
               "  proxyAddresses: dirsync:" CASE_UUID ";;a1\n  targetAddress: SMTP:ann@globex.example\n",
           .writes = 1, .counts = "1 created"),
      SOURCE_IS(""),
      SYNC_CALLED(HOW(.allow_empty = true),
                  .changes = "* cn=Ann Ash,ou=in,o=acme\n  - proxyAddresses: dirsync:" CASE_UUID ";;a1\n"
                             "  + msExchHideFromAddressLists: TRUE\n  + proxyAddresses: dirsync:" CASE_UUID
                             ";NOW;a1\n",
                  .writes = 1, .counts = "1 disabled", .events = "missing"),
      SOURCE_IS(ANN),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - msExchHideFromAddressLists: TRUE\n"
                      "  - proxyAddresses: dirsync:" CASE_UUID
                      ";NOW;a1\n  + proxyAddresses: dirsync:" CASE_UUID ";;a1\n",
           .writes = 1, .counts = "1 modified", .events = "returned")}},
    {"a server without assertions: a deletion looks at the stamp first",
     {.source = BOB, .home = ANN_CONTACT BOB_CONTACT, .import = NO_GRACE, .no_assertions = true},
     {SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 1 unchanged")}},

    /* --- values --- */
    {"verify: planning again after writing finds nothing",
     {.source = ANN BOB},
     {SYNC_CALLED(HOW(.verify = true), .changes = ANN_CREATED BOB_CREATED, .writes = 2,
                  .counts = "2 created")}},
    {"non-ASCII names and values",
     {.source = "dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn:: WsO8bGVpa2hhIMWeZW4=\nsn: x\n"
                "mail: z@globex.example\ntitle:: 0JTQuNGA0LXQutGC0L7RgA==\n\n"},
     {SYNC(.changes = "+ cn=Z\xc3\xbcleikha \xc5\x9e"
                      "en,ou=in,o=acme\n  cn: Z\xc3\xbcleikha \xc5\x9e"
                      "en\n"
                      "  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID
                      "\n  mail: z@globex.example\n  mailNickname: a1\n"
                      "  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:z@globex.example\n  targetAddress: SMTP:z@globex.example\n"
                      "  title: \xd0\x94\xd0\xb8\xd1\x80\xd0\xb5\xd0\xba\xd1\x82\xd0\xbe\xd1\x80\n",
           .writes = 1, .counts = "1 created")}},
    {"leading blanks are kept and not written again",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "title:: ICBIZWFkICA=\n")},
     {SYNC(.changes = CREATED("a1", "Ann Ash", "ann@globex.example", "  title:   Head  \n"), .writes = 1,
           .counts = "1 created")}},
    {"a name of blanks around: the RDN holds them too",
     {.source = "dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn:: ICBBbm4=\nsn: x\n"
                "mail: ann@globex.example\n\n"},
     {SYNC(.changes = "+ cn=\\  Ann,ou=in,o=acme\n  cn:   Ann\n" ANN_REST, .writes = 1,
           .counts = "1 created")}},
};

/* --- homonyms --- */

#define JANE(uid, mail) PERSON(uid, "Jane Doe", mail, "")

/* The names that two or three people of one name get, whatever order the source has them in. */
static void test_homonyms_do_not_depend_on_order(void **state)
{
    (void)state;
    static const char *const orders[] = {
        JANE("j1", "j1@globex.example") JANE("j2", "j2@globex.example") JANE("j3", "j3@globex.example"),
        JANE("j3", "j3@globex.example") JANE("j1", "j1@globex.example") JANE("j2", "j2@globex.example"),
        JANE("j2", "j2@globex.example") JANE("j3", "j3@globex.example") JANE("j1", "j1@globex.example"),
    };
    g_autofree char *first = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(Case) c = case_new(&(CaseStart){.source = orders[i]});
        g_autofree char *before = case_dump(c);
        g_autoptr(Connector) connector = case_connector(c);
        RunOptions options = case_options(c, connector, NULL);
        g_auto(RunResult) result = {0};
        assert_true(run_sync(connector, &options, &result, NULL));
        assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_CREATED], 3);
        g_autofree char *after = case_dump(c);
        g_autofree char *changes = case_differences(before, after);
        assert_non_null(strstr(changes, "+ cn=Jane Doe,ou=in,o=acme\n"));
        assert_non_null(strstr(changes, "+ cn=Jane Doe ("));
        if (first)
            assert_string_equal(changes, first);
        g_free(first);
        first = g_steal_pointer(&changes);
        case_sync(c, NULL, &(Expected){.counts = "3 unchanged"});
    }
}

/* Who has a name with a suffix keeps it when the plain one becomes free, and when a third one comes. */
static void test_existing_names_are_kept(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){
        .source = JANE("j1", "j1@globex.example") PERSON("a1", "Ann Ash", "ann@globex.example", ""),
        .import = "<grace days=\"0\"/>",
        .home = CONTACT("j1", "Jane Doe", "j1@globex.example", "")
            CONTACT("a1", "Ann Ash (a4ccef)", "ann@globex.example", "")});
    case_sync(c, NULL, &(Expected){.counts = "2 unchanged"});
    case_set_source(c, PERSON("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n"));
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Jane Doe,ou=in,o=acme\n"
                                     "* cn=Ann Ash (a4ccef),ou=in,o=acme\n  + telephoneNumber: 1\n",
                          .writes = 2,
                          .counts = "1 modified, 1 deleted"});
}

/* --- values that have to be computed --- */

/* Every character that RFC 4514 section 2.4 escapes, as part of a name: first, within and last. */
static void test_special_characters_in_names(void **state)
{
    (void)state;
    static const char *const names[] = {" a",
                                        "a ",
                                        "#a",
                                        "a#",
                                        "a,b",
                                        "a+b",
                                        "a\"b",
                                        "a\\b",
                                        "a<b",
                                        "a>b",
                                        "a;b",
                                        "a=b",
                                        "a/b",
                                        "a  b",
                                        "a*b",
                                        "a(b)",
                                        "\\2c",
                                        "a\nb",
                                        "a\x7f"
                                        "b",
                                        "\xe2\x80\x8f"
                                        "a"};
    g_autoptr(GString) source = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *cn = g_base64_encode((const guchar *)names[i], strlen(names[i]));
        g_string_append_printf(
            source,
            "dn: uid=u%zu,o=globex\nobjectClass: inetOrgPerson\nuid: u%zu\ncn:: %s\nsn: x\n"
            "mail: u%zu@globex.example\n\n",
            i, i, cn, i);
    }
    g_autoptr(Case) c = case_new(&(CaseStart){.source = source->str});
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, &(Called){.verify = true});
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    assert_true(run_sync(connector, &options, &result, &error));
    const Counts *counts = &result.step[STEP_IMPORT].counts;
    assert_int_equal(counts->of[COUNT_FAILED], 0);
    assert_int_equal(counts->of[COUNT_CREATED], G_N_ELEMENTS(names));
    assert_int_equal(counts->of[COUNT_QUARANTINED], 0);
    case_sync(c, NULL, &(Expected){.counts = "20 unchanged"});
    /* and each can be renamed and deleted by that name */
    g_string_truncate(source, 0);
    g_string_append(source, PERSON("u0", "Plain", "u0@globex.example", ""));
    case_set_source(c, source->str);
    g_autoptr(Connector) again = case_connector(c);
    options = case_options(
        c, again, &(Called){.lift = "delete=none disable=none rename=none change=none", .verify = true});
    again->pass[STEP_IMPORT].grace_days = 0;
    run_result_clear(&result);
    assert_true(run_sync(again, &options, &result, &error));
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_DELETED], G_N_ELEMENTS(names) - 1);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_RENAMED], 1);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_FAILED], 0);
}

/* With the mapping that ships: the name is cut, the value is whole. */
static void test_long_values(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(10000, 'v');
    g_autofree char *source = g_strdup_printf("dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\n"
                                              "cn: %.5000s\nsn: x\n"
                                              "mail: ann@globex.example\nlabeledURI: %s\n\n",
                                              text, text);
    g_autofree char *changes = g_strdup_printf(
        "+ cn=%.64s,ou=in,o=acme\n  cn: %.64s\n  dirsyncAnchor: a1\n  displayName: %.256s\n  "
        "importedFrom: " CASE_UUID
        "\n  labeledURI: <10000 bytes, %08x>\n  mail: ann@globex.example\n  mailNickname: a1\n"
        "  objectClass: contact\n"
        "  objectClass: dirsyncStamp\n  objectClass: top\n  proxyAddresses: SMTP:ann@globex.example\n"
        "  sn: x\n"
        "  targetAddress: SMTP:ann@globex.example\n",
        text, text, text, (unsigned)fingerprint_bytes(text, 10000).low);
    g_autoptr(Case) c = case_new(&(CaseStart){.source = source, .mapping = "inetorgperson"});
    case_sync(c, &(Called){.verify = true},
              &(Expected){.changes = changes, .writes = 1, .counts = "1 created"});
}

/* A value of 10,000 characters where the home directory takes fewer is reported, and the rest goes on. */
static void test_too_long_values_are_quarantined(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(10000, 'v');
    g_autofree char *source = g_strdup_printf(
        "dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\n"
        "cn: Ann\nsn: x\n"
        "mail: ann@globex.example\ntitle: %s\n\n" PERSON("b1", "Bob Birch", "bob@globex.example", ""),
        text);
    g_autoptr(Case) c = case_new(&(CaseStart){.source = source});
    case_sync(c, NULL,
              &(Expected){.changes = BOB_CREATED,
                          .writes = 1,
                          .counts = "1 created, 1 quarantined",
                          .events = "quarantined",
                          .status = 3,
                          .quarantine = "a1: *title*"});
}

/* jpegPhoto has no equality rule: it is replaced as a whole, and not when it is the same. */
static void test_photos(void **state)
{
    (void)state;
    g_autofree guchar *photo = g_malloc(60000);
    for (size_t i = 0; i < 60000; i++)
        photo[i] = (guchar)(i * 7 % 251);
    g_autofree char *one = g_base64_encode(photo, 60000), *two = g_base64_encode(photo, 59999);
    g_autofree char *first = g_strdup_printf("dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\n"
                                             "cn: Ann Ash\nsn: x\n"
                                             "mail: ann@globex.example\njpegPhoto:: %s\n\n",
                                             one);
    g_autofree char *second = g_strdup_printf("dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\n"
                                              "cn: Ann Ash\nsn: x\n"
                                              "mail: ann@globex.example\njpegPhoto:: %s\n\n",
                                              two);
    g_autofree char *old =
        g_strdup_printf("<60000 bytes, %08x>", (unsigned)fingerprint_bytes(photo, 60000).low);
    g_autofree char *new =
        g_strdup_printf("<59999 bytes, %08x>", (unsigned)fingerprint_bytes(photo, 59999).low);
    g_autofree char *expected = g_strdup_printf("* cn=Ann Ash,ou=in,o=acme\n  - jpegPhoto: %s\n"
                                                "  + jpegPhoto: %s\n",
                                                old, new);
    g_autofree char *gone = g_strdup_printf("* cn=Ann Ash,ou=in,o=acme\n  - jpegPhoto: %s\n", new);
    g_autoptr(Case) c = case_new(&(CaseStart){.source = PERSON("a1", "Ann Ash", "ann@globex.example", "")});
    case_sync(c, NULL, &(Expected){.changes = ANN_CREATED, .writes = 1, .counts = "1 created"});
    g_autofree char *added = g_strdup_printf("* cn=Ann Ash,ou=in,o=acme\n  + jpegPhoto: %s\n", old);
    case_set_source(c, first);
    case_sync(c, NULL, &(Expected){.changes = added, .writes = 1, .counts = "1 modified"});
    case_set_source(c, second);
    case_sync(c, NULL, &(Expected){.changes = expected, .writes = 1, .counts = "1 modified"});
    case_set_source(c, PERSON("a1", "Ann Ash", "ann@globex.example", ""));
    case_sync(c, NULL, &(Expected){.changes = gone, .writes = 1, .counts = "1 modified"});
}

/* Looking first must not make a run blind for what it saw. */
static void test_moved_home_after_a_plan(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.source = ANN, .home = ANN_CONTACT});
    case_sync(c, NULL, &(Expected){.counts = "1 unchanged"});
    case_edit_home(c, "dn: cn=N,ou=people,o=acme\nchangetype: add\nobjectClass: contact\ncn: N\n"
                      "mail: ann@globex.example\n\n");
    g_autofree char *plan = case_path(c, "plan");
    case_plan(c, NULL, plan, &(Expected){.counts = "1 deleted", .events = "moved-home"});
    case_sync(
        c, &(Called){.lift = "delete=0"},
        &(Expected){.status = 4, .error = "import: limit \"delete\"*", .events = "run-limit moved-home"});
    case_sync(c, &(Called){.only = "(uid=nobody)"}, &(Expected){.counts = "1 unchanged", .restless = true});
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n",
                          .writes = 1,
                          .counts = "1 deleted",
                          .events = "moved-home"});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_homonyms_do_not_depend_on_order),
        cmocka_unit_test(test_existing_names_are_kept),
        cmocka_unit_test(test_special_characters_in_names),
        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_too_long_values_are_quarantined),
        cmocka_unit_test(test_photos),
        cmocka_unit_test(test_moved_home_after_a_plan),
    };
    return case_run_tables("values", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

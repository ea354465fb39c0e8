/*
 * test_accounts.c - people who become accounts
 *
 * Disabled and enabled ones from their creation to their end, which is never a
 * deletion; passwords, which are seen nowhere; log-in names that nobody else
 * has. The store in memory locks accounts as slapd with overlay ppolicy does;
 * real servers are in tests/integration/test_accounts.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

#define PEOPLE_ONLY .kinds = "groups=\"no\" resources=\"no\""
#define DISABLED PEOPLE_ONLY, .import_kinds = "people=\"disabled-user\""
#define ENABLED PEOPLE_ONLY, .import_kinds = "people=\"enabled-user\""
#define NO_GRACE "<grace days=\"0\"/>"
#define ANN PERSON("a1", "Ann", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob", "bob@globex.example", "")
#define LOCKED " pwdAccountLockedTime: 000001010000Z\n"
#define LOCK "  pwdAccountLockedTime: 000001010000Z\n"

#define ACCOUNT_CREATED(uid, cn, mail, lock, password)                                                       \
    "+ cn=" cn ",ou=in,o=acme\n  cn: " cn "\n  dirsyncAnchor: " uid "\n  importedFrom: " CASE_UUID           \
    "\n  mail: " mail "\n  mailNickname: " uid                                                               \
    "\n  objectClass: dirsyncStamp\n  objectClass: inetOrgPerson\n"                                          \
    "  objectClass: mailRecipient\n  objectClass: top\n  proxyAddresses: SMTP:" mail "\n" lock "  sn: x\n"   \
    "  targetAddress: SMTP:" mail "\n  uid: " uid "\n" password
#define ANN_DISABLED ACCOUNT_CREATED("a1", "Ann", "ann@globex.example", LOCK, "")
#define ANN_ENABLED ACCOUNT_CREATED("a1", "Ann", "ann@globex.example", "", "  userPassword: {RANDOM}UUID\n")
#define GONE_DISABLED(lock)                                                                                  \
    "* cn=Ann,ou=in,o=acme\n  + dirsyncGraceSince: NOW\n  + msExchHideFromAddressLists: TRUE\n" lock
#define BACK(lock)                                                                                           \
    "* cn=Ann,ou=in,o=acme\n  - dirsyncGraceSince: NOW\n  - msExchHideFromAddressLists: TRUE\n" lock

static const PassCase cases[] = {
    {"disabled accounts are made disabled, and stay so",
     {DISABLED, .source = ANN},
     {SYNC(.changes = ANN_DISABLED, .writes = 1, .counts = "1 created"), STATE_LOST,
      SYNC(.counts = "1 unchanged")}},
    {"enabled accounts are made disabled, and enabled last with a password that nobody knows",
     {ENABLED, .source = ANN},
     {SYNC(.changes = ANN_ENABLED, .writes = 2, .counts = "1 created"), STATE_LOST,
      SYNC(.counts = "1 unchanged")}},
    {"an account that an administrator enables or disables is left so",
     {ENABLED, .source = ANN},
     {SYNC(.changes = ANN_ENABLED, .writes = 2, .counts = "1 created"),
      HOME_EDITED(MODIFY("cn=Ann,ou=in,o=acme", GIVE("pwdAccountLockedTime", "000001010000Z"))),
      SYNC(.counts = "1 unchanged")}},
    {"missing: disabled and hidden; returned: enabled again, with the password as it was",
     {ENABLED, .source = ANN BOB},
     {SYNC(.changes = ANN_ENABLED ACCOUNT_CREATED("b1", "Bob", "bob@globex.example", "",
                                                  "  userPassword: {RANDOM}UUID\n"),
           .writes = 4, .counts = "2 created"),
      SOURCE_IS(BOB),
      SYNC(.changes = GONE_DISABLED("  +" LOCKED), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      SOURCE_IS(ANN BOB),
      SYNC(.changes = BACK("  -" LOCKED), .writes = 1, .counts = "1 modified, 1 unchanged",
           .events = "returned")}},
    {"missing and returned: a disabled account stays disabled",
     {DISABLED, .source = ANN BOB},
     {SYNC(.changes = ANN_DISABLED ACCOUNT_CREATED("b1", "Bob", "bob@globex.example", LOCK, ""), .writes = 2,
           .counts = "2 created"),
      SOURCE_IS(BOB),
      SYNC(.changes = GONE_DISABLED(""), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      SOURCE_IS(ANN BOB),
      SYNC(.changes = BACK(""), .writes = 1, .counts = "1 modified, 1 unchanged", .events = "returned")}},
    {"grace is over: an account is kept, disabled, and never deleted",
     {ENABLED, .source = ANN BOB},
     {SYNC(.changes = ANN_ENABLED ACCOUNT_CREATED("b1", "Bob", "bob@globex.example", "",
                                                  "  userPassword: {RANDOM}UUID\n"),
           .writes = 4, .counts = "2 created"),
      SOURCE_IS(BOB),
      SYNC(.changes = GONE_DISABLED("  +" LOCKED), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      HOME_EDITED(MODIFY("cn=Ann,ou=in,o=acme", SET("dirsyncGraceSince", LONG_AGO))),
      SYNC(.counts = "2 unchanged", .events = "account-kept")}},
    {"without grace an account is disabled all the same",
     {ENABLED, .import = NO_GRACE, .source = ANN BOB},
     {SYNC(.changes = ANN_ENABLED ACCOUNT_CREATED("b1", "Bob", "bob@globex.example", "",
                                                  "  userPassword: {RANDOM}UUID\n"),
           .writes = 4, .counts = "2 created"),
      SOURCE_IS(BOB),
      SYNC(.changes = GONE_DISABLED("  +" LOCKED), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing account-kept")}},
    {"a log-in name that a native has is not given again",
     {DISABLED, .source = ANN,
      .home = "dn: cn=Nat,ou=people,o=acme\nobjectClass: inetOrgPerson\ncn: Nat\nsn: x\nuid: A1\n\n"},
     {SYNC(.changes = "+ cn=Ann,ou=in,o=acme\n  cn: Ann\n  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID
                      "\n  mail: ann@globex.example\n  mailNickname: a1\n  objectClass: dirsyncStamp\n"
                      "  objectClass: inetOrgPerson\n  objectClass: mailRecipient\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:ann@globex.example\n" LOCK "  sn: x\n"
                      "  targetAddress: SMTP:ann@globex.example\n  uid: a1a4cc\n",
           .writes = 1, .counts = "1 created")}},
};

/* --- log-in names --- */

#define MANY 1000

static char *namesakes(void)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < MANY; i++)
        g_string_append_printf(
            text, PERSON("p%d", "P%d", "p%d@globex.example", "initials: A.Very.Long.Login.Name\n"), i, i, i,
            i);
    return g_string_free(text, FALSE);
}

/* Values of an attribute that occur in the dump; each must be another one. */
static size_t different_values(const char *dump, const char *line)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const char *p = dump; (p = strstr(p, line)); p++) {
        const char *value = p + strlen(line);
        char *text = g_ascii_strdown(value, (gssize)strcspn(value, "\n"));
        assert_in_range(strlen(text), 1, 20);
        if (!g_hash_table_add(seen, text))
            fail_msg("%s occurs twice", text);
    }
    return g_hash_table_size(seen);
}

static void a_thousand_people_of_one_name_get_a_thousand_log_in_names(void **state)
{
    (void)state;
    static const CaseStart start = {DISABLED};
    g_autoptr(Case) c = case_new(&start);
    g_autofree char *source = namesakes(), *same = g_strdup_printf("%d unchanged", MANY);
    case_set_source(c, source);
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    RunOptions options = case_options(c, connector, NULL);
    assert_true(run_sync(connector, &options, &result, NULL));
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_CREATED], MANY);
    g_autofree char *dump = case_dump(c);
    assert_int_equal(different_values(dump, "\nuid: "), MANY);
    case_sync(c, NULL, &(Expected){.counts = same});
    case_lose_state(c);
    case_sync(c, NULL, &(Expected){.counts = same});
}

/* --- passwords --- */

static void assert_holds_no_secret(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *below = g_build_filename(path, name, NULL), *data = NULL;
        gsize len = 0;
        assert_holds_no_secret(below);
        if (!g_file_get_contents(below, &data, &len, NULL))
            continue;
        static const char *const words[] = {"{RANDOM}", "userPassword", "unicodePwd"};
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
            if (g_strstr_len(data, (gssize)len, words[i]))
                fail_msg("%s holds %s", below, words[i]);
    }
}

static void passwords_stand_in_no_plan_no_undo_and_no_state(void **state)
{
    (void)state;
    static const CaseStart start = {ENABLED, .source = ANN};
    g_autoptr(Case) c = case_new(&start);
    case_sync(c, NULL, &(Expected){.changes = ANN_ENABLED, .writes = 2, .counts = "1 created"});
    case_set_source(c, BOB);
    case_sync(c, NULL,
              &(Expected){.changes = GONE_DISABLED("  +" LOCKED) ACCOUNT_CREATED(
                              "b1", "Bob", "bob@globex.example", "", "  userPassword: {RANDOM}UUID\n"),
                          .writes = 3,
                          .counts = "1 created, 1 disabled",
                          .events = "missing"});
    assert_holds_no_secret(case_state_folder(c));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_people_of_one_name_get_a_thousand_log_in_names),
        cmocka_unit_test(passwords_stand_in_no_plan_no_undo_and_no_state),
    };
    return case_run_tables("accounts", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

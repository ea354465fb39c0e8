/*
 * test_addresses.c - the address step: who gets which addresses, and what stays as it is
 *
 * Natives in ou=people and imported contacts; policies of the definition; generators
 * that ship. The import owns SMTP addresses, nickname and mail of what it makes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/fault.h"
#include "dirsync/link_table.h"
#include "pass_case.h"
#include "proxygen/address.h"

#define NATIVE(id, cn, mail, more) INSIDER(id, cn, mail, more)
#define ADA NATIVE("01", "Ada Adams", "ada@acme.example", "")
#define BEN NATIVE("02", "Ben Adams", "ben@acme.example", "")

#define POLICY(name, priority, filter, addresses)                                                            \
    "<policy name=\"" name "\" priority=\"" priority "\">" filter addresses "</policy>"
#define TEMPLATE(text) "<address template=\"" text "\"/>"
#define ONE_POLICY(addresses) "<policies>" POLICY("All", "1", "", addresses) "</policies>"
#define NOTES_POLICY ONE_POLICY(TEMPLATE("NOTES:&amp;d/Acme@Ex"))

#define LEGACY(alias) "/o=acme/ou=First Administrative Group/cn=Recipients/cn=" alias
/* What a native without anything but a mail address gets beside its addresses. */
#define GIVEN(cn, alias, addresses)                                                                          \
    "* cn=" cn                                                                                               \
    ",ou=people,o=acme\n  + legacyExchangeDN: " LEGACY(alias) "\n  + mailNickname: " alias "\n"              \
                                                              "  + objectClass: mailRecipient\n" addresses
#define GOT(address) "  + proxyAddresses: " address "\n"

#define ANN PERSON("a1", "Ann Ash", "ann@globex.example", "")
/* Made by the import and given addresses in one run. */
#define CREATED_AND_GIVEN(uid, cn, mail, addresses)                                                          \
    "+ cn=" cn ",ou=in,o=acme\n  cn: " cn "\n  dirsyncAnchor: " uid "\n  importedFrom: " CASE_UUID           \
    "\n  legacyExchangeDN: " LEGACY(                                                                         \
        uid) "\n  mail: " mail "\n  mailNickname: " uid                                                      \
             "\n  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n" addresses         \
             "  proxyAddresses: SMTP:" mail "\n  targetAddress: SMTP:" mail "\n"

static const PassCase cases[] = {
    {"a native gets an address of each type of the policy, and what is empty is filled",
     {.source = "", .home = ADA, .addresses = "", .policies = NOTES_POLICY},
     {SYNC(.changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Ada Adams/Acme@Ex")), .writes = 1,
           .addressed = "1 modified"),
      SYNC(.addressed = "1 unchanged"), STATE_LOST, SYNC(.addressed = "1 unchanged")}},
    {"a type of which somebody has an address is left alone, primary or not",
     {.source = "",
      .home = NATIVE("01", "Ada Adams", "ada@acme.example",
                     "objectClass: mailRecipient\nmailNickname: ada\nlegacyExchangeDN: /o=x/cn=ada\n"
                     "proxyAddresses: notes:Old/Acme@Ex\n"),
      .addresses = "",
      .policies = NOTES_POLICY},
     {SYNC(.addressed = "1 unchanged")}},
    {"one policy applies, the strongest that matches; nothing is merged",
     {.source = "",
      .home = NATIVE("01", "Ada Adams", "ada@acme.example", "title: Boss\n") BEN,
      .addresses = "",
      .policies = "<policies>" POLICY("All", "9", "", TEMPLATE("NOTES:&amp;d/All@Ex") TEMPLATE("MS:A/B/%m"))
          POLICY("Bosses", "1", "<filter>(title=Boss)</filter>",
                 TEMPLATE("NOTES:&amp;d/Boss@Ex")) "</policies>"},
     {SYNC(.changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Ada Adams/Boss@Ex"))
               GIVEN("Ben Adams", "ben", GOT("MS:A/B/ben") GOT("NOTES:Ben Adams/All@Ex")),
           .writes = 2, .addressed = "2 modified")}},
    {"mail and textEncodedORAddress follow the primary addresses where they are empty",
     {.source = "",
      .home = "dn: cn=Ada Adams,ou=people,o=acme\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\n"
              "entryUUID: " ID("01") "\ncn: Ada Adams\nsn: Adams\ngivenName: Ada\nmailNickname: ada\n\n",
      .addresses = "",
      .policies = ONE_POLICY(TEMPLATE("SMTP:%g.%s@acme.example") TEMPLATE("smtp:%m@acme.example")
                                 TEMPLATE("X400:c=US;a= ;p=Acme;"))},
     {SYNC(.changes = "* cn=Ada Adams,ou=people,o=acme\n  + legacyExchangeDN: " LEGACY(
               "ada") "\n  + mail: Ada.Adams@acme.example\n" GOT("SMTP:Ada.Adams@acme.example")
               GOT("X400:c=US;a= ;p=Acme;s=Adams;g=Ada;")
                   GOT("smtp:ada@acme.example") "  + textEncodedORAddress: c=US;a= ;p=Acme;s=Adams;g=Ada;\n",
           .writes = 1, .addressed = "1 modified")}},
    {"the mail address that somebody has is the primary one, whatever the template would make; if it is free",
     {.source = "",
      .home = ADA NATIVE("02", "Ben Adams", "cyd@acme.example", "")
          NATIVE("03", "Cyd Adams", "cyd@acme.example",
                 "objectClass: mailRecipient\nmailNickname: cyd\n"
                 "legacyExchangeDN: /o=x/cn=cyd\nproxyAddresses: smtp:cyd@acme.example\n"),
      .addresses = "",
      .policies = ONE_POLICY(TEMPLATE("SMTP:%m.x@acme.example") TEMPLATE("smtp:%m.y@acme.example"))},
     {SYNC(.changes = GIVEN("Ada Adams", "ada", GOT("SMTP:ada@acme.example") GOT("smtp:ada.y@acme.example"))
               GIVEN("Ben Adams", "cyd", GOT("SMTP:cyd.x@acme.example") GOT("smtp:cyd.y@acme.example")),
           .writes = 2, .addressed = "2 modified, 1 unchanged")}},
    {"what the server refuses for another reason than the address is not tried again, nor held against it",
     {.source = "", .home = ADA, .addresses = "", .policies = NOTES_POLICY},
     {FAULTS("refuse@1", NULL),
      SYNC(.status = 3, .restless = true, .addressed = "1 failed", .events = "write-failed"),
      FAULTS(NULL, NULL),
      SYNC(.changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Ada Adams/Acme@Ex")), .writes = 1,
           .addressed = "1 modified")}},
    {"who opted out keeps what they have",
     {.source = "",
      .home = NATIVE("01", "Ada Adams", "ada@acme.example",
                     "objectClass: mailRecipient\nmailNickname: ada\nlegacyExchangeDN: /o=x/cn=ada\n"
                     "msExchPoliciesExcluded: {26491cfc-9e50-4857-861b-0cb8df22b5d7}\n"),
      .addresses = "type=\"GWISE\"",
      .policies = NOTES_POLICY},
     {SYNC(.addressed = "1 unchanged")}},
    {"the connector's own type is for natives; who was imported has none of it",
     {.source = ANN,
      .home = ADA,
      .addresses = "type=\"NOTES\" template=\"NOTES:&amp;d/Acme@Ex\"",
      .policies = ONE_POLICY(TEMPLATE("MS:A/B/%m"))},
     {SYNC(.changes = GIVEN("Ada Adams", "ada", GOT("MS:A/B/ada") GOT("NOTES:Ada Adams/Acme@Ex"))
               CREATED_AND_GIVEN("a1", "Ann Ash", "ann@globex.example", "  proxyAddresses: MS:A/B/a1\n"),
           .counts = "1 created", .writes = 3, .addressed = "2 modified")}},
    {"a disabled template gives nothing, and keeps the connector's own type away too",
     {.source = "",
      .home = NATIVE("01", "Ada Adams", "ada@acme.example",
                     "objectClass: mailRecipient\nmailNickname: ada\nlegacyExchangeDN: /o=x/cn=ada\n"),
      .addresses = "type=\"NOTES\"",
      .policies = ONE_POLICY("<address template=\"NOTES:&amp;d/Acme@Ex\" disabled=\"yes\"/>")},
     {SYNC(.addressed = "1 unchanged")}},
    {"natives outside the containers, and objects of other connectors, are left alone",
     {.source = "",
      .home = ADA "dn: cn=Other,ou=in,o=acme\nobjectClass: contact\nobjectClass: dirsyncStamp\ncn: Other\n"
                  "importedFrom: " OTHER_UUID "\ndirsyncAnchor: x\nmail: x@globex.example\n\n",
      .addresses = "",
      .natives = "<natives base=\"ou=in,o=acme\"/>",
      .policies = NOTES_POLICY},
     {SYNC(.addressed = "")}},
    {"equal names: the address is unique in the organisation, whoever has it",
     {.source = "",
      .home = NATIVE("01", "Ada Adams", "ada@acme.example", "displayName: Same\n")
          NATIVE("02", "Ben Adams", "ben@acme.example", "displayName: Same\n")
              NATIVE("03", "Cyd Adams", "cyd@acme.example",
                     "displayName: Same\n") "dn: cn=Far,o=acme\nobjectClass: inetOrgPerson\nobjectClass: "
                                            "mailRecipient\ncn: Far\nsn: x\n"
                                            "proxyAddresses: notes:same1/ACME@ex\n\n",
      .addresses = "",
      .policies = NOTES_POLICY},
     {SYNC(.changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Same/Acme@Ex"))
               GIVEN("Ben Adams", "ben", GOT("NOTES:Same2/Acme@Ex"))
                   GIVEN("Cyd Adams", "cyd", GOT("NOTES:Same3/Acme@Ex")),
           .writes = 3, .addressed = "3 modified"),
      HOME_EDITED("dn: cn=Dan,ou=people,o=acme\nchangetype: add\nobjectClass: inetOrgPerson\ncn: Dan\nsn: x\n"
                  "displayName: Same\nmail: dan@acme.example\n\n"),
      SYNC(.changes = GIVEN("Dan", "dan", GOT("NOTES:Same4/Acme@Ex")), .writes = 1,
           .addressed = "1 modified, 3 unchanged")}},
    {"a type whose generator is missing: nothing is written for it, the others go on",
     {.source = "",
      .home = ADA,
      .addresses = "",
      .policies =
          "<address-types><address-type type=\"NOTES\" generator=\"gone.so\"/></address-types>" ONE_POLICY(
              TEMPLATE("NOTES:&amp;d/Acme@Ex") TEMPLATE("MS:A/B/%m"))},
     {SYNC(.changes = GIVEN("Ada Adams", "ada", GOT("MS:A/B/ada")), .writes = 1, .status = 3,
           .restless = true, .addressed = "1 modified, 1 failed", .events = "type-disabled")}},
    {"address lists: imported recipients are in those whose filter they match, and only in those",
     {.source = ANN,
      .addresses = "",
      .policies =
          "<address-lists><address-list dn=\"cn=Contacts,o=acme\"><filter>(objectClass=contact)</filter>"
          "</address-list><address-list dn=\"cn=Bosses,o=acme\"><filter>(title=Boss)</filter></address-list>"
          "</address-lists>",
      .home = ADA CONTACT("a1", "Ann Ash", "ann@globex.example",
                          "legacyExchangeDN: /o=x/cn=ann\nshowInAddressBook: cn=Bosses,o=acme\n"
                          "showInAddressBook: cn=Another,o=acme\n"),
      .natives = "<natives base=\"ou=nowhere,o=acme\"/>"},
     {SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - showInAddressBook: cn=Bosses,o=acme\n"
                      "  + showInAddressBook: cn=Contacts,o=acme\n",
           .writes = 1, .counts = "1 unchanged", .addressed = "1 modified")}},
    {"the limit stops a policy that would give many an address of a type that others have",
     {.source = "",
      .limits = "stamp=\"1\"",
      .home = ADA BEN NATIVE("03", "Cyd Adams", "cyd@acme.example", "")
          NATIVE("04", "Dan Adams", "dan@acme.example",
                 "objectClass: mailRecipient\nproxyAddresses: NOTES:Dan/Acme@Ex\n"),
      .addresses = "",
      .policies = NOTES_POLICY},
     {SYNC(.status = 4, .events = "run-limit",
           .error =
               "*addresses: limit \"stamp\": 3 recipients of ours would be given an address of type NOTES, 1 "
               "allowed of 4; 3 because of policy All; *--max-stamp 3*"),
      SYNC_CALLED(HOW(.lift = "stamp=none"),
                  .changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Ada Adams/Acme@Ex"))
                      GIVEN("Ben Adams", "ben", GOT("NOTES:Ben Adams/Acme@Ex"))
                          GIVEN("Cyd Adams", "cyd",
                                GOT("NOTES:Cyd Adams/Acme@Ex")) "* cn=Dan Adams,ou=people,o=acme\n  + "
                                                                "legacyExchangeDN: " LEGACY(
                                                                    "dan") "\n  + mailNickname: "
                                                                           "dan\n",
                  .writes = 4, .addressed = "4 modified")}},
    {"imported, given and exported in one run",
     {.source = ANN,
      .home = ADA,
      .export = FROM_PEOPLE,
      .addresses = "type=\"NOTES\"",
      .natives = "<natives/>",
      .policies = NOTES_POLICY},
     {SYNC(.changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Ada Adams/Acme@Ex"))
               CREATED_AND_GIVEN("a1", "Ann Ash", "ann@globex.example", ""),
           .writes = 3, .counts = "1 created", .addressed = "2 modified",
           .foreign = "+ cn=Ada Adams,ou=out,o=globex\n  cn: Ada Adams\n  employeeType: " OUR_STAMP(
               "01") "\n  labeledURI: NOTES:Ada Adams/Acme@Ex\n  mail: ada@acme.example\n"
                     "  objectClass: inetOrgPerson\n  sn: x\n",
           .foreign_writes = 1, .exported = "1 created")}},
};

/* --- generators that break their contract --- */

/* @behaviour: of tests/plugins/misbehaving.c. */
static char *bad_policies(const char *behaviour)
{
    return g_strdup_printf(
        "<address-types folder=\"%s\"><address-type type=\"FREE\" generator=\"misbehaving.so\">"
        "<setting name=\"behaviour\" value=\"%s\"/></address-type>"
        "<address-type type=\"OTHER\" generator=\"misbehaving.so\"/></address-types>" ONE_POLICY(
            TEMPLATE("FREE:x@y") TEMPLATE("OTHER:x@y")),
        g_getenv("DIRSYNC_TEST_PLUGINS"), behaviour);
}

static void the_run_goes_on_without_a_type_that_misbehaves(void **state)
{
    (void)state;
    static const char *const behaviours[] = {"null-with-ok",
                                             "junk",
                                             "empty",
                                             "wrong-type",
                                             "small-type",
                                             "blank-behind",
                                             "invalid-utf8",
                                             "too-long",
                                             "endless",
                                             "errors",
                                             "no-memory",
                                             "loud-errors",
                                             "unknown-status",
                                             "open-error",
                                             "open-no-memory",
                                             "never-valid",
                                             "not-deterministic",
                                             "control-characters"};
    for (size_t i = 0; i < G_N_ELEMENTS(behaviours); i++) {
        g_autofree char *policies = bad_policies(behaviours[i]);
        bool errors = strstr(behaviours[i], "errors") != NULL;
        g_autoptr(Case) c =
            case_new(&(CaseStart){.source = "", .home = ADA BEN, .addresses = "", .policies = policies});
        case_sync(c, NULL,
                  &(Expected){.changes = GIVEN("Ada Adams", "ada", GOT("OTHER:ada@site"))
                                  GIVEN("Ben Adams", "ben", GOT("OTHER:ben@site")),
                              .writes = 2,
                              .status = 3,
                              .restless = true,
                              .addressed = "2 modified, 2 failed",
                              .events = errors ? "type-disabled address-failed*2" : "type-disabled"});
    }
}

/* Somebody of whom a generator can make nothing is not the generator's fault. */
static void one_recipient_without_an_address_does_not_disable_a_type(void **state)
{
    (void)state;
    g_autofree char *policies = bad_policies("good");
    g_autoptr(Case) c = case_new(&(CaseStart){.source = "",
                                              .home = BEN NATIVE("03", "Cyd", "trouble@acme.example", "")
                                                  NATIVE("04", "Dan", "nobody@acme.example", ""),
                                              .addresses = "",
                                              .policies = policies});
    case_sync(c, NULL,
              &(Expected){.changes = GIVEN("Ben Adams", "ben", GOT("FREE:ben@site") GOT("OTHER:ben@site"))
                              GIVEN("Cyd", "trouble", "") GIVEN("Dan", "nobody", ""),
                          .writes = 3,
                          .status = 3,
                          .restless = true,
                          .addressed = "3 modified, 1 failed",
                          .events = "address-failed*2"});
}

/* --- the index --- */

static void addresses_are_found_in_both_directions(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN, .home = ADA, .addresses = "", .policies = NOTES_POLICY});
    case_sync(c, NULL,
              &(Expected){.changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Ada Adams/Acme@Ex"))
                              CREATED_AND_GIVEN("a1", "Ann Ash", "ann@globex.example",
                                                "  proxyAddresses: NOTES:Ann Ash/Acme@Ex\n"),
                          .writes = 3,
                          .counts = "1 created",
                          .addressed = "2 modified"});
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) opened = state_open(connector, case_state_folder(c), NULL);
    HolderIndex *index = state_index(opened, STEP_ADDRESSES, NULL);
    g_autoptr(GPtrArray) holders = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    g_autofree char *key = address_normalise("notes:ADA adams/acme@ex", 23);
    assert_true(holder_index_find(index, KEY_ADDRESS, key, holders, NULL));
    assert_int_equal(holders->len, 1);
    const Holder *holder = g_ptr_array_index(holders, 0);
    assert_string_equal(holder->dn, "cn=Ada Adams,ou=people,o=acme");
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    assert_true(holder_index_addresses(index, holder->row, addresses, NULL));
    assert_int_equal(addresses->len, 2);
    assert_string_equal(g_ptr_array_index(addresses, 0), "NOTES:Ada Adams/Acme@Ex");
    assert_string_equal(g_ptr_array_index(addresses, 1), "SMTP:ada@acme.example");
}

static void assert_holder(Case *c, const char *address, const char *dn)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) opened = state_open(connector, case_state_folder(c), NULL);
    g_autoptr(GPtrArray) holders = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    g_autofree char *key = address_normalise(address, strlen(address));
    assert_true(
        holder_index_find(state_index(opened, STEP_ADDRESSES, NULL), KEY_ADDRESS, key, holders, NULL));
    if (holders->len != (dn ? 1 : 0))
        fail_msg("%s: %u holders", address, holders->len);
    if (dn)
        assert_string_equal(((Holder *)g_ptr_array_index(holders, 0))->dn, dn);
}

/* Without another read: whoever looks up is answered. What is taken away later is seen by the next read,
 * which compares anew. */
static void what_a_run_gave_is_known_when_it_ends(void **state)
{
    (void)state;
    for (int all = 0; all < 2; all++) {
        g_autoptr(Case) c = case_new(&(CaseStart){
            .source = ANN, .home = ADA, .addresses = "", .policies = NOTES_POLICY, .reads_all = all});
        g_autoptr(Connector) connector = case_connector(c);
        RunOptions options = case_options(c, connector, NULL);
        g_auto(RunResult) result = {0};
        g_auto(RunResult) next = {0};
        assert_true(run_sync(connector, &options, &result, NULL));
        assert_holder(c, "NOTES:Ada Adams/Acme@Ex", "cn=Ada Adams,ou=people,o=acme");
        assert_holder(c, "NOTES:Ann Ash/Acme@Ex", "cn=Ann Ash,ou=in,o=acme");
        assert_holder(c, "SMTP:ann@globex.example", "cn=Ann Ash,ou=in,o=acme");
        case_edit_home(c,
                       MODIFY("cn=Ada Adams,ou=people,o=acme", SET("proxyAddresses", "NOTES:Other/Acme@Ex")));
        assert_true(run_sync(connector, &options, &next, NULL));
        assert_holder(c, "NOTES:Ada Adams/Acme@Ex", NULL);
        assert_holder(c, "NOTES:Other/Acme@Ex", "cn=Ada Adams,ou=people,o=acme");
    }
}

static Case *read_meanwhile;
static unsigned answers;

/* After Ann was made and somebody was given an address another connector reads, when Ada has a new one. */
static void another_connector_reads(const char *step)
{
    if (strcmp(step, "answer") != 0 || ++answers != 2)
        return;
    g_autoptr(Connector) connector = case_connector(read_meanwhile);
    g_autofree char *path =
        state_organisation_file(connector->organisation, case_state_folder(read_meanwhile), STATE_INDEX);
    g_autoptr(HolderIndex) index = holder_index_open(path, NULL);
    g_autoptr(GPtrArray) holders = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    assert_true(holder_index_find_id(index, ID("01"), holders, NULL));
    assert_int_equal(holders->len, 1);
    Holder *ada = g_ptr_array_index(holders, 0);
    ada->fingerprint = fingerprint_string("as another connector has read her");
    g_autofree char *now = address_normalise("NOTES:Newer/Acme@Ex", strlen("NOTES:Newer/Acme@Ex"));
    HolderKey key = {.kind = KEY_ADDRESS, .value = now};
    assert_true(holder_index_begin(index, NULL));
    assert_true(holder_index_save(index, ada, &key, 1, NULL));
    assert_true(holder_index_commit(index, NULL));
}

/* What the step has read is older then than what the index has. */
static void what_another_connector_has_read_meanwhile_stays(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN, .home = ADA, .addresses = "", .policies = NOTES_POLICY});
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    g_auto(RunResult) result = {0};
    read_meanwhile = c;
    answers = 0;
    fault_hook = another_connector_reads;
    bool ran = run_sync(connector, &options, &result, NULL);
    fault_hook = NULL;
    assert_true(ran);
    assert_true(answers >= 2);
    assert_holder(c, "NOTES:Newer/Acme@Ex", "cn=Ada Adams,ou=people,o=acme");
    assert_holder(c, "NOTES:Ada Adams/Acme@Ex", NULL);
    assert_holder(c, "NOTES:Ann Ash/Acme@Ex", "cn=Ann Ash,ou=in,o=acme");
}

/* --- the order in which a directory shows its entries --- */

#define SAME(id, cn) NATIVE(id, cn, cn "@acme.example", "displayName: Same\n")

static void the_order_of_reading_does_not_matter(void **state)
{
    (void)state;
    const char *const orders[] = {SAME("01", "ada") SAME("02", "ben") SAME("03", "cyd"),
                                  SAME("03", "cyd") SAME("01", "ada") SAME("02", "ben"),
                                  SAME("02", "ben") SAME("03", "cyd") SAME("01", "ada")};
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(Case) c = case_new(
            &(CaseStart){.source = "", .home = orders[i], .addresses = "", .policies = NOTES_POLICY});
        case_sync(c, NULL,
                  &(Expected){.changes = GIVEN("ada", "ada", GOT("NOTES:Same/Acme@Ex"))
                                  GIVEN("ben", "ben", GOT("NOTES:Same1/Acme@Ex"))
                                      GIVEN("cyd", "cyd", GOT("NOTES:Same2/Acme@Ex")),
                              .writes = 3,
                              .addressed = "3 modified"});
    }
}

/* --- plan, apply, revert --- */

static void a_saved_plan_does_what_a_sync_would_and_can_be_reverted(void **state)
{
    (void)state;
    const char *changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Ada Adams/Acme@Ex"))
        CREATED_AND_GIVEN("a1", "Ann Ash", "ann@globex.example", "  proxyAddresses: NOTES:Ann Ash/Acme@Ex\n");
    g_autoptr(Case) c =
        case_new(&(CaseStart){.source = ANN, .home = ADA, .addresses = "", .policies = NOTES_POLICY});
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder, &(Expected){.counts = "1 created", .addressed = "2 modified"});
    case_apply(
        c, folder,
        &(Expected){.changes = changes, .writes = 3, .counts = "1 created", .addressed = "2 modified"});
    case_revert(
        c, NULL,
        &(Expected){
            .changes =
                "- cn=Ann Ash,ou=in,o=acme\n* cn=Ada Adams,ou=people,o=acme\n  - legacyExchangeDN: " LEGACY(
                    "ada") "\n  - mailNickname: ada\n  - objectClass: mailRecipient\n"
                           "  - proxyAddresses: NOTES:Ada Adams/Acme@Ex\n",
            .writes = 3,
            .counts = "1 deleted",
            .addressed = "2 modified"});
}

/* --- when everything was read --- */

static void a_full_read_is_remembered_even_where_nobody_tells_of_changes(void **state)
{
    (void)state;
    for (int always = 0; always < 2; always++) {
        g_autoptr(Case) c = case_new(&(CaseStart){
            .source = "", .home = ADA, .addresses = "", .policies = NOTES_POLICY, .reads_all = always});
        case_sync(c, NULL,
                  &(Expected){.changes = GIVEN("Ada Adams", "ada", GOT("NOTES:Ada Adams/Acme@Ex")),
                              .writes = 1,
                              .addressed = "1 modified"});
        g_autoptr(Connector) connector = case_connector(c);
        g_autoptr(State) opened = state_open_unlocked(connector, case_state_folder(c), NULL);
        StepReading reading;
        assert_true(step_recall_reading(connector, STEP_ADDRESSES, opened, &reading, NULL));
        gint64 ago = g_get_real_time() / G_USEC_PER_SEC - reading.everything;
        assert_in_range(ago, 0, 3600);
        assert_int_equal(reading.changes[TARGET], !always);
    }
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(the_run_goes_on_without_a_type_that_misbehaves),
        cmocka_unit_test(one_recipient_without_an_address_does_not_disable_a_type),
        cmocka_unit_test(addresses_are_found_in_both_directions),
        cmocka_unit_test(what_a_run_gave_is_known_when_it_ends),
        cmocka_unit_test(what_another_connector_has_read_meanwhile_stays),
        cmocka_unit_test(the_order_of_reading_does_not_matter),
        cmocka_unit_test(a_saved_plan_does_what_a_sync_would_and_can_be_reverted),
        cmocka_unit_test(a_full_read_is_remembered_even_where_nobody_tells_of_changes),
    };
    return case_run_tables("addresses", cases, G_N_ELEMENTS(cases), others, G_N_ELEMENTS(others));
}

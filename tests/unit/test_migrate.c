/*
 * test_migrate.c - imports that are done once
 *
 * Who is matched with whom, by which rule and how surely; what becomes of them;
 * what stays when a contact becomes an account; runs that stop after a number of
 * people. Who has nothing to do with it stays as they are.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

#define GROUPS .kinds = "groups=\"group\" resources=\"no\""
#define ACCOUNTS .import_kinds = "people=\"disabled-user\""
#define NO_LIMITS .limits = "delete=\"none\" members=\"none\" native=\"none\""
#define PEOPLE "ou=people,o=acme"
#define MIGRATE HOW(.migrate = true)
#define ANN PERSON("a1", "Ann", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob", "bob@globex.example", "")
#define CYD PERSON("c1", "Cyd", "cyd@globex.example", "")
#define NEW(uid, cn, mail) CREATED(uid, cn, mail, "")

/* A contact that somebody made by hand, and that has come to be known. */
#define HAND_ANN "cn=Ann Hand," PEOPLE
#define BY_HAND                                                                                              \
    "dn: " HAND_ANN "\nobjectClass: top\nobjectClass: contact\ncn: Ann Hand\nmail: ann@globex.example\n"     \
    "targetAddress: SMTP:ann@globex.example\nproxyAddresses: SMTP:ann@globex.example\n"                      \
    "proxyAddresses: smtp:ann.old@globex.example\nproxyAddresses: x400:c=DE;s=Ash\nmailNickname: ash\n"      \
    "legacyExchangeDN: /o=acme/cn=ash\n\n"
#define THEIR_GROUP(members) "dn: cn=Theirs," PEOPLE "\nobjectClass: groupOfNames\ncn: Theirs\n" members "\n"
#define CONVERTED                                                                                            \
    "- " HAND_ANN "\n+ " HAND_ANN "\n  cn: Ann Hand\n  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID        \
    "\n  legacyExchangeDN: /o=acme/cn=ash\n  mail: ann@globex.example\n  mailNickname: ash\n"                \
    "  objectClass: dirsyncStamp\n  objectClass: inetOrgPerson\n  objectClass: mailRecipient\n"              \
    "  objectClass: top\n  proxyAddresses: SMTP:ann@globex.example\n  proxyAddresses: "                      \
    "smtp:ann.old@globex.example\n  proxyAddresses: x400:c=DE;s=Ash\n  proxyAddresses: "                     \
    "x500:/o=acme/cn=ash\n  pwdAccountLockedTime: 000001010000Z\n  sn: x\n"                                  \
    "  targetAddress: SMTP:ann@globex.example\n  uid: a1\n"

/* A person of ours who has a log-in. */
#define USER(cn, uid, more)                                                                                  \
    "dn: cn=" cn "," PEOPLE "\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\ncn: " cn              \
    "\nsn: x\nuid: " uid "\n" more "\n"

/* A contact that an import has made. */
#define MADE(anchor, name, user, more)                                                                       \
    "+ cn=" name ",ou=in,o=acme\n  cn: " name "\n  dirsyncAnchor: " anchor "\n  importedFrom: " CASE_UUID    \
    "\n  mail: " user "@globex.example\n  mailNickname: " anchor "\n  objectClass: contact\n"                \
    "  objectClass: dirsyncStamp\n  objectClass: top\n  proxyAddresses: SMTP:" user "@globex.example\n" more \
    "  targetAddress: SMTP:" user "@globex.example\n"

static const PassCase cases[] = {
    {"a contact made by hand becomes an account, with groups, addresses and legacyExchangeDN",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = ANN,
      .home = BY_HAND THEIR_GROUP("member: o=acme\nmember: " HAND_ANN "\n")},
     {SYNC_CALLED(MIGRATE, .changes = CONVERTED, .writes = 4, .counts = "1 created, 1 deleted",
                  .matches = "a1 exact convert: " HAND_ANN " (primary address ann@globex.example)\n",
                  .events = "adopted kind-changed")}},
    {"so it does where the server knows no conditions",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = ANN, .home = BY_HAND, .no_assertions = true},
     {SYNC_CALLED(MIGRATE, .changes = CONVERTED, .writes = 2, .counts = "1 created, 1 deleted",
                  .events = "adopted kind-changed")}},

    {"a contact whose name an account cannot have is made again under the one that the mapping gives",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = ANN,
      .home = "dn: mail=ann@globex.example," PEOPLE "\nobjectClass: top\nobjectClass: contact\ncn: Ann\n"
              "mail: ann@globex.example\n\n" THEIR_GROUP(
                  "member: o=acme\nmember: mail=ann@globex.example," PEOPLE "\n")},
     {SYNC_CALLED(MIGRATE,
                  .changes =
                      "- mail=ann@globex.example," PEOPLE
                      "\n+ cn=Ann,ou=in,o=acme\n  cn: Ann\n  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID
                      "\n  mail: ann@globex.example\n  mailNickname: a1\n"
                      "  objectClass: dirsyncStamp\n  objectClass: inetOrgPerson\n"
                      "  objectClass: mailRecipient\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:ann@globex.example\n"
                      "  pwdAccountLockedTime: 000001010000Z\n  sn: x\n"
                      "  targetAddress: SMTP:ann@globex.example\n  uid: a1\n"
                      "* cn=Theirs," PEOPLE "\n  - member: mail=ann@globex.example," PEOPLE
                      "\n  + member: cn=Ann,ou=in,o=acme\n",
                  .writes = 4, .counts = "1 created, 1 deleted", .events = "adopted kind-changed")}},

    /* --- adopting --- */
    {"an account that is there is adopted, stays what it is, and keeps its other addresses",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = ANN,
      .home = USER("Ann", "ash",
                   "mail: ann@acme-old.example\nproxyAddresses: SMTP:ann@acme-old.example\n"
                   "proxyAddresses: smtp:ann@globex.example\n")},
     {SYNC_CALLED(MIGRATE,
                  .changes = "* cn=Ann," PEOPLE "\n  - mail: ann@acme-old.example\n"
                             "  - proxyAddresses: SMTP:ann@acme-old.example\n"
                             "  - proxyAddresses: smtp:ann@globex.example\n  + dirsyncAnchor: a1\n"
                             "  + importedFrom: " CASE_UUID "\n  + mail: ann@globex.example\n"
                             "  + objectClass: dirsyncStamp\n"
                             "  + proxyAddresses: SMTP:ann@globex.example\n"
                             "  + proxyAddresses: smtp:ann@acme-old.example\n"
                             "  + targetAddress: SMTP:ann@globex.example\n",
                  .writes = 1, .counts = "1 modified", .events = "adopted",
                  .matches = "a1 exact adopt: cn=Ann," PEOPLE " (primary address ann@globex.example)\n")}},
    {"a contact is adopted as the contact that it is",
     {.source = ANN, .home = BY_HAND, NO_LIMITS},
     {SYNC_CALLED(MIGRATE,
                  .changes = "* " HAND_ANN "\n  + dirsyncAnchor: a1\n  + importedFrom: " CASE_UUID
                             "\n  + objectClass: dirsyncStamp\n",
                  .writes = 1, .counts = "1 modified", .events = "adopted")}},
    {"exact matches are left alone when that is chosen",
     {.source = ANN, .home = BY_HAND},
     {SYNC_CALLED(HOW(.migrate = true, .exact = "skip"),
                  .matches = "a1 exact skip: " HAND_ANN " (primary address ann@globex.example)\n")}},
    {"an account does not become a contact",
     {.source = ANN, .home = USER("Ann", "ash", "mail: ann@globex.example\n")},
     {SYNC_CALLED(MIGRATE, .matches = "a1 exact skip: cn=Ann," PEOPLE
                                      " (primary address ann@globex.example); it is of "
                                      "another kind, and accounts are never deleted\n")}},
    {"a group is adopted with its members",
     {GROUPS, NO_LIMITS, .source = BOB GROUP("g1", "Team", "mail: team@globex.example\n" IN("b1")),
      .home = "dn: cn=Crew," PEOPLE "\nobjectClass: top\nobjectClass: group\ncn: Crew\n"
              "mail: team@globex.example\n\n"},
     {SYNC_CALLED(
         MIGRATE,
         .changes = NEW(
             "b1", "Bob",
             "bob@globex.example") "* cn=Crew," PEOPLE "\n  + dirsyncAnchor: g1\n  + importedFrom: " CASE_UUID
                                   "\n  + member: cn=Bob,ou=in,o=acme\n  + objectClass: dirsyncStamp\n"
                                   "  + proxyAddresses: SMTP:team@globex.example\n",
         .writes = 2, .counts = "1 created, 1 modified", .events = "adopted")}},
    {"a person is not a group, whatever its address",
     {GROUPS, .source = ANN,
      .home = "dn: cn=Crew," PEOPLE "\nobjectClass: top\nobjectClass: group\ncn: Crew\n"
              "mail: ann@globex.example\n\n"},
     {SYNC_CALLED(MIGRATE, .matches = "a1 exact skip: cn=Crew," PEOPLE
                                      " (primary address ann@globex.example); it is a group\n")}},
    {"what is no contact is never deleted to make an account of it",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = ANN,
      .home = "dn: cn=Box," PEOPLE "\nobjectClass: top\nobjectClass: publicFolder\ncn: Box\n"
              "mail: ann@globex.example\n\n"},
     {SYNC_CALLED(MIGRATE, .matches =
                               "a1 exact skip: cn=Box," PEOPLE
                               " (primary address ann@globex.example); it is of another kind, and only "
                               "contacts become accounts\n")}},

    /* --- rules --- */
    {"a secondary address is as good as the primary one",
     {.source = PERSON("a1", "Ann", "new@globex.example", "mail: ann.old@globex.example\n"), .home = BY_HAND},
     {SYNC_CALLED(HOW(.migrate = true, .exact = "skip"),
                  .matches = "a1 exact skip: " HAND_ANN " (address smtp:ann.old@globex.example)\n")}},
    {"the legacyExchangeDN, and the address it has become",
     {.source = PERSON("a1", "Ann", "a@globex.example", "legacyExchangeDN: /o=Acme/cn=Ash\n")
          PERSON("b1", "Bob", "b@globex.example", "legacyExchangeDN: /o=acme/cn=bo\n"),
      .home = BY_HAND "dn: cn=Bo," PEOPLE "\nobjectClass: top\nobjectClass: contact\ncn: Bo\n"
                      "proxyAddresses: X500:/o=acme/cn=Bo\n\n"},
     {SYNC_CALLED(HOW(.migrate = true, .exact = "skip"),
                  .matches = "a1 exact skip: " HAND_ANN " (legacyExchangeDN /o=Acme/cn=Ash)\n"
                             "b1 exact skip: cn=Bo," PEOPLE " (legacyExchangeDN /o=acme/cn=bo)\n")}},
    {"an alias makes it probable, whatever it is called there; that is left alone",
     {.source = PERSON("ash", "Ann", "a@globex.example", ""), .home = USER("Ann", "ash", "")},
     {SYNC_CALLED(MIGRATE, .matches = "ash probable skip: cn=Ann," PEOPLE " (alias ash)\n")}},
    {"... or made beside it, when that is chosen",
     {.source = PERSON("ash", "Ann", "a@globex.example", ""), .home = USER("Ann", "ash", "")},
     {SYNC_CALLED(HOW(.migrate = true, .probable = "create"),
                  .changes = NEW("ash", "Ann", "a@globex.example"), .writes = 1, .counts = "1 created",
                  .matches = "ash probable create: cn=Ann," PEOPLE " (alias ash)\n")}},
    {"... or adopted, when that is chosen",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = PERSON("ash", "Ann", "a@globex.example", ""),
      .home = USER("Ann", "ash", "")},
     {SYNC_CALLED(HOW(.migrate = true, .probable = "adopt"),
                  .changes = "* cn=Ann," PEOPLE "\n  + dirsyncAnchor: ash\n  + importedFrom: " CASE_UUID
                             "\n  + mail: a@globex.example\n  + objectClass: dirsyncStamp\n"
                             "  + proxyAddresses: SMTP:a@globex.example\n"
                             "  + targetAddress: SMTP:a@globex.example\n",
                  .writes = 1, .counts = "1 modified", .events = "adopted")}},
    {"namesakes: of the same surname probable, of another one nobody",
     {.source = PERSON("a1", "Ann X", "a@globex.example", ""),
      .home = "dn: cn=1," PEOPLE "\nobjectClass: inetOrgPerson\ncn: 1\ndisplayName: ann  x\nsn: X\n\n"
              "dn: cn=2," PEOPLE "\nobjectClass: inetOrgPerson\ncn: 2\ndisplayName: Ann X\nsn: y\n\n"},
     {SYNC_CALLED(MIGRATE, .matches = "a1 probable skip: cn=1," PEOPLE " (name and surname Ann X)\n")}},
    {"the definition's joins come first, exact or as it says",
     {.source = PERSON("a1", "Ann", "a@globex.example", "employeeNumber: 7\n")
          PERSON("b1", "Bob", "b@globex.example", "title: blue\n"),
      .import = "<join source=\"employeeNumber\" home=\"employeeNumber\"/>"
                "<join source=\"title\" home=\"title\" confidence=\"probable\"/>",
      .home = USER("1", "x", "employeeNumber: 7\n") USER("2", "y", "title: Blue\n")},
     {SYNC_CALLED(HOW(.migrate = true, .exact = "skip"),
                  .matches = "a1 exact skip: cn=1," PEOPLE
                             " (join employeeNumber=employeeNumber 7; employee number 7)\n"
                             "b1 probable skip: cn=2," PEOPLE " (join title=title blue)\n")}},
    {"a join that is only probable adopts nobody in a sync",
     {.source = BOB,
      .home = "dn: cn=2," PEOPLE "\nobjectClass: top\nobjectClass: contact\ncn: 2\nuid: b1\n"
              "objectClass: uidObject\n\n",
      .import = "<join source=\"uid\" home=\"uid\" confidence=\"probable\"/><adopt/>"},
     {SYNC(.changes = NEW("b1", "Bob", "bob@globex.example"), .writes = 1, .counts = "1 created")}},

    /* --- who is not to be had --- */
    {"several recipients: all are named, with what speaks for them, and nothing is done",
     {.source = PERSON("a1", "Ann", "ann@globex.example", "mail: two@globex.example\n"),
      .home = BY_HAND "dn: cn=Two," PEOPLE "\nobjectClass: top\nobjectClass: contact\ncn: Two\n"
                      "mail: two@globex.example\n\n"},
     {SYNC_CALLED(MIGRATE, .matches = "a1 ambiguous skip: " HAND_ANN
                                      " (primary address ann@globex.example), cn=Two," PEOPLE
                                      " (address smtp:two@globex.example); 2 recipients match\n")}},
    {"a sure match counts more than one that may be wrong",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = PERSON("ash2", "Ann", "ann@globex.example", ""),
      .home = BY_HAND USER("Else", "ash2", "")},
     {SYNC_CALLED(HOW(.migrate = true, .exact = "skip"),
                  .matches = "ash2 exact skip: " HAND_ANN
                             " (primary address ann@globex.example), cn=Else," PEOPLE " (alias ash2)\n")}},
    {"two of the source are one recipient: neither gets it",
     {.source =
          PERSON("a1", "Ann", "ann@globex.example", "") PERSON("b1", "Bob", "ann.old@globex.example", ""),
      .home = BY_HAND},
     {SYNC_CALLED(
         MIGRATE,
         .matches =
             "a1 ambiguous skip: " HAND_ANN " (primary address ann@globex.example); 2 entries of the "
             "source match " HAND_ANN "\nb1 ambiguous skip: " HAND_ANN
             " (primary address ann.old@globex.example); 2 entries of the source match " HAND_ANN "\n")}},
    {"who is somebody else for sure is nobody's namesake",
     {.source = PERSON("a1", "Ann", "ann@globex.example", "") PERSON("ash", "Bob", "b@globex.example", ""),
      .home = BY_HAND},
     {SYNC_CALLED(HOW(.migrate = true, .exact = "skip", .none = "skip"),
                  .matches = "a1 exact skip: " HAND_ANN " (primary address ann@globex.example)\n"
                             "ash none skip: " HAND_ANN " (alias ash); " HAND_ANN
                             " is somebody else of the source for sure\n")}},
    {"another connector's object is never touched",
     {.source = ANN,
      .home = "dn: cn=Theirs," PEOPLE "\nobjectClass: contact\nobjectClass: dirsyncStamp\n"
              "cn: Theirs\nmail: ann@globex.example\nimportedFrom: " OTHER_UUID "\ndirsyncAnchor: a1\n\n"},
     {SYNC_CALLED(MIGRATE, .matches = "a1 ambiguous skip: cn=Theirs," PEOPLE
                                      " (primary address ann@globex.example); it is another connector's, "
                                      "which alone may change it\n")}},
    {"who is ours under another anchor is not taken for somebody new",
     {.source = PERSON("a2", "Ann", "ann@globex.example", ""),
      .home = CONTACT("a1", "Ann", "ann@globex.example", "")},
     {SYNC_CALLED(MIGRATE, .counts = "1 unchanged",
                  .matches =
                      "a2 ambiguous skip: cn=Ann,ou=in,o=acme (primary address ann@globex.example); it "
                      "is ours already, for the anchor a1\n")}},
    {"nobody is called missing, and who cannot be imported is told",
     {.source = PERSON("b1", "Bob", "bob@ACME.example", ""),
      .home = CONTACT("a1", "Ann", "ann@globex.example", "")},
     {SYNC_CALLED(MIGRATE, .counts = "1 unchanged", .events = "out-of-scope",
                  .matches = "b1 unfit skip; its address lies in one of our own domains\n")}},
    {"nobody new is made when that is chosen",
     {.source = ANN},
     {SYNC_CALLED(HOW(.migrate = true, .none = "skip"), .matches = "a1 none skip\n")}},

    /* --- ours --- */
    {"ours: a contact becomes an account; then it stays one",
     {GROUPS, ACCOUNTS, .limits = "delete=\"none\"", .source = ANN,
      .home = "dn: cn=Ann,ou=in,o=acme\nobjectClass: top\nobjectClass: contact\nobjectClass: dirsyncStamp\n"
              "cn: Ann\nimportedFrom: " CASE_UUID "\ndirsyncAnchor: a1\nmail: ann@globex.example\n"
              "targetAddress: SMTP:ann@globex.example\nproxyAddresses: SMTP:ann@globex.example\n"
              "legacyExchangeDN: /o=acme/cn=ash\nmailNickname: ash\n\n"},
     {SYNC_CALLED(MIGRATE,
                  .changes =
                      "- cn=Ann,ou=in,o=acme\n+ cn=Ann,ou=in,o=acme\n  cn: Ann\n  dirsyncAnchor: a1\n"
                      "  importedFrom: " CASE_UUID "\n  legacyExchangeDN: /o=acme/cn=ash\n"
                      "  mail: ann@globex.example\n  mailNickname: ash\n  objectClass: dirsyncStamp\n"
                      "  objectClass: inetOrgPerson\n  objectClass: mailRecipient\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:ann@globex.example\n"
                      "  proxyAddresses: x500:/o=acme/cn=ash\n"
                      "  pwdAccountLockedTime: 000001010000Z\n  sn: x\n"
                      "  targetAddress: SMTP:ann@globex.example\n  uid: a1\n",
                  .writes = 2, .counts = "1 created, 1 deleted", .events = "kind-changed",
                  .matches = "a1 ours convert\n")}},
    {"ours: an account does not become a contact",
     {GROUPS, ACCOUNTS, .source = ANN},
     {SYNC_CALLED(MIGRATE, .writes = 1, .counts = "1 created",
                  .changes =
                      "+ cn=Ann,ou=in,o=acme\n  cn: Ann\n  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID
                      "\n  mail: ann@globex.example\n  mailNickname: a1\n  objectClass: dirsyncStamp\n"
                      "  objectClass: inetOrgPerson\n  objectClass: mailRecipient\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:ann@globex.example\n"
                      "  pwdAccountLockedTime: 000001010000Z\n  sn: x\n"
                      "  targetAddress: SMTP:ann@globex.example\n  uid: a1\n"),
      KINDS_ARE("people=\"contact\""),
      SYNC_CALLED(HOW(.migrate = true, .full = true), .counts = "1 unchanged",
                  .matches = "a1 ours skip; it is an account, and accounts are never deleted\n")}},
    {"addresses that the source gives no more stay where the definition says so",
     {.import_kinds = "keep-addresses=\"yes\"",
      .source = PERSON("a1", "Ann", "ann@globex.example", "mail: old@globex.example\n")},
     {SYNC(.changes = "+ cn=Ann,ou=in,o=acme\n  cn: Ann\n  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID
                      "\n  mail: ann@globex.example\n  mailNickname: a1\n  objectClass: contact\n"
                      "  objectClass: dirsyncStamp\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:ann@globex.example\n  proxyAddresses: smtp:old@globex.example\n"
                      "  targetAddress: SMTP:ann@globex.example\n",
           .writes = 1, .counts = "1 created"),
      SOURCE_IS(PERSON("a1", "Ann", "ann.ash@globex.example", "")),
      SYNC(.changes = "* cn=Ann,ou=in,o=acme\n  - mail: ann@globex.example\n"
                      "  - proxyAddresses: SMTP:ann@globex.example\n"
                      "  - targetAddress: SMTP:ann@globex.example\n  + mail: ann.ash@globex.example\n"
                      "  + proxyAddresses: SMTP:ann.ash@globex.example\n"
                      "  + proxyAddresses: smtp:ann@globex.example\n"
                      "  + targetAddress: SMTP:ann.ash@globex.example\n",
           .writes = 1, .counts = "1 modified")}},

    {"two people swap their names, and keep their former addresses",
     {.import_kinds = "keep-addresses=\"yes\"",
      .source = PERSON("a1", "Ann", "ann@globex.example", "mail: old@globex.example\n")
          PERSON("b1", "Bob", "bob@globex.example", "")},
     {SYNC(.changes = MADE("a1", "Ann", "ann", "  proxyAddresses: smtp:old@globex.example\n")
               MADE("b1", "Bob", "bob", ""),
           .writes = 2, .counts = "2 created"),
      SOURCE_IS(PERSON("a1", "Bob", "ann@globex.example", "") PERSON("b1", "Ann", "bob@globex.example", "")),
      SYNC(.changes = "> cn=Bob,ou=in,o=acme\n  to cn=Ann,ou=in,o=acme\n  - cn: Bob\n  + cn: Ann\n"
                      "> cn=Ann,ou=in,o=acme\n  to cn=Bob,ou=in,o=acme\n  - cn: Ann\n  + cn: Bob\n",
           .writes = 3, .counts = "2 renamed")}},
    {"two people want each other's address, and former ones are kept",
     {.import_kinds = "keep-addresses=\"yes\"",
      .source = PERSON("a1", "Ann", "ann@globex.example", "") PERSON("b1", "Bob", "bob@globex.example", "")},
     {SYNC(.changes = MADE("a1", "Ann", "ann", "") MADE("b1", "Bob", "bob", ""), .writes = 2,
           .counts = "2 created"),
      SOURCE_IS(PERSON("a1", "Ann", "bob@globex.example", "") PERSON("b1", "Bob", "ann@globex.example", "")),
      SYNC(.counts = "2 unchanged, 2 quarantined", .events = "conflict*2", .status = 3,
           .quarantine = "a1: *b1: *")}},

    /* --- the address step --- */
    {"who was converted gets the addresses that are missing, and keeps what there was",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = ANN, .home = BY_HAND, .addresses = "", .natives = "",
      .policies = "<policies><policy name=\"All\" priority=\"1\"><address template=\"NOTES:&amp;d/Acme@Ex\"/>"
                  "</policy></policies>"},
     {SYNC_CALLED(MIGRATE, .writes = 3, .counts = "1 created, 1 deleted", .addressed = "1 modified",
                  .changes = "- " HAND_ANN "\n+ " HAND_ANN "\n  cn: Ann Hand\n  dirsyncAnchor: a1\n"
                             "  importedFrom: " CASE_UUID "\n  legacyExchangeDN: /o=acme/cn=ash\n"
                             "  mail: ann@globex.example\n  mailNickname: ash\n"
                             "  objectClass: dirsyncStamp\n  objectClass: inetOrgPerson\n"
                             "  objectClass: mailRecipient\n  objectClass: top\n"
                             "  proxyAddresses: NOTES:Ann Hand/Acme@Ex\n"
                             "  proxyAddresses: SMTP:ann@globex.example\n"
                             "  proxyAddresses: smtp:ann.old@globex.example\n"
                             "  proxyAddresses: x400:c=DE;s=Ash\n  proxyAddresses: x500:/o=acme/cn=ash\n"
                             "  pwdAccountLockedTime: 000001010000Z\n  sn: x\n"
                             "  targetAddress: SMTP:ann@globex.example\n  uid: a1\n",
                  .events = "adopted kind-changed")}},

    /* --- batches --- */
    {"a run stops after so many people; the next goes on; groups come with the last",
     {GROUPS, NO_LIMITS, .source = GROUP("g1", "Team", IN("a1") IN("b1") IN("c1")) ANN BOB CYD},
     {SYNC_CALLED(HOW(.migrate = true, .batch = 2), .restless = true, .unlike_stateless = true, .writes = 2,
                  .changes = NEW("a1", "Ann", "ann@globex.example") NEW("b1", "Bob", "bob@globex.example"),
                  .counts = "2 created",
                  .matches = "a1 none create\nb1 none create\nc1 none create\ng1 none create\n"),
      SYNC_CALLED(HOW(.migrate = true, .batch = 2), .writes = 2,
                  .changes = NEW("c1", "Cyd", "cyd@globex.example")
                      GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob") HAS("Cyd")),
                  .counts = "2 created, 2 unchanged")}},
    {"conversions one at a time, each with its groups",
     {GROUPS, ACCOUNTS, NO_LIMITS, .source = ANN BOB,
      .home = BY_HAND "dn: cn=Bo," PEOPLE "\nobjectClass: top\nobjectClass: contact\ncn: Bo\n"
                      "mail: bob@globex.example\n\n" THEIR_GROUP("member: o=acme\nmember: " HAND_ANN
                                                                 "\nmember: cn=Bo," PEOPLE "\n")},
     {SYNC_CALLED(HOW(.migrate = true, .batch = 1), .restless = true, .unlike_stateless = true, .writes = 4,
                  .changes = CONVERTED, .counts = "1 created, 1 deleted", .events = "adopted kind-changed"),
      SYNC_CALLED(HOW(.migrate = true, .batch = 1), .writes = 4,
                  .changes = "- cn=Bo," PEOPLE "\n+ cn=Bo," PEOPLE "\n  cn: Bo\n  dirsyncAnchor: b1\n"
                             "  importedFrom: " CASE_UUID "\n  mail: bob@globex.example\n  mailNickname: b1\n"
                             "  objectClass: dirsyncStamp\n  objectClass: inetOrgPerson\n"
                             "  objectClass: mailRecipient\n  objectClass: top\n"
                             "  proxyAddresses: SMTP:bob@globex.example\n"
                             "  pwdAccountLockedTime: 000001010000Z\n  sn: x\n"
                             "  targetAddress: SMTP:bob@globex.example\n  uid: b1\n",
                  .counts = "1 created, 1 deleted, 1 unchanged", .events = "adopted kind-changed")}},
};

int main(void)
{
    return case_run_tables("migrate", cases, G_N_ELEMENTS(cases), NULL, 0);
}

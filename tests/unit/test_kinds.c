/*
 * test_kinds.c - objects that should be of another kind
 *
 * A structural class cannot be changed in place: the object is deleted and made
 * again, in one run, and what others know of it goes over: memberships, alias,
 * addresses of other systems.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

#define GROUPS .kinds = "groups=\"group\" resources=\"no\""
#define ACCOUNTS "people=\"disabled-user\""
#define NO_LIMITS "delete=\"none\" members=\"none\" native=\"none\""
#define ANN PERSON("a1", "Ann", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob", "bob@globex.example", "")
#define HOME_ANN "cn=Ann,ou=in,o=acme"
#define THEIR_GROUP(members)                                                                                 \
    "dn: cn=Theirs,ou=people,o=acme\nobjectClass: groupOfNames\ncn: Theirs\n" members "\n"

/* Ann as a contact that has come to be known: an alias, addresses of others. */
#define KNOWN_ANN                                                                                            \
    "dn: " HOME_ANN "\nobjectClass: top\nobjectClass: contact\nobjectClass: dirsyncStamp\ncn: Ann\n"         \
    "importedFrom: " CASE_UUID "\ndirsyncAnchor: a1\nmail: ann@globex.example\n"                             \
    "targetAddress: SMTP:ann@globex.example\nproxyAddresses: SMTP:ann@globex.example\n"                      \
    "proxyAddresses: x400:c=DE;s=Ash\nmailNickname: ash\nlegacyExchangeDN: /o=acme/cn=ash\n\n"
#define ACCOUNT_ANN                                                                                          \
    "+ " HOME_ANN "\n  cn: Ann\n  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID                             \
    "\n  legacyExchangeDN: /o=acme/cn=ash\n  mail: ann@globex.example\n  mailNickname: ash\n"                \
    "  objectClass: dirsyncStamp\n  objectClass: inetOrgPerson\n  objectClass: mailRecipient\n"              \
    "  objectClass: top\n  proxyAddresses: SMTP:ann@globex.example\n  proxyAddresses: x400:c=DE;s=Ash\n"     \
    "  pwdAccountLockedTime: 000001010000Z\n  sn: x\n  targetAddress: SMTP:ann@globex.example\n  uid: a1\n"
#define CONTACT_ANN                                                                                          \
    "+ " HOME_ANN "\n  cn: Ann\n  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID                             \
    "\n  legacyExchangeDN: /o=acme/cn=ash\n  mail: ann@globex.example\n  mailNickname: ash\n"                \
    "  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n"                              \
    "  proxyAddresses: SMTP:ann@globex.example\n  proxyAddresses: x400:c=DE;s=Ash\n"                         \
    "  targetAddress: SMTP:ann@globex.example\n"
#define ANN_LIST(more)                                                                                       \
    "+ " HOME_ANN "\n  cn: Ann\n  description: a list\n  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID      \
    "\n  legacyExchangeDN: /o=acme/cn=ash\n  mail: ann@globex.example\n  mailNickname: ash\n" more           \
    "  objectClass: dirsyncStamp\n  objectClass: group\n  objectClass: top\n"                                \
    "  proxyAddresses: SMTP:ann@globex.example\n  proxyAddresses: x400:c=DE;s=Ash\n"

static const PassCase cases[] = {
    {"a contact becomes an account and a contact again, with what others know of it",
     {GROUPS, .home = KNOWN_ANN, .source = ANN},
     {SYNC(.counts = "1 unchanged"), KINDS_ARE(ACCOUNTS),
      SYNC(.changes = "- " HOME_ANN "\n" ACCOUNT_ANN, .writes = 2, .counts = "1 created, 1 deleted",
           .events = "kind-changed"),
      SYNC(.counts = "1 unchanged"), KINDS_ARE(""),
      SYNC(.changes = "- " HOME_ANN "\n" CONTACT_ANN, .writes = 2, .counts = "1 created, 1 deleted",
           .events = "kind-changed")}},
    {"memberships go over, in groups of ours and of others",
     {GROUPS, .limits = NO_LIMITS, .home = KNOWN_ANN THEIR_GROUP("member: o=acme\nmember: " HOME_ANN "\n"),
      .source = ANN GROUP("g1", "Team", IN("a1"))},
     {SYNC(.changes = GROUP_CREATED("g1", "Team", HAS("Ann")), .writes = 1,
           .counts = "1 created, 1 unchanged"),
      KINDS_ARE(ACCOUNTS),
      SYNC(.changes = "- " HOME_ANN "\n" ACCOUNT_ANN, .writes = 6,
           .counts = "1 created, 1 modified, 1 deleted", .events = "kind-changed")}},
    {"the only member of a group that must have one: the name is there again soon",
     {GROUPS, .home = KNOWN_ANN THEIR_GROUP("member: " HOME_ANN "\n"), .source = ANN,
      .import_kinds = ACCOUNTS},
     {SYNC(.changes = "- " HOME_ANN "\n" ACCOUNT_ANN, .writes = 2, .counts = "1 created, 1 deleted",
           .events = "kind-changed")}},
    {"a person becomes a group with members, and stays in its groups",
     {GROUPS, .limits = NO_LIMITS, .home = KNOWN_ANN THEIR_GROUP("member: o=acme\nmember: " HOME_ANN "\n"),
      .source = ANN BOB GROUP("g1", "Team", IN("a1"))},
     {SYNC(.changes = CREATED("b1", "Bob", "bob@globex.example", "") GROUP_CREATED("g1", "Team", HAS("Ann")),
           .writes = 2, .counts = "2 created, 1 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann", "ann@globex.example", "description: a list\nmember: uid=b1,o=globex\n")
                    BOB GROUP("g1", "Team", IN("a1"))),
      SYNC(.changes = "- " HOME_ANN "\n" ANN_LIST("  member: cn=Bob,ou=in,o=acme\n"), .writes = 6,
           .counts = "1 created, 1 deleted, 2 unchanged", .events = "kind-changed")}},
    {"it counts under the limits as deleted",
     {GROUPS, .limits = "delete=\"0\"", .home = KNOWN_ANN, .source = ANN, .import_kinds = ACCOUNTS},
     {SYNC(.status = 4, .error = "import: limit \"delete\": 1 *", .events = "run-limit kind-changed")}},
    {"after a read that was not whole nothing happens",
     {GROUPS, .home = KNOWN_ANN, .file = "count-trailer=\"count\"", .filter = "",
      .source = ANN "# count: 9\n", .import_kinds = ACCOUNTS},
     {SYNC(.counts = "1 unchanged", .events = "source-partial", .status = 3), SOURCE_IS(ANN "# count: 1\n"),
      SYNC(.changes = "- " HOME_ANN "\n" ACCOUNT_ANN, .writes = 2, .counts = "1 created, 1 deleted",
           .events = "kind-changed")}},
};

int main(void)
{
    return case_run_tables("kinds", cases, G_N_ELEMENTS(cases), NULL, 0);
}

/*
 * test_audit.c - each kind of finding: what makes it, and what does not
 *
 * A case is both directories, perhaps a sync and what somebody did afterwards, and the findings of
 * one kind that an audit has then: "DN[, DN]: evidence", sorted, '*' for anything. The last test of the table
 * sees to it that every kind has a case with findings and one without.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/audit.h"
#include "dirsync/interrupt.h"
#include "proxygen/registrar.h"

#include "pass_case.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEOPLE ",ou=people,o=acme"
#define N(cn, more)                                                                                          \
    "dn: cn=" cn PEOPLE "\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\ncn: " cn "\nsn: x\n" more \
    "\n"
#define C(cn, more) "dn: cn=" cn PEOPLE "\nobjectClass: top\nobjectClass: contact\ncn: " cn "\n" more "\n"
#define G(cn, more)                                                                                          \
    "dn: cn=" cn PEOPLE "\nobjectClass: group\nobjectClass: mailRecipient\ncn: " cn "\n" more "\n"
#define MEMBER(cn) "member: cn=" cn PEOPLE "\n"
#define PROXY(address) "proxyAddresses: " address "\n"
#define TARGET_IS(address) "targetAddress: " address "\n"
#define MAIL(address) "mail: " address "\n"
#define LEGACY(cn) "legacyExchangeDN: /o=Acme/cn=" cn "\n"
/* A contact of some connector. */
#define OF(uuid, cn, more)                                                                                   \
    "dn: cn=" cn ",ou=in,o=acme\nobjectClass: top\nobjectClass: contact\nobjectClass: dirsyncStamp\ncn: " cn \
    "\nimportedFrom: " uuid "\ndirsyncAnchor: " cn "\n" more "\n"
#define UNKNOWN_UUID "11111111-2222-4333-8444-555555555555"
#define TEN(x) x x x x x x x x x x
#define LONG_NAME TEN(TEN("abc")) /* 300 letters */
#define NOTES_TYPE(attributes) "<address-types><address-type type=\"NOTES\"" attributes "/></address-types>"
#define PLACE "cn=acme,cn=dirsync,o=acme"
#define CONFIGURATION "<configuration dn=\"" PLACE "\"/>"
#define CONTAINER(dn, cn) "dn: " dn "\nobjectClass: container\ncn: " cn "\n\n"
/* %cpu is this processor; the version is eight bytes in base 64. */
#define REGISTERED(version)                                                                                  \
    CONTAINER("cn=dirsync,o=acme", "dirsync")                                                                \
    CONTAINER(PLACE, "acme")                                                                                 \
    CONTAINER("CN=Addressing," PLACE, "Addressing")                                                          \
    CONTAINER("CN=Address-Types,CN=Addressing," PLACE, "Address-Types")                                      \
    "dn: CN=NOTES:%cpu,CN=Address-Types,CN=Addressing," PLACE                                                \
    "\nobjectClass: addrType\ncn: NOTES:%cpu\nproxyGeneratorDLL: simple.so\nfileVersion:: " version "\n\n"
#define OLD_VERSION "AAAAAAAAAAA="
#define NEW_VERSION "AAAAAAAA/38="
#define ANN PERSON("a1", "Ann", "ann@globex.example", "title: Boss\n")
#define LISTS_AS_CONTACTS                                                                                    \
    .kinds = "resources=\"no\"", .import_kinds = "groups=\"contact\"", .exported_too = "groups=\"no\"",      \
    .export = FROM_PEOPLE
#define TELL(...)                                                                                            \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

typedef struct {
    const char *name;
    AuditKind kind;
    CaseStart start;
    const char *found;       /* "": none */
    bool synced;             /* a sync goes before... */
    const char *home_edited; /* ... and then somebody does this */
    const char *foreign_edited;
    bool another; /* there is a second connector, of OTHER_UUID */
} AuditCase;

static const AuditCase cases[] = {
    {.name = "one address, in capitals here and as a secondary one there",
     .kind = AUDIT_DUPLICATE_ADDRESS,
     .start = TELL(.source = "",
                   .home = N("Ann", PROXY("SMTP:A@Acme.example")) N("Bob", PROXY("smtp:a@acme.EXAMPLE"))),
     .found = "cn=Ann" PEOPLE ", cn=Bob" PEOPLE ": 2 objects have SMTP:A@Acme.example\n"},
    {.name = "an address of any type, natives and contacts",
     .kind = AUDIT_DUPLICATE_ADDRESS,
     .start = TELL(.source = ANN, .home = N("Ann", PROXY("NOTES:Ann/Acme@Ex"))
                                      OF(CASE_UUID, "Zoe", PROXY("notes:ann/acme@ex"))),
     .found = "cn=Ann" PEOPLE ", cn=Zoe,ou=in,o=acme: 2 objects have NOTES:Ann/Acme@Ex\n"},
    {.name = "the mail of one is an address of another",
     .kind = AUDIT_DUPLICATE_ADDRESS,
     .start =
         TELL(.source = "", .home = N("Ann", MAIL("a@acme.example")) N("Bob", PROXY("smtp:a@acme.example"))),
     .found = "cn=Ann" PEOPLE ", cn=Bob" PEOPLE ": 2 objects have SMTP:a@acme.example\n"},
    {.name = "mail and its own primary address are one address of one object",
     .kind = AUDIT_DUPLICATE_ADDRESS,
     .start = TELL(.source = "", .home = N("Ann", MAIL("a@acme.example") PROXY("SMTP:a@acme.example"))
                                     N("Bob", MAIL("b@acme.example") PROXY("SMTP:b@acme.example"))
                                         C("Cat", TARGET_IS("SMTP:a@acme.example"))),
     .found = ""},

    {.name = "two primary addresses",
     .kind = AUDIT_PRIMARY_SEVERAL,
     .start = TELL(.source = "", .home = N("Ann", PROXY("SMTP:a@acme.example") PROXY("SMTP:b@acme.example"))),
     .found = "cn=Ann" PEOPLE ": 2 primary addresses of type SMTP\n"},
    {.name = "one of each type",
     .kind = AUDIT_PRIMARY_SEVERAL,
     .start = TELL(.source = "", .home = N("Ann", PROXY("SMTP:a@acme.example") PROXY("smtp:b@acme.example")
                                                      PROXY("NOTES:A/B@C"))),
     .found = ""},

    {.name = "secondary addresses alone",
     .kind = AUDIT_PRIMARY_MISSING,
     .start = TELL(.source = "", .home = N("Ann", PROXY("smtp:a@acme.example") PROXY("smtp:b@acme.example"))),
     .found = "cn=Ann" PEOPLE ": 2 secondary and no primary address of type SMTP\n"},
    {.name = "old names are no primary addresses",
     .kind = AUDIT_PRIMARY_MISSING,
     .start = TELL(.source = "", .home = N("Ann", PROXY("SMTP:a@acme.example") PROXY("x500:/o=Old/cn=ann"))),
     .found = ""},

    {.name = "mail is a secondary address",
     .kind = AUDIT_MAIL_NOT_PRIMARY,
     .start = TELL(.source = "", .home = N("Ann", MAIL("b@acme.example") PROXY("SMTP:a@acme.example")
                                                      PROXY("smtp:b@acme.example"))),
     .found = "cn=Ann" PEOPLE ": mail is b@acme.example, the primary address is SMTP:a@acme.example\n"},
    {.name = "no primary SMTP address at all",
     .kind = AUDIT_MAIL_NOT_PRIMARY,
     .start = TELL(.source = "", .home = N("Ann", MAIL("b@acme.example") PROXY("NOTES:A/B@C"))),
     .found = "cn=Ann" PEOPLE ": mail is b@acme.example, and proxyAddresses has no primary SMTP address\n"},
    {.name = "mail in other letters, and mail without proxyAddresses",
     .kind = AUDIT_MAIL_NOT_PRIMARY,
     .start = TELL(.source = "", .home = N("Ann", MAIL("A@ACME.example") PROXY("SMTP:a@acme.example"))
                                     N("Bob", MAIL("b@acme.example"))),
     .found = ""},

    {.name = "addresses that are none of their type",
     .kind = AUDIT_INVALID_ADDRESS,
     .start = TELL(.source = "", .home = N("Ann", PROXY("SMTP:nowhere")) N("Bob", PROXY("just text"))
                                     N("Cat", MAIL("cat")) C("Dan", TARGET_IS("SMTP:@"))),
     .found = "cn=Ann" PEOPLE ": *nowhere*\ncn=Bob" PEOPLE ": no type stands in front of it, as in SMTP:\n"
              "cn=Cat" PEOPLE ": *cat*\ncn=Dan" PEOPLE ": *\n"},
    {.name = "good ones of several types",
     .kind = AUDIT_INVALID_ADDRESS,
     .start = TELL(.source = "", .home = N("Ann", MAIL("a@acme.example") PROXY("SMTP:a@acme.example")
                                                      PROXY("NOTES:Ann/Acme@Ex") PROXY("MS:NET/PO/ANN")
                                                          PROXY("X400:c=de;a= ;p=acme;o=ex;s=Ash;")
                                                              PROXY("x500:/o=Old/cn=ann"))),
     .found = ""},

    {.name = "a type that no definition names",
     .kind = AUDIT_TYPE_UNREGISTERED,
     .start =
         TELL(.source = "", .home = N("Ann", PROXY("SMTP:a@acme.example") PROXY("FOO:bar") PROXY("foo:baz"))),
     .found = "cn=Ann" PEOPLE ": 1 object has addresses of type FOO, which nobody has registered\n"},
    {.name = "a type that is defined and not registered, where there is a container for that",
     .kind = AUDIT_TYPE_UNREGISTERED,
     .start =
         TELL(.source = "",
              .home = REGISTERED(OLD_VERSION) N("Ann", PROXY("MS:NET/PO/ANN") PROXY("NOTES:Ann/Acme@Ex")),
              .policies = CONFIGURATION),
     .found = "cn=Ann" PEOPLE ": 1 object has addresses of type MS, which nobody has registered\n"},
    {.name = "a type of the definitions, where nothing can be registered",
     .kind = AUDIT_TYPE_UNREGISTERED,
     .start = TELL(.source = "",
                   .home = N("Ann", PROXY("SMTP:a@acme.example") PROXY("NOTES:Ann/Acme@Ex")
                                        PROXY("x500:/o=Old/cn=ann")),
                   .addresses = "type=\"NOTES\""),
     .found = ""},

    {.name = "the file of a generator is not there",
     .kind = AUDIT_GENERATOR_MISSING,
     .start = TELL(.source = "", .addresses = "type=\"NOTES\"",
                   .policies = NOTES_TYPE(" generator=\"not-there.so\"")),
     .found = "NOTES: no addresses of this type can be made here: *not-there.so*\n"},
    {.name = "the generator that ships",
     .kind = AUDIT_GENERATOR_MISSING,
     .start = TELL(.source = "", .addresses = "type=\"NOTES\"", .policies = NOTES_TYPE("")),
     .found = ""},
    {.name = "nobody makes addresses of the type",
     .kind = AUDIT_GENERATOR_MISSING,
     .start = TELL(.source = "", .policies = NOTES_TYPE(" generator=\"not-there.so\"")),
     .found = ""},

    {.name = "a newer version is registered than the file here has",
     .kind = AUDIT_GENERATOR_OLDER,
     .start = TELL(.source = "", .home = REGISTERED(NEW_VERSION), .addresses = "type=\"NOTES\"",
                   .policies = CONFIGURATION),
     .found = "CN=NOTES:*: NOTES: simple.so is registered with version *\n"},
    {.name = "an older version is registered",
     .kind = AUDIT_GENERATOR_OLDER,
     .start = TELL(.source = "", .home = REGISTERED(OLD_VERSION), .addresses = "type=\"NOTES\"",
                   .policies = CONFIGURATION),
     .found = ""},

    {.name = "an address of ours that nobody has, and a type without a way",
     .kind = AUDIT_TARGET_NOWHERE,
     .start = TELL(.source = "",
                   .home = C("Ann", TARGET_IS("SMTP:gone@acme.example")) C("Bob", TARGET_IS("FOO:bar"))),
     .found =
         "cn=Ann" PEOPLE ": SMTP:gone@acme.example lies in one of our domains, and nobody has it\n"
         "cn=Bob" PEOPLE ": FOO:bar is of a type for which no connector is defined and none registered\n"},
    {.name = "out of the house, to somebody here, and by a connector",
     .kind = AUDIT_TARGET_NOWHERE,
     .start = TELL(.source = "",
                   .home = C("Ann", TARGET_IS("SMTP:ann@globex.example"))
                       C("Bob", TARGET_IS("SMTP:cat@acme.example")) N("Cat", PROXY("smtp:cat@acme.example"))
                           C("Dan", TARGET_IS("NOTES:Dan/Globex@Notes")),
                   .addresses = "type=\"NOTES\""),
     .found = ""},

    {.name = "round in a circle, and to itself",
     .kind = AUDIT_TARGET_LOOP,
     .start = TELL(.source = "",
                   .home = N("Ann", PROXY("SMTP:ann@acme.example") TARGET_IS("SMTP:bob@globex.example"))
                       N("Bob", PROXY("SMTP:bob@globex.example") TARGET_IS("SMTP:cat@acme.example"))
                           N("Cat", PROXY("SMTP:cat@acme.example") TARGET_IS("smtp:ANN@acme.example"))
                               N("Dan", PROXY("SMTP:dan@acme.example") TARGET_IS("SMTP:dan@acme.example"))),
     .found = "cn=Ann" PEOPLE ", cn=Bob" PEOPLE ", cn=Cat" PEOPLE
              ": mail goes to SMTP:bob@globex.example, then to "
              "SMTP:cat@acme.example, then to smtp:ANN@acme.example, and is where it began\n"
              "cn=Dan" PEOPLE ": mail goes to SMTP:dan@acme.example, and is where it began\n"},
    {.name = "a chain that leads out, and a contact whose own address is outside",
     .kind = AUDIT_TARGET_LOOP,
     .start = TELL(.source = "",
                   .home = N("Ann", PROXY("SMTP:ann@acme.example") TARGET_IS("SMTP:bob@acme.example"))
                       N("Bob", PROXY("SMTP:bob@acme.example") TARGET_IS("SMTP:cat@globex.example"))
                           C("Cat", PROXY("SMTP:cat@globex.example") TARGET_IS("SMTP:cat@globex.example"))),
     .found = ""},

    {.name = "the same name twice, and as the old name of another",
     .kind = AUDIT_LEGACY_DUPLICATE,
     .start = TELL(.source = "", .home = N("Ann", MAIL("a@acme.example") LEGACY("ann"))
                                     N("Bob", MAIL("b@acme.example") LEGACY("ANN")) N(
                                         "Cat", MAIL("c@acme.example") LEGACY("cat"))
                                         N("Dan", PROXY("SMTP:d@acme.example") PROXY("x500:/o=acme/cn=cat"))),
     .found = "cn=Ann" PEOPLE ", cn=Bob" PEOPLE ": 2 objects have X500:/o=Acme/cn=ann\n"
              "cn=Cat" PEOPLE ", cn=Dan" PEOPLE ": 2 objects have X500:/o=Acme/cn=cat\n"},
    {.name = "one's own old name is no other",
     .kind = AUDIT_LEGACY_DUPLICATE,
     .start = TELL(.source = "",
                   .home = N("Ann", PROXY("SMTP:a@acme.example") PROXY("x500:/o=acme/cn=ann") LEGACY("ann"))
                       N("Bob", MAIL("b@acme.example") LEGACY("bob"))),
     .found = ""},
    {.name = "some have one",
     .kind = AUDIT_LEGACY_MISSING,
     .start = TELL(.source = "", .home = N("Ann", MAIL("a@acme.example") LEGACY("ann"))
                                     N("Bob", PROXY("SMTP:b@acme.example"))),
     .found = "cn=Bob" PEOPLE ": it has addresses and no legacyExchangeDN, as others have\n"},
    {.name = "nobody has one",
     .kind = AUDIT_LEGACY_MISSING,
     .start = TELL(.source = "",
                   .home = N("Ann", PROXY("SMTP:a@acme.example")) N("Bob", PROXY("SMTP:b@acme.example"))),
     .found = ""},

    {.name = "an account and an imported contact of one address, and a native's contact",
     .kind = AUDIT_LOCAL_AND_CONTACT,
     .start = TELL(.source = ANN,
                   .home = N("Ann", PROXY("SMTP:a@acme.example") TARGET_IS("SMTP:a@globex.example"))
                       OF(CASE_UUID, "Ann Ash", PROXY("SMTP:a@globex.example")) N(
                           "Bob", PROXY("SMTP:b@acme.example")) C("Bob B", TARGET_IS("smtp:b@acme.example"))),
     .found = "cn=Ann" PEOPLE ", cn=Ann Ash,ou=in,o=acme: both have SMTP:a@globex.example\n"
              "cn=Bob" PEOPLE ", cn=Bob B" PEOPLE ": both have SMTP:b@acme.example\n"},
    {.name = "they match by an attribute by which the connector joins",
     .kind = AUDIT_LOCAL_AND_CONTACT,
     .start = TELL(.source = ANN, .import = "<join source=\"uid\" home=\"employeeNumber\"/>",
                   .home = N("Ann", MAIL("a@acme.example") "employeeNumber: 7\n")
                       OF(CASE_UUID, "Ann Ash", "employeeNumber: 7\n" MAIL("a@globex.example"))),
     .found = "cn=Ann" PEOPLE
              ", cn=Ann Ash,ou=in,o=acme: an attribute by which connectors join has the same value in "
              "both\n"},
    {.name = "one that is in grace, a group, and two accounts",
     .kind = AUDIT_LOCAL_AND_CONTACT,
     .start = TELL(.source = ANN, .home = N("Ann", PROXY("SMTP:a@acme.example"))
                                      OF(CASE_UUID, "Ann Ash", TARGET_IS("SMTP:a@acme.example") IN_GRACE)
                                          G("Team", PROXY("smtp:a@acme.example"))
                                              N("Bob", PROXY("smtp:a@acme.example"))),
     .found = ""},

    {.name = "two connectors have the person",
     .kind = AUDIT_CONTACT_TWICE,
     .start = TELL(.source = ANN, .home = OF(CASE_UUID, "Ann", PROXY("SMTP:a@globex.example"))
                                      OF(OTHER_UUID, "Ann Ash", TARGET_IS("SMTP:a@globex.example"))),
     .found = "cn=Ann,ou=in,o=acme, cn=Ann Ash,ou=in,o=acme: both have SMTP:a@globex.example\n",
     .another = true},
    {.name = "two people of two connectors",
     .kind = AUDIT_CONTACT_TWICE,
     .start = TELL(.source = ANN, .home = OF(CASE_UUID, "Ann", PROXY("SMTP:a@globex.example"))
                                      OF(OTHER_UUID, "Ann Ash", TARGET_IS("SMTP:b@globex.example"))),
     .found = "",
     .another = true},

    {.name = "a stamp that no definition has",
     .kind = AUDIT_STAMP_UNKNOWN,
     .start = TELL(.source = "", .home = OF(UNKNOWN_UUID, "Ann", MAIL("a@globex.example"))),
     .found = "cn=Ann,ou=in,o=acme: it carries the stamp of connector " UNKNOWN_UUID
              ", anchor Ann; no definition has that UUID\n"},
    {.name = "stamps of two connectors that are defined",
     .kind = AUDIT_STAMP_UNKNOWN,
     .start = TELL(.source = ANN, .home = OF(CASE_UUID, "Ann", MAIL("a@globex.example"))
                                      OF(OTHER_UUID, "Bob", MAIL("b@globex.example"))),
     .found = "",
     .another = true},

    {.name = "the source does not have it",
     .kind = AUDIT_OBJECT_WITHOUT_SOURCE,
     .start = TELL(.source = ANN, .home = CONTACT("z9", "Zoe", "zoe@globex.example", "")),
     .found = "cn=Zoe,ou=in,o=acme: *\n"},
    {.name = "what the export made, and nobody here stands behind any more",
     .kind = AUDIT_OBJECT_WITHOUT_SOURCE,
     .start = TELL(.export = FROM_PEOPLE, .source = ANN,
                   .home = INSIDER("01", "Bob", "bob@acme.example", "")
                       INSIDER("02", "Cat", "cat@acme.example", "")),
     .found = "cn=Bob,ou=out,o=globex: *\n",
     .synced = true,
     .home_edited = DELETED("cn=Bob" PEOPLE)},
    {.name = "everybody is there, and who is not is in grace",
     .kind = AUDIT_OBJECT_WITHOUT_SOURCE,
     .start = TELL(.source = ANN, .import = "<grace days=\"3650\"/>",
                   .home = CONTACT("z9", "Zoe", "zoe@globex.example", IN_GRACE)),
     .found = ""},

    {.name = "no run has made it",
     .kind = AUDIT_SOURCE_WITHOUT_OBJECT,
     .start = TELL(.source = ANN),
     .found = "uid=a1,o=globex: *\n"},
    {.name = "it cannot be mapped",
     .kind = AUDIT_SOURCE_WITHOUT_OBJECT,
     .start =
         TELL(.source = PERSON("a1", "Ann", "ann@globex.example", "title: far too long for such a title\n")),
     .found = "uid=a1,o=globex: *title*\n",
     .synced = true},
    {.name = "it was made, and the other is filtered out",
     .kind = AUDIT_SOURCE_WITHOUT_OBJECT,
     .start = TELL(.source = ANN PERSON("b1", "Bob", "bob@globex.example", ""), .filter = "(title=Boss)"),
     .found = "",
     .synced = true},

    {.name = "somebody gave it another title",
     .kind = AUDIT_CHANGED_BY_HAND,
     .start = TELL(.source = ANN),
     .found = "cn=Ann,ou=in,o=acme, uid=a1,o=globex: *title: is [Slave], should be [Boss]*\n",
     .synced = true,
     .home_edited = MODIFY("cn=Ann,ou=in,o=acme", SET("title", "Slave"))},
    {.name = "somebody over there changed what the export made",
     .kind = AUDIT_CHANGED_BY_HAND,
     .start = TELL(.export = FROM_PEOPLE, .source = ANN,
                   .home = INSIDER("01", "Bob", "bob@acme.example", "title: Boss\n")),
     .found = "cn=Bob,ou=out,o=globex, cn=Bob" PEOPLE ": *title: is [Slave], should be [Boss]*\n",
     .synced = true,
     .foreign_edited = MODIFY("cn=Bob,ou=out,o=globex", SET("title", "Slave"))},
    {.name = "what somebody changed is not ours",
     .kind = AUDIT_CHANGED_BY_HAND,
     .start = TELL(.source = ANN),
     .found = "",
     .synced = true,
     .home_edited = MODIFY("cn=Ann,ou=in,o=acme", GIVE("info", "likes tea"))},
    {.name = "what changed is the source",
     .kind = AUDIT_CHANGED_BY_HAND,
     .start = TELL(.source = ANN),
     .found = "",
     .synced = true,
     .foreign_edited = MODIFY("uid=a1,o=globex", SET("title", "Chief"))},

    {.name = "the source has changed since",
     .kind = AUDIT_DIFFERS,
     .start = TELL(.source = ANN),
     .found = "cn=Ann,ou=in,o=acme, uid=a1,o=globex: *title: is [Boss], should be [Chief]*\n",
     .synced = true,
     .foreign_edited = MODIFY("uid=a1,o=globex", SET("title", "Chief"))},
    {.name = "nothing has", .kind = AUDIT_DIFFERS, .start = TELL(.source = ANN), .found = "", .synced = true},

    {.name = "a member that is not there, and one without an address",
     .kind = AUDIT_MEMBER_UNRESOLVED,
     .start = TELL(.source = "",
                   .home = N("Ann", MAIL("a@acme.example")) "dn: cn=Bob" PEOPLE
                                                            "\nobjectClass: person\ncn: Bob\nsn: x\n\n" G(
                                                                "Team", MAIL("t@acme.example") MEMBER("Ann")
                                                                            MEMBER("Bob") MEMBER("Cat"))),
     .found = "cn=Team" PEOPLE ", cn=Bob" PEOPLE ": cn=Bob" PEOPLE " is a member and has no address\n"
              "cn=Team" PEOPLE ", cn=Cat" PEOPLE ": cn=Cat" PEOPLE " is a member and is not there\n"},
    {.name = "members by other letters, and nobody",
     .kind = AUDIT_MEMBER_UNRESOLVED,
     .start =
         TELL(.source = "",
              .home = N(
                  "Ann",
                  MAIL(
                      "a@acme.example")) "dn: cn=Team" PEOPLE
                                         "\nobjectClass: groupOfNames\nobjectClass: mailRecipient\ncn: Team\n"
                                         "mail: t@acme.example\nmember: CN=ann, OU=People, "
                                         "O=Acme\nmember:\n\n"),
     .found = ""},

    {.name = "groups in each other, and in themselves",
     .kind = AUDIT_GROUP_CYCLE,
     .start = TELL(.source = "",
                   .home = G("A", MAIL("a@acme.example") MEMBER("B")) G(
                       "B", MAIL("b@acme.example") MEMBER("C")) G("C", MAIL("c@acme.example") MEMBER("A"))
                       G("D", MAIL("d@acme.example") MEMBER("D")) G("E", MAIL("e@acme.example") MEMBER("A"))),
     .found = "cn=A" PEOPLE ", cn=B" PEOPLE ", cn=C" PEOPLE
              ": each of 3 groups is in the one before, and the first in the last\n"
              "cn=D" PEOPLE ": the group is a member of itself\n"},
    {.name = "groups in groups, one of them in two",
     .kind = AUDIT_GROUP_CYCLE,
     .start = TELL(.source = "", .home = G("A", MAIL("a@acme.example") MEMBER("B") MEMBER("C"))
                                     G("B", MAIL("b@acme.example") MEMBER("D"))
                                         G("C", MAIL("c@acme.example") MEMBER("D"))
                                             G("D", MAIL("d@acme.example"))),
     .found = ""},

    {.name = "a list with somebody whom we exported, and one with an address of ours",
     .kind = AUDIT_LIST_AS_CONTACT,
     .start = TELL(LISTS_AS_CONTACTS, .home = INSIDER("01", "Bob", "bob@acme.example", ""),
                   .source = ANN PERSON("c1", "Cat", "cat@acme.example", "") GROUP(
                       "g1", "Team", "mail: t@globex.example\n" IN("a1") "member: cn=Bob,ou=out,o=globex\n")
                       GROUP("g2", "Others", "mail: o@globex.example\n" IN("a1") IN("c1"))),
     .found = "uid=g1,o=globex: members of it are from here: cn=Bob,ou=out,o=globex\n"
              "uid=g2,o=globex: members of it are from here: uid=c1,o=globex\n",
     .synced = true},
    {.name = "a long list whose last member is from here",
     .kind = AUDIT_LIST_AS_CONTACT,
     .start = TELL(LISTS_AS_CONTACTS,
                   .source = ANN PERSON("c1", "Cat", "cat@acme.example", "")
                       GROUP("g1", "Team", "mail: t@globex.example\n" TEN(TEN(TEN(IN("a1")))) IN("c1"))),
     .found = "uid=g1,o=globex: members of it are from here: uid=c1,o=globex\n",
     .synced = true},
    {.name = "a list of theirs",
     .kind = AUDIT_LIST_AS_CONTACT,
     .start = TELL(LISTS_AS_CONTACTS, .source = ANN GROUP("g1", "Team", "mail: t@globex.example\n" IN("a1"))),
     .found = "",
     .synced = true},
    {.name = "a group that was imported as a group",
     .kind = AUDIT_LIST_AS_CONTACT,
     .start = TELL(.kinds = "groups=\"group\" resources=\"no\"", .export = FROM_PEOPLE,
                   .home = INSIDER("01", "Bob", "bob@acme.example", ""),
                   .source = ANN GROUP("g1", "Team", IN("a1") "member: cn=Bob,ou=out,o=globex\n")),
     .found = "",
     .synced = true},

    {.name = "in grace for longer than the definition says",
     .kind = AUDIT_GRACE_OVER,
     .start = TELL(.source = ANN, .import = "<grace days=\"30\"/>",
                   .home = CONTACT("z9", "Zoe", "zoe@globex.example", IN_GRACE)),
     .found = "cn=Zoe,ou=in,o=acme: in grace since " LONG_AGO "; connector globex has 30 days of grace\n"},
    {.name = "in grace for less",
     .kind = AUDIT_GRACE_OVER,
     .start = TELL(.source = ANN, .import = "<grace days=\"3650\"/>",
                   .home = CONTACT("z9", "Zoe", "zoe@globex.example", IN_GRACE)),
     .found = ""},

    {.name = "longer than Exchange takes",
     .kind = AUDIT_VALUE_TOO_LONG,
     .start = TELL(.source = "", .home = N("Ann", MAIL("a@acme.example") "displayName: " LONG_NAME "\n")),
     .found = "cn=Ann" PEOPLE ": displayName has 300 characters, at most 256 are taken\n"},
    {.name = "characters are counted, not bytes",
     .kind = AUDIT_VALUE_TOO_LONG,
     .start = TELL(.source = "", .home = N("Ann", MAIL("a@acme.example") "displayName: " TEN(
                                                      TEN("\xc3\xa4\xc3\xb6")) "\n")),
     .found = ""},

    {.name = "a control character in a name, a lost letter, blanks in an alias",
     .kind = AUDIT_VALUE_INVALID,
     .start = TELL(.source = "", .home = N("Ann", MAIL("a@acme.example") "displayName:: QW4Kbg==\n")
                                     N("Bob", MAIL("b@acme.example") "title: \xef\xbf\xbd\n")
                                         N("Cat", MAIL("c@acme.example") "mailNickname: c a t\n")),
     .found = "cn=Ann" PEOPLE ": displayName: it has a control character\n"
              "cn=Bob" PEOPLE ": title: it has U+FFFD*\ncn=Cat" PEOPLE
              ": mailNickname: an alias has no blanks*\n"},
    {.name = "lines in a remark, letters of all scripts",
     .kind = AUDIT_VALUE_INVALID,
     .start =
         TELL(.source = "", .home = N("Ann", MAIL("a@acme.example") "info:: b25lCnR3bw==\ndisplayName: "
                                                                    "\xe6\x9d\x8e\nmailNickname: ann\n")),
     .found = ""},

    {.name = "shown by the same name in other letters",
     .kind = AUDIT_NAME_COLLISION,
     .start = TELL(.source = "", .home = N("Ann 1", MAIL("a@acme.example") "displayName: Ann Ash\n")
                                     N("Ann 2", MAIL("b@acme.example") "displayName: ANN  ASH\n")),
     .found = "cn=Ann 1" PEOPLE ", cn=Ann 2" PEOPLE ": 2 objects are shown as Ann Ash\n"},
    {.name = "the other is hidden",
     .kind = AUDIT_NAME_COLLISION,
     .start = TELL(.source = "",
                   .home = N("Ann 1", MAIL("a@acme.example") "displayName: Ann Ash\n")
                       N("Ann 2",
                         MAIL("b@acme.example") "displayName: Ann Ash\nmsExchHideFromAddressLists: TRUE\n")),
     .found = ""},
};

/* --- running one --- */

/** An organisation of one connector, or two. */
typedef struct {
    Case *c;
    Connector *connector, *other;
    AuditScope scope;
} World;

static World *world_begin(const CaseStart *start, bool another)
{
    World *world = g_new0(World, 1);
    GString *home = g_string_new(start->home);
    CaseStart here = *start;
    g_string_replace(home, "%cpu", registrar_cpu(), 0);
    here.home = home->str;
    world->c = case_new(&here);
    world->connector = case_connector(world->c);
    world->scope = (AuditScope){.organisation = world->connector->organisation,
                                .known = g_ptr_array_new(),
                                .chosen = g_ptr_array_new(),
                                .problems = g_ptr_array_new(),
                                .everything = true};
    g_ptr_array_add(world->scope.known, world->connector);
    g_ptr_array_add(world->scope.chosen, world->connector);
    if (another) {
        g_autofree char *path = case_write_connector(world->c, "y", OTHER_UUID);
        world->other = connector_load(path, NULL);
        assert_non_null(world->other);
        g_ptr_array_add(world->scope.known, world->other);
    }
    g_string_free(home, TRUE);
    return world;
}

static void world_end(World *world)
{
    g_ptr_array_unref(world->scope.known);
    g_ptr_array_unref(world->scope.chosen);
    g_ptr_array_unref(world->scope.problems);
    connector_free(world->connector);
    connector_free(world->other);
    case_free(world->c);
    g_free(world);
}

static void world_sync(World *world)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunResult) result = {0};
    RunOptions options = case_options(world->c, world->connector, NULL);
    if (!run_sync(world->connector, &options, &result, &error))
        fail_msg("%s", error->message);
}

static Audit *world_audit(World *world, const char *since)
{
    g_autoptr(GError) error = NULL;
    const AuditOptions options = {.state_folder = case_state_folder(world->c), .since = since};
    Audit *audit = audit_run(&world->scope, &options, &error);
    if (!audit)
        fail_msg("%s", error->message);
    return audit;
}

static bool take_finding(const json_t *row, void *data, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const json_t *objects = json_object_get(row, "objects");
    (void)error;
    for (size_t i = 0; i < json_array_size(objects); i++)
        g_string_append_printf(line, "%s%s", i ? ", " : "",
                               json_string_value(json_object_get(json_array_get(objects, i), "dn")));
    g_string_append_printf(line, "%s%s\n", line->len ? ": " : "",
                           json_string_value(json_object_get(row, "evidence")));
    g_ptr_array_add(data, g_strdup(line->str));
    return true;
}

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef bool (*Findings)(Audit *audit, AuditKind kind, AuditSeen seen, void *data, GError **error);

static char *lines_of(Audit *audit, AuditKind kind, Findings which)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    if (!which(audit, kind, take_finding, lines, &error))
        fail_msg("%s", error->message);
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("", (char **)lines->pdata);
}

static void assert_findings(Audit *audit, AuditKind kind, Findings which, const char *expected)
{
    g_autofree char *found = lines_of(audit, kind, which);
    if (!g_pattern_match_simple(expected, found)) {
        char *incomplete = json_dumps(json_object_get(audit_head(audit), "incomplete"), 0);
        fail_msg("%s:\n%s--- instead of\n%s--- %s", audit_kinds[kind].id, found, expected, incomplete);
    }
}

static void run_case(void **state)
{
    const AuditCase *this = *state;
    World *world = world_begin(&this->start, this->another);
    if (this->synced)
        world_sync(world);
    if (this->home_edited)
        case_edit_home(world->c, this->home_edited);
    if (this->foreign_edited)
        case_edit_foreign(world->c, this->foreign_edited);
    size_t writes = memory_store_writes(case_home(world->c));
    g_autoptr(Audit) audit = world_audit(world, NULL);
    assert_findings(audit, this->kind, audit_findings, this->found);
    assert_true(audit_is_whole(audit));
    assert_int_equal(memory_store_writes(case_home(world->c)), writes);
    world_end(world);
}

/* It may be that of the definition that cannot be read: nothing is said of it, and what was said stands. */
static void test_a_broken_definition_makes_no_stamp_unknown(void **state)
{
    static const CaseStart start =
        TELL(.source = "", .home = OF(UNKNOWN_UUID, "Ann", MAIL("a@globex.example")));
    (void)state;
    World *world = world_begin(&start, false);
    g_autoptr(Audit) first = world_audit(world, NULL);
    assert_findings(first, AUDIT_STAMP_UNKNOWN, audit_findings, "cn=Ann,*");
    g_ptr_array_add(world->scope.problems, (gpointer) "y.xml:1: cannot be read");
    g_autoptr(Audit) second = world_audit(world, NULL);
    assert_false(audit_is_whole(second));
    assert_findings(second, AUDIT_STAMP_UNKNOWN, audit_cleared, "");
    g_ptr_array_set_size(world->scope.problems, 0);
    g_autoptr(Audit) third = world_audit(world, NULL);
    assert_true(audit_is_whole(third));
    AuditCount counts[AUDIT_KINDS];
    assert_true(audit_counts(third, counts, NULL));
    assert_int_equal(counts[AUDIT_STAMP_UNKNOWN].count, 1);
    assert_int_equal(counts[AUDIT_STAMP_UNKNOWN].fresh, 0);
    world_end(world);

    /* The first audit of all has nothing to stand. */
    World *anew = world_begin(&start, false);
    g_ptr_array_add(anew->scope.problems, (gpointer) "y.xml:1: cannot be read");
    g_autoptr(Audit) only = world_audit(anew, NULL);
    assert_findings(only, AUDIT_STAMP_UNKNOWN, audit_findings, "");
    world_end(anew);
}

/* --- Ctrl-C --- */

typedef struct {
    unsigned calls, stop_at;
} Stopping;

static void stop_at(const char *what, size_t done, size_t total, void *data)
{
    Stopping *stopping = data;
    (void)what;
    (void)done;
    (void)total;
    if (++stopping->calls == stopping->stop_at)
        interrupt_request();
}

static bool count_row(const json_t *row, void *data, GError **error)
{
    (void)row;
    (void)error;
    ++*(unsigned *)data;
    return true;
}

/* In a process of its own, since the wish to stop is never taken back. */
static int audit_and_stop(World *world, unsigned at)
{
    pid_t pid = fork();
    if (pid == 0) {
        Stopping stopping = {.stop_at = at};
        g_autoptr(GError) error = NULL;
        const AuditOptions options = {
            .state_folder = case_state_folder(world->c), .progress = stop_at, .data = &stopping};
        g_autoptr(Audit) audit = audit_run(&world->scope, &options, &error);
        unsigned kept = 0;
        audit_list(world->scope.organisation, options.state_folder, count_row, &kept, NULL);
        bool stopped = !audit && error_is(error, ERROR_INTERRUPTED) && !kept;
        _exit(stopping.calls < at ? 2 : stopped ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_interrupted_anywhere_nothing_is_kept(void **state)
{
    static const CaseStart start =
        TELL(LISTS_AS_CONTACTS, .home = INSIDER("01", "Bob", "bob@acme.example", "") G("A", MEMBER("B")),
             .source = ANN GROUP("g1", "Team", "mail: t@globex.example\n" IN("a1")));
    (void)state;
    World *world = world_begin(&start, false);
    unsigned at = 1;
    int end;
    while ((end = audit_and_stop(world, at)) == 0)
        at++;
    print_message("# stopped at %u places\n", at - 1);
    assert_int_equal(end, 2);
    assert_true(at > 3);
    world_end(world);
}

static void test_every_kind_has_both(void **state)
{
    bool found[AUDIT_KINDS] = {false}, none[AUDIT_KINDS] = {false};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        (*cases[i].found ? found : none)[cases[i].kind] = true;
    for (int kind = 0; kind < AUDIT_KINDS; kind++)
        if (!found[kind] || !none[kind])
            fail_msg("%s: has no case %s findings", audit_kinds[kind].id, found[kind] ? "without" : "with");
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_every_kind_has_both),
        cmocka_unit_test(test_a_broken_definition_makes_no_stamp_unknown),
        cmocka_unit_test(test_interrupted_anywhere_nothing_is_kept)};
    struct CMUnitTest tests[G_N_ELEMENTS(cases) + G_N_ELEMENTS(others)];
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("%s: %s", audit_kinds[cases[i].kind].id, cases[i].name);
        tests[i] = (struct CMUnitTest){
            .name = g_intern_string(name), .test_func = run_case, .initial_state = (void *)&cases[i]};
    }
    memcpy(tests + G_N_ELEMENTS(cases), others, sizeof others);
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}

/*
 * test_two_way_review.c - faults that a review of both passes found, each as a case
 *
 * Groups whose members were not looked at, sources of which one is emptied, stamps
 * beside other people's values, and accounts that are kept. What they have in common:
 * something is taken away from somebody for no reason that the source gives.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

#define P(uid, cn) PERSON(uid, cn, uid "@globex.example", "")
#define PC(uid, cn) CREATED(uid, cn, uid "@globex.example", "")
#define ANN P("a1", "Ann")
#define BOB P("b1", "Bob")
#define ANN_CREATED PC("a1", "Ann")
#define BOB_CREATED PC("b1", "Bob")
#define ADDED(dn, rest) "dn: " dn "\nchangetype: add\n" rest "\n"
#define ANN_IS_BACK                                                                                          \
    ADDED("uid=a1,o=globex", "objectClass: inetOrgPerson\nuid: a1\ncn: Ann\nsn: x\nmail: "                   \
                             "a1@globex.example\n")
#define RENAMED(dn, rdn) "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\n\n"
#define MOVED(dn, rdn, parent)                                                                               \
    "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\nnewsuperior: " parent "\n\n"
#define RENAME_OF(old, new)                                                                                  \
    "> cn=" old ",ou=in,o=acme\n  to cn=" new ",ou=in,o=acme\n  - cn: " old "\n  + cn: " new "\n"
#define LEFT_OUT(n, of, names)                                                                               \
    ": " n " of " of " members are not in the address list on the other side, and were left out: " names "\n"
#define MORE "description: more\n"

/* Groups, in and out. */
#define GROUPS .kinds = "groups=\"group\" resources=\"no\""
#define TEAM GROUP("g1", "Team", IN("a1") IN("b1"))
#define TEAM_CREATED ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob"))
#define TEAM_COMES SYNC(.changes = TEAM_CREATED, .writes = 3, .counts = "3 created")
#define NATIVE(id, cn)                                                                                       \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: inetOrgPerson\nentryUUID: " ID(id) "\ncn: " cn             \
                                                                                     "\nsn: x\nmail: " id    \
                                                                                     "@acme.example\n\n"
#define OUT(id, cn)                                                                                          \
    "+ cn=" cn ",ou=out,o=globex\n  businessCategory: " OUR_STAMP(                                           \
        id) "\n  cn: " cn "\n  mail: " id "@acme.example\n  objectClass: inetOrgPerson\n  sn: x\n"
#define HOME_TEAM(members)                                                                                   \
    "dn: cn=Team,ou=people,o=acme\nobjectClass: groupOfNames\nentryUUID: " ID("f1") "\ncn: Team\n" members   \
                                                                                    "\n"
#define HOME_TEAM_OUT(members)                                                                               \
    "+ cn=Team,ou=out,o=globex\n  businessCategory: " OUR_STAMP("f1") "\n  cn: Team\n" members               \
                                                                      "  objectClass: groupOfNames\n"
#define MEMBER_HOME(cn) "member: cn=" cn ",ou=people,o=acme\n"
#define MEMBER_OUT(cn) "member: cn=" cn ",ou=out,o=globex\n"
#define WITH_MAIL                                                                                            \
    "<source base=\"ou=people,o=acme\"><filter>(|(mail=*)(objectClass=groupOfNames))</filter></source>"

/* People at home in two folders, both exported. */
#define STAFF "dn: ou=staff,o=acme\nobjectClass: organizationalUnit\nou: staff\n\n"
#define IN_STAFF(id, cn, mail)                                                                               \
    "dn: cn=" cn ",ou=staff,o=acme\nobjectClass: inetOrgPerson\nentryUUID: " ID(id) "\ncn: " cn              \
                                                                                    "\nsn: x\nmail: " mail   \
                                                                                    "\n\n"
#define TWO_SOURCES FROM_PEOPLE "<source base=\"ou=staff,o=acme\"/>"
#define ANN_HOME INSIDER("a1", "Ann", "ann@acme.example", "")
#define BOB_STAFF IN_STAFF("b1", "Bob", "bob@acme.example")
#define ANN_OUT OUTSIDER("a1", "Ann", "ann@acme.example", "")
#define BOB_OUT OUTSIDER("b1", "Bob", "bob@acme.example", "")

/* The stamp attribute of what was exported, beside other people's values. */
#define OUT_ANN "cn=Ann,ou=out,o=globex"
#define OUT_ANN_WITH(values)                                                                                 \
    "dn: " OUT_ANN "\nobjectClass: inetOrgPerson\ncn: Ann\nsn: x\nmail: ann@acme.example\n" values "\n"
#define OURS "employeeType: " OUR_STAMP("a1") "\n"
#define SALES "employeeType: Sales\n"
#define THEIR_STAMP "employeeType: " OTHER_UUID ";;zz\n"

/* Accounts. */
#define USERS(how) .kinds = "groups=\"no\" resources=\"no\"", .import_kinds = "people=\"" how "-user\""
#define DISABLED "pwdAccountLockedTime: 000001010000Z\n"
#define ACCOUNT_CREATED(uid, cn, lock, password)                                                             \
    "+ cn=" cn ",ou=in,o=acme\n  cn: " cn "\n  dirsyncAnchor: " uid "\n  importedFrom: " CASE_UUID           \
    "\n  mail: " uid "@globex.example\n  mailNickname: " uid                                                 \
    "\n  objectClass: dirsyncStamp\n  objectClass: inetOrgPerson\n  objectClass: mailRecipient\n"            \
    "  objectClass: top\n  proxyAddresses: SMTP:" uid "@globex.example\n" lock                               \
    "  sn: x\n  targetAddress: SMTP:" uid "@globex.example\n  uid: " uid "\n" password
#define PASSWORD "  userPassword: {RANDOM}UUID\n"
#define ANN_DN "cn=Ann,ou=in,o=acme"
#define LOCKED "  pwdAccountLockedTime: 000001010000Z\n"
#define LOCK_BY_HAND HOME_EDITED(MODIFY(ANN_DN, GIVE("pwdAccountLockedTime", "000001010000Z")))
#define ENABLE_BY_HAND HOME_EDITED(MODIFY(ANN_DN, TAKE("pwdAccountLockedTime")))
#define KEEP_A_MONTH .import = "<grace days=\"30\"/>"
#define ANN_LEAVES FOREIGN_EDITED(DELETED("uid=a1,o=globex"))
#define ANN_RETURNS FOREIGN_EDITED(ANN_IS_BACK)
#define GRACED(lock) "* " ANN_DN "\n  + dirsyncGraceSince: NOW\n  + msExchHideFromAddressLists: TRUE\n" lock
#define UNGRACED(lock) "* " ANN_DN "\n  - dirsyncGraceSince: NOW\n  - msExchHideFromAddressLists: TRUE\n" lock
#define IS_ENABLED "* " ANN_DN "\n" LOSES_LOCK "  + userPassword: {RANDOM}UUID\n"
#define ADDS_LOCK "  + pwdAccountLockedTime: 000001010000Z\n"
#define LOSES_LOCK "  - pwdAccountLockedTime: 000001010000Z\n"
#define DISABLED_COME                                                                                        \
    SYNC(.changes = ACCOUNT_CREATED("a1", "Ann", LOCKED, "") ACCOUNT_CREATED("b1", "Bob", LOCKED, ""),       \
         .writes = 2, .counts = "2 created")
#define ENABLED_COME                                                                                         \
    SYNC(.changes = ACCOUNT_CREATED("a1", "Ann", "", PASSWORD) ACCOUNT_CREATED("b1", "Bob", "", PASSWORD),   \
         .writes = 4, .counts = "2 created")

static const PassCase cases[] = {
    /* --- members --- */
    {"a member's old name belongs to somebody out of scope now: who had it is no member any more",
     {GROUPS, .no_import = true, .export = WITH_MAIL,
      .home = NATIVE("a1", "a home") NATIVE("b1", "b home") HOME_TEAM(MEMBER_HOME("b home"))},
     {SYNC(.foreign = OUT("a1", "a home") OUT("b1", "b home") HOME_TEAM_OUT("  " MEMBER_OUT("b home")),
           .foreign_writes = 3, .exported = "3 created"),
      HOME_EDITED(RENAMED("cn=b home,ou=people,o=acme", "cn=b moved")
                      ADDED("cn=b home,ou=people,o=acme", "objectClass: inetOrgPerson\ncn: b home\nsn: x\n")
                          MODIFY("cn=Team,ou=people,o=acme", GIVE("member", "cn=a home,ou=people,o=acme"))),
      SYNC(.foreign = "> cn=b home,ou=out,o=globex\n  to cn=b moved,ou=out,o=globex\n  - cn: b home\n"
                      "  + cn: b moved\n* cn=Team,ou=out,o=globex\n  - " MEMBER_OUT(
                          "b home") "  + " MEMBER_OUT("a home"),
           .foreign_writes = 3, .exported = "1 modified, 1 renamed, 1 unchanged, 1 quarantined",
           .quarantine = ID("f1") LEFT_OUT("1", "2", "cn=b home,ou=people,o=acme"),
           .events = "members-unresolved", .status = 3)}},
    {"--only on a group: nobody leaves it because nobody else was looked at",
     {GROUPS, .source = ANN BOB TEAM},
     {TEAM_COMES, FOREIGN_EDITED(MODIFY("uid=g1,o=globex", GIVE("description", "more"))),
      SYNC_CALLED(HOW(.only = "(uid=g1)"), .changes = CHANGED("Team", "  + description: more\n"), .writes = 1,
                  .counts = "1 modified, 2 unchanged")}},
    {"--only on a group without any state: nobody leaves it",
     {GROUPS, .source = ANN BOB TEAM},
     {TEAM_COMES, STATE_LOST, FOREIGN_EDITED(MODIFY("uid=g1,o=globex", GIVE("description", "more"))),
      SYNC_CALLED(HOW(.only = "(uid=g1)"), .changes = CHANGED("Team", "  + description: more\n"), .writes = 1,
                  .counts = "1 modified, 2 unchanged")}},
    {"--only on a group whose members changed: who joined joins, who left leaves",
     {GROUPS, .source = ANN BOB P("c1", "Cat") TEAM},
     {SYNC(.changes =
               ANN_CREATED BOB_CREATED PC("c1", "Cat") GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")),
           .writes = 4, .counts = "4 created"),
      FOREIGN_EDITED(
          MODIFY("uid=g1,o=globex",
                 "delete: member\nmember: uid=b1,o=globex\n-\nadd: member\nmember: uid=c1,o=globex\n-\n")),
      SYNC_CALLED(HOW(.only = "(uid=g1)"), .changes = CHANGED("Team", LOST("Bob") GAINED("Cat")), .writes = 1,
                  .counts = "1 modified, 3 unchanged")}},
    {"--only on a person: the groups follow the new name, and nobody leaves them",
     {GROUPS, .source = ANN BOB TEAM},
     {TEAM_COMES, FOREIGN_EDITED(MODIFY("uid=a1,o=globex", SET("cn", "Anna"))),
      SYNC_CALLED(HOW(.only = "(uid=a1)"),
                  .changes = RENAME_OF("Ann", "Anna") CHANGED("Team", LOST("Ann") GAINED("Anna")),
                  .writes = 2, .counts = "1 renamed, 2 unchanged"),
      SYNC(.counts = "3 unchanged")}},
    {"--only on a person who is not there: nobody leaves",
     {GROUPS, .source = ANN BOB TEAM},
     {TEAM_COMES, FOREIGN_EDITED(DELETED("uid=a1,o=globex")),
      SYNC_CALLED(HOW(.only = "(uid=a1)"), .counts = "3 unchanged")}},
    {"a read that was cut short: nobody leaves a group because they were not shown",
     {.reads_all = true, GROUPS, .source = TEAM ANN BOB},
     {TEAM_COMES, FOREIGN_EDITED(MODIFY("uid=g1,o=globex", GIVE("description", "more"))),
      FAULTS(NULL, "cut-read@2"),
      SYNC(.changes = CHANGED("Team", "  + description: more\n"), .writes = 1,
           .counts = "1 modified, 2 unchanged", .events = "source-partial", .status = 3),
      FAULTS(NULL, NULL), SYNC(.counts = "3 unchanged")}},
    {"a read that was cut short, without any state",
     {GROUPS, .source = TEAM ANN BOB},
     {TEAM_COMES, STATE_LOST, FOREIGN_EDITED(MODIFY("uid=g1,o=globex", GIVE("description", "more"))),
      FAULTS(NULL, "cut-read@2"),
      SYNC(.changes = CHANGED("Team", "  + description: more\n"), .writes = 1,
           .counts = "1 modified, 2 unchanged", .events = "source-partial", .status = 3),
      FAULTS(NULL, NULL), SYNC(.counts = "3 unchanged")}},
    {"a group with members that nobody knows: a quiet run asks the source for nobody",
     {GROUPS, .source = ANN TEAM},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g1", "Team", HAS("Ann")), .writes = 2,
           .counts = "2 created, 1 quarantined", .quarantine = "g1" LEFT_OUT("1", "2", "uid=b1,o=globex"),
           .events = "members-unresolved", .status = 3),
      FAULTS(NULL, "fetch@1+"),
      SYNC(.counts = "2 unchanged, 1 quarantined", .quarantine = "g1" LEFT_OUT("1", "2", "uid=b1,o=globex"),
           .unlike_stateless = true),
      SYNC(.counts = "2 unchanged, 1 quarantined", .quarantine = "g1" LEFT_OUT("1", "2", "uid=b1,o=globex"),
           .unlike_stateless = true),
      FAULTS(NULL, NULL),
      FOREIGN_EDITED(ADDED("uid=b1,o=globex",
                           "objectClass: inetOrgPerson\nuid: b1\ncn: Bob\nsn: x\nmail: b1@globex.example\n")),
      SYNC(.changes = BOB_CREATED CHANGED("Team", GAINED("Bob")), .writes = 2,
           .counts = "1 created, 1 modified, 1 unchanged", .events = "quarantine-cleared")}},
    {"a group that cannot be hidden is in grace all the same",
     {GROUPS, .no_import = true, .export = FROM_PEOPLE "<grace days=\"30\" action=\"hide\"/>",
      .home = NATIVE("a1", "Ann") HOME_TEAM(MEMBER_HOME("Ann"))},
     {SYNC(.foreign = OUT("a1", "Ann") HOME_TEAM_OUT("  " MEMBER_OUT("Ann")), .foreign_writes = 2,
           .exported = "2 created"),
      HOME_EDITED(DELETED("cn=Team,ou=people,o=acme")),
      SYNC(.foreign = "* cn=Team,ou=out,o=globex\n  - businessCategory: " OUR_STAMP(
               "f1") "\n  + businessCategory: " CASE_UUID ";NOW;" ID("f1") "\n",
           .foreign_writes = 1, .exported = "1 disabled, 1 unchanged", .events = "missing")}},

    /* --- several sources --- */
    {"one of two sources is emptied while the other still has people: nobody is removed",
     {.home = ANN_HOME STAFF BOB_STAFF, .source = ANN_OUT BOB_OUT, .export = TWO_SOURCES, .no_import = true},
     {SYNC(.exported = "2 unchanged"), HOME_EDITED(DELETED("cn=Bob,ou=staff,o=acme")),
      SYNC(.exported = "2 unchanged", .events = "source-partial", .status = 3, .unlike_stateless = true),
      SYNC(.exported = "2 unchanged", .events = "source-partial", .status = 3, .unlike_stateless = true),
      SYNC_CALLED(HOW(.allow_empty = true), .foreign = "- cn=Bob,ou=out,o=globex\n", .foreign_writes = 1,
                  .exported = "1 deleted, 1 unchanged"),
      SYNC(.exported = "1 unchanged")}},
    {"one of two sources is emptied by a move to the other, and the last one there leaves later",
     {.home = ANN_HOME STAFF BOB_STAFF, .source = ANN_OUT BOB_OUT, .export = TWO_SOURCES, .no_import = true},
     {SYNC(.exported = "2 unchanged"),
      HOME_EDITED(MOVED("cn=Bob,ou=staff,o=acme", "cn=Bob", "ou=people,o=acme")),
      SYNC(.exported = "2 unchanged"), HOME_EDITED(DELETED("cn=Bob,ou=people,o=acme")),
      SYNC(.foreign = "- cn=Bob,ou=out,o=globex\n", .foreign_writes = 1,
           .exported = "1 deleted, 1 unchanged")}},

    /* --- stamps --- */
    {"what any connector made over there is of home, where the import names its stamp",
     {.import = "<stamp attribute=\"employeeType\"/>",
      .source = PERSON("a1", "Ann", "a1@globex.example", SALES) PERSON("b1", "Bob", "b1@globex.example", OURS)
          PERSON("c1", "Cat", "c1@globex.example", SALES THEIR_STAMP)},
     {SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created"), STATE_LOST,
      SYNC(.counts = "1 unchanged")}},
    {"what any connector made over there is imported, where the import knows no stamp",
     {.source = PERSON("a1", "Ann", "a1@globex.example", SALES) PERSON("b1", "Bob", "b1@globex.example", OURS)
          PERSON("c1", "Cat", "c1@globex.example", SALES THEIR_STAMP)},
     {SYNC(.changes = ANN_CREATED BOB_CREATED PC("c1", "Cat"), .writes = 3, .counts = "3 created")}},
    {"a value of somebody else behind our stamp: the object stays ours",
     {.home = ANN_HOME, .source = OUT_ANN_WITH(OURS SALES), .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), STATE_LOST, SYNC(.exported = "1 unchanged"),
      HOME_EDITED(MODIFY("cn=Ann,ou=people,o=acme", GIVE("title", "T"))),
      SYNC(.foreign = "* " OUT_ANN "\n  + title: T\n", .foreign_writes = 1, .exported = "1 modified")}},
    {"a value of somebody else before our stamp: the object stays ours",
     {.home = ANN_HOME, .source = OUT_ANN_WITH(SALES OURS), .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), STATE_LOST, SYNC(.exported = "1 unchanged"),
      HOME_EDITED(MODIFY("cn=Ann,ou=people,o=acme", GIVE("title", "T"))),
      SYNC(.foreign = "* " OUT_ANN "\n  + title: T\n", .foreign_writes = 1, .exported = "1 modified")}},
    {"a stamp of another connector before ours: the object stays ours",
     {.home = ANN_HOME, .source = OUT_ANN_WITH(THEIR_STAMP OURS), .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), HOME_EDITED(MODIFY("cn=Ann,ou=people,o=acme", GIVE("title", "T"))),
      SYNC(.foreign = "* " OUT_ANN "\n  + title: T\n", .foreign_writes = 1, .exported = "1 modified")}},
    {"a value that somebody adds to our stamp is no change of ours, and stays in grace and after it",
     {.home = ANN_HOME INSIDER("b1", "Bob", "bob@acme.example", ""),
      .source = OUT_ANN_WITH(OURS) BOB_OUT,
      .export = FROM_PEOPLE "<grace days=\"30\" action=\"keep\"/>"},
     {SYNC(.exported = "2 unchanged"), FOREIGN_EDITED(MODIFY(OUT_ANN, GIVE("employeeType", "Sales"))),
      SYNC(.exported = "2 unchanged"),
      FOREIGN_EDITED(MODIFY(OUT_ANN, "delete: employeeType\n-\nadd: employeeType\nemployeeType: Sales\n"
                                     "employeeType: " OUR_STAMP("a1") "\n-\n")),
      SYNC(.exported = "2 unchanged"), HOME_EDITED(DELETED("cn=Ann,ou=people,o=acme")),
      SYNC(.foreign = "* " OUT_ANN "\n  - employeeType: " OUR_STAMP("a1") "\n  + employeeType: " CASE_UUID
                                                                          ";NOW;" ID("a1") "\n",
           .foreign_writes = 1, .exported = "1 disabled, 1 unchanged", .events = "missing")}},

    {"a value of somebody else before our stamp: who leaves leaves",
     {.home = ANN_HOME INSIDER("b1", "Bob", "bob@acme.example", ""),
      .source = OUT_ANN_WITH(SALES OURS) BOB_OUT,
      .export = FROM_PEOPLE,
      .no_assertions = true},
     {SYNC(.exported = "2 unchanged"), HOME_EDITED(DELETED("cn=Ann,ou=people,o=acme")),
      SYNC(.foreign = "- " OUT_ANN "\n", .foreign_writes = 1, .exported = "1 deleted, 1 unchanged")}},

    /* --- accounts --- */
    {"the lock of who left is taken off when they come back",
     {USERS("enabled"), KEEP_A_MONTH, .source = ANN BOB},
     {ENABLED_COME, ANN_LEAVES,
      SYNC(.changes = GRACED(ADDS_LOCK), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      ANN_RETURNS,
      SYNC(.changes = UNGRACED(LOSES_LOCK), .writes = 1, .counts = "1 modified, 1 unchanged",
           .events = "returned")}},
    {"an administrator's lock outlives leaving and coming back",
     {USERS("enabled"), KEEP_A_MONTH, .source = ANN BOB},
     {ENABLED_COME, LOCK_BY_HAND, SYNC(.counts = "2 unchanged"), ANN_LEAVES,
      SYNC(.changes = GRACED(""), .writes = 1, .counts = "1 disabled, 1 unchanged", .events = "missing"),
      SYNC(.counts = "2 unchanged"), ANN_RETURNS,
      SYNC(.changes = UNGRACED(""), .writes = 1, .counts = "1 modified, 1 unchanged", .events = "returned")}},
    {"whose lock it is nobody knows when the state was lost: it stays",
     {USERS("enabled"), KEEP_A_MONTH, .source = ANN BOB},
     {ENABLED_COME, ANN_LEAVES,
      SYNC(.changes = GRACED(ADDS_LOCK), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      STATE_LOST, ANN_RETURNS,
      SYNC(.changes = UNGRACED(""), .writes = 1, .counts = "1 modified, 1 unchanged", .events = "returned")}},
    {"a lock that ends by itself becomes one for good, and is taken off on return",
     {USERS("enabled"), KEEP_A_MONTH, .source = ANN BOB},
     {ENABLED_COME, HOME_EDITED(MODIFY(ANN_DN, GIVE("pwdAccountLockedTime", "20251122190000Z"))), ANN_LEAVES,
      SYNC(.changes = "* " ANN_DN "\n  - pwdAccountLockedTime: 20251122190000Z\n  + dirsyncGraceSince: NOW\n"
                      "  + msExchHideFromAddressLists: TRUE\n" ADDS_LOCK,
           .writes = 1, .counts = "1 disabled, 1 unchanged", .events = "missing"),
      ANN_RETURNS,
      SYNC(.changes = UNGRACED(LOSES_LOCK), .writes = 1, .counts = "1 modified, 1 unchanged",
           .events = "returned")}},
    {"an account is disabled and never deleted, without any grace too",
     {USERS("enabled"), .import = "<grace days=\"0\"/>", .source = ANN BOB},
     {ENABLED_COME, ANN_LEAVES,
      SYNC(.changes = GRACED(ADDS_LOCK), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing account-kept"),
      SYNC(.counts = "2 unchanged", .events = "account-kept")}},
    {"a native with the address of an account: a conflict, and nobody is deleted",
     {USERS("enabled"), KEEP_A_MONTH, .source = ANN BOB},
     {ENABLED_COME,
      HOME_EDITED(ADDED("cn=Nat,ou=people,o=acme",
                        "objectClass: inetOrgPerson\ncn: Nat\nsn: x\nmail: a1@globex.example\n")),
      FOREIGN_EDITED(MODIFY("uid=a1,o=globex", GIVE("description", "more"))),
      SYNC(.counts = "1 unchanged, 1 quarantined", .events = "conflict", .status = 3,
           .quarantine = "a1: cn=Nat,ou=people,o=acme has an address of this person, whose account is ours*"),
      HOME_EDITED(DELETED("cn=Nat,ou=people,o=acme")),
      SYNC(.changes = "* " ANN_DN "\n  + description: more\n", .writes = 1,
           .counts = "1 modified, 1 unchanged", .events = "quarantine-cleared")}},
    {"a newcomer with the name of a leaving account gets another one",
     {USERS("enabled"), KEEP_A_MONTH, .source = ANN BOB},
     {ENABLED_COME, SOURCE_IS(BOB PERSON("a2", "Ann", "a2@globex.example", "")),
      SYNC(.changes = "+ cn=Ann (a2191b),ou=in,o=acme\n  cn: Ann (a2191b)\n  dirsyncAnchor: a2\n  "
                      "importedFrom: " CASE_UUID
                      "\n  mail: a2@globex.example\n  mailNickname: a2\n  objectClass: dirsyncStamp\n"
                      "  objectClass: inetOrgPerson\n  objectClass: mailRecipient\n  objectClass: top\n"
                      "  proxyAddresses: SMTP:a2@globex.example\n  sn: x\n"
                      "  targetAddress: SMTP:a2@globex.example\n  uid: a2\n" PASSWORD GRACED(ADDS_LOCK),
           .writes = 3, .counts = "1 created, 1 disabled, 1 unchanged", .events = "missing")}},
    {"a newcomer with name and address of an account in grace: the account stays",
     {USERS("enabled"), KEEP_A_MONTH, .source = ANN BOB},
     {ENABLED_COME, ANN_LEAVES,
      SYNC(.changes = GRACED(ADDS_LOCK), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      SOURCE_IS(BOB PERSON("a2", "Ann", "a1@globex.example", "")),
      SYNC(.counts = "2 unchanged, 1 quarantined", .events = "conflict", .status = 3,
           .quarantine = "a2: address smtp:a1@globex.example is held by " ANN_DN "*")}},
    {"a newcomer with the address of a leaving account is a conflict",
     {USERS("enabled"), KEEP_A_MONTH, .source = ANN BOB},
     {ENABLED_COME, SOURCE_IS(BOB PERSON("a2", "Cat", "a1@globex.example", "")),
      SYNC(.changes = GRACED(ADDS_LOCK), .writes = 1, .counts = "1 disabled, 1 unchanged, 1 quarantined",
           .events = "conflict missing", .status = 3,
           .quarantine = "a2: address smtp:a1@globex.example is held by " ANN_DN "*")}},
    {"a lock that ends by itself keeps nobody at home; one for good does",
     {.home = INSIDER("a1", "Ann", "ann@acme.example", "pwdAccountLockedTime: 20261122120000Z\n")
          INSIDER("b1", "Bob", "bob@acme.example", DISABLED),
      .export = FROM_PEOPLE},
     {SYNC(.foreign = EXPORTED("a1", "Ann", "ann@acme.example", ""), .foreign_writes = 1,
           .exported = "1 created")}},
    {"an account whose enabling was refused once is enabled by the next run",
     {USERS("enabled"), .source = ANN},
     {FAULTS("refuse@2", NULL),
      SYNC(.changes = ACCOUNT_CREATED("a1", "Ann", LOCKED, ""), .writes = 1, .counts = "1 failed",
           .events = "write-failed", .status = 3, .restless = true),
      FAULTS(NULL, NULL), SYNC(.changes = IS_ENABLED, .writes = 1, .counts = "1 modified"),
      SYNC(.counts = "1 unchanged")}},
    {"an account whose enabling was refused twice is enabled by the run after that",
     {USERS("enabled"), .source = ANN},
     {FAULTS("refuse@2", NULL),
      SYNC(.changes = ACCOUNT_CREATED("a1", "Ann", LOCKED, ""), .writes = 1, .counts = "1 failed",
           .events = "write-failed", .status = 3, .restless = true),
      FAULTS("refuse@1", NULL),
      SYNC(.counts = "1 failed", .events = "write-failed", .status = 3, .restless = true), FAULTS(NULL, NULL),
      SYNC(.changes = IS_ENABLED, .writes = 1, .counts = "1 modified"), SYNC(.counts = "1 unchanged")}},
    {"an account that was made in a run whose home directory then went down is enabled by the next",
     {USERS("enabled"), .source = ANN},
     {FAULTS("down@2", NULL),
      SYNC(.changes = ACCOUNT_CREATED("a1", "Ann", LOCKED, ""), .writes = 1, .counts = "1 failed",
           .error = "*", .events = "write-failed", .status = 5, .restless = true),
      FAULTS(NULL, NULL), SYNC(.changes = IS_ENABLED, .writes = 1, .counts = "1 modified"), LOCK_BY_HAND,
      SYNC(.counts = "1 unchanged")}},
};

/* --- what a table cannot say --- */

/* @old, once in the file @name, becomes @new. */
static void change_file(const Case *c, const char *name, const char *old, const char *new)
{
    g_autofree char *path = case_path(c, name);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(text, old, 0);
    assert_int_equal(g_strv_length(parts), 2);
    g_autofree char *changed = g_strjoinv(new, parts);
    assert_true(g_file_set_contents(path, changed, -1, NULL));
}

static void the_reason_names_the_source_that_was_emptied(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.home = ANN_HOME STAFF BOB_STAFF,
                                              .source = ANN_OUT BOB_OUT,
                                              .export = TWO_SOURCES,
                                              .no_import = true});
    case_sync(c, NULL, &(Expected){.exported = "2 unchanged"});
    case_edit_home(c, DELETED("cn=Bob,ou=staff,o=acme"));
    g_autoptr(Connector) connector = case_connector(c);
    RunOptions options = case_options(c, connector, NULL);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    assert_true(run_sync(connector, &options, &result, &error));
    assert_true(result.step[STEP_EXPORT].partial);
    assert_non_null(strstr(result.step[STEP_EXPORT].partial_reason, "ou=staff,o=acme"));
    assert_null(strstr(result.step[STEP_EXPORT].partial_reason, "ou=people,o=acme"));
    assert_non_null(strstr(result.step[STEP_EXPORT].partial_reason, "--allow-empty"));
    assert_int_equal(run_exit_status(&result), 3);
}

/* Number of the line that @text begins in. */
static size_t line_of(const Case *c, const char *name, const char *text)
{
    g_autofree char *path = case_path(c, name);
    g_autofree char *all = NULL;
    size_t line = 1;
    assert_true(g_file_get_contents(path, &all, NULL, NULL));
    const char *at = strstr(all, text);
    assert_non_null(at);
    for (const char *p = all; p < at; p++)
        line += *p == '\n';
    return line;
}

#define WRITES_THE_STAMP "<attribute name=\"employeeType\" from=\"title\"/>"

static void a_mapping_that_writes_the_stamp_is_refused(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.home = ANN_HOME, .source = ANN_OUT, .export = FROM_PEOPLE});
    case_sync(c, NULL, &(Expected){.exported = "1 unchanged"});
    change_file(c, "mapping.xml", "<attribute name=\"labeledURI\" from=\"proxyAddresses\"/>",
                WRITES_THE_STAMP);
    g_autofree char *error =
        g_strdup_printf("*mapping.xml:%zu: employeeType *", line_of(c, "mapping.xml", WRITES_THE_STAMP));
    case_sync(c, NULL, &(Expected){.error = error, .status = 6});
}

#define FIRST_BEGINS "</attributes>\n<recipient "
#define CONTACT_RECIPIENT                                                                                    \
    "<recipient of=\"person\" as=\"contact\" uses=\"all target\">\n"                                         \
    "<object class=\"top\"/><object class=\"contact\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"         \
    "</recipient>\n"

/* Which of the mapping's recipients an object is of is remembered by number. */
static void who_leaves_when_the_recipients_change_places_is_disabled(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){USERS("disabled"), .import = "<grace days=\"0\"/>", .source = ANN BOB});
    case_sync(c, NULL,
              &(Expected){.changes = ACCOUNT_CREATED("a1", "Ann", LOCKED, "")
                              ACCOUNT_CREATED("b1", "Bob", LOCKED, ""),
                          .writes = 2,
                          .counts = "2 created"});
    case_edit_home(c, MODIFY(ANN_DN, TAKE("pwdAccountLockedTime")));
    case_sync(c, NULL, &(Expected){.counts = "2 unchanged"});
    change_file(c, "kinds.xml", CONTACT_RECIPIENT, "");
    change_file(c, "kinds.xml", "</import>", CONTACT_RECIPIENT "</import>");
    case_edit_foreign(c, DELETED("uid=a1,o=globex"));
    case_sync(c, NULL,
              &(Expected){.changes = GRACED(ADDS_LOCK),
                          .writes = 1,
                          .counts = "1 disabled, 1 unchanged",
                          .events = "missing account-kept"});
}

/* ... and another recipient in front of all. */
static void who_leaves_when_a_recipient_is_added_is_disabled(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){USERS("disabled"), .import = "<grace days=\"0\"/>", .source = ANN BOB});
    case_sync(c, NULL,
              &(Expected){.changes = ACCOUNT_CREATED("a1", "Ann", LOCKED, "")
                              ACCOUNT_CREATED("b1", "Bob", LOCKED, ""),
                          .writes = 2,
                          .counts = "2 created"});
    case_edit_home(c, MODIFY(ANN_DN, TAKE("pwdAccountLockedTime")));
    change_file(
        c, "kinds.xml", FIRST_BEGINS,
        "</attributes>\n<recipient of=\"contact\" as=\"contact\" uses=\"all target\" when=\"$title = 'x'\">\n"
        "<object class=\"top\"/><object class=\"contact\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
        "</recipient>\n<recipient ");
    case_edit_foreign(c, DELETED("uid=a1,o=globex"));
    case_sync(c, NULL,
              &(Expected){.changes = GRACED(ADDS_LOCK),
                          .writes = 1,
                          .counts = "1 disabled, 1 unchanged",
                          .events = "missing account-kept"});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_names_the_source_that_was_emptied),
        cmocka_unit_test(a_mapping_that_writes_the_stamp_is_refused),
        cmocka_unit_test(who_leaves_when_the_recipients_change_places_is_disabled),
        cmocka_unit_test(who_leaves_when_a_recipient_is_added_is_disabled),
    };
    return case_run_tables("two_way_review", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

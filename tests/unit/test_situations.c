/*
 * test_situations.c - every row of the situation table, as it applies to contacts
 *
 * Each case is a start, what happened, and everything that a run makes of it.
 * Those whose input has to be computed are in test_values.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#define ANN PERSON("a1", "Ann Ash", "ann@globex.example", "")
#define BOB PERSON("b1", "Bob Birch", "bob@globex.example", "")
#define ANN_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CONTACT CONTACT("b1", "Bob Birch", "bob@globex.example", "")
#define ANN_CREATED CREATED("a1", "Ann Ash", "ann@globex.example", "")
#define BOB_CREATED CREATED("b1", "Bob Birch", "bob@globex.example", "")
#define NO_GRACE "<grace days=\"0\"/>"

#define STAMPED_LIKE(cn, anchor)                                                                             \
    "dn: cn=" cn ",ou=people,o=acme\nchangetype: modify\nadd: objectClass\nobjectClass: dirsyncStamp\n-\n"   \
    "add: importedFrom\nimportedFrom: " CASE_UUID "\n-\nadd: dirsyncAnchor\ndirsyncAnchor: " anchor          \
    "\n-\n\n"
#define NATIVE(cn, mail, more)                                                                               \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: inetOrgPerson\ncn: " cn "\nsn: x\n"                        \
    "mail: " mail "\n" more "\n"

#define CYD PERSON("c1", "Cyd Cedar", "cyd@globex.example", "")
#define CYD_CONTACT CONTACT("c1", "Cyd Cedar", "cyd@globex.example", "")
#define CYD_CREATED CREATED("c1", "Cyd Cedar", "cyd@globex.example", "")
/* The suffix that anchor a1 gives, and a contact of it but for its name. */
#define ANN_TAG "a4ccef"
#define ANN_REST                                                                                             \
    "  dirsyncAnchor: a1\n  importedFrom: " CASE_UUID "\n  mail: ann@globex.example\n  mailNickname: a1\n"   \
    "  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n"                              \
    "  proxyAddresses: SMTP:ann@globex.example\n  targetAddress: SMTP:ann@globex.example\n"
/* An address of globex.example that went, came, was exchanged. */
#define WENT(local)                                                                                          \
    "  - mail: " local "@globex.example\n  - proxyAddresses: SMTP:" local "@globex.example\n"                \
    "  - targetAddress: SMTP:" local "@globex.example\n"
#define CAME(local)                                                                                          \
    "  + mail: " local "@globex.example\n  + proxyAddresses: SMTP:" local "@globex.example\n"                \
    "  + targetAddress: SMTP:" local "@globex.example\n"
#define GOT_ADDRESS(cn, old, new) "* cn=" cn ",ou=in,o=acme\n" WENT(old) CAME(new)

static const PassCase cases[] = {
    /* --- in-sync, new, changed --- */
    {"new: a person becomes a contact",
     {.source = ANN BOB},
     {SYNC(.changes = ANN_CREATED BOB_CREATED, .writes = 2, .counts = "2 created")}},
    {"in-sync: nothing is written, with state or without",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"), STATE_LOST, SYNC(.counts = "1 unchanged"),
      SYNC(.counts = "1 unchanged")}},
    {"new: the import container is made when it is missing",
     {.source = ANN, .no_container = true},
     {SYNC(.changes = ANN_CREATED "+ ou=in,o=acme\n  objectClass: organizationalUnit\n  ou: in\n",
           .writes = 2, .counts = "1 created")}},
    {"a native with a copy of a stamp is left alone, and the person's contact is still theirs",
     {.home = NATIVE("Nat", "nat@acme.example", "") ANN_CONTACT, .source = ANN},
     {SYNC(.counts = "1 unchanged"), HOME_EDITED(STAMPED_LIKE("Nat", "a1")),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n")),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + telephoneNumber: 1\n", .writes = 1,
           .counts = "1 modified", .events = "ambiguous")}},
    {"a source entry gets another anchor: that is another person",
     {.home = ANN_CONTACT BOB_CONTACT, .source = ANN BOB, .import = NO_GRACE},
     {SYNC(.counts = "2 unchanged"),
      FOREIGN_EDITED(
          "dn: uid=a1,o=globex\nchangetype: modrdn\nnewrdn: uid=n1\ndeleteoldrdn: 1\n\n"
          "dn: uid=n1,o=globex\nchangetype: modify\ndelete: cn\ncn: Ann Ash\n-\nadd: cn\ncn: Nan\n-\n"
          "delete: mail\nmail: ann@globex.example\n-\nadd: mail\nmail: nan@globex.example\n-\n\n"),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n" CREATED("n1", "Nan", "nan@globex.example", ""),
           .writes = 2, .counts = "1 created, 1 deleted, 1 unchanged")}},
    {"a filter without parentheses, and somebody goes",
     {.home = ANN_CONTACT BOB_CONTACT,
      .source = ANN BOB,
      .filter = "objectClass=inetOrgPerson",
      .import = NO_GRACE},
     {SYNC(.counts = "2 unchanged"), SOURCE_IS(BOB),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 1 unchanged")}},
    {"who was looked at with --only is missed when they go",
     {.home = ANN_CONTACT BOB_CONTACT, .source = ANN BOB, .import = NO_GRACE},
     {SYNC(.counts = "2 unchanged"), SYNC_CALLED(HOW(.only = "(uid=a1)"), .counts = "2 unchanged"),
      SOURCE_IS(BOB),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 1 unchanged")}},
    {"new: nobody in the source, no container is made",
     {.source = "", .no_container = true},
     {SYNC(.counts = "")}},
    {"changed: the smallest modification",
     {.source = ANN},
     {SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example",
                       "telephoneNumber: 1\ndescription: one\ndescription: two\n")),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + description: one\n  + description: two\n  + "
                      "telephoneNumber: 1\n",
           .writes = 1, .counts = "1 modified"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 2\ndescription: two\n")),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - description: one\n  - telephoneNumber: 1\n  + "
                      "telephoneNumber: 2\n",
           .writes = 1, .counts = "1 modified"),
      SOURCE_IS(ANN),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - description: two\n  - telephoneNumber: 2\n",
           .writes = 1, .counts = "1 modified")}},
    {"changed: another address becomes the primary one, the first stays as secondary",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann.ash@globex.example", "mail: ann@globex.example\n")),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - mail: ann@globex.example\n"
                      "  - proxyAddresses: SMTP:ann@globex.example\n"
                      "  - targetAddress: SMTP:ann@globex.example\n  + mail: ann.ash@globex.example\n"
                      "  + proxyAddresses: SMTP:ann.ash@globex.example\n"
                      "  + proxyAddresses: smtp:ann@globex.example\n"
                      "  + targetAddress: SMTP:ann.ash@globex.example\n",
           .writes = 1, .counts = "1 modified")}},
    {"changed: what is given once is not given again",
     {.source = ANN, .home = ANN_CONTACT},
     {HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme", SET("mailNickname", "annie"))),
      SYNC(.counts = "1 unchanged")}},
    {"changed: addresses of other types are other people's",
     {.source = ANN,
      .home = CONTACT("a1", "Ann Ash", "ann@globex.example", "proxyAddresses: X400:c=us;a= ;p=x\n")},
     {SYNC(.counts = "1 unchanged")}},

    /* --- drift --- */
    {"drift in managed attributes is healed",
     {.source = ANN},
     {SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created"),
      HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme",
                         SET("mail", "wrong@globex.example") GIVE("telephoneNumber", "9"))),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - mail: wrong@globex.example\n  - telephoneNumber: 9\n"
                      "  + mail: ann@globex.example\n",
           .writes = 1, .counts = "1 modified")}},
    {"drift: a contact that an administrator deleted is made again",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"), HOME_EDITED(DELETED("cn=Ann Ash,ou=in,o=acme")),
      SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created")}},
    {"drift: a contact that an administrator renamed gets its name back",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED("dn: cn=Ann Ash,ou=in,o=acme\nchangetype: modrdn\nnewrdn: cn=Someone\ndeleteoldrdn: 1\n\n"),
      SYNC(.changes =
               "> cn=Someone,ou=in,o=acme\n  to cn=Ann Ash,ou=in,o=acme\n  - cn: Someone\n  + cn: Ann Ash\n",
           .writes = 1, .counts = "1 renamed")}},
    {"drift: a contact that an administrator moved elsewhere stays there and is kept up",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED("dn: cn=Ann Ash,ou=in,o=acme\nchangetype: modrdn\nnewrdn: cn=Ann Ash\ndeleteoldrdn: 1\n"
                  "newsuperior: ou=people,o=acme\n\n"),
      SYNC(.counts = "1 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n")),
      SYNC(.changes = "* cn=Ann Ash,ou=people,o=acme\n  + telephoneNumber: 1\n", .writes = 1,
           .counts = "1 modified")}},
    {"drift in unmanaged attributes is left alone",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"), HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme", GIVE("l", "Springfield"))),
      SYNC(.counts = "1 unchanged")}},
    {"case and blanks: a difference that only the server made is not written",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "description: Head  of Sales\n"),
      .home = CONTACT("a1", "ann ash", "Ann@Globex.example", "description: head of  SALES\n")},
     {SYNC(.counts = "1 unchanged"), SYNC_CALLED(HOW(.full = true), .counts = "1 unchanged"),
      HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme", SET("description", "HEAD OF SALES"))),
      SYNC(.counts = "1 unchanged"), SYNC_CALLED(HOW(.full = true), .counts = "1 unchanged")}},
    {"case: a difference that the source made is written, once",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "title: Head\n"),
      .home = CONTACT("a1", "Ann Ash", "ann@globex.example", "title: head\n")},
     {SYNC(.counts = "1 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "title: HEAD\n")),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - title: head\n  + title: HEAD\n", .writes = 1,
           .counts = "1 modified")}},

    /* --- moved --- */
    {"moved: a rename in the source is a rename of the same object",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"), SOURCE_IS(PERSON("a1", "Ann Oak", "ann@globex.example", "")),
      SYNC(.changes =
               "> cn=Ann Ash,ou=in,o=acme\n  to cn=Ann Oak,ou=in,o=acme\n  - cn: Ann Ash\n  + cn: Ann Oak\n",
           .writes = 1, .counts = "1 renamed")}},
    {"moved and changed at once: two changes of one person",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"), SOURCE_IS(PERSON("a1", "Ann Oak", "ann.oak@globex.example", "")),
      SYNC(.changes = "> cn=Ann Ash,ou=in,o=acme\n  to cn=Ann Oak,ou=in,o=acme\n  - cn: Ann Ash\n"
                      "  - mail: ann@globex.example\n  - proxyAddresses: SMTP:ann@globex.example\n"
                      "  - targetAddress: SMTP:ann@globex.example\n  + cn: Ann Oak\n"
                      "  + mail: ann.oak@globex.example\n"
                      "  + proxyAddresses: SMTP:ann.oak@globex.example\n"
                      "  + targetAddress: SMTP:ann.oak@globex.example\n",
           .writes = 2, .counts = "1 modified, 1 renamed")}},
    {"moved: only the spelling of the name, written once",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann ASH", "ann@globex.example", "telephoneNumber: 1\n")),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + telephoneNumber: 1\n", .writes = 1,
           .counts = "1 modified")}},

    /* --- missing and returned --- */
    {"missing: grace begins, goes on, and ends with the object",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT},
     {SYNC(.counts = "2 unchanged"), SOURCE_IS(BOB),
      SYNC(.changes = HIDDEN("Ann Ash"), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      SYNC(.counts = "2 unchanged"),
      HOME_EDITED(MODIFY("cn=Ann Ash,ou=in,o=acme", SET("dirsyncGraceSince", LONG_AGO))),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 1 unchanged")}},
    {"missing: the date on the object counts, state or not",
     {.source = BOB, .home = CONTACT("a1", "Ann Ash", "ann@globex.example", IN_GRACE) BOB_CONTACT},
     {SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 1 unchanged")}},
    {"missing: no grace, deleted at once, out of its groups first",
     {.source = BOB,
      .import = NO_GRACE,
      .home =
          ANN_CONTACT BOB_CONTACT "dn: cn=team,ou=people,o=acme\nobjectClass: groupOfNames\ncn: team\n"
                                  "member: cn=Ann Ash,ou=in,o=acme\nmember: cn=Bob Birch,ou=in,o=acme\n\n"},
     {SYNC(.changes =
               "- cn=Ann Ash,ou=in,o=acme\n* cn=team,ou=people,o=acme\n  - member: cn=Ann Ash,ou=in,o=acme\n",
           .writes = 2, .counts = "1 deleted, 1 unchanged")}},
    {"missing: action keep dates the object and does not hide it",
     {.source = BOB, .home = ANN_CONTACT BOB_CONTACT, .import = "<grace action=\"keep\"/>"},
     {SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + dirsyncGraceSince: NOW\n", .writes = 1,
           .counts = "1 disabled, 1 unchanged", .events = "missing")}},
    {"returned: the same object is restored",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT},
     {SYNC(.counts = "2 unchanged"), SOURCE_IS(BOB),
      SYNC(.changes = HIDDEN("Ann Ash"), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      SOURCE_IS(ANN BOB),
      SYNC(.changes = RESTORED("Ann Ash", "NOW"), .writes = 1, .counts = "1 modified, 1 unchanged",
           .events = "returned")}},
    {"returned: without state, and changed meanwhile",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n"),
      .home = CONTACT("a1", "Ann Ash", "ann@globex.example", IN_GRACE)},
     {SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  - dirsyncGraceSince: " LONG_AGO "\n"
                      "  - msExchHideFromAddressLists: TRUE\n  + telephoneNumber: 1\n",
           .writes = 1, .counts = "1 modified", .events = "returned")}},
    {"missing: gone from the source and from home, the link goes too",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT},
     {SYNC(.counts = "2 unchanged"), SOURCE_IS(BOB), HOME_EDITED(DELETED("cn=Ann Ash,ou=in,o=acme")),
      SYNC(.counts = "1 unchanged")}},

    /* --- superseded --- */
    {"superseded: a newcomer has the name of an object in grace",
     {.source = PERSON("a2", "Ann Ash", "ann.two@globex.example", ""),
      .home = CONTACT("a1", "Ann Ash", "ann@globex.example", "dirsyncGraceSince: 20990101000000Z\n")},
     {SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n" CREATED("a2", "Ann Ash", "ann.two@globex.example", ""),
           .writes = 2, .counts = "1 created, 1 deleted", .events = "superseded")}},
    {"superseded: a newcomer has the address of somebody who leaves in the same run",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"), SOURCE_IS(PERSON("z9", "Zoe Zander", "ann@globex.example", "")),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n" CREATED("z9", "Zoe Zander", "ann@globex.example", ""),
           .writes = 2, .counts = "1 created, 1 deleted", .events = "superseded")}},
    {"superseded: delete and re-create under the same name and address with another anchor",
     {.source = ANN, .home = ANN_CONTACT, .unique = true},
     {SYNC(.counts = "1 unchanged"), SOURCE_IS(PERSON("a2", "Ann Ash", "ann@globex.example", "")),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n" CREATED("a2", "Ann Ash", "ann@globex.example", ""),
           .writes = 2, .counts = "1 created, 1 deleted", .events = "superseded")}},
    {"superseded: somebody known takes over the address of one in grace",
     {.source = PERSON("b1", "Bob Birch", "bob@globex.example", "mail: ann@globex.example\n"),
      .home =
          CONTACT("a1", "Ann Ash", "ann@globex.example", "dirsyncGraceSince: 20990101000000Z\n") BOB_CONTACT},
     {SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n* cn=Bob Birch,ou=in,o=acme\n"
                      "  + proxyAddresses: smtp:ann@globex.example\n",
           .writes = 2, .counts = "1 modified, 1 deleted", .events = "superseded")}},

    /* --- moved-home --- */
    {"moved-home: the contact yields its groups and addresses to the native",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "mail: ann.ash@globex.example\n"),
      .home = CONTACT(
          "a1", "Ann Ash", "ann@globex.example",
          "proxyAddresses: smtp:ann.ash@globex.example\n") "dn: cn=team,ou=people,o=acme\nobjectClass: "
                                                           "groupOfNames\ncn: team\n"
                                                           "member: cn=Ann Ash,ou=in,o=acme\n\n"},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED("dn: cn=Ann Native,ou=people,o=acme\nchangetype: add\nobjectClass: contact\n"
                  "cn: Ann Native\n"
                  "mail: ann@globex.example\n\n"),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n* cn=Ann Native,ou=people,o=acme\n"
                      "  + proxyAddresses: smtp:ann.ash@globex.example\n* cn=team,ou=people,o=acme\n"
                      "  - member: cn=Ann Ash,ou=in,o=acme\n  + member: cn=Ann Native,ou=people,o=acme\n",
           .writes = 3, .counts = "1 deleted", .events = "moved-home"),
      SYNC(.counts = "1 unchanged"), STATE_LOST,
      SYNC(.counts = "1 quarantined", .events = "unowned", .status = 3,
           .quarantine = "a1: cn=Ann Native,ou=people,o=acme is this person and not ours*")}},
    {"moved-home: what the native has none of stays primary",
     {.source = ANN,
      .home = CONTACT("a1", "Ann Ash", "ann@globex.example",
                      "proxyAddresses: X400:c=us;s=ash;\nproxyAddresses: x400:c=us;s=ann;\n"
                      "proxyAddresses: NOTES:Ann Ash/Acme@Ex\n")},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED("dn: cn=Ann Native,ou=people,o=acme\nchangetype: add\nobjectClass: contact\n"
                  "cn: Ann Native\nmail: ann@globex.example\nproxyAddresses: NOTES:Native/Acme@Ex\n\n"),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n* cn=Ann Native,ou=people,o=acme\n"
                      "  + proxyAddresses: X400:c=us;s=ash;\n  + proxyAddresses: notes:Ann Ash/Acme@Ex\n"
                      "  + proxyAddresses: x400:c=us;s=ann;\n",
           .writes = 2, .counts = "1 deleted", .events = "moved-home")}},
    {"moved-home: the native is in the group already",
     {.source = ANN,
      .home = ANN_CONTACT NATIVE("Ann Native", "x@acme.example",
                                 "") "dn: cn=team,ou=people,o=acme\nobjectClass: groupOfNames\ncn: team\n"
                                     "member: cn=Ann Ash,ou=in,o=acme\n"
                                     "member: cn=Ann Native,ou=people,o=acme\n\n"},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED(MODIFY("cn=Ann Native,ou=people,o=acme", GIVE("mail", "ann@globex.example"))),
      SYNC(.changes =
               "- cn=Ann Ash,ou=in,o=acme\n* cn=team,ou=people,o=acme\n  - member: cn=Ann Ash,ou=in,o=acme\n",
           .writes = 2, .counts = "1 deleted", .events = "moved-home")}},
    {"moved-home: when the native goes away the contact is made again",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED("dn: cn=Ann Native,ou=people,o=acme\nchangetype: add\nobjectClass: inetOrgPerson\n"
                  "cn: Ann Native\nsn: x\n"
                  "mail: ann@globex.example\n\n"),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted",
           .events = "moved-home"),
      HOME_EDITED(DELETED("cn=Ann Native,ou=people,o=acme")),
      SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created")}},
    {"moved-home: found by the key of a join rule",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "employeeNumber: 7\n"),
      .home = ANN_CONTACT,
      .import = "<join source=\"employeeNumber\" home=\"employeeNumber\"/>"},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED("dn: cn=Ann Native,ou=people,o=acme\nchangetype: add\nobjectClass: inetOrgPerson\n"
                  "cn: Ann Native\nsn: x\n"
                  "employeeNumber: 7\n\n"),
      SYNC(.changes = "- cn=Ann Ash,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted",
           .events = "moved-home")}},

    /* --- out-of-scope --- */
    {"out-of-scope: filtered out, not imported",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "employeeType: guest\n") BOB,
      .filter = "(&(objectClass=inetOrgPerson)(!(employeeType=guest)))"},
     {SYNC(.changes = BOB_CREATED, .writes = 1, .counts = "1 created")}},
    {"out-of-scope: filtered out from now on, the contact is kept as it is",
     {.source = ANN BOB,
      .home = ANN_CONTACT BOB_CONTACT,
      .filter = "(&(objectClass=inetOrgPerson)(!(employeeType=guest)))"},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "new@globex.example", "employeeType: guest\n") BOB),
      SYNC(.counts = "2 unchanged")}},
    {"out-of-scope: filtered out from now on, treated as missing",
     {.source = ANN BOB,
      .home = ANN_CONTACT BOB_CONTACT,
      .filter = "(&(objectClass=inetOrgPerson)(!(employeeType=guest)))",
      .import = "<out-of-scope action=\"missing\"/>"},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "ann@globex.example", "employeeType: guest\n") BOB),
      SYNC(.changes = HIDDEN("Ann Ash"), .writes = 1, .counts = "1 disabled, 1 unchanged",
           .events = "missing"),
      SOURCE_IS(ANN BOB),
      SYNC(.changes = RESTORED("Ann Ash", "NOW"), .writes = 1, .counts = "1 modified, 1 unchanged",
           .events = "returned")}},
    {"out-of-scope: one of our own people coming back is not imported",
     {.source = PERSON("a1", "Ann Ash", "ann@ACME.example", "") BOB},
     {SYNC(.changes = BOB_CREATED, .writes = 1, .counts = "1 created", .events = "out-of-scope")}},
    {"out-of-scope: a contact whose address comes to lie in one of our domains is kept",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"), SOURCE_IS(PERSON("a1", "Ann Ash", "ann@acme.example", "")),
      SYNC(.counts = "1 unchanged", .events = "out-of-scope")}},

    /* --- unowned, adoption --- */
    {"unowned: a contact of ours by hand has the address; reported, nothing written",
     {.source = ANN BOB,
      .home = "dn: cn=By Hand,ou=people,o=acme\nobjectClass: contact\ncn: By Hand\n"
              "proxyAddresses: SMTP:Ann@Globex.example\n\n"},
     {SYNC(.changes = BOB_CREATED, .writes = 1, .counts = "1 created, 1 quarantined", .events = "unowned",
           .status = 3,
           .quarantine = "a1: cn=By Hand,ou=people,o=acme is this person and not ours*<adopt/>*")}},
    {"unowned: matched by a join rule, adopted where it is",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "employeeNumber: 7\n"),
      .home = "dn: cn=By Hand,ou=people,o=acme\nobjectClass: top\nobjectClass: contact\ncn: By Hand\n"
              "l: Springfield\n"
              "employeeNumber: 7\nmailNickname: annie\n\n",
      .import = "<join source=\"employeeNumber\" home=\"employeeNumber\"/><adopt/>"},
     {SYNC(.changes =
               "* cn=By Hand,ou=people,o=acme\n  + dirsyncAnchor: a1\n  + importedFrom: " CASE_UUID "\n"
               "  + mail: ann@globex.example\n  + objectClass: dirsyncStamp\n"
               "  + proxyAddresses: SMTP:ann@globex.example\n"
               "  + targetAddress: SMTP:ann@globex.example\n",
           .writes = 1, .counts = "1 modified", .events = "adopted"),
      SOURCE_IS(PERSON("a1", "Ann Oak", "ann@globex.example", "employeeNumber: 7\ntelephoneNumber: 1\n")),
      SYNC(.changes = "* cn=By Hand,ou=people,o=acme\n  + telephoneNumber: 1\n", .writes = 1,
           .counts = "1 modified")}},
    {"unowned: a user is this person; users are not adopted as contacts",
     {.source = ANN,
      .home = NATIVE("Ann User", "ann@globex.example", ""),
      .import = "<join source=\"mail\" home=\"mail\"/><adopt/>"},
     {SYNC(.counts = "1 quarantined", .events = "unowned", .status = 3,
           .quarantine = "a1: cn=Ann User,ou=people,o=acme is this person, but not a contact*")}},
    {"unowned: join values are values, not filters",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "employeeNumber: *)(objectClass=*\n"),
      .home = NATIVE("Other", "other@acme.example", "employeeNumber: 7\n"),
      .import = "<join source=\"employeeNumber\" home=\"employeeNumber\"/><adopt/>"},
     {SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created"),
      HOME_EDITED(MODIFY("cn=Other,ou=people,o=acme", SET("employeeNumber", "*"))),
      SYNC(.counts = "1 unchanged")}},
    {"unowned: another connector's object is nobody to adopt",
     {.source = ANN,
      .import = "<join source=\"mail\" home=\"mail\"/><adopt/>",
      .home = "dn: cn=Theirs,ou=people,o=acme\nobjectClass: contact\nobjectClass: dirsyncStamp\ncn: Theirs\n"
              "mail: ann@globex.example\nimportedFrom: " OTHER_UUID "\ndirsyncAnchor: a1\n\n"},
     {SYNC(.counts = "1 quarantined", .events = "conflict", .status = 3,
           .quarantine = "a1: address smtp:ann@globex.example is held by cn=Theirs,ou=people,o=acme*")}},

    /* --- ambiguous --- */
    {"ambiguous: several natives match; every one is named",
     {.source = ANN,
      .home = NATIVE("One", "ann@globex.example",
                     "") "dn: cn=Two,ou=people,o=acme\nobjectClass: contact\ncn: Two\n"
                         "proxyAddresses: smtp:ann@globex.example\n\n",
      .import = "<join source=\"mail\" home=\"mail\"/><adopt/>"},
     {SYNC(.counts = "1 quarantined", .events = "ambiguous", .status = 3,
           .quarantine = "a1: 2 recipients*cn=One,ou=people,o=acme*cn=Two,ou=people,o=acme*")}},
    {"ambiguous: the contact is kept while it lasts, and reported as long",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      HOME_EDITED("dn: cn=One,ou=people,o=acme\nchangetype: add\nobjectClass: contact\ncn: One\n"
                  "mail: ann@globex.example\n\n"
                  "dn: cn=Two,ou=people,o=acme\nchangetype: add\nobjectClass: contact\ncn: Two\n"
                  "mail: ann@globex.example\n\n"),
      SYNC(.counts = "1 quarantined", .events = "ambiguous", .status = 3, .quarantine = "a1: 2 recipients*"),
      HOME_EDITED(DELETED("cn=One,ou=people,o=acme") DELETED("cn=Two,ou=people,o=acme")),
      SYNC(.counts = "1 unchanged", .events = "quarantine-cleared")}},
    {"ambiguous: two objects with the same stamp, neither is touched for the other",
     {.source = ANN,
      .home = ANN_CONTACT "dn: cn=Copy,ou=in,o=acme\nobjectClass: contact\nobjectClass: dirsyncStamp\n"
                          "cn: Copy\n"
                          "importedFrom: " CASE_UUID "\ndirsyncAnchor: a1\n\n"},
     {SYNC(.counts = "1 unchanged", .events = "ambiguous")}},

    /* --- conflict --- */
    {"conflict: a secondary address is another connector's; the rest is applied",
     {.source = PERSON("a1", "Ann Ash", "ann@globex.example", "mail: shared@globex.example\n"),
      .home =
          "dn: cn=Theirs,ou=people,o=acme\nobjectClass: contact\nobjectClass: dirsyncStamp\ncn: Theirs\n"
          "proxyAddresses: smtp:SHARED@globex.example\nimportedFrom: " OTHER_UUID "\ndirsyncAnchor: 1\n\n"},
     {SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created, 1 quarantined", .events = "conflict",
           .status = 3,
           .quarantine = "a1: address smtp:shared@globex.example is held by cn=Theirs,ou=people,o=acme*"),
      HOME_EDITED(DELETED("cn=Theirs,ou=people,o=acme")),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + proxyAddresses: smtp:shared@globex.example\n",
           .writes = 1, .counts = "1 modified", .events = "quarantine-cleared")}},
    {"conflict: two entries of the source want the same address; the first keeps it",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      SOURCE_IS(ANN PERSON("b1", "Bob Birch", "bob@globex.example", "mail: ann@globex.example\n")),
      SYNC(.changes = BOB_CREATED, .writes = 1, .counts = "1 created, 1 unchanged, 1 quarantined",
           .events = "conflict", .status = 3,
           .quarantine = "b1: address smtp:ann@globex.example is held by cn=Ann Ash,ou=in,o=acme*")}},
    {"conflict: a change of the primary address to one that is taken leaves the old one",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "bob@globex.example", "telephoneNumber: 1\n") BOB),
      SYNC(.changes = "* cn=Ann Ash,ou=in,o=acme\n  + telephoneNumber: 1\n", .writes = 1,
           .counts = "1 modified, 1 unchanged, 1 quarantined", .events = "conflict", .status = 3,
           .quarantine = "a1: address smtp:bob@globex.example is held by cn=Bob Birch,ou=in,o=acme*")}},
    {"conflict: a person without any free address is not imported",
     {.source = ANN PERSON("z1", "Zoe", "ann@globex.example", ""), .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged, 1 quarantined", .events = "conflict", .status = 3,
           .quarantine = "z1: address smtp:ann@globex.example is held by cn=Ann Ash,ou=in,o=acme*")}},

    /* --- other connectors --- */
    {"another connector's objects are never touched, though they lie in our container and miss in our source",
     {.source = ANN,
      .home = ANN_CONTACT
      "dn: cn=Theirs,ou=in,o=acme\nobjectClass: contact\nobjectClass: dirsyncStamp\ncn: Theirs\n"
      "importedFrom: " OTHER_UUID "\ndirsyncAnchor: a1\ndirsyncGraceSince: " LONG_AGO "\n\n",
      .import = NO_GRACE},
     {SYNC(.counts = "1 unchanged")}},
    {"a native in our container with the name we want: we take another one",
     {.source = ANN,
      .home = "dn: cn=Ann Ash,ou=in,o=acme\nobjectClass: contact\ncn: Ann Ash\nmail: x@acme.example\n\n"},
     {SYNC(.changes = "+ cn=Ann Ash (" ANN_TAG "),ou=in,o=acme\n  cn: Ann Ash (" ANN_TAG ")\n" ANN_REST,
           .writes = 1, .counts = "1 created")}},

    /* --- invalid --- */
    {"invalid: an entry that cannot be mapped is quarantined, the rest goes on, and it is cleared later",
     {.source = "dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn: Ann Ash\nsn: x\n\n" BOB},
     {SYNC(.changes = BOB_CREATED, .writes = 1, .counts = "1 created, 1 quarantined", .events = "quarantined",
           .status = 3, .quarantine = "a1: *mapping.xml:*: mail: *"),
      SOURCE_IS(ANN BOB),
      SYNC(.changes = ANN_CREATED, .writes = 1, .counts = "1 created, 1 unchanged",
           .events = "quarantine-cleared")}},
    {"invalid: the existing object stays as it is",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      SOURCE_IS(
          PERSON("a1", "Ann Ash", "new@globex.example", "title: a title far too long to be taken over\n")),
      SYNC(.counts = "1 quarantined", .events = "quarantined", .status = 3, .quarantine = "a1: *title*"),
      SOURCE_IS(ANN), SYNC(.counts = "1 unchanged", .events = "quarantine-cleared")}},
    {"invalid: an entry without its anchor makes nobody missing",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT, .import = NO_GRACE},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS("dn: cn=Ann Ash,o=globex\nobjectClass: inetOrgPerson\ncn: Ann Ash\nsn: x\n"
                "mail: ann@globex.example\n\n" BOB),
      SYNC(.counts = "2 unchanged, 1 quarantined", .events = "source-partial source-bad-record", .status = 3,
           .quarantine = "cn=Ann Ash,o=globex: no uid*")}},

    /* --- duplicate anchors --- */
    {"duplicate anchors: none is applied, and they count as present",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT, .import = NO_GRACE},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(ANN "dn: cn=Copy,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn: Copy\nsn: x\n"
                    "mail: c@globex.example\n\n" BOB),
      SYNC(.counts = "1 unchanged, 1 quarantined", .events = "source-duplicate quarantined", .status = 3,
           .quarantine = "a1: its anchor occurs more than once in the source\n"),
      SOURCE_IS(ANN BOB), SYNC(.counts = "2 unchanged", .events = "quarantine-cleared")}},
    {"duplicate anchors: new people, neither becomes a contact",
     {.source = ANN "dn: cn=Copy,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn: Copy\nsn: x\n"
                    "mail: c@globex.example\n\n"},
     {SYNC(.counts = "1 quarantined", .events = "source-duplicate quarantined", .status = 3,
           .quarantine = "a1: its anchor occurs more than once in the source\n")}},

    /* --- cycles --- */
    {"two people swap their addresses",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT, .unique = true},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "bob@globex.example", "")
                    PERSON("b1", "Bob Birch", "ann@globex.example", "")),
      SYNC(.changes = GOT_ADDRESS("Ann Ash", "ann", "bob") GOT_ADDRESS("Bob Birch", "bob", "ann"),
           .writes = 3, .counts = "2 modified")}},
    {"three people pass their addresses on in a ring",
     {.source = ANN BOB CYD, .home = ANN_CONTACT BOB_CONTACT CYD_CONTACT, .unique = true},
     {SYNC(.counts = "3 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "bob@globex.example", "") PERSON(
          "b1", "Bob Birch", "cyd@globex.example", "") PERSON("c1", "Cyd Cedar", "ann@globex.example", "")),
      SYNC(.changes = GOT_ADDRESS("Ann Ash", "ann", "bob") GOT_ADDRESS("Bob Birch", "bob", "cyd")
               GOT_ADDRESS("Cyd Cedar", "cyd", "ann"),
           .writes = 4, .counts = "3 modified")}},
    {"addresses move along a chain: nobody has to step back",
     {.source = ANN BOB CYD, .home = ANN_CONTACT BOB_CONTACT CYD_CONTACT, .unique = true},
     {SYNC(.counts = "3 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "bob@globex.example", "") PERSON(
          "b1", "Bob Birch", "cyd@globex.example", "") PERSON("c1", "Cyd Cedar", "new@globex.example", "")),
      SYNC(.changes = GOT_ADDRESS("Ann Ash", "ann", "bob") GOT_ADDRESS("Bob Birch", "bob", "cyd")
               GOT_ADDRESS("Cyd Cedar", "cyd", "new"),
           .writes = 3, .counts = "3 modified")}},
    {"a newcomer wants an address that two others are swapping, and does not get it",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT, .unique = true},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "bob@globex.example", "") PERSON("b1", "Bob Birch",
                                                                         "ann@globex.example", "")
                    PERSON("c1", "Cyd Cedar", "cyd@globex.example", "mail: ann@globex.example\n")
                        PERSON("c2", "Cyd Cypress", "cyd2@globex.example", "mail: ann@globex.example\n")
                            PERSON("c3", "Cyd Cherry", "cyd3@globex.example", "mail: bob@globex.example\n")),
      SYNC(.changes = GOT_ADDRESS("Ann Ash", "ann", "bob") GOT_ADDRESS("Bob Birch", "bob", "ann")
               CYD_CREATED CREATED("c3", "Cyd Cherry", "cyd3@globex.example", "")
                   CREATED("c2", "Cyd Cypress", "cyd2@globex.example", ""),
           .writes = 6, .counts = "3 created, 2 modified, 3 quarantined", .events = "conflict*3", .status = 3,
           .quarantine = "c1: *c2: *c3: *")}},
    {"others who are there already want addresses that two are swapping, and do not get them",
     {.source = CYD PERSON("a2", "Dan Dorn", "dan@globex.example", "") ANN BOB,
      .home = ANN_CONTACT BOB_CONTACT CYD_CONTACT CONTACT("a2", "Dan Dorn", "dan@globex.example", ""),
      .unique = true},
     {SYNC(.counts = "4 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Ash", "bob@globex.example", "")
                    PERSON("b1", "Bob Birch", "ann@globex.example", "")
                        PERSON("a2", "Dan Dorn", "ann@globex.example", "mail: dorn@globex.example\n")
                            PERSON("c1", "Cyd Cedar", "cyd@globex.example", "mail: bob@globex.example\n")),
      SYNC(.changes = GOT_ADDRESS("Ann Ash", "ann", "bob") GOT_ADDRESS(
               "Bob Birch", "bob",
               "ann") "* cn=Dan Dorn,ou=in,o=acme\n  + proxyAddresses: smtp:dorn@globex.example\n",
           .writes = 4, .counts = "3 modified, 1 unchanged, 2 quarantined", .events = "conflict*2",
           .status = 3, .quarantine = "a2: *c1: *")}},
    {"two people swap their names",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(PERSON("a1", "Bob Birch", "ann@globex.example", "")
                    PERSON("b1", "Ann Ash", "bob@globex.example", "")),
      SYNC(.changes = "> cn=Bob Birch,ou=in,o=acme\n  to cn=Ann Ash,ou=in,o=acme\n  - cn: Bob Birch\n  + cn: "
                      "Ann Ash\n"
                      "> cn=Ann Ash,ou=in,o=acme\n  to cn=Bob Birch,ou=in,o=acme\n  - cn: Ann Ash\n"
                      "  + cn: Bob Birch\n",
           .writes = 3, .counts = "2 renamed")}},
    {"two people swap names and addresses at once",
     {.source = ANN BOB, .home = ANN_CONTACT BOB_CONTACT, .unique = true},
     {SYNC(.counts = "2 unchanged"),
      SOURCE_IS(PERSON("a1", "Bob Birch", "bob@globex.example", "")
                    PERSON("b1", "Ann Ash", "ann@globex.example", "")),
      SYNC(.changes = "> cn=Bob Birch,ou=in,o=acme\n  to cn=Ann Ash,ou=in,o=acme\n  - cn: Bob "
                      "Birch\n" WENT("bob") "  + cn: Ann Ash\n" CAME(
                          "ann") "> cn=Ann Ash,ou=in,o=acme\n  to cn=Bob Birch,ou=in,o=acme\n  - cn: Ann "
                                 "Ash\n" WENT("ann") "  + cn: Bob Birch\n" CAME("bob"),
           .writes = 6, .counts = "2 modified, 2 renamed")}},
    {"three people pass their names on in a ring",
     {.source = ANN BOB CYD, .home = ANN_CONTACT BOB_CONTACT CYD_CONTACT},
     {SYNC(.counts = "3 unchanged"),
      SOURCE_IS(PERSON("a1", "Bob Birch", "ann@globex.example", "") PERSON(
          "b1", "Cyd Cedar", "bob@globex.example", "") PERSON("c1", "Ann Ash", "cyd@globex.example", "")),
      SYNC(.changes = "> cn=Cyd Cedar,ou=in,o=acme\n  to cn=Ann Ash,ou=in,o=acme\n  - cn: Cyd Cedar\n  + cn: "
                      "Ann Ash\n"
                      "> cn=Ann Ash,ou=in,o=acme\n  to cn=Bob Birch,ou=in,o=acme\n  - cn: Ann Ash\n"
                      "  + cn: Bob Birch\n"
                      "> cn=Bob Birch,ou=in,o=acme\n  to cn=Cyd Cedar,ou=in,o=acme\n  - cn: Bob Birch\n"
                      "  + cn: Cyd Cedar\n",
           .writes = 4, .counts = "3 renamed")}},
    {"a newcomer takes the name that somebody gives up in the same run",
     {.source = ANN, .home = ANN_CONTACT},
     {SYNC(.counts = "1 unchanged"),
      SOURCE_IS(PERSON("a1", "Ann Oak", "ann@globex.example", "")
                    PERSON("b1", "Ann Ash", "bob@globex.example", "")),
      SYNC(.changes = CREATED("b1", "Ann Ash", "bob@globex.example",
                              "") "> cn=Ann Ash,ou=in,o=acme\n  to cn=Ann Oak,ou=in,o=acme\n  - cn: Ann Ash\n"
                                  "  + cn: Ann Oak\n",
           .writes = 2, .counts = "1 created, 1 renamed")}},
};

/* Until then: afterwards the copy is the only object with that stamp. */
static void a_native_with_a_copy_of_a_stamp_stays_when_the_person_goes(void **state)
{
    (void)state;
    g_autoptr(Case) c =
        case_new(&(CaseStart){.home = NATIVE("Nat", "nat@acme.example", "") ANN_CONTACT BOB_CONTACT,
                              .source = ANN BOB,
                              .import = NO_GRACE});
    case_sync(c, NULL, &(Expected){.counts = "2 unchanged"});
    case_edit_home(c, STAMPED_LIKE("Nat", "a1"));
    case_set_source(c, BOB);
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=Ann Ash,ou=in,o=acme\n",
                          .writes = 1,
                          .counts = "1 deleted, 1 unchanged",
                          .events = "ambiguous",
                          .restless = true,
                          .unlike_stateless = true});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_native_with_a_copy_of_a_stamp_stays_when_the_person_goes),
    };
    return case_run_tables("situations", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

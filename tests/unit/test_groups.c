/*
 * test_groups.c - groups and their members, both ways
 *
 * Who is a member of what on the other side, and that it stays so: when members
 * come late, are renamed, replaced or gone, when groups contain each other, and
 * when the state is lost. Every run is followed by one that must write nothing,
 * and by one without any state.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

#define GROUPS "groups=\"group\" resources=\"no\""
#define P(uid, cn) PERSON(uid, cn, uid "@globex.example", "")
#define PC(uid, cn) CREATED(uid, cn, uid "@globex.example", "")
#define ANN P("a1", "Ann")
#define BOB P("b1", "Bob")
#define CAT P("c1", "Cat")
#define ANN_CREATED PC("a1", "Ann")
#define BOB_CREATED PC("b1", "Bob")
#define CAT_CREATED PC("c1", "Cat")

#define UNRESOLVED(n, of, names)                                                                             \
    ": " n " of " of " members are not in the address list on the other side, and were left out: " names "\n"
#define KEEP_GRACE "<grace days=\"30\"/>"
#define NO_GRACE "<grace days=\"0\"/>"
#define NO_LIMITS                                                                                            \
    "delete=\"none\" disable=\"none\" rename=\"none\" members=\"none\" native=\"none\" "                     \
    "address=\"none\" change=\"none\""
#define RENAMED(dn, rdn) "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\n\n"
#define NEW_PARENT(dn, rdn, parent)                                                                          \
    "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\nnewsuperior: " parent "\n\n"
/* A group of somebody else at home. */
#define THEIR_GROUP(cn, members)                                                                             \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: groupOfNames\ncn: " cn "\n" members "\n"
#define MEMBER_IN(cn) "member: cn=" cn ",ou=in,o=acme\n"
#define THEIRS(cn, values) "* cn=" cn ",ou=people,o=acme\n" values

static const PassCase cases[] = {
    /* --- new groups --- */
    {"a group comes with its members, under their new names",
     {.kinds = GROUPS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      SYNC(.counts = "3 unchanged"), STATE_LOST, SYNC(.counts = "3 unchanged")}},
    {"a group without members is a group",
     {.kinds = GROUPS, .source = GROUP("g1", "Team", "")},
     {SYNC(.changes = GROUP_CREATED("g1", "Team", ""), .writes = 1, .counts = "1 created")}},
    {"a member that is named twice is one member",
     {.kinds = GROUPS, .source = ANN GROUP("g1", "Team", IN("a1") "member: UID=A1, O=Globex\n")},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g1", "Team", HAS("Ann")), .writes = 2,
           .counts = "2 created")}},
    {"members who are not imported are left out, told once, and come in when they are imported",
     {.kinds = GROUPS, .source = ANN GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g1", "Team", HAS("Ann")), .writes = 2,
           .counts = "2 created, 1 quarantined", .quarantine = "g1" UNRESOLVED("1", "2", "uid=b1,o=globex"),
           .events = "members-unresolved", .status = 3),
      SYNC(.counts = "2 unchanged, 1 quarantined",
           .quarantine = "g1" UNRESOLVED("1", "2", "uid=b1,o=globex")),
      FOREIGN_EDITED(
          "dn: uid=b1,o=globex\nchangetype: add\nobjectClass: inetOrgPerson\nuid: b1\ncn: Bob\nsn: x\n"
          "mail: b1@globex.example\n\n"),
      SYNC(.changes = BOB_CREATED CHANGED("Team", GAINED("Bob")), .writes = 2,
           .counts = "1 created, 1 modified, 1 unchanged", .events = "quarantine-cleared")}},
    {"a member's name that is no DN, or leads nowhere, harms nobody",
     {.kinds = GROUPS, .source = ANN GROUP("g1", "Team", IN("a1") "member: nobody at all\n")},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g1", "Team", HAS("Ann")), .writes = 2,
           .counts = "2 created, 1 quarantined", .quarantine = "g1" UNRESOLVED("1", "2", "nobody at all"),
           .events = "members-unresolved", .status = 3)}},
    {"members by anchor",
     {.kinds = GROUPS,
      .source = ANN BOB GROUP("g1", "Team", "description: by anchor\nou: a1\nou: b1\nou: z9\n")},
     {SYNC(.changes = ANN_CREATED BOB_CREATED
           "+ cn=Team,ou=in,o=acme\n  cn: Team\n  description: by anchor\n  dirsyncAnchor: g1\n  "
           "importedFrom: " CASE_UUID "\n" HAS("Ann")
               HAS("Bob") "  objectClass: dirsyncStamp\n  objectClass: group\n  objectClass: top\n",
           .writes = 3, .counts = "3 created, 1 quarantined", .quarantine = "g1" UNRESOLVED("1", "3", "z9"),
           .events = "members-unresolved", .status = 3)}},

    /* --- what happens to a member --- */
    {"one comes, one goes: two values in one change",
     {.kinds = GROUPS, .source = ANN BOB CAT GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED CAT_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")),
           .writes = 4, .counts = "4 created"),
      FOREIGN_EDITED(
          MODIFY("uid=g1,o=globex",
                 "delete: member\nmember: uid=a1,o=globex\n-\nadd: member\nmember: uid=c1,o=globex\n-\n")),
      SYNC(.changes = CHANGED("Team", LOST("Ann") GAINED("Cat")), .writes = 1,
           .counts = "1 modified, 3 unchanged")}},
    {"a member is renamed: the group follows before it happens",
     {.kinds = GROUPS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      FOREIGN_EDITED(MODIFY("uid=a1,o=globex", SET("cn", "Anna"))),
      SYNC(.changes = "> cn=Ann,ou=in,o=acme\n  to cn=Anna,ou=in,o=acme\n  - cn: Ann\n  + cn: Anna\n" CHANGED(
               "Team", LOST("Ann") GAINED("Anna")),
           .writes = 2, .counts = "1 renamed, 2 unchanged")}},
    {"two members exchange their names: each stays in its own groups",
     {.kinds = GROUPS,
      .limits = NO_LIMITS,
      .home = THEIR_GROUP("Theirs", "member: o=acme\n"),
      .source = ANN BOB GROUP("g1", "Both", IN("a1") IN("b1")) GROUP("g2", "Anns", IN("a1"))},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g2", "Anns", HAS("Ann"))
               BOB_CREATED GROUP_CREATED("g1", "Both", HAS("Ann") HAS("Bob")),
           .writes = 4, .counts = "4 created"),
      HOME_EDITED(MODIFY("cn=Theirs,ou=people,o=acme", GIVE("member", "cn=Bob,ou=in,o=acme"))),
      FOREIGN_EDITED(MODIFY("uid=a1,o=globex", SET("cn", "Bob")) MODIFY("uid=b1,o=globex", SET("cn", "Ann"))),
      SYNC(.changes = "> cn=Bob,ou=in,o=acme\n  to cn=Ann,ou=in,o=acme\n  - cn: Bob\n  + cn: Ann\n" CHANGED(
               "Anns",
               LOST("Ann") GAINED("Bob")) "> cn=Ann,ou=in,o=acme\n  to cn=Bob,ou=in,o=acme\n  - cn: Ann\n  + "
                                          "cn: Bob\n" THEIRS("Theirs", "  - member: cn=Bob,ou=in,o=acme\n  + "
                                                                       "member: cn=Ann,ou=in,o=acme\n"),
           .writes = 9, .counts = "2 renamed, 2 unchanged")}},
    {"an administrator moves a member at home: the group follows",
     {.kinds = GROUPS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      HOME_EDITED(NEW_PARENT("cn=Ann,ou=in,o=acme", "cn=Annie", "ou=people,o=acme")),
      SYNC(.changes = CHANGED("Team", LOST("Ann") "  + member: cn=Annie,ou=people,o=acme\n"), .writes = 1,
           .counts = "1 modified, 2 unchanged")}},
    {"an administrator renames a member at home: it gets its name back, and the group is as it was",
     {.kinds = GROUPS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      HOME_EDITED(RENAMED("cn=Ann,ou=in,o=acme", "cn=Annie")),
      SYNC(.changes = "> cn=Annie,ou=in,o=acme\n  to cn=Ann,ou=in,o=acme\n  - cn: Annie\n  + cn: Ann\n",
           .writes = 1, .counts = "1 renamed, 2 unchanged")}},
    {"an administrator takes a member out: it comes back in",
     {.kinds = GROUPS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      HOME_EDITED(MODIFY("cn=Team,ou=in,o=acme", "delete: member\nmember: cn=Ann,ou=in,o=acme\n-\n")),
      SYNC(.changes = CHANGED("Team", GAINED("Ann")), .writes = 1, .counts = "1 modified, 2 unchanged")}},
    {"a member is gone with its grace: the group loses it first",
     {.kinds = GROUPS, .import = NO_GRACE, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      FOREIGN_EDITED(DELETED("uid=a1,o=globex")),
      SYNC(.changes = "- cn=Ann,ou=in,o=acme\n" CHANGED("Team", LOST("Ann")), .writes = 2,
           .counts = "1 deleted, 2 unchanged, 1 quarantined",
           .quarantine = "g1" UNRESOLVED("1", "2", "uid=a1,o=globex"), .events = "members-unresolved",
           .status = 3)}},
    {"a member in grace stands behind no name of the source, and comes back in with its return",
     {.kinds = GROUPS, .import = KEEP_GRACE, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      FOREIGN_EDITED(DELETED("uid=a1,o=globex")),
      SYNC(.changes = HIDDEN("Ann") CHANGED("Team", LOST("Ann")), .writes = 2,
           .counts = "1 modified, 1 disabled, 1 unchanged, 1 quarantined",
           .quarantine = "g1" UNRESOLVED("1", "2", "uid=a1,o=globex"), .events = "missing members-unresolved",
           .status = 3),
      FOREIGN_EDITED(
          "dn: uid=a1,o=globex\nchangetype: add\nobjectClass: inetOrgPerson\nuid: a1\ncn: Ann\nsn: x\n"
          "mail: a1@globex.example\n\n"),
      SYNC(.changes = RESTORED("Ann", "NOW") CHANGED("Team", GAINED("Ann")), .writes = 2,
           .counts = "2 modified, 1 unchanged", .events = "quarantine-cleared returned")}},
    {"a member is superseded by a newcomer: the group has whom the source names",
     {.kinds = GROUPS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      SOURCE_IS(PERSON("a2", "Ann", "a1@globex.example", "") BOB GROUP("g1", "Team", IN("a2") IN("b1"))),
      SYNC(.changes = "- cn=Ann,ou=in,o=acme\n" CREATED("a2", "Ann", "a1@globex.example", ""), .writes = 4,
           .counts = "1 created, 1 modified, 1 deleted, 1 unchanged", .events = "superseded")}},
    {"a member moves home: the native is the member",
     {.kinds = GROUPS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      HOME_EDITED(
          "dn: cn=Ann Ash,ou=people,o=acme\nchangetype: add\nobjectClass: inetOrgPerson\ncn: Ann Ash\nsn: x\n"
          "mail: a1@globex.example\n\n"),
      SYNC(.changes = "- cn=Ann,ou=in,o=acme\n" CHANGED(
               "Team", LOST("Ann") "  + member: cn=Ann Ash,ou=people,o=acme\n"),
           .writes = 2, .counts = "1 deleted, 2 unchanged", .events = "moved-home"),
      FOREIGN_EDITED(MODIFY("uid=g1,o=globex", "delete: member\nmember: uid=b1,o=globex\n-\n")),
      SYNC(.changes = CHANGED("Team", LOST("Bob")), .writes = 1, .counts = "1 modified, 2 unchanged"),
      STATE_LOST,
      SYNC(.counts = "2 unchanged, 1 quarantined", .events = "unowned", .status = 3,
           .quarantine = "a1: cn=Ann Ash,ou=people,o=acme is this person and not ours*")}},
    {"a member out of scope is kept, and so is its membership",
     {.kinds = GROUPS,
      .filter = "(|(objectClass=groupOfNames)(title=in))",
      .source = PERSON("a1", "Ann", "a1@globex.example", "title: in\n") GROUP("g1", "Team", IN("a1"))},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g1", "Team", HAS("Ann")), .writes = 2,
           .counts = "2 created"),
      FOREIGN_EDITED(MODIFY("uid=a1,o=globex", SET("title", "out"))), SYNC(.counts = "2 unchanged"),
      FOREIGN_EDITED(MODIFY("uid=g1,o=globex", GIVE("description", "x"))),
      SYNC(.changes = CHANGED("Team", "  + description: x\n"), .writes = 1,
           .counts = "1 modified, 1 unchanged")}},
    {"a member whose anchor comes twice stays what it is, and a member",
     {.kinds = GROUPS, .source = ANN GROUP("g1", "Team", IN("a1"))},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g1", "Team", HAS("Ann")), .writes = 2,
           .counts = "2 created"),
      SOURCE_IS(ANN "dn: cn=Ann,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn: Ann\nsn: x\n\n" GROUP(
          "g1", "Team", IN("a1") "description: x\n")),
      SYNC(.changes = CHANGED("Team", "  + description: x\n"), .writes = 1,
           .counts = "1 modified, 1 quarantined", .quarantine = "a1: its anchor occurs more than once*",
           .events = "source-duplicate quarantined", .status = 3, .unlike_stateless = true)}},

    /* --- groups in groups --- */
    {"nested groups stay nested, made in the order that names need",
     {.kinds = GROUPS,
      .source = ANN GROUP("g1", "Outer", IN("g2")) GROUP("g2", "Inner", IN("g3") IN("a1"))
          GROUP("g3", "Inmost", IN("a1"))},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g3", "Inmost", HAS("Ann")) GROUP_CREATED(
               "g2", "Inner", HAS("Ann") HAS("Inmost")) GROUP_CREATED("g1", "Outer", HAS("Inner")),
           .writes = 6, .counts = "4 created")}},
    {"a nested group is renamed: those it is in follow",
     {.kinds = GROUPS,
      .source = ANN GROUP("g1", "Outer", IN("g2")) GROUP("g2", "Inner", IN("a1"))
          GROUP("g3", "Other", IN("g2") IN("a1"))},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g2", "Inner", HAS("Ann")) GROUP_CREATED(
               "g3", "Other", HAS("Ann") HAS("Inner")) GROUP_CREATED("g1", "Outer", HAS("Inner")),
           .writes = 6, .counts = "4 created"),
      SOURCE_IS(ANN GROUP("g1", "Outermost", IN("g2")) GROUP("g2", "Innermost", IN("a1"))
                    GROUP("g3", "Other", IN("g2") "description: x\n")),
      SYNC(.changes =
               "> cn=Inner,ou=in,o=acme\n  to cn=Innermost,ou=in,o=acme\n  - cn: Inner\n  + cn: "
               "Innermost\n" CHANGED(
                   "Other", LOST("Ann") LOST("Inner") "  + description: x\n" GAINED(
                                "Innermost")) "> cn=Outer,ou=in,o=acme\n  to cn=Outermost,ou=in,o=acme\n  - "
                                              "cn: Outer\n  - member: cn=Inner,ou=in,o=acme\n"
                                              "  + cn: Outermost\n  + member: cn=Innermost,ou=in,o=acme\n",
           .writes = 5, .counts = "1 modified, 2 renamed, 1 unchanged")}},
    {"a group that contains itself is written so, and told",
     {.kinds = GROUPS, .source = ANN GROUP("g1", "Team", IN("g1") IN("a1"))},
     {SYNC(.changes = ANN_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Team")), .writes = 3,
           .counts = "2 created", .events = "group-cycle")}},
    {"a ring of three groups is written so, and told once",
     {.kinds = GROUPS,
      .source = GROUP("g1", "A", IN("g2")) GROUP("g2", "B", IN("g3")) GROUP("g3", "C", IN("g1"))},
     {SYNC(.changes = GROUP_CREATED("g1", "A", HAS("B")) GROUP_CREATED("g2", "B", HAS("C"))
               GROUP_CREATED("g3", "C", HAS("A")),
           .writes = 6, .counts = "3 created", .events = "group-cycle")}},
    {"two groups exchange their names",
     {.kinds = GROUPS,
      .limits = NO_LIMITS,
      .source = ANN BOB GROUP("g1", "A", IN("a1")) GROUP("g2", "B", IN("b1")) GROUP("g3", "C", IN("g1"))},
     {SYNC(.changes = GROUP_CREATED("g1", "A", HAS("Ann")) ANN_CREATED GROUP_CREATED("g2", "B", HAS("Bob"))
               BOB_CREATED GROUP_CREATED("g3", "C", HAS("A")),
           .writes = 6, .counts = "5 created"),
      SOURCE_IS(ANN BOB GROUP("g1", "B", IN("a1")) GROUP("g2", "A", IN("b1")) GROUP("g3", "C", IN("g1"))),
      SYNC(.changes = "> cn=B,ou=in,o=acme\n  to cn=A,ou=in,o=acme\n  - cn: B\n  + cn: A\n"
                      "> cn=A,ou=in,o=acme\n  to cn=B,ou=in,o=acme\n  - cn: A\n  + cn: B\n" CHANGED(
                          "C", LOST("A") GAINED("B")),
           .writes = 5, .counts = "2 renamed, 3 unchanged")}},
    {"two groups exchange their addresses",
     {.kinds = GROUPS,
      .limits = NO_LIMITS,
      .unique = true,
      .source = GROUP("g1", "A", "mail: a@globex.example\n") GROUP("g2", "B", "mail: b@globex.example\n")},
     {SYNC(.changes = "+ cn=A,ou=in,o=acme\n  cn: A\n  dirsyncAnchor: g1\n  importedFrom: " CASE_UUID
                      "\n  mail: a@globex.example\n"
                      "  objectClass: dirsyncStamp\n  objectClass: group\n  objectClass: top\n  "
                      "proxyAddresses: SMTP:a@globex.example\n"
                      "+ cn=B,ou=in,o=acme\n  cn: B\n  dirsyncAnchor: g2\n  importedFrom: " CASE_UUID
                      "\n  mail: b@globex.example\n"
                      "  objectClass: dirsyncStamp\n  objectClass: group\n  objectClass: top\n  "
                      "proxyAddresses: SMTP:b@globex.example\n",
           .writes = 2, .counts = "2 created"),
      SOURCE_IS(GROUP("g1", "A", "mail: b@globex.example\n") GROUP("g2", "B", "mail: a@globex.example\n")),
      SYNC(.changes = CHANGED("A", "  - mail: a@globex.example\n  - proxyAddresses: SMTP:a@globex.example\n"
                                   "  + mail: b@globex.example\n  + proxyAddresses: SMTP:b@globex.example\n")
               CHANGED("B", "  - mail: b@globex.example\n  - proxyAddresses: SMTP:b@globex.example\n"
                            "  + mail: a@globex.example\n  + proxyAddresses: SMTP:a@globex.example\n"),
           .writes = 3, .counts = "2 modified")}},
    {"a person takes the name that a group gives up",
     {.kinds = GROUPS, .limits = NO_LIMITS, .source = GROUP("g1", "Sales", "")},
     {SYNC(.changes = GROUP_CREATED("g1", "Sales", ""), .writes = 1, .counts = "1 created"),
      SOURCE_IS(P("a1", "Sales") GROUP("g1", "Marketing", IN("a1"))),
      SYNC(.changes =
               "> cn=Sales,ou=in,o=acme\n  to cn=Marketing,ou=in,o=acme\n  - cn: Sales\n  + cn: Marketing\n"
               "  + member: cn=Sales,ou=in,o=acme\n" PC("a1", "Sales"),
           .writes = 3, .counts = "1 created, 1 modified, 1 renamed")}},
    {"groups are gone: nested ones and their members with them",
     {.kinds = GROUPS,
      .import = NO_GRACE,
      .limits = NO_LIMITS,
      .source = ANN BOB GROUP("g1", "A", IN("g2") IN("a1")) GROUP("g2", "B", IN("a1"))},
     {SYNC(.changes = GROUP_CREATED("g1", "A", HAS("Ann") HAS("B"))
               ANN_CREATED GROUP_CREATED("g2", "B", HAS("Ann")) BOB_CREATED,
           .writes = 5, .counts = "4 created"),
      SOURCE_IS(BOB),
      SYNC(.changes = "- cn=A,ou=in,o=acme\n- cn=Ann,ou=in,o=acme\n- cn=B,ou=in,o=acme\n", .writes = 4,
           .counts = "3 deleted, 1 unchanged")}},

    /* --- groups as contacts, other people's groups --- */
    {"groups as contacts have no members",
     {.kinds = "groups=\"contact\" resources=\"no\"",
      .source = ANN GROUP("g1", "Team", IN("a1") "mail: team@globex.example\n")},
     {SYNC(.changes = ANN_CREATED CREATED("g1", "Team", "team@globex.example", ""), .writes = 2,
           .counts = "2 created")}},
    {"a native's group follows our contact, and loses it before it goes",
     {.kinds = GROUPS,
      .import = NO_GRACE,
      .home = THEIR_GROUP("Theirs", "member: cn=x,o=acme\n" MEMBER_IN("Ann"))
          CONTACT("a1", "Ann", "a1@globex.example", ""),
      .source = ANN BOB},
     {SYNC(.changes = BOB_CREATED, .writes = 1, .counts = "1 created, 1 unchanged"),
      SOURCE_IS(P("a1", "Anna") BOB),
      SYNC(.changes = "> cn=Ann,ou=in,o=acme\n  to cn=Anna,ou=in,o=acme\n  - cn: Ann\n  + cn: Anna\n" THEIRS(
               "Theirs", "  - member: cn=Ann,ou=in,o=acme\n  + member: cn=Anna,ou=in,o=acme\n"),
           .writes = 2, .counts = "1 renamed, 1 unchanged"),
      SOURCE_IS(BOB),
      SYNC(.changes = "- cn=Anna,ou=in,o=acme\n" THEIRS("Theirs", "  - member: cn=Anna,ou=in,o=acme\n"),
           .writes = 2, .counts = "1 deleted, 1 unchanged")}},
    {"the last two members of a native's group: one goes, the last name stays",
     {.kinds = GROUPS,
      .import = NO_GRACE,
      .home = THEIR_GROUP("Theirs", MEMBER_IN("Ann") MEMBER_IN("Bob"))
          CONTACT("a1", "Ann", "a1@globex.example", "") CONTACT("b1", "Bob", "b1@globex.example", ""),
      .source = ANN BOB CAT},
     {SYNC(.changes = CAT_CREATED, .writes = 1, .counts = "1 created, 2 unchanged"), SOURCE_IS(CAT),
      SYNC(.changes = "- cn=Ann,ou=in,o=acme\n- cn=Bob,ou=in,o=acme\n" THEIRS(
               "Theirs", "  - member: cn=Ann,ou=in,o=acme\n"),
           .writes = 3, .counts = "2 deleted, 1 unchanged")}},

    /* --- the classes that want a member --- */
    {"the export's groups want a member: nobody is one, until the first comes and after the last has gone",
     {.kinds = GROUPS,
      .no_import = true,
      .export = FROM_PEOPLE,
      .exported_too = "hidden=\"yes\"",
      .home = "dn: cn=Team,ou=people,o=acme\nobjectClass: groupOfNames\nentryUUID: " ID(
          "f1") "\ncn: Team\nmember: cn=nobody,o=acme\n\n" INSIDER("a1", "Ann", "ann@acme.example", "")},
     {SYNC(.foreign = "+ cn=Ann,ou=out,o=globex\n  businessCategory: " OUR_STAMP(
               "a1") "\n  cn: Ann\n  mail: ann@acme.example\n"
                     "  objectClass: inetOrgPerson\n  sn: x\n"
                     "+ cn=Team,ou=out,o=globex\n  businessCategory: " OUR_STAMP(
                         "f1") "\n  cn: Team\n  member: \n  objectClass: groupOfNames\n",
           .foreign_writes = 2, .exported = "2 created, 1 quarantined", .quarantine = "*cn=nobody,o=acme\n",
           .events = "members-unresolved", .status = 3),
      HOME_EDITED(MODIFY("cn=Team,ou=people,o=acme", SET("member", "cn=Ann,ou=people,o=acme"))),
      SYNC(.foreign = "* cn=Team,ou=out,o=globex\n  - member: \n  + member: cn=Ann,ou=out,o=globex\n",
           .foreign_writes = 1, .exported = "1 modified, 1 unchanged", .events = "quarantine-cleared"),
      HOME_EDITED(MODIFY("cn=Team,ou=people,o=acme", SET("member", "cn=nobody,o=acme"))),
      SYNC(.foreign = "* cn=Team,ou=out,o=globex\n  - member: cn=Ann,ou=out,o=globex\n  + member: \n",
           .foreign_writes = 1, .exported = "1 modified, 1 unchanged, 1 quarantined",
           .quarantine = "*cn=nobody,o=acme\n", .events = "members-unresolved", .status = 3)}},
    {"the last member of an exported group is deleted at home",
     {.kinds = GROUPS,
      .no_import = true,
      .export = FROM_PEOPLE,
      .home = "dn: cn=Team,ou=people,o=acme\nobjectClass: groupOfNames\nentryUUID: " ID(
          "f1") "\ncn: Team\nmember: cn=Ann,ou=people,o=acme\n\n" INSIDER("a1", "Ann", "ann@acme.example",
                                                                          "")},
     {SYNC(.foreign = "+ cn=Ann,ou=out,o=globex\n  businessCategory: " OUR_STAMP(
               "a1") "\n  cn: Ann\n  mail: ann@acme.example\n"
                     "  objectClass: inetOrgPerson\n  sn: x\n"
                     "+ cn=Team,ou=out,o=globex\n  businessCategory: " OUR_STAMP(
                         "f1") "\n  cn: Team\n  member: cn=Ann,ou=out,o=globex\n  objectClass: "
                               "groupOfNames\n",
           .foreign_writes = 2, .exported = "2 created"),
      HOME_EDITED(DELETED("cn=Ann,ou=people,o=acme")),
      SYNC(.foreign = "- cn=Ann,ou=out,o=globex\n* cn=Team,ou=out,o=globex\n  - member: "
                      "cn=Ann,ou=out,o=globex\n  + member: \n",
           .foreign_writes = 2, .exported = "1 modified, 1 deleted, 1 quarantined",
           .quarantine = "*cn=Ann,ou=people,o=acme\n", .events = "members-unresolved", .status = 3)}},

    /* --- reads that are not whole, the state, plans --- */
    {"a read that is not whole adds members, and takes none away",
     {.kinds = GROUPS,
      .file = "count-trailer=\"count\"",
      .filter = "",
      .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1")) "# count: 3\n"},
     {SYNC(.changes = ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob")), .writes = 3,
           .counts = "3 created"),
      STATE_LOST, SOURCE_IS(BOB CAT GROUP("g1", "Team", IN("a1") IN("b1") IN("c1")) "# count: 9\n"),
      SYNC(.changes = CAT_CREATED CHANGED("Team", GAINED("Cat")), .writes = 2,
           .counts = "1 created, 1 modified, 2 unchanged, 1 quarantined", .quarantine = "g1*",
           .events = "source-partial members-unresolved", .status = 3, .unlike_stateless = true)}},
};

static const CaseStart team = {.kinds = GROUPS, .source = ANN BOB GROUP("g1", "Team", IN("a1") IN("b1"))};
#define TEAM_CREATED ANN_CREATED BOB_CREATED GROUP_CREATED("g1", "Team", HAS("Ann") HAS("Bob"))

static void a_plan_of_groups_can_be_applied(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&team);
    g_autofree char *folder = case_path(c, "plan");
    case_plan(c, NULL, folder, &(Expected){.counts = "3 created"});
    case_apply(c, folder, &(Expected){.changes = TEAM_CREATED, .writes = 3, .counts = "3 created"});
    case_sync(c, NULL, &(Expected){.counts = "3 unchanged"});
}

static void revert_gives_memberships_back(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&team);
    case_sync(c, NULL, &(Expected){.changes = TEAM_CREATED, .writes = 3, .counts = "3 created"});
    case_edit_foreign(c, MODIFY("uid=a1,o=globex", SET("cn", "Anna"))
                             MODIFY("uid=g1,o=globex", "delete: member\nmember: uid=b1,o=globex\n-\n"));
    case_sync(c, NULL,
              &(Expected){.changes = "> cn=Ann,ou=in,o=acme\n  to cn=Anna,ou=in,o=acme\n  - cn: Ann\n"
                                     "  + cn: Anna\n" CHANGED("Team", LOST("Ann") LOST("Bob") GAINED("Anna")),
                          .writes = 3,
                          .counts = "1 modified, 1 renamed, 1 unchanged"});
    case_revert(c, NULL,
                &(Expected){.changes =
                                "> cn=Anna,ou=in,o=acme\n  to cn=Ann,ou=in,o=acme\n  - cn: Anna\n"
                                "  + cn: Ann\n" CHANGED("Team", LOST("Anna") GAINED("Ann") GAINED("Bob")),
                            .writes = 3,
                            .counts = "2 modified, 1 renamed"});
}

/* One of the members has left the inner group before that went. */
static void revert_gives_nested_groups_back(void **state)
{
    (void)state;
    g_autoptr(Case) c = case_new(&(CaseStart){.kinds = GROUPS,
                                              .import = NO_GRACE,
                                              .limits = NO_LIMITS,
                                              .source = ANN BOB GROUP("g1", "A", IN("g2") IN("a1"))
                                                  GROUP("g2", "B", IN("a1") IN("b1"))});
    static const char both[] = GROUP_CREATED("g1", "A", HAS("Ann") HAS("B"))
        ANN_CREATED GROUP_CREATED("g2", "B", HAS("Ann") HAS("Bob"));
    case_sync(c, NULL,
              &(Expected){.changes = GROUP_CREATED("g1", "A", HAS("Ann") HAS("B"))
                              ANN_CREATED GROUP_CREATED("g2", "B", HAS("Ann") HAS("Bob")) BOB_CREATED,
                          .writes = 5,
                          .counts = "4 created"});
    case_set_source(c, BOB);
    case_sync(c, NULL,
              &(Expected){.changes = "- cn=A,ou=in,o=acme\n- cn=Ann,ou=in,o=acme\n- cn=B,ou=in,o=acme\n",
                          .writes = 4,
                          .counts = "3 deleted, 1 unchanged"});
    case_revert(c, NULL, &(Expected){.changes = both, .writes = 4, .counts = "3 created, 1 modified"});
}

/* --- both ways --- */

#define BOTH_WAYS .kinds = GROUPS, .import_kinds = "", .export = FROM_PEOPLE, .limits = NO_LIMITS
#define NATIVE(id, cn, mail)                                                                                 \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: inetOrgPerson\nentryUUID: " ID(id) "\ncn: " cn             \
                                                                                     "\nsn: x\nmail: " mail  \
                                                                                     "\n\n"
#define OUT(id, cn, mail)                                                                                    \
    "+ cn=" cn                                                                                               \
    ",ou=out,o=globex\n  businessCategory: " OUR_STAMP(id) "\n  cn: " cn "\n  mail: " mail                   \
                                                           "\n  objectClass: inetOrgPerson\n  sn: x\n"
#define HOME_TEAM(members)                                                                                   \
    "dn: cn=Home Team,ou=people,o=acme\nobjectClass: groupOfNames\nentryUUID: " ID(                          \
        "f1") "\ncn: Home Team\n" members "\n"
#define HOME_TEAM_OUT(members)                                                                               \
    "+ cn=Home Team,ou=out,o=globex\n  businessCategory: " OUR_STAMP("f1") "\n  cn: Home Team\n" members     \
                                                                           "  objectClass: groupOfNames\n"
#define NAT NATIVE("c1", "Nat", "nat@acme.example")
#define NAT_IN "  member: cn=Nat,ou=people,o=acme\n"
#define NAT_OUT "  member: cn=Nat,ou=out,o=globex\n"

/* Our own exported objects in a group of theirs are the natives at home; imported contacts in a group of ours
 * are their people over there. */
static void members_lead_back_to_the_natives_they_were_made_from(void **state)
{
    (void)state;
    static const CaseStart start = {BOTH_WAYS, .home = NAT HOME_TEAM("member: cn=Nat,ou=people,o=acme\n"),
                                    .source = ANN GROUP("g1", "Team", IN("a1"))};
    g_autoptr(Case) c = case_new(&start);
    case_sync(c, NULL,
              &(Expected){.changes = ANN_CREATED GROUP_CREATED("g1", "Team", HAS("Ann")),
                          .writes = 2,
                          .counts = "2 created",
                          .foreign = HOME_TEAM_OUT(NAT_OUT) OUT("c1", "Nat", "nat@acme.example"),
                          .foreign_writes = 2,
                          .exported = "2 created"});
    case_edit_foreign(c, MODIFY("uid=g1,o=globex", GIVE("member", "cn=Nat,ou=out,o=globex")));
    case_edit_home(c, MODIFY("cn=Home Team,ou=people,o=acme", GIVE("member", "cn=Ann,ou=in,o=acme")));
    case_sync(c, NULL,
              &(Expected){.changes = CHANGED("Team", "  + member: cn=Nat,ou=people,o=acme\n"),
                          .writes = 1,
                          .counts = "1 modified, 1 unchanged",
                          .foreign = "* cn=Home Team,ou=out,o=globex\n  + member: uid=a1,o=globex\n",
                          .foreign_writes = 1,
                          .exported = "1 modified, 1 unchanged"});
    case_lose_state(c);
    case_sync(c, NULL, &(Expected){.counts = "2 unchanged", .exported = "2 unchanged"});
}

/* Our object over there is renamed with its native: groups of theirs follow, and lead to the native again. */
static void a_native_is_renamed(void **state)
{
    (void)state;
    static const CaseStart start = {
        BOTH_WAYS, .home = NAT,
        .source = GROUP(
            "g1", "Team",
            "member: cn=Nat,ou=out,o=globex\n") "dn: cn=Nat,ou=out,o=globex\nobjectClass: inetOrgPerson\ncn: "
                                                "Nat\n"
                                                "sn: x\nmail: nat@acme.example\nbusinessCategory: " OUR_STAMP(
                                                    "c1") "\n\n"};
    g_autoptr(Case) c = case_new(&start);
    case_sync(c, NULL,
              &(Expected){.changes = GROUP_CREATED("g1", "Team", NAT_IN),
                          .writes = 1,
                          .counts = "1 created",
                          .exported = "1 unchanged"});
    case_edit_home(c, RENAMED("cn=Nat,ou=people,o=acme", "cn=Nathalie")
                          MODIFY("cn=Team,ou=in,o=acme", SET("member", "cn=Nathalie,ou=people,o=acme")));
    case_sync(c, NULL,
              &(Expected){.counts = "1 unchanged",
                          .foreign = "> cn=Nat,ou=out,o=globex\n  to cn=Nathalie,ou=out,o=globex\n"
                                     "  - cn: Nat\n  + cn: Nathalie\n"
                                     "* uid=g1,o=globex\n  - member: cn=Nat,ou=out,o=globex\n"
                                     "  + member: cn=Nathalie,ou=out,o=globex\n",
                          .foreign_writes = 2,
                          .exported = "1 renamed"});
}

/* The server at home takes who is deleted out of its groups; the stale name must not be put in again. */
static void a_native_is_deleted(void **state)
{
    (void)state;
    static const CaseStart start = {
        BOTH_WAYS, .home = NAT NATIVE("c2", "Kim", "kim@acme.example"),
        .source = GROUP("g1", "Team",
                        "member: cn=Nat,ou=out,o=globex\nmember: "
                        "cn=Kim,ou=out,o=globex\n") "dn: "
                                                    "cn=Nat,ou=out,o=globex\nobjectClass:"
                                                    " inetOrgPerson\ncn: Nat\n"
                                                    "sn: x\nmail: "
                                                    "nat@acme.example\nbusinessCategory:"
                                                    " " OUR_STAMP("c1") "\n\n"};
    g_autoptr(Case) c = case_new(&start);
    case_sync(c, NULL,
              &(Expected){.changes = GROUP_CREATED("g1", "Team", NAT_IN),
                          .writes = 1,
                          .counts = "1 created, 1 quarantined",
                          .quarantine = "g1*cn=Kim,ou=out,o=globex\n",
                          .events = "members-unresolved",
                          .status = 3,
                          .foreign = OUT("c2", "Kim", "kim@acme.example"),
                          .foreign_writes = 1,
                          .exported = "1 created, 1 unchanged",
                          .restless = true});
    case_sync(c, NULL,
              &(Expected){.changes = CHANGED("Team", "  + member: cn=Kim,ou=people,o=acme\n"),
                          .writes = 1,
                          .counts = "1 modified",
                          .events = "quarantine-cleared",
                          .exported = "2 unchanged"});
    case_edit_home(c, DELETED("cn=Nat,ou=people,o=acme") MODIFY(
                          "cn=Team,ou=in,o=acme", "delete: member\nmember: cn=Nat,ou=people,o=acme\n-\n"));
    case_sync(c, NULL,
              &(Expected){.counts = "1 unchanged, 1 quarantined",
                          .quarantine = "g1*cn=Nat,ou=out,o=globex\n",
                          .events = "members-unresolved",
                          .status = 3,
                          .foreign = "- cn=Nat,ou=out,o=globex\n* uid=g1,o=globex\n"
                                     "  - member: cn=Nat,ou=out,o=globex\n",
                          .foreign_writes = 2,
                          .exported = "1 deleted, 1 unchanged",
                          .restless = true});
    case_sync(
        c, NULL,
        &(Expected){.counts = "1 unchanged", .exported = "1 unchanged", .events = "quarantine-cleared"});
}

static void a_ring_that_comes_about_in_one_run_is_told(void **state)
{
    (void)state;
    static const CaseStart start = {.kinds = GROUPS,
                                    .source = GROUP("g1", "A", IN("g2")) GROUP("g2", "B", "")};
    g_autoptr(Case) c = case_new(&start);
    case_sync(c, NULL,
              &(Expected){.changes = GROUP_CREATED("g1", "A", HAS("B")) GROUP_CREATED("g2", "B", ""),
                          .writes = 3,
                          .counts = "2 created"});
    case_edit_foreign(c, MODIFY("uid=g2,o=globex", GIVE("member", "uid=g1,o=globex"))
                             MODIFY("uid=g1,o=globex", GIVE("description", "x")));
    case_sync(c, NULL,
              &(Expected){.changes = CHANGED("A", "  + description: x\n") CHANGED("B", GAINED("A")),
                          .writes = 2,
                          .counts = "2 modified",
                          .events = "group-cycle"});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_lead_back_to_the_natives_they_were_made_from),
        cmocka_unit_test(a_native_is_renamed),
        cmocka_unit_test(a_native_is_deleted),
        cmocka_unit_test(a_ring_that_comes_about_in_one_run_is_told),
        cmocka_unit_test(a_plan_of_groups_can_be_applied),
        cmocka_unit_test(revert_gives_memberships_back),
        cmocka_unit_test(revert_gives_nested_groups_back),
    };
    return case_run_tables("groups", cases, G_N_ELEMENTS(cases), tests, G_N_ELEMENTS(tests));
}

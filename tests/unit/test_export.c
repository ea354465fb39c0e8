/*
 * test_export.c - every row of the situation table, as it applies to what goes out
 *
 * Natives of the home directory, and contacts that other connectors made, on
 * their way into the foreign directory: what is exported, what is not, what
 * becomes of it, and that nothing comes back. Runs of both steps as a person
 * calls them are in test_steps.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#define ANN INSIDER("a1", "Ann Ash", "ann@acme.example", "")
#define BOB INSIDER("b1", "Bob Birch", "bob@acme.example", "")
#define ANN_OUT OUTSIDER("a1", "Ann Ash", "ann@acme.example", "")
#define BOB_OUT OUTSIDER("b1", "Bob Birch", "bob@acme.example", "")
#define ANN_EXPORTED EXPORTED("a1", "Ann Ash", "ann@acme.example", "")
#define BOB_EXPORTED EXPORTED("b1", "Bob Birch", "bob@acme.example", "")
#define HOME_ANN "cn=Ann Ash,ou=people,o=acme"
#define OUT_ANN "cn=Ann Ash,ou=out,o=globex"

/* Everybody at home, wherever. */
#define FROM_EVERYWHERE "<source><filter>(mail=*)</filter></source>"
#define KEEP "<grace days=\"30\" action=\"keep\"/>"
#define OUT_OF_SCOPE_GOES "<out-of-scope action=\"missing\"/>"
#define STAFF "dn: ou=staff,o=acme\nobjectClass: organizationalUnit\nou: staff\n\n"
#define RENAMED(dn, rdn) "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\n\n"
#define MOVED(dn, rdn, parent)                                                                               \
    "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\nnewsuperior: " parent "\n\n"
#define HIDE GIVE("msExchHideFromAddressLists", "TRUE")

/* In the foreign directory, by whom. */
#define GRACED_ANN(since)                                                                                    \
    "dn: " OUT_ANN "\nobjectClass: inetOrgPerson\ncn: Ann Ash\nsn: x\nmail: ann@acme.example\n"              \
    "employeeType: " CASE_UUID ";" since ";" ID("a1") "\n\n"
#define THEIRS_OUT(mail)                                                                                     \
    "dn: cn=Theirs,ou=out,o=globex\nobjectClass: inetOrgPerson\ncn: Theirs\nsn: x\nuid: t1\nmail: " mail     \
    "\nemployeeType: " OTHER_UUID ";;t1\n\n"
/* A contact at home that another connector made. */
#define THEIRS_IN(cn, mail)                                                                                  \
    "dn: cn=" cn ",ou=in,o=acme\nobjectClass: contact\nobjectClass: dirsyncStamp\nentryUUID: " ID(           \
        "e1") "\ncn: " cn "\nmail: " mail "\nimportedFrom: " OTHER_UUID "\ndirsyncAnchor: z1\n\n"

static const PassCase cases[] = {
    /* --- in-sync, new, changed, moved --- */
    {"new: natives go out",
     {.home = ANN BOB, .export = FROM_PEOPLE},
     {SYNC(.foreign = ANN_EXPORTED BOB_EXPORTED, .foreign_writes = 2, .exported = "2 created")}},
    {"new: the container is made when it is missing",
     {.home = ANN, .export = FROM_PEOPLE, .no_container = true},
     {SYNC(.foreign = ANN_EXPORTED "+ ou=out,o=globex\n  objectClass: organizationalUnit\n  ou: out\n",
           .foreign_writes = 2, .exported = "1 created")}},
    {"in-sync: nothing is written, with state or without",
     {.home = ANN, .source = ANN_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), STATE_LOST, SYNC(.exported = "1 unchanged"),
      SYNC(.exported = "1 unchanged")}},
    {"changed: the smallest modification",
     {.home = ANN, .source = ANN_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), HOME_EDITED(MODIFY(HOME_ANN, GIVE("telephoneNumber", "1"))),
      SYNC(.foreign = "* " OUT_ANN "\n  + telephoneNumber: 1\n", .foreign_writes = 1,
           .exported = "1 modified"),
      HOME_EDITED(MODIFY(HOME_ANN, TAKE("telephoneNumber"))),
      SYNC(.foreign = "* " OUT_ANN "\n  - telephoneNumber: 1\n", .foreign_writes = 1,
           .exported = "1 modified")}},
    {"changed: what somebody altered over there is put right, and what is not ours is left",
     {.home = ANN, .source = ANN_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"),
      FOREIGN_EDITED(MODIFY(OUT_ANN, GIVE("telephoneNumber", "9") GIVE("roomNumber", "7"))),
      SYNC(.foreign = "* " OUT_ANN "\n  - telephoneNumber: 9\n", .foreign_writes = 1,
           .exported = "1 modified")}},
    {"changed: what somebody deleted over there comes again",
     {.home = ANN, .source = ANN_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), FOREIGN_EDITED(DELETED(OUT_ANN)),
      SYNC(.foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created")}},
    {"moved: a rename at home is a rename over there",
     {.home = ANN, .source = ANN_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), HOME_EDITED(RENAMED(HOME_ANN, "cn=Ann Oak")),
      SYNC(.foreign = "> " OUT_ANN "\n  to cn=Ann Oak,ou=out,o=globex\n  - cn: Ann Ash\n  + cn: Ann Oak\n",
           .foreign_writes = 1, .exported = "1 renamed")}},
    {"moved: from one source to another, and nobody notices",
     {.home = ANN STAFF, .source = ANN_OUT, .export = FROM_PEOPLE "<source base=\"ou=staff,o=acme\"/>"},
     {SYNC(.exported = "1 unchanged"), HOME_EDITED(MOVED(HOME_ANN, "cn=Ann Ash", "ou=staff,o=acme")),
      SYNC(.exported = "1 unchanged")}},

    /* --- missing, returned, superseded --- */
    {"missing: without grace, which is the default, the object goes at once",
     {.home = ANN BOB, .source = ANN_OUT BOB_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "2 unchanged"), HOME_EDITED(DELETED(HOME_ANN)),
      SYNC(.foreign = "- " OUT_ANN "\n", .foreign_writes = 1, .exported = "1 deleted, 1 unchanged")}},
    {"missing: in grace it is kept and dated, and goes when grace is over",
     {.home = ANN BOB, .source = ANN_OUT BOB_OUT, .export = FROM_PEOPLE KEEP},
     {SYNC(.exported = "2 unchanged"), HOME_EDITED(DELETED(HOME_ANN)),
      SYNC(.foreign = "* " OUT_ANN "\n  - employeeType: " OUR_STAMP("a1") "\n  + employeeType: " CASE_UUID
                                                                          ";NOW;" ID("a1") "\n",
           .foreign_writes = 1, .exported = "1 disabled, 1 unchanged", .events = "missing"),
      FOREIGN_EDITED(MODIFY(OUT_ANN, SET("employeeType", CASE_UUID ";" LONG_AGO ";" ID("a1")))),
      SYNC(.foreign = "- " OUT_ANN "\n", .foreign_writes = 1, .exported = "1 deleted, 1 unchanged")}},
    {"missing: a member of a group over there leaves it",
     {.home = ANN BOB,
      .export = FROM_PEOPLE,
      .source = ANN_OUT BOB_OUT "dn: cn=team,o=globex\nobjectClass: groupOfNames\ncn: team\nmember: " OUT_ANN
                                "\nmember: cn=Bob Birch,ou=out,o=globex\n\n"},
     {SYNC(.exported = "2 unchanged"), HOME_EDITED(DELETED(HOME_ANN)),
      SYNC(.foreign = "- " OUT_ANN "\n* cn=team,o=globex\n  - member: " OUT_ANN "\n", .foreign_writes = 2,
           .exported = "1 deleted, 1 unchanged")}},
    {"missing: never because the home directory could not be read whole",
     {.reads_all = true,
      .home = ANN BOB,
      .source = ANN_OUT BOB_OUT,
      .export = FROM_PEOPLE,
      .no_import = true},
     {SYNC(.exported = "2 unchanged"), FAULTS("cut-read@2", NULL),
      SYNC(.exported = "2 unchanged", .events = "source-partial", .status = 3), FAULTS(NULL, NULL),
      SYNC(.exported = "2 unchanged")}},
    {"missing: an empty home directory removes nobody unless that is allowed",
     {.home = ANN, .source = ANN_OUT, .export = FROM_PEOPLE, .no_import = true},
     {SYNC(.exported = "1 unchanged"), HOME_EDITED(DELETED(HOME_ANN)),
      SYNC(.exported = "1 unchanged", .events = "source-partial", .status = 3),
      SYNC_CALLED(HOW(.allow_empty = true), .foreign = "- " OUT_ANN "\n", .foreign_writes = 1,
                  .exported = "1 deleted")}},
    {"returned: within grace it is the same object again",
     {.home = ANN, .source = GRACED_ANN(LONG_AGO), .export = FROM_PEOPLE KEEP},
     {SYNC(.foreign = "* " OUT_ANN "\n  - employeeType: " CASE_UUID ";" LONG_AGO
                      ";" ID("a1") "\n  + employeeType: " OUR_STAMP("a1") "\n",
           .foreign_writes = 1, .exported = "1 modified", .events = "returned")}},
    {"superseded: a newcomer takes name and address of somebody in grace",
     {.home = ANN BOB, .source = ANN_OUT BOB_OUT, .export = FROM_PEOPLE KEEP},
     {SYNC(.exported = "2 unchanged"),
      HOME_EDITED(DELETED(HOME_ANN) "dn: " HOME_ANN "\nchangetype: add\nobjectClass: inetOrgPerson\n"
                                    "cn: Ann Ash\nsn: x\nmail: ann@acme.example\n\n"),
      SYNC(.foreign = "- " OUT_ANN "\n+ " OUT_ANN "\n  cn: Ann Ash\n  employeeType: " CASE_UUID
                      ";;UUID\n  mail: ann@acme.example\n  objectClass: inetOrgPerson\n  sn: x\n",
           .foreign_writes = 2, .exported = "1 created, 1 deleted, 1 unchanged", .events = "superseded")}},

    /* --- out-of-scope --- */
    {"out-of-scope: one of theirs with an address of ours is neither imported nor taken over",
     {.home = ANN, .source = PERSON("x1", "Ann Over There", "ann@acme.example", ""), .export = FROM_PEOPLE},
     {SYNC(.exported = "1 quarantined", .events = "unowned out-of-scope", .status = 3,
           .quarantine = ID("a1") ": uid=x1,o=globex is this person and not ours*")}},
    {"out-of-scope: hidden recipients and disabled accounts stay at home",
     {.home = ANN INSIDER("h1", "Hid Den", "hid@acme.example",
                          "objectClass: mailRecipient\nmsExchHideFromAddressLists: TRUE\n")
          INSIDER("l1", "Lok Ed", "lok@acme.example",
                  "pwdAccountLockedTime: 00000101000000Z\n") "dn: cn=Off,ou=people,o=acme\nobjectClass: "
                                                             "inetOrgPerson\nobjectClass: "
                                                             "user\nentryUUID: " ID("o1") "\ncn: Off\nsn: "
                                                                                          "x\nmail: "
                                                                                          "off@acme."
                                                                                          "example\nuserAccou"
                                                                                          "ntControl: "
                                                                                          "514\n\n",
      .export = FROM_PEOPLE},
     {SYNC(.foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created")}},
    {"out-of-scope: unless they are asked for",
     {.home = ANN INSIDER("h1", "Hid Den", "hid@acme.example",
                          "objectClass: mailRecipient\nmsExchHideFromAddressLists: TRUE\n")
          INSIDER("l1", "Lok Ed", "lok@acme.example",
                  "pwdAccountLockedTime: 00000101000000Z\n") "dn: cn=Off,ou=people,o=acme\nobjectClass: "
                                                             "inetOrgPerson\nobjectClass: "
                                                             "user\nentryUUID: " ID("o1") "\ncn: Off\nsn: "
                                                                                          "x\nmail: "
                                                                                          "off@acme."
                                                                                          "example\nuserAccou"
                                                                                          "ntControl: "
                                                                                          "514\n\n",
      .export = FROM_PEOPLE,
      .exported_too = "hidden=\"yes\" disabled=\"yes\""},
     {SYNC(.foreign = ANN_EXPORTED EXPORTED("h1", "Hid Den", "hid@acme.example", "")
               EXPORTED("l1", "Lok Ed", "lok@acme.example", "") EXPORTED("o1", "Off", "off@acme.example", ""),
           .foreign_writes = 4, .exported = "4 created")}},
    {"out-of-scope: who is hidden later stays over there as they are",
     {.home = INSIDER("a1", "Ann Ash", "ann@acme.example", "objectClass: mailRecipient\n"),
      .source = ANN_OUT,
      .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), HOME_EDITED(MODIFY(HOME_ANN, HIDE GIVE("telephoneNumber", "1"))),
      SYNC(.exported = "1 unchanged", .events = "out-of-scope"),
      HOME_EDITED(MODIFY(HOME_ANN, TAKE("msExchHideFromAddressLists"))),
      SYNC(.foreign = "* " OUT_ANN "\n  + telephoneNumber: 1\n", .foreign_writes = 1,
           .exported = "1 modified")}},
    {"out-of-scope: who is hidden later goes, where that means missing",
     {.home = BOB INSIDER("a1", "Ann Ash", "ann@acme.example", "objectClass: mailRecipient\n"),
      .source = ANN_OUT BOB_OUT,
      .export = FROM_PEOPLE OUT_OF_SCOPE_GOES},
     {SYNC(.exported = "2 unchanged"), HOME_EDITED(MODIFY(HOME_ANN, HIDE)),
      SYNC(.foreign = "- " OUT_ANN "\n", .foreign_writes = 1, .exported = "1 deleted, 1 unchanged")}},
    {"out-of-scope: who leaves every source stays over there",
     {.home = ANN BOB STAFF, .source = ANN_OUT BOB_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "2 unchanged"), HOME_EDITED(MOVED(HOME_ANN, "cn=Ann Ash", "ou=staff,o=acme")),
      SYNC(.exported = "2 unchanged")}},
    {"out-of-scope: who leaves every source goes, where that means missing",
     {.home = ANN BOB STAFF, .source = ANN_OUT BOB_OUT, .export = FROM_PEOPLE OUT_OF_SCOPE_GOES},
     {SYNC(.exported = "2 unchanged"), HOME_EDITED(MOVED(HOME_ANN, "cn=Ann Ash", "ou=staff,o=acme")),
      SYNC(.foreign = "- " OUT_ANN "\n", .foreign_writes = 1, .exported = "1 deleted, 1 unchanged")}},
    {"several sources, each with its own scope and filter",
     {.home = ANN STAFF "dn: cn=Sue,ou=staff,o=acme\nobjectClass: inetOrgPerson\nentryUUID: " ID(
          "s1") "\ncn: Sue\nsn: x\nmail: sue@acme.example\ntitle: T\n\n"
                "dn: cn=Tom,ou=staff,o=acme\nobjectClass: inetOrgPerson\ncn: Tom\nsn: x\n"
                "mail: tom@acme.example\n\n"
                "dn: ou=deep,ou=staff,o=acme\nobjectClass: organizationalUnit\nou: deep\n\n"
                "dn: cn=Low,ou=deep,ou=staff,o=acme\nobjectClass: inetOrgPerson\ncn: Low\nsn: x\n"
                "mail: low@acme.example\ntitle: T\n\n",
      .export =
          FROM_PEOPLE "<source base=\"ou=staff,o=acme\" scope=\"one\"><filter>(title=*)</filter></source>"},
     {SYNC(.foreign = ANN_EXPORTED EXPORTED("s1", "Sue", "sue@acme.example", "  title: T\n"),
           .foreign_writes = 2, .exported = "2 created")}},

    /* --- unowned, ambiguous, moved home --- */
    {"unowned: somebody over there has the address; reported",
     {.home = ANN,
      .source = PERSON("x1", "Ann Over There", "ann@acme.example", ""),
      .export = FROM_PEOPLE,
      .no_import = true},
     {SYNC(.exported = "1 quarantined", .events = "unowned", .status = 3,
           .quarantine = ID("a1") ": uid=x1,o=globex is this person and not ours*")}},
    {"unowned: adopted, and not renamed, where the definition says so",
     {.home = ANN,
      .source = PERSON("x1", "Ann Over There", "ann@acme.example", ""),
      .export = FROM_PEOPLE "<adopt/>",
      .no_import = true},
     {SYNC(.foreign = "* uid=x1,o=globex\n  + employeeType: " OUR_STAMP("a1") "\n", .foreign_writes = 1,
           .exported = "1 modified", .events = "adopted"),
      HOME_EDITED(MODIFY(HOME_ANN, GIVE("telephoneNumber", "1"))),
      SYNC(.foreign = "* uid=x1,o=globex\n  + telephoneNumber: 1\n", .foreign_writes = 1,
           .exported = "1 modified")}},
    {"unowned: found by a join rule",
     {.home = INSIDER("a1", "Ann Ash", "ann@acme.example", "employeeNumber: 7\n"),
      .source = PERSON("x1", "Ann", "other@acme.example", "employeeNumber: 7\n"),
      .export = FROM_PEOPLE "<join home=\"employeeNumber\" target=\"employeeNumber\"/>",
      .no_import = true},
     {SYNC(.exported = "1 quarantined", .events = "unowned", .status = 3,
           .quarantine = ID("a1") ": uid=x1,o=globex is this person*")}},
    {"ambiguous: several over there match; every one is named",
     {.home = ANN,
      .source = PERSON("x1", "One", "ann@acme.example", "") PERSON("x2", "Two", "ann@acme.example", ""),
      .export = FROM_PEOPLE "<adopt/>",
      .no_import = true},
     {SYNC(.exported = "1 quarantined", .events = "ambiguous", .status = 3,
           .quarantine = ID("a1") ": 2 recipients*uid=x1,o=globex*uid=x2,o=globex*")}},
    {"moved home: a native over there takes the address; our object yields",
     {.home = ANN BOB, .source = ANN_OUT BOB_OUT, .export = FROM_PEOPLE, .no_import = true},
     {SYNC(.exported = "2 unchanged"),
      FOREIGN_EDITED("dn: uid=x1,o=globex\nchangetype: add\nobjectClass: inetOrgPerson\nuid: x1\ncn: Ann\n"
                     "sn: x\nmail: ann@acme.example\n\n"),
      SYNC(.foreign = "- " OUT_ANN "\n", .foreign_writes = 1, .exported = "1 deleted, 1 unchanged",
           .events = "moved-home")}},

    /* --- conflict, invalid --- */
    {"conflict: a second address is another connector's; the rest is applied",
     {.home = INSIDER("a1", "Ann Ash", "ann@acme.example", "mail: shared@acme.example\n"),
      .source = THEIRS_OUT("SHARED@acme.example"),
      .export = FROM_PEOPLE,
      .no_import = true},
     {SYNC(.foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created, 1 quarantined",
           .events = "conflict", .status = 3,
           .quarantine = ID("a1") ": address smtp:shared@acme.example is held by cn=Theirs,ou=out,o=globex*"),
      FOREIGN_EDITED(DELETED("cn=Theirs,ou=out,o=globex")),
      SYNC(.foreign = "* " OUT_ANN "\n  + mail: shared@acme.example\n", .foreign_writes = 1,
           .exported = "1 modified", .events = "quarantine-cleared")}},
    {"conflict: nobody goes out without an address",
     {.home = ANN, .source = THEIRS_OUT("ann@acme.example"), .export = FROM_PEOPLE, .no_import = true},
     {SYNC(.exported = "1 quarantined", .events = "conflict", .status = 3,
           .quarantine = ID("a1") ": address smtp:ann@acme.example is held by cn=Theirs,ou=out,o=globex*")}},
    {"conflict: another connector's objects are not touched, and their names are taken",
     {.home = INSIDER("a1", "Theirs", "ann@acme.example", ""),
      .source = THEIRS_OUT("t@initech.example"),
      .export = FROM_PEOPLE,
      .no_import = true},
     {SYNC(.foreign =
               "+ cn=Theirs (b16e3c),ou=out,o=globex\n  cn: Theirs (b16e3c)\n  employeeType: " OUR_STAMP(
                   "a1") "\n  mail: ann@acme.example\n  objectClass: inetOrgPerson\n  sn: x\n",
           .foreign_writes = 1, .exported = "1 created")}},
    {"invalid: who cannot be mapped is quarantined, the rest goes on",
     {.home = BOB INSIDER("a1", "Ann Ash", "ann@acme.example", "title: a title far too long to be taken\n"),
      .export = FROM_PEOPLE},
     {SYNC(.foreign = BOB_EXPORTED, .foreign_writes = 1, .exported = "1 created, 1 quarantined",
           .events = "quarantined", .status = 3, .quarantine = ID("a1") ": *mapping.xml:*title*"),
      HOME_EDITED(MODIFY(HOME_ANN, TAKE("title"))),
      SYNC(.foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created, 1 unchanged",
           .events = "quarantine-cleared")}},
    {"invalid: the object over there stays as it is",
     {.home = ANN, .source = ANN_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), HOME_EDITED(MODIFY(HOME_ANN, TAKE("mail"))),
      SYNC(.exported = "1 quarantined", .events = "quarantined", .status = 3,
           .quarantine = ID("a1") ": *mail*")}},

    /* --- who is whose --- */
    {"what this connector imported never goes back, in the run that brings it or later",
     {.source = PERSON("p1", "Pat", "pat@globex.example", ""),
      .home = ANN,
      .export = FROM_EVERYWHERE,
      .exported_too = "contacts=\"contact\""},
     {SYNC(.changes = CREATED("p1", "Pat", "pat@globex.example", ""), .writes = 1, .counts = "1 created",
           .foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created"),
      SYNC(.counts = "1 unchanged", .exported = "1 unchanged"), STATE_LOST,
      SYNC(.counts = "1 unchanged", .exported = "1 unchanged")}},
    {"what another connector imported goes out, where contacts are asked for",
     {.home = THEIRS_IN("Zed", "zed@initech.example"),
      .export = FROM_EVERYWHERE,
      .exported_too = "contacts=\"contact\""},
     {SYNC(.foreign = EXPORTED("e1", "Zed", "zed@initech.example", ""), .foreign_writes = 1,
           .exported = "1 created"),
      HOME_EDITED(DELETED("cn=Zed,ou=in,o=acme")),
      SYNC_CALLED(HOW(.allow_empty = true), .foreign = "- cn=Zed,ou=out,o=globex\n", .foreign_writes = 1,
                  .exported = "1 deleted")}},
    {"what another connector imported stays at home, where they are not",
     {.home = THEIRS_IN("Zed", "zed@initech.example"), .export = FROM_EVERYWHERE},
     {SYNC()}},
    {"what we exported is not imported back, however it looks by now",
     {.home = INSIDER("a1", "Ann Ash", "ann@elsewhere.example", ""), .export = FROM_PEOPLE},
     {SYNC(.foreign = EXPORTED("a1", "Ann Ash", "ann@elsewhere.example", ""), .foreign_writes = 1,
           .exported = "1 created"),
      FOREIGN_EDITED(MODIFY(OUT_ANN, GIVE("uid", "a1") SET("sn", "y"))),
      SYNC(.foreign = "* " OUT_ANN "\n  - sn: y\n  + sn: x\n", .foreign_writes = 1, .exported = "1 modified"),
      STATE_LOST, SYNC(.exported = "1 unchanged")}},
    {"what another connector exported there is imported",
     {.source = THEIRS_OUT("t@initech.example"), .export = FROM_PEOPLE},
     {SYNC(.changes = CREATED("t1", "Theirs", "t@initech.example", ""), .writes = 1, .counts = "1 created")}},
    {"a person over there who goes is not called back by the export",
     {.source = PERSON("p1", "Pat", "pat@globex.example", "") PERSON("q1", "Quin", "quin@globex.example", ""),
      .home = CONTACT("p1", "Pat", "pat@globex.example", "") CONTACT("q1", "Quin", "quin@globex.example", ""),
      .import = "<grace days=\"0\"/>",
      .export = FROM_EVERYWHERE,
      .exported_too = "contacts=\"contact\""},
     {SYNC(.counts = "2 unchanged"), FOREIGN_EDITED(DELETED("uid=p1,o=globex")),
      SYNC(.changes = "- cn=Pat,ou=in,o=acme\n", .writes = 1, .counts = "1 deleted, 1 unchanged")}},

    /* --- trouble --- */
    {"a change that is refused is tried again",
     {.home = ANN BOB, .export = FROM_PEOPLE},
     {FAULTS(NULL, "refuse@1"),
      SYNC(.foreign = BOB_EXPORTED, .foreign_writes = 1, .exported = "1 created, 1 failed",
           .events = "write-failed", .status = 3, .restless = true),
      FAULTS(NULL, NULL),
      SYNC(.foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created, 1 unchanged")}},
    {"a change whose answer was lost is not made twice",
     {.home = ANN BOB, .export = FROM_PEOPLE},
     {FAULTS(NULL, "uncertain@2"),
      SYNC(.foreign = ANN_EXPORTED BOB_EXPORTED, .foreign_writes = 2, .exported = "2 created"),
      FAULTS(NULL, NULL), SYNC(.exported = "2 unchanged")}},
    {"an export alone",
     {.home = ANN,
      .source = PERSON("p1", "Pat", "pat@globex.example", ""),
      .export = FROM_PEOPLE,
      .no_import = true},
     {SYNC(.foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created"), STATE_LOST,
      SYNC(.exported = "1 unchanged")}},
};

int main(void)
{
    return case_run_tables("export", cases, G_N_ELEMENTS(cases), NULL, 0);
}

/*
 * pass_case.h - a run as a specification: start, steps, expected differences
 *
 * A case is a home and a foreign directory in memory (or an LDIF file), the
 * connector between them, and steps: something happens, then a run, then
 * everything that can be observed is compared: both directories as a whole, the
 * figures of both passes, the exit status, the quarantine, the events, the
 * changes counted at the stores and the run's record. Every sync that did not
 * end in an error is followed by a second one that must write nothing, and by
 * one without any state that must write nothing either.
 *
 * Home is o=acme with the import container ou=in and natives in ou=people; the
 * foreign directory is o=globex with the anchor uid, and ou=out where there is
 * an export, whose anchor is entryUUID. Failures fail the running cmocka test.
 */
#ifndef DIRSYNC_TESTS_PASS_CASE_H
#define DIRSYNC_TESTS_PASS_CASE_H

#include "dirsync/directory/memory.h"
#include "dirsync/run.h"

#define CASE_UUID "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10"
#define OTHER_UUID "5e0c1d2a-9b1f-4a77-8a55-0c9d7d7b6a01" /* another connector */

/** A source entry. @more: further lines, each with its newline. */
#define PERSON(uid, cn, mail, more)                                                                          \
    "dn: uid=" uid ",o=globex\nobjectClass: inetOrgPerson\nuid: " uid "\ncn: " cn "\nsn: x\n"                \
    "mail: " mail "\n" more "\n"
/** The contact made from it, as content of the home directory... */
#define CONTACT(uid, cn, mail, more)                                                                         \
    "dn: cn=" cn ",ou=in,o=acme\nobjectClass: top\nobjectClass: contact\nobjectClass: dirsyncStamp\n"        \
    "cn: " cn "\nimportedFrom: " CASE_UUID "\ndirsyncAnchor: " uid "\nmail: " mail                           \
    "\ntargetAddress: SMTP:" mail "\n"                                                                       \
    "proxyAddresses: SMTP:" mail "\nmailNickname: " uid "\n" more "\n"
/** ... and as a difference. @more: further lines of attributes that sort behind targetAddress. */
#define CREATED(uid, cn, mail, more)                                                                         \
    "+ cn=" cn ",ou=in,o=acme\n  cn: " cn "\n  dirsyncAnchor: " uid "\n  importedFrom: " CASE_UUID           \
    "\n  mail: " mail "\n  mailNickname: " uid                                                               \
    "\n  objectClass: contact\n  objectClass: dirsyncStamp\n  objectClass: top\n"                            \
    "  proxyAddresses: SMTP:" mail "\n  targetAddress: SMTP:" mail "\n" more
/** Grace began now. */
#define HIDDEN(cn)                                                                                           \
    "* cn=" cn ",ou=in,o=acme\n  + dirsyncGraceSince: NOW\n  + msExchHideFromAddressLists: TRUE\n"
#define RESTORED(cn, since)                                                                                  \
    "* cn=" cn ",ou=in,o=acme\n  - dirsyncGraceSince: " since "\n  - msExchHideFromAddressLists: TRUE\n"
/** The entryUUID of an entry that a case gives one; in differences every other one reads UUID. */
#define ID(two) "00000000-0000-4000-8000-0000000000" two
/** A native of the home directory... */
#define INSIDER(id, cn, mail, more)                                                                          \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: inetOrgPerson\nentryUUID: " ID(id) "\ncn: " cn             \
                                                                                     "\nsn: x\nmail: " mail  \
                                                                                     "\n" more "\n"
/** ... what the export makes of it (its proxy addresses as labeledURI), as content of the foreign
 *  directory... */
#define OUR_STAMP(id) CASE_UUID ";;" ID(id)
#define OUTSIDER(id, cn, mail, more)                                                                         \
    "dn: cn=" cn ",ou=out,o=globex\nobjectClass: inetOrgPerson\ncn: " cn "\nsn: x\nmail: " mail              \
    "\nemployeeType: " OUR_STAMP(id) "\n" more "\n"
/** ... and as a difference. @more: further lines of attributes that sort behind sn. */
#define EXPORTED(id, cn, mail, more)                                                                         \
    "+ cn=" cn ",ou=out,o=globex\n  cn: " cn                                                                 \
    "\n  employeeType: " OUR_STAMP(id) "\n  mail: " mail "\n  objectClass: inetOrgPerson\n  sn: x\n" more
/** Content of the home directory that is in grace since long ago. */
#define LONG_AGO "20200101000000Z"
#define IN_GRACE "dirsyncGraceSince: " LONG_AGO "\nmsExchHideFromAddressLists: TRUE\n"

/** Change records for case_edit_home() and case_edit_foreign(). */
#define MODIFY(dn, parts) "dn: " dn "\nchangetype: modify\n" parts "\n"
#define SET(name, value) "delete: " name "\n-\nadd: " name "\n" name ": " value "\n-\n"
#define GIVE(name, value) "add: " name "\n" name ": " value "\n-\n"
#define TAKE(name) "delete: " name "\n-\n"
#define DELETED(dn) "dn: " dn "\nchangetype: delete\n\n"

typedef struct {
    const char *home;   /* LDIF beside o=acme, ou=in and ou=people */
    const char *source; /* LDIF beside o=globex (and ou=out); a whole file when @file is given */
    const char *import; /* children of <import> beside source and anchor; NULL: none */
    const char *filter; /* source scope; NULL: (objectClass=inetOrgPerson); "": none */
    const char *export; /* children of <export> beside its stamp; NULL: there is none; see FROM_PEOPLE */
    const char *exported_too; /* further attributes of <export>: contacts="contact" */
    const char *addresses;    /* attributes of <addresses>; NULL: there is none... */
    const char *natives;      /* ... and its children; NULL: <natives base="ou=people,o=acme"/> */
    const char *policies;     /* children of <organisation> that are about addresses */
    const char *limits;       /* attributes of <limits>; NULL: the defaults */
    const char *stamp;        /* attributes of <stamp>; NULL: form="class" */
    const char *mapping;      /* a shipped one; NULL: the small one of the harness */
    const char *kinds;        /* attributes of <import> and <export>: groups="group"; then the mapping is the
                                 harness's one for every kind, and the export's stamp is in businessCategory */
    const char *import_kinds; /* further ones of <import> alone */
    const char *file;         /* attributes of the source's <file>: it is an LDIF file; NULL: in memory */
    bool no_import;           /* the connector has an export only */
    bool no_container;        /* neither ou=in nor ou=out is there; the connector may make them */
    bool no_assertions;       /* the home server does not know RFC 4528 */
    bool unique;              /* the home server sees to unique proxyAddresses */
    bool reads_all;           /* full-read="always": nobody is asked for changes */
} CaseStart;

/** The export of the natives. */
#define FROM_PEOPLE "<source base=\"ou=people,o=acme\"/>"

/** What a run should come to. What is not named must not have happened. */
typedef struct {
    const char *changes; /* differences of the home directory, see case_differences() */
    size_t writes;       /* changes counted at the store */
    const char *counts;  /* figures of the import that are not zero: "1 created, 2 unchanged" */
    const char *foreign; /* differences of the foreign directory */
    size_t foreign_writes;
    const char *exported;   /* figures of the export */
    const char *addressed;  /* figures of the address step */
    const char *quarantine; /* afterwards: "subject: reason\n" of each; '*' stands for anything */
    const char *events;     /* names, sorted by id: "unowned returned*2"; not those of every run */
    const char *matches; /* of a migration, in order of anchor: "a1 exact adopt: DN (why), DN (why)\n"; NULL:
                            not looked at */
    int status;          /* exit status */
    const char *error;   /* the message, with '*' */
    bool restless;       /* the run after this one may write again */
    bool unlike_stateless; /* ... or a run without any state */
} Expected;

/** How a run is called. */
typedef struct {
    const char *only;
    bool full, allow_empty, verify;
    bool migrate; /* with what is chosen for each class, NULL the default, and a batch */
    const char *exact, *probable, *none;
    size_t batch;
    const char *lift; /* "delete=none change=5" */
    const char *step; /* only that one: "import" */
} Called;

typedef struct Case Case;

Case *case_new(const CaseStart *start);
void case_free(Case *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Case, case_free)

/** Replaces the source's people (or the file): whoever has the same name stays the same entry. */
void case_set_source(Case *c, const char *ldif);
/** Change records that somebody else applies to the home directory. */
void case_edit_home(Case *c, const char *ldif);
/** The same in the foreign directory. */
void case_edit_foreign(Case *c, const char *ldif);
/** The definition changes: other attributes for CaseStart.import_kinds. */
void case_set_kinds(Case *c, const char *import_kinds);
/** The state folder is gone. */
void case_lose_state(Case *c);
/** What fails from now on, see failing.h; NULL: nothing. The definitions count as unchanged. */
void case_set_faults(Case *c, const char *home, const char *source);
MemoryStore *case_home(const Case *c);
/** NULL: it is a file. */
MemoryStore *case_foreign(const Case *c);
/** A path in the case's folder; g_free(). */
char *case_path(const Case *c, const char *name);
const char *case_state_folder(const Case *c);
/** The connector as its definition says it; connector_free(). */
Connector *case_connector(const Case *c);
/** Only its file; for a second connector. @name, @uuid NULL: those of the case. Path; g_free(). */
char *case_write_connector(const Case *c, const char *name, const char *uuid);
RunOptions case_options(const Case *c, const Connector *connector, const Called *called);

/** Runs and compares. @called may be NULL. */
void case_sync(Case *c, const Called *called, const Expected *expected);
void case_plan(Case *c, const Called *called, const char *folder, const Expected *expected);
void case_apply(Case *c, const char *folder, const Expected *expected);
/** @id NULL: the last run of this case. */
void case_revert(Case *c, const char *id, const Expected *expected);
/** Id of the last run. */
const char *case_last_run(const Case *c);

/** The home directory now, the foreign one (NULL: it is a file); g_free(). */
char *case_dump(const Case *c);
char *case_dump_foreign(const Case *c);
/**
 * What became of a directory, by identity (entryUUID): "- DN" gone, "+ DN"
 * new with its attributes, "* DN" changed and "> DN" renamed ("  to DN") with the
 * values that went and came. A time within the last minutes reads NOW, a value
 * that is no short text its length and hash. g_free().
 */
char *case_differences(const char *before, const char *after);

/* --- cases as tables --- */

typedef enum {
    DO_END,
    DO_SOURCE,
    DO_HOME,
    DO_FOREIGN,
    DO_LOSE_STATE,
    DO_FAULTS,
    DO_KINDS,
    DO_SYNC
} CaseStepKind;

typedef struct {
    CaseStepKind kind;
    const char *text, *source_faults;
    Called called;
    Expected expected;
} CaseStep;

/** Does the step, unless it is a run: false, then the caller does it its way. */
bool case_prepare(Case *c, const CaseStep *step);

#define SOURCE_IS(ldif)                                                                                      \
    {                                                                                                        \
        .kind = DO_SOURCE, .text = (ldif)                                                                    \
    }
#define HOME_EDITED(ldif)                                                                                    \
    {                                                                                                        \
        .kind = DO_HOME, .text = (ldif)                                                                      \
    }
#define FOREIGN_EDITED(ldif)                                                                                 \
    {                                                                                                        \
        .kind = DO_FOREIGN, .text = (ldif)                                                                   \
    }
#define KINDS_ARE(attributes)                                                                                \
    {                                                                                                        \
        .kind = DO_KINDS, .text = (attributes)                                                               \
    }
#define STATE_LOST                                                                                           \
    {                                                                                                        \
        .kind = DO_LOSE_STATE                                                                                \
    }
#define FAULTS(home, source)                                                                                 \
    {                                                                                                        \
        .kind = DO_FAULTS, .text = (home), .source_faults = (source)                                         \
    }
#define SYNC(...)                                                                                            \
    {                                                                                                        \
        .kind = DO_SYNC, .expected = { __VA_ARGS__ }                                                         \
    }
#define SYNC_CALLED(how, ...)                                                                                \
    {                                                                                                        \
        .kind = DO_SYNC, .called = how, .expected = { __VA_ARGS__ }                                          \
    }
#define HOW(...)                                                                                             \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

typedef struct {
    const char *name;
    CaseStart start; /* .reads_all: what happens can only happen to a read of everything */
    CaseStep steps[10];
} PassCase;

/** Every kind of recipient: groups of the foreign directory are named by their members... */
#define GROUP(uid, cn, more)                                                                                 \
    "dn: uid=" uid ",o=globex\nobjectClass: groupOfNames\nobjectClass: uidObject\n"                          \
    "objectClass: mailRecipient\nuid: " uid "\ncn: " cn "\n" more "\n"
#define IN(uid) "member: uid=" uid ",o=globex\n"
/** ... the group made from it, as a difference. @members: lines "  member: DN\n", sorted. */
#define GROUP_CREATED(uid, cn, members)                                                                      \
    "+ cn=" cn ",ou=in,o=acme\n  cn: " cn "\n  dirsyncAnchor: " uid "\n  importedFrom: " CASE_UUID           \
    "\n" members "  objectClass: dirsyncStamp\n  objectClass: group\n  objectClass: top\n"
#define HAS(cn) "  member: cn=" cn ",ou=in,o=acme\n"
#define GAINED(cn) "  + member: cn=" cn ",ou=in,o=acme\n"
#define LOST(cn) "  - member: cn=" cn ",ou=in,o=acme\n"
#define CHANGED(cn, values) "* cn=" cn ",ou=in,o=acme\n" values

/** Runs every case of the table and then the other tests (CMUnitTest) as one group. */
int case_run_tables(const char *group, const PassCase *cases, size_t n_cases, const void *tests,
                    size_t n_tests);

#endif

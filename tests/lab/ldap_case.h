/*
 * ldap_case.h - the pieces that the tests of the LDAP driver are made of
 *
 * A server shared by the cases of one program, ways to reach it, what a read
 * delivered, how a change ended. Everything asserts for itself.
 */
#ifndef DIRSYNC_TESTS_LDAP_CASE_H
#define DIRSYNC_TESTS_LDAP_CASE_H

#include "dirsync/directory/ldap.h"
#include "tests/lab/lab.h"

#define SUFFIX "dc=example,dc=com"
#define PEOPLE "ou=people," SUFFIX
#define USER "uid=user," SUFFIX

extern Lab *shared;

/** An endpoint and the array its URIs are in. */
typedef struct {
    Endpoint endpoint;
    char *uris[3];
} Place;

/** What a read delivered. */
typedef struct {
    GPtrArray *entries;
    GHashTable *fingerprints; /* DN to Fingerprint */
    size_t stop_after;        /* 0: never */
    Lab *kill_after_first;    /* or NULL */
} Delivered;

/** How a change ended. */
typedef struct {
    int calls;
    Outcome outcome;
    int code; /* ErrorCode; -1: no error */
    char *message;
} Ending;

/** The server that the cases of a program share; skips the case without slapd. */
Lab *shared_lab(void);
/** Group teardown. */
int stop_shared(void **state);
/** An endpoint at @uri below SUFFIX. */
void place_init(Place *place, char *uri, BindMethod bind);
/** Binds as the ordinary user. */
void place_set_user(Place *place, const char *password);
Directory *open_place(const Place *place);
/** The open fails with this code, a message that holds @message and a remedy, and no secret. */
void assert_cannot_open(const Place *place, ErrorCode code, const char *message);
/** A connection as rootdn to the shared server, after everything but ou=people was removed. */
Directory *fresh_tree(Place *place);
/** cn=p0 ... below PEOPLE (shared server) or SUFFIX; @description: length of that value, 0 none. */
void load_people(Lab *lab, int n, size_t description);
void delivered_init(Delivered *delivered);
void delivered_clear(Delivered *delivered);
/** A DirectorySink; @data is a Delivered. */
bool take_item(const DirectoryItem *item, void *data, GError **error);
Fingerprint fingerprint_of(const Delivered *delivered, const char *dn);
/** The entry with entryUUID; NULL when there is none. */
Entry *find_one(Directory *directory, const char *dn);
const Attribute *attribute_of(const Entry *entry, const char *name);
bool has_value(const Entry *entry, const char *name, const char *value);
/** A DirectoryDone; @data is an Ending. */
void take_ending(const Change *change, Outcome outcome, const GError *error, void *data);
/** Submits and flushes; one call back. */
Ending apply_change(Directory *directory, const Change *change);
void assert_done(Directory *directory, const Change *change);
/** Refused with this code, and a message with URI and remedy. */
void assert_fails(Directory *directory, const Change *change, ErrorCode code);
Change *new_contact(const char *dn, const char *cn);
/** Appends one modification; @text NULL: the whole attribute. */
void modify(Change *change, ModifyKind kind, const char *name, const char *text);
Change *modification(const char *dn, ModifyKind kind, const char *name, const char *text);

#endif

/*
 * played_server.h - a thread that plays an LDAP server
 *
 * Gives the few answers of Active Directory that slapd does not: pages, values
 * in ranges, binary identities, the control that keeps referrals out,
 * unicodePwd. Or it is another server, which has the Password Modify operation
 * (RFC 3062) but makes no passwords itself. It needs nothing installed. That a
 * real one behaves so is for tests on real ones.
 */
#ifndef DIRSYNC_TESTS_PLAYED_SERVER_H
#define DIRSYNC_TESTS_PLAYED_SERVER_H

#include "dirsync/directory/ldap.h"

#include <lber.h>

#define PLAYED_SUFFIX "dc=lab,dc=test"
/** Another naming context. */
#define PLAYED_OTHER_SUFFIX "dc=other,dc=test"
/** People in ou=paged. */
#define PLAYED_PAGED 5
/** What it says when it refuses something. */
#define PLAYED_REFUSAL "no such password"

extern const char played_guid[16];

/** Members below the blank line are set and looked at between operations. */
typedef struct {
    char folder[64];
    char path[100];
    char uri[300];
    int listener;
    GThread *thread;
    gint scope_controls; /* searches that carried the control */

    /* DirSync: after the first cookie comes an empty answer that is not the last, then the object with
     * played_guid. */
    bool tells_changes; /* set before it is opened */
    bool stuck;         /* it never gets beyond the empty answer */
    unsigned asked;     /* times that it was asked for changes */

    gint notifications; /* searches that wait for changes (Active Directory's control), which are never
                           answered */

    bool is_other;       /* not Active Directory: it has RFC 3062 */
    int refusal;         /* result for a password that was made elsewhere */
    unsigned own_wanted; /* times that it was asked to make a password */
    unsigned modifies;   /* that came in */
    ber_int_t operation; /* first modification of the last modify */
    char attribute[50];
    GByteArray *password; /* its value, or the password of the last RFC 3062 operation */
} PlayedServer;

/** Group setup and teardown; the state is the PlayedServer. */
int played_server_start(void **state);
int played_server_stop(void **state);
/** Opens a directory on it; @endpoint and @uris must outlive that. */
Directory *played_server_open(PlayedServer *server, Endpoint *endpoint, char *uris[2]);

#endif

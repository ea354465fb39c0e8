/*
 * ldap_internal.h - what the files of the LDAP driver share
 *
 * ldap.c            the driver, root DSE, capabilities
 * ldap_connect.c    options, TLS, binding, reconnecting
 * ldap_error.c      LDAP result codes in our words
 * ldap_search.c     one search, with pages
 * ldap_read.c       reading, decoding, ranges
 * ldap_changes.c    what has changed: which way, cursors, when there is none
 * ldap_sync.c       what has changed, by RFC 4533 (ldap_sync_codec.c: its controls)
 * ldap_dirsync.c    the same, by Active Directory's DirSync control
 * ldap_changed.c    looking for those that changed
 * ldap_containers.c whether containers have moved
 * ldap_watch.c      being told that something has changed
 * ldap_fetch.c      fetching by identity
 * ldap_change.c     one change as a request
 * ldap_write.c      pipelined changes
 * ldap_bulk.c       adds in transactions
 * ldap_password.c   passwords that nobody knows
 *
 * These files alone know libldap. Names begin with ldap_directory_, since
 * libldap has taken most of the others.
 */
#ifndef DIRSYNC_DIRECTORY_LDAP_INTERNAL_H
#define DIRSYNC_DIRECTORY_LDAP_INTERNAL_H

#include "dirsync/directory/ldap.h"
#include "dirsync/directory/write_window.h"

#include <ldap.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(LDAPMessage, ldap_msgfree)

/** How the server tells what has changed. */
typedef enum {
    CHANGES_NO_WAY,
    CHANGES_SYNC,   /* RFC 4533 */
    CHANGES_IDS,    /* RFC 4533 of 389: what it tells is good for identities only */
    CHANGES_DIRSYNC /* Active Directory */
} ChangesWay;

/** How an account gets a password. */
typedef enum {
    PASSWORD_NO_WAY,
    PASSWORD_OPERATION, /* RFC 3062, before the modify */
    PASSWORD_ATTRIBUTE  /* unicodePwd, within the modify: Active Directory */
} PasswordWay;

typedef struct LdapBulk LdapBulk;

typedef struct {
    Directory directory; /* first: what the engine sees */
    const Endpoint *endpoint;
    LDAP *handle;    /* NULL: the connection is lost */
    char *uri;       /* where we are, or last were */
    GError *refused; /* credentials were refused: not tried a second time */
    Schema *schema;  /* NULL: the standard one serves */
    DirectoryDescription description;
    unsigned page_size; /* 0: no pages */
    bool scope_control; /* the server can leave out continuation references when asked to */
    PasswordWay password_way;
    ChangesWay changes_way;
    bool notifies;       /* the server has Active Directory's change notification */
    GQueue outstanding;  /* changes sent and not answered, oldest first (ldap_write.c) */
    GHashTable *awaited; /* message id to the link in outstanding */
    WriteWindow window;
    LdapBulk *bulk;       /* NULL: no transactions */
    unsigned connections; /* made so far */
} LdapDirectory;

/* ldap_connect.c */

/** Connects and binds, to the first URI that answers. */
bool ldap_directory_connect(LdapDirectory *self, GError **error);
/** True when there is a connection; makes one (and says so) when it was lost. */
bool ldap_directory_ensure(LdapDirectory *self, GError **error);
/** The connection is of no more use. Changes that wait for an answer are uncertain from now on. */
void ldap_directory_lose(LdapDirectory *self);

/* ldap_error.c */

/** Our code for a result code of LDAP or libldap (negative). */
ErrorCode ldap_directory_error_code(int result);
/** Sets "uri: what: cause; remedy". @diagnostic may be NULL or empty. */
void ldap_directory_error(GError **error, const char *uri, const char *what, int result,
                          const char *diagnostic);
/** True for the results that mean that no answer will come any more. */
bool ldap_directory_is_lost(int result);

/* ldap_search.c */

/** How a search ended. */
typedef struct {
    int result; /* LDAP_SERVER_DOWN, LDAP_TIMEOUT: the answer did not come */
    char *diagnostic;
    size_t entries;
    size_t references; /* parts of the tree that are elsewhere, and were not read */
} SearchEnd;

void ldap_directory_search_end_clear(SearchEnd *end);

/** Return false (with @error set) to stop. */
typedef bool (*SearchConsumer)(LdapDirectory *self, LDAPMessage *message, void *data, GError **error);

/** Sends a search for one page (or everything); the message id is in @id. A result code. */
int ldap_directory_send_search(LdapDirectory *self, const ReadRequest *request, LDAPControl **controls,
                               int *id);
/** Waits for the next message of @id. A result code; @message is set when it is LDAP_SUCCESS. */
int ldap_directory_await(LdapDirectory *self, int id, LDAPMessage **message);
/** The same for that many microseconds; @id may be LDAP_RES_ANY. */
int ldap_directory_await_for(LdapDirectory *self, int id, gint64 microseconds, LDAPMessage **message);
/** Seconds. */
unsigned ldap_directory_timeout(const LdapDirectory *self);
/** Takes a final answer apart. @controls may be NULL; else ldap_controls_free(). */
int ldap_directory_parse(LdapDirectory *self, LDAPMessage *message, char **diagnostic,
                         LDAPControl ***controls);

/** Runs a search to its end on the present connection. False only when the consumer said stop. A lost
 *  connection is in @end, and the handle is dropped then. */
bool ldap_directory_search(LdapDirectory *self, const ReadRequest *request, SearchConsumer consumer,
                           void *data, SearchEnd *end, GError **error);

/* ldap_read.c */

bool ldap_directory_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                         ReadResult *result, GError **error);
GPtrArray *ldap_directory_find(Directory *directory, const ReadRequest *request, size_t max, GError **error);
Entry *ldap_directory_decode(const DirectoryItem *item, GError **error);
/** The entry in a message, with all values of attributes that came in ranges. */
Entry *ldap_directory_decode_message(LdapDirectory *self, LDAPMessage *message, GError **error);

/** Hands the entry in a message to @sink, as a read delivers it, and counts it. Anything else in the message
 *  must have been looked at before: libldap decodes in place. */
bool ldap_directory_deliver(LdapDirectory *self, LDAPMessage *message, DirectorySink sink, void *data,
                            ReadResult *result, GError **error);
/** What a read came to that ended so. False with an error when it says nothing about the directory. */
bool ldap_directory_conclude(LdapDirectory *self, const ReadRequest *request, const SearchEnd *end,
                             ReadResult *result, GError **error);

/* ldap_changes.c */

/** One request for changes, on its way. */
typedef struct {
    LdapDirectory *self;
    const ReadRequest *request;
    DirectoryChangeSink sink;
    void *data;
    ChangesResult *result;
    char **from; /* CursorField of the cursor given; NULL: none */
    int refused; /* result with which the server has refused to tell of changes; 0 */
} Changes;

/** What a cursor of the LDAP driver holds. */
typedef enum {
    CURSOR_SERVER,     /* which one answered */
    CURSOR_REQUEST,    /* a digest of the request and of who asks */
    CURSOR_CONTAINERS, /* ldap_directory_format_containers() */
    CURSOR_COOKIE,     /* base64 */
    CURSOR_FIELDS
} CursorField;

bool ldap_directory_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                            DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error);
/** A DirectorySink that tells of each entry as TOLD_ENTRY; @data is the Changes. */
bool ldap_directory_tell_item(const DirectoryItem *item, void *data, GError **error);
/** Tells of an identity without its entry. */
bool ldap_directory_tell_id(const Changes *changes, Told told, Value id, GError **error);
/** The cookie to go on from: NULL without a cursor. g_bytes_unref(). */
GBytes *ldap_directory_cookie_from(const Changes *changes);
/** Takes @reason (g_free()): without a cursor why there will be none, with one why everything must be read.
 * The first one counts. */
void ldap_directory_doubt(const Changes *changes, char *reason);

/* ldap_sync.c, ldap_dirsync.c: one pair for each way to ask */

/** A cookie of now, for which no entry is told; or NULL after ldap_directory_doubt(). g_bytes_unref(). */
GBytes *ldap_changes_begin_sync(Changes *changes);
/** The same for 389, of which identities only are believed. */
GBytes *ldap_changes_begin_ids(Changes *changes);
GBytes *ldap_changes_begin_dirsync(Changes *changes);
/** Tells what has changed since the cursor, as directory_changes(). @cookie, NULL at first, is what to go on
 * from next time; it stays NULL after ldap_directory_doubt(). False: @error. */
bool ldap_changes_go_on_sync(Changes *changes, GBytes **cookie, GError **error);
bool ldap_changes_go_on_ids(Changes *changes, GBytes **cookie, GError **error);
bool ldap_changes_go_on_dirsync(Changes *changes, GBytes **cookie, GError **error);
/** Which server, with which database, answers; g_free(). */
char *ldap_changes_dirsync_identity(LdapDirectory *self);

/* ldap_changed.c */

#define LDAP_MAX_CHANGED 200000

/** The value of default_anchor in a message, which stays as it is; NULL when there is none. */
GBytes *ldap_directory_identity(LdapDirectory *self, LDAPMessage *message);
/** Tells of everybody in @changed (GBytes of default_anchor), and concludes. */
bool ldap_directory_tell_changed(Changes *changes, GHashTable *changed, GError **error);
/** The naming context of the request's base, where it can be asked for identities; else NULL, and a doubt. */
const char *ldap_directory_context(const Changes *changes);

/* ldap_containers.c */

typedef struct {
    size_t count;
    Fingerprint digest; /* of identities and names */
    char *last;         /* name of the one modified last; or NULL */
} Containers;

typedef enum {
    CONTAINERS_SEEN,
    CONTAINERS_HIDDEN, /* not all of them could be seen */
    CONTAINERS_ERROR   /* there is no connection */
} ContainersSeen;

/** Looks at all containers below the base; connects again when the connection was lost. */
ContainersSeen ldap_directory_look_at_containers(LdapDirectory *self, const ReadRequest *request,
                                                 Containers *containers, GError **error);
void ldap_directory_containers_clear(Containers *containers);
char *ldap_directory_format_containers(const Containers *containers);
/** NULL when they are those of @then (a text of ldap_directory_format_containers), else what happened;
 * g_free(). */
char *ldap_directory_compare_containers(const Containers *now, const char *then);

/* ldap_watch.c */

DirectoryWatch *ldap_directory_watch(const Endpoint *endpoint, const ReadRequest *requests, size_t n_requests,
                                     GError **error);

/* ldap_fetch.c */

bool ldap_directory_fetch(Directory *directory, const FetchId *ids, size_t n_ids,
                          const char *const *attributes, DirectoryFetched fetched, void *data,
                          GError **error);

/* ldap_change.c */

/** Sends it; the message id is in @id. A result code. */
int ldap_directory_send_change(LdapDirectory *self, const Change *change, LDAPControl **controls, int *id);

/* ldap_write.c */

bool ldap_directory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                           GError **error);
bool ldap_directory_flush(Directory *directory, GError **error);
/** Marks every outstanding change as without an answer; for ldap_directory_lose(). */
void ldap_directory_orphan_changes(LdapDirectory *self);
/** Forgets the outstanding changes without calling anybody; for closing. */
void ldap_directory_forget_changes(LdapDirectory *self);

/** Sends one change, whatever the definition says of transactions; as directory_submit(). */
bool ldap_directory_submit_single(LdapDirectory *self, const Change *change, DirectoryDone done, void *data,
                                  GError **error);
/** Waits until each of those has ended. */
void ldap_directory_settle_all(LdapDirectory *self);
/** Calls @done with OUTCOME_UNCERTAIN. */
void ldap_directory_finish_uncertain(LdapDirectory *self, const Change *change, DirectoryDone done,
                                     void *data);

/* ldap_bulk.c */

/** Prepares for transactions where the definition wants them. @offered: the server has them. False when
 *  they would be dangerous there, or nobody can tell. */
bool ldap_bulk_open(LdapDirectory *self, bool offered, GError **error);
void ldap_bulk_free(LdapBulk *bulk);
/** Whether the change goes into a transaction. */
bool ldap_bulk_takes(const LdapDirectory *self, const Change *change);
/** As directory_submit(), for what it takes. */
bool ldap_bulk_submit(LdapDirectory *self, const Change *change, DirectoryDone done, void *data,
                      GError **error);
/** Sends what was collected and waits until all of it has ended. */
void ldap_bulk_flush(LdapDirectory *self);
/** No answer will come any more; for ldap_directory_lose(). */
void ldap_bulk_orphan(LdapDirectory *self);

/* ldap_password.c */

#define LDAP_PASSWORD_LENGTH 32
/** Of its form for unicodePwd: in quotes, UTF-16LE. */
#define LDAP_UNICODE_LENGTH ((LDAP_PASSWORD_LENGTH + 2) * 2)

/** True when nobody can listen: a local socket, or TLS. */
bool ldap_directory_is_protected(const LdapDirectory *self);
/** Letters, digits and punctuation, some of each. False when the system has no random numbers. The
 *  caller wipes it. */
bool ldap_directory_draw_password(char password[LDAP_PASSWORD_LENGTH + 1]);
/** The same, as the value of unicodePwd. */
bool ldap_directory_draw_unicode(char bytes[LDAP_UNICODE_LENGTH]);
/** Gives the account a password by RFC 3062 and waits for the answer. A result code; g_free() the
 *  diagnostic. */
int ldap_directory_set_password(LdapDirectory *self, const char *dn, char **diagnostic);

#endif

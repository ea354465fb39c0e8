/*
 * directory.h - one directory behind a driver
 *
 * A driver is one const struct of functions with a contract above each, in one
 * file, registered by one line in directory.c. A driver knows nothing of
 * passes; the engine knows no driver by name.
 *
 * A Directory is used by one thread at a time. Everything handed out belongs
 * to the directory unless said otherwise. Messages of errors begin with the
 * subject (URI or file) and never hold a secret.
 */
#ifndef DIRSYNC_DIRECTORY_H
#define DIRSYNC_DIRECTORY_H

#include "dirsync/change.h"
#include "dirsync/error.h"
#include "dirsync/filter.h"
#include "dirsync/organisation.h"
#include "dirsync/schema.h"

typedef struct Directory Directory;

/** What a directory can do; discovered (root DSE), never guessed from a vendor name. */
typedef enum {
    CAN_WRITE = 1 << 0,
    CAN_FETCH = 1 << 1,        /* directory_fetch() works without reading everything */
    CAN_ASSERT = 1 << 2,       /* RFC 4528 */
    HAS_SCHEMA = 1 << 3,       /* the schema is the server's own, not the built-in one */
    IS_FILE = 1 << 4,          /* completeness is proven by the file's own means */
    WRITES_WHOLE = 1 << 5,     /* every flush writes everything anew: many changes between two flushes */
    CAN_SET_PASSWORD = 1 << 6, /* random passwords, over a protected connection (Change.random_password) */
    KEEPS_REFERENCES =
        1 << 7,               /* the server itself follows renames and deletes in DN-valued attributes (AD) */
    CAN_TELL_CHANGES = 1 << 8 /* directory_changes() works */
} DirectoryCapabilities;

typedef struct {
    unsigned capabilities;
    const Schema *schema;       /* never NULL */
    const char *default_anchor; /* "entryUUID", "objectGUID", or NULL: the definition must name one */
    char **naming_contexts;     /* NULL-terminated, may be empty */
    const char *base;           /* what a request without a base means; NULL: everything there is */
    const char *subject;        /* URI or file, for messages */
    unsigned batch;             /* changes that are sent and answered together; 0: each for itself */
} DirectoryDescription;

/** How sure we are that a read delivered everything there is. */
typedef enum { PROOF_COMPLETE, PROOF_PARTIAL, PROOF_UNKNOWN } Proof;

typedef struct {
    Proof proof;
    char *reason;   /* why not complete, for people; NULL when complete; owned by the caller */
    size_t entries; /* delivered */
    size_t bad;     /* records that could not be decoded */
} ReadResult;

void read_result_clear(ReadResult *result);

typedef enum { SEARCH_BASE, SEARCH_ONE, SEARCH_SUBTREE } SearchScope;

typedef struct {
    const char *base; /* NULL: the endpoint's */
    SearchScope scope;
    const char *filter;            /* RFC 4515 text; NULL: (objectClass=*) */
    const char *const *attributes; /* NULL: all user attributes; "*" and operational names as in LDAP */
    size_t last_good_count;        /* of an earlier complete read of the same; 0 unknown (files) */
} ReadRequest;

/** What a read delivers; valid during the callback only. */
typedef struct DirectoryItem {
    Fingerprint fingerprint; /* of the entry as received (DN, names and values) */
    const char *where;       /* DN or "file:line"; for messages */
    const GError *bad;       /* not NULL: the record is broken, fingerprint is zero, do not decode */
    Directory *directory;    /* private */
    void *handle;            /* private */
} DirectoryItem;

/** Decodes the entry behind an item; the caller owns it. NULL with ERROR_INVALID. */
Entry *directory_item_decode(const DirectoryItem *item, GError **error);

/** Return false (with @error set) to stop the read. */
typedef bool (*DirectorySink)(const DirectoryItem *item, void *data, GError **error);

/** What is told of one identity by directory_changes(). */
typedef enum {
    TOLD_ENTRY,  /* it is there, whole, as directory_read() delivers it: new, or not as at the cursor */
    TOLD_GONE,   /* nothing of that identity answers the request now; perhaps nothing ever did */
    TOLD_PRESENT /* it is there, as it was at the cursor; who is not told of at all is gone then */
} Told;

typedef struct {
    Told told;
    const DirectoryItem *item; /* TOLD_ENTRY; else NULL */
    Value id;                  /* else: of the attribute default_anchor, as it stands in entries */
} DirectoryChange;

/** As DirectorySink. */
typedef bool (*DirectoryChangeSink)(const DirectoryChange *change, void *data, GError **error);

/** How a request for changes ended. */
typedef struct {
    ReadResult read;   /* proof, and how many entries were delivered */
    char *cursor;      /* text, where to go on next time; NULL: next time everything must be read */
    char *full_reason; /* not NULL: there is no going on from the cursor given, for this reason; what was
                        * delivered counts for nothing, everything must be read (without a cursor) */
    char *no_cursor;   /* where there could be a cursor and is none: why, for people */
    bool by_absence;   /* TOLD_PRESENT is meant: identities that were not told of are gone */
} ChangesResult;

void changes_result_clear(ChangesResult *result);

/** One object to fetch. @dn may be out of date or NULL; @id is the value of @id_attribute, as bytes.
 *  @id_attribute NULL: the identity is not known, whoever has the name @dn is meant. */
typedef struct {
    const char *dn;
    const char *id_attribute;
    Value id;
    size_t index; /* the caller's; comes back with the entry */
} FetchId;

/** @entry NULL: there is no such object (or it has another id now); owned by the callee. */
typedef bool (*DirectoryFetched)(size_t index, Entry *entry, void *data, GError **error);

typedef enum { OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_UNCERTAIN } Outcome;

/** Completion of one submitted change. @error is NULL for OUTCOME_DONE. Called from
 *  directory_submit() or directory_flush(), in any order. @change is the one submitted. */
typedef void (*DirectoryDone)(const Change *change, Outcome outcome, const GError *error, void *data);

/** A directory that tells when something has changed, over a connection of its own. First member of every
 *  driver's own structure. */
typedef struct DirectoryWatch DirectoryWatch;
struct DirectoryWatch {
    int descriptor; /* readable: take() has something to do */
    /** Takes what has come, without waiting. *changed: what the requests are of has changed. False when the
     * watch is lost, as open(). */
    bool (*take)(DirectoryWatch *watch, bool *changed, GError **error);
    void (*close)(DirectoryWatch *watch);
};

typedef struct DirectoryDriver {
    const char *name;

    /** Connects and authenticates, or opens the file. ERROR_UNREACHABLE, ERROR_CREDENTIALS,
     *  ERROR_DEFINITION, ERROR_SOURCE. @endpoint outlives the directory. */
    Directory *(*open)(const Endpoint *endpoint, GError **error);
    /** Cuts the connection, drops what is outstanding, frees. Never fails. */
    void (*close)(Directory *directory);

    const DirectoryDescription *(*describe)(Directory *directory);

    /** Delivers every entry of the request once, streaming. False with an error only when nothing
     *  can be said about the directory (not reachable, base missing: ERROR_NOT_FOUND, credentials) or the
     * sink said stop; a read that broke off in the middle is true with PROOF_PARTIAL. */
    bool (*read)(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                 ReadResult *result, GError **error);

    /** With a cursor that an earlier call gave: what is not as it was then. Without one (NULL): everything,
     *  as read() does, and a cursor. A cursor comes only with an answer that was whole (PROOF_COMPLETE). One
     *  of another request or server is a full_reason, and so is all that makes an answer doubtful: a
     *  container among the changes (nobody tells of the people in it), a server that was restored, a cookie
     *  that it does not know. Entries that do not match the request are never TOLD_ENTRY. False as read(). */
    bool (*changes)(Directory *directory, const ReadRequest *request, const char *cursor,
                    DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error);

    /** Fetches the objects by identity, many at a time, calls back once for each id. Entries outside
     *  any filter are found too. @attributes as in ReadRequest. */
    bool (*fetch)(Directory *directory, const FetchId *ids, size_t n_ids, const char *const *attributes,
                  DirectoryFetched fetched, void *data, GError **error);

    /** All entries matching a filter, decoded; for small look-ups (memberships, checks). At most
     *  @max entries, then ERROR_SERVER_LIMIT. Entries belong to the caller (GPtrArray of Entry with
     *  free function). A missing base is an empty answer. */
    GPtrArray *(*search)(Directory *directory, const ReadRequest *request, size_t max, GError **error);

    /** Sends one change; may wait for room in the window (and so call @done for earlier ones). False
     *  only when nothing more can be sent; then @done was not and will not be called for it. The
     *  change must live until @done. */
    bool (*submit)(Directory *directory, const Change *change, DirectoryDone done, void *data,
                   GError **error);
    /** Waits until every submitted change has been answered or is known to be uncertain. After a lost
     *  connection every outstanding change is completed as OUTCOME_UNCERTAIN and the driver reconnects
     *  once; false when that fails. */
    bool (*flush)(Directory *directory, GError **error);

    /** Optional. From its return on every change of what @requests are of is told of; that something else has
     *  changed may be told too. Errors as open(); ERROR_DEFINITION also where the directory cannot be
     * watched.
     *  @endpoint and @requests outlive the watch. */
    DirectoryWatch *(*watch)(const Endpoint *endpoint, const ReadRequest *requests, size_t n_requests,
                             GError **error);
} DirectoryDriver;

/** First member of every driver's own structure. */
struct Directory {
    const DirectoryDriver *driver;
    Entry *(*decode)(const DirectoryItem *item, GError **error);
};

/** NULL-terminated list of the drivers that definitions may name. */
extern const DirectoryDriver *const directory_drivers[];
const DirectoryDriver *directory_driver(const char *name);

/** Thin calls through the driver; a function the driver lacks is ERROR_PROTOCOL "cannot ...". */
Directory *directory_open(const Endpoint *endpoint, GError **error);
void directory_close(Directory *directory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Directory, directory_close)
const DirectoryDescription *directory_describe(Directory *directory);
bool directory_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                    ReadResult *result, GError **error);
bool directory_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                       DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error);
bool directory_fetch(Directory *directory, const FetchId *ids, size_t n_ids, const char *const *attributes,
                     DirectoryFetched fetched, void *data, GError **error);
GPtrArray *directory_search(Directory *directory, const ReadRequest *request, size_t max, GError **error);
bool directory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                      GError **error);
bool directory_flush(Directory *directory, GError **error);
/** ERROR_DEFINITION where the driver cannot. */
DirectoryWatch *directory_watch(const Endpoint *endpoint, const ReadRequest *requests, size_t n_requests,
                                GError **error);
/** NULL is nothing. */
void directory_watch_close(DirectoryWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DirectoryWatch, directory_watch_close)

#endif

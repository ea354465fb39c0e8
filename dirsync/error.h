/*
 * error.h - what went wrong, how much it affects and whether to try again
 *
 * Every function of the library that can fail takes a GError ** and sets an
 * error of this domain. The code answers two questions by table: how much is
 * affected (ErrorScope) and whether and when to try again (ErrorRetry). The
 * message carries subject, cause and remedy; each layer puts its subject in
 * front with g_prefix_error(), none prints.
 */
#ifndef DIRSYNC_ERROR_H
#define DIRSYNC_ERROR_H

#include <glib.h>
#include <stdbool.h>

#define DIRSYNC_ERROR (dirsync_error_quark())

/** Keep in step with error_classes[] in error.c (checked at compile time). */
typedef enum {
    ERROR_INVALID,      /* this entry cannot be decoded, mapped or is against the schema */
    ERROR_REFUSED,      /* the server refused this change for good (LDAP 21, 64, 65, 69, ...) */
    ERROR_MOVED,        /* the entry is no longer what the change was planned on (LDAP 16, 20, 122) */
    ERROR_EXISTS,       /* an entry of that name is there already (LDAP 68) */
    ERROR_NOT_FOUND,    /* no entry of that name (LDAP 32) */
    ERROR_UNCERTAIN,    /* sent, but no answer came: ask before doing it again */
    ERROR_ACCESS,       /* not allowed (LDAP 50) */
    ERROR_BUSY,         /* the server asks to come back later (LDAP 51, 52, 3) */
    ERROR_UNREACHABLE,  /* no connection, or it was cut */
    ERROR_CREDENTIALS,  /* wrong password (LDAP 49): never tried again by itself */
    ERROR_SERVER_LIMIT, /* size or administrative limit of the server (LDAP 4, 11) */
    ERROR_PROTOCOL,     /* an answer that makes no sense, or a feature that is missing */
    ERROR_SOURCE,       /* a source file is missing, unreadable or not to be trusted */
    ERROR_DEFINITION,   /* a definition, mapping or option is wrong */
    ERROR_LIMIT,        /* a limit refused the run */
    ERROR_LOCKED,       /* another run of this connector is going on */
    ERROR_STATE,        /* the state files cannot be used */
    ERROR_IO,           /* disk full, permissions, ... */
    ERROR_INTERRUPTED,  /* the user or the system asked to stop */
    ERROR_CONSTRAINT,   /* it broke a rule of the server's, such as that a value is unique (LDAP 19) */
    ERROR_CODES
} ErrorCode;

/** How much an error affects. */
typedef enum { SCOPE_ENTRY, SCOPE_CONTAINER, SCOPE_DIRECTORY, SCOPE_RUN } ErrorScope;

/** Whether and when to try again. */
typedef enum { RETRY_NEVER, RETRY_NEXT_RUN, RETRY_LATER, RETRY_AFTER_READING } ErrorRetry;

GQuark dirsync_error_quark(void);

/** "credentials", "unreachable", ...: the code as programs read it; "other" for foreign domains. */
const char *error_name(const GError *error);

/** The two answers for an error of this domain; for foreign domains SCOPE_RUN and RETRY_NEVER. */
ErrorScope error_scope(const GError *error);
ErrorRetry error_retry(const GError *error);

/** Exit status of a command that ends with this error (command-line contract: 1, 4, 5, 6 or 7). */
int error_exit_status(const GError *error);

/** Sets an error of this domain; printf-like. */
void error_set(GError **error, ErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** True when error is of this domain and has this code. */
bool error_is(const GError *error, ErrorCode code);

#endif

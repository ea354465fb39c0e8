/*
 * ldap_error.c - LDAP result codes in our words
 *
 * One table says for each result how much it means (ErrorCode) and what an
 * administrator can do. Results that are not in it refuse the one change.
 */
#include "dirsync/directory/ldap_internal.h"

#include <string.h>

typedef struct {
    int result;
    ErrorCode code;
    const char *remedy;
} ResultClass;

static const ResultClass result_classes[] = {
    {LDAP_SERVER_DOWN, ERROR_UNREACHABLE, "see that the server runs and the URI is right"},
    {LDAP_CONNECT_ERROR, ERROR_UNREACHABLE,
     "see that the server runs and its certificate fits the URI and the CA"},
    {LDAP_TIMEOUT, ERROR_UNREACHABLE, "see what the server is busy with, or raise the timeout"},
    {LDAP_DECODING_ERROR, ERROR_UNREACHABLE, "see that an LDAP server is at this URI"},
    {LDAP_FILTER_ERROR, ERROR_DEFINITION, "write the filter as in RFC 4515"},
    {LDAP_AUTH_UNKNOWN, ERROR_DEFINITION, "install the SASL mechanism, or use another bind method"},
    {LDAP_LOCAL_ERROR, ERROR_DEFINITION, "for GSSAPI, see that there is a valid Kerberos ticket"},
    {LDAP_NO_MEMORY, ERROR_IO, "give the process more memory"},
    {LDAP_PROTOCOL_ERROR, ERROR_PROTOCOL, "see the server's log"},
    {LDAP_UNAVAILABLE_CRITICAL_EXTENSION, ERROR_PROTOCOL, "see the server's log"},
    {LDAP_INVALID_CREDENTIALS, ERROR_CREDENTIALS,
     "correct the bind DN or its password; dirsync does not try again by itself, so as not to lock the "
     "account"},
    {LDAP_INAPPROPRIATE_AUTH, ERROR_DEFINITION, "use another bind method"},
    {LDAP_AUTH_METHOD_NOT_SUPPORTED, ERROR_DEFINITION, "use another bind method"},
    {LDAP_STRONG_AUTH_REQUIRED, ERROR_DEFINITION, "use ldaps:// or tls=\"start\""},
    {LDAP_CONFIDENTIALITY_REQUIRED, ERROR_DEFINITION, "use ldaps:// or tls=\"start\""},
    {LDAP_INSUFFICIENT_ACCESS, ERROR_ACCESS, "give the bind DN the right to do this"},
    {LDAP_BUSY, ERROR_BUSY, "try again later"},
    {LDAP_UNAVAILABLE, ERROR_BUSY, "try again later"},
    {LDAP_TIMELIMIT_EXCEEDED, ERROR_BUSY,
     "try again later, or raise the server's time limit for the bind DN"},
    {LDAP_SIZELIMIT_EXCEEDED, ERROR_SERVER_LIMIT,
     "raise the server's size limit for the bind DN (OpenLDAP: olcLimits), or set a page size"},
    {LDAP_ADMINLIMIT_EXCEEDED, ERROR_SERVER_LIMIT,
     "raise the server's limits for the bind DN, or set a page size"},
    {LDAP_NO_SUCH_OBJECT, ERROR_NOT_FOUND, "see that the DN is right and the bind DN may see it"},
    {LDAP_NO_SUCH_ATTRIBUTE, ERROR_MOVED, "somebody changed the entry meanwhile; the next run looks again"},
    {LDAP_TYPE_OR_VALUE_EXISTS, ERROR_MOVED,
     "somebody changed the entry meanwhile; the next run looks again"},
    {LDAP_ASSERTION_FAILED, ERROR_MOVED, "somebody changed the entry meanwhile; the next run looks again"},
    {LDAP_ALREADY_EXISTS, ERROR_EXISTS, "the next run chooses another name"},
    {LDAP_REFERRAL, ERROR_REFUSED,
     "use the URI of the server that holds this part of the tree and takes writes"},
    {LDAP_UNWILLING_TO_PERFORM, ERROR_REFUSED, "see that the database takes writes, and the server's log"},
    {LDAP_UNDEFINED_TYPE, ERROR_REFUSED, "load the schema into the server; dirsync check says which"},
    {LDAP_OBJECT_CLASS_VIOLATION, ERROR_REFUSED,
     "correct the mapping; dirsync check says what the schema allows"},
    {LDAP_INVALID_SYNTAX, ERROR_REFUSED, "correct the mapping or the value at its source"},
    {LDAP_CONSTRAINT_VIOLATION, ERROR_CONSTRAINT,
     "see what else has the value, or which rule of the server it breaks"},
    {LDAP_NAMING_VIOLATION, ERROR_REFUSED, "correct the naming attribute in the mapping"},
};

static const ResultClass *result_class(int result)
{
    static const ResultClass other = {0, ERROR_REFUSED, "see the server's log"};
    for (size_t i = 0; i < G_N_ELEMENTS(result_classes); i++) {
        if (result_classes[i].result == result)
            return &result_classes[i];
    }
    return &other;
}

ErrorCode ldap_directory_error_code(int result)
{
    return result_class(result)->code;
}

/* 53 mostly means one entry; from a database that is read-only, or a replica, it means all of them. */
static bool takes_no_writes(int result, const char *diagnostic)
{
    return result == LDAP_UNWILLING_TO_PERFORM && diagnostic &&
           (strstr(diagnostic, "operation restricted") || strstr(diagnostic, "shadow context"));
}

void ldap_directory_error(GError **error, const char *uri, const char *what, int result,
                          const char *diagnostic)
{
    const ResultClass *class = result_class(result);
    bool more = diagnostic && *diagnostic;
    ErrorCode code = takes_no_writes(result, diagnostic) ? ERROR_ACCESS : class->code;
    error_set(error, code, "%s: %s: %s (%d)%s%s; %s", uri, what, ldap_err2string(result), result,
              more ? ": " : "", more ? diagnostic : "", class->remedy);
}

bool ldap_directory_is_lost(int result)
{
    return result == LDAP_SERVER_DOWN || result == LDAP_CONNECT_ERROR || result == LDAP_TIMEOUT ||
           result == LDAP_DECODING_ERROR;
}

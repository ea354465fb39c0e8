/*
 * error.c - the table behind error.h
 */
#include "dirsync/error.h"

#include <assert.h>

typedef struct {
    ErrorScope scope;
    ErrorRetry retry;
    int exit_status;
} ErrorClass;

static const ErrorClass error_classes[] = {
    [ERROR_INVALID] = {SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_REFUSED] = {SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_MOVED] = {SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_EXISTS] = {SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_NOT_FOUND] = {SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_UNCERTAIN] = {SCOPE_ENTRY, RETRY_AFTER_READING, 5},
    [ERROR_ACCESS] = {SCOPE_CONTAINER, RETRY_NEVER, 1},
    [ERROR_BUSY] = {SCOPE_DIRECTORY, RETRY_LATER, 5},
    [ERROR_UNREACHABLE] = {SCOPE_DIRECTORY, RETRY_LATER, 5},
    [ERROR_CREDENTIALS] = {SCOPE_DIRECTORY, RETRY_NEVER, 1},
    [ERROR_SERVER_LIMIT] = {SCOPE_DIRECTORY, RETRY_NEVER, 1},
    [ERROR_PROTOCOL] = {SCOPE_DIRECTORY, RETRY_NEVER, 1},
    [ERROR_SOURCE] = {SCOPE_DIRECTORY, RETRY_LATER, 1},
    [ERROR_DEFINITION] = {SCOPE_RUN, RETRY_NEVER, 6},
    [ERROR_LIMIT] = {SCOPE_RUN, RETRY_NEVER, 4},
    [ERROR_LOCKED] = {SCOPE_RUN, RETRY_LATER, 7},
    [ERROR_STATE] = {SCOPE_RUN, RETRY_NEVER, 1},
    [ERROR_IO] = {SCOPE_RUN, RETRY_LATER, 1},
    [ERROR_INTERRUPTED] = {SCOPE_RUN, RETRY_LATER, 5},
    [ERROR_CONSTRAINT] = {SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
};

static_assert(G_N_ELEMENTS(error_classes) == ERROR_CODES, "a class for every error code");

G_DEFINE_QUARK(dirsync - error - quark, dirsync_error)

static const ErrorClass *error_class(const GError *error)
{
    static const ErrorClass foreign = {SCOPE_RUN, RETRY_NEVER, 1};
    bool ours = error && error->domain == DIRSYNC_ERROR && error->code >= 0 && error->code < ERROR_CODES;
    return ours ? &error_classes[error->code] : &foreign;
}

ErrorScope error_scope(const GError *error)
{
    return error_class(error)->scope;
}

ErrorRetry error_retry(const GError *error)
{
    return error_class(error)->retry;
}

int error_exit_status(const GError *error)
{
    return error_class(error)->exit_status;
}

void error_set(GError **error, ErrorCode code, const char *format, ...)
{
    if (!error)
        return;
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(DIRSYNC_ERROR, (gint)code, format, args);
    va_end(args);
}

bool error_is(const GError *error, ErrorCode code)
{
    return error && error->domain == DIRSYNC_ERROR && error->code == (gint)code;
}

/*
 * error.c - the table behind error.h
 */
#include "dirsync/error.h"

#include <assert.h>

typedef struct {
    const char *name;
    ErrorScope scope;
    ErrorRetry retry;
    int exit_status;
} ErrorClass;

static const ErrorClass error_classes[] = {
    [ERROR_INVALID] = {"invalid", SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_REFUSED] = {"refused", SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_MOVED] = {"moved", SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_EXISTS] = {"exists", SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_NOT_FOUND] = {"not-found", SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    [ERROR_UNCERTAIN] = {"uncertain", SCOPE_ENTRY, RETRY_AFTER_READING, 5},
    [ERROR_ACCESS] = {"access", SCOPE_CONTAINER, RETRY_NEVER, 1},
    [ERROR_BUSY] = {"busy", SCOPE_DIRECTORY, RETRY_LATER, 5},
    [ERROR_UNREACHABLE] = {"unreachable", SCOPE_DIRECTORY, RETRY_LATER, 5},
    [ERROR_CREDENTIALS] = {"credentials", SCOPE_DIRECTORY, RETRY_NEVER, 1},
    [ERROR_SERVER_LIMIT] = {"server-limit", SCOPE_DIRECTORY, RETRY_NEVER, 1},
    [ERROR_PROTOCOL] = {"protocol", SCOPE_DIRECTORY, RETRY_NEVER, 1},
    [ERROR_SOURCE] = {"source", SCOPE_DIRECTORY, RETRY_LATER, 1},
    [ERROR_DEFINITION] = {"definition", SCOPE_RUN, RETRY_NEVER, 6},
    [ERROR_LIMIT] = {"limit", SCOPE_RUN, RETRY_NEVER, 4},
    [ERROR_LOCKED] = {"locked", SCOPE_RUN, RETRY_LATER, 7},
    [ERROR_STATE] = {"state", SCOPE_RUN, RETRY_NEVER, 1},
    [ERROR_IO] = {"io", SCOPE_RUN, RETRY_LATER, 1},
    [ERROR_INTERRUPTED] = {"interrupted", SCOPE_RUN, RETRY_LATER, 5},
    [ERROR_CONSTRAINT] = {"constraint", SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
};

static_assert(G_N_ELEMENTS(error_classes) == ERROR_CODES, "a class for every error code");

G_DEFINE_QUARK(dirsync - error - quark, dirsync_error)

static const ErrorClass *error_class(const GError *error)
{
    static const ErrorClass foreign = {"other", SCOPE_RUN, RETRY_NEVER, 1};
    bool ours = error && error->domain == DIRSYNC_ERROR && error->code >= 0 && error->code < ERROR_CODES;
    return ours ? &error_classes[error->code] : &foreign;
}

const char *error_name(const GError *error)
{
    return error_class(error)->name;
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

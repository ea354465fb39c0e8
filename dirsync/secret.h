/*
 * secret.h - where passwords come from
 *
 * A definition never holds a password, it names where it is: a file (refused
 * when group or others can read it, or when it is not ours or root's), an
 * environment variable, or a command (run without a shell, output's first
 * line). A secret is fetched when a connection is made, wiped after use and
 * appears in no message.
 */
#ifndef DIRSYNC_SECRET_H
#define DIRSYNC_SECRET_H

#include "dirsync/error.h"

typedef enum { SECRET_NONE, SECRET_FILE, SECRET_ENVIRONMENT, SECRET_COMMAND } SecretKind;

typedef struct {
    SecretKind kind;
    char *source; /* file, variable, or command line (split as a shell would, but no shell runs it) */
} SecretSource;

/** The secret without its line end; NULL and ERROR_DEFINITION (file, line and remedy; never the
 *  content). Release with secret_free(), which wipes it. */
char *secret_fetch(const SecretSource *source, GError **error);
void secret_free(char *secret);
void secret_source_clear(SecretSource *source);

#endif

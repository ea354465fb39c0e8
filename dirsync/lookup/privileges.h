/*
 * privileges.h - what the look-up service gives up before it listens to anybody
 */
#ifndef DIRSYNC_LOOKUP_PRIVILEGES_H
#define DIRSYNC_LOOKUP_PRIVILEGES_H

#include "dirsync/error.h"

/** Becomes @user with that user's groups (NULL: stays who it is), and can gain nothing any more.
 * ERROR_DEFINITION for a user that is not there, ERROR_ACCESS when it is not allowed. */
bool privileges_drop(const char *user, GError **error);

#endif

/* check_server.h - the part of check.h that asks a target server; private to it */
#ifndef DIRSYNC_CHECK_SERVER_H
#define DIRSYNC_CHECK_SERVER_H

#include "dirsync/check.h"
#include "dirsync/directory/directory.h"

void finding_add(GPtrArray *findings, FindingKind kind, ErrorCode code, const char *remedy,
                 const char *format, ...) G_GNUC_PRINTF(5, 6);
/** Container, permission to write, size limit, and, in the home directory where cn=config can be read,
 *  indexes and the unique overlay. */
void check_server(const Connector *connector, Step step, Directory *target, GPtrArray *findings);
/** Whether a server can tell what has changed, and tells this account; nothing is said of files. */
void check_changes(const char *what, Directory *directory, GPtrArray *findings);

#endif

/*
 * check_first_import.h - how a first import gets on faster
 *
 * slapd waits for its disk at each change, which takes most of the time of a
 * first import; olcDbNoSync lets it not wait. For a while: what a power failure takes
 * then is the database.
 */
#ifndef DIRSYNC_CHECK_FIRST_IMPORT_H
#define DIRSYNC_CHECK_FIRST_IMPORT_H

#include "dirsync/connector.h"
#include "dirsync/directory/directory.h"

/** @database: the entry in cn=config of the database that holds the home directory; NULL: cannot be read. */
void check_first_import(const Connector *connector, Directory *home, const Entry *database,
                        GPtrArray *findings);

#endif

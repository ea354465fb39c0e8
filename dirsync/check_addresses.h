/* check_addresses.h - the part of check.h that looks at addresses; private to it */
#ifndef DIRSYNC_CHECK_ADDRESSES_H
#define DIRSYNC_CHECK_ADDRESSES_H

#include "dirsync/check.h"
#include "dirsync/directory/directory.h"

/** What the address step needs of @home: schema, what is registered, policies, generators and their
 * templates, containers of natives. */
void check_addresses(const Connector *connector, Directory *home, GPtrArray *findings);

#endif

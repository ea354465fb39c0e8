/* check_state.h - the part of check.h that looks at where the state is kept */
#ifndef DIRSYNC_CHECK_STATE_H
#define DIRSYNC_CHECK_STATE_H

#include "dirsync/check.h"

/** Whether the state's folders and files can be used, belong to us alone, have room, and nobody is at them.
 * Nothing is made or changed, not even by SQLite. @folder: as of state_open(). */
void check_state(const Connector *connector, const char *folder, GPtrArray *findings);

#endif

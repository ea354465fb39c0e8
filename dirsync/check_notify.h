/* check_notify.h - the part of check.h that tries who is told of runs */
#ifndef DIRSYNC_CHECK_NOTIFY_H
#define DIRSYNC_CHECK_NOTIFY_H

#include "dirsync/check.h"

/** Connects to every channel of <notify>, without sending; @message: sends a test message by each. */
void check_notify(const Connector *connector, bool message, GPtrArray *findings);

#endif

/*
 * source_watch.h - whether something has changed where a connector reads recipients
 *
 * The foreign directory where there is an import, the home directory where there
 * is an export or an address step. What we write there ourselves is told too: the
 * next run finds nothing to do, and then it is quiet.
 */
#ifndef DIRSYNC_SOURCE_WATCH_H
#define DIRSYNC_SOURCE_WATCH_H

#include "dirsync/connector.h"

typedef enum { SOURCE_OPENED, SOURCE_CHANGED } SourceTold;

/** Return false to stop. */
typedef bool (*SourceListener)(SourceTold told, void *data);

/** Opens what is to be watched, says so once, and then whenever something has changed. Returns when a watch
 * is lost or cannot be opened (false, with @error), when asked to stop (ERROR_INTERRUPTED), or true when the
 * listener said stop. */
bool source_watch(const Connector *connector, SourceListener listener, void *data, GError **error);

#endif

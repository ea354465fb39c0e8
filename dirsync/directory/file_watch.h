/*
 * file_watch.h - whether a file is written or replaced
 *
 * By inotify on the folders in which it and its checksum stand, since files are
 * replaced by a rename, and on all folders on the way there, those of symbolic links
 * too. A link that is switched to another target is a change, and followed. When one of
 * these folders is moved, removed or unmounted, the watch ends with ERROR_SOURCE, whatever
 * has its name by then; the daemon opens it again. A folder on the way that may not be
 * read is left out. A file that is only being written, or taken away, is no change. What
 * another host does on a network file system the kernel does not tell of.
 */
#ifndef DIRSYNC_DIRECTORY_FILE_WATCH_H
#define DIRSYNC_DIRECTORY_FILE_WATCH_H

#include "dirsync/directory/directory.h"

/** DirectoryDriver.watch of files; the file may be missing, its folder not (ERROR_SOURCE). */
DirectoryWatch *file_watch(const Endpoint *endpoint, const ReadRequest *requests, size_t n_requests,
                           GError **error);

#endif

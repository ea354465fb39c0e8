/*
 * listener.h - the sockets on which the look-up service is asked
 *
 * Made by us (Unix sockets; TCP on loopback, for mail servers in a chroot that has
 * no socket of ours) or inherited from who started us. What we made we remove.
 */
#ifndef DIRSYNC_LOOKUP_LISTENER_H
#define DIRSYNC_LOOKUP_LISTENER_H

#include "dirsync/lookup/protocol.h"

#include <sys/types.h>

typedef struct {
    int fd;
    const Protocol *protocol;
    char *path; /* of a socket that we made; NULL: another */
    dev_t device;
    ino_t inode;
} Listener;

/** Removes the socket's name too, where it is still ours and that is allowed. */
void listener_free(Listener *listener);

/** @mode: permission bits; @group: of the file, (gid_t)-1: as it comes. A socket of that name that nobody
 *  listens at any more is replaced. ERROR_LOCKED when somebody does, ERROR_IO, ERROR_DEFINITION. */
Listener *listener_unix(const char *path, const Protocol *protocol, mode_t mode, gid_t group, GError **error);
/** On 127.0.0.1. */
Listener *listener_loopback(unsigned port, const Protocol *protocol, GError **error);
/** Appends those that were passed (LISTEN_FDS) to @listeners; their names (LISTEN_FDNAMES) say which protocol
 *  is spoken, "lines" or, for every other name, socketmap. None is no error. */
bool listener_inherit(GPtrArray *listeners, GError **error);

#endif

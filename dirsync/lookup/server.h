/*
 * server.h - the look-up service
 *
 * One process, one thread, one loop: connections of both protocols, many at once,
 * each of bounded memory and patience. All requests of one turn of the loop are
 * answered from one snapshot of the index. Ends in good order at SIGTERM and
 * SIGINT; SIGHUP opens the index again.
 */
#ifndef DIRSYNC_LOOKUP_SERVER_H
#define DIRSYNC_LOOKUP_SERVER_H

#include "dirsync/lookup/connection.h"

#include <sys/types.h>

typedef struct {
    const char *index;             /* path of home.db */
    const char *const *domains;    /* as lookup_new() takes them */
    const char *const *socketmaps; /* paths of Unix sockets, NULL-terminated; NULL: none */
    const char *const *lines;      /* the same for the line protocol */
    unsigned port;                 /* TCP on loopback, socketmap; 0: none */
    mode_t mode;                   /* of the sockets */
    gid_t group;                   /* (gid_t)-1: as it comes */
    const char *user;              /* who to become once the sockets are there; NULL: nobody else */
    unsigned connections;          /* at most */
    gint64 old; /* seconds after which an index that was not read anew is warned of; 0 never */
    ConnectionPatience patience;
    size_t memory; /* bytes kept for all connections together */
} ServerSettings;

/** What is good for most: 1,024 connections, 64 MiB, patience of minutes. */
ServerSettings server_settings(void);

/** Serves until it is asked to stop. Sockets are open and privileges gone before the index is; the service
 *  manager is told. Without any socket ERROR_DEFINITION; ERROR_IO, ERROR_LOCKED. */
bool server_run(const ServerSettings *settings, GError **error);

#endif

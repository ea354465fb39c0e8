/*
 * connection.h - one client of the look-up service
 *
 * Holds what has come of a request that is not whole yet, and what the client has
 * not taken of its answers; both are bounded. A client that does not take its
 * answers is not read from until it does. Never blocks.
 */
#ifndef DIRSYNC_LOOKUP_CONNECTION_H
#define DIRSYNC_LOOKUP_CONNECTION_H

#include "dirsync/lookup/protocol.h"

/** So much of the answers is kept before the client must take some: requests are left where they are. */
#define CONNECTION_HIGH_WATER 16384

#define CONNECTION_UNREGISTERED UINT32_MAX

typedef struct {
    int fd;
    const Protocol *protocol;
    GByteArray *in;  /* not answered yet */
    GString *out;    /* not taken yet */
    gint64 active;   /* when something last came or went, monotonic */
    gint64 begun;    /* since when a request is not whole; 0: none is */
    bool closing;    /* once the answers are taken */
    bool ended;      /* the client has said all it will */
    uint32_t events; /* for epoll, as registered; or CONNECTION_UNREGISTERED */
    GList *link;     /* for its owner */
} Connection;

/** Takes over @fd, which does not block; the greeting waits to be taken. */
Connection *connection_new(int fd, const Protocol *protocol, gint64 now);
void connection_free(Connection *connection);

/** Reads what is there (some of it: others wait too), answers it, and sends what can be sent. *answered
 * counts requests. False when the connection is to be freed. */
bool connection_serve(Connection *connection, const Service *service, gint64 now, uint64_t *answered);
/** What epoll is to wait for. */
uint32_t connection_wants(const Connection *connection);
/** Bytes that are kept for it. */
size_t connection_memory(const Connection *connection);

/** How long a client may take, in microseconds. */
typedef struct {
    gint64 idle;    /* between requests */
    gint64 request; /* from the first byte of a request to its last */
    gint64 answer;  /* without taking any of the answers */
} ConnectionPatience;

/** Whether it has used up that patience. */
bool connection_is_late(const Connection *connection, const ConnectionPatience *patience, gint64 now);
/** Whether nothing would be lost by closing it: nothing begun, nothing to be taken. */
bool connection_is_idle(const Connection *connection);

#endif

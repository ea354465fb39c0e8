/*
 * protocol.h - what a look-up service and its clients say to each other
 *
 * A protocol finds the requests in a stream of bytes and answers each; what comes
 * over which socket, and when, is no concern of its. Both answer in order, one
 * answer to each request. Pure but for the look-ups.
 */
#ifndef DIRSYNC_LOOKUP_PROTOCOL_H
#define DIRSYNC_LOOKUP_PROTOCOL_H

#include "dirsync/lookup/lookup.h"

/** What the stream begins with. */
typedef enum {
    TAKE_MORE,    /* no whole request yet */
    TAKE_REQUEST, /* one, and what is after it */
    TAKE_BROKEN   /* nothing that could be one, or one that is too long: there is no way to go on */
} Taken;

typedef struct {
    const char *text; /* of the request, within the stream; not terminated */
    size_t len;
    size_t used; /* bytes of the stream up to the next */
} Request;

/** Figures of the service, for those who ask how it does. */
typedef struct {
    uint64_t answered; /* requests so far */
    unsigned connections;
} ServiceFigures;

typedef struct {
    Lookup *lookup;
    ServiceFigures figures;
} Service;

/** Neither takes or keeps anything beyond the call. */
typedef struct {
    const char *name;
    const char *greeting; /* sent first; "" nothing */
    size_t request_max;   /* bytes of a request with what frames it */
    Taken (*take)(const char *stream, size_t len, Request *request);
    /** Appends the answer. False: the client said that it is done. */
    bool (*answer)(const Service *service, const Request *request, GString *out);
    /** Appends what is said before the connection is closed because of TAKE_BROKEN. */
    void (*complain)(GString *out);
} Protocol;

/** The socketmap protocol of Sendmail and Postfix (socketmap_table(5)): netstrings of "map key". */
extern const Protocol protocol_socketmap;
/** Lines, for the gateway and for people: dirsync-serve(1). */
extern const Protocol protocol_lines;

/** @name: "socketmap" or "lines"; NULL: neither. */
const Protocol *protocol_find(const char *name);

/** One line of what went wrong, without line ends and at most as long as clients bear. g_free(). */
char *protocol_reason(const GError *error);

#endif

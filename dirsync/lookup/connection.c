/*
 * connection.c - see connection.h
 */
#include "dirsync/lookup/connection.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 8192 /* at a time */
#define OUT_KEPT 4096   /* memory that is kept when nothing is to be sent */

Connection *connection_new(int fd, const Protocol *protocol, gint64 now)
{
    Connection *connection = g_new0(Connection, 1);
    connection->fd = fd;
    connection->protocol = protocol;
    connection->in = g_byte_array_new();
    connection->out = g_string_new(protocol->greeting);
    connection->active = now;
    connection->events = CONNECTION_UNREGISTERED;
    return connection;
}

void connection_free(Connection *connection)
{
    if (!connection)
        return;
    close(connection->fd);
    g_byte_array_unref(connection->in);
    g_string_free(connection->out, TRUE);
    g_free(connection);
}

size_t connection_memory(const Connection *connection)
{
    return connection->in->len + connection->out->allocated_len;
}

/* --- requests --- */

static bool may_answer(const Connection *connection)
{
    return !connection->closing && connection->out->len < CONNECTION_HIGH_WATER;
}

/* Answers what is whole, as long as the client takes the answers. */
static void answer_all(Connection *connection, const Service *service, gint64 now, uint64_t *answered)
{
    const char *stream = (const char *)connection->in->data;
    size_t left = connection->in->len, before = left;
    Taken taken = TAKE_MORE;
    Request request;
    while (left && may_answer(connection) &&
           (taken = connection->protocol->take(stream, left, &request)) == TAKE_REQUEST) {
        connection->closing = !connection->protocol->answer(service, &request, connection->out);
        stream += request.used;
        left -= request.used;
        ++*answered;
    }
    if (left && may_answer(connection) && taken == TAKE_BROKEN) {
        connection->protocol->complain(connection->out);
        connection->closing = true;
    }
    if (connection->closing)
        left = 0;
    if (left < before)
        g_byte_array_remove_range(connection->in, 0, (guint)(before - left));
    bool partial = left && may_answer(connection);
    if (!partial)
        connection->begun = 0;
    else if (!connection->begun || left < before)
        connection->begun = now;
}

/* --- bytes --- */

/* False when the connection is broken. */
static bool receive(Connection *connection, gint64 now)
{
    guint8 buffer[READ_BYTES];
    if (connection->ended || !may_answer(connection))
        return true;
    ssize_t n = recv(connection->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    connection->active = now;
    connection->ended = n == 0;
    g_byte_array_append(connection->in, buffer, (guint)n);
    return true;
}

static bool transmit(Connection *connection, gint64 now)
{
    if (!connection->out->len)
        return true;
    ssize_t n = send(connection->fd, connection->out->str, connection->out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    connection->active = now;
    g_string_erase(connection->out, 0, n);
    if (!connection->out->len && connection->out->allocated_len > OUT_KEPT) {
        g_string_free(connection->out, TRUE);
        connection->out = g_string_new(NULL);
    }
    return true;
}

/* Requests that were left where they are, because the answers before them were not taken. */
static bool has_more(const Connection *connection)
{
    return connection->in->len && !connection->begun;
}

static bool is_over(const Connection *connection)
{
    bool done = connection->closing || (connection->ended && !has_more(connection));
    return done && !connection->out->len;
}

bool connection_serve(Connection *connection, const Service *service, gint64 now, uint64_t *answered)
{
    if (!transmit(connection, now) || !receive(connection, now))
        return false;
    answer_all(connection, service, now, answered);
    return transmit(connection, now) && !is_over(connection);
}

uint32_t connection_wants(const Connection *connection)
{
    uint32_t events = connection->out->len || has_more(connection) ? EPOLLOUT : 0;
    return events | (!connection->ended && may_answer(connection) ? EPOLLIN : 0);
}

bool connection_is_late(const Connection *connection, const ConnectionPatience *patience, gint64 now)
{
    if (connection->out->len)
        return now - connection->active > patience->answer;
    if (connection->begun)
        return now - connection->begun > patience->request;
    return now - connection->active > patience->idle;
}

bool connection_is_idle(const Connection *connection)
{
    return !connection->out->len && !connection->in->len;
}

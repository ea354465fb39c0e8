/*
 * server.c - see server.h
 */
#include "dirsync/lookup/server.h"

#include "dirsync/event.h"
#include "dirsync/interrupt.h"
#include "dirsync/lookup/listener.h"
#include "dirsync/lookup/privileges.h"
#include "dirsync/service_notify.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_EVENTS 256
#define TICK_MILLISECONDS 1000
#define ACCEPT_MAX 64             /* of one listener in one turn */
#define DESCRIPTORS_OF_OUR_OWN 32 /* files, listeners, what libraries open */
#define WARNED_AGAIN (G_TIME_SPAN_HOUR)
#define CROWDED_AGAIN (G_TIME_SPAN_MINUTE)
#define OUT_OF_DESCRIPTORS_MICROSECONDS 10000
#define LAST_WORDS_MILLISECONDS 1000

typedef struct {
    const ServerSettings *settings;
    Service service;
    GPtrArray *listeners;
    GQueue connections; /* the one that was quiet longest first */
    unsigned most;      /* connections */
    size_t memory;
    int epoll, signals;
    bool stopping;
    gint64 ticked, warned, crowded;
    bool unavailable;
} Server;

ServerSettings server_settings(void)
{
    return (ServerSettings){.mode = 0660,
                            .group = (gid_t)-1,
                            .connections = 1024,
                            .memory = 64 << 20,
                            .old = 26 * 3600,
                            .patience = {.idle = 10 * G_TIME_SPAN_MINUTE,
                                         .request = 30 * G_TIME_SPAN_SECOND,
                                         .answer = 30 * G_TIME_SPAN_SECOND}};
}

/* --- connections --- */

static void drop(Server *server, Connection *connection)
{
    g_queue_delete_link(&server->connections, connection->link);
    server->memory -= connection_memory(connection);
    connection_free(connection);
}

/* Those that were heard of lately go to the end. */
static void touch(Server *server, Connection *connection)
{
    g_queue_unlink(&server->connections, connection->link);
    g_queue_push_tail_link(&server->connections, connection->link);
}

static bool wait_for(Server *server, Connection *connection)
{
    struct epoll_event event = {.events = connection_wants(connection), .data.ptr = connection};
    if (event.events == connection->events)
        return true;
    int what = connection->events == CONNECTION_UNREGISTERED ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    connection->events = event.events;
    return epoll_ctl(server->epoll, what, connection->fd, &event) == 0;
}

static void serve(Server *server, Connection *connection, gint64 now)
{
    size_t before = connection_memory(connection);
    bool goes_on = connection_serve(connection, &server->service, now, &server->service.figures.answered);
    server->memory = server->memory - before + connection_memory(connection);
    touch(server, connection);
    if (!goes_on || server->memory > server->settings->memory || !wait_for(server, connection))
        drop(server, connection);
}

/* A place is free, or becomes free because somebody said nothing for a while. */
static bool make_room(Server *server, gint64 now)
{
    if (server->connections.length < server->most)
        return true;
    for (GList *link = server->connections.head; link; link = link->next) {
        Connection *quiet = link->data;
        if (connection_is_idle(quiet) && now - quiet->active >= G_TIME_SPAN_SECOND) {
            drop(server, quiet);
            return true;
        }
    }
    if (!server->crowded || now - server->crowded > CROWDED_AGAIN) {
        event_emit(EVENT_LOOKUP_CROWDED, NULL, "%u connections are open, none of them idle: more are refused",
                   server->connections.length);
        server->crowded = now;
    }
    return false;
}

static void take_in(Server *server, int fd, const Protocol *protocol, gint64 now)
{
    if (!make_room(server, now)) {
        close(fd);
        return;
    }
    Connection *connection = connection_new(fd, protocol, now);
    g_queue_push_tail(&server->connections, connection);
    connection->link = g_queue_peek_tail_link(&server->connections);
    server->memory += connection_memory(connection);
    if (!wait_for(server, connection))
        drop(server, connection);
}

static void accept_some(Server *server, const Listener *listener, gint64 now)
{
    for (int i = 0; i < ACCEPT_MAX; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            /* It stays there to be accepted: no haste, until there are descriptors or memory again. */
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                g_usleep(OUT_OF_DESCRIPTORS_MICROSECONDS);
            return;
        }
        take_in(server, fd, listener->protocol, now);
    }
}

static void drop_late(Server *server, gint64 now)
{
    for (GList *link = server->connections.head, *next; link; link = next) {
        next = link->next;
        if (connection_is_late(link->data, &server->settings->patience, now))
            drop(server, link->data);
    }
}

/* --- how the index is --- */

static void tell_age(Server *server, gint64 now)
{
    LookupSnapshot snapshot = lookup_snapshot(server->service.lookup);
    gint64 age = g_get_real_time() / G_USEC_PER_SEC - snapshot.as_of;
    bool old = server->settings->old && age > server->settings->old;
    if (!old) {
        server->warned = 0;
    } else if (!server->warned || now - server->warned > WARNED_AGAIN) {
        server->warned = now;
        event_emit(EVENT_LOOKUP_OLD, server->settings->index,
                   "the directory was last read %" G_GINT64_FORMAT " hours ago; answers are as of then: see "
                   "whether syncs still run",
                   age / 3600);
    }
}

/* Told when it changes: of every look-up it would be too much. */
static void tell_state(Server *server, gint64 now)
{
    g_autoptr(GError) error = NULL;
    bool unavailable = !lookup_begin(server->service.lookup, &error);
    if (unavailable && !server->unavailable)
        event_emit(EVENT_LOOKUP_UNAVAILABLE, NULL, "every look-up is answered with a temporary failure: %s",
                   error->message);
    else if (!unavailable && server->unavailable)
        event_emit(EVENT_LOOKUP_AVAILABLE, server->settings->index, "look-ups are answered again");
    server->unavailable = unavailable;
    if (!unavailable)
        tell_age(server, now);
    lookup_end(server->service.lookup);
}

/* --- the loop --- */

static void take_signals(Server *server)
{
    struct signalfd_siginfo signal;
    while (read(server->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP)
            lookup_reopen(server->service.lookup);
        else
            server->stopping = true;
    }
}

static const Listener *listener_of(const Server *server, const void *pointer)
{
    for (guint i = 0; i < server->listeners->len; i++)
        if (g_ptr_array_index(server->listeners, i) == pointer)
            return pointer;
    return NULL;
}

/* New ones last: they may take the place of others of this turn. */
static bool take_turn(Server *server, GError **error)
{
    struct epoll_event events[TURN_EVENTS];
    int n = epoll_wait(server->epoll, events, TURN_EVENTS, TICK_MILLISECONDS);
    if (n < 0 && errno != EINTR) {
        error_set(error, ERROR_IO, "epoll: %s", g_strerror(errno));
        return false;
    }
    gint64 now = g_get_monotonic_time();
    server->service.figures.connections = server->connections.length;
    for (int i = 0; i < n; i++)
        if (events[i].data.ptr != server && !listener_of(server, events[i].data.ptr))
            serve(server, events[i].data.ptr, now);
    lookup_end(server->service.lookup);
    for (int i = 0; i < n; i++) {
        const Listener *listener = listener_of(server, events[i].data.ptr);
        if (listener)
            accept_some(server, listener, now);
        else if (events[i].data.ptr == server)
            take_signals(server);
    }
    if (now - server->ticked < TICK_MILLISECONDS * G_TIME_SPAN_MILLISECOND)
        return true;
    server->ticked = now;
    if (service_watchdog())
        service_notify("WATCHDOG=1");
    drop_late(server, now);
    tell_state(server, now);
    return true;
}

/* Who has asked already still gets the answer, if it can be sent soon. */
static void say_goodbye(Server *server)
{
    gint64 end = g_get_monotonic_time() + LAST_WORDS_MILLISECONDS * G_TIME_SPAN_MILLISECOND;
    for (guint i = server->connections.length; i && g_get_monotonic_time() < end; i--)
        serve(server, g_queue_peek_head(&server->connections), g_get_monotonic_time());
    while (server->connections.length)
        drop(server, g_queue_peek_head(&server->connections));
    lookup_end(server->service.lookup);
}

/* --- beginning --- */

static bool watch(Server *server, int fd, void *pointer, GError **error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = pointer};
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return true;
    error_set(error, ERROR_IO, "epoll: %s", g_strerror(errno));
    return false;
}

static bool listen_at(Server *server, const char *const *paths, const Protocol *protocol, GError **error)
{
    for (; paths && *paths; paths++) {
        Listener *listener =
            listener_unix(*paths, protocol, server->settings->mode, server->settings->group, error);
        if (!listener)
            return false;
        g_ptr_array_add(server->listeners, listener);
    }
    return true;
}

static bool open_listeners(Server *server, GError **error)
{
    const ServerSettings *settings = server->settings;
    Listener *loopback = NULL;
    if (!listener_inherit(server->listeners, error) ||
        !listen_at(server, settings->socketmaps, &protocol_socketmap, error) ||
        !listen_at(server, settings->lines, &protocol_lines, error) ||
        (settings->port && !(loopback = listener_loopback(settings->port, &protocol_socketmap, error))))
        return false;
    if (loopback)
        g_ptr_array_add(server->listeners, loopback);
    if (server->listeners->len)
        return true;
    error_set(error, ERROR_DEFINITION,
              "no socket to listen at: name one with --socketmap, --lines or --port");
    return false;
}

/* As many as there are descriptors for. */
static unsigned connections_possible(unsigned wanted)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    rlim_t needed = wanted + (rlim_t)DESCRIPTORS_OF_OUR_OWN;
    if (files.rlim_cur < needed) {
        files.rlim_cur = MIN(needed, files.rlim_max);
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    return files.rlim_cur < needed ? (unsigned)MAX((rlim_t)1, files.rlim_cur - DESCRIPTORS_OF_OUR_OWN)
                                   : wanted;
}

static bool watch_signals(Server *server, sigset_t *before, GError **error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, before);
    server->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return watch(server, server->signals, server, error);
}

static bool run(Server *server, GError **error)
{
    if (interrupt_pending(NULL)) /* before the signals were ours */
        return true;
    for (guint i = 0; i < server->listeners->len; i++) {
        Listener *listener = g_ptr_array_index(server->listeners, i);
        if (!watch(server, listener->fd, listener, error))
            return false;
    }
    event_emit(EVENT_LOOKUP_BEGIN, server->settings->index, "look-ups are answered at %u sockets",
               server->listeners->len);
    tell_state(server, g_get_monotonic_time());
    service_notify("READY=1");
    bool ok = true;
    while (ok && !server->stopping)
        ok = take_turn(server, error);
    service_notify("STOPPING=1");
    say_goodbye(server);
    event_emit(EVENT_LOOKUP_END, server->settings->index, "%" G_GUINT64_FORMAT " look-ups were answered",
               server->service.figures.answered);
    return ok;
}

bool server_run(const ServerSettings *settings, GError **error)
{
    sigset_t before;
    Server server = {.settings = settings, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    server.listeners = g_ptr_array_new_with_free_func((GDestroyNotify)listener_free);
    server.most = connections_possible(settings->connections);
    server.service.lookup = lookup_new(settings->index, settings->domains);
    bool ok = watch_signals(&server, &before, error) && open_listeners(&server, error) &&
              privileges_drop(settings->user, error) && run(&server, error);
    g_ptr_array_unref(server.listeners);
    lookup_free(server.service.lookup);
    close(server.signals);
    close(server.epoll);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ok;
}

/*
 * listener.c - see listener.h
 */
#include "dirsync/lookup/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WAITING_MAX 1024 /* connections not accepted yet */
#define INHERITED_FIRST 3
#define INHERITED_MAX 64

void listener_free(Listener *listener)
{
    struct stat now;
    if (!listener)
        return;
    if (listener->path && lstat(listener->path, &now) == 0 && now.st_dev == listener->device &&
        now.st_ino == listener->inode)
        unlink(listener->path);
    close(listener->fd);
    g_free(listener->path);
    g_free(listener);
}

static Listener *listener_new(int fd, const Protocol *protocol)
{
    Listener *listener = g_new0(Listener, 1);
    listener->fd = fd;
    listener->protocol = protocol;
    return listener;
}

static int new_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* --- Unix sockets --- */

static bool unix_address(const char *path, struct sockaddr_un *address, GError **error)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (g_strlcpy(address->sun_path, path, sizeof address->sun_path) < sizeof address->sun_path)
        return true;
    error_set(error, ERROR_DEFINITION,
              "%s: a socket's path has %zu bytes at most; choose a shorter one, or start in its folder", path,
              sizeof address->sun_path - 1);
    return false;
}

static bool somebody_listens(const struct sockaddr_un *address)
{
    int fd = new_socket(AF_UNIX);
    bool listens =
        fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return listens;
}

/* What a service that was killed has left; never anything else. */
static bool remove_stale(const struct sockaddr_un *address, GError **error)
{
    struct stat there;
    if (lstat(address->sun_path, &there) != 0)
        return true;
    if (!S_ISSOCK(there.st_mode)) {
        error_set(error, ERROR_DEFINITION, "%s: is there and no socket; choose another name",
                  address->sun_path);
        return false;
    }
    if (somebody_listens(address)) {
        error_set(error, ERROR_LOCKED, "%s: another service answers there already", address->sun_path);
        return false;
    }
    unlink(address->sun_path);
    return true;
}

/* The mode holds from the first moment: nobody else may connect in between. */
static bool bind_and_listen(Listener *listener, const struct sockaddr_un *address, mode_t mode, gid_t group)
{
    mode_t before = umask(0777 & ~mode);
    bool bound = bind(listener->fd, (const struct sockaddr *)address, sizeof *address) == 0;
    int cause = errno;
    umask(before);
    errno = cause;
    return bound && (group == (gid_t)-1 || chown(address->sun_path, (uid_t)-1, group) == 0) &&
           listen(listener->fd, WAITING_MAX) == 0;
}

Listener *listener_unix(const char *path, const Protocol *protocol, mode_t mode, gid_t group, GError **error)
{
    struct sockaddr_un address;
    struct stat made;
    if (!unix_address(path, &address, error) || !remove_stale(&address, error))
        return NULL;
    Listener *listener = listener_new(new_socket(AF_UNIX), protocol);
    bool ok = listener->fd >= 0 && bind_and_listen(listener, &address, mode, group);
    int cause = errno;
    if (lstat(path, &made) == 0 && S_ISSOCK(made.st_mode) && (ok || cause != EADDRINUSE)) {
        listener->path = g_strdup(path);
        listener->device = made.st_dev;
        listener->inode = made.st_ino;
    }
    if (ok)
        return listener;
    error_set(error, ERROR_IO,
              "%s: cannot listen there: %s; its folder must be there and be ours to write to", path,
              g_strerror(cause));
    listener_free(listener);
    return NULL;
}

/* --- the others --- */

Listener *listener_loopback(unsigned port, const Protocol *protocol, GError **error)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int yes = 1;
    int fd = new_socket(AF_INET);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, WAITING_MAX) == 0)
        return listener_new(fd, protocol);
    error_set(error, ERROR_IO, "127.0.0.1 port %u: cannot listen there: %s", port, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return NULL;
}

static bool take_inherited(int fd, const char *name, GPtrArray *listeners, GError **error)
{
    int listens = 0;
    socklen_t len = sizeof listens;
    const Protocol *protocol = name ? protocol_find(name) : NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || !listens) {
        error_set(error, ERROR_DEFINITION, "LISTEN_FDS: descriptor %d is no socket that listens", fd);
        return false;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    g_ptr_array_add(listeners, listener_new(fd, protocol ? protocol : &protocol_socketmap));
    return true;
}

bool listener_inherit(GPtrArray *listeners, GError **error)
{
    const char *pid = g_getenv("LISTEN_PID"), *fds = g_getenv("LISTEN_FDS"),
               *names = g_getenv("LISTEN_FDNAMES");
    if (!pid || !fds || strtol(pid, NULL, 10) != (long)getpid())
        return true;
    g_auto(GStrv) name = g_strsplit(names ? names : "", ":", 0);
    guint n_names = g_strv_length(name), n = (guint)CLAMP(strtol(fds, NULL, 10), 0, INHERITED_MAX);
    for (guint i = 0; i < n; i++)
        if (!take_inherited(INHERITED_FIRST + (int)i, i < n_names ? name[i] : NULL, listeners, error))
            return false;
    return true;
}

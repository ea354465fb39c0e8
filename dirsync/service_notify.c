/*
 * service_notify.c - see service_notify.h
 */
#include "dirsync/service_notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A leading @ stands for the NUL of an abstract name. */
static socklen_t address_of(const char *path, struct sockaddr_un *address)
{
    size_t len = strlen(path);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((*path != '/' && *path != '@') || len >= sizeof address->sun_path)
        return 0;
    memcpy(address->sun_path, path, len);
    if (*path == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

bool service_notify(const char *format, ...)
{
    struct sockaddr_un address;
    const char *path = g_getenv("NOTIFY_SOCKET");
    socklen_t len = path ? address_of(path, &address) : 0;
    if (!len)
        return false;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool sent = fd >= 0 && sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                                  (struct sockaddr *)&address, len) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return sent;
}

int64_t service_watchdog(void)
{
    const char *pid = g_getenv("WATCHDOG_PID"), *interval = g_getenv("WATCHDOG_USEC");
    if (!interval || (pid && g_ascii_strtoll(pid, NULL, 10) != getpid()))
        return 0;
    return MAX(g_ascii_strtoll(interval, NULL, 10), 0);
}

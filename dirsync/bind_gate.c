/*
 * bind_gate.c - see bind_gate.h
 */
#include "dirsync/bind_gate.h"

#include "dirsync/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_AGAIN 1000 /* milliseconds: for a signal that came just before the wait */

static GMutex turn; /* both sides of a run connect at once, by threads of their own */

char *bind_gate_key(const char *uri, const char *dn, const SecretSource *password)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    const char *const parts[] = {uri, dn ? dn : "", password->source ? password->source : ""};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_checksum_update(sum, (const guchar *)parts[i], (gssize)strlen(parts[i]) + 1);
    const guchar kind = (guchar)password->kind;
    g_checksum_update(sum, &kind, 1);
    return g_strdup(g_checksum_get_string(sum));
}

/* --- the run's end --- */

/* The socket; -1: there is no daemon. Children of ours, a command that fetches a password, do not get it. */
static int gate(void)
{
    static gsize known;
    static int fd = -1;
    if (g_once_init_enter(&known)) {
        const char *text = g_getenv(BIND_GATE_VARIABLE);
        guint64 number;
        if (text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &number, NULL) &&
            fcntl((int)number, F_SETFD, FD_CLOEXEC) == 0)
            fd = (int)number;
        g_once_init_leave(&known, 1);
    }
    return fd;
}

bool bind_gate_is_there(void)
{
    return gate() >= 0;
}

static void say(int fd, const char *text)
{
    size_t length = MIN(strlen(text), BIND_GATE_LONGEST);
    while (send(fd, text, length, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

/* The answer. When the daemon is gone nobody says whose turn it is, and all who wait would try at once. */
static bool hear(int fd, char text[BIND_GATE_LONGEST + 1], GError **error)
{
    struct pollfd descriptor = {.fd = fd, .events = POLLIN};
    int ready = 0;
    while (ready <= 0) {
        if (interrupt_pending(error))
            return false;
        ready = poll(&descriptor, 1, LOOK_AGAIN);
        if (ready < 0 && errno != EINTR)
            break;
    }
    ssize_t got = recv(fd, text, BIND_GATE_LONGEST, 0);
    text[MAX(got, 0)] = '\0';
    if (got <= 0)
        error_set(error, ERROR_INTERRUPTED, "dirsync run is gone, which began this; no password was tried");
    return got > 0;
}

bool bind_gate_enter(const char *key, GError **error)
{
    char answer[BIND_GATE_LONGEST + 1];
    int fd = gate();
    if (fd < 0)
        return true;
    g_autofree char *question = g_strconcat("?", key, NULL);
    g_mutex_lock(&turn);
    say(fd, question);
    bool heard = hear(fd, answer, error);
    if (heard && *answer != '-')
        return true;
    g_mutex_unlock(&turn);
    if (heard)
        error_set(error, ERROR_CREDENTIALS, "%s", answer + 1);
    return false;
}

static const char *const outcome_names[] = {
    [BIND_GOOD] = "good", [BIND_WRONG] = "wrong", [BIND_UNKNOWN] = "unknown"};

void bind_gate_leave(BindOutcome outcome, const char *message)
{
    int fd = gate();
    if (fd < 0)
        return;
    g_autofree char *text = g_strdup_printf("=%s %s", outcome_names[outcome], message ? message : "");
    say(fd, text);
    g_mutex_unlock(&turn);
}

/* --- the daemon's end --- */

const char *bind_gate_read(const char *message, bool *asks, BindOutcome *outcome)
{
    *asks = *message == '?';
    if (*asks)
        return message + 1;
    for (size_t i = 0; *message == '=' && i < G_N_ELEMENTS(outcome_names); i++) {
        size_t length = strlen(outcome_names[i]);
        if (strncmp(message + 1, outcome_names[i], length) != 0 || message[1 + length] != ' ')
            continue;
        *outcome = (BindOutcome)i;
        return message + length + 2;
    }
    return NULL;
}

void bind_gate_answer(int fd, const char *why)
{
    g_autofree char *text = why ? g_strconcat("-", why, NULL) : g_strdup("+");
    say(fd, text);
}

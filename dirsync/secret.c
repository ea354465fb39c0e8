/*
 * secret.c - fetches passwords; see secret.h
 *
 * The bytes pass through one buffer of fixed size, which is wiped whatever
 * happens. A command gets nothing on its standard input and has a minute; its
 * standard error stays ours, so that its own complaint reaches the user.
 */
#include "dirsync/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SECRET 4096
#define COMMAND_SECONDS 60

typedef struct {
    char data[MAX_SECRET + 1];
    size_t len;
} SecretBuffer;

static void wipe(SecretBuffer *buffer)
{
    explicit_bzero(buffer, sizeof *buffer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SecretBuffer, wipe)

/* Makes the secret of what was read; @what is the subject of messages. */
static char *take_line(SecretBuffer *buffer, bool first_line_only, const char *what, GError **error)
{
    if (buffer->len > MAX_SECRET) {
        error_set(error, ERROR_DEFINITION, "%s: more than %d bytes, this is no password", what, MAX_SECRET);
        return NULL;
    }
    char *end = memchr(buffer->data, '\n', buffer->len);
    size_t len = end ? (size_t)(end - buffer->data) : buffer->len;
    if (!first_line_only && end && len + 1 < buffer->len) {
        error_set(error, ERROR_DEFINITION, "%s: more than one line; leave only the password in it", what);
        return NULL;
    }
    if (len && buffer->data[len - 1] == '\r')
        len--;
    if (len == 0 || memchr(buffer->data, '\0', len)) {
        error_set(error, ERROR_DEFINITION, "%s: %s", what,
                  len ? "a NUL byte in the password" : "the password is empty");
        return NULL;
    }
    return g_strndup(buffer->data, len);
}

/* --- file --------------------------------------------------------------------------------------- */

static bool file_is_safe(int fd, const char *path, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        error_set(error, ERROR_DEFINITION, "%s: %s", path, g_strerror(errno));
    else if (!S_ISREG(status.st_mode))
        error_set(error, ERROR_DEFINITION, "%s: is not a regular file", path);
    else if (status.st_uid != geteuid() && status.st_uid != 0)
        error_set(error, ERROR_DEFINITION,
                  "%s: belongs to another user (%u); chown it to the user dirsync runs as", path,
                  (unsigned)status.st_uid);
    else if (status.st_mode & (S_IRWXG | S_IRWXO))
        error_set(error, ERROR_DEFINITION, "%s: others than its owner have access (mode %04o); chmod 600 it",
                  path, (unsigned)(status.st_mode & 07777));
    else
        return true;
    return false;
}

static void read_some(int fd, SecretBuffer *buffer, bool *more)
{
    ssize_t n = read(fd, buffer->data + buffer->len, sizeof buffer->data - buffer->len);
    if (n > 0)
        buffer->len += (size_t)n;
    *more = (n > 0 && buffer->len < sizeof buffer->data) || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static char *fetch_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        error_set(error, ERROR_DEFINITION, "%s: the password file cannot be opened: %s", path,
                  g_strerror(errno));
        return NULL;
    }
    g_auto(SecretBuffer) buffer = {.len = 0};
    char *secret = NULL;
    if (file_is_safe(fd, path, error)) {
        for (bool more = true; more;)
            read_some(fd, &buffer, &more);
        secret = take_line(&buffer, false, path, error);
    }
    close(fd);
    return secret;
}

/* --- environment -------------------------------------------------------------------------------- */

static char *fetch_environment(const char *name, GError **error)
{
    const char *value = g_getenv(name);
    if (!value || !*value) {
        error_set(error, ERROR_DEFINITION, "environment variable %s: is not set, but holds the password",
                  name);
        return NULL;
    }
    return g_strdup(value);
}

/* --- command ------------------------------------------------------------------------------------ */

/* Reads until the end, the deadline or more than a secret can be. */
static void read_until(int fd, SecretBuffer *buffer, gint64 deadline)
{
    for (bool more = true; more;) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready > 0)
            read_some(fd, buffer, &more);
        more = more && ready != 0;
    }
}

/* Waits for the child until the deadline, then kills it. False when it had to be killed. */
static bool reap(GPid pid, gint64 deadline, int *status)
{
    bool in_time = true;
    for (;;) {
        pid_t gone = waitpid(pid, status, in_time ? WNOHANG : 0);
        if (gone == pid || (gone < 0 && errno != EINTR))
            break;
        if (in_time && g_get_monotonic_time() >= deadline) {
            in_time = false;
            kill(pid, SIGKILL);
        } else if (in_time) {
            g_usleep(2000);
        }
    }
    g_spawn_close_pid(pid);
    return in_time;
}

/* What fails now may work later: no reason to think the definition wrong. */
static bool child_succeeded(GPid pid, gint64 deadline, const char *what, GError **error)
{
    int status = 0;
    if (!reap(pid, deadline, &status))
        error_set(error, ERROR_IO, "%s: gave no password within %d seconds", what, COMMAND_SECONDS);
    else if (WIFSIGNALED(status))
        error_set(error, ERROR_IO, "%s: was killed by signal %d", what, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        error_set(error, ERROR_IO, "%s: failed with status %d", what, WEXITSTATUS(status));
    else
        return true;
    return false;
}

/* Messages name the program only: an argument may be confidential. */
static char *fetch_command(const char *line, GError **error)
{
    g_auto(GStrv) words = NULL;
    GError *cause = NULL;
    if (!g_shell_parse_argv(line, NULL, &words, &cause)) {
        error_set(error, ERROR_DEFINITION, "password command: %s", cause->message);
        g_error_free(cause);
        return NULL;
    }
    g_autofree char *what = g_strdup_printf("password command %s", words[0]);
    GPid pid;
    int fd;
    if (!g_spawn_async_with_pipes(NULL, words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                  NULL, &pid, NULL, &fd, NULL, &cause)) {
        error_set(error, ERROR_DEFINITION, "%s: %s", what, cause->message);
        g_error_free(cause);
        return NULL;
    }
    g_auto(SecretBuffer) buffer = {.len = 0};
    gint64 deadline = g_get_monotonic_time() + COMMAND_SECONDS * G_USEC_PER_SEC;
    read_until(fd, &buffer, deadline);
    close(fd);
    bool too_long = buffer.len > MAX_SECRET; /* its next write kills it with SIGPIPE; that is not the cause */
    bool good = child_succeeded(pid, deadline, what, too_long ? NULL : error);
    return good || too_long ? take_line(&buffer, true, what, error) : NULL;
}

/* --- interface ---------------------------------------------------------------------------------- */

char *secret_fetch(const SecretSource *source, GError **error)
{
    switch (source->kind) {
    case SECRET_FILE:
        return fetch_file(source->source, error);
    case SECRET_ENVIRONMENT:
        return fetch_environment(source->source, error);
    case SECRET_COMMAND:
        return fetch_command(source->source, error);
    case SECRET_NONE:
        break;
    }
    error_set(error, ERROR_DEFINITION, "no password: the definition has no <password>; add one");
    return NULL;
}

void secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

void secret_source_clear(SecretSource *source)
{
    g_clear_pointer(&source->source, g_free);
    source->kind = SECRET_NONE;
}

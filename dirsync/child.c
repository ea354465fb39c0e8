/*
 * child.c - see child.h
 */
#include "dirsync/child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST_LINE (64 * 1024)

typedef struct {
    Child *child;
    ChildStream which;
    int fd;
    guint source; /* 0: at its end */
    GString *text;
} Stream;

struct Child {
    GPid pid;
    guint source;
    Stream streams[CHILD_STREAMS];
    const ChildHandler *handler;
    void *data;
};

/* --- its lines --- */

static void say_line(Stream *stream, const char *line)
{
    stream->child->handler->line(stream->which, line, stream->child->data);
}

static void say_lines(Stream *stream)
{
    char *at = stream->text->str, *end;
    while ((end = strchr(at, '\n'))) {
        *end = '\0';
        say_line(stream, at);
        at = end + 1;
    }
    g_string_erase(stream->text, 0, at - stream->text->str);
    if (stream->text->len > LONGEST_LINE) {
        say_line(stream, stream->text->str);
        g_string_truncate(stream->text, 0);
    }
}

/* False at its end. NUL would end a line early. */
static bool draw(Stream *stream)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(stream->fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < got; i++)
            g_string_append_c(stream->text, buffer[i] ? buffer[i] : '?');
        say_lines(stream);
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    Stream *stream = data;
    (void)fd;
    (void)condition;
    if (draw(stream))
        return G_SOURCE_CONTINUE;
    stream->source = 0;
    return G_SOURCE_REMOVE;
}

static void stream_open(Child *child, ChildStream which, int fd)
{
    Stream *stream = &child->streams[which];
    *stream = (Stream){.child = child, .which = which, .fd = fd, .text = g_string_new(NULL)};
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    stream->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_readable, stream);
}

/* Whoever else holds the other end, a command that fetched a password for instance, is not waited for. */
static void stream_close(Stream *stream)
{
    draw(stream);
    if (stream->text->len)
        say_line(stream, stream->text->str);
    if (stream->source)
        g_source_remove(stream->source);
    close(stream->fd);
    g_string_free(stream->text, TRUE);
}

/* --- its life --- */

static void on_ended(GPid pid, gint status, gpointer data)
{
    Child *child = data;
    g_spawn_close_pid(pid);
    for (int i = 0; i < CHILD_STREAMS; i++)
        stream_close(&child->streams[i]);
    child->handler->ended(WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                          WIFSIGNALED(status) ? WTERMSIG(status) : 0, child->data);
    g_free(child);
}

typedef struct {
    pid_t parent;
    int descriptor;
} Inheritance;

/* Between fork and exec: nothing but system calls. */
static void set_up(gpointer data)
{
    const Inheritance *inheritance = data;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != inheritance->parent)
        _exit(1);
    if (inheritance->descriptor >= 0)
        fcntl(inheritance->descriptor, F_SETFD, 0);
}

static char **environment(const char *const *variables)
{
    char **all = g_get_environ();
    for (; variables && *variables; variables++) {
        g_auto(GStrv) parts = g_strsplit(*variables, "=", 2);
        all = g_environ_setenv(all, parts[0], parts[1], TRUE);
    }
    /* The manager's words are for us alone. */
    all = g_environ_unsetenv(all, "NOTIFY_SOCKET");
    return g_environ_unsetenv(all, "WATCHDOG_USEC");
}

Child *child_start(const char *const *words, const char *const *variables, int descriptor,
                   const ChildHandler *handler, void *data, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) environ_of_child = environment(variables);
    g_autoptr(GError) cause = NULL;
    Inheritance inheritance = {getpid(), descriptor};
    GPid pid;
    int output, errors;
    g_ptr_array_add(argv, (gpointer) "/proc/self/exe");
    for (; *words; words++)
        g_ptr_array_add(argv, (gpointer)*words);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_async_with_pipes(NULL, (char **)argv->pdata, environ_of_child, G_SPAWN_DO_NOT_REAP_CHILD,
                                  set_up, &inheritance, &pid, NULL, &output, &errors, &cause)) {
        error_set(error, ERROR_IO, "cannot start a process: %s", cause->message);
        return NULL;
    }
    Child *child = g_new0(Child, 1);
    child->pid = pid;
    child->handler = handler;
    child->data = data;
    stream_open(child, CHILD_OUTPUT, output);
    stream_open(child, CHILD_ERRORS, errors);
    child->source = g_child_watch_add(pid, on_ended, child);
    return child;
}

void child_signal(const Child *child, int number)
{
    kill(child->pid, number);
}

GPid child_pid(const Child *child)
{
    return child->pid;
}

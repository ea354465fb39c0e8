/*
 * generator_crash.c - says which plugin it was when the process ends inside one
 *
 * Between enter and leave the signals of a fault are ours. The handler has nothing
 * to decide: path and text were made ready before, it makes the file (so there is
 * one only after a crash), and lets things go on as they would have gone without it.
 * It runs on a stack of its own, for plugins that have used up theirs. exit() is
 * noticed by a hook; _exit() and exec cannot be.
 *
 * A frame that could not be written whole is not one.
 */
#include "proxygen/generator_internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRAME_BYTES 512

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static struct {
    const CrashFrame *volatile inside; /* NULL: no plugin is running */
    struct sigaction before[G_N_ELEMENTS(fault_signals)];
    stack_t stack_before;
} crash;

static char stack[64 * 1024];

/* Only what is safe in a signal handler. */
static void write_frame(const CrashFrame *frame)
{
    int fd =
        frame->path ? open(frame->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    ssize_t n = 0;
    for (size_t at = 0; at < frame->len && n >= 0; at += (size_t)MAX(n, 0))
        n = write(fd, frame->text + at, frame->len - at);
    fsync(fd);
    close(fd);
}

static void restore_signals(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fault_signals); i++)
        sigaction(fault_signals[i], &crash.before[i], NULL);
}

/* With the old handlers back, a fault happens again as soon as we return; a signal that was sent must be sent
 * again. One from another process (a watchdog sends SIGABRT) is not the plugin's doing. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    bool sent = info->si_code <= 0;
    const CrashFrame *frame = crash.inside;
    crash.inside = NULL;
    if (frame && (!sent || info->si_pid == getpid()))
        write_frame(frame);
    restore_signals();
    if (sent)
        raise(number);
}

/* Whatever status the plugin gave: a run that ended inside it has not succeeded. */
static void on_exit_inside(void)
{
    const CrashFrame *frame = crash.inside;
    if (!frame)
        return;
    crash.inside = NULL;
    write_frame(frame);
    _exit(EXIT_FAILURE);
}

void crash_frame_enter(const CrashFrame *frame)
{
    static bool hooked;
    if (!hooked)
        hooked = atexit(on_exit_inside) == 0;
    crash.inside = frame;
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, &crash.stack_before);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < G_N_ELEMENTS(fault_signals); i++)
        sigaction(fault_signals[i], &action, &crash.before[i]);
}

void crash_frame_leave(void)
{
    restore_signals();
    sigaltstack(&crash.stack_before, NULL);
    crash.inside = NULL;
}

/* --- the text of a frame ------------------------------------------------------------------------ */

/* Absolute, since a plugin might change the working directory. */
void crash_frame_prepare(CrashFrame *frame, const char *path, const PluginFile *file, const char *type)
{
    frame->path = path ? g_canonicalize_filename(path, NULL) : NULL;
    frame->text = g_strdup_printf("%s %s %s\n", file->name, type, file->digest);
    frame->len = strlen(frame->text);
}

void crash_frame_clear(CrashFrame *frame)
{
    g_clear_pointer(&frame->path, g_free);
    g_clear_pointer(&frame->text, g_free);
}

/* The line of a frame without its end; NULL when there is none, or not a whole one. */
static char *read_frame(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char line[FRAME_BYTES];
    ssize_t n = TEMP_FAILURE_RETRY(read(fd, line, sizeof line));
    close(fd);
    bool whole = n > 0 && memchr(line, '\n', (size_t)n) == line + n - 1 && !memchr(line, '\0', (size_t)n);
    return whole ? g_strndup(line, (size_t)n - 1) : NULL;
}

bool generator_crashed(const char *crash_file, const char *folder, const char *file, char **text)
{
    if (text)
        *text = NULL;
    g_autofree char *line = read_frame(crash_file);
    g_auto(GStrv) words = g_strsplit(line ? line : "", " ", 4);
    g_auto(PluginFile) now = {.fd = -1};
    bool same = g_strv_length(words) == 3 && strcmp(words[0], file) == 0 &&
                plugin_file_find(folder, file, &now, NULL) && strcmp(words[2], now.digest) == 0;
    if (same && text)
        *text = g_steal_pointer(&line);
    return same;
}

/*
 * generator_frame.c - which plugin ended the process
 *
 * While a plugin runs, the signals of a crash are caught on a stack of their own,
 * and exit() by a hook: a line is written by system calls alone, then things take
 * their course. So the next run knows what to leave alone. Who is killed from
 * outside writes nothing, since that is nobody's fault.
 */
#include "dirsync/entry.h"
#include "proxygen/generator_internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* Read by the handler; changed only while no handler is set. */
static struct {
    char path[4096], text[512];
    size_t len;
    volatile sig_atomic_t inside;
    struct sigaction before[G_N_ELEMENTS(crash_signals)];
    stack_t stack_before;
    bool has_hook;
} frame;

static char handler_stack[64 * 1024];

static void write_frame(void)
{
    int fd = open(frame.path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (write(fd, frame.text, frame.len) == (ssize_t)frame.len)
        fsync(fd);
    close(fd);
}

static void on_crash(int number)
{
    if (frame.inside)
        write_frame();
    frame.inside = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(crash_signals); i++)
        sigaction(crash_signals[i], &frame.before[i], NULL);
    raise(number); /* comes when the handler has returned */
}

static void on_exit_of_process(void)
{
    if (frame.inside)
        write_frame();
}

void generator_frame_begin(const char *path, const char *text)
{
    if (!path || strlen(path) >= sizeof frame.path)
        return;
    if (!frame.has_hook)
        frame.has_hook = atexit(on_exit_of_process) == 0;
    g_strlcpy(frame.path, path, sizeof frame.path);
    g_snprintf(frame.text, sizeof frame.text, "%s\n", text);
    frame.len = strlen(frame.text);
    stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    sigaltstack(&stack, &frame.stack_before);
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    for (size_t i = 0; i < G_N_ELEMENTS(crash_signals); i++)
        sigaction(crash_signals[i], &action, &frame.before[i]);
    frame.inside = 1;
}

void generator_frame_end(void)
{
    if (!frame.inside)
        return;
    frame.inside = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(crash_signals); i++)
        sigaction(crash_signals[i], &frame.before[i], NULL);
    sigaltstack(&frame.stack_before, NULL);
}

static char *digest_of(const char *folder, const char *file)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *bytes = NULL;
    gsize len;
    if (!g_file_get_contents(path, &bytes, &len, NULL))
        return g_strdup("-");
    Fingerprint digest = fingerprint_bytes(bytes, len);
    return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", digest.high, digest.low);
}

char *generator_frame_text(const char *folder, const char *file, const char *type)
{
    g_autofree char *digest = digest_of(folder, file);
    return g_strdup_printf("%s %s %s", file, type, digest);
}

bool generator_crashed(const char *crash_file, const char *folder, const char *file, char **text)
{
    g_autofree char *line = NULL;
    *text = NULL;
    if (!crash_file || !g_file_get_contents(crash_file, &line, NULL, NULL))
        return false;
    g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", 0);
    g_autofree char *digest = digest_of(folder, file);
    if (g_strv_length(words) != 3 || strcmp(words[0], file) != 0 || strcmp(words[2], digest) != 0)
        return false;
    *text = g_strdup(line);
    return true;
}

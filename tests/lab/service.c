/*
 * service.c - see service.h
 */
#include "tests/lab/service.h"

#include "tests/lab/lookup_index.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MILLISECONDS 30000
#define LOOK_AGAIN_MICROSECONDS 20000
#define WORDS_MAX 32

TestService *service_new(void)
{
    TestService *service = g_new0(TestService, 1);
    service->folder = g_dir_make_tmp("serve-XXXXXX", NULL);
    assert_non_null(service->folder);
    service->index = g_build_filename(service->folder, "acme.home.db", NULL);
    service->socketmap = g_build_filename(service->folder, "socketmap", NULL);
    service->lines = g_build_filename(service->folder, "lines", NULL);
    service->log = g_build_filename(service->folder, "log", NULL);
    return service;
}

static void become_service(const TestService *service, char **words)
{
    int log = open(service->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(log, STDERR_FILENO);
    execv(words[0], words);
    _exit(127);
}

void service_start(TestService *service, const char *const *options)
{
    g_autofree char *program = g_canonicalize_filename(g_getenv("DIRSYNC"), NULL);
    const char *words[WORDS_MAX] = {program,        "serve",       "--index",
                                    service->index, "--socketmap", service->socketmap,
                                    "--lines",      service->lines};
    for (size_t n = 8; options && *options && n < WORDS_MAX - 1; n++)
        words[n] = *options++;
    service->pid = fork();
    if (service->pid == 0)
        become_service(service, (char **)words);
    assert_true(service->pid > 0);
    for (int i = 0; i < PATIENCE_MILLISECONDS * 1000 / LOOK_AGAIN_MICROSECONDS; i++) {
        int fd = service_try(service->lines);
        if (fd >= 0) {
            close(fd);
            return;
        }
        if (waitpid(service->pid, NULL, WNOHANG) == service->pid)
            break;
        g_usleep(LOOK_AGAIN_MICROSECONDS);
    }
    g_autofree char *log = service_log(service);
    fail_msg("the service does not listen: %s", log);
}

int service_end(TestService *service, int signal)
{
    int status = 0;
    kill(service->pid, signal);
    assert_int_equal(waitpid(service->pid, &status, 0), service->pid);
    service->pid = 0;
    g_autofree char *log = service_log(service);
    if (strstr(log, "Sanitizer") || strstr(log, "runtime error"))
        fail_msg("%s", log);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void service_free(TestService *service)
{
    if (!service)
        return;
    if (service->pid > 0) {
        kill(service->pid, SIGKILL);
        waitpid(service->pid, NULL, 0);
    }
    lookup_index_remove(service->index);
    g_unlink(service->socketmap);
    g_unlink(service->lines);
    g_unlink(service->log);
    if (g_rmdir(service->folder) != 0)
        g_printerr("%s: something is left in it\n", service->folder);
    g_free(service->folder);
    g_free(service->index);
    g_free(service->socketmap);
    g_free(service->lines);
    g_free(service->log);
    g_free(service);
}

char *service_log(const TestService *service)
{
    char *text = NULL;
    g_file_get_contents(service->log, &text, NULL, NULL);
    return text ? text : g_strdup("");
}

int service_try(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

int service_connect(const char *path)
{
    int fd = service_try(path);
    if (fd < 0)
        fail_msg("%s: %s", path, g_strerror(errno));
    if (g_str_has_suffix(path, "lines")) {
        g_autofree char *greeting = service_hear(fd);
        assert_string_equal(greeting, "dirsync-lookup\t1");
    }
    return fd;
}

void service_send(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        text += n;
        len -= (size_t)n;
    }
}

/* Byte by byte: what follows belongs to the next answer. */
char *service_hear(int fd)
{
    GString *line = g_string_new(NULL);
    for (;;) {
        char c;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_MILLISECONDS) != 1)
            fail_msg("no answer");
        if (recv(fd, &c, 1, 0) != 1) {
            g_string_free(line, TRUE);
            return NULL;
        }
        if (c == '\n')
            return g_string_free(line, FALSE);
        g_string_append_c(line, c);
    }
}

char *service_ask(const TestService *service, const char *line)
{
    int fd = service_connect(service->lines);
    service_send(fd, line);
    service_send(fd, "\n");
    char *answer = service_hear(fd);
    close(fd);
    return answer;
}

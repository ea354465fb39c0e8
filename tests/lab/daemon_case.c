/*
 * daemon_case.c - see daemon_case.h
 */
#include "tests/lab/daemon_case.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glib-unix.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 120 /* seconds; a busy machine is no fault of the daemon's */

/* A test that fails leaves no daemon behind. */
static void set_up(gpointer data)
{
    const DaemonSetting *setting = data;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!setting || !setting->largest_file)
        return;
    struct rlimit limit = {setting->largest_file, setting->largest_file};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

TestDaemon *daemon_start(const DaemonSetting *setting, const char *const *words)
{
    TestDaemon *daemon = g_new0(TestDaemon, 1);
    g_autofree char *path = g_canonicalize_filename(g_getenv("DIRSYNC"), NULL);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) variables = g_get_environ();
    g_autoptr(GError) error = NULL;
    g_ptr_array_add(argv, path);
    g_ptr_array_add(argv, (gpointer) "run");
    if (!setting || !setting->text)
        g_ptr_array_add(argv, (gpointer) "--json");
    for (; *words; words++)
        g_ptr_array_add(argv, (gpointer)*words);
    g_ptr_array_add(argv, NULL);
    for (const char *const *one = setting ? setting->variables : NULL; one && *one; one++) {
        g_auto(GStrv) parts = g_strsplit(*one, "=", 2);
        variables = g_environ_setenv(variables, parts[0], parts[1], TRUE);
    }
    daemon->said = g_string_new(NULL);
    if (!g_spawn_async_with_pipes(NULL, (char **)argv->pdata, variables, G_SPAWN_DO_NOT_REAP_CHILD, set_up,
                                  (gpointer)setting, &daemon->pid, NULL, NULL, &daemon->errors, &error))
        fail_msg("%s", error->message);
    g_unix_set_fd_nonblocking(daemon->errors, TRUE, NULL);
    return daemon;
}

/* False at its end. */
static bool listen_for(TestDaemon *daemon, int milliseconds)
{
    struct pollfd descriptor = {.fd = daemon->errors, .events = POLLIN};
    char buffer[4096];
    ssize_t got;
    poll(&descriptor, 1, milliseconds);
    while ((got = read(daemon->errors, buffer, sizeof buffer)) > 0)
        g_string_append_len(daemon->said, buffer, got);
    return got < 0 && errno == EAGAIN;
}

/* The next whole line, from daemon->seen on; g_free(). */
static char *next_line(TestDaemon *daemon)
{
    const char *at = daemon->said->str + daemon->seen, *end = strchr(at, '\n');
    if (!end)
        return NULL;
    daemon->seen += (size_t)(end - at) + 1;
    return g_strndup(at, (gsize)(end - at));
}

/* Of that id, and connector unless it is NULL; json_decref(). */
static json_t *wait_for(TestDaemon *daemon, const char *id, const char *connector)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE * G_USEC_PER_SEC;
    bool open = true;
    for (;;) {
        g_autofree char *line = next_line(daemon);
        json_t *event = line ? json_loads(line, 0, NULL) : NULL;
        const char *of = json_string_value(json_object_get(event, "connector"));
        if (!g_strcmp0(json_string_value(json_object_get(event, "id")), id) &&
            (!connector || !g_strcmp0(of, connector)))
            return event;
        json_decref(event);
        if (line)
            continue;
        if (!open || g_get_monotonic_time() > limit) {
            g_printerr("%s\n", daemon->said->str); /* cmocka cuts long messages */
            fail_msg("%s did not come%s", id, open ? "" : " before the end");
        }
        open = listen_for(daemon, 100);
    }
}

void daemon_waits_for(TestDaemon *daemon, const char *id)
{
    json_decref(wait_for(daemon, id, NULL));
}

void daemon_says(TestDaemon *daemon, const char *id, const char *connector, const char *text)
{
    json_auto_t *event = wait_for(daemon, id, connector);
    const char *message = json_string_value(json_object_get(event, "message"));
    if (!message || !strstr(message, text))
        fail_msg("%s without \"%s\": %s\n%s", id, text, message ? message : "", daemon->said->str);
}

size_t daemon_has_said(TestDaemon *daemon, const char *id)
{
    g_autofree char *member = g_strdup_printf("\"id\":\"%s\"", id);
    size_t count = 0;
    listen_for(daemon, 0);
    for (const char *at = daemon->said->str; (at = strstr(at, member)); at++)
        count++;
    return count;
}

void daemon_signals(const TestDaemon *daemon, int number)
{
    kill(daemon->pid, number);
}

GPid daemon_child(TestDaemon *daemon)
{
    static const char mark[] = "(process ";
    const char *at = g_strrstr(daemon->said->str, mark);
    assert_non_null(at);
    return (GPid)g_ascii_strtoll(at + strlen(mark), NULL, 10);
}

int daemon_ends(TestDaemon *daemon)
{
    gint64 limit = g_get_monotonic_time() + PATIENCE * G_USEC_PER_SEC;
    int status = 0;
    while (listen_for(daemon, 100))
        if (g_get_monotonic_time() > limit)
            fail_msg("it does not end:\n%s", daemon->said->str);
    assert_int_equal(waitpid(daemon->pid, &status, 0), daemon->pid);
    daemon->pid = 0;
    if (strstr(daemon->said->str, "Sanitizer") || strstr(daemon->said->str, "runtime error"))
        fail_msg("%s", daemon->said->str);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void daemon_forget(TestDaemon *daemon)
{
    close(daemon->errors);
    g_string_free(daemon->said, TRUE);
    g_free(daemon);
}

void daemon_stop(TestDaemon *daemon)
{
    if (!daemon)
        return;
    daemon_signals(daemon, SIGTERM);
    int status = daemon_ends(daemon);
    if (status)
        fail_msg("it ended with %d:\n%s", status, daemon->said->str);
    daemon_forget(daemon);
}

void daemon_kill(TestDaemon *daemon)
{
    daemon_signals(daemon, SIGKILL);
    assert_int_equal(daemon_ends(daemon), -SIGKILL);
    daemon_forget(daemon);
}

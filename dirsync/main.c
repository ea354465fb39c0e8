/*
 * main.c - options, command table, exit status; nothing else
 */
#include "dirsync/command/command.h"
#include "dirsync/interrupt.h"
#include "dirsync/report/report.h"

#include <libxml/parser.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const Command *const commands[] = {
    &command_init,    &command_check,   &command_plan,  &command_show,     &command_apply, &command_sync,
    &command_revert,  &command_status,  &command_proxy, &command_addrtype, &command_audit, &command_migrate,
    &command_explain, &command_release, &command_run,   &command_serve};

static void on_signal(int number)
{
    (void)number;
    interrupt_request();
    /* A second one ends us at once; nothing is lost by that either. */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

static char *summary(void)
{
    GString *text = g_string_new("Keeps the address lists of two messaging systems the same.\n\nVerbs:");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        g_string_append_printf(text, "\n  %-9s %s", commands[i]->name, commands[i]->about);
    g_string_append(text, "\n\ndirsync VERB --help says more, and so does dirsync(1).");
    return g_string_free(text, FALSE);
}

static const Command *find_command(const char *name, GError **error)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(commands); i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    error_set(error, ERROR_DEFINITION,
              name ? "%s: no such verb; dirsync --help lists them"
                   : "a verb is missing%s; dirsync --help lists them",
              name ? name : "");
    return NULL;
}

static const char *first_odd_word(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!g_utf8_validate(argv[i], -1, NULL))
            return argv[i];
    return NULL;
}

static bool parse(GOptionContext *context, int *argc, char ***argv, GError **error)
{
    GError *why = NULL;
    if (g_option_context_parse(context, argc, argv, &why))
        return true;
    const char *odd = why->domain == G_CONVERT_ERROR ? first_odd_word(*argc, *argv) : NULL;
    if (odd)
        error_set(error, ERROR_DEFINITION,
                  "%s: these bytes are no text (UTF-8); see the encoding of the terminal or script", odd);
    else
        error_set(error, ERROR_DEFINITION, "%s; --help lists the options", why->message);
    g_error_free(why);
    return false;
}

static void drop_first(int *argc, char **argv)
{
    if (*argc > 1 && !strcmp(argv[1], "--")) {
        memmove(argv + 1, argv + 2, sizeof *argv * (size_t)(*argc - 1));
        --*argc;
    }
}

static int run_command(Settings *settings, int argc, char **argv, GError **error)
{
    const Command *command = find_command(argc > 1 ? argv[1] : NULL, error);
    if (!command)
        return 0;
    g_autoptr(GOptionContext) context = settings_context(settings, command);
    argc--;
    argv++;
    g_autofree char *name = g_strconcat("dirsync ", command->name, NULL);
    g_set_prgname(name);
    if (!parse(context, &argc, &argv, error))
        return 0;
    drop_first(&argc, argv);
    return command->run(settings, argc - 1, argv + 1, error);
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    g_autofree char *about = summary();
    g_autoptr(GOptionContext) context = settings_global_context(settings, about);
    if (!parse(context, &argc, &argv, error))
        return 0;
    if (settings->version) {
        puts("dirsync " PACKAGE_VERSION);
        return 0;
    }
    return run_command(settings, argc, argv, error);
}

/* A message may hold what a server or a file has said. */
static void print_error(const char *message)
{
    g_auto(GStrv) lines = g_strsplit(message, "\n", 0);
    fputs("dirsync: ", stderr);
    for (char **line = lines; *line; line++) {
        g_autofree char *safe = report_safe(*line);
        fprintf(stderr, "%s\n", safe);
    }
}

/* errno is of the last write, which need not be the one that failed. */
static bool reader_has_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && output.revents & (POLLERR | POLLHUP);
}

/* A reader that has read enough (head) is no trouble, and no reason for another exit status. */
static bool flush_output(void)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || reader_has_gone())
        return true;
    fprintf(stderr, "dirsync: standard output: %s; what was printed is not complete\n", g_strerror(errno));
    return false;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    /* Where cron and services run; GLib would take no letters but those of ASCII. */
    if (!strcmp(setlocale(LC_CTYPE, NULL), "C") || !strcmp(setlocale(LC_CTYPE, NULL), "POSIX"))
        setlocale(LC_CTYPE, "C.UTF-8");
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    Settings settings = {0};
    GError *error = NULL;
    int status = run(&settings, argc, argv, &error);
    settings_clear(&settings);
    if (error) {
        print_error(error->message);
        status = error_exit_status(error);
        g_error_free(error);
    }
    if (!flush_output() && !status)
        status = 1;
    event_close_sinks();
    xmlCleanupParser();
    return status;
}

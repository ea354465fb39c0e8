/*
 * test_terminal.c - how the program looks: 80 columns, pipes, colours, a reader who has enough
 *
 * Every verb is called as people do, in one scene after the other: nothing has
 * run, a first run, a second, an empty source, a server that is down. What is said
 * is looked at as a terminal would show it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/missing.h"
#include "tests/lab/sync_case.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define COLUMNS 80
#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }

static Lab *home;
static World *world;
static char *plan_folder;

static const Person three[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example", NULL},
                               {"9", "Nobody", "", NULL},
                               NOBODY};
static const Person changed[] = {{"1", "Ada Alt", "ada@globex.example", "Director"},
                                 {"2", "Bob Baum", "bob.baum@globex.example", NULL},
                                 NOBODY};
static const Person none[] = {NOBODY};

static int set_up(void **state)
{
    (void)state;
    g_setenv("COLUMNS", "80", TRUE);
    return 0;
}

static void begin(void)
{
    program_needed();
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync");
    world = world_at(home);
    world_set_people(world, three);
    plan_folder = g_build_filename(world->folder, "plan", NULL);
    g_setenv("DIRSYNC_CONFIG", world->folder, TRUE);
}

static int end(void **state)
{
    (void)state;
    g_unsetenv("DIRSYNC_CONFIG");
    g_clear_pointer(&plan_folder, g_free);
    world_free(world);
    lab_slapd_stop(home);
    world = NULL;
    home = NULL;
    return 0;
}

/* Of a line that is too long no part could stand on another: after the first word that fits nothing does.
 * What is to be copied (an option of the server's configuration) counts as one word. */
static bool could_be_broken(const char *line)
{
    const char *text = line + strspn(line, " ");
    if (g_utf8_strlen(line, -1) <= COLUMNS || g_str_has_prefix(text, "olc"))
        return false;
    const char *blank = strchr(text, ' ');
    return blank && g_utf8_strlen(line, blank - line) <= COLUMNS;
}

static void assert_well_mannered(const char *verb, const Said *said)
{
    g_auto(GStrv) lines = g_strsplit(said->out, "\n", 0);
    for (char **line = lines; *line; line++)
        if (could_be_broken(*line))
            fail_msg("%s: %ld columns: %s", verb, g_utf8_strlen(*line, -1), *line);
    for (char **line = lines; *line && strstr(verb, "--help"); line++)
        if (g_utf8_strlen(*line, -1) > COLUMNS)
            fail_msg("%s: %ld columns: %s", verb, g_utf8_strlen(*line, -1), *line);
    if (strchr(said->out, '\x1b') || strchr(said->err, '\x1b'))
        fail_msg("%s: escape codes in a pipe:\n%s%s", verb, said->out, said->err);
    if (!g_utf8_validate(said->out, -1, NULL) || !g_utf8_validate(said->err, -1, NULL))
        fail_msg("%s: no UTF-8:\n%s%s", verb, said->out, said->err);
    if (*said->out && !g_str_has_suffix(said->out, "\n"))
        fail_msg("%s: the last line does not end:\n%s", verb, said->out);
    if (strstr(said->err, "AddressSanitizer") || strstr(said->err, "GLib-") || strstr(said->err, "(null)") ||
        strstr(said->out, "(null)"))
        fail_msg("%s:\n%s%s", verb, said->out, said->err);
}

/* A failure says so in a word for the person and a status for the program. */
static void assert_failure_is_told(const char *verb, const Said *said)
{
    bool failed = said->status && said->status != 2 && said->status != 3;
    if (failed && !strstr(said->err, "dirsync: "))
        fail_msg("%s: status %d without a message:\n%s%s", verb, said->status, said->out, said->err);
}

static const char *const words[][5] = {
    {"--help"},
    {"init", "--help"},
    {"check", "--help"},
    {"plan", "--help"},
    {"show", "--help"},
    {"apply", "--help"},
    {"sync", "--help"},
    {"revert", "--help"},
    {"status", "--help"},
    {"proxy", "--help"},
    {"addrtype", "--help"},
    {"audit", "--help"},
    {"migrate", "--help"},
    {"explain", "--help"},
    {"release", "--help"},
    {"run", "--help"},
    {"serve", "--help"},
    {"status"},
    {"status", "CONNECTOR"},
    {"status", "-v", "CONNECTOR"},
    {"status", "CONNECTOR", "last"},
    {"check", "CONNECTOR"},
    {"check", "--notify", "CONNECTOR"},
    {"plan", "CONNECTOR"},
    {"plan", "-v", "CONNECTOR"},
    {"plan", "-o", "PLAN", "CONNECTOR"},
    {"show", "PLAN"},
    {"show", "-v", "PLAN"},
    {"show", "PLAN/undo"},
    {"addrtype", "list", "CONNECTOR"},
    {"proxy", "generate", "CONNECTOR", "ada@globex.example"},
    {"explain", "CONNECTOR", "ada@globex.example"},
    {"explain", "CONNECTOR", "nobody@globex.example"},
    {"release", "--dry-run", "CONNECTOR", "ada@globex.example"},
    {"migrate", "CONNECTOR"},
    {"migrate", "-v", "CONNECTOR"},
    {"audit", "CONNECTOR"},
    {"audit", "-v", "--organisation", "organisation"},
    {"audit", "--list"},
    {"serve", "organisation", "--query", "ada@globex.example"},
    {"serve", "organisation"},
    {"run", "--watch-only", "no-such-connector"},
    {"run", "./no-such.xml"},
    {"init", "globex"},
    {"sync", "CONNECTOR"},
    {"sync", "-v", "CONNECTOR"},
    {"sync", "--verify", "--full", "CONNECTOR"},
    {"apply", "PLAN"},
    {"revert", "CONNECTOR", "no-such-run"},
    {"revert", "CONNECTOR", "last"},
};

static const char *fill_in(const char *word, char **made)
{
    if (!strcmp(word, "CONNECTOR"))
        return world->connector;
    if (!g_str_has_prefix(word, "PLAN"))
        return word;
    return *made = g_strconcat(plan_folder, word + strlen("PLAN"), NULL);
}

static void every_verb(const char *scene)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *call[6] = {NULL};
        char *made = NULL;
        for (size_t j = 0; words[i][j]; j++)
            call[j] = fill_in(words[i][j], &made);
        g_autofree char *line = g_strjoinv(" ", (char **)call);
        g_autofree char *verb = g_strdup_printf("%s: %s", scene, line);
        g_auto(Said) said = program(world->folder, call);
        assert_well_mannered(verb, &said);
        assert_failure_is_told(verb, &said);
        g_free(made);
    }
    remove_folder(plan_folder);
}

static void every_verb_fits_80_columns_in_every_scene(void **state)
{
    (void)state;
    begin();
    every_verb("first");
    world_set_people(world, changed);
    every_verb("changed");
    world_set_people(world, none);
    every_verb("empty source");
    lab_slapd_kill(home);
    every_verb("server down");
    g_autofree char *source = g_build_filename(world->live, "people.ldif", NULL);
    assert_int_equal(g_remove(source), 0);
    every_verb("no source");
    lab_slapd_restart(home);
    g_autofree char *people = g_strdup("");
    write_text(source, people);
    every_verb("empty file");
}

/* --- wrong arguments --- */

static const char *const verbs[] = {"init",    "check",   "plan",  "show",     "apply", "sync",
                                    "revert",  "status",  "proxy", "addrtype", "audit", "migrate",
                                    "explain", "release", "run",   "serve"};

/* A verb that is new must come into this file. */
static void every_verb_is_among_them(void **state)
{
    (void)state;
    program_needed();
    g_auto(Said) said = PROGRAM(NULL, "--help");
    const char *list = strstr(said.out, "Verbs:\n");
    assert_non_null(list);
    g_auto(GStrv) lines = g_strsplit(list, "\n", 0);
    size_t n = 0;
    for (char **line = lines + 1; g_str_has_prefix(*line, "  "); line++, n++) {
        g_autofree char *verb = g_strndup(*line + 2, strcspn(*line + 2, " "));
        bool known = false, called = false;
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
            known |= !strcmp(verbs[i], verb);
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
            called |= words[i][0] && !strcmp(words[i][0], verb) && g_strcmp0(words[i][1], "--help") != 0;
        if (!known || !called)
            fail_msg("%s is not looked at here", verb);
    }
    assert_int_equal(n, G_N_ELEMENTS(verbs));
}

static void a_wrong_option_is_one_line_with_a_remedy(void **state)
{
    (void)state;
    program_needed();
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        g_auto(Said) said = PROGRAM(NULL, verbs[i], "--frobnicate");
        const char *end = strchr(said.err, '\n');
        if (said.status != 6 || *said.out || !end || end[1] || !strstr(said.err, "--help"))
            fail_msg("%s --frobnicate: %d\n%s%s", verbs[i], said.status, said.out, said.err);
    }
}

/* --- readers --- */

/* Runs it through the shell, where a reader may go away. What came on standard error; g_free(). */
static char *shell(const char *command, char **out)
{
    const char *const call[] = {"/bin/sh", "-c", command, NULL};
    char *err = NULL;
    int status;
    if (!g_spawn_sync(NULL, (char **)call, NULL, G_SPAWN_DEFAULT, NULL, NULL, out, &err, &status, NULL))
        fail_msg("no shell");
    return err;
}

static void a_reader_who_has_enough_is_no_trouble(void **state)
{
    (void)state;
    begin();
    g_auto(Said) first = PROGRAM(NULL, "sync", world->connector);
    assert_int_equal(first.status, 3);
    static const char *const calls[] = {"status %s", "status",      "--json status %s",
                                        "check %s",  "sync --help", "status %s last"};
    const char *dirsync = g_getenv("DIRSYNC");
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_auto(GStrv) parts = g_strsplit(calls[i], "%s", 0);
        g_autofree char *call = g_strjoinv(world->connector, parts);
        /* The first reader has gone before anything is written, the second reads a line. */
        g_autofree char *gone = g_strdup_printf("%s -q %s | true", dirsync, call);
        g_autofree char *head = g_strdup_printf("%s -q %s | head -n 1", dirsync, call);
        g_autofree char *out = NULL, *silent = NULL;
        g_autofree char *nothing = shell(gone, &silent);
        g_autofree char *line = shell(head, &out);
        if (*nothing || *line)
            fail_msg("%s: %s%s", call, nothing, line);
        if (!strchr(out, '\n'))
            fail_msg("%s: not a line: \"%s\"", call, out);
    }
    /* Nor one for another exit status: a script with pipefail would stop. */
    g_autofree char *call =
        g_strdup_printf("{ %s status %s; echo $? >&2; } | true", dirsync, world->connector);
    g_autofree char *out = NULL;
    g_autofree char *status = shell(call, &out);
    assert_string_equal(status, "0\n");
}

/* A full disk is no reader who has enough. */
static void output_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    program_needed();
    if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS))
        skip_missing("there is no /dev/full");
    g_autofree char *command = g_strdup_printf("%s --version >/dev/full", g_getenv("DIRSYNC"));
    g_autofree char *err = shell(command, NULL);
    assert_non_null(strstr(err, "No space left"));
}

/* --- a terminal --- */

/* What the program writes to a terminal of 80 columns; g_free(). */
static char *on_terminal(const char *const *call, const char *no_color)
{
    struct winsize size = {.ws_row = 24, .ws_col = COLUMNS};
    GString *text = g_string_new(NULL);
    int terminal, status;
    char part[4096];
    pid_t child = forkpty(&terminal, NULL, NULL, &size);
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TERM", "xterm", 1);
        unsetenv("COLUMNS");
        if (no_color)
            setenv("NO_COLOR", no_color, 1);
        execv(g_getenv("DIRSYNC"), (char **)call);
        _exit(127);
    }
    for (ssize_t len; (len = read(terminal, part, sizeof part)) > 0;)
        g_string_append_len(text, part, len);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(terminal);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 127);
    return g_string_free(text, FALSE);
}

/* Colour for a person who wants it, and nothing else of what terminals obey but the wiping of a line. */
static void colour_is_for_terminals_and_can_be_refused(void **state)
{
    (void)state;
    begin();
    const char *const call[] = {"dirsync", "plan", world->connector, NULL};
    g_autofree char *coloured = on_terminal(call, NULL);
    g_autofree char *plain = on_terminal(call, "1");
    assert_non_null(strstr(coloured, "\x1b[33mwarning:\x1b[0m"));
    assert_non_null(strstr(plain, "warning: "));
    for (const char *at = plain; (at = strchr(at, '\x1b')); at++)
        assert_true(g_str_has_prefix(at, "\x1b[K"));
    g_auto(GStrv) lines = g_strsplit(strstr(plain, "import: "), "\r\n", 0);
    for (char **line = lines; *line; line++)
        assert_in_range(g_utf8_strlen(*line, -1), 0, COLUMNS);
    assert_non_null(strstr(plain, "(plan: nothing was written)\r\n"));
}

/* --- what comes from outside --- */

/* A name that would clear the screen, from a source that somebody else writes. */
static void names_cannot_steer_the_terminal(void **state)
{
    static const char *const calls[][4] = {{"plan", "-v", NULL}, {"check"}, {"sync"}, {"status"}};
    static const Person hostile[] = {{"\x1b[2J\x1b[H", "Eve \x1b[31m", "", NULL},
                                     {"7", "Mal \x1b]0;x\x07", "mal@globex.example", NULL},
                                     NOBODY};
    (void)state;
    begin();
    world_set_people(world, hostile);
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_auto(Said) said = PROGRAM(NULL, calls[i][0], world->connector, calls[i][1]);
        if (strchr(said.out, '\x1b') || strchr(said.err, '\x1b') || strchr(said.out, '\x07'))
            fail_msg("%s:\n%s%s", calls[i][0], said.out, said.err);
    }
    g_auto(Said) run = PROGRAM(NULL, "status", world->connector, "last");
    assert_null(strchr(run.out, '\x1b'));
}

/* Bytes that are no text, where words are expected: a message, and never half a document. */
static void bytes_that_are_no_text_break_nothing(void **state)
{
    static const char *const calls[][6] = {
        {"serve", "organisation", "--query", "SMTP:\xff@x"},
        {"serve", "\xff", "--query", "a@x"},
        {"explain", "CONNECTOR", "\xff@x"},
        {"release", "--dry-run", "CONNECTOR", "\xff@x"},
        {"proxy", "validate", "SMTP:\xff@x"},
        {"proxy", "generate", "CONNECTOR", "\xff@x"},
        {"status", "CONNECTOR", "\xff"},
        {"revert", "CONNECTOR", "\xff"},
        {"plan", "CONNECTOR", "--only", "(cn=\xff)"},
        {"sync", "\xff"},
        {"check", "\xff"},
        {"show", "\xff"},
        {"apply", "\xff"},
        {"init", "\xff"},
        {"addrtype", "register", "CONNECTOR", "\xff"},
        {"audit", "--since", "\xff"},
        {"migrate", "CONNECTOR", "\xff.csv"},
        {"run", "\xff"},
        {"\xff"},
    };
    (void)state;
    begin();
    g_auto(Said) first = PROGRAM(NULL, "sync", world->connector);
    assert_int_equal(first.status, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        const char *call[8] = {"--json"};
        char *made = NULL;
        for (size_t j = 0; calls[i][j]; j++)
            call[j + 1] = fill_in(calls[i][j], &made);
        g_auto(Said) said = program(world->folder, call);
        json_t *json = json_loads(said.out, 0, NULL);
        if (said.status == 0 || said.status > 7 || !*said.err || !g_utf8_validate(said.err, -1, NULL) ||
            (*said.out && !json))
            fail_msg("%s %s: status %d:\n%s%s", call[1], call[2], said.status, said.out, said.err);
        json_decref(json);
    }
}

/* Nor is a locale without letters, as cron has it, a reason to refuse any. */
static void letters_are_taken_in_every_locale(void **state)
{
    (void)state;
    begin();
    g_setenv("LC_ALL", "C", TRUE);
    g_auto(Said) said = PROGRAM(world->folder, "plan", "--only", "(cn=J\xc3\xb6rg)", world->connector);
    g_unsetenv("LC_ALL");
    if (said.status != 0)
        fail_msg("%d: %s", said.status, said.err);
}

#define CASE(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_verb_fits_80_columns_in_every_scene),
        CASE(a_wrong_option_is_one_line_with_a_remedy),
        CASE(a_reader_who_has_enough_is_no_trouble),
        CASE(output_that_cannot_be_written_is_told),
        CASE(colour_is_for_terminals_and_can_be_refused),
        CASE(names_cannot_steer_the_terminal),
        CASE(every_verb_is_among_them),
        CASE(bytes_that_are_no_text_break_nothing),
        CASE(letters_are_taken_in_every_locale),
    };
    return cmocka_run_group_tests_name("terminal", tests, set_up, NULL);
}

/*
 * test_command_line.c - the program as a person or a script meets it
 *
 * Words and options of every verb, each exit code of the contract, JSON that
 * can be read, no escape sequences in a pipe, and no secret anywhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define SECRET "s3cret-Passw0rd"
#define NEW_PASSWORD                                                                                         \
    "dn: " HOME_USER "\nchangetype: modify\nreplace: userPassword\nuserPassword: " SECRET "\n"

static Lab *home;
static World *world;

static void set_up(void)
{
    program_needed();
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync --port auto --user-writes");
    world = world_at(home);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(home);
    world = NULL;
    home = NULL;
    return 0;
}

static const Person three[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example", NULL},
                               {"3", "Cat Chan", "cat@globex.example", NULL},
                               NOBODY};
static const Person one[] = {{"1", "Ada Alt", "ada@globex.example", "Director"}, NOBODY};
static const Person nameless[] = {
    {"1", "Ada Alt", "ada@globex.example", NULL}, {"9", "Nobody", "", NULL}, NOBODY};

static void assert_said(const Said *said, int status, const char *out, const char *err)
{
    if (said->status != status || !strstr(said->out, out) || !strstr(said->err, err))
        fail_msg("status %d instead of %d, or without \"%s\" and \"%s\":\n%s%s", said->status, status, out,
                 err, said->out, said->err);
}

/* --- words and options --- */

static const struct {
    const char *words[5];
    const char *err;
} wrong[] = {
    {{NULL}, "--help"},
    {{"frobnicate"}, "no such verb"},
    {{"--frobnicate"}, "--help"},
    {{"init"}, "usage: dirsync init"},
    {{"init", "../up"}, "usage: dirsync init"},
    {{"init", "a", "b"}, "usage: dirsync init"},
    {{"init", "a", "--frobnicate"}, "--help"},
    {{"init", "a", "--from", "carrier-pigeon"}, "choose ldif"},
    {{"check"}, "usage: dirsync check"},
    {{"check", "a", "b"}, "usage: dirsync check"},
    {{"check", "a", "--max-delete=3"}, "--help"},
    {{"plan"}, "word"},
    {{"plan", "a", "b"}, "word"},
    {{"plan", "--frobnicate"}, "--help"},
    {{"show"}, "usage: dirsync show"},
    {{"show", "a", "b"}, "usage: dirsync show"},
    {{"show", "--rate=1", "a"}, "--help"},
    {{"apply"}, "usage: dirsync apply"},
    {{"apply", "a", "b"}, "usage: dirsync apply"},
    {{"apply", "--full", "a"}, "--help"},
    {{"sync"}, "word"},
    {{"sync", "a", "b"}, "word"},
    {{"sync", "--output=x", "a"}, "--help"},
    {{"revert"}, "usage: dirsync revert"},
    {{"revert", "a"}, "usage: dirsync revert"},
    {{"revert", "--only=x", "a", "b"}, "--help"},
    {{"proxy", "--full", "a"}, "--help"},
    {{"status", "a", "b", "c"}, "usage: dirsync status"},
    {{"status", "no-such-connector"}, "no-such-connector"},
    {{"status", "a", "--runs=-1"}, "--runs"},
    {{"status", "--verify", "a"}, "--help"},
    {{"explain"}, "usage: dirsync explain"},
    {{"explain", "a"}, "usage: dirsync explain"},
    {{"explain", "a", "b", "c"}, "usage: dirsync explain"},
    {{"explain", "--full", "a", "b"}, "--help"},
    {{"release"}, "usage: dirsync release"},
    {{"release", "a"}, "usage: dirsync release"},
    {{"release", "--only=x", "a", "b"}, "--help"},
    {{"explain", "no-such-connector", "b"}, "no-such-connector"},
    {{"serve"}, "usage: dirsync serve"},
    {{"serve", "a", "b"}, "usage: dirsync serve"},
    {{"serve", "a", "--index=b"}, "usage: dirsync serve"},
    {{"serve", "--index=a"}, "no socket"},
    {{"serve", "--index=a", "--mode=rw"}, "--mode rw"},
    {{"serve", "--index=a", "--group=no-such-group"}, "no such group"},
    {{"serve", "--index=a", "--port=70000"}, "--port"},
    {{"serve", "no-such-organisation"}, "no-such-organisation"},
    {{"run", "a", "--jobs=0"}, "--jobs"},
    {{"run", "a", "--jobs=x"}, "--jobs x: say how many runs at the same time, 1 to 64"},
    {{"run", "a", "--jobs=65"}, "--jobs 65: say"},
    {{"run", "a", "--jobs=1.5"}, "--jobs 1.5: say"},
    {{"run", "a", "--rate=inf"}, "--rate inf: say"},
    {{"serve", "--index=a", "--port=0"}, "--port 0: say which TCP port, 1 to 65535"},
    {{"serve", "--index=a", "--connections=0x10"}, "--connections 0x10: say"},
    {{"serve", "--index=a", "--old=-1"}, "--old -1: say after how many hours to warn, 0 (never), or 1 to "},
    {{"status", "--runs", "many"}, "--runs many: say how many"},
    {{"run", "a", "--rate=-1"}, "--rate"},
    {{"run", "a", "--rate=1e-13"},
     "--rate 1e-13: say how many changes a second, 0 (as fast as it goes), or 0.001 or more"},
    {{"run", "a", "--max-delete=3"}, "--help"},
    {{"run", "./no-such.xml"}, "no-such.xml"},
    {{"run", "--watch-only"}, "word"},
    {{"sync", "no-such-connector"}, "no-such-connector"},
    {{"plan", "./no-such.xml"}, "no-such.xml"},
};

static void wrong_words_end_with_6_and_say_what_is_right(void **state)
{
    (void)state;
    program_needed();
    world = world_new();
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(Said) said = program(world->folder, wrong[i].words);
        assert_said(&said, 6, "", wrong[i].err);
        assert_string_equal(said.out, "");
    }
}

static void wrong_values_of_options_end_with_6(void **state)
{
    static const char *const options[] = {"--max-delete=lots", "--only=((", "--step=export", "--rate=-1",
                                          "--rate=x"};
    (void)state;
    set_up();
    world_set_people(world, three);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_auto(Said) said = PROGRAM(NULL, "sync", world->connector, options[i]);
        assert_said(&said, 6, "", "dirsync: ");
    }
    assert_int_equal(lab_writes(home), 0);
}

/* Nothing is not everything. */
static void a_batch_of_nobody_is_refused(void **state)
{
    static const char *const options[] = {"--batch=0", "--batch=-5", "--batch=1e99", "--batch="};
    (void)state;
    set_up();
    world_set_people(world, three);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_auto(Said) said = PROGRAM(NULL, "migrate", world->connector, "--write", options[i]);
        assert_said(&said, 6, "", ": say how many people of one run, 1 to ");
    }
    assert_int_equal(lab_writes(home), 0);
}

static void help_and_version_end_well(void **state)
{
    static const char *const verbs[] = {"init",    "check",   "plan",  "show",     "apply",   "sync",
                                        "revert",  "status",  "proxy", "addrtype", "explain", "audit",
                                        "migrate", "release", "serve", "run"};
    (void)state;
    program_needed();
    g_auto(Said) version = PROGRAM(NULL, "--version");
    assert_said(&version, 0, "dirsync ", "");
    g_auto(Said) help = PROGRAM(NULL, "--help");
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        g_auto(Said) said = PROGRAM(NULL, verbs[i], "--help");
        assert_said(&said, 0, "--json", "");
        assert_said(&help, 0, verbs[i], "");
    }
}

static void init_writes_definitions_that_can_be_loaded_and_never_overwrites(void **state)
{
    (void)state;
    program_needed();
    world = world_new();
    g_auto(Said) made = PROGRAM(world->folder, "init", "initech", "--from", "ldap");
    assert_said(&made, 0, "initech.xml", "");
    g_autofree char *path = g_build_filename(world->folder, "initech.xml", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = connector_load(path, &error);
    if (!connector)
        fail_msg("%s", error->message);
    g_auto(Said) again = PROGRAM(world->folder, "init", "initech");
    assert_said(&again, 1, "", "initech.xml");
}

/* --- exit codes --- */

static void exit_codes_0_2_3_and_4(void **state)
{
    (void)state;
    set_up();
    g_autofree char *element = world_server("home", home->uri, HOME_BASE);
    world_define(world, element, NULL, NULL, "<limits disable=\"1\"/>");
    world_set_people(world, three);
    g_auto(Said) planned = PROGRAM(NULL, "plan", world->connector, "--detailed-exitcode");
    assert_said(&planned, 2, "Ada Alt", "");
    assert_int_equal(lab_writes(home), 0);
    g_auto(Said) done = PROGRAM(NULL, "sync", world->connector, "--verify");
    assert_said(&done, 0, "import: 3 created, 0 modified", "");
    g_auto(Said) nothing = PROGRAM(NULL, "sync", world->connector, "--detailed-exitcode");
    assert_said(&nothing, 0, "3 unchanged", "");
    world_set_people(world, one);
    g_auto(Said) limited = PROGRAM(NULL, "sync", world->connector);
    assert_said(&limited, 4, "import: 0 created", "--max-disable");
    g_auto(Said) lifted = PROGRAM(NULL, "sync", world->connector, "--max-disable=none", "--max-change=none",
                                  "--detailed-exitcode");
    assert_said(&lifted, 2, "2 disabled", "");
    world_set_people(world, nameless);
    g_auto(Said) quarantined = PROGRAM(NULL, "sync", world->connector, "--max-change=none");
    assert_said(&quarantined, 3, "1 quarantined", "");
    g_auto(Said) known = PROGRAM(NULL, "sync", world->connector);
    assert_said(&known, 0, "1 quarantined", "");
}

static void exit_codes_1_5_6_and_7(void **state)
{
    (void)state;
    set_up();
    world_set_people(world, three);
    g_auto(Said) unknown = PROGRAM(NULL, "revert", world->connector, "no-such-run");
    assert_int_not_equal(unknown.status, 0);
    g_auto(Said) first = PROGRAM(NULL, "sync", world->connector);
    assert_int_equal(first.status, 0);
    g_autofree char *source = g_build_filename(world->live, "people.ldif", NULL);
    g_unlink(source);
    g_auto(Said) gone = PROGRAM(NULL, "sync", world->connector);
    assert_said(&gone, 1, "", "people.ldif");
    world_set_people(world, three);
    g_autoptr(Connector) connector = world_connector(world);
    State *lock = state_open(connector, NULL, NULL);
    g_auto(Said) locked = PROGRAM(NULL, "sync", world->connector);
    state_close(lock);
    assert_said(&locked, 7, "", "another run");
    lab_slapd_kill(home);
    g_auto(Said) down = PROGRAM(NULL, "sync", world->connector);
    assert_said(&down, 5, "", home->uri);
    lab_slapd_restart(home);
    write_text(world->connector, "<connector/>");
    g_auto(Said) wrong_definition = PROGRAM(NULL, "sync", world->connector);
    assert_said(&wrong_definition, 6, "", "globex.xml:1");
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

/* Two limits: each is said once, on a line of the error; where events go, on one line. */
static void what_a_limit_refuses_is_said_once(void **state)
{
    static const char *const ways[] = {"-q", "--no-progress", "-v"};
    (void)state;
    set_up();
    g_autofree char *log = g_build_filename(world->folder, "events.json", NULL);
    g_autofree char *rest = g_strdup_printf(WORLD_NO_LIMITS "<events level=\"error\" to=\"%s\"/>", log);
    g_autofree char *element = world_server("home", home->uri, HOME_BASE);
    world_define(world, element, NULL, NULL, rest);
    world_set_people(world, three);
    g_auto(Said) first = PROGRAM(NULL, "sync", world->connector);
    assert_int_equal(first.status, 0);
    world_set_people(world, one);
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_auto(Said) said =
            PROGRAM(NULL, "sync", ways[i], "--max-disable=0", "--max-change=0", world->connector);
        assert_said(&said, 4, "", "dirsync: import: limit \"");
        if (count_of(said.err, "--max-disable") != 1 || count_of(said.err, "--max-change") != 1)
            fail_msg("%s: %s", ways[i], said.err);
    }
    g_autofree char *events = NULL;
    assert_true(g_file_get_contents(log, &events, NULL, NULL));
    assert_int_equal(count_of(events, "DS0004"), G_N_ELEMENTS(ways));
    assert_int_equal(count_of(events, "; limit \\\""), G_N_ELEMENTS(ways));
}

static void a_partial_source_is_not_passed_over_in_silence(void **state)
{
    (void)state;
    set_up();
    world_set_people(world, three);
    g_auto(Said) first = PROGRAM(NULL, "sync", world->connector);
    assert_int_equal(first.status, 0);
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_autofree char *text = people_as_ldif(one, "dc=x");
    write_text(path, text);
    g_auto(Said) said = PROGRAM(NULL, "sync", world->connector, "--max-change=none");
    assert_said(&said, 3, "nothing was removed", "");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(dirsyncGraceSince=*)"), 0);
}

static void an_interrupted_run_ends_in_good_order(void **state)
{
    (void)state;
    set_up();
    world_set_people(world, three);
    g_autofree char *path = g_canonicalize_filename(g_getenv("DIRSYNC"), NULL);
    char *argv[] = {path, (char *)"sync", world->connector, (char *)"--rate=0.5", (char *)"-q", NULL};
    GPid pid;
    assert_true(g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
    for (int i = 0; i < 500 && !lab_count(home, HOME_BASE, "(ou=Globex)"); i++)
        g_usleep(20000);
    kill(pid, SIGTERM);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    g_auto(Said) again = PROGRAM(NULL, "sync", world->connector, "--verify");
    assert_said(&again, 0, "import: ", "");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(objectClass=contact)"), 3);
}

/* --- plan, show, apply, revert, status --- */

static void a_saved_plan_is_shown_and_applied_exactly(void **state)
{
    (void)state;
    set_up();
    world_set_people(world, three);
    g_autofree char *folder = g_build_filename(world->folder, "plan", NULL);
    g_auto(Said) planned = PROGRAM(NULL, "plan", world->connector, "-o", folder);
    assert_said(&planned, 0, "saved in", "");
    assert_int_equal(lab_writes(home), 0);
    g_auto(Said) shown = PROGRAM(NULL, "show", folder);
    assert_said(&shown, 0, "Bob Baum", "");
    g_auto(Said) applied = PROGRAM(NULL, "apply", folder);
    assert_said(&applied, 0, "", "");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(objectClass=contact)"), 3);
    g_auto(Said) again = PROGRAM(NULL, "apply", folder);
    assert_int_equal(again.status, 3);
    g_auto(Said) rest = PROGRAM(NULL, "sync", world->connector, "--detailed-exitcode");
    assert_said(&rest, 0, "3 unchanged", "");
    g_auto(Said) overwritten = PROGRAM(NULL, "plan", world->connector, "-o", folder);
    assert_said(&overwritten, 1, "", folder);
}

/* --- JSON, pipes, secrets --- */

static json_t *parse(const Said *said)
{
    json_error_t error;
    json_t *json = json_loads(said->out, 0, &error);
    if (!json)
        fail_msg("%s: %s%s", error.text, said->out, said->err);
    return json;
}

static void assert_json(const Said *said, const char *member)
{
    json_t *json = parse(said);
    if (!json_object_get(json, member))
        fail_msg("no %s: %s", member, said->out);
    json_decref(json);
}

static void every_verb_speaks_json(void **state)
{
    (void)state;
    set_up();
    world_set_people(world, three);
    g_autofree char *folder = g_build_filename(world->folder, "plan", NULL);
    g_auto(Said) early = PROGRAM(NULL, "--json", "status", world->connector);
    assert_json(&early, "runs");
    g_auto(Said) check = PROGRAM(NULL, "check", "--json", world->connector);
    assert_json(&check, "findings");
    g_auto(Said) plan = PROGRAM(NULL, "plan", "--json", "-o", folder, world->connector);
    assert_json(&plan, "changes");
    g_auto(Said) show = PROGRAM(NULL, "show", "--json", folder);
    assert_json(&show, "changes");
    g_auto(Said) sync = PROGRAM(NULL, "sync", "--json", world->connector);
    assert_json(&sync, "steps");
    json_t *result = parse(&sync);
    g_autofree char *run = g_strdup(json_string_value(json_object_get(result, "run")));
    const char *step = NULL;
    json_int_t created = -1;
    int odd = json_unpack(result, "{s:{s:{s:{s:I}}}}", "steps", "import", "counts", "created", &created);
    assert_int_equal(odd, 0);
    assert_int_equal(created, 3);
    json_decref(result);
    json_t *planned = parse(&plan);
    assert_int_equal(json_unpack(planned, "{s:[{s:s}]}", "changes", "step", &step), 0);
    assert_string_equal(step, "import");
    json_decref(planned);
    g_auto(Said) apply = PROGRAM(NULL, "apply", "--json", folder);
    assert_json(&apply, "steps");
    g_auto(Said) revert = PROGRAM(NULL, "revert", "--json", world->connector, run);
    assert_json(&revert, "steps");
    g_auto(Said) status = PROGRAM(NULL, "status", "--json", world->connector);
    assert_json(&status, "runs");
    g_auto(Said) init = PROGRAM(world->folder, "init", "--json", "initech");
    assert_json(&init, "files");
    lab_slapd_kill(home);
    g_auto(Said) down = PROGRAM(NULL, "sync", "--json", world->connector);
    assert_int_equal(down.status, 5);
    assert_json(&down, "error");
    lab_slapd_restart(home);
}

/* --- by cron, which mails whatever is printed --- */

/* The line of contrib/cron, of this program and this connector; g_free(). */
static char *cron_command(void)
{
    g_autofree char *file = lab_source_file("contrib/cron/dirsync"), *text = text_of(file);
    const char *line = strstr(text, "  dirsync  ");
    assert_non_null(line);
    g_autoptr(GString) command = g_string_new(line + strlen("  dirsync  "));
    assert_int_equal(g_string_replace(command, "/usr/bin/dirsync", g_getenv("DIRSYNC"), 0), 1);
    assert_int_equal(g_string_replace(command, "/var/lib/dirsync", world->state, 0), 1);
    assert_int_equal(g_string_replace(command, " globex ", " \"$CONNECTOR\" ", 0), 1);
    return g_strdup(command->str);
}

static void assert_cron_mails(const char *command, const char *text)
{
    g_autofree char *out = NULL, *err = NULL;
    const char *const words[] = {"/bin/sh", "-c", command, NULL};
    assert_true(
        g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, NULL, NULL));
    if (*out || !text != !*err || (text && !strstr(err, text)))
        fail_msg("instead of %s:\n%s%s", text ? text : "nothing", out, err);
}

static void cron_mails_when_there_is_something_to_say(void **state)
{
    (void)state;
    set_up();
    g_setenv("CONNECTOR", world->connector, TRUE);
    g_autofree char *command = cron_command();
    world_set_people(world, three);
    assert_cron_mails(command, NULL);
    assert_int_equal(lab_count(home, HOME_BASE, "(objectClass=contact)"), 3);
    world_set_people(world, nameless);
    assert_cron_mails(command, "DS0400");
    g_unlink(world->connector);
    assert_cron_mails(command, "globex.xml");
    g_unsetenv("CONNECTOR");
}

/* --- explain, release --- */

static void explain_tells_why_and_writes_nothing(void **state)
{
    (void)state;
    set_up();
    world_set_people(world, three);
    g_auto(Said) before = PROGRAM(NULL, "explain", world->connector, "ada@globex.example");
    assert_said(&before, 0, "situation: new", "");
    assert_int_equal(lab_writes(home), 0);
    g_auto(Said) sync = PROGRAM(NULL, "sync", world->connector);
    assert_int_equal(sync.status, 0);
    int64_t writes = (int64_t)lab_writes(home);
    g_auto(Said) after = PROGRAM(NULL, "explain", world->connector, "ada@globex.example");
    assert_said(&after, 0, "situation: in-sync", "");
    assert_said(&after, 0, "last changes", "");
    g_auto(Said) nobody = PROGRAM(NULL, "explain", world->connector, "nobody@globex.example");
    assert_said(&nobody, 1, "", "not found; looked in");
    g_auto(Said) json = PROGRAM(NULL, "explain", "--json", world->connector, "SMTP:ada@globex.example");
    assert_json(&json, "recipients");
    g_auto(Said) none = PROGRAM(NULL, "explain", "--json", world->connector, "nobody@globex.example");
    assert_said(&none, 1, "\"reachable\":true", "not found");
    assert_said(&none, 1, "\"error_kind\":\"not-found\"", "");
    assert_int_equal(lab_writes(home), writes);
    lab_slapd_kill(home);
    g_auto(Said) out_of_reach = PROGRAM(NULL, "explain", "--json", world->connector, "nobody@globex.example");
    assert_said(&out_of_reach, 5, "\"reachable\":false", "");
    g_auto(Said) down = PROGRAM(NULL, "explain", world->connector, "ada@globex.example");
    assert_said(&down, 0, "note: the home directory cannot be asked", "");
    assert_said(&down, 0, "link: anchor", "");
    g_auto(Said) unknown = PROGRAM(NULL, "explain", world->connector, "nobody@globex.example");
    assert_said(&unknown, 5, "", "cannot be asked");
    lab_slapd_restart(home);
}

static void what_is_released_stays_so_until_that_is_taken_back(void **state)
{
    (void)state;
    set_up();
    world_set_people(world, three);
    g_auto(Said) sync = PROGRAM(NULL, "sync", world->connector);
    assert_int_equal(sync.status, 0);
    int64_t writes = (int64_t)lab_writes(home);
    g_auto(Said) dry = PROGRAM(NULL, "release", "-n", world->connector, "ada@globex.example");
    assert_said(&dry, 0, "nothing was written", "");
    assert_int_equal(lab_writes(home), writes);
    g_auto(Said) release = PROGRAM(NULL, "release", "--json", world->connector, "ada@globex.example");
    assert_json(&release, "steps");
    json_t *result = parse(&release);
    g_autofree char *run = g_strdup(json_string_value(json_object_get(result, "run")));
    json_decref(result);
    assert_int_equal(lab_writes(home), writes + 1);
    world_set_people(world, one);
    g_auto(Said) again = PROGRAM(NULL, "sync", "--step=import", "--max-disable=none", world->connector);
    assert_said(&again, 0, "import: 0 created, 0 modified", "");
    g_auto(Said) twice = PROGRAM(NULL, "release", world->connector, "ada@globex.example");
    assert_said(&twice, 1, "", "is not an object of this connector");
    g_auto(Said) why = PROGRAM(NULL, "explain", world->connector, "ada@globex.example");
    assert_said(&why, 0, "situation: released", "");
    g_auto(Said) revert = PROGRAM(NULL, "revert", world->connector, run);
    assert_said(&revert, 0, "1 modified", "");
    g_auto(Said) back = PROGRAM(NULL, "sync", world->connector);
    assert_said(&back, 0, "1 modified", "");
}

static void assert_plain(const Said *said)
{
    assert_null(strchr(said->out, '\033'));
    assert_null(strchr(said->err, '\033'));
    assert_null(strchr(said->out, '\r'));
    assert_null(strchr(said->err, '\r'));
}

static void a_pipe_gets_plain_text_whatever_a_name_holds(void **state)
{
    static const Person hostile[] = {{"1", "Ada \033[31mred", "ada@globex.example", "bell \a"},
                                     {"2", "Bob Baum", "bob@globex.example", NULL},
                                     NOBODY};
    (void)state;
    set_up();
    world_set_people(world, hostile);
    g_auto(Said) plan = PROGRAM(NULL, "plan", world->connector, "-v", "--progress");
    g_auto(Said) sync = PROGRAM(NULL, "sync", world->connector, "-vv");
    g_auto(Said) status = PROGRAM(NULL, "status", world->connector, "-v");
    g_auto(Said) check = PROGRAM(NULL, "check", world->connector);
    const Said *all[] = {&plan, &sync, &status, &check};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        assert_plain(all[i]);
}

static void assert_no_secret(const char *text, const char *where)
{
    if (strstr(text, SECRET))
        fail_msg("%s holds the secret: %s", where, text);
}

static void assert_no_secret_below(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
        const char *name;
        while (folder && (name = g_dir_read_name(folder))) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            assert_no_secret_below(child);
        }
        return;
    }
    g_autofree char *data = NULL;
    gsize len = 0;
    assert_true(g_file_get_contents(path, &data, &len, NULL));
    if (!g_str_has_suffix(path, ".password") && memmem(data, len, SECRET, strlen(SECRET)))
        fail_msg("%s holds the secret", path);
}

/* One way to give the password; the right one and, after the server has another, a wrong one. */
static void try_secret(const char *password)
{
    g_autofree char *log = g_build_filename(world->live, "events.json", NULL);
    g_autofree char *folder = g_build_filename(world->live, "plan", NULL);
    g_autofree char *element =
        g_strdup_printf("<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE
                        "\"><bind method=\"simple\" dn=\"" HOME_USER "\">%s</bind></home>",
                        home->ldap_uri, password);
    g_autofree char *rest = g_strdup_printf(WORLD_NO_LIMITS "<events level=\"debug\" to=\"%s\"/>", log);
    world_define(world, element, NULL, NULL, rest);
    g_auto(Said) check = PROGRAM(NULL, "check", world->connector);
    g_auto(Said) plan = PROGRAM(NULL, "plan", world->connector, "-v", "-o", folder);
    g_auto(Said) sync = PROGRAM(NULL, "sync", world->connector, "-vv");
    g_auto(Said) json = PROGRAM(NULL, "sync", world->connector, "--json", "-vv");
    const Said *all[] = {&check, &plan, &sync, &json};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        assert_no_secret(all[i]->out, "standard output");
        assert_no_secret(all[i]->err, "standard error");
    }
    assert_int_equal(sync.status, json.status);
    assert_no_secret_below(world->live);
    remove_folder(folder);
}

static void secrets_appear_nowhere(void **state)
{
    (void)state;
    set_up();
    world_set_people(world, three);
    g_autofree char *path = g_build_filename(world->folder, "home.password", NULL);
    g_autofree char *command = g_strdup_printf("<password command=\"cat %s\"/>", path);
    write_text(path, SECRET "\n");
    g_setenv("HOME_PASSWORD", SECRET, TRUE);
    const char *const ways[] = {"<password file=\"home.password\"/>",
                                "<password environment=\"HOME_PASSWORD\"/>", command};
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
        try_secret(ways[i]); /* refused: the server knows another */
    assert_int_equal(lab_count(home, HOME_BASE, "(objectClass=contact)"), 0);
    lab_ldif_load(home, NEW_PASSWORD);
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
        try_secret(ways[i]);
    assert_int_equal(lab_count(home, HOME_BASE, "(objectClass=contact)"), 3);
    g_chmod(path, 0644);
    g_auto(Said) open_to_all = PROGRAM(NULL, "check", world->connector);
    assert_no_secret(open_to_all.out, "standard output");
    g_unsetenv("HOME_PASSWORD");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(wrong_words_end_with_6_and_say_what_is_right),
        CASE(wrong_values_of_options_end_with_6),
        CASE(a_batch_of_nobody_is_refused),
        CASE(help_and_version_end_well),
        CASE(init_writes_definitions_that_can_be_loaded_and_never_overwrites),
        CASE(exit_codes_0_2_3_and_4),
        CASE(exit_codes_1_5_6_and_7),
        CASE(what_a_limit_refuses_is_said_once),
        CASE(cron_mails_when_there_is_something_to_say),
        CASE(a_partial_source_is_not_passed_over_in_silence),
        CASE(an_interrupted_run_ends_in_good_order),
        CASE(a_saved_plan_is_shown_and_applied_exactly),
        CASE(every_verb_speaks_json),
        CASE(explain_tells_why_and_writes_nothing),
        CASE(what_is_released_stays_so_until_that_is_taken_back),
        CASE(a_pipe_gets_plain_text_whatever_a_name_holds),
        CASE(secrets_appear_nowhere),
    };
    return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}

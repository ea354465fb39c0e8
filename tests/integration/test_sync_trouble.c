/*
 * test_sync_trouble.c - whole runs against servers that do not play along
 *
 * Read-only, wrong password, cut in the middle of writing, size limits, no
 * schema, two runs at once: nothing is half-done that the next run does not
 * finish. Runs that are killed are in tests/crash/.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/check.h"
#include "dirsync/explain.h"
#include "tests/crash/crash.h"
#include "tests/lab/sync_case.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define MANY 60
#define READ_ONLY(value)                                                                                     \
    "dn: " LAB_DATABASE "\nchangetype: modify\nreplace: olcReadOnly\nolcReadOnly: " value "\n"
#define AS_USER                                                                                              \
    "<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE "\" timeout=\"10\">"                                \
    "<bind method=\"simple\" dn=\"" HOME_USER "\"><password environment=\"LAB_PASSWORD\"/></bind></home>"

static Lab *home;
static World *world;

static void set_up_with(const char *options)
{
    lab_skip_unless_slapd();
    home = lab_slapd_start(options);
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

static void define_as_user(const char *password)
{
    g_autofree char *element = g_strdup_printf(AS_USER, home->ldap_uri);
    g_setenv("LAB_PASSWORD", password, TRUE);
    world_define(world, element, NULL, NULL, NULL);
}

static const Person three[] = {{"1", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL},
                               {"3", "Cat Chan", "cat@globex.example", NULL},
                               NOBODY};
static const Person changed[] = {{"1", "Ada Anders", "ada@globex.example", "Director"},
                                 {"3", "Cat Chan", "cat@globex.example bob@globex.example", NULL},
                                 {"4", "Dan Dorn", "dan@globex.example", NULL},
                                 NOBODY};

/* @n people; the texts live as long as the program. */
static Person *crowd(size_t n, const char *title)
{
    Person *people = g_new0(Person, n + 1);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *anchor = g_strdup_printf("%zu", i + 1);
        g_autofree char *name = g_strdup_printf("Person %zu", i + 1);
        g_autofree char *mail = g_strdup_printf("p%zu@globex.example", i + 1);
        people[i] = (Person){g_intern_string(anchor), g_intern_string(name), g_intern_string(mail), title};
    }
    return people;
}

static void assert_quiet(void)
{
    unsigned long before = lab_writes(home);
    world_sync(world, "");
    assert_int_equal(lab_writes(home), before);
}

/* --- servers that refuse --- */

static void a_read_only_home_stops_the_first_import(void **state)
{
    (void)state;
    set_up_with("--nosync --read-only");
    world_set_people(world, three);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 1);
    assert_non_null(ran.error);
    assert_non_null(strstr(ran.error->message, "; "));
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_CREATED], 0);
    assert_int_equal(lab_count(home, HOME_BASE, "(objectClass=contact)"), 0);
    lab_configure(home, READ_ONLY("FALSE"));
    world_sync(world, "3 created");
    assert_quiet();
}

static void a_home_that_became_read_only_stays_as_it_is(void **state)
{
    (void)state;
    set_up_with("--nosync --unique");
    world_set_people(world, three);
    world_sync(world, "3 created");
    g_autofree char *before = lab_dump(home, HOME_BASE, NULL);
    lab_configure(home, READ_ONLY("TRUE"));
    world_set_people(world, changed);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 1);
    assert_non_null(ran.error);
    g_autofree char *after = lab_dump(home, HOME_BASE, NULL);
    assert_string_equal(after, before);
    lab_configure(home, READ_ONLY("FALSE"));
    g_auto(Ran) again = world_sync_with(world, NULL);
    assert_int_equal(again.result.step[STEP_IMPORT].counts.of[COUNT_FAILED], 0);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(cn=Ada Anders)"), 1);
}

static void a_wrong_password_is_tried_once(void **state)
{
    (void)state;
    set_up_with("--nosync --port auto");
    define_as_user("not-the-secret");
    world_set_people(world, three);
    unsigned long binds = lab_operations(home, "Bind");
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 1);
    assert_null(strstr(ran.error->message, "not-the-secret"));
    /* The second look binds too. */
    assert_int_equal(lab_operations(home, "Bind") - binds, 2);
    assert_int_equal(lab_writes(home), 0);
}

/* Whoever asks what is the matter must not lock the account either. */
static void explaining_tries_a_wrong_password_once(void **state)
{
    (void)state;
    set_up_with("--nosync --port auto");
    define_as_user("not-the-secret");
    world_set_people(world, three);
    g_autoptr(Connector) connector = world_connector(world);
    unsigned long binds = lab_operations(home, "Bind");
    g_autoptr(GError) error = NULL;
    g_autoptr(Explanation) explanation = explain(connector, world->state, "ada@globex.example", &error);
    assert_null(explanation);
    assert_true(error_is(error, ERROR_UNREACHABLE));
    assert_int_equal(lab_operations(home, "Bind") - binds, 2); /* the second look binds too */
}

static void a_user_who_may_not_write_is_told_so(void **state)
{
    (void)state;
    set_up_with("--nosync --port auto");
    define_as_user("secret");
    world_set_people(world, three);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 1);
    assert_int_equal(lab_count(home, HOME_BASE, "(objectClass=contact)"), 0);
}

/* --- cut in the middle --- */

static pid_t sync_slowly(double rate)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        crash_own_chance();
        g_autoptr(Connector) connector = connector_load(world->connector, NULL);
        RunOptions options = run_options(connector);
        options.rate = rate;
        Ran ran = world_sync_with(world, &options);
        _exit(ran.status);
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void wait_for_entries(size_t n)
{
    for (int i = 0; i < 500; i++) {
        if (lab_count(home, HOME_BASE, "(objectClass=contact)") >= n)
            return;
        g_usleep(20000);
    }
    fail_msg("fewer than %zu entries arrived", n);
}

static void a_connection_cut_in_the_middle_of_writing_is_made_good_by_the_next_run(void **state)
{
    (void)state;
    set_up_with("--unique");
    g_autofree Person *people = crowd(MANY, NULL);
    world_set_people(world, people);
    pid_t pid = sync_slowly(40);
    wait_for_entries(10);
    lab_slapd_kill(home);
    assert_int_equal(status_of(pid), 5);
    lab_slapd_restart(home);
    size_t there = lab_count(home, WORLD_CONTAINER, "(objectClass=contact)");
    assert_true(there >= 10 && there < MANY);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 0);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_CREATED], MANY - there);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(objectClass=contact)"), MANY);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(cn=*\\28*)"), 0);
    assert_quiet();
}

static void a_second_run_at_the_same_time_is_refused(void **state)
{
    (void)state;
    set_up_with("--nosync");
    g_autofree Person *people = crowd(MANY, NULL);
    world_set_people(world, people);
    pid_t pid = sync_slowly(60);
    wait_for_entries(1);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 7);
    assert_int_equal(status_of(pid), 0);
    assert_quiet();
}

/* --- what check says --- */

static bool finds(FindingKind kind, const char *text, const char *remedy)
{
    g_autoptr(Connector) connector = world_connector(world);
    g_autoptr(GPtrArray) findings = check_connector(connector);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (finding->kind == kind && strstr(finding->text, text) &&
            (!remedy || (finding->remedy && strstr(finding->remedy, remedy))))
            return true;
    }
    return false;
}

static void more_entries_than_the_bind_may_read_stop_the_run_and_check_says_what_to_do(void **state)
{
    (void)state;
    set_up_with("--nosync --port auto --user-writes");
    g_autoptr(GString) ldif = g_string_new(NULL);
    for (int i = 0; i < 510; i++)
        g_string_append_printf(ldif, "dn: cn=n%d," HOME_BASE "\nobjectClass: contact\ncn: n%d\n\n", i, i);
    lab_ldif_load(home, ldif->str);
    define_as_user("secret");
    world_set_people(world, three);
    unsigned long before = lab_writes(home);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 1);
    assert_non_null(strstr(ran.error->message, "could not be read whole"));
    assert_int_equal(lab_writes(home), before);
    assert_true(
        finds(FINDING_ERROR, "could be read", "olcLimits: dn.exact=\"" HOME_USER "\" size=unlimited"));
    lab_configure(home, "dn: " LAB_DATABASE "\nchangetype: modify\nadd: olcLimits\n"
                        "olcLimits: dn.exact=\"" HOME_USER "\" size=unlimited time=unlimited\n");
    assert_false(finds(FINDING_ERROR, "", NULL));
    world_sync(world, "3 created");
}

static void without_our_schema_check_lists_what_is_missing(void **state)
{
    (void)state;
    set_up_with("--nosync --no-schema");
    world_set_people(world, three);
    assert_true(finds(FINDING_ERROR, "importedFrom", "dirsync.ldif"));
    assert_true(finds(FINDING_ERROR, "dirsyncAnchor", "dirsync.ldif"));
    assert_true(finds(FINDING_ERROR, "dirsyncStamp", "dirsync.ldif"));
    assert_true(finds(FINDING_ERROR, "msExchHideFromAddressLists", NULL));
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 6);
    assert_int_equal(lab_count(home, HOME_BASE, "(objectClass=*)"), 2);
}

static void check_tells_a_server_that_is_ready_from_one_that_is_not(void **state)
{
    (void)state;
    static const char *const everything[] = {"*", "+", NULL};
    set_up_with("--nosync --no-indexes");
    world_set_people(world, three);
    g_autofree char *before = lab_dump(home, HOME_BASE, everything);
    assert_false(finds(FINDING_ERROR, "", NULL));
    assert_true(finds(FINDING_WARNING, "no equality index", "olcDbIndex: proxyAddresses"));
    assert_true(finds(FINDING_WARNING, "unique", "unique.ldif"));
    g_autofree char *after = lab_dump(home, HOME_BASE, everything);
    assert_string_equal(after, before);
}

/* The lines that are printed are given to the server as they are. */
static char *remedy_of(FindingKind kind, const char *text)
{
    g_autoptr(Connector) connector = world_connector(world);
    g_autoptr(GPtrArray) findings = check_connector(connector);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (finding->kind == kind && strstr(finding->text, text))
            return g_strdup(finding->remedy);
    }
    fail_msg("no finding says \"%s\"", text);
    return NULL;
}

static void check_says_how_a_first_import_gets_on_faster_and_how_to_turn_that_back(void **state)
{
    (void)state;
    set_up_with("--unique");
    world_set_people(world, three);
    g_autofree char *remedy = remedy_of(FINDING_NOTE, "waits for its disk");
    char *on = strstr(remedy, "dn: "), *off = on ? strstr(on + 1, "dn: ") : NULL;
    assert_non_null(off);
    g_autofree char *first = g_strndup(on, (gsize)(strstr(on, "TRUE") + strlen("TRUE") - on));
    g_autofree char *switch_on = g_strconcat(first, "\n", NULL);
    lab_configure(home, switch_on);
    assert_true(finds(FINDING_NOTE, "does not wait for its disk", "olcDbNoSync: FALSE"));
    assert_false(finds(FINDING_WARNING, "disk", NULL));
    world_sync(world, "3 created");
    assert_true(finds(FINDING_WARNING, "the first import is over", "olcDbNoSync: FALSE"));
    g_autofree char *switch_off = g_strconcat(off, "\n", NULL);
    lab_configure(home, switch_off);
    assert_false(finds(FINDING_WARNING, "disk", NULL));
    assert_false(finds(FINDING_NOTE, "disk", NULL)); /* no longer the first */
}

static void check_has_a_hint_where_the_settings_cannot_be_read(void **state)
{
    (void)state;
    set_up_with("--nosync --port auto --user-writes");
    define_as_user("secret");
    world_set_people(world, three);
    assert_true(finds(FINDING_NOTE, "olcDbNoSync", "dirsync-check(1)"));
    world_sync(world, "3 created");
    assert_false(finds(FINDING_NOTE, "olcDbNoSync", NULL));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_read_only_home_stops_the_first_import),
        CASE(a_home_that_became_read_only_stays_as_it_is),
        CASE(a_wrong_password_is_tried_once),
        CASE(explaining_tries_a_wrong_password_once),
        CASE(a_user_who_may_not_write_is_told_so),
        CASE(a_connection_cut_in_the_middle_of_writing_is_made_good_by_the_next_run),
        CASE(a_second_run_at_the_same_time_is_refused),
        CASE(more_entries_than_the_bind_may_read_stop_the_run_and_check_says_what_to_do),
        CASE(without_our_schema_check_lists_what_is_missing),
        CASE(check_tells_a_server_that_is_ready_from_one_that_is_not),
        CASE(check_says_how_a_first_import_gets_on_faster_and_how_to_turn_that_back),
        CASE(check_has_a_hint_where_the_settings_cannot_be_read),
    };
    return cmocka_run_group_tests_name("sync_trouble", tests, NULL, NULL);
}

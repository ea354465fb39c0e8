/*
 * test_reconciliation_slapd.c - two address lists on two real servers, beside each other
 *
 * Nothing is written, which the servers count; it works while a run has the lock, and
 * what one server does not say of itself is told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include "dirsync/reconciliation.h"
#include "dirsync/state.h"

#include <string.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define PERSON(uid) "uid=" uid "," SOURCE_PEOPLE
#define OURS(cn) "cn=" cn "," WORLD_CONTAINER
#define IN_SCOPE "<source><filter>(&amp;(objectClass=inetOrgPerson)(!(title=Temp)))</filter></source>"
#define AS_USER                                                                                              \
    "<foreign driver=\"ldap\" uri=\"%s\" base=\"" SOURCE_BASE "\" timeout=\"10\">"                           \
    "<bind method=\"simple\" dn=\"" SOURCE_USER                                                              \
    "\"><password environment=\"LAB_PASSWORD\"/></bind></foreign>"

static Lab *source, *home;
static World *world;

static const Person staff[] = {{"ada", "Ada Alt", "ada@globex.example", "Engineer"},
                               {"bob", "Bob Baum", "bob@globex.example", NULL},
                               {"cat", "Cat Chan", "cat@globex.example", NULL},
                               {"dan", "Dan Dorn", "dan@globex.example", "Temp"},
                               NOBODY};

static void define(bool as_user)
{
    g_autofree char *to = world_server("home", home->uri, HOME_BASE);
    g_autofree char *from = as_user ? g_strdup_printf(AS_USER, source->ldap_uri)
                                    : world_server("foreign", source->uri, SOURCE_BASE);
    g_setenv("LAB_PASSWORD", "secret", TRUE);
    world_define(world, to, from, IN_SCOPE "<grace days=\"30\"/>", NULL);
}

static int set_up(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    source = lab_slapd_start("--nosync --no-schema --port auto --suffix " SOURCE_BASE);
    home = lab_slapd_start("--nosync --unique");
    world = world_between(source, home);
    define(false);
    lab_ldif_load(source, "dn: " SOURCE_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    g_autofree char *ldif = people_as_ldif(staff, SOURCE_PEOPLE);
    lab_ldif_load(source, ldif);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(source);
    lab_slapd_stop(home);
    world = NULL;
    source = home = NULL;
    return 0;
}

/* --- rows as text --- */

static void add_row(const Reconciliation *row, void *data)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%s: %s | %s\n", row->reason_id ? row->reason_id : "same",
                           row->source_dn ? row->source_dn : "", row->target_dn ? row->target_dn : "");
    for (size_t i = 0; i < row->n_differences; i++)
        g_string_append_printf(line, "  %s: %s -> %s\n", row->differences[i].attribute,
                               row->differences[i].have[0] ? row->differences[i].have[0] : "",
                               row->differences[i].want[0] ? row->differences[i].want[0] : "");
    g_ptr_array_add(data, g_string_free(line, FALSE));
}

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* @incomplete: a pattern; NULL: everything could be judged. */
static void looks_like(const char *rows, const char *incomplete)
{
    unsigned long before = lab_writes(home) + lab_writes(source);
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = world_connector(world);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *doubts = NULL;
    if (!reconciliation_run(connector, NULL, add_row, lines, &doubts, &error))
        fail_msg("%s", error->message);
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    g_autofree char *now = g_strjoinv("", (char **)lines->pdata);
    assert_string_equal(now, rows);
    assert_int_equal(lab_writes(home) + lab_writes(source), before);
    if (incomplete ? !doubts || !g_pattern_match_simple(incomplete, doubts) : doubts != NULL)
        fail_msg("incomplete: %s", doubts);
}

#define USER "filtered-out: " SOURCE_USER " | \n" /* the lab's own */
#define TEMP "filtered-out: " PERSON("dan") " | \n"

static void before_anything_has_run_everybody_is_new(void **state)
{
    (void)state;
    looks_like(TEMP "new: " PERSON("ada") " | \nnew: " PERSON("bob") " | \nnew: " PERSON("cat") " | \n",
               NULL);
    assert_int_equal(lab_count(home, HOME_BASE, "(ou=Globex)"), 0);
    assert_false(g_file_test(world->state, G_FILE_TEST_EXISTS));
}

static void what_has_changed_on_either_side_is_told_with_its_reason(void **state)
{
    (void)state;
    world_sync(world, "3 created");
    lab_ldif_load(
        source, "dn: " PERSON("ada") "\nchangetype: modify\nreplace: title\ntitle: Director\n\n"
                                     "dn: " PERSON(
                                         "bob") "\nchangetype: modify\nreplace: title\ntitle: Temp\n\n"
                                                "dn: " PERSON("dan") "\nchangetype: modify\ndelete: title\n");
    lab_ldif_load(
        home,
        "dn: " OURS("Cat Chan") "\nchangetype: modify\nreplace: mail\nmail: x@globex.example\n\n"
                                "dn: " OURS("Nat") "\nchangetype: add\nobjectClass: contact\ncn: Nat\nmail: "
                                                   "nat@example.com\n");
    looks_like("changed-by-hand: " PERSON("cat") " | " OURS(
                   "Cat Chan") "\n  mail: x@globex.example -> cat@globex.example\n"
                               "changed: " PERSON("ada") " | " OURS(
                                   "Ada Alt") "\n  title: Engineer -> Director\n"
                                              "filtered-out: " PERSON("bob") " | " OURS(
                                                  "Bob Baum") "\n"
                                                              "native:  | " OURS("Nat") "\n"
                                                                                        "new: " PERSON(
                                                                                            "dan") " | \n",
               NULL);
}

static void it_works_while_a_run_has_the_lock_and_leaves_the_state_as_it_is(void **state)
{
    (void)state;
    world_sync(world, "3 created");
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = world_connector(world);
    g_autoptr(State) running = state_open(connector, NULL, &error);
    if (!running)
        fail_msg("%s", error->message);
    assert_true(state_begin(running, NULL)); /* it is writing */
    assert_true(state_set(running, "test", "written", NULL));
    looks_like(TEMP "same: " PERSON("ada") " | " OURS("Ada Alt") "\nsame: " PERSON("bob") " | " OURS(
                   "Bob Baum") "\nsame: " PERSON("cat") " | " OURS("Cat Chan") "\n",
               NULL);
    assert_true(state_commit(running, NULL));
}

/* Without the right to search an attribute a filter with it is undefined, and so is its opposite. */
static void somebody_whom_the_server_does_not_find_is_told_as_not_shown(void **state)
{
    (void)state;
    define(true);
    lab_configure(
        source, "dn: " LAB_DATABASE "\nchangetype: modify\nreplace: olcAccess\n"
                "olcAccess: {0}to attrs=userPassword by anonymous auth by * none\n"
                "olcAccess: {1}to dn.exact=\"" PERSON("cat") "\" attrs=title by * =rcx\n"
                                                             "olcAccess: {2}to * by users read by * auth\n");
    looks_like(TEMP "new: " PERSON("ada") " | \nnew: " PERSON("bob") " | \n"
                                                                     "not-shown: " PERSON("cat") " | \n",
               NULL);
}

static void a_server_that_is_down_is_an_error_and_says_so(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = world_connector(world);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *doubts = NULL;
    lab_slapd_kill(source);
    assert_false(reconciliation_run(connector, NULL, add_row, lines, &doubts, &error));
    assert_true(error_is(error, ERROR_UNREACHABLE));
    assert_int_equal(lines->len, 0);
    lab_slapd_restart(source);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(before_anything_has_run_everybody_is_new),
        CASE(what_has_changed_on_either_side_is_told_with_its_reason),
        CASE(it_works_while_a_run_has_the_lock_and_leaves_the_state_as_it_is),
        CASE(somebody_whom_the_server_does_not_find_is_told_as_not_shown),
        CASE(a_server_that_is_down_is_an_error_and_says_so),
    };
    return cmocka_run_group_tests_name("reconciliation between two servers", tests, NULL, NULL);
}

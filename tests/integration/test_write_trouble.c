/*
 * test_write_trouble.c - whole runs whose writes meet trouble, at an operation that is named
 *
 * The home directory is a real slapd behind something that meddles (tests/lab/meddler.h): busy,
 * answers that get lost, connections that go, a server that goes for good while another URI
 * is named, a password that is refused all of a sudden. What the server did is counted
 * there: nothing that was done is sent a second time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/event.h"
#include "tests/crash/crash.h"
#include "tests/lab/meddler.h"
#include "tests/lab/sync_case.h"
#include "tests/lab/tree.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define MANY 60
#define WRITES (MANY + 1) /* the container is made first */
#define CONTACTS "(objectClass=contact)"

static Lab *home;
static World *world;
static Meddler *meddler;

static void define(const char *uris, const char *attributes)
{
    g_autofree char *element = g_strdup_printf("<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE
                                               "\" %s><bind method=\"external\"/></home>",
                                               uris, attributes);
    world_define(world, element, NULL, WORLD_FILE_IMPORT "<grace days=\"0\"/>", NULL);
}

static void set_up_with(const char *options, const char *attributes)
{
    lab_skip_unless_slapd();
    home = lab_slapd_start(options);
    meddler = meddler_start(home->uri);
    world = world_new();
    define(meddler_uri(meddler), attributes);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    meddler_stop(meddler);
    lab_slapd_stop(home);
    world = NULL;
    meddler = NULL;
    home = NULL;
    return 0;
}

/* The texts live as long as the program. */
static void crowd(void)
{
    g_autofree Person *people = g_new0(Person, MANY + 1);
    for (size_t i = 0; i < MANY; i++) {
        g_autofree char *anchor = g_strdup_printf("%zu", i + 1);
        g_autofree char *name = g_strdup_printf("Person %zu", i + 1);
        g_autofree char *mail = g_strdup_printf("p%zu@globex.example", i + 1);
        people[i] = (Person){g_intern_string(anchor), g_intern_string(name), g_intern_string(mail), NULL};
    }
    world_set_people(world, people);
}

static size_t created(const Ran *ran)
{
    return ran->result.step[STEP_IMPORT].counts.of[COUNT_CREATED];
}

static size_t failed(const Ran *ran)
{
    return ran->result.step[STEP_IMPORT].counts.of[COUNT_FAILED];
}

static void assert_well(const Ran *ran, size_t n)
{
    if (ran->error)
        fail_msg("%s", ran->error->message);
    assert_int_equal(ran->status, 0);
    assert_int_equal(created(ran), n);
    assert_int_equal(failed(ran), 0);
}

/* Everybody is there, and a further run writes nothing. */
static void assert_finished(void)
{
    assert_int_equal(lab_count(home, WORLD_CONTAINER, CONTACTS), MANY);
    meddler_plan(meddler, MEDDLE_NOT, 0, 0, 0);
    unsigned long before = lab_writes(home);
    world_sync(world, "");
    assert_int_equal(lab_writes(home), before);
}

/* --- results that ask for patience --- */

static void what_a_busy_server_refuses_is_sent_again(void **state)
{
    (void)state;
    static const int results[] = {51, 52, 3}; /* busy, unavailable, out of time */
    for (size_t i = 0; i < G_N_ELEMENTS(results); i++) {
        set_up_with("--nosync", "");
        crowd();
        meddler_plan(meddler, MEDDLE_ANSWER, results[i], 5, 12);
        g_auto(Ran) ran = world_sync_with(world, NULL);
        assert_well(&ran, MANY);
        assert_int_equal(meddler_writes(meddler), WRITES + 8);
        assert_int_equal(lab_operations(home, "Add"), WRITES);
        assert_finished();
        tear_down(NULL);
    }
}

static void a_limit_met_by_one_entry_concerns_that_one_alone(void **state)
{
    (void)state;
    set_up_with("--nosync", "");
    crowd();
    meddler_plan(meddler, MEDDLE_ANSWER, 11, 5, 5); /* Active Directory: too many values */
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 3);
    assert_int_equal(created(&ran), MANY - 1);
    assert_int_equal(failed(&ran), 1);
    meddler_plan(meddler, MEDDLE_NOT, 0, 0, 0);
    world_sync(world, "1 created");
    assert_finished();
}

/* --- answers that do not come --- */

static void an_answer_that_got_lost_is_asked_for(void **state)
{
    (void)state;
    static const Meddling ways[] = {MEDDLE_CUT_AFTER, MEDDLE_SWALLOW};
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        set_up_with("--nosync", "timeout=\"2\" window=\"1\"");
        crowd();
        unsigned long before = event_count(EVENT_RECONNECTED);
        meddler_plan(meddler, ways[i], 0, 20, 20);
        g_auto(Ran) ran = world_sync_with(world, NULL);
        assert_well(&ran, MANY);
        assert_int_equal(event_count(EVENT_RECONNECTED) - before, 1);
        assert_int_equal(lab_operations(home, "Add"), WRITES); /* none twice */
        assert_finished();
        tear_down(NULL);
    }
}

static void where_the_question_gets_lost_too_it_is_asked_again(void **state)
{
    (void)state;
    set_up_with("--nosync", "window=\"1\"");
    crowd();
    meddler_plan(meddler, MEDDLE_CUT_AFTER, 0, 20, 20);
    meddler_cut_searches(meddler, 1);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_well(&ran, MANY);
    assert_int_equal(lab_operations(home, "Add"), WRITES); /* none twice */
    assert_finished();
}

static void what_never_arrived_is_sent_once_it_is_known(void **state)
{
    (void)state;
    set_up_with("--nosync", "");
    crowd();
    meddler_plan(meddler, MEDDLE_CUT_BEFORE, 0, 20, 20);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_well(&ran, MANY);
    assert_finished();
}

static void a_connection_that_goes_again_and_again_is_made_again(void **state)
{
    (void)state;
    set_up_with("--nosync", "window=\"4\"");
    crowd();
    meddler_plan(meddler, MEDDLE_CUT_AFTER, 0, 20, 29);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_true(meddler_most_outstanding(meddler) <= 4);
    meddler_plan(meddler, MEDDLE_NOT, 0, 0, 0);
    g_auto(Ran) again = world_sync_with(world, NULL);
    assert_int_equal(again.status, 0);
    assert_int_equal(created(&ran) + created(&again), MANY);
    assert_finished();
}

/* --- servers that go --- */

static void where_the_first_uri_is_gone_the_second_is_used_and_its_no_is_not_believed(void **state)
{
    (void)state;
    set_up_with("--nosync", "");
    g_autofree char *both = g_strdup_printf("%s %s", meddler_uri(meddler), home->uri);
    define(both, "window=\"1\"");
    crowd();
    unsigned long before = event_count(EVENT_WRITE_UNCERTAIN);
    meddler_plan(meddler, MEDDLE_DIE_BEFORE, 0, 20, 20);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    /* The other server may not have heard of it yet: it is not sent there a second time. */
    assert_int_equal(ran.status, 3);
    assert_int_equal(event_count(EVENT_WRITE_UNCERTAIN) - before, 1);
    assert_int_equal(created(&ran), MANY - 1);
    assert_int_equal(lab_operations(home, "Add"), WRITES - 1);
    world_sync(world, "1 created");
    assert_int_equal(lab_count(home, WORLD_CONTAINER, CONTACTS), MANY);
}

static void where_the_first_uri_is_gone_the_yes_of_the_second_counts(void **state)
{
    (void)state;
    set_up_with("--nosync", "");
    g_autofree char *both = g_strdup_printf("%s %s", meddler_uri(meddler), home->uri);
    define(both, "window=\"1\"");
    crowd();
    meddler_plan(meddler, MEDDLE_DIE_AFTER, 0, 20, 20);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_well(&ran, MANY);
    assert_int_equal(lab_operations(home, "Add"), WRITES);
    world_sync(world, "");
}

static void a_server_that_does_not_come_back_ends_the_run_for_now(void **state)
{
    (void)state;
    set_up_with("--nosync", "timeout=\"1\"");
    crowd();
    meddler_plan(meddler, MEDDLE_DIE_BEFORE, 0, 20, 20);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 5);
    assert_true(error_is(ran.error, ERROR_UNREACHABLE));
    define(home->uri, "");
    g_auto(Ran) again = world_sync_with(world, NULL);
    assert_int_equal(again.status, 0);
    assert_int_equal(failed(&again), 0);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, CONTACTS), MANY);
    world_sync(world, "");
}

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

static void wait_for_entries(size_t n)
{
    for (int i = 0; i < 500 && lab_count(home, HOME_BASE, CONTACTS) < n; i++)
        g_usleep(20000);
}

static void a_server_that_is_restarted_is_waited_for(void **state)
{
    (void)state;
    set_up_with("--unique", "");
    define(home->uri, "timeout=\"30\"");
    crowd();
    pid_t pid = sync_slowly(40);
    wait_for_entries(10);
    lab_slapd_kill(home);
    lab_slapd_restart(home);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, CONTACTS), MANY);
    assert_int_equal(lab_count(home, WORLD_CONTAINER, "(cn=*\\28*)"), 0); /* nobody came twice */
    world_sync(world, "");
}

/* @at: the operation that it happens to, reads included; a busy server is busy at the next one too, so that
 * it is met by a look for many and by one for a single person. */
static void apply_in_trouble(Meddling what, int result, unsigned at)
{
    g_autofree char *folder = g_build_filename(world->folder, "plan", NULL);
    g_autoptr(Connector) connector = world_connector(world);
    RunOptions options = run_options(connector);
    g_auto(RunResult) plan = {0}, applied = {0};
    g_autoptr(GError) error = NULL;
    assert_true(run_plan(connector, &options, folder, &plan, NULL));
    bool busy = what == MEDDLE_ANSWER;
    meddler_plan_any(meddler, what, result, at, at + busy);
    meddler_turn_away(meddler, busy ? 0 : 6);
    if (!run_apply(connector, &options, folder, &applied, &error))
        fail_msg("trouble %d at operation %u: %s", what, at, error->message);
    assert_int_equal(run_exit_status(&applied), 0);
}

/* The look for those whom an old plan adds, all together and then one by one, waits as the adds do. */
static void a_look_before_adding_is_as_patient_as_the_add(void **state)
{
    (void)state;
    static const Meddling ways[] = {MEDDLE_CUT_BEFORE, MEDDLE_ANSWER};
    for (size_t way = 0; way < G_N_ELEMENTS(ways); way++)
        for (unsigned at = 3; at <= 6; at++) {
            set_up_with("--nosync", "timeout=\"20\"");
            crowd();
            apply_in_trouble(ways[way], 51, at);
            assert_int_equal(lab_count(home, WORLD_CONTAINER, CONTACTS), MANY);
            assert_int_equal(lab_operations(home, "Add"), WRITES); /* none twice */
            world_sync(world, "");
            tear_down(NULL);
        }
}

static void a_password_that_is_refused_all_of_a_sudden_is_tried_once(void **state)
{
    (void)state;
    set_up_with("--nosync", "");
    crowd();
    meddler_plan(meddler, MEDDLE_CUT_BEFORE, 0, 20, 20);
    meddler_refuse_binds_after(meddler, 1, 49);
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 1);
    assert_true(error_is(ran.error, ERROR_CREDENTIALS));
    assert_int_equal(meddler_refused_binds(meddler), 1);
    meddler_refuse_binds_after(meddler, 0, 0);
    meddler_plan(meddler, MEDDLE_NOT, 0, 0, 0);
    g_auto(Ran) again = world_sync_with(world, NULL);
    assert_int_equal(again.status, 0);
    assert_finished();
}

/* --- trouble at each operation of a run --- */

#define STAMPED(anchor, name, mail)                                                                          \
    "dn: cn=" name "," WORLD_CONTAINER "\nobjectClass: contact\nobjectClass: mailRecipient\n"                \
    "objectClass: dirsyncStamp\ncn: " name "\nmail: " mail "\nproxyAddresses: SMTP:" mail "\n"               \
    "importedFrom: " WORLD_UUID "\ndirsyncAnchor: " anchor "\n\n"
#define START                                                                                                \
    "dn: " WORLD_CONTAINER                                                                                   \
    "\nobjectClass: organizationalUnit\nou: Globex\n\n" STAMPED("1", "Ada Alt", "ada@globex.example")        \
        STAMPED("2", "Bob Baum", "bob@globex.example") STAMPED("3", "Cat Chan", "cat@globex.example")

/* A rename, a swap of addresses, one who goes, one whose address is taken over, one who comes. */
static const Person stirred[] = {{"1", "Ada Anders", "cat@globex.example", "Director"},
                                 {"3", "Cat Chan", "ada@globex.example bob@globex.example", NULL},
                                 {"4", "Dan Dorn", "dan@globex.example", NULL},
                                 NOBODY};

#define TOP "dn: " HOME_BASE "\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example\n\n"

static LabTree *tree;

static void start_anew(void)
{
    g_autofree char *refused = NULL;
    if (!lab_tree_put(tree, TOP START, &refused))
        fail_msg("%s", refused);
    remove_folder(world->state);
}

/* Ends as it may; the next run makes good for it, the one after that writes nothing. */
static char *stir(Meddling what, int result, unsigned at, unsigned *operations)
{
    start_anew();
    meddler_plan_any(meddler, what, result, at, at);
    Ran ran = world_sync_with(world, NULL);
    ran_clear(&ran);
    *operations = meddler_writes(meddler);
    meddler_plan(meddler, MEDDLE_NOT, 0, 0, 0);
    g_auto(Ran) again = world_sync_with(world, NULL);
    if (again.error || again.status)
        fail_msg("trouble %d (%d) at operation %u: the next run: %s", what, result, at,
                 again.error ? again.error->message : "something failed");
    meddler_plan(meddler, MEDDLE_NOT, 0, 0, 0);
    world_sync(world, "");
    assert_int_equal(meddler_writes(meddler), 0);
    return lab_dump(home, WORLD_CONTAINER, NULL);
}

typedef struct {
    Meddling what;
    int result;
} Trouble;

/* @of: one in so many of the operations, by chance. */
static size_t stir_everywhere(Trouble trouble, unsigned operations, const char *expected, int of)
{
    size_t tried = 0;
    for (unsigned at = 1; at <= operations; at++) {
        unsigned seen;
        if (g_rand_int_range(crash_chance(), 0, of) != 0)
            continue;
        g_autofree char *got = stir(trouble.what, trouble.result, at, &seen);
        assert_true(seen >= at);
        if (strcmp(got, expected) != 0)
            fail_msg("trouble %d (%d) at operation %u:\n%s\nshould be\n%s", trouble.what, trouble.result, at,
                     got, expected);
        tried++;
    }
    return tried;
}

/* Reads and writes. */
static void whatever_happens_to_whichever_operation_the_end_is_the_same(void **state)
{
    static const Trouble troubles[] = {{MEDDLE_ANSWER, 51}, {MEDDLE_ANSWER, 3},     {MEDDLE_ANSWER, 80},
                                       {MEDDLE_ANSWER, 52}, {MEDDLE_CUT_BEFORE, 0}, {MEDDLE_CUT_AFTER, 0},
                                       {MEDDLE_SWALLOW, 0}};
    (void)state;
    set_up_with("--nosync --unique", "timeout=\"1\"");
    tree = lab_tree_open(home, HOME_BASE);
    world_set_people(world, stirred);
    unsigned operations;
    g_autofree char *expected = stir(MEDDLE_NOT, 0, 0, &operations);
    assert_true(operations >= 10);
    size_t tried = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(troubles);
         i++) { /* nobody waits for each answer that does not come */
        bool some = troubles[i].what == MEDDLE_SWALLOW && !crash_is_exhaustive();
        tried += stir_everywhere(troubles[i], operations, expected, some ? 6 : 1);
    }
    g_clear_pointer(&tree, lab_tree_close);
    print_message("%zu troubles at %u operations\n", tried, operations);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_a_busy_server_refuses_is_sent_again),
        CASE(a_limit_met_by_one_entry_concerns_that_one_alone),
        CASE(an_answer_that_got_lost_is_asked_for),
        CASE(where_the_question_gets_lost_too_it_is_asked_again),
        CASE(what_never_arrived_is_sent_once_it_is_known),
        CASE(a_connection_that_goes_again_and_again_is_made_again),
        CASE(where_the_first_uri_is_gone_the_second_is_used_and_its_no_is_not_believed),
        CASE(where_the_first_uri_is_gone_the_yes_of_the_second_counts),
        CASE(a_server_that_does_not_come_back_ends_the_run_for_now),
        CASE(a_server_that_is_restarted_is_waited_for),
        CASE(a_look_before_adding_is_as_patient_as_the_add),
        CASE(a_password_that_is_refused_all_of_a_sudden_is_tried_once),
        CASE(whatever_happens_to_whichever_operation_the_end_is_the_same),
    };
    crash_begin();
    return cmocka_run_group_tests_name("write_trouble", tests, NULL, NULL);
}

/*
 * test_two_hosts.c - the state lost, a connector that runs twice, and providers that replicate each other
 *
 * The directory is the shared store: whoever has the definition can go on. Runs
 * are interleaved at chosen fault steps, not by chance.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/fault.h"
#include "tests/lab/sync_case.h"

#include <string.h>

#define N_PEOPLE 12
#define N_PROVIDERS 3
#define EVERYBODY "(importedFrom=" WORLD_UUID ")"

static Lab *providers[N_PROVIDERS]; /* [0] is home */
static World *world;

/* --- what is interleaved --- */

/* What happens in the middle of a run: at the @step-th fault step of that name. */
typedef struct {
    const char *name;
    int step;
    void (*happens)(void);
} Meanwhile;

static Meanwhile meanwhile;

static void on_step(const char *where)
{
    if (!g_str_equal(where, meanwhile.name) || --meanwhile.step > 0)
        return;
    fault_hook = NULL;
    meanwhile.happens();
}

static Ran run_interrupted(const char *name, int step, void (*happens)(void))
{
    meanwhile = (Meanwhile){name, step, happens};
    fault_hook = on_step;
    Ran ran = world_sync_with(world, NULL);
    assert_null(fault_hook); /* it came to that */
    return ran;
}

/* --- the world --- */

static void set_up(const char *options)
{
    lab_skip_unless_slapd();
    providers[0] = lab_slapd_start(options);
    world = world_at(providers[0]);
}

static int tear_down(void **state)
{
    (void)state;
    fault_hook = NULL;
    world_free(world);
    world = NULL;
    for (size_t i = 0; i < N_PROVIDERS; i++)
        lab_stop(providers[i]);
    memset(providers, 0, sizeof providers);
    return 0;
}

/* People first..last-1; the texts live as long as the program. */
static void set_people(size_t first, size_t last, const char *title)
{
    g_autofree Person *people = g_new0(Person, last - first + 1);
    for (size_t i = first; i < last; i++) {
        g_autofree char *anchor = g_strdup_printf("%zu", i);
        g_autofree char *name = g_strdup_printf("Person %zu%s", i, i % 3 || !title ? "" : " Renamed");
        g_autofree char *mail = g_strdup_printf("p%zu@globex.example", i);
        people[i - first] =
            (Person){g_intern_string(anchor), g_intern_string(name), g_intern_string(mail), title};
    }
    world_set_people(world, people);
}

static Ran sync_on_the_other_host(void)
{
    g_autoptr(Connector) connector = world_connector(world);
    g_autofree char *state = g_build_filename(world->live, "other-host", NULL);
    RunOptions options = run_options(connector);
    options.state_folder = state;
    return world_sync_with(world, &options);
}

static void the_other_host_runs(void)
{
    g_auto(Ran) ran = sync_on_the_other_host();
    assert_true(ran.status == 0 || ran.status == 3);
}

static size_t count_everybody(const Lab *lab)
{
    return lab_count(lab, WORLD_CONTAINER, EVERYBODY);
}

/* Each person once, with the title, whatever happened on the way. */
static void assert_everybody_once(const Lab *lab, size_t first, size_t last, const char *title)
{
    for (size_t i = first; i < last; i++) {
        g_autofree char *filter =
            title
                ? g_strdup_printf("(&(dirsyncAnchor=%zu)(title=%s)(proxyAddresses=SMTP:p%zu@globex.example))",
                                  i, title, i)
                : g_strdup_printf("(dirsyncAnchor=%zu)", i);
        assert_int_equal(lab_count(lab, WORLD_CONTAINER, filter), 1);
    }
    assert_int_equal(count_everybody(lab), last - first);
}

static void assert_both_hosts_quiet(void)
{
    unsigned long before = lab_writes(providers[0]);
    g_auto(Ran) here = world_sync_with(world, NULL);
    g_auto(Ran) there = sync_on_the_other_host();
    assert_int_equal(here.status, 0);
    assert_int_equal(there.status, 0);
    assert_int_equal(lab_writes(providers[0]), before);
}

/* --- one host --- */

static int second_status;

static void it_is_started_again(void)
{
    g_auto(Said) said = PROGRAM(NULL, "sync", world->connector);
    second_status = said.status;
}

static void a_second_run_on_the_same_host_is_turned_away(void **state)
{
    (void)state;
    program_needed();
    set_up("--nosync --unique");
    set_people(0, N_PEOPLE, NULL);
    second_status = -1;
    g_auto(Ran) first = run_interrupted("answer", 5, it_is_started_again);
    assert_int_equal(second_status, 7);
    assert_int_equal(first.status, 0);
    assert_everybody_once(providers[0], 0, N_PEOPLE, NULL);
}

/* --- two hosts --- */

static void another_host_takes_over_with_the_definition_alone(void **state)
{
    (void)state;
    set_up("--nosync --unique");
    set_people(0, N_PEOPLE, NULL);
    world_sync(world, "12 created");
    set_people(2, N_PEOPLE, NULL);
    world_sync(world, "2 disabled");
    assert_both_hosts_quiet(); /* the other one has never run */
    set_people(0, N_PEOPLE, "Boss");
    g_auto(Ran) there = sync_on_the_other_host();
    g_autofree char *did = figures_of(&there.result.step[STEP_IMPORT].counts);
    assert_string_equal(did, "12 modified, 4 renamed");
    assert_both_hosts_quiet();
    set_people(2, N_PEOPLE, NULL);
    world_sync(world, "10 modified, 3 renamed, 2 disabled");
    assert_both_hosts_quiet();
}

/* Each wave of the one meets what the other has done in between. */
static void two_hosts_at_the_same_time_do_no_harm(void **state)
{
    static const struct {
        const char *name;
        int step;
    } points[] = {{"database statement", 1},
                  {"planned", 1},
                  {"intents", 1},
                  {"answer", 1},
                  {"answer", 7},
                  {"intents", 2},
                  {"answer", 13}};
    for (size_t i = 0; i < G_N_ELEMENTS(points); i++) {
        set_up("--nosync --unique");
        set_people(0, N_PEOPLE, NULL);
        g_auto(Ran) first = run_interrupted(points[i].name, points[i].step, the_other_host_runs);
        assert_true(first.status == 0 || first.status == 3);
        assert_everybody_once(providers[0], 0, N_PEOPLE, NULL);
        assert_both_hosts_quiet();
        set_people(0, N_PEOPLE, "Boss"); /* every third is renamed */
        g_auto(Ran) second = run_interrupted(points[i].name, points[i].step, the_other_host_runs);
        assert_true(second.status == 0 || second.status == 3);
        world_sync(world, "");
        assert_everybody_once(providers[0], 0, N_PEOPLE, "Boss");
        assert_both_hosts_quiet();
        tear_down(state);
    }
}

/* --- a server from a backup --- */

/* Databases are files with holes. */
static void copy_database(const char *from, const char *to)
{
    const char *const argv[] = {"cp", "-a", "--sparse=always", from, to, NULL};
    int status = -1;
    assert_true(
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    assert_int_equal(status, 0);
}

static void a_server_restored_from_an_older_backup_is_brought_up_to_date(void **state)
{
    (void)state;
    set_up("--nosync --unique");
    g_autofree char *data = g_build_filename(providers[0]->folder, "db", NULL);
    g_autofree char *backup = g_build_filename(world->folder, "backup", NULL);
    set_people(0, N_PEOPLE, NULL);
    world_sync(world, "12 created");
    lab_kill(providers[0]);
    copy_database(data, backup);
    lab_restart(providers[0]);
    set_people(3, N_PEOPLE + 3, "Boss");
    world_sync(world, "3 created, 9 modified, 3 renamed, 3 disabled");
    g_autofree char *before = lab_dump(providers[0], WORLD_CONTAINER,
                                       (const char *const[]){"cn", "title", "mail", "dirsyncAnchor", NULL});
    lab_kill(providers[0]);
    remove_folder(data);
    copy_database(backup, data);
    lab_restart(providers[0]);
    assert_int_equal(lab_count(providers[0], WORLD_CONTAINER, "(title=Boss)"), 0);
    world_sync(world, "3 created, 9 modified, 3 renamed, 3 disabled");
    g_autofree char *after = lab_dump(providers[0], WORLD_CONTAINER,
                                      (const char *const[]){"cn", "title", "mail", "dirsyncAnchor", NULL});
    assert_string_equal(after, before);
    unsigned long writes = lab_writes(providers[0]);
    world_sync(world, "");
    assert_int_equal(lab_writes(providers[0]), writes);
}

/* --- providers that replicate each other --- */

static void replicate(Lab *lab)
{
    g_autoptr(GString) change = g_string_new("dn: " LAB_DATABASE "\nchangetype: modify\nadd: olcSyncrepl\n");
    for (size_t i = 0; i < N_PROVIDERS; i++)
        if (providers[i] != lab)
            g_string_append_printf(change,
                                   "olcSyncrepl: rid=%03zu provider=%s bindmethod=sasl saslmech=EXTERNAL "
                                   "searchbase=\"" HOME_BASE "\" type=refreshAndPersist retry=\"1 +\"\n",
                                   i + 1, providers[i]->uri);
    g_string_append(change, "-\nadd: olcMultiProvider\nolcMultiProvider: TRUE\n-\n");
    lab_configure(lab, change->str);
}

static char *content_of(const Lab *lab)
{
    return lab_count(lab, HOME_BASE, NULL) ? lab_dump(lab, HOME_BASE, NULL) : NULL;
}

/* Until those from @first on hold the same, up to half a minute. */
static void wait_until_they_agree(size_t first)
{
    for (int i = 0; i < 300; i++) {
        g_autofree char *one = content_of(providers[first]);
        bool same = one != NULL;
        for (size_t p = first + 1; p < N_PROVIDERS && same; p++) {
            g_autofree char *other = content_of(providers[p]);
            same = !g_strcmp0(one, other);
        }
        if (same)
            return;
        g_usleep(100000);
    }
    fail_msg("the providers do not agree");
}

static void wait_until_all_agree(void)
{
    wait_until_they_agree(0);
}

static void set_up_providers(void)
{
    lab_skip_unless_slapd();
    providers[0] = lab_slapd_start("--nosync --server-id 1");
    providers[1] = lab_slapd_start("--nosync --server-id 2 --empty");
    providers[2] = lab_slapd_start("--nosync --server-id 3 --empty");
    for (size_t i = 0; i < N_PROVIDERS; i++)
        replicate(providers[i]);
    wait_until_all_agree();
    g_autofree char *uris =
        g_strdup_printf("%s %s %s", providers[0]->uri, providers[1]->uri, providers[2]->uri);
    g_autofree char *element = world_server("home", uris, HOME_BASE);
    world = world_new();
    world_define(world, element, NULL, NULL, NULL);
}

static void the_first_provider_dies(void)
{
    lab_kill(providers[0]);
}

/* The others were down, and have nothing of what this run has written. */
static void the_others_take_over(void)
{
    lab_kill(providers[0]);
    lab_restart(providers[1]);
    lab_restart(providers[2]);
}

static void the_next_run_finishes(void)
{
    g_auto(Ran) next = world_sync_with(world, NULL);
    assert_null(next.error);
    assert_int_equal(next.status, 0);
}

/* What the first one had told one of the others only must be with both: else they tell each other of an
 * object while the run makes it. */
static void the_next_run_finishes_without_the_first(void)
{
    wait_until_they_agree(1);
    the_next_run_finishes();
}

/* It comes back with what it alone had; all agree, each person is there once, and nothing is left to do. */
static void the_first_provider_returns(const char *title)
{
    lab_restart(providers[0]);
    wait_until_all_agree();
    the_next_run_finishes();
    wait_until_all_agree();
    for (size_t i = 0; i < N_PROVIDERS; i++)
        assert_everybody_once(providers[i], 0, 40, title);
    world_sync(world, "");
}

static void a_provider_dies_in_the_middle_and_the_next_run_finishes_the_job(void **state)
{
    (void)state;
    set_up_providers();
    set_people(0, 40, NULL);
    g_auto(Ran) first = run_interrupted("answer", 11, the_first_provider_dies);
    assert_true(first.status == 0 || first.status == 3);
    the_next_run_finishes_without_the_first();
    assert_everybody_once(providers[1], 0, 40, NULL);
    the_first_provider_returns(NULL);
    set_people(0, 40, "Boss");
    g_auto(Ran) second = run_interrupted("answer", 11, the_first_provider_dies);
    assert_true(second.status == 0 || second.status == 3);
    the_next_run_finishes_without_the_first();
    the_first_provider_returns("Boss");
}

static void providers_that_had_fallen_behind_take_over(void **state)
{
    (void)state;
    set_up_providers();
    lab_kill(providers[1]);
    lab_kill(providers[2]);
    set_people(0, 40, NULL);
    g_auto(Ran) first = run_interrupted("answer", 3, the_others_take_over);
    assert_true(first.status == 0 || first.status == 3);
    the_next_run_finishes_without_the_first();
    assert_everybody_once(providers[1], 0, 40, NULL);
    the_first_provider_returns(NULL);
    set_people(0, 40, "Boss");
    lab_kill(providers[1]);
    lab_kill(providers[2]);
    g_auto(Ran) second = run_interrupted("answer", 21, the_others_take_over);
    assert_true(second.status == 0 || second.status == 3);
    the_next_run_finishes_without_the_first();
    assert_everybody_once(providers[1], 0, 40, "Boss");
    the_first_provider_returns("Boss");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_second_run_on_the_same_host_is_turned_away),
        CASE(another_host_takes_over_with_the_definition_alone),
        CASE(two_hosts_at_the_same_time_do_no_harm),
        CASE(a_server_restored_from_an_older_backup_is_brought_up_to_date),
        CASE(a_provider_dies_in_the_middle_and_the_next_run_finishes_the_job),
        CASE(providers_that_had_fallen_behind_take_over),
    };
    return cmocka_run_group_tests_name("two_hosts", tests, NULL, NULL);
}

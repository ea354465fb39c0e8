/*
 * test_bulk_slapd.c - transactions="bulk" on a real slapd
 *
 * Many adds go in transactions, few go singly; one that is at fault takes nobody with
 * it; lost connections leave nothing half done; and where it would be dangerous it
 * is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash.h"
#include "tests/lab/ldap_case.h"
#include "tests/lab/meddler.h"
#include "tests/lab/sync_case.h"

#include <string.h>

#define CONTACTS "(objectClass=contact)"
#define A_BATCH 500

static Lab *lab;
static Meddler *meddler;
static World *world;

static void start_lab(const char *options)
{
    lab_skip_unless_slapd();
    lab = lab_slapd_start(options);
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    meddler_stop(meddler);
    lab_slapd_stop(lab);
    world = NULL;
    meddler = NULL;
    lab = NULL;
    return 0;
}

static Directory *open_bulk(Place *place, GError **error)
{
    place_init(place, lab->uri, BIND_EXTERNAL);
    place->endpoint.bulk = true;
    return ldap_driver.open(&place->endpoint, error);
}

/* Adds cn=n0 ... below the suffix; how each ended. */
static void add_many(Directory *directory, size_t n, Ending *endings)
{
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *cn = g_strdup_printf("n%zu", i);
        g_autofree char *dn = g_strdup_printf("cn=%s," SUFFIX, cn);
        g_ptr_array_add(changes, new_contact(dn, cn));
        assert_true(
            ldap_driver.submit(directory, g_ptr_array_index(changes, i), take_ending, &endings[i], NULL));
    }
    assert_true(ldap_driver.flush(directory, NULL));
    for (size_t i = 0; i < n; i++)
        g_free(endings[i].message);
}

static void many_adds_go_in_transactions_and_few_go_singly(void **state)
{
    (void)state;
    enum { N = 2 * A_BATCH + 150 };
    Place place;
    start_lab("--nosync");
    g_autofree Ending *endings = g_new0(Ending, N);
    g_autoptr(Directory) directory = open_bulk(&place, NULL);
    assert_non_null(directory);
    unsigned long before = lab_operations(lab, "Extended");
    add_many(directory, 20, endings); /* a daily run */
    assert_int_equal(lab_operations(lab, "Extended") - before, 0);
    for (int i = 0; i < 20; i++) {
        g_autofree char *dn = g_strdup_printf("cn=n%d," SUFFIX, i);
        g_autoptr(Change) delete = change_new(CHANGE_DELETE, dn);
        assert_done(directory, delete);
    }
    memset(endings, 0, N * sizeof *endings);
    add_many(directory, N, endings);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(endings[i].calls, 1);
        assert_int_equal(endings[i].outcome, OUTCOME_DONE);
    }
    assert_int_equal(lab_operations(lab, "Extended") - before, 2 * 3);
    assert_int_equal(lab_count(lab, SUFFIX, CONTACTS), N);
}

/* What it guards against: all or nothing would be nothing, for one entry that is at fault. */
static void one_that_is_at_fault_takes_nobody_with_it(void **state)
{
    (void)state;
    Place place;
    start_lab("--nosync");
    lab_ldif_load(lab, "dn: cn=n77," SUFFIX "\nobjectClass: contact\ncn: n77\n");
    g_autofree Ending *endings = g_new0(Ending, A_BATCH);
    g_autoptr(Directory) directory = open_bulk(&place, NULL);
    add_many(directory, A_BATCH, endings);
    for (size_t i = 0; i < A_BATCH; i++) {
        assert_int_equal(endings[i].calls, 1);
        assert_int_equal(endings[i].outcome, i == 77 ? OUTCOME_FAILED : OUTCOME_DONE);
        assert_int_equal(endings[i].code, i == 77 ? ERROR_EXISTS : -1);
    }
    assert_int_equal(lab_count(lab, SUFFIX, CONTACTS), A_BATCH);
}

/* --- where it is refused --- */

static void assert_refused(Place *place, const char *why)
{
    g_autoptr(GError) error = NULL;
    place->endpoint.bulk = true;
    assert_null(ldap_driver.open(&place->endpoint, &error));
    if (!error_is(error, ERROR_DEFINITION) || !strstr(error->message, why))
        fail_msg("%s", error->message);
    place->endpoint.bulk = false;
    directory_close(open_place(place)); /* singly it can be written to */
}

static void with_overlays_that_would_stop_all_writes_it_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *options, *why;
    } cases[] = {{"--nosync --accesslog", "accesslog"}, {"--nosync --unique", "unique with serialize"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Place place;
        start_lab(cases[i].options);
        place_init(&place, lab->uri, BIND_EXTERNAL);
        assert_refused(&place, cases[i].why);
        tear_down(NULL);
    }
}

static void where_nobody_can_tell_it_is_refused(void **state)
{
    (void)state;
    Place place;
    start_lab("--nosync");
    place_init(&place, lab->uri, BIND_SIMPLE);
    place_set_user(&place, "secret");
    assert_refused(&place, "let it read them, or leave the attribute out");
}

/* 389 has none. */
static void where_the_server_offers_none_it_is_refused(void **state)
{
    (void)state;
    Place place;
    lab_skip_unless("389");
    lab = lab_start("389", NULL);
    place_init(&place, lab->uri, BIND_SIMPLE);
    place.endpoint.bind_dn = lab->bind_dn;
    place.endpoint.password = (SecretSource){SECRET_FILE, lab->password_file};
    assert_refused(&place, "the server offers no transactions (RFC 5805); leave the attribute out");
}

/* --- whole runs --- */

static void define(const char *uri)
{
    g_autofree char *element =
        g_strdup_printf("<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE
                        "\" transactions=\"bulk\" timeout=\"2\"><bind method=\"external\"/></home>",
                        uri);
    world = world_new();
    world_define(world, element, NULL, NULL, NULL);
}

static void crowd(size_t n)
{
    g_autofree Person *people = g_new0(Person, n + 1);
    GStringChunk *texts = g_string_chunk_new(1 << 16);
    for (size_t i = 0; i < n; i++) {
        char anchor[20], name[30], mail[40];
        g_snprintf(anchor, sizeof anchor, "%zu", i + 1);
        g_snprintf(name, sizeof name, "Person %zu", i + 1);
        g_snprintf(mail, sizeof mail, "p%zu@globex.example", i + 1);
        people[i] = (Person){g_string_chunk_insert(texts, anchor), g_string_chunk_insert(texts, name),
                             g_string_chunk_insert(texts, mail), NULL};
    }
    world_set_people(world, people);
    g_string_chunk_free(texts);
}

/* However the engine cuts its waves: transactions are whole, but for the last. */
static void a_first_import_fills_its_transactions(void **state)
{
    (void)state;
    enum { N = 5 * A_BATCH + 101 }; /* the last one goes alone */
    start_lab("--nosync");
    define(lab->uri);
    crowd(N);
    unsigned long before = lab_operations(lab, "Extended");
    g_auto(Ran) ran = world_sync_with(world, NULL);
    assert_int_equal(ran.status, 0);
    assert_int_equal(lab_operations(lab, "Extended") - before, 2 * 6);
    assert_int_equal(lab_operations(lab, "Add"), N + 1);
    assert_int_equal(ran.result.step[STEP_IMPORT].counts.of[COUNT_CREATED], N);
}

/* slapd (2.5.13, 2.6.10) does not always survive a connection that goes in mid-transaction: then the run ends
 * for now, and the next one finishes. */
static size_t sync_through(size_t *left_for_the_next)
{
    g_auto(Ran) ran = world_sync_with(world, NULL);
    size_t created = ran.result.step[STEP_IMPORT].counts.of[COUNT_CREATED];
    *left_for_the_next = 0;
    if (!ran.error)
        return created;
    assert_true(error_is(ran.error, ERROR_UNREACHABLE));
    print_message("the server did not survive it\n");
    lab_slapd_kill(lab);
    lab_slapd_restart(lab);
    g_auto(Ran) again = world_sync_with(world, NULL);
    if (again.error)
        fail_msg("the next run: %s", again.error->message);
    *left_for_the_next = again.result.step[STEP_IMPORT].counts.of[COUNT_CREATED];
    return created;
}

/* One write is the container, which goes alone; then A_BATCH adds and their end. */
static void a_transaction_whose_connection_goes_leaves_nothing_half_done(void **state)
{
    (void)state;
    static const struct {
        Meddling what;
        unsigned at;
    } cases[] = {{MEDDLE_CUT_BEFORE, 300}, {MEDDLE_CUT_BEFORE, 2 + A_BATCH}, {MEDDLE_CUT_AFTER, 2 + A_BATCH}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t left;
        start_lab("--nosync");
        meddler = meddler_start(lab->uri);
        define(meddler_uri(meddler));
        crowd(A_BATCH);
        meddler_plan(meddler, cases[i].what, 0, cases[i].at, cases[i].at);
        size_t created = sync_through(&left);
        if (cases[i].what == MEDDLE_CUT_AFTER && !left) { /* it had happened: nothing was sent twice */
            assert_int_equal(created, A_BATCH);
            assert_int_equal(meddler_writes(meddler), cases[i].at);
        }
        assert_int_equal(lab_count(lab, WORLD_CONTAINER, CONTACTS), A_BATCH);
        unsigned long before = lab_writes(lab);
        world_sync(world, "");
        assert_int_equal(lab_writes(lab), before);
        tear_down(NULL);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(many_adds_go_in_transactions_and_few_go_singly),
        CASE(one_that_is_at_fault_takes_nobody_with_it),
        CASE(with_overlays_that_would_stop_all_writes_it_is_refused),
        CASE(where_nobody_can_tell_it_is_refused),
        CASE(where_the_server_offers_none_it_is_refused),
        CASE(a_first_import_fills_its_transactions),
        CASE(a_transaction_whose_connection_goes_leaves_nothing_half_done),
    };
    crash_begin();
    return cmocka_run_group_tests_name("bulk_slapd", tests, NULL, NULL);
}

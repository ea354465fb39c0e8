/*
 * test_crash_slices.c - a run that is killed while slices of a wave overlap
 *
 * A wave of so many changes that several slices are on their way at once: one is recorded
 * while the next is sent and the one after has its intents written. At any step of
 * that the next run finishes the work, and a revert undoes all of it. By day a sample,
 * whose seed is printed; with NIGHTLY set every step.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash.h"

#include <stdlib.h>
#include <string.h>

#define HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"crash\"/></home>"
#define TREE                                                                                                 \
    "dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: Example\n\n"
#define MANY 70
#define SLICE 20 /* of the memory driver, which answers eight at a time */
#define SAMPLE 20
#define REVERTS 4

static GRand *chance;

/* The texts live as long as the program. */
static void set_people(const World *world, const char *title, const char *domain)
{
    g_autofree Person *people = g_new0(Person, MANY + 1);
    for (size_t i = 0; i < MANY; i++) {
        g_autofree char *anchor = g_strdup_printf("%zu", i + 1);
        g_autofree char *name = g_strdup_printf("Person %zu", i + 1);
        g_autofree char *mail = g_strdup_printf("p%zu@%s", i + 1, domain);
        people[i] = (Person){g_intern_string(anchor), g_intern_string(name), g_intern_string(mail), title};
    }
    world_set_people(world, people);
}

static bool is_chosen(const CrashSite *site, double wanted)
{
    return g_getenv("NIGHTLY") || g_rand_double(chance) < wanted / (double)site->steps;
}

static void try_site(CrashSite *site, const char *figures)
{
    size_t tried = 0, reverted = 0;
    assert_string_equal(site->figures, figures);
    for (unsigned long step = 1; step <= site->steps; step++) {
        g_autofree char *complaint = NULL;
        if (is_chosen(site, SAMPLE)) {
            complaint = crash_try(site, step, NULL);
            tried++;
        } else if (is_chosen(site, REVERTS)) {
            complaint = crash_try_revert(site, step, NULL);
            reverted++;
        }
        if (complaint)
            fail_msg("killed at step %lu of %lu (%s): %s", step, site->steps,
                     (const char *)g_ptr_array_index(site->names, step - 1), complaint);
    }
    print_message("%zu of %lu crash points, %zu reverted\n", tried, site->steps, reverted);
}

static void an_import_of_several_slices(void **state)
{
    (void)state;
    World *world = world_new();
    world_define(world, HOME, NULL, NULL, NULL);
    crash_memory_load(world, TREE);
    set_people(world, NULL, "globex.example");
    g_autoptr(CrashSite) site = crash_site_new(world, crash_memory_home(world));
    try_site(site, "70 created");
    world_free(world);
}

static void changes_of_several_slices(void **state)
{
    (void)state;
    World *world = world_new();
    world_define(world, HOME, NULL, NULL, NULL);
    crash_memory_load(world, TREE);
    set_people(world, "Engineer", "globex.example");
    crash_sync(world, crash_memory_home(world));
    set_people(world, "Director", "globex2.example");
    g_autoptr(CrashSite) site = crash_site_new(world, crash_memory_home(world));
    try_site(site, "70 modified");
    world_free(world);
}

/* Intents of a slice stand in the journal before the first of it is sent, and while another is on its way. */
static void slices_overlap_and_intents_come_first(void **state)
{
    (void)state;
    World *world = world_new();
    world_define(world, HOME, NULL, NULL, NULL);
    crash_memory_load(world, TREE);
    set_people(world, NULL, "globex.example");
    g_autoptr(CrashSite) site = crash_site_new(world, crash_memory_home(world));
    size_t intents = 0, answers = 0, most_open = 0, slices = 0;
    for (guint i = 0; i < site->names->len; i++) {
        const char *name = g_ptr_array_index(site->names, i);
        slices += !strcmp(name, "intents");
        if (!strcmp(name, "intents"))
            intents = MIN(1 + (slices - 1) * SLICE, 1 + (size_t)MANY); /* the container alone, then slices */
        answers += !strcmp(name, "answer");
        assert_true(answers <= intents);
        most_open = MAX(most_open, intents - answers);
    }
    assert_int_equal(slices, 1 + (MANY + SLICE - 1) / SLICE);
    assert_int_equal(answers, 1 + MANY);
    assert_true(most_open >
                SLICE); /* a second slice was begun before the answers to the first were all there */
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_import_of_several_slices),
        cmocka_unit_test(changes_of_several_slices),
        cmocka_unit_test(slices_overlap_and_intents_come_first),
    };
    const char *given = g_getenv("CRASH_SEED");
    guint32 seed = given ? (guint32)strtoul(given, NULL, 10) : g_random_int();
    chance = g_rand_new_with_seed(seed);
    print_message("CRASH_SEED=%u\n", seed);
    crash_begin();
    int failures = cmocka_run_group_tests_name("crash_slices", tests, NULL, NULL);
    g_rand_free(chance);
    return failures;
}

/*
 * test_crash_slices.c - a run that is killed while slices of a wave overlap
 *
 * A wave of so many changes that several slices are on their way at once: one is recorded
 * while the next is sent and the one after has its intents written. At any step of
 * that the next run finishes the work, and a revert undoes all of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash.h"

#include <string.h>

#define HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"crash\"/></home>"
#define TREE                                                                                                 \
    "dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: Example\n\n"
#define MANY 70
#define SLICE 20 /* of the memory driver, which answers eight at a time */
#define SAMPLE 8

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

static void an_import_of_several_slices(void **state)
{
    (void)state;
    World *world = world_new();
    world_define(world, HOME, NULL, NULL, NULL);
    crash_memory_load(world, TREE);
    set_people(world, NULL, "globex.example");
    g_autoptr(CrashSite) site = crash_site_new(world, crash_memory_home(world));
    assert_string_equal(site->figures, "70 created");
    crash_walk(site, "an import of several slices", SAMPLE);
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
    assert_string_equal(site->figures, "70 modified");
    crash_walk(site, "changes of several slices", SAMPLE);
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
    crash_begin();
    int failures = cmocka_run_group_tests_name("crash_slices", tests, NULL, NULL);
    crash_tell();
    return failures;
}

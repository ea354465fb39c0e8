/*
 * test_trouble_memory.c - trouble at every operation of a run, and what the next runs make of it
 *
 * The home directory is a memory store behind the driver that fails by plan. For each
 * write of a run and each kind of trouble (refused, busy, done but not answered, not done and
 * not answered, gone for good) the run is made with that trouble, and again without: the
 * end must be that of an undisturbed run, and a further run has nothing to do. Then
 * schedules of several troubles by chance, of reads too; the seed is printed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/memory.h"
#include "tests/crash/crash.h"

#include <stdlib.h>
#include <string.h>

#define HOME "<home driver=\"failing\" base=\"dc=example,dc=com\"><file path=\"%s|crash\"/></home>"
#define GROUP "cn=All,dc=example,dc=com"
#define TREE                                                                                                 \
    "dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: Example\n\n"   \
    "dn: cn=Hanna Heim,dc=example,dc=com\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\n"          \
    "cn: Hanna Heim\nsn: Heim\nmail: hanna@acme.example\nproxyAddresses: SMTP:hanna@acme.example\n\n"
#define PEOPLE 9
#define SCHEDULES 12 /* of each case; by night ten times that */

typedef struct {
    const char *name;
    const char *import;    /* beside source and anchor */
    Person before[PEOPLE]; /* synced at first, unless it is empty */
    const char *changes;   /* made to the home directory by others after that */
    Person after[PEOPLE];
} Case;

#define ADA                                                                                                  \
    {                                                                                                        \
        "1", "Ada Alt", "ada@globex.example", "Engineer"                                                     \
    }
#define BOB                                                                                                  \
    {                                                                                                        \
        "2", "Bob Baum", "bob@globex.example", NULL                                                          \
    }
#define CAT                                                                                                  \
    {                                                                                                        \
        "3", "Cat Chan", "cat@globex.example", "Chemist"                                                     \
    }

static const Case cases[] = {
    {.name = "the first import",
     .import = "",
     .after = {ADA, BOB, CAT, {"6", "Zoë Žižek, Dr.", "zoe@globex.example z@globex.example", "Ärztin"}}},
    {.name = "changes, renames, one who goes, one who comes",
     .import = "<grace days=\"0\"/>",
     .before = {ADA, BOB, CAT, {"4", "Dan Dorn", "dan@globex.example", NULL}},
     .changes = "dn: " GROUP "\nchangetype: add\nobjectClass: groupOfNames\ncn: All\n"
                "member: cn=Hanna Heim,dc=example,dc=com\nmember: cn=Bob Baum," WORLD_CONTAINER
                "\nmember: cn=Dan Dorn," WORLD_CONTAINER "\n\n",
     .after = {{"1", "Ada Alt", "ada@globex.example a@globex.example", "Director"},
               {"2", "Bob Busch", "bob@globex.example", NULL},
               {"3", "Cat Cruz", "cat.cruz@globex.example cat@globex.example", "Chief"},
               {"7", "Gus Groß", "gus@globex.example", NULL}}},
    {.name = "grace begins, and somebody returns in a new name",
     .import = "",
     .before = {ADA, BOB, CAT},
     .after = {{"1", "Ada Anders", "ada@globex.example", "Engineer"}, CAT}},
    {.name = "two exchange an address, three pass theirs on in a circle",
     .import = "",
     .before = {ADA,
                BOB,
                CAT,
                {"4", "Dan Dorn", "dan@globex.example", NULL},
                {"5", "Eve Eck", "eve@globex.example", NULL}},
     .after = {{"1", "Ada Alt", "bob@globex.example", "Engineer"},
               {"2", "Bob Baum", "ada@globex.example", NULL},
               {"3", "Cat Chan", "dan@globex.example", "Chemist"},
               {"4", "Dan Dorn", "eve@globex.example", NULL},
               {"5", "Eve Eck", "cat@globex.example", NULL}}},
};

/* --- a site: a start that can be restored --- */

typedef struct {
    const Case *is;
    World *world;
    CrashSite site; /* for its dump */
    char *expected;
    size_t writes; /* of the undisturbed run */
} Trouble;

static unsigned long tried;

static void define(const Trouble *trouble, const char *plan)
{
    g_autofree char *home = g_strdup_printf(HOME, plan);
    g_autofree char *import = g_strconcat(WORLD_FILE_IMPORT, trouble->is->import, NULL);
    world_define(trouble->world, home, NULL, import, NULL);
}

static char *kept_folder(const Trouble *trouble)
{
    return g_build_filename(trouble->world->folder, "start", NULL);
}

static void restore(const Trouble *trouble)
{
    g_autofree char *kept = kept_folder(trouble);
    remove_folder(trouble->world->live);
    copy_folder(kept, trouble->world->live);
}

/* One run under that plan, in this process; the store is read from its file anew. */
static size_t run_under(const Trouble *trouble, const char *plan, bool must_end_well)
{
    define(trouble, plan);
    trouble->site.home.open(trouble->site.home.data);
    g_auto(Ran) ran = world_sync_with(trouble->world, NULL);
    if (must_end_well && (ran.error || ran.status))
        fail_msg("%s: status %d: %s", trouble->is->name, ran.status, ran.error ? ran.error->message : "");
    return run_planned(&ran.result);
}

static void make(Trouble *trouble, const Case *c)
{
    *trouble = (Trouble){.is = c, .world = world_new()};
    trouble->site = (CrashSite){.world = trouble->world, .home = crash_memory_home(trouble->world)};
    crash_memory_load(trouble->world, TREE);
    if (c->before[0].anchor) {
        world_set_people(trouble->world, c->before);
        run_under(trouble, "", true);
        memory_store_drop("crash");
    }
    if (c->changes)
        crash_memory_change(trouble->world, c->changes);
    world_set_people(trouble->world, c->after);
    g_autofree char *kept = kept_folder(trouble);
    copy_folder(trouble->world->live, kept);
    trouble->writes = run_under(trouble, "", true);
    trouble->expected = crash_dump(&trouble->site);
    assert_true(trouble->writes >= 2);
}

static void clear(Trouble *trouble)
{
    memory_store_drop("crash");
    g_free(trouble->expected);
    world_free(trouble->world);
}

static void try_plan(const Trouble *trouble, const char *plan)
{
    restore(trouble);
    run_under(trouble, plan, false);
    run_under(trouble, "", true);
    g_autofree char *got = crash_dump(&trouble->site);
    if (strcmp(got, trouble->expected) != 0)
        fail_msg("%s, %s:\n%s\nshould be\n%s", trouble->is->name, plan, got, trouble->expected);
    size_t left = run_under(trouble, "", true);
    if (left)
        fail_msg("%s, %s: a further run had %zu changes to make", trouble->is->name, plan, left);
    memory_store_drop("crash");
    tried++;
}

static void trouble_at_every_write_is_made_good_by_the_next_run(void **state)
{
    (void)state;
    static const char *const kinds[] = {"refuse", "busy", "uncertain", "lost", "down"};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Trouble trouble;
        make(&trouble, &cases[i]);
        for (size_t kind = 0; kind < G_N_ELEMENTS(kinds); kind++)
            for (size_t at = 1; at <= trouble.writes; at++) {
                g_autofree char *plan = g_strdup_printf("%s@%zu", kinds[kind], at);
                try_plan(&trouble, plan);
            }
        clear(&trouble);
    }
    print_message("%lu troubles\n", tried);
}

static char *draw_plan(GRand *chance, size_t writes)
{
    static const char *const kinds[] = {"refuse",   "uncertain",  "lost",         "down",  "refuse",
                                        "cut-read", "size-limit", "unknown-read", "fetch", "lost"};
    GString *plan = g_string_new(NULL);
    for (int n = g_rand_int_range(chance, 1, 5); n > 0; n--)
        g_string_append_printf(
            plan, "%s%s@%d%s", plan->len ? "," : "", kinds[g_rand_int_range(chance, 0, G_N_ELEMENTS(kinds))],
            g_rand_int_range(chance, 1, (gint32)writes + 3), g_rand_int_range(chance, 0, 8) ? "" : "+");
    return g_string_free(plan, FALSE);
}

static void several_troubles_by_chance_are_made_good_too(void **state)
{
    (void)state;
    const char *given = g_getenv("TROUBLE_SEED");
    guint32 seed = given ? (guint32)strtoul(given, NULL, 10) : g_random_int();
    g_autoptr(GRand) chance = g_rand_new_with_seed(seed);
    print_message("TROUBLE_SEED=%u\n", seed);
    int schedules = g_getenv("NIGHTLY") ? 10 * SCHEDULES : SCHEDULES;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Trouble trouble;
        make(&trouble, &cases[i]);
        for (int n = 0; n < schedules; n++) {
            g_autofree char *plan = draw_plan(chance, trouble.writes);
            try_plan(&trouble, plan);
        }
        clear(&trouble);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trouble_at_every_write_is_made_good_by_the_next_run),
        cmocka_unit_test(several_troubles_by_chance_are_made_good_too),
    };
    crash_begin();
    return cmocka_run_group_tests_name("trouble_memory", tests, NULL, NULL);
}

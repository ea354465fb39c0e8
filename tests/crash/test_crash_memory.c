/*
 * test_crash_memory.c - a run that is killed at any step is finished by the next one
 *
 * Every case at every fault step of its run on the memory driver where CRASH=all
 * says so, else some at some. And the tests of these tests: what a broken engine
 * would leave behind must be noticed (a broken engine itself is in
 * test_crash_broken.c).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/coverage.h"
#include "tests/crash/crash.h"

#include <string.h>

#define HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"crash\"/></home>"
#define WANTED 6  /* cases in a sample... */
#define SAMPLE 6  /* ... and steps of each */
#define AGED 40   /* days, more than grace lasts */
#define PEOPLE 10

#define TREE                                                                                                 \
    "dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: Example\n\n"   \
    "dn: cn=Hanna Heim,dc=example,dc=com\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\n"          \
    "cn: Hanna Heim\nsn: Heim\nmail: hanna@acme.example\nproxyAddresses: SMTP:hanna@acme.example\n\n"
#define NATIVE_CONTACT                                                                                       \
    "dn: cn=Ada by hand,dc=example,dc=com\nobjectClass: contact\ncn: Ada by hand\nmail: "                    \
    "ada@globex.example\n"                                                                                   \
    "telephoneNumber: 4711\n\n"
#define GROUP_WITH(dn)                                                                                       \
    "dn: cn=All,dc=example,dc=com\nchangetype: add\nobjectClass: groupOfNames\ncn: All\n"                    \
    "member: cn=Hanna Heim,dc=example,dc=com\nmember: " dn "\n\n"

/** Once upon a time, and what the run that is killed finds. */
typedef struct {
    const char *name;
    const char *import; /* beside the source and its anchor; NULL: nothing */
    const char *kinds;  /* attributes of <import> for the run that is killed: people="..."; NULL: none */
    const char *groups; /* LDIF beside the people in the run that is killed; groups are wanted then */
    unsigned n_groups;
    const char *tree;      /* of the home directory; NULL: TREE */
    Person before[PEOPLE]; /* synced at first, unless it is empty */
    bool has_middle;
    Person middle[PEOPLE]; /* synced then */
    const char *changes;   /* made to the home directory by others after that */
    bool aged;             /* whoever is in grace by now has been so for long */
    Person after[PEOPLE];  /* what the source shows now */
    const char *figures;   /* what the undisturbed run does about it */
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

#define SOURCE_GROUP(anchor, name, members)                                                                  \
    "dn: cn=" name ",ou=people,dc=globex,dc=example\nobjectClass: groupOfNames\ncn: " name                   \
    "\nemployeeNumber: " anchor "\nmail: g" anchor "@globex.example\n" members "\n"
#define IN(anchor) "member: uid=" anchor ",ou=people,dc=globex,dc=example\n"

static const Case cases[] = {
    {.name = "the first import, homonyms among it, makes the container",
     .after = {ADA,
               BOB,
               CAT,
               {"4", "Ada Alt", "ada.alt@globex.example", NULL},
               {"5", "Ada Alt", "a.alt@globex.example b@globex.example", NULL},
               {"6", "Zoë Žižek, Dr.", "zoe@globex.example", "Ärztin"}},
     .figures = "6 created"},
    {.name = "changes, renames, both, grace that begins and grace that is over",
     .before = {ADA,
                BOB,
                CAT,
                {"4", "Dan Dorn", "dan@globex.example", NULL},
                {"5", "Eve Eck", "eve@globex.example", NULL},
                {"6", "Fay Frei", "fay@globex.example", NULL}},
     .has_middle = true,
     .middle = {ADA,
                BOB,
                CAT,
                {"4", "Dan Dorn", "dan@globex.example", NULL},
                {"6", "Fay Frei", "fay@globex.example", NULL}},
     .changes = GROUP_WITH("cn=Eve Eck," WORLD_CONTAINER),
     .aged = true,
     .after = {{"1", "Ada Alt", "ada@globex.example", "Director"},
               {"2", "Bob Busch", "bob@globex.example", NULL},
               {"3", "Cat Cruz", "cat.cruz@globex.example cat@globex.example", "Chief"},
               {"6", "Fay Frei", "fay@globex.example", NULL},
               {"7", "Gus Groß", "gus@globex.example", NULL}},
     .figures = "1 created, 3 modified, 2 renamed, 1 disabled, 1 deleted"},
    {.name = "without grace people go at once, out of their groups too",
     .import = "<grace days=\"0\"/>",
     .before = {ADA, BOB, CAT},
     .changes = GROUP_WITH("cn=Bob Baum," WORLD_CONTAINER "\nmember: cn=Cat Chan," WORLD_CONTAINER),
     .after = {ADA},
     .figures = "2 deleted"},
    {.name = "superseded: a newcomer has the name and address of one in grace",
     .before = {ADA, BOB},
     .has_middle = true,
     .middle = {ADA},
     .changes = GROUP_WITH("cn=Bob Baum," WORLD_CONTAINER),
     .after = {ADA, {"9", "Bob Baum", "bob@globex.example", "New"}},
     .figures = "1 created, 1 deleted"},
    {.name = "moved home: the contact yields addresses and memberships to a native",
     .before = {ADA, {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL}},
     .changes = GROUP_WITH(
         "cn=Bob Baum," WORLD_CONTAINER) "dn: cn=Robert,dc=example,dc=com\nchangetype: add\nobjectClass: "
                                         "inetOrgPerson\nobjectClass: mailRecipient\n"
                                         "cn: Robert\nsn: Baum\nmail: bob@globex.example\n\n",
     .after = {{"1", "Ada Alt", "ada@globex.example", "Director"},
               {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL}},
     .figures = "1 modified, 1 deleted"},
    {.name = "two exchange an address, three pass theirs on in a circle",
     .before = {ADA,
                BOB,
                CAT,
                {"4", "Dan Dorn", "dan@globex.example", NULL},
                {"5", "Eve Eck", "eve@globex.example", NULL}},
     .after = {{"1", "Ada Alt", "bob@globex.example", "Engineer"},
               {"2", "Bob Baum", "ada@globex.example", NULL},
               {"3", "Cat Chan", "dan@globex.example", "Chemist"},
               {"4", "Dan Dorn", "eve@globex.example", NULL},
               {"5", "Eve Eck", "cat@globex.example", NULL}},
     .figures = "5 modified"},
    {.name = "two exchange their names",
     .before = {ADA, BOB, CAT},
     .after = {{"1", "Bob Baum", "ada@globex.example", "Engineer"},
               {"2", "Ada Alt", "bob@globex.example", NULL},
               CAT},
     .figures = "2 modified, 2 renamed"},
    {.name = "a name and an address that become free go to newcomers",
     .before = {ADA, BOB},
     .after = {{"1", "Ada Anders", "ada.anders@globex.example", NULL},
               BOB,
               {"8", "Ada Alt", "ada@globex.example", NULL}},
     .figures = "1 created, 1 modified, 1 renamed"},
    {.name = "returned within grace, changed meanwhile",
     .before = {ADA, BOB, CAT},
     .has_middle = true,
     .middle = {ADA},
     .after = {ADA, {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL}, CAT},
     .figures = "2 modified"},
    {.name = "a native contact is adopted",
     .import = "<join source=\"mail\" home=\"mail\"/><adopt/>",
     .tree = TREE NATIVE_CONTACT,
     .after = {ADA, BOB},
     .figures = "1 created, 1 modified"},
    {.name = "a native stands in the way and somebody has no address",
     .tree = TREE NATIVE_CONTACT,
     .after = {ADA, BOB, {"3", "Nobody", "", NULL}},
     .figures = "1 created, 2 quarantined"},
    {.name = "groups, nested and in a ring, while a member is renamed and another one goes",
     .import = "<grace days=\"0\"/>",
     .before = {ADA, BOB, CAT},
     .changes = GROUP_WITH("cn=Ada Alt," WORLD_CONTAINER "\nmember: cn=Cat Chan," WORLD_CONTAINER),
     .groups = SOURCE_GROUP("91", "Inner", IN("1") IN("2"))
         SOURCE_GROUP("92", "Outer", IN("1") "member: cn=Inner,ou=people,dc=globex,dc=example\n")
             SOURCE_GROUP("93", "Ring", "member: cn=Ring,ou=people,dc=globex,dc=example\n"),
     .n_groups = 3,
     .after = {{"1", "Ada Anders", "ada@globex.example", "Engineer"}, BOB},
     .figures = "3 created, 1 modified, 1 renamed, 1 deleted"},
    {.name = "contacts become accounts, and stay in their groups",
     .kinds = "people=\"disabled-user\"",
     .before = {ADA, BOB},
     .changes = GROUP_WITH("cn=Ada Alt," WORLD_CONTAINER),
     .after = {ADA, {"2", "Bob Busch", "bob@globex.example", NULL}},
     .figures = "2 created, 2 deleted"},
};

/* --- a case as a site --- */

/* The definition and the source of the run that is killed. */
static void set_kinds(const World *world, const Case *c)
{
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_autofree char *people = text_of(path), *connector = text_of(world->connector);
    g_auto(GStrv) records = g_strsplit(people, "# count: ", 2);
    g_auto(GStrv) import = g_strsplit(connector, "groups=\"no\"", 2);
    g_auto(GStrv) source = g_strsplit(import[1], "(objectClass=inetOrgPerson)", 2);
    g_autofree char *whole =
        g_strdup_printf("%s%s# count: %" G_GUINT64_FORMAT "\n", records[0], c->groups ? c->groups : "",
                        g_ascii_strtoull(records[1], NULL, 10) + c->n_groups);
    g_autofree char *defined =
        g_strconcat(import[0], c->groups ? "groups=\"group\" " : "groups=\"no\" ", c->kinds ? c->kinds : "",
                    source[0], "(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))", source[1], NULL);
    write_text(path, whole);
    write_text(world->connector, defined);
}

static CrashSite *make_site(const World *world, const Case *c)
{
    CrashHome home = crash_memory_home(world);
    g_autofree char *import = g_strconcat(WORLD_FILE_IMPORT, c->import, NULL);
    world_define(world, HOME, NULL, import, NULL);
    crash_memory_load(world, c->tree ? c->tree : TREE);
    if (c->before[0].anchor) {
        world_set_people(world, c->before);
        crash_sync(world, home);
    }
    if (c->has_middle) {
        world_set_people(world, c->middle);
        crash_sync(world, home);
    }
    if (c->changes)
        crash_memory_change(world, c->changes);
    if (c->aged)
        crash_memory_age(world, AGED);
    world_set_people(world, c->after);
    if (c->kinds || c->groups)
        set_kinds(world, c);
    return crash_site_new(world, home);
}

static void try_case(const Case *c)
{
    World *world = world_new();
    g_autoptr(CrashSite) site = make_site(world, c);
    assert_string_equal(site->figures, c->figures);
    assert_true(site->steps > 10);
    crash_walk(site, c->name, SAMPLE);
    coverage_check("memory", c->name, site->happened);
    world_free(world);
}

static void every_step_of_every_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        if (coverage_of("memory", cases[i].name) || crash_is_chosen(WANTED, G_N_ELEMENTS(cases)))
            try_case(&cases[i]);
}

/* --- the tests of the tests --- */

typedef struct {
    const char *what;
    size_t of;         /* case */
    const char *where; /* the last step of that name is the one to die at */
    CrashTamper tamper;
    bool revert;
    const char *complaint; /* what the trial must say; NULL: that all is well */
} Broken;

static void forget_journal(CrashSite *site)
{
    crash_state_sql(site->world, "DELETE FROM journal");
}

/* As if the outcome had been written before it was known. */
static void claim_all_done(CrashSite *site)
{
    crash_state_sql(site->world, "UPDATE journal SET outcome = 1");
}

static void claim_finished(CrashSite *site)
{
    crash_state_sql(site->world, "UPDATE run SET finished = started, status = 0");
}

/* As if links had been recorded before their changes were done: what the source shows counts as carried
 * out. The fingerprints are those that an undisturbed run records. */
static void move_links_forward(CrashSite *site)
{
    g_autofree char *aside = g_build_filename(site->world->folder, "aside", NULL);
    copy_folder(site->world->live, aside);
    crash_sync(site->world, site->home);
    g_autofree char *sql =
        crash_state_ask(site->world, "SELECT 'UPDATE link SET source = x''' || hex(source) || "
                                     "''' WHERE anchor = ''' || anchor || ''';' FROM link");
    remove_folder(site->world->live);
    copy_folder(aside, site->world->live);
    remove_folder(aside);
    crash_state_sql(site->world, sql);
}

static void lose_plans(CrashSite *site)
{
    g_autofree char *runs = g_build_filename(site->world->state, "globex", "runs", NULL);
    remove_folder(runs);
}

static void lose_state(CrashSite *site)
{
    remove_folder(site->world->state);
}

static const Broken broken[] = {
    {"a journal that was removed too early cannot be undone", 1, "answer", forget_journal, true,
     "after revert the start is not back"},
    {"a journal that says too much", 1, "intents", claim_all_done, true, "revert of "},
    {"a run that was closed without being settled", 1, "answer", claim_finished, false,
     "the journal has changes without an outcome"},
    {"links recorded before their changes", 1, "planned", move_links_forward, false,
     "the home directory is not as after"},
    {"a plan that is gone", 1, "answer", lose_plans, false, "the journal has changes without an outcome"},
    {"a state that is gone costs nothing but time", 1, "answer", lose_state, false, NULL},
};

static unsigned long last_step_of_name(const CrashSite *site, const char *name)
{
    for (unsigned long step = site->steps; step > 0; step--)
        if (!strcmp(g_ptr_array_index(site->names, step - 1), name))
            return step;
    fail_msg("no step %s", name);
    return 0;
}

static void what_a_broken_engine_leaves_behind_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        const Broken *b = &broken[i];
        World *world = world_new();
        g_autoptr(CrashSite) site = make_site(world, &cases[b->of]);
        unsigned long step = last_step_of_name(site, b->where);
        g_autofree char *complaint =
            b->revert ? crash_try_revert(site, step, b->tamper) : crash_try(site, step, b->tamper);
        if (!b->complaint ? complaint != NULL : !complaint || !g_str_has_prefix(complaint, b->complaint))
            fail_msg("%s: %s", b->what, complaint ? complaint : "nothing was noticed");
        world_free(world);
    }
}

/* The journal cannot be settled then, which is reported, but the directory still ends as it should. */
static void without_the_plan_the_directory_is_still_right(void **state)
{
    (void)state;
    World *world = world_new();
    g_autoptr(CrashSite) site = make_site(world, &cases[1]);
    for (unsigned long step = 1; step <= site->steps; step += 7) {
        g_autofree char *complaint = crash_try(site, step, lose_plans);
        g_autofree char *now = crash_dump(site);
        if (complaint && (!g_str_has_prefix(complaint, "the journal") || !site->recovered))
            fail_msg("step %lu: %s", step, complaint);
        assert_string_equal(now, site->expected);
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_of_every_case),
        cmocka_unit_test(what_a_broken_engine_leaves_behind_is_noticed),
        cmocka_unit_test(without_the_plan_the_directory_is_still_right),
    };
    crash_begin();
    int failed = cmocka_run_group_tests_name("crash_memory", tests, NULL, NULL);
    crash_tell();
    return failed;
}

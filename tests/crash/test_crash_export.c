/*
 * test_crash_export.c - a run of both steps that is killed at any step is finished by the next one
 *
 * Home and foreign directory in memory stores that are kept in files; the run
 * brings people in and sends natives out. What the next run leaves in both
 * directories is what an undisturbed one would have; when the runs are reverted
 * both are as they were. CRASH=all tries every step, else a sample, whose seed is
 * printed; CRASH_SEED repeats it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/memory.h"
#include "tests/crash/coverage.h"
#include "tests/crash/crash.h"

#include <stdlib.h>
#include <string.h>

#define HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"crash-home\"/></home>"
#define FOREIGN "<foreign driver=\"memory\" base=\"o=globex\"><file path=\"crash-foreign\"/></foreign>"
#define IMPORT WORLD_FILE_IMPORT "<grace days=\"0\"/>"
#define EXPORT                                                                                               \
    "<export container=\"ou=acme,o=globex\" create-container=\"yes\" mapping=\"export.xml\" groups=\"no\" "  \
    "resources=\"no\"><stamp attribute=\"employeeType\"/><source base=\"ou=people,dc=example,dc=com\"/>"     \
    "</export>"
#define SAMPLE 8 /* steps of one case that are tried unless all are */

static const char mapping[] =
    "<mapping xmlns=\"urn:x-dirsync:mapping:1\" name=\"export\"><export>"
    "<recipient of=\"person\" as=\"contact\" when=\"$objectClass = 'inetOrgPerson'\">"
    "<object class=\"inetOrgPerson\"/><name attribute=\"cn\" from=\"cn\"/><attribute name=\"sn\" "
    "from=\"sn\"/>"
    "<attribute name=\"title\" from=\"title\"/><attribute name=\"mail\" from=\"mail\"/>"
    "</recipient></export></mapping>";

#define HOME_TOP                                                                                             \
    "dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: Example\n\n"   \
    "dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n\n"
#define NATIVE(id, cn, mail, more)                                                                           \
    "dn: cn=" cn ",ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\n"                                \
    "entryUUID: 00000000-0000-4000-8000-0000000000" id "\ncn: " cn "\nsn: x\nmail: " mail "\n" more "\n"
#define FOREIGN_TOP "dn: o=globex\nobjectClass: organization\no: globex\n\n"
#define PERSON(number, cn, mail, more)                                                                       \
    "dn: uid=p" number ",o=globex\nobjectClass: inetOrgPerson\nuid: p" number "\nemployeeNumber: " number    \
    "\ncn: " cn "\nsn: x\nmail: " mail "\n" more "\n"

/** Both directories when the first run begins, and as the run that is killed finds them; that has what the
 *  first one made beside. */
typedef struct {
    const char *name;
    const char *home, *foreign;             /* synced at first; NULL: nothing was */
    const char *home_later, *foreign_later; /* in their place */
    const char *figures;                    /* of the import of the undisturbed run */
} Case;

static const Case cases[] = {
    {.name = "the first run of both steps",
     .home_later = NATIVE("a1", "Ann", "ann@acme.example", "") NATIVE("b1", "Bob", "bob@acme.example", ""),
     .foreign_later =
         PERSON("1", "Pat", "pat@globex.example", "") PERSON("2", "Quin", "q@globex.example", ""),
     .figures = "2 created"},
    {.name = "people come, change, get other names and go, on both sides",
     .home = NATIVE("a1", "Ann", "ann@acme.example", "") NATIVE("b1", "Bob", "bob@acme.example", "")
         NATIVE("c1", "Cat", "cat@acme.example", "") NATIVE("d1", "Dan", "dan@acme.example", ""),
     .foreign = PERSON("1", "Pat", "pat@globex.example", "") PERSON("2", "Quin", "q@globex.example", "")
         PERSON("3", "Ray", "ray@globex.example", ""),
     .home_later =
         NATIVE("a1", "Ann", "ann@acme.example", "title: T\n") NATIVE("b1", "Bill", "bob@acme.example", "")
             NATIVE("d1", "Dan", "cat@acme.example", "") NATIVE("e1", "Cat", "dan@acme.example", ""),
     .foreign_later = PERSON("1", "Pat", "pat@globex.example", "title: T\n")
         PERSON("3", "Roy", "ray@globex.example", "") PERSON("4", "Sue", "q@globex.example", ""),
     .figures = "1 created, 2 modified, 1 renamed, 1 deleted"},
    {.name = "an export alone has something to do",
     .home = NATIVE("a1", "Ann", "ann@acme.example", "") NATIVE("b1", "Bob", "bob@acme.example", ""),
     .foreign = PERSON("1", "Pat", "pat@globex.example", ""),
     .home_later = NATIVE("a1", "Bob", "bob@acme.example", "") NATIVE("b1", "Ann", "ann@acme.example", ""),
     .foreign_later = PERSON("1", "Pat", "pat@globex.example", ""),
     .figures = ""},
};

static const char *const stores[] = {"crash-home", "crash-foreign"};

static char *path_of(const World *world, const char *store)
{
    return g_strdup_printf("%s/%s.ldif", world->live, store);
}

static MemoryStore *open_store(const World *world, const char *name)
{
    g_autofree char *path = path_of(world, name);
    MemoryStore *store = memory_store(name);
    return memory_store_set_file(store, path, NULL) ? store : NULL;
}

static void open_in_child(void *world)
{
    for (size_t i = 0; i < G_N_ELEMENTS(stores); i++)
        if (!open_store(world, stores[i]))
            abort();
}

static char *dump_both(void *world)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(stores); i++) {
        MemoryStore *store = open_store(world, stores[i]);
        assert_non_null(store);
        g_autofree char *dump = memory_store_dump(store, false);
        g_string_append(text, dump);
        memory_store_drop(stores[i]);
    }
    return g_string_free(text, FALSE);
}

/* What dirsync made stays; what others have there is replaced. */
static void set_others(const World *world, const char *name, const char *top, const char *people)
{
    g_autofree char *path = path_of(world, name);
    g_autofree char *before = g_file_test(path, G_FILE_TEST_EXISTS) ? text_of(path) : g_strdup("");
    g_auto(GStrv) records = g_strsplit(before, "\n\n", -1);
    GString *text = g_string_new(top);
    g_string_append(text, people);
    for (char **record = records; *record; record++)
        if (strstr(*record, "ou=acme,o=globex\n") || strstr(*record, WORLD_CONTAINER "\n"))
            g_string_append_printf(text, "%s\n\n", *record);
    write_text(path, text->str);
    g_string_free(text, TRUE);
}

static CrashSite *make_site(const World *world, const Case *c)
{
    CrashHome both = {.open = open_in_child,
                      .dump = dump_both,
                      .file = {"crash-home.ldif", "crash-home.ldif", "crash-foreign.ldif"},
                      .data = (void *)world};
    g_autofree char *path = g_build_filename(world->folder, "export.xml", NULL);
    write_text(path, mapping);
    world_define(world, HOME, FOREIGN, IMPORT, EXPORT WORLD_NO_LIMITS);
    if (c->home) {
        set_others(world, stores[0], HOME_TOP, c->home);
        set_others(world, stores[1], FOREIGN_TOP, c->foreign);
        crash_sync(world, both);
    }
    set_others(world, stores[0], HOME_TOP, c->home_later);
    set_others(world, stores[1], FOREIGN_TOP, c->foreign_later);
    return crash_site_new(world, both);
}

static void killed_at_any_step(void **state)
{
    const Case *c = *state;
    World *world = world_new();
    g_autoptr(CrashSite) site = make_site(world, c);
    assert_string_equal(site->figures ? site->figures : "", c->figures);
    crash_walk(site, c->name, SAMPLE);
    coverage_check("export", c->name, site->happened);
    world_free(world);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];
    crash_begin();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){cases[i].name, killed_at_any_step, NULL, NULL, (void *)&cases[i]};
    int failed = cmocka_run_group_tests_name("crash_export", tests, NULL, NULL);
    crash_tell();
    return failed;
}

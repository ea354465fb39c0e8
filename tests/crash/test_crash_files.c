/*
 * test_crash_files.c - an export into a file that is killed at any step is finished by the next run
 *
 * LDIF, LDIF with a checksum beside it, and CSV with its own encoding: a file is
 * written whole, so what a killed run leaves is the old file or the new one, perhaps
 * with the old checksum or a temporary. What others read meanwhile is one of the two.
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

#define STORE "crash-files"
#define HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"" STORE "\"/></home>"
#define ID(two) "00000000-0000-4000-8000-0000000000" two
#define SAMPLE 6

#define TOP                                                                                                  \
    "dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: Example\n\n"   \
    "dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n\n"
#define PERSON(id, cn, name, more)                                                                           \
    "dn: cn=" cn ",ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nentryUUID: " ID(                 \
        id) "\ncn: " cn "\nsn: x\ndisplayName: " name "\nmail: " cn "@acme.example\n" more "\n"
#define GROUP(id, cn, name, members)                                                                         \
    "dn: cn=" cn ",ou=people,dc=example,dc=com\nobjectClass: groupOfNames\nobjectClass: mailRecipient\n"     \
    "entryUUID: " ID(id) "\ncn: " cn "\ndisplayName: " name "\nmail: " cn "@acme.example\n" members "\n"
#define MEMBER(cn) "member: cn=" cn ",ou=people,dc=example,dc=com\n"

/** A kind of file. */
typedef struct {
    const char *name;
    const char *mapping, *to; /* attributes of <export>, and its <to>'s children with the end of its tag */
    const char *stamp;
} Format;

static const Format formats[] = {
    {"LDIF", "mapping=\"inetorgperson\" container=\"ou=out,o=globex\" groups=\"group\"",
     "ldif\"><file path=\"live/out.file\"/>", "businessCategory"},
    {"LDIF with a checksum", "mapping=\"inetorgperson\" container=\"ou=out,o=globex\" groups=\"group\"",
     "ldif\"><file path=\"live/out.file\" count-trailer=\"count\" checksum=\"live/out.sha256\"/>",
     "businessCategory"},
    {"CSV", "mapping=\"csv\" groups=\"no\"",
     "csv\"><file path=\"live/out.file\" encoding=\"windows-1252\" delimiter=\";\" separator=\"|\" "
     "columns=\"id "
     "displayName givenName sn mail email mailNickname title department telephoneNumber description\"/>",
     "id"},
};

/** The home directory when the file was written last, and now. */
typedef struct {
    const char *name;
    const char *before; /* NULL: never */
    const char *after;
} Case;

static const Case cases[] = {
    {"the first export", NULL,
     PERSON("a1", "ann", "Ann Ash", "") PERSON("b1", "bob", "Bob Birch", "title: Müller\n")
         PERSON("c1", "cat", "Cat Cedar", "") GROUP("f1", "team", "Team", MEMBER("ann") MEMBER("bob"))
             GROUP("f2", "crew", "Crew", MEMBER("team") MEMBER("cat"))},
    {"people come, change, are renamed and go, members of groups among them",
     PERSON("a1", "ann", "Ann Ash", "") PERSON("b1", "bob", "Bob Birch", "")
         PERSON("c1", "cat", "Cat Cedar", "") PERSON("d1", "dan", "Dan Dorn", "")
             GROUP("f1", "team", "Team", MEMBER("ann") MEMBER("bob"))
                 GROUP("f2", "crew", "Crew", MEMBER("team") MEMBER("cat")),
     PERSON("a1", "ann", "Ann Ash", "title: Engineer\n") PERSON("b1", "bob", "Bob Busch", "")
         PERSON("d1", "dan", "Dan Dorn", "") PERSON("e1", "eve", "Eve Elm", "")
             GROUP("f1", "team", "The Team", MEMBER("ann") MEMBER("eve"))
                 GROUP("f2", "crew", "Crew", MEMBER("team") MEMBER("crew"))},
    {"two exchange their names and their addresses",
     PERSON("a1", "ann", "Ann Ash", "") PERSON("b1", "bob", "Bob Birch", ""),
     PERSON("b1", "ann", "Ann Ash", "") PERSON("a1", "bob", "Bob Birch", "")},
    {"nothing has changed", PERSON("a1", "ann", "Ann Ash", ""), PERSON("a1", "ann", "Ann Ash", "")},
};

/* --- both directories --- */

static char *path_of(const World *world, const char *name)
{
    return g_build_filename(world->live, name, NULL);
}

static MemoryStore *open_store(const World *world)
{
    g_autofree char *path = path_of(world, "home.ldif");
    MemoryStore *store = memory_store(STORE);
    return memory_store_set_file(store, path, NULL) ? store : NULL;
}

static void open_in_child(void *world)
{
    if (!open_store(world))
        abort();
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines of each record, and the records: both stand in the order in which they came. */
static char *sorted(const char *text, const char *between, const char *within)
{
    g_auto(GStrv) parts = g_strsplit(text, between, -1);
    for (char **part = parts; *part && within; part++) {
        char *lines = sorted(*part, within, NULL);
        g_free(*part);
        *part = lines;
    }
    qsort(parts, g_strv_length(parts), sizeof *parts, compare_texts);
    return g_strjoinv(between, parts);
}

static bool checksum_fits(const char *content, const char *checksum)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1);
    return g_str_has_prefix(checksum, digest);
}

/* A file without records is as good as none: it is what a revert leaves. */
static void append_file(GString *text, const World *world)
{
    g_autofree char *path = path_of(world, "out.file"), *beside = path_of(world, "out.sha256");
    g_autofree char *left = g_strconcat(path, ".dirsync-new", NULL);
    if (g_file_test(left, G_FILE_TEST_EXISTS))
        g_string_append(text, "a temporary is left\n\n");
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return;
    g_autofree char *content = text_of(path);
    g_autofree char *records = strstr(content, "dn: ") ? sorted(strstr(content, "dn: "), "\n\n", "\n")
                                                       : sorted(content, "\r\n", NULL);
    if (strstr(content, "@")) /* somebody */
        g_string_append(text, records);
    if (g_file_test(beside, G_FILE_TEST_EXISTS)) {
        g_autofree char *checksum = text_of(beside);
        if (!checksum_fits(content, checksum))
            g_string_append(text, "\n\nthe checksum does not fit\n\n");
    }
}

static char *dump(void *data)
{
    const World *world = data;
    MemoryStore *store = open_store(world);
    g_autofree char *home = memory_store_dump(store, false);
    memory_store_drop(STORE);
    GString *text = g_string_new(home);
    append_file(text, world);
    return g_string_free(text, FALSE);
}

static void set_home(const World *world, const char *people)
{
    g_autofree char *path = path_of(world, "home.ldif");
    g_autofree char *text = g_strconcat(TOP, people, NULL);
    write_text(path, text);
}

static void define(const World *world, const Format *format)
{
    g_autofree char *connector = g_strdup_printf(
        "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"globex\" uuid=\"" WORLD_UUID
        "\" organisation=\"organisation.xml\">\n<export %s contacts=\"no\" resources=\"no\"><to "
        "driver=\"%s</to>"
        "<stamp attribute=\"%s\"/><source base=\"ou=people,dc=example,dc=com\"/></export>\n" WORLD_NO_LIMITS
        "</connector>\n",
        format->mapping, format->to, format->stamp);
    world_define(world, HOME, NULL, NULL, NULL);
    write_text(world->connector, connector);
}

typedef struct {
    const Format *format;
    const Case *c;
    char *name;
} Test;

static void killed_at_any_step(void **state)
{
    const Test *test = *state;
    World *world = world_new();
    CrashHome files = {.open = open_in_child, .dump = dump, .data = world};
    define(world, test->format);
    if (test->c->before) {
        set_home(world, test->c->before);
        crash_sync(world, files);
    }
    set_home(world, test->c->after);
    g_autoptr(CrashSite) site = crash_site_new(world, files);
    crash_walk(site, test->name, SAMPLE);
    coverage_check("files", test->name, site->happened);
    world_free(world);
}

static void what_the_coverage_names_is_there(void **state)
{
    coverage_expect("files", *state);
}

int main(void)
{
    Test all[G_N_ELEMENTS(formats) * G_N_ELEMENTS(cases)];
    struct CMUnitTest tests[G_N_ELEMENTS(all) + 1];
    const char *names[G_N_ELEMENTS(all) + 1] = {NULL};
    crash_begin();
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        const Format *format = &formats[i / G_N_ELEMENTS(cases)];
        const Case *c = &cases[i % G_N_ELEMENTS(cases)];
        all[i] = (Test){format, c, g_strdup_printf("%s: %s", format->name, c->name)};
        tests[i] = (struct CMUnitTest){all[i].name, killed_at_any_step, NULL, NULL, &all[i]};
        names[i] = all[i].name;
    }
    tests[G_N_ELEMENTS(all)] =
        (struct CMUnitTest){"coverage", what_the_coverage_names_is_there, NULL, NULL, names};
    int failed = cmocka_run_group_tests_name("crash_files", tests, NULL, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(all[i].name);
    crash_tell();
    return failed;
}

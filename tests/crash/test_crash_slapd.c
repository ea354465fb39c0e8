/*
 * test_crash_slapd.c - a run against a real server that is killed at any step is finished by the next one
 *
 * The same trials as in memory, with slapd holding the home directory: a sample of
 * the fault steps, or every one with CRASH=all. The state begins empty, since what is
 * put back into the server between trials has other identities each time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash.h"
#include "tests/lab/sync_case.h"

#include <string.h>

#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
#define SAMPLE 8

static Lab *home;
static World *world;

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(home);
    world = NULL;
    home = NULL;
    return 0;
}

static char *start_ldif;

/* Everything below the suffix is taken away and loaded anew. */
static void restore_server(void *data)
{
    (void)data;
    g_autoptr(GString) ldif = g_string_new(NULL);
    g_autofree char *dump = lab_dump(home, HOME_BASE, (const char *const[]){"1.1", NULL});
    g_auto(GStrv) names = g_strsplit(dump, "\n", -1);
    g_autoptr(GPtrArray) doomed = g_ptr_array_new();
    for (char **name = names; *name; name++)
        if (**name && **name != ' ' && strcmp(*name, HOME_BASE) != 0 && strcmp(*name, HOME_USER) != 0 &&
            strcmp(*name, WORLD_CONTAINER) != 0)
            g_ptr_array_add(doomed, *name);
    for (guint i = 0; i < doomed->len; i++)
        g_string_append_printf(ldif, "dn: %s\nchangetype: delete\n\n", (char *)g_ptr_array_index(doomed, i));
    if (lab_count(home, HOME_BASE, "(ou=Globex)"))
        g_string_append(ldif, "dn: " WORLD_CONTAINER "\nchangetype: delete\n\n");
    if (ldif->len)
        lab_ldif_load(home, ldif->str);
    lab_ldif_load(home, start_ldif);
}

/* Passwords are other ones each time. */
static char *dump_server(void *data)
{
    (void)data;
    g_autofree char *dump = lab_dump(home, HOME_BASE, NULL);
    g_autoptr(GRegex) password = g_regex_new("^( *userPassword:+) .*$", G_REGEX_MULTILINE, 0, NULL);
    return g_regex_replace(password, dump, -1, 0, "\\1 some", 0, NULL);
}

/* The contacts of three people, Bob among the members of a group; the state is lost, so that entryUUIDs do
 * not matter. */
#define STAMPED(anchor, name, mail)                                                                          \
    "dn: cn=" name "," WORLD_CONTAINER                                                                       \
    "\nobjectClass: top\nobjectClass: contact\nobjectClass: dirsyncStamp\n"                                  \
    "cn: " name "\nmail: " mail "\nproxyAddresses: SMTP:" mail "\ntargetAddress: SMTP:" mail "\n"            \
    "importedFrom: " WORLD_UUID "\ndirsyncAnchor: " anchor "\n\n"
#define START                                                                                                \
    "dn: " WORLD_CONTAINER                                                                                   \
    "\nobjectClass: organizationalUnit\nou: Globex\n\n" STAMPED("1", "Ada Alt", "ada@globex.example")        \
        STAMPED("2", "Bob Baum", "bob@globex.example") STAMPED("3", "Cat Chan", "cat@globex.example")        \
            STAMPED("5", "Eve Eck",                                                                          \
                    "eve@globex.example") "dn: cn=All," HOME_BASE                                            \
                                          "\nobjectClass: groupOfNames\ncn: All\nmember: " HOME_USER "\n"    \
                                          "member: cn=Bob Baum," WORLD_CONTAINER "\n"

static const Person swapped[] = {{"1", "Cat Chan", "ada@globex.example", NULL},
                                 {"3", "Ada Alt", "eve@globex.example", NULL},
                                 {"4", "Dan Dorn", "dan@globex.example bob@globex.example", NULL},
                                 {"5", "Eve Eck", "cat@globex.example", "Chief"},
                                 NOBODY};

static const Person first[] = {{"1", "Ada Alt", "ada@globex.example", NULL},
                               {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL},
                               {"3", "Ada Alt", "cat@globex.example", "Chemist"},
                               NOBODY};

static void kill_everywhere(const char *name, const char *start, const char *import, const char *kinds,
                            const Person *people)
{
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync --unique");
    world = world_at(home);
    g_autofree char *element = world_server("home", home->uri, HOME_BASE);
    g_autofree char *whole = g_strconcat(WORLD_FILE_IMPORT, import, NULL);
    world_define(world, element, NULL, whole, NULL);
    if (kinds) {
        g_autofree char *text = text_of(world->connector);
        g_auto(GStrv) parts = g_strsplit(text, "groups=\"no\"", 2);
        g_autofree char *defined = g_strconcat(parts[0], kinds, " groups=\"no\"", parts[1], NULL);
        write_text(world->connector, defined);
    }
    start_ldif = (char *)start;
    restore_server(NULL);
    world_set_people(world, people);
    CrashHome server = {.restore = restore_server, .dump = dump_server};
    g_autoptr(CrashSite) site = crash_site_new(world, server);
    crash_walk(site, name, SAMPLE);
}

static void names_and_addresses_change_hands(void **state)
{
    (void)state;
    kill_everywhere("swapped", START, "<grace days=\"0\"/>", NULL, swapped);
}

static void grace_begins_and_people_come(void **state)
{
    (void)state;
    kill_everywhere("grace", START, "", NULL, first);
}

static void accounts_are_made_and_enabled(void **state)
{
    (void)state;
    kill_everywhere("accounts", "", "", "people=\"enabled-user\"", first);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(names_and_addresses_change_hands),
        CASE(grace_begins_and_people_come),
        CASE(accounts_are_made_and_enabled),
    };
    crash_begin();
    int failed = cmocka_run_group_tests_name("crash_slapd", tests, NULL, NULL);
    crash_tell();
    return failed;
}

/*
 * test_crash_servers.c - runs against a Samba domain and a 389 Directory Server, killed at any step
 *
 * What tests/crash/test_crash_slapd.c does with slapd, in fewer cases: what is put back into
 * these servers between trials has other identities each time, so the state begins
 * empty and the contacts are known by their stamps. A sample of the steps, more with
 * CRASH=all. One server of each kind serves all its cases.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash.h"
#include "tests/lab/sync_case.h"

#define NATIVES "ou=natives," HOME_BASE
#define SAMPLE 2
#define SAMPLE_OF_ALL 8
#define PEOPLE 6

typedef struct {
    const char *name;
    bool nobody;        /* the home directory is empty; else there are four contacts and a group */
    const char *import; /* beside source and anchor */
    const char *kinds;  /* of <import>; NULL: groups="no" */
    const char *group;  /* members of a group of the source; NULL: there is none */
    Person people[PEOPLE];
} ServerCase;

static const ServerCase cases[] = {
    {.name = "names and addresses change hands, one goes and leaves a group, one comes",
     .import = "<grace days=\"0\"/>",
     .people = {{"1", "Cat Chan", "ada@globex.example", NULL},
                {"3", "Ada Alt", "eve@globex.example", NULL},
                {"4", "Dan Dorn", "dan@globex.example bob@globex.example", NULL},
                {"5", "Eve Eck", "cat@globex.example", "Chief"}}},
    {.name = "grace begins, people come and change",
     .import = "",
     .people = {{"1", "Ada Anders", "ada@globex.example", "Engineer"},
                {"2", "Bob Baum", "bob@globex.example bobby@globex.example", NULL},
                {"6", "Eve Eck", "e2@globex.example", "Chemist"}}},
    {.name = "the first import, with a group",
     .nobody = true,
     .import = "",
     .kinds = "groups=\"group\"",
     .group = "member: uid=1,ou=people,dc=globex,dc=example\nmember: uid=3,ou=people,dc=globex,dc=example\n",
     .people = {{"1", "Ada Alt", "ada@globex.example", NULL},
                {"2", "Bob Baum", "bob@globex.example", NULL},
                {"3", "Ada Alt", "alt@globex.example", NULL}}},
};

static const char *const kinds[] = {"samba", "389"};

static Lab *home;
static const ServerCase *now;

static bool is_samba(void)
{
    return g_str_equal(home->kind, "samba");
}

/* --- the start, as often as it is wanted --- */

static void remove_below(const char *dn)
{
    g_autofree char *dump =
        lab_count(home, HOME_BASE, g_str_has_prefix(dn, "ou=n") ? "(ou=natives)" : "(ou=Globex)")
            ? lab_dump(home, dn, (const char *const[]){"objectClass", NULL})
            : g_strdup("");
    g_auto(GStrv) lines = g_strsplit(dump, "\n", -1);
    g_autoptr(GString) ldif = g_string_new(NULL);
    for (guint i = 0; i < 2; i++) /* what lies below first */
        for (char **line = lines; *line; line++)
            if (**line && **line != ' ' && (g_ascii_strcasecmp(*line, dn) == 0) == (i == 1))
                g_string_append_printf(ldif, "dn: %s\nchangetype: delete\n\n", *line);
    if (ldif->len)
        lab_ldif_load(home, ldif->str);
}

static void append_contact(GString *ldif, const char *anchor, const char *name, const char *mail)
{
    g_string_append_printf(ldif,
                           "dn: cn=%s," WORLD_CONTAINER "\nobjectClass: top\nobjectClass: contact\n%scn: %s\n"
                           "mail: %s\nproxyAddresses: SMTP:%s\ntargetAddress: SMTP:%s\n"
                           "importedFrom: " WORLD_UUID "\ndirsyncAnchor: %s\n\n",
                           name, is_samba() ? "" : "objectClass: dirsyncStamp\n", name, mail, mail, mail,
                           anchor);
}

/* Bob is a member of a group of the natives. */
static void restore(void *data)
{
    (void)data;
    g_autoptr(GString) ldif =
        g_string_new("dn: " NATIVES "\nobjectClass: organizationalUnit\nou: natives\n\n");
    remove_below(NATIVES);
    remove_below(WORLD_CONTAINER);
    if (!now->nobody) {
        g_string_append(ldif, "dn: " WORLD_CONTAINER "\nobjectClass: organizationalUnit\nou: Globex\n\n");
        append_contact(ldif, "1", "Ada Alt", "ada@globex.example");
        append_contact(ldif, "2", "Bob Baum", "bob@globex.example");
        append_contact(ldif, "3", "Cat Chan", "cat@globex.example");
        append_contact(ldif, "5", "Eve Eck", "eve@globex.example");
        g_string_append_printf(
            ldif,
            "dn: cn=All," NATIVES "\nobjectClass: %s\ncn: All\n%smember: cn=Bob Baum," WORLD_CONTAINER
            "\nmember: cn=Ada Alt," WORLD_CONTAINER "\n",
            is_samba() ? "group" : "groupOfNames", is_samba() ? "groupType: 8\nsAMAccountName: All\n" : "");
    }
    lab_ldif_load(home, ldif->str);
}

/* A server adds attributes of its own, which are others each time: what dirsync and the test write is named.
 */
static char *dump(void *data)
{
    static const char *const attributes[] = {"objectClass",
                                             "cn",
                                             "sn",
                                             "title",
                                             "displayName",
                                             "mail",
                                             "mailNickname",
                                             "proxyAddresses",
                                             "targetAddress",
                                             "member",
                                             "importedFrom",
                                             "dirsyncAnchor",
                                             "dirsyncGraceSince",
                                             "msExchHideFromAddressLists",
                                             "sAMAccountName",
                                             "groupType",
                                             "employeeNumber",
                                             NULL};
    (void)data;
    g_autofree char *natives = lab_dump(home, NATIVES, attributes);
    g_autofree char *container = lab_count(home, HOME_BASE, "(ou=Globex)")
                                     ? lab_dump(home, WORLD_CONTAINER, attributes)
                                     : g_strdup("");
    return g_strconcat(natives, container, NULL);
}

/* Samba spells names its own way. How a group's members were spelt when it was written depends on whether the
 * run that wrote it had made them or found them there. */
static char *mask(char *text, void *data)
{
    (void)data;
    g_autoptr(GRegex) exact = g_regex_new("(anchor g1\n.*\ndesired [0-9A-F]{32})[0-9A-F]{32}", 0, 0, NULL);
    char *masked = g_regex_replace(exact, text, -1, 0, "\\1", 0, NULL);
    g_free(text);
    return masked;
}

/* --- a case --- */

static void add_group(const World *world, const char *members)
{
    g_autofree char *path = g_build_filename(world->live, "people.ldif", NULL);
    g_autofree char *people = text_of(path);
    g_auto(GStrv) parts = g_strsplit(people, "# count: ", 2);
    g_autofree char *whole =
        g_strdup_printf("%sdn: cn=Some,ou=groups,dc=globex,dc=example\nobjectClass: groupOfNames\ncn: Some\n"
                        "employeeNumber: g1\nmail: some@globex.example\n%s\n# count: %" G_GUINT64_FORMAT "\n",
                        parts[0], members, g_ascii_strtoull(parts[1], NULL, 10) + 1);
    write_text(path, whole);
}

static void define(const World *world, const ServerCase *c)
{
    g_autofree char *element = lab_element("home", home, HOME_BASE);
    g_autofree char *import = g_strconcat(
        "<source><filter>(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))</filter></source>"
        "<anchor attribute=\"employeeNumber\"/>",
        c->import, NULL);
    g_autofree char *how = g_strdup_printf("mapping=\"%s\" %s", is_samba() ? "home.xml" : "inetorgperson",
                                           c->kinds ? c->kinds : "groups=\"no\"");
    world_define(world, element, NULL, import, NULL);
    g_autofree char *text = text_of(world->connector);
    g_auto(GStrv) parts = g_strsplit(text, "mapping=\"inetorgperson\" groups=\"no\"", 2);
    g_autofree char *defined = g_strjoinv(how, parts);
    write_text(world->connector, defined);
    if (is_samba())
        world_write_ad_mapping(world);
    world_set_people(world, c->people);
    if (c->group)
        add_group(world, c->group);
}

/* --- servers, one after the other --- */

static void have(const char *kind)
{
    lab_skip_unless(kind);
    if (home && g_str_equal(home->kind, kind))
        return;
    g_clear_pointer(&home, lab_stop);
    home = lab_start(kind, NULL);
}

typedef struct {
    const char *server;
    const ServerCase *c;
} Trial;

static void killed_at_any_step(void **state)
{
    const Trial *trial = *state;
    g_autofree char *name = g_strdup_printf("%s (%s)", trial->c->name, trial->server);
    crash_begin_case(name, NULL);
    have(trial->server);
    now = trial->c;
    World *world = world_new();
    define(world, now);
    restore(NULL);
    CrashHome server = {.restore = restore, .dump = dump, .mask = mask, .server = home->kind};
    g_autoptr(CrashSite) site = crash_site_new(world, server);
    assert_string_not_equal(site->figures, "");
    crash_walk(site, now->name, crash_is_exhaustive() ? SAMPLE_OF_ALL : SAMPLE);
    world_free(world);
}

int main(void)
{
    Trial trials[G_N_ELEMENTS(kinds) * G_N_ELEMENTS(cases)];
    struct CMUnitTest tests[G_N_ELEMENTS(trials)];
    crash_begin();
    for (size_t i = 0; i < G_N_ELEMENTS(trials); i++) {
        trials[i] = (Trial){kinds[i / G_N_ELEMENTS(cases)], &cases[i % G_N_ELEMENTS(cases)]};
        tests[i] = (struct CMUnitTest){trials[i].c->name, killed_at_any_step, NULL, NULL, &trials[i]};
    }
    int failed = cmocka_run_group_tests_name("crash_servers", tests, NULL, NULL);
    lab_stop(home);
    crash_tell();
    return failed;
}

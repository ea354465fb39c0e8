/*
 * crash_cases.c - see crash_cases.h
 */
#include "tests/crash/crash_cases.h"

#include "tests/crash/crash_slapd.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#define HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"crash\"/></home>"
#define AGED 40 /* days, more than grace lasts */

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

const CrashCase crash_cases[] = {
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
    {.name = "a member of a group goes into grace, and another one comes",
     .kinds = "people=\"contact\"",
     .before = {ADA, BOB, CAT},
     .groups = SOURCE_GROUP("91", "Inner", IN("1") IN("2")) SOURCE_GROUP("92", "Outer", IN("2") IN("4")),
     .n_groups = 2,
     .groups_before = true,
     .after = {ADA, CAT, {"4", "Dan Dorn", "dan@globex.example", NULL}},
     .figures = "1 created, 2 modified, 1 disabled, 2 quarantined"},
    {.name = "contacts become accounts, and stay in their groups",
     .kinds = "people=\"disabled-user\"",
     .before = {ADA, BOB},
     .changes = GROUP_WITH("cn=Ada Alt," WORLD_CONTAINER),
     .after = {ADA, {"2", "Bob Busch", "bob@globex.example", NULL}},
     .figures = "2 created, 2 deleted"},
};
const size_t n_crash_cases = G_N_ELEMENTS(crash_cases);

const CrashCase *crash_case(const char *name)
{
    for (size_t i = 0; i < n_crash_cases; i++)
        if (g_str_has_prefix(crash_cases[i].name, name))
            return &crash_cases[i];
    fail_msg("no case %s", name);
    return NULL;
}

/* The definition and the source of the run that is killed. */
static void set_kinds(const World *world, const CrashCase *c)
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

/* The home directory as the next run finds it. */
static CrashHome home_now(const World *world, const CrashCase *c, bool on_slapd)
{
    static const CrashTree trees[CRASH_TREES] = {{"dc=example,dc=com", "home.ldif"}};
    CrashHome memory = crash_memory_home(world), slapd;
    g_autofree char *refused = NULL;
    if (!on_slapd)
        return memory;
    if (!crash_on_slapd(world, memory, trees, &slapd, &refused))
        fail_msg("%s: slapd does not take it: %s", c->name, refused);
    return slapd;
}

static void sync_before(const World *world, const CrashCase *c, bool on_slapd)
{
    CrashHome home = home_now(world, c, on_slapd);
    crash_sync(world, home);
    g_free(home.dump(home.data)); /* into the file, for others to change it */
}

static CrashSite *make_site(const World *world, const CrashCase *c, bool on_slapd)
{
    g_autofree char *import = g_strconcat(WORLD_FILE_IMPORT, c->import, NULL);
    world_define(world, HOME, NULL, import, NULL);
    crash_memory_load(world, c->tree ? c->tree : TREE);
    if (c->before[0].anchor) {
        world_set_people(world, c->before);
        if (c->groups_before)
            set_kinds(world, c);
        sync_before(world, c, on_slapd);
    }
    if (c->has_middle) {
        world_set_people(world, c->middle);
        sync_before(world, c, on_slapd);
    }
    if (c->changes)
        crash_memory_change(world, c->changes);
    if (c->aged)
        crash_memory_age(world, AGED);
    world_set_people(world, c->after);
    if (c->groups_before)
        world_define(world, HOME, NULL, import, NULL);
    if (c->kinds || c->groups)
        set_kinds(world, c);
    CrashHome home = home_now(world, c, on_slapd);
    home.run = c->run;
    return crash_site_new(world, home);
}

CrashSite *crash_case_site(const World *world, const CrashCase *c)
{
    return make_site(world, c, false);
}

CrashSite *crash_case_site_on_slapd(const World *world, const CrashCase *c)
{
    return make_site(world, c, true);
}

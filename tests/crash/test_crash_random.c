/*
 * test_crash_random.c - random people, random edits, random kills
 *
 * What nobody thought of when the cases of test_crash_memory.c were written:
 * people who exchange, drop and pick up names and addresses from small pools,
 * leave and come back, with natives among them. The seed is printed; CRASH_SEED
 * repeats a run, CRASH=all makes it long.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/crash_slapd.h"

#include <stdlib.h>
#include <string.h>

#define HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"crash\"/></home>"
#define MOST 9   /* people */
#define KILLS 10 /* in each site */
#define KILLS_ON_SLAPD 2
#define KILLS_ON_SLAPD_OF_ALL 6
#define SITES 5
#define SITES_OF_ALL 12
#define AGED 40

#define TREE                                                                                                 \
    "dn: dc=example,dc=com\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: Example\n\n"   \
    "dn: cn=Hanna Heim,dc=example,dc=com\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\n"          \
    "cn: Hanna Heim\nsn: Heim\nmail: hanna@acme.example\nproxyAddresses: SMTP:hanna@acme.example\n\n"        \
    "dn: cn=All,dc=example,dc=com\nobjectClass: groupOfNames\ncn: All\nmember: cn=Hanna "                    \
    "Heim,dc=example,dc=com\n\n"

static const char *const names[] = {"Ada Alt", "Bob Baum", "Cat Chan", "Dan, Dorn", "Eve+Eck", "Zoe (Zizek)"};
static const char *const anchors[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"};
static const char *const titles[] = {NULL, "Engineer", "Ärztin", "Chief"};

static const char *any(const char *const *of, size_t n)
{
    return of[g_rand_int_range(crash_chance(), 0, (gint32)n)];
}

/* Every address has one holder, so that the end does not depend on who comes first. */
typedef struct {
    Person people[MOST + 1];
    int order[G_N_ELEMENTS(anchors) * 2]; /* addresses, shuffled */
} Crowd;

static const char *address(int i)
{
    g_autofree char *text = g_strdup_printf("a%d@globex.example", i);
    return g_intern_string(text);
}

static void shuffle(int *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        numbers[i] = (int)i;
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = (size_t)g_rand_int_range(crash_chance(), 0, (gint32)i + 1);
        int other = numbers[i];
        numbers[i] = numbers[j];
        numbers[j] = other;
    }
}

/* Some of the people as they were, some changed, some gone, some new. */
static void next_crowd(Crowd *crowd, const Crowd *before)
{
    size_t n = 0;
    memset(crowd->people, 0, sizeof crowd->people);
    shuffle(crowd->order, G_N_ELEMENTS(crowd->order));
    if (before && g_rand_boolean(crash_chance())) /* addresses stay where they are */
        memcpy(crowd->order, before->order, sizeof crowd->order);
    for (size_t i = 0; i < G_N_ELEMENTS(anchors) && n < MOST; i++) {
        const Person *was = before ? before->people : NULL;
        while (was && was->anchor && strcmp(was->anchor, anchors[i]) != 0)
            was++;
        bool there = was && was->anchor;
        if (g_rand_int_range(crash_chance(), 0, 10) < (there ? 2 : 4))
            continue;
        Person *person = &crowd->people[n++];
        *person = there ? *was : (Person){anchors[i], any(names, G_N_ELEMENTS(names)), NULL, NULL};
        if (g_rand_int_range(crash_chance(), 0, 10) < 3)
            person->name = any(names, G_N_ELEMENTS(names));
        if (g_rand_int_range(crash_chance(), 0, 10) < 3)
            person->title = any(titles, G_N_ELEMENTS(titles));
        g_autofree char *both =
            g_strjoin(" ", address(crowd->order[i]),
                      i % 3 ? NULL : address(crowd->order[i + G_N_ELEMENTS(anchors)]), NULL);
        person->mails = g_intern_string(both);
    }
}

/* Others use what we made: one of the contacts becomes a member of a group. */
static void join_group(const World *world, const Crowd *crowd)
{
    if (!crowd->people[0].anchor || strpbrk(crowd->people[0].name, ",+"))
        return;
    g_autofree char *ldif = g_strdup_printf(
        "dn: cn=All,dc=example,dc=com\nchangetype: modify\nadd: member\nmember: cn=%s," WORLD_CONTAINER
        "\n-\n",
        crowd->people[0].name);
    crash_memory_change(world, ldif);
}

static void native_appears(const World *world, const Crowd *crowd)
{
    size_t n = 0;
    while (crowd->people[n].anchor)
        n++;
    if (!n)
        return;
    g_auto(GStrv) mails = g_strsplit(crowd->people[n - 1].mails, " ", -1);
    g_autofree char *ldif = g_strdup_printf("dn: cn=Native,dc=example,dc=com\nchangetype: add\nobjectClass: "
                                            "inetOrgPerson\nobjectClass: mailRecipient\n"
                                            "cn: Native\nsn: Native\nmail: %s\n\n",
                                            mails[0]);
    crash_memory_change(world, ldif);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *(*plain_dump)(void *data);

/* Of people of one name the first keeps it and the others get a suffix. Who was first depends on where the
 * run was cut, since a name that somebody has is kept; everything else may not. */
static char *dump_without_suffixes(void *data)
{
    g_autofree char *text = plain_dump(data);
    g_autoptr(GRegex) suffix = g_regex_new(" \\([0-9a-f]{6,16}\\)", 0, 0, NULL);
    g_autofree char *without = g_regex_replace_literal(suffix, text, -1, 0, "", 0, NULL);
    g_auto(GStrv) records = g_strsplit(without, "\n\n", -1);
    qsort(records, g_strv_length(records), sizeof *records, by_text);
    return g_strjoinv("\n\n", records);
}

/* What is wanted of somebody with a suffix, or whose name another one has too, contains the name. */
static char *mask_homonyms(char *text, void *data)
{
    (void)data;
    g_autoptr(GRegex) suffix = g_regex_new(" \\([0-9a-f]{6,16}\\)", 0, 0, NULL);
    g_autofree char *without = g_regex_replace_literal(suffix, text, -1, 0, "", 0, NULL);
    g_auto(GStrv) records = g_strsplit(without, "\n\n", -1);
    for (char **record = records; *record; record++) {
        char *dn = strstr(*record, "\ndn "), *wanted = strstr(*record, "\ndesired ");
        if (!dn || !wanted)
            continue;
        g_autofree char *line = g_strndup(dn, (gsize)(wanted + 1 - dn)); /* with both ends */
        const char *first = strstr(without, line);
        if (strstr(first + 1, line))
            wanted[strlen("\ndesired ")] = '\0';
    }
    g_free(text);
    return g_strjoinv("\n\n", records);
}

/* The home directory as it is then, in slapd. */
static CrashHome on_slapd(const World *world, CrashHome home)
{
    static const CrashTree trees[CRASH_TREES] = {{"dc=example,dc=com", "home.ldif"}};
    g_autofree char *refused = NULL;
    CrashHome slapd;
    if (!crash_on_slapd(world, home, trees, &slapd, &refused))
        fail_msg("slapd does not take it: %s", refused);
    return slapd;
}

static CrashSite *make_site(const World *world, bool in_memory)
{
    static const char *const graces[] = {"<grace days=\"0\"/>", "<grace days=\"30\"/>",
                                         "<grace days=\"30\" action=\"keep\"/>"};
    CrashHome home = crash_memory_home(world);
    plain_dump = home.dump;
    home.dump = dump_without_suffixes;
    home.mask = mask_homonyms;
    g_autofree char *import = g_strconcat(WORLD_FILE_IMPORT, any(graces, G_N_ELEMENTS(graces)), NULL);
    Crowd crowds[3] = {0};
    world_define(world, HOME, NULL, import, NULL);
    crash_memory_load(world, TREE);
    int stages = g_rand_int_range(crash_chance(), 0, 3);
    for (int i = 0; i < stages; i++) {
        next_crowd(&crowds[i], i ? &crowds[i - 1] : NULL);
        world_set_people(world, crowds[i].people);
        crash_sync(world, home);
    }
    const Crowd *last = stages ? &crowds[stages - 1] : NULL;
    if (last && g_rand_boolean(crash_chance()))
        join_group(world, last);
    if (last && g_rand_int_range(crash_chance(), 0, 3) == 0)
        native_appears(world, last);
    next_crowd(&crowds[stages], last);
    world_set_people(world, crowds[stages].people);
    return crash_site_new(world, in_memory ? home : on_slapd(world, home));
}

static void walk_sites(bool in_memory)
{
    unsigned long on_slapd_kills = crash_is_exhaustive() ? KILLS_ON_SLAPD_OF_ALL : KILLS_ON_SLAPD;
    int sites = crash_is_exhaustive() ? SITES_OF_ALL : SITES;
    for (int i = 0; i < sites; i++) {
        World *world = world_new();
        g_autoptr(CrashSite) site = make_site(world, in_memory);
        g_autofree char *name = g_strdup_printf("site %d (%s)", i, site->figures);
        crash_walk(site, name, in_memory ? KILLS : on_slapd_kills);
        world_free(world);
    }
}

static void random_sites(void **state)
{
    (void)state;
    walk_sites(true);
}

static void random_sites_on_slapd(void **state)
{
    (void)state;
    walk_sites(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_sites),
                                       cmocka_unit_test(random_sites_on_slapd)};
    crash_begin();
    int failed = cmocka_run_group_tests_name("crash_random", tests, NULL, NULL);
    crash_slapd_stop();
    crash_tell();
    return failed;
}

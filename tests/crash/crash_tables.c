/*
 * crash_tables.c - the specifications of runs, as crash tests
 *
 * Takes the place of tests/unit/pass_case_table.c in a program made from the
 * same table of cases (tests/unit/pass_case.h): what a case expects of each of
 * its runs is tested there; here each of its runs is killed at every step, with
 * its directories in memory, and at some with them in a real slapd. Runs
 * under injected faults are left out: a fault that is counted begins anew in
 * each process, so that there is no undisturbed run to compare with.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/crash/coverage.h"
#include "tests/crash/crash_slapd.h"
#include "tests/unit/pass_case.h"

#include <stdlib.h>
#include <string.h>

#define WANTED_CASES 3       /* of a table in a sample... */
#define WANTED_STEPS 2       /* ... and steps of each run */
#define SLAPD_CASES 1        /* of a table in a sample... */
#define SLAPD_CASES_OF_ALL 6 /* ... and with CRASH=all, beside those that coverage.c names... */
#define SLAPD_STEPS 1
#define SLAPD_STEPS_OF_ALL 2 /* ... and steps of each run */
#define HOME_FILE "home.ldif"
#define FOREIGN_FILE "foreign.ldif"

/* A case on its way. */
typedef struct {
    const PassCase *spec;
    const char *group;
    unsigned long of; /* cases */
    bool on_slapd;
    bool chosen; /* whatever chance says: one is, of each table, or whoever was asked for */
    Case *c;
    World world;
    const Called *called;
    bool faulty; /* faults are injected, or it cannot be done on slapd: the rest is left out */
    GString *happened;
} TableCase;

/* --- the case's folder as a world --- */

static void keep_in_file(const TableCase *table, MemoryStore *store, const char *name)
{
    g_autofree char *path = g_build_filename(table->world.live, name, NULL);
    g_autoptr(GError) error = NULL;
    remove(path);
    if (store && !memory_store_set_file(store, path, &error))
        fail_msg("%s", error->message);
}

static void read_from_file(const TableCase *table, MemoryStore *store, const char *name)
{
    g_autofree char *path = g_build_filename(table->world.live, name, NULL);
    g_autoptr(GError) error = NULL;
    if (store && !memory_store_set_file(store, path, &error))
        fail_msg("%s", error->message);
}

static void read_both(void *data)
{
    const TableCase *table = data;
    read_from_file(table, case_home(table->c), HOME_FILE);
    read_from_file(table, case_foreign(table->c), FOREIGN_FILE);
}

/* Identities of objects that were made in the run are others in each: their names stand for them. */
static char *mask(char *text, void *data)
{
    const TableCase *table = data;
    MemoryStore *const stores[] = {case_home(table->c), case_foreign(table->c)};
    for (size_t i = 0; i < G_N_ELEMENTS(stores); i++) {
        g_autofree char *all = stores[i] ? memory_store_dump(stores[i], true) : g_strdup("");
        g_auto(GStrv) records = g_strsplit(all, "\n\n", -1);
        for (char **record = records; *record; record++) {
            const char *id = strstr(*record, "\nentryUUID: ");
            if (!id)
                continue;
            id += strlen("\nentryUUID: ");
            g_autofree char *uuid = g_strndup(id, strcspn(id, "\n"));
            g_auto(GStrv) parts = g_strsplit(text, uuid, -1);
            g_autofree char *name = g_strndup(*record, strcspn(*record, "\n"));
            g_free(text);
            text = g_strjoinv(name, parts);
        }
    }
    return text;
}

static char *dump_both(void *data)
{
    const TableCase *table = data;
    read_both(data);
    MemoryStore *foreign = case_foreign(table->c);
    g_autofree char *home = memory_store_dump(case_home(table->c), false);
    g_autofree char *other = foreign ? memory_store_dump(foreign, false) : g_strdup("");
    return mask(g_strconcat(home, other, NULL), data);
}

static Connector *connector(void *data)
{
    return case_connector(((TableCase *)data)->c);
}

static void call(RunOptions *options, void *data)
{
    const TableCase *table = data;
    g_autoptr(Connector) defined = case_connector(table->c);
    *options = case_options(table->c, defined, table->called);
}

static CrashHome home_of(TableCase *table)
{
    const char *foreign = case_foreign(table->c) ? FOREIGN_FILE : NULL;
    return (CrashHome){.open = read_both,
                       .dump = dump_both,
                       .connector = connector,
                       .call = call,
                       .mask = mask,
                       .file = {HOME_FILE, HOME_FILE, foreign},
                       .data = table};
}

/* --- a case --- */

static int begin_case(void **state)
{
    TableCase *table = *state;
    table->c = case_new(&table->spec->start);
    table->world.state = g_strdup(case_state_folder(table->c));
    table->world.connector = case_path(table->c, "globex.xml");
    table->world.live = g_path_get_dirname(table->world.connector);
    table->world.folder = g_dir_make_tmp("crash-XXXXXX", NULL);
    table->happened = g_string_new(" ");
    return 0;
}

static int end_case(void **state)
{
    TableCase *table = *state;
    remove_folder(table->world.folder);
    g_free(table->world.live);
    g_free(table->world.state);
    g_free(table->world.connector);
    g_free(table->world.folder);
    g_string_free(table->happened, TRUE);
    g_clear_pointer(&table->c, case_free);
    return 0;
}

/* The home of the run, and how many steps of it are tried; false: slapd does not take what it begins with. */
static bool place_of(TableCase *table, CrashHome *home, unsigned long *steps)
{
    const char *suffix = case_foreign(table->c) ? "o=globex" : NULL;
    const CrashTree trees[CRASH_TREES] = {{"o=acme", HOME_FILE}, {suffix, FOREIGN_FILE}};
    g_autofree char *refused = NULL;
    *home = home_of(table);
    *steps = !table->on_slapd ? WANTED_STEPS : crash_is_exhaustive() ? SLAPD_STEPS_OF_ALL : SLAPD_STEPS;
    if (!table->on_slapd || crash_on_slapd(&table->world, *home, trees, home, &refused))
        return true;
    g_printerr("# %s: slapd does not take it: %s\n", table->spec->name, refused);
    return false;
}

/* Runs that end in an error have written nothing that the next one would not; those are not compared. */
static void kill_everywhere(TableCase *table, const CaseStep *step)
{
    CrashHome home;
    unsigned long steps;
    table->called = &step->called;
    keep_in_file(table, case_home(table->c), HOME_FILE);
    keep_in_file(table, case_foreign(table->c), FOREIGN_FILE);
    if (!place_of(table, &home, &steps)) {
        table->faulty = true;
        return;
    }
    g_autoptr(CrashSite) site = crash_site_try(&table->world, home);
    g_string_append(table->happened, site->happened);
    if (!site->error)
        crash_walk(site, table->spec->name, steps);
    crash_site_restore(site);
    g_free(crash_run_on(site));
    g_free(crash_dump(site)); /* from the server into the file */
    read_both(table);
}

static void do_step(TableCase *table, const CaseStep *step)
{
    if (step->kind == DO_FAULTS)
        table->faulty = step->text || step->source_faults;
    else if (!case_prepare(table->c, step))
        kill_everywhere(table, step);
}

/* Draws in any case, so that what follows is the same when the case is repeated alone. */
static bool is_wanted(const TableCase *table)
{
    bool all = crash_is_exhaustive();
    if (!table->on_slapd)
        return crash_is_chosen(WANTED_CASES, table->of) || table->chosen;
    bool drawn = crash_is_drawn(all ? SLAPD_CASES_OF_ALL : SLAPD_CASES, table->of);
    return drawn || table->chosen || crash_is_exhaustive_on_servers() ||
           (all && coverage_names(table->group, table->spec->name));
}

static void run_case(void **state)
{
    TableCase *table = *state;
    const CaseStep *end = table->spec->steps + G_N_ELEMENTS(table->spec->steps);
    crash_begin_case(table->spec->name, "DIRSYNC_TEST_CASE");
    if (!is_wanted(table))
        return;
    for (const CaseStep *step = table->spec->steps; step < end && step->kind != DO_END && !table->faulty;
         step++)
        do_step(table, step);
    coverage_check(table->group, table->spec->name, table->happened->str);
}

/* As a test of its own, with the names of all cases as its state. */
typedef struct {
    const char *group;
    const char **names;
} Named;

static void what_the_coverage_names_is_there(void **state)
{
    const Named *named = *state;
    coverage_expect(named->group, named->names);
}

int case_run_tables(const char *group, const PassCase *cases, size_t n_cases, const void *tests,
                    size_t n_tests)
{
    const char *only = g_getenv("DIRSYNC_TEST_CASE");
    g_autofree TableCase *table = g_new0(TableCase, 2 * n_cases);
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
    (void)tests;
    (void)n_tests;
    crash_begin();
    g_autofree const char **names = g_new0(const char *, n_cases + 1);
    Named named = {group, names};
    struct CMUnitTest coverage = {"coverage", what_the_coverage_names_is_there, NULL, NULL, &named};
    g_array_append_val(all, coverage);
    const size_t chosen[] = {(size_t)g_rand_int_range(crash_chance(), 0, (gint32)n_cases),
                             (size_t)g_rand_int_range(crash_chance(), 0, (gint32)n_cases)};
    for (size_t i = 0; i < 2 * n_cases; i++) {
        const PassCase *spec = &cases[i / 2];
        names[i / 2] = spec->name;
        table[i] = (TableCase){.spec = spec, .group = group, .of = n_cases, .on_slapd = i % 2};
        table[i].chosen = only || chosen[i % 2] == i / 2;
        struct CMUnitTest test = {spec->name, run_case, begin_case, end_case, &table[i]};
        if (!only || strstr(spec->name, only))
            g_array_append_val(all, test);
    }
    int failed =
        _cmocka_run_group_tests(group, (const struct CMUnitTest *)(void *)all->data, all->len, NULL, NULL);
    g_array_unref(all);
    crash_slapd_stop();
    crash_tell();
    return failed;
}

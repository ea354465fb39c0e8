/*
 * crash_walk.c - how many crash points are tried, and which
 */
#include "tests/crash/crash.h"

#include "dirsync/fault.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define REVERT_EVERY 8 /* trials: also followed by a revert... */
#define TWICE_EVERY 8  /* ... or by a second kill */

/** How many of what. */
typedef struct {
    unsigned long tried, reverted, twice, sites;
} Tried;

static GRand *chance;
static guint32 seed;
static char *selected; /* NAME='case' for the environment */
static Tried in_memory, on_servers;

void crash_begin(void)
{
    const char *given = g_getenv("CRASH_SEED");
    seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    g_printerr("# CRASH_SEED=%u\n", seed);
    chance = g_rand_new_with_seed(seed);
    if (!g_getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
        g_setenv("TMPDIR", "/dev/shm", TRUE);
}

bool crash_is_exhaustive(void)
{
    return !g_strcmp0(g_getenv("CRASH"), "all") || g_getenv("NIGHTLY");
}

bool crash_is_exhaustive_on_servers(void)
{
    return !g_strcmp0(g_getenv("CRASH_SERVERS"), "all") || g_getenv("NIGHTLY");
}

void crash_begin_case(const char *name, const char *command)
{
    g_autofree char *quoted = g_shell_quote(name);
    g_free(selected);
    selected = command ? g_strdup_printf("%s=%s ", command, quoted) : NULL;
    g_rand_set_seed(chance, seed ^ g_str_hash(name));
}

GRand *crash_chance(void)
{
    return chance;
}

bool crash_is_chosen(unsigned long wanted, unsigned long of)
{
    return crash_is_exhaustive() || crash_is_drawn(wanted, of);
}

bool crash_is_drawn(unsigned long wanted, unsigned long of)
{
    return of <= wanted || g_rand_double(chance) < (double)wanted / (double)of;
}

static bool one_in(int n)
{
    return g_rand_int_range(chance, 0, n) == 0;
}

static void print_commented(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        g_printerr("# %s\n", *line);
}

static void tell_how_to_repeat(void)
{
    static const char *const names[] = {"CRASH", "CRASH_SERVERS", "NIGHTLY"};
    g_autoptr(GString) command = g_string_new(selected);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_getenv(names[i]))
            g_string_append_printf(command, "%s=%s ", names[i], g_getenv(names[i]));
    g_printerr("# to repeat it: CRASH_SEED=%u %smake check TESTS=tests/crash/%s\n", seed, command->str,
               program_invocation_short_name);
}

static void complain(const CrashSite *site, const char *name, const char *when, const char *complaint)
{
    const char *on = site->home.server ? ", on " : "", *server = site->home.server ? site->home.server : "";
    print_commented(complaint); /* cmocka cuts it off */
    tell_how_to_repeat();
    fail_msg("%s%s%s: %s: %s", name, on, server, when, complaint);
}

static void fail_if(char *complaint, const CrashSite *site, const char *name, const char *how,
                    unsigned long step, unsigned long again)
{
    if (!complaint)
        return;
    g_autofree char *second = again ? g_strdup_printf(", then at its step %lu", again) : g_strdup("");
    g_autofree char *when =
        g_strdup_printf("killed at step %lu of %lu (%s)%s%s", step, site->steps,
                        (const char *)g_ptr_array_index(site->names, step - 1), second, how);
    complain(site, name, when, complaint);
}

static Tried *tried_of(const CrashSite *site)
{
    return site->home.server ? &on_servers : &in_memory;
}

static void try_step(CrashSite *site, const char *name, unsigned long step)
{
    Tried *so_far = tried_of(site);
    fail_if(crash_try(site, step, NULL), site, name, "", step, 0);
    so_far->tried++;
    if (one_in(REVERT_EVERY) && !site->restless) {
        fail_if(crash_revert(site), site, name, ", then reverted", step, 0);
        so_far->reverted++;
    }
    if (one_in(TWICE_EVERY)) {
        unsigned long again = 1 + (unsigned long)g_rand_int_range(chance, 0, (gint32)site->steps);
        fail_if(crash_try_twice(site, step, again), site, name, "", step, again);
        so_far->twice++;
    }
}

/* Whoever is killed between two statements of a transaction leaves what he would have left between any
 * others. */
GArray *crash_steps(const CrashSite *site)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(unsigned long));
    for (unsigned long step = 1, first = 0; step <= site->steps; step++) {
        bool in_transaction = !strcmp(g_ptr_array_index(site->names, step - 1), FAULT_IN_TRANSACTION);
        bool goes_on = in_transaction && first;
        first = !in_transaction ? 0 : first ? first : step;
        if (!goes_on)
            g_array_append_val(steps, step);
        else if (one_in((int)(step - first + 1))) /* each of the row may be the one */
            g_array_index(steps, unsigned long, steps->len - 1) = step;
    }
    return steps;
}

static bool tries_all(const CrashSite *site)
{
    return site->home.server ? crash_is_exhaustive_on_servers() : crash_is_exhaustive();
}

void crash_walk(CrashSite *site, const char *name, unsigned long wanted)
{
    assert_true(site->steps > 0);
    tried_of(site)->sites++;
    if (site->irreversible)
        complain(site, name, "not even the undisturbed run can be reverted", site->irreversible);
    g_autoptr(GArray) steps = crash_steps(site);
    guint one = (guint)g_rand_int_range(chance, 0, (gint32)steps->len); /* at least */
    for (guint i = 0; i < steps->len; i++)
        if (i == one || tries_all(site) || crash_is_drawn(wanted, steps->len))
            try_step(site, name, g_array_index(steps, unsigned long, i));
}

void crash_walk_revert(CrashSite *site, const char *name, unsigned long wanted)
{
    unsigned long steps = 0;
    g_autofree char *complaint = crash_try_revert_killed(site, 0, &steps);
    if (complaint)
        complain(site, name, "reverted twice", complaint);
    unsigned long one = (unsigned long)g_rand_int_range(chance, 1, (gint32)steps + 1); /* at least */
    for (unsigned long step = 1; step <= steps; step++) {
        if (step != one && !tries_all(site) && !crash_is_drawn(wanted, steps))
            continue;
        g_autofree char *when = g_strdup_printf("the revert killed at step %lu of %lu", step, steps);
        complaint = crash_try_revert_killed(site, step, &steps);
        if (complaint)
            complain(site, name, when, complaint);
        tried_of(site)->tried++;
    }
    tried_of(site)->sites++;
}

static void tell(const char *where, const Tried *so_far)
{
    g_printerr("# crash points tried%s: %lu at %lu sites, and %lu reverted, %lu killed twice\n", where,
               so_far->tried, so_far->sites, so_far->reverted, so_far->twice);
}

/* As TAP comments: what contrib/check and make crash add up. */
void crash_tell(void)
{
    tell("", &in_memory);
    if (on_servers.sites)
        tell(" on servers", &on_servers);
    g_clear_pointer(&chance, g_rand_free);
    g_clear_pointer(&selected, g_free);
}

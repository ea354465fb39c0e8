/*
 * crash_walk.c - how many crash points are tried, and which
 */
#include "tests/crash/crash.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REVERT_EVERY 8 /* trials: also followed by a revert... */
#define TWICE_EVERY 8  /* ... or by a second kill */

static GRand *chance;
static unsigned long tried, reverted, twice, sites, irreversible;

void crash_begin(void)
{
    const char *given = g_getenv("CRASH_SEED");
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    g_printerr("# CRASH_SEED=%u\n", seed);
    chance = g_rand_new_with_seed(seed);
    if (!g_getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
        g_setenv("TMPDIR", "/dev/shm", TRUE);
}

bool crash_is_exhaustive(void)
{
    return !g_strcmp0(g_getenv("CRASH"), "all") || g_getenv("NIGHTLY");
}

GRand *crash_chance(void)
{
    return chance;
}

bool crash_is_chosen(unsigned long wanted, unsigned long of)
{
    return crash_is_exhaustive() || of <= wanted || g_rand_double(chance) < (double)wanted / (double)of;
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

static void fail_if(char *complaint, const CrashSite *site, const char *name, const char *how,
                    unsigned long step, unsigned long again)
{
    if (complaint) /* cmocka cuts it off */
        print_commented(complaint);
    g_autofree char *second = again ? g_strdup_printf(", then at its step %lu", again) : g_strdup("");
    if (complaint)
        fail_msg("%s: killed at step %lu of %lu (%s)%s%s: %s", name, step, site->steps,
                 (const char *)g_ptr_array_index(site->names, step - 1), second, how, complaint);
}

static void try_step(CrashSite *site, const char *name, unsigned long step)
{
    fail_if(crash_try(site, step, NULL), site, name, "", step, 0);
    tried++;
    if (one_in(REVERT_EVERY) && !site->restless && !site->irreversible) {
        fail_if(crash_try_revert(site, step, NULL), site, name, ", then reverted", step, 0);
        reverted++;
    }
    if (one_in(TWICE_EVERY)) {
        unsigned long again = 1 + (unsigned long)g_rand_int_range(chance, 0, (gint32)site->steps);
        fail_if(crash_try_twice(site, step, again), site, name, "", step, again);
        twice++;
    }
}

void crash_walk(CrashSite *site, const char *name, unsigned long wanted)
{
    assert_true(site->steps > 0);
    sites++;
    if (site->irreversible) {
        irreversible++;
        g_autofree char *text = g_strdup_printf("%s: cannot be reverted: %s", name, site->irreversible);
        print_commented(text);
    }
    for (unsigned long step = 1; step <= site->steps; step++)
        if (crash_is_chosen(wanted, site->steps))
            try_step(site, name, step);
}

/* As a TAP comment: what contrib/check and make crash add up. */
void crash_tell(void)
{
    g_printerr("# crash points tried: %lu at %lu sites, and %lu reverted, %lu killed twice; sites that cannot be "
               "reverted: %lu\n",
               tried, sites, reverted, twice, irreversible);
    g_clear_pointer(&chance, g_rand_free);
}

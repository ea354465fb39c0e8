/*
 * coverage.c - see coverage.h
 */
#include "tests/crash/coverage.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

const Coverage coverage[] = {
    {"new", "new", "situations", "x"},
};
const size_t n_coverage = G_N_ELEMENTS(coverage);

static bool is_of(const Coverage *row, const char *program, const char *name)
{
    return !strcmp(row->program, program) && !strcmp(row->name, name);
}

bool coverage_of(const char *program, const char *name)
{
    for (size_t i = 0; i < n_coverage; i++)
        if (is_of(&coverage[i], program, name))
            return true;
    return false;
}

void coverage_check(const char *program, const char *name, const char *happened)
{
    if (g_getenv("CRASH_HAPPENED")) /* to see what a case could stand for */
        g_printerr("# %s: %s:%s\n", program, name, happened);
    for (size_t i = 0; i < n_coverage; i++) {
        g_autofree char *word = g_strdup_printf(" %s ", coverage[i].seen);
        if (is_of(&coverage[i], program, name) && !strstr(happened, word))
            fail_msg("%s: does not show the situation %s (%s), but:%s", name, coverage[i].situation,
                     coverage[i].seen, happened);
    }
}

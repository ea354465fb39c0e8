/*
 * pass_case_table.c - cases as tables, one cmocka test each; see pass_case.h
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include <string.h>

typedef struct {
    const PassCase *spec;
    bool reads_all;
    char *name;
    Case *c;
} TableCase;

static int begin_case(void **state)
{
    TableCase *table = *state;
    CaseStart start = table->spec->start;
    start.reads_all = table->reads_all;
    table->c = case_new(&start);
    return 0;
}

static int end_case(void **state)
{
    TableCase *table = *state;
    g_clear_pointer(&table->c, case_free);
    return 0;
}

static void run_case(void **state)
{
    const TableCase *table = *state;
    int number = 0;
    const CaseStep *end = table->spec->steps + G_N_ELEMENTS(table->spec->steps);
    for (const CaseStep *step = table->spec->steps; step < end && step->kind != DO_END; step++) {
        number++;
        print_message("# %s: step %d\n", table->name, number);
        if (!case_prepare(table->c, step))
            case_sync(table->c, &step->called, &step->expected);
    }
    assert_true(number > 0);
}

int case_run_tables(const char *group, const PassCase *cases, size_t n_cases, const void *tests,
                    size_t n_tests)
{
    const char *only = g_getenv("DIRSYNC_TEST_CASE"); /* one case by name, to look at it alone */
    g_autofree TableCase *table = g_new0(TableCase, 2 * n_cases + 1);
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
    for (size_t i = 0; i < 2 * n_cases; i++) {
        const PassCase *spec = &cases[i / 2];
        table[i] = (TableCase){.spec = spec, .reads_all = i % 2 == 0};
        table[i].name = g_strconcat(spec->name, i % 2 ? ", by changes" : "", NULL);
        struct CMUnitTest test = {table[i].name, run_case, begin_case, end_case, &table[i]};
        if ((!only || strstr(table[i].name, only)) && (table[i].reads_all || !spec->start.reads_all))
            g_array_append_val(all, test);
    }
    for (size_t i = 0; i < n_tests; i++)
        if (!only || strstr(((const struct CMUnitTest *)tests)[i].name, only))
            g_array_append_vals(all, (const struct CMUnitTest *)tests + i, 1);
    int failed =
        _cmocka_run_group_tests(group, (const struct CMUnitTest *)(void *)all->data, all->len, NULL, NULL);
    g_array_unref(all);
    for (size_t i = 0; i < 2 * n_cases; i++)
        g_free(table[i].name);
    return failed;
}

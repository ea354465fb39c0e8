/*
 * test_contrib.c - units, alert rules and the cron line say what is there
 *
 * Units are read by systemd-analyze, which also says how much they take away; rules
 * name metrics, labels and values of the table. promtool reads them where it is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/metrics.h"
#include "tests/lab/missing.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

/* Of 100; systemd calls anything below 20 safe. */
#define MOST_EXPOSED 20

static char *contrib_file(const char *name)
{
    const char *top = g_getenv("DIRSYNC_DATADIR");
    return g_build_filename(top ? top : ".", "contrib", name, NULL);
}

static char *text_of(const char *name)
{
    g_autofree char *path = contrib_file(name);
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        fail_msg("%s", error->message);
    return text;
}

/* --- alert rules --- */

static const Metric *metric_named(const char *name)
{
    for (size_t i = 0; i < METRICS; i++)
        if (!strcmp(metric_table[i].name, name))
            return &metric_table[i];
    return NULL;
}

static void every_metric_of_the_rules_is_one_of_the_table(void **state)
{
    (void)state;
    g_autofree char *text = text_of("prometheus/dirsync-alerts.yml");
    g_autoptr(GRegex) names = g_regex_new("\\bdirsync_[a-z_]+", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    size_t count = 0;
    for (g_regex_match(names, text, 0, &match); g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *name = g_match_info_fetch(match, 0);
        if (!metric_named(name))
            fail_msg("%s is no metric", name);
        count++;
    }
    assert_in_range(count, 8, 100);
}

static void every_label_of_the_rules_is_one_of_the_metric(void **state)
{
    (void)state;
    g_autofree char *text = text_of("prometheus/dirsync-alerts.yml");
    g_autoptr(GRegex) selectors = g_regex_new("(dirsync_[a-z_]+)\\{([a-z]+)=\"([a-z]+)\"\\}", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    size_t count = 0;
    for (g_regex_match(selectors, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *name = g_match_info_fetch(match, 1), *label = g_match_info_fetch(match, 2);
        g_autofree char *value = g_match_info_fetch(match, 3);
        const Metric *metric = metric_named(name);
        assert_non_null(metric);
        bool has = !g_strcmp0(metric_label_names[metric->first], label) ||
                   !g_strcmp0(metric_label_names[metric->second], label);
        bool known = false;
        for (int i = 0; i < COUNTS; i++)
            known |= !strcmp(count_names[i], value);
        if (!has || !known)
            fail_msg("%s has no %s=\"%s\"", name, label, value);
        count++;
    }
    assert_in_range(count, 2, 100);
}

static void promtool_finds_no_fault(void **state)
{
    (void)state;
    g_autofree char *program = g_find_program_in_path("promtool");
    g_autofree char *path = contrib_file("prometheus/dirsync-alerts.yml");
    if (!program) {
        print_message("promtool is not here: the rules are compared with the table alone\n");
        return;
    }
    char *argv[] = {program, (char *)"check", (char *)"rules", path, NULL};
    g_autofree char *said = NULL;
    int status = 0;
    assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &said, &status, NULL));
    if (!g_spawn_check_wait_status(status, NULL))
        fail_msg("%s", said);
}

/* --- units --- */

/* The names of all units, as they would be for one connector. */
static GPtrArray *unit_names(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = contrib_file("systemd");
    g_autoptr(GDir) files = g_dir_open(path, 0, NULL);
    const char *name;
    assert_non_null(files);
    while ((name = g_dir_read_name(files)))
        if (g_str_has_suffix(name, ".service") || g_str_has_suffix(name, ".timer") ||
            g_str_has_suffix(name, ".socket"))
            g_ptr_array_add(names, g_strdup(name));
    assert_in_range(names->len, 3, 100);
    return names;
}

/* "dirsync-sync@.timer" as "dirsync-sync@globex.timer"; g_free(). */
static char *instance_of(const char *unit)
{
    g_autoptr(GString) name = g_string_new(unit);
    g_string_replace(name, "@.", "@globex.", 0);
    return g_string_free(g_steal_pointer(&name), FALSE);
}

static char *analyze_needed(void)
{
    char *program = g_find_program_in_path("systemd-analyze");
    if (!program)
        skip_missing("systemd-analyze is not installed; install systemd");
    return program;
}

/* Under the names that they would have, with a program that is there. */
static char *lay_units(const GPtrArray *units)
{
    char *folder = g_dir_make_tmp("units-XXXXXX", NULL);
    assert_non_null(folder);
    for (guint i = 0; i < units->len; i++) {
        g_autofree char *name = g_strconcat("systemd/", units->pdata[i], NULL);
        g_autofree char *text = text_of(name);
        g_autofree char *instance = instance_of(units->pdata[i]);
        g_autofree char *path = g_build_filename(folder, units->pdata[i], NULL);
        g_autofree char *other = g_build_filename(folder, instance, NULL);
        g_autoptr(GString) with = g_string_new(text);
        g_string_replace(with, "/usr/bin/dirsync", "/bin/true", 0);
        assert_true(g_file_set_contents(path, with->str, -1, NULL));
        assert_true(g_file_set_contents(other, with->str, -1, NULL));
    }
    return folder;
}

static void remove_units(const char *folder)
{
    g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_remove(path);
    }
    g_rmdir(folder);
}

/* What the program said, and whether it was content. */
static bool analyze(const char *program, const char *folder, const char *const *words, char **said)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *out = NULL, *err = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;
    g_ptr_array_add(argv, (gpointer)program);
    for (; *words; words++)
        g_ptr_array_add(argv, (gpointer)*words);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(folder, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, &status,
                      &error))
        fail_msg("%s", error->message);
    *said = g_strconcat(out, err, NULL);
    return g_spawn_check_wait_status(status, NULL);
}

static void the_units_are_valid(void **state)
{
    (void)state;
    g_autofree char *program = analyze_needed();
    g_autoptr(GPtrArray) units = unit_names();
    g_autofree char *folder = lay_units(units);
    for (guint i = 0; i < units->len; i++) {
        g_autofree char *instance = instance_of(units->pdata[i]);
        g_autofree char *unit = g_strconcat("./", instance, NULL), *said = NULL;
        const char *const words[] = {"verify", "--man=no", "--recursive-errors=no", unit, NULL};
        if (!analyze(program, folder, words, &said) || strstr(said, instance))
            fail_msg("%s: %s", unit, said);
    }
    remove_units(folder);
}

static void the_services_take_away_what_they_can(void **state)
{
    (void)state;
    g_autofree char *program = analyze_needed();
    g_autoptr(GPtrArray) units = unit_names();
    g_autofree char *folder = lay_units(units);
    g_autofree char *threshold = g_strdup_printf("--threshold=%d", MOST_EXPOSED);
    for (guint i = 0; i < units->len; i++) {
        g_autofree char *instance = instance_of(units->pdata[i]);
        g_autofree char *unit = g_strconcat("./", instance, NULL), *said = NULL;
        const char *const words[] = {"security", "--no-pager", "--offline=yes", threshold, unit, NULL};
        if (g_str_has_suffix(unit, ".service") && !analyze(program, folder, words, &said))
            fail_msg("%s: %s", unit, said);
    }
    remove_units(folder);
}

static void units_and_cron_line_call_verbs_that_are_there(void **state)
{
    static const char *const files[] = {"systemd/dirsync.service", "systemd/dirsync-sync@.service",
                                        "cron/dirsync"};
    static const char *const calls[] = {
        "/usr/bin/dirsync run --state /var/lib/dirsync\n",
        "/usr/bin/dirsync sync --no-progress --state /var/lib/dirsync %i\n",
        "/usr/bin/dirsync sync --no-progress --state /var/lib/dirsync globex >/dev/null\n"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = text_of(files[i]);
        if (!strstr(text, calls[i]))
            fail_msg("%s without %s", files[i], calls[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_of_the_rules_is_one_of_the_table),
        cmocka_unit_test(every_label_of_the_rules_is_one_of_the_metric),
        cmocka_unit_test(promtool_finds_no_fault),
        cmocka_unit_test(the_units_are_valid),
        cmocka_unit_test(the_services_take_away_what_they_can),
        cmocka_unit_test(units_and_cron_line_call_verbs_that_are_there),
    };
    return cmocka_run_group_tests_name("contrib", tests, NULL, NULL);
}

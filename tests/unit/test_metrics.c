/*
 * test_metrics.c - the file of figures that a monitoring system reads
 *
 * Runs are made up here; test_metrics_run.c has real ones. Files are read with
 * exposition.h, whose own refusals are tested too. The table is compared with
 * the manual page, so that neither goes stale.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "exposition.h"
#include "manual_page.h"

#include "dirsync/metrics.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10"

static void test_the_reader_refuses_what_others_would(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"# TYPE a gauge\na{x=\"1\"} 1\n# EOF\n", NULL},
        {"# TYPE a counter\na_total{x=\"\\\\\\\"\\n\"} 1.5\n# EOF\n", NULL},
        {"# TYPE a gauge\na{x=\"1\"} 1\n", "no end"},
        {"# EOF\n# EOF", "no end"},
        {"# TYPE a counter\na{x=\"1\"} 1\n# EOF\n", "sample outside of its family"},
        {"a{x=\"1\"} 1\n# EOF\n", "sample outside of its family"},
        {"# TYPE a unknown\n# EOF\n", "unknown type"},
        {"# TYPE a gauge\n# TYPE a gauge\n# EOF\n", "said twice"},
        {"# TYPE a gauge\n# TYPE b gauge\n# HELP a x\n# EOF\n", "family twice"},
        {"# UNIT a_seconds bytes\n# EOF\n", "name without its unit"},
        {"# TYPE a gauge\na{x=\"1\"} 1\na{x=\"1\"} 2\n# EOF\n", "sample twice"},
        {"# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n# EOF\n", "label twice"},
        {"# TYPE a gauge\na{x=\"\\t\"} 1\n# EOF\n", "broken label value"},
        {"# TYPE a gauge\na{x=\"1\" 1\n# EOF\n", "labels without end"},
        {"# TYPE a gauge\na{x=\"1\"} 1,5\n# EOF\n", "value that is none, or more behind it"},
        {"# TYPE a counter\na_total{x=\"1\"} -1\n# EOF\n", "value that is none, or more behind it"},
        {"# TYPE a gauge\na{x=\"1\"}\n# EOF\n", "no value"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Exposition) parsed = exposition_new();
        const char *fault = exposition_parse(parsed, cases[i].text);
        if (g_strcmp0(fault, cases[i].fault) != 0)
            fail_msg("%s: %s", cases[i].text, fault ? fault : "accepted");
    }
}

/* --- a connector with a state, whose runs are made up --- */

typedef struct {
    char *folder;
    Organisation organisation;
    Connector connector;
    State *state;
} Fixture;

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void open_state(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->state = state_open(&fixture->connector, fixture->folder, &error);
    if (!fixture->state)
        fail_msg("%s", error->message);
}

static int begin(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->folder = g_dir_make_tmp("dirsync-metrics-XXXXXX", NULL);
    fixture->organisation.name = (char *)"acme";
    fixture->connector.name = (char *)"globex";
    fixture->connector.uuid = (char *)UUID;
    fixture->connector.organisation = &fixture->organisation;
    fixture->connector.pass[STEP_IMPORT].wanted = true;
    fixture->connector.metrics = g_build_filename(fixture->folder, "globex.prom", NULL);
    open_state(fixture);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    Fixture *fixture = *state;
    state_close(fixture->state);
    nftw(fixture->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_free(fixture->connector.metrics);
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

static Exposition *read_metrics(const char *path)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        fail_msg("%s is not there", path);
    Exposition *parsed = exposition_new();
    const char *fault = exposition_parse(parsed, text);
    if (fault)
        fail_msg("%s:\n%s", fault, text);
    return parsed;
}

static Exposition *write_run(Fixture *fixture, const RunResult *result, const char *kind, int status)
{
    g_autoptr(GError) error = NULL;
    if (!metrics_write(&fixture->connector, fixture->state, result, kind, status, &error))
        fail_msg("%s", error->message);
    return read_metrics(fixture->connector.metrics);
}

/* @labels: those beside the connector, "import created", in the order of the table. NULL: no such sample. */
static const char *value_of(const Exposition *parsed, MetricId id, const char *labels)
{
    const Metric *metric = &metric_table[id];
    const MetricLabel label[] = {metric->first, metric->second};
    g_auto(GStrv) values = g_strsplit(labels, " ", 2);
    g_autoptr(GString) sample = g_string_new(metric->name);
    g_string_append(sample, "{connector=\"globex\"");
    for (size_t i = 0; values[i]; i++)
        g_string_append_printf(sample, ",%s=\"%s\"", metric_label_names[label[i]], values[i]);
    g_string_append_c(sample, '}');
    return g_hash_table_lookup(parsed->samples, sample->str);
}

typedef struct {
    MetricId id;
    const char *labels, *value; /* NULL: is not there */
} Sample;

static void check_samples(const Exposition *parsed, const Sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = value_of(parsed, samples[i].id, samples[i].labels);
        if (g_strcmp0(value, samples[i].value) != 0)
            fail_msg("%s %s is %s, not %s", metric_table[samples[i].id].name, samples[i].labels,
                     value ? value : "not there", samples[i].value ? samples[i].value : "left out");
    }
}

#define CHECK_SAMPLES(parsed, ...)                                                                           \
    check_samples(parsed, (const Sample[]){__VA_ARGS__},                                                     \
                  sizeof((const Sample[]){__VA_ARGS__}) / sizeof(Sample))

static StepResult step_of(size_t created, size_t failed, size_t unchanged, size_t quarantined)
{
    StepResult step = {.ran = true, .seconds = 2.0625, .planned = created + failed};
    step.counts.of[COUNT_CREATED] = created;
    step.counts.of[COUNT_FAILED] = failed;
    step.counts.of[COUNT_UNCHANGED] = unchanged;
    step.counts.of[COUNT_QUARANTINED] = quarantined;
    return step;
}

static RunResult import_of(size_t created, size_t failed, size_t unchanged, size_t quarantined)
{
    return (RunResult){.step[STEP_IMPORT] = step_of(created, failed, unchanged, quarantined)};
}

static void test_counters_add_up_and_gauges_do_not(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(4, 1, 100, 3);
    result.step[STEP_IMPORT].left_over = 2;
    result.step[STEP_IMPORT].partial = true;
    g_autoptr(Exposition) first = write_run(fixture, &result, "sync", 3);
    CHECK_SAMPLES(first, {METRIC_CHANGES, "import created", "4"}, {METRIC_CHANGES, "import failed", "1"},
                  {METRIC_CHANGES, "import deleted", "0"}, {METRIC_ENTRIES, "import unchanged", "100"},
                  {METRIC_ENTRIES, "import quarantined", "3"}, {METRIC_PLANNED, "import", "5"},
                  {METRIC_LEFT_OVER, "import", "2"}, {METRIC_PARTIAL, "import", "1"},
                  {METRIC_RUNS, "sync 3", "1"}, {METRIC_RUNS, "sync 0", "0"}, {METRIC_LAST_STATUS, "", "3"});
    assert_float_equal(g_ascii_strtod(value_of(first, METRIC_DURATION, "import"), NULL), 2.0625, 0.001);
    result = import_of(5, 0, 104, 0);
    g_autoptr(Exposition) second = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(second, {METRIC_CHANGES, "import created", "9"}, {METRIC_CHANGES, "import failed", "1"},
                  {METRIC_ENTRIES, "import unchanged", "104"}, {METRIC_ENTRIES, "import quarantined", "0"},
                  {METRIC_PLANNED, "import", "5"}, {METRIC_LEFT_OVER, "import", "0"},
                  {METRIC_PARTIAL, "import", "0"}, {METRIC_RUNS, "sync 3", "1"}, {METRIC_RUNS, "sync 0", "1"},
                  {METRIC_LAST_STATUS, "", "0"});
    assert_int_equal(g_hash_table_size(first->samples), g_hash_table_size(second->samples));
}

static void test_every_kind_of_count_has_a_sample(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(0, 0, 0, 0);
    for (size_t i = 0; i < COUNTS; i++)
        result.step[STEP_IMPORT].counts.of[i] = 10 + i;
    g_autoptr(Exposition) parsed = write_run(fixture, &result, "sync", 3);
    for (size_t i = 0; i < COUNTS; i++) {
        bool entries = i == COUNT_UNCHANGED || i == COUNT_QUARANTINED;
        g_autofree char *labels = g_strconcat("import ", count_names[i], NULL);
        g_autofree char *expected = g_strdup_printf("%zu", 10 + i);
        const char *value = value_of(parsed, entries ? METRIC_ENTRIES : METRIC_CHANGES, labels);
        assert_non_null(value);
        assert_string_equal(value, expected);
    }
}

static void test_totals_outlive_the_process_but_not_the_state(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(4, 0, 0, 0);
    exposition_free(write_run(fixture, &result, "sync", 0));
    state_close(fixture->state);
    open_state(fixture);
    g_autoptr(Exposition) again = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(again, {METRIC_CHANGES, "import created", "8"}, {METRIC_RUNS, "sync 0", "2"});
    state_close(fixture->state);
    g_autofree char *path = g_build_filename(fixture->folder, "globex", "state.db", NULL);
    assert_int_equal(remove(path), 0);
    open_state(fixture);
    g_autoptr(Exposition) lost = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(lost, {METRIC_CHANGES, "import created", "4"}, {METRIC_RUNS, "sync 0", "1"});
}

static void test_only_steps_that_the_connector_has(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(1, 0, 0, 0);
    g_autoptr(Exposition) import = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(import, {METRIC_CHANGES, "export created", NULL}, {METRIC_LINKS, "export", NULL});
    fixture->connector.pass[STEP_EXPORT].wanted = true;
    g_autoptr(Exposition) waiting = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(waiting, {METRIC_CHANGES, "export created", "0"}, {METRIC_LINKS, "export", "0"},
                  {METRIC_PLANNED, "export", NULL}, {METRIC_PARTIAL, "export", NULL},
                  {METRIC_ENTRIES, "export unchanged", NULL});
    result.step[STEP_EXPORT] = step_of(7, 0, 9, 0);
    g_autoptr(Exposition) both = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(both, {METRIC_CHANGES, "import created", "3"}, {METRIC_CHANGES, "export created", "7"},
                  {METRIC_ENTRIES, "export unchanged", "9"}, {METRIC_PARTIAL, "export", "0"});
}

static void test_links_are_those_of_the_state(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(0, 0, 0, 0);
    LinkRow row = {.step = STEP_IMPORT, .anchor = (char *)"a1"};
    assert_true(state_save_link(fixture->state, &row, NULL));
    row.anchor = (char *)"b1";
    assert_true(state_save_link(fixture->state, &row, NULL));
    g_autoptr(Exposition) parsed = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(parsed, {METRIC_LINKS, "import", "2"});
}

static void test_what_is_left_to_do(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(0, 0, 0, 0);
    static const unsigned flags[] = {0,          LINK_GRACED, LINK_GRACED | LINK_RETRY,
                                     LINK_RETRY, LINK_RETRY,  LINK_YIELDED};
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_autofree char *anchor = g_strdup_printf("a%zu", i);
        LinkRow row = {.step = STEP_IMPORT, .anchor = anchor, .flags = flags[i]};
        assert_true(state_save_link(fixture->state, &row, NULL));
    }
    bool is_new;
    assert_true(state_quarantine(fixture->state, STEP_IMPORT, "b", "why", "run", &is_new, NULL));
    assert_true(state_quarantine(fixture->state, STEP_EXPORT, "c", "why", "run", &is_new, NULL));
    g_autoptr(Exposition) parsed = write_run(fixture, &result, "revert", 0);
    CHECK_SAMPLES(parsed, {METRIC_LINKS, "import", "6"}, {METRIC_IN_GRACE, "import", "2"},
                  {METRIC_RETRY, "import", "3"}, {METRIC_QUARANTINE, "import", "1"},
                  {METRIC_PARKED, "", "0"});
}

static void note_parked(Fixture *fixture, bool parked)
{
    g_autoptr(GError) error = NULL;
    if (!metrics_note_parked(&fixture->connector, fixture->folder, parked, &error))
        fail_msg("%s", error->message);
}

/* The daemon says so, who holds no lock, also while a run has it. */
static void test_parked_is_said_until_it_is_not(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(2, 0, 0, 0);
    exposition_free(write_run(fixture, &result, "sync", 1));
    note_parked(fixture, true);
    g_autoptr(Exposition) parked = read_metrics(fixture->connector.metrics);
    CHECK_SAMPLES(parked, {METRIC_PARKED, "", "1"}, {METRIC_CHANGES, "import created", "2"});
    note_parked(fixture, false);
    g_autoptr(Exposition) released = read_metrics(fixture->connector.metrics);
    CHECK_SAMPLES(released, {METRIC_PARKED, "", "0"}, {METRIC_RUNS, "sync 1", "1"});
}

static void test_who_has_not_run_here_is_not_said_to_be_parked(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *other = g_build_filename(fixture->folder, "other", NULL);
    assert_true(metrics_note_parked(&fixture->connector, other, true, NULL));
    assert_false(g_file_test(fixture->connector.metrics, G_FILE_TEST_EXISTS));
}

/* --- runs that did not succeed, and those that do not read all --- */

static int64_t number_of(const Exposition *parsed, MetricId id)
{
    const char *value = value_of(parsed, id, "");
    assert_non_null(value);
    return g_ascii_strtoll(value, NULL, 10);
}

/* The time is a number of the state; making it old needs no waiting. */
static void make_old(Fixture *fixture)
{
    assert_true(
        state_set(fixture->state, "metrics dirsync_last_success_timestamp_seconds", "1000000000", NULL));
    assert_true(state_set(fixture->state, "metrics dirsync_last_run_timestamp_seconds", "1000000000", NULL));
}

static void test_what_counts_as_a_success(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(0, 0, 0, 0);
    g_autoptr(Exposition) never = write_run(fixture, &result, "sync", 5);
    assert_int_equal(number_of(never, METRIC_LAST_SUCCESS), 0); /* older than any limit of an alert */
    static const struct {
        int status;
        bool success;
    } cases[] = {{0, true}, {1, false}, {3, true}, {4, false}, {5, false}, {6, false}, {7, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        make_old(fixture);
        int64_t before = g_get_real_time() / G_USEC_PER_SEC;
        g_autoptr(Exposition) parsed = write_run(fixture, &result, "sync", cases[i].status);
        int64_t run = number_of(parsed, METRIC_LAST_RUN), success = number_of(parsed, METRIC_LAST_SUCCESS);
        assert_true(run >= before && run <= g_get_real_time() / G_USEC_PER_SEC);
        assert_int_equal(success, cases[i].success ? run : 1000000000);
        assert_int_equal(number_of(parsed, METRIC_LAST_STATUS), cases[i].status);
    }
}

static void test_every_exit_status_of_an_error_is_counted(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(0, 0, 0, 0);
    for (int code = 0; code < ERROR_CODES; code++) {
        g_autoptr(GError) error = g_error_new_literal(DIRSYNC_ERROR, code, "x");
        g_autofree char *labels = g_strdup_printf("revert %d", error_exit_status(error));
        g_autoptr(Exposition) parsed = write_run(fixture, &result, "revert", error_exit_status(error));
        if (!value_of(parsed, METRIC_RUNS, labels))
            fail_msg("no sample for %s", labels);
    }
}

static void test_a_failed_sync_keeps_what_is_known_of_the_entries(void **state)
{
    Fixture *fixture = *state;
    fixture->connector.pass[STEP_EXPORT].wanted = true;
    RunResult good = import_of(0, 0, 100, 3);
    good.step[STEP_EXPORT] = step_of(0, 0, 50, 0);
    good.step[STEP_EXPORT].partial = true;
    exposition_free(write_run(fixture, &good, "sync", 3));
    RunResult refused = import_of(0, 0, 0, 0);
    refused.step[STEP_IMPORT].planned = refused.step[STEP_IMPORT].left_over = 60;
    g_autoptr(Exposition) limit = write_run(fixture, &refused, "sync", 4);
    CHECK_SAMPLES(limit, {METRIC_ENTRIES, "import unchanged", "100"}, {METRIC_PLANNED, "import", "60"},
                  {METRIC_LEFT_OVER, "import", "60"}, {METRIC_RUNS, "sync 4", "1"});
    RunResult half = import_of(2, 0, 101, 0);
    half.step[STEP_EXPORT] = step_of(0, 0, 0, 0);
    g_autoptr(Exposition) export_down = write_run(fixture, &half, "sync", 5);
    CHECK_SAMPLES(export_down, {METRIC_ENTRIES, "import unchanged", "101"},
                  {METRIC_ENTRIES, "export unchanged", "50"}, {METRIC_PARTIAL, "export", "1"},
                  {METRIC_CHANGES, "import created", "2"});
}

static void test_apply_and_revert_count_changes_but_read_no_entries(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(1, 0, 100, 3);
    exposition_free(write_run(fixture, &result, "sync", 0));
    result = import_of(6, 0, 0, 0);
    exposition_free(write_run(fixture, &result, "apply", 0));
    g_autoptr(Exposition) parsed = write_run(fixture, &result, "revert", 0);
    CHECK_SAMPLES(parsed, {METRIC_CHANGES, "import created", "13"},
                  {METRIC_ENTRIES, "import unchanged", "100"}, {METRIC_PLANNED, "import", "6"},
                  {METRIC_RUNS, "sync 0", "1"}, {METRIC_RUNS, "apply 0", "1"},
                  {METRIC_RUNS, "revert 0", "1"});
}

/* --- the file --- */

static void test_a_name_is_escaped(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(1, 0, 0, 0);
    fixture->connector.name = (char *)"a\"b\\c\nd é";
    g_autoptr(Exposition) parsed = write_run(fixture, &result, "sync", 0);
    assert_non_null(
        g_hash_table_lookup(parsed->samples, "dirsync_last_run_status{connector=\"a\\\"b\\\\c\\nd é\"}"));
    fixture->connector.name = (char *)"globex";
}

static void test_everybody_may_read_it_whatever_the_umask(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(1, 0, 0, 0);
    mode_t before = umask(077);
    exposition_free(write_run(fixture, &result, "sync", 0));
    umask(before);
    struct stat status;
    assert_int_equal(stat(fixture->connector.metrics, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
}

/* Who has the old file open reads it to its end. */
static void test_the_old_file_is_replaced_not_overwritten(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(1, 0, 0, 0);
    exposition_free(write_run(fixture, &result, "sync", 0));
    g_autofree char *before = NULL;
    size_t len;
    assert_true(g_file_get_contents(fixture->connector.metrics, &before, &len, NULL));
    int fd = open(fixture->connector.metrics, O_RDONLY | O_CLOEXEC);
    exposition_free(write_run(fixture, &result, "sync", 0));
    g_autofree char *still = g_malloc0(len + 1);
    assert_int_equal(read(fd, still, len + 1), len);
    close(fd);
    assert_string_equal(still, before);
    g_autofree char *temporary = g_strconcat(fixture->connector.metrics, ".dirsync-new", NULL);
    assert_false(g_file_test(temporary, G_FILE_TEST_EXISTS));
}

static void test_a_missing_folder_is_an_error_that_loses_no_count(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(4, 0, 0, 0);
    g_autofree char *right = g_steal_pointer(&fixture->connector.metrics);
    fixture->connector.metrics = g_build_filename(fixture->folder, "gone", "globex.prom", NULL);
    g_autoptr(GError) error = NULL;
    assert_false(metrics_write(&fixture->connector, fixture->state, &result, "sync", 0, &error));
    assert_true(error_is(error, ERROR_IO));
    assert_non_null(strstr(error->message, fixture->connector.metrics));
    assert_non_null(strstr(error->message, "No such file or directory"));
    g_free(fixture->connector.metrics);
    fixture->connector.metrics = g_steal_pointer(&right);
    g_autoptr(Exposition) parsed = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(parsed, {METRIC_CHANGES, "import created", "8"}, {METRIC_RUNS, "sync 0", "2"});
}

static void test_nothing_without_a_path(void **state)
{
    Fixture *fixture = *state;
    RunResult result = import_of(4, 0, 0, 0);
    g_autofree char *path = g_steal_pointer(&fixture->connector.metrics);
    assert_true(metrics_write(&fixture->connector, fixture->state, &result, "sync", 0, NULL));
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    fixture->connector.metrics = g_steal_pointer(&path);
    g_autoptr(Exposition) parsed = write_run(fixture, &result, "sync", 0);
    CHECK_SAMPLES(parsed, {METRIC_RUNS, "sync 0", "1"});
}

/* --- the manual --- */

static void test_the_table_is_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRICS; i++) {
        const Metric *metric = &metric_table[i];
        assert_non_null(metric->name);
        assert_int_equal(g_str_has_suffix(metric->name, "_total"), !strcmp(metric->type, "counter"));
        assert_int_equal(g_str_has_suffix(metric->name, "_seconds"), !g_strcmp0(metric->unit, "seconds"));
        assert_true(metric->first || !metric->second);
    }
}

/* ".It Li dirsync_links Ns No , gauge , step" and then its help, for each metric; and for nothing else. */
static void test_the_manual_lists_every_metric(void **state)
{
    (void)state;
    g_autofree char *page = manual_page("dirsync-metrics.7");
    for (size_t i = 0; i < METRICS; i++) {
        const Metric *metric = &metric_table[i];
        g_autoptr(GString) text = g_string_new(NULL);
        g_string_append_printf(text, ".It Li %s Ns No , %s", metric->name, metric->type);
        if (metric->first)
            g_string_append_printf(text, " , %s", metric_label_names[metric->first]);
        if (metric->second)
            g_string_append_printf(text, " %s", metric_label_names[metric->second]);
        g_string_append_printf(text, "\n%s\n", metric->help);
        if (!strstr(page, text->str))
            fail_msg("dirsync-metrics.7 lacks %s", text->str);
    }
    size_t listed = 0;
    for (const char *at = page; (at = strstr(at, "\n.It Li dirsync_")); at++)
        listed++;
    assert_int_equal(listed, METRICS);
}

#define WITH_STATE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reader_refuses_what_others_would),
        WITH_STATE(test_counters_add_up_and_gauges_do_not),
        WITH_STATE(test_every_kind_of_count_has_a_sample),
        WITH_STATE(test_totals_outlive_the_process_but_not_the_state),
        WITH_STATE(test_only_steps_that_the_connector_has),
        WITH_STATE(test_links_are_those_of_the_state),
        WITH_STATE(test_what_is_left_to_do),
        WITH_STATE(test_parked_is_said_until_it_is_not),
        WITH_STATE(test_who_has_not_run_here_is_not_said_to_be_parked),
        WITH_STATE(test_what_counts_as_a_success),
        WITH_STATE(test_every_exit_status_of_an_error_is_counted),
        WITH_STATE(test_a_failed_sync_keeps_what_is_known_of_the_entries),
        WITH_STATE(test_apply_and_revert_count_changes_but_read_no_entries),
        WITH_STATE(test_a_name_is_escaped),
        WITH_STATE(test_everybody_may_read_it_whatever_the_umask),
        WITH_STATE(test_the_old_file_is_replaced_not_overwritten),
        WITH_STATE(test_a_missing_folder_is_an_error_that_loses_no_count),
        WITH_STATE(test_nothing_without_a_path),
        cmocka_unit_test(test_the_table_is_in_order),
        cmocka_unit_test(test_the_manual_lists_every_metric),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}

/*
 * test_metrics_run.c - when the file of figures is written, and that it harms no run
 *
 * Real runs from an LDIF file into a home directory in memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "exposition.h"

#include "dirsync/directory/memory.h"
#include "dirsync/event.h"
#include "dirsync/run.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#define UUID "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10"

static int make_folder(void **state)
{
    *state = g_dir_make_tmp("dirsync-metrics-XXXXXX", NULL);
    return *state ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int remove_folder(void **state)
{
    nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_free(*state);
    return 0;
}

/* @labels: those behind the connector's, each with its comma. */
static void check_sample(const Connector *connector, const char *name, const char *labels, const char *value)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(connector->metrics, &text, NULL, NULL))
        fail_msg("%s is not there", connector->metrics);
    g_autoptr(Exposition) parsed = exposition_new();
    const char *fault = exposition_parse(parsed, text);
    if (fault)
        fail_msg("%s:\n%s", fault, text);
    g_autofree char *sample = g_strdup_printf("%s{connector=\"globex\"%s}", name, labels);
    const char *found = g_hash_table_lookup(parsed->samples, sample);
    if (g_strcmp0(found, value) != 0)
        fail_msg("%s is %s, not %s", sample, found ? found : "not there", value);
}

static void write_text(const char *top, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(top, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static Connector *write_definitions(const char *top, const char *metrics)
{
    g_autofree char *home = g_path_get_basename(top);
    g_autofree char *organisation = g_strdup_printf(
        "<organisation xmlns=\"urn:x-dirsync:organisation:1\" name=\"acme\">"
        "<home driver=\"memory\" base=\"o=acme\"><file path=\"%s\"/></home><stamp form=\"class\"/>"
        "<domain>acme.example</domain><state folder=\"runs\"/></organisation>",
        home);
    g_autofree char *connector = g_strdup_printf(
        "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"globex\" uuid=\"" UUID "\" "
        "organisation=\"organisation.xml\"><foreign driver=\"ldif\"><file path=\"people.ldif\" "
        "minimum=\"1%%\"/></foreign>"
        "<import container=\"ou=in,o=acme\" mapping=\"mapping.xml\"><anchor attribute=\"uid\"/></import>"
        "<metrics file=\"%s\"/></connector>",
        metrics);
    write_text(top, "organisation.xml", organisation);
    write_text(top, "connector.xml", connector);
    write_text(top, "mapping.xml",
               "<mapping xmlns=\"urn:x-dirsync:mapping:1\" name=\"small\"><import><object class=\"top\"/>"
               "<object class=\"contact\"/><name attribute=\"cn\" select=\"$cn[1]\"/>"
               "<attribute name=\"mail\" from=\"mail\" values=\"first\"/></import></mapping>");
    g_autoptr(GError) error = NULL;
    memory_store_load(memory_store(home),
                      "dn: o=acme\nobjectClass: organization\no: acme\n\n"
                      "dn: ou=in,o=acme\nobjectClass: organizationalUnit\nou: in\n\n",
                      &error);
    g_autofree char *path = g_build_filename(top, "connector.xml", NULL);
    Connector *loaded = error ? NULL : connector_load(path, &error);
    if (!loaded)
        fail_msg("%s", error->message);
    return loaded;
}

#define ANN                                                                                                  \
    "dn: uid=a1,o=globex\nobjectClass: inetOrgPerson\nuid: a1\ncn: Ann Ash\nsn: Ash\n"                       \
    "mail: ann@globex.example\n\n"

#define SYNC(status) ",verb=\"sync\",status=\"" status "\""
#define CREATED ",step=\"import\",kind=\"created\""

static void test_a_run_that_fails_writes_it_too(void **state)
{
    const char *top = *state;
    g_autoptr(Connector) connector = write_definitions(top, "runs.prom");
    RunOptions options = run_options(connector);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    assert_false(run_sync(connector, &options, &result, &error)); /* there is no people.ldif */
    check_sample(connector, "dirsync_runs_total", SYNC("1"), "1");
    check_sample(connector, "dirsync_last_run_status", "", "1");
    check_sample(connector, "dirsync_last_success_timestamp_seconds", "", "0");
    check_sample(connector, "dirsync_changes_total", CREATED, "0");
}

static void sync_ann(const Connector *connector)
{
    RunOptions options = run_options(connector);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    if (!run_sync(connector, &options, &result, &error))
        fail_msg("%s", error->message);
    assert_int_equal(run_exit_status(&result), 0);
}

static void test_runs_add_up(void **state)
{
    const char *top = *state;
    g_autoptr(Connector) connector = write_definitions(top, "runs.prom");
    write_text(top, "people.ldif", ANN);
    sync_ann(connector);
    check_sample(connector, "dirsync_entries", ",step=\"import\",state=\"unchanged\"", "0");
    sync_ann(connector);
    check_sample(connector, "dirsync_changes_total", CREATED, "1");
    check_sample(connector, "dirsync_entries", ",step=\"import\",state=\"unchanged\"", "1");
    check_sample(connector, "dirsync_links", ",step=\"import\"", "1");
    check_sample(connector, "dirsync_runs_total", SYNC("0"), "2");
}

static void test_a_revert_counts(void **state)
{
    const char *top = *state;
    g_autoptr(Connector) connector = write_definitions(top, "runs.prom");
    write_text(top, "people.ldif", ANN);
    RunOptions options = run_options(connector);
    g_auto(RunResult) done = {0}, undone = {0};
    g_autoptr(GError) error = NULL;
    if (!run_sync(connector, &options, &done, &error) ||
        !run_revert(connector, &options, done.id, &undone, &error))
        fail_msg("%s", error->message);
    check_sample(connector, "dirsync_runs_total", ",verb=\"revert\",status=\"0\"", "1");
    check_sample(connector, "dirsync_changes_total", ",step=\"import\",kind=\"deleted\"", "1");
}

static void test_a_plan_does_not(void **state)
{
    const char *top = *state;
    g_autoptr(Connector) connector = write_definitions(top, "runs.prom");
    write_text(top, "people.ldif", ANN);
    RunOptions options = run_options(connector);
    g_autofree char *folder = g_build_filename(top, "plan", NULL);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    if (!run_plan(connector, &options, folder, &result, &error))
        fail_msg("%s", error->message);
    assert_false(g_file_test(connector->metrics, G_FILE_TEST_EXISTS));
}

static void test_a_file_that_cannot_be_written_is_an_event_and_no_failure(void **state)
{
    const char *top = *state;
    g_autoptr(Connector) connector = write_definitions(top, "gone/runs.prom");
    write_text(top, "people.ldif", ANN);
    RunOptions options = run_options(connector);
    unsigned long before = event_count(EVENT_METRICS_FAILED);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    if (!run_sync(connector, &options, &result, &error))
        fail_msg("%s", error->message);
    assert_int_equal(result.step[STEP_IMPORT].counts.of[COUNT_CREATED], 1);
    assert_int_equal(event_count(EVENT_METRICS_FAILED), before + 1);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_a_run_that_fails_writes_it_too),
        WITH_FOLDER(test_runs_add_up),
        WITH_FOLDER(test_a_revert_counts),
        WITH_FOLDER(test_a_plan_does_not),
        WITH_FOLDER(test_a_file_that_cannot_be_written_is_an_event_and_no_failure),
    };
    return cmocka_run_group_tests_name("metrics-run", tests, NULL, NULL);
}

/*
 * test_plan.c - a plan on disk: written in order of wave, read back, undone in reverse
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/plan.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static const PlanHead given = {.run = (char *)"20261122T143000Z-1a2b",
                               .created = (char *)"2026-11-22T14:30:00Z",
                               .connector_path = (char *)"/etc/x.xml",
                               .connector_name = (char *)"x",
                               .connector_uuid = (char *)"0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10",
                               .step = {[STEP_IMPORT] = {.digest = (char *)"d",
                                                         .uri = (char *)"memory:x",
                                                         .summary = (char *)"import: nothing"},
                                        [STEP_ADDRESSES] = {.digest = (char *)"a",
                                                            .uri = (char *)"memory:x",
                                                            .summary = (char *)"addresses: -"},
                                        [STEP_EXPORT] = {.digest = (char *)"e",
                                                         .uri = (char *)"memory:y",
                                                         .summary = (char *)"export: nothing"}}};

static int make_folder(void **state)
{
    *state = g_dir_make_tmp("dirsync-plan-XXXXXX", NULL);
    return *state ? 0 : -1;
}

static int drop_folder(void **state)
{
    g_autofree char *folder = *state;
    return g_rmdir(folder); /* fails unless plan_remove() took everything */
}

static Change *add(const char *dn)
{
    Change *change = change_new(CHANGE_ADD, dn);
    change->entry = entry_new(dn);
    entry_add_string(change->entry, "objectClass", "contact");
    return change;
}

/* Adds and frees @change; the inverse of an add is made here, any other is given (and freed). */
static void put(PlanWriter *writer, Change *change, unsigned wave, Change *given_inverse)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Change) inverse = given_inverse ? given_inverse : change_new(CHANGE_DELETE, change->dn);
    change->wave = wave;
    change->anchor = change_strdup(change, "a1");
    change->situation = change_strdup(change, "new");
    assert_true(plan_add(writer, change, inverse, &error));
    change_free(change);
}

static char *read_names(const char *folder, Step step)
{
    GString *names = g_string_new(NULL);
    g_autoptr(PlanReader) reader = plan_reader_new(folder, step, NULL);
    assert_non_null(reader);
    for (;;) {
        g_autoptr(Change) change = NULL;
        assert_true(plan_read(reader, &change, NULL));
        if (!change)
            return g_string_free(names, FALSE);
        g_string_append_printf(names, "%s %s\n", change_kind_names[change->kind], change->dn);
    }
}

static void test_changes_are_in_order_of_wave_and_undone_in_reverse(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "plan", NULL),
                    *undo = g_build_filename(folder, "undo", NULL);
    g_autoptr(PlanWriter) writer = plan_writer_new(folder, STEP_IMPORT, true, NULL);
    put(writer, add("cn=third"), 2, NULL);
    put(writer, change_new(CHANGE_DELETE, "cn=old"), 1, add("cn=old"));
    put(writer, add("cn=last"), 4, NULL);
    put(writer, add("cn=second"), 1, NULL);
    assert_int_equal(plan_changes(writer), 4);
    assert_true(plan_writer_finish(writer, &given, NULL));
    g_autofree char *names = read_names(folder, STEP_IMPORT), *back = read_names(undo, STEP_IMPORT);
    assert_string_equal(names, "delete cn=old\nadd cn=second\nadd cn=third\nadd cn=last\n");
    assert_string_equal(back, "delete cn=last\ndelete cn=third\ndelete cn=second\nadd cn=old\n");
    g_auto(PlanHead) head = {0}, undone = {0};
    assert_true(plan_load(folder, &head, NULL));
    assert_true(plan_load(undo, &undone, NULL));
    assert_string_equal(head.kind, "plan");
    assert_string_equal(undone.kind, "undo");
    assert_string_equal(head.connector_uuid, given.connector_uuid);
    assert_true(head.step[STEP_IMPORT].asserts);
    assert_int_equal(head.changes, 4);
    assert_int_equal(head.step[STEP_IMPORT].n_waves, 3); /* one without a change does not count */
    static const size_t waves[] = {2, 1, 1}, reversed[] = {1, 1, 2};
    assert_memory_equal(head.step[STEP_IMPORT].waves, waves, sizeof waves);
    assert_memory_equal(undone.step[STEP_IMPORT].waves, reversed, sizeof reversed);
    plan_remove(folder);
}

/* Both steps of a run are one plan; each keeps its own file, directory and digest. */
static void test_the_steps_of_a_run_are_one_plan(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "plan", NULL);
    g_autofree char *undo = g_build_filename(folder, "undo", NULL);
    g_autoptr(PlanWriter) import = plan_writer_new(folder, STEP_IMPORT, true, NULL);
    put(import, add("cn=in"), 1, NULL);
    assert_true(plan_writer_finish(import, &given, NULL));
    g_autoptr(PlanWriter) addresses = plan_writer_new(folder, STEP_ADDRESSES, false, NULL);
    put(addresses, add("cn=between"), 1, NULL);
    assert_true(plan_writer_finish(addresses, &given, NULL));
    g_autoptr(PlanWriter) export = plan_writer_new(folder, STEP_EXPORT, false, NULL);
    put(export, add("cn=out"), 1, NULL);
    put(export, add("cn=later"), 2, NULL);
    assert_true(plan_writer_finish(export, &given, NULL));
    g_autofree char *in = read_names(folder, STEP_IMPORT), *out = read_names(folder, STEP_EXPORT);
    g_autofree char *back = read_names(undo, STEP_EXPORT);
    assert_string_equal(in, "add cn=in\n");
    assert_string_equal(out, "add cn=out\nadd cn=later\n");
    assert_string_equal(back, "delete cn=later\ndelete cn=out\n");
    g_auto(PlanHead) head = {0};
    assert_true(plan_load(folder, &head, NULL));
    assert_int_equal(head.changes, 4);
    for (int step = 0; step < STEPS; step++) {
        assert_true(head.step[step].planned);
        assert_string_equal(head.step[step].digest, given.step[step].digest);
        assert_string_equal(head.step[step].uri, given.step[step].uri);
        assert_string_equal(head.step[step].summary, given.step[step].summary);
        assert_int_equal(head.step[step].asserts, step == STEP_IMPORT);
        assert_int_equal(head.step[step].changes, step == STEP_EXPORT ? 2 : 1);
        assert_null(head.step[step].refused);
    }
    plan_remove(folder);
}

static void test_a_step_that_was_not_finished_leaves_the_others(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "plan", NULL);
    g_autofree char *file = g_build_filename(folder, "3-foreign.ldif", NULL);
    g_autoptr(PlanWriter) import = plan_writer_new(folder, STEP_IMPORT, true, NULL);
    put(import, add("cn=in"), 1, NULL);
    assert_true(plan_writer_finish(import, &given, NULL));
    PlanWriter *export = plan_writer_new(folder, STEP_EXPORT, false, NULL);
    assert_non_null(export);
    put(export, add("cn=out"), 1, NULL);
    plan_writer_free(export);
    assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    g_auto(PlanHead) head = {0};
    assert_true(plan_load(folder, &head, NULL));
    assert_true(head.step[STEP_IMPORT].planned);
    assert_false(head.step[STEP_EXPORT].planned);
    g_autofree char *names = read_names(folder, STEP_IMPORT);
    assert_string_equal(names, "add cn=in\n");
    plan_remove(folder);
}

static void test_a_refused_step_is_told_from_the_other(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "plan", NULL);
    for (int step = 0; step < STEPS; step++) {
        g_autoptr(PlanWriter) writer = plan_writer_new(folder, (Step)step, false, NULL);
        put(writer, add("cn=one"), 1, NULL);
        assert_true(plan_writer_finish(writer, &given, NULL));
    }
    assert_true(plan_refuse(folder, STEP_EXPORT, "too much", NULL));
    g_auto(PlanHead) head = {0};
    assert_true(plan_load(folder, &head, NULL));
    assert_null(head.step[STEP_IMPORT].refused);
    assert_string_equal(head.step[STEP_EXPORT].refused, "too much");
    plan_remove(folder);
}

static void test_an_empty_plan(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "plan", NULL);
    g_autoptr(PlanWriter) writer = plan_writer_new(folder, STEP_IMPORT, false, NULL);
    assert_true(plan_writer_finish(writer, &given, NULL));
    g_auto(PlanHead) head = {0};
    assert_true(plan_load(folder, &head, NULL));
    assert_int_equal(head.changes, 0);
    assert_int_equal(head.step[STEP_IMPORT].n_waves, 0);
    g_autofree char *names = read_names(folder, STEP_IMPORT);
    assert_string_equal(names, "");
    plan_remove(folder);
}

static void test_a_plan_that_was_not_finished_leaves_nothing(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "plan", NULL);
    PlanWriter *writer = plan_writer_new(folder, STEP_IMPORT, false, NULL);
    put(writer, add("cn=one"), 1, NULL);
    plan_writer_free(writer);
    assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

static void test_only_the_owner_may_read_it(void **state)
{
    static const char *const names[] = {"",     "plan.json",      "1-home.ldif",
                                        "undo", "undo/plan.json", "undo/1-home.ldif"};
    g_autofree char *folder = g_build_filename(*state, "plan", NULL);
    g_autoptr(PlanWriter) writer = plan_writer_new(folder, STEP_IMPORT, false, NULL);
    put(writer, add("cn=one"), 1, NULL);
    assert_true(plan_writer_finish(writer, &given, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, S_ISDIR(status.st_mode) ? 0700 : 0600);
    }
    plan_remove(folder);
}

static void test_a_folder_in_use_is_refused_and_left_alone(void **state)
{
    g_autofree char *folder = g_build_filename(*state, "plan", NULL),
                    *file = g_build_filename(folder, "mine", NULL);
    g_autoptr(GError) error = NULL;
    assert_int_equal(g_mkdir(folder, 0700), 0);
    assert_true(g_file_set_contents(file, "x", -1, NULL));
    assert_null(plan_writer_new(folder, STEP_IMPORT, false, &error));
    assert_true(error_is(error, ERROR_IO));
    plan_remove(folder); /* takes only what a plan is made of */
    assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    assert_int_equal(g_remove(file), 0);
    assert_int_equal(g_rmdir(folder), 0);
}

/* @text in the place of plan.json. */
static void assert_no_plan(const char *folder, const char *text)
{
    g_autofree char *path = g_build_filename(folder, "plan.json", NULL);
    g_auto(PlanHead) head = {0};
    g_autoptr(GError) error = NULL;
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_false(plan_load(folder, &head, &error));
    assert_true(error_is(error, ERROR_SOURCE));
    assert_null(head.run);
    assert_null(head.step[STEP_IMPORT].waves);
    assert_false(head.step[STEP_IMPORT].planned);
}

static void test_what_is_no_plan(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "3",
                                        "{}",
                                        "{\"format\": 2}",
                                        "{\"format\": 2, \"format\": 2}",
                                        "{\"format\": 1, \"run\": \"r\", \"kind\": \"plan\"}",
                                        "{\"format\": 2, \"run\": 3, \"kind\": [], \"steps\": 7}"};
    g_autofree char *folder = g_build_filename(*state, "plan", NULL);
    g_autofree char *path = g_build_filename(folder, "plan.json", NULL);
    g_autofree char *text = NULL;
    g_autoptr(PlanWriter) writer = plan_writer_new(folder, STEP_IMPORT, false, NULL);
    put(writer, add("cn=one"), 1, NULL);
    assert_true(plan_writer_finish(writer, &given, NULL));
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_no_plan(folder, texts[i]);
    g_autofree char *more = g_strdup(text); /* the waves do not add up to the changes */
    char *count = strstr(more, "\"changes\": 1");
    assert_non_null(count);
    count[strlen("\"changes\": ")] = '2';
    assert_no_plan(folder, more);
    /* negative and huge counts */
    static const char *const counts[] = {"-1", "9223372036854775807"};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        GString *odd = g_string_new(text);
        g_autofree char *by = g_strdup_printf("\"changes\": %s", counts[i]);
        g_string_replace(odd, "\"changes\": 1", by, 0);
        g_autofree char *odd_text = g_string_free(odd, FALSE);
        assert_no_plan(folder, odd_text);
    }
    plan_remove(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changes_are_in_order_of_wave_and_undone_in_reverse, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(test_the_steps_of_a_run_are_one_plan, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_a_step_that_was_not_finished_leaves_the_others, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(test_a_refused_step_is_told_from_the_other, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_an_empty_plan, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_a_plan_that_was_not_finished_leaves_nothing, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(test_only_the_owner_may_read_it, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_a_folder_in_use_is_refused_and_left_alone, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(test_what_is_no_plan, make_folder, drop_folder),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}

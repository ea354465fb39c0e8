/*
 * target_case.c - the file and the changes behind target_case.h
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/target_case.h"

#include "dirsync/ldif.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *const csv_columns[] = {(char *)"id", (char *)"sn", (char *)"mail", NULL};

int target_case_make(void **state)
{
    TargetCase *target = g_new0(TargetCase, 1);
    target->folder = g_dir_make_tmp("test-target-XXXXXX", NULL);
    target->endpoint = (Endpoint){.driver = (char *)"ldif", .minimum_percent = 95, .is_target = true};
    target->endpoint.path = g_build_filename(target->folder, "people", NULL);
    target->sum = g_build_filename(target->folder, "people.sha256", NULL);
    target->temporary = g_strconcat(target->endpoint.path, ".dirsync-new", NULL);
    target->outcomes = g_string_new(NULL);
    *state = target;
    return target->folder ? 0 : -1;
}

int target_case_make_csv(void **state)
{
    int result = target_case_make(state);
    TargetCase *target = *state;
    target->endpoint.driver = (char *)"csv";
    target->endpoint.columns = (char **)csv_columns;
    target->endpoint.delimiter = ',';
    target->endpoint.separator = '|';
    target->endpoint.header = true;
    return result;
}

/* Fails when anything is left in the folder that should not be there. */
int target_case_drop(void **state)
{
    TargetCase *target = *state;
    unlink(target->endpoint.path);
    unlink(target->sum);
    int result = rmdir(target->folder);
    g_string_free(target->outcomes, TRUE);
    g_free(target->endpoint.path);
    g_free(target->sum);
    g_free(target->temporary);
    g_free(target->folder);
    g_free(target);
    return result;
}

void target_case_write(const char *path, const char *text)
{
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* The file's text, "(none)" when there is no file. */
char *target_case_text(const char *path)
{
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("(none)");
}

Directory *target_case_open(const TargetCase *target)
{
    g_autoptr(GError) error = NULL;
    Directory *directory = directory_open(&target->endpoint, &error);
    if (!directory)
        fail_msg("%s", error->message);
    return directory;
}

GPtrArray *target_case_parse(const char *text)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "changes");
    g_autoptr(GError) error = NULL;
    GPtrArray *changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    Change *change;
    RecordStatus status;
    while ((status = ldif_read_change(reader, &change, &error)) == RECORD_GOOD)
        g_ptr_array_add(changes, change);
    if (status != RECORD_END)
        fail_msg("the test's changes: %s", error ? error->message : "cut");
    return changes;
}

/* Writes "done;", or the LDAP result in the message, or the message's code in brackets. */
void target_case_note(const Change *change, Outcome outcome, const GError *error, void *data)
{
    TargetCase *target = data;
    assert_non_null(change);
    assert_int_equal(outcome == OUTCOME_DONE, error == NULL);
    assert_int_not_equal(outcome, OUTCOME_UNCERTAIN);
    const char *bracket = error ? strrchr(error->message, '(') : NULL;
    if (!error)
        g_string_append(target->outcomes, "done;");
    else if (bracket && g_ascii_isdigit(bracket[1]))
        g_string_append_printf(target->outcomes, "%d/%d;", atoi(bracket + 1), error->code);
    else
        g_string_append_printf(target->outcomes, "[%d];", error->code);
}

/* Submits and flushes. The directory is opened anew, as the next run would. */
bool target_case_apply(TargetCase *target, const char *text, GError **error)
{
    g_autoptr(GPtrArray) changes = target_case_parse(text);
    g_autoptr(Directory) directory = target_case_open(target);
    g_string_truncate(target->outcomes, 0);
    for (guint i = 0; i < changes->len; i++)
        assert_true(directory_submit(directory, changes->pdata[i], target_case_note, target, NULL));
    assert_int_equal(target->outcomes->len, 0);
    return directory_flush(directory, error);
}

static bool count_item(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    *(size_t *)data += item->bad == NULL;
    return true;
}

Proof target_case_read(const TargetCase *target, bool is_target, size_t *n)
{
    Endpoint endpoint = target->endpoint;
    ReadRequest request = {.scope = SEARCH_SUBTREE, .last_good_count = 100};
    ReadResult result;
    endpoint.is_target = is_target;
    g_autoptr(Directory) directory = directory_open(&endpoint, NULL);
    assert_non_null(directory);
    *n = 0;
    assert_true(directory_read(directory, &request, count_item, n, &result, NULL));
    Proof proof = result.proof;
    assert_int_equal(result.entries, *n);
    read_result_clear(&result);
    return proof;
}

/*
 * test_error.c - what each error means for the run and for the exit status
 *
 * The table of error.c is compared with the command-line contract and with the
 * rules that the engine relies on.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/error.h"

typedef struct {
    ErrorCode code;
    ErrorScope scope;
    ErrorRetry retry;
    int exit_status;
} ErrorCase;

static const ErrorCase error_cases[] = {
    {ERROR_INVALID, SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    {ERROR_REFUSED, SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    {ERROR_CONSTRAINT, SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    {ERROR_MOVED, SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    {ERROR_EXISTS, SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    {ERROR_NOT_FOUND, SCOPE_ENTRY, RETRY_NEXT_RUN, 1},
    {ERROR_UNCERTAIN, SCOPE_ENTRY, RETRY_AFTER_READING, 5},
    {ERROR_ACCESS, SCOPE_CONTAINER, RETRY_NEVER, 1},
    {ERROR_BUSY, SCOPE_DIRECTORY, RETRY_LATER, 5},
    {ERROR_UNREACHABLE, SCOPE_DIRECTORY, RETRY_LATER, 5},
    {ERROR_CREDENTIALS, SCOPE_DIRECTORY, RETRY_NEVER, 1},
    {ERROR_SERVER_LIMIT, SCOPE_DIRECTORY, RETRY_NEVER, 1},
    {ERROR_PROTOCOL, SCOPE_DIRECTORY, RETRY_NEVER, 1},
    {ERROR_SOURCE, SCOPE_DIRECTORY, RETRY_LATER, 1},
    {ERROR_DEFINITION, SCOPE_RUN, RETRY_NEVER, 6},
    {ERROR_LIMIT, SCOPE_RUN, RETRY_NEVER, 4},
    {ERROR_LOCKED, SCOPE_RUN, RETRY_LATER, 7},
    {ERROR_STATE, SCOPE_RUN, RETRY_NEVER, 1},
    {ERROR_IO, SCOPE_RUN, RETRY_LATER, 1},
    {ERROR_INTERRUPTED, SCOPE_RUN, RETRY_LATER, 5},
};

static void every_code_has_scope_retry_and_exit_status(void **state)
{
    (void)state;
    assert_int_equal(G_N_ELEMENTS(error_cases), ERROR_CODES);
    for (size_t i = 0; i < G_N_ELEMENTS(error_cases); i++) {
        const ErrorCase *expected = &error_cases[i];
        g_autoptr(GError) error = NULL;
        error_set(&error, expected->code, "case %zu", i);
        assert_int_equal(error_scope(error), expected->scope);
        assert_int_equal(error_retry(error), expected->retry);
        assert_int_equal(error_exit_status(error), expected->exit_status);
    }
}

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (int code = 0; code < ERROR_CODES; code++) {
        g_autoptr(GError) error = NULL;
        error_set(&error, (ErrorCode)code, "case %d", code);
        assert_true(*error_name(error) && g_hash_table_add(names, (gpointer)error_name(error)));
    }
    g_autoptr(GError) foreign = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_IO, "not ours");
    assert_string_equal(error_name(foreign), "other");
}

static void message_is_formatted_and_takes_a_prefix(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_SOURCE, "%s: cut off at line %d", "people.ldif", 17);
    g_prefix_error(&error, "globex: ");
    assert_string_equal(error->message, "globex: people.ldif: cut off at line 17");
}

static void error_is_compares_domain_and_code(void **state)
{
    (void)state;
    g_autoptr(GError) ours = NULL;
    error_set(&ours, ERROR_LIMIT, "too much");
    g_autoptr(GError) theirs = g_error_new(G_FILE_ERROR, ERROR_LIMIT, "same number, other domain");
    assert_true(error_is(ours, ERROR_LIMIT));
    assert_false(error_is(ours, ERROR_LOCKED));
    assert_false(error_is(theirs, ERROR_LIMIT));
    assert_false(error_is(NULL, ERROR_LIMIT));
}

static void foreign_errors_stop_the_run_and_are_not_repeated(void **state)
{
    (void)state;
    g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "no such file");
    g_autoptr(GError) unknown = g_error_new(DIRSYNC_ERROR, ERROR_CODES, "a code from the future");
    const GError *cases[] = {foreign, unknown, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_int_equal(error_scope(cases[i]), SCOPE_RUN);
        assert_int_equal(error_retry(cases[i]), RETRY_NEVER);
        assert_int_equal(error_exit_status(cases[i]), 1);
    }
}

static void nobody_interested_is_no_error(void **state)
{
    (void)state;
    error_set(NULL, ERROR_IO, "nobody listens to %s", "this");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_scope_retry_and_exit_status),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
        cmocka_unit_test(message_is_formatted_and_takes_a_prefix),
        cmocka_unit_test(error_is_compares_domain_and_code),
        cmocka_unit_test(foreign_errors_stop_the_run_and_are_not_repeated),
        cmocka_unit_test(nobody_interested_is_no_error),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}

/*
 * test_secret.c - passwords: where they may come from, and what is refused
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/secret.h"
#include "tests/lab/missing.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("dirsync-secret-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    g_rmdir(folder);
    g_free(folder);
    return 0;
}

/* What secret_fetch() says: the secret, or "! message". */
static char *fetch(SecretKind kind, const char *text)
{
    g_autoptr(GError) error = NULL;
    SecretSource source = {kind, g_strdup(text)};
    char *secret = secret_fetch(&source, &error);
    secret_source_clear(&source);
    /* What a command could not do now it may do later. */
    bool later = error && (strstr(error->message, "failed with status") ||
                           strstr(error->message, "killed by signal") || strstr(error->message, "within"));
    assert_true((secret == NULL) == error_is(error, later ? ERROR_IO : ERROR_DEFINITION));
    char *result = secret ? g_strdup(secret) : g_strconcat("! ", error->message, NULL);
    secret_free(secret);
    return result;
}

static void assert_fetched(SecretKind kind, const char *text, const char *expected)
{
    g_autofree char *result = fetch(kind, text);
    bool is_message = g_str_has_prefix(expected, "! ");
    if (is_message ? !g_str_has_prefix(result, "! ") || !strstr(result, expected + 2)
                   : strcmp(result, expected) != 0)
        fail_msg("got \"%s\" instead of \"%s\"", result, expected);
}

static void files_hold_one_line_and_are_private(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        size_t len;
        int mode;
        const char *expected;
    } cases[] = {
        {"geheim\n", 7, 0600, "geheim"},
        {"geheim\r\n", 8, 0400, "geheim"},
        {"geheim", 6, 0600, "geheim"},
        {" mit Blank \n", 12, 0600, " mit Blank "},
        {"pässwörd\n", 11, 0600, "pässwörd"},
        {"geheim\n", 7, 0640, "! chmod 600"},
        {"geheim\n", 7, 0604, "! chmod 600"},
        {"geheim\n", 7, 0620, "! chmod 600"},
        {"geheim\nzwei\n", 12, 0600, "! more than one line"},
        {"", 0, 0600, "! the password is empty"},
        {"\n", 1, 0600, "! the password is empty"},
        {"ge\0heim\n", 8, 0600, "! NUL"},
    };
    g_autofree char *path = g_build_filename(folder, "password", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_true(g_file_set_contents(path, cases[i].content, (gssize)cases[i].len, NULL));
        assert_int_equal(g_chmod(path, (mode_t)cases[i].mode), 0);
        assert_fetched(SECRET_FILE, path, cases[i].expected);
    }
    g_unlink(path);
}

static void no_message_holds_the_secret(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(folder, "password", NULL);
    assert_true(g_file_set_contents(path, "geheim\ngeheim\n", -1, NULL));
    for (int mode = 0600; mode <= 0644; mode += 044) {
        assert_int_equal(g_chmod(path, (mode_t)mode), 0);
        g_autofree char *result = fetch(SECRET_FILE, path);
        assert_true(g_str_has_prefix(result, "! "));
        assert_null(strstr(result, "geheim"));
    }
    g_unlink(path);
    g_autofree char *result = fetch(SECRET_COMMAND, "sh -c 'echo geheim; exit 3' geheim");
    assert_non_null(strstr(result, "password command sh: failed with status 3"));
    assert_null(strstr(result, "geheim"));
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    g_autofree char *missing = g_build_filename(folder, "missing", NULL);
    assert_fetched(SECRET_FILE, missing, "! No such file");
    assert_fetched(SECRET_FILE, folder, "! not a regular file");
    assert_fetched(SECRET_FILE, "/dev/zero", "! not a regular file");
}

static void a_file_of_another_user_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip_missing("this is for root");
    g_autofree char *path = g_build_filename(folder, "password", NULL);
    assert_true(g_file_set_contents(path, "geheim", -1, NULL));
    assert_int_equal(g_chmod(path, 0600), 0);
    assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
    assert_fetched(SECRET_FILE, path, "! belongs to another user");
    g_unlink(path);
}

static void long_content_is_no_password(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(folder, "password", NULL);
    g_autofree char *text = g_strnfill(4097, 'x');
    assert_true(g_file_set_contents(path, text, 4096, NULL));
    assert_int_equal(g_chmod(path, 0600), 0);
    g_autofree char *result = fetch(SECRET_FILE, path);
    assert_int_equal(strlen(result), 4096);
    assert_true(g_file_set_contents(path, text, 4097, NULL));
    assert_int_equal(g_chmod(path, 0600), 0);
    assert_fetched(SECRET_FILE, path, "! more than 4096 bytes");
    assert_fetched(SECRET_COMMAND, "yes", "! more than 4096 bytes");
    g_unlink(path);
}

static void variables_must_be_set(void **state)
{
    (void)state;
    g_setenv("DIRSYNC_TEST_SECRET", "geheim", TRUE);
    assert_fetched(SECRET_ENVIRONMENT, "DIRSYNC_TEST_SECRET", "geheim");
    g_setenv("DIRSYNC_TEST_SECRET", "", TRUE);
    assert_fetched(SECRET_ENVIRONMENT, "DIRSYNC_TEST_SECRET", "! is not set");
    g_unsetenv("DIRSYNC_TEST_SECRET");
    assert_fetched(SECRET_ENVIRONMENT, "DIRSYNC_TEST_SECRET", "! is not set");
}

static void commands_give_their_first_line_and_no_shell_runs(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"echo geheim", "geheim"},
        {"printf 'one\\ntwo\\n'", "one"},
        {"echo '$HOME;' \"a  b\"", "$HOME; a  b"},
        {"sh -c 'cat; echo stdin is empty'", "stdin is empty"},
        {"false", "! failed with status 1"},
        {"true", "! the password is empty"},
        {"sh -c 'kill -9 $$'", "! killed by signal 9"},
        {"/nonexistent/command x", "! /nonexistent/command"},
        {"echo 'unbalanced", "! password command"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_fetched(SECRET_COMMAND, cases[i][0], cases[i][1]);
}

static void without_a_source_there_is_no_secret(void **state)
{
    (void)state;
    assert_fetched(SECRET_NONE, "", "! has no <password>");
    secret_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_hold_one_line_and_are_private),
        cmocka_unit_test(no_message_holds_the_secret),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_file_of_another_user_is_refused),
        cmocka_unit_test(long_content_is_no_password),
        cmocka_unit_test(variables_must_be_set),
        cmocka_unit_test(commands_give_their_first_line_and_no_shell_runs),
        cmocka_unit_test(without_a_source_there_is_no_secret),
    };
    return cmocka_run_group_tests_name("secret", tests, make_folder, remove_folder);
}

/*
 * test_file_target_trouble.c - what can go wrong when a file is written
 *
 * No room, links, leftovers, other permissions, a broken file, a process
 * killed at every step. Whatever happens there is the old file or the new one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/target_case.h"

#include "dirsync/fault.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_permission_bits(void **state)
{
    TargetCase *target = *state;
    const unsigned modes[] = {0, 0644, 0666, 0600};
    struct stat status;
    mode_t mask = umask(0077);
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        target_case_write(target->endpoint.path, HEAD A);
        assert_int_equal(chmod(target->endpoint.path, 0604), 0);
        target->endpoint.mode = modes[i];
        assert_true(target_case_apply(target, ADD("B", "Bee"), NULL));
        assert_int_equal(stat(target->endpoint.path, &status), 0);
        assert_int_equal(status.st_mode & 07777, modes[i] ? modes[i] : 0600);
    }
    umask(mask);
}

/* What has the temporary's name is taken away, and where it leads is left alone. */
static void test_temporary_that_is_a_link(void **state)
{
    TargetCase *target = *state;
    target_case_write(target->sum, "precious");
    assert_int_equal(symlink(target->sum, target->temporary), 0);
    assert_true(target_case_apply(target, ADD("A", "Ant"), NULL));
    g_autofree char *other = target_case_text(target->sum), *text = target_case_text(target->endpoint.path);
    assert_string_equal(other, "precious");
    assert_string_equal(text, HEAD A);
    assert_false(g_file_test(target->temporary, G_FILE_TEST_IS_SYMLINK));
}

static void test_temporary_that_was_left_behind(void **state)
{
    TargetCase *target = *state;
    target_case_write(target->temporary, "half a file");
    assert_true(target_case_apply(target, ADD("A", "Ant"), NULL));
    g_autofree char *text = target_case_text(target->endpoint.path);
    assert_string_equal(text, HEAD A);
}

/* Expects that every change fails and the old file stays. */
static void check_cannot_be_written(TargetCase *target, ErrorCode code, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = target_case_text(target->endpoint.path);
    assert_false(
        target_case_apply(target, MODIFY("B", SN("Bee", "Bug")) DELETE("X") ADD("C", "Cat"), &error));
    g_autofree char *outcomes = g_strdup_printf("[%d];32/4;[%d];", code, code);
    assert_string_equal(target->outcomes->str, outcomes);
    assert_true(error_is(error, code));
    if (!strstr(error->message, message) || !strstr(error->message, target->endpoint.path))
        fail_msg("%s", error->message);
    g_autofree char *after = target_case_text(target->endpoint.path);
    assert_string_equal(after, before);
}

static void test_temporary_that_cannot_be_made(void **state)
{
    TargetCase *target = *state;
    target_case_write(target->endpoint.path, HEAD A B);
    assert_int_equal(mkdir(target->temporary, 0700), 0);
    check_cannot_be_written(target, ERROR_IO, "cannot be written: ");
    assert_int_equal(rmdir(target->temporary), 0);
}

/* The limit on the size of files stands for a full disk. */
static void test_no_room(void **state)
{
    TargetCase *target = *state;
    struct rlimit old, small = {.rlim_cur = 64};
    target_case_write(target->endpoint.path, HEAD A B);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    check_cannot_be_written(target, ERROR_IO, "make room on its file system");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_false(g_file_test(target->temporary, G_FILE_TEST_EXISTS));
}

/* A record that cannot be read would be lost. */
static void test_old_file_that_cannot_be_read(void **state)
{
    TargetCase *target = *state;
    const char *const broken[] = {HEAD A "dn: cn=B\ncn:: Q\n\n", HEAD A B "dn: cn=C\ncn: C"};
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        target_case_write(target->endpoint.path, broken[i]);
        assert_false(target_case_apply(target, ADD("D", "Dog"), &error));
        assert_string_equal(target->outcomes->str, "[12];");
        assert_true(error_is(error, ERROR_SOURCE));
        assert_non_null(strstr(error->message, "cannot be written anew"));
        g_autofree char *after = target_case_text(target->endpoint.path);
        assert_string_equal(after, broken[i]);
    }
}

/* The file is in its place, so the changes are done, and the run hears of the checksum. */
static void test_checksum_that_cannot_be_written(void **state)
{
    TargetCase *target = *state;
    g_autoptr(GError) error = NULL;
    target->endpoint.checksum = target->sum;
    assert_int_equal(mkdir(target->sum, 0700), 0);
    assert_false(target_case_apply(target, ADD("A", "Ant"), &error));
    assert_string_equal(target->outcomes->str, "done;");
    assert_true(error_is(error, ERROR_IO));
    assert_non_null(strstr(error->message, "people.sha256: cannot be written"));
    assert_int_equal(rmdir(target->sum), 0);
}

/* Changes that were never flushed are gone, and nothing is written. */
static void test_closed_without_flush(void **state)
{
    TargetCase *target = *state;
    g_autoptr(GPtrArray) changes = target_case_parse(ADD("A", "Ant"));
    Directory *directory = target_case_open(target);
    assert_true(directory_submit(directory, changes->pdata[0], target_case_note, target, NULL));
    directory_close(directory);
    assert_string_equal(target->outcomes->str, "");
}

/* --- killed at every step --- */

static int steps_left;

static void kill_at_step(const char *where)
{
    (void)where;
    if (steps_left-- == 0)
        _exit(9);
}

/* True when the child was killed before it came to the end. */
static bool run_killed(TargetCase *target, int step, const char *changes)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        steps_left = step;
        fault_hook = kill_at_step;
        target_case_apply(target, changes, NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 9;
}

/* Whatever was killed, there is the old file or the new one, and the next run makes it good. */
static void test_killed_at_every_step(void **state)
{
    TargetCase *target = *state;
    int step = 0;
    bool killed = true;
    target->endpoint.checksum = target->sum;
    for (; killed; step++) {
        unlink(target->endpoint.path);
        assert_true(target_case_apply(target, ADD("A", "Ant"), NULL));
        killed = run_killed(target, step, ADD("B", "Bee"));
        g_autofree char *text = target_case_text(target->endpoint.path);
        bool is_new = strcmp(text, HEAD A B) == 0;
        assert_true(is_new || (killed && strcmp(text, HEAD A) == 0));
        assert_true(target_case_apply(target, is_new ? "" : ADD("B", "Bee"), NULL));
        size_t n;
        assert_int_equal(target_case_read(target, false, &n), PROOF_COMPLETE);
        assert_int_equal(n, 2);
        g_autofree char *left = g_strconcat(target->sum, ".dirsync-new", NULL);
        assert_false(g_file_test(target->temporary, G_FILE_TEST_EXISTS));
        assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
    }
    assert_int_equal(step, 10);
}

/* Many changes to a file of many entries, and back again: the same bytes. */
static void test_many_there_and_back(void **state)
{
    TargetCase *target = *state;
    g_autoptr(GString) adds = g_string_new(NULL), there = g_string_new(NULL), back = g_string_new(NULL);
    for (int i = 0; i < 2000; i++) {
        g_string_append_printf(adds, ADD("p%d", "s%d"), i, i, i);
        if (i % 3)
            continue;
        g_string_append_printf(there, MODIFY("p%d", SN("s%d", "t%d")) RENAME("p%d", "cn=q%d", "1"), i, i, i,
                               i, i);
        g_string_append_printf(back, RENAME("q%d", "cn=p%d", "1") MODIFY("p%d", SN("t%d", "s%d")), i, i, i, i,
                               i);
    }
    assert_true(target_case_apply(target, adds->str, NULL));
    g_autofree char *before = target_case_text(target->endpoint.path);
    assert_true(target_case_apply(target, there->str, NULL));
    g_autofree char *between = target_case_text(target->endpoint.path);
    assert_string_not_equal(between, before);
    assert_true(target_case_apply(target, back->str, NULL));
    g_autofree char *after = target_case_text(target->endpoint.path);
    assert_string_equal(after, before);
    assert_null(strstr(target->outcomes->str, "/"));
}

#define LDIF(test) cmocka_unit_test_setup_teardown(test, target_case_make, target_case_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LDIF(test_permission_bits),
        LDIF(test_temporary_that_is_a_link),
        LDIF(test_temporary_that_was_left_behind),
        LDIF(test_temporary_that_cannot_be_made),
        LDIF(test_no_room),
        LDIF(test_old_file_that_cannot_be_read),
        LDIF(test_checksum_that_cannot_be_written),
        LDIF(test_closed_without_flush),
        LDIF(test_killed_at_every_step),
        LDIF(test_many_there_and_back),
    };
    return cmocka_run_group_tests_name("file_target_trouble", tests, NULL, NULL);
}

/*
 * test_bind_gate.c - what a run may do that asks whether it may bind
 *
 * The test is the daemon; the socket is named once, before the first question.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/bind_gate.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int daemon_end, run_end;

static int open_gate(void **state)
{
    int ends[2];
    (void)state;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    daemon_end = ends[0];
    run_end = ends[1];
    g_autofree char *number = g_strdup_printf("%d", run_end);
    return g_setenv(BIND_GATE_VARIABLE, number, TRUE) ? 0 : -1;
}

static int close_gate(void **state)
{
    (void)state;
    return close(run_end);
}

static void assert_daemon_hears(const char *expected)
{
    char text[BIND_GATE_LONGEST + 1];
    ssize_t got = recv(daemon_end, text, BIND_GATE_LONGEST, 0);
    assert_true(got > 0);
    text[got] = '\0';
    assert_string_equal(text, expected);
}

static void whose_turn_it_is_goes_ahead(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    bind_gate_answer(daemon_end, NULL);
    assert_true(bind_gate_enter("key", &error));
    assert_null(error);
    bind_gate_leave(BIND_GOOD, NULL);
    assert_daemon_hears("?key");
    assert_daemon_hears("=good ");
}

static void a_password_known_to_be_wrong_is_refused(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    bind_gate_answer(daemon_end, "it was wrong");
    assert_false(bind_gate_enter("key", &error));
    assert_true(error_is(error, ERROR_CREDENTIALS));
    assert_string_equal(error->message, "it was wrong");
    assert_daemon_hears("?key");
}

/* All that wait hear of it at once. */
static void nobody_goes_ahead_when_the_daemon_has_gone(void **state)
{
    (void)state;
    close(daemon_end);
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        assert_false(bind_gate_enter("key", &error));
        assert_true(error_is(error, ERROR_INTERRUPTED));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_turn_it_is_goes_ahead),
        cmocka_unit_test(a_password_known_to_be_wrong_is_refused),
        cmocka_unit_test(nobody_goes_ahead_when_the_daemon_has_gone), /* the last: it is not there again */
    };
    return cmocka_run_group_tests_name("bind_gate", tests, open_gate, close_gate);
}

/*
 * test_lookup_connection.c - how much of a client is kept, and for how long it is waited for
 *
 * Time is what the test says it is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/lookup/connection.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND G_TIME_SPAN_SECOND

static const ConnectionPatience patience = {
    .idle = 600 * SECOND, .request = 30 * SECOND, .answer = 20 * SECOND};

typedef struct {
    Service service; /* whose index is not there: what is answered is TEMP */
    Connection *connection;
    int client;
} Fixture;

static int set_up(void **state)
{
    int ends[2];
    Fixture *fixture = g_new0(Fixture, 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    fixture->service.lookup = lookup_new("/no-such-folder/home.db", NULL);
    fixture->connection = connection_new(ends[0], &protocol_lines, SECOND);
    fixture->client = ends[1];
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    connection_free(fixture->connection);
    lookup_free(fixture->service.lookup);
    close(fixture->client);
    g_free(fixture);
    return 0;
}

static bool serve(Fixture *fixture, const char *request, gint64 now)
{
    uint64_t answered = 0;
    if (request)
        assert_int_equal(send(fixture->client, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    return connection_serve(fixture->connection, &fixture->service, now, &answered);
}

/* Everything that has come; "" nothing. */
static const char *hear(const Fixture *fixture)
{
    static char text[1 << 20];
    ssize_t n = recv(fixture->client, text, sizeof text - 1, 0);
    text[MAX(n, 0)] = '\0';
    return text;
}

static bool is_late(const Fixture *fixture, gint64 now)
{
    return connection_is_late(fixture->connection, &patience, now);
}

static void the_greeting_comes_unasked(void **state)
{
    Fixture *fixture = *state;
    assert_int_equal(connection_wants(fixture->connection), EPOLLIN | EPOLLOUT);
    assert_true(serve(fixture, NULL, SECOND));
    assert_string_equal(hear(fixture), "dirsync-lookup\t1\n");
    assert_int_equal(connection_wants(fixture->connection), EPOLLIN);
    assert_true(connection_is_idle(fixture->connection));
}

static void who_is_idle_is_waited_for_long(void **state)
{
    Fixture *fixture = *state;
    assert_true(serve(fixture, "status\n", 5 * SECOND));
    assert_false(is_late(fixture, 605 * SECOND));
    assert_true(is_late(fixture, 606 * SECOND));
}

static void a_request_must_end_whatever_comes_of_it(void **state)
{
    Fixture *fixture = *state;
    assert_true(serve(fixture, NULL, SECOND));
    for (int i = 0; i < 30; i++)
        assert_true(serve(fixture, "x", (10 + i) * SECOND));
    assert_false(connection_is_idle(fixture->connection));
    assert_false(is_late(fixture, 40 * SECOND));
    assert_true(is_late(fixture, 41 * SECOND));
    /* Once it is whole, the next one has its own time. */
    assert_true(serve(fixture, "\nx", 41 * SECOND));
    assert_false(is_late(fixture, 71 * SECOND));
    assert_true(is_late(fixture, 72 * SECOND));
}

static void answers_must_be_taken(void **state)
{
    Fixture *fixture = *state;
    const int little = 1;
    setsockopt(fixture->connection->fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    GString *many = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append(many, "exists a\n");
    assert_true(serve(fixture, many->str, 10 * SECOND));
    g_string_free(many, TRUE);
    for (int i = 0; i < 10; i++)
        assert_true(serve(fixture, NULL, 10 * SECOND));
    /* It is not read from any more, and no more is kept than the mark, one answer and what was read. */
    assert_int_equal(connection_wants(fixture->connection), EPOLLOUT);
    assert_in_range(connection_memory(fixture->connection), CONNECTION_HIGH_WATER, 3 * CONNECTION_HIGH_WATER);
    assert_false(is_late(fixture, 30 * SECOND));
    assert_true(is_late(fixture, 31 * SECOND));
    /* All comes when it is taken. */
    size_t lines = 0;
    for (int i = 0; i < 10000 && lines < 1001; i++) {
        for (const char *c = hear(fixture); *c; c++)
            lines += *c == '\n';
        assert_true(serve(fixture, NULL, 31 * SECOND));
    }
    assert_int_equal(lines, 1001);
    assert_int_equal(connection_wants(fixture->connection), EPOLLIN);
}

static void what_was_asked_before_the_end_is_answered(void **state)
{
    Fixture *fixture = *state;
    assert_int_equal(send(fixture->client, "exists a\nquit\nexists b\n", 23, 0), 23);
    shutdown(fixture->client, SHUT_WR);
    assert_false(serve(fixture, NULL, SECOND));
    const char *said = hear(fixture);
    assert_true(g_str_has_prefix(said, "dirsync-lookup\t1\nTEMP\tunavailable\t"));
    assert_true(g_str_has_suffix(said, "\nOK\n")); /* and nothing after quit */
}

static void who_is_gone_is_let_go(void **state)
{
    Fixture *fixture = *state;
    close(fixture->client);
    fixture->client = -1;
    assert_false(serve(fixture, NULL, SECOND));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_greeting_comes_unasked),
        CASE(who_is_idle_is_waited_for_long),
        CASE(a_request_must_end_whatever_comes_of_it),
        CASE(answers_must_be_taken),
        CASE(what_was_asked_before_the_end_is_answered),
        CASE(who_is_gone_is_let_go),
    };
    return cmocka_run_group_tests_name("lookup_connection", tests, NULL, NULL);
}

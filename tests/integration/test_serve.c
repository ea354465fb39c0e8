/*
 * test_serve.c - dirsync serve as its clients meet it, the bad ones too
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/database.h"
#include "tests/lab/lookup_index.h"
#include "tests/lab/missing.h"
#include "tests/lab/service.h"
#include "tests/lab/sync_case.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pwd.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static TestService *service;
static Lab *home; /* of tests with syncs */
static World *world;

static void set_up(const char *people)
{
    program_needed();
    service = service_new();
    if (people)
        lookup_index_make(service->index, people);
}

static int tear_down(void **state)
{
    (void)state;
    service_free(service);
    world_free(world);
    lab_slapd_stop(home);
    service = NULL;
    world = NULL;
    home = NULL;
    return 0;
}

static void assert_answer(const char *line, const char *begins)
{
    g_autofree char *answer = service_ask(service, line);
    if (!answer || !g_str_has_prefix(answer, begins))
        fail_msg("%s: %s instead of %s", line, answer ? answer : "(closed)", begins);
}

static void assert_logged(const char *text)
{
    g_autofree char *log = service_log(service);
    if (!strstr(log, text))
        fail_msg("without \"%s\":\n%s", text, log);
}

/* --- beginning and end --- */

static void both_sockets_answer_and_go_with_the_service(void **state)
{
    (void)state;
    set_up(lookup_people);
    service_start(service, NULL);
    struct stat socket;
    assert_int_equal(stat(service->socketmap, &socket), 0);
    assert_int_equal(socket.st_mode & 0777, 0660);
    assert_answer("exists notes:TED@exchange", "OK");
    assert_answer("exists nobody@acme.example", "NONE");
    int fd = service_connect(service->socketmap);
    service_send(fd, "20:smtp jd@acme.example,");
    char answer[64] = {0};
    assert_int_equal(recv(fd, answer, 28, MSG_WAITALL), 28);
    assert_string_equal(answer, "24:OK Jane.Doe@acme.example,");
    close(fd);
    assert_int_equal(service_end(service, SIGTERM), 0);
    assert_false(g_file_test(service->socketmap, G_FILE_TEST_EXISTS));
    assert_false(g_file_test(service->lines, G_FILE_TEST_EXISTS));
    assert_logged("DS1100");
    assert_logged("DS1101");
}

static void the_mode_of_the_sockets_can_be_chosen(void **state)
{
    (void)state;
    set_up(lookup_people);
    service_start(service, (const char *const[]){"--mode", "0600", NULL});
    struct stat socket;
    assert_int_equal(stat(service->lines, &socket), 0);
    assert_int_equal(socket.st_mode & 0777, 0600);
    assert_int_equal(service_end(service, SIGINT), 0);
}

static void what_a_killed_service_left_is_replaced_and_a_living_one_is_not(void **state)
{
    (void)state;
    set_up(lookup_people);
    service_start(service, NULL);
    assert_int_equal(service_end(service, SIGKILL), 128 + SIGKILL);
    assert_true(g_file_test(service->lines, G_FILE_TEST_EXISTS));
    service_start(service, NULL);
    g_auto(Said) second = PROGRAM(NULL, "serve", "--index", service->index, "--lines", service->lines);
    assert_int_equal(second.status, 7);
    assert_non_null(strstr(second.err, "another service answers there already"));
    assert_answer("exists jd@acme.example", "OK");
    g_auto(Said) file = PROGRAM(NULL, "serve", "--index", service->index, "--lines", service->log);
    assert_int_equal(file.status, 6);
    assert_true(g_file_test(service->log, G_FILE_TEST_IS_REGULAR));
}

/* As a service manager passes them. */
static pid_t start_with_inherited(int fd, const char *name)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    g_autofree char *program = g_canonicalize_filename(g_getenv("DIRSYNC"), NULL);
    g_autofree char *own = g_strdup_printf("%d", (int)getpid());
    g_setenv("LISTEN_PID", own, TRUE);
    g_setenv("LISTEN_FDS", "1", TRUE);
    g_setenv("LISTEN_FDNAMES", name, TRUE);
    if (fd == 3)
        fcntl(fd, F_SETFD, 0);
    else
        dup2(fd, 3);
    execl(program, program, "serve", "--quiet", "--index", service->index, NULL);
    _exit(127);
}

static void sockets_are_inherited(void **state)
{
    (void)state;
    set_up(lookup_people);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, service->lines, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status = -1;
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    pid_t pid = start_with_inherited(fd, "lines");
    close(fd);
    assert_answer("exists jd@acme.example", "OK");
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(g_file_test(service->lines, G_FILE_TEST_EXISTS)); /* its owner's to remove */
}

static void a_person_can_ask_without_the_service(void **state)
{
    (void)state;
    set_up(lookup_people);
    g_auto(Said) found = PROGRAM(NULL, "serve", "--index", service->index, "--query", "notes:ted@exchange");
    assert_int_equal(found.status, 0);
    assert_non_null(strstr(found.out, "cn=Ted Bremer,ou=Globex,dc=acme,dc=example\n"));
    assert_non_null(strstr(found.out, "    connector  globex\n"));
    g_auto(Said) json =
        PROGRAM(NULL, "serve", "--json", "--index", service->index, "--query", "jd@acme.example");
    assert_non_null(strstr(json.out, "\"smtp\":\"Jane.Doe@acme.example\""));
    g_auto(Said) lock = PROGRAM(NULL, "serve", "--index", service->index, "--query", "lock@acme.example");
    assert_null(strchr(lock.out, '\t')); /* foreign text is made safe */
    g_auto(Said) nobody = PROGRAM(NULL, "serve", "--index", service->index, "--query", "x@acme.example");
    assert_int_equal(nobody.status, 1);
    assert_non_null(strstr(nobody.err, "no recipient has this address"));
    lookup_index_remove(service->index);
    g_auto(Said) nothing = PROGRAM(NULL, "serve", "--index", service->index, "--query", "x@acme.example");
    assert_int_equal(nothing.status, 5);
}

/* Neither in what is asked nor in what is known. */
static void bytes_that_are_no_text_spoil_no_document(void **state)
{
    (void)state;
    set_up("dn: cn=Odd,dc=acme,dc=example\nobjectClass: inetOrgPerson\n"
           "entryUUID: 00000000-0000-4000-8000-000000000042\ncn: Odd\ndisplayName:: /0phbmU=\n"
           "mail: odd@acme.example\nproxyAddresses: SMTP:odd@acme.example\n\n");
    g_auto(Said) known =
        PROGRAM(NULL, "serve", "--json", "--index", service->index, "--query", "odd@acme.example");
    assert_int_equal(known.status, 0);
    assert_non_null(strstr(known.out, "\"name\":\"\xef\xbf\xbdJane\""));
    g_auto(Said) asked =
        PROGRAM(NULL, "serve", "--json", "--index", service->index, "--query", "SMTP:\xff@acme.example");
    assert_int_equal(asked.status, 6);
    assert_string_equal(asked.out, "");
    assert_non_null(strstr(asked.err, "SMTP:\\ff@acme.example: these bytes are no text (UTF-8)"));
}

/* --- the index comes and goes --- */

static void without_an_index_the_failure_is_temporary_until_it_is_there(void **state)
{
    (void)state;
    set_up(NULL);
    service_start(service, NULL);
    assert_answer("exists jd@acme.example", "TEMP\tunavailable\t");
    assert_logged("DS1102");
    lookup_index_make(service->index, lookup_people);
    kill(service->pid, SIGHUP); /* at once; by itself within a second */
    for (int i = 0; i < 500; i++) {
        g_autofree char *answer = service_ask(service, "exists jd@acme.example");
        if (!strcmp(answer, "OK"))
            break;
        assert_true(g_str_has_prefix(answer, "TEMP\t"));
        g_usleep(20000);
    }
    assert_answer("exists jd@acme.example", "OK");
    assert_answer("exists nobody@acme.example", "NONE");
    lookup_index_remove(service->index);
    assert_answer("exists nobody@acme.example", "TEMP\tunavailable\t");
}

static void an_old_index_answers_and_is_warned_of(void **state)
{
    (void)state;
    set_up(lookup_people);
    bool created;
    Database *database = database_open(service->index, "holders.sql", HOLDERS_FORM, &created, NULL);
    assert_true(database_set_meta(database, META_AS_OF, "1000000000", NULL));
    database_close(database);
    service_start(service, NULL);
    assert_answer("exists jd@acme.example", "OK");
    assert_answer("status", "OK\trecipients=9\tserial=1\tas-of=2001-09-09T01:46:40Z\t");
    assert_logged("DS1104");
}

/* --- clients --- */

static void requests_may_come_in_pieces_and_all_at_once(void **state)
{
    (void)state;
    set_up(lookup_people);
    service_start(service, NULL);
    int fd = service_connect(service->lines);
    for (const char *c = "exists jd@acme.example\n"; *c; c++) {
        const char piece[2] = {*c, '\0'};
        service_send(fd, piece);
        g_usleep(500);
    }
    g_autofree char *answer = service_hear(fd);
    assert_string_equal(answer, "OK");
    GString *many = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append(many, i % 2 ? "exists jd@acme.example\n" : "exists nobody@acme.example\n");
    service_send(fd, many->str);
    g_string_free(many, TRUE);
    shutdown(fd, SHUT_WR); /* nobody waits for more: what was asked is answered all the same */
    for (int i = 0; i < 1000; i++) {
        g_autofree char *each = service_hear(fd);
        assert_string_equal(each, i % 2 ? "OK" : "NONE");
    }
    assert_null(service_hear(fd));
    close(fd);
}

/* Sends as much as the service takes without being heard. */
static size_t push_without_listening(int fd, const char *request)
{
    size_t sent = 0, len = strlen(request);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (sent < (64 << 20) && poll(&ready, 1, 500) == 1) {
        ssize_t n = send(fd, request, len, MSG_NOSIGNAL);
        if (n > 0)
            sent += (size_t)n;
    }
    return sent;
}

static void who_does_not_listen_is_not_heard_and_others_are(void **state)
{
    (void)state;
    set_up(lookup_people);
    service_start(service, NULL);
    int deaf = service_connect(service->lines);
    size_t sent = push_without_listening(deaf, "resolve jd@acme.example\nresolve notes:ted@exchange\n");
    assert_in_range(sent, 1, (4 << 20)); /* what the system keeps in sockets, and little more */
    assert_answer("exists jd@acme.example", "OK");
    /* It is answered when it listens after all. */
    fcntl(deaf, F_SETFL, 0);
    g_autofree char *answer = service_hear(deaf);
    assert_true(g_str_has_prefix(answer, "OK\tid="));
    close(deaf);
}

static void rubbish_ends_one_conversation_alone(void **state)
{
    (void)state;
    set_up(lookup_people);
    service_start(service, NULL);
    int other = service_connect(service->lines);
    int fd = service_connect(service->socketmap);
    service_send(fd, "GET / HTTP/1.1\r\n");
    char answer[128] = {0};
    recv(fd, answer, sizeof answer - 1, MSG_WAITALL);
    assert_string_equal(answer, "42:PERM no netstring, or one that is too long,");
    close(fd);
    service_send(other, "exists jd@acme.example\n");
    g_autofree char *answered = service_hear(other);
    assert_string_equal(answered, "OK");
    close(other);
}

static void one_more_takes_the_place_of_who_is_idle(void **state)
{
    (void)state;
    set_up(lookup_people);
    service_start(service, (const char *const[]){"--connections", "3", NULL});
    int fd[3];
    for (int i = 0; i < 3; i++)
        fd[i] = service_connect(service->lines);
    for (int i = 1; i < 3; i++) { /* they come behind the first one */
        service_send(fd[i], "exists jd@acme.example\n");
        g_autofree char *heard = service_hear(fd[i]);
        assert_string_equal(heard, "OK");
    }
    service_send(fd[0], "exists jd@acme"); /* in the middle of a request */
    g_usleep(1200000);                     /* so long one may be quiet without being called idle */
    service_send(fd[2], "exists jd@acme.example\n");
    g_autofree char *answer = service_hear(fd[2]);
    assert_string_equal(answer, "OK");
    assert_answer("exists jd@acme.example", "OK");
    assert_null(service_hear(fd[1]));
    for (int i = 0; i < 3; i++)
        close(fd[i]);
}

/* --- while a sync writes --- */

#define PERSON(n, name, address)                                                                             \
    "dn: cn=" name ",dc=acme,dc=example\nobjectClass: inetOrgPerson\n"                                       \
    "entryUUID: 00000000-0000-4000-8000-00000000000" n "\ncn: " name "\nproxyAddresses: SMTP:" address       \
    "\n\n"
#define ANN_BEN PERSON("1", "Ann", "a@acme.example") PERSON("2", "Ben", "b@acme.example")
#define BEN_ANN PERSON("1", "Ann", "b@acme.example") PERSON("2", "Ben", "a@acme.example")
#define CLIENTS 50
#define IN_FLIGHT 20
#define ROUNDS 40
#define BATCH "batch resolve a@acme.example\tresolve b@acme.example\texists a@acme.example\n"

static gpointer swap_until_told(gpointer data)
{
    gint *stop = data;
    g_autoptr(HolderIndex) index = holder_index_open(service->index, NULL);
    gint64 swaps = 0;
    for (; !g_atomic_int_get(stop); swaps++)
        lookup_index_save(index, swaps % 2 ? ANN_BEN : BEN_ANN);
    return (gpointer)(gintptr)swaps;
}

/* Each address is somebody's, and not both are one person's. */
static void hear_batch(int fd, size_t *of_ann)
{
    g_autofree char *a = service_hear(fd);
    g_autofree char *b = service_hear(fd);
    g_autofree char *exists = service_hear(fd);
    assert_non_null(exists);
    bool ann_a = strstr(a, "dn=cn=Ann,"), ann_b = strstr(b, "dn=cn=Ann,");
    bool ben_a = strstr(a, "dn=cn=Ben,"), ben_b = strstr(b, "dn=cn=Ben,");
    if (ann_a == ann_b || ben_a == ben_b || ann_a == ben_a || strcmp(exists, "OK") != 0)
        fail_msg("%s\n%s\n%s", a, b, exists);
    *of_ann += ann_a;
}

/* 1,000 batches of three look-ups are always on their way. */
static void answers_are_of_one_state_while_a_sync_writes(void **state)
{
    (void)state;
    set_up(ANN_BEN);
    service_start(service, NULL);
    gint stop = 0;
    int fd[CLIENTS];
    size_t of_ann = 0;
    GThread *writer = g_thread_new("writer", swap_until_told, &stop);
    for (int i = 0; i < CLIENTS; i++)
        fd[i] = service_connect(service->lines);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            for (int j = 0; j < IN_FLIGHT; j++)
                service_send(fd[i], BATCH);
        for (int i = 0; i < CLIENTS; i++)
            for (int j = 0; j < IN_FLIGHT; j++)
                hear_batch(fd[i], &of_ann);
    }
    g_atomic_int_set(&stop, 1);
    gintptr swaps = (gintptr)g_thread_join(writer);
    for (int i = 0; i < CLIENTS; i++)
        close(fd[i]);
    /* Both states were seen, or nothing was shown by this. */
    assert_in_range(swaps, 2, INT32_MAX);
    assert_in_range(of_ann, 1, CLIENTS * IN_FLIGHT * ROUNDS - 1);
}

/* --- another user --- */

#define OTHER_USER "mail" /* with a group of that name, on every Debian */

static void skip_unless_root_and_other(void)
{
    const char *why = geteuid() != 0                                   ? "this is for root"
                      : !getpwnam(OTHER_USER) || !getgrnam(OTHER_USER) ? "there is no user and group mail"
                                                                       : NULL;
    if (why)
        skip_missing("%s", why);
}

static void let_others_read(void)
{
    g_autofree char *path = g_build_filename(world->folder, "organisation.xml", NULL);
    g_autofree char *text = text_of(path);
    g_auto(GStrv) parts = g_strsplit(text, "<state ", 2);
    g_autofree char *with = g_strconcat(parts[0], "<state readers=\"" OTHER_USER "\" ", parts[1], NULL);
    write_text(path, with);
    g_chmod(world->folder, 0711);
    g_chmod(world->live, 0711);
}

static void assert_mode(const char *folder, const char *name, mode_t mode)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat there;
    assert_int_equal(stat(path, &there), 0);
    if ((there.st_mode & 0777) != mode)
        fail_msg("%s: %o instead of %o", path, there.st_mode & 0777, mode);
}

static void sync_people(const Person *people)
{
    world_set_people(world, people);
    g_auto(Said) said = PROGRAM(NULL, "sync", world->connector);
    if (said.status != 0)
        fail_msg("%s%s", said.out, said.err);
}

/* Of the state that user can read the index, nothing else, and can change nothing. */
static void as_another_user_between_and_during_syncs(void **state)
{
    static const Person ada[] = {{"1", "Ada Alt", "ada@globex.example", NULL}, {NULL, NULL, NULL, NULL}};
    static const Person bob[] = {{"1", "Ada Alt", "ada@globex.example", NULL},
                                 {"2", "Bob Baum", "bob@globex.example", NULL},
                                 {NULL, NULL, NULL, NULL}};
    (void)state;
    program_needed();
    skip_unless_root_and_other();
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync");
    world = world_at(home);
    let_others_read();
    set_up(NULL);
    g_free(service->index);
    service->index = g_build_filename(world->state, "acme.home.db", NULL);
    sync_people(ada);
    sync_people(ada); /* reads back what the first has written */
    assert_mode(world->state, "acme.home.db", 0640);
    assert_mode(world->state, "acme.home.db-wal", 0640);
    assert_mode(world->state, "acme.home.db-shm", 0640);
    assert_mode(world->state, "globex", 0700);
    assert_mode(world->state, "globex/state.db", 0600);
    g_auto(Said) by_definition =
        PROGRAM(world->folder, "serve", "./organisation.xml", "--query", "ada@globex.example");
    assert_int_equal(by_definition.status, 0);
    assert_non_null(strstr(by_definition.out, "    connector  globex\n"));
    /* Who has become somebody else cannot be looked at for leaks. */
    g_autofree char *before = g_strdup(g_getenv("ASAN_OPTIONS"));
    g_setenv("ASAN_OPTIONS", "detect_leaks=0", TRUE);
    service_start(service, (const char *const[]){"--user", OTHER_USER, NULL});
    before ? g_setenv("ASAN_OPTIONS", before, TRUE) : g_unsetenv("ASAN_OPTIONS");
    assert_answer("exists ada@globex.example", "OK");
    assert_answer("exists bob@globex.example", "NONE");
    sync_people(bob);
    sync_people(bob);
    assert_answer("exists bob@globex.example", "OK");
    assert_answer("address-of SMTP bob@globex.example", "OK\tSMTP:bob@globex.example");
    /* A sync that is in the middle of writing. */
    HolderIndex *index = holder_index_open(service->index, NULL);
    assert_true(holder_index_begin(index, NULL));
    assert_answer("exists bob@globex.example", "OK");
    assert_true(holder_index_commit(index, NULL));
    holder_index_close(index);
    assert_answer("exists bob@globex.example", "OK");
    assert_int_equal(service_end(service, SIGTERM), 0);
}

#define CASE(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(both_sockets_answer_and_go_with_the_service),
        CASE(the_mode_of_the_sockets_can_be_chosen),
        CASE(what_a_killed_service_left_is_replaced_and_a_living_one_is_not),
        CASE(sockets_are_inherited),
        CASE(a_person_can_ask_without_the_service),
        CASE(bytes_that_are_no_text_spoil_no_document),
        CASE(without_an_index_the_failure_is_temporary_until_it_is_there),
        CASE(an_old_index_answers_and_is_warned_of),
        CASE(requests_may_come_in_pieces_and_all_at_once),
        CASE(who_does_not_listen_is_not_heard_and_others_are),
        CASE(rubbish_ends_one_conversation_alone),
        CASE(one_more_takes_the_place_of_who_is_idle),
        CASE(answers_are_of_one_state_while_a_sync_writes),
        CASE(as_another_user_between_and_during_syncs),
    };
    return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}

/*
 * played_mail.c - see played_mail.h
 */
#include "tests/lab/played_mail.h"

#include "tests/lab/missing.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 20000 /* milliseconds until s_server listens */

struct PlayedMail {
    bool http, silent, login;
    int listener;
    GThread *thread;
    sem_t idle; /* up while the thread waits for a connection */
    char *uri;
    char *refused, *answer; /* a verb, and what it is answered */
    GMutex lock;
    GPtrArray *messages;
    GString *talk;
    /* with TLS: its s_server, whose standard input and output are our connection */
    pid_t tls;
    int to_tls;
    char *folder, *certificate, *key;
};

typedef struct {
    PlayedMail *mail;
    int fd;
    GString *buffer;
} Talking;

static bool say(const Talking *talking, const char *text)
{
    return send(talking->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static bool fill(Talking *talking)
{
    char part[4096];
    ssize_t len = recv(talking->fd, part, sizeof part, 0);
    if (len > 0)
        g_string_append_len(talking->buffer, part, len);
    return len > 0;
}

/* Up to and with @end; NULL when the other side has gone. */
static char *take_until(Talking *talking, const char *end)
{
    char *found;
    while (!(found = strstr(talking->buffer->str, end)))
        if (!fill(talking))
            return NULL;
    gsize len = (gsize)(found - talking->buffer->str) + strlen(end);
    char *text = g_strndup(talking->buffer->str, len);
    g_string_erase(talking->buffer, 0, (gssize)len);
    return text;
}

static void keep(PlayedMail *mail, char *message)
{
    g_mutex_lock(&mail->lock);
    g_ptr_array_add(mail->messages, message);
    g_mutex_unlock(&mail->lock);
}

static char *note_and_refuse(PlayedMail *mail, const char *line)
{
    g_mutex_lock(&mail->lock);
    g_string_append(mail->talk, line);
    char *answer = mail->refused && g_str_has_prefix(line, mail->refused) ? g_strdup(mail->answer) : NULL;
    g_mutex_unlock(&mail->lock);
    return answer;
}

static bool is_silent(PlayedMail *mail)
{
    g_mutex_lock(&mail->lock);
    bool silent = mail->silent;
    g_mutex_unlock(&mail->lock);
    return silent;
}

/* --- SMTP --- */

static bool take_data(Talking *talking)
{
    if (!say(talking, "354 go on\r\n"))
        return false;
    char *text = take_until(talking, "\r\n.\r\n");
    if (!text)
        return false;
    text[strlen(text) - strlen(".\r\n")] = '\0';
    keep(talking->mail, text);
    return say(talking, "250 kept\r\n");
}

/* The credentials are a line of their own. */
static bool take_login(Talking *talking)
{
    if (!say(talking, "334 \r\n"))
        return false;
    g_autofree char *line = take_until(talking, "\r\n");
    g_free(line ? note_and_refuse(talking->mail, line) : NULL);
    return line && say(talking, "235 you are in\r\n");
}

static bool answer_command(Talking *talking, const char *line)
{
    if (g_str_has_prefix(line, "EHLO"))
        return say(talking, talking->mail->login ? "250-played\r\n250-AUTH PLAIN\r\n250 SIZE 100000\r\n"
                                                 : "250-played\r\n250 SIZE 100000\r\n");
    if (g_str_has_prefix(line, "AUTH"))
        return take_login(talking);
    if (g_str_has_prefix(line, "DATA"))
        return take_data(talking);
    return say(talking, "250 all right\r\n") && !g_str_has_prefix(line, "QUIT");
}

static void talk_smtp(Talking *talking)
{
    bool more = say(talking, "220 played\r\n");
    while (more) {
        g_autofree char *line = take_until(talking, "\r\n");
        if (!line)
            return;
        g_autofree char *refusal = note_and_refuse(talking->mail, line);
        g_autofree char *whole = refusal ? g_strconcat(refusal, "\r\n", NULL) : NULL;
        more = whole ? say(talking, whole) : answer_command(talking, line);
    }
}

/* --- HTTP --- */

static void talk_http(Talking *talking)
{
    g_autofree char *head = take_until(talking, "\r\n\r\n");
    if (!head)
        return;
    g_autofree char *refusal = note_and_refuse(talking->mail, head);
    const char *length = strcasestr(head, "\r\ncontent-length:");
    gsize len = length ? (gsize)g_ascii_strtoull(length + strlen("\r\ncontent-length:"), NULL, 10) : 0;
    while (talking->buffer->len < len)
        if (!fill(talking))
            return;
    if (!refusal)
        keep(talking->mail, g_strconcat(head, talking->buffer->str, NULL));
    g_autofree char *answer = g_strdup_printf(
        "HTTP/1.1 %s\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n", refusal ? refusal : "200 OK");
    say(talking, answer);
}

/* --- the thread --- */

static void talk(PlayedMail *mail, int fd)
{
    g_autoptr(GString) buffer = g_string_new(NULL);
    Talking talking = {mail, fd, buffer};
    if (is_silent(mail))
        while (fill(&talking))
            ;
    else if (mail->http)
        talk_http(&talking);
    else
        talk_smtp(&talking);
}

static void *run(void *data)
{
    PlayedMail *mail = data;
    for (;;) {
        sem_post(&mail->idle);
        int fd = accept4(mail->listener, NULL, NULL, SOCK_CLOEXEC);
        while (sem_wait(&mail->idle) != 0)
            ;
        if (fd < 0)
            return NULL;
        talk(mail, fd);
        close(fd);
    }
}

static void *run_tls(void *data)
{
    PlayedMail *mail = data;
    talk(mail, mail->to_tls);
    shutdown(mail->to_tls, SHUT_RDWR);
    return NULL;
}

static int listen_on(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, len) || listen(fd, 5) ||
        getsockname(fd, (struct sockaddr *)&address, &len))
        fail_msg("no port on 127.0.0.1");
    *port = ntohs(address.sin_port);
    return fd;
}

static PlayedMail *played_mail_new(bool http)
{
    PlayedMail *mail = g_new0(PlayedMail, 1);
    mail->http = http;
    mail->messages = g_ptr_array_new_with_free_func(g_free);
    mail->talk = g_string_new(NULL);
    mail->listener = mail->to_tls = -1;
    g_mutex_init(&mail->lock);
    sem_init(&mail->idle, 0, 0);
    return mail;
}

pid_t played_mail_fork(PlayedMail *mail)
{
    while (sem_wait(&mail->idle) != 0)
        ;
    pid_t pid = fork();
    if (pid != 0)
        sem_post(&mail->idle);
    return pid;
}

PlayedMail *played_mail_start(bool http)
{
    PlayedMail *mail = played_mail_new(http);
    unsigned port;
    mail->listener = listen_on(&port);
    mail->uri = g_strdup_printf("%s://127.0.0.1:%u", http ? "http" : "smtp", port);
    mail->thread = g_thread_new("mail", run, mail);
    return mail;
}

/* --- TLS --- */

static void make_certificate(PlayedMail *mail)
{
    mail->folder = g_dir_make_tmp("dirsync-mail-XXXXXX", NULL);
    mail->certificate = g_build_filename(mail->folder, "certificate.pem", NULL);
    mail->key = g_build_filename(mail->folder, "key.pem", NULL);
    const char *const words[] = {"openssl",  "req",
                                 "-x509",    "-newkey",
                                 "rsa:2048", "-nodes",
                                 "-days",    "2",
                                 "-subj",    "/CN=localhost",
                                 "-addext",  "subjectAltName=DNS:localhost",
                                 "-out",     mail->certificate,
                                 "-keyout",  mail->key,
                                 NULL};
    int status;
    if (!g_spawn_sync(NULL, (char **)words, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, NULL, NULL, &status, NULL) ||
        status)
        fail_msg("openssl makes no certificate");
}

/* One connection, whose content comes out of and goes into the socket pair. */
static void start_s_server(PlayedMail *mail, unsigned port, int end)
{
    g_autofree char *accept = g_strdup_printf("127.0.0.1:%u", port);
    mail->tls = fork();
    if (mail->tls == 0) {
        dup2(end, STDIN_FILENO);
        dup2(end, STDOUT_FILENO);
        if (!freopen("/dev/null", "w", stderr))
            _exit(126);
        execlp("openssl", "openssl", "s_server", "-quiet", "-accept", accept, "-cert", mail->certificate,
               "-key", mail->key, NULL);
        _exit(127);
    }
    close(end);
}

static void wait_for_listener(unsigned port)
{
    g_autofree char *wanted = g_strdup_printf("0100007F:%04X 00000000:0000 0A", port);
    for (int waited = 0; waited < PATIENCE; waited += 20) {
        g_autofree char *table = NULL;
        if (g_file_get_contents("/proc/net/tcp", &table, NULL, NULL) && strstr(table, wanted))
            return;
        poll(NULL, 0, 20);
    }
    fail_msg("openssl s_server does not listen");
}

PlayedMail *played_mail_start_tls(bool http)
{
    g_autofree char *openssl = g_find_program_in_path("openssl");
    if (!openssl)
        skip_missing("openssl is not installed; install it");
    PlayedMail *mail = played_mail_new(http);
    unsigned port;
    int ends[2];
    make_certificate(mail);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    close(listen_on(&port));
    mail->to_tls = ends[0];
    start_s_server(mail, port, ends[1]);
    wait_for_listener(port);
    mail->uri = g_strdup_printf("%s://localhost:%u", http ? "https" : "smtps", port);
    mail->thread = g_thread_new("mail", run_tls, mail);
    return mail;
}

void played_mail_stop(PlayedMail *mail)
{
    if (!mail)
        return;
    if (mail->tls) {
        kill(mail->tls, SIGTERM);
        waitpid(mail->tls, NULL, 0);
    }
    shutdown(mail->listener >= 0 ? mail->listener : mail->to_tls, SHUT_RDWR);
    g_thread_join(mail->thread);
    close(mail->listener >= 0 ? mail->listener : mail->to_tls);
    if (mail->folder) {
        g_unlink(mail->certificate);
        g_unlink(mail->key);
        g_rmdir(mail->folder);
    }
    g_ptr_array_unref(mail->messages);
    g_string_free(mail->talk, TRUE);
    g_mutex_clear(&mail->lock);
    sem_destroy(&mail->idle);
    g_free(mail->folder);
    g_free(mail->certificate);
    g_free(mail->key);
    g_free(mail->uri);
    g_free(mail->refused);
    g_free(mail->answer);
    g_free(mail);
}

/* --- looking at it --- */

const char *played_mail_uri(const PlayedMail *mail)
{
    return mail->uri;
}

const char *played_mail_certificate(const PlayedMail *mail)
{
    return mail->certificate;
}

void played_mail_refuse(PlayedMail *mail, const char *verb, const char *answer)
{
    g_mutex_lock(&mail->lock);
    g_free(mail->refused);
    g_free(mail->answer);
    mail->refused = g_strdup(verb);
    mail->answer = g_strdup(answer);
    g_mutex_unlock(&mail->lock);
}

void played_mail_keep_silent(PlayedMail *mail, bool silent)
{
    g_mutex_lock(&mail->lock);
    mail->silent = silent;
    g_mutex_unlock(&mail->lock);
}

void played_mail_offer_login(PlayedMail *mail)
{
    mail->login = true;
}

size_t played_mail_count(PlayedMail *mail)
{
    g_mutex_lock(&mail->lock);
    size_t count = mail->messages->len;
    g_mutex_unlock(&mail->lock);
    return count;
}

char *played_mail_get(PlayedMail *mail, size_t i)
{
    g_mutex_lock(&mail->lock);
    char *message = i < mail->messages->len ? g_strdup(g_ptr_array_index(mail->messages, i)) : NULL;
    g_mutex_unlock(&mail->lock);
    if (!message)
        fail_msg("only %u messages have come", mail->messages->len);
    return message;
}

char *played_mail_talk(PlayedMail *mail)
{
    g_mutex_lock(&mail->lock);
    char *talk = g_strdup(mail->talk->str);
    g_mutex_unlock(&mail->lock);
    return talk;
}

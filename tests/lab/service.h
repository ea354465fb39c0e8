/*
 * service.h - dirsync serve as a child process, and clients of it
 *
 * Whatever is started must be stopped; failures fail the running cmocka test.
 */
#ifndef DIRSYNC_TESTS_SERVICE_H
#define DIRSYNC_TESTS_SERVICE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    pid_t pid;
    char *folder;    /* scratch, with these in it: */
    char *index;     /* acme.home.db, not made yet */
    char *socketmap; /* sockets */
    char *lines;
    char *log; /* standard error */
} TestService;

/** Makes the folder; starts nothing. */
TestService *service_new(void);
/** Starts it with the index, both sockets and further options (NULL-terminated; NULL: none), and waits until
 * it listens. */
void service_start(TestService *service, const char *const *options);
/** Sends the signal and waits; the exit status, or 128 + the signal that ended it. */
int service_end(TestService *service, int signal);
/** Ends it if it runs, removes everything. NULL is nothing. */
void service_free(TestService *service);
/** What it has said so far; g_free(). */
char *service_log(const TestService *service);

/** A connection; the greeting of the line protocol is taken. */
int service_connect(const char *path);
/** The same, greeting and all, or -1. */
int service_try(const char *path);
void service_send(int fd, const char *text);
/** The next line without its end; NULL: the connection is closed. Waits 30 seconds at most. g_free(). */
char *service_hear(int fd);
/** One request, one answer, over a connection of its own; g_free(). */
char *service_ask(const TestService *service, const char *line);

#endif

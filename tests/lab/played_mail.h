/*
 * played_mail.h - a thread that plays a mail server or the receiver of a webhook
 *
 * Takes what comes on a port of 127.0.0.1 and keeps it: each mail as it stood
 * between DATA and the dot, each request with head and body. It can refuse, keep
 * silent, or stand behind TLS (openssl s_server; nothing else of TLS is played).
 */
#ifndef DIRSYNC_TESTS_PLAYED_MAIL_H
#define DIRSYNC_TESTS_PLAYED_MAIL_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct PlayedMail PlayedMail;

/** @http: the receiver of a webhook; else SMTP. */
PlayedMail *played_mail_start(bool http);
/** The same behind TLS with a certificate for localhost that nobody has signed. Skips the running test,
 * loudly, when openssl is not installed; fails instead when CI=true. */
PlayedMail *played_mail_start_tls(bool http);
/** NULL is nothing. */
void played_mail_stop(PlayedMail *mail);

/** fork(), while the thread is in the middle of nothing: a child is alone, and a lock of the allocator that the
 * thread held would be held there for ever. Not of one behind TLS. */
pid_t played_mail_fork(PlayedMail *mail);

/** "smtp://127.0.0.1:PORT", or https://localhost:PORT; belongs to it. */
const char *played_mail_uri(const PlayedMail *mail);
/** The certificate; NULL without TLS. */
const char *played_mail_certificate(const PlayedMail *mail);

/** From now on a command that begins with @verb ("RCPT"; "POST" of a webhook) is answered so: "550 no such
 * user". NULL: nothing is refused. */
void played_mail_refuse(PlayedMail *mail, const char *verb, const char *answer);
/** From now on it takes connections and says nothing. */
void played_mail_keep_silent(PlayedMail *mail, bool silent);
/** Offers AUTH PLAIN from now on. */
void played_mail_offer_login(PlayedMail *mail);

/** What has come so far: how many, and the @i-th; g_free(). */
size_t played_mail_count(PlayedMail *mail);
char *played_mail_get(PlayedMail *mail, size_t i);
/** All commands so far, a line each; g_free(). */
char *played_mail_talk(PlayedMail *mail);

#endif

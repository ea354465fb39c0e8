/*
 * mail_message.h - a mail as it travels (RFC 5322, 2045, 2047)
 *
 * Plain text in UTF-8, encoded where a mail server might not take it, CRLF at the
 * ends of lines. What stands in a header cannot begin another one: line ends and
 * other control characters become blanks. Dot-stuffing is the sender's business.
 */
#ifndef DIRSYNC_MAIL_MESSAGE_H
#define DIRSYNC_MAIL_MESSAGE_H

#include <glib.h>

typedef struct {
    const char *from;      /* an address */
    const char *const *to; /* addresses, NULL-terminated */
    const char *subject, *body;
    const char *id;     /* what tells it from all others: left part of its Message-ID */
    const char *refers; /* id of the message that it belongs to; NULL: none */
    const char *host;   /* right part of both */
    gint64 time;        /* seconds since 1970 */
} MailMessage;

/** g_string_free(). */
GString *mail_compose(const MailMessage *message);

#endif

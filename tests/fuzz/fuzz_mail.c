/*
 * fuzz_mail.c - whatever a subject, body or id holds, the mail has our headers and no others
 *
 * Every line ends with CRLF and is as short as RFC 5321 wants it, everything is
 * ASCII, and what follows the blank line is the body alone.
 */
#include "dirsync/mail_message.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 998

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_lines(const char *text)
{
    size_t column = 0;
    for (const char *at = text; *at; at++) {
        check((unsigned char)*at < 0x80);
        check(*at != '\n' || (at > text && at[-1] == '\r'));
        check(*at != '\r' || at[1] == '\n');
        column = *at == '\n' ? 0 : column + 1;
        check(column <= LONGEST + 1);
    }
    check(g_str_has_suffix(text, "\r\n"));
}

/* The headers in our order, each once; a line that begins with a blank goes on with the one before. */
static void check_headers(const char *text)
{
    static const char *const names[] = {
        "Date",       "From",           "To",           "Subject",      "Message-ID",
        "References", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};
    const char *end = strstr(text, "\r\n\r\n");
    check(end != NULL);
    g_autofree char *head = g_strndup(text, (gsize)(end - text));
    g_auto(GStrv) lines = g_strsplit(head, "\r\n", 0);
    size_t n = 0;
    for (char **line = lines; *line; line++) {
        if (**line == ' ')
            continue;
        check(n < G_N_ELEMENTS(names) && g_str_has_prefix(*line, names[n]) &&
              (*line)[strlen(names[n])] == ':');
        n++;
    }
    check(n == G_N_ELEMENTS(names));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const to[] = {"ops@acme.example", "more@acme.example", NULL};
    g_autofree char *input = g_strndup((const char *)data, size);
    const char *half = input + strlen(input) / 2;
    MailMessage message = {.from = "dirsync@acme.example",
                           .to = to,
                           .subject = input,
                           .body = half,
                           .id = input,
                           .refers = half,
                           .host = half,
                           .time = (gint64)size * 1000003};
    g_autoptr(GString) text = mail_compose(&message);
    check(strlen(text->str) == text->len);
    check_lines(text->str);
    check_headers(text->str);
    return 0;
}

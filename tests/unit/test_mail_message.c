/*
 * test_mail_message.c - what a mail server gets to see
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/mail_message.h"

#include <string.h>

#define SEPARATOR                                                                                            \
    "a\xe2\x80\xa8"                                                                                          \
    "Bcc: x" /* a line separator of Unicode */

static const char *const one[] = {"ops@acme.example", NULL};

static char *compose(const char *subject, const char *body)
{
    MailMessage message = {.from = "dirsync@acme.example",
                           .to = one,
                           .subject = subject,
                           .body = body,
                           .id = "globex.run.failure",
                           .host = "mx1.acme.example",
                           .time = 1795903147};
    return g_string_free(mail_compose(&message), FALSE);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void every_line_ends_with_crlf_and_is_short(const char *text)
{
    size_t column = 0;
    for (const char *at = text; *at; at++) {
        if (*at == '\n')
            assert_true(at > text && at[-1] == '\r');
        if (*at == '\r')
            assert_int_equal(at[1], '\n');
        column = *at == '\n' ? 0 : column + 1;
        assert_true(column <= 79);
    }
}

static void ascii_travels_as_it_is(void **state)
{
    (void)state;
    g_autofree char *text = compose("dirsync globex: failing", "One.\n.\nTwo.\n");
    assert_string_equal(text, "Date: Sat, 28 Nov 2026 21:59:07 +0000\r\n"
                              "From: dirsync@acme.example\r\n"
                              "To: ops@acme.example\r\n"
                              "Subject: dirsync globex: failing\r\n"
                              "Message-ID: <globex.run.failure@mx1.acme.example>\r\n"
                              "Auto-Submitted: auto-generated\r\n"
                              "MIME-Version: 1.0\r\n"
                              "Content-Type: text/plain; charset=us-ascii\r\n"
                              "Content-Transfer-Encoding: 7bit\r\n\r\nOne.\r\n.\r\nTwo.\r\n");
}

static void other_letters_are_encoded(void **state)
{
    (void)state;
    g_autofree char *text = compose("dirsync Köln", "Grüße = \nx \n");
    assert_has(text, "\r\nSubject: =?UTF-8?B?ZGlyc3luYyBLw7Zsbg==?=\r\n");
    assert_has(text, "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                     "Gr=C3=BC=C3=9Fe =3D=20\r\nx=20\r\n");
    every_line_ends_with_crlf_and_is_short(text);
}

/* Encoded words are cut between letters, and put together they are the subject again. */
static void long_subjects_are_folded_between_letters(void **state)
{
    (void)state;
    g_autoptr(GString) subject = g_string_new(NULL), read = g_string_new(NULL);
    for (int i = 0; i < 60; i++)
        g_string_append(subject, "€");
    g_autofree char *text = compose(subject->str, "");
    every_line_ends_with_crlf_and_is_short(text);
    const char *at = strstr(text, "Subject: ");
    while ((at = strstr(at, "=?UTF-8?B?"))) {
        const char *end = strstr(at + 10, "?=");
        g_autofree char *base64 = g_strndup(at + 10, (gsize)(end - at - 10));
        gsize len;
        g_autofree guchar *part = g_base64_decode(base64, &len);
        assert_true(g_utf8_validate((char *)part, (gssize)len, NULL));
        g_string_append_len(read, (char *)part, (gssize)len);
        at = end;
    }
    assert_string_equal(read->str, subject->str);
}

static void nothing_begins_another_header(void **state)
{
    static const char *const bad[] = {"a\r\nBcc: x@evil.example",
                                      "a\nBcc: x@evil.example",
                                      "a\rBcc: x",
                                      SEPARATOR,
                                      "ö\r\nBcc: x@evil.example\r\n\r\nbody",
                                      "a\x01\x7f\x1b[31m b"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = compose(bad[i], "x");
        assert_null(strstr(text, "\nBcc"));
        assert_null(strchr(text, '\x1b'));
        every_line_ends_with_crlf_and_is_short(text);
        const char *end = strstr(text, "\r\n\r\n");
        assert_string_equal(end, "\r\n\r\nx\r\n");
    }
}

static void an_id_is_an_atom_whatever_it_is_made_of(void **state)
{
    (void)state;
    MailMessage message = {.from = "a@b",
                           .to = one,
                           .subject = "",
                           .body = "",
                           .host = "a..b>",
                           .id = "x y>\r\nBcc: z",
                           .refers = ".first.",
                           .time = 0};
    g_autofree char *text = g_string_free(mail_compose(&message), FALSE);
    assert_has(text, "\r\nMessage-ID: <x-y---Bcc--z@a-.b->\r\n");
    assert_has(text, "\r\nReferences: <-first-@a-.b->\r\n");
    assert_has(text, "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n");
}

static void an_id_of_any_length_makes_a_line_that_servers_take(void **state)
{
    (void)state;
    g_autofree char *id = g_strnfill(2000, 'i');
    MailMessage message = {.from = "a@b", .to = one, .subject = "", .body = "", .host = id, .id = id};
    g_autofree char *text = g_string_free(mail_compose(&message), FALSE);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", 0);
    for (char **line = lines; *line; line++)
        assert_in_range(strlen(*line), 0, 998);
}

static void long_lines_and_broken_text_are_encoded(void **state)
{
    (void)state;
    g_autofree char *line = g_strnfill(2000, 'a');
    g_autofree char *text = compose("x", line);
    every_line_ends_with_crlf_and_is_short(text);
    assert_has(text, "quoted-printable");
    g_autofree char *broken = compose("\xff\xfe", "a\xff");
    assert_true(g_utf8_validate(broken, -1, NULL));
    assert_has(broken, "a=EF=BF=BD");
}

/* A header is folded, never cut. */
static void every_address_is_named(void **state)
{
    static const char *const many[] = {"operator-number-1@mail.acme.example",
                                       "operator-number-2@mail.acme.example",
                                       "operator-number-3@mail.acme.example",
                                       "operator-number-4@mail.acme.example",
                                       "operator-number-5@mail.acme.example",
                                       "operator-number-6@mail.acme.example",
                                       "operator-number-7@mail.acme.example",
                                       "operator-number-8@mail.acme.example",
                                       NULL};
    (void)state;
    MailMessage message = {.from = "a@b", .to = many, .subject = "", .body = "", .host = "h", .id = "i"};
    g_autofree char *text = g_string_free(mail_compose(&message), FALSE);
    for (const char *const *address = many; *address; address++)
        assert_non_null(strstr(text, *address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_is_named),
        cmocka_unit_test(ascii_travels_as_it_is),
        cmocka_unit_test(other_letters_are_encoded),
        cmocka_unit_test(long_subjects_are_folded_between_letters),
        cmocka_unit_test(nothing_begins_another_header),
        cmocka_unit_test(an_id_is_an_atom_whatever_it_is_made_of),
        cmocka_unit_test(an_id_of_any_length_makes_a_line_that_servers_take),
        cmocka_unit_test(long_lines_and_broken_text_are_encoded),
    };
    return cmocka_run_group_tests_name("mail message", tests, NULL, NULL);
}

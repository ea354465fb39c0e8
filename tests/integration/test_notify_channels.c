/*
 * test_notify_channels.c - mails and webhooks as definitions name them, with TLS, and dirsync check
 *
 * The receivers are played, TLS before them is that of openssl. The home directory
 * is one in memory: only the lines about notifications are looked at.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/played_mail.h"
#include "tests/lab/sync_case.h"

#include "dirsync/notify.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECRET "s3cret-Passw0rd"
#define MEMORY_HOME "<home driver=\"memory\" base=\"dc=example,dc=com\"><file path=\"channels\"/></home>"

static World *world;
static PlayedMail *mail;

static int tear_down(void **state)
{
    (void)state;
    played_mail_stop(mail);
    world_free(world);
    mail = NULL;
    world = NULL;
    return 0;
}

/* @format: what stands in <notify>, with %s for the receiver's URI. */
static Connector *define(const char *format, const char *uri)
{
    g_auto(GStrv) parts = g_strsplit(format, "%s", 0);
    g_autofree char *channel = g_strjoinv(uri, parts);
    g_autofree char *rest = g_strdup_printf("<notify>%s</notify>", channel);
    if (!world)
        world = world_new();
    g_autofree char *secret = g_build_filename(world->folder, "secret", NULL);
    write_text(secret, SECRET "\n");
    world_define(world, MEMORY_HOME, NULL, NULL, rest);
    return world_connector(world);
}

static void assert_tried(const Connector *connector, bool message, const char *problem)
{
    g_autoptr(GError) error = NULL;
    bool ok = notify_try(connector, &connector_notify(connector)->channels[0], message, &error);
    if (ok != !problem || (problem && !strstr(error->message, problem)))
        fail_msg("%s instead of %s", ok ? "it works" : error->message, problem ? problem : "success");
    if (error)
        assert_null(strstr(error->message, SECRET));
}

static void connecting_sends_nothing(void **state)
{
    (void)state;
    mail = played_mail_start(false);
    g_autoptr(Connector) connector =
        define("<mail to=\"a@b.example c@d.example\" from=\"x@y.example\" server=\"%s\" tls=\"none\"/>",
               played_mail_uri(mail));
    assert_tried(connector, false, NULL);
    assert_int_equal(played_mail_count(mail), 0);
    assert_tried(connector, true, NULL);
    g_autofree char *talk = played_mail_talk(mail);
    assert_non_null(strstr(talk, "MAIL FROM:<x@y.example>"));
    assert_non_null(strstr(talk, "RCPT TO:<a@b.example>"));
    assert_non_null(strstr(talk, "RCPT TO:<c@d.example>"));
    g_autofree char *text = played_mail_get(mail, 0);
    assert_non_null(strstr(text, "\r\nTo: a@b.example, c@d.example\r\n"));
    assert_non_null(strstr(text, "test message"));
}

static void without_tls_nothing_is_sent_unless_that_is_said(void **state)
{
    (void)state;
    mail = played_mail_start(false);
    g_autoptr(Connector) connector =
        define("<mail to=\"a@b.example\" from=\"x@y.example\" server=\"%s\"/>", played_mail_uri(mail));
    assert_tried(connector, false, "it offers no TLS");
    assert_tried(connector, true, "it offers no TLS");
    assert_int_equal(played_mail_count(mail), 0);
}

static void an_unknown_certificate_is_refused(void **state)
{
    (void)state;
    mail = played_mail_start_tls(true);
    g_autoptr(Connector) connector =
        define("<webhook url=\"%s/hook\"><token file=\"secret\"/></webhook>", played_mail_uri(mail));
    assert_tried(connector, true, "its certificate cannot be verified");
    g_autofree char *talk = played_mail_talk(mail);
    assert_string_equal(talk, "");
}

static void a_webhook_gets_json_and_its_token(void **state)
{
    (void)state;
    mail = played_mail_start_tls(true);
    g_autofree char *format =
        g_strdup_printf("<webhook url=\"%%s/hook?x=1\" ca=\"%s\"><token file=\"secret\"/></webhook>",
                        played_mail_certificate(mail));
    g_autoptr(Connector) connector = define(format, played_mail_uri(mail));
    assert_tried(connector, true, NULL);
    g_autofree char *request = played_mail_get(mail, 0);
    assert_true(g_str_has_prefix(request, "POST /hook?x=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "\r\nAuthorization: Bearer " SECRET "\r\n"));
    assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
    json_t *json = json_loads(strstr(request, "\r\n\r\n") + 4, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "event")), "test");
    assert_string_equal(json_string_value(json_object_get(json, "connector")), connector->name);
    assert_non_null(strstr(json_string_value(json_object_get(json, "text")), "WHAT HAPPENED"));
    json_decref(json);
}

static void a_mail_server_gets_the_password_behind_tls(void **state)
{
    (void)state;
    mail = played_mail_start_tls(false);
    played_mail_offer_login(mail);
    g_autofree char *format = g_strdup_printf("<mail to=\"a@b.example\" from=\"x@y.example\" server=\"%%s\" "
                                              "user=\"dirsync\" ca=\"%s\"><password file=\"secret\"/></mail>",
                                              played_mail_certificate(mail));
    g_autoptr(Connector) connector = define(format, played_mail_uri(mail));
    assert_tried(connector, true, NULL);
    g_autofree char *talk = played_mail_talk(mail);
    g_autofree char *plain = g_base64_encode((const guchar *)"\0dirsync\0" SECRET, strlen(SECRET) + 9);
    assert_non_null(strstr(talk, plain));
    assert_int_equal(played_mail_count(mail), 1);
}

static void a_wrong_password_is_told_without_it(void **state)
{
    (void)state;
    mail = played_mail_start_tls(false);
    played_mail_offer_login(mail);
    played_mail_refuse(mail, "AUTH", "535 no");
    g_autofree char *format = g_strdup_printf("<mail to=\"a@b.example\" from=\"x@y.example\" server=\"%%s\" "
                                              "user=\"dirsync\" ca=\"%s\"><password file=\"secret\"/></mail>",
                                              played_mail_certificate(mail));
    g_autoptr(Connector) connector = define(format, played_mail_uri(mail));
    assert_tried(connector, false, "the name or password was refused");
}

static const struct {
    const char *answer, *problem;
} refusals[] = {{"404 Not Found", "refused with status 404: no"},
                {"403 Forbidden", "refused with status 403"},
                {"500 Oops", "refused with status 500"},
                {"302 Found\r\nLocation: http://127.0.0.1:1/", "refused with status 302"}};

static void what_a_webhook_refuses_is_not_sent(void **state)
{
    (void)state;
    mail = played_mail_start(true);
    g_autoptr(Connector) connector = define("<webhook url=\"%s/hook\"/>", played_mail_uri(mail));
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        played_mail_refuse(mail, "POST", refusals[i].answer);
        assert_tried(connector, true, refusals[i].problem);
    }
    played_mail_keep_silent(mail, true);
    g_autoptr(Connector) hasty = define("<webhook url=\"%s/hook\" timeout=\"1\"/>", played_mail_uri(mail));
    assert_tried(hasty, true, "no answer in time");
    assert_int_equal(played_mail_count(mail), 0);
}

/* The address of many a webhook is all that it takes to use it. */
static void a_secret_address_is_never_said(void **state)
{
    (void)state;
    g_autoptr(Connector) connector = define("<webhook><url file=\"address\"/></webhook>", "");
    g_autofree char *path = g_build_filename(world->folder, "address", NULL);
    write_text(path, "http://127.0.0.1:1/" SECRET "\n");
    assert_tried(connector, true, "webhook of ");
    write_text(path, "ftp://127.0.0.1:1/" SECRET "\n");
    assert_tried(connector, true, "does not begin with https://");
    write_text(path, "http://" SECRET ".invalid/\n");
    assert_tried(connector, true, "webhook of ");
}

static const struct {
    const char *notify, *problem;
} wrong[] = {
    {"<notify/>", "mail"},
    {"<notify on=\"everything\"><webhook url=\"https://a.example/\"/></notify>", "some of failure, limit"},
    {"<notify><mail to=\"nobody\" from=\"a@b.example\" server=\"smtp://m.example\"/></notify>",
     "mail addresses"},
    {"<notify><mail to=\"a@b.example\" from=\"a@b.example&#10;Bcc: x@y.example\" "
     "server=\"smtp://m\"/></notify>",
     "a mail address"},
    {"<notify><mail to=\"a@b.example\" from=\"a@b.example\" server=\"http://m\"/></notify>", "smtp://host"},
    {"<notify><mail to=\"a@b.example\" from=\"a@b.example\" server=\"smtp://m\" user=\"u\"/></notify>",
     "user and <password> belong together"},
    {"<notify><mail to=\"a@b.example\" from=\"a@b.example\" server=\"smtp://m\" tls=\"none\" "
     "user=\"u\"><password "
     "file=\"f\"/></mail></notify>",
     "would travel readable"},
    {"<notify><webhook/></notify>", "one of url="},
    {"<notify><webhook url=\"https://a.example/\"><url file=\"f\"/></webhook></notify>", "one of url="},
    {"<notify><webhook url=\"https://user:word@a.example/\"/></notify>", "https://host/path"},
    {"<notify><webhook url=\"http://a.example/\"><token file=\"f\"/></webhook></notify>",
     "would travel readable"},
    {"<notify patience=\"soon\"><webhook url=\"https://a.example/\"/></notify>", "30m or 2h"},
    {"<history days=\"0\"/>", "days, 1 to 36500"},
    {"<history runs=\"none\"/>", "runs, 1 to 1000000"},
};

static void wrong_definitions_are_refused_with_a_reason(void **state)
{
    (void)state;
    world = world_new();
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        world_define(world, MEMORY_HOME, NULL, NULL, wrong[i].notify);
        g_autoptr(Connector) connector = connector_load(world->connector, &error);
        if (connector || !strstr(error->message, wrong[i].problem))
            fail_msg("%s: %s", wrong[i].notify, connector ? "is taken" : error->message);
    }
}

static void check_tells_whether_it_would_work(void **state)
{
    (void)state;
    program_needed();
    mail = played_mail_start(false);
    connector_free(define("<mail to=\"a@b.example\" from=\"x@y.example\" server=\"%s\" tls=\"none\"/>",
                          played_mail_uri(mail)));
    g_auto(Said) connects = PROGRAM(NULL, "check", world->connector);
    assert_non_null(strstr(connects.out, "ok: notify: mail to a@b.example by smtp://127.0.0.1:"));
    assert_int_equal(played_mail_count(mail), 0);
    g_auto(Said) sends = PROGRAM(NULL, "check", "--notify", world->connector);
    assert_non_null(strstr(sends.out, ": a test message was sent"));
    assert_int_equal(played_mail_count(mail), 1);
    played_mail_refuse(mail, "RCPT", "550 no such user");
    g_auto(Said) refused = PROGRAM(NULL, "check", "--notify", world->connector);
    assert_non_null(strstr(refused.out, "error: notify: mail to a@b.example"));
    assert_int_not_equal(refused.status, 0);
}

#define CASE(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(connecting_sends_nothing),
        CASE(without_tls_nothing_is_sent_unless_that_is_said),
        CASE(an_unknown_certificate_is_refused),
        CASE(a_webhook_gets_json_and_its_token),
        CASE(a_mail_server_gets_the_password_behind_tls),
        CASE(a_wrong_password_is_told_without_it),
        CASE(what_a_webhook_refuses_is_not_sent),
        CASE(a_secret_address_is_never_said),
        CASE(wrong_definitions_are_refused_with_a_reason),
        CASE(check_tells_whether_it_would_work),
    };
    return cmocka_run_group_tests_name("notification channels", tests, NULL, NULL);
}

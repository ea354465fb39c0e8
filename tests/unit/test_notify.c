/*
 * test_notify.c - what is told, how it reads, and that it is no storm
 *
 * Real runs of a connector in memory, whose news go to a played mail server; the
 * decisions by themselves, with a given time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/played_mail.h"
#include "tests/unit/pass_case.h"

#include "dirsync/event.h"
#include "dirsync/fault.h"
#include "dirsync/notify_decide.h"
#include "dirsync/notify_internal.h"

#include <glib/gstdio.h>
#include <libxml/parser.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR 3600
#define DAY 86400

/* --- decisions --- */

static json_t *book_new(void)
{
    return json_pack("{s:{}, s:{}, s:[]}", "told", "failing", "pending");
}

static void the_same_is_told_once_a_day(void **state)
{
    (void)state;
    json_t *book = book_new();
    g_autofree char *key = notify_key(NOTIFY_FAILURE, TEXT_UNREACHABLE, "ldap://a: no answer after 30 s");
    g_autofree char *same = notify_key(NOTIFY_FAILURE, TEXT_UNREACHABLE, "ldap://a: no answer after 7 s");
    g_autofree char *other = notify_key(NOTIFY_FAILURE, TEXT_UNREACHABLE, "ldap://b: no answer after 30 s");
    gint64 now = 1000 * DAY;
    assert_string_equal(key, same);
    assert_true(notify_may_tell(book, key, now));
    for (gint64 later = 0; later < DAY; later += 900)
        assert_false(notify_may_tell(book, same, now + later));
    assert_true(notify_may_tell(book, other, now + HOUR));
    assert_true(notify_may_tell(book, key, now + DAY));
    json_decref(book);
}

/* It fails, works, fails, ...: told at most once an hour; a new outage hours later is told. */
static void what_comes_and_goes_is_told_once_an_hour(void **state)
{
    (void)state;
    json_t *book = book_new();
    int told = 0;
    for (gint64 now = 1000 * DAY; now < 1001 * DAY; now += 600) {
        notify_note_failure(book, now);
        if (notify_may_tell(book, "k", now)) {
            notify_note_told_failure(book);
            told++;
        }
        notify_note_success(book, now + 300);
    }
    assert_in_range(told, 2, 24);
    json_decref(book);
}

static void a_clock_that_was_set_back_silences_nothing(void **state)
{
    (void)state;
    json_t *book = book_new();
    assert_true(notify_may_tell(book, "k", 2000 * DAY));
    assert_true(notify_may_tell(book, "k", 1000 * DAY));
    json_decref(book);
}

static void recovery_is_told_where_the_failure_was(void **state)
{
    (void)state;
    json_t *book = book_new();
    assert_false(notify_note_success(book, 10));
    notify_note_failure(book, 20);
    assert_true(notify_is_patient(book, 100, 50));
    assert_false(notify_is_patient(book, 100, 120));
    assert_false(notify_note_success(book, 60));
    notify_note_failure(book, 70);
    notify_note_told_failure(book);
    assert_true(notify_note_success(book, 80));
    assert_false(notify_note_success(book, 90));
    json_decref(book);
}

static void what_was_told_is_forgotten_in_time(void **state)
{
    (void)state;
    json_t *book = book_new();
    for (int i = 0; i < 2000; i++) {
        g_autofree char *key = g_strdup_printf("key %d", i);
        assert_true(notify_may_tell(book, key, 1000 * DAY + i));
    }
    assert_in_range(json_object_size(json_object_get(book, "told")), 1, 501);
    json_decref(book);
}

/* --- texts --- */

static const NotifyValues values = {
    .connector = "globex",
    .organisation = "acme",
    .host = "mx1",
    .run = "20261128T215906Z-0fd41eb0",
    .when = "2026-11-28 22:59 CET",
    .since = "2026-11-28 20:14 CET",
    .times = "12",
    .error = "ldap://a.example: no connection: refused; see whether it runs",
    .list = "- 9: mail: no value, and one is required\n- 10: the same again and again "
            "until the line is too long for one",
    .more = "2",
    .summary = "import: 2 created, 1 modified, 0 renamed, 0 disabled, 0 deleted",
    .command = "globex",
    .last_success = "2026-11-28 19:59 CET",
    .written = 3};

static void texts_are_whole_and_fit_72_columns(void **state)
{
    (void)state;
    for (int text = 0; text < TEXTS; text++) {
        g_autofree char *subject = NULL;
        g_autofree char *body = NULL;
        notify_render(&notify_texts[text], &values, &subject, &body);
        g_auto(GStrv) lines = g_strsplit(body, "\n", 0);
        for (char **line = lines; *line; line++)
            if (g_utf8_strlen(*line, -1) > 72)
                fail_msg("text %d: \"%s\" is too long", text, *line);
        if (strchr(body, '$') || strchr(subject, '$'))
            fail_msg("text %d: a word was not put in:\n%s\n%s", text, subject, body);
        assert_non_null(strstr(subject, "globex"));
        assert_true(strstr(subject, "20:14") || strstr(subject, "22:59"));
        assert_non_null(strstr(body, "WHAT HAPPENED\n\n"));
        assert_non_null(strstr(body, "\nWHAT IT MEANS\n\n"));
        assert_non_null(strstr(body, "\nWHAT TO DO NOW\n\n"));
        assert_non_null(strstr(body, "\n    d")); /* a command to copy */
        assert_non_null(strstr(body, "run 20261128T215906Z-0fd41eb0\n"));
    }
}

/* An error text of a server is data: it brings in no words, no commands and no control characters. */
static void what_is_put_in_is_not_looked_at_again(void **state)
{
    (void)state;
    NotifyValues hostile = values;
    hostile.error = "$command \x1b[31m\r$run $since";
    g_autofree char *subject = NULL;
    g_autofree char *body = NULL;
    notify_render(&notify_texts[TEXT_FAILED], &hostile, &subject, &body);
    assert_non_null(strstr(body, "$command  [31m $run $since"));
}

/* --- runs --- */

typedef struct {
    Case *c;
    PlayedMail *mail;
    Connector *connector;
} Scene;

static const CaseStart start = {
    .file = "minimum=\"1%\"", .source = PERSON("a1", "Ann Ash", "ann@globex.example", ""), .reads_all = true};

static void define(Scene *scene, unsigned on)
{
    NotifySettings *notify = &scene->connector->notify;
    notify->on = on;
    notify->n_channels = 1;
    notify->channels = g_new0(NotifyChannel, 1);
    notify->channels[0] = (NotifyChannel){.where = g_strdup("here:1"),
                                          .label = g_strdup("mail to ops@acme.example"),
                                          .is_mail = true,
                                          .url = g_strdup(played_mail_uri(scene->mail)),
                                          .to = g_strsplit("ops@acme.example", " ", 0),
                                          .from = g_strdup("dirsync@acme.example"),
                                          .timeout = 20};
}

static Scene *scene_new(unsigned on)
{
    Scene *scene = g_new0(Scene, 1);
    scene->c = case_new(&start);
    scene->mail = played_mail_start(false);
    scene->connector = case_connector(scene->c);
    define(scene, on);
    return scene;
}

static void scene_free(Scene *scene)
{
    connector_free(scene->connector);
    played_mail_stop(scene->mail);
    case_free(scene->c);
    g_free(scene);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scene, scene_free)

#define ALL ((1u << NOTIFY_KINDS) - 1)

/* The exit status. */
static int sync_scene(Scene *scene)
{
    RunOptions options = case_options(scene->c, scene->connector, NULL);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    bool ok = run_sync(scene->connector, &options, &result, &error);
    return ok ? run_exit_status(&result) : error_exit_status(error);
}

static void assert_mails(Scene *scene, size_t n, const char *subject, const char *part)
{
    size_t count = played_mail_count(scene->mail);
    g_autofree char *last = count ? played_mail_get(scene->mail, count - 1) : NULL;
    if (count != n)
        fail_msg("%zu mails instead of %zu, the last is\n%s", count, n, last ? last : "");
    if (!n)
        return;
    g_autofree char *mail = played_mail_get(scene->mail, n - 1);
    if (!strstr(mail, subject) || !strstr(mail, part))
        fail_msg("no \"%s\" or \"%s\" in:\n%s", subject, part, mail);
}

static void lose_source(const Scene *scene, bool lost)
{
    g_autofree char *path = g_strdup(scene->connector->foreign.path);
    g_autofree char *aside = g_strconcat(path, ".aside", NULL);
    assert_int_equal(lost ? g_rename(path, aside) : g_rename(aside, path), 0);
}

static void a_failure_is_told_once_and_its_end(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    assert_int_equal(sync_scene(scene), 0);
    assert_mails(scene, 0, "", "");
    lose_source(scene, true);
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "\r\nSubject: dirsync globex: failing since ", "Nobody was deleted.");
    assert_int_equal(sync_scene(scene), 1);
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "", "    dirsync check ");
    lose_source(scene, false);
    assert_int_equal(sync_scene(scene), 0);
    assert_mails(scene, 2, "works again, failed since", "3 runs");
    g_autofree char *failure = played_mail_get(scene->mail, 0);
    g_autofree char *recovery = played_mail_get(scene->mail, 1);
    const char *id = strstr(failure, "\r\nMessage-ID: <") + strlen("\r\nMessage-ID: ");
    g_autofree char *refers = g_strdup_printf("\r\nReferences: %.*s\r\n", (int)strcspn(id, "\r"), id);
    assert_non_null(strstr(recovery, refers));
    assert_int_equal(sync_scene(scene), 0);
    assert_mails(scene, 2, "", "");
}

static void new_quarantine_entries_are_named(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    case_set_source(scene->c, PERSON("a1", "Ann Ash", "ann@globex.example", "") "dn: uid=b2,o=globex\n"
                                                                                "objectClass: inetOrgPerson\n"
                                                                                "uid: b2\nsn: x\n\n");
    assert_int_equal(sync_scene(scene), 3);
    assert_mails(scene, 1, "Subject: dirsync globex: 1 new in quarantine", "\r\n- b2: ");
    sync_scene(scene);
    assert_mails(scene, 1, "", "");
}

static void only_what_is_wanted_is_told(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(1u << NOTIFY_LIMIT);
    lose_source(scene, true);
    assert_int_equal(sync_scene(scene), 1);
    lose_source(scene, false);
    assert_int_equal(sync_scene(scene), 0);
    assert_mails(scene, 0, "", "");
}

/* A connector that says nothing itself is told of as the organisation says. */
static void the_organisation_speaks_for_its_connectors(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    scene->connector->organisation->notify = scene->connector->notify;
    scene->connector->notify = (NotifySettings){0};
    lose_source(scene, true);
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "failing since", "");
    scene->connector->organisation->notify.n_channels = 0;
    sync_scene(scene);
    assert_mails(scene, 1, "", "");
    scene->connector->organisation->notify.n_channels = 1;
}

/* A few entries tried by hand are no sign that everything works again, and no news when they fail. */
static void what_is_tried_by_hand_is_nobodys_news(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    const Called called = {.only = "(uid=a1)"};
    RunOptions options = case_options(scene->c, scene->connector, &called);
    g_auto(RunResult) failed = {0}, good = {0};
    lose_source(scene, true);
    assert_false(run_sync(scene->connector, &options, &failed, NULL));
    assert_mails(scene, 0, "", "");
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "failing since", "");
    lose_source(scene, false);
    assert_true(run_sync(scene->connector, &options, &good, NULL));
    assert_mails(scene, 1, "", "");
    assert_int_equal(sync_scene(scene), 0);
    assert_mails(scene, 2, "works again", "");
}

static void a_limit_says_what_the_limit_said(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    scene->connector->limits[LIMIT_CREATE] = (Limit){.number = 0};
    assert_int_equal(sync_scene(scene), 4);
    assert_mails(scene, 1, "Subject: dirsync globex: stopped by a limit since", "    dirsync plan ");
    scene->connector->limits[LIMIT_CREATE] = (Limit){.unlimited = true};
    assert_int_equal(sync_scene(scene), 0);
    assert_mails(scene, 2, "works again", "1 created");
}

static size_t pending(const Scene *scene)
{
    json_t *status = notify_status(scene->connector, case_state_folder(scene->c));
    size_t n = json_array_size(json_object_get(status, "pending"));
    json_decref(status);
    return n;
}

static void what_cannot_be_sent_is_sent_by_the_next_run(void **state)
{
    static const char *const refusals[][2] = {
        {"MAIL", "451 not now"}, {"RCPT", "550 no such user"}, {"DATA", "554 no"}, {"DATA", "421 closing"}};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(Scene) scene = scene_new(ALL);
        unsigned long failed = event_count(EVENT_NOTIFY_FAILED);
        lose_source(scene, true);
        played_mail_refuse(scene->mail, refusals[i][0], refusals[i][1]);
        assert_int_equal(sync_scene(scene), 1); /* and not another status for it */
        assert_mails(scene, 0, "", "");
        assert_int_equal(pending(scene), 1);
        assert_int_equal(event_count(EVENT_NOTIFY_FAILED), failed + 1);
        played_mail_refuse(scene->mail, NULL, NULL);
        assert_int_equal(sync_scene(scene), 1);
        assert_mails(scene, 1, "failing since", "");
        assert_int_equal(pending(scene), 0);
    }
}

static void hook_up(Scene *scene, const char *format)
{
    played_mail_stop(scene->mail);
    scene->mail = played_mail_start(true);
    g_auto(GStrv) parts = g_strsplit(format, "HOST", 0);
    g_autofree char *text = g_strjoinv(played_mail_uri(scene->mail), parts);
    xmlDoc *document = xmlReadDoc((const xmlChar *)text, NULL, NULL, XML_PARSE_NONET);
    GString *problems = NULL;
    notify_settings_clear(&scene->connector->notify);
    notify_settings_read(&scene->connector->notify, xmlDocGetRootElement(document), "here", &problems);
    xmlFreeDoc(document);
    if (problems)
        fail_msg("%s", problems->str);
}

/* What waits for one of them is not taken for sent because the other has it. */
static void two_webhooks_of_one_host_are_two_channels(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    hook_up(scene, "<notify><webhook url=\"HOST/one\"/><webhook url=\"HOST/two\"/></notify>");
    lose_source(scene, true);
    played_mail_refuse(scene->mail, "POST /two", "503 Service Unavailable");
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "POST /one", "");
    assert_int_equal(pending(scene), 1);
    played_mail_refuse(scene->mail, NULL, NULL);
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 2, "POST /two", "");
    assert_int_equal(pending(scene), 0);
}

static void one_address_that_is_gone_silences_nobody_else(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    NotifyChannel *channel = &scene->connector->notify.channels[0];
    g_strfreev(channel->to);
    channel->to = g_strsplit("gone@acme.example ops@acme.example", " ", 0);
    played_mail_refuse(scene->mail, "RCPT TO:<gone@", "550 no such user");
    lose_source(scene, true);
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "failing since", "");
    g_autoptr(GError) error = NULL;
    assert_false(notify_try(scene->connector, channel, true, &error)); /* who tries it hears of it */
    assert_mails(scene, 1, "", "");
}

static void a_server_that_is_down_harms_no_run(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    g_free(scene->connector->notify.channels[0].url);
    scene->connector->notify.channels[0].url = g_strdup("smtp://127.0.0.1:1");
    lose_source(scene, true);
    assert_int_equal(sync_scene(scene), 1);
    lose_source(scene, false);
    assert_int_equal(sync_scene(scene), 0);
    assert_int_equal(pending(scene), 2);
}

/* A silent server is one time-out for a run, not one for each message. */
static void of_a_silent_server_only_one_answer_is_waited_for(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    unsigned long failed = event_count(EVENT_NOTIFY_FAILED);
    scene->connector->notify.channels[0].timeout = 1;
    played_mail_keep_silent(scene->mail, true);
    lose_source(scene, true);
    sync_scene(scene);
    lose_source(scene, false);
    sync_scene(scene);
    assert_int_equal(pending(scene), 2);
    assert_int_equal(event_count(EVENT_NOTIFY_FAILED), failed + 2);
}

static void a_damaged_book_is_begun_anew(void **state)
{
    static const char *const damages[] = {"", "{", "[]", "{\"told\":7,\"pending\":{},\"failing\":[]}",
                                          "{\"pending\":[7,null,{}],\"failing\":{\"since\":\"x\"}}"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autoptr(Scene) scene = scene_new(ALL);
        g_autofree char *folder = state_folder_of(scene->connector, case_state_folder(scene->c));
        g_autofree char *path = g_build_filename(folder, "notify.json", NULL);
        assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
        assert_true(g_file_set_contents(path, damages[i], -1, NULL));
        lose_source(scene, true);
        assert_int_equal(sync_scene(scene), 1);
        assert_mails(scene, 1, "failing since", "");
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void the_spool_is_bounded(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    unsigned long dropped = event_count(EVENT_NOTIFY_DROPPED);
    played_mail_refuse(scene->mail, "MAIL", "451 not now");
    for (int i = 0; i < 60; i++) {
        g_autofree char *finding = g_strnfill((gsize)i + 1, 'x');
        const char *const findings[] = {finding, NULL};
        notify_audit(scene->connector, case_state_folder(scene->c), "audit", findings, 1);
    }
    assert_int_equal(pending(scene), 50);
    assert_int_equal(event_count(EVENT_NOTIFY_DROPPED), dropped + 10);
    played_mail_refuse(scene->mail, NULL, NULL);
    sync_scene(scene);
    assert_int_equal(played_mail_count(scene->mail), 50);
}

static void audit_findings_are_told_once_a_day(void **state)
{
    static const char *const findings[] = {"error: duplicate address ann@acme.example", "warning: b", NULL};
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    for (int i = 0; i < 3; i++)
        notify_audit(scene->connector, case_state_folder(scene->c), "audit-7", findings, 2);
    notify_audit(scene->connector, case_state_folder(scene->c), "audit-7", NULL, 0);
    assert_mails(scene, 1, "2 new audit findings", "- error: duplicate address ann@acme.example");
}

/* What cannot be noted is told all the same, but not by every run. */
static void a_book_that_cannot_be_written_is_no_storm(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    g_autofree char *folder = state_folder_of(scene->connector, case_state_folder(scene->c));
    g_autofree char *path = g_build_filename(folder, "notify.json", "in-the-way", NULL);
    assert_int_equal(g_mkdir_with_parents(path, 0700), 0); /* a folder of that name */
    lose_source(scene, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "failing since", "");
}

/* --- killed on the way --- */

static const char *killed_at;

static void kill_at(const char *where)
{
    if (!strcmp(where, killed_at))
        _exit(42);
}

static void sync_and_be_killed(Scene *scene, const char *where)
{
    int status;
    pid_t child = played_mail_fork(scene->mail);
    assert_true(child >= 0);
    if (child == 0) {
        g_random_set_seed((guint32)getpid()); /* ids of runs are not those of the parent */
        killed_at = where;
        fault_hook = kill_at;
        sync_scene(scene);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

static void what_was_noted_is_sent_after_a_crash(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    lose_source(scene, true);
    sync_and_be_killed(scene, "notification noted");
    assert_mails(scene, 0, "", "");
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "failing since", "This is the first run that failed.");
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 1, "", "");
}

/* Sent, and killed before that was noted: the same mail again, told by its id. */
static void a_crash_makes_two_mails_of_one_and_never_none(void **state)
{
    (void)state;
    g_autoptr(Scene) scene = scene_new(ALL);
    lose_source(scene, true);
    sync_and_be_killed(scene, "notified");
    assert_mails(scene, 1, "failing since", "");
    assert_int_equal(sync_scene(scene), 1);
    assert_mails(scene, 2, "failing since", "");
    g_autofree char *first = played_mail_get(scene->mail, 0);
    g_autofree char *second = played_mail_get(scene->mail, 1);
    assert_string_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_told_once_a_day),
        cmocka_unit_test(what_comes_and_goes_is_told_once_an_hour),
        cmocka_unit_test(a_clock_that_was_set_back_silences_nothing),
        cmocka_unit_test(recovery_is_told_where_the_failure_was),
        cmocka_unit_test(what_was_told_is_forgotten_in_time),
        cmocka_unit_test(texts_are_whole_and_fit_72_columns),
        cmocka_unit_test(what_is_put_in_is_not_looked_at_again),
        cmocka_unit_test(a_failure_is_told_once_and_its_end),
        cmocka_unit_test(new_quarantine_entries_are_named),
        cmocka_unit_test(only_what_is_wanted_is_told),
        cmocka_unit_test(the_organisation_speaks_for_its_connectors),
        cmocka_unit_test(what_is_tried_by_hand_is_nobodys_news),
        cmocka_unit_test(a_limit_says_what_the_limit_said),
        cmocka_unit_test(what_cannot_be_sent_is_sent_by_the_next_run),
        cmocka_unit_test(two_webhooks_of_one_host_are_two_channels),
        cmocka_unit_test(one_address_that_is_gone_silences_nobody_else),
        cmocka_unit_test(a_server_that_is_down_harms_no_run),
        cmocka_unit_test(of_a_silent_server_only_one_answer_is_waited_for),
        cmocka_unit_test(a_damaged_book_is_begun_anew),
        cmocka_unit_test(the_spool_is_bounded),
        cmocka_unit_test(audit_findings_are_told_once_a_day),
        cmocka_unit_test(a_book_that_cannot_be_written_is_no_storm),
        cmocka_unit_test(what_was_noted_is_sent_after_a_crash),
        cmocka_unit_test(a_crash_makes_two_mails_of_one_and_never_none),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}

/*
 * test_serve_postfix.c - a real Postfix asks dirsync serve
 *
 * postmap, singly and in a batch, for each map; and an SMTP server in its chroot,
 * which must take, refuse, or put off what it is given: put off, never refuse, when
 * the service is down or its index is not there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/lab.h"
#include "tests/lab/lookup_index.h"
#include "tests/lab/service.h"
#include "tests/lab/sync_case.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static TestService *service;
static char *mail; /* folder of the mail server */

static char *postfix_script(void)
{
    return lab_source_file("tests/lab/postfix");
}

/* What the script prints for these words; g_free(). */
static char *mail_server(const char *verb, const char *const *words)
{
    g_autofree char *script = postfix_script();
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *complaint = NULL;
    g_autoptr(GError) error = NULL;
    char *out = NULL;
    int status = 0;
    g_ptr_array_add(argv, script);
    g_ptr_array_add(argv, (gpointer)verb);
    g_ptr_array_add(argv, mail);
    for (; words && *words; words++)
        g_ptr_array_add(argv, (gpointer)*words);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &complaint,
                      &status, &error) ||
        !g_spawn_check_wait_status(status, &error))
        fail_msg("%s: %s %s", script, error->message, complaint ? complaint : "");
    return out;
}

static void set_up(void)
{
    program_needed();
    lab_skip_unless("postfix");
    service = service_new();
    lookup_index_make(service->index, lookup_people);
}

static int tear_down(void **state)
{
    (void)state;
    if (mail) {
        g_free(mail_server("stop", NULL));
        remove_folder(mail);
    }
    g_clear_pointer(&mail, g_free);
    service_free(service);
    service = NULL;
    return 0;
}

/* --- postmap --- */

typedef struct {
    int status;
    char *out;
} Asked;

/* @input: keys, a line each; NULL: @key alone is asked for. */
static Asked postmap(const char *map, const char *key, const char *input)
{
    Asked asked = {-1, NULL};
    g_autofree char *table = g_strdup_printf("socketmap:unix:%s:%s", service->socketmap, map);
    g_autofree char *keys = g_build_filename(service->folder, "keys", NULL);
    g_autofree char *quoted_key = g_shell_quote(key);
    g_autofree char *quoted_table = g_shell_quote(table);
    assert_true(g_file_set_contents(keys, input ? input : "", -1, NULL));
    g_autofree char *command =
        g_strdup_printf("PATH=$PATH:/usr/sbin; postmap -q %s %s <'%s' 2>&1", quoted_key, quoted_table, keys);
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", command, NULL};
    int status = 0;
    assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &asked.out, NULL, &status, NULL));
    asked.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    g_unlink(keys);
    return asked;
}

static const struct {
    const char *map, *key;
    int status;
    const char *out; /* begins with, or is contained when the status is neither 0 nor 1 */
} asked[] = {
    {"recipients", "jane.doe@acme.example", 0, "known\n"},
    {"recipients", "JANE.DOE@ACME.EXAMPLE", 0, "known\n"},
    {"recipients", "nobody@acme.example", 1, ""},
    {"smtp", "jd@acme.example", 0, "Jane.Doe@acme.example\n"},
    {"smtp", "NOTES:Ted@Exchange", 0, "ted.bremer@acme.example\n"},
    {"primary.NOTES", "ted.bremer@acme.example", 0, "Ted@Exchange\n"},
    {"relay", "ted.bremer@acme.example", 0, "globex\n"},
    {"relay.globex", "jd@acme.example", 1, ""},
    {"native", "jd@acme.example", 0, "user\n"},
    {"dn", "jd@acme.example", 0, "cn=Jane Doe,ou=people,dc=acme,dc=example\n"},
    {"legacy", "jd@acme.example", 0, "/o=Acme/ou=First/cn=Recipients/cn=jane\n"},
    {"target", "ted.bremer@acme.example", 0, "NOTES:Ted@Exchange\n"},
    {"smtp", "both@acme.example", -1, "several recipients have this address"},
    {"no-such-map", "jd@acme.example", -1, "no such map"},
};

static void assert_asked(const char *map, const char *key, int status, const char *out)
{
    Asked got = postmap(map, key, NULL);
    bool fits =
        status < 0 ? got.status != 0 && strstr(got.out, out) : got.status == status && !strcmp(got.out, out);
    if (!fits)
        fail_msg("%s %s: %d %s", map, key, got.status, got.out);
    g_free(got.out);
}

static void postmap_asks_each_map(void **state)
{
    (void)state;
    set_up();
    service_start(service, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++)
        assert_asked(asked[i].map, asked[i].key, asked[i].status, asked[i].out);
}

static void postmap_asks_in_a_batch(void **state)
{
    (void)state;
    set_up();
    service_start(service, NULL);
    Asked got = postmap("smtp", "-", "jd@acme.example\nnobody@acme.example\nboard@globex.example\n");
    assert_int_equal(got.status, 0);
    assert_string_equal(got.out, "jd@acme.example\tJane.Doe@acme.example\n"
                                 "board@globex.example\tboard@globex.example\n");
    g_free(got.out);
}

static void a_failure_is_no_absence(void **state)
{
    (void)state;
    set_up();
    service_start(service, NULL);
    lookup_index_remove(service->index);
    /* Whether it goes while the service opens it, or before, the words differ. */
    assert_asked("recipients", "nobody@acme.example", -1, "acme.home.db");
}

/* --- an SMTP server --- */

static void assert_said_to(const char *address, const char *answer)
{
    g_autofree char *said = mail_server("rcpt", (const char *const[]){address, NULL});
    if (!g_str_has_prefix(said, answer))
        fail_msg("%s: %s instead of %s", address, said, answer);
}

/* As contrib/postfix says: the socket lies in the chroot and its path is relative. */
static void start_mail_server(void)
{
    mail = g_dir_make_tmp("postfix-XXXXXX", NULL);
    assert_non_null(mail);
    g_free(mail_server(
        "start", (const char *const[]){"acme.example", "socketmap:unix:dirsync/lookup:recipients", NULL}));
    g_free(service->socketmap);
    service->socketmap = g_build_filename(mail, "queue", "dirsync", "lookup", NULL);
}

static void recipients_are_taken_refused_or_put_off(void **state)
{
    (void)state;
    set_up();
    start_mail_server();
    assert_said_to("jd@acme.example", "451 4.3.0");
    service_start(service, (const char *const[]){"--group", "postfix", NULL});
    assert_said_to("jd@acme.example", "250 ");
    assert_said_to("Jane.DOE@acme.example", "250 ");
    assert_said_to("\"jane doe\"@acme.example", "250 ");
    assert_said_to("IMCEANOTES-Ted+40Exchange@acme.example", "550 5.1.1"); /* --index: whose domain is it? */
    assert_said_to("nobody@acme.example", "550 5.1.1");
    assert_said_to("jd@elsewhere.example", "554 5.7.1");
    g_autofree char *aside = g_strconcat(service->index, ".aside", NULL);
    assert_int_equal(g_rename(service->index, aside), 0);
    assert_said_to("jd@acme.example", "451 4.3.0");
    assert_said_to("nobody@acme.example", "451 4.3.0");
    assert_int_equal(g_rename(aside, service->index), 0);
    kill(service->pid, SIGHUP);
    assert_said_to("jd@acme.example", "250 ");
    assert_int_equal(service_end(service, SIGTERM), 0);
    assert_said_to("jd@acme.example", "451 4.3.0");
    assert_said_to("nobody@acme.example", "451 4.3.0");
}

#define CASE(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(postmap_asks_each_map),
        CASE(postmap_asks_in_a_batch),
        CASE(a_failure_is_no_absence),
        CASE(recipients_are_taken_refused_or_put_off),
    };
    return cmocka_run_group_tests_name("serve_postfix", tests, NULL, NULL);
}

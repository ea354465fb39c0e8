/*
 * test_audit_command.c - dirsync audit as a person or a script meets it
 *
 * The built program on a real server: words, options, exit status, text of 80 columns, JSON
 * that can be read, a page, a server that is down.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#define NATIVE(cn, more)                                                                                     \
    "dn: cn=" cn ",ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\n"    \
    "cn: " cn "\nsn: x\n" more "\n"
#define ADA NATIVE("Ada", "mail: a@acme.example\nproxyAddresses: SMTP:a@acme.example\n")
#define BEN NATIVE("Ben", "mail: ben@acme.example\nproxyAddresses: SMTP:ben@acme.example\n")
/* A name that would move the cursor of a terminal. */
#define EVIL NATIVE("Eve", "mail: e@acme.example\ndisplayName:: QVszMUobWzMxbUE=\n")

#define PEOPLE "dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n\n"
#define BEN_BECOMES(parts) "dn: cn=Ben,ou=people,dc=example,dc=com\nchangetype: modify\n" parts "\n"
#define SET(name, value) "replace: " name "\n" name ": " value "\n-\n"
#define LIKE_ADA BEN_BECOMES(SET("mail", "a@acme.example") SET("proxyAddresses", "SMTP:A@acme.example"))
#define LIKE_BEN BEN_BECOMES(SET("mail", "ben@acme.example") SET("proxyAddresses", "SMTP:ben@acme.example"))

static Lab *lab;
static World *world;

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    lab_slapd_stop(lab);
    world = NULL;
    lab = NULL;
    return 0;
}

static const Person one[] = {{"1", "Zoe Zorn", "zoe@globex.example", "Engineer"}, {NULL, NULL, NULL, NULL}};

static const Person two[] = {{"1", "Zoe Zorn", "zoe@globex.example", "Director"},
                             {"2", "Yan Yilmaz", "yan@globex.example", NULL},
                             {NULL, NULL, NULL, NULL}};

/* A server with Ada and Ben, where everything is well. */
static void set_up(void)
{
    program_needed();
    lab_skip_unless_slapd();
    lab = lab_slapd_start("--nosync");
    world = world_at(lab);
    lab_ldif_load(lab, PEOPLE ADA BEN);
    world_set_people(world, one);
    g_auto(Said) synced = program(world->folder, (const char *const[]){"sync", "./globex.xml", NULL});
    assert_int_equal(synced.status, 0);
}

#define SAY(...)                                                                                             \
    program(world->folder,                                                                                   \
            (const char *const[]){"audit", "--organisation", "organisation.xml", __VA_ARGS__, NULL})

static void assert_said(const Said *said, int status, const char *out, const char *err)
{
    if (said->status != status || !strstr(said->out, out) || !strstr(said->err, err))
        fail_msg("status %d instead of %d, or without \"%s\" and \"%s\":\n%s%s", said->status, status, out,
                 err, said->out, said->err);
}

static json_t *parse(const Said *said)
{
    json_t *json = json_loads(said->out, 0, NULL);
    if (!json)
        fail_msg("no JSON: %s", said->out);
    return json;
}

static json_t *find(const json_t *document, const char *list, size_t i)
{
    return json_array_get(json_object_get(document, list), i);
}

static const char *text_at(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* --- words --- */

static const struct {
    const char *words[5];
    const char *err;
} wrong[] = {
    {{"audit", "--kind", "nonsense", "--organisation", "organisation.xml"}, "dirsync-audit(1)"},
    {{"audit", "--severity", "fatal"}, "error, warning or info"},
    {{"audit", "--frobnicate"}, "--help"},
    {{"audit", "--organisation", "no-such.xml"}, "no-such.xml"},
    {{"audit", "./no-such.xml"}, "no-such.xml"},
    {{"audit", "--organisation", "organisation.xml", "globex"}, "leave one of both out"},
    {{"audit", "--organisation", "nobody"}, "nobody: "},
};

static void wrong_words_end_with_6_and_say_what_is_right(void **state)
{
    (void)state;
    program_needed();
    world = world_new();
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const char *words[6] = {NULL};
        memcpy(words, wrong[i].words, sizeof wrong[i].words);
        g_auto(Said) said = program(world->folder, words);
        assert_said(&said, 6, "", wrong[i].err);
        assert_string_equal(said.out, "");
    }
}

/* --- what is said --- */

static void a_sound_directory_says_one_line(void **state)
{
    (void)state;
    set_up();
    g_auto(Said) said = SAY("--detailed-exitcode");
    assert_said(&said, 0, "audit: 0 errors, 0 warnings, 0 notes in ", "");
    assert_string_equal(said.err, "");
}

static void findings_are_told_with_what_to_do(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(lab, LIKE_ADA);
    g_auto(Said) said = SAY("--detailed-exitcode");
    assert_said(&said, 2, "error duplicate-address: Several objects have the same address (1)\n", "");
    assert_said(&said, 2, "\n  -> decide whose address it is", "");
    assert_said(&said, 2, "\n    cn=Ben,ou=people,dc=example,dc=com <a@acme.example>\n", "");
    assert_said(&said, 2, "audit: 1 error, 0 warnings, 0 notes in ", "");
}

static void the_next_one_says_what_is_new_and_what_is_gone(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(lab, LIKE_ADA);
    g_auto(Said) first = SAY("--json");
    json_t *document = parse(&first);
    g_autofree char *id = g_strdup(text_at(document, "id"));
    json_decref(document);
    g_auto(Said) same = SAY("--since", id, "--detailed-exitcode");
    assert_said(&same, 0, "1 error, 0 warnings, 0 notes; 0 new, 0 cleared", "");
    lab_ldif_load(lab, NATIVE("Cat", "proxyAddresses: SMTP:cat\n"));
    g_auto(Said) more = SAY("--since", id, "--detailed-exitcode");
    assert_said(&more, 2, "2 errors, 0 warnings, 0 notes; 1 new, 0 cleared", "");
    assert_said(&more, 2, "  + address \"SMTP:cat\"", "");
    lab_ldif_load(lab, LIKE_BEN "dn: cn=Cat,ou=people,dc=example,dc=com\nchangetype: delete\n");
    g_auto(Said) gone = SAY("--detailed-exitcode");
    assert_said(&gone, 0, "0 errors, 0 warnings, 0 notes; 0 new, 2 cleared", "");
    assert_said(&gone, 0, "  duplicate-address: 2 objects have SMTP:a@acme.example; cn=Ada", "");
    g_auto(Said) unknown = SAY("--since", "last-week");
    assert_said(&unknown, 1, "", "--list");
}

static void kinds_and_severities_choose_what_is_shown(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(lab, LIKE_ADA EVIL);
    g_auto(Said) errors = SAY("--severity", "error", "--detailed-exitcode");
    assert_said(&errors, 2, "audit: 1 error, 0 warnings, 0 notes", "");
    g_auto(Said) names = SAY("--kind", "name-collision", "--kind", "group-cycle", "--detailed-exitcode");
    assert_said(&names, 0, "audit: 0 errors, 0 warnings, 0 notes", "");
    g_auto(Said) invalid = SAY("--kind", "value-invalid", "--detailed-exitcode");
    assert_said(&invalid, 2, "audit: 0 errors, 1 warning, 0 notes", "");
}

static void text_is_80_columns_wide_and_steers_no_terminal(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(lab, LIKE_ADA EVIL NATIVE(
                           "A Very Long Name That Nobody Would Give To Anybody And Somebody Did All The Same",
                           "proxyAddresses: SMTP:a@acme.example\nproxyAddresses: SMTP:b@acme.example\n"
                           "proxyAddresses: NOTES:x\nmail: c@acme.example\n"));
    world_set_people(world, two);
    g_auto(Said) said = SAY("-v", "--progress");
    g_auto(GStrv) lines = g_strsplit(said.out, "\n", 0);
    assert_int_equal(said.status, 0);
    for (char **line = lines; *line; line++)
        if (g_utf8_strlen(*line, -1) > 80)
            fail_msg("%ld columns: %s", g_utf8_strlen(*line, -1), *line);
    assert_non_null(strstr(said.out, "globex, import, only in globex: "));
    assert_non_null(strstr(said.out, "globex, import, in both, and not the same: "));
    assert_null(strchr(said.out, '\033'));
    assert_true(g_utf8_validate(said.out, -1, NULL));
}

static void json_shows_all_that_the_text_does(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(lab, LIKE_ADA);
    g_auto(Said) said = SAY("--json");
    json_t *document = parse(&said), *finding = find(document, "findings", 0);
    assert_int_equal(said.status, 0);
    assert_string_equal(text_at(document, "verb"), "audit");
    assert_string_equal(text_at(document, "organisation"), "acme");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(document, "objects"), "home")), 3);
    assert_string_equal(text_at(finding, "id"), "duplicate-address");
    assert_string_equal(text_at(finding, "severity"), "error");
    assert_string_equal(text_at(finding, "state"), "new");
    assert_int_equal(strlen(text_at(finding, "key")), 32);
    assert_string_equal(text_at(json_array_get(json_object_get(finding, "objects"), 1), "directory"), "home");
    assert_string_equal(text_at(finding, "attribute"), "proxyAddresses");
    assert_string_equal(text_at(find(document, "kinds", 0), "id"), "duplicate-address");
    assert_string_equal(text_at(find(document, "history", 0), "id"), text_at(document, "id"));
    json_decref(document);
}

static void earlier_audits_are_listed(void **state)
{
    (void)state;
    set_up();
    g_auto(Said) none = SAY("--list");
    assert_said(&none, 0, "", "");
    g_auto(Said) first = SAY("--json");
    json_t *document = parse(&first);
    g_auto(Said) list = SAY("--list");
    assert_said(&list, 0, text_at(document, "id"), "");
    assert_said(&list, 0, "whole directory\n", "");
    g_auto(Said) as_json = SAY("--list", "--json");
    json_t *listed = parse(&as_json);
    assert_string_equal(text_at(find(listed, "audits", 0), "id"), text_at(document, "id"));
    json_decref(document);
    json_decref(listed);
}

static void the_page_is_one_private_file(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(lab, LIKE_ADA);
    g_auto(Said) said = SAY("--html", "page.html");
    g_autofree char *path = g_build_filename(world->folder, "page.html", NULL);
    g_autofree char *page = NULL;
    struct stat about;
    assert_said(&said, 0, "audit: 1 error", "");
    assert_true(g_file_get_contents(path, &page, NULL, NULL));
    assert_non_null(strstr(page, "duplicate-address"));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    g_auto(Said) nowhere = SAY("--html", "no/such/folder/page.html");
    assert_said(&nowhere, 1, "", "page.html");
}

/* The other parts are looked at; a job must not go quiet. */
static void a_source_that_is_gone_is_said_and_ends_with_3(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(lab, LIKE_ADA);
    g_autofree char *source = g_build_filename(world->live, "people.ldif", NULL);
    assert_int_equal(g_remove(source), 0);
    g_auto(Said) said = SAY("--detailed-exitcode");
    assert_said(&said, 3, "not looked at: connector globex: ", "");
    assert_said(&said, 3, "audit: 1 error", "");
    assert_said(&said, 3, "; not everything was looked at\n", "");
}

static void a_server_that_is_down_is_an_error_and_nothing_is_kept(void **state)
{
    (void)state;
    set_up();
    lab_slapd_kill(lab);
    g_auto(Said) said = SAY("--json");
    assert_said(&said, 5, "", lab->uri);
    assert_string_equal(said.out, "");
    g_auto(Said) list = SAY("--list");
    assert_string_equal(list.out, "");
}

static void one_connector_is_audited_by_its_name(void **state)
{
    (void)state;
    set_up();
    lab_ldif_load(lab, LIKE_ADA);
    g_auto(Said) said = program(world->folder, (const char *const[]){"audit", "./globex.xml", NULL});
    assert_said(&said, 0, "audit: 0 errors, 0 warnings, 0 notes in ", "");
    g_auto(Said) list = SAY("--list");
    assert_said(&list, 0, " findings  globex\n", "");
}

/* To the organisation's channels, from the second audit on. Nobody listens there, so it is kept. */
static void those_who_asked_are_told_of_new_findings(void **state)
{
    (void)state;
    set_up();
    g_autofree char *definition = g_build_filename(world->folder, "organisation.xml", NULL);
    g_autofree char *before = text_of(definition);
    g_autoptr(GString) text = g_string_new(before);
    g_string_replace(text, "</organisation>",
                     "<notify on=\"audit\"><webhook url=\"http://127.0.0.1:1/\"/></notify></organisation>",
                     1);
    write_text(definition, text->str);
    g_auto(Said) synced = program(world->folder, (const char *const[]){"sync", "./globex.xml", NULL});
    assert_int_equal(synced.status, 0);
    g_autofree char *book = g_build_filename(world->state, "globex", "notify.json", NULL);
    g_auto(Said) first = SAY("--kind", "duplicate-address");
    assert_int_equal(first.status, 0);
    g_autofree char *nothing = text_of(book);
    assert_null(strstr(nothing, "duplicate-address"));
    lab_ldif_load(lab, LIKE_ADA);
    g_auto(Said) second = SAY("--kind", "duplicate-address");
    assert_int_equal(second.status, 0);
    g_autofree char *kept = text_of(book);
    assert_non_null(strstr(kept, "error duplicate-address: "));
}

#define AT_SERVER(test) cmocka_unit_test_teardown(test, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_SERVER(wrong_words_end_with_6_and_say_what_is_right),
        AT_SERVER(a_sound_directory_says_one_line),
        AT_SERVER(findings_are_told_with_what_to_do),
        AT_SERVER(the_next_one_says_what_is_new_and_what_is_gone),
        AT_SERVER(kinds_and_severities_choose_what_is_shown),
        AT_SERVER(text_is_80_columns_wide_and_steers_no_terminal),
        AT_SERVER(json_shows_all_that_the_text_does),
        AT_SERVER(earlier_audits_are_listed),
        AT_SERVER(the_page_is_one_private_file),
        AT_SERVER(a_source_that_is_gone_is_said_and_ends_with_3),
        AT_SERVER(a_server_that_is_down_is_an_error_and_nothing_is_kept),
        AT_SERVER(one_connector_is_audited_by_its_name),
        AT_SERVER(those_who_asked_are_told_of_new_findings),
    };
    return cmocka_run_group_tests_name("audit_command", tests, NULL, NULL);
}

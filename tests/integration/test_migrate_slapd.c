/*
 * test_migrate_slapd.c - dirsync migrate, as its user meets it, with a real slapd
 *
 * The server keeps no references by itself (neither memberOf nor refint is there):
 * what stays of memberships is our work. The source is a CSV file as people make
 * them; its mapping is the guessed one, as it is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lab/sync_case.h"

#include <jansson.h>
#include <string.h>

#define PEOPLE "ou=people," HOME_BASE
#define HAND "cn=Ada by hand," PEOPLE
#define FRIENDS "cn=Friends," PEOPLE

static Lab *home;
static char *folder;

static const char before[] =
    "dn: " PEOPLE "\nobjectClass: organizationalUnit\nou: people\n\n"
    "dn: " HAND "\nobjectClass: contact\ncn: Ada by hand\nmail: ada@globex.example\n"
    "proxyAddresses: SMTP:ada@globex.example\nproxyAddresses: smtp:ada.former@globex.example\n"
    "legacyExchangeDN: /o=acme/cn=ada\n\n"
    "dn: cn=Bob," PEOPLE "\nobjectClass: inetOrgPerson\ncn: Bob\nsn: Baum\nuid: bbaum\n\n"
    "dn: " FRIENDS "\nobjectClass: groupOfNames\ncn: Friends\nmember: " HAND "\nmember: cn=Bob," PEOPLE "\n\n"
    "dn: cn=All," PEOPLE "\nobjectClass: groupOfNames\ncn: All\nmember: " FRIENDS "\nmember: " HAND "\n\n";

static const char people[] = "Personalnr.;Vorname;Nachname;E-Mail;Anmeldename;Passwort\r\n"
                             "1;Ada;Alt;ada@globex.example;aalt;secret-of-ada\r\n"
                             "2;Bob;Baum;bob@globex.example;bbaum;secret-of-bob\r\n"
                             "3;Cat;Chan;cat@globex.example;cchan;secret-of-cat\r\n"
                             "4;Dan;Dee;dan@globex.example;ddee;secret-of-dan\r\n";

static void write_in_folder(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void define(void)
{
    g_autofree char *organisation =
        g_strdup_printf("<organisation xmlns=\"urn:x-dirsync:organisation:1\" name=\"acme\">\n"
                        "<home driver=\"ldap\" uri=\"%s\" base=\"" HOME_BASE "\"><bind method=\"external\"/>"
                        "</home><domain>acme.example</domain><state folder=\"state\"/></organisation>",
                        home->uri);
    write_in_folder("organisation.xml", organisation);
    write_in_folder("globex.xml",
                    "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"globex\" "
                    "uuid=\"6a1f3c52-8d0e-4b7a-9c39-5e2d71b0f4a8\" organisation=\"organisation.xml\">\n"
                    "<foreign driver=\"ldap\" uri=\"ldap://127.0.0.1:9\" base=\"dc=globex,dc=example\">"
                    "<bind method=\"anonymous\"/></foreign>\n"
                    "<import container=\"ou=in," HOME_BASE "\" create-container=\"yes\" "
                    "mapping=\"./guessed.xml\" keep-addresses=\"yes\"/></connector>");
    write_in_folder("people.csv", people);
}

static int set_up(void **state)
{
    (void)state;
    program_needed();
    lab_skip_unless_slapd();
    home = lab_slapd_start("--nosync");
    folder = g_dir_make_tmp("dirsync-migrate-XXXXXX", NULL);
    lab_ldif_load(home, before);
    define();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_slapd_stop(home);
    if (folder)
        remove_folder(folder);
    g_clear_pointer(&folder, g_free);
    home = NULL;
    return 0;
}

static void assert_said(const Said *said, int status, const char *out, const char *err)
{
    if (said->status != status || !strstr(said->out, out) || !strstr(said->err, err))
        fail_msg("status %d instead of %d, or without \"%s\" and \"%s\":\n%s%s", said->status, status, out,
                 err, said->out, said->err);
    if (strchr(said->out, '\033') || strchr(said->err, '\033') || strstr(said->out, "secret-of-"))
        fail_msg("an escape sequence or a secret:\n%s%s", said->out, said->err);
}

static void guess(void)
{
    g_auto(Said) said =
        PROGRAM(folder, "migrate", "./globex.xml", "people.csv", "--guess-mapping", "guessed.xml");
    assert_said(&said, 0, "anchor: Personalnr", "");
    assert_non_null(strstr(said.out, "Passwort\n      passwords are never read"));
}

#define MIGRATE(...)                                                                                         \
    PROGRAM(folder, "migrate", "./globex.xml", "people.csv", "--anchor", "Personalnr", "--as",               \
            "disabled-user", __VA_ARGS__)

static void assert_value(const char *dn, const char *filter, size_t count)
{
    if (lab_count(home, dn, filter) != count)
        fail_msg("%s %s: not %zu", dn, filter, count);
}

/* Everything that users see of the people and their groups. */
static char *dump(void)
{
    return lab_dump(home, PEOPLE, NULL);
}

static void assert_converted(void)
{
    assert_value(HAND, "(&(objectClass=inetOrgPerson)(uid=aalt)(mail=ada@globex.example))", 1);
    assert_value(HAND, "(proxyAddresses=x500:/o=acme/cn=ada)", 1);
    assert_value(HAND, "(proxyAddresses=smtp:ada.former@globex.example)", 1);
    assert_value(HAND, "(legacyExchangeDN=/o=acme/cn=ada)", 1);
    assert_value(HAND, "(userPassword=*)", 0);
    assert_value(FRIENDS, "(&(member=" HAND ")(member=cn=Bob," PEOPLE "))", 1);
    assert_value("cn=All," PEOPLE, "(&(member=" HAND ")(member=" FRIENDS "))", 1);
}

static void test_a_dry_run_reports_and_writes_nothing(void **state)
{
    (void)state;
    guess();
    unsigned long writes = lab_writes(home);
    g_auto(Said) said = MIGRATE("--report", "matches.csv");
    assert_said(&said, 0, "  exact             1  convert 1\n", "");
    assert_non_null(strstr(said.out, "  probable          1  skip 1\n"));
    assert_non_null(strstr(said.out, "  none              2  create 2\n"));
    assert_non_null(strstr(said.out, "by alias bbaum"));
    assert_non_null(strstr(said.out, "(nothing was written: --write does it)"));
    assert_int_equal(lab_writes(home), writes);
    g_autofree char *path = g_build_filename(folder, "matches.csv", NULL);
    g_autofree char *report = NULL;
    assert_true(g_file_get_contents(path, &report, NULL, NULL));
    assert_non_null(strstr(report, "class,action,anchor,name,address,recipient,why,owner,note\r\n"));
    assert_non_null(strstr(report, "exact,convert,1,Ada Alt,ada@globex.example,\"" HAND "\","));
}

static void test_a_contact_becomes_an_account_and_back(void **state)
{
    (void)state;
    guess();
    g_autofree char *was = dump();
    g_auto(Said) said = MIGRATE("--write", "--json");
    json_error_t where;
    json_t *json = json_loads(said.out, 0, &where);
    if (said.status != 0 || !json)
        fail_msg("status %d: %s%s", said.status, said.out, said.err);
    assert_converted();
    assert_value("ou=in," HOME_BASE, "(objectClass=inetOrgPerson)", 2);
    const char *run =
        json_string_value(json_object_get(json_array_get(json_object_get(json, "runs"), 0), "run"));
    unsigned long writes = lab_writes(home);
    g_auto(Said) again = MIGRATE("--write");
    assert_said(&again, 0, "  ours              3  update 3\n", "");
    assert_int_equal(lab_writes(home), writes);
    g_auto(Said) undone = PROGRAM(folder, "revert", "./globex.xml", run);
    assert_int_equal(undone.status, 0);
    g_autofree char *is = dump();
    assert_string_equal(is, was);
    json_decref(json);
    g_auto(Said) once_more = MIGRATE("--write");
    assert_said(&once_more, 0, "  exact             1  convert 1\n", "");
    assert_converted();
}

static void test_batches_go_on_and_can_all_be_taken_back(void **state)
{
    (void)state;
    guess();
    g_autofree char *was = dump();
    g_auto(Said) said = MIGRATE("--write", "--batch", "1");
    assert_said(&said, 0, "batch 3, run ", "");
    assert_non_null(strstr(said.out, "to take it back, all of it in this order:"));
    assert_converted();
    g_auto(GStrv) lines = g_strsplit(said.out, "\n", 0);
    int reverted = 0;
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "  dirsync revert globex ")) {
            g_auto(Said) undone = PROGRAM(folder, "revert", "./globex.xml", strrchr(*line, ' ') + 1);
            assert_int_equal(undone.status, 0);
            reverted++;
        }
    assert_int_equal(reverted, 3);
    g_autofree char *is = dump();
    assert_string_equal(is, was);
    assert_value(HOME_BASE, "(importedFrom=*)", 0);
}

static void test_an_account_is_enabled_with_a_password_that_nobody_knows(void **state)
{
    (void)state;
    guess();
    g_auto(Said) said = MIGRATE("--write", "--as", "enabled-user", "--none", "skip");
    assert_said(&said, 0, "people=\"enabled-user\"", "");
    assert_value(HAND, "(&(objectClass=inetOrgPerson)(userPassword=*))", 1);
    assert_value("cn=Bob," PEOPLE, "(userPassword=*)", 0);
}

static void test_a_dry_run_as_json(void **state)
{
    json_error_t where;
    (void)state;
    guess();
    g_auto(Said) said = MIGRATE("--json", "--detailed-exitcode");
    assert_int_equal(said.status, 2);
    json_t *json = json_loads(said.out, 0, &where);
    const json_t *matches = json_object_get(json, "matches");
    const json_t *exact = json_object_get(json_object_get(matches, "classes"), "exact");
    assert_int_equal(json_integer_value(json_object_get(exact, "convert")), 1);
    assert_int_equal(json_array_size(json_object_get(matches, "people")), 4);
    assert_true(json_array_size(json_object_get(json, "changes")) > 4);
    assert_false(json_is_true(json_object_get(json, "written")));
    json_decref(json);
}

static void test_a_saved_plan_is_carried_out_as_it_is(void **state)
{
    (void)state;
    guess();
    g_auto(Said) said = MIGRATE("-o", "plan");
    assert_said(&said, 0, "dirsync apply", "");
    g_auto(Said) applied = PROGRAM(folder, "apply", "plan");
    assert_int_equal(applied.status, 0);
    assert_converted();
}

static void test_whom_nobody_can_tell_apart_makes_exit_3(void **state)
{
    (void)state;
    guess();
    lab_ldif_load(home, "dn: cn=Too," PEOPLE "\nobjectClass: contact\ncn: Too\n"
                        "proxyAddresses: smtp:Ada@globex.example\n\n");
    g_auto(Said) said = MIGRATE("--write", "--none", "skip");
    assert_said(&said, 3, "  ambiguous         1  skip 1\n", "");
    assert_non_null(strstr(said.out, "2 recipients match\n    "));
    assert_non_null(strstr(said.out, "cn=Too," PEOPLE "\n      by primary address ada@globex.example"));
    assert_value(HOME_BASE, "(importedFrom=*)", 0);
}

static void test_wrong_words(void **state)
{
    static const struct {
        const char *words[5];
        const char *err;
    } wrong[] = {
        {{NULL}, "usage: dirsync migrate"},
        {{"./globex.xml", "nowhere"}, "nowhere.xml: cannot be opened"},
        {{"./globex.xml", "./nowhere.csv"}, "there is no such file"},
        {{"./globex.xml", "people.csv", "--exact", "create"}, "--exact create: say one of adopt, skip"},
        {{"./globex.xml", "people.csv", "--none", "adopt"}, "say one of create, skip"},
        {{"./globex.xml", "people.csv", "--as", "group"}, "say one of contact"},
        {{"./globex.xml", "people.csv", "--batch", "-1"}, "--batch"},
        {{"./globex.xml", "people.csv", "--allow-empty"}, "--help lists the options"},
        {{"./globex.xml", "people.csv"}, "name the column or attribute"},
    };
    (void)state;
    guess();
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const char *words[7] = {"migrate"};
        memcpy(words + 1, wrong[i].words, sizeof wrong[i].words);
        g_auto(Said) said = program(folder, words);
        assert_said(&said, 6, "", wrong[i].err);
    }
    g_auto(Said) twice =
        PROGRAM(folder, "migrate", "./globex.xml", "people.csv", "--guess-mapping", "guessed.xml");
    assert_said(&twice, 1, "", "nobody's edits are written over");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_dry_run_reports_and_writes_nothing),
        CASE(test_a_contact_becomes_an_account_and_back),
        CASE(test_batches_go_on_and_can_all_be_taken_back),
        CASE(test_an_account_is_enabled_with_a_password_that_nobody_knows),
        CASE(test_a_dry_run_as_json),
        CASE(test_a_saved_plan_is_carried_out_as_it_is),
        CASE(test_whom_nobody_can_tell_apart_makes_exit_3),
        CASE(test_wrong_words),
    };
    return cmocka_run_group_tests_name("migrate_slapd", tests, NULL, NULL);
}

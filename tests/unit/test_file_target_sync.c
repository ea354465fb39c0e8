/*
 * test_file_target_sync.c - an export into a file, run after run
 *
 * A file cannot be asked who wrote what, nor which groups somebody is in: rows that
 * were there before the first run are not taken away by it, and groups in the file
 * follow the names of their members.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/check.h"
#include "dirsync/directory/memory.h"
#include "dirsync/directory/memory_store.h"
#include "dirsync/ldif.h"
#include "dirsync/run.h"

#include <glib/gstdio.h>
#include <string.h>

#define STORE "file-target-sync"
#define ID(two) "00000000-0000-4000-8000-0000000000" two

static const char organisation[] = "<organisation xmlns='urn:x-dirsync:organisation:1' name='acme'>\n"
                                   "  <home driver='memory' base='dc=acme'><file path='" STORE "'/></home>\n"
                                   "  <domain>acme.example</domain>\n"
                                   "</organisation>\n";

#define PERSON(id, cn, name)                                                                                 \
    "dn: cn=" cn ",ou=people,dc=acme\nobjectClass: inetOrgPerson\nentryUUID: " ID(                           \
        id) "\ncn: " cn "\nsn: x\ndisplayName: " name "\nmail: " cn "@acme.example\n\n"

static const char home[] =
    "dn: dc=acme\nobjectClass: domain\ndc: acme\n\n"
    "dn: ou=people,dc=acme\nobjectClass: organizationalUnit\nou: people\n\n" PERSON("a1", "ann", "Ann Ash")
        PERSON("b1", "bob",
               "Bob Birch") "dn: cn=team,ou=people,dc=acme\nobjectClass: groupOfNames\nobjectClass: "
                            "mailRecipient\n"
                            "entryUUID: " ID(
                                "f1") "\ncn: team\ndisplayName: Team\nmail: team@acme.example\n"
                                      "member: cn=ann,ou=people,dc=acme\nmember: cn=bob,ou=people,dc=acme\n\n"
                                      "dn: cn=crew,ou=people,dc=acme\nobjectClass: "
                                      "groupOfNames\nobjectClass: mailRecipient\n"
                                      "entryUUID: " ID(
                                          "f2") "\ncn: crew\ndisplayName: Crew\nmail: crew@acme.example\n"
                                                "member: cn=bob,ou=people,dc=acme\nmember: "
                                                "cn=team,ou=people,dc=acme\n\n";

typedef struct {
    char *folder;
    MemoryStore *home;
} World;

static char *path_of(const World *world, const char *name)
{
    return g_build_filename(world->folder, name, NULL);
}

static void write_file(const World *world, const char *name, const char *text)
{
    g_autofree char *path = path_of(world, name);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static char *read_file(const World *world, const char *name)
{
    g_autofree char *path = path_of(world, name);
    char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

#define CONNECTOR(attributes, to, stamp)                                                                     \
    "<connector xmlns='urn:x-dirsync:connector:1' name='out' uuid='20000000-0000-4000-8000-000000000002' "   \
    "organisation='org.xml'>\n  <export " attributes " contacts='no' resources='no'>\n"                      \
    "    <to driver=" to "</to>\n    <stamp attribute='" stamp "'/>\n"                                       \
    "    <source base='ou=people,dc=acme'/></export>\n"                                                      \
    "  <limits delete='none' rename='none' members='none'/>\n</connector>\n"

static const char csv[] =
    CONNECTOR("mapping='csv' groups='no'",
              "'csv'><file path='out.file' delimiter=';' separator='|' columns='id displayName "
              "givenName sn mail email mailNickname title department telephoneNumber "
              "description'/>",
              "id");
static const char ldif[] = CONNECTOR("mapping='inetorgperson' container='ou=out,o=globex' groups='group'",
                                     "'ldif'><file path='out.file'/>", "businessCategory");

static void set_up(World *world, const char *connector)
{
    world->folder = g_dir_make_tmp("dirsync-file-target-XXXXXX", NULL);
    world->home = memory_store(STORE);
    g_autoptr(GError) error = NULL;
    if (!memory_store_load(world->home, home, &error))
        fail_msg("%s", error->message);
    write_file(world, "org.xml", organisation);
    write_file(world, "out.xml", connector);
}

static void tear_down(World *world)
{
    memory_store_drop(STORE);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", world->folder);
    assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(world->folder);
}

static void edit(const World *world, const char *text)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "edit");
    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Change) change = NULL;
        RecordStatus status = ldif_read_change(reader, &change, &error);
        if (status == RECORD_END)
            return;
        if (status != RECORD_GOOD || !memory_store_apply(world->home, change, &error))
            fail_msg("%s", error ? error->message : "cut off");
    }
}

/* --- runs --- */

typedef struct {
    char *connector_path, *state;
    Connector *connector;
    RunOptions options;
} Setting;

static void setting_clear(Setting *setting)
{
    connector_free(setting->connector);
    g_free(setting->connector_path);
    g_free(setting->state);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Setting, setting_clear)

static void prepare(const World *world, Setting *setting)
{
    g_autoptr(GError) error = NULL;
    setting->connector_path = path_of(world, "out.xml");
    setting->state = path_of(world, "state");
    setting->connector = connector_load(setting->connector_path, &error);
    if (!setting->connector)
        fail_msg("%s", error->message);
    setting->options = run_options(setting->connector);
    setting->options.state_folder = setting->state;
}

static void assert_counts(const RunResult *result, const char *expected)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < COUNTS; i++)
        if (result->step[STEP_EXPORT].counts.of[i])
            g_string_append_printf(text, "%s%zu %s", text->len ? ", " : "",
                                   result->step[STEP_EXPORT].counts.of[i], count_names[i]);
    g_autofree char *counts = g_string_free(text, FALSE);
    assert_string_equal(counts, expected);
}

/* @reason: what the reason why nobody was removed contains; NULL: there is none. */
static void run_once(const World *world, const char *expected, const char *reason, int status)
{
    g_autoptr(GError) error = NULL;
    g_auto(Setting) now = {0};
    g_auto(RunResult) result = {0};
    prepare(world, &now);
    if (!run_sync(now.connector, &now.options, &result, &error))
        fail_msg("%s", error->message);
    assert_counts(&result, expected);
    assert_int_equal(result.step[STEP_EXPORT].partial, reason != NULL);
    if (reason && !strstr(result.step[STEP_EXPORT].partial_reason, reason))
        fail_msg("%s\nexpected: %s", result.step[STEP_EXPORT].partial_reason, reason);
    assert_int_equal(run_exit_status(&result), status);
}

static void lose_state(const World *world)
{
    g_autofree char *path = path_of(world, "state");
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", path);
    assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
}

static void assert_file(const World *world, const char *expected)
{
    g_autofree char *text = read_file(world, "out.file");
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1); /* lines that are not ours may end otherwise */
    g_autofree char *plain = g_strjoinv("\n", lines);
    assert_string_equal(plain, expected);
}

static void apply_plan_of(const World *world, const char *expected)
{
    g_autofree char *folder = path_of(world, "plan");
    g_autoptr(GError) error = NULL;
    g_auto(Setting) now = {0};
    g_auto(RunResult) result = {0};
    prepare(world, &now);
    if (!run_apply(now.connector, &now.options, folder, &result, &error))
        fail_msg("%s", error->message);
    assert_counts(&result, expected);
}

static void make_plan(const World *world)
{
    g_autofree char *folder = path_of(world, "plan");
    g_autoptr(GError) error = NULL;
    g_auto(Setting) now = {0};
    g_auto(RunResult) result = {0};
    prepare(world, &now);
    if (!run_plan(now.connector, &now.options, folder, &result, &error))
        fail_msg("%s", error->message);
}

/* --- rows that were there before --- */

#define HEADER                                                                                               \
    "id;displayName;givenName;sn;mail;email;mailNickname;title;department;telephoneNumber;description\n"
#define STRANGERS "90;Old One;;;old@globex.example;;;;;;\n91;Older;;;older@globex.example;;;;;;\n"
#define ANN_ROW ID("a1") ";Ann Ash;;x;ann@acme.example;;;;;;\n"
#define BOB_ROW ID("b1") ";Bob Birch;;x;bob@acme.example;;;;;;\n"
#define ANN_GOES "dn: cn=ann,ou=people,dc=acme\nchangetype: delete\n\n"

static void rows_of_others_survive_the_first_run_alone(void **state)
{
    (void)state;
    World world;
    set_up(&world, csv);
    write_file(&world, "out.file", HEADER STRANGERS);
    run_once(&world, "2 created, 2 unchanged", "holds 2 records", 3);
    assert_file(&world, HEADER STRANGERS ANN_ROW BOB_ROW);
    run_once(&world, "2 deleted, 2 unchanged", NULL, 0);
    assert_file(&world, HEADER ANN_ROW BOB_ROW);
    tear_down(&world);
}

static void a_new_file_says_nothing(void **state)
{
    (void)state;
    World world;
    set_up(&world, csv);
    run_once(&world, "2 created", NULL, 0);
    assert_file(&world, HEADER ANN_ROW BOB_ROW);
    edit(&world, ANN_GOES);
    run_once(&world, "1 deleted, 1 unchanged", NULL, 0);
    assert_file(&world, HEADER BOB_ROW);
    tear_down(&world);
}

static void our_own_rows_are_no_strangers_when_the_state_is_lost(void **state)
{
    (void)state;
    World world;
    set_up(&world, csv);
    run_once(&world, "2 created", NULL, 0);
    lose_state(&world);
    run_once(&world, "2 unchanged", NULL, 0);
    tear_down(&world);
}

/* Whoever left while the state was lost cannot be told from a stranger: the row stays this once. */
static void who_left_with_the_state_stays_once(void **state)
{
    (void)state;
    World world;
    set_up(&world, csv);
    run_once(&world, "2 created", NULL, 0);
    lose_state(&world);
    edit(&world, ANN_GOES);
    run_once(&world, "2 unchanged", "holds 1 records", 3);
    assert_file(&world, HEADER ANN_ROW BOB_ROW);
    run_once(&world, "1 deleted, 1 unchanged", NULL, 0);
    assert_file(&world, HEADER BOB_ROW);
    tear_down(&world);
}

/* --- plans --- */

static void a_saved_plan_makes_nobody_twice(void **state)
{
    (void)state;
    World world;
    set_up(&world, csv);
    make_plan(&world);
    apply_plan_of(&world, "2 created");
    assert_file(&world, HEADER ANN_ROW BOB_ROW);
    apply_plan_of(&world, "2 failed");
    assert_file(&world, HEADER ANN_ROW BOB_ROW);
    run_once(&world, "2 unchanged", NULL, 0);
    tear_down(&world);
}

/* --- columns --- */

/* Whoever has such a value is refused; better said once, before. */
static void a_column_that_is_missing_is_told_before(void **state)
{
    (void)state;
    World world;
    set_up(&world, csv);
    g_auto(Setting) now = {0};
    prepare(&world, &now);
    g_autoptr(GPtrArray) findings = check_connector(now.connector);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (finding->kind == FINDING_WARNING)
            g_string_append_printf(text, "%s\n", finding->text);
    }
    g_autofree char *warnings = g_string_free(text, FALSE);
    assert_non_null(strstr(warnings, "out.file: has no columns for what mapping "));
    assert_non_null(strstr(warnings, "csv.xml gives: initials company employeeNumber "));
    assert_null(strstr(warnings, "displayName"));
    tear_down(&world);
}

/* --- members --- */

static bool file_has(const World *world, const char *text)
{
    g_autofree char *all = read_file(world, "out.file");
    return strstr(all, text) != NULL;
}

static size_t times(const World *world, const char *text)
{
    g_autofree char *all = read_file(world, "out.file");
    g_auto(GStrv) parts = g_strsplit(all, text, -1);
    return g_strv_length(parts) - 1;
}

#define NAMED(cn, name)                                                                                      \
    "dn: cn=" cn                                                                                             \
    ",ou=people,dc=acme\nchangetype: modify\ndelete: displayName\n-\nadd: displayName\ndisplayName: " name   \
    "\n-\n\n"
#define MEMBER(name) "\nmember: cn=" name ",ou=out,o=globex\n"

static void groups_of_the_file_follow_a_member_that_is_renamed(void **state)
{
    (void)state;
    World world;
    set_up(&world, ldif);
    run_once(&world, "4 created", NULL, 0);
    assert_int_equal(times(&world, MEMBER("Bob Birch")), 2);
    edit(&world, NAMED("bob", "Bob Oak"));
    run_once(&world, "3 modified, 1 renamed, 1 unchanged", NULL, 0);
    assert_int_equal(times(&world, MEMBER("Bob Oak")), 2);
    assert_int_equal(times(&world, MEMBER("Ann Ash")), 1);
    assert_true(file_has(&world, "dn: cn=Bob Oak,ou=out,o=globex\n"));
    assert_false(file_has(&world, "Bob Birch"));
    run_once(&world, "4 unchanged", NULL, 0);
    lose_state(&world);
    run_once(&world, "4 unchanged", NULL, 0);
    tear_down(&world);
}

static void groups_of_the_file_follow_a_group_that_is_renamed(void **state)
{
    (void)state;
    World world;
    set_up(&world, ldif);
    run_once(&world, "4 created", NULL, 0);
    edit(&world, NAMED("team", "Our Team"));
    run_once(&world, "1 modified, 1 renamed, 2 unchanged", NULL, 0);
    assert_int_equal(times(&world, MEMBER("Our Team")), 1);
    assert_int_equal(times(&world, MEMBER("Team")), 0);
    run_once(&world, "4 unchanged", NULL, 0);
    tear_down(&world);
}

static void groups_of_the_file_lose_a_member_that_is_gone(void **state)
{
    (void)state;
    World world;
    set_up(&world, ldif);
    run_once(&world, "4 created", NULL, 0);
    edit(&world, "dn: cn=bob,ou=people,dc=acme\nchangetype: delete\n\n"
                 "dn: cn=team,ou=people,dc=acme\nchangetype: modify\ndelete: member\n"
                 "member: cn=bob,ou=people,dc=acme\n-\n\n"
                 "dn: cn=crew,ou=people,dc=acme\nchangetype: modify\ndelete: member\n"
                 "member: cn=bob,ou=people,dc=acme\n-\n\n");
    run_once(&world, "2 modified, 1 deleted, 1 unchanged", NULL, 0);
    assert_false(file_has(&world, "Bob Birch"));
    assert_int_equal(times(&world, MEMBER("Ann Ash")), 1);
    run_once(&world, "3 unchanged", NULL, 0);
    tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_others_survive_the_first_run_alone),
        cmocka_unit_test(a_new_file_says_nothing),
        cmocka_unit_test(our_own_rows_are_no_strangers_when_the_state_is_lost),
        cmocka_unit_test(who_left_with_the_state_stays_once),
        cmocka_unit_test(a_saved_plan_makes_nobody_twice),
        cmocka_unit_test(a_column_that_is_missing_is_told_before),
        cmocka_unit_test(groups_of_the_file_follow_a_member_that_is_renamed),
        cmocka_unit_test(groups_of_the_file_follow_a_group_that_is_renamed),
        cmocka_unit_test(groups_of_the_file_lose_a_member_that_is_gone),
    };
    return cmocka_run_group_tests_name("file_target_sync", tests, NULL, NULL);
}

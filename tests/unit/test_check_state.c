/*
 * test_check_state.c - what dirsync check finds out about where the state is kept
 *
 * A state as it may be met, one look at it, and what is said. Whatever it was, it is
 * the same afterwards.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sql.h"

#include "tests/lab/missing.h"
#include "tests/lab/world.h"

#include "dirsync/check_state.h"
#include "dirsync/state.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10"
#define OTHER "5e0c1d2a-9b1f-4a77-8a55-0c9d7d7b6a01"
#define NOBODY 65534

static Organisation organisation;
static Connector connector;
static char *top, *own, *database;

static int begin(void **state)
{
    (void)state;
    organisation = (Organisation){.name = (char *)"acme"};
    connector = (Connector){.name = (char *)"globex", .uuid = (char *)UUID, .organisation = &organisation};
    g_autofree char *scratch = g_dir_make_tmp("dirsync-check-XXXXXX", NULL);
    top = g_build_filename(scratch, "state", NULL);
    own = g_build_filename(top, "globex", NULL);
    database = g_build_filename(own, "state.db", NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    g_autofree char *scratch = g_path_get_dirname(top);
    remove_folder(scratch);
    g_clear_pointer(&top, g_free);
    g_clear_pointer(&own, g_free);
    g_clear_pointer(&database, g_free);
    return 0;
}

static void make_state(void)
{
    State *opened = state_open(&connector, top, NULL);
    assert_non_null(opened);
    state_close(opened);
}

/* --- the folder is as it was --- */

static void note_file(GString *text, const char *path)
{
    struct stat file;
    if (lstat(path, &file) != 0)
        return;
    g_string_append_printf(text, "%s %o %u %ld %ld.%09ld\n", path, file.st_mode, file.st_uid, file.st_size,
                           file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
    g_autoptr(GDir) dir = S_ISDIR(file.st_mode) ? g_dir_open(path, 0, NULL) : NULL;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        note_file(text, below);
    }
}

/* --- what is said --- */

static const char *const kinds[] = {"error", "warning", "note", "ok"};

/* A line for each finding, the remedy after an arrow. */
static char *look(void)
{
    g_autoptr(GPtrArray) findings = check_findings_new();
    g_autofree char *scratch = g_path_get_dirname(top);
    g_autoptr(GString) before = g_string_new(NULL), after = g_string_new(NULL);
    GString *text = g_string_new(NULL);
    note_file(before, scratch);
    check_state(&connector, top, findings);
    note_file(after, scratch);
    assert_string_equal(before->str, after->str);
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        g_string_append_printf(text, "%s: %s -> %s\n", kinds[finding->kind], finding->text,
                               finding->remedy ? finding->remedy : "");
    }
    return g_string_free(text, FALSE);
}

/* Lines in their order, '*' stands for anything. */
static void assert_found(const char *expected)
{
    g_autofree char *found = look();
    if (!g_pattern_match_simple(expected, found))
        fail_msg("found:\n%sexpected:\n%s", found, expected);
}

/* --- cases --- */

static void what_is_not_there_is_made_by_the_first_run(void **state)
{
    (void)state;
    assert_found("ok: state folder */state/globex: the first run will make it -> \n");
    assert_int_equal(g_mkdir(top, 0700), 0);
    assert_found("ok: state folder */state/globex: the first run will make it -> \n");
}

static void what_is_in_order_is_said_in_a_line(void **state)
{
    (void)state;
    make_state();
    assert_found("ok: state folder */state/globex: is ours and in order -> \n");
}

/* It cannot be made below a file. */
static void a_place_that_takes_no_folder_is_an_error(void **state)
{
    (void)state;
    write_text(top, "a file");
    assert_found("error: state folder */state: * cannot write there: * -> give it to who runs dirsync*\n");
    organisation.name = (char *)"acme";
    g_autofree char *below = g_build_filename(top, "below", NULL);
    g_free(top);
    top = g_strdup(below);
    assert_found(
        "error: *state*cannot write there: * -> give it to who runs dirsync (chown), or *--state*\n");
    g_free(top);
    top = g_path_get_dirname(below);
}

static void others_who_may_look_in_are_a_warning(void **state)
{
    (void)state;
    make_state();
    assert_int_equal(g_chmod(own, 0755), 0);
    assert_found("warning: state folder */state/globex: others may look into it (mode 0755), * -> chmod 0700 "
                 "*/state/globex\n");
    assert_int_equal(g_chmod(own, 0700), 0);
    assert_int_equal(g_chmod(top, 0730), 0);
    assert_found("warning: state folder */state: others may write into it (mode 0730), * -> chmod 0700 "
                 "*/state\n");
}

/* <state readers=""> lets a group through, no more. */
static void readers_may_pass_through(void **state)
{
    (void)state;
    make_state();
    organisation.readers = (char *)"mail";
    assert_int_equal(chmod(top, 02710), 0);
    assert_found("ok: *");
    assert_int_equal(chmod(top, 02750), 0);
    assert_found(
        "warning: state folder */state: others may look into it (mode 2750)* -> chmod 2710 */state\n");
}

static void a_folder_of_somebody_else_is_a_warning(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip_missing("this is for root");
    make_state();
    assert_int_equal(chown(own, NOBODY, (gid_t)-1), 0);
    assert_found("warning: state folder */state/globex: belongs to *, but this is *: files that one of them "
                 "makes keep the other from running -> run dirsync as *, always; or *chown -R * */globex\n");
    assert_int_equal(seteuid(NOBODY), 0);
    g_autofree char *found = look();
    assert_int_equal(seteuid(0), 0);
    if (!g_pattern_match_simple("error: state folder */state: * cannot write there: *", found))
        fail_msg("%s", found);
}

static void a_database_that_is_damaged_is_an_error(void **state)
{
    (void)state;
    make_state();
    write_text(database, "this was a database once, and is none any more, whatever is read of it ...");
    assert_found("error: */state.db: *move it away and run again* -> \n");
}

/* Of the index an older form is no trouble: a run makes it anew. */
static void a_database_of_another_version_is_an_error(void **state)
{
    (void)state;
    g_autofree char *index = state_organisation_file(&organisation, top, STATE_INDEX);
    make_state();
    run_sql(database, "PRAGMA user_version = 1");
    assert_found("error: */state.db: made by another version of dirsync* -> \n");
    run_sql(database, "PRAGMA user_version = 5");
    run_sql(index, "PRAGMA user_version = 1");
    assert_found("ok: *");
    run_sql(index, "PRAGMA user_version = 99");
    assert_found("error: */acme.home.db: made by another version of dirsync* -> \n");
}

static void the_state_of_another_connector_is_an_error(void **state)
{
    (void)state;
    make_state();
    connector.uuid = (char *)OTHER;
    assert_found("error: */state/globex: belongs to connector " UUID ", not to " OTHER "; * -> \n");
}

/* What is being written to is no trouble, and not disturbed. */
static void a_run_that_goes_on_is_a_note(void **state)
{
    (void)state;
    State *held = state_open(&connector, top, NULL);
    assert_non_null(held);
    assert_true(state_begin(held, NULL) && state_set(held, "a", "b", NULL));
    g_autofree char *expected = g_strdup_printf(
        "ok: *\nnote: a run is going on: since 20*, by *, process %d -> another run has to *\n",
        (int)getpid());
    g_autofree char *found = look();
    bool good = g_pattern_match_simple(expected, found);
    assert_true(state_commit(held, NULL));
    state_close(held);
    if (!good)
        fail_msg("%s", found);
}

static void a_disk_without_room_is_a_warning(void **state)
{
    (void)state;
    if (geteuid() != 0 || g_mkdir(top, 0700) != 0 || mount("none", top, "tmpfs", 0, "size=1m,mode=0700") != 0)
        skip_missing("this is for root, who may mount a file system");
    g_autofree char *found = look();
    umount(top);
    assert_true(
        g_pattern_match_simple("warning: state folder */state: * MiB are free on its disk, and 64 MiB "
                               "may be needed -> free some space*<history>*\n",
                               found));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_not_there_is_made_by_the_first_run),
        CASE(what_is_in_order_is_said_in_a_line),
        CASE(a_place_that_takes_no_folder_is_an_error),
        CASE(others_who_may_look_in_are_a_warning),
        CASE(readers_may_pass_through),
        CASE(a_folder_of_somebody_else_is_a_warning),
        CASE(a_database_that_is_damaged_is_an_error),
        CASE(a_database_of_another_version_is_an_error),
        CASE(the_state_of_another_connector_is_an_error),
        CASE(a_run_that_goes_on_is_a_note),
        CASE(a_disk_without_room_is_a_warning),
    };
    return cmocka_run_group_tests_name("check state", tests, NULL, NULL);
}

/*
 * test_watch.c - directories tell that something has changed: slapd, Samba, 389, files
 *
 * A case opens a watch, changes something, and waits until it is told. That something
 * is not told is seen by a change behind it, which is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/directory.h"
#include "tests/lab/lab.h"
#include "tests/lab/meddler.h"
#include "tests/lab/world.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BASE "dc=example,dc=com"
#define PEOPLE "ou=people," BASE
#define OTHERS "ou=others," BASE
#define PATIENCE 90 /* seconds */
#define SYNC_CONTROL "1.3.6.1.4.1.4203.1.9.1.1"

static Lab *lab;
static Meddler *meddler;
static DirectoryWatch *watch;
static char *folder;

static int tear_down(void **state)
{
    (void)state;
    directory_watch_close(watch);
    meddler_stop(meddler);
    lab_stop(lab);
    if (folder)
        remove_folder(folder);
    g_free(folder);
    watch = NULL;
    meddler = NULL;
    lab = NULL;
    folder = NULL;
    return 0;
}

/* --- waiting --- */

/* One look, after at most so many milliseconds. */
static bool look(int milliseconds, GError **error)
{
    struct pollfd descriptor = {.fd = watch->descriptor, .events = POLLIN};
    bool changed = false;
    if (poll(&descriptor, 1, milliseconds) > 0)
        watch->take(watch, &changed, error);
    return changed;
}

static void assert_told(void)
{
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < PATIENCE * 10; i++) {
        if (look(100, &error))
            return;
        if (error)
            fail_msg("%s", error->message);
    }
    fail_msg("no change was told");
}

/* What is still on its way from before. */
static void settle(void)
{
    g_autoptr(GError) error = NULL;
    for (int quiet = 0; quiet < 10;)
        quiet = look(50, &error) ? 0 : quiet + 1;
    if (error)
        fail_msg("%s", error->message);
}

static void assert_lost(ErrorCode code)
{
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < PATIENCE * 10 && !error; i++)
        look(100, &error);
    assert_non_null(error);
    if (!error_is(error, code))
        fail_msg("%s: %s", error_name(error), error->message);
}

/* --- servers --- */

static Endpoint endpoint_of(char *uris[2])
{
    uris[0] = lab->uri;
    uris[1] = NULL;
    return (Endpoint){.driver = (char *)"ldap",
                      .where = (char *)"globex.xml:3",
                      .uris = uris,
                      .base = (char *)BASE,
                      .bind = lab->bind_dn ? BIND_SIMPLE : BIND_EXTERNAL,
                      .bind_dn = lab->bind_dn,
                      .password = {.kind = SECRET_FILE, .source = lab->password_file},
                      .timeout = 30,
                      .window = 1};
}

static void load_person(const char *name, const char *parent)
{
    bool is_ad = g_str_equal(lab->kind, "samba");
    g_autofree char *rest = is_ad ? g_strdup("objectClass: contact\n")
                                  : g_strdup_printf("objectClass: inetOrgPerson\nsn: %s\n", name);
    g_autofree char *ldif = g_strdup_printf("dn: cn=%s,%s\ncn: %s\n%s", name, parent, name, rest);
    lab_ldif_load(lab, ldif);
}

static void open_server(const char *kind, const char *options, const char *filter)
{
    static char *uris[2];
    static Endpoint endpoint;
    static ReadRequest request;
    g_autoptr(GError) error = NULL;
    lab = lab_start(kind, options);
    lab_ldif_load(lab, "dn: " PEOPLE "\nobjectClass: organizationalUnit\nou: people\n\ndn: " OTHERS
                       "\nobjectClass: organizationalUnit\nou: others\n");
    load_person("ada", PEOPLE);
    endpoint = endpoint_of(uris);
    request = (ReadRequest){.base = PEOPLE, .scope = SEARCH_SUBTREE, .filter = filter};
    watch = directory_watch(&endpoint, &request, 1, &error);
    if (!watch)
        fail_msg("%s", error->message);
    settle();
}

/* What every server tells. */
static void assert_tells_changes(void)
{
    load_person("bob", PEOPLE);
    assert_told();
    settle();
    lab_ldif_load(lab, "dn: cn=bob," PEOPLE "\nchangetype: modify\nreplace: description\ndescription: x\n");
    assert_told();
    settle();
    lab_ldif_load(lab, "dn: cn=bob," PEOPLE "\nchangetype: modrdn\nnewrdn: cn=rob\ndeleteoldrdn: 1\n");
    assert_told();
    settle();
    lab_ldif_load(lab, "dn: cn=rob," PEOPLE "\nchangetype: delete\n");
    assert_told();
}

static void slapd_tells(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    open_server("slapd", "--nosync --syncprov", NULL);
    assert_tells_changes();
}

static void slapd_with_a_session_log_tells(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    open_server("slapd", "--nosync --sessionlog 100", NULL);
    assert_tells_changes();
}

static void slapd_tells_of_who_enters_and_leaves_the_filter_and_of_nobody_else(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    lab_skip_unless_slapd();
    open_server("slapd", "--nosync --syncprov", "(mail=*)");
    load_person("bob", PEOPLE);
    load_person("cat", OTHERS);
    lab_ldif_load(lab, "dn: cn=ada," PEOPLE "\nchangetype: modify\nadd: description\ndescription: x\n");
    for (int i = 0; i < 10; i++)
        assert_false(look(50, &error));
    assert_null(error);
    lab_ldif_load(lab, "dn: cn=ada," PEOPLE "\nchangetype: modify\nadd: mail\nmail: ada@x.example\n");
    assert_told();
    settle();
    lab_ldif_load(lab, "dn: cn=ada," PEOPLE "\nchangetype: modify\ndelete: mail\n");
    assert_told();
}

static void a_server_that_goes_is_noticed(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    open_server("slapd", "--nosync --syncprov", NULL);
    lab_slapd_halt(lab);
    assert_lost(ERROR_UNREACHABLE);
    directory_watch_close(watch);
    watch = NULL;
    lab_slapd_restart(lab);
}

static void a_server_that_is_killed_is_noticed(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    open_server("slapd", "--nosync --syncprov", NULL);
    lab_slapd_kill(lab);
    assert_lost(ERROR_UNREACHABLE);
    directory_watch_close(watch);
    watch = NULL;
    lab_slapd_restart(lab);
}

static void assert_refused(const Endpoint *endpoint, ErrorCode code, const char *text)
{
    const ReadRequest request = {.base = PEOPLE, .scope = SEARCH_SUBTREE};
    g_autoptr(GError) error = NULL;
    watch = directory_watch(endpoint, &request, 1, &error);
    assert_null(watch);
    if (!error_is(error, code) || !strstr(error->message, text))
        fail_msg("%s: %s", error_name(error), error->message);
}

static void what_cannot_be_watched_says_why(void **state)
{
    char *uris[2];
    (void)state;
    lab_skip_unless_slapd();
    lab = lab_start("slapd", "--nosync --port auto");
    Endpoint endpoint = endpoint_of(uris);
    assert_refused(&endpoint, ERROR_DEFINITION, "syncprov");
    uris[0] = lab->ldap_uri;
    endpoint.bind = BIND_SIMPLE;
    endpoint.bind_dn = (char *)"uid=user," BASE;
    g_autofree char *path = g_build_filename(lab->folder, "wrong", NULL);
    write_text(path, "wrong");
    endpoint.password = (SecretSource){SECRET_FILE, path};
    assert_refused(&endpoint, ERROR_CREDENTIALS, "Invalid credentials");
    uris[0] = (char *)"ldapi://%2Fno%2Fsuch%2Fsocket";
    assert_refused(&endpoint, ERROR_UNREACHABLE, "socket");
    endpoint.driver = (char *)"memory";
    assert_refused(&endpoint, ERROR_DEFINITION, "cannot be watched");
}

/* What a server answers to the request for changes, and what becomes of the watch. */
static const struct {
    int result;
    ErrorCode code;
    const char *text;
} answers[] = {{51, ERROR_BUSY, "Server is busy (51): meddled with"},
               {52, ERROR_BUSY, "Server is unavailable (52)"},
               {3, ERROR_BUSY, "Time limit exceeded (3)"},
               {11, ERROR_SERVER_LIMIT, "limit exceeded (11)"},
               {32, ERROR_NOT_FOUND, "No such object (32)"},
               {12, ERROR_DEFINITION, "overlay syncprov"},
               {50, ERROR_DEFINITION, "Insufficient access (50)"},
               {53, ERROR_DEFINITION, "Server is unwilling to perform (53)"}};

static void a_server_that_is_busy_can_be_watched_later(void **state)
{
    const ReadRequest request = {.base = PEOPLE, .scope = SEARCH_SUBTREE};
    static char *uris[2];
    static Endpoint endpoint;
    (void)state;
    g_autoptr(GError) error = NULL;
    lab_skip_unless_slapd();
    lab = lab_start("slapd", "--nosync --syncprov");
    lab_ldif_load(lab, "dn: " PEOPLE "\nobjectClass: organizationalUnit\nou: people\n");
    meddler = meddler_start(lab->uri);
    endpoint = endpoint_of(uris);
    uris[0] = meddler_uri(meddler);
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        meddler_refuse_searches_after(meddler, 0, SYNC_CONTROL, answers[i].result);
        assert_refused(&endpoint, answers[i].code, answers[i].text);
        meddler_refuse_searches_after(meddler, 1, SYNC_CONTROL, answers[i].result); /* the one that stays */
        watch = directory_watch(&endpoint, &request, 1, &error);
        assert_null(error);
        assert_lost(answers[i].code);
        directory_watch_close(watch);
        watch = NULL;
    }
    meddler_refuse_searches_after(meddler, 0, SYNC_CONTROL, 0);
    watch = directory_watch(&endpoint, &request, 1, &error);
    if (!watch)
        fail_msg("%s", error->message);
    load_person("ada", PEOPLE);
    assert_told();
}

/* Counted by themselves, so that the trouble can come at a search behind them. */
static unsigned searches_of_opening(const Endpoint *endpoint)
{
    g_autoptr(GError) error = NULL;
    meddler_plan_any(meddler, MEDDLE_NOT, 0, 0, 0);
    Directory *directory = directory_open(endpoint, &error);
    if (!directory)
        fail_msg("%s", error->message);
    directory_close(directory);
    return meddler_writes(meddler);
}

/* With a new connection the second would be watched, and nobody would tell of the first. */
static void of_two_watches_none_goes_unnoticed_with_the_connection(void **state)
{
    static const ReadRequest both[] = {{.base = PEOPLE, .scope = SEARCH_SUBTREE},
                                       {.base = OTHERS, .scope = SEARCH_SUBTREE}};
    char *uris[2];
    (void)state;
    g_autoptr(GError) error = NULL, cause = NULL;
    lab_skip_unless_slapd();
    lab = lab_start("slapd", "--nosync --syncprov");
    lab_ldif_load(lab, "dn: " PEOPLE "\nobjectClass: organizationalUnit\nou: people\n\ndn: " OTHERS
                       "\nobjectClass: organizationalUnit\nou: others\n");
    meddler = meddler_start(lab->uri);
    Endpoint endpoint = endpoint_of(uris);
    uris[0] = meddler_uri(meddler);
    unsigned cookie_of_second = searches_of_opening(&endpoint) + 3; /* behind cookie and watch of the first */
    meddler_plan_any(meddler, MEDDLE_CUT_BEFORE, 0, cookie_of_second, cookie_of_second);
    watch = directory_watch(&endpoint, both, 2, &error);
    assert_true(meddler_writes(meddler) >= cookie_of_second);
    assert_null(watch);
    if (!error_is(error, ERROR_UNREACHABLE) || !strstr(error->message, "while its watches were opened"))
        fail_msg("%s: %s", error_name(error), error->message);

    watch = directory_watch(&endpoint, both, 2, &cause); /* as the daemon does */
    if (!watch)
        fail_msg("%s", cause->message);
    load_person("ada", PEOPLE);
    assert_told();
    settle();
    load_person("bob", OTHERS);
    assert_told();
    directory_watch_close(watch); /* before its endpoint */
    watch = NULL;
}

static void samba_tells(void **state)
{
    (void)state;
    lab_skip_unless("samba");
    open_server("samba", NULL, NULL);
    assert_tells_changes();
}

static void ds389_tells(void **state)
{
    (void)state;
    lab_skip_unless("389");
    open_server("389", "--sync", NULL);
    assert_tells_changes();
}

/* --- files --- */

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void open_file(Endpoint *endpoint, const char *checksum)
{
    g_autoptr(GError) error = NULL;
    folder = g_dir_make_tmp("watch-XXXXXX", NULL);
    *endpoint = (Endpoint){.driver = (char *)"ldif", .path = in_folder("people.ldif")};
    endpoint->checksum = checksum ? in_folder(checksum) : NULL;
    watch = directory_watch(endpoint, NULL, 0, &error);
    if (!watch)
        fail_msg("%s", error->message);
}

static void close_file(Endpoint *endpoint)
{
    directory_watch_close(watch);
    watch = NULL;
    g_free(endpoint->path);
    g_free(endpoint->checksum);
}

static void a_file_tells_when_it_is_written_or_replaced(void **state)
{
    Endpoint endpoint;
    (void)state;
    open_file(&endpoint, "people.sha256");
    g_autofree char *new = in_folder("people.ldif.new");
    g_autofree char *copy = in_folder("people.ldif.old");
    write_text(endpoint.path, "new");
    assert_told();
    write_text(endpoint.path, "again");
    assert_told();
    settle();
    write_text(new, "replaced");
    assert_false(look(50, NULL));
    assert_int_equal(g_rename(new, endpoint.path), 0);
    assert_told();
    write_text(endpoint.checksum, "sum");
    assert_told();
    settle();
    assert_int_equal(g_rename(endpoint.path, copy), 0); /* taken away: not yet a change */
    g_remove(copy);
    assert_false(look(50, NULL));
    close_file(&endpoint);
}

/* A writer that has not finished is waited for. */
static void a_file_that_is_being_written_is_no_change(void **state)
{
    Endpoint endpoint;
    (void)state;
    open_file(&endpoint, NULL);
    FILE *file = fopen(endpoint.path, "we");
    assert_non_null(file);
    fputs("half of it", file);
    fflush(file);
    assert_false(look(50, NULL));
    fclose(file);
    assert_told();
    close_file(&endpoint);
}

static void the_target_of_a_link_is_watched(void **state)
{
    Endpoint endpoint = {.driver = (char *)"csv"};
    g_autoptr(GError) error = NULL;
    (void)state;
    folder = g_dir_make_tmp("watch-XXXXXX", NULL);
    g_autofree char *below = in_folder("below");
    g_autofree char *target = g_build_filename(below, "today.csv", NULL);
    assert_int_equal(g_mkdir(below, 0700), 0);
    write_text(target, "one");
    endpoint.path = in_folder("people.csv");
    assert_int_equal(symlink(target, endpoint.path), 0);
    watch = directory_watch(&endpoint, NULL, 0, &error);
    assert_null(error);
    write_text(target, "two");
    assert_told();
    close_file(&endpoint);
}

/* people.csv in a folder of its own; g_free(). */
static char *make_export(const char *name)
{
    g_autofree char *below = in_folder(name);
    char *file = g_build_filename(below, "people.csv", NULL);
    assert_int_equal(g_mkdir(below, 0700), 0);
    write_text(file, name);
    return file;
}

/* As ln -sfn does it, or without a name that is always there. */
static void point(const char *link, const char *target, bool by_rename)
{
    g_autofree char *new = g_strconcat(link, ".new", NULL);
    if (!by_rename)
        g_unlink(link);
    assert_int_equal(symlink(target, by_rename ? new : link), 0);
    if (by_rename)
        assert_int_equal(g_rename(new, link), 0);
}

/* @link is the last part of the path (targets are files) or one before it (targets are folders). */
static void assert_switch_is_seen(const char *link, bool by_rename)
{
    Endpoint endpoint = {.driver = (char *)"csv"};
    g_autoptr(GError) error = NULL;
    folder = g_dir_make_tmp("watch-XXXXXX", NULL);
    g_autofree char *monday = make_export("monday"), *tuesday = make_export("tuesday");
    bool of_file = g_str_has_suffix(link, ".csv");
    g_autofree char *name = in_folder(link);
    point(name, of_file ? "monday/people.csv" : "monday", false);
    endpoint.path = of_file ? g_strdup(name) : g_build_filename(name, "people.csv", NULL);
    watch = directory_watch(&endpoint, NULL, 0, &error);
    assert_null(error);
    point(name, of_file ? tuesday : "tuesday", by_rename);
    assert_told();
    settle();
    write_text(monday, "nobody reads this any more");
    assert_false(look(50, NULL));
    write_text(tuesday, "new");
    assert_told();
    settle();
    point(name, of_file ? monday : "monday", by_rename); /* and back */
    assert_told();
    settle();
    write_text(monday, "new");
    assert_told();
    close_file(&endpoint);
    remove_folder(folder);
    g_clear_pointer(&folder, g_free);
}

static void a_link_that_is_switched_is_followed(void **state)
{
    (void)state;
    for (int by_rename = 0; by_rename < 2; by_rename++) {
        assert_switch_is_seen("today.csv", by_rename);
        assert_switch_is_seen("today", by_rename);
        assert_switch_is_seen("tuesday/../today", by_rename);
    }
}

/* drop/out/people.csv, and the whole of drop is another: who watches must begin anew. */
static void a_folder_further_up_that_is_replaced_is_noticed(void **state)
{
    Endpoint endpoint = {.driver = (char *)"csv"};
    g_autoptr(GError) error = NULL;
    (void)state;
    folder = g_dir_make_tmp("watch-XXXXXX", NULL);
    g_autofree char *drop = in_folder("drop"), *old = in_folder("drop.old"), *new = in_folder("drop.new");
    assert_int_equal(g_mkdir(drop, 0700), 0);
    assert_int_equal(g_mkdir(new, 0700), 0);
    g_autofree char *before = make_export("drop/out"), *after = make_export("drop.new/out");
    assert_non_null(after);
    endpoint.path = g_strdup(before);
    watch = directory_watch(&endpoint, NULL, 0, &error);
    assert_null(error);
    assert_int_equal(g_rename(drop, old), 0);
    assert_int_equal(g_rename(new, drop), 0);
    assert_lost(ERROR_SOURCE);
    close_file(&endpoint);
}

static void links_without_end_are_said(void **state)
{
    Endpoint endpoint = {.driver = (char *)"csv"};
    g_autoptr(GError) error = NULL;
    (void)state;
    folder = g_dir_make_tmp("watch-XXXXXX", NULL);
    endpoint.path = in_folder("people.csv");
    point(endpoint.path, "people.csv", false);
    watch = directory_watch(&endpoint, NULL, 0, &error);
    assert_null(watch);
    assert_true(error_is(error, ERROR_SOURCE));
    assert_non_null(strstr(error->message, "symbolic links"));
    close_file(&endpoint);
}

static void a_folder_that_is_missing_or_goes_is_said(void **state)
{
    Endpoint endpoint;
    g_autoptr(GError) error = NULL;
    (void)state;
    open_file(&endpoint, NULL);
    g_remove(folder);
    assert_lost(ERROR_SOURCE);
    directory_watch_close(watch);
    watch = directory_watch(&endpoint, NULL, 0, &error);
    assert_null(watch);
    assert_true(error_is(error, ERROR_SOURCE));
    assert_non_null(strstr(error->message, endpoint.path));
    close_file(&endpoint);
}

#define CASE(test) cmocka_unit_test_teardown(test, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(slapd_tells),
        CASE(slapd_with_a_session_log_tells),
        CASE(slapd_tells_of_who_enters_and_leaves_the_filter_and_of_nobody_else),
        CASE(a_server_that_goes_is_noticed),
        CASE(a_server_that_is_killed_is_noticed),
        CASE(what_cannot_be_watched_says_why),
        CASE(a_server_that_is_busy_can_be_watched_later),
        CASE(of_two_watches_none_goes_unnoticed_with_the_connection),
        CASE(a_file_tells_when_it_is_written_or_replaced),
        CASE(a_file_that_is_being_written_is_no_change),
        CASE(the_target_of_a_link_is_watched),
        CASE(a_link_that_is_switched_is_followed),
        CASE(a_folder_further_up_that_is_replaced_is_noticed),
        CASE(links_without_end_are_said),
        CASE(a_folder_that_is_missing_or_goes_is_said),
        CASE(samba_tells),
        CASE(ds389_tells),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}

/*
 * test_ldap_dirsync.c - what a real Active Directory (Samba) tells of its changes, by DirSync
 *
 * A case is what happened since the cursor and what is told of it; after each,
 * whoever only heard of the changes must know what a read delivers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/ldif.h"
#include "tests/lab/ldap_case.h"
#include "tests/lab/mirror.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE "DC=example,DC=com"
#define STAFF "OU=staff," BASE
#define AWAY "OU=away," BASE
#define TEAM "OU=team," STAFF
#define MANY 250

static const char *const all[] = {"*", NULL};
static const ReadRequest contacts = {.base = STAFF,
                                     .scope = SEARCH_SUBTREE,
                                     .filter = "(&(objectClass=contact)(!(description=hidden)))",
                                     .attributes = all};

/** The server that the cases share. */
static struct {
    char *folder, *uri, *bind_dn, *password;
} ad;

/* --- the server --- */

static char *run(const char *verb, int *status)
{
    g_autofree char *script = lab_source_file("tests/lab/samba");
    char *argv[] = {script, (char *)verb, ad.folder, strcmp(verb, "start") == 0 ? (char *)"--no-schema" : NULL, NULL};
    char *output = NULL;
    g_autofree char *complaint = NULL;
    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &complaint, status, NULL))
        *status = 77 << 8; /* there is no such script */
    if (*status && complaint)
        print_message("# %s", complaint);
    return output ? g_strchomp(output) : g_strdup("");
}

static char *text_of(const char *name)
{
    g_autofree char *path = g_build_filename(ad.folder, name, NULL);
    char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return g_strchomp(text);
}

/* Started with the first case; where it cannot be, the cases are skipped, but not in CI. */
static void need_server(void)
{
    int status = 0;
    if (!ad.folder) {
        ad.folder = g_dir_make_tmp("ad-XXXXXX", NULL);
        g_free(run("start", &status));
        if (!status) {
            ad.uri = run("uri", &status);
            ad.bind_dn = text_of("bind-dn");
            ad.password = text_of("password");
            g_setenv("LAB_PASSWORD", ad.password, TRUE);
        }
    }
    if (ad.uri)
        return;
    if (g_strcmp0(g_getenv("CI"), "true") == 0)
        fail_msg("Samba cannot be started, and CI must not skip");
    g_printerr("\n*** SKIPPED: Samba cannot be started as a domain controller ***\n\n");
    skip();
}

static void remove_tree(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
        const char *name;
        while (folder && (name = g_dir_read_name(folder))) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            remove_tree(child);
        }
    }
    g_remove(path);
}

static int stop_server(void **state)
{
    (void)state;
    int status = 0;
    if (ad.uri)
        g_free(run("stop", &status));
    if (ad.folder)
        remove_tree(ad.folder);
    g_free(ad.folder);
    g_free(ad.uri);
    g_free(ad.bind_dn);
    g_free(ad.password);
    return status;
}

static Directory *open_ad(Place *place, const char *bind_dn)
{
    place_init(place, ad.uri, BIND_SIMPLE);
    place->endpoint.base = (char *)BASE;
    place->endpoint.bind_dn = (char *)bind_dn;
    place->endpoint.password = (SecretSource){SECRET_ENVIRONMENT, (char *)"LAB_PASSWORD"};
    place->endpoint.timeout = 60;
    return open_place(place);
}

static void load(Directory *directory, const char *ldif)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), "changes");
    g_autoptr(GError) error = NULL;
    Change *next;
    while (ldif_read_change(reader, &next, &error) == RECORD_GOOD) {
        g_autoptr(Change) change = next;
        assert_done(directory, change);
    }
    assert_null(error);
}

#define UNIT(dn, name) "dn: " dn "\nchangetype: add\nobjectClass: organizationalUnit\nou: " name "\n\n"
#define ADD(name, parent) "dn: CN=" name "," parent "\nchangetype: add\nobjectClass: contact\ncn: " name "\n\n"
#define ADD_HIDDEN(name, parent)                                                                               \
    "dn: CN=" name "," parent "\nchangetype: add\nobjectClass: contact\ncn: " name "\ndescription: hidden\n\n"
#define MODIFY(dn) "dn: " dn "\nchangetype: modify\nadd: mail\nmail: a@x.example\n-\n\n"
#define HIDE(dn) "dn: " dn "\nchangetype: modify\nadd: description\ndescription: hidden\n-\n\n"
#define SHOW(dn) "dn: " dn "\nchangetype: modify\ndelete: description\n-\n\n"
#define DELETE(dn) "dn: " dn "\nchangetype: delete\n\n"
#define MOVE(dn, rdn, to) \
    "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\nnewsuperior: " to "\n\n"

static const char tree[] = UNIT(STAFF, "staff") UNIT(AWAY, "away") UNIT(TEAM, "team") ADD("p0", STAFF)
    ADD("p1", STAFF) ADD("p2", TEAM) ADD("q0", AWAY) ADD_HIDDEN("h0", STAFF);

static gint longer_name_first(gconstpointer a, gconstpointer b)
{
    size_t left = strlen(entry_dn(*(const Entry *const *)a)), right = strlen(entry_dn(*(const Entry *const *)b));
    return (left < right) - (left > right);
}

static Directory *fresh_ad(Place *place)
{
    static const char *const roots[] = {STAFF, AWAY, "OU=crew," BASE};
    need_server();
    Directory *directory = open_ad(place, ad.bind_dn);
    for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
        ReadRequest below = {.base = roots[i], .scope = SEARCH_SUBTREE};
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) left = directory_search(directory, &below, 10000, &error);
        assert_null(error);
        g_ptr_array_sort(left, longer_name_first); /* what lies below has a longer name */
        for (guint n = 0; n < left->len; n++) {
            g_autoptr(Change) change = change_new(CHANGE_DELETE, entry_dn(g_ptr_array_index(left, n)));
            assert_done(directory, change);
        }
    }
    load(directory, tree);
    return directory;
}

/* --- what is told --- */

typedef struct {
    const char *what, *changes, *told; /* "full: " and a part of the reason */
} ChangeCase;

static const ChangeCase change_cases[] = {
    {"nothing", "", ""},
    {"modified", MODIFY("CN=p0," STAFF), "CN=p0"},
    {"added", ADD("p9", STAFF), "CN=p9"},
    {"deleted", DELETE("CN=p1," STAFF), "-CN=p1"},
    {"added and deleted", ADD("p9", STAFF) DELETE("CN=p9," STAFF), ""},
    {"deleted and added again", DELETE("CN=p1," STAFF) ADD("p1", STAFF), "-CN=p1 CN=p1"},
    {"renamed", MOVE("CN=p0," STAFF, "CN=new", STAFF), "CN=new"},
    {"moved to another container", MOVE("CN=p0," STAFF, "CN=p0", TEAM), "CN=p0"},
    {"left the filter", HIDE("CN=p1," STAFF), "-CN=p1"},
    {"came into the filter", SHOW("CN=h0," STAFF), "CN=h0"},
    {"left the base", MOVE("CN=p1," STAFF, "CN=p1", AWAY), "-CN=p1"},
    {"came below the base", MOVE("CN=q0," AWAY, "CN=q0", STAFF), "CN=q0"},
    {"elsewhere modified", MODIFY("CN=q0," AWAY), ""},
    {"elsewhere deleted", DELETE("CN=q0," AWAY), ""},
    {"elsewhere a container renamed", MOVE(AWAY, "OU=crew", BASE), ""},
    {"a container described", HIDE(TEAM), ""},
    {"a container renamed", MOVE(TEAM, "OU=crew", STAFF), "full: a container was"},
    {"a container moved out", MOVE(TEAM, "OU=crew", BASE), "full: a container was"},
    {"a container moved in", MOVE(AWAY, "OU=away", STAFF), "full: a container was"},
};

static bool as_expected(const char *told, const char *expected)
{
    return g_str_has_prefix(expected, "full: ") ? g_str_has_prefix(told, expected) : strcmp(told, expected) == 0;
}

static void run_case(const ChangeCase *c)
{
    Place place;
    Mirror mirror;
    g_autoptr(Directory) directory = fresh_ad(&place);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    assert_string_equal(mirror_told(&mirror), "CN=p0 CN=p1 CN=p2");
    assert_non_null(mirror.cursor);
    load(directory, c->changes);
    mirror_ask(&mirror, directory, &contacts);
    if (!as_expected(mirror_told(&mirror), c->told))
        fail_msg("%s: told \"%s\", expected \"%s\"", c->what, mirror_told(&mirror), c->told);
    assert_int_equal(mirror.cursor == NULL, mirror.result.full_reason != NULL);
    if (mirror.result.full_reason)
        mirror_ask(&mirror, directory, &contacts);
    mirror_assert_true(&mirror, directory, &contacts);
    mirror_ask(&mirror, directory, &contacts); /* and nothing is left to tell */
    assert_string_equal(mirror_told(&mirror), "");
    mirror_clear(&mirror);
}

static void a_domain_controller_tells_what_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(change_cases); i++)
        run_case(&change_cases[i]);
}

static void a_domain_controller_is_known_to_tell(void **state)
{
    (void)state;
    Place place;
    need_server();
    g_autoptr(Directory) directory = open_ad(&place, ad.bind_dn);
    assert_true(directory_describe(directory)->capabilities & CAN_TELL_CHANGES);
    assert_string_equal(directory_describe(directory)->default_anchor, "objectGUID");
}

static void more_than_one_filter_holds_are_found(void **state)
{
    (void)state;
    Place place;
    Mirror mirror;
    g_autoptr(Directory) directory = fresh_ad(&place);
    g_autoptr(GString) add = g_string_new(NULL), remove = g_string_new(NULL);
    for (int n = 0; n < MANY; n++) {
        g_string_append_printf(add, ADD("m%d", STAFF), n, n);
        if (n % 2)
            g_string_append_printf(remove, DELETE("CN=m%d," STAFF), n);
        else
            g_string_append_printf(remove, MODIFY("CN=m%d," STAFF), n);
    }
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    load(directory, add->str);
    mirror_ask(&mirror, directory, &contacts);
    assert_int_equal(mirror.result.read.entries, MANY);
    mirror_assert_true(&mirror, directory, &contacts);
    load(directory, remove->str);
    mirror_ask(&mirror, directory, &contacts);
    assert_int_equal(mirror.result.read.entries, MANY / 2);
    assert_int_equal(g_hash_table_size(mirror.entries), 3 + MANY / 2);
    mirror_assert_true(&mirror, directory, &contacts);
    mirror_clear(&mirror);
}

static void an_account_without_the_right_reads_without_a_cursor(void **state)
{
    (void)state;
    Place place;
    Mirror mirror;
    directory_close(fresh_ad(&place));
    g_autoptr(Directory) directory = open_ad(&place, "user@example.com");
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    assert_string_equal(mirror_told(&mirror), "CN=p0 CN=p1 CN=p2");
    assert_int_equal(mirror.result.read.proof, PROOF_COMPLETE);
    assert_null(mirror.cursor);
    assert_non_null(strstr(mirror.result.no_cursor, "Replicating Directory Changes"));
    mirror_clear(&mirror);
}

/* The cursor with field @field replaced, counted from the end. */
static char *with_field(const char *cursor, guint from_end, const char *text)
{
    g_auto(GStrv) fields = g_strsplit(cursor, " ", -1);
    guint at = g_strv_length(fields) - 1 - from_end;
    g_free(fields[at]);
    fields[at] = g_uri_escape_string(text, NULL, FALSE);
    return g_strjoinv(" ", fields);
}

static void a_damaged_cursor_is_a_full_read(void **state)
{
    (void)state;
    static const struct {
        guint from_end;
        const char *text;
    } damages[] = {{0, "cnViYmlzaA=="}, {0, "TVNEUwMAAAA="}, {1, "3-0"}, {2, "another request"}, {3, "CN=NTDS Settings,CN=OTHER x"}};
    Place place;
    g_autoptr(Directory) directory = fresh_ad(&place);
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        Mirror mirror;
        mirror_init(&mirror);
        mirror_ask(&mirror, directory, &contacts);
        char *bad = with_field(mirror.cursor, damages[i].from_end, damages[i].text);
        g_free(mirror.cursor);
        mirror.cursor = bad;
        mirror_ask(&mirror, directory, &contacts);
        if (!g_str_has_prefix(mirror_told(&mirror), "full: "))
            fail_msg("damage %zu: told \"%s\"", i, mirror_told(&mirror));
        assert_null(mirror.cursor);
        mirror_clear(&mirror);
    }
}

static bool count_change(const DirectoryChange *change, void *data, GError **error)
{
    (void)error;
    assert_int_equal(change->told, TOLD_ENTRY);
    ++*(int *)data;
    return true;
}

static void a_request_without_the_identity_gives_no_cursor(void **state)
{
    (void)state;
    static const char *const names[] = {"cn", NULL};
    Place place;
    int entries = 0;
    g_autoptr(Directory) directory = fresh_ad(&place);
    ReadRequest request = contacts;
    request.attributes = names;
    ChangesResult result;
    assert_true(directory_changes(directory, &request, NULL, count_change, &entries, &result, NULL));
    assert_int_equal(entries, 3);
    assert_null(result.cursor);
    assert_non_null(strstr(result.no_cursor, "objectGUID"));
    changes_result_clear(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_controller_is_known_to_tell),
        cmocka_unit_test(a_domain_controller_tells_what_changed),
        cmocka_unit_test(more_than_one_filter_holds_are_found),
        cmocka_unit_test(an_account_without_the_right_reads_without_a_cursor),
        cmocka_unit_test(a_damaged_cursor_is_a_full_read),
        cmocka_unit_test(a_request_without_the_identity_gives_no_cursor),
    };
    return cmocka_run_group_tests_name("LDAP driver: DirSync", tests, NULL, stop_server);
}

/*
 * test_ldap_identities.c - servers of whose changes only identities are taken
 *
 * A real Active Directory (Samba), by DirSync, and a real 389, by RFC 4533. A case is what happened since the
 * cursor and what is told of it; after each, whoever only heard of the changes must know what a read
 * delivers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/ldif.h"
#include "tests/lab/ldap_case.h"
#include "tests/lab/missing.h"
#include "tests/lab/mirror.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE "DC=example,DC=com"
#define STAFF "OU=staff," BASE
#define AWAY "OU=away," BASE
#define TEAM "OU=team," STAFF
#define CREW "OU=crew," BASE
#define MANY 250

/** A server that cases share. */
typedef struct {
    const char *kind, *option, *class, *anchor; /* script of tests/lab, its option, class of people */
    char *folder, *uri, *bind_dn, *password;
} Server;

static Server servers[] = {
    {.kind = "samba", .option = "--no-schema", .class = "contact", .anchor = "objectGUID"},
    {.kind = "389", .option = "--sync", .class = "inetOrgPerson", .anchor = "nsUniqueId"},
};
static Server *const ad = &servers[0], *const ds = &servers[1];

static const char *attributes[] = {"*", NULL, NULL};
static const ReadRequest people = {.base = STAFF,
                                   .scope = SEARCH_SUBTREE,
                                   .filter = "(&(sn=x)(!(description=hidden)))",
                                   .attributes = attributes};

/* --- the server --- */

static char *run(const Server *server, const char *verb, int *status)
{
    g_autofree char *name = g_strconcat("tests/lab/", server->kind, NULL);
    g_autofree char *script = lab_source_file(name);
    const char *option = strcmp(verb, "start") == 0 ? server->option : NULL;
    char *argv[] = {
        script, (char *)verb, server->folder, (char *)option, (char *)(option ? "--no-schema" : NULL), NULL};
    char *output = NULL;
    g_autofree char *complaint = NULL;
    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &complaint, status, NULL))
        *status = 77 << 8; /* there is no such script */
    if (*status && complaint)
        print_message("# %s", complaint);
    return output ? g_strchomp(output) : g_strdup("");
}

static char *text_of(const Server *server, const char *name)
{
    g_autofree char *path = g_build_filename(server->folder, name, NULL);
    char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return g_strchomp(text);
}

static void set_changelog(Server *server, bool with_identities);

/* Started with the first case; where it cannot be, the cases are skipped, but not in CI. */
static void need_server(Server *server)
{
    int status = 0;
    attributes[1] = server->anchor;
    if (!server->folder) {
        server->folder = g_dir_make_tmp("dir-XXXXXX", NULL);
        g_free(run(server, "start", &status));
        if (!status) {
            server->uri = run(server, "uri", &status);
            server->bind_dn = text_of(server, "bind-dn");
            server->password = text_of(server, "password");
            if (server == ds)
                set_changelog(server, true);
        }
    }
    if (server->uri) {
        g_setenv("LAB_PASSWORD", server->password, TRUE);
        return;
    }
    skip_missing("%s cannot be started", server->kind);
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

static int stop_servers(void **state)
{
    (void)state;
    int failed = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(servers); i++) {
        int status = 0;
        if (servers[i].uri)
            g_free(run(&servers[i], "stop", &status));
        if (servers[i].folder)
            remove_tree(servers[i].folder);
        g_free(servers[i].folder);
        g_free(servers[i].uri);
        g_free(servers[i].bind_dn);
        g_free(servers[i].password);
        failed |= status;
    }
    return failed;
}

static Directory *open_server(const Server *server, Place *place, const char *bind_dn)
{
    g_setenv("LAB_PASSWORD", server->password, TRUE);
    place_init(place, server->uri, BIND_SIMPLE);
    place->endpoint.base = (char *)BASE;
    place->endpoint.bind_dn = (char *)bind_dn;
    place->endpoint.password = (SecretSource){SECRET_ENVIRONMENT, (char *)"LAB_PASSWORD"};
    place->endpoint.timeout = 60;
    return open_place(place);
}

static void load(const Server *server, Directory *directory, const char *ldif)
{
    GString *text = g_string_new(ldif);
    g_string_replace(text, "CLASS", server->class, 0);
    g_autofree char *changes = g_string_free(text, FALSE);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(changes, strlen(changes), "changes");
    g_autoptr(GError) error = NULL;
    Change *next;
    while (ldif_read_change(reader, &next, &error) == RECORD_GOOD) {
        g_autoptr(Change) change = next;
        assert_done(directory, change);
    }
    assert_null(error);
}

#define UNIT(dn, name) "dn: " dn "\nchangetype: add\nobjectClass: organizationalUnit\nou: " name "\n\n"
#define ADD(name, parent)                                                                                    \
    "dn: CN=" name "," parent "\nchangetype: add\nobjectClass: CLASS\nsn: x\ncn: " name "\n\n"
#define ADD_HIDDEN(name, parent)                                                                             \
    "dn: CN=" name "," parent "\nchangetype: add\nobjectClass: CLASS\nsn: x\ncn: " name                      \
    "\ndescription: hidden\n\n"
#define MODIFY(dn) "dn: " dn "\nchangetype: modify\nadd: mail\nmail: a@x.example\n-\n\n"
#define HIDE(dn) "dn: " dn "\nchangetype: modify\nadd: description\ndescription: hidden\n-\n\n"
#define SHOW(dn) "dn: " dn "\nchangetype: modify\ndelete: description\n-\n\n"
#define DELETE(dn) "dn: " dn "\nchangetype: delete\n\n"
#define MOVE(dn, rdn, to)                                                                                    \
    "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\nnewsuperior: " to "\n\n"

static const char tree[] = UNIT(STAFF, "staff") UNIT(AWAY, "away") UNIT(TEAM, "team") ADD("p0", STAFF)
    ADD("p1", STAFF) ADD("p2", TEAM) ADD("q0", AWAY) ADD_HIDDEN("h0", STAFF);

static gint longer_name_first(gconstpointer a, gconstpointer b)
{
    size_t left = strlen(entry_dn(*(const Entry *const *)a)),
           right = strlen(entry_dn(*(const Entry *const *)b));
    return (left < right) - (left > right);
}

static Directory *fresh_tree_on(Server *server, Place *place)
{
    static const char *const roots[] = {STAFF, AWAY, CREW};
    need_server(server);
    Directory *directory = open_server(server, place, server->bind_dn);
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
    load(server, directory, tree);
    return directory;
}

/* Without the identities in it the changelog of 389 is of no use. It counts from the next start on. */
static void set_changelog(Server *server, bool with_identities)
{
    static const char plugin[] = "cn=Retro Changelog Plugin,cn=plugins,cn=config";
    int status = 0;
    Place place;
    Directory *directory = open_server(server, &place, server->bind_dn);
    g_autoptr(Entry) entry = find_one(directory, plugin);
    assert_non_null(entry);
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, plugin);
    if (attribute_of(entry, "nsslapd-attribute"))
        modify(change, MODIFY_DELETE, "nsslapd-attribute", NULL);
    if (with_identities)
        modify(change, MODIFY_ADD, "nsslapd-attribute", "nsuniqueid:targetUniqueId");
    if (change->n_modifications)
        assert_done(directory, change);
    directory_close(directory);
    g_free(run(server, "stop", &status));
    g_free(run(server, "restart", &status));
    assert_int_equal(status, 0);
}

/* --- what is told --- */

typedef struct {
    const char *what, *changes, *told; /* "full: " and a part of the reason */
    const char *told_by_389;           /* NULL: the same */
} ChangeCase;

static const ChangeCase change_cases[] = {
    {"nothing", "", "", NULL},
    {"modified", MODIFY("CN=p0," STAFF), "CN=p0", NULL},
    {"added", ADD("p9", STAFF), "CN=p9", NULL},
    {"deleted", DELETE("CN=p1," STAFF), "-CN=p1", NULL},
    {"added and deleted", ADD("p9", STAFF) DELETE("CN=p9," STAFF), "", "full: something has changed"},
    {"deleted and added again", DELETE("CN=p1," STAFF) ADD("p1", STAFF), "-CN=p1 CN=p1", NULL},
    {"renamed", MOVE("CN=p0," STAFF, "CN=new", STAFF), "CN=new", NULL},
    {"moved to another container", MOVE("CN=p0," STAFF, "CN=p0", TEAM), "CN=p0", NULL},
    {"left the filter", HIDE("CN=p1," STAFF), "-CN=p1", NULL},
    {"came into the filter", SHOW("CN=h0," STAFF), "CN=h0", NULL},
    {"left the base", MOVE("CN=p1," STAFF, "CN=p1", AWAY), "-CN=p1", NULL},
    {"came below the base", MOVE("CN=q0," AWAY, "CN=q0", STAFF), "CN=q0", NULL},
    {"elsewhere modified", MODIFY("CN=q0," AWAY), "", NULL},
    {"elsewhere deleted", DELETE("CN=q0," AWAY), "", NULL},
    {"elsewhere a container renamed", MOVE(AWAY, "OU=crew", BASE), "", NULL},
    {"a container described", HIDE(TEAM), "", NULL},
    {"a container renamed", MOVE(TEAM, "OU=crew", STAFF), "full: a container was", NULL},
    {"a container moved out", MOVE(TEAM, "OU=crew", BASE), "full: a container was", NULL},
    {"a container moved in", MOVE(AWAY, "OU=away", STAFF), "full: a container was", NULL},
};

static bool as_expected(const char *told, const char *expected)
{
    return g_str_has_prefix(expected, "full: ") ? g_str_has_prefix(told, expected)
                                                : strcmp(told, expected) == 0;
}

static void run_case(Server *server, const ChangeCase *c)
{
    Place place;
    Mirror mirror;
    g_autoptr(Directory) directory = fresh_tree_on(server, &place);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &people);
    assert_string_equal(mirror_told(&mirror), "CN=p0 CN=p1 CN=p2");
    assert_non_null(mirror.cursor);
    load(server, directory, c->changes);
    mirror_ask(&mirror, directory, &people);
    const char *expected = server == ds && c->told_by_389 ? c->told_by_389 : c->told;
    if (!as_expected(mirror_told(&mirror), expected))
        fail_msg("%s: told \"%s\", expected \"%s\"", c->what, mirror_told(&mirror), expected);
    assert_int_equal(mirror.cursor == NULL, mirror.result.full_reason != NULL);
    if (mirror.result.full_reason)
        mirror_ask(&mirror, directory, &people);
    mirror_assert_true(&mirror, directory, &people);
    mirror_ask(&mirror, directory, &people); /* and nothing is left to tell */
    assert_string_equal(mirror_told(&mirror), "");
    mirror_clear(&mirror);
}

/* The state of a case is its server. */
static void it_tells_what_changed(void **state)
{
    Server *server = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(change_cases); i++)
        run_case(server, &change_cases[i]);
}

static void it_is_known_to_tell(void **state)
{
    Server *server = *state;
    Place place;
    need_server(server);
    g_autoptr(Directory) directory = open_server(server, &place, server->bind_dn);
    assert_true(directory_describe(directory)->capabilities & CAN_TELL_CHANGES);
    assert_string_equal(directory_describe(directory)->default_anchor, server->anchor);
}

static void more_than_one_filter_holds_are_found(void **state)
{
    Server *server = *state;
    Place place;
    Mirror mirror;
    g_autoptr(Directory) directory = fresh_tree_on(server, &place);
    g_autoptr(GString) add = g_string_new(NULL), remove = g_string_new(NULL);
    for (int n = 0; n < MANY; n++) {
        g_string_append_printf(add, ADD("m%d", STAFF), n, n);
        if (n % 2)
            g_string_append_printf(remove, DELETE("CN=m%d," STAFF), n);
        else
            g_string_append_printf(remove, MODIFY("CN=m%d," STAFF), n);
    }
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &people);
    load(server, directory, add->str);
    mirror_ask(&mirror, directory, &people);
    assert_int_equal(mirror.result.read.entries, MANY);
    mirror_assert_true(&mirror, directory, &people);
    load(server, directory, remove->str);
    mirror_ask(&mirror, directory, &people);
    /* 389 loses a delete whenever 50 were told. */
    assert_int_equal(g_str_has_prefix(mirror_told(&mirror), "full: many entries were deleted"), server == ds);
    if (server == ds)
        mirror_ask(&mirror, directory, &people);
    else
        assert_int_equal(mirror.result.read.entries, MANY / 2);
    assert_int_equal(g_hash_table_size(mirror.entries), 3 + MANY / 2);
    mirror_assert_true(&mirror, directory, &people);
    mirror_clear(&mirror);
}

static void an_account_without_the_right_reads_without_a_cursor(void **state)
{
    Server *server = *state;
    Place place;
    Mirror mirror;
    directory_close(fresh_tree_on(server, &place));
    g_autoptr(Directory) directory = open_server(server, &place, "user@example.com");
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &people);
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
    Server *server = *state;
    static const struct {
        guint from_end;
        const char *text;
    } damages[] = {{0, "cnViYmlzaA=="},
                   {0, "TVNEUwMAAAA="},
                   {1, "3-0"},
                   {2, "another request"},
                   {3, "CN=NTDS Settings,CN=OTHER x"}};
    Place place;
    g_autoptr(Directory) directory = fresh_tree_on(server, &place);
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        Mirror mirror;
        mirror_init(&mirror);
        mirror_ask(&mirror, directory, &people);
        char *bad = with_field(mirror.cursor, damages[i].from_end, damages[i].text);
        g_free(mirror.cursor);
        mirror.cursor = bad;
        mirror_ask(&mirror, directory, &people);
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
    Server *server = *state;
    static const char *const names[] = {"cn", NULL};
    Place place;
    int entries = 0;
    g_autoptr(Directory) directory = fresh_tree_on(server, &place);
    ReadRequest request = people;
    request.attributes = names;
    ChangesResult result;
    assert_true(directory_changes(directory, &request, NULL, count_change, &entries, &result, NULL));
    assert_int_equal(entries, 3);
    assert_null(result.cursor);
    assert_non_null(strstr(result.no_cursor, server->anchor));
    changes_result_clear(&result);
}

/* Counted, and not told: what a client that believes it would miss for good. */
static void a_changelog_without_identities_is_a_full_read(void **state)
{
    Server *server = *state;
    Place place;
    Mirror mirror;
    directory_close(fresh_tree_on(server, &place));
    set_changelog(server, false);
    g_autoptr(Directory) directory = open_server(server, &place, server->bind_dn);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &people);
    assert_non_null(mirror.cursor);
    load(server, directory, MODIFY("CN=p0," STAFF));
    mirror_ask(&mirror, directory, &people);
    if (!g_str_has_prefix(mirror_told(&mirror), "full: ") || !strstr(mirror_told(&mirror), "targetUniqueId"))
        fail_msg("told \"%s\"", mirror_told(&mirror));
    mirror_clear(&mirror);
    set_changelog(server, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"Samba is known to tell", it_is_known_to_tell, NULL, NULL, ad},
        {"Samba tells what changed", it_tells_what_changed, NULL, NULL, ad},
        {"Samba: more than one filter holds are found", more_than_one_filter_holds_are_found, NULL, NULL, ad},
        {"Samba: an account without the right reads without a cursor",
         an_account_without_the_right_reads_without_a_cursor, NULL, NULL, ad},
        {"Samba: a damaged cursor is a full read", a_damaged_cursor_is_a_full_read, NULL, NULL, ad},
        {"Samba: a request without the identity gives no cursor",
         a_request_without_the_identity_gives_no_cursor, NULL, NULL, ad},
        {"389 is known to tell", it_is_known_to_tell, NULL, NULL, ds},
        {"389 tells what changed", it_tells_what_changed, NULL, NULL, ds},
        {"389: more than one filter holds are found", more_than_one_filter_holds_are_found, NULL, NULL, ds},
        {"389: a damaged cursor is a full read", a_damaged_cursor_is_a_full_read, NULL, NULL, ds},
        {"389: a request without the identity gives no cursor",
         a_request_without_the_identity_gives_no_cursor, NULL, NULL, ds},
        {"389: a changelog without identities is a full read", a_changelog_without_identities_is_a_full_read,
         NULL, NULL, ds},
    };
    return cmocka_run_group_tests_name("LDAP driver: identities of what changed", tests, NULL, stop_servers);
}

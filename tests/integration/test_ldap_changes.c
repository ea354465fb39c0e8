/*
 * test_ldap_changes.c - what a real slapd tells of its changes (RFC 4533)
 *
 * A case is what happened since the cursor and what is told of it; after each,
 * whoever only heard of the changes must know what a read delivers. On a server
 * without a log, which tells who is present, and on one with a log, which tells
 * who is gone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/check_server.h"
#include "tests/lab/ldap_case.h"
#include "tests/lab/mirror.h"

#include <string.h>

#define OTHERS "ou=others," SUFFIX
#define TEAM "ou=team," PEOPLE
#define MANY 3000

static const char *const with_uuid[] = {"*", "entryUUID", NULL};
static const ReadRequest contacts = {.base = PEOPLE,
                                     .scope = SEARCH_SUBTREE,
                                     .filter = "(&(objectClass=contact)(!(description=hidden)))",
                                     .attributes = with_uuid};

enum { WITHOUT_LOG, WITH_LOG, SERVERS };
static const char *const options[SERVERS] = {"--nosync --syncprov", "--nosync --sessionlog 10000"};
static Lab *servers[SERVERS];

static Lab *server(int which)
{
    lab_skip_unless_slapd();
    if (!servers[which])
        servers[which] = lab_slapd_start(options[which]);
    return servers[which];
}

static int stop_servers(void **state)
{
    for (int i = 0; i < SERVERS; i++)
        lab_slapd_stop(servers[i]);
    return stop_shared(state);
}

#define UNIT(dn, name) "dn: " dn "\nobjectClass: organizationalUnit\nou: " name "\n\n"
#define CONTACT(name, parent) "dn: cn=" name "," parent "\nobjectClass: contact\ncn: " name "\n\n"
#define TREE                                                                                                 \
    UNIT(PEOPLE, "people")                                                                                   \
    UNIT(OTHERS, "others")                                                                                   \
    UNIT(TEAM, "team")                                                                                       \
    CONTACT("p0", PEOPLE)                                                                                    \
    CONTACT("p1", PEOPLE) CONTACT("p2", TEAM)                                                                \
        CONTACT("q0", OTHERS) "dn: cn=h0," PEOPLE "\nobjectClass: contact\ncn: h0\ndescription: hidden\n\n"

static Directory *open_server(Lab *lab, Place *place)
{
    place_init(place, lab->uri, BIND_EXTERNAL);
    return open_place(place);
}

/* The tree and nothing else below the suffix. */
static void plant(Lab *lab)
{
    Place place;
    g_autoptr(Directory) directory = open_server(lab, &place);
    ReadRequest all = {.scope = SEARCH_SUBTREE, .filter = "(!(|(dc=*)(uid=user)))"};
    g_autoptr(GPtrArray) left = directory_search(directory, &all, 100000, NULL);
    g_autoptr(GString) ldif = g_string_new(NULL);
    for (guint i = left->len; i > 0; i--)
        g_string_append_printf(ldif, "dn: %s\nchangetype: delete\n\n",
                               entry_dn(g_ptr_array_index(left, i - 1)));
    if (left->len)
        lab_ldif_load(lab, ldif->str);
    lab_ldif_load(lab, TREE);
}

#define MODIFY(dn) "dn: " dn "\nchangetype: modify\nreplace: telephoneNumber\ntelephoneNumber: 1\n-\n\n"
#define DESCRIBE(dn, text)                                                                                   \
    "dn: " dn "\nchangetype: modify\nreplace: description\ndescription: " text "\n-\n\n"
#define DELETE(dn) "dn: " dn "\nchangetype: delete\n\n"
#define MOVE(dn, rdn, to)                                                                                    \
    "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\nnewsuperior: " to "\n\n"
#define ADD(name, parent)                                                                                    \
    "dn: cn=" name "," parent "\nchangetype: add\nobjectClass: contact\ncn: " name "\n\n"

typedef struct {
    const char *what, *changes, *told; /* "full: " and a part of the reason */
} ChangeCase;

static const ChangeCase change_cases[] = {
    {"modified", MODIFY("cn=p0," PEOPLE), "cn=p0"},
    {"modified twice, and another",
     MODIFY("cn=p0," PEOPLE) DESCRIBE("cn=p0," PEOPLE, "x") MODIFY("cn=p1," PEOPLE), "cn=p0 cn=p1"},
    {"added", ADD("p9", PEOPLE), "cn=p9"},
    {"deleted", DELETE("cn=p1," PEOPLE), "-cn=p1"},
    {"added and deleted", ADD("p9", PEOPLE) DELETE("cn=p9," PEOPLE), ""},
    {"deleted and added again", DELETE("cn=p1," PEOPLE) ADD("p1", PEOPLE), "-cn=p1 cn=p1"},
    {"renamed", MOVE("cn=p0," PEOPLE, "cn=new", PEOPLE), "cn=new"},
    {"moved to another container", MOVE("cn=p0," PEOPLE, "cn=p0", TEAM), "cn=p0"},
    {"left the filter", DESCRIBE("cn=p1," PEOPLE, "hidden"), "-cn=p1"},
    {"came into the filter", DESCRIBE("cn=h0," PEOPLE, "shown"), "cn=h0"},
    {"left the base", MOVE("cn=p1," PEOPLE, "cn=p1", OTHERS), "-cn=p1"},
    {"came below the base", MOVE("cn=q0," OTHERS, "cn=q0", PEOPLE), "cn=q0"},
    {"elsewhere modified", MODIFY("cn=q0," OTHERS), ""},
    {"elsewhere deleted", DELETE("cn=q0," OTHERS), ""},
    {"elsewhere a container renamed", MOVE(OTHERS, "ou=strangers", SUFFIX), ""},
    {"never in the filter, deleted", DELETE("cn=h0," PEOPLE), ""},
    {"a container described", DESCRIBE(TEAM, "x"), ""},
    {"a container renamed", MOVE(TEAM, "ou=crew", PEOPLE), "full: a container was"},
    {"a container moved out", MOVE(TEAM, "ou=team", SUFFIX), "full: a container was"},
    {"a container moved in", MOVE(OTHERS, "ou=others", PEOPLE), "full: a container was"},
    {"a container above renamed",
     MOVE(PEOPLE, "ou=people", OTHERS) MOVE("ou=people," OTHERS, "ou=people", SUFFIX), ""},
};

static bool as_expected(const char *told, const char *expected)
{
    return g_str_has_prefix(expected, "full: ") ? g_str_has_prefix(told, expected)
                                                : strcmp(told, expected) == 0;
}

static void run_case(Lab *lab, const ChangeCase *c)
{
    Place place;
    Mirror mirror;
    plant(lab);
    g_autoptr(Directory) directory = open_server(lab, &place);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    assert_string_equal(mirror_told(&mirror), "cn=p0 cn=p1 cn=p2");
    assert_non_null(mirror.cursor);
    lab_ldif_load(lab, c->changes);
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

static void a_server_without_a_log_tells_who_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(change_cases); i++)
        run_case(server(WITHOUT_LOG), &change_cases[i]);
}

static void a_server_with_a_log_tells_who_is_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(change_cases); i++)
        run_case(server(WITH_LOG), &change_cases[i]);
}

static void nothing_changed_keeps_the_cursor(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++) {
        Place place;
        Mirror mirror;
        plant(server(i));
        g_autoptr(Directory) directory = open_server(servers[i], &place);
        assert_true(directory_describe(directory)->capabilities & CAN_TELL_CHANGES);
        mirror_init(&mirror);
        mirror_ask(&mirror, directory, &contacts);
        g_autofree char *first = g_strdup(mirror.cursor);
        mirror_ask(&mirror, directory, &contacts);
        assert_string_equal(mirror_told(&mirror), "");
        assert_int_equal(mirror.result.read.proof, PROOF_COMPLETE);
        assert_false(mirror.result.by_absence);
        assert_string_equal(mirror.cursor, first);
        mirror_assert_true(&mirror, directory, &contacts);
        mirror_clear(&mirror);
    }
}

static void a_cursor_outlives_the_connection_and_the_server(void **state)
{
    (void)state;
    Place place;
    Mirror mirror;
    Lab *lab = server(WITH_LOG);
    plant(lab);
    mirror_init(&mirror);
    Directory *directory = open_server(lab, &place);
    mirror_ask(&mirror, directory, &contacts);
    lab_ldif_load(lab, DELETE("cn=p1," PEOPLE) MODIFY("cn=p0," PEOPLE));
    lab_slapd_kill(lab);
    lab_slapd_restart(lab); /* its log is gone: it tells who is there */
    mirror_ask(&mirror, directory, &contacts);
    assert_string_equal(mirror_told(&mirror), "-cn=p1 cn=p0");
    mirror_assert_true(&mirror, directory, &contacts);
    directory_close(directory);
    mirror_clear(&mirror);
}

static void a_log_tells_of_strangers_too(void **state)
{
    (void)state;
    Place place;
    Mirror mirror;
    plant(server(WITH_LOG));
    g_autoptr(Directory) directory = open_server(servers[WITH_LOG], &place);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    lab_ldif_load(servers[WITH_LOG], DELETE("cn=q0," OTHERS));
    mirror_ask(&mirror, directory, &contacts);
    assert_int_equal(mirror.strangers, 1); /* which shows that the containers cannot be watched so */
    mirror_assert_true(&mirror, directory, &contacts);
    mirror_clear(&mirror);
}

static void many_identities_come_in_one_set(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++) {
        Place place;
        Mirror mirror;
        Lab *lab = server(i);
        plant(lab);
        g_autoptr(Directory) directory = open_server(lab, &place);
        g_autoptr(GString) add = g_string_new(NULL), remove = g_string_new(NULL);
        for (int n = 0; n < MANY; n++) {
            g_string_append_printf(add, CONTACT("m%d", PEOPLE), n, n);
            if (n % 3)
                g_string_append_printf(remove, DELETE("cn=m%d," PEOPLE), n);
        }
        lab_ldif_load(lab, add->str);
        mirror_init(&mirror);
        mirror_ask(&mirror, directory, &contacts);
        lab_ldif_load(lab, remove->str);
        mirror_ask(&mirror, directory, &contacts);
        assert_int_equal(g_hash_table_size(mirror.entries), 3 + MANY / 3);
        assert_int_equal(mirror.result.by_absence, i == WITHOUT_LOG);
        mirror_assert_true(&mirror, directory, &contacts);
        mirror_clear(&mirror);
    }
}

/* --- cursors that are not what they were --- */

/* The cursor with another cookie in it, which stands last. */
static char *with_cookie(const char *cursor, const char *cookie)
{
    g_autofree char *text = g_base64_encode((const guchar *)cookie, strlen(cookie));
    g_autofree char *escaped = g_uri_escape_string(text, NULL, FALSE);
    return g_strdup_printf("%.*s%s", (int)(strrchr(cursor, ' ') + 1 - cursor), cursor, escaped);
}

static void a_garbage_cookie_is_harmless(void **state)
{
    (void)state;
    static const char *const cookies[] = {
        "",
        "rubbish",
        "rid=000",
        "rid=000,csn=",
        "rid=000,csn=rubbish",
        "csn=20200101000000.000000Z#000000#000#000000",
        "rid=000,csn=20200101000000.000000Z#000000#000#000000",
        "rid=000,csn=20990101000000.000000Z#000000#000#000000",
        "rid=000,csn=20200101000000.000000Z#000000#00f#000000",
        "rid=000,csn=20200101000000.000000Z#000000#000#000000;20200101000000.000000Z#000000#001#000000",
    };
    for (int i = 0; i < SERVERS; i++) {
        for (size_t n = 0; n < G_N_ELEMENTS(cookies); n++) {
            Place place;
            Mirror mirror;
            plant(server(i));
            g_autoptr(Directory) directory = open_server(servers[i], &place);
            mirror_init(&mirror);
            mirror_ask(&mirror, directory, &contacts);
            char *bad = with_cookie(mirror.cursor, cookies[n]);
            g_free(mirror.cursor);
            mirror.cursor = bad;
            lab_ldif_load(servers[i], MODIFY("cn=p0," PEOPLE) DELETE("cn=p1," PEOPLE));
            mirror_ask(&mirror, directory, &contacts);
            if (mirror.result.full_reason)
                mirror_ask(&mirror, directory, &contacts);
            mirror_assert_true(&mirror, directory, &contacts);
            mirror_clear(&mirror);
        }
    }
}

typedef struct {
    const char *what;
    ReadRequest request;
    const char *bind_dn;
    const char *reason;
} OtherCase;

static void a_cursor_of_another_request_is_refused(void **state)
{
    (void)state;
    static const char *const fewer[] = {"cn", "entryUUID", NULL};
    const OtherCase cases[] = {
        {"base",
         {.base = SUFFIX, .filter = contacts.filter, .scope = SEARCH_SUBTREE, .attributes = with_uuid},
         NULL,
         "base, filter"},
        {"filter",
         {.base = PEOPLE, .filter = "(cn=*)", .scope = SEARCH_SUBTREE, .attributes = with_uuid},
         NULL,
         "base, filter"},
        {"scope",
         {.base = PEOPLE, .filter = contacts.filter, .scope = SEARCH_ONE, .attributes = with_uuid},
         NULL,
         "base, filter"},
        {"attributes",
         {.base = PEOPLE, .filter = contacts.filter, .scope = SEARCH_SUBTREE, .attributes = fewer},
         NULL,
         "base, filter"},
        {"bind", contacts, "dn:" USER, "base, filter"},
    };
    plant(server(WITH_LOG));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Place place;
        Mirror mirror;
        g_autoptr(Directory) directory = open_server(servers[WITH_LOG], &place);
        mirror_init(&mirror);
        mirror_ask(&mirror, directory, &contacts);
        place.endpoint.bind_dn = (char *)cases[i].bind_dn;
        mirror_ask(&mirror, directory, &cases[i].request);
        if (!strstr(mirror_told(&mirror), cases[i].reason))
            fail_msg("%s: %s", cases[i].what, mirror_told(&mirror));
        mirror_clear(&mirror);
    }
}

static void garbage_for_a_cursor_is_refused(void **state)
{
    (void)state;
    static const char *const cursors[] = {
        "", "x", "sync1", "sync1 a b c", "sync1 a b c d e", "dirsync1 a b c d"};
    Place place;
    Mirror mirror;
    g_autoptr(Directory) directory = open_server(server(WITH_LOG), &place);
    mirror_init(&mirror);
    for (size_t i = 0; i < G_N_ELEMENTS(cursors); i++) {
        g_free(mirror.cursor);
        mirror.cursor = g_strdup(cursors[i]);
        mirror_ask(&mirror, directory, &contacts);
        assert_true(g_str_has_prefix(mirror_told(&mirror), "full: "));
    }
    mirror_clear(&mirror);
}

static void another_server_is_a_full_read(void **state)
{
    (void)state;
    Place place;
    Mirror mirror;
    plant(server(WITHOUT_LOG));
    Lab *first = lab_slapd_start("--nosync --syncprov");
    lab_ldif_load(first, TREE);
    place_init(&place, first->uri, BIND_EXTERNAL);
    place.uris[1] = servers[WITHOUT_LOG]->uri;
    g_autoptr(Directory) directory = open_place(&place);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    assert_non_null(mirror.cursor);
    lab_slapd_kill(first);
    mirror_ask(&mirror, directory, &contacts);
    assert_true(g_str_has_prefix(mirror_told(&mirror), "full: "));
    mirror_ask(&mirror, directory, &contacts);
    assert_non_null(mirror.cursor);
    mirror_assert_true(&mirror, directory, &contacts);
    mirror_clear(&mirror);
    lab_slapd_stop(first);
}

static void copy_database(Lab *lab, const char *from, const char *to)
{
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *source = g_build_filename(lab->folder, from, names[i], NULL);
        g_autofree char *target = g_build_filename(lab->folder, to, names[i], NULL);
        g_autoptr(GMappedFile) file = g_mapped_file_new(source, FALSE, NULL);
        assert_non_null(file);
        assert_true(g_file_set_contents(target, g_mapped_file_get_contents(file),
                                        (gssize)g_mapped_file_get_length(file), NULL));
    }
}

static void a_server_from_an_older_backup_is_a_full_read(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    for (int i = 0; i < SERVERS; i++) {
        Place place;
        Mirror mirror;
        Lab *lab = lab_slapd_start(options[i]);
        lab_ldif_load(lab, TREE);
        lab_slapd_halt(lab); /* it writes down up to where it has come; else it would begin with now */
        copy_database(lab, "db", "accesslog"); /* a folder that this server does not use */
        lab_slapd_restart(lab);
        Directory *directory = open_server(lab, &place);
        lab_ldif_load(lab, MODIFY("cn=p0," PEOPLE));
        mirror_init(&mirror);
        mirror_ask(&mirror, directory, &contacts);
        assert_non_null(mirror.cursor);
        lab_slapd_halt(lab);
        copy_database(lab, "accesslog", "db");
        lab_slapd_restart(lab);
        mirror_ask(&mirror, directory, &contacts);
        if (!g_str_has_prefix(mirror_told(&mirror), "full: ") || !strstr(mirror_told(&mirror), "(53)"))
            fail_msg("told \"%s\"", mirror_told(&mirror));
        mirror_ask(&mirror, directory, &contacts);
        mirror_assert_true(&mirror, directory, &contacts);
        directory_close(directory);
        mirror_clear(&mirror);
        lab_slapd_stop(lab);
    }
}

static void the_first_write_of_a_new_server_is_a_full_read(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    for (int i = 0; i < SERVERS; i++) {
        Place place;
        Mirror mirror;
        Lab *lab = lab_slapd_start(options[i]);
        lab_ldif_load(lab, TREE);
        g_autoptr(Directory) directory = open_server(lab, &place);
        mirror_init(&mirror);
        mirror_ask(&mirror, directory, &contacts);
        lab_ldif_load(lab, "dn: cn=config\nchangetype: modify\nreplace: olcServerID\nolcServerID: 7\n-\n\n");
        lab_ldif_load(lab, MODIFY("cn=p0," PEOPLE));
        mirror_ask(&mirror, directory, &contacts);
        assert_true(g_str_has_prefix(mirror_told(&mirror), "full: ") &&
                    strstr(mirror_told(&mirror), "other servers than before have written"));
        mirror_ask(&mirror, directory, &contacts);
        lab_ldif_load(lab, MODIFY("cn=p1," PEOPLE));
        mirror_ask(&mirror, directory, &contacts);
        assert_string_equal(mirror_told(&mirror), "cn=p1");
        mirror_assert_true(&mirror, directory, &contacts);
        mirror_clear(&mirror);
        lab_slapd_stop(lab);
    }
}

/* --- answers that are not whole --- */

static void a_limit_gives_no_cursor(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Place place;
    Mirror mirror;
    Lab *lab = lab_slapd_start("--nosync --sessionlog 100 --sizelimit 2");
    lab_ldif_load(lab, TREE);
    place_init(&place, lab->uri, BIND_EXTERNAL);
    place_set_user(&place, "secret");
    g_autoptr(Directory) directory = open_place(&place);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    assert_int_equal(mirror.result.read.proof, PROOF_PARTIAL);
    assert_non_null(strstr(mirror.result.read.reason, "size limit"));
    assert_int_equal(mirror.result.read.entries, 2);
    assert_null(mirror.cursor);
    mirror_clear(&mirror);
    lab_slapd_stop(lab);
}

static void a_server_that_dies_gives_no_cursor(void **state)
{
    (void)state;
    lab_skip_unless_slapd();
    Place place;
    Mirror mirror;
    Lab *lab = lab_slapd_start(options[WITHOUT_LOG]);
    lab_ldif_load(lab, TREE);
    g_autoptr(GString) add = g_string_new(NULL);
    g_autofree char *text = g_strnfill(10000, 'x');
    for (int n = 0; n < 500; n++)
        g_string_append_printf(add, "dn: cn=m%d," PEOPLE "\nobjectClass: contact\ncn: m%d\ninfo: %s\n\n", n,
                               n, text);
    g_autoptr(Directory) directory = open_server(lab, &place);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    g_autofree char *cursor = g_strdup(mirror.cursor);
    lab_ldif_load(lab, add->str);
    mirror.kill_after_first = lab;
    mirror_ask(&mirror, directory, &contacts);
    assert_int_equal(mirror.result.read.proof, PROOF_PARTIAL);
    assert_non_null(strstr(mirror.result.read.reason, "connection lost"));
    assert_false(mirror.result.by_absence);
    assert_null(mirror.cursor);
    lab_slapd_restart(lab);
    mirror.cursor = g_steal_pointer(&cursor); /* what was told before counts as it is */
    mirror_ask(&mirror, directory, &contacts);
    assert_int_equal(mirror.result.read.proof, PROOF_COMPLETE);
    mirror_assert_true(&mirror, directory, &contacts);
    mirror_clear(&mirror);
    lab_slapd_stop(lab);
}

static bool stop_at_once(const DirectoryChange *change, void *data, GError **error)
{
    (void)change;
    ++*(int *)data;
    error_set(error, ERROR_INTERRUPTED, "enough");
    return false;
}

static void the_sink_can_say_stop(void **state)
{
    (void)state;
    Place place;
    int calls = 0;
    plant(server(WITHOUT_LOG));
    g_autoptr(Directory) directory = open_server(servers[WITHOUT_LOG], &place);
    g_autoptr(GError) error = NULL;
    ChangesResult result;
    assert_false(directory_changes(directory, &contacts, NULL, stop_at_once, &calls, &result, &error));
    assert_true(error_is(error, ERROR_INTERRUPTED));
    assert_int_equal(calls, 1);
    assert_null(result.cursor);
    changes_result_clear(&result);
    Mirror mirror;
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts); /* the connection is as good as before */
    mirror_assert_true(&mirror, directory, &contacts);
    mirror_clear(&mirror);
}

static void a_missing_base_is_an_error(void **state)
{
    (void)state;
    Place place;
    int calls = 0;
    g_autoptr(Directory) directory = open_server(server(WITHOUT_LOG), &place);
    ReadRequest nowhere = contacts;
    nowhere.base = "ou=nowhere," SUFFIX;
    g_autoptr(GError) error = NULL;
    ChangesResult result;
    assert_false(directory_changes(directory, &nowhere, NULL, stop_at_once, &calls, &result, &error));
    assert_true(error_is(error, ERROR_NOT_FOUND));
    changes_result_clear(&result);
}

/* --- servers and databases that do not tell --- */

static void a_server_without_the_overlay_is_read(void **state)
{
    (void)state;
    Place place;
    Mirror mirror;
    plant(shared_lab());
    g_autoptr(Directory) directory = open_server(shared, &place);
    assert_false(directory_describe(directory)->capabilities & CAN_TELL_CHANGES);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    assert_string_equal(mirror_told(&mirror), "cn=p0 cn=p1 cn=p2");
    assert_null(mirror.cursor);
    mirror_clear(&mirror);
}

static bool count_change(const DirectoryChange *change, void *data, GError **error)
{
    (void)error;
    assert_int_equal(change->told, TOLD_ENTRY);
    ++*(int *)data;
    return true;
}

static void a_database_without_the_overlay_is_read_and_the_reason_told(void **state)
{
    (void)state;
    Place place;
    int entries = 0;
    g_autoptr(Directory) directory = open_server(server(WITHOUT_LOG), &place);
    ReadRequest monitor = {
        .base = "cn=Monitor", .scope = SEARCH_ONE, .filter = "(cn=Threads)", .attributes = with_uuid};
    g_autoptr(GError) error = NULL;
    ChangesResult result;
    assert_true(directory_changes(directory, &monitor, NULL, count_change, &entries, &result, &error));
    assert_int_equal(entries, 1);
    assert_int_equal(result.read.entries, 1);
    assert_int_equal(result.read.proof, PROOF_COMPLETE);
    assert_null(result.cursor);
    assert_non_null(result.no_cursor);
    assert_non_null(strstr(result.no_cursor, "syncprov"));
    changes_result_clear(&result);
}

static void a_read_in_pages_gives_no_cursor(void **state)
{
    (void)state;
    Place place;
    Mirror mirror;
    plant(server(WITH_LOG));
    place_init(&place, servers[WITH_LOG]->uri, BIND_EXTERNAL);
    place.endpoint.page_size = 2;
    g_autoptr(Directory) directory = open_place(&place);
    mirror_init(&mirror);
    mirror_ask(&mirror, directory, &contacts);
    assert_string_equal(mirror_told(&mirror), "cn=p0 cn=p1 cn=p2");
    assert_null(mirror.cursor);
    assert_non_null(strstr(mirror.result.no_cursor, "pages"));
    mirror_clear(&mirror);
}

static void a_first_read_is_one_search_one_of_containers_and_one_for_the_cookie(void **state)
{
    (void)state;
    Place place;
    Mirror mirror;
    Lab *lab = server(WITH_LOG);
    plant(lab);
    g_autoptr(Directory) directory = open_server(lab, &place);
    mirror_init(&mirror);
    unsigned long before = lab_operations(lab, "Search");
    mirror_ask(&mirror, directory, &contacts);
    mirror_ask(&mirror, directory, &contacts);
    unsigned long after = lab_operations(lab, "Search");
    assert_int_equal(after - before, 2 * 2 + 2); /* one is the question itself, one for the cookie */
    mirror_clear(&mirror);
}

/* --- dirsync check --- */

static Finding *only_finding(const char *what, Lab *lab, GPtrArray *findings)
{
    Place place;
    g_autoptr(Directory) directory = open_server(lab, &place);
    g_ptr_array_set_size(findings, 0);
    check_changes(what, directory, findings);
    assert_int_equal(findings->len, 1);
    return g_ptr_array_index(findings, 0);
}

static void check_says_whether_a_server_tells(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) findings = check_findings_new();
    Finding *finding = only_finding("source", server(WITH_LOG), findings);
    assert_int_equal(finding->kind, FINDING_OK);
    assert_string_equal(finding->text, "source: tells what has changed");
    finding = only_finding("source", shared_lab(), findings);
    assert_int_equal(finding->kind, FINDING_NOTE);
    assert_non_null(strstr(finding->text, "every run reads all of it"));
    assert_non_null(strstr(finding->remedy, "syncprov"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_without_a_log_tells_who_is_there),
        cmocka_unit_test(a_server_with_a_log_tells_who_is_gone),
        cmocka_unit_test(nothing_changed_keeps_the_cursor),
        cmocka_unit_test(a_cursor_outlives_the_connection_and_the_server),
        cmocka_unit_test(a_log_tells_of_strangers_too),
        cmocka_unit_test(many_identities_come_in_one_set),
        cmocka_unit_test(a_garbage_cookie_is_harmless),
        cmocka_unit_test(a_cursor_of_another_request_is_refused),
        cmocka_unit_test(garbage_for_a_cursor_is_refused),
        cmocka_unit_test(another_server_is_a_full_read),
        cmocka_unit_test(a_server_from_an_older_backup_is_a_full_read),
        cmocka_unit_test(the_first_write_of_a_new_server_is_a_full_read),
        cmocka_unit_test(a_limit_gives_no_cursor),
        cmocka_unit_test(a_server_that_dies_gives_no_cursor),
        cmocka_unit_test(the_sink_can_say_stop),
        cmocka_unit_test(a_missing_base_is_an_error),
        cmocka_unit_test(a_server_without_the_overlay_is_read),
        cmocka_unit_test(a_database_without_the_overlay_is_read_and_the_reason_told),
        cmocka_unit_test(a_read_in_pages_gives_no_cursor),
        cmocka_unit_test(a_first_read_is_one_search_one_of_containers_and_one_for_the_cookie),
        cmocka_unit_test(check_says_whether_a_server_tells),
    };
    return cmocka_run_group_tests_name("LDAP driver: changes", tests, NULL, stop_servers);
}

/*
 * test_changes.c - what a directory tells of its changes: the one in memory, files, and one that fails
 *
 * A case on a store: what happened since the cursor, and what is told of it,
 * as a line of "dn" (there, whole), "-name" (gone) and "=name" (present), or
 * the reason why everything must be read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/delta.h"
#include "dirsync/directory/memory.h"
#include "dirsync/ldif.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT(name, parent)                                                                                   \
    "dn: ou=" name "," parent "\nobjectClass: organizationalUnit\nou: " name "\nentryUUID: id-" name "\n\n"
#define PERSON(name, parent)                                                                                 \
    "dn: cn=" name "," parent "\nobjectClass: person\ncn: " name "\nsn: S\nentryUUID: id-" name "\n\n"
#define TREE                                                                                                 \
    "dn: dc=x\nobjectClass: domain\ndc: x\n\n" UNIT("p", "dc=x") UNIT("q", "dc=x")                           \
        PERSON("Ant", "ou=p,dc=x") PERSON("Bee", "ou=p,dc=x") PERSON("Cat", "ou=q,dc=x")

static const char *const with_uuid[] = {"*", "entryUUID", NULL};
static const ReadRequest people = {
    .base = "ou=p,dc=x", .scope = SEARCH_SUBTREE, .filter = "(sn=s)", .attributes = with_uuid};

static Directory *open_path(const char *driver, const char *path)
{
    static Endpoint endpoint;
    g_autoptr(GError) error = NULL;
    endpoint = (Endpoint){.driver = (char *)driver, .path = (char *)path, .minimum_percent = 95};
    Directory *directory = directory_open(&endpoint, &error);
    if (!directory)
        fail_msg("%s", error->message);
    return directory;
}

static bool append_change(const DirectoryChange *change, void *data, GError **error)
{
    GString *told = data;
    static const char signs[] = {[TOLD_ENTRY] = '+', [TOLD_GONE] = '-', [TOLD_PRESENT] = '='};
    g_string_append_printf(told, "%s%c", told->len ? " " : "", signs[change->told]);
    if (change->told != TOLD_ENTRY) {
        assert_null(change->item);
        g_string_append_len(told, change->id.data, (gssize)change->id.len);
        return true;
    }
    assert_false(fingerprint_is_zero(change->item->fingerprint));
    g_autoptr(Entry) entry = directory_item_decode(change->item, error);
    assert_non_null(entry);
    g_string_append(told, entry_dn(entry));
    return true;
}

/* What is told, with " absence" where that is meant; or "full: REASON", or "partial: REASON". @cursor: in
 * and out. */
static char *ask(Directory *directory, const ReadRequest *request, char **cursor)
{
    ChangesResult result;
    g_autoptr(GError) error = NULL;
    GString *told = g_string_new(NULL);
    if (!directory_changes(directory, request, *cursor, append_change, told, &result, &error))
        fail_msg("%s", error->message);
    if (result.full_reason)
        g_string_printf(told, "full: %s", result.full_reason);
    else if (result.read.proof != PROOF_COMPLETE)
        g_string_append_printf(told, " partial: %s", result.read.reason);
    assert_true(!result.cursor || result.read.proof == PROOF_COMPLETE);
    assert_true(result.read.proof == PROOF_COMPLETE || !result.by_absence);
    if (result.by_absence)
        g_string_append(told, " absence");
    g_free(*cursor);
    *cursor = g_steal_pointer(&result.cursor);
    changes_result_clear(&result);
    return g_string_free(told, FALSE);
}

static MemoryStore *make_store(void)
{
    MemoryStore *store = memory_store("t");
    assert_true(memory_store_load(store, TREE, NULL));
    return store;
}

static int drop_store(void **state)
{
    (void)state;
    memory_store_drop("t");
    return 0;
}

static void must_be_done(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)data;
    if (outcome != OUTCOME_DONE)
        fail_msg("%s: %s", change->dn, error ? error->message : "uncertain");
}

static void apply(Directory *directory, const char *ldif)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), "changes");
    Change *next;
    while (ldif_read_change(reader, &next, NULL) == RECORD_GOOD) {
        g_autoptr(Change) change = next;
        assert_true(directory_submit(directory, change, must_be_done, NULL, NULL));
        assert_true(directory_flush(directory, NULL));
    }
}

#define MODIFY(dn) "dn: " dn "\nchangetype: modify\nadd: description\ndescription: new\n-\n\n"
#define DELETE(dn) "dn: " dn "\nchangetype: delete\n\n"
#define MOVE(dn, rdn, to)                                                                                    \
    "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\nnewsuperior: " to "\n\n"
#define LOSE_SN(dn) "dn: " dn "\nchangetype: modify\ndelete: sn\nsn: S\n-\nadd: sn\nsn: T\n-\n\n"

typedef struct {
    const char *what, *changes, *told, *by_presence;
} StoreCase;

#define BOTH "=id-Ant =id-Bee absence"
#define ONLY_BEE "=id-Bee absence"

static const StoreCase store_cases[] = {
    {"nothing", "", "", BOTH},
    {"modified", MODIFY("cn=Ant,ou=p,dc=x"), "+cn=Ant,ou=p,dc=x", "+cn=Ant,ou=p,dc=x =id-Bee absence"},
    {"modified twice", MODIFY("cn=Ant,ou=p,dc=x") LOSE_SN("cn=Bee,ou=p,dc=x") DELETE("cn=Bee,ou=p,dc=x"),
     "+cn=Ant,ou=p,dc=x -id-Bee", "+cn=Ant,ou=p,dc=x absence"},
    {"deleted", DELETE("cn=Ant,ou=p,dc=x"), "-id-Ant", ONLY_BEE},
    {"renamed", MOVE("cn=Ant,ou=p,dc=x", "cn=Asp", "ou=p,dc=x"), "+cn=Asp,ou=p,dc=x",
     "+cn=Asp,ou=p,dc=x =id-Bee absence"},
    {"left the filter", LOSE_SN("cn=Ant,ou=p,dc=x"), "-id-Ant", ONLY_BEE},
    {"left the base", MOVE("cn=Ant,ou=p,dc=x", "cn=Ant", "ou=q,dc=x"), "-id-Ant", ONLY_BEE},
    {"came below the base", MOVE("cn=Cat,ou=q,dc=x", "cn=Cat", "ou=p,dc=x"), "+cn=Cat,ou=p,dc=x",
     "=id-Ant =id-Bee +cn=Cat,ou=p,dc=x absence"},
    {"outside, always", MODIFY("cn=Cat,ou=q,dc=x"), "-id-Cat", BOTH},
    {"a container elsewhere", MOVE("ou=q,dc=x", "ou=r", "dc=x"), "-id-q -id-Cat", BOTH},
    {"a container came", "dn: ou=n,ou=p,dc=x\nchangetype: add\nobjectClass: organizationalUnit\nou: n\n\n",
     "full: a container has come, gone or moved: ou=n,ou=p,dc=x",
     "full: a container has come, gone or moved: ou=n,ou=p,dc=x"},
};

static void a_store_tells_what_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(store_cases); i++) {
        const StoreCase *c = &store_cases[i];
        for (int presence = 0; presence < 2; presence++) {
            MemoryStore *store = make_store();
            memory_store_set_changes(store, presence ? MEMORY_TELLS_PRESENCE : MEMORY_TELLS_CHANGES);
            g_autoptr(Directory) directory = open_path("memory", "t");
            g_autofree char *cursor = NULL;
            g_autofree char *everything = ask(directory, &people, &cursor);
            assert_string_equal(everything, "+cn=Ant,ou=p,dc=x +cn=Bee,ou=p,dc=x");
            apply(directory, c->changes);
            g_autofree char *told = ask(directory, &people, &cursor);
            const char *expected = presence ? c->by_presence : c->told;
            if (strcmp(told, expected) != 0)
                fail_msg("%s: told \"%s\", expected \"%s\"", c->what, told, expected);
            assert_int_equal(cursor == NULL, g_str_has_prefix(told, "full: "));
            memory_store_drop("t");
        }
    }
}

static void a_renamed_container_is_a_reason_to_read_everything(void **state)
{
    (void)state;
    make_store();
    g_autoptr(Directory) directory = open_path("memory", "t");
    ReadRequest all = {.scope = SEARCH_SUBTREE, .attributes = with_uuid};
    g_autofree char *cursor = NULL;
    g_free(ask(directory, &all, &cursor));
    apply(directory, MOVE("ou=p,dc=x", "ou=n", "dc=x"));
    g_autofree char *told = ask(directory, &all, &cursor);
    assert_string_equal(told, "full: a container has come, gone or moved: ou=p,dc=x");
}

static void a_cursor_goes_on_from_where_it_was_taken(void **state)
{
    (void)state;
    make_store();
    g_autoptr(Directory) directory = open_path("memory", "t");
    g_autofree char *cursor = NULL;
    g_free(ask(directory, &people, &cursor));
    g_autofree char *old = g_strdup(cursor);
    apply(directory, MODIFY("cn=Ant,ou=p,dc=x"));
    g_autofree char *first = ask(directory, &people, &cursor);
    g_autofree char *second = ask(directory, &people, &cursor);
    g_autofree char *again = ask(directory, &people, &old);
    assert_string_equal(first, "+cn=Ant,ou=p,dc=x");
    assert_string_equal(second, "");
    assert_string_equal(again, first);
    assert_string_equal(old, cursor);
}

static void a_cursor_of_something_else_is_refused(void **state)
{
    (void)state;
    MemoryStore *store = make_store();
    g_autoptr(Directory) directory = open_path("memory", "t");
    ReadRequest other = people;
    const char *const garbage[] = {"", " ", "memory1", "memory1 a b c d", "memory1 a b %", "memory2 a b 1"};
    other.filter = "(sn=t)";
    g_autofree char *cursor = NULL;
    g_free(ask(directory, &people, &cursor));
    g_autofree char *copy = g_strdup(cursor);
    g_autofree char *told = ask(directory, &other, &copy);
    assert_true(g_str_has_prefix(told, "full: the cursor is of another request"));
    for (size_t i = 0; i < G_N_ELEMENTS(garbage); i++) {
        g_autofree char *bad = g_strdup(garbage[i]);
        g_autofree char *answer = ask(directory, &people, &bad);
        assert_true(g_str_has_prefix(answer, "full: "));
        assert_null(bad);
    }
    memory_store_forget_changes(store);
    g_autofree char *forgotten = ask(directory, &people, &cursor);
    assert_true(g_str_has_prefix(forgotten, "full: the cursor is of another store"));
}

static bool keep_fingerprint(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    if (strcmp(item->where, "cn=Ant,ou=p,dc=x") == 0)
        *(Fingerprint *)data = item->fingerprint;
    return true;
}

static bool keep_told(const DirectoryChange *change, void *data, GError **error)
{
    return keep_fingerprint(change->item, data, error);
}

static void the_item_is_the_one_of_a_read(void **state)
{
    (void)state;
    make_store();
    g_autoptr(Directory) directory = open_path("memory", "t");
    Fingerprint of_read = {0}, of_changes = {0};
    ReadResult read = {0};
    ChangesResult changes = {0};
    assert_true(directory_read(directory, &people, keep_fingerprint, &of_read, &read, NULL));
    assert_true(directory_changes(directory, &people, NULL, keep_told, &of_changes, &changes, NULL));
    assert_true(fingerprint_equal(of_read, of_changes));
    read_result_clear(&read);
    changes_result_clear(&changes);
}

static void a_store_that_tells_nothing_says_so(void **state)
{
    (void)state;
    MemoryStore *store = make_store();
    g_autoptr(Directory) directory = open_path("memory", "t");
    g_autofree char *cursor = NULL;
    assert_true(directory_describe(directory)->capabilities & CAN_TELL_CHANGES);
    g_free(ask(directory, &people, &cursor));
    memory_store_set_changes(store, MEMORY_TELLS_NOTHING);
    assert_false(directory_describe(directory)->capabilities & CAN_TELL_CHANGES);
    g_autofree char *told = ask(directory, &people, &cursor);
    assert_true(g_str_has_prefix(told, "full: "));
    g_autofree char *everything = ask(directory, &people, &cursor);
    assert_string_equal(everything, "+cn=Ant,ou=p,dc=x +cn=Bee,ou=p,dc=x");
    assert_null(cursor);
}

static void a_log_outlives_the_process_with_the_file(void **state)
{
    (void)state;
    g_autofree char *folder = g_dir_make_tmp("test-changes-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "store.ldif", NULL);
    g_autofree char *cursor = NULL;
    assert_true(memory_store_set_file(make_store(), path, NULL));
    Directory *directory = open_path("memory", "t");
    g_free(ask(directory, &people, &cursor));
    apply(directory, MODIFY("cn=Ant,ou=p,dc=x"));
    directory_close(directory);
    memory_store_drop("t");

    assert_true(memory_store_set_file(memory_store("t"), path, NULL));
    directory = open_path("memory", "t");
    g_autofree char *told = ask(directory, &people, &cursor);
    assert_string_equal(told, "+cn=Ant,ou=p,dc=x");
    directory_close(directory);
    memory_store_drop("t");

    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    char *there = strstr(text, "description: new");
    memcpy(there, "description: old", strlen("description: old"));
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_true(memory_store_set_file(memory_store("t"), path, NULL));
    directory = open_path("memory", "t");
    g_autofree char *edited = ask(directory, &people, &cursor);
    assert_true(g_str_has_prefix(edited, "full: "));
    directory_close(directory);
    unlink(path);
    rmdir(folder);
}

/* --- by plan --- */

typedef struct {
    const char *plan, *first, *second; /* what two calls come to */
} PlanCase;

static const PlanCase plan_cases[] = {
    {"fetch@1", "+cn=Ant,ou=p,dc=x +cn=Bee,ou=p,dc=x", ""},
    {"cut-read@2", "+cn=Ant,ou=p,dc=x partial: cut off in the middle",
     "+cn=Ant,ou=p,dc=x partial: cut off in the middle"},
    {"unknown-read@1", "+cn=Ant,ou=p,dc=x +cn=Bee,ou=p,dc=x partial: cannot be known",
     "+cn=Ant,ou=p,dc=x +cn=Bee,ou=p,dc=x"},
    {"full@1", "+cn=Ant,ou=p,dc=x +cn=Bee,ou=p,dc=x", "full: the plan wants everything to be read"},
};

static void a_plan_spoils_changes_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(plan_cases); i++) {
        make_store();
        g_autofree char *path = g_strdup_printf("%s|t", plan_cases[i].plan);
        g_autoptr(Directory) directory = open_path("failing", path);
        g_autofree char *cursor = NULL;
        g_autofree char *first = ask(directory, &people, &cursor);
        g_autofree char *second = ask(directory, &people, &cursor);
        assert_string_equal(g_strstrip(first), plan_cases[i].first);
        assert_string_equal(g_strstrip(second), plan_cases[i].second);
        memory_store_drop("t");
    }
}

static void a_call_for_changes_can_fail(void **state)
{
    (void)state;
    make_store();
    g_autoptr(Directory) directory = open_path("failing", "changes@2|t");
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) told = g_string_new(NULL);
    g_autofree char *cursor = NULL;
    g_free(ask(directory, &people, &cursor));
    ChangesResult result = {0};
    assert_false(directory_changes(directory, &people, cursor, append_change, told, &result, &error));
    assert_true(error_is(error, ERROR_UNREACHABLE));
    assert_null(result.cursor);
}

/* --- files --- */

#define A "dn: cn=A,ou=x\nobjectClass: person\ncn: A\nsn: Ant\n\n"
#define B "dn: cn=B,ou=x\nobjectClass: person\ncn: B\nsn: Bee\n\n"

static char *file_folder, *file_path;

static int make_file(void **state)
{
    (void)state;
    file_folder = g_dir_make_tmp("test-changes-XXXXXX", NULL);
    file_path = g_build_filename(file_folder, "people", NULL);
    return g_file_set_contents(file_path, A, -1, NULL) ? 0 : -1;
}

static int drop_file(void **state)
{
    (void)state;
    unlink(file_path);
    rmdir(file_folder);
    g_free(file_path);
    g_free(file_folder);
    return 0;
}

/* As a careless copy would: another content, and all that stat() shows the same. */
static void replace_secretly(const char *text)
{
    struct stat status;
    assert_int_equal(stat(file_path, &status), 0);
    assert_true(g_file_set_contents(file_path, text, -1, NULL));
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, file_path, times, 0), 0);
}

static void an_unchanged_file_delivers_nothing(void **state)
{
    (void)state;
    const ReadRequest request = {.scope = SEARCH_SUBTREE};
    Directory *directory = open_path("ldif", file_path);
    g_autofree char *cursor = NULL, *everything = ask(directory, &request, &cursor);
    g_autofree char *first = g_strdup(cursor);
    assert_string_equal(everything, "+cn=A,ou=x");
    g_autofree char *nothing = ask(directory, &request, &cursor);
    assert_string_equal(nothing, "");
    assert_string_equal(cursor, first);

    replace_secretly(B);
    g_autofree char *changed = ask(directory, &request, &cursor);
    assert_true(g_str_has_prefix(changed, "full: ") && strstr(changed, "the file has changed"));
    assert_null(cursor);
    g_free(everything);
    everything = ask(directory, &request, &cursor);
    assert_string_equal(everything, "+cn=B,ou=x");
    assert_string_not_equal(cursor, first);
    directory_close(directory);
}

static void a_file_with_a_time_stamp_of_now_is_the_same(void **state)
{
    (void)state;
    const ReadRequest request = {.scope = SEARCH_SUBTREE};
    g_autoptr(Directory) directory = open_path("ldif", file_path);
    g_autofree char *cursor = NULL;
    g_free(ask(directory, &request, &cursor));
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, file_path, times, 0), 0);
    g_autofree char *nothing = ask(directory, &request, &cursor);
    assert_string_equal(nothing, "");
    assert_non_null(cursor);
}

static void another_way_of_reading_is_another_file(void **state)
{
    (void)state;
    ReadRequest request = {.scope = SEARCH_SUBTREE};
    Endpoint endpoint = {.driver = (char *)"ldif", .path = file_path, .minimum_percent = 95};
    g_autoptr(Directory) directory = directory_open(&endpoint, NULL);
    g_autofree char *cursor = NULL;
    g_free(ask(directory, &request, &cursor));
    g_autofree char *copy = g_strdup(cursor);
    request.filter = "(cn=A)";
    g_autofree char *other_request = ask(directory, &request, &copy);
    assert_non_null(strstr(other_request, "full: "));
    request.filter = NULL;
    endpoint.minimum_percent = 50;
    g_autofree char *other_proof = ask(directory, &request, &cursor);
    assert_non_null(strstr(other_proof, "full: "));
}

/* Why the next run reads everything is said of the file; there is no server that could have told. */
static void assert_said_of_the_file(Directory *directory, const char *cursor, const char *why)
{
    const ReadRequest request = {.scope = SEARCH_SUBTREE};
    g_autoptr(GString) told = g_string_new(NULL);
    ChangesResult result;
    assert_true(directory_changes(directory, &request, cursor, append_change, told, &result, NULL));
    g_autofree char *next = delta_next(&result);
    g_autofree char *expected = g_strdup_printf("*%s: was doubtful the last time: *%s*", file_path, why);
    if (!g_pattern_match_simple(expected, next))
        fail_msg("%s", next);
    changes_result_clear(&result);
}

static void a_doubtful_file_gives_no_cursor(void **state)
{
    (void)state;
    const ReadRequest request = {.scope = SEARCH_SUBTREE};
    Endpoint endpoint = {.driver = (char *)"ldif", .path = file_path, .minimum_percent = 95};
    g_autoptr(Directory) directory = directory_open(&endpoint, NULL);
    g_autofree char *cursor = NULL;
    assert_true(g_file_set_contents(file_path, A "dn: cn=", -1, NULL));
    g_autofree char *cut = ask(directory, &request, &cursor);
    assert_non_null(strstr(cut, "partial: "));
    assert_null(cursor);
    assert_said_of_the_file(directory, NULL, "in the middle of a line");

    assert_true(g_file_set_contents(file_path, A, -1, NULL));
    endpoint.max_age = 3600;
    g_free(ask(directory, &request, &cursor));
    assert_non_null(cursor);
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, file_path, times, 0), 0);
    assert_said_of_the_file(directory, cursor, "the file is");
    g_autofree char *old = ask(directory, &request, &cursor);
    assert_non_null(strstr(old, "partial: the file is"));
    assert_null(cursor);
}

static bool replace_while_reading(const DirectoryChange *change, void *data, GError **error)
{
    (void)change;
    (void)data;
    (void)error;
    FILE *file = fopen(file_path, "r+");
    assert_non_null(file);
    assert_int_equal(fputs(B, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    return true;
}

static void a_file_that_changes_while_it_is_read_gives_no_cursor(void **state)
{
    (void)state;
    const ReadRequest request = {.scope = SEARCH_SUBTREE};
    g_autoptr(Directory) directory = open_path("ldif", file_path);
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, file_path, times, 0), 0);
    ChangesResult result = {0};
    assert_true(directory_changes(directory, &request, NULL, replace_while_reading, NULL, &result, NULL));
    assert_int_equal(result.read.proof, PROOF_PARTIAL);
    assert_null(result.cursor);
    changes_result_clear(&result);
}

static void a_table_is_a_file_too(void **state)
{
    (void)state;
    const ReadRequest request = {.scope = SEARCH_SUBTREE};
    assert_true(g_file_set_contents(file_path, "uid,cn\r\n1,A\r\n", -1, NULL));
    Endpoint endpoint = {.driver = (char *)"csv",
                         .path = file_path,
                         .minimum_percent = 95,
                         .delimiter = ',',
                         .header = true,
                         .encoding = (char *)"iso-8859-1"};
    g_autoptr(Directory) directory = directory_open(&endpoint, NULL);
    g_autofree char *cursor = NULL, *everything = ask(directory, &request, &cursor);
    g_autofree char *nothing = ask(directory, &request, &cursor);
    assert_string_equal(everything, "+uid=1");
    assert_string_equal(nothing, "");
    assert_true(g_file_set_contents(file_path, "uid,cn\r\n1,B\r\n", -1, NULL));
    g_autofree char *changed = ask(directory, &request, &cursor);
    assert_true(g_str_has_prefix(changed, "full: "));
}

static void a_target_that_is_not_there_yet_is_the_same_until_it_is(void **state)
{
    (void)state;
    const ReadRequest request = {.scope = SEARCH_SUBTREE};
    assert_int_equal(unlink(file_path), 0);
    Endpoint endpoint = {
        .driver = (char *)"ldif", .path = file_path, .minimum_percent = 95, .is_target = true, .mode = 0600};
    g_autoptr(Directory) directory = directory_open(&endpoint, NULL);
    g_autofree char *cursor = NULL, *everything = ask(directory, &request, &cursor);
    g_autofree char *nothing = ask(directory, &request, &cursor);
    assert_string_equal(everything, "");
    assert_string_equal(nothing, "");
    assert_non_null(cursor);
    assert_true(g_file_set_contents(file_path, A, -1, NULL));
    g_autofree char *changed = ask(directory, &request, &cursor);
    assert_true(g_str_has_prefix(changed, "full: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_store_tells_what_changed, drop_store),
        cmocka_unit_test_teardown(a_renamed_container_is_a_reason_to_read_everything, drop_store),
        cmocka_unit_test_teardown(a_cursor_goes_on_from_where_it_was_taken, drop_store),
        cmocka_unit_test_teardown(a_cursor_of_something_else_is_refused, drop_store),
        cmocka_unit_test_teardown(the_item_is_the_one_of_a_read, drop_store),
        cmocka_unit_test_teardown(a_store_that_tells_nothing_says_so, drop_store),
        cmocka_unit_test_teardown(a_log_outlives_the_process_with_the_file, drop_store),
        cmocka_unit_test_teardown(a_plan_spoils_changes_too, drop_store),
        cmocka_unit_test_teardown(a_call_for_changes_can_fail, drop_store),
        cmocka_unit_test_setup_teardown(an_unchanged_file_delivers_nothing, make_file, drop_file),
        cmocka_unit_test_setup_teardown(a_file_with_a_time_stamp_of_now_is_the_same, make_file, drop_file),
        cmocka_unit_test_setup_teardown(another_way_of_reading_is_another_file, make_file, drop_file),
        cmocka_unit_test_setup_teardown(a_doubtful_file_gives_no_cursor, make_file, drop_file),
        cmocka_unit_test_setup_teardown(a_file_that_changes_while_it_is_read_gives_no_cursor, make_file,
                                        drop_file),
        cmocka_unit_test_setup_teardown(a_table_is_a_file_too, make_file, drop_file),
        cmocka_unit_test_setup_teardown(a_target_that_is_not_there_yet_is_the_same_until_it_is, make_file,
                                        drop_file),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}

/*
 * test_file_target.c - files as targets of an export
 *
 * A case is the file before, the changes as LDIF, what each came to, and the
 * file after, byte for byte. Then how a target is read, and how the reader on
 * the other side knows that it is whole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/target_case.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const char *what, *before, *changes, *outcomes, *after; /* before NULL: no file */
} UpdateCase;

static const UpdateCase update_cases[] = {
    {"the first file", NULL, ADD("B", "Bee") ADD("A", "Ant"), "done;done;", HEAD B A},
    {"added ones come last, in their order", HEAD A, ADD("C", "Cat") ADD("B", "Bee"), "done;done;",
     HEAD A C B},
    {"a name that is taken", HEAD A, ADD("a", "Ape") ADD("B", "Bee") ADD("B", "Bug"), "68/3;done;68/3;",
     HEAD A B},
    {"a file that was made by hand", "", ADD("A", "Ant"), "done;", HEAD A},
    {"modified where it stands", HEAD A B C, MODIFY("b", SN("BEE", "Bug")), "done;",
     HEAD A "dn: cn=B,ou=x\nobjectClass: person\ncn: B\nsn: Bug\n\n" C},
    {"a value that is not there", HEAD A B, MODIFY("A", SN("Bee", "Bug")) DELETE("B"), "16/2;done;", HEAD A},
    {"an attribute that is not there", HEAD A, MODIFY("A", "delete: l\n-\n"), "16/2;", HEAD A},
    {"a value that is there", HEAD A, MODIFY("A", "add: sn\nsn: ANT\n-\n"), "20/2;", HEAD A},
    {"who is not there", HEAD A, MODIFY("B", SN("Bee", "Bug")) DELETE("C") RENAME("D", "cn=E", "1"),
     "32/4;32/4;32/4;", HEAD A},
    {"the name stays in the entry", HEAD A, MODIFY("A", "delete: cn\ncn: A\n-\nadd: cn\ncn: X\n-\n"), "64/1;",
     HEAD A},
    {"nothing done, nothing made", NULL, DELETE("A"), "32/4;", "(none)"},
    {"deleted", HEAD A B C, DELETE("B"), "done;", HEAD A C},
    {"all deleted", HEAD A, DELETE("A"), "done;", HEAD},
    {"renamed where it stands", HEAD A B, RENAME("A", "cn=Z", "1"), "done;",
     HEAD "dn: cn=Z,ou=x\nobjectClass: person\ncn: Z\nsn: Ant\n\n" B},
    {"renamed, the old name stays as a value", HEAD A, RENAME("A", "cn=Z", "0"), "done;",
     HEAD "dn: cn=Z,ou=x\nobjectClass: person\ncn: A\ncn: Z\nsn: Ant\n\n"},
    {"renamed in case only", HEAD A, RENAME("A", "cn=a", "1"), "done;",
     HEAD "dn: cn=a,ou=x\nobjectClass: person\ncn: a\nsn: Ant\n\n"},
    {"renamed onto somebody", HEAD A B, RENAME("A", "cn=B", "1"), "68/3;", HEAD A B},
    {"moved", HEAD A,
     "dn: cn=A,ou=x\nchangetype: modrdn\nnewrdn: cn=A\ndeleteoldrdn: 1\nnewsuperior: ou=y\n\n", "done;",
     HEAD "dn: cn=A,ou=y\nobjectClass: person\ncn: A\nsn: Ant\n\n"},
    {"no name", HEAD A, "dn: what\nchangetype: delete\n\n", "34/1;", HEAD A},
    {"several changes to one, in order", HEAD A B,
     MODIFY("A", SN("Ant", "Ape")) MODIFY("A", SN("Ape", "Asp")) RENAME("A", "cn=Z", "1")
         MODIFY("Z", SN("Asp", "Auk")),
     "done;done;done;done;", HEAD "dn: cn=Z,ou=x\nobjectClass: person\ncn: Z\nsn: Auk\n\n" B},
    {"added, changed and deleted at once", HEAD A,
     ADD("B", "Bee") MODIFY("B", SN("Bee", "Bug")) ADD("C", "Cat") DELETE("C"), "done;done;done;done;",
     HEAD A "dn: cn=B,ou=x\nobjectClass: person\ncn: B\nsn: Bug\n\n"},
    {"a name given on", HEAD A B, DELETE("A") RENAME("B", "cn=A", "1") ADD("B", "Bug"), "done;done;done;",
     HEAD "dn: cn=A,ou=x\nobjectClass: person\ncn: A\nsn: Bee\n\n"
          "dn: cn=B,ou=x\nobjectClass: person\ncn: B\nsn: Bug\n\n"},
    {"two swap their names", HEAD A B,
     RENAME("A", "cn=T", "1") RENAME("B", "cn=A", "1") RENAME("T", "cn=B", "1"), "done;done;done;",
     HEAD "dn: cn=B,ou=x\nobjectClass: person\ncn: B\nsn: Ant\n\n"
          "dn: cn=A,ou=x\nobjectClass: person\ncn: A\nsn: Bee\n\n"},
    {"what adds up to nothing leaves no trace", HEAD A B C,
     MODIFY("A", SN("Ant", "Ape")) MODIFY("A", SN("Ape", "Ant")) MODIFY("B", "delete: sn\n-\n")
         MODIFY("B", "add: SN\nSN: Bee\n-\n") DELETE("B") ADD("B", "Bee") RENAME("C", "cn=D", "1")
             RENAME("D", "cn=C", "1") ADD("D", "Dog") DELETE("D"),
     "done;done;done;done;done;done;done;done;done;done;", HEAD A B C},
    {"records that no change names are kept as they are",
     HEAD "dn: what\nsn: x\n\n" A A "dn: cn=Q,ou=x\ncn: Q\ncommonName: R\nphoto:: AP8=\n\n", DELETE("A"),
     "done;", HEAD "dn: what\nsn: x\n\n" A "dn: cn=Q,ou=x\ncn: Q\ncommonName: R\nphoto:: AP8=\n\n"},
    {"an attribute under two names keeps both", HEAD "dn: cn=Q,ou=x\ncn: Q\ncommonName: R\n\n",
     MODIFY("Q", "add: sn\nsn: S\n-\n"), "done;", HEAD "dn: cn=Q,ou=x\ncn: Q\ncommonName: R\nsn: S\n\n"},
    {"an attribute that LDIF would take for a change", HEAD A,
     MODIFY("A", "add: changetype\nchangetype: add\n-\n"), "[0];", HEAD A},
};

static void check_update(TargetCase *target, const UpdateCase *c)
{
    g_autoptr(GError) error = NULL;
    unlink(target->endpoint.path);
    if (c->before)
        target_case_write(target->endpoint.path, c->before);
    if (!target_case_apply(target, c->changes, &error))
        fail_msg("%s: %s", c->what, error->message);
    g_autofree char *after = target_case_text(target->endpoint.path);
    if (strcmp(target->outcomes->str, c->outcomes) != 0)
        fail_msg("%s: %s", c->what, target->outcomes->str);
    if (strcmp(after, c->after) != 0)
        fail_msg("%s:\n%s", c->what, after);
}

static void test_ldif_updates(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(update_cases); i++)
        check_update(*state, &update_cases[i]);
}

/* An assertion that does not hold stops its change and no other. */
static void test_assertions(void **state)
{
    TargetCase *target = *state;
    g_autoptr(GPtrArray) changes = target_case_parse(DELETE("A") DELETE("B"));
    const char *const assertions[] = {"(sn=Bee)", "(sn=Bee)"};
    target_case_write(target->endpoint.path, HEAD A B);
    g_autoptr(Directory) directory = target_case_open(target);
    for (guint i = 0; i < changes->len; i++) {
        Change *change = changes->pdata[i];
        change->assertion = change_strdup(change, assertions[i]);
        assert_true(directory_submit(directory, change, target_case_note, target, NULL));
    }
    assert_true(directory_flush(directory, NULL));
    assert_string_equal(target->outcomes->str, "122/2;done;");
    g_autofree char *after = target_case_text(target->endpoint.path);
    assert_string_equal(after, HEAD A);
}

static const UpdateCase csv_cases[] = {
    {"the first file", NULL, ROW("id=1", "add") "objectClass: person\nsn: Ant\nid: 1\nmail: a\nmail: b\n\n",
     "done;", ROWS "1,Ant,a|b\r\n"},
    {"changes", ROWS "1,Ant,a|b\r\n2,Bee,\r\n3,Cat,\r\n",
     ROW("id=2", "delete") "\n" ROW(
         "ID=1", "modify") "delete: mail\nmail: a\n-\nadd: mail\nmail: "
                           "c\n-\n\n" ROW("id=3", "modrdn") "newrdn: id=4\ndeleteoldrdn: "
                                                            "1\n\n" ROW("id=0", "add") "id: 0\n\n",
     "done;done;done;done;", ROWS "1,Ant,b|c\r\n4,Cat,\r\n0,,\r\n"},
    {"other names of columns", ROWS "1,Ant,\r\n",
     ROW("id=1", "modify") "delete: surname\n-\nadd: surname\nsurname: Ape\n-\nadd: "
                           "rfc822Mailbox\nrfc822Mailbox: a\n-\n\n",
     "done;", ROWS "1,Ape,a\r\n"},
    {"what the file cannot hold", ROWS "1,Ant,\r\n",
     ROW("id=2", "add") "id: 2\nl: Rome\n\n" ROW("id=3", "add") "id: 3\nmail: a|b\n\n" ROW(
         "id=4", "add") "id: 4\nsn: Dog\n\n" ROW("id=5", "add") "id: 5\nsn:\n\n",
     "[0];[0];done;[0];", ROWS "1,Ant,\r\n4,Dog,\r\n"},
    {"names that are no rows", ROWS "1,Ant,\r\n",
     ROW("id=2,ou=x", "add") "id: 2\n\n" ROW("sn=Bee", "add") "id: 2\nsn: Bee\n\n" ROW(
         "id=2", "add") "id: 3\n\n" ROW("id=1",
                                        "modrdn") "newrdn: id=2\ndeleteoldrdn: 1\nnewsuperior: ou=x\n\n",
     "64/1;64/1;64/1;64/1;", ROWS "1,Ant,\r\n"},
    {"the value that names the row comes first", ROWS "1,Ant,\r\n",
     ROW("id=1", "modrdn") "newrdn: id=2\ndeleteoldrdn: 0\n\n", "done;", ROWS "2|1,Ant,\r\n"},
    {"other columns than before", "id,l,sn\r\n1,Rome,Ant\r\n", ROW("id=2", "add") "id: 2\nmail: b\n\n",
     "done;", ROWS "1,Ant,\r\n2,,b\r\n"},
    {"what adds up to nothing", ROWS "1,\"A, B\",x\r\n2,Bee,\r\n",
     ROW("id=1", "modify") "delete: sn\n-\nadd: sn\nsn: A, B\n-\n\n" ROW("id=2", "delete") "\n" ROW(
         "id=2", "add") "sn: Bee\nid: 2\n\n",
     "done;done;done;", ROWS "1,\"A, B\",x\r\n2,Bee,\r\n"},
};

static void test_csv_updates(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(csv_cases); i++)
        check_update(*state, &csv_cases[i]);
}

static void test_csv_key_and_formulas(void **state)
{
    TargetCase *target = *state;
    target->endpoint.key = (char *)"mail";
    target->endpoint.guard_formulas = true;
    check_update(target,
                 &(UpdateCase){"guarded", ROWS "1,'=1,a\r\n2,x,b\r\n",
                               ROW("mail=a", "modify") "delete: sn\nsn: =1\n-\nadd: sn\nsn: +2\n-\n\n" ROW(
                                   "mail=c", "add") "mail: c\nid: -3\n\n",
                               "done;done;", ROWS "1,'+2,a\r\n2,x,b\r\n'-3,,c\r\n"});
}

/* Where there are columns for two names of one attribute each takes its own. */
static void test_csv_columns_of_two_names(void **state)
{
    TargetCase *target = *state;
    static char *const columns[] = {(char *)"id", (char *)"sn", (char *)"surname", NULL};
    target->endpoint.columns = (char **)columns;
    check_update(target, &(UpdateCase){"two names", "id,sn,surname\r\n1,Ant,Ape\r\n",
                                       ROW("id=1", "modify") "add: sn\nsn: Auk\n-\n\n", "done;",
                                       "id,sn,surname\r\n1,Ant|Auk,Ape\r\n"});
}

static void test_csv_encodings(void **state)
{
    TargetCase *target = *state;
    const char *const add =
        ROW("id=1", "add") "id: 1\nsn:: TcO8\n\n" ROW("id=2", "add") "id: 2\nsn:: xYE=\n\n"; /* "Mü", "Ł" */
    target->endpoint.encoding = (char *)"iso-8859-1";
    assert_true(target_case_apply(target, add, NULL));
    g_autofree char *latin = target_case_text(target->endpoint.path);
    assert_string_equal(latin, ROWS "1,M\xFC,\r\n");
    assert_string_equal(target->outcomes->str, "done;[0];");
    unlink(target->endpoint.path);
    target->endpoint.encoding = (char *)"utf-16be";
    assert_true(target_case_apply(target, add, NULL));
    assert_true(target_case_apply(target, ROW("id=1", "delete") "\n", NULL));
    gsize len;
    g_autofree char *wide = NULL;
    assert_true(g_file_get_contents(target->endpoint.path, &wide, &len, NULL));
    static const char wanted[] = "\xFE\xFF\0i\0d\0,\0s\0n\0,\0m\0a\0i\0l\0\r\0\n\0"
                                 "2\0,\x01\x41\0,\0\r\0\n";
    assert_int_equal(len, sizeof wanted - 1);
    assert_memory_equal(wide, wanted, len);
}

static void test_csv_wants_columns(void **state)
{
    TargetCase *target = *state;
    g_autoptr(GError) error = NULL;
    target->endpoint.columns = NULL;
    target->endpoint.where = (char *)"c.xml:7";
    assert_null(directory_open(&target->endpoint, &error));
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_string_equal(error->message, "c.xml:7: a CSV file that is written wants columns=\"...\"");
}

/* --- reading a target --- */

static bool take_nobody(size_t index, Entry *entry, void *data, GError **error)
{
    (void)index;
    (void)error;
    assert_null(entry);
    ++*(int *)data;
    return true;
}

static void test_a_file_that_is_not_there_is_empty(void **state)
{
    TargetCase *target = *state;
    size_t n;
    int asked = 0;
    const FetchId id = {.dn = "cn=A,ou=x"};
    ReadRequest request = {.scope = SEARCH_SUBTREE};
    assert_int_equal(target_case_read(target, true, &n), PROOF_COMPLETE);
    assert_int_equal(n, 0);
    g_autoptr(Directory) directory = target_case_open(target);
    assert_int_equal(directory_describe(directory)->capabilities,
                     IS_FILE | CAN_WRITE | WRITES_WHOLE | CAN_TELL_CHANGES);
    assert_true(directory_fetch(directory, &id, 1, NULL, take_nobody, &asked, NULL));
    assert_int_equal(asked, 1);
    g_autoptr(GPtrArray) found = directory_search(directory, &request, 1, NULL);
    assert_int_equal(found->len, 0);
    assert_true(directory_flush(directory, NULL));
    g_autofree char *text = target_case_text(target->endpoint.path);
    assert_string_equal(text, "(none)");
}

/* Our own file needs no proof but that it ends; the count of the last read says nothing. */
static void test_a_target_is_complete_when_it_ends(void **state)
{
    TargetCase *target = *state;
    size_t n;
    target->endpoint.count_trailer = (char *)"count";
    target_case_write(target->endpoint.path, HEAD A B);
    assert_int_equal(target_case_read(target, true, &n), PROOF_COMPLETE);
    assert_int_equal(n, 2);
    assert_int_equal(target_case_read(target, false, &n), PROOF_PARTIAL);
    target_case_write(target->endpoint.path, HEAD);
    assert_int_equal(target_case_read(target, true, &n), PROOF_COMPLETE);
    target_case_write(target->endpoint.path, HEAD A "dn: cn=B,ou=x\ncn:");
    assert_int_equal(target_case_read(target, true, &n), PROOF_PARTIAL);
}

static void test_a_folder_that_is_not_there(void **state)
{
    TargetCase *target = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(target->folder, "missing", "people", NULL);
    Endpoint endpoint = target->endpoint;
    endpoint.path = path;
    assert_null(directory_open(&endpoint, &error));
    assert_true(error_is(error, ERROR_SOURCE));
    assert_non_null(strstr(error->message, "its folder is not there"));
}

static void test_a_link_that_leads_nowhere_is_no_empty_file(void **state)
{
    TargetCase *target = *state;
    g_autoptr(GError) error = NULL;
    assert_int_equal(symlink("nowhere", target->endpoint.path), 0);
    assert_null(directory_open(&target->endpoint, &error));
    assert_true(error_is(error, ERROR_SOURCE));
}

static void test_a_source_is_not_written(void **state)
{
    TargetCase *target = *state;
    g_autoptr(GError) error = NULL;
    target->endpoint.is_target = false;
    target_case_write(target->endpoint.path, HEAD A);
    g_autoptr(Directory) directory = target_case_open(target);
    assert_int_equal(directory_describe(directory)->capabilities, IS_FILE | CAN_TELL_CHANGES);
    assert_false(directory_submit(directory, NULL, NULL, NULL, &error));
    assert_true(error_is(error, ERROR_PROTOCOL));
}

/* --- proof for the reader on the other side --- */

static void check_proven(TargetCase *target)
{
    size_t n;
    struct stat status;
    assert_int_equal(target_case_read(target, false, &n), PROOF_COMPLETE);
    assert_int_equal(n, 2);
    assert_int_equal(stat(target->sum, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    g_autofree char *text = target_case_text(target->endpoint.path), *sum = target_case_text(target->sum);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_autofree char *line = g_strconcat(digest, "  people\n", NULL);
    assert_string_equal(sum, line);
}

static void test_ldif_trailer_and_checksum_prove_it(void **state)
{
    TargetCase *target = *state;
    target->endpoint.count_trailer = (char *)"count";
    target->endpoint.checksum = target->sum;
    target->endpoint.mode = 0640;
    assert_true(target_case_apply(target, ADD("A", "Ant") ADD("B", "Bee") ADD("C", "Cat"), NULL));
    assert_true(target_case_apply(target, DELETE("B"), NULL));
    g_autofree char *text = target_case_text(target->endpoint.path);
    assert_string_equal(text, HEAD A C "# count: 2\n");
    check_proven(target);
}

static void test_csv_trailer_and_checksum_prove_it(void **state)
{
    TargetCase *target = *state;
    target->endpoint.count_trailer = (char *)"count";
    target->endpoint.checksum = target->sum;
    target->endpoint.mode = 0640;
    assert_true(
        target_case_apply(target, ROW("id=1", "add") "id: 1\n\n" ROW("id=2", "add") "id: 2\n\n", NULL));
    assert_true(target_case_apply(target, ROW("id=2", "modify") "add: sn\nsn: Bee\n-\n\n", NULL));
    g_autofree char *text = target_case_text(target->endpoint.path);
    assert_string_equal(text, ROWS "1,,\r\n2,Bee,\r\ncount,2,\r\n");
    check_proven(target);
}

static void test_a_checksum_that_does_not_fit_is_mended(void **state)
{
    TargetCase *target = *state;
    target->endpoint.count_trailer = (char *)"count";
    target->endpoint.checksum = target->sum;
    target->endpoint.mode = 0640;
    assert_true(target_case_apply(target, ADD("A", "Ant") ADD("B", "Bee"), NULL));
    target_case_write(target->sum, "what a killed run left behind\n");
    assert_true(target_case_apply(target, "", NULL));
    check_proven(target);
    unlink(target->sum);
    assert_true(target_case_apply(target, DELETE("C"), NULL));
    check_proven(target);
}

#define LDIF(test) cmocka_unit_test_setup_teardown(test, target_case_make, target_case_drop)
#define CSV(test) cmocka_unit_test_setup_teardown(test, target_case_make_csv, target_case_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LDIF(test_ldif_updates),
        LDIF(test_assertions),
        CSV(test_csv_updates),
        CSV(test_csv_key_and_formulas),
        CSV(test_csv_columns_of_two_names),
        CSV(test_csv_encodings),
        CSV(test_csv_wants_columns),
        LDIF(test_a_file_that_is_not_there_is_empty),
        LDIF(test_a_target_is_complete_when_it_ends),
        LDIF(test_a_folder_that_is_not_there),
        LDIF(test_a_link_that_leads_nowhere_is_no_empty_file),
        LDIF(test_a_source_is_not_written),
        LDIF(test_ldif_trailer_and_checksum_prove_it),
        CSV(test_csv_trailer_and_checksum_prove_it),
        LDIF(test_a_checksum_that_does_not_fit_is_mended),
    };
    return cmocka_run_group_tests_name("file_target", tests, NULL, NULL);
}

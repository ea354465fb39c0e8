/*
 * test_csv_file.c - a CSV file as a directory, and when it counts as whole
 *
 * Each proof case is a file, what the definition asks of it, and what reading
 * comes to. What every driver of files does alike (checksums, ages, files that
 * change) is in test_ldif_file.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/csv_file.h"

#include <string.h>
#include <unistd.h>

#define HEADER "id;sn;mail\n"
#define A "1;Ant;a@x|aa@x\n"
#define B "2;Bee;b@x\n"
#define C "3;Cat;\n"
#define C_UNENDED "3;Cat;"
#define BAD "4;Dog\n"
#define ABC "id=1;id=2;id=3;"

typedef struct {
    char *folder;
    Endpoint endpoint;
} Files;

static int make_files(void **state)
{
    Files *files = g_new0(Files, 1);
    files->folder = g_dir_make_tmp("test-csv-XXXXXX", NULL);
    files->endpoint = (Endpoint){
        .driver = (char *)"csv", .minimum_percent = 95, .delimiter = ';', .separator = '|', .header = true};
    files->endpoint.path = g_build_filename(files->folder, "people.csv", NULL);
    *state = files;
    return files->folder ? 0 : -1;
}

static int drop_files(void **state)
{
    Files *files = *state;
    g_autofree char *checksum = g_build_filename(files->folder, "people.sha256", NULL);
    unlink(files->endpoint.path);
    unlink(checksum);
    int result = rmdir(files->folder);
    g_free(files->endpoint.path);
    g_free(files->endpoint.checksum);
    g_free(files->folder);
    g_free(files);
    return result;
}

static void write_file(const char *path, const char *text)
{
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static Directory *open_files(const Files *files)
{
    g_autoptr(GError) error = NULL;
    Directory *directory = directory_open(&files->endpoint, &error);
    assert_null(error);
    assert_non_null(directory);
    return directory;
}

/* Writes "id=1;" or "bad;" for every item. */
static bool trace_item(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    GString *trace = data;
    assert_int_equal(item->bad != NULL, fingerprint_is_zero(item->fingerprint));
    assert_non_null(strstr(item->where, "people.csv:"));
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, NULL);
    assert_int_equal(item->bad != NULL, entry == NULL);
    g_string_append_printf(trace, "%s;", entry ? entry_dn(entry) : "bad");
    return true;
}

static char *read_all(const Files *files, size_t last_good_count, ReadResult *result)
{
    g_autoptr(Directory) directory = open_files(files);
    g_autoptr(GError) error = NULL;
    GString *trace = g_string_new(NULL);
    ReadRequest request = {.scope = SEARCH_SUBTREE, .last_good_count = last_good_count};
    assert_true(directory_read(directory, &request, trace_item, trace, result, &error));
    return g_string_free(trace, FALSE);
}

typedef struct {
    const char *what, *text, *count_trailer;
    size_t last_good_count;
    unsigned minimum_percent;
    const char *trace, *reason; /* reason NULL: complete */
} ProofCase;

static const ProofCase proof_cases[] = {
    {"first read", HEADER A B C, NULL, 0, 95, ABC, NULL},
    {"as many as before", HEADER A B C, NULL, 3, 95, ABC, NULL},
    {"too few", HEADER A B C, NULL, 4, 95, ABC, "3 records, the last complete read had 4"},
    {"just enough", HEADER A B C, NULL, 4, 75, ABC, NULL},
    {"only a header", HEADER, NULL, 0, 95, "", "no records"},
    {"only a header and a trailer that fits", HEADER "count;0\n", "count", 0, 95, "", "no records"},
    {"the last line does not end", HEADER A B C_UNENDED, NULL, 3, 95, "id=1;id=2;bad;", "cannot be read"},
    {"the last line does not end, first read", HEADER A B C_UNENDED, NULL, 0, 95, "id=1;id=2;bad;",
     "cannot be read"},
    {"nothing but a header that does not end", "id;sn;mail", NULL, 0, 95, "", "no records"},
    {"cut in quotes", HEADER A B "3;\"Ca", NULL, 0, 95, "id=1;id=2;bad;", "in the middle of a line"},
    {"trailer fits", HEADER A B C "count;3\n", "count", 0, 95, ABC, NULL},
    {"trailer fits, filled up with delimiters", HEADER A B C "count;3;\n", "count", 0, 95, ABC, NULL},
    {"trailer fits, blank lines after it", HEADER A B C "count;3\n\n;;\n", "count", 0, 95, ABC, NULL},
    {"trailer fits, whatever the count before", HEADER A B C "count;3\n", "count", 100, 95, ABC, NULL},
    {"trailer fits, its line does not end", HEADER A B C "count;3", "count", 0, 95, ABC, NULL},
    {"trailer does not fit", HEADER A B C "count;4\n", "count", 3, 95, ABC,
     "the trailer says 4 records, there are 3"},
    {"trailer does not fit because it is cut", HEADER A B C "count;", "count", 3, 95, ABC,
     "the trailer says  records, there are 3"},
    {"trailer is no number", HEADER A B C "count;many\n", "count", 3, 95, ABC, "the trailer says many"},
    {"trailer is missing", HEADER A B C, "count", 3, 95, ABC,
     "there is no trailer: the last line is not \"count\" and a number"},
    {"trailer is not the last line", HEADER A "count;3\n" B C, "count", 3, 95, ABC, "there is no trailer"},
    {"trailer is missing and the last line does not end", HEADER A B C_UNENDED, "count", 0, 95,
     "id=1;id=2;bad;", "1 of 3 records cannot be read"},
    {"a trailer nobody asked for is a record", HEADER A "count;3;\n", NULL, 0, 95, "id=1;id=count;", NULL},
    {"bad record", HEADER A BAD C, NULL, 0, 95, "id=1;bad;id=3;", "1 of 3 records cannot be read"},
    {"bad record counts for the trailer", HEADER A BAD C "count;3\n", "count", 0, 95, "id=1;bad;id=3;",
     "1 of 3 records cannot be read"},
};

static void test_proof(void **state)
{
    Files *files = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(proof_cases); i++) {
        const ProofCase *c = &proof_cases[i];
        ReadResult result;
        write_file(files->endpoint.path, c->text);
        files->endpoint.count_trailer = (char *)c->count_trailer;
        files->endpoint.minimum_percent = c->minimum_percent;
        g_autofree char *trace = read_all(files, c->last_good_count, &result);
        if (strcmp(trace, c->trace) != 0)
            fail_msg("%s: %s", c->what, trace);
        if (!c->reason && result.reason)
            fail_msg("%s: partial: %s", c->what, result.reason);
        if (c->reason && (!result.reason || !strstr(result.reason, c->reason)))
            fail_msg("%s: %s", c->what, result.reason ? result.reason : "complete");
        assert_int_equal(result.proof, c->reason ? PROOF_PARTIAL : PROOF_COMPLETE);
        read_result_clear(&result);
    }
}

/* A checksum that fits says that the file was written so. */
static void test_checksum_proves_a_line_without_an_end(void **state)
{
    Files *files = *state;
    ReadResult result;
    files->endpoint.checksum = g_build_filename(files->folder, "people.sha256", NULL);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, HEADER A B C_UNENDED, -1);
    write_file(files->endpoint.checksum, digest);
    write_file(files->endpoint.path, HEADER A B C_UNENDED);
    g_autofree char *whole = read_all(files, 100, &result);
    assert_string_equal(whole, ABC);
    assert_int_equal(result.proof, PROOF_COMPLETE);
    read_result_clear(&result);
    write_file(files->endpoint.path, HEADER A B "3;Ca");
    g_autofree char *cut = read_all(files, 100, &result);
    assert_string_equal(cut, "id=1;id=2;bad;");
    assert_int_equal(result.proof, PROOF_PARTIAL);
    read_result_clear(&result);
}

typedef struct {
    const char *what, *text;
    Endpoint endpoint; /* how it is written */
    const char *message;
} OpenCase;

static const char *const two_columns[] = {"id", "sn", NULL};

static const OpenCase open_cases[] = {
    {"another delimiter",
     HEADER A,
     {.delimiter = ',', .header = true},
     "people.csv:1:1: the header \"id;sn;mail\""},
    {"empty", "", {.delimiter = ';', .header = true}, "people.csv: no header, and nothing else"},
    {"fewer columns named",
     HEADER A,
     {.delimiter = ';', .header = true, .columns = (char **)two_columns},
     "people.csv:1:7: the header has more columns than the 2 that the definition names"},
    {"encoding",
     HEADER A,
     {.delimiter = ';', .header = true, .encoding = (char *)"utf-16le"},
     "people.csv:1:"},
    {"no columns at all", A, {.delimiter = ';'}, "columns must be named"},
};

static void test_what_cannot_be_a_source(void **state)
{
    Files *files = *state;
    for (size_t i = 0; i < G_N_ELEMENTS(open_cases); i++) {
        const OpenCase *c = &open_cases[i];
        g_autoptr(GError) error = NULL;
        Endpoint endpoint = c->endpoint;
        endpoint.driver = (char *)"csv";
        endpoint.path = files->endpoint.path;
        write_file(endpoint.path, c->text);
        assert_null(directory_open(&endpoint, &error));
        assert_true(error_is(error, ERROR_SOURCE) || error_is(error, ERROR_DEFINITION));
        if (!strstr(error->message, c->message))
            fail_msg("%s: %s", c->what, error->message);
    }
    Endpoint nothing = {.driver = (char *)"csv", .where = (char *)"c.xml:3"};
    g_autoptr(GError) error = NULL;
    assert_null(directory_open(&nothing, &error));
    assert_string_equal(error->message, "c.xml:3: the driver \"csv\" wants a path");
}

/* The header of a file that was replaced after opening is looked at again. */
static void test_header_that_went_bad(void **state)
{
    Files *files = *state;
    ReadResult result;
    ReadRequest request = {0};
    g_autoptr(GError) error = NULL;
    write_file(files->endpoint.path, HEADER A);
    g_autoptr(Directory) directory = open_files(files);
    write_file(files->endpoint.path, "id,sn,mail\n1,Ant,a@x\n");
    assert_false(directory_read(directory, &request, trace_item, NULL, &result, &error));
    assert_true(error_is(error, ERROR_SOURCE));
}

static void test_named_columns_and_encoding(void **state)
{
    Files *files = *state;
    ReadResult result;
    files->endpoint.columns = g_strsplit("- id", " ", 0);
    files->endpoint.header = false;
    files->endpoint.encoding = (char *)"windows-1252";
    write_file(files->endpoint.path, "1;M\xFCller\n2;B\n");
    g_autofree char *trace = read_all(files, 0, &result);
    assert_string_equal(trace, "id=M\xC3\xBCller;id=B;");
    assert_int_equal(result.proof, PROOF_COMPLETE);
    read_result_clear(&result);
    g_strfreev(files->endpoint.columns);
}

static void test_description(void **state)
{
    Files *files = *state;
    write_file(files->endpoint.path, HEADER);
    g_autoptr(Directory) directory = open_files(files);
    const DirectoryDescription *description = directory_describe(directory);
    assert_int_equal(description->capabilities, IS_FILE | CAN_TELL_CHANGES);
    assert_ptr_equal(description->schema, schema_standard());
    assert_null(description->default_anchor);
    assert_null(description->naming_contexts[0]);
    assert_string_equal(description->subject, files->endpoint.path);
}

static bool take_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)error;
    g_autoptr(Entry) owned = entry;
    char **answers = data;
    assert_null(answers[index]);
    answers[index] = g_strdup(owned ? entry_dn(owned) : "-");
    return true;
}

#define ID(attribute, text, position)                                                                        \
    {                                                                                                        \
        .id_attribute = attribute, .id = {.data = text, .len = sizeof(text) - 1}, .index = position          \
    }

static void test_fetch(void **state)
{
    Files *files = *state;
    const FetchId ids[] = {
        ID("mail", "aa@x", 2), ID("surname", "bee", 0), ID("id", "9", 1), {.dn = "ID=3", .index = 3}};
    g_auto(GStrv) answers = g_new0(char *, 5);
    write_file(files->endpoint.path, HEADER A B C);
    g_autoptr(Directory) directory = open_files(files);
    assert_true(directory_fetch(directory, ids, G_N_ELEMENTS(ids), NULL, take_fetched, answers, NULL));
    g_autofree char *all = g_strjoinv(";", answers);
    assert_string_equal(all, "id=2;-;id=1;id=3");
}

/* What is not found in a file that may lack its end is not said to be gone. */
static void test_fetch_from_a_file_that_is_not_whole(void **state)
{
    Files *files = *state;
    const FetchId ids[] = {ID("id", "1", 0), ID("id", "3", 1)};
    const char *const texts[] = {HEADER A B "3;\"", HEADER A B C_UNENDED, HEADER A BAD B};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(GStrv) answers = g_new0(char *, 3);
        g_autoptr(GError) error = NULL;
        write_file(files->endpoint.path, texts[i]);
        g_autoptr(Directory) directory = open_files(files);
        assert_false(directory_fetch(directory, ids, 2, NULL, take_fetched, answers, &error));
        assert_string_equal(answers[0], "id=1");
        assert_null(answers[1]);
        assert_true(error_is(error, ERROR_SOURCE));
    }
}

static void test_search(void **state)
{
    Files *files = *state;
    static const char *const cases[][2] = {
        {"(mail=*)", "id=1;id=2;"},
        {"(sn=CAT)", "id=3;"},
        {"(|(id=1)(!(mail=*)))", "id=1;id=3;"},
        {"(l=x)", ""},
    };
    write_file(files->endpoint.path, HEADER A BAD B C);
    g_autoptr(Directory) directory = open_files(files);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = cases[i][0]};
        g_autoptr(GPtrArray) found = directory_search(directory, &request, 2, NULL);
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint j = 0; j < found->len; j++)
            g_string_append_printf(names, "%s;", entry_dn(found->pdata[j]));
        assert_string_equal(names->str, cases[i][1]);
    }
}

static void test_cannot_be_written_to(void **state)
{
    Files *files = *state;
    g_autoptr(GError) error = NULL;
    write_file(files->endpoint.path, HEADER A);
    g_autoptr(Directory) directory = open_files(files);
    assert_false(directory_submit(directory, NULL, NULL, NULL, &error));
    assert_true(error_is(error, ERROR_PROTOCOL));
    assert_true(directory_flush(directory, NULL));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_files, drop_files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_proof),
        CASE(test_checksum_proves_a_line_without_an_end),
        CASE(test_what_cannot_be_a_source),
        CASE(test_header_that_went_bad),
        CASE(test_named_columns_and_encoding),
        CASE(test_description),
        CASE(test_fetch),
        CASE(test_fetch_from_a_file_that_is_not_whole),
        CASE(test_search),
        CASE(test_cannot_be_written_to),
    };
    return cmocka_run_group_tests_name("csv_file", tests, NULL, NULL);
}

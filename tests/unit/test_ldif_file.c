/*
 * test_ldif_file.c - an LDIF file as a directory, and when it counts as whole
 *
 * Each proof case is a file, what the definition asks of it, and what reading
 * comes to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/ldif_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define A "dn: cn=A,ou=x\nobjectClass: person\ncn: A\nsn: Ant\n\n"
#define B "dn: cn=B,ou=x\nobjectClass: person\ncn: B\nsn: Bee\n\n"
#define C "dn: cn=C,ou=y\nobjectClass: person\ncn: C\nsn: Cat\n\n"
#define D_CUT "dn: cn=D,ou=y\nobjectClass: person\n"
#define BAD "dn: cn=Bad\ncn:: Q\n\n"

typedef struct {
    char *folder;
    Endpoint endpoint;
} Files;

static int make_files(void **state)
{
    Files *files = g_new0(Files, 1);
    files->folder = g_dir_make_tmp("test-ldif-XXXXXX", NULL);
    files->endpoint = (Endpoint){.driver = (char *)"ldif", .minimum_percent = 95};
    files->endpoint.path = g_build_filename(files->folder, "people.ldif", NULL);
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
    Directory *directory = ldif_driver.open(&files->endpoint, &error);
    assert_null(error);
    assert_non_null(directory);
    return directory;
}

/* Writes "cn=A,ou=x;" or "bad;" for every item. */
static bool trace_item(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    GString *trace = data;
    assert_int_equal(item->bad != NULL, fingerprint_is_zero(item->fingerprint));
    assert_non_null(strstr(item->where, "people.ldif:"));
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
    assert_true(ldif_driver.read(directory, &request, trace_item, trace, result, &error));
    return g_string_free(trace, FALSE);
}

typedef struct {
    const char *what, *text, *count_trailer;
    size_t last_good_count;
    unsigned minimum_percent;
    const char *trace, *reason; /* reason NULL: complete */
} ProofCase;

#define ABC "cn=A,ou=x;cn=B,ou=x;cn=C,ou=y;"

static const ProofCase proof_cases[] = {
    {"first read", A B C, NULL, 0, 95, ABC, NULL},
    {"as many as before", A B C, NULL, 3, 95, ABC, NULL},
    {"more than before", A B C, NULL, 2, 95, ABC, NULL},
    {"too few", A B C, NULL, 4, 95, ABC, "3 records, the last complete read had 4"},
    {"just enough", A B C, NULL, 4, 75, ABC, NULL},
    {"empty", "", NULL, 0, 95, "", "no records"},
    {"empty but for a trailer that fits", "# count: 0\n", "count", 0, 95, "", "no records"},
    {"cut in a line", A B "dn: cn=C,o", NULL, 0, 95, "cn=A,ou=x;cn=B,ou=x;", "in the middle of a line"},
    {"trailer fits", A B C "# count: 3\n", "count", 0, 95, ABC, NULL},
    {"trailer fits, whatever the count before", A B C "# count: 3\n", "count", 100, 95, ABC, NULL},
    {"trailer of ldapsearch", A B C "# numResponses: 4\n# numEntries: 3\n", "numEntries", 0, 95, ABC, NULL},
    {"trailer does not fit", A B C "# count: 4\n", "count", 3, 95, ABC,
     "the trailer says 4 records, there are 3"},
    {"trailer is no number", A B C "# count: many\n", "count", 3, 95, ABC, "the trailer says many"},
    {"trailer is missing", A B C, "count", 3, 95, ABC, "the last comment is not"},
    {"trailer of another name", A B C "# counted: 3\n", "count", 3, 95, ABC, "the last comment is not"},
    {"trailer is cut", A B C "# count: 3", "count", 3, 95, ABC, "in the middle of a line"},
    {"count at the top of a file that was cut", "# count: 3\n\n" A B, "count", 0, 95, "cn=A,ou=x;cn=B,ou=x;",
     "the trailer says 3 records, there are 2"},
    {"bad record", A BAD C, NULL, 0, 95, "cn=A,ou=x;bad;cn=C,ou=y;", "1 of 3 records cannot be read"},
    {"bad record counts for the trailer", A BAD C "# count: 3\n", "count", 0, 95, "cn=A,ou=x;bad;cn=C,ou=y;",
     "1 of 3 records cannot be read"},
    {"last record without a blank line", A D_CUT, NULL, 2, 95, "cn=A,ou=x;cn=D,ou=y;", NULL},
    {"last record may be cut: too few", A D_CUT, NULL, 4, 95, "cn=A,ou=x;bad;",
     "1 of 2 records cannot be read"},
    {"last record may be cut: no trailer", A D_CUT, "count", 0, 95, "cn=A,ou=x;bad;", "1 of 2 records"},
    {"trailer right after the last record", A D_CUT "# count: 2\n", "count", 0, 95, "cn=A,ou=x;cn=D,ou=y;",
     NULL},
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
        assert_string_equal(trace, c->trace);
        if (!c->reason && result.reason)
            fail_msg("%s: partial: %s", c->what, result.reason);
        if (c->reason && (!result.reason || !strstr(result.reason, c->reason)))
            fail_msg("%s: %s", c->what, result.reason ? result.reason : "complete");
        assert_int_equal(result.proof, c->reason ? PROOF_PARTIAL : PROOF_COMPLETE);
        read_result_clear(&result);
    }
}

static void test_counts(void **state)
{
    Files *files = *state;
    ReadResult result;
    write_file(files->endpoint.path, A BAD B);
    g_autofree char *trace = read_all(files, 0, &result);
    assert_string_equal(trace, "cn=A,ou=x;bad;cn=B,ou=x;");
    assert_int_equal(result.entries, 2);
    assert_int_equal(result.bad, 1);
    read_result_clear(&result);
}

typedef struct {
    const char *what, *checksum; /* %s: the right digest; NULL: no file */
    const char *reason;
} ChecksumCase;

static const ChecksumCase checksum_cases[] = {
    {"as sha256sum writes it", "%s  people.ldif\n", NULL},
    {"binary mode", "%s *people.ldif\n", NULL},
    {"with a path", "%s  /srv/export/people.ldif\n", NULL},
    {"the digest alone", "%s\n", NULL},
    {"among others",
     "0000000000000000000000000000000000000000000000000000000000000000  x.ldif\n%s  people.ldif\n", NULL},
    {"another digest", "0000000000000000000000000000000000000000000000000000000000000000  people.ldif\n",
     "does not fit"},
    {"another file", "%s  animals.ldif\n", "has no SHA-256 line"},
    {"no digest", "hello\n", "has no SHA-256 line"},
    {"empty", "", "has no SHA-256 line"},
    {"missing", NULL, "cannot be read"},
};

static void test_checksum(void **state)
{
    Files *files = *state;
    write_file(files->endpoint.path, A B C);
    files->endpoint.checksum = g_build_filename(files->folder, "people.sha256", NULL);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, A B C, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(checksum_cases); i++) {
        const ChecksumCase *c = &checksum_cases[i];
        ReadResult result;
        unlink(files->endpoint.checksum);
        if (c->checksum) {
            g_auto(GStrv) parts = g_strsplit(c->checksum, "%s", -1);
            g_autofree char *text = g_strjoinv(digest, parts);
            write_file(files->endpoint.checksum, text);
        }
        g_autofree char *trace = read_all(files, 100, &result);
        assert_string_equal(trace, ABC);
        if ((c->reason != NULL) != (result.reason != NULL) ||
            (c->reason && !strstr(result.reason, c->reason)))
            fail_msg("%s: %s", c->what, result.reason ? result.reason : "complete");
        read_result_clear(&result);
    }
}

static void test_trailer_and_checksum_must_both_fit(void **state)
{
    Files *files = *state;
    ReadResult result;
    write_file(files->endpoint.path, A "# count: 1\n");
    files->endpoint.count_trailer = (char *)"count";
    files->endpoint.checksum = g_build_filename(files->folder, "people.sha256", NULL);
    g_autofree char *trace = read_all(files, 1, &result);
    assert_string_equal(trace, "cn=A,ou=x;");
    assert_int_equal(result.proof, PROOF_PARTIAL);
    assert_non_null(strstr(result.reason, "people.sha256 cannot be read"));
    read_result_clear(&result);
}

static void set_age(const char *path, time_t seconds)
{
    struct timeval now, times[2];
    gettimeofday(&now, NULL);
    times[0] = times[1] = (struct timeval){.tv_sec = now.tv_sec - seconds};
    assert_int_equal(utimes(path, times), 0);
}

static void test_age(void **state)
{
    Files *files = *state;
    ReadResult result;
    write_file(files->endpoint.path, A);
    set_age(files->endpoint.path, 3000);
    files->endpoint.max_age = 3600;
    g_autofree char *fresh = read_all(files, 0, &result);
    assert_int_equal(result.proof, PROOF_COMPLETE);
    read_result_clear(&result);
    set_age(files->endpoint.path, 4000);
    g_autofree char *stale = read_all(files, 0, &result);
    assert_int_equal(result.proof, PROOF_PARTIAL);
    assert_non_null(strstr(result.reason, "seconds old"));
    assert_string_equal(stale, fresh);
    read_result_clear(&result);
}

typedef struct {
    const char *path;
    bool replace;
} Disturbance;

static bool disturb(const DirectoryItem *item, void *data, GError **error)
{
    (void)item, (void)error;
    const Disturbance *disturbance = data;
    if (disturbance->replace) {
        write_file(disturbance->path, A B C); /* by rename */
    } else {
        FILE *file = fopen(disturbance->path, "ae");
        assert_non_null(file);
        fputs(B, file);
        assert_int_equal(fclose(file), 0);
    }
    return true;
}

static void test_change_while_reading(void **state)
{
    Files *files = *state;
    const char *const reasons[] = {"changed while", "replaced while"};
    for (size_t i = 0; i < 2; i++) {
        ReadResult result;
        Disturbance disturbance = {.path = files->endpoint.path, .replace = i == 1};
        ReadRequest request = {0};
        write_file(files->endpoint.path, A);
        g_autoptr(Directory) directory = open_files(files);
        assert_true(ldif_driver.read(directory, &request, disturb, &disturbance, &result, NULL));
        assert_int_equal(result.proof, PROOF_PARTIAL);
        assert_non_null(strstr(result.reason, reasons[i]));
        read_result_clear(&result);
    }
}

static bool stop(const DirectoryItem *item, void *data, GError **error)
{
    (void)item, (void)data;
    error_set(error, ERROR_INTERRUPTED, "enough");
    return false;
}

static void test_sink_may_stop(void **state)
{
    Files *files = *state;
    ReadResult result;
    ReadRequest request = {0};
    g_autoptr(GError) error = NULL;
    write_file(files->endpoint.path, A B);
    g_autoptr(Directory) directory = open_files(files);
    assert_false(ldif_driver.read(directory, &request, stop, NULL, &result, &error));
    assert_true(error_is(error, ERROR_INTERRUPTED));
    assert_int_not_equal(result.proof, PROOF_COMPLETE);
    read_result_clear(&result);
}

static void assert_open_fails(const Endpoint *endpoint, ErrorCode code, const char *message)
{
    g_autoptr(GError) error = NULL;
    assert_null(ldif_driver.open(endpoint, &error));
    assert_true(error_is(error, code));
    assert_non_null(strstr(error->message, message));
}

static void test_what_cannot_be_opened(void **state)
{
    Files *files = *state;
    assert_open_fails(&files->endpoint, ERROR_SOURCE, "people.ldif: cannot be opened: No such file");
    assert_int_equal(mkfifo(files->endpoint.path, 0600), 0);
    assert_open_fails(&files->endpoint, ERROR_SOURCE, "not a regular file");
    Endpoint folder = {.path = files->folder};
    assert_open_fails(&folder, ERROR_SOURCE, "is a directory");
    Endpoint nothing = {.where = (char *)"c.xml:3"};
    assert_open_fails(&nothing, ERROR_DEFINITION, "c.xml:3");
}

static void test_file_that_went_away(void **state)
{
    Files *files = *state;
    ReadResult result;
    ReadRequest request = {0};
    g_autoptr(GError) error = NULL;
    write_file(files->endpoint.path, A);
    g_autoptr(Directory) directory = open_files(files);
    unlink(files->endpoint.path);
    assert_false(ldif_driver.read(directory, &request, stop, NULL, &result, &error));
    assert_true(error_is(error, ERROR_SOURCE));
}

static void test_description(void **state)
{
    Files *files = *state;
    write_file(files->endpoint.path, A);
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
    const FetchId ids[] = {ID("sn", "Bee", 4), ID("surname", "ant", 1), ID("sn", "Dog", 0),
                           ID("cn", "C", 2),   ID("sn", "Bee", 3),      {.dn = "CN=A, OU=X", .index = 5}};
    g_auto(GStrv) answers = g_new0(char *, 7);
    write_file(files->endpoint.path, A A B C);
    g_autoptr(Directory) directory = open_files(files);
    assert_true(directory_fetch(directory, ids, G_N_ELEMENTS(ids), NULL, take_fetched, answers, NULL));
    g_autofree char *all = g_strjoinv(";", answers);
    assert_string_equal(all, "-;cn=A,ou=x;cn=C,ou=y;cn=B,ou=x;cn=B,ou=x;cn=A,ou=x");
}

/* What is there is found also in a file that is not whole; what is not found is not said to be gone. */
static void test_fetch_from_a_file_that_is_not_whole(void **state)
{
    Files *files = *state;
    const FetchId ids[] = {ID("sn", "Ant", 0), ID("sn", "Cat", 1)};
    const char *const texts[] = {A B "dn: cn=C,", A BAD C, A BAD B, A B};
    const bool found[] = {false, true, false, false};
    files->endpoint.count_trailer = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(GStrv) answers = g_new0(char *, 3);
        g_autoptr(GError) error = NULL;
        write_file(files->endpoint.path, texts[i]);
        g_autoptr(Directory) directory = open_files(files);
        bool whole = i == 3;
        assert_int_equal(directory_fetch(directory, ids, 2, NULL, take_fetched, answers, &error),
                         found[i] || whole);
        assert_string_equal(answers[0], "cn=A,ou=x");
        if (whole)
            assert_string_equal(answers[1], "-");
        else if (!found[i])
            assert_true(answers[1] == NULL && error_is(error, ERROR_SOURCE));
    }
}

static char *search(const Files *files, const char *base, SearchScope scope, const char *filter)
{
    g_autoptr(Directory) directory = open_files(files);
    g_autoptr(GError) error = NULL;
    ReadRequest request = {.base = base, .scope = scope, .filter = filter};
    g_autoptr(GPtrArray) found = directory_search(directory, &request, 2, &error);
    if (!found)
        return g_strdup(error_is(error, ERROR_SERVER_LIMIT) ? "limit" : "error");
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(names, "%s;", entry_dn(found->pdata[i]));
    return g_string_free(names, FALSE);
}

typedef struct {
    const char *base;
    SearchScope scope;
    const char *filter, *found;
} SearchCase;

static const SearchCase search_cases[] = {
    {"ou=x", SEARCH_SUBTREE, NULL, "cn=A,ou=x;cn=B,ou=x;"},
    {"ou=X", SEARCH_ONE, "(sn=bee)", "cn=B,ou=x;"},
    {"cn=c,ou=y", SEARCH_BASE, NULL, "cn=C,ou=y;"},
    {"ou=y", SEARCH_BASE, NULL, ""},
    {"ou=z", SEARCH_SUBTREE, NULL, ""},
    {NULL, SEARCH_SUBTREE, "(|(cn=A)(cn=C))", "cn=A,ou=x;cn=C,ou=y;"},
    {NULL, SEARCH_SUBTREE, NULL, "limit"},
    {NULL, SEARCH_SUBTREE, "(broken", "error"},
    {"broken", SEARCH_SUBTREE, NULL, "error"},
};

static void test_search(void **state)
{
    Files *files = *state;
    write_file(files->endpoint.path, A BAD B C);
    for (size_t i = 0; i < G_N_ELEMENTS(search_cases); i++) {
        const SearchCase *c = &search_cases[i];
        g_autofree char *found = search(files, c->base, c->scope, c->filter);
        assert_string_equal(found, c->found);
    }
    files->endpoint.base = (char *)"ou=y";
    g_autofree char *found = search(files, NULL, SEARCH_SUBTREE, NULL);
    assert_string_equal(found, "cn=C,ou=y;");
}

static void test_cannot_be_written_to(void **state)
{
    Files *files = *state;
    g_autoptr(GError) error = NULL;
    write_file(files->endpoint.path, A);
    g_autoptr(Directory) directory = open_files(files);
    assert_false(directory_submit(directory, NULL, NULL, NULL, &error));
    assert_true(error_is(error, ERROR_PROTOCOL));
    assert_non_null(strstr(error->message, "people.ldif"));
    assert_true(directory_flush(directory, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_proof, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_counts, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_checksum, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_trailer_and_checksum_must_both_fit, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_age, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_change_while_reading, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_sink_may_stop, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_opened, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_file_that_went_away, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_description, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_fetch, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_fetch_from_a_file_that_is_not_whole, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_search, make_files, drop_files),
        cmocka_unit_test_setup_teardown(test_cannot_be_written_to, make_files, drop_files),
    };
    return cmocka_run_group_tests_name("ldif_file", tests, NULL, NULL);
}

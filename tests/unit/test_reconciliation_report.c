/*
 * test_reconciliation_report.c - a reconciliation as text at 80 columns, and as JSON
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/report/reconciliation.h"

#include <stdlib.h>
#include <string.h>

static char one[] = "1", number[] = "+49 30 1234", two[] = "2", clerk[] = "Clerk";
static char *const had_phone[] = {one, NULL}, *const wanted_phone[] = {number, two, NULL};
static char *const had_title[] = {clerk, NULL}, *const nothing[] = {NULL};
static const ReconciliationDifference phone[] = {{"telephoneNumber", had_phone, wanted_phone},
                                                 {"title", had_title, nothing}};

static const Reconciliation rows[] = {
    {.step = STEP_EXPORT,
     .verdict = RECONCILED_SAME,
     .source_dn = "cn=Fay,o=acme",
     .target_dn = "cn=Fay,o=globex"},
    {.step = STEP_IMPORT,
     .verdict = RECONCILED_SAME,
     .source_dn = "uid=s,o=globex",
     .target_dn = "cn=S,o=acme"},
    {.step = STEP_IMPORT,
     .verdict = RECONCILED_SAME,
     .source_dn = "cn=Fay,o=globex",
     .reason_id = "came-from-there",
     .reason = "it was made from an entry of the other side, and never goes back"},
    {.step = STEP_IMPORT,
     .verdict = RECONCILED_DIFFERS,
     .source_dn = "uid=d1,o=globex",
     .target_dn = "cn=Dot,o=acme",
     .name = "Dot",
     .mail = "dot@globex.example",
     .anchor = "d1",
     .reason_id = "changed",
     .reason = "the source has changed since; the next sync writes it",
     .remedy = "the next sync writes it",
     .differences = phone,
     .n_differences = 2},
    {.step = STEP_IMPORT,
     .verdict = RECONCILED_ONLY_SOURCE,
     .source_dn = "uid=a1,o=globex",
     .name = "Ann Ash",
     .mail = "ann@globex.example",
     .anchor = "a1",
     .reason_id = "filtered-out",
     .reason = "all of it",
     .detail =
         "(&(objectClass=inetOrgPerson)(!(employeeType=contractor))) of <import>, /etc/dirsync/globex.xml:12",
     .remedy = "if it should be exchanged widen the filter"},
    {.step = STEP_IMPORT,
     .verdict = RECONCILED_ONLY_SOURCE,
     .source_dn = "uid=\xff\x1b[31m,o=globex",
     .anchor = "b1",
     .reason_id = "filtered-out",
     .reason = "all of it",
     .remedy = "something else to do about this one"},
    {.step = STEP_IMPORT,
     .verdict = RECONCILED_ONLY_SOURCE,
     .source_dn = "uid=c1,o=globex",
     .name = "日本語の名前が長い人 日本語の名前が長い人 日本語の名前が長い人 日本語の名前が長い人",
     .anchor = "c1",
     .reason_id = "filtered-out",
     .reason = "all of it",
     .remedy = "if it should be exchanged widen the filter"},
    {.step = STEP_IMPORT,
     .verdict = RECONCILED_ONLY_SOURCE,
     .source_dn = "uid=n1,o=globex",
     .name = "Neu",
     .reason_id = "new",
     .reason = "no run has made its object yet; the next sync makes it",
     .remedy = "the next sync makes it"},
};

static char *printed(size_t most, bool values)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ReconciliationReport) report = reconciliation_report_new(NULL, most, &error);
    assert_non_null(report);
    reconciliation_report_begin(report, "globex");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        reconciliation_report_take(&rows[i], report);
    assert_int_equal(reconciliation_report_open(report), 5);
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_true(reconciliation_report_print(report, out, values, &error));
    fclose(out);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}

static void text_is_grouped_by_reason_and_fits_80_columns(void **state)
{
    (void)state;
    g_autofree char *text = printed(2, false);
    assert_string_equal(text,
                        "globex import: 4 only in globex, 0 only in home, 1 with differences, 1 in sync,\n"
                        "  1 came from there\n"
                        "only in globex:\n"
                        "  new (1): no run has made its object yet\n"
                        "    the next sync makes it\n"
                        "    Neu\n"
                        "      globex: uid=n1,o=globex\n"
                        "  filtered-out (3): the definition's filter leaves it out\n"
                        "    if it should be exchanged widen the filter\n"
                        "    Ann Ash <ann@globex.example>\n"
                        "      globex: uid=a1,o=globex\n"
                        "      (&(objectClass=inetOrgPerson)(!(employeeType=contractor))) of <import>,\n"
                        "        /etc/dirsync/globex.xml:12\n"
                        "    (no name)\n"
                        "      globex: uid=\357\277\275\\1b[31m,o=globex\n"
                        "      something else to do about this one\n"
                        "    ... and 1 more\n"
                        "in both, with differences:\n"
                        "  changed (1): the source has changed since\n"
                        "    the next sync writes it\n"
                        "    Dot <dot@globex.example>\n"
                        "      globex: uid=d1,o=globex\n"
                        "      home: cn=Dot,o=acme\n"
                        "      differs in telephoneNumber, title\n"
                        "globex export: 0 only in home, 0 only in globex, 0 with differences, 1 in sync\n");
}

static void values_are_printed_where_they_are_asked_for(void **state)
{
    (void)state;
    g_autofree char *text = printed(0, true);
    assert_non_null(strstr(text, "      home: cn=Dot,o=acme\n"
                                 "        - telephoneNumber: 1\n"
                                 "        + telephoneNumber: +49 30 1234\n"
                                 "        + telephoneNumber: 2\n"
                                 "        - title: Clerk\n"));
    assert_null(strstr(text, "more"));
}

/* Wide characters take two columns. */
static void no_line_of_words_is_wider_than_80_columns(void **state)
{
    (void)state;
    g_autofree char *text = printed(0, true);
    assert_non_null(strstr(text, "    日本語の名前が長い人 日本語の名前が長い人 日本語の名前が長い人\n"
                                 "      日本語の名前が長い人\n"));
}

static void a_row_as_json_has_every_member(void **state)
{
    (void)state;
    json_t *json = report_reconciliation_json("globex", &rows[3]);
    json_t *expected = json_loads(
        "{\"connector\":\"globex\",\"step\":\"import\",\"verdict\":\"differs\",\"source_dn\":\"uid=d1,o="
        "globex\","
        "\"target_dn\":\"cn=Dot,o=acme\",\"name\":\"Dot\",\"mail\":\"dot@globex.example\",\"anchor\":\"d1\","
        "\"reason_id\":\"changed\",\"reason\":\"the source has changed since; the next sync writes it\","
        "\"detail\":null,\"remedy\":\"the next sync writes "
        "it\",\"differences\":[{\"attribute\":\"telephoneNumber\","
        "\"have\":[\"1\"],\"want\":[\"+49 30 1234\",\"2\"]},{\"attribute\":\"title\",\"have\":[\"Clerk\"],"
        "\"want\":[]}]}",
        0, NULL);
    assert_non_null(expected);
    assert_true(json_equal(json, expected));
    json_decref(json);
    json_decref(expected);
}

static void bytes_that_are_no_text_are_no_text_in_json_either(void **state)
{
    (void)state;
    json_t *json = report_reconciliation_json("globex", &rows[5]);
    assert_string_equal(json_string_value(json_object_get(json, "source_dn")),
                        "uid=\357\277\275\x1b[31m,o=globex");
    json_decref(json);
}

static void counts_as_json_name_those_in_sync_too(void **state)
{
    (void)state;
    g_autoptr(ReconciliationReport) report = reconciliation_report_new(NULL, 1, NULL);
    reconciliation_report_begin(report, "globex");
    for (size_t i = 0; i < 3; i++)
        reconciliation_report_take(&rows[1], report);
    reconciliation_report_take(&rows[7], report);
    json_t *counts = reconciliation_report_counts(report);
    g_autofree char *text = json_dumps(counts, JSON_COMPACT);
    assert_string_equal(
        text, "[{\"connector\":\"globex\",\"step\":\"import\",\"verdict\":\"same\",\"reason_id\":null,"
              "\"title\":\"in sync\",\"count\":3},{\"connector\":\"globex\",\"step\":\"import\","
              "\"verdict\":\"only-source\",\"reason_id\":\"new\","
              "\"title\":\"no run has made its object yet\",\"count\":1}]");
    json_decref(counts);
}

static void every_reason_has_an_id_of_its_own_and_a_title(void **state)
{
    (void)state;
    const char *const *ids = reconciliation_reasons();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; ids[i]; i++) {
        assert_true(g_hash_table_add(seen, (gpointer)ids[i]));
        assert_non_null(reconciliation_title(ids[i]));
    }
    assert_true(g_hash_table_contains(seen, "limit") && g_hash_table_contains(seen, "filtered-out"));
    assert_null(reconciliation_title("nonsense"));
}

/* ".It Li new", then what is the matter as a sentence, for each reason; and for nothing else. */
static void the_manual_lists_every_reason(void **state)
{
    (void)state;
    const char *top = g_getenv("DIRSYNC_DATADIR");
    if (!top)
        skip();
    g_autofree char *path = g_build_filename(top, "dirsync", "dirsync-reconciliation.7", NULL);
    g_autofree char *page = NULL;
    assert_true(g_file_get_contents(path, &page, NULL, NULL));
    const char *const *ids = reconciliation_reasons();
    size_t listed = 0, n = 0;
    for (; ids[n]; n++) {
        const char *title = reconciliation_title(ids[n]);
        g_autofree char *item =
            g_strdup_printf("\n.It Li %s\n%c%s.\n", ids[n], g_ascii_toupper(*title), title + 1);
        if (!strstr(page, item))
            fail_msg("%s lacks %s", path, item);
    }
    for (const char *at = page; (at = strstr(at, "\n.It Li ")); at++)
        listed++;
    assert_int_equal(listed, n);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_grouped_by_reason_and_fits_80_columns),
        cmocka_unit_test(values_are_printed_where_they_are_asked_for),
        cmocka_unit_test(no_line_of_words_is_wider_than_80_columns),
        cmocka_unit_test(a_row_as_json_has_every_member),
        cmocka_unit_test(bytes_that_are_no_text_are_no_text_in_json_either),
        cmocka_unit_test(counts_as_json_name_those_in_sync_too),
        cmocka_unit_test(every_reason_has_an_id_of_its_own_and_a_title),
        cmocka_unit_test(the_manual_lists_every_reason),
    };
    return cmocka_run_group_tests_name("reconciliation report", tests, NULL, NULL);
}

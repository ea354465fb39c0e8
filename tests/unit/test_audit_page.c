/*
 * test_audit_page.c - an audit as a page: what goes in is in it, as data and as nothing else
 *
 * Rows come back equal to what went in, hostile ones too; no value ends an
 * element; the policy names exactly the program and style of the page; what is
 * no audit leaves no page. How it looks and works is for tests/page/.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/report/audit_page.h"
#include "dirsync/report/html.h"
#include "dirsync/report/json_rows.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA "<script type=\"application/json\""

typedef struct {
    char *folder, *path;
} Place;

static int make_place(void **state)
{
    Place *place = g_new0(Place, 1);
    place->folder = g_dir_make_tmp("dirsync-page.XXXXXX", NULL);
    place->path = g_build_filename(place->folder, "audit.html", NULL);
    *state = place;
    return place->folder ? 0 : -1;
}

static int remove_place(void **state)
{
    Place *place = *state;
    g_unlink(place->path);
    int left = g_rmdir(place->folder); /* a temporary left behind makes it fail */
    g_free(place->path);
    g_free(place->folder);
    g_free(place);
    return left;
}

static bool write_page(const Place *place, const char *json, size_t len, GError **error)
{
    FILE *in = tmpfile();
    assert_non_null(in);
    assert_int_equal(fwrite(json, 1, len, in), len);
    rewind(in);
    bool good = audit_page_write(in, place->path, error);
    fclose(in);
    return good;
}

/* The page of this JSON; g_free(). */
static char *page_of(const Place *place, const char *json)
{
    GError *error = NULL;
    if (!write_page(place, json, strlen(json), &error))
        fail_msg("%s", error->message);
    char *page = NULL;
    assert_true(g_file_get_contents(place->path, &page, NULL, NULL));
    return page;
}

static json_t *parse(const char *text, size_t len)
{
    json_error_t why;
    json_t *json = json_loadb(text, len, JSON_ALLOW_NUL, &why);
    if (!json)
        fail_msg("%s: %.*s", why.text, (int)MIN(len, 300), text);
    return json;
}

/* What the page's program would read: the head, and each list put together again from its chunks. */
static json_t *read_back(const char *page, size_t *chunks)
{
    json_t *all = NULL;
    *chunks = 0;
    for (const char *at = page; (at = strstr(at, DATA));) {
        const char *attribute = at + strlen(DATA), *text = strchr(attribute, '>') + 1;
        const char *end = strstr(text, "</script>");
        assert_non_null(end);
        json_t *json = parse(text, (size_t)(end - text));
        if (g_str_has_prefix(attribute, " id=\"audit\"")) {
            all = json;
        } else {
            g_autofree char *list = g_strndup(attribute + strlen(" data-rows=\""),
                                              (size_t)(text - attribute) - strlen(" data-rows=\"\">"));
            json_t *rows = json_object_get(json_object_get(all, "audit"), list);
            if (rows)
                json_array_extend(rows, json);
            else
                json_object_set(json_object_get(all, "audit"), list, json);
            json_decref(json);
            ++*chunks;
        }
        at = end;
    }
    assert_non_null(all);
    return all;
}

static void assert_same_audit(const char *page, const char *json)
{
    size_t chunks;
    json_t *back = read_back(page, &chunks), *in = parse(json, strlen(json));
    if (!json_equal(json_object_get(back, "audit"), in)) {
        char *text = json_dumps(json_object_get(back, "audit"), JSON_INDENT(1));
        fail_msg("not what went in:\n%s", text);
    }
    json_decref(back);
    json_decref(in);
}

static size_t times(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        n++;
    return n;
}

/* --- values --- */

static const char *const hostile[] = {
    "</script><script>alert(1)</script>",
    "</SCRIPT  >",
    "<!--<script>",
    "-->",
    "]]>",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "&lt;b&gt; &amp; &#60;",
    "\xe2\x80\xa8 and \xe2\x80\xa9",             /* U+2028, U+2029 */
    "\xe2\x80\xae.exe.png",                      /* U+202E */
    "\xe7\xbe\x8e\xe5\x92\xb2 \xf0\x9f\x98\x80", /* other scripts */
    "back\\slash \" quote \\\" \\u003c",
    "]},{[",
    "<!--{data}-->",
    "tab\tnewline\n\x01",
};

/* A hostile string everywhere in an audit where text may be. */
static char *hostile_audit(const char *text)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:n}", "directory", text, "dn", text, "name", text, "mail");
    json_t *row = json_pack("{s:s, s:s, s:s, s:[O], s:s, s:s, s:s}", "key", text, "id", text, "severity",
                            text, "objects", object, "attribute", text, "evidence", text, "remedy", text);
    json_t *audit = json_pack(
        "{s:s, s:s, s:s, s:[s], s:s, s:{s:i, s:{s:i}}, s:[s], s:[{s:s, s:s, s:s, s:s, s:i, s:i, s:i}], s:[O, "
        "O], "
        "s:[O], s:[{s:s, s:s, s:[{s:s, s:[s], s:[]}]}], s:[{s:s, s:s, s:{s:i}, s:i}]}",
        "id", text, "organisation", text, "finished", text, "connectors", text, "since", text, "objects",
        "home", 3, "connectors", text, 4, "incomplete", text, "kinds", "id", text, "severity", text, "title",
        text, "remedy", text, "count", 2, "new", 1, "cleared", 1, "findings", row, row, "cleared", row,
        "reconciliation", "connector", text, "reason", text, "differences", "attribute", text, "have", text,
        "want", "history", "id", text, "finished", text, "counts", text, 2, "total", 2);
    assert_non_null(audit);
    char *json = json_dumps(audit, JSON_COMPACT);
    json_decref(audit);
    json_decref(row);
    json_decref(object);
    return json;
}

static void hostile_text_stays_text(void **state)
{
    g_autofree char *harmless_json = hostile_audit("harmless");
    g_autofree char *harmless = page_of(*state, harmless_json);
    for (size_t i = 0; i < G_N_ELEMENTS(hostile); i++) {
        g_autofree char *json = hostile_audit(hostile[i]);
        g_autofree char *page = page_of(*state, json);
        assert_same_audit(page, json);
        /* Not one bracket or comment more than with a harmless text: so no element, and none that ends. */
        assert_int_equal(times(page, "<"), times(harmless, "<"));
        assert_int_equal(times(page, "-->"), times(harmless, "-->"));
        assert_int_equal(times(page, "onmouseover=\""), 0);
    }
}

/* A NUL and lone surrogates have no bytes of their own; they are numbers in JSON and stay so. */
static void what_json_writes_by_number_stays_so(void **state)
{
    static const char json[] =
        "{\"findings\":[{\"name\":\"nul \\u0000, \\u2028, \\ud83d\\ude00, \\u003c/script>\"}]}";
    g_autofree char *page = page_of(*state, json);
    assert_same_audit(page, json);
}

static void what_would_mislead_is_named(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new(NULL);
    html_format(out, "<b title=\"%s\">%zu of %zu, 100%%</b>", "a\"<\xe2\x80\xae\x07'&", (size_t)999,
                (size_t)1234567);
    assert_string_equal(out->str,
                        "<b title=\"a&quot;&lt;[U+202E][U+0007]&#39;&amp;\">999 of 1,234,567, 100%</b>");
    g_string_truncate(out, 0);
    html_add(out, NULL);
    html_add(out, "not \xff UTF-8");
    assert_string_equal(out->str, "not \xef\xbf\xbd UTF-8");
}

/* --- many rows --- */

static char *many(const char *list, size_t n)
{
    GString *json = g_string_new(NULL);
    g_string_append_printf(json, " {\n\"before\": {\"%s\": [1]}, \"%s\" : [", list, list);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(json, "%s{\"n\":%zu}", i ? " ,\n" : "", i);
    g_string_append(json, "],\"after\":null}\n");
    return g_string_free(json, FALSE);
}

static void rows_keep_their_order_over_chunks(void **state)
{
    static const size_t numbers[] = {0, 1, 499, 500, 501, 1700};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *json = many("reconciliation", numbers[i]);
        g_autofree char *page = page_of(*state, json);
        size_t chunks;
        json_t *back = read_back(page, &chunks), *rows;
        assert_int_equal(chunks, (numbers[i] + 499) / 500);
        rows = json_object_get(json_object_get(back, "audit"), "reconciliation");
        assert_int_equal(json_array_size(rows), numbers[i]);
        for (size_t n = 0; n < numbers[i]; n++)
            assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, n), "n")), n);
        json_decref(back);
    }
}

static void a_list_without_end_is_cut_and_counted(void **state)
{
    g_autofree char *json = many("findings", AUDIT_PAGE_ROWS + 3);
    g_autofree char *page = page_of(*state, json);
    size_t chunks;
    json_t *back = read_back(page, &chunks);
    assert_int_equal(json_array_size(json_object_get(json_object_get(back, "audit"), "findings")),
                     AUDIT_PAGE_ROWS);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(back, "rows"), "findings")),
                     AUDIT_PAGE_ROWS + 3);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(back, "shown"), "findings")),
                     AUDIT_PAGE_ROWS);
    json_decref(back);
}

/* --- figures --- */

static void figures_are_there_without_javascript(void **state)
{
    static const char json[] =
        "{\"organisation\":\"acme\",\"finished\":\"2026-11-28T21:30:00Z\",\"since\":\"x\",\"connectors\":["
        "\"globex\"],"
        "\"objects\":{\"home\":48119,\"connectors\":{\"globex\":7}},\"incomplete\":[\"globex is down\"],"
        "\"kinds\":[{\"id\":\"a\",\"severity\":\"error\",\"title\":\"Twice\",\"remedy\":\"Once.\",\"count\":"
        "1200,\"new\":1},"
        "{\"id\":\"b\",\"severity\":\"info\",\"title\":\"Quiet\",\"count\":0},"
        "{\"id\":\"c\",\"severity\":\"of the future\",\"title\":\"Odd\",\"count\":2,\"cleared\":3}],"
        "\"history\":[{\"finished\":\"2026-10-28T21:30:00Z\",\"counts\":{\"a\":1500,\"gone\":4}}]}";
    static const char *const parts[] = {
        "<title>Audit of acme, 28 November 2026, 21:30 UTC</title>",
        "<h1>acme</h1>",
        "48,119 at home, 7 in globex",
        "globex is down",
        "<b>1,200</b> <span>errors</span>",
        "<b>2</b> <span>notes</span>",
        "<b>3</b> <span>cleared since then</span>",
        "<span class=\"kind\">Twice</span> <small>Once.</small>",
        "1 kind of which nothing was found",
        "28 October 2026, 21:30 UTC</th><td class=\"n\">1,500</td><td class=\"n\">0</td><td "
        "class=\"n\">0</td>"
        "<td class=\"n\">1,500</td>",
    };
    g_autofree char *page = page_of(*state, json);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!strstr(page, parts[i]))
            fail_msg("not in the page: %s", parts[i]);
    assert_null(strstr(page, "<!--{"));
}

static void what_is_of_the_wrong_type_is_left_out(void **state)
{
    g_autofree char *page = page_of(
        *state,
        "{\"kinds\":{\"a\":1},\"history\":7,\"objects\":[],\"incomplete\":\"no\",\"connectors\":[3,null],"
        "\"since\":true,\"findings\":\"none\"}");
    assert_non_null(strstr(page, "<h1>the home directory</h1>"));
    assert_non_null(strstr(page, "Nothing was found."));
}

/* --- the policy --- */

static char *hash_of(const char *page, const char *open, const char *close)
{
    const char *start = strstr(page, open) + strlen(open), *end = strstr(start, close);
    g_autofree char *hex =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)start, (gsize)(end - start));
    guint8 bytes[32];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8)(g_ascii_xdigit_value(hex[2 * i]) * 16 + g_ascii_xdigit_value(hex[2 * i + 1]));
    return g_base64_encode(bytes, sizeof bytes);
}

static void the_policy_allows_this_program_and_style_alone(void **state)
{
    g_autofree char *page = page_of(*state, "{}");
    g_autofree char *script = hash_of(page, "<script>", "</script>"),
                    *style = hash_of(page, "<style>", "</style>");
    g_autofree char *policy = g_strdup_printf("content=\"default-src 'none'; script-src 'sha256-%s'; "
                                              "style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\"",
                                              script, style);
    assert_non_null(strstr(page, policy));
    assert_int_equal(times(page, "<script>"), 1);
    assert_true(strstr(page, policy) < strstr(page, "<style>"));
    assert_int_equal(times(page, "http://www.w3.org/2000/svg"), 1); /* a name, not a place */
    assert_int_equal(times(page, "http"), 2);                       /* and http-equiv */
    assert_int_equal(times(page, " src="), 0);
}

/* --- files --- */

static void the_page_is_for_its_owner_alone(void **state)
{
    Place *place = *state;
    assert_true(g_file_set_contents(place->path, "old", -1, NULL));
    assert_int_equal(chmod(place->path, 0666), 0);
    g_autofree char *page = page_of(place, "{}");
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(g_str_has_prefix(page, "<!doctype html>"));
}

static void assert_refused(const Place *place, const char *json, size_t len, ErrorCode code)
{
    g_autoptr(GError) error = NULL;
    if (write_page(place, json, len, &error))
        fail_msg("taken: %.*s", (int)len, json);
    if (!error_is(error, code))
        fail_msg("another error: %s", error->message);
    g_autofree char *page = NULL;
    assert_true(g_file_get_contents(place->path, &page, NULL, NULL));
    assert_string_equal(page, "the page before");
}

static void what_is_no_audit_leaves_the_page_as_it_was(void **state)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "null",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{\"a\":1}{}",
                                      "{\"a\":1} x",
                                      "{\"findings\":[1 2]}",
                                      "{\"findings\":[,]}",
                                      "{\"findings\":[{\"a\":01}]}",
                                      "{\"findings\":[\"\xff\"]}",
                                      "{\"findings\":[{]}]}",
                                      "{\"findings\":[1,]}",
                                      "{\"findings\":{\"a\":]}}",
                                      "{1:2}",
                                      "{\"a\" 1}"};
    static const char whole[] =
        "{\"kinds\":[{\"id\":\"a\\\"]\"}],\"findings\":[{\"a\":[1,{\"b\":\"}\"}]},true],\"x\":-1.5e3}";
    Place *place = *state;
    assert_true(g_file_set_contents(place->path, "the page before", -1, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_refused(place, bad[i], strlen(bad[i]), ERROR_SOURCE);
    for (size_t len = 0; len < strlen(whole); len++)
        assert_refused(place, whole, len, ERROR_SOURCE);
    g_autofree char *page = page_of(place, whole);
    assert_same_audit(page, whole);
}

static void an_incomplete_installation_is_said(void **state)
{
    Place *place = *state;
    g_autofree char *before = g_strdup(g_getenv("DIRSYNC_DATADIR"));
    g_autoptr(GError) error = NULL;
    g_setenv("DIRSYNC_DATADIR", place->folder, TRUE);
    bool written = write_page(place, "{}", 2, &error);
    if (before)
        g_setenv("DIRSYNC_DATADIR", before, TRUE);
    else
        g_unsetenv("DIRSYNC_DATADIR");
    assert_false(written);
    assert_true(error_is(error, ERROR_DEFINITION));
    assert_non_null(strstr(error->message, "install dirsync completely"));
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    Place *place = *state;
    Place nowhere = {place->folder, g_build_filename(place->folder, "no", "such", NULL)};
    g_autoptr(GError) error = NULL;
    assert_false(write_page(&nowhere, "{}", 2, &error));
    assert_true(error_is(error, ERROR_IO));
    g_free(nowhere.path);
}

int main(void)
{
#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(hostile_text_stays_text),
        IN_A_PLACE(what_json_writes_by_number_stays_so),
        cmocka_unit_test(what_would_mislead_is_named),
        IN_A_PLACE(rows_keep_their_order_over_chunks),
        IN_A_PLACE(a_list_without_end_is_cut_and_counted),
        IN_A_PLACE(figures_are_there_without_javascript),
        IN_A_PLACE(what_is_of_the_wrong_type_is_left_out),
        IN_A_PLACE(the_policy_allows_this_program_and_style_alone),
        IN_A_PLACE(the_page_is_for_its_owner_alone),
        IN_A_PLACE(what_is_no_audit_leaves_the_page_as_it_was),
        IN_A_PLACE(an_incomplete_installation_is_said),
        IN_A_PLACE(a_folder_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

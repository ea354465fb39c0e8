/*
 * test_xml.c - reading XML: hostile files do no harm, wrong ones are explained
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/xml.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define ORGANISATION "<organisation xmlns='urn:x-dirsync:organisation:1' name='acme'>\n"
#define HOME "<home driver='ldap' uri='ldapi://%2Fx' base='dc=acme'/>\n"
#define DOMAIN "<domain>acme.example</domain>\n"
#define BILLION_LAUGHS                                                                                       \
    "<!DOCTYPE o [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c "                 \
    "'&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>]><o x='&d;'>&d;&d;</o>"
#define END "</organisation>\n"

static char *load_error(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = xml_load_memory(text, strlen(text), "acme.xml", "organisation.rng", &error);
    assert_null(doc);
    assert_true(error_is(error, ERROR_DEFINITION));
    return g_strdup(error->message);
}

static void assert_message(const char *text, const char *expected)
{
    g_autofree char *message = load_error(text);
    if (strcmp(message, expected) != 0)
        fail_msg("\nfor   %s\ngot   %s\nwanted %s", text, message, expected);
}

static void assert_mentions(const char *text, const char *part)
{
    g_autofree char *message = load_error(text);
    if (!strstr(message, part))
        fail_msg("\ngot   %s\nwithout %s", message, part);
}

static void a_valid_document_is_loaded_with_its_digest(void **state)
{
    (void)state;
    const char *text = ORGANISATION HOME DOMAIN END;
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = xml_load_memory(text, strlen(text), "a b/ä.xml", "organisation.rng", &error);
    assert_null(error);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    assert_string_equal(xml_digest(doc), digest);
    g_autofree char *where = xml_where(xml_child(xmlDocGetRootElement(doc), "domain"));
    assert_string_equal(where, "a b/ä.xml:3");
}

static void mistakes_are_explained(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {ORGANISATION HOME DOMAIN "<domian>x</domian>" END,
         "acme.xml:4: <domian> has no place in <organisation>; allowed: <home>, <stamp>, <domain>, <state>, "
         "<configuration>, <names>, <address-types>, <policies>, <address-lists>, <notify>"},
        {ORGANISATION HOME END, "acme.xml:1: <organisation> lacks <domain>"},
        {ORGANISATION DOMAIN END, "acme.xml:1: <organisation> lacks <home>"},
        {ORGANISATION HOME HOME DOMAIN END, "acme.xml:3: a second <home> in <organisation>; allowed: one"},
        {ORGANISATION HOME DOMAIN "<stamp form='clas'/>" END,
         "acme.xml:4: <stamp form=\"clas\"> is not a possible value; allowed: class, attribute, proxy"},
        {ORGANISATION HOME DOMAIN "<stamp form='attribute'/>" END,
         "acme.xml:4: <stamp> lacks the attribute name; allowed: an attribute name or OID, with options if "
         "need be"},
        {ORGANISATION HOME DOMAIN "<state foldr='x'/>" END,
         "acme.xml:4: <state> has no attribute foldr; allowed: folder, readers"},
        {ORGANISATION "<home driver='ldap' uri='ldapi://x' base='dc=a' windows='3'/>" DOMAIN END,
         "acme.xml:2: <home> has no attribute windows; allowed: driver, uri, base, timeout, page-size, "
         "window, "
         "transactions, cleartext"},
        {ORGANISATION "<home driver='ldap' uri='ldapi://x' base='dc=a' window='257'/>" DOMAIN END,
         "acme.xml:2: <home window=\"257\"> is not a possible value; allowed: outstanding writes, 1 to 256"},
        {ORGANISATION "<home driver='ldap' uri='http://x' base='dc=a'/>" DOMAIN END,
         "acme.xml:2: <home uri=\"http://x\"> is not a possible value; allowed: one or more of ldap://host, "
         "ldaps://host, ldapi://%2Fpath, separated by blanks"},
        {ORGANISATION "<home driver='memory'/>" DOMAIN END, "acme.xml:2: <home> lacks <file>"},
        {ORGANISATION "<home driver='ldap' uri='ldap://x' base='dc=a'><file path='x'/></home>" DOMAIN END,
         "acme.xml:2: <file> has no place in <home>; allowed: <bind>, <tls>"},
        {ORGANISATION HOME "<domain>a b</domain>" END,
         "acme.xml:3: <domain>a b</domain> is not a possible value; allowed: a domain such as acme.example"},
        {ORGANISATION HOME DOMAIN "text" END, "acme.xml:1: <organisation> holds the text \"text\", which has "
                                              "no place there; allowed: <home>, <stamp>, "
                                              "<domain>, <state>, <configuration>, <names>, "
                                              "<address-types>, <policies>, <address-lists>, <notify>"},
        {"<organisation name='acme'/>",
         "acme.xml:1: the file begins with <organisation xmlns=\"\">; allowed: <organisation "
         "xmlns=\"urn:x-dirsync:organisation:1\">"},
        {"<connector xmlns='urn:x-dirsync:organisation:1'/>",
         "acme.xml:1: the file begins with <connector xmlns=\"urn:x-dirsync:organisation:1\">; allowed: "
         "<organisation xmlns=\"urn:x-dirsync:organisation:1\">"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_message(cases[i].text, cases[i].message);
}

static void all_problems_of_a_file_are_told_at_once(void **state)
{
    (void)state;
    assert_message(
        ORGANISATION "<home driver='ldap' uri='ldapi://x' base='dc=a' timeout='0' x='1'/>\n<y/>" END,
        "acme.xml:2: <home timeout=\"0\"> is not a possible value; allowed: seconds, 1 to 3600\n"
        "acme.xml:2: <home> has no attribute x; allowed: driver, uri, base, timeout, page-size, window, "
        "transactions, cleartext\n"
        "acme.xml:3: <y> has no place in <organisation>; allowed: <home>, <stamp>, <domain>, <state>, "
        "<configuration>, <names>, <address-types>, <policies>, <address-lists>, <notify>\n"
        "acme.xml:1: <organisation> lacks <domain>");
}

static void what_is_not_xml_is_told_with_its_line(void **state)
{
    (void)state;
    assert_mentions("", "acme.xml:1: ");
    assert_mentions("<organisation>\n<home></organisation>", "acme.xml:2: ");
    assert_mentions(ORGANISATION "<p:x/>" END, "acme.xml:2: ");
    assert_mentions(ORGANISATION HOME "<domain>\xff</domain>" END, "acme.xml:3: ");
    assert_mentions(ORGANISATION HOME "<domain>&unknown;</domain>" END, "acme.xml:3: ");
}

static void document_types_and_entities_are_refused(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "<!DOCTYPE organisation SYSTEM 'http://127.0.0.1:1/x.dtd'><organisation/>",
        "<!DOCTYPE o [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><o>&e;</o>",
        "<!DOCTYPE o [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><o/>",
        BILLION_LAUGHS,
        "<!DOCTYPE o><o/>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(hostile); i++)
        assert_message(hostile[i],
                       "acme.xml:1: <!DOCTYPE is refused: a document type can declare entities; remove "
                       "the line");
}

static void inclusion_is_not_followed(void **state)
{
    (void)state;
    assert_mentions(ORGANISATION HOME DOMAIN "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' "
                                             "href='/etc/passwd' parse='text'/>" END,
                    "acme.xml:4: <include> has no place in <organisation>");
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (int depth = 33; depth <= 200000; depth *= 77) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int i = 0; i < depth; i++)
            g_string_append(text, "<x>");
        assert_message(text->str, "acme.xml:1: elements are nested too deeply; at most 32 levels");
    }
}

static void size_is_bounded(void **state)
{
    (void)state;
    g_autofree char *text = g_malloc(XML_MAX_BYTES + 2);
    memset(text, ' ', XML_MAX_BYTES + 1);
    text[XML_MAX_BYTES + 1] = '\0';
    assert_message(text, "acme.xml:1: the file is too large; at most 4194304 bytes");
}

static void many_problems_do_not_fill_memory(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new(ORGANISATION HOME DOMAIN);
    for (int i = 0; i < 20000; i++)
        g_string_append(text, "<x/>\n");
    g_string_append(text, END);
    g_autofree char *message = load_error(text->str);
    assert_true(strlen(message) < 20000);
    assert_true(g_str_has_suffix(message, "\nand more; mend these first"));
}

static void lines_beyond_65535_are_counted(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new(ORGANISATION HOME DOMAIN);
    for (int i = 0; i < 70000; i++)
        g_string_append_c(text, '\n');
    g_string_append(text, "<x>t</x>" END);
    assert_mentions(text->str, "acme.xml:70004: <x> has no place");
}

/* --- files -------------------------------------------------------------------------------------- */

static void only_regular_readable_files_are_read(void **state)
{
    (void)state;
    g_autofree char *folder = g_dir_make_tmp("dirsync-xml-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(folder, "fifo", NULL);
    g_autofree char *missing = g_build_filename(folder, "missing.xml", NULL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const char *const paths[] = {folder, fifo, missing, "/dev/zero"};
    const char *const reasons[] = {"is not a regular file", "is not a regular file", "No such file",
                                   "is not a regular file"};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(xml_load(paths[i], "organisation.rng", &error));
        assert_true(error_is(error, ERROR_DEFINITION));
        assert_non_null(strstr(error->message, reasons[i]));
        assert_true(g_str_has_prefix(error->message, paths[i]));
    }
    g_unlink(fifo);
    g_rmdir(folder);
}

static void a_missing_grammar_is_told(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(xml_load_memory("<x/>", 4, "x.xml", "nowhere.rng", &error));
    assert_non_null(strstr(error->message, "nowhere.rng: the grammar cannot be read"));
}

static void names_of_files_are_relative_to_the_definition(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"/etc/dirsync/a.xml", "people.ldif", "/etc/dirsync/people.ldif"},
        {"/etc/dirsync/a.xml", "../people.ldif", "/etc/people.ldif"},
        {"/etc/dirsync/a.xml", "/srv/people.ldif", "/srv/people.ldif"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = xml_resolve(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_document_is_loaded_with_its_digest),
        cmocka_unit_test(mistakes_are_explained),
        cmocka_unit_test(all_problems_of_a_file_are_told_at_once),
        cmocka_unit_test(what_is_not_xml_is_told_with_its_line),
        cmocka_unit_test(document_types_and_entities_are_refused),
        cmocka_unit_test(inclusion_is_not_followed),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(size_is_bounded),
        cmocka_unit_test(many_problems_do_not_fill_memory),
        cmocka_unit_test(lines_beyond_65535_are_counted),
        cmocka_unit_test(only_regular_readable_files_are_read),
        cmocka_unit_test(a_missing_grammar_is_told),
        cmocka_unit_test(names_of_files_are_relative_to_the_definition),
    };
    return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}

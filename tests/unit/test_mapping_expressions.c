/*
 * test_mapping_expressions.c - expressions that are refused: at loading, or because they would grow too large
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mapping_case.h"

#include <string.h>

typedef struct {
    const char *expression, *expected;
} Case;

static const Case refused[] = {
    {"sn", "! m.xml:1: select=\"sn\": sn: is a path, and values have no parts; the attribute is $sn"},
    {"$sn/x",
     "! m.xml:1: select=\"$sn/x\": '/' has no place in an expression; values have no parts, an attribute is "
     "$name"},
    {"@sn", "! m.xml:1: select=\"@sn\": '@' has no place in an expression; values have no parts, an "
            "attribute is $name"},
    {"nothing($sn)",
     "! m.xml:1: select=\"nothing($sn)\": nothing(): there is no such function; they are listed in "
     "dirsync-mapping(5)"},
    {"document('x')",
     "! m.xml:1: select=\"document('x')\": document(): there is no such function; they are listed in "
     "dirsync-mapping(5)"},
    {"id('x')",
     "! m.xml:1: select=\"id('x')\": id(): there is no such function; they are listed in dirsync-mapping(5)"},
    {"text()", "! m.xml:1: select=\"text()\": text(): there is no such function; they are listed in "
               "dirsync-mapping(5)"},
    {"upper()", "! m.xml:1: select=\"upper()\": upper() has 0 arguments; allowed: upper(s)"},
    {"left('a')", "! m.xml:1: select=\"left('a')\": left() has 1 arguments; allowed: left(s, n[, pad])"},
    {"upper('a', 'b')", "! m.xml:1: select=\"upper('a', 'b')\": upper() has 2 arguments; allowed: upper(s)"},
    {"attribute($sn)", "! m.xml:1: select=\"attribute($sn)\": attribute() wants a name in quotes; allowed: "
                       "attribute('name')"},
    {"attribute(concat('a', 'b'))",
     "! m.xml:1: select=\"attribute(concat('a', 'b'))\": attribute() wants a name in "
     "quotes; allowed: attribute('name')"},
    {"attribute('')", "! m.xml:1: select=\"attribute('')\": attribute('') names no attribute"},
    {"$sn;lang-de", "! m.xml:1: select=\"$sn;lang-de\": ';' in a variable; write attribute('sn;...')"},
    {"$1a",
     "! m.xml:1: select=\"$1a\": '$' without an attribute name; a name that begins with a digit is written "
     "attribute('...')"},
    {"'a", "! m.xml:1: select=\"'a\": a text in quotes does not end"},
    {"upper('a'", "! m.xml:1: select=\"upper('a'\": ')' is missing at the end"},
    {"upper('a'))", "! m.xml:1: select=\"upper('a'))\": ')' closes nothing"},
    {".", "! m.xml:1: select=\".\": '.' means the current value, and there is none; use for-each or [ ]"},
    {"string()",
     "! m.xml:1: select=\"string()\": string() without argument means the current value, and there is none; "
     "allowed: string(x)"},
    {"*", "! m.xml:1: select=\"*\": '*' is a path here, and values have no parts"},
    {"$a = ..", "! m.xml:1: select=\"$a = ..\": '..': values have no parents"},
    {"$a $b", "! m.xml:1: select=\"$a $b\": is no XPath from here on: $b"},
    {"$a +", "! m.xml:1: select=\"$a +\": the expression is not complete"},
    {"$a xor $b",
     "! m.xml:1: select=\"$a xor $b\": xor: an operator is missing before it; allowed: and, or, div, mod, = "
     "!= < > + - * |"},
    {"count('x')",
     "! m.xml:1: select=\"count('x')\": a text or number stands where values ($name) are wanted"},
    {"join('x', ',')",
     "! m.xml:1: select=\"join('x', ',')\": a text or number stands where values ($name) are wanted"},
};

static void wrong_expressions_are_found_at_loading(void **state)
{
    (void)state;
    g_autoptr(Entry) source = ENTRY("sn=Doe");
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *got = mapping_case_evaluate(refused[i].expression, source);
        if (strcmp(got, refused[i].expected) != 0)
            fail_msg("\n%s\ngives  %s\nnot    %s", refused[i].expression, got, refused[i].expected);
    }
}

static void what_grows_without_bound_is_stopped(void **state)
{
    (void)state;
    g_autoptr(Entry) source = ENTRY("sn=Doe");
    g_autofree char *grown =
        mapping_case_evaluate("replace(pad($sn, 9000, 'a'), 'a', pad('', 1000))", source);
    assert_string_equal(grown, "! m.xml:1: select=\"replace(pad($sn, 9000, 'a'), 'a', pad('', 1000))\": "
                               "replace(): the result is larger than a mebibyte");
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append_c(deep, '(');
    g_autofree char *nested = mapping_case_evaluate(deep->str, source);
    assert_non_null(strstr(nested, "nested too deeply; at most 39 brackets"));
    g_autofree char *digits = g_strnfill(9000, '1');
    g_autofree char *long_text = mapping_case_evaluate(digits, source);
    assert_non_null(strstr(long_text, "the expression is too long; at most 8192 bytes"));
    g_autofree char *minus = g_strnfill(8000, '-');
    g_autofree char *many = g_strconcat(minus, "1", NULL);
    g_autofree char *result = mapping_case_evaluate(many, source);
    assert_string_equal(result, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_expressions_are_found_at_loading),
        cmocka_unit_test(what_grows_without_bound_is_stopped),
    };
    return cmocka_run_group_tests_name("mapping_expressions", tests, NULL, NULL);
}

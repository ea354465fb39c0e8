/*
 * test_address_types.c - the table of address types, and the sets of characters that its rules name
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proxygen/address.h"

static void names_of_types_are_letters_and_digits(void **state)
{
    (void)state;
    assert_true(address_type_is_legal("SMTP"));
    assert_true(address_type_is_legal("x400"));
    assert_true(address_type_is_legal("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"));
    assert_false(address_type_is_legal("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"));
    assert_false(address_type_is_legal(""));
    assert_false(address_type_is_legal("SM TP"));
    assert_false(address_type_is_legal("SMTP:"));
    assert_false(address_type_is_legal("\u00c4"));
}

static void rules_can_be_kept(void **state)
{
    (void)state;
    for (const AddressType *const *type = address_types(); *type; type++)
        for (const AddressPartRule *rule = (*type)->parts; rule->name; rule++) {
            assert_true(rule->max > 0 && rule->max <= ADDRESS_MAX);
            assert_non_null(rule->but_not);
            assert_true(characters_hold(rule->characters, '1') && !strchr(rule->but_not, '1'));
            for (const char *c = rule->but_not; *c; c++) /* else it need not be named */
                assert_true(characters_hold(rule->characters, (unsigned char)*c));
        }
}

static void the_table_agrees_with_itself(void **state)
{
    (void)state;
    const char *before = "";
    for (const AddressType *const *at = address_types(); *at; before = (*at)->name, at++) {
        const AddressType *type = *at;
        assert_true(strcmp(before, type->name) < 0);
        assert_true(address_type_is_legal(type->name));
        g_autofree char *lower = g_ascii_strdown(type->name, -1);
        assert_ptr_equal(address_type(lower), type);
        assert_non_null(type->display_name);
        assert_true(type->max && type->max <= ADDRESS_MAX - strlen(type->name) - 1);
        assert_int_equal(!type->generator, !type->default_template);
        if (!type->default_template)
            continue;
        g_autofree char *prefix = g_strconcat(type->name, ":", NULL);
        assert_true(g_str_has_prefix(type->default_template, prefix));
    }
    assert_null(address_type("EDK"));
    assert_null(address_type(""));
}

/** The first and last characters of a set, and their neighbours. */
static void sets_of_characters_have_their_borders(void **state)
{
    (void)state;
    assert_true(characters_hold(CHARACTERS_ANY, ' '));
    assert_true(characters_hold(CHARACTERS_ANY, 0x1F600));
    assert_true(characters_hold(CHARACTERS_ASCII, '~'));
    assert_true(characters_hold(CHARACTERS_WESTERN, 0x20AC));
    assert_true(characters_hold(CHARACTERS_WESTERN, 0xFF));
    assert_false(characters_hold(CHARACTERS_WESTERN, 0x100));
    assert_false(characters_hold(CHARACTERS_WESTERN, 0x81));
    assert_false(characters_hold(CHARACTERS_ASCII, 0x7F));
    assert_false(characters_hold(CHARACTERS_ASCII, 0x80));
    assert_false(characters_hold(CHARACTERS_ATEXT, '@'));
    assert_false(characters_hold(CHARACTERS_ATEXT, 0x100 + 'a'));
    assert_true(characters_hold(CHARACTERS_PRINTABLE, '?'));
    assert_false(characters_hold(CHARACTERS_PRINTABLE, '*'));
    assert_true(characters_hold(CHARACTERS_NUMBER, '+'));
    assert_false(characters_hold(CHARACTERS_NUMBER, '/'));
    for (CharacterSet set = CHARACTERS_ANY; set <= CHARACTERS_NUMBER; set++) {
        static const gunichar never[] = {0,      '\t',   '\n',   0x7F,     0xAD,
                                         0x202E, 0x2028, 0xD800, 0x110000, 0xFFFFFFFF};
        for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
            assert_false(characters_hold(set, never[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_types_are_letters_and_digits),
        cmocka_unit_test(rules_can_be_kept),
        cmocka_unit_test(the_table_agrees_with_itself),
        cmocka_unit_test(sets_of_characters_have_their_borders),
    };
    return cmocka_run_group_tests_name("address types", tests, NULL, NULL);
}

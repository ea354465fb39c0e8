/*
 * test_address_random.c - addresses of every type from random parts and random text
 *
 * Parts that can be joined come back from the text; the normal form of a normal form
 * is itself; two addresses are equal when their parts are, and only then. The seed is
 * printed; ADDRESS_SEED repeats a run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proxygen/address.h"

#define ROUNDS 2000
#define PARTS_MAX 10

/** For each type the parts of one address of it, in a row. */
static const struct {
    const char *type, *parts[PARTS_MAX];
} shapes[] = {
    {"SMTP", {"local", "domain"}},
    {"X400", {"c", "a", "p"}},
    {"X400", {"c", "a", "p", "o", "ou1", "s", "g", "cn", "dda:MS"}},
    {"X400", {"c", "a", "s", "dda:B", "dda:A"}},
    {"MS", {"network", "postoffice", "mailbox"}},
    {"CCMAIL", {"name", "postoffice"}},
    {"NOTES", {"name", "domain"}},
    {"NOTES", {"name", "unit", "domain"}},
    {"NOTES", {"name", "unit", "unit", "unit", "domain"}},
    {"GWISE", {"domain", "postoffice", "object"}},
    {"FAX", {"number"}},
    {"FAX", {"name", "number"}},
    {"FAX", {"recipient", "location", "number"}},
    {"FAX", {"recipient", "location", "company", "number"}},
    {"EX", {"o", "ou", "cn", "cn"}},
    {"X500", {"o", "cn"}},
    {"SNADS", {"dgn", "den"}},
    {"SNADS", {"gateway", "dgn", "den"}},
    {"PROFS", {"node", "user"}},
    {"MHS", {"user", "gateway", "network", "postoffice", "mailbox"}},
};

typedef struct {
    AddressPart parts[PARTS_MAX];
    size_t n;
} Parts;

static void parts_clear(Parts *parts)
{
    for (size_t i = 0; i < parts->n; i++)
        g_free(parts->parts[i].value);
    parts->n = 0;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static char *random_text(GRand *rand, const char *const *letters, int n_letters, int longest)
{
    GString *out = g_string_new(NULL);
    for (int n = g_rand_int_range(rand, 0, longest + 1); n; n--)
        g_string_append(out, letters[g_rand_int_range(rand, 0, n_letters)]);
    return g_string_free(out, FALSE);
}

/** Few and short, so that the same comes up often. */
static char *plain_value(GRand *rand)
{
    static const char *const letters[] = {"a", "A", "b"};
    g_autofree char *rest = random_text(rand, letters, G_N_ELEMENTS(letters), 1);
    return g_strconcat(letters[g_rand_int_range(rand, 0, G_N_ELEMENTS(letters))], rest, NULL);
}

/** What every syntax has a meaning for; in other cases something plain, so that most can be joined. */
static char *tricky_value(GRand *rand)
{
    static const char *const letters[] = {"a",  "K", "7", " ",  "at", " at ", "/",      "//",     ".", "@",
                                          "\"", "(", ")", "\\", "{",  "}",    "\u00e4", "\u0141", "=", "'"};
    if (g_rand_int_range(rand, 0, 4))
        return plain_value(rand);
    return random_text(rand, letters, G_N_ELEMENTS(letters), 4);
}

static void fill(Parts *parts, size_t shape, GRand *rand, char *(*value)(GRand *rand))
{
    for (size_t i = 0; i < PARTS_MAX && shapes[shape].parts[i]; i++, parts->n++) {
        const char *name = shapes[shape].parts[i];
        char *text = strcmp(name, "c") == 0        ? g_strdup(g_rand_boolean(rand) ? "US" : "us")
                     : strcmp(name, "number") == 0 ? g_strdup_printf("+1 %d", g_rand_int_range(rand, 0, 3))
                                                   : value(rand);
        parts->parts[parts->n] = (AddressPart){(char *)(uintptr_t)name, text};
    }
}

static void joined_parts_come_back(void **state)
{
    GRand *rand = *state;
    for (size_t shape = 0; shape < G_N_ELEMENTS(shapes); shape++) {
        unsigned joined = 0;
        for (int round = 0; round < ROUNDS; round++) {
            g_auto(Parts) parts = {0};
            fill(&parts, shape, rand, tricky_value);
            g_autofree char *value = address_join(shapes[shape].type, parts.parts, parts.n, NULL);
            if (!value)
                continue;
            joined++;
            g_autofree char *text = address_format(shapes[shape].type, true, value);
            g_autoptr(GError) error = NULL;
            g_autoptr(Address) address = address_parse(text, &error);
            if (!address)
                fail_msg("%s", error->message);
            assert_string_equal(address->value, value);
            assert_int_equal(address->n_parts, parts.n);
            for (size_t i = 0; i < parts.n; i++) {
                assert_string_equal(address->parts[i].name, parts.parts[i].name);
                assert_string_equal(address->parts[i].value, parts.parts[i].value);
            }
        }
        if (joined < ROUNDS / 100)
            fail_msg("shape %zu, %s: only %u of %d were joined", shape, shapes[shape].type, joined, ROUNDS);
    }
}

static void check_idempotent(const char *text, size_t len)
{
    g_autofree char *once = address_normalise(text, len);
    g_autofree char *twice = address_normalise(once, strlen(once));
    assert_true(g_utf8_validate(once, -1, NULL));
    assert_string_equal(twice, once);
}

static void a_normal_form_is_its_own(void **state)
{
    GRand *rand = *state;
    static const char *const pieces[] = {
        "a", "K",      "7",      "at",     " at ",      "/",          ".",      "@",    "\"",
        "(", ")",      "\\",     "{",      "}",         " ",          "\t",     "\r",   ":",
        ";", "c=",     "a=",     "dda:A=", "dda.type=", "dda.value=", "/o=",    "/cn=", "\xff",
        "$", "\u00df", "\u0130", "\u017f", "\u212a",    "\u0308",     "\u00b5",
    };
    for (const AddressType *const *type = address_types(); *type; type++)
        for (int round = 0; round < ROUNDS; round++) {
            g_autofree char *value = random_text(rand, pieces, G_N_ELEMENTS(pieces), 9);
            g_autofree char *text = address_format((*type)->name, g_rand_boolean(rand), value);
            check_idempotent(text, strlen(text));
        }
}

static void every_character_has_a_stable_normal_form(void **state)
{
    (void)state;
    for (gunichar c = 1; c < 0x20000; c++) {
        if (!g_unichar_validate(c))
            continue;
        char text[16] = "CCMAIL:a";
        char *end = text + strlen(text);
        end += g_unichar_to_utf8(c, end);
        check_idempotent(text, (size_t)(end - text));
    }
}

static void addresses_are_equal_when_their_parts_are(void **state)
{
    GRand *rand = *state;
    for (size_t shape = 0; shape < G_N_ELEMENTS(shapes); shape++) {
        unsigned outcomes[2] = {0};
        for (int round = 0; round < ROUNDS; round++) {
            g_auto(Parts) one = {0};
            g_auto(Parts) two = {0};
            fill(&one, shape, rand, plain_value);
            fill(&two, shape, rand, plain_value);
            size_t changed = (size_t)g_rand_int_range(rand, 0, (gint32)one.n);
            bool same = true;
            for (size_t i = 0; i < one.n; i++) { /* no more than one part differs */
                if (i != changed)
                    g_free(two.parts[i].value), two.parts[i].value = g_ascii_strup(one.parts[i].value, -1);
                same = same && g_ascii_strcasecmp(one.parts[i].value, two.parts[i].value) == 0;
            }
            g_autofree char *a = address_join(shapes[shape].type, one.parts, one.n, NULL);
            g_autofree char *b = address_join(shapes[shape].type, two.parts, two.n, NULL);
            assert_non_null(a);
            assert_non_null(b);
            g_autofree char *primary = address_format(shapes[shape].type, true, a);
            g_autofree char *secondary = address_format(shapes[shape].type, false, b);
            assert_int_equal(address_equal(primary, secondary), same);
            outcomes[same]++;
        }
        assert_true(outcomes[0] && outcomes[1]);
    }
}

static void the_order_of_x400_fields_says_nothing(void **state)
{
    GRand *rand = *state;
    const char *fields[] = {"c=US", "a= ", "p=Acme", "o=Exchange", "s=Yoshida", "dda:B=1", "dda:A=2"};
    const char *first = "x400:c=us;a= ;p=acme;o=exchange;s=yoshida;dda:a=2;dda:b=1;";
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = G_N_ELEMENTS(fields) - 1; i; i--) {
            size_t other = (size_t)g_rand_int_range(rand, 0, (gint32)i + 1);
            const char *field = fields[i];
            fields[i] = fields[other];
            fields[other] = field;
        }
        g_autoptr(GString) text = g_string_new("X400:");
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
            g_string_append_printf(text, "%s;%s", fields[i], g_rand_boolean(rand) ? " " : "");
        g_autofree char *normal = address_normalise(text->str, text->len);
        assert_string_equal(normal, first);
    }
}

static int set_up(void **state)
{
    const char *given = getenv("ADDRESS_SEED");
    guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();
    print_message("ADDRESS_SEED=%u\n", seed);
    *state = g_rand_new_with_seed(seed);
    return 0;
}

static int tear_down(void **state)
{
    g_rand_free(*state);
    return 0;
}

/** A blank in front means nothing, and sends the address the long way. */
static void plain_addresses_are_evened_out_as_all_others(void **state)
{
    (void)state;
    static const char alphabet[] = "aB1.-_@@ ";
    guint32 seed = g_random_int();
    print_message("seed %u\n", seed);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    for (int i = 0; i < 40000; i++) {
        char value[9] = {0};
        for (int j = g_rand_int_range(rand, 0, 9); j > 0; j--)
            value[j - 1] = alphabet[g_rand_int_range(rand, 0, sizeof alphabet - 1)];
        g_autofree char *text = g_strconcat("SMTP:", value, NULL),
                        *longer = g_strconcat("SMTP: ", value, NULL);
        g_autofree char *fast = address_normalise(text, strlen(text)),
                        *slow = address_normalise(longer, strlen(longer));
        assert_string_equal(fast, slow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_parts_come_back),
        cmocka_unit_test(a_normal_form_is_its_own),
        cmocka_unit_test(every_character_has_a_stable_normal_form),
        cmocka_unit_test(addresses_are_equal_when_their_parts_are),
        cmocka_unit_test(the_order_of_x400_fields_says_nothing),
        cmocka_unit_test(plain_addresses_are_evened_out_as_all_others),
    };
    return cmocka_run_group_tests_name("address random", tests, set_up, tear_down);
}

/*
 * test_generators_random.c - any template, any name, any number: what holds for every address
 *
 * Each is valid by the parser of the address library, of the type that was asked
 * for, the same at every call and in every order, and another for another number.
 * GENERATORS_SEED repeats a run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proxygen/address.h"
#include "tests/unit/plugin_case.h"

#define ROUNDS 300
#define RETRIES 24

static GRand *dice;

/** Templates whose fields and literals are drawn: each # is a run of both. */
static const struct {
    const char *type, *frame, *settings;
} frames[] = {
    {"SMTP", "SMTP:#@acme.example", NULL},
    {"MS", "MS:ACME/HQ/#", NULL},
    {"MS", "MS:{organisation}/#/%m", NULL},
    {"CCMAIL", "CCMAIL:#, # at HQ", NULL},
    {"NOTES", "NOTES:#/Acme@Exchange", NULL},
    {"NOTES", "NOTES:# #/#/#@{domain}", NULL},
    {"GWISE", "GWISE:Exchange.PO.#", NULL},
    {"FAX", "FAX:#@%f", NULL},
    {"FAX", "FAX:%f", NULL},
    {"X400", "X400:c=US;a= ;p={organisation};o=Exchange;", NULL},
    {"TINY", "TINY:#(%m)", "parts=a/8,b/8;separators=(,);space=drop"},
};

static const char *const fields[] = {"%s",   "%g",  "%i",     "%d",     "%m",  "%1s",
                                     "%12d", "%3m", "%r _%d", "%r..%s", "%99g"};

/** Pieces of names: plain, digits that look like retry numbers, dots, what parts and separators are made of.
 */
static const char *const pieces[] = {
    "a",
    "B",
    "smith",
    "1",
    "2",
    "12",
    "9",
    "0",
    ".",
    "..",
    " ",
    "  ",
    ",",
    "-",
    "'",
    "/",
    "@",
    " at ",
    "(",
    ")",
    "\"",
    "ä",
    "Ö",
    "ß",
    "ø",
    "Þ",
    "ž",
    "İ",
    "ı",
    "Ж",
    "ль",
    "γ",
    "张",
    "𝔘",
    "é",
    "e\xCC\x81",
    "ﬁ",
    "²",
    "١",
    "\xC2\xA0",
    "\xE2\x80\x8B",
    "\xEF\xB7\xBA",
    "\xFF",
    "\t",
    "\r\n",
    ";",
    ":",
    "=",
    "{",
    "%",
    "&",
    "\\",
    "<",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "1234567890",
};

static int roll(int sides)
{
    return g_rand_int_range(dice, 0, sides);
}

static char *any_name(void)
{
    if (roll(8) == 0)
        return NULL;
    GString *name = g_string_new(NULL);
    for (int n = roll(roll(10) ? 7 : 60); n > 0; n--)
        g_string_append(name, pieces[roll(G_N_ELEMENTS(pieces))]);
    return g_string_free(name, FALSE);
}

/** Fields and letters that every part of every type takes. */
static void append_run(GString *site)
{
    for (int n = 1 + roll(3); n > 0; n--) {
        g_string_append(site, fields[roll(G_N_ELEMENTS(fields))]);
        if (roll(3) == 0)
            g_string_append(site, roll(2) ? "-" : "x");
    }
}

static char *any_template(size_t frame)
{
    GString *site = g_string_new(NULL);
    for (const char *at = frames[frame].frame; *at; at++)
        if (*at == '#')
            append_run(site);
        else
            g_string_append_c(site, *at);
    return g_string_free(site, FALSE);
}

typedef struct {
    char *texts[6];
    ProxygenRecipient recipient;
} Anybody;

static void anybody_new(Anybody *anybody)
{
    for (size_t i = 0; i < G_N_ELEMENTS(anybody->texts); i++)
        anybody->texts[i] = any_name();
    char **texts = anybody->texts;
    anybody->recipient = (ProxygenRecipient){.alias = texts[0],
                                             .first_name = texts[1],
                                             .last_name = texts[2],
                                             .display_name = texts[3],
                                             .initials = texts[4],
                                             .fax_number = texts[5]};
}

static void anybody_clear(Anybody *anybody)
{
    for (size_t i = 0; i < G_N_ELEMENTS(anybody->texts); i++)
        g_free(anybody->texts[i]);
}

static bool is_address(const char *answer)
{
    return strcmp(answer, "none") != 0 && strcmp(answer, "error") != 0;
}

static void check_address(PluginCase *plugin, const char *type, const char *site, const char *answer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Address) address = address_parse(answer, &error);
    if (!address)
        fail_msg("%s gave %s: %s", site, answer, error->message);
    assert_string_equal(address->type, type);
    assert_true(address->primary);
    assert_true(g_utf8_strlen(answer, -1) <= ADDRESS_MAX);
    if (!plugin_case_valid_address(plugin, answer))
        fail_msg("%s gave %s, and refuses it: %s", site, answer, plugin->message);
}

static unsigned any_retry(unsigned i)
{
    if (i < 14)
        return i;
    int power = roll(6);
    return power ? (unsigned)g_rand_int_range(dice, 1, (int[]){0, 30, 200, 2000, 20000, 1000001}[power])
                 : 1000000;
}

/** Asks for many numbers: distinct, valid, and the same again in another session and order. */
static void check_retries(PluginCase *plugin, PluginCase *other, const char *type, const char *site,
                          const ProxygenRecipient *recipient)
{
    g_autoptr(GHashTable) numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    unsigned retries[RETRIES];
    char *answers[RETRIES];
    for (unsigned i = 0; i < RETRIES; i++) {
        retries[i] = any_retry(i);
        answers[i] = plugin_case_generate(plugin, recipient, retries[i]);
        if (!is_address(answers[i]))
            continue;
        check_address(plugin, type, site, answers[i]);
        char *normal = address_normalise(answers[i], strlen(answers[i]));
        void *before = g_hash_table_lookup(numbers, normal);
        if (before && GPOINTER_TO_UINT(before) != retries[i] + 1)
            fail_msg("%s gave %s for %u and for %u", site, answers[i], GPOINTER_TO_UINT(before) - 1,
                     retries[i]);
        g_hash_table_insert(numbers, normal, GUINT_TO_POINTER(retries[i] + 1));
    }
    for (unsigned i = RETRIES; i-- > 0;) {
        g_autofree char *again = plugin_case_generate(other, recipient, retries[i]);
        assert_string_equal(again, answers[i]);
        g_free(answers[i]);
    }
}

static void what_is_made_is_valid_stable_and_distinct(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t frame = (size_t)roll(G_N_ELEMENTS(frames));
        g_autofree char *site = any_template(frame);
        PluginCase plugin, other;
        Anybody anybody;
        const char *language = roll(2) ? "sv" : NULL;
        if (plugin_case_open(&plugin, frames[frame].type, site, language, frames[frame].settings) !=
            PROXYGEN_OK)
            fail_msg("%s: %s", site, plugin.message);
        assert_int_equal(plugin_case_open(&other, frames[frame].type, site, language, frames[frame].settings),
                         PROXYGEN_OK);
        for (int n = 0; n < 4; n++) {
            anybody_new(&anybody);
            check_retries(&plugin, &other, frames[frame].type, site, &anybody.recipient);
            anybody_clear(&anybody);
        }
        plugin_case_close(&other);
        plugin_case_close(&plugin);
    }
}

/** Who has an alias of ASCII letters has an address in every type and for every number. */
static void an_alias_is_enough(void **state)
{
    (void)state;
    const ProxygenRecipient recipient = {.alias = "kim", .fax_number = "555-0100"};
    for (size_t frame = 0; frame < G_N_ELEMENTS(frames); frame++) {
        g_autofree char *site = any_template(frame);
        PluginCase plugin;
        assert_int_equal(plugin_case_open(&plugin, frames[frame].type, site, NULL, frames[frame].settings),
                         PROXYGEN_OK);
        for (unsigned retry = 0; retry <= 1000000; retry = retry * 7 + 1) {
            g_autofree char *address = plugin_case_generate(&plugin, &recipient, retry);
            if (!is_address(address))
                fail_msg("%s, retry %u: %s", site, retry, plugin.message);
        }
        plugin_case_close(&plugin);
    }
}

int main(void)
{
    const char *given = getenv("GENERATORS_SEED");
    guint32 seed = given ? (guint32)strtoul(given, NULL, 10) : g_random_int();
    dice = g_rand_new_with_seed(seed);
    g_printerr("# GENERATORS_SEED=%u\n", seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_valid_stable_and_distinct),
        cmocka_unit_test(an_alias_is_enough),
    };
    int failed = cmocka_run_group_tests_name("generators random", tests, NULL, NULL);
    g_rand_free(dice);
    return failed;
}

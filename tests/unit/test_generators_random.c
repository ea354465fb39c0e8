/*
 * test_generators_random.c - any template and any name give an address, or say why not
 *
 * Names of several scripts, symbols, controls and lengths up to absurd; templates put
 * together from all that they can hold. What comes back was checked by the seam: it
 * parses, is valid for the library and for the generator itself. Beyond that:
 * numbers give different addresses, and another session, asked in another order,
 * gives the same ones. The seed is printed; SEED repeats a run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/address.h"
#include "proxygen/generator.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 400
#define PEOPLE 6

static GRand *chance;

static const char *const words[] = {
    "Ann",         "Müller",    "O'Neil", "van der Berg", "Иванов", "Παπαδόπουλος", "山田太郎", "김철수",
    "محمد",        "Łukasz",    "Ørsted", "Šlapák",       "ﬁ",      "🙂",         "a/b",      "x@y",
    "Smith, John", "..",        " ",      "\"q\"",        "%s",     "&d",           "#",        "ÄÖÜß",
    "Þór",         "e\xCC\x81", "\t",     "at",           "(x)",    "A.B."};
static const char *const types[] = {"SMTP", "MS", "CCMAIL", "NOTES", "GWISE", "FAX", "X400"};
static const unsigned numbers[] = {0, 1, 2, 3, 17, 99999, 1000000};

static char *random_name(void)
{
    GString *name = g_string_new(NULL);
    int n = g_rand_int_range(chance, 0, g_rand_int_range(chance, 0, 20) ? 4 : 60);
    for (int i = 0; i < n; i++)
        g_string_append_printf(name, "%s%s", i ? " " : "",
                               words[g_rand_int_range(chance, 0, (gint32)G_N_ELEMENTS(words))]);
    return g_string_free(name, FALSE);
}

static char *random_fields(const char *mark)
{
    static const char letters[] = "sgidm";
    GString *text = g_string_new(NULL);
    int n = g_rand_int_range(chance, 1, 4);
    for (int i = 0; i < n; i++) {
        if (!g_rand_int_range(chance, 0, 4))
            g_string_append(text, g_rand_boolean(chance) ? "%r _" : "%r..");
        g_string_append(text, mark);
        if (!g_rand_int_range(chance, 0, 3))
            g_string_append_printf(text, "%d", g_rand_int_range(chance, 1, 12));
        g_string_append_c(text, letters[g_rand_int_range(chance, 0, (gint32)sizeof letters - 1)]);
        if (i < n - 1 && g_rand_boolean(chance))
            g_string_append_c(text, '-');
    }
    return g_string_free(text, FALSE);
}

static char *random_template(const char *type)
{
    g_autofree char *fields = random_fields("%");
    if (!g_rand_int_range(chance, 0, 5))
        return NULL; /* the generator's own */
    if (!strcmp(type, "SMTP"))
        return g_strconcat("SMTP:", fields, "@", g_rand_boolean(chance) ? "x.example" : "{domain}", NULL);
    if (!strcmp(type, "MS"))
        return g_strconcat("MS:{organisation}/PO/", fields, NULL);
    if (!strcmp(type, "CCMAIL"))
        return g_strconcat("CCMAIL:", fields, " at Post Office", NULL);
    if (!strcmp(type, "NOTES"))
        return g_strconcat("NOTES:", fields, "/OU/{organisation}@{domain}", NULL);
    if (!strcmp(type, "GWISE"))
        return g_strconcat("GWISE:DOM.PO.", fields, NULL);
    if (!strcmp(type, "FAX"))
        return g_strconcat("FAX:", fields, "@%f", NULL);
    return g_strdup("X400:c=DE;a= ;p={organisation};o=Post;ou1=One;");
}

typedef struct {
    char *names[6];
    ProxygenRecipient info;
} Somebody;

static void somebody_init(Somebody *somebody, int i)
{
    for (size_t j = 0; j < 5; j++)
        somebody->names[j] = random_name();
    if (g_rand_boolean(chance)) {
        g_free(somebody->names[0]);
        somebody->names[0] = g_strdup_printf("alias%d", i);
    }
    somebody->names[5] = g_strdup_printf("+49 30 %d", i);
    char *const *n = somebody->names;
    somebody->info = (ProxygenRecipient){.alias = n[0],
                                         .first_name = n[1],
                                         .last_name = n[2],
                                         .display_name = n[3],
                                         .initials = n[4],
                                         .fax_number = n[5]};
}

static void somebody_clear(Somebody *somebody)
{
    for (size_t j = 0; j < G_N_ELEMENTS(somebody->names); j++)
        g_free(somebody->names[j]);
}

static Generator *open_session(const char *type, const char *site)
{
    GeneratorSettings settings = {.folder = generator_folder(NULL),
                                  .file = address_type(type)->generator,
                                  .type = type,
                                  .site = site,
                                  .organisation = "Ācme & Söhne / Ltd.",
                                  .domain = "acme.example"};
    g_autoptr(GError) error = NULL;
    Generator *generator = generator_open(&settings, &error);
    if (!generator)
        fail_msg("%s: %s", site ? site : type, error->message);
    return generator;
}

/* Address or NULL. */
static char *ask(Generator *generator, const Somebody *somebody, unsigned number)
{
    GeneratorRequest request = {.recipient = somebody->info, .retry = number};
    g_autoptr(GError) error = NULL;
    if (!generator_generate(generator, &request, 1, NULL, &error))
        fail_msg("number %u of \"%s\" \"%s\" \"%s\" \"%s\": %s", number, somebody->names[0],
                 somebody->names[1], somebody->names[2], somebody->names[3], error->message);
    char *address = g_strdup(request.address);
    generator_request_clear(&request);
    return address;
}

static void check_numbers(Generator *generator, const Somebody *somebody)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *address = ask(generator, somebody, numbers[i]);
        if (!address)
            continue;
        if (!g_hash_table_add(seen, address_normalise(address, strlen(address))))
            fail_msg("number %u of \"%s\" gives %s again", numbers[i], somebody->names[3], address);
    }
}

static void test_any_template_and_any_name(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const char *type = types[g_rand_int_range(chance, 0, (gint32)G_N_ELEMENTS(types))];
        g_autofree char *site = random_template(type);
        g_autoptr(Generator) one = open_session(type, site), other = open_session(type, site);
        Somebody people[PEOPLE];
        char *addresses[PEOPLE];
        for (int i = 0; i < PEOPLE; i++) {
            somebody_init(&people[i], i);
            addresses[i] = ask(one, &people[i], 0);
            check_numbers(one, &people[i]);
        }
        for (int i = PEOPLE - 1; i >= 0; i--) {
            g_autofree char *again = ask(other, &people[i], 0);
            assert_int_equal(g_strcmp0(again, addresses[i]), 0);
            g_free(addresses[i]);
            somebody_clear(&people[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_template_and_any_name)};
    const char *given = g_getenv("SEED");
    guint32 seed = given ? (guint32)strtoul(given, NULL, 10) : g_random_int();
    g_printerr("# SEED=%u\n", seed);
    chance = g_rand_new_with_seed(seed);
    int failed = cmocka_run_group_tests_name("generators_random", tests, NULL, NULL);
    g_rand_free(chance);
    return failed;
}

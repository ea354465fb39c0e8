/*
 * test_generators.c - the generators that ship, through the seam: worked examples and limits
 *
 * Names and templates are those of the documentation of the systems (KB numbers
 * beside them) and of the EDK's sample; what they got wrong is marked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/address.h"
#include "proxygen/generator.h"

#include <string.h>

static Generator *open_for(const char *type, const char *site, const char *language, GError **error)
{
    const AddressType *known = address_type(type);
    GeneratorSettings settings = {.folder = generator_folder(NULL),
                                  .file = known ? known->generator : "simple.so",
                                  .type = type,
                                  .site = site,
                                  .language = language,
                                  .organisation = "Acme",
                                  .domain = "acme.example"};
    return generator_open(&settings, error);
}

static char *address_of(Generator *generator, const ProxygenRecipient *recipient, unsigned retry)
{
    g_autoptr(GError) error = NULL;
    GeneratorRequest request = {.recipient = *recipient, .retry = retry};
    if (!generator_generate(generator, &request, 1, NULL, &error))
        fail_msg("%s", error->message);
    char *address = request.kind == GENERATED        ? g_strdup(request.address)
                    : request.kind == GENERATED_NONE ? g_strdup("none")
                                                     : g_strdup_printf("error: %s", request.message);
    generator_request_clear(&request);
    return address;
}

static const ProxygenRecipient doug = {.alias = "dougdo",
                                       .first_name = "Doug",
                                       .last_name = "Dosdall",
                                       .display_name = "Doug M. Dosdall",
                                       .initials = "M"};
static const ProxygenRecipient mark = {.alias = "markc",
                                       .first_name = "Mark",
                                       .last_name = "Clark",
                                       .display_name = "Mark M. Clark",
                                       .initials = "M"};
static const ProxygenRecipient nancy = {
    .alias = "nanlee", .first_name = "Nancy", .last_name = "Lee", .display_name = "Lee, Nancy"};
static const ProxygenRecipient umlaut = {
    .alias = "jmueller", .first_name = "Jürgen", .last_name = "Müßig", .display_name = "Jürgen Müßig"};
static const ProxygenRecipient ivan = {
    .alias = "iivanov", .first_name = "Иван", .last_name = "Иванов", .display_name = "Иванов Иван"};
static const ProxygenRecipient fax = {
    .alias = "bob", .display_name = "Bob Birch", .fax_number = "+1 (555) 010-42"};
static const ProxygenRecipient symbols = {
    .alias = "sym", .first_name = "☃", .last_name = "☂", .display_name = "☃☂"};
static const ProxygenRecipient nobody = {0};

typedef struct {
    const char *type, *site, *language;
    const ProxygenRecipient *recipient;
    unsigned retry;
    const char *address;
} Case;

static const Case cases[] = {
    /* SMTP: EDK sample */
    {"SMTP", "SMTP:%r _%d@x.example", NULL, &doug, 0, "SMTP:Doug_M._Dosdall@x.example"},
    {"SMTP", "SMTP:%r..%d@x.example", NULL, &doug, 0, "SMTP:DougMDosdall@x.example"},
    {"SMTP", "SMTP:%g.%s@x.example", NULL, &doug, 0, "SMTP:Doug.Dosdall@x.example"},
    {"SMTP", "SMTP:@x.example", NULL, &doug, 0, "SMTP:dougdo@x.example"},
    {"SMTP", " SMTP: %m@x.example\t", NULL, &doug, 0, "SMTP:dougdo@x.example"},
    {"SMTP", NULL, NULL, &doug, 0, "SMTP:dougdo@acme.example"},
    /* KB 285136 */
    {"SMTP", "SMTP:%1s%5g@x.example", NULL, &doug, 0, "SMTP:DDoug@x.example"},
    {"SMTP", "SMTP:%5s@x.example", NULL, &doug, 0, "SMTP:Dosda@x.example"},
    /* KB 153270, by its own rule that X = Y leaves X out, against its example */
    {"SMTP", "SMTP:%d@x.example", NULL, &mark, 0, "SMTP:MarkM.Clark@x.example"},
    {"SMTP", "SMTP:%r..%d@x.example", NULL, &mark, 0, "SMTP:MarkMClark@x.example"},
    {"SMTP", "SMTP:%m%%1@x.example", NULL, &mark, 0, "SMTP:markc%1@x.example"},
    /* KB 166247: no dot is left over from an empty field */
    {"SMTP", "SMTP:%g.%i.%s@x.example", NULL, &nancy, 0, "SMTP:Nancy.Lee@x.example"},
    {"SMTP", "SMTP:%i.%s@x.example", NULL, &nancy, 0, "SMTP:Lee@x.example"},
    {"SMTP", "SMTP:%s.%i@x.example", NULL, &nancy, 0, "SMTP:Lee@x.example"},
    /* KB 166572: umlauts by language; ø is o, not the digit of the EDK's table */
    {"SMTP", "SMTP:%g.%s@x.example", NULL, &umlaut, 0, "SMTP:Juergen.Muessig@x.example"},
    {"SMTP", "SMTP:%g.%s@x.example", "sv", &umlaut, 0, "SMTP:Jurgen.Mussig@x.example"},
    {"SMTP", "SMTP:%s@x.example", NULL, &(const ProxygenRecipient){.last_name = "Ørsted"}, 0,
     "SMTP:Orsted@x.example"},
    {"SMTP", "SMTP:%g.%s@x.example", NULL, &ivan, 0, "SMTP:Ivan.Ivanov@x.example"},
    /* names that come to nothing: the alias (KB 327164 made up something at random, at every run) */
    {"SMTP", "SMTP:%g.%s@x.example", NULL, &symbols, 0, "SMTP:sym@x.example"},
    {"SMTP", "SMTP:%g.%s@x.example", NULL, &nobody, 0, "error: *neither a name nor an alias*"},
    /* collisions: the alias, then numbers */
    {"SMTP", "SMTP:%g.%s@x.example", NULL, &doug, 1, "SMTP:dougdo@x.example"},
    {"SMTP", "SMTP:%g.%s@x.example", NULL, &doug, 2, "SMTP:dougdo2@x.example"},
    {"SMTP", "SMTP:%g.%s@x.example", NULL, &doug, 1000000, "SMTP:dougdo1000000@x.example"},
    {"SMTP", "SMTP:@x.example", NULL, &doug, 1, "SMTP:dougdo1@x.example"},
    /* Notes: KB 187276, 200233; & or %, numbers behind, Last, First */
    {"NOTES", "NOTES:&S&G3@Exchange", NULL, &nancy, 0, "NOTES:LeeNan@Exchange"},
    {"NOTES", "NOTES:&s2@Exchange", NULL, &nancy, 0, "NOTES:Le@Exchange"},
    {"NOTES", "NOTES:&d/Site/Org@Exchange", NULL, &nancy, 0, "NOTES:Nancy Lee/Site/Org@Exchange"},
    {"NOTES", "NOTES:&g &i &s/Org@Exchange", NULL, &nancy, 0, "NOTES:Nancy Lee/Org@Exchange"},
    {"NOTES", NULL, NULL, &doug, 0, "NOTES:Doug M. Dosdall/Acme@acme.example"},
    {"NOTES", "NOTES:%d/Acme@Exchange", NULL, &umlaut, 0, "NOTES:Jürgen Müßig/Acme@Exchange"},
    {"NOTES", "NOTES:%d/Acme@Exchange", NULL, &ivan, 0, "NOTES:Ivanov Ivan/Acme@Exchange"},
    {"NOTES", "NOTES:&d/Acme@Exchange", NULL, &doug, 3, "NOTES:Doug M. Dosdall3/Acme@Exchange"},
    {"NOTES", "NOTES:&d@Exchange", NULL, &(const ProxygenRecipient){.display_name = "Éva Šlapák/X@Y"}, 0,
     "NOTES:Éva ŠlapákXY@Exchange"},
    /* GroupWise */
    {"GWISE", NULL, NULL, &doug, 0, "GWISE:Exchange.First Administrative Group.dougdo"},
    {"GWISE", "GWISE:GWDOM.GWPO.%3s", NULL, &doug, 0, "GWISE:GWDOM.GWPO.Dos"},
    {"GWISE", "GWISE:GWDOM.GWPO.%d", NULL, &doug, 2, "GWISE:GWDOM.GWPO.Doug M Dosdall2"},
    /* PC Mail: ten characters, the number within them */
    {"MS", "MS:ACME/EXCHANGE/%m", NULL, &doug, 0, "MS:ACME/EXCHANGE/dougdo"},
    {"MS", "MS:ACME/EXCHANGE/%s%g", NULL, &doug, 0, "MS:ACME/EXCHANGE/DosdallDou"},
    {"MS", "MS:ACME/EXCHANGE/%s%g", NULL, &doug, 1, "MS:ACME/EXCHANGE/DosdallDo1"},
    {"MS", "MS:ACME/EXCHANGE/%s%g", NULL, &doug, 1000000, "MS:ACME/EXCHANGE/Dos1000000"},
    /* cc:Mail: KB 188680; / is quoted once, not more at each turn (KB 166556) */
    {"CCMAIL", NULL, NULL, &doug, 0, "CCMAIL:Dosdall, Doug at Acme"},
    {"CCMAIL", "CCMAIL:%g, %s at Site", NULL, &doug, 0, "CCMAIL:Doug, Dosdall at Site"},
    {"CCMAIL", "CCMAIL:%s at Site", NULL, &(const ProxygenRecipient){.last_name = "a/b"}, 0,
     "CCMAIL:a//b at Site"},
    {"CCMAIL", "CCMAIL:%s at Site", NULL, &(const ProxygenRecipient){.last_name = "a/"}, 4,
     "CCMAIL:a//4 at Site"},
    {"CCMAIL", NULL, NULL, &doug, 7, "CCMAIL:Dosdall, Doug7 at Acme"},
    /* fax: who has no number has no address */
    {"FAX", NULL, NULL, &fax, 0, "FAX:Bob Birch@+1 (555) 010-42"},
    {"FAX", "FAX:%f", NULL, &fax, 0, "FAX:+1 (555) 010-42"},
    {"FAX", NULL, NULL, &doug, 0, "none"},
    {"FAX", NULL, NULL, &fax, 2, "FAX:Bob Birch2@+1 (555) 010-42"},
    /* X.400 */
    {"X400", NULL, NULL, &doug, 0, "X400:c=US;a= ;p=Acme;o=Exchange;s=Dosdall;g=Doug;i=M;"},
    {"X400", "X400:c=us;a= ;p=First Organizati;o=Exchange;", NULL,
     &(const ProxygenRecipient){.first_name = "geeman", .last_name = "yip"}, 0,
     "X400:c=us;a= ;p=First Organizati;o=Exchange;s=yip;g=geeman;"},
    {"X400", NULL, NULL, &(const ProxygenRecipient){.alias = "room1"}, 0,
     "X400:c=US;a= ;p=Acme;o=Exchange;s=room1;"},
    {"X400", NULL, NULL, &doug, 12, "X400:c=US;a= ;p=Acme;o=Exchange;s=Dosdall12;g=Doug;i=M;"},
    {"X400", NULL, NULL, &umlaut, 0, "X400:c=US;a= ;p=Acme;o=Exchange;s=Muessig;g=Juergen;"},
    {"X400", NULL, NULL, &nobody, 0, "error: *neither a name nor an alias*"},
};

static void test_worked_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        g_autoptr(GError) error = NULL;
        g_autoptr(Generator) generator = open_for(c->type, c->site, c->language, &error);
        if (!generator)
            fail_msg("%s: %s", c->site ? c->site : c->type, error->message);
        g_autofree char *address = address_of(generator, c->recipient, c->retry);
        if (!g_pattern_match_simple(c->address, address))
            fail_msg("%s of %s, retry %u: %s, expected %s", c->site ? c->site : "(default)",
                     c->recipient->display_name, c->retry, address, c->address);
    }
}

static void test_templates_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *type, *site, *why;
    } wrong[] = {
        {"SMTP", "SMTP:%q@x.example", "*place 1: after the mark one of s g i d m f r*"},
        {"SMTP", "SMTP:%m", "*an @ and a domain are needed*"},
        {"SMTP", "NOTES:%m@x", "*begins with SMTP:*"},
        {"SMTP", "SMTP:%r@", "*r wants two characters*"},
        {"SMTP", "SMTP:%m@x..example", "*domain:*"},
        {"SMTP", "SMTP:(%m)@x.example", "*local: character 1*"},
        {"SMTP", "SMTP:%0s@x.example", "*1 to 99*"},
        {"SMTP", "SMTP:%100s@x.example", "*1 to 99*"},
        {"SMTP", "SMTP:%m@{site}", "*{organisation} or {domain}*"},
        {"NOTES", "NOTES:&d@a domain that has more than 31 characters", "*domain*31*"},
        {"GWISE", "GWISE:One.%m", "*not written like*"},
        {"MS", "MS:NETWORKTOOLONG/PO/%m", "*10*"},
        {"X400", "X400:a= ;p=Acme;", "*c*"},
        {"X400", "X400:c=US;a= ;p=Acme;s=%s;", "*%*"},
        {"X400", "X400:c=US;a= ;p=Seventeen letters;", "*16*"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Generator) generator = open_for(wrong[i].type, wrong[i].site, NULL, &error);
        if (generator || !error_is(error, ERROR_DEFINITION) ||
            !g_pattern_match_simple(wrong[i].why, error->message))
            fail_msg("%s: %s, expected %s", wrong[i].site, error ? error->message : "taken", wrong[i].why);
    }
}

static void test_a_further_type_by_settings(void **state)
{
    (void)state;
    static const char *const settings[] = {"template=%m at {organisation} via {domain}", "characters=ascii",
                                           "before= at ", "maximum=40", NULL};
    GeneratorSettings how = {.folder = generator_folder(NULL),
                             .file = "simple.so",
                             .type = "TELEX",
                             .organisation = "Acme",
                             .domain = "acme.example",
                             .settings = settings};
    g_autoptr(GError) error = NULL;
    g_autoptr(Generator) generator = generator_open(&how, &error);
    if (!generator)
        fail_msg("%s", error->message);
    g_autofree char *first = address_of(generator, &doug, 0), *second = address_of(generator, &doug, 5);
    assert_string_equal(first, "TELEX:dougdo at Acme via acme.example");
    assert_string_equal(second, "TELEX:dougdo5 at Acme via acme.example");
    assert_true(generator_validate(generator, "TELEX:x", NULL));
    assert_false(
        generator_validate(generator, "TELEX:more than the forty characters that the setting allows", NULL));
}

/* The template changed: what was given by hand is kept. */
static void test_update_keeps_what_a_person_gave(void **state)
{
    (void)state;
    static const struct {
        const char *type, *old, *new, *current, *address;
    } updates[] = {
        {"SMTP", "SMTP:%m@old.example", "SMTP:%m@new.example", "SMTP:the.boss@old.example",
         "SMTP:the.boss@new.example"},
        {"SMTP", "SMTP:%m@old.example", "SMTP:%m@new.example", "SMTP:the.boss@other.example", NULL},
        {"NOTES", "NOTES:&d/Old@Ex", "NOTES:&d/New@Ex", "NOTES:Boss/Old@Ex", "NOTES:Boss/New@Ex"},
        {"GWISE", "GWISE:A.B.%m", "GWISE:A.C.%m", "GWISE:A.B.boss", NULL},
        {"X400", "X400:c=US;a= ;p=Old;", "X400:c=DE;a= ;p=New;", "X400:c=US;a= ;p=Old;s=Boss;",
         "X400:c=DE;a= ;p=New;s=Boss;"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(updates); i++) {
        g_autoptr(Generator) generator = open_for(updates[i].type, updates[i].new, NULL, NULL);
        g_autofree char *address = NULL;
        g_autoptr(GError) error = NULL;
        if (!generator_update(generator, &doug, updates[i].old, updates[i].current, &address, &error))
            fail_msg("%s", error->message);
        assert_string_equal(address ? address : "anew", updates[i].address ? updates[i].address : "anew");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_examples),
        cmocka_unit_test(test_templates_that_cannot_be),
        cmocka_unit_test(test_a_further_type_by_settings),
        cmocka_unit_test(test_update_keeps_what_a_person_gave),
    };
    return cmocka_run_group_tests_name("generators", tests, NULL, NULL);
}

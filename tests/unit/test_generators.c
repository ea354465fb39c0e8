/*
 * test_generators.c - the generators that ship, through their interface: what they make of whom
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proxygen/address.h"
#include "tests/unit/manual_page.h"
#include "tests/unit/plugin_case.h"

static const ProxygenRecipient doug = {.alias = "dougdo",
                                       .first_name = "Doug",
                                       .last_name = "Dosdall",
                                       .display_name = "Doug M. Dosdall",
                                       .initials = "M"};
static const ProxygenRecipient lee = {.alias = "nancyl",
                                      .first_name = "Nancy",
                                      .last_name = "Lee",
                                      .display_name = "Lee, Nancy",
                                      .fax_number = "+1 (206) 555-0100"};
static const ProxygenRecipient groesser = {
    .alias = "jg", .first_name = "Jürgen", .last_name = "Größer", .display_name = "Jürgen Größer"};
static const ProxygenRecipient olga = {
    .alias = "olga", .first_name = "Ольга", .last_name = "Жижкова", .display_name = "Жижкова, Ольга"};
static const ProxygenRecipient zizka = {
    .alias = "zz", .first_name = "Željko", .last_name = "Šašić", .display_name = "Šašić, Željko"};
static const ProxygenRecipient johnson = {
    .alias = "SMITHJOHNSON", .first_name = "John", .last_name = "Smithjohnson"};
static const ProxygenRecipient alias_only = {.alias = "printer.3"};
static const ProxygenRecipient surname_only = {.alias = "smith", .last_name = "Smith"};
static const ProxygenRecipient odd_alias = {.alias = " (J. \"Doe\")..<2> ", .last_name = "?"};
static const ProxygenRecipient nobody = {.alias = "()"};
static const ProxygenRecipient like_alias = {.alias = "doug", .first_name = "doug2", .last_name = "DOUG"};

typedef struct {
    const char *site;
    const ProxygenRecipient *recipient;
    unsigned retry;
    const char *address;
} Made;

static void check_made(const Made *made, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *address = plugin_case_make(made[i].site, made[i].recipient, made[i].retry);
        if (strcmp(address, made[i].address) != 0)
            fail_msg("%s, retry %u: %s instead of %s", made[i].site, made[i].retry, address, made[i].address);
    }
}

static const Made smtp[] = {
    /* what the EDK's generator made of Doug, but for a bare %d, which keeps its dot by the rule */
    {"SMTP:%r _%d@x.example", &doug, 0, "SMTP:Doug_M._Dosdall@x.example"},
    {"SMTP:%r..%d@x.example", &doug, 0, "SMTP:DougMDosdall@x.example"},
    {"SMTP:%d@x.example", &doug, 0, "SMTP:DougM.Dosdall@x.example"},
    {"SMTP:%g.%s@x.example", &doug, 0, "SMTP:Doug.Dosdall@x.example"},
    {"SMTP:@x.example", &doug, 0, "SMTP:dougdo@x.example"},
    /* KB 285136: a count takes the first characters */
    {"SMTP:%1g%s@x.example", &doug, 0, "SMTP:DDosdall@x.example"},
    {"SMTP:%5g.%i.%99s@x.example", &lee, 0, "SMTP:Nancy.Lee@x.example"},
    {"SMTP:%d@x.example", &lee, 0, "SMTP:LeeNancy@x.example"},
    {"SMTP:%r,_%d@x.example", &lee, 0, "SMTP:Lee_Nancy@x.example"},
    {"SMTP:%g%%%s@x.example", &doug, 0, "SMTP:Doug%Dosdall@x.example"},
    /* a replacement holds for what follows it, and may name what separates */
    {"SMTP:%g%roO%g-%rdD%s@x.example", &doug, 0, "SMTP:DougDOug-DOsDall@x.example"},
    {"SMTP:%r@_%m@x.example", &doug, 0, "SMTP:dougdo@x.example"},
    /* KB 166247: an empty field leaves no dot */
    {"SMTP:%g.%s@x.example", &surname_only, 0, "SMTP:Smith@x.example"},
    {"SMTP:%s.%g@x.example", &surname_only, 0, "SMTP:Smith@x.example"},
    {"SMTP:%s.%i.%g@x.example", &lee, 0, "SMTP:Lee.Nancy@x.example"},
    /* KB 327164: an alias with wrong characters is cleaned, not refused */
    {"SMTP:@x.example", &odd_alias, 0, "SMTP:J.Doe.2@x.example"},
    {"SMTP:%g.%s@x.example", &alias_only, 0, "SMTP:printer.3@x.example"},
    {"SMTP:x-%g@x.example", &alias_only, 0, "SMTP:printer.3@x.example"},
    {"SMTP:@x.example", &nobody, 0, "error"},
    {"SMTP:@{domain}", &doug, 0, "SMTP:dougdo@acme.example"},
    {"SMTP:%m@{organisation}.{domain}", &doug, 0, "SMTP:dougdo@Acme.acme.example"},
    /* collisions: the alias, then the alias with a number; nothing twice */
    {"SMTP:%g.%s@x.example", &doug, 1, "SMTP:dougdo@x.example"},
    {"SMTP:%g.%s@x.example", &doug, 2, "SMTP:dougdo2@x.example"},
    {"SMTP:%g.%s@x.example", &doug, 1000000, "SMTP:dougdo1000000@x.example"},
    {"SMTP:@x.example", &doug, 1, "SMTP:dougdo1@x.example"},
    {"SMTP:@x.example", &doug, 2, "SMTP:dougdo2@x.example"},
    {"SMTP:%g@x.example", &like_alias, 2, "SMTP:doug1@x.example"},
    {"SMTP:%g@x.example", &like_alias, 3, "SMTP:doug3@x.example"},
    {"SMTP:%s@x.example", &like_alias, 1, "SMTP:doug1@x.example"},
    {"SMTP:postmaster@x.example", &doug, 0, "SMTP:postmaster@x.example"},
    {"SMTP:postmaster@x.example", &doug, 1, "SMTP:dougdo@x.example"},
    /* KB 166572 */
    {"SMTP:%g.%s@x.example", &groesser, 0, "SMTP:Juergen.Groesser@x.example"},
    {"SMTP:%1g%1s@x.example", &groesser, 0, "SMTP:JG@x.example"},
    {"SMTP:%rüu%g@x.example", &groesser, 0, "SMTP:Jurgen@x.example"},
    {"SMTP:%g.%s@x.example", &olga, 0, "SMTP:Olga.Zizkova@x.example"},
    {"SMTP:%g.%s@x.example", &zizka, 0, "SMTP:Zeljko.Sasic@x.example"},
};

static void smtp_addresses(void **state)
{
    (void)state;
    check_made(smtp, G_N_ELEMENTS(smtp));
}

static const Made ms[] = {
    {"MS:ACME/HQ/%m", &doug, 0, "MS:ACME/HQ/dougdo"},
    {"MS:ACME/HQ/%m", &doug, 7, "MS:ACME/HQ/dougdo7"},
    /* KB 116466: ten characters each */
    {"MS:ACME/HQ/%m", &johnson, 0, "MS:ACME/HQ/SMITHJOHNS"},
    {"MS:ACME/HQ/%m", &johnson, 1, "MS:ACME/HQ/SMITHJOHN1"},
    {"MS:ACME/HQ/%m", &johnson, 12, "MS:ACME/HQ/SMITHJOH12"},
    {"MS:ACME/HQ/%m", &johnson, 1000000, "MS:ACME/HQ/SMI1000000"},
    {"MS:{organisation}/EXCHANGE/%m", &doug, 0, "MS:Acme/EXCHANGE/dougdo"},
    {"MS:ACME/%i/%m", &doug, 0, "MS:ACME/M/dougdo"},
    {"MS:ACME/HQ/%s%g", &groesser, 0, "MS:ACME/HQ/GroesserJu"},
    {"MS:ACME/HQ/%r/-%m", &alias_only, 0, "MS:ACME/HQ/printer.3"},
};

static void ms_addresses(void **state)
{
    (void)state;
    check_made(ms, G_N_ELEMENTS(ms));
}

static const Made ccmail[] = {
    /* KB 154053 */
    {"CCMAIL:%s, %g at HQ", &lee, 0, "CCMAIL:Lee, Nancy at HQ"},
    {"CCMAIL:%g %s at HQ", &lee, 0, "CCMAIL:Nancy Lee at HQ"},
    {"CCMAIL:%d at {organisation}", &doug, 0, "CCMAIL:Doug M. Dosdall at Acme"},
    {"CCMAIL:%s, %g at HQ", &lee, 3, "CCMAIL:Lee, Nancy3 at HQ"},
    {"CCMAIL:%s, %g at HQ", &surname_only, 0, "CCMAIL:Smith at HQ"},
    {"CCMAIL:%s, %g at HQ", &groesser, 0, "CCMAIL:Größer, Jürgen at HQ"},
    {"CCMAIL:%s, %g at HQ", &olga, 0, "CCMAIL:Zizkova, Olga at HQ"},
    /* KB 166556: an escape is read as one and written as one, however often */
    {"CCMAIL:%s at East//West", &lee, 0, "CCMAIL:Lee at East//West"},
};

static void ccmail_addresses(void **state)
{
    (void)state;
    check_made(ccmail, G_N_ELEMENTS(ccmail));
    const ProxygenRecipient hotel = {.alias = "h", .display_name = "Rooms at Sea/Side"};
    g_autofree char *address = plugin_case_make("CCMAIL:%d at HQ", &hotel, 0);
    assert_string_equal(address, "CCMAIL:Rooms/ at Sea//Side at HQ");
}

static const Made notes[] = {
    /* KB 187276: & or %, any case, count in front or behind */
    {"NOTES:&d/Acme@Exchange", &doug, 0, "NOTES:Doug M. Dosdall/Acme@Exchange"},
    {"NOTES:%d/HQ/Acme@Exchange", &doug, 0, "NOTES:Doug M. Dosdall/HQ/Acme@Exchange"},
    {"NOTES:&S&G3@Exchange", &lee, 0, "NOTES:LeeNan@Exchange"},
    {"NOTES:%3G&2s@Exchange", &lee, 0, "NOTES:NanLe@Exchange"},
    {"NOTES:&&&m%%@Exchange", &lee, 0, "NOTES:&nancyl%@Exchange"},
    /* "Last, First" is turned at the first comma */
    {"NOTES:&d/Acme@Exchange", &lee, 0, "NOTES:Nancy Lee/Acme@Exchange"},
    {"NOTES:&d/{organisation}@{domain}", &lee, 0, "NOTES:Nancy Lee/Acme@acme.example"},
    /* KB 200233: missing initials left two blanks */
    {"NOTES:&g &i &s/Acme@Exchange", &lee, 0, "NOTES:Nancy Lee/Acme@Exchange"},
    {"NOTES:&g &i. &s/Acme@Exchange", &doug, 0, "NOTES:Doug M. Dosdall/Acme@Exchange"},
    {"NOTES:&d/&i/Acme@Exchange", &lee, 0, "NOTES:Nancy Lee/Acme@Exchange"},
    {"NOTES:&d/&i@Exchange", &lee, 0, "NOTES:Nancy Lee@Exchange"},
    {"NOTES:&d/Acme@Exchange", &lee, 2, "NOTES:Nancy Lee2/Acme@Exchange"},
    /* characters of the code page stay, others are spelled out */
    {"NOTES:&d/Acme@Exchange", &zizka, 0, "NOTES:Željko Šašic/Acme@Exchange"},
    {"NOTES:&d/Acme@Exchange", &olga, 0, "NOTES:Olga Zizkova/Acme@Exchange"},
    {"NOTES:&g/Acme@Exchange", &alias_only, 0, "NOTES:printer.3/Acme@Exchange"},
};

static void notes_addresses(void **state)
{
    (void)state;
    check_made(notes, G_N_ELEMENTS(notes));
    const ProxygenRecipient addressed = {.alias = "s", .display_name = "Sales/EMEA@Acme Jr."};
    g_autofree char *address = plugin_case_make("NOTES:&d/Acme@Exchange", &addressed, 0);
    assert_string_equal(address, "NOTES:SalesEMEAAcme Jr./Acme@Exchange");
}

static const Made gwise[] = {
    /* KB 240874, and the default of the GroupWise connector */
    {"GWISE:Exchange.First Administrative Group.%m", &doug, 0,
     "GWISE:Exchange.First Administrative Group.dougdo"},
    {"GWISE:Exchange.PO.%3s%g", &lee, 0, "GWISE:Exchange.PO.LeeNancy"},
    {"GWISE:Exchange.PO.%m", &alias_only, 0, "GWISE:Exchange.PO.printer3"},
    {"GWISE:Exchange.PO.%m", &alias_only, 4, "GWISE:Exchange.PO.printer34"},
    /* Western European characters stay, others are spelled out */
    {"GWISE:Exchange.PO.%g %s", &groesser, 0, "GWISE:Exchange.PO.Jürgen Größer"},
    {"GWISE:Exchange.PO.%g %s", &zizka, 0, "GWISE:Exchange.PO.Željko Šašic"},
    {"GWISE:Exchange.PO.%g", &olga, 0, "GWISE:Exchange.PO.Olga"},
};

static void gwise_addresses(void **state)
{
    (void)state;
    check_made(gwise, G_N_ELEMENTS(gwise));
}

static const Made fax[] = {
    {"FAX:%f", &lee, 0, "FAX:+1 (206) 555-0100"},
    {"FAX:%d@%f", &lee, 0, "FAX:Lee, Nancy@+1 (206) 555-0100"},
    {"FAX:%r(.%r).%r -%f", &lee, 0, "FAX:+1-.206.-555-0100"},
    /* without a number there is no address; one machine serves many people, and its number stays */
    {"FAX:%f", &doug, 0, "none"},
    {"FAX:%f", &lee, 1, "FAX:nancyl1@+1 (206) 555-0100"},
    {"FAX:%d@%f", &lee, 1, "FAX:Lee, Nancy1@+1 (206) 555-0100"},
    {"FAX:%d@+1 206 555 0199", &doug, 0, "FAX:Doug M. Dosdall@+1 206 555 0199"},
};

static void fax_addresses(void **state)
{
    (void)state;
    check_made(fax, G_N_ELEMENTS(fax));
}

static const Made x400[] = {
    {"X400:c=US;a= ;p=Acme;o=Exchange;", &doug, 0, "X400:c=US;a= ;p=Acme;o=Exchange;s=Dosdall;g=Doug;i=M;"},
    {"X400:c=US;a= ;p=Acme;o=Exchange", &lee, 0, "X400:c=US;a= ;p=Acme;o=Exchange;s=Lee;g=Nancy;"},
    {"X400:c=US;a= ;p=Acme;", &doug, 3, "X400:c=US;a= ;p=Acme;s=Dosdall3;g=Doug;i=M;"},
    {"X400:c=DE;a=BUND;", &groesser, 0, "X400:c=DE;a=BUND;s=Groesser;g=Juergen;"},
    {"X400:c=US;a= ;p={organisation};o=Exchange;", &surname_only, 0,
     "X400:c=US;a= ;p=Acme;o=Exchange;s=Smith;"},
    /* who has no surname is the alias; what PrintableString does not have is left out */
    {"X400:c=US;a= ;p=Acme;", &alias_only, 0, "X400:c=US;a= ;p=Acme;s=printer.3;"},
    {"X400:c=US;a= ;p=Acme;", &odd_alias, 0, "X400:c=US;a= ;p=Acme;s=?;"},
    {"X400:c=US;a= ;p=Acme;ou1=HQ;cn=Staff;", &olga, 0,
     "X400:c=US;a= ;p=Acme;ou1=HQ;cn=Staff;s=Zizkova;g=Olga;"},
};

static void x400_addresses(void **state)
{
    (void)state;
    check_made(x400, G_N_ELEMENTS(x400));
    const ProxygenRecipient nobody_at_all = {.alias = "@"};
    g_autofree char *none = plugin_case_make("X400:c=US;a= ;p=Acme;", &nobody_at_all, 0);
    assert_string_equal(none, "error");
    const ProxygenRecipient known = {.alias = "a",
                                     .last_name = "Abcdefghij-Abcdefghij-Abcdefghij-Abcdefghij",
                                     .first_name = "Wilhelmina Annabelle",
                                     .initials = "ABCDEFG"};
    g_autofree char *cut = plugin_case_make("X400:c=US;a= ;p=Acme;", &known, 17);
    assert_string_equal(cut, "X400:c=US;a= ;p=Acme;s=Abcdefghij-Abcdefghij-Abcdefghij-Abcde17;"
                             "g=Wilhelmina Annab;i=ABCDE;");
}

/* ---- defaults ---- */

static const struct {
    const char *type, *address;
} defaults[] = {
    {"CCMAIL", "CCMAIL:Lee, Nancy at Acme"},
    {"FAX", "FAX:Lee, Nancy@+1 (206) 555-0100"},
    {"GWISE", "GWISE:Exchange.First Administrative Group.nancyl"},
    {"MS", "MS:Acme/EXCHANGE/nancyl"},
    {"NOTES", "NOTES:Nancy Lee/Acme@acme.example"},
    {"SMTP", "SMTP:nancyl@acme.example"},
    {"X400", "X400:c=US;a= ;p=Acme;o=Exchange;s=Lee;g=Nancy;"},
};

static void every_type_has_a_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++) {
        PluginCase plugin;
        assert_int_equal(plugin_case_open(&plugin, defaults[i].type, NULL, NULL, NULL), PROXYGEN_OK);
        g_autofree char *address = plugin_case_generate(&plugin, &lee, 0);
        assert_string_equal(address, defaults[i].address);
        plugin_case_close(&plugin);
    }
}

/* ---- the language of names: KB 166572 ---- */

static const struct {
    const char *language, *name, *address;
} spelled[] = {
    {NULL, "ÄÖÜ äöüß Ä", "AEOEUEaeoeuessAe"},
    {"de", "Ärger Öl Übel", "AergerOelUebel"},
    {"de_AT.UTF-8", "MÜLLER", "MUELLER"},
    {"da", "ÄÖÜäöü", "AOUaou"},
    {"sv_SE.UTF-8", "Sjöström", "Sjostrom"},
    {"NB-no", "Bjørn Åse", "BjornAse"},
    {"fil", "Ä", "Ae"},
    {NULL, "ØÆÞÐŒŁøæþðœł", "OAETHDOELoaethdoel"},
    {NULL, "O’Neill–Smith", "O'Neill-Smith"},
    {NULL, "Игорь Щукин", "IgorSukin"},
    {NULL, "Γιώργος", "Giorgos"},
    {NULL, "张伟", "zhangwei"},
    {NULL, "J\xCC\x8Curgen a\xCC\x88", "Jurgenae"}, /* combining marks: the second composes, and is ä */
    {NULL, "Ａｂｃ", "Abc"},                        /* full width */
    {NULL, "a\xFF\xFE z", "az"},                    /* not UTF-8 */
    {NULL,
     "a\tb\xC2\xA0"
     "c",
     "abc"},
};

static void names_are_spelled_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(spelled); i++) {
        PluginCase plugin;
        const ProxygenRecipient recipient = {.alias = "alias", .display_name = spelled[i].name};
        assert_int_equal(plugin_case_open(&plugin, "SMTP", "SMTP:%d@x.example", spelled[i].language, NULL),
                         PROXYGEN_OK);
        g_autofree char *address = plugin_case_generate(&plugin, &recipient, 0);
        g_autofree char *expected = g_strconcat("SMTP:", spelled[i].address, "@x.example", NULL);
        assert_string_equal(address, expected);
        plugin_case_close(&plugin);
    }
}

/* ---- the manual page has the table's templates ---- */

static void the_manual_names_every_default(void **state)
{
    (void)state;
    g_autofree char *manual = manual_page("dirsync-generators.7");
    for (const AddressType *const *type = address_types(); *type; type++) {
        if (!(*type)->default_template)
            continue;
        const char *text = strchr((*type)->default_template, ':') + 1;
        const char *quote = strchr(text, ' ') ? "\"" : "";
        g_autofree char *entry =
            g_strdup_printf(".It Cm %s\n.Li %s%s%s .\n", (*type)->name, quote, text, quote);
        if (!strstr(manual, entry))
            fail_msg("the manual page lacks: %s", entry);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smtp_addresses),        cmocka_unit_test(ms_addresses),
        cmocka_unit_test(ccmail_addresses),      cmocka_unit_test(notes_addresses),
        cmocka_unit_test(gwise_addresses),       cmocka_unit_test(fax_addresses),
        cmocka_unit_test(x400_addresses),        cmocka_unit_test(every_type_has_a_default),
        cmocka_unit_test(names_are_spelled_out), cmocka_unit_test(the_manual_names_every_default),
    };
    return cmocka_run_group_tests_name("generators", tests, NULL, NULL);
}

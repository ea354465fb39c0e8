/*
 * test_templates.c - the language of templates: what is refused and where, updates, types by settings
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/plugin_case.h"

static const ProxygenRecipient kim = {.alias = "kim",
                                      .first_name = "Kim",
                                      .last_name = "Yoshida",
                                      .display_name = "Yoshida, Kim",
                                      .initials = "K",
                                      .fax_number = "555-0100"};

static void open_default(PluginCase *plugin, const char *type)
{
    assert_int_equal(plugin_case_open(plugin, type, NULL, NULL, NULL), PROXYGEN_OK);
}

/* ---- templates ---- */

/** Templates that are wrong, and the character at which; 0: the message names no single one. */
static const struct {
    const char *type, *site;
    int position;
    const char *cause;
} wrong[] = {
    {"SMTP", "SMTP:%x@acme.example", 6, "a field is one of"},
    {"SMTP", "SMTP:%", 6, "a field is one of"},
    {"SMTP", "SMTP:%S@acme.example", 6, "a field is one of"},
    {"SMTP", "SMTP:%3@acme.example", 6, "a field is one of"},
    {"SMTP", "SMTP:%é@acme.example", 6, "a field is one of"},
    {"SMTP", "SMTP:%0s@acme.example", 8, "from 1 to 99"},
    {"SMTP", "SMTP:%100s@acme.example", 10, "from 1 to 99"},
    {"SMTP", "SMTP:%99999999999999999999s@acme.example", 27, "from 1 to 99"},
    {"SMTP", "SMTP:%3r_-%s@acme.example", 6, "a field is one of"},
    {"SMTP", "SMTP:%r", 6, "two characters must follow r"},
    {"SMTP", "SMTP:%ra", 6, "two characters must follow r"},
    {"SMTP", "SMTP:%g.%s", 11, "it ends too early"},
    {"SMTP", "SMTP:%g %s@acme.example", 8, "cannot be in the part \"local\""},
    {"SMTP", "SMTP:müller@acme.example", 7, "cannot be in the part \"local\""},
    {"SMTP", "SMTP:%m@%d.example", 9, "only be in front of the @"},
    {"SMTP", "SMTP:%m@acme@example", 13, "cannot be in the part \"domain\""},
    {"SMTP", "SMTP:%m@", 9, "\"domain\" is empty"},
    {"SMTP", "SMTP:{organization}@acme.example", 6, "words in braces"},
    {"SMTP", "SMTP:%m@-acme-.example", 0, "domain"},
    {"SMTP", "  SMTP:%x@acme.example", 8, "a field is one of"},
    {"SMTP", "SMTP", 1, "begin with \"SMTP:\""},
    {"SMTP", "MS:A/B/%m", 1, "begin with \"SMTP:\""},
    {"SMTP", "", 1, "begin with \"SMTP:\""},
    {"MS", "MS:ACME/HQ", 11, "it ends too early"},
    {"MS", "MS:ACME/HQ/%m/X", 14, "cannot be in the part \"mailbox\""},
    {"MS", "MS:ACME-TOO-LONG/HQ/%m", 23, "more than 10 characters"},
    {"MS", "MS:ACME//%m", 12, "\"postoffice\" is empty"},
    {"MS", "MS:ACME/HQ/KIM", 15, "no field of a person"},
    {"GWISE", "GWISE:Exchange.%m", 18, "it ends too early"},
    {"GWISE", "GWISE:Ţ.PO.%m", 7, "cannot be in the part \"domain\""},
    {"NOTES", "NOTES:&d/Acme", 14, "it ends too early"},
    {"NOTES", "NOTES:&d/Ţ@Exchange", 10, "cannot be in the part \"unit\""},
    {"NOTES", "NOTES:&q/Acme@Exchange", 7, "a field is one of"},
    {"NOTES", "NOTES:&d/A@B@C", 13, "cannot be in the part \"domain\""},
    {"NOTES", "NOTES:&S0@Exchange", 8, "from 1 to 99"},
    {"NOTES", "NOTES:&d/Acme@A-Domain-Name-That-Is-Longer-Than-31", 51, "more than 31 characters"},
    {"NOTES", "NOTES:&d/1/2/3/4/5/6/7@Exchange", 0, "unit: "},
    {"CCMAIL", "CCMAIL:%s, %g", 14, "it ends too early"},
    {"FAX", "FAX:%m@%s", 0, "number"},
    {"X400", "X400:c=US;a= ;p=%m;", 17, "there are no fields here"},
    {"X400", "X400:c=US;a= ;p={site};", 17, "words in braces"},
    {"X400", "X400:c=US;a= ;p=Acme; S=Kim;", 23, "the personal name is the recipient's"},
    {"X400", "X400:c=US;a= ;p=A name of seventeen;", 0, "p: "},
    {"X400", "X400:c=US;p=Acme;", 0, "a: it is missing"},
    {"X400", "X400:c=US;a= ;p=Acme;z=1;", 0, "field 4"},
};

static void wrong_templates_are_refused_with_the_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        PluginCase plugin;
        open_default(&plugin, wrong[i].type);
        if (plugin_case_valid_template(&plugin, wrong[i].site))
            fail_msg("%s was accepted", wrong[i].site);
        g_autofree char *position = g_strdup_printf("character %d:", wrong[i].position);
        if (wrong[i].position && !strstr(plugin.message, position))
            fail_msg("%s: %s instead of %s", wrong[i].site, plugin.message, position);
        if (!strstr(plugin.message, wrong[i].cause))
            fail_msg("%s: %s instead of %s", wrong[i].site, plugin.message, wrong[i].cause);
        plugin_case_close(&plugin);
        /* and no session is opened with it, in the same words */
        assert_int_equal(plugin_case_open(&plugin, wrong[i].type, wrong[i].site, NULL, NULL), PROXYGEN_ERROR);
        assert_non_null(strstr(plugin.message, wrong[i].cause));
        assert_null(plugin.handle);
        plugin_case_close(&plugin);
    }
}

static void blanks_around_a_template_do_not_count(void **state)
{
    (void)state;
    PluginCase plugin;
    assert_int_equal(plugin_case_open(&plugin, "SMTP", " smtp: \t%g@acme.example\t ", NULL, NULL),
                     PROXYGEN_OK);
    g_autofree char *address = plugin_case_generate(&plugin, &kim, 0);
    assert_string_equal(address, "SMTP:Kim@acme.example");
    plugin_case_close(&plugin);
}

/** Words are shortened to what their part takes; what was typed is not. */
static void words_fit_their_part(void **state)
{
    (void)state;
    static const struct {
        const char *type, *site, *organisation, *address;
    } cases[] = {
        {"MS", "MS:{organisation}/HQ/%m", "Fabrikam Corporation", "MS:Fabrikam C/HQ/kim"},
        {"MS", "MS:{organisation}/HQ/%m", "Grün/Weiß", "MS:GruenWeiss/HQ/kim"},
        {"X400", "X400:c=US;a= ;p={organisation};", "First Organization",
         "X400:c=US;a= ;p=First Organizati;s=Yoshida;g=Kim;i=K;"},
        {"NOTES", "NOTES:&m/{organisation}@X", "A/B @ C, Inc.", "NOTES:kim/AB C, Inc.@X"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        PluginCase plugin;
        const char *const none[] = {NULL};
        void *handle = NULL;
        ProxygenSession session = {.size = sizeof session,
                                   .type = cases[i].type,
                                   .site = cases[i].site,
                                   .organisation = cases[i].organisation,
                                   .domain = "acme.example",
                                   .settings = none};
        open_default(&plugin, cases[i].type);
        assert_int_equal(plugin.generator->open(&session, &handle, plugin.message), PROXYGEN_OK);
        plugin.generator->close(plugin.handle);
        plugin.handle = handle;
        g_autofree char *address = plugin_case_generate(&plugin, &kim, 0);
        assert_string_equal(address, cases[i].address);
        plugin_case_close(&plugin);
    }
}

/* ---- validation of addresses ---- */

static const struct {
    const char *type, *address;
    bool valid;
} addresses[] = {
    {"SMTP", "SMTP:kim@acme.example", true},
    {"SMTP", "smtp:kim@acme.example", true},
    {"SMTP", "SMTP:kim yoshida@acme.example", false},
    {"SMTP", "SMTP:k\xC3\xADm@acme.example", false},
    {"SMTP", "MS:ACME/HQ/KIM", false},
    {"SMTP", "kim@acme.example", false},
    {"SMTP", "SMTP:\xFF@acme.example", false},
    {"MS", "MS:ACME/HQ/KIM", true},
    {"MS", "MS:ACME/HQ/KIMBERLEY-Y", false},
    {"NOTES", "NOTES:Kim Yoshida/Acme@Exchange", true},
    {"NOTES", "NOTES:Ţ/Acme@Exchange", true},
    {"NOTES", "NOTES:Kim Yoshida", false},
    {"GWISE", "GWISE:A.B.C", true},
    {"GWISE", "GWISE:A.B", false},
    {"CCMAIL", "CCMAIL:Yoshida, Kim at HQ", true},
    {"FAX", "FAX:+1 206 555 0100", true},
    {"FAX", "FAX:nobody", false},
    {"X400", "X400:c=US;a= ;p=Acme;s=Yoshida;", true},
    {"X400", "X400:s=Yoshida;", false},
    {"X400", "SMTP:kim@acme.example", false},
};

static void addresses_are_judged_by_the_address_library(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        PluginCase plugin;
        open_default(&plugin, addresses[i].type);
        if (plugin_case_valid_address(&plugin, addresses[i].address) != addresses[i].valid)
            fail_msg("%s: %s", addresses[i].address, plugin.message);
        plugin_case_close(&plugin);
    }
}

/* ---- updates ---- */

static const struct {
    const char *type, *old_site, *new_site, *current, *address;
} updates[] = {
    /* what somebody gave by hand stays when only the site's part changed */
    {"SMTP", "SMTP:%m@old.example", "SMTP:%m@new.example", "SMTP:the.boss@old.example",
     "SMTP:the.boss@new.example"},
    {"SMTP", "SMTP:@old.example", "SMTP:@new.example", "smtp:the.boss@OLD.example",
     "SMTP:the.boss@new.example"},
    {"SMTP", "SMTP:%m@old.example", "SMTP:%m@old.example", "SMTP:the.boss@old.example",
     "SMTP:the.boss@old.example"},
    /* generated anew: the format changed, or it was never of that site */
    {"SMTP", "SMTP:%m@old.example", "SMTP:%g.%s@new.example", "SMTP:the.boss@old.example", "none"},
    {"SMTP", "SMTP:%1g%s@old.example", "SMTP:%2g%s@new.example", "SMTP:the.boss@old.example", "none"},
    {"SMTP", "SMTP:%m@old.example", "SMTP:%m@new.example", "SMTP:the.boss@other.example", "none"},
    {"MS", "MS:ACME/HQ/%m", "MS:ACME/WEST/%m", "MS:Acme/HQ/BOSS", "MS:ACME/WEST/BOSS"},
    {"NOTES", "NOTES:&d/Acme@Old", "NOTES:&d/HQ/Acme@New", "NOTES:The Boss/Acme@Old",
     "NOTES:The Boss/HQ/Acme@New"},
    {"NOTES", "NOTES:&d/Acme@Old", "NOTES:&d/Acme@New", "NOTES:The Boss/Other/Acme@Old", "none"},
    {"CCMAIL", "CCMAIL:%s at HQ", "CCMAIL:%s at West", "CCMAIL:Boss/ at Home at HQ",
     "CCMAIL:Boss/ at Home at West"},
    {"X400", "X400:c=US;a= ;p=Old;", "X400:c=US;a= ;p=New;o=Exchange;",
     "X400:c=US;a= ;p=OLD;s=Boss;g=The;q=Jr;", "X400:c=US;a= ;p=New;o=Exchange;s=Boss;g=The;q=Jr;"},
    {"X400", "X400:c=US;a= ;p=Old;", "X400:c=US;a= ;p=New;", "X400:c=US;a= ;p=Old;ou1=X;s=Boss;", "none"},
    /* another type is a mistake */
    {"SMTP", "MS:ACME/HQ/%m", "SMTP:@new.example", "SMTP:the.boss@old.example", "error"},
    {"SMTP", "SMTP:@old.example", "MS:ACME/HQ/%m", "SMTP:the.boss@old.example", "error"},
    {"SMTP", "SMTP:@old.example", "SMTP:@new.example", "MS:ACME/HQ/BOSS", "error"},
    {"X400", "X400:c=US;a= ;p=Old;", "X400:c=US;a= ;p=New;", "SMTP:the.boss@old.example", "error"},
};

static void updates_keep_what_a_person_gave(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(updates); i++) {
        PluginCase plugin;
        open_default(&plugin, updates[i].type);
        g_autofree char *address =
            plugin_case_update(&plugin, &kim, updates[i].old_site, updates[i].new_site, updates[i].current);
        if (strcmp(address, updates[i].address) != 0)
            fail_msg("%s to %s: %s instead of %s", updates[i].current, updates[i].new_site, address,
                     updates[i].address);
        plugin_case_close(&plugin);
    }
}

/* ---- types by settings ---- */

static const struct {
    const char *type, *settings, *site, *address, *again;
} described[] = {
    {"PROFS", "parts=node/8,user/8;separators=(,);characters=ascii;space=drop", "PROFS:VMHOST1(%m)",
     "PROFS:VMHOST1(kim)", "PROFS:VMHOST1(kim1)"},
    {"MHS",
     "parts=user,gateway,network,postoffice,mailbox;separators=@, {,/,/,};default=%m@smf {NET/PO/%1g%s}",
     NULL, "MHS:kim@smf {NET/PO/KYoshida}", "MHS:kim1@smf {NET/PO/KYoshida}"},
    {"PAGER", "characters=number;max=12", "PAGER:%f", "PAGER:555-0100", "PAGER:555-01001"},
    {"HOUSE", "marks=%&;characters=western", "HOUSE:&D (&g2)", "HOUSE:Kim Yoshida (Ki)",
     "HOUSE:Kim Yoshida (Ki)1"},
    {"WIKI", "parts=space,name/20;separators=::", "WIKI:Staff::%d", "WIKI:Staff::Yoshida, Kim",
     "WIKI:Staff::Yoshida, Kim1"},
    {"OLD", "escape=\\;parts=a,b;separators=.", "OLD:x\\.y.%r..%r,.%d", "OLD:x\\.y.Yoshida\\. Kim",
     "OLD:x\\.y.Yoshida\\. Kim1"},
    {"SMTP", "default=%s@{domain}", NULL, "SMTP:Yoshida@acme.example", "SMTP:kim@acme.example"},
};

static void settings_describe_further_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(described); i++) {
        PluginCase plugin;
        if (plugin_case_open(&plugin, described[i].type, described[i].site, NULL, described[i].settings) !=
            PROXYGEN_OK)
            fail_msg("%s: %s", described[i].type, plugin.message);
        g_autofree char *address = plugin_case_generate(&plugin, &kim, 0);
        assert_string_equal(address, described[i].address);
        g_autofree char *again = plugin_case_generate(&plugin, &kim, 1);
        assert_string_equal(again, described[i].again);
        assert_true(plugin_case_valid_address(&plugin, address));
        plugin_case_close(&plugin);
    }
}

static void described_types_have_limits(void **state)
{
    (void)state;
    PluginCase plugin;
    assert_int_equal(plugin_case_open(&plugin, "PROFS", "PROFS:VM(%s%g)", NULL,
                                      "parts=node/8,user/8;separators=(,);characters=ascii;space=drop"),
                     PROXYGEN_OK);
    g_autofree char *cut = plugin_case_generate(&plugin, &kim, 0);
    assert_string_equal(cut, "PROFS:VM(YoshidaK)");
    g_autofree char *numbered = plugin_case_generate(&plugin, &kim, 123);
    assert_string_equal(numbered, "PROFS:VM(Yoshi123)");
    assert_false(plugin_case_valid_address(&plugin, "PROFS:VM(TOO-LONG-A-NAME)"));
    assert_false(plugin_case_valid_address(&plugin, "PROFS:VM(A)B"));
    assert_false(plugin_case_valid_address(&plugin, "PROFS:VM"));
    assert_false(plugin_case_valid_address(&plugin, "PROFS:()"));
    plugin_case_close(&plugin);

    assert_int_equal(plugin_case_open(&plugin, "TINY", "TINY:%m", NULL, "max=2"), PROXYGEN_OK);
    g_autofree char *last = plugin_case_generate(&plugin, &kim, 99);
    assert_string_equal(last, "TINY:99");
    g_autofree char *none = plugin_case_generate(&plugin, &kim, 100);
    assert_string_equal(none, "error");
    plugin_case_close(&plugin);

    /* a separator of letters is found in names too, and then there is no address */
    const ProxygenRecipient home = {.alias = "h", .display_name = "Smith at Home"};
    assert_int_equal(
        plugin_case_open(&plugin, "DESK", "DESK:%d at HQ", NULL, "parts=name,desk;separators= at "),
        PROXYGEN_OK);
    g_autofree char *ambiguous = plugin_case_generate(&plugin, &home, 0);
    assert_string_equal(ambiguous, "error");
    plugin_case_close(&plugin);
}

static const struct {
    const char *type, *settings, *cause;
} refused_settings[] = {
    {"HOUSE", "colour=red", "\"colour=red\": no such setting"},
    {"HOUSE", "parts", "\"parts\": no such setting"},
    {"HOUSE", "=x", "no such setting"},
    {"HOUSE", "characters=latin", "\"characters\": say any"},
    {"HOUSE", "max=0", "\"max\""},
    {"HOUSE", "max=1105", "\"max\""},
    {"HOUSE", "max=ten", "\"max\""},
    {"HOUSE", "escape=//", "\"escape\""},
    {"HOUSE", "escape=a", "\"escape\""},
    {"HOUSE", "marks=$", "\"marks\""},
    {"HOUSE", "marks=", "\"marks\""},
    {"HOUSE", "space=maybe", "\"space\""},
    {"HOUSE", "parts=a/0", "\"parts\""},
    {"HOUSE", "parts=/8", "\"parts\""},
    {"HOUSE", "parts=a,b,c,d,e,f,g,h,i;separators=1,2,3,4,5,6,7,8", "\"parts\""},
    {"HOUSE", "parts=a,b", "\"separators\": one must stand"},
    {"HOUSE", "separators=/,/", "\"separators\": there are more"},
    {"HOUSE", "parts=a,b;separators=\xC2\xB7", "\"separators\": only ASCII"},
    {"HOUSE", "parts=\xFF", "it is not UTF-8"},
    {"HOUSE", NULL, "there is no template"},
    {"SMTP", "max=10", "\"max\": that of this type cannot be changed"},
    {"X400", "max=10", "X400 has none"},
    {"NO-TYPE", NULL, "it must be 1 to 32 letters"},
    {"", NULL, "it must be 1 to 32 letters"},
};

static void wrong_settings_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(refused_settings); i++) {
        PluginCase plugin;
        if (plugin_case_open(&plugin, refused_settings[i].type, NULL, NULL, refused_settings[i].settings) !=
            PROXYGEN_ERROR)
            fail_msg("%s was accepted", refused_settings[i].settings);
        if (!strstr(plugin.message, refused_settings[i].cause))
            fail_msg("%s: %s", refused_settings[i].settings, plugin.message);
        plugin_case_close(&plugin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_templates_are_refused_with_the_position),
        cmocka_unit_test(blanks_around_a_template_do_not_count),
        cmocka_unit_test(words_fit_their_part),
        cmocka_unit_test(addresses_are_judged_by_the_address_library),
        cmocka_unit_test(updates_keep_what_a_person_gave),
        cmocka_unit_test(settings_describe_further_types),
        cmocka_unit_test(described_types_have_limits),
        cmocka_unit_test(wrong_settings_are_refused_by_name),
    };
    return cmocka_run_group_tests_name("templates", tests, NULL, NULL);
}

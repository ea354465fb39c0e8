/*
 * fuzz_template.c - any text as template, any text as name
 *
 * The first line is the template, the others are what is known of somebody. What a
 * template gives is text, whatever it was made of; a template that is taken once is
 * taken again and gives the same.
 */
#include "proxygen/plugins/template.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool condition)
{
    if (!condition)
        abort();
}

static char *expand(const char *text, const TemplateStyle *style, Speller *speller,
                    const ProxygenRecipient *recipient)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) template = template_parse(text, style, speller, "Acme & Co", "acme.example", &error);
    demand((template != NULL) == (error == NULL));
    return template ? template_expand(template, speller, recipient) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const TemplateStyle styles[] = {{"%", false, false, CHARACTERS_ATEXT, NULL, '\0', 0},
                                           {"%&", true, true, CHARACTERS_WESTERN, "@/", '\0', 31},
                                           {"%", false, false, CHARACTERS_WESTERN, NULL, '/', 10}};
    static Speller *speller;
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", 7);
    guint n = g_strv_length(lines);
    ProxygenRecipient recipient = {.alias = n > 1 ? lines[1] : NULL,
                                   .first_name = n > 2 ? lines[2] : NULL,
                                   .last_name = n > 3 ? lines[3] : NULL,
                                   .display_name = n > 4 ? lines[4] : NULL,
                                   .initials = n > 5 ? lines[5] : NULL,
                                   .fax_number = n > 6 ? lines[6] : NULL};
    if (!speller)
        speller = speller_new(NULL);
    for (size_t i = 0; n && i < G_N_ELEMENTS(styles); i++) {
        g_autofree char *one = expand(lines[0], &styles[i], speller, &recipient);
        g_autofree char *two = expand(lines[0], &styles[i], speller, &recipient);
        demand(!g_strcmp0(one, two));
        demand(!one || g_utf8_validate(one, -1, NULL));
    }
    return 0;
}

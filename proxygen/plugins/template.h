/*
 * template.h - templates of addresses: literal text and what is known of a recipient
 *
 *   %s surname   %g given name   %i initials   %d display name   %m alias   %f fax number
 *   %5g          the first five characters
 *   %%           a percent sign
 *   %rXY         in what follows, X becomes Y; %rXX: X is left out
 *   {organisation} {domain}
 *
 * Styles differ in the marks (Notes takes & as well as %) and in whether a number may
 * stand behind the letter (&S2).
 */
#ifndef PROXYGEN_PLUGINS_TEMPLATE_H
#define PROXYGEN_PLUGINS_TEMPLATE_H

#include "proxygen/address.h"
#include "proxygen/plugins/spelling.h"
#include "proxygen/proxygen.h"

typedef struct {
    const char *marks;  /* "%" or "%&" */
    bool number_behind; /* &S2 */
    bool swaps_names;   /* a display name "Last, First" is turned round */
    CharacterSet characters;
    const char *but_not; /* characters that separate parts of the address, left out of names */
    char escape;         /* put before itself in names; '\0' none */
    unsigned brace_max;  /* characters of what stands in braces; 0 any */
} TemplateStyle;

typedef struct Template Template;

/** @text without the type. ERROR_INVALID: what is wrong and at which place. */
Template *template_parse(const char *text, const TemplateStyle *style, Speller *speller,
                         const char *organisation, const char *domain, GError **error);
void template_free(Template *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)

/** What the template gives the recipient; where its names come to nothing the alias stands for them. "" when
 * there is no alias either; NULL: it wants a fax number, and there is none. g_free(). */
char *template_expand(const Template *template, Speller *speller, const ProxygenRecipient *recipient);

#endif

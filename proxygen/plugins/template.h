/*
 * template.h - "SMTP:%g.%s@acme.example": the language of address templates
 *
 * A template is compiled once for a form and then expanded for each recipient into
 * the parts of an address: substituted text has only characters that its part
 * takes, empty fields leave no stray dots, commas or blanks, no part is longer than
 * it may be. The language is described in dirsync-generators(7).
 */
#ifndef PROXYGEN_TEMPLATE_H
#define PROXYGEN_TEMPLATE_H

#include "proxygen/plugins/form.h"
#include "proxygen/plugins/spelling.h"
#include "proxygen/proxygen.h"

typedef struct Template Template;

/** What "{organisation}" and "{domain}" stand for. */
typedef struct {
    const char *organisation, *domain;
} TemplateWords;

/** NULL with ERROR_INVALID: what is wrong with @text ("TYPE:...") and at which character of it. @form is
 *  borrowed. */
Template *template_new(const Form *form, const char *text, const TemplateWords *words, Spelling *spelling,
                       GError **error);
void template_free(Template *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)

/** The part that tells people apart, see Form.person. */
size_t template_person(const Template *template);
/** Whether a field with this letter is in it. */
bool template_has_field(const Template *template, char letter);
/** Whether both make the same of a person, in @part. */
bool template_same_part(const Template *a, const Template *b, size_t part);

/** The parts of the recipient's address, form->n_parts of them; a part that fields left empty is the alias.
 *  NULL with ERROR_INVALID when nothing is left for a part that cannot be empty. g_strfreev(). */
char **template_expand(const Template *template, const ProxygenRecipient *recipient, Spelling *spelling,
                       GError **error);

/** Any text as @part would have it; may be empty. NULL as spelling_spell(). g_free(). */
char *template_clean(const FormPart *part, const char *text, Spelling *spelling, GError **error);
/** Takes from @text, cut to @max characters, what must not stand at the ends. */
void template_tidy(const FormPart *part, char *text, size_t max);

/** The text behind the type, which must be @type, without outer blanks: g_free(); NULL with ERROR_INVALID. */
char *template_value(const char *type, const char *text, GError **error);

#endif

/*
 * template.c - compiling templates
 *
 * One pass from left to right. Separators count only in literal text, so that what
 * a field gives, or "%r@_" names, never moves the parts. Whether the site's own
 * text makes a good address is found out once, with a made-up recipient, and not
 * only when the first real one comes.
 */
#include "proxygen/plugins/template_internal.h"

#include <string.h>

#define COUNT_MAX 99

typedef struct {
    Template *template;
    const char *text, *at; /* all of the template, and how far it is read */
    size_t part;
    GString *literal;
    unsigned literal_length[FORM_PARTS_MAX]; /* of what was typed; words are cut, this is not */
    const TemplateWords *words;
    Spelling *spelling;
    GError **error;
} Compiler;

static bool fail(Compiler *compiler, const char *at, const char *cause)
{
    error_set(compiler->error, ERROR_INVALID, "template \"%s\": character %ld: %s", compiler->text,
              g_utf8_pointer_to_offset(compiler->text, at) + 1, cause);
    return false;
}

static const FormPart *part_now(const Compiler *compiler)
{
    return &compiler->template->form->parts[compiler->part];
}

static void add_item(Compiler *compiler, TemplateItem item)
{
    g_array_append_val(compiler->template->items[compiler->part], item);
}

static void end_literal(Compiler *compiler)
{
    if (!compiler->literal->len)
        return;
    add_item(compiler, (TemplateItem){.kind = ITEM_LITERAL, .text = g_strdup(compiler->literal->str)});
    g_string_truncate(compiler->literal, 0);
}

/* ---- fields ---- */

static bool manners_of_notes(const Compiler *compiler)
{
    return strchr(compiler->template->form->marks, '&');
}

static unsigned read_count(const char **at)
{
    unsigned count = 0;
    for (; g_ascii_isdigit(**at); (*at)++)
        count = MIN(count * 10 + (unsigned)g_ascii_digit_value(**at), COUNT_MAX + 1);
    return count;
}

static bool read_replacement(Compiler *compiler, const char *at)
{
    const char *to = *at ? g_utf8_next_char(at) : at;
    if (!*to)
        return fail(compiler, compiler->at, "two characters must follow r: what to replace, and by what");
    add_item(compiler,
             (TemplateItem){.kind = ITEM_REPLACE, .from = g_utf8_get_char(at), .to = g_utf8_get_char(to)});
    compiler->at = g_utf8_next_char(to);
    return true;
}

static bool read_letter(Compiler *compiler, const char *at, bool counted, unsigned count)
{
    char letter = manners_of_notes(compiler) ? g_ascii_tolower(*at) : *at;
    if (letter == 'r' && !counted)
        return read_replacement(compiler, at + 1);
    if (!letter || !strchr("sgidmf", letter))
        return fail(compiler, compiler->at,
                    "a field is one of s, g, i, d, m, f and r; double the character "
                    "to mean itself");
    compiler->at = at + 1;
    if (!counted && manners_of_notes(compiler) && g_ascii_isdigit(*compiler->at)) {
        counted = true;
        count = read_count(&compiler->at);
    }
    if (counted && (count < 1 || count > COUNT_MAX))
        return fail(compiler, at, "the count of characters must be from 1 to 99");
    add_item(compiler, (TemplateItem){.kind = ITEM_FIELD, .letter = letter, .count = count});
    return true;
}

static bool read_literal(Compiler *compiler, const char *at)
{
    gunichar c = g_utf8_get_char(at);
    bool joins = c == '/' && part_now(compiler)->is_list;
    if (!joins && !form_part_holds(part_now(compiler), c)) {
        g_autofree char *cause =
            g_strdup_printf("it cannot be in the part \"%s\" of such an address", part_now(compiler)->name);
        return fail(compiler, at, cause);
    }
    g_string_append_unichar(compiler->literal, c);
    compiler->literal_length[compiler->part]++;
    compiler->at = g_utf8_next_char(at);
    return true;
}

/** The compiler stands on a mark. */
static bool read_field(Compiler *compiler)
{
    const char *at = compiler->at + 1;
    if (*at == *compiler->at)
        return read_literal(compiler, at);
    if (part_now(compiler)->is_fixed)
        return fail(compiler, compiler->at, "fields of a person can only be in front of the @");
    end_literal(compiler);
    bool counted = g_ascii_isdigit(*at);
    unsigned count = read_count(&at);
    return read_letter(compiler, at, counted, count);
}

/* ---- words ---- */

/** The word in braces that the compiler stands on; NULL when it is none. */
static const char *word_at(const Compiler *compiler, size_t *len)
{
    const struct {
        const char *name, *text;
    } words[] = {{"{organisation}", compiler->words->organisation}, {"{domain}", compiler->words->domain}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        *len = strlen(words[i].name);
        if (strncmp(compiler->at, words[i].name, *len) == 0)
            return words[i].text ? words[i].text : "";
    }
    return NULL;
}

/** A word is cleaned and cut as a field is. A part that is taken word for word is only checked, later. */
static bool read_word(Compiler *compiler)
{
    size_t len = 0;
    const char *text = word_at(compiler, &len);
    if (!text && g_ascii_isalpha(compiler->at[1]) && strchr(compiler->at, '}'))
        return fail(compiler, compiler->at, "the words in braces are {organisation} and {domain}");
    if (!text)
        return read_literal(compiler, compiler->at);
    g_autofree char *clean =
        part_now(compiler)->is_fixed
            ? g_strdup(text)
            : template_clean(part_now(compiler), text, compiler->spelling, compiler->error);
    if (!clean)
        return false;
    g_string_append(compiler->literal, clean);
    compiler->at += len;
    return true;
}

/* ---- the whole ---- */

static bool read_one(Compiler *compiler)
{
    const Form *form = compiler->template->form;
    size_t len = 0;
    size_t behind = form_part_behind(form, compiler->part, compiler->at, &len);
    if (strchr(form->marks, *compiler->at))
        return read_field(compiler);
    if (*compiler->at == '{' && !behind)
        return read_word(compiler);
    if (behind) {
        end_literal(compiler);
        compiler->part = behind;
        compiler->at += len;
        return true; /* the separator that ends the address is found at its end only */
    }
    bool escaped = form->escape && *compiler->at == form->escape && compiler->at[1];
    return read_literal(compiler, compiler->at + escaped);
}

static bool fail_shape(Compiler *compiler)
{
    const Form *form = compiler->template->form;
    g_autoptr(GString) cause = g_string_new("it ends too early; such an address has the form \"");
    for (size_t i = 0; i < form->n_parts; i++)
        g_string_append_printf(cause, "%s%s", form->parts[i].name, form->parts[i].separator);
    g_string_append_c(cause, '"');
    return fail(compiler, compiler->at, cause->str);
}

/** "number" is the last part of "name@number": what was read as the first belongs there. */
static void move_only_part(Compiler *compiler)
{
    size_t only = form_only_part(compiler->template->form);
    if (compiler->part != 0 || only == 0)
        return;
    GArray *items = compiler->template->items[0];
    compiler->template->items[0] = compiler->template->items[only];
    compiler->template->items[only] = items;
    compiler->literal_length[only] = compiler->literal_length[0];
    compiler->literal_length[0] = 0;
    compiler->part = only;
}

static bool parts_are_there(Compiler *compiler)
{
    const Form *form = compiler->template->form;
    bool closed = form->parts[form->n_parts - 1].separator[0];
    move_only_part(compiler);
    if (compiler->part + (closed ? 0 : 1) != form->n_parts)
        return fail_shape(compiler);
    for (size_t i = 0; i < form->n_parts; i++) {
        g_autofree char *cause = NULL;
        bool is_alias = form->alias_first && form->person == (int)i;
        if (compiler->literal_length[i] > form->parts[i].max)
            cause = g_strdup_printf("the part \"%s\" has more than %u characters", form->parts[i].name,
                                    form->parts[i].max);
        else if (!compiler->template->items[i]->len && !form->parts[i].may_be_empty && !is_alias)
            cause = g_strdup_printf("the part \"%s\" is empty", form->parts[i].name);
        if (cause)
            return fail(compiler, compiler->at, cause);
    }
    return true;
}

static bool part_has_field(const Template *template, size_t part, char letter)
{
    for (guint i = 0; i < template->items[part]->len; i++) {
        const TemplateItem *item = &g_array_index(template->items[part], TemplateItem, i);
        if (item->kind == ITEM_FIELD && (!letter || item->letter == letter))
            return true;
    }
    return false;
}

/** Finds the person's part. A template that gives everybody the same is a slip, unless the alias follows. */
static bool find_person(Compiler *compiler)
{
    Template *template = compiler->template;
    const Form *form = template->form;
    size_t first = 0;
    while (first < form->n_parts && !part_has_field(template, first, '\0'))
        first++;
    if (first == form->n_parts && !form->alias_first)
        return fail(compiler, compiler->at, "no field of a person is in it; add %m, or another");
    template->person = form->person >= 0 ? (size_t)form->person : first;
    return true;
}

static bool makes_addresses(Compiler *compiler)
{
    static const ProxygenRecipient sample = {sizeof sample, "x", "x", "x", "x", "x", "1"};
    const Form *form = compiler->template->form;
    g_auto(GStrv) parts = template_expand(compiler->template, &sample, compiler->spelling, compiler->error);
    if (!parts)
        return false;
    g_autofree char *value = form_join(form, parts);
    g_autofree char *address = address_format(form->type, true, value);
    bool good = form_validate(form, address, compiler->error);
    if (!good)
        g_prefix_error(compiler->error, "template \"%s\": ", compiler->text);
    return good;
}

static bool compile(Compiler *compiler)
{
    while (*compiler->at)
        if (!read_one(compiler))
            return false;
    end_literal(compiler);
    return parts_are_there(compiler) && find_person(compiler) && makes_addresses(compiler);
}

static void clear_item(void *item)
{
    g_free(((TemplateItem *)item)->text);
}

static Template *template_empty(const Form *form)
{
    Template *template = g_new0(Template, 1);
    template->form = form;
    for (size_t i = 0; i < FORM_PARTS_MAX; i++) {
        template->items[i] = g_array_new(FALSE, TRUE, sizeof(TemplateItem));
        g_array_set_clear_func(template->items[i], clear_item);
    }
    return template;
}

char *template_value(const char *type, const char *text, GError **error)
{
    g_autofree char *found = NULL;
    g_autofree char *trimmed = g_utf8_validate(text, -1, NULL) ? g_strstrip(g_strdup(text)) : NULL;
    const char *value = trimmed ? address_split(trimmed, &found, NULL) : NULL;
    if (value && strcmp(found, type) == 0)
        return g_strchug(g_strdup(value));
    error_set(error, ERROR_INVALID, "template \"%s\": character 1: it must be UTF-8 and begin with \"%s:\"",
              trimmed ? trimmed : "?", type);
    return NULL;
}

Template *template_new(const Form *form, const char *text, const TemplateWords *words, Spelling *spelling,
                       GError **error)
{
    g_autofree char *value = template_value(form->type, text, error);
    if (!value)
        return NULL;
    /* Positions are those of the text as it was written; its end is shortened, its front is not. */
    g_autofree char *whole = g_strchomp(g_strdup(text));
    g_autoptr(Template) template = template_empty(form);
    g_autoptr(GString) literal = g_string_new(NULL);
    Compiler compiler = {.template = template,
                         .text = whole,
                         .at = whole + strlen(whole) - strlen(value),
                         .literal = literal,
                         .words = words,
                         .spelling = spelling,
                         .error = error};
    return compile(&compiler) ? g_steal_pointer(&template) : NULL;
}

void template_free(Template *template)
{
    for (size_t i = 0; template && i < FORM_PARTS_MAX; i++)
        g_array_unref(template->items[i]);
    g_free(template);
}

size_t template_person(const Template *template)
{
    return template->person;
}

bool template_has_field(const Template *template, char letter)
{
    for (size_t i = 0; i < template->form->n_parts; i++)
        if (part_has_field(template, i, letter))
            return true;
    return false;
}

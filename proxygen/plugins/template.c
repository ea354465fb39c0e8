/*
 * template.c - see template.h
 */
#include "proxygen/plugins/template.h"

#include <string.h>

#define COUNT_MAX 99

typedef enum { TOKEN_TEXT, TOKEN_FIELD, TOKEN_REPLACE } TokenKind;

typedef struct {
    TokenKind kind;
    char *text;        /* TOKEN_TEXT */
    char field;        /* TOKEN_FIELD: 's', 'g', 'i', 'd', 'm', 'f' */
    unsigned count;    /* first characters; 0: all */
    gunichar from, to; /* TOKEN_REPLACE; the same: left out */
} Token;

struct Template {
    TemplateStyle style;
    GArray *tokens;
};

static void token_clear(void *data)
{
    g_free(((Token *)data)->text);
}

/* --- parsing --- */

typedef struct {
    Template *template;
    const char *text, *at;
    const char *organisation, *domain;
    Speller *speller;
    GString *literal;
} Parsing;

static bool wrong(const Parsing *parsing, GError **error, const char *what)
{
    error_set(error, ERROR_INVALID, "place %ld: %s", g_utf8_pointer_to_offset(parsing->text, parsing->at) + 1,
              what);
    return false;
}

static void end_literal(Parsing *parsing)
{
    if (!parsing->literal->len)
        return;
    Token token = {.kind = TOKEN_TEXT, .text = g_strdup(parsing->literal->str)};
    g_array_append_val(parsing->template->tokens, token);
    g_string_truncate(parsing->literal, 0);
}

static unsigned take_number(const char **at)
{
    unsigned number = 0;
    for (; g_ascii_isdigit(**at) && number <= COUNT_MAX; ++*at)
        number = number * 10 + (unsigned)(**at - '0');
    return number;
}

/* Behind "%r": two characters. */
static bool take_replacement(Parsing *parsing, const char *p, GError **error)
{
    Token token = {.kind = TOKEN_REPLACE};
    if (!*p || !*g_utf8_next_char(p))
        return wrong(parsing, error, "r wants two characters: what is replaced, and by what");
    token.from = g_utf8_get_char(p);
    p = g_utf8_next_char(p);
    token.to = g_utf8_get_char(p);
    end_literal(parsing);
    g_array_append_val(parsing->template->tokens, token);
    parsing->at = g_utf8_next_char(p);
    return true;
}

static bool take_field(Parsing *parsing, GError **error)
{
    const char *p = parsing->at + 1;
    Token token = {.kind = TOKEN_FIELD};
    bool counted = g_ascii_isdigit(*p);
    token.count = take_number(&p);
    char letter = parsing->template->style.number_behind ? g_ascii_tolower(*p) : *p;
    if (letter == 'r' && !counted)
        return take_replacement(parsing, p + 1, error);
    if (!letter || !strchr("sgidmf", letter))
        return wrong(parsing, error, "after the mark one of s g i d m f r is needed, or the mark again");
    token.field = letter;
    p++;
    if (parsing->template->style.number_behind && !counted && g_ascii_isdigit(*p)) {
        counted = true;
        token.count = take_number(&p);
    }
    if (counted && (!token.count || token.count > COUNT_MAX))
        return wrong(parsing, error, "a number of characters is 1 to 99");
    end_literal(parsing);
    g_array_append_val(parsing->template->tokens, token);
    parsing->at = p;
    return true;
}

static void append_cut(GString *out, const char *text, unsigned max)
{
    const char *end = text;
    for (unsigned n = 0; *end && (!max || n < max); n++)
        end = g_utf8_next_char(end);
    g_string_append_len(out, text, end - text);
}

/* What stands for it is spelled, and cut, as a name would be. */
static void append_word(const Parsing *parsing, const char *value)
{
    const TemplateStyle *style = &parsing->template->style;
    g_autofree char *spelled = spell(parsing->speller, value, style->characters, style->but_not);
    g_autoptr(GString) cut = g_string_new(NULL);
    append_cut(cut, g_strstrip(spelled), style->brace_max);
    g_string_append(parsing->literal, g_strchomp(cut->str));
}

static bool take_brace(Parsing *parsing, GError **error)
{
    const struct {
        const char *word, *value;
    } words[] = {{"{organisation}", parsing->organisation}, {"{domain}", parsing->domain}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_has_prefix(parsing->at, words[i].word)) {
            append_word(parsing, words[i].value);
            parsing->at += strlen(words[i].word);
            return true;
        }
    return wrong(parsing, error, "in braces stands {organisation} or {domain}");
}

static bool take_one(Parsing *parsing, GError **error)
{
    char c = *parsing->at;
    bool mark = strchr(parsing->template->style.marks, c) != NULL;
    if (c == '{')
        return take_brace(parsing, error);
    if (mark && parsing->at[1] != c)
        return take_field(parsing, error);
    const char *next = g_utf8_next_char(parsing->at);
    g_string_append_len(parsing->literal, parsing->at, next - parsing->at);
    parsing->at = mark ? next + 1 : next;
    return true;
}

Template *template_parse(const char *text, const TemplateStyle *style, Speller *speller,
                         const char *organisation, const char *domain, GError **error)
{
    g_autoptr(Template) template = g_new0(Template, 1);
    g_autoptr(GString) literal = g_string_new(NULL);
    template->style = *style;
    template->tokens = g_array_new(FALSE, FALSE, sizeof(Token));
    g_array_set_clear_func(template->tokens, token_clear);
    Parsing parsing = {template, text, text, organisation, domain, speller, literal};
    while (*parsing.at)
        if (!take_one(&parsing, error))
            return NULL;
    end_literal(&parsing);
    return g_steal_pointer(&template);
}

void template_free(Template *template)
{
    if (!template)
        return;
    g_array_unref(template->tokens);
    g_free(template);
}

/* --- expanding --- */

/* "Smith, Ann" -> "Ann Smith" */
static char *turn_round(const char *name)
{
    const char *comma = strchr(name, ',');
    g_autofree char *last = comma ? g_strndup(name, (gsize)(comma - name)) : NULL;
    g_autofree char *first = comma ? g_strdup(comma + 1) : NULL;
    if (!comma || !*g_strstrip(first) || !*g_strstrip(last))
        return g_strdup(name);
    return g_strdup_printf("%s %s", first, last);
}

static char *field_text(const Template *template, const ProxygenRecipient *recipient, char field)
{
    const char *text = field == 's'   ? recipient->last_name
                       : field == 'g' ? recipient->first_name
                       : field == 'i' ? recipient->initials
                       : field == 'd' ? recipient->display_name
                       : field == 'f' ? recipient->fax_number
                                      : recipient->alias;
    if (!text)
        text = "";
    return field == 'd' && template->style.swaps_names ? turn_round(text) : g_strdup(text);
}

static char *replace(const char *text, gunichar from, gunichar to)
{
    GString *out = g_string_new(NULL);
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c != from)
            g_string_append_unichar(out, c);
        else if (from != to)
            g_string_append_unichar(out, to);
    }
    return g_string_free(out, FALSE);
}

/* Each replacement so far, of what the recipient is called; not of what another replacement put there. */
static char *apply_replacements(const Template *template, guint before, const char *text)
{
    char *now = g_strdup(text);
    for (guint i = 0; i < before; i++) {
        const Token *token = &g_array_index(template->tokens, Token, i);
        if (token->kind != TOKEN_REPLACE)
            continue;
        char *then = now;
        now = replace(then, token->from, token->to);
        g_free(then);
    }
    return now;
}

static void append_field(const Template *template, const char *text, unsigned count, GString *out)
{
    g_autoptr(GString) cut = g_string_new(NULL);
    append_cut(cut, text, count);
    for (const char *p = cut->str; *p; p++) {
        if (template->style.escape && *p == template->style.escape)
            g_string_append_c(out, *p);
        g_string_append_c(out, *p);
    }
}

static char *clean_field(const Template *template, Speller *speller, const ProxygenRecipient *recipient,
                         char field, guint place)
{
    g_autofree char *raw = field_text(template, recipient, field);
    g_autofree char *replaced = apply_replacements(template, place, raw);
    CharacterSet set = field == 'f' ? CHARACTERS_NUMBER : template->style.characters;
    char *clean = spell(speller, replaced, set, template->style.but_not);
    return field == 'f' ? g_strstrip(clean) : clean;
}

/* @alone: the alias stands in for the first name, the others are left out. */
static char *expand(const Template *template, Speller *speller, const ProxygenRecipient *recipient,
                    bool alone, size_t *named)
{
    GString *out = g_string_new(NULL);
    bool stood_in = false;
    for (guint i = 0; i < template->tokens->len; i++) {
        const Token *token = &g_array_index(template->tokens, Token, i);
        if (token->kind == TOKEN_TEXT)
            g_string_append(out, token->text);
        if (token->kind != TOKEN_FIELD || (alone && stood_in && token->field != 'f'))
            continue;
        char field = alone && token->field != 'f' ? 'm' : token->field;
        stood_in |= field == 'm';
        g_autofree char *text = clean_field(template, speller, recipient, field, i);
        append_field(template, text, token->count, out);
        *named += field != 'f' && *text;
    }
    return g_string_free(out, FALSE);
}

static bool wants(const Template *template, bool fax)
{
    for (guint i = 0; i < template->tokens->len; i++) {
        const Token *token = &g_array_index(template->tokens, Token, i);
        if (token->kind == TOKEN_FIELD && (token->field == 'f') == fax)
            return true;
    }
    return false;
}

static bool has_fax(const ProxygenRecipient *recipient)
{
    for (const char *p = recipient->fax_number; p && *p; p++)
        if (g_ascii_isdigit(*p))
            return true;
    return false;
}

char *template_expand(const Template *template, Speller *speller, const ProxygenRecipient *recipient)
{
    size_t named = 0;
    if (wants(template, true) && !has_fax(recipient))
        return NULL;
    char *expanded = expand(template, speller, recipient, false, &named);
    if (named || !wants(template, false))
        return expanded;
    g_free(expanded);
    expanded = expand(template, speller, recipient, true, &named);
    if (!named)
        *expanded = '\0';
    return expanded;
}

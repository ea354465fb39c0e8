/*
 * template_expand.c - expanding templates
 *
 * The order is: the field, its replacements (%r), spelling, characters that the
 * part takes, count. The count comes last because an administrator who writes %1g
 * wants one letter, whatever Ö is spelled like.
 */
#include "proxygen/plugins/template_internal.h"

#include <string.h>

/** @replacements are the ITEM_REPLACE in front of the field; of those for one character the last counts. */
static char *replace(const GPtrArray *replacements, const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        const TemplateItem *found = NULL;
        for (guint i = replacements->len; i > 0 && !found; i--) {
            const TemplateItem *item = g_ptr_array_index(replacements, i - 1);
            found = item->from == c ? item : NULL;
        }
        if (!found || found->from != found->to)
            g_string_append_unichar(out, found ? found->to : c);
    }
    return g_string_free(out, FALSE);
}

static char *hold_only(const FormPart *part, const char *text, unsigned count)
{
    GString *out = g_string_new(NULL);
    unsigned kept = 0;
    for (; *text && (!count || kept < count); text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        if (!form_part_holds(part, c))
            continue;
        g_string_append_unichar(out, c);
        kept++;
    }
    return g_string_free(out, FALSE);
}

static char *clean_and_count(const FormPart *part, const char *prepared, unsigned count, Spelling *spelling,
                             GError **error)
{
    g_autofree char *spelled = spelling_spell(spelling, prepared, part->characters, error);
    return spelled ? hold_only(part, spelled, count) : NULL;
}

char *template_clean(const FormPart *part, const char *text, Spelling *spelling, GError **error)
{
    g_autofree char *prepared = spelling_prepare(text);
    char *clean = clean_and_count(part, prepared, 0, spelling, error);
    if (clean)
        template_tidy(part, clean, part->max);
    return clean;
}

/* ---- what an empty field leaves ---- */

static bool collapses(const FormPart *part, char c)
{
    return c == ' ' || c == '.' || (c == '/' && part->is_list);
}

/** A dot at the end is an abbreviation where names have blanks: "Sammy Davis Jr." */
static bool goes_at_end(const FormPart *part, char c)
{
    return c == ' ' || c == ',' || (c == '/' && part->is_list) || (c == '.' && !form_part_holds(part, ' '));
}

static bool goes_in_front(const FormPart *part, char c)
{
    return c == ',' || collapses(part, c);
}

void template_tidy(const FormPart *part, char *text, size_t max)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        bool again = to > text && to[-1] == *from && collapses(part, *from);
        if (!again && (to > text || !goes_in_front(part, *from)))
            *to++ = *from;
    }
    *to = '\0';
    if ((size_t)g_utf8_strlen(text, -1) > max)
        *g_utf8_offset_to_pointer(text, (glong)max) = '\0';
    for (size_t len = strlen(text); len && goes_at_end(part, text[len - 1]); len--)
        text[len - 1] = '\0';
}

/* ---- fields ---- */

/** "Last, First" is what directories show; Notes says "First Last" (KB 187276). */
static char *in_order_of_speech(const char *display_name)
{
    const char *comma = display_name ? strchr(display_name, ',') : NULL;
    if (!comma)
        return g_strdup(display_name);
    g_autofree char *last = g_strndup(display_name, (gsize)(comma - display_name));
    g_autofree char *first = g_strdup(comma + 1);
    return g_strdup_printf("%s %s", g_strstrip(first), g_strstrip(last));
}

static char *field_value(const Form *form, const ProxygenRecipient *recipient, char letter)
{
    switch (letter) {
    case 's':
        return g_strdup(recipient->last_name);
    case 'g':
        return g_strdup(recipient->first_name);
    case 'i':
        return g_strdup(recipient->initials);
    case 'd':
        return strchr(form->marks, '&') ? in_order_of_speech(recipient->display_name)
                                        : g_strdup(recipient->display_name);
    case 'f':
        return g_strdup(recipient->fax_number);
    default:
        return g_strdup(recipient->alias);
    }
}

typedef struct {
    const Template *template;
    const ProxygenRecipient *recipient;
    Spelling *spelling;
    GPtrArray *replacements;
} Expansion;

static bool append_field(Expansion *expansion, const FormPart *part, const TemplateItem *item, GString *out,
                         GError **error)
{
    g_autofree char *value = field_value(expansion->template->form, expansion->recipient, item->letter);
    g_autofree char *prepared = spelling_prepare(value);
    g_autofree char *replaced = replace(expansion->replacements, prepared);
    g_autofree char *clean = clean_and_count(part, replaced, item->count, expansion->spelling, error);
    g_string_append(out, clean ? clean : "");
    return clean;
}

/** The part without tidying, "" when it has fields and all are empty; NULL on error. */
static char *expand_items(Expansion *expansion, size_t at, GError **error)
{
    const FormPart *part = &expansion->template->form->parts[at];
    const GArray *items = expansion->template->items[at];
    g_autoptr(GString) out = g_string_new(NULL);
    bool fields = false, filled = false;
    for (guint i = 0; i < items->len; i++) {
        const TemplateItem *item = &g_array_index(items, TemplateItem, i);
        size_t before = out->len;
        if (item->kind == ITEM_LITERAL)
            g_string_append(out, item->text);
        else if (item->kind == ITEM_REPLACE)
            g_ptr_array_add(expansion->replacements, (void *)item);
        else if (!append_field(expansion, part, item, out, error))
            return NULL;
        fields = fields || item->kind == ITEM_FIELD;
        filled = filled || (item->kind == ITEM_FIELD && out->len > before);
    }
    if (fields && !filled && !part->is_list)
        g_string_truncate(out, 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *expand_part(Expansion *expansion, size_t at, GError **error)
{
    const FormPart *part = &expansion->template->form->parts[at];
    g_autofree char *text = expand_items(expansion, at, error);
    if (!text || part->is_fixed)
        return g_steal_pointer(&text);
    template_tidy(part, text, part->max);
    if (text[0] || part->may_be_empty)
        return g_steal_pointer(&text);
    g_autofree char *alias = template_clean(part, expansion->recipient->alias, expansion->spelling, error);
    if (!alias || alias[0])
        return g_steal_pointer(&alias);
    error_set(error, ERROR_INVALID,
              "%s: nothing is left of the name and of the alias \"%s\" in the characters of such addresses; "
              "give an alias in them",
              part->name, expansion->recipient->alias ? expansion->recipient->alias : "");
    return NULL;
}

char **template_expand(const Template *template, const ProxygenRecipient *recipient, Spelling *spelling,
                       GError **error)
{
    g_autoptr(GPtrArray) replacements = g_ptr_array_new();
    Expansion expansion = {template, recipient, spelling, replacements};
    size_t n = template->form->n_parts;
    g_auto(GStrv) parts = g_new0(char *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!(parts[i] = expand_part(&expansion, i, error)))
            return NULL;
    return g_steal_pointer(&parts);
}

/* ---- comparing ---- */

static bool same_item(const TemplateItem *a, const TemplateItem *b)
{
    return a->kind == b->kind && g_strcmp0(a->text, b->text) == 0 && a->letter == b->letter &&
           a->count == b->count && a->from == b->from && a->to == b->to;
}

bool template_same_part(const Template *a, const Template *b, size_t part)
{
    const GArray *left = a->items[part], *right = b->items[part];
    for (guint i = 0; i < left->len && i < right->len; i++)
        if (!same_item(&g_array_index(left, TemplateItem, i), &g_array_index(right, TemplateItem, i)))
            return false;
    return left->len == right->len;
}

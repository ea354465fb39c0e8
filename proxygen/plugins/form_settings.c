/*
 * form_settings.c - the forms that ship, and those that a definition describes
 *
 * Characters and limits of the types that ship stand in the table of address types;
 * here is how a template for them is read. Of their settings only "default" can be
 * changed: the others are the foreign system's. Any other type is described by
 * settings, all of which may be missing:
 *
 *   default=user@gateway/%m   template for policies that give none, without "TYPE:"
 *   parts=network/10,user/8   parts with their limits in characters; one part: value
 *   separators=/,             texts behind the parts, in the same order
 *   characters=western        any, western, ascii, atext, printable or number
 *   max=64                    characters of the whole, without "TYPE:"
 *   escape=/                  character that goes in front of itself and of separators
 *   marks=%&                  characters that begin a field; & brings the manners of NOTES
 *   space=drop                keep or drop blanks of names
 */
#include "proxygen/plugins/form.h"

#include <stdlib.h>
#include <string.h>

/** How templates of a type that ships are read; parts by name as in its table. */
typedef struct {
    const char *type;
    const char *parts[4], *separators[4];
    int person;
    unsigned front_max;
    const char *marks;
    bool escapes, alias_first, needs_fax;
    bool western; /* new addresses keep to code page 1252, although the parser takes any characters */
    const char *list, *optional, *fixed; /* the parts that are so */
} Shape;

static const Shape shapes[] = {
    {"CCMAIL", {"name", "postoffice"}, {" at "}, .marks = "%", .escapes = true},
    {"FAX", {"name", "number"}, {"@"}, .marks = "%", .needs_fax = true, .optional = "name"},
    {"GWISE", {"domain", "postoffice", "object"}, {".", "."}, .person = 2, .marks = "%"},
    {"MS", {"network", "postoffice", "mailbox"}, {"/", "/"}, .person = 2, .marks = "%"},
    /* KB 180517: the FullName, which is everything in front of the domain, has 220 characters.
     * The Notes connector refused what its code page does not have. */
    {"NOTES",
     {"name", "unit", "domain"},
     {"/", "@"},
     .front_max = 220,
     .marks = "%&",
     .list = "unit",
     .optional = "unit",
     .western = true},
    {"SMTP", {"local", "domain"}, {"@"}, .marks = "%", .alias_first = true, .fixed = "domain"},
};

static const struct {
    const char *name;
    CharacterSet set;
} character_sets[] = {
    {"any", CHARACTERS_ANY},     {"western", CHARACTERS_WESTERN},     {"ascii", CHARACTERS_ASCII},
    {"atext", CHARACTERS_ATEXT}, {"printable", CHARACTERS_PRINTABLE}, {"number", CHARACTERS_NUMBER},
};

static bool fail(GError **error, const char *setting, const char *cause)
{
    error_set(error, ERROR_DEFINITION, "setting \"%s\": %s", setting, cause);
    return false;
}

/* ---- types that ship ---- */

static const AddressPartRule *rule_of(const AddressType *type, const char *part)
{
    const AddressPartRule *rule = type->parts;
    while (strcmp(rule->name, part) != 0)
        rule++;
    return rule;
}

static void take_rule(FormPart *part, const AddressPartRule *rule, const Shape *shape)
{
    part->name = g_strdup(rule->name);
    part->characters = shape->western ? CHARACTERS_WESTERN : rule->characters;
    part->but_not = g_strdup(rule->but_not);
    part->max = rule->max;
    part->may_be_empty = g_strcmp0(shape->optional, rule->name) == 0;
    part->is_list = g_strcmp0(shape->list, rule->name) == 0;
    part->is_fixed = g_strcmp0(shape->fixed, rule->name) == 0;
}

static void take_shape(Form *form, const Shape *shape, const AddressType *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shape->parts) && shape->parts[i]; i++) {
        take_rule(&form->parts[i], rule_of(type, shape->parts[i]), shape);
        form->parts[i].separator = g_strdup(shape->separators[i] ? shape->separators[i] : "");
        form->n_parts++;
    }
    form->is_known = true;
    form->default_template = g_strdup(type->default_template);
    form->marks = g_strdup(shape->marks);
    form->person = shape->person;
    form->max = type->max;
    form->front_max = shape->front_max ? shape->front_max : type->max;
    form->escape = shape->escapes ? type->escape : '\0';
    form->alias_first = shape->alias_first;
    form->needs_fax = shape->needs_fax;
}

/* ---- types that settings describe ---- */

static bool number_read(const char *text, unsigned most, unsigned *number)
{
    guint64 read = 0;
    bool good = g_ascii_string_to_unsigned(text, 10, 1, most, &read, NULL);
    *number = (unsigned)read;
    return good;
}

static bool set_default(Form *form, const char *value, GError **error)
{
    (void)error;
    g_free(form->default_template);
    form->default_template = g_strdup_printf("%s:%s", form->type, value);
    return true;
}

static bool set_characters(Form *form, const char *value, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(character_sets); i++) {
        if (strcmp(character_sets[i].name, value) != 0)
            continue;
        for (size_t part = 0; part < FORM_PARTS_MAX; part++)
            form->parts[part].characters = character_sets[i].set;
        return true;
    }
    return fail(error, "characters", "say any, western, ascii, atext, printable or number");
}

static bool set_escape(Form *form, const char *value, GError **error)
{
    form->escape = value[0];
    bool good = value[0] && !value[1] && g_ascii_ispunct(value[0]);
    return good || fail(error, "escape", "it must be one ASCII character that is no letter, digit or blank");
}

static bool set_marks(Form *form, const char *value, GError **error)
{
    g_free(form->marks);
    form->marks = g_strdup(value);
    bool good = value[0] && strspn(value, "%&") == strlen(value);
    return good || fail(error, "marks", "say %, & or both");
}

static bool set_max(Form *form, const char *value, GError **error)
{
    return number_read(value, form->max, &form->max) ||
           fail(error, "max", "it must be a number from 1 to 1110, less what the type and its colon take");
}

static bool set_space(Form *form, const char *value, GError **error)
{
    bool drop = strcmp(value, "drop") == 0;
    for (size_t i = 0; drop && i < FORM_PARTS_MAX; i++) {
        g_free(form->parts[i].but_not);
        form->parts[i].but_not = g_strdup(" ");
    }
    return drop || strcmp(value, "keep") == 0 || fail(error, "space", "say keep or drop");
}

static bool set_part(FormPart *part, const char *text, GError **error)
{
    const char *slash = strchr(text, '/');
    g_free(part->name);
    part->name = slash ? g_strndup(text, (gsize)(slash - text)) : g_strdup(text);
    bool good = part->name[0] && (!slash || number_read(slash + 1, ADDRESS_MAX, &part->max));
    return good || fail(error, "parts", "write each as name or name/limit, the limit from 1 to 1110");
}

static bool set_parts(Form *form, const char *value, GError **error)
{
    g_auto(GStrv) texts = g_strsplit(value, ",", FORM_PARTS_MAX + 1);
    form->n_parts = g_strv_length(texts);
    if (form->n_parts == 0 || form->n_parts > FORM_PARTS_MAX)
        return fail(error, "parts", "there must be one to eight");
    for (size_t i = 0; i < form->n_parts; i++)
        if (!set_part(&form->parts[i], texts[i], error))
            return false;
    return true;
}

static bool set_separators(Form *form, const char *value, GError **error)
{
    g_auto(GStrv) texts = g_strsplit(value, ",", FORM_PARTS_MAX + 1);
    if (g_strv_length(texts) > FORM_PARTS_MAX)
        return fail(error, "separators", "there must be at most eight");
    for (size_t i = 0; texts[i]; i++) {
        g_free(form->parts[i].separator);
        form->parts[i].separator = g_strdup(texts[i]);
        if (!g_str_is_ascii(texts[i]))
            return fail(error, "separators", "only ASCII characters can separate");
    }
    return true;
}

static const struct {
    const char *name;
    bool (*set)(Form *form, const char *value, GError **error);
    bool of_known; /* types that ship have it too */
} setters[] = {
    {"default", set_default, true},
    {"characters", set_characters, false},
    {"escape", set_escape, false},
    {"marks", set_marks, false},
    {"max", set_max, false},
    {"parts", set_parts, false},
    {"separators", set_separators, false},
    {"space", set_space, false},
};

static bool apply_setting(Form *form, const char *setting, GError **error)
{
    const char *equals = strchr(setting, '=');
    size_t len = equals ? (size_t)(equals - setting) : 0;
    if (!g_utf8_validate(setting, -1, NULL))
        return fail(error, setting, "it is not UTF-8");
    for (size_t i = 0; len && i < G_N_ELEMENTS(setters); i++) {
        if (strlen(setters[i].name) != len || strncmp(setters[i].name, setting, len) != 0)
            continue;
        if (form->is_known && !setters[i].of_known)
            return fail(error, setters[i].name, "that of this type cannot be changed; leave it out");
        return setters[i].set(form, equals + 1, error);
    }
    return fail(error, setting, "no such setting; see dirsync-generators(7)");
}

static void take_any(Form *form)
{
    form->max = ADDRESS_MAX - (unsigned)strlen(form->type) - 1;
    form->front_max = form->max;
    form->person = -1;
    form->n_parts = 1;
    form->marks = g_strdup("%");
    for (size_t i = 0; i < FORM_PARTS_MAX; i++)
        form->parts[i] = (FormPart){.name = g_strdup("value"),
                                    .but_not = g_strdup(""),
                                    .max = ADDRESS_MAX,
                                    .separator = g_strdup("")};
}

/* ---- what holds for both ---- */

/** Punctuation of separators can be in no part, unless it can be escaped. */
static void keep_separators_out(Form *form)
{
    g_autoptr(GString) punctuation = g_string_new(NULL);
    for (size_t i = 0; !form->escape && i < form->n_parts; i++)
        for (const char *c = form->parts[i].separator; *c; c++)
            if (g_ascii_ispunct(*c))
                g_string_append_c(punctuation, *c);
    for (size_t i = 0; i < form->n_parts; i++) {
        char *but_not = g_strconcat(form->parts[i].but_not, punctuation->str, NULL);
        g_free(form->parts[i].but_not);
        form->parts[i].but_not = but_not;
    }
}

static bool separators_are_there(const Form *form, GError **error)
{
    for (size_t i = 0; i < FORM_PARTS_MAX; i++) {
        bool some = form->parts[i].separator && form->parts[i].separator[0];
        if (i + 1 < form->n_parts && !some)
            return fail(error, "separators", "one must stand behind each part but the last");
        if (i >= form->n_parts && some)
            return fail(error, "separators", "there are more than parts");
    }
    return true;
}

static bool take_settings(Form *form, const char *const *settings, GError **error)
{
    for (size_t i = 0; settings && settings[i]; i++)
        if (!apply_setting(form, settings[i], error))
            return false;
    return separators_are_there(form, error);
}

Form *form_new(const char *type, const char *const *settings, GError **error)
{
    g_autoptr(Form) form = g_new0(Form, 1);
    form->type = g_ascii_strup(type ? type : "", -1);
    if (!address_type_is_legal(form->type)) {
        error_set(error, ERROR_DEFINITION, "type \"%s\": it must be 1 to %d letters A-Z and digits",
                  form->type, ADDRESS_TYPE_MAX);
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++)
        if (strcmp(shapes[i].type, form->type) == 0)
            take_shape(form, &shapes[i], address_type(form->type));
    if (!form->is_known)
        take_any(form);
    if (!take_settings(form, settings, error))
        return NULL;
    keep_separators_out(form);
    return g_steal_pointer(&form);
}

void form_free(Form *form)
{
    if (!form)
        return;
    for (size_t i = 0; i < FORM_PARTS_MAX; i++) {
        g_free(form->parts[i].name);
        g_free(form->parts[i].but_not);
        g_free(form->parts[i].separator);
    }
    g_free(form->type);
    g_free(form->default_template);
    g_free(form->marks);
    g_free(form);
}

/*
 * simple.c - addresses that are a template and a place for a number: simple.so
 *
 * SMTP, MS, CCMAIL, NOTES, GWISE and FAX differ by the rows of one table; further
 * simple types are described by settings of the definition:
 *
 *   template    the default one, without the type
 *   characters  any, western, ascii, atext, printable or number (default ascii)
 *   but-not     characters that separate parts, left out of names
 *   marks       of fields in templates (default %)
 *   before      characters before which, and
 *   behind      characters behind which the part is that gets numbers
 *   maximum     characters of the whole address
 */
#include "proxygen/plugins/spelling.h"
#include "proxygen/plugins/template.h"
#include "proxygen/proxygen.h"

#include <string.h>

/* How a type's addresses are made. What they may look like is the address library's. */
typedef struct {
    const char *type;
    TemplateStyle template;
    const char *before; /* the part that gets the number ends before the first (or last) of these */
    const char *behind; /* and begins behind the last of these before that */
    bool last;
    bool dots;  /* blanks and dots are as in an SMTP address */
    bool alias; /* the first number means: the alias alone */
} Style;

static const Style styles[] = {
    {"SMTP", {"%", false, false, CHARACTERS_ATEXT, NULL, '\0', 0}, "@", NULL, true, true, true},
    {"MS", {"%", false, false, CHARACTERS_ASCII, "/ ", '\0', 10}, NULL, "/", false, false, false},
    {"CCMAIL", {"%", false, false, CHARACTERS_WESTERN, NULL, '/', 0}, " at ", NULL, true, false, false},
    {"NOTES", {"%&", true, true, CHARACTERS_WESTERN, "@/", '\0', 31}, "/@", NULL, false, false, false},
    {"GWISE", {"%", false, false, CHARACTERS_WESTERN, ".", '\0', 32}, NULL, ".", false, false, false},
    {"FAX", {"%", false, false, CHARACTERS_WESTERN, "@", '\0', 0}, "@", NULL, true, false, false},
};

typedef struct {
    Style style;
    char *type;
    Speller *speller;
    Template *template, *alias;
    unsigned max; /* characters of the value, by a setting; 0: the type's own rules alone */
    char *organisation, *first_domain;
    char *settings[4]; /* values that the style borrows */
} Session;

static ProxygenStatus say(char *message, ProxygenStatus status, const char *text)
{
    g_strlcpy(message, text, PROXYGEN_MESSAGE_SIZE);
    return status;
}

/* --- the style --- */

static const char *setting(const ProxygenSession *about, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *one = about->settings; *one; one++)
        if (!strncmp(*one, name, len) && (*one)[len] == '=')
            return *one + len + 1;
    return NULL;
}

static const char *const set_names[] = {
    [CHARACTERS_ANY] = "any",     [CHARACTERS_WESTERN] = "western",     [CHARACTERS_ASCII] = "ascii",
    [CHARACTERS_ATEXT] = "atext", [CHARACTERS_PRINTABLE] = "printable", [CHARACTERS_NUMBER] = "number",
};

static bool read_characters(const char *name, CharacterSet *set)
{
    *set = CHARACTERS_ASCII;
    for (size_t i = 0; name && i < G_N_ELEMENTS(set_names); i++)
        if (!strcmp(set_names[i], name)) {
            *set = (CharacterSet)i;
            return true;
        }
    return !name;
}

static bool read_maximum(const char *text, unsigned *max)
{
    guint64 number = 0;
    bool good = !text || g_ascii_string_to_unsigned(text, 10, 8, PROXYGEN_ADDRESS_MAX, &number, NULL);
    *max = (unsigned)number;
    return good;
}

static bool style_from_settings(Session *session, const ProxygenSession *about, char *message)
{
    static const char *const names[] = {"but-not", "marks", "before", "behind"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *text = setting(about, names[i]);
        session->settings[i] = text && *text ? g_strdup(text) : NULL;
    }
    session->style = (Style){.type = session->type,
                             .template = {.marks = session->settings[1] ? session->settings[1] : "%",
                                          .but_not = session->settings[0]},
                             .before = session->settings[2],
                             .behind = session->settings[3]};
    if (!read_characters(setting(about, "characters"), &session->style.template.characters))
        say(message, PROXYGEN_ERROR, "setting characters: any, western, ascii, atext, printable or number");
    else if (!read_maximum(setting(about, "maximum"), &session->max))
        say(message, PROXYGEN_ERROR, "setting maximum: a number from 8 to 1110");
    else
        return true;
    return false;
}

static bool choose_style(Session *session, const ProxygenSession *about, char *message)
{
    for (size_t i = 0; i < G_N_ELEMENTS(styles); i++)
        if (!strcmp(styles[i].type, session->type)) {
            session->style = styles[i];
            return true;
        }
    return style_from_settings(session, about, message);
}

/* --- templates --- */

/* "NOTES: text " -> "text" */
static char *format_of(const Session *session, const char *site, GError **error)
{
    size_t len = strlen(session->type);
    while (*site == ' ' || *site == '\t')
        site++;
    if (g_ascii_strncasecmp(site, session->type, len) != 0 || site[len] != ':') {
        error_set(error, ERROR_INVALID, "place 1: a template of this type begins with %s:", session->type);
        return NULL;
    }
    char *format = g_strdup(site + len + 1);
    return g_strstrip(format);
}

/* An SMTP template may leave its format out: "@acme.example" is "%m@acme.example". */
static char *complete_format(const Session *session, const char *site, GError **error)
{
    g_autofree char *format = format_of(session, site, error);
    if (!format || strcmp(session->type, "SMTP") != 0)
        return g_steal_pointer(&format);
    if (!strchr(format, '@')) {
        error_set(error, ERROR_INVALID, "an @ and a domain are needed");
        return NULL;
    }
    return *format == '@' ? g_strconcat("%m", format, NULL) : g_steal_pointer(&format);
}

static Template *parse(const Session *session, const char *site, GError **error)
{
    g_autofree char *format = complete_format(session, site, error);
    return format ? template_parse(format, &session->style.template, session->speller, session->organisation,
                                   session->first_domain, error)
                  : NULL;
}

/* --- the address --- */

/* Dots neither double nor at the ends, blanks single: an empty field leaves such things behind (KB 166247).
 */
static char *tidy(const Session *session, const char *text)
{
    GString *out = g_string_new(NULL);
    const char *at = session->style.dots ? strrchr(text, '@') : NULL;
    for (const char *p = text; *p; p++) {
        char before = out->len ? out->str[out->len - 1] : '\0';
        bool needless_dot = at && p < at && *p == '.' && (!before || before == '.' || p[1] == '@');
        bool needless_blank = *p == ' ' && (!before || strchr(" /@", before) || !p[1] || strchr("/@", p[1]));
        if (strcmp(session->type, "CCMAIL") == 0)
            needless_blank = *p == ' ' && (!before || before == ' ' || !p[1]);
        if (!needless_dot && !needless_blank)
            g_string_append_c(out, *p);
    }
    while (at && strstr(out->str, ".@"))
        g_string_erase(out, strstr(out->str, ".@") - out->str, 1);
    return g_string_free(out, FALSE);
}

/* Where the part that gets the number ends, and where it begins. */
static const char *find_end(const Style *style, const char *text)
{
    const char *found = NULL;
    if (!style->before)
        return text + strlen(text);
    if (style->before[0] == ' ') /* a word, not a set of characters */
        for (const char *p = text; (p = strstr(p, style->before)) != NULL; p++)
            found = p;
    else
        found = style->last ? strrchr(text, style->before[0]) : strpbrk(text, style->before);
    return found ? found : text + strlen(text);
}

static const char *find_begin(const Style *style, const char *text, const char *end)
{
    const char *begin = text;
    for (const char *p = text; style->behind && p < end; p++)
        if (strchr(style->behind, *p))
            begin = p + 1;
    return begin;
}

static bool is_good(const Session *session, const char *value)
{
    return (!session->max || g_utf8_strlen(value, -1) <= (glong)session->max) &&
           address_validate(session->type, value, NULL);
}

/* An escape alone at the end would take the next character with it. */
static size_t whole_escapes(const Session *session, const char *text, size_t len)
{
    char escape = session->style.template.escape;
    size_t run = 0;
    while (escape && run < len && text[len - 1 - run] == escape)
        run++;
    return len - run % 2;
}

/* The part without blanks and dots that would stand before a number. */
static size_t trimmed(const Session *session, const char *part, size_t len)
{
    len = whole_escapes(session, part, len);
    while (len && (part[len - 1] == ' ' || (session->style.dots && part[len - 1] == '.')))
        len--;
    return len;
}

/* @tail goes to the end of the part that gets numbers; what is too long is cut before it. NULL: it cannot be
 * made. */
static char *with_tail(const Session *session, const char *text, const char *tail)
{
    const char *end = find_end(&session->style, text), *begin = find_begin(&session->style, text, end);
    for (const char *cut = end;; cut = g_utf8_prev_char(cut)) {
        size_t len = trimmed(session, begin, (size_t)(cut - begin));
        /* Digits of the name and of the number must not run together: 1 and 17 would be 11 and 7. */
        bool joins = *tail && len && g_ascii_isdigit(begin[len - 1]) && g_ascii_isdigit(*tail);
        g_autofree char *value = g_strdup_printf("%.*s%.*s%s%s%s", (int)(begin - text), text, (int)len, begin,
                                                 joins ? "-" : "", tail, end);
        if (len + strlen(tail) && is_good(session, value))
            return g_steal_pointer(&value);
        if (cut <= begin)
            return NULL;
    }
}

static bool is_same(const char *a, const char *b)
{
    g_autofree char *x = g_utf8_casefold(a, -1), *y = g_utf8_casefold(b, -1);
    return !strcmp(x, y);
}

/* With the number, and unlike what was there without one. Whatever stands before it, a value ends in its
 * number and no other digit, so that two numbers never give the same. */
static char *with_number(const Session *session, const char *text, unsigned number, const char *plain,
                         const char *first)
{
    g_autoptr(GString) tail = g_string_new(NULL);
    g_string_printf(tail, "%u", number);
    for (int i = 0; i < 3; i++) {
        g_autofree char *value = with_tail(session, text, tail->str);
        if (!value || (!is_same(value, plain) && !is_same(value, first)))
            return g_steal_pointer(&value);
        g_string_prepend_c(tail, '-');
    }
    return NULL;
}

static char *expand(const Session *session, const Template *template, const ProxygenRecipient *recipient)
{
    g_autofree char *text = template_expand(template, session->speller, recipient);
    return text ? tidy(session, text) : NULL;
}

/* The alias alone, then the alias with numbers; never what number 0 gave. */
static char *smtp_alternative(const Session *session, const ProxygenRecipient *recipient, const char *first,
                              unsigned number)
{
    g_autofree char *text = expand(session, session->alias, recipient);
    g_autofree char *alias = text && *text != '@' ? with_tail(session, text, "") : NULL;
    const char *plain = alias ? alias : first;
    if (number == 1 && !is_same(plain, first))
        return g_strdup(plain);
    return with_number(session, plain, number, plain, first);
}

static char *make_value(const Session *session, const ProxygenRecipient *recipient, unsigned number)
{
    g_autofree char *text = expand(session, session->template, recipient);
    g_autofree char *first = text ? with_tail(session, text, "") : NULL;
    if (!number || !first)
        return g_steal_pointer(&first);
    return session->alias ? smtp_alternative(session, recipient, first, number)
                          : with_number(session, text, number, first, first);
}

/* --- the interface --- */

static void end(void *handle)
{
    Session *session = handle;
    if (!session)
        return;
    template_free(session->template);
    template_free(session->alias);
    speller_free(session->speller);
    for (size_t i = 0; i < G_N_ELEMENTS(session->settings); i++)
        g_free(session->settings[i]);
    g_free(session->organisation);
    g_free(session->first_domain);
    g_free(session->type);
    g_free(session);
}

/* With its type; NULL: there is none. g_free(). */
static char *default_site(const Session *session, const ProxygenSession *about)
{
    const AddressType *known = address_type(session->type);
    const char *format = setting(about, "template");
    if (known && known->default_template)
        return g_strdup(known->default_template);
    return format ? g_strconcat(session->type, ":", format, NULL) : NULL;
}

/* A template that gives nothing good to somebody with a plain name gives it to nobody. */
static bool try_template(const Session *session, const Template *template, char *message)
{
    static const ProxygenRecipient somebody = {.alias = "ab",
                                               .first_name = "Ann",
                                               .last_name = "Be",
                                               .display_name = "Ann Be",
                                               .initials = "C",
                                               .fax_number = "+1 555"};
    g_autofree char *text = expand(session, template, &somebody);
    g_autofree char *value = text ? with_tail(session, text, "") : NULL;
    g_autoptr(GError) error = NULL;
    if (value)
        return true;
    address_validate(session->type, text ? text : "", &error);
    say(message, PROXYGEN_ERROR, error ? error->message : "it gives addresses that are too long");
    return false;
}

static bool open_templates(Session *session, const ProxygenSession *about, char *message)
{
    g_autofree char *otherwise = default_site(session, about);
    const char *site = about->site ? about->site : otherwise;
    g_autoptr(GError) error = NULL;
    if (!site) {
        say(message, PROXYGEN_ERROR, "there is no template, and no setting template for a default");
        return false;
    }
    session->template = parse(session, site, &error);
    if (session->template && session->style.alias) {
        g_autofree char *complete = complete_format(session, site, NULL);
        g_autofree char *alias = g_strconcat("SMTP:%m", strrchr(complete, '@'), NULL);
        session->alias = parse(session, alias, &error);
    }
    if (error)
        say(message, PROXYGEN_ERROR, error->message);
    return !error && try_template(session, session->template, message);
}

static ProxygenStatus begin(const ProxygenSession *about, void **handle, char *message)
{
    Session *session = g_new0(Session, 1);
    session->type = g_ascii_strup(about->type, -1);
    session->organisation = g_strdup(about->organisation);
    session->first_domain = g_strdup(about->domain);
    session->speller = speller_new(about->language);
    if (!session->speller)
        say(message, PROXYGEN_ERROR, "ICU does not have what spells letters out; install its data");
    else if (choose_style(session, about, message) && open_templates(session, about, message)) {
        *handle = session;
        return PROXYGEN_OK;
    }
    end(session);
    return PROXYGEN_ERROR;
}

static ProxygenStatus generate(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                               char **address, char *message)
{
    const Session *session = handle;
    g_autofree char *probe = template_expand(session->template, session->speller, recipient);
    if (!probe)
        return PROXYGEN_NOT_IMPLEMENTED; /* no fax number, no fax address */
    g_autofree char *value = *probe ? make_value(session, recipient, retry) : NULL;
    if (!*probe)
        return say(message, PROXYGEN_ERROR, "there is neither a name nor an alias to make an address of");
    if (!value)
        return say(message, PROXYGEN_ERROR, "the names give no address within the limits of the type");
    *address = g_strconcat(session->type, ":", value, NULL);
    return PROXYGEN_OK;
}

/* What stands behind the part of the person: of SMTP the domain. */
static char *site_part(const Session *session, const char *text)
{
    return session->style.before ? g_strdup(find_end(&session->style, text)) : NULL;
}

/* The person's part stays as it is when only what stands behind it has changed. */
static ProxygenStatus update(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                             const char *new_site, const char *current, char **address, char *message)
{
    const Session *session = handle;
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) old = parse(session, old_site, &error);
    (void)new_site;
    g_autofree char *now = format_of(session, current, NULL);
    if (!old || !now)
        return say(message, PROXYGEN_ERROR, error ? error->message : "the address is of another type");
    g_autofree char *before = expand(session, old, recipient);
    g_autofree char *after = expand(session, session->template, recipient);
    g_autofree char *old_part = before ? site_part(session, before) : NULL;
    g_autofree char *new_part = after ? site_part(session, after) : NULL;
    if (!old_part || !new_part || !*old_part || !g_str_has_suffix(now, old_part))
        return PROXYGEN_NOT_IMPLEMENTED;
    g_autofree char *value = g_strdup_printf("%.*s%s", (int)(strlen(now) - strlen(old_part)), now, new_part);
    if (!is_good(session, value))
        return PROXYGEN_NOT_IMPLEMENTED;
    *address = g_strconcat(session->type, ":", value, NULL);
    return PROXYGEN_OK;
}

static ProxygenStatus validate_address(void *handle, const char *address, int *valid, char *message)
{
    const Session *session = handle;
    g_autoptr(GError) error = NULL;
    g_autofree char *value = format_of(session, address, &error);
    *valid = value && is_good(session, value);
    if (value && !*valid)
        address_validate(session->type, value, &error);
    if (!*valid)
        say(message, PROXYGEN_OK, error ? error->message : "it is longer than the setting maximum");
    return PROXYGEN_OK;
}

static ProxygenStatus validate_template(void *handle, const char *site, int *valid, char *message)
{
    const Session *session = handle;
    g_autoptr(GError) error = NULL;
    g_autoptr(Template) template = parse(session, site, &error);
    if (error)
        say(message, PROXYGEN_OK, error->message);
    *valid = template && try_template(session, template, message);
    return PROXYGEN_OK;
}

static void free_address(char *address)
{
    g_free(address);
}

static const ProxygenGenerator generator = {
    .abi = PROXYGEN_ABI,
    .size = sizeof(ProxygenGenerator),
    .version = {1, 0, 0, 0},
    .name = "dirsync simple addresses",
    .types = NULL,
    .open = begin,
    .generate = generate,
    .update = update,
    .validate_address = validate_address,
    .validate_template = validate_template,
    .free_address = free_address,
    .close = end,
};

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi);

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi)
{
    return abi == PROXYGEN_ABI ? &generator : NULL;
}

/*
 * simple.c - simple.so: addresses that are parts with separators between them
 *
 * Makes SMTP, MS, CCMAIL, NOTES, GWISE and FAX addresses, and those of any other type
 * that settings describe (form_settings.c). A session is a form, a spelling and a
 * compiled template. Nothing is given out that form_validate() would refuse.
 *
 * Retries: SMTP goes from the template to the alias, then to the alias with the
 * number (KB 153270). Everybody else's part keeps its format and gets the number. A
 * fax number never gets one, that would be somebody else's telephone: the alias
 * in front of it does.
 */
#include <string.h>

#include "proxygen/plugins/form.h"
#include "proxygen/plugins/plugin.h"
#include "proxygen/plugins/retry.h"
#include "proxygen/plugins/template.h"

typedef struct {
    Form *form;
    Spelling *spelling;
    Template *template;
    TemplateWords words;
} Session;

static void simple_close(void *handle)
{
    Session *session = handle;
    if (!session)
        return;
    template_free(session->template);
    spelling_free(session->spelling);
    form_free(session->form);
    g_free(session);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, simple_close)

static Template *compile(const Session *session, const char *site, GError **error)
{
    return template_new(session->form, site, &session->words, session->spelling, error);
}

static Session *session_new(const ProxygenSession *what, GError **error)
{
    g_autoptr(Session) session = g_new0(Session, 1);
    session->form = form_new(what->type, what->settings, error);
    if (!session->form)
        return NULL;
    session->spelling = spelling_new(what->language);
    session->words = (TemplateWords){what->organisation, what->domain};
    const char *site = what->site ? what->site : session->form->default_template;
    if (!site)
        error_set(error, ERROR_DEFINITION,
                  "type %s: there is no template; give one, or a setting \"default\"", session->form->type);
    else
        session->template = compile(session, site, error);
    return session->template ? g_steal_pointer(&session) : NULL;
}

static ProxygenStatus simple_open(const ProxygenSession *what, void **handle, char *message)
{
    GError *error = NULL;
    *handle = session_new(what, &error);
    return *handle ? PROXYGEN_OK : plugin_fail(error, message);
}

/* ---- generating ---- */

static size_t length_of(const char *text)
{
    return (size_t)g_utf8_strlen(text, -1);
}

/** How much of the value is in front of the last part and its separator. */
static size_t front_length(const Form *form, char *const *parts, size_t whole)
{
    size_t last = form->n_parts - 1;
    return last ? whole - MIN(whole, length_of(parts[last]) + strlen(form->parts[last - 1].separator))
                : whole;
}

/** How many characters @text, in the place of the person's part, may have so that all limits hold. */
static size_t room_for(const Session *session, char *const *parts, char *text)
{
    const Form *form = session->form;
    size_t person = template_person(session->template);
    char *with[FORM_PARTS_MAX];
    memcpy(with, parts, form->n_parts * sizeof *parts);
    with[person] = text;
    g_autofree char *value = form_join(form, with);
    size_t whole = length_of(value), front = front_length(form, with, whole);
    size_t over =
        MAX(whole > form->max ? whole - form->max : 0, front > form->front_max ? front - form->front_max : 0);
    size_t length = length_of(text);
    /* Below its limits the text may grow by what they leave. */
    size_t spare = over ? 0 : MIN(form->max - whole, form->front_max - front);
    return MIN(form->parts[person].max, length > over ? length - over + spare : 0);
}

/** The alias as the person's part would have it, or what the part is already. */
static char *alias_or(const Session *session, const ProxygenRecipient *recipient, const char *already,
                      GError **error)
{
    const FormPart *part = &session->form->parts[template_person(session->template)];
    char *alias = template_clean(part, recipient->alias, session->spelling, error);
    if (alias && !alias[0]) {
        g_free(alias);
        alias = g_strdup(already);
    }
    return alias;
}

static bool equal_without_case(const char *a, const char *b)
{
    g_autofree char *left = g_utf8_casefold(a, -1), *right = g_utf8_casefold(b, -1);
    return strcmp(left, right) == 0;
}

/** Where the alias comes first, it is the answer to 1, and what it would repeat becomes the number 1. */
static char *alias_numbered(const char *alias, const char *first, unsigned retry, size_t room)
{
    char *text = retry == 1 ? g_strdup(alias) : retry_number(alias, retry, room);
    if (text && equal_without_case(text, first)) {
        g_free(text);
        text = retry_number(alias, 1, room);
    }
    return text;
}

static char *no_room(unsigned retry, GError **error)
{
    error_set(error, ERROR_INVALID, "retry %u: the number does not fit into such an address", retry);
    return NULL;
}

/** The person's part for a retry; @parts are those of retry 0, which fit. */
static char *person_again(const Session *session, const ProxygenRecipient *recipient, char *const *parts,
                          unsigned retry, GError **error)
{
    const char *first = parts[template_person(session->template)];
    bool by_alias = session->form->alias_first || !first[0];
    g_autofree char *base = by_alias ? alias_or(session, recipient, first, error) : g_strdup(first);
    if (!base)
        return NULL;
    size_t room = room_for(session, parts, base);
    template_tidy(&session->form->parts[template_person(session->template)], base, room);
    char *text = session->form->alias_first ? alias_numbered(base, first, retry, room)
                                            : retry_number(base, retry, room);
    return text ? text : no_room(retry, error);
}

static char **expand(const Session *session, const ProxygenRecipient *recipient, unsigned retry,
                     GError **error)
{
    g_auto(GStrv) parts = template_expand(session->template, recipient, session->spelling, error);
    if (!parts)
        return NULL;
    size_t person = template_person(session->template);
    const FormPart *part = &session->form->parts[person];
    if (parts[person][0])
        template_tidy(part, parts[person], room_for(session, parts, parts[person]));
    if (retry) {
        char *text = person_again(session, recipient, parts, retry, error);
        if (!text)
            return NULL;
        g_free(parts[person]);
        parts[person] = text;
    }
    return g_steal_pointer(&parts);
}

/** What a separator of letters makes of names ("at" in "Smith at Home") shows only when it is split again. */
static bool splits_again(const Form *form, const char *value, char *const *parts, GError **error)
{
    g_auto(GStrv) again = form->is_known ? NULL : form_split(form, value, error);
    if (form->is_known)
        return true;
    if (again && g_strv_equal((const char *const *)again, (const char *const *)parts))
        return true;
    g_clear_error(error);
    error_set(error, ERROR_INVALID,
              "\"%s\": a name in it holds what separates its parts; give an alias without", value);
    return false;
}

static char *make(const Session *session, char *const *parts, GError **error)
{
    g_autofree char *value = form_join(session->form, parts);
    g_autofree char *address = address_format(session->form->type, true, value);
    bool good =
        form_validate(session->form, address, error) && splits_again(session->form, value, parts, error);
    return good ? g_steal_pointer(&value) : NULL;
}

static bool has_digit(const char *text)
{
    return text && strpbrk(text, "0123456789");
}

static ProxygenStatus simple_generate(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                                      char **address, char *message)
{
    const Session *session = handle;
    GError *error = NULL;
    *address = NULL;
    if (session->form->needs_fax && template_has_field(session->template, 'f') &&
        !has_digit(recipient->fax_number))
        return PROXYGEN_NOT_IMPLEMENTED;
    g_auto(GStrv) parts = expand(session, recipient, retry, &error);
    g_autofree char *value = parts ? make(session, parts, &error) : NULL;
    return value ? plugin_give(session->form->type, value, address) : plugin_fail(error, message);
}

/* ---- updating ---- */

/** Whether all but the person's part is what the old template gives. */
static bool is_of_site(const Session *session, const Template *old, const ProxygenRecipient *recipient,
                       char *const *current)
{
    g_auto(GStrv) expected = template_expand(old, recipient, session->spelling, NULL);
    bool same = expected;
    for (size_t i = 0; same && i < session->form->n_parts; i++)
        same = i == template_person(old) || equal_without_case(expected[i], current[i]);
    return same;
}

/** The value that keeps the person's part of @current; NULL when it cannot be kept. */
static char *keep_person(const Session *session, const Template *old, const Template *new,
                         const ProxygenRecipient *recipient, const char *current)
{
    g_auto(GStrv) had = form_split(session->form, current, NULL);
    g_auto(GStrv) parts = template_expand(new, recipient, session->spelling, NULL);
    size_t person = template_person(new);
    if (!had || !parts || person != template_person(old) || !had[person][0] ||
        !template_same_part(old, new, person) || !is_of_site(session, old, recipient, had))
        return NULL;
    g_free(parts[person]);
    parts[person] = g_strdup(had[person]);
    return make(session, parts, NULL);
}

static ProxygenStatus simple_update(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                                    const char *new_site, const char *current, char **address, char *message)
{
    const Session *session = handle;
    GError *error = NULL;
    *address = NULL;
    g_autoptr(Template) old = compile(session, old_site, &error);
    g_autoptr(Template) new = old ? compile(session, new_site, &error) : NULL;
    g_autofree char *was = new ? template_value(session->form->type, current, &error) : NULL;
    if (!was)
        return plugin_fail(error, message);
    g_autofree char *value = keep_person(session, old, new, recipient, was);
    return value ? plugin_give(session->form->type, value, address) : PROXYGEN_NOT_IMPLEMENTED;
}

/* ---- validating ---- */

static ProxygenStatus simple_validate_address(void *handle, const char *address, int *valid, char *message)
{
    GError *error = NULL;
    form_validate(((Session *)handle)->form, address, &error);
    return plugin_judge(error, valid, message);
}

static ProxygenStatus simple_validate_template(void *handle, const char *site, int *valid, char *message)
{
    GError *error = NULL;
    template_free(compile(handle, site, &error));
    return plugin_judge(error, valid, message);
}

static const ProxygenGenerator generator = {
    .abi = PROXYGEN_ABI,
    .size = sizeof(ProxygenGenerator),
    .version = PLUGIN_VERSION,
    .name = "dirsync simple addresses",
    .types = NULL,
    .open = simple_open,
    .generate = simple_generate,
    .update = simple_update,
    .validate_address = simple_validate_address,
    .validate_template = simple_validate_template,
    .free_address = plugin_free_address,
    .close = simple_close,
};

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi);

const ProxygenGenerator *proxygen_entry(uint32_t abi)
{
    return abi == PROXYGEN_ABI ? &generator : NULL;
}

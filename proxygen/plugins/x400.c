/*
 * x400.c - x400.so: X.400 addresses
 *
 * The template gives the fields that all recipients of a site share, "c=US;a= ;p=Acme;
 * o=Exchange;"; the personal name follows: s, g and i of the recipient, s being the
 * alias where there is no surname. Retry numbers go onto the surname. A template
 * has no fields of a person, because PrintableString has no percent sign; words in
 * braces it has.
 */
#include <string.h>

#include "proxygen/plugins/plugin.h"
#include "proxygen/plugins/retry.h"
#include "proxygen/plugins/template.h"

#define TYPE "X400"

typedef struct {
    Spelling *spelling;
    TemplateWords words;
    Address *site; /* the fixed fields; see compile() */
} Session;

static void x400_close(void *handle)
{
    Session *session = handle;
    if (!session)
        return;
    spelling_free(session->spelling);
    address_free(session->site);
    g_free(session);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, x400_close)

static bool is_personal(const char *name)
{
    static const char *const personal[] = {"s", "g", "i", "q", NULL};
    return g_strv_contains(personal, name);
}

/** The part that a field is, for template_clean(); one of no known name is checked later. */
static FormPart part_of(const char *name, size_t len)
{
    const AddressPartRule *rule = address_type(TYPE)->parts;
    while (rule->name && (strlen(rule->name) != len || g_ascii_strncasecmp(rule->name, name, len) != 0))
        rule++;
    if (!rule->name)
        return (FormPart){.characters = CHARACTERS_PRINTABLE, .but_not = (char *)"", .max = ADDRESS_MAX};
    return (FormPart){.characters = rule->characters, .but_not = (char *)rule->but_not, .max = rule->max};
}

/* ---- templates ---- */

static void fail_at(GError **error, const char *text, const char *at, const char *cause)
{
    error_set(error, ERROR_INVALID, "template \"%s\": character %ld: %s", text,
              g_utf8_pointer_to_offset(text, at) + 1, cause);
}

/** Puts the word in as the field that it stands in has it. */
static bool append_word(const Session *session, GString *out, const char *word, GError **error)
{
    const char *field = strrchr(out->str, ';');
    field = field ? field + 1 : out->str;
    FormPart part = part_of(field, strcspn(field, "="));
    g_autofree char *clean = template_clean(&part, word, session->spelling, error);
    g_string_append(out, clean ? clean : "");
    return clean;
}

/** @value with its words put in; both in @text, for positions. NULL on error. */
static char *put_words_in(const Session *session, const char *text, const char *value, GError **error)
{
    static const char organisation[] = "{organisation}", domain[] = "{domain}";
    g_autoptr(GString) out = g_string_new(NULL);
    while (*value) {
        bool is_organisation = g_str_has_prefix(value, organisation);
        if (is_organisation || g_str_has_prefix(value, domain)) {
            const char *word = is_organisation ? session->words.organisation : session->words.domain;
            if (!append_word(session, out, word, error))
                return NULL;
            value += is_organisation ? strlen(organisation) : strlen(domain);
        } else if (*value == '{' || *value == '%') {
            fail_at(error, text, value,
                    *value == '{' ? "the words in braces are {organisation} and {domain}"
                                  : "there are no fields here; the personal name is added by itself");
            return NULL;
        } else {
            g_string_append_c(out, *value++);
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/** Fields of the personal name are the recipient's alone. @value is a part of @text. */
static bool has_no_person(const char *text, const char *value, GError **error)
{
    while (*value) {
        value += strspn(value, " \t;");
        g_autofree char *name = g_ascii_strdown(value, (gssize)strcspn(value, " \t=;"));
        if (is_personal(name)) {
            fail_at(error, text, value, "the personal name is the recipient's; leave it out");
            return false;
        }
        value += strcspn(value, ";");
    }
    return true;
}

/** The fixed fields, and one of a person: without it they need not be an address yet. */
static Address *compile(const Session *session, const char *site, GError **error)
{
    g_autofree char *value = template_value(TYPE, site, error);
    if (!value)
        return NULL;
    g_autofree char *whole = g_strchomp(g_strdup(site));
    const char *in_whole = whole + strlen(whole) - strlen(value);
    g_autofree char *text =
        has_no_person(whole, in_whole, error) ? put_words_in(session, whole, in_whole, error) : NULL;
    if (!text)
        return NULL;
    bool ended = !*text || g_str_has_suffix(text, ";");
    g_autofree char *full = g_strconcat(TYPE ":", text, ended ? "" : ";", "s=x;", NULL);
    Address *address = address_parse(full, error);
    if (!address)
        g_prefix_error(error, "template \"%s\": ", whole);
    return address;
}

/* ---- sessions ---- */

static Session *session_new(const ProxygenSession *what, GError **error)
{
    g_autoptr(Session) session = g_new0(Session, 1);
    session->words = (TemplateWords){what->organisation, what->domain};
    session->spelling = spelling_new(what->language);
    if (!what->type || g_ascii_strcasecmp(what->type, TYPE) != 0)
        error_set(error, ERROR_DEFINITION, "type \"%s\": only " TYPE " is made here",
                  what->type ? what->type : "");
    else if (what->settings && what->settings[0])
        error_set(error, ERROR_DEFINITION, "setting \"%s\": " TYPE " has none; leave it out",
                  what->settings[0]);
    else
        session->site =
            compile(session, what->site ? what->site : address_type(TYPE)->default_template, error);
    return session->site ? g_steal_pointer(&session) : NULL;
}

static ProxygenStatus x400_open(const ProxygenSession *what, void **handle, char *message)
{
    GError *error = NULL;
    *handle = session_new(what, &error);
    return *handle ? PROXYGEN_OK : plugin_fail(error, message);
}

/* ---- generating ---- */

/** A field of the personal name; NULL on error. */
static char *personal(const Session *session, const char *name, const char *text, GError **error)
{
    FormPart part = part_of(name, strlen(name));
    return template_clean(&part, text, session->spelling, error);
}

static char *surname(const Session *session, const ProxygenRecipient *recipient, unsigned retry,
                     GError **error)
{
    g_autofree char *name = personal(session, "s", recipient->last_name, error);
    if (name && !name[0]) {
        g_free(name);
        name = personal(session, "s", recipient->alias, error);
    }
    if (name && !name[0]) {
        error_set(error, ERROR_INVALID,
                  "s: nothing is left of surname and alias \"%s\" in the characters of X.400; give an alias "
                  "in them",
                  recipient->alias ? recipient->alias : "");
        return NULL;
    }
    if (!name || !retry)
        return g_steal_pointer(&name);
    return retry_number(name, retry, part_of("s", 1).max);
}

/** The fixed fields of @site with the personal ones of @parts; NULL on error. */
static char *join(const Address *site, const AddressPart *parts, size_t n_parts, GError **error)
{
    g_autofree AddressPart *all = g_new(AddressPart, site->n_parts + n_parts);
    size_t n = 0;
    for (size_t i = 0; i < site->n_parts; i++)
        if (!is_personal(site->parts[i].name))
            all[n++] = site->parts[i];
    for (size_t i = 0; i < n_parts; i++)
        if (is_personal(parts[i].name) && parts[i].value[0])
            all[n++] = parts[i];
    return address_join(TYPE, all, n, error);
}

static char *make(const Session *session, const ProxygenRecipient *recipient, unsigned retry, GError **error)
{
    g_autofree char *s = surname(session, recipient, retry, error);
    g_autofree char *g = s ? personal(session, "g", recipient->first_name, error) : NULL;
    g_autofree char *i = g ? personal(session, "i", recipient->initials, error) : NULL;
    const AddressPart parts[] = {{(char *)"s", s}, {(char *)"g", g}, {(char *)"i", i}};
    return i ? join(session->site, parts, G_N_ELEMENTS(parts), error) : NULL;
}

static ProxygenStatus x400_generate(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                                    char **address, char *message)
{
    GError *error = NULL;
    *address = NULL;
    g_autofree char *value = make(handle, recipient, retry, &error);
    return value ? plugin_give(TYPE, value, address) : plugin_fail(error, message);
}

/* ---- updating ---- */

/** The value under @new that keeps the personal name of @current, when that is one of @old. */
static char *keep_person(const Address *old, const Address *new, const Address *current)
{
    g_autofree char *of_old = join(old, current->parts, current->n_parts, NULL);
    g_autofree char *was = of_old ? address_format(TYPE, true, of_old) : NULL;
    g_autofree char *is = address_format(TYPE, true, current->value);
    bool named = address_part(current, "s");
    return named && was && address_equal(was, is) ? join(new, current->parts, current->n_parts, NULL) : NULL;
}

static ProxygenStatus x400_update(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                                  const char *new_site, const char *current, char **address, char *message)
{
    GError *error = NULL;
    (void)recipient;
    *address = NULL;
    g_autoptr(Address) old = compile(handle, old_site, &error);
    g_autoptr(Address) new = old ? compile(handle, new_site, &error) : NULL;
    g_autofree char *was = new ? template_value(TYPE, current, &error) : NULL;
    if (!was)
        return plugin_fail(error, message);
    g_autoptr(Address) now = address_parse(current, NULL);
    g_autofree char *value = now ? keep_person(old, new, now) : NULL;
    return value ? plugin_give(TYPE, value, address) : PROXYGEN_NOT_IMPLEMENTED;
}

/* ---- validating ---- */

static ProxygenStatus x400_validate_address(void *handle, const char *address, int *valid, char *message)
{
    GError *error = NULL;
    (void)handle;
    g_autoptr(Address) parsed = address_parse(address, &error);
    if (parsed && strcmp(parsed->type, TYPE) != 0)
        error_set(&error, ERROR_INVALID, "address: it must begin with \"" TYPE ":\"");
    return plugin_judge(error, valid, message);
}

static ProxygenStatus x400_validate_template(void *handle, const char *site, int *valid, char *message)
{
    GError *error = NULL;
    address_free(compile(handle, site, &error));
    return plugin_judge(error, valid, message);
}

static const ProxygenGenerator generator = {
    .abi = PROXYGEN_ABI,
    .size = sizeof(ProxygenGenerator),
    .version = PLUGIN_VERSION,
    .name = "dirsync X.400 addresses",
    .types = (const char *const[]){TYPE, NULL},
    .open = x400_open,
    .generate = x400_generate,
    .update = x400_update,
    .validate_address = x400_validate_address,
    .validate_template = x400_validate_template,
    .free_address = plugin_free_address,
    .close = x400_close,
};

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi);

const ProxygenGenerator *proxygen_entry(uint32_t abi)
{
    return abi == PROXYGEN_ABI ? &generator : NULL;
}

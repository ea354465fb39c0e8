/*
 * x400.c - O/R addresses: x400.so
 *
 * The template gives the domains ("c=US;a= ;p=Org;o=Exchange;"), surname, given name
 * and initials are the recipient's, cut to the lengths of X.411. Who has no surname
 * has the alias in its place. A number goes to the end of the surname.
 */
#include "proxygen/plugins/spelling.h"
#include "proxygen/proxygen.h"

#include <string.h>

#define SURNAME_MAX 40
#define GIVEN_NAME_MAX 16
#define INITIALS_MAX 5
#define ORGANISATION_MAX 16 /* of the private domain, in the default template */
#define PREFIX "X400:"

typedef struct {
    Address *site; /* the fields of the template */
    Speller *speller;
    char *organisation, *domain;
} Session;

static ProxygenStatus say(char *message, ProxygenStatus status, const char *text)
{
    g_strlcpy(message, text, PROXYGEN_MESSAGE_SIZE);
    return status;
}

/* What stands in braces is spelled, and cut, as a private domain must be. */
static char *fill_braces(const Session *session, const char *text)
{
    const struct {
        const char *word, *value;
    } words[] = {{"{organisation}", session->organisation}, {"{domain}", session->domain}};
    GString *out = g_string_new(text);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *value = spell(session->speller, words[i].value, CHARACTERS_PRINTABLE, NULL);
        if (strlen(value) > ORGANISATION_MAX)
            value[ORGANISATION_MAX] = '\0';
        g_string_replace(out, words[i].word, value, 0);
    }
    return g_string_free(out, FALSE);
}

static Address *parse_site(const Session *session, const char *site, char *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *filled = fill_braces(session, site);
    g_autofree char *text = g_strstrip(g_strdup(filled));
    if (g_ascii_strncasecmp(text, PREFIX, strlen(PREFIX)) != 0) {
        say(message, PROXYGEN_ERROR, "place 1: a template of this type begins with X400:");
        return NULL;
    }
    g_autoptr(Address) address = address_parse(text, &error);
    if (!address)
        say(message, PROXYGEN_ERROR, error->message);
    else if (address_part(address, "s") || address_part(address, "g") || address_part(address, "i"))
        say(message, PROXYGEN_ERROR, "s, g and i are the recipient's, not the template's");
    else
        return g_steal_pointer(&address);
    return NULL;
}

static void end(void *handle)
{
    Session *session = handle;
    if (!session)
        return;
    address_free(session->site);
    speller_free(session->speller);
    g_free(session->organisation);
    g_free(session->domain);
    g_free(session);
}

static ProxygenStatus begin(const ProxygenSession *about, void **handle, char *message)
{
    const char *otherwise = address_type("X400")->default_template;
    Session *session = g_new0(Session, 1);
    session->organisation = g_strdup(about->organisation);
    session->domain = g_strdup(about->domain);
    session->speller = speller_new(about->language);
    if (!session->speller)
        say(message, PROXYGEN_ERROR, "ICU does not have what spells letters out; install its data");
    else
        session->site = parse_site(session, about->site ? about->site : otherwise, message);
    if (session->site) {
        *handle = session;
        return PROXYGEN_OK;
    }
    end(session);
    return PROXYGEN_ERROR;
}

static char *spelled(const Session *session, const char *text, size_t max)
{
    char *clean = spell(session->speller, text ? text : "", CHARACTERS_PRINTABLE, NULL);
    g_strstrip(clean);
    if (strlen(clean) > max)
        clean[max] = '\0';
    return g_strstrip(clean);
}

/* The alias, the display name: whatever the person is called. */
static char *surname_of(const Session *session, const ProxygenRecipient *recipient)
{
    const char *const names[] = {recipient->last_name, recipient->alias, recipient->display_name};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = spelled(session, names[i], SURNAME_MAX);
        if (*name)
            return g_steal_pointer(&name);
    }
    return NULL;
}

/* Digits of the name and of the number must not run together, and a cut name with a number must not be the
 * name. */
static char *numbered(const char *surname, unsigned retry)
{
    g_autofree char *digits = g_strdup_printf("%u", retry);
    size_t len = MIN(strlen(surname), SURNAME_MAX - strlen(digits));
    bool joins = g_ascii_isdigit(surname[len - 1]);
    if (!retry)
        return g_strdup(surname);
    g_autofree char *name = g_strdup_printf("%.*s%s%s", (int)MIN(len, SURNAME_MAX - strlen(digits) - joins),
                                            surname, joins ? "-" : "", digits);
    if (strcmp(name, surname) != 0)
        return g_steal_pointer(&name);
    return g_strdup_printf("%.*s-%s", (int)(SURNAME_MAX - strlen(digits) - 1), surname, digits);
}

static ProxygenStatus generate(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                               char **address, char *message)
{
    const Session *session = handle;
    g_autofree char *plain = surname_of(session, recipient);
    if (!plain)
        return say(message, PROXYGEN_ERROR, "there is neither a name nor an alias to make an address of");
    g_autofree char *surname = numbered(plain, retry);
    g_autofree char *given =
        recipient->last_name ? spelled(session, recipient->first_name, GIVEN_NAME_MAX) : g_strdup("");
    g_autofree char *initials = spelled(session, recipient->initials, INITIALS_MAX);
    const AddressPart own[] = {{(char *)"s", surname}, {(char *)"g", given}, {(char *)"i", initials}};
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(AddressPart));
    g_array_append_vals(parts, session->site->parts, (guint)session->site->n_parts);
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        if (*own[i].value)
            g_array_append_val(parts, own[i]);
    g_autoptr(GError) error = NULL;
    g_autofree char *value = address_join("X400", (AddressPart *)(void *)parts->data, parts->len, &error);
    if (!value)
        return say(message, PROXYGEN_ERROR, error->message);
    *address = g_strconcat(PREFIX, value, NULL);
    return PROXYGEN_OK;
}

/* Whose fields are those of the old template gets those of the new one; what else it has stays. */
static ProxygenStatus update(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                             const char *new_site, const char *current, char **address, char *message)
{
    const Session *session = handle;
    g_autoptr(Address) old = parse_site(session, old_site, message);
    g_autoptr(Address) now = old ? address_parse(current, NULL) : NULL;
    (void)recipient;
    (void)new_site;
    if (!now || strcmp(now->type, "X400") != 0)
        return say(message, PROXYGEN_ERROR, "template and address must both be of the type X400");
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(AddressPart));
    for (size_t i = 0; i < old->n_parts; i++)
        if (g_strcmp0(address_part(now, old->parts[i].name), old->parts[i].value) != 0)
            return PROXYGEN_NOT_IMPLEMENTED;
    g_array_append_vals(parts, session->site->parts, (guint)session->site->n_parts);
    for (size_t i = 0; i < now->n_parts; i++)
        if (!address_part(old, now->parts[i].name) && !address_part(session->site, now->parts[i].name))
            g_array_append_val(parts, now->parts[i]);
    g_autofree char *value = address_join("X400", (AddressPart *)(void *)parts->data, parts->len, NULL);
    if (!value)
        return PROXYGEN_NOT_IMPLEMENTED;
    *address = g_strconcat(PREFIX, value, NULL);
    return PROXYGEN_OK;
}

static ProxygenStatus validate_address(void *handle, const char *text, int *valid, char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Address) address = address_parse(text, &error);
    (void)handle;
    *valid = address && !strcmp(address->type, "X400");
    if (!*valid)
        say(message, PROXYGEN_OK, error ? error->message : "it is of another type");
    return PROXYGEN_OK;
}

static ProxygenStatus validate_template(void *handle, const char *site, int *valid, char *message)
{
    g_autoptr(Address) address = parse_site(handle, site, message);
    *valid = address != NULL;
    return PROXYGEN_OK;
}

static void free_address(char *address)
{
    g_free(address);
}

static const char *const types[] = {"X400", NULL};

static const ProxygenGenerator generator = {
    .abi = PROXYGEN_ABI,
    .size = sizeof(ProxygenGenerator),
    .version = {1, 0, 0, 0},
    .name = "dirsync X.400 addresses",
    .types = types,
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

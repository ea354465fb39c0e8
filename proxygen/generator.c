/*
 * generator.c - sessions of plugins, and judging what they answer; see generator.h
 */
#include "proxygen/address.h"
#include "proxygen/generator_internal.h"

#include <string.h>

#define BYTES_MAX (4 * PROXYGEN_ADDRESS_MAX)

struct Generator {
    const ProxygenGenerator *plugin;
    void *handle;
    char *where; /* folder/file, for messages */
    char *type, *site, *server, *language, *organisation, *domain;
    char **settings;
    ProxygenSession session;
    char *crash_file, *frame;
    bool repeated; /* it was seen to give the same address twice */
};

typedef struct {
    char text[PROXYGEN_MESSAGE_SIZE + 1];
} Message;

static void enter(const Generator *generator)
{
    generator_frame_begin(generator->crash_file, generator->frame);
}

/* A plugin's words are untrusted: bounded, valid, on one line. NULL when it said nothing. */
static char *words_of(Message *message)
{
    message->text[PROXYGEN_MESSAGE_SIZE - 1] = '\0';
    char *words = g_utf8_make_valid(message->text, -1);
    for (char *p = words; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
    if (*g_strstrip(words))
        return words;
    g_free(words);
    return NULL;
}

/* --- open and close --- */

static bool can_do(const ProxygenGenerator *plugin, const char *type)
{
    for (const char *const *known = plugin->types; known && *known; known++)
        if (!g_ascii_strcasecmp(*known, type))
            return true;
    return !plugin->types;
}

static Generator *generator_new(const GeneratorSettings *settings, const ProxygenGenerator *plugin)
{
    static const char *const none[] = {NULL};
    Generator *generator = g_new0(Generator, 1);
    generator->plugin = plugin;
    generator->where = g_build_filename(settings->folder, settings->file, NULL);
    generator->type = g_ascii_strup(settings->type, -1);
    generator->site = g_strdup(settings->site);
    generator->server = g_strdup(settings->server);
    generator->language = g_strdup(settings->language);
    generator->organisation = g_strdup(settings->organisation);
    generator->domain = g_strdup(settings->domain);
    generator->settings = g_strdupv((char **)(settings->settings ? settings->settings : none));
    generator->crash_file = g_strdup(settings->crash_file);
    if (settings->crash_file)
        generator->frame = generator_frame_text(settings->folder, settings->file, generator->type);
    generator->session = (ProxygenSession){.size = sizeof(ProxygenSession),
                                           .type = generator->type,
                                           .site = generator->site,
                                           .server = generator->server,
                                           .language = generator->language,
                                           .organisation = generator->organisation,
                                           .domain = generator->domain,
                                           .settings = (const char *const *)generator->settings};
    return generator;
}

/* False with an error, or without one when the type has no addresses. */
static bool begin_session(Generator *generator, GError **error)
{
    Message message = {0};
    enter(generator);
    ProxygenStatus status = generator->plugin->open(&generator->session, &generator->handle, message.text);
    generator_frame_end();
    g_autofree char *why = words_of(&message);
    if (status == PROXYGEN_OK)
        return true;
    generator->handle = NULL;
    generator->plugin = NULL;
    if (status != PROXYGEN_NOT_IMPLEMENTED)
        error_set(error, ERROR_DEFINITION,
                  "%s: template %s of type %s: %s; correct the template or the settings", generator->where,
                  generator->site ? generator->site : "(default)", generator->type,
                  why                            ? why
                  : status == PROXYGEN_NO_MEMORY ? "no memory"
                                                 : "refused without a reason");
    return false;
}

Generator *generator_open(const GeneratorSettings *settings, GError **error)
{
    const ProxygenGenerator *plugin = generator_load(settings->folder, settings->file, error);
    if (!plugin)
        return NULL;
    if (!can_do(plugin, settings->type)) {
        error_set(error, ERROR_DEFINITION,
                  "%s/%s: makes no addresses of type %s; name another generator for it", settings->folder,
                  settings->file, settings->type);
        return NULL;
    }
    g_autoptr(Generator) generator = generator_new(settings, plugin);
    return begin_session(generator, error) ? g_steal_pointer(&generator) : NULL;
}

void generator_close(Generator *generator)
{
    if (!generator)
        return;
    if (generator->plugin) {
        enter(generator);
        generator->plugin->close(generator->handle);
        generator_frame_end();
    }
    g_free(generator->where);
    g_free(generator->type);
    g_free(generator->site);
    g_free(generator->server);
    g_free(generator->language);
    g_free(generator->organisation);
    g_free(generator->domain);
    g_strfreev(generator->settings);
    g_free(generator->crash_file);
    g_free(generator->frame);
    g_free(generator);
}

ProxygenVersion generator_version(const Generator *generator)
{
    return generator->plugin->version;
}

/* --- what comes back --- */

static bool broken(const Generator *generator, GError **error, const char *what, const char *of)
{
    g_autofree char *safe = of ? g_utf8_make_valid(of, (gssize)strnlen(of, 200)) : g_strdup("nothing");
    for (char *p = safe; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = '?';
    error_set(error, ERROR_PROTOCOL, "%s: %s (%s); what it made in this run is not used; see its maker",
              generator->where, what, safe);
    return false;
}

static bool has_controls(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p))
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return true;
    return false;
}

static bool has_type(const Generator *generator, const char *address)
{
    size_t len = strlen(generator->type);
    return !strncmp(address, generator->type, len) && address[len] == ':';
}

/* The generator itself must take what it made. */
static bool accepts_own(const Generator *generator, const char *address, GError **error)
{
    Message message = {0};
    int valid = 1;
    ProxygenStatus status =
        generator->plugin->validate_address(generator->handle, address, &valid, message.text);
    if (status == PROXYGEN_NOT_IMPLEMENTED || (status == PROXYGEN_OK && valid))
        return true;
    return broken(generator, error, "does not take its own address", address);
}

/* A copy of a plugin's string that may be used. */
static char *judge(const Generator *generator, const char *made, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!made || strnlen(made, BYTES_MAX + 1) > BYTES_MAX) {
        broken(generator, error, made ? "gave a very long address" : "said ok and gave no address", made);
        return NULL;
    }
    g_autofree char *copy = g_strdup(made);
    g_autoptr(Address) address = NULL;
    if (!g_utf8_validate(copy, -1, NULL))
        broken(generator, error, "gave an address that is not UTF-8", copy);
    else if (g_utf8_strlen(copy, -1) > PROXYGEN_ADDRESS_MAX)
        broken(generator, error, "gave an address of more than 1110 characters", copy);
    else if (has_controls(copy))
        broken(generator, error, "gave an address with control characters", copy);
    else if (!has_type(generator, copy))
        broken(generator, error, "gave an address of another type", copy);
    else if (!(address = address_parse(copy, &why)))
        broken(generator, error, "gave an address that is not valid", why->message);
    else if (accepts_own(generator, copy, error))
        return g_steal_pointer(&copy);
    return NULL;
}

/* --- generate --- */

void generator_request_clear(GeneratorRequest *request)
{
    g_clear_pointer(&request->address, g_free);
    g_clear_pointer(&request->message, g_free);
}

static bool take(Generator *generator, GeneratorRequest *request, ProxygenStatus status, char *made,
                 Message *message, GError **error)
{
    g_autofree char *why = words_of(message);
    switch ((unsigned)status) {
    case PROXYGEN_OK:
        request->kind = GENERATED;
        request->address = judge(generator, made, error);
        generator->plugin->free_address(made);
        return request->address != NULL;
    case PROXYGEN_NOT_IMPLEMENTED:
        request->kind = GENERATED_NONE;
        return true;
    case PROXYGEN_ERROR:
        request->kind = GENERATED_ERROR;
        request->message = g_steal_pointer(&why);
        return true;
    case PROXYGEN_NO_MEMORY:
        return broken(generator, error, "has no memory", request->recipient.display_name);
    }
    return broken(generator, error, "answered with a status that does not exist",
                  request->recipient.display_name);
}

static bool generate_one(Generator *generator, GeneratorRequest *request, size_t *calls, GError **error)
{
    Message message = {0};
    char *made = NULL;
    request->recipient.size = sizeof request->recipient;
    if (calls)
        ++*calls;
    ProxygenStatus status = generator->plugin->generate(generator->handle, &request->recipient,
                                                        request->retry, &made, message.text);
    return take(generator, request, status, made, &message, error);
}

/* Once a session: the same question gets the same answer. */
static bool repeats(Generator *generator, const GeneratorRequest *request, size_t *calls, GError **error)
{
    GeneratorRequest again = {.recipient = request->recipient, .retry = request->retry};
    if (generator->repeated || request->kind != GENERATED)
        return true;
    generator->repeated = true;
    bool ok = generate_one(generator, &again, calls, error);
    if (ok && g_strcmp0(again.address, request->address) != 0)
        ok = broken(generator, error, "gives another address each time it is asked", request->address);
    generator_request_clear(&again);
    return ok;
}

bool generator_generate(Generator *generator, GeneratorRequest *requests, size_t n, size_t *calls,
                        GError **error)
{
    bool ok = true;
    enter(generator);
    for (size_t i = 0; i < n && ok; i++)
        ok = generate_one(generator, &requests[i], calls, error) &&
             repeats(generator, &requests[i], calls, error);
    generator_frame_end();
    return ok;
}

bool generator_update(Generator *generator, const ProxygenRecipient *recipient, const char *old_site,
                      const char *current, char **address, GError **error)
{
    GeneratorRequest request = {.recipient = *recipient};
    Message message = {0};
    char *made = NULL;
    request.recipient.size = sizeof request.recipient;
    enter(generator);
    ProxygenStatus status =
        generator->plugin->update(generator->handle, &request.recipient, old_site,
                                  generator->site ? generator->site : "", current, &made, message.text);
    bool ok = take(generator, &request, status, made, &message, error);
    generator_frame_end();
    *address = g_steal_pointer(&request.address);
    generator_request_clear(&request);
    return ok;
}

/* --- validate --- */

typedef ProxygenStatus (*Validate)(void *handle, const char *text, int *valid, char *message);

static bool validate(Generator *generator, Validate function, const char *text, GError **error)
{
    Message message = {0};
    int valid = 0;
    enter(generator);
    ProxygenStatus status = function(generator->handle, text, &valid, message.text);
    generator_frame_end();
    g_autofree char *why = words_of(&message);
    if (status == PROXYGEN_NOT_IMPLEMENTED || (status == PROXYGEN_OK && valid))
        return true;
    if (status != PROXYGEN_OK)
        return broken(generator, error, why ? why : "cannot validate", text);
    error_set(error, ERROR_INVALID, "%s: %s", text, why ? why : "the generator does not take it");
    return false;
}

bool generator_validate(Generator *generator, const char *address, GError **error)
{
    return validate(generator, generator->plugin->validate_address, address, error);
}

bool generator_validate_template(Generator *generator, const char *site, GError **error)
{
    return validate(generator, generator->plugin->validate_template, site, error);
}

/*
 * generator.c - sessions with generators, and calls in batches
 *
 * Every call goes through the same gate: the crash frame is up, the answer's number
 * is one of the four, what was given is copied and checked (generator_answer.c).
 * Whoever breaks the contract once is not called again in this session, but to
 * close it.
 */
#include "proxygen/generator_internal.h"

#include <string.h>

#define WHOM_BYTES 64 /* of a recipient's name, in a message */

struct Generator {
    const ProxygenGenerator *functions;
    void *handle;
    char *file;
    ProxygenSession session; /* the strings are ours */
    char **settings;
    CrashFrame frame;
    bool opened;
    bool repeated; /* whether the same question was asked twice by now */
    bool broken;
};

/* --- what the plugin answered ------------------------------------------------------------------- */

/* @cause becomes an error about this generator, which is not to be used again. Always false. */
static bool breach(Generator *generator, const char *subject, GError *cause, GError **error)
{
    generator->broken = true;
    error_set(error, ERROR_PROTOCOL,
              "generator %s: %s: %s; it is not used again in this run, its maker must mend it",
              generator->file, subject, cause->message);
    return false;
}

/* False when the plugin gave an answer that does not exist, or had no memory. */
static bool status_is_known(ProxygenStatus status, GError **error)
{
    switch (status) {
    case PROXYGEN_OK:
    case PROXYGEN_NOT_IMPLEMENTED:
    case PROXYGEN_ERROR:
        return true;
    case PROXYGEN_NO_MEMORY:
        error_set(error, ERROR_PROTOCOL, "it had no memory");
        return false;
    }
    error_set(error, ERROR_PROTOCOL, "it gave the answer %d, which does not exist", (int)status);
    return false;
}

static char *message_of(const char message[PROXYGEN_MESSAGE_SIZE])
{
    g_autofree char *line = answer_text(message, PROXYGEN_MESSAGE_SIZE);
    return *line ? g_steal_pointer(&line) : g_strdup("the generator gives no reason");
}

typedef enum { VERDICT_BROKEN, VERDICT_BAD, VERDICT_GOOD } Verdict;

/* validate_address() and validate_template() have the same form. */
typedef ProxygenStatus (*Validator)(void *handle, const char *text, int *valid, char *message);

/* *reason is set with VERDICT_BAD, @cause with VERDICT_BROKEN. */
static Verdict judge(Generator *generator, Validator validator, const char *text, char **reason,
                     GError **cause)
{
    char message[PROXYGEN_MESSAGE_SIZE] = "";
    int valid = -1;
    ProxygenStatus status = validator(generator->handle, text, &valid, message);
    if (!status_is_known(status, cause))
        return VERDICT_BROKEN;
    if (status == PROXYGEN_NOT_IMPLEMENTED)
        return VERDICT_GOOD;
    if (status == PROXYGEN_OK && valid != 0 && valid != 1) {
        error_set(cause, ERROR_PROTOCOL, "it said neither valid nor not valid, but %d", valid);
        return VERDICT_BROKEN;
    }
    if (status == PROXYGEN_OK && valid)
        return VERDICT_GOOD;
    *reason = message_of(message);
    return VERDICT_BAD;
}

/* An address that its own generator does not take would be refused at the next look at it. */
static char *take_address(Generator *generator, char *given, GError **cause)
{
    g_autofree char *address =
        answer_take_address(generator->functions, given, generator->session.type, cause);
    g_autofree char *reason = NULL;
    if (!address)
        return NULL;
    Verdict verdict = judge(generator, generator->functions->validate_address, address, &reason, cause);
    if (verdict == VERDICT_BAD)
        error_set(cause, ERROR_PROTOCOL, "it made %s and does not take it as valid: %s", address, reason);
    return verdict == VERDICT_GOOD ? g_steal_pointer(&address) : NULL;
}

static char *whom(const ProxygenRecipient *recipient, const char *what)
{
    const char *name = recipient->alias ? recipient->alias : recipient->display_name;
    g_autofree char *shown = answer_text(name ? name : "", WHOM_BYTES);
    return g_strdup_printf("%s for \"%s\"", what, shown);
}

static bool may_be_used(const Generator *generator, GError **error)
{
    if (generator->broken)
        error_set(error, ERROR_PROTOCOL,
                  "generator %s: broke its contract before and is not used again in "
                  "this run",
                  generator->file);
    return !generator->broken;
}

/* --- sessions ----------------------------------------------------------------------------------- */

static Generator *generator_new(const GeneratorSettings *settings)
{
    static const char *const none[] = {NULL};
    Generator *generator = g_new0(Generator, 1);
    generator->file = g_strdup(settings->file);
    generator->settings = g_strdupv((char **)(settings->settings ? settings->settings : none));
    generator->session = (ProxygenSession){
        .size = sizeof(ProxygenSession),
        .type = g_strdup(settings->type),
        .site = g_strdup(settings->site),
        .server = g_strdup(settings->server),
        .language = g_strdup(settings->language),
        .organisation = g_strdup(settings->organisation ? settings->organisation : ""),
        .domain = g_strdup(settings->domain ? settings->domain : ""),
        .settings = (const char *const *)generator->settings,
    };
    return generator;
}

static bool has_type(const ProxygenGenerator *functions, const char *type)
{
    return !functions->types || g_strv_contains(functions->types, type);
}

static bool session_fits(const Generator *generator, GError **error)
{
    const char *type = generator->session.type;
    if (has_type(generator->functions, type))
        return true;
    g_autofree char *types = g_strjoinv(", ", (char **)generator->functions->types);
    error_set(error, ERROR_DEFINITION,
              "generator %s: makes no %s addresses, only %s; name another generator "
              "for that type",
              generator->file, type, types);
    return false;
}

/* True with generator->opened when there is something to generate. */
static bool open_session(Generator *generator, GError **error)
{
    char message[PROXYGEN_MESSAGE_SIZE] = "";
    g_autoptr(GError) cause = NULL;
    ProxygenStatus status = generator->functions->open(&generator->session, &generator->handle, message);
    generator->opened = status == PROXYGEN_OK;
    if (!status_is_known(status, &cause))
        return breach(generator, "begin of a session", cause, error);
    if (status == PROXYGEN_ERROR) {
        g_autofree char *reason = message_of(message);
        error_set(error, ERROR_DEFINITION,
                  "generator %s: %s: template %s: %s; mend the template or the settings "
                  "of this type",
                  generator->file, generator->session.type,
                  generator->session.site ? generator->session.site : "(its default)", reason);
    }
    return status != PROXYGEN_ERROR;
}

/* In the crash frame, since loading a plugin already runs it. */
static bool load_and_open(Generator *generator, PluginFile *file, GError **error)
{
    crash_frame_enter(&generator->frame);
    generator->functions = plugin_load(file, error);
    bool good = generator->functions && session_fits(generator, error) && open_session(generator, error);
    crash_frame_leave();
    return good;
}

Generator *generator_open(const GeneratorSettings *settings, GError **error)
{
    if (!settings->type || !answer_type_is_legal(settings->type)) {
        error_set(error, ERROR_DEFINITION,
                  "generator %s: \"%s\" cannot be an address type; write capitals and "
                  "digits",
                  settings->file, settings->type ? settings->type : "");
        return NULL;
    }
    g_auto(PluginFile) file = {.fd = -1};
    if (!plugin_file_find(settings->folder, settings->file, &file, error))
        return NULL;
    g_autoptr(Generator) generator = generator_new(settings);
    crash_frame_prepare(&generator->frame, settings->crash_file, &file, settings->type);
    bool good = load_and_open(generator, &file, error);
    return good && generator->opened ? g_steal_pointer(&generator) : NULL;
}

void generator_close(Generator *generator)
{
    if (!generator)
        return;
    if (generator->opened) {
        crash_frame_enter(&generator->frame);
        generator->functions->close(generator->handle);
        crash_frame_leave();
    }
    const ProxygenSession *session = &generator->session;
    const char *const strings[] = {session->type,     session->site,         session->server,
                                   session->language, session->organisation, session->domain};
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free((char *)strings[i]);
    g_strfreev(generator->settings);
    crash_frame_clear(&generator->frame);
    g_free(generator->file);
    g_free(generator);
}

ProxygenVersion generator_version(const Generator *generator)
{
    return generator->functions->version;
}

/* --- batches ------------------------------------------------------------------------------------ */

void generator_request_clear(GeneratorRequest *request)
{
    g_clear_pointer(&request->address, g_free);
    g_clear_pointer(&request->message, g_free);
    request->kind = GENERATED_NONE;
}

/* One call, with all that comes back of it. False with @cause when the contract is broken. */
static bool ask(Generator *generator, GeneratorRequest *request, GError **cause)
{
    static const GeneratedKind kinds[] = {
        [PROXYGEN_OK] = GENERATED,
        [PROXYGEN_NOT_IMPLEMENTED] = GENERATED_NONE,
        [PROXYGEN_ERROR] = GENERATED_ERROR,
    };
    char message[PROXYGEN_MESSAGE_SIZE] = "";
    char *given = NULL;
    request->recipient.size = sizeof request->recipient;
    ProxygenStatus status = generator->functions->generate(generator->handle, &request->recipient,
                                                           request->retry, &given, message);
    if (!status_is_known(status, cause))
        return false;
    request->kind = kinds[status];
    if (status == PROXYGEN_ERROR)
        request->message = message_of(message);
    else if (status == PROXYGEN_OK)
        request->address = take_address(generator, given, cause);
    return status != PROXYGEN_OK || request->address;
}

/* Addresses that depend on anything but the question would change at the next run. */
static bool ask_again(Generator *generator, const GeneratorRequest *request, GError **cause)
{
    GeneratorRequest again = {.recipient = request->recipient, .retry = request->retry};
    bool good = ask(generator, &again, cause);
    if (good && g_strcmp0(again.address, request->address) != 0) {
        error_set(cause, ERROR_PROTOCOL, "it made %s and, asked the same again, %s", request->address,
                  again.address ? again.address : "no address");
        good = false;
    }
    generator_request_clear(&again);
    return good;
}

static bool generate_one(Generator *generator, GeneratorRequest *request, size_t *calls, GError **error)
{
    g_autoptr(GError) cause = NULL;
    bool good = ask(generator, request, &cause);
    ++*calls;
    if (good && request->address && !generator->repeated) {
        generator->repeated = true;
        good = ask_again(generator, request, &cause);
        ++*calls;
    }
    if (good)
        return true;
    g_autofree char *what = g_strdup_printf("%s address, retry %u,", generator->session.type, request->retry);
    g_autofree char *subject = whom(&request->recipient, what);
    return breach(generator, subject, cause, error);
}

bool generator_generate(Generator *generator, GeneratorRequest *requests, size_t n, size_t *calls,
                        GError **error)
{
    size_t made = 0;
    for (size_t i = 0; i < n; i++)
        generator_request_clear(&requests[i]);
    bool good = may_be_used(generator, error);
    crash_frame_enter(&generator->frame);
    for (size_t i = 0; good && i < n; i++)
        good = generate_one(generator, &requests[i], &made, error);
    crash_frame_leave();
    for (size_t i = 0; !good && i < n; i++)
        generator_request_clear(&requests[i]);
    if (calls)
        *calls += made;
    return good;
}

/* --- single calls ------------------------------------------------------------------------------- */

static bool update(Generator *generator, const ProxygenRecipient *recipient, const char *old_site,
                   const char *current, char **address, GError **cause)
{
    char message[PROXYGEN_MESSAGE_SIZE] = "";
    char *given = NULL;
    ProxygenRecipient whose = *recipient;
    whose.size = sizeof whose;
    ProxygenStatus status = generator->functions->update(generator->handle, &whose, old_site,
                                                         generator->session.site, current, &given, message);
    if (!status_is_known(status, cause))
        return false;
    *address = status == PROXYGEN_OK ? take_address(generator, given, cause) : NULL;
    return status != PROXYGEN_OK || *address;
}

bool generator_update(Generator *generator, const ProxygenRecipient *recipient, const char *old_site,
                      const char *current, char **address, GError **error)
{
    *address = NULL;
    if (!may_be_used(generator, error))
        return false;
    if (!old_site || !generator->session.site)
        return true;
    g_autoptr(GError) cause = NULL;
    crash_frame_enter(&generator->frame);
    bool good = update(generator, recipient, old_site, current, address, &cause);
    crash_frame_leave();
    if (good)
        return true;
    g_autofree char *subject = whom(recipient, "update of an address");
    return breach(generator, subject, cause, error);
}

static bool validate(Generator *generator, Validator validator, const char *what, const char *text,
                     GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *reason = g_strdup(answer_address_fault(text));
    g_autofree char *shown = answer_text(text, WHOM_BYTES);
    if (!may_be_used(generator, error))
        return false;
    Verdict verdict = VERDICT_BAD;
    if (!reason) {
        crash_frame_enter(&generator->frame);
        verdict = judge(generator, validator, text, &reason, &cause);
        crash_frame_leave();
    }
    g_autofree char *subject = g_strdup_printf("%s \"%s\"", what, shown);
    if (verdict == VERDICT_BROKEN)
        return breach(generator, subject, cause, error);
    if (verdict == VERDICT_BAD)
        error_set(error, ERROR_INVALID, "%s: %s", subject, reason);
    return verdict == VERDICT_GOOD;
}

bool generator_validate(Generator *generator, const char *address, GError **error)
{
    return validate(generator, generator->functions->validate_address, "address", address, error);
}

bool generator_validate_template(Generator *generator, const char *site, GError **error)
{
    return validate(generator, generator->functions->validate_template, "template", site, error);
}

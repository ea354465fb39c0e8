/*
 * generator_session.c - beginning and end of a session with a generator
 *
 * Opening is loading, too, so it is done within the crash frame as a whole.
 */
#include "proxygen/generator_internal.h"

bool generator_breach(Generator *generator, const char *subject, const GError *cause, GError **error)
{
    generator->broken = true;
    error_set(error, ERROR_PROTOCOL,
              "generator %s: %s: %s; it is not used again in this run, its maker must mend it",
              generator->file, subject, cause->message);
    return false;
}

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
              "generator %s: makes no %s addresses, only %s; name another generator for that type",
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
    if (!answer_status_is_known(status, &cause))
        return generator_breach(generator, "begin of a session", cause, error);
    if (status == PROXYGEN_ERROR) {
        g_autofree char *reason = answer_message(message);
        error_set(error, ERROR_DEFINITION,
                  "generator %s: %s: template %s: %s; mend the template or the settings of this type",
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
                  "generator %s: \"%s\" cannot be an address type; write capitals and digits", settings->file,
                  settings->type ? settings->type : "");
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

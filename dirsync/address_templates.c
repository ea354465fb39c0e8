/*
 * address_templates.c - templates, their types, and the generators behind them
 *
 * A session is opened when the first recipient wants it. Whatever is wrong with a
 * type (its file is missing, older than the registered one, crashed last time, or
 * breaks its contract) disables the type for this run, is told once, and nothing is
 * written for it.
 */
#include "dirsync/address_step_internal.h"
#include "proxygen/registrar.h"

#include <string.h>

TypeState *address_type_state(AddressStep *step, const char *type)
{
    for (guint i = 0; i < step->types->len; i++) {
        TypeState *known = g_ptr_array_index(step->types, i);
        if (!g_ascii_strcasecmp(known->name, type))
            return known;
    }
    TypeState *state = g_new0(TypeState, 1);
    state->name = g_ascii_strup(type, -1);
    g_ptr_array_add(step->types, state);
    return state;
}

void address_disable_type(AddressStep *step, TypeState *type, const char *why)
{
    (void)step;
    if (type->disabled)
        return;
    type->disabled = g_strdup(why);
    event_emit(EVENT_TYPE_DISABLED, type->name, "no address of this type is given in this run: %s", why);
}

guint address_template(AddressStep *step, const char *type, const char *site, bool primary,
                       const char *because)
{
    for (guint i = 0; i < step->templates->len; i++) {
        const Template *known = template_at(step, i);
        if (!strcmp(known->type->name, type) && !g_strcmp0(known->site, site) && known->primary == primary &&
            !strcmp(known->because, because))
            return i;
    }
    Template *template = g_new0(Template, 1);
    template->type = address_type_state(step, type);
    template->site = g_strdup(site);
    template->because = g_strdup(because);
    template->primary = primary;
    g_ptr_array_add(step->templates, template);
    return step->templates->len - 1;
}

/* --- the session --- */

/* The registered version is the one that other hosts use: with an older file the same person would get
 * another address here. */
static bool is_new_enough(const AddressStep *step, const char *type, const char *folder, const char *file,
                          GError **error)
{
    const RegisteredType *registered = registrar_find(step->registered, type);
    ProxygenVersion version;
    if (!generator_probe(folder, file, &version, error))
        return false;
    if (!registrar_is_older(registered, file, version))
        return true;
    g_autofree char *here = generator_version_text(version);
    g_autofree char *there = generator_version_text(registered->version);
    error_set(error, ERROR_DEFINITION,
              "%s/%s has version %s, and %s is registered; install the newer one here, or go back "
              "everywhere: dirsync "
              "addrtype unregister, then register",
              folder, file, here, there);
    return false;
}

static bool has_not_crashed(const AddressStep *step, const char *folder, const char *file, GError **error)
{
    g_autofree char *frame = NULL;
    if (!generator_crashed(step->crash_file, folder, file, &frame))
        return true;
    error_set(error, ERROR_DEFINITION,
              "%s/%s ended an earlier run (%s); install a mended one, or remove %s to try it again", folder,
              file, frame, step->crash_file);
    return false;
}

static Generator *open_session(AddressStep *step, const Template *template, GError **error)
{
    const Organisation *organisation = step->connector->organisation;
    const char *file, *display_name, *type = template->type->name;
    const char *const *settings;
    const char *folder = generator_folder(step->settings->generators);
    if (!registrar_generator(organisation, type, &file, &display_name, &settings, error) ||
        !has_not_crashed(step, folder, file, error) || !is_new_enough(step, type, folder, file, error))
        return NULL;
    GeneratorSettings how = {.folder = folder,
                             .file = file,
                             .type = type,
                             .site = template->site,
                             .server = step->connector->addresses.server,
                             .language = step->settings->language,
                             .organisation = organisation->name,
                             .domain = organisation->domains[0],
                             .settings = settings,
                             .crash_file = step->crash_file};
    return generator_open(&how, error);
}

bool address_check_old_site(AddressStep *step, GError **error)
{
    const char *old = step->options.old_site, *name = step->options.apply_policy;
    const Policy *policy = NULL;
    for (size_t i = 0; old && name && i < policies_count(step->policies); i++)
        if (!strcmp(policies_at(step->policies, i)->name, name))
            policy = policies_at(step->policies, i);
    for (size_t i = 0; policy && i < policy->n_templates; i++) {
        const PolicyTemplate *now = &policy->templates[i];
        if (!address_is_of_type(old, now->type))
            continue;
        g_autofree char *because = g_strdup_printf("policy %s", name);
        guint at = address_template(step, now->type, now->text, now->primary, because);
        Generator *generator = address_session(step, template_at(step, at));
        g_autoptr(GError) why = NULL;
        if (generator && !generator_validate_template(generator, old, &why))
            error_set(error, ERROR_DEFINITION, "--from-template %s", why->message);
        return !why;
    }
    if (policy)
        error_set(error, ERROR_DEFINITION,
                  "--from-template %s: policy %s has no template of that type; write the one that it had "
                  "before, TYPE:template",
                  old, name);
    return !policy;
}

Generator *address_session(AddressStep *step, Template *template)
{
    if (template->type->disabled)
        return NULL;
    if (template->opened)
        return template->generator;
    template->opened = true;
    g_autoptr(GError) error = NULL;
    template->generator = open_session(step, template, &error);
    if (error)
        address_disable_type(step, template->type, error->message);
    return template->generator;
}

/*
 * addrtype.c - dirsync addrtype: what is registered, and registering it
 *
 * Objects are written one after the other; what was done before something failed
 * stands, is printed, and is left as it is by the next try.
 */
#include "dirsync/command/command.h"
#include "dirsync/report/report.h"
#include "proxygen/address.h"
#include "proxygen/generator.h"
#include "proxygen/registrar.h"

#include <stdio.h>
#include <string.h>

static gboolean option_defaults, option_remove_addresses, option_dry_run;

static const GOptionEntry own_options[] = {
    {"defaults", 0, 0, G_OPTION_ARG_NONE, &option_defaults, "register: the types whose generators ship",
     NULL},
    {"remove-addresses", 0, 0, G_OPTION_ARG_NONE, &option_remove_addresses,
     "unregister: take its addresses away, under the limits", NULL},
    {"dry-run", 0, 0, G_OPTION_ARG_NONE, &option_dry_run, "Only show what would be done", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

typedef struct {
    Settings *settings;
    const Connector *connector;
    Directory *home;
    GPtrArray *types; /* in capitals, as the words name them */
    json_t *json;     /* the document */
    GHashTable *told; /* objects that were named */
    bool missing;     /* one of them is not there yet */
} Errand;

/* Members of the document that every action has. */
static json_t *document(const char *action, const Connector *connector)
{
    return json_pack("{s:s, s:s, s:s}", "verb", "addrtype", "action", action, "connector", connector->name);
}

/* --- list --- */

/* Version of the registered file on this host; "-" for another kind of processor. g_free(). */
static char *version_here(const Errand *errand, const RegisteredType *type)
{
    const char *folder = generator_folder(errand->connector->organisation->addresses.generators);
    ProxygenVersion version;
    if (g_ascii_strcasecmp(type->cpu, registrar_cpu()) != 0)
        return g_strdup("-");
    if (!type->generator || !generator_probe(folder, type->generator, &version, NULL))
        return g_strdup("unusable");
    return generator_version_text(version);
}

static void list_type(const Errand *errand, const RegisteredType *type)
{
    g_autofree char *version = type->has_version ? generator_version_text(type->version) : g_strdup("-");
    g_autofree char *here = version_here(errand, type);
    const char *name = type->display_name ? type->display_name : "";
    const char *file = type->generator ? type->generator : "";
    if (errand->settings->json) {
        json_array_append_new(json_object_get(errand->json, "types"),
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "type", type->type, "cpu",
                                        type->cpu, "version", version, "here", here, "generator", file,
                                        "name", name, "dn", type->dn));
        return;
    }
    g_autofree char *line =
        g_strdup_printf("%-8s %-8s %-12s %-12s %-14s %s", type->type, type->cpu, version, here, file, name);
    g_autofree char *safe = report_safe(line);
    puts(safe);
}

/* What registering the connector's object would do is the state it is in. */
static void take_state(const char *what, const char *dn, void *data)
{
    static const struct {
        const char *would, *state;
    } states[] = {{"would add", "not registered"}, {"would change", "differs"}, {"unchanged", "as defined"}};
    const Errand *errand = data;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (!strcmp(states[i].would, what))
            json_object_set_new(errand->json, "object",
                                json_pack("{s:s, s:s}", "state", states[i].state, "dn", dn));
}

static bool list_connector(const Errand *errand, GError **error)
{
    if (!errand->connector->addresses.type)
        return true;
    if (!registrar_register_connector(errand->connector, errand->home, true, take_state, (void *)errand,
                                      error))
        return false;
    const json_t *object = json_object_get(errand->json, "object");
    g_autofree char *dn = report_safe(json_string_value(json_object_get(object, "dn")));
    if (!errand->settings->json)
        printf("\nconnector %s: %s\n    %s\n", errand->connector->name,
               json_string_value(json_object_get(object, "state")), dn);
    return true;
}

static int list(Errand *errand, GError **error)
{
    g_autoptr(GPtrArray) types = registrar_list(errand->connector->organisation, errand->home, error);
    if (!types)
        return 0;
    json_object_set_new(errand->json, "types", json_array());
    if (!errand->settings->json && types->len)
        printf("%-8s %-8s %-12s %-12s %-14s %s\n", "TYPE", "CPU", "REGISTERED", "HERE", "GENERATOR", "NAME");
    else if (!errand->settings->json)
        puts("no address type is registered");
    for (guint i = 0; i < types->len; i++)
        list_type(errand, g_ptr_array_index(types, i));
    list_connector(errand, error);
    return 0;
}

/* --- register, unregister --- */

static void take_object(const char *what, const char *dn, void *data)
{
    Errand *errand = data;
    errand->missing |= !strcmp(what, REGISTRAR_MISSING);
    if (!g_hash_table_add(errand->told, g_strdup(dn)) && option_dry_run)
        return; /* a container that each type would need */
    json_array_append_new(json_object_get(errand->json, "objects"),
                          json_pack("{s:s, s:s}", "what", what, "dn", dn));
    g_autofree char *safe = report_safe(dn);
    if (!errand->settings->json && !errand->settings->quiet)
        printf("%s %s\n", what, safe);
}

static bool register_type(Errand *errand, const char *type, GError **error)
{
    return registrar_register(errand->connector->organisation, errand->home, type, option_dry_run,
                              take_object, errand, error);
}

static bool register_own(Errand *errand, GError **error)
{
    const char *type = errand->connector->addresses.type;
    return (!type || register_type(errand, type, error)) &&
           registrar_register_connector(errand->connector, errand->home, option_dry_run, take_object, errand,
                                        error);
}

static int do_register(Errand *errand, GError **error)
{
    json_object_set_new(errand->json, "objects", json_array());
    for (const AddressType *const *type = address_types(); option_defaults && *type; type++)
        if ((*type)->generator)
            g_ptr_array_add(errand->types, g_strdup((*type)->name));
    bool good = true;
    for (guint i = 0; good && i < errand->types->len; i++)
        good = register_type(errand, g_ptr_array_index(errand->types, i), error);
    if (good && !errand->types->len)
        register_own(errand, error);
    if (errand->missing && !errand->settings->json && !errand->settings->quiet)
        puts("What is missing is pointed to when it is there: once a sync has made it,\nregister again.");
    return 0;
}

/* What --json shows of the run is a member of the one document. */
static int end_in_document(Errand *errand, const RunResult *result, GError *failure, GError **error)
{
    int status = failure ? error_exit_status(failure) : run_exit_status(result);
    progress_wipe(errand->settings->progress);
    json_object_set_new(errand->json, "run",
                        report_result_json("addrtype", errand->connector->name, result, failure));
    if (failure)
        g_propagate_error(error, failure);
    return status;
}

static int plan_in_document(Errand *errand, const RunOptions *options, GError **error)
{
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    g_autofree char *folder = g_dir_make_tmp("dirsync-plan-XXXXXX", &failure);
    if (folder) {
        run_plan(errand->connector, options, folder, &result, &failure);
        plan_remove(folder);
    }
    return end_in_document(errand, &result, failure, error);
}

static int run_removal(Errand *errand, const RunOptions *options, GError **error)
{
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    if (option_dry_run)
        return errand->settings->json
                   ? plan_in_document(errand, options, error)
                   : settings_plan(errand->settings, "addrtype", errand->connector, options, error);
    run_sync(errand->connector, options, &result, &failure);
    if (errand->settings->json)
        return end_in_document(errand, &result, failure, error);
    return settings_end(errand->settings, "addrtype", errand->connector, &result, failure, error);
}

/* By a run of the address step alone: under the limits, with a plan and an undo. */
static int remove_addresses(Errand *errand, const char *type, GError **error)
{
    RunOptions options;
    if (!errand->connector->pass[STEP_ADDRESSES].wanted) {
        error_set(error, ERROR_DEFINITION,
                  "%s: has no <addresses>, so it gave nobody any that could be removed; leave out "
                  "--remove-addresses",
                  errand->connector->path);
        return 0;
    }
    if (!settings_run_options(errand->settings, errand->connector, &options, error))
        return 0;
    for (int step = 0; step < STEPS; step++)
        options.steps[step] = step == STEP_ADDRESSES;
    options.pass.remove_type = type;
    GError *failure = NULL;
    int status = run_removal(errand, &options, &failure);
    if (status && !failure && !errand->settings->json)
        printf("%s stays registered: not every address could be removed\n", type);
    if (failure)
        g_propagate_error(error, failure);
    return status;
}

/* The addresses go first: without its object nobody would know any more what they are. */
static int unregister(Errand *errand, GError **error)
{
    const Organisation *organisation = errand->connector->organisation;
    const char *type = g_ptr_array_index(errand->types, 0);
    GError *failure = NULL;
    int status = 0;
    json_object_set_new(errand->json, "objects", json_array());
    bool there = registrar_unregister(organisation, errand->home, type, true, NULL, NULL, &failure);
    if (there && option_remove_addresses)
        status = remove_addresses(errand, type, &failure);
    if (there && !status && !failure)
        registrar_unregister(organisation, errand->home, type, option_dry_run, take_object, errand, &failure);
    if (failure)
        g_propagate_error(error, failure);
    return status;
}

/* --- words --- */

typedef struct {
    const char *name;
    int (*run)(Errand *errand, GError **error);
    int least, most; /* types */
    bool writes, takes_defaults, takes_removal;
} Action;

static const Action actions[] = {
    {"list", list, 0, 0, false, false, false},
    {"register", do_register, 0, G_MAXINT, true, true, false},
    {"unregister", unregister, 1, 1, true, false, true},
};

static const Action *find_action(int argc, char **argv, GError **error)
{
    const Action *found = NULL;
    for (size_t i = 0; argc > 1 && i < G_N_ELEMENTS(actions); i++)
        if (!strcmp(actions[i].name, argv[0]))
            found = &actions[i];
    if (found && argc - 2 >= found->least && argc - 2 <= found->most && (found->writes || !option_dry_run) &&
        (found->takes_defaults || !option_defaults) && (found->takes_removal || !option_remove_addresses))
        return found;
    settings_usage(&command_addrtype, error);
    return NULL;
}

static GPtrArray *take_types(int n, char **words, GError **error)
{
    g_autoptr(GPtrArray) types = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < n; i++) {
        g_ptr_array_add(types, g_ascii_strup(words[i], -1));
        if (address_type_is_legal(g_ptr_array_index(types, i)))
            continue;
        error_set(error, ERROR_DEFINITION,
                  "%s: not the name of an address type; it is made of letters and digits, at most %d",
                  words[i], ADDRESS_TYPE_MAX);
        return NULL;
    }
    return g_steal_pointer(&types);
}

static int run_action(const Action *action, Errand *errand, GError **error)
{
    GError *failure = NULL;
    int status = action->run(errand, &failure);
    if (errand->settings->json) {
        if (action->writes)
            json_object_set_new(errand->json, "dry_run", json_boolean(option_dry_run));
        if (failure)
            json_object_set_new(errand->json, "error", json_string(failure->message));
        report_print_json(stdout, json_incref(errand->json));
    }
    if (failure)
        g_propagate_error(error, failure);
    return status;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    const Action *action = find_action(argc, argv, error);
    g_autoptr(GPtrArray) types = action ? take_types(argc - 2, argv + 2, error) : NULL;
    g_autoptr(Connector) connector = types ? settings_connector(settings, 1, argv + 1, 1, error) : NULL;
    g_autoptr(Directory) home =
        connector ? directory_open(connector_endpoint(connector, STEP_ADDRESSES, TARGET), error) : NULL;
    if (!home)
        return 0;
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Errand errand = {.settings = settings,
                     .connector = connector,
                     .home = home,
                     .types = types,
                     .json = document(action->name, connector),
                     .told = told};
    int status = run_action(action, &errand, error);
    json_decref(errand.json);
    return status;
}

const Command command_addrtype = {"addrtype",
                                  "list|register|unregister CONNECTOR [TYPE...]",
                                  "Show, register or remove address types",
                                  OPTIONS_RUN | OPTIONS_LIMITS,
                                  run,
                                  own_options};

/*
 * addrtype.c - dirsync addrtype: address types and the connector as objects of the directory
 */
#include "dirsync/command/command.h"
#include "dirsync/report/report.h"
#include "proxygen/address.h"
#include "proxygen/generator.h"
#include "proxygen/registrar.h"

#include <stdio.h>
#include <string.h>

/* --- list --- */

static void print_type(const RegisteredType *type, json_t *list)
{
    g_autofree char *version = type->has_version ? generator_version_text(type->version) : g_strdup("?");
    if (list)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?}", "type", type->type, "cpu",
                                              type->cpu, "dn", type->dn, "generator", type->generator,
                                              "version", type->has_version ? version : NULL, "display_name",
                                              type->display_name));
    else
        printf("%-8s %-8s %-14s %-10s %s\n", type->type, type->cpu, type->generator ? type->generator : "?",
               version, type->display_name ? type->display_name : "");
}

static void list_types(const Settings *settings, const Connector *connector, Directory *home, GError **error)
{
    g_autoptr(GPtrArray) types = registrar_list(connector->organisation, home, error);
    json_t *list = types && settings->json ? json_array() : NULL;
    for (guint i = 0; types && i < types->len; i++)
        print_type(g_ptr_array_index(types, i), list);
    if (list)
        report_print_json(stdout, json_pack("{s:s, s:s, s:o}", "verb", "addrtype list", "connector",
                                            connector->name, "types", list));
    else if (types && !types->len && !settings->quiet)
        printf("no address type is registered; dirsync addrtype register %s --defaults registers those that "
               "ship\n",
               connector->name);
}

/* --- register and unregister --- */

typedef struct {
    const Settings *settings;
    json_t *list;
} Telling;

static void told(const char *what, const char *dn, void *data)
{
    const Telling *telling = data;
    if (telling->list) {
        json_array_append_new(telling->list, json_pack("{s:s, s:s}", "what", what, "dn", dn));
    } else if (!telling->settings->quiet) {
        g_autofree char *safe = report_safe(dn);
        printf("%s %s\n", what, safe);
    }
}

static bool register_defaults(const Settings *settings, const Connector *connector, Directory *home,
                              Telling *telling, GError **error)
{
    for (const AddressType *const *type = address_types(); *type; type++)
        if ((*type)->generator && !registrar_register(connector->organisation, home, (*type)->name,
                                                      settings->dry_run, told, telling, error))
            return false;
    return true;
}

/* Without a type: the connector's own, and the object of the connector. */
static bool register_types(const Settings *settings, const Connector *connector, Directory *home, int n,
                           char **types, Telling *telling, GError **error)
{
    const Organisation *organisation = connector->organisation;
    const char *own = connector->addresses.type;
    if (settings->defaults && !register_defaults(settings, connector, home, telling, error))
        return false;
    for (int i = 0; i < n; i++) {
        if (!address_type_is_legal(types[i])) {
            error_set(error, ERROR_DEFINITION, "%s: an address type is letters and digits", types[i]);
            return false;
        }
        if (!registrar_register(organisation, home, types[i], settings->dry_run, told, telling, error))
            return false;
    }
    if (n || settings->defaults)
        return true;
    return (!own || registrar_register(organisation, home, own, settings->dry_run, told, telling, error)) &&
           registrar_register_connector(connector, home, settings->dry_run, told, telling, error);
}

/* Under the limits, with a plan and an undo: first the addresses, then the type. */
static bool remove_addresses(Settings *settings, const Connector *connector, const char *type, int *status,
                             GError **error)
{
    RunOptions options;
    g_autofree char *upper = g_ascii_strup(type, -1);
    if (!settings_run_options(settings, connector, &options, error))
        return false;
    for (int step = 0; step < STEPS; step++)
        options.steps[step] = step == STEP_ADDRESSES;
    options.pass.remove_type = upper;
    if (settings->dry_run) {
        *status = settings_plan(settings, "addrtype unregister", connector, &options, error);
        return !error || !*error;
    }
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    run_sync(connector, &options, &result, &failure);
    *status = settings_end(settings, "addrtype unregister", connector, &result, failure, error);
    return !failure;
}

static bool unregister(Settings *settings, const Connector *connector, Directory *home, const char *type,
                       Telling *telling, int *status, GError **error)
{
    if (settings->remove_addresses && !connector->pass[STEP_ADDRESSES].wanted) {
        error_set(error, ERROR_DEFINITION,
                  "%s: has no <addresses>, so it gave nobody any that could be removed", connector->path);
        return false;
    }
    return (!settings->remove_addresses || remove_addresses(settings, connector, type, status, error)) &&
           registrar_unregister(connector->organisation, home, type, settings->dry_run, told, telling, error);
}

/* --- the verb --- */

static int change(Settings *settings, const Connector *connector, Directory *home, const char *what, int n,
                  char **types, GError **error)
{
    int status = 0;
    Telling telling = {settings, settings->json ? json_array() : NULL};
    bool ok = !strcmp(what, "register")
                  ? register_types(settings, connector, home, n, types, &telling, error)
                  : unregister(settings, connector, home, types[0], &telling, &status, error);
    if (telling.list)
        report_print_json(stdout, json_pack("{s:s, s:s, s:b, s:o}", "verb", "addrtype", "what", what,
                                            "dry_run", (int)settings->dry_run, "objects", telling.list));
    else if (ok && settings->dry_run && !settings->quiet)
        puts("(dry run: nothing was written)");
    return status;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    const char *what = argc ? argv[0] : "";
    bool list = !strcmp(what, "list") && argc == 2;
    bool changes = (!strcmp(what, "register") && argc >= 2) || (!strcmp(what, "unregister") && argc == 3);
    if (!list && !changes) {
        settings_usage(&command_addrtype, error);
        return 0;
    }
    g_autoptr(Connector) connector = settings_connector(settings, 1, argv + 1, 1, error);
    g_autoptr(Directory) home = connector ? directory_open(&connector->organisation->home, error) : NULL;
    if (!home)
        return 0;
    if (changes)
        return change(settings, connector, home, what, argc - 2, argv + 2, error);
    list_types(settings, connector, home, error);
    return 0;
}

const Command command_addrtype = {"addrtype",
                                  "list CONNECTOR | register CONNECTOR [TYPE...] | unregister CONNECTOR TYPE",
                                  "Register address types and the connector in the directory",
                                  OPTIONS_RUN | OPTIONS_PLAN | OPTIONS_ADDRTYPE, run};

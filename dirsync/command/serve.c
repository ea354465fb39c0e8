/*
 * serve.c - dirsync serve: address look-ups for the gateway and mail servers
 *
 * Reads the organisation's definition for the name of the index and the domains,
 * or nothing but the index itself (--index). --query asks the index directly, for
 * people; it needs no service that runs.
 */
#include "dirsync/command/command.h"
#include "dirsync/lookup/server.h"
#include "dirsync/report/report.h"
#include "dirsync/state.h"
#include "proxygen/address.h"

#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PORT_MAX 65535
#define CONNECTIONS_MAX 65536
#define HOUR 3600

static char **option_socketmaps, **option_lines;
static char *option_index, *option_mode, *option_group, *option_user, *option_query, *option_port,
    *option_connections, *option_old;

static const GOptionEntry own_options[] = {
    {"socketmap", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_socketmaps,
     "Answer mail servers at this socket; as often as needed", "PATH"},
    {"lines", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_lines,
     "Answer the gateway at this socket; as often as needed", "PATH"},
    {"port", 0, 0, G_OPTION_ARG_STRING, &option_port, "Answer mail servers at this TCP port on 127.0.0.1",
     "N"},
    {"mode", 0, 0, G_OPTION_ARG_STRING, &option_mode, "Permissions of the sockets; 0660", "OCTAL"},
    {"group", 0, 0, G_OPTION_ARG_STRING, &option_group, "Group of the sockets", "NAME"},
    {"user", 0, 0, G_OPTION_ARG_STRING, &option_user, "Become this user once the sockets are there", "NAME"},
    {"connections", 0, 0, G_OPTION_ARG_STRING, &option_connections, "At most N at a time; 1024", "N"},
    {"old", 0, 0, G_OPTION_ARG_STRING, &option_old, "Warn after N hours without a sync; 26, 0 never", "N"},
    {"index", 0, 0, G_OPTION_ARG_FILENAME, &option_index, "Answer from this file; no definition is read",
     "FILE"},
    {"query", 0, 0, G_OPTION_ARG_STRING, &option_query, "Show who has this address, and end", "ADDRESS"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* What is answered from. */
typedef struct {
    Organisation *organisation; /* NULL: --index */
    char *index;
} Answering;

static void answering_clear(Answering *answering)
{
    organisation_free(answering->organisation);
    g_free(answering->index);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answering, answering_clear)

static bool find_index(const Settings *settings, int argc, char **argv, Answering *answering, GError **error)
{
    if (argc != (option_index ? 0 : 1)) {
        settings_usage(&command_serve, error);
        return false;
    }
    if (option_index) {
        answering->index = g_canonicalize_filename(option_index, NULL);
        return true;
    }
    g_autofree char *path = organisation_path(argv[0], error);
    answering->organisation = path ? organisation_load(path, error) : NULL;
    if (answering->organisation)
        answering->index =
            state_organisation_file(answering->organisation, settings->state_folder, STATE_INDEX);
    return answering->organisation;
}

static const char *const *domains(const Answering *answering)
{
    return answering->organisation ? (const char *const *)answering->organisation->domains : NULL;
}

/* --- a question by hand --- */

static json_t *strings_as_json(const GPtrArray *strings)
{
    json_t *list = json_array();
    for (guint i = 0; i < strings->len; i++)
        json_array_append_new(list, text_as_json(g_ptr_array_index(strings, i)));
    return list;
}

static json_t *recipient_as_json(const LookupRecipient *found, const char *smtp, const GPtrArray *addresses)
{
    const char *const texts[][2] = {{"id", found->id},
                                    {"dn", found->dn},
                                    {"kind", found->kind},
                                    {"name", found->name},
                                    {"smtp", smtp},
                                    {"legacy", found->legacy},
                                    {"target", found->target},
                                    {"connector", found->connector},
                                    {"matched", found->matched}};
    json_t *json = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        json_object_set_new(json, texts[i][0], text_as_json(texts[i][1]));
    json_object_set_new(json, "hidden", json_boolean(found->hidden));
    json_object_set_new(json, "disabled", json_boolean(found->disabled));
    json_object_set_new(json, "graced", json_boolean(found->graced));
    json_object_set_new(json, "addresses", strings_as_json(addresses));
    return json;
}

static void print_member(const char *name, const char *value)
{
    if (!value)
        return;
    g_autofree char *safe = report_safe(value);
    printf("    %-10s %s\n", name, safe);
}

static void print_recipient(const LookupRecipient *found, const char *smtp, const GPtrArray *addresses)
{
    g_autofree char *dn = report_safe(found->dn);
    printf("%s\n", dn);
    print_member("id", found->id);
    print_member("kind", found->kind);
    print_member("name", found->name);
    print_member("smtp", smtp);
    print_member("legacy", found->legacy);
    print_member("target", found->target);
    print_member("connector", found->connector ? found->connector : "none: a native of the home directory");
    print_member("matched", found->matched);
    print_member("hidden", found->hidden ? "yes" : NULL);
    print_member("disabled", found->disabled ? "yes" : NULL);
    print_member("in grace", found->graced ? "yes" : NULL);
    for (guint i = 0; i < addresses->len; i++)
        print_member(i ? "" : "addresses", g_ptr_array_index(addresses, i));
}

static void print_found(const Settings *settings, const LookupRecipient *found, const char *smtp,
                        const GPtrArray *addresses)
{
    if (settings->json)
        report_print_json(stdout, json_pack("{s:s, s:s, s:b, s:o?}", "verb", "serve", "query", option_query,
                                            "found", found != NULL, "recipient",
                                            found ? recipient_as_json(found, smtp, addresses) : NULL));
    else if (found)
        print_recipient(found, smtp, addresses);
}

/* Scripts must not take "cannot say" for "nobody": exit 5, not 1. */
static void refuse(const GError *why, GError **error)
{
    error_set(error, error_is(why, ERROR_INVALID) ? ERROR_INVALID : ERROR_BUSY, "%s", why->message);
}

static void query(const Settings *settings, const Answering *answering, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(Lookup) lookup = lookup_new(answering->index, domains(answering));
    g_autoptr(LookupRecipient) found = NULL;
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *smtp = NULL;
    if (!lookup_find(lookup, option_query, &found, &why) ||
        (found && (!lookup_primary(lookup, found, "SMTP", &smtp, &why) ||
                   !lookup_addresses(lookup, found, addresses, &why)))) {
        refuse(why, error);
        return;
    }
    print_found(settings, found, smtp ? address_split(smtp, NULL, NULL) : NULL, addresses);
    if (!found)
        error_set(error, ERROR_NOT_FOUND, "%s: no recipient has this address", option_query);
}

/* --- the service --- */

static bool read_mode(ServerSettings *server, GError **error)
{
    char *end = NULL;
    unsigned long mode = option_mode ? strtoul(option_mode, &end, 8) : server->mode;
    if (option_mode && (*end || !*option_mode || mode > 0777)) {
        error_set(error, ERROR_DEFINITION, "--mode %s: say permissions such as 0660", option_mode);
        return false;
    }
    server->mode = (mode_t)mode;
    return true;
}

static bool read_group(ServerSettings *server, GError **error)
{
    const struct group *group = option_group ? getgrnam(option_group) : NULL;
    if (option_group && !group) {
        error_set(error, ERROR_DEFINITION, "--group %s: there is no such group", option_group);
        return false;
    }
    if (group)
        server->group = group->gr_gid;
    return true;
}

static bool read_numbers(ServerSettings *server, GError **error)
{
    static const NumberOption at_port = {.name = "--port",
                                         .what = "which TCP port",
                                         .least = 1,
                                         .most = PORT_MAX},
                              at_a_time = {.name = "--connections",
                                           .what = "how many clients",
                                           .least = 1,
                                           .most = CONNECTIONS_MAX},
                              hours = {.name = "--old",
                                       .what = "after how many hours to warn",
                                       .least = 1,
                                       .most = INT_MAX,
                                       .zero = "never"};
    double port = server->port, connections = server->connections, old = (double)server->old / HOUR;
    if (!settings_number(&at_port, option_port, &port, error) ||
        !settings_number(&at_a_time, option_connections, &connections, error) ||
        !settings_number(&hours, option_old, &old, error))
        return false;
    server->port = (unsigned)port;
    server->connections = (unsigned)connections;
    server->old = (gint64)(old * HOUR);
    return true;
}

static bool read_options(ServerSettings *server, GError **error)
{
    server->socketmaps = (const char *const *)option_socketmaps;
    server->lines = (const char *const *)option_lines;
    server->user = option_user;
    return read_mode(server, error) && read_group(server, error) && read_numbers(server, error);
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    g_auto(Answering) answering = {0};
    ServerSettings server = server_settings();
    if (!find_index(settings, argc, argv, &answering, error) || !read_options(&server, error))
        return 0;
    if (option_query) {
        query(settings, &answering, error);
        return 0;
    }
    server.index = answering.index;
    server.domains = domains(&answering);
    if (settings_open_service_events(settings, settings_log_json(), error))
        server_run(&server, error);
    return 0;
}

const Command command_serve = {"serve",
                               "ORGANISATION [--socketmap PATH] [--lines PATH]",
                               "Answer address look-ups of the gateway and of mail servers",
                               0,
                               run,
                               own_options};

/*
 * proxy.c - dirsync proxy: generators and recipient policies, by hand
 *
 * generate shows what somebody would get, validate takes addresses apart, update
 * applies a policy anew. The first two write nothing; update only when told to.
 */
#include "dirsync/address_step.h"
#include "dirsync/command/command.h"
#include "dirsync/dn.h"
#include "dirsync/filter.h"
#include "dirsync/report/report.h"
#include "dirsync/schema.h"
#include "proxygen/address.h"

#include <stdio.h>
#include <string.h>

static char *option_policy, *option_old_site;
static gboolean option_write;

static const GOptionEntry own_options[] = {
    {"policy", 0, 0, G_OPTION_ARG_STRING, &option_policy, "update: the policy that is applied anew", "NAME"},
    {"from-template", 0, 0, G_OPTION_ARG_STRING, &option_old_site, "update: the template there was before",
     "TEMPLATE"},
    {"write", 0, 0, G_OPTION_ARG_NONE, &option_write, "update: carry it out; else it is only shown", NULL},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* --- generate --- */

typedef struct {
    const char *dn; /* the only one that is meant; NULL: all that match */
    json_t *list;   /* NULL: as text */
    char *last;     /* whose heading was printed */
    size_t shown;
} Showing;

static void show_text(Showing *showing, const char *dn, const AddressPreview *preview)
{
    if (g_strcmp0(showing->last, dn) != 0) {
        g_autofree char *safe = report_safe(dn);
        printf("%s\n", safe);
        g_free(showing->last);
        showing->last = g_strdup(dn);
    }
    g_autofree char *text = report_safe(preview->address ? preview->address : preview->problem);
    if (preview->address)
        printf("    %s\n", text);
    else
        printf("    %s%snone: %s\n", preview->type ? preview->type : "", preview->type ? ": " : "", text);
    if (preview->because)
        printf("        %s, %s\n", preview->because,
               preview->site ? preview->site : "the generator's default");
}

static void show(const char *dn, const AddressPreview *preview, void *data)
{
    Showing *showing = data;
    if (preview->outside || (showing->dn && !schema_dn_equal(schema_standard(), dn, showing->dn)))
        return;
    showing->shown++;
    if (showing->list)
        json_array_append_new(showing->list, json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?}", "dn", dn,
                                                       "type", preview->type, "address", preview->address,
                                                       "problem", preview->problem, "template", preview->site,
                                                       "because", preview->because));
    else
        show_text(showing, dn, preview);
}

/* A filter, a proxy address, a mail address or a DN. *dn: in the last case, since a filter cannot say it. */
static char *filter_of(const char *object, const char **dn, GError **error)
{
    g_autofree char *type = NULL;
    *dn = NULL;
    if (*object == '(') {
        g_autoptr(GError) why = NULL;
        g_autoptr(Filter) filter = filter_parse(object, &why);
        if (!filter)
            error_set(error, ERROR_DEFINITION, "%s: not a filter (RFC 4515): %s", object, why->message);
        return filter ? g_strdup(object) : NULL;
    }
    if (address_split(object, &type, NULL))
        return filter_equals("proxyAddresses", object, strlen(object));
    if (!strchr(object, '=') && strchr(object, '@')) {
        g_autofree char *mail = filter_equals("mail", object, strlen(object));
        g_autofree char *proxy = g_strconcat("SMTP:", object, NULL);
        g_autofree char *primary = filter_equals("proxyAddresses", proxy, strlen(proxy));
        return g_strconcat("(|", mail, primary, ")", NULL);
    }
    g_autoptr(Dn) parsed = dn_parse(object, NULL);
    if (!parsed || !parsed->n_rdns) {
        error_set(error, ERROR_DEFINITION,
                  "\"%s\": name a mail address, a proxy address (TYPE:value), a DN or a filter", object);
        return NULL;
    }
    *dn = object;
    const DnAva *ava = &parsed->rdns[0].avas[0];
    return filter_equals(ava->type, ava->value, ava->len);
}

static bool show_object(const Connector *connector, State *state, const char *object, Showing *showing,
                        GError **error)
{
    g_autofree char *filter = filter_of(object, &showing->dn, error);
    size_t before = showing->shown;
    if (!filter || !address_step_preview(connector, state, filter, NULL, show, showing, error))
        return false;
    if (showing->shown == before)
        error_set(
            error, ERROR_NOT_FOUND,
            "%s: no recipient that gets addresses here; those are whom the connector imported, and natives "
            "in the containers of <addresses>, who have mail, proxyAddresses, targetAddress or mailNickname",
            object);
    return showing->shown > before;
}

static int generate(Settings *settings, const Connector *connector, int argc, char **argv, GError **error)
{
    g_autoptr(State) state = state_open(connector, settings->state_folder, error);
    Showing showing = {.list = settings->json ? json_array() : NULL};
    g_autoptr(GString) nobody = g_string_new(NULL);
    bool ok = state != NULL;
    for (int i = 0; i < argc && ok; i++) {
        g_autoptr(GError) why = NULL;
        if (show_object(connector, state, argv[i], &showing, &why))
            continue;
        ok = error_is(why, ERROR_NOT_FOUND);
        if (ok)
            g_string_append_printf(nobody, "%s%s", nobody->len ? "\n" : "", why->message);
        else
            g_propagate_error(error, g_steal_pointer(&why));
    }
    if (ok && nobody->len)
        error_set(error, ERROR_NOT_FOUND, "%s", nobody->str);
    if (showing.list) {
        json_t *document = json_pack("{s:s, s:s, s:o}", "verb", "proxy generate", "connector",
                                     connector->name, "addresses", showing.list);
        if (*error)
            json_object_set_new(document, "error", json_string((*error)->message));
        report_print_json(stdout, document);
    }
    g_free(showing.last);
    return 0;
}

/* --- validate --- */

static json_t *parts_as_json(const Address *address)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < address->n_parts; i++)
        json_array_append_new(
            parts, json_pack("{s:s, s:s}", "name", address->parts[i].name, "value", address->parts[i].value));
    return parts;
}

static void print_parts(const char *text, const Address *address)
{
    g_autofree char *safe = report_safe(text);
    printf("ok: %s (%s)\n", safe, address->primary ? "primary" : "secondary");
    for (size_t i = 0; i < address->n_parts; i++) {
        g_autofree char *value = report_safe(address->parts[i].value);
        printf("    %s: %s\n", address->parts[i].name, value);
    }
}

static bool validate_one(const char *text, json_t *list)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(Address) address = address_parse(text, &why);
    if (list)
        json_array_append_new(
            list, address
                      ? json_pack("{s:s, s:b, s:s, s:b, s:o}", "address", text, "valid", 1, "type",
                                  address->type, "primary", address->primary, "parts", parts_as_json(address))
                      : json_pack("{s:s, s:b, s:s}", "address", text, "valid", 0, "problem", why->message));
    else if (address)
        print_parts(text, address);
    else
        printf("bad: %s\n", why->message);
    return address != NULL;
}

static int validate(Settings *settings, int argc, char **argv, GError **error)
{
    json_t *list = settings->json ? json_array() : NULL;
    int bad = 0;
    for (int i = 0; i < argc; i++)
        bad += !validate_one(argv[i], list);
    if (list)
        report_print_json(
            stdout, json_pack("{s:s, s:o, s:i}", "verb", "proxy validate", "addresses", list, "bad", bad));
    if (bad)
        error_set(error, ERROR_INVALID, "%d of %d addresses are not valid", bad, argc);
    return 0;
}

/* --- update --- */

static int update(Settings *settings, const Connector *connector, GError **error)
{
    RunOptions options;
    if (!option_policy) {
        error_set(error, ERROR_DEFINITION,
                  "--policy is missing: the recipient policy that is to be applied anew");
        return 0;
    }
    if (!settings_run_options(settings, connector, &options, error))
        return 0;
    for (int step = 0; step < STEPS; step++)
        options.steps[step] = step == STEP_ADDRESSES;
    options.pass.apply_policy = option_policy;
    options.pass.old_site = option_old_site;
    if (!option_write)
        return settings_plan(settings, "proxy update", connector, &options, error);
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    run_sync(connector, &options, &result, &failure);
    int status = settings_end(settings, "proxy update", connector, &result, failure, error);
    return !status && settings->detailed && run_planned(&result) ? EXIT_CHANGES : status;
}

/* --- the verb --- */

static Connector *connector_with_addresses(const Settings *settings, char **argv, GError **error)
{
    g_autoptr(Connector) connector = settings_connector(settings, 1, argv, 1, error);
    if (!connector || connector->pass[STEP_ADDRESSES].wanted)
        return g_steal_pointer(&connector);
    error_set(error, ERROR_DEFINITION,
              "%s: has no <addresses>, so nobody gets any by it; "
              "dirsync-definitions(5) says how",
              connector->path);
    return NULL;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    const char *what = argc ? argv[0] : "";
    bool is_generate = !strcmp(what, "generate"), is_update = !strcmp(what, "update");
    if (!strcmp(what, "validate") && argc > 1)
        return validate(settings, argc - 1, argv + 1, error);
    if ((!is_generate || argc < 3) && (!is_update || argc != 2)) {
        settings_usage(&command_proxy, error);
        return 0;
    }
    g_autoptr(Connector) connector = connector_with_addresses(settings, argv + 1, error);
    if (!connector)
        return 0;
    return is_generate ? generate(settings, connector, argc - 2, argv + 2, error)
                       : update(settings, connector, error);
}

const Command command_proxy = {"proxy",
                               "generate|validate|update [CONNECTOR] [WORD...]",
                               "Make, check or renew addresses by hand",
                               OPTIONS_RUN | OPTIONS_ONLY | OPTIONS_LIMITS | OPTIONS_OUTPUT |
                                   OPTIONS_DETAILED,
                               run,
                               own_options};

/*
 * check_addresses.c - is everything there that making addresses needs?
 *
 * Generators are loaded and asked about their templates as a run would, but for one
 * that crashed before: that one is only reported.
 */
#include "dirsync/check_addresses.h"

#include "dirsync/check_server.h"
#include "dirsync/state.h"
#include "proxygen/address.h"
#include "proxygen/generator.h"
#include "proxygen/registrar.h"

#define SCHEMA_REMEDY "load schema/openldap/dirsync.ldif: ldapadd -Y EXTERNAL -H ldapi:/// -f dirsync.ldif"

/* --- schema --- */

/* What recipients get. */
static const char *const wanted_attributes[] = {
    "proxyAddresses",    "targetAddress",        "mailNickname",          "legacyExchangeDN",
    "showInAddressBook", "textEncodedORAddress", "msExchPoliciesExcluded"};

static void check_schema(const Schema *schema, GPtrArray *findings)
{
    size_t before = findings->len;
    const AttributeType *proxies = schema_attribute(schema, "proxyAddresses");
    for (size_t i = 0; i < G_N_ELEMENTS(wanted_attributes); i++)
        if (!schema_attribute(schema, wanted_attributes[i]))
            finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, SCHEMA_REMEDY,
                        "home directory: attribute %s, which recipients get, is not in the schema",
                        wanted_attributes[i]);
    if (!schema_class(schema, "mailRecipient"))
        finding_add(findings, FINDING_WARNING, ERROR_DEFINITION, SCHEMA_REMEDY,
                    "home directory: class mailRecipient, which lets anybody have addresses, is not in the "
                    "schema");
    if (proxies && !proxies->has_equality)
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, "load our schema instead of msuser.schema",
                    "home directory: proxyAddresses has no equality rule: it can be neither searched nor "
                    "kept unique");
    if (findings->len == before)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL,
                    "home directory: the schema has what addresses need");
}

/* --- what is registered --- */

static void check_registered(const Connector *connector, const Policies *policies, Directory *home,
                             GPtrArray *findings)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) differences = registrar_differences(connector, policies, home, &error);
    if (!differences) {
        check_add_error(findings, error);
        return;
    }
    for (guint i = 0; i < differences->len; i++) {
        const RegistrarDifference *difference = g_ptr_array_index(differences, i);
        finding_add(findings, difference->stops ? FINDING_ERROR : FINDING_WARNING, ERROR_DEFINITION,
                    difference->remedy, "%s", difference->what);
    }
    if (!differences->len)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL,
                    "address types and the connector's object are as the definition says");
}

/* --- generators --- */

/* What the generators of one check have in common. */
typedef struct {
    const Connector *connector;
    const Policies *policies; /* NULL: could not be loaded */
    char *crash_file;         /* NULL: this connector has no state yet */
    GPtrArray *findings;
} Trial;

static char *crash_file(const Connector *connector)
{
    g_autoptr(State) state = state_open_unlocked(connector, NULL, NULL);
    return state ? g_build_filename(state_folder(state), GENERATOR_CRASH_FILE, NULL) : NULL;
}

static bool is_crashed(const Trial *trial, const char *folder, const char *file)
{
    g_autofree char *frame = NULL;
    if (!trial->crash_file || !generator_crashed(trial->crash_file, folder, file, &frame))
        return false;
    g_autofree char *remedy =
        g_strdup_printf("install a mended %s, or remove %s to try this one again", file, trial->crash_file);
    finding_add(trial->findings, FINDING_ERROR, ERROR_PROTOCOL, remedy,
                "%s: this generator ended an earlier run (%s) and is not used", file, frame ? frame : "?");
    return true;
}

/* Opens it for one template (NULL: its default) and asks about the template. True: it is good. */
static bool try_template(const Trial *trial, GeneratorSettings *settings, const char *site)
{
    g_autoptr(GError) error = NULL;
    settings->site = site;
    g_autoptr(Generator) generator = generator_open(settings, &error);
    if (!generator && !error)
        finding_add(trial->findings, FINDING_WARNING, ERROR_DEFINITION,
                    "take the type out of the definition, or name another generator",
                    "%s: %s has no addresses of this type", settings->type, settings->file);
    else if (generator && site && !generator_validate_template(generator, site, &error))
        finding_add(trial->findings, FINDING_ERROR, ERROR_DEFINITION,
                    "correct it in the policy, or in <addresses template=\"…\">", "%s: %s", settings->type,
                    error->message);
    else if (!generator)
        check_add_error(trial->findings, error);
    return generator && !error;
}

/* The templates of a type, each once; NULL stands for the generator's default. */
static GPtrArray *templates_of(const Trial *trial, const char *type)
{
    GPtrArray *sites = g_ptr_array_new();
    const ConnectorAddresses *own = &trial->connector->addresses;
    if (own->site && own->type && !g_ascii_strcasecmp(own->type, type))
        g_ptr_array_add(sites, own->site);
    for (size_t i = 0; trial->policies && i < policies_count(trial->policies); i++) {
        const Policy *policy = policies_at(trial->policies, i);
        for (size_t j = 0; j < policy->n_templates; j++)
            if (!g_ascii_strcasecmp(policy->templates[j].type, type) &&
                !g_ptr_array_find_with_equal_func(sites, policy->templates[j].text, g_str_equal, NULL))
                g_ptr_array_add(sites, policy->templates[j].text);
    }
    if (!sites->len)
        g_ptr_array_add(sites, NULL);
    return sites;
}

/* What has no generator, or a file that cannot be loaded, check_registered() has said. */
static void check_type(const Trial *trial, const char *type)
{
    const Organisation *organisation = trial->connector->organisation;
    const char *file, *display_name, *const *settings;
    const char *folder = generator_folder(organisation->addresses.generators);
    if (!registrar_generator(organisation, type, &file, &display_name, &settings, NULL) ||
        is_crashed(trial, folder, file) || !generator_probe(folder, file, NULL, NULL))
        return;
    GeneratorSettings open = {.folder = folder,
                              .file = file,
                              .type = type,
                              .server = trial->connector->addresses.server,
                              .language = organisation->addresses.language,
                              .organisation = organisation->name,
                              .domain = organisation->domains[0],
                              .settings = settings};
    g_autoptr(GPtrArray) sites = templates_of(trial, type);
    guint good = 0;
    for (guint i = 0; i < sites->len; i++)
        good += try_template(trial, &open, g_ptr_array_index(sites, i));
    if (good == sites->len)
        finding_add(trial->findings, FINDING_OK, ERROR_INVALID, NULL, "%s: %s makes addresses", type, file);
}

static void check_generators(const Trial *trial)
{
    const char *own = trial->connector->addresses.type;
    const AddressType *known = own ? address_type(own) : NULL;
    g_autoptr(GPtrArray) types = registrar_types_used(trial->connector, trial->policies);
    for (guint i = 0; i < types->len; i++)
        check_type(trial, g_ptr_array_index(types, i));
    if (known && known->prerequisite)
        finding_add(trial->findings, FINDING_NOTE, ERROR_INVALID, NULL, "%s: on the foreign side: %s", own,
                    known->prerequisite);
}

/* --- natives --- */

static void check_natives(const Connector *connector, Directory *home, GPtrArray *findings)
{
    static const char *const nothing[] = {"1.1", NULL};
    for (char **base = connector->addresses.natives; base && *base; base++) {
        ReadRequest request = {.base = *base, .scope = SEARCH_BASE, .attributes = nothing};
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) found = directory_search(home, &request, 1, &error);
        if (!found)
            check_add_error(findings, error);
        else if (!found->len)
            finding_add(findings, FINDING_ERROR, ERROR_DEFINITION,
                        "correct <natives base=\"…\"/>, or let the bind DN see it",
                        "natives %s: the container is not there", *base);
    }
}

void check_addresses(const Connector *connector, Directory *home, GPtrArray *findings)
{
    const DirectoryDescription *about = directory_describe(home);
    g_autoptr(GError) error = NULL;
    g_autoptr(Policies) policies = policies_load(connector->organisation, home, &error);
    g_autofree char *frame = crash_file(connector);
    Trial trial = {.connector = connector, .policies = policies, .crash_file = frame, .findings = findings};
    if (about->capabilities & HAS_SCHEMA)
        check_schema(about->schema, findings);
    if (policies)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "%zu recipient policies",
                    policies_count(policies));
    else
        check_add_error(findings, error);
    check_registered(connector, policies, home, findings);
    check_generators(&trial);
    check_natives(connector, home, findings);
}

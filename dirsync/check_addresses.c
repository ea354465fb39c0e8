/*
 * check_addresses.c - whether the address step has what it needs
 *
 * Policies, generators and their templates, registered types, the containers of
 * natives, the schema; and what only the foreign side can set up.
 */
#include "dirsync/check_server.h"

#include "proxygen/address.h"
#include "proxygen/generator.h"
#include "proxygen/policy.h"
#include "proxygen/registrar.h"

#include <string.h>

typedef struct {
    const Connector *connector;
    Directory *home;
    GPtrArray *findings;
    size_t templates;
} Checking;

static void add_error(const Checking *checking, FindingKind kind, GError *error)
{
    ErrorCode code = error->domain == DIRSYNC_ERROR ? (ErrorCode)error->code : ERROR_IO;
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", 0);
    for (char **line = lines; *line; line++)
        if (**line)
            finding_add(checking->findings, kind, code, NULL, "addresses: %s", *line);
    g_error_free(error);
}

/* --- generators --- */

static bool open_generator(const Checking *checking, const char *type, const char *site, GError **error)
{
    const Organisation *organisation = checking->connector->organisation;
    const char *file, *display_name;
    const char *const *settings;
    if (!registrar_generator(organisation, type, &file, &display_name, &settings, error))
        return false;
    GeneratorSettings how = {.folder = generator_folder(organisation->addresses.generators),
                             .file = file,
                             .type = type,
                             .site = site,
                             .server = checking->connector->addresses.server,
                             .language = organisation->addresses.language,
                             .organisation = organisation->name,
                             .domain = organisation->domains[0],
                             .settings = settings};
    g_autoptr(Generator) generator = generator_open(&how, error);
    return generator && (!site || generator_validate_template(generator, site, error));
}

static void check_template(Checking *checking, const char *type, const char *site)
{
    GError *error = NULL;
    checking->templates++;
    if (!open_generator(checking, type, site, &error) && error)
        add_error(checking, FINDING_ERROR, error);
}

/* --- policies --- */

static void check_policies(Checking *checking)
{
    GError *error = NULL;
    const ConnectorAddresses *own = &checking->connector->addresses;
    size_t before = checking->findings->len;
    g_autoptr(Policies) policies = policies_load(checking->connector->organisation, checking->home, &error);
    if (!policies) {
        add_error(checking, FINDING_ERROR, error);
        return;
    }
    for (size_t i = 0; i < policies_count(policies); i++)
        for (size_t j = 0; j < policies_at(policies, i)->n_templates; j++)
            check_template(checking, policies_at(policies, i)->templates[j].type,
                           policies_at(policies, i)->templates[j].text);
    if (own->type)
        check_template(checking, own->type, own->site);
    if (!checking->templates)
        finding_add(checking->findings, FINDING_WARNING, ERROR_DEFINITION,
                    "say <policies> in the organisation's definition, or type= in <addresses>",
                    "addresses: no policy and no type: nobody would get an address");
    if (checking->findings->len == before)
        finding_add(checking->findings, FINDING_OK, ERROR_INVALID, NULL,
                    "addresses: %zu policies, %zu templates, %zu address lists", policies_count(policies),
                    checking->templates, address_lists_count(policies));
}

/* --- what is registered --- */

static void check_registered(Checking *checking)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) differences = registrar_differences(checking->connector, checking->home, &error);
    if (!differences) {
        add_error(checking, FINDING_NOTE, error);
        return;
    }
    for (guint i = 0; i < differences->len; i++)
        finding_add(checking->findings, FINDING_WARNING, ERROR_DEFINITION, NULL, "addresses: %s",
                    (const char *)g_ptr_array_index(differences, i));
    if (!differences->len)
        finding_add(checking->findings, FINDING_OK, ERROR_INVALID, NULL,
                    "addresses: what is registered is as defined");
}

/* --- the home directory --- */

static void check_schema(const Checking *checking)
{
    static const char *const names[] = {"proxyAddresses", "mailNickname", "legacyExchangeDN"};
    const DirectoryDescription *about = directory_describe(checking->home);
    for (size_t i = 0; i < G_N_ELEMENTS(names) && about->capabilities & HAS_SCHEMA; i++)
        if (!schema_attribute(about->schema, names[i]))
            finding_add(checking->findings, i ? FINDING_WARNING : FINDING_ERROR, ERROR_DEFINITION,
                        "load schema/openldap/dirsync.ldif: ldapadd -Y EXTERNAL -H ldapi:/// -f dirsync.ldif",
                        "addresses: attribute %s is not in the schema of the home directory", names[i]);
}

static void check_containers(const Checking *checking)
{
    for (char **base = checking->connector->addresses.natives; *base; base++) {
        GError *error = NULL;
        ReadRequest request = {
            .base = *base, .scope = SEARCH_BASE, .attributes = (const char *const[]){"1.1", NULL}};
        g_autoptr(GPtrArray) found = directory_search(checking->home, &request, 1, &error);
        if (!found)
            add_error(checking, FINDING_ERROR, error);
        else if (!found->len)
            finding_add(checking->findings, FINDING_WARNING, ERROR_DEFINITION, "correct base= in <natives>",
                        "addresses: %s is not there: none of its natives would get addresses", *base);
    }
}

static void name_prerequisite(const Checking *checking)
{
    const char *own = checking->connector->addresses.type;
    const AddressType *type = own ? address_type(own) : NULL;
    if (type && type->prerequisite)
        finding_add(checking->findings, FINDING_NOTE, ERROR_INVALID, NULL,
                    "addresses: what only the administrator of the other system can do: %s",
                    type->prerequisite);
}

void check_addresses(const Connector *connector, Directory *home, GPtrArray *findings)
{
    Checking checking = {connector, home, findings, 0};
    check_schema(&checking);
    check_containers(&checking);
    check_policies(&checking);
    check_registered(&checking);
    name_prerequisite(&checking);
}

/*
 * organisation.c - loads the organisation's definition; contract in organisation.h
 *
 * Collects every problem of the file before it gives up. Opens no connection
 * and fetches no password.
 */
#include "dirsync/organisation.h"

#include "dirsync/xml.h"

#include <string.h>

static void read_stamp(StampSettings *stamp, const xmlNode *node)
{
    g_autofree char *form = xml_attribute(node, "form");
    if (strcmp(form, "attribute") == 0)
        stamp->form = STAMP_ATTRIBUTE;
    else if (strcmp(form, "proxy") == 0)
        stamp->form = STAMP_PROXY;
    else
        stamp->form = STAMP_CLASS;
    stamp->name = xml_attribute(node, "name");
}

static void read_domains(Organisation *organisation, const xmlNode *root, GString **problems)
{
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    for (const xmlNode *node = xml_child(root, "domain"); node; node = xml_next(node)) {
        g_autofree char *text = xml_text(node);
        char *domain = g_utf8_strdown(text, -1);
        if (g_ptr_array_find_with_equal_func(domains, domain, g_str_equal, NULL))
            xml_problem(problems, node, "the domain %s is listed twice", domain);
        g_ptr_array_add(domains, domain);
    }
    g_ptr_array_add(domains, NULL);
    organisation->domains = (char **)g_ptr_array_steal(domains, NULL);
}

Organisation *organisation_load(const char *path, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_load(path, "organisation.rng", error);
    if (!doc)
        return NULL;
    const xmlNode *root = xmlDocGetRootElement(doc);
    const xmlNode *stamp = xml_child(root, "stamp"), *state = xml_child(root, "state");
    g_autoptr(Organisation) organisation = g_new0(Organisation, 1);
    GString *problems = NULL;
    organisation->path = g_canonicalize_filename(path, NULL);
    organisation->name = xml_attribute(root, "name");
    organisation->digest = g_strdup(xml_digest(doc));
    endpoint_read(&organisation->home, xml_child(root, "home"), path, &problems);
    if (stamp)
        read_stamp(&organisation->stamp, stamp);
    read_domains(organisation, root, &problems);
    address_settings_read(&organisation->addresses, root, path, &problems);
    notify_settings_read(&organisation->notify, xml_child(root, "notify"), path, &problems);
    if (state) {
        g_autofree char *folder = xml_attribute(state, "folder");
        organisation->state_folder = folder ? xml_resolve(path, folder) : NULL;
        organisation->readers = xml_attribute(state, "readers");
    }
    return xml_no_problems(problems, error) ? g_steal_pointer(&organisation) : NULL;
}

void organisation_free(Organisation *organisation)
{
    if (!organisation)
        return;
    g_free(organisation->path);
    g_free(organisation->name);
    g_free(organisation->digest);
    endpoint_clear(&organisation->home);
    g_free(organisation->stamp.name);
    g_strfreev(organisation->domains);
    g_free(organisation->state_folder);
    g_free(organisation->readers);
    address_settings_clear(&organisation->addresses);
    notify_settings_clear(&organisation->notify);
    g_free(organisation);
}

bool organisation_is_ours(const Organisation *organisation, const char *address)
{
    const char *at = strrchr(address, '@');
    const char *colon = strchr(address, ':');
    if (!at || (colon && colon < at && g_ascii_strncasecmp(address, "smtp:", 5) != 0))
        return false;
    g_autofree char *domain = g_utf8_strdown(at + 1, -1);
    g_strstrip(domain);
    if (g_str_has_suffix(domain, "."))
        domain[strlen(domain) - 1] = '\0';
    return g_strv_contains((const char *const *)organisation->domains, domain);
}

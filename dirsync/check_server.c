/*
 * check_server.c - settings of a target server that a run depends on
 *
 * Permission to write is tried by deleting a value that is not there: a server
 * looks at the permission first (50), then at the value (16).
 */
#include "dirsync/check_server.h"

#include "dirsync/check_first_import.h"
#include "dirsync/dn.h"

#include <string.h>

static const char *const no_attributes[] = {"1.1", NULL};
static const char *const target_names[STEPS] = {[STEP_IMPORT] = "home directory", [STEP_EXPORT] = "target"};

/* --- import container and permission --- */

static void keep_probe_error(const Change *change, Outcome outcome, const GError *error, void *data)
{
    (void)change;
    (void)outcome;
    *(GError **)data = error ? g_error_copy(error) : NULL;
}

static void check_permission(const Connector *connector, Step step, Directory *target, const char *dn,
                             GPtrArray *findings)
{
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, dn);
    Value nowhere = {"dirsync check: a value that is not there",
                     strlen("dirsync check: a value that is not there")};
    change_modify(change, MODIFY_DELETE, "description", &nowhere, 1);
    g_autoptr(GError) answer = NULL, error = NULL;
    if (!directory_submit(target, change, keep_probe_error, &answer, &error) ||
        !directory_flush(target, &error)) {
        check_add_error(findings, error);
        return;
    }
    const Endpoint *endpoint = connector_endpoint(connector, step, TARGET);
    g_autofree char *remedy =
        g_strdup_printf("olcAccess: to dn.subtree=\"%s\" by dn.exact=\"%s\" write by * break",
                        connector->pass[step].container, endpoint->bind_dn ? endpoint->bind_dn : "…");
    if (error_is(answer, ERROR_ACCESS) || error_is(answer, ERROR_REFUSED) ||
        error_is(answer, ERROR_CONSTRAINT))
        finding_add(findings, FINDING_ERROR, ERROR_ACCESS, remedy, "%s: may not be written: %s", dn,
                    answer->message);
    else
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "%s: may be written", dn);
}

static bool exists(Directory *target, const char *dn, GPtrArray *findings)
{
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE, .attributes = no_attributes};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = directory_search(target, &request, 1, &error);
    if (!found)
        check_add_error(findings, error);
    return found && found->len;
}

static void check_container(const Connector *connector, Step step, Directory *target, GPtrArray *findings)
{
    const PassSettings *pass = &connector->pass[step];
    const char *name = step_names[step];
    if (exists(target, pass->container, findings)) {
        check_permission(connector, step, target, pass->container, findings);
        return;
    }
    g_autofree char *parent = dn_parent(pass->container);
    g_autofree char *remedy = g_strdup_printf("make it, or say create-container=\"yes\" in <%s>", name);
    if (!pass->create_container)
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, remedy, "%s container %s: not there", name,
                    pass->container);
    else if (parent && exists(target, parent, findings))
        check_permission(connector, step, target, parent, findings);
    else
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, "make it by hand, or name another container",
                    "%s container %s: neither it nor its parent is there", name, pass->container);
}

/* --- limits --- */

static bool count_entry(const DirectoryItem *item, void *data, GError **error)
{
    (void)item;
    (void)error;
    ++*(size_t *)data;
    return true;
}

static void check_size_limit(const Connector *connector, Step step, Directory *target, GPtrArray *findings)
{
    size_t count = 0;
    ReadRequest request = {.scope = SEARCH_SUBTREE, .attributes = no_attributes};
    ReadResult result = {0};
    g_autoptr(GError) error = NULL;
    const Endpoint *endpoint = connector_endpoint(connector, step, TARGET);
    g_autofree char *remedy = g_strdup_printf("olcLimits: dn.exact=\"%s\" size=unlimited time=unlimited",
                                              endpoint->bind_dn ? endpoint->bind_dn : "…");
    if (!directory_read(target, &request, count_entry, &count, &result, &error))
        check_add_error(findings, error);
    else if (result.proof != PROOF_COMPLETE)
        finding_add(findings, FINDING_ERROR, ERROR_SERVER_LIMIT, remedy,
                    "%s: %zu entries could be read, then: %s; all of it must be read", target_names[step],
                    count, result.reason);
    else
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "%s: all %zu entries can be read",
                    target_names[step], count);
    read_result_clear(&result);
}

/* --- changes --- */

static bool pass_over(const DirectoryChange *change, void *data, GError **error)
{
    (void)change;
    (void)data;
    (void)error;
    return true;
}

/* One small read shows whether there would be a cursor. */
void check_changes(const char *what, Directory *directory, GPtrArray *findings)
{
    static const char remedy[] =
        "OpenLDAP: overlay syncprov with syncprov-sessionlog; 389: its content synchronization plugin; "
        "Active "
        "Directory: the right \"Replicating Directory Changes\"; see CHANGES in dirsync-definitions(5)";
    const DirectoryDescription *about = directory_describe(directory);
    const char *const attributes[] = {about->default_anchor ? about->default_anchor : "1.1", NULL};
    ReadRequest request = {.scope = SEARCH_BASE, .attributes = attributes};
    g_autoptr(GError) error = NULL;
    ChangesResult result = {0};
    if (about->capabilities & IS_FILE)
        return;
    bool can = about->capabilities & CAN_TELL_CHANGES;
    if (can && !directory_changes(directory, &request, NULL, pass_over, NULL, &result, &error))
        check_add_error(findings, error);
    else if (result.cursor)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "%s: tells what has changed", what);
    else
        finding_add(findings, FINDING_NOTE, ERROR_INVALID, remedy,
                    "%s: every run reads all of it, since it does not tell what has changed%s%s", what,
                    result.no_cursor ? ": " : "", result.no_cursor ? result.no_cursor : "");
    changes_result_clear(&result);
}

/* --- cn=config --- */

static const struct {
    const char *attribute, *index;
} wanted_indexes[] = {{"objectClass", "eq"},    {"entryUUID", "eq"},    {"mail", "eq"},
                      {"proxyAddresses", "eq"}, {"importedFrom", "eq"}, {"dirsyncAnchor", "eq"},
                      {"member", "eq"}};

static const Attribute *exact(const Entry *entry, const char *name)
{
    gssize i = entry_index(entry, name);
    return i < 0 ? NULL : entry_attribute(entry, (size_t)i);
}

/* "cn,sn eq,sub" has an equality index for sn. */
static bool has_index(const Attribute *indexes, const char *attribute)
{
    for (size_t i = 0; indexes && i < indexes->n_values; i++) {
        g_auto(GStrv) words = g_strsplit_set(indexes->values[i].data, " \t", 2);
        g_auto(GStrv) names = g_strsplit(words[0] ? words[0] : "", ",", 0);
        bool named = false;
        for (char **name = names; *name; name++)
            named |= !g_ascii_strcasecmp(*name, attribute);
        if (named && (!words[1] || strstr(words[1], "eq")))
            return true;
    }
    return false;
}

static void check_indexes(const Entry *database, GPtrArray *findings)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GString) missing = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(wanted_indexes); i++) {
        if (has_index(exact(database, "olcDbIndex"), wanted_indexes[i].attribute))
            continue;
        g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", wanted_indexes[i].attribute);
        g_string_append_printf(lines, "%solcDbIndex: %s %s", lines->len ? "\n" : "",
                               wanted_indexes[i].attribute, wanted_indexes[i].index);
    }
    if (missing->len)
        finding_add(findings, FINDING_WARNING, ERROR_DEFINITION, lines->str,
                    "%s: no equality index for %s: look-ups are slow", entry_dn(database), missing->str);
    else
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "%s: has the indexes", entry_dn(database));
}

static bool is_serialized_unique(const Entry *overlay)
{
    const Attribute *uris = exact(overlay, "olcUniqueURI");
    for (size_t i = 0; uris && i < uris->n_values; i++)
        if (strstr(uris->values[i].data, "serialize") && strcasestr(uris->values[i].data, "proxyAddresses"))
            return true;
    return false;
}

static void check_unique(const GPtrArray *config, const char *database, GPtrArray *findings)
{
    for (guint i = 0; i < config->len; i++) {
        const Entry *entry = g_ptr_array_index(config, i);
        if (g_str_has_suffix(entry_dn(entry), database) && is_serialized_unique(entry)) {
            finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "%s: keeps addresses unique",
                        entry_dn(entry));
            return;
        }
    }
    finding_add(findings, FINDING_WARNING, ERROR_DEFINITION, "see schema/openldap/unique.ldif",
                "home directory: no overlay unique with serialize over proxyAddresses: two writers may give "
                "two people one "
                "address");
}

static const Entry *database_of(const GPtrArray *config, const Schema *schema, const char *base)
{
    for (guint i = 0; i < config->len; i++) {
        const Entry *entry = g_ptr_array_index(config, i);
        const Attribute *suffix = exact(entry, "olcSuffix");
        for (size_t j = 0; base && suffix && j < suffix->n_values; j++)
            if (schema_dn_within(schema, base, suffix->values[j].data))
                return entry;
    }
    return NULL;
}

static void check_config(const Connector *connector, Directory *home, GPtrArray *findings)
{
    ReadRequest request = {
        .base = "cn=config", .scope = SEARCH_SUBTREE, .filter = "(|(olcSuffix=*)(olcUniqueURI=*))"};
    g_autoptr(GPtrArray) config = directory_search(home, &request, 1000, NULL);
    const Schema *schema = directory_describe(home)->schema;
    const Entry *database = config ? database_of(config, schema, connector->organisation->home.base) : NULL;
    check_first_import(connector, home, database, findings);
    if (!database) {
        finding_add(findings, FINDING_NOTE, ERROR_INVALID, "see schema/openldap/indexes.ldif and unique.ldif",
                    "home directory: its settings (cn=config) cannot be read by this account: indexes and "
                    "the overlay unique "
                    "were not looked at");
        return;
    }
    check_indexes(database, findings);
    check_unique(config, entry_dn(database), findings);
}

void check_server(const Connector *connector, Step step, Directory *target, GPtrArray *findings)
{
    check_container(connector, step, target, findings);
    check_size_limit(connector, step, target, findings);
    if (step == STEP_IMPORT)
        check_config(connector, target, findings);
}

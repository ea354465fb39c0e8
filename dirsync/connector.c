/*
 * connector.c - loads a connector's definition; contract in connector.h
 *
 * Loads the organisation's definition with it and reports the problems of
 * both files at once. Opens no connection and reads no mapping.
 */
#include "dirsync/connector.h"

#include "dirsync/dn.h"
#include "dirsync/filter.h"
#include "dirsync/schema.h"
#include "dirsync/xml.h"

#include <string.h>

#define DEFAULT_GRACE_DAYS 30
#define SCOPE_OF_SUBTREE 2

/* --- import ------------------------------------------------------------------------------------- */

static char *read_dn(const xmlNode *node, const char *name, GString **problems)
{
    char *text = xml_attribute(node, name);
    g_autoptr(GError) error = NULL;
    g_autoptr(Dn) dn = text ? dn_parse(text, &error) : NULL;
    if (error)
        xml_problem(problems, node, "%s=\"%s\" is not a DN: %s", name, text, error->message);
    else if (dn && dn->n_rdns == 0)
        xml_problem(problems, node, "%s is empty; name a DN", name);
    return text;
}

static void read_source(ImportSettings *import, const xmlNode *node, GString **problems)
{
    g_autofree char *scope = xml_attribute(node, "scope");
    if (scope)
        import->scope = strcmp(scope, "base") == 0 ? 0 : strcmp(scope, "one") == 0 ? 1 : SCOPE_OF_SUBTREE;
    import->base = read_dn(node, "base", problems);
    const xmlNode *filter_node = xml_child(node, "filter");
    if (!filter_node)
        return;
    import->filter = xml_text(filter_node);
    g_autoptr(GError) error = NULL;
    g_autoptr(Filter) filter = filter_parse(import->filter, &error);
    if (!filter)
        xml_problem(problems, filter_node, "\"%s\" is not a search filter: %s", import->filter,
                    error->message);
}

static void read_grace(ImportSettings *import, const xmlNode *node)
{
    g_autofree char *days = xml_attribute(node, "days");
    g_autofree char *action = xml_attribute(node, "action");
    if (days)
        import->grace_days = (unsigned)g_ascii_strtoull(days, NULL, 10);
    import->grace_action = g_strcmp0(action, "keep") == 0 ? KEEP_IN_GRACE : HIDE_IN_GRACE;
}

static void read_joins(ImportSettings *import, const xmlNode *node)
{
    g_autoptr(GArray) joins = g_array_new(FALSE, FALSE, sizeof(JoinRule));
    for (const xmlNode *join = xml_child(node, "join"); join; join = xml_next(join)) {
        JoinRule rule = {xml_attribute(join, "source"), xml_attribute(join, "home")};
        g_array_append_val(joins, rule);
    }
    import->joins = (JoinRule *)(void *)g_array_steal(joins, &import->n_joins);
}

static void read_import(ImportSettings *import, const xmlNode *node, const char *definition,
                        GString **problems)
{
    g_autofree char *create = xml_attribute(node, "create-container");
    const xmlNode *source = xml_child(node, "source"), *anchor = xml_child(node, "anchor");
    const xmlNode *grace = xml_child(node, "grace"), *out_of_scope = xml_child(node, "out-of-scope");
    import->container = read_dn(node, "container", problems);
    import->create_container = g_strcmp0(create, "yes") == 0;
    import->mapping = xml_attribute(node, "mapping");
    if (strchr(import->mapping, '/') || g_str_has_suffix(import->mapping, ".xml")) {
        g_autofree char *file = import->mapping;
        import->mapping = xml_resolve(definition, file);
    }
    import->scope = SCOPE_OF_SUBTREE;
    import->grace_days = DEFAULT_GRACE_DAYS;
    if (source)
        read_source(import, source, problems);
    if (anchor)
        import->anchor = xml_attribute(anchor, "attribute");
    if (grace)
        read_grace(import, grace);
    read_joins(import, node);
    import->adopt = xml_child(node, "adopt") != NULL;
    g_autofree char *action = out_of_scope ? xml_attribute(out_of_scope, "action") : NULL;
    import->out_of_scope_is_missing = g_strcmp0(action, "missing") == 0;
}

/* --- limits and events -------------------------------------------------------------------------- */

static void read_limits(Connector *connector, const xmlNode *node, GString **problems)
{
    for (int kind = 0; kind < LIMIT_KINDS; kind++) {
        g_autofree char *text = xml_attribute(node, limit_names[kind]);
        if (text && !limit_parse(text, &connector->limits[kind]))
            xml_problem(problems, node, "%s=\"%s\" is not a limit; allowed: 10, 5%%, 5%%|10, none",
                        limit_names[kind], text);
    }
}

static EventLevel read_level(const xmlNode *node)
{
    g_autofree char *level = xml_attribute(node, "level");
    int parsed = event_level_parse(level);
    return parsed < 0 ? LEVEL_NOTICE : (EventLevel)parsed;
}

static SinkSettings read_sink(const xmlNode *node, const char *definition)
{
    SinkSettings sink = {.level = read_level(node)};
    g_autofree char *to = xml_attribute(node, "to");
    if (strcmp(to, "stderr") == 0)
        sink.kind = SINK_STDERR;
    else if (strcmp(to, "syslog") == 0)
        sink.kind = SINK_SYSLOG;
    else
        sink.kind = SINK_FILE;
    sink.path = sink.kind == SINK_FILE ? xml_resolve(definition, to) : NULL;
    for (int i = 0; i < CATEGORIES; i++)
        sink.category_level[i] = -1;
    for (const xmlNode *child = xml_child(node, "category"); child; child = xml_next(child)) {
        g_autofree char *name = xml_attribute(child, "name");
        int category = event_category_parse(name);
        if (category >= 0)
            sink.category_level[category] = (int)read_level(child);
    }
    return sink;
}

static void read_sinks(Connector *connector, const xmlNode *root, const char *definition)
{
    g_autoptr(GArray) sinks = g_array_new(FALSE, FALSE, sizeof(SinkSettings));
    for (const xmlNode *node = xml_child(root, "events"); node; node = xml_next(node)) {
        SinkSettings sink = read_sink(node, definition);
        g_array_append_val(sinks, sink);
    }
    connector->sinks = (SinkSettings *)(void *)g_array_steal(sinks, &connector->n_sinks);
}

/* --- the whole ---------------------------------------------------------------------------------- */

/* The organisation's own problems name its own file and lines and are passed on as they are. */
static void read_organisation(Connector *connector, const xmlNode *root, const char *definition,
                              GString **problems)
{
    g_autofree char *name = xml_attribute(root, "organisation");
    g_autofree char *path = xml_resolve(definition, name);
    g_autoptr(GError) error = NULL;
    connector->organisation = organisation_load(path, &error);
    if (connector->organisation)
        return;
    if (!*problems)
        *problems = g_string_new(NULL);
    g_string_append_printf(*problems, "%s%s", (*problems)->len ? "\n" : "", error->message);
}

static void check_container(const Connector *connector, const xmlNode *import, GString **problems)
{
    const char *base = connector->organisation->home.base;
    g_autoptr(Dn) dn = dn_parse(connector->import.container, NULL);
    if (dn && base && !schema_dn_within(schema_standard(), connector->import.container, base))
        xml_problem(problems, import,
                    "container=\"%s\" does not lie below the base of the home directory, %s",
                    connector->import.container, base);
}

static Connector *read_connector(const xmlDoc *doc, const char *path, GString **problems)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    const xmlNode *limits = xml_child(root, "limits"), *import = xml_child(root, "import");
    Connector *connector = g_new0(Connector, 1);
    g_autofree char *uuid = xml_attribute(root, "uuid");
    connector->path = g_canonicalize_filename(path, NULL);
    connector->name = xml_attribute(root, "name");
    connector->uuid = g_ascii_strdown(uuid, -1);
    connector->digest = g_strdup(xml_digest(doc));
    memcpy(connector->limits, limit_defaults, sizeof connector->limits);
    endpoint_read(&connector->foreign, xml_child(root, "foreign"), path, problems);
    read_import(&connector->import, import, path, problems);
    if (limits)
        read_limits(connector, limits, problems);
    read_sinks(connector, root, path);
    read_organisation(connector, root, path, problems);
    if (connector->organisation)
        check_container(connector, import, problems);
    return connector;
}

char *connector_folder(void)
{
    const char *folder = g_getenv("DIRSYNC_CONFIG");
    return g_strdup(folder && *folder ? folder : "/etc/dirsync");
}

static char *definition_path(const char *path_or_name)
{
    if (strchr(path_or_name, '/') || g_str_has_suffix(path_or_name, ".xml"))
        return g_strdup(path_or_name);
    g_autofree char *folder = connector_folder();
    g_autofree char *file = g_strconcat(path_or_name, ".xml", NULL);
    return g_build_filename(folder, file, NULL);
}

Connector *connector_load(const char *path_or_name, GError **error)
{
    g_autofree char *path = definition_path(path_or_name);
    g_autoptr(xmlDoc) doc = xml_load(path, "connector.rng", error);
    if (!doc)
        return NULL;
    GString *problems = NULL;
    g_autoptr(Connector) connector = read_connector(doc, path, &problems);
    return xml_no_problems(problems, error) ? g_steal_pointer(&connector) : NULL;
}

static void import_clear(ImportSettings *import)
{
    for (size_t i = 0; i < import->n_joins; i++) {
        g_free(import->joins[i].source);
        g_free(import->joins[i].home);
    }
    g_free(import->joins);
    g_free(import->container);
    g_free(import->mapping);
    g_free(import->filter);
    g_free(import->base);
    g_free(import->anchor);
}

void connector_free(Connector *connector)
{
    if (!connector)
        return;
    for (size_t i = 0; i < connector->n_sinks; i++)
        g_free(connector->sinks[i].path);
    g_free(connector->sinks);
    import_clear(&connector->import);
    endpoint_clear(&connector->foreign);
    organisation_free(connector->organisation);
    g_free(connector->path);
    g_free(connector->name);
    g_free(connector->uuid);
    g_free(connector->digest);
    g_free(connector);
}

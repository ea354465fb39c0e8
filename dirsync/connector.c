/*
 * connector.c - loads a connector's definition; contract in connector.h
 *
 * Loads the organisation's definition with it and reports the problems of
 * both files at once. Opens no connection and reads no mapping.
 */
#include "dirsync/connector.h"

#include "dirsync/definition.h"
#include "dirsync/dn.h"
#include "dirsync/schema.h"
#include "dirsync/xml.h"

#include <string.h>

#define SCOPE_OF_SUBTREE 2
#define HISTORY_DAYS 90
#define HISTORY_RUNS 1000

const char *const step_names[STEPS] = {
    [STEP_IMPORT] = "import", [STEP_ADDRESSES] = "addresses", [STEP_EXPORT] = "export"};

/* --- passes ------------------------------------------------------------------------------------- */

/* What a pass is when its definition says nothing. */
static const PassSettings pass_defaults[STEPS] = {
    [STEP_IMPORT] = {.grace_days = 30,
                     .as = {AS_CONTACT, AS_NOTHING, AS_GROUP, AS_CONTACT},
                     .hidden = true,
                     .disabled = true},
    [STEP_EXPORT] = {.grace_days = 0, .as = {AS_CONTACT, AS_NOTHING, AS_GROUP, AS_CONTACT}},
};

static SourceSettings read_source(const xmlNode *node, GString **problems)
{
    SourceSettings source = {.base = definition_dn(node, "base", problems), .scope = SCOPE_OF_SUBTREE};
    g_autofree char *scope = xml_attribute(node, "scope");
    if (scope)
        source.scope = strcmp(scope, "base") == 0 ? 0 : strcmp(scope, "one") == 0 ? 1 : SCOPE_OF_SUBTREE;
    source.filter = definition_filter(node, problems);
    return source;
}

/* An entry must not be read twice in one pass: it would look like two with the same anchor. */
static void check_overlap(const SourceSettings *sources, const xmlNode *node, size_t n, GString **problems)
{
    for (size_t i = 0; i < n; i++) {
        const char *a = sources[i].base, *b = sources[n].base;
        bool overlap = !a || !b || schema_dn_within(schema_standard(), a, b) ||
                       schema_dn_within(schema_standard(), b, a);
        bool apart = a && b && sources[i].scope == 1 && sources[n].scope == 1 &&
                     !schema_dn_equal(schema_standard(), a, b);
        if (overlap && !apart)
            xml_problem(problems, node, "the source %s overlaps with %s; name each entry's place once",
                        b ? b : "without a base", a ? a : "one without a base");
    }
}

static void read_sources(PassSettings *pass, const xmlNode *node, GString **problems)
{
    g_autoptr(GArray) sources = g_array_new(FALSE, TRUE, sizeof(SourceSettings));
    for (const xmlNode *child = xml_child(node, "source"); child; child = xml_next(child)) {
        SourceSettings source = read_source(child, problems);
        g_array_append_val(sources, source);
        check_overlap((SourceSettings *)(void *)sources->data, child, sources->len - 1, problems);
    }
    SourceSettings everything = {.scope = SCOPE_OF_SUBTREE};
    if (!sources->len)
        g_array_append_val(sources, everything);
    pass->sources = (SourceSettings *)(void *)g_array_steal(sources, &pass->n_sources);
}

static void read_grace(PassSettings *pass, const xmlNode *node)
{
    g_autofree char *action = xml_attribute(node, "action");
    pass->grace_days = xml_number(node, "days", pass->grace_days);
    pass->grace_action = g_strcmp0(action, "keep") == 0 ? KEEP_IN_GRACE : HIDE_IN_GRACE;
}

/* The home side is called home in both passes. */
static void read_joins(PassSettings *pass, Step step, const xmlNode *node)
{
    g_autoptr(GArray) joins = g_array_new(FALSE, FALSE, sizeof(JoinRule));
    for (const xmlNode *join = xml_child(node, "join"); join; join = xml_next(join)) {
        JoinRule rule = {xml_attribute(join, step == STEP_IMPORT ? "source" : "home"),
                         xml_attribute(join, step == STEP_IMPORT ? "home" : "target"), false};
        g_autofree char *confidence = xml_attribute(join, "confidence");
        rule.probable = !g_strcmp0(confidence, "probable");
        g_array_append_val(joins, rule);
    }
    pass->joins = (JoinRule *)(void *)g_array_steal(joins, &pass->n_joins);
}

/* Which recipients, and as what: people="disabled-user" groups="no". */
static void read_recipients(PassSettings *pass, const xmlNode *node)
{
    for (int of = 0; of < OF_KINDS; of++) {
        g_autofree char *text = xml_attribute(node, recipient_settings[of]);
        if (!text)
            continue;
        pass->said[of] = true;
        int as = recipient_as_parse(text);
        bool user = g_str_has_suffix(text, "-user");
        pass->as[of] = as >= 0 ? (RecipientAs)as : user ? AS_USER : AS_NOTHING;
        pass->enabled_accounts |= !strcmp(text, "enabled-user");
    }
}

static void read_pass(PassSettings *pass, Step step, const xmlNode *node, const char *definition,
                      GString **problems)
{
    const xmlNode *anchor = xml_child(node, "anchor"), *grace = xml_child(node, "grace");
    const xmlNode *out_of_scope = xml_child(node, "out-of-scope");
    pass->wanted = true;
    pass->where = xml_where(node);
    pass->container = definition_dn(node, "container", problems);
    if (!pass->container)
        pass->container = g_strdup("");
    pass->create_container = definition_yes(node, "create-container", false);
    pass->mapping = xml_attribute(node, "mapping");
    if (strchr(pass->mapping, '/') || g_str_has_suffix(pass->mapping, ".xml")) {
        g_autofree char *file = pass->mapping;
        pass->mapping = xml_resolve(definition, file);
    }
    read_sources(pass, node, problems);
    read_recipients(pass, node);
    pass->keep_addresses = definition_yes(node, "keep-addresses", false);
    pass->hidden = definition_yes(node, "hidden", pass->hidden);
    pass->disabled = definition_yes(node, "disabled", pass->disabled);
    if (anchor)
        pass->anchor = xml_attribute(anchor, "attribute");
    if (grace)
        read_grace(pass, grace);
    read_joins(pass, step, node);
    pass->adopt = xml_child(node, "adopt") != NULL;
    g_autofree char *action = out_of_scope ? xml_attribute(out_of_scope, "action") : NULL;
    pass->out_of_scope_is_missing = g_strcmp0(action, "missing") == 0;
}

/* --- what is particular to the export --- */

/* A file is ours as a whole; in a directory only what is marked is. */
static void read_foreign_stamp(Connector *connector, const xmlNode *node, GString **problems)
{
    const Endpoint *target = connector_endpoint(connector, STEP_EXPORT, TARGET);
    const xmlNode *stamp = xml_child(node, "stamp");
    bool is_file = target->is_target;
    if (!stamp) {
        xml_problem(
            problems, node,
            is_file ? "the file needs a place for identities: <stamp attribute=\"…\"/>, a column or attribute"
                    : "objects in the foreign directory must be marked as ours: <stamp attribute=\"…\"/> "
                      "names an attribute of it that nothing else uses");
        return;
    }
    connector->has_foreign_stamp = true;
    connector->foreign_stamp.form = is_file ? STAMP_ANCHOR : STAMP_ATTRIBUTE;
    connector->foreign_stamp.name = xml_attribute(stamp, "attribute");
    connector->foreign_stamp.owner = g_strdup(connector->uuid);
}

/* Rows have no names: what tells them apart is the identity. */
static void check_key(Connector *connector, const xmlNode *node, GString **problems)
{
    Endpoint *target = &connector->export_target;
    const char *stamp = connector->foreign_stamp.name;
    if (strcmp(target->driver, "csv") != 0 || !stamp)
        return;
    if (!target->key)
        target->key = g_strdup(stamp);
    else if (g_ascii_strcasecmp(target->key, stamp) != 0)
        xml_problem(problems, node, "key=\"%s\", but the identities stand in %s; both are the same column",
                    target->key, stamp);
}

static void read_export(Connector *connector, const xmlNode *node, const char *definition, GString **problems)
{
    PassSettings *pass = &connector->pass[STEP_EXPORT];
    const xmlNode *to = xml_child(node, "to");
    read_pass(pass, STEP_EXPORT, node, definition, problems);
    if (to) {
        connector->has_export_target = true;
        endpoint_read_target(&connector->export_target, to, definition, problems);
    }
    const Endpoint *target = connector_endpoint(connector, STEP_EXPORT, TARGET);
    if (target->path && !target->is_target && !g_str_equal(target->driver, "memory") &&
        !g_str_equal(target->driver, "failing"))
        xml_problem(problems, node,
                    "the foreign directory is a file that is read; say with <to> what is written");
    read_foreign_stamp(connector, node, problems);
    if (connector->has_export_target)
        check_key(connector, node, problems);
    bool nameless = strcmp(target->driver, "csv") == 0;
    if (nameless == (*pass->container != '\0'))
        xml_problem(problems, node,
                    nameless ? "a CSV file has no containers; leave container out"
                             : "container is missing: the DN below which recipients go");
    if (connector->has_export_target && target->is_target && pass->grace_days)
        xml_problem(problems, node, "a file cannot say since when somebody is gone; leave <grace> out");
}

/* The schema sees to its form. */
static int64_t read_full_read(const xmlNode *root)
{
    g_autofree char *text = xml_attribute(root, "full-read");
    if (!text)
        return 24 * 3600;
    if (!strcmp(text, "always"))
        return FULL_READ_ALWAYS;
    if (!strcmp(text, "never"))
        return FULL_READ_NEVER;
    int64_t number = g_ascii_strtoll(text, NULL, 10);
    return number * (g_str_has_suffix(text, "d") ? 24 * 3600 : 3600);
}

static bool is_home(Step step, int side)
{
    return step == STEP_ADDRESSES || (step == STEP_IMPORT) == (side == TARGET);
}

const Endpoint *connector_endpoint(const Connector *connector, Step step, int side)
{
    if (is_home(step, side))
        return &connector->organisation->home;
    return step == STEP_EXPORT && connector->has_export_target ? &connector->export_target
                                                               : &connector->foreign;
}

void connector_endpoints(const Connector *connector, const Endpoint *endpoints[CONNECTOR_ENDPOINTS])
{
    endpoints[0] = &connector->organisation->home;
    endpoints[1] = &connector->foreign;
    endpoints[2] = &connector->export_target;
}

const StampSettings *connector_stamp(const Connector *connector, Step step, int side)
{
    if (is_home(step, side))
        return &connector->organisation->stamp;
    if (step == STEP_IMPORT && connector->import_stamp.name)
        return &connector->import_stamp;
    /* What is exported elsewhere does not come back through the source of the import. */
    if (!connector->has_foreign_stamp || (step == STEP_IMPORT && connector->has_export_target))
        return NULL;
    return &connector->foreign_stamp;
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

/* --- the schedule ------------------------------------------------------------------------------- */

static void read_duration(const xmlNode *node, const char *name, int64_t *seconds, GString **problems)
{
    g_autofree char *text = xml_attribute(node, name);
    if (text && !schedule_parse_duration(text, seconds))
        xml_problem(problems, node, "%s=\"%s\" is no time; allowed: a number and s, min, h or d, such as 5 s",
                    name, text);
}

static void read_schedule(Schedule *schedule, const xmlNode *node, GString **problems)
{
    g_autofree char *when = xml_attribute(node, "when");
    g_autoptr(GError) error = NULL;
    schedule->given = true;
    if (when && !schedule_parse(schedule, when, &error))
        xml_problem(problems, node, "when=%s", error->message);
    if (schedule->kind == SCHEDULE_ALWAYS)
        read_duration(node, "pause", &schedule->seconds, problems);
    schedule->zone = definition_trimmed(node, "zone");
    if (schedule->zone && !schedule_zone_exists(schedule->zone))
        xml_problem(problems, node,
                    "zone=\"%s\": this system knows no such time zone; name one such as Europe/Berlin",
                    schedule->zone);
    schedule->watch = definition_yes(node, "watch", false);
    read_duration(node, "settle", &schedule->settle, problems);
    read_duration(node, "maximum-wait", &schedule->maximum_wait, problems);
    if (schedule->maximum_wait < schedule->settle)
        xml_problem(problems, node,
                    "maximum-wait is shorter than settle; it is counted from the first change");
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

static void check_container(const Connector *connector, Step step, const xmlNode *node, GString **problems)
{
    const char *base = connector_endpoint(connector, step, TARGET)->base;
    const char *container = connector->pass[step].container;
    g_autoptr(Dn) dn = dn_parse(container, NULL);
    if (dn && dn->n_rdns && base && !schema_dn_within(schema_standard(), container, base))
        xml_problem(problems, node, "container=\"%s\" does not lie below the base of the %s directory, %s",
                    container, step == STEP_IMPORT ? "home" : "foreign", base);
}

static void check_passes(const Connector *connector, const xmlNode *const nodes[STEPS], GString **problems)
{
    for (int step = 0; step < STEPS; step++)
        if (nodes[step] && step != STEP_ADDRESSES)
            check_container(connector, (Step)step, nodes[step], problems);
}

/* Known without an export too: another connector may write there, or this one did once. */
static void read_import_stamp(Connector *connector, const xmlNode *node)
{
    const xmlNode *stamp = xml_child(node, "stamp");
    connector->import_stamp = (StampSettings){.form = STAMP_ATTRIBUTE};
    if (stamp)
        connector->import_stamp.name = xml_attribute(stamp, "attribute");
}

/* Only an export to somewhere else can do without. */
static void read_foreign(Connector *connector, const xmlNode *root, const xmlNode *const nodes[STEPS],
                         const char *definition, GString **problems)
{
    const xmlNode *foreign = xml_child(root, "foreign"), *export = nodes[STEP_EXPORT];
    if (foreign)
        endpoint_read(&connector->foreign, foreign, definition, problems);
    else if (nodes[STEP_IMPORT] || (export && !xml_child(export, "to")))
        xml_problem(problems, root, "<foreign> is missing: the directory of the other system");
}

static void read_history(Connector *connector, const xmlNode *node)
{
    connector->history_days = xml_number(node, "days", HISTORY_DAYS);
    connector->history_runs = xml_number(node, "runs", HISTORY_RUNS);
}

static Connector *read_connector(const xmlDoc *doc, const char *path, GString **problems)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    const xmlNode *limits = xml_child(root, "limits"), *metrics = xml_child(root, "metrics");
    const xmlNode *schedule = xml_child(root, "schedule");
    const xmlNode *nodes[STEPS];
    for (int step = 0; step < STEPS; step++)
        nodes[step] = xml_child(root, step_names[step]);
    Connector *connector = g_new0(Connector, 1);
    g_autofree char *uuid = xml_attribute(root, "uuid");
    connector->path = g_canonicalize_filename(path, NULL);
    connector->name = xml_attribute(root, "name");
    connector->full_read = read_full_read(root);
    connector->uuid = g_ascii_strdown(uuid, -1);
    connector->digest = g_strdup(xml_digest(doc));
    memcpy(connector->limits, limit_defaults, sizeof connector->limits);
    memcpy(connector->pass, pass_defaults, sizeof connector->pass);
    read_foreign(connector, root, nodes, path, problems);
    read_organisation(connector, root, path, problems);
    if (nodes[STEP_IMPORT]) {
        read_pass(&connector->pass[STEP_IMPORT], STEP_IMPORT, nodes[STEP_IMPORT], path, problems);
        read_import_stamp(connector, nodes[STEP_IMPORT]);
    }
    if (nodes[STEP_EXPORT] && connector->organisation &&
        (connector->foreign.driver || xml_child(nodes[STEP_EXPORT], "to")))
        read_export(connector, nodes[STEP_EXPORT], path, problems);
    if (nodes[STEP_ADDRESSES])
        connector_addresses_read(connector, nodes[STEP_ADDRESSES], problems);
    if (!nodes[STEP_IMPORT] && !nodes[STEP_ADDRESSES] && !nodes[STEP_EXPORT])
        xml_problem(problems, root, "no <import>, <addresses> or <export>: there would be nothing to do");
    if (limits)
        read_limits(connector, limits, problems);
    read_history(connector, xml_child(root, "history"));
    if (metrics) {
        g_autofree char *file = xml_attribute(metrics, "file");
        connector->metrics = xml_resolve(path, file);
    }
    notify_settings_read(&connector->notify, xml_child(root, "notify"), path, problems);
    connector->schedule = schedule_default;
    if (schedule)
        read_schedule(&connector->schedule, schedule, problems);
    read_sinks(connector, root, path);
    if (connector->organisation)
        check_passes(connector, nodes, problems);
    return connector;
}

const NotifySettings *connector_notify(const Connector *connector)
{
    return connector->notify.n_channels ? &connector->notify : &connector->organisation->notify;
}

char *connector_folder(void)
{
    const char *folder = g_getenv("DIRSYNC_CONFIG");
    return g_strdup(folder && *folder ? folder : "/etc/dirsync");
}

char *connector_path(const char *path_or_name)
{
    if (strchr(path_or_name, '/') || g_str_has_suffix(path_or_name, ".xml"))
        return g_strdup(path_or_name);
    g_autofree char *folder = connector_folder();
    g_autofree char *file = g_strconcat(path_or_name, ".xml", NULL);
    return g_build_filename(folder, file, NULL);
}

Connector *connector_load(const char *path_or_name, GError **error)
{
    g_autofree char *path = connector_path(path_or_name);
    g_autoptr(xmlDoc) doc = xml_load(path, "connector.rng", error);
    if (!doc)
        return NULL;
    GString *problems = NULL;
    g_autoptr(Connector) connector = read_connector(doc, path, &problems);
    return xml_no_problems(problems, error) ? g_steal_pointer(&connector) : NULL;
}

static void pass_settings_clear(PassSettings *pass)
{
    for (size_t i = 0; i < pass->n_joins; i++) {
        g_free(pass->joins[i].source);
        g_free(pass->joins[i].target);
    }
    for (size_t i = 0; i < pass->n_sources; i++) {
        g_free(pass->sources[i].base);
        g_free(pass->sources[i].filter);
    }
    g_free(pass->joins);
    g_free(pass->sources);
    g_free(pass->where);
    g_free(pass->container);
    g_free(pass->mapping);
    g_free(pass->anchor);
}

bool connector_same(const Connector *a, const Connector *b)
{
    return !strcmp(a->digest, b->digest) && !strcmp(a->organisation->digest, b->organisation->digest);
}

void connector_free(Connector *connector)
{
    if (!connector)
        return;
    for (size_t i = 0; i < connector->n_sinks; i++)
        g_free(connector->sinks[i].path);
    g_free(connector->sinks);
    for (int step = 0; step < STEPS; step++)
        pass_settings_clear(&connector->pass[step]);
    connector_addresses_clear(&connector->addresses);
    endpoint_clear(&connector->foreign);
    endpoint_clear(&connector->export_target);
    g_free(connector->foreign_stamp.name);
    g_free(connector->foreign_stamp.owner);
    g_free(connector->import_stamp.name);
    organisation_free(connector->organisation);
    notify_settings_clear(&connector->notify);
    schedule_clear(&connector->schedule);
    g_free(connector->metrics);
    g_free(connector->path);
    g_free(connector->name);
    g_free(connector->uuid);
    g_free(connector->digest);
    g_free(connector);
}

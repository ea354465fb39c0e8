/*
 * check.c - see check.h
 */
#include "dirsync/check.h"

#include "dirsync/check_server.h"
#include "dirsync/directory/directory.h"
#include "dirsync/managed.h"

#include <string.h>

#define REASONS_SHOWN 10

static void finding_free(void *data)
{
    Finding *finding = data;
    g_free(finding->text);
    g_free(finding->remedy);
    g_free(finding);
}

GPtrArray *check_findings_new(void)
{
    return g_ptr_array_new_with_free_func(finding_free);
}

void finding_add(GPtrArray *findings, FindingKind kind, ErrorCode code, const char *remedy,
                 const char *format, ...)
{
    Finding *finding = g_new0(Finding, 1);
    va_list args;
    va_start(args, format);
    finding->text = g_strdup_vprintf(format, args);
    va_end(args);
    finding->kind = kind;
    finding->code = code;
    finding->remedy = g_strdup(remedy);
    g_ptr_array_add(findings, finding);
}

/* The loaders put every problem on a line of its own. */
void check_add_error(GPtrArray *findings, const GError *error)
{
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", 0);
    ErrorCode code = error->domain == DIRSYNC_ERROR ? (ErrorCode)error->code : ERROR_IO;
    for (char **line = lines; *line; line++)
        if (**line)
            finding_add(findings, FINDING_ERROR, code, NULL, "%s", *line);
}

static void add_error(GPtrArray *findings, GError **error)
{
    check_add_error(findings, *error);
    g_clear_error(error);
}

/* --- the source, read and mapped as a run would --- */

typedef struct {
    const Connector *connector;
    GPtrArray *findings;
    Mapping *mapping;
    const Schema *source, *home;
    Filter *scope;
    const char *anchor;
    GHashTable *reasons; /* reason -> count */
    size_t mapped, invalid, outside, without_anchor, lines;
} Trial;

static void note_reason(Trial *trial, const char *where, const char *reason)
{
    trial->invalid++;
    if (g_hash_table_contains(trial->reasons, reason))
        return;
    g_hash_table_add(trial->reasons, g_strdup(reason));
    if (trial->lines++ < REASONS_SHOWN)
        finding_add(trial->findings, FINDING_WARNING, ERROR_INVALID, NULL, "%s: %s", where, reason);
}

static bool try_entry(const DirectoryItem *item, void *data, GError **error)
{
    Trial *trial = data;
    g_autoptr(GError) why = NULL;
    (void)error;
    g_autoptr(Entry) entry = item->bad ? NULL : directory_item_decode(item, &why);
    if (!entry) {
        note_reason(trial, item->where, item->bad ? item->bad->message : why->message);
        return true;
    }
    if (trial->scope && !filter_matches(trial->scope, trial->source, entry)) {
        trial->outside++;
        return true;
    }
    trial->without_anchor += !schema_find(trial->source, entry, trial->anchor);
    g_autoptr(Entry) desired = trial->home
                                   ? mapping_apply(trial->mapping, trial->home, trial->source, entry, &why)
                                   : entry_copy(entry);
    if (!desired)
        note_reason(trial, item->where, why->message);
    else
        trial->mapped++;
    return true;
}

static void report_trial(Trial *trial, const ReadResult *result)
{
    if (result->proof != PROOF_COMPLETE)
        finding_add(trial->findings, FINDING_WARNING, ERROR_SOURCE, NULL,
                    "source: not proven complete: %s; a run would remove nobody",
                    result->reason ? result->reason : "?");
    if (trial->without_anchor)
        finding_add(trial->findings, FINDING_WARNING, ERROR_INVALID,
                    "name an attribute that everybody has with <anchor>",
                    "source: %zu entries have no %s, which is the anchor", trial->without_anchor,
                    trial->anchor);
    if (!result->entries)
        finding_add(trial->findings, FINDING_WARNING, ERROR_SOURCE,
                    "look at <source base= scope=> and the filter", "source: no entries");
    finding_add(trial->findings, trial->invalid ? FINDING_WARNING : FINDING_OK, ERROR_INVALID, NULL,
                "source: %zu entries, %zu in scope and mapped, %zu out of scope, %zu cannot be mapped",
                result->entries, trial->mapped, trial->outside, trial->invalid);
}

static void try_source(Trial *trial, Directory *source)
{
    const ImportSettings *import = &trial->connector->import;
    GPtrArray *names = g_ptr_array_new();
    for (const char *const *name = mapping_source_attributes(trial->mapping); *name; name++)
        g_ptr_array_add(names, (gpointer)*name);
    g_autoptr(GHashTable) in_filter = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (trial->scope)
        filter_collect_attributes(trial->scope, in_filter);
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, in_filter);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(names, name);
    g_ptr_array_add(names, (gpointer)trial->anchor);
    g_ptr_array_add(names, NULL);
    ReadRequest request = {.base = import->base,
                           .scope = (SearchScope)import->scope,
                           .filter = import->filter,
                           .attributes = (const char *const *)names->pdata};
    ReadResult result = {0};
    GError *error = NULL;
    if (directory_read(source, &request, try_entry, trial, &result, &error))
        report_trial(trial, &result);
    else
        add_error(trial->findings, &error);
    read_result_clear(&result);
    g_ptr_array_unref(names);
}

static void check_source(const Connector *connector, Mapping *mapping, Directory *source, const Schema *home,
                         GPtrArray *findings)
{
    const DirectoryDescription *about = directory_describe(source);
    g_autoptr(Filter) scope = connector->import.filter ? filter_parse(connector->import.filter, NULL) : NULL;
    g_autoptr(GHashTable) reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *anchor = connector->import.anchor ? connector->import.anchor : about->default_anchor;
    if (!anchor) {
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION,
                    "say <anchor attribute=\"…\"/> in <import>: an attribute or column that never changes",
                    "%s: a file has no identity of its own", connector->path);
        return;
    }
    Trial trial = {.connector = connector,
                   .findings = findings,
                   .mapping = mapping,
                   .source = about->schema,
                   .home = home,
                   .scope = scope,
                   .anchor = anchor,
                   .reasons = reasons};
    try_source(&trial, source);
}

/* --- the home directory --- */

static void check_schema(const Connector *connector, const Schema *schema, GPtrArray *findings)
{
    const char *remedy =
        "load schema/openldap/dirsync.ldif: ldapadd -Y EXTERNAL -H ldapi:/// -f dirsync.ldif";
    const StampSettings *stamp = &connector->organisation->stamp;
    size_t before = findings->len;
    for (const char *const *name = stamp_attributes(stamp); *name; name++)
        if (!schema_attribute(schema, *name))
            finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, remedy,
                        "home directory: attribute %s, which marks our objects, is not in the schema", *name);
    if (stamp->form == STAMP_CLASS && !schema_class(schema, STAMP_CLASS_NAME))
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, remedy,
                    "home directory: class " STAMP_CLASS_NAME " is not in the schema");
    if (connector->import.grace_action == HIDE_IN_GRACE && !schema_attribute(schema, HIDE_ATTRIBUTE))
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION,
                    "load the schema, or say <grace action=\"keep\"/>",
                    "home directory: attribute " HIDE_ATTRIBUTE
                    ", which hides people in grace, is not in the schema");
    const AttributeType *proxies = schema_attribute(schema, "proxyAddresses");
    if (proxies && !proxies->has_equality)
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, "load our schema instead of msuser.schema",
                    "home directory: proxyAddresses has no equality rule: it can be neither searched nor "
                    "kept unique");
    if (findings->len == before)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL,
                    "home directory: the schema has what is needed");
}

static void check_mapping(const Mapping *mapping, Directory *home, Directory *source, GPtrArray *findings)
{
    GError *error = NULL;
    const DirectoryDescription *from = source ? directory_describe(source) : NULL;
    const Schema *source_schema = from && from->capabilities & HAS_SCHEMA ? from->schema : NULL;
    if (mapping_check(mapping, directory_describe(home)->schema, source_schema, &error))
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "mapping %s: fits the schema",
                    mapping_path(mapping));
    else
        add_error(findings, &error);
}

static void check_home(const Connector *connector, const Mapping *mapping, Directory *home, Directory *source,
                       GPtrArray *findings)
{
    check_schema(connector, directory_describe(home)->schema, findings);
    if (mapping)
        check_mapping(mapping, home, source, findings);
    check_server(connector, home, findings);
}

static Directory *open_directory(const Endpoint *endpoint, const char *what, GPtrArray *findings)
{
    GError *error = NULL;
    Directory *directory = directory_open(endpoint, &error);
    if (directory)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "%s: %s answers", what,
                    directory_describe(directory)->subject);
    else
        add_error(findings, &error);
    return directory;
}

GPtrArray *check_connector(const Connector *connector)
{
    GPtrArray *findings = check_findings_new();
    GError *error = NULL;
    g_autoptr(Mapping) mapping = mapping_load(connector->import.mapping, MAPPING_IMPORT, &error);
    if (!mapping)
        add_error(findings, &error);
    g_autoptr(Directory) home = open_directory(&connector->organisation->home, "home directory", findings);
    g_autoptr(Directory) source = open_directory(&connector->foreign, "source", findings);
    if (home)
        check_home(connector, mapping, home, source, findings);
    if (source && mapping)
        check_source(connector, mapping, source, home ? directory_describe(home)->schema : NULL, findings);
    return findings;
}

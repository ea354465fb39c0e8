/*
 * check.c - see check.h
 */
#include "dirsync/check.h"

#include "dirsync/check_addresses.h"
#include "dirsync/check_server.h"
#include "dirsync/csv.h"
#include "dirsync/directory/directory.h"
#include "dirsync/managed.h"
#include "dirsync/pass.h"

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
    Step step;
    const char *what; /* the source, in words */
    GPtrArray *findings;
    Mapping *mapping;
    const Schema *source, *target;
    Filter *scope; /* of the source that is being read; NULL: everything */
    const char *anchor;
    GHashTable *reasons; /* reason -> count */
    size_t entries, mapped, invalid, outside, without_anchor, lines;
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

static bool try_mapping(Trial *trial, const DirectoryItem *item, const Entry *entry)
{
    RecipientAs as[OF_KINDS];
    pass_recipients(&trial->connector->pass[trial->step], trial->mapping, as);
    g_autoptr(GError) why = NULL;
    int kind = -1;
    if (mapping_choose(trial->mapping, as, trial->source, entry, &kind, &why) && kind < 0) {
        trial->outside++;
        return true;
    }
    trial->without_anchor += !schema_find(trial->source, entry, trial->anchor);
    if (!why && trial->target)
        entry_free(mapping_apply(trial->mapping, (size_t)kind, trial->target, trial->source, entry, &why));
    if (why)
        note_reason(trial, item->where, why->message);
    else
        trial->mapped++;
    return true;
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
    return try_mapping(trial, item, entry);
}

static void report_trial(Trial *trial, const ReadResult *result)
{
    if (result->proof != PROOF_COMPLETE)
        finding_add(trial->findings, FINDING_WARNING, ERROR_SOURCE, NULL,
                    "%s: not proven complete: %s; a run would remove nobody", trial->what,
                    result->reason ? result->reason : "?");
    if (trial->without_anchor)
        finding_add(trial->findings, FINDING_WARNING, ERROR_INVALID,
                    "name an attribute that everybody has with <anchor>",
                    "%s: %zu entries have no %s, which is the anchor", trial->what, trial->without_anchor,
                    trial->anchor);
    if (!trial->entries)
        finding_add(trial->findings, FINDING_WARNING, ERROR_SOURCE,
                    "look at <source base= scope=> and the filter", "%s: no entries", trial->what);
    finding_add(trial->findings, trial->invalid ? FINDING_WARNING : FINDING_OK, ERROR_INVALID, NULL,
                "%s: %zu entries, %zu in scope and mapped, %zu out of scope, %zu cannot be mapped",
                trial->what, trial->entries, trial->mapped, trial->outside, trial->invalid);
}

/* What the mapping, the filter and the anchor look at. */
static GPtrArray *wanted_attributes(const Trial *trial, GHashTable *in_filter)
{
    GPtrArray *names = g_ptr_array_new();
    for (const char *const *name = mapping_source_attributes(trial->mapping); *name; name++)
        g_ptr_array_add(names, (gpointer)*name);
    if (trial->scope)
        filter_collect_attributes(trial->scope, in_filter);
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, in_filter);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(names, name);
    g_ptr_array_add(names, (gpointer)trial->anchor);
    g_ptr_array_add(names, NULL);
    return names;
}

static bool try_source(Trial *trial, Directory *source, const SourceSettings *settings, ReadResult *result,
                       GError **error)
{
    g_autoptr(Filter) scope = settings->filter ? filter_parse_resolved(settings->filter, NULL) : NULL;
    g_autoptr(GHashTable) in_filter = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    trial->scope = scope;
    g_autoptr(GPtrArray) names = wanted_attributes(trial, in_filter);
    ReadRequest request = {.base = settings->base,
                           .scope = (SearchScope)settings->scope,
                           .filter = settings->filter,
                           .attributes = (const char *const *)names->pdata};
    return directory_read(source, &request, try_entry, trial, result, error);
}

static void try_sources(Trial *trial, Directory *source)
{
    const PassSettings *pass = &trial->connector->pass[trial->step];
    ReadResult worst = {.proof = PROOF_COMPLETE};
    for (size_t i = 0; i < pass->n_sources; i++) {
        ReadResult result = {0};
        GError *error = NULL;
        if (!try_source(trial, source, &pass->sources[i], &result, &error)) {
            add_error(trial->findings, &error);
            read_result_clear(&worst);
            return;
        }
        trial->entries += result.entries;
        if (worst.proof == PROOF_COMPLETE && result.proof != PROOF_COMPLETE) {
            worst.proof = result.proof;
            worst.reason = g_steal_pointer(&result.reason);
        }
        read_result_clear(&result);
    }
    report_trial(trial, &worst);
    read_result_clear(&worst);
}

static void check_source(const Connector *connector, Step step, Mapping *mapping, Directory *source,
                         const Schema *target, GPtrArray *findings)
{
    const DirectoryDescription *about = directory_describe(source);
    g_autoptr(GHashTable) reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const PassSettings *pass = &connector->pass[step];
    const char *anchor = pass->anchor ? pass->anchor : about->default_anchor;
    if (!anchor) {
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION,
                    "say <anchor attribute=\"…\"/> in <import>: an attribute or column that never changes",
                    "%s: a file has no identity of its own", connector->path);
        return;
    }
    Trial trial = {.connector = connector,
                   .step = step,
                   .what = step == STEP_IMPORT ? "source" : "export containers",
                   .findings = findings,
                   .mapping = mapping,
                   .source = about->schema,
                   .target = target,
                   .anchor = anchor,
                   .reasons = reasons};
    try_sources(&trial, source);
}

/* --- the targets --- */

static const char *const target_words[STEPS] = {[STEP_IMPORT] = "home directory", [STEP_EXPORT] = "target"};

static void check_schema(const Connector *connector, Step step, const Schema *schema, GPtrArray *findings)
{
    const char *remedy =
        "load schema/openldap/dirsync.ldif: ldapadd -Y EXTERNAL -H ldapi:/// -f dirsync.ldif";
    const StampSettings *stamp = connector_stamp(connector, step, TARGET);
    const PassSettings *pass = &connector->pass[step];
    const char *what = target_words[step];
    size_t before = findings->len;
    for (const char *const *name = stamp_attributes(stamp); *name; name++)
        if (!schema_attribute(schema, *name))
            finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, remedy,
                        "%s: attribute %s, which marks our objects, is not in the schema", what, *name);
    if (stamp->form == STAMP_CLASS && !schema_class(schema, STAMP_CLASS_NAME))
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, remedy,
                    "%s: class " STAMP_CLASS_NAME " is not in the schema", what);
    if (pass->grace_days && pass->grace_action == HIDE_IN_GRACE && !schema_attribute(schema, HIDE_ATTRIBUTE))
        finding_add(
            findings, FINDING_ERROR, ERROR_DEFINITION, "load the schema, or say <grace action=\"keep\"/>",
            "%s: attribute " HIDE_ATTRIBUTE ", which hides people in grace, is not in the schema", what);
    const AttributeType *proxies = schema_attribute(schema, "proxyAddresses");
    if (proxies && !proxies->has_equality)
        finding_add(findings, FINDING_ERROR, ERROR_DEFINITION, "load our schema instead of msuser.schema",
                    "%s: proxyAddresses has no equality rule: it can be neither searched nor kept unique",
                    what);
    if (findings->len == before)
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "%s: the schema has what is needed", what);
}

/* Whoever has a value that no column is for is refused. */
static void check_columns(const Endpoint *to, const Mapping *mapping, const RecipientAs as[OF_KINDS],
                          GPtrArray *findings)
{
    const char *const *columns = (const char *const *)to->columns;
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    for (size_t i = 0; columns && i < mapping_n_recipients(mapping); i++) {
        const MappingRecipient *recipient = mapping_recipient(mapping, i);
        for (size_t j = 0; as[recipient->of] == recipient->as && j < recipient->n_rules; j++) {
            const char *name = recipient->rules[j]->name;
            if (!csv_column_of(columns, name) &&
                !g_ptr_array_find_with_equal_func(missing, name, g_str_equal, NULL))
                g_ptr_array_add(missing, (gpointer)name);
        }
    }
    bool any = missing->len;
    g_ptr_array_add(missing, NULL);
    g_autofree char *list = g_strjoinv(" ", (char **)missing->pdata);
    if (any)
        finding_add(
            findings, FINDING_WARNING, ERROR_DEFINITION,
            "whoever has one of them is refused: add them to columns=\"...\", or take them out of a copy "
            "of the mapping",
            "%s: has no columns for what mapping %s gives: %s", to->path, mapping_path(mapping), list);
}

static void check_mapping(const Connector *connector, Step step, const Mapping *mapping, Directory *target,
                          Directory *source, GPtrArray *findings)
{
    GError *error = NULL;
    const DirectoryDescription *from = source ? directory_describe(source) : NULL;
    const DirectoryDescription *to = directory_describe(target);
    RecipientAs as[OF_KINDS];
    pass_recipients(&connector->pass[step], mapping, as);
    check_columns(connector_endpoint(connector, step, TARGET), mapping, as, findings);
    if (mapping_check(mapping, as, to->capabilities & HAS_SCHEMA ? to->schema : NULL,
                      from && from->capabilities & HAS_SCHEMA ? from->schema : NULL, &error))
        finding_add(findings, FINDING_OK, ERROR_INVALID, NULL, "mapping %s: its %s fits the schema",
                    mapping_path(mapping), step_names[step]);
    else
        add_error(findings, &error);
}

static void check_target(const Connector *connector, Step step, const Mapping *mapping, Directory *target,
                         Directory *source, GPtrArray *findings)
{
    const DirectoryDescription *about = directory_describe(target);
    if (about->capabilities & HAS_SCHEMA)
        check_schema(connector, step, about->schema, findings);
    if (mapping)
        check_mapping(connector, step, mapping, target, source, findings);
    if (!(about->capabilities & IS_FILE))
        check_server(connector, step, target, findings);
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

static void check_step(const Connector *connector, Step step, GPtrArray *findings)
{
    static const char *const words[STEPS][SIDES] = {
        [STEP_IMPORT] = {"source", "home directory"}, [STEP_EXPORT] = {"export containers", "target"}};
    GError *error = NULL;
    g_autoptr(Mapping) mapping = mapping_load(connector->pass[step].mapping,
                                              step == STEP_IMPORT ? MAPPING_IMPORT : MAPPING_EXPORT, &error);
    if (!mapping)
        add_error(findings, &error);
    g_autoptr(Directory) target =
        open_directory(connector_endpoint(connector, step, TARGET), words[step][TARGET], findings);
    g_autoptr(Directory) source =
        open_directory(connector_endpoint(connector, step, SOURCE), words[step][SOURCE], findings);
    if (target)
        check_target(connector, step, mapping, target, source, findings);
    if (target)
        check_changes(words[step][TARGET], target, findings);
    if (source && step == STEP_IMPORT)
        check_changes(words[step][SOURCE], source, findings);
    if (source && mapping)
        check_source(connector, step, mapping, source, target ? directory_describe(target)->schema : NULL,
                     findings);
}

static void check_address_step(const Connector *connector, GPtrArray *findings)
{
    g_autoptr(Directory) home = open_directory(&connector->organisation->home, "home directory", findings);
    if (home)
        check_addresses(connector, home, findings);
}

GPtrArray *check_connector(const Connector *connector)
{
    GPtrArray *findings = check_findings_new();
    for (int step = 0; step < STEPS; step++)
        if (step != STEP_ADDRESSES && connector->pass[step].wanted)
            check_step(connector, (Step)step, findings);
    if (connector->pass[STEP_ADDRESSES].wanted)
        check_address_step(connector, findings);
    return findings;
}

/*
 * mapping.c - applies a mapping to an entry; contract in mapping.h
 *
 * For each rule: gather values, bring them to length, drop what the target's
 * schema takes for the same value, and check that what is merged is owned.
 * The source entry is not touched, and nothing of it is kept.
 */
#include "dirsync/mapping_internal.h"

#include "dirsync/dn.h"
#include "dirsync/error.h"

#include <libxml/xpathInternals.h>
#include <string.h>

/* All values of one target entry together: a rule may multiply what it reads. */
#define MAX_ENTRY_BYTES (64u * 1024 * 1024)

/** One application of a mapping. */
typedef struct {
    Mapping *mapping;
    const Schema *target;
    const Schema *source_schema;
    const Entry *source;
    Entry *result; /* values live in its arena */
    size_t bytes;
    MappingGave gave; /* NULL: nobody asks */
    void *data;
} Applying;

/* --- gathering ---------------------------------------------------------------------------------- */

static bool invalid(const Rule *rule, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool invalid(const Rule *rule, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *reason = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(error, ERROR_INVALID, "%s: %s: %s", rule->where, rule->name, reason);
    return false;
}

static bool add_value(Applying *to, const Rule *rule, GArray *values, const char *data, size_t len,
                      GError **error)
{
    to->bytes += len;
    if (to->bytes > MAX_ENTRY_BYTES)
        return invalid(rule, error, "the mapped entry would be larger than %u bytes", MAX_ENTRY_BYTES);
    if (len == 0)
        return true;
    char *copy = entry_alloc(to->result, len + 1);
    memcpy(copy, data, len);
    copy[len] = '\0';
    Value value = {copy, len};
    g_array_append_val(values, value);
    return true;
}

static bool add_text(Applying *to, const Rule *rule, GArray *values, xmlChar *text, GError **error)
{
    bool good = !text || add_value(to, rule, values, (const char *)text, strlen((const char *)text), error);
    xmlFree(text);
    return good;
}

/* A number that is none (what number('x') gives) is no value; truth is written as LDAP writes it. */
static bool add_result(Applying *to, const Rule *rule, GArray *values, xmlXPathObject *result, GError **error)
{
    if (result->type == XPATH_BOOLEAN) {
        const char *text = result->boolval ? "TRUE" : "FALSE";
        return add_value(to, rule, values, text, strlen(text), error);
    }
    if (result->type == XPATH_NUMBER && (xmlXPathIsNaN(result->floatval) || xmlXPathIsInf(result->floatval)))
        return true;
    if (result->type != XPATH_NODESET)
        return add_text(to, rule, values, xmlXPathCastToString(result), error);
    xmlNodeSet *nodes = result->nodesetval;
    if (nodes && nodes->nodeNr > 1)
        xmlXPathNodeSetSort(nodes);
    for (int i = 0; nodes && i < nodes->nodeNr; i++)
        if (!add_text(to, rule, values, xmlXPathCastNodeToString(nodes->nodeTab[i]), error))
            return false;
    return true;
}

static xmlXPathObject *evaluate(Applying *to, const Rule *rule, const Expression *expression, GError **error)
{
    g_autofree char *reason = NULL;
    xmlXPathObject *result = expression_evaluate(to->mapping->evaluator, expression, NULL, 0, 0, &reason);
    if (!result)
        invalid(rule, error, "%s", reason);
    return result;
}

static bool select_once(Applying *to, const Rule *rule, xmlNode *node, int position, int size, GArray *values,
                        GError **error)
{
    g_autofree char *reason = NULL;
    xmlXPathObject *result =
        expression_evaluate(to->mapping->evaluator, rule->select, node, position, size, &reason);
    if (!result)
        return invalid(rule, error, "%s", reason);
    bool good = add_result(to, rule, values, result, error);
    xmlXPathFreeObject(result);
    return good;
}

static bool select_each(Applying *to, const Rule *rule, GArray *values, GError **error)
{
    xmlXPathObject *each = evaluate(to, rule, rule->for_each, error);
    if (!each)
        return false;
    xmlNodeSet *nodes = each->type == XPATH_NODESET ? each->nodesetval : NULL;
    bool good = true;
    if (nodes && nodes->nodeNr > 1)
        xmlXPathNodeSetSort(nodes);
    for (int i = 0; good && nodes && i < nodes->nodeNr; i++)
        good = select_once(to, rule, nodes->nodeTab[i], i + 1, nodes->nodeNr, values, error);
    xmlXPathFreeObject(each);
    return good;
}

static bool copy_from(Applying *to, const Rule *rule, GArray *values, GError **error)
{
    const Attribute *attribute = schema_find(to->source_schema, to->source, rule->from);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (!add_value(to, rule, values, attribute->values[i].data, attribute->values[i].len, error))
            return false;
    return true;
}

/* Sets *holds to what when= says; true without it. */
static bool condition(Applying *to, const Rule *rule, bool *holds, GError **error)
{
    *holds = true;
    xmlXPathObject *result = rule->when ? evaluate(to, rule, rule->when, error) : NULL;
    if (rule->when && !result)
        return false;
    if (result)
        *holds = xmlXPathCastToBoolean(result) != 0;
    xmlXPathFreeObject(result);
    return true;
}

/* --- shaping ------------------------------------------------------------------------------------ */

static bool is_text(const Value *value)
{
    return g_utf8_validate_len(value->data, value->len, NULL);
}

/* Cuts, or says how long the value is. What is no text is measured in bytes and never cut. */
static bool fit_length(const Rule *rule, Value *value, GError **error)
{
    if (value->len <= rule->about.max_length)
        return true;
    bool text = is_text(value);
    size_t length = text ? (size_t)g_utf8_strlen(value->data, (gssize)value->len) : value->len;
    if (length <= rule->about.max_length)
        return true;
    if (!text || !rule->cut)
        return invalid(rule, error, "the value has %zu %s, and max-length is %zu", length,
                       text ? "characters" : "bytes", rule->about.max_length);
    size_t len = (size_t)(g_utf8_offset_to_pointer(value->data, (glong)rule->about.max_length) - value->data);
    while (len > 0 && value->data[len - 1] == ' ')
        len--;
    ((char *)(uintptr_t)value->data)[len] = '\0'; /* our own copy, made by add_value() */
    value->len = len;
    return true;
}

static bool fit_lengths(const Rule *rule, GArray *values, GError **error)
{
    for (guint i = values->len; rule->about.max_length && i-- > 0;) {
        if (!fit_length(rule, &g_array_index(values, Value, i), error))
            return false;
        if (g_array_index(values, Value, i).len == 0)
            g_array_remove_index(values, i);
    }
    return true;
}

/* Two values that the target takes for the same would be refused as a whole (LDAP 20). */
static void remove_duplicates(const Schema *schema, const Rule *rule, GArray *values)
{
    const AttributeType *type = schema_attribute(schema, rule->name);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    guint kept = 0;
    for (guint i = 0; i < values->len; i++) {
        Value value = g_array_index(values, Value, i);
        GString *form = g_string_new(NULL);
        schema_normalise(schema, type, value, form);
        if (g_hash_table_add(seen, g_string_free_to_bytes(form)))
            g_array_index(values, Value, kept++) = value;
    }
    g_array_set_size(values, kept);
}

static bool is_owned(const Rule *rule, const Value *value)
{
    for (char **prefix = rule->owns; *prefix; prefix++)
        if (strncmp(value->data, *prefix, strlen(*prefix)) == 0)
            return true;
    return false;
}

/* A value of ours without our prefix could never be told from somebody else's again. */
static bool check_ownership(const Rule *rule, const GArray *values, GError **error)
{
    for (guint i = 0; rule->owns && i < values->len; i++)
        if (!is_owned(rule, &g_array_index(values, Value, i)))
            return invalid(rule, error,
                           "the value \"%.100s\" begins with none of the prefixes that the rule owns",
                           g_array_index(values, Value, i).data);
    return true;
}

static bool check_required(const Rule *rule, const GArray *values, GError **error)
{
    if (values->len || !rule->required)
        return true;
    g_autofree char *sources = g_strjoinv(", ", rule->sources);
    return invalid(rule, error,
                   "no value, and one is required; it is made from %s, which the entry lacks or which "
                   "give none",
                   *sources ? sources : "nothing");
}

/* --- one rule, one entry ------------------------------------------------------------------------ */

static bool gather(Applying *to, const Rule *rule, GArray *values, GError **error)
{
    bool holds;
    if (!condition(to, rule, &holds, error))
        return false;
    if (!holds)
        return true;
    bool good = rule->from       ? copy_from(to, rule, values, error)
                : rule->for_each ? select_each(to, rule, values, error)
                                 : select_once(to, rule, NULL, 0, 0, values, error);
    if (good && values->len == 0 && rule->otherwise)
        good = add_value(to, rule, values, rule->otherwise, strlen(rule->otherwise), error);
    return good;
}

static bool apply_rule(Applying *to, const Rule *rule, GError **error)
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(Value));
    if (!gather(to, rule, values, error))
        return false;
    if (rule->first_only && values->len > 1)
        g_array_set_size(values, 1);
    if (!fit_lengths(rule, values, error))
        return false;
    if (values->len > 1 && !rule->is_members)
        remove_duplicates(to->target, rule, values);
    if (!check_ownership(rule, values, error) || !check_required(rule, values, error))
        return false;
    for (guint i = 0; i < values->len; i++) {
        Value value = g_array_index(values, Value, i);
        entry_add(to->result, rule->name, value.data, value.len);
        if (to->gave)
            to->gave(&rule->about, value, to->data);
    }
    return true;
}

static void set_name(Entry *result, const MappingRule *rule)
{
    const Attribute *attribute = entry_attribute(result, (size_t)entry_index(result, rule->name));
    g_autofree char *dn = dn_build(rule->name, attribute->values[0].data, attribute->values[0].len, NULL);
    entry_set_dn(result, dn);
}

Entry *mapping_apply(Mapping *mapping, size_t index, const Schema *target, const Schema *source_schema,
                     const Entry *source, GError **error)
{
    return mapping_apply_told(mapping, index, target, source_schema, source, NULL, NULL, error);
}

Entry *mapping_apply_told(Mapping *mapping, size_t index, const Schema *target, const Schema *source_schema,
                          const Entry *source, MappingGave gave, void *data, GError **error)
{
    const MappingRecipient *recipient = mapping_recipient(mapping, index);
    g_autoptr(Entry) result = entry_new("");
    Applying to = {.mapping = mapping,
                   .target = target ? target : schema_standard(),
                   .source_schema = source_schema,
                   .source = source,
                   .result = result,
                   .gave = gave,
                   .data = data};
    bool good = true;
    for (const char *const *name = recipient->classes; *name; name++)
        entry_add_string(result, "objectClass", *name);
    evaluator_set_entry(mapping->evaluator, source, source_schema);
    for (size_t i = 0; good && i < recipient->n_rules; i++)
        good = apply_rule(&to, mapping_rule_of(recipient->rules[i]), error);
    evaluator_set_entry(mapping->evaluator, NULL, NULL);
    if (!good)
        return NULL;
    set_name(result, recipient->name);
    return g_steal_pointer(&result);
}

/* --- what the mapping says ---------------------------------------------------------------------- */

const char *mapping_path(const Mapping *mapping)
{
    return mapping->path;
}

const char *mapping_digest(const Mapping *mapping)
{
    return mapping->digest;
}

const char *const *mapping_source_attributes(const Mapping *mapping)
{
    return (const char *const *)mapping->sources;
}

size_t mapping_n_recipients(const Mapping *mapping)
{
    return mapping->recipients->len;
}

const MappingRecipient *mapping_recipient(const Mapping *mapping, size_t i)
{
    return &mapping_recipient_at(mapping, i)->about;
}

/*
 * mapping_load.c - reads a mapping file; contract in mapping.h
 *
 * Everything that can be wrong with a mapping by itself is found here, all of
 * it at once, with file and line. Whether it suits a directory is
 * mapping_check.c's business.
 */
#include "dirsync/mapping_internal.h"
#include "dirsync/xml.h"

#include <string.h>

typedef struct {
    Mapping *mapping;
    GPtrArray *sources; /* of all rules */
    GString *problems;
} Loading;

/* --- rules -------------------------------------------------------------------------------------- */

static void note_source(Loading *to, const char *name)
{
    evaluator_add_attribute(to->mapping->evaluator, name);
    for (guint i = 0; i < to->sources->len; i++)
        if (g_ascii_strcasecmp(g_ptr_array_index(to->sources, i), name) == 0)
            return;
    g_ptr_array_add(to->sources, g_strdup(name));
}

static Expression *read_expression(Loading *to, const xmlNode *node, const char *name, bool has_context,
                                   GPtrArray *sources)
{
    g_autofree char *text = xml_attribute(node, name);
    g_autofree char *reason = NULL;
    if (!text)
        return NULL;
    Expression *expression = expression_new(to->mapping->evaluator, text, has_context, sources, &reason);
    if (!expression)
        xml_problem(&to->problems, node, "%s=\"%.200s\": %s", name, text, reason);
    return expression;
}

static bool is_yes(const xmlNode *node, const char *name, const char *yes)
{
    g_autofree char *text = xml_attribute(node, name);
    return g_strcmp0(text, yes) == 0;
}

static void read_origin(Loading *to, Rule *rule, const xmlNode *node)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    bool has_each = xmlHasProp(node, (const xmlChar *)"for-each") != NULL;
    rule->from = xml_attribute(node, "from");
    if (rule->from)
        g_ptr_array_add(sources, g_strdup(rule->from));
    rule->select = read_expression(to, node, "select", has_each, sources);
    rule->for_each = read_expression(to, node, "for-each", false, sources);
    rule->when = read_expression(to, node, "when", false, sources);
    for (guint i = 0; i < sources->len; i++)
        note_source(to, g_ptr_array_index(sources, i));
    g_ptr_array_add(sources, NULL);
    rule->sources = (char **)g_ptr_array_steal(sources, NULL);
    if (rule->from && has_each)
        xml_problem(&to->problems, node, "for-each goes with select, and this rule has from");
    if (rule->for_each && !rule->for_each->is_nodes)
        xml_problem(&to->problems, node, "for-each wants values such as $mail, and this gives one text");
}

static void read_length(Loading *to, Rule *rule, const xmlNode *node)
{
    g_autofree char *length = xml_attribute(node, "max-length");
    rule->max_length = length ? (size_t)g_ascii_strtoull(length, NULL, 10) : 0;
    rule->cut = is_yes(node, "too-long", "cut");
    if (!length && xmlHasProp(node, (const xmlChar *)"too-long"))
        xml_problem(&to->problems, node, "too-long says what happens beyond max-length, which is missing");
}

static void read_owner(Loading *to, Rule *rule, const xmlNode *node)
{
    g_autofree char *owns = xml_attribute(node, "owns");
    rule->about.wins = is_yes(node, "wins", "merge")     ? WINS_MERGE
                       : is_yes(node, "wins", "initial") ? WINS_INITIAL
                                                         : WINS_REPLACE;
    if (rule->about.wins == WINS_MERGE && !owns)
        xml_problem(&to->problems, node,
                    "wins=\"merge\" needs owns: the prefixes of the values that are ours, "
                    "such as owns=\"SMTP: smtp:\"");
    if (rule->about.wins != WINS_MERGE && owns)
        xml_problem(&to->problems, node, "owns goes with wins=\"merge\" only");
    if (!owns)
        return;
    g_autoptr(GPtrArray) prefixes = g_ptr_array_new();
    g_auto(GStrv) words = g_strsplit_set(owns, " \t\r\n", -1);
    for (char **word = words; *word; word++)
        if (**word)
            g_ptr_array_add(prefixes, g_strdup(*word));
    g_ptr_array_add(prefixes, NULL);
    rule->owns = (char **)g_ptr_array_steal(prefixes, NULL);
}

static Rule *read_rule(Loading *to, const xmlNode *node, const char *name_attribute)
{
    Rule *rule = g_new0(Rule, 1);
    rule->name = xml_attribute(node, name_attribute);
    rule->where = xml_where(node);
    read_origin(to, rule, node);
    read_length(to, rule, node);
    read_owner(to, rule, node);
    rule->otherwise = xml_attribute(node, "default");
    rule->first_only = is_yes(node, "values", "first");
    rule->required = is_yes(node, "required", "yes");
    rule->about.name = rule->name;
    rule->about.where = rule->where;
    rule->about.owns = (const char *const *)rule->owns;
    if (g_ascii_strcasecmp(rule->name, "objectClass") == 0)
        xml_problem(&to->problems, node,
                    "objectClass has no rule; the classes are listed as <object class=\"...\"/>");
    return rule;
}

void rule_free(Rule *rule)
{
    if (!rule)
        return;
    g_free(rule->name);
    g_strfreev(rule->owns);
    g_free(rule->where);
    g_strfreev(rule->sources);
    g_free(rule->from);
    expression_free(rule->select);
    expression_free(rule->for_each);
    expression_free(rule->when);
    g_free(rule->otherwise);
    g_free(rule);
}

/* --- the side ----------------------------------------------------------------------------------- */

static void add_rule(Loading *to, const xmlNode *node, Rule *rule)
{
    for (guint i = 0; i < to->mapping->rules->len; i++) {
        const Rule *other = g_ptr_array_index(to->mapping->rules, i);
        if (g_ascii_strcasecmp(other->name, rule->name) == 0) {
            const char *line = strrchr(other->where, ':') + 1;
            xml_problem(&to->problems, node,
                        "%s has a rule already, in line %s; allowed: one for each attribute", rule->name,
                        line);
        }
    }
    g_ptr_array_add(to->mapping->rules, rule);
}

static void read_classes(Loading *to, const xmlNode *side)
{
    g_autoptr(GPtrArray) classes = g_ptr_array_new();
    for (const xmlNode *node = xml_child(side, "object"); node; node = xml_next(node)) {
        char *class_name = xml_attribute(node, "class");
        if (g_ptr_array_find_with_equal_func(classes, class_name, g_str_equal, NULL))
            xml_problem(&to->problems, node, "the class %s is listed twice", class_name);
        g_ptr_array_add(classes, class_name);
    }
    g_ptr_array_add(classes, NULL);
    to->mapping->classes = (char **)g_ptr_array_steal(classes, NULL);
}

static void read_side(Loading *to, const xmlNode *side)
{
    Mapping *mapping = to->mapping;
    const xmlNode *name = xml_child(side, "name");
    mapping->where = xml_where(side);
    read_classes(to, side);
    mapping->name_rule = read_rule(to, name, "attribute");
    mapping->name_rule->about.is_name = true;
    mapping->name_rule->required = true;
    mapping->name_rule->first_only = true;
    add_rule(to, name, mapping->name_rule);
    for (const xmlNode *node = xml_child(side, "attribute"); node; node = xml_next(node))
        add_rule(to, node, read_rule(to, node, "name"));
}

static char *make_digest(const xmlDoc *doc)
{
    g_autofree char *text = g_strdup_printf("%s %d", xml_digest(doc), MAPPING_LANGUAGE_VERSION);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static Mapping *read_mapping(const xmlDoc *doc, const char *path, MappingSide side, GError **error)
{
    static const char *const names[] = {[MAPPING_IMPORT] = "import", [MAPPING_EXPORT] = "export"};
    const xmlNode *root = xmlDocGetRootElement(doc);
    const xmlNode *node = xml_child(root, names[side]);
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Mapping) mapping = g_new0(Mapping, 1);
    Loading to = {.mapping = mapping, .sources = sources};
    mapping->path = g_strdup(path);
    mapping->digest = make_digest(doc);
    mapping->rules = g_ptr_array_new_with_free_func((GDestroyNotify)rule_free);
    mapping->evaluator = evaluator_new();
    if (node)
        read_side(&to, node);
    else
        xml_problem(&to.problems, root, "the mapping has no <%s>, and it is used for that", names[side]);
    g_ptr_array_set_free_func(sources, NULL);
    g_ptr_array_add(sources, NULL);
    mapping->sources = (char **)g_ptr_array_steal(sources, NULL);
    return xml_no_problems(to.problems, error) ? g_steal_pointer(&mapping) : NULL;
}

/* --- interface ---------------------------------------------------------------------------------- */

Mapping *mapping_load(const char *name, MappingSide side, GError **error)
{
    bool is_path = strchr(name, '/') || g_str_has_suffix(name, ".xml");
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *path = is_path ? g_strdup(name) : xml_data_path("mappings", file);
    g_autoptr(xmlDoc) doc = xml_load(path, "mapping.rng", error);
    return doc ? read_mapping(doc, path, side, error) : NULL;
}

Mapping *mapping_load_memory(const char *data, size_t len, const char *path, MappingSide side, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_load_memory(data, len, path, "mapping.rng", error);
    return doc ? read_mapping(doc, path, side, error) : NULL;
}

void mapping_free(Mapping *mapping)
{
    if (!mapping)
        return;
    g_free(mapping->path);
    g_free(mapping->digest);
    g_free(mapping->where);
    g_ptr_array_unref(mapping->rules);
    g_strfreev(mapping->classes);
    g_strfreev(mapping->sources);
    evaluator_free(mapping->evaluator);
    g_free(mapping);
}

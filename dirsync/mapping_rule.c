/*
 * mapping_rule.c - reads one rule of a mapping: <name>, <attribute> or <members>
 *
 * Compiles its expressions and finds what is wrong with the rule by itself.
 * Which recipient has it, and whether another rule gives the same attribute, is
 * mapping_recipient.c's business.
 */
#include "dirsync/mapping_internal.h"
#include "dirsync/xml.h"

/* --- expressions -------------------------------------------------------------------------------- */

static void note_source(MappingLoading *to, const char *name)
{
    evaluator_add_attribute(to->mapping->evaluator, name);
    for (guint i = 0; i < to->sources->len; i++)
        if (g_ascii_strcasecmp(g_ptr_array_index(to->sources, i), name) == 0)
            return;
    g_ptr_array_add(to->sources, g_strdup(name));
}

char **rule_note_sources(MappingLoading *to, GPtrArray *sources)
{
    for (guint i = 0; i < sources->len; i++)
        note_source(to, g_ptr_array_index(sources, i));
    g_ptr_array_add(sources, NULL);
    return (char **)g_ptr_array_steal(sources, NULL);
}

Expression *rule_read_expression(MappingLoading *to, const xmlNode *node, const char *name, bool has_context,
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

char **rule_split_words(const char *text)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_auto(GStrv) pieces = g_strsplit_set(text, " \t\r\n", -1);
    for (char **piece = pieces; *piece; piece++)
        if (**piece)
            g_ptr_array_add(words, g_strdup(*piece));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}

/* --- parts of a rule ---------------------------------------------------------------------------- */

static bool is_word(const xmlNode *node, const char *name, const char *word)
{
    g_autofree char *text = xml_attribute(node, name);
    return g_strcmp0(text, word) == 0;
}

static void read_origin(MappingLoading *to, Rule *rule, const xmlNode *node)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    bool has_each = xmlHasProp(node, (const xmlChar *)"for-each") != NULL;
    rule->from = xml_attribute(node, "from");
    if (rule->from)
        g_ptr_array_add(sources, g_strdup(rule->from));
    rule->select = rule_read_expression(to, node, "select", has_each, sources);
    rule->for_each = rule_read_expression(to, node, "for-each", false, sources);
    rule->when = rule_read_expression(to, node, "when", false, sources);
    rule->sources = rule_note_sources(to, sources);
    if (rule->from && has_each)
        xml_problem(&to->problems, node, "for-each goes with select, and this rule has from");
    if (rule->for_each && !rule->for_each->is_nodes)
        xml_problem(&to->problems, node, "for-each wants values such as $mail, and this gives one text");
}

static void read_length(MappingLoading *to, Rule *rule, const xmlNode *node)
{
    g_autofree char *length = xml_attribute(node, "max-length");
    rule->about.max_length = length ? (size_t)g_ascii_strtoull(length, NULL, 10) : 0;
    rule->cut = is_word(node, "too-long", "cut");
    if (!length && xmlHasProp(node, (const xmlChar *)"too-long"))
        xml_problem(&to->problems, node, "too-long says what happens beyond max-length, which is missing");
}

static void read_owner(MappingLoading *to, Rule *rule, const xmlNode *node)
{
    g_autofree char *owns = xml_attribute(node, "owns");
    rule->about.wins = is_word(node, "wins", "merge")     ? WINS_MERGE
                       : is_word(node, "wins", "initial") ? WINS_INITIAL
                                                          : WINS_REPLACE;
    if (rule->about.wins == WINS_MERGE && !owns)
        xml_problem(&to->problems, node,
                    "wins=\"merge\" needs owns: the prefixes of the values that are ours, "
                    "such as owns=\"SMTP: smtp:\"");
    if (rule->about.wins != WINS_MERGE && owns)
        xml_problem(&to->problems, node, "owns goes with wins=\"merge\" only");
    rule->owns = owns ? rule_split_words(owns) : NULL;
    rule->about.owns = (const char *const *)rule->owns;
}

static void read_uniqueness(MappingLoading *to, Rule *rule, const xmlNode *node)
{
    rule->about.is_unique = is_word(node, "unique", "yes");
    if (rule->about.is_unique && rule->about.wins != WINS_INITIAL)
        xml_problem(
            &to->problems, node,
            "unique=\"yes\" needs wins=\"initial\": a value that was altered to be the only one stays "
            "as it is");
}

/* --- the rule ----------------------------------------------------------------------------------- */

Rule *rule_read(MappingLoading *to, const xmlNode *node, const char *name_attribute)
{
    Rule *rule = g_new0(Rule, 1);
    g_ptr_array_add(to->mapping->rules, rule);
    rule->name = xml_attribute(node, name_attribute);
    rule->where = xml_where(node);
    read_origin(to, rule, node);
    read_length(to, rule, node);
    read_owner(to, rule, node);
    read_uniqueness(to, rule, node);
    rule->otherwise = xml_attribute(node, "default");
    rule->first_only = is_word(node, "values", "first");
    rule->required = is_word(node, "required", "yes");
    rule->about.name = rule->name;
    rule->about.where = rule->where;
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

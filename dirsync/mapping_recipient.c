/*
 * mapping_recipient.c - reads one side of a mapping: its sets of attributes and its recipients
 *
 * A recipient has the rules of the sets that it uses and its own; what it says
 * itself replaces what a set says of the same attribute. Rules of a set are
 * compiled once and shared. Names are compared but for case here; two names of
 * one attribute (sn, surname) need a schema and are found by mapping_check.c.
 */
#include "dirsync/mapping_internal.h"
#include "dirsync/xml.h"

#include <string.h>

/** A set of attributes: <attributes id="...">. */
typedef struct {
    char *id;
    const xmlNode *node;
    GPtrArray *rules; /* of Rule, which the mapping owns */
    bool is_used;
} AttributeSet;

/** One recipient while it is read. Names are lower case and lead to their Rule. */
typedef struct {
    MappingLoading *loading;
    const xmlNode *node;
    GPtrArray *sets;      /* of AttributeSet: all there are */
    GPtrArray *rules;     /* of Rule, in the order in which they are applied */
    GHashTable *own;      /* names that the recipient gives itself */
    GHashTable *from_set; /* names that its sets give */
} Reading;

static const char *line_of(const char *where)
{
    return strrchr(where, ':') + 1;
}

/* --- rules by name ------------------------------------------------------------------------------ */

static GHashTable *names_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static Rule *names_find(GHashTable *names, const char *name)
{
    g_autofree char *key = g_ascii_strdown(name, -1);
    return g_hash_table_lookup(names, key);
}

/* Tells when the name is there already. */
static void names_add(MappingLoading *to, GHashTable *names, const xmlNode *node, Rule *rule)
{
    const Rule *other = names_find(names, rule->name);
    if (other)
        xml_problem(&to->problems, node, "%s has a rule already, in line %s; allowed: one for each attribute",
                    rule->name, line_of(other->where));
    else
        g_hash_table_insert(names, g_ascii_strdown(rule->name, -1), rule);
}

/* The rules of the <attribute> elements of @parent. */
static void read_attributes(MappingLoading *to, const xmlNode *parent, GHashTable *names, GPtrArray *rules)
{
    for (const xmlNode *node = xml_child(parent, "attribute"); node; node = xml_next(node)) {
        if (to->mapping->rules->len >= MAPPING_MAX_RULES) {
            xml_problem(&to->problems, node, "too many rules; at most %d", MAPPING_MAX_RULES);
            return;
        }
        Rule *rule = rule_read(to, node, "name");
        names_add(to, names, node, rule);
        g_ptr_array_add(rules, rule);
    }
}

/* --- sets --------------------------------------------------------------------------------------- */

static void set_free(void *data)
{
    AttributeSet *set = data;
    g_free(set->id);
    g_ptr_array_unref(set->rules);
    g_free(set);
}

static AttributeSet *find_set(const GPtrArray *sets, const char *id)
{
    for (guint i = 0; i < sets->len; i++) {
        AttributeSet *set = g_ptr_array_index(sets, i);
        if (strcmp(set->id, id) == 0)
            return set;
    }
    return NULL;
}

static GPtrArray *read_sets(MappingLoading *to, const xmlNode *side)
{
    GPtrArray *sets = g_ptr_array_new_with_free_func(set_free);
    for (const xmlNode *node = xml_child(side, "attributes"); node; node = xml_next(node)) {
        if (sets->len >= MAPPING_MAX_SETS) {
            xml_problem(&to->problems, node, "too many sets of attributes; at most %d", MAPPING_MAX_SETS);
            break;
        }
        AttributeSet *set = g_new0(AttributeSet, 1);
        set->id = xml_attribute(node, "id");
        set->node = node;
        set->rules = g_ptr_array_new();
        const AttributeSet *other = find_set(sets, set->id);
        if (other)
            xml_problem(&to->problems, node, "there is a set %s already, in line %ld", set->id,
                        xmlGetLineNo(other->node));
        g_autoptr(GHashTable) names = names_new();
        read_attributes(to, node, names, set->rules);
        g_ptr_array_add(sets, set);
    }
    return sets;
}

static void check_all_used(MappingLoading *to, const GPtrArray *sets)
{
    for (guint i = 0; i < sets->len; i++) {
        const AttributeSet *set = g_ptr_array_index(sets, i);
        if (!set->is_used)
            xml_problem(&to->problems, set->node,
                        "no recipient uses the set %s; name it in uses=\"...\" or remove it", set->id);
    }
}

static void tell_unknown_set(const Reading *to, const char *id)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    for (guint i = 0; i < to->sets->len; i++)
        g_string_append_printf(ids, "%s%s", i ? ", " : "",
                               ((const AttributeSet *)g_ptr_array_index(to->sets, i))->id);
    xml_problem(&to->loading->problems, to->node, "there is no set %s; allowed in uses: %s", id,
                ids->len ? ids->str : "nothing, since there is no <attributes>");
}

static void use_set(Reading *to, AttributeSet *set)
{
    set->is_used = true;
    for (guint i = 0; i < set->rules->len; i++) {
        Rule *rule = g_ptr_array_index(set->rules, i);
        const Rule *other = names_find(to->from_set, rule->name);
        if (other)
            xml_problem(&to->loading->problems, to->node,
                        "%s is in two of the sets that are used, in line %s and in line %s; allowed: one",
                        rule->name, line_of(other->where), line_of(rule->where));
        else
            g_hash_table_insert(to->from_set, g_ascii_strdown(rule->name, -1), rule);
        if (!other && !names_find(to->own, rule->name))
            g_ptr_array_add(to->rules, rule);
    }
}

static bool is_in(char *const *words, char *const *end, const char *word)
{
    for (; words < end; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static void use_sets(Reading *to)
{
    g_autofree char *uses = xml_attribute(to->node, "uses");
    g_auto(GStrv) ids = rule_split_words(uses ? uses : "");
    if (g_strv_length(ids) > MAPPING_MAX_SETS) {
        xml_problem(&to->loading->problems, to->node, "too many sets in uses; at most %d", MAPPING_MAX_SETS);
        return;
    }
    for (char **id = ids; *id; id++) {
        AttributeSet *set = find_set(to->sets, *id);
        if (!set)
            tell_unknown_set(to, *id);
        else if (is_in(ids, id, *id))
            xml_problem(&to->loading->problems, to->node, "the set %s is used twice", *id);
        else
            use_set(to, set);
    }
}

/* --- one recipient ------------------------------------------------------------------------------ */

static char **read_classes(MappingLoading *to, const xmlNode *parent)
{
    g_autoptr(GPtrArray) classes = g_ptr_array_new();
    for (const xmlNode *node = xml_child(parent, "object"); node; node = xml_next(node)) {
        char *class_name = xml_attribute(node, "class");
        if (g_ptr_array_find_with_equal_func(classes, class_name, g_str_equal, NULL))
            xml_problem(&to->problems, node, "the class %s is listed twice", class_name);
        g_ptr_array_add(classes, class_name);
    }
    g_ptr_array_add(classes, NULL);
    return (char **)g_ptr_array_steal(classes, NULL);
}

/* What the entry is, as what it goes over, and the condition. The short form has none of these. */
static void read_kind(MappingLoading *to, Recipient *recipient, const xmlNode *node)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_autofree char *of = xml_attribute(node, "of"), *as = xml_attribute(node, "as");
    recipient->about.of = of ? (RecipientOf)recipient_of_parse(of) : OF_PERSON;
    recipient->about.as = as ? (RecipientAs)recipient_as_parse(as) : AS_CONTACT;
    recipient->when = rule_read_expression(to, node, "when", false, sources);
    recipient->takes_all = !xmlHasProp(node, (const xmlChar *)"when");
    recipient->sources = rule_note_sources(to, sources);
}

static Rule *read_name(Reading *to)
{
    const xmlNode *node = xml_child(to->node, "name");
    Rule *rule = rule_read(to->loading, node, "attribute");
    rule->about.is_name = true;
    rule->required = true;
    rule->first_only = true;
    names_add(to->loading, to->own, node, rule);
    return rule;
}

static void read_members(Reading *to, Recipient *recipient)
{
    const xmlNode *node = xml_child(to->node, "members");
    if (!node)
        return;
    if (recipient->about.as != AS_GROUP)
        xml_problem(&to->loading->problems, node, "<members> goes with as=\"group\" only; remove it");
    g_autofree char *by = xml_attribute(node, "by");
    Rule *rule = rule_read(to->loading, node, "name");
    rule->is_members = true;
    names_add(to->loading, to->own, node, rule);
    g_ptr_array_add(to->rules, rule);
    recipient->about.members = &rule->about;
    recipient->about.by = g_strcmp0(by, "anchor") == 0 ? MEMBERS_BY_ANCHOR : MEMBERS_BY_DN;
}

/* First the name, then the sets in the order of uses, then what is the recipient's own. */
static void read_rules(Reading *to, Recipient *recipient)
{
    g_autoptr(GPtrArray) own = g_ptr_array_new();
    Rule *name = read_name(to);
    read_attributes(to->loading, to->node, to->own, own);
    g_ptr_array_add(to->rules, name);
    recipient->about.name = &name->about;
    use_sets(to);
    g_ptr_array_extend(to->rules, own, NULL, NULL);
    read_members(to, recipient);
}

static void keep_rules(Recipient *recipient, const GPtrArray *rules)
{
    recipient->rules = g_new0(const MappingRule *, rules->len);
    for (guint i = 0; i < rules->len; i++)
        recipient->rules[i] = &((const Rule *)g_ptr_array_index(rules, i))->about;
    recipient->about.n_rules = rules->len;
    recipient->about.rules = recipient->rules;
}

/* @node: <recipient>, or the side itself in the short form. */
static void read_recipient(MappingLoading *to, GPtrArray *sets, const xmlNode *node)
{
    g_autoptr(GHashTable) own = names_new(), from_set = names_new();
    g_autoptr(GPtrArray) rules = g_ptr_array_new();
    Reading reading = {to, node, sets, rules, own, from_set};
    Recipient *recipient = g_new0(Recipient, 1);
    g_ptr_array_add(to->mapping->recipients, recipient);
    recipient->where = xml_where(node);
    recipient->classes = read_classes(to, node);
    recipient->about.where = recipient->where;
    recipient->about.classes = (const char *const *)recipient->classes;
    read_kind(to, recipient, node);
    read_rules(&reading, recipient);
    keep_rules(recipient, rules);
}

void recipient_free(Recipient *recipient)
{
    if (!recipient)
        return;
    g_free(recipient->where);
    g_strfreev(recipient->classes);
    g_free(recipient->rules);
    expression_free(recipient->when);
    g_strfreev(recipient->sources);
    g_free(recipient);
}

/* --- the side ----------------------------------------------------------------------------------- */

/* A recipient without condition takes every entry: what comes after it must be the same thing, made
 * into something else. */
static void check_reached(MappingLoading *to, const xmlNode *node)
{
    const GPtrArray *recipients = to->mapping->recipients;
    const Recipient *last = mapping_recipient_at(to->mapping, recipients->len - 1);
    for (guint i = 0; i + 1 < recipients->len; i++) {
        const Recipient *other = mapping_recipient_at(to->mapping, i);
        if (!other->takes_all || (other->about.of == last->about.of && other->about.as != last->about.as))
            continue;
        xml_problem(&to->problems, node,
                    "no entry gets here: the recipient in line %s has no when and takes every entry; put "
                    "it last or give it a when",
                    line_of(other->where));
        return;
    }
}

void recipients_read(MappingLoading *to, const xmlNode *side)
{
    g_autoptr(GPtrArray) sets = read_sets(to, side);
    const xmlNode *node = xml_child(side, "recipient");
    to->mapping->where = xml_where(side);
    if (!node)
        read_recipient(to, sets, side);
    for (; node; node = xml_next(node)) {
        if (to->mapping->recipients->len >= MAPPING_MAX_RECIPIENTS) {
            xml_problem(&to->problems, node, "too many recipients; at most %d", MAPPING_MAX_RECIPIENTS);
            break;
        }
        read_recipient(to, sets, node);
        check_reached(to, node);
    }
    check_all_used(to, sets);
}

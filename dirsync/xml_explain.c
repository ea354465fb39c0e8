/*
 * xml_explain.c - walks a document and its grammar side by side
 *
 * For every element it collects from the grammar which attributes and child
 * elements may stand there, and reports what is unknown, missing, doubled or
 * has a value that is not allowed, each time with what is. Knows the part of
 * RELAX NG that schema/ uses: named elements and attributes, group,
 * interleave, choice, ref, include, value, and data with pattern or bounds.
 * Order is not looked at, our grammars interleave. A d:means attribute on
 * <data> or <text> is what people are told about the value.
 */
#include "dirsync/xml_explain.h"

#include <libxml/parser.h>
#include <libxml/xmlregexp.h>
#include <string.h>

#define MEANS_NAMESPACE "urn:x-dirsync:means:1"
#define MAX_REF_DEPTH 32
#define MAX_DOCUMENTS 4

/** The grammar file and what it includes. */
typedef struct {
    xmlDoc *documents[MAX_DOCUMENTS];
    size_t n_documents;
} Grammar;

/** An attribute or element that the grammar allows at a place. */
typedef struct {
    char *name;
    const xmlNode *pattern;
    bool required;
    bool repeats;
} Allowed;

/** All that may stand in one element. */
typedef struct {
    GArray *attributes;
    GArray *elements;
    const xmlNode *text; /* pattern of the text content, or NULL */
} Content;

typedef struct {
    const Grammar *grammar;
    GString **problems;
} Explanation;

/* --- the grammar -------------------------------------------------------------------------------- */

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, (const xmlChar *)name);
}

static void grammar_load(Grammar *grammar, const char *path)
{
    if (grammar->n_documents == MAX_DOCUMENTS)
        return;
    xmlDoc *doc = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    if (!root) {
        xmlFreeDoc(doc);
        return;
    }
    grammar->documents[grammar->n_documents++] = doc;
    g_autofree char *folder = g_path_get_dirname(path);
    for (const xmlNode *node = xml_child(root, "include"); node; node = xml_next(node)) {
        g_autofree char *href = xml_attribute(node, "href");
        g_autofree char *included = g_build_filename(folder, href, NULL);
        grammar_load(grammar, included);
    }
}

static void grammar_clear(Grammar *grammar)
{
    for (size_t i = 0; i < grammar->n_documents; i++)
        xmlFreeDoc(grammar->documents[i]);
}

static const xmlNode *grammar_define(const Grammar *grammar, const xmlNode *reference)
{
    g_autofree char *wanted = xml_attribute(reference, "name");
    for (size_t i = 0; i < grammar->n_documents; i++) {
        const xmlNode *root = xmlDocGetRootElement(grammar->documents[i]);
        for (const xmlNode *node = xml_child(root, "define"); node; node = xml_next(node)) {
            g_autofree char *name = xml_attribute(node, "name");
            if (g_strcmp0(name, wanted) == 0)
                return node;
        }
    }
    return NULL;
}

/* --- values ------------------------------------------------------------------------------------- */

static bool data_fits(const xmlNode *data, const char *value)
{
    bool fits = true;
    for (const xmlNode *param = xml_child(data, "param"); param && fits; param = xml_next(param)) {
        g_autofree char *name = xml_attribute(param, "name");
        g_autofree char *text = xml_text(param);
        char *end;
        if (g_strcmp0(name, "pattern") == 0) {
            xmlRegexp *pattern = xmlRegexpCompile((const xmlChar *)text);
            fits = pattern && xmlRegexpExec(pattern, (const xmlChar *)value) == 1;
            xmlRegFreeRegexp(pattern);
        } else if (g_strcmp0(name, "minInclusive") == 0) {
            fits =
                g_ascii_strtoll(value, &end, 10) >= g_ascii_strtoll(text, NULL, 10) && end != value && !*end;
        } else if (g_strcmp0(name, "maxInclusive") == 0) {
            fits =
                g_ascii_strtoll(value, &end, 10) <= g_ascii_strtoll(text, NULL, 10) && end != value && !*end;
        }
    }
    return fits;
}

static bool value_fits(const Grammar *grammar, const xmlNode *pattern, const char *value, int depth)
{
    bool any = false;
    for (const xmlNode *node = pattern->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        any = true;
        g_autofree char *text = is(node, "value") ? xml_text(node) : NULL;
        const xmlNode *define =
            is(node, "ref") && depth < MAX_REF_DEPTH ? grammar_define(grammar, node) : NULL;
        if ((text && strcmp(text, value) == 0) || (is(node, "data") && data_fits(node, value)) ||
            is(node, "text") || (is(node, "choice") && value_fits(grammar, node, value, depth)) ||
            (define && value_fits(grammar, define, value, depth + 1)))
            return true;
    }
    return !any; /* <attribute name="x"/> is any text */
}

static void list_values(const Grammar *grammar, const xmlNode *pattern, GString *out, int depth)
{
    for (const xmlNode *node = pattern->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        const xmlNode *define =
            is(node, "ref") && depth < MAX_REF_DEPTH ? grammar_define(grammar, node) : NULL;
        if (define || is(node, "choice")) {
            list_values(grammar, define ? define : node, out, depth + 1);
            continue;
        }
        xmlChar *means = xmlGetNsProp(node, (const xmlChar *)"means", (const xmlChar *)MEANS_NAMESPACE);
        g_autofree char *text = means ? g_strdup((const char *)means) : xml_text(node);
        xmlFree(means);
        if (*text)
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", text);
    }
}

/* --- what may stand in an element --------------------------------------------------------------- */

static void allowed_clear(void *item)
{
    g_free(((Allowed *)item)->name);
}

static Content content_new(void)
{
    Content content = {g_array_new(FALSE, FALSE, sizeof(Allowed)), g_array_new(FALSE, FALSE, sizeof(Allowed)),
                       NULL};
    g_array_set_clear_func(content.attributes, allowed_clear);
    g_array_set_clear_func(content.elements, allowed_clear);
    return content;
}

static void content_clear(Content *content)
{
    g_array_unref(content->attributes);
    g_array_unref(content->elements);
}

static const Allowed *allowed_find(const GArray *list, const xmlChar *name, const Allowed *after)
{
    for (guint i = after ? (guint)(after - &g_array_index(list, Allowed, 0)) + 1 : 0; i < list->len; i++)
        if (strcmp(g_array_index(list, Allowed, i).name, (const char *)name) == 0)
            return &g_array_index(list, Allowed, i);
    return NULL;
}

/* "; allowed: a, b" or nothing when the grammar does not say. Alternatives may have the attribute @name,
 * each with values of its own. */
static char *allowed_values(const Grammar *grammar, const GArray *list, const char *name)
{
    g_autoptr(GString) values = g_string_new(NULL);
    const Allowed *item = NULL;
    while ((item = allowed_find(list, (const xmlChar *)name, item)))
        list_values(grammar, item->pattern, values, 0);
    return values->len ? g_strdup_printf("; allowed: %s", values->str) : g_strdup("");
}

static char *allowed_text(const Grammar *grammar, const xmlNode *pattern)
{
    g_autoptr(GString) values = g_string_new(NULL);
    list_values(grammar, pattern, values, 0);
    return values->len ? g_strdup_printf("; allowed: %s", values->str) : g_strdup("");
}

static char *allowed_names(const GArray *list, bool elements)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < list->len; i++) {
        const Allowed *item = &g_array_index(list, Allowed, i);
        if (allowed_find(list, (const xmlChar *)item->name, NULL) != item)
            continue;
        g_string_append_printf(names, "%s%s%s%s", names->len ? ", " : "", elements ? "<" : "", item->name,
                               elements ? ">" : "");
    }
    return g_strdup(names->len ? names->str : "none");
}

/* False when the branch wants a fixed value for an attribute that @instance has otherwise:
 * driver="ldif" rules out the branch of driver="ldap". */
static bool branch_fits(const Grammar *grammar, const xmlNode *branch, const xmlNode *instance, int depth)
{
    if (is(branch, "attribute")) {
        g_autofree char *name = xml_attribute(branch, "name");
        g_autofree char *value = name ? xml_attribute(instance, name) : NULL;
        return !value || value_fits(grammar, branch, value, 0);
    }
    const xmlNode *place = is(branch, "ref") ? grammar_define(grammar, branch) : branch;
    if (!place || depth == MAX_REF_DEPTH || is(branch, "element") || is(branch, "choice") ||
        is(branch, "optional"))
        return true;
    for (const xmlNode *node = place->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && !branch_fits(grammar, node, instance, depth + 1))
            return false;
    return true;
}

typedef struct {
    const Grammar *grammar;
    const xmlNode *instance;
    Content *content;
    GString **problems;
} Collecting;

static void collect(Collecting *to, const xmlNode *pattern, bool required, bool repeats, int depth);

/* The attribute that stands for an alternative: itself, or the first in it. g_free(); NULL: none. */
static char *lead_attribute(const Grammar *grammar, const xmlNode *branch, int depth)
{
    if (is(branch, "attribute"))
        return xml_attribute(branch, "name");
    const xmlNode *place = is(branch, "ref") ? grammar_define(grammar, branch) : branch;
    bool passable = is(branch, "ref") || is(branch, "group");
    const xmlNode *first = place && passable && depth < MAX_REF_DEPTH ? place->children : NULL;
    while (first && first->type != XML_ELEMENT_NODE)
        first = first->next;
    return first ? lead_attribute(grammar, first, depth + 1) : NULL;
}

/* Alternatives with attributes of different names: exactly one must be there. True when it was told. */
static bool explain_alternatives(Collecting *to, const xmlNode *choice, bool required)
{
    g_autoptr(GString) names = g_string_new(NULL);
    size_t present = 0, alternatives = 0;
    for (const xmlNode *node = choice->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        g_autofree char *name = is(node, "attribute") ? xml_attribute(node, "name") : NULL;
        if (!name)
            return false;
        g_string_append_printf(names, "%s%s", alternatives++ ? ", " : "", name);
        present += xmlHasProp(to->instance, (const xmlChar *)name) != NULL;
    }
    if (present > 1)
        xml_problem(to->problems, to->instance, "<%s> has several of the attributes %s; allowed: one",
                    to->instance->name, names->str);
    else if (present == 0 && required)
        xml_problem(to->problems, to->instance, "<%s> lacks one of the attributes %s", to->instance->name,
                    names->str);
    return true;
}

/* An attribute that every alternative begins with is required as such: driver, method, form. */
static bool share_lead(const Grammar *grammar, const xmlNode *choice)
{
    g_autofree char *shared = NULL;
    for (const xmlNode *node = choice->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        g_autofree char *lead = lead_attribute(grammar, node, 0);
        if (!lead || (shared && strcmp(shared, lead) != 0))
            return false;
        if (!shared)
            shared = g_steal_pointer(&lead);
    }
    return shared != NULL;
}

static void require_lead(Collecting *to, const xmlNode *choice)
{
    const xmlNode *first = choice->children;
    while (first && first->type != XML_ELEMENT_NODE)
        first = first->next;
    g_autofree char *lead = first ? lead_attribute(to->grammar, first, 0) : NULL;
    for (guint i = 0; lead && i < to->content->attributes->len; i++) {
        Allowed *item = &g_array_index(to->content->attributes, Allowed, i);
        if (strcmp(item->name, lead) == 0) {
            item->required = true;
            return; /* one of them is enough: the same name is told once */
        }
    }
}

/* True when the instance has an element of the branch. Clears *alone when there is more than elements. */
static bool branch_is_begun(const Collecting *to, const xmlNode *branch, bool *alone, int depth)
{
    g_autofree char *name = is(branch, "element") ? xml_attribute(branch, "name") : NULL;
    if (name)
        return xml_child(to->instance, name) != NULL;
    const xmlNode *place = is(branch, "ref") ? grammar_define(to->grammar, branch) : branch;
    bool passable = place && depth < MAX_REF_DEPTH && !is(branch, "attribute") && !is(branch, "value");
    bool begun = false;
    *alone = *alone && passable;
    for (const xmlNode *node = passable ? place->children : NULL; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE)
            begun = branch_is_begun(to, node, alone, depth + 1) || begun;
    return begun;
}

/* Alternatives of elements alone: the last that is begun is meant, or the first of an empty element. */
static const xmlNode *meant_alternative(const Collecting *to, const xmlNode *choice)
{
    bool empty = xmlChildElementCount((xmlNode *)(uintptr_t)to->instance) == 0, alone = true;
    const xmlNode *meant = NULL;
    for (const xmlNode *node = choice->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && (branch_is_begun(to, node, &alone, 0) || (empty && !meant)))
            meant = node;
    return alone ? meant : NULL;
}

static void collect_choice(Collecting *to, const xmlNode *choice, bool required, bool repeats, int depth)
{
    const xmlNode *meant = meant_alternative(to, choice);
    if (meant) {
        collect(to, meant, required, repeats, depth);
        return;
    }
    size_t n = 0, n_fitting = 0;
    for (const xmlNode *node = choice->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE) {
            n++;
            n_fitting += branch_fits(to->grammar, node, to->instance, 0);
        }
    for (const xmlNode *node = choice->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE &&
            (n_fitting == 0 || branch_fits(to->grammar, node, to->instance, 0)))
            collect(to, node, required && (n_fitting ? n_fitting : n) == 1, repeats, depth);
    if (!explain_alternatives(to, choice, required) && required && n_fitting > 1 &&
        share_lead(to->grammar, choice))
        require_lead(to, choice);
}

static void collect_children(Collecting *to, const xmlNode *pattern, bool required, bool repeats, int depth)
{
    for (const xmlNode *node = pattern->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE)
            collect(to, node, required, repeats, depth);
}

static void collect(Collecting *to, const xmlNode *pattern, bool required, bool repeats, int depth)
{
    if (depth > MAX_REF_DEPTH)
        return;
    if (is(pattern, "element") || is(pattern, "attribute")) {
        Allowed item = {xml_attribute(pattern, "name"), pattern, required, repeats};
        if (item.name)
            g_array_append_val(*(is(pattern, "element") ? &to->content->elements : &to->content->attributes),
                               item);
    } else if (is(pattern, "choice")) {
        collect_choice(to, pattern, required, repeats, depth + 1);
    } else if (is(pattern, "ref")) {
        const xmlNode *define = grammar_define(to->grammar, pattern);
        if (define)
            collect_children(to, define, required, repeats, depth + 1);
    } else if (is(pattern, "text") || is(pattern, "data") || is(pattern, "value")) {
        to->content->text = pattern->parent;
    } else {
        bool optional = is(pattern, "optional") || is(pattern, "zeroOrMore");
        bool many = is(pattern, "zeroOrMore") || is(pattern, "oneOrMore");
        collect_children(to, pattern, required && !optional, repeats || many, depth + 1);
    }
}

/* --- comparing ---------------------------------------------------------------------------------- */

static void explain_attribute(Explanation *to, const xmlNode *node, const xmlAttr *attribute,
                              const Content *content)
{
    const Allowed *allowed = attribute->ns ? NULL : allowed_find(content->attributes, attribute->name, NULL);
    if (!allowed) {
        g_autofree char *names = allowed_names(content->attributes, false);
        xml_problem(to->problems, node, "<%s> has no attribute %s; allowed: %s", node->name, attribute->name,
                    names);
        return;
    }
    g_autofree char *value = xml_attribute(node, allowed->name);
    for (const Allowed *item = allowed; item; item = allowed_find(content->attributes, attribute->name, item))
        if (value_fits(to->grammar, item->pattern, value, 0))
            return;
    g_autofree char *values = allowed_values(to->grammar, content->attributes, allowed->name);
    xml_problem(to->problems, node, "<%s %s=\"%.100s\"> is not a possible value%s", node->name,
                attribute->name, value, values);
}

static void explain_attributes(Explanation *to, const xmlNode *node, const Content *content)
{
    for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
        explain_attribute(to, node, attribute, content);
    for (guint i = 0; i < content->attributes->len; i++) {
        const Allowed *item = &g_array_index(content->attributes, Allowed, i);
        if (!item->required || xmlHasProp(node, (const xmlChar *)item->name))
            continue;
        g_autofree char *values = allowed_values(to->grammar, content->attributes, item->name);
        xml_problem(to->problems, node, "<%s> lacks the attribute %s%s", node->name, item->name, values);
    }
}

static size_t count_before(const xmlNode *node)
{
    size_t count = 0;
    for (const xmlNode *other = node->prev; other; other = other->prev)
        count += other->type == XML_ELEMENT_NODE && xmlStrEqual(other->name, node->name);
    return count;
}

static bool is_words(const xmlNode *node)
{
    return (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && !xmlIsBlankNode(node);
}

static void explain_text(Explanation *to, const xmlNode *node, const Content *content)
{
    const xmlNode *words = node->children;
    while (words && !is_words(words))
        words = words->next;
    g_autofree char *text = words ? xml_text(words) : g_strdup("");
    if (!content->text) {
        g_autofree char *names = allowed_names(content->elements, true);
        xml_problem(to->problems, node,
                    "<%s> holds the text \"%.40s\", which has no place there; allowed: %s", node->name, text,
                    names);
    } else if (!value_fits(to->grammar, content->text, text, 0)) {
        g_autofree char *values = allowed_text(to->grammar, content->text);
        xml_problem(to->problems, node, "<%s>%.100s</%s> is not a possible value%s", node->name, text,
                    node->name, values);
    }
}

static void explain_element(Explanation *to, const xmlNode *node, const xmlNode *pattern);

static void explain_child(Explanation *to, const xmlNode *node, const xmlNode *child, const Content *content)
{
    const Allowed *allowed = allowed_find(content->elements, child->name, NULL);
    g_autofree char *names = allowed_names(content->elements, true);
    if (!allowed)
        xml_problem(to->problems, child, "<%s> has no place in <%s>; allowed: %s", child->name, node->name,
                    names);
    else if (!allowed->repeats && count_before(child) > 0)
        xml_problem(to->problems, child, "a second <%s> in <%s>; allowed: one", child->name, node->name);
    else if (g_strcmp0(child->ns ? (const char *)child->ns->href : NULL,
                       node->ns ? (const char *)node->ns->href : NULL) != 0)
        xml_problem(to->problems, child, "<%s> is in another namespace; allowed: %s", child->name,
                    node->ns ? (const char *)node->ns->href : "none");
    else
        explain_element(to, child, allowed->pattern);
}

static void explain_children(Explanation *to, const xmlNode *node, const Content *content)
{
    bool has_text = false, has_element = false;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE) {
            has_element = true;
            explain_child(to, node, child, content);
        }
        has_text = has_text || is_words(child);
    }
    if (has_text || (content->text && !has_element))
        explain_text(to, node, content);
    for (guint i = 0; i < content->elements->len; i++) {
        const Allowed *item = &g_array_index(content->elements, Allowed, i);
        if (item->required && !xml_child(node, item->name))
            xml_problem(to->problems, node, "<%s> lacks <%s>", node->name, item->name);
    }
}

/* Recursion is bounded by XML_MAX_DEPTH, which the parser has kept. */
static void explain_element(Explanation *to, const xmlNode *node, const xmlNode *pattern)
{
    Content content = content_new();
    Collecting collecting = {to->grammar, node, &content, to->problems};
    collect_children(&collecting, pattern, true, false, 0);
    explain_attributes(to, node, &content);
    explain_children(to, node, &content);
    content_clear(&content);
}

/* The root is <start><ref/></start> or <start><element/></start> in our grammars. */
static const xmlNode *root_pattern(const Grammar *grammar)
{
    if (!grammar->n_documents)
        return NULL;
    const xmlNode *start = xml_child(xmlDocGetRootElement(grammar->documents[0]), "start");
    const xmlNode *reference = start ? xml_child(start, "ref") : NULL;
    const xmlNode *place = reference ? grammar_define(grammar, reference) : start;
    return place ? xml_child(place, "element") : NULL;
}

static void explain_root(Explanation *to, const xmlNode *root, const xmlNode *pattern)
{
    g_autofree char *name = xml_attribute(pattern, "name");
    g_autofree char *wanted = xml_attribute(xmlDocGetRootElement(pattern->doc), "ns");
    const char *found = root->ns ? (const char *)root->ns->href : "";
    if (g_strcmp0((const char *)root->name, name) != 0 || g_strcmp0(found, wanted) != 0)
        xml_problem(to->problems, root, "the file begins with <%s xmlns=\"%s\">; allowed: <%s xmlns=\"%s\">",
                    root->name, found, name, wanted);
    else
        explain_element(to, root, pattern);
}

/* libxml2's own words, and what the grammar has at that place. */
static void explain_fallback(Explanation *to, const xmlNode *root, const XmlComplaint *complaint)
{
    const xmlNode *node =
        complaint->node && complaint->node->type == XML_ELEMENT_NODE ? complaint->node : root;
    xml_problem(to->problems, node, "<%s> does not fit: %s", node->name,
                complaint->message ? complaint->message : "it is not valid here");
}

void xml_explain(const xmlDoc *doc, const char *grammar_path, const XmlComplaint *complaint,
                 GString **problems)
{
    Grammar grammar = {0};
    grammar_load(&grammar, grammar_path);
    Explanation to = {&grammar, problems};
    const xmlNode *root = xmlDocGetRootElement(doc);
    const xmlNode *pattern = root_pattern(&grammar);
    if (pattern)
        explain_root(&to, root, pattern);
    if (!*problems)
        explain_fallback(&to, root, complaint);
    grammar_clear(&grammar);
}

/*
 * mapping_expression.c - compiles and evaluates one XPath expression
 *
 * The values of an entry become text nodes only when an expression asks for
 * them. Every attribute that the mapping reads has its own parent node, made
 * once and in the order in which the mapping names them: that is the document
 * order a union ($a | $b) comes in. Values that are no XML text (photos, broken
 * encodings) are invisible here; from= copies them. Work is bounded, so that no
 * entry can keep a run busy for ever.
 */
#include "dirsync/mapping_internal.h"
#include "dirsync/xml.h"

#include <libxml/parserInternals.h>
#include <libxml/xpathInternals.h>
#include <string.h>

#if LIBXML_VERSION < 20911
#error "libxml2 2.9.11 or later is needed: older ones cannot bound the work of an expression"
#endif

/* Steps of one evaluation; an ordinary one takes some tens. */
#define MAX_STEPS 2000000

/** One attribute of the source as XPath sees it. */
typedef struct {
    xmlNode *holder; /* its children are the values of the present entry */
    char *name;
    bool filled;
} Slot;

/** What an expression gave for the present entry: mappings name an object and display it by the same words.
 */
typedef struct {
    char *text;
    unsigned users; /* expressions */
    uint64_t serial;
    xmlXPathObject *result; /* for the entry of that serial; no nodes */
} Memo;

struct Evaluator {
    xmlXPathContext *context;
    xmlDoc *values;
    xmlNode *nowhere;      /* context node of expressions without context */
    GPtrArray *slots;      /* of Slot */
    GHashTable *functions; /* name -> MappingFunction */
    GArray *memos;         /* of Memo */
    uint64_t serial;       /* of the present entry */
    const Entry *source;
    const Schema *schema;
    char *reason; /* the last complaint of libxml2 or of a function */
};

/* --- variables ---------------------------------------------------------------------------------- */

static void slot_free(void *data)
{
    Slot *slot = data;
    g_free(slot->name);
    g_free(slot);
}

static Slot *find_slot(const Evaluator *evaluator, const char *name)
{
    for (guint i = 0; i < evaluator->slots->len; i++) {
        Slot *slot = g_ptr_array_index(evaluator->slots, i);
        bool may_be = !((slot->name[0] ^ name[0]) & ~0x20); /* most differ here, without a call */
        if (may_be && g_ascii_strcasecmp(slot->name, name) == 0)
            return slot;
    }
    return NULL;
}

/* XML 1.0 has no NUL, no other control character but tab and line ends, no surrogate. */
static bool is_xml_text(Value value)
{
    if (!g_utf8_validate_len(value.data, value.len, NULL))
        return false;
    for (const char *p = value.data; p < value.data + value.len; p = g_utf8_next_char(p)) {
        if (*p >= ' ' && (guchar)*p < 0x80)
            continue; /* ASCII, as most are */
        gunichar c = g_utf8_get_char(p);
        if (!IS_CHAR(c))
            return false;
    }
    return true;
}

static void fill_slot(const Evaluator *evaluator, Slot *slot)
{
    const Attribute *attribute =
        evaluator->source ? schema_find(evaluator->schema, evaluator->source, slot->name) : NULL;
    slot->filled = true;
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (is_xml_text(attribute->values[i])) {
            xmlNode *node = xmlNewDocNode(evaluator->values, NULL, (const xmlChar *)"value", NULL);
            if (!node)
                return;
            xmlAddChild(node, xmlNewDocText(evaluator->values, (const xmlChar *)attribute->values[i].data));
            xmlAddChild(slot->holder, node);
        }
}

static xmlXPathObject *attribute_values(const Evaluator *evaluator, const char *name)
{
    xmlXPathObject *result = xmlXPathNewNodeSet(NULL);
    Slot *slot = find_slot(evaluator, name);
    if (!slot || !result)
        return result;
    if (!slot->filled)
        fill_slot(evaluator, slot);
    for (xmlNode *node = slot->holder->children; node; node = node->next)
        xmlXPathNodeSetAddUnique(result->nodesetval, node);
    return result;
}

static xmlXPathObject *look_up_variable(void *data, const xmlChar *name, const xmlChar *uri)
{
    (void)uri;
    return attribute_values(data, (const char *)name);
}

void evaluator_add_attribute(Evaluator *evaluator, const char *name)
{
    if (find_slot(evaluator, name))
        return;
    Slot *slot = g_new0(Slot, 1);
    slot->name = g_strdup(name);
    slot->holder = xmlNewDocNode(evaluator->values, NULL, (const xmlChar *)"attribute", NULL);
    xmlAddChild(xmlDocGetRootElement(evaluator->values), slot->holder);
    g_ptr_array_add(evaluator->slots, slot);
}

void evaluator_set_entry(Evaluator *evaluator, const Entry *source, const Schema *schema)
{
    for (guint i = 0; i < evaluator->slots->len; i++) {
        Slot *slot = g_ptr_array_index(evaluator->slots, i);
        xmlFreeNodeList(slot->holder->children);
        slot->holder->children = slot->holder->last = NULL;
        slot->filled = false;
    }
    evaluator->source = source;
    evaluator->schema = schema;
    evaluator->serial++;
}

/* --- functions ---------------------------------------------------------------------------------- */

/* libxml2 hands over no data of ours; the variable look-up's is reached through the context. */
static Evaluator *evaluator_of(xmlXPathParserContext *parser)
{
    return parser->context->varLookupData;
}

static void refuse(xmlXPathParserContext *parser, const char *format, const char *name)
{
    Evaluator *evaluator = evaluator_of(parser);
    g_free(evaluator->reason);
    evaluator->reason = g_strconcat(name, "(): ", format, NULL);
    parser->error = XPATH_EXPR_ERROR;
}

static void return_result(xmlXPathParserContext *parser, const MappingFunction *function, char *result)
{
    if (!result)
        refuse(parser, "the result is larger than a mebibyte", function->name);
    else if (function->kind == FUNCTION_NUMBER)
        xmlXPathReturnNumber(parser, g_ascii_strtod(result, NULL));
    else
        xmlXPathReturnString(parser, xmlStrdup((const xmlChar *)result));
    g_free(result);
}

/* The string on top, as xmlXPathPopString() gives it; a value needs no more than a copy of its text. */
static xmlChar *pop_string(xmlXPathParserContext *parser)
{
    const xmlXPathObject *top = parser->value;
    const xmlNodeSet *nodes = top && top->type == XPATH_NODESET ? top->nodesetval : NULL;
    const xmlNode *text = nodes && nodes->nodeNr == 1 ? nodes->nodeTab[0]->children : NULL;
    if (!text || nodes->nodeTab[0]->type != XML_ELEMENT_NODE || text->next || text->type != XML_TEXT_NODE ||
        !text->content)
        return xmlXPathPopString(parser);
    xmlChar *copy = xmlStrdup(text->content);
    xmlXPathFreeObject(valuePop(parser));
    return copy;
}

/* Stands for every function of ours that takes text; which one is meant the context knows. */
static void call_function(xmlXPathParserContext *parser, int n)
{
    const MappingFunction *function =
        g_hash_table_lookup(evaluator_of(parser)->functions, parser->context->function);
    if (!function || n < function->min || (function->max >= 0 && n > function->max)) {
        xmlXPathSetArityError(parser);
        return;
    }
    g_autofree xmlChar **arguments = g_new0(xmlChar *, (size_t)n);
    for (int i = n - 1; i >= 0; i--)
        arguments[i] = pop_string(parser);
    bool good = parser->error == XPATH_EXPRESSION_OK;
    for (int i = 0; i < n; i++)
        good = good && arguments[i];
    if (good)
        return_result(parser, function, function->call((const char *const *)arguments, n));
    for (int i = 0; i < n; i++)
        xmlFree(arguments[i]);
}

static void join_values(GString *out, const xmlNodeSet *nodes, const char *separator)
{
    for (int i = 0; nodes && i < nodes->nodeNr && out->len <= FUNCTION_MAX_BYTES; i++) {
        xmlChar *text = xmlXPathCastNodeToString(nodes->nodeTab[i]);
        g_string_append_printf(out, "%s%s", i ? separator : "", (const char *)text);
        xmlFree(text);
    }
}

static void call_join(xmlXPathParserContext *parser, int n)
{
    xmlChar *separator = n == 2 ? xmlXPathPopString(parser) : NULL;
    xmlNodeSet *nodes = n == 1 || n == 2 ? xmlXPathPopNodeSet(parser) : NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    if (parser->error == XPATH_EXPRESSION_OK) {
        if (nodes && nodes->nodeNr > 1)
            xmlXPathNodeSetSort(nodes);
        join_values(out, nodes, separator ? (const char *)separator : "");
        if (out->len > FUNCTION_MAX_BYTES)
            refuse(parser, "the result is larger than a mebibyte", "join");
        else
            xmlXPathReturnString(parser, xmlStrdup((const xmlChar *)out->str));
    }
    xmlXPathFreeNodeSet(nodes);
    xmlFree(separator);
}

static void call_attribute(xmlXPathParserContext *parser, int n)
{
    xmlChar *name = n == 1 ? xmlXPathPopString(parser) : NULL;
    if (name)
        valuePush(parser, attribute_values(evaluator_of(parser), (const char *)name));
    else
        xmlXPathSetArityError(parser);
    xmlFree(name);
}

static void register_functions(Evaluator *evaluator)
{
    xmlXPathContext *context = evaluator->context;
    evaluator->functions = g_hash_table_new(g_str_hash, g_str_equal);
    for (const MappingFunction *function = mapping_functions; function->name; function++)
        if (function->kind == FUNCTION_TEXT || function->kind == FUNCTION_NUMBER) {
            g_hash_table_insert(evaluator->functions, (gpointer)function->name, (gpointer)function);
            xmlXPathRegisterFunc(context, (const xmlChar *)function->name, call_function);
        }
    xmlXPathRegisterFunc(context, (const xmlChar *)"join", call_join);
    xmlXPathRegisterFunc(context, (const xmlChar *)"attribute", call_attribute);
}

/* --- the evaluator ------------------------------------------------------------------------------ */

/* Keeps the first complaint. int1 is where in the expression str1 the compiler stopped. */
static void on_error(void *data, XmlError *error)
{
    Evaluator *evaluator = data;
    if (evaluator->reason)
        return;
    bool has_place = error->str1 && error->int1 > 0;
    if (error->code == XML_XPATH_INVALID_TYPE)
        evaluator->reason = g_strdup("a text or number stands where values ($name) are wanted");
    else if (has_place && (size_t)error->int1 < strlen(error->str1))
        evaluator->reason = g_strdup_printf("is no XPath from here on: %.30s", error->str1 + error->int1);
    else if (has_place)
        evaluator->reason = g_strdup("the expression is not complete");
    else
        evaluator->reason = g_strstrip(g_strdup(error->message ? error->message : "cannot be evaluated"));
}

static void memo_clear(void *data)
{
    Memo *memo = data;
    xmlXPathFreeObject(memo->result);
    g_free(memo->text);
}

Evaluator *evaluator_new(void)
{
    Evaluator *evaluator = g_new0(Evaluator, 1);
    evaluator->values = xmlNewDoc((const xmlChar *)"1.0");
    xmlDocSetRootElement(evaluator->values,
                         xmlNewDocNode(evaluator->values, NULL, (const xmlChar *)"entry", NULL));
    evaluator->nowhere = xmlNewDocNode(evaluator->values, NULL, (const xmlChar *)"nowhere", NULL);
    evaluator->slots = g_ptr_array_new_with_free_func(slot_free);
    evaluator->context = xmlXPathNewContext(evaluator->values);
    evaluator->context->error = on_error;
    evaluator->context->userData = evaluator;
    xmlXPathRegisterVariableLookup(evaluator->context, look_up_variable, evaluator);
    xmlXPathContextSetCache(evaluator->context, 1, -1, 0);
    register_functions(evaluator);
    evaluator->memos = g_array_new(FALSE, TRUE, sizeof(Memo));
    g_array_set_clear_func(evaluator->memos, memo_clear);
    return evaluator;
}

void evaluator_free(Evaluator *evaluator)
{
    if (!evaluator)
        return;
    g_array_unref(evaluator->memos);
    g_hash_table_unref(evaluator->functions);
    xmlXPathFreeContext(evaluator->context);
    xmlFreeNode(evaluator->nowhere);
    xmlFreeDoc(evaluator->values);
    g_ptr_array_unref(evaluator->slots);
    g_free(evaluator->reason);
    g_free(evaluator);
}

static char *take_reason(Evaluator *evaluator, const char *otherwise)
{
    char *reason = g_steal_pointer(&evaluator->reason);
    return reason ? reason : g_strdup(otherwise);
}

/* Blanks between the words of an expression mean nothing, however many. */
static char *without_blanks(const char *text)
{
    GString *key = g_string_new(NULL);
    char quote = '\0';
    for (; *text; text++) {
        if (!quote && g_ascii_isspace(*text)) {
            if (key->len && key->str[key->len - 1] != ' ')
                g_string_append_c(key, ' ');
            continue;
        }
        if (*text == quote)
            quote = '\0';
        else if (!quote && (*text == '\'' || *text == '"'))
            quote = *text;
        g_string_append_c(key, *text);
    }
    return g_string_free(key, FALSE);
}

/* Memo of an expression without context, which so means the same wherever it stands. */
static guint memo_for(Evaluator *evaluator, const char *text)
{
    g_autofree char *key = without_blanks(text);
    guint i = 0;
    while (i < evaluator->memos->len && strcmp(g_array_index(evaluator->memos, Memo, i).text, key) != 0)
        i++;
    if (i == evaluator->memos->len) {
        Memo memo = {.text = g_steal_pointer(&key)};
        g_array_append_val(evaluator->memos, memo);
    }
    g_array_index(evaluator->memos, Memo, i).users++;
    return i + 1;
}

/* NULL: the expression stands nowhere else. */
static Memo *shared_memo(const Evaluator *evaluator, const Expression *expression)
{
    Memo *memo = expression->memo ? &g_array_index(evaluator->memos, Memo, expression->memo - 1) : NULL;
    return memo && memo->users > 1 ? memo : NULL;
}

static void keep_result(const Evaluator *evaluator, Memo *memo, xmlXPathObject *result)
{
    if (!result || result->type == XPATH_NODESET)
        return;
    xmlXPathFreeObject(memo->result);
    memo->result = xmlXPathObjectCopy(result);
    memo->serial = evaluator->serial;
}

static xmlXPathObject *evaluate_anew(Evaluator *evaluator, const Expression *expression, xmlNode *node,
                                     int position, int size, char **reason)
{
    xmlXPathContext *context = evaluator->context;
    g_clear_pointer(&evaluator->reason, g_free);
    context->node = node ? node : evaluator->nowhere;
    context->proximityPosition = position;
    context->contextSize = size;
    context->opLimit = MAX_STEPS;
    context->opCount = 0;
    xmlXPathObject *result = xmlXPathCompiledEval(expression->compiled, context);
    if (!result)
        *reason = take_reason(evaluator, "the expression cannot be evaluated");
    return result;
}

xmlXPathObject *expression_evaluate(Evaluator *evaluator, const Expression *expression, xmlNode *node,
                                    int position, int size, char **reason)
{
    Memo *memo = shared_memo(evaluator, expression);
    if (memo && memo->result && memo->serial == evaluator->serial)
        return xmlXPathObjectCopy(memo->result);
    xmlXPathObject *result = evaluate_anew(evaluator, expression, node, position, size, reason);
    if (memo)
        keep_result(evaluator, memo, result);
    return result;
}

/* XPath 1.0 is typed by form: what it gives for an entry without attributes it gives for every other. */
static bool learn_type(Evaluator *evaluator, Expression *expression, bool has_context, char **reason)
{
    int position = has_context ? 1 : 0;
    evaluator_set_entry(evaluator, NULL, NULL);
    xmlXPathObject *result = expression_evaluate(evaluator, expression, NULL, position, position, reason);
    if (!result)
        return false;
    expression->is_nodes = result->type == XPATH_NODESET;
    xmlXPathFreeObject(result);
    return true;
}

Expression *expression_new(Evaluator *evaluator, const char *text, bool has_context, GPtrArray *sources,
                           char **reason)
{
    Expression *expression = g_new0(Expression, 1);
    expression->text = g_strdup(text);
    *reason = expression_scan(text, has_context, sources, &expression->is_single);
    g_clear_pointer(&evaluator->reason, g_free);
    if (!*reason && !(expression->compiled = xmlXPathCtxtCompile(evaluator->context, (const xmlChar *)text)))
        *reason = take_reason(evaluator, "is not an XPath expression");
    if (*reason || !learn_type(evaluator, expression, has_context, reason))
        g_clear_pointer(&expression, expression_free);
    if (expression && !has_context)
        expression->memo = memo_for(evaluator, text);
    return expression;
}

void expression_free(Expression *expression)
{
    if (!expression)
        return;
    g_free(expression->text);
    if (expression->compiled)
        xmlXPathFreeCompExpr(expression->compiled);
    g_free(expression);
}

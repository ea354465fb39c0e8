/*
 * xml.c - reading, bounding and validating XML; see xml.h
 *
 * The parser stops at the first "<!DOCTYPE", so no entity is ever declared,
 * let alone expanded, and nothing is fetched. RELAX NG decides whether a
 * document is valid; why it is not is said by xml_explain.c, because libxml2
 * only says "did not expect element x there".
 */
#include "dirsync/xml.h"

#include "dirsync/xml_explain.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/relaxng.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef DIRSYNC_DATADIR
#define DIRSYNC_DATADIR "/usr/local/share/dirsync"
#endif

/* Enough for every honest file; a hostile one shall not fill memory with complaints. */
#define MAX_PROBLEM_BYTES (16 * 1024)

typedef struct {
    const char *path;
    GString *problems;
} Reading;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlRelaxNGParserCtxt, xmlRelaxNGFreeParserCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlRelaxNGValidCtxt, xmlRelaxNGFreeValidCtxt)

static void add_problem(GString **problems, const char *file, long line, const char *message)
{
    if (!*problems)
        *problems = g_string_new(NULL);
    if ((*problems)->len > MAX_PROBLEM_BYTES)
        return;
    if ((*problems)->len)
        g_string_append_c(*problems, '\n');
    g_string_append_printf(*problems, "%s:%ld: %s", file, line, message);
    if ((*problems)->len > MAX_PROBLEM_BYTES)
        g_string_append(*problems, "\nand more; mend these first");
}

static const char *document_name(const xmlNode *node)
{
    return node->doc && node->doc->URL ? (const char *)node->doc->URL : "(memory)";
}

void xml_problem(GString **problems, const xmlNode *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    add_problem(problems, document_name(node), xmlGetLineNo(node), message);
}

bool xml_no_problems(GString *problems, GError **error)
{
    if (!problems)
        return true;
    error_set(error, ERROR_DEFINITION, "%s", problems->str);
    g_string_free(problems, TRUE);
    return false;
}

/* --- parsing ------------------------------------------------------------------------------------ */

static void on_parse_error(void *data, XmlError *xml_error)
{
    xmlParserCtxt *parser = data;
    Reading *reading = parser->_private;
    if (xml_error->level < XML_ERR_ERROR || xml_error->code == XML_ERR_USER_STOP)
        return;
    g_autofree char *message = g_strdup(xml_error->message ? xml_error->message : "not well-formed");
    g_strdelimit(g_strstrip(message), "\n", ' ');
    add_problem(&reading->problems, reading->path, xml_error->line, message);
}

static void refuse(xmlParserCtxt *parser, const char *message)
{
    Reading *reading = parser->_private;
    add_problem(&reading->problems, reading->path, xmlSAX2GetLineNumber(parser), message);
    xmlStopParser(parser);
}

static void on_doctype(void *data, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    (void)name;
    (void)public_id;
    (void)system_id;
    refuse(data, "<!DOCTYPE is refused: a document type can declare entities; remove the line");
}

static void on_start_element(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                             int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
                             const xmlChar **attributes)
{
    xmlParserCtxt *parser = data;
    if (parser->nodeNr >= XML_MAX_DEPTH)
        refuse(parser, "elements are nested too deeply; at most " G_STRINGIFY(XML_MAX_DEPTH) " levels");
    else
        xmlSAX2StartElementNs(data, name, prefix, uri, n_namespaces, namespaces, n_attributes, n_defaulted,
                              attributes);
}

/* NULL when there was a problem, which is in @reading. */
static xmlDoc *parse(const char *data, size_t len, Reading *reading)
{
    xmlInitParser();
    g_autoptr(xmlParserCtxt) parser = xmlNewParserCtxt();
    if (!parser)
        return NULL;
    parser->_private = reading;
    parser->sax->serror = on_parse_error;
    parser->sax->internalSubset = on_doctype;
    parser->sax->startElementNs = on_start_element;
    g_autoptr(xmlDoc) doc =
        xmlCtxtReadMemory(parser, data, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_BIG_LINES);
    if (!doc || reading->problems)
        return NULL;
    /* Set here and not by the parser, which would escape it like a URI. */
    doc->URL = xmlStrdup((const xmlChar *)reading->path);
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)data, len);
    doc->_private =
        doc->dict ? (void *)(uintptr_t)xmlDictLookup(doc->dict, (const xmlChar *)digest, -1) : NULL;
    return g_steal_pointer(&doc);
}

const char *xml_digest(const xmlDoc *doc)
{
    return doc->_private ? doc->_private : "";
}

/* --- validating --------------------------------------------------------------------------------- */

static void ignore_error(void *data, XmlError *xml_error)
{
    (void)data;
    (void)xml_error;
}

/* Keeps the first complaint: libxml2 follows it with ever more general ones. */
static void on_validation_error(void *data, XmlError *xml_error)
{
    XmlComplaint *complaint = data;
    if (complaint->message || !xml_error->message)
        return;
    complaint->message = g_strstrip(g_strdup(xml_error->message));
    complaint->node = xml_error->node;
}

static xmlRelaxNG *read_grammar(const char *path, GError **error)
{
    /* Not xmlRelaxNGNewParserCtxt(), which writes to stderr when the file is missing. */
    g_autoptr(xmlDoc) doc =
        xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    g_autoptr(xmlRelaxNGParserCtxt) parser = doc ? xmlRelaxNGNewDocParserCtxt(doc) : NULL;
    if (parser)
        xmlRelaxNGSetParserStructuredErrors(parser, ignore_error, NULL);
    xmlRelaxNG *grammar = parser ? xmlRelaxNGParse(parser) : NULL;
    if (!grammar)
        error_set(error, ERROR_DEFINITION,
                  "%s: the grammar cannot be read; install dirsync completely or set DIRSYNC_DATADIR", path);
    return grammar;
}

/* A run loads several documents of one kind, and reading a grammar takes longer than most of them: each is
 * kept until the process ends. */
static const xmlRelaxNG *load_grammar(const char *path, GError **error)
{
    static GMutex lock;
    static GHashTable *grammars;
    g_mutex_lock(&lock);
    if (!grammars)
        grammars = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    xmlRelaxNG *grammar = g_hash_table_lookup(grammars, path);
    if (!grammar && (grammar = read_grammar(path, error)))
        g_hash_table_insert(grammars, g_strdup(path), grammar);
    g_mutex_unlock(&lock);
    return grammar;
}

static bool validate(xmlDoc *doc, const char *schema_name, GError **error)
{
    g_autofree char *path = xml_data_path("schema", schema_name);
    const xmlRelaxNG *grammar = load_grammar(path, error);
    if (!grammar)
        return false;
    g_autoptr(xmlRelaxNGValidCtxt) context = xmlRelaxNGNewValidCtxt((xmlRelaxNG *)grammar);
    XmlComplaint complaint = {0};
    if (context)
        xmlRelaxNGSetValidStructuredErrors(context, on_validation_error, &complaint);
    if (context && xmlRelaxNGValidateDoc(context, doc) == 0) {
        g_free(complaint.message);
        return true;
    }
    GString *problems = NULL;
    xml_explain(doc, path, &complaint, &problems);
    g_free(complaint.message);
    return xml_no_problems(problems, error);
}

xmlDoc *xml_load_memory(const char *data, size_t len, const char *path, const char *schema_name,
                        GError **error)
{
    if (len > XML_MAX_BYTES) {
        error_set(error, ERROR_DEFINITION, "%s:1: the file is too large; at most %u bytes", path,
                  XML_MAX_BYTES);
        return NULL;
    }
    Reading reading = {.path = path};
    g_autoptr(xmlDoc) doc = parse(data, len, &reading);
    if (!doc && !reading.problems)
        add_problem(&reading.problems, path, 1, "this is not an XML document");
    if (!xml_no_problems(reading.problems, error))
        return NULL;
    return validate(doc, schema_name, error) ? g_steal_pointer(&doc) : NULL;
}

/* --- files -------------------------------------------------------------------------------------- */

/* The whole file, one byte more than allowed at most, so that the caller can tell. */
static char *read_bounded(int fd, size_t *len, GError **error, const char *path)
{
    size_t size = 64 * 1024;
    char *data = g_malloc(size);
    *len = 0;
    for (;;) {
        ssize_t n = read(fd, data + *len, size - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_set(error, ERROR_DEFINITION, "%s: cannot be read: %s", path, g_strerror(errno));
            g_free(data);
            return NULL;
        }
        *len += (size_t)n;
        if (n == 0 || *len > XML_MAX_BYTES)
            return data;
        if (*len == size) {
            size = MIN(size * 2, (size_t)XML_MAX_BYTES + 1);
            data = g_realloc(data, size);
        }
    }
}

xmlDoc *xml_load(const char *path, const char *schema_name, GError **error)
{
    /* Not blocking: opening a FIFO that nobody writes to must not hang. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        error_set(error, ERROR_DEFINITION, "%s: cannot be opened: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    size_t len = 0;
    g_autofree char *data = NULL;
    if (S_ISREG(status.st_mode))
        data = read_bounded(fd, &len, error, path);
    else
        error_set(error, ERROR_DEFINITION, "%s: is not a regular file", path);
    close(fd);
    return data ? xml_load_memory(data, len, path, schema_name, error) : NULL;
}

char *xml_data_path(const char *folder, const char *name)
{
    const char *top = g_getenv("DIRSYNC_DATADIR");
    return g_build_filename(top && *top ? top : DIRSYNC_DATADIR, folder, name, NULL);
}

char *xml_resolve(const char *definition, const char *file)
{
    g_autofree char *absolute = g_canonicalize_filename(definition, NULL);
    g_autofree char *folder = g_path_get_dirname(absolute);
    return g_canonicalize_filename(file, folder);
}

/* --- looking at nodes --------------------------------------------------------------------------- */

char *xml_attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    char *copy = g_strdup((const char *)value);
    xmlFree(value);
    return copy;
}

unsigned xml_number(const xmlNode *node, const char *name, unsigned otherwise)
{
    g_autofree char *text = node ? xml_attribute(node, name) : NULL;
    return text ? (unsigned)MIN(g_ascii_strtoull(text, NULL, 10), G_MAXUINT) : otherwise;
}

char *xml_where(const xmlNode *node)
{
    return g_strdup_printf("%s:%ld", document_name(node), xmlGetLineNo(node));
}

static const xmlNode *find_element(const xmlNode *node, const xmlChar *name)
{
    while (node && (node->type != XML_ELEMENT_NODE || !xmlStrEqual(node->name, name)))
        node = node->next;
    return node;
}

const xmlNode *xml_child(const xmlNode *parent, const char *name)
{
    return find_element(parent->children, (const xmlChar *)name);
}

const xmlNode *xml_next(const xmlNode *node)
{
    return find_element(node->next, node->name);
}

char *xml_text(const xmlNode *node)
{
    xmlChar *text = xmlNodeGetContent(node);
    char *copy = g_strstrip(g_strdup(text ? (const char *)text : ""));
    xmlFree(text);
    return copy;
}

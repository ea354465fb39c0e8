/*
 * xml.h - reading our XML files: definitions and mappings
 *
 * Parses with libxml2 so that a hostile file can do no harm (no entities, no
 * DTD, no network, bounded size and depth), validates against a RELAX NG
 * schema of schema/, and reports every problem as
 * "file:line: what, and what is allowed", all problems of a file in one error.
 * Knows no definition itself.
 */
#ifndef DIRSYNC_XML_H
#define DIRSYNC_XML_H

#include "dirsync/error.h"

#include <libxml/tree.h>
#include <libxml/xmlerror.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/** What libxml2 hands to a structured error handler; it became const in 2.12. */
#if LIBXML_VERSION >= 21200
typedef const xmlError XmlError;
#else
typedef xmlError XmlError;
#endif

#define XML_MAX_BYTES (4u * 1024 * 1024)
#define XML_MAX_DEPTH 32

/** Reads @path and validates it against the RELAX NG grammar @schema_name ("connector.rng") of the
 *  schema folder. NULL and ERROR_DEFINITION; several problems are separated by newlines. The
 *  document must be released with xmlFreeDoc(). */
xmlDoc *xml_load(const char *path, const char *schema_name, GError **error);

/** The same for bytes in memory; @path only names them in messages. */
xmlDoc *xml_load_memory(const char *data, size_t len, const char *path, const char *schema_name,
                        GError **error);

/** Hex SHA-256 of the bytes that xml_load() read; belongs to the document. */
const char *xml_digest(const xmlDoc *doc);

/** Folder that holds the .rng files and shipped mappings; from $DIRSYNC_DATADIR, else as configured. */
char *xml_data_path(const char *folder, const char *name);

/** @file as a definition names it, made absolute: relative to the folder of the file @definition; g_free().
 */
char *xml_resolve(const char *definition, const char *file);

/** Value of an attribute without namespace, g_free(); NULL when absent. */
char *xml_attribute(const xmlNode *node, const char *name);
/** One that the grammar has as a number; @otherwise when it, or the node, is absent. */
unsigned xml_number(const xmlNode *node, const char *name, unsigned otherwise);
/** "file:line" of a node; g_free(). */
char *xml_where(const xmlNode *node);
/** First child element of that local name, or NULL; next sibling element of the same name, or NULL. */
const xmlNode *xml_child(const xmlNode *parent, const char *name);
const xmlNode *xml_next(const xmlNode *node);
/** Text content, trimmed; g_free(). */
char *xml_text(const xmlNode *node);

/** Appends "file:line: message" to *@problems (made when NULL); past 16 KiB only that there are more. */
void xml_problem(GString **problems, const xmlNode *node, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** Turns collected problems into ERROR_DEFINITION and frees them; true when there were none. */
bool xml_no_problems(GString *problems, GError **error);

#endif

/*
 * xml_explain.h - says why a document does not fit its RELAX NG grammar
 *
 * Private to xml.c. The verdict is libxml2's; this only finds words for it.
 */
#ifndef DIRSYNC_XML_EXPLAIN_H
#define DIRSYNC_XML_EXPLAIN_H

#include "dirsync/xml.h"

/** libxml2's first complaint, used where nothing better is found. */
typedef struct {
    char *message;
    const xmlNode *node; /* may be NULL */
} XmlComplaint;

/** Appends at least one problem: what is wrong in @doc, which @grammar_path did not accept. */
void xml_explain(const xmlDoc *doc, const char *grammar_path, const XmlComplaint *complaint,
                 GString **problems);

#endif

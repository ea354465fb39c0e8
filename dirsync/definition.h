/*
 * definition.h - values that every definition holds: DNs, filters, yes or no
 *
 * For the readers of organisation and connector. The grammar has been checked;
 * what it cannot express is appended to the problems, and the value is handed out
 * all the same, so that reading goes on and every problem is found. Strings belong
 * to the caller.
 */
#ifndef DIRSYNC_DEFINITION_H
#define DIRSYNC_DEFINITION_H

#include "dirsync/secret.h"

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>

/** The attribute @name, which holds a DN that is not empty; NULL when there is none. */
char *definition_dn(const xmlNode *node, const char *name, GString **problems);

/** The child <filter> of @node; NULL when there is none. */
char *definition_filter(const xmlNode *node, GString **problems);

/** The attribute @name, "yes" or "no"; without it @otherwise. */
bool definition_yes(const xmlNode *node, const char *name, bool otherwise);

/** The attribute @name, outer blanks off; NULL when there is none. */
char *definition_trimmed(const xmlNode *node, const char *name);

/** Texts of all children @name, NULL-terminated; in small letters where @fold. */
char **definition_texts(const xmlNode *node, const char *name, bool fold);

/** The attribute @name, words separated by blanks, NULL-terminated; NULL when there is none. */
char **definition_words(const xmlNode *node, const char *name);

/** Where a secret is: the attribute file, environment or command of @node. @definition: the file that says
 * it. */
void definition_secret(SecretSource *secret, const xmlNode *node, const char *definition, GString **problems);

#endif

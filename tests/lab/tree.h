/*
 * tree.h - everything below a suffix of a slapd, taken out and put back as it was
 *
 * Identities too: entryUUID is written by the control Relax Rules, as a restored backup
 * would bring it. Talks to the server itself, without a script, since tests of crashes do it
 * some thousand times. Failures fail the running cmocka test.
 */
#ifndef DIRSYNC_TESTS_TREE_H
#define DIRSYNC_TESTS_TREE_H

#include "tests/lab/lab.h"

#include <stdbool.h>

typedef struct LabTree LabTree;

LabTree *lab_tree_open(const Lab *lab, const char *suffix);
void lab_tree_close(LabTree *tree);

/** Content as LDIF, parents before children; entryUUID and pwdAccountLockedTime beside the user attributes,
 *  names escaped as dirsync escapes them. g_free(). */
char *lab_tree_get(LabTree *tree);
/** Takes away what is there and not in @ldif, or otherwise, and adds what is missing, in its order. False
 * when it is against the schema of the server, which *refused says (g_free()); the tree is in no defined
 * state then. */
bool lab_tree_put(LabTree *tree, const char *ldif, char **refused);

#endif

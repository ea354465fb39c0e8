/*
 * explain_case.h - asking who somebody is, in a case
 *
 * What the tests of explain and release share: two people, and what explain says
 * of them. Failures fail the running cmocka test.
 */
#ifndef DIRSYNC_TESTS_EXPLAIN_CASE_H
#define DIRSYNC_TESTS_EXPLAIN_CASE_H

#include "pass_case.h"

#include "dirsync/explain.h"

/** Two people of the source, and a contact of Ann that lacks her telephone number... */
#define ANN PERSON("a1", "Ann Ash", "ann@globex.example", "telephoneNumber: 1\n")
#define ANN_CONTACT CONTACT("a1", "Ann Ash", "ann@globex.example", "proxyAddresses: X400:c=us;a= ;p=x\n")
#define BOB PERSON("b1", "Bob Birch", "bob@globex.example", "")
/** ... and a native of the home directory. */
#define NATIVE(cn, mail, more)                                                                               \
    "dn: cn=" cn ",ou=people,o=acme\nobjectClass: inetOrgPerson\ncn: " cn "\nsn: x\nmail: " mail "\n" more   \
    "\n"

/** Explains @object as the case is now; explanation_free(). */
Explanation *case_explain(Case *c, const char *object, GError **error);
/** The same, that must find exactly one. */
Explanation *case_explain_one(Case *c, const char *object);
const ExplainedObject *explained_first(const Explanation *explanation);
/** What the import makes of the first, which must be there. */
const PassStory *explained_import(const Explanation *explanation);
/** One of its situations must be @name. @reason: part of its reason; NULL: any. */
void assert_situation(const PassStory *story, const char *name, const char *reason);

#endif

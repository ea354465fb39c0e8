/*
 * pass_case_definitions.h - the definitions of a case as texts; see pass_case.h
 */
#ifndef DIRSYNC_TESTS_PASS_CASE_DEFINITIONS_H
#define DIRSYNC_TESTS_PASS_CASE_DEFINITIONS_H

#include "pass_case.h"

/** Both sides of the small mapping; its file is mapping.xml beside the definitions. */
extern const char case_mapping_text[];
/** The one for every kind; its file is kinds.xml. */
extern const char case_kinds_text[];

/** @home: name of the store; g_free(). */
char *case_organisation_text(const CaseStart *start, const char *home);
/** @foreign: name of the store. @name, @uuid NULL: those of the case. g_free(). */
char *case_connector_text(const CaseStart *start, const char *foreign, const char *name, const char *uuid);

#endif

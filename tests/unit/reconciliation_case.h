/* reconciliation_case.h - what reconciling must not change, for its tests */
#ifndef DIRSYNC_TESTS_RECONCILIATION_CASE_H
#define DIRSYNC_TESTS_RECONCILIATION_CASE_H

#include "pass_case.h"

/** Both directories and every file of the state folder, to be compared; g_free(). */
char *case_everything(const Case *c);

#endif

/*
 * failing.h - a directory that fails by plan, wrapped around another
 *
 * Endpoint: driver "failing", path = "PLAN|STORE" where STORE names a memory
 * store. PLAN is a comma-separated list of FAULT@N or FAULT@N+ (from then on), N counting the
 * operations of that sort from 1:
 *   open@1          cannot be reached
 *   cut-read@N      read ends after N-1 entries as PROOF_PARTIAL
 *   unknown-read@1  read delivers all, PROOF_UNKNOWN (a call for changes: and no cursor; so with those two)
 *   size-limit@N    as cut-read, reason "size limit"
 *   refuse@N        the Nth change is OUTCOME_FAILED, ERROR_REFUSED
 *   busy@N          the Nth change is OUTCOME_FAILED, ERROR_BUSY
 *   uncertain@N     the Nth change is done, but reported OUTCOME_UNCERTAIN
 *   lost@N          the Nth change is not done, reported OUTCOME_UNCERTAIN
 *   down@N          from the Nth change on everything fails, ERROR_UNREACHABLE
 *   changes@N       the Nth call for changes fails, ERROR_UNREACHABLE
 *   full@N          the Nth call for changes with a cursor is a full_reason, after all that it had to tell
 *   fetch@N         the Nth fetch call fails, ERROR_UNREACHABLE
 *   search@N        the Nth small search fails, ERROR_UNREACHABLE
 */
#ifndef DIRSYNC_DIRECTORY_FAILING_H
#define DIRSYNC_DIRECTORY_FAILING_H

#include "dirsync/directory/directory.h"

extern const DirectoryDriver failing_driver;

#endif

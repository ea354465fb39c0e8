/*
 * manual_page.h - a manual page of the source, for the tests that compare it with a table
 */
#ifndef DIRSYNC_TESTS_MANUAL_PAGE_H
#define DIRSYNC_TESTS_MANUAL_PAGE_H

/** The text of a page, of those in dirsync/: "dirsync-events.7", "command/dirsync-audit.1"; g_free(). Looks
 *  below $DIRSYNC_DATADIR, else in the current folder; if that is not the source, skips the running test
 *  loudly (fails it instead when CI=true). */
char *manual_page(const char *name);

#endif

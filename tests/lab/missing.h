/*
 * missing.h - what a test does on a machine that lacks what it needs
 */
#ifndef DIRSYNC_TESTS_MISSING_H
#define DIRSYNC_TESTS_MISSING_H

#include <glib.h>

/** Skips the running test, loudly; fails it instead when CI=true, where everything must be there. Never
 *  returns, nor runs any cleanup. @format: what is missing, and how to get it. */
void skip_missing(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

#endif

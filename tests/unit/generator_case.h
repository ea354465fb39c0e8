/*
 * generator_case.h - a generator folder of a test's own, with plugins from tests/plugins in it
 *
 * Each test gets new files: a plugin stays loaded, so an old one would not be looked
 * at again. Strings handed out belong to the caller.
 */
#ifndef DIRSYNC_TESTS_GENERATOR_CASE_H
#define DIRSYNC_TESTS_GENERATOR_CASE_H

#include <glib.h>
#include <stdbool.h>

#include "dirsync/error.h"

typedef struct {
    char *folder;     /* only we can write to it */
    char *crash_file; /* not there; beside the folder, in @top */
    char *top;
} GeneratorCase;

/** Fixtures of cmocka: *state is the case. */
int generator_case_setup(void **state);
int generator_case_teardown(void **state);

/** Copies tests/plugins/@plugin into the folder, as @name, which only the owner can write. */
void generator_case_install(const GeneratorCase *c, const char *plugin, const char *name);

char *generator_case_path(const GeneratorCase *c, const char *name);

/** Fails unless @error has this code and its message has every one of the parts, which end with NULL. */
void assert_error_says(const GError *error, ErrorCode code, const char *const *parts);

#endif

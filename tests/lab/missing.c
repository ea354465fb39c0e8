/*
 * missing.c - one place for what a test does on a machine that lacks what it needs
 */
#include "tests/lab/missing.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

void skip_missing(const char *format, ...)
{
    char what[512]; /* nothing that would have to be freed */
    va_list arguments;
    va_start(arguments, format);
    g_vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (g_strcmp0(g_getenv("CI"), "true") == 0)
        fail_msg("%s; CI must not skip", what);
    g_printerr("\n*** SKIPPED: %s ***\n\n", what);
    skip();
    abort(); /* skip() does not return, and does not say so */
}

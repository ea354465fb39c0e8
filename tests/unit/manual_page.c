/*
 * manual_page.c - a manual page of the source, for the tests that compare it with a table
 */
#include "manual_page.h"

#include "tests/lab/missing.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <stdbool.h>

char *manual_page(const char *name)
{
    const char *top = g_getenv("DIRSYNC_DATADIR");
    char *path = g_build_filename(top ? top : ".", "dirsync", name, NULL), *page = NULL;
    bool read = g_file_get_contents(path, &page, NULL, NULL);
    g_free(path); /* what follows may not return */
    if (!read && !top)
        skip_missing("no dirsync/%s here; set DIRSYNC_DATADIR to the source", name);
    if (!read)
        fail_msg("dirsync/%s cannot be read below %s; set DIRSYNC_DATADIR to the source", name,
                 top ? top : ".");
    return page;
}

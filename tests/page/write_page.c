/*
 * write_page.c - makes the page of an audit from its JSON, for the tests of the page
 *
 *   write_page AUDIT.JSON PAGE.HTML
 */
#include "dirsync/report/audit_page.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    FILE *json = argc == 3 ? fopen(argv[1], "r") : NULL;
    if (!json) {
        fputs("usage: write_page AUDIT.JSON PAGE.HTML\n", stderr);
        return 2;
    }
    GError *error = NULL;
    bool good = audit_page_write(json, argv[2], &error);
    fclose(json);
    if (!good)
        fprintf(stderr, "write_page: %s\n", error->message);
    g_clear_error(&error);
    return good ? 0 : 1;
}

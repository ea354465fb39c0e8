/*
 * wrap.c - text in lines that fit, safe for a terminal; see report.h
 */
#include "dirsync/report/report.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROWEST 20

int report_width(FILE *out)
{
    struct winsize size;
    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col)
        return MAX(size.ws_col, NARROWEST);
    const char *columns = g_getenv("COLUMNS");
    gint64 said = columns ? g_ascii_strtoll(columns, NULL, 10) : 0;
    return said > 0 && said < G_MAXINT ? MAX((int)said, NARROWEST) : 0;
}

static void print_line(FILE *out, const char *text, int indent, int width)
{
    g_autofree char *safe = report_safe(text);
    g_auto(GStrv) words = g_strsplit(safe, " ", 0);
    glong column = 0;
    bool first = true;
    for (char **word = words; *word; word++) {
        glong len = g_utf8_strlen(*word, -1);
        if (!first && width && column + 1 + len > width) {
            fputc('\n', out);
            column = 0;
            first = true;
        }
        column += fprintf(out, "%*s", first ? indent : 1, "") + len;
        fputs(*word, out);
        first = false;
    }
    fputc('\n', out);
}

void report_lines(FILE *out, const char *text, int indent, int otherwise)
{
    int width = report_width(out);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (char **line = lines; *line; line++)
        print_line(out, *line, indent, width ? width : otherwise);
}

/*
 * wrap.c - text in lines that fit, safe for a terminal; see report.h
 */
#include "dirsync/report/report.h"

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

void report_paragraph(FILE *out, const char *first, const char *rest, int columns, const char *text)
{
    g_autofree char *safe = report_safe(text);
    g_auto(GStrv) words = g_strsplit(safe, " ", 0);
    glong column = g_utf8_strlen(first, -1);
    bool begun = false;
    fputs(first, out);
    for (char **word = words; *word; word++) {
        glong len = g_utf8_strlen(*word, -1);
        if (begun && columns && column + 1 + len > columns) {
            fprintf(out, "\n%s", rest);
            column = g_utf8_strlen(rest, -1);
            begun = false;
        }
        column += fprintf(out, "%s", begun ? " " : "") + len;
        fputs(*word, out);
        begun = true;
    }
    fputc('\n', out);
}

void report_lines(FILE *out, const char *text, int indent, int otherwise)
{
    int width = report_width(out);
    g_autofree char *blanks = g_strnfill((gsize)indent, ' ');
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (char **line = lines; *line; line++)
        report_paragraph(out, blanks, blanks, width ? width : otherwise, *line);
}

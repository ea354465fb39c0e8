/*
 * guess.c - see guess.h
 */
#include "dirsync/report/guess.h"

#include "dirsync/report/report.h"

static bool is_left_out(const GuessedColumn *column)
{
    return column->role == ROLE_NONE || guess_roles[column->role].left_out;
}

static void print_columns(const MappingGuess *guess, bool left_out, FILE *out)
{
    bool any = false;
    for (size_t i = 0; i < guess->n; i++) {
        const GuessedColumn *column = &guess->columns[i];
        if (is_left_out(column) != left_out)
            continue;
        g_autofree char *title = report_safe(*column->title ? column->title : "(no title)");
        if (!any)
            fputs(left_out ? "left out:\n" : "columns:\n", out);
        any = true;
        fprintf(out, "  %s%s%s\n", title, left_out ? "" : ": ",
                left_out ? "" : guess_roles[column->role].name);
        report_paragraph(out, "      ", "      ", REPORT_COLUMNS, column->why);
    }
}

void report_guess_print(const MappingGuess *guess, const char *path, FILE *out)
{
    g_autofree char *file = report_safe(guess->file);
    fprintf(out, "%zu rows", guess->rows);
    if (guess->bad_rows)
        fprintf(out, ", and %zu that cannot be read", guess->bad_rows);
    fprintf(out, ", %s, delimiter %s\n", guess->csv.encoding ? guess->csv.encoding : "utf-8",
            guess->csv.delimiter == '\t' ? "tab" : (char[]){'"', guess->csv.delimiter, '"', '\0'});
    print_columns(guess, false, out);
    print_columns(guess, true, out);
    if (guess->anchor) {
        fprintf(out, "anchor: %s\n", guess->anchor->name);
        report_paragraph(out, "      ", "      ", REPORT_COLUMNS, guess->why_anchor);
    } else
        fputs("anchor: none; no column is filled in every row and different in each\n", out);
    fprintf(out, "in the connector, the file is\n  %s\n%s is written; look it over\n", file, path);
}

static json_t *column_as_json(const GuessedColumn *column)
{
    return json_pack("{s:s, s:s, s:s?, s:b, s:s, s:I, s:I}", "title", column->title, "name", column->name,
                     "taken_for", column->role == ROLE_NONE ? NULL : guess_roles[column->role].name,
                     "left_out", is_left_out(column), "why", column->why, "values",
                     (json_int_t)column->values, "distinct", (json_int_t)column->distinct);
}

json_t *report_guess_json(const MappingGuess *guess, const char *path)
{
    json_t *columns = json_array();
    char delimiter[] = {guess->csv.delimiter, '\0'};
    for (size_t i = 0; i < guess->n; i++)
        json_array_append_new(columns, column_as_json(&guess->columns[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s?, s:s, s:o}", "verb", "migrate", "source",
                     guess->path, "mapping", path, "encoding",
                     guess->csv.encoding ? guess->csv.encoding : "utf-8", "delimiter", delimiter, "rows",
                     (json_int_t)guess->rows, "bad_rows", (json_int_t)guess->bad_rows, "anchor",
                     guess->anchor ? guess->anchor->name : NULL, "file", guess->file, "columns", columns);
}

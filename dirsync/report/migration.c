/*
 * migration.c - see migration.h
 */
#include "dirsync/report/migration.h"

#include "dirsync/csv.h"
#include "dirsync/directory/file_writer.h"
#include "dirsync/report/report.h"

#include <assert.h>

#define LISTED 20                      /* of a class, where not everybody is shown */
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* without it spreadsheets take UTF-8 for something else */

static const char *const columns[] = {"class",     "action", "anchor", "name", "address",
                                      "recipient", "why",    "owner",  "note", NULL};

struct MigrationReport {
    bool everybody;
    size_t figures[MATCH_CLASSES][MIGRATE_ACTIONS];
    json_t *people[MATCH_CLASSES];
    size_t in_sync;
    FileWriter *file;
    CsvWriter *rows;
    GError *error;
};

/* What each class is, and whether somebody must look at each of it. */
static const struct {
    const char *about;
    bool listed;
} classes[] = {
    [MATCH_OURS] = {"ours already", false},
    [MATCH_EXACT] = {"one recipient, for sure", false},
    [MATCH_PROBABLE] = {"one recipient, which may be wrong", true},
    [MATCH_AMBIGUOUS] = {"nobody can say who it is; nothing is done", true},
    [MATCH_NONE] = {"nobody there", false},
    [MATCH_UNFIT] = {"cannot or shall not be imported", true},
};
static_assert(G_N_ELEMENTS(classes) == MATCH_CLASSES, "a row for each class");

MigrationReport *migration_report_new(bool everybody, const char *path, GError **error)
{
    g_autoptr(MigrationReport) report = g_new0(MigrationReport, 1);
    report->everybody = everybody;
    for (int class = 0; class < MATCH_CLASSES; class ++)
        report->people[class] = json_array();
    if (!path)
        return g_steal_pointer(&report);
    CsvFormat format = {.header = true, .columns = columns, .guard_formulas = true};
    report->rows = csv_writer_new(path, &format, error);
    report->file = report->rows ? file_writer_new(path, 0600, NULL, error) : NULL;
    if (!report->file)
        return NULL;
    g_autoptr(GString) text = g_string_new(BYTE_ORDER_MARK);
    csv_write_header(report->rows, text);
    return file_writer_put(report->file, text, error) ? g_steal_pointer(&report) : NULL;
}

void migration_report_free(MigrationReport *report)
{
    if (!report)
        return;
    for (int class = 0; class < MATCH_CLASSES; class ++)
        json_decref(report->people[class]);
    csv_writer_free(report->rows);
    file_writer_free(report->file);
    g_clear_error(&report->error);
    g_free(report);
}

/* --- rows --- */

static void add_cell(Entry *row, const char *column, const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    g_autofree char *safe = valid ? report_safe(valid) : NULL;
    if (safe && *safe)
        entry_add_string(row, column, safe);
}

static void put_row(MigrationReport *report, const Match *match, const MatchCandidate *candidate)
{
    g_autoptr(Entry) row = entry_new("");
    g_autoptr(GString) text = g_string_new(NULL);
    add_cell(row, "class", match_class_names[match->class]);
    add_cell(row, "action", match_action_names[match->action]);
    add_cell(row, "anchor", match->anchor);
    add_cell(row, "name", match->name);
    add_cell(row, "address", match->address);
    add_cell(row, "recipient", candidate ? candidate->dn : NULL);
    add_cell(row, "why", candidate ? candidate->why : NULL);
    add_cell(row, "owner", candidate ? candidate->owner : NULL);
    add_cell(row, "note", match->note);
    if (!report->error && csv_write_entry(report->rows, row, text, &report->error))
        file_writer_put(report->file, text, &report->error);
}

static void put_rows(MigrationReport *report, const Match *match)
{
    for (size_t i = 0; i < match->n_candidates; i++)
        put_row(report, match, &match->candidates[i]);
    if (!match->n_candidates)
        put_row(report, match, NULL);
}

/* --- taking --- */

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text_as_json(text));
}

static json_t *candidate_as_json(const MatchCandidate *candidate)
{
    json_t *json = json_object();
    set_text(json, "dn", candidate->dn);
    set_text(json, "why", candidate->why);
    set_text(json, "owner", candidate->owner);
    return json;
}

static json_t *person_as_json(const Match *match)
{
    json_t *json = json_object(), *candidates = json_array();
    set_text(json, "class", match_class_names[match->class]);
    set_text(json, "action", match_action_names[match->action]);
    set_text(json, "anchor", match->anchor);
    set_text(json, "name", match->name);
    set_text(json, "address", match->address);
    set_text(json, "note", match->note);
    for (size_t i = 0; i < match->n_candidates; i++)
        json_array_append_new(candidates, candidate_as_json(&match->candidates[i]));
    json_object_set_new(json, "candidates", candidates);
    return json;
}

void migration_report_take(const Match *match, void *data)
{
    MigrationReport *report = data;
    json_t *list = report->people[match->class];
    bool listed = classes[match->class].listed && json_array_size(list) < LISTED;
    report->figures[match->class][match->action]++;
    if (report->everybody || listed)
        json_array_append_new(list, person_as_json(match));
    if (report->file)
        put_rows(report, match);
}

bool migration_report_finish(MigrationReport *report, size_t in_sync, GError **error)
{
    report->in_sync = in_sync;
    report->figures[MATCH_OURS][MIGRATE_UPDATE] += in_sync;
    if (report->error) {
        g_propagate_error(error, g_steal_pointer(&report->error));
        return false;
    }
    return !report->file || file_writer_commit(report->file, error);
}

size_t migration_report_count(const MigrationReport *report, MatchClass class)
{
    size_t n = 0;
    for (int action = 0; action < MIGRATE_ACTIONS; action++)
        n += report->figures[class][action];
    return n;
}

size_t migration_report_actions(const MigrationReport *report, MatchAction action)
{
    size_t n = 0;
    for (int class = 0; class < MATCH_CLASSES; class ++)
        n += class == MATCH_OURS ? 0 : report->figures[class][action];
    return n;
}

/* --- text --- */

static void print_figures(const MigrationReport *report, MatchClass class, FILE *out)
{
    g_autoptr(GString) actions = g_string_new(NULL);
    for (int action = MIGRATE_ACTIONS - 1; action >= 0; action--)
        if (report->figures[class][action])
            g_string_append_printf(actions, "%s%s %zu", actions->len ? ", " : "", match_action_names[action],
                                   report->figures[class][action]);
    fprintf(out, "  %-10s %8zu%s%s\n", match_class_names[class], migration_report_count(report, class),
            actions->len ? "  " : "", actions->str);
}

static void print_line(FILE *out, const char *before, const char *text)
{
    g_autofree char *safe = report_safe(text);
    fprintf(out, "%s%s\n", before, safe);
}

static void print_person(const json_t *person, FILE *out)
{
    const char *name = json_string_value(json_object_get(person, "name"));
    const char *address = json_string_value(json_object_get(person, "address"));
    const char *note = json_string_value(json_object_get(person, "note"));
    const char *anchor = json_string_value(json_object_get(person, "anchor"));
    const char *action = json_string_value(json_object_get(person, "action"));
    g_autofree char *who = g_strdup_printf("%s%s%s%s%s", name ? name : anchor, address ? " <" : "",
                                           address ? address : "", address ? ">" : "",
                                           note                        ? ""
                                           : g_strcmp0(action, "skip") ? ""
                                                                       : ": left alone");
    const json_t *candidate;
    size_t i;
    print_line(out, "  ", who);
    if (name)
        print_line(out, "    anchor ", anchor);
    if (note)
        report_paragraph(out, "    ", "    ", REPORT_COLUMNS, note);
    json_array_foreach(json_object_get(person, "candidates"), i, candidate)
    {
        print_line(out, "    ", json_string_value(json_object_get(candidate, "dn")));
        print_line(out, "      by ", json_string_value(json_object_get(candidate, "why")));
    }
}

static void print_list(const MigrationReport *report, MatchClass class, FILE *out)
{
    const json_t *list = report->people[class], *person;
    size_t shown = json_array_size(list), all = migration_report_count(report, class), i;
    if (class == MATCH_OURS)
        all -= report->in_sync;
    if (!shown)
        return;
    fprintf(out, "\n%s: %s\n", match_class_names[class], classes[class].about);
    json_array_foreach(list, i, person) print_person(person, out);
    if (shown < all)
        fprintf(out, "  ... and %zu more; -v shows all, --report FILE makes a table of them\n", all - shown);
}

void migration_report_print(const MigrationReport *report, FILE *out)
{
    fputs("matches:\n", out);
    for (int class = 0; class < MATCH_CLASSES; class ++)
        print_figures(report, (MatchClass) class, out);
    for (int class = 0; class < MATCH_CLASSES; class ++)
        print_list(report, (MatchClass) class, out);
}

json_t *migration_report_json(const MigrationReport *report)
{
    json_t *all = json_object(), *people = json_array();
    for (int class = 0; class < MATCH_CLASSES; class ++) {
        json_t *figures =
            json_pack("{s:I}", "people", (json_int_t)migration_report_count(report, (MatchClass) class));
        for (int action = 0; action < MIGRATE_ACTIONS; action++)
            if (report->figures[class][action])
                json_object_set_new(figures, match_action_names[action],
                                    json_integer((json_int_t)report->figures[class][action]));
        json_object_set_new(all, match_class_names[class], figures);
        json_array_extend(people, report->people[class]);
    }
    return json_pack("{s:o, s:o}", "classes", all, "people", people);
}

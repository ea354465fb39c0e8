/*
 * migrate.c - dirsync migrate: people who come for good
 *
 * A dry run with a report of matches, unless told to write; then run after run,
 * each of a batch of people and each with a plan and an undo of its own, until
 * nobody is left. The same command goes on where an earlier one had to stop.
 */
#include "dirsync/command/command.h"
#include "dirsync/migration_source.h"
#include "dirsync/report/guess.h"
#include "dirsync/report/migration.h"
#include "dirsync/report/report.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static char *option_exact, *option_probable, *option_none, *option_as, *option_report, *option_anchor,
    *option_guess, *option_batch;
static gboolean option_write;

static const GOptionEntry own_options[] = {
    {"exact", 0, 0, G_OPTION_ARG_STRING, &option_exact, "Who is surely somebody: adopt (default) or skip",
     "ACTION"},
    {"probable", 0, 0, G_OPTION_ARG_STRING, &option_probable,
     "Who probably is: adopt, create or skip (default)", "ACTION"},
    {"none", 0, 0, G_OPTION_ARG_STRING, &option_none, "Who is nobody there: create (default) or skip",
     "ACTION"},
    {"as", 0, 0, G_OPTION_ARG_STRING, &option_as, "Make them contact, disabled-user or enabled-user", "KIND"},
    {"batch", 0, 0, G_OPTION_ARG_STRING, &option_batch, "People of one run; else all in one", "N"},
    {"anchor", 0, 0, G_OPTION_ARG_STRING, &option_anchor, "Attribute or column that says who is who", "NAME"},
    {"report", 0, 0, G_OPTION_ARG_FILENAME, &option_report, "Write the matches as CSV", "FILE"},
    {"write", 0, 0, G_OPTION_ARG_NONE, &option_write, "Carry it out; else it is only shown", NULL},
    {"guess-mapping", 0, 0, G_OPTION_ARG_FILENAME, &option_guess,
     "Only write a mapping for SOURCE, a CSV file", "FILE"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* Everything that one call is about. */
typedef struct {
    Settings *settings;
    Connector *connector;
    const char *source; /* NULL: the definition's own */
    bool other_source;  /* it is another one */
    bool other_kind;    /* --as says something else than the definition */
    RunOptions options;
    Migration migration;
    MigrationReport *report;
    bool told; /* the report is complete */
} Migrating;

/* --- options --- */

static bool choose(Migration *migration, GError **error)
{
    const struct {
        MatchClass class;
        const char *word;
    } said[] = {{MATCH_EXACT, option_exact}, {MATCH_PROBABLE, option_probable}, {MATCH_NONE, option_none}};
    for (size_t i = 0; i < G_N_ELEMENTS(said); i++)
        if (said[i].word && !migration_choose(migration, said[i].class, said[i].word, error))
            return false;
    static const NumberOption of_one_run = {
        .name = "--batch", .what = "how many people of one run", .least = 1, .most = INT_MAX};
    double batch = 0; /* all */
    if (!settings_number(&of_one_run, option_batch, &batch, error))
        return false;
    migration->batch = (size_t)batch;
    return true;
}

/* What was chosen for each class, and shown before, is no accident; what nobody chose keeps its limit. */
static void lift_limits(const Settings *settings, RunOptions *options)
{
    static const LimitKind chosen[] = {LIMIT_NATIVE, LIMIT_DELETE, LIMIT_ADDRESS, LIMIT_MODIFY,
                                       LIMIT_MEMBERS};
    for (size_t i = 0; i < G_N_ELEMENTS(chosen); i++)
        if (!settings->limits[chosen[i]])
            options->limits[chosen[i]].unlimited = true;
}

static bool check_steps(const Migrating *self, GError **error)
{
    if (self->options.steps[STEP_IMPORT])
        return true;
    error_set(error, ERROR_DEFINITION, "--step: a migration is an import; only --step import makes sense");
    return false;
}

static bool take_options(Migrating *self, GError **error)
{
    const PassSettings *import = &self->connector->pass[STEP_IMPORT];
    RecipientAs as = import->as[OF_PERSON];
    bool enabled = import->enabled_accounts;
    g_autofree char *own = g_strdup(self->connector->foreign.path);
    if (!migration_take_source(self->connector, self->source, option_anchor, error) ||
        (option_as && !migration_make_as(self->connector, option_as, error)))
        return false;
    self->other_source = self->source && (!own || g_strcmp0(own, self->connector->foreign.path) != 0);
    self->other_kind = import->as[OF_PERSON] != as || import->enabled_accounts != enabled;
    if (!settings_run_options(self->settings, self->connector, &self->options, error) ||
        !check_steps(self, error) || !choose(&self->migration, error))
        return false;
    self->options.steps[STEP_EXPORT] = false;
    self->options.pass.migration = &self->migration;
    lift_limits(self->settings, &self->options);
    bool everybody = self->settings->json || self->settings->verbose > 0;
    self->report = migration_report_new(everybody, option_report, error);
    self->migration.told = migration_report_take;
    self->migration.data = self->report;
    return self->report;
}

/* --- the report --- */

/* What the next sync would undo, or do to them. */
static GPtrArray *notes(const Migrating *self)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    const char *name = self->connector->name;
    size_t taken = migration_report_actions(self->report, MIGRATE_ADOPT) +
                   migration_report_actions(self->report, MIGRATE_CONVERT);
    if (self->other_kind)
        g_ptr_array_add(lines,
                        g_strdup_printf("say people=\"%s\" in <import> of %s: as it is, a sync makes "
                                        "them again what it says there",
                                        !strcmp(option_as, "user") ? "disabled-user" : option_as, name));
    if (taken && !self->connector->pass[STEP_IMPORT].keep_addresses)
        g_ptr_array_add(lines,
                        g_strdup_printf("say keep-addresses=\"yes\" in <import> of %s, or a sync takes "
                                        "away the addresses that its source does not give",
                                        name));
    if (self->other_source)
        g_ptr_array_add(lines, g_strdup_printf("a sync of %s reads what its definition says, not %s: whoever "
                                               "is not there goes",
                                               name, self->source));
    return lines;
}

static void print_notes(const Migrating *self)
{
    g_autoptr(GPtrArray) lines = notes(self);
    if (lines->len)
        printf("\nbefore the next sync:\n");
    for (guint i = 0; i < lines->len; i++)
        report_paragraph(stdout, "  - ", "    ", REPORT_COLUMNS, g_ptr_array_index(lines, i));
}

static json_t *head_as_json(const Migrating *self)
{
    g_autoptr(GPtrArray) lines = notes(self);
    json_t *said = json_array();
    for (guint i = 0; i < lines->len; i++)
        json_array_append_new(said, json_string(g_ptr_array_index(lines, i)));
    return json_pack("{s:s?, s:b, s:o, s:o}", "source", self->source, "written", option_write, "matches",
                     self->told ? migration_report_json(self->report) : json_null(), "notes", said);
}

static bool finish_report(Migrating *self, GError **error)
{
    self->migration.told = NULL;
    self->told = true;
    return migration_report_finish(self->report, self->migration.in_sync, error);
}

static bool is_planned(const GError *failure)
{
    return !failure || error_is(failure, ERROR_LIMIT);
}

/* A source that was cut off or holds what is no record: what came before that is taken. */
static void print_doubt(const RunResult *result)
{
    const char *reason = result->step[STEP_IMPORT].partial_reason;
    if (!reason || !strcmp(reason, MIGRATION_REMOVES_NOBODY))
        return;
    g_autofree char *line = g_strdup_printf("the source: %s", reason);
    report_lines(stdout, line, 0, REPORT_COLUMNS);
}

/* --- the dry run --- */

static bool print_dry(const Migrating *self, const char *folder, const RunResult *result,
                      const GError *failure, GError **error)
{
    if (self->settings->json) {
        json_t *head = report_result_json("migrate", self->connector->name, result, failure);
        json_object_update_new(head, head_as_json(self));
        return report_plan_json(stdout, folder, head, error);
    }
    g_autofree char *summary = run_summary(result);
    if (!self->settings->quiet)
        migration_report_print(self->report, stdout);
    if (!self->settings->quiet && self->settings->verbose) {
        printf("\nchanges:\n");
        if (!report_plan_text(stdout, folder, self->settings->verbose > 1, error))
            return false;
    }
    if (!self->settings->quiet) {
        print_notes(self);
        putchar('\n');
        print_doubt(result);
        report_lines(stdout, summary, 0, 0);
        puts("(nothing was written: --write does it)");
    }
    if (self->settings->output) {
        g_autofree char *saved =
            g_strdup_printf("saved in %s; dirsync apply %s carries out exactly this", folder, folder);
        report_lines(stdout, saved, 0, REPORT_COLUMNS);
    }
    return true;
}

static int show(Migrating *self, GError **error)
{
    g_autofree char *folder = self->settings->output ? g_canonicalize_filename(self->settings->output, NULL)
                                                     : g_dir_make_tmp("dirsync-plan-XXXXXX", error);
    if (!folder)
        return 0;
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    self->migration.batch = 0;
    run_plan(self->connector, &self->options, folder, &result, &failure);
    progress_wipe(self->settings->progress);
    bool shown =
        is_planned(failure) && finish_report(self, error) && print_dry(self, folder, &result, failure, error);
    if (!is_planned(failure) && self->settings->json)
        report_print_json(stdout, report_result_json("migrate", self->connector->name, &result, failure));
    if (!self->settings->output)
        plan_remove(folder);
    if (failure && (shown || !is_planned(failure)))
        g_propagate_error(error, failure);
    else
        g_clear_error(&failure);
    return self->settings->detailed && run_planned(&result) ? EXIT_CHANGES : 0;
}

/* --- in earnest --- */

static void print_batch(const Migrating *self, const RunResult *result, size_t number)
{
    g_autofree char *summary = run_summary(result);
    if (number == 1)
        print_doubt(result);
    if (result->folder && self->migration.batch) /* else there was nothing to do */
        printf("batch %zu, run %s, %zu left:\n", number, result->id, self->migration.put_off);
    else if (result->folder)
        printf("run %s:\n", result->id);
    report_lines(stdout, summary, 0, 0);
    fflush(stdout);
}

/* One run. False: it was the last one. */
static bool run_batch(Migrating *self, size_t number, json_t *runs, GPtrArray *ids, int *status,
                      GError **error)
{
    g_auto(RunResult) result = {0};
    GError *failure = NULL;
    self->migration.touched = self->migration.put_off = 0;
    run_sync(self->connector, &self->options, &result, &failure);
    progress_wipe(self->settings->progress);
    if (number == 1 && !self->told && result.step[STEP_IMPORT].ran && is_planned(failure) &&
        !finish_report(self, failure ? NULL : &failure))
        self->told = false;
    if (number == 1 && self->told && !self->settings->json && !self->settings->quiet) {
        migration_report_print(self->report, stdout);
        putchar('\n');
    }
    if (result.folder)
        g_ptr_array_add(ids, g_strdup(result.id));
    if (self->settings->json)
        json_array_append_new(runs, report_result_json("migrate", self->connector->name, &result, failure));
    else if (!self->settings->quiet && (!failure || run_planned(&result)))
        print_batch(self, &result, number);
    if (failure)
        g_propagate_error(error, failure);
    else if (run_exit_status(&result) > *status)
        *status = run_exit_status(&result);
    return !failure && self->migration.put_off && self->migration.touched;
}

static void print_end(const Migrating *self, const GPtrArray *ids, const GError *failure)
{
    const char *name = self->connector->name;
    if (ids->len)
        print_notes(self);
    if (failure && self->migration.put_off)
        printf("\nthe same command goes on; %zu people are left\n", self->migration.put_off);
    if (ids->len)
        printf("\nto take it back%s:\n", ids->len > 1 ? ", all of it in this order" : "");
    for (guint i = ids->len; i-- > 0;)
        printf("  dirsync revert %s %s\n", name, (char *)g_ptr_array_index(ids, i));
}

static int carry_out(Migrating *self, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    json_t *runs = json_array();
    GError *failure = NULL;
    int status = 0;
    for (size_t number = 1; run_batch(self, number, runs, ids, &status, &failure);)
        number++;
    if (self->settings->json) {
        json_t *document =
            json_pack("{s:s, s:s, s:o}", "verb", "migrate", "connector", self->connector->name, "runs", runs);
        json_object_update_new(document, head_as_json(self));
        if (failure)
            json_object_set_new(document, "error", json_string(failure->message));
        report_print_json(stdout, document);
    } else {
        json_decref(runs);
        if (!self->settings->quiet)
            print_end(self, ids, failure);
    }
    if (failure)
        g_propagate_error(error, failure);
    /* They are as much a reason to look as those in quarantine. */
    return migration_report_count(self->report, MATCH_AMBIGUOUS) ? 3 : status;
}

/* --- the verb --- */

static int guess(const Settings *settings, const char *source, GError **error)
{
    g_autoptr(MappingGuess) guessed = guess_mapping(source, error);
    if (!guessed || !guess_mapping_write(guessed, option_guess, error))
        return 0;
    if (settings->json)
        report_print_json(stdout, report_guess_json(guessed, option_guess));
    else if (!settings->quiet)
        report_guess_print(guessed, option_guess, stdout);
    return 0;
}

static int run(Settings *settings, int argc, char **argv, GError **error)
{
    if (argc < 1 || argc > 2 || (option_guess && argc != 2)) {
        settings_usage(&command_migrate, error);
        return 0;
    }
    if (option_guess)
        return guess(settings, argv[1], error);
    g_autoptr(Connector) connector = settings_connector(settings, 1, argv, 1, error);
    if (!connector)
        return 0;
    Migrating self = {.settings = settings, .connector = connector, .source = argc > 1 ? argv[1] : NULL};
    migration_begin(&self.migration);
    int status = 0;
    if (take_options(&self, error))
        status = option_write ? carry_out(&self, error) : show(&self, error);
    migration_report_free(self.report);
    migration_end(&self.migration);
    return status;
}

const Command command_migrate = {"migrate",
                                 "CONNECTOR [SOURCE]",
                                 "Import for good: match, adopt, convert, in batches",
                                 OPTIONS_RUN | OPTIONS_STEP | OPTIONS_ONLY | OPTIONS_LIMITS | OPTIONS_OUTPUT |
                                     OPTIONS_DETAILED,
                                 run,
                                 own_options};

/*
 * explain_tables.c - the specifications of runs, as tests of what explain says before
 *
 * Takes the place of tests/unit/pass_case_table.c in a program made from the same table
 * of cases (tests/unit/pass_case.h). Before each run everybody of both directories is
 * explained by name; then the run is carried out as the case has it, and what its plan
 * and its quarantine say of each anchor must be what was explained, no less and no
 * more. Explaining leaves no trace in the directories or the state. Runs that a case
 * calls with options, or under injected faults, are carried out unexplained.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include "dirsync/explain.h"
#include "dirsync/ldif.h"

#include <string.h>

typedef struct {
    const PassCase *spec;
    bool reads_all;
    char *name;
    Case *c;
    bool faulty;
} TableCase;

/* "import a1" -> lines of changes, of quarantine. */
typedef struct {
    GHashTable *changes, *quarantine;
    GHashTable *told; /* names of those who need not be asked about again */
    bool everybody;   /* the source is no file, of which nobody has a list here */
} Predicted;

static GString *lines_of(GHashTable *table, Step step, const char *anchor)
{
    g_autofree char *key = g_strdup_printf("%s %s", step_names[step], anchor);
    GString *lines = g_hash_table_lookup(table, key);
    if (!lines) {
        lines = g_string_new(NULL);
        g_hash_table_insert(table, g_steal_pointer(&key), lines);
    }
    return lines;
}

static void free_lines(void *lines)
{
    g_string_free(lines, TRUE);
}

static GHashTable *new_lines(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_lines);
}

/* Explaining and running are not of the same second. */
static char *without_time(const char *value)
{
    g_autoptr(GRegex) time = g_regex_new("20[0-9]{12}\\.0Z", 0, 0, NULL);
    return g_regex_replace_literal(time, value, -1, 0, "NOW", 0, NULL);
}

static void add_values(GString *out, const char *sign, const char *name, const Value *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *text = without_time(values[i].data);
        g_string_append_printf(out, " %s%s=%s", sign, name, text);
    }
}

static void add_change(GString *out, const Change *change)
{
    g_string_append_printf(out, "%s %s %s %s", change_kind_names[change->kind], change->dn,
                           change->situation ? change->situation : "",
                           change->new_rdn ? change->new_rdn : "");
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *one = &change->modifications[i];
        add_values(out, one->kind == MODIFY_ADD ? "+" : "-", one->name, one->values, one->n_values);
    }
    for (size_t i = 0; change->entry && i < entry_n_attributes(change->entry); i++) {
        const Attribute *one = entry_attribute(change->entry, i);
        add_values(out, "", one->name, one->values, one->n_values);
    }
    g_string_append_c(out, '\n');
}

/* --- explaining --- */

static bool is_quarantine(const char *situation)
{
    static const char *const names[] = {"ambiguous", "unowned", "conflict", "invalid", "members-unresolved"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (!strcmp(names[i], situation))
            return true;
    return false;
}

static void predict_pass(const ExplainedPass *pass, Predicted *predicted)
{
    const PassStory *story = pass ? pass->story : NULL;
    if (!story || !story->anchor)
        return;
    GString *changes = lines_of(predicted->changes, pass->step, story->anchor);
    GString *quarantine = lines_of(predicted->quarantine, pass->step, story->anchor);
    if (story->source)
        g_hash_table_add(predicted->told, g_strdup(entry_dn(story->source)));
    if (story->current)
        g_hash_table_add(predicted->told, g_strdup(entry_dn(story->current)));
    g_string_truncate(changes, 0);
    g_string_truncate(quarantine, 0);
    for (guint i = 0; i < pass->planned->len; i++)
        add_change(changes, ((ExplainedChange *)g_ptr_array_index(pass->planned, i))->change);
    assert_true(story->situations->len > 0);
    for (guint i = 0; i < story->situations->len; i++) {
        const StorySituation *situation = g_ptr_array_index(story->situations, i);
        if (is_quarantine(situation->name) && situation->reason && strcmp(situation->reason, "adoption") != 0)
            g_string_append_printf(quarantine, "%s\n", situation->reason);
    }
    /* In sync is who needs no change and is in nobody's way, and nobody else. */
    const StorySituation *main_one = g_ptr_array_index(story->situations, 0);
    if (!strcmp(main_one->name, "in-sync"))
        assert_true(story->source && story->current && !changes->len && !quarantine->len);
}

static void predict(Case *c, const Connector *connector, const char *dn, Predicted *predicted)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Explanation) explanation = explain(connector, case_state_folder(c), dn, &error);
    if (!explanation) /* a container */
        assert_true(error_is(error, ERROR_NOT_FOUND));
    for (guint i = 0; explanation && i < explanation->objects->len; i++) {
        const ExplainedObject *object = g_ptr_array_index(explanation->objects, i);
        predict_pass(object->import, predicted);
        predict_pass(object->export, predicted);
    }
}

static void predict_all(Case *c, const Connector *connector, const char *dump, Predicted *predicted)
{
    g_auto(GStrv) lines = g_strsplit(dump ? dump : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *text = NULL;
        if (g_str_has_prefix(*line, "dn: "))
            text = g_strdup(*line + 4);
        else if (g_str_has_prefix(*line, "dn:: ")) {
            gsize len;
            g_autofree guchar *bytes = g_base64_decode(*line + 5, &len);
            text = g_strndup((char *)bytes, len);
        }
        if (text && !g_hash_table_contains(predicted->told, text))
            predict(c, connector, text, predicted);
    }
}

/* --- comparing --- */

static GHashTable *changes_of_run(const char *folder)
{
    GHashTable *table = new_lines();
    g_auto(PlanHead) head = {0};
    if (!folder || !plan_load(folder, &head, NULL))
        return table;
    for (int step = 0; step < STEPS; step++) {
        g_autoptr(PlanReader) reader = head.step[step].planned && step != STEP_ADDRESSES
                                           ? plan_reader_new(folder, (Step)step, NULL)
                                           : NULL;
        Change *change = NULL;
        while (reader && plan_read(reader, &change, NULL) && change) {
            if (change->anchor)
                add_change(lines_of(table, (Step)step, change->anchor), change);
            change_free(change);
        }
    }
    return table;
}

/* Members that are made again come back into a group by a change of their own, unless the group is looked at
 * anyway: and whoever is explained is looked at. */
static bool is_changed_by_others(const char *said, GHashTable *happened)
{
    const char *situation = strstr(said, " changed ");
    if (!g_str_has_prefix(said, "modify ") || !situation)
        return false;
    g_autofree char *change = g_strndup(said, (gsize)(situation - said) + 1);
    GHashTableIter iter;
    gpointer lines;
    g_hash_table_iter_init(&iter, happened);
    while (g_hash_table_iter_next(&iter, NULL, &lines))
        if (strstr(((const GString *)lines)->str, change))
            return true;
    return false;
}

static void compare_changes(GHashTable *predicted, GHashTable *happened, bool everybody)
{
    GHashTableIter iter;
    gpointer key, lines;
    g_hash_table_iter_init(&iter, predicted);
    while (g_hash_table_iter_next(&iter, &key, &lines)) {
        const GString *then = g_hash_table_lookup(happened, key);
        const char *said = ((const GString *)lines)->str, *done = then ? then->str : "";
        if (strcmp(said, done) != 0 && (*done || !is_changed_by_others(said, happened)))
            fail_msg("%s: explained\n%sand planned was\n%s", (char *)key, said, done);
    }
    g_hash_table_iter_init(&iter, happened);
    while (g_hash_table_iter_next(&iter, &key, &lines))
        if (everybody && !g_hash_table_contains(predicted, key))
            fail_msg("%s: nobody explained\n%s", (char *)key, ((const GString *)lines)->str);
}

static void compare_quarantine(const Predicted *predicted, State *state)
{
    GHashTableIter iter;
    gpointer key, lines;
    g_hash_table_iter_init(&iter, predicted->quarantine);
    while (g_hash_table_iter_next(&iter, &key, &lines)) {
        g_autofree char *reason = NULL;
        Step step = g_str_has_prefix(key, "import ") ? STEP_IMPORT : STEP_EXPORT;
        const char *said = ((const GString *)lines)->str, *anchor = strchr(key, ' ') + 1;
        assert_true(state_quarantine_reason(state, step, anchor, &reason, NULL));
        /* Who was described by an anchor has a name after the run, and in the one that follows it. */
        char *holder = reason ? strstr(reason, " is held by ") : NULL;
        if (holder)
            *holder = '\0';
        if (reason ? !strstr(said, reason) : *said != '\0')
            fail_msg("%s: explained\n%sand in quarantine for\n%s", (char *)key, said,
                     reason ? reason : "nothing");
    }
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files of the state but those that SQLite makes beside them while somebody reads. */
static char *digest_of_state(const char *folder)
{
    GString *text = g_string_new(NULL);
    GDir *dir = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        name = g_ptr_array_index(names, i);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *content = NULL;
        gsize len;
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            g_autofree char *below = digest_of_state(path);
            g_string_append_printf(text, "%s/\n%s", name, below);
        } else if (!g_str_has_suffix(name, "-shm") && !g_str_has_suffix(name, "-wal") &&
                   g_file_get_contents(path, &content, &len, NULL)) {
            g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)content, len);
            g_string_append_printf(text, "%s %s\n", name, sum);
        }
    }
    g_clear_pointer(&dir, g_dir_close);
    return g_string_free(text, FALSE);
}

static void explain_everybody(Case *c, Predicted *predicted)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_autofree char *home = case_dump(c);
    g_autofree char *foreign = case_dump_foreign(c);
    g_autofree char *state = digest_of_state(case_state_folder(c));
    predict_all(c, connector, home, predicted);
    predict_all(c, connector, foreign, predicted);
    predicted->everybody = foreign != NULL;
    g_autofree char *home_then = case_dump(c);
    g_autofree char *foreign_then = case_dump_foreign(c);
    g_autofree char *state_then = digest_of_state(case_state_folder(c));
    assert_string_equal(home_then, home);
    assert_string_equal(foreign_then ? foreign_then : "", foreign ? foreign : "");
    assert_string_equal(state_then, state);
}

static void compare_with_run(Case *c, const Predicted *predicted)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(State) state = state_open_unlocked(connector, case_state_folder(c), NULL);
    g_auto(RunRecord) record = {0};
    assert_non_null(state);
    assert_true(state_find_run(state, case_last_run(c), &record, NULL));
    g_autoptr(GHashTable) happened = changes_of_run(record.folder);
    compare_changes(predicted->changes, happened, predicted->everybody);
    compare_quarantine(predicted, state);
}

static void do_sync(TableCase *table, const CaseStep *step)
{
    const Called *called = &step->called;
    bool plain = !called->only && !called->full && !called->allow_empty && !called->verify && !called->lift &&
                 !called->step && !table->faulty && !step->expected.error && !step->expected.restless;
    Predicted predicted = {new_lines(), new_lines(),
                           g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), false};
    if (plain)
        explain_everybody(table->c, &predicted);
    case_sync(table->c, &step->called, &step->expected);
    if (plain)
        compare_with_run(table->c, &predicted);
    g_hash_table_unref(predicted.changes);
    g_hash_table_unref(predicted.quarantine);
    g_hash_table_unref(predicted.told);
}

/* --- the table --- */

static void do_step(TableCase *table, const CaseStep *step)
{
    if (step->kind == DO_FAULTS)
        table->faulty = step->text || step->source_faults;
    if (!case_prepare(table->c, step))
        do_sync(table, step);
}

static int begin_case(void **state)
{
    TableCase *table = *state;
    CaseStart start = table->spec->start;
    start.reads_all = table->reads_all;
    table->c = case_new(&start);
    table->faulty = false;
    return 0;
}

static int end_case(void **state)
{
    TableCase *table = *state;
    g_clear_pointer(&table->c, case_free);
    return 0;
}

static void run_case(void **state)
{
    TableCase *table = *state;
    const CaseStep *end = table->spec->steps + G_N_ELEMENTS(table->spec->steps);
    for (const CaseStep *step = table->spec->steps; step < end && step->kind != DO_END; step++)
        do_step(table, step);
}

int case_run_tables(const char *group, const PassCase *cases, size_t n_cases, const void *tests,
                    size_t n_tests)
{
    const char *only = g_getenv("DIRSYNC_TEST_CASE");
    g_autofree TableCase *table = g_new0(TableCase, 2 * n_cases + 1);
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
    (void)tests;
    (void)n_tests;
    for (size_t i = 0; i < 2 * n_cases; i++) {
        const PassCase *spec = &cases[i / 2];
        table[i] = (TableCase){.spec = spec, .reads_all = i % 2 == 0};
        table[i].name = g_strconcat("explained: ", spec->name, i % 2 ? ", by changes" : "", NULL);
        struct CMUnitTest test = {table[i].name, run_case, begin_case, end_case, &table[i]};
        if ((!only || strstr(table[i].name, only)) && (table[i].reads_all || !spec->start.reads_all))
            g_array_append_val(all, test);
    }
    int failed =
        _cmocka_run_group_tests(group, (const struct CMUnitTest *)(void *)all->data, all->len, NULL, NULL);
    g_array_unref(all);
    for (size_t i = 0; i < 2 * n_cases; i++)
        g_free(table[i].name);
    return failed;
}

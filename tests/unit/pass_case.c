/*
 * pass_case.c - see pass_case.h
 *
 * Writes real definitions into a folder of its own and drives run.h, so that a
 * case goes the way a person's command goes. Stores are named after the folder.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case_definitions.h"

#include "dirsync/directory/memory_store.h"
#include "dirsync/event.h"
#include "dirsync/ldif.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOME_TOP                                                                                             \
    "dn: o=acme\nobjectClass: organization\no: acme\n\n"                                                     \
    "dn: ou=people,o=acme\nobjectClass: organizationalUnit\nou: people\n\n"
#define HOME_CONTAINER "dn: ou=in,o=acme\nobjectClass: organizationalUnit\nou: in\n\n"
#define SOURCE_TOP "dn: o=globex\nobjectClass: organization\no: globex\n\n"
#define FOREIGN_CONTAINER "dn: ou=out,o=globex\nobjectClass: organizationalUnit\nou: out\n\n"

struct Case {
    CaseStart start;
    char *folder, *home_name, *source_name, *state;
    char *home_faults, *source_faults;
    MemoryStore *home, *source;
    char *last_run;
};

/* --- files --- */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *case_path(const Case *c, const char *name)
{
    return g_build_filename(c->folder, name, NULL);
}

static void write_text(const Case *c, const char *name, const char *text)
{
    g_autofree char *path = case_path(c, name);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

char *case_write_connector(const Case *c, const char *name, const char *uuid)
{
    g_autofree char *text = case_connector_text(&c->start, c->source_name, name, uuid);
    g_autofree char *file = g_strconcat(name ? name : "globex", ".xml", NULL);
    write_text(c, file, text);
    return case_path(c, file);
}

void case_set_kinds(Case *c, const char *import_kinds)
{
    c->start.import_kinds = import_kinds;
    g_free(case_write_connector(c, NULL, NULL));
}

/* --- the case --- */

static void load_store(MemoryStore *store, const char *ldif)
{
    g_autoptr(GError) error = NULL;
    memory_store_load(store, ldif, &error);
    if (error)
        fail_msg("the case's LDIF: %s", error->message);
}

/* @entry as it will stand in the store: whose name was there before keeps the entryUUID. */
static Entry *with_identity(const Entry *entry, const MemoryNode *before)
{
    Entry *same = entry_new(entry_dn(entry));
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        for (size_t j = 0; j < attribute->n_values; j++)
            if (g_ascii_strcasecmp(attribute->name, "entryUUID") != 0)
                entry_add(same, attribute->name, attribute->values[j].data, attribute->values[j].len);
    }
    for (size_t i = 0; i < entry_n_attributes(before->entry); i++) {
        const Attribute *attribute = entry_attribute(before->entry, i);
        if (!g_ascii_strcasecmp(attribute->name, "entryUUID"))
            entry_add(same, attribute->name, attribute->values[0].data, attribute->values[0].len);
    }
    return same;
}

static bool are_same(const Entry *a, const Entry *b)
{
    g_autoptr(GByteArray) left = g_byte_array_new();
    g_autoptr(GByteArray) right = g_byte_array_new();
    entry_serialise(a, left);
    entry_serialise(b, right);
    return left->len == right->len && !memcmp(left->data, right->data, left->len);
}

/* As somebody would edit it who wants it to be like that. */
static void replace_store(MemoryStore *store, const char *ldif)
{
    MemoryStore *wanted = memory_store("wanted");
    load_store(wanted, ldif);
    for (GList *link = store->order.tail, *next; link; link = next) {
        MemoryNode *node = link->data;
        next = link->prev;
        if (!memory_store_node(wanted, node->dn))
            memory_store_remove(store, node);
    }
    for (GList *link = wanted->order.head; link; link = link->next) {
        const MemoryNode *node = link->data;
        MemoryNode *before = memory_store_node(store, node->dn);
        g_autoptr(Entry) same = before ? with_identity(node->entry, before) : entry_copy(node->entry);
        if (!before)
            before = memory_store_insert(store, g_steal_pointer(&same));
        else if (!are_same(before->entry, same))
            memory_store_replace(store, before, g_steal_pointer(&same));
        g_queue_unlink(&store->order, before->link); /* in the order of @ldif */
        g_queue_push_tail_link(&store->order, before->link);
    }
    memory_store_drop("wanted");
}

void case_set_source(Case *c, const char *ldif)
{
    if (c->start.file) {
        write_text(c, "people.ldif", ldif);
        return;
    }
    bool is_new = !c->source;
    if (is_new)
        c->source = memory_store(c->source_name);
    const char *container = c->start.export && !c->start.no_container ? FOREIGN_CONTAINER : "";
    g_autofree char *whole = g_strconcat(SOURCE_TOP, container, ldif, NULL);
    if (is_new)
        load_store(c->source, whole);
    else
        replace_store(c->source, whole);
}

static void make_home(Case *c)
{
    c->home = memory_store(c->home_name);
    load_store(c->home, HOME_TOP);
    if (!c->start.no_container)
        load_store(c->home, HOME_CONTAINER);
    if (c->start.home)
        load_store(c->home, c->start.home);
    memory_store_set_assertions(c->home, !c->start.no_assertions);
    if (c->start.unique)
        memory_store_set_unique(c->home, (const char *const[]){"proxyAddresses", NULL});
}

/* To see what goes wrong: DIRSYNC_TEST_EVENTS=info tests/unit/test_... */
static void open_events(void)
{
    int level = g_getenv("DIRSYNC_TEST_EVENTS") ? event_level_parse(g_getenv("DIRSYNC_TEST_EVENTS")) : -1;
    SinkSettings sink = {.kind = SINK_STDERR, .level = (EventLevel)MAX(level, 0)};
    for (int i = 0; i < CATEGORIES; i++)
        sink.category_level[i] = -1;
    event_close_sinks();
    if (level >= 0)
        event_open_sink(&sink, NULL);
}

Case *case_new(const CaseStart *start)
{
    open_events();
    Case *c = g_new0(Case, 1);
    c->start = *start;
    c->folder = g_dir_make_tmp("dirsync-case-XXXXXX", NULL);
    assert_non_null(c->folder);
    g_autofree char *name = g_path_get_basename(c->folder);
    c->home_name = g_strconcat(name, "-home", NULL);
    c->source_name = g_strconcat(name, "-source", NULL);
    c->state = case_path(c, "state");
    make_home(c);
    case_set_source(c, start->source ? start->source : "");
    g_autofree char *organisation = case_organisation_text(&c->start, c->home_name);
    write_text(c, "mapping.xml", case_mapping_text);
    write_text(c, "kinds.xml", case_kinds_text);
    write_text(c, "organisation.xml", organisation);
    g_free(case_write_connector(c, NULL, NULL));
    return c;
}

void case_free(Case *c)
{
    if (!c)
        return;
    remove_tree(c->folder);
    memory_store_drop(c->home_name);
    if (!c->start.file)
        memory_store_drop(c->source_name);
    g_free(c->folder);
    g_free(c->home_name);
    g_free(c->source_name);
    g_free(c->state);
    g_free(c->home_faults);
    g_free(c->source_faults);
    g_free(c->last_run);
    g_free(c);
}

static void edit(MemoryStore *store, const char *ldif)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), "edit");
    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Change) change = NULL;
        RecordStatus status = ldif_read_change(reader, &change, &error);
        if (status == RECORD_END)
            return;
        if (status != RECORD_GOOD || !memory_store_apply(store, change, &error))
            fail_msg("the case's edit: %s", error ? error->message : "cut off");
    }
}

void case_edit_home(Case *c, const char *ldif)
{
    edit(c->home, ldif);
}

void case_edit_foreign(Case *c, const char *ldif)
{
    edit(c->source, ldif);
}

void case_lose_state(Case *c)
{
    remove_tree(c->state);
}

void case_set_faults(Case *c, const char *home, const char *source)
{
    g_free(c->home_faults);
    g_free(c->source_faults);
    c->home_faults = g_strdup(home);
    c->source_faults = g_strdup(source);
}

MemoryStore *case_home(const Case *c)
{
    return c->home;
}

MemoryStore *case_foreign(const Case *c)
{
    return c->source;
}

const char *case_state_folder(const Case *c)
{
    return c->state;
}

const char *case_last_run(const Case *c)
{
    return c->last_run;
}

char *case_dump(const Case *c)
{
    return memory_store_dump(c->home, true);
}

char *case_dump_foreign(const Case *c)
{
    return c->source ? memory_store_dump(c->source, true) : NULL;
}

static void wrap(Endpoint *endpoint, const char *faults)
{
    if (!faults)
        return;
    g_autofree char *store = endpoint->path;
    endpoint->path = g_strconcat(faults, "|", store, NULL);
    g_free(endpoint->driver);
    endpoint->driver = g_strdup("failing");
}

Connector *case_connector(const Case *c)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = case_path(c, "globex.xml");
    Connector *connector = connector_load(path, &error);
    if (!connector)
        fail_msg("the case's definitions: %s", error->message);
    wrap(&connector->organisation->home, c->home_faults);
    wrap(&connector->foreign, c->source_faults);
    return connector;
}

static void lift(RunOptions *options, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word; word++) {
        char *equals = strchr(*word, '=');
        bool found = false;
        assert_non_null(equals);
        *equals = '\0';
        for (int kind = 0; kind < LIMIT_KINDS; kind++)
            if (!strcmp(limit_names[kind], *word))
                found = limit_parse(equals + 1, &options->limits[kind]);
        assert_true(found);
    }
}

/* Of the last run; one at a time. */
static Migration migration;
static GPtrArray *matches;

static int compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void keep_match(const Match *match, void *data)
{
    GString *line = g_string_new(NULL);
    (void)data;
    g_string_append_printf(line, "%s %s %s", match->anchor, match_class_names[match->class],
                           match_action_names[match->action]);
    for (size_t i = 0; i < match->n_candidates; i++)
        g_string_append_printf(line, "%s %s (%s)", i ? "," : ":", match->candidates[i].dn,
                               match->candidates[i].why);
    if (match->note)
        g_string_append_printf(line, "; %s", match->note);
    g_ptr_array_add(matches, g_string_free(g_string_append_c(line, '\n'), FALSE));
}

static char *matches_text(void)
{
    g_autofree char *text = NULL;
    if (!matches)
        return g_strdup("");
    g_ptr_array_sort(matches, compare_lines);
    g_ptr_array_add(matches, NULL);
    text = g_strjoinv("", (char **)matches->pdata);
    g_ptr_array_set_size(matches, 0);
    return g_steal_pointer(&text);
}

static void migrate(RunOptions *options, const Called *called)
{
    const char *const chosen[MATCH_CLASSES] = {
        [MATCH_EXACT] = called->exact, [MATCH_PROBABLE] = called->probable, [MATCH_NONE] = called->none};
    migration_end(&migration);
    migration_begin(&migration);
    for (int class = 0; class < MATCH_CLASSES; class ++)
        assert_true(!chosen[class] || migration_choose(&migration, (MatchClass) class, chosen[class], NULL));
    g_clear_pointer(&matches, g_ptr_array_unref);
    matches = g_ptr_array_new_with_free_func(g_free);
    migration.batch = called->batch;
    migration.told = keep_match;
    options->pass.migration = &migration;
}

RunOptions case_options(const Case *c, const Connector *connector, const Called *called)
{
    RunOptions options = run_options(connector);
    options.state_folder = c->state;
    if (!called)
        return options;
    options.pass.only = called->only;
    options.pass.full = called->full;
    options.pass.allow_empty = called->allow_empty;
    options.verify = called->verify;
    for (int step = 0; step < STEPS; step++)
        options.steps[step] &= !called->step || !strcmp(called->step, step_names[step]);
    if (called->lift)
        lift(&options, called->lift);
    if (called->migrate)
        migrate(&options, called);
    return options;
}

/* --- what is observed --- */

typedef struct {
    char *home, *foreign;
    size_t writes, foreign_writes;
    unsigned long events[EVENTS];
} Observation;

static void observe(const Case *c, Observation *observation)
{
    observation->home = case_dump(c);
    observation->foreign = case_dump_foreign(c);
    observation->writes = memory_store_writes(c->home);
    observation->foreign_writes = c->source ? memory_store_writes(c->source) : 0;
    for (int id = 0; id < EVENTS; id++)
        observation->events[id] = event_count((EventId)id);
}

static void observation_clear(Observation *observation)
{
    g_free(observation->home);
    g_free(observation->foreign);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Observation, observation_clear)

static char *counts_text(const Counts *counts)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < COUNTS; i++)
        if (counts->of[i])
            g_string_append_printf(text, "%s%zu %s", text->len ? ", " : "", counts->of[i], count_names[i]);
    return g_string_free(text, FALSE);
}

/* Events of every run say nothing about the case. */
static bool is_noise(int id)
{
    static const EventId noise[] = {EVENT_RUN_BEGIN,     EVENT_RUN_END,       EVENT_SOURCE_READ,
                                    EVENT_SOURCE_FULL,   EVENT_HOME_READ,     EVENT_WRITE_DONE,
                                    EVENT_STATE_REBUILT, EVENT_ADDRESS_GIVEN, EVENT_ADDRESSES_MADE};
    for (size_t i = 0; i < G_N_ELEMENTS(noise); i++)
        if ((int)noise[i] == id)
            return true;
    return false;
}

static char *events_text(const Observation *before)
{
    GString *text = g_string_new(NULL);
    for (int id = 0; id < EVENTS; id++) {
        unsigned long n = event_count((EventId)id) - before->events[id];
        if (!n || is_noise(id))
            continue;
        g_string_append_printf(text, "%s%s", text->len ? " " : "", event_name((EventId)id));
        if (n > 1)
            g_string_append_printf(text, "*%lu", n);
    }
    return g_string_free(text, FALSE);
}

static void add_quarantined(const char *subject, const char *reason, const char *first, const char *last,
                            void *data)
{
    (void)first;
    (void)last;
    g_string_append_printf(data, "%s: %s\n", subject, reason);
}

static void add_subject(const char *subject, const char *reason, const char *first, const char *last,
                        void *data)
{
    (void)reason;
    (void)first;
    (void)last;
    g_string_append_printf(data, "%s\n", subject);
}

typedef struct {
    char *quarantine, *subjects;
    RunRecord record;
} Remembered;

/* What the state file says afterwards. */
static void remember(const Case *c, Remembered *remembered)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_autoptr(GError) error = NULL;
    g_autoptr(State) state = state_open_unlocked(connector, c->state, &error);
    GString *quarantine = g_string_new(NULL), *subjects = g_string_new(NULL);
    remembered->record = (RunRecord){.status = -1};
    if (state) {
        assert_true(state_scan_quarantine(state, add_quarantined, quarantine, NULL));
        assert_true(state_scan_quarantine(state, add_subject, subjects, NULL));
        assert_true(state_find_run(state, NULL, &remembered->record, NULL));
    }
    remembered->quarantine = g_string_free(quarantine, FALSE);
    remembered->subjects = g_string_free(subjects, FALSE);
}

static void remembered_clear(Remembered *remembered)
{
    g_free(remembered->quarantine);
    g_free(remembered->subjects);
    run_record_clear(&remembered->record);
}

static void assert_like(const char *what, const char *text, const char *pattern)
{
    if (!g_pattern_match_simple(pattern ? pattern : "", text))
        fail_msg("%s:\n%s\nexpected:\n%s", what, text, pattern ? pattern : "(nothing)");
}

static void assert_same(const char *what, const char *text, const char *expected)
{
    if (strcmp(text, expected ? expected : "") != 0)
        fail_msg("%s:\n%s\nexpected:\n%s", what, text, expected ? expected : "(nothing)");
}

static void assert_number(const char *what, size_t number, size_t expected)
{
    if (number != expected)
        fail_msg("%s: %zu, expected: %zu", what, number, expected);
}

static void compare_directories(const Case *c, const char *what, const Observation *before,
                                const Expected *expected)
{
    g_auto(Observation) after = {0};
    observe(c, &after);
    g_autofree char *changes = case_differences(before->home, after.home);
    g_autofree char *foreign = c->source ? case_differences(before->foreign, after.foreign) : g_strdup("");
    g_autofree char *there = g_strconcat(what, " in the foreign directory", NULL);
    assert_same(what, changes, expected->changes);
    assert_same(there, foreign, expected->foreign);
    assert_number(what, after.writes - before->writes, expected->writes);
    assert_number(there, after.foreign_writes - before->foreign_writes, expected->foreign_writes);
}

static void compare(Case *c, const Observation *before, bool ok, const RunResult *result, const GError *error,
                    const Expected *expected)
{
    g_autofree char *counts = counts_text(&result->step[STEP_IMPORT].counts);
    g_autofree char *exported = counts_text(&result->step[STEP_EXPORT].counts);
    g_autofree char *addressed = counts_text(&result->step[STEP_ADDRESSES].counts);
    g_autofree char *events = events_text(before);
    int status = ok ? run_exit_status(result) : error_exit_status(error);
    if (ok == (error != NULL))
        fail_msg("a result and its error must agree");
    assert_like("error", error ? error->message : "", expected->error);
    compare_directories(c, "differences", before, expected);
    assert_same("counts", counts, expected->counts);
    assert_same("counts of the addresses", addressed, expected->addressed);
    assert_same("counts of the export", exported, expected->exported);
    assert_same("events", events, expected->events);
    g_autofree char *matched = matches_text();
    if (expected->matches)
        assert_same("matches", matched, expected->matches);
    assert_number("exit status", (size_t)status, (size_t)expected->status);
}

static void compare_remembered(const Case *c, const RunResult *result, const Expected *expected)
{
    Remembered remembered;
    remember(c, &remembered);
    assert_like("quarantine", remembered.quarantine, expected->quarantine);
    if (remembered.record.id && !g_strcmp0(remembered.record.id, result->id)) {
        assert_non_null(remembered.record.finished);
        assert_number("recorded status", (size_t)remembered.record.status, (size_t)expected->status);
    }
    remembered_clear(&remembered);
}

/* --- runs --- */

static void keep_id(Case *c, const RunResult *result)
{
    g_free(c->last_run);
    c->last_run = g_strdup(result->id);
}

/* A run that must find nothing to do. @state NULL: the case's own. */
static void assert_at_rest(Case *c, const char *what, const Called *called, const char *state)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    g_auto(Observation) before = {0};
    observe(c, &before);
    RunOptions options = case_options(c, connector, called);
    if (state)
        options.state_folder = state;
    run_sync(connector, &options, &result, &error);
    assert_like(what, error ? error->message : "", NULL);
    compare_directories(c, what, &before, &(Expected){0});
    assert_number(what, run_planned(&result), 0);
    if (!state && !result.step[STEP_IMPORT].partial && !result.step[STEP_EXPORT].partial)
        assert_number(what, (size_t)run_exit_status(&result), 0);
}

static void assert_settled(Case *c, const Called *called, const Expected *expected)
{
    Remembered before, after;
    Called again = called ? *called : (Called){0};
    again.full = again.verify = false;
    remember(c, &before);
    assert_at_rest(c, "the second run", &again, NULL);
    remember(c, &after);
    assert_same("quarantine after the second run", after.subjects, before.subjects);
    remembered_clear(&before);
    remembered_clear(&after);
    if (expected->unlike_stateless)
        return;
    g_autofree char *fresh = case_path(c, "fresh");
    assert_at_rest(c, "a run without state", &again, fresh);
    remove_tree(fresh);
}

void case_sync(Case *c, const Called *called, const Expected *expected)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    g_auto(Observation) before = {0};
    observe(c, &before);
    RunOptions options = case_options(c, connector, called);
    bool ok = run_sync(connector, &options, &result, &error);
    compare(c, &before, ok, &result, error, expected);
    compare_remembered(c, &result, expected);
    keep_id(c, &result);
    if (ok && !expected->restless)
        assert_settled(c, called, expected);
}

void case_plan(Case *c, const Called *called, const char *folder, const Expected *expected)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    g_auto(Observation) before = {0};
    observe(c, &before);
    RunOptions options = case_options(c, connector, called);
    bool ok = run_plan(connector, &options, folder, &result, &error);
    compare(c, &before, ok, &result, error, expected);
}

void case_apply(Case *c, const char *folder, const Expected *expected)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    g_auto(Observation) before = {0};
    observe(c, &before);
    RunOptions options = case_options(c, connector, NULL);
    bool ok = run_apply(connector, &options, folder, &result, &error);
    compare(c, &before, ok, &result, error, expected);
    keep_id(c, &result);
}

void case_revert(Case *c, const char *id, const Expected *expected)
{
    g_autoptr(Connector) connector = case_connector(c);
    g_auto(RunResult) result = {0};
    g_autoptr(GError) error = NULL;
    g_auto(Observation) before = {0};
    observe(c, &before);
    RunOptions options = case_options(c, connector, NULL);
    g_autofree char *undone = g_strdup(id ? id : c->last_run);
    bool ok = run_revert(connector, &options, undone, &result, &error);
    compare(c, &before, ok, &result, error, expected);
    keep_id(c, &result);
}

bool case_prepare(Case *c, const CaseStep *step)
{
    switch (step->kind) {
    case DO_SOURCE:
        case_set_source(c, step->text);
        break;
    case DO_HOME:
        case_edit_home(c, step->text);
        break;
    case DO_FOREIGN:
        case_edit_foreign(c, step->text);
        break;
    case DO_LOSE_STATE:
        case_lose_state(c);
        break;
    case DO_FAULTS:
        case_set_faults(c, step->text, step->source_faults);
        break;
    case DO_KINDS:
        case_set_kinds(c, step->text);
        break;
    case DO_SYNC:
        return false;
    case DO_END:
        break;
    }
    return true;
}

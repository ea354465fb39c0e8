/*
 * crash_look.c - looking at what is left: the state file, and the journals against the directories
 */
#include "tests/crash/crash_internal.h"

#include "dirsync/directory/memory.h"
#include "dirsync/directory/memory_store.h"
#include "dirsync/run_internal.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <string.h>

#define REPLAYED "crash-replayed"

/* --- differences --- */

/* Records of @a that @b does not have. */
static void append_others(GString *text, const char *mark, const char *a, const char *b)
{
    g_auto(GStrv) of_a = g_strsplit(a, "\n\n", -1);
    g_auto(GStrv) of_b = g_strsplit(b, "\n\n", -1);
    for (char **record = of_a; *record; record++)
        if (!g_strv_contains((const char *const *)of_b, *record))
            g_string_append_printf(text, "\n--- %s\n%s", mark, *record);
}

char *crash_difference(const char *what, const char *is, const char *should)
{
    if (!strcmp(is, should))
        return NULL;
    GString *text = g_string_new(what);
    append_others(text, "should be", should, is);
    append_others(text, "is", is, should);
    return g_string_free(text, FALSE);
}

/* --- state files --- */

static int append_row(void *data, int n, char **values, char **names)
{
    (void)names;
    char **row = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++)
        row[i] = g_strdup(values[i] ? values[i] : "");
    g_ptr_array_add(data, row);
    return 0;
}

GPtrArray *crash_state_rows(const World *world, const char *sql)
{
    g_autofree char *path = g_build_filename(world->state, "globex", "state.db", NULL);
    sqlite3 *database = NULL;
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return rows;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    int code = sqlite3_exec(database, sql, append_row, rows, NULL);
    /* A process killed before it made its tables has left an empty file, which answers nothing. */
    if (code != SQLITE_OK && !strstr(sqlite3_errmsg(database), "no such table"))
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    sqlite3_close(database);
    return rows;
}

char *crash_state_ask(const World *world, const char *sql)
{
    g_autoptr(GPtrArray) rows = crash_state_rows(world, sql);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < rows->len; i++)
        for (char **value = g_ptr_array_index(rows, i); *value; value++)
            g_string_append_printf(text, "%s%s", text->len ? " " : "", *value);
    return g_string_free(text, FALSE);
}

void crash_state_sql(const World *world, const char *sql)
{
    g_ptr_array_unref(crash_state_rows(world, sql));
}

/* What an entry looks like holds its identity, which is another one in each world, and is not known of one
 * that was fetched; what is wanted of one in grace holds the date. */
char *crash_remembered(const CrashSite *site)
{
    static const char sql[] =
        "SELECT 'step ' || step, 'anchor ' || anchor, 'dn ' || coalesce(dn, '-'), "
        "'desired ' || CASE flags & 1 WHEN 1 THEN 'dated' ELSE hex(desired) || hex(exact) END, "
        "'flags ' || flags FROM link ORDER BY step, anchor";
    static const char quarantined[] =
        "SELECT 'quarantined ' || step, subject, reason FROM quarantine ORDER BY step, subject";
    GString *text = g_string_new(NULL);
    for (int i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) rows = crash_state_rows(site->world, i ? quarantined : sql);
        for (guint j = 0; j < rows->len; j++) {
            g_autofree char *record = g_strjoinv("\n", g_ptr_array_index(rows, j));
            g_string_append_printf(text, "%s\n\n", record);
        }
    }
    return g_string_free(text, FALSE);
}

char *crash_check_settled(const CrashSite *site)
{
    g_autofree char *open = crash_state_ask(site->world, "SELECT id FROM run WHERE finished IS NULL");
    g_autofree char *intended =
        crash_state_ask(site->world, "SELECT run || '/' || seq FROM journal WHERE outcome = 0");
    if (*open)
        return g_strdup_printf("the state says that run %s is still going on", open);
    if (*intended)
        return g_strdup_printf("the journal has changes without an outcome: %s", intended);
    return NULL;
}

/* --- the journals, replayed --- */

/* Content of one directory; NULL when there is none yet. */
static char *content_of(const char *folder, const char *file)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS) ? text_of(path) : NULL;
}

static MemoryStore *load(const char *ldif)
{
    g_autoptr(GError) error = NULL;
    MemoryStore *store = memory_store(REPLAYED);
    if (ldif && !memory_store_load(store, ldif, &error) && error)
        fail_msg("replaying: %s", error->message);
    return store;
}

static char *as_now(const char *folder, const char *file)
{
    g_autofree char *text = content_of(folder, file);
    MemoryStore *store = load(text);
    char *dump = memory_store_dump(store, false);
    memory_store_drop(REPLAYED);
    return dump;
}

/* Places in the plan of the changes that were done. */
static GHashTable *done_of(const World *world, const char *run)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT seq FROM journal WHERE run = '%s' AND outcome = 1 ORDER BY seq", run);
    g_autoptr(GPtrArray) rows = crash_state_rows(world, sql);
    GHashTable *done = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < rows->len; i++) {
        char **row = g_ptr_array_index(rows, i);
        g_hash_table_add(done, GUINT_TO_POINTER((guint)g_ascii_strtoull(row[0], NULL, 10) + 1));
    }
    return done;
}

static char *replay_step(MemoryStore *store, GHashTable *done, const char *run, const char *folder,
                         const PlanHead *head, Step step)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PlanReader) reader = plan_reader_new(folder, step, &error);
    for (size_t seq = run_first_seq(head, step); reader; seq++) {
        g_autoptr(Change) change = NULL;
        if (!plan_read(reader, &change, &error) || !change)
            break;
        if (g_hash_table_contains(done, GUINT_TO_POINTER((guint)seq + 1)) &&
            !memory_store_apply(store, change, &error))
            return g_strdup_printf("the journal of %s says that change %zu was done, which cannot be: %s: %s",
                                   run, seq, change->dn, error->message);
    }
    return error ? g_strdup_printf("the plan of %s: %s", run, error->message) : NULL;
}

/* @file: the directory that is replayed. */
static char *replay_run(const CrashSite *site, MemoryStore *store, const char *file, char **row)
{
    const char *run = row[0], *folder = row[1];
    g_autoptr(GHashTable) done = done_of(site->world, run);
    g_auto(PlanHead) head = {0};
    g_autoptr(GError) error = NULL;
    char *complaint = NULL;
    if (!g_hash_table_size(done))
        return NULL;
    if (!plan_load(folder, &head, &error))
        return g_strdup_printf("the journal of %s cannot be read with its plan: %s", run, error->message);
    for (int i = 0; i < STEPS && !complaint; i++) {
        Step step = run_step_at(&head, i);
        if (head.step[step].planned && !g_strcmp0(site->home.file[step], file))
            complaint = replay_step(store, done, run, folder, &head, step);
    }
    return complaint;
}

static char *replay(const CrashSite *site, const char *file)
{
    g_autofree char *kept = crash_kept_folder(site);
    g_autofree char *start = content_of(kept, file);
    g_autofree char *sql = g_strdup_printf(
        "SELECT id, coalesce(folder, '') FROM run WHERE number > %lu ORDER BY number", site->last_run);
    g_autoptr(GPtrArray) runs = crash_state_rows(site->world, sql);
    MemoryStore *store = load(start);
    char *complaint = NULL;
    for (guint i = 0; i < runs->len && !complaint; i++)
        complaint = replay_run(site, store, file, g_ptr_array_index(runs, i));
    g_autofree char *replayed = memory_store_dump(store, false);
    memory_store_drop(REPLAYED);
    g_autofree char *now = complaint ? NULL : as_now(site->world->live, file);
    return complaint ? complaint
                     : crash_difference("the journals do not give what the directory holds", replayed, now);
}

char *crash_check_journals(const CrashSite *site)
{
    char *complaint = NULL;
    for (int step = 0; step < STEPS && !complaint; step++) {
        const char *file = site->home.file[step];
        bool twice = step == STEP_ADDRESSES && !g_strcmp0(file, site->home.file[STEP_IMPORT]);
        if (file && !twice)
            complaint = replay(site, file);
    }
    return complaint;
}

/*
 * state.c - the folder, the lock and the links of state.h
 */
#include "dirsync/state_internal.h"

#include "dirsync/fault.h"
#include "dirsync/xml.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FORM 5

#define LINK_COLUMNS                                                                                         \
    "row, step, anchor, dn, id, source_dn, source_key, source, target, desired, exact, flags, source_id"
#define STEP_OF_OPEN "step = ? AND flags & 39 <> 0" /* as the index link_open says it */

static_assert(LINK_OPEN == 39, "the index link_open is of the links with these flags");

static char *default_folder(void)
{
    if (geteuid() == 0)
        return g_strdup("/var/lib/dirsync");
    return g_build_filename(g_get_user_state_dir(), "dirsync", NULL);
}

static bool make_folder(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) == 0)
        return true;
    error_set(error, ERROR_IO,
              "%s: cannot make the state folder: %s; name another with --state or <state folder=…>", path,
              g_strerror(errno));
    return false;
}

/* The lock is a file of its own: closing any descriptor of state.db would drop SQLite's locks on it. */
static bool take_lock(State *state, const Connector *connector, GError **error)
{
    g_autofree char *path = g_build_filename(state->folder, "lock", NULL);
    state->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (state->lock < 0) {
        error_set(error, ERROR_IO, "%s: cannot open the lock: %s", path, g_strerror(errno));
        return false;
    }
    fault_step("lock made");
    if (flock(state->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    error_set(error, ERROR_LOCKED, "connector %s: another run is going on (lock %s); wait until it has ended",
              connector->name, path);
    return false;
}

char *state_place(const Connector *connector, const char *folder)
{
    g_autofree char *standard = default_folder();
    const char *chosen = folder ? folder : connector ? connector->organisation->state_folder : NULL;
    return g_canonicalize_filename(chosen ? chosen : standard, NULL);
}

static State *state_new(const Connector *connector, const char *folder)
{
    State *state = g_new0(State, 1);
    g_autofree char *top = state_place(connector, folder);
    g_autofree char *home = g_strconcat(connector->organisation->name, ".home.db", NULL);
    state->lock = -1;
    state->folder = g_build_filename(top, connector->name, NULL);
    state->index_path[STEP_IMPORT] = g_build_filename(top, home, NULL);
    state->index_path[STEP_EXPORT] = g_build_filename(state->folder, "foreign.db", NULL);
    return state;
}

static bool open_files(State *state, GError **error)
{
    g_autofree char *path = g_build_filename(state->folder, "state.db", NULL);
    state->database = database_open(path, "state.sql", STATE_FORM, &state->is_new, error);
    return state->database && state_index(state, STEP_IMPORT, error);
}

/* A state folder that served another connector of this name would give wrong links. */
static bool check_owner(State *state, const Connector *connector, GError **error)
{
    g_autofree char *uuid = NULL;
    if (!state_get(state, "connector", &uuid, error))
        return false;
    if (!uuid)
        return state_set(state, "connector", connector->uuid, error);
    if (!strcmp(uuid, connector->uuid))
        return true;
    error_set(error, ERROR_STATE,
              "%s: belongs to connector %s, not to %s; move the folder away, or name another "
              "with --state",
              state->folder, uuid, connector->uuid);
    return false;
}

State *state_open(const Connector *connector, const char *folder, GError **error)
{
    g_autoptr(State) state = state_new(connector, folder);
    g_autofree char *runs = g_build_filename(state->folder, "runs", NULL);
    if (!make_folder(runs, error) || !take_lock(state, connector, error) || !open_files(state, error) ||
        !check_owner(state, connector, error))
        return NULL;
    fault_step("state opened");
    return g_steal_pointer(&state);
}

State *state_open_unlocked(const Connector *connector, const char *folder, GError **error)
{
    g_autoptr(State) state = state_new(connector, folder);
    g_autofree char *path = g_build_filename(state->folder, "state.db", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    return open_files(state, error) ? g_steal_pointer(&state) : NULL;
}

void state_close(State *state)
{
    if (!state)
        return;
    for (int step = 0; step < STEPS; step++) {
        holder_index_close(state->index[step]);
        g_free(state->index_path[step]);
    }
    database_close(state->database);
    if (state->lock >= 0)
        close(state->lock);
    g_free(state->folder);
    g_free(state);
}

const char *state_folder(const State *state)
{
    return state->folder;
}

bool state_is_new(const State *state)
{
    return state->is_new;
}

HolderIndex *state_index(State *state, Step step, GError **error)
{
    Step of = step == STEP_ADDRESSES ? STEP_IMPORT : step; /* both write to the home directory */
    if (!state->index[of])
        state->index[of] = holder_index_open(state->index_path[of], error);
    return state->index[of];
}

bool state_begin(State *state, GError **error)
{
    return database_begin(state->database, error);
}

bool state_commit(State *state, GError **error)
{
    return database_commit(state->database, error);
}

void state_rollback(State *state)
{
    database_rollback(state->database);
}

bool state_get(State *state, const char *name, char **value, GError **error)
{
    return database_get_meta(state->database, name, value, error);
}

bool state_set(State *state, const char *name, const char *value, GError **error)
{
    return database_set_meta(state->database, name, value, error);
}

size_t state_statements(void)
{
    return database_statements();
}

void link_row_strings(LinkRow *row, char **strings[LINK_ROW_STRINGS])
{
    size_t n = 0;
    strings[n++] = &row->anchor;
    strings[n++] = &row->dn;
    strings[n++] = &row->id;
    strings[n++] = &row->source_dn;
    strings[n++] = &row->source_id;
}

void link_row_clear(LinkRow *row)
{
    char **strings[LINK_ROW_STRINGS];
    link_row_strings(row, strings);
    for (size_t i = 0; i < LINK_ROW_STRINGS; i++)
        g_free(*strings[i]);
    *row = (LinkRow){0};
}

static void fill_link(sqlite3_stmt *statement, LinkRow *row)
{
    row->row = sqlite3_column_int64(statement, 0);
    row->step = (Step)sqlite3_column_int(statement, 1);
    row->source_key = database_fingerprint(statement, 6);
    row->source = database_fingerprint(statement, 7);
    row->target = database_fingerprint(statement, 8);
    row->desired = database_fingerprint(statement, 9);
    row->exact = database_fingerprint(statement, 10);
    row->flags = (unsigned)sqlite3_column_int(statement, 11);
}

bool state_scan_links(State *state, Step step, unsigned flags, LinkSeen seen, void *data, GError **error)
{
    /* + has SQLite go over the table, not from its index to each row of it. */
    static const char every[] = "SELECT " LINK_COLUMNS " FROM link WHERE +step = ?";
    static const char open[] = "SELECT " LINK_COLUMNS " FROM link WHERE " STEP_OF_OPEN;
    sqlite3_stmt *statement =
        database_query(state->database, error, flags ? open : every, "i", (int64_t)step);
    int more = -1;
    while (statement && (more = database_step(state->database, statement, error)) > 0) {
        LinkRow row = {.anchor = (char *)sqlite3_column_text(statement, 2),
                       .dn = (char *)sqlite3_column_text(statement, 3),
                       .id = (char *)sqlite3_column_text(statement, 4),
                       .source_dn = (char *)sqlite3_column_text(statement, 5),
                       .source_id = (char *)sqlite3_column_text(statement, 12)};
        fill_link(statement, &row);
        seen(&row, data);
    }
    return more == 0;
}

/* Takes over the statement. */
static bool take_link(State *state, sqlite3_stmt *statement, LinkRow *found, GError **error)
{
    link_row_clear(found);
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more <= 0)
        return more == 0;
    fill_link(statement, found);
    found->anchor = database_text(statement, 2);
    found->dn = database_text(statement, 3);
    found->id = database_text(statement, 4);
    found->source_dn = database_text(statement, 5);
    found->source_id = database_text(statement, 12);
    sqlite3_reset(statement);
    return true;
}

bool state_find_link(State *state, int64_t row, LinkRow *found, GError **error)
{
    return take_link(
        state,
        database_query(state->database, error, "SELECT " LINK_COLUMNS " FROM link WHERE row = ?", "i", row),
        found, error);
}

bool state_find_link_by_anchor(State *state, Step step, const char *anchor, LinkRow *found, GError **error)
{
    return take_link(state,
                     database_query(state->database, error,
                                    "SELECT " LINK_COLUMNS " FROM link WHERE step = ? AND anchor = ?", "is",
                                    (int64_t)step, anchor),
                     found, error);
}

bool state_find_link_by_source(State *state, Step step, Fingerprint source_key, LinkRow *found,
                               GError **error)
{
    return take_link(state,
                     database_query(state->database, error,
                                    "SELECT " LINK_COLUMNS " FROM link WHERE source_key = ? AND step = ?",
                                    "fi", &source_key, (int64_t)step),
                     found, error);
}

bool state_find_link_by_id(State *state, Step step, const char *id, LinkRow *found, GError **error)
{
    return take_link(state,
                     database_query(state->database, error,
                                    "SELECT " LINK_COLUMNS " FROM link WHERE id = ? AND step = ?", "si", id,
                                    (int64_t)step),
                     found, error);
}

bool state_anchors_by_source_id(State *state, Step step, const char *source_id, GPtrArray *anchors,
                                GError **error)
{
    sqlite3_stmt *statement =
        database_query(state->database, error, "SELECT anchor FROM link WHERE source_id = ? AND step = ?",
                       "si", source_id, (int64_t)step);
    int more = -1;
    while (statement && (more = database_step(state->database, statement, error)) > 0)
        g_ptr_array_add(anchors, database_text(statement, 0));
    return more == 0;
}

bool state_save_link(State *state, const LinkRow *row, GError **error)
{
    return database_run(
        state->database, error,
        "INSERT INTO link (step, anchor, dn, id, source_dn, source_key, source, target, desired, "
        "exact, flags, source_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
        "ON CONFLICT (step, anchor) DO UPDATE SET dn = ?3, id = ?4, source_dn = ?5, "
        "source_key = ?6, source = ?7, target = ?8, desired = ?9, exact = ?10, flags = ?11, source_id = ?12",
        "issssfffffis", (int64_t)row->step, row->anchor, row->dn, row->id, row->source_dn, &row->source_key,
        &row->source, &row->target, &row->desired, &row->exact, (int64_t)row->flags, row->source_id);
}

bool state_mark_link(State *state, Step step, const char *anchor, unsigned flags, GError **error)
{
    return database_run(state->database, error,
                        "UPDATE link SET flags = flags | ? WHERE step = ? AND anchor = ?", "iis",
                        (int64_t)flags, (int64_t)step, anchor);
}

bool state_look_link(State *state, int64_t row, Fingerprint target, const char *dn, const char *id,
                     GError **error)
{
    return database_run(state->database, error,
                        "UPDATE link SET target = ?2, dn = ?3, id = ?4 WHERE row = ?1", "ifss", row, &target,
                        dn, id);
}

bool state_remove_link(State *state, Step step, const char *anchor, GError **error)
{
    return database_run(state->database, error, "DELETE FROM link WHERE step = ? AND anchor = ?", "is",
                        (int64_t)step, anchor);
}

bool state_count_links(State *state, Step step, int64_t *count, GError **error)
{
    sqlite3_stmt *statement = database_query(state->database, error,
                                             "SELECT n FROM links WHERE step = ?", "i", (int64_t)step);
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more <= 0)
        return false;
    *count = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

/*
 * state.c - the folder, the lock and the links of state.h
 */
#include "dirsync/state_internal.h"

#include "dirsync/xml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FORM 1

#define LINK_COLUMNS "row, anchor, dn, id, source, target, desired, exact, flags"

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
    if (flock(state->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    error_set(error, ERROR_LOCKED, "connector %s: another run is going on (lock %s); wait until it has ended",
              connector->name, path);
    return false;
}

static State *state_new(const Connector *connector, const char *folder)
{
    State *state = g_new0(State, 1);
    g_autofree char *standard = default_folder();
    const char *chosen = folder ? folder : connector->organisation->state_folder;
    g_autofree char *top = g_canonicalize_filename(chosen ? chosen : standard, NULL);
    g_autofree char *home = g_strconcat(connector->organisation->name, ".home.db", NULL);
    state->lock = -1;
    state->folder = g_build_filename(top, connector->name, NULL);
    state->home_path = g_build_filename(top, home, NULL);
    return state;
}

static bool open_files(State *state, GError **error)
{
    g_autofree char *path = g_build_filename(state->folder, "state.db", NULL);
    state->database = database_open(path, "state.sql", STATE_FORM, &state->is_new, error);
    if (state->database)
        state->home = home_index_open(state->home_path, error);
    return state->home != NULL;
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
    home_index_close(state->home);
    database_close(state->database);
    if (state->lock >= 0)
        close(state->lock);
    g_free(state->folder);
    g_free(state->home_path);
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

HomeIndex *state_home(State *state)
{
    return state->home;
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

void link_row_clear(LinkRow *row)
{
    g_free(row->anchor);
    g_free(row->dn);
    g_free(row->id);
    *row = (LinkRow){0};
}

static void fill_link(sqlite3_stmt *statement, LinkRow *row)
{
    row->row = sqlite3_column_int64(statement, 0);
    row->source = database_fingerprint(statement, 4);
    row->target = database_fingerprint(statement, 5);
    row->desired = database_fingerprint(statement, 6);
    row->exact = database_fingerprint(statement, 7);
    row->flags = (unsigned)sqlite3_column_int(statement, 8);
}

bool state_scan_links(State *state, LinkSeen seen, void *data, GError **error)
{
    sqlite3_stmt *statement = database_query(state->database, error, "SELECT " LINK_COLUMNS " FROM link", "");
    int more = -1;
    while (statement && (more = database_step(state->database, statement, error)) > 0) {
        LinkRow row = {.anchor = (char *)sqlite3_column_text(statement, 1),
                       .dn = (char *)sqlite3_column_text(statement, 2),
                       .id = (char *)sqlite3_column_text(statement, 3)};
        fill_link(statement, &row);
        seen(&row, data);
    }
    return more == 0;
}

bool state_find_link(State *state, int64_t row, LinkRow *found, GError **error)
{
    link_row_clear(found);
    sqlite3_stmt *statement =
        database_query(state->database, error, "SELECT " LINK_COLUMNS " FROM link WHERE row = ?", "i", row);
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more <= 0)
        return more == 0;
    fill_link(statement, found);
    found->anchor = database_text(statement, 1);
    found->dn = database_text(statement, 2);
    found->id = database_text(statement, 3);
    sqlite3_reset(statement);
    return true;
}

bool state_save_link(State *state, const LinkRow *row, GError **error)
{
    return database_run(
        state->database, error,
        "INSERT INTO link (anchor, dn, id, source, target, desired, exact, flags) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (anchor) DO UPDATE SET dn = ?2, id = ?3, "
        "source = ?4, target = ?5, desired = ?6, exact = ?7, flags = ?8",
        "sssffffi", row->anchor, row->dn, row->id, &row->source, &row->target, &row->desired, &row->exact,
        (int64_t)row->flags);
}

bool state_touch_link(State *state, const LinkRow *row, GError **error)
{
    return database_run(
        state->database, error,
        "UPDATE link SET source = ?, target = ?, desired = ?, exact = ?, flags = ? WHERE row = ?", "ffffii",
        &row->source, &row->target, &row->desired, &row->exact, (int64_t)row->flags, row->row);
}

bool state_remove_link(State *state, const char *anchor, GError **error)
{
    return database_run(state->database, error, "DELETE FROM link WHERE anchor = ?", "s", anchor);
}

bool state_count_links(State *state, int64_t *count, GError **error)
{
    sqlite3_stmt *statement = database_query(state->database, error, "SELECT count(*) FROM link", "");
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more <= 0)
        return false;
    *count = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

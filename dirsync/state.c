/*
 * state.c - the folder, the lock and the links of state.h
 */
#include "dirsync/state_internal.h"

#include "dirsync/fault.h"
#include "dirsync/xml.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_COLUMNS                                                                                         \
    "row, step, anchor, dn, id, source_dn, source_key, source, target, desired, exact, flags, source_id"
#define STEP_OF_OPEN "step = ? AND flags & 39 <> 0" /* as the index link_open says it */

static_assert(LINK_GRACED == 1 && LINK_RETRY == 2 && LINK_YIELDED == 4 && LINK_PARTLY == 32 &&
                  LINK_RELEASED == 64,
              "as state_backlog() counts them");
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

/* In the file stands who holds it, for people. An open file description lock beside the flock can be asked
 * about without being taken; where there is none (some network file systems) nobody is told. */
static void sign_lock(int lock)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    g_autofree char *now = time_now_text();
    g_autofree char *text =
        g_strdup_printf("%d %s %s@%s\n", (int)getpid(), now, g_get_user_name(), g_get_host_name());
    if (fcntl(lock, F_OFD_SETLK, &whole) || ftruncate(lock, 0) ||
        pwrite(lock, text, strlen(text), 0) != (ssize_t)strlen(text))
        return; /* the flock is what counts */
}

static void read_signature(int lock, LockHolder *holder)
{
    char text[512];
    ssize_t len = pread(lock, text, sizeof text - 1, 0);
    if (len <= 0)
        return;
    text[len] = '\0';
    g_auto(GStrv) words = g_strsplit(g_strchomp(text), " ", 3);
    if (g_strv_length(words) != 3)
        return;
    holder->pid = (int)g_ascii_strtoll(words[0], NULL, 10);
    holder->since = g_utf8_make_valid(words[1], -1);
    holder->who = g_utf8_make_valid(words[2], -1);
}

void state_lock_holder(const Connector *connector, const char *folder, LockHolder *holder)
{
    g_autofree char *of = state_folder_of(connector, folder);
    g_autofree char *path = g_build_filename(of, "lock", NULL);
    struct flock held = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    *holder = (LockHolder){0};
    int lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0)
        return;
    holder->held = fcntl(lock, F_OFD_GETLK, &held) == 0 && held.l_type != F_UNLCK;
    if (holder->held)
        read_signature(lock, holder);
    close(lock);
}

void lock_holder_clear(LockHolder *holder)
{
    g_free(holder->since);
    g_free(holder->who);
    *holder = (LockHolder){0};
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
    if (flock(state->lock, LOCK_EX | LOCK_NB) == 0) {
        sign_lock(state->lock);
        return true;
    }
    error_set(error, ERROR_LOCKED, "connector %s: another run is going on (lock %s); wait until it has ended",
              connector->name, path);
    return false;
}

/* Where the folders of the organisation's connectors lie. */
static char *top_folder(const Organisation *organisation, const char *folder)
{
    g_autofree char *standard = default_folder();
    const char *chosen = folder ? folder : organisation ? organisation->state_folder : NULL;
    return g_canonicalize_filename(chosen ? chosen : standard, NULL);
}

char *state_place(const Connector *connector, const char *folder)
{
    return top_folder(connector ? connector->organisation : NULL, folder);
}

char *state_make_place(const Organisation *organisation, const char *folder, GError **error)
{
    g_autofree char *top = top_folder(organisation, folder);
    return make_folder(top, error) ? g_steal_pointer(&top) : NULL;
}

char *state_organisation_file(const Organisation *organisation, const char *folder, const char *what)
{
    g_autofree char *top = top_folder(organisation, folder);
    g_autofree char *name = g_strconcat(organisation->name, ".", what, NULL);
    return g_build_filename(top, name, NULL);
}

char *state_folder_of(const Connector *connector, const char *folder)
{
    g_autofree char *top = top_folder(connector->organisation, folder);
    return g_build_filename(top, connector->name, NULL);
}

State *state_new(const Connector *connector, const char *folder)
{
    State *state = g_new0(State, 1);
    state->lock = -1;
    state->folder = state_folder_of(connector, folder);
    state->index_path[STEP_IMPORT] = state_organisation_file(connector->organisation, folder, STATE_INDEX);
    state->index_path[STEP_EXPORT] = g_build_filename(state->folder, "foreign.db", NULL);
    return state;
}

bool state_open_files(State *state, GError **error)
{
    g_autofree char *path = g_build_filename(state->folder, "state.db", NULL);
    state->database = database_open(path, "state.sql", STATE_FORM, &state->is_new, error);
    return state->database != NULL;
}

/* A state folder that served another connector of this name would give wrong links. */
bool state_check_owner(const State *state, const Connector *connector, const char *uuid, GError **error)
{
    if (!uuid || !strcmp(uuid, connector->uuid))
        return true;
    error_set(error, ERROR_STATE,
              "%s: belongs to connector %s, not to %s; move the folder away, or name another "
              "with --state",
              state->folder, uuid, connector->uuid);
    return false;
}

static bool take_ownership(State *state, const Connector *connector, GError **error)
{
    g_autofree char *uuid = NULL;
    if (!state_get(state, "connector", &uuid, error))
        return false;
    return uuid ? state_check_owner(state, connector, uuid, error)
                : state_set(state, "connector", connector->uuid, error);
}

/* Gives the permissions to the group, and takes @not away from everybody. */
static bool share_with(const char *path, gid_t group, mode_t also, mode_t not, GError **error)
{
    struct stat now;
    if (stat(path, &now) != 0)
        return true;
    mode_t mode = ((now.st_mode & 07777) | also) & ~not ;
    if (now.st_gid == group && (now.st_mode & 07777) == mode)
        return true;
    if (chown(path, (uid_t)-1, group) == 0 && chmod(path, mode) == 0)
        return true;
    error_set(error, ERROR_IO,
              "%s: cannot be shared with the group that <state readers=...> names: %s; who runs dirsync must "
              "own it and belong to that group",
              path, g_strerror(errno));
    return false;
}

/* New files of SQLite get the mode of the first one, and the group of the folder (setgid). Only what it is
 * called can be opened there: others see neither what else there is nor into the connectors' folders. */
static bool let_readers_in(const State *state, const Organisation *organisation, GError **error)
{
    const char *index = state->index_path[STEP_IMPORT], *const ends[] = {"", "-wal", "-shm"};
    const struct group *group = organisation->readers ? getgrnam(organisation->readers) : NULL;
    g_autofree char *top = g_path_get_dirname(index);
    if (!organisation->readers)
        return true;
    if (!group) {
        error_set(error, ERROR_DEFINITION, "%s: <state readers=\"%s\">: there is no such group",
                  organisation->path, organisation->readers);
        return false;
    }
    gid_t id = group->gr_gid;
    if (!share_with(top, id, S_ISGID | S_IXGRP, 0, error))
        return false;
    database_make(index);
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strconcat(index, ends[i], NULL);
        if (!share_with(path, id, S_IRGRP, 0137, error))
            return false;
    }
    return true;
}

State *state_open(const Connector *connector, const char *folder, GError **error)
{
    g_autoptr(State) state = state_new(connector, folder);
    g_autofree char *runs = g_build_filename(state->folder, "runs", NULL);
    if (!make_folder(runs, error) || !take_lock(state, connector, error) ||
        !let_readers_in(state, connector->organisation, error) || !state_open_files(state, error) ||
        !state_index(state, STEP_IMPORT, error) || !take_ownership(state, connector, error) ||
        !holder_index_name_owner(state->index[STEP_IMPORT], connector->uuid, connector->name, error))
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
    return state_open_files(state, error) ? g_steal_pointer(&state) : NULL;
}

void state_close(State *state)
{
    if (!state)
        return;
    for (int step = 0; step < STEPS; step++)
        holder_index_close(state->index[step]);
    database_close(state->database);
    if (state->lock >= 0)
        close(state->lock);
    state_remove_copy(state);
    for (int step = 0; step < STEPS; step++)
        g_free(state->index_path[step]);
    g_free(state->scratch);
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

bool state_hold(State *state, GError **error)
{
    return database_hold(state->database, error);
}

void state_let_go(State *state)
{
    database_let_go(state->database);
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

bool state_scan_links(State *state, Step step, LinkScan which, LinkSeen seen, void *data, GError **error)
{
    /* + has SQLite go over the table, or by the index of ids, not from another index to each row. */
    static const char *const sql[] = {
        [LINKS_ALL] = "SELECT " LINK_COLUMNS " FROM link WHERE +step = ?",
        [LINKS_OPEN] = "SELECT " LINK_COLUMNS " FROM link WHERE " STEP_OF_OPEN,
        [LINKS_UNSEEN] = "SELECT " LINK_COLUMNS " FROM link WHERE id IS NULL AND +step = ?",
    };
    sqlite3_stmt *statement = database_query(state->database, error, sql[which], "i", (int64_t)step);
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
    return database_add_texts(state->database, statement, anchors, error);
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

bool state_show_link(State *state, int64_t row, const char *id, GError **error)
{
    return database_run(state->database, error, "UPDATE link SET id = ?2 WHERE row = ?1 AND id IS NULL", "is",
                        row, id);
}

bool state_remove_link(State *state, Step step, const char *anchor, GError **error)
{
    return database_run(state->database, error, "DELETE FROM link WHERE step = ? AND anchor = ?", "is",
                        (int64_t)step, anchor);
}

bool state_count_links(State *state, Step step, int64_t *count, GError **error)
{
    sqlite3_stmt *statement =
        database_query(state->database, error, "SELECT n FROM links WHERE step = ?", "i", (int64_t)step);
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more <= 0)
        return false;
    *count = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

bool state_backlog(State *state, Step step, Backlog *backlog, GError **error)
{
    *backlog = (Backlog){0};
    sqlite3_stmt *statement = database_query(
        state->database, error,
        "SELECT total(flags & 1 <> 0), total(flags & 2 <> 0), total(flags & 68 = 4), total(flags & 32 <> 0), "
        "total(flags & 68 = 68) FROM link WHERE " STEP_OF_OPEN,
        "i", (int64_t)step);
    int more = statement ? database_step(state->database, statement, error) : -1;
    if (more <= 0)
        return false;
    backlog->graced = sqlite3_column_int64(statement, 0);
    backlog->retry = sqlite3_column_int64(statement, 1);
    backlog->yielded = sqlite3_column_int64(statement, 2);
    backlog->partly = sqlite3_column_int64(statement, 3);
    backlog->released = sqlite3_column_int64(statement, 4);
    sqlite3_reset(statement);
    return true;
}

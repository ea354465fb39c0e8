/*
 * state_look.c - are the state's files usable? Found out without making or changing any; see state.h
 */
#include "dirsync/state_internal.h"

/* NULL with @error; NULL without: there is none yet. */
static Database *look(const char *path, int newest, bool older_is_renewed, GError **error)
{
    int version = 0;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    g_autoptr(Database) database = database_open_looking(path, &version, error);
    if (!database || !version) /* it is just being made */
        return NULL;
    if (version == newest || (older_is_renewed && version < newest))
        return g_steal_pointer(&database);
    database_refuse_version(database, version, newest, error);
    return NULL;
}

static bool look_at_state(const State *state, const Connector *connector, GError **error)
{
    g_autofree char *path = g_build_filename(state->folder, "state.db", NULL);
    GError *why = NULL;
    g_autofree char *owner = NULL;
    g_autoptr(Database) database = look(path, STATE_FORM, false, &why);
    if (database && database_get_meta(database, "connector", &owner, &why))
        state_check_owner(state, connector, owner, &why);
    if (why)
        g_propagate_error(error, why);
    return !why;
}

static bool look_at_index(const char *path, GError **error)
{
    GError *why = NULL;
    g_autofree char *id = NULL;
    g_autoptr(Database) database = look(path, HOLDERS_FORM, true, &why);
    if (database)
        database_get_meta(database, "id", &id, &why);
    if (why)
        g_propagate_error(error, why);
    return !why;
}

bool state_look(const Connector *connector, const char *folder, GError **error)
{
    g_autoptr(State) state = state_new(connector, folder);
    return look_at_state(state, connector, error) && look_at_index(state->index_path[STEP_IMPORT], error) &&
           look_at_index(state->index_path[STEP_EXPORT], error);
}

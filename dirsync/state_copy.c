/*
 * state_copy.c - a state of one's own, to plan on without leaving a trace; see state.h
 *
 * Planning writes: what was read goes into the index. Who only wants to know what
 * a run would do works on a copy, which is as the files were at one moment each.
 */
#include "dirsync/state_internal.h"
#include "proxygen/generator.h"

#include <errno.h>
#include <unistd.h>

static bool copy_file(const char *from, const char *to, GError **error)
{
    return !g_file_test(from, G_FILE_TEST_EXISTS) || database_copy(from, to, error);
}

static bool copy_files(const State *from, const State *to, GError **error)
{
    g_autofree char *source = g_build_filename(from->folder, "state.db", NULL);
    g_autofree char *copy = g_build_filename(to->folder, "state.db", NULL);
    return copy_file(source, copy, error) &&
           copy_file(from->index_path[STEP_IMPORT], to->index_path[STEP_IMPORT], error) &&
           copy_file(from->index_path[STEP_EXPORT], to->index_path[STEP_EXPORT], error);
}

/* A generator that has ended an earlier run must not end ours. */
static void copy_crash(const State *from, const State *to)
{
    g_autofree char *there = g_build_filename(from->folder, GENERATOR_CRASH_FILE, NULL);
    g_autofree char *here = g_build_filename(to->folder, GENERATOR_CRASH_FILE, NULL);
    g_autofree char *frame = NULL;
    gsize len;
    if (g_file_get_contents(there, &frame, &len, NULL))
        g_file_set_contents_full(here, frame, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
}

State *state_open_copy(const Connector *connector, const char *folder, GError **error)
{
    g_autofree char *top = g_dir_make_tmp("dirsync-copy-XXXXXX", error);
    if (!top)
        return NULL;
    g_autoptr(State) from = state_new(connector, folder);
    g_autoptr(State) copy = state_new(connector, top);
    copy->scratch = g_steal_pointer(&top);
    if (g_mkdir_with_parents(copy->folder, 0700) != 0) {
        error_set(error, ERROR_IO, "%s: cannot be made: %s", copy->folder, g_strerror(errno));
        return NULL;
    }
    copy_crash(from, copy);
    return copy_files(from, copy, error) && state_open_files(copy, error) ? g_steal_pointer(&copy) : NULL;
}

static void remove_database(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; path && i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(path, endings[i], NULL);
        unlink(file);
    }
}

void state_remove_copy(const State *state)
{
    if (!state->scratch)
        return;
    g_autofree char *links = g_build_filename(state->folder, "state.db", NULL);
    remove_database(links);
    for (int step = 0; step < STEPS; step++)
        remove_database(state->index_path[step]);
    g_autofree char *crash = g_build_filename(state->folder, GENERATOR_CRASH_FILE, NULL);
    unlink(crash);
    rmdir(state->folder);
    rmdir(state->scratch);
}

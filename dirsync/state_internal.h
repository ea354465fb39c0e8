/* state_internal.h - what the files of the state module share; nobody else includes it */
#ifndef DIRSYNC_STATE_INTERNAL_H
#define DIRSYNC_STATE_INTERNAL_H

#include "dirsync/database.h"
#include "dirsync/state.h"

#define STATE_FORM 5

struct State {
    char *folder;
    int lock; /* descriptor; -1: not locked */
    bool is_new;
    char *scratch; /* of a copy: its top folder, which goes when it is closed; else NULL */
    Database *database;
    char *index_path[STEPS];
    HolderIndex *index[STEPS]; /* NULL: not opened yet */
};

/** The paths; opens nothing. */
State *state_new(const Connector *connector, const char *folder);
bool state_open_files(State *state, GError **error);
/** Whether the state is of @connector. @uuid: whose it is; NULL: nobody's yet. */
bool state_check_owner(const State *state, const Connector *connector, const char *uuid, GError **error);
/** state_copy.c */
void state_remove_copy(const State *state);

#endif

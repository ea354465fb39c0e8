/* state_internal.h - what the files of the state module share; nobody else includes it */
#ifndef DIRSYNC_STATE_INTERNAL_H
#define DIRSYNC_STATE_INTERNAL_H

#include "dirsync/database.h"
#include "dirsync/state.h"

struct State {
    char *folder;
    int lock; /* descriptor; -1: not locked */
    bool is_new;
    Database *database;
    char *index_path[STEPS];
    HolderIndex *index[STEPS]; /* NULL: not opened yet */
};

#endif

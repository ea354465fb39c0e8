/*
 * fault.h - the places where a crash test may kill the process
 *
 * fault_step() is called after each intent, after each remote completion
 * before it is recorded, and after each statement of a commit. In production
 * the hook is NULL and nothing happens; a crash test installs one that counts
 * and kills.
 */
#ifndef DIRSYNC_FAULT_H
#define DIRSYNC_FAULT_H

/** A statement whose transaction is not committed yet: of several of them in a row nothing is left. */
#define FAULT_IN_TRANSACTION "statement of a transaction"

typedef void (*FaultHook)(const char *where);

extern FaultHook fault_hook;

static inline void fault_step(const char *where)
{
    if (fault_hook)
        fault_hook(where);
}

#endif

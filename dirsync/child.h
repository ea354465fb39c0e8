/*
 * child.h - the program itself, as a process of its own
 *
 * Started from the main loop, which hears of its lines and its end. It has no
 * input, a process group of its own (a Ctrl-C is for us, and we pass it on in
 * our own words), and is asked to stop when we are gone, whatever ended us.
 */
#ifndef DIRSYNC_CHILD_H
#define DIRSYNC_CHILD_H

#include "dirsync/error.h"

typedef struct Child Child;

typedef enum { CHILD_OUTPUT, CHILD_ERRORS, CHILD_STREAMS } ChildStream;

/** Called from the main loop. */
typedef struct {
    /** One line, without its end; the last may have had none. One longer than 64 KiB comes in pieces. */
    void (*line)(ChildStream stream, const char *line, void *data);
    /** After the last line; the child is freed when it returns. @exit_status -1: killed by @signal, else 0.
     */
    void (*ended)(int exit_status, int signal, void *data);
} ChildHandler;

/** Runs /proc/self/exe with @words (NULL-terminated), with @variables ("NAME=value", may be NULL) in its
 *  environment. It inherits @descriptor, under the same number; -1: none. NULL and ERROR_IO. */
Child *child_start(const char *const *words, const char *const *variables, int descriptor,
                   const ChildHandler *handler, void *data, GError **error);
void child_signal(const Child *child, int number);
GPid child_pid(const Child *child);

#endif

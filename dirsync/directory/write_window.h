/*
 * write_window.h - how many changes may be outstanding at a server
 *
 * Begins small and grows for as long as the server answers at once; shrinks
 * when answers begin to wait behind each other, and by half when it says that
 * it is busy. What is held back is the time that a change waits in the server's
 * queue: who changes a password there waits behind all that is outstanding. A
 * long way to the server is no queue: the shortest answer so far is taken off.
 *
 * Pure arithmetic over what it is told: no clock, no connection.
 */
#ifndef DIRSYNC_DIRECTORY_WRITE_WINDOW_H
#define DIRSYNC_DIRECTORY_WRITE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WRITE_WINDOW_START 16
/** slapd cuts a connection with more than 1,000 outstanding (olcConnMaxPendingAuth). */
#define WRITE_WINDOW_MAX 256
/** Microseconds that a change may wait in the server's queue. Long enough to hide the pauses in which we
 * write our journal, short enough that nobody else notices. */
#define WRITE_WINDOW_QUEUE 100000

typedef struct {
    unsigned size;  /* changes that may be outstanding now; at least 1 */
    unsigned limit; /* the definition's */
    bool starting;  /* nothing has spoken against doubling yet */
    /* one round: as many answers as the window was large when it began */
    unsigned left;
    unsigned answers;
    int64_t waited;   /* sum over the answers of the round, in microseconds */
    int64_t shortest; /* answer of this connection; -1: none yet */
    bool held_back;   /* the server said in this round that it was busy */
} WriteWindow;

/** @limit is brought between 1 and WRITE_WINDOW_MAX. Also for a new connection. */
void write_window_init(WriteWindow *window, unsigned limit);
/** An answer came @waited microseconds after the change was sent. */
void write_window_answered(WriteWindow *window, int64_t waited);
/** The answer was that the server is busy, unavailable or out of time. */
void write_window_busy(WriteWindow *window);

#endif

/*
 * pace.h - so many a second, evenly
 *
 * Never more than the rate in any stretch of time, but for a tenth of a second
 * that may be made good after a pause: so that a timer that is late does not
 * slow the work down. Pure arithmetic; the clock is the caller's.
 */
#ifndef DIRSYNC_PACE_H
#define DIRSYNC_PACE_H

#include <stdint.h>

typedef struct {
    double interval; /* microseconds from one to the next; 0: no rate */
    double due;      /* when the next one may go */
} Pace;

/** @rate a second; 0 or less: as fast as it goes. Times are in microseconds. */
Pace pace_new(double rate, int64_t now);
/** How long to wait from @now before the next one; it counts as gone then. */
int64_t pace_next(Pace *pace, int64_t now);

#endif

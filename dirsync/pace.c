/*
 * pace.c - see pace.h
 */
#include "dirsync/pace.h"

#define SECOND 1e6
#define MADE_GOOD (SECOND / 10)

Pace pace_new(double rate, int64_t now)
{
    return (Pace){.interval = rate > 0 ? SECOND / rate : 0, .due = (double)now};
}

int64_t pace_next(Pace *pace, int64_t now)
{
    if (pace->interval <= 0)
        return 0;
    if (pace->due < (double)now - MADE_GOOD)
        pace->due = (double)now - MADE_GOOD;
    int64_t wait = (int64_t)(pace->due - (double)now);
    pace->due += pace->interval;
    return wait > 0 ? wait : 0;
}

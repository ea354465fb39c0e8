/*
 * schedule.h - when a connector runs by itself
 *
 * The element <schedule> of a connector: an interval, times of day, always or
 * never; and whether the directories are watched for changes. Pure: no clock of
 * its own, no file but those of the time zones. Plain data after reading;
 * everything belongs to the structure.
 *
 * Times of day are those of the wall clock in a time zone. One that a change to
 * summer time leaves out is at the first moment after the gap, one that comes
 * twice in autumn is at the first of the two.
 */
#ifndef DIRSYNC_SCHEDULE_H
#define DIRSYNC_SCHEDULE_H

#include "dirsync/error.h"

#include <stdint.h>

typedef enum {
    SCHEDULE_NEVER,
    SCHEDULE_ALWAYS, /* again as soon as one has finished, after a pause */
    SCHEDULE_EVERY,  /* an interval, from beginning to beginning */
    SCHEDULE_TIMES   /* times of day */
} ScheduleKind;

/** A time of day on some days of the week. */
typedef struct {
    uint8_t days;    /* bit 0: Monday, ..., bit 6: Sunday */
    uint16_t minute; /* of the day */
} ScheduleTime;

typedef struct {
    bool given; /* the definition has the element */
    ScheduleKind kind;
    int64_t seconds; /* SCHEDULE_EVERY: the interval; SCHEDULE_ALWAYS: the pause */
    ScheduleTime *times;
    size_t n_times;
    char *zone; /* "Europe/Berlin"; NULL: that of this host */
    bool watch; /* a change of a source begins a run */
    int64_t settle,
        maximum_wait; /* seconds: quiet for so long; but no longer than that after the first change */
} Schedule;

#define SCHEDULE_NO_TIME INT64_MIN

/** What there is without the element: never. */
extern const Schedule schedule_default;

/** "never", "always", "15 min", or "mon-fri 06:00,18:30; sat 12:00" into kind, seconds and times, which are
 *  released first. ERROR_DEFINITION says what is allowed. */
bool schedule_parse(Schedule *schedule, const char *text, GError **error);
/** "30 s", "15 min", "2 h", "1 d" in seconds; false when it is none of these. */
bool schedule_parse_duration(const char *text, int64_t *seconds);
/** False when the system does not know that time zone. */
bool schedule_zone_exists(const char *zone);
/** In the form that schedule_parse() reads; g_free(). */
char *schedule_to_text(const Schedule *schedule);

/**
 * The first time of day after @after.
 *
 * @after   seconds since 1970
 * Returns SCHEDULE_NO_TIME for other kinds of schedule.
 */
int64_t schedule_next(const Schedule *schedule, int64_t after);

/** Both are as they would be read from the same element. */
bool schedule_equal(const Schedule *a, const Schedule *b);
void schedule_copy(Schedule *to, const Schedule *from);
void schedule_clear(Schedule *schedule);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Schedule, schedule_clear)

#endif

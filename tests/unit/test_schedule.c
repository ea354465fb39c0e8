/*
 * test_schedule.c - schedules as they are written, and the next time after a moment
 *
 * The tables of times name a zone, the moment after which the next time is asked
 * for, and the times that must follow, all in UTC. Each table is worked through
 * with the zone in the definition and with the zone as that of the host.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- as written --- */

static const struct {
    const char *text;
    ScheduleKind kind;
    int64_t seconds; /* SCHEDULE_EVERY */
    const char *written;
} good[] = {
    {"never", SCHEDULE_NEVER, 0, "never"},
    {" always\n", SCHEDULE_ALWAYS, 0, "always"},
    {"15 min", SCHEDULE_EVERY, 900, "15 min"},
    {"15min", SCHEDULE_EVERY, 900, "15 min"},
    {"90 s", SCHEDULE_EVERY, 90, "90 s"},
    {"120 s", SCHEDULE_EVERY, 120, "2 min"},
    {"2 H", SCHEDULE_EVERY, 7200, "2 h"},
    {"366 d", SCHEDULE_EVERY, 366 * 86400, "366 d"},
    {"06:00", SCHEDULE_TIMES, 0, "06:00"},
    {"06:00,18:30", SCHEDULE_TIMES, 0, "06:00,18:30"},
    {"mon-fri 06:00,18:30", SCHEDULE_TIMES, 0, "mon-fri 06:00,18:30"},
    {"Mon-Fri 06:00, 18:30 ; sat 12:00", SCHEDULE_TIMES, 0, "mon-fri 06:00,18:30; sat 12:00"},
    {"mon,wed,fri 23:59", SCHEDULE_TIMES, 0, "mon,wed,fri 23:59"},
    {"fri-mon 00:00", SCHEDULE_TIMES, 0, "mon,fri-sun 00:00"},
    {"mon-sun 00:00", SCHEDULE_TIMES, 0, "00:00"},
    {"sat 12:00; 03:00", SCHEDULE_TIMES, 0, "sat 12:00; mon-sun 03:00"},
};

static void schedules_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_auto(Schedule) schedule = schedule_default, again = schedule_default;
        g_autoptr(GError) error = NULL;
        if (!schedule_parse(&schedule, good[i].text, &error))
            fail_msg("%s", error->message);
        assert_int_equal(schedule.kind, good[i].kind);
        if (schedule.kind == SCHEDULE_EVERY)
            assert_int_equal(schedule.seconds, good[i].seconds);
        g_autofree char *text = schedule_to_text(&schedule);
        assert_string_equal(text, good[i].written);
        assert_true(schedule_parse(&again, text, NULL));
        assert_true(schedule_equal(&schedule, &again));
    }
}

static const char *const bad[] = {
    "",           " ",           "sometimes",   "Never",     "15",
    "0 min",      "-5 min",      "15 minutes",  "1.5 h",     "367 d",
    "5 min 10 s", "6:00",        "24:00",       "06:60",     "06:00:00",
    "06.00",      "mon",         "mon-fri",     "06:00 mon", "mon-fri-sun 06:00",
    "mom 06:00",  "06:00,",      ",06:00",      "06:00;",    ";",
    "mon, 06:00", "06:00 18:00", "every 5 min", "1e3 s",     "99999999999999999999 s",
};

static void what_is_no_schedule_is_refused_with_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(Schedule) schedule = schedule_default;
        g_autoptr(GError) error = NULL;
        if (schedule_parse(&schedule, bad[i], &error))
            fail_msg("\"%s\" was taken", bad[i]);
        assert_true(error_is(error, ERROR_DEFINITION));
        assert_non_null(strstr(error->message, "mon-fri 06:00,18:30"));
    }
}

static void zones_that_the_system_does_not_know(void **state)
{
    (void)state;
    assert_true(schedule_zone_exists("Europe/Berlin"));
    assert_true(schedule_zone_exists("UTC"));
    assert_false(schedule_zone_exists("Europe/Atlantis"));
    assert_false(schedule_zone_exists("../../etc/passwd"));
}

/* --- the next time --- */

#define BERLIN "Europe/Berlin"
#define NEW_YORK "America/New_York"
#define LORD_HOWE "Australia/Lord_Howe"

static const struct {
    const char *about, *zone, *schedule, *after;
    const char *next[5];
} cases[] = {
    {"winter is one hour ahead of UTC",
     BERLIN,
     "06:00",
     "2026-01-15T00:00:00Z",
     {"2026-01-15T05:00:00Z", "2026-01-16T05:00:00Z"}},
    {"summer is two", BERLIN, "06:00", "2026-07-15T00:00:00Z", {"2026-07-15T04:00:00Z"}},
    {"the moment itself is not after it", BERLIN, "06:00", "2026-01-15T05:00:00Z", {"2026-01-16T05:00:00Z"}},
    {"a second before it", BERLIN, "06:00", "2026-01-15T04:59:59Z", {"2026-01-15T05:00:00Z"}},
    {"days of the week",
     BERLIN,
     "mon-fri 06:00,18:30",
     "2026-01-16T06:00:00Z",
     {"2026-01-16T17:30:00Z", "2026-01-19T05:00:00Z", "2026-01-19T17:30:00Z", "2026-01-20T05:00:00Z"}},
    {"one day a week, a week later", BERLIN, "thu 06:00", "2026-01-15T05:00:00Z", {"2026-01-22T05:00:00Z"}},
    {"over the end of the week",
     BERLIN,
     "sun-mon 12:00",
     "2026-01-17T12:00:00Z",
     {"2026-01-18T11:00:00Z", "2026-01-19T11:00:00Z", "2026-01-25T11:00:00Z"}},
    {"several lines, whatever their order",
     BERLIN,
     "sat 12:00; fri 20:00; fri 06:00",
     "2026-01-15T12:00:00Z",
     {"2026-01-16T05:00:00Z", "2026-01-16T19:00:00Z", "2026-01-17T11:00:00Z", "2026-01-23T05:00:00Z"}},
    {"days are those of the zone, not of UTC",
     NEW_YORK,
     "mon 22:00",
     "2026-01-19T12:00:00Z",
     {"2026-01-20T03:00:00Z"}},
    {"days before UTC's too", LORD_HOWE, "mon 05:00", "2026-01-18T12:00:00Z", {"2026-01-18T18:00:00Z"}},
    {"over the end of the year",
     BERLIN,
     "00:00",
     "2026-12-31T22:59:59Z",
     {"2026-12-31T23:00:00Z", "2027-01-01T23:00:00Z"}},
    {"a leap day", BERLIN, "tue 06:00", "2028-02-28T12:00:00Z", {"2028-02-29T05:00:00Z"}},

    {"spring leaves 02:30 out: the first moment after the gap",
     BERLIN,
     "02:30",
     "2026-03-28T00:00:00Z",
     {"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
    {"its first minute, which is not there either",
     BERLIN,
     "02:00",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
    {"the last before and the first after it",
     BERLIN,
     "01:59,03:00",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", "2026-03-29T23:59:00Z"}},
    {"two times in the gap are one",
     BERLIN,
     "02:10,02:50",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:10:00Z"}},
    {"autumn has 02:30 twice: the first of them, once",
     BERLIN,
     "02:30",
     "2026-10-24T12:00:00Z",
     {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
    {"asked between the two", BERLIN, "02:30", "2026-10-25T00:45:00Z", {"2026-10-26T01:30:00Z"}},
    {"the end of the hour that comes twice",
     BERLIN,
     "03:00",
     "2026-10-24T12:00:00Z",
     {"2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z"}},
    {"a weekly time on the day of the change",
     BERLIN,
     "sun 02:30",
     "2026-03-23T00:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-04-05T00:30:00Z"}},

    {"New York, spring",
     NEW_YORK,
     "02:30",
     "2026-03-07T12:00:00Z",
     {"2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
    {"New York, autumn",
     NEW_YORK,
     "01:30",
     "2026-10-31T12:00:00Z",
     {"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
    {"New York, the hour before",
     NEW_YORK,
     "00:30",
     "2026-10-31T12:00:00Z",
     {"2026-11-01T04:30:00Z", "2026-11-02T05:30:00Z"}},

    {"Lord Howe changes by half an hour: spring",
     LORD_HOWE,
     "02:15",
     "2026-10-02T20:00:00Z",
     {"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
    {"what is behind its gap is there",
     LORD_HOWE,
     "02:30",
     "2026-10-02T20:00:00Z",
     {"2026-10-03T15:30:00Z", "2026-10-04T15:30:00Z"}},
    {"Lord Howe, autumn: 01:45 comes twice",
     LORD_HOWE,
     "01:45",
     "2026-04-03T20:00:00Z",
     {"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
    {"01:15 does not",
     LORD_HOWE,
     "01:15",
     "2026-04-03T20:00:00Z",
     {"2026-04-04T14:15:00Z", "2026-04-05T14:45:00Z"}},
};

static int64_t seconds_of(const char *text)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
    assert_non_null(time);
    return g_date_time_to_unix(time);
}

static char *text_of(int64_t seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("none");
}

static void set_host_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static void check_case(size_t i, const char *zone)
{
    g_auto(Schedule) schedule = schedule_default;
    assert_true(schedule_parse(&schedule, cases[i].schedule, NULL));
    schedule.zone = g_strdup(zone);
    int64_t at = seconds_of(cases[i].after);
    for (size_t n = 0; n < G_N_ELEMENTS(cases[i].next) && cases[i].next[n]; n++) {
        at = schedule_next(&schedule, at);
        g_autofree char *got = text_of(at);
        if (strcmp(got, cases[i].next[n]) != 0)
            fail_msg("%s (%s, %s): %s instead of %s", cases[i].about, cases[i].zone, zone ? "named" : "local",
                     got, cases[i].next[n]);
    }
}

static void the_next_time_in_a_zone(void **state)
{
    (void)state;
    set_host_zone("Pacific/Kiritimati"); /* 14 hours off: it must not matter */
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        check_case(i, cases[i].zone);
}

static void the_next_time_in_the_zone_of_the_host(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        set_host_zone(cases[i].zone);
        check_case(i, NULL);
    }
}

/* Every quarter of an hour of a year: each time comes once a day, and at the hour on the wall it names unless
 * that hour is left out. */
static void every_day_of_a_year_has_each_time_once(void **state)
{
    static const char *const zones[] = {BERLIN, NEW_YORK, LORD_HOWE};
    (void)state;
    for (size_t z = 0; z < G_N_ELEMENTS(zones); z++)
        for (int minute = 0; minute < 24 * 60; minute += 15) {
            g_autofree char *text = g_strdup_printf("%02d:%02d", minute / 60, minute % 60);
            g_auto(Schedule) schedule = schedule_default;
            assert_true(schedule_parse(&schedule, text, NULL));
            schedule.zone = g_strdup(zones[z]);
            g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(zones[z]);
            int64_t at = seconds_of("2026-01-01T12:00:00Z");
            int before = -1;
            for (int day = 0; day < 365; day++) {
                at = schedule_next(&schedule, at);
                g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at);
                g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
                int julian = g_date_time_get_day_of_year(local);
                int shown = g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local);
                if (before >= 0 && julian != before % 365 + 1)
                    fail_msg("%s %s: day %d follows day %d", zones[z], text, julian, before);
                if (shown < minute || shown > minute + 60)
                    fail_msg("%s %s: at %02d:%02d of day %d", zones[z], text, shown / 60, shown % 60, julian);
                before = julian;
            }
        }
}

static void other_schedules_have_no_times_of_day(void **state)
{
    static const char *const texts[] = {"never", "always", "15 min"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(Schedule) schedule = schedule_default;
        assert_true(schedule_parse(&schedule, texts[i], NULL));
        assert_true(schedule_next(&schedule, 0) == SCHEDULE_NO_TIME);
    }
}

static void copies_are_equal_and_their_own(void **state)
{
    (void)state;
    g_auto(Schedule) schedule = schedule_default, copy = schedule_default;
    assert_true(schedule_parse(&schedule, "mon-fri 06:00,18:30", NULL));
    schedule.zone = g_strdup(BERLIN);
    schedule_copy(&copy, &schedule);
    assert_true(schedule_equal(&schedule, &copy));
    copy.times[1].minute++;
    assert_false(schedule_equal(&schedule, &copy));
    copy.times[1].minute--;
    copy.zone[0] = 'X';
    assert_false(schedule_equal(&schedule, &copy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_are_read_and_written),
        cmocka_unit_test(what_is_no_schedule_is_refused_with_what_is_allowed),
        cmocka_unit_test(zones_that_the_system_does_not_know),
        cmocka_unit_test(the_next_time_in_a_zone),
        cmocka_unit_test(the_next_time_in_the_zone_of_the_host),
        cmocka_unit_test(every_day_of_a_year_has_each_time_once),
        cmocka_unit_test(other_schedules_have_no_times_of_day),
        cmocka_unit_test(copies_are_equal_and_their_own),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}

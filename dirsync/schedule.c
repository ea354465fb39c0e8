/*
 * schedule.c - see schedule.h
 */
#include "dirsync/schedule.h"

#include <string.h>

#define DAY (24 * 3600)
#define WEEK_DAYS 7
#define ALL_DAYS 0x7f
#define LONGEST (366 * (int64_t)DAY)

const Schedule schedule_default = {.kind = SCHEDULE_NEVER, .seconds = 10, .settle = 5, .maximum_wait = 60};

static const char *const day_names[WEEK_DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static const struct {
    const char *name;
    int64_t seconds;
} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", DAY}};

/* --- parsing --- */

bool schedule_parse_duration(const char *text, int64_t *seconds)
{
    char *end = NULL;
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    if (!g_ascii_isdigit(*trimmed))
        return false;
    guint64 number = g_ascii_strtoull(trimmed, &end, 10);
    while (g_ascii_isspace(*end))
        end++;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (!g_ascii_strcasecmp(end, units[i].name) && number &&
            number <= (guint64)(LONGEST / units[i].seconds)) {
            *seconds = (int64_t)number * units[i].seconds;
            return true;
        }
    return false;
}

static int parse_day(const char *text)
{
    for (int day = 0; day < WEEK_DAYS; day++)
        if (!g_ascii_strcasecmp(text, day_names[day]))
            return day;
    return -1;
}

/* "mon", or "fri-mon", which goes over the end of the week. */
static bool parse_day_range(const char *text, unsigned *days)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", -1);
    guint n = g_strv_length(ends);
    int first = n ? parse_day(g_strstrip(ends[0])) : -1;
    int last = n == 2 ? parse_day(g_strstrip(ends[1])) : first;
    if (first < 0 || last < 0 || n > 2)
        return false;
    for (int day = first;; day = (day + 1) % WEEK_DAYS) {
        *days |= 1u << day;
        if (day == last)
            return true;
    }
}

static bool parse_days(const char *text, unsigned *days)
{
    g_auto(GStrv) ranges = g_strsplit(text, ",", -1);
    *days = 0;
    for (char **range = ranges; *range; range++)
        if (!parse_day_range(*range, days))
            return false;
    return *days != 0;
}

/* "06:00". */
static bool parse_clock(const char *text, unsigned *minute)
{
    bool form = strlen(text) == 5 && text[2] == ':' && g_ascii_isdigit(text[0]) && g_ascii_isdigit(text[1]) &&
                g_ascii_isdigit(text[3]) && g_ascii_isdigit(text[4]);
    if (!form)
        return false;
    unsigned hour = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
    unsigned past = (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
    *minute = hour * 60 + past;
    return hour < 24 && past < 60;
}

static bool parse_clocks(const char *text, unsigned days, GArray *times)
{
    g_auto(GStrv) clocks = g_strsplit(text, ",", -1);
    if (!*clocks)
        return false;
    for (char **clock = clocks; *clock; clock++) {
        unsigned minute;
        if (!parse_clock(g_strstrip(*clock), &minute))
            return false;
        ScheduleTime time = {.days = (uint8_t)days, .minute = (uint16_t)minute};
        g_array_append_val(times, time);
    }
    return true;
}

/* "mon-fri 06:00,18:30", or "06:00" for every day. Blanks may stand behind commas too. */
static bool parse_line(const char *text, GArray *times)
{
    unsigned days = ALL_DAYS;
    g_autofree char *line = g_strstrip(g_strdup(text));
    const char *clocks = line;
    if (g_ascii_isalpha(*line)) {
        size_t len = strcspn(line, "0123456789");
        g_autofree char *names = g_strndup(line, len);
        if (!parse_days(g_strstrip(names), &days))
            return false;
        clocks = line + len;
    }
    return parse_clocks(clocks, days, times);
}

static bool parse_times(Schedule *schedule, const char *text)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(ScheduleTime));
    g_auto(GStrv) lines = g_strsplit(text, ";", -1);
    for (char **line = lines; *line; line++)
        if (!parse_line(*line, times))
            return false;
    if (!times->len)
        return false;
    schedule->times = (ScheduleTime *)(void *)g_array_steal(times, &schedule->n_times);
    return true;
}

bool schedule_parse(Schedule *schedule, const char *text, GError **error)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    int64_t seconds = 0;
    g_clear_pointer(&schedule->times, g_free);
    schedule->n_times = 0;
    if (!strcmp(trimmed, "never")) {
        schedule->kind = SCHEDULE_NEVER;
    } else if (!strcmp(trimmed, "always")) {
        schedule->kind = SCHEDULE_ALWAYS;
    } else if (schedule_parse_duration(trimmed, &seconds)) {
        schedule->kind = SCHEDULE_EVERY;
        schedule->seconds = seconds;
    } else if (parse_times(schedule, trimmed)) {
        schedule->kind = SCHEDULE_TIMES;
    } else {
        error_set(
            error, ERROR_DEFINITION,
            "\"%s\" is no schedule; allowed: never, always, an interval such as 15 min (s, min, h, d), or "
            "times of day such as mon-fri 06:00,18:30; sat 12:00",
            trimmed);
        return false;
    }
    return true;
}

/* --- as text --- */

static char *duration_to_text(int64_t seconds)
{
    size_t unit = G_N_ELEMENTS(units) - 1;
    while (unit && seconds % units[unit].seconds)
        unit--;
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", (gint64)(seconds / units[unit].seconds),
                           units[unit].name);
}

static void append_days(GString *text, unsigned days)
{
    const char *before = "";
    for (int day = 0; day < WEEK_DAYS; day++) {
        int last = day;
        if (!(days & 1u << day))
            continue;
        while (last + 1 < WEEK_DAYS && days & 1u << (last + 1))
            last++;
        g_string_append_printf(text, "%s%s", before, day_names[day]);
        if (last > day)
            g_string_append_printf(text, "-%s", day_names[last]);
        before = ",";
        day = last;
    }
}

static char *times_to_text(const Schedule *schedule)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < schedule->n_times; i++) {
        const ScheduleTime *time = &schedule->times[i];
        bool same = i && schedule->times[i - 1].days == time->days;
        g_string_append(text, !i ? "" : same ? "," : "; ");
        if (!same && (time->days != ALL_DAYS || i)) {
            append_days(text, time->days);
            g_string_append_c(text, ' ');
        }
        g_string_append_printf(text, "%02d:%02d", time->minute / 60, time->minute % 60);
    }
    return g_string_free(text, FALSE);
}

char *schedule_to_text(const Schedule *schedule)
{
    switch (schedule->kind) {
    case SCHEDULE_ALWAYS:
        return g_strdup("always");
    case SCHEDULE_EVERY:
        return duration_to_text(schedule->seconds);
    case SCHEDULE_TIMES:
        return times_to_text(schedule);
    case SCHEDULE_NEVER:
        break;
    }
    return g_strdup("never");
}

/* --- the next time --- */

static GTimeZone *zone_of(const Schedule *schedule)
{
    GTimeZone *zone = schedule->zone ? g_time_zone_new_identifier(schedule->zone) : g_time_zone_new_local();
    return zone ? zone : g_time_zone_new_utc();
}

bool schedule_zone_exists(const char *name)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(name);
    return zone != NULL;
}

static int64_t offset_at(GTimeZone *zone, int64_t when)
{
    int interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, when);
    return g_time_zone_get_offset(zone, interval);
}

/* The moment at which the clocks go from one offset to another, between @low and @high. */
static int64_t find_change(GTimeZone *zone, int64_t low, int64_t high)
{
    int64_t before = offset_at(zone, low);
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (offset_at(zone, middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* @local: what the clock on the wall shows, counted as if it were UTC. */
static int64_t first_moment(GTimeZone *zone, int64_t local)
{
    int64_t before = offset_at(zone, local - DAY), after = offset_at(zone, local + DAY);
    int64_t first = local - MAX(before, after), second = local - MIN(before, after);
    if (first + offset_at(zone, first) == local)
        return first;
    if (second + offset_at(zone, second) == local)
        return second;
    return find_change(zone, local - DAY, local + DAY);
}

static int64_t floor_to_day(int64_t seconds)
{
    int64_t rest = seconds % DAY;
    return seconds - (rest < 0 ? rest + DAY : rest);
}

/* 1 January 1970 was a Thursday. @midnight: a multiple of DAY. */
static unsigned day_of_week(int64_t midnight)
{
    int64_t day = (midnight / DAY + 3) % WEEK_DAYS;
    return (unsigned)(day < 0 ? day + WEEK_DAYS : day);
}

int64_t schedule_next(const Schedule *schedule, int64_t after)
{
    if (schedule->kind != SCHEDULE_TIMES)
        return SCHEDULE_NO_TIME;
    g_autoptr(GTimeZone) zone = zone_of(schedule);
    int64_t best = SCHEDULE_NO_TIME;
    /* From the day before, whose late times a change of the clocks may move past midnight. */
    int64_t today = floor_to_day(after + offset_at(zone, after)) - DAY;
    for (int i = 0; i <= WEEK_DAYS + 1; i++) {
        int64_t midnight = today + i * (int64_t)DAY;
        for (size_t t = 0; t < schedule->n_times; t++) {
            if (!(schedule->times[t].days & 1u << day_of_week(midnight)))
                continue;
            int64_t when = first_moment(zone, midnight + schedule->times[t].minute * (int64_t)60);
            if (when > after && (best == SCHEDULE_NO_TIME || when < best))
                best = when;
        }
    }
    return best;
}

/* --- as a value --- */

bool schedule_equal(const Schedule *a, const Schedule *b)
{
    bool same = a->given == b->given && a->kind == b->kind && a->seconds == b->seconds &&
                a->n_times == b->n_times && a->watch == b->watch && a->settle == b->settle &&
                a->maximum_wait == b->maximum_wait && !g_strcmp0(a->zone, b->zone);
    for (size_t i = 0; same && i < a->n_times; i++)
        same = a->times[i].days == b->times[i].days && a->times[i].minute == b->times[i].minute;
    return same;
}

void schedule_copy(Schedule *to, const Schedule *from)
{
    *to = *from;
    to->zone = g_strdup(from->zone);
    to->times = g_memdup2(from->times, from->n_times * sizeof *from->times);
}

void schedule_clear(Schedule *schedule)
{
    g_free(schedule->zone);
    g_free(schedule->times);
    *schedule = schedule_default;
}

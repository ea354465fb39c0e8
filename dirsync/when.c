/*
 * when.c - see when.h
 */
#include "dirsync/when.h"

#include <string.h>

gint64 when_parse(const char *text)
{
    /* Of an id only the time: "20261122T143000Z-1a2b3c4d". */
    const char *end = text ? strchr(text, 'Z') : NULL;
    g_autofree char *time = end ? g_strndup(text, (gsize)(end - text) + 1) : NULL;
    g_autoptr(GDateTime) parsed = time ? g_date_time_new_from_iso8601(time, NULL) : NULL;
    return parsed ? g_date_time_to_unix(parsed) : 0;
}

char *when_format(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("");
}

char *when_local(gint64 seconds)
{
    g_autoptr(GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_local(seconds) : NULL;
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");
}

char *when_span(gint64 seconds)
{
    /* Two of the smaller unit are said before one of the larger: "90 min", "36 h". */
    static const struct {
        gint64 below, unit;
        const char *name;
    } spans[] = {{100, 1, "s"}, {100 * 60, 60, "min"}, {48 * 3600, 3600, "h"}, {G_MAXINT64, 86400, "days"}};
    size_t i = 0;
    seconds = MAX(seconds, 0);
    while (seconds >= spans[i].below)
        i++;
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", seconds / spans[i].unit, spans[i].name);
}

char *when_relative(gint64 seconds, gint64 now)
{
    g_autofree char *span = when_span(seconds > now ? seconds - now : now - seconds);
    return seconds > now ? g_strconcat("in ", span, NULL) : g_strconcat(span, " ago", NULL);
}

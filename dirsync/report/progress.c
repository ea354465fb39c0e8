/*
 * progress.c - see progress.h
 */
#include "dirsync/report/progress.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#define BAR 20
#define REDRAW (G_USEC_PER_SEC / 10)
#define PLAIN_LINE (30 * G_USEC_PER_SEC)

struct Progress {
    bool terminal, drawn;
    GMutex lock;
    char what[40];
    gint64 started, shown;
};

Progress *progress_new(bool terminal)
{
    Progress *progress = g_new0(Progress, 1);
    progress->terminal = terminal;
    g_mutex_init(&progress->lock);
    progress->shown = g_get_monotonic_time();
    return progress;
}

static void wipe(Progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}

void progress_free(Progress *progress)
{
    if (!progress)
        return;
    wipe(progress);
    g_mutex_clear(&progress->lock);
    g_free(progress);
}

void progress_wipe(Progress *progress)
{
    if (!progress)
        return;
    g_mutex_lock(&progress->lock);
    wipe(progress);
    g_mutex_unlock(&progress->lock);
}

static void draw(Progress *progress, size_t done, size_t total, double seconds)
{
    double rate = seconds > 0 ? (double)done / seconds : 0;
    char bar[BAR + 1], left[32] = "";
    memset(bar, '.', BAR);
    memset(bar, '#', total ? done * BAR / total : 0);
    bar[BAR] = '\0';
    if (total && rate > 0)
        g_snprintf(left, sizeof left, ", %.0f s left", (double)(total - done) / rate);
    if (total)
        fprintf(stderr, "\r\033[K%s [%s] %zu of %zu, %.0f/s%s", progress->what, bar, done, total, rate, left);
    else
        fprintf(stderr, "\r\033[K%s: %zu, %.0f/s", progress->what, done, rate);
    fflush(stderr);
    progress->drawn = true;
}

void progress_show(const char *what, size_t done, size_t total, void *data)
{
    Progress *progress = data;
    gint64 now = g_get_monotonic_time();
    g_mutex_lock(&progress->lock);
    if (strcmp(progress->what, what) != 0) {
        g_strlcpy(progress->what, what, sizeof progress->what);
        progress->started = now;
    }
    double seconds = (double)(now - progress->started) / G_USEC_PER_SEC;
    if (now - progress->shown >= (progress->terminal ? REDRAW : PLAIN_LINE)) {
        progress->shown = now;
        if (progress->terminal)
            draw(progress, done, total, seconds);
        else
            fprintf(stderr, "dirsync: %s: %zu\n", what, done);
    }
    g_mutex_unlock(&progress->lock);
}

/*
 * write_window.c - see write_window.h
 *
 * Looked at once a round, over the mean, since single answers of a server that
 * waits for its disk scatter by far more than what is to be noticed.
 */
#include "dirsync/directory/write_window.h"

static unsigned at_most(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned at_least_one(unsigned size)
{
    return size ? size : 1;
}

static void begin_round(WriteWindow *window)
{
    window->left = window->size;
    window->answers = 0;
    window->waited = 0;
    window->held_back = false;
}

void write_window_init(WriteWindow *window, unsigned limit)
{
    limit = at_least_one(at_most(limit, WRITE_WINDOW_MAX));
    *window = (WriteWindow){
        .size = at_most(WRITE_WINDOW_START, limit), .limit = limit, .starting = true, .shortest = -1};
    begin_round(window);
}

/* Twice as many until something speaks against it, then an eighth more at a time. */
static unsigned grown(const WriteWindow *window)
{
    unsigned more = window->starting ? window->size : at_least_one(window->size / 8);
    return at_most(window->size + more, window->limit);
}

/* As many as would have waited just long enough, but not less than half. */
static unsigned shrunk(const WriteWindow *window, int64_t queue)
{
    unsigned fitting = (unsigned)((int64_t)window->size * WRITE_WINDOW_QUEUE / queue);
    unsigned half = window->size / 2;
    return at_least_one(fitting > half ? fitting : half);
}

static void end_round(WriteWindow *window)
{
    int64_t queue = window->waited / window->answers - window->shortest;
    if (queue > WRITE_WINDOW_QUEUE) {
        window->size = shrunk(window, queue);
        window->starting = false;
    } else if (queue < WRITE_WINDOW_QUEUE / 2) {
        window->size = grown(window);
    }
    begin_round(window);
}

void write_window_answered(WriteWindow *window, int64_t waited)
{
    if (waited < 0)
        waited = 0;
    if (window->shortest < 0 || waited < window->shortest)
        window->shortest = waited;
    window->waited += waited;
    window->answers++;
    if (--window->left == 0)
        end_round(window);
}

void write_window_busy(WriteWindow *window)
{
    if (window->held_back) {
        if (--window->left == 0)
            begin_round(window);
        return;
    }
    window->size = at_least_one(window->size / 2);
    window->starting = false;
    begin_round(window);
    window->held_back = true;
}

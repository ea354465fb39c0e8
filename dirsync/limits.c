/*
 * limits.c - see limits.h
 */
#include "dirsync/limits.h"

#include <math.h>
#include <string.h>

/* One figure and what is behind it. */
typedef struct {
    size_t count;
    size_t population;   /* 0: the connector's */
    GHashTable *because; /* text -> count */
} Figure;

struct Tally {
    Figure figures[LIMIT_KINDS];
    GHashTable *of[LIMIT_KINDS]; /* name -> Figure, for kinds limited one by one */
};

static const char *const limit_phrases[LIMIT_KINDS] = {
    [LIMIT_DELETE] = "objects would be deleted",
    [LIMIT_DISABLE] = "objects would be hidden or disabled",
    [LIMIT_RENAME] = "objects would be renamed",
    [LIMIT_ADDRESS] = "objects would have their addresses changed",
    [LIMIT_MODIFY] = "objects would be modified",
    [LIMIT_EMPTY] = "objects would lose every value of attribute",
    [LIMIT_MEMBERS] = "members would be removed from group",
    [LIMIT_NATIVE] = "objects that no connector created would be touched",
    [LIMIT_CREATE] = "objects would be created",
    [LIMIT_STAMP] = "recipients of ours would be given an address of type",
};

static void figure_init(Figure *figure)
{
    figure->because = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void figure_clear(Figure *figure)
{
    g_hash_table_unref(figure->because);
}

static void figure_free(void *figure)
{
    figure_clear(figure);
    g_free(figure);
}

Tally *tally_new(void)
{
    Tally *tally = g_new0(Tally, 1);
    for (int kind = 0; kind < LIMIT_KINDS; kind++) {
        figure_init(&tally->figures[kind]);
        tally->of[kind] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, figure_free);
    }
    return tally;
}

void tally_free(Tally *tally)
{
    if (!tally)
        return;
    for (int kind = 0; kind < LIMIT_KINDS; kind++) {
        figure_clear(&tally->figures[kind]);
        g_hash_table_unref(tally->of[kind]);
    }
    g_free(tally);
}

static void figure_add(Figure *figure, const char *because)
{
    figure->count++;
    if (!because)
        return;
    size_t before = GPOINTER_TO_SIZE(g_hash_table_lookup(figure->because, because));
    g_hash_table_insert(figure->because, g_strdup(because), GSIZE_TO_POINTER(before + 1));
}

void tally_add(Tally *tally, LimitKind kind, const char *because)
{
    figure_add(&tally->figures[kind], because);
}

static Figure *figure_of(Tally *tally, LimitKind kind, const char *of)
{
    Figure *figure = g_hash_table_lookup(tally->of[kind], of);
    if (!figure) {
        figure = g_new0(Figure, 1);
        figure_init(figure);
        g_hash_table_insert(tally->of[kind], g_strdup(of), figure);
    }
    return figure;
}

void tally_add_of(Tally *tally, LimitKind kind, const char *of, const char *because)
{
    figure_add(figure_of(tally, kind, of), because);
}

void tally_set_population(Tally *tally, LimitKind kind, const char *of, size_t population)
{
    figure_of(tally, kind, of)->population = population;
}

bool tally_has_population(const Tally *tally, const char *group)
{
    const Figure *figure = g_hash_table_lookup(tally->of[LIMIT_MEMBERS], group);
    return figure && figure->population;
}

size_t tally_figure(const Tally *tally, LimitKind kind)
{
    size_t most = tally->figures[kind].count;
    GHashTableIter iter;
    gpointer figure;
    g_hash_table_iter_init(&iter, tally->of[kind]);
    while (g_hash_table_iter_next(&iter, NULL, &figure))
        most = MAX(most, ((Figure *)figure)->count);
    return most;
}

size_t limit_allowed(const Limit *limit, size_t population)
{
    if (limit->unlimited)
        return G_MAXSIZE;
    double share = ceil(limit->percent * (double)population / 100.0);
    return MAX((size_t)limit->number, share < 0 ? 0 : (size_t)share);
}

static const char *main_cause(const Figure *figure, size_t *count)
{
    const char *main = NULL;
    GHashTableIter iter;
    gpointer because, times;
    *count = 0;
    g_hash_table_iter_init(&iter, figure->because);
    while (g_hash_table_iter_next(&iter, &because, &times))
        if (GPOINTER_TO_SIZE(times) > *count ||
            (GPOINTER_TO_SIZE(times) == *count && strcmp(because, main) < 0)) {
            main = because;
            *count = GPOINTER_TO_SIZE(times);
        }
    return main;
}

static void check_figure(const Limit *limit, LimitKind kind, const Figure *figure, const char *of,
                         size_t population, GString *over)
{
    size_t base = figure->population ? figure->population : population;
    size_t allowed = limit_allowed(limit, base);
    if (figure->count <= allowed)
        return;
    size_t times;
    const char *cause = main_cause(figure, &times);
    if (over->len)
        g_string_append_c(over, '\n');
    g_string_append_printf(over, "limit \"%s\": %zu %s%s%s, %zu allowed of %zu", limit_names[kind],
                           figure->count, limit_phrases[kind], of ? " " : "", of ? of : "", allowed, base);
    if (cause)
        g_string_append_printf(over, "; %zu because of %s", times, cause);
    g_string_append_printf(over, "; if that is what you want, lift it for one run with --max-%s %zu",
                           limit_names[kind], figure->count);
}

bool limits_allow(const Limit limits[LIMIT_KINDS], const Tally *tally, size_t population, GError **error)
{
    g_autoptr(GString) over = g_string_new(NULL);
    for (int kind = 0; kind < LIMIT_KINDS; kind++) {
        check_figure(&limits[kind], (LimitKind)kind, &tally->figures[kind], NULL, population, over);
        GHashTableIter iter;
        gpointer name, figure;
        g_hash_table_iter_init(&iter, tally->of[kind]);
        while (g_hash_table_iter_next(&iter, &name, &figure))
            check_figure(&limits[kind], (LimitKind)kind, figure, name, population, over);
    }
    if (over->len)
        error_set(error, ERROR_LIMIT, "%s\nnothing of this step was written", over->str);
    return !over->len;
}

/*
 * guess_assign.c - which column is what
 *
 * By title first, exactly before in part, and only where the values do not say
 * otherwise; then by values alone. The best fit of all goes first, each role has
 * one column, and whoever is left with mail addresses has further ones.
 */
#include "dirsync/guess_mapping.h"

#include <string.h>

/* How good the reasons are; the longer a title, the more it says. */
#define BY_TITLE 1000
#define BY_PART 500
#define BY_VALUES 100
#define SHORTEST_PART 5

static bool most_look_like(const GuessedColumn *column, Looks what, size_t percent)
{
    return column->values && column->looks[what] * 100 >= column->values * percent;
}

static int score_title(const char *folded, const char *known)
{
    size_t len = strlen(known);
    if (!strcmp(folded, known))
        return BY_TITLE + (int)len;
    if (len < SHORTEST_PART)
        return 0;
    return g_str_has_prefix(folded, known) || g_str_has_suffix(folded, known) ? BY_PART + (int)len : 0;
}

static int score(const GuessedColumn *column, Role role)
{
    const RoleAbout *about = &guess_roles[role];
    g_autofree char *folded = csv_guess_fold(column->title);
    g_auto(GStrv) titles = g_strsplit(about->titles, " ", 0);
    int best = 0;
    bool typed = role == ROLE_MAIL && most_look_like(column, LOOKS_ADDRESS, 50);
    if (about->looks != LOOKS_KINDS && !most_look_like(column, about->looks, 50) && !typed)
        return 0;
    for (char **title = titles; *title; title++)
        if (**title)
            best = MAX(best, score_title(folded, *title));
    bool by_looks = about->by_looks && most_look_like(column, about->looks, 80);
    bool addresses = most_look_like(column, LOOKS_ADDRESS, 50) || most_look_like(column, LOOKS_MAIL, 50);
    if (role == ROLE_ADDRESSES && !addresses)
        return 0;
    if (role == ROLE_ADDRESSES && most_look_like(column, LOOKS_ADDRESS, 80))
        by_looks = true;
    return best ? best : by_looks ? BY_VALUES : 0;
}

/* --- why --- */

static char *reason(const GuessedColumn *column, Role role, int points)
{
    GString *why = g_string_new(NULL);
    Looks looks = guess_roles[role].looks;
    if (points >= BY_TITLE)
        g_string_append(why, "its title");
    else if (points >= BY_PART)
        g_string_append(why, "part of its title");
    if (role == ROLE_ADDRESSES)
        looks = most_look_like(column, LOOKS_ADDRESS, 50) ? LOOKS_ADDRESS : LOOKS_MAIL;
    if (looks != LOOKS_KINDS && column->looks[looks])
        g_string_append_printf(why, "%s%zu of %zu values look like %s", why->len ? "; " : "",
                               column->looks[looks], column->values, value_looks_name(looks));
    return g_string_free(why, FALSE);
}

static char *reason_left_out(const GuessedColumn *column)
{
    if (!strcmp(column->name, "-"))
        return g_strdup("it has no title that could be a name");
    if (!column->values)
        return g_strdup("it is empty");
    for (int what = 0; what < LOOKS_KINDS; what++)
        if (most_look_like(column, (Looks)what, 80))
            return g_strdup_printf("its title is not known; its values look like %s",
                                   value_looks_name((Looks)what));
    if (column->several)
        return g_strdup(
            "several addresses in one field, and what separates them stands in other columns too");
    return g_strdup("its title is not known");
}

/* --- assigning --- */

static bool is_free(const MappingGuess *guess, Role role)
{
    for (size_t i = 0; role != ROLE_ADDRESSES && i < guess->n; i++)
        if (guess->columns[i].role == role)
            return false;
    return true;
}

/* The best of what is left. False: nothing fits any more. */
static bool assign_one(MappingGuess *guess)
{
    GuessedColumn *best = NULL;
    Role role = ROLE_NONE;
    int points = 0;
    for (size_t i = 0; i < guess->n; i++) {
        GuessedColumn *column = &guess->columns[i];
        if (column->role != ROLE_NONE || !column->values || !strcmp(column->name, "-"))
            continue;
        for (Role candidate = 0; candidate < ROLES; candidate++) {
            int its = is_free(guess, candidate) ? score(column, candidate) : 0;
            if (its > points) {
                best = column;
                role = candidate;
                points = its;
            }
        }
    }
    if (!best)
        return false;
    best->role = role;
    best->why = reason(best, role, points);
    return true;
}

static void assign_further_addresses(MappingGuess *guess)
{
    for (size_t i = 0; i < guess->n; i++) {
        GuessedColumn *column = &guess->columns[i];
        if (column->role != ROLE_NONE || !strcmp(column->name, "-") ||
            (!most_look_like(column, LOOKS_MAIL, 80) && !most_look_like(column, LOOKS_ADDRESS, 80)))
            continue;
        column->role = ROLE_ADDRESSES;
        column->why = reason(column, ROLE_ADDRESSES, 0);
    }
}

/* --- the anchor --- */

static bool is_unique(const MappingGuess *guess, const GuessedColumn *column)
{
    return guess->rows && strcmp(column->name, "-") != 0 && column->rows == guess->rows &&
           column->values == guess->rows && column->distinct == guess->rows;
}

static const struct {
    Role role;
    const char *why;
} anchors[] = {
    {ROLE_IDENTITY, "every row has one of its own, and it never changes"},
    {ROLE_EMPLOYEE, "every row has one of its own"},
    {ROLE_LOGIN, "every row has one of its own; whoever gets another one counts as somebody else"},
    {ROLE_ALIAS, "every row has one of its own; whoever gets another one counts as somebody else"},
    {ROLE_MAIL, "every row has one of its own; whoever gets another one counts as somebody else, so a number "
                "would be better"},
};

static void choose_anchor(MappingGuess *guess)
{
    for (size_t i = 0; i < G_N_ELEMENTS(anchors) && !guess->anchor; i++)
        for (size_t j = 0; j < guess->n && !guess->anchor; j++)
            if (guess->columns[j].role == anchors[i].role && is_unique(guess, &guess->columns[j])) {
                guess->anchor = &guess->columns[j];
                guess->why_anchor = g_strdup(anchors[i].why);
            }
    for (size_t j = 0; j < guess->n && !guess->anchor; j++) {
        GuessedColumn *column = &guess->columns[j];
        bool says_who = most_look_like(column, LOOKS_NUMBER, 100) || most_look_like(column, LOOKS_UUID, 100);
        if (column->role == ROLE_NONE && says_who && is_unique(guess, column)) {
            guess->anchor = column;
            guess->why_anchor = g_strdup("every row has a number of its own there");
        }
    }
}

void guess_mapping_assign(MappingGuess *guess)
{
    while (assign_one(guess))
        continue;
    assign_further_addresses(guess);
    choose_anchor(guess);
    for (size_t i = 0; i < guess->n; i++) {
        GuessedColumn *column = &guess->columns[i];
        const char *left_out = column->role == ROLE_NONE ? NULL : guess_roles[column->role].left_out;
        if (column->why && !left_out)
            continue;
        g_free(column->why);
        column->why = left_out ? g_strdup(left_out) : reason_left_out(column);
    }
}

/*
 * roll.c - see roll.h
 */
#include "dirsync/roll.h"

#include <glib.h>
#include <stdlib.h>

typedef struct {
    Fingerprint id;
    bool as_before, called;
} Present;

struct Roll {
    GArray *there; /* of Present */
    bool sorted;
};

Roll *roll_new(void)
{
    Roll *roll = g_new0(Roll, 1);
    roll->there = g_array_new(FALSE, FALSE, sizeof(Present));
    return roll;
}

void roll_free(Roll *roll)
{
    if (!roll)
        return;
    g_array_unref(roll->there);
    g_free(roll);
}

void roll_add(Roll *roll, Fingerprint id, bool as_before)
{
    Present present = {id, as_before, false};
    g_array_append_val(roll->there, present);
    roll->sorted = false;
}

static int compare(const void *a, const void *b)
{
    return fingerprint_compare(((const Present *)a)->id, ((const Present *)b)->id);
}

static Present *at(const Roll *roll, guint i)
{
    return &g_array_index(roll->there, Present, i);
}

/* Each once. Whose entry came too is somebody of whom more was told (slapd tells of them both ways). */
static void sort(Roll *roll)
{
    guint kept = 0;
    if (roll->there->len)
        qsort(roll->there->data, roll->there->len, sizeof(Present), compare);
    for (guint i = 0; i < roll->there->len; i++) {
        Present next = *at(roll, i);
        if (kept && fingerprint_equal(at(roll, kept - 1)->id, next.id)) {
            at(roll, kept - 1)->as_before &= next.as_before;
            at(roll, kept - 1)->called |= next.called;
        } else {
            *at(roll, kept++) = next;
        }
    }
    g_array_set_size(roll->there, kept);
    roll->sorted = true;
}

bool roll_call(Roll *roll, Fingerprint id)
{
    Present wanted = {.id = id};
    if (!roll->sorted)
        sort(roll);
    Present *found = roll->there->len
                         ? bsearch(&wanted, roll->there->data, roll->there->len, sizeof(Present), compare)
                         : NULL;
    if (found)
        found->called = true;
    return found;
}

size_t roll_strangers(Roll *roll)
{
    size_t strangers = 0;
    if (!roll->sorted)
        sort(roll);
    for (guint i = 0; i < roll->there->len; i++)
        strangers += at(roll, i)->as_before && !at(roll, i)->called;
    return strangers;
}

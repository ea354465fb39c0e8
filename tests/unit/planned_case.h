/*
 * planned_case.h - a plan laid over one store, and carried out on another
 *
 * The pieces that the tests of planned.h are made of. Everything asserts for
 * itself.
 */
#ifndef DIRSYNC_TESTS_PLANNED_CASE_H
#define DIRSYNC_TESTS_PLANNED_CASE_H

#include "dirsync/directory/memory.h"
#include "dirsync/planned.h"

/** Changes that are handed out in order. */
typedef struct {
    GPtrArray *changes;
    guint next;
    bool fails; /* at the end */
} Plan;

void plan_clear(Plan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

Plan parse_plan(const char *text);
/** A PlannedNext; @data is a Plan. */
bool next_change(Change **change, void *data, GError **error);

void make_store(const char *name, const char *ldif);
/** Group teardown. */
int drop_stores(void **state);
/** Two may be open at a time. */
Directory *open_store(const char *name, const char *base);
Directory *open_planned(Directory *base, Plan *plan);
/** Really does it; -1 or the code of the refusal. */
int carry_out(Directory *directory, const Change *change);

/** Entries as text, in an order that does not depend on who tells them; g_free(). The identity of an
 *  added entry is made up by either side, and left out. */
char *entry_text(const Entry *entry);
char *read_text(Directory *directory, const ReadRequest *request);
char *search_text(Directory *directory, const ReadRequest *request);
/** "gone" when there is none. */
char *fetch_text(Directory *directory, FetchId id, const char *const *attributes);
/** A DirectorySink; @data is a GPtrArray of texts. */
bool take_text(const DirectoryItem *item, void *data, GError **error);
/** A DirectoryFetched; @data is an array of texts. */
bool take_fetched(size_t index, Entry *entry, void *data, GError **error);
/** @value NULL: none. */
FetchId id_of(const char *dn, const char *attribute, const char *value);
void assert_same(const char *what, const char *found, const char *expected);

#endif

/*
 * limits.h - what a run may not do
 *
 * Counts the changes a plan would make, by kind, and says whether the
 * connector's limits allow them. Pure: reads the tally, writes nothing.
 * Asked once a step, after planning and before the first write.
 */
#ifndef DIRSYNC_LIMITS_H
#define DIRSYNC_LIMITS_H

#include "dirsync/connector.h"

typedef struct Tally Tally;

Tally *tally_new(void);
void tally_free(Tally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tally, tally_free)

/** One more object of that kind. @because: mapping line, filter or other cause, for the message. */
void tally_add(Tally *tally, LimitKind kind, const char *because);
/** One more object that loses every value of an attribute, one more member that a group loses, one more
 *  recipient that is given an address of a type: limited for each attribute, group or type by itself. */
void tally_add_of(Tally *tally, LimitKind kind, const char *of, const char *because);
/** Size of the thing that a limit of @kind, of @of by itself, is a percentage of. */
void tally_set_population(Tally *tally, LimitKind kind, const char *of, size_t population);
/** Whether that was called for @group. */
bool tally_has_population(const Tally *tally, const char *group);

/** How many of that kind; for LIMIT_EMPTY and LIMIT_MEMBERS the largest single figure. */
size_t tally_figure(const Tally *tally, LimitKind kind);

/** Most that @limit allows of @population, rounded up. G_MAXSIZE: unlimited. */
size_t limit_allowed(const Limit *limit, size_t population);

/**
 * Checks a tally against the limits.
 *
 * @population  objects the connector owned before the run; base of percentages
 * @error       ERROR_LIMIT names every kind that is over, the figure, the limit, what is behind
 *              most of it and the option that lifts it for one run
 * Returns true when every kind is within its limit.
 */
bool limits_allow(const Limit limits[LIMIT_KINDS], const Tally *tally, size_t population, GError **error);

#endif

/*
 * pass.h - one pass: read both sides, reconcile, plan
 *
 * The states of a pass, in order: opened (both sides described, definitions
 * checked), read (identities of both sides, changed entries spooled), planned
 * (changes on disk), and, when its plan has been applied, settled (links
 * recorded). A pass writes nothing to either directory; apply.h does.
 */
#ifndef DIRSYNC_PASS_H
#define DIRSYNC_PASS_H

#include "dirsync/apply.h"
#include "dirsync/connector.h"
#include "dirsync/limits.h"
#include "dirsync/mapping.h"
#include "dirsync/plan.h"
#include "dirsync/state.h"

/** The figures of the summary line; also in JSON, in the run's record and in the metrics. Keep in
 *  step with count_names[]. */
typedef enum {
    COUNT_CREATED,
    COUNT_MODIFIED,
    COUNT_RENAMED,
    COUNT_DISABLED, /* hidden: grace began */
    COUNT_DELETED,
    COUNT_UNCHANGED,
    COUNT_FAILED,
    COUNT_QUARANTINED, /* could not be applied as they are; reasons in the quarantine */
    COUNTS
} CountKind;

extern const char *const count_names[COUNTS];

typedef struct {
    size_t of[COUNTS];
    size_t newly_quarantined;
} Counts;

/** Called now and then while work goes on. @what: "reading source", ...; @total 0: unknown. */
typedef void (*PassProgress)(const char *what, size_t done, size_t total, void *data);

typedef struct {
    bool full;        /* compare everything again */
    bool allow_empty; /* an empty source counts as proof that all are gone */
    const char *only; /* filter over source entries: no deletes, nothing else is settled */
    const char
        *planned; /* folder of a plan whose import counts as done: the source of the export; NULL none */
    PassProgress progress;
    void *data;
} PassOptions;

typedef struct Pass Pass;

/** Opens both sides and checks the definitions against them. Borrows everything. */
Pass *pass_open(const Connector *connector, Step step, State *state, const PassOptions *options,
                GError **error);
void pass_close(Pass *pass);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pass, pass_close)

/** Which recipients the pass is about: as the definition says, else its defaults where the mapping offers
 * them. */
void pass_recipients(const PassSettings *settings, const Mapping *mapping, RecipientAs as[OF_KINDS]);

/** Of everything that makes a plan what it is: both definitions and the mapping. g_free(). */
char *pass_digest(const Connector *connector, const Mapping *mapping);

/** Reads, reconciles and writes this step's part of the plan into @folder (plan.h). */
bool pass_plan(Pass *pass, const char *folder, const char *run, GError **error);

const Counts *pass_planned(const Pass *pass);
/** What was carried out so far, by pass_record(). */
const Counts *pass_done(const Pass *pass);
const Tally *pass_tally(const Pass *pass);
/** Objects the connector owned before the run. */
size_t pass_population(const Pass *pass);
/** The directory that the changes go to. */
Directory *pass_target(const Pass *pass);
/** Why everything was compared again; NULL when it was not. */
const char *pass_full_reason(const Pass *pass);
/** Why nothing was removed; NULL when removing was allowed. */
const char *pass_partial_reason(const Pass *pass);

/** ApplyRecord of this pass: records links as their changes are done. @data: the Pass. */
bool pass_record(const Applied *applied, void *pass, GError **error);
/** Records what needed no change, the quarantine, and that the source was read. One transaction. Not
 *  after a refused plan. */
bool pass_settle(Pass *pass, const char *run, bool finished, GError **error);

#endif
